"""The record of an evaluation in the house: aggregates, and what they were measured with. No person is in it.

Whoever fills it withholds figures over too few people; None stands for those and for what was not measured.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum, unique
from typing import Any

from faced.recognition.error_rates import EqualErrorRate, Proportion

FORMAT = "faced evaluation 1"


@unique
class Basis(StrEnum):
    """What was compared."""

    PHOTOS = "photos"
    ENROLLED = "enrolled"


@dataclass(frozen=True)
class Instrument:
    """What it was measured with: ``metric`` and ``predictor`` are SHA-256 ids in hexadecimal digits.

    ``thresholds_from``: the people on whom the shipped thresholds were measured.
    """

    version: str
    metric: str
    predictor: str
    thresholds_from: str


@dataclass(frozen=True)
class AtThreshold:
    """The rates found with the thresholds that aim at a false match rate of ``aim``."""

    aim: float
    fmr: Proportion | None
    fnmr: Proportion | None


@dataclass(frozen=True)
class Condition:
    """One way to compare: so many later pictures fused into a probe, with or without the site's own calibration.

    ``curve``: points (FMR, FNMR) of the detection error trade-off.
    """

    pictures: int
    calibrated: bool
    rates: tuple[AtThreshold, ...]
    eer: EqualErrorRate | None
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class GroupRates:
    """A group of people; impostors are people of the same group.

    ``group``: its name; None for all other groups together, whose names stay unsaid because one may be of one person.
    """

    group: str | None
    people: int
    fte: Proportion | None
    fta: Proportion | None
    fmr: Proportion | None
    fnmr: Proportion | None


@dataclass(frozen=True)
class Breakdown:
    """The groups at one threshold of one condition; ``groups`` is empty if the total alone may be shown."""

    aim: float
    calibrated: bool
    groups: tuple[GroupRates, ...]


@dataclass(frozen=True)
class EvaluationReport:
    """One evaluation.

    ``people``: all, also those whose enrolment failed. ``left_out``: entries that could not be used at all, such as
    templates of another predictor. ``refusals``: (reason, pictures) of reasons that enough people share;
    ``refused_otherwise``: pictures refused for all other reasons.
    """

    day: date
    basis: Basis
    dummy: bool
    least_people: int
    people: int
    pictures: int
    left_out: int
    fte: Proportion | None
    fta: Proportion | None
    refusals: tuple[tuple[str, int], ...]
    refused_otherwise: int
    conditions: tuple[Condition, ...]
    breakdown: Breakdown | None
    instrument: Instrument

    def document(self) -> dict[str, Any]:
        """The record for programs: values of JSON; shares are of 1, intervals 95 %."""
        return {"format": FORMAT, **_plain(asdict(self))}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        found = {key: _plain(entry) for key, entry in value.items()}
        if "errors" in found and found["trials"]:
            found["rate"] = round(found["errors"] / found["trials"], _DECIMALS)
        return found
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return round(value, _DECIMALS)
    return value.isoformat() if isinstance(value, date) else value


_DECIMALS = 6
