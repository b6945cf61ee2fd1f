"""The cover holds the footprint: judged by s2geometry's cells and points placed with GeographicLib."""

import subprocess
import sys
from math import inf, nan

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.domain import (
    CERTAIN,
    SURFACE,
    UNSTATED_BAND,
    UNSTATED_WINDOW,
    AltitudeBand,
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
from detente.screening import lateral_distance_m, s2cells, separation
from detente.screening.cover import (
    OPEN_ABOVE,
    OPEN_BELOW,
    SLACK_M,
    Cover,
    CoverGrid,
    Span,
    cells_meeting,
    cover,
    cover_cells,
    slots_of,
    widened,
)
from detente.screening.shape import PIECE_M, shape_of

s2 = pytest.importorskip("s2geometry")
GEOD = Geod(ellps="WGS84")
HOUR_US = 3_600_000_000
GRID = CoverGrid(9, 1524.0, HOUR_US)
CUBE_CORNER = float(np.degrees(np.arctan(np.sqrt(0.5))))

# poles, antimeridian, where faces of the cube meet, a corner of the cube, a corner of cells of every level
PLACES = [
    (90.0, 0.0),
    (-89.95, 20.0),
    (0.0, 180.0),
    (35.0, 45.0),
    (CUBE_CORNER, 45.0),
    (0.0, 0.0),
    (33.5, 35.8),
    (-52.0, -179.9),
]
places = st.one_of(
    st.sampled_from(PLACES),
    st.tuples(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0)),
    st.sampled_from(PLACES).flatmap(
        lambda p: st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)).map(
            lambda d: (max(-90.0, min(90.0, p[0] + d[0])), (p[1] + d[1] + 180.0) % 360.0 - 180.0)
        )
    ),
)
shares = st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3)
azimuths = st.floats(0.0, 360.0)


def reach(lat, lon, azimuth_deg, distance_m):
    lon2, lat2, _ = GEOD.fwd(lon, lat, azimuth_deg, distance_m)
    return lat2, lon2


def along(first, second, share):
    azimuth_deg, _, length_m = GEOD.inv(first[1], first[0], second[1], second[0])
    return reach(*first, azimuth_deg, length_m * share)


def position(place):
    lat, lon = place
    return Position(float(lat), float((lon + 180.0) % 360.0 - 180.0))


@st.composite
def circles(draw, largest_m=300_000.0):
    """A circle and a way to a point of it: from three shares of 0 to 1."""
    place, radius_m = draw(places), draw(st.floats(50.0, largest_m))
    return Circle(position(place), radius_m), lambda a, b, _: reach(*place, 360.0 * a, radius_m * b)


@st.composite
def corridors(draw, longest_m=1_000_000.0):
    place, half_m = draw(places), draw(st.floats(50.0, 20_000.0))
    line = [place]
    for _ in range(draw(st.integers(1, 3))):
        line.append(reach(*line[-1], draw(azimuths), draw(st.floats(2.0 * half_m, longest_m / 3))))

    def point(a, b, c):
        k = min(int(a * (len(line) - 1)), len(line) - 2)
        return reach(*along(line[k], line[k + 1], a * (len(line) - 1) - k), 360.0 * b, half_m * c)

    return Corridor(tuple(map(position, line)), half_m, draw(st.sampled_from(["round", "square"]))), point


@st.composite
def square_ends(draw):
    """Points in the square beyond the far end of a corridor."""
    place, azimuth_deg, half_m = draw(places), draw(azimuths), draw(st.floats(50.0, 20_000.0))
    end = reach(*place, azimuth_deg, 3.0 * half_m)
    onward_deg = GEOD.inv(end[1], end[0], place[1], place[0])[0] + 180.0

    def point(a, b, _):
        middle = reach(*end, onward_deg, half_m * a)
        back_deg = GEOD.inv(middle[1], middle[0], end[1], end[0])[0] if a > 0.0 else onward_deg + 180.0
        return reach(*middle, back_deg + 90.0, half_m * (2.0 * b - 1.0) * 0.9999)

    return Corridor((position(place), position(end)), half_m, "square"), point


