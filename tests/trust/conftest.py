"""A small realm with known keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from faced.trust.host import issue_host, open_epoch_keys
from faced.trust.keys import HostKeys
from faced.trust.purpose import issue_purpose
from faced.trust.realm import Epoch, Manifest, Realm, Role, Verifier
from faced.trust.sealed import (
    OpenedTemplate,
    SealedTemplate,
    TemplateHeader,
    check_template,
    open_template,
    seal_template,
)

DAY = 86_400
#: 15 January 2027.
NOW = 1_800_000_000
#: 1 April 2026, 2027 and 2028, 00:00 in Japan.
APRIL_2026, APRIL_2027, APRIL_2028 = 1_774_969_200, 1_806_505_200, 1_838_127_600
PREDICTOR = bytes(range(32))
COORDINATES = b"coordinates" * 20


def key(number: int) -> SigningKey:
    """The same key every time."""
    return SigningKey(bytes([number]) * 32)


@dataclass
class World:
    """A realm, its handlers and one host; tests change one thing and see what is refused."""

    realm: Realm
    root: SigningKey
    enrol: SigningKey
    operate: SigningKey
    manifest_key: SigningKey
    revoke: SigningKey
    approve: SigningKey
    sync: SigningKey
    epoch_private: PrivateKey
    manifest_content: Manifest
    delegations: list[bytes]
    host: HostKeys
    host_statement: bytes
    header: TemplateHeader

    @property
    def manifest(self) -> bytes:
        return self.realm.issue_manifest(self.manifest_key, self.manifest_content)

    def change_manifest(self, **changes: object) -> None:
        self.manifest_content = replace(self.manifest_content, **changes)  # type: ignore[arg-type]

    def verifier(self, now: int = NOW) -> Verifier:
        return self.realm.verifier(self.delegations, self.manifest, now)

    def purpose(self, not_before: int = APRIL_2026, not_after: int = APRIL_2027, **changes: Any) -> bytes:
        """The approving role's word, or somebody else's: that face data may be used in this period."""
        terms = {"key": self.approve, "serial": NOW - DAY, "decision": "R8-1", "now": NOW - DAY, **changes}
        return issue_purpose(self.realm, **terms, not_before=not_before, not_after=not_after)

    def seal(self, by: SigningKey | None = None, **changes: object) -> SealedTemplate:
        header = replace(self.header, **changes)  # type: ignore[arg-type]
        return seal_template(self.realm, by or self.enrol, header, COORDINATES, self.manifest_content.epochs, NOW)

    def open(
        self,
        sealed: SealedTemplate,
        login: str = "tanaka",
        *,
        now: int = NOW,
        predictor: bytes = PREDICTOR,
        tombstone: bytes | None = None,
        lowest_serial: int = 0,
    ) -> OpenedTemplate:
        verifier = self.verifier(now)
        checked = check_template(verifier, login, sealed.template, tombstone=tombstone, lowest_serial=lowest_serial)
        epoch_keys = open_epoch_keys(verifier, self.host_statement, self.host)
        return open_template(checked, sealed.template_keys, epoch_keys, predictor)


@pytest.fixture
def world() -> World:
    return make_world()


def make_world() -> World:
    """The world of all trust tests; everything but the seals is the same every time."""
    root, enrol, operate, manifest_key, revoke = (key(number) for number in range(1, 6))
    approve, sync = key(8), key(12)
    realm = Realm.create("Example Ward", root, NOW - 100 * DAY, dummy=True)
    epoch_private = PrivateKey(bytes([9]) * 32)
    epoch = Epoch("default", 2026, bytes(epoch_private.public_key), NOW - 200 * DAY, NOW + 100 * DAY)
    manifest = Manifest(1, NOW - DAY, NOW + 13 * DAY, (epoch,), frozenset(), frozenset(), {})
    host = HostKeys("pc-1", key(6), {2026: PrivateKey(bytes([7]) * 32)})
    until = NOW + 300 * DAY
    world = World(
        realm=realm,
        root=root,
        enrol=enrol,
        operate=operate,
        manifest_key=manifest_key,
        revoke=revoke,
        approve=approve,
        sync=sync,
        epoch_private=epoch_private,
        manifest_content=manifest,
        delegations=[
            realm.delegate(root, handler, bytes(signer.verify_key), [role], NOW - 100 * DAY, until)
            for handler, signer, role in [
                ("sato", enrol, Role.ENROL),
                ("ito", operate, Role.OPERATE),
                ("timer", manifest_key, Role.MANIFEST),
                ("abe", revoke, Role.REVOKE),
                ("kimura", approve, Role.APPROVE),
                ("timer", sync, Role.SYNC),
            ]
        ],
        host=host,
        host_statement=issue_host(
            realm,
            operate,
            name="pc-1",
            box=bytes(host.boxes[2026].public_key),
            sign=bytes(host.sign.verify_key),
            epoch=2026,
            groups={"default": {2026: epoch_private}},
            now=NOW - DAY,
            expires=until,
        ),
        header=TemplateHeader("tanaka", "000123", 5, NOW - DAY, NOW + 100 * DAY, PREDICTOR, ("default",), "photo"),
    )
    world.change_manifest(purposes=(world.purpose(), world.purpose(APRIL_2027, APRIL_2028)))
    return world
