"""Who is at the other end of a local socket: the kernel's word, and the seat's."""

from __future__ import annotations

import ctypes
import socket
import struct
from dataclasses import dataclass
from typing import Protocol

#: What the kernel shows for a uid that has no place in our user namespace.
OVERFLOW_UID = 65534
_UCRED = struct.Struct("3i")


@dataclass(frozen=True)
class Peer:
    """The process that connected, as it was at that moment (SO_PEERCRED)."""

    pid: int
    uid: int
    gid: int

    @property
    def is_root(self) -> bool:
        """Greeters' and login's PAM stacks run as root."""
        return self.uid == 0


def peer_of(connection: socket.socket) -> Peer:
    """The kernel's credentials of whoever connected this AF_UNIX socket."""
    pid, uid, gid = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid, uid, gid)


class Seat(Protocol):
    """Who sits at this PC."""

    def active_uid(self) -> int | None:
        """The uid of the seat's active session; None where there is none, or nobody can say."""


class LogindSeat:
    """The seat as systemd-logind knows it, through libsystemd.

    It reads logind's files below /run/systemd; no D-Bus, no round trip.
    """

    def __init__(self, name: str = "seat0") -> None:
        self._name = name.encode()
        self._library = ctypes.CDLL("libsystemd.so.0", use_errno=True)
        self._get_active = self._library.sd_seat_get_active
        self._get_active.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32)]
        self._get_active.restype = ctypes.c_int

    def active_uid(self) -> int | None:
        uid = ctypes.c_uint32()
        if self._get_active(self._name, None, ctypes.byref(uid)) < 0:
            return None
        return uid.value
