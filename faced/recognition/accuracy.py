"""Which metric judges which faces when accuracy is measured: a finished metric, or one trained without these people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faced.errors import MetricError
from faced.recognition.evidence import Evidence
from faced.recognition.faces import FaceSet
from faced.recognition.metric import Metric
from faced.recognition.site import common_part
from faced.recognition.training import Recipe, train
from faced.recognition.trials import Trials, joined, run

_HALVES = 20
_SEED = 0


@dataclass(frozen=True)
class Exam:
    """A metric and the faces that it is measured on."""

    metric: Metric
    faces: FaceSet


def cross_validation(faces: FaceSet, recipe: Recipe = Recipe()) -> list[Exam]:  # noqa: B008 - frozen
    """One exam a fold: trained on the people of all other folds, measured on the people of this one.

    :raises MetricError: the set has no folds, or a person is in two of them.
    """
    if faces.fold is None or len(np.unique(faces.fold)) < 2:
        raise MetricError("Cross-validation needs a file with fold numbers (two or more folds).")
    exams = []
    for fold in np.unique(faces.fold):
        inside = faces.fold == fold
        if np.isin(faces.person[inside], faces.person[~inside]).any():
            raise MetricError("A person is in two folds: people in training and test must be disjoint.")
        exams.append(Exam(train(faces.where(~inside), recipe), faces.where(inside)))
    return exams


def at_one_site(
    exam: Exam, layouts: Iterable[tuple[int, int]], *, all_poses: bool = False
) -> dict[tuple[int, int], Trials]:
    """Scores among half of the people of one site, after the mean of the other half was subtracted; many random halves.

    :param exam: a metric that was not trained on these people.
    :param all_poses: whether turned faces count too.
    """
    faces, metric = exam.faces, exam.metric
    evidence = metric.evidence(faces.points, faces.spreads)
    counted = np.ones(len(faces), dtype=bool) if all_poses else faces.near_frontal()
    layouts = list(layouts)
    found: dict[tuple[int, int], list[Trials]] = {layout: [] for layout in layouts}
    for centred, people in site_halves(evidence, faces.person, counted, _HALVES, np.random.default_rng(_SEED)):
        measured = counted & np.isin(faces.person, people)
        for enrol, probe in layouts:
            found[enrol, probe].append(run(metric, centred, faces.person, measured, enrol, probe))
    return {layout: joined(parts) for layout, parts in found.items()}


def site_halves(
    evidence: Evidence,
    person: NDArray[np.integer],
    counted: NDArray[np.bool_],
    halves: int,
    rng: np.random.Generator,
) -> Iterator[tuple[Evidence, NDArray[np.integer]]]:
    """The evidence after what one half of the people has in common was subtracted, and the people of the other half.

    :param person: (n,) whose each row is; ``counted``: (n,) which rows count; who has none of them is nobody.
    :param halves: how many, drawn with ``rng``.
    """
    everybody = np.unique(person[counted])
    for _half in range(halves):
        order = rng.permutation(everybody)
        calibrating, rest = order[: len(order) // 2], order[len(order) // 2 :]
        means = [evidence.latent[counted & (person == one)].mean(axis=0) for one in calibrating]
        yield evidence.centred(common_part(np.stack(means))), rest


def measure(exams: Iterable[Exam], layouts: Iterable[tuple[int, int]], *, gated: bool) -> dict[tuple[int, int], Trials]:
    """Scores of near-frontal faces, pooled over the exams, for each (enrolment samples, probe samples).

    :param gated: also leave out unsteady faces, on both sides.
    """
    layouts = list(layouts)
    found: dict[tuple[int, int], list[Trials]] = {layout: [] for layout in layouts}
    for exam in exams:
        faces = exam.faces
        evidence = exam.metric.evidence(faces.points, faces.spreads)
        counted = faces.near_frontal() & faces.steady() if gated else faces.near_frontal()
        for enrol, probe in layouts:
            found[enrol, probe].append(run(exam.metric, evidence, faces.person, counted, enrol, probe))
    return {layout: joined(parts) for layout, parts in found.items()}
