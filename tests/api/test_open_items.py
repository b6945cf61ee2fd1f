"""What is open, through HTTP: a STOP before everything and at once, the list in pages, and the same after a restart."""

import json

from channel_world import ARENA, FULL
from detente.api.load import load_standing
from detente.channel.acts import MessageBody, ReceiptBody, StopBody
from detente.channel.batch import NEVER_US
from detente.domain import ReceiptStage
from detente.screening import kernels
from sequencer_world import plan

STOP_ID = "5" * 32
A_STOP = StopBody(STOP_ID, "3512N03548E", "Cease fire: our aircraft is inside")
ACKNOWLEDGED = ReceiptStage.ACKNOWLEDGED


def test_a_stop_is_in_every_inbox_page_and_first_in_the_list_long_before_its_tick(door):
    door.found(door.sequencer, tick_s=86_400, answer_tick_ms=0)
    door.send("B", "message", "A", MessageBody("1" * 32, "hello"))
    door.send("C", "stop", "A", A_STOP)
    page = door.get("inbox", "A").json()
    assert [told["id"] for told in page["stops"]] == [STOP_ID]
    assert not [posting for posting in page["postings"] if posting["kind"] in ("message", "stop")]
    (item,) = door.get("open", "A").json()["items"]
    assert (item["kind"], item["sender"], item["stage"]) == ("stop", "C", "received")
    assert item["due_us"] - item["since_us"] == 60_000_000
    assert json.loads(item["envelope"])["payloadType"].startswith("application/vnd.detente.act")
    assert door.get("inbox", "B").json()["stops"] == []
    door.send("A", "receipt", "C", ReceiptBody(STOP_ID, 1, ACKNOWLEDGED, officer="Night watch"))
    assert door.get("inbox", "A").json()["stops"] == []
    assert [(i["kind"], i["stage"], i["due_us"], i["since_us"]) for i in door.get("open", "A").json()["items"]] == [
        ("stop", "acknowledged", None, item["since_us"])
    ]


def test_the_list_comes_in_pages_none_of_it_twice_and_none_left_out(door):
    door.found(door.sequencer, tick_s=1, answer_tick_ms=0)
    for number in range(5):
        door.send("C", "stop", "A", StopBody(f"{number:032x}", "there", "cease"))
    whole = door.get("open", "A").json()
    assert whole["cursor"] is None
    found, cursor = [], None
    while True:
        page = door.get("open", "A", limit=2, **({"after": cursor} if cursor else {})).json()
        found += page["items"]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == whole["items"]
    assert door.get("open", "B", after=door.get("open", "A", limit=1).json()["cursor"]).status_code == 422


def test_the_next_sequencer_has_open_and_reached_what_the_last_one_had(site):
    first = site.start("one")
    site.found(first)
    site.submit(first, "A", plan("A"), {"B": FULL, "C": FULL})
    site.submit(first, "B", plan("B"), {"A": FULL})
    view = site.parties["A"].notices["N"].views["C"]
    for party, kind, to, body in (
        ("C", "receipt", "A", ReceiptBody(view.view_id, 1, ACKNOWLEDGED, officer="night watch")),
        ("C", "stop", "A", A_STOP),
        ("A", "receipt", "C", ReceiptBody(STOP_ID, 1, ReceiptStage.DELIVERED)),
        ("C", "message", "B", MessageBody("1" * 32, "hello")),
    ):
        site.ask(first, site.submission(party, [site.parties[party].sign(kind, to, body)]))
    first.stop()
    loaded = load_standing(site.store, ARENA, run=kernels)
    stages = {(told.kind, told.sender, told.recipient): stage.value for told, stage in loaded.reached.items()}
    assert stages == {
        ("view", "A", "B"): "received",
        ("view", "A", "C"): "acknowledged",
        ("view", "B", "A"): "received",
        ("stop", "C", "A"): "delivered",
        ("message", "C", "B"): "received",
    }
    assert {party: sorted(item.kind for item in items.values()) for party, items in loaded.items.items()} == {
        "A": ["meeting", "notice", "stop"],
        "B": ["meeting", "message", "notice"],
        "C": ["stop_asked"],
    }
    second = site.start("two")
    body = ReceiptBody(STOP_ID, 1, ACKNOWLEDGED, officer="night watch")
    site.ask(second, site.submission("A", [site.parties["A"].sign("receipt", "C", body)]))
    (item,) = [item for item in site.store.open_items(ARENA) if item.kind == "stop"]
    assert (json.loads(item.payload)["stage"], item.due_us) == ("acknowledged", NEVER_US)


def test_a_stop_is_decided_before_what_waits_already(site):
    first = site.start("one")
    site.found(first)
    acts = [
        ("B", "message", "C", MessageBody("1" * 32, "one")),
        ("A", "message", "C", MessageBody("2" * 32, "two")),
        ("C", "stop", "A", A_STOP),
    ]
    asked = [site.submission(p, [site.parties[p].sign(kind, to, body)]) for p, kind, to, body in acts]
    first.stop()
    lease = site.store.take_lease(ARENA, "somebody else", "", 60.0)
    second = site.start("two")
    answers = [second.submit(each) for each in asked]
    site.store.release_lease(lease)
    for answer in answers:
        answer.result(30)
    entries = site.store.entries(ARENA, 0, 1_000)
    positions = {entry.kind: entry.position for entry in entries if entry.kind in ("stop", "message")}
    assert positions["stop"] < positions["message"]
