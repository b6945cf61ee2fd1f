"""Screening: do any of these notices meet, where, when, how closely, and under which rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

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
    Unmeasured,
    VolumeRef,
    at,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.screening.candidates import Indices, Progress
from detente.screening.explain import meeting_area
from detente.screening.pair import PairSeparation, Prepared, prepare, separation_of
from detente.screening.proposals import MOVES, propose
from detente.screening.scene import NO_SEPARATION, Entry, Found, Scene


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
    measure_most: int = 5_000,
    propose_most: int = 100,
    progress: Progress | None = None,
) -> ScreeningAnswer:
    """Every pair of volumes of different parties, answered.

    Args:
        understanding: the rules agreed, and the arena.
        minima: separation minima given by hand; where both are given the larger holds in each dimension.
        between: leave out volumes that are not active within the minima of this window.
        explain: work out the meeting area of each conflict.
        measure_most: measure and explain at most this many of the pairs of volumes that meet; the others are named with their
            answer in `unmeasured`. Each pair of notices comes first with its gravest, earliest pair of volumes. Where fewer than
            10,000 pairs come near each other all are measured.
        propose_most: look for clearing moves for at most this many of the notices that meet something, in order.
        progress: called with (done, total) of what is under way: finding pairs that meet, then measuring them.
    Raises:
        NoMinima: neither gives minima for a pair of activities that occurs.
        InvalidVolume: a footprint's geometry or a band of altitudes cannot be; `where` names the notice and volume.
    """
    rules = _rules(understanding, minima)
    ordered = tuple(sorted(notices, key=lambda n: (n.party, n.reference)))
    scene = Scene(tuple(_entries(ordered, rules, between)), rules)
    found = scene.meeting_pairs(progress)
    measured, rest = _split(scene, found, measure_most)
    conflicts, warnings = _measured(scene, found.pairs[measured].tolist(), explain=explain, progress=progress)
    unmeasured, unmeasured_warnings = _unmeasured(scene, found, rest)
    met: tuple[Conflict | Unmeasured, ...] = (*conflicts, *unmeasured)
    return ScreeningAnswer(
        answer=max((c.answer for c in met), default=Answer.CLEAR),
        notices=ordered,
        conflicts=conflicts,
        warnings=(*warnings, *unmeasured_warnings),
        proposals=_proposals(met, scene, propose_most, crowded=not found.open),
        pair_count=_pair_count(scene.entries),
        unmeasured=unmeasured,
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


def _split(scene: Scene, found: Found, most: int) -> tuple[Indices, Indices]:
    """Which of the pairs to measure, and which not: the gravest and earliest of each pair of notices first, then the next of each."""
    if found.open or len(found.pairs) <= most:
        return np.arange(len(found.pairs)), np.zeros(0, dtype=np.int64)
    notice = np.cumsum([k > 0 and e.notice is not scene.entries[k - 1].notice for k, e in enumerate(scene.entries)])
    i, j = found.pairs.T
    start_us = np.maximum(scene.table.start_us[i], scene.table.start_us[j])
    between = notice[i] * len(scene.entries) + notice[j]
    order = np.lexsort((j, i, start_us, -found.answers, between))
    fresh = np.flatnonzero(np.diff(between[order], prepend=-1))
    nth = np.arange(len(order)) - np.repeat(fresh, np.diff(fresh, append=len(order)))
    order = order[np.lexsort((start_us[order], -found.answers[order], nth))]
    return np.sort(order[:most]), np.sort(order[most:])


def _measured(
    scene: Scene, pairs: Sequence[tuple[int, int]], *, explain: bool, progress: Progress | None
) -> tuple[tuple[Conflict, ...], list[HazardWarning]]:
    conflicts: list[Conflict] = []
    warnings: list[HazardWarning] = []
    for k, (i, j) in enumerate(pairs):
        a, b = scene.entries[i], scene.entries[j]
        if Activity.HAZARD_AREA in (a.notice.activity, b.notice.activity):
            warnings.extend(_warning(a, b, scene.rules.arena, explain=explain))
        else:
            conflicts.extend(_conflict(m, scene.rules.arena, explain=explain) for m in _meeting(a, b, scene.rules))
        if progress:
            progress(k + 1, len(pairs))
    return tuple(conflicts), warnings


def _unmeasured(scene: Scene, found: Found, rest: Indices) -> tuple[tuple[Unmeasured, ...], list[HazardWarning]]:
    met, warnings = [], []
    answers = {int(answer): answer for answer in Answer}
    for (i, j), answer in zip(found.pairs[rest].tolist(), found.answers[rest].tolist(), strict=True):
        a, b = scene.entries[i], scene.entries[j]
        hazards = [e for e in (a, b) if e.notice.activity is Activity.HAZARD_AREA]
        if not hazards:
            met.append(Unmeasured(a.ref, b.ref, answers[answer]))
        elif len(hazards) == 1:
            plan = b if hazards[0] is a else a
            warnings.append(HazardWarning(plan.ref, hazards[0].ref, answers[answer]))
    return tuple(met), warnings


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


def _proposals(
    met: Sequence[Conflict | Unmeasured], scene: Scene, most: int, *, crowded: bool
) -> dict[tuple[str, str], tuple[Proposal, ...]]:
    notices = {(n.party, n.reference): n for c in met for n in (c.a.notice, c.b.notice)}
    movable = [key for key in sorted(notices) if MOVES[notices[key].activity]][:most]
    if not crowded or not movable:
        return {key: propose(notices[key], scene) for key in movable}
    from detente.screening.notices import proposer

    propose_in_the_crowd = proposer(scene)
    return {key: propose_in_the_crowd(notices[key]) for key in movable}


def _pair_count(entries: Sequence[Entry]) -> int:
    """Pairs of different parties, less those of two hazard areas, which are never compared."""
    return _pairs_of_parties(entries) - _pairs_of_parties(
        [entry for entry in entries if entry.notice.activity is Activity.HAZARD_AREA]
    )


def _pairs_of_parties(entries: Sequence[Entry]) -> int:
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry.notice.party] = counts.get(entry.notice.party, 0) + 1
    return (len(entries) ** 2 - sum(n * n for n in counts.values())) // 2
