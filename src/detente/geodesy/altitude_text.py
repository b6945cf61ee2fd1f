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
    InvalidVolume,
    NotUnderstood,
    flight_level,
)
from detente.domain.units import METRES_PER_FOOT
from detente.geodesy.quantities import METRES, read_measured
from detente.geodesy.written import plainly

_SURFACE: Final = {"SFC", "GND", "SURFACE", "GROUND", "THE SURFACE"}
_UNLIMITED: Final = {"UNL", "UNLTD", "UNLIMITED"}
REFERENCES: Final = {
    "AMSL": AltitudeReference.AMSL,
    "MSL": AltitudeReference.AMSL,
    "ASL": AltitudeReference.AMSL,
    "ALT": AltitudeReference.AMSL,
    "AGL": AltitudeReference.AGL,
    "ASFC": AltitudeReference.AGL,
    "GND": AltitudeReference.AGL,
    "SFC": AltitudeReference.AGL,
    "HAE": AltitudeReference.HAE,
    "ELLIPSOID": AltitudeReference.HAE,
    "STD": AltitudeReference.FL,
}
_NEEDS_MORE: Final = {
    "AAL": ("is above an aerodrome whose elevation is not given", "add the elevation and write AMSL"),
    "QFE": ("is above an aerodrome whose elevation is not given", "add the elevation and write AMSL"),
    "QNH": ("is by an altimeter set to a pressure that is not given", "write AMSL if it is above mean sea level"),
}
_IN_WORDS: Final = (
    (r"A\.\s?M\.\s?S\.\s?L\.?|(?:ABOVE|OVER) (?:MEAN )?SEA LEVEL", "AMSL"),
    (r"A\.\s?G\.\s?L\.?|ABOVE (?:THE )?(?:GROUND|SURFACE)(?: LEVEL)?", "AGL"),
    (r"ABOVE (?:THE )?(?:WGS ?84 )?ELLIPSOID|WGS ?84", "HAE"),
    (r"PRESSURE ALTITUDE(?:, 1013(?:\.25)? HPA SET)?", "STD"),
    (r"(?<=[\d ])(FT|M|KM)\.", r"\1"),
)
_REFERENCE: Final = "|".join((*REFERENCES, *_NEEDS_MORE))
_STATED: Final = re.compile(
    rf"(?:(?P<before>{_REFERENCE})\s*)?(?P<number>[+-]?\d[\d\s'’.,]*?)\s*(?P<unit>[A-ZМ]+?|')?\s*(?P<after>{_REFERENCE})?"
)
_UNITS: Final = ("m", "ft", "foot", "feet", "'", "metres", "meters", "metre", "meter", "м", "km")


def read_altitude(text: str, side: Literal["lower", "upper"]) -> AltitudeLimit:
    """An altitude limit in the reference it was stated in.

    Args:
        side: which side of a band it is; `UNL` opens that side.
    Raises:
        NotUnderstood: no unit, no reference, or one that needs to know more than the text says (AAL, QNH).
    """
    plain = plainly(text, "an altitude").upper()
    if plain in _UNLIMITED:
        return UNLIMITED_ABOVE if side == "upper" else UNLIMITED_BELOW
    if plain in _SURFACE:
        return SURFACE
    level = re.fullmatch(r"(?:FL|F|FLIGHT LEVEL)\s*(\d{1,3}(?:\.\d)?)", plain)
    if level:
        return flight_level(float(level[1]))
    coded = re.fullmatch(r"(A)\s?(\d{3})|([MS])\s?(\d{4})", plain)
    if coded:
        return _icao(coded[1] or coded[3], int(coded[2] or coded[4]))
    return _stated(text, plain)


def _refuse_slips(text: str, plain: str) -> None:
    """What is surely meant for an altitude, and is not one as it stands."""
    level = re.fullmatch(r"(?:FL|FLIGHT LEVEL)\s*([\dO]+)", plain)
    if level:
        digits = level[1].replace("O", "0")
        meant = f"FL{digits.rstrip('0')[:3].ljust(3, '0')}" if len(digits) > 3 else f"FL{digits}"
        likely = f"{meant}? " if len(digits) <= 3 or not digits[3:].strip("0") else ""
        raise NotUnderstood(
            f"{text!r}: flight levels have three digits, in hundreds of feet",
            hint=f"{likely}write FL180, or 18000 ft AMSL",
        )
    if plain in ("SEA LEVEL", "MEAN SEA LEVEL", "SL", "MSL", "AMSL", "SEA"):
        raise NotUnderstood(
            f"altitude {text!r} has no number", hint="write 0 ft AMSL for the sea's level, or SFC for the surface"
        )
    if re.fullmatch(r"(?:AGL|GROUND LEVEL|GL|ZERO|NIL)", plain):
        raise NotUnderstood(f"altitude {text!r} has no number we know", hint="write SFC for the surface, or 0 m AGL")


def _icao(letter: str, number: int) -> AltitudeLimit:
    """ICAO Doc 4444 appendix 2: A and M are altitudes in hundreds of feet and tens of metres, S a standard metric level."""
    if letter == "A":
        return AltitudeLimit(number * 100 * METRES_PER_FOOT, AltitudeReference.AMSL)
    reference = AltitudeReference.AMSL if letter == "M" else AltitudeReference.FL
    return AltitudeLimit(number * 10.0, reference)


def _stated(text: str, plain: str) -> AltitudeLimit:
    _refuse_slips(text, plain)
    for pattern, word in _IN_WORDS:
        plain = re.sub(pattern, word, plain)
    match = _STATED.fullmatch(plain)
    if not match or (match["before"] and match["after"]):
        raise NotUnderstood(f"{text!r} is not an altitude", hint="write FL180, 5000ft AMSL, 300m AGL, SFC or UNL")
    unit, reference = (match["unit"] or "").lower(), match["before"] or match["after"]
    if unit not in _UNITS:
        raise NotUnderstood(
            f"altitude {text!r} has no unit we know", hint="add m or ft, or write a flight level as FL180"
        )
    if reference is None:
        raise NotUnderstood(
            f"altitude {text!r} does not say above what", hint="add AMSL, AGL or HAE, or write a flight level as FL180"
        )
    if reference in _NEEDS_MORE:
        what, hint = _NEEDS_MORE[reference]
        raise NotUnderstood(f"altitude {text!r} {what}", hint=hint)
    value_m = read_measured(match["number"], unit) * METRES[unit]
    try:
        return AltitudeLimit(value_m, REFERENCES[reference])
    except InvalidVolume as error:
        raise NotUnderstood(f"{text!r}: {error.what}", hint=error.hint) from error
