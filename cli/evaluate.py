"""`facectl evaluate`: accuracy on the site's own photos or on enrolled people, as aggregates only."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.passphrase import passphrase_file_option
from cli.printing import check_writable, json_option, print_json, print_table, progress, write_report
from cli.run import Run, pass_run
from cli.station import open_desk, station_option
from faced import __version__
from faced.enrolment.acts import Act
from faced.i18n import _
from faced.records.disclosure import LEAST_EVER, LEAST_PEOPLE
from faced.trust.realm import Role
from faced.units import JST

if TYPE_CHECKING:
    from faced.enrolment.evaluation import Evaluation
    from faced.recognition.error_rates import Proportion
    from faced.records.evaluation_report import EvaluationReport

_DEFAULT_FMRS = (1e-2, 1e-3)


@click.command(
    help=_(
        "Measure how accurate the face check is on the photos in FOLDER: one sub-folder a person, or files named "
        "PERSON_1.jpg, PERSON_2.jpg. The first photo of each person is taken as enrolled, the others are compared "
        "with it. With --enrolled: on the people who are enrolled, at the authority station.\n\n"
        "The report holds figures only: no picture, no name, nothing of a single person."
    )
)
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--enrolled", is_flag=True, help=_("Evaluate the enrolled people; opens their face data."))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help=_("Write the report, in Japanese and English."),
)
@click.option(
    "--groups",
    "groups_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help=_("A table person,group: figures by group as well."),
)
@click.option(
    "--fmr",
    "fmrs",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    multiple=True,
    metavar="SHARE",
    help=_("The false match rate to aim at, such as 0.001; may be repeated. Otherwise 0.01 and 0.001."),
)
@click.option(
    "--min-group",
    "least",
    type=click.IntRange(LEAST_EVER),
    default=LEAST_PEOPLE,
    show_default=True,
    help=_("Show no figure that is over fewer people."),
)
@click.option("--dummy", is_flag=True, help=_("The people do not exist; the report says so."))
@click.option("--reason", metavar="TEXT", help=_("With --enrolled: why this is done; it is kept with the record."))
@station_option
@passphrase_file_option
@json_option
@pass_run
def evaluate(
    run: Run,
    folder: Path | None,
    enrolled: bool,
    out: Path | None,
    groups_file: Path | None,
    fmrs: tuple[float, ...],
    least: int,
    dummy: bool,
    reason: str | None,
    station_path: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Mistakes of the command line and of the tables first: the measurement takes minutes."""
    from faced.enrolment.photo_folder import read_groups

    if (folder is None) != enrolled:
        raise click.UsageError(_("Name FOLDER, or use --enrolled."))
    if out is None and not as_json:
        raise click.UsageError(_("Name the report with --out, or use --json."))
    if enrolled and not (reason or "").strip():
        raise click.UsageError(_("--enrolled opens face data and needs a --reason."))
    check_writable(out)
    groups = read_groups(groups_file) if groups_file is not None else {}
    bench = _Bench(run, fmrs or _DEFAULT_FMRS, least, groups, dummy)
    if folder is not None:
        report = bench.photos(folder)
    else:
        report = bench.enrolled(station_path, passphrase_file, (reason or "").strip())
    if out is not None:
        from faced.records.evaluation_html import render

        write_report(out, render(report))
    if as_json:
        print_json(report.document())
    else:
        _print(report)
        click.echo(_("The report is in {path}.").format(path=out))


