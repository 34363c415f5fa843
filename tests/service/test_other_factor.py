"""Who shows another factor instead of a face, over the real socket; what the stack makes of it is libpam's own test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from faced.directory.bundle import Bundle
from faced.errors import CameraUnavailable, ProtocolError
from faced.logon.lockout import Counter
from faced.logon.policy import FACE_CHECK
from tests.logon.test_other_factor import STACK
from tests.service.office import CONFIG, NONCE, TANAKA, Office, begun, decided, office
from tests.service.wire import as_uid

REASON = "other_factor:token"


def write_stack(folder: Path, service: str, *lines: str) -> None:
    (folder / "pam.d").mkdir(exist_ok=True)
    (folder / "pam.d" / service).write_text("".join(f"{line}\n" for line in lines))


@pytest.fixture
def pc(open_folder: Path) -> Iterator[Office]:
    """A PC that names "token" and whose logon screen requires it; somebody else is before the camera."""
    write_stack(open_folder, "lightdm", *STACK)
    with office(open_folder, replace(CONFIG, other_factors=("token",))) as opened:
        opened.scene.shows = 9
        yield opened


def bundle(pc: Office, *, serial: int = 7, days: int = 100, enrolled: bool = True, of: str = "tanaka") -> Bundle:
    """What the directory has about tanaka, who shows a token."""
    plain = replace(
        pc.directory.bundles["tanaka"], exemption=pc.authority.exemption(of, serial=serial, days=days, instead="token")
    )
    return plain if enrolled else replace(plain, template=None, template_keys=())


@pytest.mark.parametrize("enrolled", [True, False])
def test_no_face_is_asked_for_and_that_is_on_record(pc: Office, enrolled: bool) -> None:
    pc.directory.bundles["tanaka"] = bundle(pc, enrolled=enrolled)
    assert pc.decide() == {"outcome": "exempt", "text": "No face needed: your other factor counts.", "nonce": NONCE}
    assert pc.account() == {"standing": "exempt", "text": "", "nonce": NONCE}
    assert pc.records.words() == [("exempted", "exempt", REASON)] * 2
    assert {len(event.subject) for event in pc.records.events} == {32}
    pc.until(lambda: pc.directory.used == ["tanaka"])
    pc.camera_is_closed()


def test_a_broken_camera_keeps_nobody_from_showing_the_other_factor(pc: Office) -> None:
    pc.scene.shows = CameraUnavailable("There is no camera.")
    pc.directory.bundles["tanaka"] = bundle(pc)
    pc.nss.clear()
    with pc.client() as client:
        assert begun(client) == {}
        threading.Timer(0.2, pc.nss.set).start()
        assert decided(client)["outcome"] == "exempt"


def test_before_the_password_nothing_tells_that_somebody_is_exempted(pc: Office) -> None:
    pc.directory.bundles["tanaka"] = bundle(pc)
    with pc.client() as client:
        assert begun(client) == {}
        pc.until(lambda: pc.scene.is_open)
        assert pc.records.events == []
        assert decided(client)["outcome"] == "exempt"
    pc.camera_is_closed()


@pytest.mark.parametrize("service", ["login", FACE_CHECK])
def test_where_the_stack_does_not_make_sure_of_it_nothing_changes(pc: Office, service: str) -> None:
    write_stack(pc.folder, "login", STACK[0], "auth optional pam_u2f.so", STACK[2])
    pc.directory.bundles["tanaka"] = bundle(pc)
    assert pc.decide(service=service)["outcome"] == "no_match"
    assert pc.records.events[-1].exemption == "no_such_factor"
    pc.scene.shows = 1
    assert pc.decide(service=service)["outcome"] == "match"


def test_who_has_no_template_is_told_where_the_factor_is_not_asked_for(pc: Office) -> None:
    pc.directory.bundles["tanaka"] = bundle(pc, enrolled=False)
    answer = pc.decide(service="login")
    assert (answer["outcome"], answer["text"]) == ("no_template", "Your other factor is not asked for here.")
    assert pc.records.words() == [("refused", "no_template", "no_such_factor")]


def test_a_pc_that_does_not_name_the_factor_follows_no_such_exemption(open_folder: Path) -> None:
    write_stack(open_folder, "lightdm", *STACK)
    with office(open_folder) as pc:
        pc.scene.shows = 9
        pc.directory.bundles["tanaka"] = bundle(pc)
        assert pc.decide()["outcome"] == "no_match"
        pc.directory.bundles["tanaka"] = bundle(pc, enrolled=False)
        assert pc.decide()["outcome"] == "no_template"
        assert pc.account()["standing"] == "unavailable"
        assert [event.reason for event in pc.records.events] == ["", "no_such_factor", "no_template"]


def test_after_its_end_or_withdrawn_or_put_back_or_another_person_s_the_face_is_asked_for(pc: Office) -> None:
    granted = pc.directory.bundles["tanaka"] = bundle(pc)
    assert pc.decide()["outcome"] == "exempt"
    pc.directory.bundles["tanaka"] = bundle(pc, serial=8, of="suzuki")
    assert pc.decide()["outcome"] == "no_match"
    pc.directory.bundles["tanaka"] = bundle(pc, serial=8, days=1)
    assert pc.decide()["outcome"] == "no_match"
    pc.directory.bundles["tanaka"] = replace(granted, exemption=pc.authority.exemption("tanaka", serial=8))
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match"
    pc.directory.bundles["tanaka"] = granted
    assert pc.decide()["outcome"] == "match"
    assert pc.account()["standing"] == "clear"
    assert [event.exemption for event in pc.records.events[1:]] == ["wrong_person", "expired", "", "older_serial"]


def test_from_the_cache_too_and_one_that_the_cache_does_not_know_is_asked_for(pc: Office) -> None:
    pc.directory.bundles["tanaka"] = replace(bundle(pc, enrolled=False), origin="cache")
    assert pc.decide()["outcome"] == "exempt"
    assert pc.directory.visits == []
    unknown = replace(pc.directory.bundles["suzuki"], template=None, template_keys=(), origin="cache")
    pc.directory.bundles["tanaka"] = unknown
    pc.directory.newer["tanaka"] = bundle(pc, enrolled=False)
    assert pc.decide()["outcome"] == "exempt"
    assert pc.directory.visits == ["tanaka"]


def test_tries_at_the_face_step_that_were_used_up_are_no_matter(pc: Office) -> None:
    """They kept strangers from guessing at a face that is asked for no more."""
    for _try in range(CONFIG.ceiling):
        pc.lockout.charge(TANAKA, Counter.GREETER)
    assert pc.decide()["outcome"] == "locked_out"
    pc.directory.bundles["tanaka"] = bundle(pc)
    assert pc.decide()["outcome"] == "exempt"


def test_a_journal_that_takes_no_record_exempts_nobody(pc: Office) -> None:
    pc.directory.bundles["tanaka"] = bundle(pc)
    pc.records.broken = True
    with pytest.raises(ProtocolError):
        pc.decide()


def test_a_locker_is_judged_by_its_own_stack(pc: Office) -> None:
    pc.directory.bundles["tanaka"] = bundle(pc)
    pc.seat.uid = TANAKA

    def ask() -> str:
        return str(pc.decide(service="swaylock", real_uid=None)["outcome"])

    assert as_uid(TANAKA, ask) == "no_match"
    write_stack(pc.folder, "swaylock", *STACK)
    assert as_uid(TANAKA, ask) == "exempt"
