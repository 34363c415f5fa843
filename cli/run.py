"""What every command is given: the configuration (read when first asked for), the clock and the language."""

from __future__ import annotations

import functools
import gettext
import os
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

import faced
from faced import config as configuration
from faced.config import Config
from faced.i18n import LANGUAGES, set_language

if TYPE_CHECKING:
    from faced.trust.keys import Argon2id


@dataclass
class Run:
    """One run of facectl.

    :param config_path: the configuration file; None for $FACED_CONFIG or the default place.
    :param clock: unix seconds.
    :param cost: what guessing the passphrase of a key made now costs.
    :param handler: who acts at the station, where several handlers have keys there.
    """

    config_path: Path | None = None
    clock: Callable[[], float] = time.time
    cost: Argon2id | None = None
    handler: str | None = None

    @functools.cached_property
    def config(self) -> Config:
        """The configuration, checked.

        :raises ConfigError: as :func:`faced.config.load`.
        """
        return configuration.load(self.config_path)

    @property
    def predictor(self) -> Path | None:
        """The configured landmark predictor; None for the installed one, also where nothing is configured at all.

        For commands that need no realm and no directory and may run on any computer.

        :raises ConfigError: there is a configuration, and it is wrong.
        """
        named = self.config_path is not None or bool(os.environ.get("FACED_CONFIG"))
        if not named and not configuration.DEFAULT_PATH.exists():
            return None
        return self.config.landmarks.predictor

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock())

    def station(self, chosen: Path | None) -> Path:
        """The authority station's folder: the one named on the command line, else the configured one."""
        return chosen if chosen is not None else self.config.station.path


pass_run = click.make_pass_decorator(Run, ensure=True)


def choose_language(arguments: Sequence[str]) -> str:
    """Set the language before any text is made: --language, else the configuration's, else the terminal's ($LANG).

    Help texts are made when a command's module is imported, so this cannot wait for click to read the options; and
    it must not fail, for the file may be missing or wrong and the help still has to appear.
    """
    wanted = _after("--language", arguments) or os.environ.get("FACED_LANGUAGE") or _configured(arguments)
    if wanted not in LANGUAGES:
        terminal = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
        wanted = terminal[:2] if terminal[:2] in LANGUAGES else ""
    chosen = set_language(wanted)
    _translate_click(chosen)
    return chosen


def _translate_click(language: str) -> None:
    """click asks the global gettext for its own words (Usage, Options, Missing argument ...)."""
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain("click", Path(faced.__file__).parent / "locale")
    gettext.textdomain("click")


def _configured(arguments: Sequence[str]) -> str:
    path = _after("--config", arguments) or os.environ.get("FACED_CONFIG") or str(configuration.DEFAULT_PATH)
    try:
        with open(path, "rb") as file:
            return str(tomllib.load(file).get("language", ""))
    except (OSError, ValueError):
        return ""


def _after(option: str, arguments: Sequence[str]) -> str:
    for index, argument in enumerate(arguments):
        if argument == option and index + 1 < len(arguments):
            return arguments[index + 1]
        if argument.startswith(option + "="):
            return argument.partition("=")[2]
    return ""
