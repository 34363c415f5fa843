from __future__ import annotations

from collections.abc import Iterator

import pytest

from faced.config import DirectoryConfig
from faced.directory.connection import Connection
from faced.directory.people import People
from faced.directory.tree import RoleAccount, Tree
from faced.errors import AmbiguousEntry, DirectoryError, NotInDirectory
from tests.directory.conftest import KEYS, TEMPLATE, enrol
from tests.rig.slapd import PrivateSlapd


@pytest.fixture(scope="module")
def slapd() -> Iterator[PrivateSlapd]:
    with PrivateSlapd() as running:
        enrol(running, "tanaka")
        yield running


@pytest.fixture
def admin(slapd: PrivateSlapd) -> Iterator[Connection]:
    with slapd.admin() as connection:
        yield connection


@pytest.fixture
def people(slapd: PrivateSlapd, admin: Connection) -> People:
    return People(admin, slapd.tree)


def test_a_person_is_what_was_written_and_nothing_more(people: People, admin: Connection) -> None:
    tanaka = people.find("tanaka")
    assert (tanaka.login, tanaka.staff_number, tanaka.name) == ("tanaka", "N-tanaka", "氏名 tanaka")
    assert (tanaka.mail, tanaka.groups) == ("tanaka@example.jp", ("default",))
    assert tanaka.face == people.face("tanaka")
    assert (tanaka.face.template, set(tanaka.face.template_keys)) == (TEMPLATE, set(KEYS))
    # Requirement R7: staff number, name, mail address, face authentication data.
    assert set(admin.read(tanaka.dn, ["*"]).attributes) == {
        *("objectclass", "uid", "employeenumber", "cn", "sn", "mail"),
        *("facedtemplate", "facedtemplatekey", "facedkeygroup"),
    }


@pytest.mark.parametrize("spelling", ["TANAKA", "Tanaka", "tanaka ", " tanaka", "ｔａｎａｋａ"])
def test_only_the_canonical_spelling_is_this_person(people: People, admin: Connection, spelling: str) -> None:
    with pytest.raises(NotInDirectory):
        people.find(spelling)


def test_the_directory_itself_would_have_taken_another_spelling(slapd: PrivateSlapd, admin: Connection) -> None:
    assert admin.find(slapd.tree.people, "(uid=TANAKA)", ["uid"]).text("uid") == "tanaka"


@pytest.mark.parametrize("login", ["*", "tan*", "tanaka)(uid=*", "nobody", "\\74anaka", "a\0b", "tanaka,ou=x"])
def test_a_name_is_a_name_and_not_a_pattern(people: People, login: str) -> None:
    with pytest.raises(NotInDirectory):
        people.face(login)


def test_awkward_names_are_written_and_found(people: People) -> None:
    for login in ("o'brien", "a+b=c", "x,y", "m\\n", "山田", "q*(r)", "#hash", 'quo"te', "semi;colon"):
        people.add(login, staff_number="1", name=login, mail="", groups=["default"])
        people.enrol(login, TEMPLATE, KEYS, ["default"])
        assert people.find(login).face.template == TEMPLATE
        people.remove(login)
        with pytest.raises(NotInDirectory):
            people.find(login)


def test_two_entries_of_one_name_are_nobody(people: People, admin: Connection, slapd: PrivateSlapd) -> None:
    people.add("twin", staff_number="1", name="One", mail="", groups=["default"])
    admin.add(f"ou=branch,{slapd.tree.people}", ["organizationalUnit"], {})
    admin.add(f"uid=twin,ou=branch,{slapd.tree.people}", ["inetOrgPerson"], {"cn": [b"Two"], "sn": [b"Two"]})
    with pytest.raises(AmbiguousEntry):
        people.find("twin")
    with pytest.raises(AmbiguousEntry):
        people.enrol("twin", TEMPLATE, KEYS, ["default"])


def test_a_person_is_not_added_twice(people: People) -> None:
    with pytest.raises(DirectoryError) as exists:
        people.add("tanaka", staff_number="2", name="Another", mail="", groups=["default"])
    assert exists.value.reason == "exists"
    assert people.find("tanaka").staff_number == "N-tanaka"


def test_a_new_template_takes_the_place_of_the_old_with_its_keys(people: People) -> None:
    people.add("mori", staff_number="3", name="森", mail="mori@example.jp", groups=["a"])
    people.enrol("mori", b"first", [b"k1", b"k2"], ["a", "b"])
    people.enrol("mori", b"second", [b"k3"], ["b"])
    mori = people.find("mori")
    assert (mori.face.template, mori.face.template_keys, mori.groups) == (b"second", (b"k3",), ("b",))


def test_keys_are_exchanged_without_the_template(people: People) -> None:
    people.add("endo", staff_number="5", name="遠藤", mail="", groups=["a"])
    people.enrol("endo", b"template", [b"k1", b"k2"], ["a"])
    holder = next(holder for holder in people.key_holders() if holder.login == "endo")
    people.exchange_keys(holder, [b"k2", b"k3"])
    endo = people.find("endo")
    assert (endo.face.template, set(endo.face.template_keys), endo.groups) == (b"template", {b"k2", b"k3"}, ("a",))
    people.exchange_keys(people.keys_of(holder), [])
    assert people.keys_of(holder).keys == ()
    assert all(each.login != "endo" for each in people.key_holders())


