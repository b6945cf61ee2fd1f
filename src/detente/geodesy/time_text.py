"""Moments as people write them: ISO 8601 and date-time groups. A time without a zone is not a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from detente.domain import NotUnderstood
from detente.geodesy.written import plainly

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
# Military time zones: A to M without J east of Greenwich, N to Y west, Z UTC. J is the observer's own time.
LETTER_HOURS: Final = {
    **{letter: hours for hours, letter in enumerate("ABCDEFGHIKLM", 1)},
    **{letter: -hours for hours, letter in enumerate("NOPQRSTUVWXY", 1)},
    "Z": 0,
}
# Files beside the zones: whatever this computer is set to, and zones that count leap seconds.
_NOT_A_ZONE: Final = re.compile(r"localtime|posixrules|Factory|right/.*|posix/.*")
_DOUBTFUL_ZONE: Final = {
    "EST": "Eastern time of America or of Australia",
    "MST": "American mountain time, with or without summer time",
    "HST": "Hawaiian time, with or without summer time",
    **dict.fromkeys(
        ("CET", "EET", "MET", "WET"), "the winter offset, or the time on the clock there, summer time included"
    ),
}
_DTG: Final = re.compile(r"(\d{2})\s*(\d{2})(\d{2})\s*([A-Z])?\s*([A-Z]{3})\s*(\d{4}|\d{2})?")
_ISO: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(.*)", re.IGNORECASE)
_ISO_BASIC: Final = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2}(?:[.,]\d+)?)?\s*(.*)", re.IGNORECASE)
_HALVES: Final = (
    (re.compile(r"(?:[01]\d|2[0-4])(?::?[0-5]\d(?::[0-5]\d)?\s*(?:Z|UTC|GMT|[A-IK-Y])|:[0-5]\d(?::[0-5]\d)?)"), "date"),
    (re.compile(r"(?:0[1-9]|[12]\d|3[01])\s*(?:[01]\d|2[0-4])[0-5]\d\s*[A-Z]"), "month and year"),
    (re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}\s?[A-Z]{3}\s?(?:\d{4}|\d{2})"), "time of day"),
)
_WRITTEN_BY_DAY: Final = re.compile(r"(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{4}|\d{2})(?!\d)\.?,?\s*(.*)")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})(?!\d),?\s*(.*)")
_BY_LETTER: Final = re.compile(r"\d{2}\s?\d{4}\s?([A-Z])\s?[A-Z]{3}\s?\d{2,4}|.*\d\s?([A-Z])", re.IGNORECASE)
_MIDNIGHT: Final = re.compile(r"24:00(:00([.,]0+)?)?")


def read_time(text: str) -> datetime:
    """The moment, in UTC: `2018-09-17T18:39Z`, `2018-09-17 21:39 +03:00`, `171839ZSEP18`, `2018-09-17 21:39 Asia/Damascus`.

    Raises:
        NotUnderstood: no zone, a local time that clocks skipped or showed twice, or not a time at all.
    """
    try:
        return _read(text, plainly(text, "a time"))
    except OverflowError as error:
        raise NotUnderstood(f"time {text!r} lies beyond the years 1 to 9999", hint="check the year") from error


def _read(text: str, plain: str) -> datetime:
    group = _DTG.fullmatch(plain.upper())
    if group:
        return _date_time_group(plain, *group.groups())
    iso = _ISO.fullmatch(_extended(plain))
    if not iso:
        _check_order(text, plain)
        _check_complete(text, plain)
        raise NotUnderstood(f"{text!r} is not a time", hint="write 2018-09-17T18:39Z or 171839ZSEP18")
    date, clock, zone = iso.groups()
    if not zone:
        raise NotUnderstood(f"time {text!r} has no zone", hint="end it with Z for UTC, or an offset such as +03:00")
    return _in_utc(text, _clock(text, date, clock), zone)


def _check_order(text: str, plain: str) -> None:
    """A date by day, month and year is refused whatever its numbers: in the next line of the same file they may be told the other way."""
    year_first = _YEAR_FIRST.fullmatch(plain)
    if year_first:
        year, month, day, rest = year_first.groups()
        iso = f"{year}-{int(month):02d}-{int(day):02d}{_clock_shown(rest)}"
        raise NotUnderstood(
            f"time {text!r} is not written as ISO 8601", hint=f"write {iso} if it is UTC, or an offset for Z"
        )
    by_day = _WRITTEN_BY_DAY.fullmatch(plain)
    if not by_day:
        return
    first, second, year = int(by_day[1]), int(by_day[2]), by_day[3] if len(by_day[3]) == 4 else f"20{by_day[3]}"
    orders = [
        (month, day)
        for day, month in dict.fromkeys(((first, second), (second, first)))
        if 1 <= month <= 12 and 1 <= day <= 31
    ]
    shown = [f"{year}-{month:02d}-{day:02d}{_clock_shown(by_day[4])}" for month, day in orders]
    raise NotUnderstood(
        f"time {text!r}: dates by day and month are not read, as people write them in either order",
        hint=f"write the year first, and the zone: {' or '.join(shown) or '2018-09-17T18:39Z'} if it is UTC",
    )


def _clock_shown(rest: str) -> str:
    clock = re.match(r"(\d{1,2})[:.](\d\d)", rest)
    return (
        f"T{int(clock[1]):02d}:{clock[2]}Z" if clock and not re.search(r"[ap]\.?m", rest, re.IGNORECASE) else "Thh:mmZ"
    )


def zone_remark(text: str) -> str:
    """What to say of a time that was read by a military zone letter other than Z: which one, and that L is often meant as local. Empty for others."""
    by_letter = _BY_LETTER.fullmatch(text.strip())
    letter = (by_letter[1] or by_letter[2]).upper() if by_letter else "Z"
    if letter == "Z" or letter not in LETTER_HOURS:
        return ""
    said = f"the zone letter {letter} is read as UTC{LETTER_HOURS[letter]:+03d}:00"
    return f"{said}, Lima; L is often written for local time: check with the sender" if letter == "L" else said


def _check_complete(text: str, plain: str) -> None:
    """Says what is missing from half a time."""
    for half, missing in _HALVES:
        if half.fullmatch(plain.upper()):
            raise NotUnderstood(f"time {text!r} has no {missing}", hint="write 2018-09-17T18:39Z or 171839ZSEP18")


def _extended(plain: str) -> str:
    """`20180917T1839Z` with the hyphens and colons of ISO 8601's other form."""
    basic = _ISO_BASIC.fullmatch(plain)
    if not basic:
        return plain
    year, month, day, hour, minute, second, zone = basic.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}{f':{second}' if second else ''}{zone}"


