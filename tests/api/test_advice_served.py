"""Advice through HTTP: a party reads what its plan meets and what would clear it, and nothing that was not released to it."""

import json
from contextlib import closing, contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channel_world import ARENA, FULL, random_bytes
from detente.api.questions import MOST_DRAFT_VOLUMES
from detente.api.tokens import TokenRole
from detente.channel.forms import plain, volume_form
from detente.channel.submit import MOST_CORNERS
from detente.domain import Activity, AltitudeBand, Circle, Notice, Position, ReleaseLevel, TimeWindow, Volume4D, amsl
from detente.stores import open_store
from door_world import Door
from patience import wait_until
from sequencer_world import HOUR_US, LONG_AHEAD_US

GENERAL, EXISTENCE = ReleaseLevel.GENERAL, ReleaseLevel.EXISTENCE
NOBODYS = "f" * 32


def box(km_north=0.0, radius_m=2_000.0):
    window = TimeWindow(LONG_AHEAD_US, LONG_AHEAD_US + HOUR_US)
    place = Circle(Position(34.0 + km_north / 111.0, 36.0), radius_m)
    return Volume4D(place, AltitudeBand(amsl(1_000.0), amsl(2_000.0)), window)


def a_notice(party, reference="N", *boxes, activity=Activity.AIR_OPERATION, title=""):
    return Notice(reference, party, activity, boxes or (box(),), title=title)


def a_draft(*volumes, activity="air_operation", **more):
    return {"activity": activity, "volumes": [plain(volume_form(each)) for each in volumes or (box(),)], **more}


def give(door, party, notice, levels):
    """Submits a notice; returns what it was answered."""
    answer = door.post(party, door.parties[party].submission(notice, levels))
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(door, notice_id, party="A", role="officer"):
    return door.get(f"notices/{notice_id}/answer", party, role)


def check(door, draft, party="A", role="officer"):
    return door.http.post(f"/arenas/{ARENA}/screenings", headers=door.headers(party, role), json=draft)


@pytest.fixture
def door(door):
    door.found(door.sequencer, answer_tick_ms=0)
    return door


def test_what_a_notice_meets_is_explained_and_a_move_that_is_taken_clears_it(door):
    give(door, "B", a_notice("B"), {"A": FULL})
    told = give(door, "A", a_notice("A", "N", box(1.0)), {"B": FULL})
    found = ask(door, told["notice_id"]).json()
    assert {name: found[name] for name in found.keys() & told.keys()} == {
        name: told[name] for name in found.keys() & told.keys()
    }
    (conflict,) = found["conflicts"]
    assert (conflict["rule"], conflict["lateral_m"]["least"]) == ("all", 0.0)
    assert conflict["area"]["footprint"]["type"] == "Polygon"
    assert {conflict[side]["party"]: conflict[side]["reference"] for side in "ab"} == {
        "A": told["notice_id"],
        "B": told["meetings"][0]["view_id"],
    }
    later_s = next(move["later_s"] for move in found["proposals"][0]["moves"] if move["dimension"] == "time")
    there = box(1.0)
    start_us = there.window.start_us + round(later_s * 1e6)
    there = Volume4D(there.footprint, there.altitude, TimeWindow(start_us, start_us + HOUR_US))
    assert check(door, a_draft(there)).json()["answer"] == "CLEAR"
    assert give(door, "A", a_notice("A", "N", there), {"B": FULL})["answer"] == "CLEAR"
    assert ask(door, told["notice_id"]).json()["version"] == 2


def test_a_draft_is_screened_kept_nowhere_and_told_to_nobody(door):
    give(door, "B", a_notice("B"), {"A": FULL})
    before, inboxes = door.store.heads(ARENA), [door.inbox(party) for party in "ABC"]
    found = check(door, a_draft(box(1.0))).json()
    assert (found["answer"], found["meeting_count"]) == ("CONFLICT", 1)
    assert found["conflicts"][0]["a"]["reference"] == "0" * 32
    assert check(door, a_draft(box(1.0), activity="unstated", level="existence")).json()["answer"] == "POSSIBLE"
    assert check(door, a_draft(box(500.0))).json()["answer"] == "CLEAR"
    assert door.store.heads(ARENA) == before
    assert [door.inbox(party) for party in "ABC"] == inboxes


def test_only_the_partys_own_readers_are_told_and_all_others_as_if_there_were_nothing(door):
    told = give(door, "A", a_notice("A"), {"B": FULL})
    nothing = ask(door, NOBODYS)
    assert nothing.status_code == 404
    for role in TokenRole:
        for party in "AB":
            answer = ask(door, told["notice_id"], party, role.value)
            if party == "A" and role.value in ("officer", "duty_officer", "observer"):
                assert answer.status_code == 200
            else:
                assert (answer.status_code, answer.content) == (404, nothing.content)
    (view,) = wait_until(lambda: door.get("views", "B").json()["views"])
    assert ask(door, view["view_id"], "B").content == nothing.content
    assert ask(door, "no such id").content == nothing.content


