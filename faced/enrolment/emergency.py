"""The emergency way in as the authority gives it: a grant in the directory, or a code read out on the telephone.

Why somebody needs it stays in the station's record of acts: the directory and the workstations need not know.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from faced.directory.connection import Connection
from faced.directory.hosts import Host, Hosts
from faced.directory.people import People, Person
from faced.directory.tree import Tree
from faced.enrolment.founding import DEFAULT_GROUP
from faced.enrolment.station import RoleKey
from faced.errors import DirectoryError, NotAllowed, TrustError
from faced.i18n import _
from faced.trust.emergency import HOUR_S, LONGEST_HOURS, Grant, issue_grant, read_grant
from faced.trust.emergency_code import Code, issue_code
from faced.trust.realm import Verifier

#: A working day.
DEFAULT_HOURS = 8


@dataclass(frozen=True)
class Wish:
    """Who is to be let in where: ``host`` empty for every PC; for so many hours from now."""

    login: str
    host: str
    hours: int = DEFAULT_HOURS


@dataclass(frozen=True)
class SignedGrant:
    """A grant and its statement, not published yet. ``groups``: key groups for somebody who has none."""

    grant: Grant
    statement: bytes
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class GrantState:
    """What the directory holds of a person's grant.

    ``state`` is none, in_force, withdrawn, or the reason why it does not hold; without a ``grant`` it cannot be
    believed. Whether it was used, only the PC knows.
    """

    person: Person
    state: str
    grant: Grant | None = None


@dataclass(frozen=True)
class Emergencies:
    """The grants and codes of one tree, over a connection of the role that ``key`` belongs to."""

    connection: Connection
    tree: Tree
    verifier: Verifier
    key: RoleKey
    _hosts: dict[str, Host] = field(default_factory=dict)

    @property
    def people(self) -> People:
        """The entries."""
        return People(self.connection, self.tree)

    def grant(self, person: Person, wish: Wish) -> SignedGrant:
        """Sign that a person is let in once without the face step, on one PC or once on each.

        Somebody who was never enrolled gets a key group, for the PC could not see the grant otherwise.

        :raises NotInDirectory: there is no such PC.
        :raises NotAllowed: ``too_long``; ``wrong_group``: the PC could not see it.
        :raises TrustError: the station's own keys may no longer do this.
        """
        if not 0 < wish.hours <= LONGEST_HOURS:
            raise NotAllowed(
                _("An emergency grant is for 1 to {most} hours.").format(most=LONGEST_HOURS), reason="too_long"
            )
        theirs = self._host(wish.host).groups if wish.host else (DEFAULT_GROUP,)
        groups = () if person.groups else tuple(sorted(theirs, key=lambda group: group != DEFAULT_GROUP)[:1])
        if wish.host and not set(person.groups or groups) & set(theirs):
            raise NotAllowed(
                _("{host} serves none of {login}'s key groups and could not see the grant.").format(
                    host=wish.host, login=person.login
                ),
                reason="wrong_group",
            )
        return self._sign(person, wish.host, wish.hours, groups=groups)

    def withdraw(self, person: Person) -> SignedGrant:
        """Sign that what was granted to a person before lets nobody in any more.

        :raises TrustError: as :meth:`grant`.
        """
        return self._sign(person, "", LONGEST_HOURS, withdrawn=True)

    def publish(self, signed: SignedGrant) -> None:
        """Put a signed grant in place of the one that is there.

        :raises DirectoryError: what the server refused.
        """
        self.people.grant(signed.grant.login, signed.statement, signed.groups)

    def state(self, person: Person) -> GrantState:
        """What a workstation that has not seen it yet would make of the person's grant."""
        if person.face.emergency is None:
            return GrantState(person, "none")
        try:
            grant = read_grant(self.verifier, person.login, person.face.emergency)
        except TrustError as error:
            return GrantState(person, error.reason)
        return GrantState(person, "withdrawn" if grant.withdrawn else "in_force", grant)

    def code(self, person: Person, host: str) -> Code:
        """A code that lets a person in once on a PC that is cut off.

        :raises NotInDirectory: there is no such PC.
        :raises DirectoryError: ``not_approved``: the PC has no record yet.
        :raises TrustError: the PC was revoked; or the station's own keys may no longer do this.
        """
        statement = self._host(host).statement
        if statement is None:
            raise DirectoryError(
                _("{host} was not approved: 'facectl host approve' comes first.").format(host=host),
                reason="not_approved",
            )
        return issue_code(self.verifier, self.key.sign, statement, host, person.login)

    def _host(self, name: str) -> Host:
        if name not in self._hosts:
            self._hosts[name] = Hosts(self.connection, self.tree).read(name)
        return self._hosts[name]

    def _sign(
        self, person: Person, host: str, hours: int, *, groups: tuple[str, ...] = (), withdrawn: bool = False
    ) -> SignedGrant:
        now, held = self.verifier.now, self.state(person).grant
        # Two grants within a second differ all the same.
        serial = now if held is None else max(now, held.serial + 1)
        grant = Grant(person.login, host, serial, now + hours * HOUR_S, withdrawn)
        statement = issue_grant(self.verifier.realm, self.key.sign, grant, now)
        # A delegation that has run out or a revoked key must show here, not at the workstations.
        return SignedGrant(read_grant(self.verifier, person.login, statement), statement, groups)
