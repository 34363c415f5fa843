"""Who may be enrolled: what a workstation would miss is missed here, before anybody's photo is looked at."""

from __future__ import annotations

from faced.directory.people import Person
from faced.errors import NotAllowed
from faced.i18n import _
from faced.trust.permission import examine
from faced.trust.realm import Verifier
from faced.trust.sealed import Basis
from faced.trust.statement import Kind


class NotEligible(NotAllowed):
    """This person's face may not be used; ``reason`` is the first token of :func:`missing`."""


def missing(person: Person | None, basis: Basis, verifier: Verifier) -> tuple[str, ...]:
    """What stands in the way of using this person's face on this basis; nothing if they may be enrolled.

    Tokens: suspended, consent_withdrawn on every basis; no_consent, consent_over, no_approval, approval_over,
    approval_withdrawn on the basis of consent; or the reason of trust why a statement does not hold.

    :param person: None for somebody without an entry, who has neither.
    """
    if person is None:
        return ("no_consent", "no_approval") if basis is Basis.CONSENT else ()
    face = person.face
    statements = {Kind.CONSENT: face.consent, Kind.APPROVAL: face.approval, Kind.SUSPENSION: face.suspension}
    return examine(verifier, person.login, statements).missing(basis)


def check_eligible(login: str, person: Person | None, basis: Basis, verifier: Verifier) -> None:
    """Refuse to enrol somebody whose face may not be used.

    :raises NotEligible: something is missing.
    """
    found = missing(person, basis, verifier)
    if found:
        raise NotEligible(_explanation(found[0]).format(login=login), reason=found[0])


def _explanation(token: str) -> str:
    explanations = {
        "suspended": _("{login} is suspended. Lift it first: facectl resume {login}"),
        "consent_withdrawn": _(
            "{login} has withdrawn the consent. Without a new one nothing is made: facectl consent record {login}"
        ),
        "no_consent": _("No consent of {login} is recorded. First: facectl consent record {login}"),
        "consent_over": _("The consent of {login} is over. Ask anew, then: facectl consent record {login}"),
        "no_approval": _("No approval for {login} is recorded. First: facectl approval record {login}"),
        "approval_over": _("The approval for {login} is over. Ask anew, then: facectl approval record {login}"),
        "approval_withdrawn": _("The approval for {login} was withdrawn. A new one: facectl approval record {login}"),
    }
    return explanations.get(token) or _(
        "What is recorded about {login} cannot be believed. Look: facectl consent show, facectl approval show"
    )
