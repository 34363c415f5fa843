"""The emergency way in: a signed grant, or a code where the host is cut off, in place of a face that nobody could see.

Never in place of one that was judged: whoever is there and is not the person gains nothing by it. What was used is on
this host's disk before it is answered, and is worth nothing here again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from faced.config import EmergencyConfig
from faced.directory.bundle import DIRECTORY, Bundle
from faced.errors import TrustError
from faced.logon.judge import Bench
from faced.logon.lockout import Counter, Lockout
from faced.logon.names import Person
from faced.logon.outcome import Outcome, Ruling, Standing
from faced.logon.policy import FACE_CHECK, Request
from faced.logon.state_file import damaged, read_state, write_state

#: Outcomes of a face step that could not be carried out; none of them follows a judgement.
UNSEEN = frozenset(
    {
        Outcome.CAMERA_UNAVAILABLE,
        Outcome.NO_FACE,
        Outcome.COVERED,
        Outcome.TOO_DARK,
        Outcome.TIMED_OUT,
        Outcome.NO_TEMPLATE,
    }
)
#: Between the auth phase and the account phase of one logon, at most.
ADMITTED_S = 300


def may_stand_in(ruling: Ruling, request: Request) -> bool:
    """Whether anything may take the place of this ruling: only where the system itself asks, at a logon.

    What a user started (a locker, sudo) could use a grant up behind the person's back; a face check would waste it.
    """
    return request.by_system and request.service != FACE_CHECK and ruling.outcome in UNSEEN


def code_may_be_asked(request: Request, config: EmergencyConfig) -> bool:
    """Whether this service is one that can ask for a code."""
    return request.by_system and request.service in config.services


@dataclass(frozen=True)
class _Used:
    """What was used here: the highest serial and window by login name, who was let in until when, and how many."""

    realm: str
    grants: dict[str, int]
    codes: dict[str, int]
    admitted: dict[str, int]
    count: int


class EmergencyMemory:
    """What was used on this host, in one file; read anew each time, so that a damaged one stops nothing else."""

    def __init__(self, path: Path, realm: bytes) -> None:
        self._path = path
        self._realm = realm.hex()

    def spent_grant(self, login: str) -> int:
        """The highest serial that was used or seen withdrawn.

        :raises StateError: a damaged memory is not taken for an empty one; so for the other methods.
        """
        return self._read().grants.get(login, 0)

    def spent_window(self, login: str) -> int:
        """The highest window whose code was used."""
        return self._read().codes.get(login, 0)

    def admitted(self, login: str, now: int) -> bool:
        """Whether this person was let in just now."""
        return now < self._read().admitted.get(login, 0)

    def count(self) -> int:
        """How often anybody was let in since this host joined."""
        return self._read().count

    def withdraw(self, login: str, serial: int) -> None:
        """Grants up to this serial hold no more."""
        used = self._read()
        self._write(replace(used, grants={**used.grants, login: serial}))

    def use_grant(self, login: str, serial: int, now: int) -> None:
        """The grant of this serial is used; on the disk when this returns."""
        used = self._read()
        self._write(replace(self._let_in(used, login, now), grants={**used.grants, login: serial}))

    def use_code(self, login: str, window: int, now: int) -> None:
        """The code of this window is used; on the disk when this returns."""
        used = self._read()
        self._write(replace(self._let_in(used, login, now), codes={**used.codes, login: window}))

    def _let_in(self, used: _Used, login: str, now: int) -> _Used:
        recent = {name: until for name, until in used.admitted.items() if until > now}
        return replace(used, admitted={**recent, login: now + ADMITTED_S}, count=used.count + 1)

    def _read(self) -> _Used:
        nothing = _Used(self._realm, {}, {}, {}, 0)
        match read_state(self._path):
            case None:
                return nothing
            case {
                "realm": str() as realm,
                "grants": dict() as grants,
                "codes": dict() as codes,
                "admitted": dict() as admitted,
                "count": int() as count,
            } if all(isinstance(number, int) for held in (grants, codes, admitted) for number in held.values()):
                return _Used(realm, grants, codes, admitted, count) if realm == self._realm else nothing
        raise damaged(self._path)

    def _write(self, used: _Used) -> None:
        write_state(
            self._path,
            {
                "realm": used.realm,
                "grants": used.grants,
                "codes": used.codes,
                "admitted": used.admitted,
                "count": used.count,
            },
        )


@dataclass(frozen=True)
class Emergency:
    """What this host needs to let somebody in without a face."""

    bench: Bench
    memory: EmergencyMemory
    lockout: Lockout

    def use_grant(self, login: str, bundle: Bundle, now: int) -> None:
        """Use the grant of a bundle; when this returns it is spent.

        :param login: the canonical login name from NSS.
        :param now: unix seconds.
        :raises TrustError: there is none that lets this person in: ``no_grant``, or a reason of trust.
        :raises StateError: that it was used cannot be kept.
        """
        if bundle.origin != DIRECTORY or bundle.emergency is None:
            raise TrustError("There is no emergency grant.", reason="no_grant")
        self._check_standing(login, bundle, now)
        grant = self.bench.grant(login, bundle.emergency, bundle, now, spent=self.memory.spent_grant(login))
        if grant.withdrawn:
            self.memory.withdraw(login, grant.serial)
            raise TrustError("The emergency grant was withdrawn.", reason="withdrawn")
        self.memory.use_grant(login, grant.serial, now)

    def may_try_code(self, uid: int) -> bool:
        """Whether this person has a try left.

        :raises StateError: the counter cannot be read.
        """
        return not self.lockout.locked(uid, Counter.CODE) and not self.lockout.remaining_s(uid, Counter.CODE)

    def use_code(self, person: Person, digits: str, papers: Bundle, known: Bundle | None, now: int) -> None:
        """Use a code; when this returns it is spent. The try is charged before anything is compared.

        :param papers: the realm's, as they are known here.
        :param known: what is cached about the person, if anything.
        :raises TrustError: it lets nobody in: ``too_many_codes``, or a reason of trust.
        :raises StateError: the try or the use cannot be kept.
        """
        if not self.may_try_code(person.uid):
            raise TrustError("Too many emergency codes were wrong.", reason="too_many_codes")
        self.lockout.charge(person.uid, Counter.CODE)
        # Of somebody who was never here the manifest may say it all the same.
        self._check_standing(person.login, known or papers, now)
        window = self.bench.code(person.login, digits, papers, now, spent=self.memory.spent_window(person.login))
        self.memory.use_code(person.login, window, now)
        self.lockout.forgive(person.uid, Counter.CODE)

    def _check_standing(self, login: str, bundle: Bundle, now: int) -> None:
        standing, reason = self.bench.standing(login, bundle, now)
        if standing in (Standing.REVOKED, Standing.PURPOSE_OVER):
            raise TrustError("The person may not log on.", reason=reason)
