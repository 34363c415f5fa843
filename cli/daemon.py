"""The daemons: how to reach them, and what their error replies mean to the person who asked."""

from __future__ import annotations

from pathlib import Path

from faced.errors import FacedError, NotAllowed, ProtocolError
from faced.i18n import _
from faced.service.varlink import Client, VarlinkError


def reach(path: Path, timeout_s: float) -> Client:
    """A connection to a daemon's socket.

    :raises ProtocolError: nobody answers there; says how to start it.
    """
    try:
        return Client(path, timeout_s)
    except ProtocolError:
        raise ProtocolError(
            _("No service answers at {path}. Start it: systemctl start faced.socket faced-directory.socket").format(
                path=path
            )
        ) from None


def refusal_of(error: VarlinkError) -> FacedError:
    """The error to show for an error reply."""
    match error.name:
        case "io.faced.Logon.NotAllowed":
            return NotAllowed(_("You may only ask about yourself, at this PC's screen; root may ask about anyone."))
        case "io.faced.Logon.TooManyRequests":
            return NotAllowed(_("Too many requests. Wait a minute and try again."))
        case "io.faced.Directory.Unavailable":
            return ProtocolError(_("No directory server can be reached, and nothing valid is in the cache."))
    return ProtocolError(
        _("The service answered with an error ({name}). See 'journalctl -u faced'.").format(name=error.name)
    )
