"""Sealed templates: coordinates that only an enrolled host of the right key group can open, and only for that person.

The signed statement carries the header (who, which purpose, which predictor and key groups) and the
coordinates, sealed with XChaCha20-Poly1305 under a data key of their own with all the rest of the statement as
associated data. Beside it, unsigned, one *template key* for each key group and epoch: the data key in a SealedBox to
the epoch's public half. Rotation makes new template keys and never opens a face. Nothing needs to sign a template key:
another data key does not open the seal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any

from nacl import utils
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import Aead
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust import encoding
from faced.trust.keys import KEY_SIZE, digest, key_id
from faced.trust.purpose import PURPOSE, require_purpose
from faced.trust.realm import Epoch, Realm, Verifier
from faced.trust.statement import Kind, Statement
from faced.trust.tombstone import check_tombstone
from faced.trust.unattended import beyond_sync, check_not_ahead
from faced.units import DAY_S, midnight

#: From issue to end, at most: so long is somebody known by the same face data.
LONGEST_DAYS = 3 * 366
#: The method of a template that was made from an ID photo and from nothing else.
FROM_PHOTO = "photo"
PREDICTOR_ID_SIZE = 32
_DIGEST_SIZE = 32
_SEALED_KEY_SIZE = 80


@unique
class Basis(StrEnum):
    """On what ground somebody is enrolled: what else a host wants to see before it opens the template."""

    #: A member of the regular staff: nothing more.
    STAFF = "staff"
    #: Anybody else: the section chief's approval and the person's own consent, both standing (requirements R3, R5).
    CONSENT = "consent"


@dataclass(frozen=True)
class Provenance:
    """What a template rests on.

    ``photo``, ``revision``: keyed digests (of the ID photo, of the state of the personnel section's record) that tell
    the next synchronisation whether anything changed, and nobody else anything; empty if there was no such thing.
    """

    basis: Basis = Basis.STAFF
    photo: bytes = b""
    revision: bytes = b""

    def body(self) -> dict[str, Any]:
        """Its part of the statement's body; left out while it says nothing."""
        if self == NO_PROVENANCE:
            return {}
        return {"provenance": {"basis": self.basis.value, "photo": self.photo, "revision": self.revision}}


NO_PROVENANCE = Provenance()


@dataclass(frozen=True)
class TemplateHeader:
    """What is signed about a template, readable without any key.

    ``login`` is the canonical login name, ``predictor`` the SHA-256 of the predictor file, ``method`` says how it was
    made ("photo", "camera"). Times are unix seconds; ``not_after`` is the first second after the period that the person
    was enrolled for, None for as long as the purpose is renewed.
    """

    login: str
    staff_number: str
    serial: int
    not_before: int
    not_after: int | None
    predictor: bytes
    groups: tuple[str, ...]
    method: str
    provenance: Provenance = NO_PROVENANCE

    def expires(self, issued: int) -> int:
        """The first second in which a template that is signed at ``issued`` does not hold, whatever the purpose."""
        return midnight(issued + LONGEST_DAYS * DAY_S) if self.not_after is None else self.not_after


@dataclass(frozen=True)
class SealedTemplate:
    """What goes into the directory: one statement, and one template key for each key group and epoch."""

    template: bytes
    template_keys: tuple[bytes, ...]


@dataclass(frozen=True)
class TemplateKey:
    """One wrap of a template's data key. ``template``: the digest of the template; ``sealed``: for the epoch's key."""

    template: bytes
    group: str
    epoch: int
    sealed: bytes

    @classmethod
    def parse(cls, data: bytes) -> TemplateKey:
        """Read a template key; there is nothing about it that could be believed or not.

        :raises TrustError: ``malformed``.
        """
        match encoding.decode(data):
            case {
                "v": 1,
                "template": bytes() as template,
                "group": str() as group,
                "epoch": int() as number,
                "sealed": bytes() as sealed,
                **rest,
            } if not rest and len(template) == _DIGEST_SIZE and len(sealed) == _SEALED_KEY_SIZE:
                return cls(template, group, number, sealed)
        raise _malformed()


@dataclass(frozen=True)
class CheckedTemplate:
    """A template that :func:`check_template` found to be this person's, at the moment of ``verifier``."""

    verifier: Verifier
    template: bytes
    statement: Statement
    header: TemplateHeader

    @property
    def expires(self) -> int:
        """The first second in which it does not hold any more, whatever the purpose."""
        return self.statement.expires

    @property
    def unattended(self) -> bool:
        """Whether a timer signed it, and no handler."""
        return self.verifier.is_unattended(self.statement)


@dataclass(frozen=True)
class OpenedTemplate:
    """A template that may be used now: its header, and the coordinates as recognition encoded them."""

    header: TemplateHeader
    coordinates: bytes


def seal_template(
    realm: Realm,
    key: SigningKey,
    header: TemplateHeader,
    coordinates: bytes,
    epochs: Iterable[Epoch],
    now: int,
    *,
    random: Callable[[int], bytes] = utils.random,
) -> SealedTemplate:
    """Seal and sign a template in the role ``enrol`` or ``sync``. Whoever does this cannot open it again.

    :param epochs: the epochs of the header's key groups to make template keys for.
    """
    data_key = random(KEY_SIZE)
    nonce = random(Aead.NONCE_SIZE)
    body: dict[str, Any] = {
        "staff": header.staff_number,
        "purpose": PURPOSE,
        "not_before": header.not_before,
        "predictor": header.predictor,
        "groups": sorted(header.groups),
        "method": header.method,
        "nonce": nonce,
        "sealed": b"",
        **({} if header.not_after is None else {"not_after": header.not_after}),
        **header.provenance.body(),
    }
    issuer = key_id(bytes(key.verify_key))
    draft = Statement(Kind.TEMPLATE, realm.id, header.login, header.serial, now, header.expires(now), issuer, body)
    body["sealed"] = Aead(data_key).encrypt(coordinates, draft.payload(without="sealed"), nonce).ciphertext
    template = draft.sign(key)
    keys = tuple(_seal_key(digest(template), data_key, epoch) for epoch in epochs if epoch.group in header.groups)
    return SealedTemplate(template, keys)


def read_header(statement: Statement) -> TemplateHeader:
    """The header of a checked template statement.

    :raises TrustError: ``malformed``.
    """
    match statement.body:
        case {
            "staff": str() as staff,
            "purpose": str() as purpose,
            "not_before": int() as not_before,
            "predictor": bytes() as predictor,
            "groups": list() as groups,
            "method": str() as method,
            "nonce": bytes() as nonce,
            "sealed": bytes(),
            **rest,
        } if (
            rest.keys() <= {"provenance", "not_after"}
            and isinstance(rest.get("not_after", 0), int)
            and len(predictor) == PREDICTOR_ID_SIZE
            and len(nonce) == Aead.NONCE_SIZE
            and all(isinstance(group, str) for group in groups)
        ):
            if purpose != PURPOSE:
                raise TrustError(_("The template was made for another purpose."), reason="purpose_over")
            return TemplateHeader(
                *(statement.subject, staff, statement.serial, not_before, rest.get("not_after")),
                *(predictor, tuple(groups), method),
                _provenance(rest.get("provenance")),
            )
    raise _malformed()


def check_header(verifier: Verifier, template: bytes) -> TemplateHeader:
    """The header of a template that must be believed to have been issued, whosever it is and whatever came after.

    :raises TrustError: as :meth:`Verifier.check`; ``malformed``; ``issuer_lacks_role`` or ``not_yet_valid`` where the
        unattended synchronisation signed what it may not.
    """
    statement = verifier.check(template, Kind.TEMPLATE)
    header = read_header(statement)
    _check_unattended(verifier, statement, header)
    return header


def check_template(
    verifier: Verifier, login: str, template: bytes, *, tombstone: bytes | None = None, lowest_serial: int = 0
) -> CheckedTemplate:
    """Whether this template may be believed to be this person's, now; nothing is opened.

    :param login: the canonical login name from NSS.
    :param tombstone: the person's tombstone statement, if the directory has one.
    :param lowest_serial: the highest serial this host has seen for the person (a lower one was put back).
    :raises TrustError: as :meth:`Verifier.check`, and wrong_person, too_long, older_serial, tombstoned, purpose_over.
    """
    statement = verifier.check(template, Kind.TEMPLATE, even_expired=True)
    header = read_header(statement)
    if header.login != login:
        raise TrustError(_("The template is another person's."), reason="wrong_person")
    _check_unattended(verifier, statement, header)
    minimum = verifier.manifest.minimum_serials.get(login, 0) if verifier.manifest else 0
    if header.serial < max(lowest_serial, minimum):
        raise TrustError(_("The template is older than one already seen."), reason="older_serial")
    if tombstone is not None:
        death = check_tombstone(verifier, login, tombstone)
        if header.serial < death.below_serial:
            raise TrustError(_("The template was withdrawn."), reason="tombstoned")
        if death.unattended and verifier.is_unattended(statement):
            raise beyond_sync(_("enrol anew whom it erased itself"))
    _check_period(verifier, statement, header)
    return CheckedTemplate(verifier, template, statement, header)


def open_template(
    checked: CheckedTemplate,
    template_keys: Iterable[bytes],
    epoch_keys: Mapping[tuple[str, int], PrivateKey],
    predictor: bytes,
) -> OpenedTemplate:
    """The coordinates of a template that was checked.

    :param epoch_keys: by (group, epoch), from :func:`faced.trust.host.open_epoch_keys`.
    :param predictor: the id of the predictor that this host's landmarks come from.
    :raises TrustError: wrong_predictor, wrong_group, wrong_epoch, wrong_key, tampered, malformed.
    """
    statement, header = checked.statement, checked.header
    if header.predictor != predictor:
        raise TrustError(
            _("The template was made with another landmark predictor: install the same file on station and PC."),
            reason="wrong_predictor",
        )
    data_key = _open_key(checked, template_keys, epoch_keys)
    try:
        coordinates = Aead(data_key).decrypt(
            statement.body["sealed"], statement.payload(without="sealed"), statement.body["nonce"]
        )
    except CryptoError:
        raise TrustError(_("The sealed part of a template was changed."), reason="tampered") from None
    return OpenedTemplate(header, coordinates)


def rewrap(key: TemplateKey, private: PrivateKey, epoch: Epoch) -> bytes:
    """A template key for another epoch of the same group; needs neither the template nor its coordinates.

    :param private: of the epoch that ``key`` was sealed to.
    :raises TrustError: ``wrong_group``, ``wrong_key`` or ``malformed``.
    """
    if key.group != epoch.group:
        raise TrustError(_("A template key is never moved to another key group."), reason="wrong_group")
    return _seal_key(key.template, _unseal(key.sealed, private), epoch)


def _check_period(verifier: Verifier, statement: Statement, header: TemplateHeader) -> None:
    """Refuse what is outside its own period, then what has lasted too long, then what the purpose does not cover."""
    now = verifier.now
    if now < header.not_before or (header.not_after is not None and header.not_after <= now):
        raise TrustError(_("It is outside the period that the person was enrolled for."), reason="purpose_over")
    if statement.expires - statement.issued > LONGEST_DAYS * DAY_S:
        raise TrustError(_("The template is for longer than {days} days.").format(days=LONGEST_DAYS), reason="too_long")
    if statement.expires <= now:
        raise TrustError(_("The face data are too old: the person must be enrolled again."), reason="expired")
    require_purpose(verifier)


def _check_unattended(verifier: Verifier, statement: Statement, header: TemplateHeader) -> None:
    """Refuse what the timer's key may not say about a person (decision 0047): it needs no passphrase."""
    if not verifier.is_unattended(statement):
        return
    if header.method != FROM_PHOTO:
        raise beyond_sync(_("say that somebody was seen at the camera"))
    if not header.provenance.photo:
        raise beyond_sync(_("enrol without a photo of the personnel section"))
    check_not_ahead(verifier, header.serial)


def _provenance(entry: Any) -> Provenance:
    match entry:
        case None:
            return NO_PROVENANCE
        case {"basis": str() as basis, "photo": bytes() as photo, "revision": bytes() as revision, **rest} if (
            not rest and basis in set(Basis)
        ):
            return Provenance(Basis(basis), photo, revision)
    raise _malformed()


def _open_key(
    checked: CheckedTemplate,
    template_keys: Iterable[bytes],
    epoch_keys: Mapping[tuple[str, int], PrivateKey],
) -> bytes:
    """The data key from the first template key that this host may and can open; else why there is none."""
    verifier, reason = checked.verifier, "wrong_key"
    for data in template_keys:
        key = TemplateKey.parse(data)
        if key.template != digest(checked.template):
            raise TrustError(_("A template key belongs to another template."), reason="wrong_key")
        group, number = key.group, key.epoch
        epoch = verifier.manifest.epoch(group, number) if verifier.manifest else None
        private = epoch_keys.get((group, number))
        if group not in checked.header.groups:
            reason = "wrong_group"
        elif epoch is None or not epoch.not_before <= verifier.now < epoch.not_after:
            reason = "wrong_epoch"
        elif private is None:
            reason = "wrong_group" if all(group != held for held, _number in epoch_keys) else "wrong_epoch"
        else:
            return _unseal(key.sealed, private)
    raise TrustError(_("This computer holds no key for the template."), reason=reason)


def _seal_key(template: bytes, data_key: bytes, epoch: Epoch) -> bytes:
    """A template key. ``template``: the digest of the template."""
    sealed = SealedBox(PublicKey(epoch.public)).encrypt(data_key)
    return encoding.encode(
        {"v": 1, "template": template, "group": epoch.group, "epoch": epoch.number, "sealed": sealed}
    )


def _unseal(sealed: bytes, private: PrivateKey) -> bytes:
    try:
        data_key = SealedBox(private).decrypt(sealed)
    except CryptoError:
        raise TrustError(_("A template key does not open."), reason="wrong_key") from None
    if len(data_key) != KEY_SIZE:
        raise _malformed()
    return data_key


def _malformed() -> TrustError:
    return TrustError(_("A sealed template is malformed."), reason="malformed")
