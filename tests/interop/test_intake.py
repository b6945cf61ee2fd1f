"""Files in: every format gives the same notices, nothing is guessed silently, and one bad feature never hides the rest."""

import io
import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from functools import cache
from math import atan2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from detente.domain import (
    SURFACE,
    Activity,
    Arena,
    Assumption,
    Circle,
    Corridor,
    DetenteError,
    Extent,
    MultiPolygon,
    Orbit,
    Place,
    Polygon,
    Position,
    amsl,
    flight_level,
)
from detente.geodesy import wgs84
from detente.interop import plausibility, read_files, read_understanding
from detente.interop.rings import is_certainly_simple
from detente.interop.vocabulary import FIELDS, SYNONYMS
from detente.screening import check_footprint

BAD = Path(__file__).parent / "bad"
LEVANT = Arena(
    "Levant",
    extent=Extent(31.0, 33.0, 37.0, 42.0),
    places=(Place("Latakia", Position(35.52, 35.79), 5_000.0, ("al-Ladhiqiyah",)),),
)

# What each file says is wrong: a part of the place, and a part of what.
complaints = {
    "ring_not_closed.geojson": ("geometry.shell", "not closed"),
    "ring_crosses_itself.geojson": ("geometry", "crosses itself"),
    "ring_of_two_corners.geojson": ("geometry", "2 distinct positions"),
    "hole_outside_its_shell.geojson": ("geometry", "hole 0 lies outside"),
    "latitude_first.geojson": ("geometry", "swapped"),
    "western_hemisphere.geojson": ("geometry", "longitude's hemisphere"),
    "southern_hemisphere.geojson": ("geometry", "latitude's hemisphere"),
    "latitude_over_90.geojson": ("geometry", "outside -90 to 90"),
    "feet_sent_as_metres.geojson": ("altitude", "higher than any air operation"),
    "altitude_without_unit.geojson": ("altitude_upper", "neither its unit nor above what"),
    "altitude_without_reference.geojson": ("altitude_upper", "above what"),
    "altitudes_swapped.geojson": ("altitude", "not below"),
    "end_before_start.geojson": ("time", "before time_start"),
    "time_without_zone.geojson": ("time_start", "no zone"),
    "time_as_number.geojson": ("time_start", "a number, not a time"),
    "radius_without_unit.geojson": ("radius", "no unit"),
    "point_without_radius.geojson": ("geometry", "without a radius"),
    "line_without_width.geojson": ("geometry", "without a half width"),
    "activity_not_known.geojson": ("activity", "'bombing' is not known"),
    "datum_not_wgs84.geojson": ("datum", "not WGS 84"),
    "no_geometry.geojson": ("geometry", "no geometry"),
    "coordinates_are_text.geojson": ("geometry", "not a position"),
    "stated_north_lies_west.geojson": ("stated_place", "lies west of Latakia"),
    "stated_distance_differs.geojson": ("stated_place", "km from Latakia"),
    "uncertainty_negative.geojson": ("position_uncertainty", "negative"),
}
whole_file = {
    "crs_not_wgs84.geojson": "EPSG:2039",
    "nan_in_numbers.geojson": "NaN is not a number",
    "key_given_twice.geojson": "'party' stands twice",
    "cut_short.geojson": "not JSON",
    "not_geojson.json": "neither GeoJSON",
    "heading_twice.csv": "stands twice",
    "dtd_and_entities.kml": "entities",
    "not_well_formed.kml": "not well-formed",
}


@pytest.mark.parametrize("name", complaints)
def test_a_bad_feature_is_named_with_its_field_and_the_good_one_is_still_read(name):
    place, what = complaints[name]
    intake = read_files([BAD / name], arena=LEVANT)
    (problem,) = intake.problems
    assert problem.where.startswith(f"{name}, feature 0 (R), ")
    assert place in problem.where
    assert what in problem.what
    assert problem.hint
    assert [n.reference for n in intake.notices] == ["GOOD"]


@pytest.mark.parametrize("name", whole_file)
def test_a_file_that_cannot_be_trusted_as_a_whole_is_refused_as_a_whole(name):
    intake = read_files([BAD / name], arena=LEVANT)
    (problem,) = intake.problems
    assert whole_file[name] in problem.what
    assert problem.where.startswith(name)
    assert intake.notices == ()


def test_a_misspelt_member_of_a_footprint_is_refused_not_passed_over(tmp_path):
    corridor = {"centre_line": [[35.1, 33.2], [35.3, 33.2]], "half_width_m": 500, "end": "square"}
    (tmp_path / "n.json").write_text(json.dumps({"notices": [{"volumes": [{"footprint": {"corridor": corridor}}]}]}))
    (problem,) = read_files([tmp_path / "n.json"]).problems
    assert "footprint.corridor" in problem.where
    assert "unknown members: end" in problem.what


def test_every_bad_file_is_one_that_a_test_speaks_of():
    spoken = {
        *complaints,
        *whole_file,
        "two_things_wrong.geojson",
        "latitude_alone.csv",
        "more_cells_than_headings.csv",
    }
    assert {path.name for path in BAD.iterdir()} == spoken


def test_all_that_is_wrong_with_a_feature_is_listed_not_the_first_alone():
    problems = read_files([BAD / "two_things_wrong.geojson"], arena=LEVANT).problems
    assert sorted(p.where.rsplit(", ", 1)[1] for p in problems) == ["radius", "time_start"]


@pytest.mark.parametrize("name", ["latitude_alone.csv", "more_cells_than_headings.csv"])
def test_a_bad_row_is_named(name):
    problems = read_files([BAD / name]).problems
    assert problems
    assert all("row 2" in p.where for p in problems)


# ── the same plan in every format ────────────────────────────────────────────────────────────────────────────────────

PLAN = {
    "reference": "R1", "party": "UNIFIL", "activity": "air_operation", "title": "Patrol",
    "time_start": "2018-09-17T18:00Z", "time_end": "171930ZSEP18", "altitude_lower": "SFC", "altitude_upper": "FL180",
    "radius": "5 km", "position_uncertainty": "500 m", "assumed": "radius: no source states it",
}  # fmt: skip


def geojson(properties, geometry=None):
    geometry = geometry or {"type": "Point", "coordinates": [35.8, 35.5]}
    return json.dumps(
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": geometry, "properties": properties}]}
    )


def kml(properties):
    data = "".join(f'<Data name="{k}"><value>{v}</value></Data>' for k, v in properties.items())
    return (
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>Patrol</name>'
        f"<ExtendedData>{data}</ExtendedData><Point><coordinates>35.8,35.5</coordinates></Point></Placemark></Document></kml>"
    )


def xlsx(rows):
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def kmz(text):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", text)
    return stream.getvalue()


