"""Outlets: placed by their party, told from then on, and where each stands kept with it."""

from dataclasses import replace as replaced
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel_world import Channel
from detente.channel.acts import MessageBody, OutletBody
from detente.channel.outlets import (
    BACK_OFF_S,
    MOST_DEAD,
    MOST_OUTLETS,
    SPREAD,
    STOP_BACK_OFF_S,
    Progress,
    outlet_of,
    place,
    progress,
)
from detente.channel.standing import Lane
from detente.channel.webhook import read_webhook
from detente.channel.words import pass_on
from detente.domain import AgainstTerms, Conflicted, NotUnderstood, StaleVersion
from detente.record.canonical import canonical, read_canonical

ID = "a" * 32
HOOK = OutletBody(ID, "webhook", "https://example.org/hook")


@pytest.fixture
def channel():
    channel = Channel()
    channel.send("B", pass_on, "message", "A", MessageBody("1" * 32, "before"))
    channel.send("A", place, "outlet", "", HOOK)
    return channel


def kept(channel):
    (due,) = [due for due in channel.due.values() if due.kind == "outlet"]
    assert channel.standing.outlets["A", ID] == outlet_of(due)  # what a restart reads
    return outlet_of(due)


def tell(channel, after_number, *, is_stops=False, **told):
    """The lane, once how it went is kept."""
    told = Progress("A", ID, is_stops, after_number, **told)
    assert channel.turn(lambda turn: progress(channel.standing, turn, told))
    return kept(channel).lane(is_stops)


def test_a_new_outlet_is_told_of_what_comes_and_not_of_what_was(channel):
    outlet = kept(channel)
    assert (outlet.stops.after_number, outlet.rest.after_number) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "is_stops", "expected_s"), [("view", False, BACK_OFF_S), ("stop", True, STOP_BACK_OFF_S)]
)
def test_what_fails_is_tried_again_later_and_later_and_then_given_up(channel, kind, is_stops, expected_s):
    waits = []
    for attempt in range(1, len(expected_s) + 1):
        lane = tell(channel, 1, is_stops=is_stops, failed=(2, kind), problem="it answered 500")
        assert (lane.attempts, lane.after_number) == (attempt, 1)
        waits.append((lane.try_us - channel.now_us) // 1_000_000)
    assert tuple(waits) == tuple(expected_s)
    lane = tell(channel, 1, is_stops=is_stops, failed=(2, kind), problem="it answered 500")
    assert (lane.after_number, lane.attempts, [dead.number for dead in kept(channel).dead]) == (2, 0, [2])


def test_a_stop_is_tried_at_least_once_a_minute_for_about_as_long_as_anything():
    assert max(STOP_BACK_OFF_S) == 60
    assert sum(BACK_OFF_S) * 0.9 < sum(STOP_BACK_OFF_S) < sum(BACK_OFF_S) * 1.1


@pytest.mark.parametrize("is_stops", [True, False])
def test_how_one_lane_fares_changes_nothing_of_the_other(channel, is_stops):
    before = kept(channel).lane(not is_stops)
    tell(channel, 1, is_stops=is_stops, failed=(2, "view"), problem="x")
    tell(channel, 7, is_stops=is_stops, failed=(8, "view"), problem="x", is_final=True)
    assert kept(channel).lane(not is_stops) == before


def test_an_outlet_that_was_kept_before_there_were_lanes_goes_on_where_it_was(channel):
    new = kept(channel)
    (due,) = [due for due in channel.due.values() if due.kind == "outlet"]
    told = read_canonical(due.payload)
    lane = {"after_number": 7, "attempts": 2, "try_us": 5, "problem": "x"}
    old = {name: value for name, value in told.items() if name not in ("stops", "rest")} | lane
    assert outlet_of(replaced(due, payload=canonical(old))) == replaced(new, stops=Lane(**lane), rest=Lane(**lane))


def test_what_failed_together_is_not_tried_again_together(channel):
    outlet = tell(channel, 1, failed=(2, "view"), problem="it answered 500", share=0.5)
    assert outlet.try_us - channel.now_us == BACK_OFF_S[0] * 1_000_000 * (1 + SPREAD / 2)


def test_what_is_refused_for_good_is_given_up_at_once(channel):
    lane = tell(channel, 1, failed=(2, "view"), problem="it answered 410", is_final=True)
    assert (lane.after_number, [dead.problem for dead in kept(channel).dead]) == (2, ["it answered 410"])


def test_a_good_attempt_forgets_the_failures_before_it(channel):
    tell(channel, 1, failed=(2, "view"), problem="x")
    assert tell(channel, 2).attempts == 0
    assert tell(channel, 4, failed=(5, "view"), problem="x").attempts == 1


def test_an_attempt_that_comes_late_takes_nothing_back(channel):
    tell(channel, 5)
    assert tell(channel, 3).after_number == 5


def test_no_more_is_remembered_of_what_was_given_up_than_may(channel):
    for number in range(2, MOST_DEAD + 4):
        tell(channel, number - 1, failed=(number, "view"), problem="x", is_final=True)
    assert len(kept(channel).dead) == MOST_DEAD


def test_the_same_again_changes_its_kinds_and_keeps_its_place(channel):
    tell(channel, 5)
    channel.send("A", place, "outlet", "", OutletBody(ID, "webhook", HOOK.address, ("stop",)))
    assert (kept(channel).kinds, kept(channel).rest.after_number) == (("stop",), 5)


def test_a_removed_outlet_is_gone_and_what_comes_late_for_it_is_nothing(channel):
    channel.send("A", place, "outlet", "", OutletBody(ID, "webhook", HOOK.address, active=False))
    late = Progress("A", ID, is_stops=False, after_number=9)
    assert not channel.turn(lambda turn: progress(channel.standing, turn, late))
    assert (channel.standing.outlets, [d for d in channel.due.values() if d.kind == "outlet"]) == ({}, [])


def refused(channel, error, party, body, audience=""):
    last = dict(channel.parties[party].last)
    with pytest.raises(error):
        channel.send(party, place, "outlet", audience, body)
    channel.parties[party].last = last


def test_an_id_that_leads_elsewhere_one_that_is_not_there_and_too_many_are_refused(channel):
    refused(channel, Conflicted, "A", OutletBody(ID, "webhook", "https://elsewhere.example/"))
    refused(channel, StaleVersion, "B", OutletBody(ID, "webhook", HOOK.address, active=False))
    refused(channel, AgainstTerms, "A", OutletBody("b" * 32, "webhook", HOOK.address), audience="B")
    for number in range(1, MOST_OUTLETS):
        channel.send("A", place, "outlet", "", OutletBody(f"{number:032x}", "email", f"a{number}@example.org"))
    refused(channel, AgainstTerms, "A", OutletBody("b" * 32, "webhook", HOOK.address))


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "ftp://example.org/"),
        ("webhook", "https://user:secret@example.org/"),
        ("webhook", "https://example.org/\r\nx: y"),
        ("webhook", "https://exämple.org/"),
        ("webhook", "https://example.org/" + "a" * 600),
        ("webhook", "https://example.org/a b"),
        ("webhook", "https://example.org/#a"),
        ("webhook", "https://example.org?a=1"),
        ("webhook", "https://example.org:"),
        ("webhook", "https://example.org:0/"),
        ("webhook", "https://example.org:65536/"),
        ("webhook", "https://example.org:x/"),
        ("webhook", "https://example.org:\u0661/"),
        ("webhook", "https://:443/"),
        ("webhook", "https:///path"),
        ("webhook", "https://-a.example.org/"),
        ("webhook", "https://a..example.org/"),
        ("webhook", "https://example.org./"),
        ("webhook", "https://" + "a" * 64 + ".example.org/"),
        ("webhook", "https://" + "a." * 127 + "org/"),
        ("webhook", "https://127.1/"),
        ("webhook", "https://0x7f.0.0.1/"),
        ("webhook", "https://0x7f000001/"),
        ("webhook", "https://2130706433/"),
        ("webhook", "https://1.2.3.4.5/"),
        ("webhook", "https://1.2.3.256/"),
        ("webhook", "https://[/"),
        ("webhook", "https://[]/"),
        ("webhook", "https://[::1/"),
        ("webhook", "https://]:1/"),
        ("webhook", "https://[fe80::1%lo]/"),
        ("webhook", "https://[1.2.3.4]/"),
        ("email", "nobody"),
        ("email", "a@b"),
        ("email", "a@example.org\nBcc: all@example.org"),
        ("email", "a@example.org, b@example.org"),
        ("email", '"a b"@example.org'),
    ],
)
def test_what_is_no_address_is_refused(channel, kind, address):
    refused(channel, NotUnderstood, "A", OutletBody("b" * 32, kind, address))


