"""`detente hazard cover` as people and programs call it: what is drawn, what is refused, and that it can be screened against."""

import json
import sys

import numpy as np
import pytest
import shapely

from detente.cli import main
from detente.domain import Activity, Answer, Position
from detente.geodesy import wgs84
from detente.interop import read_files
from terrain_world import VOID, hills, write_hgt

DECLARED = ("--declared-by", "Party A", "--source", "https://example.org/statement", "--date", "2018-10-02")
SMALL = (
    "--place",
    "33.512345N 35.512345E",
    "--antenna",
    "1500m AMSL",
    "--altitude",
    "500m AMSL",
    "--range",
    "20km",
    "--cell",
    "1km",
)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["detente", *words])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def features(path):
    return json.loads(path.read_text(encoding="utf-8"))["features"]


@pytest.mark.parametrize("missing", ["--declared-by", "--source", "--date"])
def test_an_area_that_nobody_declares_is_not_drawn(run, tmp_path, missing):
    index = DECLARED.index(missing)
    code, _, said = run("hazard", "cover", *SMALL, *DECLARED[:index], *DECLARED[index + 2 :], "-o", "c.geojson")
    assert code == 2
    assert f"a hazard area without {missing[2:].replace('-', '_')}" in said
    assert not (tmp_path / "c.geojson").exists()


def test_every_layer_says_that_it_is_an_upper_bound_whose_word_it_is_and_what_it_assumes(run, tmp_path):
    code, told, _ = run(
        "hazard", "cover", *SMALL, "--altitude", "FL050", "--range", "10km", *DECLARED, "-o", "c.geojson"
    )
    assert code == 0
    assert told.startswith("UPPER BOUND")
    layers = features(tmp_path / "c.geojson")
    assert [(f["properties"]["altitude_upper"], f["properties"]["about"]["layers"][0]["range_m"]) for f in layers] == [
        ("500 m AMSL", 20_000.0),
        ("500 m AMSL", 10_000.0),
        ("FL050", 20_000.0),
        ("FL050", 10_000.0),
    ]
    for feature in layers:
        properties, about = feature["properties"], feature["properties"]["about"]
        assert properties["note"].startswith("UPPER BOUND")
        assert (about["declared_by"], about["source"], about["date"]) == (
            "Party A",
            "https://example.org/statement",
            "2018-10-02",
        )
        assumed = " ".join(about["assumptions"])
        assert all(part in assumed for part in ("4/3", "ducts", "clutter", "trees", "No terrain is stated", "good to"))
        assert shapely.geometry.shape(feature["geometry"]).is_valid
    assert "870 to 1085 hPa" in " ".join(layers[2]["properties"]["about"]["assumptions"])


def test_a_plan_that_flies_into_the_cover_is_warned_of_it_and_one_outside_is_not(run, tmp_path):
    run("hazard", "cover", *SMALL, *DECLARED, "-o", "c.geojson")
    inside, outside = ([35.6, 33.5], [36.5, 33.5])
    plans = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": at}, "properties": {"reference": name, "party": "Relief Mission", "activity": "unmanned_flight", "radius": "500 m", "altitude_lower": "SFC", "altitude_upper": "400 m AMSL", "time_start": "2018-10-03T10:00Z", "time_end": "2018-10-03T11:00Z"}}
        for name, at in (("IN", inside), ("OUT", outside))
    ]  # fmt: skip
    (tmp_path / "plans.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": plans}))
    intake = read_files([tmp_path / "c.geojson"])
    assert not intake.problems
    assert [notice.activity for notice in intake.notices] == [Activity.HAZARD_AREA]
    code, said, _ = run(
        "screen",
        "plans.geojson",
        "c.geojson",
        "--lateral",
        "0m",
        "--vertical",
        "0m",
        "--time",
        "0s",
        "--format",
        "json",
    )
    answer = json.loads(said)
    assert code == 1
    assert [warning["plan"]["reference"] for warning in answer["warnings"]] == ["IN"]
    assert answer["answer"] == Answer.CLEAR.name


