"""The polygons of a cover hold every cell that may be seen, and little more."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import InvalidVolume, Position, amsl
from detente.geodesy import wgs84
from detente.geodesy.terrain import Terrain
from detente.hazard import Antenna, cover, cover_polygons
from detente.interop.write_geojson import geometry

PLACES = [
    Position(33.5, 35.9),
    Position(0.02, 179.9),
    Position(-0.01, -179.99),
    Position(61.0, -0.01),
    Position(84.0, 12.0),
    Position(-88.0, 0.0),
]


def spiky(place, seed, side=60, per_degree=100):
    low = np.random.default_rng(seed).integers(0, 900, (side, side)).astype(np.int16)
    return Terrain(
        place.latitude_deg - side / 2 / per_degree,
        place.longitude_deg - side / 2 / per_degree,
        per_degree,
        per_degree,
        low,
        low,
        ("made",),
        0.01,
    )


def drawn(polygons):
    shape = shapely.geometry.shape(geometry(polygons))
    assert shape.is_valid
    return shape


@settings(max_examples=40, deadline=None)
@given(place=st.sampled_from(PLACES), seed=st.integers(0, 999), altitude_m=st.sampled_from([300, 800, 1_000]), detail_m=st.sampled_from([None, 700.0, 3_000.0]), off_by_m=st.sampled_from([0.0, 900.0]))  # fmt: skip
def test_every_place_that_may_be_seen_lies_in_the_polygons_as_a_map_draws_them(
    place, seed, altitude_m, detail_m, off_by_m
):
    made = cover(Antenna(place, off_by_m, amsl(950)), 20_000.0, terrain=spiky(place, seed), cell_m=600.0)
    shape = drawn(cover_polygons(made, amsl(altitude_m), detail_m=detail_m))
    draw = np.random.default_rng(seed)
    azimuth_deg, far_m = draw.uniform(0, 360, 300), made.reach_m * np.sqrt(draw.uniform(0, 1, 300))
    lat, lon = wgs84.direct(place.latitude_deg, place.longitude_deg, azimuth_deg, far_m)
    seen = made.may_see(lat, lon, amsl(altitude_m))
    held = shapely.intersects_xy(shape, np.round(lon, 7), np.round(lat, 7))
    assert held[seen].all()


def test_at_the_detail_of_the_cells_little_more_than_they_is_drawn():
    place = PLACES[0]
    made = cover(Antenna(place, 0.0, amsl(950)), 20_000.0, terrain=spiky(place, 4), cell_m=400.0)
    polygons = cover_polygons(made, amsl(700), detail_m=400.0)
    draw = np.random.default_rng(4)
    lat, lon = wgs84.direct(
        place.latitude_deg,
        place.longitude_deg,
        draw.uniform(0, 360, 4_000),
        made.reach_m * np.sqrt(draw.uniform(0, 1, 4_000)),
    )
    seen, held = made.may_see(lat, lon, amsl(700)), shapely.intersects_xy(drawn(polygons), lon, lat)
    assert 0.1 < seen.mean() < 0.9
    assert (held & ~seen).mean() < 0.04


def test_over_a_smooth_earth_the_outline_is_one_ring_about_the_place():
    made = cover(Antenna(PLACES[0], 0.0, amsl(30)), 100_000.0, cell_m=2_000.0)
    (polygon,) = cover_polygons(made, amsl(500))
    assert polygon.holes == ()
    _, far_m = wgs84.inverse(
        33.5, 35.9, [p.latitude_deg for p in polygon.shell], [p.longitude_deg for p in polygon.shell]
    )
    within_m = made.rings_within(100_000.0) * made.ring_m
    assert within_m <= far_m.min()
    assert far_m.max() <= within_m * 1.002 + 10.0
    assert len(polygon.shell) < 1_500


def test_a_smaller_range_is_drawn_smaller_and_an_altitude_below_all_ground_hardly_at_all():
    made = cover(Antenna(PLACES[0], 0.0, amsl(30)), 60_000.0, cell_m=2_000.0)
    small, large = (drawn(cover_polygons(made, amsl(5_000), range_m)).area for range_m in (20_000.0, None))
    assert small < large / 7
    plain = Terrain(
        32.0, 34.0, 10, 10, np.full((40, 40), 20, np.int16), np.full((40, 40), 20, np.int16), ("made",), 0.1
    )
    near = cover(Antenna(PLACES[0], 0.0, amsl(30)), 60_000.0, terrain=plain, cell_m=2_000.0)
    assert near.seen(amsl(-9_000)).sum() == near.wedges * 2  # the cells at the antenna, in which nothing hides
    assert len(cover_polygons(near, amsl(-9_000))) == 1


@pytest.mark.parametrize("detail_m", [0.0, -1.0, float("nan"), 1e9])
def test_a_detail_that_is_none_is_refused(detail_m):
    made = cover(Antenna(PLACES[0], 0.0, amsl(30)), 10_000.0, cell_m=2_000.0)
    with pytest.raises(InvalidVolume, match="detail"):
        cover_polygons(made, amsl(500), detail_m=detail_m)


@pytest.mark.parametrize("latitude_deg", [89.9, -90.0, 88.9])
def test_no_outline_in_degrees_is_drawn_about_a_pole(latitude_deg):
    made = cover(Antenna(Position(latitude_deg, 12.0), 0.0, amsl(30)), 20_000.0, cell_m=2_000.0)
    with pytest.raises(InvalidVolume, match="near a pole"):
        cover_polygons(made, amsl(500))
