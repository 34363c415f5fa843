"""The detection error trade-off as a drawing: FMR against FNMR on normal deviate axes (ISO/IEC 19795-1).

matplotlib comes with the extra ``report`` and is loaded only here.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

_TICKS = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5)
_LOWEST, _HIGHEST = 0.00005, 0.6
_STYLES = (("#1b5e9c", "-"), ("#b5541c", "--"), ("#1b5e9c", "-."), ("#b5541c", ":"))
_probit = NormalDist().inv_cdf


@dataclass(frozen=True)
class Curve:
    """``label`` is for the legend; ``points``: (FMR, FNMR), each between 0 and 1 exclusive."""

    label: str
    points: Sequence[tuple[float, float]]


def det_svg(curves: Sequence[Curve]) -> str | None:
    """The drawing as an SVG element, text drawn as outlines; None where matplotlib is not installed."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        return None
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "faced", "font.size": 9}):
        figure = Figure(figsize=(5.2, 4.6), layout="constrained")
        axes = figure.add_subplot()
        for curve, (colour, line) in zip(curves, _STYLES * len(curves), strict=False):
            places = [[_probit(min(max(rate, _LOWEST), _HIGHEST)) for rate in point] for point in curve.points]
            fmr, fnmr = zip(*places, strict=True)
            axes.plot(fmr, fnmr, color=colour, linestyle=line, linewidth=1.3, label=curve.label)
        ticks, names = [_probit(tick) for tick in _TICKS], [f"{100 * tick:g} %" for tick in _TICKS]
        ends = (_probit(_LOWEST), _probit(_HIGHEST))
        axes.plot(ends, ends, color="#999999", linewidth=0.6)
        axes.set(xlabel="FMR", ylabel="FNMR", xlim=ends, ylim=ends)
        axes.set_xticks(ticks, names)
        axes.set_yticks(ticks, names)
        axes.grid(color="#dddddd", linewidth=0.5)
        axes.legend(loc="upper right", frameon=False)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Creator": None, "Date": None, "Format": None, "Type": None})
    drawing = file.getvalue()
    return drawing[drawing.index("<svg") :]
