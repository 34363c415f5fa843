"""Webcam clips of dummies, with the truth about every frame."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from faced.dummy.covering import BARE, Worn
from faced.dummy.identity import Identity
from faced.dummy.motion import Act, Truth, script
from faced.dummy.render import draw, room_brightness
from faced.dummy.scene import OFFICE_LIGHT, WEBCAM, WEBCAM_LENS, Light, Picture, Sensor, office
from faced.errors import StateError
from faced.i18n import _

#: A second person: how far to the side and behind the first.
_ASIDE_CM, _BEHIND_CM = 21.0, 22.0


@dataclass(frozen=True)
class Clip:
    """Frames of (480, 640, 3) uint8 BGR, drawn when they are asked for and the same each time."""

    truth: Truth
    picture: Callable[[int], Picture]

    def __len__(self) -> int:
        return len(self.truth.timestamps_s)

    def __iter__(self) -> Iterator[Picture]:
        return (self.picture(index) for index in range(len(self)))

    def __getitem__(self, index: int) -> Picture:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self.picture(index % len(self))

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.truth.fps

    def kept(self) -> Clip:
        """The same clip with all of its frames drawn and kept: 0.9 MB a frame."""
        pictures = list(self)
        return Clip(self.truth, pictures.__getitem__)

    def save(self, film: Path) -> None:
        """Write a film (.avi, Motion JPEG) and, beside it with the ending .json, the truth.

        :raises StateError: the film cannot be written.
        """
        height, width = self[0].shape[:2]
        writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), self.fps, (width, height))
        if not writer.isOpened():
            raise StateError(_("The film {path} cannot be written.").format(path=film))
        for picture in self:
            writer.write(picture)
        writer.release()
        film.with_suffix(".json").write_text(json.dumps(self.truth.as_json()) + "\n", encoding="utf-8")


def clip(
    identity: Identity,
    seed: int = 0,
    seconds: float = 4.0,
    fps: float = 15.0,
    *,
    motion: float = 1.0,
    blinks_s: Sequence[float] | None = None,
    acts: Sequence[Act] = (),
    light: Light = OFFICE_LIGHT,
    worn: Worn = BARE,
    sensor: Sensor = WEBCAM,
    distance_cm: float | None = None,
    beside: Identity | None = None,
) -> Clip:
    """A dummy sitting before a webcam.

    :param seed: another seed is another occasion: other movements, another room, other noise.
    :param motion: how much they fidget; 1 as people do.
    :param blinks_s: when they blink, in seconds; None for now and then, empty for never.
    :param acts: challenges that they obey.
    :param beside: somebody who looks over their shoulder, so that two faces are in view.
    """
    plot = script(
        seed * 1000 + identity.seed,
        seconds,
        fps,
        motion=motion,
        blinks_s=blinks_s,
        acts=acts,
        distance_cm=distance_cm,
    )
    room = office(identity.seed * 7 + seed)
    other = None if beside is None else script(seed * 1000 + beside.seed + 1, seconds, fps, motion=motion)

    def picture(index: int) -> Picture:
        share = float(plot.exposure[index])
        lit = replace(light, lamp=light.lamp * share, room=light.room * share)
        main_pose = plot.poses[index]
        people = [(identity, main_pose, plot.expressions[index], worn)]
        if beside is not None and other is not None:
            pose = other.poses[index]
            people[0] = (identity, replace(main_pose, left_cm=main_pose.left_cm - _ASIDE_CM / 2), *people[0][2:])
            behind = replace(pose, left_cm=pose.left_cm + _ASIDE_CM, distance_cm=main_pose.distance_cm + _BEHIND_CM)
            people.insert(0, (beside, behind, other.expressions[index], BARE))
        seen = draw(room * room_brightness(lit), people, lit, WEBCAM_LENS)
        return sensor.develop(seen, np.random.default_rng([43, seed, identity.seed, index]))

    return Clip(replace(plot.truth, people=1 if beside is None else 2), picture)


def nobody(seed: int = 0, seconds: float = 2.0, fps: float = 15.0, *, sensor: Sensor = WEBCAM) -> Clip:
    """An empty room."""
    count = max(1, round(seconds * fps))
    room = office(seed)
    still = np.zeros(count)
    truth = Truth(fps, np.arange(count) / fps, still, still, still, still, still, (), people=0, live=False)
    return Clip(truth, lambda index: sensor.develop(room.copy(), np.random.default_rng([44, seed, index])))
