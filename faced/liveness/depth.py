"""Depth from two views of a head: what moved as only something that stands out of a plane can move.

**Geometry.** A head that turns by t moves a point by its depth times sin t, besides a change that is the same as that
of a flat picture. In eye distances (63 mm), the tip of the nose stands 0.66 before the eyes, its root 0.26, its wings
0.34, and the contour at the ears 0.86 behind: at 15 degrees (sin t = 0.26) the tip goes 0.17 one way and the ears 0.22
the other. A sheet has no depth: however it is held, its points move by a homography; bent, by at most a quadratic form
more, for paper does not stretch and does not bend more sharply than it curls (a radius of 4 cm bulges by 0.06 between
the root of the nose and its tip, where a nose stands out by 0.26).

So the movement between two views is split, by least squares, into what a sheet can do and *c* times the depths of a
head. **Expected: c = sin t for a head** from afar, up to 1.3 sin t at 40 to 80 cm, where what is nearer is larger; 0
for a sheet. Seven such tests use other points and grant other liberties; each must be passed by itself.

Landmarks of a tilted print are not where its picture is, because the predictor believes in heads: it invents up to
c = 0.07 at 45 degrees of yaw and 0.15 at 40 degrees of tilt. But a sheet tilted so far is shorter by cos 40 = 0.77
(logarithm -0.26), a head that turns by what c says (8 degrees) by 0.99; hence the limit on the lengths.

A print that is bent about an upright axis as tightly as a head is round wants more: it is a head without a nose, and
when it turns, the predictor puts the nose in between. All tests then agree on up to c = 0.27 (rendered prints, of which
one in five shows more than 0.1 when it turns), so that a turn to the side must show more than that, which people do
who turn by 18 degrees. And such a sheet turns by twice what c says, which shows at what the predictor sees best:
the corners of the eyes. Lying at 14 degrees to both sides of a cylinder that turns by 32, one eye becomes wider than
the other by log(0.95 / 0.70) = 0.31 = 1.8 c; on a head that turns by 18, eyes at 20 degrees, by 0.24 = 0.8 c. **Seen:
0.43 c in the median between photos of real people taken from afar (0.75 c in one of a hundred; a camera at 50 cm adds
0.1 c), 0.6 c on dummies before a webcam (0.85 c in one of twenty), 1.7 c on such prints, and 0.89 c at least where one
was turned by 30 to 60 degrees and held there, where the predictor invents up to c = 0.5.**

The depths are those that landmarks of real people show: the change of each point by yaw and by pitch in 5,672 photos of
1,309 people, which agree (tools/fit_depth.py). There, between two photos of a person from different days that differ by
16 to 24 degrees, the least of the tests is 0.24 in the median for yaw, 0.26 for pitch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faced.liveness.track import Observed

Array = NDArray[np.float64]

#: Point of 68, and its depth towards the camera in eye distances.
_TABLE = (
    (0, -0.888), (1, -0.816), (2, -0.761), (14, -0.761), (15, -0.816), (16, -0.888),
    (27, 0.259), (28, 0.388), (29, 0.526), (30, 0.656), (31, 0.336), (33, 0.446), (35, 0.336),
    (36, -0.073), (39, 0.016), (42, 0.016), (45, -0.073),
)  # fmt: skip
#: Contour at the ears, nose, eye corners: what keeps its place on the skull.
RIGID = np.array([point for point, _ in _TABLE])
_DEPTH = np.array([depth for _, depth in _TABLE])
_INNER = np.flatnonzero(RIGID >= 27)
_ROOT, _TIP, _BASE, _WINGS = 27, 30, 33, (31, 35)
#: The person's right and left.
_EYE_CORNERS = ((36, 39), (42, 45))
#: Share of the base in the point of the line from root to base that is level with the tip; how far the tip stands out
#: of that line, and of the wings, in eye distances.
_LEVEL, _OUT_OF_LINE, _OUT_OF_WINGS = 0.737, 0.258, 0.320

#: Least c of each test along yaw and pitch: of a turn of 8.5 degrees, and of a nod of 4.5, which goes less far; of one
#: that was picked as the extreme of many, 5. And the least mean of the tests: of a turn of 16 degrees.
LEAST_SINE = np.sin(np.radians([8.5, 4.5]))
_LEAST_PICKED = np.sin(np.radians(5.0))
_LEAST_MEAN = np.sin(np.radians([16.0, 0.0]))
#: c must also be this share of the turn that the pose tells.
_LEAST_SHARE = 0.35
#: The four tests of the nose alone need this share of it: in a nod noses differ more than whole faces do. Not so for
#: views that were picked as the extremes of many: whoever moves a sheet for long finds a good pair.
_OF_NOSE = (1.0, 0.4)
_NOSE = 3
#: Standard errors that c must exceed 0 by, in each test.
_LEAST_SIGNIFICANCE = 3.0
#: A face becomes shorter along its turn by the cosine, or longer when it turns back; so much more is allowed to the
#: predictor, and for each c (natural logarithm; 1.0 c at most on heads, 1.2 c at least on sheets that show depth).
_LENGTH, _LENGTH_BY_SINE = 0.02, 0.9
#: By so much for each c (the mean of the tests) one eye may become wider than the other (natural logarithm).
_EYES_BY_SINE = 0.87
#: The tests see one turn: the most of them is at most so many times the least. In nine of ten pairs of photos of real
#: people 2.2 where they nod by more than 16 degrees; on prints that are tilted by 20 to 50 what the predictor invents
#: agrees less (2.2 to 3.4 where all else passes).
_AGREEMENT = (3.0, 2.2)
#: Frames follow each other so fast that half of them tell nothing new.
_INDEPENDENT = 0.5
FEWEST_SIGHTS = 4
TESTS = 7


@dataclass(frozen=True)
class Relief:
    """What two views say about depth.

    ``sines`` (7, 2): c of each test along yaw and pitch, signed as :class:`faced.liveness.track.Sight` counts them.
    The tests are: against a plane with all points; with the inner ones; against a bent sheet; the tip of the nose
    against its ridge, besides what a sheet does, and as it is; against its wings likewise. ``errors`` (7, 2) their
    standard errors. ``lengths`` (2,) how long the face has become along yaw and along pitch, in parts of the other.
    ``eyes`` is by how much the person's left eye has become wider than the right one (natural logarithm); positive with
    positive yaw.
    """

    sines: Array
    errors: Array
    lengths: Array
    eyes: float

    def shows_turn(self, axis: int, sign: int, turned_deg: float, *, picked: bool = False) -> bool:
        """Whether a head has turned.

        :param axis: 0 yaw, 1 pitch; ``sign`` of the turn.
        :param turned_deg: by how much the pose says that it did.
        :param picked: the views are not of an answer but the most different of many; no allowance is made.
        """
        sines = self.sines[:, axis] * sign
        strictness = 0 if picked else axis
        told = _LEAST_SHARE * np.sin(np.radians(min(turned_deg, 45.0)))
        least = np.full(TESTS, max(LEAST_SINE[axis], _LEAST_PICKED if picked else 0.0, told))
        least[_NOSE:] *= _OF_NOSE[strictness]
        shortened = -0.5 * float(np.log(1 - np.clip(sines.min(), 0, 0.9) ** 2))
        return bool(
            np.isfinite(self.sines).all()
            and (sines >= least).all()
            and sines.mean() >= _LEAST_MEAN[axis]
            and (sines >= _LEAST_SIGNIFICANCE * self.errors[:, axis]).all()
            and sines.max() <= _AGREEMENT[axis] * sines.min()
            and self.lengths.min() > 0
            and abs(np.log(self.lengths[axis])) <= shortened + _LENGTH + _LENGTH_BY_SINE * sines.min()
            and (axis == 1 or self.eyes * sign <= _EYES_BY_SINE * sines.mean())
        )


def relief(before: Sequence[Observed], after: Sequence[Observed]) -> Relief | None:
    """Compare two views of a track, each some successive sights.

    :return: None where there are too few.
    """
    if min(len(before), len(after)) < FEWEST_SIGHTS:
        return None
    views = [np.stack([sight.points for sight in view]).astype(float) for view in (before, after)]
    if not all(np.isfinite(view).all() for view in views):
        return None
    first, second = (upright(view) for view in views)
    here, there = first.mean(axis=0), second.mean(axis=0)
    if not np.isfinite(here + there).all():
        return None
    weights, lengths = _tests(here, there)
    sines = weights @ (there - here).ravel()
    variance = sum(_jitter(view, weights) ** 2 / (_INDEPENDENT * len(view)) for view in (first, second))
    # Seen in the picture the nose of a head with positive yaw goes to the left.
    signs = np.tile([-1.0, 1.0], TESTS)
    eyes = _uneven(there) - _uneven(here)
    return Relief((signs * sines).reshape(TESTS, 2), np.sqrt(variance).reshape(TESTS, 2), lengths, eyes)


def upright(points: Array) -> Array:
    """Points (n, 68, 2) px with the eyes level, 1 apart and centred at 0: only (n, 17, 2) of RIGID are given back."""
    right, left = points[:, 36:42].mean(axis=1), points[:, 42:48].mean(axis=1)
    across = (left - right)[:, 0] + 1j * (left - right)[:, 1]
    centred = points[:, RIGID] - ((left + right) / 2)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        turned = (centred[..., 0] + 1j * centred[..., 1]) / across[:, None]
    return np.stack([turned.real, turned.imag], axis=-1)


def _uneven(view: Array) -> float:
    """By how much the person's left eye is wider than the right one in a view (17, 2); not a number without eyes."""
    widths = [float(np.linalg.norm(np.diff(view[np.isin(RIGID, corners)], axis=0))) for corners in _EYE_CORNERS]
    return float(np.log(widths[1] / widths[0])) if min(widths) > 0 else float("nan")


