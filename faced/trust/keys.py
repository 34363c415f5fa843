"""Keys and the files they rest in.

Key files are CBOR. A protected one is sealed with XChaCha20-Poly1305 under a key that Argon2id (RFC 9106) makes from a
passphrase. Files are 0600, made with O_EXCL, and refused when others could read them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nacl import pwhash, utils
from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.hash import blake2b
from nacl.public import PrivateKey
from nacl.secret import Aead
from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust import encoding

KEY_ID_SIZE = 16
KEY_SIZE = 32
_MAX_FILE_SIZE = 64 * 1024


@dataclass(frozen=True)
class Argon2id:
    """The cost of guessing a passphrase: passes over so many bytes of memory."""

    operations: int = pwhash.argon2id.OPSLIMIT_MODERATE
    memory_bytes: int = pwhash.argon2id.MEMLIMIT_MODERATE


#: What a passphrase-protected file costs to open: about a second and 256 MiB.
MODERATE = Argon2id()
#: A file that asks for more than this is refused: it would only exhaust the machine.
_MAX_COST = Argon2id(pwhash.argon2id.OPSLIMIT_SENSITIVE, pwhash.argon2id.MEMLIMIT_SENSITIVE)


def digest(data: bytes) -> bytes:
    """BLAKE2b-256 of the data, 32 bytes."""
    return blake2b(data, digest_size=32, encoder=RawEncoder)


def key_id(public: bytes) -> bytes:
    """The name of a public key: the first 16 bytes of its BLAKE2b-256."""
    return digest(public)[:KEY_ID_SIZE]


def fingerprint(data: bytes) -> str:
    """A short form of a key or id for two people to compare aloud: five groups of four hexadecimal digits (80 bits)."""
    text = digest(data).hex()[:20]
    return " ".join(text[at : at + 4] for at in range(0, 20, 4))


@dataclass(frozen=True)
class HostKeys:
    """The private half of a workstation: its signing key, and one box key for each epoch it takes part in."""

    name: str
    sign: SigningKey
    boxes: Mapping[int, PrivateKey]

    @classmethod
    def generate(cls, name: str, epoch: int) -> HostKeys:
        """Fresh keys for a host that joins in this epoch."""
        return cls(name, SigningKey.generate(), {epoch: PrivateKey.generate()})

    def content(self) -> dict[str, Any]:
        """What is written into the key file."""
        return {
            "kind": "host",
            "name": self.name,
            "sign": bytes(self.sign),
            "boxes": [{"epoch": epoch, "key": bytes(key)} for epoch, key in sorted(self.boxes.items())],
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> HostKeys:
        """The keys of a file's content.

        :raises TrustError: ``malformed``.
        """
        match content:
            case {"kind": "host", "name": str() as name, "sign": bytes() as sign, "boxes": list() as boxes} if (
                len(sign) == KEY_SIZE
            ):
                return cls(name, SigningKey(sign), dict(_box(entry) for entry in boxes))
        raise _malformed()


def _box(entry: Any) -> tuple[int, PrivateKey]:
    match entry:
        case {"epoch": int() as epoch, "key": bytes() as key} if len(key) == KEY_SIZE:
            return epoch, PrivateKey(key)
    raise _malformed()


def write_key_file(
    path: Path,
    content: Mapping[str, Any],
    passphrase: bytes | None = None,
    *,
    cost: Argon2id = MODERATE,
    random: Callable[[int], bytes] = utils.random,
) -> None:
    """Make a key file, mode 0600; it must not exist yet.

    :param passphrase: None leaves the content readable to whoever may read the file.
    :raises TrustError: ``key_file`` if it exists or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(encode_key_file(content, passphrase, cost=cost, random=random))
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise TrustError(
            _("The key file {path} exists already and is left as it is.").format(path=path), reason="key_file"
        ) from None
    except OSError as error:
        raise TrustError(
            _("The key file {path} cannot be written: {why}.").format(path=path, why=error.strerror), reason="key_file"
        ) from None


def encode_key_file(
    content: Mapping[str, Any],
    passphrase: bytes | None = None,
    *,
    cost: Argon2id = MODERATE,
    random: Callable[[int], bytes] = utils.random,
) -> bytes:
    """The bytes of a key file (a systemd credential holds the same)."""
    if passphrase is None:
        return encoding.encode({"v": 1, "plain": dict(content)})
    head = {
        "v": 1,
        "operations": cost.operations,
        "memory": cost.memory_bytes,
        "salt": random(pwhash.argon2id.SALTBYTES),
    }
    nonce = random(Aead.NONCE_SIZE)
    box = Aead(_stretch(passphrase, head))
    sealed = box.encrypt(encoding.encode(content), encoding.encode(head), nonce).ciphertext
    return encoding.encode({**head, "nonce": nonce, "sealed": sealed})


def read_key_file(path: Path, passphrase: bytes | None = None) -> dict[str, Any]:
    """The content of a key file.

    :raises TrustError: ``key_file`` (missing, readable by others), ``wrong_passphrase`` or ``malformed``.
    """
    return decode_key_file(read_private_file(path), passphrase)


def is_protected(path: Path) -> bool:
    """Whether a passphrase is needed to open this key file."""
    outer = encoding.decode(read_private_file(path))
    return isinstance(outer, dict) and "sealed" in outer


def decode_key_file(data: bytes, passphrase: bytes | None = None) -> dict[str, Any]:
    """The content of a key file's bytes; errors as :func:`read_key_file`."""
    match encoding.decode(data):
        case {"v": 1, "plain": dict() as content, **rest} if not rest:
            return content
        case {
            "v": 1,
            "operations": int() as operations,
            "memory": int() as memory,
            "salt": bytes() as salt,
            "nonce": bytes() as nonce,
            "sealed": bytes() as sealed,
            **rest,
        } if not rest and len(nonce) == Aead.NONCE_SIZE and len(salt) == pwhash.argon2id.SALTBYTES:
            if operations > _MAX_COST.operations or memory > _MAX_COST.memory_bytes:
                raise _malformed()
            if passphrase is None:
                raise TrustError(_("This key is protected: its passphrase is needed."), reason="wrong_passphrase")
            head = {"v": 1, "operations": operations, "memory": memory, "salt": salt}
            try:
                content = encoding.decode(
                    Aead(_stretch(passphrase, head)).decrypt(sealed, encoding.encode(head), nonce)
                )
            except CryptoError:
                raise TrustError(
                    _("The passphrase is wrong, or the key file is damaged."), reason="wrong_passphrase"
                ) from None
            if isinstance(content, dict):
                return content
    raise _malformed()


def _stretch(passphrase: bytes, head: Mapping[str, Any]) -> bytes:
    try:
        return pwhash.argon2id.kdf(
            KEY_SIZE, passphrase, head["salt"], opslimit=head["operations"], memlimit=head["memory"]
        )
    except (ValueError, CryptoError):
        raise _malformed() from None


def read_private_file(path: Path) -> bytes:
    """What is in a file that only its owner can read, 64 KiB at most.

    :raises TrustError: ``key_file``.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & 0o077:
                raise TrustError(
                    _("The key file {path} can be read by others: chmod 600 {path}").format(path=path),
                    reason="key_file",
                )
            return file.read(_MAX_FILE_SIZE)
    except OSError as error:
        raise TrustError(
            _("The key file {path} cannot be read: {why}.").format(path=path, why=error.strerror), reason="key_file"
        ) from None


def _malformed() -> TrustError:
    return TrustError(_("This is not a key file of faced, or it is damaged."), reason="malformed")
