"""`facectl host`: a PC asks to join, the station approves, the PC takes what it was given."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import Any

import click

from cli.host_renewal import renew_keys
from cli.passphrase import passphrase_file_option
from cli.printing import confirm, dry_run_option, json_option, print_facts, print_json, print_table
from cli.revocation import revoke
from cli.run import Run, pass_run
from cli.station import connector, open_desk, station_option
from faced.directory.connector import Account
from faced.directory.hosts import Host, Hosts
from faced.directory.tree import Tree
from faced.enrolment.acts import Act
from faced.enrolment.admission import admit
from faced.enrolment.fiscal_year import FiscalYear, last_day
from faced.enrolment.founding import DEFAULT_GROUP
from faced.enrolment.host_secret import Form, HostKeyStore, HostSecret, Seal
from faced.enrolment.joining import MAX_SIZE, HostRequest, Welcome, check_host_name
from faced.enrolment.person import check_group
from faced.enrolment.planting import hashed_password
from faced.enrolment.station import replace_file
from faced.errors import DirectoryError, NotInDirectory, StateError, TrustError
from faced.i18n import _
from faced.trust.realm import Realm, Role, Verifier
from faced.trust.statement import Kind

_PASSWORD_BYTES = 24
_ANCHOR_MODE = 0o644


@click.group(help=_("Let PCs join the realm, approve, list and revoke them."))
def host() -> None:
    """The noun."""


host.add_command(renew_keys)
host.add_command(revoke)


@host.command(
    help=_(
        "On the PC. First: make this computer's keys and its request for the station.\n\n"
        "Then, with --welcome FILE from the station: pin the realm and keep the directory password. Compare the "
        "fingerprints with the person at the station both times."
    )
)
@click.option("--name", metavar="NAME", help=_("This computer's name; otherwise the configured one or the host name."))
@click.option(
    "--request",
    "request_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Write the request here; otherwise into this computer's directory entry."),
)
@click.option(
    "--welcome", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE", help=_("Finish joining.")
)
@click.option("--fingerprint", metavar="TEXT", help=_("The realm's fingerprint, instead of being asked about it."))
@click.option(
    "--with-key",
    "seal",
    type=click.Choice([seal.value for seal in Seal]),
    default=Seal.AUTO.value,
    help=_(
        "What seals the keys and the password: the TPM, this system's own key, or nothing. Otherwise the strongest."
    ),
)
@dry_run_option
@pass_run
def join(
    run: Run,
    name: str | None,
    request_path: Path | None,
    welcome: Path | None,
    fingerprint: str | None,
    seal: str,
    dry_run: bool,
) -> None:
    """Ask, or take what was answered."""
    if welcome is not None:
        _finish(run, welcome, fingerprint, Seal(seal), dry_run)
        return
    chosen = check_host_name(name or run.config.host.name or socket.gethostname().split(".")[0].lower())
    epoch = FiscalYear.at(run.now).number
    store = HostKeyStore(HostSecret(run.config.host.keys))
    if dry_run:
        click.echo(_("Would make the keys of {name} in {path}.").format(name=chosen, path=run.config.host.keys))
        return
    keys = store.own(chosen, epoch, Seal(seal))
    _warn_of(store.secret)
    request = HostRequest.of(keys, epoch)
    data = request.sign_with(keys)
    if request_path is not None:
        replace_file(request_path, data)
        click.echo(_("The request is in {path}. Take it to the station.").format(path=request_path))
    else:
        password = HostSecret(run.config.directory.password).read().decode().strip()
        account = Account(run.config.directory.bind_dn, password)
        with connector(run, account).connect() as connection:
            Hosts(connection, Tree.configured(run.config.directory)).request(chosen, data)
        click.echo(_("The request is in the directory."))
    click.echo(_("Read this to the person at the station: {fingerprint}").format(fingerprint=request.fingerprint))


@host.command(
    help=_(
        "On the station: let the computer NAME open the face data of its key groups.\n\n"
        "Compare the fingerprint with what the person at the PC reads out. The answer to a request in a file is a "
        "welcome file, which only that PC can open; a PC that asked through its directory entry needs none."
    )
)
@click.argument("name")
@click.option(
    "--request",
    "request_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=_("The PC's request; otherwise the one in its directory entry."),
)
@click.option("--group", "groups", multiple=True, metavar="GROUP", help=_("A key group; may be repeated."))
@click.option("--fingerprint", metavar="TEXT", help=_("The request's fingerprint, instead of being asked about it."))
@click.option(
    "--welcome",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Where to write the welcome file; otherwise NAME.welcome here."),
)
@station_option
@passphrase_file_option
@dry_run_option
@pass_run
def approve(
    run: Run,
    name: str,
    request_path: Path | None,
    groups: tuple[str, ...],
    fingerprint: str | None,
    welcome: Path | None,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
) -> None:
    """Issue the host statement and publish it."""
    check_host_name(name)
    desk = open_desk(run, station_path, Role.OPERATE, passphrase_file)
    with desk.connect() as connection:
        hosts = Hosts(connection, desk.tree)
        held = _held(hosts, name)
        request = _request(name, request_path, held)
        chosen = tuple(dict.fromkeys(map(check_group, groups))) or (held.groups if held else ()) or (DEFAULT_GROUP,)
        click.echo(_("{name} asks to join; key groups: {groups}").format(name=name, groups=", ".join(chosen)), err=True)
        question = _("Does the PC show this fingerprint: {fingerprint}?").format(fingerprint=request.fingerprint)
        _compare(request.fingerprint, fingerprint, question, dry_run)
        statement = admit(desk.station.verifier(run.now), desk.key, request, chosen)
        if dry_run:
            click.echo(_("Would approve {name}.").format(name=name))
            return
        welcome_path = (welcome or Path(f"{name}.welcome")) if request_path is not None else None
        with desk.recorded(Act.APPROVE_HOST, name, request.fingerprint):
            if welcome_path is not None:
                password = secrets.token_hex(_PASSWORD_BYTES)
                replace_file(welcome_path, Welcome.seal(request, desk.station.realm.anchor, password).encode())
                _give_password(hosts, name, password, held, chosen)
            hosts.approve(name, statement, chosen)
    if welcome_path is None:
        # The request came in the PC's own entry: it has a password and has pinned the realm.
        click.echo(_("{name} is approved; it hears of it with its next refresh.").format(name=name))
        return
    click.echo(
        _("{name} is approved. Take {path} to the PC: facectl host join --welcome FILE").format(
            name=name, path=welcome_path
        )
    )
    click.echo(
        _("The realm's fingerprint, to compare there: {fingerprint}").format(fingerprint=desk.station.realm.fingerprint)
    )


@host.command("list", help=_("The computers of the realm."))
@station_option
@json_option
@pass_run
def list_hosts(run: Run, station_path: Path | None, as_json: bool) -> None:
    """Read as the auditor's account."""
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        verifier = desk.station.verifier(run.now)
        facts = [_facts(verifier, held) for held in Hosts(connection, desk.tree).all()]
    if as_json:
        print_json(facts)
        return
    print_table(
        [_("Computer"), _("State"), _("Key groups"), _("Until")],
        [(f["name"], _state_word(f["state"]), ", ".join(f["groups"]), f["until"] or "") for f in facts],
    )


