"""Terrain about a place, put together from files: bounds of the ground in squares, never a height between posts that nobody stated.

Each square of the grid holds the lowest and the highest of all posts in it and on its edges. Ground between posts is taken to lie within them: that is the stated
assumption of the posting. A square that no file covers whole, or in which a post is a void, is void. Where files overlap the lower and the higher of the two hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import asin, ceil, cos, degrees, floor, pi, radians, sin
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detente.domain import Position, TooLarge, UnreadableFile
from detente.geodesy import geotiff, hgt
from detente.geodesy.elevation import VOID_HIGHEST_M, VOID_LOWEST_M, Metres, Posts, Sheet
from detente.geodesy.wgs84 import SMALLEST_CURVATURE_RADIUS_M

MOST_SQUARES: Final = 60_000_000  # 300 km about a place at 33° of latitude take 51 million of three seconds of arc
MOST_FILES: Final = 100_000
METRES_A_DEGREE: Final = SMALLEST_CURVATURE_RADIUS_M * pi / 180  # never more: metres become degrees outward
_POLAR_DEG: Final = 89.9  # so near a pole longitudes say nothing
_SAME: Final = 1e-6  # of a post: what rounding leaves where post and square stand in one place


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """Squares `1 / per_degree` high and `1 / per_degree_lon` wide, rows northward from `south_deg`, columns eastward from `west_deg`.

    Attributes:
        lowest_m, highest_m: (rows, columns) metres AMSL; the VOIDs of `elevation` where nothing is stated.
        sources: the files it is made from.
        posting_deg: the coarsest step of those files; 0 where there is none.
    """

    south_deg: float
    west_deg: float
    per_degree: int
    per_degree_lon: int
    lowest_m: Metres
    highest_m: Metres
    sources: tuple[str, ...]
    posting_deg: float

    @property
    def is_stated(self) -> bool:
        return bool((self.lowest_m != VOID_LOWEST_M).any())

    def lowest_stated_m(self) -> int | None:
        """The lowest stated ground anywhere in it; None where nothing is stated."""
        least = np.min(self.lowest_m, where=self.lowest_m != VOID_LOWEST_M, initial=VOID_HIGHEST_M)
        return int(least) if self.is_stated else None

    def ground_m(self, place: Position, within_m: float) -> tuple[int, int] | None:
        """The lowest and highest ground within that distance of a place, outward; None where any of it is not stated."""
        north_deg = within_m / METRES_A_DEGREE
        furthest_deg = abs(place.latitude_deg) + north_deg
        if furthest_deg >= _POLAR_DEG:
            return None
        east_deg = north_deg / cos(radians(furthest_deg))
        rows = self._rows(place.latitude_deg - north_deg, place.latitude_deg + north_deg)
        columns = self._columns(place.longitude_deg - east_deg, place.longitude_deg + east_deg)
        if rows is None or columns is None:
            return None
        low, high = self.lowest_m[rows][:, columns].min(), self.highest_m[rows][:, columns].max()
        return None if VOID_LOWEST_M in (low,) else (int(low), int(high))

    def _rows(self, south_deg: float, north_deg: float) -> NDArray[np.int64] | None:
        first, last = (floor((lat - self.south_deg) * self.per_degree) for lat in (south_deg, north_deg))
        return np.arange(first, last + 1) if first >= 0 and last < self.lowest_m.shape[0] else None

    def _columns(self, west_deg: float, east_deg: float) -> NDArray[np.int64] | None:
        count = self.lowest_m.shape[1]
        first = floor(((west_deg - self.west_deg) % 360.0) * self.per_degree_lon)
        last = first + ceil((east_deg - west_deg) * self.per_degree_lon)
        if count == 360 * self.per_degree_lon:
            return np.asarray(np.arange(first, last + 1) % count)
        return np.arange(first, last + 1) if last < count else None

    def lowered(self, error_m: float) -> Terrain:
        """With the ground that much lower and higher than stated, whole metres outward: for a stated error of the heights."""
        by_m = ceil(error_m)
        low = np.where(self.lowest_m == VOID_LOWEST_M, VOID_LOWEST_M, self.lowest_m - by_m).astype(np.int16)
        high = np.where(self.highest_m == VOID_HIGHEST_M, VOID_HIGHEST_M, self.highest_m + by_m).astype(np.int16)
        return self._with(low, high)

    def worn(self, within_m: float) -> Terrain:
        """Its lowest ground as low as any within that distance: what stands there for sure, seen from a place known no better than that.

        The highest ground stays. Errs: outward, for a box of squares is searched, and beyond the grid nothing is stated.
        """
        furthest_deg = max(abs(self.south_deg), abs(self.south_deg + self.lowest_m.shape[0] / self.per_degree))
        rows = ceil(within_m / METRES_A_DEGREE * self.per_degree)
        if furthest_deg >= _POLAR_DEG:
            return self._with(np.full_like(self.lowest_m, VOID_LOWEST_M), self.highest_m)
        columns = ceil(within_m / METRES_A_DEGREE / cos(radians(furthest_deg)) * self.per_degree_lon)
        return self._with(_least_around(_least_around(self.lowest_m, rows, 0), columns, 1), self.highest_m)

    def _with(self, lowest_m: Metres, highest_m: Metres) -> Terrain:
        grid = (self.south_deg, self.west_deg, self.per_degree, self.per_degree_lon)
        return Terrain(*grid, lowest_m, highest_m, self.sources, self.posting_deg)


NO_TERRAIN: Final = Terrain(
    0.0, 0.0, 1, 1, np.full((1, 1), VOID_LOWEST_M, np.int16), np.full((1, 1), VOID_HIGHEST_M, np.int16), (), 0.0
)


def terrain_sheets(paths: Sequence[Path]) -> list[Sheet]:
    """The height files among the paths and in the folders among them, opened; each in the order of its name.

    Raises:
        UnreadableFile: one that cannot be read, or none found.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise UnreadableFile(
            f"no height file in {', '.join(map(str, paths))}",
            hint=f"read are {', '.join(hgt.SUFFIXES + geotiff.SUFFIXES)}",
        )
    if len(files) > MOST_FILES:
        raise TooLarge(f"{len(files):,} height files; the limit is {MOST_FILES:,}", hint="give those of the area")
    return [_open(file) for file in files]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if _is_one(file) and file.is_file())
    if not path.is_file():
        raise UnreadableFile(f"there is no file {path}", hint="check the name")
    if not _is_one(path):
        raise UnreadableFile(
            f"{path.name} is no height file by its name", hint=f"read are {', '.join(hgt.SUFFIXES + geotiff.SUFFIXES)}"
        )
    return [path]


