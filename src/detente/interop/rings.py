"""Rings of polygons as files write them: closed, either way round, now and then with a corner said twice or an edge across the antimeridian.

Whether a ring crosses itself is asked of `screening.check_footprint`; `is_certainly_simple` answers for the common small convex one at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import cos, hypot, radians
from typing import Final

from detente.domain import Circle, Footprint, InvalidVolume, MultiPolygon, Polygon, Position, at

# On edges this short and this far from the poles a geodesic turns less than 1.5° (tan 75° · 1° · cos 75° / 2, at both ends) from the straight line on
# a plane, so corners that turn 6° or more the same way keep turning that way.
SMALL_DEG: Final = 1.0
HIGHEST_LATITUDE_DEG: Final = 75.0
SHARP: Final = 0.1


def polygon_of(rings: list[list[Position]], notes: list[str]) -> Polygon:
    """A polygon of closed rings, shell first; corners repeated in a row are dropped and noted.

    Raises:
        InvalidVolume: a ring is not closed, has too few corners, or may lie on either side of the antimeridian.
    """
    opened = []
    for index, ring in enumerate(rings):
        with at("shell" if index == 0 else f"hole {index - 1}"):
            if len(ring) < 2 or ring[0] != ring[-1]:
                raise InvalidVolume("the ring is not closed", hint="repeat the first position at the end")
            corners = [p for k, p in enumerate(ring[:-1]) if k == 0 or p != ring[k - 1]]
            if len(corners) > 1 and corners[-1] == corners[0]:
                corners.pop()
            if len(corners) < len(ring) - 1:
                notes.append("a corner repeated in a row was dropped")
            _check_antimeridian(ring, notes)
            opened.append(tuple(corners))
    if not opened:
        raise InvalidVolume("a polygon without rings covers nothing", hint="give its corners")
    return Polygon(opened[0], tuple(opened[1:]))


def footprint_of(parts: list[Polygon]) -> Polygon | MultiPolygon:
    """One polygon, or several as one footprint."""
    return parts[0] if len(parts) == 1 else MultiPolygon(tuple(parts))


def note_antimeridian(line: Sequence[Position], notes: list[str]) -> None:
    """Announces edges of a line that are read as crossing the antimeridian."""
    if any(abs(q.longitude_deg - p.longitude_deg) > 180.0 for p, q in pairwise(line)):
        notes.append(_SHORT_WAY)


_SHORT_WAY: Final = "edges from one side of the antimeridian to the other are read the short way, across it"


def _check_antimeridian(ring: list[Position], notes: list[str]) -> None:
    """A ring with an edge from 170 to -170 means 20° of the Earth, or 340°.

    RFC 7946 3.1.9 has such rings cut in two, yet they are written, nearly always the short way. Only one that would then run clockwise, while it runs
    counter-clockwise on a flat map as RFC 7946 3.1.6 asks, is more likely a very wide area: shrinking that to a strip would hide what it meets.
    """
    steps_deg = [q.longitude_deg - p.longitude_deg for p, q in pairwise(ring)]
    if all(abs(step) <= 180.0 for step in steps_deg):
        return
    notes.append(_SHORT_WAY)
    if any(abs(step) == 360.0 for step in steps_deg):
        raise InvalidVolume(
            "an edge runs from longitude -180 to 180, which are one meridian",
            hint="split the area in two, with positions in between, so that it is clear which way round the Earth it goes",
        )
    short_deg = [ring[0].longitude_deg]
    for step in steps_deg:
        short_deg.append(short_deg[-1] + (step + 180.0) % 360.0 - 180.0)
    closes = abs(short_deg[-1] - short_deg[0]) < 1.0  # otherwise it goes round a pole
    flat_deg = [p.longitude_deg for p in ring]
    if closes and _turns_left(ring, flat_deg) and not _turns_left(ring, short_deg):
        raise InvalidVolume(
            "the ring may lie across the antimeridian or reach round the rest of the Earth",
            hint="to cross it, list the corners counter-clockwise or split the ring at 180°; otherwise add positions in between",
        )


def _turns_left(ring: list[Position], longitude_deg: list[float]) -> bool:
    corners = list(zip(longitude_deg, (p.latitude_deg for p in ring), strict=True))
    return sum(x * v - u * y for (x, y), (u, v) in pairwise(corners)) > 0.0


def is_certainly_simple(footprint: Footprint) -> bool:
    """Whether the footprint needs no geometry to be seen valid: a circle, or a small convex ring.

    Errs: toward False, which only costs the full check.
    """
    if isinstance(footprint, Circle):
        return True
    return isinstance(footprint, Polygon) and not footprint.holes and _is_small_and_convex(footprint.shell)


def _is_small_and_convex(ring: tuple[Position, ...]) -> bool:
    first = ring[0]
    if not 3 <= len(ring) <= 16 or abs(first.latitude_deg) > HIGHEST_LATITUDE_DEG - SMALL_DEG:
        return False
    scale = cos(radians(first.latitude_deg))
    flat = [((p.longitude_deg - first.longitude_deg) * scale, p.latitude_deg - first.latitude_deg) for p in ring]
    if any(abs(x) > SMALL_DEG / 2 or abs(y) > SMALL_DEG / 2 for x, y in flat):
        return False
    edges = [(u - x, v - y) for (x, y), (u, v) in pairwise([*flat, flat[0]])]
    turns = [(a * d - b * c) / (hypot(a, b) * hypot(c, d) or 1.0) for (a, b), (c, d) in pairwise([*edges, edges[0]])]
    if not (all(t > SHARP for t in turns) or all(t < -SHARP for t in turns)):
        return False
    # once round and no more: going round, the edges change between east and west twice
    east = [a >= 0.0 for a, _ in edges]
    return sum(p != q for p, q in pairwise([*east, east[0]])) == 2
