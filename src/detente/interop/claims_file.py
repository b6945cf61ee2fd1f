"""Claims from a file: JSON, strict, every problem of it listed with where it stands. Nothing is guessed: what is not stated stays unstated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from detente.domain import Claim, DetenteError, Fix, NotUnderstood, Position, Telling, TimeWindow, UnreadableFile, at
from detente.domain.claim import within
from detente.domain.window import to_us
from detente.geodesy import read_time
from detente.interop import strict_json
from detente.interop.intake import read_bounded

FORMAT: Final = "detente claims v1"
DEFAULT_PRECISION_S: Final = 60.0  # of a time that is stated to the minute
_MEMBERS: Final = {
    "id", "claimant", "stated_on", "topics", "thing", "event_time_utc", "event_precision_s", "claim", "pos_lat_lon", "pos_precision_km", "pos_basis",
    "datum", "supersedes", "disputes", "tells", "disputed_by_claimant", "basis", "note", "sources",
}  # fmt: skip
_TELLING: Final = {"by", "to", "at_utc", "what"}
_DATUM: Final = re.compile(r"WGS[\s-]?84|EPSG:?4326", re.IGNORECASE)


def read_claims(path: Path | str, *, now_us: int | None = None) -> tuple[Claim, ...]:
    """The claims of a file, in its order.

    Args:
        now_us: what is stated, or happened, after it is refused; None looks at no clock.
    Raises:
        UnreadableFile: it is no such file.
        NotUnderstood: something in it cannot be; all of it is listed.
    """
    path = Path(path)
    raw = strict_json.loads(read_bounded(path))
    if not isinstance(raw, dict) or raw.get("format") != FORMAT or not isinstance(raw.get("claims"), list):
        raise UnreadableFile(f"{path} is no file of claims", hint=f'it begins with "format": "{FORMAT}"')
    claims, problems = [], []
    for index, each in enumerate(raw["claims"]):
        name = each.get("id") if isinstance(each, dict) else None
        try:
            with at(f"claim {name if isinstance(name, str) else index + 1}"):
                claims.append(_claim(each, now_us))
        except DetenteError as problem:
            problems.append(problem)
    if problems:
        raise NotUnderstood("\n".join(str(problem) for problem in problems), where=str(path))
    return tuple(claims)


def _claim(raw: Any, now_us: int | None) -> Claim:
    members = _members(raw, _MEMBERS)
    _check_datum(members)
    with at("stated_on"):
        stated = _day(_text(members, "stated_on"))
    event = _event(members)
    if now_us is not None:
        _check_past(stated, event, now_us)
    return Claim(
        _text(members, "id"), _text(members, "claimant"), stated, _text(members, "claim"), _texts(members, "sources"),
        topics=_texts(members, "topics"), thing=_text(members, "thing", ""), event=event, fix=_fix(members),
        supersedes=_texts(members, "supersedes"), disputes=_texts(members, "disputes"), disputed_by=_disputed_by(members),
        tells=_tells(members), basis=_texts(members, "basis"), note=_text(members, "note", ""),
    )  # fmt: skip


def _members(raw: Any, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise NotUnderstood("not an object", hint="a claim is an object with id, claimant, claim, sources")
    if unknown := sorted(raw.keys() - known):
        raise NotUnderstood(f"{unknown[0]!r:.60} is not known", hint=f"known: {', '.join(sorted(known))}")
    return raw


def _text(members: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    value = members.get(name)
    if value is None and otherwise is not None:
        return otherwise
    if not isinstance(value, str):
        raise NotUnderstood("is missing" if value is None else "is no text", hint="write it as text", where=name)
    return value


def _texts(members: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = members.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise NotUnderstood("is no list of texts", hint='write ["…"]', where=name)
    return tuple(value)


def _disputed_by(members: Mapping[str, Any]) -> tuple[str, ...]:
    named = _text(members, "disputed_by_claimant", "")
    return (named,) if named else ()


def _check_datum(members: Mapping[str, Any]) -> None:
    datum = members.get("datum")
    if datum is not None and not (isinstance(datum, str) and _DATUM.fullmatch(datum)):
        raise NotUnderstood(
            f"{datum!r:.40} is not WGS 84",
            hint="convert it first: the difference can be hundreds of metres",
            where="datum",
        )


def _day(text: str) -> TimeWindow:
    """The whole of a day, or of a month where no day is stated, in whatever zone it was: from 14 h before to 12 h after it in UTC."""
    match = re.fullmatch(r"(\d{4})-(\d{2})(?:-(\d{2}))?", text)
    if not match:
        raise NotUnderstood(f"{text!r:.40} is not a day", hint="write 2018-09-18, or 2018-11 where no day is stated")
    year, month, day = int(match[1]), int(match[2]), match[3]
    try:
        first = datetime(year, month, int(day or 1), tzinfo=UTC)
        after = first + timedelta(days=1) if day else datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    except ValueError as error:
        raise NotUnderstood(f"{text!r} does not exist", hint="check the day") from error
    return TimeWindow(to_us(first - timedelta(hours=14)), to_us(after + timedelta(hours=12)))


def _event(members: Mapping[str, Any]) -> TimeWindow | None:
    if members.get("event_time_utc") is None:
        return None
    precision_s = members.get("event_precision_s", DEFAULT_PRECISION_S)
    with at("event_time_utc"):
        moment_us = to_us(read_time(_text(members, "event_time_utc")))
    if not isinstance(precision_s, (int, float)) or not 0 <= precision_s <= 366 * 86_400:
        raise NotUnderstood(
            f"{precision_s!r:.40} s", hint="seconds either way, at most a year", where="event_precision_s"
        )
    return within(moment_us, precision_s)


def _check_past(stated: TimeWindow, event: TimeWindow | None, now_us: int) -> None:
    if stated.start_us > now_us:
        raise NotUnderstood("is yet to come", hint="check the year", where="stated_on")
    if event is not None and event.start_us > now_us:
        raise NotUnderstood(
            "is yet to come", hint="a plan is a notice; a claim is about what was", where="event_time_utc"
        )


def _fix(members: Mapping[str, Any]) -> Fix | None:
    place, km = members.get("pos_lat_lon"), members.get("pos_precision_km")
    if place is None and km is None:
        return None
    is_pair = isinstance(place, list) and len(place) == 2 and all(isinstance(each, (int, float)) for each in place)
    if not is_pair or not isinstance(km, (int, float)):
        raise NotUnderstood(
            "a place is a pair of numbers, latitude first, with its precision", hint="give both", where="pos_lat_lon"
        )
    assert isinstance(place, list)
    with at("pos_lat_lon"):
        position = Position(float(place[0]), float(place[1]))
    with at("pos_precision_km"):
        return Fix(position, float(km) * 1000, _text(members, "pos_basis", ""))


def _tells(members: Mapping[str, Any]) -> tuple[Telling, ...]:
    raw = members.get("tells", [])
    if not isinstance(raw, list):
        raise NotUnderstood("is no list", hint='write [{"by": …, "to": …, "what": …, "at_utc": …}]', where="tells")
    found = []
    for index, each in enumerate(raw):
        with at(f"tells[{index}]"):
            told = _members(each, _TELLING)
            at_utc = told.get("at_utc")
            moment_us = None if at_utc is None else to_us(read_time(_text(told, "at_utc")))
            found.append(Telling(_text(told, "by"), _text(told, "to"), _text(told, "what"), moment_us))
    return tuple(found)