@pytest.mark.parametrize(
    ("address", "host", "port", "target"),
    [
        ("https://example.org", "example.org", 443, "/"),
        ("https://example.org:8443/a?b=c&d", "example.org", 8443, "/a?b=c&d"),
        ("http://127.0.0.1:80/", "127.0.0.1", 80, "/"),
        ("http://localhost/x", "localhost", 80, "/x"),
        ("https://[2606:4700::1]:1/", "2606:4700::1", 1, "/"),
        ("https://xn--exmple-cua.org/", "xn--exmple-cua.org", 443, "/"),
        ("https://a1.2b-c.example/", "a1.2b-c.example", 443, "/"),
    ],
)
def test_the_address_of_a_webhook_is_read_as_a_client_would_read_it(address, host, port, target):
    hook = read_webhook(address)
    assert (hook.host, hook.port, hook.target) == (host, port, target)
    parts = urlsplit(address)
    assert (hook.is_tls, hook.host, hook.authority) == (parts.scheme == "https", parts.hostname, parts.netloc)
    assert parts.port in (None, hook.port)


@given(st.text("htps:/[]@.#?&=-%_\\ 0123456789abfx\n\u0660\u00e9", max_size=30))
def test_what_is_read_is_what_a_client_would_read_and_all_else_is_refused(rest):
    try:
        hook = read_webhook(f"https://{rest}")
    except NotUnderstood:
        return
    parts = urlsplit(f"https://{rest}")
    assert (parts.hostname, parts.netloc) == (hook.host.lower(), hook.authority)
    assert (parts.port or 443, parts.username, parts.fragment) == (hook.port, None, "")
    assert hook.target == (parts.path or "/") + ("?" * ("?" in rest) + parts.query)
    assert f"https://{rest}".isascii()


def test_a_port_that_is_none_is_refused_where_it_is_said(channel):
    with pytest.raises(NotUnderstood, match=r"address: '99999' is no port from 1 to 65535"):
        channel.send("A", place, "outlet", "", OutletBody("b" * 32, "webhook", "https://example.org:99999/"))
