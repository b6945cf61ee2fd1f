"""A block of airspace, ground or sea, and time."""

from dataclasses import dataclass
from math import isfinite
from typing import Final

from detente.domain.altitude import UNSTATED_BAND, AltitudeBand
from detente.domain.errors import InvalidVolume
from detente.domain.footprint import Footprint
from detente.domain.window import UNSTATED_WINDOW, TimeWindow


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """How far reality may lie outside what was stated: in place, altitude and time, each side.

    What only an uncertainty brings together is POSSIBLE, never CONFLICT.
    """

    position_m: float = 0.0
    altitude_m: float = 0.0
    time_s: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("position", self.position_m), ("altitude", self.altitude_m), ("time", self.time_s)):
            if not (isfinite(value) and value >= 0.0):
                raise InvalidVolume(f"{name} uncertainty {value} is not a size", hint="give a number of 0 or more")


CERTAIN: Final = Uncertainty()


@dataclass(frozen=True, slots=True)
class Volume4D:
    """Footprint × altitude band × time window, and how sure they are. All sides are included."""

    footprint: Footprint
    altitude: AltitudeBand = UNSTATED_BAND
    window: TimeWindow = UNSTATED_WINDOW
    uncertainty: Uncertainty = CERTAIN
