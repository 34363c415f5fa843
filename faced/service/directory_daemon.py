"""``faced-directory``: asks the directory on behalf of ``faced``, and holds the offline cache.

It has the network and neither the camera nor a key that opens a template. Cached answers are given by the event loop
at once; the directory is only ever waited for in threads of its own, so that one that hangs delays nobody else.
"""

from __future__ import annotations

import argparse
import base64
import logging
import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from faced import __version__, config, i18n
from faced.config import Config
from faced.directory import schema
from faced.directory.bundle import Bundle
from faced.directory.cache import Cache
from faced.directory.connector import Connector
from faced.directory.fetcher import Fetcher, Offline, ShutOut
from faced.directory.password import read_password
from faced.directory.source import DirectorySource
from faced.directory.tree import Tree
from faced.errors import ConfigError, DirectoryError, FacedError, NotInDirectory, ProtocolError, StateError
from faced.service.directory_link import PATIENCE_S
from faced.service.interface import Interface
from faced.service.loop import Loop
from faced.service.notify import Notifier, bind_listener, inherited_listeners, watchdog_s
from faced.service.server import Call, Server
from faced.service.varlink import Client, VarlinkError, invalid_parameter

logger = logging.getLogger(__name__)

INTERFACE = "io.faced.Directory"
#: Logons that may wait for the directory together; it is one person at a time on most PCs.
MOST_VISITS = 8
_LONGEST_LOGIN = 256
_EX_CONFIG = 78
_AFTER_FAULT_S = 30.0
#: faced may have to start first.
_REMIND_S = 20.0


class DirectoryService:
    """The methods of ``io.faced.Directory``.

    :param callers: uids that may ask; nobody else gets an answer, whatever the socket's mode.
    :param timeout_s: of one visit to the directory.
    """

    def __init__(self, loop: Loop, fetcher: Fetcher, callers: Iterable[int], timeout_s: float) -> None:
        self._loop = loop
        self._fetcher = fetcher
        self._callers = frozenset(callers)
        self._timeout_s = timeout_s
        self._waiting: dict[str, list[Call]] = {}

    def listen(self, server: Server, listener: socket.socket) -> None:
        """Serve this socket."""
        methods = {
            "Fetch": self.fetch,
            "Standing": self.standing,
            "Papers": self.papers,
            "Used": self.used,
            "Report": self.report,
            "Status": self.status,
        }
        server.listen(listener, Interface.shipped(INTERFACE), methods)

    def fetch(self, call: Call) -> None:
        """A bundle from the cache at once, or from the directory within the deadline."""
        login = self._login(call)
        anew = bool(call.parameters.get("anew"))
        try:
            bundle = self._fetcher.at_once(login, anew=anew)
        except DirectoryError as error:
            call.error(_unavailable(error.reason))
            return
        if bundle is not None:
            call.reply(bundle=bundle.to_wire())
            return
        if login not in self._waiting:
            if len(self._waiting) >= MOST_VISITS:
                self._answer_from_cache(call, login, "busy")
                return
            self._waiting[login] = []
            threading.Thread(target=self._visit, args=(login, anew), name="visit", daemon=True).start()
        self._waiting[login].append(call)
        self._loop.later(self._timeout_s + PATIENCE_S, lambda: self._give_up(call, login))

    def standing(self, call: Call) -> None:
        """What is known here, without any network; nothing if the directory has shut this host out."""
        login = self._login(call)
        try:
            bundle = self._fetcher.standing(login)
        except DirectoryError as error:
            call.error(_unavailable(error.reason))
        else:
            call.reply(bundle=bundle.to_wire() if bundle else None)

    def papers(self, call: Call) -> None:
        """The realm's papers, while this host is cut off."""
        self._check_caller(call)
        try:
            bundle = self._fetcher.papers()
        except DirectoryError as error:
            call.error(_unavailable(error.reason))
        else:
            call.reply(bundle=bundle.to_wire() if bundle else None)

    def used(self, call: Call) -> None:
        """The person logged on here."""
        login = self._login(call)
        try:
            self._fetcher.used(login)
        except StateError as error:
            # It costs the next logon without network, not this one.
            logger.error("%s", error)
        call.reply()

    def report(self, call: Call) -> None:
        """For the next visit to the directory: nobody waits for that."""
        self._check_caller(call)
        try:
            (report,) = schema.bounded(schema.HOST_REPORT, [base64.b64decode(call.parameters["report"], validate=True)])
        except (ValueError, DirectoryError):
            raise invalid_parameter("report") from None
        self._fetcher.report(report, call.parameters.get("refreshed") or 0)
        call.reply()

    def status(self, call: Call) -> None:
        """How it does; no names."""
        self._check_caller(call)
        standing = self._fetcher.status()
        offline = standing.state if isinstance(standing.state, Offline) else None
        shut_out = isinstance(standing.state, ShutOut)
        call.reply(
            online=offline is None and not shut_out,
            shut_out=shut_out,
            last_contact=standing.last_contact,
            offline_until=offline.until if offline else None,
            cached=standing.cached,
            refreshed=standing.refreshed,
            report_due=standing.report_due,
        )

    def _visit(self, login: str, anew: bool) -> None:
        """In a thread of its own."""
        answer: Bundle | VarlinkError
        try:
            answer = self._fetcher.fetch(login, anew=anew)
        except NotInDirectory as error:
            answer = VarlinkError(f"{INTERFACE}.NotFound", {"reason": error.reason})
        except DirectoryError as error:
            answer = _unavailable(error.reason)
        except Exception:
            logger.exception("fault while asking the directory")
            answer = _unavailable("internal")
        self._loop.soon(lambda: self._arrived(login, answer))

    def _arrived(self, login: str, answer: Bundle | VarlinkError) -> None:
        for call in self._waiting.pop(login, []):
            if isinstance(answer, VarlinkError):
                call.error(answer)
            else:
                call.reply(bundle=answer.to_wire())

    def _give_up(self, call: Call, login: str) -> None:
        if not call.answered:
            self._fetcher.gave_up("timed_out")
            self._answer_from_cache(call, login, "timed_out")

    def _answer_from_cache(self, call: Call, login: str, why: str) -> None:
        if call.answered:
            return
        try:
            bundle = self._fetcher.standing(login)
        except DirectoryError as error:
            bundle, why = None, error.reason
        if bundle is None:
            call.error(_unavailable(why))
        else:
            call.reply(bundle=bundle.to_wire())

    def _login(self, call: Call) -> str:
        self._check_caller(call)
        login = call.parameters["login"]
        if not 0 < len(login) <= _LONGEST_LOGIN or not login.isprintable():
            raise invalid_parameter("login")
        return str(login)

    def _check_caller(self, call: Call) -> None:
        if call.peer.uid not in self._callers:
            logger.warning("uid %d may not ask", call.peer.uid)
            raise VarlinkError("org.varlink.service.PermissionDenied")


