"""The counter of tries: on the disk before the judgement, through reboots, and against changed clocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from faced.errors import StateError
from faced.logon.lockout import FIRST_DELAY_S, LONGEST_DELAY_S, Counter, Lockout, Moment

UID = 2001
CEILING = 10


class World:
    """A host whose clocks are set by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.moment = Moment("boot-1", 100.0, 1_800_000_000.0)

    def pass_s(self, seconds: float) -> None:
        self.moment = Moment(self.moment.boot, self.moment.boottime_s + seconds, self.moment.wall_s + seconds)

    def reboot(self, *, wall_moves_s: float) -> None:
        self.moment = Moment(self.moment.boot + "+", 5.0, self.moment.wall_s + wall_moves_s)

    @property
    def lockout(self) -> Lockout:
        """As after a restart: nothing is remembered but what is on the disk."""
        return Lockout(self.folder, 3, CEILING, lambda: self.moment)

    def remaining_s(self, counter: Counter = Counter.GREETER, uid: int = UID) -> float:
        return self.lockout.remaining_s(uid, counter)

    def fail(self, times: int, counter: Counter = Counter.GREETER) -> None:
        for _ in range(times):
            self.lockout.charge(UID, counter)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_lock_comes_at_the_ceiling_and_no_time_ends_it(world: World) -> None:
    world.fail(CEILING - 1)
    assert not world.lockout.locked(UID, Counter.GREETER)
    world.fail(1)
    world.pass_s(1e7)
    world.reboot(wall_moves_s=1e7)
    assert world.lockout.locked(UID, Counter.GREETER)
    assert not world.lockout.locked(UID, Counter.LOCKER)
    assert not world.lockout.locked(UID + 1, Counter.GREETER)


def test_who_is_watched_waits_from_the_first_failure_on_and_never_less_than_others(world: World) -> None:
    def stricter_s() -> float:
        return world.lockout.remaining_s(UID, Counter.GREETER, stricter=True)

    assert stricter_s() == 0.0
    for failed in range(1, CEILING):
        world.fail(1)
        assert stricter_s() >= max(FIRST_DELAY_S, world.remaining_s()), failed
        assert not world.lockout.locked(UID, Counter.GREETER), "it locks at the ceiling and not before"
        world.pass_s(LONGEST_DELAY_S)
        assert stricter_s() == 0.0
    world.fail(1)
    assert world.lockout.locked(UID, Counter.GREETER)


def test_an_unlock_takes_back_all_tries_of_the_person_and_nobody_elses(world: World) -> None:
    world.fail(CEILING)
    world.fail(CEILING, Counter.LOCKER)
    world.lockout.charge(UID + 1, Counter.GREETER)
    world.lockout.unlock(UID)
    assert [(count.uid, count.failed) for count in world.lockout.counts()] == [(UID + 1, 1)]
    world.fail(CEILING - 1)
    assert not world.lockout.locked(UID, Counter.GREETER)


def test_the_counts_say_who_waits_and_who_is_locked(world: World) -> None:
    world.fail(4)
    world.fail(CEILING, Counter.LOCKER)
    world.lockout.forgive(UID + 1, Counter.GREETER)
    locked, waiting = world.lockout.counts()
    assert (locked.counter, locked.failed, locked.locked, locked.wait_s) == (Counter.LOCKER, CEILING, True, 0.0)
    assert (waiting.counter, waiting.failed, waiting.locked) == (Counter.GREETER, 4, False)
    assert waiting.wait_s == 2 * FIRST_DELAY_S


def test_the_first_tries_cost_no_delay(world: World) -> None:
    world.fail(2)
    assert world.remaining_s() == 0


def test_after_three_failures_the_delay_begins_and_ends(world: World) -> None:
    world.fail(3)
    assert world.remaining_s() == FIRST_DELAY_S
    world.pass_s(FIRST_DELAY_S - 1)
    assert world.remaining_s() == pytest.approx(1)
    world.pass_s(1)
    assert world.remaining_s() == 0


def test_each_further_failure_doubles_the_delay_up_to_a_ceiling(world: World) -> None:
    world.fail(3)
    delays = []
    for _ in range(10):
        delays.append(world.remaining_s())
        world.pass_s(LONGEST_DELAY_S)
        world.fail(1)
    assert delays[:3] == [30, 60, 120]
    assert delays[-1] == LONGEST_DELAY_S
    world.fail(25)
    assert world.remaining_s() == LONGEST_DELAY_S


def test_a_match_takes_all_tries_back(world: World) -> None:
    world.fail(3)
    world.lockout.forgive(UID, Counter.GREETER)
    assert world.remaining_s() == 0
    world.fail(2)
    assert world.remaining_s() == 0


def test_lockers_cannot_lock_the_greeter_and_nobody_somebody_else(world: World) -> None:
    world.fail(9, Counter.LOCKER)
    assert world.remaining_s(Counter.LOCKER) > 0
    assert world.remaining_s(Counter.GREETER) == 0
    assert world.remaining_s(Counter.LOCKER, UID + 1) == 0


def test_pulling_the_plug_gives_no_free_tries(world: World) -> None:
    world.fail(3)
    world.reboot(wall_moves_s=10)
    assert world.remaining_s() == pytest.approx(FIRST_DELAY_S - 10)


def test_setting_the_clock_forward_or_back_within_a_boot_changes_nothing(world: World) -> None:
    world.fail(3)
    for wall_s in (0.0, 4e9):
        world.moment = Moment("boot-1", 110.0, wall_s)
        assert world.remaining_s() == pytest.approx(FIRST_DELAY_S - 10)


def test_a_clock_that_went_back_across_a_reboot_starts_the_delay_anew_and_only_once(world: World) -> None:
    world.fail(3)
    world.reboot(wall_moves_s=-1e8)
    assert world.remaining_s() == FIRST_DELAY_S
    world.pass_s(FIRST_DELAY_S)
    assert world.remaining_s() == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"charged": 0}', b'{"charged": -1, "boot": "", "boottime": 0.0, "wall": 0.0}'],
)
def test_a_damaged_counter_admits_nobody(world: World, content: bytes) -> None:
    world.fail(1)
    (file,) = world.folder.iterdir()
    file.write_bytes(content)
    with pytest.raises(StateError):
        world.remaining_s()
    with pytest.raises(StateError):
        world.lockout.charge(UID, Counter.GREETER)


def test_a_counter_that_cannot_be_written_is_an_error_and_keeps_its_content(world: World) -> None:
    world.fail(3)
    (file,) = world.folder.iterdir()
    # Stands for a full disk, also when the tests run as root: the draft cannot be opened.
    (world.folder / (file.name + ".new")).mkdir()
    with pytest.raises(StateError):
        world.lockout.charge(UID, Counter.GREETER)
    assert world.remaining_s() == FIRST_DELAY_S


def test_the_counter_is_private(world: World) -> None:
    world.fail(1)
    (file,) = world.folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_draft_that_is_a_symbolic_link_is_not_followed(world: World, tmp_path: Path) -> None:
    world.fail(1)
    (file,) = world.folder.iterdir()
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (world.folder / (file.name + ".new")).symlink_to(victim)
    with pytest.raises(StateError):
        world.lockout.charge(UID, Counter.GREETER)
    assert victim.read_text() == "untouched"


def test_the_real_clocks_move_forward() -> None:
    earlier = Moment.now()
    assert Moment.now().since(earlier) >= 0
    assert earlier.boot
