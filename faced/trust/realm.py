"""A realm: one root key, the roles it delegated, the daily manifest, and the verifier made of them.

The realm id is a digest of name, dummy mark and root key: a realm cannot become a dummy one, or stop being one, and
keep its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Any

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust import encoding
from faced.trust.keys import KEY_ID_SIZE, KEY_SIZE, digest, fingerprint, key_id
from faced.trust.statement import REALM_ID_SIZE, Kind, Statement, parse

#: How far ahead of ours the clock of whoever issued a statement may be.
CLOCK_SKEW_S = 300
MANIFEST_DAYS = 14
#: Bytes of the word for a person in the manifest and in hosts' reports (:func:`faced.trust.report.subject_of`).
SUBJECT_SIZE = 16
#: One a fiscal year is in force or ahead; more are no manifest of ours.
MAX_PURPOSES = 3
_FOREVER = 2**62


@unique
class Role(StrEnum):
    """What the root can delegate. A handler has one key and one or more roles."""

    ENROL = "enrol"
    APPROVE = "approve"
    OPERATE = "operate"
    MANIFEST = "manifest"
    REVOKE = "revoke"
    AUDIT = "audit"
    #: The unattended synchronisation with the personnel section: a timer's key (decision 0047).
    SYNC = "sync"


#: Roles in which a person decides; manifest and synchronisation are timers', and an auditor only looks.
PERSONAL = frozenset({Role.ENROL, Role.APPROVE, Role.OPERATE, Role.REVOKE})

#: Who may sign what; the root signs realm and delegation itself and nothing else.
SIGNERS: Mapping[Kind, frozenset[Role]] = {
    Kind.MANIFEST: frozenset({Role.MANIFEST}),
    Kind.HOST: frozenset({Role.OPERATE}),
    Kind.TEMPLATE: frozenset({Role.ENROL, Role.SYNC}),
    Kind.TOMBSTONE: frozenset({Role.REVOKE, Role.ENROL, Role.SYNC}),
    Kind.ERASURE: frozenset({Role.REVOKE}),
    Kind.CALIBRATION: frozenset({Role.ENROL}),
    Kind.PURPOSE: frozenset({Role.APPROVE}),
    Kind.EXEMPTION: frozenset({Role.APPROVE}),
    Kind.UNLOCK: frozenset({Role.APPROVE}),
    Kind.EMERGENCY: frozenset({Role.APPROVE}),
    Kind.CONSENT: frozenset({Role.APPROVE}),
    Kind.APPROVAL: frozenset({Role.APPROVE}),
    Kind.SUSPENSION: frozenset({Role.ENROL, Role.REVOKE, Role.SYNC}),
    Kind.BATCH: frozenset({Role.APPROVE}),
    Kind.ACT: frozenset(Role),
    Kind.PROPOSAL: PERSONAL,
    Kind.CONFIRMATION: PERSONAL,
}

#: What stays valid when the handler who signed it has left; everything else dies with the appointment (decision 0035).
OUTLIVES = frozenset(
    {
        *(Kind.HOST, Kind.TEMPLATE, Kind.TOMBSTONE, Kind.ERASURE, Kind.CALIBRATION, Kind.PURPOSE),
        *(Kind.EXEMPTION, Kind.ACT),
        *(Kind.CONSENT, Kind.APPROVAL, Kind.SUSPENSION),
    }
)
#: What a manifest may name words of, against somebody.
AGAINST = frozenset({Kind.CONSENT, Kind.APPROVAL, Kind.SUSPENSION})


@dataclass(frozen=True)
class Epoch:
    """One key pair's public half: for one key group and one fiscal year."""

    group: str
    number: int
    public: bytes
    not_before: int
    not_after: int


@dataclass(frozen=True)
class RecordHead:
    """How far the station's record of acts went, and the digest of its last line (32 bytes)."""

    count: int
    head: bytes


