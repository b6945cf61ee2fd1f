"""Submitting, amending, cancelling: whole or not at all, answered at once, and nothing told that was not released."""

import json
from base64 import b64decode
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import strategies
from channel_world import FULL, NONE, NOON_US, Channel, an_understanding
from detente.channel.acts import CancelBody, NoticeBody
from detente.channel.expiry import expire
from detente.channel.submit import cancel, read_submission, submit
from detente.domain import (
    Activity,
    AgainstTerms,
    AltitudeBand,
    Circle,
    DetenteError,
    InvalidVolume,
    LeadTime,
    NotAuthentic,
    Notice,
    NotUnderstood,
    Position,
    Quota,
    ReleaseLevel,
    RequiredRecipient,
    StaleVersion,
    TimeWindow,
    TooLarge,
    Volume4D,
    amsl,
)

GENERAL, EXISTENCE = ReleaseLevel.GENERAL, ReleaseLevel.EXISTENCE
HOUR_US = 3_600_000_000
SOME_LEVELS = st.fixed_dictionaries({name: st.sampled_from([FULL, GENERAL, EXISTENCE, NONE]) for name in "ABC"})


def plan(party, reference="N", *, km_north=0.0, starts_us=NOON_US + HOUR_US, title="", activity=Activity.AIR_OPERATION):
    where = Circle(Position(34.0 + km_north / 111.0, 36.0), 2_000.0)
    window = TimeWindow(starts_us, starts_us + HOUR_US)
    volume = Volume4D(where, AltitudeBand(amsl(1_000.0), amsl(2_000.0)), window)
    return Notice(reference, party, activity, (volume,), title=title)


def payload_of(told):
    return json.loads(b64decode(json.loads(told["envelope"])["payload"]))


# What the sender is answered


def test_the_second_of_two_that_meet_reads_it_at_once_and_the_first_is_told():
    channel = Channel()
    assert channel.submit("A", plan("A"), {"B": FULL})["answer"] == "CLEAR"
    assert channel.submit("B", plan("B"), {"A": FULL})["answer"] == "CONFLICT"
    assert [p["answer"] for p in channel.postings("A", "answer")] == ["CONFLICT"]
    channel.check()


def test_a_plan_nobody_was_told_of_is_met_by_the_one_who_was_told():
    channel = Channel()
    channel.submit("A", plan("A"), {"B": FULL})
    assert channel.submit("B", plan("B"), {})["answer"] == "CONFLICT"
    assert channel.postings("A", "answer") == []  # B told A nothing, so A reads nothing
    channel.check()


@pytest.mark.parametrize(
    ("starts_in_us", "late", "given_s"),
    [(1_799_000_000, True, 1799), (1_800_000_000, False, 1800), (-5_000_000, True, -5)],
)
def test_a_late_notice_is_taken_and_said_to_be_late(starts_in_us, late, given_s):
    channel = Channel(an_understanding(lead_times=(LeadTime(1800, Activity.AIR_OPERATION),)))
    told = channel.submit("A", plan("A", starts_us=NOON_US + starts_in_us), {"B": FULL})
    assert (told["late"], told["given_s"], told["agreed_s"]) == (late, given_s, 1800)
    (view,) = channel.postings("B", "view")
    assert view["late"] == late


def test_a_recipient_reads_how_early_its_view_says_it_begins_not_how_early_it_does():
    channel = Channel(an_understanding(lead_times=(LeadTime(1800),)))
    channel.submit("A", plan("A", starts_us=NOON_US + HOUR_US + 600_000_000), {"B": GENERAL})
    (view,) = channel.postings("B", "view")
    assert view["given_s"] == 3600  # the slot begins ten minutes before the plan


# Who is told what


def test_an_amendment_that_leaves_a_view_as_it_is_produces_nothing_for_its_recipient():
    channel = Channel()
    channel.submit("A", plan("A"), {"B": GENERAL, "C": FULL})
    before = len(channel.inbox["B"])
    channel.submit("A", plan("A", title="now with a title"), {"B": GENERAL, "C": FULL})
    assert len(channel.inbox["B"]) == before
    assert [payload_of(v)["body"]["view"]["version"] for v in channel.postings("C", "view")] == [1, 2]
    channel.check()


