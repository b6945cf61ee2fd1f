"""Stores: SQL, transactions and leases. `open_store` gives what `detente.channel.store.Store` describes, on one of two databases.

`sqlite` is the embedded default, for one machine; `postgres` speaks PostgreSQL's wire, for several workers. Neither knows what the
rows mean. docs/stores.md says what each promises, and what a crash leaves.
"""

from pathlib import Path
from typing import Final

from detente.channel.store import Store
from detente.domain import NotUnderstood

__all__ = ["open_store"]

_SQLITE: Final = "sqlite:///"


def open_store(url: str) -> Store:
    """The store at a URL, its tables at the newest migration.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path`, a plain path, or `postgresql://…` as libpq reads it.
    Raises:
        NotUnderstood: another kind of URL, or none.
        StoreUnavailable: the database cannot be reached or made, or a newer détente has been at work there.
    """
    if url.startswith(("postgresql://", "postgres://")):
        from detente.stores.postgres import PostgresStore

        return PostgresStore(url)
    path = url.removeprefix(_SQLITE)
    if not path or path.startswith(":") or "://" in path:
        raise NotUnderstood(
            "the database is neither a path nor a URL we know",
            hint="write sqlite:///channel.db, or postgresql://user@host/name",
        )
    from detente.stores.sqlite import SqliteStore

    return SqliteStore(Path(path))
