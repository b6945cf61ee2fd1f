"""The workload of the benchmark: a day, or a week, of notices over 2,000 × 1,500 km, seeded, as arrays.

60 % polygons of 1 to 30 km, 20 % circles, 20 % routes cut into consecutive legs; bands of 300 to 3,000 m; windows of 10 minutes
to 6 hours; one in five near one of 20 hot spots; eight parties; one in three unsure of its place, height and hour.

The same arrays go to the engine and to its peers. Peers measure in a plane, so they are given one: Lambert's conformal conic
with the two parallels that suit the area, and the scale at each volume's middle, which takes most of what is left of the distortion off
widths and minima. Projecting is not counted against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from detente.domain import AltitudeReference
from detente.screening import kernels
from detente.screening.engine import REFERENCE_CODES, VolumeArrays

if TYPE_CHECKING:
    from pyproj import Proj

Floats = NDArray[np.float64]
Random = np.random.Generator

SOUTH_DEG, WEST_DEG = 27.0, 24.0
WIDTH_M, HEIGHT_M = 2_000_000.0, 1_500_000.0
DAY_S = 86_400
MIDNIGHT_US = 1_537_142_400_000_000  # 2018-09-17
PARTIES, HOT_SPOTS = 8, 20
HOT_SHARE, HOT_SPREAD_M = 0.2, 50_000.0
MOST_CORNERS = 8
LEGS: Final = (6, 24)
LEG_S, LEG_SLACK_S = 120, 480
LEG_WIDTH_M = 2_000.0
METRES_PER_DEGREE = 111_200.0


@dataclass(frozen=True, eq=False)
class Planned:
    """A set of volumes, and the minima they are screened under: lateral_m, vertical_m, time_s."""

    volumes: VolumeArrays
    minima: tuple[float, float, float]

    @property
    def table(self) -> Floats:
        """The minima as the engine takes them."""
        return np.array([[self.minima]])


SETS: Final = ("day", "week", "dense")


def planned(name: str, count: int, seed: int = 1) -> Planned:
    """The set `day` or `week` on the whole area: overlap is meeting. `dense`: 5 NM, 1,000 ft and 5 minutes, on an area that
    shrinks with the count, so that a volume meets as many others at any count."""
    if name == "dense":
        return Planned(volumes(count, seed, days=1, side=(count / 1_000_000) ** 0.5), (9_260.0, 304.8, 300.0))
    return Planned(volumes(count, seed, days=7 if name == "week" else 1), (0.0, 0.0, 0.0))


def volumes(count: int, seed: int = 1, *, days: int = 1, side: float = 1.0) -> VolumeArrays:
    """`count` volumes on the area, its sides scaled by `side`."""
    rng = np.random.default_rng(seed)
    kind = np.sort(rng.choice([kernels.REGION, kernels.POINT, kernels.CHAIN], count, p=[0.6, 0.2, 0.2]))
    parts = [
        _polygons(rng, int((kind == kernels.REGION).sum()), side),
        _circles(rng, int((kind == kernels.POINT).sum()), side),
        _routes(rng, int((kind == kernels.CHAIN).sum()), side),
    ]
    parts = [_with_window(rng, part, days) for part in parts]
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    order = rng.permutation(count)  # nobody hands in notices sorted by kind
    return _arrays(rng, {key: values[order] for key, values in joined.items()})


Columns = dict[str, NDArray]


def _places(rng: Random, count: int, side: float) -> tuple[Floats, Floats]:
    """Metres east and north of the area's corner; some near a hot spot."""
    x, y = rng.random(count) * WIDTH_M, rng.random(count) * HEIGHT_M
    spots = np.stack([rng.random(HOT_SPOTS) * WIDTH_M, rng.random(HOT_SPOTS) * HEIGHT_M])
    hot = rng.random(count) < HOT_SHARE
    spot = rng.integers(0, HOT_SPOTS, count)
    x[hot], y[hot] = (spots[:, spot] + rng.normal(0, HOT_SPREAD_M, (2, count)))[:, hot]
    return x * side, y * side


