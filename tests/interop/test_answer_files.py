"""The answer as JSON, GeoJSON and CSV."""

import csv
import io
import itertools
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.cli.table import table_text
from detente.domain import (
    SURFACE,
    UNLIMITED_ABOVE,
    UNSTATED_BAND,
    UNSTATED_WINDOW,
    Activity,
    AltitudeBand,
    Answer,
    Assumption,
    Circle,
    Conflict,
    Corridor,
    HazardWarning,
    MeetingArea,
    Minima,
    MultiPolygon,
    Notice,
    NotUnderstood,
    Orbit,
    Polygon,
    Position,
    Proposal,
    ScreeningAnswer,
    Separation,
    TimeWindow,
    Uncertainty,
    Unmeasured,
    Volume4D,
    VolumeRef,
    flight_level,
)
from detente.domain.window import to_us
from detente.interop.answer_meetings import meetings
from detente.interop.withheld import told
from detente.interop.write_csv import COLUMNS, answer_csv
from detente.interop.write_geojson import answer_geojson, geometry
from detente.interop.write_html import answer_html
from detente.interop.write_json import answer_json

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "answer.schema.json").read_text(encoding="utf-8"))
NOON = datetime(2018, 9, 17, 12, tzinfo=UTC)
OVERLAP = Separation(0.0, 0.0)
MINIMA = Minima(9_260.0, 304.8, 300.0)


@dataclass(frozen=True)
class Note:
    where: str
    what: str


def position(latitude_deg, longitude_deg):
    return Position(latitude_deg, longitude_deg)


def volume(footprint=None, hours=2, **others):
    return Volume4D(
        footprint or Circle(position(35.2, 35.8), 5_000.0),
        AltitudeBand(flight_level(160), flight_level(200)),
        TimeWindow.between(NOON, NOON + timedelta(hours=hours)),
        **others,
    )


def notice(reference, party, *volumes, activity=Activity.AIR_OPERATION, **others):
    return Notice(reference, party, activity, volumes or (volume(),), **others)


def area(start=NOON, closest=None):
    triangle = Polygon((position(35.1, 35.7), position(35.1, 35.9), position(35.3, 35.8)))
    end = start + timedelta(minutes=10)
    window = TimeWindow.between(start, end)
    return MeetingArea((triangle,), closest, "FL160", "FL200", window.start_us, window.end_us)


def conflict(a, b, answer=Answer.CONFLICT, start=NOON, lateral=OVERLAP, index=0, closest=None, reasons=()):
    return Conflict(
        *(VolumeRef(a, index), VolumeRef(b, 0), answer),
        *(lateral, Separation(inf, 0.0), Separation(0.0, 0.0)),
        *(MINIMA, "default", reasons, area(start, closest)),
    )


def full_answer():
    """One of everything."""
    plan = notice("LAF-7", "LAF", volume(uncertainty=Uncertainty(10, 20, 30)), volume(), title="Route north")
    other = notice("UN-2", "UNIFIL", assumptions=(Assumption("altitude", "no source states it"),))
    site = notice("SITE", "ICRC", activity=Activity.HUMANITARIAN_SITE)
    hazard = notice("HZ", "SY", Volume4D(Circle(position(35, 35), 1e5)), activity=Activity.HAZARD_AREA, declared_by="X")
    apart = (position(35.1, 35.7), position(35.2, 35.9))
    found = (
        conflict(plan, other, closest=apart, lateral=Separation(3_000.0, 2_000.0)),
        conflict(plan, other, index=1, start=NOON + timedelta(hours=1)),
        conflict(site, plan, Answer.POSSIBLE, closest=apart, lateral=Separation(77.0, 77.0), reasons=("a margin",)),
    )
    moves = {
        ("LAF", "LAF-7"): (
            Proposal(plan, "time", 720.0),
            Proposal(plan, "altitude", -304.8),
            Proposal(plan, "sideways", 2_778.0, 270.0),
        ),
        ("UNIFIL", "UN-2"): (Proposal(other, "sideways", 2_778.0, 270.0),),
        ("ICRC", "SITE"): (),
    }
    warnings = (
        HazardWarning(VolumeRef(plan, 0), VolumeRef(hazard, 0), Answer.CONFLICT, area()),
        HazardWarning(VolumeRef(other, 0), VolumeRef(hazard, 0), Answer.POSSIBLE, None),
    )
    crowd = (Unmeasured(VolumeRef(plan, 1), VolumeRef(other, 0), Answer.POSSIBLE),)
    return ScreeningAnswer(Answer.CONFLICT, (plan, other, site, hazard), found, warnings, moves, 7, crowd)


