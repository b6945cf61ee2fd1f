"""Writes `volumes.json` beside it: `python tests/vectors/generaliser/anywhere/make.py`. Run it only together with a new GENERALISER_VERSION."""

import json
import random
from hashlib import sha256
from pathlib import Path

from detente.channel.forms import plain, volume_form
from detente.domain import (
    UNSTATED_BAND,
    Circle,
    Corridor,
    DetenteError,
    MultiPolygon,
    Orbit,
    Polygon,
    Position,
    TimeWindow,
    Uncertainty,
    Volume4D,
)
from detente.geodesy import wgs84
from detente.record.canonical import canonical
from detente.screening.generalise import GeneralGrid, generalise

COUNT = 160
HARD = (
    (90.0, 0.0),
    (-89.95, 20.0),
    (0.0, 180.0),
    (35.0, 45.0),
    (35.264389, 45.0),
    (0.0, 0.0),
    (0.0, 90.0),
    (45.0, 0.0),
)
drawn = random.Random(20180917)


def place():
    spot = drawn.choice(HARD) if drawn.random() < 0.3 else (drawn.uniform(-90, 90), drawn.uniform(-180, 180))
    return Position(*spot)


def reach(start, azimuth_deg, distance_m):
    lat, lon = wgs84.direct(start.latitude_deg, start.longitude_deg, azimuth_deg, distance_m)
    return Position(round(float(lat), 9), round(float(lon), 9))


def onward(start, least, most):
    return reach(start, drawn.uniform(0, 360), 10 ** drawn.uniform(least, most))


def star(middle, size_m, spokes):
    return tuple(reach(middle, 360.0 * k / len(spokes), size_m * spoke) for k, spoke in enumerate(spokes))


def footprint():
    start, kind = place(), drawn.randrange(5)
    if kind == 0:
        return Circle(start, 10 ** drawn.uniform(1.5, 5.5))
    if kind == 1:
        turn = onward(start, 3, 6)
        ends = drawn.choice(("round", "square"))
        return Corridor((start, turn, onward(turn, 3, 5)), 10 ** drawn.uniform(1.5, 4.4), ends)
    if kind == 2:
        return Orbit(
            start, onward(start, 3, 5.3), 10 ** drawn.uniform(2, 4.5), drawn.choice(("left", "centre", "right"))
        )
    spokes, size_m = [drawn.uniform(0.6, 1.0) for _ in range(drawn.randint(4, 24))], 10 ** drawn.uniform(2.6, 5.5)
    holes = (star(start, 0.3 * size_m, spokes),) if drawn.random() < 0.5 else ()
    polygon = Polygon(star(start, size_m, spokes), holes)
    return polygon if kind == 3 else MultiPolygon((polygon,))


def said_of(volume, grid):
    try:
        return sha256(canonical(plain(volume_form(generalise(volume, grid))))).hexdigest()
    except DetenteError as error:
        return type(error).__name__


def case():
    try:
        unsure = Uncertainty(drawn.choice((0.0, drawn.uniform(0, 20_000))), 0.0, drawn.uniform(0, 100))
        start_us = drawn.randrange(10**15)
        volume = Volume4D(footprint(), UNSTATED_BAND, TimeWindow(start_us, 2 * 10**15), unsure)
    except DetenteError:
        return case()
    grid = GeneralGrid(tuple(drawn.sample(range(3, 17), drawn.randint(1, 6))), most_cells=drawn.choice((64, 500, 4096)))
    asked = {"volume": plain(volume_form(volume)), "cell_levels": list(grid.cell_levels), "most_cells": grid.most_cells}
    return asked | {"layer_m": grid.layer_m, "slot_us": grid.slot_us, "said": said_of(volume, grid)}


def main():
    text = json.dumps([case() for _ in range(COUNT)], separators=(",", ":"))
    (Path(__file__).parent / "volumes.json").write_text(
        text.replace('},{"volume"', '},\n{"volume"') + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