def table(properties, delimiter=","):
    row = {**properties, "latitude": "35.5", "longitude": "35.8"}
    return delimiter.join(row) + "\n" + delimiter.join(f'"{v}"' for v in row.values()) + "\n"


def notice_json(properties):
    notice = {k: v for k, v in properties.items() if k in ("reference", "party", "activity", "title", "assumed")}
    volume = {k: v for k, v in properties.items() if k.startswith(("time", "altitude", "position"))}
    volume["footprint"] = {"circle": {"centre": [35.8, 35.5], "radius_m": 5000}}
    return json.dumps({"format": "detente-notices/1", "notices": [{**notice, "volumes": [volume]}]})


formats = {
    "plan.geojson": lambda: geojson(PLAN).encode(),
    "plan.csv": lambda: table(PLAN).encode(),
    "semicolons.csv": lambda: table(PLAN, ";").encode("utf-8-sig"),
    "tabs.csv": lambda: table(PLAN, "\t").encode("utf-16"),
    "plan.xlsx": lambda: xlsx([[*PLAN, "latitude", "longitude"], [*PLAN.values(), 35.5, 35.8]]),
    "plan.kml": lambda: kml(PLAN).encode(),
    "plan.kmz": lambda: kmz(kml(PLAN)),
    "plan.json": lambda: notice_json(PLAN).encode(),
}


@pytest.mark.parametrize("name", formats)
def test_every_format_gives_the_same_notice(name, tmp_path):
    (tmp_path / name).write_bytes(formats[name]())
    intake = read_files([tmp_path / name])
    assert intake.problems == ()
    (notice,) = intake.notices
    assert (notice.reference, notice.party, notice.activity, notice.title) == (
        "R1",
        "UNIFIL",
        Activity.AIR_OPERATION,
        "Patrol",
    )
    assert notice.assumptions == (Assumption("radius", "no source states it"),)
    (volume,) = notice.volumes
    assert volume.footprint == Circle(Position(35.5, 35.8), 5000.0)
    assert (volume.altitude.lower, volume.altitude.upper) == (SURFACE, flight_level(180))
    assert volume.window.start_utc == datetime(2018, 9, 17, 18, tzinfo=UTC)
    assert volume.window.end_utc == datetime(2018, 9, 17, 19, 30, tzinfo=UTC)
    assert volume.uncertainty.position_m == 500.0


def read_text(tmp_path, name, text, **more):
    (tmp_path / name).write_text(text)
    return read_files([tmp_path / name], **more)


def test_what_a_file_does_not_say_is_announced_and_stays_open(tmp_path):
    intake = read_text(tmp_path, "tonight.geojson", geojson({"radius": "5 km"}))
    (notice,) = intake.notices
    assert (notice.party, notice.activity) == ("tonight", Activity.UNSTATED)
    assert not notice.volumes[0].window.start_stated
    assert not notice.volumes[0].altitude.upper.is_stated
    said = " / ".join(r.what for r in intake.readings)
    for part in ("no party stated", "no activity stated", "time_start not stated", "altitude_upper not stated"):
        assert part in said


def test_a_reading_is_announced_once_a_file_however_many_features_it_concerns(tmp_path):
    features = json.loads(geojson({"radius": "5 km", "party": "A"}))
    features["features"] *= 50
    intake = read_text(tmp_path, "many.geojson", json.dumps(features))
    assert len([r for r in intake.readings if "time_start" in r.what]) == 1
    assert any("and 48 more" in r.where for r in intake.readings)


def test_columns_can_be_mapped_and_synonyms_are_announced(tmp_path):
    text = "Callsign;Betreiber;lat;lon;Radius;floor;ceiling;start;until\nAB1;LAF;35,5;35,8;5 km;SFC;FL100;2018-09-17T18:00Z;2018-09-17T19:00Z\n"
    intake = read_text(tmp_path, "table.csv", text, columns={"Betreiber": "party"})
    (notice,) = intake.notices
    assert (notice.reference, notice.party) == ("AB1", "LAF")
    assert notice.volumes[0].footprint.centre == Position(35.5, 35.8)
    assert any("'floor' read as altitude_lower" in r.what for r in intake.readings)


def test_columns_that_say_utc_give_their_times_a_zone(tmp_path):
    text = "party,lat,lon,radius,time_start_utc,time_end (UTC)\nA,35.5,35.8,5 km,2018-09-17 18:00,2018-09-17 19:00\n"
    (notice,) = read_text(tmp_path, "table.csv", text).notices
    assert notice.volumes[0].window.start_utc == datetime(2018, 9, 17, 18, tzinfo=UTC)


def test_a_spreadsheet_date_without_a_zone_is_refused_unless_its_heading_says_utc(tmp_path):
    moment = datetime.fromisoformat("2018-09-17T18:00")
    for heading, problems in (("time_start", 1), ("time_start_utc", 0)):
        (tmp_path / "t.xlsx").write_bytes(
            xlsx([["party", "lat", "lon", "radius", heading], ["A", 35.5, 35.8, "5 km", moment]])
        )
        assert len(read_files([tmp_path / "t.xlsx"]).problems) == problems


def test_defaults_fill_what_a_file_leaves_out_and_say_so(tmp_path):
    intake = read_text(tmp_path, "p.geojson", geojson({"party": "A"}), defaults={"radius": "2 km"})
    assert intake.notices[0].volumes[0].footprint.radius_m == 2000.0
    assert any(r.what == "radius not stated: taken as 2 km, as asked" for r in intake.readings)


LINE = {"type": "LineString", "coordinates": [[35.0, 35.0], [35.5, 35.0]]}


@pytest.mark.parametrize(
    ("properties", "geometry", "kind"),
    [
        ({"half_width": "2 km"}, LINE, Corridor),
        ({"half_width_m": 2000, "ends": "square"}, LINE, Corridor),
        ({"orbit_width": "10nm", "orbit_alignment": "left"}, LINE, Orbit),
        ({}, {"type": "Polygon", "coordinates": [[[35, 33], [36, 33], [36, 34], [35, 33]]]}, Polygon),
        (
            {},
            {
                "type": "MultiPolygon",
                "coordinates": [[[[35, 33], [36, 33], [36, 34], [35, 33]]], [[[37, 33], [38, 33], [38, 34], [37, 33]]]],
            },
            MultiPolygon,
        ),
    ],
)
def test_geometries_become_the_footprints_they_stand_for(tmp_path, properties, geometry, kind):
    (notice,) = read_text(tmp_path, "g.geojson", geojson({**PLAN, **properties}, geometry)).notices
    assert isinstance(notice.volumes[0].footprint, kind)


