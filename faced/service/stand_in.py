"""What may stand in for a face that could not be seen: a grant that the directory has now, else a code."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from faced.config import EmergencyConfig
from faced.directory.bundle import DIRECTORY, Bundle
from faced.errors import ProtocolError, StateError, TrustError
from faced.logon import guidance
from faced.logon.emergency import Emergency, code_may_be_asked
from faced.logon.names import Person
from faced.logon.outcome import Outcome, Ruling
from faced.logon.policy import Request
from faced.service.directory_link import Answer, DirectoryLink

logger = logging.getLogger(__name__)

GRANT, CODE = "grant", "code"
NO_GRANT = "no_grant"


class Counter(Protocol):
    """Where the attempt is answered."""

    @property
    def gone(self) -> bool:
        """Whether nobody waits for the answer."""

    def conclude(self, ruling: Ruling, text: str | None = None) -> None:
        """It has ended so."""

    def ask_for_code(self, ruling: Ruling) -> None:
        """It has ended so, but for a code."""


@dataclass
class StandIn:
    """For one attempt of one person that ended with ``ruling``; every way ends with one word to the counter."""

    emergency: Emergency
    directory: DirectoryLink
    config: EmergencyConfig
    wall_s: Callable[[], float]
    person: Person
    request: Request
    ruling: Ruling
    counter: Counter
    _papers: Bundle | None = None
    _known: Bundle | None = None

    def seek(self) -> None:
        """Ask the directory for a grant: only one that is there now counts."""
        self.directory.ask("Fetch", {"login": self.person.login, "anew": True}, self._fetched)

    def code(self, digits: str) -> None:
        """The person has typed one."""
        papers, self._papers = self._papers, None
        if papers is None:
            raise RuntimeError("nobody asked for a code")
        try:
            self.emergency.use_code(self.person, digits, papers, self._known, int(self.wall_s()))
        except (TrustError, StateError) as error:
            self._refused(error)
            self.counter.conclude(replace(self.ruling, reason=error.reason), guidance.code_refused())
        else:
            self.counter.conclude(Ruling(Outcome.EMERGENCY, CODE))

    def _fetched(self, answer: Answer) -> None:
        bundle = _bundle_of(answer)
        if self.counter.gone:
            self.counter.conclude(self.ruling)
        elif bundle is not None and bundle.origin == DIRECTORY:
            self._try_grant(bundle)
        elif code_may_be_asked(self.request, self.config) and self._has_tries():
            self._known = bundle
            self.directory.ask("Papers", {}, self._cut_off)
        else:
            self.counter.conclude(self.ruling)

    def _try_grant(self, bundle: Bundle) -> None:
        try:
            self.emergency.use_grant(self.person.login, bundle, int(self.wall_s()))
        except (TrustError, StateError) as error:
            self._refused(error)
            self.counter.conclude(self.ruling)
        else:
            self.counter.conclude(Ruling(Outcome.EMERGENCY, GRANT))

    def _cut_off(self, answer: Answer) -> None:
        self._papers = _bundle_of(answer)
        if self._papers is None:
            logger.warning("No code stands in for the face: this host is not cut off, or knows no papers of its realm.")
            self.counter.conclude(self.ruling)
        else:
            self.counter.ask_for_code(self.ruling)

    def _has_tries(self) -> bool:
        try:
            return self.emergency.may_try_code(self.person.uid)
        except StateError as error:
            self._refused(error)
            return False

    def _refused(self, error: TrustError | StateError) -> None:
        if error.reason != NO_GRANT:
            logger.warning("Nothing stands in for the face: %s", error.reason)


def _bundle_of(answer: Answer) -> Bundle | None:
    if not isinstance(answer, dict) or answer.get("bundle") is None:
        return None
    try:
        return Bundle.from_wire(answer["bundle"])
    except ProtocolError:
        return None
