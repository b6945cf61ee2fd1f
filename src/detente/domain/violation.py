"""A violation as one side counts it: a statement of its reporter, in the categories that public reporting on resolution 1701 uses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from detente.domain.claim import Fix
from detente.domain.errors import NotUnderstood
from detente.domain.window import TimeWindow


class ViolationKind(StrEnum):
    """What is reported. Crossings by civilians are kept apart from all others."""

    OVERFLIGHT = "overflight"
    GROUND_CROSSING = "ground_crossing"
    CIVILIAN_CROSSING = "civilian_crossing"
    MARITIME_CROSSING = "maritime_crossing"
    FIRE = "fire"
    WEAPONS = "weapons"
    RESTRICTION_OF_MOVEMENT = "restriction_of_movement"
    SUBSURFACE_CROSSING = "subsurface_crossing"


@dataclass(frozen=True, slots=True)
class Violation:
    """One report.

    Attributes:
        id: the reporter's own, within its tally. reporter: whose count it is. by: whom it names; empty where nobody is named.
        platform: of an overflight: `fixed_wing`, `unmanned`, `helicopter` …; empty where none is stated.
        window: when, as stated. fix: where, and how closely that is known; None where no place is stated.
        count: how many at once, where that is stated.
        source: where it is stated. entry: the entry of the record that holds it; None where it is in none.
    """

    id: str
    reporter: str
    kind: ViolationKind
    window: TimeWindow
    source: str
    by: str = ""
    platform: str = ""
    fix: Fix | None = None
    count: int = 1
    text: str = ""
    entry: int | None = None

    def __post_init__(self) -> None:
        for name, hint in (
            ("id", "give each report its own"),
            ("reporter", "say whose count it is"),
            ("source", "say where it is stated"),
        ):
            if not getattr(self, name).strip():
                raise NotUnderstood(f"no {name}", hint=hint, where=name)
        if self.count < 1:
            raise NotUnderstood(f"a count of {self.count}", hint="1 or more", where="count")
        if not (self.window.start_stated and self.window.end_stated):
            raise NotUnderstood("no time is stated", hint="give the day at least", where="time")

    @property
    def hours(self) -> float:
        """How long it lasted, as stated."""
        return (self.window.end_us - self.window.start_us) / 3.6e9
