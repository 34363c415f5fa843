from __future__ import annotations

import os
import stat

import pytest
from click.testing import Result

from faced.directory.tree import RoleAccount
from faced.trust import encoding
from faced.trust.realm import Realm, Role
from tests.cli.conftest import NOW, ROLE_PASSPHRASE, ROOT_PASSPHRASE, Office
from tests.cli.year import renew_purpose
from tests.rig.slapd import PrivateSlapd

DAY = 86400


def init(office: Office, *more: object) -> Result:
    return office.facectl(
        "realm",
        "init",
        "Example City",
        *("--station", office.station_path, "--handler", "suzuki", "--bind-dn", office.slapd.admin_dn),
        *("--bind-password-file", office.admin_password, "--root-passphrase-file", office.secret("r", ROOT_PASSPHRASE)),
        *more,
    )


def published_anchor(slapd: PrivateSlapd) -> bytes | None:
    with slapd.admin() as admin:
        return admin.read(slapd.tree.realm, ["facedRealmStatement"]).one("facedRealmStatement")


def test_init_makes_a_station_and_publishes_what_every_role_can_then_use(office: Office) -> None:
    result = init(office, "--dummy", "--group", "default", "--group", "finance")
    assert result.exit_code == 0, result.output
    station = office.station
    assert station.realm.fingerprint in result.output
    assert published_anchor(office.slapd) == station.realm.anchor
    assert Realm.open(station.realm.anchor).dummy
    assert stat.S_IMODE(office.station_path.stat().st_mode) == 0o700
    assert office.facectl("realm", "manifest").exit_code == 0


def test_init_again_changes_nothing_here_and_there(founded: Office) -> None:
    before = published_anchor(founded.slapd)
    result = init(founded)
    assert result.exit_code == 10
    assert "left as it is" in result.output
    founded.station_path = founded.folder / "second"
    result = init(founded)
    assert result.exit_code == 5
    assert "holds a realm already" in result.output
    assert not founded.station_path.exists()
    assert published_anchor(founded.slapd) == before


def test_a_dry_run_makes_nothing(office: Office) -> None:
    result = init(office, "--dry-run")
    assert result.exit_code == 0, result.output
    assert not office.station_path.exists()
    assert published_anchor(office.slapd) is None


def test_a_handler_is_named_as_a_login_is(office: Office) -> None:
    result = init(office, "--handler", "../suzuki")
    assert result.exit_code == 5
    assert "not a login name" in result.output
    assert not office.station_path.exists()


def test_with_the_directory_down_nothing_is_made(office: Office) -> None:
    office.slapd.stop()
    result = init(office)
    assert result.exit_code == 4
    assert "cannot be reached" in result.output
    assert not office.station_path.exists()
    assert not [name for name in os.listdir(office.folder) if name.startswith(".station")]


def test_a_directory_with_another_certificate_is_not_told_the_password(office: Office) -> None:
    with PrivateSlapd() as stranger:
        office.write_config(servers=[stranger.ldaps_url])
        result = init(office)
    assert result.exit_code == 4
    assert "certificate" in result.output


@pytest.mark.parametrize("text", ["short", ""])
def test_a_passphrase_that_protects_nothing_is_refused(office: Office, text: str) -> None:
    office.passphrases.write_text(text)
    result = init(office)
    assert result.exit_code in (9, 10)
    assert not office.station_path.exists()


def test_a_station_made_offline_is_published_later(office: Office) -> None:
    office.found()
    with office.slapd.admin() as admin:
        admin.modify(office.slapd.tree.realm, replace={"facedRealmStatement": []})
    administrator = ("--bind-dn", office.slapd.admin_dn, "--bind-password-file", office.admin_password)
    for _again in range(2):
        result = office.facectl("realm", "publish", *administrator)
        assert result.exit_code == 0, result.output
        assert published_anchor(office.slapd) == office.station.realm.anchor


def test_the_manifest_is_renewed_in_the_directory_and_on_the_station(founded: Office) -> None:
    founded.now = NOW + 10 * DAY
    assert founded.facectl("realm", "manifest").exit_code == 0
    with founded.slapd.admin() as admin:
        held = admin.read(founded.slapd.tree.realm, ["facedManifest"]).one("facedManifest")
    assert held == founded.station.manifest
    manifest = founded.station.verifier(NOW + 20 * DAY).manifest
    assert manifest is not None
    assert manifest.expires == NOW + 24 * DAY


def test_an_expired_manifest_can_be_renewed(founded: Office) -> None:
    founded.now = NOW + 100 * DAY
    assert "has expired" in founded.facectl("realm", "show").output
    assert founded.facectl("realm", "manifest").exit_code == 0
    assert founded.station.verifier(founded.now).manifest is not None


