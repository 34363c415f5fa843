"""The personnel section's directory: everybody or an error, and what is wrong with one person concerns that one."""

from __future__ import annotations

import dataclasses
import ssl
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from faced.config import AttributesConfig
from faced.directory.connection import Entry
from faced.directory.personnel import (
    LdapPersonnel,
    PersonnelRecord,
    UnusablePhoto,
    photo_in,
    record_of,
    with_duplicates,
)
from faced.dummy import encode_jpeg, staff
from faced.dummy.staff import StaffMember
from faced.errors import AccountRefused, ConfigError, DirectoryError, DirectoryUnavailable, NotInDirectory
from tests.rig.ldap_peer import LdapPeer, ignores_paging, tls_server
from tests.rig.personnel import PersonnelSlapd
from tests.rig.pki import Authority

MEMBERS = staff(20)
MB = 1024**2


@pytest.fixture(scope="module")
def photos() -> dict[str, bytes]:
    """One small picture for each; whose face it is does not matter to a directory."""
    return {
        member.login: encode_jpeg(np.full((30, 24, 3), index * 10, np.uint8)) for index, member in enumerate(MEMBERS)
    }


@pytest.fixture(scope="module")
def hr(photos: dict[str, bytes], authority: Authority) -> Iterator[PersonnelSlapd]:
    with PersonnelSlapd(authority=authority) as slapd:
        slapd.fill(MEMBERS, photos)
        yield slapd


@pytest.fixture
def own_hr(photos: dict[str, bytes], authority: Authority) -> Iterator[PersonnelSlapd]:
    """One that a test may fill, stop and kill."""
    with PersonnelSlapd(authority=authority) as slapd:
        slapd.fill(MEMBERS, photos)
        yield slapd


def source(slapd: PersonnelSlapd, *, most_photo_bytes: int = 16 * MB, **changes: object) -> LdapPersonnel:
    return LdapPersonnel(slapd.config(**changes), slapd.reader_password, most_photo_bytes=most_photo_bytes)


def alone(slapd: PersonnelSlapd, *entries: str) -> PersonnelSlapd:
    """A directory with these people and nobody else."""
    slapd.fill([], {}, "".join(entries))
    return slapd


@pytest.fixture
def empty_hr(authority: Authority) -> Iterator[PersonnelSlapd]:
    with PersonnelSlapd(authority=authority) as slapd:
        yield slapd


def key_of(member: StaffMember, slapd: PersonnelSlapd) -> str:
    return f"uid={member.login},{slapd.staff}"


def test_the_staff_are_read_as_they_are_there(hr: PersonnelSlapd) -> None:
    records = {record.login: record for record in source(hr).records()}
    assert set(records) == {member.login for member in MEMBERS}
    for member in MEMBERS:
        found = records[member.login]
        assert (found.staff_number, found.name, found.mail) == (member.number, member.name, member.mail)
        assert (found.category, found.starts, found.ends) == (member.category.value, None, None)
        assert (found.key, found.faults) == (key_of(member, hr), ())
    revisions = {record.revision for record in records.values()}
    assert len(revisions) == len(MEMBERS) and b"" not in revisions


def test_a_name_in_kanji_is_asked_for_with_its_option(hr: PersonnelSlapd) -> None:
    records = source(hr, attributes=AttributesConfig(name="cn;lang-ja")).records()
    assert {record.name for record in records} == {member.japanese_name for member in MEMBERS}


def test_what_the_directory_does_not_have_is_not_asked_for(hr: PersonnelSlapd) -> None:
    records = source(hr, attributes=AttributesConfig(mail="")).records()
    assert {record.mail for record in records} == {""}
    assert not any(record.faults for record in records)


@pytest.mark.parametrize("way", ["ldaps", "starttls"])
def test_the_list_is_whole_over_many_pages(hr: PersonnelSlapd, way: str) -> None:
    seen: list[int] = []
    url = hr.ldaps_url if way == "ldaps" else hr.starttls_url
    records = source(hr, page_size=7, servers=(url,)).records(progress=seen.append)
    assert len({record.login for record in records}) == len(MEMBERS)
    assert seen == [7, 14, 20]


