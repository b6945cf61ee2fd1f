"""A witness that follows a log over a real line: it cosigns what goes on, waits for what is away, and finds forks and roll-backs."""

import json
from contextlib import suppress

import pytest

from detente.client.witness import Follower, LogLink, TwoStories, WentBack
from detente.domain import DetenteError, KeyRefused, NotAuthentic, StoreUnavailable, TooLarge
from detente.record.checkpoint import cosigned_s, origin_of, sign_checkpoint
from detente.record.note import read_note
from detente.record.split_view import SplitView, check_split_view
from detente.record.witness import PHASE_S
from detente.stores.witness import Witness, WitnessFolder
from log_server import LogServer
from log_world import Log
from record_world import key

HOST, WITNESS, STRANGER = map(key, ("host", "witness", "stranger"))
NAME = "party-b.example/witness"
ORIGIN = origin_of("levant")
NOW_S = 1_537_209_540


class World:
    """A served log, and a witness that looks at it when it is told to; each step a second later."""

    def __init__(self, path, server):
        self.server, self.path, self.now_s = server, path, NOW_S
        self.said = []
        self.start()

    def start(self):
        """As after a restart: nothing but the folder is left."""
        folder = WitnessFolder(self.path) if self.path.exists() else WitnessFolder.create(self.path, NAME)
        self.witness = Witness(folder, WITNESS, lambda: self.now_s, self.said.append)
        self.link = LogLink(self.server.url, "levant")
        self.follower = Follower(self.witness, self.link, "levant", HOST.public, self.said.append)

    def look(self):
        self.now_s += 1
        return self.follower.look()

    def run(self, looks, between=lambda number: None):
        """So many looks of `run`; how long it would have waited before each next one."""
        waited = []

        def wait(wait_s):
            waited.append(wait_s)
            self.now_s += 1
            between(len(waited))
            return len(waited) == looks

        self.steps = []
        self.follower.run(self.steps.append, wait, 1.0, clock_s=lambda: NOW_S + PHASE_S)
        return waited

    @property
    def size(self):
        return self.witness.watched(ORIGIN, HOST.public).size

    def shown(self):
        """The one split view in the folder, read back and proven."""
        (path,) = self.witness.folder.wrongs()
        assert path.name.startswith("split-view-")
        proof = json.loads((path / "proof.json").read_text())
        first, second = (read_note((path / name).read_bytes()) for name in ("first", "second"))
        from base64 import b64decode

        found = SplitView(first, second, b64decode(proof["other_root"]), tuple(map(b64decode, proof["hashes"])))
        check_split_view(found, ORIGIN, HOST.public)
        return found


@pytest.fixture
def world(tmp_path):
    with LogServer(Log(ORIGIN, 5), HOST) as server:
        made = World(tmp_path / "witness", server)
        yield made
        made.link.close()


def test_what_goes_on_is_cosigned_and_brought_back(world):
    for more in (0, 1, 300, 70_000):
        world.server.log.grow(more)
        step = world.look()
        assert step.what == "cosigned"
        note = world.server.cosignatures[-1]
        assert note.text == world.server.head().text
        assert cosigned_s(note, {NAME: WITNESS.public}) == {NAME: world.now_s}
    assert len([path for path in world.server.asked if path.startswith("tile/")]) < 20


def test_where_nothing_is_new_nothing_is_cosigned_and_the_line_shown_is_not_sent_again(world):
    world.look()
    asked = len(world.server.asked)
    assert [world.look().what for _ in range(3)] == ["nothing"] * 3
    assert world.server.asked[asked:] == ["checkpoint"] * 3


def test_a_line_that_got_lost_is_offered_again_with_its_first_moment(world):
    world.server.takes = 503
    with pytest.raises(StoreUnavailable):
        world.look()
    assert world.size == 5
    world.server.takes = 200
    world.start()
    assert world.look().what == "offered"
    assert cosigned_s(world.server.cosignatures[-1], {NAME: WITNESS.public}) == {NAME: NOW_S + 1}


def test_a_line_that_is_not_wanted_is_said_once_and_the_log_is_followed_on(world):
    world.server.takes = 403
    assert [world.look().what, world.look().what] == ["cosigned", "nothing"]
    assert len(world.said) == 1
    assert "was not taken" in world.said[0]
    world.server.log.grow(3)
    assert world.look().what == "cosigned"


def test_outages_are_waited_out_longer_and_longer_and_said_once(world):
    world.server.status = 503

    def between(number):
        world.server.status = 503 if number < 9 else 200

    waited = world.run(11, between)
    assert waited == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0, 30.0, 1.0, 1.0]
    assert len(world.said) == 2
    assert "trying again" in world.said[0]
    assert world.said[1] == "the line is back"
    assert world.server.cosignatures


def test_a_server_that_is_not_there_is_an_outage(world):
    world.link._http.close()
    world.follower._link.url = "http://127.0.0.1:9/arenas/levant/log"
    world.link._http = __import__("httpx").Client(trust_env=False)
    with pytest.raises(StoreUnavailable, match="does not answer"):
        world.look()


