"""Array kernels of the engine: flat arrays in, flat arrays out, no allocation in a loop.

Plain functions in the subset of Python that numba compiles; `compiled` compiles them on first use. Run uncompiled they give the
same answers, slowly, and tests hold them to it. All of them stand in this one file: numba's disk cache does not notice when a
function in another file changes.

Units are metres, degrees and microseconds; positions (k, 3) are earth-centred on the WGS 84 ellipsoid. What a kernel cannot
decide within its stated error it leaves UNDECIDED for the exact predicate in `pair`; it never guesses.
"""

from __future__ import annotations

import math

import numpy as np

A = 6_378_137.0
F = 1 / 298.257223563
B = A * (1 - F)
E2 = F * (2 - F)
R_MIN = A * (1 - E2)  # smallest radius of curvature: metres become angles outward
FULL_TURN = 2 * math.pi
FLATTEST = A / math.sqrt(1 - E2)  # the largest radius of curvature
ROUNDS = 1.5 * 2.0**52  # added and taken off, it rounds to whole numbers

CLEAR, POSSIBLE, CONFLICT, UNDECIDED = 0, 1, 2, 3
POINT, CHAIN, REGION = 0, 1, 2

DOUBT_M = 0.06  # what a piece of up to 100 km departs from a plane section, and rounding, at most
LEAST_DOUBT_M = 0.003  # of outlines however small
TOUCH_M = 0.05  # `lateral.RESOLUTION_M`: nearer is touching
EXACT_M = 0.02  # within this of a threshold the exact predicate's own error may decide, so it is asked
FRAME_REACH_M = 250_000.0  # beyond it the plane's distortion is left to the exact predicate
MOST_VERTICES = 2048
POLAR_DEG = 80.0
TURN_DOUBT_M = 10.0  # an edge of 100 km leaves the plane of its ends and the Earth's middle by less


# ── volumes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def place_vertices(lat_deg, lon_deg, xyz):
    """Earth-centred positions of (k,) geodetic latitudes and longitudes, into (k, 3) `xyz`."""
    flat = xyz.reshape(
        -1
    )  # with one index the compiler sees that no two places share an address, and takes eight at a time
    for k in range(lat_deg.shape[0]):
        s, c = _sin_cos(lat_deg[k])
        sin_lon, cos_lon = _sin_cos(lon_deg[k])
        n = A / math.sqrt(1 - E2 * s * s)
        flat[3 * k] = n * c * cos_lon
        flat[3 * k + 1] = n * c * sin_lon
        flat[3 * k + 2] = n * (1 - E2) * s


def _sin_cos(angle_deg):
    """Sine and cosine of degrees, to 2e-16 and without a branch, so that a loop of them runs eight at a time.

    The turn is taken off in degrees, where that is exact. Source: the polynomials of fdlibm's k_sin.c and k_cos.c, on ±45°.
    """
    quarters = (angle_deg * (1 / 90) + ROUNDS) - ROUNDS
    x = (angle_deg - 90.0 * quarters) * (math.pi / 180)
    y = x * x
    s = x + x * y * (
        -1.66666666666666324348e-01
        + y
        * (
            8.33333333332248946124e-03
            + y
            * (
                -1.98412698298579493134e-04
                + y * (2.75573137070700676789e-06 + y * (-2.50507602534068634195e-08 + y * 1.58969099521155010221e-10))
            )
        )
    )
    c = (
        1.0
        - 0.5 * y
        + y
        * y
        * (
            4.16666666666666019037e-02
            + y
            * (
                -1.38888888888741095749e-03
                + y
                * (
                    2.48015872894767294178e-05
                    + y
                    * (-2.75573143513906633035e-07 + y * (2.08757232129817482790e-09 - y * 1.13596475577881948265e-11))
                )
            )
        )
    )
    quarter = quarters - 4.0 * ((quarters * 0.25 + ROUNDS) - ROUNDS)  # -2 to 2
    odd = (quarter == 1.0) | (quarter == -1.0)
    sine, cosine = c if odd else s, s if odd else c
    return (
        -sine if (quarter == 2.0) | (quarter == -2.0) | (quarter == -1.0) else sine,
        -cosine if (quarter == 2.0) | (quarter == -2.0) | (quarter == 1.0) else cosine,
    )


def describe(first, last, kind, radius_m, spread_m, lat_deg, lon_deg, xyz, joins, offset, centre, reach, box, flat):
    """Centres, reaches and boxes of volumes `first` to `last`.

    Writes:
        centre: (n, 3) a point on the ellipsoid near the volume's middle (on the line, for a chain).
        reach: (n, 2) metres from the centre: a radius within which everything is inside the footprint (-1 when the centre is
            not), and one that holds the whole footprint; both outward of the truth in their safe direction.
        box: (n, 4) float32 south, north, west, east (degrees) of the footprint widened by `spread_m`; west may be below -180
            or east above 180 where the box runs over the antimeridian. Errs outward.
        flat: scratch (≥ vertices of the largest volume, 2).
    """
    for i in range(first, last):
        a, b = offset[i], offset[i + 1]
        _centre(a, b, kind[i], xyz, centre, i)
        longest2 = _reaches(a, b, kind[i], radius_m[i], xyz, joins, centre, i, reach, flat)
        _box(a, b, radius_m[i] + spread_m[i], longest2, lat_deg, lon_deg, xyz, centre, reach, i, box, spread_m[i])


def _centre(a, b, kind, xyz, centre, i):
    if kind == CHAIN:
        k = a + (b - a) // 2
        x = 0.5 * (xyz[k - 1, 0] + xyz[k, 0])
        y = 0.5 * (xyz[k - 1, 1] + xyz[k, 1])
        z = 0.5 * (xyz[k - 1, 2] + xyz[k, 2])
    else:
        x = y = z = 0.0
        count = max(1, b - a - 1)  # rings repeat their first vertex
        for k in range(a, a + count):
            x += xyz[k, 0]
            y += xyz[k, 1]
            z += xyz[k, 2]
        x, y, z = x / count, y / count, z / count
    # outward along the normal, as near as a scaling gets; the centre need not be exact, only on the surface
    q = math.sqrt((x * x + y * y) / (A * A) + z * z / (B * B))
    centre[i, 0], centre[i, 1], centre[i, 2] = x / q, y / q, z / q


def _reaches(a, b, kind, radius, xyz, joins, centre, i, reach, flat):
    """Writes `reach`; returns the longest edge, squared."""
    far2 = 0.0
    longest2 = 0.0
    for k in range(a, b):
        far2 = max(far2, _square_apart(xyz, k, centre, i))
        if joins[k] == 1:
            longest2 = max(longest2, _square_apart(xyz, k, xyz, k + 1))
    far = _arc_at_most(math.sqrt(far2))
    # an edge may lie farther from the centre than both its ends, by less than half its length squared over twice the radius
    sagitta = longest2 / (4 * R_MIN)
    reach[i, 1] = far + sagitta + radius + 0.01
    reach[i, 0] = radius
    if kind == CHAIN:
        reach[i, 0] = radius - math.sqrt(_square_to_edges(a, b, xyz, joins, centre, i)) - sagitta
    elif kind == REGION:
        reach[i, 0] = -1.0
        inner = math.sqrt(_square_to_edges(a, b, xyz, joins, centre, i)) - sagitta
        if inner > TURN_DOUBT_M and (
            _turns_one_way(a, b, xyz, joins, centre, i) or _holds_its_centre(a, b, far, xyz, joins, centre, i, flat)
        ):
            reach[i, 0] = inner
    return longest2


def _square_to_edges(a, b, xyz, joins, centre, i):
    """Squared distance from the centre to the nearest edge's chord."""
    best = 1e30
    for k in range(a, b - 1):
        if joins[k] != 1:
            continue
        ux, uy, uz = xyz[k + 1, 0] - xyz[k, 0], xyz[k + 1, 1] - xyz[k, 1], xyz[k + 1, 2] - xyz[k, 2]
        wx, wy, wz = centre[i, 0] - xyz[k, 0], centre[i, 1] - xyz[k, 1], centre[i, 2] - xyz[k, 2]
        uu = ux * ux + uy * uy + uz * uz
        t = 0.0
        if uu > 0.0:
            t = min(1.0, max(0.0, (ux * wx + uy * wy + uz * wz) / uu))
        dx, dy, dz = wx - t * ux, wy - t * uy, wz - t * uz
        best = min(best, dx * dx + dy * dy + dz * dz)
    return best


def _turns_one_way(a, b, xyz, joins, centre, i):
    """Whether a region is one ring that runs round its centre in one direction throughout: then it winds round it."""
    left = right = False
    x, y, z = centre[i, 0], centre[i, 1], centre[i, 2]
    for k in range(a, b - 1):
        if joins[k] != 1:
            return False
        m = k + 1
        turn = (
            x * (xyz[k, 1] * xyz[m, 2] - xyz[k, 2] * xyz[m, 1])
            + y * (xyz[k, 2] * xyz[m, 0] - xyz[k, 0] * xyz[m, 2])
            + z * (xyz[k, 0] * xyz[m, 1] - xyz[k, 1] * xyz[m, 0])
        )
        left, right = left | (turn > 0.0), right | (turn < 0.0)
    return left != right


def _holds_its_centre(a, b, far, xyz, joins, centre, i, flat):
    if far >= FRAME_REACH_M or b - a > flat.shape[0]:
        return False
    _flatten(a, b, xyz, _frame(centre[i, 0], centre[i, 1], centre[i, 2]), flat)
    return _inside(0.0, 0.0, flat, joins, a, b)


def _square_apart(p, k, q, m):
    dx, dy, dz = p[k, 0] - q[m, 0], p[k, 1] - q[m, 1], p[k, 2] - q[m, 2]
    return dx * dx + dy * dy + dz * dz


def _arc_at_most(chord):
    return 2 * R_MIN * _asin_at_most(chord / (2 * R_MIN))


def _asin_at_most(sine):
    if sine < 0.5:
        return sine * (1 + 0.2 * sine * sine)  # the series has a sixth, and less than the rest of a fifth beyond it
    return math.asin(min(1.0, sine))


def _box(a, b, widen, longest2, lat_deg, lon_deg, xyz, centre, reach, i, box, spread):
    south, north = 90.0, -90.0
    west, east = 1e9, -1e9
    base = lon_deg[a]
    least2 = 1e30  # from the axis
    for k in range(a, b):
        south, north = min(south, lat_deg[k]), max(north, lat_deg[k])
        lon = lon_deg[k]
        while lon - base > 180.0:
            lon -= 360.0
        while lon - base < -180.0:
            lon += 360.0
        base = lon  # each vertex is unrolled from the one before
        west, east = min(west, lon), max(east, lon)
        least2 = min(least2, xyz[k, 0] * xyz[k, 0] + xyz[k, 1] * xyz[k, 1])
    steepest = max(abs(south), abs(north))
    ring_is_open = abs(base - lon_deg[a]) > 1.0 and b - a > 2 and _square_apart(xyz, a, xyz, b - 1) < 1.0
    if steepest > POLAR_DEG or east - west > 179.0 or ring_is_open:
        _ball_box(centre, reach[i, 1] + spread, i, box)
        return
    cosine = math.sqrt(least2) / FLATTEST  # of the steepest latitude, at least: up to 0.4 % less
    bulge = longest2 / (8 * R_MIN) * (math.sqrt(1 - cosine * cosine) / cosine + 0.1) * 1.05
    angle = (widen + bulge) / R_MIN
    rise = math.degrees(angle)
    if steepest + rise > POLAR_DEG + 5.0:
        _ball_box(centre, reach[i, 1] + spread, i, box)
        return
    reach_east = math.degrees(_asin_at_most(angle / cosine)) * 1.001
    _put_box(box, i, south - rise, north + rise, west - reach_east, east + reach_east)


def _ball_box(centre, radius, i, box):
    x, y, z = centre[i, 0] / (A * A), centre[i, 1] / (A * A), centre[i, 2] / (B * B)
    lat, lon = math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
    angle = math.degrees(radius / R_MIN)
    south, north = lat - angle, lat + angle
    if south <= -89.0 or north >= 89.0:
        _put_box(box, i, max(-90.0, south), min(90.0, north), -180.0, 180.0)
        return
    spread = (
        math.degrees(math.asin(min(1.0, math.sin(math.radians(min(angle, 89.9))) / math.cos(math.radians(lat))))) * 1.01
    )
    if spread >= 179.0 or angle >= 60.0:
        _put_box(box, i, south, north, -180.0, 180.0)
    else:
        _put_box(box, i, south, north, lon - spread, lon + spread)


def _put_box(box, i, south, north, west, east):
    """As float32, outward: 4e-5 degrees is more than a float32 rounds off at 540. Wider than half the Earth goes all round."""
    if east - west > 180.0:
        west, east = -180.0 + 4e-5, 180.0 - 4e-5
    box[i, 0], box[i, 1], box[i, 2], box[i, 3] = south - 4e-5, north + 4e-5, west - 4e-5, east + 4e-5
    if east - west >= 360.0 - 1e-3:
        box[i, 2], box[i, 3] = -180.0, 180.0


# ── the plane that touches the ellipsoid ─────────────────────────────────────────────────────────────────────────────


def _frame(x, y, z):
    """East, north, up, the depth and height (on the axis) of the centre of projection, for a touching point (x, y, z)."""
    ux, uy, uz = x / (A * A), y / (A * A), z / (B * B)
    n = math.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux / n, uy / n, uz / n
    h = math.sqrt(ux * ux + uy * uy)
    ex, ey = 0.0, 1.0
    if h > 1e-12:
        ex, ey = -uy / h, ux / h
    depth = A / math.sqrt(1 - E2 * uz * uz)
    return ex, ey, -uz * ey, uz * ex, ux * ey - uy * ex, ux, uy, uz, depth, -E2 * depth * uz


