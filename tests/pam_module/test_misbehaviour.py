"""A daemon that breaks the rules never lets anybody in, never holds the greeter longer than the deadline."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pam_module.daemon import (
    Behaviour,
    FakeDaemon,
    Peer,
    honest,
    last_answer,
    listen,
    listening_as_nobody,
)
from tests.rig.pam import ACCOUNT, AUTHENTICATE, Code, PamRig

TIMEOUT_S = 1
#: What a loaded machine may add to a deadline.
SLACK_S = 1.5
NONCE_OF_YESTERDAY = "0" * 32


def on_decide(act: Callable[[Peer, str], None]) -> Behaviour:
    """Honest until Decide (or Account) is asked; then ``act`` with the nonce."""

    def behave(peer: Peer) -> None:
        act(peer, peer.hear_decide()["nonce"])
        peer.wait_for_the_end()

    return behave


def say(*chunks: Callable[[str], bytes] | bytes) -> Behaviour:
    def act(peer: Peer, nonce: str) -> None:
        for chunk in chunks:
            peer.say_bytes(chunk if isinstance(chunk, bytes) else chunk(nonce))

    return on_decide(act)


def drip(peer: Peer, nonce: str) -> None:
    for byte in last_answer(nonce, padding="x" * 4000):
        peer.say_bytes(bytes([byte]))
        time.sleep(0.01)


def flood(peer: Peer, _nonce: str) -> None:
    for number in itertools.count():
        peer.say({"text": f"line {number}"}, continues=True)


def flood_of_bytes(peer: Peer, _nonce: str) -> None:
    while True:
        peer.say_bytes(b"x" * 65536)


def many_lines_then_match(peer: Peer, nonce: str) -> None:
    for _ in range(257):
        peer.say({}, continues=True)
    peer.say_bytes(last_answer(nonce))


def hang_up(peer: Peer, _nonce: str) -> None:
    peer.hang_up()


def hang_up_half_way(peer: Peer, nonce: str) -> None:
    peer.say_bytes(last_answer(nonce)[:-1])
    peer.hang_up()


def before_begin(peer: Peer) -> None:
    peer.say_bytes(last_answer(NONCE_OF_YESTERDAY))
    peer.wait_for_the_end()


def instead_of_begin(peer: Peer) -> None:
    peer.hear()
    peer.say_bytes(last_answer(NONCE_OF_YESTERDAY))
    honest()(peer)


def behind_begin(peer: Peer) -> None:
    peer.hear()
    peer.say_bytes(b'{"parameters":{}}\0' + last_answer(NONCE_OF_YESTERDAY))
    honest()(peer)


def guidance_behind_begin(peer: Peer) -> None:
    peer.hear()
    peer.say_bytes(b'{"parameters":{}}\0{"parameters":{"text":"x"},"continues":true}\0')
    honest()(peer)


def half_behind_begin(peer: Peer) -> None:
    peer.hear()
    peer.say_bytes(b'{"parameters":{}}\0{')
    honest()(peer)


def twice_begun(peer: Peer) -> None:
    peer.hear()
    peer.say_bytes(b'{"parameters":{}}\0' * 2)
    honest()(peer)


def silent_at_begin(peer: Peer) -> None:
    peer.hear()
    peer.wait_for_the_end()


def deaf_after_begin(peer: Peer) -> None:
    """Its end is shut for reading: what the module sends next would raise SIGPIPE."""
    peer.hear()
    peer.stop_listening()
    peer.say({})


MISBEHAVIOURS: dict[str, Behaviour] = {
    "says nothing": lambda peer: peer.wait_for_the_end(),
    "says nothing to Begin": silent_at_begin,
    "says nothing to Decide": on_decide(lambda _peer, _nonce: None),
    "listens no more after Begin": deaf_after_begin,
    "closes at once": lambda peer: peer.hang_up(),
    "closes instead of deciding": on_decide(hang_up),
    "closes half way": on_decide(hang_up_half_way),
    "drips": on_decide(drip),
    "half a message": say(lambda nonce: last_answer(nonce)[:-1]),
    "garbage": say(b"\xff\xfe\x00garbage\0"),
    "empty messages": say(b"\0\0\0\0"),
    "answers before anything was asked": before_begin,
    "answers Begin with a match and another behind": instead_of_begin,
    "answers Decide right behind Begin": behind_begin,
    "guides right behind Begin": guidance_behind_begin,
    "begins an answer right behind Begin": half_behind_begin,
    "answers Begin twice": twice_begun,
    "repeats an answer of yesterday": say(last_answer(NONCE_OF_YESTERDAY)),
    "last answer without nonce": say(b'{"parameters":{"outcome":"match"}}\0'),
    "match that continues": say(lambda nonce: last_answer(nonce, continues=True)),
    "guidance, then a match that continues": say(
        b'{"parameters":{"text":"x"},"continues":true}\0', lambda nonce: last_answer(nonce, continues=True)
    ),
    "two last answers": say(lambda nonce: last_answer(nonce) * 2),
    "one byte behind the last answer": say(lambda nonce: last_answer(nonce) + b"x"),
    "an outcome twice": say(
        lambda nonce: b'{"parameters":{"outcome":"no_match","outcome":"match","nonce":"%s"}}\0' % nonce.encode()
    ),
    "an outcome nobody knows": say(
        lambda nonce: b'{"parameters":{"outcome":"surely","nonce":"%s"}}\0' % nonce.encode()
    ),
    "an error with a match in it": say(lambda nonce: last_answer(nonce, error="io.faced.Logon.NotAllowed")),
    "an error, then a match": say(
        b'{"error":"io.faced.Logon.NotAllowed","parameters":{}}\0', lambda nonce: last_answer(nonce)
    ),
    "a message of more than 64 KiB": say(lambda nonce: last_answer(nonce, padding="x" * 66000)),
    "bytes without end": on_decide(flood_of_bytes),
    "guidance without end": on_decide(flood),
    "more guidance than an attempt can have": on_decide(many_lines_then_match),
    "a depth bomb": say(b"[" * 60000 + b"\0"),
}


@pytest.mark.parametrize("behaviour", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
def test_a_misbehaving_daemon_lets_nobody_in(rigs: PamRig, behaviour: Behaviour) -> None:
    with FakeDaemon(behaviour) as daemon:
        rigs.write_logon_service("logon", f"socket={daemon.path} timeout={TIMEOUT_S}")
        rigs.set_password("tanaka", "secret", "logon")
        logon = rigs.converse("tanaka", "logon", "secret")
        assert logon.code == Code.AUTHINFO_UNAVAIL
        assert logon.seconds[0] < TIMEOUT_S + SLACK_S
        assert logon.descriptors_left == 0


@pytest.mark.parametrize("behaviour", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
def test_a_misbehaving_daemon_clears_no_account(rig: PamRig, behaviour: Behaviour) -> None:
    with FakeDaemon(behaviour) as daemon:
        rig.write_service("logon", f"account required pam_faced.so socket={daemon.path} timeout={TIMEOUT_S}")
        logon = rig.converse("tanaka", "logon", steps=[ACCOUNT])
        assert logon.code == Code.AUTHINFO_UNAVAIL
        assert logon.seconds[0] < TIMEOUT_S + SLACK_S


@pytest.mark.parametrize(
    ("misbehaviour", "word"),
    [
        ("says nothing to Decide", "deadline"),
        ("closes instead of deciding", "connection_closed"),
        ("a message of more than 64 KiB", "protocol"),
        ("garbage", "protocol"),
        ("an error, then a match", "refused"),
    ],
)
def test_the_log_says_what_went_wrong(rig: PamRig, misbehaviour: str, word: str) -> None:
    with FakeDaemon(MISBEHAVIOURS[misbehaviour]) as daemon:
        rig.write_logon_service("logon", f"socket={daemon.path} timeout={TIMEOUT_S}")
        rig.set_password("tanaka", "secret", "logon")
        assert rig.converse("tanaka", "logon", "secret").log == (f"refused: {word}",)


def test_the_honest_daemon_passes_the_same_stack(rigs: PamRig) -> None:
    with FakeDaemon(say(lambda nonce: last_answer(nonce))) as daemon:
        rigs.write_logon_service("logon", f"socket={daemon.path} timeout={TIMEOUT_S}")
        rigs.set_password("tanaka", "secret", "logon")
        assert rigs.converse("tanaka", "logon", "secret").code == Code.SUCCESS


def test_a_message_of_exactly_64_kib_is_read(rig: PamRig) -> None:
    def act(peer: Peer, nonce: str) -> None:
        room = 65536 - len(last_answer(nonce, padding=""))
        peer.say_bytes(last_answer(nonce, padding="x" * room))

    with FakeDaemon(on_decide(act)) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        assert rig.converse("tanaka", "logon").code == Code.SUCCESS


def test_an_answer_in_single_bytes_is_read_if_it_is_in_time(rig: PamRig) -> None:
    def act(peer: Peer, nonce: str) -> None:
        for byte in last_answer(nonce):
            peer.say_bytes(bytes([byte]))

    with FakeDaemon(on_decide(act)) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path}")
        assert rig.converse("tanaka", "logon").code == Code.SUCCESS


def test_signals_neither_end_nor_prolong_the_wait(rig: PamRig) -> None:
    with FakeDaemon(on_decide(lambda _peer, _nonce: None)) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path} timeout={TIMEOUT_S}")
        logon = rig.converse("tanaka", "logon", interrupt_every_s=0.005)
        assert logon.code == Code.AUTHINFO_UNAVAIL
        assert logon.log == ("refused: deadline",)
        assert TIMEOUT_S <= logon.seconds[0] < TIMEOUT_S + SLACK_S


def test_somebody_else_than_root_at_the_socket_lets_nobody_in(rigs: PamRig, logon_path: Path) -> None:
    with listening_as_nobody(logon_path):
        rigs.write_logon_service("logon", f"socket={logon_path}")
        rigs.set_password("tanaka", "secret", "logon")
        logon = rigs.converse("tanaka", "logon", "secret", steps=[AUTHENTICATE, ACCOUNT])
        assert logon.codes == (Code.AUTHINFO_UNAVAIL, Code.AUTHINFO_UNAVAIL)
        assert logon.log == ("refused: not_root", "refused: not_root")


def test_a_queue_that_is_full_costs_no_more_than_the_deadline(rig: PamRig, logon_path: Path) -> None:
    listener = listen(logon_path, backlog=0)
    waiting = []
    try:
        for _ in range(2):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            waiting.append(client)
            client.connect_ex(str(logon_path))
        rig.write_service("begin", f"auth required pam_faced.so begin socket={logon_path}")
        rig.write_service("logon", f"auth required pam_faced.so socket={logon_path} timeout={TIMEOUT_S}")
        begun = rig.converse("tanaka", "begin", interrupt_every_s=0.01)
        decided = rig.converse("tanaka", "logon", interrupt_every_s=0.01)
    finally:
        for client in waiting:
            client.close()
        listener.close()
    assert (begun.code, decided.code) == (Code.AUTHINFO_UNAVAIL, Code.AUTHINFO_UNAVAIL)
    assert 0.5 <= begun.seconds[0] < 0.5 + SLACK_S
    assert TIMEOUT_S <= decided.seconds[0] < TIMEOUT_S + SLACK_S
    assert decided.log == ("refused: deadline",)


LINE = b'{"parameters":{"text":"Look at the camera"},"continues":true}\0'


@pytest.mark.parametrize(
    "behaviour",
    [say(LINE, last_answer), say(lambda nonce: LINE + last_answer(nonce))],
    ids=["answer in the socket", "answer already read"],
)
def test_a_match_that_is_looked_at_too_late_is_none(rig: PamRig, behaviour: Behaviour) -> None:
    """The conversation may hold us up for as long as it likes; afterwards the time is over and so is the attempt."""

    def wait_at_the_screen(_text: str) -> bool:
        time.sleep(TIMEOUT_S + 0.2)
        return True

    with FakeDaemon(behaviour) as daemon:
        rig.write_service("logon", f"auth required pam_faced.so socket={daemon.path} timeout={TIMEOUT_S}")
        logon = rig.converse("tanaka", "logon", show=wait_at_the_screen)
        assert logon.code == Code.AUTHINFO_UNAVAIL
        assert logon.log == ("refused: deadline",)
