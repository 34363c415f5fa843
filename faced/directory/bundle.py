"""What a host needs to judge one person, as it goes from ``faced-directory`` to ``faced``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from faced.directory import schema
from faced.errors import DirectoryError, ProtocolError
from faced.i18n import _

if TYPE_CHECKING:
    # At run time it would bring ldap3 into the daemon that has no network.
    from faced.directory.people import SealedFace

DIRECTORY, CACHE = "directory", "cache"
#: In base64 and with its field names it still fits in a message of 64 KiB.
LARGEST_BUNDLE = 46 * 1024
#: Field of the wire and the attribute it comes from.
_SINGLE = {
    "template": schema.TEMPLATE,
    "tombstone": schema.TOMBSTONE,
    "exemption": schema.EXEMPTION,
    "unlock": schema.UNLOCK,
    "emergency": schema.EMERGENCY,
    "consent": schema.CONSENT,
    "approval": schema.APPROVAL,
    "suspension": schema.SUSPENSION,
    "manifest": schema.MANIFEST,
    "host": schema.HOST_STATEMENT,
}
_MULTIPLE = {"template_keys": schema.TEMPLATE_KEY, "delegations": schema.DELEGATION}


@dataclass(frozen=True)
class RealmPapers:
    """The statements that every judgement needs, whoever it is about: unverified bytes."""

    manifest: bytes | None = None
    delegations: tuple[bytes, ...] = ()
    host: bytes | None = None


@dataclass(frozen=True)
class Bundle:
    """Signed or sealed bytes about one person and the realm, unverified.

    :param fetched: when the template left the directory, unix seconds.
    :param origin: ``directory`` or ``cache``.
    :param emergency: a grant, never from the cache: what was withdrawn meanwhile must not be there.
    """

    template: bytes | None = field(repr=False)
    template_keys: tuple[bytes, ...] = field(repr=False)
    tombstone: bytes | None = field(repr=False)
    manifest: bytes | None = field(repr=False)
    delegations: tuple[bytes, ...] = field(repr=False)
    host: bytes | None = field(repr=False)
    fetched: int
    origin: str
    exemption: bytes | None = field(default=None, repr=False)
    unlock: bytes | None = field(default=None, repr=False)
    emergency: bytes | None = field(default=None, repr=False)
    consent: bytes | None = field(default=None, repr=False)
    approval: bytes | None = field(default=None, repr=False)
    suspension: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, face: SealedFace, papers: RealmPapers, fetched: int, origin: str) -> Bundle:
        """A person's face together with the realm's papers.

        :raises DirectoryError: ``oversize``: together they fit in no message.
        """
        bundle = cls(
            face.template,
            face.template_keys,
            face.tombstone,
            papers.manifest,
            papers.delegations,
            papers.host,
            fetched,
            origin,
            face.exemption,
            face.unlock,
            face.emergency if origin == DIRECTORY else None,
            face.consent,
            face.approval,
            face.suspension,
        )
        if bundle._size() > LARGEST_BUNDLE:
            raise DirectoryError(
                _(
                    "The realm's statements are too large together ({bytes} bytes). Have the authority shorten them."
                ).format(bytes=bundle._size()),
                reason="oversize",
            )
        return bundle

    def to_wire(self) -> dict[str, Any]:
        """The parameters of the varlink type ``Bundle``."""
        wire: dict[str, Any] = {"fetched": self.fetched, "origin": self.origin}
        for name in _SINGLE:
            value = getattr(self, name)
            wire[name] = None if value is None else _text(value)
        for name in _MULTIPLE:
            wire[name] = [_text(value) for value in getattr(self, name)]
        return wire

    @classmethod
    def from_wire(cls, wire: object) -> Bundle:
        """A bundle received from the other daemon; unknown fields are ignored, a missing one is null.

        :raises ProtocolError: anything of a wrong type or size.
        """
        if not isinstance(wire, Mapping):
            raise _malformed()
        fetched, origin = wire.get("fetched"), wire.get("origin")
        if type(fetched) is not int or fetched < 0 or origin not in (DIRECTORY, CACHE):
            raise _malformed()
        values: dict[str, Any] = {name: _single(wire.get(name), attribute) for name, attribute in _SINGLE.items()}
        values |= {name: _multiple(wire.get(name), attribute) for name, attribute in _MULTIPLE.items()}
        return cls(**values, fetched=fetched, origin=origin)

    def _size(self) -> int:
        single = sum(len(getattr(self, name) or b"") for name in _SINGLE)
        return single + sum(len(value) + 8 for name in _MULTIPLE for value in getattr(self, name))


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _single(value: object, attribute: str) -> bytes | None:
    return None if value is None else _multiple([value], attribute)[0]


def _multiple(values: object, attribute: str) -> tuple[bytes, ...]:
    if values is None:
        return ()
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _malformed()
    try:
        return schema.bounded(attribute, (base64.b64decode(value, validate=True) for value in values))
    except (binascii.Error, ValueError, DirectoryError):
        raise _malformed() from None


def _malformed() -> ProtocolError:
    return ProtocolError(_("The directory daemon sent something that is no bundle. Are both daemons of one version?"))
