"""The 68-point shape predictor: where its file is, which one it is, and one call of it."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlib
import numpy as np
from numpy.typing import NDArray

from faced.errors import PredictorError
from faced.i18n import _

FILE_NAME = "shape_predictor_68_face_landmarks.dat"
#: Where Debian's libdlib-data installs it.
DEBIAN_PATH = Path("/usr/share/dlib") / FILE_NAME
POINTS = 68


class Predictor:
    """A loaded predictor; calls are free of state, so that threads may share one.

    :ivar id: SHA-256 of the file, 32 bytes. Templates carry it: points of two predictors must not be compared.
    """

    def __init__(self, shape_predictor: Any, identity: bytes, path: Path) -> None:
        self._shape_predictor = shape_predictor
        self.id = identity
        self.path = path

    @classmethod
    def load(cls, path: Path | None = None) -> Predictor:
        """Read the predictor file (0.4 s, 100 MB; once per process).

        :param path: the configured file; None for the first of the well-known places.
        :raises PredictorError: no file, an unreadable one, or one that does not predict 68 points.
        """
        path = path or _installed()
        try:
            with path.open("rb") as file:
                identity = hashlib.file_digest(file, "sha256").digest()
        except OSError as error:
            text = _("The predictor file {path} cannot be read: {error}.")
            raise PredictorError(text.format(path=path, error=error.strerror)) from None
        try:
            shape_predictor = dlib.shape_predictor(str(path))
        except RuntimeError:
            text = _("{path} is not a dlib shape predictor. Install libdlib-data or name another file.")
            raise PredictorError(text.format(path=path)) from None
        blank = np.zeros((64, 64), np.uint8)
        found = shape_predictor(blank, dlib.rectangle(8, 8, 55, 55)).num_parts
        if found != POINTS:
            text = _("{path} predicts {found} points instead of 68. Install libdlib-data or name another file.")
            raise PredictorError(text.format(path=path, found=found))
        return cls(shape_predictor, identity, path)

    def points(self, grey: NDArray[np.uint8], centre: tuple[float, float], width: float) -> NDArray[np.float32]:
        """One call.

        :param grey: (h, w) uint8.
        :param centre: of the square face box, px; ``width`` of it, px.
        :return: (68, 2) float32 px, whole numbers as dlib gives them.
        """
        half = width / 2
        left, top = round(centre[0] - half), round(centre[1] - half)
        right, bottom = round(centre[0] + half) - 1, round(centre[1] + half) - 1
        shape = self._shape_predictor(grey, dlib.rectangle(left, top, right, bottom))
        return np.array([(part.x, part.y) for part in shape.parts()], np.float32)


def _places() -> Iterator[Path]:
    yield DEBIAN_PATH
    # The wheel only carries files; importing it would pull in pkg_resources.
    wheel = importlib.util.find_spec("face_recognition_models")
    if wheel is not None and wheel.origin:
        yield Path(wheel.origin).parent / "models" / FILE_NAME


def _installed() -> Path:
    for path in _places():
        if path.is_file():
            return path
    text = _("There is no 68-point predictor. Install the package libdlib-data, or name a file in [landmarks].")
    raise PredictorError(text)
