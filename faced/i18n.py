"""Messages in the site's language, Japanese or English.

The process's own locale is not asked: PAM and systemd run in another one than the person at the screen
(lightdm-gtk-greeter shows untranslated text for that reason). The configuration says it, else /etc/locale.conf or
/etc/default/locale.
"""

from __future__ import annotations

import gettext
from pathlib import Path

DOMAIN = "faced"
LANGUAGES = ("ja", "en")
_LOCALE_FILES = (Path("/etc/locale.conf"), Path("/etc/default/locale"))
_catalogue: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def set_language(language: str = "") -> str:
    """Choose the language of all messages from here on.

    :param language: "ja" or "en"; empty for the machine's own setting.
    :return: the language in force.
    """
    global _catalogue, _language
    chosen = language if language in LANGUAGES else _machine_language()
    _catalogue = gettext.translation(
        DOMAIN, localedir=Path(__file__).parent / "locale", languages=[chosen], fallback=True
    )
    _language = chosen
    return chosen


def language() -> str:
    """The language in force, for texts that are kept in both."""
    return _language


def _(message: str) -> str:
    """The message in the language in force; the English text is the key."""
    return _catalogue.gettext(message)


def _machine_language() -> str:
    for path in _LOCALE_FILES:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            name, _equals, value = line.strip().partition("=")
            if name in ("LC_ALL", "LC_MESSAGES", "LANG") and value.strip("\"'").startswith("ja"):
                return "ja"
    return "en"
