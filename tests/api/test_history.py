"""A party's own past: what stood at a moment is what its inbox had told it by then, and pages show one moment."""

import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channel_world import FULL, NONE, NOON_US, an_understanding
from detente.api import history as past
from detente.channel.acts import MessageBody
from detente.channel.words import pass_on
from detente.domain import Activity, DetenteError, NotUnderstood, ReleaseLevel
from door_world import Door
from patience import wait_until
from recorded_world import RecordedChannel
from sequencer_world import HOUR_US, plan

GENERAL = ReleaseLevel.GENERAL
arenas = (f"arena {number}" for number in count())


def moment(us):
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat()


def payload_of(envelope):
    return json.loads(b64decode(json.loads(envelope)["payload"]))


def seen(channel, party, until_us):
    """The views a party's inbox leaves it with, by what it was told by a moment: the slow, obvious version."""
    views = {}
    for posting, payload in channel.inbox[party]:
        if posting.tick_us > until_us or posting.kind not in ("view", "cancel"):
            continue
        body = payload_of(payload["envelope"])["body"]
        if posting.kind == "view":
            views[payload["sender"], body["view"]["view_id"]] = payload["envelope"]
        else:
            del views[payload["sender"], body["id"]]
    return views


LEVELS = st.fixed_dictionaries({name: st.sampled_from([FULL, GENERAL, NONE]) for name in "ABC"})
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.sampled_from("AB"), st.sampled_from("NM"), LEVELS, st.integers(0, 3)),
        st.tuples(st.just("cancel"), st.sampled_from("AB"), st.sampled_from("NM")),
        st.tuples(st.just("wait"), st.integers(1, 90)),
    ),
    max_size=8,
)


def play(channel, steps):
    for step, *told in steps:
        if step == "wait":
            channel.wait(told[0])
        elif step == "cancel" and told[1] in channel.parties[told[0]].notices:
            channel.cancel(*told)
        elif step == "submit":
            party, reference, levels, km = told
            levels = {name: level for name, level in levels.items() if name != party}
            channel.submit(party, plan(party, reference, km_north=km), levels)


@given(STEPS, st.sampled_from([1, 7, 60]), st.integers(0, 200))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_in_force_at_a_moment_is_what_had_been_told_by_then(store, steps, tick_s, at_s):
    channel = RecordedChannel(store, next(arenas), an_understanding(tick_s=tick_s))
    play(channel, steps)
    at_us = NOON_US + at_s * 1_000_000
    for party in "ABC":
        lines = channel.all_of(past.history, "versions", party, at=moment(at_us))
        released = {(line["from"], line["id"]): line["envelope"] for line in lines if line["to"] == party}
        assert released == seen(channel, party, at_us)
        assert len(lines) == len(released) + len([line for line in lines if line["from"] == party])
        assert [line["shown_us"] for line in lines] == sorted(line["shown_us"] for line in lines)
        assert all(line["ended_us"] is None for line in lines)
        for other in sorted(set("ABC") - {party}):
            told = channel.all_of(past.shown, "versions", other, to=party, at=moment(at_us))
            assert {line["envelope"] for line in told} == {
                envelope for (sender, _), envelope in released.items() if sender == other
            }


