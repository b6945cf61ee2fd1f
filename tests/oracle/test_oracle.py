"""The oracle itself, held to published geodesics, closed forms, and searches that share nothing with it."""

import csv
import re
from itertools import pairwise
from math import pi
from pathlib import Path

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from pyproj import Geod

from detente.domain import Circle, Corridor, MultiPolygon, Orbit, Polygon, Position
from hard_pairs import PAIR_KINDS, course, draw_pair, moved, star
from oracle import lateral_distance_m
from oracle.cores import cores_of
from oracle.geodesics import direct, inverse, runs_counterclockwise
from oracle.lateral import _densely, _edge_distance_m, _edges_of, holds

SEMI_MAJOR_M = 6_378_137.0
QUARTER_MERIDIAN_M = 10_001_965.7293  # Karney, Algorithms for geodesics, J. Geodesy 87 (2013), 43–55, section 6
DEGREE_OF_EQUATOR_M = SEMI_MAJOR_M * pi / 180
WGS84_AREA_M2 = 510_065_621_724_088.44  # GeographicLib, PolygonArea: 4π c²


def ring(*corners):
    return tuple(Position(*corner) for corner in corners)


def spot(latitude_deg, longitude_deg, radius_m=0.001):
    return Circle(Position(latitude_deg, longitude_deg), radius_m)


with (Path(__file__).parents[1] / "vectors" / "geodesics.csv").open(newline="") as lines:
    published = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(lines)]


@pytest.mark.parametrize("line", published)
def test_published_geodesics_are_met_to_a_tenth_of_a_micrometre(line):
    azimuth_deg, length_m = inverse(line["lat1_deg"], line["lon1_deg"], line["lat2_deg"], line["lon2_deg"])
    assert length_m == pytest.approx(line["length_m"], abs=1e-7)
    assert azimuth_deg == pytest.approx(line["azimuth1_deg"], abs=1e-11)
    lat, lon, arrival_deg = direct(line["lat1_deg"], line["lon1_deg"], line["azimuth1_deg"], line["length_m"])
    assert lat == pytest.approx(line["lat2_deg"], abs=1e-12)
    assert (lon - line["lon2_deg"] + 180) % 360 - 180 == pytest.approx(0, abs=1e-12)
    assert (arrival_deg - line["azimuth2_deg"] + 180) % 360 - 180 == pytest.approx(0, abs=1e-11)


def test_two_circles_are_their_centres_distance_less_their_radii_apart():
    for line in published[:10]:
        a, b = (
            spot(line["lat1_deg"], line["lon1_deg"], 300_000.0),
            spot(line["lat2_deg"], line["lon2_deg"] % 360 - 360 * (line["lon2_deg"] % 360 > 180), 1.5),
        )
        assert lateral_distance_m(a, b) == pytest.approx(line["length_m"] - 300_001.5, abs=1e-6)


@pytest.mark.parametrize(
    ("a", "b", "expected_m"),
    [
        (spot(0, 20), spot(90, 0), QUARTER_MERIDIAN_M - 0.002),
        (spot(0, 179), spot(0, -178), 3 * DEGREE_OF_EQUATOR_M - 0.002),
        # the equator is a geodesic, and so is a meridian: the corridor's line is 1° of equator from the meridian's foot
        (Corridor(ring((0, 10), (0, 20)), 500.0), Corridor(ring((0, 21), (40, 21)), 200.0), DEGREE_OF_EQUATOR_M - 700.0),
        # over the pole: the meridians 0° and 180° are one line
        (Corridor(ring((80, 0), (80, 180)), 500.0), spot(90, 77), 0.0),
        # square ends reach half a width on, round ones too, on the line itself
        (Corridor(ring((0, 10), (0, 20)), 500.0, "square"), spot(0, 21), DEGREE_OF_EQUATOR_M - 500.001),
        # the right leg of an eastward orbit along the equator lies south, the left leg north
        (Orbit(Position(0, 10), Position(0, 12), 5_000.0, "centre"), spot(0, 13), DEGREE_OF_EQUATOR_M - 2_500.001),
    ],
)  # fmt: skip
def test_closed_forms_are_met_to_a_millimetre(a, b, expected_m):
    assert lateral_distance_m(a, b) == pytest.approx(expected_m, abs=1e-3)
    assert lateral_distance_m(b, a) == pytest.approx(expected_m, abs=1e-3)


