from __future__ import annotations

import hashlib
import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from faced.directory.bundle import RealmPapers
from faced.directory.cache import MOST_PEOPLE, UNUSED_DAYS, Cache
from faced.directory.people import SealedFace
from faced.errors import StateError
from faced.trust import encoding
from faced.units import DAY_S

NOW = 1_800_000_000
FACE = SealedFace(
    *(b"template \0\xff", (b"k1", b"k2"), None, b"exemption", b"unlock", None, b"consent", b"approval", b"suspension")
)
PAPERS = RealmPapers(b"manifest", (b"d1", b"d2"), b"host")


class Clocks:
    """The wall clock, which can be set, and the monotonic one, which only runs."""

    def __init__(self) -> None:
        self.wall = float(NOW)
        self.running = 0.0

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.running += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def open_cache(folder: Path, clocks: Clocks, days: int = 14) -> Cache:
    return Cache(folder, valid_days=days, clock=lambda: clocks.wall, monotonic=lambda: clocks.running)


def restart(folder: Path, clocks: Clocks) -> Cache:
    clocks.running = 0.0
    return open_cache(folder, clocks)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.face"))


def test_what_was_kept_is_found_after_a_restart_byte_for_byte(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW)
    cache.keep_papers(PAPERS, NOW)
    again = restart(folder, clocks)
    entry, papers = again.find("tanaka"), again.papers()
    assert entry is not None and papers is not None
    assert (entry.login, entry.face, entry.fetched, entry.used) == ("tanaka", FACE, NOW, NOW)
    assert (papers.papers, papers.fetched) == (PAPERS, NOW)
    assert again.find("suzuki") is None


def test_only_the_owner_can_read_it_and_no_name_is_a_file_name(folder: Path, clocks: Clocks) -> None:
    before = os.umask(0)
    try:
        cache = open_cache(folder, clocks)
        cache.keep("../../etc/passwd", FACE, NOW)
        cache.keep("tanaka", FACE, NOW)
        cache.keep_papers(PAPERS, NOW)
        cache.reached()
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert len(files(folder)) == 2
    assert all("tanaka" not in path.name for path in folder.iterdir())
    assert cache.find("../../etc/passwd") is not None


def test_a_link_planted_in_the_folder_is_not_written_through(folder: Path, tmp_path: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW)
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (folder / f"{files(folder)[0].name}.new").symlink_to(victim)
    cache.keep("tanaka", FACE, NOW + 1)
    assert victim.read_text() == "untouched"
    assert not files(folder)[0].is_symlink()


def test_an_entry_is_valid_for_its_days_and_not_a_second_longer(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW)
    cache.keep_papers(PAPERS, NOW)
    clocks.passes(14 * DAY_S)
    assert cache.find("tanaka") is not None and cache.papers() is not None
    clocks.passes(1)
    assert cache.find("tanaka") is None and cache.papers() is None


def test_setting_the_clock_back_gains_nothing(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.reached()
    cache.keep("tanaka", FACE, NOW)
    clocks.passes(13 * DAY_S)
    clocks.wall -= 10 * DAY_S
    assert cache.find("tanaka") is not None, "a wrong clock does not lock out either"
    clocks.passes(DAY_S + 1)
    assert cache.find("tanaka") is None


def test_setting_the_clock_back_while_switched_off_gains_nothing_of_the_time_before(
    folder: Path, clocks: Clocks
) -> None:
    cache = open_cache(folder, clocks)
    cache.reached()
    cache.keep("tanaka", FACE, NOW)
    clocks.passes(15 * DAY_S)
    cache.passed()
    clocks.wall = NOW
    assert restart(folder, clocks).find("tanaka") is None


def test_a_clock_that_starts_in_1970_does_not_lock_out(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.reached()
    cache.keep("tanaka", FACE, NOW)
    clocks.wall = 0.0
    assert restart(folder, clocks).find("tanaka") is not None


def test_a_clock_that_ran_ahead_is_forgiven_when_the_directory_is_reached(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW)
    clocks.wall += 10_000 * DAY_S
    cache.passed()
    clocks.wall = NOW + 60
    assert cache.find("tanaka") is None
    cache.reached()
    assert cache.find("tanaka") is not None


def test_an_entry_from_the_future_is_not_believed(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW + 10)
    assert cache.find("tanaka") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:50] + bytes([data[50] ^ 1]) + data[51:],
        lambda data: b"x" * 100_000,
        lambda data: bytes(len(data)),
    ],
    ids=["empty", "cut", "longer", "one bit", "huge", "zeros"],
)
def test_a_damaged_file_is_reported_and_counts_as_absent(
    folder: Path, clocks: Clocks, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW)
    cache.keep("suzuki", FACE, NOW)
    cache.keep_papers(PAPERS, NOW)
    cache.reached()
    for path in folder.iterdir():
        if path != files(folder)[1]:
            path.write_bytes(damage(path.read_bytes()))
    again = restart(folder, clocks)
    with caplog.at_level(logging.ERROR):
        assert [again.find("tanaka"), again.find("suzuki")].count(None) == 1
        assert again.papers() is None
        assert len(again.people()) == 1
    assert "is damaged" in caplog.text
    again.purge()
    assert len(files(folder)) == 1
    again.keep("tanaka", FACE, NOW)
    again.keep_papers(PAPERS, NOW)
    assert again.find("tanaka") is not None and again.papers() is not None