@given(STEPS, st.integers(0, 200), st.integers(1, 4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_search_finds_all_that_a_party_did_and_was_told_by_a_moment_once_in_order_of_time(
    store, steps, at_s, limit
):
    channel = RecordedChannel(store, next(arenas), an_understanding(tick_s=7))
    play(channel, steps)
    at_us = NOON_US + at_s * 1_000_000
    entries = [entry for batch in channel.batches for entry in batch.entries]
    for party in "ABC":
        lines = channel.all_of(past.entries, "entries", party, limit=limit, until=moment(at_us))
        did = [e.envelope.decode() for e in entries if e.party == party and e.received_us <= at_us]
        told = [payload for posting, payload in channel.inbox[party] if posting.tick_us <= at_us]
        assert [line["payload"]["envelope"] for line in lines if line["from"] == party] == did
        assert [line["payload"] for line in lines if line["from"] != party] == told
        assert [line["told_us"] for line in lines] == sorted(line["told_us"] for line in lines)


def test_a_view_that_was_over_and_swept_later_stands_in_the_history_of_before(store):
    """Nothing was entered between: by positions it would have ended with the last entry, hours before."""
    channel = RecordedChannel(store, next(arenas))
    channel.submit("A", plan("A", starts_us=NOON_US + HOUR_US), {"B": FULL})
    channel.wait(4 * 3600)
    channel.sweep()
    for at_us, standing in ((NOON_US, 1), (NOON_US + HOUR_US, 1), (NOON_US + 4 * HOUR_US, 0)):
        assert len(channel.all_of(past.history, "versions", "B", at=moment(at_us))) == standing
        assert len(channel.all_of(past.shown, "versions", "A", to="B", at=moment(at_us))) == standing
    (version,) = channel.all_of(past.shown, "versions", "A", to="B")
    assert version["ended_us"] == NOON_US + 4 * HOUR_US


def test_the_log_of_what_one_was_shown_has_every_version_with_its_times(store):
    channel = RecordedChannel(store, next(arenas), an_understanding(tick_s=10))
    channel.wait(3)
    channel.submit("A", plan("A"), {"B": GENERAL, "C": FULL})
    channel.wait(20)
    channel.submit("A", plan("A", km_north=100.0), {"B": FULL})
    channel.wait(20)
    channel.cancel("A", "N")
    log = channel.all_of(past.shown, "versions", "A", to="B")
    assert [(line["version"], line["level"]) for line in log] == [(1, "general"), (2, "full")]
    seconds = [(line["shown_us"] - NOON_US) / 1e6 for line in log]
    assert seconds == [10, 30]
    assert [(line["ended_us"] - NOON_US) / 1e6 for line in log] == [30, 50]
    assert channel.all_of(past.shown, "versions", "B", to="A") == []


def test_what_waits_for_its_tick_is_not_yet_history(store):
    channel = RecordedChannel(store, next(arenas), an_understanding(tick_s=60))
    channel.wait(1)
    channel.submit("A", plan("A"), {"B": FULL})
    (own,) = channel.all_of(past.history, "versions", "A", at=moment(NOON_US + 2_000_000))
    assert own["from"] == "A"
    for read, name in ((past.history, "versions"), (past.entries, "entries")):
        moments = {"until" if read is past.entries else "at": moment(NOON_US + 59_999_999)}
        assert channel.all_of(read, name, "B", **moments) == []
    assert channel.all_of(past.shown, "versions", "A", to="B", at=moment(NOON_US + 59_999_999)) == []
    assert len(channel.all_of(past.history, "versions", "B", at=moment(NOON_US + 60_000_000))) == 1


@given(STEPS, st.sampled_from([FULL, GENERAL]), st.integers(0, 3))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_others_tell_each_other_changes_no_byte_of_a_partys_past(store, steps, level, km):
    """C's lists, cursors' lengths included, while A and B say more or less to each other."""
    told = []
    for extra in (0, 7):
        channel = RecordedChannel(store, next(arenas))
        for number in range(extra):
            channel.submit("A", plan("A", f"hidden {number}", km_north=km), {"B": level})
        play(channel, [step for step in steps if step[1] != "A" or step[0] == "wait"])
        channel.wait(5)
        asked = {"party": "C", "limit": 1}
        pages = [channel.page(past.history, **asked, at=moment(channel.now_us))]
        pages.append(channel.page(past.entries, **asked, until=moment(channel.now_us)))
        pages.append(channel.page(past.shown, **asked, to="A", at=moment(channel.now_us)))
        pages.append(channel.page(past.views, **asked) | {"at_us": "now"})
        told.append([page | {"cursor": len(page["cursor"] or "")} for page in pages])
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("filters", "kinds"),
    [
        ({"kind": "message"}, ["message", "message"]),
        ({"kind": "message", "from_": "A"}, ["message"]),
        ({"to": "B"}, ["view", "message", "view"]),
        ({"from_": "B"}, ["message"]),
        ({"since": moment(NOON_US + 15_000_000)}, ["message", "message", "notice", "view"]),
        ({"since": moment(NOON_US + 60_000_000)}, []),
    ],
)
def test_a_search_gives_what_its_filters_name(store, filters, kinds):
    channel = RecordedChannel(store, next(arenas))
    channel.submit("A", plan("A"), {"B": FULL})
    channel.wait(20)
    channel.send("A", pass_on, "message", "B", MessageBody("1" * 32, "where"))
    channel.wait(5)
    channel.send("B", pass_on, "message", "A", MessageBody("1" * 32, "there"))
    channel.wait(5)
    channel.submit("A", plan("A", "M"), {"B": FULL})
    assert [line["kind"] for line in channel.all_of(past.entries, "entries", "A", **filters)] == kinds


def test_an_id_finds_every_act_that_names_it_and_no_text_that_quotes_it(store):
    channel = RecordedChannel(store, next(arenas))
    channel.submit("A", plan("A"), {"B": FULL})
    channel.submit("A", plan("A", "M"), {"B": FULL})
    view_id = channel.parties["A"].notices["N"].views["B"].view_id
    channel.send("A", pass_on, "message", "B", MessageBody("1" * 32, f'"{view_id}"'))
    channel.send("B", pass_on, "message", "A", MessageBody("2" * 32, "which?", view_id))
    channel.cancel("A", "N")
    channel.wait(5)
    assert [line["kind"] for line in channel.all_of(past.entries, "entries", "A", about=view_id)] == [
        "notice", "view", "cancel", "message",
    ]  # fmt: skip
    assert [line["kind"] for line in channel.all_of(past.entries, "entries", "B", about=view_id)] == [
        "message", "view", "cancel",
    ]  # fmt: skip
    assert channel.all_of(past.entries, "entries", "C", about=view_id) == []


def test_sites_of_others_come_a_few_at_a_time_by_time_and_ones_own_all_at_once(store):
    channel = RecordedChannel(store, next(arenas))
    count = past.MOST_SITES_AT_ONCE + 5
    for number in range(count):
        site = replace(plan("A", f"S{number}", km_north=number), activity=Activity.HUMANITARIAN_SITE)
        channel.submit("A", site, {"B": FULL})
        channel.wait(2)
    now = moment(channel.now_us)
    for read, name, filters in (
        (past.history, "versions", {"at": now}),
        (past.entries, "entries", {"until": now, "kind": "view"}),
        (past.views, "views", {}),
    ):
        page = channel.page(read, "B", limit=500, **filters)
        assert len(page[name]) == past.MOST_SITES_AT_ONCE
        rest = channel.page(read, "B", page["cursor"], limit=500, **filters)
        assert (len(rest[name]), rest["cursor"]) == (5, None)
    assert len(channel.page(past.history, "A", limit=500, at=now)["versions"]) == count


def test_a_search_that_finds_nothing_gives_up_at_its_bound_and_goes_on_from_there(store, monkeypatch):
    monkeypatch.setattr(past, "MOST_READ_AT_ONCE", 3)
    channel = RecordedChannel(store, next(arenas))
    for number in range(7):
        channel.send("A", pass_on, "message", "B", MessageBody("1" * 32, f"{number}"))
    channel.send("A", pass_on, "message", "C", MessageBody("1" * 32, "found"))
    page, pages = channel.page(past.entries, "A", to="C"), 1
    while page["cursor"] and not page["entries"]:
        page, pages = channel.page(past.entries, "A", page["cursor"], to="C"), pages + 1
    assert (len(page["entries"]), pages) == (1, 3)


def test_a_page_ends_where_it_is_large_enough(store, monkeypatch):
    monkeypatch.setattr(past, "MOST_BYTES_AT_ONCE", 1_000)
    channel = RecordedChannel(store, next(arenas))
    for number in range(5):
        channel.send("A", pass_on, "message", "B", MessageBody("1" * 32, f"{number}" * 1_000))
    assert len(channel.page(past.entries, "A", limit=500)["entries"]) == 1
    assert len(channel.all_of(past.entries, "entries", "A", limit=500)) == 5


def test_pages_of_one_list_show_one_moment(store):
    channel = RecordedChannel(store, next(arenas))
    for reference in ("N", "M", "O"):
        channel.submit("A", plan("A", reference), {"B": FULL})
    channel.wait(5)
    first = channel.page(past.shown, "A", to="B")
    channel.now_us = store.now_us()
    channel.cancel("A", "O")
    (last,) = channel.page(past.shown, "A", first["cursor"], to="B")["versions"]
    assert last["ended_us"] is None
    assert [line["ended_us"] is None for line in channel.all_of(past.shown, "versions", "A", to="B")] == [
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("read", "filters", "where"),
    [
        (past.history, {"at": "2999-01-01T00:00Z"}, "at"),
        (past.history, {"at": "yesterday"}, "at"),
        (past.history, {"at": "2018-09-17T18:39"}, "at"),
        (past.history, {"at": "0" * 65}, "at"),
        (past.shown, {}, "to"),
        (past.shown, {"to": "\0"}, "to"),
        (past.shown, {"to": ""}, "to"),
        (past.entries, {"about": "N"}, "about"),
        (past.entries, {"kind": "No such"}, "kind"),
        (past.entries, {"since": "now"}, "since"),
        (past.entries, {"until": "2999-01-01T00:00Z"}, "until"),
    ],
)
def test_what_cannot_be_asked_is_refused_where_it_stands(store, read, filters, where):
    channel = RecordedChannel(store, next(arenas))
    with pytest.raises(DetenteError) as refused:
        channel.page(read, "A", **filters)
    assert refused.value.where == where


def test_a_cursor_is_good_for_its_list_party_and_filters_alone(store):
    channel = RecordedChannel(store, next(arenas))
    for reference in ("N", "M", "O"):
        channel.submit("A", plan("A", reference), {"B": FULL})
    cursor = channel.page(past.shown, "A", to="B")["cursor"]
    assert cursor
    for read, party, filters in (
        (past.shown, "A", {"to": "C"}),
        (past.shown, "A", {"to": "B", "at": moment(NOON_US)}),
        (past.shown, "B", {"to": "B"}),
        (past.history, "A", {}),
        (past.entries, "A", {"to": "B"}),
    ):
        with pytest.raises(NotUnderstood):
            channel.page(read, party, cursor, **filters)


def test_the_past_is_read_through_http(store):
    door = Door(store)
    with door.ajar():
        door.found(door.sequencer)
        before = moment(store.now_us())
        door.post("A", door.parties["A"].submission(plan("A"), {"B": FULL}))
        (line,) = wait_until(lambda: door.get("shown", "A", to="B").json(), lambda page: page["versions"])["versions"]
        assert door.get("history", "B").json()["versions"] == [line]
        assert door.get("history", "B", at=before).json()["versions"] == []
        assert [each["kind"] for each in door.get("entries", "B", kind="view").json()["entries"]] == ["view"]
        assert [each["kind"] for each in door.get("entries", "A", to="B").json()["entries"]] == ["view"]
        refused = door.get("history", "B", at="soon")
        assert (refused.status_code, refused.json()["where"]) == (422, "query.at")
        assert door.get("history", "B", to="A").status_code == 422
    door.stop()
