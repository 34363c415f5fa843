"""A year of a realm, and then everything that lies anywhere: nothing but what docs/security.md says (R7, R16, R17)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from faced.directory.hosts import Hosts
from faced.directory.people import People
from faced.dummy import Identity, encode_jpeg, id_photo
from faced.recognition.template import FaceTemplate
from faced.records import audit
from faced.trust import encoding
from faced.trust.host import open_epoch_keys
from faced.trust.keys import key_id
from faced.trust.realm import Role
from faced.trust.report import Failures, issue_report, subject_of
from faced.trust.sealed import check_template, open_template
from faced.trust.statement import Kind, Statement, parse
from tests.cli.conftest import ROOT_PASSPHRASE, Office
from tests.cli.erasing import CachingPc
from tests.cli.stored import AllowList, Entry, dump, flat, read_list, records_in
from tests.cli.syncing import STAFF, WHY, Hr
from tests.cli.test_handler import administrator, appointed, dismiss
from tests.cli.test_host import joined
from tests.cli.year import as_role, go_to
from tests.rig.traces import PICTURES, FaceTraces

#: By login name: name, mail address and staff number that nobody else has.
ERASED = {
    "aoki": ("青木 うたこ", "utako.aoki@example.jp", "Z9-4711-A"),
    "kato": ("加藤 みつえ", "mitsue.kato@example.jp", "Z9-4712-K"),
}
#: What a realm has room for and no command ever says.
NEVER_SAID = {("manifest", "minimum_serials.*")}


class Lived:
    """A realm after its year."""

    def __init__(self, office: Office, pcs: list[CachingPc], coordinates: list[bytes], photos: list[bytes]) -> None:
        self.office = office
        self.pcs = pcs
        self.coordinates = coordinates
        self.photos = photos
        self.entries = dump(office.slapd)

    def person(self, login: str) -> Entry:
        [found] = [entry for entry in self.entries if entry.dn.startswith(f"uid={login},")]
        return found


def done(office: Office, *arguments: object) -> None:
    result = office.facectl(*arguments)
    assert result.exit_code == 0, f"{arguments}\n{result.output}"


@pytest.fixture
def lived(
    office: Office, hr: Hr, pictures: dict[str, bytes], film: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Lived:
    """What can happen to people and PCs, each with the command that does it."""
    # The machine's own journal is nobody's to write alarms into.
    monkeypatch.setattr(audit.JournalSink.__init__, "__defaults__", (tmp_path / "no journal",))
    done(
        *(office, "realm", "init", "Example City", "--station", office.station_path, "--handler", "suzuki", "--dummy"),
        *("--bind-dn", office.slapd.admin_dn, "--bind-password-file", office.admin_password),
        *("--root-passphrase-file", office.secret("root", ROOT_PASSPHRASE), "--decision", "R8-10"),
    )
    with office.config.open("a", encoding="utf-8") as config:
        config.write(f'[camera]\nname = "clip:{film}"\nfps = 10\n')
    joined(office)
    pcs = [CachingPc(office, "pc-1"), CachingPc(office, "pc-2")]
    photos = _staff(office, hr, pictures)
    _first_run(office)
    done(office, "enroll", "ito", "--camera", "--until", "2027-03-31", *WHY)
    coordinates = list(_coordinates(office, pcs[0]))
    hr.change("tanaka", jpegPhoto=pictures["again"], mail="t.new@example.jp")
    hr.remove("aoki")
    done(office, "sync", "apply", *WHY)
    for pc in pcs:
        for login in (*STAFF, "kato"):
            pc.logs_on(login)

    go_to(office, "2026-11-20")
    done(office, "sync", "apply", *WHY)

    go_to(office, "2027-03-20")
    done(office, "purpose", "renew", "--decision", "R9-1", *WHY)
    done(office, "realm", "rotate", "--yes", "--reason", "year change")
    for pc in pcs:
        pc.visit()
    _people(office, hr)
    _pcs(office, pcs)
    _handlers(office)
    pcs[0].visit()
    return Lived(office, pcs[:1], coordinates, photos)


def _people(office: Office, hr: Hr) -> None:
    done(office, "exemption", "grant", "mori", "--without", "blink_twice", "--until", "2027-03-31", *WHY)
    done(office, "exemption", "grant", "ueda", "--instead", "token", "--until", "2027-03-31", "--decision", "7", *WHY)
    done(office, "emergency", "grant", "sato", "--host", "pc-1", *WHY)
    done(office, "unlock", "sato", *WHY)
    done(office, "suspend", "mori", "--cause", "leave", *WHY)
    done(office, "resume", "mori", *WHY)
    done(office, "consent", "withdraw", "kato", "--yes", *WHY)
    hr.remove("kato")
    hr.remove("wada")
    result = office.facectl("sync", "apply", *WHY)
    assert result.exit_code == 1, "ito's face data end soon, which is somebody's work"


def _pcs(office: Office, pcs: list[CachingPc]) -> None:
    """Failed tries are reported, one is calmed, a PC is stolen, the other asks for the new year's key."""
    office.now += 900
    for pc in pcs:
        pc.visit()
        failed = [Failures(subject_of(office.station.realm, login), 5, office.now) for login in ("sato", "ueda")]
        report = issue_report(office.station.realm, pc.store.read(), office.now, office.now, failed, office.now)
        with pc.connect() as connection:
            Hosts(connection, office.slapd.tree).report(office.slapd.tree.host(pc.name), report)
    done(office, "realm", "manifest")
    done(office, "lockouts", "realm", "--calm", "sato", "--reason", "a new haircut")
    done(office, "host", "revoke", "pc-2", "--yes", *WHY)
    pcs[0].renew()


