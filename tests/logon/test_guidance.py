"""What people read: short enough for a greeter, and never which of face and liveness failed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faced.i18n import set_language
from faced.landmarks.quality import Reason
from faced.liveness.challenge import Challenge
from faced.logon import guidance
from faced.logon.outcome import Outcome, Standing


@pytest.fixture(autouse=True, params=["en", "ja"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    yield set_language(request.param)
    set_language("en")


LONGEST = {"en": 40, "ja": 20}


@pytest.mark.parametrize("reason", [None, *Reason])
def test_every_hint_is_a_short_line(reason: Reason | None, language: str) -> None:
    text = guidance.hint(reason)
    assert text and "\n" not in text
    assert len(text) <= LONGEST[language]
    assert text.isascii() == (language == "en"), "not translated"


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.EXEMPT])
def test_every_outcome_is_a_short_line(outcome: Outcome, language: str) -> None:
    text = guidance.verdict(outcome, 1800)
    assert text and "\n" not in text
    assert len(text) <= LONGEST[language]
    assert text.isascii() == (language == "en"), "not translated"


def test_what_is_said_of_a_code_is_short(language: str) -> None:
    for text in (guidance.code_hint(), guidance.code_refused()):
        assert len(text) <= LONGEST[language]
        assert text.isascii() == (language == "en"), "not translated"


@pytest.mark.parametrize("challenge", Challenge)
@pytest.mark.parametrize("how", [{}, {"again": True}, {"further": True}])
def test_every_request_is_a_short_line(challenge: Challenge, how: dict[str, bool], language: str) -> None:
    text = guidance.request(challenge, **how)
    assert text and "\n" not in text
    assert len(text) <= LONGEST[language]
    assert text.isascii() == (language == "en"), "not translated"


def test_face_and_liveness_fail_in_the_same_words() -> None:
    assert guidance.verdict(Outcome.NO_MATCH) == guidance.verdict(Outcome.NOT_LIVE)


@pytest.mark.parametrize("standing", Standing)
def test_a_remark_is_made_only_where_something_is_wrong(standing: Standing) -> None:
    assert bool(guidance.remark(standing)) == (standing not in (Standing.CLEAR, Standing.EXEMPT))
