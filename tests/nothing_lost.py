"""Parties that go on while things die: each sends, listens and resends as a client has to, and keeps what it was told.

`check()` looks from outside, at the API and at the store, once all is quiet: whatever was acknowledged is there once, with what
follows from it, and nothing else is.
"""

import json
import random
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass
from secrets import token_hex

import httpx

from channel_world import ARENA, FULL, act_of
from detente.api.load import load_standing
from detente.channel.acts import MessageBody, PassedBody, ReceiptBody, StopBody, ViewBody
from detente.channel.deadlines import DEADLINE
from detente.channel.forms import form_from
from detente.channel.submit import answered
from detente.domain import Deadline, ReceiptStage, Rung, Step
from detente.record.envelope import from_json, to_json
from detente.record.keys import public_key_from_text
from detente.record.leaf import leaf_data
from detente.record.merkle import leaf_hash, root_at
from detente.screening import kernels
from detente.stores import open_store
from log_world import node_of
from patience import PATIENCE_S, wait_until
from sequencer_world import HOUR_US, PARTIES, plan
from served_log import Outsider

TERMS = {
    "answer_tick_ms": 0,
    "stop_within_s": 2,
    "deadlines": (Deadline(ReceiptStage.ACKNOWLEDGED, 2),),
    "ladder": (Step(Rung.ALTERNATES, 0), Step(Rung.SENDER_TOLD, 2)),
}
POSTED_AS_THEY_ARE = ("message", "stop", "view", "passed", "receipt", "alert")
MOST_NOTICES = 8
SOON_OVER_US = 20_000_000


@dataclass
class Sent:
    """A submission, and what it was answered: a status and bytes, once."""

    submission: str
    acts: list[str]
    answer: bytes | None = None
    status: int = 0

    @property
    def digests(self):
        return [from_json(act.encode()).digest for act in self.acts]


class Sender:
    """One party's client: one submission after another, each sent again under its id until it is answered."""

    def __init__(self, world, party, seed):
        self.world, self.party = world, party
        self.client = world.server.parties[party]
        self.draw = random.Random(f"{party} {seed}")
        self.http = httpx.Client(timeout=15)
        self.sent, self.resent = [], 0
        self.numbers = iter(range(10**9))
        self.failed = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), f"{self.party} was never answered"
        if self.failed:
            raise self.failed

    @property
    def acknowledged(self):
        return [sent for sent in self.sent if sent.status == 200]

    def _work(self):
        try:
            while not self._stop.is_set():
                self.act()
        except Exception as error:
            self.failed = error

    def act(self):
        kept = dict(self.client.last), dict(self.client.notices)
        envelopes = self._envelopes()
        if not envelopes:
            return
        sent = Sent(token_hex(16), [to_json(e).decode() for e in envelopes])
        self.sent.append(sent)
        sent.status, sent.answer = self.post(sent)
        if sent.status != 200:  # refused: it was never signed, as far as sequences go
            assert 400 <= sent.status < 500, (sent.status, sent.answer)
            self.client.last, self.client.notices = kept
        if self.draw.random() < 0.1 and self.acknowledged:
            self.ask_again(self.draw.choice(self.acknowledged))

    def ask_again(self, sent):
        assert self.post(sent) == (200, sent.answer)
        self.resent += 1

    def post(self, sent):
        """Asked until there is an answer; 503 says to send it again, and when."""
        body = {"submission": sent.submission, "acts": sent.acts}
        until_s = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < until_s, f"{sent.submission} was never answered"
            with suppress(httpx.TransportError):
                url = f"{self.world.server.url}/arenas/{ARENA}/submissions"
                told = self.http.post(url, headers=self.world.server.headers[self.party], json=body)
                if told.status_code not in (429, 503):
                    return told.status_code, told.content
                assert int(told.headers["retry-after"]) >= 0
                self.world.unavailable[self.party] += told.status_code == 503
            time.sleep(0.1)

    def _envelopes(self):
        now_us = time.time_ns() // 1000
        choice = self.draw.random()
        others = [name for name in PARTIES if name != self.party]
        standing = [name for name in self.client.notices if name.startswith("lasting")]
        if choice < 0.2 and len(standing) < MOST_NOTICES:
            told = self.draw.sample(others, self.draw.randint(1, 2))
            return self._notice(f"lasting {next(self.numbers)}", now_us, told)
        if choice < 0.25:  # over before long, of which nobody is told: so it meets nobody
            km_north, starts_us = 900.0 + 200.0 * PARTIES.index(self.party), now_us - HOUR_US + SOON_OVER_US
            notice = plan(self.party, f"brief {next(self.numbers)}", km_north=km_north, starts_us=starts_us)
            return self.client.submission(notice, dict.fromkeys(others, FULL))
        if choice < 0.4 and standing:
            return self._notice(self.draw.choice(standing), now_us, others)
        if choice < 0.5 and standing:
            return self.client.cancellation(self.draw.choice(standing))
        if choice < 0.7:
            return self._receipt()
        if choice < 0.75:
            return [self.client.sign("stop", self.draw.choice(others), StopBody(token_hex(16), "34N 36E", "cease"))]
        message = MessageBody("1" * 32, f"{self.party} {next(self.numbers)}")
        return [self.client.sign("message", self.draw.choice(others), message)]

    def _notice(self, reference, now_us, told):
        notice = plan(self.party, reference, km_north=self.draw.uniform(0, 40), starts_us=now_us + 24 * HOUR_US)
        return self.client.submission(notice, dict.fromkeys(told, FULL))

    def _receipt(self):
        """For the newest view it has read; it may be over by now, and is refused then."""
        views = [event for event in list(self.world.listeners[self.party].events)[-50:] if event["kind"] == "view"]
        if not views:
            return []
        sender, body = views[-1]["payload"]["sender"], act_of(views[-1]["payload"]["envelope"]).body
        view = form_from(body, ViewBody).view
        receipt = ReceiptBody(view.view_id, view.version, ReceiptStage.ACKNOWLEDGED, "night watch")
        return [self.client.sign("receipt", sender, receipt)]


