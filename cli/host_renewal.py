"""`facectl host renew`: a timer on each PC lets it make the key of the next fiscal year by itself."""

from __future__ import annotations

import subprocess

import click

from cli.printing import dry_run_option, json_option, print_facts, print_json
from cli.run import Run, pass_run
from cli.station import connector
from faced.directory.connector import Account
from faced.directory.hosts import Hosts
from faced.directory.realm import RealmDocuments
from faced.directory.tree import Tree
from faced.enrolment.fiscal_year import last_day
from faced.enrolment.host_secret import HostKeyStore, HostSecret
from faced.enrolment.renewal import Renewal, plan_renewal, renew
from faced.errors import StateError, TrustError
from faced.i18n import _
from faced.trust.keys import HostKeys
from faced.trust.realm import Realm, Verifier

_RESTART = ("systemctl", "try-restart", "faced.service")
_RESTART_S = 90


@click.command(
    "renew",
    help=_(
        "On the PC, by a timer: make this computer's key for the next fiscal year four weeks ahead, ask the station to "
        "seal to it, and destroy the old key when its time is over. Nobody has to compare fingerprints again."
    ),
)
@click.option("--restart", is_flag=True, help=_("Restart the faced service when its keys have changed."))
@dry_run_option
@json_option
@pass_run
def renew_keys(run: Run, restart: bool, dry_run: bool, as_json: bool) -> None:
    """Nothing is done before the realm's manifest holds by this computer's clock."""
    config, tree = run.config, Tree.configured(run.config.directory)
    store = HostKeyStore(HostSecret(config.host.keys))
    keys = store.read()
    account = Account(config.directory.bind_dn, HostSecret(config.directory.password).read().decode().strip())
    with connector(run, account).connect() as connection:
        hosts = Hosts(connection, tree)
        plan = plan_renewal(_verifier(run, RealmDocuments(connection, tree)), keys, hosts.at(account.dn))
        if not dry_run:
            renew(store, plan, _restart if restart else _say_restart, lambda data: hosts.request(keys.name, data))
    if as_json:
        print_json(
            {
                "made": plan.made,
                "destroyed": list(plan.destroyed),
                "asked": plan.request is not None,
                "epoch": plan.epoch,
                "dry_run": dry_run,
            }
        )
        return
    _print(plan, keys, dry_run)


def _verifier(run: Run, documents: RealmDocuments) -> Verifier:
    """What may be believed by this computer's clock.

    :raises TrustError: ``manifest_expired``, ``not_yet_valid``: the clock may be wrong.
    """
    try:
        realm = Realm.open(run.config.realm.anchor.read_bytes())
    except OSError as error:
        path = run.config.realm.anchor
        raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
    held = documents.read()
    if held.manifest is None:
        raise TrustError(_("Without a manifest nothing is known for certain."), reason="manifest_expired")
    return realm.verifier(held.delegations, held.manifest, run.now)


def _restart() -> None:
    try:
        subprocess.run(_RESTART, check=True, timeout=_RESTART_S, stdin=subprocess.DEVNULL)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        raise StateError(_("The faced service could not be restarted: systemctl restart faced")) from None


def _say_restart() -> None:
    click.echo(_("Next: systemctl restart faced"), err=True)


def _print(plan: Renewal, keys: HostKeys, dry_run: bool) -> None:
    if dry_run:
        click.echo(_("Nothing was done. It would be:"))
    none = _("nothing")
    print_facts(
        [
            (_("Computer"), keys.name),
            (
                _("The station seals to the key of"),
                _("{year} until {day}").format(year=plan.epoch, day=last_day(plan.until)),
            ),
            (_("New key for"), str(plan.made or none)),
            (_("Asked the station"), _("yes") if plan.request is not None else _("no")),
            (_("Destroyed"), ", ".join(map(str, plan.destroyed)) or none),
        ]
    )
