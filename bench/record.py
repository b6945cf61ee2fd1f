"""The offline audit, beside the bare Ed25519 verifications that it must do, on the same cores and in one run.

A log of notices and receipts is made: each entry signed, salted and logged, naming a head of a little while before; heads every thousand
entries, cosigned by two witnesses. `detente verify`'s own audit reads it; before and after it as many processes do nothing but verify
signatures of the same acts. Both take turns, several times, since others may use the machine.

    python -m bench.record                      # 10^6 notices and 10^6 receipts: half an hour, 8 GB of disk; writes bench/RECORD.md
    python -m bench.record --notices 20000      # a minute; prints
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
AIM: Final = 1.5
AIM_MEMORY_MB: Final = 1_000
PER_HEAD: Final = 1_000
BARE: Final = 20_000  # verifications of each process in one turn
SECOND_US: Final = 1_000_000
NOON_US: Final = 1_537_185_600_000_000
WITNESSES: Final = ("a.example/witness", "b.example/witness")


def main() -> None:
    """Makes, measures, and writes what came out."""
    options = argparse.ArgumentParser()
    options.add_argument("--notices", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    options.add_argument("--folder", type=Path, help="where to keep the log that is made; a temporary one otherwise")
    options.add_argument("--audit", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.audit:
        say(json.dumps(audited(asked.audit, asked.processes)))
        return
    kept = asked.folder or Path(tempfile.mkdtemp(prefix="detente-record-"))
    try:
        page = measured(kept, asked.notices, asked.rounds, asked.processes)
    finally:
        if not asked.folder:
            shutil.rmtree(kept)
    say(page)
    if asked.notices >= 1_000_000:
        (ROOT / "bench" / "RECORD.md").write_text(page, encoding="utf-8")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# ── a log ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def make(folder: Path, notices: int) -> None:
    """Evidence of so many views of notices, and a receipt for each."""
    sys.path.insert(0, str(ROOT / "tests"))
    from detente.channel.evidence import (
        CHECKPOINT,
        ENTRIES,
        HEADER,
        PUBLIC,
        checkpoint_path,
        write_header,
        write_opening,
    )
    from detente.record.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
    from detente.record.envelope import pre_authentication_encoding
    from detente.record.leaf import leaf_data
    from detente.record.merkle import leaf_hash
    from detente.record.tiles import Frontier, TileAddress, tile_path, tiles_of
    from evidence_world import Log  # the same hand-made log that the tests bend

    log = Log(witnesses=WITNESSES)
    for party in ("A", "B"):
        log.member(party)
    log.agree()
    frontier = Frontier()
    full = {(each.level, each.number): each.hashes for each in frontier.append(log.hashes())}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkpoints").mkdir()
    (folder / PUBLIC).write_bytes(b"".join(map(write_opening, log.entries)))
    sizes = []
    signed = Acts()
    sample = (folder / "sample.jsonl").open("wb")

    def head() -> None:
        checkpoint = Checkpoint(origin_of(log.arena), frontier.size, frontier.root())
        lines = [cosign(checkpoint, name, signed.key(name), signed.now_us // SECOND_US) for name in WITNESSES]
        note = sign_checkpoint(checkpoint, log.host).signed_also(*lines)
        (folder / checkpoint_path(frontier.size)).write_bytes(note.raw)
        (folder / CHECKPOINT).write_bytes(note.raw)
        sizes.append(frontier.size)
        signed.seen = {"tree_size": frontier.size, "root_hash": checkpoint.root_hash.hex()}

    head()
    with (folder / ENTRIES).open("wb", buffering=1 << 20) as file:
        for number in range(2 * notices):
            kind, payload, signature, envelope = signed.next(number)
            salt = sha256(b"%d" % number).digest()
            position = frontier.size
            leaf = leaf_data(salt, position, signed.now_us, kind, envelope)
            for tile in frontier.append([leaf_hash(leaf)]):
                full[tile.level, tile.number] = tile.hashes
            text = json.dumps(envelope.decode())
            file.write(
                f'{{"envelope":{text},"kind":"{kind}","position":{position},"received_us":{signed.now_us},"salt":"{salt.hex()}"}}\n'.encode()
            )
            if number < BARE:
                message = pre_authentication_encoding("application/vnd.detente.act+json", payload)
                sample.write(
                    json.dumps([signed.key("AB"[number % 2]).public.text, signature.hex(), message.hex()]).encode()
                    + b"\n"
                )
            if number % PER_HEAD == PER_HEAD - 1:
                head()
    sample.close()
    head()
    for tile in tiles_of(frontier.size):
        path = folder / tile_path(TileAddress(*tile))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(full.get((tile.level, tile.number)) or bytes(frontier.rows[tile.level]))
    header = log.header(checkpoints=tuple(sorted(set(sizes))))
    (folder / HEADER).write_bytes(write_header(header))


class Acts:
    """Signed acts in turn, a view of A's and B's receipt for it: what their payloads have in common is written once."""

    def __init__(self) -> None:
        from detente.channel.acts import ReceiptBody, ViewBody
        from detente.channel.forms import plain, view_form
        from detente.channel.views import make_view
        from detente.domain import ReceiptStage, ReleaseGrids, ReleaseLevel
        from detente.record.canonical import canonical
        from evidence_world import key

        self.key, self.now_us, self.seen = key, NOON_US + 60 * SECOND_US, None
        self._canonical, self._rng = canonical, Random(5)
        self._last: dict[str, tuple[int, str | None]] = {"A": (0, None), "B": (0, None)}
        from evidence_world import a_notice

        view = make_view(
            a_notice("A"), ReleaseLevel.GENERAL, ReleaseGrids(),
            recipient="B", view_id="0" * 32, version=1, commitment="0" * 64,
        )  # fmt: skip
        receipt = ReceiptBody("0" * 32, 1, ReceiptStage.ACKNOWLEDGED, officer="duty officer")
        self._bodies = {"A": plain(ViewBody(view_form(view))), "B": plain(receipt)}
        self._templates: dict[str, list[str]] = {}

    def next(self, number: int) -> tuple[str, bytes, bytes, bytes]:
        """Kind, payload, signature and envelope."""
        from detente.record.act import Act, SeenCheckpoint, act_bytes
        from detente.record.envelope import pre_authentication_encoding

        party, other = "AB"[number % 2], "BA"[number % 2]
        kind = "view" if party == "A" else "receipt"
        sequence, previous = self._last[party]
        self.now_us += SECOND_US // 100
        if party not in self._templates:  # canonical JSON once, with places to fill in
            act = Act(
                kind,
                "levant",
                party,
                other,
                "a" * 64,
                7_777_777,
                "b" * 64,
                8_888_888,
                SeenCheckpoint(6_666_666, "c" * 64),
                None,
                self._bodies[party],
            )
            text = act_bytes(act).decode().replace("0" * 32, "{view}", 1)
            self._templates[party] = [text]
        (text,) = self._templates[party]
        key = self.key(party) if number < 2 else self._keys[party]
        if number < 2:
            self._keys = getattr(self, "_keys", {}) | {party: key}
        assert self.seen
        payload = (
            text.replace("a" * 64, key.public.id)
            .replace("7777777", str(sequence + 1))
            .replace('"' + "b" * 64 + '"', f'"{previous}"' if previous else "null")
            .replace("8888888", str(self.now_us))
            .replace("6666666", str(self.seen["tree_size"]))
            .replace("c" * 64, self.seen["root_hash"])
            .replace("{view}", sha256(b"%d" % (number // 2)).hexdigest()[:32])
            .encode()
        )
        message = pre_authentication_encoding("application/vnd.detente.act+json", payload)
        self._last[party] = (sequence + 1, sha256(message).hexdigest())
        signature = key.sign(message)
        envelope = (
            b'{"payload":"%b","payloadType":"application/vnd.detente.act+json","signatures":[{"keyid":"%b","sig":"%b"}]}'
            % (b64encode(payload), key.public.id.encode(), b64encode(signature))
        )
        return kind, payload, signature, envelope


# ── measured ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def audited(folder: Path, processes: int) -> dict[str, Any]:
    """The audit in a process of its own: its time, its memory and that of its processes."""
    from detente.channel.anchors import Anchors
    from detente.channel.audit import Audit
    from detente.interop.evidence_file import opened_evidence
    from detente.interop.examining import spread_over
    from evidence_world import spoken

    gc.set_threshold(50_000, 20, 20)  # as the command line has it
    roots = {party: spoken(_root(party)) for party in ("A", "B")}
    began = time.perf_counter()
    with opened_evidence(str(folder)) as source:
        audit = Audit(source, Anchors(roots), spread=spread_over(processes))
        count = sum(1 for _ in audit.entries())
        verdict = audit.verdict()
    took_s = time.perf_counter() - began
    assert verdict.outcome == 0, verdict.findings[:3]
    assert count == verdict.tree_size
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, child = (each.ru_maxrss / 1024 for each in used)
    return {
        "seconds": took_s,
        "entries": count,
        "signatures": count + 3 * verdict.checkpoint_count,
        "cpu_s": sum(each.ru_utime + each.ru_stime for each in used),
        "memory_mb": own + processes * child,
        "own_mb": own,
    }


def _root(party: str) -> Any:
    from evidence_world import key

    return key(f"{party} root").public


def bare_s(folder: Path, processes: int) -> tuple[float, float]:
    """Seconds that one signature takes where every process does nothing but verify, all at once: of the clock, and of a processor."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        list(pool.map(_nothing, range(processes * 2)))  # begun, and loaded
        began = time.perf_counter()
        counts = list(pool.map(_verify, [folder] * processes))
        loaded_s = max(each[1] for each in counts)
        count = sum(each[0] for each in counts)
        return (time.perf_counter() - began - loaded_s) / count, sum(each[2] for each in counts) / count


