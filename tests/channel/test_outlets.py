"""Outlets: placed by their party, told from then on, and where each stands kept with it."""

import pytest

from channel_world import Channel
from detente.channel.acts import MessageBody, OutletBody
from detente.channel.outlets import BACK_OFF_S, MOST_DEAD, MOST_OUTLETS, Progress, outlet_of, place, progress
from detente.channel.words import pass_on
from detente.domain import AgainstTerms, Conflicted, NotUnderstood, StaleVersion

ID = "a" * 32
HOOK = OutletBody(ID, "webhook", "https://example.org/hook")


@pytest.fixture
def channel():
    channel = Channel()
    channel.send("B", pass_on, "message", "A", MessageBody("1" * 32, "before"))
    channel.send("A", place, "outlet", "", HOOK)
    return channel


def kept(channel):
    (due,) = [due for due in channel.due.values() if due.kind == "outlet"]
    assert channel.standing.outlets["A", ID] == outlet_of(due)  # what a restart reads
    return outlet_of(due)


def tell(channel, after_number, **told):
    channel.turn(lambda turn: progress(channel.standing, turn, Progress("A", ID, after_number, **told)))
    return kept(channel)


def test_a_new_outlet_is_told_of_what_comes_and_not_of_what_was(channel):
    assert kept(channel).after_number == 1


def test_what_fails_is_tried_again_later_and_later_and_then_given_up(channel):
    waits = []
    for attempt in range(1, len(BACK_OFF_S) + 1):
        outlet = tell(channel, 1, failed=(2, "view"), problem="it answered 500")
        assert (outlet.attempts, outlet.after_number) == (attempt, 1)
        waits.append((outlet.try_us - channel.now_us) // 1_000_000)
    assert tuple(waits) == BACK_OFF_S
    outlet = tell(channel, 1, failed=(2, "view"), problem="it answered 500")
    assert (outlet.after_number, outlet.attempts, [dead.number for dead in outlet.dead]) == (2, 0, [2])


def test_what_is_refused_for_good_is_given_up_at_once(channel):
    outlet = tell(channel, 1, failed=(2, "view"), problem="it answered 410", is_final=True)
    assert (outlet.after_number, [dead.problem for dead in outlet.dead]) == (2, ["it answered 410"])


def test_a_good_attempt_forgets_the_failures_before_it(channel):
    tell(channel, 1, failed=(2, "view"), problem="x")
    assert tell(channel, 2).attempts == 0
    assert tell(channel, 4, failed=(5, "view"), problem="x").attempts == 1


def test_an_attempt_that_comes_late_takes_nothing_back(channel):
    tell(channel, 5)
    assert tell(channel, 3).after_number == 5


def test_no_more_is_remembered_of_what_was_given_up_than_may(channel):
    for number in range(2, MOST_DEAD + 4):
        tell(channel, number - 1, failed=(number, "view"), problem="x", is_final=True)
    assert len(kept(channel).dead) == MOST_DEAD


def test_the_same_again_changes_its_kinds_and_keeps_its_place(channel):
    tell(channel, 5)
    channel.send("A", place, "outlet", "", OutletBody(ID, "webhook", HOOK.address, ("stop",)))
    assert (kept(channel).kinds, kept(channel).after_number) == (("stop",), 5)


def test_a_removed_outlet_is_gone_and_what_comes_late_for_it_is_nothing(channel):
    channel.send("A", place, "outlet", "", OutletBody(ID, "webhook", HOOK.address, active=False))
    channel.turn(lambda turn: progress(channel.standing, turn, Progress("A", ID, 9)))
    assert (channel.standing.outlets, [d for d in channel.due.values() if d.kind == "outlet"]) == ({}, [])


def refused(channel, error, party, body, audience=""):
    last = dict(channel.parties[party].last)
    with pytest.raises(error):
        channel.send(party, place, "outlet", audience, body)
    channel.parties[party].last = last


def test_an_id_that_leads_elsewhere_one_that_is_not_there_and_too_many_are_refused(channel):
    refused(channel, Conflicted, "A", OutletBody(ID, "webhook", "https://elsewhere.example/"))
    refused(channel, StaleVersion, "B", OutletBody(ID, "webhook", HOOK.address, active=False))
    refused(channel, AgainstTerms, "A", OutletBody("b" * 32, "webhook", HOOK.address), audience="B")
    for number in range(1, MOST_OUTLETS):
        channel.send("A", place, "outlet", "", OutletBody(f"{number:032x}", "email", f"a{number}@example.org"))
    refused(channel, AgainstTerms, "A", OutletBody("b" * 32, "webhook", HOOK.address))


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "ftp://example.org/"),
        ("webhook", "https://user:secret@example.org/"),
        ("webhook", "https://example.org/\r\nx: y"),
        ("webhook", "https://exämple.org/"),
        ("webhook", "https://example.org/" + "a" * 600),
        ("email", "nobody"),
        ("email", "a@b"),
        ("email", "a@example.org\nBcc: all@example.org"),
        ("email", "a@example.org, b@example.org"),
        ("email", '"a b"@example.org'),
    ],
)
def test_what_is_no_address_is_refused(channel, kind, address):
    refused(channel, NotUnderstood, "A", OutletBody("b" * 32, kind, address))
