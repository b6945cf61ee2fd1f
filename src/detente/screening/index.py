"""The changing index: every volume that is active, asked while it changes.

Volumes stand under numbers the caller gives them (`notices` keeps notices this way). The answers are those of
`pair.separation_of`, to the letter: the grid only finds candidates, outward; the kernels answer wherever their error allows; the
exact predicate decides the rest.

Readers and a writer: any number of threads may ask while one changes the index; writers wait for each other. Readers go in
together. A change waits for those before it and keeps the others out for the microseconds it takes, so nobody sees half a change.
The kernels run without Python's lock. Arrays grow between changes, beside the readers, and the exact predicate works on copies,
outside.

Cost of a question about one volume: the cells and slots its box lies over (the finest are 22 km and two hours; larger and longer
volumes lie in coarser ones), and what stands in them. Worst cases: with all volumes over one city it is linear in those of the same
hours, 1 ns each and cell, besides what there is to answer; a volume over a continent or for months looks at every row instead,
some milliseconds per million.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detente.domain import WORLD, Activity, Answer, Arena, Minima, UnreadableFile, Volume4D
from detente.geodesy.altitudes import hae_bounds_m
from detente.geodesy.geoid import geoid_bounds_m
from detente.geodesy.wgs84 import Floats
from detente.screening import engine, kernels
from detente.screening.lateral import RESOLUTION_M, distance
from detente.screening.packed import (
    Ints,
    Pack,
    neighbours_together,
    pack_arrays,
    pack_rows,
    pack_volumes,
    prepared_of,
    settings_of,
)
from detente.screening.pair import LATERAL_MARGIN_M, Prepared, separation_of
from detente.screening.shape import Core, Shape

NEVER_COMPARED: Final = (-1.0, -1.0, -1.0)  # a row of the minima table
_MAGIC: Final = b"detente volume index 1\n"
_MOST_BLOCKS: Final = 1 << 14
_MOST_PLACES: Final = kernels.MOST_CELLS * kernels.MOST_SLOTS
_POSITIONS_AT_ONCE: Final = 8192
_CHANGED_AT_ONCE: Final = 256
_MANY_ROWS: Final = 10_000
_LINE: Final = 64


class _Gate:
    """Readers together, a writer alone; a writer that waits goes before readers that come later."""

    def __init__(self) -> None:
        self._door, self._count, self._room = threading.Lock(), threading.Lock(), threading.Lock()
        self._readers = 0

    def __enter__(self) -> None:
        """As a reader."""
        with self._door, self._count:
            self._readers += 1
            if self._readers == 1:
                self._room.acquire()  # released by the last reader to leave

    def __exit__(self, *_: object) -> None:
        with self._count:
            self._readers -= 1
            if self._readers == 0:
                self._room.release()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """As the writer."""
        with self._door, self._room:
            yield


@dataclass(eq=False)
class _Tables:
    """The arrays of the kernels; replaced, never resized, when they grow."""

    real: Floats
    box: NDArray[np.int32]
    lat_lon: Floats
    vertices: Floats
    joins: NDArray[np.uint8]
    pool: NDArray[np.int32]
    table: Ints
    book: Ints

    @classmethod
    def for_rows(cls, count: int) -> _Tables:
        count = max(count, 64)
        book = np.full(kernels.BOOK_SIZE, 0, dtype=np.int64)
        book[kernels.FREE_ROW] = -1
        book[kernels.FREE_BLOCK : kernels.PRESENT] = -1
        book[kernels.EARLIEST], book[kernels.LATEST] = kernels.SECONDS_END, -kernels.SECONDS_END
        return cls(
            _room((count, kernels.ROW_COLUMNS), np.float64),
            _room((count, 8), np.int32),
            _room((6 * count, 2), np.float64),
            _room((6 * count, 3), np.float64),
            _room((6 * count,), np.uint8),
            _room((8 * count, kernels.ENTRY_COLUMNS), np.int32),
            _no_keys(1 << max(10, (count // 4).bit_length())),
            book,
        )

    @property
    def whole(self) -> Ints:
        return self.real.view(np.int64)


def _room(shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
    """An array not yet filled that begins where a cache line does."""
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    memory = np.empty(size + _LINE, dtype=np.uint8)
    first = -memory.ctypes.data % _LINE
    return np.asarray(memory[first : first + size].view(kind).reshape(shape))


def _no_keys(count: int) -> Ints:
    return np.full((count, 4), -1, dtype=np.int64)


class _Scratch(threading.local):
    """What one thread's questions need."""

    def __init__(self) -> None:
        self.blocks = np.empty((_MOST_BLOCKS, 7), dtype=np.int64)
        self.out = np.empty((1 << 14, 3), dtype=np.int64)
        self.in_the_way = np.empty((1 << 12, 4), dtype=np.int64)
        self.active = np.empty((7, 1024), dtype=np.int32)


