"""A desk and its arena's log: what it signs names a head it has checked, and a log that is not the one it saw is told with all words."""

import json
import shutil
import sqlite3
from base64 import b64decode
from contextlib import closing

import pytest

from desk_world import AGREED, ARENA, Desks, a_plan, plans
from patience import wait_until

RECORDED = (
    AGREED
    + """
[terms.record]
quorum = 0
"""
)


@pytest.fixture
def desks(tmp_path):
    world = Desks(tmp_path)
    world.start()
    try:
        roots = {name: world.take_in(name) for name in "AB"}
        agreed = tmp_path / "agreed.toml"
        agreed.write_text(RECORDED)
        world.at("A", "understanding", "propose", agreed)
        for name in roots:
            world.at(
                name, "understanding", "sign", "--root-key", roots[name], "--yes", "--passphrase-file", world.passphrase
            )
        yield world
    finally:
        world.end()


def settled(desks, party="A"):
    """What is shown once all that was done is under the head."""
    return wait_until(
        lambda: desks.at(party, "record", "check", "--json", code=None).json,
        lambda told: told["waiting_count"] == 0 and not told["missing"],
    )


def named_by_acts(desks, kind):
    """The size of the head that each act of a kind names."""
    with closing(sqlite3.connect(desks.data / "channel.db")) as database:
        rows = database.execute("SELECT envelope FROM entry WHERE kind = ? ORDER BY position", (kind,)).fetchall()
    acts = [json.loads(b64decode(json.loads(raw)["payload"])) for (raw,) in rows]
    return [act["checkpoint"] and act["checkpoint"]["tree_size"] for act in acts]


def set_back(desks, copy):
    """The server, on a database as it was."""
    desks.end()
    for name in ("channel.db", "channel.db-wal", "channel.db-shm"):
        (desks.data / name).unlink(missing_ok=True)
    shutil.copy(copy, desks.data / "channel.db")
    desks.start()
    for party in "AB":
        path = desks.folder / party / "party.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"server": desks.url}))


def copied(desks):
    copy = desks.folder / "copy.db"
    with closing(sqlite3.connect(desks.data / "channel.db")) as database, closing(sqlite3.connect(copy)) as other:
        database.backup(other)
    return copy


def test_all_that_is_ones_own_stands_in_the_log_and_acts_name_a_head_that_was_checked(desks):
    desks.at("A", "notice", "send", plans(desks, "a", a_plan()))
    told = settled(desks)
    assert (told["wrong"], told["missing"]) == ([], [])
    assert told["held_count"] == told["tree_size"] >= 6
    desks.at("A", "message", "--to", "B", "clear of the coast")
    desks.at("A", "stop", "--to", "B", "--place", "north", "--text", "cease")
    (message,), (stop,) = named_by_acts(desks, "message"), named_by_acts(desks, "stop")
    assert message == told["tree_size"]
    assert stop == message  # a STOP waits for no look at the log: it names the head that is known
    shown = desks.at("A", "record", "show")
    assert "signed by the host" in shown.out
    assert "no witnesses are agreed" in shown.out
    assert "the host's key:" in desks.at("B", "understanding", "show").out


def test_a_desk_that_saw_more_than_is_served_signs_nothing_and_ends_the_service(desks):
    copy = copied(desks)
    desks.at("A", "message", "--to", "B", "one")
    settled(desks)
    desks.at("A", "message", "--to", "B", "two")
    set_back(desks, copy)
    refused = desks.at("A", "message", "--to", "B", "three", code=2)
    assert "THE LOG WENT BACK" in refused.err
    assert "backup" in refused.err
    notes = sorted((desks.folder / "A" / "proof").glob("*/*.checkpoint"))
    assert len(notes) == 2
    assert all(note.read_text().startswith(f"detente/{ARENA}\n") for note in notes)
    wait_until(lambda: "has signed a log of" in desks.at("B", "inbox", code=None).err)


def test_a_log_that_was_put_back_and_went_on_differently_is_two_stories(desks):
    copy = copied(desks)
    desks.at("A", "message", "--to", "B", "one")
    settled(desks)
    set_back(desks, copy)
    for number in range(4):
        desks.at("B", "message", "--to", "A", f"another {number}")
    settled(desks, "B")
    assert "TWO STORIES" in desks.at("A", "record", "show", code=2).err
    wait_until(lambda: "has signed a log of" in desks.at("B", "inbox", code=None).err)


def test_an_officer_may_decide_to_go_on_from_what_is_served(desks):
    copy = copied(desks)
    settled(desks)
    desks.at("A", "message", "--to", "B", "one")
    settled(desks)
    before = desks.at("A", "record", "show", "--json").json
    set_back(desks, copy)
    told = desks.at("A", "record", "accept", "--yes", "--json").json
    assert told["tree_size"] < before["tree_size"]
    desks.at("A", "message", "--to", "B", "going on")
    assert settled(desks)["wrong"] == []


def test_a_log_that_was_altered_on_its_disk_is_told_as_that_and_no_entry_is_blamed(desks):
    settled(desks)
    with closing(sqlite3.connect(desks.data / "channel.db")) as database:
        database.execute("UPDATE entry SET leaf = ? WHERE position = 2", (bytes(32),))
        database.commit()
    refused = desks.at("A", "record", "check", code=2)
    assert "THE LOG IS NOT WHAT THE HOST SIGNED" in refused.err
    assert "NOT AS IT WAS" not in refused.out


def test_an_entry_that_was_altered_is_named(desks):
    settled(desks)
    with closing(sqlite3.connect(desks.data / "channel.db")) as database:
        database.execute("UPDATE entry SET salt = ? WHERE position = 2", (bytes(32),))
        database.commit()
    assert "NOT AS IT WAS: entry 2" in desks.at("A", "record", "check", code=2).out