@host.command(help=_("What is recorded about the computer NAME."))
@click.argument("name")
@station_option
@json_option
@pass_run
def show(run: Run, name: str, station_path: Path | None, as_json: bool) -> None:
    """Read as the auditor's account."""
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        verifier = desk.station.verifier(run.now)
        facts = _facts(verifier, Hosts(connection, desk.tree).read(check_host_name(name)))
    if as_json:
        print_json(facts)
        return
    print_facts(
        [
            (_("Computer"), facts["name"]),
            (_("State"), _state_word(facts["state"])),
            (_("Key groups"), ", ".join(facts["groups"])),
            (_("Fiscal year"), str(facts["epoch"] or "")),
            (_("Until"), facts["until"] or ""),
            (_("Waiting request"), facts["request"] or _("none")),
        ]
    )


def _facts(verifier: Verifier, held: Host) -> dict[str, Any]:
    """State: approved, waiting, revoked, or the reason why the statement does not hold."""
    state, until, epoch = "waiting", None, None
    if held.statement is not None:
        try:
            statement = verifier.check(held.statement, Kind.HOST)
            state = "approved" if statement.subject == held.name else "wrong_host"
            until, epoch = str(last_day(statement.expires)), statement.body.get("epoch")
        except TrustError as error:
            state = error.reason
    if verifier.manifest is not None and held.name in verifier.manifest.revoked_hosts:
        state = "host_revoked"
    request = None
    if held.request is not None:
        try:
            request = HostRequest.parse(held.request).fingerprint
        except TrustError as error:
            request = error.reason
    return {
        "name": held.name,
        "state": state,
        "groups": list(held.groups),
        "epoch": epoch,
        "until": until,
        "request": request,
    }


