"""How a place is written says how well it is known: what that leaves open is carried, outward, and announced; what is stated holds."""

import json
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import Position
from detente.geodesy import read_position_with_notes, wgs84
from detente.interop import read_files


def row(tmp_path, headings, cells, **more):
    (tmp_path / "t.csv").write_text(f"radius,{headings}\n2 km,{cells}\n")
    return read_files([tmp_path / "t.csv"], **more)


def unsure_m(intake):
    assert intake.problems == ()
    return intake.notices[0].volumes[0].uncertainty.position_m


def announced(intake):
    return [reading.what for reading in intake.readings if "leaves" in reading.what and "open" in reading.what]


@pytest.mark.parametrize(
    ("text", "most_m"),
    [
        ("35.2 35.8", 7_300),
        ("35N 36E", 73_000),
        ("35.22N 35.88E", 730),
        ("3512N03548E", 1_300),
        ("35°12'N 35°48'E", 1_300),
        ("geo:35.22,35.88;u=4000", 4_000),
        ("0N 0E", 79_000),
    ],
)
def test_a_coarsely_written_place_carries_what_its_last_digits_leave_open(tmp_path, text, most_m):
    intake = row(tmp_path, "position", f'"{text}"')
    assert unsure_m(intake) == most_m
    assert len(announced(intake)) == 1
    assert f"{most_m} m" in announced(intake)[0]


@pytest.mark.parametrize(
    "text", ["351200N 0354800E", "35°12.5'N 35°48.0'E", "35.222N 35.8E", "36SYE3000020000", "36S 755269 3899750"]
)
def test_a_place_written_as_routes_and_programs_write_them_carries_nothing(tmp_path, text):
    intake = row(tmp_path, "position", text)
    assert unsure_m(intake) == 0.0
    assert announced(intake) == []


def test_two_columns_of_text_are_written_too_and_numbers_are_not(tmp_path):
    from openpyxl import Workbook

    assert unsure_m(row(tmp_path, "lat;lon".replace(";", ","), "35.2,35.8")) == 7_300
    assert unsure_m(row(tmp_path, "lat,lon", "35.2,35.8123")) == 0.0
    assert unsure_m(row(tmp_path, "lat,lon", "35°12'N,35°48'E")) == 1_300
    book = Workbook()
    book.active.append(["radius", "lat", "lon"])
    book.active.append(["2 km", 35.2, 35.8])
    book.save(tmp_path / "b.xlsx")
    assert unsure_m(read_files([tmp_path / "b.xlsx"])) == 0.0
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [35.8, 35.2]},
        "properties": {"radius": "2 km"},
    }
    (tmp_path / "g.geojson").write_text(json.dumps(feature))
    assert unsure_m(read_files([tmp_path / "g.geojson"])) == 0.0


def test_of_several_places_the_coarsest_counts(tmp_path):
    intake = row(tmp_path, "shape,positions", "polygon,352400N0353600E; 3524N03548E; 35.1N 35.7E")
    assert unsure_m(intake) == 7_300


def test_a_stated_uncertainty_holds_and_says_so_where_it_is_less(tmp_path):
    exact = row(tmp_path, "position,position_uncertainty", "35.2N 35.8E,0 m")
    assert unsure_m(exact) == 0.0
    assert "is less, and holds" in announced(exact)[0]
    wide = row(tmp_path, "position,position_uncertainty_m", "35.2N 35.8E,9000")
    assert unsure_m(wide) == 9_000
    assert announced(wide) == []
    by_default = row(tmp_path, "position", "35.2N 35.8E", defaults={"position_uncertainty": "50 m"})
    assert unsure_m(by_default) == 50


def test_places_written_alike_are_announced_alike(tmp_path):
    rows = "".join(f"2 km,{30 + k / 10:.1f}N 35.8E\n" for k in range(60))
    (tmp_path / "t.csv").write_text("radius,position\n" + rows)
    assert len(announced(read_files([tmp_path / "t.csv"]))) <= 8


@given(lat=st.floats(-89.0, 89.0), lon=st.floats(-179.0, 179.0), decimals=st.integers(0, 4), minutes=st.booleans())
def test_no_place_lies_further_off_than_its_rounding_says(lat, lon, decimals, minutes):
    """The slow way: write it, read it, measure."""

    def written(value, letters):
        letter = letters[0] if value >= 0 else letters[1]
        if not minutes:
            return f"{abs(value):.{decimals}f}{letter}"
        whole = round(abs(value) * 60, decimals)
        return f"{int(whole // 60)}°{whole % 60:.{decimals}f}'{letter}" if whole % 60 < 59.5 else None

    parts = written(lat, "NS"), written(lon, "EW")
    if None in parts:
        return
    reading = read_position_with_notes(" ".join(parts))
    meant = Position(lat, lon)
    _, apart_m = wgs84.inverse(
        meant.latitude_deg, meant.longitude_deg, reading.position.latitude_deg, reading.position.longitude_deg
    )
    assert float(apart_m) <= reading.off_by_m * 1.0001 + 1e-6


def test_a_square_holds_every_place_in_it():
    centre = read_position_with_notes("36SYE32")
    for easting in (30_000, 34_999, 39_999):
        for northing in (20_000, 25_000, 29_999):
            corner = read_position_with_notes(f"36SYE{easting:05d}{northing:05d}").position
            _, apart_m = wgs84.inverse(
                centre.position.latitude_deg, centre.position.longitude_deg, corner.latitude_deg, corner.longitude_deg
            )
            assert ceil(float(apart_m)) <= centre.off_by_m