@dataclass(frozen=True)
class Manifest:
    """What holds today: the epochs, what was revoked, the calibration in force, and the purposes.

    ``calibration`` is a whole statement by the role ``enrol``, or None: whoever writes the directory cannot take it
    away, and whoever issues manifests cannot make one. So are ``purposes``, by the role ``approve``: one a fiscal year,
    see :mod:`faced.trust.purpose`.

    ``revoked_keys`` are believed about nothing. ``retired_keys`` (key id: unix seconds) are those of handlers who left:
    what they signed before is believed as far as :data:`OUTLIVES` says. ``record`` is the last checkpoint of the acts.

    ``words_against`` (kind, login name: serial) names the suspensions and withdrawals of late, so that every host hears
    of them with its next look at the manifest and not of any that somebody keeps from it.

    ``stricter``: of whom more is asked, and until when (subject: unix seconds); ``calmed``: whose failed tries up to
    then somebody has answered for, which is for those who issue manifests and not for hosts.
    """

    serial: int
    issued: int
    expires: int
    epochs: tuple[Epoch, ...]
    revoked_hosts: frozenset[str]
    revoked_keys: frozenset[bytes]
    minimum_serials: Mapping[str, int]
    calibration: bytes | None = None
    retired_keys: Mapping[bytes, int] = field(default_factory=dict)
    record: RecordHead | None = None
    words_against: Mapping[Kind, Mapping[str, int]] = field(default_factory=dict)
    stricter: Mapping[bytes, int] = field(default_factory=dict)
    calmed: Mapping[bytes, int] = field(default_factory=dict)
    purposes: tuple[bytes, ...] = ()

    def epoch(self, group: str, number: int) -> Epoch | None:
        """The epoch of this group and number, if the realm has it."""
        return next((e for e in self.epochs if (e.group, e.number) == (group, number)), None)

    def body(self) -> dict[str, Any]:
        """The statement body; what was added to the format later is left out while it says nothing."""
        retired = [{"key": key, "since": since} for key, since in sorted(self.retired_keys.items())]
        stricter = [{"subject": subject, "until": until} for subject, until in sorted(self.stricter.items())]
        calmed = [{"subject": subject, "since": since} for subject, since in sorted(self.calmed.items())]
        record = self.record and {"count": self.record.count, "head": self.record.head}
        against = {kind.value: dict(serials) for kind, serials in self.words_against.items() if serials}
        return {
            "epochs": [
                {
                    "group": epoch.group,
                    "epoch": epoch.number,
                    "key": epoch.public,
                    "not_before": epoch.not_before,
                    "not_after": epoch.not_after,
                }
                for epoch in self.epochs
            ],
            "revoked_hosts": sorted(self.revoked_hosts),
            "revoked_keys": sorted(self.revoked_keys),
            "minimum_serials": dict(self.minimum_serials),
            "calibration": self.calibration,
            **({"retired_keys": retired} if retired else {}),
            **({"record": record} if record else {}),
            **({"words_against": against} if against else {}),
            **({"stricter": stricter} if stricter else {}),
            **({"calmed": calmed} if calmed else {}),
            **({"purposes": list(self.purposes)} if self.purposes else {}),
        }


