"""Reports of hosts: believed of the host that signed them, for a day - and in no other case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from faced.errors import TrustError
from faced.trust import encoding
from faced.trust.keys import HostKeys
from faced.trust.realm import Realm
from faced.trust.report import COUNTED_S, MAX_SIZE, MOST_PEOPLE, Failures, Report, issue_report, read_report, subject_of
from tests.trust.conftest import NOW, World, key

TANAKA = bytes(range(16))
ONCE = Failures(TANAKA, 3, NOW - 60)


def report(world: World, *failed: Failures, at: int = NOW, serial: int = 7, keys: HostKeys | None = None) -> bytes:
    return issue_report(world.realm, keys or world.host, serial, at, failed or (ONCE,))


def read(world: World, data: bytes, *, now: int = NOW, host: str = "pc-1", lowest: int = 0) -> Report:
    return read_report(world.verifier(now), host, world.host_statement, data, lowest_serial=lowest)


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(TrustError) as refusal:
        call()
    return refusal.value.reason


def test_what_a_host_reports_is_read(world: World) -> None:
    assert read(world, report(world)) == Report("pc-1", 7, NOW, (ONCE,))


def test_who_has_not_failed_today_is_not_named(world: World) -> None:
    yesterday = Failures(bytes(16), 9, NOW - COUNTED_S)
    assert read(world, report(world, yesterday, ONCE)).failed == (ONCE,)


def test_a_report_has_a_bounded_size_and_leaves_out_who_failed_least(world: World) -> None:
    many = [Failures(number.to_bytes(16, "big"), 2**20 + number, NOW) for number in range(MOST_PEOPLE + 5)]
    data = report(world, *many)
    assert len(data) <= MAX_SIZE
    assert read(world, data).failed == tuple(many[5:])


def test_a_report_holds_for_a_day(world: World) -> None:
    data = report(world)
    assert read(world, data, now=NOW + COUNTED_S - 1).serial == 7
    assert reason(lambda: read(world, data, now=NOW + COUNTED_S)) == "expired"
    assert reason(lambda: read(world, report(world, at=NOW + 3600))) == "not_yet_valid"


def test_an_older_one_that_was_put_back_is_refused(world: World) -> None:
    assert read(world, report(world), lowest=7).serial == 7
    assert reason(lambda: read(world, report(world), lowest=8)) == "older_serial"


def test_only_the_hosts_own_key_can_sign_it(world: World) -> None:
    forger = HostKeys("pc-1", key(77), {})
    other = HostKeys("pc-2", key(78), {})
    assert reason(lambda: read(world, report(world, keys=forger))) == "bad_signature"
    assert reason(lambda: read(world, report(world, keys=other))) == "wrong_host"
    assert reason(lambda: read(world, report(world), host="pc-2")) == "wrong_host"
    renamed = replace(world.host, name="pc-2")
    assert reason(lambda: read(world, report(world, keys=renamed))) == "wrong_host"


def test_who_is_not_in_the_realm_reports_nothing(world: World) -> None:
    data = report(world)
    assert reason(lambda: read_report(world.verifier(), "pc-1", None, data)) == "no_host_statement"
    world.change_manifest(revoked_hosts=frozenset({"pc-1"}))
    assert reason(lambda: read(world, data)) == "host_revoked"
    elsewhere = Realm.create("Other", key(1), NOW, dummy=True)
    world.change_manifest(revoked_hosts=frozenset())
    assert reason(lambda: read(world, issue_report(elsewhere, world.host, 7, NOW, [ONCE]))) == "wrong_realm"


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"more": 1},
        {"failed": {}},
        {"failed": [{"subject": b"short", "count": 1, "last": NOW}]},
        {"failed": [{"subject": TANAKA, "count": 0, "last": NOW}]},
        {"failed": [{"subject": TANAKA, "count": 1, "last": NOW}] * 2},
        {"failed": [{"subject": TANAKA, "count": 1, "last": NOW, "login": "tanaka"}]},
        {"failed": [{"subject": n.to_bytes(16, "big"), "count": 1, "last": 1} for n in range(MOST_PEOPLE + 1)]},
        {"serial": -1},
        {"at": "now"},
    ],
)
def test_a_malformed_report_is_no_report_though_the_host_signed_it(world: World, change: dict[str, Any]) -> None:
    content = {"v": 1, "realm": world.realm.id, "host": "pc-1", "serial": 7, "at": NOW, "failed": [], **change}
    payload = encoding.encode(content)
    signature = world.host.sign.sign(b"faced host report\0" + payload).signature
    assert reason(lambda: read(world, encoding.encode([payload, signature]))) == "malformed"


@pytest.mark.parametrize("data", [b"", b"rubbish", encoding.encode([b"", bytes(64)]), bytes(MAX_SIZE + 1)])
def test_rubbish_is_malformed(world: World, data: bytes) -> None:
    assert reason(lambda: read(world, data)) == "malformed"


def test_a_signature_of_another_kind_by_the_same_key_is_none(world: World) -> None:
    payload, _signature = encoding.decode(report(world))
    request = world.host.sign.sign(b"faced host request\0" + payload).signature
    assert reason(lambda: read(world, encoding.encode([payload, request]))) == "bad_signature"


def test_the_same_name_is_another_subject_in_another_realm(world: World) -> None:
    other = Realm.create("Other", key(1), NOW, dummy=True)
    assert subject_of(world.realm, "tanaka") == subject_of(world.realm, "tanaka")
    assert len({subject_of(world.realm, "tanaka"), subject_of(world.realm, "TANAKA"), subject_of(other, "tanaka")}) == 3


def test_a_refresh_is_reported_and_stays_true_after_the_day_of_the_report(world: World) -> None:
    data = issue_report(world.realm, world.host, 7, NOW, [ONCE], NOW - 100)
    assert read(world, data).refreshed == NOW - 100
    assert read(world, report(world)).refreshed == 0
    later = world.verifier(NOW + 2 * COUNTED_S)
    assert reason(lambda: read_report(later, "pc-1", world.host_statement, data)) == "expired"
    assert read_report(later, "pc-1", world.host_statement, data, longest_s=None).refreshed == NOW - 100


def test_a_refresh_is_never_later_than_its_report(world: World) -> None:
    """A cache whose clock was set back counts on: what it says of the future is not believed to be so late."""
    ahead = issue_report(world.realm, world.host, 7, NOW, [], NOW + 100)
    assert read(world, ahead).refreshed == NOW
