"""Conversations with real libpam and the real module, without touching /etc/pam.d or being root.

libpam_wrapper gives libpam another folder for service files; pam_matrix (of the same package) is the password step.
Each conversation is a process of its own (pam_conversation.py), so that it can have another uid, a preloaded library or
a sanitized module, and so that a crash is seen as one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import IO, Any

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "pam_module" / "pam_faced.so"
#: pam_matrix (a password step), pam_set_items and pam_get_items (from and to the environment).
WRAPPER_MODULES = Path("/usr/lib/x86_64-linux-gnu/pam_wrapper")
DRIVER = Path(__file__).parent / "pam_conversation.py"
#: One that every uid may run; an interpreter under somebody's home would not do.
PYTHON = "/usr/bin/python3"

PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PAM_ERROR_MSG, PAM_TEXT_INFO = 1, 2, 3, 4
PAM_SILENT = 0x8000
#: No conversation takes longer than this.
LONGEST_S = 120.0
#: How libpam_wrapper writes pam_syslog() to stderr.
_SYSLOG = re.compile(r" - SYSLOG\(\d\): (.*)")


class Code(IntEnum):
    """The return codes of Linux-PAM that matter here."""

    SUCCESS = 0
    SERVICE_ERR = 3
    SYSTEM_ERR = 4
    PERM_DENIED = 6
    AUTH_ERR = 7
    AUTHINFO_UNAVAIL = 9
    USER_UNKNOWN = 10
    MAXTRIES = 11
    ACCT_EXPIRED = 13
    CONV_ERR = 19
    IGNORE = 25
    ABORT = 26
    MODULE_UNKNOWN = 28


@dataclass(frozen=True)
class Step:
    """One call of the application: "authenticate", "account" or "setcred", after setting items (user, tty, rhost)."""

    call: str
    flags: int = 0
    items: Mapping[str, str] = field(default_factory=dict)


AUTHENTICATE = Step("authenticate")
ACCOUNT = Step("account")
SETCRED = Step("setcred")


@dataclass(frozen=True)
class Conversation:
    """What an application saw.

    :ivar codes: the result of each step.
    :ivar seconds: how long each step took, typing included.
    :ivar info: the texts shown by PAM_TEXT_INFO, in order; ``errors`` those by PAM_ERROR_MSG.
    :ivar prompts: what was asked for.
    :ivar user: PAM_USER at the end.
    :ivar environment: what modules have put into the PAM environment.
    :ivar descriptors_left: how many descriptors more than before are open after pam_end().
    :ivar inheritable_sockets: how many were open without FD_CLOEXEC at a prompt or a text.
    :ivar reused_intact: for each descriptor reused by Reply.reuse_sockets, whether the module left it alone.
    :ivar log: what the modules told syslog.
    """

    codes: tuple[int, ...]
    seconds: tuple[float, ...]
    info: tuple[str, ...]
    errors: tuple[str, ...]
    prompts: tuple[str, ...]
    user: str | None
    environment: Mapping[str, str]
    descriptors_left: int
    inheritable_sockets: int
    reused_intact: tuple[bool, ...]
    log: tuple[str, ...]

    @property
    def code(self) -> int:
        return self.codes[0]


@dataclass(frozen=True)
class Reply:
    """What an application does when asked; the prompt is open meanwhile.

    :ivar text: the answer; None gives an empty one.
    :ivar fail: the conversation fails.
    :ivar fork: a child goes on with the handle and the parent only waits for it.
    :ivar reuse_sockets: all sockets are closed and their numbers used for something else.
    """

    text: str | None = None
    fail: bool = False
    fork: bool = False
    reuse_sockets: bool = False


#: Called with the prompt; may do anything meanwhile.
Answer = Callable[[str], "str | Reply"]


class ConversationDied(Exception):
    """The process that talked to libpam ended early: what the module did to its host."""


class PamRig:
    """Service files, passwords and conversations; a context manager that removes its folder.

    :param module: the module under test; copied, so that any uid can load it.
    :param preload: libraries to preload before libpam_wrapper (a sanitizer, libnss_wrapper).
    :param environment: more variables for the conversations.
    """

    def __init__(
        self, module: Path = MODULE, *, preload: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="faced-pam-"))
        self._folder.chmod(0o755)
        self._services = self._folder / "services"
        self._services.mkdir()
        self._passwords = self._folder / "passwords"
        self._passwords.touch()
        self._driver = shutil.copy(DRIVER, self._folder)
        self.module = Path(shutil.copy(module, self._folder))
        self._environment = {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            **(environment or {}),
            "LD_PRELOAD": " ".join((*preload, "libpam_wrapper.so")),
            "PAM_WRAPPER": "1",
            "PAM_WRAPPER_SERVICE_DIR": str(self._services),
            # Above 2 it would write down the password.
            "PAM_WRAPPER_DEBUGLEVEL": "2",
        }
        # A service without a file is denied, as libpam expects some "other" to say.
        self.write_service("other", *(f"{kind} required pam_deny.so" for kind in ("auth", "account")))

    def __enter__(self) -> PamRig:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        shutil.rmtree(self._folder)

    @property
    def password_step(self) -> str:
        """The type-less rest of a line for the password step."""
        return f"{WRAPPER_MODULES / 'pam_matrix.so'} passdb={self._passwords}"

    def set_password(self, user: str, password: str, service: str) -> None:
        with self._passwords.open("a", encoding="utf-8") as file:
            file.write(f"{user}:{password}:{service}\n")

    def write_service(self, service: str, *lines: str) -> None:
        """Writes a service file as it is; ``pam_faced.so`` and ``pam_password.so`` stand for the real files."""
        text = "\n".join((*lines, "")).replace("pam_faced.so", str(self.module))
        (self._services / service).write_text(text.replace("pam_password.so", self.password_step), encoding="utf-8")

    def write_logon_service(self, service: str, arguments: str) -> None:
        """The stack of the documentation: begin, password, decision, account.

        :param arguments: for both lines of the module (socket=, timeout=).
        """
        self.write_service(
            service,
            f"auth     [default=ignore] pam_faced.so begin {arguments}",
            "auth     requisite        pam_password.so",
            f"auth     required         pam_faced.so {arguments}",
            f"account  required         pam_faced.so {arguments}",
        )

    def converse(
        self,
        user: str | None,
        service: str,
        answer: str | Answer = "",
        *,
        steps: Sequence[Step] = (AUTHENTICATE,),
        show: Callable[[str], bool] = lambda _text: True,
        between: Callable[[str], None] = lambda _call: None,
        uid: int | None = None,
        interrupt_every_s: float = 0.0,
        without_stderr: bool = False,
    ) -> Conversation:
        """Runs the steps on one PAM handle.

        :param answer: what is typed at every prompt, or a function of the prompt.
        :param show: called with each text shown; False makes the conversation fail.
        :param between: called after each step with its name.
        :param uid: run as this uid (and group), which needs root.
        :param interrupt_every_s: a signal with a handler arrives that often, so that system calls end with EINTR.
        :param without_stderr: its descriptor is closed and free for the next file, and still written to; ``log`` stays
            empty.
        :raises ConversationDied: the process ended before its result.
        """
        return converse(
            [PYTHON, "-I", str(self._driver)],
            user,
            service,
            answer,
            steps=steps,
            show=show,
            between=between,
            uid=uid,
            interrupt_every_s=interrupt_every_s,
            without_stderr=without_stderr,
            environment=self._environment,
            folder=self._folder,
        )

    def pamtester(
        self, user: str, service: str, *operations: str, typed: str, under: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """The same from a small C program, optionally ``under`` valgrind."""
        with _one_start_at_a_time():
            return subprocess.run(
                [*under, "pamtester", service, user, *operations],
                input=typed,
                env=self._environment,
                cwd=self._folder,
                text=True,
                capture_output=True,
                check=False,
            )


def converse(
    driver: Sequence[str],
    user: str | None,
    service: str,
    answer: str | Answer = "",
    *,
    steps: Sequence[Step] = (AUTHENTICATE,),
    show: Callable[[str], bool] = lambda _text: True,
    between: Callable[[str], None] = lambda _call: None,
    uid: int | None = None,
    interrupt_every_s: float = 0.0,
    without_stderr: bool = False,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Conversation:
    """Runs the steps on one PAM handle of a driver process; parameters as :meth:`PamRig.converse`.

    :param driver: the command line that runs pam_conversation.py, here or in a private system.
    """
    job = {
        "user": user,
        "service": service,
        "interrupt_every_s": interrupt_every_s,
        "without_stderr": without_stderr,
        "steps": [{"call": step.call, "flags": step.flags, "items": dict(step.items)} for step in steps],
    }
    shown: dict[int, list[str]] = {style: [] for style in range(1, 5)}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        with _one_start_at_a_time():
            process = subprocess.Popen(
                driver,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                cwd=folder,
                user=uid,
                group=uid,
                extra_groups=None if uid is None else [],
                text=True,
            )
            assert process.stdout is not None
            process.stdout.readline()
        # A module that hangs its greeter is a finding, not a test run without end.
        limit = threading.Timer(LONGEST_S, process.kill)
        limit.daemon = True
        limit.start()
        with process:
            stdin, stdout = process.stdin, process.stdout
            assert stdin is not None and stdout is not None
            _say(stdin, job)
            result: dict[str, Any] | None = None
            for line in stdout:
                message = json.loads(line)
                if "codes" in message:
                    result = message
                elif "done" in message:
                    between(message["done"])
                    _say(stdin, {})
                else:
                    shown[message["style"]].append(message["text"])
                    _say(stdin, _reply(message, answer, show))
        limit.cancel()
        log.seek(0)
        text = log.read()
    if result is None or process.returncode != 0:
        raise ConversationDied(f"exit status {process.returncode}\n{text}")
    return Conversation(
        codes=tuple(result["codes"]),
        seconds=tuple(result["seconds"]),
        info=tuple(shown[PAM_TEXT_INFO]),
        errors=tuple(shown[PAM_ERROR_MSG]),
        prompts=tuple(shown[PAM_PROMPT_ECHO_OFF] + shown[PAM_PROMPT_ECHO_ON]),
        user=result["user"],
        environment=result["environment"],
        descriptors_left=result["descriptors_left"],
        inheritable_sockets=result["inheritable_sockets"],
        reused_intact=tuple(result["reused_intact"]),
        log=tuple(_SYSLOG.findall(text)),
    )


@contextlib.contextmanager
def _one_start_at_a_time() -> Iterator[None]:
    """libpam_wrapper keeps each process's files in one of 62 places and two that start together can take the same."""
    with (Path(tempfile.gettempdir()) / "faced-pam-start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(stdin: IO[str], line: dict[str, Any]) -> None:
    stdin.write(json.dumps(line) + "\n")
    stdin.flush()


def _reply(message: dict[str, Any], answer: str | Answer, show: Callable[[str], bool]) -> dict[str, Any]:
    if message["style"] in (PAM_TEXT_INFO, PAM_ERROR_MSG):
        return {} if show(message["text"]) else {"fail": True}
    reply = answer if isinstance(answer, str) else answer(message["text"])
    return asdict(Reply(reply) if isinstance(reply, str) else reply)
