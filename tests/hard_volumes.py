"""Altitudes, times, uncertainties and minima for a hard pair, so that its volumes end up at or near a threshold.

Altitudes and times are small multiples of a step, so that bands and windows often just touch; the lateral minimum is chosen
after the oracle has measured the pair.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeAlias

import numpy as np

from detente.domain import (
    ALL_ALTITUDES,
    UNSTATED_ABOVE,
    UNSTATED_BAND,
    UNSTATED_BELOW,
    UNSTATED_WINDOW,
    AltitudeBand,
    AltitudeLimit,
    AltitudeReference,
    Arena,
    Minima,
    TimeWindow,
    Uncertainty,
    Volume4D,
)
from detente.domain.units import METRES_PER_FLIGHT_LEVEL, METRES_PER_FOOT, MICROSECONDS_PER_SECOND
from hard_pairs import Pair, Random
from oracle.meeting import World

Dressed: TypeAlias = tuple[Volume4D, Volume4D, Minima]

BEYOND_M = (0.0, 0.02, 0.3, 1.0, 1.1, 2.5, 30.0)  # how far to either side of a threshold
EVENING_US = int(datetime(2018, 9, 17, 18, 0, tzinfo=UTC).timestamp()) * MICROSECONDS_PER_SECOND
STATED = (AltitudeReference.HAE, AltitudeReference.AMSL, AltitudeReference.AGL, AltitudeReference.FL)


def dress(rng: Random, pair: Pair, lateral_m: float) -> Dressed:
    """The pair as volumes, and minima. Limits that face each other share a reference; see `mixed_bands` for others."""
    if rng.random() < 0.6:  # they meet for certain in time and altitude, so the ground decides
        bands, windows, vertical_m, time_s = (
            2 * (_band_in(AltitudeReference.AMSL, 0, 3),),
            2 * (_window(0, 2),),
            0.0,
            0.0,
        )
    else:
        bands, vertical_m = _bands(rng)
        windows, time_s = _windows(rng)
    sure = [_uncertainty(rng) for _ in range(2)]
    lateral_minimum_m = _minimum_near(rng, lateral_m, sure[0].position_m + sure[1].position_m)
    a, b = (
        Volume4D(footprint, band, window, uncertainty)
        for footprint, band, window, uncertainty in zip((pair.a, pair.b), bands, windows, sure, strict=True)
    )
    return a, b, Minima(lateral_minimum_m, vertical_m, time_s)


def _minimum_near(rng: Random, lateral_m: float, uncertainty_m: float) -> float:
    if rng.random() < 0.15:
        return float(rng.choice([0.0, 50.0, 1852.0, 9260.0, 18520.0]))
    threshold_m = lateral_m - (uncertainty_m if rng.random() < 0.5 else 0.0)
    beyond_m = rng.choice([*BEYOND_M, 0.01 * threshold_m, 0.011 * threshold_m + 3.0])
    return max(0.0, float(threshold_m + rng.choice([-1, 1]) * beyond_m))


def _uncertainty(rng: Random) -> Uncertainty:
    if rng.random() < 0.5:
        return Uncertainty()
    position_m = float(rng.choice([0.0, 0.5, 100.0, 10.0 ** rng.uniform(0, 5)]))
    return Uncertainty(position_m, float(rng.choice([0.0, 30.0, 100.0])), float(rng.choice([0.0, 60.0, 0.000001])))


def _window(start_minute: int, end_minute: int) -> TimeWindow:
    return TimeWindow(*(EVENING_US + 60 * minute * MICROSECONDS_PER_SECOND for minute in (start_minute, end_minute)))


def _windows(rng: Random) -> tuple[list[TimeWindow], float]:
    """Two windows out of a quarter of an hour, some a microsecond longer, some with sides nobody stated."""
    windows = []
    for _ in range(2):
        start, end = sorted(int(minute) for minute in rng.integers(0, 15, 2))
        window = _window(start, end)
        start_us, end_us = window.start_us - int(rng.integers(2)), window.end_us + int(rng.integers(2))
        windows.append(
            [
                TimeWindow(start_us, end_us),
                TimeWindow(start_us, UNSTATED_WINDOW.end_us, end_stated=False),
                TimeWindow(UNSTATED_WINDOW.start_us, end_us, start_stated=False),
                TimeWindow(start_us, UNSTATED_WINDOW.end_us),  # until further notice
                UNSTATED_WINDOW,
            ][rng.choice(5, p=[0.7, 0.1, 0.1, 0.05, 0.05])]
        )
    return windows, float(rng.choice([0.0, 60.0, 300.0, 299.999999]))


def _band_in(reference: AltitudeReference, lower: int, upper: int) -> AltitudeBand:
    """A band between multiples of 10 flight levels, 1000 ft or 100 m."""
    step_m = {AltitudeReference.FL: 10 * METRES_PER_FLIGHT_LEVEL, AltitudeReference.AMSL: 1000 * METRES_PER_FOOT}
    return AltitudeBand(*(AltitudeLimit(k * step_m.get(reference, 100.0), reference) for k in (lower, upper)))


def _bands(rng: Random) -> tuple[list[AltitudeBand], float]:
    """Two bands in one reference, some with sides open or unstated."""
    reference = STATED[rng.integers(len(STATED))]
    bands = []
    for _ in range(2):
        lower, upper = sorted(int(level) for level in rng.integers(0, 12, 2))
        band = _band_in(reference, lower, upper)
        bands.append(
            [
                band,
                AltitudeBand(band.lower, UNSTATED_ABOVE),
                AltitudeBand(UNSTATED_BELOW, band.upper),
                AltitudeBand(band.lower, ALL_ALTITUDES.upper),
                AltitudeBand(ALL_ALTITUDES.lower, band.upper),
                UNSTATED_BAND,
            ][rng.choice(6, p=[0.7, 0.05, 0.05, 0.1, 0.05, 0.05])]
        )
    return bands, float(rng.choice([0.0, 100.0, 1000 * METRES_PER_FOOT, 304.0]))


def mixed_bands(rng: Random) -> tuple[AltitudeBand, AltitudeBand]:
    """Two bands whose four limits may be measured from four different things, the surface among them."""
    bands = []
    while len(bands) < 2:
        low_m, high_m = sorted(50.0 * rng.integers(0, 60, 2))
        references = [STATED[rng.integers(len(STATED))] for _ in range(2)]
        if references[0] is references[1] or rng.random() < 0.5:
            references[1] = references[0]
        lower = AltitudeLimit(low_m, references[0])
        if rng.random() < 0.2:
            lower = AltitudeLimit(0.0, AltitudeReference.AGL)
        bands.append(AltitudeBand(lower, AltitudeLimit(high_m, references[1])))
    return bands[0], bands[1]


def worlds(rng: Random, arena: Arena, geoid_m: float, count: int) -> list[World]:
    """States the arena allows: every corner of its bounds, and `count` within them."""
    ground, air = arena.terrain, arena.pressure
    sides = np.array(
        [
            (ground.lowest_amsl_m, ground.highest_amsl_m),
            (ground.lowest_amsl_m, ground.highest_amsl_m),
            (air.lowest_hpa, air.highest_hpa),
            (air.coldest_ratio, air.warmest_ratio),
        ]
    )
    shares = np.concatenate([np.stack(np.meshgrid(*4 * [[0.0, 1.0]]), axis=-1).reshape(-1, 4), rng.random((count, 4))])
    level = rng.random(len(shares)) < 0.3
    shares[level, 1] = shares[level, 0]  # both over the same ground
    states = sides[:, 0] + shares * (sides[:, 1] - sides[:, 0])
    return [World(geoid_m, (float(s[0]), float(s[1])), float(s[2]), float(s[3])) for s in states]
