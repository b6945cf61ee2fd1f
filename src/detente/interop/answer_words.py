"""How values of an answer are put in words: one wording for the table, the map and the files.

Times are UTC. Numbers are rounded for reading, never used again in arithmetic, and always to the safe side: what is apart is
rounded down, what must be kept, is lacking or is uncertain up; a window never becomes shorter, to the second or the minute.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, isfinite
from typing import Final, Protocol, TypeAlias

import numpy as np

from detente.domain import (
    Activity,
    Answer,
    Conflict,
    DetenteError,
    Minima,
    Notice,
    Polygon,
    Position,
    Proposal,
    ScreeningAnswer,
    Separation,
    Understanding,
    Unmeasured,
)
from detente.domain.units import METRES_PER_FOOT, METRES_PER_NAUTICAL_MILE, MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_END_US, OPEN_START_US, from_us, to_us
from detente.geodesy.chart import Chart, middle
from detente.interop.withheld import is_protected, sideways_withheld, withholds

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_UNPRINTED: Final = re.compile(r"[^\x20-\x7e\n]")
_MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND
_MEASURING_M: Final = 2.0  # distances are right to a metre at either end
_NOISE: Final = 1e-6  # of the last digit shown: 304.8 m are 1000 ft, whatever floating point makes of it
_UNREAD: Final = re.compile(
    r"\b(?:not|nothing is|never) (?:read|compared)\b|\brows? dropped\b|\bno file has a column\b"
)
NOT_STATED: Final = "not stated"
NONE_WITHIN_LIMITS: Final = "none within limits"
WITHHELD: Final = "withheld (protected)"
SIDEWAYS_WITHHELD: Final = "sideways not told (protected)"
NOTHING_COMPARED: Final = "NOTHING COMPARED"


Whole: TypeAlias = Callable[[float], int]
"""Which way to round: `floor`, `ceil` or `round`."""


class ReadingNote(Protocol):
    """How something in the input was read: `where` it stands and `what` was made of it."""

    @property
    def where(self) -> str: ...
    @property
    def what(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Note:
    """A `ReadingNote` that the answer itself gives rise to."""

    where: str
    what: str


def storable(text: str) -> str:
    """The text as UTF-8 can hold it: half of a surrogate pair, which JSON input may carry, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def visible(text: str) -> str:
    """Text of a party as one line: what controls a terminal, or turns the direction of writing, stands as its code point."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def json_visible(json_text: str) -> str:
    """JSON text whose characters that do not print are escaped: a terminal or editor that shows it obeys none of them."""
    if json_text.isprintable():
        return json_text
    return _UNPRINTED.sub(lambda found: found[0] if found[0].isprintable() else _escaped(found[0]), json_text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def iso(us: int) -> str | None:
    """`2018-09-17T18:39:00Z`; None for an open side. Microseconds appear only where there are any."""
    if not OPEN_START_US < us < OPEN_END_US:
        return None
    return from_us(us).isoformat().replace("+00:00", "Z")


def period(start_us: int, end_us: int) -> tuple[str, str]:
    """Start and end to the second, rounded outward, or `open`: for reading."""
    first = start_us - start_us % MICROSECONDS_PER_SECOND
    last = end_us + -end_us % MICROSECONDS_PER_SECOND
    return iso(first) or "open", iso(last) or "open"


def dtg(us: int) -> str | None:
    """A moment, or the start of a window, as a date-time group: `171839ZSEP18`. None for an open side.

    The form has no seconds: they are left off, which is outward for a start. For an end see `dtg_end`.
    """
    if not OPEN_START_US < us < OPEN_END_US:
        return None
    moment = from_us(us)
    return f"{moment:%d%H%M}Z{_MONTHS[moment.month - 1]}{moment:%y}"


def dtg_end(us: int) -> str | None:
    """The end of a window as a date-time group, seconds rounded up: an end at 18:51:59 is `171852ZSEP18`. None for an open side."""
    return dtg(us + -us % _MINUTE_US)


def dtg_period(start_us: int, end_us: int) -> tuple[str, str]:
    """Start and end as date-time groups, rounded outward to the minute, or `open`."""
    return dtg(start_us) or "open", dtg_end(end_us) or "open"


def dms(position: Position) -> str:
    """Degrees, minutes, seconds to a tenth of a second (3 m): `35°12′00.0″N 035°48′00.0″E`."""
    return f"{_dms(position.latitude_deg, 2, 'NS')} {_dms(position.longitude_deg, 3, 'EW')}"


def _dms(angle_deg: float, width: int, hemispheres: str) -> str:
    tenths = round(abs(angle_deg) * 36_000)
    degrees, rest = divmod(tenths, 36_000)
    minutes, seconds = divmod(rest, 600)
    return f"{degrees:0{width}d}°{minutes:02d}′{seconds / 10:04.1f}″{hemispheres[angle_deg < 0.0]}"


def mgrs(position: Position) -> str:
    """The 10 m square of the Military Grid Reference System, spaced for reading aloud: `36SYE 5498 9858`."""
    from mgrs import MGRS

    text = str(MGRS().toMGRS(position.latitude_deg, position.longitude_deg, MGRSPrecision=4))
    return f"{text[:-8]} {text[-8:-4]} {text[-4:]}"


def rounded(value: float, digits: int, whole: Whole) -> float:
    """To so many digits after the point, the way `whole` goes; off by no more than a millionth of the last digit the other way."""
    scaled = value * 10.0**digits
    return (round(scaled) if abs(scaled - round(scaled)) < _NOISE else whole(scaled)) / 10.0**digits


def lateral(metres: float, whole: Whole = round) -> str:
    """`9.26 km (5.00 NM)`; below a kilometre in metres. No number is rounded to a larger unit than it deserves."""
    if not isfinite(metres):
        return NOT_STATED
    if metres < 1_000.0:
        return f"{rounded(metres, 0, whole):.0f} m"
    return (
        f"{rounded(metres / 1_000.0, 2, whole):.2f} km ({rounded(metres / METRES_PER_NAUTICAL_MILE, 2, whole):.2f} NM)"
    )


def vertical(metres: float, whole: Whole = round) -> str:
    """`305 m (1000 ft)`."""
    if not isfinite(metres):
        return NOT_STATED
    return f"{rounded(metres, 0, whole):.0f} m ({rounded(metres / METRES_PER_FOOT, 0, whole):.0f} ft)"


def duration(seconds: float, whole: Whole = round) -> str:
    """`45 s`, `12 min`, `1 h 05 min`, `2 d 03 h`; below an hour to the second, else to the minute; a part that is zero at the end is left out."""
    if not isfinite(seconds):
        return NOT_STATED
    if seconds >= 3_600:
        return _hours(int(rounded(seconds / 60, 0, whole)))
    if seconds >= 60:
        minutes, rest = divmod(int(rounded(seconds, 0, whole)), 60)
        return f"{minutes} min" + (f" {rest:02d} s" if rest else "")
    tenths = rounded(seconds, 1, whole)
    return f"{tenths:.0f} s" if tenths == int(tenths) else f"{tenths:.1f} s"


def _hours(minutes: int) -> str:
    days, rest = divmod(minutes, 1_440)
    hours, left = divmod(rest, 60)
    shown = [f"{days} d"] if days else []
    if hours or (left and days):
        shown.append(f"{hours:02d} h" if days else f"{hours} h")
    return " ".join([*shown, *([f"{left:02d} min"] if left else [])])


def separations(conflict: Conflict, viewer: str = "") -> list[tuple[str, str, str, str, str]]:
    """One row a dimension: name, apart as stated, at least apart, minimum, short of the minimum by.

    Those to something protected, and not the viewer's own, are withheld: `withheld` says why.
    """
    rows = [
        _row("lateral", _measured(conflict.lateral_m), conflict.minima.lateral_m, lateral),
        _row("vertical", conflict.vertical_m, conflict.minima.vertical_m, vertical),
        _row("time", conflict.time_s, conflict.minima.time_s, duration),
    ]
    if withholds(conflict, viewer):
        return [(name, WITHHELD, "", minimum, "") for name, _, _, minimum, _ in rows]
    return rows


def _measured(apart: Separation) -> Separation:
    """Without the metre or two that measuring itself leaves open, taken off: two numbers a metre apart tell a reader nothing."""
    return Separation(apart.least, apart.least) if apart.stated - apart.least <= _MEASURING_M else apart


def placed(conflict: Conflict, viewer: str = "") -> str:
    """What the place of a meeting is: nothing to say where both are in it; else the middle of what keeps them apart, or the protected one's own."""
    a, b = conflict.a.notice, conflict.b.notice
    if withholds(conflict, viewer):
        whose = a if is_protected(a, viewer) else b
        return f"{called(whose)} as stated, "
    return "" if conflict.lateral_m.stated == 0.0 else f"between {called(a)} and {called(b)}, near "


