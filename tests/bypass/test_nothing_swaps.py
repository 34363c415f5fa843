"""Everything that could be put in the place of a clerk's template or of the realm's papers, on both roads: into the
directory with its administrator's rights, and into the PC's cache as root. The clerk sits there and types the right
password; each time the journal has the reason.

The station's own keys are used for what its handlers could have signed, but not for this person, place or time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from faced.directory import schema
from faced.directory.bundle import RealmPapers
from faced.directory.cache import Cache
from faced.directory.hosts import Hosts
from faced.directory.people import People, SealedFace
from faced.directory.realm import RealmDocuments
from faced.dummy import StaffMember
from faced.enrolment.manifest import last_manifest
from faced.enrolment.station import Station
from faced.trust import encoding
from faced.trust.keys import key_id
from faced.trust.realm import Epoch, Realm, Role
from faced.trust.sealed import TemplateHeader, read_header, seal_template
from faced.trust.statement import Kind, Statement, parse
from tests.bypass.conftest import Film
from tests.rig.pam import Code
from tests.rig.town import HOST, STATION, Town

DAY_S = 86400
CACHE_DAYS = 14
#: What is sealed in forgeries: whoever opens it must find out that it is no face.
RUBBISH = b"no coordinates"


@dataclass(frozen=True)
class Forger:
    """What somebody has who can read everything and sign with the handlers' keys."""

    station: Station
    clerk: SealedFace
    intruder: SealedFace
    papers: RealmPapers
    now: int
    unlock: Callable[[str], bytes]

    @property
    def header(self) -> TemplateHeader:
        """The clerk's own, of a template that would be newer."""
        assert self.clerk.template is not None
        header = read_header(parse(self.clerk.template).unverified)
        return dataclasses.replace(header, serial=header.serial + DAY_S)

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """Those of the realm."""
        return last_manifest(self.station).epochs

    def key(self, role: Role = Role.ENROL) -> SigningKey:
        """That of a handler."""
        return self.station.role(role, self.unlock).sign

    def seal(
        self,
        *,
        key: SigningKey | None = None,
        realm: Realm | None = None,
        issued: int | None = None,
        epochs: tuple[Epoch, ...] | None = None,
        **header: object,
    ) -> SealedFace:
        """A template like the clerk's with something of it changed."""
        sealed = seal_template(
            realm or self.station.realm,
            key or self.key(),
            dataclasses.replace(self.header, **header),  # type: ignore[arg-type]
            RUBBISH,
            self.epochs if epochs is None else epochs,
            self.now if issued is None else issued,
        )
        return SealedFace(sealed.template, sealed.template_keys)

    def edited(self, **changes: object) -> SealedFace:
        """The clerk's template with its header edited and the signature left as it was."""
        assert self.clerk.template is not None
        [payload, signature] = encoding.decode(self.clerk.template)
        document = encoding.decode(payload)
        document["body"] |= {name: changes.pop(name) for name in list(changes) if name not in document}
        template = encoding.encode([encoding.encode(document | changes), signature])
        return SealedFace(template, self.clerk.template_keys)


def _stranger() -> SigningKey:
    return SigningKey(b"\x07" * 32)


def _foreign_realm(forger: Forger) -> SealedFace:
    """Of a realm with the same name under a root key of the attacker's."""
    root = _stranger()
    return forger.seal(key=root, realm=Realm.create(forger.station.realm.name, root, forger.now, dummy=True))


def _in_our_name(forger: Forger) -> SealedFace:
    """Signed by a stranger who names the enrolling handler as the issuer."""
    sealed = forger.seal()
    assert sealed.template is not None
    genuine = parse(sealed.template).unverified
    stranger = _stranger()
    forged = dataclasses.replace(genuine, issuer=key_id(bytes(stranger.verify_key)))
    [_payload, signature] = encoding.decode(forged.sign(stranger))
    return SealedFace(encoding.encode([genuine.payload(), signature]), forger.clerk.template_keys)


def _truncated(forger: Forger) -> SealedFace:
    assert forger.clerk.template is not None
    return SealedFace(forger.clerk.template[:-20], forger.clerk.template_keys)


