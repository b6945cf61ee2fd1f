"""A copy made while the channel is busy, with the databases' own means, is an arena as it stood at one moment."""

import signal
import sqlite3
from contextlib import closing

import pytest

from channel_world import ARENA
from detente.stores import open_store
from nothing_lost import TERMS, World
from postgres_server import server as postgres
from sequencer_world import PARTIES
from served_world import Server


def copied(url, folder):
    """The URL of a copy. As docs/stores.md says to."""
    if url.startswith("sqlite"):
        there = folder / "copy.db"
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as live, closing(sqlite3.connect(there)) as copy:
            live.backup(copy)
        return f"sqlite:///{there}"
    new = postgres().new_database()
    dump = postgres().tool("pg_dump", "--no-owner", url)
    postgres().tool("psql", "--quiet", "--set=ON_ERROR_STOP=1", new, fed=dump)
    return new


@pytest.fixture
def world(tmp_path, database_url):
    server = Server(tmp_path, database_url)
    server.start()
    server.found(**TERMS)
    yield World(server, database_url)
    server.end(signal.SIGKILL)


def all_of(store):
    return store.entries(ARENA, 0, 10**6), {p: store.postings(ARENA, p, 0, 2**60, 10**6) for p in PARTIES}


def test_a_copy_made_under_load_is_the_arena_as_it_stood_and_serves(world, database_url, tmp_path):
    world.start()
    copies = []
    for number in range(3):
        world.wait_for_more(10)
        folder = tmp_path / f"copy {number}"
        folder.mkdir()
        copies.append(copied(database_url, folder))
        world.wait_for_more(10)
    world.stop()
    world.check()
    world.server.end(signal.SIGTERM)
    with closing(open_store(database_url)) as store:
        entries, postings = all_of(store)
    for url in copies:
        with closing(open_store(url)) as copy:
            theirs, posted = all_of(copy)
            assert 0 < len(theirs) < len(entries)
            assert theirs == entries[: len(theirs)]
            for party in PARTIES:
                assert posted[party] == [p for p in postings[party] if p.position < len(theirs)]
            assert copy.heads(ARENA).next_position == len(theirs)
    serves(world, copies[-1])


def serves(world, url):
    """A server on the copy answers what was sent before as it was answered then, and refuses cursors of what it has forgotten."""
    server = world.server
    server.options[-1] = url
    server.start()
    with closing(open_store(url)) as copy:
        for party, sender in world.senders.items():
            kept = [sent for sent in sender.acknowledged if copy.result(ARENA, party, sent.submission)]
            assert kept
            for sent in kept[-5:]:
                body = {"submission": sent.submission, "acts": sent.acts}
                told = server.http.post(f"/arenas/{ARENA}/submissions", headers=server.headers[party], json=body)
                assert (told.status_code, told.content) == (200, sent.answer)
    assert server.inbox("A")
    for route in ("inbox", "events"):
        query = {"after": world.listeners["A"].events[-1]["cursor"]}
        told = server.http.get(f"/arenas/{ARENA}/{route}", headers=server.headers["A"], params=query)
        assert told.status_code == 409, route
        assert "backup" in told.json()["detail"]
