"""What the enrolment role issues opens on an enrolled host, for that person, and nowhere else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from faced.enrolment.fiscal_year import FiscalYear
from faced.enrolment.issue import TOMBSTONE_DAYS, Standing, issue_template, next_serial, withdraw_template
from faced.enrolment.manifest import last_manifest, next_manifest
from faced.enrolment.person import PersonDetails
from faced.enrolment.station import RoleKey, Station
from faced.errors import TrustError
from faced.recognition.template import FaceTemplate, Sample, Source
from faced.trust.keys import key_id
from faced.trust.realm import Role
from faced.trust.sealed import LONGEST_DAYS, check_template, open_template
from faced.trust.statement import parse
from tests.enrolment.conftest import NOW

PREDICTOR = bytes(range(32))
TANAKA = PersonDetails("tanaka", "0012345", "田中 花子", "", ("default",))

Roles = Callable[[Role], RoleKey]


def face(seed: int = 1) -> FaceTemplate:
    points = np.random.default_rng(seed).normal(size=(68, 2))
    return FaceTemplate((Sample.from_points(points, 0.004, Source.PHOTO, NOW // 86400),))


def test_what_is_issued_opens_with_the_epochs_key_and_is_the_same_face(station: Station, role_key: Roles) -> None:
    verifier = station.verifier(NOW)
    header, sealed = issue_template(
        verifier, role_key(Role.ENROL), TANAKA, face(), predictor=PREDICTOR, standing=Standing()
    )
    checked = check_template(verifier, "tanaka", sealed.template)
    opened = open_template(checked, sealed.template_keys, role_key(Role.OPERATE).epochs, PREDICTOR)
    assert opened.coordinates == face().encode()
    assert opened.header == header
    assert (header.staff_number, header.method, header.not_after) == ("0012345", "photo", None)


def test_a_group_gets_no_key_to_a_colleague_of_another(station: Station, role_key: Roles) -> None:
    verifier = station.verifier(NOW)
    _header, sealed = issue_template(
        verifier, role_key(Role.ENROL), TANAKA, face(), predictor=PREDICTOR, standing=Standing()
    )
    finance = {key: private for key, private in role_key(Role.OPERATE).epochs.items() if key[0] == "finance"}
    with pytest.raises(TrustError) as refusal:
        open_template(check_template(verifier, "tanaka", sealed.template), sealed.template_keys, finance, PREDICTOR)
    assert refusal.value.reason == "wrong_group"


def test_serials_rise_even_within_one_second(station: Station, role_key: Roles) -> None:
    verifier, key = station.verifier(NOW), role_key(Role.ENROL)
    serials, standing = [], Standing()
    for _time in range(3):
        header, sealed = issue_template(verifier, key, TANAKA, face(), predictor=PREDICTOR, standing=standing)
        serials.append(header.serial)
        standing = Standing(sealed.template)
    assert serials == [NOW, NOW + 1, NOW + 2]


def test_a_forged_template_cannot_use_up_the_serials(station: Station, role_key: Roles) -> None:
    verifier = station.verifier(NOW)
    manifest_key = role_key(Role.MANIFEST)
    huge = Standing(
        issue_template(
            station.verifier(NOW), role_key(Role.ENROL), TANAKA, face(), predictor=PREDICTOR, standing=Standing()
        )[1].template
    )
    forged = dataclasses.replace(huge, template=_resigned(huge.template, manifest_key, serial=2**61))
    assert next_serial(verifier, "tanaka", forged) == NOW


def _resigned(template: bytes | None, key: RoleKey, *, serial: int) -> bytes:
    assert template is not None
    statement = parse(template).unverified
    issuer = key_id(bytes(key.sign.verify_key))
    return dataclasses.replace(statement, serial=serial, issuer=issuer).sign(key.sign)


def test_a_withdrawn_template_is_dead_and_a_new_one_lives(station: Station, role_key: Roles) -> None:
    verifier, key = station.verifier(NOW), role_key(Role.ENROL)
    _header, old = issue_template(verifier, key, TANAKA, face(), predictor=PREDICTOR, standing=Standing())
    tombstone = withdraw_template(
        verifier, role_key(Role.REVOKE), "tanaka", Standing(old.template), reason="left the office"
    )
    with pytest.raises(TrustError) as refusal:
        check_template(verifier, "tanaka", old.template, tombstone=tombstone)
    assert refusal.value.reason == "tombstoned"
    _header, new = issue_template(
        verifier, key, TANAKA, face(), predictor=PREDICTOR, standing=Standing(None, tombstone)
    )
    check_template(verifier, "tanaka", new.template, tombstone=tombstone)


def test_a_role_that_may_not_enrol_fails_at_the_station_and_not_at_the_logon(station: Station, role_key: Roles) -> None:
    with pytest.raises(TrustError) as refusal:
        issue_template(
            station.verifier(NOW), role_key(Role.MANIFEST), TANAKA, face(), predictor=PREDICTOR, standing=Standing()
        )
    assert refusal.value.reason == "issuer_lacks_role"


def test_a_revoked_enrolment_key_issues_nothing(station: Station, role_key: Roles) -> None:
    enrol = role_key(Role.ENROL)
    manifest = station.verifier(NOW).manifest
    assert manifest is not None
    revoked = dataclasses.replace(
        next_manifest(manifest, NOW), revoked_keys=frozenset({key_id(bytes(enrol.sign.verify_key))})
    )
    station.keep_manifest(station.realm.issue_manifest(role_key(Role.MANIFEST).sign, revoked))
    with pytest.raises(TrustError) as refusal:
        issue_template(station.verifier(NOW), enrol, TANAKA, face(), predictor=PREDICTOR, standing=Standing())
    assert refusal.value.reason == "issuer_revoked"


@pytest.mark.parametrize(
    ("not_after", "reason"),
    [(NOW, "purpose_over"), (NOW - 1, "purpose_over"), (NOW + LONGEST_DAYS * 86400 + 1, "too_long")],
)
def test_a_period_that_is_over_or_longer_than_a_face_is_kept_is_refused(
    station: Station, role_key: Roles, not_after: int, reason: str
) -> None:
    with pytest.raises(TrustError) as refusal:
        issue_template(
            station.verifier(NOW),
            role_key(Role.ENROL),
            TANAKA,
            face(),
            predictor=PREDICTOR,
            standing=Standing(),
            not_after=not_after,
        )
    assert refusal.value.reason == reason


def test_nobody_is_enrolled_while_no_purpose_is_in_force(station: Station, role_key: Roles) -> None:
    april = FiscalYear(2026).ends
    station.keep_manifest(
        station.realm.issue_manifest(role_key(Role.MANIFEST).sign, next_manifest(last_manifest(station), april))
    )
    with pytest.raises(TrustError) as refusal:
        issue_template(
            *(station.verifier(april), role_key(Role.ENROL), TANAKA, face()),
            predictor=PREDICTOR,
            standing=Standing(),
        )
    assert refusal.value.reason == "purpose_over"


def test_a_tombstone_outlives_whatever_it_kills() -> None:
    assert TOMBSTONE_DAYS > LONGEST_DAYS


def test_a_key_group_that_the_realm_does_not_have_is_refused(station: Station, role_key: Roles) -> None:
    stranger = dataclasses.replace(TANAKA, groups=("default", "waterworks"))
    with pytest.raises(TrustError, match="waterworks"):
        issue_template(
            station.verifier(NOW), role_key(Role.ENROL), stranger, face(), predictor=PREDICTOR, standing=Standing()
        )
