"""What the table in docs/security.md says that somebody cannot do, tried with their own credentials: a real directory,
its access rules, and the judge of a PC that joined."""

from __future__ import annotations

import dataclasses

import pytest
from nacl.signing import SigningKey

from faced.directory.bundle import Bundle
from faced.directory.people import People
from faced.directory.realm import RealmDocuments
from faced.errors import NotAllowed, NotInDirectory, TrustError
from faced.trust.realm import Role
from faced.trust.sealed import check_template, issue_tombstone, open_template, read_header, seal_template
from faced.trust.statement import parse
from faced.trust.suspension import Suspension, issue_suspension
from tests.cli.conftest import Office
from tests.cli.test_handler import appointed, dismiss, key
from tests.cli.year import Pc, as_role, enrol, role_key


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


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENROL, Role.REVOKE}))
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
    with as_role(founded, role) as connection, pytest.raises((NotAllowed, NotInDirectory)):
        People(connection, founded.slapd.tree).suspend("tanaka", forged)
    with founded.slapd.admin() as admin:
        People(admin, founded.slapd.tree).suspend("tanaka", forged)
    assert pc.refusal("tanaka") == "suspended"


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
