"""The embedded store: one SQLite file, for the processes of one machine. Implements `detente.channel.store.Store`.

Write-ahead log, `synchronous=FULL`: what `commit` returned from is on the disk. One process writes at a time and the others wait,
up to `BUSY_S`; readers see the last commit and wait for nobody. The file must be on a local disk, not a network share. It is made
readable by its owner alone. The clock is this process's: it decides when a lease may be taken, never who may write.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, TypeVar

from detente.channel.batch import (
    NEVER_US,
    Batch,
    Closed,
    Cosigned,
    Due,
    Ended,
    Entry,
    Heads,
    Held,
    KeptCheckpoint,
    Lease,
    OpenItem,
    Posting,
    Reached,
    Result,
)
from detente.channel.tokens import Token
from detente.domain import StoreUnavailable
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.stores.clock import SteadyClock, system_clock_us
from detente.stores.continuity import (
    after_item,
    check_continues,
    check_fence,
    check_is_committed,
    check_text,
    does_not_fit,
    forget_before_us,
    no_such_arena,
    not_in_force,
)
from detente.stores.migrations import LEDGER, migrations, pending
from detente.stores.pool import Pool

BUSY_S: Final = 5.0  # a commit takes milliseconds; who waits this long waits for something that is stuck
T = TypeVar("T")

# What goes away by itself, or once somebody has made room. The rest (damaged, read-only, no database) does not.
_PASSING: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOMEM")


class SqliteStore:
    """The store in a file, made where there is none.

    Args:
        clock: the time; the system's when None.
    Raises:
        StoreUnavailable: the file cannot be opened or made, is no SQLite database, or a newer détente has been at work in it.
    """

    def __init__(self, path: Path, *, clock: SteadyClock | None = None) -> None:
        self._path = path
        self._clock = clock or SteadyClock(system_clock_us)
        self._pool = Pool(self._connect, lambda connection: not connection.in_transaction)
        self._make_file()
        self._migrate()
        self._clock.not_before(self._last_us())

    def now_us(self) -> int:
        return self._clock.now_us()

    def _last_us(self) -> int:
        """When the last entry of any arena was received; 0 where there is none."""
        sql = """
            SELECT COALESCE(MAX(entry.received_us), 0) AS last_us
            FROM arena JOIN entry ON entry.arena = arena.name AND entry.position = arena.next_position - 1
        """
        return int(self._rows(sql, {}, _named)[0]["last_us"])

    def close(self) -> None:
        self._pool.close()

    # ── arenas ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def create_arena(self, name: str, created_us: int) -> None:
        check_text("name", name)
        sql = "INSERT INTO arena (name, created_us) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
        self._transaction(lambda connection: connection.execute(sql, (name, created_us)))

    def arenas(self) -> tuple[str, ...]:
        return tuple(sorted(row["name"] for row in self._rows("SELECT name FROM arena", {}, _named)))

    # ── the lease ────────────────────────────────────────────────────────────────────────────────────────────────────

    def take_lease(self, arena: str, holder: str, address: str, ttl_s: float) -> Lease | None:
        assert holder, "a holder has a name"
        sql = """
            UPDATE arena SET holder = :holder, epoch = epoch + 1, address = :address, expires_us = :expires_us
            WHERE name = :arena AND (holder IN ('', :holder) OR expires_us <= :now_us)
            RETURNING name AS arena, holder, epoch, address, expires_us
        """

        self._clock.not_before(self._last_us())  # whoever held it before may have read another clock

        def take(connection: sqlite3.Connection) -> Lease | None:
            now_us = self._clock.now_us()
            values = {"arena": arena, "holder": holder, "address": address, "now_us": now_us}
            taken = _one(connection, sql, values | {"expires_us": now_us + _us(ttl_s)}, Lease)
            if (
                taken is None
                and _one(connection, "SELECT 1 AS one FROM arena WHERE name = ?", (arena,), _named) is None
            ):
                raise no_such_arena(arena)
            return taken

        return self._transaction(take)

    def renew_lease(self, lease: Lease, ttl_s: float) -> Lease:
        sql = """
            UPDATE arena SET expires_us = :expires_us WHERE name = :arena
            RETURNING name AS arena, holder, epoch, address, expires_us
        """

        def renew(connection: sqlite3.Connection) -> Lease:
            _fence(connection, lease)
            values = {"arena": lease.arena, "expires_us": self._clock.now_us() + _us(ttl_s)}
            renewed = _one(connection, sql, values, Lease)
            assert renewed is not None
            return renewed

        return self._transaction(renew)

    def release_lease(self, lease: Lease) -> None:
        sql = "UPDATE arena SET holder = '', address = '', expires_us = 0 WHERE name = ? AND holder = ? AND epoch = ?"
        values = (lease.arena, lease.holder, lease.epoch)
        self._transaction(lambda connection: connection.execute(sql, values))

    def lease(self, arena: str) -> Lease | None:
        sql = """
            SELECT name AS arena, holder, epoch, address, expires_us FROM arena
            WHERE name = :arena AND holder <> '' AND expires_us > :now_us
        """
        return self._row(sql, {"arena": arena, "now_us": self._clock.now_us()}, Lease)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def commit(self, lease: Lease, batch: Batch) -> None:
        def write(connection: sqlite3.Connection) -> None:
            next_position = _fence(connection, lease)
            check_continues(batch, next_position, _next_numbers(connection, lease.arena))
            try:
                _write(connection, lease.arena, batch, next_position)
            except sqlite3.IntegrityError as error:
                raise does_not_fit(str(error)) from error

        self._transaction(write)

    def settle(self, lease: Lease) -> Heads:
        def read(connection: sqlite3.Connection) -> Heads:
            _fence(connection, lease)
            return _heads(connection, lease.arena)

        return self._transaction(read)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def heads(self, arena: str) -> Heads:
        with self._failures(), self._pool.connection() as connection:
            connection.execute("BEGIN")  # two statements, one moment
            try:
                return _heads(connection, arena)
            finally:
                connection.execute("ROLLBACK")

    def entries(self, arena: str, from_position: int, limit: int) -> list[Entry]:
        sql = """
            SELECT position, received_us, kind, party, key_id, audience, sequence, envelope, salt, leaf, shown_us
            FROM entry
            WHERE arena = :arena AND position >= :from_position ORDER BY position LIMIT :limit
        """
        return self._rows(sql, {"arena": arena, "from_position": from_position, "limit": limit}, Entry)

    def entries_of(self, arena: str, kinds: Sequence[str], from_position: int, limit: int) -> list[Entry]:
        sql = """
            SELECT position, received_us, kind, party, key_id, audience, sequence, envelope, salt, leaf, shown_us
            FROM entry
            WHERE arena = :arena AND kind IN (SELECT value FROM json_each(:kinds)) AND position >= :from_position
            ORDER BY position LIMIT :limit
        """
        values = {"arena": arena, "kinds": json.dumps(list(kinds)), "from_position": from_position, "limit": limit}
        return self._rows(sql, values, Entry)

    def entry(self, arena: str, position: int) -> Entry | None:
        return next((entry for entry in self.entries(arena, position, 1) if entry.position == position), None)

    def postings(self, arena: str, recipient: str, after_number: int, until_us: int, limit: int) -> list[Posting]:
        sql = """
            SELECT recipient, number, kind, payload, tick_us, position FROM posting
            WHERE arena = :arena AND recipient = :recipient AND number > :after_number ORDER BY number LIMIT :limit
        """
        values = {"arena": arena, "recipient": recipient, "after_number": after_number, "limit": limit}
        return list(takewhile(lambda posting: posting.tick_us <= until_us, self._rows(sql, values, Posting)))

    def result(self, arena: str, party: str, submission: str) -> Result | None:
        sql = """
            SELECT party, submission, digest, payload FROM result
            WHERE arena = :arena AND party = :party AND submission = :submission
        """
        return self._row(sql, {"arena": arena, "party": party, "submission": submission}, Result)

    def used_ids(self, arena: str, given: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        sql = """
            SELECT DISTINCT held.sender, held.view_id
            FROM json_each(:given) AS given CROSS JOIN held
            WHERE held.arena = :arena AND held.sender = json_extract(given.value, '$[0]')
              AND held.view_id = json_extract(given.value, '$[1]')
            ORDER BY held.sender, held.view_id
        """
        found = self._rows(sql, {"arena": arena, "given": json.dumps(given)}, _named)
        return [(row["sender"], row["view_id"]) for row in found]

    def due(self, arena: str, until_us: int, limit: int) -> list[Due]:
        sql = """
            SELECT subject, kind, due_us, payload FROM due
            WHERE arena = :arena AND due_us <= :until_us ORDER BY due_us, subject LIMIT :limit
        """
        return self._rows(sql, {"arena": arena, "until_us": until_us, "limit": limit}, Due)

    def due_of(self, arena: str, kind: str) -> list[Due]:
        sql = "SELECT subject, kind, due_us, payload FROM due WHERE arena = :arena AND kind = :kind ORDER BY subject"
        return self._rows(sql, {"arena": arena, "kind": kind}, Due)

    def open_items(self, arena: str) -> list[OpenItem]:
        sql = f"""
            SELECT party, subject, kind, urgency, shown_us, due_us, payload FROM open_item
            WHERE arena = :arena AND closed_us = {NEVER_US} ORDER BY party, subject
        """  # noqa: S608
        return self._rows(sql, {"arena": arena}, OpenItem)

    def open_items_of(
        self, arena: str, party: str, at_us: int, *, most_urgency: int = 100, after: OpenItem | None = None, limit: int
    ) -> list[OpenItem]:
        sql = """
            SELECT party, subject, kind, urgency, shown_us, due_us, payload FROM open_item
            WHERE arena = :arena AND party = :party AND shown_us <= :at_us AND closed_us > :at_us
              AND urgency <= :most_urgency
              AND (urgency, due_us, shown_us, subject) > (:after_urgency, :after_due_us, :after_shown_us, :after_subject)
            ORDER BY urgency, due_us, shown_us, subject LIMIT :limit
        """
        values = {"arena": arena, "party": party, "at_us": at_us, "most_urgency": most_urgency, "limit": limit}
        return self._rows(sql, values | after_item(after), OpenItem)

    def in_force(self, arena: str) -> Generator[tuple[Held, bytes], None, None]:
        sql = """
            SELECT held.view_id, held.version, held.sender, held.recipient, held.level, held.earliest_us,
                   held.latest_us, held.position, held.ended_position, held.shown_us, held.ended_us, held.stage,
                   entry.envelope
            FROM held JOIN entry ON entry.arena = held.arena AND entry.position = held.position
            WHERE held.arena = ? AND held.ended_position IS NULL ORDER BY held.position
        """
        with self._failures(), self._pool.connection() as connection:
            cursor = _cursor(connection, _with_envelope)
            try:
                yield from cursor.execute(sql, (arena,))
            finally:
                cursor.close()

    def held_at(
        self, arena: str, position: int, recipient: str | None = None, after: Held | None = None, limit: int = 1000
    ) -> list[Held]:
        # One statement for all of `recipient`'s meanings would have the planner choose one index for all of them.
        chosen = "" if recipient is None else "AND recipient = :recipient"
        sql = f"""
            SELECT view_id, version, sender, recipient, level, earliest_us, latest_us, position, NULL AS ended_position,
                   shown_us, NULL AS ended_us
            FROM held
            WHERE arena = :arena AND position <= :position AND (ended_position IS NULL OR ended_position > :position)
              {chosen}
              AND (position, sender, view_id, recipient, version)
                > (:after_position, :after_sender, :after_view_id, :after_recipient, :after_version)
            ORDER BY position, sender, view_id, recipient, version LIMIT :limit
        """  # noqa: S608
        values = {"arena": arena, "position": position, "recipient": recipient, "limit": limit}
        return self._rows(sql, values | _after(after), Held)

    def versions(
        self,
        arena: str,
        recipient: str,
        sender: str | None,
        until_us: int,
        *,
        in_force: bool,
        after_position: int,
        limit: int,
    ) -> list[tuple[Held, bytes]]:
        of_sender = "" if sender is None else "AND held.sender = :sender"
        not_ended = "AND (held.ended_us IS NULL OR held.ended_us > :until_us)" if in_force else ""
        sql = f"""
            SELECT held.view_id, held.version, held.sender, held.recipient, held.level, held.earliest_us,
                   held.latest_us, held.position, NULL AS ended_position, held.shown_us,
                   CASE WHEN held.ended_us <= :until_us THEN held.ended_us END AS ended_us, entry.envelope
            FROM held JOIN entry ON entry.arena = held.arena AND entry.position = held.position
            WHERE held.arena = :arena AND held.recipient = :recipient AND held.position > :after_position
              AND held.shown_us <= :until_us {of_sender} {not_ended}
            ORDER BY held.position LIMIT :limit
        """  # noqa: S608
        values = {"arena": arena, "recipient": recipient, "sender": sender, "until_us": until_us}
        return self._rows(sql, values | {"after_position": after_position, "limit": limit}, _with_envelope)

    def acts_of(self, arena: str, party: str, after_position: int, until_us: int, limit: int) -> list[Entry]:
        sql = """
            SELECT position, received_us, kind, party, key_id, audience, sequence, envelope, salt, leaf, shown_us
            FROM entry
            WHERE arena = :arena AND party = :party AND position > :after_position AND received_us <= :until_us
            ORDER BY position LIMIT :limit
        """
        values = {"arena": arena, "party": party, "after_position": after_position, "until_us": until_us}
        return self._rows(sql, values | {"limit": limit}, Entry)

    def last_acts(self, arena: str) -> list[Entry]:
        sql = """
            SELECT entry.position, entry.received_us, entry.kind, entry.party, entry.key_id, entry.audience,
                   entry.sequence, entry.envelope, entry.salt, entry.leaf, entry.shown_us
            FROM signer JOIN entry ON entry.arena = signer.arena AND entry.key_id = signer.key_id
              AND entry.audience = signer.audience AND entry.sequence = signer.last_sequence
            WHERE signer.arena = :arena ORDER BY entry.position
        """
        return self._rows(sql, {"arena": arena}, Entry)

    # ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def openings(
        self, arena: str, party: str, public_kinds: Sequence[str], from_position: int, until_us: int, limit: int
    ) -> list[Entry]:
        each = """
            SELECT position FROM entry
            WHERE arena = :arena AND {whose} AND position >= :from_position AND shown_us <= :until_us
            ORDER BY position LIMIT :limit
        """
        whose = (
            "party = :party",
            "audience = :party AND kind <> 'refused'",
            "kind IN (SELECT value FROM json_each(:kinds))",
        )
        found = " UNION ".join(f"SELECT position FROM ({each.format(whose=one)})" for one in whose)  # noqa: S608
        sql = f"""
            SELECT position, received_us, kind, party, key_id, audience, sequence, envelope, salt, leaf, shown_us
            FROM entry
            WHERE arena = :arena AND position IN ({found}) ORDER BY position LIMIT :limit
        """  # noqa: S608
        values = {
            "arena": arena, "party": party, "kinds": json.dumps(list(public_kinds)), "from_position": from_position,
            "until_us": until_us, "limit": limit,
        }  # fmt: skip
        return self._rows(sql, values, Entry)

    def leaves(self, arena: str, from_position: int, limit: int) -> list[bytes]:
        sql = """
            SELECT leaf FROM entry WHERE arena = :arena AND position >= :from_position ORDER BY position LIMIT :limit
        """
        values = {"arena": arena, "from_position": from_position, "limit": limit}
        return [row["leaf"] for row in self._rows(sql, values, _named)]

    def tile(self, arena: str, level: int, number: int) -> bytes | None:
        sql = "SELECT hashes FROM log_tile WHERE arena = :arena AND level = :level AND number = :number"
        row = self._row(sql, {"arena": arena, "level": level, "number": number}, _named)
        return None if row is None else bytes(row["hashes"])

    def tile_roots(self, arena: str, level: int, from_number: int, limit: int) -> list[bytes]:
        sql = """
            SELECT root FROM log_tile WHERE arena = :arena AND level = :level AND number >= :from_number
            ORDER BY number LIMIT :limit
        """
        values = {"arena": arena, "level": level, "from_number": from_number, "limit": limit}
        return [row["root"] for row in self._rows(sql, values, _named)]

    def add_checkpoint(self, lease: Lease, checkpoint: KeptCheckpoint) -> None:
        sql = """
            INSERT INTO checkpoint (arena, tree_size, root_hash, signed_us, note)
            VALUES (:arena, :tree_size, :root_hash, :signed_us, :note) ON CONFLICT (arena, tree_size) DO NOTHING
        """

        def write(connection: sqlite3.Connection) -> None:
            check_is_committed(checkpoint, _fence(connection, lease))
            _each(connection, lease.arena, sql, [checkpoint])

        self._transaction(write)

    def checkpoint(self, arena: str) -> KeptCheckpoint | None:
        sql = """
            SELECT tree_size, root_hash, signed_us, note FROM checkpoint
            WHERE arena = :arena ORDER BY tree_size DESC LIMIT 1
        """
        return self._row(sql, {"arena": arena}, KeptCheckpoint)

    def checkpoints(self, arena: str, after_size: int, limit: int) -> list[KeptCheckpoint]:
        sql = """
            SELECT tree_size, root_hash, signed_us, note FROM checkpoint
            WHERE arena = :arena AND tree_size > :after_size ORDER BY tree_size LIMIT :limit
        """
        return self._rows(sql, {"arena": arena, "after_size": after_size, "limit": limit}, KeptCheckpoint)

    def checkpoints_of(self, arena: str, sizes: Sequence[int]) -> list[KeptCheckpoint]:
        sql = """
            SELECT tree_size, root_hash, signed_us, note FROM checkpoint
            WHERE arena = :arena AND tree_size IN (SELECT value FROM json_each(:sizes)) ORDER BY tree_size
        """
        return self._rows(sql, {"arena": arena, "sizes": json.dumps(list(sizes))}, KeptCheckpoint)

    def add_cosigned(self, arena: str, cosigned: Cosigned) -> None:
        sql = """
            INSERT INTO cosigned (arena, tree_size, witness, at_s, line)
            VALUES (:arena, :tree_size, :witness, :at_s, :line) ON CONFLICT (arena, tree_size, witness) DO NOTHING
        """
        self._transaction(lambda connection: _each(connection, arena, sql, [cosigned]))

    def cosigned(self, arena: str, sizes: Sequence[int]) -> list[Cosigned]:
        sql = """
            SELECT tree_size, witness, at_s, line FROM cosigned
            WHERE arena = :arena AND tree_size IN (SELECT value FROM json_each(:sizes)) ORDER BY tree_size, witness
        """
        return self._rows(sql, {"arena": arena, "sizes": json.dumps(list(sizes))}, Cosigned)

    def cosigned_size(self, arena: str, witnesses: Sequence[str], quorum: int) -> int | None:
        sql = """
            SELECT tree_size FROM cosigned
            WHERE arena = :arena AND witness IN (SELECT value FROM json_each(:witnesses))
            GROUP BY tree_size HAVING COUNT(*) >= :quorum ORDER BY tree_size DESC LIMIT 1
        """
        values = {"arena": arena, "witnesses": json.dumps(list(witnesses)), "quorum": quorum}
        row = self._row(sql, values, _named)
        return None if row is None else int(row["tree_size"])

    def report(self, arena: str, tree_size: int, note: bytes) -> None:
        sql = "INSERT INTO report (arena, tree_size, note) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._transaction(lambda connection: connection.execute(sql, (arena, tree_size, note)))

    def reports(self, arena: str) -> list[bytes]:
        sql = "SELECT note FROM report WHERE arena = :arena ORDER BY tree_size"
        return [row["note"] for row in self._rows(sql, {"arena": arena}, _named)]

    # ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def add_token(self, token: Token) -> None:
        sql = """
            INSERT INTO token (digest, arena, party, role, officer, created_us, expires_us, revoked_us)
            VALUES (:digest, :arena, :party, :role, :officer, :created_us, :expires_us, :revoked_us)
            ON CONFLICT (digest) DO NOTHING
        """

        def add(connection: sqlite3.Connection) -> None:
            try:
                connection.execute(sql, _values(token))
            except sqlite3.IntegrityError as error:
                raise no_such_arena(token.arena) from error
            if _one(connection, _BY_DIGEST, (token.digest,), Token) != token:
                raise does_not_fit("a token of that digest is there already, and says something else")

        for name in ("party", "role", "officer"):
            check_text(name, getattr(token, name))
        self._transaction(add)

    def token(self, digest: bytes) -> Token | None:
        return self._row(_BY_DIGEST, (digest,), Token)

    def tokens(self, arena: str) -> list[Token]:
        sql = """
            SELECT digest, arena, party, role, officer, created_us, expires_us, revoked_us FROM token
            WHERE arena = ? ORDER BY created_us, digest
        """
        return self._rows(sql, (arena,), Token)

    def revoke_token(self, digest: bytes, revoked_us: int) -> None:
        sql = "UPDATE token SET revoked_us = ? WHERE digest = ? AND revoked_us IS NULL"
        self._transaction(lambda connection: connection.execute(sql, (revoked_us, digest)))

    # ── connections ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _make_file(self) -> None:
        try:
            self._path.touch(mode=0o600, exist_ok=True)  # SQLite gives its other files the same mode
        except OSError as error:
            raise StoreUnavailable(
                f"{self._path} cannot be opened: {error.strerror}", hint="check the folder and who may write there"
            ) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone stops at the drive's cache
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _migrate(self) -> None:
        with self._failures(), self._pool.connection() as connection:
            _use_write_ahead_log(connection)

        def apply(connection: sqlite3.Connection) -> None:
            connection.execute(LEDGER)
            applied = {row["number"]: row["sha256"] for row in _all(connection, "SELECT * FROM migration", (), _named)}
            for migration in pending(migrations("sqlite"), applied):
                for statement in migration.statements:
                    connection.execute(statement)
                record = "INSERT INTO migration (number, name, sha256, applied_us) VALUES (?, ?, ?, ?)"
                connection.execute(record, (migration.number, migration.name, migration.sha256, self._clock.now_us()))

        self._transaction(apply)

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Does the work in one transaction that no other writer runs beside."""
        with self._failures(), self._pool.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                done = work(connection)
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled back already
                    connection.execute("ROLLBACK")
                raise
            with self._failures(outcome_unknown=True):
                connection.execute("COMMIT")
            return done

    def _rows(self, sql: str, values: Any, kind: Callable[..., T]) -> list[T]:
        with self._failures(), self._pool.connection() as connection:
            return _all(connection, sql, values, kind)

    def _row(self, sql: str, values: Any, kind: Callable[..., T]) -> T | None:
        with self._failures(), self._pool.connection() as connection:
            return _one(connection, sql, values, kind)

    @contextmanager
    def _failures(self, *, outcome_unknown: bool = False) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            raise StoreUnavailable(
                f"database {self._path}: {error}",
                hint="check that its disk has room and works, and that no other program holds it",
                retry_may_help=name.startswith(_PASSING),
                outcome_unknown=outcome_unknown,
            ) from error


