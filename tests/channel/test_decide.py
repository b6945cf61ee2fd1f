"""Submissions find their use case; a change of the rules reaches everybody it touches."""

from dataclasses import replace

import pytest

from channel_world import FULL, NOON_US, Channel, an_understanding
from detente.channel.acts import MessageBody, SuspendBody
from detente.channel.decide import decide
from detente.domain import (
    Activity,
    AltitudeBand,
    Circle,
    Minima,
    MinimaRule,
    Notice,
    NotUnderstood,
    Position,
    Rung,
    StaleVersion,
    Step,
    TimeWindow,
    Volume4D,
    amsl,
)

HOUR_US = 3_600_000_000


def plan(party, km_north=0.0):
    window = TimeWindow(NOON_US + HOUR_US, NOON_US + 2 * HOUR_US)
    where = Circle(Position(34.0 + km_north / 111.0, 36.0), 2_000.0)
    return Notice(
        "N", party, Activity.AIR_OPERATION, (Volume4D(where, AltitudeBand(amsl(1_000.0), amsl(2_000.0)), window),)
    )


def decided(channel, party, *envelopes):
    acts = channel.open(party, envelopes)
    return channel.turn(lambda turn: decide(channel.standing, turn, acts))


def test_suspending_the_understanding_reissues_the_answers_that_change_by_it():
    channel = Channel()
    channel.submit("A", plan("A"), {"B": FULL})
    channel.submit("B", plan("B", km_north=10.0), {"A": FULL})
    assert [a["answer"] for a in channel.answers["A"].values()] == ["CLEAR"]  # 6 km apart, where 500 m are agreed
    digest = channel.standing.registry.agreements.in_force
    told = decided(channel, "C", channel.parties["C"].sign("suspend", "", SuspendBody(digest)))
    assert told["rules"] == "default rules, nothing is agreed"
    assert [a["answer"] for name in "AB" for a in channel.answers[name].values()] == ["CONFLICT", "CONFLICT"]
    channel.check()
    decided(channel, "C", channel.parties["C"].sign("suspend", "", SuspendBody(digest, lifted=True)))
    assert [a["answer"] for name in "AB" for a in channel.answers[name].values()] == ["CLEAR", "CLEAR"]
    channel.check()


def test_a_public_act_is_shown_to_every_member():
    channel = Channel()
    digest = channel.standing.registry.agreements.in_force
    decided(channel, "C", channel.parties["C"].sign("suspend", "", SuspendBody(digest, reason="we need to talk")))
    assert [told["reason"] for name in "ABC" for told in channel.told(name, "suspend")] == ["we need to talk"] * 3


def test_a_public_act_that_does_not_follow_changes_nothing():
    channel = Channel()
    position = channel.standing.heads.next_position
    with pytest.raises(StaleVersion):
        decided(channel, "C", channel.parties["C"].sign("suspend", "", SuspendBody("f" * 64)))
    assert channel.standing.heads.next_position == position
    assert channel.inbox["A"] == []


def test_acts_that_do_not_belong_together_are_refused():
    channel = Channel()
    client = channel.parties["C"]
    words = [client.sign("message", to, MessageBody("2" * 32, "Hello")) for to in "AB"]
    with pytest.raises(NotUnderstood, match="2 acts that do not belong together"):
        decided(channel, "C", *words)


def test_a_view_that_no_notice_names_is_refused_by_itself():
    channel = Channel()
    view, _ = channel.parties["A"].submission(plan("A"), {"B": FULL})
    with pytest.raises(NotUnderstood, match="an act of kind view by itself"):
        decided(channel, "A", view)
    assert channel.inbox["B"] == []


def test_a_step_of_a_ladder_that_is_gone_is_passed_over():
    steps = (
        Step(Rung.ALTERNATES, 0),
        Step(Rung.ALL_OFFICERS, 300),
        Step(Rung.NEXT_LEVEL, 600),
        Step(Rung.SENDER_TOLD, 900),
    )
    channel = Channel(an_understanding(ladder=steps))
    channel.submit("A", plan("A"), {"B": FULL})
    channel.wait(600 + 899)
    digest = channel.standing.registry.agreements.in_force
    decided(channel, "C", channel.parties["C"].sign("suspend", "", SuspendBody(digest)))  # its ladder has three steps
    channel.wait(10_000)
    assert channel.due == {}


def test_where_no_rule_speaks_of_two_activities_the_default_minima_answer():
    drones = MinimaRule("drones", Minima(1.0, 1.0, 1.0), Activity.UNMANNED_FLIGHT)
    silent = replace(an_understanding(), rules=(drones,))
    channel = Channel(silent)
    channel.submit("A", plan("A"), {"B": FULL})
    assert channel.submit("B", plan("B", km_north=10.0), {})["answer"] == "CONFLICT"
