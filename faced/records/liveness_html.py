"""A liveness test's report as one HTML file, in Japanese and English; it holds nothing that the record does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from faced.records import liveness_words as words
from faced.records.evaluation_words import LANGUAGES, Words
from faced.records.html_page import page, table
from faced.records.liveness_report import Kind, LivenessReport, Share


def render(report: LivenessReport) -> str:
    """The whole file."""
    return page(words.TITLE, "\n".join(_Section(report, language).html() for language in range(len(LANGUAGES))))


class _Section:
    """The report in one language."""

    def __init__(self, report: LivenessReport, language: int) -> None:
        self._report = report
        self._language = language

    def html(self) -> str:
        dummy = f'<p class="dummy">{self._say(words.DUMMY)}</p>' if self._report.setting.virtual else ""
        parts = [
            f"<h1>{self._say(words.TITLE)}</h1>{dummy}",
            self._part("facts", self._facts()),
            self._part("artefacts", self._artefacts()),
            self._part("apcer", self._apcer()),
            self._part("bpcer", self._bpcer()),
            self._part("rules", self._rules()),
            self._part("method", self._list(words.METHOD)),
            self._part("no_claims", self._list(words.NO_CLAIMS)),
        ]
        return f'<section lang="{LANGUAGES[self._language]}">\n' + "\n".join(parts) + "\n</section>"

    def _facts(self) -> str:
        report, setting = self._report, self._report.setting
        days = dict.fromkeys((report.first_day.isoformat(), report.last_day.isoformat()))
        asked = words.DIRECTED if setting.directed else words.SILENT
        facts = [
            ("days", " - ".join(days)),
            ("camera", f"{setting.camera} {setting.driver}".strip()),
            ("version", setting.version),
            ("predictor", setting.predictor),
            *([("metric", setting.metric)] if setting.matching else []),
            ("matching", words.MATCHING[setting.matching][self._language]),
            ("policy", asked[self._language].format(count=setting.challenges)),
            ("cues", words.ON_OFF[setting.deny_cues][self._language]),
        ]
        rows = "".join(
            f"<tr><th>{self._say(words.FACTS[name])}</th><td>{escape(text)}</td></tr>" for name, text in facts
        )
        return f"<table>{rows}</table>"

    def _artefacts(self) -> str:
        rows = [
            [
                self._say(words.KINDS[entry.kind]),
                *map(str, (entry.number, entry.presented, entry.detected, entry.counted, entry.passed)),
                f"<strong>{self._say(words.VERDICTS[entry.verdict])}</strong>",
            ]
            for entry in self._report.attacks
        ]
        return self._table(("kind", "number", "presented", "detected", "counted", "passed", "verdict"), rows, 1)

    def _apcer(self) -> str:
        rows = [[self._say(words.KINDS[kind]), *_cells(share)] for kind, share in self._report.apcer().items()]
        told = self._notes([words.APCER[self._report.setting.matching], words.INTERVAL])
        return self._table(("kind", "counted", "passed", "rate", "upper95"), rows, 1) + told

    def _bpcer(self) -> str:
        share = self._report.bpcer()
        rows = [_cells(share)] if share.of else []
        return self._table(("counted", "refused", "rate", "upper95"), rows, 0) + self._notes([words.BPCER])

    def _rules(self) -> str:
        rows = []
        for kind in Kind:
            denied: Counter[str] = Counter()
            left_out: Counter[str] = Counter()
            for entry in self._report.tallies:
                if entry.kind is kind:
                    denied.update(dict(entry.denied_by))
                    left_out.update(dict(entry.left_out))
            name = self._say(words.KINDS[kind])
            rows += [[name, self._rule(rule), str(count)] for rule, count in denied.most_common()]
            aside = f"{name} ({self._say(words.LEFT_OUT)})"
            rows += [[aside, self._rule(rule), str(count)] for rule, count in left_out.most_common()]
        return self._table(("kind", "rule", "times"), rows, 2)

    def _rule(self, rule: str) -> str:
        return self._say(words.RULES[rule]) if rule in words.RULES else escape(rule)

    def _table(self, heads: Iterable[str], rows: Sequence[Sequence[str]], numbers: int) -> str:
        if not rows:
            return f"<p>{self._say(words.NOTHING)}</p>"
        return table([words.COLUMNS[name][self._language] for name in heads], rows, numbers=numbers)

    def _part(self, heading: str, content: str) -> str:
        return f"<h2>{self._say(words.HEADINGS[heading])}</h2>\n{content}"

    def _list(self, items: Iterable[Words]) -> str:
        return "<ul>" + "".join(f"<li>{self._say(item)}</li>" for item in items) + "</ul>"

    def _notes(self, texts: Iterable[Words]) -> str:
        return "".join(f'<p class="note">{self._say(text)}</p>' for text in texts)

    def _say(self, text: Words) -> str:
        return escape(text[self._language])


def _cells(share: Share) -> list[str]:
    """Tries that count, how many went wrong, the rate and its upper end."""
    rate = "-" if share.rate is None else f"{100 * share.rate:.1f} %"
    return [str(share.of), str(share.count), rate, f"{100 * share.upper95:.1f} %"]
