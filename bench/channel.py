"""The channel as it is served: durable submissions into one busy cell, beside the same path committing each by itself.

A process serves over HTTP on loopback, signatures verified, on SQLite or PostgreSQL with everything durable; clients in two other
processes send what they signed beforehand, one after another, each waiting for its answer. Group commit and single commit take turns
in one run. Beside them: the database's bare rate of commits, p99 with many active volumes, and how soon an event is with everybody.

    python -m bench.channel            # minutes; writes bench/CHANNEL.md

Server, clients and database share the machine's cores, as they would on one machine; rates are what is left for each.
"""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import multiprocessing as mp
import os
import platform
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from secrets import token_bytes
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # the PostgreSQL that tests start

ARENA: Final = "bench"
CLIENTS: Final = 32
EACH: Final = 40  # submissions of a client in one round
ROUNDS: Final = 3
OFTEN: Final = 300  # submissions measured one by one
PER_NOTICE: Final = 1_000  # volumes of a notice that fills the arena
COUNTS: Final = (10_000, 1_000_000)
LISTENERS: Final = 1_000
COLLECT_AT: Final = (50_000, 20, 20)  # as the command sets it (detente.cli)
TAKEN_OVER: Final = 100_000  # active volumes
PER_NOTICE_TAKEN_OVER: Final = 10  # few: each notice is read again from its envelope


WHERE_IT_GOES: Final = (
    "A submission costs mostly what Python does to it: two signatures verified, canonical JSON checked, views decoded, two indexes changed. "
    "The floor is the processor, shared with the clients, and not the disk: that is what one commit for many can save."
)


def main() -> None:
    """Runs, and writes what came out; `python -m bench.channel takeover` runs that alone, and prints it."""
    if sys.argv[1:] == ["takeover"]:
        say("\n".join(takeover()))
        return
    told = ["# What the channel does in a second", "", *machine(), ""]
    told += ["## Into one busy cell", "", *busy_cell(), ""]
    told += ["## With many volumes active", "", *many_active(), ""]
    told += ["## When the worker that decides is killed", "", *takeover(), ""]
    told += ["## An event, to everybody who listens", "", *listeners(), ""]
    told += [WHERE_IT_GOES, ""]
    (ROOT / "bench" / "CHANNEL.md").write_text("\n".join(told), encoding="utf-8")


