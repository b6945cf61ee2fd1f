"""A line, e.g. one of withdrawal, as each party measured it. Courses of different parties stand side by side and are never averaged."""

from dataclasses import dataclass
from math import isfinite

from detente.domain.errors import InvalidVolume
from detente.domain.footprint import Position


@dataclass(frozen=True, slots=True)
class Course:
    """One party's measurement of a line: its points in order, joined by geodesics, each good to `precision_m` metres."""

    by: str
    points: tuple[Position, ...]
    precision_m: float

    def __post_init__(self) -> None:
        if not self.by.strip():
            raise InvalidVolume("a course of a line says nobody who measured it", hint="name the party in `by`")
        if len(set(self.points)) < 2:
            raise InvalidVolume(
                "a course of fewer than two distinct points is no line", hint="give at least two points"
            )
        if not (isfinite(self.precision_m) and self.precision_m >= 0.0):
            raise InvalidVolume(f"precision {self.precision_m} m is not a distance", hint="give metres, 0 or more")


@dataclass(frozen=True, slots=True)
class Line:
    """A named line, with one course for each party that measured it."""

    name: str
    courses: tuple[Course, ...]

    def __post_init__(self) -> None:
        parties = [course.by for course in self.courses]
        if not parties:
            raise InvalidVolume(f"line {self.name!r} has no course", hint="give at least one party's measurement")
        twice = sorted({by for by in parties if parties.count(by) > 1})
        if twice:
            raise InvalidVolume(
                f"line {self.name!r} is given twice by {', '.join(twice)}", hint="keep one course for each party"
            )
