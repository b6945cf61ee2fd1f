"""A block of airspace, ground or sea, and time."""

from dataclasses import dataclass
from typing import Final

from detente.domain.altitude import UNSTATED_BAND, AltitudeBand
from detente.domain.errors import InvalidVolume
from detente.domain.footprint import Footprint
from detente.domain.units import LARGEST_LATERAL_M, LARGEST_TIME_S, LARGEST_VERTICAL_M
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
        for name, value, largest in (
            ("position", self.position_m, LARGEST_LATERAL_M),
            ("altitude", self.altitude_m, LARGEST_VERTICAL_M),
            ("time", self.time_s, LARGEST_TIME_S),
        ):
            if not 0.0 <= value <= largest:  # in this order, NaN is refused too
                raise InvalidVolume(
                    f"{name} uncertainty {value} is not a size from 0 to {largest:.0f}",
                    hint="check the number and its unit; leave the field out where nothing is known",
                )


CERTAIN: Final = Uncertainty()


@dataclass(frozen=True, slots=True)
class Volume4D:
    """Footprint × altitude band × time window, and how sure they are. All sides are included."""

    footprint: Footprint
    altitude: AltitudeBand = UNSTATED_BAND
    window: TimeWindow = UNSTATED_WINDOW
    uncertainty: Uncertainty = CERTAIN
