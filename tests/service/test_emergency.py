"""The emergency way in over the real socket: what stands in for a face that nobody saw, once, and what never does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faced.directory.bundle import Bundle
from faced.errors import CameraUnavailable, ProtocolError
from faced.landmarks.quality import Reason
from faced.logon.lockout import Counter
from faced.logon.policy import FACE_CHECK
from faced.service.varlink import Client, VarlinkError
from faced.trust.keys import key_id
from faced.trust.statement import Kind
from tests.logon.faces import template
from tests.service.office import LOGON, NONCE, TANAKA, Office, asked, begun, decided, office

BROKEN = CameraUnavailable("There is no camera.")


@pytest.fixture
def pc(open_folder: Path) -> Iterator[Office]:
    """Nobody can be seen; nothing is granted."""
    with office(open_folder) as opened:
        opened.scene.shows = BROKEN
        yield opened


def grant(pc: Office, login: str = "tanaka", **more: Any) -> None:
    """What the directory holds now."""
    pc.directory.newer[login] = replace(pc.directory.bundles[login], emergency=pc.authority.grant(login, **more))


def cut_off(pc: Office, login: str = "tanaka") -> None:
    """The directory cannot be reached; what is known of the person comes from the cache."""
    known = pc.directory.bundles[login]
    pc.directory.bundles[login] = replace(known, origin="cache")
    pc.directory.papers = replace(known, template=None, template_keys=(), origin="cache")


def code(pc: Office, login: str = "tanaka") -> str:
    return pc.authority.code(login, int(time.time()) + pc.later_s)


def wrong(pc: Office) -> str:
    return f"{(int(code(pc)) + 1) % 10**8:08}"


def coded(client: Client, digits: str, user: str = "tanaka", **more: Any) -> dict[str, Any]:
    return client.call(f"{LOGON}.Code", **asked(user, **more), nonce=NONCE, code=digits)


def typed(pc: Office, digits: str, user: str = "tanaka", **more: Any) -> str:
    """The outcome of a logon in which this code is typed at the prompt."""
    with pc.client() as client:
        assert decided(client, user, **more)["outcome"] == "code_wanted"
        return str(coded(client, digits, user, **more)["outcome"])


def test_a_camera_that_fails_before_nss_has_answered_takes_no_grant_away(pc: Office) -> None:
    """As on a PC that is busy, where both happen within milliseconds."""
    grant(pc)
    pc.nss.clear()
    with pc.client() as client:
        assert begun(client) == {}
        threading.Timer(0.2, pc.nss.set).start()
        assert decided(client)["outcome"] == "emergency"


def test_of_whom_nobody_knows_the_end_is_said_once_that_is_known(pc: Office) -> None:
    pc.nss.clear()
    with pc.client() as client:
        assert begun(client, "nobody") == {}
        threading.Timer(0.2, pc.nss.set).start()
        assert decided(client, "nobody")["outcome"] in ("camera_unavailable", "no_template")
    assert len(pc.records.events) == 1


@pytest.mark.parametrize("seen", [BROKEN, Reason.NO_FACE, Reason.COVERED, Reason.TOO_DARK])
def test_a_grant_lets_in_who_cannot_be_seen_once(pc: Office, seen: Reason | CameraUnavailable) -> None:
    pc.scene.shows = seen
    grant(pc)
    assert pc.decide() == {"outcome": "emergency", "text": "Welcome.", "nonce": NONCE}
    (event,) = pc.records.events
    assert (event.kind.word, event.outcome, event.reason, len(event.subject)) == ("emergency", "emergency", "grant", 32)
    assert pc.decide()["outcome"] not in ("emergency", "match")
    assert pc.memory.count() == 1


def test_another_grant_is_good_for_another_logon_and_the_first_put_back_is_not(pc: Office) -> None:
    grant(pc)
    assert pc.decide()["outcome"] == "emergency"
    grant(pc, serial=8)
    assert pc.decide()["outcome"] == "emergency", "another one is another one"
    grant(pc, serial=7)
    assert pc.decide()["outcome"] == "camera_unavailable", "the first one put back"


def test_a_grant_is_not_spent_on_a_face_that_is_recognised(pc: Office) -> None:
    grant(pc)
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match"
    assert pc.directory.visits == []
    pc.scene.shows = BROKEN
    assert pc.decide()["outcome"] == "emergency"


def test_a_grant_stands_in_for_nobody_who_was_judged(pc: Office) -> None:
    grant(pc)
    pc.scene.shows = 9
    assert [pc.decide()["outcome"] for _ in range(4)] == ["no_match", "no_match", "no_match", "locked_out"]
    pc.scene.shows = BROKEN
    assert pc.decide()["outcome"] in ("locked_out", "camera_unavailable"), (
        "nor does a covered lens help who is locked out"
    )
    pc.clock.pass_s(31)
    assert pc.decide()["outcome"] == "emergency"


@pytest.mark.parametrize(
    "more", [{"host": "pc-2"}, {"withdrawn": True}, {"login": "suzuki"}, {"serial": 0}], ids=lambda more: str(*more)
)
def test_a_grant_that_is_not_for_this_logon_is_none(pc: Office, more: dict[str, Any]) -> None:
    emergency = pc.authority.grant(**{"login": "tanaka", **more})
    pc.directory.newer["tanaka"] = replace(pc.directory.bundles["tanaka"], emergency=emergency)
    assert pc.decide()["outcome"] == "camera_unavailable"
    assert pc.memory.count() == 0


def test_a_grant_for_every_pc_is_one_for_this(pc: Office) -> None:
    grant(pc, host="")
    assert pc.decide()["outcome"] == "emergency"


def test_a_grant_in_the_cache_is_none(pc: Office) -> None:
    pc.directory.bundles["tanaka"] = replace(
        pc.directory.bundles["tanaka"], origin="cache", emergency=pc.authority.grant("tanaka")
    )
    assert pc.decide()["outcome"] == "camera_unavailable"


def test_a_withdrawn_grant_does_not_come_back(pc: Office) -> None:
    grant(pc, serial=8, withdrawn=True)
    assert pc.decide()["outcome"] == "camera_unavailable"
    grant(pc, serial=7)
    assert pc.decide()["outcome"] == "camera_unavailable"


def test_a_grant_is_for_the_logon_and_not_for_what_a_user_starts(pc: Office) -> None:
    grant(pc)
    for service, real_uid in (("sudo", TANAKA), ("sudo", None), (FACE_CHECK, 0)):
        assert pc.decide(service=service, real_uid=real_uid)["outcome"] == "camera_unavailable"
    assert pc.decide()["outcome"] == "emergency"


def test_a_use_that_cannot_be_kept_lets_nobody_in(pc: Office) -> None:
    grant(pc)
    (pc.folder / "emergency.json.new").mkdir()
    assert pc.decide()["outcome"] == "camera_unavailable"
    (pc.folder / "emergency.json.new").rmdir()
    (pc.folder / "emergency.json").write_text("[]")
    assert pc.decide()["outcome"] == "camera_unavailable", "a damaged memory is not an empty one"
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match", "and does not keep out who is recognised"


def test_an_emergency_that_cannot_be_recorded_is_no_answer_and_is_spent(pc: Office) -> None:
    grant(pc)
    pc.records.broken = True
    with pytest.raises(ProtocolError):
        pc.decide()
    pc.records.broken = False
    assert pc.decide()["outcome"] == "camera_unavailable"


def test_a_joiner_without_a_template_gets_in_and_passes_the_account_phase(pc: Office) -> None:
    pc.scene.shows = 1
    joiner = replace(pc.directory.bundles["tanaka"], template=None, template_keys=())
    pc.directory.bundles["tanaka"] = joiner
    assert pc.account()["standing"] == "unavailable"
    assert pc.decide()["outcome"] == "no_template"
    grant(pc)
    assert pc.decide()["outcome"] == "emergency"
    assert pc.account()["standing"] == "clear"
    pc.later_s = 301
    assert pc.account()["standing"] == "unavailable", "it was for that logon"


def test_who_was_removed_or_whose_purpose_is_over_gets_in_by_nothing(pc: Office) -> None:
    for bundle in (
        replace(pc.directory.bundles["tanaka"], tombstone=pc.authority.tombstone("tanaka", 6)),
        pc.authority.bundle("suzuki", template(2), not_after=pc.authority.now - 1),
    ):
        login = "suzuki" if bundle.tombstone is None else "tanaka"
        pc.directory.bundles[login] = bundle
        grant(pc, login)
        assert pc.decide(login)["outcome"] in ("revoked", "purpose_over", "camera_unavailable")
        cut_off(pc, login)
        with pc.client() as client:
            answer = decided(client, login)
            if answer["outcome"] == "code_wanted":
                answer = coded(client, code(pc, login), login)
            assert answer["outcome"] in ("revoked", "purpose_over", "camera_unavailable")
    assert pc.memory.count() == 0


def test_who_is_suspended_gets_in_by_nothing(pc: Office) -> None:
    known = pc.directory.bundles["tanaka"]
    pc.directory.bundles["tanaka"] = replace(known, suspension=pc.authority.suspension("tanaka"))
    grant(pc)
    assert pc.decide()["outcome"] in ("revoked", "camera_unavailable")
    cut_off(pc)
    assert typed_if_asked(pc, "tanaka") in ("revoked", "camera_unavailable")
    assert pc.memory.count() == 0


def test_somebody_who_was_never_here_is_let_in_by_no_code_if_the_manifest_says_that_they_are_suspended(
    pc: Office,
) -> None:
    cut_off(pc)
    papers = pc.directory.papers
    assert isinstance(papers, Bundle)
    pc.directory.bundles.clear()
    named = pc.authority.signed_manifest(serial=11, words_against={Kind.SUSPENSION: {"tanaka": 7}})
    pc.directory.papers = replace(papers, manifest=named)
    # Which is known first, that there is no camera or no entry, is chance.
    assert typed_if_asked(pc, "tanaka") in ("no_template", "camera_unavailable")
    event, _outcome, reason = pc.records.words()[-1]
    assert (event, reason) == ("refused", "suspended")
    assert pc.memory.count() == 0
    # Without that word the same code lets in: nobody knows them here, but the code is for them.
    assert typed_if_asked(pc, "suzuki") == "emergency"


def typed_if_asked(pc: Office, login: str) -> str:
    """The outcome for somebody who types the right code, if a code is asked for."""
    with pc.client() as client:
        answer = decided(client, login)
        if answer["outcome"] == "code_wanted":
            answer = coded(client, code(pc, login), login)
        return str(answer["outcome"])


def test_the_right_code_lets_in_who_is_cut_off_once(pc: Office) -> None:
    cut_off(pc)
    digits = code(pc)
    with pc.client() as client:
        answers = list(client.stream(f"{LOGON}.Decide", **asked("tanaka"), nonce=NONCE))
        assert answers[-2:] == [
            {"text": "Call the IS section for a code.", "reason": "camera_unavailable"},
            {"outcome": "code_wanted", "text": "Emergency code: ", "nonce": NONCE},
        ]
        assert coded(client, digits) == {"outcome": "emergency", "text": "Welcome.", "nonce": NONCE}
        with pytest.raises(VarlinkError, match="NoCodeWanted"):
            coded(client, digits)
    assert pc.records.words() == [
        ("refused", "camera_unavailable", "camera_unavailable"),
        ("emergency", "emergency", "code"),
    ]
    assert typed(pc, digits) == "camera_unavailable"
    assert pc.records.words()[-1] == ("refused", "camera_unavailable", "older_serial")
    assert pc.account()["standing"] == "clear"


def test_somebody_who_was_never_here_gets_in_by_a_code_too(pc: Office) -> None:
    cut_off(pc)
    del pc.directory.bundles["tanaka"]
    assert typed(pc, code(pc)) == "emergency"
    assert pc.account()["standing"] == "clear"


def test_wrong_codes_are_counted_on_the_disk_and_then_nobody_is_asked(pc: Office) -> None:
    cut_off(pc)
    with pc.client() as client:
        assert decided(client)["outcome"] == "code_wanted"
        assert coded(client, wrong(pc)) == {
            "outcome": "camera_unavailable",
            "text": "Code refused: call the IS section.",
            "nonce": NONCE,
        }
    assert pc.records.words()[-1] == ("refused", "camera_unavailable", "wrong_code")
    assert [typed(pc, wrong(pc)) for _ in range(2)] == ["camera_unavailable"] * 2
    assert (pc.folder / f"tries-code-{TANAKA}.json").exists()
    assert pc.decide()["outcome"] == "camera_unavailable", "no prompt"
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match", "faces are counted apart"
    pc.scene.shows = BROKEN
    pc.clock.pass_s(31)
    assert typed(pc, code(pc)) == "emergency"
    assert pc.lockout.remaining_s(TANAKA, Counter.CODE) == 0


def test_two_prompts_at_once_do_not_double_the_tries(pc: Office) -> None:
    cut_off(pc)
    clients = [pc.client() for _ in range(4)]
    assert {decided(client)["outcome"] for client in clients} == {"code_wanted"}
    for client in clients[:3]:
        coded(client, wrong(pc))
    assert coded(clients[3], code(pc))["outcome"] == "camera_unavailable"
    assert pc.records.words()[-1][2] == "too_many_codes"
    for client in clients:
        client.close()


def test_nobody_is_asked_for_a_code_while_the_face_or_the_directory_works(pc: Office) -> None:
    assert pc.decide()["outcome"] == "camera_unavailable", "the directory is there"
    cut_off(pc)
    for service in ("sudo", "sshd", "swaylock", "gdm-password"):
        assert pc.decide(service=service)["outcome"] == "camera_unavailable"
    assert pc.decide(real_uid=TANAKA)["outcome"] == "camera_unavailable", "a user started it"
    pc.scene.shows = 1
    assert pc.decide()["outcome"] == "match", "only the network is lost"
    pc.scene.shows = 9
    assert pc.decide()["outcome"] == "no_match"


def test_a_code_that_nobody_asked_for_is_not_looked_at(pc: Office) -> None:
    cut_off(pc)
    with pc.client() as client, pytest.raises(VarlinkError, match="NoCodeWanted"):
        coded(client, code(pc))
    with pc.client() as client:
        assert decided(client)["outcome"] == "code_wanted"
        with pytest.raises(VarlinkError, match="NoCodeWanted"):
            coded(client, code(pc, "suzuki"), "suzuki")
        with pytest.raises(VarlinkError, match="NoCodeWanted"):
            coded(client, code(pc), service="login")
        assert coded(client, code(pc))["outcome"] == "emergency"


def test_a_code_of_yesterday_or_of_a_revoked_key_is_wrong(pc: Office) -> None:
    cut_off(pc)
    digits = code(pc)
    pc.later_s = 3600
    assert typed(pc, digits) == "camera_unavailable"
    revoked = frozenset({key_id(bytes(pc.authority.approve.verify_key))})
    assert isinstance(pc.directory.papers, Bundle)
    manifest = pc.authority.signed_manifest(serial=11, revoked_keys=revoked)
    pc.directory.papers = replace(pc.directory.papers, manifest=manifest)
    assert typed(pc, code(pc)) == "camera_unavailable"


def test_a_revoked_host_takes_neither(pc: Office) -> None:
    manifest = pc.authority.signed_manifest(serial=11, revoked_hosts=frozenset({"pc-1"}))
    pc.directory.bundles["tanaka"] = replace(pc.directory.bundles["tanaka"], manifest=manifest)
    grant(pc)
    digits = code(pc)
    assert pc.decide()["outcome"] in ("revoked", "camera_unavailable")
    cut_off(pc)
    with pc.client() as client:
        answer = decided(client)
        if answer["outcome"] == "code_wanted":
            answer = coded(client, digits)
    assert answer["outcome"] in ("revoked", "camera_unavailable")