@pytest.mark.parametrize(("alignment", "nearest"), [("left", 0.0), ("right", 5_000.0), ("centre", 2_500.0)])
def test_an_orbits_second_leg_lies_on_the_stated_side(alignment, nearest):
    north_of_it = moved(Position(0, 11), 0.0, 5_000.0)
    eastward = Orbit(Position(0, 10), Position(0, 12), 5_000.0, alignment)
    found_m = lateral_distance_m(eastward, Circle(north_of_it, 0.001))
    assert found_m == pytest.approx(nearest, abs=1.0)  # the legs are geodesics, not parallels: 0.4 m of bulge


def test_a_square_end_reaches_into_its_corner_and_a_round_one_does_not():
    line = ring((0, 10), (0, 20))
    corner = moved(moved(line[1], 90.0, 990.0), 0.0, 990.0)
    assert lateral_distance_m(Corridor(line, 1000.0, "square"), Circle(corner, 0.001)) == 0.0
    assert lateral_distance_m(Corridor(line, 1000.0), Circle(corner, 0.001)) == pytest.approx(
        990 * 2**0.5 - 1000, abs=0.01
    )


def test_the_side_of_a_ring_is_told_by_its_area():
    octant = cores_of(Polygon(ring((0, 0), (0, 90), (90, 0))))[0].lines[0]
    assert runs_counterclockwise(*octant)
    assert not runs_counterclockwise(octant[0][::-1], octant[1][::-1])
    octant_m2, _ = Geod(ellps="WGS84").polygon_area_perimeter(octant[1], octant[0])
    assert octant_m2 == pytest.approx(WGS84_AREA_M2 / 8, rel=1e-12)