def _polygons(rng: Random, count: int, side: float) -> Columns:
    """Rings of 4 to 8 corners, seen whole from their middle."""
    x, y = _places(rng, count, side)
    size = _sizes(rng, count)
    corners = rng.integers(4, MOST_CORNERS + 1, count)
    k = np.arange(MOST_CORNERS + 1)
    ring = np.minimum(k, corners[:, None]) % corners[:, None]  # closed, and then its first corner over and over
    angle = 2 * np.pi * (ring + 0.6 * np.take_along_axis(rng.random((count, MOST_CORNERS)), ring, 1)) / corners[:, None]
    reach = size[:, None] * np.take_along_axis(rng.uniform(0.5, 1.0, (count, MOST_CORNERS)), ring, 1)
    return {
        "kind": np.full(count, kernels.REGION, dtype=np.int8),
        "x": x[:, None] + reach * np.cos(angle),
        "y": y[:, None] + reach * np.sin(angle),
        "vertices": corners + 1,
        "radius_m": np.zeros(count),
        "party": rng.integers(0, PARTIES, count),
    }


def _circles(rng: Random, count: int, side: float) -> Columns:
    x, y = _places(rng, count, side)
    return {
        "kind": np.full(count, kernels.POINT, dtype=np.int8),
        "x": np.repeat(x[:, None], MOST_CORNERS + 1, axis=1),
        "y": np.repeat(y[:, None], MOST_CORNERS + 1, axis=1),
        "vertices": np.ones(count, dtype=np.int64),
        "radius_m": _sizes(rng, count),
        "party": rng.integers(0, PARTIES, count),
    }


def _routes(rng: Random, count: int, side: float) -> Columns:
    """Legs of flights at 60 to 240 m/s, one after another."""
    flight, leg = _legs(rng, count)
    flights = int(flight[-1]) + 1 if count else 0
    x0, y0 = _places(rng, flights, side)
    heading = rng.random(flights)[flight] * 2 * np.pi + 0.2 * np.sin(leg / 3)
    step = rng.uniform(60, 240, flights)[flight] * LEG_S
    east, north = _run_up(step * np.cos(heading), flight), _run_up(step * np.sin(heading), flight)
    x, y = x0[flight][:, None] + east, y0[flight][:, None] + north
    filler = np.ones((1, MOST_CORNERS - 1))
    return {
        "kind": np.full(count, kernels.CHAIN, dtype=np.int8),
        "x": np.hstack([x, x[:, 1:] * filler]),
        "y": np.hstack([y, y[:, 1:] * filler]),
        "vertices": np.full(count, 2),
        "radius_m": np.full(count, LEG_WIDTH_M),
        "party": rng.integers(0, PARTIES, flights)[flight],
        "flight": flight,
        "leg": leg,
    }


