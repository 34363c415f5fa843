"""facectl: the administrators' and auditors' command."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli import exit_codes
from cli.lazy import LazyGroup
from cli.run import Run, choose_language
from faced import __version__
from faced.i18n import LANGUAGES, _


def group() -> LazyGroup:
    """The command with all its nouns, its texts in the language in force."""
    nouns = {
        "status": ("cli.status:status", _("Is this PC ready? Warnings come first.")),
        "doctor": ("cli.doctor:doctor", _("How well does this PC protect its keys? What to do about it.")),
        "verify": ("cli.verify:verify", _("Try the face check of one person on this PC; nobody is logged on.")),
        "logon-test": ("cli.logon_test:logon_test", _("Try a whole logon (password and face) as a service does it.")),
        "liveness-test": ("cli.liveness_test:liveness_test", _("Try real prints and screens at this PC's camera.")),
        "enroll": ("cli.enroll:enroll", _("Make a person's face data from a photo or at the camera.")),
        "photo": ("cli.photo:photo", _("Can these photos be used? Needs neither station nor directory.")),
        "list": ("cli.people:list_people", _("Who is enrolled.")),
        "show": ("cli.people:show", _("What is recorded about a person; never the face data.")),
        "add": ("cli.people:add", _("Make the entry of somebody who is not enrolled yet.")),
        "consent": ("cli.consent:consent", _("The consent of people who are not regular staff.")),
        "approval": ("cli.approval:approval", _("The section chief's approval of people who are not regular staff.")),
        "suspend": ("cli.suspension:suspend", _("Stop a person's face logon at once.")),
        "resume": ("cli.suspension:resume", _("Lift a suspension.")),
        "sync": ("cli.sync:sync", _("Follow the personnel section: check its list, plan, approve, apply.")),
        "worklist": ("cli.sync_run:worklist", _("Everybody about whom somebody must do something.")),
        "erase": ("cli.erase:erase", _("Erase a person's face data, or everybody's, and leave a signed record of it.")),
        "erasures": ("cli.erasures:erasures", _("Which erasures are complete, and which PCs have yet to confirm.")),
        "exemption": (
            "cli.exemption:exemption",
            _("For people who cannot do an action, or the face step."),
        ),
        "emergency": ("cli.emergency:emergency", _("Let people in whose face cannot be seen.")),
        "unlock": ("cli.unlock:unlock", _("New tries for somebody whose face step is locked.")),
        "lockouts": ("cli.lockouts:lockouts", _("Who has failed, waits or is locked on this PC, or fails on several.")),
        "evaluate": ("cli.evaluate:evaluate", _("Measure accuracy on your own photos or staff; figures only.")),
        "host": ("cli.host:host", _("Let PCs join, approve, list and revoke them.")),
        "incident": ("cli.incident:incident", _("After a theft: whose data were at stake, and what was done.")),
        "realm": ("cli.realm:realm", _("The organisation's root of trust: make it, show it, renew its manifest.")),
        "purpose": ("cli.purpose:purpose", _("Until when face data may be used: show it, renew it.")),
        "handler": ("cli.handler:handler", _("Who handles personal data here: appoint, renew, dismiss, list.")),
        "proposal": ("cli.proposal:proposal", _("What waits for a second handler: list, confirm.")),
        "acts": ("cli.acts:acts", _("The record of what was done at the station: list, verify.")),
        "dummy": ("cli.dummy:dummy", _("Staff who do not exist, for tests and demonstrations.")),
        "completion": ("cli.completion:completion", _("Print the completion script for your shell.")),
    }
    top = LazyGroup(
        name="facectl",
        lazy=nouns,
        help=_("Logon with password and face: enrol staff, let PCs join, look after both."),
        epilog="\b\n" + _("Exit status:") + "\n" + exit_codes.table(),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        callback=_open,
    )
    top.params += [
        click.Option(
            ["--config"],
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help=_("The configuration file; otherwise $FACED_CONFIG or /etc/faced/faced.toml."),
        ),
        click.Option(
            ["--language"],
            type=click.Choice(LANGUAGES),
            expose_value=False,
            help=_("The language of all texts; otherwise the configuration's."),
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            help=_("After an unexpected error, show where in the program it arose."),
        ),
    ]
    return click.version_option(__version__, prog_name="facectl")(top)


@click.pass_context
def _open(context: click.Context, config: Path | None) -> None:
    if context.obj is None:
        context.obj = Run(config_path=config)


def main() -> None:
    """The entry point of the ``facectl`` command."""
    choose_language(sys.argv[1:])
    group().main(prog_name="facectl")


if __name__ == "__main__":
    main()
