"""What the log costs a submission, how soon a head is signed, and what a proof costs at a million leaves.

Submissions go to a sequencer in this process, opened beforehand, one after another and 256 at a time; by turns with the log and without
it: no leaf, no tile, no head, all else the same. Everything is durable. Proofs are made from the database, as the server makes them.

    python -m bench.log            # some minutes; writes bench/LOG.md
"""

from __future__ import annotations

import os
import platform
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from secrets import token_bytes
from statistics import median
from typing import Any, Final
from unittest import mock

from bench.channel import ARENA, Party, agree, database, say, verdict

ROOT: Final = Path(__file__).parents[1]
ROUNDS: Final = 15
EACH: Final = 200  # submissions of a round
LEAVES: Final = 1_000_000
PROOFS: Final = 2_000
MOST_ADDED: Final = 0.20
MOST_PROOF_MS: Final = 1.0
MOST_FILES: Final = 20
SOON_S: Final = 1.0


def main() -> None:
    """Runs, and writes what came out."""
    told = [
        "# What the log costs",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m bench.log`: {os.cpu_count()} cores, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}.",
        "",
        "## A submission, with the log and without it",
        "",
        *submissions(),
        "",
        "## A proof out of a million leaves",
        "",
        *proofs(LEAVES if len(sys.argv) < 2 else int(sys.argv[1])),
        "",
    ]
    (ROOT / "bench" / "LOG.md").write_text("\n".join(told), encoding="utf-8")


# ── submissions ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Arena:
    """A sequencer of an arena in which two parties have an understanding, and what one has ready to send."""

    def __init__(self, url: str) -> None:
        from detente.api.load import load_registry
        from detente.api.sequencer import Host, Sequencer, Statement
        from detente.api.warm import warm_kernels
        from detente.channel.acts import MemberBody
        from detente.domain import PartyKind
        from detente.record.keys import SigningKey
        from detente.stores import open_store

        warm_kernels()
        self.store = open_store(url)
        self.store.create_arena(ARENA, self.store.now_us())
        host = Host(SigningKey(b"h" * 32), ARENA, self.store.now_us)
        self.sequencer = Sequencer(
            self.store, host, holder="bench", address="", salts=iter(lambda: token_bytes(32), b"")
        )
        self.sequencer.start()
        self.parties = [Party(name, number) for number, name in enumerate("AB")]
        for party in self.parties:
            body = MemberBody(party.name, PartyKind.ARMED_FORCE, party.statements())
            self.sequencer.submit(Statement("member", body)).result(60)
        agree(self.store, self.sequencer, self.parties)
        self.keys = load_registry(self.store, ARENA).keys

    def ready(self, count: int) -> list[Any]:
        """Submissions of one notice with one view each, signed and opened."""
        import json

        from detente.api.sequencer import Submission
        from detente.channel.acts import open_acts

        found = []
        for _ in range(count):
            body = json.loads(self.parties[0].submission("B"))
            raw = [each.encode() for each in body["acts"]]
            acts = open_acts(raw, self.keys, arena=ARENA, party="A", now_us=self.store.now_us())
            found.append(Submission("A", body["submission"], acts))
        return found

    def one_by_one(self, work: list[Any]) -> float:
        """Seconds of a submission, each awaited before the next."""
        began_s = time.perf_counter()
        for each in work:
            self.sequencer.submit(each).result(60)
        return (time.perf_counter() - began_s) / len(work)

    def together(self, work: list[Any]) -> float:
        """Seconds of a submission, all waiting at once."""
        began_s = time.perf_counter()
        for each in [self.sequencer.submit(each) for each in work]:
            each.result(60)
        return (time.perf_counter() - began_s) / len(work)

    def late_s(self) -> list[float]:
        """How long after the newest entry under it each head was signed; of the heads, the last hundred."""
        late = []
        for head in self.store.checkpoints(ARENA, 0, 10_000)[-100:]:
            newest = self.store.entry(ARENA, head.tree_size - 1)
            assert newest
            late.append((head.signed_us - newest.received_us) / 1e6)
        return late


def without_log() -> Any:
    """The same sequencer, but nothing is done for a log. Its entries and all else are as ever."""
    from detente.api.log import Signer
    from detente.record.tiles import Frontier

    return (
        mock.patch("detente.channel.standing.leaf_data", return_value=bytes(32)),
        mock.patch("detente.channel.standing.leaf_hash", lambda data: data),
        mock.patch.object(Frontier, "append", return_value=[]),
        mock.patch.object(Signer, "committed", return_value=None),
    )


def submissions() -> list[str]:
    """Both kinds, on both stores."""
    lines = ["| database | | without | with the log | adds | aim |", "|---|---|--:|--:|--:|---|"]
    late: list[float] = []
    for kind in ("SQLite", "PostgreSQL"):
        with database(kind) as url, database(kind) as bare_url:
            logged, bare = Arena(url), Arena(bare_url)
            for way in ("one_by_one", "together"):
                pairs = [_a_round(logged, bare, way, logged_first=bool(number % 2)) for number in range(ROUNDS)]
                ratio = median(one / two for one, two in pairs) - 1
                line = (
                    f"| {kind} | {way.replace('_', ' ')} | {1e3 * median(p[1] for p in pairs):.2f} ms | "
                    f"{1e3 * median(p[0] for p in pairs):.2f} ms | {100 * ratio:+.1f} % | ≤ 20 %: {verdict(ratio <= MOST_ADDED)} |"
                )
                lines.append(line)
                say(line)
            time.sleep(1.0)
            late += logged.late_s()
            logged.sequencer.stop()
            bare.sequencer.stop()
    late.sort()
    return [
        *lines,
        "",
        f"Medians of {ROUNDS} rounds of {EACH} submissions, by turns. A head is signed {1e3 * median(late):.0f} ms (median), at worst "
        f"{1e3 * late[-1]:.0f} ms, after the newest entry under it was received (aim 1 s: {verdict(late[-1] <= SOON_S)}).",
    ]


def _a_round(logged: Arena, bare: Arena, way: str, *, logged_first: bool) -> tuple[float, float]:
    """Seconds of a submission with the log, and without."""
    with_log = getattr(logged, way)(logged.ready(EACH)) if logged_first else 0.0
    with ExitStack() as patched:
        for each in without_log():
            patched.enter_context(each)
        without = getattr(bare, way)(bare.ready(EACH))
    return with_log or getattr(logged, way)(logged.ready(EACH)), without


# ── proofs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def proofs(count: int) -> list[str]:
    """Inclusion proofs from a database of so many entries, each reader anew, and the files that a first proof needs."""
    from detente.api.log import committed_tile
    from detente.record.merkle import check_inclusion, inclusion_proof
    from detente.record.tiles import TileReader

    with database("SQLite") as url:
        store, frontier, hashes = _log_of(url, count)
        root, rng, took, asked = frontier.root(), Random(1), [], []
        for _ in range(PROOFS):
            index, fetched = rng.randrange(count), []

            def fetch(tile: Any, fetched: list[Any] = fetched) -> bytes:
                fetched.append(tile)
                return committed_tile(store, ARENA, tile)

            began_s = time.perf_counter()
            proof = inclusion_proof(index, count, TileReader(fetch, count).node)
            took.append(time.perf_counter() - began_s)
            check_inclusion(hashes[index], index, count, root, proof)
            asked.append(len(fetched))
        store.close()
    took.sort()
    p50_ms, p99_ms, files = 1e3 * median(took), 1e3 * took[int(0.99 * PROOFS)], max(asked) + 1
    say(f"proof {p50_ms:.2f} ms, p99 {p99_ms:.2f} ms, {files} files")
    return [
        f"From SQLite on disk, {count:,} leaves, {PROOFS} leaves drawn at random, no tile kept from one proof to the next:",
        "",
        "| | | aim |",
        "|---|--:|---|",
        f"| an inclusion proof, median | {p50_ms:.2f} ms | ≤ 1 ms: {verdict(p50_ms <= MOST_PROOF_MS)} |",
        f"| the same, p99 | {p99_ms:.2f} ms | |",
        f"| files a verifier needs for its first, the checkpoint included | {files} | ≤ 20: {verdict(files <= MOST_FILES)} |",
    ]


def _log_of(url: str, count: int) -> tuple[Any, Any, list[bytes]]:
    """A store with so many entries, small ones, and their leaf hashes."""
    from detente.channel.batch import Batch, Entry
    from detente.record.leaf import leaf_data
    from detente.record.merkle import leaf_hash
    from detente.record.tiles import Frontier
    from detente.stores import open_store

    store, frontier, hashes = open_store(url), Frontier(), []
    store.create_arena(ARENA, 0)
    lease = store.take_lease(ARENA, "bench", "", 3600.0)
    assert lease
    for start in range(0, count, 4096):
        entries = []
        for position in range(start, min(start + 4096, count)):
            salt = token_bytes(32)
            leaf = leaf_data(salt, position, position, "receipt", b"{}")
            entries.append(
                Entry(position, position, "receipt", "A", "key", "", position + 1, b"{}", salt, leaf, position)
            )
            hashes.append(leaf_hash(leaf))
        tiles = frontier.append(hashes[start:])
        store.commit(lease, Batch(entries=tuple(entries), tiles=tuple(tiles)))
    return store, frontier, hashes


if __name__ == "__main__":
    main()
