"""Altitudes as people write them: FL180, 5000ft AMSL, 300m AGL, SFC, UNL. The reference is part of the altitude."""

from __future__ import annotations

import re
from typing import Final, Literal

from detente.domain import (
    SURFACE,
    UNLIMITED_ABOVE,
    UNLIMITED_BELOW,
    AltitudeLimit,
    AltitudeReference,
    NotUnderstood,
    flight_level,
)
from detente.domain.units import METRES_PER_FOOT
from detente.geodesy.quantities import METRES, read_measured

_SURFACE: Final = {"SFC", "GND", "SURFACE", "GROUND", "MSL", "SEA LEVEL"}
_UNLIMITED: Final = {"UNL", "UNLTD", "UNLIMITED"}
_REFERENCES: Final = {
    "AMSL": AltitudeReference.AMSL,
    "MSL": AltitudeReference.AMSL,
    "ASL": AltitudeReference.AMSL,
    "ALT": AltitudeReference.AMSL,
    "AGL": AltitudeReference.AGL,
    "ASFC": AltitudeReference.AGL,
    "GND": AltitudeReference.AGL,
    "SFC": AltitudeReference.AGL,
    "HAE": AltitudeReference.HAE,
    "WGS84": AltitudeReference.HAE,
    "ELLIPSOID": AltitudeReference.HAE,
}
_STATED: Final = re.compile(
    r"(?P<number>[+-]?\d[\d\s ' ’.,]*)\s*(?P<unit>[A-ZМ']+?)?\s*(?P<reference>AMSL|MSL|ASL|ALT|AGL|ASFC|GND|SFC|HAE|WGS84|ELLIPSOID|AAL)?"
)


def read_altitude(text: str, side: Literal["lower", "upper"]) -> AltitudeLimit:
    """An altitude limit in the reference it was stated in.

    Args:
        side: which side of a band it is; `UNL` opens that side.
    Raises:
        NotUnderstood: no unit, no reference, or one that needs to know more than the text says (AAL).
    """
    plain = " ".join(text.upper().split())
    if plain in _UNLIMITED:
        return UNLIMITED_ABOVE if side == "upper" else UNLIMITED_BELOW
    if plain in _SURFACE - {"MSL", "SEA LEVEL"}:
        return SURFACE
    level = re.fullmatch(r"(?:FL|F|FLIGHT LEVEL)\s*(\d{1,3}(?:\.\d)?)", plain)
    if level:
        return flight_level(float(level[1]))
    coded = re.fullmatch(r"([AMS])\s?(\d{3,4})", plain)
    if coded:
        return _icao(coded[1], int(coded[2]))
    return _stated(text, plain)


def _icao(letter: str, number: int) -> AltitudeLimit:
    """ICAO Doc 4444 appendix 2: A and M are altitudes in hundreds of feet and tens of metres, S a standard metric level."""
    if letter == "A":
        return AltitudeLimit(number * 100 * METRES_PER_FOOT, AltitudeReference.AMSL)
    reference = AltitudeReference.AMSL if letter == "M" else AltitudeReference.FL
    return AltitudeLimit(number * 10.0, reference)


def _stated(text: str, plain: str) -> AltitudeLimit:
    match = _STATED.fullmatch(plain)
    if not match:
        raise NotUnderstood(f"{text!r} is not an altitude", hint="write FL180, 5000ft AMSL, 300m AGL, SFC or UNL")
    unit, reference = (match["unit"] or "").lower(), match["reference"]
    if unit not in ("m", "ft", "feet", "metres", "meters", "metre", "meter", "м", "km"):
        raise NotUnderstood(
            f"altitude {text!r} has no unit we know", hint="add m or ft, or write a flight level as FL180"
        )
    if reference is None:
        raise NotUnderstood(
            f"altitude {text!r} does not say above what", hint="add AMSL, AGL or HAE, or write a flight level as FL180"
        )
    if reference == "AAL":
        raise NotUnderstood(
            f"altitude {text!r} is above an aerodrome whose elevation is not given",
            hint="add the elevation and write AMSL",
        )
    return AltitudeLimit(read_measured(match["number"], unit) * METRES[unit], _REFERENCES[reference])