@dataclass(frozen=True)
class Realm:
    """The anchor: what a host pins when it joins, and believes from then on."""

    id: bytes
    name: str
    dummy: bool
    root: bytes
    anchor: bytes

    @classmethod
    def create(cls, name: str, root: SigningKey, now: int, *, dummy: bool) -> Realm:
        """A new realm under this root key."""
        public = bytes(root.verify_key)
        body = {"name": name, "dummy": dummy, "root": public}
        identity = _realm_id(body)
        statement = Statement(Kind.REALM, identity, name, now, now, _FOREVER, key_id(public), body)
        return cls(identity, name, dummy, public, statement.sign(root))

    @classmethod
    def open(cls, anchor: bytes) -> Realm:
        """The realm of a pinned anchor.

        :raises TrustError: ``malformed``, ``bad_signature``, ``wrong_kind`` or ``wrong_realm``.
        """
        signed = parse(anchor)
        match signed.unverified.body:
            case {"name": str() as name, "dummy": bool() as dummy, "root": bytes() as root, **rest} if (
                not rest and len(root) == KEY_SIZE
            ):
                statement = signed.verify(root)
                if statement.kind is not Kind.REALM:
                    raise TrustError(_("This is a signed record, but not the anchor of a realm."), reason="wrong_kind")
                if statement.realm != _realm_id(statement.body) or statement.subject != name:
                    raise TrustError(_("The realm's anchor does not fit its own id."), reason="wrong_realm")
                return cls(statement.realm, name, dummy, root, anchor)
        raise TrustError(_("This is not the anchor of a realm."), reason="malformed")

    @property
    def fingerprint(self) -> str:
        """What two people compare aloud before a host pins this realm."""
        return fingerprint(self.id)

    def delegate(
        self, root: SigningKey, handler: str, public: bytes, roles: Iterable[Role], since: int, expires: int
    ) -> bytes:
        """The root's statement that this key may act in these roles from ``since`` until ``expires``.

        A renewal keeps ``since``: what the handler signed before stays covered.
        """
        body = {"key": public, "roles": sorted(role.value for role in roles)}
        return Statement(Kind.DELEGATION, self.id, handler, since, since, expires, key_id(self.root), body).sign(root)

    def read_delegation(self, data: bytes) -> Delegation:
        """A delegation by this realm's root, whether or not it is in force.

        :raises TrustError: ``malformed``, ``wrong_realm``, ``wrong_kind`` or ``bad_signature``.
        """
        signed = parse(data)
        if signed.unverified.realm != self.id:
            raise TrustError(_("A record belongs to another realm."), reason="wrong_realm")
        if signed.unverified.kind is not Kind.DELEGATION:
            raise TrustError(_("This is a signed record, but not an appointment."), reason="wrong_kind")
        statement = signed.verify(self.root)
        match statement.body:
            case {"key": bytes() as key, "roles": list() as roles, **rest} if not rest and len(key) == KEY_SIZE:
                known = frozenset(Role(role) for role in roles if role in set(Role))
                return Delegation(statement.subject, key, known, statement.issued, statement.expires)
        raise _malformed()

    def issue_manifest(self, key: SigningKey, manifest: Manifest) -> bytes:
        """Sign a manifest with the key of a handler in the role ``manifest``."""
        return Statement(
            Kind.MANIFEST,
            self.id,
            self.name,
            manifest.serial,
            manifest.issued,
            manifest.expires,
            key_id(bytes(key.verify_key)),
            manifest.body(),
        ).sign(key)

    def verifier(self, delegations: Iterable[bytes], manifest: bytes | None, now: int) -> Verifier:
        """What may be believed now.

        :param manifest: None only at the authority, before the first manifest is made.
        :raises TrustError: for a manifest that does not hold; a delegation that does not hold only delegates nothing.
        """
        return Verifier(self, delegations, manifest, now)


@dataclass(frozen=True)
class Delegation:
    """Who may act in which roles with which key (Ed25519 public), from ``issued`` until before ``expires``."""

    handler: str
    key: bytes
    roles: frozenset[Role]
    issued: int
    expires: int

    @property
    def key_id(self) -> bytes:
        """The name of the key."""
        return key_id(self.key)


