"""Phrases: what is filled in is read back, exactly, or nothing was acknowledged."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_world import Channel, an_understanding
from detente.channel.acts import MessageBody, ReceiptBody
from detente.channel.decide import decide
from detente.channel.open_items import words_waiting
from detente.domain import (
    Conflicted,
    DetenteError,
    InvalidVolume,
    NotUnderstood,
    ReceiptStage,
    StaleVersion,
    Template,
    Terms,
)
from detente.domain.template import MOST_SLOTS, SHIPPED

THREAD = "7" * 32
PERSONNEL = {"place": "Kfar Kila, north gate", "until": "18:00Z"}
WORDS = "We have personnel at Kfar Kila, north gate until 18:00Z."
ACKNOWLEDGED = ReceiptStage.ACKNOWLEDGED


def decided(channel, party, kind, to, body):
    client = channel.parties[party]
    last = dict(client.last)
    try:
        acts = channel.open(party, [client.sign(kind, to, body)])
        return channel.turn(lambda turn: decide(channel.standing, turn, acts))
    except DetenteError:
        client.last = last  # what was refused spends no sequence
        raise


def say(channel, text=WORDS, template="personnel-at", slots=PERSONNEL, thread=THREAD, sender="A", to="B"):
    return decided(channel, sender, "message", to, MessageBody(thread, text, "", template, slots))


def read_back(channel, slots, stage=ACKNOWLEDGED, party="B", to="A"):
    return decided(channel, party, "receipt", to, ReceiptBody(THREAD, 1, stage, officer="Night watch", read_back=slots))


def waiting(channel, party="B"):
    return [told.get("slots") for _, told in channel.opens(party, "message")]


def test_a_phrase_read_back_is_acknowledged():
    channel = Channel()
    say(channel)
    assert waiting(channel) == [PERSONNEL]
    told = read_back(channel, {"place": " kfar  kila, NORTH gate", "until": "18:00z "})
    assert (told["read_back"], told["stage"]) == ("right", "acknowledged")
    assert waiting(channel) == []
    assert len(channel.postings("A", "receipt")) == 1
    channel.check()


@pytest.mark.parametrize(
    ("said", "was", "wrong"),
    [
        (PERSONNEL | {"place": "Kfar Kila, south gate"}, "wrong", ["place"]),
        ({"until": "18:00Z"}, "wrong", ["place"]),
        (PERSONNEL | {"gate": "north"}, "wrong", ["gate"]),
        ({}, "missing", ["place", "until"]),
    ],
)
def test_a_wrong_read_back_acknowledges_nothing_and_both_sides_are_told(said, was, wrong):
    channel = Channel()
    say(channel)
    told = read_back(channel, said)
    assert (told["read_back"], told["wrong"], told["stage"]) == (was, wrong, "received")
    assert [posting["read_back"] for posting in channel.postings("A", "receipt")] == [was]
    assert waiting(channel) == [PERSONNEL]
    assert len(channel.batches[-1].entries) == 1  # it is in the record as it was signed
    assert read_back(channel, PERSONNEL)["read_back"] == "right"


values = st.text("abAB 1", min_size=1, max_size=6).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(values, values)
def test_what_is_read_back_is_right_exactly_where_it_is_the_same_but_for_case_and_spaces(filled, said):
    channel = Channel()
    say(channel, f"Confirm receipt of {filled}.", "confirm-receipt", {"reference": filled})
    same = said.lower().split() == filled.lower().split()
    assert read_back(channel, {"reference": said})["read_back"] == ("right" if same else "wrong")
    assert bool(waiting(channel)) is not same


def test_a_phrase_that_was_delivered_waits_to_be_read_back():
    channel = Channel()
    say(channel)
    assert "read_back" not in read_back(channel, {}, ReceiptStage.DELIVERED)
    assert waiting(channel) == [PERSONNEL]


def test_words_in_its_thread_neither_close_a_phrase_nor_take_its_place():
    channel = Channel()
    say(channel)
    say(channel, "more to come", "", {})
    say(channel, "understood", "", {}, sender="B", to="A")
    assert waiting(channel) == [PERSONNEL]
    assert read_back(channel, {"place": "x", "until": "y"})["read_back"] == "wrong"
    assert read_back(channel, PERSONNEL)["read_back"] == "right"


def test_a_phrase_opens_a_thread_of_its_own():
    channel = Channel()
    say(channel, "hello", "", {})
    with pytest.raises(Conflicted, match="thread of its own"):
        say(channel)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"text": "We have no personnel there."}, "not what the phrase says"),
        ({"template": "nobody-at"}, "no phrase here"),
        ({"template": ""}, "slots of no phrase"),
        ({"slots": {"place": "x"}}, "until is missing"),
        ({"slots": PERSONNEL | {"gate": "x"}}, "gate is none"),
        ({"slots": PERSONNEL | {"place": " "}}, "cannot stand"),
        ({"slots": PERSONNEL | {"place": "x\ny"}}, "cannot stand"),
        ({"slots": PERSONNEL | {"place": "x" * 201}}, "201|200"),
    ],
)
def test_a_message_says_what_the_phrase_says_that_it_names(changed, match):
    channel = Channel()
    with pytest.raises(NotUnderstood, match=match):
        say(channel, **changed)
    assert channel.batches == []


def test_what_is_no_phrase_is_not_read_back():
    channel = Channel()
    say(channel, "hello", "", {})
    with pytest.raises(NotUnderstood, match="nothing of that id"):
        read_back(channel, PERSONNEL)
    assert read_back(channel, {})["stage"] == "acknowledged"


def test_a_phrase_is_read_back_once_and_by_whom_it_is_for():
    channel = Channel()
    say(channel)
    with pytest.raises(NotUnderstood):
        read_back(channel, PERSONNEL, party="C")
    with pytest.raises(StaleVersion, match="no such version"):
        read_back(channel, {}, party="C")
    read_back(channel, PERSONNEL)
    with pytest.raises(StaleVersion, match="no such version"):
        read_back(channel, {})


def test_an_understanding_has_phrases_of_its_own_and_may_replace_those_there_are():
    own = (Template("personnel-at", "Ours at {place}."), Template("abort-now", "Abort."))
    channel = Channel(an_understanding(templates=own))
    say(channel, "Ours at the bridge.", slots={"place": "the bridge"})
    say(channel, "Abort.", "abort-now", {}, thread="8" * 32)
    assert waiting(channel) == [{"place": "the bridge"}, None]
    terms = Terms(templates=own)
    assert {each.name for each in terms.phrases} == {each.name for each in SHIPPED} | {"abort-now"}


def test_what_waits_is_found_again_from_the_items_alone():
    channel = Channel()
    say(channel)
    assert [(told.sender, told.recipient, told.id) for told in words_waiting(channel.standing)] == [("A", "B", THREAD)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "x"), ("Upper", "x"), ("a b", "x"), ("x" * 41, "x"), ("ok", ""), ("ok", "x" * 1001), ("ok", "{Place}"),
        ("ok", "{place"), ("ok", "a}"), ("ok", "{a} {a}"), ("ok", " ".join(f"{{{chr(97 + n)}}}" for n in range(MOST_SLOTS + 1))),
    ],
)  # fmt: skip
def test_a_phrase_that_cannot_be_is_refused(name, text):
    with pytest.raises(InvalidVolume):
        Template(name, text)


def test_a_phrase_that_stands_twice_is_refused():
    with pytest.raises(InvalidVolume, match="twice"):
        Terms(templates=(Template("a", "x"), Template("a", "y")))


@pytest.mark.parametrize("template", SHIPPED, ids=lambda each: each.name)
def test_a_filled_phrase_holds_each_value(template):
    told = {slot: f"value of {slot}" for slot in template.slots}
    assert all(value in template.filled(told) for value in told.values())
    assert "{" not in template.filled(told)