def test_a_second_server_is_asked_when_the_first_is_away(hr: PersonnelSlapd, own_hr: PersonnelSlapd) -> None:
    own_hr.kill()
    assert len(source(hr, servers=(own_hr.ldaps_url, hr.ldaps_url)).records()) == len(MEMBERS)


def test_no_photo_and_nothing_unnamed_is_asked_for_with_the_list(authority: Authority, hr: PersonnelSlapd) -> None:
    certificate = authority.issue("pageless-hr")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with LdapPeer(tls_server(context, ignores_paging)) as peer:
        with pytest.raises(DirectoryError) as refused:
            source(hr, servers=(peer.tls_url,)).records()
        assert refused.value.reason == "truncated", "without pages nobody can tell whether a list is whole"
        assert b"employeeNumber" in peer.received
        assert b"jpegPhoto" not in peer.received
        assert b"\x04\x01*" not in peer.received, "the attribute that means all of them"


def test_a_server_killed_between_pages_gives_no_list(own_hr: PersonnelSlapd) -> None:
    with pytest.raises(DirectoryUnavailable):
        source(own_hr, page_size=7).records(progress=lambda _count: own_hr.kill())


def test_a_server_that_hangs_is_left_at_the_deadline(own_hr: PersonnelSlapd) -> None:
    started = time.monotonic()
    try:
        with pytest.raises(DirectoryUnavailable, match="in time"):
            source(own_hr, page_size=7, timeout_s=1.0).records(progress=lambda _count: own_hr.freeze())
    finally:
        own_hr.thaw()
    assert time.monotonic() - started < 10


def test_a_server_that_drips_page_after_page_is_left_in_the_end(hr: PersonnelSlapd) -> None:
    now = [0.0]

    def a_slow_page(_count: int) -> None:
        now[0] += 400

    slow = LdapPersonnel(
        hr.config(page_size=7, timeout_s=10.0), hr.reader_password, most_photo_bytes=MB, monotonic=lambda: now[0]
    )
    with pytest.raises(DirectoryUnavailable, match="takes too long"):
        slow.records(progress=a_slow_page)


@pytest.mark.parametrize("page_size", [7, 250])
def test_a_server_that_limits_the_size_gives_no_list(
    photos: dict[str, bytes], authority: Authority, page_size: int
) -> None:
    with PersonnelSlapd(authority=authority, most=10) as slapd:
        slapd.fill(MEMBERS, photos)
        with pytest.raises(DirectoryError, match="stopped before the end") as refused:
            source(slapd, page_size=page_size).records()
        assert refused.value.reason == "truncated"


def test_more_people_than_a_town_hall_has_are_no_list(hr: PersonnelSlapd) -> None:
    def limited(most: int) -> LdapPersonnel:
        return LdapPersonnel(hr.config(page_size=5), hr.reader_password, most_photo_bytes=MB, most_people=most)

    assert len(limited(20).records()) == 20
    with pytest.raises(DirectoryError, match="More than 19") as refused:
        limited(19).records()
    assert refused.value.reason == "too_many"


def test_a_wrong_password_says_where_to_look(hr: PersonnelSlapd) -> None:
    wrong = LdapPersonnel(hr.config(), "correct horse", most_photo_bytes=MB)
    for attempt in (wrong.records, wrong.pictured, lambda: list(wrong.photos([key_of(MEMBERS[0], hr)]))):
        with pytest.raises(AccountRefused, match="bind_dn and the password file") as refused:
            attempt()
        assert "horse" not in str(refused.value)


def test_another_authority_is_not_believed(hr: PersonnelSlapd, other_authority: Authority) -> None:
    with pytest.raises(DirectoryUnavailable, match="no certificate that can be trusted"):
        source(hr, ca_file=other_authority.certificate).records()


def test_a_base_that_is_not_there_is_an_error_and_no_empty_staff(hr: PersonnelSlapd) -> None:
    with pytest.raises(NotInDirectory):
        source(hr, base=f"ou=nowhere,{hr.tree.base}").records()


