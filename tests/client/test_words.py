"""What people read of what was told: nothing that matters is left to the reader of JSON."""

import pytest

from detente.channel.acts import AlertBody, AlertLine, PassedBody
from detente.client.told import Told
from detente.client.words import expected_lines, told_lines
from detente.domain import Post, ReceiptStage, Rung


def test_an_alert_is_read_notice_by_notice_those_that_meet_first():
    lines = (
        AlertLine("a" * 32, 1, "NO_MEETING"),
        AlertLine("b" * 32, 2, "ALERT_UNAVAILABLE"),
        AlertLine("c" * 32, 3, "MEETING"),
    )
    said = list(told_lines(Told("", "alert", 0, {}, body=AlertBody("B", 0, lines, 5, 0))))
    assert "ALERT" in said[0]
    assert " B " in said[0]
    assert ["cccccccc (version 3) meets" in said[1], "aaaaaaaa (version 1) meets nothing" in said[2]] == [True, True]
    assert "bbbbbbbb (version 2) ALERT UNAVAILABLE" in said[3]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({}, []),
        ({"alert": "not_agreed"}, []),
        ({"alert": "pending"}, ["pending"]),
        ({"alert": "unavailable"}, ["UNAVAILABLE"]),
    ],
)
def test_whether_an_alert_will_come_is_said_with_the_answer(answer, said):
    found = list(expected_lines(answer))
    assert len(found) == len(said)
    assert all(word in line for word, line in zip(said, found, strict=True))


def test_a_step_of_the_ladder_says_whom_to_call():
    call = (Post("Second", 0, "tel 2", is_alternate=True), Post("Chief", 1, "tel 3"))
    body = PassedBody("A", "B", "a" * 32, 1, ReceiptStage.ACKNOWLEDGED, Rung.SENDER_TOLD, call=call)
    said = list(told_lines(Told("", "passed", 0, {}, body=body)))
    assert said[1:] == ["    call Second, level 0 (alternate): tel 2", "    call Chief, level 1: tel 3"]
