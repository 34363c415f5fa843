"""A workstation's statement: which epochs it may open, sealed to the key it has for this epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust.keys import KEY_SIZE, HostKeys, key_id
from faced.trust.realm import Manifest, Realm, Verifier
from faced.trust.statement import Kind, Statement


@dataclass(frozen=True)
class HostRecord:
    """What a host's statement says, but for the keys that are sealed in it.

    ``epoch``: the fiscal year of its box key ``box``; ``held``: the epochs it can open, by (group, epoch number);
    ``expires``: unix seconds.
    """

    name: str
    epoch: int
    groups: tuple[str, ...]
    box: bytes
    sign: bytes
    held: frozenset[tuple[str, int]]
    expires: int


def read_host(statement: Statement) -> HostRecord:
    """The record in a checked host statement.

    :raises TrustError: ``malformed``.
    """
    match statement.body:
        case {
            "epoch": int() as epoch,
            "groups": list() as groups,
            "box": bytes() as box,
            "sign": bytes() as sign,
            "epoch_keys": list() as entries,
            **rest,
        } if not rest and len(box) == len(sign) == KEY_SIZE and all(isinstance(group, str) for group in groups):
            held = frozenset(_sealed_epoch(entry)[:2] for entry in entries)
            return HostRecord(statement.subject, epoch, tuple(groups), box, sign, held, statement.expires)
    raise _malformed()


def open_epoch_keys(verifier: Verifier, host_statement: bytes, host: HostKeys) -> dict[tuple[str, int], PrivateKey]:
    """The private halves of the epochs that were sealed to this host, by (group, epoch).

    :raises TrustError: as :meth:`Verifier.check`; ``wrong_host`` for another host's statement; ``host_revoked``;
        ``wrong_key`` if a seal does not open or opens to another key than the manifest names.
    """
    manifest = verifier.manifest
    if manifest is None:
        raise TrustError(_("Without a manifest no host may open anything."), reason="manifest_expired")
    if host.name in manifest.revoked_hosts:
        raise TrustError(_("This computer was taken out of the realm."), reason="host_revoked")
    statement = verifier.check(host_statement, Kind.HOST)
    if statement.subject != host.name or statement.body.get("sign") != bytes(host.sign.verify_key):
        raise TrustError(_("The host record is another computer's."), reason="wrong_host")
    record = read_host(statement)
    private = host.boxes.get(record.epoch)
    if private is None or bytes(private.public_key) != record.box:
        raise TrustError(_("The host record is for a key that this computer does not have."), reason="wrong_key")
    entries = statement.body["epoch_keys"]
    return dict(_open_epoch(manifest, entry, SealedBox(private)) for entry in entries)


def issue_host(
    realm: Realm,
    key: SigningKey,
    *,
    name: str,
    box: bytes,
    sign: bytes,
    epoch: int,
    groups: Mapping[str, Mapping[int, PrivateKey]],
    now: int,
    expires: int,
) -> bytes:
    """The statement that lets a host open the templates of its key groups, signed in the role ``operate``.

    :param box: the host's X25519 public key of this epoch.
    :param sign: the host's Ed25519 public key.
    :param groups: for each key group of the host the private halves of its epochs, by epoch number.
    """
    seal = SealedBox(PublicKey(box))
    epoch_keys = [
        {"group": group, "epoch": number, "sealed": seal.encrypt(bytes(private))}
        for group, epochs in sorted(groups.items())
        for number, private in sorted(epochs.items())
    ]
    body = {"epoch": epoch, "groups": sorted(groups), "box": box, "sign": sign, "epoch_keys": epoch_keys}
    return Statement(Kind.HOST, realm.id, name, now, now, expires, key_id(bytes(key.verify_key)), body).sign(key)


def _open_epoch(manifest: Manifest, entry: Any, box: SealedBox[PrivateKey]) -> tuple[tuple[str, int], PrivateKey]:
    group, number, sealed = _sealed_epoch(entry)
    try:
        private = PrivateKey(box.decrypt(sealed))
    except (CryptoError, ValueError, TypeError):
        raise TrustError(_("A key sealed to this computer does not open."), reason="wrong_key") from None
    epoch = manifest.epoch(group, number)
    if epoch is not None and bytes(private.public_key) != epoch.public:
        raise TrustError(_("A key sealed to this computer is not the realm's."), reason="wrong_key")
    return (group, number), private


def _sealed_epoch(entry: Any) -> tuple[str, int, bytes]:
    match entry:
        case {"group": str() as group, "epoch": int() as number, "sealed": bytes() as sealed, **rest} if not rest:
            return group, number, sealed
    raise _malformed()


def _malformed() -> TrustError:
    return TrustError(_("A computer's record is malformed."), reason="malformed")
