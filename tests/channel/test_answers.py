"""Receipts, responses, deadlines and the ladder; messages and STOP; what is over."""

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
from detente.channel.deadlines import passed
from detente.channel.expiry import expire
from detente.channel.words import pass_on, stop
from detente.domain import (
    Activity,
    AgainstTerms,
    Deadline,
    InvalidVolume,
    NotUnderstood,
    ReceiptStage,
    ReleaseLevel,
    ResponseKind,
    Rung,
    StaleVersion,
    Step,
    Terms,
)


def rungs(channel, party):
    return [told["rung"] for told in channel.told(party, "passed")]


def test_an_acknowledgement_reaches_the_sender_with_the_officers_name():
    channel, view = a_channel()
    acknowledge(channel, view)
    (told,) = channel.told("A", "receipt")
    assert (told["stage"], told["officer"]) == ("acknowledged", "Duty officer, night watch")


def test_when_nobody_answers_the_ladder_is_climbed_step_by_step_and_the_sender_is_told():
    channel, _ = a_channel()
    channel.wait(599)
    assert (rungs(channel, "B"), rungs(channel, "A")) == ([], [])
    channel.wait(1)
    assert (rungs(channel, "B"), rungs(channel, "A")) == (["alternates"], [])
    channel.wait(299)
    assert (rungs(channel, "B"), rungs(channel, "A")) == (["alternates"], [])
    channel.wait(1)
    assert rungs(channel, "B") == ["alternates", "all_officers"]
    assert {(told["recipient"], told["rung"]) for told in channel.told("A", "passed")} == {
        ("B", "sender_told"),
        ("C", "sender_told"),
    }
    channel.wait(86_400)
    assert rungs(channel, "B") == ["alternates", "all_officers"]
    assert channel.due == {}


@pytest.mark.parametrize("after_s", [10, 700])
def test_who_answers_is_called_no_more(after_s):
    channel, view = a_channel()
    channel.wait(after_s)
    climbed = rungs(channel, "B")
    acknowledge(channel, view)
    channel.wait(86_400)
    assert rungs(channel, "B") == climbed
    assert {told["recipient"] for told in channel.told("A", "passed")} == {"C"}


def test_an_acknowledgement_says_that_it_was_delivered():
    channel, view = a_channel(Deadline(DELIVERED, 60), Deadline(ACKNOWLEDGED, 600))
    acknowledge(channel, view)
    assert {subject.split("|")[3] for subject in channel.due} == {"C"}


def test_delivered_is_not_acknowledged():
    channel, view = a_channel()
    acknowledge(channel, view, stage=DELIVERED, officer="")
    channel.wait(600)
    assert rungs(channel, "B") == ["alternates"]


def test_an_amendment_has_to_be_acknowledged_anew_and_the_old_version_no_more():
    channel, view = a_channel()
    channel.wait(500)
    channel.submit("A", plan("A", title="later"), {"B": FULL, "C": FULL})
    channel.wait(599)
    assert rungs(channel, "B") == []
    channel.wait(1)
    assert [told["version"] for told in channel.told("B", "passed")] == [2]
    with pytest.raises(StaleVersion):
        acknowledge(channel, view)


def test_what_is_cancelled_is_waited_for_no_more():
    channel, _ = a_channel()
    channel.cancel("A", "N")
    assert channel.due == {}


def test_a_deadline_that_comes_late_out_of_the_store_after_the_answer_does_nothing():
    channel, view = a_channel()
    due = [d for d in channel.due.values() if "|B|" in d.subject]
    acknowledge(channel, view)
    channel.turn(lambda turn: passed(channel.standing, turn, due[0]))
    assert rungs(channel, "B") == []


def test_a_ladder_may_wait_before_its_first_step():
    channel, _ = a_channel(ladder=(Step(Rung.SENDER_TOLD, 60),))
    channel.wait(659)
    assert rungs(channel, "A") == []
    channel.wait(1)
    assert len(rungs(channel, "A")) == 2


def test_a_ladder_that_goes_back_in_time_is_refused():
    with pytest.raises(InvalidVolume, match="in the order of their times"):
        Terms(ladder=(Step(Rung.ALTERNATES, 60), Step(Rung.SENDER_TOLD, 0)))


