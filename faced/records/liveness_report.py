"""The record of a site's own liveness test: counts for each artefact, and what they were measured with.

No person is in it. It can be written down and gone on with another day, on the same PC with the same settings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum, unique
from typing import Any

from faced.errors import StateError
from faced.i18n import _
from faced.recognition.error_rates import upper95

FORMAT = "faced liveness test 1"
#: Presentations of one artefact that count, and how many of them may pass.
TEN, _ONCE_MORE = 10, 2
_DECIMALS = 4


@unique
class Kind(StrEnum):
    """What is held before the camera."""

    FLAT_PRINT = "flat_print"
    BENT_PRINT = "bent_print"
    MOVED_PRINT = "moved_print"
    CUT_EYES_PRINT = "cut_eyes_print"
    STICK_PRINT = "stick_print"
    TABLET_STILL = "tablet_still"
    TABLET_REPLAY = "tablet_replay"
    OTHER = "other"
    #: No attack: the person.
    LIVE = "live"


@unique
class ToolboxVerdict(StrEnum):
    """The rule for one artefact."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Setting:
    """What was tested.

    :param predictor: SHA-256 of the predictor file, in hexadecimal digits; ``metric`` empty without matching.
    :param matching: whether only what matched a photo of the victim counts.
    :param virtual: a clip in the place of a camera: dummies.
    """

    version: str
    predictor: str
    metric: str
    camera: str
    driver: str
    virtual: bool
    matching: bool
    challenges: int
    directed: bool
    deny_cues: bool


