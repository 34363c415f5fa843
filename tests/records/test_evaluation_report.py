from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from faced.recognition.error_rates import EqualErrorRate, Proportion
from faced.records.evaluation_html import render
from faced.records.evaluation_report import (
    AtThreshold,
    Basis,
    Breakdown,
    Condition,
    EvaluationReport,
    GroupRates,
    Instrument,
)

SOME = Proportion(3, 400, 100, 0.001, 0.02)
MANY = Proportion(90, 9900, 100, 0.004, 0.015)
RATES = (AtThreshold(0.01, MANY, SOME), AtThreshold(0.001, replace(MANY, errors=9), None))
REPORT = EvaluationReport(
    day=date(2026, 10, 15),
    basis=Basis.PHOTOS,
    dummy=False,
    least_people=10,
    people=101,
    pictures=505,
    left_out=0,
    fte=Proportion(1, 101, 101, 0.0, 0.05),
    fta=SOME,
    refusals=(("eyes_closed", 12), ("photo_from_mars", 11)),
    refused_otherwise=4,
    conditions=(
        Condition(1, False, RATES, EqualErrorRate(0.02, 100, 0.01, 0.03), ((0.3, 0.001), (0.01, 0.05))),
        Condition(1, True, RATES, None, ((0.2, 0.001), (0.005, 0.05))),
    ),
    breakdown=Breakdown(
        0.01, True, (GroupRates("<60", 60, SOME, None, MANY, SOME), GroupRates(None, 41, SOME, None, MANY, SOME))
    ),
    instrument=Instrument("1.2.3", "aa" * 32, "bb" * 32, "press photos"),
)


class Outline(HTMLParser):
    """What is open at the end, the languages of the sections, and everything that could be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.languages: list[str | None] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        if tag == "section":
            self.languages.append(dict(attributes).get("lang"))
        self.fetched += [value or "" for name, value in attributes if name in ("src", "href", "xlink:href", "srcset")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attributes if name in ("src", "href", "xlink:href")]


def outline(text: str) -> Outline:
    found = Outline()
    found.feed(text)
    found.close()
    assert found.open == []
    return found


def section(text: str, language: str) -> str:
    return text[text.index(f'<section lang="{language}">') :].split("</section>")[0]


def test_the_file_is_whole_and_fetches_nothing() -> None:
    text = render(REPORT)
    found = outline(text)
    assert found.languages == ["ja", "en", None]
    assert all(value.startswith("#") for value in found.fetched)
    assert "@import" not in text and "url(http" not in text
    assert text.count("<svg") == 1


def test_both_languages_hold_the_same_figures() -> None:
    text = render(REPORT)
    figures = [re.findall(r'<td class="n">([^<]*)</td>', section(text, language)) for language in ("ja", "en")]
    assert figures[0] == figures[1]
    assert {"0.91 %", "0.40 % – 1.50 %", "90 / 9,900", "100"} <= set(figures[0])


def test_the_main_figures_are_a_sentence_too() -> None:
    text = render(REPORT)
    assert "about 9 (4 to 15) match by mistake" in section(text, "en")
    assert "about 8 (1 to 20) do not match" in section(text, "en")
    assert "約9(4~15)回" in section(text, "ja")


def test_every_word_of_the_standard_is_explained_in_both() -> None:
    text = render(REPORT)
    for word in ("FMR", "FNMR", "FTE", "FTA", "FAR / FRR", "DET", "EER", "genuine / impostor", "enrolment / probe"):
        assert f"<dt>{word}</dt>" in section(text, "ja")
        assert f"<dt>{word}</dt>" in section(text, "en")


def test_it_says_what_it_must_not_be_used_for() -> None:
    english = section(render(REPORT), "en")
    for words in ("other people", "attacks", "groups that were not measured", "FAR, FRR"):
        assert words in english.split("What it may not be used to claim")[1]


def test_what_is_withheld_is_a_dash_and_few_errors_are_marked() -> None:
    english = section(render(REPORT), "en")
    assert '<td class="n">—</td>' in english
    assert "0.75 %*" in english and "0.91 %*" not in english
    assert "fewer than 10 people" in english


def test_names_from_outside_are_text() -> None:
    text = render(REPORT)
    assert "<td>&lt;60</td>" in text and "<60" not in text
    assert "all other groups together" in text and "ほかのグループの合計" in text


def test_dummies_are_marked_and_nobody_else() -> None:
    assert 'class="dummy"' not in render(REPORT)
    marked = render(replace(REPORT, dummy=True))
    assert "ダミーデータ" in section(marked, "ja") and "do not exist" in section(marked, "en")


def test_without_matplotlib_there_are_tables_and_a_word_how_to_get_the_plot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    text = render(REPORT)
    outline(text)
    assert "<svg" not in text
    assert "faced[report]" in section(text, "ja") and "faced[report]" in section(text, "en")


def test_one_picture_a_person_is_said_to_tell_nothing_of_refusals() -> None:
    bare = replace(
        REPORT,
        fta=None,
        breakdown=None,
        conditions=(Condition(1, True, (AtThreshold(0.01, MANY, None),), None, ()),),
    )
    text = render(bare)
    assert "FNMR) cannot be told" in text
    assert "(not measured)" in text
    assert "By group" not in text


def test_enrolled_people_have_no_failures_to_enrol() -> None:
    text = section(render(replace(REPORT, basis=Basis.ENROLLED, fte=None, fta=None, left_out=3)), "en")
    assert "already were compared" in text
    assert "one later sitting" in text
    assert "Left out as unusable</th><td>3<" in text


def test_a_breakdown_that_would_give_a_small_group_away_is_explained() -> None:
    hidden = render(replace(REPORT, breakdown=Breakdown(0.01, True, ())))
    assert "would reveal a group of fewer than 10 people" in hidden


def test_the_document_for_programs() -> None:
    document = json.loads(json.dumps(REPORT.document()))
    assert set(document) == {
        *("format", "day", "basis", "dummy", "least_people", "people", "pictures", "left_out", "fte", "fta"),
        *("refusals", "refused_otherwise", "conditions", "breakdown", "instrument"),
    }
    assert (document["format"], document["day"], document["basis"]) == ("faced evaluation 1", "2026-10-15", "photos")
    assert document["conditions"][0]["rates"][0] == {
        "aim": 0.01,
        "fmr": {"errors": 90, "trials": 9900, "people": 100, "low": 0.004, "high": 0.015, "rate": 0.009091},
        "fnmr": {"errors": 3, "trials": 400, "people": 100, "low": 0.001, "high": 0.02, "rate": 0.0075},
    }
    assert set(document["conditions"][0]) == {"pictures", "calibrated", "rates", "eer", "curve"}
    assert document["conditions"][1]["eer"] is None
    assert document["breakdown"]["groups"][1]["group"] is None
