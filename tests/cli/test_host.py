from __future__ import annotations

import os
import re
import stat

import pytest
from click.testing import Result

from faced.directory.connector import Account, Connector
from faced.directory.hosts import Hosts
from faced.enrolment.host_secret import Form
from faced.trust.host import open_epoch_keys
from faced.trust.realm import Realm
from tests.cli.conftest import NOW, Office

FINGERPRINT = re.compile(r"(?:[0-9a-f]{4} ){4}[0-9a-f]{4}")
DAY = 86400


def ask(office: Office, *more: object) -> str:
    """Make a request on the PC; the fingerprint it shows."""
    result = office.facectl("host", "join", "--request", office.folder / "request", *more)
    assert result.exit_code == 0, result.output
    found = FINGERPRINT.search(result.output)
    assert found is not None
    return found.group()


def approve(office: Office, fingerprint: str, *more: object) -> Result:
    return office.facectl(
        "host",
        *("approve", "pc0123", "--request", office.folder / "request", "--fingerprint", fingerprint),
        *("--welcome", office.folder / "welcome", *more),
    )


def finish(office: Office, *more: object) -> Result:
    fingerprint = office.station.realm.fingerprint
    return office.facectl("host", "join", "--welcome", office.folder / "welcome", "--fingerprint", fingerprint, *more)


def joined(office: Office) -> None:
    result = approve(office, ask(office), "--group", "default")
    assert result.exit_code == 0, result.output
    result = finish(office)
    assert result.exit_code == 0, result.output


def test_a_pc_that_was_approved_opens_its_groups_keys_with_its_own_directory_account(founded: Office) -> None:
    joined(founded)
    password = founded.host_password
    connector = Connector(
        [founded.slapd.ldaps_url],
        founded.slapd.ca_file,
        Account(founded.slapd.tree.host("pc0123"), password),
        timeout_s=10,
    )
    with connector.connect() as connection:
        held = Hosts(connection, founded.slapd.tree).read("pc0123")
    assert held.groups == ("default",)
    assert held.statement is not None
    keys = founded.host_keys
    opened = open_epoch_keys(founded.station.verifier(NOW), held.statement, keys)
    assert list(opened) == [("default", 2026)]
    assert Realm.open((founded.folder / "realm.anchor").read_bytes()) == founded.station.realm


def test_secrets_of_the_pc_are_sealed_and_its_anchor_is_public(founded: Office) -> None:
    joined(founded)
    modes = {
        name: stat.S_IMODE((founded.folder / name).stat().st_mode)
        for name in ("host.keys.cred", "directory.password.cred", "realm.anchor")
    }
    assert modes == {"host.keys.cred": 0o600, "directory.password.cred": 0o600, "realm.anchor": 0o644}
    for name in ("host.keys", "directory.password"):
        assert not (founded.folder / name).exists()
        assert founded.secret_of_pc(name).form is Form.HOST_KEY


def test_a_secret_that_nothing_seals_is_a_private_file_and_the_administrator_is_told(founded: Office) -> None:
    result = founded.facectl("host", "join", "--request", founded.folder / "request", "--with-key", "none")
    assert (result.exit_code, "plain file" in result.output) == (0, True)
    assert stat.S_IMODE((founded.folder / "host.keys").stat().st_mode) == 0o600
    asked = founded.facectl("host", "join", "--request", founded.folder / "request", "--with-key", "tpm2")
    assert (asked.exit_code, "Nothing was changed" in asked.output) == (10, True)
    assert founded.secret_of_pc("host.keys").form is Form.PLAIN


def test_a_request_of_another_computer_is_found_out_by_its_fingerprint(founded: Office) -> None:
    ask(founded)
    result = approve(founded, "0000 1111 2222 3333 4444")
    assert result.exit_code == 6
    assert "not what was given" in result.output
    assert founded.json("host", "list") == []
    assert not (founded.folder / "welcome").exists()


