"""The log, served: heads over what is committed, tiles and openings that fit them, and no service where the log was put back."""

import json
import time
from dataclasses import replace

import pytest

from channel_world import ARENA, FULL
from detente.api.log import SPACING_US, fits, report
from detente.channel.acts import MessageBody, ProposeBody
from detente.channel.agreements import payload
from detente.domain import Recording, Terms, Understanding, Witness
from detente.record.act import SeenCheckpoint
from detente.record.checkpoint import Checkpoint, cosign, cosigned_s, origin_of, read_checkpoint, sign_checkpoint
from detente.record.merkle import leaf_hash
from detente.record.note import read_note
from detente.record.tiles import TileAddress, tile_path
from door_world import Door
from patience import wait_until
from recorded_world import RecordedChannel
from sequencer_world import Site, a_key, plan
from served_log import Outsider, over_http

W1, W2 = a_key("witness 1"), a_key("witness 2")
RECORD = Recording(
    a_key("host").public.text, (Witness("a.example/w", W1.public.text, "A"), Witness("b.example/w", W2.public.text)), 2
)


@pytest.fixture
def outside(door):
    return Outsider(over_http(door.http, ARENA), ARENA, door.host.key.public)


def head_of(outside, size):
    """The head of at least so many entries, once it is served."""
    return wait_until(outside.look, lambda head: head is not None and head.tree_size >= size)


def openings(door, party, role="observer"):
    found, after = [], 0
    while after is not None:
        page = door.get("record/openings", party, role, after=after, limit=3).json()
        found, after = found + page["openings"], page["after"]
    return found


def log(door, path, raw=None):
    url = f"/arenas/{ARENA}/log/{path}"
    return door.http.get(url) if raw is None else door.http.post(url, content=raw)


def test_every_entry_is_under_a_head_and_opens_for_whom_it_concerns(door, outside):
    assert log(door, "checkpoint").status_code == 404
    door.found(door.sequencer)
    door.post("A", door.parties["A"].submission(plan("A"), {"B": FULL}))
    size = door.store.heads(ARENA).next_position
    head = head_of(outside, size)
    assert head.tree_size == size
    assert [leaf_hash(leaf) for leaf in outside.leaves(head)] == [
        leaf_hash(e.leaf) for e in door.store.entries(ARENA, 0, 100)
    ]
    wait_until(lambda: openings(door, "B"), lambda found: any(each["kind"] == "view" for each in found))
    opened = {party: openings(door, party) for party in "ABC"}
    for found in opened.values():
        for each in found:
            outside.check_holds(head, each)
    kinds = {
        party: [each["kind"] for each in found if each["kind"] in ("notice", "view")] for party, found in opened.items()
    }
    assert kinds == {"A": ["notice", "view"], "B": ["view"], "C": []}


def test_what_is_opened_for_a_party_waits_for_its_tick(door):
    door.found(door.sequencer, tick_s=3600)
    door.post("A", door.parties["A"].submission(plan("A"), {"B": FULL}))
    assert not [each for each in openings(door, "B") if each["kind"] == "view"]


def test_an_opening_that_was_altered_is_in_no_tree(door, outside):
    door.found(door.sequencer)
    head = head_of(outside, door.store.heads(ARENA).next_position)
    (first, *_) = wait_until(lambda: openings(door, "A"), bool)
    for changed in (
        {"salt": "0" * 64},
        {"received_us": first["received_us"] + 1},
        {"kind": "notice"},
        {"envelope": first["envelope"] + " "},
        {"position": first["position"] + 1},
    ):
        with pytest.raises(Exception, match="is not in the tree"):
            outside.check_holds(head, {**first, **changed})


