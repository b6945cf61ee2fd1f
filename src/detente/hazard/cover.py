"""Where something at an altitude could be seen from a declared antenna, at most: a fan of cells, each with the lowest altitude that may be seen in it.

UPPER BOUND. A cell is left out only where the Earth or stated ground certainly hides it, for every place the antenna may stand at, in ordinary air. What no terrain
is stated for hides no more than a smooth Earth does. One sweep answers for every altitude, and for every range up to the one it was made for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from math import asin, ceil, inf, pi
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detente.domain import (
    WORLD_PRESSURE,
    AltitudeLimit,
    AltitudeReference,
    InvalidVolume,
    Position,
    PressureBounds,
    TooLarge,
)
from detente.geodesy import wgs84
from detente.geodesy.altitudes import flight_level_bounds_m
from detente.geodesy.geoid import geoid_bounds_m
from detente.geodesy.terrain import METRES_A_DEGREE, NO_TERRAIN, Terrain, box_about
from detente.hazard.compiling import kernels_for
from detente.hazard.radar_horizon import OUTWARD_EFFECTIVE_RADIUS_M

Metres: TypeAlias = NDArray[np.int16]
Progress: TypeAlias = Callable[[int, int], None]

CELL_M: Final = 90.0
LONGEST_RANGE_M: Final = 1_000_000.0
MOST_CELLS: Final = 120_000_000
HIGHEST_M: Final = 32_000.0  # floors are held as 16-bit metres
_FEWEST_WEDGES: Final = 360
_KNOT_M: Final = (
    5_000.0  # along so much of a geodesic, places are put in by a straight line between normals: off by millimetres
)
_CHUNK: Final = 64  # wedges
_OUTWARD: Final = 1.005  # the Earth is no sphere: what is turned about it moves by so much more at most
_IN_THE_GROUND_M: Final = 1_000.0  # the deepest valley, generously


@dataclass(frozen=True, slots=True)
class Antenna:
    """Where somebody states that an antenna stands.

    Attributes:
        off_by_m: how far from `place` it may stand, by how precisely that is stated.
        altitude: of the antenna itself: AGL, AMSL or HAE.
    """

    place: Position
    off_by_m: float
    altitude: AltitudeLimit

    def __post_init__(self) -> None:
        if not 0.0 <= self.off_by_m <= LONGEST_RANGE_M:  # in this order, NaN is refused too
            raise InvalidVolume(
                f"the antenna's place is good to {self.off_by_m} m, which is no size up to {LONGEST_RANGE_M:,.0f}",
                hint="give metres",
            )
        if self.altitude.reference not in (AltitudeReference.AGL, AltitudeReference.AMSL, AltitudeReference.HAE):
            raise InvalidVolume(
                f"an antenna at {self.altitude}",
                hint="state it above the ground, as 30m AGL, or above the sea, as 1200m AMSL",
            )


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """What may be seen from an antenna, within a declared range. Wedges clockwise from north, rings outward.

    Attributes:
        antenna_amsl_m: the highest the antenna may stand.
        range_m: as declared; taken along the slant, so on the ground it is a little more.
        ring_m: depth of a cell. Wedges are `360° / wedges` wide.
        floor_m: (wedges, rings) the lowest altitude, metres AMSL rounded down, at which something may be seen anywhere in the cell; 32767 is none.
        ground_m: the same shape: the highest ground of the cell, 32767 where not stated; None where it was not asked for.
        smooth_amsl_m: the Earth's surface where no terrain is stated: no ground is taken to lie lower.
        unstated_count, cell_count: cells within the declared range, and those of them for which no terrain is stated.
    """

    antenna: Antenna
    antenna_amsl_m: float
    range_m: float
    ring_m: float
    floor_m: Metres
    ground_m: Metres | None
    smooth_amsl_m: float
    terrain_sources: tuple[str, ...]
    posting_deg: float
    terrain_error_m: float
    unstated_count: int
    cell_count: int

    @property
    def wedges(self) -> int:
        return int(self.floor_m.shape[0])

    @property
    def rings(self) -> int:
        return int(self.floor_m.shape[1])

    @property
    def reach_m(self) -> float:
        """How far along the ground from the stated place the cover may reach."""
        return self.rings * self.ring_m

    def highest_amsl_m(self, altitude: AltitudeLimit, *, pressure: PressureBounds = WORLD_PRESSURE) -> float:
        """The highest (m AMSL) that an altitude may stand for within reach; not for AGL, which the ground of each cell decides.

        Raises:
            InvalidVolume: an altitude without a number, or too high to be held.
        """
        match altitude.reference:
            case AltitudeReference.AMSL:
                high_m = altitude.value_m
            case AltitudeReference.FL:
                high_m = flight_level_bounds_m(altitude.value_m, pressure)[1]
            case AltitudeReference.HAE:
                high_m = altitude.value_m - geoid_bounds_m(*_around(self.antenna.place, self.reach_m))[0]
            case _:
                raise InvalidVolume(
                    f"no cover is drawn at {altitude}", hint="give a number: 5000ft AMSL, FL180, 300m AGL"
                )
        if not -HIGHEST_M <= high_m <= HIGHEST_M:
            raise InvalidVolume(
                f"{altitude} may be {high_m:,.0f} m AMSL, past {HIGHEST_M:,.0f} m", hint="check the unit"
            )
        return high_m

    def seen(
        self, altitude: AltitudeLimit, range_m: float | None = None, *, wedges: slice = slice(None)
    ) -> NDArray[np.bool_]:
        """(wedges, rings): whether something at that altitude may be seen anywhere in the cell, within the declared range or a smaller one.

        Args:
            wedges: of these alone; a whole fan of 90 m cells to 300 km is 70 million.
        """
        floor = self.floor_m[wedges]
        if altitude.reference is AltitudeReference.AGL:
            seen = floor <= self._ground(altitude)[wedges] + np.int32(ceil(altitude.value_m))
        else:
            seen = floor <= self.highest_amsl_m(altitude)
        within = self.rings_within(self.range_m if range_m is None else range_m)
        seen[:, within:] = False
        return np.asarray(seen)

    def rings_within(self, range_m: float) -> int:
        """How many rings may hold something within a declared range of an antenna that may stand beside its place.

        Raises:
            InvalidVolume: no range, or a larger one than the cover was made for.
        """
        if not 0.0 < range_m <= self.range_m:  # in this order, NaN is refused too
            raise InvalidVolume(
                f"range {range_m} m is not one up to {self.range_m:,.0f} m, which the cover was made for",
                hint="give it metres",
            )
        reach_m = ground_reach_m(range_m) + self.antenna.off_by_m * _OUTWARD
        return min(ceil(reach_m / self.ring_m - 1e-9), self.rings)

    def may_see(
        self, lat: ArrayLike, lon: ArrayLike, altitude: AltitudeLimit, range_m: float | None = None
    ) -> NDArray[np.bool_]:
        """Whether something at that altitude over each place may be seen. Degrees; broadcasts. Errs: outward."""
        place = self.antenna.place
        azimuth_deg, distance_m = wgs84.inverse(place.latitude_deg, place.longitude_deg, lat, lon)
        within = self.rings_within(self.range_m if range_m is None else range_m)
        ring = np.floor(distance_m / self.ring_m).astype(np.int64)
        wedge = np.floor((azimuth_deg % 360.0) / 360.0 * self.wedges).astype(np.int64) % self.wedges
        at = wedge, np.minimum(ring, self.rings - 1)
        if altitude.reference is AltitudeReference.AGL:
            seen = self.floor_m[at] <= self._ground(altitude)[at] + np.int32(ceil(altitude.value_m))
        else:
            seen = self.floor_m[at] <= self.highest_amsl_m(altitude)
        return np.asarray(seen & (ring < within))

    def _ground(self, altitude: AltitudeLimit) -> Metres:
        if self.ground_m is None:
            raise InvalidVolume(
                f"{altitude} needs the ground of every cell, and the cover was made without", hint="make it with_ground"
            )
        return self.ground_m

    def seen_share(self, altitude: AltitudeLimit, range_m: float | None = None) -> float:
        """What part of the disc of the declared range, by area, is not certainly hidden at that altitude."""
        within = self.rings_within(self.range_m if range_m is None else range_m)
        of_ring = np.zeros(self.rings, np.int64)
        for first in range(0, self.wedges, 512):
            of_ring += self.seen(altitude, range_m, wedges=slice(first, first + 512)).sum(axis=0)
        area = 2.0 * np.arange(within) + 1.0
        return float(np.sum(of_ring[:within] * area) / (area.sum() * self.wedges))


def ground_reach_m(range_m: float) -> float:
    """How far along the sea's surface something within `range_m` along the slant may be: the arc over a chord in the tightest curve, below the sea. Errs outward."""
    chord_radius_m = wgs84.SMALLEST_CURVATURE_RADIUS_M - _IN_THE_GROUND_M
    return 2 * wgs84.SMALLEST_CURVATURE_RADIUS_M * asin(range_m / (2 * chord_radius_m))


