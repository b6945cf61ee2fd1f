"""Files handed in and given out: the acts' own signatures are the authority, and who carries them learns nothing by it."""

import json
from base64 import b64decode, b64encode

import pytest

from channel_world import ARENA, FULL
from detente.api.handover import handed
from detente.api.load import load_standing
from detente.api.sequencer import Submission
from detente.api.tokens import RateLimit
from detente.channel.acts import CancelBody, MessageBody, ReceiptBody
from detente.channel.bundle import CarriedSubmission, read_bundle, write_submissions
from detente.client.release import submission_id
from detente.domain import NotAuthentic, ReceiptStage
from detente.record.envelope import to_json
from door_world import Door
from patience import wait_until
from sequencer_world import plan


@pytest.fixture
def door(door):
    door.found(door.sequencer, answer_tick_ms=0)
    return door


def message(door, text, party="A"):
    return [door.parties[party].sign("message", "B", MessageBody("1" * 32, text))]


def a_file(*submissions, party="A", arena=ARENA):
    carried = [CarriedSubmission(submission_id(each), tuple(to_json(e).decode() for e in each)) for each in submissions]
    return write_submissions(arena, party, carried)


def hand_in(door, raw, party="A", role="officer"):
    return door.http.post(f"/arenas/{ARENA}/bundles", headers=door.headers(party, role), content=raw)


def answers(door, raw, party="A", role="officer", of="A"):
    told = hand_in(door, raw, party, role)
    assert told.status_code == 200, told.text
    return read_bundle(told.content, door.host.key.public, arena=ARENA, party=of).texts["answers"]


def outcomes(*asked, **named):
    return [each["outcome"] for each in answers(*asked, **named)]


def message_count(door, party="B"):
    """How many messages a party's inbox has, once it has one."""
    found = wait_until(lambda: [p["kind"] for p in door.read_inbox(party)], lambda kinds: "message" in kinds)
    return found.count("message")


def test_a_file_is_answered_as_a_line_would_be_and_twice_the_same(door):
    raw = a_file(door.parties["A"].submission(plan("A"), {"B": FULL}), message(door, "one"))
    told = answers(door, raw)
    assert [each["outcome"] for each in told] == ["answered", "answered"]
    assert told[0]["told"]["answer"] == "CLEAR"
    assert answers(door, raw) == told
    assert message_count(door) == 1


@pytest.mark.parametrize(
    ("party", "role"), [("B", "officer"), ("C", "observer"), ("A", "board"), ("A", "host")], ids=lambda each: each
)
def test_whoever_else_carries_it_is_told_that_it_was_handed_in_and_nothing_that_was_decided(door, party, role):
    good = message(door, "one")
    stale = door.parties["A"].sign("cancel", "", CancelBody("3" * 32, 1))
    (taken, refused) = answers(door, a_file(good, [stale]), party, role)
    assert (taken["outcome"], refused["outcome"]) == ("handed_in", "handed_in")
    assert taken["told"] is refused["told"] is None
    assert outcomes(door, a_file(good, [stale])) == ["answered", "refused"]


def test_an_observer_of_the_party_carries_it_and_brings_the_answers(door):
    assert outcomes(door, a_file(message(door, "one")), role="observer") == ["answered"]


def test_an_act_altered_on_the_way_costs_its_own_submission_and_says_why_to_anybody(door):
    raw = json.loads(a_file(message(door, "one")))
    envelope = json.loads(raw["submissions"][0]["acts"][0])
    envelope["payload"] = envelope["payload"][:-8] + "AAAA" + envelope["payload"][-4:]
    raw["submissions"][0]["acts"] = [json.dumps(envelope)]
    (refused,) = answers(door, json.dumps(raw).encode(), "B")
    assert (refused["outcome"], refused["told"]["status"]) == ("refused", 403)


def test_acts_of_one_party_in_the_file_of_another_are_refused(door):
    (refused,) = answers(door, a_file(message(door, "one"), party="C"), "B", of="C")
    assert (refused["outcome"], refused["told"]["status"]) == ("refused", 403)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda raw: raw[:-20], 400),
        (lambda raw: b"", 400),
        (lambda raw: b"\x00" * 1000, 400),
        (lambda raw: raw + b" " * (8 << 20), 413),
        (lambda raw: b"[" * 4000, 413),
        (lambda raw: raw.replace(b'"submissions":[', b'"more":1,"submissions":['), 422),
        (lambda raw: raw.replace(ARENA.encode(), b"aegean", 1), 403),
    ],
    ids=["truncated", "empty", "no text", "huge", "deep", "foreign member", "another arena"],
)
def test_a_file_that_is_none_or_is_for_elsewhere_is_refused_whole(door, change, status):
    assert hand_in(door, change(a_file(message(door, "one")))).status_code == status


def test_acts_renamed_into_another_arena_do_not_hold_there(door):
    acts = door.parties["A"].sign("message", "B", MessageBody("1" * 32, "x"))
    elsewhere = json.loads(to_json(acts))
    payload = b64decode(elsewhere["payload"]).replace(ARENA.encode(), b"aegean")
    elsewhere["payload"] = b64encode(payload).decode()
    raw = write_submissions(ARENA, "A", [CarriedSubmission("1" * 32, (json.dumps(elsewhere),))])
    assert outcomes(door, raw) == ["refused"]


