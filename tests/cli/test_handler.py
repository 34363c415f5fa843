"""`facectl handler` and `facectl proposal`, at a real directory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cli.run import Run
from cli.station import Desk, open_desk
from faced.directory.hosts import Hosts
from faced.directory.people import People
from faced.directory.realm import RealmDocuments
from faced.directory.tree import RoleAccount
from faced.enrolment.acts import Act, ActLog
from faced.enrolment.handlers import live
from faced.enrolment.manifest import last_manifest, next_manifest
from faced.enrolment.station import RoleKey
from faced.errors import DirectoryError
from faced.trust.host import issue_host
from faced.trust.keys import key_id
from faced.trust.realm import Role
from faced.trust.statement import Kind
from faced.trust.tombstone import issue_tombstone, tombstoned_below
from tests.cli.conftest import NOW, ROLE_PASSPHRASE, ROOT_PASSPHRASE, Office

DAY = 86_400
OWN = {"mori": "mori walks to work", "kato": "kato takes the bus", "timer": "nobody types this"}
WHY = ("--reason", "two are too few", "--decision", "R8-12")


def administrator(office: Office) -> tuple[object, ...]:
    return ("--bind-dn", office.slapd.admin_dn, "--bind-password-file", office.admin_password)


def own(office: Office, name: str) -> Path:
    return office.passphrases if name == "suzuki" else office.secret(f"{name}.passphrase", OWN[name])


def appoint(office: Office, name: str, *roles: str, by: str = "suzuki", more: tuple[object, ...] = ()) -> Result:
    return office.facectl(
        *("handler", "appoint", name, *(word for role in roles for word in ("--role", role)), *WHY),
        *("--root-passphrase-file", office.secret("root", ROOT_PASSPHRASE)),
        *("--new-passphrase-file", own(office, name), "--handler", by, "--passphrase-file", own(office, by)),
        *administrator(office),
        *more,
    )


def appointed(office: Office, name: str, *roles: str, **how: Any) -> None:
    result = appoint(office, name, *roles, **how)
    assert result.exit_code == 0, result.output


def dismiss(office: Office, name: str, *more: object, by: str = "suzuki") -> Result:
    why = ("--reason", "moved to another office", "--yes")
    acting = ("--handler", by, "--passphrase-file", own(office, by))
    return office.facectl("handler", "dismiss", name, *why, *acting, *more)


def key(office: Office, name: str, role: Role) -> RoleKey:
    return office.station.role(role, lambda _name: own(office, name).read_bytes().strip(), name)


def binds(office: Office, role: RoleAccount, password: str) -> bool:
    try:
        office.slapd.connector(office.slapd.tree.role(role), password).connect().close()
    except DirectoryError:
        return False
    return True


def published(office: Office) -> set[bytes]:
    with office.slapd.admin() as admin:
        return set(admin.read(office.slapd.tree.realm, ["facedDelegation"]).all("facedDelegation"))


def outcomes(office: Office) -> list[tuple[str, str, str, str]]:
    records = ActLog(office.station_path).read()
    return [(record.act.value, record.handler, record.subject, record.outcome) for record in records]


@pytest.fixture
def two(founded: Office) -> Office:
    """Suzuki, who founded the realm, and Mori, who enrols, revokes and can issue the manifest."""
    appointed(founded, "mori", "enrol", "revoke", "manifest")
    return founded


def test_the_first_further_handler_is_appointed_by_one_and_that_is_on_record(founded: Office) -> None:
    result = appoint(founded, "mori", "enrol", "revoke")
    assert result.exit_code == 0, result.output
    assert "the only handler" in result.output
    record = list(ActLog(founded.station_path).read())[-1]
    assert (record.act, record.handler, record.subject) == ("appoint", "suzuki", "mori: enrol, revoke")
    assert (record.reason, record.decision, record.agreement, record.outcome) == (*WHY[1::2], "alone", "done")


def test_the_timers_unit_takes_the_key_of_the_timer_else_the_only_one(founded: Office) -> None:
    """It says --handler timer, whoever holds the role on the station."""

    def desk(passphrase: Path) -> Desk:
        run = Run(founded.config, clock=lambda: founded.now, cost=founded.cost, handler="timer")
        return open_desk(run, None, Role.SYNC, passphrase)

    assert desk(founded.passphrases).key.handler == "suzuki"
    appointed(founded, "timer", "sync")
    own_desk = desk(own(founded, "timer"))
    assert own_desk.key.handler == "timer"
    with own_desk.recorded(Act.ENROL, "tanaka", "sync: joined"):
        own_desk.connect().close()
    assert founded.json("acts", "verify")["intact"]
    shown = {one["handler"]: one for one in founded.json("handler", "list")}
    assert shown["timer"]["role"] == "sync"
    assert not any(one.personal for one in live(founded.station, founded.now) if one.role is Role.SYNC)


def test_a_realm_from_before_there_was_a_role_gets_its_account_with_the_first_holder(founded: Office) -> None:
    for file in founded.station_path.glob("*/suzuki.sync*"):
        file.unlink()
    with founded.slapd.admin() as admin:
        admin.remove(founded.slapd.tree.role(RoleAccount.SYNC))
    appointed(founded, "timer", "sync")
    assert binds(founded, RoleAccount.SYNC, key(founded, "timer", Role.SYNC).password)


def test_who_is_appointed_works_with_a_key_and_a_passphrase_of_their_own(two: Office) -> None:
    assert published(two) == set(two.station.delegations)
    assert len(published(two)) == len(Role) + 3
    as_mori = ("--handler", "mori", "--passphrase-file")
    assert two.facectl("realm", "manifest", *as_mori, two.passphrases).exit_code == 6
    assert two.facectl("realm", "manifest", *as_mori, own(two, "mori")).exit_code == 0
    assert outcomes(two)[-1][:2] == ("manifest", "mori")
    assert last_manifest(two.station).serial > NOW
    mori, suzuki = (key(two, name, Role.ENROL) for name in ("mori", "suzuki"))
    assert mori.sign != suzuki.sign
    assert mori.password == suzuki.password


def test_where_two_could_act_nobody_is_guessed(two: Office) -> None:
    result = two.facectl("realm", "manifest")
    assert result.exit_code == 9
    assert "--handler mori|suzuki" in result.output


def test_without_a_second_the_appointment_is_only_proposed_until_another_confirms(two: Office) -> None:
    result = appoint(two, "kato", "approve")
    assert result.exit_code == 1, result.output
    assert "second handler (mori)" in result.output
    assert "kato" not in str(two.json("handler", "list"))
    [waiting] = two.json("proposal", "list")
    assert (waiting["act"], waiting["handler"], waiting["second"]) == ("appoint", "suzuki", None)
    assert (waiting["terms"]["roles"], waiting["reason"], waiting["decision"]) == ("approve", *WHY[1::2])

    confirm = ("proposal", "confirm", waiting["id"][:8], "--yes", "--passphrase-file")
    assert two.facectl(*confirm, two.passphrases, "--handler", "suzuki").exit_code == 9
    assert appoint(two, "kato", "approve").exit_code == 1
    assert two.facectl(*confirm, own(two, "mori"), "--handler", "mori").exit_code == 0
    assert len(two.json("proposal", "list")) == 1

    assert appoint(two, "kato", "approve", "revoke").exit_code == 1
    appointed(two, "kato", "approve")
    done = list(ActLog(two.station_path).read())[-1]
    assert (done.subject, done.agreement, done.outcome) == ("kato: approve", waiting["id"], "done")
    assert ("confirm", "mori", waiting["id"], "done") in outcomes(two)
    assert {one["id"]: one["done"] for one in two.json("proposal", "list")}[waiting["id"]]


def test_an_agreement_is_used_once(two: Office) -> None:
    second = ("--second", "mori", "--second-passphrase-file", own(two, "mori"))
    appointed(two, "kato", "approve", more=second)
    assert dismiss(two, "kato").exit_code == 0
    two.now += 5
    assert appoint(two, "kato", "approve").exit_code == 1


def test_both_handlers_can_be_there_in_one_run(two: Office) -> None:
    second = ("--second", "mori", "--second-passphrase-file", own(two, "mori"))
    appointed(two, "kato", "approve", more=second)
    signers = [(act, who) for act, who, _subject, outcome in outcomes(two) if outcome == "done"]
    assert signers[-3:] == [("propose", "suzuki"), ("confirm", "mori"), ("appoint", "suzuki")]


@pytest.mark.parametrize(("second", "status"), [("suzuki", 9), ("nobody", 9)])
def test_nobody_is_their_own_second(two: Office, second: str, status: int) -> None:
    result = appoint(two, "kato", "approve", more=("--second", second))
    assert result.exit_code == status, result.output
    assert "kato" not in str(two.json("handler", "list"))


def test_the_second_needs_the_seconds_passphrase(two: Office) -> None:
    second = ("--second", "mori", "--second-passphrase-file", two.passphrases)
    assert appoint(two, "kato", "approve", more=second).exit_code == 6
    assert "kato" not in str(two.json("handler", "list"))


def test_a_timers_key_is_no_second_person(founded: Office) -> None:
    appointed(founded, "mori", "enrol", more=("--open-role", "enrol"))
    result = appoint(founded, "kato", "approve")
    assert result.exit_code == 0
    assert "the only handler" in result.output
    assert appoint(founded, "mori", "approve", by="kato", more=("--second", "mori")).exit_code == 9


def test_with_a_wrong_root_passphrase_nobody_is_appointed(founded: Office) -> None:
    before = published(founded)
    wrong = founded.secret("wrong", "not the passphrase")
    assert appoint(founded, "mori", "enrol", more=("--root-passphrase-file", wrong)).exit_code == 6
    assert published(founded) == before
    assert {one["handler"] for one in founded.json("handler", "list")} == {"suzuki"}


def test_the_root_key_may_lie_elsewhere(founded: Office) -> None:
    away = founded.folder / "away.key"
    founded.station.key_path("root").rename(away)
    assert appoint(founded, "mori", "enrol").exit_code == 6
    appointed(founded, "mori", "enrol", more=("--root-key", away))


def test_a_dry_run_appoints_proposes_and_dismisses_nobody(two: Office) -> None:
    before, acts = published(two), outcomes(two)
    assert "Would appoint kato as approve" in appoint(two, "kato", "approve", more=("--dry-run",)).output
    assert "Would dismiss mori" in dismiss(two, "mori", "--dry-run").output
    renew = ("handler", "renew", "--all", *WHY, *administrator(two), "--dry-run")
    assert "Would appoint mori as enrol, manifest, revoke" in two.facectl(*renew).output
    assert (published(two), outcomes(two)) == (before, acts)


@pytest.mark.parametrize("name", ["Mori", "../mori", "森"])
def test_a_name_that_is_no_login_name_is_refused(founded: Office, name: str) -> None:
    OWN[name] = "some passphrase"
    assert founded.facectl("handler", "appoint", name, "--role", "enrol", *WHY, "--offline").exit_code == 5


def test_nobody_hands_on_a_role_that_they_do_not_hold(two: Office) -> None:
    second = ("--second", "suzuki", "--second-passphrase-file", two.passphrases)
    result = appoint(two, "kato", "operate", by="mori", more=second)
    assert result.exit_code == 9
    assert "does not hold the role operate" in result.output


def test_a_role_that_the_appointer_does_not_hold_gets_a_new_password_that_all_holders_learn(two: Office) -> None:
    old = key(two, "suzuki", Role.APPROVE).password
    second = ("--second", "suzuki", "--second-passphrase-file", two.passphrases)
    appointed(two, "kato", "approve", by="mori", more=second)
    new = key(two, "kato", Role.APPROVE).password
    assert new == key(two, "suzuki", Role.APPROVE).password
    assert (binds(two, RoleAccount.APPROVE, old), binds(two, RoleAccount.APPROVE, new)) == (False, True)


def with_signed(office: Office, name: str) -> None:
    """What a handler has signed: an erased person and a PC."""
    enrol, revoke, operate = (key(office, name, role) for role in (Role.ENROL, Role.REVOKE, Role.OPERATE))
    realm = office.station.realm
    with office.slapd.connector(office.slapd.tree.role(RoleAccount.ENROL), enrol.password).connect() as connection:
        People(connection, office.slapd.tree).add("sato", staff_number="1", name="佐藤", mail="", groups=["default"])
    with office.slapd.admin() as admin:
        tombstone = issue_tombstone(
            realm, revoke.sign, "sato", below_serial=77, reason="left", now=office.now, expires=office.now + 900 * DAY
        )
        People(admin, office.slapd.tree).bury("sato", tombstone)
        host = issue_host(
            realm,
            operate.sign,
            name="pc7",
            box=bytes(32),
            sign=bytes(32),
            epoch=2026,
            groups={},
            now=office.now,
            expires=office.now + 90 * DAY,
        )
        Hosts(admin, office.slapd.tree).add("pc7", "{SSHA}x", ["default"], host)


def buried_below(office: Office) -> tuple[int, bytes]:
    with office.slapd.admin() as admin:
        tombstone = People(admin, office.slapd.tree).find("sato").face.tombstone
    assert tombstone is not None
    verifier = office.station.verifier(office.now)
    statement = verifier.check(tombstone, Kind.TOMBSTONE)
    return tombstoned_below(verifier, "sato", tombstone), statement.issuer


def test_what_a_handler_signed_survives_when_they_leave(two: Office) -> None:
    appointed(
        two,
        "kato",
        "enrol",
        "revoke",
        "operate",
        more=("--second", "mori", "--second-passphrase-file", own(two, "mori")),
    )
    with_signed(two, "kato")
    two.now += DAY
    answer = dismiss(two, "kato", "--json", *administrator(two))
    assert answer.exit_code == 0, answer.output
    assert two.json("host", "show", "pc7")["state"] == "approved"
    assert buried_below(two) == (77, key_id_of(two, "kato", "revoke"))
    assert {one["state"] for one in two.json("handler", "list") if one["handler"] == "kato"} == {"retired"}


def key_id_of(office: Office, name: str, role: str) -> bytes:
    [found] = [one for one in office.json("handler", "list") if (one["handler"], one["role"]) == (name, role)]
    return bytes.fromhex(found["key"])


def test_the_purpose_goes_with_a_leaked_key_only_and_another_handler_renews_it(two: Office) -> None:
    appointed(two, "kato", "approve", more=("--second", "mori", "--second-passphrase-file", own(two, "mori")))
    renew = ("purpose", "renew", "--reason", "the council decided", "--decision", "R9-1")
    for who in ("kato", "suzuki"):
        acting = ("--handler", who, "--passphrase-file", own(two, who))
        assert two.facectl(*renew, *acting).exit_code == 0
        assert two.facectl("realm", "manifest", "--handler", "suzuki").exit_code == 0
        if who == "kato":
            assert two.json("purpose", "show")["level"] is None
            lost = dismiss(two, "kato", "--leaked", *administrator(two))
            assert "the purpose is gone with the key" in lost.output
            assert two.json("purpose", "show")["level"] is not None
    assert two.json("purpose", "show")["until"] == "2027-03-31"


def test_nothing_that_a_leaked_key_signed_is_believed_but_the_erased_stay_erased(two: Office) -> None:
    appointed(
        two,
        "kato",
        "enrol",
        "revoke",
        "operate",
        more=("--second", "mori", "--second-passphrase-file", own(two, "mori")),
    )
    with_signed(two, "kato")
    two.now += DAY
    result = dismiss(two, "kato", "--leaked", *administrator(two))
    assert result.exit_code == 0, result.output
    assert "0 people, 1 PCs" in result.output
    assert two.json("host", "show", "pc7")["state"] == "issuer_revoked"
    assert buried_below(two) == (77, key_id(key(two, "suzuki", Role.REVOKE).public))
    assert published(two) == set(two.station.delegations)
    assert len(published(two)) == len(Role) + 3
    assert two.json("acts", "verify")["intact"]


def test_who_is_dismissed_can_do_nothing_more_here_or_in_the_directory(two: Office) -> None:
    before = key(two, "mori", Role.ENROL)
    assert dismiss(two, "mori", *administrator(two)).exit_code == 0
    result = two.facectl("realm", "manifest", "--handler", "mori", "--passphrase-file", own(two, "mori"))
    assert result.exit_code == 6, "the passphrase is for a key that is gone; the other holder's is used"
    assert not binds(two, RoleAccount.ENROL, before.password)
    assert binds(two, RoleAccount.ENROL, key(two, "suzuki", Role.ENROL).password)
    assert dismiss(two, "suzuki", by="mori").exit_code == 9


def test_a_copy_of_a_dismissed_handlers_files_works_no_more(two: Office) -> None:
    kept = {path: path.read_bytes() for path in two.station_path.rglob("mori.*") if path.is_file()}
    assert dismiss(two, "mori", *administrator(two)).exit_code == 0
    for path, data in kept.items():
        path.touch(mode=0o600)
        path.write_bytes(data)
    result = dismiss(two, "suzuki", by="mori")
    assert result.exit_code == 9
    assert "not appointed as revoke any more" in result.output


def test_without_the_administrator_the_password_is_still_to_be_changed_and_a_second_run_does_it(two: Office) -> None:
    old = key(two, "mori", Role.ENROL).password
    result = dismiss(two, "mori")
    assert result.exit_code == 0
    assert "--bind-dn" in result.output
    assert binds(two, RoleAccount.ENROL, old)
    assert dismiss(two, "mori", *administrator(two)).exit_code == 0
    assert not binds(two, RoleAccount.ENROL, old)
    assert binds(two, RoleAccount.ENROL, key(two, "suzuki", Role.ENROL).password)


def test_nobody_dismisses_themselves_or_the_last_who_issues_the_manifest(founded: Office) -> None:
    assert "themselves" in dismiss(founded, "suzuki").output
    appointed(founded, "mori", "revoke")
    result = dismiss(founded, "suzuki", by="mori")
    assert result.exit_code == 9
    assert "Only suzuki issues the manifest" in result.output
    assert dismiss(founded, "nobody").exit_code == 9


def test_with_the_directory_down_nobody_is_dismissed(two: Office) -> None:
    acts = outcomes(two)
    two.slapd.stop()
    assert dismiss(two, "mori").exit_code == 4
    assert outcomes(two) == acts
    two.slapd.start()
    assert key(two, "mori", Role.ENROL)


def test_appointments_end_and_are_renewed_by_two_with_the_root_key(two: Office) -> None:
    two.now = NOW + 395 * DAY
    assert two.facectl("realm", "manifest", "--handler", "suzuki").exit_code == 0
    renew = (
        *("handler", "renew", "--all", *WHY, "--root-passphrase-file", two.secret("root", ROOT_PASSPHRASE)),
        *("--handler", "suzuki", *administrator(two)),
    )
    assert two.facectl(*renew).exit_code == 1
    done = two.facectl(*renew, "--second", "mori", "--second-passphrase-file", own(two, "mori"))
    assert done.exit_code == 0, done.output
    assert {one["until"] for one in two.json("handler", "list")} == {two.now + 396 * DAY}
    assert published(two) == set(two.station.delegations)
    two.now += 20 * DAY
    assert two.facectl("realm", "manifest", "--handler", "suzuki").exit_code == 0


def test_an_appointment_that_is_over_lets_nobody_act(founded: Office) -> None:
    founded.now = NOW + 396 * DAY
    result = founded.facectl("realm", "manifest")
    assert result.exit_code == 9
    assert "facectl handler renew suzuki" in result.output


def test_an_appointment_made_offline_is_published_later(founded: Office) -> None:
    before = published(founded)
    appointed(founded, "mori", "enrol", more=("--offline",))
    assert published(founded) == before
    assert founded.facectl("realm", "publish", "--handler", "suzuki", *administrator(founded)).exit_code == 0
    assert published(founded) == set(founded.station.delegations)
    assert binds(founded, RoleAccount.ENROL, key(founded, "mori", Role.ENROL).password)


def test_an_appointment_of_another_station_is_not_taken_out_of_the_directory(founded: Office) -> None:
    root = founded.station.root(lambda _name: ROOT_PASSPHRASE.encode())
    elsewhere = founded.station.realm.delegate(root, "ueda", bytes(range(32)), [Role.ENROL], NOW, NOW + DAY)
    with founded.slapd.admin() as admin:
        held = list(published(founded))
        admin.modify(founded.slapd.tree.realm, replace={"facedDelegation": [*held, elsewhere, b"rubbish"]})
    appointed(founded, "mori", "enrol")
    assert published(founded) == {*founded.station.delegations, elsewhere}


def test_the_list_shows_roles_state_and_dates_and_no_secret(two: Office) -> None:
    text = two.facectl("handler", "list").output
    assert "mori" in text
    assert "in force" in text
    assert "2027-11-15" in text
    for secret in (ROOT_PASSPHRASE, ROLE_PASSPHRASE, OWN["mori"], key(two, "mori", Role.ENROL).password):
        assert secret not in text


def test_new_epochs_are_begun_by_two_and_reach_every_operator(two: Office) -> None:
    second = ("--second", "mori", "--second-passphrase-file", own(two, "mori"))
    appointed(two, "kato", "operate", more=second)
    rotate = ("realm", "rotate", "--leaked", "default", "--reason", "a PC was stolen", "--yes", "--handler", "suzuki")
    before = set(key(two, "kato", Role.OPERATE).epochs)
    alone = two.facectl(*rotate)
    assert alone.exit_code == 1, alone.output
    assert "second handler (kato, mori)" in alone.output
    assert set(key(two, "kato", Role.OPERATE).epochs) == before
    done = two.facectl(*rotate, *second)
    assert done.exit_code == 0, done.output
    kato, suzuki = (key(two, name, Role.OPERATE).epochs for name in ("kato", "suzuki"))
    assert set(kato) > before
    assert {name: bytes(half) for name, half in kato.items()} == {name: bytes(half) for name, half in suzuki.items()}
    acts = [(act, who) for act, who, _subject, outcome in outcomes(two) if outcome == "done"]
    assert acts[-3:] == [("propose", "suzuki"), ("confirm", "mori"), ("rotate", "suzuki")]


def test_a_pc_that_is_revoked_meanwhile_stays_revoked(two: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another station publishes a revocation between our reading of the manifest and our writing."""
    exchange, met = RealmDocuments.exchange_manifest, []

    def late(documents: RealmDocuments, old: bytes | None, new: bytes) -> bool:
        if not met:
            station = two.station
            held = next_manifest(last_manifest(station), two.now)
            theirs = replace(held, revoked_hosts=frozenset({"pc0007"}))
            met.append(station.realm.issue_manifest(key(two, "suzuki", Role.MANIFEST).sign, theirs))
            assert exchange(documents, old, met[0])
        return exchange(documents, old, new)

    monkeypatch.setattr(RealmDocuments, "exchange_manifest", late)
    assert dismiss(two, "mori").exit_code == 0
    manifest = last_manifest(two.station)
    assert manifest.revoked_hosts == {"pc0007"}
    assert len(manifest.retired_keys) == 3
