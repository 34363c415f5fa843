"""`facectl verify`: one face check against the daemon on this PC, with its guidance on the screen."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import click

from cli.daemon import reach, refusal_of
from cli.exit_codes import ExitCode
from cli.printing import json_option, print_json
from cli.run import Run, pass_run
from faced.errors import ProtocolError
from faced.i18n import _
from faced.logon.policy import FACE_CHECK
from faced.service.varlink import VarlinkError

_METHOD = "io.faced.Logon.Decide"
_MARGIN_S = 5.0


@click.command(
    help=_(
        "Try the face check of USER on this PC: is the person before the camera the one who is enrolled?\n\n"
        "Nobody is logged on. A face that is judged and does not match counts as a try. Exit status 0 only for a match."
    )
)
@click.argument("user")
@json_option
@pass_run
def verify(run: Run, user: str, as_json: bool) -> ExitCode:
    """Ask the daemon once."""
    last = attempt(run.config.sockets.logon, user, run.config.logon.attempt_timeout_s + _MARGIN_S)
    outcome, text = str(last.get("outcome")), str(last.get("text") or "")
    if as_json:
        print_json({"outcome": outcome, "text": text})
    else:
        click.echo(text or outcome)
        click.echo(_("Outcome: {outcome}").format(outcome=outcome))
    return ExitCode.DONE if outcome == "match" else ExitCode.REFUSED


def attempt(path: Path, user: str, timeout_s: float) -> dict[str, Any]:
    """One attempt; its guidance is shown on standard error as it comes.

    :return: the last answer.
    :raises ProtocolError: no daemon, an answer that is not ours, or none in time.
    :raises NotAllowed: the daemon does not let this caller ask about this user.
    """
    nonce = secrets.token_hex(16)
    answer: dict[str, Any] = {}
    try:
        with reach(path, timeout_s) as daemon:
            for answer in daemon.stream(
                _METHOD, user=user, service=FACE_CHECK, tty=None, rhost=None, real_uid=os.getuid(), nonce=nonce
            ):
                if not answer.get("outcome") and answer.get("text"):
                    click.echo(f"  {answer['text']}", err=True)
    except VarlinkError as error:
        raise refusal_of(error) from None
    if not answer.get("outcome") or answer.get("nonce") != nonce:
        raise ProtocolError(_("The faced service broke off the attempt. See 'journalctl -u faced'."))
    return answer
