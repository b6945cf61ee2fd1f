"""Batches for the stores' tests, each of which says in its own entries what it should consist of, so that half of one shows."""

import json
from collections import Counter
from dataclasses import replace
from functools import partial
from hashlib import sha256

from detente.channel.batch import (
    NEVER_US,
    Batch,
    Closed,
    Due,
    Ended,
    Entry,
    Heads,
    Held,
    OpenItem,
    Posting,
    Reached,
    Result,
)
from detente.record.leaf import leaf_data

ARENA = "levant"
EMPTY = Heads(0, {})


def an_entry(position, *, key_id="key", audience="", sequence=None, envelope=b"envelope", kind="notice"):
    salt = sha256(position.to_bytes(8, "big")).digest()
    sequence = sequence or position + 1
    leaf = leaf_data(salt, position, 1000 + position, kind, envelope)
    return Entry(
        position, 1000 + position, kind, "A", key_id, audience, sequence, envelope, salt, leaf, 1000 + position
    )


def a_posting(recipient, number, *, tick_us=0, position=0, payload=b"payload"):
    return Posting(recipient, number, "notice", payload, tick_us, position)


def a_held(position, *, view_id="v", version=1, sender="A", recipient="B", ended_position=None, shown_us=0):
    return Held(view_id, version, sender, recipient, "full", -(2**61), 2**61, position, ended_position, shown_us)


def the_end(held, ended_position):
    return Ended(held.sender, held.view_id, held.version, held.recipient, ended_position, 1000 + ended_position)


def a_due(subject, due_us, *, kind="deadline"):
    return Due(subject, kind, due_us, subject.encode())


def an_item(subject, *, party="A", urgency=2, shown_us=0, due_us=NEVER_US):
    return OpenItem(party, subject, "notice", urgency, shown_us, due_us, subject.encode())


def the_close(subject, closed_us, *, party="A"):
    return Closed(party, subject, closed_us)


def got_to(held, stage):
    return Reached(held.sender, held.view_id, held.version, held.recipient, stage)


def a_result(submission, *, party="A"):
    return Result(party, submission, sha256(submission.encode()).digest(), b"answer to " + submission.encode())


def a_turn(heads, size, *, holder="h", epoch=1, recipients=("B", "C"), padding=b""):
    """A batch that goes on from `heads`: `size` entries, a posting to each recipient about each of them, and a result each."""
    positions = range(heads.next_position, heads.next_position + size)
    said = {"turn": heads.turns, "size": size, "first": heads.next_position, "holder": holder, "epoch": epoch}
    envelope = json.dumps(said).encode() + padding
    entries = tuple(an_entry(position, envelope=envelope) for position in positions)
    postings = tuple(
        a_posting(recipient, heads.next_numbers.get(recipient, 1) + index, position=position)
        for recipient in recipients
        for index, position in enumerate(positions)
    )
    held = tuple(a_held(position, view_id=f"v{position}") for position in positions)
    results = tuple(a_result(f"s{position}") for position in positions)
    return Batch(entries, postings, held=held, due=tuple(a_due(f"d{p}", p) for p in positions), results=results)


def after(heads, batch):
    """Where an arena stands after a batch."""
    numbers = dict(heads.next_numbers)
    for posting in batch.postings:
        numbers[posting.recipient] = posting.number + 1
    return Heads(heads.next_position + len(batch.entries), numbers, heads.turns + 1)


