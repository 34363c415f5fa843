"""``faced``: the daemon with the camera and the only key of this computer that opens templates. It has no network."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from faced.camera.choose import open_camera
from faced.config import Config, handed_over, load
from faced.errors import ConfigError, FacedError, StateError
from faced.i18n import _, set_language
from faced.landmarks.detector import FaceDetector
from faced.landmarks.observe import Observer
from faced.landmarks.predictor import Predictor
from faced.landmarks.quality import WEBCAM
from faced.logon.emergency import Emergency, EmergencyMemory
from faced.logon.judge import Bench
from faced.logon.lockout import Lockout
from faced.logon.other_factor import OtherFactors
from faced.logon.purpose_watch import PurposeWatch
from faced.logon.serials import SerialMemory
from faced.recognition.calibration import Policy
from faced.recognition.metric import Metric
from faced.records.audit import AuditEvent, AuditSink, EventKind, JournalSink, Pseudonyms
from faced.service.camera_thread import CameraThread
from faced.service.desk import Desk, Surroundings
from faced.service.directory_link import PATIENCE_S, DirectoryLink
from faced.service.hardening import forbid_dumps, lock_memory, wipe_freed_memory
from faced.service.idle import IdleExit
from faced.service.interface import Interface
from faced.service.logon_methods import LogonMethods
from faced.service.lookup import NameLookup
from faced.service.loop import Loop
from faced.service.notify import Notifier, bind_listener, inherited_listeners, watchdog_s
from faced.service.peer import LogindSeat, Seat
from faced.service.reporting import Reporter
from faced.service.server import Server
from faced.service.status_methods import StatusMethods
from faced.service.watchdog import Watchdog
from faced.trust.keys import HostKeys, decode_key_file, read_key_file
from faced.trust.realm import Realm

logger = logging.getLogger(__name__)

#: Beyond the last moment at which faced-directory answers from its cache, lest that answer come too late.
_DIRECTORY_MARGIN_S = 0.5
_SHUTDOWN_S = 2.0
_LARGEST_ANCHOR = 64 * 1024


def main() -> int:
    """Entry point of ``faced``."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        wipe_freed_memory()
        forbid_dumps()
        locked = lock_memory()
        if not locked:
            logger.warning("The memory cannot be locked: see LimitMEMLOCK= of the unit.")
        config = load()
        set_language(config.language)
        LogonDaemon(config, os.environ, memory_locked=locked).run()
    except FacedError as error:
        logger.error("%s", error)
        return 1
    return 0


def host_keys(config: Config, environ: Mapping[str, str]) -> HostKeys:
    """This computer's keys: the credential that PID 1 handed over, else the file.

    :raises TrustError: missing, readable by others, or damaged.
    :raises ConfigError: if they are another computer's.
    """
    credential = handed_over(config.host.keys, environ)
    if credential is not None:
        # PID 1 guards it, by an access list that looks like group rights.
        content = decode_key_file(credential.read_bytes())
    else:
        content = read_key_file(config.host.keys)
    keys = HostKeys.from_content(content)
    if config.host.name and keys.name != config.host.name:
        raise ConfigError(_("The host keys are those of {name}: let this computer join anew.").format(name=keys.name))
    return keys


def realm_anchor(config: Config) -> Realm:
    """The realm this computer joined.

    :raises ConfigError: if there is no anchor.
    :raises TrustError: if it is not one.
    """
    try:
        with config.realm.anchor.open("rb") as file:
            return Realm.open(file.read(_LARGEST_ANCHOR))
    except OSError as error:
        raise ConfigError(
            _("The realm's anchor {path} cannot be read ({error}). Let this computer join a realm.").format(
                path=config.realm.anchor, error=error.strerror
            )
        ) from None


def state_folder(config: Config, environ: Mapping[str, str]) -> Path:
    """Where the state is: the unit's folder, else the configured one.

    :raises StateError: if it is not there or others may look into it.
    """
    folder = Path(environ.get("STATE_DIRECTORY") or config.state.logon)
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise StateError(_("The state folder {path}: {error}.").format(path=folder, error=error.strerror)) from None
    if mode & 0o077:
        raise StateError(_("Others may look into the state folder: chmod 700 {path}.").format(path=folder))
    return folder


