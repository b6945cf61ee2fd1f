import gzip
import json
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.domain import (
    Activity,
    AltitudeReference,
    Circle,
    InvalidVolume,
    Minima,
    TimeWindow,
    UnreadableFile,
    Volume4D,
)
from detente.domain.units import METRES_PER_FOOT, METRES_PER_NAUTICAL_MILE
from detente.interop.flights import (
    HALF_A_MILE,
    LONGEST_SILENCE_S,
    LegTolerance,
    Row,
    flight_notices,
    operator,
    read_collection,
)
from detente.screening import screen

GEOD = Geod(ellps="WGS84")
NOON_MS = 1_533_124_800_000


def row(
    t_s: float, latitude: float | None = 46.0, longitude: float | None = 8.0, altitude: float | None = 35_000.0, **more
):
    return Row(
        timestamp=NOON_MS + round(t_s * 1000),
        latitude=latitude,
        longitude=longitude,
        altitude=altitude,
        callsign=more.pop("callsign", "EZY3891"),
        icao24=more.pop("icao24", "4400eb"),
        **more,
    )


def straight(
    count: int, *, step_s: float = 10.0, speed_m_s: float = 230.0, azimuth_deg: float = 75.0, start=(46.0, 8.0)
):
    """Rows along one geodesic at one speed and level."""
    distances = np.arange(count) * step_s * speed_m_s
    longitude, latitude, _ = GEOD.fwd(*(np.full(count, x) for x in (start[1], start[0], azimuth_deg)), distances)
    return [row(k * step_s, float(latitude[k]), float(longitude[k])) for k in range(count)]


def off_the_leg_m(volume: Volume4D, latitude: float, longitude: float) -> float:
    """Metres outside the leg's footprint, by walking along its centre line in 1 m … 100 m steps; 0 inside."""
    footprint = volume.footprint
    if isinstance(footprint, Circle):
        far = GEOD.inv(longitude, latitude, footprint.centre.longitude_deg, footprint.centre.latitude_deg)[2]
        return max(0.0, far - footprint.radius_m)
    first, last = footprint.centre_line
    azimuth, _, length = GEOD.inv(first.longitude_deg, first.latitude_deg, last.longitude_deg, last.latitude_deg)
    lowest, highest, count = 0.0, length, 400
    for _ in range(4):  # narrow the stretch that holds the closest point
        along = np.linspace(lowest, highest, count)
        lon, lat, _ = GEOD.fwd(*(np.full(count, x) for x in (first.longitude_deg, first.latitude_deg, azimuth)), along)
        far = np.array(GEOD.inv(np.full(count, longitude), np.full(count, latitude), lon, lat)[2])
        k = int(far.argmin())
        lowest, highest = along[max(k - 1, 0)], along[min(k + 1, count - 1)]
    return max(0.0, float(far.min()) - footprint.half_width_m)


def active_at(volumes: tuple[Volume4D, ...], t_us: int) -> list[Volume4D]:
    return [volume for volume in volumes if volume.window.start_us <= t_us <= volume.window.end_us]


steps = st.tuples(
    st.sampled_from([0.0, 1.0, 5.0, 10.0, 20.0, LONGEST_SILENCE_S + 5.0]),  # seconds
    st.floats(-0.02, 0.02),  # degrees north: up to 2.2 km, so slow and impossible speeds both come up
    st.floats(-0.02, 0.02),
    st.floats(-600.0, 600.0),  # feet
)


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(st.floats(-85.0, 85.0), st.floats(-175.0, 175.0)),
    st.lists(steps, max_size=60),
    st.sampled_from([HALF_A_MILE, LegTolerance(100.0, 50.0, 60.0), LegTolerance(5_000.0, 2_000.0, 300.0)]),
)
def test_every_row_lies_inside_the_leg_active_at_its_time(start, moves, tolerance):
    t_s, latitude, longitude, altitude = 0.0, *start, 35_000.0
    rows = [row(t_s, latitude, longitude, altitude)]
    for dt_s, north, east, climb in moves:
        t_s, latitude, longitude = t_s + dt_s, latitude + north, longitude + east
        altitude = min(max(altitude + climb, 0.0), 50_000.0)
        rows.append(row(t_s, latitude, longitude, altitude))
    (notice,) = flight_notices(rows, source="made", tolerance=tolerance).notices
    for r in rows:
        active = active_at(notice.volumes, r.timestamp * 1_000)
        assert any(
            off_the_leg_m(v, r.latitude, r.longitude) <= 1e-3
            and v.altitude.lower.value_m - 1e-6 <= r.altitude * METRES_PER_FOOT <= v.altitude.upper.value_m + 1e-6
            for v in active
        )


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, min_size=1, max_size=40))
def test_a_flight_is_covered_from_first_row_to_last_except_over_silences(moves):
    times_s = np.concatenate([[0.0], np.cumsum([dt for dt, *_ in moves])])
    (notice,) = flight_notices([row(float(t)) for t in times_s], source="made").notices
    silent = {(a, b) for a, b in pairwise(times_s.tolist()) if b - a > LONGEST_SILENCE_S}
    windows = sorted((v.window.start_us, v.window.end_us) for v in notice.volumes)
    holes = {(a[1], b[0]) for a, b in pairwise(windows) if b[0] > a[1]}
    noon_us = NOON_MS * 1_000
    assert {((a - noon_us) / 1e6, (b - noon_us) / 1e6) for a, b in holes} == silent


