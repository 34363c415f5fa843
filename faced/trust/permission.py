"""Whether a face may be used at all: what consent, approval and suspension of one person say together.

Of each kind the newest word counts: the one in the directory, one that was seen before, or one that the manifest names.
Who takes a statement out of the directory, or puts an older one back, changes nothing for whoever has seen the newer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from faced.errors import TrustError
from faced.trust.consent import read_approval, read_consent
from faced.trust.realm import Verifier
from faced.trust.sealed import Basis
from faced.trust.statement import Kind
from faced.trust.suspension import read_suspension


@dataclass(frozen=True, order=True)
class Word:
    """What was said about a person: the newest serial counts. ``against``: suspended, or withdrawn."""

    serial: int
    against: bool


Words = Mapping[Kind, Word]
NOTHING_SAID: Words = MappingProxyType({})


@dataclass(frozen=True)
class Permission:
    """What stands in the way of using a person's face; each is a token, empty if nothing does.

    ``words``: the newest word of each kind, to be remembered by whoever must not be deceived later.
    """

    suspension: str
    consent: str
    approval: str
    words: Words

    def missing(self, basis: Basis) -> tuple[str, ...]:
        """The tokens that count for somebody enrolled on this basis.

        A consent that was withdrawn counts for everybody: whoever said no has said no.
        """
        found = [self.suspension]
        if basis is Basis.CONSENT or self.consent == "consent_withdrawn":
            found.append(self.consent)
        if basis is Basis.CONSENT:
            found.append(self.approval)
        return tuple(filter(None, found))


def examine(
    verifier: Verifier, login: str, statements: Mapping[Kind, bytes | None], known: Words = NOTHING_SAID
) -> Permission:
    """What may be believed now of the statements about this person.

    :param login: the canonical login name from NSS.
    :param statements: as the directory holds them, unverified.
    :param known: what was seen before.
    """
    words: dict[Kind, Word] = {}
    tokens: dict[Kind, str] = {}
    for kind in _WORD_OF:
        said, fault = _read(verifier, kind, login, statements.get(kind))
        candidates = [word for word in (said, known.get(kind), _in_manifest(verifier, kind, login)) if word]
        newest = max(candidates, default=None)
        if newest is not None:
            words[kind] = newest
        if newest is not None and newest.against:
            tokens[kind] = _AGAINST[kind]
        elif fault:
            tokens[kind] = fault
        else:
            tokens[kind] = "older_serial" if said != newest else ""
    suspension = tokens[Kind.SUSPENSION]
    return Permission(
        # One that is missing or over says nothing; one that cannot be believed may stand where a good one stood.
        "" if suspension in ("no_suspension", "suspension_over", "older_serial") else suspension,
        tokens[Kind.CONSENT],
        tokens[Kind.APPROVAL],
        words,
    )


def above_manifest(verifier: Verifier, kind: Kind, login: str, serial: int) -> int:
    """This serial, or the next one that counts if the manifest names a later word against the person."""
    named = _in_manifest(verifier, kind, login)
    return serial if named is None else max(serial, named.serial + 1)


def _read(verifier: Verifier, kind: Kind, login: str, data: bytes | None) -> tuple[Word | None, str]:
    """What a statement says, or the token for why it says nothing."""
    if data is None:
        return None, f"no_{kind.value}"
    try:
        return _WORD_OF[kind](verifier, login, data), ""
    except TrustError as error:
        return None, f"{kind.value}_over" if error.reason == "expired" else error.reason


def _in_manifest(verifier: Verifier, kind: Kind, login: str) -> Word | None:
    """The manifest names only words against somebody."""
    named = verifier.manifest.words_against.get(kind, {}) if verifier.manifest is not None else {}
    return Word(named[login], against=True) if login in named else None


def _suspension(verifier: Verifier, login: str, data: bytes) -> Word:
    said = read_suspension(verifier, login, data)
    return Word(said.serial, said.suspended)


def _consent(verifier: Verifier, login: str, data: bytes) -> Word:
    said = read_consent(verifier, login, data)
    return Word(said.serial, said.withdrawn)


def _approval(verifier: Verifier, login: str, data: bytes) -> Word:
    said = read_approval(verifier, login, data)
    return Word(said.serial, said.withdrawn)


_WORD_OF: Mapping[Kind, Callable[[Verifier, str, bytes], Word]] = {
    Kind.SUSPENSION: _suspension,
    Kind.CONSENT: _consent,
    Kind.APPROVAL: _approval,
}
_AGAINST = {
    Kind.SUSPENSION: "suspended",
    Kind.CONSENT: "consent_withdrawn",
    Kind.APPROVAL: "approval_withdrawn",
}
