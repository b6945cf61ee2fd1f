"""Moves found among a hundred thousand volumes, against every smaller one, tried one by one; `make soak`."""

from collections.abc import Iterator

import numpy as np
import pytest
from bench.online import part
from bench.workload import planned

from detente.domain import Activity, Notice, Proposal
from detente.screening import kernels
from detente.screening.clearing import propose
from detente.screening.index import VolumeIndex
from detente.screening.packed import ACTIVITIES, prepared_of
from detente.screening.proposals import (
    ALTITUDE_STEP_M,
    BEARINGS_DEG,
    MOST_ALTITUDE_STEPS,
    MOST_SIDEWAYS_STEPS,
    MOST_TIME_STEPS,
    MOVES,
    SIDEWAYS_STEP_M,
    TIME_STEP_S,
    moved,
)

pytestmark = pytest.mark.soak

HELD = 100_000
ASKED = 150


def moves_in_order(notice: Notice, dimension: str) -> Iterator[Proposal]:
    """Every move within the limits, smallest first; later, higher and the first bearing before the others."""
    if dimension == "sideways":
        for step in range(1, MOST_SIDEWAYS_STEPS + 1):
            for bearing_deg in BEARINGS_DEG.tolist():
                yield Proposal(notice, "sideways", step * SIDEWAYS_STEP_M, bearing_deg)
        return
    most, size = (
        (MOST_TIME_STEPS, float(TIME_STEP_S)) if dimension == "time" else (MOST_ALTITUDE_STEPS, ALTITUDE_STEP_M)
    )
    lowest_m = min(volume.altitude.lower.value_m for volume in notice.volumes)
    for step in range(1, most + 1):
        yield Proposal(notice, dimension, step * size)
        if dimension == "time" or lowest_m - step * size >= 0.0:
            yield Proposal(notice, dimension, -step * size)


@pytest.mark.parametrize("set_name", ["day", "dense"])
def test_the_first_move_that_clears_is_the_one_proposed(set_name):
    plan = planned(set_name, HELD + ASKED, seed=7)
    index = VolumeIndex(np.tile(plan.table, (len(ACTIVITIES), len(ACTIVITIES), 1)), room=HELD)
    index.insert(np.arange(HELD), index.pack_arrays(part(plan.volumes, 0, HELD)))
    for k in range(ASKED):
        pack = index.pack_arrays(part(plan.volumes, HELD + k, HELD + k + 1))
        party = int(pack.whole[0, kernels.WHO]) >> 8
        volume = prepared_of(pack.real, pack.lat_lon, pack.joins, [0]).volume
        notice = Notice(str(k), "A", Activity.AIR_OPERATION, (volume,))

        def clears(move: Proposal, party: int = party) -> bool:
            there = moved(move.notice, move).volumes
            return not len(index.query(index.pack(there, party, Activity.AIR_OPERATION)))

        if clears(Proposal(notice, "time", 0.0)):
            assert propose(notice, notice.volumes, index, party) == ()
            continue
        first = [
            next((move for move in moves_in_order(notice, dimension) if clears(move)), None)
            for dimension in MOVES[notice.activity]
        ]
        assert propose(notice, notice.volumes, index, party) == tuple(move for move in first if move is not None)
