"""The handlers of personal data: who is appointed to what, and what their keys share.

A handler has a key of its own in each role, made on the station, and the root's delegation for it. What all holders of
a role need (the directory password of the role's account, the epochs of ``operate``) is sealed to each of their keys.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum, unique

from nacl.signing import SigningKey

from faced.enrolment.founding import DELEGATION_DAYS
from faced.enrolment.manifest import last_manifest
from faced.enrolment.person import check_login
from faced.enrolment.station import (
    DELEGATIONS,
    FORMER,
    SHARED,
    EpochKeys,
    RoleKey,
    Station,
    delegation_name,
    key_name,
    replace_file,
    reseal_shared,
    seal_shared,
    sync_folder,
)
from faced.errors import NotAllowed, StateError
from faced.i18n import _
from faced.trust.keys import MODERATE, Argon2id, encode_key_file, is_protected, key_id
from faced.trust.realm import PERSONAL, Delegation, Manifest, Role
from faced.trust.statement import parse
from faced.units import DAY_S


@unique
class Standing(StrEnum):
    """What an appointment is worth now."""

    LIVE = "live"
    EXPIRED = "expired"
    RETIRED = "retired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Appointment:
    """A handler in one role. ``personal``: a person opens the key with a passphrase, or it does not lie here."""

    delegation: Delegation
    role: Role
    standing: Standing
    personal: bool

    @property
    def handler(self) -> str:
        """Whose it is."""
        return self.delegation.handler

    @property
    def name(self) -> str:
        """The name of its files."""
        return key_name(self.handler, self.role)


@dataclass(frozen=True)
class Appointed:
    """A handler who was appointed to a role, or again for longer."""

    role: Role
    key_id: bytes
    expires: int


def appointments(station: Station, now: int) -> tuple[Appointment, ...]:
    """Everybody who was ever appointed and whose signatures may still count, by name and role.

    :raises TrustError: the station's manifest or one of its delegations is damaged.
    """
    manifest = last_manifest(station)
    found = []
    for delegation in map(station.realm.read_delegation, station.delegations):
        for role in sorted(delegation.roles):
            path = station.key_path(key_name(delegation.handler, role))
            personal = role in PERSONAL and (not path.exists() or is_protected(path))
            found.append(Appointment(delegation, role, _standing(delegation, manifest, now), personal))
    return tuple(sorted(found, key=lambda one: (one.handler, list(Role).index(one.role))))


def live(station: Station, now: int) -> tuple[Appointment, ...]:
    """Those that are in force."""
    return tuple(one for one in appointments(station, now) if one.standing is Standing.LIVE)


def of_handler(found: Iterable[Appointment], handler: str) -> list[Appointment]:
    """The appointments of one handler.

    :raises NotAllowed: ``no_such_handler``.
    """
    theirs = [one for one in found if one.handler == handler]
    if not theirs:
        raise NotAllowed(
            _("{name} is no handler of this realm. 'facectl handler list' shows them.").format(name=handler),
            reason="no_such_handler",
        )
    return theirs


def check_live(station: Station, key: RoleKey, now: int) -> None:
    """Refuse a key whose appointment is over, before anything is done with it.

    :raises NotAllowed: ``no_live_delegation``, with what to do.
    """
    issuer = key_id(key.public)
    standing = next(
        (
            one.standing
            for one in appointments(station, now)
            if one.delegation.key_id == issuer and one.role is key.role and one.handler == key.handler
        ),
        None,
    )
    if standing is Standing.LIVE:
        return
    what = (
        _("The appointment of {handler} as {role} is over. With the root key: facectl handler renew {handler}")
        if standing is Standing.EXPIRED
        else _("{handler} is not appointed as {role} any more. 'facectl handler list' shows who is.")
    )
    raise NotAllowed(what.format(handler=key.handler, role=key.role.value), reason="no_live_delegation")


def appoint(
    station: Station,
    root: SigningKey,
    handler: str,
    shared: RoleKey,
    passphrase: bytes | None,
    now: int,
    *,
    cost: Argon2id = MODERATE,
) -> Appointed:
    """Make a handler's key in a role and delegate the role to it.

    The delegation is the last file: an interrupted appointment delegates nothing and can be made again.

    :param shared: what the holders of the role share, from one of them; its ``sign`` is made for the handler now.
    :param passphrase: the handler's own; None for a key that a timer uses.
    :raises NotAllowed: ``appointed`` already.
    """
    check_login(handler)
    role = shared.role
    name = key_name(handler, role)
    if any(one.name == name and one.standing is Standing.LIVE for one in appointments(station, now)):
        raise NotAllowed(
            _("{handler} is appointed as {role} already. For longer: facectl handler renew {handler}").format(
                handler=handler, role=role.value
            ),
            reason="appointed",
        )
    key = dataclasses.replace(shared, handler=handler)
    replace_file(station.key_path(name), encode_key_file(key.content(), passphrase, cost=cost))
    replace_file(station.path / SHARED / name, seal_shared(key.public, key.password, key.epochs))
    expires = now + DELEGATION_DAYS * DAY_S
    _keep_delegation(station, station.realm.delegate(root, handler, key.public, [role], now, expires), role)
    return Appointed(role, key_id(key.public), expires)


def renew(station: Station, root: SigningKey, appointment: Appointment, now: int) -> Appointed:
    """Delegate the role to the same key for another year; what it signed before stays covered."""
    old = appointment.delegation
    expires = now + DELEGATION_DAYS * DAY_S
    data = station.realm.delegate(root, old.handler, old.key, [appointment.role], old.issued, expires)
    _keep_delegation(station, data, appointment.role)
    return Appointed(appointment.role, old.key_id, expires)


def without_keys(manifest: Manifest, gone: Iterable[Appointment], now: int, *, leaked: bool) -> Manifest:
    """The manifest that no longer believes these keys: from now on, or (``leaked``) about anything.

    A calibration that a leaked key signed goes with it: named but not believed, it would keep everybody out.
    """
    keys = {one.delegation.key_id for one in gone}
    if leaked:
        kept = {key: since for key, since in manifest.retired_keys.items() if key not in keys}
        calibration = None if calibrated_by(manifest, keys) else manifest.calibration
        return dataclasses.replace(
            manifest, revoked_keys=manifest.revoked_keys | keys, retired_keys=kept, calibration=calibration
        )
    since = {key: manifest.retired_keys.get(key, now) for key in keys - manifest.revoked_keys}
    return dataclasses.replace(manifest, retired_keys={**manifest.retired_keys, **since})


def calibrated_by(manifest: Manifest, keys: Collection[bytes]) -> bool:
    """Whether one of these keys (key ids) signed the calibration in force."""
    return manifest.calibration is not None and parse(manifest.calibration).unverified.issuer in keys


def clear_out(station: Station, gone: Appointment, *, leaked: bool) -> None:
    """Destroy a dismissed handler's key and share; the delegation of a leaked key is set aside."""
    for path in (station.key_path(gone.name), station.path / SHARED / gone.name):
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    if leaked:
        _set_aside(station, gone)


