"""Degrees to seven decimals, halves upward, of corners that are known exactly: the same ones on every machine.

An arc tangent may end in another last bit from one machine to the next, and a bit decides where degrees lie half-way between two
decimals: once in a million corners. So degrees are computed in doubles, and where they come within 1e-4 of half-way, a hundred times
what doubles err by, whole numbers of some 200 bits decide. Corners are given in whole margins, so these are exact but for the sine and
cosine of half-way itself, which are right to 1e-45. No corner lies on half-way: tangents of those angles are no roots of fractions.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Final, TypeAlias

import numpy as np

from detente.geodesy.wgs84 import Floats
from detente.screening import s2cells
from detente.screening.s2cells import Ints

MARGIN_BITS: Final = 11  # a cell's width is 2048 margins
_PER_DEGREE: Final = 1e7
_DOUBT: Final = 1e-4
_BITS: Final = 200
_ONE: Final = 1 << _BITS
_PI: Final = 3_141592653589793238462643383279502884197169399375105820974944592307  # × 10**66
_HALVES: Final = 2 * 10**7 * 180 * 10**66  # of 1e-7° in π

_Direction: TypeAlias = tuple[int, int, int]


def seven_decimals(face: int, i: Ints, j: Ints, level: int) -> tuple[list[float], list[float]]:
    """Latitudes and longitudes of columns and rows of a face; without -0.0, and -180° (the same meridian) as 180°.

    Args:
        i, j: (n,) in margins: 1/2048 of the width of a cell of this level.
    """
    fine = level + MARGIN_BITS
    lat, lon = lat_lon(s2cells.directions(np.full(len(i), face), i, j, fine))

    def is_past(latitude: bool) -> Callable[[int, int], bool]:
        def asked(k: int, half: int) -> bool:
            direction = _exactly(face, int(i[k]), int(j[k]), fine)
            return _latitude_is_past(direction, half) if latitude else _longitude_is_past(direction, half)

        return asked

    return _rounded(lat, is_past(True)), [180.0 if x == -180.0 else x for x in _rounded(lon, is_past(False))]


def lat_lon(direction: Floats) -> tuple[Floats, Floats]:
    """Latitude and longitude (degrees) of (…, 3) directions, read as if on a sphere."""
    x, y, z = direction[..., 0], direction[..., 1], direction[..., 2]
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def _rounded(degrees: Floats, is_past: Callable[[int, int], bool]) -> list[float]:
    """The nearest multiples of 1e-7. `is_past(k, half)` is asked where doubles might not tell: are the k-th more than `half` halves?"""
    units = degrees * _PER_DEGREE
    below = np.floor(units)
    up = units - below >= 0.5
    for k in np.flatnonzero(np.abs(units - below - 0.5) < _DOUBT).tolist():
        up[k] = is_past(k, 2 * int(below[k]) + 1)
    rounded: list[float] = ((below + up) / _PER_DEGREE + 0.0).tolist()
    return rounded


def _exactly(face: int, i: int, j: int, fine: int) -> _Direction:
    """The direction of a corner, exactly, at some length: its slopes are fractions with the denominator 3 · 4**fine."""
    depth, u, v = 3 << 2 * fine, _slope(i, fine), _slope(j, fine)
    normal, u_axis, v_axis = s2cells.axes_of(face)
    x, y, z = (n * depth + a * u + b * v for n, a, b in zip(normal, u_axis, v_axis, strict=True))
    return x, y, z


def _slope(column: int, fine: int) -> int:
    whole = 1 << fine
    if 2 * column >= whole:
        return 4 * column * column - whole * whole
    return whole * whole - 4 * (whole - column) * (whole - column)


def _longitude_is_past(direction: _Direction, half: int) -> bool:
    """Whether it is more than `half` halves of 1e-7°; the sine of the difference tells, which is small."""
    x, y, _ = direction
    sine, cosine = _sine_and_cosine(half)
    return y * cosine > x * sine


def _latitude_is_past(direction: _Direction, half: int) -> bool:
    x, y, z = direction
    sine, cosine = _sine_and_cosine(half)
    return (z << _BITS) * cosine > isqrt((x * x + y * y) << 2 * _BITS) * sine


def _sine_and_cosine(half: int) -> tuple[int, int]:
    """Of so many halves of 1e-7°, in units of 2**-200, by Taylor's series."""
    angle = half * _PI * _ONE // _HALVES
    return _series(angle, angle, 1), _series(angle, _ONE, 0)


def _series(angle: int, term: int, power: int) -> int:
    total, square = term, angle * angle >> _BITS
    while abs(term) > 1:
        power += 2
        term = -(term * square >> _BITS) // (power * (power - 1))
        total += term
    return total
