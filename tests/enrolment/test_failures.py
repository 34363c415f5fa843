"""What the station makes of the hosts' words: an alarm where several agree, and nothing on the word of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from faced.directory.hosts import HostReport
from faced.enrolment.failures import (
    ALARM_FAILURES,
    MOST_OF_ONE_HOST,
    MOST_STRICTER,
    RealmFailures,
    ReportSerials,
    calmed,
    count_failures,
    is_due,
    watched,
)
from faced.enrolment.manifest import next_manifest
from faced.errors import StateError
from faced.trust.host import issue_host
from faced.trust.keys import HostKeys
from faced.trust.report import COUNTED_S, Failures, issue_report, subject_of
from tests.trust.conftest import DAY, NOW, World, key, make_world

CEILING = 10


@dataclass
class Town:
    """Several hosts and the station that reads their reports."""

    world: World
    folder: Path

    def __post_init__(self) -> None:
        self.hosts = {f"pc-{number}": HostKeys(f"pc-{number}", key(60 + number), {}) for number in range(1, 9)}
        self.reports: dict[str, bytes] = {}

    def subject(self, login: str) -> bytes:
        return subject_of(self.world.realm, login)

    def statement(self, name: str) -> bytes:
        keys = self.hosts[name]
        return issue_host(
            self.world.realm,
            self.world.operate,
            name=name,
            box=bytes(PrivateKey(bytes([7]) * 32).public_key),
            sign=bytes(keys.sign.verify_key),
            epoch=2026,
            groups={},
            now=NOW - DAY,
            expires=NOW + 300 * DAY,
        )

    def says(self, host: str, *, at: int = NOW, serial: int | None = None, **counts: int) -> bytes:
        """A host reports so many failures of each login, the last one a minute ago."""
        failed = [Failures(self.subject(login), count, at - 60) for login, count in counts.items()]
        data = issue_report(self.world.realm, self.hosts[host], serial or at, at, failed)
        self.reports[host] = data
        return data

    def read(self, now: int = NOW) -> RealmFailures:
        reports = [HostReport(name, self.statement(name), data) for name, data in self.reports.items()]
        serials = ReportSerials(self.folder / "reports")
        return count_failures(self.world.verifier(now), reports, serials, CEILING)

    def alarms(self, now: int = NOW) -> set[bytes]:
        return {person.subject for person in self.read(now).alarming}


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(make_world(), tmp_path)


def test_the_hosts_words_are_added_up_by_person(town: Town) -> None:
    town.says("pc-1", tanaka=2, suzuki=1)
    town.says("pc-2", tanaka=3)
    first, second = town.read().people
    assert (first.subject, first.failures, first.last) == (town.subject("tanaka"), 5, NOW - 60)
    assert [word.host for word in first.words] == ["pc-1", "pc-2"]
    assert (second.subject, second.failures) == (town.subject("suzuki"), 1)


@pytest.mark.parametrize(
    ("counts", "alarm"),
    [
        ([3, 3, 3], False),
        ([3, 3, 3, 1], True),
        ([2, 2, 2, 2, 1], False),
        ([2, 2, 2, 2, 2], True),
        ([5, 5], True),
        ([5, 4], False),
        ([10], False),
        ([10_000], False),
        ([10_000, 1], False),
        ([10_000, 4], False),
        ([10_000, 10_000], True),
    ],
)
def test_an_alarm_needs_many_failures_and_not_the_word_of_one(town: Town, counts: list[int], alarm: bool) -> None:
    for number, count in enumerate(counts, 1):
        town.says(f"pc-{number}", tanaka=count)
    assert town.alarms() == ({town.subject("tanaka")} if alarm else set())


def test_no_count_is_more_than_a_host_allows_before_it_locks(town: Town) -> None:
    town.says("pc-1", tanaka=10_000)
    assert town.read().people[0].failures == CEILING


def test_whatever_one_host_says_the_others_must_say_half(town: Town) -> None:
    """For every way in which honest hosts share less than half of an alarm among them."""
    for honest in range(MOST_OF_ONE_HOST):
        town.reports.clear()
        town.says("pc-1", tanaka=10**6)
        for number in range(honest):
            town.says(f"pc-{number + 2}", tanaka=1)
        assert town.alarms() == set()
    town.says(f"pc-{MOST_OF_ONE_HOST + 2}", tanaka=1)
    assert town.alarms() == {town.subject("tanaka")}
    assert MOST_OF_ONE_HOST < ALARM_FAILURES


def test_what_cannot_be_believed_is_not_counted_and_says_why(town: Town) -> None:
    good = town.says("pc-1", tanaka=5)
    forged = issue_report(
        town.world.realm, HostKeys("pc-2", key(99), {}), NOW, NOW, [Failures(town.subject("tanaka"), 5, NOW)]
    )
    town.reports |= {"pc-2": forged, "pc-3": good, "pc-4": b"rubbish"}
    town.says("pc-5", tanaka=5)
    town.says("pc-6", tanaka=5, at=NOW - COUNTED_S - 1)
    town.says("pc-7", tanaka=5, at=NOW + DAY)
    town.world.change_manifest(revoked_hosts=frozenset({"pc-5"}))
    found = town.read()
    assert found.doubted == {
        "pc-2": "bad_signature",
        "pc-3": "wrong_host",
        "pc-4": "malformed",
        "pc-5": "host_revoked",
        "pc-6": "expired",
        "pc-7": "not_yet_valid",
    }
    assert found.suspicious == ("pc-2", "pc-3", "pc-4", "pc-7")
    assert [(person.failures, person.alarming) for person in found.people] == [(5, False)]


def test_an_older_report_that_is_put_back_does_not_count_after_a_restart_either(town: Town) -> None:
    older = town.says("pc-1", tanaka=5, at=NOW - 600)
    town.says("pc-2", tanaka=5)
    assert town.alarms() == {town.subject("tanaka")}
    town.says("pc-1")
    assert town.alarms() == set()
    town.reports["pc-1"] = older
    found = town.read()
    assert (found.alarming, found.doubted, found.suspicious) == ((), {"pc-1": "older_serial"}, ("pc-1",))


def test_a_forged_report_does_not_raise_the_serial_that_is_expected(town: Town) -> None:
    forger = HostKeys("pc-1", key(99), {})
    town.reports["pc-1"] = issue_report(town.world.realm, forger, 2**40, NOW, [])
    assert town.read().doubted == {"pc-1": "bad_signature"}
    town.says("pc-1", tanaka=1)
    assert town.read().doubted == {}


def test_failures_of_the_day_before_do_not_count(town: Town) -> None:
    town.says("pc-1", tanaka=5, at=NOW - COUNTED_S + 120)
    town.says("pc-2", tanaka=5)
    assert town.alarms(NOW) == {town.subject("tanaka")}
    assert town.alarms(NOW + 60) == set(), "a minute later those of pc-1 are a day old"


def test_a_damaged_memory_of_serials_is_not_taken_for_an_empty_one(town: Town) -> None:
    (town.folder / "reports").write_bytes(b"rubbish")
    with pytest.raises(StateError):
        town.read()


# --- The manifest.


def alarmed(town: Town, *logins: str) -> RealmFailures:
    for host in ("pc-1", "pc-2"):
        town.says(host, **dict.fromkeys(logins, 5))
    return town.read()


def known(town: Town, *logins: str) -> set[bytes]:
    return {town.subject(login) for login in logins}


def until(town: Town, manifest_stricter: Mapping[bytes, int], login: str) -> int | None:
    return manifest_stricter.get(town.subject(login))


def test_who_is_alarmed_about_is_watched_for_a_day_from_the_last_failure(town: Town) -> None:
    found = alarmed(town, "tanaka")
    manifest = watched(town.world.manifest_content, found, known(town, "tanaka", "suzuki"))
    assert manifest.stricter == {town.subject("tanaka"): NOW - 60 + COUNTED_S}


def test_people_of_no_directory_take_no_place(town: Town) -> None:
    found = alarmed(town, "tanaka", "nobody")
    assert set(watched(town.world.manifest_content, found, known(town, "tanaka")).stricter) == known(town, "tanaka")


def test_what_a_host_takes_back_does_not_end_it_before_its_time(town: Town) -> None:
    content = watched(town.world.manifest_content, alarmed(town, "tanaka"), known(town, "tanaka"))
    town.says("pc-1", at=NOW + 5)
    again = watched(next_manifest(content, NOW + 10), town.read(NOW + 10), known(town, "tanaka"))
    assert again.stricter == content.stricter
    assert next_manifest(content, NOW + COUNTED_S).stricter == {}


def test_the_last_failure_cannot_be_in_the_future(town: Town) -> None:
    for host in ("pc-1", "pc-2"):
        failed = [Failures(town.subject("tanaka"), 5, NOW + 10**6)]
        town.reports[host] = issue_report(town.world.realm, town.hosts[host], NOW, NOW, failed)
    stricter = watched(town.world.manifest_content, town.read(), known(town, "tanaka")).stricter
    assert until(town, stricter, "tanaka") == NOW + COUNTED_S


def test_an_alarm_that_goes_on_is_prolonged_by_the_hour(town: Town) -> None:
    content = watched(town.world.manifest_content, alarmed(town, "tanaka"), known(town, "tanaka"))
    town.says("pc-3", tanaka=1, at=NOW + 1800)
    assert watched(content, town.read(NOW + 1800), known(town, "tanaka")) == content
    town.says("pc-3", tanaka=2, at=NOW + 3600)
    prolonged = watched(content, town.read(NOW + 3600), known(town, "tanaka"))
    assert until(town, prolonged.stricter, "tanaka") == NOW + 3540 + COUNTED_S


def test_calm_ends_it_and_only_what_fails_afterwards_counts(town: Town) -> None:
    content = watched(town.world.manifest_content, alarmed(town, "tanaka", "suzuki"), known(town, "tanaka", "suzuki"))
    content = calmed(content, town.subject("tanaka"), NOW)
    assert set(content.stricter) == known(town, "suzuki")
    town.world.manifest_content = content
    assert {person.subject for person in town.read().people} == known(town, "suzuki")
    town.says("pc-1", tanaka=6, at=NOW + 120)
    assert town.alarms(NOW + 120) == set(), "pc-1 alone says so again"
    town.says("pc-2", tanaka=6, at=NOW + 120)
    assert town.alarms(NOW + 120) == known(town, "tanaka")
    assert next_manifest(content, NOW + COUNTED_S).calmed == {}


def test_what_another_station_calmed_meanwhile_stays_calm(town: Town) -> None:
    found = alarmed(town, "tanaka")
    content = calmed(town.world.manifest_content, town.subject("tanaka"), NOW)
    assert watched(content, found, known(town, "tanaka")) == content


def test_a_manifest_has_room_for_those_who_fail_on_the_most_hosts(town: Town) -> None:
    crowd = [f"user{number}" for number in range(MOST_STRICTER + 20)]
    alarmed(town, *crowd)
    for host in ("pc-3", "pc-4", "pc-5"):
        town.says(host, tanaka=4)
    manifest = watched(town.world.manifest_content, town.read(), known(town, "tanaka", *crowd))
    assert len(manifest.stricter) == MOST_STRICTER
    assert town.subject("tanaka") in manifest.stricter
    signed = town.world.realm.issue_manifest(town.world.manifest_key, manifest)
    plain = town.world.realm.issue_manifest(town.world.manifest_key, replace(manifest, stricter={}))
    assert len(signed) - len(plain) < 5 * 1024


def test_a_manifest_is_due_on_another_day_in_japan(town: Town) -> None:
    midnight = 1_792_076_400  # 16 October 2026 in Japan
    content = replace(town.world.manifest_content, issued=midnight)
    assert not is_due(content, midnight + DAY - 1)
    assert is_due(content, midnight + DAY)
    assert is_due(content, midnight - 1)
