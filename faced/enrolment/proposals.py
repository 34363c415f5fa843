"""The proposals that wait on a station for a second handler, and the agreement that two handlers have reached.

Which acts need two is up to the command; what it asks here is: have two persons agreed to exactly this?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faced.enrolment.acts import Act, ActLog
from faced.enrolment.handlers import live
from faced.enrolment.station import RoleKey, Station, replace_file
from faced.errors import NotAllowed, TrustError
from faced.i18n import _
from faced.trust.proposal import Proposal, check_confirmation, check_proposal, confirm, propose
from faced.trust.realm import Verifier

_FOLDER = "proposals"
_CONFIRMATION = ".confirmation"
#: Hexadecimal digits of an id that people are shown and type.
SHOWN_DIGITS = 8


@dataclass(frozen=True)
class Held:
    """A proposal that stands, and who confirmed it, if anybody did. ``done``: it was carried out and is used up."""

    proposal: Proposal
    second: str | None
    done: bool

    @property
    def id(self) -> str:
        """As it is kept in the record of acts."""
        return self.proposal.id.hex()

    @property
    def shown(self) -> str:
        """As people name it."""
        return self.id[:SHOWN_DIGITS]


class Proposals:
    """The proposals in a station's folder that hold now."""

    def __init__(self, station: Station, verifier: Verifier) -> None:
        self._station = station
        self._verifier = verifier
        self._folder = station.path / _FOLDER

    def all(self) -> tuple[Held, ...]:
        """Those that have not ended, oldest first; what does not verify is none."""
        if not self._folder.is_dir():
            return ()
        done = {record.agreement for record in ActLog(self._station.path).read() if record.outcome == "done"}
        found = []
        for path in sorted(self._folder.iterdir()):
            if path.suffix != _CONFIRMATION and not path.name.startswith("."):
                try:
                    proposal = check_proposal(self._verifier, path.read_bytes())
                except TrustError:
                    continue
                found.append(Held(proposal, self._second(proposal), proposal.id.hex() in done))
        return tuple(sorted(found, key=lambda held: (held.proposal.expires, held.id)))

    def find(self, shown: str) -> Held:
        """The one whose id begins so.

        :raises NotAllowed: ``no_proposal``, unless exactly one does.
        """
        found = [held for held in self.all() if shown and held.id.startswith(shown.lower())]
        if len(found) != 1:
            raise NotAllowed(
                _("There is no proposal {id} that still stands. 'facectl proposal list' shows them.").format(id=shown),
                reason="no_proposal",
            )
        return found[0]

    def waiting(self, act: Act, subject: str, terms: Mapping[str, Any], decision: str) -> Held | None:
        """The proposal of exactly this, not used up; a confirmed one before others."""
        wanted = (act.value, subject, dict(terms), decision)
        found = [
            held
            for held in self.all()
            if (held.proposal.act, held.proposal.subject, dict(held.proposal.terms), held.proposal.decision) == wanted
            and not held.done
        ]
        return next((held for held in found if held.second is not None), next(iter(found), None))

    def propose(
        self, key: RoleKey, act: Act, subject: str, terms: Mapping[str, Any], *, reason: str, decision: str
    ) -> Held:
        """Sign and keep a proposal.

        :raises TrustError: the role may not propose.
        """
        data = propose(
            self._station.realm,
            key.sign,
            act=act.value,
            subject=subject,
            terms=terms,
            reason=reason,
            decision=decision,
            now=self._verifier.now,
        )
        proposal = check_proposal(self._verifier, data)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(self._path(proposal), data)
        return Held(proposal, None, done=False)

    def confirm(self, key: RoleKey, held: Held) -> Held:
        """Sign and keep the second handler's confirmation.

        :raises TrustError: ``one_person``; the role may not confirm.
        """
        data = confirm(self._station.realm, key.sign, held.proposal, self._verifier.now)
        second = check_confirmation(self._verifier, held.proposal, data)
        replace_file(self._path(held.proposal).with_suffix(_CONFIRMATION), data)
        return Held(held.proposal, second, held.done)

    def _second(self, proposal: Proposal) -> str | None:
        path = self._path(proposal).with_suffix(_CONFIRMATION)
        try:
            return check_confirmation(self._verifier, proposal, path.read_bytes()) if path.exists() else None
        except TrustError:
            return None

    def _path(self, proposal: Proposal) -> Path:
        return self._folder / proposal.id.hex()


def other_persons(station: Station, handler: str, now: int) -> tuple[str, ...]:
    """Who else could be the second: handlers with a live key that a person opens, not a timer."""
    return tuple(sorted({one.handler for one in live(station, now) if one.personal and one.handler != handler}))
