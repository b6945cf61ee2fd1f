"""The periodic report: both sides' tallies side by side, what may be of one event, what stands on one side alone. No finding; every row is somebody's count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import cos, radians
from typing import Final

from detente.accounts.matching import Alone, Matched, Pairing, Tolerance
from detente.accounts.tally import Count, tally
from detente.domain import Position, TimeWindow
from detente.domain.violation import Violation
from detente.domain.window import from_us
from detente.geodesy.chart import Chart
from detente.interop.answer_words import dms, duration, iso
from detente.interop.basemap import basemap_within
from detente.interop.dossier_pages import Figure, Pages, Section, Table

NO_FINDING: Final = "This is no finding. Each row is the count of whoever reports it; that two reports are shown together says that they may be of one event, by the tolerances given, and no more."
MOST_ROWS: Final = 2_000
_COLOURS: Final = ("#1d5fae", "#b3541e")  # told apart without red and green; shapes differ too
_WIDTH: Final = 720
_MOST_MONTHS: Final = 36


@dataclass(frozen=True, slots=True)
class Sides:
    """Two tallies of one period, and how they were matched."""

    names: tuple[str, str]
    period: TimeWindow
    a: tuple[Violation, ...]
    b: tuple[Violation, ...]
    matched: Matched
    tolerance: Tolerance


def sides_of(reports: Sequence[Violation]) -> str:
    """Whose tally it is: its reporters by name."""
    return ", ".join(sorted({each.reporter for each in reports})) or "nobody"


def in_period(reports: Iterable[Violation], period: TimeWindow) -> tuple[Violation, ...]:
    """Those that begin in a period: each report falls in one period alone."""
    return tuple(each for each in reports if period.start_us <= each.window.start_us <= period.end_us)


def report_pages(sides: Sides) -> Pages:
    """The pages of the report."""
    (one, other), matched = sides.names, sides.matched
    under = (
        f"From {_day(sides.period.start_us)} to {_day(sides.period.end_us)}, as reported by {one} and by {other}. All times are UTC.",
        NO_FINDING,
        f"Reports are shown together that lie within {duration(sides.tolerance.time_s)} and {sides.tolerance.distance_m / 1000:g} km of each other, beside what each leaves open, are of one kind, and name no other platform or party.",
    )
    sections = (
        Section("Both tallies side by side", tuple(_summary(sides))),
        Section("By month", (_months(sides),)),
        Section("Where", (_map(sides),)),
        Section(f"Reported by both ({len(matched.both):,})", tuple(_both(sides))),
        Section(f"Reported by {one} alone ({len(matched.only_a):,})", tuple(_alone(matched.only_a, other))),
        Section(f"Reported by {other} alone ({len(matched.only_b):,})", tuple(_alone(matched.only_b, one))),
        Section("What this does not say", _NOT_SAID),
    )
    return Pages("Violations as each side counts them", under, None, sections)


_NOT_SAID: Final = (
    "That a report is true, or that one which stands alone is not: a side may not have seen, or not have reported, what the other did.",
    "That what was shown together was one event: only that by time, place and kind it may be.",
    "That a sum of both tallies means anything: none is made.",
    "Hours of what is reported by the day alone count whole days, and are that side's statement.",
)


def _day(us: int) -> str:
    return (iso(us) or "")[:10]


# ── tallies ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _summary(sides: Sides) -> Iterator[str | Table]:
    counts = [{(c.kind, c.platform): c for c in tally(reports)} for reports in (sides.a, sides.b)]
    both: dict[tuple[str, str], int] = {}
    for pair in sides.matched.both:
        key = (pair.a.kind, pair.a.platform or pair.b.platform)
        both[key] = both.get(key, 0) + 1
    rows = []
    for kind, platform in sorted({*counts[0], *counts[1]}):
        mine, theirs = counts[0].get((kind, platform)), counts[1].get((kind, platform))
        name = kind.replace("_", " ") + (f", {platform.replace('_', ' ')}" if platform else "")
        rows.append((name, *_numbers(mine), *_numbers(theirs), f"{both.get((kind, platform), 0):,}"))
    one, other = sides.names
    head = (
        "what is reported",
        f"{one}: reports",
        "at once",
        "hours",
        f"{other}: reports",
        "at once",
        "hours",
        "shown together",
    )
    yield Table(head, tuple(rows))
    yield f"{one} reports {len(sides.a):,}; {other} reports {len(sides.b):,}; {len(sides.matched.both):,} of each may be of the same events."


def _numbers(count: Count | None) -> tuple[str, str, str]:
    return ("–", "–", "–") if count is None else (f"{count.reports:,}", f"{count.number:,}", f"{count.hours:,.1f}")


def _both(sides: Sides) -> Iterator[str | Table]:
    if not sides.matched.both:
        yield "None."
        return
    head = ("what", f"when, by {sides.names[0]}", f"when, by {sides.names[1]}", "apart", "references")
    yield Table(head, tuple(_pair(pair) for pair in sides.matched.both[:MOST_ROWS]))
    yield from _left_out(len(sides.matched.both))


def _pair(pair: Pairing) -> tuple[str, ...]:
    place = "a place is not stated" if pair.gap_m is None else f"{pair.gap_m / 1000:.1f} km"
    gap = "at one time" if pair.gap_s == 0 else duration(pair.gap_s)
    return _what(pair.a), _when(pair.a), _when(pair.b), f"{gap}, {place}", f"{_reference(pair.a)}; {_reference(pair.b)}"


def _alone(alone: Sequence[Alone], other: str) -> Iterator[str | Table]:
    if not alone:
        yield "None."
        return
    head = ("what", "when", "where", "why it stands alone", "reference")
    rows = tuple(
        (_what(each.report), _when(each.report), _where(each.report), why(each, other), _reference(each.report))
        for each in alone[:MOST_ROWS]
    )
    yield Table(head, rows)
    yield from _left_out(len(alone))


def _left_out(count: int) -> Iterator[str]:
    if count > MOST_ROWS:
        yield f"{count - MOST_ROWS:,} more are not listed here; detente violations match --json lists all."


def why(alone: Alone, other: str) -> str:
    """Why a report is shown with none of the other side's."""
    if alone.nearest is None:
        return f"nothing that {other} reports fits it"
    return f"{alone.nearest.id} of {alone.nearest.reporter} fits it too, and is closer to another"


