"""Whether two volumes meet, by plain definitions on closed intervals.

Each dimension answers alone: CONFLICT where what was stated lies within the minimum, POSSIBLE where only an uncertainty, the
conversion of an altitude or something unstated could bring it there, CLEAR otherwise. The answer for the pair is the least of
the three.

Altitudes of different references are not converted with margins here. Instead a world is drawn: where the geoid, the ground
and the pressure really are, within what the arena says. Then every limit has a height, and a meeting is a meeting. A band
that lies wholly under the ground of a world, though nothing said it would, shows that the world is not the one it was stated for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from detente.domain import AltitudeBand, AltitudeLimit, AltitudeReference, Answer, Minima, Volume4D

MICROSECONDS = 1_000_000


class Allowed(NamedTuple):
    """The answers that are right: one, or, within the stated resolution of a threshold, more."""

    least: Answer
    most: Answer


@dataclass(frozen=True)
class World:
    """The true state of the place and hour of a meeting."""

    geoid_m: float  # height of mean sea level above the ellipsoid
    grounds_amsl_m: tuple[float, float]  # under the first volume and under the second
    sea_level_hpa: float
    temperature_ratio: float  # absolute temperature of the column over that of the standard atmosphere


def allowed_answers(
    a: Volume4D, b: Volume4D, minima: Minima, lateral_m: float, worlds: Iterable[World] = ()
) -> Allowed:
    """The right answers for a pair whose footprints are `lateral_m` apart."""
    position_m = a.uncertainty.position_m + b.uncertainty.position_m
    each = (
        lateral_answers(lateral_m, position_m, minima.lateral_m),
        vertical_answers(a, b, minima.vertical_m, worlds),
        Allowed(*2 * (time_answer(a, b, minima.time_s),)),
    )
    return Allowed(min(dimension.least for dimension in each), min(dimension.most for dimension in each))


def lateral_answers(apart_m: float, uncertainty_m: float, minimum_m: float) -> Allowed:
    """Resolution: 1 m towards CONFLICT; 1 % or 2 m towards POSSIBLE; never the other way but for what both sides round."""
    reach_m = minimum_m + uncertainty_m
    if apart_m <= minimum_m + 1.0:
        most = Answer.CONFLICT
    else:
        most = Answer.POSSIBLE if apart_m <= reach_m + max(0.01 * reach_m, 2.0) else Answer.CLEAR
    if apart_m <= max(minimum_m - 0.1, 0.001):
        least = Answer.CONFLICT
    else:
        least = Answer.POSSIBLE if apart_m <= reach_m - 0.002 else Answer.CLEAR
    return Allowed(least, most)


def time_answer(a: Volume4D, b: Volume4D, minimum_s: float) -> Answer:
    """Exact for whole microseconds. An unstated side is open, and keeps the answer at POSSIBLE."""
    apart_us = max(0, b.window.start_us - a.window.end_us, a.window.start_us - b.window.end_us)
    minimum_us, slack_us = (round(s * MICROSECONDS) for s in (minimum_s, a.uncertainty.time_s + b.uncertainty.time_s))
    if apart_us > minimum_us + slack_us:
        return Answer.CLEAR
    stated = all((a.window.start_stated, a.window.end_stated, b.window.start_stated, b.window.end_stated))
    return Answer.CONFLICT if stated and apart_us <= minimum_us else Answer.POSSIBLE


def vertical_answers(a: Volume4D, b: Volume4D, minimum_m: float, worlds: Iterable[World]) -> Allowed:
    """Exact to 2 mm where the limits that face each other share a reference; otherwise what holds in the worlds drawn.

    They must not be CLEAR if they meet in one world, the ground under one being what it may and under the other too. They
    may be CONFLICT only if they meet in every world where both stand over the same ground, as they do where they overlap.
    """
    slack_m = a.uncertainty.altitude_m + b.uncertainty.altitude_m
    unstated = not all(
        limit.is_stated for limit in (a.altitude.lower, a.altitude.upper, b.altitude.lower, b.altitude.upper)
    )
    if not _converts(a.altitude, b.altitude):
        apart_m = _apart_m(a.altitude, b.altitude, None)
        most = _vertical_answer(apart_m - 0.002, slack_m, minimum_m, unstated)
        return Allowed(_vertical_answer(apart_m + 0.002, slack_m, minimum_m, unstated), most)
    possible = [world for world in worlds if _can_be(a.altitude, b.altitude, world)]
    true = {w: _vertical_answer(_apart_m(a.altitude, b.altitude, w), slack_m, minimum_m, unstated) for w in possible}
    over_one_ground = [answer for world, answer in true.items() if len(set(world.grounds_amsl_m)) == 1]
    return Allowed(
        min(Answer.POSSIBLE, max(true.values(), default=Answer.CLEAR)),
        max(Answer.POSSIBLE, min(over_one_ground, default=Answer.CONFLICT)),
    )


def _vertical_answer(apart_m: float, slack_m: float, minimum_m: float, unstated: bool) -> Answer:
    if max(apart_m, 0.0) - slack_m > minimum_m:
        return Answer.CLEAR
    return Answer.CONFLICT if apart_m <= minimum_m and not unstated else Answer.POSSIBLE


def _is_open(limit: AltitudeLimit) -> bool:
    return limit.reference in (AltitudeReference.UNLIMITED, AltitudeReference.UNSTATED)


def _converts(a: AltitudeBand, b: AltitudeBand) -> bool:
    """Whether limits that face each other are measured from different things."""
    facing = ((a.lower, b.upper), (b.lower, a.upper))
    return any(p.reference is not q.reference and not _is_open(p) and not _is_open(q) for p, q in facing)


def _apart_m(a: AltitudeBand, b: AltitudeBand, world: World | None) -> float:
    """Metres between two bands; below 0 where they overlap."""
    return max(_gap_m(a.lower, b.upper, world, (0, 1)), _gap_m(b.lower, a.upper, world, (1, 0)))


def _gap_m(lower: AltitudeLimit, upper: AltitudeLimit, world: World | None, over: tuple[int, int]) -> float:
    if _is_open(lower) or _is_open(upper):
        return -inf
    if lower.reference is upper.reference:
        return lower.value_m - upper.value_m
    assert world is not None
    return height_amsl_m(lower, world, over[0]) - height_amsl_m(upper, world, over[1])


def _can_be(a: AltitudeBand, b: AltitudeBand, world: World) -> bool:
    return all(
        _is_open(band.upper)
        or (band.lower.reference is AltitudeReference.AGL and band.lower.value_m < 0.0)
        or height_amsl_m(band.upper, world, volume) >= world.grounds_amsl_m[volume]
        for volume, band in enumerate((a, b))
    )


def height_amsl_m(limit: AltitudeLimit, world: World, volume: int) -> float:
    """What the limit is above mean sea level in that world."""
    match limit.reference:
        case AltitudeReference.HAE:
            return limit.value_m - world.geoid_m
        case AltitudeReference.AGL:
            return limit.value_m + world.grounds_amsl_m[volume]
        case AltitudeReference.FL:
            return _height_at_level_m(limit.value_m, world)
    return limit.value_m


def _height_at_level_m(pressure_altitude_m: float, world: World) -> float:
    """Hypsometry: a column warmer by a ratio is thicker by that ratio, and begins where the sea-level pressure is."""
    standard_m = pressure_altitude_m - _standard_altitude_m(world.sea_level_hpa)
    geopotential_m = world.temperature_ratio * standard_m
    return 6_356_766.0 * geopotential_m / (6_356_766.0 - geopotential_m)


def _standard_altitude_m(pressure_hpa: float) -> float:
    """Where the standard atmosphere has this pressure, below 11 km. Source: ICAO Doc 7488."""
    return 288.15 / 0.0065 * (1.0 - (pressure_hpa / 1013.25) ** (287.05287 * 0.0065 / 9.80665))
