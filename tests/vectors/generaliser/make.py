"""Writes the vectors beside it: `python tests/vectors/generaliser/make.py`. Run it only together with a new GENERALISER_VERSION."""

import json
from pathlib import Path

from detente.domain import (
    ALL_ALTITUDES,
    SURFACE,
    UNLIMITED_ABOVE,
    UNSTATED_BAND,
    UNSTATED_WINDOW,
    AltitudeBand,
    Circle,
    Corridor,
    MultiPolygon,
    Orbit,
    Polygon,
    Position,
    TimeWindow,
    Uncertainty,
    Volume4D,
    agl,
    amsl,
    flight_level,
    hae,
)
from detente.screening import s2cells
from detente.screening.generalise import (
    DAY_US,
    GENERALISER_VERSION,
    GeneralGrid,
    existence_grid,
    generalise,
    generalised_cells,
)

HOUR_US = DAY_US // 24
EVENING = TimeWindow(1_537_207_200_000_000, 1_537_214_399_000_001)  # 2018-09-17T18:00Z, to 19:59:59.000001Z
MIDDLE = AltitudeBand(flight_level(150), flight_level(195))
GENERAL = GeneralGrid((9,))


def ring(*corners):
    return tuple(Position(*corner) for corner in corners)


SQUARE = ring((35.0, 35.0), (35.0, 36.0), (36.0, 36.0), (36.0, 35.0))
HOLE = ring((35.2, 35.2), (35.8, 35.2), (35.8, 35.8), (35.2, 35.8))
SPOT = Circle(Position(35.2, 35.8), 12_000.0)
ROUTE = ring((33.8, 35.4), (34.6, 36.2), (34.4, 37.1))

CASES = {
    "circle": (Volume4D(SPOT, MIDDLE, EVENING), GENERAL),
    "circle_with_uncertainty": (Volume4D(SPOT, MIDDLE, EVENING, Uncertainty(9_260.0, 300.0, 300.0)), GENERAL),
    "circle_about_the_north_pole": (Volume4D(Circle(Position(90.0, 0.0), 60_000.0), MIDDLE, EVENING), GENERAL),
    "circle_near_the_south_pole": (Volume4D(Circle(Position(-89.8, 77.0), 40_000.0), MIDDLE, EVENING), GENERAL),
    "circle_over_the_antimeridian": (Volume4D(Circle(Position(-17.0, 179.95), 30_000.0), MIDDLE, EVENING), GENERAL),
    "circle_at_a_corner_of_the_cube": (
        Volume4D(Circle(Position(35.26438968, 45.0), 50_000.0), MIDDLE, EVENING),
        GENERAL,
    ),
    "corridor_round": (Volume4D(Corridor(ROUTE, 5_556.0), MIDDLE, EVENING), GENERAL),
    "corridor_square": (Volume4D(Corridor(ROUTE, 9_260.0, "square"), MIDDLE, EVENING), GENERAL),
    "corridor_1000_km_along_the_geodesic": (
        Volume4D(Corridor(ring((60.0, -20.0), (62.0, -1.0)), 9_260.0), MIDDLE, EVENING),
        GENERAL,
    ),
    "orbit_left": (Volume4D(Orbit(*ring((34.5, 34.0), (35.2, 34.2)), 18_520.0, "left"), MIDDLE, EVENING), GENERAL),
    "polygon": (Volume4D(Polygon(SQUARE), MIDDLE, EVENING), GENERAL),
    "polygon_clockwise": (Volume4D(Polygon(SQUARE[::-1]), MIDDLE, EVENING), GENERAL),
    "polygon_with_hole": (Volume4D(Polygon(SQUARE, (HOLE,)), MIDDLE, EVENING), GENERAL),
    "multipolygon": (
        Volume4D(MultiPolygon((Polygon(SQUARE), Polygon(ring((35, 37), (35, 37.2), (35.2, 37.1))))), MIDDLE, EVENING),
        GENERAL,
    ),
    "surface_to_feet_amsl": (Volume4D(SPOT, AltitudeBand(SURFACE, amsl(4_572.0)), EVENING), GENERAL),
    "surface_with_uncertainty_is_open_below": (
        Volume4D(SPOT, AltitudeBand(SURFACE, agl(300.0)), EVENING, Uncertainty(0.0, 50.0, 0.0)),
        GENERAL,
    ),
    "level_flight_on_a_layer_edge": (Volume4D(SPOT, AltitudeBand(hae(3_048.0), hae(3_048.0)), EVENING), GENERAL),
    "below_the_lowest_layer": (Volume4D(SPOT, AltitudeBand(hae(-11_900.0), hae(-11_000.0)), EVENING), GENERAL),
    "unlimited_above": (Volume4D(SPOT, AltitudeBand(flight_level(245), UNLIMITED_ABOVE), EVENING), GENERAL),
    "all_altitudes": (Volume4D(SPOT, ALL_ALTITUDES, EVENING), GENERAL),
    "nothing_stated_but_the_place": (Volume4D(SPOT, UNSTATED_BAND, UNSTATED_WINDOW), GENERAL),
    "an_instant_on_a_slot_edge": (
        Volume4D(SPOT, MIDDLE, TimeWindow(EVENING.start_us, EVENING.start_us)),
        GENERAL,
    ),
    "before_1970": (Volume4D(SPOT, MIDDLE, TimeWindow(-5 * HOUR_US - 1, -5 * HOUR_US)), GENERAL),
    "coarser_level_for_a_wide_volume": (
        Volume4D(Circle(Position(34.0, 38.0), 200_000.0), MIDDLE, EVENING),
        GeneralGrid((7, 9, 11), most_cells=64),
    ),
    "fine_cells_thin_layers": (
        Volume4D(Circle(Position(33.27, 35.57), 800.0), MIDDLE, EVENING),
        GeneralGrid((13,), layer_m=304.8, slot_us=600_000_000),
    ),
    "existence": (Volume4D(SPOT, MIDDLE, EVENING), existence_grid(5)),
    "existence_over_midnight": (
        Volume4D(SPOT, MIDDLE, TimeWindow(EVENING.start_us, EVENING.start_us + 8 * HOUR_US)),
        existence_grid(5),
    ),
}


