"""Screening: do any of these notices meet, where, when, how closely, and under which rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from detente.domain import (
    WORLD,
    Activity,
    Answer,
    Arena,
    Conflict,
    HazardWarning,
    InvalidVolume,
    Minima,
    MinimaRule,
    NoMinima,
    Notice,
    Proposal,
    ScreeningAnswer,
    TimeWindow,
    Understanding,
    VolumeRef,
    at,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.screening.candidates import Progress
from detente.screening.explain import meeting_area
from detente.screening.pair import PairSeparation, Prepared, prepare, separation_of
from detente.screening.proposals import MOVES, propose
from detente.screening.scene import NO_SEPARATION, Entry, Scene


@dataclass(frozen=True, slots=True)
class Meeting:
    """A pair of entries that meets, or may."""

    a: Entry
    b: Entry
    found: PairSeparation
    minima: Minima
    rule: str


def screen(
    notices: Iterable[Notice],
    *,
    understanding: Understanding | None = None,
    minima: Minima | None = None,
    between: TimeWindow | None = None,
    explain: bool = True,
    propose_most: int = 100,
    progress: Progress | None = None,
) -> ScreeningAnswer:
    """Every pair of volumes of different parties, answered.

    Args:
        understanding: the rules agreed, and the arena.
        minima: separation minima given by hand; where both are given the larger holds in each dimension.
        between: leave out volumes that are not active within the minima of this window.
        explain: work out the meeting area of each conflict; leave it out for millions of them.
        propose_most: look for clearing moves for at most this many of the notices that meet something, in order.
        progress: called with (done, total) as the work goes on.
    Raises:
        NoMinima: neither gives minima for a pair of activities that occurs.
        InvalidVolume: a footprint's geometry or a band of altitudes cannot be; `where` names the notice and volume.
    """
    rules = _rules(understanding, minima)
    arena = rules.arena
    ordered = tuple(sorted(notices, key=lambda n: (n.party, n.reference)))
    scene = Scene(tuple(_entries(ordered, rules, between)), rules)
    meetings, warnings = [], []
    for i, j in scene.meeting_pairs(progress):
        a, b = scene.entries[i], scene.entries[j]
        if Activity.HAZARD_AREA in (a.notice.activity, b.notice.activity):
            warnings.extend(_warning(a, b, arena, explain=explain))
        else:
            meetings.extend(_meeting(a, b, rules))
    conflicts = tuple(_conflict(m, arena, explain=explain) for m in meetings)
    return ScreeningAnswer(
        answer=max((c.answer for c in conflicts), default=Answer.CLEAR),
        notices=ordered,
        conflicts=conflicts,
        warnings=tuple(warnings),
        proposals=_proposals(conflicts, scene, propose_most),
        pair_count=_pair_count(scene.entries),
    )


def _rules(understanding: Understanding | None, minima: Minima | None) -> Understanding:
    if understanding is None and minima is None:
        raise NoMinima(
            "no separation minima were given, and there is no safe default",
            hint="give an understanding, or lateral, vertical and time minima",
        )
    given = () if minima is None else (MinimaRule("given minima", minima),)
    if understanding is None:
        return Understanding("given minima", "", given, WORLD)
    return Understanding(understanding.name, understanding.version, (*understanding.rules, *given), understanding.arena)


def _entries(notices: Sequence[Notice], rules: Understanding, between: TimeWindow | None) -> list[Entry]:
    entries = []
    for notice in notices:
        for index, volume in enumerate(notice.volumes):
            if between is not None and not _may_be_active(volume.window, between, volume.uncertainty.time_s, rules):
                continue
            entry = Entry(VolumeRef(notice, index), prepare(volume, notice.activity))
            with at(notice.source or f"{notice.party} {notice.reference}"), at(f"volumes[{index}]"):
                _check(entry.prepared, rules.arena)
            entries.append(entry)
    return entries


def _check(prepared: Prepared, arena: Arena) -> None:
    """Raises InvalidVolume where the footprint's geometry, or the order of the altitudes, cannot be."""
    with at("footprint"):
        _ = prepared.shape
    band = prepared.volume.altitude
    if band.lower.reference is band.upper.reference:
        return
    from detente.geodesy.altitudes import is_surely_upside_down

    if is_surely_upside_down(band, arena):
        raise InvalidVolume(
            f"altitude_lower {band.lower} is above altitude_upper {band.upper} whatever the ground and the air pressure",
            hint="swap them, or check the references",
            where="altitude",
        )


def _may_be_active(window: TimeWindow, between: TimeWindow, uncertainty_s: float, rules: Understanding) -> bool:
    slack_us = ceil((uncertainty_s + rules.largest().time_s) * MICROSECONDS_PER_SECOND)
    return window.start_us - slack_us <= between.end_us and between.start_us <= window.end_us + slack_us


def _meeting(a: Entry, b: Entry, rules: Understanding) -> list[Meeting]:
    minima, rule = rules.minima_between(a.notice.activity, b.notice.activity)
    found = separation_of(a.prepared, b.prepared, minima, rules.arena)
    return [] if found.answer is Answer.CLEAR else [Meeting(a, b, found, minima, rule)]


def _warning(a: Entry, b: Entry, arena: Arena, *, explain: bool) -> list[HazardWarning]:
    hazard, plan = (a, b) if a.notice.activity is Activity.HAZARD_AREA else (b, a)
    if plan.notice.activity is Activity.HAZARD_AREA:
        return []
    found = separation_of(plan.prepared, hazard.prepared, NO_SEPARATION, arena)
    if found.answer is Answer.CLEAR:
        return []
    area = meeting_area(plan.prepared, hazard.prepared, found, NO_SEPARATION, arena) if explain else None
    return [HazardWarning(plan.ref, hazard.ref, found.answer, area)]


def _conflict(m: Meeting, arena: Arena, *, explain: bool) -> Conflict:
    return Conflict(
        a=m.a.ref,
        b=m.b.ref,
        answer=m.found.answer,
        lateral_m=m.found.lateral_m,
        vertical_m=m.found.vertical_m,
        time_s=m.found.time_s,
        minima=m.minima,
        rule=m.rule,
        reasons=m.found.reasons,
        area=meeting_area(m.a.prepared, m.b.prepared, m.found, m.minima, arena) if explain else None,
    )


def _proposals(conflicts: Sequence[Conflict], scene: Scene, most: int) -> dict[tuple[str, str], tuple[Proposal, ...]]:
    notices = {(n.party, n.reference): n for c in conflicts for n in (c.a.notice, c.b.notice)}
    movable = [key for key in sorted(notices) if MOVES[notices[key].activity]]
    return {key: propose(notices[key], scene) for key in movable[:most]}


def _pair_count(entries: Sequence[Entry]) -> int:
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry.notice.party] = counts.get(entry.notice.party, 0) + 1
    return (len(entries) ** 2 - sum(n * n for n in counts.values())) // 2