def _flatten(a, b, xyz, frame, flat):
    """Vertices a to b in the plane, metres east and north, into `flat`; returns the least and largest distance from the middle squared.

    Seen from where the touching point's normal meets the axis, geodesics near it run straight.
    """
    ex, ey, nx, ny, nz, ux, uy, uz, depth, axis_z = frame
    least2, far2 = 1e30, 0.0
    for k in range(a, b):
        x, y, z = xyz[k, 0], xyz[k, 1], xyz[k, 2] - axis_z
        scale = depth / max(1.0, ux * x + uy * y + uz * z)
        east, north = (ex * x + ey * y) * scale, (nx * x + ny * y + nz * z) * scale
        flat[k - a, 0], flat[k - a, 1] = east, north
        apart2 = east * east + north * north
        least2, far2 = min(least2, apart2), max(far2, apart2)
    return least2, far2


def _inside(px, py, flat, joins, a, b):
    """Whether a point is in a region: some part's first ring winds round it, and none of that part's others; unsure within DOUBT_M of a rim."""
    turns = 0
    of_shell, in_shell, in_hole = True, False, False
    for k in range(a, b):
        if joins[k] == 1:
            m = k - a
            y0, y1 = flat[m, 1], flat[m + 1, 1]
            if (y0 > py) != (y1 > py) and px < (flat[m + 1, 0] - flat[m, 0]) * (py - y0) / (y1 - y0) + flat[m, 0]:
                turns += 1 if y1 > y0 else -1
            continue
        if of_shell:
            in_shell = turns != 0  # a ring may wind twice round a point: not by odd and even
        elif turns != 0:
            in_hole = True
        turns, of_shell = 0, False
        if joins[k] == 2:
            if in_shell and not in_hole:
                return True
            of_shell, in_shell, in_hole = True, False, False
    return False


def _square_to_rim(px, py, flat, joins, a, b):
    best = 1e30
    for k in range(a, b):
        if joins[k] == 1:
            m = k - a
            best = min(best, _square_to_edge(px, py, flat[m, 0], flat[m, 1], flat[m + 1, 0], flat[m + 1, 1]))
    return best


def _square_to_edge(px, py, ax, ay, bx, by):
    ux, uy, wx, wy = bx - ax, by - ay, px - ax, py - ay
    uu = ux * ux + uy * uy
    t = 0.0
    if uu > 0.0:
        t = min(1.0, max(0.0, (ux * wx + uy * wy) / uu))
    dx, dy = wx - t * ux, wy - t * uy
    return dx * dx + dy * dy


# ── the exact predicate, laterally ───────────────────────────────────────────────────────────────────────────────────


def lateral_answer(i, j, within, slack, kind, radius_m, xyz, joins, offset, centre, reach, flat_i, flat_j):
    """CLEAR, POSSIBLE, CONFLICT or UNDECIDED for two footprints, laterally.

    Args:
        within: the lateral minimum, metres. slack: what the answer POSSIBLE adds to it.
    """
    chord = math.sqrt(_square_apart(centre, i, centre, j))
    if chord > reach[i, 1] + reach[j, 1] + within + slack:
        return CLEAR
    if reach[i, 0] >= 0.0 and reach[j, 0] >= 0.0 and _arc_at_most(chord) <= reach[i, 0] + reach[j, 0] + within:
        return CONFLICT
    widest = max(reach[i, 1] - radius_m[i], reach[j, 1] - radius_m[j])
    if reach[j, 1] < reach[i, 1]:
        i, j = j, i
    return _shapes_answer(
        offset[i], offset[i + 1], offset[j], offset[j + 1], within, slack, kind[i], kind[j], radius_m[i], radius_m[j], chord + widest, reach[i, 0],
        centre[i, 0], centre[i, 1], centre[i, 2], centre[j, 0], centre[j, 1], centre[j, 2],
        xyz, joins, flat_i, flat_j,
    )  # fmt: skip


def _shapes_answer(
    a, b, c, d, within, slack, kind_i, kind_j, radius_i, radius_j, extent, inner_i, x, y, z, to_x, to_y, to_z,
    xyz, joins, flat_i, flat_j,
):  # fmt: skip
    """The lateral answer by the outlines themselves, in the plane that touches the ellipsoid at (x, y, z), the centre of `i`.

    Vertices a to b are those of `i`, c to d those of `j`.
    """
    if b - a > flat_i.shape[0] or d - c > flat_j.shape[0] or extent > FRAME_REACH_M:
        return UNDECIDED
    frame = _frame(x, y, z)
    least2_j, far2_j = _flatten(c, d, xyz, frame, flat_j)
    # a ball of `inner_i` round the middle is inside `i`: what a vertex of `j` comes near to is a conflict without its edges
    bent_j = 1 + 1.5 * far2_j / (R_MIN * R_MIN)
    if inner_i >= 0.0 and math.sqrt(least2_j) * bent_j + DOUBT_M <= inner_i + radius_j + within:
        return CONFLICT
    _, far2_i = _flatten(a, b, xyz, frame, flat_i)
    distortion = 1.5 * max(far2_i, far2_j) / (R_MIN * R_MIN)
    widths = radius_i + radius_j
    beyond = (within + slack + widths + 3 * DOUBT_M) * (1 + 2 * distortion)
    ex, ey, nx, ny, nz, _, _, _, _, _ = frame
    x, y, z = to_x - x, to_y - y, to_z - z
    if _is_apart_along(ex * x + ey * y, nx * x + ny * y + nz * z, b - a, flat_i, d - c, flat_j, beyond):
        return CLEAR
    enough = max(0.0, (within + widths - 2 * DOUBT_M) / (1 + distortion))
    apart = _rims_apart(flat_i, flat_j, joins, a, b, c, d, enough, beyond)
    if apart < 0.0:
        return CONFLICT
    if apart > DOUBT_M and _one_holds_other(kind_i, kind_j, flat_i, flat_j, joins, a, b, c, d):
        return CONFLICT
    doubt = DOUBT_M + distortion * apart
    answer = _graded(apart - widths - doubt, apart - widths + doubt, within, slack)
    if answer != UNDECIDED:
        return answer
    # The plane stretches every distance, and what is closest to `i` lies no farther from the middle than `i` reaches and the two
    # are apart. A geodesic of length l at a distance d leaves its plane section by e² l² d / 8 R²; each of the two may.
    reach = math.sqrt(far2_i)
    longest = math.sqrt(max(_longest_square(flat_i, joins, a, b), _longest_square(flat_j, joins, c, d)))
    farthest = math.sqrt(max(far2_i, far2_j)) + longest
    doubt = min(DOUBT_M, LEAST_DOUBT_M + E2 * longest * longest * farthest / (4 * R_MIN * R_MIN))
    distortion = 1.01 * ((reach + apart) / R_MIN) ** 2
    return _graded(apart * (1 - distortion) - doubt - widths, apart + doubt - widths, within, slack)


def _graded(least, most, within, slack):
    """The answer for a distance between two bounds, where the exact predicate surely gives it too."""
    if most <= within + TOUCH_M - EXACT_M:
        return CONFLICT
    if least > within + slack + EXACT_M:
        return CLEAR
    if least > within + TOUCH_M + EXACT_M and most <= within + slack - EXACT_M:
        return POSSIBLE
    return UNDECIDED


def _longest_square(flat, joins, a, b):
    longest2 = 0.0
    for k in range(a, b):
        if joins[k] == 1:
            m = k - a
            east, north = flat[m + 1, 0] - flat[m, 0], flat[m + 1, 1] - flat[m, 1]
            longest2 = max(longest2, east * east + north * north)
    return longest2


def _is_apart_along(east, north, count_i, flat_i, count_j, flat_j, beyond):
    """Whether all of `j` lies more than `beyond` farther in a direction than all of `i`."""
    most, least = -1e30, 1e30
    for k in range(count_i):
        most = max(most, east * flat_i[k, 0] + north * flat_i[k, 1])
    for k in range(count_j):
        least = min(least, east * flat_j[k, 0] + north * flat_j[k, 1])
    gap = least - most
    return gap > 0.0 and gap * gap > beyond * beyond * (east * east + north * north)


def _one_holds_other(kind_i, kind_j, flat_i, flat_j, joins, a, b, c, d):
    """Whether a vertex of one core lies inside the other; their rims must be apart. One vertex a ring is asked."""
    return (kind_i == REGION and _holds_a_ring(flat_i, a, b, flat_j, c, d, joins)) or (
        kind_j == REGION and _holds_a_ring(flat_j, c, d, flat_i, a, b, joins)
    )


def _holds_a_ring(flat, a, b, other, c, d, joins):
    first = True
    for k in range(c, d):
        if first and _inside(other[k - c, 0], other[k - c, 1], flat, joins, a, b):
            return True
        first = joins[k] != 1  # a vertex that joins nothing ends its ring
    return False


def _rims_apart(p, q, joins, a, b, c, d, enough, reach):
    """Distance between two cores' edges; -1 where they surely cross or share a vertex. Stops early below `enough`; edges beyond `reach` are passed over."""
    best2 = reach * reach
    enough2 = enough * enough
    q_west, q_east, q_south, q_north = 1e30, -1e30, 1e30, -1e30
    for r in range(d - c):
        q_west, q_east = min(q_west, q[r, 0]), max(q_east, q[r, 0])
        q_south, q_north = min(q_south, q[r, 1]), max(q_north, q[r, 1])
    for k in range(a, b):
        joined = joins[k] == 1
        if not joined and b - a > 1:
            continue
        m = k - a
        x0, y0 = p[m, 0], p[m, 1]
        x1, y1 = (p[m + 1, 0], p[m + 1, 1]) if joined else (x0, y0)
        near = math.sqrt(best2)
        west, east, south, north = min(x0, x1) - near, max(x0, x1) + near, min(y0, y1) - near, max(y0, y1) + near
        if west > q_east or east < q_west or south > q_north or north < q_south:
            continue
        for n in range(c, d):
            joined = joins[n] == 1
            if not joined and d - c > 1:
                continue
            r = n - c
            x2, y2 = q[r, 0], q[r, 1]
            x3, y3 = (q[r + 1, 0], q[r + 1, 1]) if joined else (x2, y2)
            if (
                (x2 < west and x3 < west)
                or (x2 > east and x3 > east)
                or (y2 < south and y3 < south)
                or (y2 > north and y3 > north)
            ):
                continue
            if b - a == 1:
                apart2 = _square_to_edge(x0, y0, x2, y2, x3, y3)
            elif d - c == 1:
                apart2 = _square_to_edge(x2, y2, x0, y0, x1, y1)
            else:
                apart2 = _square_edges_apart(x0, y0, x1, y1, x2, y2, x3, y3)
            if apart2 < 0.0 or (apart2 == 0.0 and _share_an_end(x0, y0, x1, y1, x2, y2, x3, y3)):
                return -1.0
            if apart2 < best2:
                best2 = apart2
                if best2 <= enough2:
                    return math.sqrt(best2)
    return math.sqrt(best2)


def _share_an_end(ax, ay, bx, by, cx, cy, dx, dy):
    """Whether an end of one segment is an end of the other, to the bit."""
    return (ax == cx and ay == cy) or (ax == dx and ay == dy) or (bx == cx and by == cy) or (bx == dx and by == dy)


def _square_edges_apart(ax, ay, bx, by, cx, cy, dx, dy):
    """Squared distance of two segments; -1 where they cross and every end lies more than DOUBT_M off the other's line."""
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    c_side = ux * (cy - ay) - uy * (cx - ax)
    d_side = ux * (dy - ay) - uy * (dx - ax)
    a_side = vx * (ay - cy) - vy * (ax - cx)
    b_side = vx * (by - cy) - vy * (bx - cx)
    if ((c_side > 0.0) != (d_side > 0.0)) and ((a_side > 0.0) != (b_side > 0.0)):
        u, v = DOUBT_M * math.sqrt(ux * ux + uy * uy), DOUBT_M * math.sqrt(vx * vx + vy * vy)
        if min(abs(c_side), abs(d_side)) > u and min(abs(a_side), abs(b_side)) > v:
            return -1.0
        return 0.0
    return min(
        _square_to_edge(ax, ay, cx, cy, dx, dy),
        _square_to_edge(bx, by, cx, cy, dx, dy),
        _square_to_edge(cx, cy, ax, ay, bx, by),
        _square_to_edge(dx, dy, ax, ay, bx, by),
    )


# ── the grid and the sweep ───────────────────────────────────────────────────────────────────────────────────────────


# A grid covers `area`: south, north, west (degrees) and the width of its longitudes; 360 wide, it closes on itself, else every
# box lies inside it. Rows are equally high; each has its own number of columns, so that cells are about as wide as high.


def columns_of(row, row_count, area):
    """How many columns a row of the grid has."""
    height = (area[1] - area[0]) / row_count
    lat0 = area[0] + height * row
    flattest = 0.0
    if lat0 > 0.0:
        flattest = lat0
    elif lat0 + height < 0.0:
        flattest = -lat0 - height
    return max(1, int(area[3] / height * math.cos(math.radians(min(90.0, flattest)))))


def row_of(lat, row_count, area):
    """The row that holds a latitude (degrees), within the grid."""
    return min(row_count - 1, max(0, int(math.floor((lat - area[0]) * row_count / (area[1] - area[0])))))


def column_of(lon, columns, area):
    """The column that holds a longitude; in a grid that closes on itself, below 0 or at and above `columns` past its seam."""
    column = int(math.floor((lon - area[2]) * columns / area[3]))
    if area[3] < 360.0:
        return min(columns - 1, max(0, column))
    return column