@dataclass(frozen=True)
class Tally:
    """Counts of one artefact, or of the live series.

    ``counted``: those about which liveness had to decide. ``denied_by``: how often each rule denied one that counted;
    ``left_out``: why others did not count.
    """

    kind: Kind
    number: int
    presented: int = 0
    detected: int = 0
    counted: int = 0
    passed: int = 0
    denied_by: tuple[tuple[str, int], ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()

    def plus(self, *, detected: bool, counted: bool, passed: bool, denied_by: str) -> Tally:
        """With one presentation more."""
        return replace(
            self,
            presented=self.presented + 1,
            detected=self.detected + detected,
            counted=self.counted + counted,
            passed=self.passed + passed,
            denied_by=_with(self.denied_by, denied_by if counted else ""),
            left_out=_with(self.left_out, "" if counted else denied_by),
        )

    @property
    def verdict(self) -> ToolboxVerdict:
        """Of ten that count none or one may pass; two mean ten more, which must all be refused; three fail."""
        if self.passed > _ONCE_MORE:
            return ToolboxVerdict.FAIL
        wanted = 2 * TEN if self.passed == _ONCE_MORE else TEN
        return ToolboxVerdict.PASS if self.counted >= wanted else ToolboxVerdict.UNFINISHED


@dataclass(frozen=True)
class Share:
    """So many of so many, and the upper end of the one-sided exact 95 % interval."""

    count: int
    of: int

    @property
    def rate(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def upper95(self) -> float:
        """From 0 to 1."""
        return upper95(self.count, self.of)

    def document(self) -> dict[str, Any]:
        """Values of JSON."""
        rate = None if self.rate is None else round(self.rate, _DECIMALS)
        return {"count": self.count, "of": self.of, "rate": rate, "upper95": round(self.upper95, _DECIMALS)}


@dataclass(frozen=True)
class LivenessReport:
    """All that was presented under one setting."""

    first_day: date
    last_day: date
    setting: Setting
    tallies: tuple[Tally, ...] = ()

    def tally(self, kind: Kind, number: int) -> Tally:
        """What is known of one artefact."""
        found = (entry for entry in self.tallies if (entry.kind, entry.number) == (kind, number))
        return next(found, Tally(kind, number))

    def having(self, tally: Tally, day: date) -> LivenessReport:
        """With new counts of one artefact."""
        others = [entry for entry in self.tallies if (entry.kind, entry.number) != (tally.kind, tally.number)]
        order = list(Kind)
        tallies = sorted([*others, tally], key=lambda entry: (order.index(entry.kind), entry.number))
        return replace(self, tallies=tuple(tallies), last_day=max(self.last_day, day))

    @property
    def attacks(self) -> tuple[Tally, ...]:
        """The artefacts."""
        return tuple(entry for entry in self.tallies if entry.kind is not Kind.LIVE)

    def apcer(self) -> dict[Kind, Share]:
        """For each species, how many of the attacks that count were taken for a living person."""
        found: dict[Kind, Share] = {}
        for kind in dict.fromkeys(entry.kind for entry in self.attacks):
            of_kind = [entry for entry in self.attacks if entry.kind is kind]
            found[kind] = Share(sum(entry.passed for entry in of_kind), sum(entry.counted for entry in of_kind))
        return found

    def bpcer(self) -> Share:
        """How many of the person's own tries that count were refused."""
        live = [entry for entry in self.tallies if entry.kind is Kind.LIVE]
        counted = sum(entry.counted for entry in live)
        return Share(counted - sum(entry.passed for entry in live), counted)

    def document(self) -> dict[str, Any]:
        """The record for programs, and for going on: values of JSON."""
        return {
            "format": FORMAT,
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "setting": asdict(self.setting),
            "tallies": [
                {
                    **asdict(entry),
                    "kind": entry.kind.value,
                    "denied_by": dict(entry.denied_by),
                    "left_out": dict(entry.left_out),
                    **({} if entry.kind is Kind.LIVE else {"verdict": entry.verdict.value}),
                }
                for entry in self.tallies
            ],
            "apcer": {kind.value: share.document() for kind, share in self.apcer().items()},
            "bpcer": self.bpcer().document(),
        }


def read(document: Any) -> LivenessReport:
    """The record of an earlier day; what can be computed from the counts is not believed.

    :raises StateError: not a record, or one whose counts cannot be.
    """
    try:
        if document["format"] != FORMAT:
            raise ValueError
        tallies = tuple(_tally(entry) for entry in document["tallies"])
        if len({(entry.kind, entry.number) for entry in tallies}) != len(tallies):
            raise ValueError
        setting = Setting(**document["setting"])
        if any(type(value) is not _TYPES[name] for name, value in asdict(setting).items()):
            raise TypeError
        first, last = (date.fromisoformat(document[name]) for name in ("first_day", "last_day"))
        return LivenessReport(first, last, setting, tallies)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise StateError(
            _("These are not the totals of a liveness test. Name another file, or one that is not there yet."),
            reason="liveness_totals",
        ) from None


_TYPES: dict[str, type] = {
    "version": str,
    "predictor": str,
    "metric": str,
    "camera": str,
    "driver": str,
    "virtual": bool,
    "matching": bool,
    "challenges": int,
    "directed": bool,
    "deny_cues": bool,
}


def _tally(entry: Any) -> Tally:
    names = ("number", "presented", "detected", "counted", "passed")
    counts = {name: _count(entry[name]) for name in names}
    denied, left = (tuple((str(rule), _count(n)) for rule, n in entry[name].items()) for name in _REASONS)
    tally = Tally(Kind(entry["kind"]), **counts, denied_by=denied, left_out=left)
    whole = tally.passed + _sum(denied) == tally.counted and tally.counted + _sum(left) == tally.presented
    if not (whole and tally.counted <= tally.detected <= tally.presented and tally.number >= 1):
        raise ValueError
    return tally


_REASONS = ("denied_by", "left_out")


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _sum(counts: Iterable[tuple[str, int]]) -> int:
    return sum(count for _rule, count in counts)


def _with(counts: tuple[tuple[str, int], ...], rule: str) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((Counter(dict(counts)) + Counter([rule] if rule else [])).items()))
