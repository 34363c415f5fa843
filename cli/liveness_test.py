"""`facectl liveness-test`: a site holds its own prints before its own PC's camera and gets a filled-in report."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.exit_codes import ExitCode
from cli.liveness_bench import Bench
from cli.printing import (
    check_writable,
    confirm,
    dry_run_option,
    json_option,
    print_json,
    print_table,
    write_report,
    yes_option,
)
from cli.run import Run, pass_run
from faced.errors import StateError
from faced.i18n import LANGUAGES, _, language
from faced.units import JST

if TYPE_CHECKING:
    from faced.camera.base import CameraInfo
    from faced.logon.presentation import Presentation
    from faced.records.liveness_report import Kind, LivenessReport, Tally, ToolboxVerdict

#: As :class:`faced.records.liveness_report.Kind`, which is not loaded for the help.
_KINDS = (
    "flat_print",
    "bent_print",
    "moved_print",
    "cut_eyes_print",
    "stick_print",
    "tablet_still",
    "tablet_replay",
    "other",
    "live",
)
_LEAVE = "q"


@click.command(
    "liveness-test",
    help=_(
        "Hold an artefact (a printed photo, a tablet) before this PC's camera, again and again, and count how often "
        "it is taken for a living person. KIND says what it is; 'live' is the person itself.\n\n"
        "The person on the picture must have agreed. Nobody is logged on, no try is counted against anybody, and "
        "only counts are kept: no picture, no coordinate, no name. Without KIND the report is written anew.\n\n"
        "Ten tries that count for each artefact: none or one may pass, two mean ten more, three fail."
    ),
    epilog=f"KIND: {', '.join(_KINDS)}",
)
@click.argument("kind", required=False, type=click.Choice(_KINDS), metavar="[KIND]")
@click.option(
    "--artefact",
    "number",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="NUMBER",
    help=_("Which artefact of this kind: the number you wrote on its back."),
)
@click.option(
    "--photo",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=_("The ID photo of the person shown: only tries that match it count. Without it all faces count."),
)
@click.option(
    "--append",
    "totals",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.json",
    help=_("Keep the totals in this file, and go on with those in it."),
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help=_("Write the report, in Japanese and English."),
)
@click.option(
    "--tries",
    type=click.IntRange(1, 200),
    metavar="COUNT",
    help=_("Stop after so many tries, if not before."),
)
@click.option(
    "--every",
    "pause_s",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help=_("Begin the next try after so many seconds instead of waiting for Enter."),
)
@click.option("--silent", is_flag=True, help=_("As at screen lockers that show no text: nothing is asked for."))
@yes_option
@dry_run_option
@json_option
@pass_run
def liveness_test(
    run: Run,
    kind: str | None,
    number: int,
    photo: Path | None,
    totals: Path | None,
    out: Path | None,
    tries: int | None,
    pause_s: float | None,
    silent: bool,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Needs the right to use the camera, while nobody logs on; no root, no station and no directory."""
    from faced.records.liveness_report import Kind

    for path in (totals, out):
        check_writable(path)
    earlier = _earlier(totals)
    if kind is None:
        if earlier is None:
            raise click.UsageError(_("Say what is tried (KIND), or name totals that are there (--append)."))
        report = earlier
    else:
        plan = _Plan(Kind(kind), number, tries or _usual(Kind(kind)), pause_s)
        plan.check(earlier)
        click.echo(plan.text(matching=photo is not None), err=True)
        if dry_run:
            return ExitCode.DONE
        confirm(_("Has the person on the picture agreed to this test?"), yes=yes)
        bench = Bench.prepared(run, photo, silent=silent)
        report = _Series(bench, plan, earlier, totals).run()
    if out is not None:
        from faced.records.liveness_html import render

        write_report(out, render(report))
    if as_json:
        print_json(report.document())
    else:
        _print(report)
        if out is not None:
            click.echo(_("The report is in {path}.").format(path=out))
    failed = any(entry.verdict.value == "fail" for entry in report.attacks)
    return ExitCode.REFUSED if failed else ExitCode.DONE


@dataclass(frozen=True)
class _Plan:
    """What is tried now.

    :param pause_s: None: Enter begins each try.
    """

    kind: Kind
    number: int
    tries: int
    pause_s: float | None

    @property
    def live(self) -> bool:
        return self.kind.value == "live"

    def check(self, earlier: LivenessReport | None) -> None:
        """There is something left to try.

        :raises StateError: the verdict about this artefact is known.
        """
        if earlier is not None and self.decided(earlier.tally(self.kind, self.number)):
            raise StateError(
                _("The verdict about this artefact is there already. Give the next one another --artefact NUMBER."),
                reason="artefact_decided",
            )

    def decided(self, tally: Tally) -> bool:
        """Whether more tries would change nothing."""
        return not self.live and tally.verdict.value != "unfinished"

    def text(self, *, matching: bool) -> str:
        """What will happen."""
        what = (
            _("The person sits before the camera as at a logon, up to {tries} times.")
            if self.live
            else _("The artefact {kind} {number} is held before the camera, up to {tries} times.")
        ).format(kind=_kind(self.kind), number=self.number, tries=self.tries)
        counts = (
            _("Only tries that match the photo count.")
            if matching
            else _("All faces are taken for the person: there is no matching.")
        )
        return " ".join([what, counts, _("Do what the lines ask for, as far as it can be done.")])


