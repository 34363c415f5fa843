"""One hit is one hit, a list is the whole list, and nothing waits or grows for ever."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator

import pytest

from faced.directory.connection import Entry, Limits, equals
from faced.directory.connector import Account, Connector
from faced.directory.tree import RoleAccount
from faced.errors import AmbiguousEntry, DirectoryError, DirectoryUnavailable, NotAllowed, NotInDirectory
from tests.rig.ldap_peer import LdapPeer, answers_with, ignores_paging, tls_server
from tests.rig.pki import Authority
from tests.rig.slapd import PrivateSlapd

AT_LAST_S = 10.0


def people_ldif(slapd: PrivateSlapd, count: int) -> str:
    return "".join(
        f"dn: uid=m{n:03},{slapd.tree.people}\nobjectClass: inetOrgPerson\nobjectClass: facedPerson\n"
        f"uid: m{n:03}\ncn: M\nsn: M\nfacedKeyGroup: default\n\n"
        for n in range(count)
    )


@pytest.fixture(scope="module")
def populated() -> Iterator[PrivateSlapd]:
    with PrivateSlapd(size_limit=10) as slapd:
        slapd.load(people_ldif(slapd, 30))
        yield slapd


def test_a_filter_is_escaped() -> None:
    assert equals(uid="a*b(c)d\\e\0") == "(uid=a\\2ab\\28c\\29d\\5ce\\00)"
    assert equals(objectClass="person", uid="田中") == "(&(objectClass=person)(uid=田中))"


def test_an_entry_that_is_not_there_and_one_of_several(populated: PrivateSlapd) -> None:
    with populated.admin() as admin:
        with pytest.raises(NotInDirectory):
            admin.find(populated.tree.people, equals(uid="nobody"), ["uid"])
        with pytest.raises(NotInDirectory):
            admin.read(f"cn=none,{populated.tree.base}", ["cn"])
        with pytest.raises(AmbiguousEntry):
            admin.find(populated.tree.people, equals(cn="M"), ["uid"])
        assert admin.find(populated.tree.people, equals(uid="m007"), ["uid"]).text("UID") == "m007"


def test_only_the_attributes_asked_for_come_back(populated: PrivateSlapd) -> None:
    with populated.admin() as admin:
        assert set(admin.find(populated.tree.people, equals(uid="m007"), ["cn"]).attributes) == {"cn"}
        assert not admin.find(populated.tree.people, equals(uid="m007"), []).attributes


def test_a_list_is_whole_over_many_pages_and_beyond_the_size_limit(populated: PrivateSlapd) -> None:
    seen: list[int] = []
    with populated.role(RoleAccount.AUDIT) as connection:
        entries = list(
            connection.find_all(
                populated.tree.people, equals(objectClass="facedPerson"), ["uid"], page_size=7, progress=seen.append
            )
        )
    assert sorted(entry.text("uid") for entry in entries) == [f"m{n:03}" for n in range(30)]
    assert seen == [7, 14, 21, 28, 30]


def test_an_empty_list_is_a_list(populated: PrivateSlapd) -> None:
    with populated.role(RoleAccount.AUDIT) as connection:
        assert list(connection.find_all(populated.tree.people, equals(uid="none"), ["uid"])) == []


@pytest.mark.parametrize("page_size", [7, 250])
def test_a_list_cut_off_by_the_server_is_an_error_and_not_a_list(populated: PrivateSlapd, page_size: int) -> None:
    password = populated.add_host(f"pc-{page_size}", ["default"])
    with populated.connector(populated.tree.host(f"pc-{page_size}"), password).connect() as connection:
        with pytest.raises(DirectoryError, match="stopped before the end") as cut:
            list(
                connection.find_all(
                    populated.tree.people, equals(objectClass="facedPerson"), ["uid"], page_size=page_size
                )
            )
    assert cut.value.reason == "truncated"


def test_a_server_that_ignores_pages_is_not_believed_to_have_sent_all(authority: Authority) -> None:
    certificate = authority.issue("pageless")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with LdapPeer(tls_server(context, ignores_paging)) as peer:
        connector = Connector([peer.tls_url], authority.certificate, Account("cn=x", "y"), timeout_s=20)
        with connector.connect() as connection, pytest.raises(DirectoryError, match="in pages") as refused:
            list(connection.find_all("dc=x", equals(objectClass="person"), ["uid"]))
        assert refused.value.reason == "truncated"


def answered_by(authority: Authority, entry: str) -> Entry:
    """What is made of an entry with this content (hexadecimal)."""
    certificate = authority.issue("nonsense")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with LdapPeer(tls_server(context, answers_with(bytes.fromhex(entry)))) as peer:
        connector = Connector([peer.tls_url], authority.certificate, Account("cn=x", "y"), timeout_s=20)
        with connector.connect() as connection:
            return connection.read("cn=x", ["cn"])


def test_an_entry_byte_by_byte(authority: Authority) -> None:
    entry = answered_by(authority, "0404636e3d78 300b 3009 0402436e 3103 040141")
    assert (entry.dn, entry.all("cn")) == ("cn=x", (b"A",))
    assert answered_by(authority, "0404636e3d78 3008 3006 0402436e 3100").all("cn") == ()


@pytest.mark.parametrize(
    "entry",
    [
        *("", "0404636e3d78", "020101 3000", "0404636e3d78 020101", "0404636e3d78 3003 020101"),
        *("0404636e3d78 3005 3003 020101", "0404636e3d78 300b 3009 3002 0500 3103 040141"),
        *("0404636e3d78 300b 3009 0402ffff 3103 040141", "0404636e3d78 300b 3009 0402436e 3103 020141"),
        "0404636e3d78 300b 3009 0402436e 3103 300141",
    ],
)
def test_an_entry_that_is_none_ends_the_connection(authority: Authority, entry: str) -> None:
    with pytest.raises(DirectoryUnavailable):
        answered_by(authority, entry)


def test_a_list_of_a_place_that_does_not_exist_is_an_error(populated: PrivateSlapd) -> None:
    with populated.admin() as admin, pytest.raises(NotInDirectory):
        list(admin.find_all(f"ou=nowhere,{populated.tree.base}", equals(objectClass="person"), ["uid"]))


def test_a_server_killed_between_pages_is_an_error_and_not_a_list(own_slapd: PrivateSlapd) -> None:
    own_slapd.load(people_ldif(own_slapd, 30))
    with own_slapd.admin() as admin:
        listing = admin.find_all(own_slapd.tree.people, equals(objectClass="person"), ["uid"], page_size=10)
        got = [next(listing)]
        own_slapd.kill()
        with pytest.raises(DirectoryUnavailable):
            got.extend(listing)
        with pytest.raises(DirectoryUnavailable):
            admin.read(own_slapd.tree.realm, ["cn"])


def test_a_server_that_hangs_is_left_at_the_deadline(own_slapd: PrivateSlapd) -> None:
    account = Account(own_slapd.admin_dn, own_slapd.admin_password)
    patient = Connector([own_slapd.ldaps_url], own_slapd.ca_file, account, timeout_s=10)
    with patient.connect(within_s=2.0) as connection:
        own_slapd.freeze()
        started = time.monotonic()
        with pytest.raises(DirectoryUnavailable, match="in time"):
            connection.read(own_slapd.tree.realm, ["cn"])
        assert time.monotonic() - started < AT_LAST_S
        own_slapd.thaw()
        with pytest.raises(DirectoryUnavailable):
            connection.read(own_slapd.tree.realm, ["cn"])


def test_the_deadline_of_a_visit_covers_all_its_questions(slapd: PrivateSlapd) -> None:
    now = [0.0]
    account = Account(slapd.admin_dn, slapd.admin_password)
    connector = Connector([slapd.ldaps_url], slapd.ca_file, account, timeout_s=20, monotonic=lambda: now[0])
    with connector.connect(within_s=20) as connection:
        now[0] += 19.9
        connection.read(slapd.tree.realm, ["cn"])
        now[0] += 0.2
        with pytest.raises(DirectoryUnavailable, match="in time"):
            connection.read(slapd.tree.realm, ["cn"])
    now[0] = 0.0
    with connector.connect() as connection:
        now[0] += 1000
        connection.read(slapd.tree.realm, ["cn"])


def test_values_larger_than_expected_are_refused(slapd: PrivateSlapd) -> None:
    with slapd.admin() as admin:
        admin.modify(slapd.tree.realm, replace={"description": [b"x" * 5000, b"y", b"z"]})
    for limits in (Limits(value_bytes=4999), Limits(values=2)):
        with slapd.connector(slapd.admin_dn, slapd.admin_password, limits=limits).connect() as connection:
            with pytest.raises(DirectoryError, match="larger than anything") as refused:
                connection.read(slapd.tree.realm, ["description"])
            assert refused.value.reason == "oversize"
    with slapd.connector(
        slapd.admin_dn, slapd.admin_password, limits=Limits(answer_bytes=4000)
    ).connect() as connection:
        with pytest.raises(DirectoryUnavailable, match="more than 4000 bytes") as refused_whole:
            connection.read(slapd.tree.realm, ["description"])
        assert refused_whole.value.reason == "oversize"
        with pytest.raises(DirectoryUnavailable, match="closed") as closed:
            connection.read(slapd.tree.realm, ["cn"])
        assert closed.value.reason == "directory_unavailable"


def test_a_referral_is_an_error_and_is_not_followed(own_slapd: PrivateSlapd) -> None:
    own_slapd.load(
        f"dn: ou=elsewhere,{own_slapd.tree.people}\nobjectClass: referral\nobjectClass: extensibleObject\n"
        f"ou: elsewhere\nref: ldap://192.0.2.1/ou=people,dc=other\n\n" + people_ldif(own_slapd, 2)
    )
    with own_slapd.admin() as admin:
        with pytest.raises(DirectoryError, match="on another server") as refused:
            list(admin.find_all(own_slapd.tree.people, equals(objectClass="person"), ["uid"]))
        assert refused.value.reason == "referral"
        with pytest.raises(DirectoryError, match="on another server|refused a request"):
            admin.find(own_slapd.tree.people, equals(uid="m000"), ["uid"])


def test_changes_say_what_was_wrong(slapd: PrivateSlapd) -> None:
    tree = slapd.tree
    with slapd.admin() as admin:
        with pytest.raises(DirectoryError) as exists:
            admin.add(tree.realm, ["applicationProcess"], {})
        assert exists.value.reason == "exists"
        with pytest.raises(NotInDirectory):
            admin.modify(f"cn=none,{tree.base}", replace={"cn": [b"x"]})
        with pytest.raises(DirectoryError, match="refused a request"):
            admin.modify(tree.realm, replace={"facedManifest": [b"one", b"two"]})
        assert admin.read(tree.realm, ["facedManifest"]).one("facedManifest") is None
    with slapd.role(RoleAccount.AUDIT) as audit, pytest.raises(NotAllowed):
        audit.modify(tree.realm, replace={"description": [b"x"]})


def test_bytes_arrive_as_they_were_sent(slapd: PrivateSlapd) -> None:
    every = bytes(range(256))
    with slapd.admin() as admin:
        admin.modify(slapd.tree.realm, replace={"facedManifest": [every]})
        assert admin.read(slapd.tree.realm, ["facedManifest"]).one("facedManifest") == every
        admin.modify(slapd.tree.realm, replace={"facedManifest": []})
        assert admin.read(slapd.tree.realm, ["facedManifest"]).one("facedManifest") is None


def test_names_are_read_without_regard_to_case_and_options_are_part_of_them(slapd: PrivateSlapd) -> None:
    dn = f"uid=optional,{slapd.tree.people}"
    with slapd.admin() as admin:
        admin.add(dn, ["inetOrgPerson"], {"cn": [b"A", b"B"], "sn": [b"A"], "CN;Lang-Ja": ["田中".encode()]})
        entry = admin.read(dn, ["cn"])
        assert set(entry.attributes) == {"cn", "cn;lang-ja"}
        assert sorted(entry.all("CN")) == [b"A", b"B"]
        assert entry.text("cn;lang-ja") == "田中"
        admin.remove(dn)


def test_an_attribute_with_several_values_is_not_one() -> None:
    entry = Entry("cn=x", {"cn": (b"a", b"b")})
    with pytest.raises(DirectoryError, match="2 values of CN"):
        entry.one("CN")
    assert entry.all("missing") == ()
    assert entry.text("missing") == ""
