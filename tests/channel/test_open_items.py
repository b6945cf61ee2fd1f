"""What is open for whom: opened by what brings it about, closed by what deals with it, and the same after a restart."""

import pytest

from channel_world import (
    ACKNOWLEDGED,
    DELIVERED,
    FULL,
    HOUR_US,
    NOON_US,
    Channel,
    a_channel,
    acknowledge,
    an_understanding,
    plan,
)
from detente.channel.acts import MessageBody, ReceiptBody, ResponseBody, StopBody
from detente.channel.answers import receive, respond
from detente.channel.batch import NEVER_US
from detente.channel.expiry import expire
from detente.channel.open_items import stops_standing, words_waiting
from detente.channel.standing import Addressed
from detente.channel.words import MOST_STOPS, MOST_THREADS, pass_on, stop
from detente.domain import (
    AgainstTerms,
    Conflicted,
    Deadline,
    InvalidVolume,
    ReceiptStage,
    ResponseKind,
    StaleVersion,
    Terms,
)

STOP_ID, THREAD = "5" * 32, "7" * 32
A_STOP = StopBody(STOP_ID, "3512N03548E", "Cease fire: our aircraft is inside")
SECOND_US = 1_000_000


def kinds(channel, party):
    return [kind for kind, _ in channel.opens(party)]


def asked_to_stop(**terms):
    """A channel in which C has asked A to cease."""
    channel = Channel(an_understanding(**terms))
    channel.send("C", stop, "stop", "A", A_STOP)
    return channel


def read_stop(channel, stage=ACKNOWLEDGED, officer="Duty officer"):
    return channel.send("A", receive, "receipt", "C", ReceiptBody(STOP_ID, 1, stage, officer=officer))


# ── notices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_view_is_open_until_it_is_acknowledged_and_not_merely_delivered():
    channel, view = a_channel()
    assert channel.opens("B") == [("notice", {"sender": "A", "id": view.view_id, "version": 1})]
    (item,) = [item for (party, _), item in channel.items.items() if party == "B"]
    assert item.due_us == NOON_US + 600 * SECOND_US
    acknowledge(channel, view, stage=DELIVERED, officer="")
    assert kinds(channel, "B") == ["notice"]
    acknowledge(channel, view)
    assert kinds(channel, "B") == []
    channel.check()


def test_what_is_amended_has_to_be_read_anew_and_what_is_cancelled_by_nobody():
    channel, view = a_channel()
    acknowledge(channel, view)
    channel.submit("A", plan("A", title="later"), {"B": FULL, "C": FULL})
    assert [told["version"] for _, told in channel.opens("B", "notice")] == [2]
    channel.check()
    channel.cancel("A", "N")
    assert (kinds(channel, "B"), kinds(channel, "C"), kinds(channel, "A")) == ([], [], [])


def test_a_notice_of_ones_own_that_meets_something_stays_open_until_it_is_clear_or_over():
    channel, _ = a_channel()
    channel.submit("B", plan("B"), {})
    assert [(kind, told["answer"]) for kind, told in channel.opens("B") if kind == "meeting"] == [
        ("meeting", "CONFLICT")
    ]
    channel.check()
    channel.cancel("A", "N")
    assert kinds(channel, "B") == []
    channel.check()


def test_what_a_party_is_shown_because_of_others_waits_for_the_tick_and_its_own_doings_do_not():
    channel = Channel(an_understanding(tick_s=60))
    channel.now_us += 1
    tick_us = NOON_US + 60 * SECOND_US
    channel.submit("A", plan("A"), {"B": FULL})
    channel.submit("B", plan("B"), {})
    shown = {item.kind: item.shown_us for (party, _), item in channel.items.items() if party == "B"}
    assert shown == {"notice": tick_us, "meeting": channel.now_us}
    channel.cancel("A", "N")
    closed = {close.subject.split("|")[0]: close.closed_us for batch in channel.batches for close in batch.closed}
    assert closed == {"view": tick_us, "meeting": tick_us}


def test_an_answer_that_did_not_change_leaves_its_item_as_it_is():
    channel, _ = a_channel()
    channel.submit("B", plan("B"), {"A": FULL})
    before = dict(channel.items)
    channel.submit("B", plan("B", title="said otherwise"), {"A": FULL})
    changed = {key for key in before if channel.items.get(key) != before[key]}
    assert {subject.split("|")[0] for _, subject in changed} == {"view"}


def test_when_nobody_answers_the_sender_has_it_open_until_somebody_does():
    channel, view = a_channel()
    channel.wait(900)
    open_for_us = [told for kind, told in channel.opens("A") if kind == "unanswered"]
    assert {(told["recipient"], told["stage"]) for told in open_for_us} == {
        ("B", "acknowledged"),
        ("C", "acknowledged"),
    }
    acknowledge(channel, view)
    assert [told["recipient"] for _, told in channel.opens("A")] == ["C"]
    channel.cancel("A", "N")
    assert kinds(channel, "A") == []