class Errand(threading.Thread):
    """Goes to the directory in the background, and again at the times that each visit names.

    :param visit: returns the seconds until the next one.
    :param first_s: seconds until the first one.
    :param report: called after each.
    """

    def __init__(
        self, name: str, visit: Callable[[], float], first_s: float, done: threading.Event, report: Callable[[], None]
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._visit = visit
        self._wait_s = first_s
        self._done = done
        self._report = report

    def run(self) -> None:
        while not self._done.wait(self._wait_s):
            try:
                self._wait_s = self._visit()
            except Exception:
                logger.exception("fault during a %s", self.name)
                self._wait_s = _AFTER_FAULT_S
            self._report()


def summary(fetcher: Fetcher) -> str:
    """One line for ``systemctl status``."""
    standing = fetcher.status()
    match standing.state:
        case ShutOut():
            state = "shut out by the directory"
        case Offline(why=why):
            state = f"offline ({why})"
        case _:
            state = "online"
    return f"{state}, {standing.cached} cached"


def refresh(fetcher: Fetcher, status_socket: Path) -> float:
    """One refresh; faced, which alone can sign, is woken if it dropped somebody whom the realm waits to hear of.

    :return: seconds until the next one is due.
    """
    wait_s = fetcher.refresh()
    if fetcher.status().report_urgent:
        try:
            with Client(status_socket, _REMIND_S) as client:
                client.call("io.faced.Status.Remind")
        except (ProtocolError, VarlinkError) as error:
            # It looks by itself when it starts, and is reminded after the next refresh.
            logger.warning("faced does not hear that a report is due: %s", error)
    return wait_s


def make_fetcher(settings: Config, environ: Mapping[str, str]) -> Fetcher:
    """The fetcher that a configuration describes.

    :raises ConfigError: no server, no account, no password.
    :raises StateError: no folder for the cache.
    """
    directory = settings.directory
    password = read_password(directory.password, environ)
    try:
        connector = Connector.configured(directory, password)
    except DirectoryError as error:
        raise ConfigError(str(error)) from None
    folder = Path(environ["STATE_DIRECTORY"]) if environ.get("STATE_DIRECTORY") else settings.state.directory
    return Fetcher(
        DirectorySource(connector, Tree.configured(directory), directory.bind_dn),
        Cache(folder / "cache", valid_days=directory.cache_days, clock=time.time),
        timeout_s=directory.timeout_s,
        refresh_s=directory.refresh_s,
        poll_s=directory.poll_s,
        random=random.SystemRandom().random,
    )


def serve(settings: Config, environ: Mapping[str, str]) -> None:
    """Run until SIGTERM or SIGINT.

    :raises FacedError: it cannot start.
    """
    fetcher = make_fetcher(settings, environ)
    listener = inherited_listeners().get("directory") or bind_listener(settings.sockets.directory, 0o600)
    loop, notifier, done = Loop(), Notifier(), threading.Event()
    server = Server(loop)
    callers = {0, os.getuid(), os.stat(listener.getsockname()).st_uid}
    DirectoryService(loop, fetcher, callers, settings.directory.timeout_s).listen(server, listener)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: loop.stop())
    period_s = watchdog_s(environ)

    def alive() -> None:
        notifier.alive()
        loop.later(period_s or 0.0, alive)

    if period_s:
        alive()
    notifier.ready(summary(fetcher))

    def report() -> None:
        notifier.status(summary(fetcher))

    Errand("refresh", lambda: refresh(fetcher, settings.sockets.status), 0.0, done, report).start()
    # Not at once, for the refresh brings a manifest, and not at the same time as all PCs that were switched on at 8:30.
    first_s = settings.directory.poll_s * random.SystemRandom().random()
    Errand("poll", fetcher.poll, first_s, done, report).start()
    loop.run()
    notifier.stopping()
    done.set()
    server.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """The program ``faced-directory``."""
    parser = argparse.ArgumentParser(prog="faced-directory", description="Directory cache of faced.")
    parser.add_argument("--config", type=Path, help="the configuration file; default $FACED_CONFIG or /etc/faced")
    parser.add_argument("--version", action="version", version=__version__)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    try:
        settings = config.load(options.config)
        i18n.set_language(settings.language)
        serve(settings, os.environ)
    except FacedError as error:
        print(error, file=sys.stderr)
        return _EX_CONFIG if isinstance(error, ConfigError) else 1
    return 0


def _unavailable(reason: str) -> VarlinkError:
    return VarlinkError(f"{INTERFACE}.Unavailable", {"reason": reason})


if __name__ == "__main__":
    sys.exit(main())