_BY_DIGEST: Final = """
    SELECT digest, arena, party, role, officer, created_us, expires_us, revoked_us FROM token WHERE digest = ?
"""


def _us(duration_s: float) -> int:
    return round(duration_s * MICROSECONDS_PER_SECOND)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Once for a file. Two that do it at the same moment do not wait for each other in SQLite, so one of them tries again."""
    give_up = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _cursor(connection: sqlite3.Connection, kind: Callable[..., T]) -> sqlite3.Cursor:
    def row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> T:
        return kind(**{column[0]: value for column, value in zip(cursor.description, values, strict=True)})

    cursor = connection.cursor()
    cursor.row_factory = row
    return cursor


def _named(**values: Any) -> dict[str, Any]:
    return values


def _with_envelope(envelope: bytes, **held: Any) -> tuple[Held, bytes]:
    return Held(**held), envelope


def _all(connection: sqlite3.Connection, sql: str, values: Any, kind: Callable[..., T]) -> list[T]:
    return _cursor(connection, kind).execute(sql, values).fetchall()


def _one(connection: sqlite3.Connection, sql: str, values: Any, kind: Callable[..., T]) -> T | None:
    rows = _all(connection, sql, values, kind)
    return rows[0] if rows else None


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def _after(held: Held | None) -> dict[str, Any]:
    """The key of the last row of a page; before every row where there was none."""
    if held is None:
        return {
            "after_position": -1,
            "after_sender": "",
            "after_view_id": "",
            "after_recipient": "",
            "after_version": 0,
        }
    return {f"after_{name}": getattr(held, name) for name in ("position", "sender", "view_id", "recipient", "version")}


def _fence(connection: sqlite3.Connection, lease: Lease) -> int:
    """The next position, where the lease still holds."""
    sql = "SELECT holder, epoch, next_position FROM arena WHERE name = ?"
    row = _one(connection, sql, (lease.arena,), _named)
    if row is None:
        raise no_such_arena(lease.arena)
    check_fence(lease, row["holder"], row["epoch"])
    return int(row["next_position"])


def _next_numbers(connection: sqlite3.Connection, arena: str) -> dict[str, int]:
    rows = _all(connection, "SELECT recipient, next_number FROM inbox WHERE arena = ?", (arena,), _named)
    return {row["recipient"]: row["next_number"] for row in rows}


def _heads(connection: sqlite3.Connection, arena: str) -> Heads:
    row = _one(connection, "SELECT next_position, turns FROM arena WHERE name = ?", (arena,), _named)
    if row is None:
        raise no_such_arena(arena)
    return Heads(row["next_position"], _next_numbers(connection, arena), row["turns"])


def _write(connection: sqlite3.Connection, arena: str, batch: Batch, next_position: int) -> None:
    _write_entries(connection, arena, batch.entries)
    _write_postings(connection, arena, batch.postings)
    _write_held(connection, arena, batch.held)
    _write_reached(connection, arena, batch.reached)
    _write_ended(connection, arena, batch.ended)
    _write_open_items(connection, arena, batch.closed, batch.opened)
    _write_due(connection, arena, batch)
    _write_results(connection, arena, batch)
    _write_tiles(connection, arena, batch)
    sql = "UPDATE arena SET next_position = ?, turns = turns + 1 WHERE name = ?"
    connection.execute(sql, (next_position + len(batch.entries), arena))


def _each(connection: sqlite3.Connection, arena: str, sql: str, rows: Iterable[Any]) -> int:
    """Runs a statement for each row; returns how many rows of the table they touched."""
    return max(0, connection.executemany(sql, ({"arena": arena} | _values(row) for row in rows)).rowcount)


def _write_entries(connection: sqlite3.Connection, arena: str, entries: tuple[Entry, ...]) -> None:
    sql = """
        INSERT INTO entry (arena, position, received_us, kind, party, key_id, audience, sequence, envelope, salt, leaf,
                           shown_us)
        VALUES (:arena, :position, :received_us, :kind, :party, :key_id, :audience, :sequence, :envelope, :salt, :leaf,
                :shown_us)
    """
    _each(connection, arena, sql, entries)
    sql = """
        INSERT INTO signer (arena, key_id, audience, last_sequence) VALUES (:arena, :key_id, :audience, :sequence)
        ON CONFLICT (arena, key_id, audience)
        DO UPDATE SET last_sequence = max(last_sequence, excluded.last_sequence)
    """
    _each(connection, arena, sql, entries)


def _write_postings(connection: sqlite3.Connection, arena: str, postings: tuple[Posting, ...]) -> None:
    sql = """
        INSERT INTO posting (arena, recipient, number, kind, payload, tick_us, position)
        VALUES (:arena, :recipient, :number, :kind, :payload, :tick_us, :position)
    """
    _each(connection, arena, sql, postings)
    sql = """
        INSERT INTO inbox (arena, recipient, next_number) VALUES (:arena, :recipient, :number + 1)
        ON CONFLICT (arena, recipient) DO UPDATE SET next_number = excluded.next_number
    """
    _each(connection, arena, sql, {posting.recipient: posting for posting in postings}.values())


def _write_held(connection: sqlite3.Connection, arena: str, held: tuple[Held, ...]) -> None:
    sql = """
        INSERT INTO held (arena, sender, view_id, recipient, version, level, earliest_us, latest_us, position,
                             ended_position, shown_us, ended_us, stage)
        VALUES (:arena, :sender, :view_id, :recipient, :version, :level, :earliest_us, :latest_us, :position,
                :ended_position, :shown_us, :ended_us, :stage)
    """
    _each(connection, arena, sql, held)


def _write_reached(connection: sqlite3.Connection, arena: str, reached: tuple[Reached, ...]) -> None:
    sql = """
        UPDATE held SET stage = :stage
        WHERE arena = :arena AND sender = :sender AND view_id = :view_id AND recipient = :recipient
          AND version = :version AND ended_position IS NULL
    """
    count = _each(connection, arena, sql, reached)
    if count != len(reached):
        raise not_in_force(reached, count)


def _write_open_items(
    connection: sqlite3.Connection, arena: str, closed: tuple[Closed, ...], opened: tuple[OpenItem, ...]
) -> None:
    never_seen = """
        DELETE FROM open_item WHERE arena = :arena AND party = :party AND subject = :subject AND shown_us >= :closed_us
    """
    _each(connection, arena, never_seen, closed)
    sql = f"""
        UPDATE open_item SET closed_us = :closed_us
        WHERE arena = :arena AND party = :party AND subject = :subject AND closed_us = {NEVER_US}
    """  # noqa: S608
    _each(connection, arena, sql, closed)
    if closed:
        before_us = forget_before_us(closed)
        connection.execute("DELETE FROM open_item WHERE arena = ? AND closed_us < ?", (arena, before_us))
    sql = f"""
        INSERT INTO open_item (arena, party, subject, kind, urgency, shown_us, due_us, closed_us, payload)
        VALUES (:arena, :party, :subject, :kind, :urgency, :shown_us, :due_us, {NEVER_US}, :payload)
        ON CONFLICT (arena, party, subject, shown_us) DO UPDATE SET
            kind = excluded.kind, urgency = excluded.urgency, due_us = excluded.due_us,
            closed_us = excluded.closed_us, payload = excluded.payload
    """  # noqa: S608
    _each(connection, arena, sql, opened)


def _write_ended(connection: sqlite3.Connection, arena: str, ended: tuple[Ended, ...]) -> None:
    sql = """
        UPDATE held SET ended_position = :ended_position, ended_us = :ended_us
        WHERE arena = :arena AND sender = :sender AND view_id = :view_id AND recipient = :recipient
          AND version = :version AND ended_position IS NULL
    """
    ended_count = _each(connection, arena, sql, ended)
    if ended_count != len(ended):
        raise not_in_force(ended, ended_count)


def _write_due(connection: sqlite3.Connection, arena: str, batch: Batch) -> None:
    done = ((arena, subject) for subject in batch.done)
    connection.executemany("DELETE FROM due WHERE arena = ? AND subject = ?", done)
    sql = """
        INSERT INTO due (arena, subject, kind, due_us, payload)
        VALUES (:arena, :subject, :kind, :due_us, :payload)
    """
    _each(connection, arena, sql, batch.due)


def _write_results(connection: sqlite3.Connection, arena: str, batch: Batch) -> None:
    sql = """
        INSERT INTO result (arena, party, submission, digest, payload)
        VALUES (:arena, :party, :submission, :digest, :payload)
    """
    _each(connection, arena, sql, batch.results)


def _write_tiles(connection: sqlite3.Connection, arena: str, batch: Batch) -> None:
    sql = "INSERT INTO log_tile (arena, level, number, hashes, root) VALUES (:arena, :level, :number, :hashes, :root)"
    _each(connection, arena, sql, batch.tiles)
