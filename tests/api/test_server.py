"""The real server, a process of its own: it serves, it is killed, it goes on, and it ends when it is told to."""

import signal
import subprocess
import threading
from contextlib import closing

import httpx
import pytest

from channel_world import ARENA, FULL
from detente.channel.acts import MessageBody, ReceiptBody, StopBody
from detente.domain import ReceiptStage
from detente.stores import open_store
from sequencer_world import plan
from served_world import DETENTE, Server


@pytest.fixture
def server(tmp_path, database_url):
    server = Server(tmp_path, database_url)
    server.start()
    yield server
    server.end(signal.SIGKILL)


def is_conflict(event):
    return event["kind"] == "answer" and event["payload"]["answer"] == "CONFLICT"


def a_message(server, sender, recipient, text):
    return server.parties[sender].sign("message", recipient, MessageBody("1" * 32, text))


def test_three_parties_meet_and_read_it_over_http_and_as_events(server):
    server.found()
    for party, km_north in (("C", 300.0), ("A", 0.0)):
        told = server.post(party, server.parties[party].submission(plan(party, km_north=km_north), {"B": FULL}))
        assert told["answer"] == "CLEAR"
    told = server.post("B", server.parties["B"].submission(plan("B"), {"A": FULL, "C": FULL}))
    assert told["answer"] == "CONFLICT"
    events = server.listen("A", is_conflict)
    assert events == server.inbox("A")[: len(events)]
    assert server.listen("A", is_conflict, after=events[0]["cursor"]) == events[1:]
    assert [p["payload"]["sender"] for p in server.inbox("B") if p["kind"] == "view"] == ["C", "A"]


def test_what_was_acknowledged_before_the_server_was_killed_is_there_and_the_events_go_on(server):
    server.found()
    first = server.listen("B", lambda event: event["kind"] == "sign")[-1]["cursor"]
    acknowledged, killed = [], threading.Event()

    def send():
        for k in range(400):
            try:
                server.post("A", [a_message(server, "A", "B", f"{k}")])
            except httpx.TransportError:
                return killed.set()
            acknowledged.append(k)
            if k == 20:
                threading.Thread(target=lambda: server.process.kill()).start()
        return None

    send()
    assert killed.is_set()
    server.end()
    server.start()
    kept = {each["audience"]: each["sequence"] for each in server.get("A", "sequences")["sequences"]}
    assert len(acknowledged) <= kept["B"] <= len(acknowledged) + 1
    told = server.post("C", [a_message(server, "C", "B", "the last")])
    assert told

    def is_last(event):
        return event["kind"] == "message" and event["payload"]["from"] == "C"

    events = server.listen("B", is_last, after=first)
    messages = [event for event in events if event["kind"] == "message"]
    assert len(messages) == kept["B"] + 1
    everything = server.inbox("B")
    assert events == [p for p in everything if p["cursor"] not in {e["cursor"] for e in everything[: -len(events)]}]


def test_it_ends_when_told_to_though_somebody_listens_and_gives_its_lease_back(server, database_url):
    server.found()
    begun = threading.Event()

    def listen():
        with httpx.stream("GET", f"{server.url}/arenas/{ARENA}/events", headers=server.headers["A"], timeout=30) as s:
            for _ in s.iter_bytes():
                begun.set()

    listener = threading.Thread(target=listen)
    listener.start()
    assert begun.wait(10)
    code, _ = server.end()
    listener.join(10)
    assert code == 0
    assert not listener.is_alive()
    with closing(open_store(database_url)) as store:
        assert store.lease(ARENA) is None  # given back: nobody has to wait until it runs out


def refused(*command):
    run = subprocess.run([*DETENTE, *command], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    return run.stderr


def test_beyond_this_machine_it_serves_only_under_tls(tmp_path):
    for host in ("0.0.0.0", "::", "channel.example"):
        assert "there is no TLS" in refused("serve", "--data", str(tmp_path), "--host", host)


def test_without_an_arena_there_is_nothing_to_serve(tmp_path):
    assert "arena create" in refused("serve", "--data", str(tmp_path))


def test_what_a_host_sets_up_may_be_set_up_again(tmp_path):
    server = Server(tmp_path, f"sqlite:///{tmp_path / 'channel.db'}")
    again = server.tell("arena", "create", ARENA)
    assert not again["created"]
    tokens = server.tell("token", "list", ARENA)["tokens"]
    assert len(tokens) == 4
    first, second = (server.tell("token", "revoke", ARENA, tokens[0]["id"]) for _ in range(2))
    assert first == second
    assert first["revoked"]


def test_a_stop_reaches_who_listens_at_once_and_whoever_listens_later_first_of_all(server):
    server.found()
    body = StopBody("5" * 32, "3512N03548E", "Cease fire: our aircraft is inside")
    server.post("C", [a_message(server, "C", "A", "before it")])
    server.post("C", [server.parties["C"].sign("stop", "A", body)])
    events = server.listen("A", lambda event: event["kind"] == "stop")
    assert (events[0]["kind"], events[0]["payload"]["id"]) == ("stop_now", "5" * 32)
    assert [event for event in events if event["kind"] != "stop_now"] == server.inbox("A")
    body = ReceiptBody("5" * 32, 1, ReceiptStage.ACKNOWLEDGED, officer="Night watch")
    server.post("A", [server.parties["A"].sign("receipt", "C", body)])
    assert server.listen("A", lambda _: True)[0]["kind"] == "member"