READINGS = (Note("plans.csv", "no party column; the file is its own party"),)
PROBLEMS = (NotUnderstood("altitude 5000 has no unit", hint="write 5000ft AMSL", where="plans.csv, row 3"),)


def as_json(answer, **others):
    return json.loads(answer_json(answer, **others))


def test_the_json_answer_keeps_its_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = as_json(full_answer(), readings=READINGS, problems=PROBLEMS, generated_utc=NOON)
    jsonschema.validate(document, SCHEMA)
    assert document["generated"] == "2018-09-17T12:00:00Z"
    assert document["problems"][0]["hint"] == "write 5000ft AMSL"


def test_the_schema_lists_no_property_that_never_appears():
    text = answer_json(full_answer(), readings=READINGS, problems=PROBLEMS, generated_utc=NOON)
    listed = set()

    def walk(node):
        if isinstance(node, dict):
            listed.update(node.get("properties", {}))
            for child in node.values():
                walk(child)

    walk(SCHEMA)
    assert [name for name in listed if f'"{name}":' not in text] == []


def test_an_empty_answer_is_an_answer_too():
    jsonschema.validate(as_json(ScreeningAnswer(Answer.CLEAR, (), ())), SCHEMA)
    assert json.loads(answer_geojson(ScreeningAnswer(Answer.CLEAR, (), ())))["features"] == []
    assert answer_csv(ScreeningAnswer(Answer.CLEAR, (), ())).count("\r\n") == 1


def test_open_and_unstated_sides_are_null_and_told_apart():
    open_end = TimeWindow(0, 2**61)
    volumes = (
        Volume4D(Circle(position(0, 0), 1.0), AltitudeBand(SURFACE, UNLIMITED_ABOVE), open_end),
        Volume4D(Circle(position(0, 0), 1.0), UNSTATED_BAND, UNSTATED_WINDOW),
    )
    stated, unstated = as_json(ScreeningAnswer(Answer.CLEAR, (notice("A", "P", *volumes),), ()))["notices"][0][
        "volumes"
    ]
    assert (stated["end"], stated["end_stated"], stated["altitude_upper"]["reference"]) == (None, True, "UNL")
    assert (unstated["end"], unstated["end_stated"], unstated["altitude_upper"]["reference"]) == (
        None,
        False,
        "UNSTATED",
    )
    assert stated["altitude_upper"]["value_m"] is None


def near_protected(activity, how_near, sideways):
    """One answer about something protected; `how_near` and `sideways` are what screening found and no output may tell."""
    kept = notice("KEPT", "ICRC", activity=activity)
    plan, hazard = notice("P", "LAF"), notice("HZ", "SY", activity=Activity.HAZARD_AREA)
    apart = Separation(how_near, how_near / 2)
    corners = (position(35.1, 35.7), position(35.1, 35.9), position(35.3, 35.8 + how_near / 1e6))
    window = TimeWindow.between(NOON, NOON + timedelta(minutes=10))
    where = MeetingArea((Polygon(corners),), (corners[0], corners[2]), "FL160", "FL200", window.start_us, window.end_us)
    pair = (VolumeRef(kept, 0), VolumeRef(plan, 0), Answer.POSSIBLE, apart, apart, apart, MINIMA, "default", (), where)
    moves = (Proposal(plan, "time", 720.0), *sideways(plan))
    return ScreeningAnswer(
        *(Answer.POSSIBLE, (kept, plan, hazard), (Conflict(*pair),)),
        (HazardWarning(VolumeRef(kept, 0), VolumeRef(hazard, 0), Answer.POSSIBLE, where),),
        {("LAF", "P"): moves, ("ICRC", "KEPT"): sideways(kept)},
        3,
    )


PROTECTED = [Activity.HUMANITARIAN_SITE, Activity.HUMANITARIAN_MOVEMENT]
OUTPUTS = [answer_json, answer_geojson, answer_csv, answer_html, table_text]


