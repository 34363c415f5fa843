"""From a planned change that needs a photo to a face template, or to the reason why a handler must look at it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from faced.directory.people import Person
from faced.directory.personnel import Personnel
from faced.enrolment.likeness import template_of_photo
from faced.enrolment.photo_reader import PhotoReader, PhotoResult
from faced.enrolment.sync.comparing import Comparer
from faced.enrolment.sync.digests import Digests
from faced.enrolment.sync.plan import Change, OpenCase, Step, case_of
from faced.errors import PhotoRefused
from faced.recognition.template import FaceTemplate


@dataclass(frozen=True)
class Candidate:
    """A change whose photo was looked at: with a ``face``, or with the ``refusal``'s token and its ``text``.

    ``photo``: the digest of the photo that the face is from.
    """

    change: Change
    photo: bytes = field(default=b"", repr=False)
    face: FaceTemplate | None = field(default=None, repr=False)
    refusal: str = ""
    text: str = ""

    @property
    def case(self) -> OpenCase | None:
        """What is open now; None with a face."""
        return None if self.face is not None else case_of(self.change, self.refusal, self.text)


class Candidates:
    """Looks at photos.

    :param reader: started.
    :param comparer: None where this computer can open nobody's template.
    :param find: the entry of a person who is enrolled.
    :param taken: digests of the photos that people were enrolled from, and by whom.
    """

    def __init__(
        self,
        personnel: Personnel,
        reader: PhotoReader,
        digests: Digests,
        comparer: Comparer | None,
        find: Callable[[str], Person | None],
        taken: dict[bytes, str],
        now: int,
    ) -> None:
        self._personnel = personnel
        self._reader = reader
        self._digests = digests
        self._comparer = comparer
        self._find = find
        self._taken = dict(taken)
        self._now = now

    def look(self, changes: Sequence[Change]) -> Generator[Candidate, None, None]:
        """One candidate a change, in their order; a bounded number of photos is in memory."""
        waiting: deque[tuple[Change, bytes, str]] = deque()
        for result in self._reader.read(self._shown(changes, waiting)):
            change, photo, fault = waiting.popleft()
            yield Candidate(change, refusal=fault) if fault else self._candidate(change, photo, result)

    def _shown(
        self, changes: Sequence[Change], waiting: deque[tuple[Change, bytes, str]]
    ) -> Iterator[tuple[str, bytes]]:
        """The photos as the reader wants them; their digests, or why there is none, wait in the same order."""
        keys = [change.record.key for change in changes if change.record is not None]
        with closing(self._personnel.photos(keys)) as photos:
            for change, (_key, data) in zip(changes, photos, strict=True):
                if isinstance(data, bytes):
                    waiting.append((change, self._digests.photo(data), ""))
                    yield change.login, data
                else:
                    waiting.append((change, b"", "no_photo" if data is None else data.reason))
                    yield change.login, b""

    def _candidate(self, change: Change, photo: bytes, result: PhotoResult) -> Candidate:
        if change.photo and photo != change.photo:
            return Candidate(change, refusal="changed_meanwhile")
        owner = self._taken.setdefault(photo, change.login)
        if owner != change.login:
            return Candidate(change, refusal="same_photo", text=owner)
        try:
            face = template_of_photo(result.usable(), self._now)
        except PhotoRefused as error:
            return Candidate(change, photo, refusal=error.reason, text=str(error))
        if change.step is Step.RENEW and not change.same_photo and not change.accepted:
            refusal = self._compared(change.login, face)
            if refusal:
                return Candidate(change, photo, refusal=refusal)
        return Candidate(change, photo, face)

    def _compared(self, login: str, face: FaceTemplate) -> str:
        person = self._find(login)
        if self._comparer is None or person is None:
            return "photo_changed"
        same = self._comparer.same_person(person, face, self._reader.predictor_id)
        return "photo_changed" if same is None else "" if same else "mismatch"
