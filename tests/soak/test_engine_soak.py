"""The engine against independent peers at hundreds of thousands of volumes, and against the oracle at ten thousand; `make soak`.

Two bugs of its prototypes showed only from 300,000 volumes on: cells from a number that the rule against duplicates had rounded,
and times rounded to a float.
"""

import numpy as np
import pytest
from bench.agreement import Exact, compared, differing
from bench.peers import duckdb_grid, shapely_sliced, shapely_tree
from bench.workload import plane, planned
from pyproj import Transformer

from detente.domain import Answer, Circle, Corridor, Polygon, Position
from detente.screening import kernels
from detente.screening.engine import find_meetings
from oracle import lateral_distance_m
from oracle.meeting import lateral_answers
from soak.page import write_row

pytest.importorskip("duckdb", reason="the peers come with detente[bench]")
SEED = 20180917
PEERS = {"shapely, sliced by time": shapely_sliced, "DuckDB grid join": duckdb_grid}


def as_numbers(a, judged, wrong):
    """A line of the page."""
    counts = (a.both, a.ours_only, a.in_margin, a.theirs_only, a.graded_apart, len(judged))
    return (*(f"{count:,}" for count in counts), f"{a.farthest_m:.2f}", len(wrong))


def contradicted_by_the_oracle(p, ours, judged):
    """Those of the pairs whose answer, CLEAR where the engine found none, the oracle doesn't allow."""
    answers = dict(zip(map(tuple, ours[0].tolist()), ours[1].tolist(), strict=True))
    for i, j in map(tuple, judged.tolist()):
        allowed = allowed_answers(p, i, j)
        if not allowed.least <= answers.get((i, j), Answer.CLEAR) <= allowed.most:
            yield i, j


def found_by_the_engine(p, threads=2):
    return find_meetings(p.volumes, p.table, Exact(p), threads=threads)


@pytest.mark.soak
@pytest.mark.parametrize("name", ["day", "week", "dense"])
@pytest.mark.parametrize("count", [300_000, 1_000_000])
def test_two_independent_peers_find_the_same_pairs(name, count):
    p = planned(name, count, SEED)
    found = found_by_the_engine(p)
    ours, flat = (found.pairs, found.answers), plane(p)
    for name_of_peer, peer in PEERS.items():
        theirs = peer(flat, 2)
        agreement = compared(p, ours, theirs)
        judged = differing(len(p.volumes), ours, theirs)
        wrong = {*agreement.wrong, *contradicted_by_the_oracle(p, ours, judged)}
        write_row(name, count, name_of_peer, as_numbers(agreement, judged, wrong))
        assert not wrong, (name_of_peer, SEED, sorted(wrong))
        assert agreement.holds, (name_of_peer, agreement)
        assert agreement.both > count // 200
        assert agreement.graded_apart < 10 + agreement.both // 10_000


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(SEED, SEED + 10))
def test_another_seed_finds_the_same_pairs_too(seed):
    p = planned("dense", 100_000, seed)
    found = found_by_the_engine(p)
    agreement = compared(p, (found.pairs, found.answers), shapely_tree(plane(p), 2))
    assert agreement.holds, agreement


@pytest.mark.soak
def test_any_number_of_threads_gives_the_same_bytes_at_a_million():
    p = planned("day", 1_000_000, SEED)
    one, two, seven = (found_by_the_engine(p, threads) for threads in (1, 2, 7))
    assert one.pairs.tobytes() == two.pairs.tobytes() == seven.pairs.tobytes()
    assert one.answers.tobytes() == two.answers.tobytes() == seven.answers.tobytes()


@pytest.mark.soak
def test_any_order_of_volumes_gives_the_same_meetings_at_three_hundred_thousand():
    p = planned("day", 300_000, SEED)
    found = found_by_the_engine(p)
    order = np.random.default_rng(SEED).permutation(len(p.volumes))
    shuffled = type(p)(reordered(p.volumes, order), p.minima)
    again = found_by_the_engine(shuffled)
    pairs = np.sort(order[again.pairs], axis=1)
    key = np.lexsort((pairs[:, 1], pairs[:, 0]))
    assert np.array_equal(pairs[key], found.pairs)
    assert np.array_equal(again.answers[key], found.answers)


def reordered(v, order):
    """The same volumes in another order."""
    vertices = np.concatenate([np.arange(v.offset[k], v.offset[k + 1]) for k in order])
    columns = {name: getattr(v, name)[order] for name in v.__dataclass_fields__ if len(getattr(v, name)) == len(v)}
    offset = np.concatenate([[0], np.cumsum(np.diff(v.offset)[order])])
    rings = {name: getattr(v, name)[vertices] for name in ("lat_deg", "lon_deg", "joins")}
    return type(v)(**(columns | rings | {"offset": offset}))