def test_steady_flight_takes_one_leg_per_longest_leg_and_no_more():
    (notice,) = flight_notices(straight(61), source="made").notices  # 600 s
    assert [v.window.end_us - v.window.start_us for v in notice.volumes] == [300_000_000, 300_000_000]


def test_a_turn_ends_a_leg():
    out, back = straight(13), straight(13, azimuth_deg=165.0)
    (notice,) = flight_notices(out, source="made").notices
    corner = out[-1]
    turned = [
        row(
            120 + (r.timestamp - NOON_MS) / 1000,
            corner.latitude + r.latitude - 46.0,
            corner.longitude + r.longitude - 8.0,
        )
        for r in back
    ]
    (turning,) = flight_notices(out + turned, source="made").notices
    assert len(notice.volumes) == 1
    assert len(turning.volumes) == 2


def test_a_level_change_widens_no_other_legs_band():
    level = straight(31)
    climb = [
        row(300 + 10 * k, level[-1].latitude + 0.01 * k, level[-1].longitude, 35_000 + 300 * k) for k in range(1, 8)
    ]
    (notice,) = flight_notices(level + climb, source="made").notices
    assert str(notice.volumes[0].altitude) == "FL350"
    assert notice.volumes[-1].altitude.upper.value_m == pytest.approx(37_100 * METRES_PER_FOOT)
    assert all(v.altitude.lower.reference is AltitudeReference.FL for v in notice.volumes)


def test_a_position_jump_is_announced_and_stays_a_leg_of_its_own():
    rows = straight(20)
    rows[10] = row(100, 47.5, 8.3)
    made = flight_notices(rows, source="made")
    (notice,) = made.notices
    lengths_s = [(v.window.end_us - v.window.start_us) / 1e6 for v in notice.volumes]
    assert lengths_s == [90.0, 10.0, 10.0, 80.0]
    assert any("EZY3891-4400eb: 2 jump(s)" in said for said in made.readings)


def test_an_honest_second_of_clock_rounding_is_no_jump():
    rows = straight(20, step_s=1.0, speed_m_s=250.0)
    late = [row(t, r.latitude, r.longitude) for t, r in zip([*range(10), *range(9, 19)], rows, strict=True)]
    assert flight_notices(late, source="made").readings == ()


def test_rows_that_cannot_be_used_are_counted_by_reason_and_hide_nothing():
    bad = [
        row(1, altitude=None),
        row(2, altitude=123_100.0),
        row(3, altitude=float("nan")),
        row(4, latitude=None),
        row(5, latitude=91.0),
        row(6, onground=True),
        row(7, callsign=None, icao24=None),
    ]
    made = flight_notices([*straight(5), *bad], source="made")
    assert (made.row_count, made.kept_count, len(made.notices)) == (12, 5, 1)
    assert made.readings == (
        "made: 2 of 12 rows dropped: impossible altitude (outside -2000 to 60000 ft)",
        "made: 1 of 12 rows dropped: impossible position",
        "made: 1 of 12 rows dropped: neither callsign nor address",
        "made: 1 of 12 rows dropped: no altitude",
        "made: 1 of 12 rows dropped: no position",
        "made: 1 of 12 rows dropped: on the ground",
    )


@pytest.mark.parametrize(
    ("callsign", "party"), [("EZY3891", "EZY"), ("EZY93UQ", "EZY"), ("DCARO", None), ("N10XG", None), ("", None)]
)
def test_an_operator_is_three_letters_before_a_digit(callsign, party):
    assert operator(callsign) == party


def test_a_flight_without_an_operator_is_its_own_party():
    made = flight_notices([row(0, callsign="DCARO"), row(0, callsign=None, icao24="3950c5")], source="made")
    assert {notice.party for notice in made.notices} == {"DCARO", "3950c5"}


def test_one_row_is_a_flight_too():
    (notice,) = flight_notices([row(0)], source="made").notices
    (volume,) = notice.volumes
    assert isinstance(volume.footprint, Circle)
    assert volume.window == TimeWindow(NOON_MS * 1000, NOON_MS * 1000)
    assert notice.activity is Activity.AIR_OPERATION


