"""`facectl show`, `list` and `add`: what is recorded about people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.passphrase import passphrase_file_option
from cli.printing import (
    check_reason,
    dry_run_option,
    json_option,
    print_facts,
    print_json,
    print_table,
    reason_option,
)
from cli.run import Run, pass_run
from cli.station import Desk, open_desk, station_option
from faced.directory.connection import Connection
from faced.directory.people import Person
from faced.enrolment.acts import Act
from faced.enrolment.eligibility import missing
from faced.enrolment.ending import endings
from faced.enrolment.fiscal_year import last_day
from faced.enrolment.founding import DEFAULT_GROUP
from faced.enrolment.person import PersonDetails, check_login
from faced.enrolment.register import Register, is_confirmed, standing_of
from faced.errors import TrustError
from faced.i18n import _
from faced.trust.realm import Role
from faced.trust.sealed import Basis, check_template
from faced.urgency import DAYS_AHEAD


@click.command(
    help=_("What is recorded about USER: staff number, name, mail, key groups, period. Never the face data.")
)
@click.argument("user")
@station_option
@json_option
@pass_run
def show(run: Run, user: str, station_path: Path | None, as_json: bool) -> None:
    """Read as the auditor's account."""
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        register = _register(desk, connection)
        facts = facts_of(register, register.people.find(check_login(user)))
    if as_json:
        print_json(facts)
        return
    print_facts(
        [
            (_("Login name"), facts["login"]),
            (_("Name"), facts["name"]),
            (_("Staff number"), facts["staff_number"]),
            (_("Mail"), facts["mail"]),
            (_("Key groups"), ", ".join(facts["groups"])),
            (_("Face data"), state_word(facts["state"])),
            (_("Made from"), facts["method"] or ""),
            (_("Known from"), _known_from(facts["confirmed"])),
            (_("Basis"), _basis_word(facts["basis"])),
            (_("Until"), facts["until"] or ""),
            (_("Serial"), str(facts["serial"] or "")),
        ]
    )


@click.command("list", help=_("Who is enrolled, and until when."))
@click.option("--group", metavar="GROUP", help=_("Only this key group."))
@click.option("--state", metavar="STATE", help=_("Only this state: enrolled, none, erased, purpose_over ..."))
@click.option("--provisional", is_flag=True, help=_("Only people who are known from a photo alone."))
@station_option
@json_option
@pass_run
def list_people(
    run: Run, group: str | None, state: str | None, provisional: bool, station_path: Path | None, as_json: bool
) -> None:
    """Read as the auditor's account."""
    desk = open_desk(run, station_path, Role.AUDIT, None)
    with desk.connect() as connection:
        register = _register(desk, connection)
        people = tuple(register.people.all())
        everybody = [facts_of(register, person) for person in people]
        soon = sum(ending.confirmed for ending in endings(people, register.verifier))
    chosen = [
        facts
        for facts in sorted(everybody, key=lambda facts: str(facts["login"]))
        if (group is None or group in facts["groups"])
        and (state is None or state == facts["state"])
        and (not provisional or facts["confirmed"] is False)
    ]
    if as_json:
        print_json(chosen)
        return
    print_table(
        [_("Login name"), _("Staff number"), _("Name"), _("Key groups"), _("Face data"), _("Known from"), _("Until")],
        [
            (
                *(f["login"], f["staff_number"], f["name"], ",".join(f["groups"])),
                *(state_word(f["state"]), _known_from(f["confirmed"]), f["until"] or ""),
            )
            for f in chosen
        ],
    )
    photo_only = sum(f["confirmed"] is False for f in chosen)
    click.echo(
        _("{count} people, {photo_only} of them known from a photo alone").format(
            count=len(chosen), photo_only=photo_only
        )
    )
    if soon:
        text = _("{count} people must come to the camera again within {days} days: facectl enroll USER --camera")
        warning = text.format(count=soon, days=DAYS_AHEAD[0])
        click.echo(_("WARNING: {warning}").format(warning=warning), err=True)


