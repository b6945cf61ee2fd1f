"""Voice scripts: a flash notice, a STOP or an acknowledgement, read aloud line by line and typed down on the other side.

    1 DETENTE FLASH 56
    2 ARENA LEVANT-2018 43
    …

Every line is its number, its words and two check digits, as in ISO 7064, MOD 97-10, with one value to each sign instead of two
digits to a letter: over the whole line, from the right, the sum of sign times 10^place leaves 1 when divided by 97. 97 is a prime, no
sign's value reaches it, and the powers of 10 repeat only after 96 places, so that in a line of up to 96 signs one wrong sign is
always found, and so are any two that changed places, the number and the check digits included. The last line says how many there
are and carries check words over all of them. Where places are said in two forms, both have to be the same place.

What is said is capitals, digits and `. - / ? _ ,`: what stands elsewhere in other letters is another text, and is refused, not guessed.
Places are rounded to 1e-5 of a degree and times to the minute, before they become part of what is said; `flash` rounds outward.

Each says for whom it is, and when it was said, so that one read again later, or to somebody else, is told apart. A script may be
followed by the signature of it, as a script of its own (`Signed`): 64 bytes, read as 21 groups of five.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from math import ceil
from typing import Final, TypeAlias, TypeVar

from detente.domain import Activity, NotUnderstood, Position, ReceiptStage, at
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.geodesy.read_back import mgrs, voice
from detente.record.fingerprint import ALPHABET, check_words

SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ .-/?_,"
MOST_SIGNS: Final = 96  # in a line: the order of 10 modulo 97
MOST_WORDS: Final = 60  # signs of one stretch of text in a line
MOST_LINES: Final = 99
NOT_STATED: Final = "NOT STATED"
SCRIPT_TYPE: Final = "application/vnd.detente.script"  # of the payload that a script's signature is of
SIGNATURE_BYTES: Final = 64
MOST_RADIUS_M: Final = 1_000_000
_PLACES_PER_DEG: Final = 100_000
_ROUNDED_M: Final = 1.0  # half of 1e-5 of a degree, both ways at once: 0.79 m
_MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND
_LINE: Final = re.compile(r"(\d{1,2}) (.+) (\d\d)")
_SPOKEN: Final = {
    " ": "BREAK",
    ".": "DECIMAL",
    "-": "DASH",
    "/": "STROKE",
    "?": "QUERY",
    "_": "UNDERSCORE",
    ",": "COMMA",
}
_PLACE: Final = re.compile(r"(\d\d)\.(\d{5})([NS]) (\d{3})\.(\d{5})([EW])")
_DTG: Final = re.compile(r"(\d\d)(\d\d)(\d\d)Z([A-Z]{3})(\d{4})")
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_ID: Final = re.compile(r"[0-9a-f]{32}|[0-9A-HJKMNP-TV-Z]{5} [0-9A-HJKMNP-TV-Z]{5}")


@dataclass(frozen=True, slots=True)
class Flash:
    """A flash notice: who, what, where, when. Made by `flash`, which rounds outward.

    Attributes:
        latitude_e5, longitude_e5: hundred-thousandths of a degree. radius_m: about that place, at least 1.
        start_us, end_us: whole minutes; an end that is not stated is None.
    """

    arena: str
    party: str
    to: str
    said_us: int
    activity: Activity
    latitude_e5: int
    longitude_e5: int
    radius_m: int
    start_us: int
    end_us: int | None

    def __post_init__(self) -> None:
        _check_head(self.arena, self.party, self.to, self.said_us)
        if abs(self.latitude_e5) > 90 * _PLACES_PER_DEG or abs(self.longitude_e5) > 180 * _PLACES_PER_DEG:
            raise NotUnderstood("no such place on the earth", hint="latitude comes first")
        if not 1 <= self.radius_m <= MOST_RADIUS_M:
            raise NotUnderstood(f"a radius of {self.radius_m} m; 1 to {MOST_RADIUS_M} can be said")
        end_us = self.start_us if self.end_us is None else self.end_us
        if self.start_us % _MINUTE_US or end_us % _MINUTE_US or not 0 <= self.start_us <= end_us:
            raise NotUnderstood("times are whole minutes, the start before the end", hint="use flash(), which rounds")
        _group(end_us)

    @property
    def position(self) -> Position:
        """The middle."""
        return Position(self.latitude_e5 / _PLACES_PER_DEG, self.longitude_e5 / _PLACES_PER_DEG)


@dataclass(frozen=True, slots=True)
class Stop:
    """A request to cease. `place` and `text` in capitals, as they are said."""

    arena: str
    party: str
    to: str
    said_us: int
    stop_id: str
    place: str
    text: str

    def __post_init__(self) -> None:
        _check_head(self.arena, self.party, self.to, self.said_us)
        _check_id(self.stop_id)
        for name in ("place", "text"):
            with at(name):
                _check_said(getattr(self, name))


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A named duty officer says how far something has got. `about`: the id of a view or STOP, or the check words of a script."""

    arena: str
    party: str
    to: str
    said_us: int
    about: str
    version: int
    stage: ReceiptStage
    officer: str

    def __post_init__(self) -> None:
        _check_head(self.arena, self.party, self.to, self.said_us)
        _check_id(self.about)
        with at("officer"):
            _check_said(self.officer)
        if not 1 <= self.version <= 9_999:
            raise NotUnderstood(f"version {self.version}; 1 to 9999 can be said")