def test_heads_are_signed_soon_and_each_goes_on_from_those_before(door, outside):
    door.found(door.sequencer)
    for number in range(6):
        door.post("A", [door.parties["A"].sign("message", "B", MessageBody(f"{number:032x}", "hello"))])
        head_of(outside, door.store.heads(ARENA).next_position)
    page = json.loads(log(door, "checkpoints?limit=2").content)
    assert len(page["checkpoints"]) == 2
    sizes, after = [], 0
    while after is not None:
        page = json.loads(log(door, f"checkpoints?limit=2&after={after}").content)
        sizes += [read_checkpoint(read_note(note.encode()).text).tree_size for note in page["checkpoints"]]
        after = page["after"]
    assert sizes == sorted(set(sizes))
    assert {head.tree_size for head in outside.heads} <= set(sizes)
    kept = door.store.checkpoints(ARENA, 0, 100)
    late_us = [head.signed_us - door.store.entry(ARENA, head.tree_size - 1).received_us for head in kept]
    assert all(0 <= late < 20 * SPACING_US for late in late_us)  # a busy machine; how soon is for the bench


def test_a_tile_beyond_the_head_is_not_there(door, outside):
    door.found(door.sequencer)
    size = head_of(outside, door.store.heads(ARENA).next_position).tree_size
    assert log(door, tile_path(TileAddress(0, 0, size))).status_code == 200
    assert len(log(door, tile_path(TileAddress(0, 0, 1))).content) == 32
    for path in (
        tile_path(TileAddress(0, 0, size + 1)), tile_path(TileAddress(0, 0)), tile_path(TileAddress(0, 1, 1)),
        tile_path(TileAddress(1, 0, 1)), "tile/0/0", "tile/x/000", "tile/0/000.p/0", "tile/entries/001", "tile/",
    ):  # fmt: skip
        assert log(door, path).status_code == 404
    assert door.http.get(f"/arenas/nowhere/log/{tile_path(TileAddress(0, 0, 1))}").status_code == 404


def test_a_witness_named_by_the_understanding_cosigns_and_nobody_else(door, outside):
    door.found(door.sequencer, record=RECORD)
    head = head_of(outside, door.store.heads(ARENA).next_position)
    note = sign_checkpoint(head, door.host.key)
    stranger = note.signed_also(cosign(head, "c.example/w", a_key("stranger"), 7))
    assert log(door, "cosignatures", stranger.raw).status_code == 403
    forged = note.signed_also(replace(cosign(head, "a.example/w", W1, 7), signature=bytes(72)))
    assert log(door, "cosignatures", forged.raw).status_code == 403
    another = sign_checkpoint(Checkpoint(head.origin, head.tree_size + 1, head.root_hash), door.host.key)
    cosigned = another.signed_also(cosign(read_checkpoint(another.text), "a.example/w", W1, 7))
    assert log(door, "cosignatures", cosigned.raw).status_code == 422
    assert log(door, "cosignatures", b"no note").status_code == 400
    early = note.signed_also(cosign(head, "a.example/w", W1, int(time.time()) + 3_600))
    assert log(door, "cosignatures", early.raw).status_code == 403
    for key, name in ((W1, "a.example/w"), (W2, "b.example/w"), (W1, "a.example/w")):
        assert log(door, "cosignatures", note.signed_also(cosign(head, name, key, 7)).raw).json() == {"kept": True}
    served = read_note(log(door, "checkpoint").content)
    assert cosigned_s(served, {"a.example/w": W1.public, "b.example/w": W2.public}) == {
        "a.example/w": 7,
        "b.example/w": 7,
    }
    assert door.store.cosigned_size(ARENA, ["a.example/w", "b.example/w"], 2) == head.tree_size


def test_the_host_counts_how_far_witnesses_are(door, outside):
    door.found(door.sequencer, record=RECORD)
    head = head_of(outside, door.store.heads(ARENA).next_position)
    note = sign_checkpoint(head, door.host.key)

    def counted():
        lines = door.http.get("/metrics", headers=door.headers(role="host")).text.splitlines()
        return [int(line.rpartition(" ")[2]) for line in lines if line.startswith("detente_cosigned")]

    assert counted() == [0, 0, 0]
    log(door, "cosignatures", note.signed_also(cosign(head, "b.example/w", W2, 7)).raw)
    assert counted() == [0, 0, head.tree_size]
    log(door, "cosignatures", note.signed_also(cosign(head, "a.example/w", W1, 7)).raw)
    assert counted() == [head.tree_size] * 3