class Verifier:
    """Checks statements of one realm under its delegations and manifest, at one moment."""

    def __init__(self, realm: Realm, delegations: Iterable[bytes], manifest: bytes | None, now: int) -> None:
        self.realm = realm
        self.now = now
        self.manifest: Manifest | None = None
        self._delegations: dict[bytes, list[Delegation]] = {}
        for data in delegations:
            self._learn(data)
        if manifest is not None:
            self.manifest = self._read_manifest(manifest)

    def under(self, manifest: Manifest) -> Verifier:
        """The same under a manifest that is still being made: the authority asks what will be believed then."""
        verifier = Verifier(self.realm, (), None, self.now)
        verifier._delegations = self._delegations
        verifier.manifest = manifest
        return verifier

    def check(self, data: bytes, kind: Kind, *, even_expired: bool = False) -> Statement:
        """The statement, if it must be believed now.

        :param even_expired: what it says is only to be renewed, or the caller looks at its end; whoever signed it may
            not have been revoked since.
        :raises TrustError: malformed, wrong_realm, wrong_kind, unknown_issuer, issuer_revoked, issuer_retired,
            issuer_lacks_role, bad_signature, not_yet_valid or expired.
        """
        statement, _handler = self.check_past(data, kind)
        self._check_time(statement, even_expired)
        return statement

    def check_past(self, data: bytes, kind: Kind) -> tuple[Statement, str]:
        """A statement that is a record of its own day, and the handler who signed it; it may have expired since.

        :raises TrustError: as :meth:`check`, without not_yet_valid and expired.
        """
        signed = parse(data)
        claim = signed.unverified
        if claim.realm != self.realm.id:
            raise TrustError(_("A record belongs to another realm."), reason="wrong_realm")
        if claim.kind is not kind:
            raise TrustError(
                _("A record is not of the expected kind ({kind}).").format(kind=kind.value), reason="wrong_kind"
            )
        delegation = self._delegation_of(claim)
        return signed.verify(delegation.key), delegation.handler

    def is_unattended(self, statement: Statement) -> bool:
        """Whether nobody but the unattended synchronisation stands behind a statement that was checked."""
        signers = SIGNERS[statement.kind]
        return {role for held in self._in_force_for(statement) for role in held.roles & signers} == {Role.SYNC}

    def keys_of(self, role: Role) -> tuple[bytes, ...]:
        """The public keys that may act in a role now."""
        gone: frozenset[bytes] = frozenset()
        if self.manifest is not None:
            gone = self.manifest.revoked_keys | self.manifest.retired_keys.keys()
        return tuple(
            dict.fromkeys(
                delegation.key
                for held in self._delegations.values()
                for delegation in held
                if role in delegation.roles
                and delegation.issued <= self.now + CLOCK_SKEW_S
                and self.now < delegation.expires
                and delegation.key_id not in gone
            )
        )

    def _delegation_of(self, claim: Statement) -> Delegation:
        if self.manifest is not None:
            self._refuse_revoked(self.manifest, claim)
        if claim.issuer not in self._delegations:
            raise TrustError(_("A record is signed by a key that was delegated nothing."), reason="unknown_issuer")
        for delegation in self._in_force_for(claim):
            return delegation
        raise TrustError(
            _("A record is signed by a handler who may not sign this kind ({kind}).").format(kind=claim.kind.value),
            reason="issuer_lacks_role",
        )

    def _in_force_for(self, claim: Statement) -> list[Delegation]:
        """Those under which its issuer could sign a statement of this kind when it was issued."""
        signers = SIGNERS.get(claim.kind, frozenset())
        return [
            delegation
            for delegation in self._delegations.get(claim.issuer, ())
            if delegation.roles & signers and delegation.issued <= claim.issued < delegation.expires
        ]

    @staticmethod
    def _refuse_revoked(manifest: Manifest, claim: Statement) -> None:
        if claim.issuer in manifest.revoked_keys:
            raise TrustError(_("A record is signed by a key that was revoked."), reason="issuer_revoked")
        since = manifest.retired_keys.get(claim.issuer)
        # Serials follow the clock: one beyond the end would win over what others sign afterwards.
        if since is not None and (claim.kind not in OUTLIVES or max(claim.issued, claim.serial) >= since):
            raise TrustError(
                _("A record is signed by a handler who had left, or died with the appointment."),
                reason="issuer_retired",
            )

    def _check_time(self, statement: Statement, even_expired: bool) -> None:
        if statement.issued > self.now + CLOCK_SKEW_S:
            raise TrustError(
                _("A record is from the future: check the clock of this computer."), reason="not_yet_valid"
            )
        if statement.expires <= self.now and not even_expired:
            raise TrustError(_("A record has expired."), reason="expired")

    def _learn(self, data: bytes) -> None:
        try:
            delegation = self.realm.read_delegation(data)
        except TrustError:
            return
        self._delegations.setdefault(delegation.key_id, []).append(delegation)

    def _read_manifest(self, data: bytes) -> Manifest:
        try:
            statement = self.check(data, Kind.MANIFEST)
        except TrustError as error:
            if error.reason == "expired":
                raise TrustError(
                    _("The realm's manifest has expired: it must be issued anew on the station."),
                    reason="manifest_expired",
                ) from None
            raise
        manifest = _manifest(statement)
        if statement.issuer in manifest.revoked_keys or statement.issuer in manifest.retired_keys:
            raise TrustError(_("The manifest is signed by a key that it revokes."), reason="issuer_revoked")
        return manifest


