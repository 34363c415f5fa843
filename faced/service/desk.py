"""Attempts under way: each belongs to a connection, and one of them has the camera."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from faced.config import EmergencyConfig, LivenessConfig, LogonConfig
from faced.directory.bundle import CACHE, Bundle
from faced.errors import AccountRefused, ProtocolError, StateError, TrustError
from faced.landmarks.observe import FrameReport
from faced.liveness.judge import LivenessJudge, LivenessPolicy
from faced.logon import guidance, other_factor
from faced.logon.attempt import Action, Ask, Attempt, Charge, CloseCamera, Finish, Guide, Liveness, OpenCamera
from faced.logon.emergency import UNSEEN, Emergency, may_stand_in
from faced.logon.judge import Bench, Unfit
from faced.logon.lockout import Counter, Lockout
from faced.logon.names import Person
from faced.logon.other_factor import OtherFactors
from faced.logon.outcome import Outcome, Ruling
from faced.logon.policy import Request, liveness_policy
from faced.logon.purpose_watch import PurposeWatch
from faced.records.audit import AuditError, AuditEvent, AuditSink, EventKind, Pseudonyms
from faced.service.camera_thread import CameraThread
from faced.service.directory_link import Answer, DirectoryLink
from faced.service.lookup import NameLookup
from faced.service.loop import Loop, Timer
from faced.service.server import Call, Connection
from faced.service.stand_in import StandIn
from faced.service.varlink import VarlinkError

logger = logging.getLogger(__name__)

NOT_ALLOWED = "io.faced.Logon.NotAllowed"
NO_CODE_WANTED = "io.faced.Logon.NoCodeWanted"
NOT_FOUND = "io.faced.Directory.NotFound"

_EVENTS = {
    Outcome.MATCH: EventKind.ADMITTED,
    Outcome.EMERGENCY: EventKind.EMERGENCY,
    Outcome.LOCKED_OUT: EventKind.LOCKED_OUT,
    Outcome.EXEMPT: EventKind.EXEMPTED,
}


def _living(policy: LivenessPolicy) -> Liveness:
    return LivenessJudge(policy, random.SystemRandom())


@dataclass(frozen=True)
class Surroundings:
    """What attempts work with."""

    loop: Loop
    config: LogonConfig
    liveness: LivenessConfig
    camera: CameraThread
    directory: DirectoryLink
    names: NameLookup
    bench: Bench
    lockout: Lockout
    audit: AuditSink
    pseudonyms: Pseudonyms
    emergency: Emergency
    purpose_watch: PurposeWatch
    code_services: EmergencyConfig
    other_factors: OtherFactors
    wall_s: Callable[[], float] = field(default=time.time)
    alive: Callable[[LivenessPolicy], Liveness] = field(default=_living)
    #: Called when what the counters of tries say has changed.
    counts_changed: Callable[[], None] = field(default=lambda: None)

    def record(self, event: AuditEvent) -> bool:
        """Write an audit event; False if it cannot be written, and then nothing may be answered."""
        try:
            self.audit.record(event)
        except AuditError as error:
            logger.error("%s", error)
            return False
        return True


class Desk:
    """Who has the camera: greeters before what users started, joined before begun, the newer before the older."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self._holder: Session | None = None

    def take(self, session: Session) -> bool:
        """Give the camera to this attempt if it has the better right."""
        holder = self._holder
        if holder is not None and holder is not session:
            if session.rank < holder.rank or (session.rank == holder.rank and holder.attempt.joined):
                return False
            self.give_back(holder)
            holder.lost_camera()
        self._holder = session
        self.surroundings.camera.watch(session)
        return True

    def give_back(self, session: Session) -> None:
        """This attempt needs the camera no more."""
        if self._holder is session:
            self._holder = None
            self.surroundings.camera.leave(session)


