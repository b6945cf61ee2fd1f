"""Positions, altitudes and moments said back in every form, so that two people can check them by voice.

Rounding never prints 60 minutes or 60 seconds: it carries.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from detente.domain import AltitudeLimit, AltitudeReference, Position
from detente.domain.units import METRES_PER_FOOT
from detente.geodesy.time_text import date_time_group

PHONETIC: Final = {
    "A": "Alfa", "B": "Bravo", "C": "Charlie", "D": "Delta", "E": "Echo", "F": "Foxtrot", "G": "Golf", "H": "Hotel", "I": "India",
    "J": "Juliett", "K": "Kilo", "L": "Lima", "M": "Mike", "N": "November", "O": "Oscar", "P": "Papa", "Q": "Quebec", "R": "Romeo",
    "S": "Sierra", "T": "Tango", "U": "Uniform", "V": "Victor", "W": "Whiskey", "X": "X-ray", "Y": "Yankee", "Z": "Zulu",
    "0": "zero", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight", "9": "niner",
    ".": "decimal",
}  # fmt: skip
_REFERENCE_WORDS: Final = {
    AltitudeReference.AMSL: "above mean sea level",
    AltitudeReference.AGL: "above ground level",
    AltitudeReference.HAE: "above the WGS 84 ellipsoid",
    AltitudeReference.FL: "pressure altitude, 1013.25 hPa set",
}
_MONTH_NAMES: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def position_forms(position: Position) -> dict[str, str]:
    """The position in every form, each good to a few metres or better: DD, DDM, DMS, ICAO, MGRS, UTM and for the voice."""
    lat, lon = position.latitude_deg, position.longitude_deg
    dms = _dms(lat, "NS", 2), _dms(lon, "EW", 3)
    forms = {
        "DD": f"{abs(lat):.6f}° {_letter(lat, 'NS')}, {abs(lon):.6f}° {_letter(lon, 'EW')}",
        "DDM": f"{_ddm(lat, 'NS', 2)} {_ddm(lon, 'EW', 3)}",
        "DMS": f"{dms[0]} {dms[1]}",
        "ICAO": icao(position),
        "MGRS": mgrs(position),
    }
    utm = _utm(position)
    if utm:
        forms["UTM"] = utm
    forms["voice"] = ", ".join(voice(part) for part in re.findall(r"\d+[NSEW]", icao(position)))
    return forms


def icao(position: Position) -> str:
    """Degrees, minutes and whole seconds run together: 351200N0354800E."""
    parts = []
    for value, letters, width in ((position.latitude_deg, "NS", 2), (position.longitude_deg, "EW", 3)):
        d, m, s = _sexagesimal(abs(value), 0)
        parts.append(f"{d:0{width}d}{m:02d}{int(s):02d}{_letter(value, letters)}")
    return "".join(parts)


def mgrs(position: Position) -> str:
    """The 1 m square of the Military Grid Reference System that holds the position: 37S BV 01234 05678."""
    import mgrs as library

    compact = library.MGRS().toMGRS(_off_the_equator(position.latitude_deg), position.longitude_deg, MGRSPrecision=5)
    head, digits = compact[:-10], compact[-10:]
    return f"{head[:-2]} {head[-2:]} {digits[:5]} {digits[5:]}"


def voice(text: str) -> str:
    """Sign by sign in the ICAO alphabet."""
    return " ".join(PHONETIC.get(sign, "") for sign in text.upper() if sign in PHONETIC)


def altitude_forms(limit: AltitudeLimit) -> dict[str, str]:
    """The altitude in metres and feet, what it is above, and as a flight level where it is one."""
    if limit.reference is AltitudeReference.UNLIMITED:
        return {"altitude": "unlimited"}
    if limit.is_surface:
        return {"altitude": "the surface", "metres": "0 m above ground level", "feet": "0 ft above ground level"}
    above = _REFERENCE_WORDS[limit.reference]
    forms = {"metres": f"{limit.value_m:.1f} m {above}", "feet": f"{limit.value_m / METRES_PER_FOOT:.0f} ft {above}"}
    if limit.reference is AltitudeReference.FL:
        forms = {"flight level": str(limit), **forms, "voice": f"flight level {voice(str(limit)[2:])}"}
    return forms


def time_forms(moment: datetime) -> dict[str, str]:
    """The moment in ISO 8601, as a date-time group (which has no seconds), and in words; all UTC."""
    utc = moment.astimezone(UTC)
    day = f"{_WEEKDAYS[utc.weekday()]} {utc.day} {_MONTH_NAMES[utc.month - 1]} {utc.year}"
    group = date_time_group(utc)
    iso = utc.isoformat().replace("+00:00", "Z")
    return {"ISO 8601": iso, "DTG": group, "words": f"{day}, {iso[11:-1]} UTC", "voice": voice(group[:7])}


def _off_the_equator(lat: float) -> float:
    """Within a metre south of the equator northings round up to 10,000 km, which is no place on the grid: the equator is given."""
    return 0.0 if -1e-5 < lat < 0.0 else lat


def _letter(value: float, letters: str) -> str:
    return letters[0] if value >= 0 else letters[1]


def _sexagesimal(value: float, decimals: int) -> tuple[int, int, float]:
    """Degrees, minutes, seconds; rounded once, in units of the last digit, so that nothing reaches 60."""
    scale = 10**decimals
    units = round(value * 3600 * scale)
    d, rest = divmod(units, 3600 * scale)
    m, s = divmod(rest, 60 * scale)
    return d, m, s / scale


def _dms(value: float, letters: str, width: int) -> str:
    d, m, s = _sexagesimal(abs(value), 2)
    return f"{d:0{width}d}°{m:02d}′{s:05.2f}″{_letter(value, letters)}"


def _ddm(value: float, letters: str, width: int) -> str:
    units = round(abs(value) * 60 * 10_000)
    d, m = divmod(units, 60 * 10_000)
    return f"{d:0{width}d}°{m / 10_000:07.4f}′{_letter(value, letters)}"


def _utm(position: Position) -> str | None:
    """UTM, or None near the poles, where the grid is UPS."""
    lat, lon = _off_the_equator(position.latitude_deg), position.longitude_deg
    if not -80.0 <= lat < 84.0:
        return None
    from pyproj import Proj

    head = mgrs(position).split()[0]
    zone = int(head[:-1])
    easting_m, northing_m = Proj(proj="utm", zone=zone, ellps="WGS84", south=lat < 0)(lon, lat)
    return f"{zone}{head[-1]} {easting_m:.0f} {northing_m:.0f}"
