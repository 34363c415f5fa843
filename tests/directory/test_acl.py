"""Who cannot do what, by real binds against a real slapd with etc/ldap's rules, from slapd.conf and from cn=config."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from faced.directory.connection import Connection, equals
from faced.directory.hosts import HostReport, Hosts
from faced.directory.people import People
from faced.directory.realm import RealmDocuments
from faced.directory.tree import RoleAccount
from faced.errors import AccountRefused, DirectoryError, DirectoryUnavailable, FacedError, NotAllowed, NotInDirectory
from tests.directory.conftest import KEYS, TEMPLATE, enrol
from tests.rig.slapd import PrivateSlapd

ENROL, APPROVE, OPERATE, MANIFEST, REVOKE, AUDIT, SYNC = RoleAccount
SEALED = [
    *("facedTemplate", "facedTemplateKey", "facedTombstone", "facedExemption", "facedUnlock", "facedEmergency"),
    *("facedConsent", "facedApproval", "facedSuspension"),
]
PERSONAL = ["employeeNumber", "cn", "sn", "mail"]


@dataclass(frozen=True)
class Site:
    """A small site: pc-tax shares the group tax with sato and kato, and none with suzuki."""

    slapd: PrivateSlapd
    pc_tax: str
    pc_hall: str

    def host(self, name: str = "pc-tax") -> Connection:
        password = {"pc-tax": self.pc_tax, "pc-hall": self.pc_hall}[name]
        return self.slapd.connector(self.slapd.tree.host(name), password).connect()

    def person(self, login: str) -> str:
        return self.slapd.tree.person(login)


@pytest.fixture(scope="module", params=[False, True], ids=["slapd.conf", "cn=config"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with PrivateSlapd(cn_config=request.param) as slapd:
        made = Site(slapd, slapd.add_host("pc-tax", ["tax"]), slapd.add_host("pc-hall", ["hall", "default"]))
        enrol(slapd, "sato", groups=("tax",))
        enrol(slapd, "kato", groups=("hall", "tax"))
        enrol(slapd, "suzuki", groups=("welfare",))
        with slapd.admin() as admin:
            # An ordinary member of staff who can bind, as on an existing tree where people's passwords live.
            admin.modify(made.person("sato"), replace={"userPassword": [b"sato's password"]})
            RealmDocuments(admin, slapd.tree).publish_authority(b"anchor", [b"delegation"])
        with slapd.role(MANIFEST) as manifest:
            RealmDocuments(manifest, slapd.tree).publish_manifest(b"manifest")
        with slapd.role(REVOKE) as revoke:
            People(revoke, slapd.tree).bury("kato", b"tombstone of kato")
        yield made


def everything(site: Site, connection: Connection, below: str = "") -> dict[str, set[str]]:
    """Every entry this account can read, named one by one so that it needs no right to search, and its attributes."""
    with site.slapd.admin() as admin:
        names = [entry.dn for entry in admin.find_all(site.slapd.tree.base, "(objectClass=*)", [])]
    seen = {}
    for name in names:
        if name.endswith(below):
            with contextlib.suppress(NotInDirectory):
                seen[name] = set(connection.read(name, ["*", "+"]).attributes)
    return seen


# --- Workstations.


def test_a_host_sees_of_the_people_only_those_of_its_groups_and_only_what_is_sealed(site: Site) -> None:
    with site.host() as pc:
        seen = everything(site, pc, site.slapd.tree.people)
    assert set(seen) == {site.person("sato"), site.person("kato")}
    assert seen[site.person("sato")] == {"objectclass", "uid", "facedtemplate", "facedtemplatekey"}
    assert seen[site.person("kato")] - seen[site.person("sato")] == {"facedtombstone"}


def test_a_host_of_other_groups_sees_others(site: Site) -> None:
    with site.host("pc-hall") as pc:
        assert set(everything(site, pc, site.slapd.tree.people)) == {site.person("kato")}
        with pytest.raises(NotInDirectory):
            People(pc, site.slapd.tree).face("sato")


def test_a_host_cannot_find_out_what_it_cannot_read(site: Site) -> None:
    with site.host() as pc:
        for guess in (
            equals(employeeNumber="N-sato"),
            equals(mail="sato@example.jp"),
            equals(cn="氏名 sato"),
            equals(facedKeyGroup="tax"),
        ):
            assert list(pc.find_all(site.slapd.tree.people, guess, ["uid"])) == []


def test_a_host_cannot_carry_its_colleagues_away_in_one_go(site: Site) -> None:
    for number in range(3):
        enrol(site.slapd, f"crowd{number}", groups=("crowd",))
    password = site.slapd.add_host("pc-crowd", ["crowd"])
    with site.slapd.connector(site.slapd.tree.host("pc-crowd"), password).connect() as pc:
        with pytest.raises(DirectoryError) as refused:
            list(pc.find_all(site.slapd.tree.people, "(objectClass=person)", ["uid"]))
        assert refused.value.reason == "truncated"
        assert People(pc, site.slapd.tree).face("crowd2").template == TEMPLATE


def test_a_host_sees_of_the_hosts_only_itself(site: Site) -> None:
    with site.host() as pc:
        assert set(everything(site, pc)) == {
            site.slapd.tree.host("pc-tax"),
            site.slapd.tree.realm,
            site.person("sato"),
            site.person("kato"),
        }
        with pytest.raises(NotInDirectory):
            Hosts(pc, site.slapd.tree).read("pc-hall")


def test_a_host_reads_the_realm_and_its_own_entry(site: Site) -> None:
    with site.host() as pc:
        realm = RealmDocuments(pc, site.slapd.tree).read()
        assert (realm.statement, realm.delegations, realm.manifest) == (b"anchor", (b"delegation",), b"manifest")
        assert Hosts(pc, site.slapd.tree).read("pc-tax").groups == ("tax",)


def test_a_host_writes_its_own_request_and_nothing_else(site: Site) -> None:
    tree = site.slapd.tree
    with site.host() as pc:
        Hosts(pc, tree).request("pc-tax", b"request")
        assert Hosts(pc, tree).read("pc-tax").request == b"request"
        for dn, change in (
            (tree.host("pc-tax"), {"facedKeyGroup": [b"welfare"]}),
            (tree.host("pc-tax"), {"facedHostStatement": [b"x"]}),
            (tree.host("pc-tax"), {"userPassword": [b"x"]}),
            (tree.host("pc-hall"), {"facedHostRequest": [b"x"]}),
            (tree.host("pc-hall"), {"facedHostReport": [b"x"]}),
            (tree.host("pc-hall"), {"facedHostReport": []}),
            (tree.realm, {"facedManifest": [b"x"]}),
            (tree.realm, {"facedDelegation": [b"x"]}),
            (site.person("sato"), {"facedTemplate": [b"x"]}),
            (site.person("sato"), {"facedKeyGroup": [b"hall"]}),
            (site.person("sato"), {"facedTombstone": []}),
            (site.person("kato"), {"facedTombstone": []}),
            (site.person("sato"), {"facedExemption": [b"x"]}),
            (site.person("sato"), {"facedUnlock": [b"x"]}),
            (site.person("sato"), {"facedConsent": [b"x"]}),
            (site.person("sato"), {"facedApproval": [b"x"]}),
            (site.person("sato"), {"facedSuspension": [b"x"]}),
        ):
            refused(lambda dn=dn, change=change: pc.modify(dn, replace=change))  # type: ignore[misc]
        for forbidden in (tree.host("pc-tax"), tree.realm, site.person("sato")):
            refused(lambda dn=forbidden: pc.remove(dn))  # type: ignore[misc]
        refused(lambda: pc.add(tree.host("pc-new"), ["device", "facedHost"], {}))
        refused(lambda: pc.add(tree.person("new"), ["inetOrgPerson"], {"cn": [b"x"], "sn": [b"x"]}))


def test_reports_of_hosts_are_read_by_who_counts_and_written_by_the_host_alone(site: Site) -> None:
    tree = site.slapd.tree
    with site.host() as pc, site.host("pc-hall") as other:
        Hosts(pc, tree).report(tree.host("pc-tax"), b"report 1")
        Hosts(pc, tree).report(tree.host("pc-tax"), b"report 2")
        with pytest.raises(NotInDirectory):
            other.read(tree.host("pc-tax"), ["facedHostReport"])
        refused(lambda: Hosts(other, tree).report(tree.host("pc-tax"), b"forged"))
    for role in RoleAccount:
        with site.slapd.role(role) as connection:
            refused(lambda: connection.modify(tree.host("pc-tax"), replace={"facedHostReport": [b"x"]}))
            refused(lambda: connection.modify(tree.host("pc-tax"), replace={"facedHostReport": []}))
            seen = everything(site, connection, tree.hosts).get(tree.host("pc-tax"), set())
            assert ("facedhostreport" in seen) == (role in (MANIFEST, AUDIT)), role
    with site.slapd.role(MANIFEST) as connection:
        assert Hosts(connection, tree).reports() == (HostReport("pc-tax", None, b"report 2"),)


def test_a_host_that_writes_too_much_spoils_its_own_report_and_no_other(site: Site) -> None:
    tree = site.slapd.tree
    with site.host() as pc, site.host("pc-hall") as other:
        Hosts(pc, tree).report(tree.host("pc-tax"), b"report")
        other.modify(tree.host("pc-hall"), replace={"facedHostReport": [bytes(100_000)]})
        with site.slapd.role(AUDIT) as connection:
            reports = Hosts(connection, tree).reports()
        other.modify(tree.host("pc-hall"), replace={"facedHostReport": []})
    assert {(one.name, one.report) for one in reports} == {("pc-tax", b"report"), ("pc-hall", None)}


def test_a_member_of_staff_who_can_bind_sees_nothing_even_of_the_same_group(site: Site) -> None:
    with site.slapd.connector(site.person("sato"), "sato's password").connect() as sato:
        assert everything(site, sato) == {}
        refused(lambda: sato.modify(site.person("sato"), replace={"facedTemplate": [b"x"]}))
        refused(lambda: sato.modify(site.person("sato"), replace={"facedKeyGroup": [b"x"]}))
        refused(lambda: sato.modify(site.person("sato"), replace={"userPassword": [b"x"]}))


# --- Nobody.


def test_nobody_reads_a_password(site: Site) -> None:
    with site.host() as pc:
        connections = [pc, *(site.slapd.role(role) for role in RoleAccount)]
        for connection in connections:
            seen = everything(site, connection)
            assert not any("userpassword" in attributes for attributes in seen.values())
            connection.close()


def test_without_tls_not_even_a_right_password_gets_in(site: Site) -> None:
    done = ldapsearch(site, "-H", site.slapd.starttls_url, "-D", site.slapd.tree.host("pc-tax"), "-w", site.pc_tax)
    assert "Confidentiality required" in done.stderr
    assert "dn:" not in done.stdout


def test_anonymous_sees_nothing(site: Site) -> None:
    done = ldapsearch(site, "-H", site.slapd.ldaps_url)
    assert re.search("anonymous bind disallowed|No such object|Inappropriate authentication", done.stderr + done.stdout)
    assert "dn:" not in done.stdout


def test_anonymous_sees_nothing_where_the_site_allows_anonymous_binds(authority: object) -> None:
    with PrivateSlapd(allow_anonymous=True) as slapd:
        enrol(slapd, "sato")
        for name in (slapd.tree.base, slapd.tree.people, slapd.tree.person("sato"), slapd.tree.realm):
            done = ldapsearch(Site(slapd, "", ""), "-H", slapd.ldaps_url, "-b", name)
            assert "dn:" not in done.stdout
            assert "No such object" in done.stdout + done.stderr


# --- Roles.


def test_enrol_gives_templates_and_adds_people(site: Site) -> None:
    with site.slapd.role(ENROL) as connection:
        people = People(connection, site.slapd.tree)
        people.add("ueda", staff_number="7", name="上田", mail="", groups=["tax"])
        people.enrol("ueda", TEMPLATE, KEYS, ["tax"])
        people.describe("ueda", staff_number="8", name="上田 花子", mail="ueda@example.jp")
        people.enrol("ueda", TEMPLATE, KEYS[:1], ["tax", "hall"])
        ueda = people.find("ueda")
    assert (ueda.staff_number, ueda.name, ueda.mail) == ("8", "上田 花子", "ueda@example.jp")
    assert ueda.face.template == TEMPLATE
    assert ueda.face.template_keys == KEYS[:1]
    assert ueda.groups == ("hall", "tax")


def test_enrol_cannot_undo_a_death_or_do_anything_else(site: Site) -> None:
    tree = site.slapd.tree
    with site.slapd.role(ENROL) as connection:
        for dn, change in (
            (site.person("kato"), {"facedTombstone": []}),
            (site.person("kato"), {"facedTombstone": [b"x"]}),
            (site.person("sato"), {"facedExemption": [b"x"]}),
            (site.person("sato"), {"facedUnlock": [b"x"]}),
            (site.person("sato"), {"facedConsent": [b"x"]}),
            (site.person("sato"), {"facedApproval": [b"x"]}),
            (site.person("sato"), {"userPassword": [b"x"]}),
            (tree.realm, {"facedManifest": [b"x"]}),
            (tree.host("pc-tax"), {"facedKeyGroup": [b"welfare"]}),
            (tree.host("pc-tax"), {"userPassword": [b"x"]}),
        ):
            refused(lambda dn=dn, change=change: connection.modify(dn, replace=change))  # type: ignore[misc]
        refused(lambda: connection.remove(site.person("kato")))
        refused(lambda: connection.add(tree.host("pc-new"), ["device", "facedHost"], {}))
        common = {"cn": [b"x"], "sn": [b"x"], "facedKeyGroup": [b"tax"]}
        classes = ["inetOrgPerson", "facedPerson"]
        refused(lambda: connection.add(tree.person("evil"), classes, {**common, "userPassword": [b"x"]}))
        refused(lambda: connection.add(tree.person("evil"), classes, {**common, "facedTombstone": [b"x"]}))
        refused(lambda: connection.add(tree.person("evil"), classes, {**common, "facedExemption": [b"x"]}))
        refused(lambda: connection.add(tree.person("evil"), classes, {**common, "facedConsent": [b"x"]}))
        refused(lambda: connection.add(tree.person("evil"), classes, {**common, "jpegPhoto": [b"x"]}))
        by_name = everything(site, connection, tree.hosts)
        assert set().union(*by_name.values()) <= {"objectclass", "facedhoststatement"}


def test_sync_enrols_and_erases_who_left(site: Site) -> None:
    tree = site.slapd.tree
    with site.slapd.role(SYNC) as connection:
        people = People(connection, tree)
        people.add("ono", staff_number="7", name="小野", mail="", groups=["tax"])
        people.enrol("ono", TEMPLATE, KEYS, ["tax"])
        people.describe("ono", staff_number="8", name="小野 花子", mail="ono@example.jp")
        people.enrol("ono", TEMPLATE, KEYS[:1], ["tax", "hall"])
        ono = people.find("ono")
        assert (ono.staff_number, ono.name, ono.mail, ono.groups) == (
            "8",
            "小野 花子",
            "ono@example.jp",
            ("hall", "tax"),
        )
        assert (ono.face.template, ono.face.template_keys) == (TEMPLATE, KEYS[:1])
        assert {"sato", "kato", "ono"} <= {person.login for person in people.all()}
    with site.slapd.role(APPROVE) as connection:
        People(connection, tree).exempt("ono", b"exemption")
    with site.slapd.role(SYNC) as connection:
        people = People(connection, tree)
        people.suspend("ono", b"suspension 1")
        people.suspend("ono", b"suspension 2")
        people.bury("ono", b"tombstone 1")
        people.erase("ono")
        refused(lambda: people.bury("ono", b"tombstone 2"))
        refused(lambda: people.remove("ono"))
    with site.host() as pc:
        face = People(pc, tree).face("ono")
    assert (face.template, face.template_keys, face.exemption, face.tombstone) == (None, (), None, b"tombstone 1")
    with site.slapd.role(REVOKE) as connection:
        People(connection, tree).bury("ono", b"tombstone 3")
        assert People(connection, tree).find("ono").face.tombstone == b"tombstone 3"


def test_sync_can_do_nothing_else(site: Site) -> None:
    tree = site.slapd.tree
    enrol(site.slapd, "baba", groups=("tax",))
    with site.slapd.role(APPROVE) as connection:
        People(connection, tree).exempt("baba", b"exemption")
        People(connection, tree).unlock("baba", b"unlock")
        People(connection, tree).consent("baba", b"consent")
        People(connection, tree).approve("baba", b"approval")
        People(connection, tree).grant("baba", b"grant")
    with site.slapd.role(SYNC) as connection:
        for dn, change in (
            (site.person("kato"), {"facedTombstone": []}),
            (site.person("kato"), {"facedTombstone": [b"x"]}),
            (site.person("baba"), {"facedExemption": [b"x"]}),
            (site.person("baba"), {"facedUnlock": [b"x"]}),
            (site.person("baba"), {"facedEmergency": [b"x"]}),
            (site.person("baba"), {"facedConsent": [b"x"]}),
            (site.person("baba"), {"facedConsent": []}),
            (site.person("baba"), {"facedApproval": [b"x"]}),
            (site.person("baba"), {"facedApproval": []}),
            (site.person("baba"), {"userPassword": [b"x"]}),
            (site.person("baba"), {"objectClass": [b"inetOrgPerson"]}),
            (tree.realm, {"facedManifest": [b"x"]}),
            (tree.realm, {"facedDelegation": [b"x"]}),
            (tree.realm, {"facedRealmStatement": [b"x"]}),
            (tree.host("pc-tax"), {"facedKeyGroup": [b"welfare"]}),
            (tree.host("pc-tax"), {"facedHostStatement": [b"x"]}),
            (tree.host("pc-tax"), {"userPassword": [b"x"]}),
            (tree.role(ENROL), {"userPassword": [b"x"]}),
        ):
            refused(lambda dn=dn, change=change: connection.modify(dn, replace=change))  # type: ignore[misc]
        for name in ("facedExemption", "facedUnlock", "facedEmergency", "facedConsent", "facedApproval"):
            refused(lambda name=name: connection.modify(site.person("sato"), give={name: [b"x"]}))  # type: ignore[misc]
        common = {"cn": [b"x"], "sn": [b"x"], "facedKeyGroup": [b"tax"]}
        for name in ("userPassword", "facedExemption", "facedUnlock", "facedEmergency", "jpegPhoto"):
            refused(
                lambda name=name: connection.add(  # type: ignore[misc]
                    tree.person("evil"), ["inetOrgPerson", "facedPerson"], {**common, name: [b"x"]}
                )
            )
        refused(lambda: connection.add(tree.host("pc-new"), ["device", "facedHost"], {}))
        for dn in (site.person("baba"), tree.host("pc-tax"), tree.realm):
            refused(lambda dn=dn: connection.remove(dn))  # type: ignore[misc]
        seen = set.union(*everything(site, connection, site.person("baba")).values())
        assert seen.isdisjoint({"facedexemption", "facedunlock", "facedemergency", "userpassword"})
        assert seen > {"facedconsent", "facedapproval"}, "whether they stand, the synchronisation has to see"


def test_sync_reads_the_record_of_a_computer_that_it_can_name_and_cannot_list_them(site: Site) -> None:
    tree = site.slapd.tree
    with site.slapd.role(OPERATE) as connection:
        Hosts(connection, tree).reissue("pc-tax", b"statement")
    with site.slapd.role(SYNC) as connection:
        assert Hosts(connection, tree).read("pc-tax").statement == b"statement"
        assert everything(site, connection, tree.host("pc-tax"))[tree.host("pc-tax")] == {
            *("objectclass", "facedhoststatement")
        }
        with pytest.raises((NotAllowed, NotInDirectory)):
            Hosts(connection, tree).all()


def test_revoke_buries_and_erases_and_can_never_enrol(site: Site) -> None:
    enrol(site.slapd, "leaver", groups=("tax",))
    with site.slapd.role(REVOKE) as connection:
        people = People(connection, site.slapd.tree)
        for name in (
            "facedTemplate",
            "facedTemplateKey",
            "facedKeyGroup",
            "facedExemption",
            "facedConsent",
            "facedApproval",
        ):
            change = {name: [b"x"]}
            refused(lambda change=change: connection.modify(site.person("leaver"), replace=change))  # type: ignore[misc]
        refused(lambda: connection.modify(site.person("leaver"), give={"facedTemplateKey": [b"x"]}))
        refused(lambda: people.describe("leaver", staff_number="1", name="x", mail=""))
        refused(lambda: people.add("new", staff_number="1", name="x", mail="", groups=["tax"]))
        refused(lambda: connection.modify(site.slapd.tree.realm, replace={"facedManifest": [b"x"]}))
        people.bury("leaver", b"tombstone 1")
        people.bury("leaver", b"tombstone 2")
        assert not people.is_erased(people.find("leaver"))
        people.erase("leaver")
        left = people.find("leaver")
        assert people.is_erased(left)
        assert (left.staff_number, left.name, left.mail, left.groups) == ("", "leaver", "", ("tax",))
        with site.host() as pc:
            face = People(pc, site.slapd.tree).face("leaver")
            assert (face.template, face.template_keys, face.tombstone) == (None, (), b"tombstone 2")
        for name in ("employeeNumber", "mail", "facedTemplate"):
            change = {name: [b"x"]}
            refused(lambda change=change: connection.modify(site.person("leaver"), replace=change))  # type: ignore[misc]
        people.remove("leaver")
        with pytest.raises(NotInDirectory):
            people.find("leaver")


def test_approve_exempts_who_is_enrolled_and_does_nothing_else(site: Site) -> None:
    tree = site.slapd.tree
    enrol(site.slapd, "ota", groups=("tax",))
    with site.slapd.role(APPROVE) as connection:
        people = People(connection, tree)
        people.exempt("ota", b"exemption 1")
        people.exempt("ota", b"exemption 2")
        people.unlock("ota", b"unlock 1")
        people.unlock("ota", b"unlock 2")
        people.grant("ota", b"grant 1")
        people.grant("ota", b"grant 2")
        for dn, change in (
            (site.person("ota"), {"facedTemplate": [b"x"]}),
            (site.person("ota"), {"facedTemplate": []}),
            (site.person("ota"), {"facedTemplateKey": [b"x"]}),
            (site.person("ota"), {"facedKeyGroup": [b"x"]}),
            (site.person("ota"), {"employeeNumber": [b"x"]}),
            (site.person("kato"), {"facedTombstone": []}),
            (site.person("ota"), {"facedSuspension": [b"x"]}),
            (site.person("ota"), {"userPassword": [b"x"]}),
            (tree.realm, {"facedManifest": [b"x"]}),
            (tree.realm, {"facedDelegation": [b"x"]}),
            (tree.host("pc-tax"), {"facedKeyGroup": [b"x"]}),
            (tree.host("pc-tax"), {"facedHostStatement": [b"x"]}),
        ):
            refused(lambda dn=dn, change=change: connection.modify(dn, replace=change))  # type: ignore[misc]
        refused(lambda: people.grant("ota", b"grant 3", ["hall"]))
        refused(lambda: people.add("new", staff_number="1", name="x", mail="", groups=["tax"]))
        refused(lambda: people.remove("ota"))
        seen = everything(site, connection, tree.hosts)
        assert set.union(*seen.values()).isdisjoint({"userpassword", "facedhostrequest"})
        assert set.union(*everything(site, connection, site.person("ota")).values()) == {
            *("objectclass", "uid", "facedexemption", "facedunlock", "facedemergency", "facedkeygroup"),
            *(name.lower() for name in PERSONAL),
        }
    with site.host() as pc:
        assert People(pc, tree).face("ota").exemption == b"exemption 2"
        assert People(pc, tree).face("ota").unlock == b"unlock 2"
        assert People(pc, tree).face("ota").emergency == b"grant 2"
    with site.slapd.role(AUDIT) as connection:
        assert People(connection, tree).find("ota").face.exemption == b"exemption 2"
    with site.host("pc-hall") as pc, pytest.raises(NotInDirectory):
        People(pc, tree).face("ota")
    with site.slapd.role(MANIFEST) as connection:
        assert everything(site, connection, site.person("ota")) == {site.person("ota"): {"objectclass", "uid"}}
    with site.slapd.role(REVOKE) as connection:
        People(connection, tree).erase("ota")
    with site.host() as pc:
        assert People(pc, tree).face("ota").exemption is None
        assert People(pc, tree).face("ota").unlock is None


def test_consent_and_approval_are_the_approvers_and_a_suspension_is_not(site: Site) -> None:
    tree = site.slapd.tree
    enrol(site.slapd, "aoki", groups=("tax",))
    with site.slapd.role(APPROVE) as connection:
        for value in (b"1", b"2"):
            People(connection, tree).consent("aoki", b"consent " + value)
            People(connection, tree).approve("aoki", b"approval " + value)
    for role in (ENROL, REVOKE):
        with site.slapd.role(role) as connection:
            people = People(connection, tree)
            people.suspend("aoki", f"suspension by {role}".encode())
            assert people.find("aoki").face.consent == b"consent 2"
            for name in ("facedConsent", "facedApproval"):
                for values in [[b"x"]] if role is REVOKE else [[], [b"x"]]:
                    change = {name: values}
                    refused(lambda change=change: connection.modify(site.person("aoki"), replace=change))  # type: ignore[misc]
    for connection in (site.host(), site.slapd.role(AUDIT)):
        with connection:
            face = People(connection, tree).face("aoki")
            assert (face.consent, face.approval) == (b"consent 2", b"approval 2")
            assert face.suspension == b"suspension by revoke"
    with site.host("pc-hall") as pc, pytest.raises(NotInDirectory):
        People(pc, tree).face("aoki")
    for role in (OPERATE, MANIFEST):
        with site.slapd.role(role) as connection:
            seen = set.union(set(), *everything(site, connection, site.person("aoki")).values())
            assert seen.isdisjoint({"facedconsent", "facedapproval", "facedsuspension"})
            refused(lambda: connection.modify(site.person("aoki"), replace={"facedSuspension": []}))


def test_approve_lets_hosts_see_somebody_who_has_no_template_yet(site: Site) -> None:
    """A joiner of today, on an existing tree: plain inetOrgPerson, until the enrolment."""
    tree = site.slapd.tree
    with site.slapd.admin() as admin:
        admin.add(tree.person("joiner"), ["inetOrgPerson"], {"cn": [b"x"], "sn": [b"x"]})
    with site.slapd.role(APPROVE) as connection:
        people = People(connection, tree)
        people.grant("joiner", b"grant", ["tax"])
        refused(lambda: connection.modify(site.person("joiner"), replace={"facedKeyGroup": []}))
        refused(lambda: connection.modify(site.person("joiner"), take={"objectClass": [b"facedPerson"]}))
    with site.host() as pc:
        assert People(pc, tree).face("joiner").emergency == b"grant"
    with site.host("pc-hall") as pc, pytest.raises(NotInDirectory):
        People(pc, tree).face("joiner")
    with site.slapd.role(ENROL) as connection:
        People(connection, tree).enrol("joiner", b"template", [b"key"], ["hall"])
    with site.slapd.role(APPROVE) as connection:
        refused(lambda: People(connection, tree).grant("joiner", b"grant", ["tax"]))


def test_operate_makes_and_ends_hosts_and_nothing_else(site: Site) -> None:
    tree = site.slapd.tree
    with site.slapd.role(OPERATE) as connection:
        hosts = Hosts(connection, tree)
        hosts.add("pc-new", "first password", ["tax"], b"statement 1")
        hosts.approve("pc-new", b"statement 2", ["tax", "hall"])
        hosts.set_password("pc-new", "second password")
        with site.slapd.connector(tree.host("pc-new"), "second password").connect() as pc:
            assert Hosts(pc, tree).read("pc-new").statement == b"statement 2"
        with pytest.raises(DirectoryUnavailable, match="refused the account"):
            site.slapd.connector(tree.host("pc-new"), "first password").connect()
        refused(lambda: hosts.request("pc-new", b"a request in the host's name"))
        for dn, change in (
            (tree.realm, {"facedManifest": [b"x"]}),
            (site.person("sato"), {"facedTemplate": [b"x"]}),
            (site.person("sato"), {"facedKeyGroup": [b"x"]}),
            (site.person("kato"), {"facedTombstone": []}),
            (site.person("sato"), {"facedExemption": [b"x"]}),
            (site.person("sato"), {"facedUnlock": [b"x"]}),
            (site.person("sato"), {"facedConsent": [b"x"]}),
            (site.person("sato"), {"facedApproval": [b"x"]}),
            (site.person("sato"), {"userPassword": [b"x"]}),
            (tree.role(ENROL), {"userPassword": [b"x"]}),
        ):
            refused(lambda dn=dn, change=change: connection.modify(dn, replace=change))  # type: ignore[misc]
        seen = everything(site, connection, site.person("sato"))
        # The template keys, which it wraps anew: it holds what opens them, so it must never see a template.
        assert seen == {site.person("sato"): {"objectclass", "uid", "facedkeygroup", "facedtemplatekey"}}
        people = People(connection, tree)
        sato = next(holder for holder in people.key_holders() if holder.login == "sato")
        people.exchange_keys(sato, [*KEYS, b"another"])
        people.exchange_keys(people.keys_of(sato), KEYS)
        hosts.remove("pc-new")
        with pytest.raises(DirectoryUnavailable):
            site.slapd.connector(tree.host("pc-new"), "second password").connect()


def test_operate_takes_a_request_away_when_it_approves(site: Site) -> None:
    with site.host("pc-hall") as pc:
        Hosts(pc, site.slapd.tree).request("pc-hall", b"next year's keys")
    with site.slapd.role(OPERATE) as connection:
        hosts = Hosts(connection, site.slapd.tree)
        assert {host.name: host.request for host in hosts.all()}["pc-hall"] == b"next year's keys"
        hosts.approve("pc-hall", b"statement", ["hall", "default"])
        assert hosts.read("pc-hall").request is None


def test_manifest_publishes_the_manifest_and_nothing_else(site: Site) -> None:
    tree = site.slapd.tree
    with site.slapd.role(MANIFEST) as connection:
        RealmDocuments(connection, tree).publish_manifest(b"manifest")
        for dn, change in (
            (tree.realm, {"facedDelegation": [b"x"]}),
            (tree.realm, {"facedRealmStatement": [b"x"]}),
            (site.person("sato"), {"facedTemplate": [b"x"]}),
            (site.person("kato"), {"facedTombstone": []}),
            (site.person("sato"), {"facedExemption": [b"x"]}),
            (site.person("sato"), {"facedUnlock": [b"x"]}),
            (tree.host("pc-tax"), {"facedKeyGroup": [b"x"]}),
            (tree.host("pc-tax"), {"facedHostStatement": []}),
            (tree.host("pc-tax"), {"userPassword": [b"x"]}),
            (tree.host("pc-tax"), {"objectClass": [b"device", b"simpleSecurityObject"]}),
            (tree.role(ENROL), {"userPassword": [], "objectClass": [b"organizationalRole"]}),
        ):
            refused(lambda dn=dn, change=change: connection.modify(dn, replace=change))  # type: ignore[misc]
        refused(lambda: connection.remove(tree.host("pc-tax")))
        seen = everything(site, connection, tree.people)
        assert seen[site.person("kato")] == {"objectclass", "uid", "facedtombstone"}
        assert seen[site.person("sato")] == {"objectclass", "uid"}


def test_manifest_shuts_a_host_out_and_cannot_let_it_in_again(site: Site) -> None:
    tree = site.slapd.tree
    password = site.slapd.add_host("pc-stolen", ["tax"])
    account = site.slapd.connector(tree.host("pc-stolen"), password)
    account.connect().close()
    with site.slapd.role(MANIFEST) as connection:
        hosts = Hosts(connection, tree)
        for _twice in range(2):
            hosts.shut_out("pc-stolen")
            with pytest.raises(AccountRefused):
                account.connect()
        refused(lambda: hosts.set_password("pc-stolen", password))
        refused(lambda: connection.modify(tree.host("pc-stolen"), give={"objectClass": [b"simpleSecurityObject"]}))
        assert hosts.read("pc-stolen").groups == ("tax",), "what it could open is still known"
        with pytest.raises(NotInDirectory):
            hosts.shut_out("pc-unknown")


def test_audit_reads_and_writes_nothing(site: Site) -> None:
    tree = site.slapd.tree
    with site.slapd.role(AUDIT) as connection:
        assert {"sato", "kato", "suzuki"} <= {person.login for person in People(connection, tree).all()}
        assert {"pc-tax", "pc-hall"} <= {host.name for host in Hosts(connection, tree).all()}
        for dn, name in (
            (site.person("sato"), "facedTemplate"),
            (site.person("sato"), "mail"),
            (site.person("kato"), "facedTombstone"),
            (site.person("sato"), "facedExemption"),
            (tree.host("pc-tax"), "facedHostRequest"),
            (tree.host("pc-tax"), "facedHostStatement"),
            (tree.host("pc-tax"), "facedHostReport"),
            (tree.realm, "facedManifest"),
        ):
            refused(lambda dn=dn, name=name: connection.modify(dn, replace={name: [b"x"]}))  # type: ignore[misc]
            refused(lambda dn=dn: connection.remove(dn))  # type: ignore[misc]


def test_no_role_sees_the_accounts_of_the_roles(site: Site) -> None:
    for role in RoleAccount:
        with site.slapd.role(role) as connection:
            assert everything(site, connection, site.slapd.tree.roles) == {}


def test_nobody_renames_a_person(site: Site) -> None:
    """Moving a login name onto another entry is refused here already; the signed header is the second lock."""
    for dn, password in [
        *((site.slapd.tree.role(role), site.slapd.role_password(role)) for role in RoleAccount),
        (site.slapd.tree.host("pc-tax"), site.pc_tax),
    ]:
        done = subprocess.run(
            [
                "ldapmodrdn",
                "-x",
                "-r",
                "-H",
                site.slapd.ldaps_url,
                "-D",
                dn,
                "-w",
                password,
                site.person("sato"),
                "uid=boss",
            ],
            env={"LDAPTLS_CACERT": str(site.slapd.ca_file), "PATH": "/usr/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert re.search("Insufficient access|No such object", done.stderr + done.stdout)
    with site.slapd.role(ENROL) as connection:
        with pytest.raises(FacedError):
            connection.modify(site.person("suzuki"), replace={"uid": [b"boss"]})
        refused(lambda: connection.modify(site.person("suzuki"), take={"uid": [b"suzuki"]}))


def refused(attempt: Callable[[], object]) -> None:
    """It must fail for want of rights, which may also show as the entry not being there."""
    with pytest.raises((NotAllowed, NotInDirectory, DirectoryError)) as error:
        attempt()
    assert isinstance(error.value, NotAllowed | NotInDirectory), error.value


def ldapsearch(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ldapsearch", "-x", "-LLL", "-b", site.slapd.tree.base, *arguments],
        env={"LDAPTLS_CACERT": str(site.slapd.ca_file), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
