"""A generalised volume holds the volume, tells nothing else of it, and stays what it is when generalised again."""

import json
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.domain import (
    ALL_ALTITUDES,
    CERTAIN,
    SURFACE,
    UNSTATED_BAND,
    UNSTATED_WINDOW,
    AltitudeBand,
    AltitudeLimit,
    AltitudeReference,
    Answer,
    Circle,
    Corridor,
    InvalidVolume,
    Minima,
    MultiPolygon,
    Orbit,
    Polygon,
    Position,
    TimeWindow,
    TooLarge,
    Uncertainty,
    Volume4D,
    agl,
    amsl,
    flight_level,
    hae,
)
from detente.geodesy import wgs84
from detente.screening import s2cells, separation
from detente.screening.cover import cover_cells
from detente.screening.generalise import (
    COARSEST_LEVEL,
    DAY_US,
    FINEST_LEVEL,
    GENERALISER_VERSION,
    GeneralGrid,
    cells_behind,
    existence_grid,
    generalise,
    generalise_band,
    generalise_volumes,
    generalise_window,
    generalised_cells,
    outline_of,
)
from detente.screening.shape import shape_of

GEOD = Geod(ellps="WGS84")
HOUR_US = DAY_US // 24
LAYER_M = 1524.0
GRID = GeneralGrid((11, 9, 7, 5, 3))
EVENING = TimeWindow(18 * HOUR_US + 1, 19 * HOUR_US - 1)
MIDDLE = AltitudeBand(flight_level(150), flight_level(195))
VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "generaliser").glob("*.json"))

PLACES = [(90.0, 0.0), (-89.95, 20.0), (0.0, 180.0), (35.0, 45.0), (35.264389, 45.0), (0.0, 0.0), (33.5, 35.8)]
places = st.one_of(st.sampled_from(PLACES), st.tuples(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0)))


def position(lat, lon):
    return Position(float(lat), float((lon + 180.0) % 360.0 - 180.0))


def reach(place, azimuth_deg, distance_m):
    lon, lat, _ = GEOD.fwd(place[1], place[0], azimuth_deg, distance_m)
    return lat, lon


def star(place, size_m, spokes):
    return tuple(position(*reach(place, 360.0 * k / len(spokes), size_m * s)) for k, s in enumerate(spokes))


circles = st.builds(lambda p, r: Circle(position(*p), r), places, st.floats(50.0, 500_000.0))
corridors = st.builds(
    lambda p, a, d, w, e: Corridor((position(*p), position(*reach(p, a, d))), w, e),
    *(places, st.floats(0.0, 360.0), st.floats(1_000.0, 1_000_000.0)),
    *(st.floats(50.0, 20_000.0), st.sampled_from(["round", "square"])),
)
orbits = st.builds(
    lambda p, a, d, w, s: Orbit(position(*p), position(*reach(p, a, d)), w, s),
    *(places, st.floats(0.0, 360.0), st.floats(1_000.0, 200_000.0)),
    *(st.floats(100.0, 30_000.0), st.sampled_from(["left", "centre", "right"])),
)
polygons = st.builds(
    lambda p, size_m, spokes, holed: Polygon(
        star(p, size_m, spokes), (star(p, 0.3 * size_m, spokes),) if holed else ()
    ),
    *(places, st.floats(500.0, 300_000.0), st.lists(st.floats(0.6, 1.0), min_size=4, max_size=8), st.booleans()),
)
footprints = st.one_of(circles, corridors, orbits, polygons, polygons.map(lambda p: MultiPolygon((p,))))
limits = st.one_of(
    st.floats(-11_000.0, 30_000.0).map(hae),
    st.floats(-400.0, 30_000.0).map(amsl),
    st.floats(-100.0, 3_000.0).map(agl),
    st.integers(0, 600).map(flight_level),
    st.just(SURFACE),
)
bands = st.one_of(
    st.sampled_from([UNSTATED_BAND, ALL_ALTITUDES]),
    st.tuples(limits, st.floats(0.0, 9_000.0)).map(lambda t: AltitudeBand(t[0], t[0].shifted(t[1]))),
    st.tuples(limits, limits).filter(lambda t: t[0].reference is not t[1].reference).map(lambda t: AltitudeBand(*t)),
    limits.map(lambda lower: AltitudeBand(lower, ALL_ALTITUDES.upper)),
)
windows = st.one_of(
    st.just(UNSTATED_WINDOW),
    st.tuples(st.integers(-(10**16), 10**16), st.integers(0, 10**12)).map(lambda t: TimeWindow(t[0], t[0] + t[1])),
    st.integers(-100, 100).map(lambda k: TimeWindow(k * HOUR_US, k * HOUR_US)),
    st.integers(-(10**16), 10**16).map(lambda start_us: TimeWindow(start_us, UNSTATED_WINDOW.end_us, True, False)),
)
uncertainties = st.one_of(
    st.just(CERTAIN), st.builds(Uncertainty, st.floats(0.0, 10_000.0), st.floats(0.0, 2_000.0), st.floats(0.0, 9_000.0))
)
volumes = st.builds(Volume4D, footprints, bands, windows, uncertainties)


