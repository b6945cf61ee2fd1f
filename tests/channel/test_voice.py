"""Voice scripts: what is typed down wrong is found, and what is typed down right says the same."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.channel.voice import (
    MOST_SIGNS,
    SIGNS,
    Acknowledgement,
    Flash,
    Signed,
    Stop,
    flash,
    read_script,
    script,
    words_of,
)
from detente.domain import Activity, NotUnderstood, Position, ReceiptStage
from detente.geodesy.wgs84 import inverse

MINUTE_US = 60_000_000
NIGHT_US = 1_537_209_540_000_000  # 171839ZSEP2018
FLASH = flash(
    "LEVANT-2018",
    "ISR",
    "RUS_MOD",
    NIGHT_US + 1,
    Activity.AIR_OPERATION,
    Position(35.5, 35.79),
    8_000.0,
    NIGHT_US,
    NIGHT_US + 7,
)
STOP = Stop(
    "LEVANT-2018",
    "RUS",
    "ISR_IDF",
    NIGHT_US,
    "0123456789abcdef" * 2,
    "15 KM WEST OF LATAKIA",
    "CEASE. OURS IS IN THE AIR - NOW",
)
ACK = Acknowledgement(
    "LEVANT-2018", "ISR", "RUS", NIGHT_US, words_of(FLASH), 1, ReceiptStage.ACKNOWLEDGED, "DUTY OFFICER 7"
)
OPEN = flash("A", "B", "C", 0, Activity.LIVE_FIRE, Position(-1.0, -2.0), 9.0, NIGHT_US, None)
SIGNED = Signed("A", "B", "C", NIGHT_US, words_of(FLASH), bytes(range(192, 256)))
SAMPLES = [
    FLASH,
    STOP,
    ACK,
    OPEN,
    SIGNED,
    Acknowledgement("A", "B", "C", 0, "f" * 32, 12, ReceiptStage.CONFIRMED_DOWN, "X"),
]


def typed(said):
    return "\n".join(line.written for line in script(said))


@pytest.mark.parametrize("said", SAMPLES)
def test_what_is_read_aloud_says_the_same_when_typed_down(said):
    assert read_script(typed(said)) == said
    assert read_script(typed(said).lower()) == said


@pytest.mark.parametrize("said", SAMPLES)
def test_every_single_wrong_sign_is_refused(said):
    text = typed(said)
    for place, sign in enumerate(text):
        for wrong in SIGNS + "\n":
            if wrong != sign:
                with pytest.raises(NotUnderstood):
                    read_script(text[:place] + wrong + text[place + 1 :])


@pytest.mark.parametrize("said", SAMPLES)
def test_any_two_signs_of_a_line_that_changed_places_are_refused(said):
    lines = typed(said).split("\n")
    for number, line in enumerate(lines):
        for i, j in combinations(range(len(line)), 2):
            if line[i] != line[j]:
                signs = list(line)
                signs[i], signs[j] = signs[j], signs[i]
                with pytest.raises(NotUnderstood):
                    read_script("\n".join([*lines[:number], "".join(signs), *lines[number + 1 :]]))


@pytest.mark.parametrize("said", SAMPLES)
def test_neighbours_swapped_across_a_line_break_and_lines_missing_or_moved_are_refused(said):
    text = typed(said)
    for place in range(len(text) - 1):
        a, b = text[place : place + 2]
        if a != b:
            with pytest.raises(NotUnderstood):
                read_script(text[:place] + b + a + text[place + 2 :])
    lines = text.split("\n")
    for number in range(len(lines)):
        with pytest.raises(NotUnderstood):
            read_script("\n".join(lines[:number] + lines[number + 1 :]))
        with pytest.raises(NotUnderstood):
            read_script("\n".join([*lines, lines[number]]))
    for i, j in combinations(range(len(lines)), 2):
        moved = list(lines)
        moved[i], moved[j] = moved[j], moved[i]
        with pytest.raises(NotUnderstood):
            read_script("\n".join(moved))


def test_a_line_of_another_script_with_its_own_good_check_is_refused():
    lines, others = (
        typed(FLASH).split("\n"),
        typed(
            flash("LEVANT-2018", "ISR", "RUS_MOD", NIGHT_US + 1, Activity.LIVE_FIRE, Position(1.0, 2.0), 9.0, 0, 1)
        ).split("\n"),
    )
    assert len(lines) == len(others)
    for number, (line, other) in enumerate(zip(lines, others, strict=True)):
        if line != other:
            with pytest.raises(NotUnderstood):
                read_script("\n".join([*lines[:number], other, *lines[number + 1 :]]))


@given(
    st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 100_000), st.integers(0, 4 * 10**15), st.integers(0, 10**13)
)
def test_a_flash_notice_covers_what_it_was_made_of_and_returns_as_said(lat, lon, radius_m, start_us, length_us):
    said = flash(
        "A", "B", "C", start_us, Activity.UNSTATED, Position(lat, lon), radius_m, start_us, start_us + length_us
    )
    assert read_script(typed(said)) == said
    _, moved_m = inverse(lat, lon, said.position.latitude_deg, said.position.longitude_deg)
    assert float(moved_m) + radius_m <= said.radius_m
    assert said.start_us <= start_us <= start_us + length_us <= said.end_us


WORDS = st.lists(st.text(SIGNS.replace(" ", ""), min_size=1, max_size=30), min_size=1, max_size=40).map(" ".join)


@given(WORDS, WORDS)
def test_any_text_that_can_be_said_returns_as_said_in_lines_that_the_check_covers(place, text):
    said = Stop("A", "B", "C", 0, "0" * 32, place, text)
    assert all(len(line.written) <= MOST_SIGNS for line in script(said))
    assert read_script(typed(said)) == said


def test_every_sign_of_a_line_is_spelled():
    for line in script(STOP):
        assert len(line.spoken.split(" ")) == len(line.written)
    assert script(FLASH)[0].spoken.split(" ")[:4] == ["one", "BREAK", "Delta", "Echo"]


@pytest.mark.parametrize("text", ["", "small", "Ä", "TWO  SPACES", "A\nB", " LED", "X" * 61])
def test_what_cannot_be_said_is_refused_not_guessed(text):
    with pytest.raises(NotUnderstood):
        Stop("A", "B", "C", 0, "0" * 32, "HERE", text)


def test_a_time_that_is_not_a_whole_minute_is_not_said():
    with pytest.raises(NotUnderstood):
        Flash("A", "B", "C", 0, Activity.UNSTATED, 0, 0, 1, 1, MINUTE_US)
    with pytest.raises(NotUnderstood):
        Stop("A", "B", "C", 1, "0" * 32, "HERE", "CEASE")


@given(st.binary(min_size=64, max_size=64))
def test_a_signature_returns_as_it_was_said(signature):
    said = Signed("A", "B", "C", 0, words_of(STOP), signature)
    assert read_script(typed(said)) == said
