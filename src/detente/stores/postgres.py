"""The store for several workers, over PostgreSQL's wire. Implements `detente.channel.store.Store`.

Only SQL that CockroachDB and YugabyteDB speak as well: plain B-trees, no extension, no notification, no advisory lock. Writing is
SERIALIZABLE. What fails before COMMIT is sent has done nothing, and is tried again where that helps: the database asked for it
(40001), or the connection was an old one. What fails in COMMIT is not tried again but told as `outcome_unknown`.

A holder that stops in the middle of a transaction keeps the arena's row locked for `IDLE_S` at most: then the server ends its session.
The clock is the server's, read steadily (`stores.clock`); a lease goes by it as it stands. Over several servers it is each one's own, which is enough for a lease (see `channel.store`).
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import takewhile
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
from detente.stores.clock import SteadyClock
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
from detente.stores.migrations import LEDGER, Migration, migrations, pending
from detente.stores.pool import Pool

try:
    import psycopg
    from psycopg import Connection, capabilities, errors
    from psycopg.pq import TransactionStatus
    from psycopg.rows import RowFactory, class_row, dict_row, kwargs_row
except ImportError as error:
    raise StoreUnavailable("psycopg is not installed", hint="pip install 'detente[postgres]'") from error

T = TypeVar("T")

ATTEMPTS: Final = 12  # of a transaction the database asks to do again; with the pauses between them, two seconds
FIRST_PAUSE_S: Final = 0.001
CONNECT_S: Final = 5
IDLE_S: Final = 3  # a transaction of ours waits for nothing but this process, which takes milliseconds
# synchronous_commit: where the server is set to answer before it has written, it is told not to.
_SESSION: Final = f"""
    SET synchronous_commit = on;
    SET lock_timeout = '5s';
    SET idle_in_transaction_session_timeout = '{IDLE_S}s'