class LogonDaemon:
    """All parts of ``faced``, put together; ready means that the next logon waits for nothing but the camera.

    :raises FacedError: whatever is missing; a daemon that cannot judge does not start.
    """

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        *,
        seat: Seat | None = None,
        audit: AuditSink | None = None,
        notifier: Notifier | None = None,
        memory_locked: bool = True,
    ) -> None:
        self._environ = environ
        self._idle_exit_s = config.logon.idle_exit_s
        self._why_stopped = ""
        self._notifier = notifier or Notifier()
        self._loop = Loop()
        state = state_folder(config, environ)
        self._audit: AuditSink = audit or JournalSink()
        bench, observer = self._warm_bench(config, environ, state)
        self._camera = CameraThread(
            lambda: open_camera(config.camera, allow_virtual=bench.realm.dummy), observer, self._loop.soon
        )
        directory = DirectoryLink(
            self._loop, config.sockets.directory, config.directory.timeout_s + PATIENCE_S + _DIRECTORY_MARGIN_S
        )
        lockout = Lockout(state, config.logon.tries, config.logon.ceiling)
        emergency = Emergency(bench, EmergencyMemory(state / "emergency.json", bench.realm.id), lockout)
        self._reporter = Reporter(self._loop, directory, bench.realm, bench.host, lockout, state / "report.json")
        surroundings = Surroundings(
            loop=self._loop,
            config=config.logon,
            liveness=config.liveness,
            camera=self._camera,
            directory=directory,
            names=NameLookup(self._loop),
            bench=bench,
            lockout=lockout,
            audit=self._audit,
            emergency=emergency,
            purpose_watch=PurposeWatch(state / "purpose.json", self._audit),
            code_services=config.emergency,
            other_factors=OtherFactors(config.logon),
            pseudonyms=Pseudonyms.load(state / "pseudonyms.secret"),
            counts_changed=self._reporter.changed,
        )
        self._server = Server(self._loop)
        logon = LogonMethods(Desk(surroundings), seat or LogindSeat())
        status = StatusMethods(
            *(config, bench, self._camera, directory, surroundings.lockout, emergency.memory),
            self._reporter.changed,
            memory_locked,
        )
        listeners = inherited_listeners()
        for name, path, interface, methods in (
            ("logon", config.sockets.logon, "io.faced.Logon", logon.by_name()),
            ("status", config.sockets.status, "io.faced.Status", status.by_name()),
        ):
            inherited = listeners.pop(name, None)
            if inherited is None:
                # Nobody would start it again.
                self._idle_exit_s = 0.0
            listener = inherited or bind_listener(path, 0o666)
            self._server.listen(listener, Interface.shipped(interface), methods, counts=name == "logon")

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, or until nobody has logged on for a while."""
        with self._signals():
            self._camera.start()
            self._audit.record(AuditEvent(EventKind.STARTED))
            every_s = watchdog_s(self._environ)
            if every_s is not None:
                Watchdog(self._loop, self._camera, self._notifier, self._audit, every_s).feed()
            if self._idle_exit_s:
                IdleExit(self._loop, self._server, self._idle_exit_s, self._leave).watch()
            self._notifier.ready(_("Ready."))
            self._reporter.changed()
            self._loop.run()
        self._notifier.stopping()
        self._server.close()
        self._camera.stop(_SHUTDOWN_S)
        self._audit.record(AuditEvent(EventKind.STOPPED, reason=self._why_stopped))

    def _leave(self) -> None:
        self._why_stopped = "idle"

    def _warm_bench(self, config: Config, environ: Mapping[str, str], state: Path) -> tuple[Bench, Observer]:
        realm = realm_anchor(config)
        keys = host_keys(config, environ)
        predictor = Predictor.load(config.landmarks.predictor)
        detector = FaceDetector.shared()
        observer = Observer(predictor, WEBCAM, config.landmarks.calls_per_frame, detector=detector)
        bench = Bench(
            realm=realm,
            host=keys,
            predictor=predictor.id,
            metric=Metric.shipped(),
            policy=Policy.shipped(config.logon.fmr, config.logon.fmr_confirmed),
            serials=SerialMemory(state / "serials.json", realm.id),
        )
        return bench, observer

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        before = {
            number: signal.signal(number, lambda _number, _frame: self._loop.stop())
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
