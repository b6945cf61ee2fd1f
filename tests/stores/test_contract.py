"""One contract, both stores: what `detente.channel.store.Store` says, as claims."""

import re
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import fields, replace
from itertools import count, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.channel.batch import NEVER_US, Batch, Cosigned, Due, Entry, Heads, Held, KeptCheckpoint, Posting, Result
from detente.channel.tokens import Token
from detente.domain import LeaseLost, Malformed, NoSuchArena, NotUnderstood, OutOfStep, StoreUnavailable
from detente.record.tiles import FullTile
from detente.stores import open_store
from detente.stores.migrations import migrations, pending
from store_world import (
    ARENA,
    EMPTY,
    Model,
    a_due,
    a_held,
    a_posting,
    a_result,
    a_turn,
    after,
    an_entry,
    an_item,
    check,
    got_to,
    the_close,
    the_end,
)

A_MINUTE = 60.0


@pytest.fixture
def lease(store):
    return store.take_lease(ARENA, "h", "10.0.0.1:8000", A_MINUTE)


# ── arenas and leases ────────────────────────────────────────────────────────────────────────────────────────────────


def test_creating_an_arena_again_leaves_it_as_it_is(store, lease):
    store.commit(lease, a_turn(EMPTY, 3))
    store.create_arena(ARENA, 2)
    store.create_arena("aegean", 3)
    assert store.arenas() == ("aegean", ARENA)
    assert store.heads(ARENA).next_position == 3


def test_an_arena_that_was_never_created_is_refused_by_name(store):
    for asked in (store.heads, lambda name: store.take_lease(name, "h", "", 1)):
        with pytest.raises(NoSuchArena, match="atlantis"):
            asked("atlantis")
    assert store.lease("atlantis") is None


def test_a_lease_that_runs_is_nobody_elses(store, lease):
    assert store.take_lease(ARENA, "other", "", A_MINUTE) is None
    assert store.lease(ARENA) == lease
    assert (lease.arena, lease.holder, lease.epoch, lease.address) == (ARENA, "h", 1, "10.0.0.1:8000")
    assert 0 < lease.expires_us - store.now_us() <= A_MINUTE * 1e6


def test_a_lease_that_ran_out_is_anybodys_and_the_epoch_rises(store):
    first = store.take_lease(ARENA, "h", "a", 0.05)
    time.sleep(0.1)
    assert store.lease(ARENA) is None
    second = store.take_lease(ARENA, "other", "b", A_MINUTE)
    assert (second.epoch, second.holder, second.address) == (first.epoch + 1, "other", "b")


def test_a_lease_is_renewed_by_its_holder_and_nobody_else(store, lease):
    renewed = store.renew_lease(lease, 2 * A_MINUTE)
    assert renewed == replace(lease, expires_us=renewed.expires_us)
    assert renewed.expires_us > lease.expires_us
    for forged in (replace(lease, holder="other"), replace(lease, epoch=lease.epoch + 1)):
        with pytest.raises(LeaseLost):
            store.renew_lease(forged, A_MINUTE)


def test_a_lease_given_back_is_free_at_once_and_writes_no_more(store, lease):
    store.release_lease(lease)
    assert store.lease(ARENA) is None
    with pytest.raises(LeaseLost, match="nobody holds it"):
        store.commit(lease, a_turn(EMPTY, 1))
    assert store.take_lease(ARENA, "other", "", A_MINUTE).epoch == lease.epoch + 1
    store.release_lease(lease)
    assert store.lease(ARENA).holder == "other"


def test_a_holder_that_starts_anew_takes_its_own_lease_and_shuts_its_old_self_out(store, lease):
    again = store.take_lease(ARENA, "h", "", A_MINUTE)
    assert again.epoch == lease.epoch + 1
    with pytest.raises(LeaseLost):
        store.commit(lease, a_turn(EMPTY, 1))
    store.commit(again, a_turn(EMPTY, 1))


def test_a_holder_whose_lease_ran_out_goes_on_until_somebody_takes_over(store):
    slow = store.take_lease(ARENA, "h", "", 0.01)
    time.sleep(0.05)
    store.commit(slow, a_turn(EMPTY, 1))
    other = store.take_lease(ARENA, "other", "", A_MINUTE)
    stands = store.heads(ARENA)
    for stale in (
        lambda: store.commit(slow, a_turn(stands, 1)),
        lambda: store.renew_lease(slow, A_MINUTE),
        lambda: store.settle(slow),
    ):
        with pytest.raises(LeaseLost, match="'other' holds epoch 2"):
            stale()
    assert store.heads(ARENA) == stands
    store.commit(other, a_turn(stands, 1, epoch=2, holder="other"))
    check(store)