@pytest.mark.parametrize("activity", PROTECTED)
@pytest.mark.parametrize("write", OUTPUTS)
@given(st.floats(1.0, 9_000.0), st.floats(926.0, 92_600.0), st.sampled_from([0.0, 22.5, 270.0]))
def test_every_output_is_the_same_however_near_a_plan_comes_to_what_is_protected(
    write, activity, how_near, by, bearing_deg
):
    def sideways(mover):
        return (Proposal(mover, "sideways", by, bearing_deg),)

    told = write(near_protected(activity, how_near, sideways))
    assert told == write(near_protected(activity, 4_321.0, lambda _: ()))
    assert "12 min later" in told or write is answer_geojson


@pytest.mark.parametrize("activity", PROTECTED)
def test_where_something_protected_is_met_its_own_outline_is_told(activity):
    from detente.geodesy.outline import outline

    answer = near_protected(activity, 77.0, lambda _: ())
    own = json.loads(json.dumps(geometry(outline(answer.notices[0].volumes[0].footprint))))
    document = as_json(answer)
    jsonschema.validate(document, SCHEMA)
    for found in (document["conflicts"][0], document["warnings"][0]):
        assert found["area"]["footprint"] == own
        assert found["area"]["outline_of"] == "protected_volume"
    assert document["proposals"][0]["sideways_withheld"] is True
    assert {f["properties"]["outline_of"] for f in json.loads(answer_geojson(answer))["features"][3:]} == {
        "protected_volume"
    }


def test_what_meets_nothing_protected_is_told_in_full():
    answer = full_answer()
    told_ = told(answer)
    assert told_.conflicts[:2] == answer.conflicts[:2]
    assert told_.proposals["UNIFIL", "UN-2"] == answer.proposals["UNIFIL", "UN-2"]
    assert told(told_) == told_
    plain = ScreeningAnswer(Answer.CLEAR, answer.notices[:2], answer.conflicts[:2], answer.warnings)
    assert told(plain) is plain


def test_what_lies_unmeasured_is_named_in_json_and_csv():
    a, b = notice("A", "A"), notice("B", "B")
    crowd = (Unmeasured(VolumeRef(a, 0), VolumeRef(b, 0), Answer.CONFLICT),)
    answer = ScreeningAnswer(Answer.CONFLICT, (a, b), (), pair_count=1, unmeasured=crowd)
    assert as_json(answer)["counts"]["conflicts"] == 1
    assert as_json(answer)["unmeasured"][0]["a"]["party"] == "A"
    row = next(csv.DictReader(io.StringIO(answer_csv(answer))))
    assert (row["answer"], row["a_party"], row["reasons"]) == ("CONFLICT", "A", "one of too many to measure")


@pytest.mark.parametrize("write", OUTPUTS)
@pytest.mark.parametrize("sign", ["\x1b", "\x9b", "\x07", "\u202e", "\u2066", "\u2028", "\u200f", "\x7f", "\x00"])
def test_no_output_holds_a_character_that_could_act_on_a_terminal_or_turn_its_text(write, sign):
    evil = notice(f"R{sign}R", f"P{sign}P", title=f"T{sign}T", stated_place=sign, declared_by=sign)
    other = notice("B", "B")
    answer = ScreeningAnswer(Answer.CONFLICT, (evil, other), (conflict(evil, other, reasons=(sign,)),))
    written = write(
        answer, readings=[Note(sign, sign)], problems=[NotUnderstood(f"w{sign}", hint=f"h{sign}", where=sign)]
    )
    assert sign not in written


def test_conflicts_come_before_possibles_and_each_by_time_never_by_distance():
    a, b, c = (notice(name, name) for name in "ABC")
    late_near = conflict(a, b, start=NOON + timedelta(hours=3), lateral=Separation(1.0, 1.0))
    early_far = conflict(b, c, start=NOON, lateral=Separation(9_000.0, 9_000.0))
    possible = conflict(a, c, Answer.POSSIBLE, start=NOON - timedelta(hours=5))
    answer = ScreeningAnswer(Answer.CONFLICT, (a, b, c), (possible, late_near, early_far))
    assert [m.first for m in meetings(answer)] == [early_far, late_near, possible]
    starts = [found["area"]["start"] for found in as_json(answer)["conflicts"]]
    assert starts[:2] == sorted(starts[:2])
    assert as_json(answer)["conflicts"][2]["answer"] == "POSSIBLE"