def _row(
    name: str, apart: Separation, minimum: float, words: Callable[[float, Whole], str]
) -> tuple[str, str, str, str, str]:
    stated = "overlap" if apart.stated == 0.0 else words(apart.stated, floor)
    least = "overlap" if apart.least == 0.0 else words(apart.least, floor)
    least = "" if least == stated else least
    return name, stated, least, words(minimum, ceil), words(max(minimum - apart.least, 0.0), ceil)


def minima(values: Minima) -> str:
    """`9.26 km (5.00 NM), 305 m (1000 ft), 5 min`."""
    return f"{lateral(values.lateral_m, ceil)}, {vertical(values.vertical_m, ceil)}, {duration(values.time_s, ceil)}"


def rules(understanding: Understanding | None, given: Minima | None) -> list[str]:
    """The rules a screening goes by, one line each: `air and air: 9.26 km (5.00 NM), 305 m (1000 ft), 5 min`."""
    agreed = [f"{rule.name}: {minima(rule.minima)}" for rule in (understanding.rules if understanding else ())]
    return [*agreed, *([f"given minima: {minima(given)}"] if given else [])]


def plural(count: int, noun: str) -> str:
    """`1 pair`, `4,950 pairs`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def would_clear(answer: ScreeningAnswer, notices: Sequence[Notice], viewer: str = "") -> list[str]:
    """One line a notice: `LAF LAF-7: 12 min later, or 1000 ft higher`; empty where no moves were sought.

    A move clears the whole notice, against everything screened. Protected sites are never asked to move.
    """
    lines = []
    for notice in notices:
        name = called(notice)
        moves = answer.proposals.get((notice.party, notice.reference))
        if notice.activity is Activity.HUMANITARIAN_SITE and answer.proposals:
            lines.append(f"{name}: a humanitarian site is never asked to move")
        elif moves is not None:
            lines.append(
                f"{name}: {_moves(moves, sideways_withheld(answer, (notice.party, notice.reference), viewer))}"
            )
    return lines


def _moves(moves: Sequence[Proposal], withheld: bool) -> str:
    if not withheld:
        return ", or ".join(map(proposal, moves)) or NONE_WITHIN_LIMITS
    shown = [proposal(move) for move in moves if move.dimension != "sideways"]
    return f"{', or '.join(shown) or NONE_WITHIN_LIMITS}; {SIDEWAYS_WITHHELD}"


def proposal(move: Proposal) -> str:
    """`12 min later`, `1000 ft higher`, `1.5 NM towards 270°`."""
    match move.dimension:
        case "time":
            return f"{duration(abs(move.by))} {'later' if move.by > 0 else 'earlier'}"
        case "altitude":
            return f"{abs(move.by) / METRES_PER_FOOT:.0f} ft {'higher' if move.by > 0 else 'lower'}"
    bearing = "" if move.bearing_deg is None else f" towards {_bearing(move.bearing_deg)}"
    return f"{move.by / METRES_PER_NAUTICAL_MILE:.1f} NM{bearing}"


def _bearing(bearing_deg: float) -> str:
    """`045°`, `022.5°`: every move was screened on just this bearing, so no half is rounded away."""
    tenths = round(bearing_deg % 360 * 10) % 3_600
    return f"{tenths // 10:03d}" + (f".{tenths % 10}" if tenths % 10 else "") + "°"


def named(notice: Notice) -> str:
    """Party, reference, title and activity on one line; a name that says another again only once."""
    title = f" “{titled(notice)}”" if titled(notice) else ""
    return f"{called(notice)}{title}, {activity(notice)}"


def called(notice: Notice) -> str:
    """Party and reference; once where both are the same, or the reference has the party's name in it already."""
    repeated = _says_again(notice.party, notice.reference)
    return notice.reference if repeated else f"{notice.party} {notice.reference}"


