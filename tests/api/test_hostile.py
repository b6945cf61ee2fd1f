"""A party, or somebody with a token, that means harm: what it sends ends in a refusal of its own, and nobody else notices."""

import json
from dataclasses import replace
from secrets import token_hex

import pytest

from channel_world import ARENA, FULL, random_bytes
from detente.api.cursors import Cursors
from detente.api.events import ALWAYS_OF_A_PARTY, MOST_OF_A_PARTY, Events, _Feed
from detente.api.sequencer import Sequencer
from detente.api.wire import TooOften
from detente.channel.acts import MessageBody
from detente.domain import Polygon, Position
from detente.record.envelope import to_json
from detente.screening import kernels
from sequencer_world import Site, plan


@pytest.fixture
def door(door):
    door.found(door.sequencer, answer_tick_ms=0)
    return door


def others_are_served(door):
    door.send("B", "message", "C", MessageBody(token_hex(16), "still here"))


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


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def comb(corner_total, polygons=1):
    """Plans with that many corners together."""
    each = corner_total // polygons
    rings = [
        tuple(Position(34.0 + 0.01 * (k % 2) + k * 1e-5, 36.0 + p + k * 1e-5) for k in range(each))
        for p in range(polygons)
    ]
    (volume,) = plan("A").volumes
    return replace(plan("A"), volumes=tuple(replace(volume, footprint=Polygon(ring)) for ring in rings))


def test_outlines_of_more_corners_than_are_looked_at_are_refused(door):
    client = door.parties["A"]
    for plans, said in (
        (comb(15_000, polygons=15), "15,000 corners; the limit is 10,000"),
        (comb(1_002), "a volume of 1,002 corners; the limit is 1,000"),
    ):
        last = dict(client.last)
        refused = door.post("A", client.submission(plans, {}))
        client.last = last
        client.notices.clear()
        assert (refused.status_code, refused.json()["where"]) == (413, "notice")
        assert said in refused.json()["detail"]
    others_are_served(door)


def body(acts, **more):
    return json.dumps({"submission": "1" * 32, "acts": acts} | more)