def test_threads_that_race_for_a_lease_never_hold_it_two_at_a_time(store):
    """Each commits under what it took until it is refused. An epoch has one holder, and no entry of an epoch follows a later one's."""
    wrote = []

    def race(name):
        for _ in range(12):
            lease = store.take_lease(ARENA, name, "", 0.004)
            for _ in range(6 if lease else 0):
                heads = store.heads(ARENA)
                try:
                    store.commit(lease, a_turn(heads, 2, holder=name, epoch=lease.epoch))
                    wrote.append(heads.turns)
                except (LeaseLost, OutOfStep):
                    break
                time.sleep(0.003)

    threads = [threading.Thread(target=race, args=(f"t{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wrote) == list(range(check(store).turns))


# ── commit ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_committed_is_read_back_as_it_was(store, lease):
    batch = Batch(
        (an_entry(0, envelope=bytes(range(256))), an_entry(1, audience="B", sequence=1)),
        (a_posting("B", 1, tick_us=5, position=1), a_posting("אבגד", 1, payload=b"")),
        (a_held(0), a_held(1, view_id="w", recipient="")),
        due=(a_due("s", -5),),
        results=(a_result("one"),),
    )
    store.commit(lease, batch)
    assert store.entries(ARENA, 0, 10) == list(batch.entries)
    assert store.entry(ARENA, 1) == batch.entries[1]
    assert store.entry(ARENA, 2) is None
    assert store.postings(ARENA, "B", 0, 5, 10) == [batch.postings[0]]
    assert store.postings(ARENA, "אבגד", 0, 5, 10) == [batch.postings[1]]
    assert list(store.in_force(ARENA)) == [(h, e.envelope) for h, e in zip(batch.held, batch.entries, strict=True)]
    assert store.due(ARENA, 0, 10) == list(batch.due)
    assert store.result(ARENA, "A", "one") == batch.results[0]
    assert store.result(ARENA, "B", "one") is None
    assert store.heads(ARENA) == Heads(2, {"B": 2, "אבגד": 2}, 1)
    assert store.last_acts(ARENA) == list(batch.entries)


def test_arenas_know_nothing_of_each_other(store, lease):
    store.create_arena("aegean", 1)
    other = store.take_lease("aegean", "h", "", A_MINUTE)
    store.commit(lease, a_turn(EMPTY, 2))
    store.commit(other, a_turn(EMPTY, 3))
    assert [store.heads(arena).next_position for arena in (ARENA, "aegean")] == [2, 3]
    assert check(store) == store.heads(ARENA)
    assert check(store, "aegean") == store.heads("aegean")


def test_a_batch_of_nothing_counts_as_a_turn(store, lease):
    store.commit(lease, Batch())
    assert store.heads(ARENA) == Heads(0, {}, 1)


FIRST = Batch(
    (an_entry(0), an_entry(1)), (a_posting("B", 1),), (a_held(0),), due=(a_due("s", 1),), results=(a_result("r"),)
)

refused = [
    ("entry 3 was to be written where 2 is next", Batch((an_entry(3),))),
    ("entry 1 was to be written where 2 is next", Batch((an_entry(1),))),
    ("entry 2 was to be written where 3 is next", Batch((an_entry(2), an_entry(2)))),
    ("posting 3 to 'B' was to be written where 2 is next", Batch(postings=(a_posting("B", 3),))),
    ("posting 1 to 'B' was to be written where 2 is next", Batch(postings=(a_posting("B", 1),))),
    ("posting 2 to 'C' was to be written where 1 is next", Batch(postings=(a_posting("C", 2),))),
    ("entry 2 is referred to, and 1 is the last", Batch(postings=(a_posting("B", 2, position=2),))),
    (
        "entry 9 is referred to, and 2 is the last",
        Batch((an_entry(2),), held=(a_held(2, view_id="x", ended_position=9),)),
    ),
    ("1 versions were to change, 0 of them are in force", Batch(ended=(the_end(a_held(0, view_id="x"), 1),))),
    ("2 versions were to change, 1 of them are in force", Batch(ended=(the_end(a_held(0), 1), the_end(a_held(0), 1)))),
    ("does not fit what is committed", Batch((an_entry(2, sequence=1),))),
    ("does not fit what is committed", Batch(held=(a_held(1),))),
    ("does not fit what is committed", Batch(due=(a_due("s", 2),))),
    ("does not fit what is committed", Batch(results=(a_result("r"),))),
]


@pytest.mark.parametrize(("said", "batch"), refused)
def test_a_batch_that_does_not_continue_what_stands_writes_nothing(store, lease, said, batch):
    store.commit(lease, FIRST)
    stood = store.heads(ARENA)
    broken = batch if batch.due else replace(batch, done=("s",))
    with pytest.raises(OutOfStep, match=said):
        store.commit(lease, broken)
    assert store.heads(ARENA) == stood
    assert store.due(ARENA, 10, 10) == list(FIRST.due)
    assert store.entries(ARENA, 0, 10) == list(FIRST.entries)
    store.commit(lease, Batch((an_entry(2),)))


def test_the_second_half_of_a_batch_being_wrong_undoes_the_first(store, lease):
    good = a_turn(EMPTY, 5)
    with pytest.raises(OutOfStep):
        store.commit(lease, replace(good, results=good.results + good.results[:1]))
    assert store.heads(ARENA) == EMPTY
    assert check(store) == EMPTY
    assert store.last_acts(ARENA) == []


@pytest.mark.parametrize("text", ["nul\0", "half \ud800"])
def test_text_that_not_every_database_can_hold_is_refused_by_both(store, lease, text):
    for batch in (Batch(results=(Result("A", text, b"", b""),)), Batch(done=(text,))):
        with pytest.raises(Malformed):
            store.commit(lease, batch)
    with pytest.raises(Malformed):
        store.create_arena(text, 1)
    assert store.heads(ARENA).turns == 0


def test_one_turn_may_hold_and_end_a_version_and_have_something_due_anew(store, lease):
    store.commit(lease, Batch((an_entry(0),), due=(a_due("s", 1),)))
    batch = Batch((an_entry(1),), held=(a_held(1),), ended=(the_end(a_held(1), 1),), due=(a_due("s", 9),), done=("s",))
    store.commit(lease, batch)
    assert list(store.in_force(ARENA)) == []
    assert store.due(ARENA, 100, 10) == [a_due("s", 9)]


def test_doing_away_with_what_is_not_due_does_nothing(store, lease):
    store.commit(lease, Batch(done=("never was",)))
    assert store.due(ARENA, 10**9, 10) == []


def test_readers_see_a_batch_whole_or_not_at_all(store, lease):
    stop, torn = threading.Event(), []

    def read():
        while not stop.is_set():
            heads = store.heads(ARENA)
            sizes = {
                heads.next_position % 7,
                (heads.next_numbers.get("B", 1) - 1) % 7,
                len(store.due(ARENA, 99, 99)) % 7,
            }
            torn.extend(sizes - {0})

    reader = threading.Thread(target=read)
    reader.start()
    heads = EMPTY
    for _ in range(12):
        batch = a_turn(heads, 7)
        store.commit(lease, batch)
        heads = after(heads, batch)
    stop.set()
    reader.join()
    assert torn == []
    assert store.heads(ARENA) == heads


def test_a_batch_of_256_entries_and_a_thousand_postings_goes_through(store, lease):
    batch = a_turn(EMPTY, 256, recipients=("B", "C", "D", "E"))
    store.commit(lease, batch)
    assert store.settle(lease) == after(EMPTY, batch) == check(store)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_postings_come_in_order_and_never_before_their_tick(store, lease):
    ticks = [3, 3, 7, 5, 9]  # the fourth is due before the third: it waits, or the third would be passed over
    postings = tuple(a_posting("B", number, tick_us=tick_us) for number, tick_us in enumerate(ticks, 1))
    store.commit(lease, Batch((an_entry(0),), postings))
    seen = {until_us: [p.number for p in store.postings(ARENA, "B", 0, until_us, 10)] for until_us in (2, 3, 6, 7, 9)}
    assert seen == {2: [], 3: [1, 2], 6: [1, 2], 7: [1, 2, 3, 4], 9: [1, 2, 3, 4, 5]}
    assert store.postings(ARENA, "C", 0, 9, 10) == []


def test_what_is_due_comes_by_moment_and_then_by_subject(store, lease):
    dues = [a_due("b", 2), a_due("a", 2), a_due("c", 1), a_due("d", 3)]
    store.commit(lease, Batch(due=tuple(dues)))
    assert [due.subject for due in store.due(ARENA, 2, 10)] == ["c", "a", "b"]
    assert [due.subject for due in store.due(ARENA, 2, 2)] == ["c", "a"]
    assert store.due(ARENA, 0, 10) == []


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_paging_gives_everything_once_and_in_order(store, lease, limit):
    batch = a_turn(EMPTY, 8)
    twins = tuple(replace(held, recipient=name, version=2) for held in batch.held for name in ("C", "", "D"))
    store.commit(lease, replace(batch, held=batch.held + twins))
    entries, postings, held = [], [], []
    while page := store.entries(ARENA, len(entries), limit):
        entries += page
    while page := store.postings(ARENA, "B", len(postings), 0, limit):
        postings += page
    while page := store.held_at(ARENA, 7, after=held[-1] if held else None, limit=limit):
        held += page
    versions, asked = [], {"in_force": True, "limit": limit}
    while page := store.versions(ARENA, "B", "A", 0, after_position=len(versions) - 1, **asked):
        versions += page
    assert [held for held, _ in versions] == list(batch.held)
    assert entries == list(batch.entries)
    assert postings == [posting for posting in batch.postings if posting.recipient == "B"]
    model = Model()
    model.commit(replace(batch, held=batch.held + twins))
    assert held == model.held_at(7)


def test_what_was_in_force_at_a_position_is_not_changed_by_what_came_after(store, lease):
    store.commit(lease, Batch((an_entry(0), an_entry(1)), held=(a_held(0), a_held(1, view_id="w", recipient=""))))
    before = store.held_at(ARENA, 1)
    store.commit(lease, Batch((an_entry(2),), held=(a_held(2, version=2),), ended=(the_end(a_held(0), 2),)))
    assert store.held_at(ARENA, 1) == before == [a_held(0), a_held(1, view_id="w", recipient="")]
    assert store.held_at(ARENA, 2, "B") == [a_held(2, version=2)]
    assert store.held_at(ARENA, 2, "") == [a_held(1, view_id="w", recipient="")]
    assert store.held_at(ARENA, 0, "B") == [a_held(0)]


def test_what_is_in_force_is_one_moments_though_more_is_committed_meanwhile(store, lease):
    batch = a_turn(EMPTY, 50)
    store.commit(lease, batch)
    with closing(store.in_force(ARENA)) as rows:
        first = next(rows)
        ends = tuple(the_end(held, 50) for held in batch.held)
        store.commit(lease, Batch((an_entry(50),), ended=ends))
        assert [first[0], *(held for held, _ in rows)] == list(batch.held)
    assert list(store.in_force(ARENA)) == []


def test_reading_what_is_in_force_may_stop_half_way(store, lease):
    store.commit(lease, a_turn(EMPTY, 50))
    for _ in range(5):
        with closing(store.in_force(ARENA)) as rows:
            next(rows)
    store.commit(lease, a_turn(store.heads(ARENA), 1))
    assert check(store).next_position == 51


NAMES = st.sampled_from(["A", "B", "é", ""])


ITEMS = st.tuples(st.sampled_from("AB"), st.sampled_from("xyz"))  # a party, and what is open for it


@st.composite
def histories(draw):
    """Batches that continue each other, in which views are held and ended as they come, some of them within one batch."""
    batches, heads, open_views, is_due, is_open = [], EMPTY, [], set(), set()
    for number in range(draw(st.integers(1, 5))):
        size = draw(st.integers(0, 4))
        sent = draw(st.lists(NAMES, max_size=4))
        plain = a_turn(heads, size, recipients=())
        drawn = draw(
            st.lists(st.tuples(NAMES, NAMES, st.sampled_from(["notice", "party"])), min_size=size, max_size=size)
        )
        entries = tuple(
            replace(
                entry,
                key_id=key_id,
                audience=audience,
                kind=kind,
                sequence=draw(st.integers(0, 9)) * 100 + entry.position,
            )
            for entry, (key_id, audience, kind) in zip(plain.entries, drawn, strict=True)
        )
        last = heads.next_position + size - 1
        held = []
        if size:
            chosen = draw(st.lists(st.tuples(NAMES, NAMES, st.integers(0, 2)), unique=True, max_size=6))
            held = [
                a_held(
                    draw(st.integers(heads.next_position, last)),
                    view_id=f"{view}",
                    version=number + 1,
                    sender=a,
                    recipient=b,
                    shown_us=draw(st.integers(0, 1 + last)),
                )
                for a, b, view in chosen
            ]
        standing = open_views + held
        ended = draw(st.lists(st.sampled_from(standing), unique=True)) if standing and last >= 0 else []
        open_views = [view for view in standing if view not in ended]
        numbers = dict(heads.next_numbers)
        postings = []
        for recipient in sent if last >= 0 else []:
            numbers[recipient] = numbers.get(recipient, 1) + 1
            postings.append(a_posting(recipient, numbers[recipient] - 1, position=draw(st.integers(0, last))))
        done = draw(st.sets(st.sampled_from("xyz")))
        moments_us = draw(st.dictionaries(st.sampled_from("xyz"), st.integers(0, 5)))
        due = [
            a_due(subject, due_us, kind=draw(st.sampled_from(["deadline", "alert"])))
            for subject, due_us in moments_us.items()
            if subject not in is_due - done
        ]
        is_due = (is_due - done) | {each.subject for each in due}
        closed = draw(st.dictionaries(ITEMS, st.integers(0, 6), max_size=3))
        items = {
            each: draw(st.tuples(st.integers(0, 2), st.integers(0, 5), st.sampled_from([3, 4, NEVER_US])))
            for each in draw(st.sets(ITEMS, max_size=3)) - (is_open - closed.keys())
        }
        is_open = (is_open - closed.keys()) | items.keys()
        batch = replace(
            plain,
            entries=entries,
            postings=tuple(postings),
            held=tuple(held),
            ended=tuple(the_end(view, max(last, view.position)) for view in ended),
            due=tuple(due),
            done=tuple(done),
            reached=tuple(
                got_to(view, draw(st.sampled_from(["delivered", "acknowledged"])))
                for view in standing
                if draw(st.booleans())
            ),
            closed=tuple(the_close(subject, us, party=party) for (party, subject), us in closed.items()),
            opened=tuple(
                an_item(subject, party=party, urgency=urgency, shown_us=shown_us, due_us=due_us)
                for (party, subject), (urgency, shown_us, due_us) in items.items()
            ),
        )
        batches.append(batch)
        heads = after(heads, batch)
    return batches


numbers = count()


def test_a_stage_of_what_is_not_in_force_is_refused_and_nothing_is_written(store, lease):
    first = a_turn(EMPTY, 1)
    store.commit(lease, first)
    heads = store.heads(ARENA)
    batch = replace(a_turn(heads, 1), reached=(replace(got_to(first.held[0], "delivered"), version=9),))
    with pytest.raises(OutOfStep, match="versions were to change"):
        store.commit(lease, batch)
    assert store.heads(ARENA) == heads


def test_items_that_closed_an_hour_before_another_are_forgotten(store, lease):
    hour_us = 3_600_000_000
    store.commit(lease, Batch(opened=(an_item("x"), an_item("y"), an_item("z"))))
    store.commit(lease, Batch(closed=(the_close("x", 10),)))
    store.commit(lease, Batch(closed=(the_close("y", hour_us + 10),)))
    assert [item.subject for item in store.open_items_of(ARENA, "A", 5, limit=9)] == ["x", "y", "z"]
    store.commit(lease, Batch(closed=(the_close("nothing of that name", hour_us + 11),)))
    assert [item.subject for item in store.open_items_of(ARENA, "A", 5, limit=9)] == ["y", "z"]


@given(histories())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_store_reads_as_the_obvious_model_does(store, history):
    arena, model, heads = f"arena {next(numbers)}", Model(), EMPTY
    store.create_arena(arena, 0)
    lease = store.take_lease(arena, "h", "", A_MINUTE)
    for batch in history:
        store.commit(lease, batch)
        model.commit(batch)
        heads = after(heads, batch)
    assert store.heads(arena) == heads
    assert store.entries(arena, 0, 1000) == model.entries
    rows = list(store.in_force(arena))
    assert {held for held, _ in rows} == model.in_force()
    assert len(rows) == len(model.in_force())
    assert all(envelope == model.entries[held.position].envelope for held, envelope in rows)
    for position in range(heads.next_position):
        for recipient in (None, "A", "B", ""):
            assert store.held_at(arena, position, recipient) == model.held_at(position, recipient)
    assert store.due(arena, 10, 100) == sorted(model.due.values(), key=lambda due: (due.due_us, due.subject))
    deadlines = [due for due in model.due.values() if due.kind == "deadline"]
    assert store.due_of(arena, "deadline") == sorted(deadlines, key=lambda due: due.subject)
    for recipient in heads.next_numbers:
        assert store.postings(arena, recipient, 0, 0, 1000) == [p for p in model.postings if p.recipient == recipient]
    last = [entry for entry in model.entries if model.last_sequences()[entry.key_id, entry.audience] == entry.sequence]
    assert store.last_acts(arena) == last
    for recipient, sender, until_us in product(("A", "B", ""), (None, "A"), (0, 2, 1001, 2000)):
        for in_force in (False, True):
            asked = {"in_force": in_force, "after_position": -1, "limit": 1000}
            found = store.versions(arena, recipient, sender, until_us, **asked)
            assert Counter(found) == Counter(model.versions(recipient, sender, until_us, in_force))
            assert [held.position for held, _ in found] == sorted(held.position for held, _ in found)
    given = list(product(("A", "B", "C"), ("0", "1", "2", "3", "v")))
    used = {(held.sender, held.view_id) for held in model.held.values()}
    assert store.used_ids(arena, given) == [each for each in sorted(given) if each in used]
    assert store.used_ids(arena, given[:1] * 2) == [each for each in given[:1] if each in used]
    assert store.used_ids("no such arena", given) == []
    assert store.open_items(arena) == model.open_items()
    for party, at_us, most_urgency in product(("A", "B"), range(8), (0, 1, 100)):
        stood = model.open_items_of(party, at_us, most_urgency)
        assert store.open_items_of(arena, party, at_us, most_urgency=most_urgency, limit=100) == stood
        for item, rest in zip(stood, (stood[k:] for k in range(1, 9)), strict=False):
            page = store.open_items_of(arena, party, at_us, most_urgency=most_urgency, after=item, limit=2)
            assert page == rest[:2]
    for party, until_us in product(("A", "B"), (0, 1001, 2000)):
        acts = [entry for entry in model.entries if entry.party == party and entry.received_us <= until_us]
        assert store.acts_of(arena, party, -1, until_us, 1000) == acts
        assert store.acts_of(arena, party, 1, until_us, 1) == [entry for entry in acts if entry.position > 1][:1]
    for kinds in ([], ["notice"], ["notice", "party"], ["no such kind"]):
        found = [entry for entry in model.entries if entry.kind in kinds]
        assert store.entries_of(arena, kinds, 0, 1000) == found
        assert store.entries_of(arena, kinds, 2, 2) == [entry for entry in found if entry.position >= 2][:2]


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────

TOKEN = Token(b"\x01" * 32, ARENA, "A", "officer", "duty-1", 10, 20)


def test_a_token_is_found_by_its_hash_listed_and_revoked_once(store):
    second = replace(TOKEN, digest=b"\0" * 32, created_us=11, role="board", officer="")
    for token in (TOKEN, second, TOKEN):
        store.add_token(token)
    assert store.token(TOKEN.digest) == TOKEN
    assert store.token(b"\x02" * 32) is None
    assert store.tokens(ARENA) == [TOKEN, second]
    assert store.tokens("aegean") == []
    for revoked_us in (15, 16):
        store.revoke_token(TOKEN.digest, revoked_us)
    store.revoke_token(b"\x02" * 32, 1)
    assert store.token(TOKEN.digest) == replace(TOKEN, revoked_us=15)
    assert store.token(second.digest) == second


def test_a_token_of_an_unknown_arena_or_a_digest_that_is_taken_is_refused(store):
    store.add_token(TOKEN)
    with pytest.raises(OutOfStep, match="that digest"):
        store.add_token(replace(TOKEN, party="B"))
    with pytest.raises(NoSuchArena, match="atlantis"):
        store.add_token(replace(TOKEN, digest=b"\x02" * 32, arena="atlantis"))
    assert store.tokens(ARENA) == [TOKEN]


# ── opening and migrating ────────────────────────────────────────────────────────────────────────────────────────────


def test_everything_is_there_after_closing_and_opening_again(store, lease, database_url):
    batch = a_turn(EMPTY, 3)
    store.commit(lease, batch)
    store.close()
    with closing(open_store(database_url)) as again:
        assert check(again) == after(EMPTY, batch)
        assert again.lease(ARENA) == lease


def test_stores_opened_at_once_on_an_empty_database_migrate_it_once(database_url):
    opened, failed, ready = [], [], threading.Barrier(4)

    def start():
        ready.wait()
        try:
            opened.append(open_store(database_url))
        except StoreUnavailable as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    for number, store in enumerate(opened):
        store.create_arena(f"arena {number}", 0)
    assert len(opened[0].arenas()) == 4
    for store in opened:
        store.close()


def test_a_database_a_newer_detente_has_worked_on_is_refused():
    known = migrations("sqlite")
    applied = {migration.number: migration.sha256 for migration in known}
    assert pending(known, applied) == ()
    assert pending(known, {}) == known
    with pytest.raises(StoreUnavailable, match=f"at migration {len(known) + 1}, this détente knows {len(known)}"):
        pending(known, applied | {len(known) + 1: "00"})
    with pytest.raises(StoreUnavailable, match="another build"):
        pending(known, applied | {1: "00"})


def test_both_databases_have_the_same_tables_with_columns_named_as_the_values():
    sqlite, postgres = (["\n".join(m.statements) for m in migrations(name)] for name in ("sqlite", "postgres"))
    plain = [
        text.replace("integer", "bigint").replace("blob", "bytea").replace(" STRICT", "").replace(", WITHOUT ROWID", "")
        for text in sqlite
    ]
    assert [text[text.index("CREATE") :].replace(")\n", ")") for text in plain] == [
        text[text.index("CREATE") :].replace(")\n", ")") for text in postgres
    ]
    for table, kind in {
        "entry": Entry,
        "posting": Posting,
        "held": Held,
        "due": Due,
        "result": Result,
        "token": Token,
        "log_tile": FullTile,
        "checkpoint": KeptCheckpoint,
        "cosigned": Cosigned,
    }.items():
        columns = "\n".join(postgres).split(f"CREATE TABLE IF NOT EXISTS {table} (")[1].split("\n)")[0]
        columns += "".join(re.findall(rf"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS( \w+ )", "\n".join(postgres)))
        assert all(re.search(rf"\s{field.name} ", columns) for field in fields(kind))


def test_without_the_driver_postgres_is_refused_with_what_to_install_and_sqlite_works(tmp_path):
    script = f"""
import sys
sys.modules["psycopg"] = None
from detente.domain import StoreUnavailable
from detente.stores import open_store
open_store({str(tmp_path / "channel.db")!r}).close()
try:
    open_store("postgresql://host/name")
except StoreUnavailable as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "pip install 'detente[postgres]'" in said


@pytest.mark.parametrize("url", ["mysql://host/name", "", "sqlite:///", ":memory:", "sqlite://host/x", "file:x://y"])
def test_a_url_we_do_not_know_is_refused(url):
    with pytest.raises(NotUnderstood):
        open_store(url)


def test_a_database_that_is_not_there_says_so_and_not_in_the_drivers_words(tmp_path):
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        open_store(str(tmp_path / "no folder" / "channel.db"))
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam, " * 50)
    with pytest.raises(StoreUnavailable, match="not a database") as refused:
        open_store(str(tmp_path / "letter.txt"))
    assert not refused.value.retry_may_help
    with pytest.raises(StoreUnavailable) as refused:
        open_store(f"postgresql://someone:secret@/channel?host={tmp_path}")
    assert refused.value.retry_may_help
    assert "secret" not in str(refused.value)


def test_the_file_of_the_embedded_store_is_its_owners_alone(tmp_path):
    with closing(open_store(str(tmp_path / "channel.db"))) as store:
        store.create_arena(ARENA, 1)
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
        assert {path.name for path in tmp_path.iterdir()} >= {"channel.db", "channel.db-wal"}
