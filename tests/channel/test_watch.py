"""Signs of life and the watch: silence is told once, to every other party, and nothing but an `alive` or `watch` breaks it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_world import FULL, NOON_US, Channel, an_understanding, plan
from detente.channel.acts import AliveBody, MessageBody, SuspendBody, WatchBody
from detente.channel.batch import NEVER_US
from detente.channel.decide import decide
from detente.channel.dues import fall_due
from detente.channel.standing import Watch
from detente.channel.watch import DEAD_MAN, TOO_LATE_S, agree, alive, digest_of_open, vigil_of, watch, watch_of
from detente.channel.words import pass_on
from detente.domain import InvalidVolume, NotUnderstood, StaleVersion, Terms

WITHIN_S = 600
ALIVE = AliveBody("Night watch")


def a_watched_channel(parties="ABC", **terms):
    channel = Channel(an_understanding(parties, **{"dead_man_s": WITHIN_S} | terms))
    channel.turn(lambda turn: agree(channel.standing, turn))
    return channel


def sign_of_life(channel, party):
    return channel.send(party, alive, "alive", "", ALIVE)


def all_alive(channel, parties="ABC"):
    for party in parties:
        sign_of_life(channel, party)


def dark(channel, party):
    return [told["party"] for told in channel.told(party, "dark")]


def back(channel, party):
    return [told["party"] for told in channel.told(party, "back")]


def kept(channel):
    """What a restart would find."""
    return dict(vigil_of(due) for due in channel.due.values() if due.kind == DEAD_MAN)


def test_silence_is_told_once_to_every_other_party_and_so_is_its_end():
    channel = a_watched_channel()
    for _ in range(30):
        all_alive(channel, "AC")
        channel.wait(60)
    assert (dark(channel, "A"), dark(channel, "B"), dark(channel, "C")) == (["B"], [], ["B"])
    assert channel.opens("A", "dark") == [("dark", {"sender": "B"})]
    assert channel.opens("B", "dark") == []
    sign_of_life(channel, "B")
    sign_of_life(channel, "B")
    assert (back(channel, "A"), back(channel, "B"), back(channel, "C")) == (["B"], [], ["B"])
    assert channel.opens("A", "dark") == []
    assert kept(channel) == channel.standing.vigils


def test_silence_counts_from_the_last_sign_of_life():
    channel = a_watched_channel()
    channel.wait(400)
    told = sign_of_life(channel, "B")
    assert told["next_by_us"] == NOON_US + (400 + WITHIN_S) * 1_000_000
    channel.wait(WITHIN_S - 1)
    assert dark(channel, "A") == ["C"]
    channel.wait(1)
    assert dark(channel, "C") == ["A", "B"]


def test_no_other_act_is_a_sign_of_life():
    channel = a_watched_channel()
    channel.wait(300)
    channel.send("B", pass_on, "message", "A", MessageBody("1" * 32, "We are here"))
    channel.submit("B", plan("B"), {"A": FULL})
    channel.wait(301)
    assert dark(channel, "A") == ["B", "C"]


def test_what_the_others_are_told_of_a_party_does_not_depend_on_how_often_it_signed():
    told = []
    for signs in (1, 20):
        channel = a_watched_channel()
        for _ in range(signs):
            channel.wait(20 // signs)
            sign_of_life(channel, "B")
        channel.wait(WITHIN_S)
        told.append([(p.kind, p.tick_us, len(p.payload)) for p, _ in channel.inbox["A"] if "B" in dark(channel, "A")])
    assert told[0] == told[1] != []


def test_taking_the_watch_is_a_sign_of_life():
    channel = a_watched_channel()
    channel.wait(WITHIN_S - 1)
    channel.send("B", watch, "watch", "", WatchBody("Night watch", "takes"))
    channel.wait(2)
    assert dark(channel, "A") == ["C"]


def test_nobody_is_dark_who_could_not_be_heard():
    channel = a_watched_channel()
    (due,) = [each for each in channel.due.values() if vigil_of(each)[0] == "B"]
    channel.now_us = due.due_us + (TOO_LATE_S + 1) * 1_000_000  # the host was away when it fell due
    channel.turn(lambda turn: fall_due(channel.standing, turn, due))
    assert dark(channel, "A") == []
    channel.wait(WITHIN_S)
    assert "B" in dark(channel, "A")


def test_where_nothing_is_agreed_a_sign_of_life_starts_nothing():
    channel = a_watched_channel(dead_man_s=None)
    assert sign_of_life(channel, "B")["next_by_us"] is None
    assert channel.due == {}


def test_a_party_without_keys_is_never_dark_and_has_no_list():
    channel = a_watched_channel("ABZ")
    channel.wait(WITHIN_S)
    assert dark(channel, "A") == ["B"]
    assert channel.opens("Z") == []
    channel.check()


def test_suspending_the_understanding_ends_the_vigil_and_lifting_it_begins_it_anew():
    channel = a_watched_channel()
    channel.wait(WITHIN_S)
    digest = channel.standing.registry.agreements.in_force
    for lifted in (False, True):
        acts = channel.open("A", [channel.parties["A"].sign("suspend", "", SuspendBody(digest, lifted=lifted))])
        channel.turn(lambda turn, acts=acts: decide(channel.standing, turn, acts))
        assert channel.opens("A", "dark") == []
        assert bool(kept(channel)) is lifted
    before = len(dark(channel, "A"))
    channel.wait(WITHIN_S)
    assert len(dark(channel, "A")) == before + 2


steps = st.lists(st.one_of(st.sampled_from("ABC"), st.integers(1, WITHIN_S)), max_size=25)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_who_is_dark_is_who_was_silent_so_long(steps):
    channel, last_s, now_s = a_watched_channel(), dict.fromkeys("ABC", 0), 0
    for step in steps:
        if isinstance(step, int):
            channel.wait(step)
            now_s += step
        else:
            sign_of_life(channel, step)
            last_s[step] = now_s
        silent = {p for p in "ABC" if now_s - last_s[p] >= WITHIN_S}
        assert {p for p, vigil in channel.standing.vigils.items() if vigil.is_dark} == silent
        for party in "ABC":
            assert {told["sender"] for _, told in channel.opens(party, "dark")} == silent - {party}
            assert [len(dark(channel, party)) - len(back(channel, party))] == [len(silent - {party})]
    assert kept(channel) == channel.standing.vigils


# ── the watch ────────────────────────────────────────────────────────────────────────────────────────────────────────


def takes(channel, officer, party="B", **said):
    return channel.send(party, watch, "watch", "", WatchBody(officer, "takes", **said))


def hands_over(channel, officer, party="B", **said):
    return channel.send(party, watch, "watch", "", WatchBody(officer, "hands_over", **said))


def test_the_watch_is_handed_over_and_taken_with_what_was_open():
    channel = Channel()
    assert takes(channel, "Day watch")["before"] is None
    digest = digest_of_open([{"kind": "stop", "id": "5" * 32, "since_us": 1}])
    hands_over(channel, "Day watch", note="A STOP stands", open_digest=digest, open_count=1, to_officer="Night watch")
    told = takes(channel, "Night watch")
    assert (told["before"]["note"], told["before"]["open_digest"], told["before"]["is_on"]) == (
        "A STOP stands", digest, False,
    )  # fmt: skip
    assert channel.standing.watches["B"] == Watch("Night watch", True, NOON_US, "", "", "", 0)
    assert dict(watch_of(due) for due in channel.due.values()) == channel.standing.watches
    assert {due.due_us for due in channel.due.values()} == {NEVER_US}
    assert [channel.inbox[party] for party in "ABC"] == [[], [], []]


def test_the_watch_may_be_taken_from_whoever_has_it():
    channel = Channel()
    takes(channel, "Day watch")
    assert takes(channel, "Night watch")["before"]["officer"] == "Day watch"


def test_nobody_hands_over_what_another_has():
    channel = Channel()
    with pytest.raises(StaleVersion, match="nobody has it"):
        hands_over(channel, "Day watch")
    channel = Channel()
    takes(channel, "Night watch")
    with pytest.raises(StaleVersion, match="Night watch has it"):
        hands_over(channel, "Day watch")


def test_a_watch_is_for_the_host_alone():
    with pytest.raises(NotUnderstood, match="for the host"):
        Channel().send("B", watch, "watch", "A", WatchBody("Day watch", "takes"))


@pytest.mark.parametrize(
    "body", [AliveBody(""), WatchBody("", "takes"), WatchBody("x", "takes", open_digest="f"), AliveBody("x" * 201)]
)
def test_what_names_nobody_or_no_digest_is_refused(body):
    with pytest.raises(NotUnderstood):
        Channel().send("B", watch, "watch" if isinstance(body, WatchBody) else "alive", "", body)


def test_the_digest_of_what_is_open_follows_what_is_open_and_not_since_when():
    item = {"kind": "notice", "id": "1" * 32, "sender": "A", "version": 1, "since_us": 5, "due_us": 7}
    assert digest_of_open([item]) == digest_of_open([item | {"since_us": 6, "due_us": None}])
    assert len({digest_of_open(items) for items in ([], [item], [item | {"version": 2}], [item, item])}) == 4


@pytest.mark.parametrize("seconds", [0, -1, 400 * 86_400])
def test_a_dead_man_time_that_cannot_be_is_refused(seconds):
    with pytest.raises(InvalidVolume, match="sign of life"):
        Terms(dead_man_s=seconds)
