"""What the directory has of everybody, as far as it can be believed: one side of the comparison."""

from __future__ import annotations

from collections.abc import Iterable

from faced.directory.people import Person
from faced.enrolment.eligibility import missing
from faced.enrolment.register import is_confirmed
from faced.enrolment.sync.plan import FaceState, Known
from faced.errors import TrustError
from faced.trust.realm import Verifier
from faced.trust.sealed import Basis, TemplateHeader, check_template, read_header
from faced.trust.statement import Kind
from faced.trust.suspension import Suspension, read_suspension
from faced.units import DAY_S

#: A template that ends within these days is made anew.
RENEW_DAYS = 60
#: In place of the reason of a suspension that cannot be believed.
UNKNOWN = "unknown"


def known_people(people: Iterable[Person], verifier: Verifier) -> tuple[Known, ...]:
    """Everybody, as the plan wants them."""
    return tuple(_known(person, verifier) for person in people)


def _known(person: Person, verifier: Verifier) -> Known:
    state, header, ends_soon = _face(person, verifier)
    suspension = _suspension(person, verifier)
    return Known(
        person.login,
        person.staff_number,
        person.name,
        person.mail,
        person.groups,
        state,
        header,
        confirmed=header is not None and is_confirmed(header),
        ends_soon=ends_soon,
        lacks=missing(person, Basis.CONSENT, verifier),
        suspended=suspension.reason if suspension else "",
        suspended_since=suspension.issued if suspension else 0,
    )


def _suspension(person: Person, verifier: Verifier) -> Suspension | None:
    """Who is suspended now, and why."""
    if person.face.suspension is None:
        return None
    try:
        said = read_suspension(verifier, person.login, person.face.suspension)
    except TrustError:
        # It may stand where a good one stood: a handler looks.
        return Suspension(person.login, 0, True, UNKNOWN, 0, 0)
    return said if said.suspended else None


def _face(person: Person, verifier: Verifier) -> tuple[FaceState, TemplateHeader | None, bool]:
    """The state of the template, its header if it was signed as it should be, and whether it must be made anew."""
    face = person.face
    if face.template is None:
        return (FaceState.NONE if face.tombstone is None else FaceState.ERASED), None, False
    try:
        checked = check_template(verifier, person.login, face.template, tombstone=face.tombstone)
    except TrustError as error:
        if error.reason == "tombstoned":
            return FaceState.ERASED, None, False
        return FaceState.UNUSABLE, _past(person.login, face.template, verifier, error.reason), True
    left_s = checked.statement.expires - verifier.now
    return FaceState.ENROLLED, checked.header, left_s < RENEW_DAYS * DAY_S


def _past(login: str, template: bytes, verifier: Verifier, reason: str) -> TemplateHeader | None:
    """The header of a template that is only too old."""
    if reason != "purpose_over":
        return None
    try:
        header = read_header(verifier.check(template, Kind.TEMPLATE, even_expired=True))
    except TrustError:
        return None
    return header if header.login == login else None
