"""Who is at the other end: the kernel's word, whatever the caller says."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from faced.service.notify import bind_listener
from faced.service.peer import LogindSeat, Peer, peer_of
from tests.rig.namespace import PrivateSystem
from tests.service.wire import as_uid


@pytest.mark.parametrize("uid", [0, 1234, 65534])
def test_the_uid_of_a_caller_is_the_kernels_word(open_folder: Path, uid: int) -> None:
    path = open_folder / "socket"
    with bind_listener(path, 0o666) as listener:

        def call() -> str:
            with socket.socket(socket.AF_UNIX) as caller:
                caller.connect(str(path))
            return "connected"

        listener.setblocking(True)
        assert as_uid(uid, call) == "connected"
        accepted, _address = listener.accept()
        with accepted:
            peer = peer_of(accepted)
    assert (peer.uid, peer.gid, peer.is_root) == (uid, uid, uid == 0)
    assert peer.pid > 0


def test_who_connected_before_dropping_root_is_still_root() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert peer_of(one) == Peer(os.getpid(), os.geteuid(), os.getegid())


def test_the_seats_active_session_is_logind_s_word() -> None:
    with PrivateSystem() as system:
        seats = system.path("/run/systemd/seats")
        seats.mkdir()
        ask = "from faced.service.peer import LogindSeat as L; print(L('seat0').active_uid(), L('seat9').active_uid())"
        (seats / "seat0").write_text("IS_SEAT0=1\nACTIVE=7\nACTIVE_UID=2001\n")
        root = str(Path(__file__).parents[2])
        told = system.run([f"{root}/.venv/bin/python", "-c", ask], env={"PYTHONPATH": root}).stdout
        assert told.split() == ["2001", "None"]


def test_without_logind_nobody_is_at_the_seat() -> None:
    assert LogindSeat("no-such-seat").active_uid() is None