def _tests(here: Array, there: Array) -> tuple[Array, Array]:
    """The tests as weights (14, 34) on the movement of the points, c of yaw and pitch in turn, and the lengths."""
    everything = np.arange(len(RIGID))
    rows: list[Array] = []
    sheet: Array = np.empty(0)
    for chosen, bent in ((everything, False), (_INNER, False), (_INNER, True)):
        weights = np.asarray(np.linalg.pinv(_movements(here, there, chosen, bent=bent), rcond=1e-6), np.float64)
        rows.append(_spread_out(weights[-2:], chosen))
        if chosen is _INNER and not bent:
            sheet = weights[:-2]
    # What the inner points did besides what a sheet does.
    own = np.eye(2 * len(RIGID)) - _movements(here, there, everything, bent=False)[:, :-2] @ _spread_out(sheet, _INNER)
    for parts, height in (
        ({_TIP: 1.0, _ROOT: _LEVEL - 1, _BASE: -_LEVEL}, _OUT_OF_LINE),
        ({_TIP: 1.0, _WINGS[0]: -0.5, _WINGS[1]: -0.5}, _OUT_OF_WINGS),
    ):
        row = np.zeros((2, len(RIGID), 2))
        for point, part in parts.items():
            row[:, np.flatnonzero(RIGID == point)[0]] = np.eye(2) * part / height
        rows += [row.reshape(2, -1) @ own, row.reshape(2, -1)]
    along = 1 + (sheet @ (there - here)[_INNER].ravel())[[2, 5]]
    return np.concatenate(rows), np.asarray(along / along[::-1])