def _nothing(_: int) -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    assert ed25519
    time.sleep(0.05)


def _verify(folder: Path) -> tuple[int, float, float]:
    """How many, how long it took to read them, and a processor to verify them."""
    from base64 import b64decode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    began = time.perf_counter()
    keys: dict[str, Ed25519PublicKey] = {}
    work = []
    for line in (folder / "sample.jsonl").read_bytes().splitlines():
        name, signature, message = json.loads(line)
        key = keys.setdefault(name, Ed25519PublicKey.from_public_bytes(b64decode(name)))
        work.append((key, bytes.fromhex(signature), bytes.fromhex(message)))
    loaded_s = time.perf_counter() - began
    began = time.process_time()
    for key, signature, message in work:
        key.verify(signature, message)
    return len(work), loaded_s, time.process_time() - began


def in_turns(folder: Path, turns: int = 200) -> tuple[float, float]:
    """Processor seconds of an audited entry and of a bare verification, medians of turns of a tenth of a second each, in one process.

    What else the machine does disturbs both alike. What several processes tell each other is not in it.
    """
    from base64 import b64decode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from detente.channel.audit import Audit
    from detente.interop.evidence_file import opened_evidence

    gc.set_threshold(50_000, 20, 20)
    work = []
    for line in (folder / "sample.jsonl").read_bytes().splitlines()[:BARE]:
        name, signature, message = json.loads(line)
        work.append(
            (Ed25519PublicKey.from_public_bytes(b64decode(name)), bytes.fromhex(signature), bytes.fromhex(message))
        )
    audited_s, bare_s = [], []

    def spread(examiner: Any, pieces: Any) -> Any:
        began = time.process_time()
        for number, (first, lines) in enumerate(pieces):
            if number == turns:
                return
            found = examiner.piece(lines, first)
            yield found  # and judged
            audited_s.append((time.process_time() - began) / len(found))
            part = [work[(number * 500 + each) % len(work)] for each in range(500)]
            began = time.process_time()
            for key, signature, message in part:
                key.verify(signature, message)
            bare_s.append((time.process_time() - began) / len(part))
            began = time.process_time()

    with opened_evidence(str(folder)) as source:
        for _ in Audit(source, spread=spread).entries():
            pass
    return median(audited_s), median(bare_s)