def test_no_bit_of_an_entry_can_change_unnoticed(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW)
    (file,) = files(folder)
    whole = file.read_bytes()
    for position in range(len(whole)):
        file.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert cache.find("tanaka") is None, position
    file.write_bytes(whole)
    assert cache.find("tanaka") is not None


def test_a_file_renamed_to_another_person_is_nobodys(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW)
    (tanaka,) = files(folder)
    cache.keep("suzuki", SealedFace(b"other", (), None), NOW)
    suzuki = next(path for path in files(folder) if path != tanaka)
    tanaka.replace(suzuki)
    assert cache.find("suzuki") is None
    assert cache.find("tanaka") is None
    assert cache.people() == ()


def test_a_file_from_before_there_were_statements_about_people_has_none(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW)
    (path,) = files(folder)
    magic, body = path.read_bytes()[:14], path.read_bytes()[14 + 32 :]
    content = encoding.decode(body)
    assert isinstance(content, dict)
    assert content.pop("exemption") == FACE.exemption
    assert content.pop("unlock") == FACE.unlock
    for name in ("consent", "approval", "suspension"):
        assert content.pop(name) == getattr(FACE, name)
    old = encoding.encode(content)
    path.write_bytes(magic + hashlib.sha256(old).digest() + old)
    entry = restart(folder, clocks).find("tanaka")
    assert entry is not None
    assert entry.face == SealedFace(FACE.template, FACE.template_keys)


def test_a_write_that_fails_leaves_the_old_entry(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW)
    obstacle = folder / f"{files(folder)[0].name}.new"
    obstacle.mkdir()
    with pytest.raises(StateError, match="cannot be written"):
        cache.keep("tanaka", SealedFace(b"new", (), None), NOW + 1)
    entry = cache.find("tanaka")
    assert entry is not None and entry.face == FACE


def test_a_refresh_keeps_the_time_of_the_last_logon(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW, used=NOW)
    clocks.passes(1000)
    cache.keep("tanaka", FACE, NOW + 1000)
    entry = cache.find("tanaka")
    assert entry is not None
    assert (entry.fetched, entry.used) == (NOW + 1000, NOW)


def test_who_no_longer_logs_on_here_is_forgotten(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("guest", FACE, NOW, used=NOW)
    clocks.passes(UNUSED_DAYS * DAY_S)
    cache.keep("guest", FACE, cache.now())
    cache.keep("tanaka", FACE, cache.now(), used=cache.now())
    assert cache.purge() == 2
    clocks.passes(1)
    assert cache.purge() == 1
    assert [entry.login for entry in cache.people()] == ["tanaka"]


def test_expired_entries_and_unfinished_files_are_deleted(folder: Path, clocks: Clocks) -> None:
    cache = open_cache(folder, clocks)
    cache.keep("tanaka", FACE, NOW)
    (folder / "half.face.new").write_bytes(b"half")
    clocks.passes(15 * DAY_S)
    assert cache.purge() == 0
    assert files(folder) == []
    assert not (folder / "half.face.new").exists()


def test_the_cache_does_not_grow_without_end(folder: Path, clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    cache = open_cache(folder, clocks)
    for number in range(MOST_PEOPLE + 5):
        cache.keep(f"p{number}", FACE, NOW, used=NOW - number)
    assert cache.purge() == MOST_PEOPLE
    assert {entry.login for entry in cache.people()} == {f"p{number}" for number in range(MOST_PEOPLE)}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, clocks: Clocks) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StateError, match="cannot be made"):
        open_cache(tmp_path / "file" / "cache", clocks)