def _is_one(path: Path) -> bool:
    return path.name.lower().endswith(hgt.SUFFIXES + geotiff.SUFFIXES)


def _open(path: Path) -> Sheet:
    return hgt.open_hgt(path) if path.name.lower().endswith(hgt.SUFFIXES) else geotiff.open_geotiff(path)


def terrain_about(
    sheets: Sequence[Sheet],
    place: Position,
    radius_m: float,
    *,
    most_squares: int = MOST_SQUARES,
    progress: Callable[[int, int], None] | None = None,
) -> Terrain:
    """The terrain within `radius_m` of a place, and a little more, in squares as fine as the finest file or as `most_squares` allow.

    Coarser squares hold the lowest and highest of more posts: they hide less, never more. `progress` is told how many files of how many are read.
    """
    south, west, north, east = box_about(place, radius_m)
    near = [
        (sheet, turn)
        for sheet in sheets
        for turn in (-360.0, 0.0, 360.0)
        if _reaches(sheet, turn, south, west, north, east)
    ]
    if not near:
        return NO_TERRAIN
    per_degree, per_degree_lon = _fineness([sheet for sheet, _ in near], south, west, north, east, most_squares)
    first_row, first_column = floor(south * per_degree), floor(west * per_degree_lon)
    rows = ceil(north * per_degree) - first_row
    columns = min(ceil(east * per_degree_lon) - first_column, 360 * per_degree_lon)
    low, high = np.full((rows, columns), VOID_LOWEST_M, np.int16), np.full((rows, columns), VOID_HIGHEST_M, np.int16)
    for count, (sheet, turn) in enumerate(near, 1):
        _lay(sheet, turn, first_row, first_column, per_degree, per_degree_lon, low, high)
        if progress:
            progress(count, len(near))
    names = tuple(dict.fromkeys(sheet.path.name for sheet, _ in near))
    posting = max(max(sheet.step_lat_deg, sheet.step_lon_deg) for sheet, _ in near)
    return Terrain(
        first_row / per_degree, first_column / per_degree_lon, per_degree, per_degree_lon, low, high, names, posting
    )


def box_about(place: Position, radius_m: float) -> tuple[float, float, float, float]:
    """South, west, north and east (degrees) of all within a distance, outward; east may pass 180, and all longitudes are held about a pole."""
    reach_deg = radius_m / METRES_A_DEGREE * 1.001
    south, north = max(place.latitude_deg - reach_deg, -90.0), min(place.latitude_deg + reach_deg, 90.0)
    if max(-south, north) >= 90.0:
        return south, -180.0, north, 180.0
    wide_deg = degrees(asin(min(sin(radians(min(reach_deg, 90.0))) / cos(radians(place.latitude_deg)), 1.0))) * 1.001
    return south, place.longitude_deg - wide_deg, north, place.longitude_deg + wide_deg