def measured(folder: Path, notices: int, rounds: int, processes: int) -> str:
    """The page."""
    if not (folder / "checkpoint").exists():
        say(f"making {notices:,} notices and as many receipts in {folder}")
        make(folder, notices)
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    command = [sys.executable, "-m", "bench.record", "--processes", str(processes), "--audit", str(folder)]
    rows, told = [], {}
    before = bare_s(folder, processes)
    for number in range(rounds):
        ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
        told = json.loads(ran.stdout)
        after = bare_s(folder, processes)
        clock_s, cpu_s = ((one + other) / 2 * told["signatures"] for one, other in zip(before, after, strict=True))
        rows.append(Row(told["seconds"], clock_s, told["cpu_s"], cpu_s, told["memory_mb"]))
        say(
            f"round {number + 1}: {rows[-1]}; before and after, us a signature: {before[0] * 1e6:.0f}, {after[0] * 1e6:.0f}"
        )
        before = after
    page = as_markdown(rows, told, processes, (folder / "entries.jsonl").stat().st_size)
    return page + turns_as_markdown(*in_turns(folder))


def turns_as_markdown(entry_s: float, bare_s: float) -> str:
    """The same in one process, in turns."""
    return (
        f"\nIn one process, in turns of a tenth of a second, medians, of processors: an entry audited {1e6 * entry_s:.0f} µs, "
        f"a bare verification {1e6 * bare_s:.0f} µs, ratio {entry_s / bare_s:.2f} (aim ≤ 1.5: {_met(entry_s / bare_s <= AIM)}). What else the machine does disturbs both alike. "
        "Beside the signature an entry costs its JSON read and found canonical, its leaf, its act's members, its place in tree and sequence.\n"
    )


