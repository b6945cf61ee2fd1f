"""Flown tracks as notices: one flight, one notice, one corridor for each leg of steady flight.

Reads the sample collections of the open-source library `traffic` (gzip JSON, one row per position report) from
its wheel, without installing it. Their `altitude` is pressure altitude in feet, so bands are flight levels.

What is true of every notice made here: at the time of each row that was kept, the row's position and altitude lie
inside the volume of that time. Nothing is smoothed: a position jump stays where it was recorded, as a leg of its
own, and is announced; a silence is left open, and announced. Rows without a usable altitude are dropped and counted.
"""

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from detente.domain import (
    Activity,
    AltitudeBand,
    Assumption,
    Circle,
    Corridor,
    InvalidVolume,
    Notice,
    Position,
    TimeWindow,
    TooLarge,
    Uncertainty,
    UnreadableFile,
    Volume4D,
    flight_level,
)
from detente.domain.units import METRES_PER_FOOT, METRES_PER_NAUTICAL_MILE, MICROSECONDS_PER_SECOND

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

LOWEST_ALTITUDE_FT: Final = -2_000.0  # a runway below sea level on a day of high pressure
HIGHEST_ALTITUDE_FT: Final = 60_000.0  # no airliner or business jet is certified above FL510
FASTEST_M_S: Final = 350.0  # ground speed; an airliner in the strongest jet stream stays below
STEEPEST_M_S: Final = 100.0  # climb or descent, 20,000 ft a minute
CLOCK_STEP_S: Final = 1.0  # rows carry whole seconds, so two of them may be this much further apart than they say
LONGEST_SILENCE_S: Final = 60.0  # past it nothing is said of where the aircraft was
MOST_BYTES: Final = 400_000_000  # of one collection, unpacked; the largest sample holds 70 MB

_LARGEST_CURVATURE_RADIUS_M: Final = 6_399_593.6258  # WGS 84, at the poles: angle × this is never too short
# A great circle leaves the geodesic by 0.7 m on legs of 100 km and 1 m on legs of 120 km, as long as legs get.
_CHORD_MARGIN_M: Final = 2.0
_OPERATOR: Final = re.compile(r"[A-Z]{3}(?=\d)")  # ICAO Doc 8585 designator, then the flight: EZY3891, not DCARO


@dataclass(frozen=True, slots=True)
class LegTolerance:
    """How far a flight may stray from one straight, steady leg before the next begins.

    `lateral_m` is also the half width of the corridor: at each kept row the aircraft is inside it, and no further
    than that from where steady flight along the leg would have it at that instant.
    """

    lateral_m: float = 0.5 * METRES_PER_NAUTICAL_MILE
    altitude_ft: float = 200.0
    longest_s: float = 300.0

    def __post_init__(self) -> None:
        if not (self.lateral_m > _CHORD_MARGIN_M and self.altitude_ft > 0 and 0 < self.longest_s <= 300):
            raise InvalidVolume(
                f"leg tolerance {self.lateral_m} m, {self.altitude_ft} ft, {self.longest_s} s is not usable",
                hint=f"give more than {_CHORD_MARGIN_M} m, more than 0 ft, and at most 300 s",
            )


HALF_A_MILE: Final = LegTolerance()

# Position: ADS-B for separation wants NACp 8 (95 % within 0.05 NM); twice that. Altitude: ±200 ft is the tolerance of
# ICAO Doc 4444, 8.5.5.1, for level reports in RVSM airspace. Time: latency and clock of the receivers, a second.
AS_REPORTED: Final = Uncertainty(
    position_m=0.1 * METRES_PER_NAUTICAL_MILE, altitude_m=200 * METRES_PER_FOOT, time_s=1.0
)


class Row(msgspec.Struct, frozen=True, gc=False):
    """One position report; fields not named here are ignored."""

    timestamp: int  # milliseconds since 1970 UTC
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None  # pressure altitude, feet
    callsign: str | None = None
    icao24: str | None = None
    onground: bool | None = None


@dataclass(frozen=True, slots=True)
class FlightNotices:
    """The notices, and what was read into, left out of and odd about the rows."""

    notices: tuple[Notice, ...]
    readings: tuple[str, ...]
    row_count: int
    kept_count: int
    volume_count: int


@dataclass(frozen=True, slots=True)
class _Track:
    """One flight's kept rows by time: instants (µs), positions both ways, pressure altitudes (ft)."""

    t_us: Integers
    latitude_deg: Floats
    longitude_deg: Floats
    normal: Floats  # (n, 3) unit vectors of latitude and longitude
    altitude_ft: Floats


def read_collection(wheel: Path, name: str) -> list[Row]:
    """The rows of one sample collection of the `traffic` wheel, e.g. `switzerland`.

    Raises:
        UnreadableFile: no such file, not a wheel, no such collection, or rows of another shape.
        TooLarge: it unpacks past `MOST_BYTES`.
    """
    member = f"traffic/data/samples/collections/{name}.json.gz"
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, gzip.open(packed) as rows:
            raw = rows.read(MOST_BYTES + 1)
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise UnreadableFile(f"{wheel.name}: {member} cannot be read: {error}", hint="fetch it again") from error
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"{member} unpacks to more than {MOST_BYTES} bytes")
    try:
        return msgspec.json.decode(raw, type=list[Row])
    except msgspec.MsgspecError as error:
        raise UnreadableFile(f"{member} does not hold position reports: {error}") from error


