"""The authority station's folder: the realm's anchor and the handlers' keys, each under its own passphrase.

::

    STATION/                0700
        realm.anchor        the realm statement
        manifest            the last manifest that was issued here
        delegations/ROLE    the root's statement about the role's key
        keys/root.key       the root key; may lie elsewhere (a medium in a safe), it is needed once a year
        keys/ROLE.key       a role's signing key and its directory password; in ``operate`` the epochs' private halves

Only ``operate`` holds the epochs' private halves. Whoever enrols has none of them, and cannot open what they sealed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nacl.public import PrivateKey
from nacl.signing import SigningKey

from faced.errors import StateError, TrustError
from faced.i18n import _
from faced.trust.keys import KEY_SIZE, MODERATE, Argon2id, encode_key_file, is_protected, read_key_file
from faced.trust.realm import Realm, Role, Verifier

ANCHOR, MANIFEST, DELEGATIONS, KEYS = "realm.anchor", "manifest", "delegations", "keys"
ROOT = "root"

#: Gives the passphrase of the key file with this name ("root" or a role).
Unlock = Callable[[str], bytes]


@dataclass(frozen=True)
class RoleKey:
    """What one role can do: sign, bind to the directory, and (``operate`` only) hand out the epochs' keys.

    ``epochs``: the private halves by (key group, epoch number).
    """

    role: Role
    handler: str
    sign: SigningKey
    password: str = field(repr=False)
    epochs: Mapping[tuple[str, int], PrivateKey] = field(default_factory=dict, repr=False)

    def content(self) -> dict[str, Any]:
        """What is written into the key file."""
        return {
            "kind": "role",
            "role": self.role.value,
            "handler": self.handler,
            "sign": bytes(self.sign),
            "password": self.password,
            "epochs": [
                {"group": group, "epoch": number, "key": bytes(key)}
                for (group, number), key in sorted(self.epochs.items())
            ],
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> RoleKey:
        """The key of a file's content.

        :raises TrustError: ``malformed``.
        """
        match content:
            case {
                "kind": "role",
                "role": str() as role,
                "handler": str() as handler,
                "sign": bytes() as sign,
                "password": str() as password,
                "epochs": list() as epochs,
                **rest,
            } if not rest and role in set(Role) and len(sign) == KEY_SIZE:
                held = dict(_epoch(entry) for entry in epochs)
                return cls(Role(role), handler, SigningKey(sign), password, held)
        raise _malformed()


class Station:
    """An authority station's folder, checked and opened."""

    def __init__(self, path: Path, realm: Realm) -> None:
        self.path = path
        self.realm = realm

    @classmethod
    def open(cls, path: Path) -> Station:
        """The station in this folder.

        :raises StateError: there is none, or others may read it.
        :raises TrustError: its anchor does not hold.
        """
        check_private_folder(path)
        return cls(path, Realm.open(_read(path / ANCHOR)))

    @property
    def delegations(self) -> tuple[bytes, ...]:
        """The root's delegations, as they are in the directory."""
        return tuple(_read(path) for path in sorted((self.path / DELEGATIONS).iterdir()))

    @property
    def manifest(self) -> bytes | None:
        """The manifest last issued here."""
        path = self.path / MANIFEST
        return _read(path) if path.exists() else None

    def verifier(self, now: int) -> Verifier:
        """What the station believes now, under its own last manifest.

        :raises TrustError: ``manifest_expired`` among others.
        """
        return self.realm.verifier(self.delegations, self.manifest, now)

    def key_path(self, name: str) -> Path:
        """Where the key of a role, or the root's, lies."""
        return self.path / KEYS / f"{name}.key"

    def role(self, role: Role, unlock: Unlock) -> RoleKey:
        """The key of one role.

        :param unlock: asked only if the file is protected.
        :raises TrustError: ``key_file``, ``wrong_passphrase``, ``malformed``.
        """
        content = _unlocked(self.key_path(role.value), role.value, unlock)
        key = RoleKey.from_content(content)
        if key.role is not role:
            raise TrustError(_("A key file of the station is another role's."), reason="malformed")
        return key

    def root(self, unlock: Unlock, path: Path | None = None) -> SigningKey:
        """The root key.

        :param path: where it lies if it was taken off the station.
        :raises TrustError: as :meth:`role`; ``wrong_key`` if it is another realm's.
        """
        content = _unlocked(path or self.key_path(ROOT), ROOT, unlock)
        match content:
            case {"kind": "root", "sign": bytes() as sign, **rest} if not rest and len(sign) == KEY_SIZE:
                key = SigningKey(sign)
                if bytes(key.verify_key) != self.realm.root:
                    raise TrustError(_("This root key belongs to another realm."), reason="wrong_key")
                return key
        raise _malformed()

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else changes the epochs' private halves in the block: read the role's key inside.

        :raises StateError: somebody else is at it.
        """
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateError(
                    _("Another rotation is running on this station. Wait until it has ended."), reason="busy"
                ) from None
            yield
        finally:
            os.close(descriptor)

    def keep_manifest(self, manifest: bytes) -> None:
        """Put a new manifest in the place of the old one.

        :raises StateError: the folder cannot be written.
        """
        replace_file(self.path / MANIFEST, manifest)

    def keep_role(self, key: RoleKey, passphrase: bytes | None, *, cost: Argon2id = MODERATE) -> None:
        """Put a changed role key (a new epoch) in the place of the old one.

        :raises StateError: the folder cannot be written.
        """
        replace_file(self.key_path(key.role.value), encode_key_file(key.content(), passphrase, cost=cost))


def check_private_folder(path: Path) -> None:
    """Refuse a station that others could read or change.

    :raises StateError: saying what to do.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise StateError(
            _("There is no authority station in {path}: {why}. Make one with 'facectl realm init'.").format(
                path=path, why=error.strerror
            )
        ) from None
    if not stat.S_ISDIR(status.st_mode):
        raise StateError(_("{path} is not a folder.").format(path=path))
    if status.st_mode & 0o077:
        raise StateError(_("The station {path} is open to others: chmod 700 {path}").format(path=path))
    if status.st_uid not in (0, os.geteuid()):
        raise StateError(_("The station {path} belongs to another account.").format(path=path))


def replace_file(path: Path, data: bytes) -> None:
    """Write a private file so that there is always either the old or the new one.

    :raises StateError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise StateError(_("{path} cannot be written: {why}.").format(path=path, why=error.strerror)) from None


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unlocked(path: Path, name: str, unlock: Unlock) -> dict[str, Any]:
    return read_key_file(path, unlock(name) if is_protected(path) else None)


def _epoch(entry: Any) -> tuple[tuple[str, int], PrivateKey]:
    match entry:
        case {"group": str() as group, "epoch": int() as number, "key": bytes() as key, **rest} if (
            not rest and len(key) == KEY_SIZE
        ):
            return (group, number), PrivateKey(key)
    raise _malformed()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None


def _malformed() -> TrustError:
    return TrustError(_("This is not a key file of an authority station, or it is damaged."), reason="malformed")
