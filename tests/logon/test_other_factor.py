"""Another factor in place of the face: whose word counts for how long, and at which services."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from faced.config import FactorModule, LogonConfig
from faced.directory.bundle import Bundle
from faced.logon.other_factor import OtherFactors
from faced.logon.policy import FACE_CHECK
from tests.logon.realm import DAY
from tests.logon.test_judge import Host, bundle, host

__all__ = ["bundle", "host"]

STACK = ("auth requisite pam_unix.so", "auth [success=ok default=die] pam_u2f.so", "auth required pam_faced.so")
NAMED = LogonConfig(other_factors=("token",))


def factor(host: Host, bundle: Bundle, exemption: bytes | None, *, now: int | None = None) -> str:
    return host.bench.other_factor("tanaka", replace(bundle, exemption=exemption), now or host.authority.now)


def test_it_is_what_was_approved_for_the_person_with_a_template_or_without(host: Host, bundle: Bundle) -> None:
    granted = host.authority.exemption("tanaka", instead="token")
    assert factor(host, bundle, granted) == "token"
    assert factor(host, replace(bundle, template=None, template_keys=()), granted) == "token"
    assert factor(host, bundle, None) == ""
    assert factor(host, bundle, host.authority.exemption("tanaka", "look_up", serial=8)) == ""


def test_it_ends_and_is_withdrawn_and_nobody_elses(host: Host, bundle: Bundle) -> None:
    authority, now = host.authority, host.authority.now
    granted = authority.exemption("tanaka", instead="token")
    for other in (
        authority.exemption("sato", instead="token"),
        authority.exemption("tanaka", instead="token", by=authority.enrol),
        authority.exemption("tanaka", instead="token", by=authority.revoke),
        authority.exemption("tanaka", instead="token", issued=now - 2 * DAY, days=2),
        authority.exemption("tanaka", instead="token", days=5000),
        b"rubbish",
    ):
        assert factor(host, bundle, other) == ""
    assert factor(host, bundle, granted) == "token", "what does not hold uses up no serial"
    assert factor(host, bundle, authority.exemption("tanaka", serial=8)) == ""
    assert factor(host, bundle, granted) == "", "put back"


def test_a_pc_that_was_revoked_or_has_no_manifest_in_force_follows_none(host: Host, bundle: Bundle) -> None:
    granted = host.authority.exemption("tanaka", instead="token")
    assert factor(host, replace(bundle, manifest=None), granted) == ""
    revoked = host.authority.signed_manifest(revoked_hosts=frozenset({"pc-1"}))
    assert factor(host, replace(bundle, manifest=revoked), granted) == ""


def test_it_dies_with_the_person_s_removal_and_a_later_one_does_not(host: Host, bundle: Bundle) -> None:
    removed = replace(bundle, template=None, tombstone=host.authority.tombstone("tanaka", 20))
    assert factor(host, removed, host.authority.exemption("tanaka", instead="token", serial=20)) == ""
    without = replace(removed, tombstone=None)
    assert factor(host, without, host.authority.exemption("tanaka", instead="token", serial=20)) == ""
    assert factor(host, removed, host.authority.exemption("tanaka", instead="token", serial=21)) == "token"


def test_it_does_not_let_in_who_is_suspended_nor_whose_approval_was_withdrawn_after_it(
    host: Host, bundle: Bundle
) -> None:
    authority = host.authority
    granted = authority.exemption("tanaka", instead="token", serial=7)
    suspended = replace(bundle, suspension=authority.suspension("tanaka", serial=3))
    assert factor(host, suspended, granted) == ""
    assert factor(host, bundle, granted) == "", "taken out of the directory, it is remembered"
    lifted = replace(bundle, suspension=authority.suspension("tanaka", serial=4, suspended=False))
    assert factor(host, lifted, granted) == "token"
    withdrawn = replace(lifted, consent=authority.consent("tanaka", serial=9, withdrawn=True))
    assert factor(host, withdrawn, granted) == "token", "no face is used"
    withdrawn = replace(lifted, approval=authority.approval("tanaka", serial=7, withdrawn=True))
    assert factor(host, withdrawn, granted) == ""
    assert factor(host, withdrawn, authority.exemption("tanaka", instead="token", serial=8)) == "token"


def test_it_is_refused_below_the_serial_that_the_manifest_asks_for(host: Host, bundle: Bundle) -> None:
    strict = replace(bundle, manifest=host.authority.signed_manifest(minimum_serials={"tanaka": 9}))
    assert factor(host, strict, host.authority.exemption("tanaka", instead="token", serial=8)) == ""
    assert factor(host, strict, host.authority.exemption("tanaka", instead="token", serial=9)) == "token"


def write(folder: Path, service: str, *lines: str) -> None:
    (folder / service).write_text("".join(f"{line}\n" for line in lines))


def test_it_counts_where_root_named_it_and_the_stack_requires_it_with_the_password(tmp_path: Path) -> None:
    write(tmp_path, "lightdm", *STACK)
    assert OtherFactors(NAMED, tmp_path).stands_in("lightdm", "token")
    assert not OtherFactors(LogonConfig(), tmp_path).stands_in("lightdm", "token")
    assert not OtherFactors(NAMED, tmp_path).stands_in("lightdm", "smartcard")
    assert not OtherFactors(NAMED, tmp_path).stands_in("login", "token"), "no such file"
    write(tmp_path, "login", "auth [success=ok default=die] pam_u2f.so", "auth required pam_faced.so")
    assert not OtherFactors(NAMED, tmp_path).stands_in("login", "token"), "no password: one factor"
    write(tmp_path, "login", "auth required pam_unix.so", *STACK[1:])
    assert not OtherFactors(NAMED, tmp_path).stands_in("login", "token"), "a wrong password goes on"


def test_the_files_are_read_as_they_are_at_the_logon(tmp_path: Path) -> None:
    factors = OtherFactors(NAMED, tmp_path)
    write(tmp_path, "lightdm", *STACK)
    assert factors.stands_in("lightdm", "token")
    write(tmp_path, "lightdm", STACK[0], STACK[2])
    assert not factors.stands_in("lightdm", "token")


@pytest.mark.parametrize(
    "service", ["../lightdm", "pam.d/../lightdm", "/etc/passwd", "", ".", "..", "x" * 65, FACE_CHECK]
)
def test_a_service_is_a_name_and_never_a_path_nor_a_check_of_the_face(tmp_path: Path, service: str) -> None:
    folder = tmp_path / "pam.d"
    folder.mkdir()
    write(tmp_path, "lightdm", *STACK)
    write(folder, FACE_CHECK, *STACK)
    assert not OtherFactors(NAMED, folder).stands_in(service, "token")


def test_root_adds_a_module_that_is_not_known_but_no_second_password(tmp_path: Path) -> None:
    own = (STACK[0], STACK[1].replace("u2f", "radius_auth"), STACK[2])
    write(tmp_path, "lightdm", *own)
    assert not OtherFactors(NAMED, tmp_path).stands_in("lightdm", "token")
    added = replace(NAMED, factor_modules=(FactorModule("token", "pam_radius_auth"),))
    assert OtherFactors(added, tmp_path).stands_in("lightdm", "token")
    write(tmp_path, "lightdm", STACK[0], STACK[1].replace("u2f", "sss"), STACK[2])
    twice = replace(NAMED, factor_modules=(FactorModule("token", "pam_sss"), FactorModule("token", "pam_permit")))
    assert not OtherFactors(twice, tmp_path).stands_in("lightdm", "token")