def test_a_line_flown_at_a_speed_becomes_legs_with_their_own_times(tmp_path):
    properties = {**PLAN, "half_width": "2 km", "speed": "180 km/h", "time_end": "171815ZSEP18"}
    (notice,) = read_text(tmp_path, "g.geojson", geojson(properties, LINE)).notices
    assert len(notice.volumes) == 4  # 45.6 km at 50 m/s: 15.2 minutes in legs of 5 at most
    assert notice.volumes[0].window.end_us < notice.volumes[1].window.end_us


def test_an_end_that_the_speed_does_not_lead_to_is_refused_not_dropped(tmp_path):
    properties = {**PLAN, "half_width": "2 km", "speed": "180 km/h"}  # until 19:30: a patrol up and down?
    (problem,) = read_text(tmp_path, "g.geojson", geojson(properties, LINE)).problems
    assert "not at time_end 2018-09-17T19:30:00Z" in problem.what


@pytest.mark.parametrize(
    ("geometry", "more", "kind"),
    [
        ({"type": "Point", "coordinates": [35.8, 35.5]}, {}, Circle),
        ({"type": "Polygon", "coordinates": [[[35, 33], [36, 33], [36, 34], [35, 33]]]}, {}, Polygon),
        ({"type": "LineString", "coordinates": [[35, 33], [35, 34]]}, {"orbit_width": "20 km"}, Orbit),
    ],
)
def test_a_speed_on_what_is_no_route_loses_nothing(tmp_path, geometry, more, kind):
    intake = read_text(tmp_path, "g.geojson", geojson({**PLAN, "speed": "120 kt", **more}, geometry))
    (notice,) = intake.notices
    assert isinstance(notice.volumes[0].footprint, kind)
    assert notice.volumes[0].window.end_stated
    assert any("speed is not read" in r.what for r in intake.readings)


# ── who is who ───────────────────────────────────────────────────────────────────────────────────────────────────────

NAMELESS = {k: v for k, v in PLAN.items() if k not in ("party", "reference")}


def parties(intake):
    return [n.party for n in intake.notices]


def test_two_files_without_a_party_are_two_parties_whatever_they_are_called(tmp_path):
    (tmp_path / "a").mkdir()
    files = [tmp_path / "plans.geojson", tmp_path / "plans.json", tmp_path / "a" / "plans.geojson"]
    for file in files:
        file.write_text(geojson(NAMELESS))
    assert len(set(parties(read_files(files)))) == 3
    assert parties(read_files(files[:1])) == ["plans"]


def test_a_file_without_a_party_is_nobody_whom_another_feature_names(tmp_path):
    (tmp_path / "unifil.geojson").write_text(geojson(NAMELESS))
    (tmp_path / "plans.geojson").write_text(geojson(PLAN))
    intake = read_files([tmp_path / "unifil.geojson", tmp_path / "plans.geojson"])
    assert len({p.casefold() for p in parties(intake)}) == 2
    assert any("its own party, unifil.geojson" in r.what for r in intake.readings)


def test_a_file_given_twice_is_read_once(tmp_path):
    (tmp_path / "plans.geojson").write_text(geojson(PLAN))
    (tmp_path / "link.geojson").symlink_to(tmp_path / "plans.geojson")
    intake = read_files([tmp_path / "plans.geojson", tmp_path / "plans.geojson", tmp_path / "link.geojson"])
    assert len(intake.notices) == 1
    assert [r.what for r in intake.readings if "twice" in r.what] == ["given twice: read once"] * 2


def test_features_without_a_reference_are_notices_of_their_own_in_every_file(tmp_path):
    plan = {k: v for k, v in PLAN.items() if k != "reference"}
    for name in ("a.geojson", "b.geojson"):
        (tmp_path / name).write_text(geojson(plan))
    intake = read_files([tmp_path / "a.geojson", tmp_path / "b.geojson"])
    assert [n.reference for n in intake.notices] == ["a.geojson, feature 0", "b.geojson, feature 0"]
    assert len([r for r in intake.readings if "no reference stated" in r.what]) == 2


def test_one_reference_for_two_activities_is_refused_since_their_minima_differ(tmp_path):
    both = [json.loads(geojson({**PLAN, "activity": name}))["features"][0] for name in ("live_fire", "exercise")]
    intake = read_text(tmp_path, "g.geojson", json.dumps({"type": "FeatureCollection", "features": both}))
    assert [n.activity for n in intake.notices] == [Activity.LIVE_FIRE]
    assert "exercise here and live_fire in g.geojson, feature 0 (R1)" in intake.problems[0].what


def test_parties_spelled_alike_are_two_and_announced(tmp_path):
    both = [json.loads(geojson({**PLAN, "party": name}))["features"][0] for name in ("UNIFIL", "Unifil")]
    intake = read_text(tmp_path, "g.geojson", json.dumps({"type": "FeatureCollection", "features": both}))
    assert parties(intake) == ["UNIFIL", "Unifil"]
    assert any("read as 2 parties" in r.what for r in intake.readings)


def test_names_are_one_line_of_plain_characters(tmp_path):
    intake = read_text(tmp_path, "g.geojson", geojson({**PLAN, "party": "UN\x1b[31mIFIL\n X", "title": "قاعدة\ud800"}))
    assert (intake.notices[0].party, intake.notices[0].title) == ("UN[31mIFIL X", "قاعدة")
    (problem,) = read_text(tmp_path, "g.geojson", geojson({**PLAN, "party": "x" * 300})).problems
    assert problem.where == "g.geojson, feature 0 (R1), party"


# ── which name stands for what ───────────────────────────────────────────────────────────────────────────────────────


def test_of_two_names_for_one_field_one_is_read_and_the_other_announced(tmp_path):
    text = "party,lat,lon,radius,start,etd,time_end,until\nA,35.5,35.8,5 km,2018-09-17T18:00Z,2018-09-17T18:00Z,2018-09-17T19:00Z,2018-09-17T20:00Z\n"
    intake = read_text(tmp_path, "t.csv", text)
    window = intake.notices[0].volumes[0].window
    assert (window.start_utc.hour, window.end_utc.hour) == (18, 19)
    said = {r.what for r in intake.readings}
    assert "'etd' is not read: time_start stands there too" in said
    assert "'until' is not read: time_end stands there too" in said
    (problem,) = read_text(tmp_path, "u.csv", text.replace("T18:00Z,2018-09-17T18", "T18:00Z,2018-09-17T17")).problems
    assert problem.what == "'start' and 'etd' both stand for time_start, and differ"


def test_a_column_asked_for_that_no_file_has_is_announced(tmp_path):
    intake = read_text(tmp_path, "g.geojson", geojson(PLAN), columns={"Rufzeichen": "reference"})
    assert any("no file has a column 'Rufzeichen'" in r.what for r in intake.readings)