"""
_KEEPALIVE: Final[dict[str, Any]] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_NOW_US: Final = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_CHUNK_ROWS: Final = 500  # of what is streamed
_AGAIN: Final = (errors.SerializationFailure, errors.DeadlockDetected)
# Connection, resources, operator, system, and what asks to be done again; what is wrong with the request or its rights stays wrong.
_PASSING: Final = ("08", "40", "53", "55", "57", "58")


class PostgresStore:
    """The store in a database that exists; its tables are made where there are none.

    Args:
        url: `postgresql://…`, as libpq reads it.
        clock: the time; the database's when None. Leases go by the database's in any case.
    Raises:
        StoreUnavailable: no connection, no right to make tables, or a newer détente has been at work there.
    """

    def __init__(self, url: str, *, clock: SteadyClock | None = None) -> None:
        self._url = url
        self._pool = Pool(self._connect, _is_clean)
        self._clock = clock or SteadyClock(self._database_clock_us)
        self._migrate()
        self._clock.not_before(self._last_us())

    def now_us(self) -> int:
        return self._clock.now_us()

    def _database_clock_us(self) -> int:
        return int(self._rows(f"SELECT {_NOW_US} AS now_us", {}, dict_row)[0]["now_us"])

    def _last_us(self) -> int:
        """When the last entry of any arena was received; 0 where there is none."""
        sql = """
            SELECT COALESCE(MAX(entry.received_us), 0) AS last_us
            FROM arena JOIN entry ON entry.arena = arena.name AND entry.position = arena.next_position - 1
        """
        return int(self._rows(sql, {}, dict_row)[0]["last_us"])

    def close(self) -> None:
        self._pool.close()

    # ── arenas ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def create_arena(self, name: str, created_us: int) -> None:
        check_text("name", name)
        sql = "INSERT INTO arena (name, created_us) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING"
        self._transaction(lambda connection: connection.execute(sql, (name, created_us)))

    def arenas(self) -> tuple[str, ...]:
        return tuple(sorted(row["name"] for row in self._rows("SELECT name FROM arena", {}, dict_row)))

    # ── the lease ────────────────────────────────────────────────────────────────────────────────────────────────────

    def take_lease(self, arena: str, holder: str, address: str, ttl_s: float) -> Lease | None:
        assert holder, "a holder has a name"
        sql = f"""
            UPDATE arena SET holder = %(holder)s, epoch = epoch + 1, address = %(address)s,
                             expires_us = {_NOW_US} + %(ttl_us)s
            WHERE name = %(arena)s AND (holder IN ('', %(holder)s) OR expires_us <= {_NOW_US})
            RETURNING name AS arena, holder, epoch, address, expires_us
        """  # noqa: S608

        self._clock.not_before(self._last_us())  # whoever held it before may have read another clock

        def take(connection: Connection[Any]) -> Lease | None:
            values = {"arena": arena, "holder": holder, "address": address, "ttl_us": _us(ttl_s)}
            taken = _one(connection, sql, values, class_row(Lease))
            if taken is None:
                _arena_row(connection, arena)
            return taken

        return self._transaction(take)

    def renew_lease(self, lease: Lease, ttl_s: float) -> Lease:
        sql = f"""
            UPDATE arena SET expires_us = {_NOW_US} + %(ttl_us)s WHERE name = %(arena)s
            RETURNING name AS arena, holder, epoch, address, expires_us
        """  # noqa: S608

        def renew(connection: Connection[Any]) -> Lease:
            _fence(connection, lease)
            renewed = _one(connection, sql, {"arena": lease.arena, "ttl_us": _us(ttl_s)}, class_row(Lease))
            assert renewed is not None
            return renewed

        return self._transaction(renew)

    def release_lease(self, lease: Lease) -> None:
        sql = (
            "UPDATE arena SET holder = '', address = '', expires_us = 0 WHERE name = %s AND holder = %s AND epoch = %s"
        )
        values = (lease.arena, lease.holder, lease.epoch)
        self._transaction(lambda connection: connection.execute(sql, values))

    def lease(self, arena: str) -> Lease | None:
        sql = f"""
            SELECT name AS arena, holder, epoch, address, expires_us FROM arena
            WHERE name = %(arena)s AND holder <> '' AND expires_us > {_NOW_US}
        """  # noqa: S608
        return self._row(sql, {"arena": arena}, class_row(Lease))

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def commit(self, lease: Lease, batch: Batch) -> None:
        def write(connection: Connection[Any]) -> None:
            next_position = _fence(connection, lease)
            check_continues(batch, next_position, _next_numbers(connection, lease.arena))
            try:
                _write(connection, lease.arena, batch, next_position)
            except errors.IntegrityError as error:
                raise does_not_fit(error.diag.message_detail or str(error)) from error

        self._transaction(write)

    def settle(self, lease: Lease) -> Heads:
        def read(connection: Connection[Any]) -> Heads:
            _fence(connection, lease)
            return _heads(_all(connection, _HEADS, {"arena": lease.arena}, dict_row), lease.arena)

        return self._transaction(read)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def heads(self, arena: str) -> Heads:
        return _heads(self._rows(_HEADS, {"arena": arena}, dict_row), arena)

    def entries(self, arena: str, from_position: int, limit: int) -> list[Entry]:
        sql = """
            SELECT position, received_us, kind, party, key_id, audience, sequence, envelope, salt, leaf, shown_us
            FROM entry
            WHERE arena = %(arena)s AND position >= %(from_position)s ORDER BY position LIMIT %(limit)s
        """
        return self._rows(sql, {"arena": arena, "from_position": from_position, "limit": limit}, class_row(Entry))

    def entries_of(self, arena: str, kinds: Sequence[str], from_position: int, limit: int) -> list[Entry]:
        sql = """
            SELECT position, received_us, kind, party, key_id, audience, sequence, envelope, salt, leaf, shown_us
            FROM entry
            WHERE arena = %(arena)s AND kind = ANY(%(kinds)s) AND position >= %(from_position)s
            ORDER BY position LIMIT %(limit)s
        """
        values = {"arena": arena, "kinds": list(kinds), "from_position": from_position, "limit": limit}
        return self._rows(sql, values, class_row(Entry))

    def entry(self, arena: str, position: int) -> Entry | None:
        return next((entry for entry in self.entries(arena, position, 1) if entry.position == position), None)

    def postings(self, arena: str, recipient: str, after_number: int, until_us: int, limit: int) -> list[Posting]:
        sql = """
            SELECT recipient, number, kind, payload, tick_us, position FROM posting
            WHERE arena = %(arena)s AND recipient = %(recipient)s AND number > %(after_number)s
            ORDER BY number LIMIT %(limit)s
        """
        values = {"arena": arena, "recipient": recipient, "after_number": after_number, "limit": limit}
        return list(takewhile(lambda posting: posting.tick_us <= until_us, self._rows(sql, values, class_row(Posting))))

    def result(self, arena: str, party: str, submission: str) -> Result | None:
        sql = """
            SELECT party, submission, digest, payload FROM result
            WHERE arena = %(arena)s AND party = %(party)s AND submission = %(submission)s
        """
        return self._row(sql, {"arena": arena, "party": party, "submission": submission}, class_row(Result))

    def used_ids(self, arena: str, given: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        sql = """
            SELECT DISTINCT given.sender, given.view_id
            FROM unnest(%(senders)s::text[], %(ids)s::text[]) AS given (sender, view_id)
            JOIN held ON held.sender = given.sender AND held.view_id = given.view_id
            WHERE held.arena = %(arena)s ORDER BY given.sender, given.view_id
        """
        values = {"arena": arena, "senders": [sender for sender, _ in given], "ids": [each for _, each in given]}
        return [(row["sender"], row["view_id"]) for row in self._rows(sql, values, dict_row)]

    def due(self, arena: str, until_us: int, limit: int) -> list[Due]:
        sql = """
            SELECT subject, kind, due_us, payload FROM due
            WHERE arena = %(arena)s AND due_us <= %(until_us)s ORDER BY due_us, subject LIMIT %(limit)s
        """
        return self._rows(sql, {"arena": arena, "until_us": until_us, "limit": limit}, class_row(Due))

    def due_of(self, arena: str, kind: str) -> list[Due]:
        sql = """
            SELECT subject, kind, due_us, payload FROM due
            WHERE arena = %(arena)s AND kind = %(kind)s ORDER BY subject
        """
        return self._rows(sql, {"arena": arena, "kind": kind}, class_row(Due))

    def open_items(self, arena: str) -> list[OpenItem]:
        sql = """
            SELECT party, subject, kind, urgency, shown_us, due_us, payload FROM open_item
            WHERE arena = %(arena)s AND closed_us = %(never_us)s ORDER BY party, subject
        """
        return self._rows(sql, {"arena": arena, "never_us": NEVER_US}, class_row(OpenItem))

    def open_items_of(
        self, arena: str, party: str, at_us: int, *, most_urgency: int = 100, after: OpenItem | None = None, limit: int
    ) -> list[OpenItem]:
        sql = """
            SELECT party, subject, kind, urgency, shown_us, due_us, payload FROM open_item
            WHERE arena = %(arena)s AND party = %(party)s AND shown_us <= %(at_us)s AND closed_us > %(at_us)s
              AND urgency <= %(most_urgency)s
              AND (urgency, due_us, shown_us, subject)
                > (%(after_urgency)s, %(after_due_us)s, %(after_shown_us)s, %(after_subject)s)
            ORDER BY urgency, due_us, shown_us, subject LIMIT %(limit)s
        """
        values = {"arena": arena, "party": party, "at_us": at_us, "most_urgency": most_urgency, "limit": limit}
        return self._rows(sql, values | after_item(after), class_row(OpenItem))

    def in_force(self, arena: str) -> Generator[tuple[Held, bytes], None, None]:
        sql = """
            SELECT held.view_id, held.version, held.sender, held.recipient, held.level, held.earliest_us,
                   held.latest_us, held.position, held.ended_position, held.shown_us, held.ended_us, held.stage,
                   entry.envelope
            FROM held JOIN entry ON entry.arena = held.arena AND entry.position = held.position
            WHERE held.arena = %s AND held.ended_position IS NULL ORDER BY held.position
        """
        size = _CHUNK_ROWS if capabilities.has_stream_chunked() else 1
        # A connection of its own: what stops half-way is closed, and an old one would fail at a row that cannot be asked for again.
        with (
            self._failures(),
            closing(self._connect()) as connection,
            connection.cursor(row_factory=_WITH_ENVELOPE) as cursor,
        ):
            yield from cursor.stream(sql, (arena,), binary=True, size=size)

    def held_at(
        self, arena: str, position: int, recipient: str | None = None, after: Held | None = None, limit: int = 1000
    ) -> list[Held]:
        # One statement for all of `recipient`'s meanings would have the planner choose one index for all of them.
        chosen = "" if recipient is None else "AND recipient = %(recipient)s"
        sql = f"""
            SELECT view_id, version, sender, recipient, level, earliest_us, latest_us, position,
                   NULL::bigint AS ended_position, shown_us, NULL::bigint AS ended_us
            FROM held
            WHERE arena = %(arena)s AND position <= %(position)s
              AND (ended_position IS NULL OR ended_position > %(position)s)
              {chosen}
              AND (position, sender, view_id, recipient, version)
                > (%(after_position)s, %(after_sender)s, %(after_view_id)s, %(after_recipient)s, %(after_version)s)
            ORDER BY position, sender, view_id, recipient, version LIMIT %(limit)s
        """  # noqa: S608
        values = {"arena": arena, "position": position, "recipient": recipient, "limit": limit}
        return self._rows(sql, values | _after(after), class_row(Held))

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
        of_sender = "" if sender is None else "AND held.sender = %(sender)s"
        not_ended = "AND (held.ended_us IS NULL OR held.ended_us > %(until_us)s)" if in_force else ""
        sql = f"""
            SELECT held.view_id, held.version, held.sender, held.recipient, held.level, held.earliest_us,
                   held.latest_us, held.position, NULL::bigint AS ended_position, held.shown_us,
                   CASE WHEN held.ended_us <= %(until_us)s THEN held.ended_us END AS ended_us, entry.envelope
            FROM held JOIN entry ON entry.arena = held.arena AND entry.position = held.position
            WHERE held.arena = %(arena)s AND held.recipient = %(recipient)s AND held.position > %(after_position)s
              AND held.shown_us <= %(until_us)s {of_sender} {not_ended}
            ORDER BY held.position LIMIT %(limit)s
        """  # noqa: S608
        values = {"arena": arena, "recipient": recipient, "sender": sender, "until_us": until_us}
        return self._rows(sql, values | {"after_position": after_position, "limit": limit}, _WITH_ENVELOPE)

    def acts_of(self, arena: str, party: str, after_position: int, until_us: int, limit: int) -> list[Entry]:
        sql = """
            SELECT position, received_us, kind, party, key_id, audience, sequence, envelope, salt, leaf, shown_us
            FROM entry
            WHERE arena = %(arena)s AND party = %(party)s AND position > %(after_position)s
              AND received_us <= %(until_us)s
            ORDER BY position LIMIT %(limit)s
        """
        values = {"arena": arena, "party": party, "after_position": after_position, "until_us": until_us}
        return self._rows(sql, values | {"limit": limit}, class_row(Entry))

    def last_acts(self, arena: str) -> list[Entry]:
        sql = """
            SELECT entry.position, entry.received_us, entry.kind, entry.party, entry.key_id, entry.audience,
                   entry.sequence, entry.envelope, entry.salt, entry.leaf, entry.shown_us
            FROM signer JOIN entry ON entry.arena = signer.arena AND entry.key_id = signer.key_id
              AND entry.audience = signer.audience AND entry.sequence = signer.last_sequence
            WHERE signer.arena = %(arena)s ORDER BY entry.position
        """
        return self._rows(sql, {"arena": arena}, class_row(Entry))

    # ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def openings(
        self, arena: str, party: str, public_kinds: Sequence[str], from_position: int, until_us: int, limit: int
    ) -> list[Entry]:
        each = """
            SELECT position FROM entry
            WHERE arena = %(arena)s AND {whose} AND position >= %(from_position)s AND shown_us <= %(until_us)s
            ORDER BY position LIMIT %(limit)s
        """
        whose = ("party = %(party)s", "audience = %(party)s AND kind <> 'refused'", "kind = ANY(%(kinds)s)")
        found = " UNION ".join(f"({each.format(whose=one)})" for one in whose)
        sql = f"""
            SELECT position, received_us, kind, party, key_id, audience, sequence, envelope, salt, leaf, shown_us
            FROM entry
            WHERE arena = %(arena)s AND position IN ({found}) ORDER BY position LIMIT %(limit)s
        """  # noqa: S608
        values = {
            "arena": arena, "party": party, "kinds": list(public_kinds), "from_position": from_position,
            "until_us": until_us, "limit": limit,
        }  # fmt: skip
        return self._rows(sql, values, class_row(Entry))

    def leaves(self, arena: str, from_position: int, limit: int) -> list[bytes]:
        sql = """
            SELECT leaf FROM entry WHERE arena = %(arena)s AND position >= %(from_position)s
            ORDER BY position LIMIT %(limit)s
        """
        values = {"arena": arena, "from_position": from_position, "limit": limit}
        return [row["leaf"] for row in self._rows(sql, values, dict_row)]

    def tile(self, arena: str, level: int, number: int) -> bytes | None:
        sql = "SELECT hashes FROM log_tile WHERE arena = %(arena)s AND level = %(level)s AND number = %(number)s"
        row = self._row(sql, {"arena": arena, "level": level, "number": number}, dict_row)
        return None if row is None else bytes(row["hashes"])

    def tile_roots(self, arena: str, level: int, from_number: int, limit: int) -> list[bytes]:
        sql = """
            SELECT root FROM log_tile WHERE arena = %(arena)s AND level = %(level)s AND number >= %(from_number)s
            ORDER BY number LIMIT %(limit)s
        """
        values = {"arena": arena, "level": level, "from_number": from_number, "limit": limit}
        return [row["root"] for row in self._rows(sql, values, dict_row)]

    def add_checkpoint(self, lease: Lease, checkpoint: KeptCheckpoint) -> None:
        sql = """
            INSERT INTO checkpoint (arena, tree_size, root_hash, signed_us, note)
            VALUES (%(arena)s, %(tree_size)s, %(root_hash)s, %(signed_us)s, %(note)s)
            ON CONFLICT (arena, tree_size) DO NOTHING
        """

        def write(connection: Connection[Any]) -> None:
            check_is_committed(checkpoint, _fence(connection, lease))
            connection.execute(sql, {"arena": lease.arena} | _values(checkpoint))

        self._transaction(write)

    def checkpoint(self, arena: str) -> KeptCheckpoint | None:
        sql = """
            SELECT tree_size, root_hash, signed_us, note FROM checkpoint
            WHERE arena = %(arena)s ORDER BY tree_size DESC LIMIT 1
        """
        return self._row(sql, {"arena": arena}, class_row(KeptCheckpoint))

    def checkpoints(self, arena: str, after_size: int, limit: int) -> list[KeptCheckpoint]:
        sql = """
            SELECT tree_size, root_hash, signed_us, note FROM checkpoint
            WHERE arena = %(arena)s AND tree_size > %(after_size)s ORDER BY tree_size LIMIT %(limit)s
        """
        values = {"arena": arena, "after_size": after_size, "limit": limit}
        return self._rows(sql, values, class_row(KeptCheckpoint))

    def checkpoints_of(self, arena: str, sizes: Sequence[int]) -> list[KeptCheckpoint]:
        sql = """
            SELECT tree_size, root_hash, signed_us, note FROM checkpoint
            WHERE arena = %(arena)s AND tree_size = ANY(%(sizes)s::bigint[]) ORDER BY tree_size
        """
        return self._rows(sql, {"arena": arena, "sizes": list(sizes)}, class_row(KeptCheckpoint))

    def add_cosigned(self, arena: str, cosigned: Cosigned) -> None:
        sql = """
            INSERT INTO cosigned (arena, tree_size, witness, at_s, line)
            VALUES (%(arena)s, %(tree_size)s, %(witness)s, %(at_s)s, %(line)s)
            ON CONFLICT (arena, tree_size, witness) DO NOTHING
        """
        self._transaction(lambda connection: connection.execute(sql, {"arena": arena} | _values(cosigned)))

    def cosigned(self, arena: str, sizes: Sequence[int]) -> list[Cosigned]:
        sql = """
            SELECT tree_size, witness, at_s, line FROM cosigned
            WHERE arena = %(arena)s AND tree_size = ANY(%(sizes)s::bigint[])
            ORDER BY tree_size, witness COLLATE "C"
        """
        return self._rows(sql, {"arena": arena, "sizes": list(sizes)}, class_row(Cosigned))

    def cosigned_size(self, arena: str, witnesses: Sequence[str], quorum: int) -> int | None:
        sql = """
            SELECT tree_size FROM cosigned WHERE arena = %(arena)s AND witness = ANY(%(witnesses)s)
            GROUP BY tree_size HAVING COUNT(*) >= %(quorum)s ORDER BY tree_size DESC LIMIT 1
        """
        values = {"arena": arena, "witnesses": list(witnesses), "quorum": quorum}
        row = self._row(sql, values, dict_row)
        return None if row is None else int(row["tree_size"])

    def report(self, arena: str, tree_size: int, note: bytes) -> None:
        sql = "INSERT INTO report (arena, tree_size, note) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        self._transaction(lambda connection: connection.execute(sql, (arena, tree_size, note)))

    def reports(self, arena: str) -> list[bytes]:
        sql = "SELECT note FROM report WHERE arena = %(arena)s ORDER BY tree_size"
        return [row["note"] for row in self._rows(sql, {"arena": arena}, dict_row)]

    # ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def add_token(self, token: Token) -> None:
        sql = """
            INSERT INTO token (digest, arena, party, role, officer, created_us, expires_us, revoked_us)
            VALUES (%(digest)s, %(arena)s, %(party)s, %(role)s, %(officer)s, %(created_us)s, %(expires_us)s,
                    %(revoked_us)s)
            ON CONFLICT (digest) DO NOTHING
        """

        def add(connection: Connection[Any]) -> None:
            _arena_row(connection, token.arena)
            connection.execute(sql, {name: getattr(token, name) for name in token.__slots__})
            if _one(connection, _BY_DIGEST, {"digest": token.digest}, class_row(Token)) != token:
                raise does_not_fit("a token of that digest is there already, and says something else")

        for name in ("party", "role", "officer"):
            check_text(name, getattr(token, name))
        self._transaction(add)

    def token(self, digest: bytes) -> Token | None:
        return self._row(_BY_DIGEST, {"digest": digest}, class_row(Token))

    def tokens(self, arena: str) -> list[Token]:
        sql = """
            SELECT digest, arena, party, role, officer, created_us, expires_us, revoked_us FROM token
            WHERE arena = %(arena)s ORDER BY created_us, digest
        """
        return self._rows(sql, {"arena": arena}, class_row(Token))

    def revoke_token(self, digest: bytes, revoked_us: int) -> None:
        sql = "UPDATE token SET revoked_us = %s WHERE digest = %s AND revoked_us IS NULL"
        self._transaction(lambda connection: connection.execute(sql, (revoked_us, digest)))

    # ── connections ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _connect(self) -> Connection[Any]:
        connection: Connection[Any] = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_S,
            client_encoding="utf8",
            application_name="detente",
            **_KEEPALIVE,
        )
        connection.execute(_SESSION)
        return connection

    def _migrate(self) -> None:
        """Applies what is missing, a transaction each.

        Of two processes, the second waits at the first table or at the record for the other, then fails and looks again. If we die
        on the way nothing is left of it; or, on a server that does not take table changes back, tables without a record, and the
        statements may run twice.
        """
        for attempt in range(ATTEMPTS):
            try:
                self._transaction(lambda connection: connection.execute(LEDGER))
                applied = self._rows("SELECT number, sha256 FROM migration", {}, dict_row)
                for migration in pending(migrations("postgres"), {row["number"]: row["sha256"] for row in applied}):
                    self._transaction(partial(_apply, migration=migration))
                return
            except StoreUnavailable as error:
                if attempt == ATTEMPTS - 1 or not isinstance(error.__cause__, _RACED):
                    raise
                _pause(attempt)

    def _transaction(self, work: Callable[[Connection[Any]], T]) -> T:
        """Does the work in one SERIALIZABLE transaction, again where the database asks for that."""

        def attempt(connection: Connection[Any]) -> T:
            connection.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
            try:
                done = work(connection)
            except BaseException:
                _roll_back(connection)
                raise
            _commit(connection)
            return done

        with self._failures():
            for count in range(ATTEMPTS - 1):
                try:
                    return self._with_connection(attempt)
                except _AGAIN:
                    _pause(count)
            return self._with_connection(attempt)

    def _with_connection(self, work: Callable[[Connection[Any]], T]) -> T:
        """Does the work; once more on a new connection where the one that was kept turns out to be dead."""
        connection = None
        try:
            with self._pool.connection() as connection:
                return work(connection)
        except psycopg.Error:
            if connection is None or not connection.closed:
                raise
        self._pool.close_idle()
        with self._pool.connection() as connection:
            return work(connection)

    def _rows(self, sql: str, values: Mapping[str, Any], kind: RowFactory[T]) -> list[T]:
        with self._failures():
            return self._with_connection(lambda connection: _all(connection, sql, values, kind))

    def _row(self, sql: str, values: Mapping[str, Any], kind: RowFactory[T]) -> T | None:
        rows = self._rows(sql, values, kind)
        return rows[0] if rows else None

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _unavailable(error) from error


_RACED: Final = (errors.UniqueViolation, errors.DuplicateTable, errors.DuplicateObject, *_AGAIN)
_BY_DIGEST: Final = """
    SELECT digest, arena, party, role, officer, created_us, expires_us, revoked_us FROM token WHERE digest = %(digest)s