def operator(callsign: str) -> str | None:
    """The operator's three letters where the callsign has them: EZY of EZY3891; None for a registration."""
    found = _OPERATOR.match(callsign)
    return found.group() if found else None


def flight_notices(
    rows: Iterable[Row],
    *,
    source: str,
    tolerance: LegTolerance = HALF_A_MILE,
    uncertainty: Uncertainty = AS_REPORTED,
) -> FlightNotices:
    """One notice per flight (an aircraft under one callsign); its party is the operator, or the flight itself.

    Args:
        rows: in any order.
        source: names the collection in each notice's `source` and in the readings.
        uncertainty: of every volume; what only it brings together is POSSIBLE.
    """
    every_row = list(rows)
    kept, readings = _usable(every_row, source)
    notices: list[Notice] = []
    for (callsign, icao24), flown in _by_flight(kept):
        track = _track(flown)
        notice, odd = _notice(callsign, icao24, track, source, tolerance, uncertainty)
        notices.append(notice)
        readings.extend(odd)
    volume_count = sum(len(notice.volumes) for notice in notices)
    return FlightNotices(tuple(notices), tuple(readings), len(every_row), len(kept), volume_count)


def _usable(rows: list[Row], source: str) -> tuple[list[Row], list[str]]:
    """The rows to fly by, and one reading for each reason others were dropped."""
    dropped: dict[str, int] = {}
    kept = []
    for row in rows:
        if why := _unusable(row):
            dropped[why] = dropped.get(why, 0) + 1
        else:
            kept.append(row)
    return kept, [f"{source}: {count} of {len(rows)} rows dropped: {why}" for why, count in sorted(dropped.items())]


def _unusable(row: Row) -> str:
    """Why a row cannot be used; empty where it can. NaN fails every comparison, so it is refused too."""
    if row.onground:
        return "on the ground"
    if not (row.callsign or "").strip() and not row.icao24:
        return "neither callsign nor address"
    if row.latitude is None or row.longitude is None:
        return "no position"
    if not (-90 <= row.latitude <= 90 and -180 <= row.longitude <= 180):
        return "impossible position"
    if row.altitude is None:
        return "no altitude"
    if not LOWEST_ALTITUDE_FT <= row.altitude <= HIGHEST_ALTITUDE_FT:
        return f"impossible altitude (outside {LOWEST_ALTITUDE_FT:.0f} to {HIGHEST_ALTITUDE_FT:.0f} ft)"
    return ""


def _by_flight(rows: list[Row]) -> list[tuple[tuple[str, str], list[Row]]]:
    flights: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        flights.setdefault(((row.callsign or "").strip(), row.icao24 or ""), []).append(row)
    return sorted(flights.items())


def _track(rows: list[Row]) -> _Track:
    """Sorted by time; exact repeats of a report are one report."""
    table = np.unique(
        np.array([(row.timestamp, row.latitude, row.longitude, row.altitude) for row in rows], dtype=np.float64), axis=0
    )
    latitude, longitude = np.radians(table[:, 1]), np.radians(table[:, 2])
    normal = np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=1
    )
    # milliseconds are whole and below 2**53, so float64 holds them exactly
    return _Track(table[:, 0].astype(np.int64) * 1_000, table[:, 1], table[:, 2], normal, table[:, 3])


def _notice(
    callsign: str, icao24: str, track: _Track, source: str, tolerance: LegTolerance, uncertainty: Uncertainty
) -> tuple[Notice, list[str]]:
    jump, silence = _breaks(track)
    reference = "-".join(part for part in (callsign, icao24) if part)
    party = operator(callsign) or callsign or icao24
    legs = _legs(track, jump, silence, tolerance)
    notice = Notice(
        reference=reference,
        party=party,
        activity=Activity.AIR_OPERATION,
        volumes=tuple(_volume(track, i, j, tolerance.lateral_m, uncertainty) for i, j in legs),
        title=callsign,
        source=source,
        assumptions=_ASSUMED,
    )
    return notice, _odd(f"{source}: {reference}", track, jump, silence)


_ASSUMED: Final = (
    Assumption("half_width", "the tolerance to which the flown track was cut into straight legs"),
    Assumption("altitude_uncertainty", "±200 ft, ICAO Doc 4444 8.5.5.1, tolerance of level reports in RVSM airspace"),
    Assumption("position_uncertainty", "0.1 NM, twice the 95 % radius of ADS-B NACp 8"),
    Assumption("time_uncertainty", "1 s for latency and receiver clocks"),
)