@pytest.mark.parametrize("more", [{"columns": {"a": "callsing"}}, {"defaults": {"hight": "5 km"}}])
def test_a_field_that_is_none_is_refused_at_once(more, tmp_path):
    with pytest.raises(DetenteError, match="is no field"):
        read_text(tmp_path, "g.geojson", geojson(PLAN), **more)


def test_a_size_said_twice_has_to_agree(tmp_path):
    assert read_text(tmp_path, "g.geojson", geojson({**PLAN, "radius_m": 5000})).problems == ()
    (problem,) = read_text(tmp_path, "g.geojson", geojson({**PLAN, "radius_m": 500})).problems
    assert "differ" in problem.what


def test_a_default_steps_back_for_a_size_stated_in_plain_metres(tmp_path):
    plan = {**PLAN, "radius": "", "radius_m": 700}
    (notice,) = read_text(tmp_path, "g.geojson", geojson(plan), defaults={"radius": "9 km"}).notices
    assert notice.volumes[0].footprint.radius_m == 700.0


# ── the antimeridian ─────────────────────────────────────────────────────────────────────────────────────────────────


def ring(*corners):
    return {"type": "Polygon", "coordinates": [[*map(list, corners), list(corners[0])]]}


def test_a_ring_across_the_antimeridian_is_read_the_short_way_and_announced(tmp_path):
    across = ring((175, -10), (-175, -10), (-175, 10), (175, 10))
    intake = read_text(tmp_path, "g.geojson", geojson(PLAN, across))
    assert len(intake.notices) == 1
    assert any("across it" in r.what for r in intake.readings)
    past_180 = ring((175, -10), (185, -10), (185, 10), (175, 10))
    assert read_text(tmp_path, "g.geojson", geojson(PLAN, past_180)).notices[0].volumes == intake.notices[0].volumes


@pytest.mark.parametrize(
    "wide", [ring((-170, -10), (170, -10), (170, 10), (-170, 10)), ring((-180, -10), (180, -10), (180, 10), (-180, 10))]
)
def test_an_area_that_may_be_most_of_the_earth_is_never_read_as_a_strip(tmp_path, wide):
    intake = read_text(tmp_path, "g.geojson", geojson(PLAN, wide))
    assert intake.notices == ()
    assert intake.problems[0].hint


SQUARE = ((35, 33), (36, 33), (36, 34), (35, 34))


def test_a_ring_runs_either_way_and_a_corner_said_twice_is_dropped_and_announced(tmp_path):
    both = [read_text(tmp_path, "g.geojson", geojson(PLAN, ring(*c))).notices[0] for c in (SQUARE, SQUARE[::-1])]
    assert {*both[0].volumes[0].footprint.shell} == {*both[1].volumes[0].footprint.shell}
    intake = read_text(tmp_path, "g.geojson", geojson(PLAN, ring(*SQUARE, SQUARE[-1])))
    assert len(intake.notices[0].volumes[0].footprint.shell) == 4
    assert any("dropped" in r.what for r in intake.readings)


def test_an_area_cut_at_the_antimeridian_is_one_footprint_of_two_parts(tmp_path):
    east, west = (ring(*c)["coordinates"] for c in (((170, 1), (180, 1), (180, 2)), ((-180, 1), (-170, 1), (-180, 2))))
    intake = read_text(tmp_path, "g.geojson", geojson(PLAN, {"type": "MultiPolygon", "coordinates": [east, west]}))
    assert isinstance(intake.notices[0].volumes[0].footprint, MultiPolygon)
    assert not any("across it" in r.what for r in intake.readings)


def test_a_collection_is_as_many_volumes_as_it_has_parts(tmp_path):
    parts = [{"type": "Point", "coordinates": [35, 33]}, ring(*SQUARE)]
    intake = read_text(tmp_path, "g.geojson", geojson(PLAN, {"type": "GeometryCollection", "geometries": parts}))
    assert [type(v.footprint) for v in intake.notices[0].volumes] == [Circle, Polygon]
    parts.append({"type": "Point", "coordinates": ["35", "33"]})
    intake = read_text(tmp_path, "g.geojson", geojson(PLAN, {"type": "GeometryCollection", "geometries": parts}))
    assert (intake.notices, len(intake.problems)) == ((), 1)


def test_a_ring_wider_than_a_hemisphere_is_refused(tmp_path):
    wide = ring(*((x, -40) for x in (-100, -50, 0, 50, 100)), *((x, 40) for x in (100, 50, 0, -50, -100)))
    assert "85°" in read_text(tmp_path, "g.geojson", geojson(PLAN, wide)).problems[0].what


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"])
def test_a_file_that_says_it_is_in_wgs84_is_read(tmp_path, name):
    collection = {**json.loads(geojson(PLAN)), "crs": {"type": "name", "properties": {"name": name}}}
    assert len(read_text(tmp_path, "g.geojson", json.dumps(collection)).notices) == 1


def test_features_of_one_party_and_reference_are_one_notice(tmp_path):
    features = json.loads(geojson(PLAN))
    features["features"] *= 3
    (notice,) = read_text(tmp_path, "g.geojson", json.dumps(features)).notices
    assert len(notice.volumes) == 3


def test_a_gpx_track_is_a_moving_thing_once_it_is_told_how_wide(tmp_path):
    points = "".join(
        f'<trkpt lat="35.{k}" lon="35.5"><ele>900</ele><time>2018-09-17T18:0{k}:00Z</time></trkpt>' for k in range(5)
    )
    text = f'<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><name>Convoy 3</name><trkseg>{points}</trkseg></trk></gpx>'
    assert "half width" in read_text(tmp_path, "convoy.gpx", text).problems[0].what
    intake = read_text(
        tmp_path,
        "convoy.gpx",
        text,
        defaults={"half_width": "200 m", "altitude_lower": "SFC", "altitude_upper": "100 m AGL"},
    )
    (notice,) = intake.notices
    assert (notice.reference, notice.party, len(notice.volumes)) == ("Convoy 3", "convoy", 4)
    assert any("elevations are not read" in r.what for r in intake.readings)


def test_kml_heights_are_read_with_the_reference_their_mode_names(tmp_path):
    ring = "35,33,1500 36,33,1500 36,34,1500 35,33,1500"
    text = (
        "<kml><Placemark><name>Zone</name><TimeSpan><begin>2018-09-17T18:00:00Z</begin><end>2018-09-17T19:00:00Z</end></TimeSpan>"
        "<Polygon><extrude>1</extrude><altitudeMode>absolute</altitudeMode><outerBoundaryIs><LinearRing>"
        f"<coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></kml>"
    )
    (notice,) = read_text(tmp_path, "zone.kml", text).notices
    assert (notice.volumes[0].altitude.lower, notice.volumes[0].altitude.upper) == (SURFACE, amsl(1500.0))
    assert notice.volumes[0].window.end_stated