@pytest.mark.parametrize(
    ("draft", "status", "where"),
    [
        ({"activity": "air_operation", "volumes": []}, 422, ""),
        ({"activity": "flying", "volumes": []}, 422, "activity"),
        (a_draft(level="none"), 422, "level"),
        (a_draft(level="existence"), 422, ""),
        (a_draft(more=1), 422, ""),
        (a_draft(*[box()] * (MOST_DRAFT_VOLUMES + 1)), 413, ""),
    ],
)
def test_a_draft_is_read_strictly(door, draft, status, where):
    refused = check(door, draft)
    assert (refused.status_code, refused.json()["where"]) == (status, where)


def test_a_draft_that_is_too_large_or_cannot_be_says_where(door):
    ring = [[34.0 + 0.5 * (k % 2) + k * 1e-5, 36.0 + k * 1e-5] for k in range(MOST_CORNERS + 1)]
    draft = a_draft()
    draft["volumes"][0]["footprint"] = {"shape": "polygon", "shell": ring[:4]}
    crossed = [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
    draft["volumes"][0]["footprint"]["shell"] = crossed
    refused = check(door, draft)
    assert (refused.status_code, refused.json()["where"]) == (422, "volumes[0].footprint")
    line = {"shape": "corridor", "centre_line": ring, "half_width_m": 1.0}
    draft["volumes"][0]["footprint"] = line
    assert check(door, draft).status_code in (413, 422)


def test_how_near_a_draft_comes_to_anothers_hospital_is_not_told(door):
    give(door, "B", a_notice("B", activity=Activity.HUMANITARIAN_SITE), {"A": FULL})
    (conflict,) = check(door, a_draft(box(1.0))).json()["conflicts"]
    assert conflict["separations_withheld"]
    assert conflict["lateral_m"] is conflict["vertical_m"] is conflict["time_s"] is None
    assert conflict["area"]["closest"] is None
    assert conflict["area"]["outline_of"] == "protected_volume"
    moves = check(door, a_draft(box(1.0))).json()["proposals"][0]
    assert moves["sideways_withheld"]
    assert all(move["dimension"] != "sideways" for move in moves["moves"])


# ── what others hide ─────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def a_door(folder):
    with closing(open_store(str(folder / "channel.db"))) as store:
        store.create_arena(ARENA, 1)
        door = Door(store)
        try:
            door.found(door.sequencer, answer_tick_ms=0)
            with door.ajar():
                yield door
        finally:
            door.stop()


def told_of(folder, metres, level, hidden, *, is_other):
    """All that B reads of a notice of its own and of a draft; the hidden plans differ where `is_other`."""
    with a_door(folder) as door:
        own = give(door, "B", a_notice("B", "N", box(3.0, radius_m=8_000.0)), {})
        for k, off_m in enumerate(metres):
            door.parties["A"].random = random_bytes(f"ids {k}")
            place = box(4.0 * k + is_other * off_m / 1_000.0)
            levels = {"B": level, **({"C": FULL} if is_other else {})}
            give(door, "A", a_notice("A", f"A{k}", place, title="secret" if is_other else ""), levels)
        for k, km_north in enumerate(hidden if is_other else ()):
            give(door, "C", a_notice("C", f"C{k}", box(km_north)), {"A": FULL})
            give(door, "A", a_notice("A", f"H{k}", box(km_north)), {"C": FULL})
        asked = [
            ask(door, own["notice_id"], "B"),
            check(door, a_draft(box(2.0, radius_m=9_000.0)), "B"),
            check(door, a_draft(box(500.0)), "B"),
            ask(door, NOBODYS, "B"),
        ]
        return [(each.status_code, each.content, len(each.headers)) for each in asked]


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    metres=st.lists(st.integers(0, 4), min_size=1, max_size=3),
    level=st.sampled_from([GENERAL, EXISTENCE]),
    hidden=st.lists(st.integers(-3, 3), max_size=2),
)
def test_equal_views_give_equal_explanations_and_proposals_through_http(tmp_path_factory, metres, level, hidden):
    """The plans behind the views differ in metres and words; more is planned that B is told nothing of."""
    one, other = (
        told_of(tmp_path_factory.mktemp("arena"), metres, level, hidden, is_other=is_other)
        for is_other in (False, True)
    )
    assert one == other
    found = json.loads(one[0][1])
    assert found["answer"] == "POSSIBLE"
    assert found["conflicts"]
    assert [each[0] for each in one] == [200, 200, 200, 404]


def test_what_is_released_in_full_is_told_so_the_comparison_above_sees_a_metre(tmp_path_factory):
    one, other = (told_of(tmp_path_factory.mktemp("a"), [4], FULL, [], is_other=is_other) for is_other in (False, True))
    assert one[0] != other[0]
