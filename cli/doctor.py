"""`facectl doctor`: what is wrong with this PC, how well it protects what it holds, and what to do next."""

from __future__ import annotations

import os
from typing import Any

import click

from cli.exit_codes import ExitCode
from cli.printing import json_option, print_facts, print_json
from cli.run import Run, pass_run
from faced.enrolment.host_secret import Form, HostSecret
from faced.enrolment.protection import Grade, Protection, examine
from faced.errors import NotAllowed
from faced.i18n import _


@click.command(
    help=_(
        "How well does this PC protect its keys, and what can be done about it? As root. Exit status 1 if a secret is "
        "missing, does not open here or lies in a plain file."
    )
)
@json_option
@pass_run
def doctor(run: Run, as_json: bool) -> ExitCode:
    """Look at the secrets and at the disk below them."""
    if os.geteuid() != 0:
        raise NotAllowed(_("Only root may look at this PC's secrets: sudo facectl doctor"), reason="not_root")
    protection = examine([HostSecret(run.config.host.keys), HostSecret(run.config.directory.password)])
    if as_json:
        print_json(_json_of(protection))
    else:
        _print(protection)
    return ExitCode.DONE if protection.sound else ExitCode.REFUSED


def _print(protection: Protection) -> None:
    for secret in protection.secrets:
        if secret.fault:
            click.echo(_("WARNING: {warning}").format(warning=f"{secret.name}: {secret.fault}"))
    print_facts(
        [
            (_("Protection"), _grade_word(protection.grade)),
            *((secret.name, _form_word(secret.form)) for secret in protection.secrets),
            (_("Disk"), _disk_word(protection.disk_encrypted)),
        ]
    )
    click.echo(_("Stolen: {consequence}").format(consequence=_consequence(protection.grade)))
    if advice := _advice(protection.grade):
        click.echo(_("Next: {advice}").format(advice=advice))


def _json_of(protection: Protection) -> dict[str, Any]:
    return {
        "grade": protection.grade.value,
        "sound": protection.sound,
        "disk_encrypted": protection.disk_encrypted,
        "secrets": [
            {"name": secret.name, "form": secret.form.value if secret.form else None, "fault": secret.fault}
            for secret in protection.secrets
        ],
    }


def _grade_word(grade: Grade) -> str:
    return {
        Grade.TPM_AND_DISK: _("1 of 4: TPM and encrypted disk"),
        Grade.TPM: _("2 of 4: TPM"),
        Grade.HOST_KEY: _("3 of 4: this system's own key only"),
        Grade.PLAIN: _("4 of 4: a plain file"),
        Grade.NONE: _("none: this PC cannot use its secrets"),
    }[grade]


def _consequence(grade: Grade) -> str:
    return {
        Grade.TPM_AND_DISK: _(
            "useless, if the disk asks for a PIN or a passphrase at every start. If it opens by itself, as grade 2."
        ),
        Grade.TPM: _("whoever starts it and becomes root can read the face data in its cache."),
        Grade.HOST_KEY: _("whoever reads its disk can read the face data in its cache."),
        Grade.PLAIN: _("whoever reads its disk or a backup of /etc can read the face data in its cache."),
        Grade.NONE: _("it opens nothing."),
    }[grade]


def _advice(grade: Grade) -> str:
    return {
        Grade.TPM_AND_DISK: "",
        Grade.TPM: _(
            "encrypt the disk with a PIN at the start (systemd-cryptenroll --tpm2-device=auto --tpm2-with-pin=yes)."
        ),
        Grade.HOST_KEY: _("switch the TPM on in the firmware, if there is one, and run 'facectl host join' again."),
        Grade.PLAIN: _("run 'facectl host join' again; systemd 250 or newer seals the secrets."),
        Grade.NONE: _("let this PC join: facectl host join"),
    }[grade]


def _form_word(form: Form | None) -> str:
    if form is None:
        return _("none")
    return {
        Form.TPM: _("sealed with the TPM"),
        Form.HOST_KEY: _("sealed with this system's own key"),
        Form.UNKNOWN: _("does not open here"),
        Form.PLAIN: _("a plain file"),
    }[form]


def _disk_word(encrypted: bool | None) -> str:
    if encrypted is None:
        return _("not known")
    return _("encrypted") if encrypted else _("not encrypted")
