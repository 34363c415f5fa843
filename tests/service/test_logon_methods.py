"""Logons over the real socket: who may ask, who gets the camera, what it costs and what is recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faced.config import LogonConfig
from faced.errors import CameraUnavailable, ProtocolError
from faced.landmarks.quality import Reason
from faced.logon.lockout import Counter
from faced.service.interface import Interface
from faced.service.varlink import Client, VarlinkError
from faced.trust.report import subject_of
from tests.service.office import CONFIG, LOGON, NONCE, SUZUKI, TANAKA, Office, asked, begun, decided, office
from tests.service.wire import as_uid


@pytest.fixture
def pc(open_folder: Path) -> Iterator[Office]:
    with office(open_folder) as opened:
        yield opened


def test_the_right_face_after_the_password_is_let_in_and_recorded(pc: Office) -> None:
    with pc.client() as client:
        assert begun(client) == {}
        assert decided(client) == {"outcome": "match", "text": "Welcome.", "nonce": NONCE}
    (event,) = pc.records.events
    assert (event.kind.word, event.outcome, event.score_band, event.service) == (
        "admitted",
        "match",
        "above",
        "lightdm",
    )
    assert len(event.subject) == 32
    pc.until(lambda: pc.directory.used == ["tanaka"])


def test_somebody_elses_face_is_not(pc: Office) -> None:
    pc.scene.shows = 2
    assert pc.decide()["outcome"] == "no_match"
    assert pc.records.events[0].kind.word == "refused"


def test_guidance_comes_only_after_the_password(pc: Office) -> None:
    pc.scene.shows = Reason.TOO_DARK
    with pc.client() as client:
        assert begun(client) == {}
        pc.until(lambda: pc.scene.is_open)
        answers = list(client.stream(f"{LOGON}.Decide", **asked("tanaka"), nonce=NONCE))
    assert answers[0] == {"text": "Please look at the camera.", "reason": None}
    assert answers[-1]["outcome"] == "too_dark"


def test_every_answer_fits_the_interface_file(pc: Office) -> None:
    reply = Interface.shipped(LOGON).methods["Decide"].reply
    with pc.client() as client:
        answers = list(client.stream(f"{LOGON}.Decide", **asked("tanaka"), nonce=NONCE))
    for answer in answers:
        assert reply.checked(answer)
        assert set(answer) <= set(reply.fields)


@pytest.mark.parametrize(("user", "outcome"), [("nobody-here", "no_template"), ("suzuki", "no_match")])
def test_begin_is_the_same_whatever_is_wrong(pc: Office, user: str, outcome: str) -> None:
    with pc.client() as client:
        assert begun(client, user) == {}
        pc.until(lambda: pc.scene.is_open)
        assert pc.records.events == []
        assert decided(client, user)["outcome"] == outcome


def test_a_name_that_nss_does_not_know_is_in_no_record(pc: Office) -> None:
    pc.decide("hunter2")
    assert "hunter2" not in repr(pc.records.events)
    assert pc.records.events[0].subject == ""


def test_all_spellings_of_a_name_share_one_counter(pc: Office) -> None:
    pc.scene.shows = 2
    assert [pc.decide(user)["outcome"] for user in ("tanaka", "TANAKA", "tanaka", "TANAKA")] == [
        "no_match",
        "no_match",
        "no_match",
        "locked_out",
    ]


def test_the_lock_is_for_one_person_and_says_how_long(pc: Office) -> None:
    pc.scene.shows = 9
    for _ in range(3):
        pc.decide()
    locked = pc.decide()
    assert (locked["outcome"], locked["text"]) == ("locked_out", "Too many tries. Wait 30 s.")
    assert pc.records.events[-1].kind.word == "locked_out"
    pc.scene.shows = 2
    assert pc.decide("suzuki")["outcome"] == "match"


def watch(pc: Office, login: str = "tanaka") -> None:
    """The manifest asks more of this person from now on."""
    until = pc.authority.now + 3600
    manifest = pc.authority.signed_manifest(serial=11, stricter={subject_of(pc.authority.realm, login): until})
    for known in pc.directory.bundles:
        pc.directory.bundles[known] = replace(pc.directory.bundles[known], manifest=manifest)


def test_who_is_watched_waits_after_the_first_failure_and_nobody_else_does(pc: Office) -> None:
    watch(pc)
    pc.scene.shows = 9
    assert pc.decide()["outcome"] == "no_match"
    assert pc.decide("suzuki")["outcome"] == "no_match"
    pc.scene.shows = 1
    refused = pc.decide()
    assert (refused["outcome"], refused["text"]) == ("locked_out", "Too many tries. Wait 30 s.")
    pc.scene.shows = 2
    assert pc.decide("suzuki")["outcome"] == "match"
    pc.clock.pass_s(30)
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match"
    assert pc.decide()["outcome"] == "match", "a match takes the failures back"


def test_who_is_watched_and_waits_is_asked_about_in_the_directory_before_the_refusal(pc: Office) -> None:
    watch(pc)
    pc.scene.shows = 9
    assert pc.decide()["outcome"] == "no_match"
    pc.directory.bundles["tanaka"] = replace(pc.directory.bundles["tanaka"], origin="cache")
    publish(pc)
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match"
    assert pc.directory.visits == ["tanaka"]


def locked(pc: Office, user: str = "tanaka", counter: Counter = Counter.GREETER) -> None:
    """As after the last try of the last hour."""
    uid = {"tanaka": TANAKA, "suzuki": SUZUKI}[user]
    for _ in range(CONFIG.ceiling):
        pc.lockout.charge(uid, counter)


def publish(pc: Office, **unlock: Any) -> None:
    """The authority signs an unlock; the cache does not know it yet."""
    pc.directory.newer["tanaka"] = replace(
        pc.directory.bundles["tanaka"], unlock=pc.authority.unlock("tanaka", **unlock)
    )


def test_at_the_ceiling_the_face_step_is_locked_for_that_person_and_says_so_once(pc: Office) -> None:
    pc.scene.shows = 9
    for _ in range(CONFIG.ceiling - 1):
        pc.lockout.charge(TANAKA, Counter.GREETER)
    pc.clock.pass_s(3600)
    assert pc.decide()["outcome"] == "no_match"
    assert pc.records.words()[-2:] == [("refused", "no_match", ""), ("locked", "", "ceiling")]
    pc.clock.pass_s(1e7)
    pc.scene.shows = 1
    answer = pc.decide()
    assert (answer["outcome"], answer["text"]) == ("locked_out", "Locked: call the IS section.")
    assert pc.records.words()[-1] == ("locked_out", "locked_out", "ceiling")
    pc.scene.shows = 2
    assert pc.decide("suzuki")["outcome"] == "match"


def test_who_is_locked_is_asked_about_in_the_directory_and_an_unlock_admits_nobody_else(pc: Office) -> None:
    locked(pc)
    publish(pc)
    pc.scene.shows = 9
    assert pc.decide()["outcome"] == "no_match"
    assert pc.directory.visits == ["tanaka"]
    assert pc.records.words()[0] == ("unlocked", "", "")
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match"


def test_an_unlock_gives_its_tries_once(pc: Office) -> None:
    locked(pc)
    publish(pc)
    assert pc.decide()["outcome"] == "match"
    locked(pc)
    assert pc.decide()["outcome"] == "locked_out"
    publish(pc, serial=pc.authority.now)
    assert pc.decide()["outcome"] == "match"
    locked(pc)
    publish(pc)
    assert pc.decide()["outcome"] == "locked_out", "the first one was put back"


def test_an_unlock_holds_for_both_counters(pc: Office) -> None:
    locked(pc)
    locked(pc, counter=Counter.LOCKER)
    publish(pc, host="pc-1")
    assert pc.decide()["outcome"] == "match"
    assert pc.decide(service="swaylock", real_uid=TANAKA)["outcome"] == "match"


@pytest.mark.parametrize(
    "unlock",
    [
        {"host": "pc-2"},
        {"issued": 1_600_000_000},
        {"hours": 100},
        {"by": "enrol"},
        {"by": "operate"},
        {"by": "revoke"},
        {"by": "manifest_key"},
    ],
)
def test_an_unlock_that_does_not_hold_here_gives_no_tries(pc: Office, unlock: dict[str, Any]) -> None:
    locked(pc)
    if "by" in unlock:
        unlock = {"by": getattr(pc.authority, unlock["by"])}
    publish(pc, **unlock)
    assert pc.decide()["outcome"] == "locked_out"
    assert "unlocked" not in str(pc.records.words())


def test_a_colleagues_unlock_gives_no_tries(pc: Office) -> None:
    locked(pc)
    pc.directory.newer["tanaka"] = replace(pc.directory.bundles["tanaka"], unlock=pc.authority.unlock("suzuki"))
    assert pc.decide()["outcome"] == "locked_out"


def test_without_a_directory_the_lock_holds(pc: Office) -> None:
    locked(pc)
    pc.directory.silent = True
    answer = pc.decide()
    assert (answer["outcome"], answer["text"]) == ("locked_out", "Locked: call the IS section.")


def test_an_unlock_that_cannot_be_recorded_or_remembered_gives_no_tries(pc: Office) -> None:
    locked(pc)
    publish(pc)
    pc.records.broken = True
    with pytest.raises(ProtocolError):
        pc.decide()
    pc.records.broken = False
    # Another try reads what the first one left behind; nothing was taken back.
    assert pc.lockout.locked(TANAKA, Counter.GREETER)
    (pc.folder / "serials.json.new").mkdir()
    assert pc.decide()["outcome"] == "locked_out"
    assert pc.lockout.locked(TANAKA, Counter.GREETER)


def test_a_delay_too_is_ended_by_an_unlock(pc: Office) -> None:
    pc.scene.shows = 9
    for _ in range(3):
        pc.decide()
    publish(pc)
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match"


def test_lockers_burn_no_tries_of_the_greeter(pc: Office) -> None:
    pc.scene.shows = 9
    for _ in range(4):
        locker = pc.decide(service="swaylock", real_uid=TANAKA)
    assert locker["outcome"] == "locked_out"
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match"


def test_nobody_in_view_costs_no_try(pc: Office) -> None:
    pc.scene.shows = Reason.NO_FACE
    for _ in range(4):
        assert pc.decide()["outcome"] == "no_face"
    assert not list(pc.folder.glob("tries-*"))


def test_hanging_up_while_being_judged_costs_a_try(pc: Office) -> None:
    pc.scene.shows = 9
    client = pc.client()
    for answer in client.stream(f"{LOGON}.Decide", **asked("tanaka"), nonce=NONCE):
        assert answer["text"]
        pc.until(lambda: bool(list(pc.folder.glob("tries-greeter-2001.json"))))
        client.close()
        break
    pc.until(lambda: bool(pc.records.events))
    assert pc.records.events[0].outcome in ("cancelled", "no_match")
    pc.camera_is_closed()


def test_a_counter_that_cannot_be_written_admits_nobody(pc: Office) -> None:
    (pc.folder / "tries-greeter-2001.json.new").mkdir()
    assert pc.decide()["outcome"] == "locked_out"
    assert ("state", "", "state") in pc.records.words()


def test_a_match_that_cannot_be_recorded_is_no_answer(pc: Office) -> None:
    pc.records.broken = True
    with pytest.raises(ProtocolError):
        pc.decide()
    assert pc.directory.used == []
    pc.records.broken = False
    assert pc.decide()["outcome"] == "match"


@pytest.mark.parametrize("more", [{"service": "su"}, {"rhost": "192.0.2.1"}])
def test_an_exemption_or_refusal_that_cannot_be_recorded_is_no_answer(pc: Office, more: dict[str, Any]) -> None:
    pc.records.broken = True
    for ask in (pc.decide, pc.account):
        with pytest.raises(ProtocolError):
            ask(**more)


def test_hanging_up_before_the_password_closes_the_camera_and_leaves_no_record(open_folder: Path) -> None:
    # With the real deadlines: it is the hang-up that closes the camera.
    with office(open_folder, LogonConfig()) as pc:
        with pc.client() as client:
            begun(client)
            pc.until(lambda: pc.scene.is_open)
        pc.camera_is_closed()
        assert pc.records.events == []


def test_hanging_up_after_the_password_closes_the_camera_and_is_recorded(open_folder: Path) -> None:
    with office(open_folder, LogonConfig()) as pc:
        pc.scene.shows = Reason.NO_FACE
        with pc.client() as client:
            next(client.stream(f"{LOGON}.Decide", **asked("tanaka"), nonce=NONCE))
            pc.until(lambda: pc.scene.is_open)
        pc.camera_is_closed()
        pc.until(lambda: pc.records.words() == [("refused", "cancelled", "hung_up")])


def test_nobody_joins_and_the_camera_closes(pc: Office) -> None:
    with pc.client() as client:
        begun(client)
        pc.until(lambda: pc.scene.is_open)
        pc.camera_is_closed()
        assert decided(client)["outcome"] == "match"


def test_joining_as_another_user_starts_from_nothing(pc: Office) -> None:
    with pc.client() as client:
        begun(client, "tanaka")
        assert decided(client, "suzuki")["outcome"] == "no_match"


def test_the_newer_greeter_has_the_camera_and_the_older_comes_back_for_it(pc: Office) -> None:
    with pc.client() as older, pc.client() as newer:
        begun(older)
        begun(newer)
        newer.close()
        assert decided(older)["outcome"] == "match"


def test_who_joined_keeps_the_camera_and_others_are_told_busy(pc: Office) -> None:
    pc.scene.shows = Reason.NO_FACE
    first: list[dict[str, Any]] = []
    with pc.client() as client:
        stream = client.stream(f"{LOGON}.Decide", **asked("tanaka"), nonce=NONCE)
        first.append(next(stream))
        assert pc.decide("suzuki")["outcome"] == "busy"
        first.extend(stream)
    assert first[-1]["outcome"] == "no_face"


def test_the_greeter_takes_the_camera_from_what_a_user_started(pc: Office) -> None:
    pc.scene.shows = Reason.NO_FACE
    with pc.client() as sudo:
        stream = sudo.stream(f"{LOGON}.Decide", **asked("tanaka", "sudo", TANAKA), nonce=NONCE)
        next(stream)
        pc.until(lambda: pc.scene.is_open)
        pc.scene.shows = 2
        assert pc.decide("suzuki")["outcome"] == "match"
        assert list(stream)[-1]["outcome"] == "busy"


def test_a_camera_that_fails_is_said_with_its_reason_in_the_record(pc: Office) -> None:
    pc.scene.shows = CameraUnavailable("gone", reason="camera_gone")
    assert pc.decide()["outcome"] == "camera_unavailable"
    assert pc.records.words() == [("refused", "camera_unavailable", "camera_gone")]


def test_a_camera_that_hangs_is_unavailable_by_the_deadline_and_others_are_answered(pc: Office) -> None:
    pc.scene.hangs.clear()
    outcome: list[str] = []
    waiting = threading.Thread(target=lambda: outcome.append(pc.decide()["outcome"]))
    waiting.start()
    pc.until(lambda: pc.scene.is_open)
    assert pc.account()["standing"] == "clear"
    waiting.join(5)
    assert outcome == ["camera_unavailable"]
    pc.scene.hangs.set()


def test_a_directory_that_does_not_answer_is_no_template(pc: Office) -> None:
    pc.directory.silent = True
    answer = pc.decide()
    assert (answer["outcome"], answer["text"]) == ("no_template", "The directory cannot be reached.")
    assert pc.records.events[0].reason == "directory_deadline"
    assert pc.account()["standing"] == "unavailable"


def test_somebody_not_in_the_directory_has_no_template(pc: Office) -> None:
    del pc.directory.bundles["tanaka"]
    answer = pc.decide()
    assert (answer["outcome"], answer["text"]) == ("no_template", "Not registered: call the IS section.")
    assert pc.records.events[0].reason == "not_in_directory"


def test_a_bundle_moved_from_another_entry_lets_nobody_in(pc: Office) -> None:
    pc.directory.bundles["suzuki"] = pc.directory.bundles["tanaka"]
    assert pc.decide("suzuki")["outcome"] == "no_template"
    assert pc.records.events[0].reason == "wrong_person"


def test_who_was_enrolled_again_need_not_wait_for_the_cache(pc: Office) -> None:
    good, wrong = pc.directory.bundles["tanaka"], pc.directory.bundles["suzuki"]
    pc.directory.bundles["tanaka"] = replace(wrong, origin="cache")
    pc.directory.newer["tanaka"] = good
    assert pc.decide()["outcome"] == "match"
    assert pc.directory.visits == ["tanaka"]


def test_a_cached_entry_is_asked_for_anew_once(pc: Office) -> None:
    pc.directory.bundles["tanaka"] = replace(pc.directory.bundles["suzuki"], origin="cache")
    # At a greeter the directory would be asked for an emergency grant besides.
    assert pc.decide(service="swaylock", real_uid=TANAKA)["outcome"] == "no_template"
    assert pc.records.events[0].reason == "wrong_person"
    assert pc.directory.visits == ["tanaka"]


def test_an_exemption_that_was_used_is_on_record_and_which_action_is_not(pc: Office) -> None:
    plain = pc.directory.bundles["tanaka"]
    pc.directory.bundles["tanaka"] = replace(plain, exemption=pc.authority.exemption("tanaka", "look_up"))
    assert pc.decide()["outcome"] == "match"
    pc.scene.shows = 2
    assert pc.decide()["outcome"] == "no_match"
    pc.scene.shows = 1
    pc.directory.bundles["tanaka"] = replace(plain, exemption=pc.authority.exemption("suzuki", "look_up"))
    assert pc.decide()["outcome"] == "match"
    assert pc.decide("suzuki")["outcome"] == "no_match"
    assert [event.exemption for event in pc.records.events] == ["left_out", "left_out", "wrong_person", ""]
    assert not any("look" in text for event in pc.records.events for text in event.fields().values())


def test_roots_own_su_is_exempt_and_recorded(pc: Office) -> None:
    assert pc.decide(service="su")["outcome"] == "exempt"
    assert pc.account(service="su")["standing"] == "exempt"
    assert pc.decide(service="su", real_uid=TANAKA)["outcome"] == "match"
    assert [event.kind.word for event in pc.records.events] == ["exempted", "exempted", "admitted"]


def test_from_afar_nobody_is_judged(pc: Office) -> None:
    with pc.client() as client:
        assert begun(client, rhost="192.0.2.1") == {}
        refused = decided(client, rhost="192.0.2.1")
    assert (refused["outcome"], refused["text"]) == ("camera_unavailable", "Not from another computer.")
    assert pc.account(rhost="192.0.2.1")["standing"] == "remote"
    assert pc.scene.opened == 0


@pytest.mark.parametrize("nonce", ["", "0" * 31, "0" * 33, "0" * 31 + "G", "0" * 32 + "\n"])
def test_a_nonce_is_32_hexadecimal_digits(pc: Office, nonce: str) -> None:
    with pc.client() as client, pytest.raises(VarlinkError) as refused:
        client.call(f"{LOGON}.Decide", **asked("tanaka"), nonce=nonce)
    assert refused.value.parameters == {"parameter": "nonce"}


def test_a_pc_that_the_directory_shuts_out_refuses_in_both_phases(pc: Office) -> None:
    pc.directory.shut_out = True
    assert pc.decide()["outcome"] == "revoked"
    assert pc.account() == {"standing": "revoked", "text": "Not permitted: call the IS section.", "nonce": NONCE}
    assert pc.records.words()[-2:] == [
        ("refused", "revoked", "account_refused"),
        ("account", "revoked", "account_refused"),
    ]


def test_the_account_phase_knows_the_revoked(pc: Office) -> None:
    bundle = pc.directory.bundles["tanaka"]
    pc.directory.bundles["tanaka"] = replace(bundle, tombstone=pc.authority.tombstone("tanaka", 99))
    assert pc.account() == {"standing": "revoked", "text": "Not permitted: call the IS section.", "nonce": NONCE}
    assert pc.account("suzuki")["standing"] == "clear"
    assert pc.account("nobody-here")["standing"] == "unavailable"
    assert pc.scene.opened == 0


def ask_as(pc: Office, uid: int, method: str, user: str, **more: Any) -> str:
    """What a user's own program is told."""

    def ask() -> str:
        nonce = {} if method == "Begin" else {"nonce": NONCE}
        with Client(pc.socket, 10) as client:
            try:
                answers = list(client.stream(f"{LOGON}.{method}", **asked(user, **more), **nonce))
            except VarlinkError as error:
                return error.name
        return str(answers[-1].get("outcome") or answers[-1].get("standing") or "begun")

    return as_uid(uid, ask)


