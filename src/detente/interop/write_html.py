"""The answer as one HTML file: a map with a time slider, and everything else that was found. It loads nothing from anywhere.

The page's content security policy names the hashes of its one style and one script, so nothing else in it can run; what
parties wrote stands in a JSON block with every < escaped, and the script puts it on the page through text nodes alone.
The page itself is in `html_map/`: page.html, style.css, and js/ in the order of the file names.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import chain
from math import ceil, floor, isfinite
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from detente.domain import (
    AltitudeLimit,
    Conflict,
    DetenteError,
    MeetingArea,
    Notice,
    Place,
    Polygon,
    Position,
    ScreeningAnswer,
    Uncertainty,
    VolumeRef,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_END_US, OPEN_START_US
from detente.geodesy.chart import Chart, middle
from detente.geodesy.outline import outline
from detente.interop import answer_words as words
from detente.interop.answer_meetings import Entry, Meeting, entries, meetings
from detente.interop.basemap import FARTHEST, Basemap, Box, Line, basemap_within
from detente.interop.withheld import told

Json: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[int, int]  # which notice, by identity, and which of its volumes

STEPS_PER_DEGREE: Final = 100_000  # 1.1 m
BASEMAP_STEPS_PER_DEGREE: Final = 1_000  # 111 m; its lines are good to 1 km
MOST_MEETINGS: Final = 2_000  # the map names how many it leaves out
MOST_PAIRS: Final = 30  # volume pairs of one meeting
MOST_CORNERS: Final = 1_500  # of one outline; larger ones are simplified, outward
SMALLEST_VIEW: Final = 0.008  # half of it, in Earth radii: 50 km, so that one small plan still has land around it
_PLACE_THOUSANDS: Final = 9_999  # an arena's own places are named whatever the zoom
_JSON_ESCAPE: Final = re.compile(r"\\(?:u(?!d[89a-f])([0-9a-f]{4})|.)")  # halves of a pair stay
MARGIN: Final = 3.6  # the basemap reaches this many times as far as the plans


def answer_html(
    answer: ScreeningAnswer,
    *,
    readings: Sequence[words.ReadingNote] = (),
    problems: Sequence[DetenteError] = (),
    generated_utc: datetime | None = None,
    places: Sequence[Place] = (),
    minima: Sequence[str] = (),
) -> str:
    """The whole page.

    Args:
        minima: the rules that were screened by (`answer_words.rules`), for the head of the page; without them those of what was found.
        places: an arena's gazetteer; its names are written on the map beside the cities.
    """
    found = _data(told(answer), readings, problems, generated_utc, places, minima)
    data = _shown(json.dumps(found, allow_nan=False, separators=(",", ":")))
    return _page(f"détente: {words.headline(answer, problems)}", data)


def _shown(data: str) -> str:
    """JSON text, all ASCII, in which what does not print stands as its code point: nothing turns the writing of the page round."""
    return _JSON_ESCAPE.sub(
        lambda found: found[0] if found[1] is None or chr(int(found[1], 16)).isprintable() else f"\\{found[0]}", data
    )


def _page(title: str, data: str) -> str:
    folder = files("detente.interop").joinpath("html_map")
    style, script = folder.joinpath("style.css").read_text(encoding="utf-8"), _script()
    parts = {
        "title": title,
        "style": style,
        "style-hash": _hash(style),
        "script": script,
        "script-hash": _hash(script),
        "data": data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
    }
    template = folder.joinpath("page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{([a-z-]+)\}\}", lambda found: parts[found[1]], template)


@cache
def _script() -> str:
    """The modules in order, in one strict function of their own."""
    folder = files("detente.interop").joinpath("html_map", "js")
    modules = sorted((path for path in folder.iterdir() if path.name.endswith(".js")), key=lambda path: path.name)
    body = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _data(
    answer: ScreeningAnswer,
    readings: Sequence[words.ReadingNote],
    problems: Sequence[DetenteError],
    generated_utc: datetime | None,
    places: Sequence[Place],
    minima: Sequence[str],
) -> Json:
    outlines = _outlines(answer.notices)
    chart = Chart(_middle(outlines))
    numbers = _volume_numbers(answer.notices)
    notice_numbers = {id(notice): i for i, notice in enumerate(answer.notices)}
    parties = sorted({notice.party for notice in answer.notices})
    found = meetings(answer)
    notes = words.all_readings(answer, readings)
    return {
        "answer": words.answer_name(answer),
        "headline": words.headline(answer, problems),
        "summary": words.summary(answer, problems),
        "generated": words.generated(generated_utc),
        "rules": _rules(answer, minima),
        "centre": [chart.centre.latitude_deg, chart.centre.longitude_deg],
        "parties": parties,
        "notices": [_notice(notice, parties.index(notice.party)) for notice in answer.notices],
        "volumes": _volume_columns(answer.notices, outlines),
        "meetings": [_meeting(m, answer, numbers, notice_numbers) for m in found[:MOST_MEETINGS]],
        "entries": [_entry(entry, numbers) for entry in entries(answer)[:MOST_MEETINGS]],
        "found": {name: sum(m.answer.name == name for m in found) for name in ("CONFLICT", "POSSIBLE")},
        "unread": [_note(note) for note in notes if words.is_unread(note)],
        "readings": [_note(note) for note in notes if not words.is_unread(note)],
        "problems": [str(error) for error in problems],
        "about": _about(answer, found),
        "basemap": _basemap(basemap_within(chart, _view_box(chart, outlines)), places),
    }


def _rules(answer: ScreeningAnswer, asked: Sequence[str]) -> list[str]:
    """Those of what was found, then all others that were asked for."""
    applied = sorted({f"{c.rule}: {words.minima(c.minima)}" for c in answer.conflicts})
    return list(dict.fromkeys([*applied, *asked]))


def _note(reading: words.ReadingNote) -> str:
    return f"{reading.where}: {reading.what}" if reading.where else reading.what


def _about(answer: ScreeningAnswer, found: Sequence[Meeting]) -> list[str]:
    sources = sorted({notice.source.partition(",")[0] for notice in answer.notices} - {""})
    left_out = max(0, len(found) - MOST_MEETINGS)
    return [
        *([f"Screened: {', '.join(sources)}."] if sources else []),
        *([f"{left_out:,} more pairs of notices meet or may; the JSON answer lists all."] if left_out else []),
        "Notification is not permission. The map decides nothing: what screening found is in the lists.",
        "How near anything comes to a humanitarian site or movement is not told: where one is met, its own outline is drawn.",
        "Altitudes against time are drawn as stated, each in its own reference, unconverted.",
        "Map: stereographic, north up at its middle. Not for navigation.",
        "Coastlines, lakes and boundaries: Natural Earth (public domain), as drawn there; no endorsement. Cities: GeoNames (CC BY 4.0).",
    ]


# outlines ---------------------------------------------------------------------------------------------------------------


def _outlines(notices: Sequence[Notice]) -> list[tuple[Polygon, ...]]:
    """Of every volume, in order; coarser, and further outside, the more there are."""
    count = sum(len(notice.volumes) for notice in notices)
    corners = 72 if count <= 300 else 24 if count <= 3_000 else 12
    return [
        tuple(chain.from_iterable(map(_simplified, outline(volume.footprint, circle_corners=corners))))
        for notice in notices
        for volume in notice.volumes
    ]


def _simplified(polygon: Polygon) -> tuple[Polygon, ...]:
    """Fewer corners, all of them outside: simplified, then widened by as much as that may have cut off; holes are filled."""
    if len(polygon.shell) + sum(map(len, polygon.holes)) <= MOST_CORNERS:
        return (polygon,)
    import shapely

    lat, lon = _lat_lon(polygon.shell)
    chart = Chart(middle(lat, lon))
    flat = shapely.make_valid(shapely.Polygon(np.column_stack(chart.forward(lat, lon))))
    west, south, east, north = flat.bounds
    tolerance = max(east - west, north - south) / 1_000
    widened = flat
    while shapely.get_num_coordinates(widened) > MOST_CORNERS:
        widened = flat.simplify(tolerance).buffer(tolerance, join_style="mitre")
        tolerance *= 2
    return tuple(
        Polygon(tuple(Position(float(p), float(q)) for p, q in zip(*chart.inverse(*ring.T), strict=True)))
        for part in shapely.get_parts(widened)
        for ring in [shapely.get_coordinates(part.exterior)[:-1]]
    )


def _lat_lon(positions: Iterable[Position]) -> Line:
    both = np.array([(p.latitude_deg, p.longitude_deg) for p in positions])
    return both[:, 0], both[:, 1]


def _middle(outlines: Sequence[tuple[Polygon, ...]]) -> Position:
    """Of all volumes, each counting once whatever its size."""
    if not outlines:
        return Position(0.0, 0.0)
    middles = [middle(*_lat_lon(shape[0].shell)) for shape in outlines]
    return middle(*_lat_lon(middles))


def _view_box(chart: Chart, outlines: Sequence[tuple[Polygon, ...]]) -> Box:
    """Around all plans on the chart, with a margin."""
    if not outlines:
        return (-FARTHEST, -FARTHEST, FARTHEST, FARTHEST)
    x, y = chart.forward(*_lat_lon(p for shape in outlines for part in shape for p in part.shell))
    half = max(float(np.ptp(x)), float(np.ptp(y)), 2 * SMALLEST_VIEW) / 2 * MARGIN
    mid_x, mid_y = float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2
    return mid_x - half, mid_y - half, mid_x + half, mid_y + half


def _steps(lat: ArrayLike, lon: ArrayLike, per_degree: int = STEPS_PER_DEGREE) -> list[int]:
    """A line as whole steps, each from the last: latitude, longitude, latitude, …"""
    steps = np.round(np.column_stack([lat, lon]) * per_degree).astype(np.int64)
    moves: list[int] = np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()
    return moves


def _rings(polygons: Iterable[Polygon]) -> list[list[int]]:
    return [_steps(*_lat_lon(ring)) for polygon in polygons for ring in (polygon.shell, *polygon.holes)]


def _basemap(world: Basemap, places: Sequence[Place]) -> Json:
    named = [(c.name, c.latitude_deg, c.longitude_deg, c.thousands) for c in world.cities]
    own = [(p.name, p.position.latitude_deg, p.position.longitude_deg, _PLACE_THOUSANDS) for p in places]
    return {
        "box": [round(side, 7) for side in world.box],
        "land": [_steps(*line, BASEMAP_STEPS_PER_DEGREE) for line in world.land],
        "lakes": [_steps(*line, BASEMAP_STEPS_PER_DEGREE) for line in world.lakes],
        "borders": [_steps(*line, BASEMAP_STEPS_PER_DEGREE) for line in world.borders],
        "cities": [
            [name, round(lat * BASEMAP_STEPS_PER_DEGREE), round(lon * BASEMAP_STEPS_PER_DEGREE), k]
            for name, lat, lon, k in [*own, *named]
        ],
    }


# notices and volumes ----------------------------------------------------------------------------------------------------


def _notice(notice: Notice, party: int) -> Json:
    return {
        "party": party,
        "reference": notice.reference,
        "name": words.called(notice),
        "title": words.titled(notice),
        "activity": notice.activity.value,
        "words": words.activity(notice),
        "source": notice.source,
        "place": notice.stated_place,
        "declared": notice.declared_by,
        "assumed": [f"{a.field}: {a.basis}" for a in notice.assumptions],
    }


def _volume_columns(notices: Sequence[Notice], outlines: Sequence[tuple[Polygon, ...]]) -> Json:
    """One list a column: ten thousand volumes of four numbers each take less room this way."""
    volumes = [(i, volume) for i, notice in enumerate(notices) for volume in notice.volumes]
    return {
        "notice": [i for i, _ in volumes],
        "start": [_start_s(volume.window.start_us) for _, volume in volumes],
        "end": [_end_s(volume.window.end_us) for _, volume in volumes],
        "lower": [_metres(volume.altitude.lower, floor) for _, volume in volumes],
        "upper": [_metres(volume.altitude.upper, ceil) for _, volume in volumes],
        "altitude": _indexed([str(volume.altitude) for _, volume in volumes]),
        "sure": _indexed([_sureness(volume.uncertainty) for _, volume in volumes]),
        "rings": [_rings(shape) for shape in outlines],
    }


def _indexed(texts: Sequence[str]) -> Json:
    """Each text once, and which one stands where."""
    different = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    return {"texts": list(different), "index": [different[text] for text in texts]}


def _start_s(us: int) -> int | None:
    return None if us <= OPEN_START_US else us // MICROSECONDS_PER_SECOND


def _end_s(us: int) -> int | None:
    """Rounded up: a window drawn is never shorter than it is."""
    return None if us >= OPEN_END_US else -(-us // MICROSECONDS_PER_SECOND)


def _metres(limit: AltitudeLimit, whole: words.Whole) -> int | None:
    return whole(limit.value_m) if isfinite(limit.value_m) else None


def _sureness(uncertainty: Uncertainty) -> str:
    parts = [
        *([f"place ±{words.lateral(uncertainty.position_m, ceil)}"] if uncertainty.position_m else []),
        *([f"altitude ±{words.vertical(uncertainty.altitude_m, ceil)}"] if uncertainty.altitude_m else []),
        *([f"time ±{words.duration(uncertainty.time_s, ceil)}"] if uncertainty.time_s else []),
    ]
    return ", ".join(parts)


def _volume_numbers(notices: Sequence[Notice]) -> dict[Key, int]:
    """The place of each volume in the columns."""
    keys = [(id(notice), i) for notice in notices for i in range(len(notice.volumes))]
    return {key: number for number, key in enumerate(keys)}


# what was found ---------------------------------------------------------------------------------------------------------


def _meeting(
    meeting: Meeting, answer: ScreeningAnswer, numbers: dict[Key, int], notice_numbers: dict[int, int]
) -> Json:
    a, b = meeting.notices
    return {
        "answer": meeting.answer.name,
        "a": notice_numbers[id(a)],
        "b": notice_numbers[id(b)],
        "pair_count": len(meeting.conflicts),
        "pairs": [_pair(conflict, numbers) for conflict in meeting.conflicts[:MOST_PAIRS]],
        "clears": words.would_clear(answer, meeting.notices),
    }


def _pair(conflict: Conflict, numbers: dict[Key, int]) -> Json:
    closest = conflict.area.closest if conflict.area else None
    return {
        "answer": conflict.answer.name,
        "a": numbers[_volume_key(conflict.a)],
        "b": numbers[_volume_key(conflict.b)],
        "rows": words.separations(conflict),
        "rule": conflict.rule,
        "reasons": list(conflict.reasons),
        "placed": words.placed(conflict).strip(", "),
        "closest": closest and [[point.latitude_deg, point.longitude_deg] for point in closest],
        **_area(conflict.area),
    }


def _entry(entry: Entry, numbers: dict[Key, int]) -> Json:
    warning = entry.first
    return {
        "answer": warning.answer.name,
        "plan": numbers[_volume_key(warning.plan)],
        "hazard": numbers[_volume_key(warning.hazard)],
        "other_count": entry.other_count,
        **_area(warning.area),
    }


def _volume_key(ref: VolumeRef) -> Key:
    return id(ref.notice), ref.volume_index


def _area(area: MeetingArea | None) -> Json:
    if area is None:
        return {"rings": [], "start": None, "end": None, "altitude": ""}
    altitude = area.lower if area.lower == area.upper else f"{area.lower} to {area.upper}"
    found = {"start": _start_s(area.start_us), "end": _end_s(area.end_us), "altitude": altitude}
    if not area.footprint:
        return {**found, "rings": []}
    centre = words.centre(area.footprint)
    return {
        **found,
        "rings": _rings(chain.from_iterable(map(_simplified, area.footprint))),
        "centre": [round(centre.latitude_deg, 6), round(centre.longitude_deg, 6)],
        "dms": words.dms(centre),
        "mgrs": words.mgrs(centre),
    }
