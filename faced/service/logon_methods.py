"""io.faced.Logon: who may ask, and what happens then."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping

from faced.directory.bundle import Bundle
from faced.errors import AccountRefused, ProtocolError, StateError
from faced.logon import guidance, other_factor
from faced.logon.names import Person
from faced.logon.outcome import Outcome, Standing
from faced.logon.policy import Demand, Request, demand
from faced.records.audit import AuditEvent, EventKind
from faced.service.desk import NO_CODE_WANTED, NOT_ALLOWED, Desk, Session, is_shut_out
from faced.service.directory_link import Answer
from faced.service.peer import Peer, Seat
from faced.service.rate import RateLimit
from faced.service.server import Call, Connection
from faced.service.varlink import VarlinkError, invalid_parameter

logger = logging.getLogger(__name__)

_NONCE = re.compile(r"[0-9a-f]{32}")
_TOO_MANY = "io.faced.Logon.TooManyRequests"


class LogonMethods:
    """The methods. Root asks about anyone; a user of the seat's active session about nobody else."""

    def __init__(self, desk: Desk, seat: Seat) -> None:
        self._desk = desk
        self._with = desk.surroundings
        self._seat = seat
        self._rate = RateLimit(self._with.loop.clock)
        self._sessions: dict[Connection, Session] = {}

    def by_name(self) -> Mapping[str, Callable[[Call], None]]:
        """The methods as the server wants them."""
        return {"Begin": self.begin, "Decide": self.decide, "Code": self.code, "Account": self.account}

    def begin(self, call: Call) -> None:
        """Answers the same and at once, whatever is wrong."""
        request = self._request(call)
        if demand(request, self._with.config, self._with.liveness) is Demand.FACE:
            self._open(call.connection, request).begin()
        call.reply()

    def decide(self, call: Call) -> None:
        """Joins what was begun here, or starts cold."""
        request, nonce = self._request(call), self._nonce(call)
        match demand(request, self._with.config, self._with.liveness):
            case Demand.REMOTE:
                self._answer(call, request, EventKind.REFUSED, Outcome.CAMERA_UNAVAILABLE, "remote", nonce)
            case Demand.SILENT:
                self._answer(call, request, EventKind.REFUSED, Outcome.CAMERA_UNAVAILABLE, "no_text_shown", nonce)
            case Demand.EXEMPT:
                self._answer(call, request, EventKind.EXEMPTED, Outcome.EXEMPT, "service", nonce)
            case Demand.FACE:
                session = self._sessions.get(call.connection)
                if session is None or session.attempt.over or session.request != request:
                    session = self._open(call.connection, request)
                session.decide(call, nonce)

    def code(self, call: Call) -> None:
        """On the connection on which Decide has asked for it, of the same request."""
        request, nonce = self._request(call), self._nonce(call)
        session = self._sessions.get(call.connection)
        if session is None or session.request != request:
            raise VarlinkError(NO_CODE_WANTED)
        session.code(call, nonce, call.parameters["code"])

    def account(self, call: Call) -> None:
        """From the cache of the other daemon: no camera, no network."""
        request, nonce = self._request(call), self._nonce(call)
        match demand(request, self._with.config, self._with.liveness):
            case Demand.REMOTE:
                self._stand(call, request, None, Standing.REMOTE, "remote", nonce)
            case Demand.EXEMPT:
                self._stand(call, request, None, Standing.EXEMPT, "service", nonce)
            case Demand.FACE | Demand.SILENT:
                self._with.names.find(request.user, lambda person: self._known(call, request, person, nonce))

    def _open(self, connection: Connection, request: Request) -> Session:
        earlier = self._sessions.pop(connection, None)
        if earlier is not None:
            earlier.cancel()
        else:
            connection.on_close(lambda: self._forget(connection))
        session = self._sessions[connection] = Session(self._desk, connection, request)
        return session

    def _forget(self, connection: Connection) -> None:
        self._sessions.pop(connection, None)

    def _request(self, call: Call) -> Request:
        """What is asked, by somebody who may ask.

        :raises VarlinkError: NotAllowed or TooManyRequests.
        """
        asked = call.parameters
        request = Request(asked["user"], asked["service"], call.peer.uid, asked["rhost"], asked["real_uid"])
        if not call.peer.is_root:
            self._admit(call.peer, request)
        return request

    def _admit(self, peer: Peer, request: Request) -> None:
        if not self._rate.allow(peer.uid):
            raise VarlinkError(_TOO_MANY)
        if self._seat.active_uid() != peer.uid:
            self._with.record(AuditEvent(EventKind.INTRUDER, "", "not_at_seat", "", request.service, peer.uid))
            raise VarlinkError(NOT_ALLOWED)

    def _nonce(self, call: Call) -> str:
        nonce: str = call.parameters["nonce"]
        if not _NONCE.fullmatch(nonce):
            raise invalid_parameter("nonce")
        return nonce

    def _known(self, call: Call, request: Request, person: Person | None, nonce: str) -> None:
        if call.connection.closed:
            return
        if not call.peer.is_root and (person is None or person.uid != call.peer.uid):
            self._with.record(AuditEvent(EventKind.INTRUDER, "", "other_user", "", request.service, call.peer.uid))
            call.error(VarlinkError(NOT_ALLOWED))
        elif person is None:
            self._stand(call, request, None, Standing.UNAVAILABLE, "unknown_user", nonce)
        else:
            self._with.directory.ask(
                "Standing",
                {"login": person.login},
                lambda answer: self._judged(call, request, person, answer, nonce),
            )

    def _judged(self, call: Call, request: Request, person: Person, answer: Answer, nonce: str) -> None:
        standing, reason = Standing.UNAVAILABLE, "directory"
        if is_shut_out(answer):
            standing, reason = Standing.REVOKED, AccountRefused.reason
        elif isinstance(answer, dict):
            try:
                if answer.get("bundle") is None:
                    reason = "not_cached"
                else:
                    bundle = Bundle.from_wire(answer["bundle"])
                    standing, reason = self._standing(person, bundle)
            except ProtocolError as error:
                reason = error.reason
        if standing is Standing.UNAVAILABLE and self._let_in_just_now(person):
            standing = Standing.CLEAR
        self._stand(call, request, person, standing, reason, nonce)

    def _standing(self, person: Person, bundle: Bundle) -> tuple[Standing, str]:
        """What the signed state says. Whether a service makes sure of another factor is for its auth phase: here also
        those are asked about who come another way (their own timers, ``systemd-user``).
        """
        now = int(self._with.wall_s())
        factor = self._with.bench.other_factor(person.login, bundle, now)
        if factor and self._with.other_factors.is_named(factor):
            return Standing.EXEMPT, other_factor.reason(factor)
        return self._with.bench.standing(person.login, bundle, now)

    def _let_in_just_now(self, person: Person) -> bool:
        """Whether the auth phase was an emergency: then there need be no template here."""
        try:
            return self._with.emergency.memory.admitted(person.login, int(self._with.wall_s()))
        except StateError as error:
            logger.error("%s", error)
            return False

    def _stand(
        self, call: Call, request: Request, person: Person | None, standing: Standing, reason: str, nonce: str
    ) -> None:
        if standing is not Standing.CLEAR:
            kind = EventKind.EXEMPTED if standing is Standing.EXEMPT else EventKind.ACCOUNT
            subject = self._with.pseudonyms.of(person.login) if person is not None else ""
            event = AuditEvent(kind, standing.value, reason, subject, request.service, request.peer_uid)
            if not self._with.record(event):
                call.connection.close()
                return
        call.reply(standing=standing.value, text=guidance.remark(standing), nonce=nonce)

    def _answer(self, call: Call, request: Request, kind: EventKind, outcome: Outcome, reason: str, nonce: str) -> None:
        event = AuditEvent(kind, outcome.value, reason, "", request.service, request.peer_uid)
        if not self._with.record(event):
            call.connection.close()
            return
        text = guidance.remark(Standing.REMOTE) if reason == "remote" else guidance.verdict(outcome)
        call.reply(outcome=outcome.value, text=text, nonce=nonce)