@pytest.mark.parametrize(
    ("corners", "inside", "outside"),
    [
        (((60, 0), (60, 90), (60, 180), (60, -90)), [(90, 0), (89, 33), (70, 180)], [(50, 0), (-90, 0), (-89, 1), (0, 0)]),
        (((-60, 0), (-60, 90), (-60, 180), (-60, -90)), [(-90, 12), (-70, 180)], [(-50, 0), (90, 0)]),
        (((-5, 175), (-5, -175), (5, -175), (5, 175)), [(0, 180), (0, -180), (4, -175.1)], [(0, 174.9), (0, 0), (0, -5)]),
        # a cap of 80° round (0, 0) holds its middle, not the antipode
        (((80, 0), (0, 80), (-80, 0), (0, -80)), [(0, 0), (10, -60)], [(0, 180), (10, 120)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", [1, -1])
def test_a_region_is_the_smaller_side_whichever_way_its_ring_runs(corners, inside, outside, step):
    (region,) = cores_of(Polygon(ring(*corners)[::step]))[0].regions
    assert all(holds(region, *place) for place in inside)
    assert not any(holds(region, *place) for place in outside)


def test_what_lies_in_a_hole_is_as_far_away_as_the_rim():
    outer, inner = (Position(0, 10), 200_000.0), 50_000.0
    corners = np.arange(0, 360, 90.0)
    shell, hole = (tuple(moved(outer[0], float(az), reach) for az in corners) for reach in (outer[1], inner))
    holed = Polygon(shell, (hole,))
    to_rim_m = min(
        float(inverse(0, 10, *_densely(cores_of(Polygon(hole))[0].lines[0]))[1].min()),
        lateral_distance_m(Circle(outer[0], 0.001), Corridor(hole + hole[:1], 0.001)) + 0.002,
    )
    assert lateral_distance_m(holed, Circle(outer[0], 5_000.0)) == pytest.approx(to_rim_m - 5_000.0, abs=0.01)
    assert lateral_distance_m(Polygon(shell), Circle(outer[0], 5_000.0)) == 0.0
    assert lateral_distance_m(MultiPolygon((holed, Polygon(hole))), Circle(outer[0], 5_000.0)) == 0.0


@pytest.mark.parametrize("kind", PAIR_KINDS)
def test_a_dense_search_finds_nothing_closer_and_comes_close_itself(kind):
    """Every edge is walked in 60 steps and all points are measured against all: no pruning, no sides, no bisection."""
    rng = np.random.default_rng(20180917)
    for _ in range(12):
        pair = draw_pair(rng, kind)
        for core_a in cores_of(pair.a):
            for core_b in cores_of(pair.b):
                a, b = _edges_of(core_a), _edges_of(core_b)
                if len(a.lat1) * len(b.lat1) > 60:
                    continue
                searched_m, step_m = dense_search_m(a, b)
                found_m = _edge_distance_m(a, b)
                assert found_m - 0.001 <= searched_m <= found_m + step_m + 0.001


def dense_search_m(a, b, steps=60):
    """The least distance between sampled points of two sets of edges, and how much more than the truth that may be."""
    walked = []
    for edges in (a, b):
        along_m = np.linspace(0, 1, steps + 1)[:, None] * edges.length_m
        lat, lon, _ = direct(edges.lat1, edges.lon1, edges.azimuth_deg, along_m)
        walked.append((lat.ravel(), lon.ravel()))
    (lat_a, lon_a), (lat_b, lon_b) = walked
    _, apart_m = inverse(lat_a[:, None], lon_a[:, None], lat_b, lon_b)
    return float(apart_m.min()), float(a.length_m.max() + b.length_m.max()) / (2 * steps)


def test_the_closest_points_are_as_far_apart_in_pure_python_geographiclib():
    """The same point-to-edge distances, by golden section over GeographicLib's own Python."""
    rng = np.random.default_rng(1821)
    for _ in range(15):
        size_m = 10.0 ** rng.uniform(1, 6)
        start = Position(float(rng.uniform(-89, 89)), float(rng.uniform(-180, 180)))
        end, point = (moved(start, float(rng.uniform(0, 360)), size_m * rng.uniform(0.3, 1)) for _ in range(2))
        expected_m = golden_section_m(point, start, end)
        found_m = lateral_distance_m(Corridor((start, end), 0.001), Circle(point, 0.001)) + 0.002
        assert found_m == pytest.approx(expected_m, abs=0.001)


def golden_section_m(point, start, end):
    line = Geodesic.WGS84.InverseLine(start.latitude_deg, start.longitude_deg, end.latitude_deg, end.longitude_deg)

    def apart_m(along_m):
        here = line.Position(along_m)
        return Geodesic.WGS84.Inverse(here["lat2"], here["lon2"], point.latitude_deg, point.longitude_deg)["s12"]

    low, high, ratio = 0.0, line.s13, (5**0.5 - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if apart_m(left) < apart_m(right) else (left, high)
    return min(apart_m(0.0), apart_m(line.s13), apart_m(low))


def test_a_star_holds_the_rays_to_its_corners_and_nothing_beyond_them():
    rng = np.random.default_rng(5)
    for _ in range(40):
        middle = Position(
            float(rng.choice([90.0, -90.0, 89.999, 0.0, 47.0])), float(rng.choice([180.0, 0.0, -179.9999]))
        )
        polygon = star(rng, middle, 10.0 ** rng.uniform(1, 6))
        (region,) = cores_of(polygon)[0].regions
        rays = [course(middle, corner) for corner in polygon.shell]
        azimuths = sorted(azimuth_deg % 360 for azimuth_deg, _ in rays)
        if max(q - p for p, q in pairwise([*azimuths, azimuths[0] + 360])) >= 180.0:
            continue  # a triangle beside its own middle
        azimuth_deg, corner_m = rays[int(rng.integers(len(rays)))]
        for share, expected in ((0.999, True), (1.001, False)):
            place = moved(middle, azimuth_deg, corner_m * share)
            assert holds(region, place.latitude_deg, place.longitude_deg) is expected


def test_the_oracle_shares_only_the_domains_words_with_what_it_judges():
    for module in Path(__file__).parent.glob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) (detente[.\w]*)", module.read_text(), flags=re.MULTILINE)
        assert set(imported) <= {"detente.domain"}, module.name
