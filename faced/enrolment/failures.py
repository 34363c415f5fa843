"""Failed tries over all hosts of the realm: who is tried on several, and of whom more is asked therefore.

Each report is one host's word, and a host may lie (docs/decisions/0041). So none counts for more than half of an alarm,
an alarm locks nobody, and nothing that is reported makes anything easier.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from faced.directory.connection import Connection
from faced.directory.hosts import HostReport, Hosts
from faced.directory.tree import Tree
from faced.enrolment.fiscal_year import day_of
from faced.enrolment.station import Station, replace_file
from faced.errors import StateError, TrustError
from faced.i18n import _
from faced.trust import encoding
from faced.trust.realm import Manifest, Verifier
from faced.trust.report import COUNTED_S, read_report
from faced.units import HOUR_S

#: Failures of a person over all hosts that raise an alarm: what one host allows before it locks (logon.ceiling).
#: Ten tries let a stranger's face in with 10 % at a false match rate of 1 %.
ALARM_FAILURES = 10
#: What one host's word makes up of these at most: no single host can raise an alarm, nor nearly.
MOST_OF_ONE_HOST = ALARM_FAILURES // 2
#: People in a manifest of whom more is asked; each takes some 40 bytes of it.
MOST_STRICTER = 100
#: A standing alarm is prolonged by so much at least: two hosts that lie shall not make a manifest every ten minutes.
_PROLONGED_S = HOUR_S
SERIALS = "reports"
#: Reasons for which a report does not count and nobody need look: its day is over, or its host's.
_HARMLESS = frozenset({"expired", "host_revoked"})


@dataclass(frozen=True)
class HostWord:
    """What one host says of a person. ``count``: failures, the ceiling at most; ``last``: unix seconds."""

    host: str
    count: int
    last: int


@dataclass(frozen=True)
class PersonFailures:
    """What the hosts say of a person, by host."""

    subject: bytes
    words: tuple[HostWord, ...]

    @property
    def failures(self) -> int:
        """All that are counted."""
        return sum(word.count for word in self.words)

    @property
    def last(self) -> int:
        """Unix seconds of the last one; 0 if there is none."""
        return max((word.last for word in self.words), default=0)

    @property
    def alarming(self) -> bool:
        """Whether there are enough without believing any one host too much."""
        return sum(min(word.count, MOST_OF_ONE_HOST) for word in self.words) >= ALARM_FAILURES


@dataclass(frozen=True)
class RealmFailures:
    """``people``: who failed anywhere, those on the most hosts first.

    ``doubted``: hosts whose report does not count, and the reason's token.
    """

    people: tuple[PersonFailures, ...]
    doubted: Mapping[str, str]

    @property
    def alarming(self) -> tuple[PersonFailures, ...]:
        """Who raises an alarm."""
        return tuple(person for person in self.people if person.alarming)

    @property
    def suspicious(self) -> tuple[str, ...]:
        """Hosts whose report somebody should look into: forged, put back, malformed."""
        return tuple(sorted(host for host, reason in self.doubted.items() if reason not in _HARMLESS))


class ReportSerials:
    """The highest serial of each host's reports that this station has seen.

    :raises StateError: a damaged memory is not taken for an empty one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._read()

    def lowest(self, host: str) -> int:
        """The serial below which this host's reports were put back."""
        return self._seen.get(host, 0)

    def saw(self, serials: Mapping[str, int]) -> None:
        """Remember the serials of checked reports.

        :raises StateError: they cannot be kept.
        """
        seen = {**self._seen, **serials}
        if seen != self._seen:
            self._seen = seen
            replace_file(self._path, encoding.encode({"v": 1, "hosts": seen}))

    def _read(self) -> dict[str, int]:
        try:
            content = encoding.decode(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, TrustError):
            content = None
        match content:
            case {"v": 1, "hosts": dict() as hosts, **rest} if not rest and all(
                isinstance(serial, int) for serial in hosts.values()
            ):
                return hosts
        raise StateError(
            _(
                "{path} is damaged. Delete it after looking into why: reports that were put back count again then."
            ).format(path=self._path)
        )


def read_failures(connection: Connection, tree: Tree, station: Station, now: int, ceiling: int) -> RealmFailures:
    """What the directory holds, checked, and the serials remembered.

    :param connection: of the role ``manifest`` or ``audit``.
    :param ceiling: failures after which a host locks; no host's count is more.
    :raises TrustError: there is no manifest in force.
    :raises StateError, DirectoryError: the memory or the list cannot be read.
    """
    reports = Hosts(connection, tree).reports()
    return count_failures(station.verifier(now), reports, ReportSerials(station.path / SERIALS), ceiling)


def count_failures(
    verifier: Verifier, reports: Iterable[HostReport], serials: ReportSerials, ceiling: int
) -> RealmFailures:
    """Add up what can be believed; errors as :func:`read_failures`."""
    words: defaultdict[bytes, list[HostWord]] = defaultdict(list)
    doubted, seen = {}, {}
    for one in reports:
        try:
            report = read_report(
                verifier, one.name, one.statement, one.report or b"", lowest_serial=serials.lowest(one.name)
            )
        except TrustError as error:
            doubted[one.name] = error.reason
            continue
        seen[one.name] = report.serial
        for failed in report.failed:
            last = min(failed.last, verifier.now)
            if max(verifier.now - COUNTED_S, _calmed(verifier.manifest, failed.subject)) < last:
                words[failed.subject].append(HostWord(one.name, min(failed.count, ceiling), last))
    serials.saw(seen)
    people = (PersonFailures(subject, tuple(said)) for subject, said in words.items())
    return RealmFailures(tuple(sorted(people, key=_most_hosts)), doubted)


def watched(manifest: Manifest, failures: RealmFailures, known: Collection[bytes]) -> Manifest:
    """The manifest with everybody in it of whom more is to be asked, until a day after the last failure.

    :param known: the subjects of the directory's people; what hosts say of anybody else takes no place.
    """
    until = dict(manifest.stricter)
    for person in failures.alarming:
        ends = person.last + COUNTED_S
        news = ends >= until.get(person.subject, 0) + _PROLONGED_S
        if news and person.subject in known and person.last > _calmed(manifest, person.subject):
            until[person.subject] = ends
    place = {person.subject: _most_hosts(person) for person in failures.people}
    first = sorted(until, key=lambda subject: place.get(subject, (0, 0, subject)))[:MOST_STRICTER]
    return dataclasses.replace(manifest, stricter={subject: until[subject] for subject in first})


def calmed(manifest: Manifest, subject: bytes, now: int) -> Manifest:
    """The manifest that asks no more of this person than of others; what failed until now counts no longer."""
    stricter = {each: until for each, until in manifest.stricter.items() if each != subject}
    return dataclasses.replace(manifest, stricter=stricter, calmed={**manifest.calmed, subject: now})


def is_due(manifest: Manifest, now: int) -> bool:
    """Whether the day in Japan has changed since a manifest was issued."""
    return day_of(manifest.issued) != day_of(now)


def _calmed(manifest: Manifest | None, subject: bytes) -> int:
    return 0 if manifest is None else manifest.calmed.get(subject, 0)


def _most_hosts(person: PersonFailures) -> tuple[int, int, bytes]:
    return -len(person.words), -person.failures, person.subject
