"""Headings and property names: spelling does not matter, and what is not read is named with the option that would read it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("Take off", "171839ZSEP18", 'a time: --map "Take off=time_start"'),
        ("Block", "FL180", 'an altitude: --map "Block=altitude_upper"'),
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
