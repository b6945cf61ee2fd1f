"""The command line: thin doors to the public API. Each command lives in the module of its name and is imported when called.

Plain click: typer brings pydantic, whose import alone costs half of what screening a hundred plans takes.
"""

import gc
import sys
from importlib import import_module

import click

from detente.domain import DetenteError

COMMANDS = (
    *("screen", "read", "hazard", "claims", "replay", "violations", "line", "zone", "key"),
    *("party", "understanding", "notice", "inbox", "open", "ack", "respond", "message", "stop"),
    *("watch", "alive", "drill", "call", "claim", "bundle", "voice", "outlet", "record"),
    *("evidence", "verify", "dossier", "serve", "console", "arena", "token", "witness", "demo"),
)
_MODULES = {
    "ack": "reply",
    "respond": "reply",
    "message": "reply",
    "stop": "reply",
    "alive": "watch",
    "claims": "replay",
}  # where it is not the command's name
BAD_INPUT = 2


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"detente.cli.{_MODULES.get(cmd_name, cmd_name)}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="detente")
def app() -> None:
    """The deconfliction channel: who is about to do what, and where plans meet."""


def main() -> None:
    """Run the command line; a refusal is one clear message and exit code 2."""
    gc.set_threshold(
        50_000, 20, 20
    )  # what a command makes mostly lasts as long as it does: looking for garbage costs 4 %
    try:
        app()
    except DetenteError as error:
        print(f"detente: {_visible(str(error))}", file=sys.stderr)  # noqa: T201
        sys.exit(BAD_INPUT)


def _visible(text: str) -> str:
    """What controls a terminal stands as its code point: a refusal may quote a file."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


__all__ = ["app", "main"]