class Listener:
    """One party's event stream, opened again where it stopped whenever it ends."""

    def __init__(self, world, party):
        self.world, self.party = world, party
        self.events, self.opened = [], 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self):
        self._thread.start()

    def close(self):
        self._stop.set()

    def _work(self):
        while not self._stop.is_set():
            with suppress(httpx.TransportError):
                self._listen()
            time.sleep(0.05)

    def _listen(self):
        headers = dict(self.world.server.headers[self.party])
        if self.events:
            headers["Last-Event-ID"] = self.events[-1]["cursor"]
        url = f"{self.world.server.url}/arenas/{ARENA}/events"
        with httpx.stream("GET", url, headers=headers, timeout=15) as stream:
            if stream.status_code != 200:
                return
            self.opened += 1
            kind = None
            for line in stream.iter_lines():
                kind = line.removeprefix("event: ") if line.startswith("event: ") else kind
                if line.startswith("data: ") and kind != "stop_now":  # which comes again in its place
                    self.events.append(json.loads(line.removeprefix("data: ")))
                if self._stop.is_set():
                    return


class Watcher:
    """Somebody outside who looks at the log all the time, through kills: each head has to go on from every one seen before."""

    def __init__(self, world):
        self.world, self.http, self.failed, self.looks = world, httpx.Client(timeout=15), None, 0
        told = self.http.get(f"{world.server.url}/arenas/{ARENA}/rules", headers=world.server.headers["host"]).json()
        self.outside = Outsider(self._get, ARENA, public_key_from_text(told["host_key"]))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the log was never served"
        if self.failed:
            raise self.failed

    def _work(self):
        try:
            while not self._stop.wait(0.1):
                with suppress(httpx.TransportError):
                    self.looks += self.outside.look() is not None
        except Exception as error:
            self.failed = error

    def _get(self, path):
        answer = self.http.get(f"{self.world.server.url}/arenas/{ARENA}/log/{path}")
        if answer.status_code in (429, 503):
            raise httpx.TransportError("not now")
        return None if answer.status_code == 404 else answer.raise_for_status().content

    def check(self, entries):
        """Everything committed is under the head, each entry at its place; how many heads were seen."""

        def latest():
            with suppress(httpx.TransportError):
                return self.outside.look()
            return None

        head = wait_until(latest, lambda found: found is not None and found.tree_size >= len(entries))
        leaves = self.outside.leaves(head)
        assert len(leaves) == head.tree_size
        assert root_at(head.tree_size, node_of(map(leaf_hash, leaves))) == head.root_hash
        for entry, leaf in zip(entries, leaves, strict=False):
            made = leaf_data(entry.salt, entry.position, entry.shown_us, entry.kind, entry.envelope)
            assert made == entry.leaf == leaf, f"entry {entry.position}"
        self.http.close()
        return len(self.outside.heads)


