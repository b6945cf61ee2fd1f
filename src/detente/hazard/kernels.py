"""Array kernels of the cover: a fan of wedges about an antenna, each swept outward once.

Plain functions in the subset of Python that numba compiles; `compiled` compiles them on first use. Run uncompiled they give the same answers, slowly, and a test
holds them to it. Units are metres, degrees and radians. All stand in this one file: numba's disk cache does not notice when a function in another changes.

The line that leaves the antenna at an angle whose tangent is t above the horizontal runs, on a round Earth of radius R, through all places (θ, r) with

    r = r0 / (cos θ - t · sin θ),    t = (cos θ - r0 / r) / sin θ        θ: angle at the Earth's centre, r: distance from it, r0: the antenna's.
"""

from __future__ import annotations

import math

import numpy as np

VOID_LOWEST_M = -32_768
VOID_HIGHEST_M = 32_767
SEEN_FROM_ALL_M = -32_768  # the whole column of the cell may be seen
NEVER_SEEN_M = 32_767  # no altitude that is held is seen
POLAR_DEG = 89.9
METRES_A_DEGREE = 6_335_439.0 * math.pi / 180  # never more
SLACK_M = 0.5  # what arcs bow out of their chords, and rounding


def sweep(
    first, last, half_turn_rad, ring_m, declared_rings, knots, rings_a_knot, radius_m, antenna_amsl_m, smooth_amsl_m, margin_m,
    south_deg, west_deg, per_degree, per_degree_lon, lowest_m, highest_m, floor_m, ground_m, unstated,
):  # fmt: skip
    """The lowest altitude that may be seen in each cell of the wedges `first` to `last` - 1.

    A cell is hidden below an altitude only where the ground of nearer cells of its wedge hides it along every ray of the wedge: of each cell the lowest post near it
    counts, held to stand over the whole of it.

    Args:
        half_turn_rad: half the angle of a wedge.
        ring_m: depth of a ring of cells; the first `declared_rings` of them can be seen at all.
        knots: (wedges, k, 3) normals along the middle of each wedge, one every `rings_a_knot` rings.
        radius_m: of the effective Earth.
        antenna_amsl_m: the highest the antenna may stand.
        smooth_amsl_m: the ground where none is stated: nowhere lower.
        margin_m: how far the antenna may stand from its place, where `lowest_m` does not hold that already.
        lowest_m, highest_m: squares of the terrain, as `geodesy.terrain` has them.
        floor_m: (wedges, rings) int16, written: metres AMSL, rounded down.
        ground_m: the same shape, or (1, 1) where not asked: the highest ground of the cell.
        unstated: (wedges,) int64, written: cells without stated terrain, within the declared range.

    Errs: outward only (floors too low), given the terrain and the effective radius.
    Source: the running steepest line of a ray sweep ("R2"), Franklin and Ray, Higher isn't necessarily better: visibility algorithms and experiments (1994).
    """
    rings = floor_m.shape[1]
    wants_ground = ground_m.shape[0] == floor_m.shape[0]
    r0 = radius_m + antenna_amsl_m
    near_cos, near_sin = np.empty(rings + 1), np.empty(rings + 1)
    for i in range(rings + 1):
        near_cos[i] = math.cos(i * ring_m / radius_m)
        near_sin[i] = math.sin(i * ring_m / radius_m)
    box = np.empty(2, np.int64)
    for j in range(first, last):
        steepest = -math.inf
        unstated[j] = 0
        turn_x = turn_y = turn_z = 0.0
        along_north = along_east = 1.0
        for i in range(rings):
            within = i < declared_rings
            floor_m[j, i] = _floor(steepest, r0, radius_m, near_cos, near_sin, i) if within else NEVER_SEEN_M
            if not within and not wants_ground:
                continue
            knot = i // rings_a_knot
            part = (i + 0.5) / rings_a_knot - knot
            if i % rings_a_knot == 0:
                turn_x = knots[j - first, knot + 1, 0] - knots[j - first, knot, 0]
                turn_y = knots[j - first, knot + 1, 1] - knots[j - first, knot, 1]
                turn_z = knots[j - first, knot + 1, 2] - knots[j - first, knot, 2]
            x = knots[j - first, knot, 0] + part * turn_x
            y = knots[j - first, knot, 1] + part * turn_y
            z = knots[j - first, knot, 2] + part * turn_z
            flat = math.sqrt(x * x + y * y)
            if i % rings_a_knot == 0:
                along_north, along_east = _heading(x, y, flat, turn_x, turn_y, turn_z)
            lat_deg = math.atan2(z, flat) * (180 / math.pi)
            lon_deg = math.atan2(y, x) * (180 / math.pi)
            half_across_m = (i + 1) * ring_m * half_turn_rad * 1.001
            _box(
                lat_deg, lon_deg, along_north * ring_m / 2 + along_east * half_across_m + SLACK_M + margin_m,
                along_east * ring_m / 2 + along_north * half_across_m + SLACK_M + margin_m,
                south_deg, west_deg, per_degree, per_degree_lon, lowest_m, highest_m, wants_ground, box,
            )  # fmt: skip
            low = float(box[0])
            if box[0] == VOID_LOWEST_M:
                low = smooth_amsl_m
                unstated[j] += within
            if wants_ground:
                ground_m[j, i] = box[1]
            if within and i > 0:
                stands = r0 / (radius_m + low)
                steepest = max(
                    steepest,
                    (near_cos[i] - stands) / near_sin[i],
                    (near_cos[i + 1] - stands) / near_sin[i + 1],
                )


