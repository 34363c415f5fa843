"""The door of the room: sittings and photos of dummies, as they should be and as they should not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from faced.dummy import Cloth, Expression, Identity, Light, Pose, Sensor, Worn, clip, id_photo, nobody, render_frame
from faced.landmarks.observe import FrameReport, Observer, observe_photo
from faced.landmarks.predictor import Predictor
from faced.landmarks.quality import Reason

SHUT = Expression(left_lid=1.0, right_lid=1.0)


def sitting(predictor: Predictor, pictures: Iterable[NDArray[np.uint8]]) -> list[FrameReport]:
    observer = Observer(predictor)
    return [observer.observe(picture, index / 15) for index, picture in enumerate(pictures)]


def frames(person: Identity, count: int = 6, **options: Any) -> list[NDArray[np.uint8]]:
    return list(clip(person, seed=1, seconds=count / 15, fps=15.0, blinks_s=(), **options))


def reasons(predictor: Predictor, people: Iterable[Identity], **options: Any) -> Counter[Reason | None]:
    return Counter(report.reason for person in people for report in sitting(predictor, frames(person, 3, **options)))


def test_people_in_ordinary_light_pass_the_gates(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    seen = reasons(predictor, people)
    assert seen[None] >= 0.9 * seen.total()


def test_spectacles_do_not_count_as_covering(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    assert reasons(predictor, people, worn=Worn(glasses=True))[Reason.COVERED] == 0


@pytest.mark.parametrize(
    "worn",
    [
        Worn(mask=True),
        Worn(mask=True, cloth=Cloth.BLACK),
        Worn(below_nose=True),
        Worn(scarf=True, cloth=Cloth.WOOL),
        Worn(hand=True),
        Worn(sunglasses=True),
    ],
    ids=["mask", "black mask", "slipped mask", "scarf", "hand", "dark glasses"],
)
def test_a_covered_face_never_passes(predictor: Predictor, people: tuple[Identity, ...], worn: Worn) -> None:
    seen = reasons(predictor, people, worn=worn)
    assert seen[None] == 0
    assert seen[Reason.COVERED] > 0


def test_glare_that_hides_the_eyes_is_too_much_light(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    seen = reasons(predictor, people, worn=Worn(glare=0.7))
    assert seen[None] == 0
    assert seen[Reason.TOO_BRIGHT] > 0.5 * seen.total()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"sensor": Sensor(gain=0.15, noise=0.02)}, Reason.TOO_DARK),
        ({"light": Light(lamp=4.0, room=2.0)}, Reason.TOO_BRIGHT),
        ({"sensor": Sensor(blur_px=4.0)}, Reason.BLURRED),
        ({"distance_cm": 140.0}, Reason.TOO_FAR),
    ],
)
def test_a_picture_that_shows_too_little_never_passes(
    predictor: Predictor, people: tuple[Identity, ...], options: dict[str, Any], reason: Reason
) -> None:
    seen = reasons(predictor, people, **options)
    assert seen[None] == 0
    assert seen[reason] >= 0.7 * seen.total()


@pytest.mark.parametrize(
    ("pose", "reason"),
    [
        (Pose(yaw_deg=30.0), Reason.TURNED_LEFT),
        (Pose(yaw_deg=-30.0), Reason.TURNED_RIGHT),
        (Pose(roll_deg=28.0), Reason.TILTED),
        (Pose(distance_cm=28.0), Reason.TOO_NEAR),
    ],
)
def test_a_head_in_the_wrong_place_is_told_so_and_still_observed(
    predictor: Predictor, people: tuple[Identity, ...], pose: Pose, reason: Reason
) -> None:
    report = Observer(predictor).observe(render_frame(people[0], pose), 0.0)
    assert report.reason is reason
    assert report.observation is not None


def test_a_face_cut_off_by_the_edge_is_out_of_the_picture(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    whole = render_frame(people[0])
    observation = Observer(predictor).observe(whole, 0.0).observation
    assert observation is not None
    cut = np.ascontiguousarray(whole[:, int(observation.points[0, 0]) + 8 :])
    assert Observer(predictor).observe(cut, 0.0).reason is Reason.OUT_OF_PICTURE


def test_nobody_and_somebody_else_in_view_are_not_observed(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    for report in sitting(predictor, nobody(seconds=0.2)):
        assert (report.reason, report.observation) == (Reason.NO_FACE, None)
    for report in sitting(predictor, frames(people[0], beside=people[1])):
        assert (report.reason, report.observation) == (Reason.SEVERAL_FACES, None)


def test_a_covered_lens_is_darkness_not_absence(predictor: Predictor) -> None:
    assert Observer(predictor).observe(np.full((480, 640, 3), 6, np.uint8), 0.0).reason is Reason.TOO_DARK


def test_eyes_that_close_in_a_sitting_are_noticed_and_the_next_open_ones_pass(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    open_frames = [render_frame(people[0], seed=number) for number in range(7)]
    shut_frames = [render_frame(people[0], expression=SHUT, seed=number) for number in range(7, 9)]
    reports = sitting(predictor, [*open_frames, *shut_frames, *open_frames[:2]])
    assert [report.reason for report in reports[7:9]] == [Reason.EYES_CLOSED] * 2
    assert [report.reason for report in (*reports[:7], *reports[9:])] == [None] * 9


def test_an_observation_carries_the_time_and_the_numbers_of_its_face(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    report = Observer(predictor, calls=20).observe(render_frame(people[0]), 12.5)
    observation = report.observation
    assert observation is not None
    assert report.timestamp_s == observation.timestamp_s == 12.5
    assert observation.points.shape == (68, 2)
    assert observation.points.dtype == np.float32
    assert observation.calls == 20
    left, top, width, height = observation.box
    assert left < observation.points[30, 0] < left + width
    assert top < observation.points[30, 1] < top + height
    assert 40 < observation.iod_px < 55


def test_the_face_is_followed_while_it_moves_across_the_picture(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    observer = Observer(predictor)
    reports = [observer.observe(render_frame(people[0], Pose(left_cm=1.2 * step - 6)), step / 15) for step in range(11)]
    noses = [report.observation.points[30, 0] for report in reports if report.observation is not None]
    assert len(noses) == 11
    assert np.diff(noses).min() > 3
    assert {report.track for report in reports} == {reports[0].track}


def test_a_face_that_left_and_came_back_may_be_another_and_has_another_track(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    here, away = frames(people[0]), list(nobody(seconds=0.4, fps=15.0))
    reports = sitting(predictor, [*here, *away, *frames(people[1])])
    assert reports[-1].track != reports[0].track


def test_a_face_that_jumps_to_another_place_has_another_track(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    jump = [render_frame(people[0], Pose(left_cm=cm)) for cm in (-9.0,) * 6 + (9.0,) * 6]
    reports = sitting(predictor, jump)
    assert reports[-1].observation is not None
    assert reports[-1].track != reports[0].track


def test_a_face_blurred_at_the_moment_of_detection_keeps_its_track(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    clear = render_frame(people[0])
    blurred = cv2.blur(clear, (21, 21)).astype(np.uint8)
    assert Observer(predictor).observe(blurred, 0.0).observation is None
    reports = sitting(predictor, [*[clear] * 5, blurred, clear])
    assert reports[5].reason is not None
    assert reports[5].observation is not None
    assert reports[6].reason is None
    assert {report.track for report in reports} == {reports[0].track}


def test_a_second_person_is_noticed_within_five_frames(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    reports = sitting(predictor, [*frames(people[0], 3), *frames(people[0], 6, beside=people[1])])
    assert reports[0].reason is None
    assert [report.reason for report in reports[5:]] == [Reason.SEVERAL_FACES] * 4


def test_a_reset_observer_remembers_nothing(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    pictures = frames(people[0])
    observer = Observer(predictor)
    first = [observer.observe(picture, 0.0) for picture in pictures]
    observer.reset()
    second = [observer.observe(picture, 0.0) for picture in pictures]
    for one, other in zip(first, second, strict=True):
        assert one.observation is not None
        assert other.observation is not None
        assert np.array_equal(one.observation.points, other.observation.points)
    assert second[0].track != first[-1].track


def test_a_photo_is_observed_by_36_calls_in_its_own_pixels(predictor: Predictor, people: tuple[Identity, ...]) -> None:
    picture = id_photo(people[0])
    report = observe_photo(predictor, picture)
    assert report.reason is None
    assert report.observation is not None
    assert report.observation.calls == 36
    large = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    enlarged = observe_photo(predictor, large).observation
    assert enlarged is not None
    assert enlarged.iod_px == pytest.approx(4 * report.observation.iod_px, rel=0.02)
    apart = np.linalg.norm(enlarged.points / 4 - report.observation.points, axis=1).mean()
    assert apart < 0.02 * report.observation.iod_px


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (lambda person: id_photo(person, worn=Worn(mask=True)), Reason.COVERED),
        (lambda person: id_photo(person, worn=Worn(sunglasses=True)), Reason.COVERED),
        (lambda person: id_photo(person, pose=Pose(yaw_deg=25.0, distance_cm=160.0)), Reason.TURNED_LEFT),
        (lambda person: np.full((600, 480, 3), 200, np.uint8), Reason.NO_FACE),
        (lambda person: np.hstack([id_photo(person), id_photo(person)]), Reason.SEVERAL_FACES),
        (lambda person: cv2.convertScaleAbs(id_photo(person), alpha=0.2), Reason.TOO_DARK),
        (lambda person: cv2.GaussianBlur(id_photo(person), (0, 0), 8), Reason.BLURRED),
        (lambda person: cv2.resize(id_photo(person), None, fx=0.3, fy=0.3), Reason.TOO_FAR),
    ],
    ids=lambda value: str(value) if isinstance(value, Reason) else "",
)
def test_a_photo_that_cannot_be_enrolled_says_why(
    predictor: Predictor, people: tuple[Identity, ...], picture: Any, reason: Reason
) -> None:
    assert observe_photo(predictor, picture(people[0])).reason is reason


def test_a_refused_photo_says_by_how_much_the_head_is_turned(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    for yaw_deg, reason in ((18.0, Reason.TURNED_LEFT), (-18.0, Reason.TURNED_RIGHT)):
        report = observe_photo(predictor, id_photo(people[0], pose=Pose(yaw_deg=yaw_deg, distance_cm=160.0)))
        assert report.reason is reason
        assert report.observation is not None
        # The picture's angles count the other way round.
        assert report.observation.yaw_deg == pytest.approx(-yaw_deg, abs=5)


@pytest.mark.parametrize(
    "options",
    [
        {"worn": Worn(mask=True)},
        {"worn": Worn(sunglasses=True)},
        {"expression": SHUT},
        {"sensor": Sensor(blur_px=3.0)},
        {"sensor": Sensor(gain=0.2)},
        {"pose": Pose(distance_cm=110.0)},
    ],
    ids=["mask", "dark glasses", "eyes shut", "blurred", "dark", "far"],
)
def test_a_refused_face_is_observed_whatever_the_reason(
    predictor: Predictor, people: tuple[Identity, ...], options: dict[str, Any]
) -> None:
    report = Observer(predictor).observe(render_frame(people[0], **options), 0.0)
    assert report.reason not in (None, Reason.NO_FACE)
    assert report.observation is not None
    assert np.isfinite([report.observation.yaw_deg, report.observation.pitch_deg, report.observation.roll_deg]).all()