def test_a_locker_of_the_active_session_asks_about_its_own_user(pc: Office) -> None:
    pc.seat.uid = TANAKA
    assert ask_as(pc, TANAKA, "Decide", "tanaka", service="swaylock") == "match"
    assert ask_as(pc, TANAKA, "Account", "tanaka", service="swaylock") == "clear"


@pytest.mark.parametrize("method", ["Decide", "Account"])
@pytest.mark.parametrize("user", ["suzuki", "root", "nobody-here"])
def test_a_user_may_not_ask_about_anybody_else(pc: Office, method: str, user: str) -> None:
    pc.seat.uid = TANAKA
    assert ask_as(pc, TANAKA, method, user) == "io.faced.Logon.NotAllowed"
    assert pc.records.words() == [("not_allowed", "", "other_user")]
    assert pc.scene.opened == 0


@pytest.mark.parametrize("active", [None, SUZUKI])
@pytest.mark.parametrize("method", ["Begin", "Decide", "Account"])
def test_a_user_who_is_not_at_the_seat_may_not_ask(pc: Office, active: int | None, method: str) -> None:
    pc.seat.uid = active
    assert ask_as(pc, TANAKA, method, "tanaka") == "io.faced.Logon.NotAllowed"
    assert pc.records.words() == [("not_allowed", "", "not_at_seat")]
    assert pc.scene.opened == 0


