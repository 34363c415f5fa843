"""How a workstation joins: its request to the authority, and the authority's welcome back.

A request is the CBOR array ``[payload, signature]``; the payload is ``{v, name, epoch, box, sign}`` and the signature
is made with the host's own signing key over ``b"faced host request\\0" + payload``. It proves nothing but that whoever
sends it holds the key; that it is *this* computer's key, two people find out by comparing the fingerprint.

A welcome is ``{v, name, anchor, sealed}``: the realm's anchor, and the host's directory password in a SealedBox to the
host's box key. It may travel on any medium.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from nacl.exceptions import BadSignatureError, CryptoError
from nacl.public import PublicKey, SealedBox
from nacl.signing import VerifyKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust import encoding
from faced.trust.keys import KEY_SIZE, HostKeys, fingerprint

MAX_SIZE = 4096
_DOMAIN = b"faced host request\0"
_SIGNATURE_SIZE = 64
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?")


@dataclass(frozen=True)
class HostRequest:
    """A workstation's public keys and the name it asks for.

    ``box``: X25519 of this epoch; ``sign``: Ed25519; 32 bytes each.
    """

    name: str
    epoch: int
    box: bytes
    sign: bytes

    @property
    def fingerprint(self) -> str:
        """What the person at the PC reads to the person at the station."""
        return fingerprint(self._payload())

    @classmethod
    def of(cls, keys: HostKeys, epoch: int) -> HostRequest:
        """The request that a host with these keys makes."""
        return cls(keys.name, epoch, bytes(keys.boxes[epoch].public_key), bytes(keys.sign.verify_key))

    def sign_with(self, keys: HostKeys) -> bytes:
        """The request as it is sent."""
        payload = self._payload()
        return encoding.encode([payload, keys.sign.sign(_DOMAIN + payload).signature])

    @classmethod
    def parse(cls, data: bytes) -> HostRequest:
        """A request whose signature holds.

        :raises TrustError: ``malformed`` or ``bad_signature``.
        """
        outer = encoding.decode(data) if len(data) <= MAX_SIZE else None
        match outer:
            case [bytes() as payload, bytes() as signature] if len(signature) == _SIGNATURE_SIZE:
                request = cls._of_payload(encoding.decode(payload))
                try:
                    VerifyKey(request.sign).verify(_DOMAIN + payload, signature)
                except BadSignatureError:
                    raise TrustError(
                        _("The request was changed on its way. Make a new one on the PC."), reason="bad_signature"
                    ) from None
                return request
        raise _malformed()

    def _payload(self) -> bytes:
        return encoding.encode({"v": 1, "name": self.name, "epoch": self.epoch, "box": self.box, "sign": self.sign})

    @classmethod
    def _of_payload(cls, payload: Any) -> HostRequest:
        match payload:
            case {
                "v": 1,
                "name": str() as name,
                "epoch": int() as epoch,
                "box": bytes() as box,
                "sign": bytes() as sign,
                **rest,
            } if not rest and len(box) == len(sign) == KEY_SIZE and epoch >= 0:
                return cls(check_host_name(name), epoch, box, sign)
        raise _malformed()


@dataclass(frozen=True)
class Welcome:
    """What a host is given when it was approved: the realm to pin, and the password of its directory entry."""

    name: str
    anchor: bytes
    sealed: bytes

    @classmethod
    def seal(cls, request: HostRequest, anchor: bytes, password: str) -> Welcome:
        """A welcome that only this host can open."""
        return cls(request.name, anchor, SealedBox(PublicKey(request.box)).encrypt(password.encode()))

    def encode(self) -> bytes:
        """The bytes of the welcome file."""
        return encoding.encode({"v": 1, "name": self.name, "anchor": self.anchor, "sealed": self.sealed})

    @classmethod
    def parse(cls, data: bytes) -> Welcome:
        """The welcome in these bytes.

        :raises TrustError: ``malformed``.
        """
        outer = encoding.decode(data) if len(data) <= MAX_SIZE else None
        match outer:
            case {"v": 1, "name": str() as name, "anchor": bytes() as anchor, "sealed": bytes() as sealed, **rest} if (
                not rest
            ):
                return cls(name, anchor, sealed)
        raise _malformed()

    def open(self, keys: HostKeys) -> str:
        """The directory password.

        :raises TrustError: ``wrong_host`` if it was made for another computer, ``wrong_key`` if for other keys.
        """
        if self.name != keys.name:
            raise TrustError(
                _("This welcome is for {other}, and this computer is {name}.").format(other=self.name, name=keys.name),
                reason="wrong_host",
            )
        for box in keys.boxes.values():
            try:
                return SealedBox(box).decrypt(self.sealed).decode()
            except (CryptoError, UnicodeDecodeError):
                continue
        raise TrustError(
            _("This welcome was made for older keys of this computer. Approve its present request again."),
            reason="wrong_key",
        )


def check_host_name(name: str) -> str:
    """A computer's name: lower-case letters, digits, dots and hyphens.

    :raises TrustError: ``malformed``.
    """
    if not _NAME.fullmatch(name):
        raise TrustError(
            _("'{name}' cannot be a computer's name: use lower-case letters, digits, dots and hyphens.").format(
                name=name
            ),
            reason="malformed",
        )
    return name


def _malformed() -> TrustError:
    return TrustError(
        _("This file is neither a request nor a welcome of a computer, or it is damaged."), reason="malformed"
    )
