"""détente: the open-source deconfliction channel.

The public API: notices, volumes and their parts, and `screen`, which tells where plans of different parties meet.

    >>> from datetime import UTC, datetime
    >>> from detente import AltitudeBand, Circle, Minima, Notice, Position, SURFACE, TimeWindow, Volume4D
    >>> from detente import Activity, flight_level, screen
    >>> evening = TimeWindow.between(datetime(2018, 9, 17, 18, tzinfo=UTC), datetime(2018, 9, 17, 20, tzinfo=UTC))
    >>> def plan(party, latitude_deg, longitude_deg):
    ...     where = Circle(Position(latitude_deg, longitude_deg), radius_m=10_000)
    ...     volume = Volume4D(where, AltitudeBand(SURFACE, flight_level(100)), evening)
    ...     return Notice("1", party, Activity.AIR_OPERATION, (volume,))
    >>> answer = screen([plan("A", 35.5, 35.8), plan("B", 35.6, 35.9)], minima=Minima(lateral_m=9260, vertical_m=300, time_s=300))
    >>> answer.answer.name, len(answer.conflicts)
    ('CONFLICT', 1)

Importing this module imports neither numpy nor anything else heavy; names are looked up when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detente.domain import (
        ALL_ALTITUDES,
        CERTAIN,
        SURFACE,
        UNLIMITED_ABOVE,
        UNLIMITED_BELOW,
        UNSTATED_BAND,
        UNSTATED_WINDOW,
        Activity,
        AltitudeBand,
        AltitudeLimit,
        Answer,
        Arena,
        Circle,
        Conflict,
        Corridor,
        DetenteError,
        HazardWarning,
        Minima,
        MinimaRule,
        MultiPolygon,
        Notice,
        Orbit,
        Polygon,
        Position,
        Proposal,
        ScreeningAnswer,
        Separation,
        TimeWindow,
        Uncertainty,
        Understanding,
        Unmeasured,
        Volume4D,
        agl,
        amsl,
        flight_level,
        hae,
    )
    from detente.geodesy import read_altitude, read_position, read_time, route_legs
    from detente.interop import read_files, read_understanding
    from detente.screening import lateral_distance_m, screen, separation

_HOME = {
    "lateral_distance_m": "detente.screening",
    "read_altitude": "detente.geodesy",
    "read_files": "detente.interop",
    "read_position": "detente.geodesy",
    "read_time": "detente.geodesy",
    "read_understanding": "detente.interop",
    "route_legs": "detente.geodesy",
    "screen": "detente.screening",
    "separation": "detente.screening",
}

__all__ = [
    "ALL_ALTITUDES",
    "CERTAIN",
    "SURFACE",
    "UNLIMITED_ABOVE",
    "UNLIMITED_BELOW",
    "UNSTATED_BAND",
    "UNSTATED_WINDOW",
    "Activity",
    "AltitudeBand",
    "AltitudeLimit",
    "Answer",
    "Arena",
    "Circle",
    "Conflict",
    "Corridor",
    "DetenteError",
    "HazardWarning",
    "Minima",
    "MinimaRule",
    "MultiPolygon",
    "Notice",
    "Orbit",
    "Polygon",
    "Position",
    "Proposal",
    "ScreeningAnswer",
    "Separation",
    "TimeWindow",
    "Uncertainty",
    "Understanding",
    "Unmeasured",
    "Volume4D",
    "agl",
    "amsl",
    "flight_level",
    "hae",
    "lateral_distance_m",
    "read_altitude",
    "read_files",
    "read_position",
    "read_time",
    "read_understanding",
    "route_legs",
    "screen",
    "separation",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'detente' has no attribute {name!r}")
    return getattr(import_module(_HOME.get(name, "detente.domain")), name)


def __dir__() -> list[str]:
    return __all__
