"""The head that all dummies share: MakeHuman's CC0 base mesh, its morph targets, and where on it things are.

Lengths are in decimetres, as in MakeHuman: x to the person's left, y up, z forward; the eyes are at about y = 7.3.
``head.npz`` beside this file is made by tools/extract_head_model.py; NOTICE says whose work it is.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faced.dummy.raster import Floats, Ints

MODEL_FILE = Path(__file__).with_name("head.npz")
#: A step of the stored vertex and target coordinates.
STEP_DM = 1e-4
#: The cylinder that skin and hair are painted on: its axis and radius, and the rectangle of it that has paint.
AXIS_Z_DM, RADIUS_DM = 0.35, 1.1
AROUND_DM, HEIGHT_DM = (-2.0, 2.0), (5.7, 8.7)


class Part(IntEnum):
    """What a triangle belongs to."""

    SKIN = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    LASHES = 3
    TEETH = 4


EYES = ((Part.LEFT_EYE, 1), (Part.RIGHT_EYE, -1))


def smooth(low: float, high: float, value: ArrayLike) -> NDArray[np.floating]:
    """0 at ``low``, 1 at ``high``, with no corners between (Hermite)."""
    share = np.clip((np.asarray(value) - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


@dataclass(frozen=True)
class HeadModel:
    """The shared mesh.

    ``vertices`` (n, 3); ``triangles`` (t, 3) int32; ``part`` (t,) :class:`Part`; ``targets`` name -> (indices (k,),
    offsets (k, 3) dm); per vertex (n,): ``around`` and ``height`` on the painted cylinder (for eyeballs: offsets from
    the eye's centre), ``skin`` belongs to the body, ``lips``, ``ear``, ``lash_line``, ``occlusion`` (1 = open sky)
    and ``follows`` (share of the head's rotation that the vertex takes part in; the shoulders stay).
    """

    vertices: Floats
    triangles: Ints
    part: NDArray[np.uint8]
    targets: Mapping[str, tuple[Ints, Floats]]
    around: Floats
    height: Floats
    skin: NDArray[np.bool_]
    lips: Floats
    ear: Floats
    lash_line: Floats
    occlusion: Floats
    follows: Floats
    under_chin: Floats
    eyeballs: Mapping[Part, Ints]
    eyelid_triangles: Mapping[Part, Ints]
    lashes: Ints
    source_sha256: str

    def morphed(self, vertices: Floats, weights: Mapping[str, float]) -> Floats:
        """A copy of ``vertices`` with targets added, each as strongly as its weight says."""
        moved = vertices.copy()
        for name, weight in weights.items():
            if weight:
                indices, offsets = self.targets[name]
                moved[indices] += np.float32(weight) * offsets
        return moved


def normals(vertices: Floats, triangles: Ints) -> Floats:
    """(n, 3) unit normals, weighted by the areas of the triangles around each vertex."""
    first, second, third = (vertices[triangles[:, corner]] for corner in range(3))
    faces = _cross(second - first, third - first)
    flat = triangles.ravel()
    result = np.empty_like(vertices)
    for axis in range(3):
        result[:, axis] = np.bincount(flat, np.repeat(faces[:, axis], 3), minlength=len(vertices))
    result /= np.sqrt((result * result).sum(1, keepdims=True)) + np.float32(1e-9)
    return result


def _cross(a: Floats, b: Floats) -> Floats:
    # numpy.cross is ten times slower on many small vectors.
    return np.stack(
        [
            a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1],
            a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2],
            a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0],
        ],
        axis=1,
    )


@functools.cache
def head_model() -> HeadModel:
    """The shared mesh, read once a process."""
    with np.load(MODEL_FILE, allow_pickle=False) as data:
        vertices = (data["vertices"] * STEP_DM).astype(np.float32)
        triangles = data["triangles"].astype(np.int32)
        part = data["part"]
        targets = _targets(data["target_names"], data["target_sizes"], data["target_gaps"], data["target_offsets"])
        lips, ear, lash_line, occlusion = (
            (data[name] / 255).astype(np.float32) for name in ("lips", "ear", "lash_line", "occlusion")
        )
        eye = data["eye"].astype(np.float32)
        source = str(data["source_sha256"])
    x, y, z = vertices.T
    skin = np.zeros(len(vertices), np.bool_)
    skin[triangles[part == Part.SKIN]] = True
    around = np.arctan2(x, z - AXIS_Z_DM) * RADIUS_DM
    height = y.copy()
    middle = vertices[triangles].mean(1)
    eyeballs, lids = {}, {}
    for side, sign in EYES:
        ball = np.unique(triangles[part == side])
        around[ball], height[ball] = x[ball] - sign * eye[0], y[ball] - eye[1]
        eyeballs[side] = ball.astype(np.int32)
        near = (np.sign(middle[:, 0]) == sign) & (np.abs(middle[:, 0] - sign * eye[0]) < 0.35)
        near &= (np.abs(middle[:, 1] - eye[1]) < 0.3) & (middle[:, 2] > 1.0)
        lids[side] = np.nonzero(near)[0].astype(np.int32)
    jaw_line = y - 0.30 * np.clip(z - 0.9, 0, 1)
    under_chin = smooth(6.3, 6.05, jaw_line) * smooth(5.0, 5.7, y) * smooth(-0.2, 0.3, z) * skin
    return HeadModel(
        vertices=vertices,
        triangles=triangles,
        part=part,
        targets=targets,
        around=around.astype(np.float32),
        height=height,
        skin=skin,
        lips=lips,
        ear=ear,
        lash_line=lash_line,
        occlusion=occlusion,
        # The chin must follow the skull rigidly or the jaw shears when the head turns: hence the share of z.
        follows=smooth(5.15, 6.2, y + 0.40 * (z - 0.2)).astype(np.float32),
        under_chin=under_chin.astype(np.float32),
        eyeballs=eyeballs,
        eyelid_triangles=lids,
        lashes=np.unique(triangles[part == Part.LASHES]).astype(np.int32),
        source_sha256=source,
    )


def _targets(
    names: NDArray[np.str_], sizes: NDArray[np.integer], gaps: NDArray[np.integer], offsets: NDArray[np.integer]
) -> dict[str, tuple[Ints, Floats]]:
    ends = np.cumsum(sizes)
    targets = {}
    for name, start, end in zip(names, ends - sizes, ends, strict=True):
        indices = np.cumsum(gaps[start:end], dtype=np.int32)
        targets[str(name)] = (indices, (offsets[:, start:end].T * STEP_DM).astype(np.float32))
    return targets