def test_who_is_enrolled_again_meanwhile_keeps_the_new_keys(people: People) -> None:
    people.add("ono", staff_number="6", name="小野", mail="", groups=["a"])
    people.enrol("ono", b"first", [b"k1", b"k2"], ["a"])
    holder = next(holder for holder in people.key_holders() if holder.login == "ono")
    people.enrol("ono", b"second", [b"k2", b"k3"], ["a"])
    with pytest.raises(DirectoryError) as refused:
        people.exchange_keys(holder, [b"k1", b"k2", b"k9"])
    assert refused.value.reason == "no_such_value"
    assert set(people.find("ono").face.template_keys) == {b"k2", b"k3"}


def test_erasing_leaves_the_tombstone_and_can_be_repeated(people: People) -> None:
    people.add("hara", staff_number="4", name="原", mail="", groups=["a"])
    people.enrol("hara", b"template", [b"key"], ["a"])
    people.bury("hara", b"tombstone")
    people.exempt("hara", b"exemption")
    people.unlock("hara", b"unlock")
    people.consent("hara", b"consent")
    people.approve("hara", b"approval")
    people.suspend("hara", b"suspension")
    for _again in range(2):
        people.erase("hara")
        face = people.face("hara")
        assert (face.template, face.template_keys, face.tombstone, face.empty) == (None, (), b"tombstone", False)
        assert (face.exemption, face.unlock) == (None, None)
        assert (face.consent, face.approval, face.suspension) == (b"consent", b"approval", b"suspension")


def test_a_new_exemption_takes_the_place_of_the_old_and_leaves_the_template(people: People) -> None:
    people.exempt("tanaka", b"first")
    people.exempt("tanaka", b"second")
    face = people.find("tanaka").face
    assert (face.template, face.exemption) == (TEMPLATE, b"second")
    assert people.face("tanaka") == face


def test_what_is_too_large_is_not_written(people: People) -> None:
    for template, keys, groups in (
        (b"x" * 20_000, [b"k"], ["a"]),
        (b"", [b"k"], ["a"]),
        (b"t", [b"k" * 600], ["a"]),
        (b"t", [str(n).encode() for n in range(40)], ["a"]),
        (b"t", [b"k"], ["g" * 65]),
    ):
        with pytest.raises(DirectoryError) as refused:
            people.enrol("tanaka", template, keys, groups)
        assert refused.value.reason == "oversize"
    with pytest.raises(DirectoryError):
        people.bury("tanaka", b"x" * 3000)
    with pytest.raises(DirectoryError):
        people.exempt("tanaka", b"x" * 2000)
    assert people.find("tanaka").face.template == TEMPLATE


def test_what_somebody_else_wrote_too_large_is_not_read(people: People, admin: Connection) -> None:
    people.add("huge", staff_number="5", name="Huge", mail="", groups=["a"])
    admin.modify(people.find("huge").dn, replace={"facedTemplate": [b"x" * 20_000]})
    with pytest.raises(DirectoryError) as refused:
        people.face("huge")
    assert refused.value.reason == "oversize"
    people.remove("huge")


def test_everybody_is_listed(slapd: PrivateSlapd, people: People) -> None:
    counts: list[int] = []
    listed = people.all(progress=counts.append)
    assert "tanaka" in {person.login for person in listed}
    assert counts[-1] == len(listed)
    assert next(person for person in listed if person.login == "tanaka") == people.find("tanaka")


def test_sealed_bytes_never_show_in_a_repr(people: People) -> None:
    assert "sealed template" not in repr(people.find("tanaka"))


def test_people_on_an_existing_tree_get_our_class_and_lose_it_again() -> None:
    """The city's people live elsewhere; what is not ours stays as it was."""
    with PrivateSlapd(people_base="ou=staff,dc=example,dc=jp") as slapd:
        dn = f"uid=ono,ou=tax,{slapd.tree.people}"
        with slapd.admin() as admin:
            admin.add(f"ou=tax,{slapd.tree.people}", ["organizationalUnit"], {})
            admin.add(
                dn,
                ["inetOrgPerson"],
                {"cn": ["小野".encode()], "sn": [b"Ono"], "telephoneNumber": [b"1234"], "userPassword": [b"x"]},
            )
            before = admin.read(dn, ["*"])
        password = slapd.add_host("pc-1", ["tax"])
        with slapd.role(RoleAccount.ENROL) as connection:
            people = People(connection, slapd.tree)
            assert people.all() == ()
            people.enrol("ono", TEMPLATE, KEYS, ["tax"])
            people.enrol("ono", TEMPLATE, KEYS, ["tax"])
            assert [person.login for person in people.all()] == ["ono"]
        with slapd.connector(slapd.tree.host("pc-1"), password).connect() as pc:
            assert People(pc, slapd.tree).face("ono").template == TEMPLATE
        with slapd.role(RoleAccount.REVOKE) as connection:
            People(connection, slapd.tree).bury("ono", b"tombstone")
            People(connection, slapd.tree).detach("ono")
            People(connection, slapd.tree).detach("ono")
        with slapd.admin() as admin:
            assert admin.read(dn, ["*"]) == before


def test_the_tree_has_its_names() -> None:
    tree = Tree("dc=example,dc=jp")
    assert tree.person("a,b") == "uid=a\\,b,ou=people,dc=example,dc=jp"
    assert tree.host("pc-1") == "cn=pc-1,ou=hosts,dc=example,dc=jp"
    assert tree.role(RoleAccount.AUDIT) == "cn=audit,ou=roles,dc=example,dc=jp"
    assert Tree.configured(DirectoryConfig(base="dc=x")).people == "ou=people,dc=x"
    assert Tree.configured(DirectoryConfig(base="dc=x", people_base="ou=staff,dc=y")).people == "ou=staff,dc=y"
