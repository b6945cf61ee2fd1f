"""The command line: thin doors to the public API. Each command lives in the module of its name and is imported when called."""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from detente.domain import DetenteError

COMMANDS = ("screen", "read")
BAD_INPUT = 2


class _Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(cmd_name)(getattr(import_module(f"detente.cli.{cmd_name}"), cmd_name))
        return typer.main.get_command(app)


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _detente() -> None:
    """The deconfliction channel: who is about to do what, and where plans meet."""


def main() -> None:
    """Run the command line; a refusal is one clear message and exit code 2."""
    try:
        app()
    except DetenteError as error:
        print(f"detente: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(BAD_INPUT)


__all__ = ["app", "main"]