# The oracle: every pair of ten thousand. Only a distance that no footprint can bridge is passed over unmeasured.


@pytest.mark.soak
@pytest.mark.parametrize("name", ["day", "dense"])
def test_ten_thousand_volumes_meet_where_the_oracle_says(name):
    p = planned(name, 10_000, SEED)
    found = found_by_the_engine(p)
    answers = {(i, j): Answer(a) for (i, j), a in zip(found.pairs.tolist(), found.answers.tolist(), strict=True)}
    met = 0
    for i, j in pairs_of_the_oracle(p):
        allowed = allowed_answers(p, i, j)
        answer = answers.pop((i, j), Answer.CLEAR)
        assert allowed.least <= answer <= allowed.most, (i, j, answer, allowed)
        met += answer is not Answer.CLEAR
    assert answers == {}  # and nothing of what was passed over
    assert met > 100


def pairs_of_the_oracle(p):
    """All pairs of different parties that may meet in time and height, and that are not too far apart through the Earth."""
    v = p.volumes
    lateral_m, vertical_m, time_s = p.minima
    at, reach_m = balls(v)
    for i in range(len(v)):
        j = np.arange(i + 1, len(v))
        slack_us = v.time_slack_us[i] + v.time_slack_us[j] + round(time_s * 1e6)
        slack_m = v.altitude_slack_m[i] + v.altitude_slack_m[j] + vertical_m + 0.01
        near = (
            (v.party[j] != v.party[i])
            & (v.start_us[j] - v.end_us[i] <= slack_us)
            & (v.start_us[i] - v.end_us[j] <= slack_us)
            & (v.lower_m[j] - v.upper_m[i] <= slack_m)
            & (v.lower_m[i] - v.upper_m[j] <= slack_m)
            & (np.sqrt(((at[j] - at[i]) ** 2).sum(axis=1)) <= reach_m[i] + reach_m[j] + lateral_m)
        )
        yield from ((i, int(k)) for k in j[near])


def balls(v):
    """For each volume its first vertex, earth-centred, and how far from it its uncertain footprint may be, 1 km and more to spare."""
    to_xyz = Transformer.from_crs(4979, 4978, always_xy=True)
    xyz = np.column_stack(to_xyz.transform(v.lon_deg, v.lat_deg, np.zeros(len(v.lat_deg))))
    first = v.offset[:-1]
    apart_m = np.sqrt(((xyz - np.repeat(xyz[first], np.diff(v.offset), axis=0)) ** 2).sum(axis=1))
    return xyz[first], np.maximum.reduceat(apart_m, first) + v.radius_m + v.position_slack_m + 1_000.0


def allowed_answers(p, i, j):
    """What the oracle allows, from its own distance and its own intervals."""
    v = p.volumes
    uncertain_m = float(v.position_slack_m[i] + v.position_slack_m[j])
    lateral = lateral_answers(lateral_distance_m(footprint(v, i), footprint(v, j)), uncertain_m, p.minima[0])
    gap_us = max(0, int(v.start_us[j] - v.end_us[i]), int(v.start_us[i] - v.end_us[j]))
    gap_m = max(0.0, float(v.lower_m[j] - v.upper_m[i]), float(v.lower_m[i] - v.upper_m[j]))
    slack_us, slack_m = int(v.time_slack_us[[i, j]].sum()), float(v.altitude_slack_m[[i, j]].sum())
    time = graded(gap_us, round(p.minima[2] * 1e6), slack_us)
    least, most = (graded(gap_m + off_m, p.minima[1], slack_m) for off_m in (0.002, -0.002))
    return type(lateral)(min(lateral.least, least, time), min(lateral.most, most, time))


def graded(gap, minimum, slack):
    if gap <= minimum:
        return Answer.CONFLICT
    return Answer.POSSIBLE if gap <= minimum + slack else Answer.CLEAR


def footprint(v, i):
    places = zip(v.lat_deg[v.offset[i] : v.offset[i + 1]], v.lon_deg[v.offset[i] : v.offset[i + 1]], strict=True)
    line = tuple(Position(float(lat), float(lon)) for lat, lon in places)
    if v.kind[i] == kernels.REGION:
        return Polygon(line[:-1])
    return Circle(line[0], float(v.radius_m[i])) if v.kind[i] == kernels.POINT else Corridor(line, float(v.radius_m[i]))
