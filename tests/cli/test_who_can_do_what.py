"""What the table in docs/security.md says that somebody cannot do, tried with their own credentials: a real directory,
its access rules, and the judge of a PC that joined."""

from __future__ import annotations

import contextlib
import dataclasses

import numpy as np
import pytest
from nacl.signing import SigningKey

from faced.directory.bundle import Bundle
from faced.directory.people import People
from faced.directory.realm import RealmDocuments
from faced.directory.tree import RoleAccount
from faced.enrolment.calibrating import sign_calibration
from faced.enrolment.person import PersonDetails
from faced.enrolment.register import Register
from faced.errors import DirectoryError, NotAllowed, NotInDirectory, TrustError
from faced.liveness.challenge import Challenge
from faced.recognition.metric import Metric
from faced.recognition.site import FEWEST_PEOPLE, SiteCalibration
from faced.recognition.template import FaceTemplate, Sample, Source
from faced.trust.exemption import check_exemption, issue_exemption
from faced.trust.realm import Role
from faced.trust.sealed import Provenance, TemplateHeader, check_template, open_template, read_header, seal_template
from faced.trust.statement import parse
from faced.trust.suspension import Suspension, issue_suspension
from faced.trust.tombstone import check_tombstone, issue_tombstone
from tests.cli.conftest import Office
from tests.cli.test_handler import appointed, dismiss, key
from tests.cli.year import PREDICTOR, Pc, as_role, enrol, role_key

#: As of a photo that the personnel section has.
FROM_HR = Provenance(photo=bytes(32))


@pytest.fixture
def pc(founded: Office) -> Pc:
    """Of the group that tanaka is in."""
    made = Pc(founded, "pc-1")
    enrol(founded, "tanaka")
    assert made.refusal("tanaka") == ""
    return made


def signed_by(office: Office, pc: Pc, signer: SigningKey, serial: int) -> Bundle:
    """What the PC would get if the administrator of the directory put in a template of this signer's."""
    genuine = pc.bundle("tanaka")
    assert genuine.template is not None
    verifier = office.station.verifier(office.now)
    header = read_header(parse(genuine.template).unverified)
    assert verifier.manifest is not None
    sealed = seal_template(
        verifier.realm,
        signer,
        dataclasses.replace(header, serial=serial),
        b"another face",
        verifier.manifest.epochs,
        office.now,
    )
    with office.slapd.admin() as admin:
        People(admin, office.slapd.tree).enrol("tanaka", sealed.template, sealed.template_keys, header.groups)
    return pc.bundle("tanaka")


def test_a_pc_of_another_group_neither_finds_nor_opens(founded: Office, pc: Pc) -> None:
    rogue = Pc(founded, "pc-2", groups=("finance",))
    with rogue.connect() as connection, pytest.raises(NotInDirectory):
        People(connection, founded.slapd.tree).face("tanaka")
    enrol(founded, "finance-clerk", groups=("finance",))
    stolen = dataclasses.replace(
        rogue.bundle("finance-clerk"),
        template=pc.bundle("tanaka").template,
        template_keys=pc.bundle("tanaka").template_keys,
    )
    assert rogue.refusal("tanaka", stolen) == "wrong_group"


def test_a_pc_uses_no_other_pcs_record(founded: Office, pc: Pc) -> None:
    rogue = Pc(founded, "pc-2", groups=("finance",))
    assert rogue.refusal("tanaka", pc.bundle("tanaka")) == "wrong_host"


def test_who_enrols_reads_the_sealed_bytes_and_opens_nothing(founded: Office, pc: Pc) -> None:
    own = role_key(founded, Role.ENROL)
    with as_role(founded, Role.ENROL) as connection:
        face = People(connection, founded.slapd.tree).face("tanaka")
    assert face.template is not None
    verifier = founded.station.verifier(founded.now)
    checked = check_template(verifier, "tanaka", face.template)
    assert verifier.manifest is not None
    guesses = {(epoch.group, epoch.number): own.sign.to_curve25519_private_key() for epoch in verifier.manifest.epochs}
    for held in (own.epochs, guesses):
        with pytest.raises(TrustError) as refused:
            open_template(checked, face.template_keys, held, checked.header.predictor)
        assert refused.value.reason == "wrong_key" if held else "wrong_group"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENROL}))
def test_nobody_else_enrols_even_with_the_administrators_rights(founded: Office, pc: Pc, role: Role) -> None:
    bundle = signed_by(founded, pc, role_key(founded, role).sign, founded.now + 60)
    assert pc.refusal("tanaka", bundle) == "issuer_lacks_role"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENROL, Role.REVOKE, Role.SYNC}))
