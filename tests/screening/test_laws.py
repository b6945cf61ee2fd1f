"""What must hold of the answer whatever the volumes: symmetry, motions that change nothing, and growth that never lowers it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import (
    ALL_ALTITUDES,
    CERTAIN,
    AltitudeBand,
    Answer,
    Circle,
    Corridor,
    Minima,
    MultiPolygon,
    Orbit,
    Polygon,
    Position,
    TimeWindow,
    Uncertainty,
    Volume4D,
)
from detente.screening import lateral_distance_m, separation
from hard_pairs import PAIR_KINDS, draw_pair, point_beside
from strategies import MINUTE_US, corridors, footprints, grids, minima, multipolygons, orbits, polygons, volumes

ROUNDING_M = 0.06  # distances are good to 5 cm; closer to a threshold than this, two equal pairs may be told apart

grid_and_two = grids.flatmap(lambda grid: st.tuples(footprints(grid), footprints(grid)))
pairs = grids.flatmap(lambda grid: st.tuples(volumes(grid), volumes(grid)))
law = settings(max_examples=50, deadline=None)


def distance_is_the_same(a, b, other_a, other_b):
    return lateral_distance_m(other_a, other_b) == pytest.approx(lateral_distance_m(a, b), abs=ROUNDING_M)


def mapped(footprint, move):
    """The footprint with every position moved; left and right stay as they are."""
    match footprint:
        case Circle(centre):
            return replace(footprint, centre=move(centre))
        case Orbit(first, second):
            return replace(footprint, first=move(first), second=move(second))
        case Corridor(line):
            return replace(footprint, centre_line=tuple(map(move, line)))
        case Polygon(shell, holes):
            return Polygon(tuple(map(move, shell)), tuple(tuple(map(move, hole)) for hole in holes))
        case MultiPolygon(parts):
            return MultiPolygon(tuple(mapped(part, move) for part in parts))


# Symmetry and identity


@given(pairs, minima)
@law
def test_the_answer_and_the_separations_do_not_depend_on_the_order_of_the_pair(pair, least):
    a, b = pair
    one, other = separation(a, b, least), separation(b, a, least)
    assert one.answer is other.answer
    assert (one.vertical_m, one.time_s) == (other.vertical_m, other.time_s) or one.answer is Answer.CLEAR
    if one.answer is not Answer.CLEAR:
        assert one.lateral_m.stated == pytest.approx(other.lateral_m.stated, abs=1e-3)


@pytest.mark.parametrize("kind", PAIR_KINDS)
def test_distance_does_not_depend_on_the_order_of_hard_pairs(kind):
    rng = np.random.default_rng([7, *kind.encode()])
    for _ in range(15):
        pair = draw_pair(rng, kind)
        assert lateral_distance_m(pair.a, pair.b) == pytest.approx(lateral_distance_m(pair.b, pair.a), abs=ROUNDING_M)


@given(grids.flatmap(volumes), minima)
@law
def test_a_volume_meets_itself(volume, least):
    stated = volume.altitude.lower.is_stated and volume.window.start_stated
    assert separation(volume, volume, least).answer is (Answer.CONFLICT if stated else Answer.POSSIBLE)


@given(grid_and_two)
@law
def test_separations_are_ordered_and_least_takes_only_what_was_said_off(two):
    sure = Uncertainty(position_m=700.0)
    found = separation(Volume4D(two[0], uncertainty=sure), Volume4D(two[1]), Minima(1e7, 0.0, 0.0))
    assert found.answer is not Answer.CLEAR
    assert 0.0 <= found.lateral_m.least <= found.lateral_m.stated <= found.lateral_m.least + 701.0 + ROUNDING_M


# Motions that change nothing


@given(pairs, minima, st.integers(-(10**9), 10**9))
@law
def test_shifting_both_in_time_changes_nothing(pair, least, by_s):
    later = [replace(volume, window=volume.window.shifted(by_s)) for volume in pair]
    assert separation(*later, least) == separation(*pair, least)


@given(grid_and_two, st.floats(-360, 360))
@law
def test_turning_both_about_the_earths_axis_changes_nothing(two, by_deg):
    def turned(p):
        return Position(p.latitude_deg, (p.longitude_deg + by_deg + 180.0) % 360.0 - 180.0)

    assert distance_is_the_same(*two, *(mapped(footprint, turned) for footprint in two))


@given(grid_and_two)
@law
def test_mirroring_both_in_the_equator_changes_nothing(two):
    def mirrored(footprint):
        other = mapped(footprint, lambda p: Position(-p.latitude_deg, p.longitude_deg))
        swapped = {"left": "right", "right": "left", "centre": "centre"}
        return replace(other, alignment=swapped[other.alignment]) if isinstance(other, Orbit) else other

    assert distance_is_the_same(*two, *map(mirrored, two))


@given(grid_and_two)
@law
def test_the_two_names_of_the_antimeridian_are_one_line(two):
    def renamed(p):
        return Position(p.latitude_deg, -p.longitude_deg) if abs(p.longitude_deg) == 180.0 else p

    assert distance_is_the_same(*two, mapped(two[0], renamed), two[1])


@given(grids.flatmap(lambda grid: st.tuples(polygons(grid), footprints(grid))), st.integers(0, 10), st.booleans())
@law
def test_where_a_ring_begins_and_which_way_it_runs_change_nothing(two, turn, is_reversed):
    polygon, other = two

    def told_otherwise(ring):
        turned = (*ring[turn % len(ring) :], *ring[: turn % len(ring)])
        return turned[::-1] if is_reversed else turned

    same = Polygon(told_otherwise(polygon.shell), tuple(map(told_otherwise, polygon.holes)))
    assert distance_is_the_same(polygon, other, same, other)
    assert distance_is_the_same(polygon, other, MultiPolygon((same,)), other)


@given(grids.flatmap(lambda grid: st.tuples(multipolygons(grid), footprints(grid))))
@law
def test_the_order_of_the_parts_changes_nothing_and_the_nearest_part_decides(two):
    several, other = two
    assert distance_is_the_same(several, other, MultiPolygon(several.parts[::-1]), other)
    nearest_m = min(lateral_distance_m(part, other) for part in several.parts)
    assert lateral_distance_m(several, other) == pytest.approx(nearest_m, abs=ROUNDING_M)


@given(grids.flatmap(lambda grid: st.tuples(corridors(grid), footprints(grid))))
@law
def test_a_corridor_flown_the_other_way_is_the_same_corridor(two):
    corridor, other = two
    assert distance_is_the_same(corridor, other, replace(corridor, centre_line=corridor.centre_line[::-1]), other)


@given(grids.flatmap(lambda grid: st.tuples(orbits(grid), footprints(grid))))
@law
def test_an_orbit_seen_from_its_other_end_lies_on_the_other_side(two):
    orbit, other = two
    side = {"left": "right", "right": "left", "centre": "centre"}[orbit.alignment]
    assert distance_is_the_same(orbit, other, Orbit(orbit.second, orbit.first, orbit.width_m, side), other)


def with_a_point_on_every_edge(positions, fraction, is_ring):
    ends = (*positions[1:], positions[0]) if is_ring else positions[1:]
    points = [q for p, end in zip(positions, ends, strict=False) for q in (p, point_beside(p, end, fraction, 0.0))]
    line = points if is_ring else [*points, positions[-1]]
    return tuple(p for k, p in enumerate(line) if p != line[k - 1])


@given(grids.flatmap(lambda grid: st.tuples(polygons(grid) | corridors(grid), footprints(grid))), st.floats(0.01, 0.99))
@law
def test_splitting_edges_at_points_of_their_geodesics_changes_nothing(two, fraction):
    footprint, other = two
    if isinstance(footprint, Corridor):
        line = with_a_point_on_every_edge(footprint.centre_line, fraction, is_ring=False)
        split = replace(footprint, centre_line=line)
    else:
        split = Polygon(
            *(with_a_point_on_every_edge(ring, fraction, is_ring=True) for ring in (footprint.shell,)),
            tuple(with_a_point_on_every_edge(hole, fraction, is_ring=True) for hole in footprint.holes),
        )
    assert distance_is_the_same(footprint, other, split, other)


# Widening, by any means, never lowers the answer


def grown(draw, volume):
    """The same volume, more of it."""
    way = draw(st.sampled_from(["radius", "parts", "band", "window", "uncertainty", "all altitudes"]))
    match way:
        case "radius":
            return replace(volume, footprint=wider(volume.footprint, draw(st.sampled_from([0.1, 1.0, 500.0]))))
        case "parts" if isinstance(volume.footprint, Polygon):
            hole_filled = Polygon(volume.footprint.shell)
            return replace(volume, footprint=MultiPolygon((hole_filled, volume.footprint)))
        case "band" if volume.altitude.lower.is_stated:
            band = volume.altitude
            return replace(volume, altitude=AltitudeBand(band.lower.shifted(-100.0), band.upper.shifted(50.0)))
        case "window" if volume.window.start_stated:
            window = volume.window
            return replace(volume, window=TimeWindow(window.start_us - MINUTE_US, window.end_us + 1))
        case "all altitudes" if volume.altitude.lower.is_stated:
            return replace(volume, altitude=ALL_ALTITUDES)
    sure = volume.uncertainty
    return replace(volume, uncertainty=Uncertainty(sure.position_m + 10.0, sure.altitude_m + 50.0, sure.time_s + 60.0))


def wider(footprint, by_m):
    match footprint:
        case Circle(_, radius_m):
            return replace(footprint, radius_m=radius_m + by_m)
        case Corridor(_, half_width_m):
            return replace(footprint, half_width_m=half_width_m + by_m, ends="square")
        case Orbit(_, _, width_m, "centre"):
            return replace(footprint, width_m=width_m + by_m)
    return footprint


@given(st.data(), pairs, minima)
@settings(max_examples=120, deadline=None)
def test_widening_a_volume_never_lowers_the_answer(data, pair, least):
    a, b = pair
    assert separation(grown(data.draw, a), b, least).answer >= separation(a, b, least).answer


@given(
    pairs,
    minima,
    st.sampled_from([(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 50.0, 0.0), (0.0, 0.0, 60.0), (900.0, 1.0, 1.0)]),
)
@law
def test_larger_minima_never_lower_the_answer(pair, least, by):
    larger = Minima(least.lateral_m + by[0], least.vertical_m + by[1], least.time_s + by[2])
    assert separation(*pair, larger).answer >= separation(*pair, least).answer


@given(pairs, minima)
@law
def test_leaving_something_unstated_never_clears_and_never_makes_a_conflict(pair, least):
    a, b = pair
    silent = replace(a, altitude=Volume4D(a.footprint).altitude, window=Volume4D(a.footprint).window)
    answer = separation(silent, b, least).answer
    assert answer is not Answer.CONFLICT
    assert answer >= min(separation(a, b, least).answer, Answer.POSSIBLE)


@given(pairs, minima)
@law
def test_certainty_only_ever_turns_possible_into_clear(pair, least):
    a, b = pair
    sure = separation(replace(a, uncertainty=CERTAIN), replace(b, uncertainty=CERTAIN), least).answer
    unsure = separation(a, b, least).answer
    assert sure is unsure or (unsure is Answer.POSSIBLE and sure is Answer.CLEAR)


@given(grid_and_two, st.sampled_from([0.5, 100.0, 5000.0]))
@law
def test_a_wider_circle_is_nearer_by_just_that_much(two, by_m):
    footprint, other = two
    circle = other if isinstance(other, Circle) else Circle(Position(33.0, 35.0), 10.0)
    near_m = lateral_distance_m(footprint, circle)
    wide_m = lateral_distance_m(footprint, replace(circle, radius_m=circle.radius_m + by_m))
    assert wide_m == pytest.approx(max(0.0, near_m - by_m), abs=ROUNDING_M) if near_m > 0.0 else wide_m == 0.0
