"""Where a served channel keeps its things: a folder with the database, unless that is elsewhere, and the host's secret."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha512
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final

import click

from detente.channel.store import Store
from detente.domain import KeyRefused
from detente.record.key_file import write_new
from detente.record.keys import KEY_BYTES, SigningKey

DATA: Final = Path("detente-data")
_HOST_FILE: Final = "host.secret"
data_option: Final[Callable[[Any], Any]] = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=DATA,
    show_default=True,
    help="The folder of the host's secret, and of the database where --database is not given.",
)
database_option: Final[Callable[[Any], Any]] = click.option(
    "--database",
    metavar="URL",
    help="sqlite:///channel.db or postgresql://user@host/name. Default: channel.db in --data.",
)


@contextmanager
def opened_store(data: Path, database: str | None) -> Iterator[Store]:
    """The channel's store; closed at the end."""
    from detente.stores import open_store

    if database is None:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = open_store(database or str(data / "channel.db"))
    try:
        yield store
    finally:
        store.close()


def host_secrets(data: Path) -> tuple[SigningKey, bytes]:
    """The host's signing key, and the key of its cursors; made when there are none yet.

    Raises:
        KeyRefused: others may read the file, or it holds something else.
    """
    path = data / _HOST_FILE
    if not path.exists():
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(path, b64encode(token_bytes(KEY_BYTES)) + b"\n", mode=0o600)
    if os.stat(path).st_mode & 0o077:  # noqa: PTH116 - follows a link, as opening does
        raise KeyRefused(f"{path} can be read by others", hint=f"chmod 600 {path}")
    try:
        seed = b64decode(path.read_bytes().strip(), validate=True)
    except ValueError as error:
        raise KeyRefused(f"{path} is not a host's secret", hint="restore it from your copy") from error
    if len(seed) != KEY_BYTES:
        raise KeyRefused(f"{path} is not a host's secret", hint="restore it from your copy")
    return SigningKey(seed), sha512(b"detente cursors v1\0" + seed).digest()