def test_ground_hides_and_the_file_and_its_voids_are_named(run, tmp_path):
    heights = hills()
    heights[400:600, 500:560] = 2_400
    heights[250:330, :] = VOID
    write_hgt(tmp_path, heights=heights)
    asked = (
        "--place",
        "333000N 0352400E",
        "--place-error",
        "50m",
        "--antenna",
        "30m AGL",
        "--altitude",
        "900m AMSL",
        "--altitude",
        "100m AGL",
        "--range",
        "30km",
        "--cell",
        "500m",
        *DECLARED,
    )
    _, smooth, _ = run(
        "hazard", "cover", *(word if word != "30m AGL" else "800m AMSL" for word in asked[:-6]), *DECLARED, "--json"
    )
    code, told, _ = run("hazard", "cover", *asked, "--terrain", str(tmp_path), "--terrain-error", "16m", "--json")
    assert code == 0
    told, smooth = json.loads(told), json.loads(smooth)
    assert told["terrain"]["files"] == ["N33E035.hgt"]
    assert 0 < told["terrain"]["cells_without"] < told["terrain"]["cells"]
    shares = {layer["altitude"]: layer["seen_share_at_most"] for layer in told["layers"]}
    assert shares["900 m AMSL"] < smooth["layers"][0]["seen_share_at_most"] == 1.0
    assert "good to 16 m" in " ".join(told["assumptions"])


def test_a_place_told_coarsely_reaches_as_much_further(run, tmp_path):
    coarse = ("--place", "33.5N 35.5E", *SMALL[2:])
    run("hazard", "cover", *coarse, *DECLARED, "-o", "c.geojson")
    (feature,) = features(tmp_path / "c.geojson")
    off_by_m = feature["properties"]["about"]["place"]["off_by_m"]
    assert off_by_m > 5_000
    shape = shapely.geometry.shape(feature["geometry"])
    lat, lon = wgs84.direct(33.5, 35.5, np.arange(0, 360, 10.0), 20_000.0 + off_by_m)
    assert shapely.intersects_xy(shape, lon, lat).all()
    _, said, _ = run("hazard", "cover", *SMALL, "--place-error", "5km", *DECLARED, "--json")
    assert json.loads(said)["place"]["off_by_m"] == 5_000


def test_the_place_is_read_back_in_forms_for_the_voice(run):
    code, said, _ = run("hazard", "cover", "--place", "36SYC3312008230", *SMALL[2:], *DECLARED)
    assert code == 0
    assert "place read as MGRS" in said
    assert "by voice:" in said


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"--place": "133.5N 35.5E"}, "--place: "),
        ({"--place": "nowhere"}, "--place: "),
        ({"--antenna": "30m"}, "--antenna: "),
        ({"--antenna": "FL100"}, "an antenna at FL100"),
        ({"--antenna": "30m AGL"}, "the ground there is not stated"),
        ({"--altitude": "UNL"}, "no cover is drawn at UNL"),
        ({"--altitude": "50000m AMSL"}, "past 32,000 m"),
        ({"--range": "250"}, "has no unit"),
        ({"--range": "0km"}, "range 0.0 m"),
        ({"--range": "5000km"}, "not one up to"),
        ({"--cell": "1nm"}, ""),
        ({"--cell": "0m"}, "cells of 0.0 m"),
        ({"--date": "soon"}, "--date: "),
        ({"--lowest-ground": "400m AGL"}, "not above mean sea level"),
        ({"--terrain": "missing.hgt"}, "there is no file"),
        ({"-o": "c.csv"}, "written as GeoJSON"),
        ({"-o": "missing/c.geojson"}, "there is no folder"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_said_why(run, changed, what):
    words = dict(zip((*SMALL, *DECLARED)[::2], (*SMALL, *DECLARED)[1::2], strict=True)) | changed
    code, _, said = run("hazard", "cover", *(part for pair in words.items() for part in pair))
    assert code == (2 if what else 0)
    assert what in said


def test_terrain_of_another_place_is_refused_and_not_left_out_in_silence(run, tmp_path):
    write_hgt(tmp_path)
    swapped = ("--place", "35.512345N 33.512345E", *SMALL[2:])
    code, _, said = run("hazard", "cover", *swapped, *DECLARED, "--terrain", str(tmp_path))
    assert code == 2
    assert "may be swapped" in said


def test_over_the_antimeridian_the_outline_is_cut_there(run, tmp_path):
    run("hazard", "cover", "--place", "0.012345N 179.912345E", *SMALL[2:], *DECLARED, "-o", "c.geojson")
    (feature,) = features(tmp_path / "c.geojson")
    assert feature["geometry"]["type"] == "MultiPolygon"
    west, south, east, north = shapely.geometry.shape(feature["geometry"]).bounds
    assert (west, east) == (-180.0, 180.0)
    assert north - south < 0.5
    assert Position(south, west)
