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

CLEAR, POSSIBLE, CONFLICT, UNDECIDED = 0, 1, 2, 3
POINT, CHAIN, REGION = 0, 1, 2

DOUBT_M = 0.06  # what a piece of up to 100 km departs from a plane section, and rounding, at most
FRAME_REACH_M = 250_000.0  # beyond it the plane's distortion is left to the exact predicate
MOST_VERTICES = 2048
POLAR_DEG = 80.0


# ── volumes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def place_vertices(lat_deg, lon_deg, xyz):
    """Earth-centred positions of (k,) geodetic latitudes and longitudes, into (k, 3) `xyz`."""
    for k in range(lat_deg.shape[0]):
        lat = math.radians(lat_deg[k])
        lon = math.radians(lon_deg[k])
        s, c = math.sin(lat), math.cos(lat)
        n = A / math.sqrt(1 - E2 * s * s)
        xyz[k, 0] = n * c * math.cos(lon)
        xyz[k, 1] = n * c * math.sin(lon)
        xyz[k, 2] = n * (1 - E2) * s


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
        _reaches(a, b, kind[i], radius_m[i], xyz, joins, centre, i, reach, flat)
        _box(a, b, radius_m[i] + spread_m[i], lat_deg, lon_deg, xyz, centre, reach, i, box, spread_m[i])


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
    far2 = 0.0
    longest2 = 0.0
    for k in range(a, b):
        d2 = _square_apart(xyz, k, centre, i)
        far2 = max(far2, d2)
        if joins[k] == 1:
            longest2 = max(longest2, _square_apart(xyz, k, xyz, k + 1))
    far = _arc_at_most(math.sqrt(far2))
    # an edge may lie farther from the centre than both its ends, by less than half its length squared over twice the radius
    reach[i, 1] = far + longest2 / (4 * R_MIN) + radius + 0.01
    reach[i, 0] = radius
    if kind == CHAIN:
        reach[i, 0] = radius - math.sqrt(_square_to_chain(a, b, xyz, centre, i)) - longest2 / (4 * R_MIN)
    elif kind == REGION:
        reach[i, 0] = -1.0
        if far < FRAME_REACH_M and b - a <= flat.shape[0]:
            frame = _frame(centre[i, 0], centre[i, 1], centre[i, 2])
            _flatten(a, b, xyz, frame, flat)
            if _inside(0.0, 0.0, flat, joins, a, b):
                d = math.sqrt(_square_to_rim(0.0, 0.0, flat, joins, a, b))
                reach[i, 0] = d * (1 - 1.5 * (far / R_MIN) ** 2) - DOUBT_M


def _square_to_chain(a, b, xyz, centre, i):
    best = 1e30
    for k in range(a, b - 1):
        ux, uy, uz = xyz[k + 1, 0] - xyz[k, 0], xyz[k + 1, 1] - xyz[k, 1], xyz[k + 1, 2] - xyz[k, 2]
        wx, wy, wz = centre[i, 0] - xyz[k, 0], centre[i, 1] - xyz[k, 1], centre[i, 2] - xyz[k, 2]
        uu = ux * ux + uy * uy + uz * uz
        t = 0.0
        if uu > 0.0:
            t = min(1.0, max(0.0, (ux * wx + uy * wy + uz * wz) / uu))
        dx, dy, dz = wx - t * ux, wy - t * uy, wz - t * uz
        best = min(best, dx * dx + dy * dy + dz * dz)
    return best


def _square_apart(p, k, q, m):
    dx, dy, dz = p[k, 0] - q[m, 0], p[k, 1] - q[m, 1], p[k, 2] - q[m, 2]
    return dx * dx + dy * dy + dz * dz


def _arc_at_most(chord):
    return 2 * R_MIN * math.asin(min(1.0, chord / (2 * R_MIN)))


