"""The authority station's folder: the realm's anchor and the handlers' keys, each under its own passphrase.

::

    STATION/                    0700
        realm.anchor            the realm statement
        manifest                the last manifest that was issued here
        acts                    the record of what was done
        delegations/WHO.ROLE.ID the root's statement about a handler's key in a role
        former/WHO.ROLE.ID      those of keys that leaked: they delegate nothing, but tell whose an old signature is
        keys/root.key           the root key; may lie elsewhere (a medium in a safe), it is needed once a year
        keys/WHO.ROLE.key       a handler's signing key in a role, under the handler's passphrase
        keys/digests.key        the key of the digests of photos and records, which a timer uses: no passphrase
        shared/WHO.ROLE         what all holders of the role share, sealed to this handler's key: the directory
                                password, and in ``operate`` the epochs' private halves
        proposals/              what waits for a second handler's signature
        purposes/SERIAL         purposes that were signed here; the next manifest carries them
        batches/PLAN            approved batches of the synchronisation

Only ``operate`` holds the epochs' private halves. Whoever enrols has none of them, and cannot open what they sealed.
What is shared can be sealed anew to everybody who holds the role without anybody's passphrase.
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

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey, VerifyKey

from faced.errors import NotAllowed, StateError, TrustError
from faced.i18n import _
from faced.trust import encoding
from faced.trust.keys import KEY_SIZE, is_protected, read_key_file
from faced.trust.realm import Delegation, Realm, Role, Verifier

ANCHOR, MANIFEST, DELEGATIONS, KEYS = "realm.anchor", "manifest", "delegations", "keys"
FORMER, SHARED, PURPOSES, DIGESTS_KEY = "former", "shared", "purposes", "digests.key"
ROOT = "root"

#: The private halves of epochs by (key group, epoch number).
EpochKeys = Mapping[tuple[str, int], PrivateKey]

#: Gives the passphrase of the key file with this name ("root" or a role).
Unlock = Callable[[str], bytes]


@dataclass(frozen=True)
class RoleKey:
    """What a handler can do in one role: sign, bind to the directory, and in ``operate`` hand out the epochs' keys."""

    role: Role
    handler: str
    sign: SigningKey
    password: str = field(repr=False)
    epochs: EpochKeys = field(default_factory=dict, repr=False)

    @property
    def public(self) -> bytes:
        """The Ed25519 public key."""
        return bytes(self.sign.verify_key)

    @property
    def name(self) -> str:
        """The name of its files."""
        return key_name(self.handler, self.role)

    def content(self) -> dict[str, Any]:
        """What is written into the key file."""
        return {"kind": "role", "role": self.role.value, "handler": self.handler, "sign": bytes(self.sign)}


def delegation_name(delegation: Delegation, role: Role) -> str:
    """The name of a delegation's file: a handler who comes back has another key, and the old one may still count."""
    return f"{key_name(delegation.handler, role)}.{delegation.key_id.hex()}"