def test_a_part_on_another_server_is_an_error(own_hr: PersonnelSlapd) -> None:
    own_hr.load(
        f"dn: ou=elsewhere,{own_hr.staff}\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\n"
        "ref: ldap://192.0.2.1/ou=staff,dc=other\n\n"
    )
    with pytest.raises(DirectoryError, match="on another server") as refused:
        source(own_hr).records()
    assert refused.value.reason == "referral"


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"uid": None}, ("no_login",)),
        ({"uid": "Tanaka"}, ("login",)),
        ({"uid": "müller"}, ("login",)),
        ({"uid": ["tanaka", "hanako"]}, ("several_values",)),
        ({"employeeNumber": None}, ("no_staff_number",)),
        ({"employeeNumber": "００１２３"}, ("staff_number",)),
        ({"cn": ["Hanako Tanaka", "田中 花子"]}, ("several_values",)),
        ({"cn": "田中\t花子"}, ("name",)),
        ({"cn": "x" * 2000}, ("too_large",)),
        ({"mail": "hanako at example"}, ("mail",)),
        ({"employeeType": ["regular", "part-time"]}, ("several_values",)),
        ({"roomNumber": "2026-13-45"}, ("date",)),
        ({"roomNumber": "2026-04-01", "departmentNumber": "2026-03-31"}, ("date",)),
        ({"uid": None, "employeeNumber": None, "mail": "x"}, ("no_login", "no_staff_number", "mail")),
        ({"uid": "  tanaka "}, ()),
        ({"cn": "Jürgen Müller"}, ()),
        ({"mail": None, "employeeType": None}, ()),
        ({"roomNumber": "2026/4/1", "departmentNumber": "20270331145959Z"}, ()),
    ],
)
def test_what_cannot_be_used_is_a_fault_of_that_person(
    empty_hr: PersonnelSlapd, changes: dict[str, str], faults: tuple[str, ...]
) -> None:
    alone(empty_hr, empty_hr.entry("tanaka", **changes), empty_hr.entry("sato"))
    attributes = AttributesConfig(starts="roomNumber", ends="departmentNumber")
    records = {record.key: record for record in source(empty_hr, attributes=attributes).records()}
    assert records[f"ou=tanaka,{empty_hr.staff}"].faults == faults
    assert records[f"ou=sato,{empty_hr.staff}"].faults == ()


def test_bytes_that_are_no_text_are_a_fault(empty_hr: PersonnelSlapd) -> None:
    # Photos and other octets are the only values that a directory takes unread.
    alone(empty_hr, empty_hr.entry("tanaka", jpegPhoto=b"\xff\xfe\xff"))
    (record,) = source(empty_hr, attributes=AttributesConfig(category="jpegPhoto", photo="audio")).records()
    assert (record.category, record.faults) == ("", ("not_text",))


def test_one_entry_without_measure_hides_nobody(empty_hr: PersonnelSlapd) -> None:
    alone(
        empty_hr,
        empty_hr.entry("tanaka", cn=[f"name {number}" for number in range(2000)], mail="x" * 2 * MB),
        empty_hr.entry("sato"),
    )
    faults = {record.login: record.faults for record in source(empty_hr).records()}
    assert faults == {"tanaka": ("several_values", "too_large"), "sato": ()}


def test_dates_are_days(empty_hr: PersonnelSlapd) -> None:
    alone(empty_hr, empty_hr.entry("tanaka", roomNumber="2026/4/1", departmentNumber="20270331145959Z"))
    attributes = AttributesConfig(starts="roomNumber", ends="departmentNumber")
    (record,) = source(empty_hr, attributes=attributes).records()
    assert (record.starts, record.ends) == (date(2026, 4, 1), date(2027, 3, 31))


