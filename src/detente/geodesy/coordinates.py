"""Coordinates as people write them, and read back in every form so that two people can check them by voice.

Everything is WGS 84. Latitude comes first unless hemisphere letters or labels say otherwise. What can be read two ways is refused with both
readings, or, where one of them is the field's custom, announced in a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import cos, hypot, radians
from typing import Final, TypeAlias

from detente.domain import InvalidVolume, NotUnderstood, Position
from detente.geodesy.written import plainly

_OTHER_DATUMS: Final = re.compile(
    r"\b(ED[\s-]?50|ED[\s-]?79|ETRS[\s-]?89|NAD[\s-]?27|NAD[\s-]?83|WGS[\s-]?66|WGS[\s-]?72|PULKOVO(?: 1942)?|ПУЛКОВО|PZ-?90|ПЗ-?90|SK-?42|СК-?42|СК-?95"
    r"|OSGB(?:36)?|EUROPEAN(?: DATUM)? 1950|PALESTINE(?: 1923)?|ISRAEL(?: 1993| TM)|CASSINI|TOKYO|GDA[\s-]?94|CGCS[\s-]?2000|CLARKE 18\d\d|KRASS?OVSKY|EPSG:?\s?(?!4326\b)\d+)",
    re.IGNORECASE,
)
_WGS84: Final = re.compile(r"(?<!CRS=)\(?\b(?:WGS[\s-]?84|EPSG:?\s?4326)\b\)?", re.IGNORECASE)
_WORDS: Final = (
    (r"С\.?\s*Ш\.?", "N"),
    (r"Ю\.?\s*Ш\.?", "S"),
    (r"В\.?\s*Д\.?", "E"),
    (r"З\.?\s*Д\.?", "W"),
    (r"\bNORTH\b|\bNORD\b|\bNORTE\b|С(?=[\s\d,;.]|$)", "N"),
    (r"\bSOUTH\b|\bSUD\b|\bSÜD\b|\bSUR\b|Ю(?=[\s\d,;.]|$)", "S"),
    (r"\bEAST\b|\bEST\b|\bOST\b|\bESTE\b|В(?=[\s\d,;.]|$)", "E"),
    (r"\bWEST\b|\bOUEST\b|\bOESTE\b|З(?=[\s\d,;.]|$)", "W"),
    (r"DEGREES?|DEG|[°º˚]", "°"),
    (r"MINUTES?|MIN|[′’‘´`ʹ]", "'"),
    (r"SECONDS?|SEC|[″”“ʺ]|''", '"'),
    (r"(?<=\d)\s?D(?=[\s\dNSEW,;]|$)", "°"),
    (r"(?<=\d)\s?M(?=[\s\dNSEW,;]|$)", "'"),
    (r"(°\s?[\d.,]+\s?'\s?\d+(?:[.,]\d+)?)\s?S", r'\1"'),  # after degrees and minutes with their marks, S marks seconds
)
_OST_OR_OUEST: Final = re.compile(r"""[\d°'"]\s*O(?=[\s,;]|$)|(?:^|[\s,;])O\s*\d""")
_MGRS: Final = re.compile(r"(\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V]|[ABYZ][A-HJ-NP-Z][A-HJ-NP-Z])(\d*)")
_UTM: Final = re.compile(
    r"(\d{1,2})\s*([C-HJ-NP-X])[\s,;]+(?:E\s*)?0?(\d{6}(?:[.,]\d+)?)\s*(?:ME|M\s?E|E|M)?[\s,;]+(?:N\s*)?(\d{1,8}(?:[.,]\d+)?)\s*(?:MN|M\s?N|N|M)?"
)
_ICAO: Final = re.compile(r"(\d{2})(\d{2})(\d{2})?([.,]\d+)?\s*([NS])[\s,/;]*(\d{3})(\d{2})(\d{2})?([.,]\d+)?\s*([EW])")
_LETTERS_FIRST: Final = re.compile(
    r"([NS])\s*(\d{4}(?:\d{2})?(?:[.,]\d+)?)[\s,/;]*([EW])\s*(\d{5}(?:\d{2})?(?:[.,]\d+)?)"
)
_ISO_6709: Final = re.compile(
    r"([+-]\d{2}(?:\d{2}){0,2}(?:\.\d+)?)([+-]\d{3}(?:\d{2}){0,2}(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?(?:CRS(\w+))?/?"
)
_GEO_URI: Final = re.compile(r"GEO:([+-]?\d+(?:\.\d+)?),([+-]?\d+(?:\.\d+)?)(,[+-]?\d+(?:\.\d+)?)?((?:;[^;]+)*)")
_LABEL: Final = r"(LAT(?:ITUDE)?|LONG?(?:ITUDE)?|LNG|ШИРОТА|ДОЛГОТА)(?![A-ZА-Я])\.?\s*[:=]?\s*"
_LABELLED: Final = re.compile(rf"{_LABEL}(.+?)[\s,;/]*{_LABEL}(.+)")
_STROKES: Final = re.compile(r"(\d{1,3})[:-](\d{1,2}(?:[.,]\d+)?)(?:[:-](\d{1,2}(?:[.,]\d+)?))?(?![\d:-])")
# One degree, minute and second on the ground at their largest, metres: of longitude on the equator, or latitude at the poles.
_DEGREE_M: Final = 111_700.0
_MINUTE_M: Final = _DEGREE_M / 60
_SECOND_M: Final = _DEGREE_M / 3600
_HALF_DIAGONAL: Final = 0.5**0.5  # of a square of 1
_BANDS: Final = "CDEFGHJKLMNPQRSTUVWX"
_SQUARE_DEG: Final = 1.0  # a square of 100 km is less from south to north
_GRID_SCALE: Final = 1.01  # metres on a grid are up to 0.1 % off in its zone, and a little more beside it
_Last: TypeAlias = tuple[float, int]  # metres of the last unit written, and its decimals
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
        precision_m: half the size of the last digit written, on the ground, of the coarser of the two; for an MGRS square, half its side. A
            `geo:` URI may state a larger one.
        off_by_m: how far the place that was meant may lie from the position, both coordinates being rounded: half a diagonal. Of two decimal
            fractions of one unit the longer counts for both, since programs drop the zeros at the end. Errs: outward, but for that.
        notes: what was taken for granted on the way.
    """

    position: Position
    form: str
    precision_m: float
    off_by_m: float
    notes: tuple[str, ...] = ()


def read_position(text: str) -> Position:
    """The WGS 84 position that the text names; see `read_position_with_notes`."""
    return read_position_with_notes(text).position


def read_position_with_notes(text: str) -> PositionReading:
    """The position, the form it was written in, how precise that is, and what was taken for granted.

    Raises:
        NotUnderstood: no form fits, two readings fit, or the text names another datum.
    """
    said = plainly(text, "a coordinate")
    plain = " ".join(_WGS84.sub(" ", said).upper().split()).rstrip(" .,;")
    datum = _OTHER_DATUMS.search(said)
    if datum and not _MGRS.fullmatch(_compact_mgrs(plain)):  # 37S ED 50353 31603 lies in the square ED, not in ED50
        raise NotUnderstood(
            f"{text!r} is in {datum[0]}, not WGS 84", hint="convert it first: the difference can be hundreds of metres"
        )
    try:
        for form in (_mgrs, _utm, _icao, _letters_first, _uri, _iso_6709, _degrees):
            reading = form(text, plain)
            if reading:
                return reading
    except InvalidVolume as error:
        raise NotUnderstood(f"{text!r}: {error.what}", hint=error.hint) from error
    raise NotUnderstood(
        f"{text!r} is not a coordinate we can read",
        hint="tried degrees, minutes and seconds, MGRS, UTM, ICAO, ISO 6709 and geo URI; e.g. 35.2N 35.8E, 351200N 0354800E, 37SBV5208",
    )


def _mgrs(text: str, plain: str) -> PositionReading | None:
    match = _MGRS.fullmatch(_compact_mgrs(plain))
    if not match:
        return None
    if len(match[2]) % 2:
        raise NotUnderstood(
            f"MGRS {text!r} has {len(match[2])} digits", hint="easting and northing need as many digits each"
        )
    half = len(match[2]) // 2
    if half > 5:
        raise NotUnderstood(f"MGRS {text!r} has {half} digits each way", hint="five each way are one metre")
    side_m = 10.0 ** (5 - half)
    position = _middle_of_square(text, match[1], match[2][:half], match[2][half:])
    notes = (f"the middle of a square of {side_m:.0f} m",) if side_m > 1 else ()
    return PositionReading(position, "MGRS", side_m / 2, side_m * _HALF_DIAGONAL * _GRID_SCALE, notes)


def _compact_mgrs(plain: str) -> str:
    return plain.removeprefix("MGRS").replace(" ", "").lstrip(":")


def _middle_of_square(text: str, square: str, easting: str, northing: str) -> Position:
    import mgrs

    try:
        mgrs.MGRS().toLatLon(square + easting + northing)
        position = Position(*mgrs.MGRS().toLatLon(square + _middle(easting) + _middle(northing)))
    except mgrs.core.MGRSError as error:
        raise NotUnderstood(f"MGRS {text!r} names no square", hint="check the zone, band and square letters") from error
    if square[0].isdigit() and not _is_in_band(square[-3], position):
        raise NotUnderstood(
            f"MGRS {text!r}: the square does not lie in band {square[-3]}", hint="check the band and the square letters"
        )
    return position


def _is_in_band(band: str, position: Position) -> bool:
    """Whether it lies in a latitude band, or in a square that the band's edge cuts; the library answers far beyond it too."""
    south = -80 + 8 * _BANDS.index(band)
    north = 84 if band == "X" else south + 8
    return south - _SQUARE_DEG <= position.latitude_deg <= north + _SQUARE_DEG


def _middle(digits: str) -> str:
    """The middle of a square, in the full five digits; the library itself gives the middle of a square of 1 m."""
    return (digits + "50000")[:5]


def _utm(text: str, plain: str) -> PositionReading | None:
    match = _UTM.fullmatch(re.sub(r"^(?:UTM\s*)?(?:ZONE\s*)?", "", plain))
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
    last_m = 10.0 ** -min(_decimals(match[3]), _decimals(match[4]))
    return PositionReading(position, "UTM", last_m / 2, last_m * _HALF_DIAGONAL * _GRID_SCALE, notes)


def _check_band(text: str, band: str, position: Position) -> tuple[str, ...]:
    lowest = -80 + 8 * _BANDS.index(band)
    highest = 84 if band == "X" else lowest + 8
    if lowest - 0.1 <= position.latitude_deg <= highest + 0.1:
        note = f"S read as the latitude band {lowest} to {highest}, not as the southern hemisphere"
        return (note,) if band == "S" else ()
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
    unit_m = _SECOND_M if lat_s else _MINUTE_M
    position = Position(lat if ns == "N" else -lat, lon if ew == "E" else -lon)
    written = (unit_m, _decimals(lat_f or "")), (unit_m, _decimals(lon_f or ""))
    return _reading(position, "ICAO", written)


def _letters_first(text: str, plain: str) -> PositionReading | None:
    """As charts and route lists have it: N3512.5 E03548.2. The same figures as ICAO's, with the letter before."""
    match = _LETTERS_FIRST.fullmatch(plain)
    return _icao(text, f"{match[2]}{match[1]}{match[4]}{match[3]}") if match else None


def _uri(text: str, plain: str) -> PositionReading | None:
    """Source: RFC 5870. `u` is the writer's own uncertainty, metres."""
    match = _GEO_URI.fullmatch(plain.replace(" ", "") if plain.startswith("GEO:") else "")
    if not match:
        return None
    stated = dict(pair.partition("=")[::2] for pair in match[4].split(";") if pair)
    _check_reference_system(text, stated.get("CRS"))
    written = (_DEGREE_M, _decimals(match[1])), (_DEGREE_M, _decimals(match[2]))
    reading = _reading(Position(float(match[1]), float(match[2])), "geo URI", written, _height_note(match[3]))
    own_m = float(stated["U"]) if re.fullmatch(r"\d+(\.\d+)?", stated.get("U", "")) else 0.0
    return replace(reading, precision_m=max(reading.precision_m, own_m), off_by_m=max(reading.off_by_m, own_m))


def _iso_6709(text: str, plain: str) -> PositionReading | None:
    match = _ISO_6709.fullmatch(plain)
    if not match:
        return None
    _check_reference_system(text, match[4])
    lat, lon = _packed(text, match[1], 2), _packed(text, match[2], 3)
    written = _packed_last(match[1], 2), _packed_last(match[2], 3)
    return _reading(Position(lat, lon), "ISO 6709", written, _height_note(match[3]))


def _check_reference_system(text: str, stated: str | None) -> None:
    if stated is not None and not re.fullmatch(r"WGS[_-]?84|EPSG:?4326", stated):
        raise NotUnderstood(f"{text!r} is in {stated}, not WGS 84", hint="convert it first")


def _height_note(stated: str | None) -> tuple[str, ...]:
    return (f"the height {stated.strip(',')} is not read: state altitudes by themselves",) if stated else ()


def _packed(text: str, packed: str, degree_digits: int) -> float:
    whole, point, fraction = packed[1:].partition(".")
    parts = [whole[:degree_digits], *(whole[k : k + 2] for k in range(degree_digits, len(whole), 2))]
    parts[-1] += point + fraction
    value = _sexagesimal(text, *[*parts, "0", "0"][:3])
    return -value if packed[0] == "-" else value


def _packed_last(packed: str, degree_digits: int) -> _Last:
    parts_after_degrees = (len(packed[1:].partition(".")[0]) - degree_digits) // 2
    return (_DEGREE_M, _MINUTE_M, _SECOND_M)[parts_after_degrees], _decimals(packed)


def _degrees(text: str, plain: str) -> PositionReading | None:
    for pattern, sign in _WORDS:
        plain = re.sub(pattern, sign, plain)
    if _OST_OR_OUEST.search(plain):
        raise NotUnderstood(
            f"{text!r}: O is east in German (Ost) and west in French and Spanish (ouest, oeste)", hint="write E or W"
        )
    labelled = _LABELLED.fullmatch(plain)
    if labelled:
        return _from_labelled(text, *labelled.groups())
    for first, second in _splits(text, plain):
        a, b = _PART.fullmatch(_without_strokes(first)), _PART.fullmatch(_without_strokes(second))
        if a and b:
            return _from_parts(text, a, b)
    return None


def _from_labelled(text: str, label: str, first: str, other_label: str, second: str) -> PositionReading | None:
    """`Longitude: 35.8 Latitude: 35.2`: what the labels say goes, whatever the order."""
    longitude_first, longitude_second = (name[:2] in ("LO", "LN", "ДО") for name in (label, other_label))
    if longitude_first == longitude_second:
        raise NotUnderstood(f"{text!r} is labelled {label} twice", hint="label one latitude and one longitude")
    parts = (second, first) if longitude_first else (first, second)
    a, b = (_PART.fullmatch(_marked(part.strip(" ,;"))) for part in parts)
    if not a or not b:
        return None
    for part, letters in ((a, "NS"), (b, "EW")):
        if (part["before"] or part["after"] or letters[0]) not in letters:
            raise NotUnderstood(f"{text!r} has a label and a hemisphere letter that disagree", hint="correct one")
    return _from_letters(text, a, b, [_letter(a) or "N", _letter(b) or "E"], ())


def _without_strokes(part: str) -> str:
    """`35-12-30N`, `35°-12'-30"N` and `35:12:30N` as `35°12'30N`; only beside a hemisphere letter, for else it may be a date or a time."""
    return _marked(re.sub(r"(?<=[°'])-(?=\d)", "", part)) if re.search("[NSEW]", part) else part


def _marked(part: str) -> str:
    return _STROKES.sub(lambda m: f"{m[1]}°{m[2]}'" + (m[3] or ""), part)


def _splits(text: str, plain: str) -> list[tuple[str, str]]:
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
    if "," in plain and " " not in plain.replace(" ,", ","):
        _refuse_doubtful_commas(text, plain)
        first, _, second = plain.partition(",")
        return [(first.strip(), second.strip())]
    words = re.sub(r"\s+(?=['\"°])", "", plain).split()
    if len(words) % 2 == 0:
        half = len(words) // 2
        return [(" ".join(words[:half]).rstrip(","), " ".join(words[half:]))]
    return []


def _refuse_doubtful_commas(text: str, plain: str) -> None:
    """`35,8` is one number with a decimal comma, or two whole degrees; `35,2,35,8` is two numbers, or four."""
    if re.fullmatch(r"[+-]?\d+(,[+-]?\d+)+", plain):
        raise NotUnderstood(
            f"{text!r}: the commas may be decimal marks or stand between numbers",
            hint="write decimals with a point, or a semicolon between latitude and longitude",
        )


def _letter(part: re.Match[str]) -> str | None:
    return part["before"] or part["after"]


def _from_parts(text: str, a: re.Match[str], b: re.Match[str]) -> PositionReading:
    letters = [_letter(a), _letter(b)]
    if letters == [None, None]:
        notes = ("no hemisphere letters: read as latitude, longitude; north and east positive",)
        return _from_letters(text, a, b, ["N", "E"], notes)
    if letters[0] is None or letters[1] is None or (letters[0] in "NS") == (letters[1] in "NS"):
        raise NotUnderstood(f"{text!r} needs one of N or S and one of E or W", hint="write e.g. 35.2N 35.8E")
    return _from_letters(text, a, b, [letter for letter in letters if letter], ())


def _from_letters(
    text: str, a: re.Match[str], b: re.Match[str], letters: list[str], notes: tuple[str, ...]
) -> PositionReading:
    for part in (a, b):
        if part["before"] and part["after"]:
            raise NotUnderstood(f"{text!r} has two hemisphere letters on one coordinate", hint="leave one out")
        if part["sign"] and _letter(part):
            raise NotUnderstood(f"{text!r} has both a sign and a hemisphere letter", hint="leave one out")
    values = [_value(text, part, letter) for part, letter in zip((a, b), letters, strict=True)]
    form = "DMS" if a["s"] else "DDM" if a["m"] else "DD"
    if letters[0] in "NS":
        return _reading(Position(values[0], values[1]), form, (_last(a), _last(b)), notes)
    return _reading(Position(values[1], values[0]), form, (_last(b), _last(a)), notes)


def _value(text: str, part: re.Match[str], letter: str) -> float:
    value = _sexagesimal(text, part["d"], part["m"] or "0", part["s"] or "0")
    return -value if letter in "SW" or part["sign"] == "-" else value


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


def _last(part: re.Match[str]) -> _Last:
    if part["s"]:
        return _SECOND_M, _decimals(part["s"])
    return (_MINUTE_M, _decimals(part["m"])) if part["m"] else (_DEGREE_M, _decimals(part["d"]))


def _reading(
    position: Position, form: str, written: tuple[_Last, _Last], notes: tuple[str, ...] = ()
) -> PositionReading:
    """The reading of a latitude and a longitude, written to these last digits."""
    precision_m = max(_half(*last) for last in written)
    return PositionReading(position, form, precision_m, _off_by_m(position, written), notes)


def decimal_degrees_off_by_m(position: Position, latitude: str, longitude: str) -> float:
    """As `PositionReading.off_by_m`, of a position read from two decimal numbers."""
    return _off_by_m(position, ((_DEGREE_M, _decimals(latitude)), (_DEGREE_M, _decimals(longitude))))


def _off_by_m(position: Position, written: tuple[_Last, _Last]) -> float:
    (lat_unit_m, lat_decimals), (lon_unit_m, lon_decimals) = written
    if lat_unit_m == lon_unit_m:
        lat_decimals = lon_decimals = max(lat_decimals, lon_decimals)
    north_m, east_m = _half(lat_unit_m, lat_decimals), _half(lon_unit_m, lon_decimals)
    nearest_the_equator_deg = max(0.0, abs(position.latitude_deg) - north_m / _DEGREE_M)
    return hypot(north_m, east_m * cos(radians(nearest_the_equator_deg)))


def _decimals(number: str) -> int:
    return len(re.split("[.,]", number)[1]) if re.search("[.,]", number) else 0


def _half(unit_m: float, decimals: int) -> float:
    """Half the size of the last digit written, on the ground."""
    return unit_m / 2 * 10.0**-decimals