def positions(ring):
    return [[p.latitude_deg, p.longitude_deg] for p in ring]


def footprint_out(footprint):
    match footprint:
        case Circle(centre, radius_m):
            return {"kind": "circle", "centre": positions([centre])[0], "radius_m": radius_m}
        case Corridor(line, half_width_m, ends):
            return {"kind": "corridor", "centre_line": positions(line), "half_width_m": half_width_m, "ends": ends}
        case Orbit(first, second, width_m, alignment):
            anchors = positions((first, second))
            return {"kind": "orbit", "anchors": anchors, "width_m": width_m, "alignment": alignment}
        case Polygon():
            return {"kind": "multipolygon", "parts": [[positions(r) for r in (footprint.shell, *footprint.holes)]]}
    return {"kind": "multipolygon", "parts": [footprint_out(part)["parts"][0] for part in footprint.parts]}


def limit_out(limit):
    open_side = limit.reference.value in ("UNL", "UNSTATED")
    return {"reference": limit.reference.value} | ({} if open_side else {"value_m": limit.value_m})


def volume_out(volume):
    window, unsure = volume.window, volume.uncertainty
    return {
        "footprint": footprint_out(volume.footprint),
        "altitude_lower": limit_out(volume.altitude.lower),
        "altitude_upper": limit_out(volume.altitude.upper),
        "start_us": window.start_us if window.start_utc else None,
        "end_us": window.end_us if window.end_utc else None,
        "start_stated": window.start_stated,
        "end_stated": window.end_stated,
        "uncertainty": {"position_m": unsure.position_m, "altitude_m": unsure.altitude_m, "time_s": unsure.time_s},
    }


def grid_out(grid):
    return {
        "cell_levels": list(grid.cell_levels),
        "layer_m": grid.layer_m,
        "slot_us": grid.slot_us,
        "most_cells": grid.most_cells,
    }


def vector(volume, grid):
    level, cells = generalised_cells(volume, grid)
    return {
        "generaliser_version": GENERALISER_VERSION,
        "volume": volume_out(volume),
        "grid": grid_out(grid),
        "cell_level": level,
        "cells": list(s2cells.tokens(cells)),
        "generalised": volume_out(generalise(volume, grid)),
    }


def main():
    for name, case in CASES.items():
        text = json.dumps(vector(*case), indent=1)
        (Path(__file__).parent / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
