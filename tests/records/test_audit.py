"""Audit events: in a real journal, field by field, or an error."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from faced.records.audit import AuditError, AuditEvent, EventKind, JournalSink, Pseudonyms
from tests.rig.namespace import PrivateSystem

EVENT = AuditEvent(EventKind.REFUSED, "no_match", "", "0" * 32, "lightdm", 0, "just_below")


@pytest.fixture(scope="module")
def journal_entry() -> dict[str, str]:
    """What a real journald made of an event with a line feed in the service name."""
    root = Path(__file__).parents[2]
    record = (
        "from faced.records.audit import *\n"
        "service = 'a\\nFACED_OUTCOME=match'\n"
        "JournalSink().record(AuditEvent(EventKind.REFUSED, 'no_match', '', '0' * 32, service, 0, 'below', 'expired'))"
    )
    with PrivateSystem() as system:
        system.run([root / ".venv/bin/python", "-c", record], env={"PYTHONPATH": str(root)})
        (entry,) = system.journal("FACED_EVENT=refused")
    return {name: value for name, value in entry.items() if isinstance(value, str)}


def test_an_event_is_in_the_journal_with_its_message_id_and_fields(journal_entry: dict[str, str]) -> None:
    assert journal_entry["MESSAGE_ID"] == EventKind.REFUSED.message_id
    assert journal_entry["PRIORITY"] == "5"
    assert journal_entry["FACED_PEER_UID"] == "0"
    assert journal_entry["FACED_SCORE_BAND"] == "below"
    assert journal_entry["FACED_EXEMPTION"] == "expired"
    assert journal_entry["FACED_SUBJECT"] == "0" * 32
    assert journal_entry["SYSLOG_IDENTIFIER"] == "faced"


def test_a_line_feed_in_a_field_forges_no_other_field(journal_entry: dict[str, str]) -> None:
    assert journal_entry["FACED_OUTCOME"] == "no_match"
    assert journal_entry["FACED_SERVICE"] == "a\nFACED_OUTCOME=match"


def test_the_journal_itself_says_who_wrote(journal_entry: dict[str, str]) -> None:
    assert journal_entry["_UID"] == "0"
    assert journal_entry["_TRANSPORT"] == "journal"


def test_without_a_journal_there_is_no_sink(tmp_path: Path) -> None:
    with pytest.raises(AuditError):
        JournalSink(tmp_path / "socket")
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError):
        JournalSink(tmp_path / "file")


def test_a_journal_that_goes_away_is_an_error_and_not_silence(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
        journald.bind(str(path))
        sink = JournalSink(path)
        sink.record(EVENT)
        assert b"FACED_OUTCOME" in journald.recv(65536)
    with pytest.raises(AuditError):
        sink.record(EVENT)
    path.unlink()
    with pytest.raises(AuditError):
        sink.record(EVENT)


def test_a_journal_that_takes_nothing_is_an_error_within_its_deadline(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
        journald.bind(str(path))
        sink = JournalSink(path)
        with pytest.raises(AuditError):
            for _ in range(100_000):
                sink.record(EVENT)


def test_fields_that_say_nothing_are_left_out() -> None:
    assert set(AuditEvent(EventKind.STARTED).fields()) == {
        "MESSAGE",
        "MESSAGE_ID",
        "PRIORITY",
        "SYSLOG_IDENTIFIER",
        "FACED_EVENT",
    }


def test_every_kind_has_an_identity_of_its_own() -> None:
    assert len({kind.message_id for kind in EventKind}) == len({kind.word for kind in EventKind}) == len(EventKind)


def test_a_pseudonym_is_stable_on_a_host_and_unlike_on_every_other(tmp_path: Path) -> None:
    one = Pseudonyms.load(tmp_path / "one")
    assert one.of("tanaka") == Pseudonyms.load(tmp_path / "one").of("tanaka")
    assert one.of("tanaka") != one.of("suzuki")
    assert one.of("tanaka") != Pseudonyms.load(tmp_path / "other").of("tanaka")
    assert "tanaka" not in json.dumps(one.of("tanaka"))
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600


def test_a_pseudonym_is_keyed_blake2b_128() -> None:
    # RFC 7693, key of 32 zero bytes.
    assert Pseudonyms(bytes(32)).of("tanaka") == PINNED


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_secret_is_an_error_and_not_a_new_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(AuditError):
        Pseudonyms.load(tmp_path / "secret")
    assert (tmp_path / "secret").read_bytes() == content


#: By libsodium, not by hashlib.
PINNED = "2fb039a449f30cb9aaa301f3f45ddc17"
