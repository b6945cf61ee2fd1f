"""The call log: one party's word, or two beside each other; what is not shared reaches nobody."""

import pytest

from channel_world import NOON_US, Channel, an_understanding
from detente.channel import calls
from detente.channel.acts import CallAnswerBody, CallBody
from detente.domain import AgainstTerms, Conflicted, NotUnderstood, StaleVersion

ID = "c" * 32
CALL = {
    "call_id": ID, "with_party": "B", "with_officer": "Captain", "by_officer": "Night watch", "at_us": NOON_US,
    "text": "Our aircraft are clear of the coast", "read_back": True,
}  # fmt: skip


def log(channel, to="B", **changed):
    return channel.send("A", calls.log, "call", to, CallBody(**CALL | changed))


def digest(channel):
    """Of the call logged last."""
    return channel.parties["A"].last["B"].digest


def say(channel, says="confirmed", party="B", of=None, **changed):
    told = {"call_id": ID, "digest": of or digest(channel), "says": says, "officer": "Duty officer"} | changed
    return channel.send(party, calls.answer, "call_answer", "A", CallAnswerBody(**told))


def test_a_call_that_is_not_shared_reaches_nobody():
    channel = Channel()
    log(channel, to="")
    assert [channel.inbox[party] for party in "ABC"] == [[], [], []]
    assert channel.items == {}
    assert len(channel.batches[-1].entries) == 1


@pytest.mark.parametrize(("says", "text"), [("confirmed", ""), ("disputed", "Inside the coast, we heard")])
def test_a_shared_call_is_confirmed_or_disputed_and_its_logger_told(says, text):
    channel = Channel()
    log(channel)
    assert [kind for kind, _ in channel.opens("B")] == ["call"]
    say(channel, says, text=text)
    assert channel.opens("B") == []
    assert [(told["says"], told["text"]) for told in channel.told("A", "call_answer")] == [(says, text)]
    assert channel.inbox["C"] == []
    with pytest.raises(StaleVersion):
        say(channel, says, text=text)
    channel.check()


def test_only_the_act_that_was_shared_is_confirmed_and_only_by_whom_it_was_shared_with():
    channel = Channel()
    log(channel)
    with pytest.raises(StaleVersion, match="no such call"):
        say(channel, of="0" * 64)
    with pytest.raises(StaleVersion, match="no such call"):
        say(channel, party="C")
    with pytest.raises(Conflicted):
        log(channel, text="Something else was said")


@pytest.mark.parametrize(
    ("to", "changed", "error"),
    [
        ("C", {}, NotUnderstood),
        ("Z", {"with_party": "Z"}, AgainstTerms),
        ("A", {"with_party": "A"}, AgainstTerms),
        ("", {"at_us": NOON_US + 601_000_000}, NotUnderstood),
        ("", {"text": ""}, NotUnderstood),
        ("", {"by_officer": ""}, NotUnderstood),
        ("", {"with_officer": "x" * 201}, NotUnderstood),
    ],
)
def test_a_call_that_cannot_be_is_refused(to, changed, error):
    channel = Channel()
    with pytest.raises(error):
        log(channel, to, **changed)
    assert channel.batches == []


def test_a_party_without_keys_is_told_and_has_nothing_to_confirm():
    channel = Channel(an_understanding("ABZ"))
    log(channel, "Z", with_party="Z")
    assert channel.opens("Z") == []


def test_a_dispute_says_what_was_otherwise():
    channel = Channel()
    log(channel)
    with pytest.raises(NotUnderstood, match="disputed"):
        say(channel, "disputed")


def test_calls_that_nobody_answers_do_not_pile_up(monkeypatch):
    monkeypatch.setattr(calls, "MOST_WAITING", 3)
    channel = Channel()
    for number in range(3):
        log(channel, call_id=f"{number:032x}")
    with pytest.raises(AgainstTerms, match="calls of yours wait"):
        log(channel)
    log(channel, to="")
