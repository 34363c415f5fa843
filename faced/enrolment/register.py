"""People in the directory as the authority keeps them: enrolled, looked up, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from faced.directory.connection import Connection, equals
from faced.directory.people import People, Person
from faced.directory.tree import Tree
from faced.enrolment.eligibility import NotEligible, check_eligible
from faced.enrolment.issue import Standing, issue_template, standing_tombstone, withdraw_template
from faced.enrolment.person import PersonDetails
from faced.enrolment.station import RoleKey
from faced.errors import DirectoryError, DirectoryUnavailable, FacedError, NotInDirectory, PhotoRefused, TrustError
from faced.i18n import _
from faced.recognition.source import Source
from faced.trust.realm import Role, Verifier
from faced.trust.sealed import NO_PROVENANCE, Basis, Provenance, TemplateHeader, check_header
from faced.trust.tombstone import check_tombstone

if TYPE_CHECKING:
    from faced.recognition.template import FaceTemplate


@dataclass(frozen=True)
class Register:
    """The people of one tree, over a connection of the role that ``key`` belongs to."""

    connection: Connection
    tree: Tree
    verifier: Verifier
    key: RoleKey

    @property
    def people(self) -> People:
        """The entries."""
        return People(self.connection, self.tree)

    def find(self, login: str) -> Person | None:
        """A person's entry, or None."""
        try:
            return self.people.find(login)
        except NotInDirectory:
            return None

    def login_of(self, staff_number: str) -> str | None:
        """The login name of the person with this staff number, or None.

        :raises AmbiguousEntry: several people have it.
        """
        try:
            entry = self.connection.find(
                self.tree.people, equals(objectClass="person", employeeNumber=staff_number), ("uid",)
            )
        except NotInDirectory:
            return None
        return entry.text("uid")

    def check(self, details: PersonDetails, basis: Basis = Basis.STAFF) -> Person | None:
        """Refuse details that would make two people one, or one two, and somebody whose face may not be used.

        :return: the person's entry, None if there is none yet.
        :raises DirectoryError: ``staff_number``: the login name or the staff number is another person's.
        :raises NotEligible: as :func:`faced.enrolment.eligibility.check_eligible`.
        """
        owner = self.login_of(details.staff_number)
        if owner is not None and owner != details.login:
            raise DirectoryError(
                _("The staff number {number} belongs to {login} in the directory. Check both before you go on.").format(
                    number=details.staff_number, login=owner
                ),
                reason="staff_number",
            )
        person = self.find(details.login)
        if person is not None and person.staff_number not in ("", details.staff_number):
            raise DirectoryError(
                _("{login} has the staff number {number} in the directory. Check both before you go on.").format(
                    login=details.login, number=person.staff_number
                ),
                reason="staff_number",
            )
        check_eligible(details.login, person, basis, self.verifier)
        return person

    def check_new(self, details: PersonDetails) -> None:
        """Refuse details of somebody who has an entry.

        :raises DirectoryError: as :meth:`check`; ``exists``.
        """
        if self.check(details) is not None:
            raise DirectoryError(_("{login} is in the directory already.").format(login=details.login), reason="exists")

    def add(self, details: PersonDetails) -> None:
        """Make the entry of somebody who is not enrolled yet, so that consent and approval can be recorded in it.

        :raises DirectoryError: as :meth:`check_new`.
        """
        self.check_new(details)
        self.people.add(
            details.login,
            staff_number=details.staff_number,
            name=details.name,
            mail=details.mail,
            groups=details.groups,
        )

    def enrol(
        self,
        details: PersonDetails,
        face: FaceTemplate,
        *,
        predictor: bytes,
        not_after: int | None = None,
        replace_confirmed: bool = False,
        provenance: Provenance = NO_PROVENANCE,
    ) -> TemplateHeader:
        """Issue a template and put it in place of any other; makes the person's entry if there is none.

        :param replace_confirmed: whether a photo may take the place of a template that was made at the camera.
        :param provenance: without digests those of the standing template are kept: who is enrolled anew by hand still
            came from the personnel section.
        :raises DirectoryError, NotEligible: as :meth:`check`; ``confirmed``; ``erased_unattended``.
        :raises TrustError: as :func:`faced.enrolment.issue.issue_template`.
        """
        person = self.check(details, provenance.basis)
        if person is not None and not replace_confirmed and self._is_lowered(person, face):
            raise DirectoryError(
                _(
                    "{login} was enrolled at the camera, which is better than a photo. Use --replace to enrol from the "
                    "photo all the same."
                ).format(login=details.login),
                reason="confirmed",
            )
        if self.key.role is Role.SYNC and person is not None:
            self._refuse_own_tombstone(person)
        header, sealed = issue_template(
            self.verifier,
            self.key,
            details,
            face,
            predictor=predictor,
            standing=standing_of(person),
            not_after=not_after,
            provenance=self._carried_over(provenance, person),
        )
        described = {"staff_number": details.staff_number, "name": details.name, "mail": details.mail}
        if person is None:
            self.people.add(details.login, groups=details.groups, **described)
        elif (person.staff_number, person.name, person.mail) != tuple(described.values()):
            self.people.describe(details.login, **described)
        self.people.enrol(details.login, sealed.template, sealed.template_keys, details.groups)
        return header

    def bury(self, person: Person, *, reason: str, decision: str = "") -> bytes:
        """Publish the tombstone of all templates of a person, unless one that holds is there.

        :return: the tombstone.
        """
        standing = standing_of(person)
        tombstone = standing_tombstone(self.verifier, person.login, standing)
        if tombstone is None:
            tombstone = withdraw_template(
                *(self.verifier, self.key, person.login, standing),
                reason=reason,
                staff_number=person.staff_number,
                decision=decision,
            )
            self.people.bury(person.login, tombstone)
        return tombstone

    def withdraw(self, login: str, *, reason: str, decision: str = "") -> bytes:
        """Publish the tombstone of all templates of a person, then remove what :meth:`People.erase` removes.

        Interrupted anywhere, doing it again completes it.

        :return: the tombstone.
        :raises NotInDirectory: there is no such person.
        """
        tombstone = self.bury(self.people.find(login), reason=reason, decision=decision)
        self.people.erase(login)
        return tombstone

    def header(self, person: Person) -> TemplateHeader | None:
        """What is signed about a person's template, None without one.

        :raises TrustError: it does not hold (any more); the reason says why.
        """
        if person.face.template is None:
            return None
        return check_header(self.verifier, person.face.template)

    def _refuse_own_tombstone(self, person: Person) -> None:
        """No PC believes the synchronisation about somebody whom it erased itself."""
        try:
            buried = person.face.tombstone and check_tombstone(self.verifier, person.login, person.face.tombstone)
        except TrustError:
            return
        if buried and buried.unattended:
            raise DirectoryError(
                _("The synchronisation erased {login}. A handler must enrol them anew: facectl enroll {login}").format(
                    login=person.login
                ),
                reason="erased_unattended",
            )

    def _carried_over(self, provenance: Provenance, person: Person | None) -> Provenance:
        try:
            held = self.header(person) if person is not None else None
        except TrustError:
            held = None
        if held is None or provenance.photo or provenance.revision:
            return provenance
        return replace(provenance, photo=held.provenance.photo, revision=held.provenance.revision)

    def _is_lowered(self, person: Person, face: FaceTemplate) -> bool:
        if face.confirmed:
            return False
        try:
            header = self.header(person)
        except TrustError:
            return False
        return header is not None and is_confirmed(header)


def concerns_one_person(error: FacedError) -> bool:
    """Whether the others can go on: not when the directory, the station or its keys are at fault."""
    if isinstance(error, DirectoryUnavailable):
        return False
    return isinstance(error, PhotoRefused | DirectoryError | NotEligible) or error.reason == "wrong_group"


def is_confirmed(header: TemplateHeader) -> bool:
    """Whether the person was enrolled at a camera; known from photos alone, a template is provisional."""
    return Source.CAMERA.value in header.method.split("+")


def standing_of(person: Person | None) -> Standing:
    """What a person has already."""
    return Standing() if person is None else Standing(person.face.template, person.face.tombstone)