def test_delivered_does_not_answer_what_was_to_be_acknowledged():
    channel, view = a_channel()
    channel.wait(900)
    acknowledge(channel, view, stage=DELIVERED, officer="")
    assert len(channel.opens("A", "unanswered")) == 2


def test_for_a_party_without_keys_the_sender_has_to_see_to_it():
    channel, _ = a_channel(parties="ABZ")
    view = channel.parties["A"].notices["N"].views["Z"]
    assert channel.opens("A") == [("by_report", {"recipient": "Z", "id": view.view_id, "version": 1, "of": "view"})]
    told = ReceiptBody(view.view_id, 1, ACKNOWLEDGED, officer="by telephone", by_report_for="Z")
    channel.send("A", receive, "receipt", "", told)
    assert kinds(channel, "A") == []
    channel.check()


@pytest.mark.parametrize("kind", [ResponseKind.OBJECTED, ResponseKind.QUERIED])
def test_an_objection_stays_with_the_sender_until_it_is_withdrawn_or_the_plan_is_another(kind):
    for mend in ("coordinate", "amend"):
        channel, view = a_channel()
        channel.send("B", respond, "response", "A", ResponseBody(view.view_id, 1, kind, "too close"))
        assert [told["response"] for _, told in channel.opens("A", "response")] == [kind.value]
        if mend == "coordinate":
            body = ResponseBody(view.view_id, 1, ResponseKind.COORDINATED)
            channel.send("B", respond, "response", "A", body)
        else:
            channel.submit("A", plan("A", title="moved"), {"B": FULL, "C": FULL})
        assert channel.opens("A", "response") == []


def test_nothing_is_open_of_what_is_over():
    channel, _ = a_channel(Deadline(ACKNOWLEDGED, 60))
    channel.submit("B", plan("B"), {})
    channel.wait(1_000)
    assert channel.items
    channel.now_us = NOON_US + 2 * HOUR_US + 901 * SECOND_US
    channel.turn(lambda turn: expire(channel.standing, turn))
    assert (channel.items, channel.standing.reached) == ({}, {})


# ── STOP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stop_shows_at_once_before_everything_else():
    channel = Channel(an_understanding(tick_s=3_600))
    channel.submit("B", plan("B"), {"A": FULL})
    channel.now_us += 1
    channel.send("C", stop, "stop", "A", A_STOP)
    assert kinds(channel, "A") == ["stop", "notice"]
    item = channel.items["A", f"stop|C|{STOP_ID}"]
    assert (item.shown_us, item.urgency, item.due_us) == (channel.now_us, 0, channel.now_us + 60 * SECOND_US)


def test_a_stop_that_was_read_stands_until_it_is_lifted():
    channel = asked_to_stop()
    read_stop(channel)
    assert [(kind, told["stage"]) for kind, told in channel.opens("A")] == [("stop", "acknowledged")]
    assert [(kind, told["stage"]) for kind, told in channel.opens("C")] == [("stop_asked", "acknowledged")]
    item = channel.items["A", f"stop|C|{STOP_ID}"]
    assert (item.urgency, item.due_us) == (1, NEVER_US)
    channel.send("C", stop, "stop", "A", StopBody(STOP_ID, "", "over", lifted=True))
    assert (channel.items, channel.due, channel.standing.reached) == ({}, {}, {})
    assert [told["lifted"] for told in channel.told("A", "stop")] == [False, True]


def test_a_stop_that_nobody_reads_climbs_the_ladder():
    channel = asked_to_stop(stop_within_s=30)
    channel.wait(29)
    assert channel.told("A", "passed") == []
    channel.wait(1)
    assert [(told["of"], told["rung"]) for told in channel.told("A", "passed")] == [("stop", "alternates")]
    channel.wait(300)
    assert [told["rung"] for told in channel.told("C", "passed")] == ["sender_told"]
    assert [told["id"] for _, told in channel.opens("C", "unanswered")] == [STOP_ID]
    read_stop(channel)
    assert channel.opens("C", "unanswered") == []
    assert channel.due == {}


def test_a_stop_that_was_delivered_still_has_to_be_read():
    channel = asked_to_stop()
    read_stop(channel, DELIVERED, "")
    assert [(item.urgency, item.kind) for (party, _), item in channel.items.items() if party == "A"] == [(0, "stop")]
    channel.wait(60)
    assert [told["rung"] for told in channel.told("A", "passed")] == ["alternates"]


def test_a_stop_is_confirmed_down_after_it_was_acknowledged():
    channel = asked_to_stop()
    read_stop(channel)
    channel.send(
        "A", receive, "receipt", "C", ReceiptBody(STOP_ID, 1, ReceiptStage.CONFIRMED_DOWN, echelon="S-200 battery")
    )
    assert [told["stage"] for _, told in channel.opens("C")] == ["confirmed_down"]
    assert [told["echelon"] for told in channel.told("C", "receipt")] == ["", "S-200 battery"]


