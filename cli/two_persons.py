"""The two-person rule at the command line: ``--second`` in one run, or proposed now and confirmed by another later.

A command whose act needs two calls :func:`agreed` before it does anything, with terms that say exactly what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from cli.exit_codes import ExitCode
from cli.passphrase import unlock_from
from cli.run import Run
from cli.station import Desk, desk_of, operator
from faced.enrolment.acts import Act
from faced.enrolment.proposals import Proposals, other_persons
from faced.enrolment.station import Station, Unlock
from faced.errors import NotAllowed
from faced.i18n import _
from faced.trust.proposal import VALID_DAYS
from faced.trust.realm import Role

#: What the record says in place of a proposal's id while the realm has one handler only.
ALONE = "alone"
_PREFERRED = (Role.APPROVE, Role.OPERATE, Role.REVOKE, Role.ENROL)


decision_option = click.option(
    "--decision", default="", metavar="NUMBER", help=_("The number of the chief's decision that this carries out.")
)


def second_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Who is the second in this run, and the second's passphrase."""
    command = click.option(
        "--second-passphrase-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=_("Read the second handler's passphrase from the first line of this file instead of asking."),
    )(command)
    return click.option(
        "--second",
        metavar="NAME",
        help=_("The second handler, who is here and agrees; without it the act is proposed and waits for one."),
    )(command)


def agreed(
    desk: Desk,
    act: Act,
    subject: str,
    terms: Mapping[str, Any],
    *,
    reason: str,
    decision: str = "",
    second: str | None = None,
    second_passphrase_file: Path | None = None,
) -> str:
    """Go on only if two handlers have agreed to exactly this; the id for the record of acts.

    :param desk: whoever acts, in a role in which a person decides.
    :param terms: everything that the second agrees to; the same terms make the same proposal.
    :return: the agreement's id, or :data:`ALONE` while there is nobody who could be the second.
    :raises NotAllowed: ``one_person``, ``no_such_key``; :class:`TrustError` as from the keys.
    :raises click.exceptions.Exit: with :attr:`ExitCode.REFUSED`: it was proposed, or still waits to be confirmed.
    """
    others = other_persons(desk.station, desk.key.handler, desk.run.now)
    if not others:
        click.echo(
            _("{handler} is the only handler, so nobody could be the second. That is on record.").format(
                handler=desk.key.handler
            ),
            err=True,
        )
        return ALONE
    check_person(desk)
    proposals = Proposals(desk.station, desk.station.verifier(desk.run.now))
    held = proposals.waiting(act, subject, terms, decision)
    if held is None:
        with desk.recorded(Act.PROPOSE, subject, reason, decision=decision):
            held = proposals.propose(desk.key, act, subject, terms, reason=reason, decision=decision)
    if held.second is None and second is not None:
        other = second_desk(desk, second, second_passphrase_file)
        with other.recorded(Act.CONFIRM, held.id, held.proposal.reason, decision=decision):
            held = proposals.confirm(other.key, held)
    if held.second is None:
        click.echo(
            _(
                "This needs a second handler ({others}). Proposed as {id}, for {days} days; nothing else was done."
            ).format(others=", ".join(others), id=held.shown, days=VALID_DAYS)
        )
        click.echo(_("The second: facectl proposal confirm {id}. Then the same command again.").format(id=held.shown))
        raise click.exceptions.Exit(ExitCode.REFUSED)
    return held.id


def second_desk(desk: Desk, second: str, passphrase_file: Path | None) -> Desk:
    """The second handler's desk, in whichever role they have a key here.

    :raises NotAllowed: it is the same person, or has no key that a person opens.
    """
    if second == desk.key.handler:
        raise _one_person(second)
    role = personal_role(desk.station, second)
    return desk_of(desk.run, desk.station, role, unlock_from(passphrase_file, second), second)


def personal_role(station: Station, handler: str) -> Role:
    """A role in which a handler has a key of their own here.

    :raises NotAllowed: ``no_such_key``; a key without a passphrase is a timer's and speaks for nobody.
    """
    for role in _PREFERRED:
        if handler in station.keys_in(role) and station.is_protected(handler, role):
            return role
    raise NotAllowed(
        _("{handler} has no key with a passphrase on this station, so cannot be the second.").format(handler=handler),
        reason="no_such_key",
    )


def personal_desk(run: Run, path: Path | None, unlock: Unlock) -> Desk:
    """Whoever acts, in whichever role a person decides in that they have a key for.

    :raises NotAllowed: ``which_handler``, ``no_such_key``, ``no_live_delegation``.
    """
    station = Station.open(run.station(path))
    held = {role: station.keys_in(role) for role in _PREFERRED}
    names = sorted({name for names in held.values() for name in names})
    who = run.handler or (operator() if operator() in names else names[0] if len(names) == 1 else None)
    roles = [role for role in _PREFERRED if who in held[role]]
    with_passphrase = [role for role in roles if who is not None and station.is_protected(who, role)]
    role = next(iter(with_passphrase + roles), _PREFERRED[0])
    return desk_of(run, station, role, unlock, who)


def check_person(desk: Desk, proposer: str | None = None) -> None:
    """Refuse a key that no person opens, and whoever proposed it themselves.

    :raises NotAllowed: ``open_key``, ``one_person``.
    """
    if not desk.station.is_protected(desk.key.handler, desk.key.role):
        raise NotAllowed(
            _("The key of {handler} has no passphrase: a timer's key cannot be one of two persons.").format(
                handler=desk.key.handler
            ),
            reason="open_key",
        )
    if desk.key.handler == proposer:
        raise _one_person(proposer)


def _one_person(handler: str) -> NotAllowed:
    return NotAllowed(
        _("{handler} cannot confirm their own proposal: a second handler must.").format(handler=handler),
        reason="one_person",
    )
