"""Degrees to seven decimals: the true value decides, not the last bit of somebody's arc tangent."""

import csv
from decimal import ROUND_FLOOR, Decimal, getcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from detente.screening.seven_decimals import lat_lon, seven_decimals

VECTORS = Path(__file__).parents[1] / "vectors" / "generaliser" / "half_way.csv"
ROWS = list(csv.DictReader(VECTORS.read_text(encoding="utf-8").splitlines()))
AXES = ["+x +y +z", "+y -x +z", "+z -x -y", "-x -z -y", "-y -z +x", "-z +y +x"]  # of faces: outward, columns, rows
getcontext().prec = 60


def arctangent(x):
    """By its series, the argument halved until that converges."""
    doubled = 0
    while abs(x) > Decimal("0.01"):
        x, doubled = x / (1 + (1 + x * x).sqrt()), doubled + 1
    terms = [x ** (2 * k + 1) / (2 * k + 1) * (-1) ** k for k in range(20)]
    return sum(terms) * 2**doubled


def degrees(y, x):
    """Of the direction (x, y), as atan2."""
    right = 2 * arctangent(Decimal(1))
    if abs(x) >= abs(y):
        angle = arctangent(y / x) + (0 if x > 0 else 2 * right if y > 0 else -2 * right)
    else:
        angle = (right if y > 0 else -right) - arctangent(x / y)
    return angle * 90 / right


def slope(column, fine):
    s = Fraction(column, 2**fine)
    u = (4 * s * s - 1) / 3 if 2 * s >= 1 else (1 - 4 * (1 - s) ** 2) / 3
    return Decimal(u.numerator) / Decimal(u.denominator)


def true_place(face, column, row, level):
    along = {}
    for (sign, axis), value in zip(
        AXES[face].split(), (Decimal(1), slope(column, level + 11), slope(row, level + 11)), strict=True
    ):
        along[axis] = value if sign == "+" else -value
    x, y, z = along["x"], along["y"], along["z"]
    return degrees(z, (x * x + y * y).sqrt()), degrees(y, x)


def to_seven(value):
    rounded = float((value * 10**7 + Decimal("0.5")).to_integral_value(ROUND_FLOOR)) / 1e7
    return 180.0 if rounded == -180.0 else rounded


def test_there_are_corners_close_to_half_way():
    near = [abs(abs(value) * 10**7 % 1 - Decimal("0.5")) for row in ROWS for value in true_place(*numbers(row))]
    assert len(ROWS) >= 40
    assert sum(apart < Decimal("2e-6") for apart in near) >= 40


def numbers(row):
    return tuple(int(row[name]) for name in ("face", "column", "row", "level"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['face']}/{row['column']}/{row['row']}")
def test_the_true_value_decides_close_to_half_way(row):
    face, column, line, level = numbers(row)
    made = seven_decimals(face, np.array([column]), np.array([line]), level)
    assert [side[0] for side in made] == [float(row["latitude_deg"]), float(row["longitude_deg"])]
    assert [side[0] for side in made] == [to_seven(value) for value in true_place(face, column, line, level)]


@pytest.mark.parametrize("ulps", [-8, -1, 1, 8])
def test_another_machines_arc_tangent_changes_nothing(ulps, monkeypatch):
    def nudged(direction):
        return tuple(side + ulps * np.spacing(side) for side in lat_lon(direction))

    before = [seven_decimals(face, np.array([i]), np.array([j]), level) for face, i, j, level in map(numbers, ROWS)]
    monkeypatch.setattr("detente.screening.seven_decimals.lat_lon", nudged)
    after = [seven_decimals(face, np.array([i]), np.array([j]), level) for face, i, j, level in map(numbers, ROWS)]
    assert after == before


def test_corners_anywhere_have_their_true_decimals():
    random = np.random.default_rng(5)
    for level in (3, 9, 16):
        column, row = (random.integers(0, 2**level + 1, 30) * 2048 + random.integers(-1, 2, 30) for _ in "ij")
        for face in range(6):
            made = seven_decimals(face, column, row, level)
            for k, place in enumerate(zip(*made, strict=True)):
                true = true_place(face, int(column[k]), int(row[k]), level)
                assert place == pytest.approx([to_seven(value) for value in true], abs=0.0)