def share_password(station: Station, role: Role, password: str, now: int) -> int:
    """Seal a new directory password of a role to everybody who holds it; the number of them.

    :raises StateError: a file cannot be written.
    """
    return _share(station, role, now, password=password)


def share_epochs(station: Station, epochs: EpochKeys, now: int) -> int:
    """Seal changed private halves of the epochs to everybody who operates; the number of them.

    Whoever is left out of ``epochs`` is destroyed with the old files. Nobody's passphrase is needed.

    :raises StateError: a file cannot be written, or nobody is there to keep them.
    """
    count = _share(station, Role.OPERATE, now, epochs=epochs)
    if not count:
        raise StateError(_("Nobody on this station operates, so nobody could keep the new keys. Nothing was changed."))
    return count


def _share(
    station: Station, role: Role, now: int, *, password: str | None = None, epochs: EpochKeys | None = None
) -> int:
    holders = [one for one in live(station, now) if one.role is role]
    count = 0
    for holder in holders:
        path = station.path / SHARED / holder.name
        if path.exists():
            replace_file(
                path, reseal_shared(path.read_bytes(), holder.delegation.key, password=password, epochs=epochs)
            )
            count += 1
    return count


def _standing(delegation: Delegation, manifest: Manifest, now: int) -> Standing:
    if delegation.key_id in manifest.revoked_keys:
        return Standing.REVOKED
    if delegation.key_id in manifest.retired_keys:
        return Standing.RETIRED
    return Standing.LIVE if now < delegation.expires else Standing.EXPIRED


def _keep_delegation(station: Station, data: bytes, role: Role) -> None:
    replace_file(station.path / DELEGATIONS / delegation_name(station.realm.read_delegation(data), role), data)


def _set_aside(station: Station, gone: Appointment) -> None:
    """Take a delegation out of force; whose an old signature is must be known for as long as the record is kept."""
    path = station.path / DELEGATIONS / delegation_name(gone.delegation, gone.role)
    if path.exists():
        former = station.path / FORMER
        former.mkdir(mode=0o700, exist_ok=True)
        replace_file(former / path.name, path.read_bytes())
        path.unlink()
        sync_folder(path.parent)
