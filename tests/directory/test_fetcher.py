"""When the directory is asked, when the cache is believed, and who waits for whom."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from faced.directory.bundle import RealmPapers
from faced.directory.cache import Cache
from faced.directory.fetcher import SKEW_S, Fetcher, Offline, Online, ShutOut
from faced.directory.people import SealedFace
from faced.directory.source import Answer
from faced.errors import AccountRefused, DirectoryError, DirectoryUnavailable, NotInDirectory, StateError
from faced.trust.realm import CLOCK_SKEW_S
from faced.units import DAY_S, HOUR_S

NOW = 1_800_000_000
REFRESH_S = 900
POLL_S = 30
FACE = SealedFace(b"template 1", (b"key",), None)
NEWER = SealedFace(b"template 2", (b"key",), None)
BURIED = SealedFace(None, (), b"tombstone")
PAPERS = RealmPapers(b"manifest", (b"delegation",), b"host")


class Directory:
    """A directory that a test can fill, switch off and make hang."""

    def __init__(self) -> None:
        self.faces: dict[str, SealedFace] = {}
        self.papers = PAPERS
        self.error: DirectoryError | None = None
        #: Of reports alone.
        self.refusal: DirectoryError | None = None
        self.reports: list[bytes] = []
        self.asked: list[list[str]] = []
        self.deadlines: list[float | None] = []
        self.entered = threading.Semaphore(0)
        self.hang = threading.Event()
        self.hang.set()

    def ask(self, logins: Iterable[str], within_s: float | None) -> Answer:
        asked = list(logins)
        self.asked.append(asked)
        self.deadlines.append(within_s)
        self.entered.release()
        self.hang.wait()
        if self.error is not None:
            raise self.error
        return Answer(self.papers, {login: self.faces.get(login) for login in asked})

    def manifest(self) -> bytes | None:
        if self.error is not None:
            raise self.error
        return self.papers.manifest

    def report(self, report: bytes) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.reports.append(report)


class Bench:
    """A fetcher with everything around it in the test's hands."""

    def __init__(self, folder: Path) -> None:
        self.now = float(NOW)
        self.directory = Directory()
        self.folder = folder
        self.restart()

    def restart(self) -> None:
        self.cache = Cache(self.folder, valid_days=14, clock=lambda: self.now, monotonic=lambda: self.now)
        self.fetcher = Fetcher(
            self.directory, self.cache, timeout_s=2.0, refresh_s=REFRESH_S, poll_s=POLL_S, random=lambda: 0.5
        )

    def off(self) -> None:
        self.directory.error = DirectoryUnavailable("no network")

    def on(self) -> None:
        self.directory.error = None

    def logs_on(self, login: str, face: SealedFace = FACE) -> None:
        self.directory.faces[login] = face
        self.fetcher.fetch(login)
        self.fetcher.used(login)


@pytest.fixture
def bench(folder: Path) -> Bench:
    return Bench(folder)


def test_the_first_logon_asks_the_directory_within_the_deadline(bench: Bench) -> None:
    bench.directory.faces["tanaka"] = FACE
    bundle = bench.fetcher.fetch("tanaka")
    assert (bundle.template, bundle.template_keys, bundle.origin, bundle.fetched) == (
        b"template 1",
        (b"key",),
        "directory",
        NOW,
    )
    assert (bundle.manifest, bundle.delegations, bundle.host) == (b"manifest", (b"delegation",), b"host")
    assert bench.directory.deadlines == [2.0]