def test_with_a_wrong_passphrase_the_manifest_stays(founded: Office) -> None:
    before = founded.station.manifest
    founded.passphrases.write_text("not the passphrase\n")
    result = founded.facectl("realm", "manifest")
    assert result.exit_code == 6
    assert "passphrase is wrong" in result.output
    assert founded.station.manifest == before


def test_a_manifest_that_the_directory_did_not_take_is_not_kept(founded: Office) -> None:
    before = founded.station.manifest
    founded.slapd.stop()
    assert founded.facectl("realm", "manifest").exit_code == 4
    assert founded.station.manifest == before


def test_show_tells_the_fingerprint_the_roles_and_the_epochs(founded: Office) -> None:
    shown = founded.json("realm", "show")
    assert shown["fingerprint"] == founded.station.realm.fingerprint
    assert {role for handler in shown["handlers"] for role in handler["roles"]} == {role.value for role in Role}
    assert [(epoch["group"], epoch["epoch"]) for epoch in shown["manifest"]["epochs"]] == [
        ("default", 2026),
        ("finance", 2026),
    ]
    text = founded.facectl("realm", "show").output
    assert shown["fingerprint"] in text
    assert "2027-04-14" in text


def test_what_ends_soon_is_said_days_ahead_and_changes_no_exit_status(founded: Office) -> None:
    assert founded.json("realm", "show")["alarms"] == []
    founded.now = NOW + 10 * DAY
    shown = founded.facectl("realm", "show")
    assert shown.exit_code == 0
    assert "ends in 4 days" in shown.stderr
    assert [(one["what"], one["level"], one["days"]) for one in founded.json("realm", "show")["alarms"]] == [
        ("manifest", "urgent", 4)
    ]
    assert founded.json("realm", "manifest")["alarms"] == []
    founded.now = NOW + 375 * DAY
    renew_purpose(founded)
    renewed = founded.facectl("realm", "manifest")
    assert renewed.exit_code == 0
    assert "The appointment of suzuki as enrol ends in 21 days" in renewed.stderr
    alarms = founded.json("realm", "manifest")["alarms"]
    assert {(one["what"], one["level"], one["days"]) for one in alarms} == {("appointment", "soon", 21)}
    assert {one["role"] for one in alarms} == {role.value for role in Role}


def test_an_unreadable_station_is_a_plain_line(founded: Office) -> None:
    founded.station_path.chmod(0o755)
    result = founded.facectl("realm", "manifest")
    assert result.exit_code == 10
    assert "chmod 700" in result.output


def test_init_shows_no_secret(office: Office) -> None:
    result = init(office)
    assert result.exit_code == 0, result.output
    audit = office.station.role(Role.AUDIT, lambda _name: b"")
    for secret in (ROOT_PASSPHRASE, ROLE_PASSPHRASE, office.slapd.admin_password, audit.password):
        assert secret not in result.output


def test_guessing_a_passphrase_costs_256_mib_a_try(office: Office) -> None:
    office.cost = None
    assert init(office, "--offline").exit_code == 0
    for name in ("root", "suzuki.enrol", "suzuki.operate"):
        head = encoding.decode(office.station.key_path(name).read_bytes())
        assert head["memory"] >= 256 * 1024**2
        assert head["operations"] >= 3


def test_a_manifest_made_elsewhere_is_the_base_of_the_next(founded: Office) -> None:
    backup = founded.station.manifest
    assert backup is not None
    founded.now = NOW + 10
    founded.facectl("realm", "manifest")
    newer = founded.station.verifier(founded.now).manifest
    founded.station.keep_manifest(backup)
    assert founded.facectl("realm", "manifest").exit_code == 0
    newest = founded.station.verifier(founded.now).manifest
    assert newer is not None
    assert newest is not None
    assert newest.serial == newer.serial + 1


def test_a_station_does_not_publish_into_another_realms_directory(founded: Office) -> None:
    founded.station_path = founded.folder / "second"
    founded.write_config()
    assert founded.station_path.parent.is_dir()
    result = init(founded, "--offline")
    assert result.exit_code == 0, result.output
    password = founded.station.role(Role.MANIFEST, lambda _name: ROLE_PASSPHRASE.encode()).password
    with founded.slapd.admin() as admin:
        admin.modify(founded.slapd.tree.role(RoleAccount.MANIFEST), replace={"userPassword": [password.encode()]})
    before = founded.station.manifest
    result = founded.facectl("realm", "manifest")
    assert result.exit_code == 5
    assert "does not hold this station's realm" in result.output
    assert founded.station.manifest == before