def test_a_user_cannot_pose_as_root_by_saying_so(pc: Office) -> None:
    pc.seat.uid = TANAKA
    pc.scene.shows = 9
    assert ask_as(pc, TANAKA, "Decide", "tanaka", service="su", real_uid=0) == "no_match"


def test_a_user_who_asks_too_often_is_told_so_and_root_is_not(pc: Office) -> None:
    pc.seat.uid = TANAKA

    def hammer() -> str:
        told = ""
        for _ in range(30):
            with Client(pc.socket, 10) as client:
                try:
                    client.call(f"{LOGON}.Account", **asked("tanaka"), nonce=NONCE)
                except VarlinkError as error:
                    told = error.name
        return told

    assert as_uid(TANAKA, hammer) == "io.faced.Logon.TooManyRequests"
    for _ in range(30):
        assert pc.account()["standing"] == "clear"


def test_once_the_purpose_is_over_nobody_is_judged_in_either_phase_and_the_journal_says_so_once(pc: Office) -> None:
    over = pc.authority.signed_manifest(purposes=())
    for login, bundle in pc.directory.bundles.items():
        pc.directory.bundles[login] = replace(bundle, manifest=over)
    assert pc.decide()["outcome"] == "purpose_over"
    assert pc.decide("suzuki")["outcome"] == "purpose_over"
    assert pc.account()["standing"] == "purpose_over"
    pc.camera_is_closed()
    refused = ("refused", "purpose_over", "purpose_over")
    assert sorted(pc.records.words()) == sorted(
        [("purpose", "over", ""), refused, refused, ("account", "purpose_over", "purpose_over")]
    )


def test_papers_of_before_the_renewal_are_asked_for_anew(pc: Office) -> None:
    """On 1 April a cached manifest may lack the purpose that was renewed in March."""
    renewed = pc.directory.bundles["tanaka"]
    pc.directory.bundles["tanaka"] = replace(
        renewed, manifest=pc.authority.signed_manifest(purposes=()), origin="cache"
    )
    pc.directory.newer["tanaka"] = replace(renewed, manifest=pc.authority.signed_manifest(serial=11))
    assert pc.decide()["outcome"] == "match"
    assert [word for word, _outcome, _reason in pc.records.words()] == ["admitted"], "and nobody is warned"
