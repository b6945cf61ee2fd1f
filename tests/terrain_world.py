"""Synthetic terrain for tests: files in the formats that are read, and heights that anyone can say from the place."""

import gzip
import zipfile

import numpy as np

VOID = -32_768
SIDE = 1201


def hills(side=SIDE):
    """A sheet of synthetic ground: a plain at 400 m with ridges from west to east, each 100 m above the last; rows from the north."""
    rows, columns = np.mgrid[0:side, 0:side] / (side - 1)
    return (400 + 100 * np.floor(4 * rows) + 60 * np.sin(12 * columns)).astype(np.int16)


def write_hgt(folder, name="N33E035", heights=None, packed=""):
    raw = (hills() if heights is None else heights).astype(">i2").tobytes()
    path = folder / f"{name}.hgt{packed}"
    if packed == ".gz":
        path.write_bytes(gzip.compress(raw, 1))
    elif packed == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}.hgt", raw)
    else:
        path.write_bytes(raw)
    return path


WGS84_KEYS = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 2, 2048, 0, 1, 4326)  # geographic, posts are points, WGS 84


def write_geotiff(
    path,
    heights,
    *,
    north=34.0,
    west=35.0,
    step=1 / 120,
    keys=WGS84_KEYS,
    nodata=None,
    scale=None,
    tie=None,
    more=(),
    **options,
):
    import tifffile

    tags = [
        (33_550, "d", 3, scale or (step, step, 0.0), True),
        (33_922, "d", 6, tie or (0.0, 0.0, 0.0, west, north, 0.0), True),
        (34_735, "H", len(keys), keys, True),
        *more,
    ]
    if nodata is not None:
        tags.append((42_113, "s", 0, str(nodata), True))
    tifffile.imwrite(path, heights, extratags=[tag for tag in tags if tag[3] != ()], metadata=None, **options)
    return path
