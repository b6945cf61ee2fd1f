"""Drills: answered with an acknowledgement, timed to the tick, and nobody else's to read."""

import pytest

from channel_world import Channel, an_understanding
from detente.channel.acts import DrillBody, ReceiptBody
from detente.channel.decide import decide
from detente.channel.drills import MOST_KEPT, drill, drills_of
from detente.domain import AgainstTerms, Conflicted, NotUnderstood, ReceiptStage, StaleVersion

ID, OTHER = "d" * 32, "e" * 32


def ask(channel, to="B", drill_id=ID, sender="A"):
    return channel.send(sender, drill, "drill", to, DrillBody(drill_id, "Acknowledge as you would a STOP"))


def acknowledge(channel, drill_id=ID, party="B", to="A", stage=ReceiptStage.ACKNOWLEDGED, **changed):
    body = ReceiptBody(drill_id, 1, stage, officer="Night watch", **changed)
    acts = channel.open(party, [channel.parties[party].sign("receipt", to, body)])
    return channel.turn(lambda turn: decide(channel.standing, turn, acts))


def test_how_long_an_answer_took_is_counted_from_tick_to_tick():
    channel = Channel(an_understanding(tick_s=10))
    channel.now_us += 1
    ask(channel)  # to be read at 10 s
    channel.now_us += 31_000_000  # answered at 31 s, to be read at 40 s
    told = acknowledge(channel)
    assert (told["took_s"], told["drill"]) == (30, True)
    assert [posting["drill"] for posting in channel.postings("A", "receipt")] == [True]
    assert dict(drills_of(due) for due in channel.due.values()) == channel.standing.drills


def test_a_drill_is_open_until_it_is_answered_and_the_next_takes_its_place():
    channel = Channel()
    ask(channel)
    ask(channel, drill_id=OTHER)
    ask(channel, sender="C")
    assert channel.opens("B", "drill") == [
        ("drill", {"id": OTHER, "sender": "A"}),
        ("drill", {"id": ID, "sender": "C"}),
    ]
    acknowledge(channel)  # the first, late
    assert len(channel.opens("B", "drill")) == 2
    acknowledge(channel, OTHER)
    assert channel.opens("B", "drill") == [("drill", {"id": ID, "sender": "C"})]
    channel.check()


def test_a_drill_sets_off_no_ladder():
    channel = Channel()
    ask(channel)
    channel.wait(100_000)
    assert [channel.told(party, "passed") for party in "ABC"] == [[], [], []]


def test_a_drill_is_answered_once_and_by_whom_it_was_asked():
    channel = Channel()
    ask(channel)
    with pytest.raises(StaleVersion, match="no such version"):
        acknowledge(channel, party="C")
    acknowledge(channel)
    with pytest.raises(StaleVersion, match="was answered"):
        acknowledge(channel)
    with pytest.raises(Conflicted, match="asked before"):
        ask(channel)


@pytest.mark.parametrize("stage", [ReceiptStage.DELIVERED, ReceiptStage.CONFIRMED_DOWN])
def test_a_drill_is_answered_by_an_officer_who_read_it(stage):
    channel = Channel()
    ask(channel)
    with pytest.raises(NotUnderstood, match="officer's own acknowledgement"):
        acknowledge(channel, stage=stage, echelon="a battery")
    assert len(channel.opens("B", "drill")) == 1


@pytest.mark.parametrize("to", ["", "A", "Z", "nobody"])
def test_a_drill_is_for_somebody_who_can_answer(to):
    with pytest.raises(AgainstTerms, match="cannot answer"):
        ask(Channel(an_understanding("ABZ")), to)


def test_of_each_pair_the_last_drills_are_kept():
    channel = Channel()
    for number in range(MOST_KEPT + 3):
        ask(channel, drill_id=f"{number:032x}")
    (log,) = channel.standing.drills.values()
    assert (len(log), log[-1].drill_id) == (MOST_KEPT, f"{MOST_KEPT + 2:032x}")
