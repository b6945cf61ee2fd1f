"""A zone and what was agreed or decided for it, each rule with where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from detente.domain.errors import InvalidVolume, NotUnderstood
from detente.domain.footprint import Footprint


class RuleKind(StrEnum):
    """What a rule asks."""

    NO_WEAPONS = "no_weapons"
    NO_OVERFLIGHT = "no_overflight"
    NOTIFY = "notify"


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """One rule. `but_for`: parties that it does not bind. `within_s`: of `notify`, how long before the beginning; None for the others."""

    kind: RuleKind
    source: str
    but_for: tuple[str, ...] = ()
    within_s: float | None = None

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise NotUnderstood("a rule without a source", hint="say where it stands", where="source")
        if (self.kind is RuleKind.NOTIFY) != (self.within_s is not None):
            raise NotUnderstood(
                "hours belong to notify, and to no other rule", hint='write "within": "24 h"', where="within"
            )
        if self.within_s is not None and not (isfinite(self.within_s) and self.within_s >= 0):
            raise InvalidVolume(f"{self.within_s} s before", hint="0 or more", where="within")


@dataclass(frozen=True, slots=True)
class Zone:
    """A named area, its outline good to `precision_m` metres, and its rules."""

    name: str
    footprint: Footprint
    precision_m: float
    rules: tuple[ZoneRule, ...]
