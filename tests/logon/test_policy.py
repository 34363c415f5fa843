"""Who must show a face: every service that is not exempt, and nobody from afar."""

from __future__ import annotations

import pytest

from faced.config import ExemptService, LivenessConfig, LogonConfig
from faced.logon.policy import Demand, Request, demand, liveness_policy

SHIPPED = LogonConfig()


def asked(service: str, peer_uid: int, real_uid: int | None = None, rhost: str | None = None) -> Demand:
    return demand(Request("tanaka", service, peer_uid, rhost, real_uid), SHIPPED)


@pytest.mark.parametrize("service", ["lightdm", "login", "gdm-password", "sudo", "swaylock", "sshd", "", "SU", "su-l"])
def test_a_face_is_asked_of_every_service_that_is_not_exempt(service: str) -> None:
    assert asked(service, 0, 0) is Demand.FACE


def test_only_roots_own_su_and_cron_are_exempt_as_shipped() -> None:
    assert asked("su", 0, 0) is Demand.EXEMPT
    assert asked("cron", 0, 0) is Demand.EXEMPT


@pytest.mark.parametrize("real_uid", [2001, 65534, -1, None])
def test_su_started_by_a_user_asks_for_a_face(real_uid: int | None) -> None:
    assert asked("su", 0, real_uid) is Demand.FACE


def test_a_real_uid_is_not_believed_from_a_user() -> None:
    assert asked("su", 2001, 0) is Demand.FACE


@pytest.mark.parametrize("rhost", ["192.0.2.1", "localhost", ":0"])
def test_who_comes_from_afar_is_refused_even_where_a_service_is_exempt(rhost: str) -> None:
    assert asked("su", 0, 0, rhost) is Demand.REMOTE
    assert asked("login", 0, 0, rhost) is Demand.REMOTE


def test_an_empty_rhost_is_not_set() -> None:
    assert asked("login", 0, 0, "") is Demand.FACE


def test_an_exemption_for_anybody_is_for_anybody() -> None:
    config = LogonConfig(exempt=(ExemptService("kiosk", None),))
    for peer_uid, real_uid in [(0, 0), (0, 2001), (2001, None)]:
        assert demand(Request("tanaka", "kiosk", peer_uid, None, real_uid), config) is Demand.EXEMPT
    assert demand(Request("tanaka", "su", 0, None, 0), config) is Demand.FACE


def test_only_what_the_system_itself_starts_is_the_systems() -> None:
    assert Request("tanaka", "lightdm", 0, None, 0).by_system
    assert not Request("tanaka", "sudo", 0, None, 2001).by_system
    assert not Request("tanaka", "lightdm", 0, None, None).by_system
    assert not Request("tanaka", "swaylock", 2001, None, 0).by_system


def test_a_service_without_text_is_watched_or_refused_as_the_site_wants() -> None:
    locker = Request("tanaka", "i3lock", 2001, None, None)
    assert demand(locker, LogonConfig()) is Demand.FACE
    assert not liveness_policy(locker, LivenessConfig()).directed
    assert demand(locker, LogonConfig(), LivenessConfig(refuse_silent=True)) is Demand.SILENT
    greeter = Request("tanaka", "lightdm", 0, None, 0)
    assert demand(greeter, LogonConfig(), LivenessConfig(refuse_silent=True)) is Demand.FACE
    assert liveness_policy(greeter, LivenessConfig(challenges=2)).challenges == 2
    assert liveness_policy(greeter, LivenessConfig()).directed