class VolumeIndex:
    """Active volumes under numbers.

    Args:
        minima: (activities, activities, 3) lateral_m, vertical_m, time_s; symmetric; `NEVER_COMPARED` where two activities
            never meet.
        arena: what altitudes stand for.
        room: how many volumes to make room for at once; it grows by itself.
        run: the kernels; the compiled ones when None.
    """

    def __init__(self, minima: Floats, arena: Arena = WORLD, *, room: int = 0, run: ModuleType | None = None) -> None:
        self.run: Final = engine.compiled() if run is None else run
        self.minima: Final = np.ascontiguousarray(minima, dtype=float)
        self.arena: Final = arena
        self._settings = settings_of(self.minima, arena)
        self._grid = np.zeros((kernels.LEVELS, kernels.GRID_ROWS + 1), dtype=np.int64)
        self.run.lay_grid(self._grid)
        self._ask = self.run.index_query
        self._use(_Tables.for_rows(room))
        self._geoid = np.full((180, 360, 2), np.nan)
        self._first_row: dict[int, int] = {}
        self._places = np.empty((_MOST_PLACES, 2), dtype=np.int64)
        self._scratch = _Scratch()
        self.writing: Final = threading.RLock()
        self.gate: Final = _Gate()

    def __len__(self) -> int:
        return len(self._first_row)

    def __contains__(self, number: int) -> bool:
        return number in self._first_row

    # Making ready

    def pack(self, volumes: Sequence[Volume4D], party: int, activity: Activity) -> Pack:
        """Volumes of one party as the index takes them; ask and insert with the same pack.

        Raises:
            InvalidVolume: a footprint's geometry cannot be.
        """
        return pack_volumes(volumes, party, activity, self._settings, self.run)

    def pack_arrays(self, volumes: engine.VolumeArrays, owner: Ints | None = None) -> Pack:
        """Volumes given as arrays; `hae_m` is not read. Several rows make one volume where `owner` says so."""
        owner = np.arange(len(volumes)) if owner is None else owner
        return pack_arrays(volumes, owner, self._settings, self.run)

    def pack_anew(self, real: Floats, lat_lon: Floats, joins: NDArray[np.uint8], *, wider_m: float = 0.0) -> Pack:
        """Rows with their stated columns filled in as a pack, its boxes widened on the ground; a pack's rows, moved."""
        settings = (
            self._settings + np.eye(1, len(self._settings))[0] * 2 * wider_m
        )  # boxes hold half the largest minimum
        return pack_rows(real, lat_lon, joins, int(real.view(np.int64)[-1, kernels.NUMBER]) + 1, settings, self.run)

    # Changing

    def insert(self, numbers: Sequence[int] | Ints, pack: Pack) -> None:
        """Takes volumes in; `numbers` (volumes,) must be new."""
        self.change((), numbers, pack)

    def delete(self, numbers: Iterable[int]) -> None:
        """Takes volumes out.

        Raises:
            KeyError: a number is not in the index; nothing is taken out.
        """
        self.change(numbers, (), None)

    def change(self, out: Iterable[int], numbers: Sequence[int] | Ints, pack: Pack | None) -> None:
        """Takes volumes out and others in, at once: no reader sees the one without the other. A number may come back in."""
        with self.writing:
            leaving = [int(number) for number in out]
            assert self._first_row.keys().isdisjoint(set(np.asarray(numbers).tolist()) - set(leaving)), "number taken"
            heads = np.array([self._first_row[number] for number in leaving], dtype=np.int64)
            entering = np.asarray(numbers, dtype=np.int64)
            if pack is not None and len(pack.real) > _MANY_ROWS:
                pack = neighbours_together(pack)
            first_rows = np.empty(len(entering), dtype=np.int64)
            with self.gate.alone():
                if pack is not None:
                    self._take_in(entering, pack, first_rows)
                if leaving:
                    t = self._tables
                    self.run.index_delete(
                        t.real, t.box, t.lat_lon, t.pool, t.table, t.book, self._grid, heads, self._places
                    )
                for number in leaving:
                    del self._first_row[number]
                self._first_row.update(zip(entering.tolist(), first_rows.tolist(), strict=True))
            self._make_room()

    def _take_in(self, numbers: Ints, pack: Pack, first_rows: Ints) -> None:
        row, short = 0, -1
        while short != 0:
            t = self._tables
            row, short = self.run.index_insert(
                t.real, t.box, t.lat_lon, t.vertices, t.joins, t.pool, t.table, t.book, self._grid,
                pack.real, pack.box, pack.lat_lon, pack.vertices, pack.joins, numbers, row, first_rows, self._places,
            )  # fmt: skip
            if short:
                self._grow(short)

    def _make_room(self) -> None:
        """Doubles what is nearly full, beside the readers: nobody else writes, and they hold on to what they look at."""
        book, t = self._tables.book, self._tables
        filled = (book[kernels.LIVE], book[kernels.VERTICES], book[kernels.ENTRIES])
        for what, count, room in zip((1, 2, 3), filled, (len(t.real), len(t.vertices), len(t.pool)), strict=True):
            if 8 * count > 7 * room:
                self._grow(what)
        if 2 * book[kernels.KEYS] > len(t.table):
            self._grow(4)

    def _grow(self, what: int) -> None:
        t = self._tables
        if what == 1:
            self._use(replace(t, real=_doubled(t.real), box=_doubled(t.box)))
        elif what == 2:
            more = {name: _doubled(getattr(t, name)) for name in ("lat_lon", "vertices", "joins")}
            self._use(replace(t, **more))
        elif what == 3:
            self._use(replace(t, pool=_doubled(t.pool)))
        else:
            table = _no_keys(2 * len(t.table))
            self.run.index_rehash(t.table, table)
            self._use(replace(t, table=table))

    def _use(self, t: _Tables) -> None:
        self._tables = t
        self._looked_at = t.real, t.box, t.vertices, t.joins, t.pool, t.table, t.book, self._grid, self.minima

    def expire(self, now_us: int) -> tuple[int, ...]:
        """Takes out what ended before `now_us` by more than its time uncertainty and the largest time minimum; returns the numbers.

        Cost: a look at every row, 2 ms per million, beside the readers.
        """
        with self.writing:
            t = self._tables
            before_us = now_us - int(np.ceil(self._settings[2] * 1e6))
            numbers = np.empty(int(t.book[kernels.LIVE]), dtype=np.int64)
            found, earliest_s = self.run.index_ended(t.real, t.box, t.book[kernels.ROWS], before_us, numbers)
            ended = sorted(set(numbers[:found].tolist()))
            for k in range(0, len(ended), _CHANGED_AT_ONCE):
                self.delete(ended[k : k + _CHANGED_AT_ONCE])
            with self.gate.alone():
                self._tables.book[kernels.EARLIEST] = earliest_s
        return tuple(ended)

    # Asking

    def query(self, pack: Pack, minima: Floats | None = None) -> Ints:
        """(k, 3) volume of the pack, number and `Answer`: whatever of other parties is not CLEAR, sorted.

        Args:
            minima: others than the index's own, none of them larger.
        """
        with self.gate:
            rows, most = self._searched(pack, minima)
            if most <= kernels.CONFLICT:
                return rows
            found = self._open(pack, rows, most, minima)
        return found.settled()

    def search(self, pack: Pack) -> Search:
        """What `query` finds, before the exact predicate has settled what the kernels left open. Call it inside `gate`."""
        return self._open(pack, *self._searched(pack))

    def _open(self, pack: Pack, rows: Ints, most: int, minima: Floats | None = None) -> Search:
        if most == kernels.NEEDS_HEIGHT:
            self._find_heights(pack, rows)
            rows, most = self._searched(pack, minima)
        copies = self._copies(rows) if most > kernels.CONFLICT else {}
        return Search(rows, pack, copies, self.minima if minima is None else minima, self.arena)

    def _searched(self, pack: Pack, minima: Floats | None = None) -> tuple[Ints, int]:
        """Rows as the kernels leave them, and the largest answer among them."""
        s, looked_at = self._scratch, self._looked_at if minima is None else (*self._looked_at[:-1], minima)
        count, most = self._ask(*looked_at, pack.real, pack.box, pack.vertices, pack.joins, s.blocks, s.out)
        while count < 0:
            s.out = np.empty((4 * len(s.out), 3), dtype=np.int64)
            count, most = self._ask(*looked_at, pack.real, pack.box, pack.vertices, pack.joins, s.blocks, s.out)
        return s.out[:count].copy(), most

    def in_the_way(self, pack: Pack, minima: Floats, moving: int, reach_m: float = 0.0) -> InTheWay:
        """What meets a pack in the two dimensions in which it would not move; see `kernels.index_in_the_way`.

        Args:
            pack: its boxes stretched by as far as it may move. moving: `kernels.TIME`, `ALTITUDE` or `SIDEWAYS`.
            reach_m: how far sideways.
        """
        with self.gate:
            found = self._in_the_way(pack, minima, moving, reach_m)
            if (found[:, 3] == kernels.NEEDS_HEIGHT).any():
                self._find_heights(pack, self._as_answers(pack, found))
                found = self._in_the_way(pack, minima, moving, reach_m)
            rows, at = np.unique(found[:, 1], return_inverse=True)
            return InTheWay(found[:, 0], at, found[:, 2], found[:, 3], *self._outlines(rows))

    def _in_the_way(self, pack: Pack, minima: Floats, moving: int, reach_m: float) -> Ints:
        s = self._scratch
        while True:
            count = self.run.index_in_the_way(
                *self._looked_at[:-1], minima, pack.real, pack.box, pack.vertices, pack.joins, moving, reach_m, s.blocks,
                s.in_the_way,
            )  # fmt: skip
            if count >= 0:
                return s.in_the_way[:count].copy()
            s.in_the_way = np.empty((4 * len(s.in_the_way), 4), dtype=np.int64)

    def _as_answers(self, pack: Pack, found: Ints) -> Ints:
        numbers = self._tables.whole[found[:, 1], kernels.NUMBER]
        return np.stack([pack.whole[found[:, 0], kernels.NUMBER], numbers, found[:, 3]], axis=1)

    def _outlines(self, rows: Ints) -> tuple[Floats, Floats, NDArray[np.uint8]]:
        """Rows, their vertices and what joins these, copied."""
        t = self._tables
        real, at_vertex = _rows_and_vertices(t.real, rows)
        return real, t.vertices[at_vertex], t.joins[at_vertex]

    def volume(self, number: int) -> Prepared | None:
        """A volume of the index, for the exact predicate; None where there is none any more."""
        with self.gate:
            return self._copy(number).prepared if number in self else None

    def _find_heights(self, pack: Pack, rows: Ints) -> None:
        """Works out heights above the ellipsoid, once in a volume's life, where altitudes in two references came together.

        Other readers may look on: each height is one word, not a number until it is known.
        """
        rows = rows[rows[:, 2] == kernels.NEEDS_HEIGHT]
        for volume in np.unique(rows[:, 0]).tolist():
            own = np.flatnonzero(pack.whole[:, kernels.NUMBER] == volume)
            _set_heights(pack.real, own, prepared_of(pack.real, pack.lat_lon, pack.joins, own.tolist()), self.arena)
        for number in np.unique(rows[:, 1]).tolist():
            self._find_heights_of(number)

    def _find_heights_of(self, number: int) -> None:
        _set_heights(self._tables.real, np.array(self._rows(number)), self._copy(number).prepared, self.arena)

    def _rows(self, number: int) -> list[int]:
        rows, following = [], self._first_row[number]
        while following >= 0:
            rows.append(following)
            following = int(self._tables.whole[following, kernels.NEXT])
        return rows

    def _copies(self, rows: Ints) -> dict[int, _Copy]:
        """Of the volumes whose answers are left open."""
        open_ = rows[rows[:, 2] > Answer.CONFLICT, 1]
        return {number: self._copy(number) for number in set(map(int, open_))}

    def _copy(self, number: int) -> _Copy:
        t, rows = self._tables, self._rows(number)
        activity = int(t.whole[rows[0], kernels.WHO]) & 255
        return _Copy(prepared_of(t.real, t.lat_lon, t.joins, rows), activity)

    def positions(
        self,
        latitude_deg: Floats,
        longitude_deg: Floats,
        height_m: Floats,
        now_us: int,
        *,
        on_found: Callable[[Ints], None] | None = None,
    ) -> tuple[Ints, NDArray[np.int8]]:
        """Which volumes hold, or may hold, positions at one moment.

        Args:
            latitude_deg, longitude_deg: (n,), -90 to 90 and -180 to 180. height_m: (n,) above the ellipsoid; NaN: not known.
            Bands from sea level, ground or pressure are taken to it where the position is, outward.
            on_found: told the numbers found, inside `gate`, before anything more can be taken out.
        Returns:
            (k, 2) position index and number, sorted, and (k,) `Answer`: CONFLICT in the volume as stated, POSSIBLE where an
            uncertainty, a conversion margin or something unstated puts it there.
        Each few thousand positions see the index as it is when their turn comes.
        """
        lat, lon, height_m = (np.ascontiguousarray(x, dtype=float) for x in (latitude_deg, longitude_deg, height_m))
        order = self._by_cell(lat, lon)
        found = [np.zeros((0, 3), dtype=np.int64)]
        for first in range(0, len(lat), _POSITIONS_AT_ONCE):
            part = order[first : first + _POSITIONS_AT_ONCE]
            with self.gate:
                rows = self._holding(lat, lon, height_m, part, now_us)
                copies = self._copies(rows)
                if on_found is not None:
                    on_found(np.unique(rows[:, 1]))
            found.append(_settled_positions(rows, lat, lon, copies))
        rows = np.concatenate(found)
        joined = np.empty_like(rows)
        joined = joined[: self.run.sort_by_position(rows, np.zeros(len(lat) + 1, dtype=np.int64), joined)]
        return joined[:, :2], joined[:, 2].astype(np.int8)

    def _by_cell(self, lat: Floats, lon: Floats) -> Ints:
        """Order by cell; and the geoid is known wherever a position is."""
        cells, order = np.empty(len(lat), dtype=np.int64), np.empty(len(lat), dtype=np.int64)
        degrees = np.zeros(self._geoid.shape[:2], dtype=bool)
        self.run.position_cells(lat, lon, self._grid, cells, degrees)
        for row, column in np.argwhere(degrees & np.isnan(self._geoid[..., 0])).tolist():
            south, west = row - 90.0, column - 180.0
            self._geoid[row, column] = geoid_bounds_m(south, west, south + 0.999999, west + 0.999999)
        cells -= cells.min(initial=1 << 40)
        self.run.sort_by_cell(cells, np.zeros(int(cells.max(initial=0)) + 2, dtype=np.int32), order)
        return order

    def _holding(self, lat: Floats, lon: Floats, height_m: Floats, order: Ints, now_us: int) -> Ints:
        first, parts = 0, []
        last_cell = np.empty((kernels.LEVELS, 1 + 2 * kernels.SLOT_LEVELS), dtype=np.int64)
        t, s = self._tables, self._scratch
        while first < len(order):
            found, reached, wide = self.run.index_positions(
                t.real, t.vertices, t.joins, t.pool, t.table, t.book, self._grid, self._settings, self._geoid,
                lat, lon, height_m, order, first, len(order), now_us, last_cell, s.active, s.out,
            )  # fmt: skip
            parts.append(s.out[:found].copy())
            if wide:
                s.active = np.empty((7, 2 * wide), dtype=np.int32)
            elif reached == first:
                s.out = np.empty((4 * len(s.out), 3), dtype=np.int64)
            first = reached
        return np.concatenate(parts) if parts else np.zeros((0, 3), dtype=np.int64)

    # Keeping

    def snapshot(self) -> bytes:
        """Everything in the index, from which `rebuilt` makes one that gives the same answers."""
        with self.gate:
            t = self._tables
            numbers = sorted(self._first_row)
            rows = np.array([row for number in numbers for row in self._rows(number)], dtype=np.int64)
            real, at_vertex = _rows_and_vertices(t.real, rows)
            lat_lon, joins = t.lat_lon[at_vertex], t.joins[at_vertex]
        real.view(np.int64)[:, [kernels.FIRST, kernels.NEXT, kernels.NEXT + 1]] = 0
        real[:, list(_WORKED_OUT)] = 0.0
        return sealed(_MAGIC, [real, lat_lon, joins])

    @classmethod
    def rebuilt(
        cls, snapshot: bytes, minima: Floats, arena: Arena = WORLD, *, run: ModuleType | None = None
    ) -> VolumeIndex:
        """The index of a snapshot, under the minima and arena given.

        Raises:
            UnreadableFile: the snapshot is damaged, or of another kind or version.
        """
        real, lat_lon, joins = unsealed(_MAGIC, snapshot, 3)
        index = cls(minima, arena, room=len(real), run=run)
        whole = real.view(np.int64)
        numbers, owner = np.unique(whole[:, kernels.NUMBER], return_inverse=True)
        whole[:, kernels.NUMBER], whole[:, kernels.NEXT] = owner, -1
        index.insert(numbers, pack_rows(real, lat_lon, joins, len(numbers), index._settings, index.run))
        return index


