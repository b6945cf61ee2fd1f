"""The alert tells one bit a notice, no more than were agreed, and nothing else of what was not released."""

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_world import FULL, NOON_US, Channel, act_of, an_understanding, in_force
from detente.channel.alert import ALERT, agree, alerted_of, ring
from detente.channel.decide import decide
from detente.domain import Activity, AlertBudget, ReleaseLevel
from detente.interop.terms_file import read_terms
from detente.screening import screen
from sequencer_world import HOUR_US, plan

A_SECOND_US = 1_000_000
GENERAL = ReleaseLevel.GENERAL
BITS = ("MEETING", "NO_MEETING")


class Alerting(Channel):
    """Parties that agreed on an alert; after each tick, what each was told so far."""

    def __init__(self, bits=100, period_s=600, tick_s=60, parties="ABC", **terms):
        agreed = an_understanding(parties, alert=AlertBudget(bits, period_s, tick_s), **terms)
        super().__init__(agreed)
        self.agreed = agreed
        self.turn(lambda turn: agree(self.standing, turn))

    def notify(self, party, notice, levels=None, screened=FULL):
        acts = self.open(party, self.parties[party].submission(notice, levels or {}, screened))
        result = self.turn(lambda turn: decide(self.standing, turn, acts))
        self.answers[party][result["notice_id"]] = {key: result[key] for key in ("answer", "meeting_count")}
        return result

    def adopt(self, understanding):
        def change(turn):
            self.standing.adopt(in_force(understanding))
            agree(self.standing, turn)

        self.turn(change)

    def alerts(self, party):
        """The bodies of the alert's acts, in order."""
        return self.told(party, ALERT)

    def reads(self, party, other):
        """What a party reads for each notice, folded from what it was posted."""
        lines = [line for body in self.alerts(party) if body["other"] == other for line in body["lines"]]
        return {line["notice_id"]: (line["version"], line["says"]) for line in lines}

    def ticks(self, seconds):
        """Time passes, tick by tick."""
        step_us = self.agreed.terms.alert.tick_s * A_SECOND_US
        until_us = self.now_us + seconds * A_SECOND_US
        while (next_us := self.now_us // step_us * step_us + step_us) <= until_us:
            self.wait((next_us - self.now_us) // A_SECOND_US)
            yield next_us
        self.wait((until_us - self.now_us) // A_SECOND_US)

    def meets(self, view, party, other):
        """Whether an ordinary screening finds it: the slow, obvious version."""
        others = [each.as_notice(other) for each in self.standing.world(other).own_views()]
        found = screen(
            [view.as_notice(party), *others], understanding=self.standing.understanding, explain=False, propose_most=0
        )
        return bool(found.conflicts or found.warnings)


class Model:
    """What one party should read of another: bits spent on what it holds, soonest first, by the clock."""

    def __init__(self, channel, party, other):
        self.channel, self.party, self.other = channel, party, other
        self.period, self.spent, self.told = None, 0, {}

    def tick(self, tick_us):
        budget = self.channel.agreed.terms.alert
        period = tick_us // (budget.period_s * A_SECOND_US)
        if period != self.period:
            self.period, self.spent = period, 0
        own = [v for v in self.channel.standing.world(self.party).own_views() if _end(v) >= tick_us]
        for view in sorted(own, key=lambda v: (min(x.window.start_us for x in v.volumes), v.view_id)):
            says = "ALERT_UNAVAILABLE"
            if self.spent < budget.bits:
                self.spent += 1
                says = BITS[not self.channel.meets(view, self.party, self.other)]
            self.told[view.view_id] = (view.version, says)


def _end(view):
    return max(volume.window.end_us for volume in view.volumes)


@st.composite
def steps(draw, parties="AB"):
    """What parties submit and cancel, and how time passes."""
    submit = st.tuples(
        st.just("submit"), st.sampled_from(parties), st.sampled_from("NMO"), st.integers(0, 2),
        st.integers(-50, 120), st.sampled_from([FULL, FULL, GENERAL]), st.booleans(),
    )  # fmt: skip
    cancel = st.tuples(st.just("cancel"), st.sampled_from(parties), st.sampled_from("NMO"))
    wait = st.tuples(st.just("wait"), st.integers(1, 400))
    return draw(st.lists(st.one_of(submit, wait, cancel), min_size=2, max_size=8))


def play(channel, step, on_tick):
    what, *told = step
    if what == "wait":
        for tick_us in channel.ticks(told[0]):
            on_tick(tick_us)
    elif what == "cancel" and told[1] in channel.parties[told[0]].notices:
        channel.cancel(*told)
    elif what == "submit":
        party, reference, km, starts_in_min, screened, is_hazard = told
        notice = plan(party, reference, km_north=km * 5.0, starts_us=NOON_US + starts_in_min * 60 * A_SECOND_US)
        activity = Activity.HAZARD_AREA if is_hazard and party == "B" else Activity.AIR_OPERATION
        return channel.notify(party, replace(notice, activity=activity), {}, screened)
    return None


@given(steps(), st.integers(0, 9), st.sampled_from([180, 240, 600]))
@settings(max_examples=40)
def test_what_is_read_is_what_the_obvious_spending_gives_and_never_more_bits_than_agreed(history, bits, period_s):
    channel = Alerting(bits, period_s)
    models = {pair: Model(channel, *pair) for pair in (("A", "B"), ("B", "A"), ("A", "C"))}
    counted = {}

    def on_tick(tick_us):
        for pair, model in models.items():
            model.tick(tick_us)
            assert channel.reads(*pair) == model.told
            assert channel.standing.alerts[pair].spent == model.spent <= bits

    for step in history:
        play(channel, step, on_tick)
    for party in "AB":
        for body in channel.alerts(party):
            period = party, body["other"], body["tick_us"] // (period_s * A_SECOND_US)
            told = sum(line["says"] in BITS for line in body["lines"])
            counted[period] = counted.get(period, 0) + told
            assert body["left"] >= 0
            assert body["tick_us"] % (60 * A_SECOND_US) == 0
    assert all(count <= bits for count in counted.values())


def normal(posting, payload):
    """A posting without seals: signatures, digests, commitments and random ids."""
    said = act_of(payload["envelope"]).type if "envelope" in payload else json.dumps(payload)
    return posting.kind, posting.tick_us, posting.number, said


PLACES = st.one_of(st.none(), st.tuples(st.integers(0, 4), st.integers(10, 120)))


@given(steps("AC"), st.lists(PLACES, min_size=2, max_size=2), st.integers(0, 8))
@settings(max_examples=30)
def test_worlds_that_differ_by_a_hidden_plan_differ_in_the_bits_alone(history, hidden, bits):
    """B's plan is released to nobody: here or there, or not at all. What A is told, and is not, is the same but for MEETING."""
    saw = []
    for where in hidden:
        channel = Alerting(bits, 240)
        if where is not None:
            km, minutes = where
            channel.notify("B", plan("B", "H", km_north=km * 5.0, starts_us=NOON_US + minutes * 60 * A_SECOND_US))
        seen = []

        def on_tick(tick_us, channel=channel, seen=seen):
            for other in "BC":
                reads = channel.reads("A", other).items()
                hides = other == "B"
                seen.append([(i, v, "a bit" if hides and says in BITS else says) for i, (v, says) in sorted(reads)])

        for step in history:
            told = play(channel, step, on_tick)
            seen.append({k: v for k, v in (told or {}).items() if k != "received_us"})
        about_b = {posting.number for posting, payload in channel.inbox["A"] if _is_about(payload, "B")}
        rest = [(p, payload) for p, payload in channel.inbox["A"] if p.number not in about_b]
        seen.append([normal(replace(p, number=0), payload) for p, payload in rest])
        spends = {(party, other): (s.spent, s.period_ends_us) for (party, other), s in channel.standing.alerts.items()}
        saw.append((seen, {pair: spent for pair, spent in spends.items() if pair[0] == "A"}))
    assert saw[0] == saw[1]


def _is_about(payload, other):
    return "envelope" in payload and act_of(payload["envelope"]).body.get("other") == other


def test_two_plans_nobody_was_told_of_are_alerted_to_both_at_the_next_tick_and_once():
    channel = Alerting()
    for party in "AB":
        assert channel.notify(party, plan(party))["answer"] == "CLEAR"
        assert channel.alerts(party) == []
    list(channel.ticks(300))
    for party, other in ("AB", "BA"):
        (line,) = channel.reads(party, other).values()
        assert line == (1, "MEETING")
        (body,) = [body for body in channel.alerts(party) if body["other"] == other]
        assert body["tick_us"] == NOON_US + 60 * A_SECOND_US
    assert {says for _, says in channel.reads("A", "C").values()} == {"NO_MEETING"}
    assert channel.alerts("C") == []


def test_of_several_notices_of_several_volumes_those_that_meet_are_told_apart():
    channel = Alerting()
    for reference, places in (("N", (0, 50)), ("M", (100, 150)), ("O", (200, 250))):
        volumes = [plan("A", km_north=km).volumes[0] for km in places]
        activity = Activity.EXERCISE if reference == "O" else Activity.AIR_OPERATION
        channel.notify("A", replace(plan("A", reference), volumes=tuple(volumes), activity=activity))
    channel.notify("B", plan("B", km_north=150.0))
    channel.notify("C", plan("C", km_north=250.0))
    list(channel.ticks(60))
    notices = channel.parties["A"].notices
    for other, meeting in (("B", "M"), ("C", "O")):
        says = {i: says for i, (_, says) in channel.reads("A", other).items()}
        assert [name for name, told in notices.items() if says[told.notice_id] == "MEETING"] == [meeting]


def test_what_changes_is_told_at_the_next_tick_and_an_amendment_is_answered_though_the_bit_is_the_same():
    channel = Alerting()
    channel.notify("A", plan("A"))
    list(channel.ticks(60))
    (notice_id,) = channel.reads("A", "B")
    assert channel.reads("A", "B")[notice_id] == (1, "NO_MEETING")
    channel.notify("B", plan("B"))
    list(channel.ticks(60))
    assert channel.reads("A", "B")[notice_id] == (1, "MEETING")
    channel.notify("A", plan("A", km_north=1.0))
    list(channel.ticks(60))
    assert channel.reads("A", "B")[notice_id] == (2, "MEETING")
    channel.cancel("B", "N")
    list(channel.ticks(60))
    assert channel.reads("A", "B")[notice_id] == (2, "NO_MEETING")


def test_when_the_bits_are_spent_every_notice_is_told_so_and_told_anew_in_the_next_period():
    channel = Alerting(bits=3, period_s=600, tick_s=60)
    channel.notify("A", plan("A", "soon", starts_us=NOON_US + HOUR_US))
    channel.notify("A", plan("A", "late", km_north=50.0, starts_us=NOON_US + 3 * HOUR_US))
    names = {told.notice_id: reference for reference, told in channel.parties["A"].notices.items()}
    read = []
    for _ in channel.ticks(600):
        read.append({names[i]: says for i, (_, says) in channel.reads("A", "B").items()})
    spent, none = "NO_MEETING", "ALERT_UNAVAILABLE"
    assert read[0] == {"soon": spent, "late": spent}
    assert read[1] == {"soon": spent, "late": none}
    assert read[2:9] == [{"soon": none, "late": none}] * 7
    assert read[9] == {"soon": spent, "late": spent}


def test_a_budget_of_nothing_reads_unavailable_and_never_silence():
    channel = Alerting(bits=0)
    assert channel.notify("A", plan("A"))["alert"] == "unavailable"
    list(channel.ticks(60))
    assert {says for _, says in channel.reads("A", "B").values()} == {"ALERT_UNAVAILABLE"}


@given(steps("A"), st.integers(0, 6))
@settings(max_examples=30)
def test_what_a_submission_is_promised_the_next_tick_brings(history, bits):
    channel = Alerting(bits, 240)
    for step in history:
        told = play(channel, step, lambda _: None)
        if told is None:
            continue
        next(channel.ticks(60))
        reads = [channel.reads("A", other).get(told["notice_id"]) for other in "BC"]
        if told["alert"] == "pending":
            assert all(version == told["version"] and says in BITS for version, says in reads)
        else:
            assert told["alert"] == "unavailable"
            bits_told = [says for version, says in filter(None, reads) if version == told["version"]]
            assert not set(bits_told) & set(BITS)


def test_without_an_agreement_nothing_is_told_and_the_answer_says_so():
    channel = Channel()
    acts = channel.open("A", channel.parties["A"].submission(plan("A"), {}))
    assert channel.turn(lambda turn: decide(channel.standing, turn, acts))["alert"] == "not_agreed"
    assert channel.due == {}


@pytest.mark.parametrize("away_s", [60, 300, 4000])
def test_a_suspension_wins_no_bit_back(away_s):
    channel = Alerting(bits=4, period_s=3600)
    channel.notify("A", plan("A", starts_us=NOON_US + 5 * HOUR_US))
    list(channel.ticks(180))
    assert channel.standing.alerts["A", "B"].spent == 3
    channel.adopt(an_understanding())
    channel.wait(away_s)
    assert len(channel.alerts("A")) == 2
    channel.adopt(channel.agreed)
    next(channel.ticks(60))
    assert channel.standing.alerts["A", "B"].spent == (4 if away_s < 3600 else 1)
    list(channel.ticks(120))
    assert channel.standing.alerts["A", "B"].spent == (4 if away_s < 3600 else 3)


def test_an_amended_understanding_wins_no_bit_back_either_before_the_period_that_runs_is_over():
    channel = Alerting(bits=4, period_s=3600)
    channel.notify("A", plan("A", starts_us=NOON_US + 5 * HOUR_US))
    list(channel.ticks(180))
    channel.agreed = an_understanding(alert=AlertBudget(4, 120, 60))
    channel.adopt(channel.agreed)
    list(channel.ticks(300))
    assert channel.standing.alerts["A", "B"].spent == 4


def test_ticks_that_were_missed_are_not_made_up_for():
    channel = Alerting(bits=100)
    channel.notify("A", plan("A", starts_us=NOON_US + 5 * HOUR_US))
    due = channel.due["alert/A|B"]
    channel.now_us += 500 * A_SECOND_US
    channel.turn(lambda turn: ring(channel.standing, turn, due))
    assert channel.standing.alerts["A", "B"].spent == 1
    assert channel.alerts("A")[0]["tick_us"] == NOON_US + 480 * A_SECOND_US
    assert channel.due["alert/A|B"].due_us == NOON_US + 540 * A_SECOND_US


def test_the_same_tick_is_taken_once_though_the_clock_goes_back():
    channel = Alerting()
    channel.notify("A", plan("A"))
    list(channel.ticks(120))
    channel.now_us -= 90 * A_SECOND_US
    list(channel.ticks(60))
    assert channel.standing.alerts["A", "B"].spent == 2
    list(channel.ticks(90))
    assert channel.standing.alerts["A", "B"].spent == 3


def test_a_longer_tick_agreed_at_a_tick_goes_back_to_no_earlier_one():
    channel = Alerting(tick_s=60)
    channel.notify("A", plan("A", starts_us=NOON_US + 5 * HOUR_US))
    list(channel.ticks(60))
    due = channel.due["alert/A|B"]
    channel.now_us += 60 * A_SECOND_US

    def change(turn):
        channel.standing.adopt(in_force(an_understanding(alert=AlertBudget(100, 600, 86_400))))
        agree(channel.standing, turn)
        ring(channel.standing, turn, due)

    channel.turn(change)
    assert channel.standing.alerts["A", "B"].spent == 1
    assert channel.due["alert/A|B"].due_us > channel.now_us


@given(steps())
@settings(max_examples=15)
def test_where_the_alert_stands_follows_from_what_is_due(history):
    channel = Alerting(5, 240)
    for step in history:
        play(channel, step, lambda _: None)
        dues = [due for due in channel.due.values() if due.kind == ALERT]
        assert dict(map(alerted_of, dues)) == channel.standing.alerts


def test_parties_whose_names_run_together_have_each_their_own():
    channel = Alerting(parties=("a", "a/b", "b/c", "c"))
    assert len([due for due in channel.due.values() if due.kind == ALERT]) == 12


def test_the_budget_in_the_document_is_read_as_it_says():
    text = (Path(__file__).parents[2] / "docs" / "alert.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    assert read_terms(tomllib.loads(block)["terms"]).alert == AlertBudget(2_880, 86_400, 60)