def _movements(here: Array, there: Array, chosen: NDArray[np.intp], *, bent: bool) -> Array:
    """What chosen points can do, (2 * points, k): the movements of a sheet and, last, those of depths along x and y.

    The first six are those of the affine map: shift x and y, x by x, y by x, x by y, y by y.
    """
    flat, end, depth = here[chosen], there[chosen], _DEPTH[chosen]
    one, (x, y) = np.ones(len(chosen)), flat.T
    terms = [one, x, y] + ([x * x, x * y, y * y] if bent else [])
    columns = [np.outer(term, axis).ravel() for term in terms for axis in np.eye(2)]
    if not bent:
        # The denominator of a homography, exactly.
        columns += [(end * x[:, None]).ravel(), (end * y[:, None]).ravel()]
    columns += [np.outer(depth, axis).ravel() for axis in np.eye(2)]
    return np.asarray(np.stack(columns, axis=1), np.float64)


def _spread_out(weights: Array, chosen: NDArray[np.intp]) -> Array:
    """Weights of chosen points (2, 2 * points) as weights of all of them (2, 34)."""
    everything = np.zeros((len(weights), len(RIGID), 2))
    everything[:, chosen] = weights.reshape(len(weights), len(chosen), 2)
    return everything.reshape(len(weights), -1)


def _jitter(view: Array, weights: Array) -> Array:
    """Standard deviation (14,) of the tests on a single sight, by the differences of successive ones: a slow movement
    is no noise."""
    steps = np.diff(view.reshape(len(view), -1) @ weights.T, axis=0)
    return np.asarray(np.sqrt((steps**2).mean(axis=0) / 2))