"""
_HEADS: Final = """
    SELECT arena.next_position, arena.turns, inbox.recipient, inbox.next_number
    FROM arena LEFT JOIN inbox ON inbox.arena = arena.name WHERE arena.name = %(arena)s
"""


def _unavailable(error: psycopg.Error, *, outcome_unknown: bool = False) -> StoreUnavailable:
    """What libpq or the server said, without the connection's parameters, which may hold a password."""
    state = error.sqlstate or ("08000" if isinstance(error, psycopg.OperationalError) else "XX000")
    said = " ".join(str(error.diag.message_primary or error).split())
    return StoreUnavailable(
        f"database: {said} ({state})",
        hint="check that the database server runs, has room, and lets this user in",
        retry_may_help=state.startswith(_PASSING),
        outcome_unknown=outcome_unknown,
    )


def _us(duration_s: float) -> int:
    return round(duration_s * MICROSECONDS_PER_SECOND)


def _pause(attempt: int) -> None:
    time.sleep(FIRST_PAUSE_S * 2**attempt)


def _is_clean(connection: Connection[Any]) -> bool:
    return not connection.closed and connection.pgconn.transaction_status == TransactionStatus.IDLE


def _commit(connection: Connection[Any]) -> None:
    """COMMIT. Refused by name, it was not done; in every other failure it may have been, and stands or will stand all the same."""
    try:
        connection.execute("COMMIT")
    except _AGAIN:
        raise
    except psycopg.Error as error:
        raise _unavailable(error, outcome_unknown=True) from error


