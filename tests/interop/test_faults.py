"""All that is wrong with a feature is said at once; defaults speak only where they are read; names are what they look like."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import Arena, Corridor, Extent, Orbit
from detente.interop import read_files
from detente.interop.vocabulary import has_hidden, printable

POINT = {"type": "Point", "coordinates": [35.8, 35.5]}
LINE = {"type": "LineString", "coordinates": [[35.0, 35.0], [35.5, 35.0]]}
LINES = {
    "type": "MultiLineString",
    "coordinates": [[[35, 35], [35.5, 35]], [[35, 36], [35.5, 36]], [[35, 34], [36, 34]]],
}
LEVANT = Arena("Levant", extent=Extent(31.0, 33.0, 37.0, 42.0))
PLAN = {"party": "A", "reference": "R", "activity": "exercise", "altitude_lower": "SFC", "altitude_upper": "FL100"}
TONIGHT = {"time_start": "2018-09-17T18:00Z", "time_end": "2018-09-17T19:00Z"}


def geojson(tmp_path, properties, geometry=POINT, name="g.geojson", **more):
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    (tmp_path / name).write_text(json.dumps(feature))
    return read_files([tmp_path / name], **more)


def places(intake):
    return sorted(problem.where.rsplit(", ", 1)[1] for problem in intake.problems)


def said(intake):
    return [reading.what for reading in intake.readings]


# ── every fault at once ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("geometry", [None, {"type": "Point", "coordinates": "here"}])
def test_a_feature_without_a_place_lists_its_other_faults_too(tmp_path, geometry):
    wrong = {"activity": "bombing", "radius": "five", "time_start": "today", "altitude_upper": "high", "speed": "fast"}
    faults = places(geojson(tmp_path, {**PLAN, **wrong}, geometry))
    assert faults == ["activity", "altitude_upper", "geometry", "radius", "speed", "time_start"]


def test_a_row_without_a_place_lists_its_other_faults_too(tmp_path):
    (tmp_path / "t.csv").write_text("party,lat,lon,radius,time_start\nA,,,five,today\n")
    assert places(read_files([tmp_path / "t.csv"])) == ["geometry", "radius", "time_start"]


def test_a_bad_time_does_not_hide_swapped_coordinates_or_feet_sent_as_metres(tmp_path):
    wrong = {"time_start": "today", "altitude_upper": "30000 m AMSL", "radius": "five"}
    swapped = {"type": "Point", "coordinates": [35.5, 40.8]}
    assert places(geojson(tmp_path, {**PLAN, **wrong}, swapped, arena=LEVANT)) == [
        "altitude", "geometry", "radius", "time_start",
    ]  # fmt: skip


def test_a_route_lists_its_width_its_speed_and_its_start_together(tmp_path):
    wrong = {"half_width": "wide", "speed": "fast", "time_start": "today"}
    assert places(geojson(tmp_path, {**PLAN, **wrong}, LINE)) == [
        "half_width", "speed", "time_start",
    ]  # fmt: skip


def test_one_bad_width_is_one_problem_however_many_lines_it_is_for(tmp_path):
    assert places(geojson(tmp_path, {**PLAN, "half_width": "wide", "ends": "pointed"}, LINES)) == [
        "ends", "half_width",
    ]  # fmt: skip


def test_a_volume_lists_unknown_members_and_a_bad_footprint_together(tmp_path):
    volume = {"footprint": {"circle": {"centre": "here", "radius_m": 5}}, "colour": "red", "time_start": "today"}
    (tmp_path / "n.json").write_text(json.dumps({"notices": [{"reference": "R", "volumes": [volume]}]}))
    faults = " / ".join(str(problem) for problem in read_files([tmp_path / "n.json"]).problems)
    for part in ("unknown members: colour", "footprint.circle.centre", "time_start"):
        assert part in faults


# ── two sizes for one thing ──────────────────────────────────────────────────────────────────────────────────────────


def test_two_widths_of_a_corridor_have_to_agree(tmp_path):
    assert (
        "is not half of"
        in geojson(tmp_path, {**PLAN, "half_width": "2 km", "corridor_width": "2 km"}, LINE).problems[0].what
    )
    assert not geojson(tmp_path, {**PLAN, "half_width": "1 km", "corridor_width": "2 km"}, LINE).problems


def test_a_corridors_width_on_a_racetrack_is_announced(tmp_path):
    intake = geojson(tmp_path, {**PLAN, "half_width": "2 km", "orbit_width": "8 km"}, LINE)
    assert isinstance(intake.notices[0].volumes[0].footprint, Orbit)
    assert any("width of a corridor is not read" in what for what in said(intake))


# ── defaults ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("defaults", "geometry"),
    [
        ({"half_width": "1 km", "speed": "60 kt", "orbit_width": "5 km"}, POINT),
        ({"radius": "1 km"}, LINE),
        ({"altitude_unit": "ft", "altitude_reference": "AGL", "ends": "square"}, POINT),
    ],
)
def test_a_default_is_announced_only_where_it_is_read(tmp_path, defaults, geometry):
    size = {"radius_m": 5000} if geometry is POINT else {"half_width_m": 500}
    intake = geojson(tmp_path, {**PLAN, **TONIGHT, **size}, geometry, defaults=defaults)
    assert intake.problems == ()
    assert [
        what for what in said(intake) if "as asked" in what or any(f"{name} is not read" in what for name in defaults)
    ] == []


@pytest.mark.parametrize("default", ["half_width", "orbit_width"])
def test_a_default_width_steps_back_for_one_stated_in_other_words(tmp_path, default):
    intake = geojson(tmp_path, {**PLAN, "corridor_width": "20 km"}, LINE, defaults={default: "1 km"})
    (volume,) = intake.notices[0].volumes
    assert isinstance(volume.footprint, Corridor)
    assert volume.footprint.half_width_m == 10_000


def test_a_default_end_is_not_for_what_moves(tmp_path):
    moving = {**PLAN, "half_width": "1 km", "speed": "180 km/h", "time_start": "171800ZSEP18"}
    intake = geojson(tmp_path, moving, LINE, defaults={"time_end": "172300ZSEP18"})
    assert intake.problems == ()
    assert not any("as asked" in what for what in said(intake))


def test_files_that_a_default_makes_one_party_are_announced_first(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("lat,lon,radius\n35.5,35.8,5 km\n")
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    intake = read_files(files, defaults={"party": "X"})
    assert intake.parties == ("X",)
    assert intake.readings[0].where == "--default party, a.csv, b.csv"
    assert "not compared with each other, and nothing else is left" in intake.readings[0].what
    assert read_files(files).parties == ("a", "b")
    assert not any("made one party" in what for what in said(read_files(files[:1], defaults={"party": "X"})))


# ── notice JSON ──────────────────────────────────────────────────────────────────────────────────────────────────────


def notices(tmp_path, name, **more):
    circle = {"circle": {"centre": [35.8, 35.5], "radius_m": 5000}}
    volumes = [{"footprint": circle}, {"footprint": circle}]
    (tmp_path / name).write_text(json.dumps({"notices": [{"party": "A", "volumes": volumes}], **more}))
    return tmp_path / name


def test_a_notice_without_a_reference_is_one_notice_and_announced(tmp_path):
    intake = read_files([notices(tmp_path, "n.json")])
    assert [(notice.reference, len(notice.volumes)) for notice in intake.notices] == [("notices[0]", 2)]
    assert any("no reference stated" in what for what in said(intake))


def test_notices_without_a_reference_in_two_files_are_two(tmp_path):
    intake = read_files([notices(tmp_path, "n.json"), notices(tmp_path, "m.json")])
    assert [notice.reference for notice in intake.notices] == ["n.json, notices[0]", "m.json, notices[0]"]


def test_an_unknown_member_beside_the_notices_is_refused_and_they_are_read(tmp_path):
    intake = read_files([notices(tmp_path, "n.json", party="B")])
    assert [problem.what for problem in intake.problems] == ["unknown members: party"]
    assert len(intake.notices) == 1
    assert not read_files([notices(tmp_path, "m.json", **{"$schema": "notice.schema.json"})]).problems


# ── GeoJSON beside the standard ──────────────────────────────────────────────────────────────────────────────────────


def test_fields_outside_properties_are_announced(tmp_path):
    feature = {"type": "Feature", "geometry": POINT, "properties": {"radius": "5 km"}, "party": "A"}
    root = {"type": "FeatureCollection", "features": [feature], "altitude_upper": "FL100", "bbox": [35, 35, 36, 36]}
    (tmp_path / "g.geojson").write_text(json.dumps(root))
    assert "not read: altitude_upper (beside properties), party (beside properties)" in said(
        read_files([tmp_path / "g.geojson"])
    )


@pytest.mark.parametrize("level", ["feature", "geometry"])
def test_another_reference_system_is_refused_wherever_it_is_named(tmp_path, level):
    crs = {"crs": {"type": "name", "properties": {"name": "EPSG:2039"}}}
    feature = {
        "type": "Feature",
        "geometry": {**POINT, **(crs if level == "geometry" else {})},
        "properties": {"radius": "5 km"},
    }
    inside = {"type": "FeatureCollection", "features": [{**feature, **(crs if level == "feature" else {})}]}
    (tmp_path / "g.geojson").write_text(json.dumps(inside))
    assert "EPSG:2039" in read_files([tmp_path / "g.geojson"]).problems[0].what


@pytest.mark.parametrize(
    ("feature", "why"),
    [
        ({"type": "FeatureCollection", "features": []}, "collection inside a collection"),
        ({"type": "Feature", "geometry": POINT, "properties": ["party", "A"]}, "properties are no object"),
        (
            {"type": "Feature", "geometry": {"type": "GeometryCollection", "geometries": []}, "properties": {}},
            "no geometry",
        ),
        ({"type": "Feature", "geometry": {"type": "MultiPoint", "coordinates": []}, "properties": {}}, "no geometry"),
    ],
)
def test_a_feature_that_holds_nothing_we_read_is_a_problem(tmp_path, feature, why):
    (tmp_path / "g.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert why in read_files([tmp_path / "g.geojson"]).problems[0].what


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_marks_that_turn_the_writing_direction_are_left_out_and_announced(tmp_path):
    intake = geojson(
        tmp_path, {**PLAN, "radius": "5 km", "party": "\u202eLIFINU\u202c", "title": "a\u2066b\u2069\u200f"}
    )
    (notice,) = intake.notices
    assert (notice.party, notice.title) == ("LIFINU", "ab")
    for name in ("party", "title"):
        assert f"characters that do not show are left out of {name}" in said(intake)


def test_persian_and_hebrew_names_stay_as_they_are(tmp_path):
    for name in ("نیروی\u200cهوایی", "חיל האוויר"):
        intake = geojson(tmp_path, {**PLAN, "radius": "5 km", "party": name})
        assert intake.parties == (name,)
        assert not any("do not show" in what for what in said(intake))


def test_names_that_look_alike_are_announced(tmp_path):
    feature = {"type": "Feature", "geometry": POINT, "properties": {**PLAN, "radius": "5 km"}}
    features = [{**feature, "properties": {**feature["properties"], "party": name}} for name in ("Café", "Cafe\u0301")]
    (tmp_path / "g.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert any("read as 2 parties" in what for what in said(read_files([tmp_path / "g.geojson"])))


@given(st.text())
def test_no_printable_text_turns_the_writing_direction_or_breaks_the_line(text):
    kept = printable(text)
    assert not has_hidden(kept)
    assert kept == printable(kept) == " ".join(kept.split()) or text.isprintable()
    assert not set(kept) & {
        *map(chr, range(32)),
        *"\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\x7f",
    }


@pytest.mark.parametrize("text", ["\u202e.csv", "a\u202eb\n.csv"])
def test_a_files_name_and_what_is_quoted_from_it_turn_nothing_either(tmp_path, text):
    (tmp_path / text).write_text("lat,lon,radius,\u202ex,time_start\n35.5,35.8,5 km,1,\u202etoday\n35.5,35.8,5 km,1,\n")
    intake = read_files([tmp_path / text])
    shown = (
        [r.where + r.what for r in intake.readings]
        + [str(p) for p in intake.problems]
        + [n.party + n.source for n in intake.notices]
    )
    assert intake.notices
    assert intake.problems
    assert not any(has_hidden(line) or "\n" in line for line in shown)


# ── odd files, each of which once lost something in silence ──────────────────────────────────────────────────────────


def read_text(tmp_path, name, text, **more):
    (tmp_path / name).write_text(text)
    return read_files([tmp_path / name], **more)


def test_a_shape_that_wkt_has_and_we_do_not_is_refused_and_the_other_rows_are_read(tmp_path):
    rows = 'A,"CIRCULARSTRING(35 33,36 33,36 34)",5 km\nB,POINT(35 33),5 km\nC,SRID=2039;POINT(35 33),5 km\n'
    intake = read_text(tmp_path, "t.csv", "party,wkt,radius\n" + rows)
    assert [problem.where for problem in intake.problems] == ["t.csv, row 2, wkt", "t.csv, row 4, wkt"]
    assert intake.parties == ("B",)


def test_the_line_by_which_spreadsheets_tell_their_delimiter_is_no_heading(tmp_path):
    intake = read_text(tmp_path, "t.csv", "sep=;\nparty;lat;lon;radius\nA;35,5123;35,8123;5,5 km\n")
    assert intake.notices[0].source == "t.csv, row 3"
    assert intake.problems == ()


KML_POINT = "<Point><coordinates>{}</coordinates></Point>"


def placemark(geometry, **data):
    fields = "".join(f"<Data name='{name}'><value>{value}</value></Data>" for name, value in data.items())
    return f"<Placemark><name>P</name><ExtendedData>{fields}{{more}}</ExtendedData>{geometry}</Placemark>"


def kml(tmp_path, text, more=""):
    return read_text(
        tmp_path, "z.kml", f'<kml xmlns="http://www.opengis.net/kml/2.2">{text.replace("{more}", more)}</kml>'
    )


def test_a_point_of_several_positions_is_refused_not_cut_to_the_first(tmp_path):
    intake = kml(tmp_path, placemark(KML_POINT.format("35.8,35.5 36,36"), radius="5 km"))
    assert "a point of 2 positions" in intake.problems[0].what


def test_one_field_with_two_values_in_a_placemark_or_waypoint_is_refused(tmp_path):
    again = "<Data name='radius'><value>50 km</value></Data>"
    intake = kml(tmp_path, placemark(KML_POINT.format("35.8,35.5"), radius="5 km"), again)
    assert str(intake.problems[0]).startswith("z.kml, placemark 0 (P), radius: stands twice")
    extensions = "<extensions><radius>5 km</radius><radius>50 km</radius></extensions>"
    intake = read_text(tmp_path, "w.gpx", f"<gpx><wpt lat='35' lon='35'>{extensions}</wpt></gpx>")
    assert str(intake.problems[0]).startswith("w.gpx, waypoint 0, radius: stands twice")


def test_heights_beside_stated_altitudes_and_rings_drawn_as_lines_are_announced(tmp_path):
    corners = "<coordinates>35,35,10 36,35,10 36,36,10 35,35,10</coordinates>"
    ring = f"<LinearRing><altitudeMode>absolute</altitudeMode>{corners}</LinearRing>"
    intake = kml(tmp_path, placemark(ring, half_width="1 km", altitude_lower="100 m AMSL"))
    assert "heights are not read: altitudes are stated" in said(intake)
    assert any("the area inside is not part of it" in what for what in said(intake))


def test_what_a_gpx_says_for_the_whole_file_is_announced(tmp_path):
    whole = "<metadata><extensions><party>A</party></extensions></metadata>"
    point = "<wpt lat='35' lon='35'><extensions><radius>5 km</radius></extensions></wpt>"
    assert "not read: party (of the whole file)" in said(read_text(tmp_path, "w.gpx", f"<gpx>{whole}{point}</gpx>"))


def test_a_field_inside_a_geometry_is_announced_and_in_notice_json_refused(tmp_path):
    assert "'radius' in a geometry is not read" in said(
        geojson(tmp_path, {**PLAN, "radius": "5 km"}, {**POINT, "radius": 9})
    )
    volume = {"footprint": {**LINE, "ends": "square"}, "half_width_m": 500}
    intake = read_text(tmp_path, "n.json", json.dumps({"notices": [{"volumes": [volume]}]}))
    assert "unknown members: ends" in intake.problems[0].what


def test_a_workbook_date_without_a_time_of_day_is_announced_and_a_time_without_a_date_refused(tmp_path):
    import datetime as dt

    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["lat", "lon", "radius_m", "time start utc", "time end utc"])
    book.active.append([35.5, 35.8, 5000, dt.date(2018, 9, 17), dt.datetime.fromisoformat("2018-09-17T19:00")])
    book.active.append([35.5, 35.8, 5000, dt.datetime.fromisoformat("2018-09-17T18:00"), dt.time(19, 0)])
    book.save(tmp_path / "b.xlsx")
    intake = read_files([tmp_path / "b.xlsx"])
    assert any("read as its midnight" in what for what in said(intake))
    assert [problem.what for problem in intake.problems] == ["19:00:00 is a time of day without a date"]
