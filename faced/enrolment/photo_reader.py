"""Photos from outside -> observations, without a foreign byte being interpreted in this process.

The files are looked at by :mod:`faced.enrolment.photo_worker`, each in a process of its own that can do nothing but
answer; see docs/decisions/0026-photo-workers.md.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from faced.enrolment.file_refusal import Fault, FileRefused
from faced.enrolment.photo import check_bytes, read_photo
from faced.enrolment.photo_answer import ANSWER_BYTES, Answer
from faced.enrolment.photo_worker import NO_PREDICTOR, NOT_CONFINED, READY, REQUEST
from faced.enrolment.refusal import photo_refused
from faced.errors import FacedError, PhotoRefused
from faced.i18n import _
from faced.landmarks.observe import Observation
from faced.landmarks.predictor import Predictor
from faced.landmarks.quality import Reason

#: The worker inherits no variable. These keep its libraries to one thread and one heap; in large pages, the 100 MB of
#: the predictor are walked through in a fifth less time.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
_START_S = 120.0
_END_S = 5.0
_DYING_S = 0.5
#: Ten times what the slowest photo needs on a busy computer.
MOST_WALL_S = 60.0
#: How many photos a worker may have waiting, so that it has work while the caller is busy.
_AHEAD = 2
#: How often a photo is shown again after the whole program, not only the photo's own process, went away.
_TRIES = 2


@dataclass(frozen=True)
class PhotoResult:
    """One photo: ``refusal`` None means usable; ``observation`` is there whenever a face was measured."""

    name: str
    observation: Observation | None
    refusal: PhotoRefused | None

    def usable(self) -> Observation:
        """The observation.

        :raises PhotoRefused: why there is none to use.
        """
        if self.refusal is not None:
            raise self.refusal
        assert self.observation is not None  # noqa: S101 - this class's promise
        return self.observation


@dataclass
class _Job:
    """A photo on its way: ``data`` until it is answered, ``answer`` the descriptor that the answer comes from."""

    name: str
    data: bytes
    answer: int = -1
    tries: int = 0
    result: PhotoResult | None = None


class PhotoReader:
    """Looks at photos in processes that are short of everything; a context manager.

    :param predictor: the configured predictor file; None for the installed one.
    :param workers: photos looked at at the same time; None for one per processor.
    :param most_wall_s: a photo whose reading takes longer is given up, even if it uses no processor time.
    """

    def __init__(self, predictor: Path | None, workers: int | None = None, *, most_wall_s: float = MOST_WALL_S) -> None:
        self._predictor = predictor
        self._most_wall_s = most_wall_s
        self._workers = workers if workers is not None else len(os.sched_getaffinity(0))
        if self._workers < 1:
            raise ValueError("at least one worker")
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._predictor_id = b""

    def __enter__(self) -> Self:
        """Start the worker.

        :raises PredictorError: as :meth:`faced.landmarks.predictor.Predictor.load`.
        :raises FacedError: this computer cannot confine it.
        """
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def predictor_id(self) -> bytes:
        """SHA-256 of the predictor file that the worker loaded, 32 bytes."""
        return self._predictor_id

    def read(self, photos: Iterable[tuple[str, Path | bytes]]) -> Iterator[PhotoResult]:
        """Look at photos; the results come in the order given, a few photos ahead of the caller at most.

        :param photos: (name, file or bytes); the name is the caller's, the worker never sees it.
        """
        source = iter(photos)
        waiting: deque[_Job] = deque()
        exhausted = False
        try:
            while True:
                while not exhausted and len(waiting) < self._workers * (1 + _AHEAD):
                    following = next(source, None)
                    if following is None:
                        exhausted = True
                    else:
                        waiting.append(self._opened(*following))
                if not waiting:
                    return
                yield self._finished(waiting)
        finally:
            for job in waiting:
                _close(job)

    def _opened(self, name: str, photo: Path | bytes) -> _Job:
        try:
            data = read_photo(photo) if isinstance(photo, Path) else photo
            check_bytes(data)
        except PhotoRefused as refusal:
            return _Job(name, b"", result=PhotoResult(name, None, refusal))
        job = _Job(name, data)
        self._show(job)
        return job

    def _show(self, job: _Job) -> None:
        """Hand a photo over in memory; nothing of it touches a disk."""
        assert self._control is not None, "a PhotoReader is used within `with`"  # noqa: S101
        job.tries += 1
        job.answer, writing = os.pipe2(os.O_CLOEXEC)
        photo = os.memfd_create("photo", os.MFD_CLOEXEC)
        try:
            with open(photo, "wb", closefd=False) as file:
                file.write(job.data)
            socket.send_fds(self._control, [REQUEST], [photo, writing])
        except (BrokenPipeError, ConnectionResetError):
            # Seen again, and dealt with, when the answer is read.
            pass
        finally:
            os.close(photo)
            os.close(writing)

    def _finished(self, waiting: deque[_Job]) -> PhotoResult:
        """The result of the first photo; the worker is started again if it went away."""
        while True:
            job = waiting[0]
            if job.result is None:
                answer = _read(job)
                if len(answer) < ANSWER_BYTES and self._is_gone():
                    self._start_again(waiting)
                    continue
                job.result = _result(job.name, answer)
            _close(waiting.popleft())
            return job.result

    def _is_gone(self) -> bool:
        """Whether the whole program ended; a process that dies closes its files a moment before that can be seen."""
        if self._process is None:
            return True
        try:
            self._process.wait(_DYING_S)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _start_again(self, waiting: Iterable[_Job]) -> None:
        self._stop()
        self._start()
        for job in waiting:
            if job.result is not None:
                continue
            _close(job)
            if job.tries >= _TRIES:
                job.result = _result(job.name, b"")
            else:
                self._show(job)

    def _start(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-I", "-m", "faced.enrolment.photo_worker"]
            command += [str(self._workers), str(self._most_wall_s)]
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command + ([str(self._predictor)] if self._predictor is not None else []),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        try:
            self._control.settimeout(_START_S)
            first = self._control.recv(64)
            self._control.settimeout(None)
        except TimeoutError:
            first = b""
        if first[:1] != READY:
            self._stop()
            raise self._failure(first)
        self._predictor_id = first[1:]

    def _failure(self, first: bytes) -> FacedError:
        if first == NO_PREDICTOR:
            # Loaded here, in the language of the person at the screen, it says what is wrong.
            Predictor.load(self._predictor)
        if first == NOT_CONFINED:
            return FacedError(
                _(
                    "This computer cannot lock in the program that reads photos, so none is read. It needs Linux on "
                    "x86-64."
                ),
                reason="hardening",
            )
        return FacedError(_("The program that reads photos does not start. Install faced again."), reason="worker")

    def _stop(self) -> None:
        control, process = self._control, self._process
        self._control = self._process = None
        if control is not None:
            control.close()
        if process is not None:
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _read(job: _Job) -> bytes:
    """All that comes until the answer is whole or its writer has ended."""
    answer = b""
    while len(answer) < ANSWER_BYTES:
        piece = os.read(job.answer, ANSWER_BYTES - len(answer))
        if not piece:
            break
        answer += piece
    return answer


def _close(job: _Job) -> None:
    if job.answer >= 0:
        os.close(job.answer)
        job.answer = -1


def _result(name: str, data: bytes) -> PhotoResult:
    try:
        answer = Answer.decode(data)
    except ValueError:
        return PhotoResult(name, None, FileRefused(Fault.HOSTILE))
    if answer.fault is not None:
        return PhotoResult(name, None, FileRefused(answer.fault, size=answer.size))
    if answer.reason is None and answer.observation is not None:
        return PhotoResult(name, answer.observation, None)
    reason = answer.reason or Reason.NO_FACE
    return PhotoResult(name, answer.observation, photo_refused(reason, answer.observation))
