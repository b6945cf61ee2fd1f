"""A pass: what an officer needs to sign in to the console, in one file (docs/console.md).

The key in it stays under its passphrase. The token does not: who finds a pass reads what the party is told, until it is revoked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from detente.channel.forms import Form
from detente.client.folder import PartyFolder
from detente.domain import at
from detente.record.key_file import read_key_file, write_new

FORMAT: Final = "detente pass v1"


class Pass(Form, frozen=True):
    """The members of a pass. `key_file` is the text of the officer's `.key` file."""

    server: str
    arena: str
    party: str
    officer: str
    token: str
    host_key: str
    key_file: str
    format: Literal["detente pass v1"] = FORMAT


def write_pass(folder: PartyFolder, out: Path) -> Pass:
    """The pass of a folder's officer, written for its owner alone.

    Raises:
        KeyRefused, UnreadableFile, Malformed: the key is not there, lies open, or is none. UnreadableFile: there is a file already.
    """
    who = folder.membership
    key = folder.path / who.key  # as it is named there: relative to the folder, or absolute
    with at(str(key)):
        read_key_file(key)
    made = Pass(
        server=who.server,
        arena=who.arena,
        party=who.party,
        officer=who.officer,
        token=folder.token,
        host_key=who.host_key,
        key_file=key.read_text(encoding="utf-8"),
    )
    write_new(out, msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n", mode=0o600)
    return made
