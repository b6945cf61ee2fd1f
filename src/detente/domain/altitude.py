"""Altitudes keep the reference they were stated in.

Two limits in one reference are compared in it, exactly. Across references they are converted to metres above
the WGS 84 ellipsoid with outward margins, by `geodesy.altitudes`; nothing here converts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import ceil, floor, inf, isfinite
from typing import Final

from detente.domain.errors import InvalidVolume
from detente.domain.units import METRES_PER_FLIGHT_LEVEL, METRES_PER_FOOT

LOWEST_M: Final = -12_000.0  # below the deepest sea floor and the deepest hole
HIGHEST_M: Final = 1_000_000.0  # above any aircraft; a larger number is a slip of units


class AltitudeReference(Enum):
    """What an altitude is measured from."""

    HAE = "HAE"  # height above the WGS 84 ellipsoid
    AMSL = "AMSL"  # above mean sea level (a geoid, which one is usually not said)
    AGL = "AGL"  # above ground level; 0 AGL is the surface (SFC, GND)
    FL = "FL"  # pressure altitude on the 1013.25 hPa setting
    UNLIMITED = "UNL"  # stated to have no limit
    UNSTATED = "UNSTATED"  # nothing was stated


@dataclass(frozen=True, slots=True)
class AltitudeLimit:
    """One side of a band: metres in `reference`. FL180 is 5,486.4 m in FL. Open limits hold ±inf."""

    value_m: float
    reference: AltitudeReference

    def __post_init__(self) -> None:
        if self.reference in (AltitudeReference.UNLIMITED, AltitudeReference.UNSTATED):
            if self.value_m not in (inf, -inf):
                raise InvalidVolume(f"an {self.reference.value} altitude limit holds ±inf, not {self.value_m}")
        elif not (isfinite(self.value_m) and LOWEST_M <= self.value_m <= HIGHEST_M):
            raise InvalidVolume(
                f"altitude {self.value_m} m {self.reference.value} is outside {LOWEST_M:.0f} to {HIGHEST_M:.0f} m",
                hint="check the unit; use UNL for no limit",
            )

    @property
    def is_stated(self) -> bool:
        return self.reference is not AltitudeReference.UNSTATED

    @property
    def is_surface(self) -> bool:
        """Whether this is the ground or sea surface itself (SFC, GND)."""
        return self.reference is AltitudeReference.AGL and self.value_m == 0.0

    def shifted(self, by_m: float) -> "AltitudeLimit":
        """The limit `by_m` higher in its own reference; open limits stay."""
        return self if not isfinite(self.value_m) else AltitudeLimit(self.value_m + by_m, self.reference)

    def __str__(self) -> str:
        return self.said()

    def said(self, whole: Callable[[float], int] = round) -> str:
        """As a duty officer would say it: FL180, SFC, UNL, 1500 m AMSL (4921 ft).

        Args:
            whole: which way metres, feet and levels are rounded: `floor` for a lower limit, `ceil` for an upper one.
        """
        match self.reference:
            case AltitudeReference.UNLIMITED:
                return "UNL"
            case AltitudeReference.UNSTATED:
                return "not stated"
            case AltitudeReference.FL:
                level = self.value_m / METRES_PER_FLIGHT_LEVEL
                return f"FL{level:03.0f}" if abs(level - round(level)) < 1e-6 else f"FL{whole(level * 10) / 10:05.1f}"
            case AltitudeReference.AGL if self.value_m == 0.0:
                return "SFC"
        metres, feet = (_to_whole(value, whole) for value in (self.value_m, self.value_m / METRES_PER_FOOT))
        return f"{metres} m {self.reference.value} ({feet} ft)"


def _to_whole(value: float, whole: Callable[[float], int]) -> int:
    """Without what floating point adds: 121.92 m are 400 ft either way."""
    return round(value) if abs(value - round(value)) < 1e-6 else whole(value)


def hae(value_m: float) -> AltitudeLimit:
    """Metres above the WGS 84 ellipsoid."""
    return AltitudeLimit(value_m, AltitudeReference.HAE)


def amsl(value_m: float) -> AltitudeLimit:
    """Metres above mean sea level."""
    return AltitudeLimit(value_m, AltitudeReference.AMSL)


def agl(value_m: float) -> AltitudeLimit:
    """Metres above ground level."""
    return AltitudeLimit(value_m, AltitudeReference.AGL)


def flight_level(level: float) -> AltitudeLimit:
    """Flight level in hundreds of feet on the standard setting: `flight_level(180)` is FL180."""
    return AltitudeLimit(level * METRES_PER_FLIGHT_LEVEL, AltitudeReference.FL)


SURFACE: Final = AltitudeLimit(0.0, AltitudeReference.AGL)
UNLIMITED_ABOVE: Final = AltitudeLimit(inf, AltitudeReference.UNLIMITED)
UNLIMITED_BELOW: Final = AltitudeLimit(-inf, AltitudeReference.UNLIMITED)
UNSTATED_ABOVE: Final = AltitudeLimit(inf, AltitudeReference.UNSTATED)
UNSTATED_BELOW: Final = AltitudeLimit(-inf, AltitudeReference.UNSTATED)


@dataclass(frozen=True, slots=True)
class AltitudeBand:
    """Altitudes from `lower` to `upper`, both included; each side keeps its reference.

    Level flight is a band whose sides are equal. ASTM F3548 wants lower strictly below upper; intervals here
    are closed, so the single level is a band like any other.
    """

    lower: AltitudeLimit
    upper: AltitudeLimit

    def __post_init__(self) -> None:
        if self.lower.value_m == inf:
            raise InvalidVolume("altitude_lower is unlimited above", hint="UNL belongs to altitude_upper")
        if self.upper.value_m == -inf:
            raise InvalidVolume(
                "altitude_upper is unlimited below", hint="an unlimited depth belongs to altitude_lower"
            )
        if self.lower.reference is self.upper.reference and not self.lower.value_m <= self.upper.value_m:
            raise InvalidVolume(
                f"altitude_lower {self.lower} is not below altitude_upper {self.upper}",
                hint="swap them, or check that feet were not sent as metres",
            )

    def shifted(self, by_m: float) -> "AltitudeBand":
        """The band `by_m` higher, each side in its own reference."""
        return AltitudeBand(self.lower.shifted(by_m), self.upper.shifted(by_m))

    def __str__(self) -> str:
        """The limits rounded outward; a single level to the nearest."""
        return str(self.lower) if self.lower == self.upper else f"{self.lower.said(floor)} – {self.upper.said(ceil)}"


UNSTATED_BAND: Final = AltitudeBand(UNSTATED_BELOW, UNSTATED_ABOVE)
ALL_ALTITUDES: Final = AltitudeBand(UNLIMITED_BELOW, UNLIMITED_ABOVE)
