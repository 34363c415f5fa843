"""`facectl erasures`: what was erased, where it is still waited for, and the signed completion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cli.exit_codes import ExitCode
from cli.passphrase import passphrase_file_option
from cli.printing import dry_run_option, json_option, moment, moment_iso, plain, print_json, print_table
from cli.run import Run, pass_run
from cli.station import open_desk, station_option
from faced.enrolment.acts import Act
from faced.enrolment.erasures import ErasureRecords, Listed, Waiting, complete, list_erasures
from faced.enrolment.person import check_login
from faced.i18n import _
from faced.trust.realm import Role

_SHOWN_HOSTS = 20


@click.command(
    help=_(
        "Every erasure that the directory or this station knows of, or that of LOGIN: when, by whom and why, whether "
        "all directory servers were read back, and which PCs have confirmed that nothing older is left in their "
        "caches. A PC that says nothing is counted as void when what it has cached may no longer be used (14 days); a "
        "revoked PC is not waited for.\n\n"
        "With --complete: sign that those are complete for which nobody is waited any more. Needs the role revoke.\n\n"
        "Exit status 1 if an erasure is not complete (without --complete)."
    )
)
@click.argument("login", required=False)
@click.option("--complete", "sign", is_flag=True, help=_("Sign the completion of every erasure that is complete."))
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def erasures(
    run: Run,
    login: str | None,
    sign: bool,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Read as the auditor's account; signed in the role ``revoke``."""
    if login is not None:
        check_login(login)
    found = _listed(run, login, station_path)
    if sign and not dry_run:
        desk = open_desk(run, station_path, Role.REVOKE, passphrase_file)
        records = ErasureRecords(desk.station, desk.station.verifier(run.now))
        for one in found:
            if one.complete and one.completed is None:
                with desk.recorded(Act.COMPLETE_ERASURE, one.login, one.reason):
                    complete(records, desk.key, one, run.now)
        found = _listed(run, login, station_path)
    if as_json:
        print_json([_document(one) for one in found])
    else:
        _print(found)
        if sign and dry_run:
            ready = sum(one.complete and one.completed is None for one in found)
            click.echo(_("Would sign {count} completions.").format(count=ready))
    return ExitCode.DONE if sign or all(one.complete for one in found) else ExitCode.REFUSED


def _listed(run: Run, login: str | None, station_path: Path | None) -> tuple[Listed, ...]:
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        return list_erasures(
            *(connection, desk.tree, desk.station, desk.station.verifier(run.now)),
            cache_days=run.config.directory.cache_days,
            login=login,
        )


def _document(one: Listed) -> dict[str, Any]:
    counts, hosts = one.counts, one.hosts
    return {
        "login": one.login,
        "fault": one.fault or None,
        "at": moment_iso(one.at) if one.at else None,
        "handler": one.handler or None,
        "reason": one.reason,
        "decision": one.erased.decision if one.erased else "",
        "staff_number": one.erased.staff if one.erased else "",
        "template": one.erased.template.hex() if one.erased else "",
        "serial": one.erased.serial if one.erased else 0,
        "made": moment_iso(one.erased.made) if one.erased and one.erased.made else None,
        "servers": one.standing.replicas if one.standing else None,
        "removed": moment_iso(one.standing.removed) if one.standing else None,
        "hosts": {
            "confirmed": counts.confirmed if counts else 0,
            "expired": counts.expired if counts else 0,
            "revoked": counts.revoked if counts else 0,
            "waiting": [_waiting(word) for word in hosts.waiting] if hosts else [],
            "expired_names": [_waiting(word) for word in hosts.expired] if hosts else [],
            "revoked_names": list(hosts.revoked) if hosts else [],
        },
        "complete": one.complete,
        "completed": moment_iso(one.completed) if one.completed else None,
    }


def _waiting(word: Waiting) -> dict[str, Any]:
    return {"host": word.host, "why": word.why, "until": moment_iso(word.until) if word.until else None}


def _print(found: Sequence[Listed]) -> None:
    print_table(
        [_("Login name"), _("Time"), _("Handler"), _("Reason"), _("Decision"), _("Servers"), _("PCs"), _("State")],
        [_row(one) for one in found],
    )
    for one in found:
        if one.complete or one.fault or one.hosts is None:
            continue
        for word in one.hosts.waiting[:_SHOWN_HOSTS]:
            click.echo(
                _("{login}: {host} has not confirmed ({why}); void after {until}").format(
                    login=one.login, host=plain(word.host), why=word.why, until=moment(word.until)
                )
                if word.until
                else _("{login}: {host} has not confirmed ({why})").format(
                    login=one.login, host=plain(word.host), why=word.why
                )
            )
        if len(one.hosts.waiting) > _SHOWN_HOSTS:
            click.echo(_("... and {count} more; --json lists all").format(count=len(one.hosts.waiting) - _SHOWN_HOSTS))


def _row(one: Listed) -> tuple[str, ...]:
    if one.fault:
        return (one.login, "", "", "", "", "", "", _("not valid ({reason})").format(reason=one.fault))
    return (
        one.login,
        moment(one.at),
        one.handler,
        plain(one.reason),
        plain(one.erased.decision) if one.erased else "",
        str(one.standing.replicas) if one.standing else _("not read back"),
        _pcs(one),
        _state(one),
    )


def _pcs(one: Listed) -> str:
    counts = one.counts
    waiting = len(one.hosts.waiting) if one.hosts is not None else 0
    if counts is None:
        return ""
    words = [_("{count} confirmed").format(count=counts.confirmed)]
    if waiting:
        words.append(_("{count} awaited").format(count=waiting))
    if counts.expired:
        words.append(_("{count} void").format(count=counts.expired))
    if counts.revoked:
        words.append(_("{count} revoked").format(count=counts.revoked))
    return ", ".join(words)


def _state(one: Listed) -> str:
    if one.completed is not None:
        return _("complete since {when}").format(when=moment(one.completed))
    if one.complete:
        return _("complete, not signed yet: --complete")
    return _("waiting")