def test_without_an_answer_nobody_is_approved(founded: Office) -> None:
    ask(founded)
    command = ("host", "approve", "pc0123", "--request", founded.folder / "request")
    for answer in ("n\n", "\n", ""):
        assert founded.facectl(*command, input=answer).exit_code == 1
    assert founded.json("host", "list") == []


def test_a_dry_run_approves_nobody(founded: Office) -> None:
    assert approve(founded, ask(founded), "--dry-run").exit_code == 0
    assert founded.json("host", "list") == []


def test_a_pc_asks_again_through_its_own_entry(founded: Office) -> None:
    joined(founded)
    result = founded.facectl("host", "join")
    assert result.exit_code == 0, result.output
    fingerprint = FINGERPRINT.search(result.output)
    assert fingerprint is not None
    assert founded.json("host", "show", "pc0123")["request"] == fingerprint.group()
    result = founded.facectl("host", "approve", "pc0123", "--fingerprint", fingerprint.group())
    assert result.exit_code == 0, result.output
    shown = founded.json("host", "show", "pc0123")
    assert (shown["state"], shown["request"], shown["groups"]) == ("approved", None, ["default"])
    assert founded.facectl("host", "join").exit_code == 0, "its directory password still holds"


def test_asking_twice_makes_no_second_key(founded: Office) -> None:
    assert ask(founded) == ask(founded)


def test_next_year_the_pc_adds_a_key_and_keeps_its_name(founded: Office) -> None:
    first = ask(founded)
    founded.now = NOW + 200 * DAY
    assert ask(founded) != first
    keys = founded.host_keys
    assert sorted(keys.boxes) == [2026, 2027]


def test_a_key_group_the_realm_does_not_have_is_refused(founded: Office) -> None:
    result = approve(founded, ask(founded), "--group", "waterworks")
    assert result.exit_code == 6
    assert "waterworks" in result.output


def test_a_pc_of_one_realm_does_not_slip_into_another(founded: Office) -> None:
    joined(founded)
    (founded.folder / "realm.anchor").write_bytes(b"another realm's")
    result = finish(founded)
    assert result.exit_code == 10
    assert "another realm" in result.output


def test_a_wrong_realm_fingerprint_pins_nothing(founded: Office) -> None:
    assert approve(founded, ask(founded)).exit_code == 0
    welcome = founded.folder / "welcome"
    result = founded.facectl("host", "join", "--welcome", welcome, "--fingerprint", "0000 1111 2222 3333 4444")
    assert result.exit_code == 6
    assert not (founded.folder / "realm.anchor").exists()
    assert founded.secret_of_pc("directory.password").form is None


def test_a_host_without_request_says_what_to_do(founded: Office) -> None:
    result = founded.facectl("host", "approve", "pc0999")
    assert result.exit_code == 5
    assert "facectl host join" in result.output


@pytest.mark.parametrize("content", [b"", b"not a request", os.urandom(5000)])
def test_another_file_is_no_request(founded: Office, content: bytes) -> None:
    (founded.folder / "request").write_bytes(content)
    assert approve(founded, "0000 1111 2222 3333 4444").exit_code == 6


def test_an_unknown_host_is_not_found(founded: Office) -> None:
    assert founded.facectl("host", "show", "pc0999").exit_code == 5


def test_the_list_shows_state_and_groups(founded: Office) -> None:
    joined(founded)
    text = founded.facectl("host", "list").output
    assert "pc0123" in text
    assert "approved" in text
    (shown,) = founded.json("host", "list")
    assert (shown["until"], shown["epoch"]) == ("2027-04-14", 2026)


def test_an_approval_ends_with_its_epoch(founded: Office) -> None:
    joined(founded)
    founded.now = NOW + 190 * DAY
    founded.facectl("realm", "manifest")
    assert founded.json("host", "list")[0]["state"] == "expired"