def _unsigned(forger: Forger) -> SealedFace:
    assert forger.clerk.template is not None
    [payload, _signature] = encoding.decode(forger.clerk.template)
    return SealedFace(encoding.encode([payload, bytes(64)]), forger.clerk.template_keys)


def _another_kind(forger: Forger) -> SealedFace:
    """The realm's manifest, duly signed, where a template belongs."""
    assert forger.station.manifest is not None
    return SealedFace(forger.station.manifest, forger.clerk.template_keys)


def _intruders(forger: Forger) -> SealedFace:
    assert forger.intruder.template is not None
    return SealedFace(forger.intruder.template, forger.intruder.template_keys)


def _intruders_keys(forger: Forger) -> SealedFace:
    assert forger.clerk.template is not None
    return SealedFace(forger.clerk.template, forger.intruder.template_keys)


def _other_group(forger: Forger) -> SealedFace:
    """Keys for a key group that the header does not name."""
    sealed = forger.seal(
        groups=(*forger.header.groups, "shelter"),
        epochs=tuple(dataclasses.replace(epoch, group="shelter") for epoch in forger.epochs),
    )
    return _with_header_of(forger, sealed)


def _with_header_of(forger: Forger, sealed: SealedFace) -> SealedFace:
    """Template keys whose named template is the clerk's own."""
    assert forger.clerk.template is not None
    genuine = encoding.decode(forger.clerk.template_keys[0])
    keys = [encoding.decode(key) | {"template": genuine["template"]} for key in sealed.template_keys]
    return SealedFace(forger.clerk.template, tuple(map(encoding.encode, keys)))


def _own_epoch(forger: Forger) -> tuple[Epoch, ...]:
    """Epochs with the right names under a key of the attacker's."""
    public = bytes(PrivateKey(b"\x08" * 32).public_key)
    return tuple(dataclasses.replace(epoch, public=public) for epoch in forger.epochs)


def _next_epoch(forger: Forger) -> tuple[Epoch, ...]:
    return tuple(dataclasses.replace(epoch, number=epoch.number + 1) for epoch in forger.epochs)


#: What is put there, and the reason in the journal.
FACES: dict[str, tuple[Callable[[Forger], SealedFace], str]] = {
    "another entry's template": (_intruders, "wrong_person"),
    "another entry's template key": (_intruders_keys, "wrong_key"),
    "the login name edited": (lambda forger: forger.edited(subject="mayor"), "bad_signature"),
    "the staff number edited": (lambda forger: forger.edited(staff="999999"), "bad_signature"),
    "the period edited": (lambda forger: forger.edited(not_after=forger.now + 400 * DAY_S), "bad_signature"),
    "truncated": (_truncated, "malformed"),
    "unsigned": (_unsigned, "bad_signature"),
    "signed by a stranger": (lambda forger: forger.seal(key=_stranger()), "unknown_issuer"),
    "signed by a stranger in our name": (_in_our_name, "bad_signature"),
    "signed by who may not enrol": (lambda forger: forger.seal(key=forger.key(Role.OPERATE)), "issuer_lacks_role"),
    "another realm's": (_foreign_realm, "wrong_realm"),
    "another kind of statement": (_another_kind, "wrong_kind"),
    "an older serial": (lambda forger: forger.seal(serial=forger.header.serial - 2 * DAY_S), "older_serial"),
    "a period that is over": (
        lambda forger: forger.seal(not_before=forger.now - 60, not_after=forger.now),
        "purpose_over",
    ),
    "a period that has not begun": (lambda forger: forger.seal(not_before=forger.now + DAY_S), "purpose_over"),
    "issued tomorrow": (lambda forger: forger.seal(issued=forger.now + DAY_S), "not_yet_valid"),
    "another predictor's": (lambda forger: forger.seal(predictor=bytes(32)), "wrong_predictor"),
    "another epoch's key": (lambda forger: forger.seal(epochs=_next_epoch(forger)), "wrong_epoch"),
    "a key of another group": (_other_group, "wrong_group"),
    "a key to an epoch of one's own": (lambda forger: forger.seal(epochs=_own_epoch(forger)), "wrong_key"),
    "no key": (lambda forger: forger.seal(epochs=()), "wrong_key"),
}


