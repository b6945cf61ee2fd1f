"""Warnings for others: NOTAM text in the ICAO format, and the draft of a conflict-zone bulletin. Drafts for a human to check and issue; nothing is sent.

The Q-line's circle holds the whole area with all that its place leaves open, and its levels hold its heights: both err outward. Items F and G say the limits as
they are stated. The end has to be stated: no NOTAM goes on for want of one.

Source: ICAO Annex 15 and Doc 10066 (PANS-AIM), appendix 3; Q-codes by Doc 8126. One NOTAM a volume.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor, isfinite
from typing import Final

import numpy as np

from detente.domain import (
    Activity,
    AltitudeLimit,
    AltitudeReference,
    Arena,
    Notice,
    NotUnderstood,
    Position,
    TooLarge,
    Volume4D,
    at,
)
from detente.domain.units import METRES_PER_FLIGHT_LEVEL, METRES_PER_FOOT, METRES_PER_NAUTICAL_MILE
from detente.domain.window import OPEN_END_US, OPEN_START_US, from_us
from detente.geodesy import wgs84
from detente.geodesy.chart import middle
from detente.geodesy.outline import outline
from detente.interop.answer_words import iso

_FIR: Final = re.compile(r"[A-Z]{4}")
_NUMBER: Final = re.compile(r"[A-Z]\d{4}/\d{2}")
_UNFIT: Final = re.compile(r"[^A-Z0-9 \-?:().,'=/+\n]")  # of the characters that the fixed service carries
_LINE: Final = 69
_MOST_CORNERS: Final = 40
_MOST_RADIUS_NM: Final = 999
_PRESSURE_FL: Final = 20  # levels by which an altitude may lie off the standard setting: some 65 hPa
_OUTSIDE: Final = 1.001  # an edge of an outline, cut at 25 km, strays from its corners by less
_SUBJECTS: Final = {  # Q-code, purpose and scope
    Activity.LIVE_FIRE: ("QWMLW", "BO", "W"),
    Activity.UNMANNED_FLIGHT: ("QWULW", "BO", "W"),
    Activity.EXERCISE: ("QWELW", "BO", "W"),
    Activity.HAZARD_AREA: ("QAFXX", "NBO", "E"),
}
DRAFT: Final = "DRAFT FOR A HUMAN TO CHECK AND ISSUE. NOT ISSUED."


def notams(notice: Notice, fir: str, arena: Arena, *, number: str = "A0000/00") -> tuple[str, ...]:
    """A NOTAM for each volume of a notice.

    Args:
        fir: the flight information region's four letters. number: series, number and year of the first; the issuer's to give.
    Raises:
        NotUnderstood: the activity is none that others are warned of this way, the region or number is none, or a beginning or end is not stated.
        TooLarge: the area is wider than a Q-line can say.
    """
    if not _FIR.fullmatch(fir):
        raise NotUnderstood(f"{fir!r:.20} is no flight information region", hint="four letters, such as OSTT")
    if not _NUMBER.fullmatch(number):
        raise NotUnderstood(f"{number!r:.20} is no NOTAM number", hint="such as A0123/18")
    if notice.activity not in _SUBJECTS:
        raise NotUnderstood(
            f"no warning is written of {notice.activity.value}",
            hint=f"of {', '.join(each.value for each in _SUBJECTS)}",
        )
    made = []
    for index, volume in enumerate(notice.volumes):
        with at(f"{notice.reference} volume {index + 1}"):
            made.append(_notam(notice, volume, fir, arena, _numbered(number, index)))
    return tuple(made)


def _numbered(number: str, index: int) -> str:
    return f"{number[0]}{(int(number[1:5]) + index) % 10_000:04d}{number[5:]}"


def _notam(notice: Notice, volume: Volume4D, fir: str, arena: Arena, number: str) -> str:
    code, purpose, scope = _SUBJECTS[notice.activity]
    centre, radius_nm = circle_about(volume)
    lower, upper = q_levels(volume, arena)
    q_line = f"Q) {fir}/{code}/IV/{purpose}/{scope}/{lower:03d}/{upper:03d}/{_minutes(centre)}{radius_nm:03d}"
    text = "\n".join(textwrap.fill(_fit(line), _LINE) for line in _text(notice, volume))
    begins, ends = _times(volume)
    return (
        f"({number} NOTAMN\n{q_line}\nA) {fir}\nB) {begins} C) {ends}\nE) {text}\n"
        f"F) {_limit(volume.altitude.lower, floor)} G) {_limit(volume.altitude.upper, ceil)})"
    )


def _text(notice: Notice, volume: Volume4D) -> Iterator[str]:
    what = {Activity.HAZARD_AREA: "HAZARD AREA", Activity.LIVE_FIRE: "LIVE FIRING"}.get(
        notice.activity, notice.activity.value.replace("_", " ")
    )
    whose = notice.declared_by or notice.party
    yield f"{what} AS DECLARED BY {whose}. NOT ASSESSED BY THE ISSUER OF THIS DRAFT."
    if notice.title:
        yield f"{notice.title}."
    yield _area_words(volume)
    if volume.uncertainty.position_m:
        yield f"PLACE KNOWN TO {ceil(volume.uncertainty.position_m / METRES_PER_NAUTICAL_MILE)}NM."


def _area_words(volume: Volume4D) -> str:
    parts = outline(volume.footprint)
    corners = [corner for part in parts for corner in part.shell]
    if len(parts) == 1 and len(corners) <= _MOST_CORNERS and type(volume.footprint).__name__ == "Polygon":
        return "WITHIN " + " ".join(_seconds(corner) for corner in [*corners, corners[0]]) + "."
    centre, radius_nm = circle_about(volume)
    return f"WITHIN {radius_nm}NM OF {_minutes(centre)}."


def _fit(text: str) -> str:
    """In capitals, and with the characters that the aeronautical fixed service carries; what has none becomes a question mark."""
    plain = (
        unicodedata.normalize("NFKD", text.upper())
        .replace("’", "'")
        .replace("–", "-")
        .replace("—", "-")
        .replace(";", ",")
        .replace("_", " ")
        .replace("%", " PER CENT")
    )
    return _UNFIT.sub("?", "".join(c for c in plain if not unicodedata.combining(c)))


# ── where ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def circle_about(volume: Volume4D) -> tuple[Position, int]:
    """A place in whole minutes, and a radius in whole nautical miles about it that holds the volume with all that its place leaves open. Errs outward.

    Raises:
        TooLarge: past 999 NM.
    """
    corners = [corner for part in outline(volume.footprint) for corner in part.shell]
    lats = np.array([corner.latitude_deg for corner in corners])
    lons = np.array([corner.longitude_deg for corner in corners])
    rough = middle(lats, lons)
    centre = Position(round(rough.latitude_deg * 60) / 60, _in_range(round(rough.longitude_deg * 60) / 60))
    _, metres = wgs84.inverse(centre.latitude_deg, centre.longitude_deg, lats, lons)
    reach_m = float(np.max(metres)) * _OUTSIDE + volume.uncertainty.position_m
    radius_nm = max(1, ceil(reach_m / METRES_PER_NAUTICAL_MILE))
    if radius_nm > _MOST_RADIUS_NM:
        raise TooLarge(f"a radius of {radius_nm:,} NM; a Q-line says {_MOST_RADIUS_NM} at most", hint="split the area")
    return centre, radius_nm


def _in_range(longitude_deg: float) -> float:
    return (
        longitude_deg - 360 if longitude_deg > 180 else longitude_deg + 360 if longitude_deg < -180 else longitude_deg
    )


def _minutes(place: Position) -> str:
    """`3530N03548E`: of a place in whole minutes."""
    lat, lon = round(abs(place.latitude_deg) * 60), round(abs(place.longitude_deg) * 60)
    return f"{lat // 60:02d}{lat % 60:02d}{'S' if place.latitude_deg < 0 else 'N'}{lon // 60:03d}{lon % 60:02d}{'W' if place.longitude_deg < 0 else 'E'}"


def _seconds(place: Position) -> str:
    lat, lon = round(abs(place.latitude_deg) * 3600), round(abs(place.longitude_deg) * 3600)
    north, east = "S" if place.latitude_deg < 0 else "N", "W" if place.longitude_deg < 0 else "E"
    return f"{lat // 3600:02d}{lat // 60 % 60:02d}{lat % 60:02d}{north}{lon // 3600:03d}{lon // 60 % 60:02d}{lon % 60:02d}{east}"


# ── how high, when ───────────────────────────────────────────────────────────────────────────────────────────────────


def q_levels(volume: Volume4D, arena: Arena) -> tuple[int, int]:
    """The Q-line's flight levels, 000 to 999. Errs outward: an altitude may lie 20 levels off the standard setting; above ground, on the arena's ground."""
    open_m = volume.uncertainty.altitude_m
    lower, upper = volume.altitude.lower, volume.altitude.upper
    least = (
        0
        if lower.reference is AltitudeReference.AGL or not isfinite(lower.value_m)
        else floor((lower.value_m - open_m) / METRES_PER_FLIGHT_LEVEL)
    )
    if not isfinite(upper.value_m):
        return _clamped(least - _slack(lower)), _MOST_RADIUS_NM
    ground_m = max(0.0, arena.terrain.highest_amsl_m) if upper.reference is AltitudeReference.AGL else 0.0
    most = ceil((upper.value_m + open_m + ground_m) / METRES_PER_FLIGHT_LEVEL)
    return _clamped(least - _slack(lower)), _clamped(most + _slack(upper))


def _slack(limit: AltitudeLimit) -> int:
    return 0 if limit.reference is AltitudeReference.FL else _PRESSURE_FL


def _clamped(level: int) -> int:
    return min(999, max(0, level))


def _limit(limit: AltitudeLimit, whole: object) -> str:
    rounded = floor if whole is floor else ceil
    if not isfinite(limit.value_m):
        return "UNL" if limit.value_m > 0 else "SFC"
    if limit.is_surface:
        return "SFC"
    if limit.reference is AltitudeReference.FL:
        return f"FL{rounded(round(limit.value_m / METRES_PER_FLIGHT_LEVEL, 6)):03d}"
    feet = rounded(round(limit.value_m / METRES_PER_FOOT, 6))
    return f"{feet}FT {'AMSL' if limit.reference is AltitudeReference.HAE else limit.reference.value}"


def _times(volume: Volume4D) -> tuple[str, str]:
    """From the minute before to the minute after, by what the times leave open."""
    window, open_us = volume.window, ceil(volume.uncertainty.time_s) * 1_000_000
    if window.start_us <= OPEN_START_US or not window.start_stated:
        raise NotUnderstood("its beginning is not stated", hint="state time_start")
    if window.end_us >= OPEN_END_US or not window.end_stated:
        raise NotUnderstood("its end is not stated, and a NOTAM needs one", hint="state time_end")
    begins = from_us((window.start_us - open_us) // 60_000_000 * 60_000_000)
    ends = from_us(-(-(window.end_us + open_us) // 60_000_000) * 60_000_000)
    return f"{begins:%y%m%d%H%M}", f"{ends:%y%m%d%H%M}"


# ── a bulletin ───────────────────────────────────────────────────────────────────────────────────────────────────────


def bulletin(hazards: Iterable[Notice], fir: str, generated_us: int) -> str:
    """The draft of a conflict-zone information bulletin, as Markdown: who declares what, by which source, and what nobody states."""
    areas = [hazard for hazard in hazards if hazard.activity is Activity.HAZARD_AREA]
    lines = [
        f"# Conflict-zone information bulletin, {fir}: DRAFT, NOT ISSUED",
        "",
        f"Drafted {iso(generated_us)}. For a human to check, complete and issue, or not. It states what others declare, with whose word it is; nothing was assessed.",
        "",
        "## Declared hazards",
        "",
        *[line for area in areas for line in _bulletin_lines(area)],
        "## Where figures differ",
        "",
        *(_differing(areas) or ["No two declarations here are at odds in their size."]),
        "",
        "## Not stated",
        "",
        "Whether any system stands ready, its intent, and what nobody declared. Absence from this list says nothing.",
        "",
        "## Recommendation",
        "",
        "To be written by the issuing authority.",
    ]
    return "\n".join(lines) + "\n"


def _bulletin_lines(area: Notice) -> Iterator[str]:
    yield f"- **{area.title or area.reference}**, declared by {area.declared_by or area.party}"
    for volume in area.volumes:
        centre, radius_nm = circle_about(volume)
        start, end = iso(volume.window.start_us), iso(volume.window.end_us)
        yield f"  - within {radius_nm} NM of {_minutes(centre)}, {_limit(volume.altitude.lower, floor)} to {_limit(volume.altitude.upper, ceil)}, from {start or 'not stated'} to {end or 'not stated'}, as declared"
    for assumed in area.assumptions:
        yield f"  - assumed by whoever drew it: {assumed.field}, {assumed.basis}"
    yield ""


def _differing(areas: Sequence[Notice]) -> list[str]:
    found = []
    for index, one in enumerate(areas):
        for other in areas[index + 1 :]:
            (centre_a, a_nm), (centre_b, b_nm) = circle_about(one.volumes[0]), circle_about(other.volumes[0])
            if _minutes(centre_a) == _minutes(centre_b) and a_nm != b_nm:
                found.append(
                    f"- At {_minutes(centre_a)}: {a_nm} NM as declared by {one.declared_by or one.party}, {b_nm} NM as declared by {other.declared_by or other.party}. Both stand."
                )
    return found
