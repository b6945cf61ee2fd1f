"""`detente hazard horizon`: the closed form of the radar horizon over a smooth Earth, both directions."""

from __future__ import annotations

import json
import sys
from math import ceil, floor, isfinite
from typing import Any

import click

from detente.domain import NotUnderstood
from detente.domain.units import METRES_PER_FOOT, METRES_PER_NAUTICAL_MILE
from detente.geodesy import read_length_m
from detente.hazard.radar_horizon import lowest_seen_m, seen_within_m


@click.command()
@click.option(
    "--antenna", required=True, metavar="LENGTH", help="The antenna's height above the smooth surface, e.g. 30m."
)
@click.option("--target", metavar="LENGTH", help="How far off something at this height is seen at most, e.g. 500ft.")
@click.option("--distance", metavar="LENGTH", help="How low something this far away is seen at least, e.g. 100nm.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def horizon(antenna: str, target: str | None, distance: str | None, *, as_json: bool) -> None:
    """How far a radar sees over a smooth Earth of 4/3 of its radius, or how low. No terrain: see detente hazard cover."""
    if (target is None) == (distance is None):
        raise NotUnderstood(
            "one of --target and --distance is needed", hint="--target 500ft asks how far, --distance 100nm how low"
        )
    antenna_m = read_length_m(antenna)
    told = _how_far(antenna_m, read_length_m(target)) if target else _how_low(antenna_m, read_length_m(distance or ""))
    sys.stdout.write((json.dumps(told) if as_json else _line(told)) + "\n")


def _how_far(antenna_m: float, target_m: float) -> dict[str, Any]:
    return {
        "antenna_height_m": antenna_m,
        "target_height_m": target_m,
        "seen_within_m": seen_within_m(antenna_m, target_m),
    }


def _how_low(antenna_m: float, distance_m: float) -> dict[str, Any]:
    low_m = lowest_seen_m(antenna_m, distance_m)
    return {
        "antenna_height_m": antenna_m,
        "distance_m": distance_m,
        "lowest_seen_m": low_m if isfinite(low_m) else None,  # JSON has no infinity
    }


def _line(told: dict[str, Any]) -> str:
    """Rounded outward: how far up, how low down."""
    antenna = f"from an antenna {told['antenna_height_m']:,.1f} m above a smooth surface"
    if "seen_within_m" in told:
        km, nm = (_tenths_up(told["seen_within_m"] / unit_m) for unit_m in (1000, METRES_PER_NAUTICAL_MILE))
        return f"{antenna}, something at {told['target_height_m']:,.1f} m is seen within {km:,.1f} km ({nm:,.1f} nm)"
    away, low_m = f"what is {told['distance_m'] / 1000:,.1f} km away", told["lowest_seen_m"]
    if low_m is None:
        return f"{antenna}, {away} is seen from no height"
    return f"{antenna}, {away} is seen from {floor(low_m):,} m ({floor(low_m / METRES_PER_FOOT):,} ft) up"


def _tenths_up(value: float) -> float:
    return ceil(value * 10) / 10