def _what(each: Violation) -> str:
    platform = f", {each.platform.replace('_', ' ')}" if each.platform else ""
    named = f", by {each.by} as {each.reporter} states" if each.by else ""
    several = f", {each.count} at once" if each.count > 1 else ""
    return f"{each.kind.value.replace('_', ' ')}{platform}{several}{named}{f': {each.text}' if each.text else ''}"


def _when(each: Violation) -> str:
    start, end = iso(each.window.start_us) or "", iso(each.window.end_us) or ""
    return start[:16] + "Z" if start[:16] == end[:16] else f"{start[:16]}Z to {end[:16]}Z"


def _where(each: Violation) -> str:
    return "not stated" if each.fix is None else f"{dms(each.fix.position)} ± {each.fix.within_m:,.0f} m"


def _reference(each: Violation) -> str:
    entry = "" if each.entry is None else f", entry {each.entry} of the record"
    return f"{each.id} of {each.reporter} ({each.source}{entry})"


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _months(sides: Sides) -> Figure:
    months = _months_of(sides.period)[-_MOST_MONTHS:]
    counts = [
        [sum(_month(v.window.start_us) == month for v in reports) for month in months] for reports in (sides.a, sides.b)
    ]
    most = max(1, *(max(each, default=0) for each in counts))
    height, base = 220, 180
    width = (_WIDTH - 50) / max(1, len(months))
    parts = [
        f"<line x1='40' x2='{_WIDTH}' y1='{base}' y2='{base}' stroke='#6f7f87' />",
        f"<text x='34' y='24' text-anchor='end'>{most:,}</text>",
    ]
    for at, month in enumerate(months):
        for side in (0, 1):
            tall = (base - 20) * counts[side][at] / most
            x = 44 + at * width + side * width * 0.42
            fill = _COLOURS[side] if side == 0 else "url(#stripes)"
            parts.append(
                f"<rect x='{x:.1f}' y='{base - tall:.1f}' width='{width * 0.4:.1f}' height='{tall:.1f}' fill='{fill}' stroke='{_COLOURS[side]}' />"
            )
        if len(months) <= 12 or at % 3 == 0:
            parts.append(f"<text x='{44 + (at + 0.4) * width:.1f}' y='{base + 16}' text-anchor='middle'>{month}</text>")
    said = "; ".join(f"{month}: {counts[0][at]:,} and {counts[1][at]:,}" for at, month in enumerate(months))
    return Figure(_svg(height, parts, sides.names), f"Reports by month, {sides.names[0]} and {sides.names[1]}: {said}")