@click.command(
    help=_(
        "Make the entry of USER, who is not enrolled yet, so that consent and approval can be recorded in it. On a "
        "directory that has all staff already it is not needed."
    )
)
@click.argument("user")
@click.option("--staff-number", required=True, metavar="N", help=_("The staff number."))
@click.option("--name", required=True, metavar="NAME", help=_("The person's name."))
@click.option("--mail", default="", metavar="MAIL", help=_("The mail address."))
@click.option("--group", "groups", multiple=True, metavar="GROUP", help=_("A key group; may be repeated."))
@reason_option
@station_option
@passphrase_file_option
@dry_run_option
@json_option
@pass_run
def add(
    run: Run,
    user: str,
    staff_number: str,
    name: str,
    mail: str,
    groups: tuple[str, ...],
    reason: str,
    station_path: Path | None,
    passphrase_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """The details alone, in the role that enrols."""
    details = PersonDetails(user, staff_number, name, mail, tuple(dict.fromkeys(groups)) or (DEFAULT_GROUP,))
    check_reason(reason)
    desk = open_desk(run, station_path, Role.ENROL, passphrase_file)
    with desk.connect() as connection:
        register = _register(desk, connection)
        if dry_run:
            register.check_new(details)
        else:
            with desk.recorded(Act.ADD_PERSON, user, reason):
                register.add(details)
    if as_json:
        print_json({"login": user, "staff_number": staff_number, "groups": list(details.groups), "dry_run": dry_run})
        return
    text = _("Would add {login} ({name}).") if dry_run else _("{login} ({name}) is in the directory.")
    click.echo(text.format(login=user, name=name))


def facts_of(register: Register, person: Person) -> dict[str, Any]:
    """What may be shown of a person.

    ``state`` is enrolled, none (never had face data), erased, or the reason why the template does not hold or may not
    be used.
    """
    checked, state = None, "erased" if person.face.tombstone is not None else "none"
    if person.face.template is not None:
        try:
            checked = check_template(
                register.verifier, person.login, person.face.template, tombstone=standing_of(person).tombstone
            )
            state = next(iter(missing(person, checked.header.provenance.basis, register.verifier)), "enrolled")
        except TrustError as error:
            state = error.reason
    header = checked.header if checked else None
    return {
        "login": person.login,
        "name": person.name,
        "staff_number": person.staff_number,
        "mail": person.mail,
        "groups": list(person.groups),
        "state": state,
        "method": header.method if header else None,
        "confirmed": is_confirmed(header) if header else None,
        "basis": header.provenance.basis.value if header else None,
        "until": last_day(checked.expires).isoformat() if checked else None,
        "serial": header.serial if header else None,
    }


def state_word(state: str) -> str:
    """A state in words."""
    words = {
        "enrolled": _("enrolled"),
        "none": _("none"),
        "erased": _("erased"),
        "tombstoned": _("withdrawn"),
        "purpose_over": _("period over"),
        "expired": _("too old"),
        "suspended": _("suspended"),
        "consent_withdrawn": _("consent withdrawn"),
        "no_consent": _("consent missing"),
        "consent_over": _("consent over"),
        "approval_withdrawn": _("approval withdrawn"),
        "no_approval": _("approval missing"),
        "approval_over": _("approval over"),
    }
    return words.get(state) or _("not valid ({reason})").format(reason=state)


def _known_from(confirmed: bool | None) -> str:
    if confirmed is None:
        return ""
    return _("camera") if confirmed else _("photo alone")


def _basis_word(basis: str | None) -> str:
    return {Basis.STAFF: _("regular staff"), Basis.CONSENT: _("approval and consent")}[Basis(basis)] if basis else ""


def _register(desk: Desk, connection: Connection) -> Register:
    return Register(connection, desk.tree, desk.station.verifier(desk.run.now), desk.key)