def test_who_shares_a_login_name_or_a_number_is_marked_and_nobody_else(empty_hr: PersonnelSlapd) -> None:
    alone(
        empty_hr,
        empty_hr.entry("tanaka"),
        empty_hr.entry("tanaka2", uid="TANAKA"),
        empty_hr.entry("sato", employeeNumber="0012"),
        empty_hr.entry("sato2", employeeNumber="0012"),
        empty_hr.entry("ito"),
        empty_hr.entry("kato", uid=None),
        empty_hr.entry("mori", uid=None),
    )
    faults = {record.key.split(",")[0][3:]: record.faults for record in source(empty_hr).records()}
    assert faults == {
        "tanaka": ("duplicate_login",),
        "tanaka2": ("login", "duplicate_login"),
        "sato": ("duplicate_staff_number",),
        "sato2": ("duplicate_staff_number",),
        "ito": (),
        "kato": ("no_login",),
        "mori": ("no_login",),
    }


def test_a_number_that_is_somebody_elses_login_name_is_nobodys() -> None:
    def record(login: str, number: str) -> PersonnelRecord:
        values = {"login": login, "staff_number": number, "name": "T"}
        return record_of(values, revision=b"", key=login)

    one, other, same = with_duplicates([record("a1", "7"), record("b2", "A1"), record("c3", "c3")])
    assert (one.faults, other.faults, same.faults) == (("duplicate_login",), ("duplicate_staff_number",), ())


def test_photos_come_in_the_order_asked_for(hr: PersonnelSlapd, photos: dict[str, bytes]) -> None:
    wanted = [MEMBERS[index] for index in (5, 0, 19, 5)]
    got = list(source(hr).photos([key_of(member, hr) for member in wanted]))
    assert got == [(key_of(member, hr), photos[member.login]) for member in wanted]
    assert list(source(hr).photos([])) == []


def test_photos_of_every_size(empty_hr: PersonnelSlapd) -> None:
    sizes = {"small": 3, "large": 9 * MB, "sato": 100, "at-limit": 10 * MB, "above": 10 * MB + 1, "far-above": 12 * MB}
    alone(empty_hr, *(empty_hr.entry(login, jpegPhoto=b"\xff" * size) for login, size in sizes.items()))
    keys = {f"ou={login},{empty_hr.staff}": size for login, size in sizes.items()}
    refused = UnusablePhoto("photo_too_large")
    for key, photo in source(empty_hr, most_photo_bytes=10 * MB).photos(list(keys)):
        assert (photo == refused) if keys[key] > 10 * MB else (photo == b"\xff" * keys[key])


def test_who_has_no_photo_and_who_has_two(empty_hr: PersonnelSlapd) -> None:
    alone(empty_hr, empty_hr.entry("none"), empty_hr.entry("two", jpegPhoto=[b"\xff\xd8one", b"\xff\xd8two"]))
    keys = [f"ou={login},{empty_hr.staff}" for login in ("none", "two", "gone")]
    assert list(source(empty_hr).photos(keys)) == [
        (keys[0], None),
        (keys[1], UnusablePhoto("several_photos")),
        (keys[2], None),
    ]
    assert source(empty_hr).pictured() == {keys[1]}


def test_a_photo_with_the_transfer_option_is_one() -> None:
    # slapd's own schema gives the option to no attribute that holds pictures; other servers do.
    def photo(**attributes: tuple[bytes, ...]) -> bytes | UnusablePhoto | None:
        return photo_in(Entry("cn=x", {name.replace("_", ";"): each for name, each in attributes.items()}), "jpegPhoto")

    assert photo(jpegphoto_binary=(b"x",)) == photo(jpegphoto=(b"x",)) == b"x"
    assert photo(jpegphoto=(b"x",), jpegphoto_binary=(b"x",)) == UnusablePhoto("several_photos")
    assert photo(jpegphoto_lang=(b"x",)) is None


