from __future__ import annotations

import struct

import numpy as np
import pytest

from faced.errors import MetricError, TemplateFormatError
from faced.recognition.metric import Metric
from faced.recognition.template import FaceTemplate, Sample, Source
from tests.recognition.population import face_set, placed

SAMPLE_BYTES = 5 + 136 * 2


def sample(seed: int = 1, *, source: Source = Source.PHOTO, day: int = 20_000, spread: float = 0.00321) -> Sample:
    return Sample.from_points(face_set(1, 1, seed=seed).points[0], spread, source, day)


def diamond() -> np.ndarray:
    """Four corners with 17 points each: a shape whose numbers can be worked out by hand."""
    corners = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    return np.repeat(corners, 17, axis=0) * 50 + 200


def test_the_bytes_of_a_known_template() -> None:
    template = FaceTemplate(
        (
            Sample.from_points(diamond(), 0.0034, Source.PHOTO, 17_441),
            Sample.from_points(diamond(), 0.65535, Source.CAMERA, 65_535),
        )
    )
    # 17 points in each of four corners, so a corner is 1/sqrt(68) of the centroid size away: 3974 units.
    corners = struct.pack("<34h", *[3974, 0] * 17) + struct.pack("<34h", *[0, 3974] * 17)
    corners += struct.pack("<34h", *[-3974, 0] * 17) + struct.pack("<34h", *[0, -3974] * 17)
    expected = bytes.fromhex("0102") + bytes.fromhex("0154012144") + corners + bytes.fromhex("02ffffffff") + corners
    assert template.encode() == expected
    decoded = FaceTemplate.decode(expected)
    assert [entry.source for entry in decoded.samples] == [Source.PHOTO, Source.CAMERA]
    assert [entry.day for entry in decoded.samples] == [17_441, 65_535]
    assert [entry.spread for entry in decoded.samples] == pytest.approx([0.0034, 0.65535])


def test_rounding_moves_a_coordinate_by_less_than_one_unit_and_a_latent_vector_by_a_fifth() -> None:
    metric = Metric.shipped()
    samples = tuple(sample(seed) for seed in range(1, 9))
    decoded = FaceTemplate.decode(FaceTemplate(samples).encode())
    before = np.stack([entry.points for entry in samples])
    after = np.stack([entry.points for entry in decoded.samples])
    assert np.abs(before - after).max() <= 0.51 / 32767
    # A latent unit is what two photos of one person differ by: rounding must not show beside it.
    spread = np.full(len(before), 0.003)
    moved = metric.evidence(before, spread).latent - metric.evidence(after, spread).latent
    assert np.abs(moved).max() < 0.2


def test_what_decodes_encodes_to_the_same_bytes() -> None:
    data = FaceTemplate(tuple(sample(seed, day=seed) for seed in range(64))).encode()
    assert len(data) == 2 + 64 * SAMPLE_BYTES
    assert FaceTemplate.decode(data).encode() == data


def test_place_and_size_in_the_picture_are_not_kept() -> None:
    points = face_set(1, 1).points[0]
    elsewhere = Sample.from_points(points * 2.5 + [300, -20], 0.003, Source.PHOTO, 1)
    assert np.allclose(elsewhere.points, Sample.from_points(points, 0.003, Source.PHOTO, 1).points, atol=1e-6)


def test_coordinates_cannot_be_changed_and_are_not_shown() -> None:
    one = sample()
    with pytest.raises(ValueError, match="read-only"):
        one.points[0, 0] = 0.0
    assert "points" not in repr(one)
    assert "0.1" not in repr(FaceTemplate((one,))).replace("0.00321", "")


