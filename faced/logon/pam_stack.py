"""What a PAM stack does when the password is wrong and when the face is refused, worked out from its files.

PAM cannot tell our module whether the password was right, so everything hangs on the stack: a wrong password must end
it before our line, a right one must reach our line, and our refusal must be the stack's. The walk follows libpam
(``_pam_dispatch_aux``) for the phase ``auth``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path

FOLDER = Path("/etc/pam.d")
#: Modules that ask for the password or check it.
PASSWORD_MODULES = frozenset({"pam_unix", "pam_sss", "pam_ldap", "pam_krb5", "pam_winbind", "pam_systemd_home"})
OURS = "pam_faced"
_SUCCESS, _REFUSED = "success", "auth_err"
_KEYWORDS: Mapping[str, Mapping[str, str]] = {
    "required": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
    "requisite": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "new_authtok_reqd": "done", "default": "ignore"},
    "optional": {"success": "ok", "new_authtok_reqd": "ok", "default": "ignore"},
}
_LINE = re.compile(r"-?(?P<phase>\w+)\s+(?P<control>\[[^]]*\]|\S+)\s+(?P<module>\S+)\s*(?P<arguments>.*)")
_INCLUDE = re.compile(r"@include\s+(\S+)")
_DEEPEST = 16


@unique
class Fault(StrEnum):
    """What is wrong with a stack that has our line."""

    NO_PASSWORD = "no_password"  # noqa: S105 - a word of a report
    WRONG_PASSWORD_REACHES_FACE = "wrong_password_reaches_face"  # noqa: S105
    FACE_NOT_REACHED = "face_not_reached"
    REFUSED_FACE_LETS_IN = "refused_face_lets_in"


@dataclass(frozen=True)
class Module:
    """One line: what each result leads to, the module's name without path and ending, and its arguments."""

    control: Mapping[str, str]
    name: str
    arguments: tuple[str, ...]

    @property
    def is_ours(self) -> bool:
        """Whether it decides; ``begin`` only opens the camera."""
        return self.name == OURS and "begin" not in self.arguments


@dataclass(frozen=True)
class Substack:
    """Lines whose ``done`` and ``die`` end only themselves."""

    lines: tuple[Module | Substack, ...]


Line = Module | Substack


def read(service: str, folder: Path = FOLDER) -> tuple[Line, ...]:
    """The lines of the phase ``auth`` of a service, with what it includes.

    :raises OSError: a file is missing.
    """
    return tuple(_read(service, folder, 0))


def faults(stack: Sequence[Line]) -> tuple[Fault, ...]:
    """What is wrong with a stack; nothing with one that our line is not in."""
    modules = tuple(_modules(stack))
    if not any(module.is_ours for module in modules):
        return ()
    passwords = tuple(module for module in modules if module.name in PASSWORD_MODULES)
    if not passwords:
        return (Fault.NO_PASSWORD,)
    found = []
    if any(walk(stack, _results(None, wrong, _REFUSED)).reached for wrong in (_REFUSED, "user_unknown")):
        found.append(Fault.WRONG_PASSWORD_REACHES_FACE)
    right = [_results(module, _REFUSED, _REFUSED) for module in passwords]
    if not all(walk(stack, results).reached for results in right):
        found.append(Fault.FACE_NOT_REACHED)
    if any(walk(stack, results).lets_in for results in right):
        found.append(Fault.REFUSED_FACE_LETS_IN)
    return tuple(found)


@dataclass
class Walk:
    """How far it came: whether our line was asked, and what the stack says in the end."""

    reached: bool = False
    positive: bool | None = None
    status: str = ""

    @property
    def lets_in(self) -> bool:
        return self.positive is True and self.status == _SUCCESS


def walk(stack: Sequence[Line], result_of: Callable[[Module], str]) -> Walk:
    """Walk through a stack as libpam does, with these results of its modules."""
    state = Walk()
    _walk(stack, result_of, state)
    return state


def _walk(stack: Sequence[Line], result_of: Callable[[Module], str], state: Walk) -> None:
    at = 0
    while at < len(stack):
        line = stack[at]
        at += 1
        if isinstance(line, Substack):
            _walk(line.lines, result_of, state)
            continue
        state.reached |= line.is_ours
        result = result_of(line)
        action = line.control.get(result, line.control.get("default", "bad"))
        if action.isdecimal():
            at += int(action)
        elif action in ("ok", "done"):
            if state.positive is None or (state.positive and state.status == _SUCCESS):
                state.positive, state.status = True, result
            if action == "done" and state.positive:
                return
        elif action in ("bad", "die"):
            if state.positive is not False:
                state.positive, state.status = False, result
            if action == "die":
                return
        elif action == "reset":
            state.positive, state.status = None, ""


def _results(right: Module | None, wrong: str, face: str) -> Callable[[Module], str]:
    """All passwords are wrong but that of one module; the face is as said; everything else is content."""

    def result_of(module: Module) -> str:
        if module.is_ours:
            return face
        if module.name == OURS:
            return "ignore"
        if module.name in PASSWORD_MODULES:
            return _SUCCESS if module is right else wrong
        fails = module.name == "pam_deny" or (module.name == "pam_faillock" and "authfail" in module.arguments)
        return _REFUSED if fails else _SUCCESS

    return result_of


def _modules(stack: Sequence[Line]) -> Iterator[Module]:
    for line in stack:
        if isinstance(line, Substack):
            yield from _modules(line.lines)
        else:
            yield line


def _read(service: str, folder: Path, depth: int) -> Iterator[Line]:
    if depth > _DEEPEST:
        raise OSError(None, "files include each other")
    text = (folder / service).read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    for raw in text.splitlines():
        line = raw.partition("#")[0].strip()
        if included := _INCLUDE.fullmatch(line):
            yield from _read(included[1], folder, depth + 1)
        elif (parts := _LINE.fullmatch(line)) and parts["phase"].lower() == "auth":
            match parts["control"].lower():
                case "include":
                    yield from _read(parts["module"], folder, depth + 1)
                case "substack":
                    yield Substack(tuple(_read(parts["module"], folder, depth + 1)))
                case control:
                    name = Path(parts["module"]).name.removesuffix(".so")
                    yield Module(_actions(control), name, tuple(parts["arguments"].split()))


def _actions(control: str) -> Mapping[str, str]:
    if not control.startswith("["):
        return _KEYWORDS.get(control, {"default": "bad"})
    return dict(pair.split("=", 1) for pair in control.strip("[]").split() if "=" in pair)