def _roll_back(connection: Connection[Any]) -> None:
    if connection.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:
            connection.close()  # that undoes it too, and what went wrong first is what is told


def _apply(connection: Connection[Any], migration: Migration) -> None:
    connection.execute("SET LOCAL lock_timeout = 0")
    for statement in migration.statements:
        connection.execute(statement)
    connection.execute(
        f"INSERT INTO migration (number, name, sha256, applied_us) VALUES (%s, %s, %s, {_NOW_US})",  # noqa: S608
        (migration.number, migration.name, migration.sha256),
    )


def _held_with_envelope(envelope: bytes, **held: Any) -> tuple[Held, bytes]:
    return Held(**held), envelope


_WITH_ENVELOPE: Final = kwargs_row(_held_with_envelope)


def _all(connection: Connection[Any], sql: str, values: Mapping[str, Any], kind: RowFactory[T]) -> list[T]:
    with connection.cursor(binary=True, row_factory=kind) as cursor:
        return cursor.execute(sql, values).fetchall()


def _one(connection: Connection[Any], sql: str, values: Mapping[str, Any], kind: RowFactory[T]) -> T | None:
    rows = _all(connection, sql, values, kind)
    return rows[0] if rows else None


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


def _arena_row(connection: Connection[Any], arena: str) -> dict[str, Any]:
    """The arena's row, locked until the transaction ends."""
    sql = "SELECT holder, epoch, next_position FROM arena WHERE name = %(arena)s FOR UPDATE"
    row = _one(connection, sql, {"arena": arena}, dict_row)
    if row is None:
        raise no_such_arena(arena)
    return row


