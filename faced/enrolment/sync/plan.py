"""What must be done so that the directory follows the personnel section's records. Pure: nothing is read or written.

A person is the same person where login name and staff number both agree. What would put a face in the place of another
one, or give a face to another login name, is never a change: it is left to a handler, who may accept it by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum, unique

from faced.directory.personnel import PersonnelRecord
from faced.enrolment.person import PersonDetails
from faced.errors import DirectoryError
from faced.trust import encoding
from faced.trust.keys import digest
from faced.trust.sealed import Basis, TemplateHeader
from faced.trust.suspension import NOT_LISTED

#: The reason of a case that waits for a handler.
HANDLER = "handler"


@unique
class Step(StrEnum):
    """What is done about a person."""

    ENROL = "enrol"
    #: Enrolled anew, from a photo of the same person.
    RENEW = "renew"
    #: Staff number, name or mail address are corrected.
    DESCRIBE = "describe"
    SUSPEND = "suspend"
    RESUME = "resume"
    ERASE = "erase"


#: After these somebody cannot log on who could before.
REMOVALS = frozenset({Step.SUSPEND, Step.ERASE})
#: Step, login name, why, staff number, digest of the photo, revision of the record: the last two in hexadecimal.
Signature = tuple[str, str, str, str, str, str]
#: These need the photo.
WITH_PHOTO = frozenset({Step.ENROL, Step.RENEW})


@unique
class FaceState(StrEnum):
    """What a person has in the directory."""

    NONE = "none"
    ENROLLED = "enrolled"
    ERASED = "erased"
    #: There is a template, and no host believes it.
    UNUSABLE = "unusable"


@dataclass(frozen=True)
class Known:
    """A person as the directory has them, and what can be believed of it.

    ``header``: of a template that was signed as it should be, also if its time is over; ``confirmed``: made at a
    camera; ``ends_soon``: it must be made anew; ``lacks``: what the basis consent would still need (reason tokens);
    ``suspended``: the reason's token, empty if the person is not; ``suspended_since``: unix seconds.
    """

    login: str
    staff_number: str
    name: str
    mail: str
    groups: tuple[str, ...]
    state: FaceState
    header: TemplateHeader | None = None
    confirmed: bool = False
    ends_soon: bool = False
    lacks: tuple[str, ...] = ()
    suspended: str = ""
    suspended_since: int = 0

    @property
    def from_personnel(self) -> bool:
        """Whether the template was made from the personnel section's record."""
        return self.header is not None and bool(self.header.provenance.photo or self.header.provenance.revision)


@dataclass(frozen=True)
class Change:
    """One thing to do about one person.

    ``why``: joined, accepted, photo, basis, ends_soon, details, left, returned, grace_over, renamed. ``same_photo``: it
    is the photo that the standing template was made from; ``accepted``: a handler said so by name.
    """

    step: Step
    login: str
    why: str
    record: PersonnelRecord | None = field(default=None, repr=False)
    details: PersonDetails | None = field(default=None, repr=False)
    basis: Basis = Basis.STAFF
    photo: bytes = field(default=b"", repr=False)
    same_photo: bool = False
    accepted: bool = False

    @property
    def words(self) -> tuple[str, str, str]:
        """What is done, about whom and why."""
        return (self.step.value, self.login, self.why)

    @property
    def signature(self) -> Signature:
        """What makes it this change and no other."""
        record = self.record
        revision, number = (record.revision.hex(), record.staff_number) if record else ("", "")
        return (*self.words, number, self.photo.hex(), revision)


@dataclass(frozen=True)
class OpenCase:
    """A person about whom somebody must do something.

    ``reason`` is a token; ``detail``: whom else it concerns, what a handler must do, or a text that says why.
    """

    login: str
    staff_number: str
    name: str
    reason: str
    detail: str = ""


def case_of(change: Change, reason: str, detail: str = "") -> OpenCase:
    """A change that is not carried out."""
    record = change.record
    number, name = (record.staff_number, record.name) if record else ("", "")
    return OpenCase(change.login, number, name, reason, detail)


@dataclass(frozen=True)
class Plan:
    """``enrolled``: how many people have a template that holds; ``records``: how many the source has."""

    changes: tuple[Change, ...]
    cases: tuple[OpenCase, ...]
    enrolled: int
    records: int

    @property
    def id(self) -> str:
        """The name of exactly these changes (16 hexadecimal digits)."""
        return id_of([change.signature for change in self.changes])

    def count(self, step: Step) -> int:
        """How many people it is done about."""
        return sum(change.step is step for change in self.changes)

    @property
    def removals(self) -> int:
        """How many people could not log on any more."""
        return sum(change.step in REMOVALS for change in self.changes)


