"""Clearing moves against millions of volumes: what `proposals.propose` says, found in the changing index.

A notice that moves in time keeps its place and height, one that moves in altitude its place and hours, one that moves sideways
its hours and height. So the index is asked once a dimension, with the notice's boxes stretched in that dimension only, and the
kernels answer the two others once for each volume found. Time and altitude are then arithmetic: each volume forbids one run of
steps. Sideways the places are tried one after the other, nearest first, until a place is free.

The kernels find; the exact predicate decides what they leave open, and every move is proved by asking the index about the moved
notice. What the index takes in meanwhile may make that proof fail: then the next move is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import radians
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from detente.domain import Activity, AltitudeReference, InvalidVolume, Notice, Proposal, TooLarge, Volume4D
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_START_US
from detente.geodesy import wgs84
from detente.geodesy.altitudes import hae_bounds_m
from detente.geodesy.wgs84 import Floats
from detente.screening import kernels
from detente.screening.engine import REFERENCE_CODES
from detente.screening.index import NEVER_COMPARED, InTheWay, VolumeIndex
from detente.screening.packed import ACTIVITIES, Ints, Pack
from detente.screening.pair import Prepared, lateral_separation_m, prepare
from detente.screening.plane import flat_core, plane_middle
from detente.screening.proposals import (
    ALTITUDE_STEP_M,
    BEARINGS_DEG,
    MOST_SIDEWAYS_STEPS,
    MOST_TIME_STEPS,
    MOVES,
    SIDEWAYS_STEP_M,
    TIME_STEP_S,
    Dimension,
    Plane,
    altitude_steps,
    bearings_hold,
    forbidden_times,
    misplaced,
    moved_volume,
    room_looked_at_m,
    roomiest_first,
    smallest_step,
    steps_short,
)

_ROUNDING_M: Final = 0.1
_FIRST_STEPS: Final = 4  # looked at together, then three times as many: most notices find a place nearby
_MOST_VERTICES: Final = 100_000  # of all places looked at together
_KNOWN_HEIGHTS: Final = tuple(
    REFERENCE_CODES[r] for r in (AltitudeReference.HAE, AltitudeReference.UNLIMITED, AltitudeReference.UNSTATED)
)


def propose(
    notice: Notice,
    volumes: Sequence[Volume4D],
    index: VolumeIndex,
    party: int,
    *,
    among: Sequence[Dimension] = get_args(Dimension),
    most_pairs: int | None = None,
    now_us: int | None = None,
) -> tuple[Proposal, ...]:
    """The smallest clearing move in each dimension that makes sense for the notice's activity, against everything active.

    Args:
        volumes: the notice's own, or those of them that count. index: its minima are those of all `ACTIVITIES`.
        party: its code in the index.
        among: the dimensions to look in. most_pairs: with how many pairs of volumes in the way it is worth looking.
        now_us: no volume is moved to before it; anywhere when None.
    Raises:
        InvalidVolume: a footprint's geometry cannot be.
        TooLarge: more than `most_pairs` are in the way.
    """
    dimensions = [dimension for dimension in MOVES[notice.activity] if dimension in among]
    if not dimensions:
        return ()
    asked = _Asked(notice, tuple(volumes), index, party, _between_plans(index.minima), most_pairs, now_us)
    if asked.is_clear():
        return ()
    find = {"time": _in_time, "altitude": _in_altitude, "sideways": _sideways}
    found = (find[dimension](asked) for dimension in dimensions)
    return tuple(proposal for proposal in found if proposal is not None)


def _between_plans(minima: Floats) -> Floats:
    """The minima without hazard areas: entering one is a warning, never a conflict."""
    plans, hazard = minima.copy(), ACTIVITIES.index(Activity.HAZARD_AREA)
    plans[hazard], plans[:, hazard] = NEVER_COMPARED, NEVER_COMPARED
    return plans


class _Asked:
    """One notice, and the index it is to be cleared against."""

    def __init__(
        self,
        notice: Notice,
        volumes: tuple[Volume4D, ...],
        index: VolumeIndex,
        party: int,
        minima: Floats,
        most_pairs: int | None,
        now_us: int | None,
    ) -> None:
        self.most_pairs, self.now_us = most_pairs, now_us
        self.notice, self.volumes, self.index, self.party, self.minima = notice, volumes, index, party, minima
        self.pack = index.pack(volumes, party, notice.activity)
        self._others: dict[int, Prepared | None] = {}

    def is_clear(self, proposal: Proposal | None = None) -> bool:
        """Whether the notice, moved as proposed, is CLEAR of everything active."""
        try:
            volumes = self.volumes if proposal is None else [moved_volume(v, proposal) for v in self.volumes]
            pack = self.pack if proposal is None else self.index.pack(volumes, self.party, self.notice.activity)
        except InvalidVolume:  # a sliver, bent across itself
            return False
        return not len(self.index.query(pack, self.minima))

    def in_the_way(self, pack: Pack, moving: int, reach_m: float = 0.0) -> InTheWay:
        """As `VolumeIndex.in_the_way`. Raises TooLarge: more than is worth looking at."""
        near = self.index.in_the_way(pack, self.minima, moving, reach_m)
        if self.most_pairs is not None and len(near.own) > self.most_pairs:
            raise TooLarge(f"{len(near.own)} pairs of volumes are in the way; the limit is {self.most_pairs}")
        return near

    def other(self, number: int) -> Prepared | None:
        """A volume of the index; None where it is gone meanwhile."""
        if number not in self._others:
            self._others[number] = self.index.volume(number)
        return self._others[number]

    def lateral_m(self, other_activity: int) -> float:
        """The lateral minimum to volumes of an activity."""
        return float(self.minima[ACTIVITIES.index(self.notice.activity), other_activity, 0])

    def own_volume(self, row: int) -> Volume4D:
        """The volume that a row of the pack is a core of."""
        return self.volumes[int(self.pack.whole[row, kernels.NUMBER])]


def _smallest(
    asked: _Asked,
    near: InTheWay,
    first: Ints,
    last: Ints,
    steps: range,
    dimension: Literal["time", "altitude"],
    size: float,
) -> Proposal | None:
    """The smallest step that nothing forbids; what the kernels left open is decided only where it stands in the way."""
    runs, is_open = np.stack([first, last], axis=1), near.lateral == kernels.UNDECIDED
    held = [(a, b) for a, b in np.unique(runs[~is_open & (first <= last)], axis=0).tolist()]
    undecided = np.flatnonzero(is_open & (first <= last)).tolist()
    while (step := smallest_step(held, steps[-1], steps[0])) is not None:
        doubted = [k for k in undecided if first[k] <= step <= last[k]]
        undecided = [k for k in undecided if k not in doubted]
        meeting = [(int(first[k]), int(last[k])) for k in doubted if _pair_meets_laterally(asked, near, k)]
        held += meeting
        if meeting or step == 0:
            if not meeting:
                return None
            continue
        proposal = Proposal(asked.notice, dimension, step * size)
        if asked.is_clear(proposal):
            return proposal
        held.append((step, step))
    return None


def _pair_meets_laterally(asked: _Asked, near: InTheWay, k: int, moved: Proposal | None = None) -> bool:
    volume = asked.own_volume(int(near.own[k]))
    own = prepare(volume if moved is None else moved_volume(volume, moved), asked.notice.activity)
    row = near.whole[near.other[k]]
    other, within_m = asked.other(int(row[kernels.NUMBER])), asked.lateral_m(int(row[kernels.WHO]) & 255)
    return other is not None and lateral_separation_m(own, other, within_m)[0].least <= within_m


def _between(asked: _Asked, near: InTheWay) -> Floats:
    """(k, 3) the minima between the pairs."""
    return np.asarray(asked.minima[ACTIVITIES.index(asked.notice.activity), near.whole[near.other, kernels.WHO] & 255])


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_time(asked: _Asked) -> Proposal | None:
    reach_s, end_s = MOST_TIME_STEPS * TIME_STEP_S, kernels.SECONDS_END
    box = asked.pack.box.copy()
    box[:, kernels.FROM_S] = np.maximum(box[:, kernels.FROM_S] - reach_s, -end_s)
    box[:, kernels.TO_S] = np.minimum(box[:, kernels.TO_S] + reach_s, end_s)
    near = asked.in_the_way(replace(asked.pack, box=box), kernels.TIME)
    own, other = asked.pack.whole[near.own], near.whole[near.other]
    within_us = np.floor(_between(asked, near)[:, 2] * MICROSECONDS_PER_SECOND).astype(np.int64)
    first, last = forbidden_times(
        own[:, kernels.START],
        own[:, kernels.END],
        other[:, kernels.START],
        other[:, kernels.END],
        own[:, kernels.TIME_SLACK] + other[:, kernels.TIME_SLACK] + within_us,
    )
    steps = range(_earliest_step(asked), MOST_TIME_STEPS + 1)
    return _smallest(asked, near, first, last, steps, "time", float(TIME_STEP_S))


def _earliest_step(asked: _Asked) -> int:
    """How far back a notice may go, at most 0: what begins in the past, or is to, is no proposal. An open start counts by its end."""
    if asked.now_us is None:
        return -MOST_TIME_STEPS
    windows = [volume.window for volume in asked.volumes]
    from_us = min(w.start_us if w.start_us > OPEN_START_US else w.end_us for w in windows)
    back = (from_us - asked.now_us) // (TIME_STEP_S * MICROSECONDS_PER_SECOND)
    return -min(max(back, 0), MOST_TIME_STEPS)


# ── altitude ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_altitude(asked: _Asked) -> Proposal | None:
    pack, steps = asked.pack, altitude_steps(asked.volumes)
    lifted = _lifted(asked, steps)
    box = pack.box.copy()
    for at in (lifted[0], lifted[-1]):
        there = asked.index.pack_anew(at.copy(), pack.lat_lon, pack.joins).box
        box[:, kernels.LOW_DM] = np.minimum(box[:, kernels.LOW_DM], there[:, kernels.LOW_DM])
        box[:, kernels.HIGH_DM] = np.maximum(box[:, kernels.HIGH_DM], there[:, kernels.HIGH_DM])
    near = asked.in_the_way(replace(pack, box=box), kernels.ALTITUDE)
    _find_heights(asked, lifted, steps, near)
    pairs, held = np.stack([near.own, near.other], axis=1), np.empty((len(near.own), 2), dtype=np.int64)
    asked.index.run.forbidden_heights(near.real, lifted, pairs, asked.minima, held)
    held += steps[0]
    return _smallest(asked, near, held[:, 0], held[:, 1], steps, "altitude", ALTITUDE_STEP_M)


def _lifted(asked: _Asked, steps: range) -> Floats:
    """(steps, rows, 24) the rows of the pack at each step; heights above the ellipsoid only where they need no conversion."""
    lifted = np.repeat(asked.pack.real[None], len(steps), axis=0)
    flags = lifted.view(np.int64)[:, :, kernels.FLAGS]
    by_m = (np.array(steps, dtype=float) * ALTITUDE_STEP_M)[:, None]
    for column, place in ((kernels.LOWER, 2), (kernels.UPPER, 6)):
        lifted[:, :, column] += by_m
        known = np.isin((flags >> place) & 15, _KNOWN_HEIGHTS)
        least = kernels.LOWER_LEAST if column == kernels.LOWER else kernels.UPPER_LEAST
        lifted[:, :, least] = np.where(known, lifted[:, :, column], np.nan)
        lifted[:, :, least + 1] = lifted[:, :, least]
    if asked.notice.activity is not Activity.SUBSURFACE_OPERATION:
        is_agl = ((flags >> 2) & 15) == REFERENCE_CODES[AltitudeReference.AGL]
        under = is_agl & (lifted[:, :, kernels.LOWER] < 0.0)
        lifted.view(np.int64)[:, :, kernels.FLAGS] = np.where(
            under, flags | kernels.BELOW_GROUND, flags & ~kernels.BELOW_GROUND
        )
    return lifted


def _find_heights(asked: _Asked, lifted: Floats, steps: range, near: InTheWay) -> None:
    """Fills in heights above the ellipsoid, at each step, of the rows that are compared across references."""
    for row in np.unique(near.own[_in_two_references(asked, near)]).tolist():
        volume = asked.own_volume(row)
        box_deg, band = prepare(volume).shape.box_deg, volume.altitude
        for column, limit in ((kernels.LOWER_LEAST, band.lower), (kernels.UPPER_LEAST, band.upper)):
            if np.isnan(lifted[0, row, column]):
                arena = asked.index.arena
                lifted[:, row, column : column + 2] = [
                    hae_bounds_m(limit.shifted(step * ALTITUDE_STEP_M), *box_deg, arena) for step in steps
                ]


# ── sideways ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Places:
    """Places a notice may move to, the nearest first: its rows at one after the other, and how far they may be off (m) at each."""

    rows: Pack
    off_m: Floats
    moves: list[tuple[int, float]]


def _sideways(asked: _Asked) -> Proposal | None:
    footprints = [volume.footprint for volume in asked.volumes]
    if not bearings_hold(footprints):
        return None
    doubt = misplaced(footprints)
    reach_m = MOST_SIDEWAYS_STEPS * SIDEWAYS_STEP_M * (1.02 + doubt)
    pack = asked.pack
    wide = asked.index.pack_anew(pack.real.copy(), pack.lat_lon, pack.joins, wider_m=reach_m)
    near = asked.in_the_way(wide, kernels.SIDEWAYS, reach_m)
    search = _Sideways(asked, near)
    step, count = 1, _FIRST_STEPS
    while step <= MOST_SIDEWAYS_STEPS:
        count = max(1, min(count, _MOST_VERTICES // (len(BEARINGS_DEG) * len(pack.lat_lon))))
        after = min(step + count, MOST_SIDEWAYS_STEPS + 1)
        proposal = search.first_clear(_places(asked, range(step, after), doubt))
        if proposal is not None:
            return proposal
        step, count = max(after, int(search.first_step.min())), 3 * count
    return None


class _Sideways:
    """What is known of the bearings so far, as the places are tried from the nearest on."""

    def __init__(self, asked: _Asked, near: InTheWay) -> None:
        self.asked, self.near = asked, near
        self.met = near.vertical != kernels.CLEAR
        self.pairs = np.stack([near.own, near.other, self.met], axis=1).astype(np.int64)
        self.blockers = np.full(len(BEARINGS_DEG), -1, dtype=np.int64)
        self.first_step = np.ones(len(BEARINGS_DEG), dtype=np.int64)
        self.doubts = np.empty(len(self.pairs), dtype=np.int64)
        self.planes: dict[int, Plane | None] = {}

    def first_clear(self, places: _Places) -> Proposal | None:
        """The place that leaves most room of the nearest ones that are clear, proved to be."""
        free: list[tuple[float, list[int]]] = []
        free_step = 0
        for step, bearing_deg, doubts in self._free(places):
            if step != free_step:
                proposal = self._roomiest(free_step, free)
                if proposal is not None:
                    return proposal
                free, free_step = [], step
            free.append((bearing_deg, doubts))
        return self._roomiest(free_step, free)

    def _free(self, places: _Places) -> Iterator[tuple[int, float, list[int]]]:
        """Step and bearing of places where nothing surely is in the way, in order, and the pairs that may be."""
        near, rows, place = self.near, places.rows, -1
        while True:
            not_before = (self.first_step - places.moves[0][0]) * len(BEARINGS_DEG)
            place, found = self.asked.index.run.first_free_move(
                rows.real, rows.vertices, rows.joins, place + 1, places.off_m, near.real, near.vertices, near.joins,
                self.pairs, self.asked.minima, self.blockers, not_before, self.doubts,
            )  # fmt: skip
            if place == len(places.moves):
                return
            step, bearing_deg = places.moves[place]
            doubts = self.doubts[:found].tolist()
            if not self._falls_short(step, bearing_deg, doubts):
                yield step, bearing_deg, doubts

    def _roomiest(self, step: int, free: list[tuple[float, list[int]]]) -> Proposal | None:
        """The move of so many steps that leaves most room, proved to clear; None where none does."""
        doubts = dict(free)
        plane = self._plane_about(step) if len(free) > 1 else None
        for bearing_deg in roomiest_first(plane, step, list(doubts)) if plane else list(doubts):
            proposal = Proposal(self.asked.notice, "sideways", step * SIDEWAYS_STEP_M, bearing_deg)
            if self._clears(proposal, doubts[bearing_deg]):
                return proposal
        return None

    def _plane_about(self, step: int) -> Plane | None:
        """Everything that may be as near as room is looked at after a move of so many steps, in the plane; None where nothing is."""
        own, other = self.asked.pack.real[self.near.own], self.near.real[self.near.other]
        xyz = slice(kernels.X, kernels.Z + 1)
        apart_m = np.sqrt(np.sum((own[:, xyz] - other[:, xyz]) ** 2, axis=1))
        within_m = own[:, kernels.OUTER] + own[:, kernels.SLACK] + other[:, kernels.OUTER] + other[:, kernels.SLACK]
        within_m += (
            _between(self.asked, self.near)[:, 0]
            + 1.02 * step * SIDEWAYS_STEP_M
            + 1.1 * room_looked_at_m(step)
            + 1_000.0
        )
        about = np.flatnonzero(self.met & (apart_m <= within_m)).tolist()
        mine: dict[int, Prepared] = {}
        pairs = {}
        for k in about:
            number, whole = (
                int(self.asked.pack.whole[self.near.own[k], kernels.NUMBER]),
                self.near.whole[self.near.other[k]],
            )
            there = self.asked.other(int(whole[kernels.NUMBER]))
            if there is not None:
                moving = mine.setdefault(number, prepare(self.asked.volumes[number], self.asked.notice.activity))
                pairs[number, int(whole[kernels.NUMBER])] = (
                    moving,
                    there,
                    self.asked.lateral_m(int(whole[kernels.WHO]) & 255),
                )
        return _plane_of(list(pairs.values())) if pairs else None

    def _falls_short(self, step: int, bearing_deg: float, doubts: list[int]) -> bool:
        """Whether one of the pairs that the kernels leave open is in the way, seen in a plane; then how far on is worth a look.

        These are the shapes hundreds of kilometres wide, which would otherwise go through the exact predicate at every place.
        """
        short_m = max((self._short_by_m(k, step, bearing_deg) for k in doubts if self.met[k]), default=0.0)
        if short_m > 0.0:
            self.first_step[BEARINGS_DEG.tolist().index(bearing_deg)] = step + steps_short(short_m)
        return short_m > 0.0

    def _short_by_m(self, k: int, step: int, bearing_deg: float) -> float:
        if k not in self.planes:
            self.planes[k] = self._plane(k)
        plane = self.planes[k]
        return 0.0 if plane is None else plane.short_by_m(step * SIDEWAYS_STEP_M, radians(bearing_deg))

    def _plane(self, k: int) -> Plane | None:
        own = prepare(self.asked.own_volume(int(self.near.own[k])), self.asked.notice.activity)
        other = self.near.whole[self.near.other[k]]
        there = self.asked.other(int(other[kernels.NUMBER]))
        if there is None:
            return None
        lateral_m = self.asked.lateral_m(int(other[kernels.WHO]) & 255)
        return _plane_of([(own, there, lateral_m)])

    def _clears(self, proposal: Proposal, doubts: list[int]) -> bool:
        """Whether a move to where nothing surely is in the way clears.

        Bands of two references may part over another sea; as in `proposals`, that alone does not count as clear.
        """
        asked, near = self.asked, self.near
        if not asked.is_clear(proposal):
            return False
        across = _in_two_references(asked, near)
        return not any(_pair_meets_laterally(asked, near, k, proposal) for k in doubts if self.met[k] and across[k])


def _plane_of(pairs: Sequence[tuple[Prepared, Prepared, float]]) -> Plane:
    return Plane.of(pairs, lambda core, about: flat_core(core, plane_middle(about)))


def _in_two_references(asked: _Asked, near: InTheWay) -> NDArray[np.bool_]:
    """(k,) whether a lower limit and the other's upper one have different references."""
    own, other = asked.pack.whole[near.own, kernels.FLAGS], near.whole[near.other, kernels.FLAGS]
    return np.asarray(((own >> 2 & 15) != (other >> 6 & 15)) | ((own >> 6 & 15) != (other >> 2 & 15)))


def _places(asked: _Asked, steps: range, doubt: float) -> _Places:
    """All bearings at each of the steps."""
    pack = asked.pack
    moves = [(step, bearing_deg) for step in steps for bearing_deg in BEARINGS_DEG.tolist()]
    by_m, bearing_deg = np.array([(step * SIDEWAYS_STEP_M, bearing) for step, bearing in moves]).T
    lat, lon = wgs84.direct(pack.lat_lon[:, 0], pack.lat_lon[:, 1], bearing_deg[:, None], by_m[:, None])
    rows = asked.index.pack_anew(
        np.tile(pack.real, (len(moves), 1)),
        np.stack([lat.ravel(), lon.ravel()], axis=1),
        np.tile(pack.joins, len(moves)),
    )
    return _Places(rows, _ROUNDING_M + doubt * by_m, moves)
