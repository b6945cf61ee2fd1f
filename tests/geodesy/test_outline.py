"""Outlines for the eye: outside the footprint, and by little."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import Circle, Corridor, MultiPolygon, Orbit, Polygon, Position
from detente.geodesy import wgs84
from detente.geodesy.chart import Chart, middle
from detente.geodesy.outline import outline

latitudes = st.floats(-89.0, 89.0)
longitudes = st.floats(-180.0, 180.0)


def shapely_on(chart, polygon):
    import shapely

    def flat(ring):
        return np.column_stack(chart.forward([p.latitude_deg for p in ring], [p.longitude_deg for p in ring]))

    return shapely.Polygon(flat(polygon.shell), [flat(hole) for hole in polygon.holes])


@given(latitudes, longitudes, st.floats(10.0, 2_000_000.0))
def test_the_outline_of_a_circle_stays_outside_by_at_most_a_thousandth(latitude_deg, longitude_deg, radius_m):
    (shape,) = outline(Circle(Position(latitude_deg, longitude_deg), radius_m))
    lat, lon = np.array([(p.latitude_deg, p.longitude_deg) for p in shape.shell]).T
    lat, lon = wgs84.cut(np.append(lat, lat[0]), np.append(lon, lon[0]), radius_m / 50)
    _, distance_m = wgs84.inverse(latitude_deg, longitude_deg, lat, lon)
    assert distance_m.min() >= radius_m * 0.9999
    assert distance_m.max() <= radius_m * 1.001


@given(
    latitudes, longitudes, st.floats(0.0, 360.0), st.floats(1_000.0, 300_000.0), st.sampled_from(["round", "square"])
)
def test_every_point_of_a_corridor_lies_in_its_outline(latitude_deg, longitude_deg, azimuth_deg, length_m, ends):
    import shapely

    far = Position(*(float(x) for x in wgs84.direct(latitude_deg, longitude_deg, azimuth_deg, length_m)))
    corridor = Corridor((Position(latitude_deg, longitude_deg), far), 5_000.0, ends)
    (shape,) = outline(corridor)
    chart = Chart(corridor.centre_line[0])
    area = shapely_on(chart, shape)
    lat, lon = wgs84.cut([latitude_deg, far.latitude_deg], [longitude_deg, far.longitude_deg], length_m / 7)
    around = wgs84.direct(lat[:, None], lon[:, None], np.arange(0.0, 360.0, 10.0), 4_999.0)
    points = shapely.points(*(part.ravel() for part in chart.forward(*around)))
    assert shapely.covers(area, points).all()


@pytest.mark.parametrize("alignment", ["left", "centre", "right"])
def test_an_orbit_lies_on_the_side_it_says(alignment):
    (shape,) = outline(Orbit(Position(0.0, 0.0), Position(1.0, 0.0), 20_000.0, alignment))
    longitude_deg = np.array([p.longitude_deg for p in shape.shell])
    assert {"left": longitude_deg.max() < 0.01, "right": longitude_deg.min() > -0.01}.get(
        alignment, abs(longitude_deg.mean()) < 0.01
    )


def test_a_corridor_that_comes_back_on_itself_has_a_hole_in_the_middle():
    corners = (Position(35, 35), Position(35, 36), Position(36, 36), Position(36, 35), Position(35, 35))
    (shape,) = outline(Corridor(corners, 5_000.0))
    assert len(shape.holes) == 1


def test_a_bent_corridor_is_one_piece():
    (shape,) = outline(Corridor((Position(35, 35), Position(36, 36), Position(36, 36), Position(35.5, 37)), 5_000.0))
    assert not shape.holes


def test_outlines_of_polygons_keep_every_corner_and_hole():
    ring = (Position(10, 10), Position(10, 14), Position(14, 12))
    hole = (Position(11, 11.8), Position(11, 12.2), Position(12, 12))
    (shape,) = outline(Polygon(ring, (hole,)))
    assert set(ring) <= set(shape.shell)
    assert set(hole) <= set(shape.holes[0])
    assert len(outline(MultiPolygon((Polygon(ring), Polygon(hole))))) == 2


@pytest.mark.parametrize("corners", [8, 16, 72])
def test_fewer_corners_make_an_outline_further_outside(corners):
    (shape,) = outline(Circle(Position(35, 35), 10_000.0), circle_corners=corners)
    _, distance_m = wgs84.inverse(35, 35, shape.shell[0].latitude_deg, shape.shell[0].longitude_deg)
    assert distance_m == pytest.approx(10_000.0 / np.cos(np.pi / corners), rel=1e-9)


@given(latitudes, longitudes, latitudes, longitudes)
def test_the_chart_brings_a_place_back(centre_lat, centre_lon, latitude_deg, longitude_deg):
    chart = Chart(Position(centre_lat, centre_lon))
    if np.hypot(*chart.forward(latitude_deg, longitude_deg)) > 1_000.0:
        return  # within half a kilometre of the antipode, where the chart has no place left
    lat, lon = chart.inverse(*chart.forward(latitude_deg, longitude_deg))
    _, distance_m = wgs84.inverse(lat, lon, latitude_deg, longitude_deg)
    assert distance_m < 1.0


def test_the_middle_of_places_on_both_sides_of_the_antimeridian_is_between_them():
    assert abs(middle([0, 0], [179, -179]).longitude_deg) == pytest.approx(180.0)


def test_the_middle_of_antipodes_is_the_first_of_them():
    assert middle([0, 0], [0, 180]) == Position(0, 0)


def test_the_antipode_of_a_chart_is_far_from_everything():
    assert np.hypot(*Chart(Position(0.0, 0.0)).forward(0.0, 180.0)) > 1e5
    assert np.hypot(*Chart(Position(90.0, 0.0)).forward(-90.0, 20.0)) > 1e5