def count_cells(head, row_count, area, row_start, most, counts, big):
    """How many entries each cell gets; volumes over more than `most` cells are marked in `big` instead."""
    for i in range(head.shape[0]):
        r0, r1 = row_of(head[i, 0], row_count, area), row_of(head[i, 1], row_count, area)
        total = 0
        for r in range(r0, r1 + 1):
            c0, c1 = _columns_under(head, i, row_start[r + 1] - row_start[r], area)
            total += c1 - c0 + 1
        big[i] = total > most
        if total > most:
            continue
        for r in range(r0, r1 + 1):
            columns = row_start[r + 1] - row_start[r]
            c0, c1 = _columns_under(head, i, columns, area)
            _, column = _unrolled(c0, columns)
            for _ in range(c0, c1 + 1):
                counts[row_start[r] + column] += 1
                column = column + 1 if column + 1 < columns else 0


def _columns_under(head, i, columns, area):
    """First and last unrolled column under a box; each physical column once where it goes all the way round."""
    if head[i, 3] - head[i, 2] >= 360.0:
        return 0, columns - 1
    return column_of(head[i, 2], columns, area), column_of(head[i, 3], columns, area)


def _unrolled(c, columns):
    """How many turns east an unrolled column lies, and which one it is."""
    if 0 <= c < columns:
        return 0, c
    return c // columns, c % columns


def fill_cells(head, row_count, area, row_start, big, cursor, e_id, e_mark):
    """Entries laid out cell by cell, within a cell by index.

    Writes:
        e_id: (m,) which volume. e_mark: (m,) int8, 1 in the first row of its box, plus 2 in the first column (of either side of
        the antimeridian), plus 4 for each turn east of the cell that its box lies: over the antimeridian a box is laid into each
        side, in that side's longitudes.
    """
    for i in range(head.shape[0]):
        if big[i]:
            continue
        round_the_earth = head[i, 3] - head[i, 2] >= 360.0
        r0, r1 = row_of(head[i, 0], row_count, area), row_of(head[i, 1], row_count, area)
        for r in range(r0, r1 + 1):
            columns = row_start[r + 1] - row_start[r]
            c0, c1 = _columns_under(head, i, columns, area)
            turn, column = _unrolled(c0, columns)
            for c in range(c0, c1 + 1):
                e = cursor[row_start[r] + column]
                cursor[row_start[r] + column] = e + 1
                e_id[e] = i
                e_mark[e] = (r == r0) + 2 * (c == c0 or column == 0) + 4 * turn
                column += 1
                if column == columns:
                    column = 0
                    turn += 0 if round_the_earth else 1


def sweep(
    cell, entry, last_cell, cell_start, e_id, e_mark, head, head_whole, number, minima, real, whole, xyz, joins,
    s_box, s_int, s_id, mask, mask_words, near, flat_i, flat_j, shift, out,
):  # fmt: skip
    """Pairs of one run of cells that meet, or may.

    Starts at `entry` of `cell`; stops when the cells are done or `out` may not hold what the next entry finds. A pair is reported
    by the first cell the two boxes share, so once, but for pairs over the antimeridian.

    Args:
        minima: (activities, activities, 3) lateral_m, vertical_m, time_s.
        real, whole: (n, 20) rows, columns as for the changing index below, and the same seen as int64.
        number: (n,) what the volumes are called outside; rows and entries are in the order of their places.
        s_box (4, m), s_int (7, m), s_id (4, m), mask, near: scratch for one cell's entries.
        shift: bits that hold an index.
    Returns:
        how many pairs stand in `out`, the cell and entry to go on from. A pair is one number, `_pair_key`; its answer is a lateral
        one, plus 4 where time and altitude come within the minima as stated.
    """
    found = 0
    laid = -1
    counts = np.empty(256, np.int64)
    while cell < last_cell:
        first = cell_start[cell]
        count = cell_start[cell + 1] - first
        if count > 1 and laid != cell:
            _sort_cell(first, count, e_id, head_whole, counts, s_id)
            _lay_cell(first, count, e_id, e_mark, head, head_whole, number, whole, xyz, joins, s_id, s_box, s_int)
            laid = cell
        while entry < count - 1:
            end = _first_after(s_int, s_int[1, entry], entry + 1, count)
            if found + end - entry > out.shape[0]:
                return found, cell, entry
            i, own = s_id[2, entry], s_id[3, entry]
            for k in range(_near(entry, end, s_box, s_int, mask, mask_words, near)):
                j, other = s_id[2, near[k]], s_id[3, near[k]]
                answer = rows_answer(i, j, minima, real, whole, xyz, joins, flat_i, flat_j)
                out[found] = _pair_key(min(own, other), max(own, other), answer, shift)
                found += answer != CLEAR
            entry += 1
        cell += 1
        entry = 0
    return found, cell, entry


def _pair_key(i, j, answer, shift):
    return (np.int64(i) << (shift + 3)) | (np.int64(j) << 3) | answer


def _sort_cell(first, count, e_id, head_whole, counts, s_id):
    """Writes into `s_id[0]` the cell's entries by their first second, then in the order they stand in: digit by digit.

    Args:
        counts: (256,) scratch. s_id: (4, m), the rest of it scratch.
    """
    earliest, latest = SECONDS_END, -SECONDS_END
    for k in range(count):
        start = np.int64(head_whole[e_id[first + k], FROM_S])
        s_id[0, k], s_id[2, k] = k, start
        earliest, latest = min(earliest, start), max(latest, start)
    shift, here = 0, 0
    while ((latest - earliest) >> shift) > 0 or here:
        there = 1 - here
        counts[:] = 0
        for k in range(count):
            counts[((np.int64(s_id[2 + here, k]) - earliest) >> shift) & 255] += 1
        at = 0
        for digit in range(256):
            at, counts[digit] = at + counts[digit], at
        for k in range(count):
            digit = ((np.int64(s_id[2 + here, k]) - earliest) >> shift) & 255
            to = counts[digit]
            counts[digit] = to + 1
            s_id[there, to], s_id[2 + there, to] = s_id[here, k], s_id[2 + here, k]
        shift, here = shift + 8, there