# ── what it is there to find ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("more", [0, 1, 40, 300])
def test_a_log_that_tells_another_story_is_proven_to_and_shown_its_own_signature(world, more):
    world.server.log.grow(20)
    world.look()
    cosigned = world.witness.watched(ORIGIN, HOST.public).seen.note
    world.server.log = Log(ORIGIN, 25 + more, story="another", fork=20)
    with pytest.raises(TwoStories, match="TOLD TWO STORIES"):
        world.run(3)
    assert not world.steps
    found = world.shown()
    assert (found.first, found.second.text) == (cosigned, world.server.head().text)
    assert world.server.seen == [cosigned]
    assert len(world.server.cosignatures) == 1
    assert world.size == 25


def test_a_log_that_went_back_is_looked_at_again_then_shown_its_own_signature(world):
    world.server.log.grow(20)
    world.look()
    world.server.size = 24
    with pytest.raises(WentBack, match="serves 24 entries, and has signed 25"):
        world.run(9)
    assert [each.text for each in world.server.seen] == [world.server.log.head().text]
    (path,) = world.witness.folder.wrongs()
    assert read_note((path / "second").read_bytes()).text == world.server.head().text
    assert world.size == 25


def test_an_old_head_that_somebody_kept_by_the_way_ends_nothing(world):
    world.server.log.grow(20)
    world.look()
    world.server.size = 24

    def between(number):
        world.server.size = 24 if number % 2 else None

    world.run(10, between)
    assert world.size == 25
    assert not world.server.seen
    assert not world.witness.folder.wrongs()


def test_after_a_restart_it_finds_what_it_would_have_found(world):
    world.server.log.grow(20)
    world.look()
    world.start()
    world.server.log = Log(ORIGIN, 40, story="another", fork=3)
    with pytest.raises(TwoStories):
        world.look()


def test_two_witnesses_that_are_told_two_stories_prove_it_from_their_folders(tmp_path):
    stories = [Log(ORIGIN, 30), Log(ORIGIN, 30, story="another", fork=11)]
    kept = []
    for number, log in enumerate(stories):
        with LogServer(log, HOST) as server:
            world = World(tmp_path / str(number), server)
            world.look()
            kept.append(world.witness.watched(ORIGIN, HOST.public).seen)
            world.link.close()
    one, two = kept
    assert one.checkpoint.tree_size == two.checkpoint.tree_size
    check_split_view(SplitView(one.note, two.note, two.checkpoint.root_hash, ()), ORIGIN, HOST.public)


# ── a log that talks nonsense ────────────────────────────────────────────────────────────────────────────────────────


def flipped(path, body):
    return body if path == "checkpoint" else bytes([body[0] ^ 1]) + body[1:]


def signed_by_stranger(path, body):
    return sign_checkpoint(Log(ORIGIN, 9).head(), STRANGER).raw


@pytest.mark.parametrize(
    ("shows", "expected"),
    [
        (flipped, NotAuthentic),
        (signed_by_stranger, NotAuthentic),
        (lambda path, body: body if path == "checkpoint" else body[:-1], DetenteError),
        (lambda path, body: body if path == "checkpoint" else body[:-32], DetenteError),
        (lambda path, body: b"<html>", DetenteError),
        (lambda path, body: b"", DetenteError),
        (lambda path, body: bytes(100_000), TooLarge),
        (lambda path, body: sign_checkpoint(Log(origin_of("another"), 9).head(), HOST).raw, NotAuthentic),
    ],
)
def test_what_is_not_proven_is_not_cosigned_and_no_fork(world, shows, expected):
    world.look()
    world.server.log.grow(20)
    world.server.shows = shows
    with pytest.raises(expected):
        world.run(9)
    assert len(world.said) == 2
    assert not world.server.seen
    assert not world.witness.folder.wrongs()
    assert world.size == 5
    world.server.shows = None
    assert world.look().what == "cosigned"


# ── the folder ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_process_at_a_time(world):
    with (
        world.witness.folder.held(),
        pytest.raises(KeyRefused, match="another process is this witness"),
        WitnessFolder(world.path).held(),
    ):
        pass
    with WitnessFolder(world.path).held():
        pass


def test_what_lies_there_changed_is_not_believed(world):
    world.look()
    (latest,) = world.witness.folder.notes()
    raw = latest.read_bytes()
    for changed in (b"", raw[:-1], raw.replace(b"\n5\n", b"\n4\n"), sign_checkpoint(Log(ORIGIN, 4).head(), HOST).raw):
        latest.write_bytes(changed)
        world.server.log.grow(1)
        with pytest.raises(DetenteError):
            world.look()
    latest.write_bytes(raw)
    assert world.look().what == "cosigned"


def test_a_folder_that_was_lost_is_noticed_by_the_cosignature_that_the_log_shows(world):
    world.server.log.grow(20)
    world.look()
    for path in world.witness.folder.notes():
        path.unlink()
    world.start()
    with pytest.raises(StoreUnavailable, match="restored from a copy, or its key is used elsewhere"):
        world.look()
    assert len(world.server.cosignatures) == 1


def test_where_nothing_can_be_written_nothing_leaves(world):
    (world.path / "logs").write_text("in the way")
    with suppress(DetenteError):
        world.look()
    assert not world.server.cosignatures
