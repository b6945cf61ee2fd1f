"""Coastlines, lakes, boundaries and cities around a place, for the map (made by `scripts/make_basemap.py`; see PROVENANCE.md)."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.geodesy.chart import Chart

Floats: TypeAlias = NDArray[np.float64]
Line: TypeAlias = tuple[Floats, Floats]  # latitudes, longitudes
Box: TypeAlias = tuple[float, float, float, float]  # west, south, east, north on the chart

FARTHEST: Final = 5.5  # on the chart: 140° from its centre; what lies around the antipode is left out
STRAIGHT: Final = 1 / 4_000  # lines are simplified to this part of the box: a pixel when it is as wide as three screens
MOST_CITIES: Final = 250


@dataclass(frozen=True)
class City:
    """A city's name and place, and its people in thousands."""

    name: str
    latitude_deg: float
    longitude_deg: float
    thousands: int


@dataclass(frozen=True)
class Basemap:
    """What lies within a box of a chart. Land and lakes are rings to be filled by the even-odd rule, boundaries are lines."""

    box: Box
    land: tuple[Line, ...]
    lakes: tuple[Line, ...]
    borders: tuple[Line, ...]
    cities: tuple[City, ...]


@dataclass(frozen=True)
class _Layer:
    """All points of a layer, and where each of its lines begins."""

    lat: Floats
    lon: Floats
    start: NDArray[np.int64]


@dataclass(frozen=True)
class _World:
    layers: dict[str, _Layer]
    cities: tuple[City, ...]


def basemap_within(chart: Chart, box: Box) -> Basemap:
    """The part of the world inside the box, cut at its edges and simplified to what can be seen."""
    import shapely

    world = _world()
    frame = shapely.box(*(max(-FARTHEST, min(FARTHEST, side)) for side in box))
    return Basemap(
        box=frame.bounds,
        land=tuple(_cut_areas(world.layers["land"], chart, frame)),
        lakes=tuple(_cut_areas(world.layers["lakes"], chart, frame)),
        borders=tuple(_cut_lines(world.layers["borders"], chart, frame)),
        cities=_cities_within(world.cities, chart, frame.bounds),
    )


def _cut_areas(layer: _Layer, chart: Chart, frame: Any) -> Iterator[Line]:
    import shapely

    for x, y in _touching(layer, chart, frame.bounds):
        area = shapely.Polygon(np.column_stack([x, y]))
        if _holds_antipode(x, y):
            area = frame.difference(shapely.make_valid(area))
        for part in shapely.get_parts(_seen(area, frame)):
            if part.geom_type == "Polygon" and not part.is_empty:
                for ring in (part.exterior, *part.interiors):
                    yield chart.inverse(*np.asarray(ring.coords)[:-1].T)


def _cut_lines(layer: _Layer, chart: Chart, frame: Any) -> Iterator[Line]:
    import shapely

    for x, y in _touching(layer, chart, frame.bounds):
        for part in shapely.get_parts(_seen(shapely.LineString(np.column_stack([x, y])), frame)):
            if part.geom_type == "LineString" and not part.is_empty:
                yield chart.inverse(*np.asarray(part.coords).T)


def _touching(layer: _Layer, chart: Chart, bounds: Box) -> Iterator[Line]:
    """On the chart, those whose box meets the bounds, or that run round the far side."""
    west, south, east, north = bounds
    x, y = chart.forward(layer.lat, layer.lon)
    beside = (np.maximum.reduceat(x, layer.start) < west) | (np.minimum.reduceat(x, layer.start) > east)
    beside |= (np.maximum.reduceat(y, layer.start) < south) | (np.minimum.reduceat(y, layer.start) > north)
    far = np.maximum.reduceat(np.hypot(x, y), layer.start) > FARTHEST
    end = np.append(layer.start[1:], len(x))
    for i in np.flatnonzero(~beside | far):
        line = x[layer.start[i] : end[i]], y[layer.start[i] : end[i]]
        if not beside[i] or (far[i] and _holds_antipode(*line)):
            yield line


def _seen(shape: Any, frame: Any) -> Any:
    """Cut to the frame and simplified; what is smaller than a pixel or two goes."""
    import shapely

    west, south, east, north = frame.bounds
    tolerance = max(east - west, north - south) * STRAIGHT
    parts = [
        part
        for part in shapely.get_parts(shapely.clip_by_rect(shape, west, south, east, north))
        if not part.is_empty and max(part.bounds[2] - part.bounds[0], part.bounds[3] - part.bounds[1]) > 2 * tolerance
    ]
    return shapely.simplify(shapely.GeometryCollection(parts), tolerance)


def _holds_antipode(x: Floats, y: Floats) -> bool:
    """Whether the area lies outside its ring on the chart. All rings run clockwise round their inside; on the chart a ring
    runs the other way exactly when its inside reaches round the antipode."""
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) > 0.0


def _cities_within(cities: tuple[City, ...], chart: Chart, bounds: Box) -> tuple[City, ...]:
    x, y = chart.forward([c.latitude_deg for c in cities], [c.longitude_deg for c in cities])
    west, south, east, north = bounds
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    return tuple(cities[i] for i in np.flatnonzero(inside)[:MOST_CITIES])


@cache
def _world() -> _World:
    packed = files("detente.interop").joinpath("html_map", "basemap.xz").read_bytes()
    head_text, _, body = lzma.decompress(packed).partition(b"\n")
    head = json.loads(head_text)
    steps_per_degree = head["steps_per_degree"]
    values = _varints(np.frombuffer(body, dtype=np.uint8))
    deltas = (values >> 1) ^ -(values & 1)
    degrees = np.cumsum(deltas.reshape(-1, 2), axis=0) / steps_per_degree
    return _World(
        layers=dict(_layers(degrees, head["lengths"])),
        cities=tuple(City(n, lat / steps_per_degree, lon / steps_per_degree, k) for n, lat, lon, k in head["cities"]),
    )


def _layers(degrees: Floats, lengths: dict[str, list[int]]) -> Iterator[tuple[str, _Layer]]:
    at = 0
    for name, counts in lengths.items():
        end = at + sum(counts)
        yield name, _Layer(degrees[at:end, 0], degrees[at:end, 1], np.cumsum([0, *counts[:-1]]))
        at = end


def _varints(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Numbers of seven bits a byte, lowest first, the top bit set on all bytes but the last."""
    last = data < 128
    starts = np.append(0, np.flatnonzero(last)[:-1] + 1)
    place = np.arange(len(data)) - np.repeat(starts, np.diff(np.append(starts, len(data))))
    return np.add.reduceat((data & 127).astype(np.int64) << (7 * place), starts)
