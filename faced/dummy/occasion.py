"""Who comes before the camera, how and when: plans of presentations for a trial of liveness, drawn from seeds.

There are two disjoint sets of people and seeds: parameters are fixed on one, figures come from the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from faced.dummy.clip import Clip, clip
from faced.dummy.covering import Worn
from faced.dummy.desk import exposed, usual_light
from faced.dummy.identity import Identity
from faced.dummy.motion import RISE_S, Act, Challenge
from faced.dummy.roster import roster
from faced.dummy.scene import OFFICE_LIGHT, Light
from faced.dummy.species import Species, present

#: Curated seeds that are shared out: even ones for tuning, odd ones for the report, whoever else joins the roster.
_PEOPLE = 150
_WRONG_SIDE = {
    Challenge.LEFT: Challenge.RIGHT,
    Challenge.RIGHT: Challenge.LEFT,
    Challenge.UP: Challenge.DOWN,
    Challenge.DOWN: Challenge.UP,
}
#: How much farther somebody turns who was asked to turn further.
_FURTHER = 1.5
#: One person in so many takes the wrong side at first.
_MISTAKEN = 0.04
_WEARS_GLASSES = 0.4
#: Where the seeds of repeated presentations begin.
_ARTEFACTS = 10_000


class SeedSet(StrEnum):
    """What a presentation may be used for."""

    TUNING = "tuning"
    REPORT = "report"

    def people(self) -> tuple[int, ...]:
        """Seeds of identities."""
        return tuple(seed for seed in roster(_PEOPLE) if seed % len(SeedSet) == list(SeedSet).index(self))


#: Where the seeds of presentations begin; the report's are others each time that parameters were fixed anew.
_SEEDS = {SeedSet.TUNING: 1000, SeedSet.REPORT: 5000}


@dataclass(frozen=True)
class Occasion:
    """One presentation.

    :param person: seed of who sits there, or of whose picture is held there.
    :param species: None for the living person.
    :param reaction_s: from the prompt to the first movement; ``held_s`` how long is done what was asked; ``extent``
        how far, as in :class:`faced.dummy.motion.Act`.
    :param mistaken: takes the wrong side the first time.
    :param light: ``distance_cm``, ``worn``, ``fidget``: of living people only; attacks draw their own from the seed.
    """

    person: int
    seed: int
    species: Species | None
    reaction_s: float
    held_s: float
    extent: float = 1.0
    mistaken: bool = False
    light: Light = OFFICE_LIGHT
    distance_cm: float = 58.0
    worn: Worn = Worn()
    fidget: float = 1.0

    def clip(self, identity: Identity, seconds: float, fps: float, acts: tuple[Act, ...] = ()) -> Clip:
        """What the camera sees; frames before an act do not depend on it.

        :param identity: of ``person``.
        """
        if self.species is not None:
            return present(self.species, identity, self.seed, seconds, fps, acts)
        return clip(
            identity,
            self.seed,
            seconds,
            fps,
            motion=self.fidget,
            acts=acts,
            light=self.light,
            worn=self.worn,
            sensor=exposed(self.light),
            distance_cm=self.distance_cm,
        )

    def answer(self, asked: Challenge, prompted_s: float, time: int = 1) -> Act:
        """What is done about a prompt.

        :param time: 2 when it was asked again.
        """
        wrong = self.mistaken and time == 1
        done = _WRONG_SIDE.get(asked, asked) if wrong else asked
        return Act(done, prompted_s + self.reaction_s, self.held_s, self.extent)

    def further(self, acts: tuple[Act, ...], prompted_s: float) -> tuple[Act, ...]:
        """What is done about all prompts so far if the last act was not enough: from where that led, more of it."""
        *earlier, last = acts
        start_s = prompted_s + self.reaction_s
        held_s = min(last.length_s, start_s + RISE_S - last.start_s)
        more = replace(last, start_s=start_s, length_s=self.held_s, extent=_FURTHER * last.extent)
        return (*earlier, replace(last, length_s=held_s), more)


def living(which: SeedSet, count: int) -> list[Occasion]:
    """People at their desks: other light, distance, glasses, liveliness and obedience each time."""
    occasions = []
    for turn, person in enumerate(_in_turn(which, count)):
        rng = np.random.default_rng([71, list(SeedSet).index(which), turn])
        light, reaction_s, held_s = usual_light(rng), _reaction_s(rng), float(rng.uniform(1.4, 2.2))
        occasions.append(
            Occasion(
                person,
                seed=_SEEDS[which] + turn,
                species=None,
                reaction_s=reaction_s,
                held_s=held_s,
                extent=float(rng.uniform(0.8, 1.6)),
                mistaken=bool(rng.random() < _MISTAKEN),
                light=light,
                distance_cm=float(rng.uniform(45, 68)),
                worn=Worn(glasses=bool(rng.random() < _WEARS_GLASSES)),
                fidget=float(rng.uniform(0.3, 1.2)),
            )
        )
    return occasions


def attacks(which: SeedSet, species: Species, count: int) -> list[Occasion]:
    """Attacks of one species, on another victim each time as far as there are enough."""
    return [_attack(which, species, person, turn) for turn, person in enumerate(_in_turn(which, count))]


def artefact(which: SeedSet, species: Species, first: int, end: int) -> list[Occasion]:
    """The same attack on one and the same victim again and again, as testers do who number their artefacts."""
    people = which.people()
    victim = people[list(Species).index(species) % len(people)]
    return [_attack(which, species, victim, _ARTEFACTS + turn) for turn in range(first, end)]


def _attack(which: SeedSet, species: Species, person: int, turn: int) -> Occasion:
    rng = np.random.default_rng([73, list(SeedSet).index(which), list(Species).index(species), turn])
    reaction_s, held_s = _reaction_s(rng), float(rng.uniform(1.4, 2.2))
    return Occasion(person, _SEEDS[which] + turn, species, reaction_s, held_s)


def _in_turn(which: SeedSet, count: int) -> list[int]:
    people = which.people()
    return [people[turn % len(people)] for turn in range(count)]


def _reaction_s(rng: np.random.Generator) -> float:
    """Reading a line of a few words and beginning to move: median 0.75 s, never below 0.35."""
    return float(np.clip(rng.lognormal(np.log(0.75), 0.3), 0.35, 2.0))
