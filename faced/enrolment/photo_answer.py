"""What the worker says about one photo, in numbers of a fixed form; nothing else may come out of it.

::

    verdict u8 | cause u8 | has observation u8 | calls u16 | width u32 | height u32
    | 9 x f64 (spread, yaw, pitch, roll, iod, box) | 136 x f32 (x0 y0 x1 y1 ..., px)

verdict: 0 the file is at fault (cause: which fault), 1 a gate refused the face (cause: which gate), 2 usable.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from faced.enrolment.file_refusal import Fault
from faced.landmarks.observe import Observation
from faced.landmarks.quality import Reason

_FAULTS, _REASONS = tuple(Fault), tuple(Reason)
_POINTS = 68
_HEAD = struct.Struct("<BBBHII9d")
#: Bytes of every answer.
ANSWER_BYTES = _HEAD.size + 2 * _POINTS * 4
_FAULT, _GATED, _USABLE = 0, 1, 2
#: No coordinate, size or angle of a picture within the limits is larger.
_FARTHEST_PX, _WIDEST_DEG, _MOST_CALLS = 1e5, 180.0, 1000


@dataclass(frozen=True)
class Answer:
    """Either ``fault`` (with the ``size`` in px that the file claims, or (0, 0)), or ``reason`` (None: usable) and the
    observation, where there is one."""

    fault: Fault | None = None
    size: tuple[int, int] = (0, 0)
    reason: Reason | None = None
    observation: Observation | None = None

    def encode(self) -> bytes:
        """The one form, :data:`ANSWER_BYTES` long."""
        seen = self.observation
        if self.fault is not None:
            verdict, cause = _FAULT, _FAULTS.index(self.fault)
        elif self.reason is not None:
            verdict, cause = _GATED, _REASONS.index(self.reason)
        else:
            verdict, cause = _USABLE, 0
        numbers = (0.0,) * 9
        points = np.zeros((_POINTS, 2), "<f4")
        if seen is not None:
            numbers = (seen.spread, seen.yaw_deg, seen.pitch_deg, seen.roll_deg, seen.iod_px, *seen.box)
            points = seen.points.astype("<f4")
        calls = seen.calls if seen is not None else 0
        return _HEAD.pack(verdict, cause, seen is not None, calls, *self.size, *numbers) + points.tobytes()

    @classmethod
    def decode(cls, data: bytes) -> Answer:
        """Read an answer that may come from a process that a photo has taken over.

        :raises ValueError: another form, or numbers that cannot be a face's.
        """
        if len(data) != ANSWER_BYTES:
            raise ValueError("an answer of the wrong length")
        verdict, cause, has_observation, calls, width, height, *numbers = _HEAD.unpack_from(data)
        if has_observation > 1 or verdict > _USABLE or (verdict == _USABLE and (cause or not has_observation)):
            raise ValueError("an answer that contradicts itself")
        if verdict == _FAULT:
            if cause >= len(_FAULTS) or has_observation:
                raise ValueError("an unknown fault")
            return cls(fault=_FAULTS[cause], size=(width, height))
        if verdict == _GATED and cause >= len(_REASONS):
            raise ValueError("an unknown gate")
        reason = _REASONS[cause] if verdict == _GATED else None
        return cls(reason=reason, observation=_observation(data, calls, numbers) if has_observation else None)


def _observation(data: bytes, calls: int, numbers: list[float]) -> Observation:
    spread, yaw_deg, pitch_deg, roll_deg, iod_px, left, top, width, height = numbers
    points = np.frombuffer(data, "<f4", 2 * _POINTS, _HEAD.size).astype(np.float32).reshape(_POINTS, 2)
    # Written as what holds of a face, so that a number that is none (NaN) is refused.
    holds = (
        0 <= spread < 1
        and all(abs(angle) <= _WIDEST_DEG for angle in (yaw_deg, pitch_deg, roll_deg))
        and all(abs(place) <= _FARTHEST_PX for place in (left, top))
        and all(0 < size <= _FARTHEST_PX for size in (width, height))
        and 0 <= iod_px <= _FARTHEST_PX
        and 0 < calls <= _MOST_CALLS
        and bool((np.abs(points) <= _FARTHEST_PX).all())
        and bool(points.std(axis=0).min() > 0)
    )
    if not holds:
        raise ValueError("numbers that are not a face's")
    return Observation(0.0, points, spread, yaw_deg, pitch_deg, roll_deg, iod_px, (left, top, width, height), calls)
