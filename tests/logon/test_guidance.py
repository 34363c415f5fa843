"""What people read: short enough for a greeter, and never which of face and liveness failed."""

from __future__ import annotations

import pytest

from faced.i18n import set_language
from faced.landmarks.quality import Reason
from faced.logon import guidance
from faced.logon.outcome import Outcome, Standing


@pytest.fixture(autouse=True, params=["en", "ja"])
def language(request: pytest.FixtureRequest) -> str:
    return set_language(request.param)


def longest(language: str) -> int:
    return 40 if language == "en" else 20


@pytest.mark.parametrize("reason", [None, *Reason])
def test_every_hint_is_a_short_line(reason: Reason | None, language: str) -> None:
    text = guidance.hint(reason)
    assert text and "\n" not in text
    # Until there is a Japanese catalogue the English text is shown.
    assert len(text) <= (longest(language) if not text.isascii() else 40)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.EXEMPT])
def test_every_outcome_is_a_short_line(outcome: Outcome, language: str) -> None:
    text = guidance.verdict(outcome, 1800)
    assert text and "\n" not in text
    assert len(text) <= (longest(language) if not text.isascii() else 40)


def test_face_and_liveness_fail_in_the_same_words() -> None:
    assert guidance.verdict(Outcome.NO_MATCH) == guidance.verdict(Outcome.NOT_LIVE)


@pytest.mark.parametrize("standing", Standing)
def test_a_remark_is_made_only_where_something_is_wrong(standing: Standing) -> None:
    assert bool(guidance.remark(standing)) == (standing not in (Standing.CLEAR, Standing.EXEMPT))