@dataclass(frozen=True, slots=True)
class Signed:
    """The signature of a script, by an officer's key of the party. `about`: the check words of that script."""

    arena: str
    party: str
    to: str
    said_us: int
    about: str
    signature: bytes

    def __post_init__(self) -> None:
        _check_head(self.arena, self.party, self.to, self.said_us)
        _check_id(self.about)
        if len(self.signature) != SIGNATURE_BYTES:
            raise NotUnderstood(f"a signature of {len(self.signature)} bytes; Ed25519 makes {SIGNATURE_BYTES}")


E = TypeVar("E", Activity, ReceiptStage)
Said: TypeAlias = Flash | Stop | Acknowledgement | Signed


@dataclass(frozen=True, slots=True)
class Line:
    """One line: as it is typed, and how it is read aloud."""

    written: str
    spoken: str


def flash(
    arena: str,
    party: str,
    to: str,
    said_us: int,
    activity: Activity,
    position: Position,
    radius_m: float,
    start_us: int,
    end_us: int | None,
) -> Flash:
    """A flash notice of values as they are, said in the minute of `said_us`.

    Errs: outward. The circle said holds the circle given, with the metre that rounding may move its middle; the window holds the window.
    """
    lat_e5, lon_e5 = (round(each * _PLACES_PER_DEG) for each in (position.latitude_deg, position.longitude_deg))
    starts_us = start_us // _MINUTE_US * _MINUTE_US
    ends_us = None if end_us is None else -(-end_us // _MINUTE_US) * _MINUTE_US
    said_us = whole_minute(said_us)
    return Flash(arena, party, to, said_us, activity, lat_e5, lon_e5, ceil(radius_m + _ROUNDED_M), starts_us, ends_us)


def whole_minute(moment_us: int) -> int:
    """The minute in which a moment lies."""
    return moment_us // _MINUTE_US * _MINUTE_US


# ── reading aloud ────────────────────────────────────────────────────────────────────────────────────────────────────


def script(said: Said) -> tuple[Line, ...]:
    """The lines to read aloud, in order.

    Raises:
        NotUnderstood: more text than `MOST_LINES` lines hold.
    """
    contents = list(_contents(said))
    count = len(contents) + 1
    if count > MOST_LINES:
        raise NotUnderstood(f"{count} lines; the limit is {MOST_LINES}", hint="say it in fewer words")
    contents.append(f"END {count} {_words(contents)}")
    return tuple(_line(number, content) for number, content in enumerate(contents, start=1))


def words_of(said: Said) -> str:
    """The check words of the whole script, with which an acknowledgement may name it."""
    return _words(list(_contents(said)))


def _line(number: int, content: str) -> Line:
    written = _with_check(f"{number} {content}")
    return Line(written, " ".join(_SPOKEN.get(sign) or voice(sign) for sign in written))


def _contents(said: Said) -> Iterator[str]:
    yield f"DETENTE {_KINDS[type(said)]}"
    yield f"ARENA {said.arena}"
    yield f"FROM {said.party}"
    yield f"TO {said.to}"
    yield f"SAID {_group(said.said_us)}"
    match said:
        case Flash():
            yield f"ACTIVITY {said.activity.value.replace('_', ' ').upper()}"
            yield f"AT {_degrees(said)}"
            yield f"GRID {mgrs(said.position)}"
            yield f"WITHIN {said.radius_m} M"
            yield f"START {_group(said.start_us)}"
            yield f"END {NOT_STATED if said.end_us is None else _group(said.end_us)}"
        case Stop():
            yield from _id_lines(said.stop_id)
            yield from _text_lines("PLACE", said.place)
            yield from _text_lines("TEXT", said.text)
        case Acknowledgement():
            yield from _id_lines(said.about)
            yield f"VERSION {said.version}"
            yield f"STAGE {said.stage.value.replace('_', ' ').upper()}"
            yield from _text_lines("OFFICER", said.officer)
        case Signed():
            yield from _id_lines(said.about)
            groups = _groups(said.signature)
            yield from (f"SIG {' '.join(groups[at : at + 7])}" for at in range(0, len(groups), 7))


_KINDS: Final[dict[type[Said], str]] = {Flash: "FLASH", Stop: "STOP", Acknowledgement: "ACK", Signed: "SIGNATURE"}


def _degrees(said: Flash) -> str:
    parts = []
    for value_e5, letters, width in ((said.latitude_e5, "NS", 2), (said.longitude_e5, "EW", 3)):
        whole, rest = divmod(abs(value_e5), _PLACES_PER_DEG)
        parts.append(f"{whole:0{width}d}.{rest:05d}{letters[value_e5 < 0]}")
    return " ".join(parts)


def _group(moment_us: int) -> str:
    """A date-time group with all of the year."""
    if moment_us >= 253_402_300_800 * MICROSECONDS_PER_SECOND:
        raise NotUnderstood("a time after the year 9999 cannot be said", hint="state an end")
    moment = datetime.fromtimestamp(moment_us // MICROSECONDS_PER_SECOND, UTC)
    return f"{moment:%d%H%M}Z{_MONTHS[moment.month - 1]}{moment.year:04d}"


def _id_lines(named: str) -> Iterator[str]:
    said = named.upper()
    if len(said) == 32:
        yield f"ID {said[:8]} {said[8:16]}"
        yield f"ID {said[16:24]} {said[24:]}"
    else:
        yield f"ID {said}"


def _groups(signature: bytes) -> list[str]:
    """512 bits and 13 noughts, five to a sign, five signs to a group."""
    bits = int.from_bytes(signature, "big") << 13
    signs = "".join(ALPHABET[bits >> shift & 31] for shift in range(520, -5, -5))
    return [signs[at : at + 5] for at in range(0, len(signs), 5)]


def _signature(groups: str) -> bytes:
    signs = groups.replace(" ", "")
    if len(signs) != 105 or set(signs) - set(ALPHABET):
        raise NotUnderstood("a signature has 21 groups of five", hint="ask for its lines again")
    bits = 0
    for sign in signs:
        bits = bits << 5 | ALPHABET.index(sign)
    return (bits >> 13).to_bytes(SIGNATURE_BYTES, "big")


def _text_lines(label: str, text: str) -> Iterator[str]:
    """Cut between words."""
    taken = ""
    for word in text.split(" "):
        if taken and len(taken) + 1 + len(word) > MOST_WORDS:
            yield f"{label} {taken}"
            taken = ""
        taken = f"{taken} {word}".strip()
    yield f"{label} {taken}"


def _words(contents: Sequence[str]) -> str:
    return check_words(sha256("\n".join(contents).encode()).hexdigest())


def _sum(line: str) -> int:
    """The weighted sum of a line's signs, modulo 97; the last has weight 1."""
    total = 0
    for sign in line:
        total = (total * 10 + SIGNS.index(sign)) % 97
    return total


def _with_check(text: str) -> str:
    return f"{text} {(1 - _sum(f'{text} 00')) % 97:02d}"


# ── typed down ───────────────────────────────────────────────────────────────────────────────────────────────────────


def read_script(typed: str) -> Said:
    """What was read aloud, from what was typed; small letters count as capitals.

    Raises:
        NotUnderstood: a line is wrong, missing or not in its place; the message names the line to ask for again.
    """
    lines = typed.strip("\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotUnderstood(f"{len(lines)} lines; the limit is {MOST_LINES}", hint="type in one message at a time")
    contents = []
    for number, line in enumerate(lines, start=1):
        with at(f"line {number}"):
            contents.append(_content(number, line))
    *told, last = contents
    if last != f"END {len(lines)} {_words(told)}":
        raise NotUnderstood("the last line does not fit the others", hint="ask for all of them again")
    said = _said(told)
    if list(_contents(said)) != told:
        raise NotUnderstood("the lines do not fit each other", hint="ask for all of them again")
    return said


def check_line(line: str) -> None:
    """Returns where one line checks by itself, whichever it is.

    Raises:
        NotUnderstood: a sign is wrong, or two have changed places.
    """
    _checked(line)


def _content(number: int, line: str) -> str:
    found = _checked(line)
    if found[1] != str(number):
        raise NotUnderstood(f"this is line {found[1]}", hint="one is missing, or they are not in order")
    return found[2]


def _checked(line: str) -> re.Match[str]:
    said = line.upper() if line.isascii() else ""
    found = _LINE.fullmatch(said)
    if not found or len(said) > MOST_SIGNS or set(said) - set(SIGNS) or _sum(said) != 1:
        raise NotUnderstood(
            f"{line!r:.120} does not check", hint="a sign is wrong, or two have changed places: ask for the line again"
        )
    return found


def _said(contents: Sequence[str]) -> Said:
    fields: dict[str, list[str]] = {}
    for number, content in enumerate(contents):
        label, _, value = content.partition(" ")
        fields.setdefault(label if number else "", []).append(value)

    def one(label: str) -> str:
        if label not in fields:
            raise NotUnderstood(f"there is no line {label}", hint="ask for all of them again")
        return " ".join(fields[label])

    kind = one("")
    head = (one("ARENA"), one("FROM"), one("TO"), _moment(one("SAID")))
    if kind == "FLASH":
        lat_e5, lon_e5 = _place(one("AT"))
        radius_m = _count(one("WITHIN").removesuffix(" M"))
        times = _moment(one("START")), None if one("END") == NOT_STATED else _moment(one("END"))
        read = Flash(*head, _named(Activity, one("ACTIVITY")), lat_e5, lon_e5, radius_m, *times)
        if mgrs(read.position) != one("GRID"):
            raise NotUnderstood("AT and GRID are different places", hint="ask where it is, once more")
        return read
    named = one("ID").replace(" ", "").lower() if len(one("ID")) > 20 else one("ID")
    if kind == "STOP":
        return Stop(*head, named, one("PLACE"), one("TEXT"))
    if kind == "ACK":
        return Acknowledgement(*head, named, _count(one("VERSION")), _named(ReceiptStage, one("STAGE")), one("OFFICER"))
    if kind == "SIGNATURE":
        return Signed(*head, named, _signature(one("SIG")))
    raise NotUnderstood(f"{kind!r:.40} is no kind of message", hint="known: FLASH, STOP, ACK, SIGNATURE")


def _place(text: str) -> tuple[int, int]:
    found = _PLACE.fullmatch(text)
    if not found:
        raise NotUnderstood(f"{text!r:.40} is no place", hint="as in 34.12345N 035.12345E")
    lat_e5 = int(found[1] + found[2]) * (-1 if found[3] == "S" else 1)
    return lat_e5, int(found[4] + found[5]) * (-1 if found[6] == "W" else 1)


def _moment(text: str) -> int:
    found = _DTG.fullmatch(text)
    if not found or found[4] not in _MONTHS:
        raise NotUnderstood(f"{text!r:.40} is no time", hint="as in 171839ZSEP2018")
    day, hour, minute, year = (int(found[each]) for each in (1, 2, 3, 5))
    try:
        moment = datetime(year, _MONTHS.index(found[4]) + 1, day, hour, minute, tzinfo=UTC)
    except ValueError as error:
        raise NotUnderstood(f"{text!r:.40} is no time: {error}") from error
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * MICROSECONDS_PER_SECOND


def _count(text: str) -> int:
    if not (text.isdigit() and len(text) <= 7):
        raise NotUnderstood(f"{text!r:.40} is no number")
    return int(text)


def _named(kind: type[E], text: str) -> E:
    try:
        return kind(text.replace(" ", "_").lower())
    except ValueError as error:
        raise NotUnderstood(f"{text!r:.40} is not known", hint="ask for the line again") from error


def _check_head(arena: str, party: str, to: str, said_us: int) -> None:
    if said_us % _MINUTE_US or said_us < 0:
        raise NotUnderstood("a script is said in a whole minute", where="said_us")
    for name, value in (("arena", arena), ("party", party), ("to", to)):
        with at(name):
            _check_said(value)
            if len(value) > MOST_WORDS:
                raise NotUnderstood(f"{len(value)} signs; {MOST_WORDS} can be said", hint="use a short name")


def _check_said(text: str) -> None:
    if not text or set(text) - set(SIGNS) or text != " ".join(text.split()):
        raise NotUnderstood(
            f"{text!r:.60} cannot be said", hint="use capitals, digits and . - / ? _ , and single spaces between words"
        )
    if any(len(word) > MOST_WORDS for word in text.split(" ")):
        raise NotUnderstood(f"a word of more than {MOST_WORDS} signs cannot be said", hint="divide it")


def _check_id(named: str) -> None:
    if not _ID.fullmatch(named):
        raise NotUnderstood(f"{named!r:.40} is neither 32 hex digits nor check words")