_WORKED_OUT: Final = (
    kernels.X, kernels.Y, kernels.Z, kernels.INNER, kernels.OUTER,
    kernels.LOWER_LEAST, kernels.LOWER_MOST, kernels.UPPER_LEAST, kernels.UPPER_MOST,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Copy:
    """A volume taken out of the arrays, for the exact predicate."""

    prepared: Prepared
    activity: int


@dataclass(frozen=True, eq=False)
class Search:
    """What a question found: rows as the kernels left them, and copies of the volumes whose answer they left open."""

    rows: Ints
    pack: Pack
    copies: dict[int, _Copy]
    minima: Floats
    arena: Arena

    def settled(self) -> Ints:
        """(k, 3) volume of the pack, number and `Answer`, none of them CLEAR."""
        rows = self.rows
        if not self.copies:
            return rows
        for k in np.flatnonzero(rows[:, 2] > Answer.CONFLICT).tolist():
            rows[k, 2] = self._exact(int(rows[k, 0]), int(rows[k, 1]))
        return np.asarray(rows[rows[:, 2] != Answer.CLEAR])

    def _exact(self, volume: int, number: int) -> Answer:
        pack, other = self.pack, self.copies[number]
        rows = np.flatnonzero(pack.whole[:, kernels.NUMBER] == volume).tolist()
        own = prepared_of(pack.real, pack.lat_lon, pack.joins, rows)
        rule = Minima(*self.minima[int(pack.whole[rows[0], kernels.WHO]) & 255, other.activity].tolist())
        return separation_of(own, other.prepared, rule, self.arena).answer


@dataclass(frozen=True, eq=False)
class InTheWay:
    """What a pack would have to keep clear of, copied out of the index.

    Attributes:
        own, other: (k,) row of the pack, row of `real`. lateral, vertical: (k,) answers of the kernels.
        real: (n, 24) rows. vertices: (v, 3). joins: (v,).
    """

    own: Ints
    other: Ints
    lateral: Ints
    vertical: Ints
    real: Floats
    vertices: Floats
    joins: NDArray[np.uint8]

    @property
    def whole(self) -> Ints:
        """The rows seen as whole numbers."""
        return self.real.view(np.int64)


def _rows_and_vertices(real: Floats, rows: Ints) -> tuple[Floats, Ints]:
    """Rows copied, as if their vertices followed one another, and where these stand now."""
    real = real[rows]
    first, counts = real.view(np.int64)[:, kernels.FIRST], real.view(np.int64)[:, kernels.COUNT]
    new_first = np.cumsum(counts) - counts
    at_vertex = np.repeat(first - new_first, counts) + np.arange(int(counts.sum()))
    real.view(np.int64)[:, kernels.FIRST] = new_first
    return real, at_vertex


def _set_heights(real: Floats, rows: Ints, prepared: Prepared, arena: Arena) -> None:
    band, box_deg = prepared.volume.altitude, prepared.shape.box_deg
    for column, limit in ((kernels.LOWER_LEAST, band.lower), (kernels.UPPER_LEAST, band.upper)):
        real[rows, column], real[rows, column + 1] = hae_bounds_m(limit, *box_deg, arena)


def _settled_positions(rows: Ints, lat: Floats, lon: Floats, copies: dict[int, _Copy]) -> Ints:
    """The exact predicate for positions within centimetres of a rim, or in a footprint hundreds of kilometres wide."""
    for k in np.flatnonzero(rows[:, 2] > Answer.CONFLICT).tolist() if copies else ():
        position, number, answer = rows[k].tolist()
        other = copies[number].prepared
        slack_m = other.volume.uncertainty.position_m + LATERAL_MARGIN_M
        apart_m = distance(_point(lat[position], lon[position]), other.shape, beyond_m=slack_m).distance_m
        lateral = Answer.CLEAR if apart_m > slack_m else Answer.POSSIBLE if apart_m > RESOLUTION_M else Answer.CONFLICT
        rows[k, 2] = min(lateral, Answer.CONFLICT if answer == kernels.UNDECIDED else Answer.POSSIBLE)
    settled: Ints = rows[rows[:, 2] != Answer.CLEAR]
    return settled


def _point(lat_deg: float, lon_deg: float) -> Shape:
    none = np.zeros(0, dtype=np.intp)
    core = Core(np.array([lat_deg]), np.array([lon_deg]), np.zeros(1, dtype=np.intp), 0.0, none, none, np.zeros((0, 3)))
    return Shape((core,))


def _doubled(array: NDArray[Any]) -> NDArray[Any]:
    larger = _room((2 * len(array), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


def sealed(magic: bytes, arrays: Sequence[NDArray[Any]]) -> bytes:
    """Arrays as bytes that begin with `magic` and notice any damage."""
    body = BytesIO()
    for array in arrays:
        np.lib.format.write_array(body, array, allow_pickle=False)
    content = body.getvalue()
    return magic + sha256(content).digest() + content


def unsealed(magic: bytes, snapshot: bytes, count: int) -> list[NDArray[Any]]:
    """The arrays of `sealed`.

    Raises:
        UnreadableFile: damaged, or not begun with `magic`.
    """
    if not snapshot.startswith(magic):
        raise UnreadableFile(f"not a {magic.decode().strip()}", hint="rebuild the index from the notices themselves")
    digest, content = snapshot[len(magic) : len(magic) + 32], snapshot[len(magic) + 32 :]
    if sha256(content).digest() != digest:
        raise UnreadableFile("the snapshot is damaged", hint="rebuild the index from the notices themselves")
    body = BytesIO(content)
    return [np.lib.format.read_array(body, allow_pickle=False) for _ in range(count)]