def _legs(rng: Random, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each leg the number of its flight, and which leg of it."""
    lengths = rng.integers(*LEGS, count // LEGS[0] + 1)
    flight = np.repeat(np.arange(len(lengths)), lengths)[:count]
    return flight, np.arange(count) - np.searchsorted(flight, flight)


def _run_up(step: Floats, flight: NDArray[np.int64]) -> Floats:
    """(n, 2) sums of a flight's steps, before and after each leg."""
    after = np.cumsum(step)
    before = after - step
    base = before[np.searchsorted(flight, flight)]
    return np.stack([before - base, after - base], axis=1)


def _sizes(rng: Random, count: int) -> Floats:
    """Half of 1 to 30 km, each tenfold as likely."""
    return np.asarray(np.exp(rng.uniform(np.log(1_000), np.log(30_000), count)) / 2)


def _with_window(rng: Random, part: Columns, days: int) -> Columns:
    """Times and altitudes; a flight keeps its level, and its legs follow one another."""
    count = len(part["kind"])
    flight, leg = part.pop("flight", np.arange(count)), part.pop("leg", 0)
    flies = part["kind"] == kernels.CHAIN
    start_s = (rng.random(count) * DAY_S * days)[flight] + leg * LEG_S
    lasts_s = np.where(flies, LEG_S + LEG_SLACK_S, rng.uniform(600, 6 * 3_600, count))
    part["start_us"] = MIDNIGHT_US + (start_s * 1e6).astype(np.int64)
    part["end_us"] = part["start_us"] + (lasts_s * 1e6).astype(np.int64)
    part["lower_m"] = rng.uniform(0, 12_000, count)[flight]
    part["upper_m"] = part["lower_m"] + np.where(flies, 300.0, rng.uniform(300, 3_000, count))
    return part


def _arrays(rng: Random, column: Columns) -> VolumeArrays:
    count, vertices = len(column["kind"]), column["vertices"]
    offset = np.concatenate([[0], np.cumsum(vertices)]).astype(np.int64)
    used = np.arange(MOST_CORNERS + 1) < vertices[:, None]
    x, y = column["x"][used], column["y"][used]
    lat = SOUTH_DEG + y / METRES_PER_DEGREE
    lon = WEST_DEG + x / (METRES_PER_DEGREE * np.cos(np.radians(np.repeat(lat[offset[:-1]], vertices))))
    joins = np.ones(len(lat), dtype=np.uint8)
    joins[offset[1:] - 1] = np.where(column["kind"] == kernels.REGION, 2, 0)
    unsure = rng.random(count) < 1 / 3
    amsl = np.full(count, REFERENCE_CODES[AltitudeReference.AMSL], dtype=np.int8)
    return VolumeArrays(
        lat_deg=lat,
        lon_deg=lon,
        joins=joins,
        offset=offset,
        kind=column["kind"],
        radius_m=column["radius_m"],
        start_us=column["start_us"],
        end_us=column["end_us"],
        start_stated=np.ones(count, dtype=bool),
        end_stated=np.ones(count, dtype=bool),
        lower_m=column["lower_m"],
        upper_m=column["upper_m"],
        lower_in=amsl,
        upper_in=amsl,
        hae_m=np.zeros((count, 4)),
        position_slack_m=np.where(unsure, rng.uniform(0, 100, count), 0.0),
        altitude_slack_m=np.where(unsure, rng.uniform(0, 50, count), 0.0),
        time_slack_us=np.where(unsure, rng.integers(0, 60_000_000, count), 0),
        below_ground=np.zeros(count, dtype=bool),
        party=column["party"].astype(np.int32),
        activity=np.zeros(count, dtype=np.int16),
    )


# The plane of the peers


@dataclass(frozen=True, eq=False)
class Plane:
    """What a peer gets: the same volumes, n of them, in metres on a conformal plane, every minimum and uncertainty already added.

    Attributes:
        x, y: (v,) vertices. offset, kind: as in `VolumeArrays`.
        reach_m: (n,) half of what the cores of two volumes may be apart when they meet, times the scale there.
        west, south, east, north: (n,) boxes of the cores widened by that.
        start_us, end_us: (n,) windows with their uncertainty; ends hold the minimum as well.
        lower_m, upper_m: (n,) bands likewise.
        reach_slack_m, time_slack_us, altitude_slack_m: (n,) how much of all that is uncertainty.
        party: (n,).
    """

    x: Floats
    y: Floats
    offset: NDArray[np.int64]
    kind: NDArray[np.int8]
    reach_m: Floats
    west: Floats
    south: Floats
    east: Floats
    north: Floats
    start_us: NDArray[np.int64]
    end_us: NDArray[np.int64]
    lower_m: Floats
    upper_m: Floats
    reach_slack_m: Floats
    time_slack_us: NDArray[np.int64]
    altitude_slack_m: Floats
    party: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.kind)


def lambert() -> Proj:
    """The plane's projection."""
    from pyproj import Proj

    return Proj(proj="lcc", lat_1=29.0, lat_2=38.5, lat_0=33.75, lon_0=WEST_DEG + 10.5, ellps="WGS84")


def plane(p: Planned) -> Plane:
    """The volumes as the peers take them."""
    v, projection = p.volumes, lambert()
    x, y = projection(v.lon_deg, v.lat_deg)
    first = v.offset[:-1]
    scale = projection.get_factors(v.lon_deg[first], v.lat_deg[first]).meridional_scale
    lateral_m, vertical_m, time_s = p.minima
    reach_m = (v.radius_m + v.position_slack_m + lateral_m / 2) * scale
    low, high = np.minimum.reduceat, np.maximum.reduceat
    return Plane(
        x=x,
        y=y,
        offset=v.offset,
        kind=v.kind,
        reach_m=reach_m,
        west=low(x, first) - reach_m,
        south=low(y, first) - reach_m,
        east=high(x, first) + reach_m,
        north=high(y, first) + reach_m,
        start_us=v.start_us - v.time_slack_us,
        end_us=v.end_us + v.time_slack_us + round(time_s * 1e6),
        lower_m=v.lower_m - v.altitude_slack_m,
        upper_m=v.upper_m + v.altitude_slack_m + vertical_m + 0.001,
        reach_slack_m=v.position_slack_m * scale,
        time_slack_us=v.time_slack_us,
        altitude_slack_m=v.altitude_slack_m,
        party=v.party,
    )