BODIES = {
    "ten megabytes": (b" " * 10_000_000, 413, ""),
    "nested deep": (b'{"submission":"' + b"1" * 32 + b'","acts":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 413, ""),
    "nested deep in an envelope": (body(["[" * 50_000]).encode(), 400, "acts[0]"),
    "a member twice": (b'{"submission":"1","submission":"2","acts":[]}', 400, ""),
    "NaN": (b'{"submission":NaN,"acts":[]}', 400, ""),
    "Infinity": (b'{"submission":Infinity,"acts":[]}', 400, ""),
    "a number past all": (b'{"submission":1e999,"acts":[]}', 422, "submission"),
    "a count past all": (b'{"submission":' + b"9" * 100_000 + b',"acts":[]}', 422, "submission"),
    "too many acts": (body(["{}"] * 1_002).encode(), 413, "acts"),
    "not UTF-8": (b"\xff\xfe", 400, ""),
    "half a pair": (body(["\ud800"]).encode(), 400, "acts[0]"),
    "a NUL": (body(["\x00"]).encode(), 400, "acts[0]"),
    "nothing": (b"", 400, ""),
    "a list": (b"[]", 422, ""),
    "one member more": (body(["{}"], admin=True).encode(), 422, ""),
    "another's digits": (body(["{}"]).replace("1" * 32, "١" * 32).encode(), 422, "submission"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_past_a_bound_or_in_disguise_is_refused_by_its_own_words(door, name):
    content, status, where = BODIES[name]
    refused = door.http.post(f"/arenas/{ARENA}/submissions", headers=door.headers("A"), content=content)
    assert (refused.status_code, refused.json().get("where")) == (status, where), refused.text
    others_are_served(door)


@pytest.mark.parametrize(
    "path",
    ["/arenas/levant/../levant/../../etc/passwd", "/arenas/%2e%2e/rules", "/arenas/levant%00/rules",
     "/arenas/%00/rules", "/arenas/%ff/rules", "/arenas/LEVANT/rules", "/arenas/ｌevant/rules", "/arenas//rules", "/arenas/levant\u200b/rules",
     "/arenas/levant/notices/%2e%2e/answer", "/arenas/levant/notices/%00/answer", "/arenas/" + "x" * 10_000 + "/rules"],
)  # fmt: skip
def test_a_path_in_disguise_leads_nowhere(door, path):
    answer = door.http.get(path, headers=door.headers("A"))
    assert answer.status_code == 404, answer.text
    assert answer.json()["type"] == "urn:detente:problem:not-there"


@pytest.mark.parametrize(
    "query",
    ["more=1", "limit=1&limit=1", "after=%00", "after=%ff", "after=" + "A" * 5_000, "limit=%D9%A3", "limit[]=1"],
)
def test_a_query_in_disguise_is_refused_and_says_which_member(door, query):
    refused = door.http.get(f"/arenas/{ARENA}/inbox?{query}", headers=door.headers("A"))
    assert refused.status_code == 422, refused.text
    assert refused.json()["where"].startswith("query.")


@pytest.mark.parametrize("name", ["to", "from"])
@pytest.mark.parametrize("value", ["%00", "%ff", "%ED%A0%80", "A%0aB", "%E2%80%AEA", "A" * 9_999])
def test_a_name_in_disguise_finds_nobody(door, name, value):
    answer = door.http.get(f"/arenas/{ARENA}/entries?{name}={value}", headers=door.headers("A"))
    assert (answer.status_code, answer.json().get("entries", [])) in ((200, []), (422, []))
    shown = door.http.get(f"/arenas/{ARENA}/shown?to={value}", headers=door.headers("A"))
    assert (shown.status_code, shown.json()["where"]) == (422, "query.to")


# ── one party starves no other ───────────────────────────────────────────────────────────────────────────────────────


def test_who_sends_much_waits_behind_itself_and_not_before_the_others(store):
    site = Site(store)
    sequencer = site.start()
    site.found(sequencer)
    site.stop()
    sequencer = Sequencer(
        site.store, site.host, holder="two", address="two", salts=random_bytes("two"), run=kernels, most_at_once=1
    )
    order = []

    def send(party, to, count):
        for _ in range(count):
            act = site.parties[party].sign("message", to, MessageBody(token_hex(16), party))
            told = sequencer.submit(site.submission(party, [act]))
            told.add_done_callback(lambda _: order.append(party))
            answers.append(told)

    answers = []
    send("A", "B", 50)
    send("B", "A", 3)
    sequencer.start()
    for each in answers:
        each.result(timeout=60)
    sequencer.stop()
    assert [k for k, party in enumerate(order) if party == "B"] == [1, 3, 5]
    assert len(order) == 53


def test_a_turn_ends_in_time_however_much_waits_and_the_rest_is_decided_after(store, monkeypatch):
    monkeypatch.setattr("detente.api.sequencer.LONGEST_TURN_S", 0.0)
    site = Site(store)
    sequencer = site.start()
    site.found(sequencer)
    before = store.heads(ARENA).turns
    acts = [site.parties["A"].sign("message", "B", MessageBody(token_hex(16), f"{k}")) for k in range(20)]
    asked = [site.submission("A", [act]) for act in acts]
    told = [sequencer.submit(each) for each in asked]
    assert [json.loads(each.result(timeout=60))["to"] for each in told] == ["B"] * 20
    assert store.heads(ARENA).turns == before + 20
    site.stop()


def test_streams_that_others_hoard_leave_a_party_its_own(store):
    events = Events(store, Cursors(bytes(64)), call=None)
    for party in ("P", "Q", "R", "S"):
        events._feeds[ARENA, party] = _Feed(0)
        events._feeds[ARENA, party].listener_count = MOST_OF_A_PARTY
        with pytest.raises(TooOften, match="1024 listeners of a party"):
            events.check_room(ARENA, party)
    events.check_room(ARENA, "A")
    events._feeds[ARENA, "A"] = _Feed(0)
    events._feeds[ARENA, "A"].listener_count = ALWAYS_OF_A_PARTY
    with pytest.raises(TooOften):
        events.check_room(ARENA, "A")