@dataclass(frozen=True)
class Rules:
    """What the site decided.

    ``basis_of``: the ground on which somebody of a category is enrolled, None for nobody of it; ``group``: the key
    group of people who have none yet; ``keep``: people whom the personnel section does not have and who stay.
    """

    basis_of: Callable[[str], Basis | None]
    group: str
    grace_s: int
    keep: frozenset[str] = frozenset()


def id_of(signatures: Sequence[Signature]) -> str:
    """The name of a plan of these changes (16 hexadecimal digits)."""
    return digest(encoding.encode([list(signature) for signature in signatures]))[:8].hex()


def without_photos(plan: Plan, unusable: Iterable[OpenCase]) -> Plan:
    """The plan without the changes for which these people's photos would be needed."""
    logins = {case.login for case in unusable}
    changes = tuple(one for one in plan.changes if one.step not in WITH_PHOTO or one.login not in logins)
    return replace(plan, changes=changes)


def wants_photo(record: PersonnelRecord, known: Known, basis: Basis | None, revision: bytes) -> bool:
    """Whether only the photo can tell if there is something to do about somebody who is enrolled.

    :param revision: the digest of the record's revision.
    """
    if known.header is None or known.confirmed:
        return False
    provenance = known.header.provenance
    unchanged = bool(revision) and revision == provenance.revision
    return not unchanged or known.ends_soon or provenance.basis is not basis


def make_plan(
    records: Iterable[PersonnelRecord],
    people: Iterable[Known],
    photos: Mapping[str, bytes],
    rules: Rules,
    *,
    now: int,
    today: date,
    accepted: frozenset[str] = frozenset(),
) -> Plan:
    """Compare the two sides.

    :param photos: digests of the photos asked for by :func:`wants_photo`, by login name; empty for one that is gone.
    :param now: unix seconds; ``today``: the same day in Japan.
    :param accepted: login names about whom a handler has decided that the record is right.
    """
    return _Planner(tuple(records), tuple(people), photos, rules, now, today, accepted).plan()