def titled(notice: Notice) -> str:
    """The title, empty where party and reference have said it."""
    said = (notice.party, notice.reference, f"{notice.party} {notice.reference}")
    return "" if notice.title.casefold() in map(str.casefold, said) else notice.title


def _says_again(party: str, reference: str) -> bool:
    return f"{reference} ".casefold().startswith(f"{party} ".casefold())


def activity(notice: Notice) -> str:
    """The activity in words: `air operation`."""
    return "activity not stated" if notice.activity is Activity.UNSTATED else notice.activity.value.replace("_", " ")


def centre(polygons: tuple[Polygon, ...]) -> Position:
    """The middle of the largest polygon's outline, its edges weighed by length. For the eye; may lie outside a bent area."""
    ring = max((polygon.shell for polygon in polygons), key=len)
    lat = np.array([p.latitude_deg for p in ring])
    lon = np.array([p.longitude_deg for p in ring])
    chart = Chart(middle(lat, lon))
    x, y = chart.forward(lat, lon)
    length = np.hypot(np.roll(x, -1) - x, np.roll(y, -1) - y)
    mean_x = float(np.average((x + np.roll(x, -1)) / 2, weights=length))
    mean_y = float(np.average((y + np.roll(y, -1)) / 2, weights=length))
    centre_lat, centre_lon = chart.inverse(mean_x, mean_y)
    return Position(float(centre_lat), float(centre_lon))