def _fence(connection: Connection[Any], lease: Lease) -> int:
    """The next position, where the lease still holds."""
    row = _arena_row(connection, lease.arena)
    check_fence(lease, row["holder"], row["epoch"])
    return int(row["next_position"])


def _next_numbers(connection: Connection[Any], arena: str) -> dict[str, int]:
    rows = _all(
        connection, "SELECT recipient, next_number FROM inbox WHERE arena = %(arena)s", {"arena": arena}, dict_row
    )
    return {row["recipient"]: row["next_number"] for row in rows}


def _heads(rows: Sequence[Mapping[str, Any]], arena: str) -> Heads:
    if not rows:
        raise no_such_arena(arena)
    next_numbers = {row["recipient"]: row["next_number"] for row in rows if row["recipient"] is not None}
    return Heads(rows[0]["next_position"], next_numbers, rows[0]["turns"])


def _write(connection: Connection[Any], arena: str, batch: Batch, next_position: int) -> None:
    """A statement a table, whatever the number of rows.

    Not in a pipeline: after one the server never ends a session that goes idle in its transaction, and a holder stopped there would
    keep the arena from everybody for good.
    """
    _write_entries(connection, arena, batch.entries)
    _write_postings(connection, arena, batch.postings)
    _write_held(connection, arena, batch.held)
    _write_reached(connection, arena, batch.reached)
    _write_ended(connection, arena, batch.ended)
    _write_open_items(connection, arena, batch.closed, batch.opened)
    _write_due(connection, arena, batch)
    _write_results(connection, arena, batch)
    _write_tiles(connection, arena, batch)
    sql = "UPDATE arena SET next_position = %s, turns = turns + 1 WHERE name = %s"
    connection.execute(sql, (next_position + len(batch.entries), arena))


