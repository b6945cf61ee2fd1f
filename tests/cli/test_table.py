"""The answer as a table at the terminal."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from detente.cli.table import MOST_MEETINGS, print_short, print_table, table_text
from detente.domain import (
    Activity,
    AltitudeBand,
    Answer,
    Circle,
    Conflict,
    HazardWarning,
    InvalidVolume,
    MeetingArea,
    Minima,
    Notice,
    NotUnderstood,
    Polygon,
    Position,
    Proposal,
    ScreeningAnswer,
    Separation,
    TimeWindow,
    Unmeasured,
    Volume4D,
    VolumeRef,
    flight_level,
)

NOON = datetime(2018, 9, 17, 12, tzinfo=UTC)
BAND = AltitudeBand(flight_level(160), flight_level(200))
WINDOW = TimeWindow.between(NOON, NOON + timedelta(hours=2))
VOLUME = Volume4D(Circle(Position(35.2, 35.8), 5_000.0), BAND, WINDOW)
TRIANGLE = Polygon((Position(35.1, 35.7), Position(35.1, 35.9), Position(35.3, 35.8)))
APART = Separation(3_000.0, 2_000.0)


@dataclass(frozen=True)
class Note:
    where: str
    what: str


def notice(reference, party, activity=Activity.AIR_OPERATION, volume_count=1, **others):
    return Notice(reference, party, activity, (VOLUME,) * volume_count, **others)


def conflict(a, b, answer=Answer.CONFLICT, start=NOON, index=0, reasons=()):
    window = TimeWindow.between(start, start + timedelta(minutes=10))
    closest = (Position(35.1, 35.7), Position(35.2, 35.9))
    area = MeetingArea((TRIANGLE,), closest, "FL160", "FL200", window.start_us, window.end_us)
    here = (VolumeRef(a, index), VolumeRef(b, 0), answer, APART, Separation(0.0, 0.0), Separation(0.0, 0.0))
    return Conflict(*here, Minima(9_260.0, 304.8, 300.0), "default", reasons, area)


def answered(*conflicts, **others):
    notices = {ref.notice.reference: ref.notice for c in conflicts for ref in (c.a, c.b)}
    return ScreeningAnswer(max(c.answer for c in conflicts), tuple(notices.values()), conflicts, **others)


LAF, UN = notice("LAF-7", "LAF", title="Route north", volume_count=3), notice("UN-2", "UNIFIL")


def test_a_conflict_tells_who_where_when_how_closely_why_and_what_clears_it():
    moves = (Proposal(LAF, "time", 720.0), Proposal(LAF, "altitude", 304.8), Proposal(LAF, "sideways", 2_778.0, 270.0))
    answer = answered(conflict(LAF, UN), proposals={("LAF", "LAF-7"): moves, ("UNIFIL", "UN-2"): ()}, pair_count=3)
    text = table_text(answer, generated_utc=NOON)
    for words in (
        "Screened 2018-09-17T12:00:00Z",
        "LAF LAF-7 Route north (air operation, volume 1 of 3)",
        "MGRS 36SYD",
        "FL160 to FL200",
        "2018-09-17T12:00:00Z to 2018-09-17T12:10:00Z",
        "171200ZSEP18 to 171210ZSEP18",
        "3.00 km (1.61 NM) apart, at least 2.00 km (1.07 NM); minimum 9.26",
        "short by 7.26 km (3.93 NM)",
        "LAF LAF-7: 12 min later, or 1000 ft higher, or 1.5 NM towards 270°",
        "UNIFIL UN-2: none within limits",
        "CONFLICT: 3 pairs of 4 volumes; 1 conflict and 0 possible between 1 pair of notices.",
    ):
        assert words in " ".join(text.split()), words


def test_no_line_is_wider_than_the_screen_or_ends_in_blanks():
    long_title = notice("REF-" + "9" * 90, "Party with a long name " * 5, title="word " * 60)
    text = table_text(answered(conflict(long_title, UN, reasons=("because " * 40,))))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert all(line == line.rstrip() for line in text.splitlines())


def test_text_is_the_same_with_and_without_colour():
    def printed(**settings):
        stream = StringIO()
        print_table(answered(conflict(LAF, UN)), Console(file=stream, width=80, legacy_windows=False, **settings))
        return stream.getvalue()

    plain, colour = printed(color_system=None), printed(force_terminal=True, color_system="standard")
    assert "\x1b" not in plain
    assert "\x1b" in colour
    assert re.sub(r"\x1b\[[0-9;]*m", "", colour) == plain


def test_conflicts_stand_before_possibles_and_each_by_time():
    third = notice("C", "C")
    late, early = conflict(LAF, UN, start=NOON + timedelta(hours=1)), conflict(UN, third)
    possible = conflict(LAF, third, Answer.POSSIBLE, start=NOON - timedelta(hours=3), reasons=("position uncertainty",))
    lines = table_text(answered(possible, late, early)).splitlines()
    assert [line.split()[1] for line in lines if line[:1].isdigit()] == ["CONFLICT", "CONFLICT", "POSSIBLE"]
    whens = [line.split()[1] for line in lines if line.startswith("   when")]
    assert whens == ["2018-09-17T12:00:00Z", "2018-09-17T13:00:00Z", "2018-09-17T09:00:00Z"]


def test_nothing_is_told_of_how_near_a_plan_comes_to_a_humanitarian_site():
    site = notice("SITE", "ICRC", Activity.HUMANITARIAN_SITE)
    text = table_text(answered(conflict(site, UN), proposals={("ICRC", "SITE"): (), ("UNIFIL", "UN-2"): ()}))
    assert text.count("withheld (protected)") == 3
    assert "short by" not in text
    assert "closest" not in text
    assert "3.00 km" not in text
    assert "ICRC SITE: a humanitarian site is never asked to move" in text


def test_many_volume_pairs_of_one_pair_of_notices_are_told_as_one():
    pairs = [conflict(LAF, UN, index=i, start=NOON + timedelta(minutes=i)) for i in range(2)]
    text = table_text(answered(*pairs, conflict(LAF, UN, Answer.POSSIBLE, index=2)))
    assert "2 more volume pairs (1 conflict, 1 possible), until 2018-09-17T12:11:00Z" in " ".join(text.split())


def test_the_first_meetings_are_told_in_full_and_every_other_on_one_line():
    found = [conflict(notice(f"N{i:03}", "A"), UN, start=NOON + timedelta(minutes=i)) for i in range(300)]
    stream = StringIO()
    print_table(answered(*found), Console(file=stream, width=80), more_in="out/map.html")
    text = " ".join(stream.getvalue().split())
    assert text.count("rule: default") == MOST_MEETINGS
    assert "The other 280 pairs of notices; all of them are in out/map.html" in text
    assert all(f" A N{i:03} and UNIFIL UN-2" in text for i in range(MOST_MEETINGS, 300))


def test_a_long_answer_opens_with_its_sum_and_says_whom_it_concerns():
    others = [notice(f"N{i}", "A" if i else "B") for i in range(5)]
    found = [conflict(other, UN, Answer.POSSIBLE if i > 1 else Answer.CONFLICT) for i, other in enumerate(others)]
    text = table_text(answered(*found, pair_count=5))
    lines = text.splitlines()
    assert lines[0].startswith("CONFLICT: 5 pairs of")
    assert lines[0] == lines[-2] or lines[0] == lines[-1]
    concerned = lines[lines.index("Whom it concerns") + 1 :][:3]
    assert concerned == [
        " - UNIFIL: 2 conflicts, 3 possible",
        " - A: 1 conflict, 3 possible",
        " - B: 1 conflict, 0 possible",
    ]


def test_whatever_was_not_read_is_told_however_much_else_there_is():
    common = [Note(f"f{i:03}.csv", f"altitude '{i} ft' read as {i} ft AMSL") for i in range(200)]
    unread = [
        Note(f"f{i:03}.csv", f"not read: column {name}") for i, name in enumerate("abcdefghijklmnopqrstuvwxyz" * 2)
    ]
    shuffled = [note for pair in zip(common, unread * 4, strict=False) for note in pair] + common[52 * 4 :]
    text = " ".join(table_text(answered(conflict(LAF, UN)), readings=shuffled, width=200).split())
    assert all(f"not read: column {name}" in text for name in "abcdefghijklmnopqrstuvwxyz")
    assert text.index("not read: column z") < text.index("How the input was read")


@pytest.mark.parametrize(
    "what",
    [
        "not read: remarks, pilot",
        "heights in positions are not read: state altitude_lower and altitude_upper",
        "between the segments of a track nothing is said, and nothing is read",
        "no file has a column 'callsign'",
        "2 files are made one party, X: their plans are not compared with each other",
        "2 of 12 rows dropped: impossible altitude",
    ],
)
def test_the_readers_words_for_what_they_left_are_known(what):
    text = table_text(answered(conflict(LAF, UN)), readings=[Note("a.csv", "no activity stated"), Note("a.csv", what)])
    assert (
        text.index("Not read, or not compared")
        < text.index(what.split(":")[0][:40])
        < text.index("How the input was read")
    )


def test_readings_that_repeat_themselves_are_folded_and_none_of_another_kind_is_lost():
    notes = [Note(f"f{i:03}.csv", "no party stated: the file is its own party, 'f'") for i in range(100)]
    notes += [Note("g.csv", f"altitude '{i} ft' read as {i} ft AMSL") for i in range(60)]
    notes += [Note(f"h.csv, row {i}", f"a kind {chr(97 + i)} of its own") for i in range(26)]
    text = " ".join(table_text(answered(conflict(LAF, UN)), readings=notes).split())
    assert "f000.csv; f001.csv; f002.csv and 97 more places (--format json lists all): no party stated" in text
    assert "… and 57 more like these; --format json lists all" in text
    assert all(f"a kind {chr(97 + i)} of its own" in text for i in range(26))
    assert len(text) < 4_000


def test_warnings_readings_and_every_problem_follow_and_the_summary_is_last():
    hazard = notice("HZ", "SY", Activity.HAZARD_AREA, declared_by="open sources")
    warnings = (HazardWarning(VolumeRef(LAF, 0), VolumeRef(hazard, 0), Answer.POSSIBLE),) * 2
    problems = [NotUnderstood("no unit", hint="write ft or m", where=f"a.csv, row {i}") for i in range(30)]
    text = table_text(
        answered(conflict(LAF, UN), warnings=warnings), readings=[Note("a.csv", "no party")], problems=problems
    )
    text = " ".join(text.split())
    assert "LAF LAF-7 “Route north”, air operation may enter SY HZ" in text
    assert "declared by open sources" in text
    assert "a.csv: no party" in text
    assert all(f"a.csv, row {i}: no unit — write ft or m" in text for i in range(30))
    assert "30 problems: what could not be read was not screened." in text[-90:]


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "[bold]x[/bold]", "[link=file:///etc]x[/link]", "\x07\x08\r", "\u202eabc", "a\nb"]
)
def test_nothing_a_party_writes_reaches_the_terminal_as_a_command(text):
    evil = notice(text, text, title=text)
    stream = StringIO()
    console = Console(file=stream, force_terminal=True, color_system="truecolor", width=200)
    print_table(answered(conflict(evil, UN, reasons=(text,))), console, readings=[Note(text, text)])
    written = stream.getvalue()
    assert "\x1b[31mred" not in written
    assert "\u202e" not in written
    assert "\x07" not in written
    assert "\r" not in written
    assert "\x1b]8" not in written
    assert "\nb" not in written


def test_clear_is_one_line():
    text = table_text(ScreeningAnswer(Answer.CLEAR, (LAF, UN), (), pair_count=3))
    assert text == "CLEAR: 3 pairs of 4 volumes.\n"


def test_clear_never_stands_alone_where_something_was_not_read():
    text = table_text(
        ScreeningAnswer(Answer.CLEAR, (LAF, UN), (), pair_count=3), problems=[InvalidVolume("no geometry")]
    )
    assert "CLEAR as far as read: 3 pairs of 4 volumes; 1 problem: what could not be read was not screened" in " ".join(
        text.split()
    )


HAZARD_A, HAZARD_B = (notice("HZ", party, Activity.HAZARD_AREA) for party in "AB")


@pytest.mark.parametrize(
    ("notices", "why"),
    [
        ((), "no plan was read"),
        ((LAF,), "all plans are of one party, LAF"),
        ((HAZARD_A, HAZARD_B), "hazard areas alone"),
        ((LAF, UN), "no plans of different parties are active in the window asked for"),
    ],
)
def test_where_nothing_was_compared_it_says_so_and_never_clear(notices, why):
    text = " ".join(table_text(ScreeningAnswer(Answer.CLEAR, notices, ())).split())
    assert f"NOTHING COMPARED: {why}" in text
    assert "CLEAR" not in text


def test_two_parties_hazard_areas_are_said_not_to_be_compared():
    text = " ".join(table_text(ScreeningAnswer(Answer.CLEAR, (HAZARD_A, HAZARD_B, LAF), (), pair_count=2)).split())
    assert "hazard areas: of 2 parties, A, B: two hazard areas are never compared with each other" in text
    assert "never compared" not in table_text(ScreeningAnswer(Answer.CLEAR, (HAZARD_A, LAF), (), pair_count=1))


def test_what_a_crowd_leaves_unmeasured_is_counted():
    crowd = tuple(Unmeasured(VolumeRef(LAF, i), VolumeRef(UN, 0), Answer.POSSIBLE) for i in range(2))
    text = " ".join(table_text(answered(conflict(LAF, UN), unmeasured=crowd, pair_count=3)).split())
    assert "1 conflict and 2 possible between 1 pair of notices, 2 of them too many to measure" in text


def test_the_place_of_plans_that_are_apart_is_said_to_lie_between_them():
    assert "where     between LAF LAF-7 and UNIFIL UN-2\n   near      35°" in table_text(answered(conflict(LAF, UN)))


def test_the_short_form_tells_the_first_in_full_and_every_other_on_one_line():
    third = notice("C\x1b[2J", "C")
    found = [conflict(LAF, UN), *(conflict(LAF, third, Answer.POSSIBLE, start=NOON + timedelta(hours=1)),)]
    stream = StringIO()
    print_short(answered(*found, pair_count=3), Console(file=stream, width=80))
    text = stream.getvalue()
    assert text.count("rule: default") == 1
    assert "\n2  POSSIBLE  171300ZSEP18  LAF LAF-7 and C C\\x1b[2J\n" in text
    assert "1 conflict and 1 possible between 2 pairs of notices" in " ".join(text.split())