def test_wkt_and_position_lists_are_places_too(tmp_path):
    text = 'reference,wkt,positions,shape,half_width\na,"POLYGON((35 33,36 33,36 34,35 33))",,,\nb,,33N 35E;33N 36E;34N 36E,polygon,\nc,,33N 35E|33N 36E,corridor,2 km\n'
    intake = read_text(tmp_path, "t.csv", text)
    assert [type(n.volumes[0].footprint) for n in intake.notices] == [Polygon, Polygon, Corridor]
    assert intake.problems == ()


def test_longitudes_past_180_and_heights_in_positions_are_announced(tmp_path):
    intake = read_text(tmp_path, "g.geojson", geojson(PLAN, {"type": "Point", "coordinates": [200.0, 10.0, 500.0]}))
    assert intake.notices[0].volumes[0].footprint.centre.longitude_deg == -160.0
    assert len([r for r in intake.readings if "longitudes past 180" in r.what or "heights in positions" in r.what]) == 2


def test_long_edges_say_how_far_they_leave_the_straight_line_on_a_map(tmp_path):
    wide = {"type": "Polygon", "coordinates": [[[20, 60], [40, 60], [40, 61], [20, 60]]]}
    intake = read_text(tmp_path, "g.geojson", geojson({**PLAN}, wide))
    assert any("edges are geodesics" in r.what and "km" in r.what for r in intake.readings)


def test_a_stated_place_that_fits_passes(tmp_path):
    for place, where in (
        ("west of Latakia", [35.0, 35.5]),
        ("70 km west of Latakia", [35.0, 35.5]),
        ("north-west of al-Ladhiqiyah", [35.3, 35.9]),
    ):
        intake = read_text(
            tmp_path,
            "g.geojson",
            geojson({**PLAN, "stated_place": place}, {"type": "Point", "coordinates": where}),
            arena=LEVANT,
        )
        assert intake.problems == (), place


@st.composite
def small_rings(draw):
    south, west = draw(st.floats(-74.5, 74.5)), draw(st.floats(-179.0, 178.0))
    corner = st.tuples(st.floats(-0.5, 0.5), st.floats(-0.6, 0.6))
    corners = draw(st.lists(corner, min_size=3, max_size=7))
    if draw(st.booleans()):  # round a middle, so that many are convex
        corners.sort(key=lambda c: atan2(c[0], c[1]))
    return [Position(south + y, west + x) for y, x in corners]


@settings(max_examples=500)
@given(small_rings())
def test_no_ring_called_certainly_simple_crosses_itself(corners):
    assume(len(set(corners)) == len(corners))
    footprint = Polygon(tuple(corners))
    if is_certainly_simple(footprint):
        check_footprint(footprint)


def test_the_common_ring_is_certainly_simple():
    assert is_certainly_simple(
        Polygon((Position(33, 35), Position(33, 35.4), Position(33.3, 35.4), Position(33.3, 35)))
    )


# ── KML, GPX and workbooks say things of their own ───────────────────────────────────────────────────────────────────


def placemark(geometry, more=""):
    return f"<kml xmlns:gx='g'><Document><Placemark><name>Z</name>{more}{geometry}</Placemark></Document></kml>"


def outline(height, mode="absolute", extrude=1):
    ring = " ".join(f"{x},{y}{height}" for x, y in ((35, 33), (36, 33), (36, 34), (35, 33)))
    return (
        f"<Polygon><extrude>{extrude}</extrude><altitudeMode>{mode}</altitudeMode><outerBoundaryIs><LinearRing>"
        f"<coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
    )


@pytest.mark.parametrize(
    ("geometry", "upper"),
    [
        (outline(",1500"), amsl(1500.0)),
        (f"<MultiGeometry>{outline(',1500')}{outline(',3000')}</MultiGeometry>", amsl(3000.0)),
        (f"<MultiGeometry>{outline(',1500')}{outline(',3000', 'relativeToGround')}</MultiGeometry>", None),
        (f"<MultiGeometry>{outline(',1500')}{outline('')}</MultiGeometry>", None),
        (outline(",1500", "clampToGround"), None),
        (outline(",0"), None),  # what programs write where nobody gave a height
        (outline("", "relativeToGround"), None),
    ],
)
def test_a_kml_height_is_read_only_where_it_covers_every_part(tmp_path, geometry, upper):
    (notice,) = read_text(tmp_path, "z.kml", placemark(geometry)).notices
    for volume in notice.volumes:
        assert volume.altitude.upper == upper if upper else not volume.altitude.upper.is_stated


def test_a_kml_time_stamp_does_not_say_how_long(tmp_path):
    stamp = "<TimeStamp><when>2018-09-17T18:00:00Z</when></TimeStamp>"
    intake = read_text(tmp_path, "z.kml", placemark(outline(",1500"), stamp))
    window = intake.notices[0].volumes[0].window
    assert (window.start_utc.hour, window.end_stated) == (18, False)
    assert any("TimeStamp" in r.what for r in intake.readings)


def test_a_kml_track_moves_and_its_parts_say_nothing_in_between(tmp_path):
    def track(hour):
        points = "".join(f"<when>2018-09-17T{hour}:0{k}:00Z</when><gx:coord>35 33.{k} 0</gx:coord>" for k in range(3))
        return f"<gx:Track>{points}</gx:Track>"

    text = placemark(f"<gx:MultiTrack>{track(18)}{track(19)}</gx:MultiTrack>")
    intake = read_text(tmp_path, "z.kml", text, defaults={"half_width": "1 km"})
    assert [v.window.start_utc.hour for v in intake.notices[0].volumes] == [18, 18, 19, 19]
    assert any("between the parts of a track" in r.what for r in intake.readings)


def test_a_kml_part_without_a_footprint_is_refused_not_skipped(tmp_path):
    text = placemark(f"<MultiGeometry>{outline('')}<Model/></MultiGeometry>")
    assert "Model has no footprint" in read_text(tmp_path, "z.kml", text).problems[0].what


@pytest.mark.parametrize("text", ["<aixm><a/></aixm>", "<html><body>Placemark</body></html>"])
def test_xml_that_holds_no_plans_is_refused_not_empty(tmp_path, text):
    assert "is no kml file" in read_text(tmp_path, "plans.kml", text).problems[0].what


def test_columns_are_mapped_in_kml_too(tmp_path):
    data = "<ExtendedData><Data name='Betreiber'><value>LAF</value></Data></ExtendedData>"
    intake = read_text(tmp_path, "z.kml", placemark(outline(""), data), columns={"betreiber": "party"})
    assert parties(intake) == ["LAF"]


