"""Volumes as the changing index takes them: a few flat arrays a pack, and back again.

A pack holds the volumes of one notice, or thousands. Each volume is one row a core, as in `shape`; the columns of a row stand in
`kernels`. Common footprints go straight into rows. What is not plainly in order there is made ready by `shape_of` instead, which
knows every case and refuses what cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from struct import Struct
from types import ModuleType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.domain import (
    WORLD,
    Activity,
    AltitudeBand,
    AltitudeLimit,
    AltitudeReference,
    Arena,
    Circle,
    Corridor,
    Footprint,
    MultiPolygon,
    Orbit,
    Polygon,
    Position,
    TimeWindow,
    Uncertainty,
    Volume4D,
    at,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.geodesy.altitudes import standard_altitude_m, thickness_ratios
from detente.geodesy.wgs84 import Floats
from detente.screening import engine, kernels
from detente.screening.pair import Prepared
from detente.screening.shape import Shape, shape_of

Ints: TypeAlias = NDArray[np.int64]

ACTIVITIES: Final = tuple(Activity)
_ACTIVITY_CODES: Final = {activity: code for code, activity in enumerate(ACTIVITIES)}
_REFERENCES: Final = tuple(AltitudeReference)  # in the order of the codes in `kernels`
_ROW: Final = Struct("=7d4q3d2q4d4q")  # the columns of `kernels`, in their order


@dataclass(frozen=True, eq=False)
class Pack:
    """Volumes made ready for the index.

    Attributes:
        real: (rows, 24) float64; NUMBER holds which volume of the pack a row belongs to.
        box: (rows, 8) int32. lat_lon: (v, 2) degrees. vertices: (v, 3) earth-centred, metres. joins: (v,) uint8.
        volume_count: how many volumes the rows make up.
    """

    real: Floats
    box: NDArray[np.int32]
    lat_lon: Floats
    vertices: Floats
    joins: NDArray[np.uint8]
    volume_count: int

    @property
    def whole(self) -> Ints:
        """The rows seen as whole numbers."""
        return self.real.view(np.int64)


def neighbours_together(pack: Pack) -> Pack:
    """The same pack, its rows in an order in which volumes near each other stand near each other; for filling an index at once."""
    volume = pack.whole[:, kernels.NUMBER]
    first = np.flatnonzero(np.diff(volume, prepend=-1))  # the first row of each volume
    south, west = (pack.box[first, side] // kernels.CELL for side in (kernels.SOUTH, kernels.WEST))
    order = np.lexsort((pack.box[first, kernels.FROM_S], west, south))
    counts = np.diff(np.append(first, len(volume)))[order]
    rows = np.repeat(first[order] - np.cumsum(counts) + counts, counts) + np.arange(len(volume))
    return replace(pack, real=pack.real[rows], box=pack.box[rows])


def settings_of(minima: Floats, arena: Arena) -> Floats:
    """What `kernels.pack_rows` takes: the largest minima, and what altitudes in the arena may stand for."""
    ground, air = arena.terrain, arena.pressure
    thin_m, thick_m = standard_altitude_m(air.lowest_hpa), standard_altitude_m(air.highest_hpa)
    largest = minima.reshape(-1, 3).max(axis=0)
    bounds = (ground.lowest_amsl_m, ground.highest_amsl_m, thin_m, thick_m, *thickness_ratios(air))
    return np.array([*largest, *bounds])


# ── values into rows ─────────────────────────────────────────────────────────────────────────────────────────────────


def pack_volumes(
    volumes: Sequence[Volume4D], party: int, activity: Activity, settings: Floats, run: ModuleType = kernels
) -> Pack:
    """Volumes of one party and activity as a pack.

    Args:
        party: 0 … 2**31. settings: of `settings_of`.
        run: the kernels to use: `kernels` itself, or `engine.compiled()`.
    Raises:
        InvalidVolume: a footprint's geometry cannot be; `where` names the volume.
    """
    who = party * 256 + _ACTIVITY_CODES[activity]
    below_ground = activity is Activity.SUBSURFACE_OPERATION
    outlines = [_quick_outline(v.footprint) for v in volumes]
    unsure = {k for k, outline in enumerate(outlines) if outline is None}
    while True:
        cores = [(k, core) for k in range(len(volumes)) for core in _cores(volumes, outlines, k, unsure)]
        pack, not_plain = _filled(volumes, cores, who, below_ground, settings, run)
        doubted = {k for k, _ in cores[not_plain:]} - unsure if not_plain >= 0 else set()
        if not doubted:
            return pack
        unsure |= doubted


_Outline: TypeAlias = tuple[int, float, list[float], bytes]  # kind, radius_m, latitude and longitude by turns, joins


def _cores(
    volumes: Sequence[Volume4D], outlines: list[_Outline | None], k: int, unsure: set[int]
) -> Iterator[_Outline]:
    outline = outlines[k]
    if outline is not None and k not in unsure:
        yield outline
        return
    with at(f"volumes[{k}]"), at("footprint"):
        rows, _ = engine.arrays_of([Prepared(Volume4D(volumes[k].footprint))], [0], [0], WORLD)
    lat_lon = np.stack([rows.lat_deg, rows.lon_deg], axis=1)
    for row, (a, b) in enumerate(pairwise(rows.offset.tolist())):
        yield int(rows.kind[row]), float(rows.radius_m[row]), lat_lon[a:b].ravel().tolist(), rows.joins[a:b].tobytes()


def _quick_outline(footprint: Footprint) -> _Outline | None:
    """The one core of a footprint that needs no more than its own points; None for any other."""
    match footprint:
        case Circle(centre, radius_m):
            return kernels.POINT, radius_m, [centre.latitude_deg, centre.longitude_deg], b"\0"
        case Polygon(shell, ()) if len(shell) < kernels.MOST_PLAIN_CORNERS:
            return kernels.REGION, 0.0, _lat_lon((*shell, shell[0])), b"\1" * len(shell) + b"\2"
        case Corridor(line, half_width_m, "round"):
            kept = [p for k, p in enumerate(line) if k == 0 or p != line[k - 1]]
            return kernels.CHAIN, half_width_m, _lat_lon(kept), b"\1" * (len(kept) - 1) + b"\0"
        case Orbit(first, second, width_m, "centre"):
            return kernels.CHAIN, width_m / 2, _lat_lon((first, second)), b"\1\0"
        case _:
            return None


def _lat_lon(positions: Sequence[Position]) -> list[float]:
    return [x for p in positions for x in (p.latitude_deg, p.longitude_deg)]


def _filled(
    volumes: Sequence[Volume4D],
    cores: Sequence[tuple[int, _Outline]],
    who: int,
    below_ground: bool,
    settings: Floats,
    run: ModuleType,
) -> tuple[Pack, int]:
    rows, lat_lon, joins = bytearray(), [], []
    tails = [_columns(v, who, below_ground) for v in volumes]
    for k, (kind, radius_m, points_deg, joint) in cores:
        slack_m, columns, flags = tails[k]
        rows += _ROW.pack(0, 0, 0, 0, 0, radius_m, slack_m, *columns, flags + kind, 0, 0, 0, 0, 0, len(joint), k, -1, 0)
        lat_lon += points_deg
        joins.append(joint)
    real = np.frombuffer(rows).reshape(-1, kernels.ROW_COLUMNS)
    points, joined = np.array(lat_lon).reshape(-1, 2), np.frombuffer(bytearray(b"".join(joins)), dtype=np.uint8)
    return _described(real, points, joined, len(volumes), settings, run)


def _columns(volume: Volume4D, who: int, below_ground: bool) -> tuple[float, tuple[float, ...], int]:
    """Position slack, the columns from WHO to RISE, and the flags without the kind."""
    lower, upper, window, unsure = volume.altitude.lower, volume.altitude.upper, volume.window, volume.uncertainty
    time_slack_us = ceil(unsure.time_s * MICROSECONDS_PER_SECOND)
    below = below_ground or (lower.reference is AltitudeReference.AGL and lower.value_m < 0.0)
    flags = (
        engine.REFERENCE_CODES[lower.reference] << 2
        | engine.REFERENCE_CODES[upper.reference] << 6
        | kernels.START_STATED * window.start_stated
        | kernels.END_STATED * window.end_stated
        | kernels.BELOW_GROUND * below
    )
    columns = (who, window.start_us, window.end_us, time_slack_us, lower.value_m, upper.value_m, unsure.altitude_m)
    return unsure.position_m, columns, flags


def pack_rows(
    real: Floats,
    lat_lon: Floats,
    joins: NDArray[np.uint8],
    volume_count: int,
    settings: Floats,
    run: ModuleType = kernels,
) -> Pack:
    """Rows with their stated columns filled in, and (v, 2) vertices, as a pack."""
    return _described(real, lat_lon, joins, volume_count, settings, run)[0]


def _described(
    real: Floats, lat_lon: Floats, joins: NDArray[np.uint8], volume_count: int, settings: Floats, run: ModuleType
) -> tuple[Pack, int]:
    """The pack, and the first row that is not plainly in order (-1: none)."""
    box, vertices = np.empty((len(real), 8), dtype=np.int32), np.empty((len(lat_lon), 3))
    pack = Pack(real, box, np.ascontiguousarray(lat_lon), vertices, joins, volume_count)
    flat = np.empty((kernels.MOST_VERTICES, 2))
    return pack, int(run.pack_rows(real, box, pack.lat_lon, vertices, joins, settings, flat))


def pack_arrays(v: engine.VolumeArrays, owner: Ints, settings: Floats, run: ModuleType = kernels) -> Pack:
    """Volumes given as arrays as a pack; their outlines are taken as they are.

    Args:
        owner: (n,) which volume each row belongs to: 0, 1, …, the rows of one volume next to each other.
        run: as for `pack_volumes`.
    """
    real = np.zeros((len(v), kernels.ROW_COLUMNS))
    whole = real.view(np.int64)
    real[:, kernels.RADIUS], real[:, kernels.SLACK] = v.radius_m, v.position_slack_m
    real[:, kernels.LOWER], real[:, kernels.UPPER], real[:, kernels.RISE] = v.lower_m, v.upper_m, v.altitude_slack_m
    whole[:, kernels.WHO] = v.party.astype(np.int64) * 256 + v.activity
    whole[:, kernels.START], whole[:, kernels.END], whole[:, kernels.TIME_SLACK] = v.start_us, v.end_us, v.time_slack_us
    whole[:, kernels.FLAGS] = (
        v.kind.astype(np.int64)
        + v.lower_in.astype(np.int64) * 4
        + v.upper_in.astype(np.int64) * 64
        + v.start_stated * kernels.START_STATED
        + v.end_stated * kernels.END_STATED
        + v.below_ground * kernels.BELOW_GROUND
    )
    whole[:, kernels.COUNT], whole[:, kernels.NUMBER], whole[:, kernels.NEXT] = np.diff(v.offset), owner, -1
    lat_lon = np.stack([v.lat_deg, v.lon_deg], axis=1)
    return pack_rows(real, lat_lon, v.joins, int(owner[-1]) + 1 if len(owner) else 0, settings, run)


# ── rows into values ─────────────────────────────────────────────────────────────────────────────────────────────────


def prepared_of(real: Floats, lat_lon: Floats, joins: NDArray[np.uint8], rows: Sequence[int]) -> Prepared:
    """The volume whose cores stand in `rows`, ready for the exact predicate: same place, altitudes, times and uncertainties."""
    footprints = []
    for row in rows:
        first, count = real.view(np.int64)[row, [kernels.FIRST, kernels.COUNT]].tolist()
        kind = int(real.view(np.int64)[row, kernels.FLAGS]) & 3
        radius_m = float(real[row, kernels.RADIUS])
        points = [Position(lat, lon) for lat, lon in lat_lon[first : first + count].tolist()]
        footprints.append(_footprint(kind, radius_m, points, joins[first : first + count].tolist()))
    volume = _volume(real[rows[0]], footprints[0])
    below_ground = bool(int(real.view(np.int64)[rows[0], kernels.FLAGS]) & kernels.BELOW_GROUND)
    prepared = Prepared(volume, below_ground)
    if len(rows) > 1:
        prepared.__dict__["shape"] = Shape(tuple(core for f in footprints for core in shape_of(f).cores))
    return prepared


def _footprint(kind: int, radius_m: float, points: list[Position], joins: list[int]) -> Footprint:
    if kind == kernels.POINT:
        return Circle(points[0], radius_m)
    if kind == kernels.CHAIN:
        return Corridor(tuple(points), radius_m)
    parts: list[Polygon] = []
    rings: list[tuple[Position, ...]] = []
    first = 0
    for k, joined in enumerate(joins):
        if joined != 1:
            ring = points[first:k]  # the last repeats the first
            rings.append(tuple(p for m, p in enumerate(ring) if p != ring[m - 1]))
            first = k + 1
        if joined == 2:
            parts.append(Polygon(rings[0], tuple(rings[1:])))
            rings = []
    return MultiPolygon(tuple(parts)) if len(parts) > 1 else parts[0]


def _volume(row: Floats, footprint: Footprint) -> Volume4D:
    whole = row.view(np.int64)
    flags = int(whole[kernels.FLAGS])
    lower = AltitudeLimit(float(row[kernels.LOWER]), _REFERENCES[flags >> 2 & 15])
    upper = AltitudeLimit(float(row[kernels.UPPER]), _REFERENCES[flags >> 6 & 15])
    window = TimeWindow(
        int(whole[kernels.START]),
        int(whole[kernels.END]),
        start_stated=bool(flags & kernels.START_STATED),
        end_stated=bool(flags & kernels.END_STATED),
    )
    time_s = int(whole[kernels.TIME_SLACK]) / MICROSECONDS_PER_SECOND
    unsure = Uncertainty(float(row[kernels.SLACK]), float(row[kernels.RISE]), time_s)
    return Volume4D(footprint, AltitudeBand(lower, upper), window, unsure)
