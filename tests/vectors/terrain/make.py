"""Makes `N33E035.hgt.gz` beside this file: SYNTHETIC ground in the format of SRTM, made of whole numbers so that every machine makes the same bytes.

No survey of any place: the name is only a corner. A coast, a range from south to north with a pass in it, a valley, terraces, and a square of voids.
"""

import gzip
from pathlib import Path

import numpy as np

SIDE, VOID = 1201, -32_768
HERE = Path(__file__).parent


def heights():
    """(1201, 1201) whole metres, rows from the north."""
    row, column = np.mgrid[0:SIDE, 0:SIDE]
    fold = np.abs((column - 500) // 4)  # of the range's crest, in the middle
    crest = np.maximum(1_800 - 24 * fold, 0) * (np.abs(row - 640) > 25)
    ground = 120 + (column // 100) * 40 + crest + (np.abs(row % 160 - 80) // 8) * 5
    ground[:, :150] = 0
    ground[200:240, 900:960] = VOID
    return ground.astype(">i2")


def packed():
    """The bytes of the file; no clock and no name in them."""
    return gzip.compress(heights().tobytes(), 9, mtime=0)


if __name__ == "__main__":
    (HERE / "N33E035.hgt.gz").write_bytes(packed())
