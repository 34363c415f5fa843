"""What systemd is told, and what it hands over."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

from systemd import daemon

from faced.errors import FacedError


class Notifier:
    """Tells the service manager how it goes; without one it says nothing."""

    def ready(self, status: str) -> None:
        """Started: requests can come."""
        daemon.notify(f"READY=1\nSTATUS={status}")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``; never a person's name."""
        daemon.notify(f"STATUS={text}")

    def alive(self) -> None:
        """Feed the watchdog."""
        daemon.notify("WATCHDOG=1")

    def stopping(self) -> None:
        """No more requests."""
        daemon.notify("STOPPING=1")


def watchdog_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """How often :meth:`Notifier.alive` must be called: a third of the unit's WatchdogSec; None if there is none."""
    period_us = environ.get("WATCHDOG_USEC", "")
    if not period_us.isdecimal() or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(period_us) / 1e6 / 3


def inherited_listeners() -> dict[str, socket.socket]:
    """The listening sockets that systemd handed over, by FileDescriptorName."""
    return {name: socket.socket(fileno=fd) for fd, name in daemon.listen_fds_with_names(unset_environment=True).items()}


def bind_listener(path: Path, mode: int) -> socket.socket:
    """A listening socket of our own, where systemd did not hand one over.

    :param mode: of the socket file.
    :raises FacedError: if it cannot be bound, or something that is no socket is in the way.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        if path.exists() and stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
        # Nobody can connect before listen(), so that the mode is in force for the first caller.
        listener.bind(str(path))
        path.chmod(mode)
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise FacedError(f"The socket {path} cannot be made: {error.strerror}.", reason="socket") from None
    return listener
