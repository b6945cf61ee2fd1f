"""Headings and property names: spelling does not matter, and what is not read is named with the option that would read it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import AltitudeReference
from detente.interop import read_files
from detente.interop.vocabulary import FIELDS, GEOMETRY_FIELDS, SYNONYMS, Vocabulary, plain


def of_table(tmp_path, headings, row, **more):
    (tmp_path / "t.csv").write_text(f"{headings}\n{row}\n")
    return read_files([tmp_path / "t.csv"], **more)


def said(intake):
    return [reading.what for reading in intake.readings]


@pytest.mark.parametrize("heading", ["Call sign", "CALL-SIGN", "callsign", "Call_Sign", " CallSign "])
def test_spaces_case_and_hyphens_in_a_heading_do_not_matter(tmp_path, heading):
    (notice,) = of_table(tmp_path, f"{heading},lat,lon,radius", "NAW-12,35.5,35.8,5 km").notices
    assert notice.reference == "NAW-12"


@given(
    name=st.sampled_from((*FIELDS, *GEOMETRY_FIELDS, *SYNONYMS)),
    mark=st.sampled_from((" ", "-", "_", "")),
    up=st.booleans(),
)
def test_every_name_is_read_however_its_words_are_joined(name, mark, up):
    spelled = name.replace("_", mark)
    spelled = spelled.title() if up else spelled
    said = []
    words = Vocabulary({}, said.append).with_geometry()
    assert words.fields({spelled: 1}) == {SYNONYMS.get(name, name): 1}


def test_no_two_fields_are_one_name_once_spelling_does_not_matter():
    names = [*FIELDS, *GEOMETRY_FIELDS, *SYNONYMS]
    assert len({plain(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("heading", "cell", "said_so"),
    [
        ("Where", "35.2N 35.8E", 'a position: --map "Where=position"'),
        ("Take off", "171839ZSEP18", 'a time: --map "Take off=time_start" or --map "Take off=time_end"'),
        ("Block", "FL180", 'an altitude: --map "Block=altitude_lower" or --map "Block=altitude_upper"'),
        ("Crew", "3", None),
        ("Phone", "12 34", None),
        ("Remarks", "callsign may change", None),
    ],
)
def test_an_unread_column_that_looks_like_a_field_comes_with_the_option_that_reads_it(tmp_path, heading, cell, said_so):
    lines = [
        line
        for line in said(of_table(tmp_path, f"lat,lon,radius,{heading}", f"35.5,35.8,5 km,{cell}"))
        if "--map" in line
    ]
    assert lines == ([f"not read, and looks like {said_so} reads it"] if said_so else [])


def test_a_suggestion_does_what_it_says(tmp_path):
    intake = of_table(tmp_path, "party,Where,radius", "A,35.2N 35.8E,5 km", columns={"Where": "position"})
    assert intake.notices[0].volumes[0].footprint.centre.latitude_deg == pytest.approx(35.2)


def test_a_format_that_draws_its_places_is_not_told_to_map_them(tmp_path):
    properties = {"radius": "5 km", "mgrs": "36SYE3000020000"}
    geometry = {"type": "Point", "coordinates": [35.8, 35.5]}
    (tmp_path / "g.geojson").write_text(json.dumps({"type": "Feature", "geometry": geometry, "properties": properties}))
    lines = said(read_files([tmp_path / "g.geojson"]))
    assert "not read: mgrs" in lines
    assert not any("--map" in line for line in lines)


def test_a_heading_that_says_utc_can_be_mapped_with_or_without_it(tmp_path):
    for name in ("Wheels up UTC", "wheels up"):
        intake = of_table(
            tmp_path, "lat,lon,radius,Wheels up UTC", "35.5,35.8,5 km,2018-09-17 18:40", columns={name: "time_start"}
        )
        assert intake.notices[0].volumes[0].window.start_utc.hour == 18
        assert not any("no file has a column" in line for line in said(intake))


BASE = "party,reference,lat,lon"
PLAN = "A,1,35.5,35.8"


def volume_of(tmp_path, headings, row, **more):
    intake = of_table(tmp_path, f"{BASE},{headings}", f"{PLAN},{row}", **more)
    assert not intake.problems, intake.problems
    return intake.notices[0].volumes[0], said(intake)


@pytest.mark.parametrize(
    ("heading", "cell", "radius_m"),
    [
        ("Radius (NM)", "10", 18_520), ("Radius [nm]", "10", 18_520), ("radius_nm", "10", 18_520), ("RadiusNM", "10", 18_520),
        ("Radius (km)", "10", 10_000), ("Radius km", "1.5", 1_500), ("Radius in km", "10", 10_000), ("radius_km", "10", 10_000),
        ("Radius (ft)", "1000", 304.8), ("Radius (m)", "500", 500), ("RADIUS_M", "500", 500), ("Radius (km)", "10 km", 10_000),
        ("Radius (NM)", "10 nautical miles", 18_520), ("Radius (max)", "10 km", 10_000), ("Radius, km", "10", 10_000),
        ("Radius (nautical miles)", "10", 18_520),
    ],
)  # fmt: skip
def test_the_unit_of_a_heading_is_the_unit_of_its_numbers(tmp_path, heading, cell, radius_m):
    volume, _ = volume_of(tmp_path, f'"{heading}"', cell)
    assert volume.footprint.radius_m == pytest.approx(radius_m)


def test_a_unit_read_from_a_heading_is_announced(tmp_path):
    assert "'Radius (NM)' read as radius, in NM" in volume_of(tmp_path, "Radius (NM)", "10")[1]


@pytest.mark.parametrize(
    ("heading", "cell", "why"),
    [
        ("Radius (NM)", "10 km", "different units"),
        ("Radius (cubits)", "10", "'cubits' does not say"),
        ("Radius (M)", "10", "nautical miles"),
        ("Radius (miles)", "10", "nautical (nm) or statute"),
        ("Radius (m)", "10 km", "not a number"),
    ],
)
def test_a_heading_whose_unit_cannot_be_told_or_that_its_cell_denies_is_refused(tmp_path, heading, cell, why):
    intake = of_table(tmp_path, f"{BASE},{heading}", f"{PLAN},{cell}")
    assert not intake.notices
    (problem,) = intake.problems
    assert why in problem.what
    assert "--default" not in problem.hint


@pytest.mark.parametrize("heading", ["Radius (NM)", "Range nm", "Reach [NM]", "radius_nm"])
def test_a_map_onto_metres_never_reads_nautical_miles_as_metres(tmp_path, heading):
    intake = of_table(tmp_path, f"{BASE},{heading}", f"{PLAN},10", columns={heading: "radius_m"})
    assert not intake.notices
    assert f'--map "{heading}=radius" reads it' in intake.problems[0].hint
    volume, _ = volume_of(tmp_path, heading, "10", columns={heading: "radius"})
    assert volume.footprint.radius_m == pytest.approx(18_520)


@pytest.mark.parametrize(
    ("headings", "cells", "lower", "upper"),
    [
        ("Floor ft AMSL,Ceiling (FL)", "1000,180", "1000 ft AMSL", "FL180"),
        ("Floor (ft AMSL),Ceiling (ft AMSL)", "1000,5000", "1000 ft AMSL", "5000 ft AMSL"),
        ("Floor (ft) (AMSL),Ceiling [ft] AMSL", "1000,5000", "1000 ft AMSL", "5000 ft AMSL"),
        ("Lower FL,Upper FL", "95,FL180", "FL95", "FL180"),
        ("Floor (ft),Ceiling (ft)", "SFC,FL180", "SFC", "FL180"),
        ("Floor (ft),Ceiling (ft)", "1000 ft AMSL,UNL", "1000 ft AMSL", "UNL"),
        ("Floor (AMSL),Ceiling (AMSL)", "1000 ft,2000 ft", "1000 ft AMSL", "2000 ft AMSL"),
        ("altitude_lower_m_agl,altitude_upper_m_agl", "10,120", "10 m AGL", "120 m AGL"),
        ("Floor (ft),Ceiling (ft),altitude_reference", "1000,2000,AMSL", "1000 ft AMSL", "2000 ft AMSL"),
        ("Floor AMSL,Ceiling AMSL,altitude_unit", "1000,2000,m", "1000 m AMSL", "2000 m AMSL"),
        ("Floor (feet above ground),Ceiling (feet above sea level)", "10,9000", "10 ft AGL", "9000 ft AMSL"),
    ],
)  # fmt: skip
def test_units_and_references_of_altitudes_are_read_from_headings(tmp_path, headings, cells, lower, upper):
    from detente.geodesy import read_altitude

    volume, _ = volume_of(tmp_path, f"radius,{headings}", f"1 km,{cells}")
    for limit, text, side in ((volume.altitude.lower, lower, "lower"), (volume.altitude.upper, upper, "upper")):
        assert limit == read_altitude(text, side)


@pytest.mark.parametrize(
    ("heading", "cells", "why"),
    [
        ("Floor (ft)", "1000", "above what"),
        ("Floor (ft AMSL)", "1000 m", "is said to be m and ft"),
        ("Floor (ft AMSL)", "1000 ft AGL", "is said to be AGL and AMSL"),
        ("Floor (FL)", "9500", "FL9500"),
        ("Floor (fathoms)", "10", "'fathoms' does not say"),
        ("Floor (ft),altitude_unit,altitude_reference", "1000,m,AMSL", "is said to be ft and m"),
        ("Floor (ft),altitude_unit,altitude_reference", "1000,yd,AMSL", "no unit or reference"),
    ],
)
def test_an_altitude_that_its_heading_leaves_open_or_denies_is_refused(tmp_path, heading, cells, why):
    intake = of_table(tmp_path, f"{BASE},radius,{heading}", f"{PLAN},1 km,{cells}")
    assert not intake.notices
    assert why in str(intake.problems[0])


def test_a_number_in_geojson_has_the_unit_of_its_name(tmp_path):
    properties = {"radius_nm": 10, "ceilingFtAMSL": 5000, "floor_ft_amsl": 1000, "speed_kt": 60}
    geometry = {"type": "Point", "coordinates": [35.8, 35.5]}
    (tmp_path / "g.geojson").write_text(json.dumps({"type": "Feature", "geometry": geometry, "properties": properties}))
    (notice,) = read_files([tmp_path / "g.geojson"]).notices
    volume = notice.volumes[0]
    assert volume.footprint.radius_m == pytest.approx(18_520)
    assert volume.altitude.lower.value_m == pytest.approx(304.8)
    assert volume.altitude.lower.reference is AltitudeReference.AMSL


@pytest.mark.parametrize("heading", ["Start (Z)", "Start (UTC)", "Start Zulu", "Start (UTC+0)"])
def test_the_zone_of_a_heading_is_the_zone_of_its_times(tmp_path, heading):
    volume, _ = volume_of(tmp_path, f"radius,{heading}", "1 km,2018-09-17 18:40")
    assert volume.window.start_utc.hour == 18


def test_an_offset_in_a_heading_is_read_and_local_is_refused(tmp_path):
    volume, notes = volume_of(tmp_path, "radius,Start (UTC+3)", "1 km,2018-09-17 21:40")
    assert volume.window.start_utc.hour == 18
    assert "'Start (UTC+3)' read as time_start, in UTC+3" in notes
    intake = of_table(tmp_path, f"{BASE},radius,Start (local)", f"{PLAN},1 km,2018-09-17 21:40")
    assert "has no zone" in intake.problems[0].what


def test_two_maps_onto_one_field_are_refused_once_with_both_headings(tmp_path):
    rows = "171840ZSEP18,171910ZSEP18\n" + f"{PLAN},1 km,171840ZSEP18,171910ZSEP18"
    intake = of_table(
        tmp_path,
        f"{BASE},radius,Begin A,Begin B",
        f"{PLAN},1 km,{rows}",
        columns={"Begin A": "time_start", "Begin B": "time_start"},
    )
    (problem,) = intake.problems
    assert problem.what == "--map reads 'Begin A' and 'Begin B' as time_start"
    assert "map one of them" in problem.hint


def test_two_maps_onto_one_field_of_a_geojson_feature_are_refused(tmp_path):
    properties = {"radius": "5 km", "a": "171840ZSEP18", "b": "171910ZSEP18"}
    geometry = {"type": "Point", "coordinates": [35.8, 35.5]}
    (tmp_path / "g.geojson").write_text(json.dumps({"type": "Feature", "geometry": geometry, "properties": properties}))
    intake = read_files([tmp_path / "g.geojson"], columns={"a": "time_start", "b": "time_start"})
    assert not intake.notices
    assert "'a' and 'b'" in intake.problems[0].what


def test_two_maps_onto_one_field_in_two_files_are_both_read(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"lat,lon,radius,from {name}\n35.5,35.8,1 km,171840ZSEP18\n")
    intake = read_files(
        [tmp_path / "a.csv", tmp_path / "b.csv"], columns={"from a": "time_start", "from b": "time_start"}
    )
    assert not intake.problems
    assert len(intake.notices) == 2


def test_two_columns_that_say_different_things_of_one_field_are_refused(tmp_path):
    headings, row = f"{BASE},Radius (km),Radius (NM)", f"{PLAN},10,10"
    intake = of_table(tmp_path, headings, row)
    assert "both stand for radius, and differ" in intake.problems[0].what
    chosen = of_table(tmp_path, headings, row, columns={"Radius (NM)": "radius"})
    assert chosen.notices[0].volumes[0].footprint.radius_m == pytest.approx(18_520)


def test_a_column_that_sounds_like_the_missing_field_is_named_instead_of_a_default(tmp_path):
    intake = of_table(tmp_path, f"{BASE},Max radius", f"{PLAN},10 km")
    assert intake.problems[0].hint == """--map "Max radius=radius" reads 'Max radius', if that is what it says"""
    lines = said(of_table(tmp_path, f"{BASE},radius,Planned ceiling", f"{PLAN},10 km,5000"))
    assert (
        "altitude_upper not read from any field; 'Planned ceiling' may state it: unbounded, at most POSSIBLE" in lines
    )
    assert not any(line.startswith("altitude_upper not stated") for line in lines)