def generated(moment: datetime | None) -> str | None:
    """When the answer was made, to the second; None where the caller does not say."""
    return None if moment is None else iso(to_us(moment.replace(microsecond=0)))


def counts(answer: ScreeningAnswer, problems: Sequence[DetenteError]) -> dict[str, int]:
    """How much was screened, and how much was found."""
    met = _all_met(answer)
    return {
        "notices": len(answer.notices),
        "volumes": sum(len(notice.volumes) for notice in answer.notices),
        "pairs": answer.pair_count,
        "conflicts": sum(c.answer is Answer.CONFLICT for c in met),
        "possibles": sum(c.answer is Answer.POSSIBLE for c in met),
        "unmeasured": len(answer.unmeasured),
        "warnings": len(answer.warnings),
        "problems": len(problems),
    }


def answer_name(answer: ScreeningAnswer) -> str:
    """`CLEAR`, `POSSIBLE`, `CONFLICT`, or `NOTHING_COMPARED`, for programs."""
    return answer.answer.name if answer.pair_count or answer.answer else "NOTHING_COMPARED"


def headline(answer: ScreeningAnswer, problems: Sequence[DetenteError]) -> str:
    """The answer in a word for people; never a bare CLEAR where something was not read, or nothing compared."""
    if nothing_compared(answer):
        return NOTHING_COMPARED
    return "CLEAR as far as read" if problems and not answer.answer else answer.answer.name


def nothing_compared(answer: ScreeningAnswer) -> str:
    """Why no plan was compared with another, and what to do; empty where some were."""
    if answer.pair_count or answer.answer:
        return ""
    parties = {notice.party for notice in answer.notices}
    if not parties:
        return "no plan was read — give files that hold plans"
    if len(parties) == 1:
        return (
            f"all plans are of one party, {visible(next(iter(parties)))} — give the others' plans too, "
            "or state in each plan whose it is"
        )
    if all(notice.activity is Activity.HAZARD_AREA for notice in answer.notices):
        return "hazard areas alone, and two of them are never compared — give the plans that may enter them"
    return "no plans of different parties are active in the window asked for — widen --between, or leave it out"


def summary(answer: ScreeningAnswer, problems: Sequence[DetenteError]) -> str:
    """`4,950 pairs of 100 volumes; 3 conflicts and 1 possible between 2 pairs of notices; …`; or why nothing was compared."""
    counted = counts(answer, problems)
    parts = [
        nothing_compared(answer) or f"{plural(counted['pairs'], 'pair')} of {plural(counted['volumes'], 'volume')}",
        *_met(answer, counted),
        *([plural(counted["warnings"], "hazard warning")] if counted["warnings"] else []),
        *([f"{plural(len(problems), 'problem')}: what could not be read was not screened"] if problems else []),
    ]
    return "; ".join(parts) + "."


def _met(answer: ScreeningAnswer, counted: Mapping[str, int]) -> list[str]:
    met = _all_met(answer)
    if not met:
        return []
    notices = {(c.a.notice.party, c.a.notice.reference, c.b.notice.party, c.b.notice.reference) for c in met}
    found = f"{plural(counted['conflicts'], 'conflict')} and {counted['possibles']:,} possible"
    rest = f", {counted['unmeasured']:,} of them too many to measure" if counted["unmeasured"] else ""
    return [f"{found} between {plural(len(notices), 'pair')} of notices{rest}"]


def _all_met(answer: ScreeningAnswer) -> tuple[Conflict | Unmeasured, ...]:
    return (*answer.conflicts, *answer.unmeasured)


def all_readings(answer: ScreeningAnswer, readings: Sequence[ReadingNote]) -> list[ReadingNote]:
    """How the input was read, and what of it was not compared."""
    declaring = sorted({n.party for n in answer.notices if n.activity is Activity.HAZARD_AREA})
    if len(declaring) < 2:
        return list(readings)
    what = f"of {len(declaring)} parties, {', '.join(declaring)}: two hazard areas are never compared with each other"
    return [*readings, Note("hazard areas", what)]


def is_unread(reading: ReadingNote) -> bool:
    """Whether it says that something of the input was not read, or not compared: what nobody may overlook."""
    return _UNREAD.search(reading.what) is not None


def problem(error: DetenteError) -> dict[str, str]:
    """What is wrong, where, and how it is usually fixed."""
    return {"kind": type(error).__name__, "where": error.where, "what": error.what, "hint": error.hint}
