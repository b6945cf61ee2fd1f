"""The answer for a person at a terminal: plain lines at 80 columns, the same text with and without colour.

Conflicts come before possibles, each by time and never by distance, the first in full and the others on a line each; then hazard
areas entered, what of the input was not read (all of it, always), how the rest was read (what repeats itself is folded), what was
wrong with it, whom it concerns, and one line that sums up; a long answer opens with that line, too. Nothing a party wrote is read as markup, and control characters in it
are shown, not sent to the terminal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import StringIO
from typing import Final, TypeAlias

from rich.console import Console
from rich.text import Text

from detente.domain import Answer, Conflict, DetenteError, Notice, Position, ScreeningAnswer
from detente.interop import answer_words as words
from detente.interop.answer_meetings import Entry, Meeting, entries, meetings, starts_us
from detente.interop.answer_words import visible as _plain
from detente.interop.withheld import told

MOST_MEETINGS: Final = 20  # in full; more than a watch can read off a screen
MOST_LINES: Final = 500  # of meetings on a line each; the files hold all
MOST_WARNINGS: Final = 20
MOST_ALIKE: Final = 3  # readings of one kind, and places of one reading
ENTERED: Final = "Hazard areas entered (a warning, not a conflict)"
LONG: Final = 3  # meetings; a longer answer opens with the line that sums up, and ends with whom it concerns
_STYLE: Final = {Answer.CLEAR: "bold green", Answer.POSSIBLE: "bold yellow", Answer.CONFLICT: "bold red"}
_MARGIN_WIDTH: Final = 13
_VARYING: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\d+(?:[.,]\d+)*")  # what differs between readings of one kind
Row: TypeAlias = tuple[str, Text]


def print_table(
    answer: ScreeningAnswer,
    console: Console | None = None,
    *,
    readings: Sequence[words.ReadingNote] = (),
    problems: Sequence[DetenteError] = (),
    more_in: str = "",
) -> None:
    """Print the whole answer; in colour where the console has it.

    Args:
        more_in: where everything can be seen when there is too much to print, e.g. "out/map.html".
    """
    _print(rows(answer, readings=readings, problems=problems, more_in=more_in), console or Console())


def print_short(
    answer: ScreeningAnswer, console: Console, *, problems: Sequence[DetenteError] = (), in_full: int = 1
) -> None:
    """Print the first meetings in full, the others on a line each, hazard areas as a count, and the line that sums up."""
    _print(_short_rows(told(answer), problems, in_full), console)


def print_explained(answer: ScreeningAnswer, console: Console, *, viewer: str) -> None:
    """Print the meetings and hazard areas of an answer that the channel gave the viewer: what is withheld was left out there."""
    _print(_explained_rows(answer, viewer), console)


def _explained_rows(answer: ScreeningAnswer, viewer: str) -> Iterator[Row]:
    for number, meeting in enumerate(meetings(answer), start=1):
        yield from _meeting(number, meeting, answer, viewer)
    yield from _section(ENTERED, [_entry(entry) for entry in entries(answer)])


def _short_rows(answer: ScreeningAnswer, problems: Sequence[DetenteError], in_full: int) -> Iterator[Row]:
    found = meetings(answer)
    for number, meeting in enumerate(found[:in_full], start=1):
        yield from _meeting(number, meeting, answer)
    for number, meeting in enumerate(found[in_full:MOST_MEETINGS], start=in_full + 1):
        yield "", _line(number, meeting)
    if len(found) > MOST_MEETINGS:
        yield "", Text(f"… and {len(found) - MOST_MEETINGS:,} more pairs of notices")
    warned = len(entries(answer))
    if warned:
        yield "", Text(f"Declared hazard areas entered, or maybe: {warned:,} (plan by area).")
    yield "", summary(answer, problems)


def _line(number: int, meeting: Meeting) -> Text:
    a, b = meeting.notices
    when = words.dtg(starts_us(meeting.first)) or "open"
    who = f"  {when}  {words.called(a)} and {words.called(b)}"
    return Text.assemble(f"{number}  ", (meeting.answer.name, _STYLE[meeting.answer]), _plain(who))


def _print(lines: Iterator[Row], console: Console) -> None:
    for label, value in lines:
        margin = _margin(label)
        for line in value.wrap(console, max(console.width - len(margin), 20)):
            line.rstrip()
            console.print(Text.assemble((margin, "dim"), line), highlight=False, soft_wrap=True)
            margin = " " * len(margin)


def table_text(
    answer: ScreeningAnswer,
    *,
    readings: Sequence[words.ReadingNote] = (),
    problems: Sequence[DetenteError] = (),
    generated_utc: datetime | None = None,
    width: int = 80,
) -> str:
    """The table as text without colour, the same wherever it is made; it opens with the time where one is given."""
    text = StringIO()
    console = Console(file=text, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    if generated_utc is not None:
        console.print(f"Screened {words.generated(generated_utc)}\n", highlight=False)
    print_table(answer, console, readings=readings, problems=problems)
    return text.getvalue()


def rows(
    answer: ScreeningAnswer,
    *,
    readings: Sequence[words.ReadingNote] = (),
    problems: Sequence[DetenteError] = (),
    more_in: str = "",
) -> Iterator[Row]:
    """The table from top to bottom: a label, or none, and what stands beside it."""
    answer = told(answer)
    found = meetings(answer)
    if len(found) > LONG:
        yield "", summary(answer, problems)
        yield "", Text("")
    yield from _meetings(found, answer, more_in)
    warned = [_entry(entry) for entry in entries(answer)]
    yield from _section(ENTERED, _first(warned, more_in))
    notes = words.all_readings(answer, readings)
    unread = [note for note in notes if words.is_unread(note)]
    yield from _section("Not read, or not compared", list(_by_what(unread, more_in)))
    yield from _section(
        "How the input was read", list(_folded([note for note in notes if not words.is_unread(note)], more_in))
    )
    yield from _section("Problems in the input", [Text(_plain(str(error))) for error in problems])
    if len(found) > LONG:
        yield from _section("Whom it concerns", [Text(_plain(line)) for line in concerned(found)])
    yield "", summary(answer, problems)


def _meetings(found: Sequence[Meeting], answer: ScreeningAnswer, more_in: str) -> Iterator[Row]:
    for number, meeting in enumerate(found[:MOST_MEETINGS], start=1):
        yield from _meeting(number, meeting, answer)
    brief = found[MOST_MEETINGS : MOST_MEETINGS + MOST_LINES]
    if brief:
        yield (
            "",
            Text(
                f"The other {words.plural(len(found) - MOST_MEETINGS, 'pair')} of notices; {_all_in(more_in)}",
                style="bold",
            ),
        )
    for number, meeting in enumerate(brief, start=MOST_MEETINGS + 1):
        yield "", _line(number, meeting)
    if len(found) > MOST_MEETINGS + MOST_LINES:
        yield "", Text(f"… and {len(found) - MOST_MEETINGS - MOST_LINES:,} more, later or less grave.")
    if brief:
        yield "", Text("")


def _margin(label: str) -> str:
    if not label:
        return ""
    return " - " if label == "-" else f"   {label}".ljust(_MARGIN_WIDTH)


def summary(answer: ScreeningAnswer, problems: Sequence[DetenteError]) -> Text:
    """`CONFLICT: 4,950 pairs of 100 volumes; 3 conflicts and 1 possible between 2 pairs of notices; …`."""
    headline = words.headline(answer, problems)
    style = _STYLE[answer.answer if headline == answer.answer.name else Answer.POSSIBLE]
    return Text.assemble((headline, style), f": {_plain(words.summary(answer, problems))}")


def _all_in(more_in: str) -> str:
    return f"all of them are in {more_in}" if more_in else "--format html, json or csv tells all of each"


def _section(title: str, lines: Sequence[Text]) -> Iterator[Row]:
    if not lines:
        return
    yield "", Text(title, style="bold")
    for line in lines:
        yield "-", line
    yield "", Text("")


def _first(warned: Sequence[Text], more_in: str) -> list[Text]:
    if len(warned) <= MOST_WARNINGS:
        return list(warned)
    return [*warned[:MOST_WARNINGS], Text(f"… and {len(warned) - MOST_WARNINGS:,} more; {_all_in(more_in)}")]


def _by_what(notes: Sequence[words.ReadingNote], more_in: str) -> Iterator[Text]:
    """Each thing said once, with where it holds: nothing that was said is left out, only places of the same."""
    places: dict[str, list[str]] = {}
    for note in notes:
        places.setdefault(note.what, []).append(note.where)
    for what, where in places.items():
        named = [place for place in dict.fromkeys(where) if place]
        left = len(named) - MOST_ALIKE
        more = f" and {words.plural(left, 'more place')} ({_listed_in(more_in)})" if left > 0 else ""
        yield _note("; ".join(named[:MOST_ALIKE]) + more, what)


def _folded(notes: Sequence[words.ReadingNote], more_in: str) -> Iterator[Text]:
    """The first of each kind, and how many more there are: no kind is left out."""
    kinds: dict[str, dict[str, list[words.ReadingNote]]] = {}
    for note in notes:
        kinds.setdefault(_VARYING.sub("#", note.what), {}).setdefault(note.what, []).append(note)
    for alike in kinds.values():
        yield from _by_what([note for same in list(alike.values())[:MOST_ALIKE] for note in same], more_in)
        left = sum(len(same) for same in list(alike.values())[MOST_ALIKE:])
        if left:
            yield Text(f"… and {left:,} more like these; {_listed_in(more_in)}")


def _listed_in(more_in: str) -> str:
    return f"all in {more_in}" if more_in else "--format json lists all"


def concerned(found: Sequence[Meeting]) -> list[str]:
    """Each party and in how many of the pairs of notices it is, conflicts first: `ISR_IDF: 1 conflict, 6 possible`."""
    certain: Counter[str] = Counter()
    possible: Counter[str] = Counter()
    for meeting in found:
        (certain if meeting.answer is Answer.CONFLICT else possible).update(n.party for n in meeting.notices)
    parties = sorted({*certain, *possible}, key=lambda party: (-certain[party], -possible[party], party))
    return [f"{party}: {words.plural(certain[party], 'conflict')}, {possible[party]:,} possible" for party in parties]


def _meeting(number: int, meeting: Meeting, answer: ScreeningAnswer, viewer: str = "") -> Iterator[Row]:
    conflict = meeting.first
    yield (
        "",
        Text.assemble(
            f"{number}  ", (conflict.answer.name, _STYLE[conflict.answer]), f"  rule: {_plain(conflict.rule)}"
        ),
    )
    yield from _rows(meeting, answer, viewer)
    yield "", Text("")


def _rows(meeting: Meeting, answer: ScreeningAnswer, viewer: str) -> Iterator[Row]:
    conflict = meeting.first
    yield "who", _who(conflict.a.notice, conflict.a.volume_index)
    yield "and", _who(conflict.b.notice, conflict.b.volume_index)
    if conflict.area is not None:
        yield from _area(conflict, viewer)
    yield from _apart(conflict, viewer)
    for reason in conflict.reasons:
        yield "possible", Text(_plain(reason))
    for line in words.would_clear(answer, meeting.notices, viewer):
        yield "clears", Text(_plain(line))
    if meeting.others:
        yield "also", Text(_others(meeting))


def _who(notice: Notice, volume_index: int) -> Text:
    which = f", volume {volume_index + 1} of {len(notice.volumes)}" if len(notice.volumes) > 1 else ""
    fields = dict.fromkeys(a.field for a in notice.assumptions)
    assumed = _plain(f"; assumed: {', '.join(fields)}") if fields else ""
    return Text.assemble(
        (_plain(words.called(notice)), "bold"),
        _plain(f" {words.titled(notice)}" if words.titled(notice) else ""),
        f" ({words.activity(notice)}{which}{assumed})",
    )


def _area(conflict: Conflict, viewer: str) -> Iterator[Row]:
    area = conflict.area
    assert area is not None
    if area.footprint:
        placed = _plain(words.placed(conflict, viewer)).removesuffix(", near ").removesuffix(", ")
        if placed:
            yield "where", Text(placed)
        yield "near" if placed else "where", Text(_place(words.centre(area.footprint)))
    if area.closest is not None:
        near, far = area.closest
        yield "closest", Text(f"{words.dms(near)} and {words.dms(far)}")
    yield "altitude", Text(area.lower if area.lower == area.upper else f"{area.lower} to {area.upper}")
    yield "when", Text(" to ".join(words.period(area.start_us, area.end_us)))
    yield "DTG", Text(" to ".join(words.dtg_period(area.start_us, area.end_us)))


def _place(position: Position) -> str:
    return f"{words.dms(position)}  MGRS {words.mgrs(position)}"


def _apart(conflict: Conflict, viewer: str) -> Iterator[Row]:
    for name, stated, least, minimum, short in words.separations(conflict, viewer):
        if stated in ("overlap", words.WITHHELD):
            yield name, Text(f"{stated}; minimum {minimum}")
            continue
        apart = stated if stated == words.NOT_STATED else f"{stated} apart"
        at_least = ", may overlap" if least == "overlap" else f", at least {least}" if least else ""
        yield name, Text(f"{apart}{at_least}; minimum {minimum}, short by {short}")


def _others(meeting: Meeting) -> str:
    count = len(meeting.others)
    certain = sum(c.answer is Answer.CONFLICT for c in meeting.others)
    ends = [c.area.end_us for c in meeting.conflicts if c.area is not None]
    until = f", until {words.period(max(ends), max(ends))[1]}" if ends else ""
    return f"{words.plural(count, 'more volume pair')} ({certain:,} conflict, {count - certain:,} possible){until}"


def _entry(entry: Entry) -> Text:
    warning, hazard = entry.first, entry.first.hazard.notice
    declared = f" declared by {hazard.declared_by}" if hazard.declared_by else ""
    verb = "enters" if warning.answer is Answer.CONFLICT else "may enter"
    when = "" if warning.area is None else f" from {words.period(warning.area.start_us, warning.area.end_us)[0]}"
    more = f"; {entry.other_count:,} more volumes" if entry.other_count else ""
    return Text(_plain(f"{words.named(warning.plan.notice)} {verb} {words.named(hazard)}{declared}{when}{more}"))


def _note(where: str, what: str) -> Text:
    return Text(_plain(f"{where}: {what}" if where else what))
