"""The ledger of claims: everything stays, differences show, and nothing is decided."""

import json
from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from detente.accounts import known_by, ledger, legs, speeds
from detente.domain import Claim, Fix, NotUnderstood, Position, Telling, TimeWindow, UnreadableFile
from detente.domain.claim import within
from detente.interop.claims_file import FORMAT, read_claims

S = 1_000_000
DAY_US = 86_400 * S
NIGHT_US = 1_537_209_540 * S  # 2018-09-17T18:39Z
STATED = TimeWindow(NIGHT_US + DAY_US, NIGHT_US + 2 * DAY_US)
GEOD = Geod(ellps="WGS84")


def claim(name, claimant="A", minutes=0, precision_s=60, **more):
    event = None if minutes is None else within(NIGHT_US + minutes * 60 * S, precision_s)
    return Claim(
        name, claimant, STATED, f"what {name} says", ("https://example.org",), event=event, topics=("strike",), **more
    )


def fix(lat=35.5, lon=35.8, within_m=1000.0):
    return Fix(Position(lat, lon), within_m)


def test_versions_of_one_claimant_are_all_kept_with_how_far_they_are_apart():
    told = ledger([claim("1", minutes=20), replace(claim("2", minutes=0), supersedes=("1",))])
    (versions,) = told.versions
    assert [each.id for each in versions.claims] == ["1", "2"]
    assert versions.apart_s == 1200
    assert len(told.claims) == 2


def test_statements_of_two_sides_are_said_to_have_room_in_common_or_not_and_nothing_more():
    told = ledger([claim("1"), claim("2", "B", minutes=1), claim("3", "C", minutes=30), claim("4", "D", minutes=None)])
    (topic,) = told.topics
    assert [(a.id, b.id) for a, b in topic.agreed_times] == [("1", "2")]
    assert {(a.id, b.id) for a, b in topic.other_times} == {("1", "3"), ("2", "3")}
    assert topic.without_time == ("D",)


def test_a_dispute_names_who_disputes_what():
    told = ledger([claim("1"), claim("2", "B", disputes=("1",)), claim("3", disputed_by=("C",))])
    assert told.disputed(told.claim("1")) == ("B",)
    assert told.disputed(told.claim("3")) == ("C",)
    assert [(a.id, b.id) for a, b in told.topics[0].disputes] == [("2", "1")]


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ([claim("1"), claim("1", "B")], "stands twice"),
        ([claim("1", disputes=("9",))], "not there"),
        ([claim("1"), claim("2", "B", supersedes=("1",))], "a claim of A"),
        ([claim("1", supersedes=("2",)), claim("2", supersedes=("1",))], "circle"),
    ],
)
def test_a_ledger_that_cannot_be_is_refused(claims, said):
    with pytest.raises(NotUnderstood, match=said):
        ledger(claims)


places = st.tuples(st.floats(-80, 80), st.floats(-179, 179), st.floats(1, 50_000))
times = st.tuples(st.integers(-300, 300), st.integers(0, 3600))


@given(places, times, places, times, st.lists(st.tuples(*[st.floats(0, 1)] * 4), min_size=1, max_size=8))
def test_no_journey_between_two_claims_is_slower_than_the_least_or_faster_than_the_greatest(a, at_a, b, at_b, tries):
    starts, ends = (within(NIGHT_US + m * 60 * S, p) for m, p in (at_a, at_b))
    found = speeds(fix(*a), starts, fix(*b), ends)
    for bearing, share, early, late in tries:
        from_us = starts.start_us + early * (starts.end_us - starts.start_us)
        until_us = ends.start_us + late * (ends.end_us - ends.start_us)
        if until_us <= from_us:
            continue
        lon1, lat1, _ = GEOD.fwd(a[1], a[0], 360 * bearing, share * a[2])
        lon2, lat2, _ = GEOD.fwd(b[1], b[0], 360 * (1 - bearing), share * b[2])
        metres = GEOD.inv(lon1, lat1, lon2, lat2)[2]
        speed = metres / ((until_us - from_us) / S)
        assert found.least_m_s <= speed * (1 + 1e-9)
        assert speed <= found.greatest_m_s * (1 + 1e-9)


