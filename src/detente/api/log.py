"""The arena's log, served: heads signed after what they hold is committed, tiles out of committed rows, openings for whom they concern.

The order in which a crash at any line leaves nothing wrong: entries, leaves and full tiles are one transaction of the sequencer's; only then
is a head over them signed, and kept, under the same lease; only what is kept is served. A head that a crash left unsigned is signed by the
next start, whose way is the same. So what was served once is a beginning of all that is served later, but for one case: a database that was put
back to an earlier state. Whoever has seen a later head brings it (`report`), and the arena is served no more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Final, Self

from detente.channel.acts import PUBLIC_KINDS, SignedAct
from detente.channel.batch import Cosigned, KeptCheckpoint, Lease
from detente.channel.registry import Registry
from detente.channel.store import Store
from detente.domain import (
    DetenteError,
    NotAuthentic,
    NotUnderstood,
    RolledBack,
    StoreUnavailable,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.record.canonical import canonical
from detente.record.checkpoint import (
    Checkpoint,
    cosignatures,
    open_checkpoint,
    origin_of,
    read_checkpoint,
    sign_checkpoint,
)
from detente.record.keys import PublicKey, SigningKey, public_key_from_text
from detente.record.merkle import leaf_hash, root_at
from detente.record.note import Note, read_note
from detente.record.tiles import ENTRIES, HEIGHT, WIDTH, Frontier, TileAddress, TileReader, write_bundle
from detente.record.witness import check_moment

LOG: Final = logging.getLogger(__name__)
SPACING_US: Final = (
    500_000  # heads are signed at whole multiples of it: nothing finer can be read from when the log grew
)
MOST_NOTES: Final = 100  # of one page
_AGAIN_S: Final = 0.2


class Signer:
    """Signs the head of the log after each commit, in a thread of its own, at the next whole half second. A context: inside it works."""

    def __init__(self, store: Store, lease: Lease, key: SigningKey) -> None:
        self._store, self._lease, self._key = store, lease, key
        self._head: Frontier | None = None
        self._changed, self._ended = threading.Condition(), False
        self.failed: DetenteError | None = None
        self._thread = threading.Thread(target=self._work, name=f"log {lease.arena}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def committed(self, frontier: Frontier) -> None:
        """The log stands there now, on the disk."""
        with self._changed:
            self._head = frontier.copy()
            self._changed.notify()

    def _work(self) -> None:
        while self._wait():
            try:
                self._sign_latest()
            except StoreUnavailable as error:
                LOG.warning("a checkpoint waits: %s", error, extra={"arena": self._lease.arena})
                self._pause(_AGAIN_S)
            except DetenteError as error:  # the lease is another's, or what we hold is not what is committed
                self.failed = error
                return

    def _wait(self) -> bool:
        """Until there is a head to sign, or the end; at the end one that waits is signed all the same."""
        with self._changed:
            self._changed.wait_for(lambda: self._head or self._ended)
            return self._head is not None

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._ended, timeout=seconds)
            if self._ended and self.failed is None:
                self._head = None  # nobody waits for a store that is away; the next start signs it

    def _sign_latest(self) -> None:
        self._until_whole()
        with self._changed:
            head, self._head = self._head, None
        if head is None:
            return
        try:
            keep_checkpoint(self._store, self._lease, self._key, head)
        except StoreUnavailable:
            with self._changed:
                self._head = self._head or head
            raise

    def _until_whole(self) -> None:
        late_us = self._store.now_us() % SPACING_US
        with self._changed:
            self._changed.wait_for(lambda: self._ended, timeout=(SPACING_US - late_us) / MICROSECONDS_PER_SECOND)


def keep_checkpoint(store: Store, lease: Lease, key: SigningKey, frontier: Frontier) -> None:
    """Signs the head over what is committed, and keeps it."""
    head = Checkpoint(origin_of(lease.arena), frontier.size, frontier.root())
    note = sign_checkpoint(head, key)
    store.add_checkpoint(lease, KeptCheckpoint(head.tree_size, head.root_hash, store.now_us(), note.raw))


# ── read ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def checkpoint(store: Store, arena: str) -> bytes | None:
    """The latest head, with every cosignature under it; None before there is any."""
    kept = store.checkpoint(arena)
    return None if kept is None else noted(store, arena, [kept])[0]


def checkpoints(store: Store, arena: str, after_size: int, limit: int) -> bytes:
    """A page of heads by size, each as the note that it is: `{"after", "checkpoints"}`; `after` is null on the last page."""
    page = store.checkpoints(arena, after_size, limit)
    notes = [note.decode() for note in noted(store, arena, page)]
    return canonical({"after": page[-1].tree_size if len(page) == limit else None, "checkpoints": notes})


def noted(store: Store, arena: str, kept: Sequence[KeptCheckpoint]) -> list[bytes]:
    """Heads as notes with the lines of those who cosigned them."""
    lines: dict[int, list[Cosigned]] = {}
    for each in store.cosigned(arena, [head.tree_size for head in kept]):
        lines.setdefault(each.tree_size, []).append(each)
    return [head.note + b"".join(each.line for each in lines.get(head.tree_size, ())) for head in kept]


def vouched(store: Store, arena: str, registry: Registry) -> tuple[int, dict[str, int]]:
    """How many entries a quorum of the agreed witnesses has cosigned, and how many each of them has, by name."""
    record = registry.rules.terms.record
    names = [each.name for each in record.witnesses] if record else []
    each = {name: store.cosigned_size(arena, [name], 1) or 0 for name in names}
    needed = record.quorum if record else 0
    return (store.cosigned_size(arena, names, needed) or 0 if needed else 0), each


def read_tile(store: Store, arena: str, tile: TileAddress) -> bytes | None:
    """A tile, or a bundle of leaves, as far as the latest head reaches; None where it does not reach that far."""
    kept = store.checkpoint(arena)
    level = max(tile.level, 0)
    if kept is None or (kept.tree_size >> HEIGHT * level) < tile.number * WIDTH + tile.width:
        return None
    return committed_tile(store, arena, tile)


def committed_tile(store: Store, arena: str, tile: TileAddress) -> bytes:
    """A tile out of what is committed; shorter where less is."""
    start = tile.number * WIDTH
    if tile.level == ENTRIES:
        return write_bundle(store.leaves(arena, start, tile.width))
    full = store.tile(arena, tile.level, tile.number) if tile.width == WIDTH else None
    if full is not None:
        return full
    if tile.level == 0:
        return b"".join(leaf_hash(leaf) for leaf in store.leaves(arena, start, tile.width))
    return b"".join(store.tile_roots(arena, tile.level - 1, start, tile.width))


def openings(store: Store, arena: str, party: str, from_position: int, limit: int) -> bytes:
    """A page of what a party may open of the log, by position, as far as ticks have come: `{"after", "openings"}`, canonical JSON.

    What it made, what was addressed to it, and the public acts, which everybody may open. `after` is null on the last page.
    """
    page = store.openings(arena, party, PUBLIC_KINDS, from_position, store.now_us(), limit)
    told = [
        {
            "position": entry.position,
            "received_us": entry.shown_us,
            "kind": entry.kind,
            "salt": entry.salt.hex(),
            "envelope": entry.envelope.decode(),
        }
        for entry in page
    ]
    return canonical({"after": page[-1].position + 1 if len(page) == limit else None, "openings": told})


# ── believed ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def check_seen(store: Store, arena: str, acts: Sequence[SignedAct]) -> None:
    """Returns where every head that an act names is one that this log has had.

    Raises:
        NotAuthentic: one is not: its author was shown another log, or this one was put back.
    """
    named = [(index, act.act.checkpoint) for index, act in enumerate(acts) if act.act.checkpoint]
    sizes = {seen.tree_size for _, seen in named}
    kept = (
        {head.tree_size: head.root_hash.hex() for head in store.checkpoints_of(arena, sorted(sizes))} if sizes else {}
    )
    for index, seen in named:
        if kept.get(seen.tree_size) != seen.root_hash:
            raise NotAuthentic(
                f"this log never had a head of {seen.tree_size} entries with root {seen.root_hash[:16]}…",
                hint="keep the checkpoint you have: either it is another log's, or this one was altered",
                where=f"acts[{index}].checkpoint",
            )


def cosign(store: Store, arena: str, registry: Registry, host_key: PublicKey, raw: bytes) -> None:
    """Keeps what witnesses put under a head of this log.

    Raises:
        Malformed, TooLarge: no note, or no checkpoint.
        NotAuthentic: not of this log or not as it was signed, of no witness that the rules in force name, or from the future.
        NotUnderstood: of a size that was never signed.
    """
    head, note = open_checkpoint(raw, origin_of(arena), host_key)
    kept = store.checkpoints_of(arena, [head.tree_size])
    if not kept or read_note(kept[0].note).text != note.text:
        raise NotUnderstood(f"no checkpoint of {head.tree_size} entries like this is kept", hint="POST it to log/seen")
    record = registry.rules.terms.record
    witnesses = {each.name: public_key_from_text(each.key) for each in record.witnesses} if record else {}
    lines = cosignatures(note, witnesses)
    if not lines:
        raise NotAuthentic("cosigned by none of the witnesses that the rules in force name", hint="see terms.record")
    now_s = store.now_us() // MICROSECONDS_PER_SECOND
    for name, (at_s, _) in lines.items():
        check_moment(name, at_s, now_s)
    for name, (at_s, line) in lines.items():
        store.add_cosigned(arena, Cosigned(head.tree_size, name, at_s, line.line.encode()))


def report(store: Store, arena: str, host_key: PublicKey, raw: bytes) -> bool:
    """Takes in a head that somebody has seen; whether it fits what is committed. One that does not is kept: nothing is served from then on.

    Raises:
        Malformed, TooLarge: no note, or no checkpoint.
        NotAuthentic: not of this log, or not signed by this host.
    """
    head, note = open_checkpoint(raw, origin_of(arena), host_key)
    if fits(store, arena, head):
        return True
    LOG.error("a checkpoint of ours does not fit what is committed: %s", head.tree_size, extra={"arena": arena})
    store.report(
        arena, head.tree_size, Note(note.text, tuple(each for each in note.signatures if each.name == head.origin)).raw
    )
    return False


def fits(store: Store, arena: str, head: Checkpoint) -> bool:
    """Whether what is committed begins with the tree of a head."""
    size = store.heads(arena).next_position
    if head.tree_size > size:
        return False
    reader = TileReader(partial(committed_tile, store, arena), size)
    return root_at(head.tree_size, reader.node) == head.root_hash


def check_fits(store: Store, arena: str) -> None:
    """Returns where every head that was reported fits what is committed.

    Raises:
        RolledBack: one does not.
    """
    for raw in store.reports(arena):
        head = read_checkpoint(read_note(raw).text)
        if not fits(store, arena, head):
            size = store.heads(arena).next_position
            raise RolledBack(
                f"the host has signed a log of {head.tree_size} entries, root {head.root_hash.hex()[:16]}…, that does not begin what is here, {size} entries",
                hint="a backup was restored, or the log altered: put a newer copy back, or have the parties agree on a new arena; nothing is served meanwhile but the log",
            )
