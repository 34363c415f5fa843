"""Questions to the other daemon: one answer each, in time, whatever the other end does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from faced.errors import ProtocolError
from faced.service.directory_link import Answer, DirectoryLink
from faced.service.loop import Loop
from faced.service.notify import bind_listener
from faced.service.varlink import MESSAGE_BYTES, DeadlinePassed, VarlinkError
from tests.service.directory_double import DirectoryDouble


class Asker:
    """Asks, and runs the loop until there is an answer."""

    def __init__(self, path: Path) -> None:
        self.loop = Loop()
        self.path = path
        self.link = DirectoryLink(self.loop, path, 0.5)

    def ask(self, method: str = "Status", login: str | None = None) -> Answer:
        answers: list[Answer] = []
        self.link.ask(method, {} if login is None else {"login": login}, answers.append)
        assert answers == [], "answered before the question was out"
        while not answers:
            self.loop.once(1)
        for _ in range(3):
            self.loop.once(0)
        (answer,) = answers
        return answer

    def ask_of(self, *said: bytes) -> Answer:
        """Ask something that says these bytes and hangs up."""
        with bind_listener(self.path, 0o600) as listener:
            listener.setblocking(True)

            def serve() -> None:
                connection, _address = listener.accept()
                with connection:
                    connection.recv(4096)
                    for piece in said:
                        connection.sendall(piece)
                    connection.shutdown(socket.SHUT_WR)

            thread = threading.Thread(target=serve)
            thread.start()
            answer = self.ask()
            thread.join()
        return answer


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Asker]:
    made = Asker(tmp_path / "directory")
    yield made
    made.loop.close()


def test_an_answer_is_its_parameters(asker: Asker) -> None:
    with DirectoryDouble(asker.path):
        answer = asker.ask()
        assert isinstance(answer, dict) and answer["online"] is True


def test_an_error_is_its_name_and_reason(asker: Asker) -> None:
    with DirectoryDouble(asker.path):
        answer = asker.ask("Fetch", "nobody")
    assert isinstance(answer, VarlinkError)
    assert (answer.name, answer.parameters) == ("io.faced.Directory.NotFound", {"reason": "not_in_directory"})


def test_silence_ends_at_the_deadline(asker: Asker) -> None:
    with DirectoryDouble(asker.path) as directory:
        directory.silent = True
        assert isinstance(asker.ask("Fetch", "tanaka"), DeadlinePassed)


def test_nobody_there_is_an_error_at_once(asker: Asker) -> None:
    assert isinstance(asker.ask(), ProtocolError)


@pytest.mark.parametrize(
    "said", [b"", b'{"param', b"[]\0", b"\xff\0", b'{"parameters":[]}\0', b"x" * (MESSAGE_BYTES + 1)], ids=repr
)
def test_nonsense_is_an_error(asker: Asker, said: bytes) -> None:
    assert isinstance(asker.ask_of(said), ProtocolError)


def test_an_answer_may_come_in_pieces(asker: Asker) -> None:
    assert asker.ask_of(b'{"parameters":', b'{"online":true}', b"}\0") == {"online": True}