def _aged(forger: Forger, *, expires: int, key: SigningKey | None = None, serial: int = 0) -> bytes:
    """Today's manifest with other dates or another signature."""
    assert forger.station.manifest is not None
    genuine = parse(forger.station.manifest).unverified
    key = key or forger.key(Role.MANIFEST)
    return Statement(
        Kind.MANIFEST,
        genuine.realm,
        genuine.subject,
        serial or genuine.serial + 1,
        genuine.issued,
        expires,
        key_id(bytes(key.verify_key)),
        genuine.body,
    ).sign(key)


def _another_hosts(forger: Forger) -> RealmPapers:
    assert forger.papers.host is not None
    genuine = parse(forger.papers.host).unverified
    other = dataclasses.replace(genuine, subject="pc-002")
    return dataclasses.replace(forger.papers, host=other.sign(forger.key(Role.OPERATE)))


#: The realm's papers instead of the genuine ones, and the reason in the journal.
PAPERS: dict[str, tuple[Callable[[Forger], RealmPapers], str]] = {
    "a manifest that has expired": (
        lambda forger: dataclasses.replace(forger.papers, manifest=_aged(forger, expires=forger.now - 1)),
        "manifest_expired",
    ),
    "a manifest that is older": (
        lambda forger: dataclasses.replace(
            forger.papers, manifest=_aged(forger, expires=forger.now + DAY_S, serial=forger.now - 30 * DAY_S)
        ),
        "older_serial",
    ),
    "a manifest that an enroller signed": (
        lambda forger: dataclasses.replace(
            forger.papers, manifest=_aged(forger, expires=forger.now + DAY_S, key=forger.key(Role.ENROL))
        ),
        "issuer_lacks_role",
    ),
    "another computer's record": (_another_hosts, "wrong_host"),
    "a delegation by a stranger": (
        lambda forger: dataclasses.replace(
            forger.papers,
            delegations=(
                Realm.create(forger.station.realm.name, _stranger(), forger.now, dummy=True).delegate(
                    _stranger(), "mallory", bytes(_stranger().verify_key), list(Role), forger.now, forger.now + DAY_S
                ),
            ),
        ),
        "unknown_issuer",
    ),
}


@pytest.fixture(scope="module")
def forger(
    running_town: Town,
    clerk: StaffMember,
    intruder: StaffMember,
    clerks_face: tuple[Film, dict[str, Film]],
) -> Forger:
    """After a logon: the PC has seen the genuine template and manifest."""
    running_town.seat(*clerks_face)
    running_town.forget_cache()
    assert running_town.logon(clerk.login, running_town.passwords[clerk.login]).code == Code.SUCCESS
    station = Station.open(running_town.system.path(STATION))
    with running_town.slapd.admin() as admin:
        people = People(admin, running_town.slapd.tree)
        own, intruders = people.face(clerk.login), people.face(intruder.login)
        delegations = RealmDocuments(admin, running_town.slapd.tree).read().delegations
        host = Hosts(admin, running_town.slapd.tree).read(HOST).statement
    papers = RealmPapers(station.manifest, delegations, host)
    return Forger(station, own, intruders, papers, int(time.time()), lambda _name: running_town.passphrase.encode())


@pytest.fixture
def restored(town: Town, clerk: StaffMember, forger: Forger) -> Iterator[None]:
    """Puts the clerk's entry and the realm's back."""
    yield
    write_face(town, clerk, forger.clerk)
    write_papers(town, forger.papers)


def write_face(town: Town, member: StaffMember, face: SealedFace) -> None:
    assert face.template is not None
    town.write_person(member.login, {schema.TEMPLATE: [face.template], schema.TEMPLATE_KEY: list(face.template_keys)})


