"""Which footprints can be, and what the balls and boxes round them hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import Circle, Corridor, InvalidVolume, MultiPolygon, Orbit, Polygon, Position, TooLarge
from detente.geodesy import wgs84
from detente.screening import lateral_distance_m, shape
from detente.screening.shape import PIECE_M, _boxes_that_meet, shape_of


def ring(*corners):
    return tuple(Position(*corner) for corner in corners)


SQUARE = ring((33, 35), (33, 36), (34, 36), (34, 35))

bad_polygons = {
    "crosses itself": Polygon(ring((35, 35), (36, 36), (36, 35), (35, 36))),
    "hole 0 lies outside": Polygon(SQUARE, (ring((40, 40), (40, 41), (41, 41)),)),
    "hole 0 runs along its shell": Polygon(SQUARE, (SQUARE,)),
    "hole 0 runs along its shell and": Polygon(SQUARE, (ring((33, 35), (34, 35), (34, 36), (33, 36)),)),
    "hole 0 lies outside its": Polygon(
        ring((33, 35), (34, 35), (34, 36)), (ring((33, 35), (35, 34), (35, 38)),)
    ),  # round it
    "hole 1 lies inside hole 0": Polygon(
        SQUARE, (ring((33.2, 35.2), (33.2, 35.8), (33.8, 35.5)), ring((33.3, 35.4), (33.3, 35.6), (33.4, 35.5)))
    ),
    "rings 0 and 1 cross": Polygon(SQUARE, (ring((33.5, 35.5), (33.5, 36.5), (33.6, 36.5)),)),
    "more than 85° from its middle": Polygon(ring((0, 0), (0, 80), (0, 160), (0, -120), (0, -60))),
}


@pytest.mark.parametrize("complaint", bad_polygons)
def test_a_polygon_that_cannot_be_is_refused_with_what_is_wrong(complaint):
    with pytest.raises(InvalidVolume, match=complaint):
        shape_of(bad_polygons[complaint])


def test_the_bad_part_of_a_multipolygon_is_named():
    with pytest.raises(InvalidVolume, match="polygon 1: the ring crosses itself"):
        shape_of(MultiPolygon((Polygon(SQUARE), bad_polygons["crosses itself"])))


def test_an_edge_half_way_round_the_earth_is_refused():
    with pytest.raises(InvalidVolume, match=r"from position 0 to 1 is 1[0-9]{4} km long"):
        shape_of(Corridor(ring((0, 0), (10, 150)), 1000.0))


@pytest.mark.parametrize(
    "polygon",
    [
        Polygon(ring((-60, -180), (-60, -90), (-60, 0), (-60, 90), (-60, 180), (-90, 180), (-90, -180))),
        Polygon(SQUARE, (ring((33, 35), (33, 36), (34, 36)),)),  # one whose corners are all the shell's
        Polygon(SQUARE, (ring((33, 35), (33.5, 35.5), (33.2, 35.6)),)),  # a hole that touches the shell in a corner
        Polygon(ring((33, 35), (34, 35), (33.5, 35.5), (34, 36), (33, 36), (33.5, 35.5))),  # touches itself
    ],
)
def test_rings_that_touch_are_accepted(polygon):
    shape_of(polygon)


def test_both_lobes_of_a_ring_that_touches_itself_count_as_inside():
    eight = Polygon(ring((33, 35), (34, 35), (33.5, 35.5), (34, 36), (33, 36), (33.5, 35.5)))
    assert lateral_distance_m(eight, Circle(Position(33.5, 35.2), 10.0)) == 0.0
    assert lateral_distance_m(eight, Circle(Position(33.5, 35.8), 10.0)) == 0.0


def test_a_polygon_round_the_pole_with_a_seam_has_the_pole_inside_and_no_rim_at_the_seam():
    antarctic = Polygon(ring((-60, -180), (-60, -90), (-60, 0), (-60, 90), (-60, 180), (-90, 180), (-90, -180)))
    for place in (Position(-89.9, 0), Position(-75, 179.9), Position(-75, -179.9), Position(-75, 10)):
        assert lateral_distance_m(antarctic, Circle(place, 1.0)) == 0.0
    assert lateral_distance_m(antarctic, Circle(Position(-40, 180), 1.0)) > 2_000_000.0


def test_long_rings_are_checked_the_same_way_as_short_ones():
    n = 400
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    corners = [(33 + 0.3 * np.sin(a), 35 + 0.3 * np.cos(a)) for a in angle]
    shape_of(Polygon(ring(*corners)))
    corners[100], corners[101] = corners[101], corners[100]
    with pytest.raises(InvalidVolume, match="crosses itself"):
        shape_of(Polygon(ring(*corners)))


def test_an_outline_too_tangled_to_check_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(shape, "MOST_EDGE_PAIRS", 100_000)
    along = [(1e-3 * k, 0.5 * (k % 2)) for k in range(1000)] + [(1.05, -0.2), (-0.05, -0.2)]
    teeth = [(33 + across + x, 35 + across - x) for x, across in along]  # a comb aslant: each box meets every other
    with pytest.raises(TooLarge, match="too intricate"):
        shape_of(Polygon(ring(*teeth)))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_the_tree_offers_every_pair_of_edges_whose_boxes_meet(seed):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 8, (12, 2)).astype(float)
    second = rng.integers(0, 8, (12, 2)).astype(float)
    low, high = np.minimum(first, second), np.maximum(first, second)
    slow = {
        (i, j) for i in range(12) for j in range(i + 1, 12) if (low[i] <= high[j]).all() and (low[j] <= high[i]).all()
    }
    assert slow <= set(map(tuple, np.concatenate(list(_boxes_that_meet(first, second))).tolist()))


latitudes, longitudes = st.floats(-89.5, 89.5), st.floats(-180, 180)


@settings(max_examples=60, deadline=None)
@given(
    latitudes,
    longitudes,
    st.floats(1.0, 900_000.0),
    st.floats(0, 360),
    st.floats(1_000.0, 2_000_000.0),
    st.integers(0, 3),
)
def test_ball_and_box_hold_every_point_of_the_shape(lat, lon, radius_m, bearing_deg, length_m, kind):
    far = Position(*(float(x) for x in wgs84.direct(lat, lon, bearing_deg, length_m)))
    here = Position(lat, lon)
    footprint = [
        Circle(here, radius_m),
        Corridor((here, far), radius_m),
        Corridor((here, far), radius_m, "square"),
        Orbit(here, far, radius_m, "left"),
    ][kind]
    shape = shape_of(footprint)
    points = points_within(footprint, np.random.default_rng(0))
    centre, reach_m = shape.bound
    assert (np.linalg.norm(wgs84.ecef(*points) - centre, axis=1) <= reach_m + 1e-6).all()
    south, west, north, east = shape.box_deg
    assert ((points[0] >= south - 1e-9) & (points[0] <= north + 1e-9)).all()
    inside = (points[1] >= west) & (points[1] <= east) if west <= east else (points[1] >= west) | (points[1] <= east)
    assert inside.all()


def points_within(footprint, rng):
    """Points of a circle, corridor or orbit's round part, by going out from its core along geodesics."""
    if isinstance(footprint, Circle):
        lat, lon, radius_m = footprint.centre.latitude_deg, footprint.centre.longitude_deg, footprint.radius_m
    else:
        core = shape_of(footprint).cores[0]
        pick = rng.integers(0, len(core.lat), 200)
        lat, lon, radius_m = core.lat[pick], core.lon[pick], core.radius_m
    return wgs84.direct(lat, lon, rng.uniform(0, 360, 200), radius_m * np.sqrt(rng.uniform(0, 1, 200)))


def test_no_piece_is_longer_than_it_may_be():
    core = shape_of(Corridor(ring((0, 0), (5, 60)), 1000.0)).cores[0]
    assert wgs84.inverse(core.lat[:-1], core.lon[:-1], core.lat[1:], core.lon[1:])[1].max() <= PIECE_M


@given(latitudes, longitudes, st.floats(0, 360), st.floats(1.0, 9_000_000.0))
@settings(max_examples=200, deadline=None)
def test_arcs_are_bracketed_by_their_chords(lat, lon, bearing_deg, length_m):
    end = wgs84.direct(lat, lon, bearing_deg, length_m)
    shortest_m = float(wgs84.inverse(lat, lon, *end)[1])
    chord_m = float(np.linalg.norm(wgs84.ecef(lat, lon) - wgs84.ecef(*end)))
    assert wgs84.arc_at_least(chord_m) <= shortest_m + 1e-6
    assert shortest_m <= wgs84.arc_at_most(chord_m) + 1e-6
