"""The record of a liveness test: the toolbox's rule, shares, going on another day, and the file people read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from faced.errors import StateError
from faced.liveness.rules import Rule
from faced.records.liveness_html import render
from faced.records.liveness_report import Kind, LivenessReport, Setting, Tally, ToolboxVerdict, read
from faced.records.liveness_words import KINDS, RULES, VERDICTS

SETTING = Setting("1.2.3", "bb" * 32, "", "usb:046d:0825", "uvcvideo", False, False, 1, True, True)
DAY, NEXT = date(2026, 11, 24), date(2026, 11, 25)


def tried(passed: int, refused: int, kind: Kind = Kind.FLAT_PRINT, number: int = 1) -> Tally:
    tally = Tally(kind, number)
    for _try in range(passed):
        tally = tally.plus(detected=True, counted=True, passed=True, denied_by="")
    for _try in range(refused):
        tally = tally.plus(detected=True, counted=True, passed=False, denied_by="flat")
    return tally


def report(*tallies: Tally, setting: Setting = SETTING) -> LivenessReport:
    whole = LivenessReport(DAY, DAY, setting)
    for tally in tallies:
        whole = whole.having(tally, DAY)
    return whole


@pytest.mark.parametrize(
    ("passed", "refused", "verdict"),
    [
        (0, 9, "unfinished"),
        (0, 10, "pass"),
        (1, 9, "pass"),
        (2, 8, "unfinished"),
        (2, 17, "unfinished"),
        (2, 18, "pass"),
        (3, 0, "fail"),
        (3, 17, "fail"),
    ],
)
def test_ten_tries_one_may_pass_two_mean_ten_more_three_fail(passed: int, refused: int, verdict: str) -> None:
    assert tried(passed, refused).verdict == verdict


def test_what_did_not_match_makes_no_verdict() -> None:
    tally = Tally(Kind.STICK_PRINT, 1)
    for _try in range(12):
        tally = tally.plus(detected=True, counted=False, passed=False, denied_by="no_match")
    assert tally.verdict is ToolboxVerdict.UNFINISHED
    assert (tally.presented, tally.counted, tally.left_out) == (12, 0, (("no_match", 12),))


def test_shares_are_of_species_and_of_the_person_and_have_exact_upper_ends() -> None:
    whole = report(tried(0, 10), tried(1, 9, number=2), tried(0, 10, Kind.TABLET_STILL), tried(18, 2, Kind.LIVE))
    shares = whole.apcer()
    assert {kind: (share.count, share.of) for kind, share in shares.items()} == {
        Kind.FLAT_PRINT: (1, 20),
        Kind.TABLET_STILL: (0, 10),
    }
    assert shares[Kind.TABLET_STILL].upper95 == pytest.approx(1 - 0.05**0.1, abs=1e-6)
    assert (whole.bpcer().count, whole.bpcer().of) == (2, 20)


def test_another_day_goes_on_where_the_first_ended() -> None:
    before = report(tried(1, 4), tried(5, 0, Kind.LIVE))
    after = read(json.loads(json.dumps(before.document())))
    assert after == before
    going_on = after.having(
        after.tally(Kind.FLAT_PRINT, 1).plus(detected=True, counted=True, passed=False, denied_by="flat"), NEXT
    )
    assert (going_on.first_day, going_on.last_day) == (DAY, NEXT)
    assert going_on.tally(Kind.FLAT_PRINT, 1).counted == 6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("passed", 0),
        ("presented", 9),
        ("counted", -1),
        ("counted", True),
        ("kind", "mask"),
        ("number", 0),
        ("denied_by", []),
    ],
)
def test_totals_that_cannot_be_are_refused(name: str, value: object) -> None:
    document = report(tried(1, 4)).document()
    document["tallies"][0][name] = value
    with pytest.raises(StateError):
        read(document)


@pytest.mark.parametrize("document", [None, [], {}, {"format": "faced evaluation 1"}, "text"])
def test_another_file_is_refused(document: object) -> None:
    with pytest.raises(StateError, match="not the totals"):
        read(document)


def test_the_file_says_the_same_in_both_languages_and_fetches_nothing() -> None:
    html = render(report(tried(3, 2), tried(0, 10, Kind.CUT_EYES_PRINT, 4), tried(19, 1, Kind.LIVE)))
    for text in (
        "不合格",
        "合格",
        "目を切り抜いた印刷写真",
        "fail",
        "print with cut-out eyes",
        "usb:046d:0825",
        "25.9 %",
    ):
        assert text in html, text
    assert 'section lang="ja"' in html and 'section lang="en"' in html
    assert "http" not in html.replace("http-equiv", "")
    assert 'class="dummy"' not in html


def test_a_clip_is_said_to_be_one() -> None:
    assert 'class="dummy"' in render(report(setting=replace(SETTING, virtual=True)))


def test_every_word_of_the_record_is_explained() -> None:
    assert set(KINDS) == set(Kind)
    assert set(VERDICTS) == set(ToolboxVerdict)
    assert {rule.value for rule in Rule} <= set(RULES)