def test_a_meeting_shows_the_gravest_of_its_volume_pairs_first():
    a, b = notice("A", "A", volume(), volume()), notice("B", "B")
    early_possible = conflict(a, b, Answer.POSSIBLE)
    late_conflict = conflict(a, b, index=1, start=NOON + timedelta(hours=1))
    (meeting,) = meetings(ScreeningAnswer(Answer.CONFLICT, (a, b), (early_possible, late_conflict)))
    assert meeting.first is late_conflict
    assert meeting.others == (early_possible,)


def test_conflicts_without_a_worked_out_area_are_written_all_the_same():
    a, b = notice("A", "A"), notice("B", "B")
    bare = Conflict(
        *(
            VolumeRef(a, 0),
            VolumeRef(b, 0),
            Answer.CONFLICT,
            Separation(0, 0),
            Separation(0, 0),
            Separation(0, 0),
            MINIMA,
            "r",
        )
    )
    answer = ScreeningAnswer(Answer.CONFLICT, (a, b), (bare,), pair_count=1)
    jsonschema.validate(as_json(answer), SCHEMA)
    assert json.loads(answer_geojson(answer))["features"][2]["geometry"] is None
    assert next(csv.DictReader(io.StringIO(answer_csv(answer))))["time_start"] == ""


def test_every_volume_conflict_and_warning_is_a_feature():
    collection = json.loads(answer_geojson(full_answer(), readings=READINGS, problems=PROBLEMS))
    kinds = [feature["properties"]["kind"] for feature in collection["features"]]
    assert kinds == ["volume"] * 5 + ["conflict"] * 3 + ["warning"] * 2
    assert collection["readings"]
    assert collection["problems"]


def signed_area(ring):
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in itertools.pairwise(ring)) / 2


def polygons_of(shape):
    return [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]


def assert_follows_rfc_7946(shape):
    for rings in polygons_of(shape):
        for index, ring in enumerate(rings):
            assert ring[0] == ring[-1]
            assert len(ring) >= 4
            assert (signed_area(ring) > 0) is (index == 0), "shells anticlockwise, holes clockwise"
            assert all(-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0 for lon, lat in ring)
            assert max(abs(b[0] - a[0]) for a, b in itertools.pairwise(ring)) <= 360.0


CLOCKWISE = (position(10, 10), position(12, 12), position(10, 14))
HOLE = (position(10.3, 11.5), position(10.3, 12.5), position(11, 12))


@pytest.mark.parametrize(
    ("footprint", "part_count"),
    [
        (Polygon(CLOCKWISE, (HOLE,)), 1),
        (Polygon(CLOCKWISE[::-1], (HOLE[::-1],)), 1),
        (Circle(position(0, 179.99), 20_000.0), 2),
        (Circle(position(-17, -180.0), 20_000.0), 2),
        (Circle(position(90, 0), 200_000.0), 1),
        (Circle(position(-89.9, 50), 200_000.0), 1),
        (Corridor((position(60, 170), position(65, -170)), 20_000.0), 2),
        (Orbit(position(0, 179.9), position(1, 179.9), 60_000.0, "right"), 2),
        (Polygon((position(90, 0), position(80, 0), position(80, 90))), 1),
        (Polygon((position(-10, 170), position(-10, -170), position(10, -170), position(10, 170))), 2),
        (MultiPolygon((Polygon(CLOCKWISE), Polygon((position(-10, 179), position(-10, -179), position(-8, 180))))), 3),
    ],
)
def test_geometry_is_wound_closed_and_cut_at_the_antimeridian(footprint, part_count):
    from detente.geodesy.outline import outline

    shape = geometry(outline(footprint))
    assert_follows_rfc_7946(shape)
    assert len(polygons_of(shape)) == part_count


def test_a_ring_round_the_pole_covers_the_pole():
    from shapely.geometry import Point, shape

    from detente.geodesy.outline import outline

    area = shape(geometry(outline(Circle(position(89.5, 20), 200_000.0))))
    assert all(area.covers(Point(lon, 89.99)) for lon in range(-180, 181, 20))
    assert not area.covers(Point(0, 80))


