"""Sheets and screens before a camera, and people before all that is straight in an office."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.dummy import Identity, Pose, id_photo, render_frame
from faced.dummy.attack import Sheet, show
from faced.dummy.scene import WEBCAM, office
from faced.landmarks.detector import Box, FaceDetector
from faced.landmarks.observe import Observer
from faced.landmarks.predictor import Predictor
from faced.landmarks.surroundings import Surroundings, digest, raster_peak

Image = NDArray[np.uint8]
LOOKS = 14
#: The part of an ID photo that fills a telephone's screen.
TALL = (slice(30, 600), slice(60, 420))


def noisy(light: NDArray[np.float32], index: int) -> Image:
    return WEBCAM.develop(light, np.random.default_rng(index))


def sheets(photo: Image, sheet: Sheet, shifts_cm: Sequence[float]) -> list[Image]:
    room = office(4)
    return [noisy(show(photo, sheet, room, shift_cm=(shift, 0)), k) for k, shift in enumerate(shifts_cm)]


def swaying(cm: float) -> list[float]:
    return [cm * float(np.sin(index / 2.5)) for index in range(LOOKS)]


def before_a_door(person: Identity, *, person_cm: float = 0.0, camera_px: float = 0.0) -> list[Image]:
    """Somebody before a bright door frame; the camera may sway."""
    room = office(5)
    cv2.rectangle(room, (200, -10), (440, 500), (0.9, 0.9, 0.9), -1)
    cv2.rectangle(room, (200, -10), (440, 500), (0.1, 0.1, 0.1), 8)
    pictures = []
    for index, sway in enumerate(swaying(1.0)):
        seen = render_frame(person, Pose(left_cm=person_cm * sway), background=room, seed=index)
        pictures.append(np.roll(seen, round(camera_px * sway), axis=1))
    return pictures


def most(pictures: Iterable[Image], surroundings: Surroundings | None = None) -> dict[str, float]:
    """The highest value of each cue at the last third of the looks."""
    surroundings = surroundings or Surroundings(every=1)
    highest: dict[str, float] = {}
    for index, picture in enumerate(pictures):
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        box = FaceDetector.shared().detect(grey)[0]
        for cue in surroundings.look(grey, box):
            if index >= 2 * LOOKS // 3:
                highest[cue.name] = max(cue.value, highest.get(cue.name, 0.0))
    return highest


def peak(picture: Image) -> float:
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    return raster_peak(grey, FaceDetector.shared().detect(grey)[0])


def test_edges_of_a_sheet_that_a_hand_moves_deny(people: tuple[Identity, ...]) -> None:
    moved = most(sheets(id_photo(people[0]), Sheet(width_cm=15), swaying(0.8)))
    assert moved["print_edges"] > 1


def test_a_sheet_on_a_stand_has_no_moving_edges(people: tuple[Identity, ...]) -> None:
    still = most(sheets(id_photo(people[0]), Sheet(width_cm=15), [0.0] * LOOKS))
    assert still["print_edges"] == 0


def test_another_sitting_knows_nothing_of_the_edges_of_the_one_before(people: tuple[Identity, ...]) -> None:
    surroundings = Surroundings(every=1)
    pictures = sheets(id_photo(people[0]), Sheet(width_cm=15), swaying(0.8))
    most(pictures, surroundings)
    surroundings.reset()
    box = Box(230, 150, 180, 180)
    grey = np.asarray(cv2.cvtColor(pictures[-1], cv2.COLOR_BGR2GRAY), np.uint8)
    assert {cue.name: cue.value for cue in surroundings.look(grey, box)}["print_edges"] == 0


def test_a_person_who_moves_before_a_door_frame_is_no_sheet(people: tuple[Identity, ...]) -> None:
    assert max(most(before_a_door(people[0], person_cm=1.5)).values()) < 0.5


def test_a_camera_that_sways_moves_all_lines_and_denies_nobody(people: tuple[Identity, ...]) -> None:
    assert max(most(before_a_door(people[2], camera_px=12)).values()) < 0.5


def test_a_picture_on_a_telephone_ends_before_the_shoulders(people: tuple[Identity, ...]) -> None:
    photo = np.ascontiguousarray(id_photo(people[1])[TALL])
    assert most(sheets(photo, Sheet(width_cm=12, distance_cm=30, screen=True), [0.0] * LOOKS))["screen_border"] > 1


def test_the_raster_of_a_screen_shows_and_a_face_has_none(people: tuple[Identity, ...]) -> None:
    shown = sheets(id_photo(people[2]), Sheet(width_cm=15, distance_cm=21, screen=True), [0.0])[0]
    assert peak(shown) > 60
    for person in people:
        assert peak(render_frame(person)) < 30


def test_blocks_of_motion_jpeg_are_no_raster(people: tuple[Identity, ...]) -> None:
    for quality in (30, 60, 90):
        data = cv2.imencode(".jpg", render_frame(people[3]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        assert peak(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)) < 30


def test_a_face_at_the_edge_of_the_picture_says_nothing() -> None:
    grey = np.random.default_rng(1).integers(0, 255, (480, 640), np.uint8)
    for box in (Box(-60, 100, 150, 150), Box(560, 400, 150, 150), Box(200, 0, 400, 400)):
        surroundings = Surroundings(every=1)
        assert all(cue.value < 1 for _look in range(LOOKS) for cue in surroundings.look(grey, box))


def test_a_digest_tells_two_frames_by_their_noise(people: tuple[Identity, ...]) -> None:
    one, again, other = (render_frame(people[0], seed=seed) for seed in (1, 1, 2))
    assert digest(one) == digest(again)
    assert digest(one) != digest(other)
    assert len(digest(one)) == 16


def test_every_frame_is_reported_with_its_digest_and_faces_with_cues(
    predictor: Predictor, people: tuple[Identity, ...]
) -> None:
    observer, seen = Observer(predictor, calls=4), render_frame(people[0])
    reports = [observer.observe(picture, index / 30) for index, picture in enumerate((seen, seen, seen, seen * 0))]
    assert [report.digest for report in reports] == [digest(picture) for picture in (seen, seen, seen, seen * 0)]
    assert {cue.name for report in reports for cue in report.cues} == {"print_edges", "screen_border", "screen_raster"}