def test_an_understanding_that_names_another_hosts_key_is_refused(door):
    door.found(door.sequencer)
    told = Terms(record=Recording(a_key("another host").public.text))
    raw = payload(ARENA, Understanding("V", "2", (), terms=told), None)
    refused = door.post("A", [door.parties["A"].sign("propose", "", ProposeBody(raw.decode()))])
    assert (refused.status_code, "another key than this host's" in refused.json()["detail"]) == (422, True)


def test_an_act_that_names_a_head_this_log_never_had_is_refused(door, outside):
    door.found(door.sequencer)
    head = head_of(outside, door.store.heads(ARENA).next_position)
    client = door.parties["A"]
    for size, root in ((head.tree_size, "0" * 64), (head.tree_size + 1, head.root_hash.hex())):
        before = dict(client.last)
        act = client.sign("message", "B", MessageBody("1" * 32, "hello"), checkpoint=SeenCheckpoint(size, root))
        refused = door.post("A", [act])
        assert (refused.status_code, refused.json()["where"]) == (403, "acts[0].checkpoint")
        client.last = before
    seen = SeenCheckpoint(head.tree_size, head.root_hash.hex())
    assert (
        door.post("A", [client.sign("message", "B", MessageBody("1" * 32, "hi"), checkpoint=seen)]).status_code == 200
    )


def test_a_head_of_ours_that_does_not_fit_ends_the_service_and_one_that_fits_does_not(door, outside):
    door.found(door.sequencer)
    head = head_of(outside, door.store.heads(ARENA).next_position)
    assert log(door, "seen", sign_checkpoint(head, door.host.key).raw).json() == {"fits": True}
    later = Checkpoint(origin_of(ARENA), head.tree_size + 5, bytes(32))
    assert log(door, "seen", sign_checkpoint(later, a_key("stranger")).raw).status_code == 403
    elsewhere = Checkpoint(origin_of("elsewhere"), head.tree_size + 5, bytes(32))
    assert log(door, "seen", sign_checkpoint(elsewhere, door.host.key).raw).status_code == 403
    assert door.get("inbox").status_code == 200
    assert log(door, "seen", sign_checkpoint(later, door.host.key).raw).json() == {"fits": False}
    refused = door.get("inbox")
    assert (refused.status_code, refused.json()["title"]) == (503, "The log is not what the host has signed before")
    assert f"{later.tree_size} entries" in refused.json()["detail"]
    assert door.post("A", [door.parties["A"].sign("message", "B", MessageBody("2" * 32, "x"))]).status_code == 503
    assert log(door, "checkpoint").status_code == 200  # the log itself is evidence, and is still served
    wait_until(lambda: door.sequencer.holds_lease.is_set(), lambda holds: not holds)


def test_a_server_that_starts_on_a_log_that_was_put_back_serves_nothing(store):
    door = Door(store)
    with door.ajar():
        door.found(door.sequencer)
        outside = Outsider(over_http(door.http, ARENA), ARENA, door.host.key.public)
        head = head_of(outside, door.store.heads(ARENA).next_position)
    door.stop()
    altered = replace(head, root_hash=bytes(32))
    assert not fits(store, ARENA, altered)
    assert not report(store, ARENA, door.host.key.public, sign_checkpoint(altered, door.host.key).raw)
    again = door.start("another")
    time.sleep(1)
    assert not again.holds_lease.is_set()
    again.stop()


def test_the_next_start_signs_what_a_crash_left_unsigned(store):
    channel = RecordedChannel(store, ARENA)
    channel.submit("A", plan("A"), {"B": FULL})
    store.release_lease(channel.lease)
    size = store.heads(ARENA).next_position
    assert size
    assert store.checkpoint(ARENA) is None
    site = Site(store)
    site.start("another")
    assert wait_until(lambda: store.checkpoint(ARENA), lambda kept: kept is not None).tree_size >= size
    site.stop()