def _box(a, b, widen, lat_deg, lon_deg, xyz, centre, reach, i, box, spread):
    south, north = 90.0, -90.0
    west, east = 1e9, -1e9
    longest2 = 0.0
    base = lon_deg[a]
    for k in range(a, b):
        south, north = min(south, lat_deg[k]), max(north, lat_deg[k])
        lon = lon_deg[k]
        while lon - base > 180.0:
            lon -= 360.0
        while lon - base < -180.0:
            lon += 360.0
        base = lon  # each vertex is unrolled from the one before
        west, east = min(west, lon), max(east, lon)
        if k + 1 < b:
            longest2 = max(longest2, _square_apart(xyz, k, xyz, k + 1))
    steepest = max(abs(south), abs(north))
    ring_is_open = abs(base - lon_deg[a]) > 1.0 and b - a > 2 and _square_apart(xyz, a, xyz, b - 1) < 1.0
    if steepest > POLAR_DEG or east - west > 179.0 or ring_is_open:
        _ball_box(centre, reach[i, 1] + spread, i, box)
        return
    bulge = longest2 / (8 * R_MIN) * (math.tan(math.radians(steepest)) + 0.1) * 1.05
    rise = math.degrees((widen + bulge) / R_MIN)
    if steepest + rise > POLAR_DEG + 5.0:
        _ball_box(centre, reach[i, 1] + spread, i, box)
        return
    reach_east = math.degrees(
        math.asin(min(1.0, math.sin(min(1.5, (widen + bulge) / R_MIN)) / math.cos(math.radians(steepest))))
    )
    _put_box(box, i, south - rise, north + rise, west - reach_east * 1.001, east + reach_east * 1.001)


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
    h = math.hypot(ux, uy)
    ex, ey = 0.0, 1.0
    if h > 1e-12:
        ex, ey = -uy / h, ux / h
    depth = A / math.sqrt(1 - E2 * uz * uz)
    return ex, ey, -uz * ey, uz * ex, ux * ey - uy * ex, ux, uy, uz, depth, -E2 * depth * uz


def _flatten(a, b, xyz, frame, flat):
    """Vertices a to b in the plane, metres east and north, into `flat`; returns the largest distance from the middle squared.

    Seen from where the touching point's normal meets the axis, geodesics near it run straight.
    """
    ex, ey, nx, ny, nz, ux, uy, uz, depth, axis_z = frame
    far2 = 0.0
    for k in range(a, b):
        x, y, z = xyz[k, 0], xyz[k, 1], xyz[k, 2] - axis_z
        scale = depth / max(1.0, ux * x + uy * y + uz * z)
        east, north = (ex * x + ey * y) * scale, (nx * x + ny * y + nz * z) * scale
        flat[k - a, 0], flat[k - a, 1] = east, north
        far2 = max(far2, east * east + north * north)
    return far2


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
    a, b, c, d = offset[i], offset[i + 1], offset[j], offset[j + 1]
    if b - a > flat_i.shape[0] or d - c > flat_j.shape[0]:
        return UNDECIDED
    if chord + max(reach[i, 1] - radius_m[i], reach[j, 1] - radius_m[j]) > FRAME_REACH_M:
        return UNDECIDED
    at = i if reach[i, 1] <= reach[j, 1] else j
    frame = _frame(centre[at, 0], centre[at, 1], centre[at, 2])
    far2 = max(_flatten(a, b, xyz, frame, flat_i), _flatten(c, d, xyz, frame, flat_j))
    widths = radius_m[i] + radius_m[j]
    distortion = 1.5 * far2 / (R_MIN * R_MIN)
    enough = max(0.0, (within + widths - 2 * DOUBT_M) / (1 + distortion))
    beyond = (within + slack + widths + 3 * DOUBT_M) * (1 + 2 * distortion)
    apart = _rims_apart(flat_i, flat_j, joins, a, b, c, d, enough, beyond)
    if apart < 0.0:
        return CONFLICT
    if apart > DOUBT_M and _one_holds_other(kind[i], kind[j], flat_i, flat_j, joins, a, b, c, d):
        return CONFLICT
    doubt = DOUBT_M + distortion * apart
    return _graded(apart - widths, doubt, within, slack)


