"""Make the bundled geoid bounds from the EGM96 15-minute grid that Debian's proj-data ships.

    apt-get install proj-data
    python scripts/make_geoid.py /usr/share/proj/egm96_15.gtx

Writes, per cell of one degree, the lowest and highest geoid height among the grid's nodes in and on the cell, rounded outward to
decimetres. The margin for what lies between the nodes is added where the table is read (`detente.geodesy.geoid`).
"""

import sys
from pathlib import Path

import numpy as np

from detente.geodesy.geoid import read_gtx

TARGET = Path(__file__).parent.parent / "src/detente/geodesy/data/egm96_bounds_1deg.npz"


def main(source: str) -> None:
    """Read the grid, write the bounds, say how large and how wide they are."""
    grid = read_gtx(Path(source))
    per_degree = round(1 / grid.step_deg)
    nodes = np.concatenate([grid.heights_m, grid.heights_m[:, :1]], axis=1)  # the seam repeats the first meridian
    lowest, highest = np.empty((180, 360)), np.empty((180, 360))
    for row in range(180):
        for column in range(360):
            cell = nodes[
                row * per_degree : (row + 1) * per_degree + 1, column * per_degree : (column + 1) * per_degree + 1
            ]
            lowest[row, column], highest[row, column] = cell.min(), cell.max()
    bounds_dm = np.stack([np.floor(lowest * 10), np.ceil(highest * 10)]).astype(np.int16)
    np.savez_compressed(TARGET, bounds_dm=bounds_dm, west_deg=np.int16(round(grid.west_deg)))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes; widest cell {np.ptp(bounds_dm, axis=0).max() / 10} m")


if __name__ == "__main__":
    main(sys.argv[1])
