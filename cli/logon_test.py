"""`facectl logon-test`: the site's own PAM stack, run once as a service runs it, and its answer in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import click

from cli.exit_codes import ExitCode
from cli.passphrase import read_passphrase
from cli.printing import json_option, print_json
from faced.errors import ConfigError, NotAllowed
from faced.i18n import _

_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FOLDERS = (Path("/etc/pam.d"), Path("/usr/lib/pam.d"))
_MODULE = "pam_faced.so"
_POLL_S = 0.1
_DEEPEST_INCLUDE = 8


@click.command(
    "logon-test",
    help=_(
        "Try a whole logon of USER, password and face, as the PAM service does it, and explain the outcome.\n\n"
        "Run it as root on the PC; nobody is logged on and no session is opened. A wrong password or face counts "
        "as it does at the logon screen."
    ),
)
@click.argument("user")
@click.option(
    "--service", required=True, metavar="SERVICE", help=_("The PAM service: login, lightdm, gdm-password, sudo ...")
)
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Read the password from the first line of this file instead of asking."),
)
@json_option
def logon_test(user: str, service: str, password_file: Path | None, as_json: bool) -> ExitCode:
    """Run authenticate and account of the service once."""
    asks_for_face = check_service(service)
    if not asks_for_face:
        click.echo(
            _("Warning: the service {service} does not ask for a face ({module} is not in its stack).").format(
                service=service, module=_MODULE
            ),
            err=True,
        )
    password = (
        read_passphrase(password_file).decode(errors="replace")
        if password_file is not None
        else click.prompt(_("Password of {user}").format(user=user), hide_input=True, err=True)
    )
    code, texts = converse(user, password, service)
    if as_json:
        print_json({"admitted": code == 0, "pam_code": code, "asks_for_face": asks_for_face, "texts": texts})
    else:
        click.echo(explain(code))
    return ExitCode.DONE if code == 0 and asks_for_face else ExitCode.REFUSED


def check_service(service: str, folders: tuple[Path, ...] = _FOLDERS) -> bool:
    """Whether a service's stack, with all that it includes, has our deciding line in its auth part.

    :raises ConfigError: there is no such service (PAM would silently use 'other').
    """
    if not _SERVICE.fullmatch(service) or _stack_file(service, folders) is None:
        raise ConfigError(
            _("There is no PAM service '{service}': /etc/pam.d has no file of that name.").format(service=service)
        )
    return any(
        _MODULE in line and "begin" not in line.split() for line in _auth_lines(service, folders, _DEEPEST_INCLUDE)
    )


def converse(user: str, password: str, service: str) -> tuple[int, list[str]]:
    """One pass through PAM; what the stack says is shown while it says it.

    :return: the PAM code and the texts.
    :raises NotAllowed: PAM could not be started at all.
    """
    import pam

    stack = pam.pam()
    shown = 0

    def show() -> int:
        texts = list(stack.messages)
        for text in texts[shown:]:
            click.echo(f"  {_printable(text)}", err=True)
        return len(texts)

    with ThreadPoolExecutor(max_workers=1) as worker:
        running = worker.submit(stack.authenticate, user, password, service, None, True, "utf-8", False)
        while not running.done():
            shown = show()
            wait([running], timeout=_POLL_S)
        shown = show()
        try:
            running.result()
        except ValueError:
            raise NotAllowed(_("PAM does not take this name, password or service.")) from None
    return int(stack.code), [_printable(text) for text in stack.messages]


def explain(code: int) -> str:
    """What a PAM code means to somebody who has just tried to log on, and what to do next."""
    words = {
        0: _("Admitted: password and face are right."),
        3: _("Refused: pam_faced.so has wrong arguments in the service's stack. Compare it with pam_faced(8)."),
        4: _("Refused: PAM met a system error. See 'journalctl -b' for the module that reported it."),
        6: _("Refused: this account may not use this service."),
        7: _("Refused: the password or the face is not right. Neither says which one, on purpose."),
        9: _(
            "Refused: the face could not be checked (camera, light, nobody in view, not enrolled, or the faced "
            "service is not running). See 'facectl status'."
        ),
        10: _("Refused: this computer does not know the user. See 'getent passwd USER'."),
        11: _("Refused: too many tries. Wait until the delay is over."),
        12: _("The password is right but must be changed first."),
        13: _("Refused: the account has expired."),
        26: _("Refused: the stack gave up before it decided. See 'journalctl -b'."),
        28: _("Refused: a module of the stack is not installed."),
    }
    return words.get(code) or _("Refused: PAM code {code}.").format(code=code)


def _auth_lines(service: str, folders: tuple[Path, ...], depth: int) -> Iterator[str]:
    path = _stack_file(service, folders)
    if path is None or depth == 0:
        return
    for line in path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ").splitlines():
        words = line.split("#", 1)[0].split()
        if len(words) == 2 and words[0] == "@include":
            yield from _auth_lines(words[1], folders, depth - 1)
        elif len(words) >= 3 and words[0].lstrip("-") == "auth":
            if words[1] in ("include", "substack"):
                yield from _auth_lines(words[2], folders, depth - 1)
            else:
                yield " ".join(words)


def _stack_file(service: str, folders: tuple[Path, ...]) -> Path | None:
    return next((folder / service for folder in folders if (folder / service).is_file()), None)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