@st.composite
def orbits(draw):
    first, azimuth_deg, width_m = draw(places), draw(azimuths), draw(st.floats(100.0, 30_000.0))
    second = reach(*first, azimuth_deg, draw(st.floats(1_000.0, 200_000.0)))
    alignment = draw(st.sampled_from(["left", "centre", "right"]))
    aside_deg = {"left": -90.0, "centre": 0.0, "right": 90.0}[alignment]
    aside_m = 0.0 if alignment == "centre" else width_m / 2
    onward_deg = GEOD.inv(second[1], second[0], first[1], first[0])[0] + 180.0
    ends = reach(*first, azimuth_deg + aside_deg, aside_m), reach(*second, onward_deg + aside_deg, aside_m)
    return (
        Orbit(position(first), position(second), width_m, alignment),
        lambda a, b, c: reach(*along(*ends, a), 360.0 * b, width_m / 2 * c),
    )


@st.composite
def polygons(draw, largest_m=150_000.0):
    """Stars round a place, with or without a hole; points from the hole's rim (or the middle) out to the shell's."""
    place, size_m = draw(places), draw(st.floats(500.0, largest_m))
    count = draw(st.integers(3, 9))
    turn_deg, spokes = draw(azimuths), draw(st.lists(st.floats(0.5, 1.0), min_size=count, max_size=count))
    shell = [reach(*place, turn_deg + 360.0 * k / count, size_m * s) for k, s in enumerate(spokes)]
    inner = draw(st.sampled_from([0.0, 0.1, 0.2]))
    hole = [reach(*place, turn_deg + 360.0 * k / count, size_m * inner * s) for k, s in enumerate(spokes)]

    def point(a, b, c):
        k = min(int(a * count), count - 1)
        outer = along(shell[k], shell[(k + 1) % count], b)
        return along(along(hole[k], hole[(k + 1) % count], b) if inner else place, outer, c)

    holes = (tuple(map(position, hole)),) if inner else ()
    return Polygon(tuple(map(position, shell)), holes), point


@st.composite
def multipolygons(draw):
    parts = draw(st.lists(polygons(largest_m=50_000.0), min_size=1, max_size=3))
    return MultiPolygon(tuple(part for part, _ in parts)), lambda a, b, c: parts[int(a * 2.999) % len(parts)][1](
        a, b, c
    )


footprints = st.one_of(circles(), corridors(), square_ends(), orbits(), polygons(), multipolygons())


def cell_id(lat, lon, level):
    return s2.S2CellId(s2.S2LatLng.FromDegrees(float(lat), float(lon)).Normalized()).parent(level).id()


def level_for(footprint, most_cells):
    shape = shape_of(footprint)
    for level in range(14, 3, -1):
        try:
            cells_meeting(shape, level, most_cells=most_cells)
        except TooLarge:
            continue
        return level
    return 3


# ---- cells, against s2geometry


@given(st.lists(places, min_size=1, max_size=20), st.integers(0, 30))
def test_a_point_lies_in_the_cell_that_s2geometry_puts_it_in(points, level):
    lat, lon = np.array(points).T
    ours = s2cells.cells_at(wgs84.normals(lat, lon), level)
    theirs = [cell_id(*p, level) for p in points]
    same = ours.ids == np.array(theirs, dtype=np.uint64)
    for k in np.flatnonzero(~same):  # on an edge, where rounding may choose either: the other cell touches the point
        other = s2.S2Cell(s2.S2CellId(int(ours.ids[k])))
        assert other.GetDistance(s2.S2LatLng.FromDegrees(*points[k]).ToPoint()).ToAngle().radians() < 1e-14