def _each(connection: Connection[Any], arena: str, sql: str, rows: Sequence[Any]) -> int:
    """Runs a statement over columns of rows; returns how many it touched."""
    if not rows:
        return 0
    columns = {name: [getattr(row, name) for row in rows] for name in rows[0].__slots__}
    return connection.execute(sql, {"arena": arena} | columns).rowcount


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def _write_entries(connection: Connection[Any], arena: str, entries: tuple[Entry, ...]) -> None:
    sql = """
        INSERT INTO entry (arena, position, received_us, kind, party, key_id, audience, sequence, envelope, salt, leaf,
                           shown_us)
        SELECT %(arena)s, given.* FROM unnest(
            %(position)b::bigint[], %(received_us)b::bigint[], %(kind)b::text[], %(party)b::text[],
            %(key_id)b::text[], %(audience)b::text[], %(sequence)b::bigint[], %(envelope)b::bytea[],
            %(salt)b::bytea[], %(leaf)b::bytea[], %(shown_us)b::bigint[]) AS given
    """
    _each(connection, arena, sql, entries)
    sql = """
        INSERT INTO signer (arena, key_id, audience, last_sequence)
        SELECT %(arena)s, given.* FROM unnest(%(key_id)b::text[], %(audience)b::text[], %(sequence)b::bigint[]) AS given
        ON CONFLICT (arena, key_id, audience)
        DO UPDATE SET last_sequence = greatest(signer.last_sequence, excluded.last_sequence)
    """
    _each(connection, arena, sql, _last_of_each_key(entries))