def key_name(handler: str, role: Role) -> str:
    """The name of the files of one handler in one role."""
    return f"{handler}.{role.value}"


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
        return _read_all(self.path / DELEGATIONS)

    @property
    def history(self) -> tuple[bytes, ...]:
        """The delegations with those of leaked keys, to tell whose a signature of earlier days is."""
        former = self.path / FORMER
        return self.delegations + (_read_all(former) if former.is_dir() else ())

    @property
    def purposes(self) -> tuple[bytes, ...]:
        """The purposes that were ever signed here."""
        folder = self.path / PURPOSES
        return _read_all(folder) if folder.is_dir() else ()

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
        """Where the key of this name ("root", or HANDLER.ROLE) lies."""
        return self.path / KEYS / f"{name}.key"

    def keys_in(self, role: Role) -> tuple[str, ...]:
        """The handlers whose key in this role lies here."""
        found = (path.stem.rpartition(".") for path in (self.path / KEYS).glob(f"*.{role.value}.key"))
        return tuple(sorted(handler for handler, _dot, _role in found))

    def is_protected(self, handler: str, role: Role) -> bool:
        """Whether a handler's key here needs a passphrase; one that does not is a timer's, and speaks for no person."""
        return is_protected(self.key_path(key_name(handler, role)))

    def role(self, role: Role, unlock: Unlock, handler: str | None = None) -> RoleKey:
        """A handler's key in one role.

        :param unlock: asked only if the file is protected.
        :param handler: None where only one has a key in this role.
        :raises TrustError: ``key_file``, ``wrong_passphrase``, ``malformed``.
        :raises NotAllowed: ``which_handler``, ``no_such_key``.
        """
        name = key_name(handler or self._only(role), role)
        if not self.key_path(name).exists():
            raise _no_key(role, handler)
        match _unlocked(self.key_path(name), role.value, unlock):
            case {
                "kind": "role",
                "role": str() as held,
                "handler": str() as owner,
                "sign": bytes() as sign,
                **rest,
            } if not rest and held in set(Role) and len(sign) == KEY_SIZE:
                if key_name(owner, Role(held)) != name:
                    raise TrustError(
                        _("A key file of the station is another role's or another handler's."), reason="malformed"
                    )
                return self._with_shared(RoleKey(role, owner, SigningKey(sign), ""))
        raise _malformed()

    def _only(self, role: Role) -> str:
        handlers = self.keys_in(role)
        if not handlers:
            raise _no_key(role, None)
        if len(handlers) > 1:
            raise NotAllowed(
                _("Several handlers hold the role {role} here. Say who you are: --handler {handlers}").format(
                    role=role.value, handlers="|".join(handlers)
                ),
                reason="which_handler",
            )
        return handlers[0]

    def _with_shared(self, key: RoleKey) -> RoleKey:
        opener = SealedBox(key.sign.to_curve25519_private_key())
        try:
            match encoding.decode(_read(self.path / SHARED / key.name)):
                case {"v": 1, "password": bytes() as password, "epochs": bytes() as epochs, **rest} if not rest:
                    held = encoding.decode(opener.decrypt(epochs))
                    if isinstance(held, list):
                        opened = opener.decrypt(password).decode()
                        return RoleKey(key.role, key.handler, key.sign, opened, dict(map(_epoch, held)))
        except (CryptoError, UnicodeDecodeError):
            raise _malformed() from None
        raise _malformed()

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

    def digests_key(self) -> bytes:
        """The key of the digests of photos and records, 32 bytes.

        :raises StateError: it is gone or damaged. With another one everybody's photo would look like a new one.
        """
        path = self.path / KEYS / DIGESTS_KEY
        key = _read(path)
        if len(key) != KEY_SIZE:
            raise StateError(_("{path} is damaged: put it back from the backup.").format(path=path), reason="damaged")
        return key

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else rotates or synchronises in the block: read the role's key inside.

        :raises StateError: ``busy``.
        """
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateError(
                    _("Another rotation or synchronisation is running on this station. Wait until it has ended."),
                    reason="busy",
                ) from None
            yield
        finally:
            os.close(descriptor)

    def keep_manifest(self, manifest: bytes) -> None:
        """Put a new manifest in the place of the old one.

        :raises StateError: the folder cannot be written.
        """
        replace_file(self.path / MANIFEST, manifest)

    def keep_purpose(self, purpose: bytes, serial: int) -> None:
        """Keep a purpose for the next manifest; it stays as the record of what was decided.

        :raises StateError: the folder cannot be written.
        """
        folder = self.path / PURPOSES
        folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(folder / str(serial), purpose)


def seal_shared(public: bytes, password: str, epochs: EpochKeys) -> bytes:
    """The file ``shared/WHO.ROLE``: what the holders of a role share, for the one with this Ed25519 key.

    The two parts are sealed apart: whoever may change the password need not be able to read the other.
    """
    return encoding.encode(
        {"v": 1, "password": _sealed(public, password.encode()), "epochs": _sealed(public, _encoded(epochs))}
    )


def reseal_shared(data: bytes, public: bytes, *, password: str | None = None, epochs: EpochKeys | None = None) -> bytes:
    """The same file with a new part; the other part stays sealed as it was.

    :raises TrustError: ``malformed``.
    """
    match encoding.decode(data):
        case {"v": 1, "password": bytes(), "epochs": bytes(), **rest} as held if not rest:
            if password is not None:
                held["password"] = _sealed(public, password.encode())
            if epochs is not None:
                held["epochs"] = _sealed(public, _encoded(epochs))
            return encoding.encode(held)
    raise _malformed()


def _sealed(public: bytes, content: bytes) -> bytes:
    return SealedBox(VerifyKey(public).to_curve25519_public_key()).encrypt(content)


def _encoded(epochs: EpochKeys) -> bytes:
    return encoding.encode(
        [{"group": group, "epoch": number, "key": bytes(key)} for (group, number), key in sorted(epochs.items())]
    )


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


def _no_key(role: Role, handler: str | None) -> NotAllowed:
    if handler is None:
        text = _("Nobody's key in the role {role} lies on this station.").format(role=role.value)
    else:
        text = _(
            "{handler} has no key in the role {role} on this station. 'facectl handler list' shows who has."
        ).format(handler=handler, role=role.value)
    return NotAllowed(text, reason="no_such_key")


def _unlocked(path: Path, name: str, unlock: Unlock) -> dict[str, Any]:
    return read_key_file(path, unlock(name) if is_protected(path) else None)


def _epoch(entry: Any) -> tuple[tuple[str, int], PrivateKey]:
    match entry:
        case {"group": str() as group, "epoch": int() as number, "key": bytes() as key, **rest} if (
            not rest and len(key) == KEY_SIZE
        ):
            return (group, number), PrivateKey(key)
    raise _malformed()


def _read_all(folder: Path) -> tuple[bytes, ...]:
    return tuple(_read(path) for path in sorted(folder.iterdir()))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None


def _malformed() -> TrustError:
    return TrustError(_("This is not a key file of an authority station, or it is damaged."), reason="malformed")