def _reaches(sheet: Sheet, turn: float, south: float, west: float, north: float, east: float) -> bool:
    beside = sheet.north_deg < south or sheet.south_deg > north
    return not beside and sheet.west_deg + turn < east and sheet.east_deg + turn > west


def _fineness(
    sheets: Sequence[Sheet], south: float, west: float, north: float, east: float, most_squares: int
) -> tuple[int, int]:
    """Squares a degree of latitude and longitude: whole parts of the finest file's, so that squares end at its posts."""
    finest = max(1, round(1 / min(sheet.step_lat_deg for sheet in sheets)))
    finest_lon = max(1, round(1 / min(sheet.step_lon_deg for sheet in sheets)))
    narrow = max(
        1, floor(1 / max(cos(radians(min(abs(south), abs(north)))), 0.01))
    )  # far from the equator degrees of longitude are short
    for coarser in range(1, finest + 1):
        if finest % coarser and coarser < finest:
            continue
        fine = finest // coarser, max(1, finest_lon // (coarser * narrow))
        if (north - south + 2 / fine[0]) * fine[0] * (east - west + 2 / fine[1]) * fine[1] <= most_squares:
            return fine
    raise TooLarge(f"terrain over {north - south:.0f}° × {east - west:.0f}°", hint="ask for a smaller range")


def _lay(
    sheet: Sheet,
    turn: float,
    first_row: int,
    first_column: int,
    per_degree: int,
    per_degree_lon: int,
    low: Metres,
    high: Metres,
) -> None:
    """Puts the posts of a sheet into the squares that it covers whole."""
    to_rows, above, below = _spans(
        sheet.north_deg, -sheet.step_lat_deg, sheet.rows, first_row, low.shape[0], per_degree
    )
    west_deg = sheet.west_deg + turn
    to_columns, left, right = _spans(
        west_deg, sheet.step_lon_deg, sheet.columns, first_column, low.shape[1], per_degree_lon
    )
    if not (len(to_rows) and len(to_columns)):
        return
    posts = sheet.posts()
    square = np.ix_(to_rows, to_columns)
    found = Posts(
        _reduced(_reduced(posts.lowest_m, above, below, 0, np.minimum), left, right, 1, np.minimum),
        _reduced(_reduced(posts.highest_m, above, below, 0, np.maximum), left, right, 1, np.maximum),
    )
    was = Posts(low[square], high[square])
    stated, before = found.lowest_m != VOID_LOWEST_M, was.lowest_m != VOID_LOWEST_M
    low[square] = np.where(
        stated & before, np.minimum(found.lowest_m, was.lowest_m), np.where(stated, found.lowest_m, was.lowest_m)
    )
    high[square] = np.where(
        stated & before, np.maximum(found.highest_m, was.highest_m), np.where(stated, found.highest_m, was.highest_m)
    )


def _spans(
    start_deg: float, step_deg: float, posts: int, first: int, squares: int, per_degree: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Which squares a line of posts covers whole, and of each the first and last post in it or on its edges."""
    edges = (np.arange(first, first + squares + 1) / per_degree - start_deg) / step_deg
    near, far = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    from_post, to_post = np.floor(near + _SAME).astype(np.int64), np.ceil(far - _SAME).astype(np.int64)
    whole = (from_post >= 0) & (to_post < posts)
    return np.flatnonzero(whole), from_post[whole], to_post[whole]


def _reduced(posts: Metres, first: NDArray[np.int64], last: NDArray[np.int64], axis: int, take: np.ufunc) -> Metres:
    """The least or most of the posts from `first` to `last`, both included, along an axis."""
    found: Metres = posts.take(first, axis)
    for step in range(1, int((last - first).max()) + 1):
        take(found, posts.take(np.minimum(first + step, last), axis), out=found)
    return found


def _least_around(values: Metres, reach: int, axis: int) -> Metres:
    """The least within `reach` squares either way along an axis; void beyond the edge. Doubles its window, so a wide one costs little more."""
    if reach == 0:
        return values
    turned = np.moveaxis(values, axis, 0)
    edge = np.full((reach, turned.shape[1]), VOID_LOWEST_M, np.int16)
    least, window, wanted = np.concatenate([edge, turned, edge]), 1, 2 * reach + 1
    while window < wanted:
        step = min(window, wanted - window)
        least = np.minimum(least[:-step], least[step:])
        window += step
    return np.ascontiguousarray(np.moveaxis(least, 0, axis))
