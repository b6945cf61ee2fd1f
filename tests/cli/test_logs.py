"""The host's log: an event a line, for people and for machines, and nothing of what parties send."""

import io
import json
import logging
import signal

import pytest

from channel_world import FULL
from detente.cli.logs import JsonLines, TextLines
from sequencer_world import plan
from served_world import Server


@pytest.fixture
def log():
    logger = logging.Logger("detente.test")
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logger.addHandler(handler)
    return logger, handler, written


def test_an_event_is_one_json_object_with_what_it_concerns(log):
    logger, handler, written = log
    handler.setFormatter(JsonLines())
    logger.warning("starting anew: %s", "two\nlines", extra={"arena": "levant", "epoch": 3})
    (line,) = written.getvalue().splitlines()
    said = json.loads(line)
    assert (said["level"], said["event"], said["arena"], said["epoch"]) == (
        "warning", "starting anew: two\nlines", "levant", 3,
    )  # fmt: skip
    assert said["time"].endswith("Z")


def test_a_fault_comes_with_its_traceback_in_the_same_object(log):
    logger, handler, written = log
    handler.setFormatter(JsonLines())
    try:
        raise ZeroDivisionError("of ours")
    except ZeroDivisionError:
        logger.exception("a fault")
    (line,) = written.getvalue().splitlines()
    assert "ZeroDivisionError: of ours" in json.loads(line)["traceback"]


def test_for_people_it_is_a_line_that_begins_with_its_moment(log):
    logger, handler, written = log
    handler.setFormatter(TextLines())
    logger.info("decides", extra={"arena": "levant", "seconds": 0.2})
    assert written.getvalue().endswith("info    decides arena=levant seconds=0.2\n")


def test_what_a_server_logs_is_json_to_the_last_line_and_tells_nothing_that_was_sent(tmp_path, capfd):
    server = Server(tmp_path, f"sqlite:///{tmp_path / 'channel.db'}")
    server.options += ["--log-format", "json"]
    try:
        server.start()
        server.options = server.options[:-2]
        server.found()
        server.post("A", server.parties["A"].submission(plan("A", "SECRET-REFERENCE"), {"B": FULL}))
    finally:
        server.end(signal.SIGTERM)
    written = capfd.readouterr().err
    events = [json.loads(line)["event"] for line in written.splitlines()]
    assert {"decides", "gave the lease back"} <= set(events)
    assert "SECRET-REFERENCE" not in written
    assert server.headers["A"]["Authorization"].removeprefix("Bearer ") not in written