def holds(footprint, lat, lon):
    return shape_of(footprint).cores[0].winds_round(np.asarray(lat, dtype=float), np.asarray(lon, dtype=float))


# ---- what it holds


@settings(max_examples=120, deadline=None)
@given(
    circles,
    st.lists(st.tuples(st.floats(0.0, 360.0), st.floats(0.0, 1.0)), min_size=20, max_size=20),
    st.floats(0.0, 9_000.0),
)
def test_a_generalised_circle_holds_every_point_of_it_and_of_its_uncertainty(circle, ways, uncertain_m):
    general = generalise(Volume4D(circle, MIDDLE, EVENING, Uncertainty(uncertain_m)), GRID).footprint
    centre = circle.centre.latitude_deg, circle.centre.longitude_deg
    spots = [reach(centre, a, (circle.radius_m + uncertain_m) * s) for a, s in [*ways, *((a, 1.0) for a, _ in ways)]]
    assert holds(general, *zip(*spots, strict=True)).all()


@settings(max_examples=80, deadline=None)
@given(corridors, st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 360.0)), min_size=20, max_size=20))
def test_a_generalised_corridor_holds_every_point_of_its_rim(corridor, ways):
    general = generalise(Volume4D(corridor, MIDDLE, EVENING), GRID).footprint
    first, second = ((p.latitude_deg, p.longitude_deg) for p in corridor.centre_line)
    azimuth_deg, _, length_m = GEOD.inv(first[1], first[0], second[1], second[0])
    spots = [reach(reach(first, azimuth_deg, length_m * s), a, corridor.half_width_m) for s, a in ways]
    assert holds(general, *zip(*spots, strict=True)).all()


@settings(max_examples=80, deadline=None)
@given(polygons, st.floats(0.0, 1.0))
def test_a_generalised_polygon_holds_its_edges_and_those_of_its_holes(polygon, share):
    general = generalise(Volume4D(polygon, MIDDLE, EVENING), GRID).footprint
    for ring in (polygon.shell, *polygon.holes):
        corners = [(p.latitude_deg, p.longitude_deg) for p in ring]
        for first, second in zip(corners, corners[1:] + corners[:1], strict=True):
            azimuth_deg, _, length_m = GEOD.inv(first[1], first[0], second[1], second[0])
            lat, lon = reach(first, azimuth_deg, length_m * share)
            assert holds(general, [lat], [lon]).all()


@settings(max_examples=100, deadline=None)
@given(volumes)
def test_the_cells_of_a_generalised_volume_are_its_cover(volume):
    level, cells = generalised_cells(volume, GRID)
    assert cells.tolist() == cover_cells(volume.footprint, level, wider_m=volume.uncertainty.position_m).tolist()