def test_who_is_released_to_no_more_is_told_so():
    channel = Channel()
    channel.submit("A", plan("A"), {"B": FULL, "C": FULL})
    channel.submit("B", plan("B"), {})
    channel.submit("A", plan("A"), {"C": FULL})
    assert len(channel.postings("B", "cancel")) == 1
    assert channel.postings("B", "answer")[-1]["answer"] == "CLEAR"
    channel.check()


def test_a_cancelled_notice_is_met_no_more_and_everybody_told_of_it_is_told():
    channel = Channel()
    channel.submit("A", plan("A"), {"B": FULL, "C": GENERAL})
    channel.submit("B", plan("B"), {"A": FULL})
    channel.cancel("A", "N")
    assert [len(channel.postings(name, "cancel")) for name in "ABC"] == [0, 1, 1]
    assert channel.postings("B", "answer")[-1]["answer"] == "CLEAR"
    channel.check()


@pytest.mark.parametrize("amended", [False, True])
def test_a_view_that_is_over_before_its_notice_is_can_still_be_cancelled_or_amended(amended):
    channel = Channel()
    begins_us = NOON_US + HOUR_US // 2
    channel.submit("A", plan("A", starts_us=begins_us), {"B": FULL}, screened=GENERAL)
    channel.now_us = begins_us + HOUR_US + 120_000_000  # the view has ended, the slot that is screened has not
    assert channel.turn(lambda turn: expire(channel.standing, turn)) == 1
    if amended:
        channel.submit("A", plan("A", starts_us=begins_us + HOUR_US), {"B": FULL}, screened=GENERAL)
        assert len(channel.postings("B", "view")) == 2
    else:
        channel.cancel("A", "N")
        assert channel.postings("B", "cancel") == []
    channel.check()


def everything_told(channel, recipient):
    """What a recipient has read, signatures, commitments and ids left out."""
    told = []
    for posting, payload in channel.inbox[recipient]:
        payload = dict(payload)
        if "envelope" in payload:
            payload["envelope"] = payload_of(payload) | {"size": len(payload["envelope"])}
        told.append((posting.number, posting.kind, posting.tick_us, len(posting.payload), payload))
    return json.dumps(told, sort_keys=True)


def without_ids(text, channel):
    for party in channel.parties.values():
        for k, (_, told) in enumerate(sorted(party.notices.items())):
            text = text.replace(told.screening.commitment, "commitment").replace(told.notice_id, f"{party.name}{k}")
            for recipient, view in told.views.items():
                text = text.replace(view.commitment, "commitment").replace(
                    view.view_id, f"view {party.name}{k} {recipient}"
                )
    return text


@settings(max_examples=20)
@given(st.integers(0, 4), st.sampled_from([GENERAL, EXISTENCE]), SOME_LEVELS, st.booleans())
def test_two_plans_with_equal_views_leave_a_recipient_the_same(metres, level, others, has_more):
    """The plans differ in metres, title and what others are told; B has a plan of its own that either meets."""
    texts = []
    for plans in (
        ([plan("A", "N1")], {"B": level}),
        ([plan("A", "N1", km_north=metres / 1000.0, title="secret")], {"B": level, "C": others["C"]}),
    ):
        channel = Channel()
        channel.submit("B", plan("B", km_north=3.0), {})
        for notice in plans[0]:
            channel.submit("A", notice, plans[1])
            if has_more and plans[1].get("C"):
                channel.submit("A", replace(notice, title="and again"), plans[1])  # an amendment B cannot see
        texts.append(without_ids(everything_told(channel, "B"), channel))
    assert texts[0] == texts[1]


# What is refused, and that nothing changes by it