@pytest.mark.parametrize("count", [0, 65])
def test_a_template_holds_one_to_64_samples(count: int) -> None:
    with pytest.raises(TemplateFormatError):
        FaceTemplate((sample(),) * count)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"\x01\x00",
        b"\x01\x01",
        FaceTemplate((sample(),)).encode()[:-1],
        FaceTemplate((sample(),)).encode() + b"\x00",
        b"\x00" + FaceTemplate((sample(),)).encode()[1:],
        b"\x02" + FaceTemplate((sample(),)).encode()[1:],
        b"\x01\x02" + FaceTemplate((sample(),)).encode()[2:],
        b"\x01\x41" + FaceTemplate((sample(),)).encode()[2:] * 65,
        b"\x01\x01\x00" + FaceTemplate((sample(),)).encode()[3:],
        b"\x01\x01\x03" + FaceTemplate((sample(),)).encode()[3:],
    ],
    ids=[
        "empty",
        "one byte",
        "no samples",
        "no body",
        "cut",
        "trailing byte",
        "version 0",
        "version 2",
        "count too high",
        "65 samples",
        "source 0",
        "source 3",
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(TemplateFormatError):
        FaceTemplate.decode(data)


def coordinates(values: np.ndarray) -> bytes:
    return FaceTemplate((sample(),)).encode()[:7] + np.rint(values * 32767).astype("<i2").tobytes()


def test_a_shape_that_is_not_centred_or_not_of_unit_size_is_refused() -> None:
    shape = sample().points.astype(float)
    assert FaceTemplate.decode(coordinates(shape))
    for wrong in (shape + 0.001, shape * 1.001, shape * 0.999, shape * 0, shape + [0.001, 0]):
        with pytest.raises(TemplateFormatError):
            FaceTemplate.decode(coordinates(wrong))


def test_no_single_changed_header_byte_passes_for_another_template() -> None:
    data = FaceTemplate((sample(),)).encode()
    for index in range(3):
        for value in set(range(256)) - {data[index], *((2,) if index == 2 else ())}:
            with pytest.raises(TemplateFormatError):
                FaceTemplate.decode(data[:index] + bytes([value]) + data[index + 1 :])


@pytest.mark.parametrize(
    "changed",
    [{"spread": -0.1}, {"spread": 0.7}, {"spread": float("nan")}, {"day": -1}, {"day": 65_536}, {"source": "drawing"}],
    ids=str,
)
def test_a_sample_that_cannot_be_kept_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(TemplateFormatError):
        sample(**changed)  # type: ignore[arg-type]


def test_a_sample_with_a_landmark_missing_is_refused() -> None:
    points = face_set(1, 1).points[0]
    with pytest.raises(MetricError):
        Sample.from_points(points[:67], 0.003, Source.PHOTO, 1)
    points[5, 1] = np.nan
    with pytest.raises(MetricError):
        Sample.from_points(points, 0.003, Source.PHOTO, 1)


def test_samples_of_one_day_count_for_less_than_samples_of_several_days() -> None:
    metric = Metric.shipped()
    points = face_set(1, 1).points
    shapes = placed(np.repeat(points, 4, axis=0), np.random.default_rng(1))
    one_day = FaceTemplate(tuple(Sample.from_points(shape, 0.003, Source.CAMERA, 100) for shape in shapes))
    four_days = FaceTemplate(
        tuple(Sample.from_points(shape, 0.003, Source.CAMERA, 100 + day) for day, shape in enumerate(shapes))
    )
    assert one_day.evidence(metric).samples.tolist() == [1.6]
    assert four_days.evidence(metric).samples.tolist() == [4.0]
    assert np.allclose(one_day.evidence(metric).latent, four_days.evidence(metric).latent, atol=1e-2)


def test_a_photo_and_a_camera_sample_of_one_day_are_two_sittings() -> None:
    both = FaceTemplate((sample(1, source=Source.PHOTO, day=5), sample(1, source=Source.CAMERA, day=5)))
    assert both.evidence(Metric.shipped()).samples.tolist() == [2.0]


def test_the_order_of_samples_does_not_change_the_evidence() -> None:
    samples = tuple(sample(seed, day=seed % 2) for seed in range(5))
    metric = Metric.shipped()
    forwards, backwards = FaceTemplate(samples).evidence(metric), FaceTemplate(samples[::-1]).evidence(metric)
    assert np.allclose(forwards.latent, backwards.latent, atol=1e-9)
    assert np.allclose(forwards.precision, backwards.precision)


def test_changed_bytes_are_refused_or_are_another_template_in_the_one_encoding() -> None:
    data = FaceTemplate(tuple(sample(seed, day=seed) for seed in range(3))).encode()
    rng = np.random.default_rng(0)
    refused = 0
    for _attempt in range(500):
        changed = bytearray(data[: rng.integers(0, len(data) + 1)] if rng.random() < 0.2 else data)
        for _byte in range(rng.integers(1, 4)):
            if changed:
                changed[rng.integers(0, len(changed))] = rng.integers(0, 256)
        try:
            decoded = FaceTemplate.decode(bytes(changed))
        except TemplateFormatError:
            refused += 1
        else:
            assert decoded.encode() == bytes(changed)
    assert 250 < refused < 500
