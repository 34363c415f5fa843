"""Enrolled templates, opened for an evaluation by the one role that can: ``operate`` (docs/decisions/0027)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from nacl.public import PrivateKey

from faced.directory.people import Person
from faced.enrolment.eligibility import check_eligible
from faced.enrolment.evaluation import Participant
from faced.errors import FacedError
from faced.recognition.template import FaceTemplate, Sample, Source
from faced.trust.realm import Verifier
from faced.trust.sealed import check_template, open_template


@dataclass(frozen=True, eq=False, repr=False)
class Opened:
    """The templates of one predictor, the one that most were made with.

    ``samples``: in all of them. ``left_out``: templates that do not hold or may not be used now, do not open, or are of
    another predictor.
    """

    participants: tuple[Participant, ...]
    predictor: bytes
    samples: int
    left_out: int


def opened(
    people: Iterable[Person],
    verifier: Verifier,
    epochs: Mapping[tuple[str, int], PrivateKey],
    groups: Mapping[str, str],
    step: Callable[[], None] = lambda: None,
) -> Opened:
    """Open everybody's template that may be used now; who has none is not counted.

    :param epochs: the private halves that the role ``operate`` holds.
    :param groups: the group of each person by login name, as far as known.
    :param step: called after each person.
    """
    found: list[tuple[bytes, Participant]] = []
    left_out = 0
    for person in people:
        if person.face.template is not None:
            try:
                found.append(_opened(person, verifier, epochs, groups.get(person.login, "")))
            except FacedError:
                left_out += 1
        step()
    predictors = Counter(predictor for predictor, _participant in found)
    most = max(sorted(predictors), key=lambda predictor: predictors[predictor], default=bytes(32))
    used = tuple(participant for predictor, participant in found if predictor == most)
    samples = sum(
        len(template.samples)
        for participant in used
        for template in (participant.enrolment, *participant.probes)
        if template is not None
    )
    return Opened(used, most, samples, left_out + len(found) - len(used))


def _opened(
    person: Person, verifier: Verifier, epochs: Mapping[tuple[str, int], PrivateKey], group: str
) -> tuple[bytes, Participant]:
    assert person.face.template is not None  # noqa: S101 - the caller looked
    checked = check_template(verifier, person.login, person.face.template, tombstone=person.face.tombstone)
    check_eligible(person.login, person, checked.header.provenance.basis, verifier)
    # Any predictor opens: scores compare templates with each other, not with this computer's predictor.
    template = open_template(checked, person.face.template_keys, epochs, checked.header.predictor)
    first, *later = _sittings(FaceTemplate.decode(template.coordinates))
    return template.header.predictor, Participant(first, tuple(later), group=group)


def _sittings(face: FaceTemplate) -> list[FaceTemplate]:
    """The samples by sitting (day and source), the earliest first, of one day the photo first."""
    found: dict[tuple[int, bool], list[Sample]] = {}
    for sample in face.samples:
        found.setdefault((sample.day, sample.source is not Source.PHOTO), []).append(sample)
    return [FaceTemplate(tuple(found[sitting])) for sitting in sorted(found)]