def _graded(apart, doubt, within, slack):
    if apart + doubt <= within:
        return CONFLICT
    if apart - doubt > within + slack:
        return CLEAR
    if apart - doubt > within + DOUBT_M and apart + doubt <= within + slack:
        return POSSIBLE
    return UNDECIDED


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
    """Distance between two cores' edges; -1 where they surely cross. Stops early below `enough`; edges beyond `reach` are passed over."""
    best2 = reach * reach
    enough2 = enough * enough
    for k in range(a, b):
        joined = joins[k] == 1
        if not joined and b - a > 1:
            continue
        m = k - a
        x0, y0 = p[m, 0], p[m, 1]
        x1, y1 = (p[m + 1, 0], p[m + 1, 1]) if joined else (x0, y0)
        near = math.sqrt(best2)
        west, east, south, north = min(x0, x1) - near, max(x0, x1) + near, min(y0, y1) - near, max(y0, y1) + near
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
            apart2 = _square_edges_apart(x0, y0, x1, y1, x2, y2, x3, y3)
            if apart2 < 0.0:
                return -1.0
            if apart2 < best2:
                best2 = apart2
                if best2 <= enough2:
                    return math.sqrt(best2)
    return math.sqrt(best2)


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


def count_cells(order, box, row_count, area, row_start, most, counts, big):
    """How many entries each cell gets; volumes over more than `most` cells are marked in `big` instead."""
    for k in range(order.shape[0]):
        i = order[k]
        r0, r1 = row_of(box[i, 0], row_count, area), row_of(box[i, 1], row_count, area)
        total = 0
        for r in range(r0, r1 + 1):
            c0, c1 = _columns_under(box, i, row_start[r + 1] - row_start[r], area)
            total += c1 - c0 + 1
        big[i] = total > most
        if total > most:
            continue
        for r in range(r0, r1 + 1):
            columns = row_start[r + 1] - row_start[r]
            c0, c1 = _columns_under(box, i, columns, area)
            for c in range(c0, c1 + 1):
                counts[row_start[r] + c % columns] += 1


def _columns_under(box, i, columns, area):
    """First and last unrolled column under a box; each physical column once where it goes all the way round."""
    if box[i, 3] - box[i, 2] >= 360.0:
        return 0, columns - 1
    return column_of(box[i, 2], columns, area), column_of(box[i, 3], columns, area)


