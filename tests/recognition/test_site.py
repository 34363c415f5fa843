from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest

from faced.errors import MetricError
from faced.recognition.calibration import OperatingPoint
from faced.recognition.decision import Decision, Matcher
from faced.recognition.metric import Metric
from faced.recognition.site import FEWEST_PEOPLE, SiteCalibration, SiteThreshold
from faced.recognition.template import FaceTemplate, Sample, Source
from tests.recognition.population import Population, population


def at_the_site() -> Population:
    """People whose pictures all share one distortion, as one camera and one room make it."""
    drawn = population()
    common = np.random.default_rng(77).normal(size=len(drawn.person_sd)) * 0.012
    return replace(drawn, mean=drawn.mean + (common @ drawn.directions[: len(common)]).reshape(68, 2))


def pictures(people: int, each: int, seed: int) -> np.ndarray:
    """(people, each, 68, 2) px."""
    rng = np.random.default_rng(seed)
    place = at_the_site()
    who = place.people(people, rng)
    return place.photos(np.repeat(who, each, axis=0), rng).reshape(people, each, 68, 2)


def template(points: np.ndarray) -> FaceTemplate:
    return FaceTemplate((Sample.from_points(points, 0.003, Source.PHOTO, 17_000),))


@pytest.fixture(scope="module")
def calibration(trained: Metric) -> SiteCalibration:
    return SiteCalibration.over(trained, [template(photo) for photo in pictures(60, 1, seed=1)[:, 0]])


def accepted(
    metric: Metric, point: OperatingPoint, site: SiteCalibration | None, sittings: np.ndarray
) -> tuple[float, float]:
    """Shares of own and of others' sittings that match; the people are not those of the calibration."""
    own, others = [], []
    for person, pictures_of_person in enumerate(sittings):
        enrolled = template(pictures_of_person[0])
        for visitor, pictures_of_visitor in enumerate(sittings):
            matcher = Matcher(metric, point, enrolled, site, min_frames=3, max_frames=3)
            for frame in pictures_of_visitor[1:]:
                matcher.add(frame, 0.003)
            matched = matcher.verdict().decision is Decision.MATCH
            (own if visitor == person else others).append(matched)
    return float(np.mean(own)), float(np.mean(others))


def test_what_a_site_has_in_common_lets_strangers_in_until_it_is_subtracted(
    trained: Metric, operating_point: OperatingPoint, calibration: SiteCalibration
) -> None:
    sittings = pictures(24, 4, seed=2)
    _own, strangers_before = accepted(trained, operating_point, None, sittings)
    own, strangers = accepted(trained, operating_point, calibration, sittings)
    assert strangers_before > 0.04
    assert strangers < 0.015
    assert own > 0.9


def test_a_calibration_of_another_metric_is_not_used(
    trained: Metric, operating_point: OperatingPoint, calibration: SiteCalibration
) -> None:
    sittings = pictures(2, 4, seed=3)
    foreign = replace(calibration, metric_id=bytes(32))
    verdicts = []
    for site in (None, foreign, calibration):
        matcher = Matcher(trained, operating_point, template(sittings[0, 0]), site, min_frames=1)
        matcher.add(sittings[1, 1], 0.003)
        verdicts.append(matcher.verdict())
    assert verdicts[0] == verdicts[1]
    assert verdicts[0] != verdicts[2]


def test_the_sites_own_impostors_raise_the_threshold_and_never_lower_it(
    trained: Metric, operating_point: OperatingPoint, calibration: SiteCalibration
) -> None:
    frame = pictures(1, 2, seed=4)[0]
    shipped = operating_point.threshold(1, 1)
    for own, expected in ((shipped + 5, shipped + 5), (shipped - 5, shipped)):
        site = replace(calibration, thresholds=(SiteThreshold(0.01, own, 1770),))
        matcher = Matcher(trained, operating_point, template(frame[0]), site, min_frames=1)
        assert matcher.verdict().threshold == expected
        matcher.add(frame[1], 0.003)
        assert matcher.verdict().threshold == expected


