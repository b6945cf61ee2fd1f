"""Reports derived from tracks and plans against a line: which legs cross it, or may, by one party's measurement of it. Arithmetic on what is stated, told as that.

Each stretch of one track over the line is one report: legs that follow one another are joined. Whether it was a violation is for whoever reports it to say.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from detente.domain import Activity, Notice, NotUnderstood, Position, Volume4D
from detente.domain.line import Course, Line
from detente.domain.violation import ViolationKind
from detente.domain.window import OPEN_END_US, OPEN_START_US
from detente.geodesy.chart import middle
from detente.geodesy.outline import outline
from detente.interop.answer_words import iso
from detente.interop.violations_file import COLUMNS
from detente.screening.lines import Crossing, check_line

KINDS: Final = {
    Activity.AIR_OPERATION: (ViolationKind.OVERFLIGHT, ""),
    Activity.UNMANNED_FLIGHT: (ViolationKind.OVERFLIGHT, "unmanned"),
    Activity.MARITIME_OPERATION: (ViolationKind.MARITIME_CROSSING, ""),
    Activity.SUBSURFACE_OPERATION: (ViolationKind.SUBSURFACE_CROSSING, ""),
    Activity.SURFACE_OPERATION: (ViolationKind.GROUND_CROSSING, ""),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Legs of one notice, one after another, that all cross a course, or of which some may. `is_sure`: at least one of them crosses."""

    notice: Notice
    legs: tuple[Volume4D, ...]
    is_sure: bool


def stretches(notices: Iterable[Notice], line: Line, by: str) -> Iterator[Stretch]:
    """The stretches over one party's course of a line, in the order of the notices.

    Raises:
        NotUnderstood: that party has not measured the line.
    """
    course = _course(line, by)
    alone = Line(line.name, (course,))
    for notice in notices:
        if notice.activity not in KINDS:
            continue
        told = [
            (volume, check_line(alone, volume.footprint, uncertainty_m=volume.uncertainty.position_m)[0].crossing)
            for volume in sorted(notice.volumes, key=lambda volume: volume.window.start_us)
        ]
        for over, legs in groupby(told, key=lambda each: each[1] is not Crossing.NOT):
            if over:
                found = list(legs)
                sure = any(crossing is Crossing.CROSSES for _, crossing in found)
                yield Stretch(notice, tuple(volume for volume, _ in found), sure)


def _course(line: Line, by: str) -> Course:
    for course in line.courses:
        if course.by == by:
            return course
    raise NotUnderstood(
        f"{by!r:.60} has not measured {line.name}",
        hint=f"measured by {', '.join(course.by for course in line.courses)}",
    )


def as_csv(found: Iterable[Stretch], line: Line, by: str, reporter: str, source: str) -> str:
    """The stretches as a tally that `detente violations match` reads; those whose time is not stated are left, and counted in no row.

    Args:
        reporter: whose tally it is to be. source: where the tracks are from.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for number, each in enumerate(found, 1):
        start_us, end_us = each.legs[0].window.start_us, max(leg.window.end_us for leg in each.legs)
        if start_us <= OPEN_START_US or end_us >= OPEN_END_US:
            continue
        kind, platform = KINDS[each.notice.activity]
        place, within_m = _place(each.legs)
        says = "crosses" if each.is_sure else "may cross"
        writer.writerow({
            "id": f"D-{number}", "category": kind.value, "start": iso(start_us), "end": iso(end_us), "reporter": reporter, "by": each.notice.party,
            "platform": platform, "latitude": f"{place.latitude_deg:.6f}", "longitude": f"{place.longitude_deg:.6f}", "within": f"{within_m:.0f} m",
            "text": f"{_tame(each.notice.reference)} as {each.notice.party} states it {says} {line.name} as measured by {by}; computed", "source": source,
        })  # fmt: skip
    return out.getvalue()


def _tame(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t" else text


def _place(legs: Sequence[Volume4D]) -> tuple[Position, float]:
    """The middle of the stretch, and how far its farthest corner lies from it."""
    import numpy as np

    from detente.geodesy import wgs84

    corners = [corner for leg in legs for part in outline(leg.footprint) for corner in part.shell]
    lats, lons = np.array([c.latitude_deg for c in corners]), np.array([c.longitude_deg for c in corners])
    place = middle(lats, lons)
    _, metres = wgs84.inverse(place.latitude_deg, place.longitude_deg, lats, lons)
    return place, float(np.max(metres)) + max(leg.uncertainty.position_m for leg in legs)
