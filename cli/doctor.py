"""`facectl doctor`: what is wrong with this PC, how well it protects what it holds, and what to do next."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from cli.exit_codes import ExitCode
from cli.printing import json_option, print_facts, print_json
from cli.run import Run, pass_run
from faced.enrolment.host_secret import Form, HostSecret
from faced.enrolment.protection import Grade, Protection, examine
from faced.errors import NotAllowed
from faced.i18n import _
from faced.logon import pam_stack
from faced.logon.other_factor import NO_SUCH_FACTOR, OtherFactors
from faced.logon.pam_stack import Fault

_UNREADABLE = "unreadable"


@click.command(
    help=_(
        "How well does this PC protect its keys, do its PAM stacks ask for both factors, and what is to be done? As "
        "root. Exit status 1 if a secret is missing, does not open here or lies in a plain file, or if a stack is "
        "wrong."
    )
)
@click.option(
    "--pam",
    "pam_folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=pam_stack.FOLDER,
    metavar="DIR",
    help=_("The PAM services to look at; otherwise /etc/pam.d."),
)
@json_option
@pass_run
def doctor(run: Run, pam_folder: Path, as_json: bool) -> ExitCode:
    """Look at the secrets, at the disk below them, and at the stacks that have our line."""
    if os.geteuid() != 0:
        raise NotAllowed(_("Only root may look at this PC's secrets: sudo facectl doctor"), reason="not_root")
    protection = examine([HostSecret(run.config.host.keys), HostSecret(run.config.directory.password)])
    factors = OtherFactors(run.config.logon, pam_folder)
    stacks = _examine_stacks(factors)
    if as_json:
        print_json({**_json_of(protection), "pam": stacks})
    else:
        for service, found in stacks.items():
            for fault in found:
                word = _fault_word(fault, factors)
                click.echo(_("WARNING: {warning}").format(warning=f"{pam_folder / service}: {word}"))
        _print(protection)
    return ExitCode.DONE if protection.sound and not any(stacks.values()) else ExitCode.REFUSED


def _examine_stacks(factors: OtherFactors) -> dict[str, list[str]]:
    """The faults of every service; one that cannot be read is at fault too."""
    found: dict[str, list[str]] = {}
    for path in sorted(path for path in factors.folder.iterdir() if path.is_file()):
        try:
            stack = pam_stack.read(path.name, factors.folder)
        except OSError:
            found[path.name] = [_UNREADABLE]
        else:
            found[path.name] = [fault.value for fault in pam_stack.faults(stack)] + [
                f"{NO_SUCH_FACTOR}:{factor}"
                for factor in factors.config.other_factors
                if pam_stack.has_face_step(stack) and not factors.is_required(stack, factor)
            ]
    return found


def _fault_word(fault: str, factors: OtherFactors) -> str:
    if fault.startswith(NO_SUCH_FACTOR):
        factor = fault.partition(":")[2]
        modules = sorted(factors.modules(factor))
        if not modules:
            return _(
                "No PAM module is known that asks for '{factor}': name it in factor_modules of faced.toml."
            ).format(factor=factor)
        return _(
            "It does not make sure of '{factor}', so nobody is let in by that instead of a face. Before the face write "
            "auth [success=ok default=die] MODULE, without nouserok or nullok; MODULE is one of {modules}."
        ).format(factor=factor, modules=", ".join(modules))
    return {
        Fault.NO_PASSWORD.value: _("No password is asked for: the face alone would let in. See pam_faced(8)."),
        Fault.WRONG_PASSWORD_REACHES_FACE.value: _(
            "A wrong password does not end the stack before the face: a stranger would be judged. Make it requisite."
        ),
        Fault.FACE_NOT_REACHED.value: _(
            "A right password can end the stack or jump over the face: it is not asked for."
        ),
        Fault.REFUSED_FACE_LETS_IN.value: _(
            "A refused face does not refuse the logon: make the line of pam_faced required."
        ),
        _UNREADABLE: _("It, or a file that it includes, cannot be read."),
    }[fault]


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