class _Planner:
    def __init__(
        self,
        records: tuple[PersonnelRecord, ...],
        people: tuple[Known, ...],
        photos: Mapping[str, bytes],
        rules: Rules,
        now: int,
        today: date,
        accepted: frozenset[str],
    ) -> None:
        self._records = records
        self._people = people
        self._photos = photos
        self._rules = rules
        self._now = now
        self._today = today
        self._accepted = accepted
        self._known = {known.login: known for known in people}
        self._owners = {known.staff_number: known for known in people if known.staff_number}
        # Whether there is a record of which nobody can tell whose it is: then nobody is known to have left.
        self._anonymous = False
        self._changes: list[Change] = []
        self._cases: list[OpenCase] = []

    def plan(self) -> Plan:
        present: set[str] = set()
        for record in self._records:
            if self._is_over(record):
                continue
            self._anonymous = self._anonymous or not (record.login or record.staff_number)
            # Who is there under another name, or in a record that cannot be used, has not left.
            present.add(record.login)
            if (owner := self._owners.get(record.staff_number)) is not None:
                present.add(owner.login)
            self._follow(record)
        for known in self._people:
            if known.login not in present:
                self._miss(known)
        enrolled = sum(known.state is FaceState.ENROLLED for known in self._people)
        return Plan(
            # Who is erased makes room for whoever has the staff number, or the login name, now.
            tuple(sorted(self._changes, key=lambda change: (change.step is not Step.ERASE, change.login))),
            tuple(sorted(self._cases, key=lambda case: (case.login, case.reason))),
            enrolled,
            len(self._records),
        )

    def _is_over(self, record: PersonnelRecord) -> bool:
        return record.ends is not None and record.ends < self._today

    def _follow(self, record: PersonnelRecord) -> None:
        """Somebody whom the personnel section has."""
        basis = self._rules.basis_of(record.category)
        former = self._former(record)
        reason = self._obstacle(record, basis) or self._decision(record, basis, former)
        if reason:
            self._open(record, reason, former.login if former else "")
            return
        assert basis is not None  # noqa: S101 - _obstacle looked
        known = self._known.get(record.login)
        if former is not None:
            self._changes.append(Change(Step.ERASE, former.login, "renamed", accepted=True))
            known = None if former is known else known
        try:
            groups = (known.groups if known else ()) or (self._rules.group,)
            details = PersonDetails(record.login, record.staff_number, record.name, record.mail, groups)
        except DirectoryError as error:
            self._open(record, error.reason, str(error))
            return
        lacks = ("no_approval", "no_consent") if known is None else known.lacks
        # Whoever is suspended is dealt with as such; what else is missing waits until that is over.
        lacks = tuple(lack for lack in lacks if lack != "suspended")
        if basis is Basis.CONSENT and lacks:
            for lack in lacks:
                self._open(record, lack)
            return
        change = self._change_of(record, known, details, basis)
        if change is not None:
            self._changes.append(change)

    def _obstacle(self, record: PersonnelRecord, basis: Basis | None) -> str:
        """Why nothing can be done about a record, whoever decides."""
        if record.faults:
            return record.faults[0]
        if record.starts is not None and record.starts > self._today:
            return "not_yet"
        return "" if basis is not None else "category"

    def _decision(self, record: PersonnelRecord, basis: Basis | None, former: Known | None) -> str:
        """What only a handler can decide, and has not."""
        known = self._known.get(record.login)
        if former is not None and former.login != record.login and known is not None and _is_another(known, record):
            # Two people: whoever accepts one of them would replace the other's face unasked.
            return "two_people"
        if record.login in self._accepted:
            return ""
        if former is not None:
            return "renamed" if former.login != record.login else "other_number"
        # Somebody said no; that the personnel section calls the person regular staff does not undo it.
        if basis is Basis.STAFF and known is not None and "approval_withdrawn" in known.lacks:
            stands = known.header is not None and known.header.provenance.basis is Basis.STAFF
            return "" if stands else "now_staff"
        return ""

    def _former(self, record: PersonnelRecord) -> Known | None:
        """Who has the record's staff number under another login name, or its login name with another number."""
        owner, known = self._owners.get(record.staff_number), self._known.get(record.login)
        if owner is not None and owner.login != record.login:
            return owner
        return known if known is not None and _is_another(known, record) else None

    def _change_of(
        self, record: PersonnelRecord, known: Known | None, details: PersonDetails, basis: Basis
    ) -> Change | None:
        accepted = record.login in self._accepted

        def change(step: Step, why: str, photo: bytes = b"", *, same_photo: bool = False) -> Change:
            return Change(step, record.login, why, record, details, basis, photo, same_photo, accepted)

        if known is None or (known.state is FaceState.NONE and not known.suspended):
            return change(Step.ENROL, "joined")
        if known.suspended not in ("", NOT_LISTED):
            self._open(record, "suspended")
            return None
        if known.header is None:
            if not accepted:
                self._open(record, known.state.value)
                return None
            if known.suspended:
                self._changes.append(change(Step.RESUME, "returned"))
            return change(Step.ENROL, "accepted")
        if known.suspended:
            return change(Step.RESUME, "returned")
        return self._renewal(record, known, details, basis, change)

    def _renewal(
        self,
        record: PersonnelRecord,
        known: Known,
        details: PersonDetails,
        basis: Basis,
        change: Callable[..., Change],
    ) -> Change | None:
        """What is to be done about somebody whose template was signed as it should be."""
        assert known.header is not None  # noqa: S101 - the caller looked
        held = known.header.provenance
        photo = self._photos.get(record.login, b"")
        same = bool(photo) and photo == held.photo
        why = "basis" if held.basis is not basis else "ends_soon" if known.ends_soon else ""
        if known.confirmed:
            if why:
                self._open(record, why)
        elif why:
            if photo:
                return change(Step.RENEW, why, photo, same_photo=same)
            self._open(record, "no_photo")
        elif photo and not same:
            return change(Step.RENEW, "photo", photo)
        if (known.staff_number, known.name, known.mail) != (details.staff_number, details.name, details.mail):
            return change(Step.DESCRIBE, "details")
        return None

    def _miss(self, known: Known) -> None:
        """Somebody whom the personnel section does not have (any more)."""
        if known.state in (FaceState.NONE, FaceState.ERASED) or known.login in self._rules.keep:
            return
        if self._anonymous and known.login not in self._accepted:
            self._cases.append(OpenCase(known.login, known.staff_number, known.name, "unreadable_record"))
            return
        if not known.suspended:
            if known.from_personnel or known.login in self._accepted:
                self._changes.append(Change(Step.SUSPEND, known.login, "left"))
            else:
                self._cases.append(OpenCase(known.login, known.staff_number, known.name, "not_in_source"))
        elif known.suspended != NOT_LISTED:
            self._cases.append(OpenCase(known.login, known.staff_number, known.name, "suspended_and_gone"))
        elif known.suspended_since + self._rules.grace_s <= self._now or known.login in self._accepted:
            self._changes.append(Change(Step.ERASE, known.login, "grace_over"))

    def _open(self, record: PersonnelRecord, reason: str, detail: str = "") -> None:
        self._cases.append(OpenCase(record.login, record.staff_number, record.name, reason, detail))


def _is_another(known: Known, record: PersonnelRecord) -> bool:
    """Whether the person with a record's login name in the directory has another staff number."""
    return known.staff_number not in ("", record.staff_number)