def test_a_record_changed_after_it_was_listed_gives_no_photo(own_hr: PersonnelSlapd, photos: dict[str, bytes]) -> None:
    personnel = source(own_hr)
    before = {record.key: record for record in personnel.records()}
    changed, other = key_of(MEMBERS[3], own_hr), key_of(MEMBERS[4], own_hr)
    with own_hr.admin() as admin:
        admin.modify(changed, replace={"jpegPhoto": [b"another face"]})
    got = dict(personnel.photos([changed, other]))
    assert got == {changed: UnusablePhoto("changed_meanwhile"), other: photos[MEMBERS[4].login]}
    after = {record.key: record for record in personnel.records()}
    assert {key for key in before if before[key].revision != after[key].revision} == {changed}
    assert dict(personnel.photos([changed])) == {changed: b"another face"}


def test_another_attribute_for_the_photo_is_another_revision(hr: PersonnelSlapd) -> None:
    one, other = (source(hr, attributes=AttributesConfig(photo=name)).records() for name in ("jpegPhoto", "audio"))
    assert not {record.revision for record in one} & {record.revision for record in other}


def test_a_stamp_in_whole_seconds_counts_when_its_second_is_over(
    photos: dict[str, bytes], authority: Authority
) -> None:
    with PersonnelSlapd(authority=authority, hidden=("entryCSN",)) as slapd:
        slapd.fill(MEMBERS[:1], {MEMBERS[0].login: photos[MEMBERS[0].login]})

        def revision(age_s: float) -> bytes:
            clock = time.time() + age_s
            personnel = LdapPersonnel(slapd.config(), slapd.reader_password, most_photo_bytes=MB, clock=lambda: clock)
            return personnel.records()[0].revision

        assert revision(0) == b"", "a second change in this second could not be told from the first"
        assert revision(-3600) == b"", "nor can one be told when the clocks disagree"
        assert revision(3600) == revision(7200) != b""


def test_a_server_without_stamps_cannot_tell(photos: dict[str, bytes], authority: Authority) -> None:
    with PersonnelSlapd(authority=authority, hidden=("entryCSN", "modifyTimestamp")) as slapd:
        slapd.fill(MEMBERS[:1], {MEMBERS[0].login: photos[MEMBERS[0].login]})
        personnel = source(slapd)
        (record,) = personnel.records()
        assert record.revision == b""
        assert dict(personnel.photos([record.key])) == {record.key: photos[MEMBERS[0].login]}


def test_a_server_that_was_restarted_between_photos_is_asked_again(
    own_hr: PersonnelSlapd, photos: dict[str, bytes]
) -> None:
    got = {}
    for key, photo in source(own_hr).photos([key_of(member, own_hr) for member in MEMBERS]):
        got[key] = photo
        if len(got) in (5, 12):
            own_hr.stop()
            own_hr.start()
    assert got == {key_of(member, own_hr): photos[member.login] for member in MEMBERS}


def test_a_server_that_stays_away_is_an_error(own_hr: PersonnelSlapd) -> None:
    stream = source(own_hr).photos([key_of(member, own_hr) for member in MEMBERS])
    next(stream)
    own_hr.kill()
    with pytest.raises(DirectoryUnavailable, match="cannot be reached"):
        list(stream)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"servers": ()}, "servers is missing under .personnel"),
        ({"base": ""}, "base is missing"),
        ({"bind_dn": ""}, "bind_dn is missing"),
        ({"filter": "objectClass=person"}, "is not an LDAP filter"),
        ({"filter": "(objectClass=person"}, "is not an LDAP filter"),
        ({"filter": "((uid=*)"}, "is not an LDAP filter"),
    ],
)
def test_an_incomplete_configuration_is_named(hr: PersonnelSlapd, changes: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        source(hr, **changes)


def test_the_password_comes_from_its_file(hr: PersonnelSlapd, tmp_path: Path) -> None:
    config = dataclasses.replace(hr.config(), password=tmp_path / "personnel.password")
    with pytest.raises(ConfigError, match="There is no password .*personnel.password"):
        LdapPersonnel.configured(config, most_photo_bytes=MB)
    config.password.write_text(hr.reader_password)
    with pytest.raises(ConfigError, match="chmod 600"):
        LdapPersonnel.configured(config, most_photo_bytes=MB)
    config.password.chmod(0o600)
    assert len(LdapPersonnel.configured(config, most_photo_bytes=MB).records()) == len(MEMBERS)
