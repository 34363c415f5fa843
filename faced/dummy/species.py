"""The kinds of attack that a face logon must stand: what is held before the camera, and what its operator can do.

All are made from one ID photo or one film of the victim. Every operator reads the prompt: sheets, sticks and busts are
turned to the asked side, and of films the asked part is shown where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from faced.dummy.attack import PORTRAIT_CM, Bend, Sheet, portrait, show
from faced.dummy.bust import Bust
from faced.dummy.clip import Clip, clip
from faced.dummy.desk import exposed, usual_light
from faced.dummy.handling import Hand, handled
from faced.dummy.head import head_model
from faced.dummy.identity import SPREAD, Identity
from faced.dummy.motion import Act, Challenge, Track, Truth, script
from faced.dummy.peephole import CutPrint
from faced.dummy.photo import PHOTO_CM, id_photo
from faced.dummy.raster import Floats
from faced.dummy.render import room_brightness
from faced.dummy.roster import roster
from faced.dummy.scene import Light, Picture, office
from faced.dummy.shape import Shape, draw_shape

#: Whose faces and heads operators and sculptors have.
_STRANGERS = 60
#: A sculptor chooses the head that is most like the victim's out of so many.
_MODELS = 8
#: How far a bent sheet goes round: the angle between its left and right edge, radians. A face is half of it.
_BOW = (0.6, 1.8)
#: Reflections of the lamp: an operator holds the sheet so that none covers the face.
_MATT, _GLOSSY = 0.2, 0.5
_STEADY = Hand(yaw_deg=1.5, pitch_deg=1.5, roll_deg=1, slide_cm=0.4)
#: A film does something every so many seconds; it may have been running for so long.
_EACH_S = 2.3
_ROUND_S = 14.0
_BY_NECK = (Challenge.LEFT, Challenge.RIGHT, Challenge.UP, Challenge.DOWN)
_ALL = (*_BY_NECK, Challenge.BLINK, Challenge.MOUTH)


class Species(StrEnum):
    """What is presented instead of a face."""

    #: A sheet held as still as a hand can.
    FLAT_PRINT = "flat_print"
    #: Bent about an upright axis, as around a tin or a head; and about a level one.
    UPRIGHT_BENT_PRINT = "upright_bent_print"
    LEVEL_BENT_PRINT = "level_bent_print"
    #: Never still: turned, tilted, moved to and fro.
    MOVED_PRINT = "moved_print"
    #: Life-size, the operator's own eyes look and blink through holes.
    CUT_EYES_PRINT = "cut_eyes_print"
    #: On a stick, turned about it as a head turns on its neck.
    STICK_PRINT = "stick_print"
    #: The photo on a tablet.
    TABLET_STILL = "tablet_still"
    #: A film of the victim on a tablet: looking; turning left and right by turns; blinking twice again and again.
    REPLAY_NEUTRAL = "replay_neutral"
    REPLAY_TURNING = "replay_turning"
    REPLAY_BLINKING = "replay_blinking"
    #: A film of all actions one after the other, begun at a random moment; the operator cannot wind it.
    REPLAY_RANDOM = "replay_random"
    #: A film of every action, of which the operator shows the asked one, joined without a jump.
    REPLAY_CHOSEN = "replay_chosen"
    #: Another person's solid head with the photo projected onto it.
    FOREIGN_HEAD = "foreign_head"


REPLAYS = (
    Species.REPLAY_NEUTRAL,
    Species.REPLAY_TURNING,
    Species.REPLAY_BLINKING,
    Species.REPLAY_RANDOM,
    Species.REPLAY_CHOSEN,
)


def present(
    species: Species,
    victim: Identity,
    seed: int = 0,
    seconds: float = 4.0,
    fps: float = 30.0,
    acts: Sequence[Act] = (),
) -> Clip:
    """An attack with the victim's usual ID photo, or a film of the victim.

    :param seed: another seed is another operator, sheet, light and hand.
    :param acts: what the operator is asked for and when he does it. Frames before an act do not depend on it, so a clip
        can be made again with the prompt's act once it is known.
    """
    scene = _Scene.drawn(species, victim, seed, seconds, fps, tuple(acts))
    if species in REPLAYS:
        return _replayed(scene)
    match species:
        case Species.CUT_EYES_PRINT:
            return _peeping(scene)
        case Species.FOREIGN_HEAD:
            return _sculpted(scene)
        case Species.TABLET_STILL:
            return _tablet(scene)
        case _:
            return _printed(scene)


@dataclass(frozen=True)
class _Scene:
    """One presentation; ``rng`` is at the point where what is particular to the species begins."""

    species: Species
    victim: Identity
    seed: int
    time_s: Track
    fps: float
    acts: tuple[Act, ...]
    light: Light
    room: Floats
    rng: np.random.Generator

    @classmethod
    def drawn(
        cls, species: Species, victim: Identity, seed: int, seconds: float, fps: float, acts: tuple[Act, ...]
    ) -> _Scene:
        rng = np.random.default_rng([61, list(Species).index(species), seed, victim.seed])
        light = usual_light(rng)
        room = office(int(rng.integers(1 << 16))) * room_brightness(light)
        time_s = np.arange(max(1, round(seconds * fps))) / fps
        return cls(species, victim, seed, time_s, fps, acts, light, room, rng)

    def stranger(self, alike_of: int = 1) -> Identity:
        """Somebody else, the one of so many whose head is most like the victim's.

        Even seeds meet even ones and odd ones odd, so that the two sets of :mod:`faced.dummy.occasion` share nobody.
        """
        own = self.victim.seed
        others = [seed for seed in roster(_STRANGERS) if seed != own and seed % 2 == own % 2]
        met = [int(seed) for seed in self.rng.choice(others, alike_of, replace=False)]
        return Identity(min(met, key=lambda seed: _unlike(self.victim, seed)))

    def clip(self, truth: Truth, drawn: Callable[[int], Floats]) -> Clip:
        camera = exposed(self.light)

        def picture(index: int) -> Picture:
            noise = np.random.default_rng([47, self.seed, self.victim.seed, index])
            return camera.develop(drawn(index), noise)

        return Clip(replace(truth, asked=self.acts), picture)


def _printed(scene: _Scene) -> Clip:
    """A print from postcard to life size, as near as makes its face as large as a real one is at 44 to 58 cm."""
    bends = {Species.UPRIGHT_BENT_PRINT: Bend.UPRIGHT, Species.LEVEL_BENT_PRINT: Bend.LEVEL}
    bend = bends.get(scene.species, Bend.FLAT)
    width_cm = float(scene.rng.choice([10.0, 15.0, 20.0, PHOTO_CM]))
    distance_cm = width_cm / PHOTO_CM * float(scene.rng.uniform(44, 58))
    turn_deg, tilt_deg, carry_cm, bow, more = scene.rng.uniform((20, 14, 0, _BOW[0], 0), (40, 30, 4, _BOW[1], 0.6))
    hand = Hand(turn_deg=turn_deg, tilt_deg=tilt_deg, carry_cm=carry_cm)
    match scene.species:
        case Species.MOVED_PRINT:
            hand = replace(hand, yaw_deg=12, pitch_deg=8, roll_deg=5, slide_cm=2, reach=0.06)
        case Species.STICK_PRINT:
            hand = replace(hand, yaw_deg=6, pitch_deg=1, roll_deg=1, carry_cm=carry_cm / 2)
        case Species.UPRIGHT_BENT_PRINT | Species.LEVEL_BENT_PRINT:
            per_dm = 10 * bow / width_cm
            hand = replace(hand, bend_per_dm=per_dm, flex_per_dm=0.2 * per_dm, bow_per_dm=more * per_dm)
        case _:
            pass
    photo = id_photo(scene.victim)
    return _held(scene, lambda _index: photo, Sheet(width_cm, distance_cm, bend=bend, glare=_MATT), hand)


def _tablet(scene: _Scene) -> Clip:
    turn_deg, tilt_deg = scene.rng.uniform((20, 14), (40, 30))
    hand = replace(_STEADY, turn_deg=turn_deg, tilt_deg=tilt_deg)
    photo = id_photo(scene.victim)
    return _held(scene, lambda _index: photo, _screen(scene, PHOTO_CM), hand)


def _replayed(scene: _Scene) -> Clip:
    """A film on a tablet that is held still: what moves is in the film."""
    sheet, light = _screen(scene, PORTRAIT_CM), usual_light(scene.rng)
    begun_s, film_seed = scene.rng.uniform(0, _ROUND_S), int(scene.rng.integers(1 << 16))
    film_acts = scene.acts if scene.species is Species.REPLAY_CHOSEN else _filmed(scene, float(begun_s))
    seconds = len(scene.time_s) / scene.fps
    film = clip(
        scene.victim,
        film_seed,
        seconds,
        scene.fps,
        motion=0.5,
        acts=film_acts,
        light=light,
        sensor=exposed(light),
        distance_cm=56,
    )
    truth = replace(film.truth, live=False)
    return _held(scene, lambda index: portrait(film[index]), sheet, _STEADY, truth)


def _filmed(scene: _Scene, begun_s: float) -> tuple[Act, ...]:
    """What is done in the film, from the moment it is shown."""
    order: tuple[Challenge, ...]
    match scene.species:
        case Species.REPLAY_TURNING:
            order = (Challenge.LEFT, Challenge.RIGHT)
        case Species.REPLAY_BLINKING:
            order = (Challenge.BLINK,)
        case Species.REPLAY_RANDOM:
            order = tuple(_ALL[which] for which in scene.rng.permutation(len(_ALL)))
        case _:
            return ()
    starts_s = np.arange(-begun_s, scene.time_s[-1] + _EACH_S, _EACH_S)
    return tuple(
        Act(order[turn % len(order)], float(start_s), _EACH_S - 0.3)
        for turn, start_s in enumerate(starts_s)
        if start_s > -_EACH_S
    )


def _peeping(scene: _Scene) -> Clip:
    """The operator moves as people do, blinks, and holds the sheet to the face all the while."""
    cut = CutPrint(id_photo(scene.victim), scene.victim, scene.stranger())
    plot = script(
        int(scene.rng.integers(1 << 31)),
        len(scene.time_s) / scene.fps,
        scene.fps,
        acts=scene.acts,
        distance_cm=float(scene.rng.uniform(46, 60)),
    )

    def drawn(index: int) -> Floats:
        return cut.draw(scene.room, plot.poses[index], plot.expressions[index], scene.light)

    return scene.clip(replace(plot.truth, live=False), drawn)


def _sculpted(scene: _Scene) -> Clip:
    """The head moves as people do and obeys turns and nods; its face is rigid."""
    bust = Bust(id_photo(scene.victim), scene.victim, scene.stranger(_MODELS))
    plot = script(
        int(scene.rng.integers(1 << 31)),
        len(scene.time_s) / scene.fps,
        scene.fps,
        blinks_s=[],
        acts=[act for act in scene.acts if act.challenge in _BY_NECK],
        distance_cm=float(scene.rng.uniform(46, 60)),
    )
    truth = replace(plot.truth, acts=scene.acts, live=False)
    return scene.clip(truth, lambda index: bust.draw(scene.room, plot.poses[index], scene.light))


def _screen(scene: _Scene, shown_cm: float) -> Sheet:
    """A tablet; ``shown_cm`` is how wide its picture would be in life size."""
    width_cm, as_at_cm = scene.rng.uniform((12, 44), (15.5, 58))
    return Sheet(float(width_cm), float(width_cm / shown_cm * as_at_cm), screen=True, glare=_GLOSSY)


def _held(
    scene: _Scene, picture: Callable[[int], Picture], sheet: Sheet, hand: Hand, truth: Truth | None = None
) -> Clip:
    """A sheet or screen in a hand.

    :param truth: of what is shown on it, which is then all that moves at a prompt; None for a still, which the hand
        moves as asked.
    """
    moved = handled(hand, scene.rng, scene.time_s, scene.acts if truth is None else ())
    if truth is None:
        still, turned = np.zeros(len(scene.time_s)), (moved.yaw_deg, moved.pitch_deg, moved.roll_deg)
        truth = Truth(scene.fps, scene.time_s, *turned, still, still, (), acts=scene.acts, live=False)
    phase = float(scene.rng.uniform(0, 2 * np.pi))

    def drawn(index: int) -> Floats:
        return show(
            picture(index),
            sheet,
            scene.room,
            turn_deg=(moved.yaw_deg[index], moved.pitch_deg[index], moved.roll_deg[index]),
            shift_cm=(moved.right_cm[index], moved.up_cm[index]),
            curvature=float(moved.bend_per_dm[index]),
            nearer=float(moved.nearer[index]),
            flicker=10.5 * float(scene.time_s[index]) + phase,
            light=scene.light,
        )

    return scene.clip(truth, drawn)


def _unlike(victim: Identity, seed: int) -> float:
    """How different a head is in shape, dm; looks do not count, for they come from the photo."""
    model = head_model()
    face = model.skin & (model.follows > 0.99) & (model.vertices[:, 2] > 0.8)
    return float(np.abs(_at_rest(victim.shape)[face] - _at_rest(draw_shape(seed, SPREAD))[face]).mean())


def _at_rest(shape: Shape) -> Floats:
    model = head_model()
    known = {name: weight for name, weight in shape.weights.items() if name in model.targets}
    moved = model.morphed(model.vertices, known)
    return np.asarray(moved - moved.mean(0), np.float32)
