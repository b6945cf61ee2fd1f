"""The alert as it is served, on either store: told through the inbox, and no restart makes a bit free."""

from channel_world import ARENA, act_of
from detente.channel.alert import ALERT, alerted_of
from detente.domain import AlertBudget
from detente.domain.terms import MOST_SECONDS
from patience import wait_until
from sequencer_world import HOUR_US, plan


def soon(door, party, reference="N"):
    return door.parties[party].submission(plan(party, reference, starts_us=door.store.now_us() + HOUR_US), {})


def lines(door, party):
    told = [p["payload"]["envelope"] for p in door.read_inbox(party) if p["kind"] == ALERT]
    return [(body["other"], line["says"]) for body in (act_of(each).body for each in told) for line in body["lines"]]


def spent(door):
    return {pair: state.spent for pair, state in map(alerted_of, door.store.due_of(ARENA, ALERT))}


def test_a_hidden_plan_is_alerted_to_and_a_restart_in_the_period_wins_no_bit_back(door):
    door.found(door.sequencer, alert=AlertBudget(4, MOST_SECONDS, 1))
    for party in "AB":
        assert door.post(party, soon(door, party)).json()["alert"] == "pending"
    told = wait_until(lambda: lines(door, "A"), lambda found: ("B", "MEETING") in found)
    assert ("C", "MEETING") not in told
    door.sequencer.stop()
    stood = spent(door)
    assert 1 <= stood["A", "B"] <= 4
    door.sequencer = door.start("two")
    with door.ajar():
        told = wait_until(lambda: lines(door, "A"), lambda found: ("B", "ALERT_UNAVAILABLE") in found)
        assert [says for other, says in told if other == "B"][-2:] == ["MEETING", "ALERT_UNAVAILABLE"]
        assert spent(door)["A", "B"] == 4
        assert spent(door)["C", "A"] == 0
        answer = door.post("A", soon(door, "A", "M")).json()
        assert answer["alert"] == "unavailable"
    told = door.store.entries_of(ARENA, [ALERT], 0, 100)
    assert len(told) >= 4
    assert {entry.party for entry in told} == {"host"}