class World:
    """A server, a sender and a listener for each party; `server` need only have `url`, `headers`, `parties`, `inbox`."""

    def __init__(self, server, database_url, seed=0):
        self.server, self.database_url = server, database_url
        self.unavailable = Counter()
        self.listeners = {party: Listener(self, party) for party in PARTIES}
        self.senders = {party: Sender(self, party, seed) for party in PARTIES}
        self.watcher = None

    @property
    def acknowledged_count(self):
        return sum(len(sender.acknowledged) for sender in self.senders.values())

    def start(self):
        self.watcher = Watcher(self)
        for each in (*self.listeners.values(), *self.senders.values(), self.watcher):
            each.start()

    def wait_for_more(self, count=1):
        """Until so much more is acknowledged, and the log was looked at once more: so between any two kills."""
        wanted, looks = self.acknowledged_count + count, self.watcher.looks

        def ready():
            for each in (*self.senders.values(), self.watcher):
                if each.failed:
                    raise each.failed
            return self.acknowledged_count >= wanted and self.watcher.looks > looks

        wait_until(ready, what="nothing is acknowledged any more")

    def stop(self):
        for each in (*self.senders.values(), self.watcher):
            each.stop()

    def check(self):
        """Once nobody sends any more: waits until nothing is due, and looks at everything. Returns what it counted."""
        with closing(open_store(self.database_url)) as store:
            wait_until(lambda: not store.due_of(ARENA, DEADLINE), what="a deadline is still due")
            tick_over_us = store.now_us() + 2_000_000
            wait_until(lambda: store.now_us() > tick_over_us)
            entries = store.entries(ARENA, 0, 10**6)
            postings = {p: store.postings(ARENA, p, 0, 2**60, 10**6) for p in PARTIES}
            self._check_order(store, entries, postings)
            self._check_submissions(store, entries)
            self._check_postings(entries, postings)
            self._check_streams(postings)
            self._check_deadlines(store, entries)
            self._check_answers(store, entries, postings)
            heads_seen = self.watcher.check(entries)
        for sender in self.senders.values():
            for sent in sender.acknowledged[-20:]:
                sender.ask_again(sent)
        for each in (*self.listeners.values(), *(sender.http for sender in self.senders.values())):
            each.close()
        return {
            "acknowledged": self.acknowledged_count,
            "entries": len(entries),
            "postings": sum(map(len, postings.values())),
            "asked again": sum(sender.resent for sender in self.senders.values()),
            "streams opened": sum(listener.opened for listener in self.listeners.values()),
            "heads of the log seen": heads_seen,
        }

    def _check_order(self, store, entries, postings):
        assert [entry.position for entry in entries] == list(range(len(entries)))
        assert store.heads(ARENA).next_position == len(entries)
        moments_us = [entry.received_us for entry in entries]
        assert moments_us == sorted(moments_us)
        chains = {}
        for entry in entries:
            chains.setdefault((entry.key_id, entry.audience), []).append(entry)
        for chain in chains.values():
            assert [entry.sequence for entry in chain] == list(range(1, len(chain) + 1))
            digests = [None, *(from_json(entry.envelope).digest for entry in chain)]
            assert [act_of(entry.envelope).previous for entry in chain] == digests[:-1]
        for told in postings.values():
            assert [p.number for p in told] == list(range(1, len(told) + 1))
            for values in ([p.position for p in told], [p.tick_us for p in told]):
                assert values == sorted(values)

    def _check_submissions(self, store, entries):
        """What was acknowledged is an entry once; what was refused is none; nobody's act is there who did not send it."""
        kept = Counter(from_json(entry.envelope).digest for entry in entries)
        assert set(kept.values()) <= {1}
        for party, sender in self.senders.items():
            assert all(sent.status for sent in sender.sent)
            for sent in sender.sent:
                result = store.result(ARENA, party, sent.submission)
                if sent.status == 200:
                    assert result.payload == sent.answer
                    assert all(kept[digest] == 1 for digest in sent.digests)
                else:
                    assert result is None
                    assert not any(digest in kept for digest in sent.digests)
            acknowledged = {digest for sent in sender.acknowledged for digest in sent.digests}
            theirs = {
                from_json(e.envelope).digest for e in entries if e.party == party and e.kind not in ("propose", "sign")
            }
            assert theirs == acknowledged

    def _check_postings(self, entries, postings):
        """Whoever is to be told of an entry was told of it, once, and what it was told is what was signed."""
        told = {name: Counter((p.kind, p.position) for p in each) for name, each in postings.items()}
        enveloped = {
            (name, p.position): json.loads(p.payload)["envelope"]
            for name, each in postings.items()
            for p in each
            if p.kind in POSTED_AS_THEY_ARE
        }
        for entry in entries:
            if entry.kind in POSTED_AS_THEY_ARE:
                assert told[entry.audience][entry.kind, entry.position] == 1, entry
                assert enveloped[entry.audience, entry.position] == entry.envelope.decode()
        count = sum(entry.kind in POSTED_AS_THEY_ARE for entry in entries)
        assert len(enveloped) == count
        for name in PARTIES:
            signs = [e.position for e in entries if e.kind == "sign"]
            assert [p.position for p in postings[name] if p.kind == "sign"] == signs

    def _check_streams(self, postings):
        """Each stream, with all its interruptions, was the inbox."""
        for party, listener in self.listeners.items():
            everything = self.server.inbox(party)
            assert len(everything) == len(postings[party])
            wait_until(
                lambda seen=listener, all_=everything: len(seen.events) >= len(all_), what=f"{party} still waits"
            )
            assert listener.events == everything
            assert [p["payload"] for p in everything] == [json.loads(p.payload) for p in postings[party]]

    def _check_deadlines(self, store, entries):
        """Every step of the ladder was taken once, in order, and none is missing of a view that nobody acknowledged."""
        steps, addressed, acknowledged = {}, set(), set()
        for entry in entries:
            body = act_of(entry.envelope).body
            if entry.kind == "passed":
                told = form_from(body, PassedBody)
                steps.setdefault((told.sender, told.recipient, told.id, told.version), []).append(told.rung)
            if entry.kind == "receipt":
                acknowledged.add((entry.audience, entry.party, body["id"], body["version"]))
            if entry.kind == "stop":
                addressed.add((entry.party, entry.audience, body["stop_id"], 1))
        for held, _ in store.in_force(ARENA):
            if held.recipient:
                addressed.add((held.sender, held.recipient, held.view_id, held.version))
        ladder = [step.rung for step in TERMS["ladder"]]
        for taken in steps.values():
            assert taken == ladder[: len(taken)]
        for key in addressed - acknowledged:
            assert steps.get(key) == ladder, key

    def _check_answers(self, store, entries, postings):
        """Everybody was told the present answer of each of its notices."""
        standing = load_standing(store, ARENA, run=kernels)
        said = {from_json(entry.envelope).digest: entry.position for entry in entries}
        for party, sender in self.senders.items():
            last = {}
            for sent in sender.acknowledged:
                answer = json.loads(sent.answer)
                if "answer" in answer:
                    last[answer["notice_id"]] = max(said[d] for d in sent.digests), answer
            for posting in postings[party]:
                payload = json.loads(posting.payload)
                if posting.kind == "answer" and posting.position > last.get(payload["notice_id"], (-1, None))[0]:
                    last[payload["notice_id"]] = posting.position, payload
            world = standing.world(party)
            for view in world.own_views():
                present = answered(world.of_own(view.view_id))
                position, told = last[view.view_id]
                assert {name: told[name] for name in present} == present, (party, view.view_id, position)
