"""The slow definition of what a cover answers: walk from the antenna to the place, look at the ground under every step, compare it with the straight line.

Written apart from the kernels: GeographicLib for the way, vectors in the plane of antenna, target and the middle of the effective Earth for the line.
"""

from math import cos, floor, hypot, sin

from geographiclib.geodesic import Geodesic

from detente.geodesy.elevation import VOID_LOWEST_M

EFFECTIVE_RADIUS_M = 4 / 3 * 6_378_137.0**2 / 6_356_752.314245179


def ground_at(terrain, smooth_amsl_m, lat, lon):
    """The lowest ground stated for a place; the smooth Earth where none is."""
    row = floor((lat - terrain.south_deg) * terrain.per_degree)
    column = floor(((lon - terrain.west_deg) % 360.0) * terrain.per_degree_lon)
    rows, columns = terrain.lowest_m.shape
    if not (0 <= row < rows and 0 <= column < columns) or terrain.lowest_m[row, column] == VOID_LOWEST_M:
        return smooth_amsl_m
    return float(terrain.lowest_m[row, column])


def is_seen(terrain, smooth_amsl_m, antenna, antenna_amsl_m, target, target_amsl_m, step_m):
    """Whether a target sees the antenna over all ground between them. Places as (latitude, longitude)."""
    line = Geodesic.WGS84.InverseLine(*antenna, *target)
    eye = _vector(0.0, antenna_amsl_m)
    seen = _vector(line.s13, target_amsl_m)
    for k in range(1, floor(line.s13 / step_m)):
        way = line.Position(k * step_m)
        ground_m = ground_at(terrain, smooth_amsl_m, way["lat2"], way["lon2"])
        if ground_m > _height_of_line_m(eye, seen, k * step_m / EFFECTIVE_RADIUS_M):
            return False
    return True


def _vector(distance_m, amsl_m):
    angle = distance_m / EFFECTIVE_RADIUS_M
    return (EFFECTIVE_RADIUS_M + amsl_m) * sin(angle), (EFFECTIVE_RADIUS_M + amsl_m) * cos(angle)


def _height_of_line_m(eye, seen, angle):
    """How high over the smooth Earth the line from eye to target is at an angle from the eye: where it crosses the ray from the middle of the Earth."""
    (ex, ey), (dx, dy) = eye, (seen[0] - eye[0], seen[1] - eye[1])
    ray = sin(angle), cos(angle)
    part = (ey * ray[0] - ex * ray[1]) / (dx * ray[1] - dy * ray[0])
    return hypot(ex + part * dx, ey + part * dy) - EFFECTIVE_RADIUS_M
