"""The outbox: acts signed in a row without a line follow one another, each is there once, and files take what they hold."""

import json
from pathlib import Path

import pytest

from channel_world import ARENA
from detente.channel.acts import HOST, AliveBody, MessageBody
from detente.channel.bundle import MOST_SUBMISSIONS, read_submissions
from detente.client import Desk, Membership, PartyFolder, Stick
from detente.client.answers import Sequences
from detente.client.carried import settle_answered, settle_refused, what_is, write_up
from detente.client.known import acts_in
from detente.domain import StoreUnavailable
from sequencer_world import a_key


@pytest.fixture
def folder(tmp_path):
    host = a_key("host").public.text
    kept = PartyFolder.create(tmp_path / "A", Membership("http://localhost:1", ARENA, "A", "watch", "a.key", host), "t")
    kept.known.keep_lasts({})
    return kept


def a_desk(folder):
    return Desk(folder, Stick(folder.known), lambda: a_key("A"), lambda size: b"1" * size, lambda: 1)


def say(desk, text, to="B"):
    return desk.send("message", to, MessageBody("1" * 32, text))["waiting"]


def places(folder):
    return [(act.audience, act.sequence, act.previous) for each in folder.known.outbox for act, _ in acts_in(each)]


def test_acts_signed_in_a_row_follow_one_another_from_desk_to_desk(folder):
    folder.known.keep_lasts({(a_key("A").public.id, "B"): (7, "a" * 64)})
    for number in range(3):
        say(a_desk(folder), f"to B {number}")
        say(a_desk(folder), f"to C {number}", "C")
    digests = [envelope.digest for each in folder.known.outbox for _, envelope in acts_in(each)]
    assert places(folder) == [
        ("B", 8, "a" * 64), ("C", 1, None), ("B", 9, digests[0]), ("C", 2, digests[1]), ("B", 10, digests[2]), ("C", 3, digests[3]),
    ]  # fmt: skip


def test_what_is_put_out_twice_is_there_once(folder):
    say(a_desk(folder), "once")
    (carried,) = folder.known.outbox
    folder.known.put_out([envelope for _, envelope in acts_in(carried)])
    assert len(folder.known.outbox) == 1
    assert what_is(carried) == "message for B"


def test_more_than_a_file_holds_goes_into_the_next(folder):
    desk = a_desk(folder)
    said = [say(desk, str(number)) for number in range(MOST_SUBMISSIONS + 3)]
    raw, count, left = write_up(folder)
    assert (count, left) == (MOST_SUBMISSIONS, 3)
    assert [each.submission for each in read_submissions(raw).submissions] == said[:MOST_SUBMISSIONS]


def test_what_was_taken_or_spent_keeps_its_place_and_what_was_refused_leaves_it_free(folder):
    for text in ("taken", "spent", "refused"):
        say(a_desk(folder), text)
    taken, spent, refused = folder.known.outbox
    settle_answered(folder, taken, {})
    settle_refused(folder, spent, spent=True)
    assert [sequence for _, sequence, _ in places(folder)] == [3]
    settle_refused(folder, refused)
    assert folder.known.outbox == ()
    say(a_desk(folder), "in its place")
    (_, digest) = acts_in(spent)[0]
    assert places(folder) == [("B", 3, digest.digest)]


def test_a_folder_that_knows_nothing_of_its_key_signs_nothing(folder):
    Path(folder.path / "known" / "sequences.json").unlink()
    with pytest.raises(StoreUnavailable):
        say(a_desk(folder), "x")


def test_a_sign_of_life_is_not_carried(folder):
    with pytest.raises(StoreUnavailable, match="sign of life"):
        a_desk(folder).send("alive", HOST, AliveBody("watch"))
    assert folder.known.outbox == ()


def test_ids_of_others_become_no_paths(folder):
    folder.known._keep("asked", "../../party", {"kind": "stop"})
    assert not (folder.path / "known" / "asked").exists()
    assert json.loads((folder.path / "party.json").read_text())["party"] == "A"
    assert Stick(folder.known).get("sequences", Sequences).sequences == ()
