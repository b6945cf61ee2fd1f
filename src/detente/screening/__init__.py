"""Screening: outward candidates, the exact 4D predicate, explanation. Knows nothing of files, stores or HTTP."""

from detente.screening.lateral import lateral_distance_m
from detente.screening.pair import PairSeparation, separation
from detente.screening.screen import screen
from detente.screening.shape import check_footprint

__all__ = ["PairSeparation", "check_footprint", "lateral_distance_m", "screen", "separation"]