def _clock(text: str, date: str, clock: str) -> datetime:
    if _MIDNIGHT.fullmatch(clock):
        return _parsed(text, f"{date}T00:00") + timedelta(days=1)
    if clock[6:8] == "60":
        raise NotUnderstood(f"time {text!r} is a leap second", hint="write the second after it")
    return _parsed(text, f"{date}T{clock.replace(',', '.')}")


def _parsed(text: str, iso: str) -> datetime:
    try:
        return datetime.fromisoformat(iso)
    except ValueError as error:
        raise NotUnderstood(
            f"time {text!r} does not exist: {error}", hint="write 2018-09-17T18:39Z or 171839ZSEP18"
        ) from error


def _in_utc(text: str, local: datetime, zone: str) -> datetime:
    if zone.upper() in ("Z", "UTC", "GMT"):
        return local.replace(tzinfo=UTC)
    if len(zone) == 1 and zone.upper() in (*LETTER_HOURS, "J"):
        return local.replace(tzinfo=UTC) - timedelta(hours=_letter_hours(text, zone.upper()))
    offset = re.fullmatch(r"(?:UTC|GMT)?\s*([+-])(\d{2}):?(\d{2})?|(?:UTC|GMT)([+-])(\d)", zone, re.IGNORECASE)
    if offset:
        sign, hours, minutes = offset[1] or offset[4], int(offset[2] or offset[5]), int(offset[3] or 0)
        if minutes > 59 or 60 * hours + minutes > 14 * 60:
            raise NotUnderstood(f"time {text!r}: offset {zone} is beyond ±14:00", hint="check the zone")
        shift = timedelta(hours=hours, minutes=minutes) * (1 if sign == "+" else -1)
        return local.replace(tzinfo=timezone(shift)).astimezone(UTC)
    return _in_named_zone(text, local, zone)


def _in_named_zone(text: str, local: datetime, zone: str) -> datetime:
    doubtful = (
        "hours east or, as the name is defined, west of Greenwich" if re.fullmatch(r"Etc/GMT[+-]\d+", zone) else None
    )
    doubtful = doubtful or _DOUBTFUL_ZONE.get(zone)
    if doubtful:
        raise NotUnderstood(f"time {text!r}: {zone} may be {doubtful}", hint="give the offset, such as +03:00")
    try:
        if _NOT_A_ZONE.fullmatch(zone):
            raise ZoneInfoNotFoundError
        named = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise NotUnderstood(
            f"time {text!r}: zone {zone!r} is not known",
            hint="write Z, an offset such as +03:00, or a name such as Asia/Damascus",
        ) from error
    readings = {local.replace(tzinfo=named, fold=fold).astimezone(UTC) for fold in (0, 1)}
    if len(readings) == 2:
        which = (
            "was skipped"
            if all(r.astimezone(named).replace(tzinfo=None) != local for r in readings)
            else "was shown twice"
        )
        raise NotUnderstood(f"time {text!r} {which} when clocks changed in {zone}", hint="give the offset from UTC")
    return readings.pop()


def _date_time_group(
    text: str, day: str, hour: str, minute: str, letter: str | None, month: str, year: str | None
) -> datetime:
    if letter is None:
        raise NotUnderstood(f"time {text!r} has no zone", hint="write Z after the minutes for UTC, as in 171839ZSEP18")
    if month not in MONTHS:
        raise NotUnderstood(f"time {text!r}: month {month!r} is not known", hint=f"write one of {' '.join(MONTHS)}")
    if year is None:
        raise NotUnderstood(f"time {text!r} has no year", hint="add it: 171839ZSEP18")
    full_year = int(year) if len(year) == 4 else 2000 + int(year)
    local = _clock(text, f"{full_year:04d}-{MONTHS.index(month) + 1:02d}-{day}", f"{hour}:{minute}")
    return local.replace(tzinfo=UTC) - timedelta(hours=_letter_hours(text, letter))


def _letter_hours(text: str, letter: str) -> int:
    if letter not in LETTER_HOURS:
        raise NotUnderstood(
            f"time {text!r}: J is the writer's own local time, which no file can tell",
            hint="write Z for UTC, or an offset such as 2018-09-17T21:39+03:00",
        )
    return LETTER_HOURS[letter]


def date_time_group(moment: datetime) -> str:
    """The moment as a date-time group in UTC, to the minute below: 171839ZSEP18; outside 2000 to 2099 with all of the year."""
    utc = moment.astimezone(UTC)
    year = f"{utc.year % 100:02d}" if 2000 <= utc.year < 2100 else f"{utc.year:04d}"
    return f"{utc:%d%H%M}Z{MONTHS[utc.month - 1]}{year}"
