"""What facectl's exit status means; fixed, because scripts and monitoring depend on it."""

from __future__ import annotations

from enum import IntEnum, unique

from faced.errors import (
    AccountRefused,
    CameraUnavailable,
    ConfigError,
    DirectoryError,
    DirectoryUnavailable,
    FacedError,
    NotAllowed,
    PhotoRefused,
    PredictorError,
    ProtocolError,
    StateError,
    TrustError,
)
from faced.i18n import _


@unique
class ExitCode(IntEnum):
    """The exit status of facectl; facectl(1) lists the same table."""

    DONE = 0
    #: The question was answered, and the answer is no: not matched, warnings, some photos refused, not confirmed.
    REFUSED = 1
    USAGE = 2
    CONFIG = 3
    DIRECTORY_UNAVAILABLE = 4
    DIRECTORY = 5
    UNTRUSTED = 6
    PHOTO = 7
    CAMERA = 8
    NOT_ALLOWED = 9
    STATE = 10
    DAEMON = 11
    #: Nothing is wrong, and there is something to do.
    PENDING = 12
    BUG = 70
    INTERRUPTED = 130


#: From the narrower class to the wider.
_OF_ERRORS: tuple[tuple[type[FacedError], ExitCode], ...] = (
    (ConfigError, ExitCode.CONFIG),
    (PredictorError, ExitCode.CONFIG),
    # Nobody gets in by waiting: a timer that tries again on "unavailable" must not.
    (AccountRefused, ExitCode.DIRECTORY),
    (DirectoryUnavailable, ExitCode.DIRECTORY_UNAVAILABLE),
    (DirectoryError, ExitCode.DIRECTORY),
    (TrustError, ExitCode.UNTRUSTED),
    (PhotoRefused, ExitCode.PHOTO),
    (CameraUnavailable, ExitCode.CAMERA),
    (NotAllowed, ExitCode.NOT_ALLOWED),
    (StateError, ExitCode.STATE),
    (ProtocolError, ExitCode.DAEMON),
)


def code_of(error: FacedError) -> ExitCode:
    """The exit status for an error."""
    return next((code for kind, code in _OF_ERRORS if isinstance(error, kind)), ExitCode.REFUSED)


def table() -> str:
    """The table for the help text, one status a line."""
    meanings = {
        ExitCode.DONE: _("done"),
        ExitCode.REFUSED: _("answered, and the answer is no (no match, warnings, some photos refused, not confirmed)"),
        ExitCode.USAGE: _("the command line is wrong"),
        ExitCode.CONFIG: _("the configuration or the landmark predictor is wrong"),
        ExitCode.DIRECTORY_UNAVAILABLE: _("no directory server could be reached and verified"),
        ExitCode.DIRECTORY: _("no such entry, not exactly one, or the directory refused"),
        ExitCode.UNTRUSTED: _("a key, passphrase or signature is wrong"),
        ExitCode.PHOTO: _("the photo cannot be used"),
        ExitCode.CAMERA: _("the camera cannot be used"),
        ExitCode.NOT_ALLOWED: _("you may not do this"),
        ExitCode.STATE: _("a file cannot be read or written"),
        ExitCode.DAEMON: _("the faced service does not answer"),
        ExitCode.PENDING: _("a plan has changes that wait to be applied"),
        ExitCode.BUG: _("an error in facectl itself"),
        ExitCode.INTERRUPTED: _("interrupted"),
    }
    return "\n".join(f"{code.value:>5}  {meaning}" for code, meaning in meanings.items())
