"""S2 cells: their ids, where they lie, and which of them lie near a line. Arrays in, arrays out.

Latitude and longitude are read as if on a sphere, as everyone does who keys WGS 84 data by S2 cells; a cell is a quadrangle
of great circles there, edges included. Cells nest exactly. The arithmetic is S2's own (quadratic projection, Hilbert order),
written out here and held against the s2geometry library by test, for three reasons: a generalised view has to come out
byte for byte the same in a browser and in ten years; the library's buffered regions err by a share of their radius that is
nobody's contract; and there is no wheel of it for Linux on ARM or for Windows.

Source: S2 Geometry, s2coords and s2cell_id; https://s2geometry.io/devguide/s2cell_hierarchy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, sqrt
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.domain import InvalidVolume
from detente.geodesy.wgs84 import Floats

Ints: TypeAlias = NDArray[np.int64]
Ids: TypeAlias = NDArray[np.uint64]

FINEST_LEVEL: Final = 30
_DOWN: Final = (
    1e-12  # every bound below gives way by this much, 6 micrometres on the ground: rounding cannot lose a cell
)

# outward normal, first and second axis of the six faces of the cube
_NORMAL: Final = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]], dtype=float)
_U_AXIS: Final = np.array([[0, 1, 0], [-1, 0, 0], [-1, 0, 0], [0, 0, -1], [0, 0, -1], [0, 1, 0]], dtype=float)
_V_AXIS: Final = np.array([[0, 0, 1], [0, 0, 1], [0, -1, 0], [0, -1, 0], [1, 0, 0], [1, 0, 0]], dtype=float)

# the Hilbert curve, four cells at a time: place on the curve of a child by its (i, j) bits, and how the curve turns in it
_PLACE: Final = np.array([[0, 1, 3, 2], [0, 3, 1, 2], [2, 3, 1, 0], [2, 1, 3, 0]])
_TURN: Final = np.array([1, 0, 0, 3])
_BITS: Final = 4  # levels that one look into the tables goes down


_RIGHT: Final[Ints] = np.array([0, 1, 1, 0], dtype=np.int64)  # the corners and the children of a cell, anticlockwise
_UP: Final[Ints] = np.array([0, 0, 1, 1], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of one level by their place on their face: column `i`, row `j`, each from 0 to 2**level - 1.

    Attributes:
        face, i, j: (n,) int64.
    """

    level: int
    face: Ints
    i: Ints
    j: Ints

    def __len__(self) -> int:
        return len(self.face)

    def take(self, which: NDArray[np.bool_] | Ints) -> Cells:
        """Those cells that a mask or indices name."""
        return Cells(self.level, self.face[which], self.i[which], self.j[which])

    def children(self) -> Cells:
        """The 4 n cells one level finer, four in a row for each."""
        i = (2 * self.i[:, None] + _RIGHT).ravel()
        j = (2 * self.j[:, None] + _UP).ravel()
        return Cells(self.level + 1, np.repeat(self.face, 4), i, j)

    @cached_property
    def ids(self) -> Ids:
        """(n,) S2 cell ids."""
        place, turn = np.zeros_like(self.i), _first_turn(self.face, self.level)
        for k in _looks(self.level):
            bits = (((self.i >> k) & 15) << _BITS) | ((self.j >> k) & 15)
            place = (place << (2 * _BITS)) | _PLACE_OF_BITS[turn, bits]
            turn = _TURN_OF_BITS[turn, bits]
        tail = np.uint64(2 * (FINEST_LEVEL - self.level))
        cell = ((place.astype(np.uint64) << np.uint64(1)) | np.uint64(1)) << tail
        return (self.face.astype(np.uint64) << np.uint64(61)) | cell

    @cached_property
    def centres(self) -> Floats:
        """(n, 3) unit vectors."""
        return directions(self.face, self.i + 0.5, self.j + 0.5, self.level)

    @cached_property
    def corners(self) -> Floats:
        """(n, 4, 3) unit vectors, anticlockwise."""
        return directions(self.face[:, None], self.i[:, None] + _RIGHT, self.j[:, None] + _UP, self.level)