@st.composite
def cell_sets(draw, side=5):
    """Random cells of a small block of one level, often at a pole, an edge or a corner of the cube: holes and checkerboards."""
    level = draw(st.integers(COARSEST_LEVEL, FINEST_LEVEL))
    centre = s2cells.cells_at(wgs84.normals(*(np.array([x]) for x in draw(places))), level)
    size = min(side, 1 << level)
    picks = draw(st.lists(st.booleans(), min_size=size * size, max_size=size * size))
    i, j = (x.ravel()[np.array(picks)] for x in np.indices((size, size)))
    last = (1 << level) - 1
    low_i, low_j = (min(max(int(x) - size // 2, 0), last - size + 1) for x in (centre.i[0], centre.j[0]))
    block = s2cells.Cells(level, np.full(len(i), centre.face[0]), low_i + i, low_j + j)
    far = s2cells.Cells(
        level, np.array([(centre.face[0] + 1) % 6]), np.array([0]), np.array([draw(st.integers(0, last))])
    )
    return np.unique(np.concatenate([block.ids, far.ids]))


@settings(max_examples=150, deadline=None)
@given(cell_sets())
def test_polygons_of_cells_hold_every_side_of_every_cell(ids):
    level = int(s2cells.levels_of(ids[:1])[0])
    cells = s2cells.cells_of(ids, level)
    core = shape_of(outline_of(ids)).cores[0]
    for share in (0.0, 0.25, 0.5, 0.75):
        side = cells.corners * (1 - share) + np.roll(cells.corners, -1, axis=1) * share
        lat, lon = _lat_lon(side.reshape(-1, 3))
        assert core.winds_round(lat, lon).all()


def test_the_margin_of_an_outline_is_twice_what_its_edges_stray_at_least():
    """Where cells are largest and edges longest: all of level 3, 4 and 5."""
    for level in (3, 4, 5):
        i, j = (x.ravel() for x in np.indices((1 << level, 1 << level)))
        cells = s2cells.Cells(level, np.zeros(len(i), dtype=int), i, j)
        for face in (0, 2):
            cells = replace(cells, face=np.full(len(i), face))
            corners = cells.corners
            a, b = corners, np.roll(corners, -1, axis=1)
            lat_a, lon_a = _lat_lon(a.reshape(-1, 3))
            lat_b, lon_b = _lat_lon(b.reshape(-1, 3))
            azimuth_deg, length_m = wgs84.inverse(lat_a, lon_a, lat_b, lon_b)
            plane = np.cross(a, b).reshape(-1, 3)
            plane /= np.linalg.norm(plane, axis=1, keepdims=True)
            middle = wgs84.normals(*wgs84.direct(lat_a, lon_a, azimuth_deg, length_m / 2))
            stray = np.abs((middle * plane).sum(axis=1)).max()
            width = np.abs(((corners[:, 2] + corners[:, 3]) / 2 * plane.reshape(-1, 4, 3)[:, 0]).sum(axis=1)).min()
            assert stray <= width / 2048 / 2


def _lat_lon(direction):
    x, y, z = direction.T
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


# ---- what it tells


@settings(max_examples=120, deadline=None)
@given(volumes, st.sampled_from([GRID, GeneralGrid((6, 4)), GeneralGrid((5,), layer_m=None, slot_us=DAY_US)]))
@example(Volume4D(Circle(Position(90.0, 0.0), 400_000.0)), GeneralGrid((9,)))
def test_generalising_twice_is_generalising_once(volume, grid):
    once = generalise(volume, grid)
    assert generalise(once, grid) == once
    assert once.uncertainty == CERTAIN


@settings(max_examples=50, deadline=None)
@given(cell_sets())
def test_cells_are_read_back_from_their_polygons_exactly_and_through_json(ids):
    outline = outline_of(ids)
    level = int(s2cells.levels_of(ids[:1])[0])
    assert cells_behind(outline, level).tolist() == ids.tolist()
    text = json.dumps(
        [[[(p.latitude_deg, p.longitude_deg) for p in r] for r in (q.shell, *q.holes)] for q in outline.parts]
    )
    again = [[tuple(Position(*p) for p in ring) for ring in part] for part in json.loads(text)]
    assert MultiPolygon(tuple(Polygon(shell, tuple(holes)) for shell, *holes in again)) == outline
    if level < FINEST_LEVEL:
        assert cells_behind(outline, level + 1) is None


@settings(max_examples=60, deadline=None)
@given(cell_sets(), st.randoms())
def test_the_order_in_which_cells_come_changes_nothing(ids, random):
    shuffled = ids.tolist()
    random.shuffle(shuffled)
    assert outline_of(np.array(shuffled, dtype=np.uint64)) == outline_of(ids)


@settings(max_examples=60, deadline=None)
@given(cell_sets())
def test_cells_that_meet_at_a_corner_only_are_one_polygon_and_rings_are_in_canonical_order(ids):
    outline = outline_of(ids)
    keys = [[[(p.latitude_deg, p.longitude_deg) for p in r] for r in (q.shell, *q.holes)] for q in outline.parts]
    assert keys == sorted(keys, key=lambda part: part[0])
    for part in keys:
        assert part[1:] == sorted(part[1:])
        assert all(ring[0] == min(ring) for ring in part)
        assert all(lat == round(lat, 7) and -180.0 < lon == round(lon, 7) for ring in part for lat, lon in ring)


def test_two_cells_at_a_corner_are_one_polygon_and_two_apart_are_two():
    def cells(*pairs):
        i, j = np.array(pairs).T
        return s2cells.Cells(8, np.zeros(len(i), dtype=int), 40 + i, 40 + j).ids

    assert len(outline_of(cells((0, 0), (1, 1))).parts) == 1
    assert len(outline_of(cells((0, 0), (2, 1))).parts) == 2
    rim = outline_of(cells(*((i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1))))
    assert [len(part.holes) for part in rim.parts] == [1]


@settings(max_examples=80, deadline=None)
@given(places, st.integers(5, 12), st.floats(0.05, 0.2), st.floats(0.05, 0.2))
def test_volumes_within_one_cell_layer_and_slot_are_told_alike(place, level, size, other):
    cell = s2cells.cells_at(wgs84.normals(*(np.array([x]) for x in place)), level)
    lat, lon = (float(x[0]) for x in _lat_lon(cell.centres))
    width_m = 6_371_000 * float(np.linalg.norm(cell.corners[0, 0] - cell.centres[0]))
    shapes = [
        Circle(position(lat, lon), size * width_m),
        Polygon(star((lat, lon), other * width_m, [1.0, 0.7, 1.0])),
        Corridor((position(lat, lon), position(*reach((lat, lon), 77.0, other * width_m))), size * width_m),
    ]
    told = {
        generalise(
            Volume4D(shape, AltitudeBand(hae(lower), hae(upper)), TimeWindow(start, end), unsure), GeneralGrid((level,))
        )
        for shape, lower, upper, start, end, unsure in zip(
            *(shapes, (10.0, 700.0, 1_500.0), (20.0, 1_400.0, 1_500.0), (1, HOUR_US // 2, 7), (2, HOUR_US // 2 + 9, 7)),
            (CERTAIN, Uncertainty(0.1 * size * width_m, 10.0, 60.0), CERTAIN),
            strict=True,
        )
    }
    assert len(told) == 1


@settings(max_examples=80, deadline=None)
@given(footprints, st.floats(1.0, 20_000.0), st.sampled_from([GeneralGrid((9,)), GeneralGrid((5,))]))
def test_a_larger_volume_is_told_as_a_larger_one(footprint, more_m, grid):
    try:
        large = generalised_cells(Volume4D(footprint, uncertainty=Uncertainty(more_m)), grid)[1]
    except TooLarge:
        return
    small = generalised_cells(Volume4D(footprint), grid)[1]
    assert np.isin(small, large).all()


@settings(max_examples=80, deadline=None)
@given(places, st.floats(1_000.0, 100_000.0), st.integers(3, 12))
def test_a_polygon_within_a_circle_is_told_within_it(place, radius_m, count):
    inner = Polygon(star(place, radius_m * 0.99 - 0.3, [1.0] * count))
    cells = generalised_cells(Volume4D(inner), GeneralGrid((8,)))[1]
    assert np.isin(cells, generalised_cells(Volume4D(Circle(position(*place), radius_m)), GeneralGrid((8,)))[1]).all()


@settings(max_examples=60, deadline=None)
@given(volumes)
def test_an_existence_view_holds_the_general_one(volume):
    general, existence = GeneralGrid((9, 7, 5)), existence_grid(4)
    level, fine = generalised_cells(volume, general)
    assert s2cells.parents(fine, 4).tolist() == generalised_cells(volume, existence)[1].tolist()
    told, least = generalise(volume, general), generalise(volume, existence)
    assert least.altitude == ALL_ALTITUDES
    assert least.window.start_us <= told.window.start_us <= told.window.end_us <= least.window.end_us
    assert level in general.cell_levels


# ---- layers and slots


@given(bands, st.floats(0.0, 2_000.0), st.sampled_from([LAYER_M, 304.8, 1000.0, 30.48]))
def test_a_band_goes_outward_to_whole_layers_in_its_own_references(band, uncertain_m, layer_m):
    told = generalise_band(band, uncertain_m, layer_m)
    assert told.lower.value_m <= band.lower.value_m - uncertain_m + 2e-6
    assert told.upper.value_m >= band.upper.value_m + uncertain_m - 2e-6
    for limit, stated in ((told.lower, band.lower), (told.upper, band.upper)):
        assert limit.reference in (stated.reference, AltitudeReference.UNLIMITED)
        if abs(limit.value_m) < inf:
            assert limit.value_m == round(limit.value_m / layer_m) * layer_m
            assert abs(limit.value_m - stated.value_m) <= uncertain_m + 2 * layer_m
    if told.lower.reference is told.upper.reference:
        assert told.upper.value_m - told.lower.value_m >= 0.999 * layer_m
    assert generalise_band(told, 0.0, layer_m) == told


@given(windows, st.floats(0.0, 1e5), st.sampled_from([HOUR_US, DAY_US, 7 * 60_000_000]))
def test_a_window_goes_outward_to_whole_slots(window, uncertain_s, slot_us):
    told = generalise_window(window, uncertain_s, slot_us)
    assert (
        told.start_us
        <= max(window.start_us - uncertain_s * 1e6, told.start_us if window.start_utc is None else -inf) + 1
    )
    assert told.end_us >= min(window.end_us + uncertain_s * 1e6, told.end_us if window.end_utc is None else inf) - 1
    if window.start_utc and told.start_utc:
        assert told.start_us % slot_us == 0
    if window.end_utc and told.end_utc:
        assert told.end_us % slot_us == 0
    assert told.end_us - told.start_us >= slot_us
    assert (told.start_stated, told.end_stated) == (window.start_stated, window.end_stated)
    assert generalise_window(told, 0.0, slot_us) == told


def test_level_flight_on_the_edge_of_a_layer_does_not_show_that_it_is_level():
    on_edge = AltitudeBand(flight_level(50), flight_level(50))
    assert str(generalise_band(on_edge, 0.0, LAYER_M)) == "FL050 – FL100"


def test_a_flight_level_that_is_not_exact_in_binary_is_not_a_layer_higher():
    for level in range(0, 601, 50):
        edge = AltitudeLimit(level * 30.48, AltitudeReference.FL)
        noisy = AltitudeLimit(float(np.nextafter(edge.value_m, inf)), AltitudeReference.FL)
        band = generalise_band(AltitudeBand(flight_level(0), noisy), 0.0, LAYER_M)
        assert band.upper.value_m == max(level // 50, 1) * LAYER_M


def test_the_surface_stays_the_surface_until_its_uncertainty_reaches_below_it():
    band = AltitudeBand(SURFACE, amsl(1_000.0))
    assert generalise_band(band, 0.0, LAYER_M).lower == SURFACE
    assert generalise_band(AltitudeBand(agl(30.0), amsl(1_000.0)), 0.0, LAYER_M).lower == SURFACE
    assert generalise_band(band, 1.0, LAYER_M).lower == ALL_ALTITUDES.lower
    assert generalise_band(AltitudeBand(agl(-5.0), agl(20.0)), 0.0, LAYER_M).lower == agl(-LAYER_M)


def test_a_day_begins_at_midnight_utc():
    day = existence_grid(5)
    told = generalise(Volume4D(Circle(Position(35.0, 36.0), 1_000.0), MIDDLE, EVENING), day).window
    assert (told.start_us, told.end_us) == (0, DAY_US)


def test_a_window_to_the_end_of_the_calendar_opens():
    last_us = 253_402_300_799_999_999
    assert generalise_window(TimeWindow(0, last_us), 0.0, DAY_US).end_utc is None


# ---- against screening


near = st.tuples(st.floats(33.8, 34.2), st.floats(35.8, 36.2)).map(lambda p: Position(*p))
near_volumes = st.builds(
    Volume4D,
    st.builds(Circle, near, st.floats(100.0, 20_000.0)),
    st.one_of(
        st.just(UNSTATED_BAND),
        st.tuples(st.sampled_from([hae, amsl, agl]), st.floats(0.0, 9_000.0), st.floats(0.0, 900.0)).map(
            lambda t: AltitudeBand(t[0](t[1]), t[0](t[1] + t[2]))
        ),
        st.floats(0.0, 9_000.0).map(lambda top_m: AltitudeBand(SURFACE, agl(top_m))),
    ),
    st.tuples(st.integers(0, 9 * HOUR_US), st.integers(0, HOUR_US)).map(lambda t: TimeWindow(t[0], t[0] + t[1])),
    st.builds(Uncertainty, st.floats(0.0, 3_000.0), st.floats(0.0, 900.0), st.floats(0.0, 900.0)),
)


@settings(max_examples=300, deadline=None)
@given(near_volumes, near_volumes, st.sampled_from([GeneralGrid((9,)), existence_grid(5)]))
def test_what_screening_would_not_call_clear_it_does_not_call_clear_of_the_view(one, other, grid):
    minima = Minima(9_260.0, 304.8, 300.0)
    if separation(one, other, minima).answer is not Answer.CLEAR:
        assert separation(generalise(one, grid), other, minima).answer is not Answer.CLEAR


# ---- several volumes of one notice


@settings(max_examples=40, deadline=None)
@given(st.lists(near_volumes, min_size=1, max_size=5), st.randoms())
def test_legs_come_out_alike_in_any_order_and_once_only(legs, random):
    grid = GeneralGrid((9,))
    told = generalise_volumes(legs, grid)
    shuffled = [*legs, legs[0]]
    random.shuffle(shuffled)
    assert generalise_volumes(shuffled, grid) == told
    assert generalise_volumes(told, grid) == told
    assert len({(v.altitude, v.window) for v in told}) == len(told)
    for leg in legs:
        single = generalise(leg, grid)
        home = next(v for v in told if (v.altitude, v.window) == (single.altitude, single.window))
        assert np.isin(generalised_cells(leg, grid)[1], cells_behind(home.footprint, 9)).all()


# ---- bad input


@pytest.mark.parametrize(
    "grid",
    [
        {"cell_levels": ()},
        {"cell_levels": (2,)},
        {"cell_levels": (17,)},
        {"cell_levels": (9, True)},
        {"cell_levels": (9,), "layer_m": 0.0},
        {"cell_levels": (9,), "layer_m": nan},
        {"cell_levels": (9,), "slot_us": 0},
        {"cell_levels": (9,), "slot_us": 3.6e9},
        {"cell_levels": (9,), "most_cells": 0},
        {"cell_levels": (9,), "most_cells": 4097},
    ],
)
def test_a_grid_that_cannot_be_is_refused(grid):
    with pytest.raises(InvalidVolume):
        GeneralGrid(**grid)


def test_a_volume_wider_than_the_coarsest_level_allows_is_refused_with_both_numbers():
    with pytest.raises(TooLarge, match=r"at least \d+ cells of level 12; the limit is 4096"):
        generalise(Volume4D(Circle(Position(35.0, 36.0), 900_000.0)), GeneralGrid((12,)))


def test_cells_are_not_read_out_of_other_polygons():
    square = MultiPolygon((Polygon(tuple(Position(*p) for p in ((35, 35), (35, 36), (36, 36), (36, 35)))),))
    assert cells_behind(square, 9) is None
    outline = outline_of(cover_cells(square, 9))
    first = outline.parts[0].shell[0]
    moved = Position(first.latitude_deg + 1e-7, first.longitude_deg)
    off_by_a_hair = MultiPolygon((Polygon((moved, *outline.parts[0].shell[1:])),))
    assert cells_behind(off_by_a_hair, 9) is None


# ---- vectors


def read_footprint(wire):
    def ring(places):
        return tuple(Position(*place) for place in places)

    match wire["kind"]:
        case "circle":
            return Circle(Position(*wire["centre"]), wire["radius_m"])
        case "corridor":
            return Corridor(ring(wire["centre_line"]), wire["half_width_m"], wire["ends"])
        case "orbit":
            return Orbit(*ring(wire["anchors"]), wire["width_m"], wire["alignment"])
    return MultiPolygon(tuple(Polygon(ring(shell), tuple(map(ring, holes))) for shell, *holes in wire["parts"]))


def read_limit(wire, open_m):
    return AltitudeLimit(wire.get("value_m", open_m), AltitudeReference(wire["reference"]))


def read_volume(wire):
    start_us, end_us = wire["start_us"], wire["end_us"]
    return Volume4D(
        read_footprint(wire["footprint"]),
        AltitudeBand(read_limit(wire["altitude_lower"], -inf), read_limit(wire["altitude_upper"], inf)),
        TimeWindow(
            UNSTATED_WINDOW.start_us if start_us is None else start_us,
            UNSTATED_WINDOW.end_us if end_us is None else end_us,
            wire["start_stated"],
            wire["end_stated"],
        ),
        Uncertainty(**wire["uncertainty"]),
    )


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_published_vectors_come_out_to_the_last_bit(path):
    vector = json.loads(path.read_text(encoding="utf-8"))
    grid = GeneralGrid(**{**vector["grid"], "cell_levels": tuple(vector["grid"]["cell_levels"])})
    volume = read_volume(vector["volume"])
    assert vector["generaliser_version"] == GENERALISER_VERSION
    level, cells = generalised_cells(volume, grid)
    assert (level, list(s2cells.tokens(cells))) == (vector["cell_level"], vector["cells"])
    assert generalise(volume, grid) == read_volume(vector["generalised"])


def test_there_are_vectors():
    assert len(VECTORS) >= 25