class Row(NamedTuple):
    """One audit, and the bare verifications beside it: seconds of the clock and of processors, and the audit's memory."""

    audit_s: float
    bare_s: float
    audit_cpu_s: float
    bare_cpu_s: float
    memory_mb: float


def as_markdown(rows: list[Row], told: dict[str, Any], processes: int, size: int) -> str:
    """What came out, as a page."""
    ratio = median(row.audit_s / row.bare_s for row in rows)
    cpu = median(row.audit_cpu_s / row.bare_cpu_s for row in rows)
    memory = max(row.memory_mb for row in rows)
    lines = [
        "# What an audit costs",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m bench.record`: {processes} processes on {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}. Other work ran beside it.",
        "",
        f"{told['entries']:,} entries (views of notices and receipts in turn), {size / 1e9:.1f} GB of openings in a directory, {told['signatures']:,} signatures, those on checkpoints included. The audit checks all that `detente verify` checks. Bare: as many processes that do nothing but verify signatures of the same acts (`cryptography`), measured before and after each audit.",
        "",
        "| audit, s of the clock | bare | ratio | audit, s of processors | bare | ratio | memory of all processes (aim ≤ 1 GB) |",
        "|--:|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {r.audit_s:.1f} | {r.bare_s:.1f} | {r.audit_s / r.bare_s:.2f} | {r.audit_cpu_s:.1f} | {r.bare_cpu_s:.1f} | {r.audit_cpu_s / r.bare_cpu_s:.2f} | {r.memory_mb:.0f} MB |"
            for r in rows
        ),
        "",
        f"Ratio of the clock, median: {ratio:.2f}; of processors: {cpu:.2f}. Where others use the machine, bare and audit meet it in another mood, and neither is worth much; the ratio in turns, below, is. Memory: {memory:.0f} MB {_met(memory <= AIM_MEMORY_MB)}.",
        "",
    ]
    return "\n".join(lines)


def _met(met: bool) -> str:
    return "met" if met else "**missed**"


if __name__ == "__main__":
    main()