def _lay_cell(first, count, e_id, e_mark, head, head_whole, number, whole, xyz, joins, s_id, s_box, s_int):
    for k in range(count):
        e = first + s_id[0, k]
        i = e_id[e]
        s_id[2, k], s_id[3, k] = i, number[i]
        turn = np.float32(360.0 * (e_mark[e] >> 2))
        s_box[0, k], s_box[1, k] = head[i, 0], head[i, 1]
        s_box[2, k], s_box[3, k] = head[i, 2] - turn, head[i, 3] - turn
        for m in range(4):
            s_int[m, k] = head_whole[i, FROM_S + m]
        s_int[4, k] = whole[i, WHO] >> 8
        s_int[5, k] = e_mark[e] & 3
        # read for nothing, all at once, so that they are in the cache when pairs ask for them one by one
        a, b = whole[i, FIRST], whole[i, FIRST] + (whole[i, FLAGS] >> 32)
        touched = xyz[a, 0] + xyz[(a + b) // 2, 0] + xyz[b - 1, 2] + joins[a]
        s_int[6, k] = touched > 0.0


def answer_pairs(i, others, minima, real, whole, xyz, joins, flat_i, flat_j, answers):
    """The answers, as `sweep` gives them, of one volume with each of (k,) others."""
    for k in range(others.shape[0]):
        j = others[k]
        answers[k] = rows_answer(i, j, minima, real, whole, xyz, joins, flat_i, flat_j)


def rows_answer(i, j, minima, real, whole, xyz, joins, flat_i, flat_j):
    """CLEAR, or the lateral answer plus 4 where time and altitude are sure; cheapest and nearest in memory first."""
    rule = minima[whole[i, WHO] & 255, whole[j, WHO] & 255]
    within, slack = rule[0], real[i, SLACK] + real[j, SLACK] + 1.0
    dx, dy, dz = real[i, X] - real[j, X], real[i, Y] - real[j, Y], real[i, Z] - real[j, Z]
    chord = math.sqrt(dx * dx + dy * dy + dz * dz)
    if chord > real[i, OUTER] + real[j, OUTER] + within + slack:
        return CLEAR
    in_time = _in_time(whole, i, whole, j, rule[2])
    if in_time == CLEAR:
        return CLEAR
    in_height = _in_height(real, whole, i, real, whole, j, rule[1])
    if in_height == CLEAR:
        return CLEAR
    sure = 4 if in_time == CONFLICT and in_height == CONFLICT else 0
    inner = real[i, INNER] + real[j, INNER]
    if real[i, INNER] >= 0.0 and real[j, INNER] >= 0.0 and _arc_at_most(chord) <= inner + within:
        return CONFLICT + sure
    widest = max(real[i, OUTER] - real[i, RADIUS], real[j, OUTER] - real[j, RADIUS])
    # the frame touches at the smaller; of two as large, at the same one whichever comes first
    if real[j, OUTER] < real[i, OUTER] or (real[j, OUTER] == real[i, OUTER] and real[j, X] < real[i, X]):
        i, j = j, i
    a, c = whole[i, FIRST], whole[j, FIRST]
    answer = _shapes_answer(
        a, a + (whole[i, FLAGS] >> 32), c, c + (whole[j, FLAGS] >> 32), within, slack, whole[i, FLAGS] & 3, whole[j, FLAGS] & 3, real[i, RADIUS], real[j, RADIUS], chord + widest,
        real[i, INNER], real[i, X], real[i, Y], real[i, Z], real[j, X], real[j, Y], real[j, Z],
        xyz, joins, flat_i, flat_j,
    )  # fmt: skip
    return answer if answer == CLEAR else answer + sure


def _first_after(s_int, moment, low, high):
    """The first entry in [low, high) that starts after a moment."""
    left = high - low
    while left > 0:
        half = left // 2
        before = s_int[0, low + half] <= moment
        low = low + half + 1 if before else low
        left = left - half - 1 if before else half
    return low


def _near(a, end, s_box, s_int, mask, mask_words, near):
    """Writes into `near` which entries after `a` up to `end` share its box and height, are another party's, and have not been
    seen together in another cell; returns how many."""
    south, north, west, east = s_box[0, a], s_box[1, a], s_box[2, a], s_box[3, a]
    low, high, party, mark = s_int[2, a], s_int[3, a], s_int[4, a], s_int[5, a]
    first, count = a + 1, end - a - 1
    souths, norths, wests, easts = s_box[0, first:end], s_box[1, first:end], s_box[2, first:end], s_box[3, first:end]
    lows, highs, parties, marks = s_int[2, first:end], s_int[3, first:end], s_int[4, first:end], s_int[5, first:end]
    for m in range(count):  # one index, no branch: the compiler takes many at a time
        mask[m] = (
            (souths[m] <= north)
            & (norths[m] >= south)
            & (wests[m] <= east)
            & (easts[m] >= west)
            & (lows[m] <= high)
            & (highs[m] >= low)
            & (parties[m] != party)
            & ((marks[m] | mark) == 3)
        )
    words = (count + 7) // 8
    for m in range(count, 8 * words):
        mask[m] = 0
    found = 0
    for w in range(words):
        if mask_words[w] == 0:
            continue
        for m in range(8 * w, 8 * w + 8):
            near[found] = first + m
            found += int(mask[m])
    return found


def sorted_keys(keys, room, bits):
    """(k,) keys of at most `bits` bits in order, digit by digit; in one of the two arrays given, the other is spoilt."""
    counts = np.empty(2048, np.int64)
    for shift in range(0, bits, 11):
        counts[:] = 0
        for k in range(keys.shape[0]):
            counts[(keys[k] >> shift) & 2047] += 1
        at = 0
        for digit in range(2048):
            at, counts[digit] = at + counts[digit], at
        for k in range(keys.shape[0]):
            digit = (keys[k] >> shift) & 2047
            room[counts[digit]] = keys[k]
            counts[digit] += 1
        keys, room = room, keys
    return keys


def unpack_pairs(keys, shift, pairs, answers):
    """Sorted keys as pairs and answers, each once; pairs over the antimeridian may have come twice. Returns how many."""
    kept = 0
    for k in range(keys.shape[0]):
        if k and keys[k] >> 3 == keys[k - 1] >> 3:
            continue
        pairs[kept, 0], pairs[kept, 1] = keys[k] >> (shift + 3), (keys[k] >> 3) & ((1 << shift) - 1)
        answers[kept] = keys[k] & 7
        kept += 1
    return kept


def slots_by_place(lat_deg, lon_deg, offset, slot, number):
    """An order of volumes in which neighbours on the ground are neighbours in memory; by squares, within a square by index.

    Writes:
        slot: (n,) int32 where each volume comes. number: (n,) int32 which volume comes where.
    """
    n = slot.shape[0]
    south, north, west, east = 1e9, -1e9, 1e9, -1e9
    for i in range(n):
        lat, lon = lat_deg[offset[i]], lon_deg[offset[i]]
        south, north, west, east = min(south, lat), max(north, lat), min(west, lon), max(east, lon)
    side = int(math.sqrt(n / 16)) + 1
    by_lat, by_lon = (side - 0.001) / max(north - south, 1e-9), (side - 0.001) / max(east - west, 1e-9)
    counts = np.zeros(side * side + 1, np.int64)
    for i in range(n):
        square = int((lat_deg[offset[i]] - south) * by_lat) * side + int((lon_deg[offset[i]] - west) * by_lon)
        slot[i] = square
        counts[square + 1] += 1
    for square in range(side * side):
        counts[square + 1] += counts[square]
    for i in range(n):
        square = slot[i]
        slot[i] = counts[square]
        counts[square] += 1
    for i in range(n):
        number[slot[i]] = i


def lay_rows(
    slot, kind, party, activity, start_us, end_us, time_slack_us, start_stated, end_stated, lower_m, upper_m, lower_in, upper_in,
    hae_m, altitude_slack_m, below_ground, radius_m, position_slack_m, offset, centre, reach, box,
    origin_us, within_m, within_s, one_reference, rows, whole, heads, head_whole, real, head,
):  # fmt: skip
    """What the sweep asks of volumes, side by side, each in its slot.

    Args:
        origin_us: from where whole seconds are counted. within_m, within_s: the largest minima.
        one_reference: whether all altitudes are in one; then heights are those stated, else those above the ellipsoid too.
        rows, whole, heads, head_whole: scratch, a row and a head for each of these volumes.
    Writes:
        real: (n, 16) rows, columns as for the changing index, the number of vertices in the upper half of FLAGS; 20 columns
        where references differ.
        head: (n, 8) box in degrees as float32, whole seconds and decimetres as int32 (`FROM_S` to `HIGH_DM`), outward,
        the largest minima in ends and upper limits; what lies 34 years off is clamped.
    """
    within_us = int(math.ceil(within_s * 1e6))
    for i in range(kind.shape[0]):
        for k in range(3):
            rows[i, X + k] = centre[i, k]
        rows[i, INNER], rows[i, OUTER] = reach[i, 0], reach[i, 1]
        rows[i, RADIUS], rows[i, SLACK], rows[i, RISE] = radius_m[i], position_slack_m[i], altitude_slack_m[i]
        whole[i, WHO] = (np.int64(party[i]) << 8) | activity[i]
        whole[i, START], whole[i, END], whole[i, TIME_SLACK] = start_us[i], end_us[i], time_slack_us[i]
        rows[i, LOWER], rows[i, UPPER] = lower_m[i], upper_m[i]
        whole[i, FLAGS] = (
            np.int64(kind[i])
            | (np.int64(lower_in[i]) << 2)
            | (np.int64(upper_in[i]) << 6)
            | (START_STATED if start_stated[i] else 0)
            | (END_STATED if end_stated[i] else 0)
            | (BELOW_GROUND if below_ground[i] else 0)
            | ((offset[i + 1] - offset[i]) << 32)
        )
        whole[i, FIRST] = offset[i]
        for k in range(4):
            heads[i, k] = box[i, k]
        start = (start_us[i] - time_slack_us[i] - origin_us) // 1_000_000
        end = -((origin_us - end_us[i] - time_slack_us[i] - within_us) // 1_000_000)
        head_whole[i, FROM_S] = min(max(start, -SECONDS_END), SECONDS_END)
        head_whole[i, TO_S] = min(max(end, -SECONDS_END), SECONDS_END)
        low, high = lower_m[i], upper_m[i]
        if not one_reference:
            for k in range(4):
                rows[i, LOWER_LEAST + k] = hae_m[i, k]
            # limits that share a reference are compared as stated, and on a steep geoid or in warm air that brings them closer
            # than their heights above the ellipsoid are
            low, high = min(low, hae_m[i, 0]), max(high, hae_m[i, 3])
            if lower_in[i] == AGL and lower_m[i] == 0.0:
                low = -math.inf
        low, high = low - altitude_slack_m[i] - 0.1, high + altitude_slack_m[i] + within_m + 0.1
        head_whole[i, LOW_DM] = int(math.floor(min(max(low, -1e8), 1e8) * 10))
        head_whole[i, HIGH_DM] = int(math.ceil(min(max(high, -1e8), 1e8) * 10))
    _to_slots(slot, rows, heads, real, head)


def _to_slots(slot, rows, heads, real, head):
    """Rows to their slots, many bytes at a time: slots lie far apart, and each write has to wait for its memory."""
    f_rows, f_heads, f_real, f_head = rows.reshape(-1), heads.reshape(-1), real.reshape(-1), head.reshape(-1)
    columns = real.shape[1]
    for i in range(slot.shape[0]):
        to = np.int64(slot[i])
        for k in range(8):
            f_head[8 * to + k] = f_heads[8 * i + k]
        for k in range(16):
            f_real[columns * to + k] = f_rows[columns * i + k]
        for k in range(16, columns):
            f_real[columns * to + k] = f_rows[columns * i + k]


# ── the changing index: rows, cells, blocks ──────────────────────────────────────────────────────────────────────────

# A row is one core of a volume: 24 columns of 8 bytes in `real`; whole numbers are kept in the same array seen as int64.
X, Y, Z, INNER, OUTER, RADIUS, SLACK, WHO = 0, 1, 2, 3, 4, 5, 6, 7  # the cache line that clears most pairs
START, END, TIME_SLACK, LOWER, UPPER, RISE, FLAGS, FIRST = 8, 9, 10, 11, 12, 13, 14, 15
LOWER_LEAST, LOWER_MOST, UPPER_LEAST, UPPER_MOST, COUNT, NUMBER, NEXT = 16, 17, 18, 19, 20, 21, 22
ROW_COLUMNS = 24
# WHO: party × 256 + activity. FLAGS: kind, lower_in × 4, upper_in × 64, then one bit each as below. FIRST, COUNT: vertices.
# LOWER_LEAST … UPPER_MOST: metres above the ellipsoid, NaN until somebody asked. NEXT: the volume's next core, or -1.
START_STATED, END_STATED, BELOW_GROUND = 1 << 10, 1 << 11, 1 << 12
HAE, AMSL, AGL, FL, UNLIMITED, UNSTATED = 0, 1, 2, 3, 4, 5
# A box is 8 int32: south, north, west, east (µ°), first and last second, lowest and highest decimetre; outward, the largest
# minima included. A box whose south lies above its north is a free row's. Everything about cells follows from the box alone.
SOUTH, NORTH, WEST, EAST, FROM_S, TO_S, LOW_DM, HIGH_DM = 0, 1, 2, 3, 4, 5, 6, 7
ENTRY_COLUMNS = 9  # a box, shifted to its cell's side of the antimeridian, and the row

TURN = 360_000_000
ALL_ROUND = 1
CELL = 200_000  # µ°, of the finest level; each level's cells are twice as high
LEVELS = 9  # the last is one cell for the whole Earth
GRID_ROWS = 900
MOST_CELLS = 9
MOST_PLAIN_CORNERS = 64
SLOT_S = 7200  # of the finest; each level's slots are eight times as long
SLOT_LEVELS = 5  # the last is one slot for all time
MOST_SLOTS = 4
EPOCH_S = 1_577_836_800  # 2020, about which seconds are counted
SECONDS_END = 1 << 30
OPEN_END = 1 << 61  # `domain.OPEN_END_US`
GEOID_LEAST_M, GEOID_MOST_M = -130.0, 110.0  # the geoid anywhere on Earth, with the margins of `geodesy.geoid`
HEIGHT_RESOLUTION_M = 0.001
NEEDS_HEIGHT = 4  # an answer: altitudes in two references, and one row's heights above the ellipsoid are not yet known
UNSURE = 5  # an answer: laterally UNDECIDED, otherwise POSSIBLE

# `book`: counters, then the heads of free lists and how many entries each (level, slot level) has.
ROWS, FREE_ROW, LIVE, VERTICES, ENTRIES, KEYS, EARLIEST, LATEST, LARGEST = 0, 1, 2, 3, 4, 5, 6, 7, 8
FREE_BLOCK, FREE_VERTICES, PRESENT, BOOK_SIZE = 16, 48, 112, 160
KEY, OFFSET, CLASS, HELD = (
    0,
    1,
    2,
    3,
)  # columns of `table`: a cell's key (-1 none), its block, the block's size, entries in it


def pack_rows(real, box, lat_lon, vert, joins, settings, flat):
    """Makes rows ready: their vertices' places, centres, reaches, boxes, and heights where they need no conversion.

    Args:
        real: (n, 24) with everything from RADIUS to FLAGS and COUNT filled in; vertices follow one another.
        lat_lon: (v, 2) degrees. vert: (v, 3) receives their places. joins: (v,), as for `describe`.
        settings: largest lateral_m, vertical_m, time_s, then lowest and highest ground and air as `_outward_height` takes them.
    Returns:
        the first row whose outline is not plainly in order: an edge over 99 km, a ring of many corners, or one whose edges come
        near each other; -1 when there is none.
    Errs: outward.
    """
    whole = real.view(np.int64)
    n = real.shape[0]
    offset = np.zeros(n + 1, np.int64)
    kind = np.zeros(n, np.int8)
    for i in range(n):
        offset[i + 1] = offset[i] + whole[i, COUNT]
        whole[i, FIRST] = offset[i]
        kind[i] = whole[i, FLAGS] & 3
    lat, lon = lat_lon[:, 0].copy(), lat_lon[:, 1].copy()
    place_vertices(lat, lon, vert)
    centre, reach, degrees = np.zeros((n, 3)), np.zeros((n, 2)), np.zeros((n, 4), np.float32)
    spread = real[:, SLACK] + (settings[0] / 2 + 1.0)
    describe(0, n, kind, real[:, RADIUS].copy(), spread, lat, lon, vert, joins, offset, centre, reach, degrees, flat)
    for i in range(n):
        for k in range(3):
            real[i, X + k] = centre[i, k]
        real[i, INNER], real[i, OUTER] = reach[i, 0], reach[i, 1]
        for k in range(0, 4, 2):
            box[i, k] = int(math.floor(float(degrees[i, k]) * 1e6))
            box[i, k + 1] = int(math.ceil(float(degrees[i, k + 1]) * 1e6))
        _pack_time(whole, box, i, settings[2])
        _pack_height(real, whole, box, i, settings)
    for i in range(n):
        if not _is_plain(offset[i], offset[i + 1], kind[i], vert, joins, centre, reach, i, flat):
            return i
    return -1


def _is_plain(a, b, kind, xyz, joins, centre, reach, i, flat):
    for k in range(a, b - 1):
        if joins[k] == 1 and _square_apart(xyz, k, xyz, k + 1) > 99_000.0**2:
            return False
    if kind != REGION:
        return True
    if b - a > MOST_PLAIN_CORNERS or reach[i, 1] > FRAME_REACH_M:
        return False
    _flatten(a, b, xyz, _frame(centre[i, 0], centre[i, 1], centre[i, 2]), flat)
    edges = b - a - 1
    for p in range(edges):
        if joins[a + p] != 1:
            return False
        for q in range(p + 2, edges):
            if p == 0 and q == edges - 1:
                continue
            apart2 = _square_edges_apart(
                flat[p, 0],
                flat[p, 1],
                flat[p + 1, 0],
                flat[p + 1, 1],
                flat[q, 0],
                flat[q, 1],
                flat[q + 1, 0],
                flat[q + 1, 1],
            )
            if apart2 < 1.0:
                return False
    return True


def _pack_time(whole, box, i, within_s):
    widen = whole[i, TIME_SLACK]
    start = (whole[i, START] - widen) // 1_000_000 - EPOCH_S
    end = -((-whole[i, END] - widen) // 1_000_000) + int(math.ceil(within_s)) - EPOCH_S
    box[i, FROM_S] = min(max(start, -SECONDS_END), SECONDS_END)
    box[i, TO_S] = min(max(end, -SECONDS_END), SECONDS_END)


def _pack_height(real, whole, box, i, settings):
    """Outward in the reference stated and above the ellipsoid, so that either comparison stays inside."""
    flags = whole[i, FLAGS]
    lower_in, upper_in = (flags >> 2) & 15, (flags >> 6) & 15
    least, most = _outward_height(real[i, LOWER], lower_in, settings, GEOID_LEAST_M, GEOID_MOST_M)
    low = min(least, real[i, LOWER])
    if lower_in == AGL and real[i, LOWER] == 0.0:
        low = -1e8  # the surface: nothing airborne is below it
    _keep_known_height(real, i, LOWER_LEAST, lower_in, least, most)
    least, most = _outward_height(real[i, UPPER], upper_in, settings, GEOID_LEAST_M, GEOID_MOST_M)
    _keep_known_height(real, i, UPPER_LEAST, upper_in, least, most)
    high = max(most, real[i, UPPER])
    widen = real[i, RISE] + 0.1
    box[i, LOW_DM] = int(math.floor(min(max(low - widen, -1e8), 1e8) * 10))
    box[i, HIGH_DM] = int(math.ceil(min(max(high + widen + settings[1], -1e8), 1e8) * 10))


def _keep_known_height(real, i, column, reference, least, most):
    known = reference in (HAE, UNLIMITED, UNSTATED)
    real[i, column] = least if known else math.nan
    real[i, column + 1] = most if known else math.nan


def _outward_height(value, reference, settings, geoid_least_m, geoid_most_m):
    """Least and most metres above the ellipsoid a limit may stand for where the geoid lies between two heights; `hae_bounds_m`."""
    if reference == UNSTATED:
        return -math.inf, math.inf
    if reference in (HAE, UNLIMITED):
        return value, value
    least, most = value, value
    if reference == AGL:
        least, most = value + settings[3], value + settings[4]
    elif reference == FL:
        thin, thick = value - settings[5], value - settings[6]
        least = min(settings[7] * thin, settings[8] * thin)
        most = max(settings[7] * thick, settings[8] * thick)
        if most > 0.0:
            most = most * 6_356_766.0 / (6_356_766.0 - min(most, 1_000_000.0))
    return least + geoid_least_m, most + geoid_most_m


def _grid_rows(level):
    return 1 if level == LEVELS - 1 else (180_000_000 - 1) // (CELL << level) + 1


def lay_grid(grid):
    """Fills (LEVELS, rows + 1) `grid` with the number of each row's first cell; returns how many cells there are.

    Rows of a level are equally high; each has as many columns as keep its cells about as wide as high.
    """
    cell = 0
    for level in range(LEVELS):
        size = CELL << level
        for row in range(_grid_rows(level)):
            grid[level, row] = cell
            if level == LEVELS - 1:
                cell += 1
                continue
            south, north = row * size - 90_000_000, (row + 1) * size - 90_000_000
            flattest = 0 if south <= 0 <= north else min(abs(south), abs(north))
            cell += max(1, int(TURN / size * math.cos(math.radians(min(flattest, 90_000_000) * 1e-6))))
        grid[level, _grid_rows(level)] = cell
    return cell


def _grid_row(level, lat):
    if level == LEVELS - 1:
        return 0
    return min(max((lat + 90_000_000) // (CELL << level), 0), _grid_rows(level) - 1)


def _grid_column(lon, columns):
    """Unrolled: below 0, or at and above `columns`, past the antimeridian."""
    return ((lon + 180_000_000) * columns) // TURN


def _grid_columns_under(west, east, columns):
    """First and last unrolled column, and whether that is all the way round; then longitudes are no longer compared."""
    first, last = _grid_column(west, columns), _grid_column(east, columns)
    if columns == 1 or last - first >= columns:
        return 0, columns - 1, True
    return first, last, False


def _level_of(box, i, grid):
    """The finest level at which a box lies over few cells."""
    south, north, west, east = int(box[i, SOUTH]), int(box[i, NORTH]), int(box[i, WEST]), int(box[i, EAST])
    for level in range(LEVELS - 1):
        first, last = _grid_row(level, south), _grid_row(level, north)
        if last - first >= MOST_CELLS:
            continue
        total = 0
        for row in range(first, last + 1):
            a, b, _ = _grid_columns_under(west, east, grid[level, row + 1] - grid[level, row])
            total += b - a + 1
        if total <= MOST_CELLS:
            return level
    return LEVELS - 1


def _slot(seconds, slot_level):
    if slot_level == SLOT_LEVELS - 1:
        return 0
    return seconds // (SLOT_S << (3 * slot_level))


def _slot_level_of(box, i):
    first, last = int(box[i, FROM_S]), int(box[i, TO_S])
    for slot_level in range(SLOT_LEVELS - 1):
        if _slot(last, slot_level) - _slot(first, slot_level) < MOST_SLOTS:
            return slot_level
    return SLOT_LEVELS - 1


def _key(cell, slot_level, slot):
    return ((cell * 8 + slot_level) << 21) + slot + (1 << 20)


def _find(table, key):
    """Where in the hash table a key stands, or the free place where it would."""
    mask = table.shape[0] - 1
    at = ((((key ^ (key >> 24)) & 0x7FFFFFFF) * 2_654_435_761) >> 20) & mask
    while table[at, KEY] != key and table[at, KEY] != -1:
        at = (at + 1) & mask
    return at


def _home(table, at):
    key = table[at, KEY]
    return ((((key ^ (key >> 24)) & 0x7FFFFFFF) * 2_654_435_761) >> 20) & (table.shape[0] - 1)


def _forget(table, at):
    """Takes a key out and closes the gap, so that a search never has to step over what was there once."""
    mask = table.shape[0] - 1
    hole, probe = at, at
    while True:
        probe = (probe + 1) & mask
        if table[probe, KEY] == -1:
            break
        if ((probe - _home(table, probe)) & mask) >= ((probe - hole) & mask):
            for k in range(4):
                table[hole, k] = table[probe, k]
            hole = probe
    table[hole, KEY] = -1


def index_rehash(table, into):
    """Every key of one hash table into another, an empty one."""
    for at in range(table.shape[0]):
        if table[at, KEY] != -1:
            to = _find(into, table[at, KEY])
            for k in range(4):
                into[to, k] = table[at, k]


def _cells_of(box, i, grid, places):
    """The cells and slots a box lies over, into `places` (n, 2), key and turn (ALL_ROUND: any longitude).

    Returns:
        level, slot level and how many.
    """
    level, slot_level = _level_of(box, i, grid), _slot_level_of(box, i)
    first_slot, last_slot = _slot(int(box[i, FROM_S]), slot_level), _slot(int(box[i, TO_S]), slot_level)
    count = 0
    for row in range(_grid_row(level, int(box[i, SOUTH])), _grid_row(level, int(box[i, NORTH])) + 1):
        columns = grid[level, row + 1] - grid[level, row]
        first, last, all_round = _grid_columns_under(int(box[i, WEST]), int(box[i, EAST]), columns)
        for column in range(first, last + 1):
            for slot in range(first_slot, last_slot + 1):
                places[count, 0] = _key(grid[level, row] + column % columns, slot_level, slot)
                places[count, 1] = ALL_ROUND if all_round else TURN * (column // columns)
                count += 1
    return level, slot_level, count


def _take_block(pool, book, size_class):
    head = book[FREE_BLOCK + size_class]
    if head >= 0:
        book[FREE_BLOCK + size_class] = pool[head, 0]
        return head
    head = book[ENTRIES]
    book[ENTRIES] = head + (4 << size_class)
    return head


def _leave_block(pool, book, size_class, offset):
    pool[offset, 0] = book[FREE_BLOCK + size_class]
    book[FREE_BLOCK + size_class] = offset


def _put_entry(pool, table, book, key, turn, box, i, row):
    at = _find(table, key)
    if table[at, KEY] == -1:
        table[at, KEY], table[at, CLASS], table[at, HELD] = key, 0, 0
        table[at, OFFSET] = _take_block(pool, book, 0)
        book[KEYS] += 1
    offset, size_class, held = table[at, OFFSET], table[at, CLASS], table[at, HELD]
    if held == 4 << size_class:
        larger = _take_block(pool, book, size_class + 1)
        for k in range(held):
            for column in range(ENTRY_COLUMNS):
                pool[larger + k, column] = pool[offset + k, column]
        _leave_block(pool, book, size_class, offset)
        table[at, OFFSET], table[at, CLASS] = larger, size_class + 1
        offset = larger
    for column in range(8):
        pool[offset + held, column] = box[i, column]
    pool[offset + held, WEST] = -TURN if turn == ALL_ROUND else box[i, WEST] - turn
    pool[offset + held, EAST] = TURN if turn == ALL_ROUND else box[i, EAST] - turn
    pool[offset + held, 8] = row
    table[at, HELD] = held + 1


def _drop_entry(pool, table, book, key, row):
    at = _find(table, key)
    offset, last = table[at, OFFSET], table[at, HELD] - 1
    k = offset
    while pool[k, 8] != row:
        k += 1
    for column in range(ENTRY_COLUMNS):
        pool[k, column] = pool[offset + last, column]
    table[at, HELD] = last
    if last == 0:
        _leave_block(pool, book, table[at, CLASS], offset)
        _forget(table, at)
        book[KEYS] -= 1


def _vertex_class(count):
    """Sizes 1, 2, 3, 4, 6, 8, 12, …: two an octave."""
    size_class = 0
    while _vertex_room(size_class) < count:
        size_class += 1
    return size_class


def _vertex_room(size_class):
    return ((2 + (size_class & 1)) << (size_class >> 1)) >> 1


def _take_vertices(lat_lon, book, count):
    size_class = _vertex_class(count)
    head = book[FREE_VERTICES + size_class]
    if head >= 0:
        book[FREE_VERTICES + size_class] = int(lat_lon[head, 0])
        return head
    head = book[VERTICES]
    book[VERTICES] = head + _vertex_room(size_class)
    return head


def index_insert(
    real,
    box,
    lat_lon,
    vert,
    joins,
    pool,
    table,
    book,
    grid,
    p_real,
    p_box,
    p_lat_lon,
    p_vert,
    p_joins,
    numbers,
    first,
    heads,
    places,
):
    """Rows of a pack from `first` on into the index; stops before one that might not find room.

    Args:
        p_real: NUMBER holds which volume of the pack a row belongs to; the rows of one volume follow one another.
        numbers: (volumes,) what the index shall call them.
        heads: (volumes,) receives each volume's first row.
    Returns:
        the row to go on from, and what there was too little of: 1 rows, 2 vertices, 3 entries, 4 keys; 0 when all are in.
    """
    whole, p_whole = real.view(np.int64), p_real.view(np.int64)
    for i in range(first, p_real.shape[0]):
        level, slot_level, count = _cells_of(p_box, i, grid, places)
        short = _shortage(real, vert, pool, table, book, p_whole[i, COUNT], places, count)
        if short:
            return i, short
        row = book[FREE_ROW]
        if row >= 0:
            book[FREE_ROW] = whole[row, NEXT]
        else:
            row = book[ROWS]
            book[ROWS] = row + 1
        book[LIVE] += 1
        book[LARGEST] = max(book[LARGEST], p_whole[i, COUNT])
        offset = _take_vertices(lat_lon, book, p_whole[i, COUNT])
        for k in range(p_whole[i, COUNT]):
            m = p_whole[i, FIRST] + k
            lat_lon[offset + k, 0], lat_lon[offset + k, 1] = p_lat_lon[m, 0], p_lat_lon[m, 1]
            vert[offset + k, 0], vert[offset + k, 1], vert[offset + k, 2] = p_vert[m, 0], p_vert[m, 1], p_vert[m, 2]
            joins[offset + k] = p_joins[m]
        for column in range(ROW_COLUMNS):
            whole[row, column] = p_whole[i, column]
        volume = p_whole[i, NUMBER]
        whole[row, FIRST], whole[row, NUMBER], whole[row, NEXT] = offset, numbers[volume], -1
        if i > 0 and p_whole[i - 1, NUMBER] == volume:
            last = heads[volume]
            while whole[last, NEXT] >= 0:
                last = whole[last, NEXT]
            whole[last, NEXT] = row
        else:
            heads[volume] = row
        for column in range(8):
            box[row, column] = p_box[i, column]
        for k in range(count):
            _put_entry(pool, table, book, places[k, 0], places[k, 1], p_box, i, row)
        book[PRESENT + level * SLOT_LEVELS + slot_level] += 1
        if slot_level < SLOT_LEVELS - 1:
            book[EARLIEST] = min(book[EARLIEST], p_box[i, FROM_S])
            book[LATEST] = max(book[LATEST], p_box[i, TO_S])
    return p_real.shape[0], 0


def _shortage(real, vert, pool, table, book, vertices, places, count):
    if book[LIVE] + 1 > real.shape[0]:
        return 1
    if book[VERTICES] + _vertex_room(_vertex_class(vertices)) > vert.shape[0]:
        return 2
    entries, keys = 0, 0
    for k in range(count):
        at = _find(table, places[k, 0])
        if table[at, KEY] == -1:
            keys += 1
            entries += 4
        elif table[at, HELD] == 4 << table[at, CLASS]:
            entries += 8 << table[at, CLASS]
    if book[ENTRIES] + entries > pool.shape[0]:
        return 3
    if 10 * (book[KEYS] + keys) > 6 * table.shape[0]:
        return 4
    return 0


def index_delete(real, box, lat_lon, pool, table, book, grid, heads, places):
    """Takes out the volumes whose first rows are `heads`; what they held is used again."""
    whole = real.view(np.int64)
    for k in range(heads.shape[0]):
        row = heads[k]
        while row >= 0:
            level, slot_level, count = _cells_of(box, row, grid, places)
            for m in range(count):
                _drop_entry(pool, table, book, places[m, 0], row)
            book[PRESENT + level * SLOT_LEVELS + slot_level] -= 1
            size_class = _vertex_class(whole[row, COUNT])
            lat_lon[whole[row, FIRST], 0] = book[FREE_VERTICES + size_class]
            book[FREE_VERTICES + size_class] = whole[row, FIRST]
            box[row, SOUTH], box[row, NORTH] = 1, 0
            following = whole[row, NEXT]
            whole[row, NEXT] = book[FREE_ROW]
            book[FREE_ROW] = row
            book[LIVE] -= 1
            row = following


def index_ended(real, box, row_count, before_us, numbers):
    """Numbers of the volumes that ended, uncertainty included, before a moment; once for each of their rows.

    Returns:
        how many, and the earliest second of the others, those held for all time aside.
    """
    whole = real.view(np.int64)
    found, earliest = 0, SECONDS_END
    for row in range(row_count):
        if box[row, SOUTH] > box[row, NORTH]:
            continue
        if whole[row, END] < OPEN_END and whole[row, END] + whole[row, TIME_SLACK] < before_us:
            numbers[found] = whole[row, NUMBER]
            found += 1
        elif box[row, FROM_S] < earliest and _slot_level_of(box, row) < SLOT_LEVELS - 1:
            earliest = int(box[row, FROM_S])
    return found, earliest


# ── the changing index: asking it ────────────────────────────────────────────────────────────────────────────────────


def index_query(real, box, vert, joins, pool, table, book, grid, minima, p_real, p_box, p_vert, p_joins, blocks, out):
    """Volumes of other parties that the volumes of a pack meet or may meet; sorted, each pair once.

    Args:
        minima: (activities, activities, 3) lateral_m, vertical_m, time_s; lateral_m below 0: never compared.
        blocks: (b, 7) scratch for the cells to look into.
        out: (k, 3) int64 receives volume of the pack, number, and answer: POSSIBLE, CONFLICT, UNDECIDED or NEEDS_HEIGHT.
    Returns:
        how many rows of `out` were filled, -1 when there may be more than it holds; and the largest answer.
    """
    whole, p_whole = real.view(np.int64), p_real.view(np.int64)
    largest = book[LARGEST]
    for i in range(p_real.shape[0]):
        largest = max(largest, p_whole[i, COUNT])
    pair = _new_pair(largest)
    near = np.empty(256, np.int64)
    found, most = 0, 0
    for i in range(p_real.shape[0]):
        _lay_out(0, p_real, p_whole, p_vert, p_joins, i, pair)
        count = _blocks_under(table, book, grid, p_box, i, blocks)
        step, entry = 0, 0
        while True:
            if count < 0:
                near_count, step = _near_in_rows(box, book, p_box, i, step, near)
            else:
                near_count, step, entry = _near_in_blocks(pool, grid, p_box, i, blocks, count, step, entry, near)
            pair[1][1] = _touched(real, vert, near, near_count)
            for k in range(near_count):
                answer = _row_answer(real, whole, vert, joins, near[k], p_real, p_whole, i, minima, pair)
                if answer != CLEAR:
                    if found == out.shape[0]:
                        return -1, most
                    most = max(most, answer)
                    out[found, 0], out[found, 1], out[found, 2] = p_whole[i, NUMBER], whole[near[k], NUMBER], answer
                    found += 1
            if step >= (book[ROWS] if count < 0 else count):
                break
    return _merged(out, found), most


def _blocks_under(table, book, grid, box, i, blocks):
    """Filled cells that a box lies over, at every level; -1 when looking at every row is less work."""
    most = min(blocks.shape[0], book[LIVE] + 64)
    count, looked = 0, 0
    south, north, west, east = int(box[i, SOUTH]), int(box[i, NORTH]), int(box[i, WEST]), int(box[i, EAST])
    first_s, last_s = max(int(box[i, FROM_S]), book[EARLIEST]), min(int(box[i, TO_S]), book[LATEST])
    for level in range(LEVELS):
        for slot_level in range(SLOT_LEVELS):
            if book[PRESENT + level * SLOT_LEVELS + slot_level] == 0:
                continue
            first_row, last_row = _grid_row(level, south), _grid_row(level, north)
            first_slot, last_slot = _slot(first_s, slot_level), _slot(last_s, slot_level)
            for row in range(first_row, last_row + 1):
                columns = grid[level, row + 1] - grid[level, row]
                first, last, _ = _grid_columns_under(west, east, columns)
                looked += max(0, (last - first + 1) * (last_slot - first_slot + 1))
                if looked > most:
                    return -1
                for column in range(first, last + 1):
                    for slot in range(first_slot, last_slot + 1):
                        at = _find(table, _key(grid[level, row] + column % columns, slot_level, slot))
                        if table[at, KEY] != -1:
                            blocks[count, 0], blocks[count, 1], blocks[count, 2] = (
                                table[at, OFFSET],
                                table[at, HELD],
                                level,
                            )
                            blocks[count, 3], blocks[count, 4] = row, column
                            blocks[count, 5], blocks[count, 6] = slot_level, slot
                            count += 1
    return count


def _touched(real, vert, near, count):
    """Reads what is about to be looked at, all rows at once rather than one after another: memory answers many together."""
    whole = real.view(np.int64)
    seen = 0.0
    for k in range(count):
        seen += real[near[k], X] + real[near[k], LOWER]
    for k in range(count):
        first = whole[near[k], FIRST]
        last = first + whole[near[k], COUNT] - 1
        seen += vert[first, 0] + vert[(first + last) >> 1, 0] + vert[last, 2]
    return seen


def _near_in_blocks(pool, grid, box, i, blocks, count, step, entry, near):
    """Rows whose boxes meet a box, into `near`, each by the first cell and slot the two share, so once (twice at the seam).

    Returns:
        how many, and the block and entry to go on from.
    """
    found = 0
    south, north, first_s, last_s = box[i, SOUTH], box[i, NORTH], box[i, FROM_S], box[i, TO_S]
    low, high = box[i, LOW_DM], box[i, HIGH_DM]
    while step < count:
        offset, held, level, row = blocks[step, 0], blocks[step, 1], blocks[step, 2], blocks[step, 3]
        column, slot_level, slot = blocks[step, 4], blocks[step, 5], blocks[step, 6]
        columns = grid[level, row + 1] - grid[level, row]
        turns = column // columns
        west, east = int(box[i, WEST]) - TURN * turns, int(box[i, EAST]) - TURN * turns
        _, _, all_round = _grid_columns_under(int(box[i, WEST]), int(box[i, EAST]), columns)
        if all_round:
            west, east = -TURN, TURN
        own_row, own_column = _grid_row(level, int(south)), max(0, _grid_column(west, columns))
        own_slot = _slot(int(first_s), slot_level)
        for k in range(offset + entry, offset + held):
            if (
                (pool[k, SOUTH] <= north)
                & (pool[k, NORTH] >= south)
                & (pool[k, WEST] <= east)
                & (pool[k, EAST] >= west)
                & (pool[k, FROM_S] <= last_s)
                & (pool[k, TO_S] >= first_s)
                & (pool[k, LOW_DM] <= high)
                & (pool[k, HIGH_DM] >= low)
            ):
                first_shared = (
                    max(own_row, _grid_row(level, int(pool[k, SOUTH]))) == row
                    and max(own_slot, _slot(int(pool[k, FROM_S]), slot_level)) == slot
                    and max(own_column, _grid_column(int(pool[k, WEST]), columns)) == column - columns * turns
                )
                if not first_shared:
                    continue
                if found == near.shape[0]:
                    return found, step, k - offset
                near[found] = pool[k, 8]
                found += 1
        step += 1
        entry = 0
    return found, step, entry


def _near_in_rows(box, book, p_box, i, row, near):
    """As `_near_in_blocks`, by looking at every row from `row` on; returns how many, and the row to go on from."""
    found = 0
    west, east = int(p_box[i, WEST]), int(p_box[i, EAST])
    while row < book[ROWS]:
        if (
            (box[row, SOUTH] <= p_box[i, NORTH])
            & (box[row, NORTH] >= p_box[i, SOUTH])
            & (box[row, SOUTH] <= box[row, NORTH])
            & (box[row, FROM_S] <= p_box[i, TO_S])
            & (box[row, TO_S] >= p_box[i, FROM_S])
            & (box[row, LOW_DM] <= p_box[i, HIGH_DM])
            & (box[row, HIGH_DM] >= p_box[i, LOW_DM])
        ):
            other_west, other_east = int(box[row, WEST]), int(box[row, EAST])
            # the two overlap in some turn: the middle of one comes near the middle of the other
            if (
                abs((west + east - other_west - other_east + TURN) % (2 * TURN) - TURN)
                <= east - west + other_east - other_west
            ):
                if found == near.shape[0]:
                    return found, row
                near[found] = row
                found += 1
        row += 1
    return found, row


def _new_pair(largest):
    """Scratch in which `lateral_answer` sees two rows: kinds, radii, vertices, joins, offsets, centres, reaches, planes.

    Args:
        largest: how many vertices a row may have; from MOST_VERTICES on `lateral_answer` leaves it UNDECIDED.
    """
    most = min(largest, MOST_VERTICES)
    return (
        np.zeros(2, np.int8),
        np.zeros(2),
        np.empty((2 * most, 3)),
        np.empty(2 * most, np.uint8),
        np.zeros(3, np.int64),
        np.zeros((2, 3)),
        np.zeros((2, 2)),
        np.empty((most, 2)),
        np.empty((most, 2)),
    )


def _lay_out(side, real, whole, vert, joins, row, pair):
    """Row `row` as the first (0) or second (1) of the pair; of one with too many vertices only their number."""
    kind, radius, xyz, s_joins, offset, centre, reach, flat, _ = pair
    first, count, at = whole[row, FIRST], whole[row, COUNT], offset[side]
    kind[side], radius[side] = whole[row, FLAGS] & 3, real[row, RADIUS]
    centre[side, 0], centre[side, 1], centre[side, 2] = real[row, X], real[row, Y], real[row, Z]
    reach[side, 0], reach[side, 1] = real[row, INNER], real[row, OUTER]
    offset[side + 1] = at + count
    if count <= flat.shape[0] and at <= flat.shape[0]:
        for k in range(count):
            xyz[at + k, 0], xyz[at + k, 1], xyz[at + k, 2] = vert[first + k, 0], vert[first + k, 1], vert[first + k, 2]
            s_joins[at + k] = joins[first + k]


def _row_answer(real, whole, vert, joins, row, p_real, p_whole, i, minima, pair):
    """The answer for row `i` of a pack, laid out as the first of the pair, and one row of the index."""
    who, p_who = whole[row, WHO], p_whole[i, WHO]
    rule = minima[p_who & 255, who & 255]
    lateral_m, vertical_m, time_s = rule[0], rule[1], rule[2]
    if who >> 8 == p_who >> 8 or lateral_m < 0.0:
        return CLEAR
    dx, dy, dz = real[row, X] - p_real[i, X], real[row, Y] - p_real[i, Y], real[row, Z] - p_real[i, Z]
    slack_m = real[row, SLACK] + p_real[i, SLACK] + 1.0
    if math.sqrt(dx * dx + dy * dy + dz * dz) > real[row, OUTER] + p_real[i, OUTER] + lateral_m + slack_m:
        return CLEAR
    in_time = _in_time(whole, row, p_whole, i, time_s)
    if in_time == CLEAR:
        return CLEAR
    in_height = _in_height(real, whole, row, p_real, p_whole, i, vertical_m)
    if in_height == CLEAR:
        return CLEAR
    kind, radius, xyz, s_joins, offset, centre, reach, flat_i, flat_j = pair
    _lay_out(1, real, whole, vert, joins, row, pair)
    answer = lateral_answer(0, 1, lateral_m, slack_m, kind, radius, xyz, s_joins, offset, centre, reach, flat_i, flat_j)
    if answer in (CLEAR, UNDECIDED):
        return answer
    if in_height == NEEDS_HEIGHT:
        return NEEDS_HEIGHT
    return min(answer, in_time, in_height)


def _in_time(whole, a, p_whole, b, within_s):
    """CONFLICT, POSSIBLE or CLEAR for two windows; as `pair.time_separation_s`."""
    slack_us = whole[a, TIME_SLACK] + p_whole[b, TIME_SLACK]
    gap_us = max(p_whole[b, START] - whole[a, END], whole[a, START] - p_whole[b, END])
    if gap_us > 0 and max(gap_us - slack_us, 0) / 1_000_000 > within_s:
        return CLEAR
    stated = whole[a, FLAGS] & p_whole[b, FLAGS] & (START_STATED | END_STATED)
    if stated != START_STATED | END_STATED:
        return POSSIBLE
    return CONFLICT if gap_us <= 0 or gap_us / 1_000_000 <= within_s else POSSIBLE


def _in_height(real, whole, a, p_real, p_whole, b, within_m):
    """CONFLICT, POSSIBLE, CLEAR or NEEDS_HEIGHT for two bands; as `vertical.gap_m`."""
    above_ground = ((whole[a, FLAGS] | p_whole[b, FLAGS]) & BELOW_GROUND) == 0
    first = _over(real, whole, a, p_real, p_whole, b, within_m, above_ground)
    if first == CLEAR:
        return CLEAR
    second = _over(p_real, p_whole, b, real, whole, a, within_m, above_ground)
    if second == CLEAR:
        return CLEAR
    return NEEDS_HEIGHT if first == NEEDS_HEIGHT or second == NEEDS_HEIGHT else min(first, second)


def _over(real, whole, over, u_real, u_whole, under, within_m, above_ground):
    """Whether a lower limit lies within the minimum above an upper one."""
    lower_in, upper_in = (whole[over, FLAGS] >> 2) & 15, (u_whole[under, FLAGS] >> 6) & 15
    if lower_in == UNSTATED or upper_in == UNSTATED:
        return POSSIBLE
    if lower_in == UNLIMITED or upper_in == UNLIMITED:
        return CONFLICT
    if lower_in == upper_in:
        least = real[over, LOWER] - u_real[under, UPPER]
        most = least
    elif lower_in == AGL and real[over, LOWER] == 0.0 and above_ground:
        return CONFLICT
    else:
        least = real[over, LOWER_LEAST] - u_real[under, UPPER_MOST]
        most = real[over, LOWER_MOST] - u_real[under, UPPER_LEAST]
        if math.isnan(least) or math.isnan(most):
            return NEEDS_HEIGHT
        if lower_in == AGL and above_ground:
            most = min(most, max(least, real[over, LOWER]))
    if least - (real[over, RISE] + u_real[under, RISE]) > within_m + HEIGHT_RESOLUTION_M:
        return CLEAR
    return CONFLICT if most <= within_m + HEIGHT_RESOLUTION_M else POSSIBLE


def _merged(out, count):
    """Sorts answers by volume and number, and joins those of one pair: its cores' answers, or what the seam doubled."""
    gap = 1
    while gap < count:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, count):
            a, b, answer = out[k, 0], out[k, 1], out[k, 2]
            m = k
            while m >= gap and (out[m - gap, 0] > a or (out[m - gap, 0] == a and out[m - gap, 1] > b)):
                out[m, 0], out[m, 1], out[m, 2] = out[m - gap, 0], out[m - gap, 1], out[m - gap, 2]
                m -= gap
            out[m, 0], out[m, 1], out[m, 2] = a, b, answer
        gap //= 3
    return _joined(out, count)


def _joined(out, count):
    """Rows that stand next to each other and name one pair become one; returns how many are left."""
    kept = 0
    for k in range(count):
        if kept and out[kept - 1, 0] == out[k, 0] and out[kept - 1, 1] == out[k, 1]:
            out[kept - 1, 2] = _weightier(out[kept - 1, 2], out[k, 2])
        else:
            out[kept, 0], out[kept, 1], out[kept, 2] = out[k, 0], out[k, 1], out[k, 2]
            kept += 1
    return kept


def _weightier(a, b):
    """One answer for two cores' answers. What would be UNDECIDED is settled where another core surely conflicts."""
    if a == NEEDS_HEIGHT or b == NEEDS_HEIGHT:
        return NEEDS_HEIGHT
    if a == CONFLICT or b == CONFLICT:
        return CONFLICT
    return max(a, b)


def position_cells(lat, lon, grid, cells, degrees):
    """The finest cell that each position lies in, into (n,) `cells`; marks the whole degrees (180, 360) they lie in."""
    for k in range(lat.shape[0]):
        row = _grid_row(0, int(math.floor(lat[k] * 1e6)))
        columns = grid[0, row + 1] - grid[0, row]
        cells[k] = grid[0, row] + _grid_column(int(math.floor(lon[k] * 1e6)), columns) % columns
        degrees[_degree_row(lat[k]), _degree_column(lon[k])] = True


def _degree_row(lat):
    return min(int(math.floor(lat)) + 90, 179)


def _degree_column(lon):
    return min(int(math.floor(lon)) + 180, 359)


def sort_by_cell(cells, starts, order):
    """Order of positions by cell. `starts`: (cells + 1,) scratch, zeros; cells count from 0."""
    for k in range(cells.shape[0]):
        starts[cells[k] + 1] += 1
    for cell in range(1, starts.shape[0]):
        starts[cell] += starts[cell - 1]
    for k in range(cells.shape[0]):
        order[starts[cells[k]]] = k
        starts[cells[k]] += 1


def sort_by_position(rows, starts, into):
    """Rows (position, number, answer) by position, then number; a volume's cores joined. Returns how many are left.

    Args:
        starts: (positions + 1,) scratch, zeros. into: (k, 3).
    """
    for k in range(rows.shape[0]):
        starts[rows[k, 0] + 1] += 1
    for k in range(1, starts.shape[0]):
        starts[k] += starts[k - 1]
    into[:, 0] = -1
    for k in range(rows.shape[0]):
        m = starts[rows[k, 0]]
        starts[rows[k, 0]] = m + 1
        while m > 0 and into[m - 1, 0] == rows[k, 0] and into[m - 1, 1] > rows[k, 1]:
            into[m, 0], into[m, 1], into[m, 2] = into[m - 1, 0], into[m - 1, 1], into[m - 1, 2]
            m -= 1
        into[m, 0], into[m, 1], into[m, 2] = rows[k, 0], rows[k, 1], rows[k, 2]
    return _joined(into, rows.shape[0])


def index_positions(
    real,
    vert,
    joins,
    pool,
    table,
    book,
    grid,
    settings,
    geoid,
    lat,
    lon,
    height_m,
    order,
    first,
    last,
    now_us,
    last_cell,
    active,
    out,
):
    """Volumes that hold, or may hold, positions at one moment.

    Args:
        settings: as for `pack_rows`. geoid: (180, 360, 2) its least and most height in each whole degree.
        lat, lon, height_m: (n,) degrees and metres above the ellipsoid; NaN metres: not known.
        order: (n,) those from `first` to `last` of it are asked for.
        last_cell: (LEVELS, 1 + 2 · SLOT_LEVELS) scratch. active: (7, a) int32 scratch for what a cell holds.
        out: (k, 3) int64 receives position, number, and answer, as for `index_query`; what is UNDECIDED and at best POSSIBLE
            is UNSURE.
    Returns:
        how many rows of `out` were filled, the place in `order` to go on from, and how wide `active` has to be for that (0:
        it is wide enough).
    """
    whole = real.view(np.int64)
    pair = _new_pair(book[LARGEST])
    mask = np.empty(active.shape[1] + 8, np.uint8)
    words = mask[: (mask.shape[0] // 8) * 8].view(np.uint64)
    levels, level_count = np.empty(LEVELS, np.int64), 0
    for level in range(LEVELS):
        at = PRESENT + level * SLOT_LEVELS
        if book[at : at + SLOT_LEVELS].any():
            levels[level_count] = level
            level_count += 1
    now_s = min(max(now_us // 1_000_000 - EPOCH_S, -SECONDS_END), SECONDS_END)
    last_cell[:, 0] = -1
    found, count = 0, 0
    for m in range(first, last):
        before, k = found, order[m]
        y, x = int(math.floor(lat[k] * 1e6)), int(math.floor(lon[k] * 1e6))
        if x >= 180_000_000:
            x -= TURN
        low, high = -(1 << 30), 1 << 30
        if not math.isnan(height_m[k]):
            low = int(math.floor(min(max(height_m[k], -1e8), 1e8) * 10))
            high = low + 1
        moved = False
        for n in range(level_count):
            level = levels[n]
            row = _grid_row(level, y)
            columns = grid[level, row + 1] - grid[level, row]
            cell = grid[level, row] + _grid_column(x, columns)
            if last_cell[level, 0] != cell:
                _look_up(table, cell, now_s, last_cell, level)
                moved = True
        if moved:
            count = _gather(pool, last_cell, now_s, active)
            if count > active.shape[1]:
                return before, m, count
        if not _mark_holding(active, count, y, x, low, high, mask, words):
            continue
        _lay_out_position(lat[k], lon[k], pair)
        sea = geoid[_degree_row(lat[k]), _degree_column(lon[k])]
        for e in range(count):
            if mask[e] == 0:
                continue
            near = active[6, e]
            answer = _position_answer(
                real, whole, vert, joins, near, height_m[k], sea[0], sea[1], settings, now_us, pair
            )
            if answer != CLEAR:
                if found == out.shape[0]:
                    return before, m, 0
                out[found, 0], out[found, 1], out[found, 2] = k, whole[near, NUMBER], answer
                found += 1
    return found, last, 0


def _gather(pool, last_cell, now_s, active):
    """Boxes and rows of what is active now in the cells last looked at, into `active` as far as it reaches; returns how many."""
    count = 0
    for level in range(LEVELS):
        if last_cell[level, 0] < 0:
            continue
        for slot_level in range(SLOT_LEVELS):
            first = last_cell[level, 1 + 2 * slot_level]
            for e in range(first, first + last_cell[level, 2 + 2 * slot_level]):
                if pool[e, FROM_S] <= now_s and pool[e, TO_S] >= now_s:
                    if count < active.shape[1]:
                        for k in range(4):
                            active[k, count] = pool[e, k]
                        active[4, count], active[5, count] = pool[e, LOW_DM], pool[e, HIGH_DM]
                        active[6, count] = pool[e, 8]
                    count += 1
    return count


def _mark_holding(active, count, y, x, low, high, mask, words):
    """Marks in `mask` which of `active` hold a position; whether any does."""
    south, north, west, east, lowest, highest = active[0], active[1], active[2], active[3], active[4], active[5]
    y0, y1, x0, x1 = np.int32(y), np.int32(y + 1), np.int32(x), np.int32(x + 1)
    z0, z1 = np.int32(low), np.int32(high)
    for e in range(count):
        mask[e] = (
            (south[e] <= y1)
            & (north[e] >= y0)
            & (west[e] <= x1)
            & (east[e] >= x0)
            & (lowest[e] <= z1)
            & (highest[e] >= z0)
        )
    for e in range(count, 8 * ((count + 7) // 8)):
        mask[e] = 0
    seen = np.uint64(0)
    for w in range((count + 7) // 8):
        seen |= words[w]
    return seen != np.uint64(0)


def _look_up(table, cell, now_s, last_cell, level):
    last_cell[level, 0] = cell
    for slot_level in range(SLOT_LEVELS):
        at = _find(table, _key(cell, slot_level, _slot(now_s, slot_level)))
        held = table[at, KEY] != -1
        last_cell[level, 1 + 2 * slot_level] = table[at, OFFSET] if held else 0
        last_cell[level, 2 + 2 * slot_level] = table[at, HELD] if held else 0


def _lay_out_position(lat_deg, lon_deg, pair):
    kind, radius, xyz, joins, offset, centre, reach, _, _ = pair
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    s, c = math.sin(lat), math.cos(lat)
    n = A / math.sqrt(1 - E2 * s * s)
    xyz[0, 0], xyz[0, 1], xyz[0, 2] = n * c * math.cos(lon), n * c * math.sin(lon), n * (1 - E2) * s
    kind[0], radius[0], joins[0], offset[1] = POINT, 0.0, 0, 1
    centre[0, 0], centre[0, 1], centre[0, 2] = xyz[0, 0], xyz[0, 1], xyz[0, 2]
    reach[0, 0], reach[0, 1] = 0.0, 0.01


def _position_answer(real, whole, vert, joins, row, height_m, sea_least_m, sea_most_m, settings, now_us, pair):
    """Whether a position laid out as the first of the pair lies in a row's volume at a moment."""
    kind, radius, xyz, s_joins, offset, centre, reach, flat_i, flat_j = pair
    slack_us = whole[row, TIME_SLACK]
    if now_us < whole[row, START] - slack_us or now_us > whole[row, END] + slack_us:
        return CLEAR
    dx, dy, dz = real[row, X] - xyz[0, 0], real[row, Y] - xyz[0, 1], real[row, Z] - xyz[0, 2]
    slack_m = real[row, SLACK] + 1.0
    if math.sqrt(dx * dx + dy * dy + dz * dz) > real[row, OUTER] + slack_m:
        return CLEAR
    in_height = _at_height(real, whole, row, height_m, sea_least_m, sea_most_m, settings)
    if in_height == CLEAR:
        return CLEAR
    _lay_out(1, real, whole, vert, joins, row, pair)
    answer = lateral_answer(0, 1, 0.0, slack_m, kind, radius, xyz, s_joins, offset, centre, reach, flat_i, flat_j)
    if answer == CLEAR:
        return CLEAR
    stated = START_STATED | END_STATED
    if (whole[row, FLAGS] & stated) != stated or now_us < whole[row, START] or now_us > whole[row, END]:
        in_height = POSSIBLE
    if answer == UNDECIDED:
        return UNDECIDED if in_height == CONFLICT else UNSURE
    return min(answer, in_height)


def _at_height(real, whole, row, height_m, sea_least_m, sea_most_m, settings):
    """CONFLICT where a height surely lies in a row's band, POSSIBLE where it may, or CLEAR."""
    if math.isnan(height_m):
        return POSSIBLE
    flags = whole[row, FLAGS]
    lower_in, upper_in = (flags >> 2) & 15, (flags >> 6) & 15
    least, surely = _outward_height(real[row, LOWER], lower_in, settings, sea_least_m, sea_most_m)
    if lower_in == AGL and real[row, LOWER] == 0.0 and flags & BELOW_GROUND == 0:
        least, surely = -math.inf, -math.inf  # a position given is not under ground
    sure_to, highest = _outward_height(real[row, UPPER], upper_in, settings, sea_least_m, sea_most_m)
    rise_m = real[row, RISE] + HEIGHT_RESOLUTION_M
    if height_m < least - rise_m or height_m > highest + rise_m:
        return CLEAR
    if surely - HEIGHT_RESOLUTION_M <= height_m <= sure_to + HEIGHT_RESOLUTION_M:
        return CONFLICT
    return POSSIBLE


# ── the changing index: what would clear ─────────────────────────────────────────────────────────────────────────────

TIME, ALTITUDE, SIDEWAYS = 0, 1, 2  # the dimension in which volumes would move


def index_in_the_way(
    real, box, vert, joins, pool, table, book, grid, minima, p_real, p_box, p_vert, p_joins, moving, reach_m, blocks, out
):  # fmt: skip
    """Rows of other parties that meet rows of a pack in the two dimensions in which these would not move.

    Args:
        p_box: stretched by as far as the pack may move. moving: TIME, ALTITUDE or SIDEWAYS. reach_m: how far sideways.
        out: (k, 4) int64 receives row of the pack, row, and the lateral and the vertical answer, CONFLICT for the one that
            moving changes. SIDEWAYS, what lies above or below (CLEAR) is given too where moving may change that.
    Returns:
        how many rows of `out` were filled, -1 when there may be more than it holds.
    """
    whole, p_whole = real.view(np.int64), p_real.view(np.int64)
    largest = book[LARGEST]
    for i in range(p_real.shape[0]):
        largest = max(largest, p_whole[i, COUNT])
    pair = _new_pair(largest)
    near = np.empty(256, np.int64)
    found = 0
    for i in range(p_real.shape[0]):
        _lay_out(0, p_real, p_whole, p_vert, p_joins, i, pair)
        count = _blocks_under(table, book, grid, p_box, i, blocks)
        step, entry = 0, 0
        while True:
            if count < 0:
                near_count, step = _near_in_rows(box, book, p_box, i, step, near)
            else:
                near_count, step, entry = _near_in_blocks(pool, grid, p_box, i, blocks, count, step, entry, near)
            pair[1][1] = _touched(real, vert, near, near_count)
            if found + near_count > out.shape[0]:
                return -1
            for k in range(near_count):
                found = _put_in_the_way(
                    real, whole, vert, joins, near[k], p_real, p_whole, i, minima, moving, reach_m, pair, out, found
                )
            if step >= (book[ROWS] if count < 0 else count):
                break
    return found


def _put_in_the_way(
    real, whole, vert, joins, row, p_real, p_whole, i, minima, moving, reach_m, pair, out, found
):  # fmt: skip
    """Adds a row to `out` where it may be in the way; returns how many there are then."""
    rule = minima[p_whole[i, WHO] & 255, whole[row, WHO] & 255]
    if whole[row, WHO] >> 8 == p_whole[i, WHO] >> 8 or rule[0] < 0.0:
        return found
    dx, dy, dz = real[row, X] - p_real[i, X], real[row, Y] - p_real[i, Y], real[row, Z] - p_real[i, Z]
    slack_m = real[row, SLACK] + p_real[i, SLACK] + 1.0
    if math.sqrt(dx * dx + dy * dy + dz * dz) > real[row, OUTER] + p_real[i, OUTER] + rule[0] + slack_m + reach_m:
        return found
    if moving != TIME and _in_time(whole, row, p_whole, i, rule[2]) == CLEAR:
        return found
    lateral, vertical = CONFLICT, CONFLICT
    if moving != ALTITUDE:
        vertical = _in_height(real, whole, row, p_real, p_whole, i, rule[1])
        if vertical == CLEAR and (moving == TIME or not _crosses(whole, row, p_whole, i)):
            return found
    elif _crosses(whole, row, p_whole, i) and (
        math.isnan(real[row, LOWER_LEAST]) or math.isnan(real[row, UPPER_LEAST])
    ):
        vertical = NEEDS_HEIGHT
    if moving != SIDEWAYS:
        kind, radius, xyz, s_joins, offset, centre, reach, flat_i, flat_j = pair
        _lay_out(1, real, whole, vert, joins, row, pair)
        lateral = lateral_answer(
            0, 1, rule[0], slack_m, kind, radius, xyz, s_joins, offset, centre, reach, flat_i, flat_j
        )
        if lateral == CLEAR:
            return found
    out[found, 0], out[found, 1], out[found, 2], out[found, 3] = i, row, lateral, vertical
    return found + 1


def _crosses(whole, a, p_whole, b):
    """Whether comparing two bands takes a conversion; as `vertical.crosses_references`."""
    flags, p_flags = whole[a, FLAGS], p_whole[b, FLAGS]
    lower, upper, p_lower, p_upper = (flags >> 2) & 15, (flags >> 6) & 15, (p_flags >> 2) & 15, (p_flags >> 6) & 15
    return (lower != p_upper and lower < UNLIMITED and p_upper < UNLIMITED) or (
        p_lower != upper and p_lower < UNLIMITED and upper < UNLIMITED
    )


def forbidden_heights(real, lifted, pairs, minima, held):
    """Steps in which the bands of pairs come within the minimum: one run each, since each step up only lifts further.

    Args:
        real: (n, 24) rows that stay. lifted: (steps, p, 24) the rows of a pack at each step, in their order.
        pairs: (k, 2) row of the pack, row that stays.
        held: (k, 2) receives the first and the last of these steps, counted from 0; the last lies below the first where there
            are none.
    """
    whole = real.view(np.int64)
    for k in range(pairs.shape[0]):
        i, row = pairs[k, 0], pairs[k, 1]
        for side in range(2):
            low, high = 0, lifted.shape[0]
            while low < high:
                step = (low + high) // 2
                at = lifted[step]
                at_whole = at.view(np.int64)
                within_m = minima[at_whole[i, WHO] & 255, whole[row, WHO] & 255, 1]
                above_ground = ((whole[row, FLAGS] | at_whole[i, FLAGS]) & BELOW_GROUND) == 0
                if side == 0:
                    reached = _over(real, whole, row, at, at_whole, i, within_m, above_ground) != CLEAR
                else:
                    reached = _over(at, at_whole, i, real, whole, row, within_m, above_ground) == CLEAR
                if reached:
                    high = step
                else:
                    low = step + 1
            held[k, side] = low - side


def first_free_move(
    moved, m_vert, m_joins, first, off_m, real, vert, joins, pairs, minima, blockers, not_before, doubts
):  # fmt: skip
    """The first of many places to which a pack may move where nothing surely is in the way.

    Args:
        moved: (places · p, 24) the pack's p rows at one place after the other. first: the place to begin with.
        off_m: (places,) how far the rows may be from where they would truly be.
        pairs: (k, 3) row of the pack, row that stays, and whether the two meet in height wherever they are moved; sorted.
        blockers: (b,) the pair that was last in the way for each of b bearings, which follow one another in `moved`; -1: none.
        not_before: (b,) the first place on each bearing that is worth looking at.
        doubts: (k,) receives pairs that may be in the way.
    Returns:
        the place (as many as there are: none is left), and how many of `doubts` were filled.
    """
    m_whole, whole = moved.view(np.int64), real.view(np.int64)
    largest = 0
    for i in range(m_whole.shape[0]):
        largest = max(largest, m_whole[i, COUNT])
    for row in range(whole.shape[0]):
        largest = max(largest, whole[row, COUNT])
    pair = _new_pair(largest)
    there, here = (moved, m_whole, m_vert, m_joins, off_m), (real, whole, vert, joins)
    for place in range(first, off_m.shape[0]):
        bearing = place % blockers.shape[0]
        if place < not_before[bearing]:
            continue
        known = blockers[bearing]
        laid = -1
        if known >= 0:
            laid, answer = _moved_answer(there, place, here, pairs, known, minima, pair, laid)
            if answer == CONFLICT:
                continue
        found, free = 0, True
        for k in range(pairs.shape[0]):
            laid, answer = _moved_answer(there, place, here, pairs, k, minima, pair, laid)
            if answer == CONFLICT:
                blockers[bearing], free = k, False
                break
            if answer != CLEAR:
                doubts[found] = k
                found += 1
        if free:
            return place, found
    return off_m.shape[0], 0


def _moved_answer(there, place, here, pairs, k, minima, pair, laid):
    """Which row is laid out now, and whether a pair is in the way: surely (CONFLICT), not (CLEAR), or it has to be looked at."""
    moved, m_whole, m_vert, m_joins, off_m = there
    real, whole, vert, joins = here
    own, row = place * (moved.shape[0] // off_m.shape[0]) + pairs[k, 0], pairs[k, 1]
    within = minima[m_whole[own, WHO] & 255, whole[row, WHO] & 255, 0]
    slack_m, off = real[row, SLACK] + moved[own, SLACK] + 1.0, off_m[place]
    dx, dy, dz = real[row, X] - moved[own, X], real[row, Y] - moved[own, Y], real[row, Z] - moved[own, Z]
    if math.sqrt(dx * dx + dy * dy + dz * dz) > real[row, OUTER] + moved[own, OUTER] + within + slack_m + off:
        return laid, CLEAR
    if laid != own:
        _lay_out(0, moved, m_whole, m_vert, m_joins, own, pair)
    _lay_out(1, real, whole, vert, joins, row, pair)
    kind, radius, xyz, s_joins, offset, centre, reach, flat_i, flat_j = pair
    # nearer than `surely` is in the way even where the rows are off; negative where they may be off by more than all of it
    surely = within + slack_m - off
    answer = lateral_answer(0, 1, surely, 2 * off, kind, radius, xyz, s_joins, offset, centre, reach, flat_i, flat_j)
    if answer == CONFLICT and (pairs[k, 2] == 0 or surely < 0.0):
        answer = UNDECIDED
    return own, answer


# ── tracks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def track_ends(lat_deg, lon_deg, east_m_s, north_m_s, look_ahead_s, place, velocity, end_deg):
    """Earth-centred places (n, 3) and velocities (n, 3, along the ground), and about where tracks end (n, 2, degrees)."""
    place_vertices(lat_deg, lon_deg, place)
    for i in range(lat_deg.shape[0]):
        lat, lon = math.radians(lat_deg[i]), math.radians(lon_deg[i])
        outward_m_s = -math.sin(lat) * north_m_s[i]  # away from the axis; at a pole the longitude still says which way
        velocity[i, 0] = math.cos(lon) * outward_m_s - math.sin(lon) * east_m_s[i]
        velocity[i, 1] = math.sin(lon) * outward_m_s + math.cos(lon) * east_m_s[i]
        velocity[i, 2] = math.cos(lat) * north_m_s[i]
        x = place[i, 0] + velocity[i, 0] * look_ahead_s
        y = place[i, 1] + velocity[i, 1] * look_ahead_s
        z = place[i, 2] + velocity[i, 2] * look_ahead_s
        end_deg[i, 0] = math.degrees(math.atan2(z, (1 - E2) * math.hypot(x, y)))
        end_deg[i, 1] = math.degrees(math.atan2(y, x))


def track_cells(box, grid, level, counts, order, entries):
    """Tracks laid into the cells their boxes lie over, within a cell in the order given (by lowest height).

    Args:
        box: (n, 6) int32 south, north, west, east (µ°), lowest, highest (dm).
        counts: (cells + 1,) zeros; afterwards where each cell's entries begin, when `entries` is filled.
        entries: (m, 7) int32 receives box and track; with none, cells are only counted.
    """
    fill = entries.shape[0] > 0
    for k in range(order.shape[0]):
        i = order[k]
        for row in range(_grid_row(level, int(box[i, SOUTH])), _grid_row(level, int(box[i, NORTH])) + 1):
            columns = grid[level, row + 1] - grid[level, row]
            first, last, all_round = _grid_columns_under(int(box[i, WEST]), int(box[i, EAST]), columns)
            for column in range(first, last + 1):
                cell = grid[level, row] - grid[level, 0] + column % columns
                if not fill:
                    counts[cell + 1] += 1
                    continue
                e = counts[cell]
                counts[cell] = e + 1
                turn = TURN * (column // columns)
                for m in range(6):
                    entries[e, m] = box[i, m]
                entries[e, WEST] = -TURN if all_round else box[i, WEST] - turn
                entries[e, EAST] = TURN if all_round else box[i, EAST] - turn
                entries[e, 6] = i


def track_pairs(
    cells,
    at,
    entry,
    cell_row,
    starts,
    grid,
    level,
    entries,
    place,
    velocity,
    height,
    look_ahead_s,
    within_m,
    within_height_m,
    out,
):
    """Pairs of tracks that come within the minima, both at once, within the time looked ahead; from `entry` of `cells[at]` on.

    Args:
        cells: (c,) those with entries. starts: (all cells + 1,) where each cell's entries begin.
        height: (n, 2) metres and metres a second upward; NaN metres: not known, may be any.
        out: (k, 5) receives i, j, first second within the minima, second of closest approach, metres then.
    Returns:
        how many rows of `out` were filled, and the place in `cells` and the entry to go on from.
    """
    found = 0
    for c in range(at, cells.shape[0]):
        cell = cells[c]
        start, stop = starts[cell], starts[cell + 1]
        row = cell_row[cell]
        columns = grid[level, row + 1] - grid[level, row]
        column = cell - (grid[level, row] - grid[level, 0])
        for a in range(max(start, entry), stop):
            if found + stop - a > out.shape[0]:
                return found, c, a
            south, north, west, east, high = entries[a, 0], entries[a, 1], entries[a, 2], entries[a, 3], entries[a, 5]
            for b in range(a + 1, stop):
                if entries[b, 4] > high:
                    break
                if (
                    (entries[b, SOUTH] <= north)
                    & (entries[b, NORTH] >= south)
                    & (entries[b, WEST] <= east)
                    & (entries[b, EAST] >= west)
                ):
                    shared_row = max(_grid_row(level, int(south)), _grid_row(level, int(entries[b, SOUTH])))
                    shared = _grid_column(int(max(west, entries[b, WEST])), columns)
                    if shared_row != row or max(0, shared) != column:
                        continue
                    i, j = min(entries[a, 6], entries[b, 6]), max(entries[a, 6], entries[b, 6])
                    found = _put_approach(
                        place, velocity, height, i, j, look_ahead_s, within_m, within_height_m, out, found
                    )
    return found, cells.shape[0], 0


def _put_approach(place, velocity, height, i, j, look_ahead_s, within_m, within_height_m, out, found):
    """Adds the pair to `out` where it comes within the minima; returns how many there are then.

    Each goes straight in the plane square to the ellipsoid midway between the two; what that may be off by is added to the
    lateral minimum, so that no approach is missed.
    """
    mx, my, mz = place[i, 0] + place[j, 0], place[i, 1] + place[j, 1], place[i, 2] + place[j, 2]
    ux, uy, uz = mx / (A * A), my / (A * A), mz / (B * B)
    n = math.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux / n, uy / n, uz / n
    dx, dy, dz = place[j, 0] - place[i, 0], place[j, 1] - place[i, 1], place[j, 2] - place[i, 2]
    wx, wy, wz = velocity[j, 0] - velocity[i, 0], velocity[j, 1] - velocity[i, 1], velocity[j, 2] - velocity[i, 2]
    up = dx * ux + dy * uy + dz * uz
    dx, dy, dz = dx - up * ux, dy - up * uy, dz - up * uz
    up = wx * ux + wy * uy + wz * uz
    wx, wy, wz = wx - up * ux, wy - up * uy, wz - up * uz
    dd, ww, dw = dx * dx + dy * dy + dz * dz, wx * wx + wy * wy + wz * wz, dx * wx + dy * wy + dz * wz
    closest_s = min(max(-dw / ww, 0.0), look_ahead_s) if ww > 0.0 else 0.0
    closest_m = math.sqrt(max(0.0, dd + closest_s * (2 * dw + closest_s * ww)))
    reach = within_m + _plane_error(velocity, i, j, math.sqrt(dd), look_ahead_s)
    if closest_m > reach:
        return found
    from_s, to_s = 0.0, look_ahead_s
    if ww > 0.0:
        half = math.sqrt(max(0.0, dw * dw - ww * (dd - reach * reach)))
        from_s, to_s = max(from_s, (-dw - half) / ww), min(to_s, (-dw + half) / ww)
    above, rise = height[j, 0] - height[i, 0], height[j, 1] - height[i, 1]
    if not math.isnan(above):
        if rise == 0.0:
            if abs(above) > within_height_m:
                return found
        else:
            enter, leave = (-within_height_m - above) / rise, (within_height_m - above) / rise
            from_s, to_s = max(from_s, min(enter, leave)), min(to_s, max(enter, leave))
    if from_s > to_s:
        return found
    out[found, 0], out[found, 1], out[found, 2], out[found, 3], out[found, 4] = i, j, from_s, closest_s, closest_m
    return found + 1


def _plane_error(velocity, i, j, apart_m, look_ahead_s):
    """What straight lines in one plane may be off by, metres; measured: 0.135 of the cube over the square, and 0.2 m, at most."""
    farthest2 = max(
        velocity[i, 0] ** 2 + velocity[i, 1] ** 2 + velocity[i, 2] ** 2,
        velocity[j, 0] ** 2 + velocity[j, 1] ** 2 + velocity[j, 2] ** 2,
    )
    span = apart_m / 2 + math.sqrt(farthest2) * look_ahead_s
    return 1.0 + span**3 / (6 * R_MIN * R_MIN)
