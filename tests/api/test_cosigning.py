"""Heads brought to witnesses: what they cosign is kept, what they show of a log that was put back ends the service, what they make up does not."""

import logging
import sqlite3
import time
from contextlib import ExitStack, closing, contextmanager

import pytest

from channel_world import ARENA, random_bytes
from detente.api.cosigning import CONSULT_S, Cosigning
from detente.api.log import checkpoint, fits
from detente.api.sequencer import Sequencer
from detente.channel.acts import MessageBody
from detente.domain import DetenteError, Recording, Witness
from detente.record.checkpoint import (
    cosign,
    cosigned_s,
    open_checkpoint,
    origin_of,
    read_checkpoint,
    sign_checkpoint,
)
from detente.record.note import read_note
from detente.record.witness import SIZE_TYPE
from detente.screening import kernels
from detente.stores import open_store
from door_world import Door
from patience import wait_until
from sequencer_world import Site, a_key
from witness_server import WitnessServer

ORIGIN = origin_of(ARENA)
HOST = a_key("host")
KEYS = {"a.example/w": a_key("witness 1"), "b.example/w": a_key("witness 2")}
RECORD = Recording(HOST.public.text, tuple(Witness(name, key.public.text) for name, key in KEYS.items()), 2)
PUBLIC = {name: key.public for name, key in KEYS.items()}


class World:
    """Two witnesses, over HTTP, and a channel that is started beside them."""

    def __init__(self, path, stack, **told):
        self.path, self.stack = path, stack
        self.now_s = lambda: int(time.time())
        self.witnesses = {
            name: stack.enter_context(
                WitnessServer(
                    path / name.partition(".")[0], name, key, ORIGIN, HOST.public, lambda: self.now_s(), **told
                )
            )
            for name, key in KEYS.items()
        }
        self.a, self.b = self.witnesses.values()

    @contextmanager
    def serving(self, site, *, consults=True, places=None):
        """A sequencer that decides, and brings what it signs; `site` is whose store it is."""
        places = {name: each.url for name, each in self.witnesses.items()} if places is None else places
        cosigning = Cosigning(site.store, ARENA, HOST.public, places)
        sequencer = Sequencer(
            site.store, site.host, holder=f"{next(site.ids)}", address="one", salts=random_bytes(f"{next(site.ids)}"),
            run=kernels, consult=cosigning.consult if consults else lambda: None,
        )  # fmt: skip
        sequencer.start()
        cosigning.start(sequencer.holds_lease.is_set)
        site.sequencer = sequencer
        try:
            yield sequencer
        finally:
            cosigning.stop()
            sequencer.stop()


@pytest.fixture
def world(tmp_path):
    with ExitStack() as stack:
        yield World(tmp_path, stack)


@pytest.fixture
def site(store):
    return Site(store)


@pytest.fixture
def small_site(tmp_path):
    """On one kind of store, where it makes no difference which."""
    with closing(open_store(f"sqlite:///{tmp_path / 'channel.db'}")) as store:
        yield Site(store)


def head_size(store):
    kept = store.checkpoint(ARENA)
    return kept.tree_size if kept else 0


def served_by(store, names=tuple(KEYS)):
    """Once the head over all that is committed bears a line of each of these: when each cosigned."""

    def look():
        raw = checkpoint(store, ARENA)
        return {} if raw is None else cosigned_s(read_note(raw), {name: PUBLIC[name] for name in names})

    wait_until(lambda: head_size(store), lambda size: size == store.heads(ARENA).next_position)
    return wait_until(look, lambda found: len(found) == len(names))


def say_something(site, text):
    site.ask(
        site.sequencer,
        site.submission("A", [site.parties["A"].sign("message", "B", MessageBody(f"{next(site.ids):032x}", text))]),
    )


def test_each_head_is_brought_and_what_witnesses_put_under_it_is_served(world, site):
    with world.serving(site) as sequencer:
        site.found(sequencer, record=RECORD)
        for number in range(3):
            say_something(site, f"{number}")
            assert set(served_by(site.store)) == set(KEYS)
    raw = checkpoint(site.store, ARENA)
    head, _ = open_checkpoint(raw, ORIGIN, HOST.public)
    assert world.a.size == world.b.size == head.tree_size


def test_a_witness_that_no_understanding_names_is_brought_nothing(world, small_site):
    site = small_site
    with world.serving(site) as sequencer:
        site.found(sequencer)
        wait_until(lambda: head_size(site.store), bool)
        time.sleep(1.2)
    assert "/add-checkpoint" not in world.a.asked


def test_whoever_decides_next_goes_on_where_each_witness_is(world, site):
    with world.serving(site) as sequencer:
        site.found(sequencer, record=RECORD)
        served_by(site.store)
    with world.serving(site):
        say_something(site, "on")
        served_by(site.store)
    assert world.a.size == head_size(site.store)
    assert not world.a.said