def fill_cells(order, box, time, height, row_count, area, row_start, big, cursor, e_box, e_time, e_height, e_id):
    """Entries laid out cell by cell, within a cell in the order given (by start of time)."""
    for k in range(order.shape[0]):
        i = order[k]
        if big[i]:
            continue
        round_the_earth = box[i, 3] - box[i, 2] >= 360.0
        for r in range(row_of(box[i, 0], row_count, area), row_of(box[i, 1], row_count, area) + 1):
            columns = row_start[r + 1] - row_start[r]
            c0, c1 = _columns_under(box, i, columns, area)
            for c in range(c0, c1 + 1):
                cell = row_start[r] + c % columns
                e = cursor[cell]
                cursor[cell] = e + 1
                # over the antimeridian a box is laid into each side, in that side's longitudes
                turn = np.float32(0.0) if round_the_earth else np.float32(360.0 * (c // columns))
                e_box[0, e], e_box[1, e] = box[i, 0], box[i, 1]
                e_box[2, e], e_box[3, e] = box[i, 2] - turn, box[i, 3] - turn
                e_time[0, e], e_time[1, e] = time[i, 0], time[i, 1]
                e_height[0, e], e_height[1, e] = height[i, 0], height[i, 1]
                e_id[e] = i


def sweep(
    cell,
    entry,
    last_cell,
    row_count,
    area,
    row_start,
    cell_row,
    cell_start,
    e_box,
    e_time,
    e_height,
    e_id,
    party,
    activity,
    minima,
    slack_m,
    kind,
    radius_m,
    xyz,
    joins,
    offset,
    centre,
    reach,
    mask,
    mask_words,
    flat_i,
    flat_j,
    out,
    out_answer,
):
    """Pairs of one run of cells that meet laterally, or may, and whose times and heights may meet.

    Starts at `entry` of `cell`; stops when the cells are done or `out` may not hold what the next entry finds. A pair is reported
    by the first cell the two boxes share, so once, but for pairs over the antimeridian.

    Args:
        e_box (4, m), e_time (2, m), e_height (2, m), e_id (m,): entries, cell by cell, by start of time; ends and upper limits
            hold the largest minima already.
        minima: (activities, activities, 3) lateral_m, vertical_m, time_s.
        slack_m: (n,) what each volume adds to the lateral minimum for the answer POSSIBLE.
    Returns:
        how many pairs stand in `out` (k, 2) and `out_answer` (k,), the cell and entry to go on from.
    """
    found = 0
    while cell < last_cell:
        first, last = cell_start[cell], cell_start[cell + 1]
        entry = max(entry, first)
        row = cell_row[cell]
        columns = row_start[row + 1] - row_start[row]
        column = cell - row_start[row]
        while entry < last:
            end = _first_after(e_time, e_time[1, entry], entry + 1, last)
            if found + end - entry > out.shape[0]:
                return found, cell, entry
            hits = _mask(entry, end, e_box, e_height, mask, mask_words)
            if hits:
                i = e_id[entry]
                for word in range((end - entry - 1 + 7) // 8):
                    if mask_words[word] == 0:
                        continue
                    for m in range(8 * word, 8 * word + 8):
                        if mask[m] == 0:
                            continue
                        b = entry + 1 + m
                        j = e_id[b]
                        if party[i] == party[j] or not _first_shared(
                            e_box, entry, b, row, column, row_count, columns, area
                        ):
                            continue
                        p, q = min(i, j), max(i, j)
                        answer = lateral_answer(
                            p,
                            q,
                            minima[activity[p], activity[q], 0],
                            slack_m[p] + slack_m[q] + 1.0,
                            kind,
                            radius_m,
                            xyz,
                            joins,
                            offset,
                            centre,
                            reach,
                            flat_i,
                            flat_j,
                        )
                        if answer != CLEAR:
                            out[found, 0], out[found, 1], out_answer[found] = p, q, answer
                            found += 1
            entry += 1
        cell += 1
    return found, cell, entry


def _first_after(e_time, moment, low, high):
    """The first entry in [low, high) that starts after a moment."""
    while low < high:
        middle = (low + high) // 2
        if e_time[0, middle] <= moment:
            low = middle + 1
        else:
            high = middle
    return low


def _mask(a, end, e_box, e_height, mask, mask_words):
    """Marks in `mask` which entries after `a` up to `end` share its box and height; returns whether any does."""
    south, north, west, east = e_box[0, a], e_box[1, a], e_box[2, a], e_box[3, a]
    low, high = e_height[0, a], e_height[1, a]
    count = end - a - 1
    for m in range(count):
        b = a + 1 + m
        mask[m] = (
            (e_box[0, b] <= north)
            & (e_box[1, b] >= south)
            & (e_box[2, b] <= east)
            & (e_box[3, b] >= west)
            & (e_height[0, b] <= high)
            & (e_height[1, b] >= low)
        )
    words = (count + 7) // 8
    for m in range(count, 8 * words):
        mask[m] = 0
    seen = np.uint64(0)
    for w in range(words):
        seen |= mask_words[w]
    return seen != np.uint64(0)


def _first_shared(e_box, a, b, row, column, row_count, columns, area):
    if max(row_of(e_box[0, a], row_count, area), row_of(e_box[0, b], row_count, area)) != row:
        return False
    shared = max(column_of(e_box[2, a], columns, area), column_of(e_box[2, b], columns, area))
    return max(0, shared) == column