class Session:
    """One attempt on one connection: carries out what the state machine says, and feeds it what happens."""

    def __init__(self, desk: Desk, connection: Connection, request: Request) -> None:
        self.request = request
        self._desk = desk
        self._with = desk.surroundings
        policy = liveness_policy(request, self._with.liveness)
        self.attempt = Attempt(self._with.config, self._with.loop.clock, self._with.alive(policy))
        self._connection = connection
        self._person: Person | None = None
        self._call: Call | None = None
        self._nonce = ""
        self._wait_s: float | None = None
        self._directory_asked = False
        #: The manifest asks more of this person than of others.
        self._stricter = False
        self._factor_missing = False
        self._charged = False
        self._timer: Timer | None = None
        self._stranger = False
        self._stand_in: StandIn | None = None
        self._code_wanted = False
        self._directory_away = True
        #: What is known of the person is not here yet. Whatever the camera says meanwhile waits for it in ``_unseen``:
        #: a grant, a code or another factor may stand in for the face.
        self._awaited = True
        self._unseen: Ruling | None = None
        self._with.names.find(request.user, self._found)
        connection.on_close(self.cancel)

    @property
    def rank(self) -> tuple[bool, bool]:
        """The right to the camera."""
        return (self.request.by_system, self.attempt.joined)

    @property
    def gone(self) -> bool:
        """Whether the caller hung up."""
        return self._connection.closed

    def begin(self) -> None:
        """Warm up. A user's own program gets no camera before it is known to ask about that user."""
        if self.request.peer_uid == 0:
            self._do(self.attempt.begin())

    def decide(self, call: Call, nonce: str) -> None:
        """The password was right."""
        self._call, self._nonce = call, nonce
        if self._stranger:
            self._turn_away()
        elif self.request.peer_uid == 0 or self._person is not None:
            self._join()

    def code(self, call: Call, nonce: str, digits: str) -> None:
        """The person has typed a code, after being asked for one.

        :raises VarlinkError: NoCodeWanted.
        """
        if not self._code_wanted or self._stand_in is None:
            raise VarlinkError(NO_CODE_WANTED)
        self._code_wanted = False
        self._call, self._nonce = call, nonce
        self._stand_in.code(digits)

    def cancel(self) -> None:
        """The caller hung up, or the daemon ends."""
        self._do(self.attempt.cancel())

    def seen(self, report: FrameReport) -> None:
        """From the camera thread: a frame was looked at."""
        self._do(self.attempt.report(report))

    def blind(self, reason: str) -> None:
        """From the camera thread: there is no camera."""
        self._desk.give_back(self)
        self._do(self.attempt.camera_failed(reason))

    def lost_camera(self) -> None:
        """Somebody with a better right has it now."""
        self._do(self.attempt.camera_taken())

    def _join(self) -> None:
        self._do(self.attempt.join())
        self._check_tries()

    def _found(self, person: Person | None) -> None:
        # Of somebody who is not there, nothing more will come.
        self._awaited = person is not None
        if self.attempt.over:
            if person is None:
                self._resume()
            elif self._unseen is not None:
                self._person = person
                self._fetch(person, anew=False)
            return
        if self.request.peer_uid != 0 and (person is None or person.uid != self.request.peer_uid):
            self._stranger, self._awaited = True, False
            if self._call is not None:
                self._turn_away()
            return
        if person is None:
            self._directory_away = False
            self._do(self.attempt.refuse(Ruling(Outcome.NO_TEMPLATE, "unknown_user")))
            return
        self._person = person
        if self._call is not None:
            self._join()
        elif self.request.peer_uid != 0:
            self._do(self.attempt.begin())
        if self._goes_on():
            # Who has no try left may have been given new ones a minute ago.
            self._fetch(person, anew=self._held_back(person) is not None)

    def _fetch(self, person: Person, *, anew: bool) -> None:
        self._with.directory.ask(
            "Fetch", {"login": person.login, "anew": anew}, lambda answer: self._fetched(answer, anew)
        )

    def _fetched(self, answer: Answer, anew: bool) -> None:
        self._awaited = False
        if self.attempt.over or self._person is None:
            self._resume(answer)
            return
        self._directory_away = isinstance(answer, VarlinkError | ProtocolError) and not _is_not_found(answer)
        bundle = _bundle_of(answer)
        if isinstance(bundle, Bundle):
            if self._exempted(self._person, bundle):
                return
            self._unlock(self._person, bundle)
            self._stricter = self._with.bench.stricter(self._person.login, bundle, int(self._with.wall_s()))
            if not anew and bundle.origin == CACHE and self._stricter and self._held_back(self._person) is not None:
                # Only now known to be held back, and perhaps given new tries a minute ago.
                self._fetch(self._person, anew=True)
                return
        self._directory_asked = True
        if self._check_tries():
            return
        if isinstance(bundle, Bundle):
            self._open(self._person, bundle, anew)
        else:
            self._do(self.attempt.refuse(bundle))

    def _goes_on(self) -> bool:
        """Whether anything may still come of it."""
        return self._unseen is not None or not self.attempt.over

    def _resume(self, answer: Answer | None = None) -> None:
        """The attempt had ended before anything was known of the person: with what is known now, its end is said."""
        ruling, self._unseen = self._unseen, None
        if ruling is None:
            return
        bundle = _bundle_of(answer) if answer is not None else None
        factor = self._factor(self._person, bundle) if self._person and isinstance(bundle, Bundle) else ""
        if factor:
            self.conclude(Ruling(Outcome.EXEMPT, other_factor.reason(factor)))
        else:
            self._finish(ruling)

    def _exempted(self, person: Person, bundle: Bundle) -> bool:
        """Whether another factor stands in for the face, whatever the face step has to say: then it ends so."""
        factor = self._factor(person, bundle)
        if factor:
            self._do(self.attempt.refuse(Ruling(Outcome.EXEMPT, other_factor.reason(factor))))
        return bool(factor)

    def _factor(self, person: Person, bundle: Bundle) -> str:
        """The factor that stands in for this person's face at this service; empty if none does."""
        factor = self._with.bench.other_factor(person.login, bundle, int(self._with.wall_s()))
        self._factor_missing = bool(factor) and not self._with.other_factors.stands_in(self.request.service, factor)
        return "" if self._factor_missing else factor

    def _unlock(self, person: Person, bundle: Bundle) -> None:
        """Take the tries back if somebody with the right said so, once; on record before it is done."""
        try:
            unlock = self._with.bench.unlock(person.login, bundle, int(self._with.wall_s()))
            if unlock is None or not self._with.record(self._event(EventKind.UNLOCKED, "", "")):
                return
            self._with.bench.serials.use_unlock(person.login, unlock.serial)
            self._with.lockout.unlock(person.uid)
            self._with.counts_changed()
        except TrustError as error:
            # One that was used, has ended or is for another PC is no news.
            logger.info("An unlock gives no tries: %s", error.reason)
        except StateError as error:
            self._damaged(error)

    def _open(self, person: Person, bundle: Bundle, anew: bool) -> None:
        now = int(self._with.wall_s())
        try:
            judge = self._with.bench.judge(person.login, bundle, now)
        except Unfit as error:
            if bundle.origin == CACHE and not anew:
                # Enrolled or renewed since it was cached, perhaps: the person should not have to wait for a refresh.
                self._fetch(person, anew=True)
                return
            if self._factor_missing and error.ruling.outcome is Outcome.NO_TEMPLATE:
                self._do(self.attempt.refuse(Ruling(Outcome.NO_TEMPLATE, other_factor.NO_SUCH_FACTOR)))
            else:
                self._do(self.attempt.refuse(error.ruling))
        else:
            self._do(self.attempt.template_ready(judge, judge.left_out, stricter=self._stricter))
        if self._with.bench.latest_manifest is not None:
            self._with.purpose_watch.look(self._with.bench.latest_purposes, now)

    @property
    def _counter(self) -> Counter:
        return Counter.GREETER if self.request.by_system else Counter.LOCKER

    def _check_tries(self) -> bool:
        """Whether it ended here: refused while the delay or the lock lasts, once the directory was asked for an unlock.

        Asked at the join, for the delay may end while a password is typed.
        """
        if self._person is not None and self.attempt.joined and not self.attempt.over:
            reason = self._held_back(self._person)
            if reason is not None and self._directory_asked:
                self._do(self.attempt.refuse(Ruling(Outcome.LOCKED_OUT, reason)))
        return self.attempt.over

    def _held_back(self, person: Person) -> str | None:
        """Why this person may not try now: the reason's token; None if they may."""
        try:
            self._wait_s = None
            if self._with.lockout.locked(person.uid, self._counter):
                return "ceiling"
            self._wait_s = self._with.lockout.remaining_s(person.uid, self._counter, stricter=self._stricter)
        except StateError as error:
            self._damaged(error)
            return error.reason
        return "too_many_tries" if self._wait_s > 0 else None

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case OpenCamera():
                    if not self._desk.take(self):
                        self._do(self.attempt.camera_taken())
                case CloseCamera():
                    self._desk.give_back(self)
                case Guide(reason):
                    if self._call is not None:
                        self._call.tell(text=guidance.hint(reason), reason=reason.value if reason else None)
                case Ask(challenge, again, further):
                    if self._call is not None:
                        text = guidance.request(challenge, again=again, further=further)
                        self._call.tell(text=text, reason=challenge.value)
                case Charge():
                    self._charge()
                case Finish(ruling):
                    self._finish(ruling)
        self._await_deadline()

    def _charge(self) -> None:
        if self._person is None:
            raise RuntimeError("a try of nobody")
        if self._held_back(self._person) is not None:
            self._check_tries()
            return
        try:
            self._with.lockout.charge(self._person.uid, self._counter)
        except StateError as error:
            self._damaged(error)
            return
        self._charged = True
        self._do(self.attempt.charged())

    def _damaged(self, error: StateError) -> None:
        """Without a counter of tries nobody is judged."""
        logger.error("%s", error)
        self._with.record(self._event(EventKind.STATE, "", error.reason))
        self._do(self.attempt.refuse(Ruling(Outcome.LOCKED_OUT, error.reason)))

    def _finish(self, ruling: Ruling) -> None:
        if self._awaited and self._call is not None and ruling.outcome in UNSEEN:
            # A camera that is not there says so sooner than the directory answers, and on a busy PC sooner than NSS.
            self._unseen = ruling
            return
        if (
            self._person is not None
            and self._call is not None
            and may_stand_in(ruling, self.request)
            and self._held_back(self._person) is None
        ):
            around = self._with
            self._stand_in = StandIn(
                *(around.emergency, around.directory, around.code_services, around.wall_s),
                *(self._person, self.request, ruling, self),
            )
            self._stand_in.seek()
        else:
            self.conclude(ruling)

    def conclude(self, ruling: Ruling, text: str | None = None) -> None:
        """The attempt has ended so: on record, then answered.

        :param text: instead of what is said of such an outcome.
        """
        if not self._recorded(ruling):
            return
        if self._person is not None:
            if ruling.outcome in (Outcome.EMERGENCY, Outcome.EXEMPT):
                self._with.directory.ask("Used", {"login": self._person.login}, lambda _answer: None)
            elif ruling.outcome is Outcome.MATCH:
                self._matched(self._person)
            elif self._charged:
                self._failed(self._person)
            if self._charged:
                self._with.counts_changed()
        if self._call is not None:
            said = guidance.verdict(
                ruling.outcome,
                self._wait_s,
                directory_away=self._directory_away,
                clock_wrong=ruling.reason == "not_yet_valid",
                factor_missing=ruling.reason == other_factor.NO_SUCH_FACTOR,
            )
            if ruling.outcome is Outcome.EXEMPT:
                said = guidance.exempted()
            self._call.reply(outcome=ruling.outcome.value, text=said if text is None else text, nonce=self._nonce)

    def ask_for_code(self, ruling: Ruling) -> None:
        """The attempt has ended so, which is on record; a code may stand in for the face."""
        if self._recorded(ruling) and self._call is not None:
            self._code_wanted = True
            self._call.tell(text=guidance.code_hint(), reason=ruling.outcome.value)
            text = guidance.verdict(Outcome.CODE_WANTED)
            self._call.reply(outcome=Outcome.CODE_WANTED.value, text=text, nonce=self._nonce)

    def _recorded(self, ruling: Ruling) -> bool:
        """Whether the ruling is on record. No record, no answer: the module takes a hang-up for a refusal."""
        kind = _EVENTS.get(ruling.outcome, EventKind.REFUSED)
        recorded = self._with.record(self._event(kind, ruling.outcome.value, ruling.reason, ruling.band))
        if not recorded:
            self._connection.close()
        return recorded

    def _matched(self, person: Person) -> None:
        try:
            self._with.lockout.forgive(person.uid, self._counter)
        except StateError as error:
            # The face was right; a counter that stays too high only makes a later delay longer.
            logger.error("%s", error)
        self._with.directory.ask("Used", {"login": person.login}, lambda _answer: None)

    def _failed(self, person: Person) -> None:
        """A judged try has failed: was it the last one?"""
        try:
            if self._with.lockout.locked(person.uid, self._counter):
                self._with.record(self._event(EventKind.LOCKED, "", "ceiling"))
        except StateError as error:
            logger.error("%s", error)

    def _turn_away(self) -> None:
        """A user's program asked about somebody else."""
        self._do(self.attempt.abandon())
        if not self._with.record(self._event(EventKind.INTRUDER, "", "other_user")):
            self._connection.close()
        elif self._call is not None:
            self._call.error(VarlinkError(NOT_ALLOWED))

    def _event(self, kind: EventKind, outcome: str, reason: str, band: str = "") -> AuditEvent:
        subject = self._with.pseudonyms.of(self._person.login) if self._person is not None else ""
        return AuditEvent(
            *(kind, outcome, reason, subject, self.request.service, self.request.peer_uid, band),
            exemption=self.attempt.exemption,
        )

    def _await_deadline(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_s = self.attempt.deadline_s()
        if deadline_s is not None:
            loop = self._with.loop
            self._timer = loop.later(max(0.0, deadline_s - loop.clock()), lambda: self._do(self.attempt.tick()))


def _bundle_of(answer: Answer) -> Bundle | Ruling:
    """What the other daemon handed over, or why there is nothing to judge with."""
    match answer:
        case VarlinkError() if is_shut_out(answer):
            return Ruling(Outcome.REVOKED, AccountRefused.reason)
        case VarlinkError():
            return Ruling(Outcome.NO_TEMPLATE, _token(answer.parameters.get("reason")))
        case ProtocolError():
            return Ruling(Outcome.NO_TEMPLATE, "directory_" + answer.reason)
    try:
        return Bundle.from_wire(answer.get("bundle"))
    except ProtocolError as error:
        return Ruling(Outcome.NO_TEMPLATE, error.reason)


def is_shut_out(answer: Answer) -> bool:
    """Whether the directory refuses this computer's own account."""
    return isinstance(answer, VarlinkError) and answer.parameters.get("reason") == AccountRefused.reason


def _is_not_found(answer: VarlinkError | ProtocolError) -> bool:
    return isinstance(answer, VarlinkError) and answer.name == NOT_FOUND


def _token(reason: object) -> str:
    """The other daemon's reason, if it looks like one: it goes into the audit record."""
    if isinstance(reason, str) and 0 < len(reason) < 64 and reason.replace("_", "").isalnum():
        return reason
    return "directory"
