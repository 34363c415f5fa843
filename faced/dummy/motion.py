"""How a dummy moves before a webcam: a script of poses and expressions, and with it the truth to test against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from faced.dummy.head import smooth
from faced.dummy.scene import Expression, Pose

Track = NDArray[np.float64]

BLINK_S = 0.28
_TURN_DEG, _NOD_DEG = 20.0, 12.0
#: From rest to where an act leads, and back.
RISE_S = 0.5


class Challenge(StrEnum):
    """What a person may be asked to do; directions are the person's own."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    BLINK = "blink"
    MOUTH = "mouth"
    SMILE = "smile"


@dataclass(frozen=True)
class Act:
    """A challenge obeyed, from ``start_s`` for ``length_s``: half a second there, held, half a second back.

    :attr:`Challenge.BLINK` is two blinks 0.7 s apart. ``extent`` is how far, in shares of the usual turn of 20 or nod
    of 12 degrees; blinks and the mouth do not know it.
    """

    challenge: Challenge
    start_s: float
    length_s: float = 2.0
    extent: float = 1.0


@dataclass(frozen=True)
class Truth:
    """What really happens in a clip; arrays have one value a frame.

    ``timestamps_s`` from the first frame; ``yaw_deg``, ``pitch_deg``, ``roll_deg`` as in
    :class:`faced.dummy.scene.Pose`; ``lids`` how far both eyes are closed and ``jaw`` how far the mouth is open (0 to
    1); ``blinks_s`` the middles of all blinks; ``acts`` what is done; ``people`` how many faces are in view; ``live``
    is False for attacks and for an empty room. ``asked`` is what the operator of an attack was asked for: a film that
    he cannot wind does something else.
    """

    fps: float
    timestamps_s: Track
    yaw_deg: Track
    pitch_deg: Track
    roll_deg: Track
    lids: Track
    jaw: Track
    blinks_s: tuple[float, ...]
    acts: tuple[Act, ...] = ()
    people: int = 1
    live: bool = True
    asked: tuple[Act, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The same as plain values, for a file beside a film."""
        tracks = {
            name: [round(float(value), 4) for value in getattr(self, name)]
            for name in ("timestamps_s", "yaw_deg", "pitch_deg", "roll_deg", "lids", "jaw")
        }
        acts, asked = (
            [{**asdict(act), "challenge": act.challenge.value} for act in some] for some in (self.acts, self.asked)
        )
        return {
            "fps": self.fps,
            "frames": len(self.timestamps_s),
            "people": self.people,
            "live": self.live,
            "blinks_s": [round(blink, 4) for blink in self.blinks_s],
            "acts": acts,
            "asked": asked,
            **tracks,
        }


@dataclass(frozen=True)
class Script:
    """A pose and an expression for each frame, the share of the usual light, and the truth about them."""

    poses: tuple[Pose, ...]
    expressions: tuple[Expression, ...]
    exposure: Track
    truth: Truth


def script(
    seed: int,
    seconds: float,
    fps: float,
    *,
    motion: float = 1.0,
    blinks_s: Sequence[float] | None = None,
    acts: Sequence[Act] = (),
    distance_cm: float | None = None,
) -> Script:
    """A person looking into the camera for some seconds.

    :param motion: how much they fidget; 1 is about 6 degrees of yaw, 0 is a statue.
    :param blinks_s: when they blink; None for now and then as people do, empty for not at all.
    :param distance_cm: None for somewhere between 52 and 64 cm.
    """
    rng = np.random.default_rng([41, seed])
    count = max(1, round(seconds * fps))
    time = np.arange(count) / fps
    natural = _natural_blinks(rng, seconds)
    blinks = [*(natural if blinks_s is None else blinks_s)]
    yaw = 2 * motion * rng.normal() + drift(rng, time, 1.6, 6 * motion)
    pitch = 2 * motion * rng.normal() + drift(rng, time, 1.9, 3.5 * motion)
    roll = 1.5 * motion * rng.normal() + drift(rng, time, 2.5, 2 * motion)
    left, up = drift(rng, time, 2.5, 1.2 * motion), drift(rng, time, 3, 0.6 * motion)
    usual = rng.uniform(52, 64)
    distance = (usual if distance_cm is None else distance_cm) * (1 + drift(rng, time, 3, 0.02 * motion))
    smile = np.clip(drift(rng, time, 3, 0.12 * min(motion, 1.0)), 0, 1)
    gaze_left, gaze_up = drift(rng, time, 0.6, 1.2), drift(rng, time, 0.8, 0.6)
    exposure = 1 + drift(rng, time, 2, 0.03)
    jaw = np.zeros(count)
    for act in acts:
        share = doing(act, time)
        match act.challenge:
            case Challenge.LEFT:
                yaw = yaw + _TURN_DEG * act.extent * share
            case Challenge.RIGHT:
                yaw = yaw - _TURN_DEG * act.extent * share
            case Challenge.UP:
                pitch = pitch - _NOD_DEG * act.extent * share
            case Challenge.DOWN:
                pitch = pitch + _NOD_DEG * act.extent * share
            case Challenge.MOUTH:
                jaw = np.maximum(jaw, 0.5 * share)
            case Challenge.SMILE:
                smile = np.maximum(smile, 0.9 * share)
            case Challenge.BLINK:
                blinks += [act.start_s + 0.3, act.start_s + 1.0]
    blinks.sort()
    lids = _lids(time, blinks)
    truth = Truth(fps, time, yaw, pitch, roll, lids, jaw, tuple(float(blink) for blink in blinks), tuple(acts))
    poses = tuple(
        Pose(*(float(value) for value in values)) for values in zip(yaw, pitch, roll, left, up, distance, strict=True)
    )
    expressions = tuple(
        Expression(
            left_lid=float(lids[k]),
            right_lid=float(lids[k]),
            smile=float(smile[k]),
            jaw=float(jaw[k]),
            gaze_left=float(gaze_left[k]),
            gaze_up=float(gaze_up[k]),
        )
        for k in range(count)
    )
    return Script(poses, expressions, exposure, truth)


def _natural_blinks(rng: np.random.Generator, seconds: float) -> list[float]:
    blinks = []
    at = rng.uniform(0.8, 2.2)
    while at < seconds - 0.4:
        blinks.append(float(at))
        at += rng.uniform(1.6, 4.2)
    return blinks


def drift(rng: np.random.Generator, time: Track, period_s: float, amplitude: float) -> Track:
    """Slow random motion of about +-amplitude: a Catmull-Rom spline through a random value every period."""
    knots = rng.normal(0, 1, int(np.ceil(time[-1] / period_s)) + 5)
    place = time / period_s + 1
    step = place.astype(int)
    share = place - step
    a, b, c, d = (knots[step + offset] for offset in (-1, 0, 1, 2))
    curve = b + 0.5 * share * (c - a + share * (2 * a - 5 * b + 4 * c - d + share * (3 * (b - c) + d - a)))
    return np.asarray(amplitude * 0.7 * curve)


def doing(act: Act, time: Track) -> Track:
    """How far an act is obeyed at each time, 0 to 1."""
    end = act.start_s + act.length_s
    return np.asarray(smooth(act.start_s, act.start_s + RISE_S, time) * smooth(end, end - RISE_S, time))


def _lids(time: Track, blinks_s: Sequence[float]) -> Track:
    closed = np.zeros(len(time))
    for blink in blinks_s:
        phase = np.clip((time - blink) / (BLINK_S / 2), -1, 1)
        closed = np.maximum(closed, np.clip(1.35 * np.cos(phase * np.pi / 2) ** 1.2, 0, 1))
    return closed
