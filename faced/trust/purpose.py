"""The purpose that face data may be used for, and from when until when (requirement R11).

A purpose is signed in the role ``approve`` under a decision of the organisation and carried whole in the manifest:
whoever writes the directory cannot take it away, and whoever issues manifests cannot make one. It lies within one
fiscal year; of each fiscal year the newest that holds counts, so that next year's stands beside this year's. In a gap
between two, and without any, nobody is matched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from nacl.signing import SigningKey

from faced.errors import TrustError
from faced.i18n import _
from faced.trust.keys import key_id
from faced.trust.realm import Realm, Verifier
from faced.trust.statement import Kind, Statement
from faced.units import DAY_S, fiscal_year

#: The one purpose that there is.
PURPOSE = "logon"
LONGEST_DECISION = 200
#: The end of the next fiscal year, seen from the beginning of this one.
_FURTHEST_S = 2 * 366 * DAY_S


@dataclass(frozen=True)
class Purpose:
    """A period in which face data may be used.

    ``not_after`` is the first second after it, in unix seconds; ``decision``: the number of the decision that allows
    it; ``statement``: what was signed.
    """

    serial: int
    not_before: int
    not_after: int
    decision: str
    statement: bytes = field(repr=False)

    def covers(self, now: int) -> bool:
        """Whether the moment lies in the period."""
        return self.not_before <= now < self.not_after


def issue_purpose(
    realm: Realm, key: SigningKey, *, serial: int, not_before: int, not_after: int, decision: str, now: int
) -> bytes:
    """The statement that face data may be used for logons in this period, signed in the role ``approve``."""
    issuer = key_id(bytes(key.verify_key))
    body = {"purpose": PURPOSE, "not_before": not_before, "not_after": not_after, "decision": decision}
    return Statement(Kind.PURPOSE, realm.id, realm.name, serial, now, not_after, issuer, body).sign(key)


def check_purpose(verifier: Verifier, data: bytes) -> Purpose:
    """A purpose that was really granted; it may be over, or ahead.

    :raises TrustError: as :meth:`Verifier.check` but for its end; ``wrong_purpose``; ``too_long`` if
        it goes beyond a fiscal year, or lies further ahead than the next.
    """
    statement = verifier.check(data, Kind.PURPOSE, even_expired=True)
    match statement.body:
        case {
            "purpose": str() as purpose,
            "not_before": int() as not_before,
            "not_after": int() as not_after,
            "decision": str() as decision,
            **rest,
        } if (
            not rest
            and 0 <= not_before < not_after == statement.expires
            and 0 < len(decision) <= LONGEST_DECISION
            and statement.subject == verifier.realm.name
        ):
            if purpose != PURPOSE:
                raise TrustError(_("This is the period of another purpose."), reason="wrong_purpose")
            if not_after - verifier.now > _FURTHEST_S or fiscal_year(not_before) != fiscal_year(not_after - 1):
                raise TrustError(_("A purpose ends on 31 March: each fiscal year is granted anew."), reason="too_long")
            return Purpose(statement.serial, not_before, not_after, decision, data)
    raise TrustError(_("The record of a purpose is malformed."), reason="malformed")


def standing(verifier: Verifier, statements: Iterable[bytes]) -> tuple[Purpose, ...]:
    """Of these purposes those that count, the earliest first: of each fiscal year the newest that holds.

    Years that are over are left out, and what does not hold: one bad record must not take away the purpose beside it. A
    purpose that was ended early stays for its year, or the one that it took the place of would be back.
    """
    newest: dict[int, Purpose] = {}
    for data in statements:
        try:
            purpose = check_purpose(verifier, data)
        except TrustError:
            continue
        year = fiscal_year(purpose.not_before)
        if year < fiscal_year(verifier.now):
            continue
        rival = newest.get(year)
        if rival is None or (rival.serial, rival.statement) < (purpose.serial, data):
            newest[year] = purpose
    return tuple(sorted(newest.values(), key=lambda purpose: purpose.not_before))


@lru_cache(maxsize=4)
def purposes(verifier: Verifier) -> tuple[Purpose, ...]:
    """The purposes of the manifest that count, the earliest first; checked once, not again for each of 3,000 people."""
    return standing(verifier, verifier.manifest.purposes if verifier.manifest else ())


def require_purpose(verifier: Verifier) -> None:
    """Refuse to use face data at a moment that no purpose covers.

    :raises TrustError: ``purpose_over``.
    """
    if not any(purpose.covers(verifier.now) for purpose in purposes(verifier)):
        raise TrustError(
            _(
                "No purpose is in force, so face data may not be used. On the station: facectl purpose renew, then "
                "facectl realm manifest"
            ),
            reason="purpose_over",
        )


def covered_until(found: Iterable[Purpose], now: int) -> int:
    """The first second from now on in which nobody is matched any more, unix seconds.

    :param found: as :func:`standing` gives them. The next fiscal year's purpose counts if it begins without a gap.
    """
    for purpose in found:
        if purpose.covers(now):
            now = purpose.not_after
    return now
