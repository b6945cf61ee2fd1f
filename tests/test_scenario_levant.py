"""The Levant scenario: the answer worked out by hand, and honesty of the data it is asked of."""

import json
import re
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod

from detente.domain import Answer
from detente.interop import read_files, read_understanding
from detente.screening import screen

HERE = Path(__file__).parent.parent / "scenarios" / "levant-2018"
EXPECTED = json.loads((HERE / "expected.json").read_text())["accounts"]
CLAIMS = json.loads((HERE / "claims.json").read_text())["claims"]
NOTICE_FILES = sorted(
    {name for account in EXPECTED.values() for name in account["files"]} | {"warning_as_claimed.geojson"}
)
GEOD = Geod(ellps="WGS84")


def features(*names: str) -> list[dict]:
    return [feature for name in names for feature in json.loads((HERE / name).read_text())["features"]]


@pytest.fixture(scope="module")
def understanding():
    return read_understanding(HERE / "understanding.toml")


@pytest.fixture(scope="module", params=list(EXPECTED))
def account(request, understanding):
    """One side's account: what was expected of it, how it was read, what screening answers."""
    expected = EXPECTED[request.param]
    intake = read_files([HERE / name for name in expected["files"]], arena=understanding.arena)
    return expected, intake, screen(intake.notices, understanding=understanding)


def name_of(notice) -> str:
    return f"{notice.party} {notice.reference}"


def worst(pairs) -> dict[tuple[str, str], str]:
    """The gravest answer for each pair of names."""
    answers: dict[tuple[str, str], Answer] = {}
    for key, answer in pairs:
        answers[key] = max(answer, answers.get(key, answer))
    return {key: answer.name for key, answer in answers.items()}


def test_both_accounts_are_read_without_a_problem(account):
    _, intake, _ = account
    assert [str(problem) for problem in intake.problems] == []


def test_the_pairs_that_meet_are_those_worked_out_by_hand_and_no_others(account):
    expected, _, answer = account
    found = worst(((name_of(c.a.notice), name_of(c.b.notice)), c.answer) for c in answer.conflicts)
    assert found == {tuple(sorted((pair["a"], pair["b"]))): pair["answer"] for pair in expected["pairs"]}
    assert answer.answer.name == expected["answer"]


def test_the_warnings_are_those_worked_out_by_hand_and_no_others(account):
    expected, _, answer = account
    found = worst(((name_of(w.plan.notice), name_of(w.hazard.notice)), w.answer) for w in answer.warnings)
    assert found == {(warning["plan"], warning["hazard"]): warning["answer"] for warning in expected["warnings"]}


def test_a_humanitarian_site_is_never_proposed_to_move(account):
    _, _, answer = account
    assert not any(party == "HUM_ORG" for party, _ in answer.proposals)


def test_the_september_patrol_is_told_from_the_december_work_by_time_alone(understanding):
    intake = read_files([HERE / "unifil.geojson", HERE / "northern_shield.geojson"], arena=understanding.arena)
    met = {
        (name_of(c.a.notice), name_of(c.b.notice))
        for c in screen(intake.notices, understanding=understanding).conflicts
    }
    assert met == {("ISR_IDF NORTHERN-SHIELD-KFAR-KILA", "UNIFIL PATROL-DEC")}
    patrols = {f["properties"]["reference"]: f["geometry"] for f in features("unifil.geojson")}
    assert patrols["PATROL-SEP"] == patrols["PATROL-DEC"]


def test_the_words_of_the_call_and_the_place_struck_are_reported_to_disagree(understanding):
    intake = read_files([HERE / "warning_as_claimed.geojson"], arena=understanding.arena)
    said = " ".join(str(problem) for problem in intake.problems)
    assert "north of Syria" in said
    assert {notice.reference for notice in intake.notices} >= {"CALL-1839-WORDS-ALONE"}


def test_the_words_of_the_call_alone_never_amount_to_a_conflict(understanding):
    intake = read_files([HERE / "rus_mod.geojson", HERE / "warning_as_claimed.geojson"], arena=understanding.arena)
    words = [notice for notice in intake.notices if notice.reference != "CALL-1839-WORDS-AND-PLACE"]
    answer = screen(words, understanding=understanding)
    assert worst(((name_of(c.a.notice), name_of(c.b.notice)), c.answer) for c in answer.conflicts) == {
        ("ISR_IDF CALL-1839-WORDS-ALONE", "RUS_MOD IL20-MISSION"): "POSSIBLE",
        ("ISR_IDF CALL-1839-WORDS-ALONE", "RUS_MOD IL20-RETURN"): "POSSIBLE",
    }