def _state_word(state: str) -> str:
    words = {
        "approved": _("approved"),
        "waiting": _("waiting for approval"),
        "host_revoked": _("taken out of the realm"),
        "expired": _("expired: approve it again"),
    }
    return words.get(state) or _("not valid ({reason})").format(reason=state)


def _warn_of(secret: HostSecret) -> None:
    """Say it when a secret lies in the open for root and for whoever takes the disk."""
    if secret.form is Form.PLAIN:
        click.echo(
            _("WARNING: {path} is a plain file: nothing on this computer could seal it. See facectl doctor.").format(
                path=secret.path
            ),
            err=True,
        )


def _finish(run: Run, path: Path, fingerprint: str | None, seal: Seal, dry_run: bool) -> None:
    welcome = Welcome.parse(_read(path))
    keys = HostKeyStore(HostSecret(run.config.host.keys)).read()
    password = welcome.open(keys)
    realm = Realm.open(welcome.anchor)
    anchor_path = run.config.realm.anchor
    if anchor_path.exists() and _read(anchor_path) != welcome.anchor:
        raise StateError(
            _("This computer belongs to another realm. To change that on purpose, remove {path} first.").format(
                path=anchor_path
            )
        )
    if realm.dummy:
        click.echo(_("This is a realm of dummy staff: it accepts clips in place of a camera."), err=True)
    question = _("Does the station show this fingerprint for the realm '{name}': {fingerprint}?").format(
        name=realm.name, fingerprint=realm.fingerprint
    )
    _compare(realm.fingerprint, fingerprint, question, dry_run)
    if dry_run:
        click.echo(_("Would join the realm {name}.").format(name=realm.name))
        return
    kept = HostSecret(run.config.directory.password)
    kept.keep((password + "\n").encode(), seal)
    _warn_of(kept)
    replace_file(anchor_path, welcome.anchor)
    # The daemons read the anchor under their own accounts; it is public.
    os.chmod(anchor_path, _ANCHOR_MODE)
    click.echo(_("This computer belongs to the realm {name} now.").format(name=realm.name))
    click.echo(_("Next: systemctl restart faced faced-directory, then facectl status."))


def _compare(actual: str, claimed: str | None, question: str, dry_run: bool) -> None:
    """Let two people compare, or compare with what was given on the command line."""
    if claimed is not None:
        if "".join(claimed.split()).lower() != "".join(actual.split()):
            raise TrustError(
                _("The fingerprint is {fingerprint}, which is not what was given. Nothing was done.").format(
                    fingerprint=actual
                ),
                reason="fingerprint",
            )
        return
    if dry_run:
        click.echo(question)
        return
    confirm(question, yes=False)


def _give_password(hosts: Hosts, name: str, password: str, held: Host | None, groups: tuple[str, ...]) -> None:
    if held is None:
        hosts.add(name, hashed_password(password), groups)
    else:
        hosts.set_password(name, hashed_password(password))


def _held(hosts: Hosts, name: str) -> Host | None:
    try:
        return hosts.read(name)
    except NotInDirectory:
        return None


def _request(name: str, path: Path | None, held: Host | None) -> HostRequest:
    data = _read(path) if path is not None else held.request if held is not None else None
    if data is None:
        raise DirectoryError(
            _("{name} has made no request. Run 'facectl host join' there, or name the file with --request.").format(
                name=name
            ),
            reason="no_request",
        )
    request = HostRequest.parse(data)
    if request.name != name:
        raise TrustError(
            _("This is the request of {other}, not of {name}.").format(other=request.name, name=name),
            reason="wrong_host",
        )
    return request


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_SIZE + 1)
    except OSError as error:
        raise StateError(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