def issue_calibration(realm: Realm, key: SigningKey, numbers: bytes, now: int, expires: int) -> bytes:
    """The statement of a site calibration in the role ``enrol``.

    :param numbers: the calibration as recognition encodes it; this room does not look inside.
    """
    issuer = key_id(bytes(key.verify_key))
    body = {"numbers": numbers}
    return Statement(Kind.CALIBRATION, realm.id, realm.name, now, now, expires, issuer, body).sign(key)


def open_calibration(verifier: Verifier) -> bytes | None:
    """The numbers of the calibration in force, None if the manifest names none.

    :raises TrustError: as :meth:`Verifier.check`: a realm that has one is not judged without it.
    """
    if verifier.manifest is None or verifier.manifest.calibration is None:
        return None
    match verifier.check(verifier.manifest.calibration, Kind.CALIBRATION).body:
        case {"numbers": bytes() as numbers, **rest} if not rest:
            return numbers
    raise _malformed()


def _manifest(statement: Statement) -> Manifest:
    match statement.body:
        case {
            "epochs": list() as epochs,
            "revoked_hosts": list() as hosts,
            "revoked_keys": list() as keys,
            "minimum_serials": dict() as serials,
            "calibration": (bytes() | None) as calibration,
            **rest,
        } if (
            rest.keys() <= {"retired_keys", "record", "words_against", "stricter", "calmed", "purposes"}
            and all(isinstance(host, str) for host in hosts)
            and all(isinstance(key, bytes) and len(key) == KEY_ID_SIZE for key in keys)
            and all(isinstance(serial, int) for serial in serials.values())
        ):
            return Manifest(
                statement.serial,
                statement.issued,
                statement.expires,
                tuple(_epoch(entry) for entry in epochs),
                frozenset(hosts),
                frozenset(keys),
                serials,
                calibration,
                _times(rest.get("retired_keys", []), "key", KEY_ID_SIZE, "since"),
                _record(rest.get("record")),
                _words_against(rest.get("words_against", {})),
                _times(rest.get("stricter", []), "subject", SUBJECT_SIZE, "until"),
                _times(rest.get("calmed", []), "subject", SUBJECT_SIZE, "since"),
                _purposes(rest.get("purposes", [])),
            )
    raise _malformed()


def _times(entries: Any, name: str, size: int, when: str) -> dict[bytes, int]:
    """The entries ``{name: bytes of a size, when: unix seconds}`` of a list, by name."""
    found: dict[bytes, int] = {}
    for entry in entries if isinstance(entries, list) else [None]:
        if not isinstance(entry, dict) or entry.keys() != {name, when}:
            raise _malformed()
        key, moment = entry[name], entry[when]
        if not isinstance(key, bytes) or len(key) != size or not isinstance(moment, int):
            raise _malformed()
        found[key] = moment
    return found


def _purposes(entry: Any) -> tuple[bytes, ...]:
    match entry:
        case list() as purposes if len(purposes) <= MAX_PURPOSES and all(isinstance(one, bytes) for one in purposes):
            return tuple(purposes)
    raise _malformed()


def _record(entry: Any) -> RecordHead | None:
    match entry:
        case None:
            return None
        case {"count": int() as count, "head": bytes() as head, **rest} if not rest and count > 0:
            return RecordHead(count, head)
    raise _malformed()


def _words_against(entry: Any) -> dict[Kind, dict[str, int]]:
    if not isinstance(entry, dict) or not entry.keys() <= AGAINST:
        raise _malformed()
    for serials in entry.values():
        if not isinstance(serials, dict) or not all(isinstance(serial, int) for serial in serials.values()):
            raise _malformed()
    return {Kind(kind): serials for kind, serials in entry.items()}


def _epoch(entry: Any) -> Epoch:
    match entry:
        case {
            "group": str() as group,
            "epoch": int() as number,
            "key": bytes() as public,
            "not_before": int() as not_before,
            "not_after": int() as not_after,
            **rest,
        } if not rest and len(public) == KEY_SIZE:
            return Epoch(group, number, public, not_before, not_after)
    raise _malformed()


def _realm_id(body: Mapping[str, Any]) -> bytes:
    return digest(encoding.encode(dict(body)))[:REALM_ID_SIZE]


def _malformed() -> TrustError:
    return TrustError(_("A signed record of the realm is malformed."), reason="malformed")
