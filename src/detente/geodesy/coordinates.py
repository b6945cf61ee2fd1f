"""Coordinates as people write them, and read back in every form so that two people can check them by voice.

Everything is WGS 84. Without hemisphere letters latitude comes first. What can be read two ways is refused with both readings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from detente.domain import InvalidVolume, NotUnderstood, Position

_OTHER_DATUMS: Final = re.compile(
    r"\b(ED\s?50|NAD\s?27|NAD\s?83|PULKOVO|PZ-?90|SK-?42|СК-?42|OSGB|EUROPEAN 1950|PALESTINE|CASSINI)", re.IGNORECASE
)
_WGS84: Final = re.compile(r"\(?\bWGS[\s-]?84\b\)?", re.IGNORECASE)
_WORDS: Final = (
    (r"\bNORTH\b|\bNORD\b|С(?=[\s\d,;.]|$)", "N"),
    (r"\bSOUTH\b|\bSUD\b|Ю(?=[\s\d,;.]|$)", "S"),
    (r"\bEAST\b|\bEST\b|В(?=[\s\d,;.]|$)", "E"),
    (r"\bWEST\b|\bOUEST\b|З(?=[\s\d,;.]|$)", "W"),
    (r"\bLATITUDE\b:?|\bLAT\b[.:]?|\bLONGITUDE\b:?|\bLONG?\b[.:]?", " "),
    (r"DEGREES?|DEG|[°º˚]|(?<=\d)D(?=\s*\d)", "°"),
    (r"MINUTES?|MIN|[′’‘´`]", "'"),
    (r"SECONDS?|SEC|[″”“]|''", '"'),
    (r"(?<=\d)M(?=[\s\dNSEW]|$)", "'"),
)
_MGRS: Final = re.compile(r"(\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V]|[ABYZ][A-HJ-NP-Z][A-HJ-NP-Z])(\d*)")
_UTM: Final = re.compile(
    r"(\d{1,2})\s*([C-HJ-NP-X])\s+(\d{6}(?:[.,]\d+)?)\s*(?:ME|M\s?E|E)?[\s,;]+(\d{1,8}(?:[.,]\d+)?)\s*(?:MN|M\s?N|N)?"
)
_ICAO: Final = re.compile(r"(\d{2})(\d{2})(\d{2})?([.,]\d+)?\s*([NS])[\s,/;]*(\d{3})(\d{2})(\d{2})?([.,]\d+)?\s*([EW])")
_ISO_6709: Final = re.compile(
    r"([+-]\d{2}(?:\d{2}){0,2}(?:\.\d+)?)([+-]\d{3}(?:\d{2}){0,2}(?:\.\d+)?)(?:[+-]\d+(?:\.\d+)?)?(?:CRS\w+)?/?"
)
_GEO_URI: Final = re.compile(r"GEO:([+-]?\d+(?:\.\d+)?),([+-]?\d+(?:\.\d+)?)(?:[,;].*)?")
_PART: Final = re.compile(
    r"""(?P<before>[NSEW])?\s*(?P<sign>[+-])?\s*(?P<d>\d+(?:[.,]\d+)?)\s*(?:°|(?=\s)|(?=[NSEW,;]|$))\s*
    (?:(?P<m>\d+(?:[.,]\d+)?)\s*(?:'|(?=\s)|(?=[NSEW,;]|$))\s*)?(?:(?P<s>\d+(?:[.,]\d+)?)\s*"?\s*)?(?P<after>[NSEW])?""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class PositionReading:
    """A position, and how it was read.

    Attributes:
        form: the name of the form: DD, DDM, DMS, MGRS, UTM, ICAO, ISO 6709, geo URI.
        precision_m: half the size of the last digit written, on the ground; for an MGRS square, half its side.
        notes: what was taken for granted on the way.
    """

    position: Position
    form: str
    precision_m: float
    notes: tuple[str, ...] = ()


def read_position(text: str) -> Position:
    """The WGS 84 position that the text names; see `read_position_with_notes`."""
    return read_position_with_notes(text).position


def read_position_with_notes(text: str) -> PositionReading:
    """The position, the form it was written in, how precise that is, and what was taken for granted.

    Raises:
        NotUnderstood: no form fits, two readings fit, or the text names another datum.
    """
    datum = _OTHER_DATUMS.search(text)
    if datum:
        raise NotUnderstood(
            f"{text!r} is in {datum[0]}, not WGS 84", hint="convert it first: the difference can be hundreds of metres"
        )
    plain = _WGS84.sub(" ", text).strip()
    try:
        for form in (_mgrs, _utm, _icao, _uri, _iso_6709, _degrees):
            reading = form(text, " ".join(plain.upper().split()))
            if reading:
                return reading
    except InvalidVolume as error:
        raise NotUnderstood(f"{text!r}: {error.what}", hint=error.hint) from error
    raise NotUnderstood(
        f"{text!r} is not a coordinate we can read",
        hint="tried degrees, minutes and seconds, MGRS, UTM, ICAO and ISO 6709; e.g. 35.2N 35.8E, 351200N 0354800E, 37SBV5208",
    )


def _mgrs(text: str, plain: str) -> PositionReading | None:
    compact = plain.removeprefix("MGRS").replace(" ", "").lstrip(":")
    match = _MGRS.fullmatch(compact)
    if not match:
        return None
    if len(match[2]) % 2:
        raise NotUnderstood(
            f"MGRS {text!r} has {len(match[2])} digits", hint="easting and northing need as many digits each"
        )
    import mgrs

    half = len(match[2]) // 2
    side_m = 10.0 ** (5 - half)
    corner = compact + ""
    centre = compact[: len(compact) - 2 * half] + _middle(match[2][:half]) + _middle(match[2][half:])
    try:
        lat, lon = mgrs.MGRS().toLatLon(centre)
        mgrs.MGRS().toLatLon(corner)
    except mgrs.core.MGRSError as error:
        raise NotUnderstood(f"MGRS {text!r} names no square", hint="check the zone, band and square letters") from error
    notes = (f"the middle of a square of {side_m:.0f} m",) if side_m > 1 else ()
    return PositionReading(Position(lat, lon), "MGRS", side_m / 2, notes)


def _middle(digits: str) -> str:
    """The middle of a square, written with the full five digits; a 1 m square keeps its corner."""
    return (digits + "50000")[:5]


def _utm(text: str, plain: str) -> PositionReading | None:
    match = _UTM.fullmatch(plain.removeprefix("UTM").strip())
    if not match:
        return None
    zone, band = int(match[1]), match[2]
    easting_m, northing_m = (float(match[k].replace(",", ".")) for k in (3, 4))
    if not 1 <= zone <= 60 or not 100_000 <= easting_m < 1_000_000:
        raise NotUnderstood(
            f"UTM {text!r}: zone 1 to 60 and an easting of 100,000 to 999,999 m are needed", hint="check the digits"
        )
    position = _from_utm(zone, band >= "N", easting_m, northing_m)
    notes = _check_band(text, band, position)
    return PositionReading(position, "UTM", 0.5, notes)


def _check_band(text: str, band: str, position: Position) -> tuple[str, ...]:
    lowest = -80 + 8 * "CDEFGHJKLMNPQRSTUVWX".index(band)
    highest = 84 if band == "X" else lowest + 8
    if lowest - 0.1 <= position.latitude_deg <= highest + 0.1:
        return (f"{band} read as the latitude band {lowest} to {highest}",) if band in "NS" else ()
    if band == "N" and position.latitude_deg <= 84.0:
        return ("N read as the northern hemisphere, not as latitude band N",)
    if band == "S":
        raise NotUnderstood(
            f"UTM {text!r}: S is latitude band S (32 to 40 N) or the southern hemisphere, and the northing fits only the latter or neither",
            hint="write the latitude band letter",
        )
    raise NotUnderstood(
        f"UTM {text!r}: the northing does not lie in latitude band {band}",
        hint="check the band letter and the northing",
    )


def _from_utm(zone: int, northern: bool, easting_m: float, northing_m: float) -> Position:
    from pyproj import Proj

    lon, lat = Proj(proj="utm", zone=zone, ellps="WGS84", south=not northern)(easting_m, northing_m, inverse=True)
    return Position(lat, lon)


def _icao(text: str, plain: str) -> PositionReading | None:
    match = _ICAO.fullmatch(plain)
    if not match:
        return None
    lat_d, lat_m, lat_s, lat_f, ns, lon_d, lon_m, lon_s, lon_f, ew = match.groups()
    if (lat_s is None) != (lon_s is None):
        raise NotUnderstood(
            f"{text!r}: latitude and longitude have different precision", hint="give both with seconds, or neither"
        )
    lat = _sexagesimal(
        text, lat_d, lat_m + (lat_f or "" if lat_s is None else ""), (lat_s or "0") + (lat_f or "" if lat_s else "")
    )
    lon = _sexagesimal(
        text, lon_d, lon_m + (lon_f or "" if lon_s is None else ""), (lon_s or "0") + (lon_f or "" if lon_s else "")
    )
    unit_m = 30.9 if lat_s else 1853.0
    position = Position(lat if ns == "N" else -lat, lon if ew == "E" else -lon)
    return PositionReading(position, "ICAO", unit_m / 2 * 10.0 ** -max(len(lat_f or ".") - 1, 0))


def _uri(text: str, plain: str) -> PositionReading | None:
    del text
    match = _GEO_URI.fullmatch(plain)
    if not match:
        return None
    return PositionReading(Position(float(match[1]), float(match[2])), "geo URI", _decimal_precision_m(match[1]))


def _iso_6709(text: str, plain: str) -> PositionReading | None:
    match = _ISO_6709.fullmatch(plain.replace(" ", "")) if plain[:1] in "+-" else None
    if not match or " " in plain:
        return None
    lat, lon = _packed(text, match[1], 2), _packed(text, match[2], 3)
    return PositionReading(Position(lat, lon), "ISO 6709", _decimal_precision_m(match[1]) if "." in match[1] else 15.0)


def _packed(text: str, packed: str, degree_digits: int) -> float:
    whole, point, fraction = packed[1:].partition(".")
    parts = [whole[:degree_digits], *(whole[k : k + 2] for k in range(degree_digits, len(whole), 2))]
    parts[-1] += point + fraction
    value = _sexagesimal(text, *[*parts, "0", "0"][:3])
    return -value if packed[0] == "-" else value


def _degrees(text: str, plain: str) -> PositionReading | None:
    for pattern, sign in _WORDS:
        plain = re.sub(pattern, sign, plain)
    plain = plain.replace("−", "-").strip()
    for first, second in _splits(plain):
        a, b = _PART.fullmatch(first), _PART.fullmatch(second)
        if a and b:
            return _from_parts(text, a, b)
    return None


def _splits(plain: str) -> list[tuple[str, str]]:
    """The ways to cut the text into two coordinates, clearest first."""
    if ";" in plain or "/" in plain:
        first, _, second = re.sub("/", ";", plain).partition(";")
        return [(first.strip(), second.strip())]
    cut = re.fullmatch(r"(.*?[NSEW])[\s,]*([\d+-].*[NSEW])", plain) or re.fullmatch(
        r"([NSEW][^NSEW]*?)[\s,]*([NSEW].*)", plain
    )
    if cut:
        return [(cut[1].strip(" ,"), cut[2].strip(" ,"))]
    if ", " in plain and plain.count(", ") == 1:
        first, second = plain.split(", ")
        return [(first.strip(), second.strip())]
    if plain.count(",") == 1 and " " not in plain.replace(" ,", ","):
        first, second = plain.split(",")
        return [] if _comma_is_doubtful(first, second) else [(first.strip(), second.strip())]
    words = re.sub(r"\s+(?=['\"°])", "", plain).split()
    if len(words) % 2 == 0:
        half = len(words) // 2
        return [(" ".join(words[:half]).rstrip(","), " ".join(words[half:]))]
    return []


def _comma_is_doubtful(first: str, second: str) -> bool:
    """`35,2` alone is one number with a decimal comma or two whole degrees."""
    return first.lstrip("+-").isdigit() and second.lstrip("+-").isdigit()


def _from_parts(text: str, a: re.Match[str], b: re.Match[str]) -> PositionReading:
    letters = [part["before"] or part["after"] for part in (a, b)]
    for part in (a, b):
        if part["before"] and part["after"]:
            raise NotUnderstood(f"{text!r} has two hemisphere letters on one coordinate", hint="leave one out")
        if part["sign"] and (part["before"] or part["after"]):
            raise NotUnderstood(f"{text!r} has both a sign and a hemisphere letter", hint="leave one out")
    notes: tuple[str, ...] = ()
    if letters == [None, None]:
        notes = ("no hemisphere letters: read as latitude, longitude; north and east positive",)
        letters = ["N", "E"]
    if letters[0] is None or letters[1] is None or (letters[0] in "NS") == (letters[1] in "NS"):
        raise NotUnderstood(f"{text!r} needs one of N or S and one of E or W", hint="write e.g. 35.2N 35.8E")
    values = [_value(text, part, letter or "N") for part, letter in zip((a, b), letters, strict=True)]
    lat, lon = values if letters[0] in "NS" else values[::-1]
    form = "DMS" if a["s"] else "DDM" if a["m"] else "DD"
    return PositionReading(Position(lat, lon), form, _precision_m(a), notes)


def _value(text: str, part: re.Match[str], letter: str) -> float:
    value = _sexagesimal(text, part["d"], part["m"] or "0", part["s"] or "0")
    return -value if (letter in "SW") != (part["sign"] == "-") and (letter in "SW" or part["sign"] == "-") else value


def _sexagesimal(text: str, degrees: str, minutes: str, seconds: str) -> float:
    d, m, s = (float(part.replace(",", ".")) for part in (degrees, minutes, seconds))
    if m >= 60 or s >= 60:
        raise NotUnderstood(
            f"{text!r}: {m:g}′ {s:g}″ is not below 60",
            hint="minutes and seconds run from 0 to below 60; is it decimal?",
        )
    if (m and d % 1) or (s and m % 1):
        raise NotUnderstood(
            f"{text!r} has a fraction before its last part",
            hint="only the last of degrees, minutes, seconds may have decimals",
        )
    return d + m / 60 + s / 3600


def _precision_m(part: re.Match[str]) -> float:
    last, unit_m = (part["s"], 30.9) if part["s"] else (part["m"], 1853.0) if part["m"] else (part["d"], 111_200.0)
    digits = len(re.split("[.,]", last)[1]) if re.search("[.,]", last) else 0
    return unit_m / 2 * 10.0**-digits


def _decimal_precision_m(number: str) -> float:
    return 111_200.0 / 2 * 10.0 ** -len(number.partition(".")[2])
