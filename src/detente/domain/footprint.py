"""Footprints: where on the ground. Latitude before longitude; edges are WGS 84 geodesics.

Values here are checked one by one: finite, in range, enough of them. Whether a ring crosses itself takes
geometry, and is asked of `screening.shape` when the footprint is prepared.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Final, Literal, TypeAlias

from detente.domain.errors import InvalidVolume

LARGEST_RADIUS_M: Final = 5_000_000.0  # half a quarter meridian: beyond it "inside" has two readings
MOST_VERTICES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Position:
    """A point on the WGS 84 ellipsoid, degrees."""

    latitude_deg: float
    longitude_deg: float

    def __post_init__(self) -> None:
        if not -90.0 <= self.latitude_deg <= 90.0:  # in this order, NaN is refused too
            raise InvalidVolume(
                f"latitude {self.latitude_deg}° is outside -90 to 90",
                hint="latitude and longitude may be swapped" if isfinite(self.latitude_deg) else "send a number",
            )
        if not -180.0 <= self.longitude_deg <= 180.0:
            raise InvalidVolume(
                f"longitude {self.longitude_deg}° is outside -180 to 180",
                hint="subtract 360 from longitudes counted eastward past 180"
                if isfinite(self.longitude_deg)
                else "send a number",
            )


Ring: TypeAlias = tuple[Position, ...]


def _check_ring(ring: Ring) -> None:
    if len(ring) > 1 and ring[0] == ring[-1]:
        raise InvalidVolume(
            "a ring here is open: the last position repeats the first", hint="leave the closing position out"
        )
    if len(set(ring)) < 3:
        raise InvalidVolume(
            f"a ring of {len(set(ring))} distinct positions encloses nothing", hint="give at least three corners"
        )
    if any(a == b for a, b in pairwise(ring)):
        raise InvalidVolume("a ring repeats a position twice in a row", hint="remove the repeated corner")


@dataclass(frozen=True, slots=True)
class Polygon:
    """A ring of corners, and holes in it. Rings are open (the first corner is not repeated); either direction.

    A ring means the smaller side of the Earth it could enclose.
    """

    shell: Ring
    holes: tuple[Ring, ...] = ()

    def __post_init__(self) -> None:
        _check_ring(self.shell)
        for hole in self.holes:
            _check_ring(hole)


@dataclass(frozen=True, slots=True)
class MultiPolygon:
    """Several polygons that count as one footprint."""

    parts: tuple[Polygon, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise InvalidVolume("a multipolygon without polygons covers nothing", hint="give at least one polygon")


@dataclass(frozen=True, slots=True)
class Circle:
    """Everything within `radius_m` of `centre`, along the geodesic."""

    centre: Position
    radius_m: float

    def __post_init__(self) -> None:
        _check_radius("radius", self.radius_m)


@dataclass(frozen=True, slots=True)
class Corridor:
    """Everything within `half_width_m` of a centre line.

    `round` ends are half discs. `square` ends add to that the rectangle reaching half a width beyond the first and
    last point, as "square" caps do in SVG, GEOS and PostGIS; a square-ended corridor contains the round-ended one.
    """

    centre_line: tuple[Position, ...]
    half_width_m: float
    ends: Literal["round", "square"] = "round"

    def __post_init__(self) -> None:
        _check_radius("half_width", self.half_width_m)
        if len(set(self.centre_line)) < 2:
            raise InvalidVolume(
                "a corridor needs at least two distinct positions", hint="use a circle for a single place"
            )
        if self.ends not in ("round", "square"):
            raise InvalidVolume(f"corridor ends {self.ends!r} are not known", hint="use round or square")


@dataclass(frozen=True, slots=True)
class Orbit:
    """A racetrack: two anchor points, the width between its legs, and where the second leg lies.

    Seen from `first` towards `second`, the other leg lies to the `left` or `right`; with `centre` the anchors lie on
    the middle line. The footprint is the whole area inside the track. Source: the AORBIT shape of USMTF airspace
    control orders (two points, width, alignment L, C or R).
    """

    first: Position
    second: Position
    width_m: float
    alignment: Literal["left", "centre", "right"] = "centre"

    def __post_init__(self) -> None:
        _check_radius("width", self.width_m)
        if self.first == self.second:
            raise InvalidVolume("an orbit needs two distinct anchor points", hint="use a circle for a single place")
        if self.alignment not in ("left", "centre", "right"):
            raise InvalidVolume(f"orbit alignment {self.alignment!r} is not known", hint="use left, centre or right")


Footprint: TypeAlias = Polygon | MultiPolygon | Circle | Corridor | Orbit


def _check_radius(name: str, value_m: float) -> None:
    if not 0.0 < value_m <= LARGEST_RADIUS_M:
        raise InvalidVolume(
            f"{name} {value_m} m is not between 0 and {LARGEST_RADIUS_M:.0f} m", hint="check the unit: radii are metres"
        )