def test_nobody_else_buries(founded: Office, pc: Pc, role: Role) -> None:
    own, verifier = role_key(founded, role), founded.station.verifier(founded.now)
    tombstone = issue_tombstone(
        verifier.realm,
        own.sign,
        "tanaka",
        below_serial=2**40,
        reason="x",
        now=founded.now,
        expires=founded.now + 86400,
    )
    with as_role(founded, role) as connection, pytest.raises(NotAllowed):
        People(connection, founded.slapd.tree).bury("tanaka", tombstone)
    assert pc.refusal("tanaka") == ""


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENROL, Role.REVOKE}))
def test_nobody_else_lifts_a_suspension(founded: Office, pc: Pc, role: Role) -> None:
    founded.json("suspend", "tanaka", "--reason", "on leave")
    own, verifier = role_key(founded, role), founded.station.verifier(founded.now)
    lifted = Suspension("tanaka", founded.now + 60, False, "lifted", founded.now, founded.now + 86400)
    forged = issue_suspension(verifier.realm, own.sign, lifted)
    # The synchronisation's account writes suspensions; what it lifts, no PC believes.
    refused = contextlib.nullcontext() if role is Role.SYNC else pytest.raises((NotAllowed, NotInDirectory))
    with as_role(founded, role) as connection, refused:
        People(connection, founded.slapd.tree).suspend("tanaka", forged)
    with founded.slapd.admin() as admin:
        People(admin, founded.slapd.tree).suspend("tanaka", forged)
    assert pc.refusal("tanaka") == "suspended"