# ── witnesses that are away, slow, or lie ────────────────────────────────────────────────────────────────────────────


def test_a_witness_that_is_back_is_brought_the_newest_head(world, small_site):
    with world.serving(small_site) as sequencer:
        small_site.found(sequencer, record=RECORD)
        world.a.answers = lambda path, told: (503, "text/plain", b"")
        served_by(small_site.store, ["b.example/w"])
        say_something(small_site, "on")
        served_by(small_site.store, ["b.example/w"])
        world.a.answers = None
        served_by(small_site.store)


def test_a_witness_that_has_forgotten_what_it_cosigned_is_said(world, small_site, tmp_path, caplog):
    with world.serving(small_site) as sequencer:
        small_site.found(sequencer, record=RECORD)
        served_by(small_site.store)
        for path in world.a.witness.folder.notes():
            path.unlink()
        say_something(small_site, "on")
        served_by(small_site.store)
    assert "and now knows of 0: it was put back" in caplog.text


def test_a_witness_that_is_away_holds_up_neither_the_channel_nor_the_others(world, small_site):
    site = small_site
    places = {"a.example/w": "http://127.0.0.1:9", "b.example/w": world.b.url}
    with world.serving(site, places=places) as sequencer:
        site.found(sequencer, record=RECORD)
        assert set(served_by(site.store, ["b.example/w"])) == {"b.example/w"}


def test_a_witness_that_does_not_answer_is_not_waited_for_at_the_start(world, small_site):
    site = small_site

    def slow(path, told):
        time.sleep(4 * CONSULT_S)
        return told

    world.a.answers = slow
    with world.serving(site) as sequencer:
        site.found(sequencer, record=RECORD)
        assert set(served_by(site.store, ["b.example/w"])) == {"b.example/w"}


def another_key(world, path, told):
    note = read_note(checkpoint(world.store, ARENA))
    return 200, "text/plain", cosign(read_checkpoint(note.text), "a.example/w", a_key("stranger"), 7).line.encode()


def another_head(world, path, told):
    head = read_checkpoint(read_note(checkpoint(world.store, ARENA)).text)
    head = type(head)(head.origin, head.tree_size + 1, head.root_hash)
    return 200, "text/plain", cosign(head, "a.example/w", KEYS["a.example/w"], 7).line.encode()


def from_the_future(world, path, told):
    head = read_checkpoint(read_note(checkpoint(world.store, ARENA)).text)
    at_s = int(time.time()) + 3_600
    return 200, "text/plain", cosign(head, "a.example/w", KEYS["a.example/w"], at_s).line.encode()


def made_up_note(world, path, told):
    head = read_checkpoint(read_note(checkpoint(world.store, ARENA)).text)
    head = type(head)(head.origin, head.tree_size + 1_000, bytes(32))
    return 409 if path == "/add-checkpoint" else 200, "text/plain", sign_checkpoint(head, a_key("stranger")).raw