def test_a_stop_to_a_party_without_keys_is_reported_for():
    channel = Channel(an_understanding("CZ"))
    channel.send("C", stop, "stop", "Z", A_STOP)
    assert kinds(channel, "C") == ["stop_asked", "by_report"]
    told = ReceiptBody(STOP_ID, 1, ACKNOWLEDGED, officer="by radio", by_report_for="Z")
    channel.send("C", receive, "receipt", "", told)
    assert [(kind, told["stage"]) for kind, told in channel.opens("C")] == [("stop_asked", "acknowledged")]


def test_the_same_stop_twice_one_lifted_that_does_not_stand_and_a_flood_of_them_are_refused():
    channel = asked_to_stop()
    for body, refusal in ((A_STOP, Conflicted), (StopBody("6" * 32, "", "x", lifted=True), StaleVersion)):
        last = dict(channel.parties["C"].last)
        with pytest.raises(refusal):
            channel.send("C", stop, "stop", "A", body)
        channel.parties["C"].last = last
    for number in range(1, MOST_STOPS):
        channel.send("C", stop, "stop", "A", StopBody(f"{number:032x}", "there", "cease"))
    last = dict(channel.parties["C"].last)
    with pytest.raises(AgainstTerms, match="stand at A"):
        channel.send("C", stop, "stop", "A", StopBody("a" * 32, "there", "cease"))
    channel.parties["C"].last = last
    channel.send("C", stop, "stop", "B", StopBody("a" * 32, "there", "cease"))
    channel.send("C", stop, "stop", "A", StopBody(STOP_ID, "", "over", lifted=True))
    channel.send("C", stop, "stop", "A", StopBody("a" * 32, "there", "cease"))


def test_nobody_but_the_one_asked_reads_a_stop_and_nobody_but_the_one_who_asked_lifts_it():
    channel = asked_to_stop()
    with pytest.raises(StaleVersion):
        channel.send("B", receive, "receipt", "C", ReceiptBody(STOP_ID, 1, DELIVERED))
    with pytest.raises(StaleVersion):
        channel.send("B", stop, "stop", "A", StopBody(STOP_ID, "", "over", lifted=True))
    assert kinds(channel, "A") == ["stop"]


def test_the_time_to_read_a_stop_is_agreed_in_seconds_and_never_none():
    with pytest.raises(InvalidVolume, match="acknowledge a STOP"):
        Terms(stop_within_s=0)


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", ["answer", "acknowledge"])
def test_a_message_is_open_until_it_is_answered_in_its_thread_or_acknowledged(how):
    channel = Channel()
    channel.send("C", pass_on, "message", "A", MessageBody(THREAD, "Call us back"))
    channel.send("C", pass_on, "message", "A", MessageBody(THREAD, "Please"))
    assert channel.opens("A") == [("message", {"sender": "C", "id": THREAD, "version": 1})]
    if how == "answer":
        channel.send("A", pass_on, "message", "C", MessageBody(THREAD, "Calling"))
        assert kinds(channel, "C") == ["message"]
    else:
        channel.send("A", receive, "receipt", "C", ReceiptBody(THREAD, 1, ACKNOWLEDGED, officer="Night watch"))
        assert kinds(channel, "C") == []
    assert kinds(channel, "A") == []


def test_another_thread_answers_nothing():
    channel = Channel()
    channel.send("C", pass_on, "message", "A", MessageBody(THREAD, "Call us back"))
    channel.send("A", pass_on, "message", "C", MessageBody("8" * 32, "Something else"))
    assert kinds(channel, "A") == ["message"]


def test_more_messages_than_anybody_answers_are_refused():
    channel = Channel()
    for number in range(MOST_THREADS):
        channel.send("C", pass_on, "message", "A", MessageBody(f"{number:032x}", "x"))
    last = dict(channel.parties["C"].last)
    with pytest.raises(AgainstTerms, match="wait at A unanswered"):
        channel.send("C", pass_on, "message", "A", MessageBody("f" * 32, "x"))
    channel.parties["C"].last = last
    channel.send("C", pass_on, "message", "A", MessageBody(f"{0:032x}", "in a thread that waits"))
    channel.send("C", pass_on, "message", "B", MessageBody("f" * 32, "x"))


# ── after a restart ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_stands_and_waits_follows_from_the_items_alone():
    channel = asked_to_stop()
    channel.send("B", stop, "stop", "A", StopBody("4" * 32, "there", "cease"))
    channel.send("C", pass_on, "message", "A", MessageBody(THREAD, "Call us back"))
    read_stop(channel)
    assert (
        stops_standing(channel.standing) | dict.fromkeys(words_waiting(channel.standing), ReceiptStage.RECEIVED)
        == channel.standing.reached
    )
    assert channel.standing.reached[Addressed("stop", "C", "A", STOP_ID, 1)] is ACKNOWLEDGED
