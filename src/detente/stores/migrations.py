"""The numbered SQL files beside this module: each is applied once, in order, and recorded with its hash.

A database that a newer détente has worked on, or one whose applied files are not ours, is refused: an old worker must not write
by rules it does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from detente.domain import StoreUnavailable

LEDGER: Final = """
CREATE TABLE IF NOT EXISTS migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_us bigint NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file.

    Attributes:
        number: from 1, without gaps; applied in order.
        name: of the file.
        sha256: of its bytes, in hexadecimal digits.
    """

    number: int
    name: str
    sha256: str
    statements: tuple[str, ...]


def migrations(dialect: str) -> tuple[Migration, ...]:
    """The migrations of `sqlite` or `postgres`, in order."""
    folder = files("detente.stores") / "sql" / dialect
    found = sorted((file.name, file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".sql"))
    numbered = tuple(
        Migration(int(name[:4]), name, sha256(sql).hexdigest(), _statements(sql.decode())) for name, sql in found
    )
    assert [migration.number for migration in numbered] == list(range(1, len(numbered) + 1))
    return numbered


def _statements(sql: str) -> tuple[str, ...]:
    return tuple(statement.strip() for statement in sql.split(";") if statement.strip())


def pending(known: tuple[Migration, ...], applied: Mapping[int, str]) -> tuple[Migration, ...]:
    """What is still to be applied.

    Args:
        applied: the hash of each applied migration, by number.
    Raises:
        StoreUnavailable: something was applied that is not among ours.
    """
    ours = {migration.number: migration.sha256 for migration in known}
    newer = sorted(set(applied) - set(ours))
    if newer:
        raise StoreUnavailable(
            f"the database is at migration {newer[-1]}, this détente knows {len(known)}",
            hint="upgrade détente here; a newer one has been at work",
        )
    changed = [number for number, digest in applied.items() if ours[number] != digest]
    if changed:
        raise StoreUnavailable(
            f"migration {min(changed)} was applied with the hash {applied[min(changed)][:16]}…, ours is {ours[min(changed)][:16]}…",
            hint="the database was made by another build; use that one, or start a new database",
        )
    return tuple(migration for migration in known if migration.number not in applied)
