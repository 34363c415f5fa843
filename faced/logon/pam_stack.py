"""What a PAM stack does when the password is wrong and when the face is refused, worked out from its files.

PAM cannot tell our module whether the password was right, so everything hangs on the stack: a wrong password must end
it before our line, a right one must reach our line, and our refusal must be the stack's. Nor can it tell whether
another factor was shown: a stack makes sure of one if there is no way through our line and in without it. The walk
follows libpam (``_pam_dispatch_aux``) for the phase ``auth``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from pathlib import Path

FOLDER = Path("/etc/pam.d")
#: Modules that ask for the password or check it.
PASSWORD_MODULES = frozenset({"pam_unix", "pam_sss", "pam_ldap", "pam_krb5", "pam_winbind", "pam_systemd_home"})
OURS = "pam_faced"
_SUCCESS, _REFUSED, _IGNORE = "success", "auth_err", "ignore"
#: Any result that a line does not name.
_UNNAMED = "unnamed"
#: Arguments with which a module says success, or nothing, of somebody who has no such factor.
_VOIDING = ("nouserok", "nullok", "alwaysok")
#: Modules that always say the same.
_FIXED = {"pam_deny": _REFUSED, "pam_permit": _SUCCESS}
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

    def shows(self, modules: Collection[str]) -> bool:
        """Whether it is one of these modules, and success from it means what it should."""
        return self.name in modules and not any(word in argument for word in _VOIDING for argument in self.arguments)

    def action(self, result: str) -> str:
        """What a result leads to."""
        return self.control.get(result, self.control.get("default", "bad"))


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
    if not has_face_step(stack):
        return ()
    passwords = tuple(module for module in _modules(stack) if module.name in PASSWORD_MODULES)
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


def has_face_step(stack: Sequence[Line]) -> bool:
    """Whether our deciding line is in it."""
    return any(module.is_ours for module in _modules(stack))


def makes_sure_of(stack: Sequence[Line], modules: Collection[str]) -> bool:
    """Whether it lets in nobody who was exempted by our line without success from one of these modules.

    Whatever all the others answer: a jump over the factor that some people take is a way around it. And whatever the
    factor's own module answers but success: PAM_IGNORE, which ``required`` lets pass, shows nothing.
    """

    def results_of(module: Module) -> Collection[str]:
        if module.is_ours:
            return (_IGNORE,)
        if module.name in _FIXED:
            return (_FIXED[module.name],)
        possible = {_SUCCESS, _IGNORE, _UNNAMED, *module.control} - {"default"}
        return possible - {_SUCCESS} if module.shows(modules) else possible

    return not any(walk.reached and walk.lets_in for walk in _walks(stack, results_of, Walk()))


@dataclass(frozen=True)
class Walk:
    """How far it came: whether our line was asked, and what the stack says in the end."""

    reached: bool = False
    positive: bool | None = None
    status: str = ""

    @property
    def lets_in(self) -> bool:
        return self.positive is True and self.status == _SUCCESS

    def after(self, action: str, result: str) -> Walk:
        """What is to be said once a module has answered."""
        if action in ("ok", "done") and (self.positive is None or self.lets_in) and result != _IGNORE:
            return replace(self, positive=True if result == _SUCCESS else self.positive, status=result)
        if action in ("bad", "die") and self.positive is not False:
            return replace(self, positive=False, status=result)
        return self


def walk(stack: Sequence[Line], result_of: Callable[[Module], str]) -> Walk:
    """Walk through a stack as libpam does, with these results of its modules."""
    (only,) = _walks(stack, lambda module: (result_of(module),), Walk())
    return only


def _walks(stack: Sequence[Line], results_of: Callable[[Module], Collection[str]], begun: Walk) -> set[Walk]:
    """Where a walk may have come at the end of a stack, if each module may answer so."""
    ended: set[Walk] = set()
    arriving: list[set[Walk]] = [set() for _line in stack]

    def go_on(at: int, walk: Walk) -> None:
        (arriving[at] if at < len(stack) else ended).add(walk)

    go_on(0, begun)
    for at, line in enumerate(stack):
        if isinstance(line, Substack):
            for walk in arriving[at]:
                for come in _walks(line.lines, results_of, walk):
                    go_on(at + 1, come)
            continue
        for walk in arriving[at]:
            come = replace(walk, reached=walk.reached or line.is_ours)
            for result in results_of(line):
                action = line.action(result)
                then = replace(begun, reached=come.reached) if action == "reset" else come.after(action, result)
                if action == "die" or (action == "done" and then.positive):
                    ended.add(then)
                else:
                    go_on(at + 1 + (int(action) if action.isdecimal() else 0), then)
    return ended


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