def _handlers(office: Office) -> None:
    """One leaves, another's key leaks."""
    for name, leaked in (("mori", ()), ("timer", ("--leaked",))):
        appointed(office, name, "approve")
        office.now += 1
        dismissed = dismiss(office, name, *leaked, *administrator(office))
        assert dismissed.exit_code == 0, dismissed.output
    done(office, "realm", "manifest")


def _staff(office: Office, hr: Hr, pictures: dict[str, bytes]) -> list[bytes]:
    """Aoki is regular staff, kato a part-timer who was approved and agreed; both can be told from anybody."""
    name, mail, number = ERASED["aoki"]
    hr.change("aoki", cn=name, mail=mail, employeeNumber=number)
    name, mail, number = ERASED["kato"]
    photo = encode_jpeg(id_photo(Identity(13)))
    hr.add("kato", photo, cn=name, mail=mail, employeeNumber=number, employeeType="part-time", departmentNumber="税務")
    done(office, "add", "kato", "--staff-number", number, "--name", name, "--mail", mail, *WHY)
    done(office, "consent", "record", "kato", "--given", "2026-10-01", "--form", "F-77", *WHY)
    done(office, "approval", "record", "kato", "--decision", "R8-77", *WHY)
    return [*(pictures[login] for login in STAFF), photo]


def _first_run(office: Office) -> None:
    saved = office.folder / "plan.json"
    assert office.facectl("sync", "plan", "--no-photos", "--save", saved).exit_code == 12
    done(office, "sync", "approve", saved, "--decision", "2026-7", "--yes", *WHY)
    done(office, "sync", "apply", "--plan", saved, *WHY)
    saved.unlink()


def _coordinates(office: Office, pc: CachingPc) -> Iterator[bytes]:
    """Of everybody, as a PC opens them; nothing but samples is sealed there."""
    verifier = office.station.verifier(office.now)
    with as_role(office, Role.OPERATE) as connection:
        statement = Hosts(connection, office.slapd.tree).read(pc.name).statement
    assert statement is not None
    keys = open_epoch_keys(verifier, statement, pc.store.read())
    with office.slapd.admin() as admin:
        people = People(admin, office.slapd.tree).all()
    for person in people:
        assert person.face.template is not None
        checked = check_template(verifier, person.login, person.face.template)
        opened = open_template(checked, person.face.template_keys, keys, checked.header.predictor).coordinates
        assert FaceTemplate.decode(opened).encode() == opened
        yield opened


def test_the_directory_holds_nothing_that_the_page_does_not_name(lived: Lived) -> None:
    allowed = read_list()
    assert [fault for entry in lived.entries for fault in allowed.faults(entry)] == []
    _everything_was_there(lived.entries, allowed)
    _erased_people_are_gone(lived, allowed)
    _no_face_lies_anywhere(lived)
    _each_account_is_hashed(lived.entries)
    _the_servers_file_keeps_it_until_it_is_rebuilt(lived)


def _everything_was_there(entries: Iterable[Entry], allowed: AllowList) -> None:
    """What the page names and no realm has would be a hole in this test."""
    records = [
        record
        for entry in entries
        for name, values in entry.attributes.items()
        for value in values
        for record in records_in(name, value)
    ]
    said = {(record.kind, path) for record in records for path, _value in flat(record.body)}
    assert {(kind, path) for kind, paths in allowed.said.items() for path in paths} - said == NEVER_SAID
    held = {(entry.kind, name.lower()) for entry in entries for name in entry.attributes}
    assert {each for each in allowed.attributes if each[0] != "any"} - held == set()


