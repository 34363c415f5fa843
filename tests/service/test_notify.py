"""What systemd is told and hands over: its real protocol, without systemd."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from faced.errors import FacedError
from faced.service.notify import Notifier, bind_listener, inherited_listeners, watchdog_s


def test_the_service_manager_hears_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notifier = Notifier()
        notifier.ready("Ready.")
        notifier.alive()
        notifier.status("One line.")
        notifier.stopping()
        heard = [manager.recv(1024) for _ in range(4)]
    assert heard == [b"READY=1\nSTATUS=Ready.", b"WATCHDOG=1", b"STATUS=One line.", b"STOPPING=1"]


def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Notifier().ready("Ready.")


def test_the_watchdog_is_fed_three_times_in_its_period() -> None:
    own = str(os.getpid())
    assert watchdog_s({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": own}) == 10.0
    assert watchdog_s({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}) is None
    assert watchdog_s({"WATCHDOG_USEC": "soon"}) is None
    assert watchdog_s({}) is None


def test_handed_over_sockets_are_told_apart_by_their_names(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2', LISTEN_FDNAMES='status:logon')\n"
        "from faced.service.notify import inherited_listeners as listeners\n"
        "print({name: sock.getsockname() for name, sock in listeners().items()})\n"
    )
    with bind_listener(tmp_path / "a", 0o666) as status, bind_listener(tmp_path / "b", 0o666) as logon:

        def place() -> None:
            first, second = os.dup(status.fileno()), os.dup(logon.fileno())
            os.dup2(first, 3)
            os.dup2(second, 4)

        told = subprocess.run(
            [sys.executable, "-c", program],
            preexec_fn=place,
            close_fds=False,
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        ).stdout
    assert told == f"{ {'status': str(tmp_path / 'a'), 'logon': str(tmp_path / 'b')} }\n"


def test_nothing_is_inherited_where_nothing_was_handed_over() -> None:
    assert inherited_listeners() == {}


def test_an_own_socket_has_its_mode_and_replaces_one_left_over(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    bind_listener(path, 0o600).close()
    with bind_listener(path, 0o666) as listener:
        assert path.stat().st_mode & 0o777 == 0o666
        assert not listener.getblocking()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("precious")
    with pytest.raises(FacedError):
        bind_listener(path, 0o666)
    assert path.read_text() == "precious"