def test_a_fresh_entry_is_the_answer_without_asking(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.now += REFRESH_S
    assert bench.fetcher.fetch("tanaka").origin == "cache"
    assert len(bench.directory.asked) == 1


def test_a_stale_entry_is_renewed_from_the_directory(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.directory.faces["tanaka"] = NEWER
    bench.now += 2 * REFRESH_S
    assert bench.fetcher.fetch("tanaka").template == b"template 2"
    bench.off()
    bench.restart()
    assert bench.fetcher.fetch("tanaka").template == b"template 2", "the cache was renewed too"


def test_a_stale_entry_serves_while_the_directory_is_away_and_only_the_first_waits(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.now += 2 * REFRESH_S
    bench.off()
    for _again in range(3):
        bundle = bench.fetcher.fetch("tanaka")
        assert (bundle.template, bundle.origin, bundle.fetched) == (b"template 1", "cache", NOW)
    assert len(bench.directory.asked) == 2, "once to fetch it, once to find out that nobody is there"
    bench.now += 120
    bench.fetcher.fetch("tanaka")
    assert len(bench.directory.asked) == 3, "after a while it is tried again"


def test_offline_a_cached_person_gets_in_for_the_days_of_the_cache_and_no_longer(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.off()
    bench.now += 14 * DAY_S
    bench.restart()
    assert bench.fetcher.fetch("tanaka").template == b"template 1"
    bench.now += 1
    bench.restart()
    with pytest.raises(DirectoryUnavailable):
        bench.fetcher.fetch("tanaka")
    assert bench.fetcher.standing("tanaka") is None


def test_who_never_logged_on_here_is_asked_for_even_when_offline(bench: Bench) -> None:
    bench.off()
    for count in (1, 2):
        with pytest.raises(DirectoryUnavailable):
            bench.fetcher.fetch("suzuki")
        assert len(bench.directory.asked) == count


def test_a_grant_is_asked_for_anew_and_kept_nowhere(bench: Bench, folder: Path) -> None:
    bench.logs_on("tanaka", replace(FACE, emergency=b"granted for today"))
    assert bench.fetcher.fetch("tanaka").emergency is None, "from the cache"
    assert bench.fetcher.fetch("tanaka", anew=True).emergency == b"granted for today"
    assert not any(b"granted" in path.read_bytes() for path in folder.iterdir())
    bench.off()
    assert bench.fetcher.fetch("tanaka", anew=True).emergency is None


def test_somebody_without_a_template_is_seen_anew_each_time(bench: Bench) -> None:
    joiner = SealedFace(emergency=b"granted for today")
    bench.directory.faces["joiner"] = joiner
    for _again in range(2):
        bundle = bench.fetcher.fetch("joiner", anew=True)
        assert (bundle.origin, bundle.emergency) == ("directory", b"granted for today")
    bench.directory.faces["joiner"] = SealedFace()
    assert bench.fetcher.fetch("joiner", anew=True).emergency is None
    bench.fetcher.used("joiner")
    bench.off()
    bench.restart()
    with pytest.raises(DirectoryUnavailable):
        bench.fetcher.fetch("joiner")


def test_the_papers_are_there_only_while_the_directory_is_away(bench: Bench) -> None:
    assert bench.fetcher.papers() is None
    bench.logs_on("tanaka")
    assert bench.fetcher.papers() is None, "it was reached"
    bench.off()
    bench.restart()
    assert bench.fetcher.papers() is None, "nobody has found out yet"
    bench.fetcher.fetch("tanaka", anew=True)
    papers = bench.fetcher.papers()
    assert papers is not None
    assert (papers.manifest, papers.delegations, papers.template, papers.origin) == (
        b"manifest",
        (b"delegation",),
        None,
        "cache",
    )
    bench.now += 15 * DAY_S
    assert bench.fetcher.papers() is None, "they are too old"


def test_a_visit_alone_puts_nobody_in_the_cache(bench: Bench, folder: Path) -> None:
    bench.directory.faces["guest"] = FACE
    bench.fetcher.fetch("guest")
    assert list(folder.glob("*.face")) == []
    bench.off()
    bench.now += 2 * REFRESH_S
    assert bench.fetcher.standing("guest") is None
    bench.restart()
    with pytest.raises(DirectoryUnavailable):
        bench.fetcher.fetch("guest")


def test_the_account_phase_finds_what_was_just_fetched(bench: Bench) -> None:
    assert bench.fetcher.standing("tanaka") is None
    bench.directory.faces["tanaka"] = FACE
    bench.fetcher.fetch("tanaka")
    standing = bench.fetcher.standing("tanaka")
    assert standing is not None and standing.template == b"template 1"
    assert len(bench.directory.asked) == 1


def test_nobody_is_kept_who_was_never_fetched(bench: Bench, folder: Path) -> None:
    bench.fetcher.used("phantom")
    assert list(folder.glob("*.face")) == []


def test_there_is_no_such_person(bench: Bench) -> None:
    with pytest.raises(NotInDirectory):
        bench.fetcher.fetch("phantom")
    assert bench.fetcher.status().state == Online()


def test_an_entry_missing_in_the_directory_leaves_the_cache_valid(bench: Bench) -> None:
    bench.logs_on("tanaka")
    del bench.directory.faces["tanaka"]
    bench.now += 2 * REFRESH_S
    bundle = bench.fetcher.fetch("tanaka")
    assert (bundle.template, bundle.origin, bundle.fetched) == (b"template 1", "cache", NOW)
    bench.fetcher.refresh()
    bench.restart()
    assert bench.fetcher.fetch("tanaka").template == b"template 1"
    bench.now = NOW + 14 * DAY_S + 1
    with pytest.raises(NotInDirectory):
        bench.fetcher.fetch("tanaka")


def test_an_entry_emptied_without_a_tombstone_leaves_the_cache_valid(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.directory.faces["tanaka"] = SealedFace()
    bench.now += 2 * REFRESH_S
    assert bench.fetcher.fetch("tanaka").template == b"template 1"
    bench.fetcher.refresh()
    assert bench.fetcher.fetch("tanaka").template == b"template 1"


def test_an_empty_entry_of_a_newcomer_says_that_there_is_no_template(bench: Bench, folder: Path) -> None:
    bench.directory.faces["new"] = SealedFace()
    bundle = bench.fetcher.fetch("new")
    assert (bundle.template, bundle.origin) == (None, "directory")
    bench.fetcher.used("new")
    assert list(folder.glob("*.face")) == []


def test_a_tombstone_reaches_the_cache_and_takes_the_erased_template_off_the_disk(bench: Bench, folder: Path) -> None:
    bench.logs_on("tanaka")
    bench.directory.faces["tanaka"] = BURIED
    bench.fetcher.refresh()
    (file,) = folder.glob("*.face")
    assert b"template 1" not in file.read_bytes()
    bench.off()
    bench.restart()
    bundle = bench.fetcher.fetch("tanaka")
    assert (bundle.template, bundle.template_keys, bundle.tombstone) == (None, (), b"tombstone")


def test_a_fresh_entry_that_did_not_serve_is_asked_for_anew(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.directory.faces["tanaka"] = NEWER
    assert bench.fetcher.fetch("tanaka").template == b"template 1"
    assert bench.fetcher.at_once("tanaka", anew=True) is None
    assert bench.fetcher.fetch("tanaka", anew=True).template == b"template 2"
    bench.off()
    bench.fetcher.refresh()
    assert bench.fetcher.fetch("tanaka", anew=True).template == b"template 2"


def test_the_refresh_asks_for_everybody_here_and_nobody_else(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.logs_on("suzuki")
    bench.directory.faces["stranger"] = FACE
    bench.directory.faces["tanaka"] = NEWER
    bench.directory.papers = RealmPapers(b"tomorrow", (b"delegation",), b"host")
    bench.now += REFRESH_S
    assert bench.fetcher.refresh() == REFRESH_S
    assert sorted(bench.directory.asked[-1]) == ["suzuki", "tanaka"]
    bundle = bench.fetcher.at_once("tanaka")
    assert bundle is not None
    assert (bundle.template, bundle.manifest, bundle.fetched) == (b"template 2", b"tomorrow", NOW + REFRESH_S)


def test_a_refresh_that_fails_is_tried_again_sooner(bench: Bench) -> None:
    bench.off()
    assert bench.fetcher.refresh() == 60
    standing = bench.fetcher.status()
    assert standing.state == Offline(NOW + 60, "directory_unavailable")
    bench.on()
    assert bench.fetcher.refresh() == REFRESH_S
    assert bench.fetcher.status().state == Online()


def test_the_times_of_refreshes_are_jittered(bench: Bench, folder: Path) -> None:
    times = []
    for number in (0.0, 0.999):
        fetcher = Fetcher(
            *(bench.directory, bench.cache),
            timeout_s=2,
            refresh_s=REFRESH_S,
            poll_s=POLL_S,
            random=lambda number=number: number,
        )
        times.append((fetcher.refresh(), fetcher.poll()))
    (soonest, first), (latest, second) = times
    assert (soonest, latest) == (pytest.approx(0.8 * REFRESH_S), pytest.approx(1.2 * REFRESH_S, rel=0.01))
    assert (first, second) == (POLL_S, pytest.approx(0.8 * POLL_S, rel=0.01)), "never later than promised"


def test_a_poll_brings_the_manifest_and_makes_nothing_else_younger(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.now += 100
    bench.directory.papers = RealmPapers(b"revoked", (b"other delegation",), b"other host")
    bench.fetcher.poll()
    assert len(bench.directory.asked) == 1, "nothing else was asked for"
    bundle = bench.fetcher.at_once("tanaka")
    assert bundle is not None
    assert (bundle.manifest, bundle.delegations, bundle.host) == (b"revoked", (b"delegation",), b"host")
    bench.off()
    bench.restart()
    assert bench.fetcher.fetch("tanaka").manifest == b"revoked", "the disk has it too"
    bench.now = NOW + 14 * DAY_S + 1
    with pytest.raises(DirectoryUnavailable):
        bench.fetcher.fetch("tanaka")


def test_a_poll_that_brings_nothing_new_writes_nothing(bench: Bench, folder: Path) -> None:
    bench.logs_on("tanaka")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    bench.now += 30
    bench.fetcher.poll()
    bench.directory.papers = RealmPapers(None, (), None)
    bench.fetcher.poll()
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert bench.fetcher.status().last_contact == NOW + 30


def test_a_poll_notices_that_the_directory_is_away_and_back(bench: Bench) -> None:
    bench.off()
    bench.fetcher.poll()
    assert isinstance(bench.fetcher.status().state, Offline)
    bench.on()
    bench.fetcher.poll()
    assert bench.fetcher.status().state == Online()


def shut_out(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.directory.error = AccountRefused("invalid credentials")
    bench.fetcher.poll()
    assert bench.fetcher.status().state == ShutOut()


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("error", [AccountRefused("still"), DirectoryUnavailable("the cable was pulled")])
def test_a_host_that_the_directory_shuts_out_gets_nothing_from_its_cache(
    bench: Bench, restarted: bool, error: DirectoryError
) -> None:
    shut_out(bench)
    bench.directory.error = error
    if restarted:
        bench.restart()
    bench.fetcher.poll()
    bench.fetcher.refresh()
    assert bench.fetcher.at_once("tanaka") is None
    assert bench.fetcher.papers() is None, "no emergency code is tried on a stolen PC"
    for ask in (bench.fetcher.fetch, bench.fetcher.standing):
        with pytest.raises(AccountRefused):
            ask("tanaka")


@pytest.mark.parametrize("restarted", [False, True])
def test_a_host_that_was_shut_out_by_mistake_is_back_with_the_next_visit(bench: Bench, restarted: bool) -> None:
    shut_out(bench)
    bench.on()
    if restarted:
        bench.restart()
    assert bench.fetcher.fetch("tanaka").template == b"template 1"
    assert bench.fetcher.status().state == Online()
    bench.off()
    bench.restart()
    assert bench.fetcher.fetch("tanaka").template == b"template 1", "and its cache serves again"


def test_papers_that_vanish_from_the_directory_do_not_vanish_here(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.directory.papers = RealmPapers(None, (), None)
    bench.fetcher.refresh()
    bundle = bench.fetcher.fetch("tanaka")
    assert (bundle.manifest, bundle.delegations, bundle.host) == (b"manifest", (b"delegation",), b"host")


def test_papers_survive_a_restart_without_network(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.off()
    bench.restart()
    bundle = bench.fetcher.fetch("tanaka")
    assert (bundle.manifest, bundle.host) == (b"manifest", b"host")


def test_a_directory_that_answers_nonsense_is_as_good_as_none(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.now += 2 * REFRESH_S
    bench.directory.error = DirectoryError("too large", reason="oversize")
    assert bench.fetcher.fetch("tanaka").origin == "cache"
    with pytest.raises(DirectoryUnavailable) as refused:
        bench.fetcher.fetch("suzuki")
    assert refused.value.reason == "oversize"


def test_a_hanging_directory_keeps_no_cached_person_waiting(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.directory.faces["suzuki"] = FACE
    bench.directory.entered = threading.Semaphore(0)
    bench.directory.hang.clear()
    visitor = threading.Thread(target=bench.fetcher.fetch, args=("suzuki",), daemon=True)
    refresher = threading.Thread(target=bench.fetcher.refresh, daemon=True)
    visitor.start()
    refresher.start()
    assert bench.directory.entered.acquire(timeout=10) and bench.directory.entered.acquire(timeout=10)
    answers = []
    asker = threading.Thread(
        target=lambda: answers.extend([bench.fetcher.at_once("tanaka"), bench.fetcher.standing("tanaka")]), daemon=True
    )
    asker.start()
    asker.join(timeout=10)
    assert [bool(answer) for answer in answers] == [True, True]
    bench.directory.hang.set()
    visitor.join(timeout=10)
    refresher.join(timeout=10)


def test_a_full_disk_keeps_nobody_out_while_the_directory_answers(bench: Bench, folder: Path) -> None:
    bench.logs_on("tanaka")
    for path in list(folder.iterdir()):
        (folder / f"{path.name}.new").mkdir()
    bench.now += 2 * REFRESH_S
    bench.directory.faces["tanaka"] = NEWER
    assert bench.fetcher.fetch("tanaka").template == b"template 2"


def test_the_status_counts_and_names_nobody(bench: Bench) -> None:
    assert bench.fetcher.status().last_contact is None
    bench.logs_on("tanaka")
    bench.logs_on("suzuki")
    bench.now += 10
    standing = bench.fetcher.status()
    assert (standing.state, standing.last_contact, standing.cached) == (Online(), NOW, 2)
    bench.now += 15 * DAY_S
    assert bench.fetcher.status().cached == 0


def test_a_report_is_delivered_once_with_the_next_poll_and_of_several_the_newest(bench: Bench) -> None:
    bench.fetcher.report(b"report 1")
    bench.fetcher.report(b"report 2")
    assert bench.directory.reports == []
    bench.fetcher.poll()
    bench.fetcher.poll()
    assert bench.directory.reports == [b"report 2"]


def test_a_report_waits_for_a_directory_that_is_away(bench: Bench) -> None:
    bench.fetcher.report(b"report")
    bench.off()
    bench.fetcher.poll()
    bench.on()
    bench.directory.refusal = DirectoryUnavailable("broke off")
    bench.fetcher.poll()
    assert bench.fetcher.status().state == Online()
    bench.directory.refusal = None
    bench.fetcher.poll()
    assert bench.directory.reports == [b"report"]


def test_a_directory_that_takes_no_report_is_asked_again_with_the_next_one_and_its_manifest_is_taken(
    bench: Bench,
) -> None:
    bench.logs_on("tanaka")
    bench.directory.refusal = DirectoryError("undefined attribute type")
    bench.directory.papers = replace(PAPERS, manifest=b"newer")
    bench.fetcher.report(b"report 1")
    bench.fetcher.poll()
    bundle = bench.fetcher.standing("tanaka")
    assert bundle is not None and bundle.manifest == b"newer"
    bench.directory.refusal = None
    bench.fetcher.poll()
    assert bench.directory.reports == []
    bench.fetcher.report(b"report 2")
    bench.fetcher.poll()
    assert bench.directory.reports == [b"report 2"]


def refreshed(bench: Bench) -> int:
    """As of when the fetcher says that nothing here is older; it has just refreshed."""
    bench.fetcher.refresh()
    return bench.fetcher.status().refreshed


def on_disk(bench: Bench, what: bytes) -> bool:
    return any(what in path.read_bytes() for path in bench.folder.iterdir())


def test_a_refresh_after_an_erasure_leaves_no_byte_of_the_template_on_the_disk(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.logs_on("suzuki", NEWER)
    assert on_disk(bench, b"template 1")
    bench.directory.faces["tanaka"] = BURIED
    bench.now += 10
    assert refreshed(bench) == NOW + 10
    assert not on_disk(bench, b"template 1")
    assert on_disk(bench, b"template 2"), "the others' are where they were"
    assert bench.fetcher.status().report_urgent


def test_an_entry_that_the_directory_does_not_show_holds_the_confirmation_back_until_it_is_void(bench: Bench) -> None:
    """Moved to another group, or deleted: the template is still here, so this host cannot say that nothing is."""
    bench.logs_on("tanaka")
    bench.now += 10
    assert refreshed(bench) == NOW + 10
    del bench.directory.faces["tanaka"]
    bench.now += 10
    assert refreshed(bench) == NOW + 10
    assert on_disk(bench, b"template 1")
    bench.now = NOW + 10 + 14 * DAY_S + 1
    assert refreshed(bench) == bench.now
    assert not on_disk(bench, b"template 1")


def test_an_entry_that_a_full_disk_keeps_holds_the_confirmation_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.logs_on("tanaka")
    bench.directory.faces["tanaka"] = BURIED
    bench.now += 10

    def full(*_arguments: object, **_more: object) -> None:
        raise StateError("disk full")

    with monkeypatch.context() as disk:
        disk.setattr(bench.cache, "keep", full)
        assert refreshed(bench) == 0
        assert on_disk(bench, b"template 1")
    bench.now += 10
    assert refreshed(bench) == NOW + 20


def test_what_was_fetched_before_the_erasure_does_not_enter_the_cache_after_the_refresh(bench: Bench) -> None:
    """Somebody stands at the camera while they are erased."""
    bench.directory.faces["tanaka"] = FACE
    bench.fetcher.fetch("tanaka")
    bench.directory.faces["tanaka"] = BURIED
    bench.now += 10
    assert refreshed(bench) == NOW + 10
    bench.fetcher.used("tanaka")
    assert not on_disk(bench, b"template 1")


def test_who_vanished_from_the_directory_meanwhile_does_not_enter_the_cache_either(bench: Bench) -> None:
    bench.directory.faces["tanaka"] = FACE
    bench.fetcher.fetch("tanaka")
    bench.directory.faces.clear()
    bench.now += 10
    assert refreshed(bench) == NOW + 10
    bench.fetcher.used("tanaka")
    assert not on_disk(bench, b"template 1")


def test_without_the_directory_nothing_is_refreshed(bench: Bench) -> None:
    bench.logs_on("tanaka")
    bench.off()
    assert refreshed(bench) == 0
    assert not bench.fetcher.status().report_due


def test_a_refresh_is_reported_at_first_and_then_once_an_hour(bench: Bench) -> None:
    assert refreshed(bench) == NOW
    assert bench.fetcher.status().report_due and not bench.fetcher.status().report_urgent
    bench.fetcher.report(b"report", NOW)
    assert not bench.fetcher.status().report_due
    bench.now += HOUR_S - 1
    refreshed(bench)
    assert not bench.fetcher.status().report_due
    bench.now += 1
    refreshed(bench)
    assert bench.fetcher.status().report_due


def test_the_refresh_that_drops_somebody_is_urgent_and_so_is_one_that_no_clock_can_doubt(bench: Bench) -> None:
    bench.logs_on("tanaka")
    refreshed(bench)
    bench.fetcher.report(b"report", NOW)
    bench.directory.faces["tanaka"] = BURIED
    urgent = []
    for _refresh in range(4):
        bench.now += REFRESH_S
        moment = refreshed(bench)
        urgent.append(bench.fetcher.status().report_urgent)
        bench.fetcher.report(b"report", moment)
    assert urgent == [True, True, False, False]


def test_a_report_that_says_less_than_was_refreshed_leaves_one_due(bench: Bench) -> None:
    refreshed(bench)
    bench.fetcher.report(b"made by a faced that knows nothing of it")
    assert bench.fetcher.status().report_due


def test_the_skew_is_the_one_that_the_station_allows_for() -> None:
    assert SKEW_S == CLOCK_SKEW_S
