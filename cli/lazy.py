"""A command group whose nouns are imported only when they are used, and whose errors are lines for people."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from cli.exit_codes import ExitCode, code_of
from faced.errors import FacedError
from faced.i18n import _


class LazyGroup(click.Group):
    """A group that knows the names and one-line helps of its commands, and imports a command when it is asked for.

    :param lazy: name -> ("module:attribute", short help).
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = dict(lazy)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return None
        module, _colon, attribute = self._lazy[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - a wrong table is a bug of this program
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, short) for name, (_where, short) in self._lazy.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [
            CompletionItem(name, help=short)
            for name, (_where, short) in self._lazy.items()
            if name.startswith(incomplete)
        ]
        return names or click.Command.shell_complete(self, ctx, incomplete)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **kwargs: Any) -> NoReturn:
        """Run, and turn every error into one or two lines on stderr and a status of the table."""
        args = list(sys.argv[1:] if args is None else args)
        kwargs["standalone_mode"] = False
        try:
            status = super().main(args, *rest, **kwargs)
        except click.exceptions.Exit as error:
            leave(error.exit_code)
        except click.ClickException as error:
            error.show()
            leave(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo(err=True)
            leave(ExitCode.INTERRUPTED)
        except FacedError as error:
            click.echo(str(error), err=True)
            leave(code_of(error))
        except OSError as error:
            click.echo(f"{error.filename or 'facectl'}: {error.strerror or type(error).__name__}", err=True)
            leave(ExitCode.STATE)
        except Exception as error:
            report_bug(error, debug="--debug" in args)
            leave(ExitCode.BUG)
        leave(status if isinstance(status, int) else ExitCode.DONE)


def leave(status: int) -> NoReturn:
    """End the program with a status."""
    raise SystemExit(int(status))


def report_bug(error: Exception, *, debug: bool) -> None:
    """One line about an error nobody foresaw; with ``debug`` where it arose, never with the values of variables.

    The text of a foreign exception may quote what was being worked on, so only its class is named.
    """
    click.echo(
        _("facectl met an error it does not know ({kind}). Please report it; --debug shows where it arose.").format(
            kind=type(error).__name__
        ),
        err=True,
    )
    if debug:
        for frame in traceback.extract_tb(error.__traceback__):
            click.echo(f"  {frame.filename}:{frame.lineno} {frame.name}", err=True)
