"""An evaluation report as one HTML file, in Japanese and English, to be read on a screen and printed on A4.

The file refers to nothing outside itself, and holds nothing that the record does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from html import escape

from faced.recognition.error_rates import EqualErrorRate, Proportion
from faced.records import evaluation_words as words
from faced.records.det_plot import Curve, det_svg
from faced.records.evaluation_report import Basis, Condition, EvaluationReport, GroupRates
from faced.records.evaluation_words import LANGUAGES, Words, reason_in_words
from faced.records.html_page import page, table

#: Fewer errors than that are an order of magnitude only.
_RULE_OF_30 = 30


def render(report: EvaluationReport) -> str:
    """The whole file."""
    curves = [Curve(_curve_label(each), each.curve) for each in report.conditions if each.curve]
    drawing = det_svg(curves) if curves else None
    sections = "\n".join(
        _Section(report, language, plotted=drawing is not None).html() for language in range(len(LANGUAGES))
    )
    caption = escape(" / ".join(words.DET_CAPTION))
    figure = f"<section><figure>{drawing}<figcaption>{caption}</figcaption></figure></section>" if drawing else ""
    return page(words.TITLE, f"{sections}\n{figure}")


class _Section:
    """The report in one language."""

    def __init__(self, report: EvaluationReport, language: int, *, plotted: bool) -> None:
        self._report = report
        self._language = language
        self._plotted = plotted

    def html(self) -> str:
        dummy = f'<p class="dummy">{self._say(words.DUMMY)}</p>' if self._report.dummy else ""
        parts = [
            f"<h1>{self._say(words.TITLE)}</h1>{dummy}",
            self._part("facts", self._facts()),
            self._part("comparisons", self._comparisons()),
            self._part("groups", self._groups()) if self._report.breakdown is not None else "",
            self._part("acquisition", self._acquisition()),
            self._part("method", self._list(self._method())),
            self._part("claims", self._list(words.CLAIMS)),
            self._part("no_claims", self._list(words.NO_CLAIMS)),
            self._part("words", self._glossary()),
        ]
        return f'<section lang="{LANGUAGES[self._language]}">\n' + "\n".join(filter(None, parts)) + "\n</section>"

    def _facts(self) -> str:
        report, tool = self._report, self._report.instrument
        enrolled = report.basis is Basis.ENROLLED
        facts = [
            ("day", report.day.isoformat()),
            ("basis", words.BASIS[report.basis.value][self._language]),
            ("people", f"{report.people:,}"),
            ("samples" if enrolled else "pictures", f"{report.pictures:,}"),
            *([("left_out", f"{report.left_out:,}")] if report.left_out else []),
            ("least", str(report.least_people)),
            ("version", tool.version),
            ("metric", tool.metric),
            ("predictor", tool.predictor),
            ("thresholds", tool.thresholds_from),
        ]
        rows = "".join(
            f"<tr><th>{self._say(words.FACTS[name])}</th><td>{escape(text)}</td></tr>" for name, text in facts
        )
        return f"<table>{rows}</table>"

    def _comparisons(self) -> str:
        rows = []
        for condition in self._report.conditions:
            name = escape(self._condition(condition))
            for at in condition.rates:
                rows.append([name, _aim(at.aim), self._say(words.RATES["fmr"]), *self._cells(at.fmr)])
                rows.append([name, _aim(at.aim), self._say(words.RATES["fnmr"]), *self._cells(at.fnmr)])
            rows.append([name, "", self._say(words.RATES["eer"]), *self._cells(condition.eer)])
        notes = [_worded(words.DASH, self._language, least=self._report.least_people), words.FEW_ERRORS[self._language]]
        if not any(condition.curve for condition in self._report.conditions):
            notes.append(words.NO_CURVE[self._language])
        elif not self._plotted:
            notes.append(words.NO_PLOT[self._language])
        alone = all(at.fnmr is None for each in self._report.conditions for at in each.rates)
        if alone and self._report.basis is Basis.PHOTOS and self._report.fta is None:
            notes.insert(0, words.IMPOSTORS_ONLY[self._language])
        table = self._table(("condition", "aim", "what", "rate", "interval", "counts", "people"), rows, numbers=3)
        return self._plain_words() + table + self._notes(notes)

    def _plain_words(self) -> str:
        """The first threshold in a sentence: with the site's calibration, if there is one."""
        singles = [condition for condition in self._report.conditions if condition.pictures == 1]
        for condition in reversed(singles):
            for at in condition.rates[:1]:
                matched, missed = self._of_1000(at.fmr), self._of_1000(at.fnmr)
                return self._paragraph(
                    words.PLAIN, aim=_aim(at.aim), condition=self._condition(condition), matched=matched, missed=missed
                )
        return ""

    def _of_1000(self, rate: Proportion | None) -> str:
        if rate is None:
            return words.NOT_MEASURED[self._language]
        return words.OF_1000[self._language].format(rate=1000 * rate.rate, low=1000 * rate.low, high=1000 * rate.high)

    def _acquisition(self) -> str:
        report = self._report
        if report.basis is Basis.ENROLLED:
            return f"<p>{self._say(words.NO_ACQUISITION)}</p>"
        rates = {"fte": report.fte, "fta": report.fta}
        rows = [[self._say(words.RATES[name]), *self._cells(rate)] for name, rate in rates.items()]
        table = self._table(("what", "rate", "interval", "counts", "people"), rows, numbers=1)
        reasons = [[escape(reason_in_words(reason, self._language)), f"{count:,}"] for reason, count in report.refusals]
        if report.refused_otherwise:
            reasons.append([self._say(words.OTHER_REASONS), f"{report.refused_otherwise:,}"])
        if not reasons:
            return table
        hint = _worded(words.REASONS_HINT, self._language, least=report.least_people)
        return table + self._table(("reason", "pictures"), reasons, numbers=1) + self._notes([hint])

    def _groups(self) -> str:
        breakdown = self._report.breakdown
        if breakdown is None or not breakdown.groups:
            hidden = _worded(words.GROUPS_HIDDEN, self._language, least=self._report.least_people)
            return f"<p>{escape(hidden)}</p>"
        names = [field.name for field in fields(GroupRates) if field.name in words.RATES]
        rows = [
            [escape(self._group(group)), self._say(words.RATES[name]), *self._cells(getattr(group, name))]
            for group in breakdown.groups
            for name in names
            if getattr(group, name) is not None
        ]
        hint = words.GROUPS_HINT[self._language].format(
            aim=_aim(breakdown.aim),
            condition=self._calibration(breakdown.calibrated),
            least=self._report.least_people,
        )
        return self._table(("group", "what", "rate", "interval", "counts", "people"), rows, numbers=2) + self._notes(
            [hint]
        )

    def _method(self) -> tuple[Words, ...]:
        how = words.METHOD_ENROLLED if self._report.basis is Basis.ENROLLED else words.METHOD_PHOTOS
        return (*how, *words.METHOD)

    def _glossary(self) -> str:
        terms = "".join(f"<dt>{escape(term)}</dt><dd>{self._say(text)}</dd>" for term, text in words.GLOSSARY)
        return f"<dl>{terms}</dl>"

    def _condition(self, condition: Condition) -> str:
        if self._report.basis is Basis.ENROLLED:
            pictures = words.SITTING[self._language]
        else:
            text = words.ONE_PICTURE if condition.pictures == 1 else words.PICTURES
            pictures = text[self._language].format(count=condition.pictures)
        between = "、" if self._language == 0 else ", "
        return pictures + between + self._calibration(condition.calibrated)

    def _calibration(self, calibrated: bool) -> str:
        return (words.CALIBRATED if calibrated else words.UNCALIBRATED)[self._language]

    def _group(self, group: GroupRates) -> str:
        return words.TOGETHER[self._language] if group.group is None else group.group or words.NO_GROUP[self._language]

    def _cells(self, rate: Proportion | EqualErrorRate | None) -> list[str]:
        """Rate, interval, counts and people."""
        if rate is None:
            return [self._say(words.WITHHELD)] * 4
        counts, mark = "", ""
        if isinstance(rate, Proportion):
            counts = f"{rate.errors:,} / {rate.trials:,}"
            mark = "*" if rate.errors < _RULE_OF_30 else ""
        return [_percent(rate.rate) + mark, f"{_percent(rate.low)} – {_percent(rate.high)}", counts, f"{rate.people:,}"]

    def _table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int) -> str:
        """A table whose cells are HTML already; from column ``numbers`` on they are figures."""
        return table([words.COLUMNS[name][self._language] for name in heads], rows, numbers=numbers)

    def _paragraph(self, text: Words, **values: str) -> str:
        return f"<p>{escape(text[self._language].format(**values))}</p>"

    def _part(self, heading: str, content: str) -> str:
        return f"<h2>{self._say(words.HEADINGS[heading])}</h2>\n{content}"

    def _list(self, items: Iterable[Words]) -> str:
        return "<ul>" + "".join(f"<li>{self._say(item)}</li>" for item in items) + "</ul>"

    def _notes(self, texts: Iterable[str]) -> str:
        return "".join(f'<p class="note">{escape(text)}</p>' for text in texts)

    def _say(self, text: Words) -> str:
        return escape(text[self._language])


def _worded(text: Words, language: int, *, least: int) -> str:
    return text[language].format(least=least)


def _curve_label(condition: Condition) -> str:
    """Fonts for Japanese may be missing where the plot is drawn; these words are explained in both languages."""
    return f"1 x {condition.pictures}, {'' if condition.calibrated else 'no '}site calibration"


def _aim(share: float) -> str:
    return f"{100.0 * share:g} %"


def _percent(share: float) -> str:
    percent = 100.0 * share
    return f"{percent:.3f} %" if 0 < percent < 0.1 else f"{percent:.2f} %" if percent < 10 else f"{percent:.1f} %"