def test_two_places_at_one_moment_need_any_speed():
    found = speeds(fix(), within(NIGHT_US, 0), fix(36.5), within(NIGHT_US, 0))
    assert (found.least_m_s, found.greatest_m_s) == (inf, inf)


def test_a_version_is_not_joined_to_the_one_it_takes_the_place_of():
    first, later = (claim(n, minutes=m, fix=fix(), thing="X") for n, m in (("1", 20), ("2", 0)))
    assert legs([first, replace(later, supersedes=("1",))]) == ()
    assert [(leg.start.id, leg.end.id) for leg in legs([first, later])] == [("2", "1")]


def test_what_a_party_could_have_known_is_what_somebody_states_it_was_told_by_then():
    told = claim("1", tells=(Telling("A", "B", "a warning", NIGHT_US), Telling("A", "C", "nothing of B's", NIGHT_US)))
    vague = claim("2", "C", tells=(Telling("C", "B", "something", None),))
    by_then, after, unstated = known_by([told, vague], "B", NIGHT_US)
    assert [each.claim.id for each in by_then] == ["1"]
    assert after == ()
    assert [each.claim.id for each in unstated] == ["2"]
    by_then, after, _ = known_by([told, vague], "B", NIGHT_US - 1)
    assert (by_then, [each.claim.id for each in after]) == ((), ["1"])
    assert [each.is_told for each in known_by([told], "A", NIGHT_US)[0]] == [False, False]


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────

GOOD = {
    "id": "C1", "claimant": "A", "stated_on": "2018-09-18", "event_time_utc": "2018-09-17T18:39Z", "claim": "a strike", "topics": ["strike"],
    "pos_lat_lon": [35.5, 35.8], "pos_precision_km": 10, "sources": ["https://example.org"],
}  # fmt: skip


def read(tmp_path, *claims, **more):
    path = tmp_path / "claims.json"
    path.write_text(json.dumps({"format": FORMAT, "claims": list(claims)}))
    return read_claims(path, **more)


def test_a_claim_is_read_as_it_stands(tmp_path):
    (found,) = read(tmp_path, GOOD)
    assert (found.claimant, found.fix.within_m, found.event) == ("A", 10_000.0, within(NIGHT_US, 60))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"claimant": ""}, "claimant: no claimant"),
        ({"sources": []}, "no source"),
        ({"event_time_utc": "2018-12-01T00:00Z"}, "after it was stated"),
        ({"event_time_utc": "2018-09-17T18:39"}, "no zone"),
        ({"datum": "ED50"}, "not WGS 84"),
        ({"pos_lat_lon": [135.5, 35.8]}, "latitude"),
        ({"pos_precision_km": None}, "precision"),
        ({"pos_precision_km": 0}, "above 0"),
        ({"stated_on": "18.9.2018"}, "is not a day"),
        ({"stated_on": "2018-13"}, "does not exist"),
        ({"verdict": "true"}, "'verdict' is not known"),
        ({"tells": [{"by": "A"}]}, "to: is missing"),
    ],
)
def test_a_bad_claim_is_refused_with_where_and_why(tmp_path, changed, said):
    with pytest.raises(NotUnderstood, match=said) as refusal:
        read(tmp_path, GOOD | changed)
    assert "claim C1" in str(refusal.value)


def test_every_problem_is_listed(tmp_path):
    with pytest.raises(NotUnderstood) as refusal:
        read(tmp_path, GOOD | {"claimant": ""}, GOOD | {"id": "C2", "sources": []})
    assert "claim C1" in str(refusal.value)
    assert "claim C2" in str(refusal.value)


def test_what_is_yet_to_come_is_refused_where_there_is_a_clock(tmp_path):
    with pytest.raises(NotUnderstood, match="yet to come"):
        read(tmp_path, GOOD, now_us=NIGHT_US - 3 * DAY_US)


@pytest.mark.parametrize("raw", ["[]", "{}", '{"format": "detente claims v1"}', "nan"])
def test_what_is_no_file_of_claims_is_refused(tmp_path, raw):
    (tmp_path / "x.json").write_text(raw)
    with pytest.raises(UnreadableFile):
        read_claims(tmp_path / "x.json")