def by_timer(
    office: Office, pc: Pc, serial: int, source: Source, method: str = "photo", provenance: Provenance = FROM_HR
) -> str:
    """Why the PC refuses what a thief of the synchronisation's key and account put in; empty if it does not."""
    key, verifier = role_key(office, Role.SYNC), office.station.verifier(office.now)
    assert verifier.manifest is not None
    points = np.random.default_rng(7).normal(size=(68, 2))
    face = FaceTemplate((Sample.from_points(points, 0.004, source, office.now // 86400),))
    header = TemplateHeader(
        *("tanaka", "N-tanaka", serial, office.now, office.now + 86400, PREDICTOR, ("default",), method), provenance
    )
    sealed = seal_template(verifier.realm, key.sign, header, face.encode(), verifier.manifest.epochs, office.now)
    with as_role(office, Role.SYNC) as connection:
        People(connection, office.slapd.tree).enrol("tanaka", sealed.template, sealed.template_keys, header.groups)
    return pc.refusal("tanaka")


def test_the_timer_enrols_from_a_photo_and_claims_no_more(founded: Office, pc: Pc) -> None:
    now = founded.now
    assert by_timer(founded, pc, now + 1, Source.PHOTO) == ""
    assert by_timer(founded, pc, now + 2, Source.CAMERA, "camera") == "issuer_lacks_role"
    assert by_timer(founded, pc, now + 3, Source.CAMERA) == "issuer_lacks_role"
    assert by_timer(founded, pc, now + 4, Source.PHOTO, provenance=Provenance()) == "issuer_lacks_role"
    assert by_timer(founded, pc, now + 3600, Source.PHOTO) == "not_yet_valid"
    assert by_timer(founded, pc, now + 5, Source.PHOTO) == "", "nothing that was refused used up a serial"


def test_the_timer_replaces_nobody_whom_the_pc_knows_from_the_camera(founded: Office, pc: Pc) -> None:
    with as_role(founded, Role.ENROL) as connection:
        register = Register(
            connection, founded.slapd.tree, founded.station.verifier(founded.now), role_key(founded, Role.ENROL)
        )
        points = np.random.default_rng(6).normal(size=(68, 2))
        face = FaceTemplate((Sample.from_points(points, 0.004, Source.CAMERA, founded.now // 86400),))
        register.enrol(PersonDetails("tanaka", "N-tanaka", "tanaka", "", ("default",)), face, predictor=PREDICTOR)
    assert pc.refusal("tanaka") == ""
    assert by_timer(founded, pc, founded.now + 9, Source.PHOTO) == "issuer_lacks_role"
    elsewhere = Pc(founded, "pc-2")
    assert by_timer(founded, elsewhere, founded.now + 9, Source.PHOTO) == "", "what remains (decision 0047)"


def test_the_timer_buries_and_does_not_bring_back(founded: Office, pc: Pc) -> None:
    with as_role(founded, Role.SYNC) as connection:
        verifier, key = founded.station.verifier(founded.now), role_key(founded, Role.SYNC)
        register = Register(connection, founded.slapd.tree, verifier, key)
        register.withdraw("tanaka", reason="left")
        assert pc.refusal("tanaka") == "tombstoned"
        points = np.random.default_rng(6).normal(size=(68, 2))
        face = FaceTemplate((Sample.from_points(points, 0.004, Source.PHOTO, founded.now // 86400),))
        details = PersonDetails("tanaka", "N-tanaka", "tanaka", "", ("default",))
        with pytest.raises(DirectoryError) as refused:
            register.enrol(details, face, predictor=PREDICTOR, provenance=FROM_HR)
        assert refused.value.reason == "erased_unattended"
    assert by_timer(founded, pc, founded.now + 9, Source.PHOTO) == "issuer_lacks_role"
    founded.now += 10
    enrol(founded, "tanaka")
    assert pc.refusal("tanaka") == ""


def test_the_timer_neither_calibrates_nor_exempts(founded: Office, pc: Pc) -> None:
    station, key = founded.station, role_key(founded, Role.SYNC)
    rng = np.random.default_rng(1)
    faces = [
        FaceTemplate((Sample.from_points(rng.normal(size=(68, 2)), 0.004, Source.PHOTO, 20000),))
        for _person in range(FEWEST_PEOPLE)
    ]
    with pytest.raises(TrustError) as unbelieved:
        sign_calibration(station, key, SiteCalibration.over(Metric.shipped(), faces), founded.now)
    assert unbelieved.value.reason == "issuer_lacks_role"
    exemption = issue_exemption(
        *(station.realm, key.sign, "tanaka"),
        serial=1,
        without=[Challenge.LOOK_UP],
        now=founded.now,
        expires=founded.now + 86400,
    )
    with as_role(founded, Role.SYNC) as connection, pytest.raises(NotAllowed):
        People(connection, founded.slapd.tree).exempt("tanaka", exemption)
    with pytest.raises(TrustError) as refused:
        check_exemption(station.verifier(founded.now), "tanaka", exemption)
    assert refused.value.reason == "issuer_lacks_role"


def test_a_stolen_key_of_the_timer_can_be_dismissed_whatever_it_signed(founded: Office, pc: Pc) -> None:
    """A death notice for ever would have to be signed anew by whoever dismisses it; it counts for nothing instead."""
    appointed(founded, "mori", "sync", "manifest", "revoke")
    stolen, verifier = key(founded, "mori", Role.SYNC), founded.station.verifier(founded.now)
    account = founded.slapd.connector(founded.slapd.tree.role(RoleAccount.SYNC), stolen.password)
    for login, below in (("tanaka", 2**40), ("kato", founded.now)):
        enrol(founded, login)
        tombstone = issue_tombstone(
            *(verifier.realm, stolen.sign, login),
            below_serial=below,
            reason="x",
            now=founded.now,
            expires=founded.now + 86400,
        )
        with account.connect() as connection:
            People(connection, founded.slapd.tree).bury(login, tombstone)
    assert pc.refusal("tanaka") == "not_yet_valid"
    founded.now += 10
    gone = dismiss(founded, "mori", "--leaked")
    assert gone.exit_code == 0, gone.output
    assert founded.facectl("acts", "verify").exit_code == 0
    with founded.slapd.admin() as admin:
        people = People(admin, founded.slapd.tree)
        held = {login: people.find(login).face.tombstone for login in ("tanaka", "kato")}
    verifier = founded.station.verifier(founded.now)
    assert check_tombstone(verifier, "kato", held["kato"] or b"").below_serial == founded.now - 10
    with pytest.raises(TrustError) as dead:
        check_tombstone(verifier, "tanaka", held["tanaka"] or b"")
    assert dead.value.reason == "issuer_revoked"


def test_the_auditor_publishes_no_manifest(founded: Office) -> None:
    verifier = founded.station.verifier(founded.now)
    assert verifier.manifest is not None
    forged = founded.station.realm.issue_manifest(role_key(founded, Role.AUDIT).sign, verifier.manifest)
    with as_role(founded, Role.AUDIT) as connection, pytest.raises(NotAllowed):
        RealmDocuments(connection, founded.slapd.tree).publish_manifest(forged)
    with pytest.raises(TrustError) as unbelieved:
        founded.station.realm.verifier(founded.station.delegations, forged, founded.now)
    assert unbelieved.value.reason == "issuer_lacks_role"


@pytest.mark.parametrize(
    ("how", "before", "after"),
    [((), "template_format", "issuer_retired"), (("--leaked",), "issuer_revoked", "issuer_revoked")],
)
def test_a_dismissed_handler_signs_nothing_new(
    founded: Office, pc: Pc, how: tuple[str, ...], before: str, after: str
) -> None:
    """What was signed before stays believed (it is found out to be no face only when it is opened), unless leaked."""
    appointed(founded, "mori", "enrol", "revoke", "manifest")
    signer = key(founded, "mori", Role.ENROL).sign
    assert pc.refusal("tanaka", signed_by(founded, pc, signer, founded.now + 1)) == "template_format"
    founded.now += 10
    gone = dismiss(founded, "mori", *how)
    assert gone.exit_code == 0, gone.output
    assert pc.refusal("tanaka") == before
    founded.now += 10
    assert pc.refusal("tanaka", signed_by(founded, pc, signer, founded.now)) == after