def _breaks(track: _Track) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each step to the next row: whether it is a jump no aircraft flies, and whether it bridges a silence."""
    dt_s = np.diff(track.t_us) / MICROSECONDS_PER_SECOND
    silence = dt_s > LONGEST_SILENCE_S
    dt_s = dt_s + CLOCK_STEP_S
    too_far = _angle(track.normal[1:], track.normal[:-1]) * _LARGEST_CURVATURE_RADIUS_M > FASTEST_M_S * dt_s
    too_steep = np.abs(np.diff(track.altitude_ft)) * METRES_PER_FOOT > STEEPEST_M_S * dt_s
    return (too_far | too_steep) & ~silence, silence


def _legs(
    track: _Track, jump: NDArray[np.bool_], silence: NDArray[np.bool_], tolerance: LegTolerance
) -> Iterator[tuple[int, int]]:
    """First and last row of each leg; neighbours share a row, except over a silence."""
    last = len(track.t_us) - 1
    if last == 0:
        yield 0, 0
    i = 0
    broken = np.flatnonzero(jump | silence)
    while i < last:
        if silence[i]:
            if i == 0 or silence[i - 1]:
                yield i, i  # one row alone between two silences
            i += 1
            if i == last:
                yield i, i
            continue
        j = i + 1 if jump[i] else _leg_end(track, i, _limit(track, i, broken, last, tolerance), tolerance)
        yield i, j
        i = j


def _limit(track: _Track, i: int, broken: Integers, last: int, tolerance: LegTolerance) -> int:
    """The furthest row a leg from `i` may reach: not over a break, not past the longest leg, at least one step."""
    longest_us = int(tolerance.longest_s * MICROSECONDS_PER_SECOND)
    in_time = int(np.searchsorted(track.t_us, track.t_us[i] + longest_us, side="right")) - 1
    k = int(np.searchsorted(broken, i))
    before_break = int(broken[k]) if k < len(broken) else last
    return max(i + 1, min(in_time, before_break, last))


def _leg_end(track: _Track, i: int, limit: int, tolerance: LegTolerance) -> int:
    """The furthest row found, by doubling and then halving, to which one steady leg from `i` fits every row between.

    The leg returned was checked against all its rows; a longer one may exist, as fitting is not monotone.
    """
    good, step, bad = i + 1, 1, limit + 1
    while good < limit:
        j = min(good + step, limit)
        if not _fits(track, i, j, tolerance):
            bad = j
            break
        good, step = j, 2 * step
    while bad - good > 1:
        j = (good + bad) // 2
        good, bad = (j, bad) if _fits(track, i, j, tolerance) else (good, j)
    return min(good, limit)


def _fits(track: _Track, i: int, j: int, tolerance: LegTolerance) -> bool:
    """Whether steady flight from row `i` to row `j` passes every row between within tolerance, at its instant."""
    if track.t_us[j] == track.t_us[i]:
        return False  # two places at one instant; each step of it is a leg
    between = slice(i + 1, j)
    share = ((track.t_us[between] - track.t_us[i]) / (track.t_us[j] - track.t_us[i]))[:, None]
    chord = track.normal[i] + share * (track.normal[j] - track.normal[i])
    chord /= np.linalg.norm(chord, axis=1, keepdims=True)
    climb_ft = track.altitude_ft[i] + share[:, 0] * (track.altitude_ft[j] - track.altitude_ft[i])
    lateral_m = _angle(chord, track.normal[between]) * _LARGEST_CURVATURE_RADIUS_M
    return bool(
        np.all(lateral_m <= tolerance.lateral_m - _CHORD_MARGIN_M)
        and np.all(np.abs(track.altitude_ft[between] - climb_ft) <= tolerance.altitude_ft)
    )


def _angle(a: Floats, b: Floats) -> Floats:
    """Radians between unit vectors, sound for small angles."""
    return np.asarray(2.0 * np.arcsin(np.minimum(np.linalg.norm(a - b, axis=1) / 2.0, 1.0)))


def _volume(track: _Track, i: int, j: int, half_width_m: float, uncertainty: Uncertainty) -> Volume4D:
    """The leg's corridor, between the lowest and highest altitude reported on it, while it is flown."""
    start, end = (Position(float(track.latitude_deg[k]), float(track.longitude_deg[k])) for k in (i, j))
    altitude_ft = track.altitude_ft[i : j + 1]
    return Volume4D(
        Circle(start, half_width_m) if start == end else Corridor((start, end), half_width_m),
        AltitudeBand(flight_level(float(altitude_ft.min()) / 100), flight_level(float(altitude_ft.max()) / 100)),
        TimeWindow(int(track.t_us[i]), int(track.t_us[j])),
        uncertainty,
    )


def _odd(where: str, track: _Track, jump: NDArray[np.bool_], silence: NDArray[np.bool_]) -> list[str]:
    said = []
    if jump.any():
        said.append(
            f"{where}: {jump.sum()} jump(s) faster than {FASTEST_M_S:.0f} m/s over ground or {STEEPEST_M_S:.0f} m/s "
            "up or down; kept as recorded, each a leg of its own"
        )
    if silence.any():
        longest_s = float(np.diff(track.t_us)[silence].max()) / MICROSECONDS_PER_SECOND
        said.append(
            f"{where}: {silence.sum()} silence(s), the longest {longest_s:.0f} s; nothing is said of where it was then"
        )
    return said