def test_a_hole_beyond_the_antimeridian_is_still_a_hole():
    from shapely.geometry import Point, shape

    ring = (position(-10, 170), position(-10, -170), position(10, -170), position(10, 170))
    hole = (position(-1, -178), position(-1, -176), position(1, -177))
    area = shape(geometry((Polygon(ring, (hole,)),)))
    assert not area.covers(Point(-177, 0))
    assert area.covers(Point(-174, 0))
    assert area.covers(Point(175, 0))


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(100.0, 3_000_000.0))
def test_every_circle_makes_lawful_geojson(latitude_deg, longitude_deg, radius_m):
    from detente.geodesy.outline import outline

    assert_follows_rfc_7946(geometry(outline(Circle(position(latitude_deg, longitude_deg), radius_m))))


DANGEROUS = [
    "=1+1",
    "+1",
    "-1+cmd",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1",
    'a",=1',
    "a;=cmd()",
    "\uff1d1",
    "x\n=1",
    "'=1",
    "|=1",
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_the_csv_starts_like_a_formula(text):
    a, b = notice("A", "A", title=text), notice("B", text)
    answer = ScreeningAnswer(Answer.CONFLICT, (a, b), (conflict(a, b, reasons=(text,)),))
    written = answer_csv(answer)
    for separator in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(written), delimiter=separator):
            assert not any(re.match(r"\s*[=+@\uff1d]|\s*-\D", cell) for cell in row), (separator, row)


def test_numbers_in_the_csv_stay_numbers():
    a, b = notice("A", "A"), notice("B", "B")
    answer = ScreeningAnswer(Answer.CONFLICT, (a, b), (conflict(a, b, lateral=Separation(123_456.7, 0.0)),))
    row = next(csv.DictReader(io.StringIO(answer_csv(answer))))
    assert list(row) == list(COLUMNS)
    assert (row["lateral_stated_m"], row["lateral_least_m"], row["vertical_stated_m"]) == ("123456.7", "0", "")


@pytest.mark.parametrize("write", [answer_json, answer_geojson, answer_csv])
def test_text_that_utf_8_cannot_hold_does_not_keep_an_answer_from_being_written(write):
    a, b = notice("A", "A", title="\ud800"), notice("B", "B")
    assert write(ScreeningAnswer(Answer.CONFLICT, (a, b), (conflict(a, b),))).encode("utf-8")


def test_equal_answers_give_equal_text():
    assert answer_json(full_answer(), generated_utc=NOON) == answer_json(full_answer(), generated_utc=NOON)
    assert answer_geojson(full_answer()) == answer_geojson(full_answer())


def test_the_document_lists_every_column_and_property():
    words = (Path(__file__).parents[2] / "docs" / "answers.md").read_text(encoding="utf-8")
    plain = [
        name
        for name in COLUMNS
        if not name.startswith(("b_", "vertical_", "time_stated", "time_least", "time_minimum"))
    ]
    features = json.loads(answer_geojson(full_answer()))["features"]
    properties = {
        name for feature in features for name in feature["properties"] if not name.startswith(("b_", "hazard_"))
    }
    assert [name for name in (*plain, *properties) if f"`{name}`" not in words] == []


@given(st.floats(0.0, 2e6), st.floats(0.0, 50_000.0))
def test_a_row_of_the_csv_never_tells_more_separation_nor_a_smaller_minimum(least_m, minimum_m):
    a, b = notice("A", "A"), notice("B", "B")
    apart = Separation(least_m, least_m)
    met = replace(conflict(a, b, lateral=apart), minima=Minima(minimum_m, minimum_m, minimum_m))
    row = next(csv.DictReader(io.StringIO(answer_csv(ScreeningAnswer(Answer.CONFLICT, (a, b), (met,))))))
    assert least_m - 0.002 < float(row["lateral_least_m"]) <= least_m + 1e-8
    assert minimum_m - 1e-8 <= float(row["lateral_minimum_m"]) < minimum_m + 0.002


def test_the_end_of_a_row_of_the_csv_is_rounded_up_to_the_minute():
    a, b = notice("A", "A"), notice("B", "B")
    met = conflict(a, b)
    late = replace(met, area=replace(met.area, end_us=to_us(NOON + timedelta(minutes=10, seconds=59))))
    row = next(csv.DictReader(io.StringIO(answer_csv(ScreeningAnswer(Answer.CONFLICT, (a, b), (late,))))))
    assert (row["time_end"], row["dtg_end"]) == ("2018-09-17T12:10:59Z", "171211ZSEP18")
