"""The Japanese catalogue is complete, keeps every placeholder, and fits on the logon screen."""

from __future__ import annotations

import ast
import gettext
import os
import re
import string
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from faced.landmarks.quality import Reason
from faced.logon import guidance
from faced.logon.outcome import Outcome, Standing

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "faced" / "locale" / "ja" / "LC_MESSAGES" / "faced.po"
#: Greeters cut longer lines.
LONGEST_PROMPT = 20


def messages() -> set[str]:
    """Every message of faced/ and cli/, from the source itself."""
    found: set[str] = set()
    for path in (*(ROOT / "faced").rglob("*.py"), *(ROOT / "cli").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                (argument,) = node.args
                assert isinstance(argument, ast.Constant), f"{path}:{node.lineno}: not a plain text"
                found.add(argument.value)
    return found


@pytest.fixture(scope="module")
def translations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Message -> Japanese, as msgfmt compiles them: fuzzy and empty ones are left out."""
    compiled = tmp_path_factory.mktemp("locale") / "faced.mo"
    subprocess.run(["msgfmt", "--check", "-o", compiled, CATALOGUE], check=True, capture_output=True)
    with compiled.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    return {key: text for key, text in catalogue._catalog.items() if isinstance(key, str) and key}  # type: ignore[attr-defined]


def placeholders(text: str) -> set[str]:
    return {field for _text, field, _spec, _conversion in string.Formatter().parse(text) if field is not None}


def test_every_message_has_a_japanese_text(translations: dict[str, str]) -> None:
    assert sorted(messages() - set(translations)) == [], "run tools/locale.sh and write what is missing"


def test_no_japanese_text_is_left_of_a_message_that_is_gone(translations: dict[str, str]) -> None:
    assert sorted(set(translations) - messages()) == [], "run tools/locale.sh"


def test_every_placeholder_is_kept(translations: dict[str, str]) -> None:
    lost = {key for key, text in translations.items() if placeholders(key) != placeholders(text)}
    assert lost == set()


def test_every_text_is_japanese(translations: dict[str, str]) -> None:
    def is_japanese(text: str) -> bool:
        return any(unicodedata.name(character, "").startswith(("HIRAGANA", "KATAKANA", "CJK")) for character in text)

    assert {key for key, text in translations.items() if not is_japanese(text) and re.search("[a-z]{4}", text)} == set()


def prompts() -> list[str]:
    """Every line that can appear at a logon."""
    return [
        *(guidance.hint(reason) for reason in (None, *Reason)),
        *(guidance.verdict(outcome, 120.0) for outcome in Outcome),
        guidance.verdict(Outcome.NO_TEMPLATE, directory_away=True),
        guidance.verdict(Outcome.NO_TEMPLATE, clock_wrong=True),
        *(guidance.remark(standing) for standing in Standing),
    ]


def test_what_is_shown_at_the_logon_fits_and_accuses_nobody(translations: dict[str, str]) -> None:
    english = prompts()
    assert all(len(line) <= 40 for line in english)
    for line in english:
        template = re.sub(r"\b\d+\b", "{seconds}", line)
        japanese = translations[template].replace("{seconds}", "120") if line else ""
        assert len(japanese) <= LONGEST_PROMPT, japanese
        assert not re.search("不正|違反|失敗|偽|別人|エラー", japanese), japanese


def test_facectl_and_click_speak_japanese(tmp_path: Path) -> None:
    folder = tmp_path / "locale" / "ja" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    for source in CATALOGUE.parent.glob("*.po"):
        subprocess.run(["msgfmt", "--check", "-o", folder / f"{source.stem}.mo", source], check=True)
    code = (
        "import sys; from pathlib import Path; import faced, faced.i18n, cli.run\n"
        f"faced.__file__ = faced.i18n.__file__ = {str(tmp_path / 'x.py')!r}\n"
        "from cli.main import main; sys.argv = ['facectl', '--language', 'ja', *sys.argv[1:]]; main()"
    )

    def facectl(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    assert "使い方: facectl" in facectl("--help")
    assert "職員の登録、端末の参加" in facectl("--help")
    assert "オプションを指定してください" in facectl("enroll")
    assert "というコマンドはありません" in facectl("nonsense")
    assert "次から選んでください" in facectl("completion", "csh")