def _months_of(period: TimeWindow) -> list[str]:
    at, last = from_us(period.start_us), from_us(period.end_us)
    found = []
    while (at.year, at.month) <= (last.year, last.month):
        found.append(f"{at.year}-{at.month:02d}")
        at = datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)
    return found


def _month(us: int) -> str:
    return (iso(us) or "")[:7]


def _map(sides: Sides) -> Figure | str:
    places = [(v, side) for side, reports in ((0, sides.a), (1, sides.b)) for v in reports if v.fix]
    if not places:
        return "No report states a place."
    lats = [v.fix.position.latitude_deg for v, _ in places if v.fix]
    lons = [v.fix.position.longitude_deg for v, _ in places if v.fix]
    middle = Position((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2)
    height, shrink = 420, cos(radians(middle.latitude_deg))
    scale = min(height / (max(lats) - min(lats) + 0.2), _WIDTH / ((max(lons) - min(lons) + 0.2) * shrink))

    def at(lat: float, lon: float) -> tuple[float, float]:
        return round(_WIDTH / 2 + (lon - middle.longitude_deg) * shrink * scale, 1), round(
            height / 2 - (lat - middle.latitude_deg) * scale, 1
        )

    parts = [f"<rect width='{_WIDTH}' height='{height}' fill='#dce6ea' />"]
    reach = max(0.01, 1.5 * _WIDTH / scale / 57.3)
    ground = basemap_within(Chart(middle), (-reach, -reach, reach, reach))
    for lines, style in (
        (ground.land, "fill='#f8f8f5' stroke='#c9d2d6'"),
        (ground.lakes, "fill='#dce6ea'"),
        (ground.borders, "fill='none' stroke='#9db1b9' stroke-dasharray='4 3'"),
    ):
        for line_lats, line_lons in lines:
            points = "L".join(
                "{},{}".format(*at(float(lat), float(lon))) for lat, lon in zip(line_lats, line_lons, strict=True)
            )
            parts.append(f"<path d='M{points}' {style} />")
    for each, side in places[:5000]:
        assert each.fix
        x, y = at(each.fix.position.latitude_deg, each.fix.position.longitude_deg)
        mark = (
            f"<circle cx='{x}' cy='{y}' r='4'" if side == 0 else f"<rect x='{x - 4}' y='{y - 4}' width='8' height='8'"
        )
        parts.append(f"{mark} fill='none' stroke='{_COLOURS[side]}' stroke-width='2' />")
    return Figure(
        _svg(height, parts, sides.names),
        f"Where {sides.names[0]} and {sides.names[1]} report them; {len(places):,} reports state a place",
    )


def _svg(height: int, parts: Sequence[str], names: tuple[str, str]) -> str:
    legend = (
        f"<rect x='50' y='6' width='12' height='12' fill='{_COLOURS[0]}' /><text x='68' y='17'>{escape(names[0][:40])}</text>"
        f"<rect x='330' y='6' width='12' height='12' fill='url(#stripes)' stroke='{_COLOURS[1]}' /><text x='348' y='17'>{escape(names[1][:40])}</text>"
    )
    stripes = f"<defs><pattern id='stripes' width='5' height='5' patternUnits='userSpaceOnUse' patternTransform='rotate(45)'><rect width='2.5' height='5' fill='{_COLOURS[1]}' /></pattern></defs>"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height + 26}' font-family='sans-serif' font-size='12' fill='#111c21'>"
        f"<rect width='{_WIDTH}' height='{height + 26}' fill='#ffffff' />{stripes}<svg y='26' width='{_WIDTH}' height='{height}' overflow='hidden'>{''.join(parts)}</svg>{legend}</svg>"
    )
