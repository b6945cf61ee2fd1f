"""Separation minima, and the rules they come from."""

from dataclasses import dataclass

from detente.domain.errors import InvalidVolume
from detente.domain.notice import Activity
from detente.domain.units import LARGEST_LATERAL_M, LARGEST_TIME_S, LARGEST_VERTICAL_M


@dataclass(frozen=True, slots=True)
class Minima:
    """Two volumes meet when all three separations are at or within these. Zero asks for overlap or touch."""

    lateral_m: float
    vertical_m: float
    time_s: float

    def __post_init__(self) -> None:
        for name, value, largest in (
            ("lateral", self.lateral_m, LARGEST_LATERAL_M),
            ("vertical", self.vertical_m, LARGEST_VERTICAL_M),
            ("time", self.time_s, LARGEST_TIME_S),
        ):
            if not 0.0 <= value <= largest:  # in this order, NaN is refused too
                raise InvalidVolume(
                    f"{name} minimum {value} is not a size from 0 to {largest:.0f}",
                    hint="check the number and its unit",
                )

    def or_larger(self, other: "Minima") -> "Minima":
        """The larger of the two in each dimension."""
        return Minima(
            max(self.lateral_m, other.lateral_m), max(self.vertical_m, other.vertical_m), max(self.time_s, other.time_s)
        )


@dataclass(frozen=True, slots=True)
class MinimaRule:
    """Minima that hold between two activities; None stands for any activity."""

    name: str
    minima: Minima
    first: Activity | None = None
    second: Activity | None = None

    def applies_to(self, a: Activity, b: Activity) -> bool:
        """Whether the rule speaks of this pair, in either order. An unstated activity could be any."""

        def fits(rule: Activity | None, activity: Activity) -> bool:
            return rule is None or activity in (rule, Activity.UNSTATED)

        return (fits(self.first, a) and fits(self.second, b)) or (fits(self.first, b) and fits(self.second, a))