def refused(channel, party, envelopes, families=DetenteError, decide=submit):
    """Why it was refused; nothing may have changed by it."""
    position = channel.standing.heads.next_position

    def attempt(turn):
        acts = channel.open(party, envelopes)
        return decide(channel.standing, turn, read_submission(acts) if decide is submit else acts)

    with pytest.raises(families) as error:
        channel.turn(attempt)
    assert channel.standing.heads.next_position == position
    return str(error.value)


def test_a_stranger_cannot_be_told():
    channel = Channel()
    acts = channel.parties["A"].submission(plan("A"), {"Z": FULL})
    assert "Z is no party" in refused(channel, "A", acts, AgainstTerms)
    channel.parties["A"].notices.clear()
    channel.check()


def test_who_has_to_be_told_has_to_be_told():
    channel = Channel(an_understanding(required=(RequiredRecipient("C", Activity.LIVE_FIRE),)))
    acts = channel.parties["A"].submission(plan("A", activity=Activity.LIVE_FIRE), {"B": FULL})
    assert "C has to be told of live_fire" in refused(channel, "A", acts, AgainstTerms)
    assert channel.submit("B", plan("B", activity=Activity.LIVE_FIRE), {"C": EXISTENCE})["answer"] == "CLEAR"


def test_a_quota_is_kept_and_an_amendment_does_not_count_twice():
    channel = Channel(an_understanding(quota=Quota(active_volumes=1)))
    channel.submit("A", plan("A"), {})
    channel.submit("A", plan("A", km_north=1.0), {})
    acts = channel.parties["A"].submission(plan("A", "M"), {})
    assert "2 active volumes; the quota is 1" in refused(channel, "A", acts, AgainstTerms)


def test_a_version_that_is_not_the_next_is_refused():
    channel = Channel()
    channel.submit("A", plan("A"), {"B": FULL})
    client = channel.parties["A"]
    held, before = client.notices["N"], dict(client.last)
    client.notices["N"] = replace(held, version=2)  # as if another officer had amended it meanwhile
    acts = client.submission(plan("A", km_north=1.0), {"B": FULL})
    assert "version 3 of a notice of which 1 is in force" in refused(channel, "A", acts, StaleVersion)
    client.notices["N"], client.last = held, before
    channel.submit("A", plan("A", km_north=1.0), {"B": FULL})
    channel.check()


def test_what_was_signed_once_is_not_taken_twice():
    channel = Channel()
    envelopes = channel.parties["A"].submission(plan("A"), {"B": FULL})
    submission = read_submission(channel.open("A", envelopes))
    channel.turn(lambda turn: submit(channel.standing, turn, submission))
    assert "act 1 of key" in refused(channel, "A", envelopes, StaleVersion)


def test_a_recipient_cannot_be_dropped_in_silence():
    channel = Channel()
    channel.submit("A", plan("A"), {"B": FULL})
    acts = channel.parties["A"].submission(plan("A", km_north=1.0), {})
    assert "B was told before, and is told nothing now" in refused(channel, "A", acts[1:], StaleVersion)


def test_a_view_the_notice_does_not_name_is_refused():
    channel = Channel()
    client = channel.parties["A"]
    view, notice = client.submission(plan("A"), {"B": FULL})
    (act,) = channel.open("A", [notice])
    assert "named and not there" in refused(channel, "A", [notice], NotUnderstood)
    other, _ = client.submission(plan("A", "M", km_north=5.0), {"B": FULL})
    assert "another than the one named" in refused(channel, "A", [notice, other], NotUnderstood)
    unnamed = client.sign("notice", "", NoticeBody(act.body.screening, ()))
    assert "there and not named" in refused(channel, "A", [unnamed, view], NotUnderstood)


def test_a_party_submits_its_own_alone():
    channel = Channel()
    _, notice = channel.parties["A"].submission(plan("A"), {"B": FULL})
    view, _ = channel.parties["C"].submission(plan("C"), {"B": FULL})
    assert "an act of C, sent by A" in refused(channel, "A", [notice, view], NotAuthentic)