def test_a_sequence_that_was_outrun_is_refused_and_the_rest_of_the_file_goes_on(door):
    client = door.parties["A"]
    for_c = client.sign("message", "C", MessageBody("1" * 32, "to C"))
    one, two = message(door, "one"), message(door, "two")
    told = answers(door, a_file(two, [for_c]))
    assert [(each["outcome"], each["spent"]) for each in told] == [("refused", False), ("answered", False)]
    assert outcomes(door, a_file(one, two, [for_c])) == ["answered"] * 3


def test_what_is_refused_in_a_file_takes_its_place_so_that_what_was_signed_after_it_holds(door):
    client = door.parties["A"]
    stale = [client.sign("receipt", "B", ReceiptBody("2" * 32, 1, ReceiptStage.DELIVERED))]
    after = message(door, "after it")
    raw = a_file(stale, after)
    first = answers(door, raw)
    assert [(each["outcome"], each["spent"]) for each in first] == [("refused", True), ("answered", False)]
    assert first[0]["told"]["status"] == 409
    assert answers(door, raw) == first
    assert load_standing(door.store, ARENA).lasts[client.key.public.id, "B"] == (2, client.last["B"].digest)
    assert door.post("A", stale, submission_id(stale)).json() == {"refused": first[0]["told"]}
    told = door.get("entries", "A", kind="refused").json()["entries"]
    assert [each["kind"] for each in told] == ["refused"]
    assert message_count(door) == 1
    assert "receipt" not in [p["kind"] for p in door.read_inbox("B")]  # which came before it, or never


def test_over_a_line_a_refusal_leaves_its_place_to_whoever_signs_anew(door):
    client = door.parties["A"]
    before = dict(client.last)
    stale = [client.sign("receipt", "B", ReceiptBody("2" * 32, 1, ReceiptStage.DELIVERED))]
    assert door.post("A", stale).status_code == 409
    client.last = before
    assert door.post("A", message(door, "in its place")).status_code == 200


def test_what_was_carried_is_still_so_when_one_worker_hands_it_to_another():
    for carried in (True, False):
        assert handed(Submission("A", "1" * 32, (), carried)).carried is carried


def carried_back(door, party="B", role="observer", **query):
    told = door.get("bundle", party, role, **query)
    assert told.status_code == 200, told.text
    return read_bundle(told.content, door.host.key.public, arena=ARENA, party=party)


def test_a_file_down_holds_what_the_inbox_and_the_public_acts_hold_from_a_place_on(door):
    hand_in(door, a_file(message(door, "one")))
    assert message_count(door) == 1
    found = carried_back(door)
    assert list(found.texts["postings"]) == door.read_inbox("B")
    assert list(found.texts["announcements"]) == door.get("announcements", "B").json()["announcements"]
    assert {each["audience"] for each in found.texts["sequences"]} == {
        each["audience"] for each in door.get("sequences", "B").json()["sequences"]
    }
    told = found.manifest
    again = carried_back(door, after=told.cursor, announced_after=told.announced)
    assert (again.texts["postings"], again.texts["announcements"], again.manifest.more) == ((), (), False)
    assert (again.manifest.after, again.manifest.announced_after) == (told.cursor, told.announced)


def test_a_file_down_of_another_party_or_with_its_cursor_is_refused(door):
    raw = door.get("bundle", "B").content
    with pytest.raises(NotAuthentic):
        read_bundle(raw, door.host.key.public, arena=ARENA, party="A")
    cursor = carried_back(door).manifest.announced
    assert door.get("bundle", "A", announced_after=cursor).status_code == 422


def test_public_acts_come_before_the_postings_they_verify(door, monkeypatch):
    hand_in(door, a_file(message(door, "one")))
    assert message_count(door) == 1
    monkeypatch.setattr("detente.api.carried.PAGE", 2)
    first = carried_back(door)
    assert (first.texts["postings"], len(first.texts["announcements"]), first.manifest.more) == ((), 2, True)
    seen, place = [], {}
    while True:
        found = carried_back(door, **place)
        seen += found.texts["postings"]
        told = found.manifest
        place = {"after": told.cursor, "announced_after": told.announced}
        place = {name: value for name, value in place.items() if value is not None}
        if not told.more:
            break
    assert seen == door.read_inbox("B")


def test_a_file_with_more_than_a_token_may_send_is_left_over_and_goes_on_the_next_time(store):
    door = Door(store)
    with door.ajar(RateLimit(20.0, 20.0)):
        door.found(door.sequencer)
        raw = a_file(*(message(door, f"n {n}") for n in range(30)))
        headers = door.headers("A")
        counts = []
        for _ in range(100):
            told = door.http.post(f"/arenas/{ARENA}/bundles", headers=headers, content=raw)
            if told.status_code == 429:
                continue
            bundle = read_bundle(told.content, door.host.key.public, arena=ARENA, party="A")
            counts.append(sum(each["outcome"] == "answered" for each in bundle.texts["answers"]))
            if counts[-1] == 30:
                break
        assert counts == sorted(counts)
        assert counts[0] < 30 == counts[-1]
    door.stop()