def _floor(steepest, r0, radius_m, near_cos, near_sin, i):
    """The lowest whole metre at which a line at `steepest` or above passes through ring `i`, rounded down."""
    if steepest == -math.inf:
        return SEEN_FROM_ALL_M
    near = near_cos[i] - steepest * near_sin[i]
    far = near_cos[i + 1] - steepest * near_sin[i + 1]
    most = max(near, far)
    if near_sin[i] <= -steepest * near_cos[i] and near_sin[i + 1] >= -steepest * near_cos[i + 1]:
        most = math.sqrt(1 + steepest * steepest)  # the line comes nearest to the Earth within the ring
    if most <= 0.0:
        return NEVER_SEEN_M
    return int(min(max(math.floor(r0 / most - radius_m), SEEN_FROM_ALL_M), NEVER_SEEN_M))


def _heading(x, y, flat, turn_x, turn_y, turn_z):
    """How much of a wedge's direction is north and east at a place, both positive and a little too large for what it turns until the next knot."""
    length = math.sqrt(turn_x * turn_x + turn_y * turn_y + turn_z * turn_z)
    if flat < 1e-3:
        return 1.0, 1.0
    east = abs(-y * turn_x + x * turn_y) / (flat * length)
    north = math.sqrt(max(0.0, 1.0 - east * east))
    turns = 2.0 * length / flat
    return min(1.0, north + turns), min(1.0, east + turns)


def _box(
    lat_deg, lon_deg, half_north_m, half_east_m, south_deg, west_deg, per_degree, per_degree_lon, lowest_m, highest_m, wants_highest, box
):  # fmt: skip
    """The lowest and highest ground of all squares that a box about a place touches, into `box`; the VOIDs where any of it is not stated."""
    box[0], box[1] = VOID_LOWEST_M, VOID_HIGHEST_M
    half_deg = half_north_m / METRES_A_DEGREE
    furthest_deg = abs(lat_deg) + half_deg
    if furthest_deg >= POLAR_DEG:
        return
    rows, columns = lowest_m.shape
    from_row = int(math.floor((lat_deg - half_deg - south_deg) * per_degree))
    to_row = int(math.floor((lat_deg + half_deg - south_deg) * per_degree))
    if from_row < 0 or to_row >= rows:
        return
    half_deg = half_east_m / METRES_A_DEGREE / math.cos(furthest_deg * (math.pi / 180))
    east_deg = lon_deg - half_deg - west_deg
    east_deg -= 360.0 * math.floor(east_deg / 360.0)
    from_column = int(math.floor(east_deg * per_degree_lon))
    to_column = int(math.floor((east_deg + 2 * half_deg) * per_degree_lon))
    whole_circle = columns == 360 * per_degree_lon
    if to_column >= columns and not whole_circle:
        return
    low, high = VOID_HIGHEST_M, VOID_LOWEST_M
    for row in range(from_row, to_row + 1):
        for column in range(from_column, to_column + 1):
            at = column % columns if column >= columns else column
            low = min(low, lowest_m[row, at])
            if wants_highest:
                high = max(high, highest_m[row, at])
    box[0], box[1] = low, high if wants_highest else VOID_HIGHEST_M


def widen_along(first, last, reach, floor_m):
    """Each cell's floor becomes the least of its wedge within `reach` rings either way, for wedges `first` to `last` - 1; in place."""
    rings = floor_m.shape[1]
    line = np.empty(rings + 2 * reach, np.int16)
    for j in range(first, last):
        line[:] = NEVER_SEEN_M
        line[reach : reach + rings] = floor_m[j]
        _least_of_windows(line, 2 * reach + 1, floor_m[j])


def widen_across(first, last, reaches, floor_m):
    """Each cell's floor becomes the least of its ring within `reaches[ring]` wedges either way, for rings `first` to `last` - 1; in place."""
    wedges = floor_m.shape[0]
    least = np.empty(wedges, np.int16)
    for i in range(first, last):
        reach = reaches[i]
        if 2 * reach + 1 >= wedges:
            floor_m[:, i] = floor_m[:, i].min()
            continue
        line = np.empty(wedges + 2 * reach, np.int16)
        line[reach : reach + wedges] = floor_m[:, i]
        line[:reach] = line[wedges : wedges + reach]  # the wedges close to a circle
        line[reach + wedges :] = line[reach : 2 * reach]
        _least_of_windows(line, 2 * reach + 1, least)
        floor_m[:, i] = least


def _least_of_windows(line, window, least):
    """The least of each `window` neighbours in `line`, into `least`; two passes however wide. Source: van Herk (1992); Gil and Werman (1993)."""
    count = line.shape[0]
    from_left, from_right = line.copy(), line.copy()
    for k in range(1, count):
        if k % window:
            from_left[k] = min(from_left[k - 1], line[k])
    for k in range(count - 2, -1, -1):
        if (k + 1) % window:
            from_right[k] = min(from_right[k + 1], line[k])
    for k in range(least.shape[0]):
        least[k] = min(from_right[k], from_left[k + window - 1])