def cover(
    antenna: Antenna,
    range_m: float,
    *,
    terrain: Terrain = NO_TERRAIN,
    terrain_error_m: float = 0.0,
    lowest_ground_m: float = 0.0,
    cell_m: float = CELL_M,
    with_ground: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Cover:
    """What may be seen from the antenna within the declared range. Errs: outward only, given what is stated.

    Args:
        terrain: about the antenna, as far as `terrain_radius_m` tells; what it leaves open hides no more than a smooth Earth.
        terrain_error_m: how far its heights may be off.
        lowest_ground_m: no ground without stated terrain lies lower (m AMSL). Lower stated ground lowers it.
        cell_m: depth and greatest width of a cell.
        with_ground: keep the ground of each cell too: twice the memory, needed for altitudes AGL.
        progress: told how many wedges of how many are done.
    Raises:
        InvalidVolume: a size that is none, an antenna in the ground, or one AGL where the ground is not stated.
        TooLarge: more cells than are held.
    """
    _check_sizes(range_m, cell_m, terrain_error_m, lowest_ground_m)
    heights = terrain.lowered(terrain_error_m) if terrain_error_m else terrain
    antenna_amsl_m = _antenna_amsl_m(antenna, heights)
    lowest = heights.lowest_stated_m()
    smooth_amsl_m = lowest_ground_m if lowest is None else min(lowest_ground_m, float(lowest))
    if not antenna_amsl_m >= smooth_amsl_m:
        raise InvalidVolume(
            f"the antenna, at {antenna_amsl_m:.0f} m AMSL, stands below the lowest ground there is said to be, {smooth_amsl_m:.0f} m",
            hint="state the lowest ground about it, or its altitude AMSL",
        )
    off_by_m = antenna.off_by_m * _OUTWARD
    reach_m = ground_reach_m(range_m)
    declared_rings = ceil(reach_m / cell_m)
    ring_m = reach_m / declared_rings
    rings = declared_rings + ceil(off_by_m / ring_m)
    wedges = max(_FEWEST_WEDGES, ceil(2 * pi * (reach_m + off_by_m) / cell_m))
    if wedges * rings > MOST_CELLS:
        raise TooLarge(
            f"{wedges * rings:,} cells; the limit is {MOST_CELLS:,}", hint="ask for larger cells, or a smaller range"
        )
    floor_m = np.empty((wedges, rings), np.int16)
    ground_m = np.empty((wedges, rings), np.int16) if with_ground else None
    seen_by, margin_m = _worn(heights, off_by_m)
    geometry = _Fan(antenna.place, antenna_amsl_m, smooth_amsl_m, margin_m, ring_m, declared_rings)
    unstated_count = _swept(geometry, seen_by, floor_m, ground_m, threads, progress)
    if off_by_m > 0.0:
        _widened(floor_m, ring_m, off_by_m, threads)
    return Cover(
        antenna,
        antenna_amsl_m,
        range_m,
        ring_m,
        floor_m,
        ground_m,
        smooth_amsl_m,
        terrain.sources,
        terrain.posting_deg,
        terrain_error_m,
        unstated_count,
        wedges * declared_rings,
    )


def terrain_radius_m(antenna: Antenna, range_m: float) -> float:
    """How far about the antenna's place terrain matters."""
    return ground_reach_m(range_m) + 2 * antenna.off_by_m * _OUTWARD + 2_000.0


def _check_sizes(range_m: float, cell_m: float, terrain_error_m: float, lowest_ground_m: float) -> None:
    if not 0.0 < range_m <= LONGEST_RANGE_M:  # in this order, NaN is refused too
        raise InvalidVolume(
            f"range {range_m} m is not one up to {LONGEST_RANGE_M:,.0f} m", hint="check the number and its unit"
        )
    if not 1.0 <= cell_m <= 10_000.0:
        raise InvalidVolume(f"cells of {cell_m} m are not from 1 to 10,000", hint="90 m is the posting of most terrain")
    if not 0.0 <= terrain_error_m <= 1_000.0:
        raise InvalidVolume(f"a terrain error of {terrain_error_m} m is not from 0 to 1,000", hint="give metres")
    if not -HIGHEST_M <= lowest_ground_m <= HIGHEST_M:
        raise InvalidVolume(f"the lowest ground at {lowest_ground_m} m AMSL is no height", hint="give metres")


def _antenna_amsl_m(antenna: Antenna, terrain: Terrain) -> float:
    """The highest it may stand; an antenna in the ground is refused."""
    place, stated_m = antenna.place, antenna.altitude.value_m
    ground = terrain.ground_m(place, antenna.off_by_m * _OUTWARD)
    if antenna.altitude.reference is AltitudeReference.AGL:
        if stated_m < 0.0:
            raise InvalidVolume(
                f"an antenna at {antenna.altitude} is in the ground", hint="give its height above ground"
            )
        if ground is None:
            raise InvalidVolume(
                f"the antenna stands at {antenna.altitude}, and the ground there is not stated",
                hint="give terrain that holds the place, or the antenna's altitude AMSL",
            )
        return ground[1] + stated_m
    if antenna.altitude.reference is AltitudeReference.HAE:
        stated_m -= geoid_bounds_m(*_around(place, antenna.off_by_m + 1.0))[0]
    if ground is not None and stated_m < ground[0]:
        raise InvalidVolume(
            f"the antenna, at {antenna.altitude}, is below the ground there, {ground[0]} to {ground[1]} m AMSL",
            hint="was its height above ground meant? write AGL",
        )
    return stated_m


def _around(place: Position, radius_m: float) -> tuple[float, float, float, float]:
    """The box about a place as `geoid_bounds_m` has it: west larger than east over the antimeridian."""
    south, west, north, east = box_about(place, radius_m)
    if east - west >= 360.0:
        return south, -180.0, north, 180.0
    return south, (west + 180.0) % 360.0 - 180.0, north, (east + 180.0) % 360.0 - 180.0


def _worn(terrain: Terrain, off_by_m: float) -> tuple[Terrain, float]:
    """The terrain as any place the antenna may stand at sees it: worn down, or, for less than a square, a margin to search in.

    What an antenna at a sees of p, one at a + d sees of p + d over terrain moved by d. So the cover of all a + d lies within that of a over terrain as low as any
    within |d|, widened by |d|.
    """
    if off_by_m <= METRES_A_DEGREE / max(terrain.per_degree, terrain.per_degree_lon):
        return terrain, off_by_m
    return terrain.worn(off_by_m), 0.0


@dataclass(frozen=True, slots=True)
class _Fan:
    """What a sweep needs beside the terrain."""

    place: Position
    antenna_amsl_m: float
    smooth_amsl_m: float
    margin_m: float
    ring_m: float
    declared_rings: int


def _swept(
    fan: _Fan,
    terrain: Terrain,
    floor_m: Metres,
    ground_m: Metres | None,
    threads: int | None,
    progress: Progress | None,
) -> int:
    """Sweeps every wedge into `floor_m` and `ground_m`; how many cells had no stated terrain."""
    kernels = kernels_for(floor_m.size)
    wedges, rings = floor_m.shape
    rings_a_knot = max(1, int(_KNOT_M / fan.ring_m))
    ground = np.empty((1, 1), np.int16) if ground_m is None else ground_m
    unstated = np.zeros(wedges, np.int64)

    def sweep(first: int) -> int:
        last = min(first + _CHUNK, wedges)
        knots = _knots(fan, first, last, wedges, rings, rings_a_knot)
        kernels.sweep(
            first, last, pi / wedges, fan.ring_m, fan.declared_rings, knots, rings_a_knot, OUTWARD_EFFECTIVE_RADIUS_M,
            fan.antenna_amsl_m, fan.smooth_amsl_m, fan.margin_m, terrain.south_deg, terrain.west_deg,
            float(terrain.per_degree), float(terrain.per_degree_lon), terrain.lowest_m, terrain.highest_m, floor_m, ground, unstated,
        )  # fmt: skip
        return int(last - first)

    _in_threads(sweep, range(0, wedges, _CHUNK), wedges, threads, progress)
    return int(unstated.sum())


def _knots(fan: _Fan, first: int, last: int, wedges: int, rings: int, rings_a_knot: int) -> NDArray[np.float64]:
    azimuth_deg = (np.arange(first, last)[:, None] + 0.5) * (360.0 / wedges)
    distance_m = np.arange(ceil(rings / rings_a_knot) + 1)[None, :] * (rings_a_knot * fan.ring_m)
    lat, lon = wgs84.direct(fan.place.latitude_deg, fan.place.longitude_deg, azimuth_deg, distance_m)
    return wgs84.normals(lat, lon)


def _widened(floor_m: Metres, ring_m: float, off_by_m: float, threads: int | None) -> None:
    """Every cell's floor becomes the least of all cells that hold a place within `off_by_m` of one of its own; in place."""
    kernels = kernels_for(floor_m.size)
    wedges, rings = floor_m.shape
    near_m = np.arange(rings) * ring_m
    sine = np.minimum(np.divide(off_by_m, near_m, out=np.full(rings, inf), where=near_m > 0.0), 1.0)
    reaches = np.where(near_m > off_by_m, np.ceil(np.arcsin(sine) / (2 * pi / wedges)), wedges).astype(np.int64)
    reach = ceil(off_by_m / ring_m)
    _in_threads(
        lambda first: kernels.widen_along(first, min(first + _CHUNK, wedges), reach, floor_m),
        range(0, wedges, _CHUNK),
        wedges,
        threads,
        None,
    )
    _in_threads(
        lambda first: kernels.widen_across(first, min(first + _CHUNK, rings), reaches, floor_m),
        range(0, rings, _CHUNK),
        rings,
        threads,
        None,
    )


def _in_threads(
    does: Callable[[int], int | None], firsts: range, total: int, threads: int | None, progress: Progress | None
) -> None:
    """Runs the chunks on as many threads as there are processors; each writes where no other does, so their order changes nothing."""
    does(firsts[0])  # compiled once, here
    done = min(_CHUNK, total)
    if progress:
        progress(done, total)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for each in as_completed([pool.submit(does, first) for first in firsts[1:]]):
            each.result()
            done = min(done + _CHUNK, total)
            if progress:
                progress(done, total)
