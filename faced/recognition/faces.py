"""A set of labelled faces for training and for measuring: landmarks and numbers, never pictures or names.

The file is an npz with ``points`` (n, 68, 2) px and ``person`` (n,), numbers or text; optional are ``spread``, ``yaw``
and ``pitch`` (degrees) and ``fold`` (by person, for cross-validation), each (n,), and ``missing``
(n, 68), which landmarks of a face are not known.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faced.errors import MetricError
from faced.recognition.alignment import POINTS, Floats

NEAR_FRONTAL_YAW_DEG = 15.0
NEAR_FRONTAL_PITCH_DEG = 12.0
#: The steadiest 75 % of near-frontal press photos (36 predictor calls on a four times enlarged crop).
GATE_SPREAD = 0.0043


@dataclass(frozen=True, eq=False)
class FaceSet:
    """n faces; people are counted from 0, what a file did not have is None.

    ``digest`` is the SHA-256 of points and people as they were read.
    """

    points: Floats
    person: NDArray[np.int64]
    spread: Floats | None
    yaw_deg: Floats | None
    pitch_deg: Floats | None
    fold: NDArray[np.int64] | None
    digest: bytes

    @classmethod
    def load(cls, path: Path) -> FaceSet:
        """Read a file; faces with a missing landmark, or one or a spread that is not finite, are left out.

        :raises MetricError: not such a file.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise MetricError(f"{path.name} is not a file of labelled faces (npz).") from error
        points, person = arrays.get("points"), arrays.get("person")
        if points is None or person is None or points.ndim != 3 or points.shape[1:] != (POINTS, 2):
            raise MetricError(f"{path.name} lacks points (n, 68, 2) or person (n,).")
        optional = {name: arrays.get(name) for name in ("spread", "yaw", "pitch", "fold")}
        if any(array is not None and array.shape != (len(points),) for array in (person, *optional.values())):
            raise MetricError(f"{path.name} has arrays of different lengths.")
        if any(array is not None and array.dtype.kind not in "fiu" for array in (points, *optional.values())):
            raise MetricError(f"{path.name} holds something else than numbers.")
        _labels, row = np.unique(person, return_inverse=True)
        # In one type and with people counted from 0, so that the digest survives a re-save in other types.
        digest = hashlib.sha256(np.ascontiguousarray(points, dtype="<f4").tobytes())
        digest.update(np.ascontiguousarray(row, dtype="<i8").tobytes())
        finite = np.isfinite(points).all(axis=(1, 2))
        missing = arrays.get("missing")
        if missing is not None:
            if missing.shape != points.shape[:2]:
                raise MetricError(f"{path.name} has arrays of different lengths.")
            finite &= ~missing.astype(bool).any(axis=1)
        if optional["spread"] is not None:
            finite &= np.isfinite(optional["spread"]) & (optional["spread"] >= 0)

        def floats(name: str) -> Floats | None:
            array = optional[name]
            return None if array is None else array[finite].astype(np.float64)

        fold = optional["fold"]
        return cls(
            points[finite].astype(np.float64),
            row[finite].astype(np.int64),
            floats("spread"),
            floats("yaw"),
            floats("pitch"),
            None if fold is None else fold[finite].astype(np.int64),
            digest.digest(),
        )

    def __len__(self) -> int:
        return len(self.points)

    def where(self, chosen: NDArray[np.bool_]) -> FaceSet:
        """Some of the faces, with the digest of the whole set: ``chosen`` is (n,)."""
        rest = (self.spread, self.yaw_deg, self.pitch_deg)
        spread, yaw, pitch = (None if array is None else array[chosen] for array in rest)
        fold = None if self.fold is None else self.fold[chosen]
        return FaceSet(self.points[chosen], self.person[chosen], spread, yaw, pitch, fold, self.digest)

    @property
    def people(self) -> int:
        """How many different people."""
        return len(np.unique(self.person))

    @property
    def spreads(self) -> Floats:
        """(n,) the spread, 0 where the file has none."""
        return np.zeros(len(self)) if self.spread is None else self.spread

    def near_frontal(self) -> NDArray[np.bool_]:
        """(n,) which faces look into the camera; all of them where the file has no pose."""
        counted = np.ones(len(self), dtype=bool)
        if self.yaw_deg is not None:
            counted &= np.abs(self.yaw_deg) < NEAR_FRONTAL_YAW_DEG
        if self.pitch_deg is not None:
            counted &= np.abs(self.pitch_deg) < NEAR_FRONTAL_PITCH_DEG
        return counted

    def steady(self) -> NDArray[np.bool_]:
        """(n,) which faces pass the spread gate; all of them where the file has no spread."""
        steady: NDArray[np.bool_] = self.spreads <= GATE_SPREAD
        return steady