def test_a_threshold_is_given_only_where_enough_pairs_were_compared(
    trained: Metric, calibration: SiteCalibration
) -> None:
    assert [entry.fmr for entry in calibration.thresholds] == [0.1, 0.01]
    assert {entry.pairs for entry in calibration.thresholds} == {60 * 59 // 2}
    assert calibration.threshold(0.001) is None
    few = SiteCalibration.over(trained, [template(photo) for photo in pictures(10, 1, seed=5)[:, 0]])
    assert few.thresholds == ()


def test_the_sites_threshold_holds_its_rate_on_other_people_of_the_site(
    trained: Metric, calibration: SiteCalibration
) -> None:
    others = pictures(80, 1, seed=6)[:, 0]
    evidence = trained.evidence(others, np.full(80, 0.003)).centred(calibration.centre)
    impostor = trained.score(evidence, evidence)[~np.eye(80, dtype=bool)]
    score = calibration.threshold(0.01)
    assert score is not None
    assert 0.002 < (impostor > score).mean() < 0.025


def test_a_small_sites_threshold_is_measured_without_the_two_people_themselves(trained: Metric) -> None:
    templates = [template(photo) for photo in pictures(34, 1, seed=7)[:, 0]]
    site = SiteCalibration.over(trained, templates)
    latent = np.concatenate([entry.evidence(trained).latent for entry in templates])
    naive = latent - latent.sum(axis=0) / (len(latent) + 3)
    impostor = trained.population.llr(naive, naive)[np.triu_indices(34, 1)]
    score = site.threshold(0.01)
    assert score is not None
    assert score > np.quantile(impostor, 0.99)


def test_the_centre_is_drawn_towards_the_training_set_when_people_are_few(trained: Metric) -> None:
    photos = [template(photo) for photo in pictures(60, 1, seed=8)[:, 0]]
    latent = np.concatenate([photo.evidence(trained).latent for photo in photos[:FEWEST_PEOPLE]])
    site = SiteCalibration.over(trained, photos[:FEWEST_PEOPLE])
    assert np.abs(site.centre - latent.mean(axis=0) * 7 / 10).max() <= 0.125


def test_means_before_and_after_one_enrolment_do_not_give_the_person_away(trained: Metric) -> None:
    photos = [template(photo) for photo in pictures(41, 1, seed=9)[:, 0]]
    before, after = SiteCalibration.over(trained, photos[:40]), SiteCalibration.over(trained, photos)
    guess = after.centre * 44 - before.centre * 43
    secret = photos[40].evidence(trained).latent[0]
    # A second photo of the person would be off by 1.4 in every dimension.
    assert np.sqrt(((guess - secret) ** 2).mean()) > 2.0


def test_a_large_site_is_calibrated_in_bounded_time_from_a_part_of_its_pairs(trained: Metric) -> None:
    site = SiteCalibration.over(trained, [template(photo) for photo in pictures(300, 1, seed=10)[:, 0]])
    assert site.people == 300
    assert {entry.pairs for entry in site.thresholds} == {200 * 199 // 2}


def test_too_few_people_are_no_site(trained: Metric) -> None:
    photos = [template(photo) for photo in pictures(FEWEST_PEOPLE - 1, 1, seed=11)[:, 0]]
    with pytest.raises(MetricError):
        SiteCalibration.over(trained, photos)


def test_the_bytes_of_a_known_calibration() -> None:
    site = SiteCalibration(b"\x11" * 32, 20, np.array([0.25, -1.0, 0.0]), (SiteThreshold(0.01, 2.5, 190),))
    expected = b"\x01" + b"\x11" * 32 + bytes.fromhex("14000000 0300 010100 fcff 0000")
    expected += struct.pack("<dd", 0.01, 2.5) + bytes.fromhex("be000000")
    assert site.encode() == expected
    decoded = SiteCalibration.decode(expected)
    assert decoded.encode() == expected
    assert (decoded.people, decoded.centre.tolist(), decoded.threshold(0.01)) == (20, [0.25, -1.0, 0.0], 2.5)


def test_a_calibration_comes_back_as_it_was(calibration: SiteCalibration) -> None:
    decoded = SiteCalibration.decode(calibration.encode())
    assert np.array_equal(decoded.centre, calibration.centre)
    assert decoded.thresholds == calibration.thresholds
    assert (decoded.people, decoded.metric_id) == (60, calibration.metric_id)


def test_other_bytes_are_refused(calibration: SiteCalibration) -> None:
    data = calibration.encode()
    few_people = data[:33] + struct.pack("<I", 6) + data[37:]
    nan = data[:-20] + struct.pack("<dd", 0.01, float("nan")) + data[-4:]
    certain = data[:-20] + struct.pack("<dd", 1.0, 2.0) + data[-4:]
    for wrong in (b"", data[:10], data[:-1], data + b"\0", b"\x02" + data[1:], few_people, nan, certain):
        with pytest.raises(MetricError):
            SiteCalibration.decode(wrong)


def test_a_centre_of_other_dimensions_is_refused_when_it_is_used(
    trained: Metric, operating_point: OperatingPoint, calibration: SiteCalibration
) -> None:
    photo = template(pictures(1, 1, seed=12)[0, 0])
    for dimensions in (1, 5):
        cut = replace(calibration, centre=calibration.centre[:dimensions])
        with pytest.raises(MetricError):
            Matcher(trained, operating_point, photo, cut)


def test_unless_the_sites_own_impostors_are_known_the_stricter_score_is_asked_for(
    trained: Metric, operating_point: OperatingPoint, calibration: SiteCalibration
) -> None:
    strict = tuple(replace(entry, score=entry.score + 3) for entry in operating_point.thresholds)
    point = replace(operating_point, uncalibrated=strict)
    photo = template(pictures(1, 1, seed=13)[0, 0])
    own = replace(calibration, thresholds=(SiteThreshold(0.01, -5.0, 1770),))
    too_few = replace(calibration, thresholds=())
    foreign = replace(own, metric_id=bytes(32))
    thresholds = [Matcher(trained, point, photo, site).verdict().threshold for site in (own, too_few, foreign, None)]
    assert thresholds[1:] == [thresholds[0] + 3] * 3