def test_a_waypoint_holds_when_it_says_so_not_when_it_was_made(tmp_path):
    point = "<wpt lat='35' lon='35'><time>2018-09-17T18:00:00Z</time><extensions><x><radius>5 km</radius><time_start>2018-09-18T06:00Z</time_start></x></extensions></wpt>"
    intake = read_text(tmp_path, "w.gpx", f"<gpx>{point}</gpx>")
    (volume,) = intake.notices[0].volumes
    assert volume.footprint.radius_m == 5000.0
    assert volume.window.start_utc == datetime(2018, 9, 18, 6, tzinfo=UTC)
    assert not volume.window.end_stated
    assert any("waypoint's time is not read" in r.what for r in intake.readings)


def test_a_gpx_route_at_a_speed_moves_and_one_without_stays(tmp_path):
    text = "<gpx><rte><rtept lat='35' lon='35'/><rtept lat='35.1' lon='35'/></rte></gpx>"
    stays = read_text(tmp_path, "r.gpx", text, defaults={"half_width": "1 km"})
    assert isinstance(stays.notices[0].volumes[0].footprint, Corridor)
    assert not stays.notices[0].volumes[0].window.start_stated
    moves = {"half_width": "1 km", "speed": "60 kt", "time_start": "171800ZSEP18"}
    (notice,) = read_text(tmp_path, "r.gpx", text, defaults=moves).notices
    assert notice.volumes[-1].window.end_stated


def test_a_cell_that_holds_a_failed_formula_is_refused(tmp_path):
    (tmp_path / "b.xlsx").write_bytes(xlsx([["party", "lat", "lon", "radius"], ["#REF!", 35.5, 35.8, "5 km"]]))
    (problem,) = read_files([tmp_path / "b.xlsx"]).problems
    assert (problem.where, problem.what) == ("b.xlsx, row 2, party", "the cell holds #REF!")


def test_a_row_that_says_where_twice_says_which_is_read(tmp_path):
    intake = read_text(tmp_path, "t.csv", "party,lat,lon,wkt,radius\nA,1,2,POINT(35 33),5 km\n")
    assert intake.notices[0].volumes[0].footprint.centre == Position(33.0, 35.0)
    assert any(r.what == "latitude is not read: wkt says where" for r in intake.readings)


def test_of_many_problems_ten_thousand_are_listed_and_the_rest_counted(tmp_path):
    rows = "A,1,2,5\n" * 10_500
    problems = read_text(tmp_path, "t.csv", "party,lat,lon,radius\n" + rows).problems
    assert (len(problems), problems[-1].what) == (10_001, "500 more problems")


# ── places in words ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("place", "fits"),
    [
        ("N of Latakia", False), ("W of Latakia", True), ("71 km NW of Latakia", True), ("27 km west of Latakia", False),
        ("northwest of Latakia", True), ("western of Latakia", True), ("south-east of al-Ladhiqiyah", False),
    ],
)  # fmt: skip
def test_a_direction_is_a_sector_with_as_much_again_for_how_people_speak(tmp_path, place, fits):
    point = {"type": "Point", "coordinates": [35.0, 35.5]}  # 72 km west
    intake = read_text(tmp_path, "g.geojson", geojson({**PLAN, "stated_place": place}, point), arena=LEVANT)
    assert (intake.problems == ()) == fits


@pytest.mark.parametrize(
    ("place", "said"),
    [("Latakia", "km away"), ("Homs", "not in the arena's list"), ("north of Homs", "not in the arena")],
)
def test_a_place_that_cannot_be_checked_is_announced(tmp_path, place, said):
    point = {"type": "Point", "coordinates": [35.0, 35.5]}
    intake = read_text(tmp_path, "g.geojson", geojson({**PLAN, "stated_place": place}, point), arena=LEVANT)
    assert len(intake.notices) == 1
    assert any(said in r.what for r in intake.readings)


@pytest.mark.parametrize(
    ("activity", "upper", "passes"),
    [("air_operation", "9000 m AMSL", True), ("air_operation", "30000 m AMSL", False), ("humanitarian_movement", "13000 m AMSL", False),
     ("hazard_area", "30000 m AMSL", True), ("air_operation", "UNL", True)],
)  # fmt: skip
def test_feet_sent_as_metres_are_caught_where_no_one_goes(tmp_path, activity, upper, passes):
    intake = read_text(tmp_path, "g.geojson", geojson({**PLAN, "activity": activity, "altitude_upper": upper}))
    assert (intake.problems == ()) == passes


def test_the_departure_of_long_edges_is_told_to_a_tenth():
    for south, east in ((33.0, 40.0), (60.0, 20.0), (-45.0, 5.0)):
        line = Corridor((Position(south, 0.0), Position(south, east)), 1000.0)
        middle_lat, middle_lon = wgs84.cut(np.array([south, south]), np.array([0.0, east]), 1000.0)
        _, apart_m = wgs84.inverse(middle_lat, middle_lon, np.full_like(middle_lat, south), middle_lon)
        assert plausibility._departure_m(line) == pytest.approx(apart_m.max(), rel=0.1)


# ── hostile files ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_that_are_none_are_refused(tmp_path):
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "zeros.geojson").write_bytes(bytes(5000))
    problems = read_files(
        [tmp_path / "empty.csv", tmp_path / "zeros.geojson", tmp_path / "missing.kml", tmp_path]
    ).problems
    assert [p.what.split(" ")[-1] if "exist" not in p.what else "exist" for p in problems] == [
        "empty",
        "empty",
        "exist",
        "file",
    ]


def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "plans.csv")
    assert "is not a file" in read_files([tmp_path / "plans.csv"]).problems[0].what


@pytest.mark.parametrize("encoding", ["cp1251", "cp1255", "cp1256"])
def test_another_encoding_is_refused_by_name_not_guessed(tmp_path, encoding):
    party = {"cp1251": "Россия", "cp1255": "צהל", "cp1256": "الجيش"}[encoding]
    (tmp_path / "t.csv").write_bytes(f"party,lat,lon,radius\n{party},33,35,5 km\n".encode(encoding))
    (problem,) = read_files([tmp_path / "t.csv"]).problems
    assert "not UTF-8" in problem.what
    assert encoding.removeprefix("cp125") in problem.hint


