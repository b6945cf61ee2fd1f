"""Understandings and arenas: the rules the parties agreed, and where they apply."""

from dataclasses import dataclass
from math import isfinite
from typing import Final

from detente.domain.errors import InvalidVolume, NoMinima
from detente.domain.footprint import Position
from detente.domain.minima import Minima, MinimaRule
from detente.domain.notice import Activity
from detente.domain.terms import NO_TERMS, Terms


@dataclass(frozen=True, slots=True)
class TerrainBounds:
    """The lowest and highest ground anywhere in the arena, metres AMSL."""

    lowest_amsl_m: float
    highest_amsl_m: float

    def __post_init__(self) -> None:
        if not (
            isfinite(self.lowest_amsl_m) and isfinite(self.highest_amsl_m) and self.lowest_amsl_m <= self.highest_amsl_m
        ):
            raise InvalidVolume(f"terrain from {self.lowest_amsl_m} to {self.highest_amsl_m} m AMSL is not a range")


@dataclass(frozen=True, slots=True)
class PressureBounds:
    """The lowest and highest sea-level pressure (hPa) and column temperature, as a ratio to the standard atmosphere,
    that flight levels in the arena must be understood under."""

    lowest_hpa: float
    highest_hpa: float
    coldest_ratio: float
    warmest_ratio: float

    def __post_init__(self) -> None:
        if not 800 <= self.lowest_hpa <= self.highest_hpa <= 1100:
            raise InvalidVolume(
                f"sea-level pressure {self.lowest_hpa} to {self.highest_hpa} hPa is not a range within 800–1100"
            )
        if not 0.7 <= self.coldest_ratio <= self.warmest_ratio <= 1.3:
            raise InvalidVolume(
                f"temperature ratio {self.coldest_ratio} to {self.warmest_ratio} is not a range within 0.7–1.3"
            )


# Dead Sea shore to Everest; the ground, not the sea floor. Source: USGS and national surveys, rounded outward.
WORLD_TERRAIN: Final = TerrainBounds(-450.0, 8_850.0)
# 870 hPa (typhoon Tip, 1979) and 1,084.8 hPa (Tosontsengel, 2001) are the extremes in the WMO archive, and mean column
# temperatures stay within 18 % below and 10 % above the standard atmosphere.
WORLD_PRESSURE: Final = PressureBounds(870.0, 1085.0, 0.82, 1.10)


@dataclass(frozen=True, slots=True)
class Place:
    """A named place of the arena's gazetteer, good to `precision_m`."""

    name: str
    position: Position
    precision_m: float
    also_known_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extent:
    """A latitude/longitude box; `west_deg` > `east_deg` where it runs over the antimeridian."""

    south_deg: float
    west_deg: float
    north_deg: float
    east_deg: float

    def __post_init__(self) -> None:
        Position(self.south_deg, self.west_deg)
        Position(self.north_deg, self.east_deg)
        if not self.south_deg <= self.north_deg:
            raise InvalidVolume(
                f"extent: south {self.south_deg}° is north of north {self.north_deg}°", hint="swap them"
            )

    def holds(self, position: Position) -> bool:
        """Whether the position lies in the box, edges included."""
        longitude = position.longitude_deg
        between = (
            self.west_deg <= longitude <= self.east_deg
            if self.west_deg <= self.east_deg
            else longitude >= self.west_deg or longitude <= self.east_deg
        )
        return between and self.south_deg <= position.latitude_deg <= self.north_deg


@dataclass(frozen=True, slots=True)
class Arena:
    """Where an understanding applies, and what is known of its ground, air and place names."""

    name: str
    extent: Extent | None = None
    terrain: TerrainBounds = WORLD_TERRAIN
    pressure: PressureBounds = WORLD_PRESSURE
    places: tuple[Place, ...] = ()


WORLD: Final = Arena("world")


@dataclass(frozen=True, slots=True)
class Understanding:
    """What the parties agreed: minima, where it applies, and the terms of the channel. Screening needs the first two alone."""

    name: str
    version: str
    rules: tuple[MinimaRule, ...]
    arena: Arena = WORLD
    terms: Terms = NO_TERMS

    def minima_between(self, a: Activity, b: Activity) -> tuple[Minima, str]:
        """The minima for a pair of activities and the names of the rules they came from.

        Where several rules apply, the larger holds in each dimension.

        Raises:
            NoMinima: no rule speaks of the pair.
        """
        applying = [rule for rule in self.rules if rule.applies_to(a, b)]
        if not applying:
            raise NoMinima(
                f"{self.name} has no minima between {a.value} and {b.value}",
                hint="add a rule without activities as the default, or give --lateral, --vertical and --time",
            )
        minima = applying[0].minima
        for rule in applying[1:]:
            minima = minima.or_larger(rule.minima)
        binding = [
            rule.name
            for rule in applying
            if rule.minima.lateral_m == minima.lateral_m
            or rule.minima.vertical_m == minima.vertical_m
            or rule.minima.time_s == minima.time_s
        ]
        return minima, " and ".join(dict.fromkeys(binding))

    def largest(self) -> Minima:
        """The largest minima that any rule asks of any pair, in each dimension."""
        largest = Minima(0.0, 0.0, 0.0)
        for rule in self.rules:
            largest = largest.or_larger(rule.minima)
        return largest
