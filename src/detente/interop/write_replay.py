"""A night as one HTML file: a map with a time slider, each claimant on a track of its own, disputed statements marked. It loads nothing.

The page's content security policy names the hashes of its one style and one script; all that claimants wrote is escaped text. Without its
script everything is there, at every moment at once.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from math import cos, radians
from typing import Final

from detente.domain import Claim, Position
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.geodesy.chart import Chart
from detente.geodesy.outline import outline
from detente.interop import replay_words as words
from detente.interop.answer_words import iso
from detente.interop.basemap import Box, basemap_within
from detente.interop.night import Account, Night

_WIDTH: Final = 900
_HEIGHT: Final = 620
_MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND
_METRES_PER_DEG: Final = 111_195
_ROOM_DEG: Final = 0.6
_TRACK_WIDTH: Final = 1000
_TRACK_HEIGHT: Final = 44


def replay_html(night: Night) -> str:
    """The whole page."""
    folder = files("detente.interop").joinpath("replay")
    style, script = (folder.joinpath(name).read_text(encoding="utf-8") for name in ("style.css", "script.js"))
    parts = {
        "title": escape(night.title),
        "style": style,
        "style-hash": _hash(style),
        "script": script,
        "script-hash": _hash(script),
        "body": "\n".join(_body(night)),
    }
    page = folder.joinpath("page.html").read_text(encoding="utf-8")
    for name, part in parts.items():
        page = page.replace("{{" + name + "}}", part, 1) if name != "body" else page
    return page.replace("{{body}}", parts["body"], 1)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _body(night: Night) -> Iterator[str]:
    yield f"<header><h1>{escape(night.title)}</h1><p class=finding>{escape(words.NO_FINDING)}</p></header>"
    yield "<section class=stage aria-label='The night by the minute'>"
    yield from _map(night)
    yield from _slider(night)
    yield from _tracks(night)
    yield "</section>"
    yield from _statements("By the minute", night.events, night)
    yield from _statements("About the same things, without a minute", night.timeless, night)
    yield from _list("Several versions by one claimant", (words.versions_words(each) for each in night.ledger.versions))
    yield from _list("What claimed places and times need", (words.leg_words(leg) for leg in night.legs))
    yield "<p class=note>Arithmetic on the statements, in a straight line and by all that they leave open.</p>"
    for account in night.accounts:
        yield from _what_if(account)
    yield from _known(night)


# ── the map ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Sheet:
    """Where a position lies on the map: longitude and latitude to one scale at its middle."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        places = [claim.fix.position for claim in claims if claim.fix] or [Position(35.0, 35.0)]
        lats, lons = [p.latitude_deg for p in places], [p.longitude_deg for p in places]
        self.middle = Position((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2)
        self._shrink = cos(radians(self.middle.latitude_deg))
        tall = max(
            max(lats) - min(lats) + 2 * _ROOM_DEG,
            (max(lons) - min(lons) + 2 * _ROOM_DEG) * self._shrink * _HEIGHT / _WIDTH,
        )
        self.pixels_per_deg = _HEIGHT / tall

    def at(self, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
        x = _WIDTH / 2 + (longitude_deg - self.middle.longitude_deg) * self._shrink * self.pixels_per_deg
        return round(x, 1), round(_HEIGHT / 2 - (latitude_deg - self.middle.latitude_deg) * self.pixels_per_deg, 1)

    def radius(self, metres: float) -> float:
        return round(metres / _METRES_PER_DEG * self.pixels_per_deg, 1)


def _map(night: Night) -> Iterator[str]:
    sheet = _Sheet(night.events)
    yield f"<svg class=map viewBox='0 0 {_WIDTH} {_HEIGHT}' role=img aria-label='Where statements with a place and a time lie'>"
    yield f"<rect class=water x={-_WIDTH} width={3 * _WIDTH} height={_HEIGHT} />"
    yield from _ground(sheet)
    yield from _plans(night, sheet)
    for claim in night.events:
        if claim.fix is not None:
            yield _spot(claim, night, sheet)
    yield "</svg>"


def _ground(sheet: _Sheet) -> Iterator[str]:
    chart = Chart(sheet.middle)
    reach = 0.08
    box: Box = (-reach, -reach, reach, reach)
    ground = basemap_within(chart, box)
    for kind, lines in (("land", ground.land), ("lake", ground.lakes), ("border", ground.borders)):
        for lats, lons in lines:
            points = [sheet.at(float(lat), float(lon)) for lat, lon in zip(lats, lons, strict=True)]
            path = "M" + "L".join(f"{x},{y}" for x, y in points) + ("" if kind == "border" else "Z")
            yield f"<path class={kind} d='{path}' />"
    for city in ground.cities[:40]:
        x, y = sheet.at(city.latitude_deg, city.longitude_deg)
        if 0 < x < _WIDTH - 60 and 10 < y < _HEIGHT - 10:
            yield f"<circle class=city cx={x} cy={y} r=2 /><text class=city x={x + 5} y={y + 4}>{escape(city.name)}</text>"


def _plans(night: Night, sheet: _Sheet) -> Iterator[str]:
    """The plans of each account, those that both have alike once, at the times that each states."""
    drawn: set[str] = set()
    for account in night.accounts:
        for plan in account.plans:
            for volume in plan.volumes:
                path = "".join(
                    _ring(ring, sheet)
                    for polygon in outline(volume.footprint)
                    for ring in (polygon.shell, *polygon.holes)
                )
                open_us = round(volume.uncertainty.time_s * MICROSECONDS_PER_SECOND)
                from_us = max(volume.window.start_us - open_us, night.window.start_us)
                until_us = min(volume.window.end_us + open_us, night.window.end_us)
                made = f"<path class=plan data-from={from_us // _MINUTE_US} data-until={until_us // _MINUTE_US} d='{path}'>"
                if path and made not in drawn:
                    drawn.add(made)
                    said = f"{plan.party} {plan.reference}: {plan.title or plan.activity.value}"
                    yield f"{made}<title>{escape(said)} ({escape(account.title)})</title></path>"


def _ring(ring: Sequence[Position], sheet: _Sheet) -> str:
    points = [sheet.at(each.latitude_deg, each.longitude_deg) for each in ring]
    return "M" + "L".join(f"{x},{y}" for x, y in points) + "Z"


def _spot(claim: Claim, night: Night, sheet: _Sheet) -> str:
    assert claim.fix
    assert claim.event
    x, y = sheet.at(claim.fix.position.latitude_deg, claim.fix.position.longitude_deg)
    of = _side(claim.claimant, night)
    said = escape(f"{words.when(claim.event)} {words.event_words(claim, night.ledger)}; at {words.place_words(claim)}")
    mark = " disputed" if night.ledger.disputed(claim) else ""
    return (
        f"<g class='spot side-{of}{mark}' data-from={claim.event.start_us // _MINUTE_US} data-until={claim.event.end_us // _MINUTE_US}>"
        f"<title>{said}</title><circle class=within cx={x} cy={y} r={sheet.radius(claim.fix.within_m)} /><circle class=point cx={x} cy={y} r=5 />"
        f"<text x={x + 9} y={y - 7}>{escape(claim.thing or claim.claimant)} [{escape(claim.id)}]</text></g>"
    )


def _side(claimant: str, night: Night) -> int:
    return sorted({claim.claimant for claim in (*night.events, *night.timeless)}).index(claimant)


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _slider(night: Night) -> Iterator[str]:
    first, last = night.window.start_us // _MINUTE_US, night.window.end_us // _MINUTE_US
    yield (
        f"<form class=slider><button type=button id=play aria-pressed=false>▶ Play</button>"
        f"<label for=minute>Minute</label><input id=minute type=range min={first} max={last} value={first} step=1>"
        f"<output id=clock for=minute>{words.clock(night.window.start_us)}</output>"
        "<label class=all><input type=checkbox id=all checked> all statements at once</label></form>"
    )


def _tracks(night: Night) -> Iterator[str]:
    sides = sorted({claim.claimant for claim in (*night.events, *night.timeless)})
    height = _TRACK_HEIGHT * len(sides) + 24
    start_us, span_us = night.window.start_us, night.window.end_us - night.window.start_us
    yield f"<div class=scroll><svg class=tracks viewBox='0 0 {_TRACK_WIDTH} {height}' role=img aria-label='Each claimant on a track of its own, by the minute'>"
    for row, side in enumerate(sides):
        y = row * _TRACK_HEIGHT + 26
        yield f"<text class=side x=4 y={y - 12}>{escape(side)}</text><line class=track x1=0 x2={_TRACK_WIDTH} y1={y} y2={y} />"
        timed = [claim for claim in night.events if claim.claimant == side]
        if not timed:
            yield f"<text class=none x=160 y={y - 12}>states no minute</text>"
        for claim in timed:
            assert claim.event
            left = _TRACK_WIDTH * (claim.event.start_us - start_us) / span_us
            width = max(4.0, _TRACK_WIDTH * (claim.event.end_us - claim.event.start_us) / span_us)
            mark = " disputed" if night.ledger.disputed(claim) else ""
            yield (
                f"<a href='#{escape(claim.id)}'><rect class='event side-{row}{mark}' x={left:.1f} y={y - 8} width={width:.1f} height=16 rx=2>"
                f"<title>{escape(words.when(claim.event))} {escape(words.event_words(claim, night.ledger))}</title></rect></a>"
            )
    hour_us = 60 * _MINUTE_US
    for moment_us in range(-(-start_us // (hour_us // 2)) * (hour_us // 2), night.window.end_us, hour_us // 2):
        x = _TRACK_WIDTH * (moment_us - start_us) / span_us
        yield f"<line class=tick x1={x:.1f} x2={x:.1f} y1=0 y2={height - 18} /><text class=tick x={x + 3:.1f} y={height - 4}>{words.clock(moment_us)}</text>"
    yield f"<line id=now class=now x1=0 x2=0 y1=0 y2={height - 18} /></svg></div>"


# ── what is stated ───────────────────────────────────────────────────────────────────────────────────────────────────


def _statements(head: str, claims: Sequence[Claim], night: Night) -> Iterator[str]:
    yield f"<section><h2>{escape(head)}</h2><ol class=statements>"
    for claim in claims:
        event = claim.event
        span = f" data-from={event.start_us // _MINUTE_US} data-until={event.end_us // _MINUTE_US}" if event else ""
        disputed = night.ledger.disputed(claim)
        yield f"<li id='{escape(claim.id)}' class='side-{_side(claim.claimant, night)}{' disputed' if disputed else ''}'{span}>"
        yield f"<p class=who><b>{escape(words.when(event)) if event else 'no minute'}</b> {escape(claim.claimant)} <span>stated {words.stated_words(claim)}</span>"
        if disputed:
            yield f"<strong class=mark>disputed by {escape(', '.join(disputed))}</strong>"
        yield f"</p><p>{escape(claim.text)} <span class=id>[{escape(claim.id)}]</span></p>"
        for line in (words.place_words(claim), *claim.basis, claim.note):
            if line:
                yield f"<p class=note>{escape(line)}</p>"
        yield f"<p class=source>{' '.join(map(_source, claim.sources))}</p></li>"
    yield "</ol></section>"


def _source(source: str) -> str:
    if not source.startswith(("https://", "http://")):
        return escape(source)
    shown = source.split("/")[2]
    return f"<a rel='noreferrer noopener' href='{escape(source, quote=True)}'>{escape(shown)}</a>"


def _list(head: str, lines: Iterator[str]) -> Iterator[str]:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    yield f"<section><h2>{escape(head)}</h2><ul>{items or '<li>none is stated</li>'}</ul></section>"


def _what_if(account: Account) -> Iterator[str]:
    yield f"<section><h2>What rules would have asked and told, {escape(account.title)}</h2>"
    yield "<p class=note>An arithmetic of the rules taken, with plans as this account has them. What the account leaves unstated stays so.</p>"
    yield "<h3>How early notices were given</h3><ul>"
    for lead in account.what_if.leads:
        late = " class=late" if lead.is_late else ""
        yield f"<li{late}>{escape(words.lead_words(lead, account))}</li>"
    yield "</ul><h3>With each given as early as agreed, and released as agreed</h3><div class=scroll><table><thead><tr>"
    yield "".join(
        f"<th scope=col>{head}</th>"
        for head in ("who", "for", "would have been answered", "against", "told at level", "from", "minutes before")
    )
    yield "</tr></thead><tbody>"
    for met in account.what_if.meets:
        before = (
            "not stated"
            if met.before_s is None
            else f"{met.before_s // 60}"
            if met.before_s >= 0
            else "both were due later"
        )
        cells = (
            met.party, met.reference, met.answer.name, f"{met.other} {met.other_reference}", met.level.value,
            "not stated" if met.from_us is None else words.clock(met.from_us), before,
        )  # fmt: skip
        yield f"<tr class={met.answer.name.lower()}>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table></div></section>"


def _known(night: Night) -> Iterator[str]:
    yield "<section><h2>Who is stated to have told whom, and when</h2><ol class=tells>"
    tells = [(telling, claim) for claim in night.ledger.claims for telling in claim.tells]
    for telling, claim in sorted(tells, key=lambda pair: (pair[0].at_us is None, pair[0].at_us or 0)):
        at = "no minute stated" if telling.at_us is None else words.clock(telling.at_us)
        span = f" data-from={telling.at_us // _MINUTE_US}" if telling.at_us is not None else ""
        stated = escape(f"{telling.by} told {telling.to} {telling.what} (as {claim.claimant} states) [{claim.id}]")
        yield f"<li{span}><b>{at}</b> {stated}</li>"
    yield f"</ol><p class=note>From {iso(night.window.start_us)} to {iso(night.window.end_us)}; times are UTC.</p></section>"