def hostile_files():
    deep = 200_000
    ring = ",".join(f"[{35 + k * 1e-7},33]" for k in range(1_000_000))
    million = f'{{"type":"Feature","properties":{{}},"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}'
    return {
        "deep.json": b"[" * deep + b"]" * deep,
        "deep_object.json": b'{"type":' * deep,
        "one_long_line.csv": b"a" * 10_000_000,
        "one_long_cell.csv": b"party,lat,lon\n" + b'"' + b"a" * 10_500_000 + b'",1,2\n',
        "deep.kml": b"<a>" * deep,
        "laughs.kml": b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><kml><Placemark><name>&b;</name></Placemark></kml>',
        "outside.kml": b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml><Placemark><name>&a;</name></Placemark></kml>',
        "cut.kmz": kmz("<kml/>" * 1000)[:-30],
        "bomb.kmz": kmz("<kml>" + " " * 300_000_000 + "</kml>"),
        "bomb.xlsx": bombed_workbook(),
        "million_vertices.geojson": million.encode(),
        "huge_number.geojson": geojson({"radius_m": 1}).replace('"radius_m": 1', '"radius_m": 1e400').encode(),
        "digits.geojson": b'{"type":"FeatureCollection","features":[' + b"9" * 100_000 + b"]}",
        "many_values.geojson": b'{"type":"FeatureCollection","features":[' + b"[]," * 11_000_000 + b"[]]}",
        "many_features.geojson": b'{"type":"FeatureCollection","features":[' + b"0," * 1_000_001 + b"0]}",
        "many_attributes.kml": b"<kml " + b"".join(b'a%d="" ' % k for k in range(1_000_000)) + b"/>",
        "many_children.kml": b"<kml><Placemark>" + b"<a/>" * 1_100_000 + b"</Placemark></kml>",
        "far_cell.xlsx": workbook('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "endless_row.xlsx": workbook('<row r="1">' + "<c/>" * 3_000_000 + "</row>"),
        "many_headings.csv": b",".join(b"h%d" % k for k in range(10_000)) + b"\n1\n",
        "plans.geojson.gz": b"\x1f\x8b" + bytes(100),
        "nul.csv": b"party,lat,lon\nA\x00,1,2\n",
        "windows_1256.csv": "party,lat,lon,radius\nالجيش,33,35,5 km\n".encode("cp1256"),
    }


def workbook(rows):
    """A workbook whose first sheet holds these rows; the rest is what a spreadsheet writes."""
    whole = io.BytesIO(xlsx([["party"]]))
    stream = io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in set(source.namelist()) - {"xl/worksheets/sheet1.xml"}:
            archive.writestr(name, source.read(name))
        archive.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>'
        )
    return stream.getvalue()


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def bombed_workbook():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", " " * 300_000_000)
    return stream.getvalue()


HOSTILE = ["deep.json", "deep_object.json", "one_long_line.csv", "one_long_cell.csv", "deep.kml", "laughs.kml", "outside.kml", "cut.kmz", "bomb.kmz",
           "bomb.xlsx", "million_vertices.geojson", "huge_number.geojson", "digits.geojson", "nul.csv", "windows_1256.csv",
           "many_values.geojson", "many_features.geojson", "many_attributes.kml", "many_children.kml", "far_cell.xlsx", "endless_row.xlsx",
           "many_headings.csv", "plans.geojson.gz"]  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    for name, raw in hostile_files().items():
        (folder / name).write_bytes(raw)
    return folder


_WITHIN = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2_500_000_000, 2_500_000_000))
from detente.interop import read_files
problems = read_files([sys.argv[1]]).problems
sys.exit(0 if problems and all(p.hint and p.where for p in problems) else 1)
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_a_clear_refusal_within_bounded_memory(name, hostile):
    done = subprocess.run([sys.executable, "-c", _WITHIN, hostile / name], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]


@cache
def made(name):
    return damaged[name]()  # once: archives carry the time they were made


damaged = {
    **formats,
    "track.gpx": lambda: (
        b"<gpx><wpt lat='35' lon='35'><extensions><radius>5 km</radius></extensions></wpt><trk><name>C</name><trkseg>"
        b"<trkpt lat='35.1' lon='35.5'><time>2018-09-17T18:00:00Z</time></trkpt><trkpt lat='35.2' lon='35.5'><time>2018-09-17T18:10:00Z</time></trkpt>"
        b"</trkseg></trk></gpx>"
    ),
    "places.csv": lambda: (
        b'party,wkt,positions,shape,half_width,speed,time_start\na,"POLYGON((35 33,36 33,36 34,35 33))",,,,,\n'
        b"b,,33N 35E|33N 36E,route,2 km,120 kt,171800ZSEP18\n"
    ),
    "parts.kml": lambda: placemark(f"<MultiGeometry>{outline(',1500')}{outline('')}</MultiGeometry>").encode(),
}


@pytest.mark.parametrize("name", damaged)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_but_a_refusal_leaves_for_any_damage(name, data, tmp_path):
    raw = bytearray(made(name))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
        raw = raw or bytearray(b" ")
    (tmp_path / name).write_bytes(bytes(raw))
    for problem in read_files([tmp_path / name]).problems:
        assert isinstance(problem, DetenteError)
        assert problem.where.startswith(name)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    | st.sampled_from(["5 km", "-5 km", "0 m", "inf", "1e999", "UNL", "UFN", "FL999", "9999-12-31T23:59:59Z", "0001-01-01T00:00+14:00", "10000 kt"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    more=st.dictionaries(st.sampled_from([*FIELDS, *SYNONYMS]), anything, max_size=5),
    geometry=anything | st.fixed_dictionaries({"type": st.sampled_from(["Point", "Polygon"]), "coordinates": anything}),
)
def test_whatever_the_fields_hold_a_feature_is_read_or_refused_and_the_good_one_is_kept(more, geometry, tmp_path):
    features = [*json.loads(geojson(PLAN))["features"], {"type": "Feature", "properties": more, "geometry": geometry}]
    features.append({**features[0], "properties": {**PLAN, **more, "reference": "R2"}})
    intake = read_text(tmp_path, "g.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    assert intake.notices[0].reference == "R1"
    spoken = {part for p in intake.problems for part in p.where.split(", ") if part.startswith("feature")}
    sources = {n.source.split(", ", 1)[1] for n in intake.notices}
    volumes = sum(len(n.volumes) for n in intake.notices)
    assert len({*spoken, *sources}) == 3 or volumes >= 3 - len(spoken)  # none is lost without a word


# ── understandings ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("name = 'U'\n", "no minima"),
        (
            "name = 'U'\n[[rules]]\nname='r'\nlateral='5'\nvertical='1000ft'\ntime='5min'\n",
            "rules\\[0\\].lateral.*no unit",
        ),
        ("name = 'U'\n[[rules]]\nname='r'\nvertical='1000ft'\ntime='5min'\n", "lateral"),
        (
            "name = 'U'\n[[rules]]\nname='r'\nlateral='5nm'\nvertical='1000ft'\ntime='5min'\nactivities=['war']\n",
            "'war' is not known",
        ),
        ("name = 'U'\nrules = 3\n", "not a list"),
        ("name = ", "not TOML"),
        ('{"name": "U", "rules": [], "rules": []}', "stands twice"),
        ("name = 'U'\nrulez = 3\n", "rulez is not known"),
        ("name = 'U'\n[[rules]]\nname='r'\nactivites=['live_fire']\n", "activites is not known"),
        ("x = " + "[" * 200_000, "not TOML"),
        ("x = " + "9" * 5_000, "not TOML"),
    ],
)
def test_an_understanding_that_cannot_be_is_refused_with_its_part(tmp_path, text, why):
    (tmp_path / "u.toml").write_text(text)
    with pytest.raises(DetenteError, match=why):
        read_understanding(tmp_path / "u.toml")