def _tables() -> tuple[Ints, Ints, Ints, Ints]:
    """[turn, i bits and j bits] → place and turn four levels down, and [turn, place] → i bits, j bits."""
    turn, bits = (x.ravel() for x in np.meshgrid(np.arange(4), np.arange(1 << 2 * _BITS), indexing="ij"))
    place, after = np.zeros_like(bits), turn
    for k in range(_BITS - 1, -1, -1):
        digit = _PLACE[after, (((bits >> (_BITS + k)) & 1) << 1) | ((bits >> k) & 1)]
        place, after = (place << 2) | digit, after ^ _TURN[digit]
    shape = (4, 1 << 2 * _BITS)
    bits_of_place = np.empty(shape, dtype=np.int64)
    bits_of_place[turn, place] = bits
    return place.reshape(shape), after.reshape(shape), bits_of_place >> _BITS, bits_of_place & ((1 << _BITS) - 1)


_PLACE_OF_BITS, _TURN_OF_BITS, _I_OF_PLACE, _J_OF_PLACE = _tables()


def cells_of(ids: Ids, level: int) -> Cells:
    """The cells of `level` that these ids name.

    Raises:
        InvalidVolume: an id is not of that level.
    """
    own = np.asarray(ids, dtype=np.uint64)
    if not bool((levels_of(own) == level).all()):
        raise InvalidVolume(f"a cell id is not of level {level}", hint="cells of one set have one level")
    face = (own >> np.uint64(61)).astype(np.int64)
    place = (own >> np.uint64(2 * (FINEST_LEVEL - level) + 1)).astype(np.int64) & ((1 << 2 * level) - 1)
    i, j, turn = np.zeros_like(face), np.zeros_like(face), _first_turn(face, level)
    for k in _looks(level):
        digit = (place >> (2 * k)) & 255
        more_i, more_j = _I_OF_PLACE[turn, digit], _J_OF_PLACE[turn, digit]
        i, j = (i << _BITS) | more_i, (j << _BITS) | more_j
        turn = _TURN_OF_BITS[turn, (more_i << _BITS) | more_j]
    return Cells(level, face, i, j)


