"""`detente arena`: what a host sets up before it serves."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Final

import click

from detente.cli.served import data_option, database_option, host_secrets, opened_store
from detente.domain import NotUnderstood

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


@click.group()
def arena() -> None:
    """Make arenas."""


@arena.command()
@click.argument("name")
@data_option
@database_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(name: str, data: Path, database: str | None, *, as_json: bool) -> None:
    """Create an arena; one that is there stays as it is. A running server serves it once it is started anew."""
    if not _NAME.fullmatch(name):
        raise NotUnderstood(f"{name!r} is no arena's name", hint="up to 64 small letters, digits and hyphens")
    key, _ = host_secrets(data)
    with opened_store(data, database) as store:
        created = name not in store.arenas()
        store.create_arena(name, store.now_us())
    said = {"arena": name, "created": created, "host_key": key.public.text}
    line = f"arena {name}: {'created' if created else 'is there already'}; host key {key.public.text}"
    sys.stdout.write((json.dumps(said) if as_json else line) + "\n")
