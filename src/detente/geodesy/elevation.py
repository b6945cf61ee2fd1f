"""Posts of ground elevation, as one file states them: metres above mean sea level on a grid of WGS 84 latitudes and longitudes.

A post is a height at a place, not an average to be smoothed. What a file leaves open (a void) is not guessed: its ground may lie anywhere, so it hides nothing
and is no floor to measure a height above ground from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.domain import UnreadableFile

Metres: TypeAlias = NDArray[np.int16]
VOID_LOWEST_M: Final = (
    -32_768
)  # the lowest the ground may lie where nothing is stated: no smaller number is held, so a minimum keeps it
VOID_HIGHEST_M: Final = 32_767
LOWEST_GROUND_M: Final = -12_000  # the deepest sea floor
HIGHEST_GROUND_M: Final = 9_000  # above the highest mountain
MOST_POSTS: Final = 100_000_000  # of one file; a degree at one second of arc has 13 million


@dataclass(frozen=True, slots=True, eq=False)
class Posts:
    """What the posts of a file say, rows from north to south and columns from west to east, whole metres outward.

    Attributes:
        lowest_m, highest_m: (rows, columns); equal to the height where that is whole, its floor and ceiling where not, and the VOID of either side.
    """

    lowest_m: Metres
    highest_m: Metres


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file of posts, opened but not read.

    Attributes:
        north_deg, west_deg: where its first post stands.
        step_lat_deg, step_lon_deg: from post to post, both positive.
        read: the heights (m AMSL) as the file holds them, and which of them are voids.
    """

    path: Path
    north_deg: float
    west_deg: float
    step_lat_deg: float
    step_lon_deg: float
    rows: int
    columns: int
    read: Callable[[], tuple[NDArray[Any], NDArray[np.bool_]]]

    @property
    def south_deg(self) -> float:
        return self.north_deg - (self.rows - 1) * self.step_lat_deg

    @property
    def east_deg(self) -> float:
        return self.west_deg + (self.columns - 1) * self.step_lon_deg

    def posts(self) -> Posts:
        """The posts, read now.

        Raises:
            UnreadableFile: heights that no ground has.
        """
        heights, void = self.read()
        stated = heights[~void]
        if stated.size and not (stated.min() >= LOWEST_GROUND_M and stated.max() <= HIGHEST_GROUND_M):
            raise UnreadableFile(
                f"{self.path.name}: heights from {stated.min():g} to {stated.max():g} m, and no ground lies below {LOWEST_GROUND_M:,} or above {HIGHEST_GROUND_M:,} m",
                hint="metres above mean sea level are read; check the unit, and which value marks a void",
            )
        if np.issubdtype(heights.dtype, np.integer):
            return Posts(_held(heights, void, VOID_LOWEST_M), _held(heights, void, VOID_HIGHEST_M))
        whole = np.where(void, 0.0, heights)
        return Posts(_held(np.floor(whole), void, VOID_LOWEST_M), _held(np.ceil(whole), void, VOID_HIGHEST_M))


def _held(heights: NDArray[Any], void: NDArray[np.bool_], in_voids: int) -> Metres:
    held = heights.astype(np.int16)
    held[void] = in_voids
    return held