LIES = {
    "another key": another_key,
    "another head": another_head,
    "from the future": from_the_future,
    "a head that the host never signed": made_up_note,
    "a huge body": lambda world, path, told: (200, "text/plain", bytes(10_000_000)),
    "nonsense": lambda world, path, told: (200, "text/html", b"<html>"),
    "nothing": lambda world, path, told: (200, "text/plain", b""),
    "a redirect": lambda world, path, told: (302, "text/plain", b""),
    "a larger size": lambda world, path, told: (409, SIZE_TYPE, b"1000000\n"),
    "the same size again and again": lambda world, path, told: (409, SIZE_TYPE, b"1\n"),
    "no size": lambda world, path, told: (409, SIZE_TYPE, b"-1\n"),
    "it does not lead there": lambda world, path, told: (422, "text/plain", b"no\n"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_witness_that_lies_gets_nothing_kept_and_stops_nobody(world, small_site, lie, caplog):
    site = small_site
    world.store = site.store
    with world.serving(site) as sequencer:
        site.found(sequencer, record=RECORD)
        served_by(site.store)
        world.a.answers = lambda path, told: LIES[lie](world, path, told)
        before = len(world.a.asked)
        with caplog.at_level(logging.WARNING):
            say_something(site, "on")
            served_by(site.store, ["b.example/w"])
            wait_until(lambda: [r for r in caplog.records if "witness a.example/w" in r.getMessage()], bool)
        assert len(world.a.asked) > before
        assert not cosigned_s(read_note(checkpoint(site.store, ARENA)), {"a.example/w": PUBLIC["a.example/w"]})
        assert not site.store.reports(ARENA)
        assert sequencer.holds_lease.is_set()


# ── a log that was put back ──────────────────────────────────────────────────────────────────────────────────────────


class Backup:
    """A channel on a file, and a copy of the file from before its last entries, which the witnesses have seen."""

    def __init__(self, world, path):
        live, self.url = path / "live.db", f"sqlite:///{path / 'copy.db'}"
        with closing(open_store(f"sqlite:///{live}")) as store:
            self.site = Site(store)
            with world.serving(self.site) as sequencer:
                self.site.found(sequencer, record=RECORD)
                served_by(store)
            with closing(sqlite3.connect(live)) as before, closing(sqlite3.connect(path / "copy.db")) as copy:
                before.backup(copy)
            self.size = store.heads(ARENA).next_position
            parties = {name: dict(client.last) for name, client in self.site.parties.items()}
            with world.serving(self.site):
                say_something(self.site, "lost")
                served_by(store)
            self.seen = store.heads(ARENA).next_position
        for name, last in parties.items():
            self.site.parties[name].last = last

    @contextmanager
    def restored(self):
        with closing(open_store(self.url)) as store:
            assert store.heads(ARENA).next_position == self.size
            self.site.store = store
            self.site.host = type(self.site.host)(HOST, ARENA, store.now_us)
            yield store


def test_a_backup_that_was_restored_is_not_served_while_a_witness_is_ahead_of_it(world, tmp_path):
    backup = Backup(world, tmp_path)
    with backup.restored() as store, world.serving(backup.site) as sequencer:
        wait_until(lambda: store.reports(ARENA), bool)
        time.sleep(0.5)
        assert not sequencer.holds_lease.is_set()
        (raw, *_) = store.reports(ARENA)
        assert read_checkpoint(read_note(raw).text).tree_size == backup.seen
    with backup.restored() as store, world.serving(backup.site, places={}) as sequencer:  # also without witnesses
        time.sleep(0.5)
        assert not sequencer.holds_lease.is_set()
        assert head_size(store) == backup.size


def test_a_log_that_went_on_from_a_backup_is_served_no_more_once_a_witness_hears_of_it(world, tmp_path):
    backup = Backup(world, tmp_path)
    with backup.restored() as store:
        with world.serving(backup.site, consults=False, places={}):
            for number in range(4):
                say_something(backup.site, f"another story {number}")
            wait_until(lambda: head_size(store), lambda size: size > backup.seen)
        assert not store.reports(ARENA)
        with world.serving(backup.site, consults=False) as sequencer:
            wait_until(lambda: store.reports(ARENA), bool)
            wait_until(sequencer.holds_lease.is_set, lambda holds: not holds)
    assert world.a.size == backup.seen


def test_a_witness_of_others_that_can_only_say_how_far_it_is_is_believed_at_the_start(world, tmp_path, caplog):
    backup = Backup(world, tmp_path)
    world.a.shows_latest = world.b.shows_latest = False
    with backup.restored() as store:
        with caplog.at_level(logging.ERROR), world.serving(backup.site) as sequencer:
            wait_until(lambda: [r for r in caplog.records if "not served" in r.getMessage()], bool)
            assert not sequencer.holds_lease.is_set()
            assert not store.reports(ARENA)
        said = caplog.records[-1].getMessage()
        assert f"says that it has seen {backup.seen} entries, and {backup.size} are here" in said
        assert "start without --witness" in said
        with world.serving(backup.site, places={}) as sequencer:
            wait_until(sequencer.holds_lease.is_set, bool)


def test_nothing_is_answered_over_http_either_once_a_witness_has_shown_what_is_missing(world, tmp_path):
    backup = Backup(world, tmp_path)
    with backup.restored() as store:
        door = Door.__new__(Door)
        door.__dict__.update(backup.site.__dict__)
        with world.serving(door), door.ajar():
            wait_until(lambda: store.reports(ARENA), bool)
            answer = wait_until(lambda: door.get("inbox"), lambda found: found.status_code == 503)
            assert f"a log of {backup.seen} entries" in answer.json()["detail"]
            assert not fits(store, ARENA, world.a.witness.watched(ORIGIN, HOST.public).seen.checkpoint)


@pytest.mark.parametrize("pair", ["", "a", "=http://x", "a=", "a=ftp://x", "a=http://", "a=http://x?y", "a=http://u@x"])
def test_an_option_that_names_no_witness_is_refused(pair):
    from detente.cli.serve import witness_places

    with pytest.raises(DetenteError):
        witness_places([pair])


def test_a_witness_is_named_once():
    from detente.cli.serve import witness_places

    assert witness_places(["a.example/w=https://a.example/w/"]) == {"a.example/w": "https://a.example/w"}
    with pytest.raises(DetenteError, match="each name once"):
        witness_places(["a=https://a.example", "a=https://b.example"])