def test_an_understanding_is_the_same_in_toml_and_json(tmp_path):
    (tmp_path / "u.toml").write_text(
        "name='U'\nversion='1'\n[[rules]]\nname='r'\nlateral='5nm'\nvertical='1000ft'\ntime='5min'\nactivities=['air_operation','any']\n"
        "[arena]\nname='L'\nextent={south=31,west=33,north=37,east=42}\n[[arena.places]]\nname='Latakia'\nposition='35.5N 35.8E'\nprecision='5 km'\n"
    )
    places = [{"name": "Latakia", "latitude": 35.5, "longitude": 35.8, "precision": "5 km"}]
    arena = {"name": "L", "extent": {"south": 31, "west": 33, "north": 37, "east": 42}, "places": places}
    rule = {"name": "r", "lateral": "5nm", "vertical": "1000ft", "time": "5min", "activities": ["air_operation", "any"]}
    (tmp_path / "u.json").write_text(json.dumps({"name": "U", "version": "1", "rules": [rule], "arena": arena}))
    assert read_understanding(tmp_path / "u.toml") == read_understanding(tmp_path / "u.json")


# What a hostile or careless hand could hide a plan with.

HEADINGS = "party,reference,activity,position,radius,altitude_lower,altitude_upper,time_start,time_end,title\n"
TONIGHT = "SFC,FL100,171840ZSEP18,171910ZSEP18"


def of_table(tmp_path, rows, headings=HEADINGS):
    (tmp_path / "t.csv").write_text(headings + rows)
    return read_files([tmp_path / "t.csv"])


def test_a_quote_cannot_take_the_rows_after_it_along(tmp_path):
    row = f"B,2,air_operation,35N 35E,1 km,{TONIGHT},\n"
    intake = of_table(
        tmp_path, f'A,1,air_operation,35N 35E,1 km,{TONIGHT},"west\n{row}C,3,air_operation,35N 35E,1 km,{TONIGHT},"\n'
    )
    assert "holds whole rows of the table" in intake.problems[0].what


def test_a_title_of_two_lines_is_a_title(tmp_path):
    intake = of_table(tmp_path, f'A,1,air_operation,35N 35E,1 km,{TONIGHT},"west, then\nnorth, then home"\n')
    assert not intake.problems
    assert intake.notices[0].title == "west, then north, then home"


def test_limits_in_two_references_that_can_only_be_swapped_are_refused(tmp_path):
    intake = of_table(tmp_path, "A,1,air_operation,35N 35E,1 km,FL200,100 m AMSL,171840ZSEP18,171910ZSEP18,\n")
    assert "is above altitude_upper" in intake.problems[0].what
    assert not intake.notices


@pytest.mark.parametrize(
    ("square", "half_diagonal_m"), [("36SYE", 70_711), ("36SYE12", 7_071), ("36SYE 3000 2000", 7.071)]
)
def test_a_place_given_as_a_square_may_be_anywhere_in_it(tmp_path, square, half_diagonal_m):
    intake = of_table(tmp_path, f"A,1,air_operation,{square},1 km,{TONIGHT},\n")
    unsure_m = intake.notices[0].volumes[0].uncertainty.position_m
    assert half_diagonal_m <= unsure_m <= 1.05 * half_diagonal_m + 1
    assert any("leaves" in reading.what and "open" in reading.what for reading in intake.readings)


def test_a_metre_of_a_square_and_a_stated_uncertainty_stand_as_they_are(tmp_path):
    exact = of_table(tmp_path, f"A,1,air_operation,36SYE3000020000,1 km,{TONIGHT},\n")
    stated = of_table(
        tmp_path, f"A,1,air_operation,36SYE32,1 km,{TONIGHT},,2 km\n", HEADINGS.strip() + ",position_uncertainty\n"
    )
    assert [i.notices[0].volumes[0].uncertainty.position_m for i in (exact, stated)] == [0.0, 2000.0]


def test_one_time_under_two_headings_is_refused(tmp_path):
    headings = "party,position,radius,time_start,time_start_utc\n"
    intake = of_table(tmp_path, "A,35N 35E,1 km,2018-09-17T18:00Z,2018-09-17T08:00\n", headings)
    assert "stands twice" in intake.problems[0].what


def test_a_list_of_notices_cannot_hide_the_features_beside_it(tmp_path):
    path = tmp_path / "both.geojson"
    path.write_text('{"type": "FeatureCollection", "notices": [], "features": []}')
    assert "both GeoJSON and a list of notices" in read_files([path]).problems[0].what


@pytest.mark.parametrize("said", ["air operation", "Air Operation", "AIR-OPERATION", "air_operation", " airOperation "])
def test_an_activity_is_read_alike_in_rules_and_plans(tmp_path, said):
    rule = f'name = "r"\nlateral = "5nm"\nvertical = "1000ft"\ntime = "5min"\nactivities = ["{said}", "Any"]'
    (tmp_path / "u.toml").write_text(f'name = "U"\n[[rules]]\n{rule}\n')
    assert read_understanding(tmp_path / "u.toml").rules[0].first is Activity.AIR_OPERATION
    (notice,) = read_text(tmp_path, "g.geojson", geojson({**PLAN, "activity": said})).notices
    assert notice.activity is Activity.AIR_OPERATION


def test_a_misspelt_activity_is_refused_with_the_likeliest(tmp_path):
    (problem,) = read_text(tmp_path, "g.geojson", geojson({**PLAN, "activity": "Air operations"})).problems
    assert problem.hint.startswith("air_operation? use one of")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.kml", '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>Survey box</name>{}</Placemark></kml>'),
        (
            "p.gpx",
            '<gpx xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="35.5" lon="35.8"><name>Survey box</name></wpt></gpx>',
        ),
    ],
)
def test_a_name_is_a_reference_and_not_a_title_too(tmp_path, name, text):
    (tmp_path / name).write_text(text.format("<Point><coordinates>35.8,35.5</coordinates></Point>"))
    (notice,) = read_files([tmp_path / name], defaults={"radius": "5 km"}).notices
    assert (notice.reference, notice.title) == ("Survey box", "")