def _write_postings(connection: Connection[Any], arena: str, postings: tuple[Posting, ...]) -> None:
    sql = """
        INSERT INTO posting (arena, recipient, number, kind, payload, tick_us, position)
        SELECT %(arena)s, given.* FROM unnest(
            %(recipient)b::text[], %(number)b::bigint[], %(kind)b::text[], %(payload)b::bytea[],
            %(tick_us)b::bigint[], %(position)b::bigint[]) AS given
    """
    _each(connection, arena, sql, postings)
    sql = """
        INSERT INTO inbox (arena, recipient, next_number)
        SELECT %(arena)s, given.recipient, given.number + 1
        FROM unnest(%(recipient)b::text[], %(number)b::bigint[]) AS given (recipient, number)
        ON CONFLICT (arena, recipient) DO UPDATE SET next_number = excluded.next_number
    """
    _each(connection, arena, sql, list({posting.recipient: posting for posting in postings}.values()))


def _write_held(connection: Connection[Any], arena: str, held: tuple[Held, ...]) -> None:
    sql = """
        INSERT INTO held (arena, sender, view_id, recipient, version, level, earliest_us, latest_us, position,
                             ended_position, shown_us, ended_us, stage)
        SELECT %(arena)s, given.* FROM unnest(
            %(sender)b::text[], %(view_id)b::text[], %(recipient)b::text[], %(version)b::bigint[],
            %(level)b::text[], %(earliest_us)b::bigint[], %(latest_us)b::bigint[], %(position)b::bigint[],
            %(ended_position)b::bigint[], %(shown_us)b::bigint[], %(ended_us)b::bigint[],
            %(stage)b::text[]) AS given
    """
    _each(connection, arena, sql, held)


def _write_reached(connection: Connection[Any], arena: str, reached: tuple[Reached, ...]) -> None:
    # Written as in `_write_ended`, for the same reason.
    sql = """
        UPDATE held SET stage = given.stage
        FROM unnest(%(sender)b::text[], %(view_id)b::text[], %(version)b::bigint[], %(recipient)b::text[],
                    %(stage)b::text[]) AS given (sender, view_id, version, recipient, stage)
        WHERE held.arena = %(arena)s AND held.sender = given.sender AND held.view_id = given.view_id
          AND held.recipient || '' = given.recipient AND held.version = given.version
          AND coalesce(held.ended_position, -1) = -1
    """
    count = _each(connection, arena, sql, reached)
    if count != len(reached):
        raise not_in_force(reached, count)


