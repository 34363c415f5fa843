"""One run of the synchronisation: both sides read, the plan made, and then carried out person by person.

It keeps no state: what was enrolled from which record and photo is in the signed header. So a run that was cut off
anywhere is completed by the next, and one that has nothing to do writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from faced.directory.people import Person
from faced.directory.personnel import Personnel, PersonnelRecord
from faced.enrolment.acts import Act
from faced.enrolment.erasures import ErasureRecords
from faced.enrolment.fiscal_year import day_of, start_of
from faced.enrolment.register import Register, concerns_one_person
from faced.enrolment.suspending import Suspensions
from faced.enrolment.sync.digests import Digests
from faced.enrolment.sync.plan import (
    HANDLER,
    WITH_PHOTO,
    Change,
    Known,
    OpenCase,
    Plan,
    Rules,
    Step,
    case_of,
    make_plan,
    wants_photo,
)
from faced.enrolment.sync.standing import known_people
from faced.errors import FacedError, NotAllowed
from faced.trust.sealed import Provenance
from faced.trust.suspension import NOT_LISTED

if TYPE_CHECKING:
    from faced.enrolment.photo_reader import PhotoReader
    from faced.enrolment.sync.candidates import Candidate
    from faced.enrolment.sync.comparing import Comparer
    from faced.recognition.template import FaceTemplate

#: Writes an act down around the block: before it is done, and how it ended.
Recorded = Callable[[Act, str, str], AbstractContextManager[None]]

_ACTS = {
    Step.ENROL: Act.ENROL,
    Step.RENEW: Act.ENROL,
    Step.DESCRIBE: Act.DESCRIBE,
    Step.SUSPEND: Act.SUSPEND,
    Step.RESUME: Act.RESUME,
    Step.ERASE: Act.ERASE,
}


@dataclass(frozen=True)
class Result:
    """What became of one change.

    ``case`` says why nothing, and what is open now; ``face``: the template that somebody was enrolled with;
    ``suspended``: the serial of a suspension.
    """

    change: Change
    case: OpenCase | None = None
    face: FaceTemplate | None = field(default=None, repr=False)
    suspended: int = 0


@dataclass
class Synchroniser:
    """The two sides and the rules.

    :param accepted: login names about whom a handler decided that the record is right.
    """

    personnel: Personnel
    register: Register
    suspensions: Suspensions
    erasures: ErasureRecords
    digests: Digests
    rules: Rules
    accepted: frozenset[str] = frozenset()
    _people: dict[str, Person] = field(default_factory=dict)
    _taken: dict[bytes, str] = field(default_factory=dict)

    def plan(self, progress: Callable[[int], None] | None = None, day: date | None = None) -> Plan:
        """Read both sides and compare them; nothing is written.

        :param progress: called with the number of people read so far.
        :param day: as it will be on that day in Japan, if nothing else changes; None for now.
        :raises DirectoryError, StateError: a side cannot be read to its end.
        """
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(self.personnel.records)
            people = self.register.people.all(progress=progress, keys=False)
            records = reading.result()
        self._people = {person.login: person for person in people}
        known = known_people(people, self.register.verifier)
        photos = self._photos(records, {one.login: one for one in known})
        now = self.register.verifier.now if day is None else start_of(day)
        made = make_plan(records, known, photos, self.rules, now=now, today=day_of(now), accepted=self.accepted)
        erased = {change.login for change in made.changes if change.step is Step.ERASE}
        self._taken = {
            one.header.provenance.photo: one.login
            for one in known
            if one.header and one.header.provenance.photo and one.login not in erased
        }
        return made

    def look(
        self, changes: Sequence[Change], reader: PhotoReader, comparer: Comparer | None
    ) -> Generator[Candidate, None, None]:
        """What the photos of the changes that need one come to.

        :param reader: started.
        """
        # It brings NumPy, which a morning on which nothing changed does not need.
        from faced.enrolment.sync.candidates import Candidates

        candidates = Candidates(
            *(self.personnel, reader, self.digests, comparer),
            find=self.register.find,
            taken=self._taken,
            now=self.register.verifier.now,
        )
        return candidates.look([change for change in changes if change.step in WITH_PHOTO])

    def carry_out(
        self, changes: Sequence[Change], reader: PhotoReader | None, comparer: Comparer | None, recorded: Recorded
    ) -> Iterator[Result]:
        """Do all this, erasures first; what concerns one person stops nobody else.

        :param reader: None where no change needs a photo.
        :raises FacedError: the directory, the station or its keys failed; what was done stays done.
        """
        for change in changes:
            if change.step not in WITH_PHOTO:
                yield self._done(change, recorded, partial(self._write, change))
        if reader is not None:
            with closing(self.look(changes, reader, comparer)) as candidates:
                for candidate in candidates:
                    yield self._enrolled(candidate, reader.predictor_id, recorded)

    def _photos(self, records: Sequence[PersonnelRecord], known: dict[str, Known]) -> dict[str, bytes]:
        """Digests of the photos that alone can tell whether there is something to do."""
        wanted = {
            record.key: record.login
            for record in records
            if not record.faults
            and (one := known.get(record.login)) is not None
            and wants_photo(record, one, self.rules.basis_of(record.category), self.digests.revision(record.revision))
        }
        with closing(self.personnel.photos(list(wanted))) as photos:
            return {wanted[key]: self.digests.photo(data) if isinstance(data, bytes) else b"" for key, data in photos}

    def _enrolled(self, candidate: Candidate, predictor: bytes, recorded: Recorded) -> Result:
        change, face = candidate.change, candidate.face
        if face is None:
            return Result(change, candidate.case)
        details, record = change.details, change.record
        assert details is not None and record is not None  # noqa: S101, PT018 - such a change has both

        def enrol() -> Result:
            self.register.enrol(
                details,
                face,
                predictor=predictor,
                provenance=Provenance(change.basis, candidate.photo, self.digests.revision(record.revision)),
            )
            return Result(change, face=face)

        return self._done(change, recorded, enrol)

    def _done(self, change: Change, recorded: Recorded, write: Callable[[], Result]) -> Result:
        try:
            with recorded(_ACTS[change.step], change.login, change.why):
                return write()
        except FacedError as error:
            if change.step is Step.ERASE and isinstance(error, NotAllowed):
                # A death notice stands already, and only a handler may replace it.
                return Result(change, case_of(change, HANDLER, change.step.value))
            if not concerns_one_person(error):
                raise
            return Result(change, case_of(change, error.reason, str(error)))

    def _write(self, change: Change) -> Result:
        person = self._people[change.login]
        match change.step:
            case Step.DESCRIBE:
                details = change.details
                assert details is not None  # noqa: S101 - such a change has them
                self.register.people.describe(
                    change.login, staff_number=details.staff_number, name=details.name, mail=details.mail
                )
            case Step.SUSPEND:
                signed = self.suspensions.suspend(person, NOT_LISTED)
                self.suspensions.publish(signed)
                return Result(change, suspended=signed.says.serial)
            case Step.RESUME:
                self.suspensions.publish(self.suspensions.resume(person))
            case Step.ERASE:
                self.erasures.keep_tombstone(self.register.withdraw(change.login, reason=change.why))
            case _:
                raise ValueError(f"{change.step} needs a photo")
        return Result(change)
