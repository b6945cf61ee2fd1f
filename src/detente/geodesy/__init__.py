"""Reading coordinates, altitudes, times and quantities as people write them; distances on WGS 84; heights."""

from detente.geodesy.altitude_text import read_altitude
from detente.geodesy.coordinates import PositionReading, read_position, read_position_with_notes
from detente.geodesy.quantities import read_duration_s, read_length_m, read_number, read_speed_m_s
from detente.geodesy.routes import route_legs
from detente.geodesy.time_text import date_time_group, read_time

__all__ = [
    "PositionReading",
    "date_time_group",
    "read_altitude",
    "read_duration_s",
    "read_length_m",
    "read_number",
    "read_position",
    "read_position_with_notes",
    "read_speed_m_s",
    "read_time",
    "route_legs",
]