def test_a_party_cannot_answer_for_what_it_was_not_told_and_learns_nothing_by_trying():
    channel = Channel()
    channel.submit("A", plan("A"), {"B": FULL})
    view = channel.parties["A"].notices["N"].views["B"]
    says = set()
    for view_id, version in ((view.view_id, 1), (view.view_id, 2), ("f" * 32, 1)):
        with pytest.raises(StaleVersion) as error:
            channel.send("C", receive, "receipt", "A", ReceiptBody(view_id, version, DELIVERED))
        channel.parties["C"].last.clear()
        says.add(str(error.value))
    assert len(says) == 1


def test_a_party_without_keys_is_reported_for_and_the_report_stays_one():
    channel, _ = a_channel(parties="ABZ")
    view = channel.parties["A"].notices["N"].views["Z"]
    told = ReceiptBody(view.view_id, 1, ACKNOWLEDGED, officer="by telephone", by_report_for="Z")
    assert channel.send("A", receive, "receipt", "", told)["by_report"]
    assert {subject.split("|")[3] for subject in channel.due} == {"B"}


def test_nobody_reports_for_a_party_that_can_speak_for_itself():
    channel, view = a_channel()
    told = ReceiptBody(view.view_id, 1, ACKNOWLEDGED, officer="so they say", by_report_for="B")
    with pytest.raises(AgainstTerms, match="B is no party without keys"):
        channel.send("C", receive, "receipt", "A", told)


def test_a_response_is_passed_on_and_is_no_receipt():
    channel, view = a_channel()
    channel.send("B", respond, "response", "A", ResponseBody(view.view_id, 1, ResponseKind.OBJECTED, "too close"))
    assert [told["kind"] for told in channel.told("A", "response")] == ["objected"]
    channel.wait(600)
    assert rungs(channel, "B") == ["alternates"]


@pytest.mark.parametrize(
    "body",
    [
        ReceiptBody("0" * 32, 1, ACKNOWLEDGED),
        ReceiptBody("0" * 32, 1, ReceiptStage.CONFIRMED_DOWN, officer="X"),
        ReceiptBody("0" * 32, 1, ReceiptStage.RECEIVED),
    ],
)
def test_a_receipt_names_who_it_has_to(body):
    with pytest.raises(NotUnderstood):
        Channel().send("B", receive, "receipt", "A", body)


def test_a_stop_and_a_message_reach_the_party_they_are_for_and_nobody_else():
    channel = Channel()
    channel.send("C", stop, "stop", "A", StopBody("1" * 32, "35.2N 35.6E", "Cease: our aircraft is inside"))
    channel.send("C", pass_on, "message", "A", MessageBody("2" * 32, "Call us back"))
    assert [posting.kind for posting, _ in channel.inbox["A"]] == ["stop", "message"]
    assert channel.inbox["B"] == []


@pytest.mark.parametrize("nobody", ["", "C", "Q"])
def test_words_need_somebody_to_hear_them(nobody):
    with pytest.raises(AgainstTerms):
        Channel().send("C", pass_on, "message", nobody, MessageBody("2" * 32, "Hello"))


def test_what_is_over_leaves_every_world_and_is_waited_for_no_more():
    channel, _ = a_channel(Deadline(ACKNOWLEDGED, 86_400))
    channel.now_us = NOON_US + 2 * HOUR_US + 901_000_000
    assert channel.turn(lambda turn: expire(channel.standing, turn)) == 3
    assert (channel.due, channel.standing.notices) == ({}, {})
    assert len(channel.batches[-1].ended) == 3


def test_an_existence_view_is_waited_for_like_any_other():
    channel = Channel(
        an_understanding(deadlines=(Deadline(ACKNOWLEDGED, 600, Activity.AIR_OPERATION), Deadline(ACKNOWLEDGED, 900)))
    )
    channel.submit("A", plan("A"), {"B": ReleaseLevel.EXISTENCE})
    channel.wait(899)
    assert rungs(channel, "B") == []  # its activity is hidden, and so is the deadline that would tell it
    channel.wait(1)
    assert rungs(channel, "B") == ["alternates"]
