"""Where a declared hazard reaches at most, and how much of the air stays free of it. Upper bounds; nobody's place is inferred."""

from detente.hazard.assumptions import UPPER_BOUND, assumptions
from detente.hazard.cover import Antenna, Cover, cover, terrain_radius_m
from detente.hazard.declaration import Declaration
from detente.hazard.outline import cover_polygons
from detente.hazard.radar_horizon import horizon_m, lowest_seen_m, seen_within_m

__all__ = [
    "UPPER_BOUND",
    "Antenna",
    "Cover",
    "Declaration",
    "assumptions",
    "cover",
    "cover_polygons",
    "horizon_m",
    "lowest_seen_m",
    "seen_within_m",
    "terrain_radius_m",
]
