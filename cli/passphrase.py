"""Passphrases: typed at the terminal, or read from a file for automation; never an argument, never echoed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from faced.enrolment.station import Unlock
from faced.errors import NotAllowed, StateError
from faced.i18n import _

#: Shorter ones can be guessed in spite of Argon2id.
LEAST_CHARACTERS = 12
_LONGEST = 1024

passphrase_file_option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    envvar="FACED_PASSPHRASE_FILE",
    metavar="FILE",
    help=_(
        "Read the key's passphrase from the first line of this file (/dev/fd/3 for a descriptor) instead of asking. "
        "Also $FACED_PASSPHRASE_FILE, or a systemd credential named passphrase.ROLE."
    ),
)


def unlock_from(file: Path | None, handler: str | None = None) -> Unlock:
    """How to get at the passphrase of a key: the file, a systemd credential, else the person at the terminal.

    :param handler: whose key it is if somebody else is asked too: no credential speaks for a second person.
    """

    def unlock(name: str) -> bytes:
        source = file or (_credential(name) if handler is None else None)
        if source is not None:
            return read_passphrase(source)
        if handler is not None:
            return _prompt(_("Passphrase of {handler}'s {name} key").format(handler=handler, name=name)).encode()
        return _prompt(_("Passphrase of the {name} key").format(name=name)).encode()

    return unlock


def once(unlock: Unlock) -> Unlock:
    """Ask once for several keys of one handler, who has one passphrase for all of them."""
    answers: list[bytes] = []

    def remembered(name: str) -> bytes:
        if not answers:
            answers.append(unlock(name))
        return answers[0]

    return remembered


def new_passphrase(what: str, file: Path | None) -> bytes:
    """A passphrase for a key that is being made: from the file, else typed twice.

    :raises NotAllowed: it is too short to protect anything.
    """
    text = read_passphrase(file) if file is not None else _typed_twice(what).encode()
    if len(text.decode(errors="replace")) < LEAST_CHARACTERS:
        raise NotAllowed(
            _("The passphrase for {what} needs at least {least} characters. Several words are easiest.").format(
                what=what, least=LEAST_CHARACTERS
            ),
            reason="short_passphrase",
        )
    return text


def read_passphrase(path: Path) -> bytes:
    """The first line of a file, without its line end.

    :raises StateError: it cannot be read or is empty.
    """
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST).rstrip(b"\r\n")
    except OSError as error:
        raise StateError(
            _("The passphrase file {path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from None
    if not line:
        raise StateError(_("The passphrase file {path} is empty.").format(path=path))
    return line


def _typed_twice(what: str) -> str:
    return _prompt(_("New passphrase for {what}").format(what=what), confirm=_("The same again"))


def _prompt(text: str, confirm: str | bool = False) -> str:
    try:
        return str(click.prompt(text, hide_input=True, err=True, confirmation_prompt=confirm))
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise NotAllowed(
            _("A passphrase is needed and nobody can be asked. Use --passphrase-file."), reason="no_passphrase"
        ) from None


def _credential(name: str) -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / f"passphrase.{name}" if folder else None
    return path if path is not None and path.is_file() else None