def machine() -> list[str]:
    """On what it was measured."""
    return [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m bench.channel`: {os.cpu_count()} cores, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}. Server, clients and database share the cores."
    ]


# ── parties, and what they sign beforehand ───────────────────────────────────────────────────────────────────────────


@dataclass
class Party:
    """A party of the bench: its keys, and what it has ready to send."""

    name: str
    number: int

    def __post_init__(self) -> None:
        from detente.record.keys import SigningKey

        self.root = SigningKey(sha256(f"root {self.name}".encode()).digest())
        self.first_key = SigningKey(sha256(f"first {self.name}".encode()).digest())  # signs what sets the arena up
        self.key = SigningKey(sha256(f"officer {self.name}".encode()).digest())
        self.signer: Any = None
        self.rng = Random(self.number)
        self.numbers = count()

    def statements(self) -> tuple[str, ...]:
        from detente.record.envelope import to_json
        from detente.record.key_history import Enrolment, Founding, Statement, found, sign_statement

        founding = sign_statement(Statement(self.name, 0, None, 0, Founding(self.root.public, None, None)), self.root)
        told, history = [founding], found(founding)
        for key in (self.first_key, self.key):
            told.append(
                sign_statement(history.next(Enrolment(key.public, "bench", 1, None, None), made_at_us=1), self.root)
            )
            history = history.then(told[-1])
        return tuple(to_json(each).decode() for each in told)

    def submission(self, recipient: str, volumes: int = 1) -> bytes:
        """The body of a request with one notice, released in full to one recipient."""
        from detente.client import Signer, prepare, submission_id
        from detente.domain import Activity, Notice, ReleaseGrids, ReleaseLevel
        from detente.record.envelope import to_json

        if self.signer is None:
            clock = lambda: time.time_ns() // 1_000  # noqa: E731
            self.signer = Signer(self.key, arena=ARENA, party=self.name, lasts={}, clock_us=clock)
        plan = tuple(self.volume() for _ in range(volumes))
        notice = Notice(f"N{next(self.numbers)}", self.name, Activity.AIR_OPERATION, plan)
        made = prepare(
            notice, {recipient: ReleaseLevel.FULL}, signer=self.signer, grids=ReleaseGrids(), draw=token_bytes
        )
        acts = [to_json(each).decode() for each in made.envelopes]
        return json.dumps({"submission": submission_id(made.envelopes), "acts": acts}).encode()

    def volume(self) -> Any:
        """Somewhere in one cell of some 16 km, for ten minutes of the next ninety days, in one of sixty levels."""
        from detente.domain import AltitudeBand, Circle, Position, TimeWindow, Volume4D, flight_level

        rng = self.rng
        where = Circle(Position(34.0 + rng.random() * 0.05, 36.0 + rng.random() * 0.05), 500.0)
        level = rng.randrange(60) * 10
        start_us = time.time_ns() // 1_000 + 3_600_000_000 + rng.randrange(90 * 144) * 600_000_000
        return Volume4D(
            where,
            AltitudeBand(flight_level(level), flight_level(level + 5)),
            TimeWindow(start_us, start_us + 540_000_000),
        )


def recipient_of(names: list[str], number: int) -> str:
    """The party after."""
    return names[(number + 1) % len(names)]


# ── the server ───────────────────────────────────────────────────────────────────────────────────────────────────────


def serve(url: str, names: list[str], most_at_once: int, ready: Any) -> None:
    """A process: the arena made and its understanding in force, then HTTP until it is killed."""
    import uvicorn

    from detente.api.app import create_app
    from detente.api.sequencer import Host, Sequencer, Statement
    from detente.api.tokens import RateLimit, TokenRole, new_token
    from detente.api.warm import warm_kernels
    from detente.channel.acts import MemberBody
    from detente.domain import PartyKind
    from detente.record.keys import SigningKey
    from detente.stores import open_store

    gc.set_threshold(*COLLECT_AT)
    warm_kernels()
    store = open_store(url)
    store.create_arena(ARENA, store.now_us())
    host = Host(SigningKey(b"h" * 32), ARENA, store.now_us)
    sequencer = Sequencer(
        store, host, holder=f"{os.getpid()}", address="", salts=iter(lambda: token_bytes(32), b""),
        most_at_once=most_at_once,
    )  # fmt: skip
    sequencer.start()
    parties = [Party(name, number) for number, name in enumerate(names)]
    for party in parties:
        body = MemberBody(party.name, PartyKind.ARMED_FORCE, party.statements())
        sequencer.submit(Statement("member", body)).result(60)
    agree(store, sequencer, parties)
    tokens = {}
    for party in parties:
        text, kept = new_token(
            token_bytes(32), arena=ARENA, party=party.name, role=TokenRole.OFFICER, officer="",
            now_us=store.now_us(), valid_for_s=86_400,
        )  # fmt: skip
        store.add_token(kept)
        tokens[party.name] = text
    app = create_app(
        store, {ARENA: sequencer}, host_key=host.key.public, cursor_key=b"c" * 64, rate_limit=RateLimit(1e9, 1e9)
    )
    config = uvicorn.Config(app, port=0, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    tell_port(server, lambda port: ready.put((port, tokens)))
    server.run()


def agree(store: Any, sequencer: Any, parties: list[Party]) -> None:
    """An understanding of all parties, with quotas that hold the bench and answers that leave at once."""
    from detente.api.load import load_registry
    from detente.api.sequencer import Submission
    from detente.channel.acts import ProposeBody, SignBody, open_acts
    from detente.channel.agreements import PAYLOAD_TYPE, payload
    from detente.client import Signer
    from detente.domain import Minima, MinimaRule, Quota, Terms, Understanding
    from detente.record.envelope import sign, to_json

    registry = load_registry(store, ARENA)
    terms = Terms(
        parties=tuple(registry.agreements.members.values()),
        quota=Quota(active_volumes=10_000_000, volume_hours=1_000_000_000),
        answer_tick_ms=0,
    )
    raw = payload(
        ARENA, Understanding("bench", "1", (MinimaRule("all", Minima(500.0, 100.0, 60.0)),), terms=terms), None
    )

    signers = {p.name: Signer(p.first_key, arena=ARENA, party=p.name, lasts={}, clock_us=store.now_us) for p in parties}

    def announce(party: Party, kind: str, body: Any) -> None:
        signer = signers[party.name]
        acts = open_acts(
            [to_json(signer.sign(kind, "", body))], registry.keys, arena=ARENA, party=party.name, now_us=store.now_us()
        )
        sequencer.submit(Submission(party.name, token_bytes(16).hex(), acts)).result(60)

    announce(parties[0], "propose", ProposeBody(raw.decode()))
    for party in parties:
        announce(party, "sign", SignBody(to_json(sign(raw, PAYLOAD_TYPE, party.root)).decode()))


@contextmanager
def server(url: str, names: list[str], most_at_once: int = 256) -> Any:
    """A served arena: its port and tokens."""
    context = mp.get_context("spawn")
    ready = context.Queue()
    process = context.Process(target=serve, args=(url, names, most_at_once, ready))
    process.start()
    try:
        yield ready.get(timeout=300)
    finally:
        process.kill()
        process.join()


@contextmanager
def database(kind: str) -> Any:
    """A fresh database, durable: what it says is committed is on its disk."""
    if kind == "SQLite":
        with tempfile.TemporaryDirectory(dir=ROOT) as folder:
            yield f"sqlite:///{folder}/channel.db"
        return
    import postgres_server

    postgres_server.SETTINGS["fsync"] = "on"
    running = postgres_server.PostgresServer()
    running.start()
    try:
        yield running.new_database()
    finally:
        running.remove()


# ── the clients ──────────────────────────────────────────────────────────────────────────────────────────────────────


def send_all(port: int, work: list[tuple[str, list[bytes]]], start: Any, done: Any) -> None:
    """A process: a thread a client, each with a connection of its own; tells when it began, ended, and how long each took."""
    took: list[float] = []
    failed: list[str] = []

    def client(token: str, bodies: list[bytes]) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for body in bodies:
            began_s = time.perf_counter()
            line.request("POST", f"/arenas/{ARENA}/submissions", body, {"Authorization": f"Bearer {token}"})
            answer = line.getresponse()
            said = answer.read()
            took.append(time.perf_counter() - began_s)
            if answer.status != 200:
                failed.append(said.decode()[:200])

    threads = [threading.Thread(target=client, args=each) for each in work]
    start.wait()
    began_s = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.put((began_s, time.time(), took, failed))


def rate(port: int, tokens: dict[str, str], parties: list[Party], each: int) -> tuple[float, float]:
    """Submissions a second of all clients together, and the p99 of one in milliseconds."""
    names = [party.name for party in parties]
    work = [
        (tokens[party.name], [party.submission(recipient_of(names, party.number)) for _ in range(each)])
        for party in parties
    ]
    context = mp.get_context("spawn")
    start, done = context.Event(), context.Queue()
    clients = [context.Process(target=send_all, args=(port, half, start, done)) for half in (work[::2], work[1::2])]
    for client in clients:
        client.start()
    time.sleep(2.0)
    start.set()
    results = [done.get(timeout=600) for _ in clients]
    for client in clients:
        client.join()
    failed = [f for *_, failures in results for f in failures]
    assert not failed, failed[:3]
    lasted_s = max(r[1] for r in results) - min(r[0] for r in results)
    took = sorted(t for r in results for t in r[2])
    return len(took) / lasted_s, 1_000 * took[int(0.99 * len(took))]


def bare_commits(url: str) -> float:
    """Commits a second of one small row each, through the same store, by nobody but us."""
    from detente.channel.batch import Batch, Due
    from detente.stores import open_store

    store = open_store(url)
    store.create_arena("bare", 0)
    lease = store.take_lease("bare", "bench", "", 60.0)
    assert lease
    began_s, done = time.perf_counter(), 0
    while time.perf_counter() - began_s < 3.0:
        done += 1
        store.commit(lease, Batch(due=(Due(f"bench/{done}", "bench", 0, b"{}"),)))
    rate = done / (time.perf_counter() - began_s)
    store.close()
    return rate


def busy_cell() -> list[str]:
    """Group commit beside single commit, by turns, on both stores."""
    told = [
        f"{CLIENTS} clients, each a party, one submission at a time: two acts, one volume, released to one other. All volumes lie in one cell.",
        "",
        "| store | group commit, a second | p99 | each by itself, a second | p99 | ratio (aim ≥ 2.0) | bare commits, a second |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    names = [f"P{k:02}" for k in range(CLIENTS)]
    for kind in ("SQLite", "PostgreSQL"):
        rates: dict[int, list[tuple[float, float]]] = {256: [], 1: []}
        for most in [256, 1] * ROUNDS:
            with database(kind) as url, server(url, names, most) as (port, tokens):
                parties = [Party(name, number) for number, name in enumerate(names)]
                rates[most].append(rate(port, tokens, parties, EACH))
                say(f"{kind}, {most} at once: {rates[most][-1]}")
        with database(kind) as url:
            bare = bare_commits(url)
        group, single = (median(r for r, _ in rates[most]) for most in (256, 1))
        p99 = [median(p for _, p in rates[most]) for most in (256, 1)]
        told.append(
            f"| {kind} | {group:.0f} | {p99[0]:.0f} ms | {single:.0f} | {p99[1]:.0f} ms | {group / single:.2f} {verdict(group / single >= 2.0)} | {bare:.0f} |"
        )
    return told


def many_active() -> list[str]:
    """One submission after another, of one volume, where few and where many are active; on SQLite."""
    told = [
        f"One client, one submission after another, each answered before the next; {OFTEN} of them. What is active was submitted the same "
        f"way, {PER_NOTICE} volumes a notice, each known to two parties.",
        "",
        "| active volumes | p50 | p99 | p99, times that of the first (aim ≤ 2) |",
        "|--:|--:|--:|--:|",
    ]
    names, first = [f"P{k}" for k in range(8)], 0.0
    for active in COUNTS:
        with database("SQLite") as url, server(url, names) as (port, tokens):
            parties = [Party(name, number) for number, name in enumerate(names)]
            fill(port, tokens, parties, active)
            last = parties[-1]
            took = sorted(one_by_one(port, tokens[last.name], [last.submission(names[0]) for _ in range(OFTEN)]))
        p50, p99 = (1_000 * took[int(q * len(took))] for q in (0.5, 0.99))
        first = first or p99
        say(f"{active} active: {p50:.1f} ms, {p99:.1f} ms")
        told.append(f"| {active:,} | {p50:.1f} ms | {p99:.1f} ms | {p99 / first:.2f} {verdict(p99 <= 2 * first)} |")
    return told


def takeover() -> list[str]:
    """How long one who asks at another worker waits, when the one that decides is killed with much active; on PostgreSQL."""
    names = [f"P{k}" for k in range(8)]
    parties = [Party(name, number) for number, name in enumerate(names)]
    last = parties[-1]
    with database("PostgreSQL") as url:
        with server(url, names) as (port, tokens):
            fill(port, tokens, parties, TAKEN_OVER, PER_NOTICE_TAKEN_OVER)
            context = mp.get_context("spawn")
            ready = context.Queue()
            follower = context.Process(target=follow, args=(url, ready))
            follower.start()
            other_port = ready.get(timeout=300)
            began_s = time.perf_counter()
        try:
            one_by_one(other_port, tokens[last.name], [last.submission(names[0])], patient=True)
            took_s = time.perf_counter() - began_s
        finally:
            follower.kill()
            follower.join()
    say(f"taken over with {TAKEN_OVER} active after {took_s:.1f} s")
    return [
        f"{TAKEN_OVER:,} volumes active, {PER_NOTICE_TAKEN_OVER} a notice, each known to two parties; PostgreSQL. From `kill -9` of the worker that "
        f"decides to the answer of a submission sent to the other: {took_s:.1f} s, of which 4 s are the lease (aim ≤ 10 s: {verdict(took_s <= 10)})."
    ]


def follow(url: str, ready: Any) -> None:
    """A process: another worker on an arena that is there."""
    import uvicorn

    from detente.api.app import create_app
    from detente.api.sequencer import Host, Sequencer
    from detente.api.tokens import RateLimit
    from detente.api.warm import warm_kernels
    from detente.record.keys import SigningKey
    from detente.stores import open_store

    gc.set_threshold(*COLLECT_AT)
    warm_kernels()
    store = open_store(url)
    host = Host(SigningKey(b"h" * 32), ARENA, store.now_us)
    salts = iter(lambda: token_bytes(32), b"")
    sequencer = Sequencer(store, host, holder=f"{os.getpid()}", address="", salts=salts)
    sequencer.start()
    app = create_app(
        store, {ARENA: sequencer}, host_key=host.key.public, cursor_key=b"c" * 64, rate_limit=RateLimit(1e9, 1e9)
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
    tell_port(server, lambda port: ready.put(port))
    server.run()


def tell_port(server: Any, tell: Any) -> None:
    """Tells at which port a server listens, once it does."""

    def wait() -> None:
        while not server.started:
            time.sleep(0.01)
        tell(server.servers[0].sockets[0].getsockname()[1])

    threading.Thread(target=wait, daemon=True).start()


def fill(port: int, tokens: dict[str, str], parties: list[Party], active: int, per_notice: int = PER_NOTICE) -> None:
    """So many volumes active, of all parties but the last."""
    names = [party.name for party in parties]
    for number in range(active // per_notice):
        party = parties[number % (len(parties) - 1)]
        one_by_one(port, tokens[party.name], [party.submission(recipient_of(names, party.number), per_notice)])


def one_by_one(port: int, token: str, bodies: list[bytes], *, patient: bool = False) -> list[float]:
    """How long each took, in seconds. `patient`: what is answered 503 is sent again."""
    line, took = http.client.HTTPConnection("127.0.0.1", port, timeout=300), []
    for body in bodies:
        began_s = time.perf_counter()
        while True:
            line.request("POST", f"/arenas/{ARENA}/submissions", body, {"Authorization": f"Bearer {token}"})
            answer = line.getresponse()
            said = answer.read()
            if not (patient and answer.status == 503):
                break
        took.append(time.perf_counter() - began_s)
        assert answer.status == 200, said[:300]
    return took


def listeners() -> list[str]:
    """One message, and when each of a thousand streams of its recipient has it."""
    names = ["P0", "P1"]
    with database("SQLite") as url, server(url, names) as (port, tokens):
        sender = Party("P0", 0)
        since_answer, since_tick = [], []
        for _ in range(5):
            answered_s, heard_s = asyncio.run(heard(port, tokens, sender))
            since_answer.append(heard_s - answered_s)
            since_tick.append(heard_s - min(heard_s, float(-(-answered_s // 1))))
            say(f"{LISTENERS} listeners: the last after {since_answer[-1]:.2f} s, {since_tick[-1]:.2f} s from the tick")
    return [
        f"{LISTENERS:,} streams of one party, one notice, {len(since_tick)} times. The last stream had its event {median(since_tick):.2f} s "
        f"(median; {max(since_tick):.2f} s at worst) after the tick at which it might leave, and {median(since_answer):.2f} s "
        f"({max(since_answer):.2f} s at worst) after the sender was answered. Ticks are whole seconds here: of what was agreed, not of the server. "
        "The aim is 1 s after the commit."
    ]


async def heard(port: int, tokens: dict[str, str], sender: Party) -> tuple[float, float]:
    """When the sender was answered, and when the last listener had the event."""
    streams = [await opened(port, tokens["P1"]) for _ in range(LISTENERS)]
    await asyncio.gather(*(until_quiet(reader) for reader, _ in streams))
    body = sender.submission("P1")
    await asyncio.to_thread(one_by_one, port, tokens["P0"], [body])
    answered_s = time.time()
    arrivals = await asyncio.gather(*(arrival(reader) for reader, _ in streams))
    for _, writer in streams:
        writer.close()
    return answered_s, max(arrivals)


async def opened(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream, its head read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /arenas/{ARENA}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def until_quiet(reader: asyncio.StreamReader) -> None:
    """Reads what was before."""
    while True:
        try:
            if not await asyncio.wait_for(reader.read(1 << 20), 3.0):
                return
        except TimeoutError:
            return


async def arrival(reader: asyncio.StreamReader) -> float:
    """When the next view is there."""
    got = b""
    while b"event: view" not in got:
        more = await asyncio.wait_for(reader.read(1 << 16), 60.0)
        assert more
        got += more
    return time.time()


def verdict(met: bool) -> str:
    """Whether an aim was met."""
    return "met" if met else "**missed**"


def say(line: str) -> None:
    """Progress."""
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main()
