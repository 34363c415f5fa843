"""What the pixels around a face say of sheets and screens. Numbers that may deny and never admit.

``print_edges``: two long straight lines beside the face move while the room beside them stands still. Behind a person
nothing moves so; a sheet or a tablet in a hand does.
``screen_raster``: a narrow peak in the spectrum of the face, which no skin, hair or sensor makes: the rasters
of screen and sensor together (moire), or a printer's dots (Garcia and de Queiroz, IEEE TIFS 10(4), 2015; Patel et al.,
ICB 2015).
``screen_border``: the brightness jumps at two lines that run down where the shoulders must be, so before them.
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.landmarks.detector import Box

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

#: Frames of 30 a second of which one is looked at for each number.
EVERY = 3
#: Frames are reduced to this width before lines are looked for, px; bytes of a frame that go into its digest, about.
_WIDTH_PX, _DIGESTED = 160, 200_000
#: Where a border is looked for, in widths of the face (16 cm) from its middle: beside the ears up to half an arm.
_NEAREST, _FARTHEST = 0.5, 1.5
#: What a line beside the face must span: from the top of the head, where hair is no longer beside it, down to the neck;
#: and where shoulders begin to hide what is behind: eyes are 19 cm above the shoulder joints, the middle is 4 cm lower.
_ABOVE, _BELOW, _SHOULDERS, _LEAST_SHOULDERS = 0.85, 0.75, 1.15, 1.05
#: Two lines that are nearer to each other than this at the shoulders are not behind them: shoulder joints are 33 cm
#: apart or more, and 28.6 cm are seen of that when the body is turned by 30 degrees.
_BETWEEN_SHOULDERS = 1.8
#: A line is looked for in so many pieces, each of which must be there for a share; one may be hidden, but not an end.
_PIECES, _THERE, _HIDDEN = 10, 0.6, 1
#: Steps of tilt, px from end to end of a line, to either side: about 9 degrees.
_TILTS = np.arange(-12, 13, 2)
#: An edge is steeper than this, grey levels per px of the reduced picture, and much more across than along.
_STEEP, _ACROSS = 3.0, 2.0
#: How far a border may move between two looks, widths of a face; farther is another line. How far a line that is
#: followed may leave the place where new ones are looked for.
_STEP, _BEYOND = 0.1, 0.15
#: What a line that stands still is found off by at most, px. One that hops from slat to slat of a blind, because the
#: head hides them one by one, stands still in between: half of the steps of a border that moves are longer.
_REST_PX = 0.15
#: The median step by the standard deviation of the place is 0.95 where each place is drawn anew, and 0.57 where a thing
#: sways once a second.
_TREMBLES = 0.75
#: Looks that are compared: 3 s at 30 frames a second; and the fewest that say anything.
_KEPT, _FEWEST = 30, 8
#: A border that moves by less (standard deviation, widths of a face) may be a line in the room: 4 mm at the face, one
#: px of the reduced picture, ten times what its place is uncertain by.
_MOVED = 0.025
#: Side of a tile of the reduced picture beside the borders, px; grey levels of contrast that make it tell; the share of
#: it that may change. A sharp edge that moves by one px changes half of a tile's contrast.
_TILE, _TEXTURE, _STILL = 12, 8.0, 0.25
#: Side of the patch of a face that is transformed, px, and the frequencies that count, cycles a px.
_PATCH_PX, _LOW, _HIGH = 128, 0.15, 0.46
#: A motion JPEG has peaks at all multiples of 1/8.
_JPEG_PX = 8
#: Power of a peak by the mean around it. Of 10,000 frequencies of pure noise one has 20 in one picture of 50,000.
_PEAK = 60.0
#: How much brighter one side of a border is than the other.
_JUMP = 1.5


class Cue(NamedTuple):
    """A number about screens or prints; 1 is the limit, more is suspicious."""

    name: str
    value: float


@dataclass(frozen=True)
class _Line:
    """A border beside a face: its column in the middle and at the lower end, the row of that, and how bright it is on
    the side of the face and on the other."""

    place: float
    foot: float
    foot_row: int
    inside: float
    outside: float


def digest(image: Image) -> bytes:
    """16 bytes that tell this picture from any other of a sensor: of whole rows, a fixed share of all.

    :param image: (h, w, 3) or (h, w) uint8.
    """
    step = max(1, math.ceil(image.nbytes / _DIGESTED))
    return hashlib.blake2b(np.ascontiguousarray(image[::step]).tobytes(), digest_size=16).digest()


class Surroundings:
    """Watches one sitting.

    :param every: lines are looked for in one of so many frames and the spectrum in another; ten looks a second are
        enough, more cost time.
    """

    def __init__(self, every: int = EVERY) -> None:
        self._every = every
        self.reset()

    def reset(self) -> None:
        """Begin another sitting, or another face: nothing of the earlier one is used."""
        self._frames = 0
        self._looks: deque[_Look] = deque(maxlen=_KEPT)

    def look(self, grey: Image, box: Box) -> tuple[Cue, ...]:
        """What the next frame with a face says; most frames are asked for one number or none.

        :param grey: (h, w) uint8, the whole frame.
        :param box: around the face, px.
        """
        turn, self._frames = self._frames % self._every, self._frames + 1
        cues = self._borders(grey, box) if turn == 0 else ()
        if turn == 1 % self._every:
            cues = (*cues, Cue("screen_raster", raster_peak(grey, box) / _PEAK))
        return cues

    def _borders(self, grey: Image, box: Box) -> tuple[Cue, ...]:
        scale = _WIDTH_PX / grey.shape[1]
        size = (_WIDTH_PX, max(1, round(grey.shape[0] * scale)))
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        face = Box(*(scale * side for side in box))
        before = self._looks[-1].sides if self._looks else (None, None)
        sides = tuple(_border(small, face, side, line) for side, line in zip((-1, 1), before, strict=True))
        self._looks.append(_Look(small, face.width, sides))
        return Cue("print_edges", self._moving()), Cue("screen_border", _clipped(face, *sides))

    def _moving(self) -> float:
        """How far both borders moved together, by the limit; 0 if they did not, or the room did."""
        run: list[_Look] = []
        for look in reversed(self._looks):
            if any(line is None for line in look.sides) or (run and not look.continued_by(run[-1])):
                break
            run.append(look)
        if len(run) < _FEWEST:
            return 0.0
        places = np.array([[line.place for line in look.sides if line] for look in run]) / run[0].face_px
        steps_px = np.abs(np.diff(places, axis=0)) * run[0].face_px
        step_px, moved = np.median(steps_px, axis=0), places.std(axis=0)
        # What trembles with the desk is elsewhere at each look; a hand takes longer.
        moved *= (step_px > _REST_PX) & (step_px < _TREMBLES * moved * run[0].face_px)
        return float(moved.min()) / _MOVED if run[-1].stands_still(run[0]) else 0.0


@dataclass(frozen=True)
class _Look:
    """The reduced picture, how wide the face is in it, px, and the borders left and right of it."""

    small: Floats
    face_px: float
    sides: tuple[_Line | None, ...]

    def continued_by(self, later: _Look) -> bool:
        return all(
            one is not None and other is not None and abs(one.place - other.place) <= _STEP * self.face_px
            for one, other in zip(self.sides, later.sides, strict=True)
        )

    def stands_still(self, later: _Look) -> bool:
        """Whether what is to be seen beside the borders is the same: else the camera moved."""
        lines = [line for look in (self, later) for line in look.sides if line is not None]
        ends = [column for line in lines for column in (line.place, line.foot, 2 * line.place - line.foot)]
        still = textured = 0
        for top in range(0, self.small.shape[0] * 2 // 3 - _TILE + 1, _TILE):
            for left in range(0, self.small.shape[1] - _TILE + 1, _TILE):
                if min(ends) - 2 < left + _TILE and left < max(ends) + 2:
                    continue
                one, other = (look.small[top : top + _TILE, left : left + _TILE] for look in (self, later))
                contrast = float(one.std())
                if contrast > _TEXTURE:
                    textured += 1
                    still += float((one - other).std()) < _STILL * contrast
        return 2 * still >= textured


def raster_peak(grey: Image, box: Box) -> float:
    """Power of the strongest narrow peak in the spectrum of a face, by the mean power around that frequency.

    :param grey: (h, w) uint8; a face that is smaller than the patch is seen with what is beside it.
    """
    x, y = box.centre
    left, top = round(x - _PATCH_PX / 2), round(y - _PATCH_PX / 2)
    patch = grey[max(top, 0) : top + _PATCH_PX, max(left, 0) : left + _PATCH_PX]
    if patch.shape != (_PATCH_PX, _PATCH_PX):
        return 0.0
    spectrum = cv2.dft((patch.astype(np.float32) - np.float32(patch.mean())) * _WINDOW, flags=cv2.DFT_COMPLEX_OUTPUT)
    # The frequencies in the order of the plane, so that what is around one is around it.
    power = np.fft.fftshift(np.square(spectrum).sum(axis=2))[:, _PATCH_PX // 2 :]
    wide, narrow = (cv2.boxFilter(power, -1, (side, side), normalize=False) for side in (17, 5))
    around = (wide - narrow) / (17 * 17 - 5 * 5)
    return float((power / np.maximum(around, 1e-3))[_FREQUENCIES].max())


def _frequencies() -> NDArray[np.bool_]:
    """(128, 64) those that count, of the half plane of not negative ones across."""
    half = _PATCH_PX // 2
    down, across = np.arange(-half, half)[:, None], np.arange(half)[None, :]
    radius = np.hypot(down, across) / _PATCH_PX
    # A sensor's own pattern of colours is at half a cycle a px.
    coarse = np.maximum(np.abs(down), across) < _HIGH * _PATCH_PX
    every = _PATCH_PX // _JPEG_PX
    off = [np.abs((axis + every // 2) % every - every // 2) for axis in (down, across)]
    # Eyes, brows and frames of spectacles are level and upright lines, whose power lies on the axes.
    beside_axes = (np.abs(down) > 3) & (across > 3)
    return (radius > _LOW) & coarse & beside_axes & ~((off[0] <= 1) & (off[1] <= 1))


_FREQUENCIES = _frequencies()
_WINDOW = np.outer(np.hanning(_PATCH_PX), np.hanning(_PATCH_PX)).astype(np.float32)


def _border(small: Floats, face: Box, side: int, before: _Line | None) -> _Line | None:
    """The longest straight line on one side of a face, or None; rather the one that was there before.

    :param small: (h, w) float32; ``face`` in its px; ``side`` -1 left, 1 right.
    """
    x, y = face.centre
    ends = sorted((x + side * _NEAREST * face.width, x + side * _FARTHEST * face.width))
    reach = int(_TILTS[-1]) // 2 + 3
    margin = 0 if before is None else _BEYOND * face.width
    first, last = (round(ends[0] - margin), round(ends[1] + margin))
    first, last = max(first, reach), min(last, small.shape[1] - 1 - reach)
    top, bottom = round(y - _ABOVE * face.width), round(y + _BELOW * face.width)
    if top < 1 or bottom > small.shape[0] - 1 or last - first < 3:
        return None
    bottom = min(round(y + _SHOULDERS * face.width), small.shape[0] - 1)
    rows = small[top - 1 : bottom + 1, first - reach : last + reach + 1]
    steep = np.abs(cv2.Sobel(rows, cv2.CV_32F, 1, 0, scale=1 / 8))
    edge = (steep > _STEEP) & (steep > _ACROSS * np.abs(cv2.Sobel(rows, cv2.CV_32F, 0, 1, scale=1 / 8)))
    thick = cv2.dilate(edge.astype(np.float32), np.ones((1, 3), np.uint8))
    there, strength, light = (
        cv2.resize(values, (rows.shape[1], _PIECES), interpolation=cv2.INTER_AREA) for values in (thick, steep, rows)
    )
    pieces, columns = np.arange(_PIECES)[:, None], reach + np.arange(last - first + 1)
    # (tilts, pieces, columns): where each line runs.
    runs = np.round(_TILTS[:, None, None] * (pieces / (_PIECES - 1) - 0.5)).astype(int) + columns
    seen = there[pieces, runs] >= _THERE
    straight = (seen.sum(axis=1) >= _PIECES - _HIDDEN) & seen[:, 0] & seen[:, -1]
    score = np.where(straight, strength[pieces, runs].mean(axis=1), 0)
    score = _preferred(score, columns - reach + first, before, _STEP * face.width, ends)
    tilt, column = np.unravel_index(int(score.argmax()), score.shape)
    if score[tilt, column] <= 0:
        return None
    run = runs[tilt, :, column][:, None]
    profile = strength[pieces, run + np.arange(-2, 3)].mean(axis=0)
    finer = float(profile @ np.arange(-2, 3) / profile.sum())
    inside, outside = (float(light[pieces, run + way * np.arange(2, 4)].mean()) for way in (-side, side))
    place = first + int(column) + finer
    return _Line(place, place + int(_TILTS[tilt]) / 2, bottom, inside, outside)


def _preferred(
    score: NDArray[np.floating], columns: NDArray[np.int_], before: _Line | None, step_px: float, ends: list[float]
) -> NDArray[np.floating]:
    """(tilts, columns) the scores of the lines that may be taken: where the one before was, or else near that, or else
    anywhere between the ends."""
    if before is not None:
        away = np.abs(columns - before.place)
        for reach_px in (1.5, step_px):
            near: NDArray[np.floating] = score * (away <= reach_px)
            if near.max() > 0:
                return near
    between: NDArray[np.floating] = score * ((columns >= ends[0]) & (columns <= ends[1]))
    return between


def _clipped(face: Box, left: _Line | None, right: _Line | None) -> float:
    """How much the brightness jumps at two lines that run before the shoulders, by the limit; 0 without such lines."""
    if left is None or right is None:
        return 0.0
    shown = min(left.foot_row, right.foot_row) - face.centre[1]
    if shown < _LEAST_SHOULDERS * face.width or right.foot - left.foot > _BETWEEN_SHOULDERS * face.width:
        return 0.0
    jumps = [math.log(max(line.inside, 4.0) / max(line.outside, 4.0)) for line in (left, right)]
    # A lit screen is brighter than its bezel, and the bezel darker than the room: either on both sides alike.
    return math.exp(min(map(abs, jumps))) / _JUMP if jumps[0] * jumps[1] > 0 else 0.0
