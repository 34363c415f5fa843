"""When to ask the directory and when to believe the cache.

A fresh cached entry is the answer, without any network. Otherwise the directory is asked, within one deadline.
Otherwise a valid cached entry is the answer. Who could not be reached is not asked again at once: while ``Offline``, a
valid entry is taken without waiting. An entry that is missing in the directory leaves a cached one as it is; only a
tombstone, an erased template beside one, or the end of its days make an end of it.

A directory that refuses this host's own account has taken the host out: nothing cached is given then, with or without
network, until the account is let in again (docs/decisions/0040).
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from faced.directory.bundle import CACHE, DIRECTORY, Bundle, RealmPapers
from faced.directory.cache import Cache, CachedFace, CachedPapers
from faced.directory.people import SealedFace
from faced.directory.source import Source
from faced.errors import AccountRefused, DirectoryError, DirectoryUnavailable, NotInDirectory, StateError
from faced.i18n import _
from faced.units import HOUR_S

logger = logging.getLogger(__name__)

#: An entry is fresh for this many refresh periods: a refresh that is a little late does not slow a logon down.
_FRESH_PERIODS = 1.5
#: Seconds until the directory is tried again after it could not be reached.
_RETRY_S = 60
_JITTER = 0.2
_MOST_RECENT = 64
#: A refresh that dropped nobody is reported with a logon, and not more often than this.
_REPORTED_EVERY_S = HOUR_S
#: As :data:`faced.trust.realm.CLOCK_SKEW_S`, which this daemon cannot import: it has no cryptography.
SKEW_S = 300


@dataclass(frozen=True)
class Online:
    """The directory answered last time it was asked."""


@dataclass(frozen=True)
class Offline:
    """The directory could not be reached and is left alone ``until`` (unix seconds)."""

    until: int
    why: str


@dataclass(frozen=True)
class ShutOut:
    """The directory refuses this host's account: revoked, or an administrator's mistake."""


@dataclass(frozen=True)
class Standing:
    """How the fetcher does.

    ``last_contact``: unix seconds; ``cached``: people whose entry may be used. ``refreshed``: as of when nothing here
    is older than the directory (unix seconds; 0 if never since the start); ``report_due``: whether the realm should
    hear of that, and ``report_urgent``: without waiting for a logon, because somebody who was erased was dropped.
    """

    state: Online | Offline | ShutOut
    last_contact: int | None
    cached: int
    refreshed: int = 0
    report_due: bool = False
    report_urgent: bool = False


class Fetcher:
    """Answers with bundles. May be asked from several threads; while one waits for the directory, none else waits."""

    def __init__(
        self,
        source: Source,
        cache: Cache,
        *,
        timeout_s: float,
        refresh_s: float,
        poll_s: float,
        random: Callable[[], float],
    ) -> None:
        """
        :param timeout_s: for one visit to the directory during a logon.
        :param refresh_s: the period of the refresh, before jitter.
        :param poll_s: the longest time between two looks at the manifest; jitter only shortens it.
        :param random: a number in [0, 1), for the jitter that keeps thousands of hosts from asking at once.
        """
        self._source = source
        self._cache = cache
        self._timeout_s = timeout_s
        self._refresh_s = refresh_s
        self._poll_s = poll_s
        self._random = random
        self._lock = threading.Lock()
        self._state: Online | Offline | ShutOut = ShutOut() if cache.shut_out else Online()
        self._papers: CachedPapers | None = cache.papers()
        self._report: bytes | None = None
        self._refreshed = 0
        #: The refresh that the last report told of, and the last one that dropped somebody; unix seconds, 0 for never.
        self._reported = 0
        self._dropped = 0
        self._last_contact: int | None = self._papers.fetched if self._papers else None
        # Fetched lately and not (yet) in the cache: they enter it when the person has logged on.
        self._recent: OrderedDict[str, CachedFace] = OrderedDict()

    def at_once(self, login: str, *, anew: bool = False) -> Bundle | None:
        """The bundle that needs no network: fresh, or valid while the directory is known to be out of reach.

        :param anew: the fresh one did not serve; only the directory may know better.
        """
        with self._lock:
            entry, papers = self._known(login), self._valid_papers()
            if entry is None or papers is None or self._is_shut_out():
                return None
            fresh = not anew and self._is_fresh(entry.fetched) and self._is_fresh(papers.fetched)
            if fresh or self._is_offline():
                return self._bundle(entry, papers, CACHE)
            return None

    def standing(self, login: str) -> Bundle | None:
        """The bundle of what is known here, however old, as long as it is valid.

        :raises AccountRefused: the directory has shut this host out.
        """
        with self._lock:
            if self._is_shut_out():
                raise AccountRefused(
                    _("The directory refuses this computer: it was taken out of the realm, or its account is wrong.")
                )
            entry, papers = self._known(login), self._valid_papers()
            return self._bundle(entry, papers, CACHE) if entry and papers else None

    def fetch(self, login: str, *, anew: bool = False) -> Bundle:
        """The best bundle to be had; blocks for at most the deadline, plus the resolver's when it hangs.

        :param anew: as :meth:`at_once`.

        :raises NotInDirectory: there is no such person, and nothing valid is cached.
        :raises DirectoryUnavailable: the directory could not be asked, and nothing valid is cached.
        """
        if (bundle := self.at_once(login, anew=anew)) is not None:
            return bundle
        try:
            answer = self._source.ask([login], self._timeout_s)
        except DirectoryError as error:
            with self._lock:
                self._failed(error)
            if (bundle := self.standing(login)) is not None:
                return bundle
            if isinstance(error, DirectoryUnavailable):
                raise
            raise DirectoryUnavailable(str(error), reason=error.reason) from None
        with self._lock:
            now = self._reached()
            papers = self._take_papers(answer.papers, now)
            face = answer.faces.get(login)
            known = self._known(login)
            if face is not None and (known is None or known.face.empty or not face.empty):
                return self._bundle(self._take_face(login, face, now), papers, DIRECTORY)
            if known is not None:
                return self._bundle(known, papers, CACHE)
        raise NotInDirectory(_("The directory has no entry for this person that this host may read."))

    def gave_up(self, why: str) -> None:
        """A visit takes longer than anybody can wait for, which is as good as no directory until it comes back."""
        with self._lock:
            self._failed(DirectoryUnavailable(_("The directory did not answer in time."), reason=why))

    def used(self, login: str) -> None:
        """The person logged on: their entry belongs in the cache.

        :raises StateError: it cannot be written.
        """
        with self._lock:
            entry = self._recent.pop(login, None) or self._cache.find(login)
            if entry is not None and not entry.face.empty:
                self._cache.keep(login, entry.face, entry.fetched, used=self._cache.now())

    def papers(self) -> Bundle | None:
        """The realm's papers that are valid here, in a bundle about nobody: for what a host may do while it is cut off.

        None if the directory was reached when it was last asked, or has shut this host out: that is not being cut off.
        """
        with self._lock:
            papers = self._valid_papers()
            if papers is None or not isinstance(self._state, Offline):
                return None
            return Bundle.of(SealedFace(), papers.papers, papers.fetched, CACHE)

    def report(self, report: bytes, refreshed: int = 0) -> None:
        """Keep this host's report for the next poll, in place of one that still waits; waits for nobody.

        :param refreshed: what it says of the cache.
        """
        with self._lock:
            self._report = report
            self._reported = max(self._reported, refreshed)

    def refresh(self) -> float:
        """Ask for the realm's papers and everybody who is known here, and tidy the cache up; blocks.

        :return: seconds until the next refresh is due.
        """
        with self._lock:
            began = self._cache.now()
            people = dict.fromkeys([*(entry.login for entry in self._cache.people()), *self._recent])
        try:
            answer = self._source.ask(people, None)
        except DirectoryError as error:
            with self._lock:
                self._failed(error)
            return self._jittered(min(_RETRY_S, self._refresh_s))
        with self._lock:
            now = self._reached()
            self._take_papers(answer.papers, now)
        dropped = 0
        for login, face in answer.faces.items():
            # One at a time: a logon need not wait until all of them are on the disk.
            with self._lock:
                dropped += self._refresh_face(login, face, now)
        with self._lock:
            self._cache.purge()
            self._note_refresh(min(began, now), now, dropped)
        return self._jittered(self._refresh_s)

    def poll(self) -> float:
        """Look at the manifest alone, so that a revocation need not wait for the next refresh; blocks.

        A report that waits is delivered once the directory was reached.

        :return: seconds until the next poll is due.
        """
        try:
            manifest = self._source.manifest()
        except DirectoryError as error:
            with self._lock:
                self._failed(error)
        else:
            with self._lock:
                if isinstance(self._state, Online):
                    self._last_contact = self._cache.now()
                else:
                    self._reached()
                self._take_manifest(manifest)
            self._deliver()
        return self._poll_s * (1 - _JITTER * self._random())

    def status(self) -> Standing:
        """How it does."""
        with self._lock:
            cached = sum(self._cache.is_valid(entry.fetched) for entry in self._cache.people())
            due, urgent = self._report_due()
            return Standing(self._state, self._last_contact, cached, self._refreshed, due, urgent)

    def _refresh_face(self, login: str, face: SealedFace | None, now: int) -> bool:
        """Take what the directory says of somebody; whether a template was dropped."""
        cached = self._cache.find(login)
        if face is None or face.empty:
            # What is only remembered must not enter the cache later, as if it had just been fetched.
            self._recent.pop(login, None)
            return False
        if cached is None and login not in self._recent:
            return False
        self._take_face(login, face, now)
        return cached is not None and cached.face.template is not None and face.template is None

    def _note_refresh(self, began: int, now: int, dropped: int) -> None:
        """Nothing is older than this refresh if every entry was written by it: none was missing in the directory, on a
        full disk or damaged."""
        if dropped:
            logger.info("%d people were erased and are dropped from the cache.", dropped)
            self._dropped = began
        if all(entry.fetched >= now for entry in self._cache.people()):
            self._refreshed = began

    def _report_due(self) -> tuple[bool, bool]:
        """Whether a report is due, and at once.

        The station counts a refresh only if it was later than the erasure by the skew that clocks may have, so the one
        that drops somebody and a later one are both reported.
        """
        if self._refreshed <= self._reported:
            return False, False
        urgent = 0 < self._dropped and self._reported < self._dropped + SKEW_S
        return urgent or not self._reported or self._refreshed >= self._reported + _REPORTED_EVERY_S, urgent

    def _take_face(self, login: str, face: SealedFace, now: int) -> CachedFace:
        """Note what the directory has; what is cached already is replaced on the disk too."""
        cached = self._cache.find(login)
        entry = CachedFace(login, face, now, cached.used if cached else now)
        if cached is not None:
            self._try_to_write(lambda: self._cache.keep(login, face, now))
            self._recent.pop(login, None)
        else:
            self._recent[login] = entry
            self._recent.move_to_end(login)
            while len(self._recent) > _MOST_RECENT:
                self._recent.popitem(last=False)
        return entry

    def _take_papers(self, papers: RealmPapers, now: int) -> CachedPapers:
        # A paper that vanished from the directory does not vanish here: an expired one is refused by its own date.
        before = self._valid_papers()
        if before is not None:
            papers = RealmPapers(
                papers.manifest or before.papers.manifest,
                papers.delegations or before.papers.delegations,
                papers.host or before.papers.host,
            )
        self._papers = CachedPapers(papers, now)
        self._try_to_write(lambda: self._cache.keep_papers(papers, now))
        return self._papers

    def _deliver(self) -> None:
        with self._lock:
            report = self._report
        if report is None:
            return
        try:
            self._source.report(report)
        except DirectoryUnavailable:
            # With the next poll; this one has seen the manifest, so nobody is cut off.
            return
        except DirectoryError as error:
            # A directory without the attribute or the right to it: as often as something changes, not twice a minute.
            logger.warning("The directory does not take the report of failed tries: %s", error)
        with self._lock:
            if self._report is report:
                self._report = None

    def _take_manifest(self, manifest: bytes | None) -> None:
        """A manifest is news; how old the other papers are stays as it was."""
        before = self._papers
        if manifest is None or before is None or manifest == before.papers.manifest:
            return
        self._papers = replace(before, papers=replace(before.papers, manifest=manifest))
        papers = self._papers
        self._try_to_write(lambda: self._cache.keep_papers(papers.papers, papers.fetched))

    def _reached(self) -> int:
        if not isinstance(self._state, Online):
            logger.info("The directory is reached again.")
        if self._is_shut_out():
            self._try_to_write(lambda: self._cache.note_shut_out(False))
        self._state = Online()
        self._try_to_write(self._cache.reached)
        self._last_contact = self._cache.now()
        return self._last_contact

    def _failed(self, error: DirectoryError) -> None:
        if self._is_shut_out():
            # Whoever was shut out is not let in again by pulling the cable.
            return
        before, self._state = self._state, self._after(error)
        if isinstance(self._state, ShutOut):
            logger.error("Nobody can log on here: %s", error)
            self._try_to_write(lambda: self._cache.note_shut_out(True))
        elif isinstance(before, Online):
            logger.warning("Without the directory for now: %s", error)
        self._try_to_write(self._cache.passed)

    def _after(self, error: DirectoryError) -> Offline | ShutOut:
        if isinstance(error, AccountRefused):
            return ShutOut()
        return Offline(self._cache.now() + round(self._jittered(_RETRY_S)), error.reason)

    def _is_shut_out(self) -> bool:
        return isinstance(self._state, ShutOut)

    def _try_to_write(self, write: Callable[[], object]) -> None:
        # A full disk must not keep anybody out while the directory itself answers.
        try:
            write()
        except StateError as error:
            logger.error("%s", error)

    def _known(self, login: str) -> CachedFace | None:
        recent = self._recent.get(login)
        if recent is not None and self._is_fresh(recent.fetched):
            return recent
        return self._cache.find(login)

    def _valid_papers(self) -> CachedPapers | None:
        return self._papers if self._papers and self._cache.is_valid(self._papers.fetched) else None

    def _is_fresh(self, fetched: int) -> bool:
        return 0 <= self._cache.now() - fetched <= self._refresh_s * _FRESH_PERIODS

    def _is_offline(self) -> bool:
        return isinstance(self._state, Offline) and self._cache.now() < self._state.until

    def _jittered(self, period_s: float) -> float:
        return period_s * (1 + _JITTER * (2 * self._random() - 1))

    def _bundle(self, entry: CachedFace, papers: CachedPapers, origin: str) -> Bundle:
        return Bundle.of(entry.face, papers.papers, entry.fetched, origin)