def check(store, arena=ARENA):
    """Looks at an arena of `a_turn`s from outside: nothing missing, nothing twice, no turn in part. Returns its heads."""
    heads = store.heads(arena)
    entries = store.entries(arena, 0, 10**6)
    assert [entry.position for entry in entries] == list(range(heads.next_position))
    said = [json.loads(entry.envelope.split(b"}")[0] + b"}") for entry in entries]
    sizes = Counter(each["first"] for each in said)
    for entry, each in zip(entries, said, strict=True):
        assert each["first"] <= entry.position < each["first"] + each["size"]
        assert sizes[each["first"]] == each["size"]
    for position in range(0, heads.next_position, 1 + heads.next_position // 50):
        assert store.result(arena, "A", f"s{position}") == a_result(f"s{position}")
    assert len(sizes) == heads.turns == (said[-1]["turn"] + 1 if said else 0)
    epochs = [each["epoch"] for each in said]
    assert epochs == sorted(epochs)
    assert len({(each["epoch"], each["holder"]) for each in said}) == len(set(epochs))
    for recipient, next_number in heads.next_numbers.items():
        postings = store.postings(arena, recipient, 0, 0, 10**6)
        assert [posting.number for posting in postings] == list(range(1, next_number))
        assert [posting.position for posting in postings] == list(range(heads.next_position))
    assert [held.position for held, _ in store.in_force(arena)] == list(range(heads.next_position))
    assert len(store.due(arena, 10**9, 10**6)) == heads.next_position
    return heads


class Model:
    """The slow, obvious store of one arena: lists."""

    def __init__(self):
        self.entries, self.postings, self.held, self.due, self.results = [], [], {}, {}, {}
        self.items = []  # each with when it closed

    def commit(self, batch):
        self.entries += batch.entries
        self.postings += batch.postings
        for held in batch.held:
            self.held[held.sender, held.view_id, held.recipient, held.version] = held
        for got in batch.reached:
            key = got.sender, got.view_id, got.recipient, got.version
            self.held[key] = replace(self.held[key], stage=got.stage)
        for end in batch.ended:
            key = end.sender, end.view_id, end.recipient, end.version
            self.held[key] = replace(self.held[key], ended_position=end.ended_position, ended_us=end.ended_us)
        for subject in batch.done:
            self.due.pop(subject, None)
        self.due |= {due.subject: due for due in batch.due}
        for close in batch.closed:
            self.items = [row for row in map(partial(_closed, close), self.items) if row]
        for item in batch.opened:
            key = item.party, item.subject, item.shown_us
            self.items = [row for row in self.items if (row[0].party, row[0].subject, row[0].shown_us) != key]
            self.items.append((item, NEVER_US))
        self.results |= {(result.party, result.submission): result for result in batch.results}

    def last_sequences(self):
        last = {}
        for entry in self.entries:
            key = entry.key_id, entry.audience
            last[key] = max(last.get(key, entry.sequence), entry.sequence)
        return last

    def open_items(self):
        standing = [item for item, closed_us in self.items if closed_us == NEVER_US]
        return sorted(standing, key=lambda item: (item.party, item.subject))

    def open_items_of(self, party, at_us, most_urgency=100):
        stood = [
            item
            for item, closed_us in self.items
            if item.party == party and item.shown_us <= at_us < closed_us and item.urgency <= most_urgency
        ]
        return sorted(stood, key=lambda item: (item.urgency, item.due_us, item.shown_us, item.subject))

    def in_force(self):
        return {held for held in self.held.values() if held.ended_position is None}

    def held_at(self, position, recipient=None):
        stood = (
            replace(held, ended_position=None, ended_us=None, stage="received")
            for held in self.held.values()
            if held.position <= position
            and (held.ended_position is None or held.ended_position > position)
            and recipient in (None, held.recipient)
        )
        return sorted(stood, key=lambda h: (h.position, h.sender, h.view_id, h.recipient, h.version))

    def versions(self, recipient, sender, until_us, in_force):
        seen = (
            replace(
                held,
                ended_position=None,
                ended_us=held.ended_us if _by(held.ended_us, until_us) else None,
                stage="received",
            )
            for held in self.held.values()
            if held.recipient == recipient and sender in (None, held.sender) and held.shown_us <= until_us
        )
        found = sorted((h for h in seen if not in_force or h.ended_us is None), key=lambda h: (h.position, h.sender))
        return [(h, self.entries[h.position].envelope) for h in found]


def _closed(close, row):
    item, closed_us = row
    if (item.party, item.subject) != (close.party, close.subject):
        return row
    if item.shown_us >= close.closed_us:
        return None  # nobody has seen it
    return item, min(closed_us, close.closed_us) if closed_us == NEVER_US else closed_us


def _by(moment_us, until_us):
    return moment_us is not None and moment_us <= until_us