def test_the_order_of_rows_does_not_matter():
    rows = [*straight(40), *straight(40, azimuth_deg=200.0, start=(47.0, 7.0))]
    rows = [
        row((r.timestamp - NOON_MS) / 1000, r.latitude, r.longitude, icao24="aa" if k < 40 else "bb")
        for k, r in enumerate(rows)
    ]
    assert flight_notices(rows, source="made") == flight_notices(rows[::-1], source="made")


def test_what_was_filled_in_is_labelled():
    (notice,) = flight_notices(straight(5), source="made").notices
    assert {a.field for a in notice.assumptions} == {
        "half_width",
        "position_uncertainty",
        "altitude_uncertainty",
        "time_uncertainty",
    }


@pytest.mark.parametrize(
    "bad", [(1.0, 200.0, 300.0), (900.0, 0.0, 300.0), (900.0, 200.0, 301.0), (float("nan"), 1.0, 1.0)]
)
def test_a_tolerance_that_could_not_be_kept_is_refused(bad):
    with pytest.raises(InvalidVolume):
        LegTolerance(*bad)


def packed(tmp_path: Path, content: bytes) -> Path:
    wheel = tmp_path / "traffic.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("traffic/data/samples/collections/made.json.gz", content)
    return wheel


def test_a_collection_is_read_from_the_wheel_without_installing_it(tmp_path):
    record = {
        "timestamp": NOON_MS,
        "latitude": 46.0,
        "longitude": 8.0,
        "altitude": 35_000.0,
        "track": 1.0,
        "squawk": None,
    }
    wheel = packed(tmp_path, gzip.compress(json.dumps([record]).encode()))
    assert read_collection(wheel, "made") == [Row(NOON_MS, 46.0, 8.0, 35_000.0)]


@pytest.mark.parametrize(
    "content",
    [
        b"not gzip",
        gzip.compress(b"[1, 2]"),
        gzip.compress(b'[{"timestamp": "noon"}]'),
        gzip.compress(b"[")[:-9],
        gzip.compress(bytes(range(256)))[:20] + b"\xff" * 30,
    ],
    ids=[
        "not gzip",
        "numbers",
        "no time",
        "cut off",
        "damaged",
    ],  # gzip writes the second it was made: no name for a test
)
def test_a_damaged_collection_is_refused_in_words(tmp_path, content):
    with pytest.raises(UnreadableFile, match="made"):
        read_collection(packed(tmp_path, content), "made")


def test_a_wheel_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(UnreadableFile, match=r"nowhere\.whl"):
        read_collection(tmp_path / "nowhere.whl", "made")


WHEEL = Path(__file__).parents[2] / "data" / "traffic-2.13-py3-none-any.whl"


@pytest.mark.soak
@pytest.mark.skipif(not WHEEL.exists(), reason="the sample flights are fetched by `make data`, never bundled")
@pytest.mark.parametrize("name", ["switzerland", "quickstart"])
def test_no_two_real_rows_within_the_minima_at_one_instant_are_told_clear(name):
    minima = Minima(5 * METRES_PER_NAUTICAL_MILE, 500 * METRES_PER_FOOT, 0.0)
    rows = read_collection(WHEEL, name)
    notices = flight_notices(rows, source=name, tolerance=LegTolerance(longest_s=60.0)).notices
    party = {notice.reference: notice.party for notice in notices}
    answer = screen(notices, minima=minima, explain=False, propose_most=0)
    told = {frozenset((c.a.notice.reference, c.b.notice.reference)) for c in answer.conflicts}
    close = {
        pair for pair in flights_close_at_one_instant(rows, minima) if len({party[flight] for flight in pair}) == 2
    }
    assert close <= told


def flights_close_at_one_instant(rows: list[Row], minima: Minima) -> set[frozenset[str]]:
    """Pairs of flights with two usable rows at the same millisecond within the minima: no legs, no margins."""
    instants: dict[int, list[tuple[str, float, float, float]]] = {}
    for r in rows:
        if not r.onground and r.altitude is not None and -2_000 <= r.altitude <= 60_000:
            flight = "-".join(part for part in ((r.callsign or "").strip(), r.icao24 or "") if part)
            instants.setdefault(r.timestamp, []).append((flight, r.latitude, r.longitude, r.altitude * METRES_PER_FOOT))
    close = set()
    for together in instants.values():
        latitude, longitude, altitude_m = np.array([values for _, *values in together]).T
        i, j = np.triu_indices(len(together), 1)
        level = np.abs(altitude_m[i] - altitude_m[j]) <= minima.vertical_m
        i, j = i[level], j[level]
        apart_m = np.asarray(GEOD.inv(longitude[i], latitude[i], longitude[j], latitude[j])[2])
        near = np.flatnonzero(apart_m <= minima.lateral_m)
        close |= {frozenset((together[i[k]][0], together[j[k]][0])) for k in near}
    return {pair for pair in close if len(pair) == 2}
