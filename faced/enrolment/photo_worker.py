"""The program that looks at foreign photos: a nursery that never reads one, and a child for each that reads only it.

:class:`faced.enrolment.photo_reader.PhotoReader` starts it afresh, with nothing but one socket. The nursery loads the
predictor, gives up its rights and forks a child for every photo it is asked about. The child confines itself, decodes,
observes, writes one answer of numbers and ends: a file that takes it over can lie about itself and nothing else.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
from numpy.typing import NDArray

from faced.enrolment.confinement import Bounds, become_nobody, confine
from faced.enrolment.file_refusal import FileRefused
from faced.enrolment.heic import load_decoder
from faced.enrolment.photo import decode_photo
from faced.enrolment.photo_answer import Answer
from faced.errors import FacedError, PredictorError
from faced.landmarks.detector import Box, FaceDetector
from faced.landmarks.observe import observe_photo
from faced.landmarks.predictor import Predictor

#: The first message: ready (then the predictor's id), or why not.
READY, NO_PREDICTOR, NOT_CONFINED = b"r", b"p", b"c"
#: A request: one byte and two descriptors, the photo to read and where to write the answer.
REQUEST = b"?"
#: Four pictures of the largest size that is admitted, and half as much again.
BOUNDS = Bounds(memory_bytes=768 * 1024**2, cpu_s=20)
_OOM_FIRST = b"500"


def main() -> None:
    """Serve on the socket that is descriptor 0: ``photo_worker CHILDREN SECONDS [PREDICTOR]``."""
    control = socket.socket(fileno=0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb") as file:
        file.write(_OOM_FIRST)
    try:
        predictor = Predictor.load(Path(sys.argv[3]) if len(sys.argv) > 3 else None)
        # Before: nobody may not be allowed to read where faced is installed.
        _warm_up(predictor)
        become_nobody()
        _try_confinement()
    except PredictorError:
        control.send(NO_PREDICTOR)
        return
    except (FacedError, OSError):
        control.send(NOT_CONFINED)
        return
    gc.collect()
    gc.freeze()
    control.send(READY + predictor.id)
    Nursery(control, predictor, most_children=int(sys.argv[1]), most_wall_s=float(sys.argv[2])).run()


class Nursery:
    """Forks a child for each request, never more than so many at once, and ends those that take too long."""

    def __init__(self, control: socket.socket, predictor: Predictor, most_children: int, most_wall_s: float) -> None:
        self._control = control
        self._predictor = predictor
        self._most = most_children
        self._most_wall_s = most_wall_s
        self._ends: dict[int, float] = {}

    def run(self) -> None:
        """Until the other end of the socket is closed."""
        wake, alarm = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        while True:
            self._bury()
            busy = len(self._ends) >= self._most
            waited = [wake] if busy else [wake, self._control.fileno()]
            ready, _writable, _errors = select.select(waited, [], [], self._patience())
            if wake in ready:
                os.read(wake, 4096)
            if self._control.fileno() in ready and not self._take():
                break
        for child in self._ends:
            os.kill(child, signal.SIGKILL)

    def _take(self) -> bool:
        message, descriptors, _flags, _address = socket.recv_fds(self._control, len(REQUEST), 2)
        if not message:
            return False
        photo, answer = descriptors
        child = os.fork()
        if child == 0:
            _look(self._predictor, photo, answer)
        self._ends[child] = time.monotonic() + self._most_wall_s
        os.close(photo)
        os.close(answer)
        return True

    def _patience(self) -> float | None:
        return max(min(self._ends.values()) - time.monotonic(), 0.0) if self._ends else None

    def _bury(self) -> None:
        now = time.monotonic()
        for child, end in list(self._ends.items()):
            if end <= now:
                os.kill(child, signal.SIGKILL)
            if os.waitpid(child, 0 if end <= now else os.WNOHANG)[0]:
                del self._ends[child]


def _look(predictor: Predictor, photo: int, answer: int) -> NoReturn:
    """The life of a child: no exception leaves it, for whoever reads the answer takes silence as one."""
    try:
        gc.disable()
        with mmap.mmap(photo, 0, access=mmap.ACCESS_READ) as mapped:
            data = bytes(mapped)
        # The socket to the parent above all: requests for other photos come through it.
        os.closerange(0, answer)
        os.closerange(answer + 1, os.sysconf("SC_OPEN_MAX"))
        confine(BOUNDS)
        os.write(answer, _judge(predictor, data).encode())
    finally:
        os._exit(0)


def _judge(predictor: Predictor, data: bytes) -> Answer:
    try:
        image = decode_photo(data)
    except FileRefused as refusal:
        return Answer(fault=refusal.fault, size=refusal.size)
    report = observe_photo(predictor, image)
    return Answer(reason=report.reason, observation=report.observation)


def _try_confinement() -> None:
    """Find out before the first photo whether a child can be confined here.

    :raises FacedError: it cannot.
    """
    child = os.fork()
    if child == 0:
        try:
            confine(BOUNDS)
        except BaseException:
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        raise FacedError("A child cannot be confined.", reason="hardening")


class _Somewhere:
    """Finds a face in the middle of any picture."""

    def detect(self, grey: NDArray[np.uint8], **_options: object) -> list[Box]:
        height, width = grey.shape
        return [Box(width / 4, height / 4, width / 2, width / 2)]


def _warm_up(predictor: Predictor) -> None:
    """Do everything once that a confined child cannot do for the first time: load, allocate, look around."""
    cv2.setNumThreads(1)
    FaceDetector.shared()
    load_decoder()
    grey = np.full((160, 160, 3), 128, np.uint8)
    for kind in (".jpg", ".png"):
        image = decode_photo(bytes(cv2.imencode(kind, grey)[1].tobytes()))
        observe_photo(predictor, image)
        observe_photo(predictor, image, detector=_Somewhere())  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
