"""Separation minima, and the rules they come from."""

from dataclasses import dataclass
from math import isfinite

from detente.domain.errors import InvalidVolume
from detente.domain.notice import Activity


@dataclass(frozen=True, slots=True)
class Minima:
    """Two volumes meet when all three separations are at or within these. Zero asks for overlap or touch."""

    lateral_m: float
    vertical_m: float
    time_s: float

    def __post_init__(self) -> None:
        for name, value in (("lateral", self.lateral_m), ("vertical", self.vertical_m), ("time", self.time_s)):
            if not (isfinite(value) and value >= 0.0):
                raise InvalidVolume(f"{name} minimum {value} is not a size", hint="give a number of 0 or more")

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
