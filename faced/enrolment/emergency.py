"""The emergency way in as the authority gives it: a grant in the directory, or a code read out on the telephone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from faced.directory.hosts import Host, Hosts
from faced.directory.people import Person, SealedFace
from faced.enrolment.approving import Approvals, Signed
from faced.enrolment.founding import DEFAULT_GROUP
from faced.errors import DirectoryError, NotAllowed
from faced.i18n import _
from faced.trust.emergency import LONGEST_HOURS, Grant, issue_grant, read_grant
from faced.trust.emergency_code import Code, issue_code
from faced.units import HOUR_S

#: A working day.
DEFAULT_HOURS = 8


@dataclass(frozen=True)
class Wish:
    """Who is to be let in where: ``host`` empty for every PC; for so many hours from now."""

    login: str
    host: str
    hours: int = DEFAULT_HOURS


@dataclass(frozen=True)
class Emergencies(Approvals[Grant]):
    """The grants and codes of one tree. Whether a grant was used, only the PC knows."""

    _hosts: dict[str, Host] = field(default_factory=dict)

    def grant(self, person: Person, wish: Wish) -> Signed[Grant]:
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
        return self._issue(person, wish.host, wish.hours, groups=groups)

    def withdraw(self, person: Person) -> Signed[Grant]:
        """Sign that what was granted to a person before lets nobody in any more.

        :raises TrustError: as :meth:`grant`.
        """
        return self._issue(person, "", LONGEST_HOURS, withdrawn=True)

    def publish(self, signed: Signed[Grant]) -> None:
        self.people.grant(signed.says.login, signed.statement, signed.groups)

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

    def _held_by(self, face: SealedFace) -> bytes | None:
        return face.emergency

    def _read(self, login: str, data: bytes) -> Grant:
        return read_grant(self.verifier, login, data)

    def _worth(self, grant: Grant) -> str:
        return "withdrawn" if grant.withdrawn else "in_force"

    def _issue(
        self, person: Person, host: str, hours: int, *, groups: tuple[str, ...] = (), withdrawn: bool = False
    ) -> Signed[Grant]:
        now = self.verifier.now
        grant = Grant(person.login, host, now, now + hours * HOUR_S, withdrawn)
        return self._sign(
            person,
            lambda serial: issue_grant(self.verifier.realm, self.key.sign, replace(grant, serial=serial), now),
            groups,
        )