@given(st.integers(0, 30), st.integers(0, 2**63))
def test_ids_columns_parents_and_corners_are_those_of_s2geometry(level, seed):
    rng = np.random.default_rng(seed)
    top = 1 << level
    cells = s2cells.Cells(level, rng.integers(0, 6, 8), rng.integers(0, top, 8), rng.integers(0, top, 8))
    again = s2cells.cells_of(cells.ids, level)
    assert (again.face == cells.face).all()
    assert (again.i == cells.i).all()
    assert (again.j == cells.j).all()
    for k, own in enumerate(cells.ids.tolist()):
        theirs = s2.S2CellId(own)
        assert theirs.is_valid()
        assert theirs.level() == level
        assert s2cells.token(own) == theirs.ToToken()
        assert s2cells.id_of_token(s2cells.token(own)) == own
        assert s2cells.parents(cells.ids[k : k + 1], level // 2) == theirs.parent(level // 2).id()
        corners = [_xyz(s2.S2Cell(theirs).GetVertex(n)) for n in range(4)]
        assert np.abs(cells.corners[k] - corners).max() < 1e-15


def _xyz(point):
    return np.array([point.x(), point.y(), point.z()])


@given(st.integers(0, 2**63), st.integers(2, 20))
def test_compacting_keeps_the_ground_and_joins_as_s2geometry_does(seed, level):
    rng = np.random.default_rng(seed)
    home = s2cells.Cells(level - 2, np.array([3]), *(rng.integers(0, 1 << (level - 2), (2, 1))))
    fine = s2cells.descendants(home.ids, level)
    some = np.sort(rng.choice(fine, rng.integers(1, 17), replace=False))
    union = s2.S2CellUnion()
    union.Init([int(x) for x in some])
    ours = s2cells.compact(some)
    assert ours.tolist() == sorted(union.cell_id(k).id() for k in range(union.num_cells()))
    spread = [s2cells.descendants(ours[k : k + 1], level) for k in range(len(ours))]
    assert np.sort(np.concatenate(spread)).tolist() == some.tolist()


@pytest.mark.parametrize("text", ["", "x", "0", "00000000000000001", "f", "89c252", "89C25"])
def test_what_is_no_token_is_refused(text):
    with pytest.raises(InvalidVolume, match="token"):
        s2cells.id_of_token(text)


# ---- the cover holds the footprint


@settings(max_examples=120, deadline=None)
@given(footprints, st.lists(shares, min_size=10, max_size=25), st.sampled_from([0.0, 30.0, 5_000.0]), azimuths)
def test_every_point_of_a_footprint_and_of_its_uncertainty_lies_in_a_cell_of_its_cover(
    shape, samples, uncertain_m, azimuth_deg
):
    footprint, point = shape
    level = level_for(footprint, 400)
    cells = set(cover_cells(footprint, level, wider_m=uncertain_m).tolist())
    for a, b, c in [*samples, [0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.5, 0.5, 1.0]]:
        spot = reach(*point(a, b, c), azimuth_deg + 360.0 * b, uncertain_m * (c**0.25))
        assert cell_id(*spot, level) in cells, (footprint, spot)


def test_the_rim_of_a_wide_circle_is_covered_where_the_ellipsoid_bends_most_and_least():
    """With the mean radius of the Earth for metres, some of these would not be."""
    for lat in (0.0, 30.0, 60.0, 90.0):
        cells = set(cover_cells(Circle(Position(lat, 10.0), 1_000_000.0), 8).tolist())
        for azimuth_deg in np.arange(0.0, 360.0, 0.25):
            assert cell_id(*reach(lat, 10.0, azimuth_deg, 1_000_000.0), 8) in cells


@settings(max_examples=80, deadline=None)
@given(footprints, st.sampled_from([0.0, 4_000.0]), st.integers(1, 40))
def test_where_the_search_for_cells_starts_changes_nothing(shape, wider_m, first_pairs):
    footprint, _ = shape
    level = level_for(footprint, 200)
    cells = cover_cells(footprint, level, wider_m=wider_m).tolist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("detente.screening.cover._FIRST_PAIRS", first_pairs)
        assert cover_cells(footprint, level, wider_m=wider_m).tolist() == cells


@settings(max_examples=60, deadline=None)
@given(footprints, shares, azimuths)
def test_what_lies_a_hand_outside_the_footprint_is_still_covered(shape, sample, azimuth_deg):
    footprint, point = shape
    spot = reach(*point(*sample), azimuth_deg, 0.05)
    level = 16 if isinstance(footprint, Circle) and footprint.radius_m < 5_000 else level_for(footprint, 2_000)
    assert cell_id(*spot, level) in set(cover_cells(footprint, level).tolist())


@settings(max_examples=25, deadline=None)
@given(footprints, st.sampled_from([0.0, 2_000.0]))
def test_no_cell_of_a_cover_lies_farther_away_than_one_percent_of_the_widening(shape, wider_m):
    footprint, _ = shape
    level = level_for(footprint, 60)
    width_m = max(core.radius_m for core in shape_of(footprint).cores) + wider_m
    for own in cover_cells(footprint, level, wider_m=wider_m):
        cell = s2.S2Cell(s2.S2CellId(int(own)))
        corners = [s2.S2LatLng(cell.GetVertex(k)) for k in range(4)]
        edge = [(p.lat().degrees(), p.lng().degrees()) for p in corners]
        ring = [along(edge[k], edge[(k + 1) % 4], s) for k in range(4) for s in (0.0, 0.25, 0.5, 0.75)]
        sides_km = max(GEOD.inv(*edge[k][::-1], *edge[(k + 1) % 4][::-1])[2] for k in range(4)) / 1000
        stray_m = 6.6e-5 * sides_km**2
        apart_m = lateral_distance_m(Polygon(tuple(map(position, ring))), footprint)
        assert apart_m <= 1.0102 * width_m - (width_m - wider_m) + 0.2 + stray_m


@settings(max_examples=60, deadline=None)
@given(footprints, st.sampled_from([0.0, 1_000.0]))
def test_the_cover_at_a_level_is_the_parents_of_the_cover_at_a_finer_one(shape, wider_m):
    footprint, _ = shape
    level = level_for(footprint, 1_500)
    fine = cover_cells(footprint, level, wider_m=wider_m)
    for above in (1, 2, 3):
        coarse = cover_cells(footprint, max(level - above, 0), wider_m=wider_m)
        assert s2cells.parents(fine, max(level - above, 0)).tolist() == coarse.tolist()


@settings(max_examples=60, deadline=None)
@given(footprints, st.sampled_from([1.0, 500.0, 20_000.0]))
def test_a_wider_footprint_has_every_cell_of_the_narrower(shape, wider_m):
    footprint, _ = shape
    level = level_for(footprint, 300)
    assert np.isin(cover_cells(footprint, level), cover_cells(footprint, level, wider_m=wider_m)).all()


@settings(max_examples=40, deadline=None)
@given(polygons(), st.integers(0, 8))
def test_where_a_ring_starts_and_which_way_it_runs_changes_nothing(shape, start):
    polygon, _ = shape
    start %= len(polygon.shell)
    turned = Polygon((polygon.shell[start:] + polygon.shell[:start])[::-1], tuple(h[::-1] for h in polygon.holes))
    level = level_for(polygon, 300)
    assert cover_cells(polygon, level).tolist() == cover_cells(turned, level).tolist()


def test_a_hole_is_left_out_only_where_no_point_of_the_footprint_is():
    def ring(radius_m):
        return tuple(position(reach(35.0, 36.0, 30.0 * k, radius_m)) for k in range(12))

    level, hole_m = 11, 60_000.0
    cells = set(cover_cells(Polygon(ring(100_000.0), (ring(hole_m),)), level).tolist())
    full = cover_cells(Polygon(ring(100_000.0)), level)
    hole = shape_of(Polygon(ring(hole_m)))
    for own in full.tolist():
        corners = [s2.S2LatLng(s2.S2Cell(s2.S2CellId(own)).GetVertex(k)) for k in range(4)]
        lat, lon = np.array([(p.lat().degrees(), p.lng().degrees()) for p in corners]).T
        in_hole = hole.cores[0].winds_round(lat, lon).all()  # the hole is convex
        assert (own in cells) == (not in_hole)
    assert len(full) > len(cells)


def test_half_the_earth_wide_footprints_are_covered_on_every_face():
    circle = Circle(Position(20.0, 30.0), 5_000_000.0)
    cells = set(cover_cells(circle, 5).tolist())
    for azimuth_deg in range(0, 360, 5):
        for share in (0.3, 0.7, 1.0):
            assert cell_id(*reach(20.0, 30.0, azimuth_deg, 5_000_000.0 * share), 5) in cells
    assert cell_id(-20.0, -150.0, 5) not in cells


def test_the_cover_of_a_circle_is_within_the_slack_that_of_s2geometry():
    for radius_m in (1_000.0, 15_000.0, 150_000.0):
        for lat, lon in PLACES:
            coverer = s2.S2RegionCoverer()
            level = level_for(Circle(position((lat, lon)), radius_m), 200)
            coverer.set_fixed_level(level)
            cap = s2.S2Cap(s2.S2LatLng.FromDegrees(lat, lon).ToPoint(), s2.S1Angle.Radians(radius_m / 6_335_439.327))
            theirs = {x.id() for x in coverer.GetCovering(cap)}
            ours = set(cover_cells(Circle(position((lat, lon)), radius_m), level).tolist())
            assert theirs >= ours - {x for x in ours if x not in theirs and _nearly_touches(x, lat, lon, radius_m)}
            assert {
                x
                for x in theirs - ours
                if s2.S2Cell(s2.S2CellId(x)).GetDistance(cap.center()).ToAngle().radians() <= radius_m / 6_335_439.327
            } == set()


def _nearly_touches(own, lat, lon, radius_m):
    angle = s2.S2Cell(s2.S2CellId(own)).GetDistance(s2.S2LatLng.FromDegrees(lat, lon).ToPoint()).ToAngle().radians()
    return radius_m / 6_335_439.327 < angle <= (radius_m + SLACK_M) / 6_335_439.327 + 1e-14


def test_great_circle_and_geodesic_part_by_less_than_half_the_slack_on_every_piece():
    rng = np.random.default_rng(20180917)
    lat, lon = np.degrees(np.arcsin(rng.uniform(-1, 1, 20_000))), rng.uniform(-180, 180, 20_000)
    azimuth_deg = rng.uniform(0, 360, 20_000)
    first = wgs84.normals(lat, lon)
    second = wgs84.normals(*wgs84.direct(lat, lon, azimuth_deg, PIECE_M))
    plane = np.cross(first, second)
    plane /= np.linalg.norm(plane, axis=1, keepdims=True)
    for share in (0.3, 0.5, 0.7):
        on_geodesic = wgs84.normals(*wgs84.direct(lat, lon, azimuth_deg, PIECE_M * share))
        assert np.abs((on_geodesic * plane).sum(axis=1)).max() * wgs84.SMALLEST_CURVATURE_RADIUS_M < SLACK_M / 2


def test_the_cover_is_at_most_half_as_large_again_as_the_footprint_at_the_95th_percentile():
    """Footprints 5 to 50 cells across at their narrowest; also in docs/cover.md."""
    rng = np.random.default_rng(3)
    ratios = []
    for _ in range(400):
        lat, lon = float(np.degrees(np.arcsin(rng.uniform(-1, 1)))), float(rng.uniform(-180, 180))
        across_m = rng.uniform(5.0, 50.0) * _cell_width_m(lat, lon, 11)
        footprint, area_m2 = _footprint_across(rng, lat, lon, across_m)
        cells = cover_cells(footprint, 11)
        ratios.append(
            sum(_area_m2(int(own)) for own in cells[:: max(1, len(cells) // 300)])
            / len(cells[:: max(1, len(cells) // 300)])
            * len(cells)
            / area_m2
        )
    print("cover/footprint, median and 95th percentile:", np.percentile(ratios, [50, 95, 100]))
    assert min(ratios) >= 1.0
    assert np.percentile(ratios, 95) <= 1.5


def _footprint_across(rng, lat, lon, across_m):
    kind = rng.integers(0, 3)
    if kind == 0:
        circle = Circle(Position(lat, lon), across_m / 2)
        return circle, np.pi * across_m**2 / 4
    if kind == 1:
        length_m = across_m * rng.uniform(1.0, 6.0)
        end = reach(lat, lon, rng.uniform(0, 360), length_m)
        return Corridor(
            (Position(lat, lon), position(end)), across_m / 2
        ), across_m * length_m + np.pi * across_m**2 / 4
    count = int(rng.integers(4, 12))
    turn_deg = rng.uniform(0, 360)  # a regular polygon's narrowest width is at least twice its inner radius
    ring = [reach(lat, lon, turn_deg - 360 * k / count, across_m / 2 / np.cos(np.pi / count)) for k in range(count)]
    area_m2, _ = GEOD.polygon_area_perimeter([p[1] for p in ring], [p[0] for p in ring])
    return Polygon(tuple(map(position, ring))), abs(area_m2)


def _cell_width_m(lat, lon, level):
    return _area_m2(cell_id(lat, lon, level)) ** 0.5


def _area_m2(own):
    cell = s2.S2Cell(s2.S2CellId(own))
    lat = s2.S2LatLng(cell.GetCenter()).lat().radians()
    wave = 1 - wgs84.ECCENTRICITY_SQUARED * np.sin(lat) ** 2
    return cell.ExactArea() * wgs84.SEMI_MAJOR_M**2 * (1 - wgs84.ECCENTRICITY_SQUARED) / wave**2


# ---- the budget, and what is refused before any cell is made


@settings(max_examples=40, deadline=None)
@given(footprints)
def test_a_budget_refuses_one_cell_too_many_and_no_fewer(shape):
    footprint, _ = shape
    level = level_for(footprint, 200)
    count = len(cover_cells(footprint, level))
    assert len(cover_cells(footprint, level, most_cells=count)) == count
    with pytest.raises(TooLarge, match=rf"at least \d+ cells of level {level}; the limit is {count - 1}\b"):
        cover_cells(footprint, level, most_cells=count - 1)


@pytest.mark.parametrize(
    "footprint",
    [
        Circle(Position(35.0, 36.0), 3_300_000.0),
        Corridor((Position(30.0, 30.0), Position(36.0, 39.0)), 50.0),
        Polygon((Position(10.0, 10.0), Position(10.0, 60.0), Position(50.0, 60.0), Position(50.0, 10.0))),
    ],
)
def test_the_finest_cells_of_a_wide_footprint_are_refused_and_not_counted_out(footprint):
    with pytest.raises(TooLarge, match="the limit is 65536"):
        cover_cells(footprint, 30)


@pytest.mark.parametrize("by_m", [-1.0, nan, inf, -inf])
def test_a_widening_that_is_no_size_is_refused(by_m):
    with pytest.raises(InvalidVolume, match="widened"):
        widened(shape_of(Circle(Position(0.0, 0.0), 1.0)), by_m)


@pytest.mark.parametrize("level", [-1, 31, 10.0, True, None, nan])
def test_what_is_no_cell_level_is_refused(level):
    with pytest.raises(InvalidVolume, match="cell level"):
        cover_cells(Circle(Position(0.0, 0.0), 1.0), level)


@pytest.mark.parametrize(
    ("layer_m", "slot_us"),
    [
        (0.0, HOUR_US),
        (-5.0, HOUR_US),
        (nan, HOUR_US),
        (inf, HOUR_US),
        (1524.0, 0),
        (1524.0, -1),
        (1524.0, 3.6e9),
        (1524.0, True),
    ],
)
def test_a_grid_without_size_is_refused(layer_m, slot_us):
    with pytest.raises(InvalidVolume, match="not between"):
        CoverGrid(9, layer_m, slot_us)


def test_a_ring_that_crosses_itself_never_becomes_cells():
    bow_tie = (Position(0.0, 0.0), Position(1.0, 1.0), Position(1.0, 0.0), Position(0.0, 1.0))
    with pytest.raises(InvalidVolume, match="crosses"):
        cover_cells(Polygon(bow_tie), 8)


def test_an_angle_that_is_no_size_has_no_cells_round_it():
    for angle in (-1e-9, nan, inf):
        with pytest.raises(InvalidVolume, match="angle"):
            s2cells.cells_round(np.array([1.0, 0.0, 0.0]), angle, 10, 64)


# ---- layers and slots


def volume(**changes):
    parts = {
        "footprint": Circle(Position(34.0, 36.0), 8_000.0),
        "altitude": AltitudeBand(hae(1_000.0), hae(2_000.0)),
        "window": TimeWindow(10 * HOUR_US, 11 * HOUR_US),
        "uncertainty": CERTAIN,
    }
    return Volume4D(**{**parts, **changes})


@given(
    st.floats(-1_000.0, 20_000.0),
    st.floats(0.0, 5_000.0),
    st.floats(0.0, 3_000.0),
    st.floats(-1.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_every_altitude_of_a_band_and_its_uncertainty_lies_in_a_layer(lower_m, depth_m, uncertain_m, off, share):
    band = AltitudeBand(hae(lower_m), hae(lower_m + depth_m))
    layers = cover(volume(altitude=band, uncertainty=Uncertainty(0.0, uncertain_m, 0.0)), GRID).layers
    altitude_m = lower_m + depth_m * share + off * uncertain_m
    assert layers.first <= altitude_m // GRID.layer_m <= layers.last
    assert layers.count <= (depth_m + 2 * uncertain_m) / GRID.layer_m + 3


@given(
    st.integers(-(10**15), 10**16),
    st.integers(0, 10**13),
    st.floats(0.0, 1e5),
    st.floats(-1.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_every_instant_of_a_window_and_its_uncertainty_lies_in_a_slot(start_us, length_us, uncertain_s, off, share):
    slots = slots_of(TimeWindow(start_us, start_us + length_us), uncertain_s, HOUR_US)
    instant_us = start_us + int(length_us * share) + int(off * uncertain_s * 1e6)
    assert slots.first <= instant_us // HOUR_US <= slots.last


def test_open_and_unstated_sides_reach_every_layer_and_slot_without_listing_them():
    open_cover = cover(volume(altitude=UNSTATED_BAND, window=UNSTATED_WINDOW), GRID)
    assert open_cover.layers == Span(OPEN_BELOW, OPEN_ABOVE)
    for instant_us in (-(2**60), 0, 2**60):
        assert open_cover.slots.first <= instant_us // HOUR_US <= open_cover.slots.last
    with pytest.raises(TooLarge, match="the limit is 10000"):
        open_cover.slots.numbers(10_000)
    assert list(Span(3, 5).numbers(3)) == [3, 4, 5]


def test_a_lower_limit_at_the_surface_is_open_below_as_in_screening():
    assert cover(volume(altitude=AltitudeBand(SURFACE, hae(2_000.0))), GRID).layers.first == OPEN_BELOW


def test_covers_that_share_two_of_the_three_do_not_meet():
    own = cover(volume(), GRID)
    assert own.meets(own)
    for other in (
        volume(footprint=Circle(Position(35.5, 36.0), 8_000.0)),
        volume(altitude=AltitudeBand(hae(8_000.0), hae(9_000.0))),
        volume(window=TimeWindow(20 * HOUR_US, 21 * HOUR_US)),
    ):
        assert not own.meets(cover(other, GRID))


near = st.tuples(st.floats(33.6, 34.4), st.floats(35.6, 36.4)).map(lambda p: Position(*p))
near_footprints = st.one_of(
    st.builds(Circle, near, st.floats(100.0, 20_000.0)),
    st.tuples(near, near, st.floats(100.0, 5_000.0))
    .filter(lambda t: t[0] != t[1])
    .map(lambda t: Corridor(t[:2], t[2])),
)
limits = st.sampled_from([hae, amsl, agl])
bands = st.one_of(
    st.just(UNSTATED_BAND),
    st.tuples(st.floats(0.0, 4_000.0), st.floats(0.0, 1_000.0)).map(
        lambda t: AltitudeBand(hae(t[0]), hae(t[0] + t[1]))
    ),
)
referenced_bands = st.one_of(
    bands,
    st.tuples(limits, st.floats(0.0, 4_000.0), st.floats(0.0, 1_000.0)).map(
        lambda t: AltitudeBand(t[0](t[1]), t[0](t[1] + t[2]))
    ),
    st.integers(5, 120).map(lambda level: AltitudeBand(flight_level(level), flight_level(level + 10))),
    st.floats(0.0, 2_000.0).map(lambda top_m: AltitudeBand(SURFACE, amsl(top_m))),
)
windows = st.one_of(
    st.just(UNSTATED_WINDOW),
    st.tuples(st.integers(0, 10 * HOUR_US), st.integers(0, HOUR_US)).map(lambda t: TimeWindow(t[0], t[0] + t[1])),
)
uncertainties = st.builds(Uncertainty, st.floats(0.0, 3_000.0), st.floats(0.0, 300.0), st.floats(0.0, 900.0))
minimas = st.builds(Minima, st.floats(0.0, 20_000.0), st.floats(0.0, 500.0), st.floats(0.0, 1_800.0))


@settings(max_examples=300, deadline=None)
@given(
    near_footprints,
    near_footprints,
    st.tuples(bands, bands),
    st.tuples(windows, windows),
    st.tuples(uncertainties, uncertainties),
    minimas,
)
def test_two_volumes_that_screening_would_not_call_clear_share_a_key(a, b, altitudes, times, unsure, minima):
    _assert_a_key_is_shared(a, b, altitudes, times, unsure, minima)


@settings(max_examples=300, deadline=None)
@given(
    near_footprints,
    near_footprints,
    st.tuples(referenced_bands, referenced_bands),
    st.tuples(windows, windows),
    st.tuples(uncertainties, uncertainties),
    minimas,
)
def test_a_key_is_shared_whatever_the_altitudes_are_measured_from(a, b, altitudes, times, unsure, minima):
    _assert_a_key_is_shared(a, b, altitudes, times, unsure, minima)


def _assert_a_key_is_shared(a, b, altitudes, times, unsure, minima):
    one, other = (Volume4D(f, *rest) for f, *rest in zip((a, b), altitudes, times, unsure, strict=True))
    if separation(one, other, minima).answer is not Answer.CLEAR:
        assert cover(one, GRID, within=minima).meets(cover(other, GRID))
        assert cover(one, GRID).meets(cover(other, GRID, within=minima))


@given(footprints)
@settings(max_examples=20, deadline=None)
@example((Circle(Position(90.0, 0.0), 1_000.0), None))
def test_equal_volumes_have_equal_covers(shape):
    level = level_for(shape[0], 100)
    first, second = (cover(volume(footprint=shape[0]), CoverGrid(level, 1524.0, HOUR_US)) for _ in range(2))
    assert isinstance(first, Cover)
    assert first.cells.tobytes() == second.cells.tobytes()
    assert (first.layers, first.slots) == (second.layers, second.slots)


def test_neither_the_package_nor_the_cover_imports_s2geometry():
    code = "import sys, detente, detente.screening.cover, detente.screening.generalise; print(any('s2geometry' in m for m in sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
