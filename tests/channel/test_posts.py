"""A step of the ladder says whom to call, and an understanding signed before there were posts stays what it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel_world import FULL, Channel, an_understanding, plan
from detente.channel.forms import understanding_of, understanding_plain
from detente.domain import Deadline, NotUnderstood, PartyKind, Post, ReceiptStage, Rung, Signatory, Step, Terms

DESK, SECOND = Post("Desk", 0, "tel 1"), Post("Second", 0, "tel 2", is_alternate=True)
CHIEF, ABOVE = Post("Chief", 1, "tel 3"), Post("Minister", 4, "tel 4")
POSTS = (ABOVE, DESK, CHIEF, SECOND)
LADDER = (
    Step(Rung.ALTERNATES, 0),
    Step(Rung.NEXT_LEVEL, 1),
    Step(Rung.NEXT_LEVEL, 2),
    Step(Rung.NEXT_LEVEL, 3),
    Step(Rung.SENDER_TOLD, 4),
)


def test_each_step_of_the_ladder_says_whom_to_call():
    plain = an_understanding(deadlines=(Deadline(ReceiptStage.ACKNOWLEDGED, 600),), ladder=LADDER)
    agreed = understanding_of(understanding_plain(plain))
    (b,) = [p for p in agreed.terms.parties if p.name == "B"]
    object.__setattr__(b, "posts", POSTS)
    channel = Channel(agreed)
    channel.submit("A", plan("A"), {"B": FULL})
    channel.wait(610)
    assert [[post["name"] for post in told["call"]] for told in channel.told("B", "passed")] == [
        ["Second"],
        ["Chief"],
        ["Minister"],
        [],
    ]
    (told,) = channel.told("A", "passed")
    assert [post["reach"] for post in told["call"]] == ["tel 1", "tel 2", "tel 3", "tel 4"]


def test_a_party_without_posts_calls_nobody():
    assert [Terms(parties=(Signatory("A", PartyKind.OPERATOR),)).to_call("A", step) for step in range(3)] == [()] * 3


NEWER = ("dead_man_s", "stop_within_s", "alert", "templates", "answer_tick_ms", "tick_s")


@given(st.sets(st.sampled_from(NEWER)), st.booleans())
def test_an_understanding_that_lacks_newer_members_is_read_with_their_defaults(missing, without_posts):
    raw = understanding_plain(an_understanding())
    for name in missing:
        del raw["terms"][name]
    for party in raw["terms"]["parties"]:
        if without_posts:
            del party["posts"]
    assert understanding_of(raw) == an_understanding()


@pytest.mark.parametrize("where", [(), ("terms",), ("terms", "parties", 0)])
def test_a_member_that_is_not_known_is_refused_wherever_it_stands(where):
    raw = inner = understanding_plain(an_understanding())
    for step in where:
        inner = inner[step]
    inner["dead_man"] = 5
    with pytest.raises(NotUnderstood, match="not known"):
        understanding_of(raw)
