"""What the channel asks of a store. Two keep it, on SQLite and on PostgreSQL's wire, held to the same tests.

Calls block and may come from any thread; each has a connection of its own while it runs. A process that forks opens its stores
afterwards. Every call may raise StoreUnavailable; where that says `outcome_unknown`, ask before going on: `settle` for a batch,
and for anything else do it again, since all else may be done twice.

A lease has two sides. That it runs out, by the database's clock, only lets another take it: nobody waits for the dead. What
keeps the dead from writing is the epoch, which rises whenever the lease is taken and is compared, with the arena's row locked,
in the transaction that commits. So a holder whose lease ran out and whom nobody replaced may go on; one who was replaced can
write nothing, however late it wakes and whatever any clock says.
"""

from collections.abc import Generator, Sequence
from typing import Protocol

from detente.channel.batch import (
    Batch,
    Cosigned,
    Due,
    Entry,
    Heads,
    Held,
    KeptCheckpoint,
    Lease,
    OpenItem,
    Posting,
    Result,
)
from detente.channel.tokens import Token


class Store(Protocol):
    """A database with the channel's tables, at the newest migration."""

    def now_us(self) -> int:
        """The database's clock, on SQLite that of this process, read so that it never goes back (`stores.clock`)."""

    def close(self) -> None:
        """Lets go of every connection not in use; those in use are let go of when their call ends."""

    def create_arena(self, name: str, created_us: int) -> None:
        """Creates an arena; one that is there stays as it is."""

    def arenas(self) -> tuple[str, ...]:
        """The names of all arenas, sorted."""

    def take_lease(self, arena: str, holder: str, address: str, ttl_s: float) -> Lease | None:
        """The lease, with a higher epoch than any before; None while another's runs.

        One's own may be taken again, and what was begun under it before can write no more: a process that starts anew under its
        old name need not wait for itself, and two processes of one name are still two.

        Raises:
            NoSuchArena: there is none of that name.
        """

    def renew_lease(self, lease: Lease, ttl_s: float) -> Lease:
        """The same lease, running `ttl_s` from now.

        Raises:
            LeaseLost: another took it, or it was given back.
        """

    def release_lease(self, lease: Lease) -> None:
        """Gives the lease back; nothing happens where it is not held any more."""

    def lease(self, arena: str) -> Lease | None:
        """Whose lease runs now, and where to reach the holder; None where nobody's does."""

    def commit(self, lease: Lease, batch: Batch) -> None:
        """Writes all of a batch, or nothing.

        Raises:
            LeaseLost: the lease was taken over or given back; nothing was written.
            OutOfStep: the batch does not continue what is committed; nothing was written. The message names both sides.
            Malformed: a text that a database cannot hold; nothing was written.
            StoreUnavailable: nothing was written, unless `outcome_unknown`; then `settle` tells.
        """

    def settle(self, lease: Lease) -> Heads:
        """Where the arena stands once nothing that was begun under this lease can still be written: what `heads` says is then final.

        A batch of unknown outcome was committed if `turns` is one more than before it, and was not if it is the same.

        Raises:
            LeaseLost: another took over. What stands is the other's to say.
        """

    def heads(self, arena: str) -> Heads:
        """Where the arena stands.

        Raises:
            NoSuchArena: there is none of that name.
        """

    def entries(self, arena: str, from_position: int, limit: int) -> list[Entry]:
        """Entries from a position on, in order."""

    def entries_of(self, arena: str, kinds: Sequence[str], from_position: int, limit: int) -> list[Entry]:
        """Entries of certain kinds from a position on, in order."""

    def entry(self, arena: str, position: int) -> Entry | None:
        """The entry at a position."""

    def postings(self, arena: str, recipient: str, after_number: int, until_us: int, limit: int) -> list[Posting]:
        """What a recipient may see by `until_us` after a number, in order.

        Stops at the first posting whose tick is later, even where one behind it is due: who asks again from the last number seen misses nothing.
        """

    def result(self, arena: str, party: str, submission: str) -> Result | None:
        """What a submission was answered."""

    def used_ids(self, arena: str, given: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Which of these, a sender and an id each, that sender has ever given a notice or a view, in force or not; sorted."""

    def due(self, arena: str, until_us: int, limit: int) -> list[Due]:
        """What has to be done by `until_us`, the earliest first; at one moment by subject, as the database sorts text."""

    def due_of(self, arena: str, kind: str) -> list[Due]:
        """All of a kind that has to be done, whenever, by subject as the database sorts text."""

    def open_items(self, arena: str) -> list[OpenItem]:
        """All that has not closed, of every party, by party and subject as the database sorts text; what is to be shown later too."""

    def open_items_of(
        self, arena: str, party: str, at_us: int, *, most_urgency: int = 100, after: OpenItem | None = None, limit: int
    ) -> list[OpenItem]:
        """What stood open for a party at a moment: by urgency, then the soonest due, the longest open, and subject.

        Args:
            most_urgency: nothing that ranks behind it.
            after: the last of the page before. What closed since is left out of the next; what opened before it in order, too.
        """

    def in_force(self, arena: str) -> Generator[tuple[Held, bytes], None, None]:
        """Every version in force with the envelope of the entry it came with, by position. One moment's state, streamed.

        Close the iterator (`contextlib.closing`) where it is not run to its end.
        """

    def held_at(
        self, arena: str, position: int, recipient: str | None = None, after: Held | None = None, limit: int = 1000
    ) -> list[Held]:
        """What was in force once the entry at `position` was made: a page, the next one asked for with the last of this one as `after`.

        As it stood: `ended_position` is None throughout. Pages do not change when more is committed.

        Args:
            recipient: only views released to it; empty for notices as submitted; None for everything.
        """

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
        """What a recipient had been shown by a moment: versions with the envelope of the entry each came with, by position.

        As it was seen then: an end that could be seen only later is left out. An entry brings about one version for a recipient,
        so that the last position of a page is where the next one goes on.

        Args:
            recipient: empty for notices as submitted for screening.
            sender: only that party's; None for everybody's.
            in_force: only what had not ended.
        """

    def acts_of(self, arena: str, party: str, after_position: int, until_us: int, limit: int) -> list[Entry]:
        """A party's own acts after a position that were received by a moment, in order."""

    def last_acts(self, arena: str) -> list[Entry]:
        """The entry with the highest sequence of each (key_id, audience), by position."""

    # ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def openings(
        self, arena: str, party: str, public_kinds: Sequence[str], from_position: int, until_us: int, limit: int
    ) -> list[Entry]:
        """Entries from a position on, to be seen by a moment, that a party made, is addressed by, or that are of these kinds; in order.

        What was refused was never said to whom it was for: of the kind `refused` a party is given its own alone.
        """

    def leaves(self, arena: str, from_position: int, limit: int) -> list[bytes]:
        """The leaves of entries from a position on, in order."""

    def tile(self, arena: str, level: int, number: int) -> bytes | None:
        """The hashes of a full tile; None where it is not full yet."""

    def tile_roots(self, arena: str, level: int, from_number: int, limit: int) -> list[bytes]:
        """The hashes over full tiles of a level from a number on, in order."""

    def add_checkpoint(self, lease: Lease, checkpoint: KeptCheckpoint) -> None:
        """Keeps a checkpoint; one of a size that is kept already changes nothing.

        Raises:
            LeaseLost: the lease was taken over or given back.
            OutOfStep: it is of more entries than are committed.
        """

    def checkpoint(self, arena: str) -> KeptCheckpoint | None:
        """The latest checkpoint."""

    def checkpoints(self, arena: str, after_size: int, limit: int) -> list[KeptCheckpoint]:
        """Checkpoints of more than so many entries, by size."""

    def checkpoints_of(self, arena: str, sizes: Sequence[int]) -> list[KeptCheckpoint]:
        """The checkpoints of these sizes, as far as there are any, by size."""

    def add_cosigned(self, arena: str, cosigned: Cosigned) -> None:
        """Keeps a witness's line under a checkpoint; its first for each stays."""

    def cosigned(self, arena: str, sizes: Sequence[int]) -> list[Cosigned]:
        """The lines under the checkpoints of these sizes, by size and witness."""

    def cosigned_size(self, arena: str, witnesses: Sequence[str], quorum: int) -> int | None:
        """The size of the latest checkpoint that so many of these witnesses have cosigned."""

    def report(self, arena: str, tree_size: int, note: bytes) -> None:
        """Keeps a checkpoint of the host's own that somebody has seen and that does not fit what is committed."""

    def reports(self, arena: str) -> list[bytes]:
        """The notes reported, by size."""

    def add_token(self, token: Token) -> None:
        """Keeps a token; the same one again changes nothing.

        Raises:
            NoSuchArena: there is none of that name.
            OutOfStep: another one of that digest is there.
        """

    def token(self, digest: bytes) -> Token | None:
        """The token of a SHA-256, whether or not it has expired or been revoked."""

    def tokens(self, arena: str) -> list[Token]:
        """All tokens of an arena, by when they were created."""

    def revoke_token(self, digest: bytes, revoked_us: int) -> None:
        """Revokes a token; one revoked before keeps its first moment, and nothing happens where there is none."""
