"""A party, or somebody with a token, that means harm: what it sends ends in a refusal of its own, and nobody else notices."""

import json
from secrets import token_hex

import pytest

from channel_world import ARENA, FULL
from detente.channel.acts import MessageBody
from detente.record.envelope import to_json
from door_world import Door
from sequencer_world import plan


@pytest.fixture
def door(store):
    door = Door(store)
    with door.ajar():
        door.found(door.sequencer)
        yield door
    door.stop()


def others_are_served(door):
    answer = door.post("B", [door.parties["B"].sign("message", "C", MessageBody(token_hex(16), "still here"))])
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("to_b", [True, False])
def test_an_id_that_was_used_before_is_refused_and_takes_nobody_with_it(door, to_b):
    client = door.parties["A"]
    assert door.post("A", client.submission(plan("A"), {"B": FULL})).status_code == 200
    told = client.notices["N"]
    assert door.post("A", client.cancellation("N")).status_code == 200
    fresh = client.random
    if to_b:
        client.random = iter([bytes(32), b"\2" * 32, bytes.fromhex(told.views["B"].view_id)])
    else:
        client.random = iter([bytes(32), bytes.fromhex(told.notice_id), b"\1" * 32])
    before = dict(client.last)
    refused = door.post("A", client.submission(plan("A", "M"), {"B": FULL}))
    client.last, client.random = before, fresh
    others_are_served(door)
    assert refused.status_code == 409, refused.text
    assert "was given to something before" in refused.json()["detail"]


def test_nor_may_two_notices_in_force_show_somebody_one_view(door):
    client = door.parties["A"]
    assert door.post("A", client.submission(plan("A"), {"B": FULL})).status_code == 200
    shared = bytes.fromhex(client.notices["N"].views["B"].view_id)
    client.random = iter([bytes(32), b"\3" * 32, shared])
    assert door.post("A", client.submission(plan("A", "M", km_north=50.0), {"B": FULL})).status_code == 409
    others_are_served(door)


@pytest.mark.parametrize("party", ["\ud800", "\x00", "", "A" * 10_000, "host", "Ａ", "../B", "nobody"])
def test_a_file_for_a_party_that_cannot_be_is_refused(door, party):
    acts = [to_json(door.parties["A"].sign("message", "B", MessageBody("1" * 32, "x"))).decode()]
    for each in (acts, ["\ud800"], ["{}"]):
        bundle = {
            "version": 1, "kind": "submissions", "arena": ARENA, "party": party,
            "submissions": [{"submission": "1" * 32, "acts": each}],
        }  # fmt: skip
        answer = door.http.post(f"/arenas/{ARENA}/bundles", headers=door.headers("B"), content=json.dumps(bundle))
        assert answer.status_code in (200, 400, 403, 422), answer.text
