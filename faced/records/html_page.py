"""A report as one HTML file that refers to nothing outside itself, to be read on a screen and printed on A4."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
@page { size: A4; margin: 16mm }
body { font: 10.5pt/1.5 "Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic", Meiryo, sans-serif; max-width: 46rem;
  margin: 2rem auto; color: #111 }
h1 { font-size: 16pt; border-bottom: 2px solid #111 } h2 { font-size: 12pt; margin: 1.4em 0 .3em; break-after: avoid }
table { border-collapse: collapse; width: 100%; margin: .5em 0 } tr { break-inside: avoid }
th, td { border: 1px solid #999; padding: .2em .5em; text-align: left; vertical-align: top; overflow-wrap: anywhere }
thead th { background: #eee } td.n { text-align: right; white-space: nowrap } dt { font-weight: bold }
.dummy { border: 3px solid #b00; padding: .5em; font-weight: bold } .note { font-size: 9pt; color: #444 }
section + section { break-before: page } figure { margin: 1em 0; break-inside: avoid } svg { max-width: 100% }
"""


def page(titles: Sequence[str], body: str) -> str:
    """The whole file.

    :param titles: in Japanese and English.
    :param body: HTML.
    """
    return (
        f'<!DOCTYPE html>\n<html lang="ja">\n<head>\n<meta charset="utf-8">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(' / '.join(titles))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{body}\n</body>\n</html>\n"
    )


def table(heads: Iterable[str], rows: Iterable[Sequence[str]], *, numbers: int) -> str:
    """A table with these heads; its cells are HTML already, and from column ``numbers`` on they are figures."""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="n">{cell}</td>' if place >= numbers else f"<td>{cell}</td>" for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