def _write_open_items(
    connection: Connection[Any], arena: str, closed: tuple[Closed, ...], opened: tuple[OpenItem, ...]
) -> None:
    never_seen = """
        DELETE FROM open_item USING unnest(%(party)b::text[], %(subject)b::text[], %(closed_us)b::bigint[])
            AS given (party, subject, closed_us)
        WHERE arena = %(arena)s AND open_item.party = given.party AND open_item.subject = given.subject
          AND open_item.shown_us >= given.closed_us
    """
    _each(connection, arena, never_seen, closed)
    sql = f"""
        UPDATE open_item SET closed_us = given.closed_us
        FROM unnest(%(party)b::text[], %(subject)b::text[], %(closed_us)b::bigint[])
            AS given (party, subject, closed_us)
        WHERE arena = %(arena)s AND open_item.party = given.party AND open_item.subject = given.subject
          AND open_item.closed_us = {NEVER_US}
    """  # noqa: S608
    _each(connection, arena, sql, closed)
    if closed:
        values = (arena, forget_before_us(closed))
        connection.execute("DELETE FROM open_item WHERE arena = %s AND closed_us < %s", values)
    sql = f"""
        INSERT INTO open_item (arena, party, subject, kind, urgency, shown_us, due_us, closed_us, payload)
        SELECT %(arena)s, given.party, given.subject, given.kind, given.urgency, given.shown_us, given.due_us,
               {NEVER_US}, given.payload
        FROM unnest(%(party)b::text[], %(subject)b::text[], %(kind)b::text[], %(urgency)b::bigint[],
                    %(shown_us)b::bigint[], %(due_us)b::bigint[], %(payload)b::bytea[])
             AS given (party, subject, kind, urgency, shown_us, due_us, payload)
        ON CONFLICT (arena, party, subject, shown_us) DO UPDATE SET
            kind = excluded.kind, urgency = excluded.urgency, due_us = excluded.due_us,
            closed_us = excluded.closed_us, payload = excluded.payload
    """  # noqa: S608
    _each(connection, arena, sql, opened)


def _write_ended(connection: Connection[Any], arena: str, ended: tuple[Ended, ...]) -> None:
    # Written so that no index but the key's serves: without statistics a server takes another, and goes through all of a
    # recipient's views, or all that is in force, for each row.
    sql = """
        UPDATE held SET ended_position = given.ended_position, ended_us = given.ended_us
        FROM unnest(%(sender)b::text[], %(view_id)b::text[], %(recipient)b::text[], %(version)b::bigint[],
                    %(ended_position)b::bigint[], %(ended_us)b::bigint[])
             AS given (sender, view_id, recipient, version, ended_position, ended_us)
        WHERE held.arena = %(arena)s AND held.sender = given.sender AND held.view_id = given.view_id
          AND held.recipient || '' = given.recipient AND held.version = given.version
          AND coalesce(held.ended_position, -1) = -1
    """
    ended_count = _each(connection, arena, sql, ended)
    if ended_count != len(ended):
        raise not_in_force(ended, ended_count)


def _write_due(connection: Connection[Any], arena: str, batch: Batch) -> None:
    if batch.done:
        connection.execute("DELETE FROM due WHERE arena = %s AND subject = ANY(%s::text[])", (arena, list(batch.done)))
    sql = """
        INSERT INTO due (arena, subject, kind, due_us, payload)
        SELECT %(arena)s, given.* FROM unnest(
            %(subject)b::text[], %(kind)b::text[], %(due_us)b::bigint[], %(payload)b::bytea[]) AS given
    """
    _each(connection, arena, sql, batch.due)


def _write_results(connection: Connection[Any], arena: str, batch: Batch) -> None:
    sql = """
        INSERT INTO result (arena, party, submission, digest, payload)
        SELECT %(arena)s, given.* FROM unnest(
            %(party)b::text[], %(submission)b::text[], %(digest)b::bytea[], %(payload)b::bytea[]) AS given
    """
    _each(connection, arena, sql, batch.results)


def _last_of_each_key(entries: tuple[Entry, ...]) -> list[Entry]:
    """One row of a key and audience: a statement may not change the same row twice."""
    last: dict[tuple[str, str], Entry] = {}
    for entry in sorted(entries, key=lambda entry: entry.sequence):
        last[entry.key_id, entry.audience] = entry
    return list(last.values())


def _write_tiles(connection: Connection[Any], arena: str, batch: Batch) -> None:
    sql = """
        INSERT INTO log_tile (arena, level, number, hashes, root)
        SELECT %(arena)s, given.* FROM unnest(
            %(level)b::bigint[], %(number)b::bigint[], %(hashes)b::bytea[], %(root)b::bytea[]) AS given
    """
    _each(connection, arena, sql, batch.tiles)