# --- The data: every distance, date and label in it -------------------------------------------------------------------


def line_of(feature: dict) -> np.ndarray:
    """Positions along the feature's centre, every few hundred metres, (n, 2) longitude and latitude."""
    geometry = feature["geometry"]
    if geometry["type"] == "Point":
        return np.array([geometry["coordinates"]])
    corners = geometry["coordinates"] if geometry["type"] == "LineString" else geometry["coordinates"][0]
    legs = [[a, *GEOD.npts(*a, *b, 300), b] for a, b in pairwise(corners)]
    return np.array([position for leg in legs for position in leg])


def reach_km(feature: dict) -> float:
    properties = feature["properties"]
    return kilometres(properties.get("radius") or properties.get("half_width") or "0 km")


def kilometres(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+) ?(km|m|nm)", text).groups()
    return float(number) * {"km": 1.0, "m": 0.001, "nm": 1.852}[unit]


def apart_km(a: dict, b: dict) -> float:
    """Slow and obvious: the closest of all pairs of points, less both reaches."""
    p, q = line_of(a), line_of(b)
    closest = min(GEOD.inv(*np.broadcast_arrays(lon, lat, q[:, 0], q[:, 1]))[2].min() for lon, lat in p)
    return max(0.0, closest / 1000 - reach_km(a) - reach_km(b))


@pytest.mark.parametrize("name", list(EXPECTED))
def test_the_distances_the_hand_reasoning_stands_on_are_right(name):
    by_name: dict[str, list[dict]] = {}
    for feature in features(*EXPECTED[name]["files"]):
        by_name.setdefault("{party} {reference}".format(**feature["properties"]), []).append(feature)
    for pair in EXPECTED[name]["pairs"]:
        apart = min(apart_km(a, b) for a, b in product(by_name[pair["a"]], by_name[pair["b"]]))
        assert apart == pytest.approx(pair["lateral_km"], abs=0.06), pair


@pytest.mark.parametrize("feature", features(*NOTICE_FILES), ids=lambda f: f["properties"]["reference"])
def test_what_no_source_states_is_labelled_and_widened(feature):
    properties = feature["properties"]
    assert properties["assumed"]
    assert kilometres(properties["position_uncertainty"]) > 0 or "all" in properties["assumed"]
    if "all" not in properties["assumed"]:
        assert properties["claims"]
        assert properties["sources"]


@pytest.mark.parametrize("feature", features(*NOTICE_FILES), ids=lambda f: f["properties"]["reference"])
def test_every_claim_a_notice_leans_on_is_in_the_ledger(feature):
    assert set(feature["properties"].get("claims", [])) <= {claim["id"] for claim in CLAIMS}


def test_a_hazard_area_says_who_declares_it():
    assert all(f["properties"]["declared_by"] for f in features("hazards.geojson"))


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c["id"])
def test_every_claim_says_who_when_and_where_it_was_read(claim):
    assert claim["claimant"]
    assert claim["stated_on"]
    assert claim["sources"]
    assert all(source.startswith("http") for source in claim["sources"])


def test_the_two_accounts_differ_in_the_israeli_aircraft_only():
    rus, isr = (set(EXPECTED[name]["files"]) for name in ("rus_mod", "isr_idf"))
    assert rus - isr == {"isr_idf_as_rus_mod_states.geojson"}
    assert isr - rus == {"isr_idf_as_isr_idf_states.geojson"}


def test_no_statement_is_made_without_saying_whose_it_is():
    for feature in features(
        "rus_mod.geojson", "isr_idf_as_rus_mod_states.geojson", "isr_idf_as_isr_idf_states.geojson"
    ):
        assert re.search(r"as (RUS_MOD|ISR_IDF) states", feature["properties"]["title"])


def test_every_place_lies_in_the_arena(understanding):
    assert all(understanding.arena.extent.holds(place.position) for place in understanding.arena.places)


def test_the_rules_say_that_they_are_assumed(understanding):
    assert all("assumed" in rule.name for rule in understanding.rules)
