"""`detente hazard`: declared hazard areas, how far they reach at most, and what stays free. Each command lives in a module of its own."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

_MODULES: Final = {
    "bulletin": "hazard_notam",
    "cover": "hazard_cover",
    "freedom": "hazard_freedom",
    "horizon": "hazard_horizon",
    "notam": "hazard_notam",
}  # a command's name, and the module of `detente.cli` that holds it


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        command = getattr(import_module(f"detente.cli.{_MODULES[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands)
def hazard() -> None:
    """Hazard areas that a party declares or a public source states: upper bounds, with who says so. Nobody's place is inferred."""