def test_a_view_signed_for_one_is_not_delivered_to_another():
    channel = Channel()
    client = channel.parties["A"]
    view, notice = client.submission(plan("A"), {"B": FULL})
    (act,) = channel.open("A", [view])
    astray = client.sign("view", "C", act.body)
    assert "the view is for 'B', the envelope for 'C'" in refused(channel, "A", [notice, astray], NotUnderstood)


@pytest.mark.parametrize(
    ("changed", "family", "says"),
    [
        ({"arena": "elsewhere"}, NotAuthentic, "for arena 'elsewhere'"),
        ({"party": "C"}, NotAuthentic, "an act for 'C', signed by duty officer of A"),
        ({"type": "conquer"}, NotUnderstood, "kind 'conquer' are not known"),
        ({"body": {"id": "0" * 32, "version": 1, "reason": "", "note": ""}}, NotUnderstood, "unknown field `note`"),
        ({"body": {"id": "7", "version": 1, "reason": ""}}, NotUnderstood, "is not 32 hex digits"),
        ({"body": {"id": "0" * 32, "version": "1", "reason": ""}}, NotUnderstood, "Expected `int`"),
        ({"body": {"id": "0" * 32, "version": 1, "reason": "x" * 5_000}}, NotUnderstood, "the limit is 4000"),
    ],
)
def test_an_act_that_is_not_what_it_says_is_refused_and_says_why(changed, family, says):
    channel = Channel()
    act = channel.parties["A"].sign("cancel", "", CancelBody("0" * 32, 1), **changed)
    assert says in refused(channel, "A", [act], family, cancel)


def test_a_cancel_names_what_is_in_force_and_everybody_told():
    channel = Channel()
    channel.submit("A", plan("A"), {"B": FULL})
    client = channel.parties["A"]
    before = dict(client.last)
    notice_id = client.notices["N"].notice_id
    host, for_b = client.cancellation("N")

    def another(*told):
        client.last = dict(before)
        return client.sign("cancel", "", CancelBody(*told))

    for acts, family, says in (
        ([another(notice_id, 7), for_b], StaleVersion, "names another version"),
        ([host], StaleVersion, "not the recipients who were told"),
        ([for_b], NotUnderstood, "no cancel for the host"),
        ([another("f" * 32, 1), for_b], StaleVersion, "no such notice is in force"),
    ):
        assert says in refused(channel, "A", acts, family, cancel)


# A long walk


class Walk(RuleBasedStateMachine):
    """Three parties submit, amend and cancel; after each step everybody has been told the truth, as far as it was released."""

    grid = strategies.Grid(Position(34.0, 36.0), 3_000.0)

    def __init__(self):
        super().__init__()
        self.channel = Channel()

    @rule(
        party=st.sampled_from("ABC"),
        reference=st.sampled_from(["N1", "N2"]),
        volumes=st.lists(strategies.volumes(grid), min_size=1, max_size=2),
        activity=st.sampled_from([Activity.AIR_OPERATION, Activity.LIVE_FIRE, Activity.HAZARD_AREA]),
        levels=SOME_LEVELS,
        screened=st.sampled_from([FULL, FULL, GENERAL]),
    )
    def submit(self, party, reference, volumes, activity, levels, screened):
        client, levels = self.channel.parties[party], {k: v for k, v in levels.items() if k != party}
        before = dict(client.notices), dict(client.last)
        try:
            self.channel.submit(party, Notice(reference, party, activity, tuple(volumes)), levels, screened)
        except (InvalidVolume, TooLarge):
            client.notices, client.last = before
            assume(False)

    @precondition(lambda self: any(p.notices for p in self.channel.parties.values()))
    @rule(data=st.data())
    def cancel(self, data):
        held = sorted((name, ref) for name, p in self.channel.parties.items() for ref in p.notices)
        self.channel.cancel(*data.draw(st.sampled_from(held)))

    @invariant()
    def everybody_knows(self):
        self.channel.check()


Walk.TestCase.settings = settings(max_examples=12, stateful_step_count=8)
TestWalk = Walk.TestCase