class _Series:
    """Try after try, kept after each."""

    def __init__(self, bench: Bench, plan: _Plan, earlier: LivenessReport | None, totals: Path | None) -> None:
        self._bench = bench
        self._plan = plan
        self._report = earlier
        self._totals = totals

    def run(self) -> LivenessReport:
        """Until the verdict, the last try, or somebody has enough."""
        for turn in range(self._plan.tries):
            if not self._ready(turn):
                break
            tally = self._take(*self._bench.present())
            if self._plan.decided(tally):
                break
        if self._report is None:
            click.echo(_("Nothing was done."), err=True)
            raise click.exceptions.Exit(ExitCode.REFUSED)
        return self._report

    def _ready(self, turn: int) -> bool:
        if self._plan.pause_s is not None:
            time.sleep(self._plan.pause_s)
            click.echo(_("Try {turn} of {tries}").format(turn=turn + 1, tries=self._plan.tries), err=True)
            return True
        text = _("Try {turn} of {tries}: Enter begins, q ends").format(turn=turn + 1, tries=self._plan.tries)
        return str(click.prompt(text, default="", show_default=False, err=True)).strip().lower() != _LEAVE

    def _take(self, ended: Presentation, info: CameraInfo) -> Tally:
        day = datetime.fromtimestamp(self._bench.run.now, JST).date()
        fresh = self._bench.begun(info, day)
        if self._report is None:
            self._report = fresh
        elif self._report.setting != fresh.setting:
            raise StateError(
                _(
                    "The totals were counted with another camera, version or setting. Begin another file for this one; "
                    "this try was not counted."
                ),
                reason="liveness_setting",
            )
        tally = self._report.tally(self._plan.kind, self._plan.number).plus(
            detected=ended.detected, counted=ended.counted, passed=ended.passed, denied_by=ended.denied_by
        )
        self._report = self._report.having(tally, day)
        if self._totals is not None:
            _keep(self._totals, self._report)
        self._say(ended, tally)
        return tally

    def _say(self, ended: Presentation, tally: Tally) -> None:
        if not ended.counted:
            text = _("  Does not count ({rule}).").format(rule=_rule(ended.denied_by))
        elif ended.passed:
            text = _("  Taken for a living person.")
        else:
            text = _("  Refused ({rule}).").format(rule=_rule(ended.denied_by))
        counts = _("So far {counted} count, {passed} of them passed.")
        click.echo(f"{text} {counts.format(counted=tally.counted, passed=tally.passed)}", err=True)


def _usual(kind: Kind) -> int:
    """Tries that are enough for a verdict even if half of them do not count."""
    return 20 if kind.value == "live" else 40


def _earlier(totals: Path | None) -> LivenessReport | None:
    from faced.records.liveness_report import read

    if totals is None or not totals.exists():
        return None
    try:
        document = json.loads(totals.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = None
    return read(document)


def _keep(totals: Path, report: LivenessReport) -> None:
    """All or nothing: an interruption loses no earlier try."""
    fresh = totals.with_name(f".{totals.name}.new")
    fresh.write_text(json.dumps(report.document(), indent=2) + "\n", encoding="utf-8")
    fresh.replace(totals)


def _print(report: LivenessReport) -> None:
    """Each artefact with its verdict, then the person."""
    rows = [
        (
            _kind(entry.kind),
            str(entry.number),
            f"{entry.passed}/{entry.counted}",
            str(entry.presented),
            _verdict(entry.verdict),
        )
        for entry in report.attacks
    ]
    if rows:
        print_table([_("Kind"), _("Number"), _("Passed/counted"), _("Presented"), _("Verdict")], rows)
    live = report.bpcer()
    if live.of:
        click.echo(
            _("The person: refused {count} of {of} times (BPCER below {upper:.1f} %, 95 %).").format(
                count=live.count, of=live.of, upper=100 * live.upper95
            )
        )
    if report.setting.virtual:
        click.echo(_("A film stood in for the camera: no figure here holds for real prints or people."))


def _kind(kind: Kind) -> str:
    from faced.records.liveness_words import KINDS

    return _spoken(KINDS[kind])


def _verdict(verdict: ToolboxVerdict) -> str:
    from faced.records.liveness_words import VERDICTS

    return _spoken(VERDICTS[verdict])


def _rule(rule: str) -> str:
    """In the words of the report."""
    from faced.records.liveness_words import RULES

    return _spoken(RULES[rule]) if rule in RULES else rule


def _spoken(texts: Sequence[str]) -> str:
    """Of a text in all languages the one spoken here."""
    return texts[LANGUAGES.index(language())]
