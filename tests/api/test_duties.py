"""Duties through HTTP, and after a restart: each party reads its own, and nothing is told twice."""

from dataclasses import replace

from channel_world import ARENA, FULL
from detente.api.load import load_standing
from detente.channel.acts import AliveBody, CallAnswerBody, CallBody, DrillBody, MessageBody, ReceiptBody, WatchBody
from detente.channel.standing import Watch
from detente.domain import ReceiptStage
from detente.screening import kernels
from patience import wait_until
from sequencer_world import plan


def kinds(door, party):
    return [p["kind"] for p in door.read_inbox(party, limit=100) if p["kind"] in ("dark", "back")]


def test_silence_is_told_once_though_the_sequencer_is_replaced(door):
    door.found(door.sequencer, dead_man_s=1, answer_tick_ms=0)
    wait_until(lambda: kinds(door, "A"), lambda found: len(found) == 2)
    loaded = load_standing(door.store, ARENA, run=kernels)
    assert {party: vigil.is_dark for party, vigil in loaded.vigils.items()} == dict.fromkeys("ABC", True)
    door.sequencer.stop()
    door.sequencer = door.start("two")
    with door.ajar():
        assert door.get("watch", "B").json()["dead_man"]["next_by_us"] is None
        door.send("B", "alive", "", AliveBody("Night watch"))
        wait_until(lambda: kinds(door, "A"), lambda found: found == ["dark", "dark", "back", "dark"])
        assert kinds(door, "C") == ["dark", "dark", "back", "dark"]


def test_the_watch_is_read_by_its_own_party_alone_and_outlives_a_restart(door):
    door.found(door.sequencer, answer_tick_ms=0)
    door.send("B", "watch", "", WatchBody("Day watch", "takes", note="quiet so far"))
    told = door.get("watch", "B").json()
    assert (told["watch"]["officer"], told["watch"]["note"], told["dead_man"]) == ("Day watch", "quiet so far", None)
    assert door.get("watch", "A").json() == {"watch": None, "dead_man": None}
    assert door.get("watch", "B", "observer").status_code == 200
    assert [door.get("watch", "B", role).status_code for role in ("host", "board")] == [404, 404]
    loaded = load_standing(door.store, ARENA, run=kernels)
    assert loaded.watches == {"B": Watch("Day watch", True, told["watch"]["since_us"], "quiet so far", "", "", 0)}


def statistics(door, party):
    told = door.get("drills", party).json()
    return {of: [tuple(each.values()) for each in told[of]] for of in ("asked", "answered")}


def test_statistics_of_drills_are_of_ones_own_alone_and_outlive_a_restart(door):
    door.found(door.sequencer, answer_tick_ms=0)
    for to in "BC":
        door.send("A", "drill", to, DrillBody("d" * 32, "answer"))
    receipt = ReceiptBody("d" * 32, 1, ReceiptStage.ACKNOWLEDGED, officer="Night watch")
    took_s = door.send("B", "receipt", "A", receipt)["took_s"]
    wait_until(lambda: door.get("drills").json()["asked"], lambda asked: asked[0]["unanswered"] == 0)
    asked = {each["party"]: each for each in door.get("drills").json()["asked"]}
    assert asked["B"] == {"party": "B", "count": 1, "unanswered": 0, "median_s": took_s, "worst_s": took_s}
    assert asked["C"] == {"party": "C", "count": 1, "unanswered": 1, "median_s": None, "worst_s": None}
    assert statistics(door, "B") == {"asked": [], "answered": [(1, took_s, "A", 0, took_s)]}
    assert statistics(door, "C") == {"asked": [], "answered": [(1, None, "A", 1, None)]}
    loaded = load_standing(door.store, ARENA, run=kernels)
    assert {pair: len(log) for pair, log in loaded.drills.items()} == {("A", "B"): 1, ("A", "C"): 1}
    (item,) = [each for each in door.get("open", "C").json()["items"] if each["kind"] == "drill"]
    assert item["sender"] == "A"


def test_a_drill_and_its_answer_count_from_their_tick(door):
    door.found(door.sequencer, tick_s=86_400, answer_tick_ms=0)
    door.send("A", "drill", "B", DrillBody("d" * 32, "answer"))
    assert statistics(door, "B")["answered"] == []
    door.send("B", "receipt", "A", ReceiptBody("d" * 32, 1, ReceiptStage.ACKNOWLEDGED, officer="Night watch"))
    (asked,) = door.get("drills", "A").json()["asked"]
    assert (asked["count"], asked["unanswered"]) == (1, 1)


def test_the_call_log_is_read_by_those_who_were_on_the_line(door):
    door.found(door.sequencer, answer_tick_ms=0)
    said = CallBody("c" * 32, "B", "Captain", "Night watch", 0, "clear of the coast", read_back=True)
    act = door.parties["A"].sign("call", "B", said)
    assert door.post("A", [act]).status_code == 200
    door.send("A", "call", "", CallBody("e" * 32, "C", "", "Night watch", 0, "nobody answered", read_back=False))
    wait_until(lambda: door.get("calls", "B").json()["calls"])
    door.send("B", "call_answer", "A", CallAnswerBody("c" * 32, act.digest, "confirmed", "Captain"))
    wait_until(lambda: door.get("calls", "A").json()["calls"], lambda lines: len(lines) == 3)
    lines = [(line["kind"], line["from"], line["to"]) for line in door.get("calls", "A").json()["calls"]]
    assert sorted(lines) == [("call", "A", ""), ("call", "A", "B"), ("call_answer", "B", "A")]
    lines = [(line["kind"], line["from"]) for line in door.get("calls", "B").json()["calls"]]
    assert lines == [("call", "A"), ("call_answer", "B")]
    assert door.get("calls", "C").json()["calls"] == []


def test_a_phrase_waits_to_be_read_back_over_a_restart(door):
    door.found(door.sequencer, answer_tick_ms=0)
    thread = "7" * 32
    body = MessageBody(thread, "Confirm receipt of N-1.", "", "confirm-receipt", {"reference": "N-1"})
    door.send("A", "message", "B", body)
    door.sequencer.stop()
    door.sequencer = door.start("two")
    with door.ajar():
        for said, was in (({"reference": "N-2"}, "wrong"), ({"reference": "n-1"}, "right")):
            receipt = ReceiptBody(thread, 1, ReceiptStage.ACKNOWLEDGED, officer="Night watch", read_back=said)
            assert door.send("B", "receipt", "A", receipt)["read_back"] == was
        wait_until(lambda: door.get("open", "B").json()["items"], lambda items: items == [])


def test_a_notice_lapses_though_the_sequencer_is_replaced(door):
    door.found(door.sequencer, answer_tick_ms=0)
    expires_us = door.store.now_us() + 1_500_000
    starts_us = door.store.now_us() + 3_600_000_000
    notice = replace(plan("A", starts_us=starts_us), expires_us=expires_us)
    door.submit(door.sequencer, "A", notice, {"B": FULL})
    door.sequencer.stop()
    door.sequencer = door.start("two")
    with door.ajar():
        wait_until(
            lambda: [p["kind"] for p in door.read_inbox("B", limit=100) if p["kind"] in ("view", "expired")],
            lambda found: found == ["view", "expired"],
        )
        assert door.get("views", "B").json()["views"] == []