def write_papers(town: Town, papers: RealmPapers) -> None:
    assert papers.host is not None and papers.manifest is not None
    with town.slapd.admin() as admin:
        admin.modify(
            town.slapd.tree.realm,
            replace={schema.MANIFEST: [papers.manifest], schema.DELEGATION: list(papers.delegations)},
        )
        admin.modify(town.slapd.tree.host(HOST), replace={schema.HOST_STATEMENT: [papers.host]})


def refusal(town: Town, member: StaffMember) -> tuple[int, str]:
    """Code and journal reason of a logon with the right password and the right face."""
    code = town.logon(member.login, town.passwords[member.login]).code
    return code, town.reasons()[-1]["reason"]


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("what", FACES)
def test_a_face_in_the_directory(town: Town, clerk: StaffMember, forger: Forger, what: str) -> None:
    forge, reason = FACES[what]
    write_face(town, clerk, forge(forger))
    town.forget_cache()
    assert refusal(town, clerk) == (Code.AUTHINFO_UNAVAIL, reason)


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("what", PAPERS)
def test_papers_in_the_directory(town: Town, clerk: StaffMember, forger: Forger, what: str) -> None:
    change, reason = PAPERS[what]
    write_papers(town, change(forger))
    town.forget_cache()
    assert refusal(town, clerk) == (Code.AUTHINFO_UNAVAIL, reason)


@pytest.fixture(scope="module")
def cut_off(running_town: Town, forger: Forger) -> Iterator[None]:
    """The directory is out of reach."""
    running_town.slapd.stop()
    yield
    running_town.slapd.start()
    running_town.forget_cache()


@contextlib.contextmanager
def cache_of(town: Town) -> Iterator[Cache]:
    """What root can write while the daemon stands still."""
    town.stop_daemon("faced-directory")
    yield Cache(town.system.path("/var/lib/faced-directory/cache"), valid_days=CACHE_DAYS, clock=time.time)
    town.restart("faced-directory")


@pytest.mark.usefixtures("cut_off")
def test_the_genuine_bytes_from_the_cache_let_in(town: Town, clerk: StaffMember, forger: Forger) -> None:
    """Else the refusals below would prove nothing."""
    with cache_of(town) as cache:
        cache.keep_papers(forger.papers, forger.now)
        cache.keep(clerk.login, forger.clerk, forger.now)
    assert town.logon(clerk.login, town.passwords[clerk.login]).code == Code.SUCCESS


@pytest.mark.usefixtures("cut_off")
@pytest.mark.parametrize("what", FACES)
def test_a_face_in_the_cache(town: Town, clerk: StaffMember, forger: Forger, what: str) -> None:
    forge, reason = FACES[what]
    with cache_of(town) as cache:
        cache.keep_papers(forger.papers, forger.now)
        cache.keep(clerk.login, forge(forger), forger.now)
    assert refusal(town, clerk) == (Code.AUTHINFO_UNAVAIL, reason)


@pytest.mark.usefixtures("cut_off")
@pytest.mark.parametrize("what", PAPERS)
def test_papers_in_the_cache(town: Town, clerk: StaffMember, forger: Forger, what: str) -> None:
    change, reason = PAPERS[what]
    with cache_of(town) as cache:
        cache.keep_papers(change(forger), forger.now)
        cache.keep(clerk.login, forger.clerk, forger.now)
    assert refusal(town, clerk) == (Code.AUTHINFO_UNAVAIL, reason)


@pytest.mark.usefixtures("cut_off")
def test_a_cache_that_is_too_old(town: Town, clerk: StaffMember, forger: Forger) -> None:
    fetched = forger.now - (CACHE_DAYS + 1) * DAY_S
    with cache_of(town) as cache:
        cache.keep_papers(forger.papers, forger.now)
        cache.keep(clerk.login, forger.clerk, fetched)
    assert refusal(town, clerk)[0] == Code.AUTHINFO_UNAVAIL
    with cache_of(town) as cache:
        cache.keep_papers(forger.papers, fetched)
        cache.keep(clerk.login, forger.clerk, forger.now)
    assert refusal(town, clerk)[0] == Code.AUTHINFO_UNAVAIL