def _looks(level: int) -> range:
    """By how much columns are shifted for each look into the tables, coarse to fine; the first may begin with zeros."""
    return range((level + _BITS - 1) // _BITS * _BITS - _BITS, -1, -_BITS)


def _first_turn(face: Ints, level: int) -> Ints:
    """How the curve lies in a face; each zero that the first look begins with swaps columns and rows once more."""
    return (face ^ (-level % _BITS)) & 1


def levels_of(ids: Ids) -> Ints:
    """(n,) the level of each id; -1 where the number is no cell id."""
    own = np.asarray(ids, dtype=np.uint64)
    last = own & (~own + np.uint64(1))
    tail = np.round(np.log2(np.maximum(last, np.uint64(1)).astype(float))).astype(np.int64)
    sound = (last > 0) & (tail % 2 == 0) & (tail <= 60) & ((own >> np.uint64(61)) < 6)
    return np.where(sound, FINEST_LEVEL - tail // 2, -1)


def parents(ids: Ids, level: int) -> Ids:
    """(m,) sorted: the cells of `level`, at or above these, that hold them; each once."""
    last = np.uint64(1 << 2 * (FINEST_LEVEL - level))
    return np.unique((np.asarray(ids, dtype=np.uint64) & (~last + np.uint64(1))) | last)


def descendants(ids: Ids, level: int) -> Ids:
    """All cells of `level` within cells of one coarser level; four times as many for each level between."""
    own = np.asarray(ids, dtype=np.uint64)
    if not len(own):
        return own
    last, fine = own[0] & (~own[0] + np.uint64(1)), np.uint64(1 << 2 * (FINEST_LEVEL - level))
    steps = np.arange(int(last) // int(fine), dtype=np.uint64) * (np.uint64(2) * fine)
    return np.asarray(((own - last + fine)[:, None] + steps).ravel())


def compact(ids: Ids) -> Ids:
    """Sorted, with every four sibling cells replaced by their parent as often as it goes: the same ground in fewer keys.

    Args:
        ids: (n,) cells of one level, each once.
    """
    own, kept = np.sort(np.asarray(ids, dtype=np.uint64)), []
    level = int(levels_of(own[:1])[0]) if len(own) else 0
    while level > 0 and len(own) >= 4:
        level -= 1
        last = np.uint64(1 << 2 * (FINEST_LEVEL - level))
        above, count = np.unique((own & (~last + np.uint64(1))) | last, return_counts=True)
        full = above[count == 4]
        kept.append(own[~np.isin((own & (~last + np.uint64(1))) | last, full)])
        own = full
    return np.sort(np.concatenate([*kept, own]))


def token(cell_id: int) -> str:
    """The id as S2 writes it: hexadecimal without trailing zeros."""
    return f"{int(cell_id):016x}".rstrip("0")


def id_of_token(text: str) -> int:
    """The id that `token` wrote.

    Raises:
        InvalidVolume: it is no token of a cell.
    """
    is_hex = 0 < len(text) <= 16 and all(c in "0123456789abcdef" for c in text)
    cell_id = int(text.ljust(16, "0"), 16) if is_hex else 0
    if not is_hex or levels_of(np.array([cell_id], dtype=np.uint64))[0] < 0:
        raise InvalidVolume(f"{text!r} is not the token of an S2 cell", hint="tokens are 1 to 16 digits 0-9, a-f")
    return cell_id


def cells_at(direction: Floats, level: int) -> Cells:
    """The cell that each of (n, 3) vectors lies in; on an edge, the one with the larger column or row."""
    face = np.abs(direction).argmax(axis=-1)
    along = np.take_along_axis(direction, face[:, None], axis=1)[:, 0]
    face = np.where(along < 0, face + 3, face)
    i, j = _columns(direction, face, level)
    last = (1 << level) - 1
    return Cells(
        level,
        face,
        np.clip(np.floor(i), 0, last).astype(np.int64),
        np.clip(np.floor(j), 0, last).astype(np.int64),
    )


def _columns(direction: Floats, face: Ints, level: int) -> tuple[Floats, Floats]:
    depth = np.sum(direction * _NORMAL[face], axis=-1)
    u, v = np.sum(direction * _U_AXIS[face], axis=-1) / depth, np.sum(direction * _V_AXIS[face], axis=-1) / depth
    return _columns_of_slopes(u) * (1 << level), _columns_of_slopes(v) * (1 << level)


def _columns_of_slopes(u: Floats) -> Floats:
    root = 0.5 * np.sqrt(1.0 + 3.0 * np.abs(u))
    return np.asarray(np.where(u >= 0.0, root, 1.0 - root))


def place_on_face(direction: Floats, level: int) -> tuple[Floats, Floats]:
    """Column and row of (n, 3) vectors on their own face, with the fraction within the cell."""
    return _columns(direction, cells_at(direction, 0).face, level)


def directions(face: Ints, i: NDArray[Any], j: NDArray[Any], level: int) -> Floats:
    """(…, 3) unit vectors of columns and rows on faces; whole numbers are corners of cells, and they may lie off the face."""
    u, v = _slopes_of_columns(i / (1 << level)), _slopes_of_columns(j / (1 << level))
    vector = _NORMAL[face] + u[..., None] * _U_AXIS[face] + v[..., None] * _V_AXIS[face]
    return np.asarray(vector / np.sqrt(1.0 + u * u + v * v)[..., None])


def axes_of(face: int) -> tuple[list[int], list[int], list[int]]:
    """The normal of a face, and the ways its columns and rows run: each along one axis."""
    normal, u_axis, v_axis = (axis[face].astype(int).tolist() for axis in (_NORMAL, _U_AXIS, _V_AXIS))
    return normal, u_axis, v_axis


def _slopes_of_columns(s: Floats) -> Floats:
    return np.asarray(np.where(s >= 0.5, (4.0 * s * s - 1.0) / 3.0, (1.0 - 4.0 * (1.0 - s) * (1.0 - s)) / 3.0))


def cells_round(centre: Floats, angle: float, finest_level: int, most: int) -> Cells:
    """Cells that together hold the cap of `angle` (radians) round a unit vector, and more: blocks of columns and rows.

    They are of the finest level, up to `finest_level`, at which there are at most `most` (or of level 0).

    Raises:
        InvalidVolume: the angle is negative or no number.
    """
    if not (isfinite(angle) and angle >= 0.0):
        raise InvalidVolume(f"an angle of {angle} has no cells round it")
    blocks = [block for face in range(6) if (block := _block(face, centre, angle + _DOWN)) is not None]
    level = finest_level
    while level > 0 and sum(_size(block, level) for block in blocks) > most:
        level -= 1
    parts = [_columns_and_rows(block, level) for block in blocks]
    return Cells(level, *(np.concatenate([part[k] for part in parts]) for k in range(3)))


_Block: TypeAlias = tuple[int, float, float, float, float]  # face, columns and rows as shares of the face


def _block(face: int, centre: Floats, angle: float) -> _Block | None:
    """The part of a face within which the cap lies; None where it does not reach the face."""
    normal, u, v = (float(centre @ axis[face]) for axis in (_NORMAL, _U_AXIS, _V_AXIS))
    sine = np.sin(angle)
    if angle >= 1.5 or normal <= sine + 1e-3:  # not wholly on this side of the Earth: no telling by slopes
        reaches = np.arccos(np.clip(normal, -1.0, 1.0)) <= angle + 0.96  # a face's corners are 0.9554 from its middle
        return (face, 0.0, 1.0, 0.0, 1.0) if reaches else None
    span_u, span_v = _slopes(u, normal, sine), _slopes(v, normal, sine)
    if max(span_u[0], span_v[0]) > 1.0 or min(span_u[1], span_v[1]) < -1.0:
        return None
    sides = np.clip(np.array([*span_u, *span_v]), -1.0, 1.0)
    return (face, *_columns_of_slopes(sides).tolist())


def _slopes(u: float, normal: float, sine: float) -> tuple[float, float]:
    """The least and largest u/n on a cap: where the planes through the centre of the Earth touch it."""
    depth = normal * normal - sine * sine
    swing = sine * sqrt(max(u * u + depth, 0.0))
    return (u * normal - swing) / depth - _DOWN, (u * normal + swing) / depth + _DOWN


def _sides(low: float, high: float, level: int) -> tuple[int, int]:
    last = (1 << level) - 1
    return min(int(low * (1 << level)), last), min(int(high * (1 << level)), last)


def _size(block: _Block, level: int) -> int:
    (i0, i1), (j0, j1) = _sides(block[1], block[2], level), _sides(block[3], block[4], level)
    return (i1 - i0 + 1) * (j1 - j0 + 1)


def _columns_and_rows(block: _Block, level: int) -> tuple[Ints, Ints, Ints]:
    (i0, i1), (j0, j1) = _sides(block[1], block[2], level), _sides(block[3], block[4], level)
    i, j = np.meshgrid(np.arange(i0, i1 + 1), np.arange(j0, j1 + 1), indexing="ij")
    return np.full(i.size, block[0]), i.ravel(), j.ravel()


@dataclass(frozen=True, eq=False)
class Arcs:
    """Great circle arcs of less than half the Earth; an arc may be a single point.

    Attributes:
        first, second: (…, 3) unit vectors.
    """

    first: Floats
    second: Floats

    @cached_property
    def normal(self) -> Floats:
        """(…, 3) unit normals of the arcs' planes; zero for a point."""
        normal = _cross(self.first - self.second, self.first + self.second)  # exact for short arcs, unlike a × b
        length = np.sqrt(np.sum(normal * normal, axis=-1, keepdims=True))
        return np.asarray(normal / np.maximum(length, 1e-300) * (length > 1e-15))

    @cached_property
    def after_first(self) -> Floats:
        return _cross(self.normal, self.first)

    @cached_property
    def before_second(self) -> Floats:
        return _cross(self.second, self.normal)

    def take(self, which: Ints) -> Arcs:
        arcs = Arcs(self.first[which], self.second[which])
        for name in ("normal", "after_first", "before_second"):
            arcs.__dict__[name] = getattr(self, name)[which]
        return arcs

    def __getitem__(self, where: tuple[slice | None, ...]) -> Arcs:
        arcs = Arcs(self.first[where], self.second[where])
        for name in ("normal", "after_first", "before_second"):
            arcs.__dict__[name] = getattr(self, name)[where]
        return arcs

    def angle_to(self, point: Floats) -> Floats:
        """Angle (radians) between unit vectors and the arcs. Broadcasts."""
        to_first, to_second = point - self.first, point - self.second
        chord2 = np.minimum(_dot(to_first, to_first), _dot(to_second, to_second))
        angle = 2.0 * np.arcsin(np.minimum(0.5 * np.sqrt(chord2), 1.0))
        beside = (_dot(point, self.after_first) > 0.0) & (_dot(point, self.before_second) > 0.0)
        aside = np.arcsin(np.minimum(np.abs(_dot(point, self.normal)), 1.0))
        return np.asarray(np.where(beside, aside, angle))


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("...i,...i->...", a, b))


def _cross(a: Floats, b: Floats) -> Floats:
    """As np.cross for (…, 3), without its 30 µs of preliminaries."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    cross = np.empty(a.shape)
    cross[..., 0], cross[..., 1], cross[..., 2] = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    return cross


def arcs_reach(arcs: Arcs, corners: Floats, angle: float) -> NDArray[np.bool_]:
    """(n,) whether arc k comes within `angle` (radians) of the cell with corners (n, 4, 3), its inside included."""
    edges = Arcs(corners, np.roll(corners, -1, axis=1))
    meets = _arcs_enter(arcs, edges.normal)
    rest = np.flatnonzero(~meets)
    near_arcs, near_edges = arcs.take(rest), Arcs(edges.first[rest], edges.second[rest])
    ends = np.minimum(near_edges.angle_to(near_arcs.first[:, None]), near_edges.angle_to(near_arcs.second[:, None]))
    sides = near_arcs[:, None].angle_to(corners[rest])
    meets[rest] = np.minimum(ends, sides).min(axis=1) <= angle
    return meets


def _arcs_enter(arcs: Arcs, inward: Floats) -> NDArray[np.bool_]:
    """(n,) whether arc k has a point on the inner side of all four planes through the centre of the Earth (n, 4, 3).

    The chord is clipped by the planes, after Liang and Barsky; a point of it and the point of the arc above it lie on the
    same side of every such plane.
    """
    at_first, at_second = _dot(arcs.first[:, None], inward), _dot(arcs.second[:, None], inward)
    rise = at_second - at_first
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -at_first / rise
    enter = np.where(rise > 0.0, crossing, np.where((rise == 0.0) & (at_first < 0.0), np.inf, 0.0)).max(axis=1)
    leave = np.where(rise < 0.0, crossing, 1.0).min(axis=1)
    return np.asarray(np.maximum(enter, 0.0) <= np.minimum(leave, 1.0))


def check_level(level: int, coarsest: int = 0, finest: int = FINEST_LEVEL) -> None:
    """Raise InvalidVolume where `level` is no cell level from `coarsest` to `finest`."""
    if type(level) is not int or not coarsest <= level <= finest:
        raise InvalidVolume(f"cell level {level} is not a whole number from {coarsest} to {finest}")


def tokens(ids: Sequence[int] | Ids) -> tuple[str, ...]:
    """The tokens of ids, in their order."""
    return tuple(token(int(cell_id)) for cell_id in ids)