class _Bench:
    """What is the same for both kinds of evaluation."""

    def __init__(self, run: Run, fmrs: Sequence[float], least: int, groups: Mapping[str, str], dummy: bool) -> None:
        from faced.recognition.calibration import OperatingPoint

        self._run = run
        self._points = tuple(OperatingPoint.shipped(fmr) for fmr in dict.fromkeys(fmrs))
        self._least = least
        self._groups = groups
        self._dummy = dummy

    def photos(self, folder: Path) -> EvaluationReport:
        """Evaluate a folder of photos."""
        from faced.enrolment.evaluation import photographed, wipe
        from faced.enrolment.photo_folder import is_of_dummies, people_of
        from faced.enrolment.photo_reader import PhotoReader
        from faced.records.evaluation_report import Basis

        people = people_of(folder)
        count = sum(len(person.photos) for person in people)
        evaluation = self._evaluation(bytes(32), dummy=self._dummy or is_of_dummies(folder))
        evaluation.check_count(len(people))
        self._warn_of_strangers({person.name for person in people})
        with (
            PhotoReader(self._run.predictor) as reader,
            progress(count, _("Looking at photos")) as step,
        ):
            participants = photographed(reader, people, self._groups, step)
            evaluation = self._evaluation(reader.predictor_id, dummy=evaluation.dummy)
        click.echo(_wait(), err=True)
        try:
            return evaluation.over(participants, Basis.PHOTOS, samples=count)
        finally:
            wipe(participants)

    def enrolled(self, station: Path | None, passphrase_file: Path | None, reason: str) -> EvaluationReport:
        """Evaluate the enrolled people: read as the auditor, opened as the role that operates the epochs' keys."""
        from faced.directory.people import People
        from faced.enrolment.evaluation import wipe
        from faced.enrolment.opening import opened
        from faced.records.evaluation_report import Basis

        auditor = open_desk(self._run, station, Role.AUDIT, None)
        with auditor.connect() as connection:
            people = [person for person in People(connection, auditor.tree).all() if person.face.template is not None]
        dummy = self._dummy or auditor.station.realm.dummy
        self._evaluation(bytes(32), dummy=dummy).check_count(len(people))
        self._warn_of_strangers({person.login for person in people})
        _forbid_dumps()
        desk = open_desk(self._run, station, Role.OPERATE, passphrase_file)
        with desk.recorded(Act.EVALUATE, f"{len(people)} people", reason):
            with progress(len(people), _("Opening face data")) as step:
                verifier = desk.station.verifier(self._run.now)
                found = opened(people, verifier, desk.key.epochs, self._groups, step)
            click.echo(_wait(), err=True)
            try:
                return self._evaluation(found.predictor, dummy=dummy).over(
                    found.participants, Basis.ENROLLED, samples=found.samples, left_out=found.left_out
                )
            finally:
                wipe(found.participants)

    def _evaluation(self, predictor: bytes, *, dummy: bool) -> Evaluation:
        from faced.enrolment.evaluation import Evaluation
        from faced.recognition.metric import Metric
        from faced.records.evaluation_report import Instrument

        metric = Metric.shipped()
        tool = Instrument(__version__, metric.id.hex(), predictor.hex(), self._points[0].measured_on)
        today = datetime.fromtimestamp(self._run.now, JST).date()
        return Evaluation(metric, self._points, tool, today, dummy, self._least)

    def _warn_of_strangers(self, known: set[str]) -> None:
        unknown = len(self._groups.keys() - known)
        if unknown:
            click.echo(
                _("WARNING: {warning}").format(
                    warning=_("{count} lines of the group table are of nobody here.").format(count=unknown)
                ),
                err=True,
            )


def _wait() -> str:
    return _("Comparing everybody with everybody; this takes a minute or two.")


def _forbid_dumps() -> None:
    """Many opened templates at once are worth a core dump to somebody; the report itself stays readable for others."""
    from faced.service.hardening import forbid_dumps

    mask = os.umask(0o077)
    try:
        forbid_dumps()
    finally:
        os.umask(mask)


def _print(report: EvaluationReport) -> None:
    """The main figures; all of them are in the report."""
    rows = [("FTE", "", *_cells(report.fte)), ("FTA", "", *_cells(report.fta))]
    for condition in report.conditions:
        calibration = _("with calibration") if condition.calibrated else _("without calibration")
        where = f"1 x {condition.pictures}, {calibration}"
        for at in condition.rates:
            rows += [(f"FMR @ {at.aim:g}", where, *_cells(at.fmr)), (f"FNMR @ {at.aim:g}", where, *_cells(at.fnmr))]
    print_table([_("Rate"), _("Compared"), "%", _("Interval (95 %)"), _("Errors/trials"), _("People")], rows)
    click.echo()
    if report.dummy:
        click.echo(_("These are dummy staff: no figure here holds for real people."))


def _cells(rate: Proportion | None) -> tuple[str, str, str, str]:
    if rate is None:
        return ("-", "-", "-", "-")
    interval = f"{100 * rate.low:.2f} - {100 * rate.high:.2f}"
    return (f"{100 * rate.rate:.2f}", interval, f"{rate.errors}/{rate.trials}", str(rate.people))