def _erased_people_are_gone(lived: Lived, allowed: AllowList) -> None:
    for login, words in ERASED.items():
        entry = lived.person(login)
        for name, values in entry.attributes.items():
            after = allowed.after_erasure("person", name)
            assert after in ("stays", "the login name"), f"{login}: {name}"
            if after == "the login name":
                assert values == [login.encode()]
        for word in words:
            assert not [where for where, data in _everywhere(lived) if word.encode() in data], f"{word} of {login}"
    consent = parse(lived.person("kato").attributes["facedconsent"][0]).unverified
    assert consent.body["withdrawn"] is True


def _everywhere(lived: Lived) -> Iterator[tuple[str, bytes]]:
    """All that lies in the directory, on the PCs and on the station; of tombstones the rest, without the number."""
    for entry in lived.entries:
        yield entry.dn, entry.dn.encode()
        for name, values in entry.attributes.items():
            for value in values:
                yield f"{entry.dn} {name}", _without_number(value) if name == "facedtombstone" else value
    for path in _files(lived):
        data = path.read_bytes()
        yield str(path), _without_number(data) if path.suffix == ".tombstone" else data


def _files(lived: Lived) -> Iterator[Path]:
    """Of the station and the PCs: keys, caches, serials, records, configuration."""
    return (path for path in lived.office.folder.rglob("*") if path.is_file())


def _without_number(tombstone: bytes) -> bytes:
    body: dict[str, Any] = dict(parse(tombstone).unverified.body)
    erased = dict(body["erased"])
    assert erased.pop("staff") in {words[2] for words in ERASED.values()}
    return encoding.encode({**body, "erased": erased})


def _no_face_lies_anywhere(lived: Lived) -> None:
    faces = FaceTraces(lived.coordinates)
    assert all(faces.are_in(b"with something before it" + face) for face in lived.coordinates)
    for where, data in _everywhere(lived):
        assert not faces.are_in(data), where
        assert not [magic for magic in PICTURES if magic in data], where
        assert not [photo for photo in lived.photos if photo[-64:-16] in data], where


def _each_account_is_hashed(entries: Iterable[Entry]) -> None:
    passwords = [value for entry in entries for value in entry.attributes.get("userpassword", [])]
    assert len(passwords) > 5
    assert all(password.startswith(b"{SSHA}") for password in passwords)


def _the_servers_file_keeps_it_until_it_is_rebuilt(lived: Lived) -> None:
    """What the page says is not promised, and what it says to do about it."""
    slapd = lived.office.slapd
    words = [word for name, mail, _number in ERASED.values() for word in (name.encode(), mail.encode())]

    def left() -> int:
        return sum(path.read_bytes().count(word) for path in slapd.database.iterdir() for word in words)

    assert left()
    slapd.rebuild()
    assert not left()
    assert [(entry.dn, entry.attributes) for entry in dump(slapd)] == [
        (entry.dn, entry.attributes) for entry in lived.entries
    ]


@pytest.mark.parametrize(
    ("kind", "attribute", "body", "fault"),
    [
        ("person", "employeeType", None, "employeeType of a person"),
        ("person", "jpegPhoto", None, "jpegPhoto of a person"),
        ("PC", "facedTemplate", None, "facedTemplate of a PC"),
        ("person", "facedUnlock", {"host": "", "name": "Tanaka"}, "unlock: name"),
        ("person", "facedUnlock", {"host": b"pc-1"}, "unlock: host is no text"),
        ("person", "facedTemplate", {"provenance": {"photo": bytes(17)}}, "provenance.photo is no 16 bytes or empty"),
        ("person", "facedTemplate", {"provenance": {"category": "part-time"}}, "template: provenance.category"),
        ("realm", "facedManifest", {"minimum_serials": {"tanaka.h": "x"}}, "minimum_serials.* is no number"),
    ],
)
def test_what_the_page_does_not_name_is_found(kind: str, attribute: str, body: Any, fault: str) -> None:
    """Otherwise the test of the whole directory could not fail."""
    words = {"facedUnlock": Kind.UNLOCK, "facedTemplate": Kind.TEMPLATE, "facedManifest": Kind.MANIFEST}
    key = SigningKey.generate()
    value = b"regular"
    if body is not None:
        issuer = key_id(bytes(key.verify_key))
        value = Statement(words[attribute], bytes(16), "tanaka", 1, 1, 2, issuer, body).sign(key)
    [found] = read_list().faults(Entry(kind, "uid=tanaka", {attribute: [value]}))
    assert found.endswith(fault)
