"""`facectl completion`: the script that makes a shell complete facectl's words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from faced.i18n import _

_PLACES = """

\b
  bash  facectl completion bash > /etc/bash_completion.d/facectl
  zsh   facectl completion zsh > /usr/share/zsh/vendor-completions/_facectl
  fish  facectl completion fish > ~/.config/fish/completions/facectl.fish"""


@click.command(help=_("Print the completion script for your shell.") + _PLACES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script; the packages ship the same text."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows all three
    click.echo(kind(context.find_root().command, {}, "facectl", "_FACECTL_COMPLETE").source())
