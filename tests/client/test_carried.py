"""Without a line: what an officer signs is carried as a file, decided as over a line, and what comes back is believed for its signatures."""

import json
import os
import shutil
import signal
from contextlib import contextmanager
from itertools import count

import pytest

from desk_world import AGREED, Desks, a_plan, plans
from sequencer_world import a_key

NUMBERS = count()


@pytest.fixture(scope="module")
def desks(tmp_path_factory):
    world = Desks(tmp_path_factory.mktemp("carried"))
    world.start()
    try:
        roots = {name: world.take_in(name) for name in ("A", "B")}
        agreed = world.folder / "agreed.toml"
        agreed.write_text(AGREED)
        world.at("A", "understanding", "propose", agreed)
        for name in roots:
            world.at(
                name, "understanding", "sign", "--root-key", roots[name], "--yes", "--passphrase-file", world.passphrase
            )
        for name in roots:
            world.at(name, "message", "the line is good", "--to", "B" if name == "A" else "A")
        for name in roots:
            world.told(name, "the line is good")
        yield world
    finally:
        world.end()


@contextmanager
def no_line(desks):
    """The server answers nobody."""
    os.kill(desks.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(desks.process.pid, signal.SIGCONT)


def up(desks, party):
    path = desks.folder / f"{next(NUMBERS)}.up"
    desks.at(party, "bundle", "write", path)
    return path


def carry(desks, path, carrier="A", code=0):
    return desks.at(carrier, "bundle", "hand-in", path, "--json", code=code).json


def back(path):
    return path.with_name(f"{path.name}.back")


def round_trip(desks, party, code=0):
    """Up, and back with what came since; what the desk says to it."""
    path = up(desks, party)
    carry(desks, path, party, code=code)
    return desks.at(party, "bundle", "read", back(path), code=code).out


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def read_until(desks, party, *words):
    """The same until all of these words were said: what others did waits for its tick."""
    said = ""
    for _ in range(60):
        said += round_trip(desks, party)
        if all(each in said for each in words):
            return said
    raise AssertionError((words, said))


def test_every_kind_of_act_is_signed_without_a_line_carried_and_decided(desks):
    with no_line(desks):
        path = plans(desks, "off", a_plan("OFF", lat=50.0))
        sent = desks.at("A", "notice", "send", path, "--offline", code=1)
        assert "NOT SCREENED" in sent.out
        assert "1 submission waits" in sent.err
        desks.at(
            "A", "notice", "amend", "OFF", plans(desks, "off2", a_plan("x", lat=50.0, minutes=90)), "--offline", code=1
        )
        desks.at("A", "message", "no line here", "--to", "B", "--offline")
        stop = desks.at("A", "stop", "--to", "B", "--place", "Latakia", "--text", "cease fire", "--offline")
        assert "NOT TOLD YET" in stop.out
        assert "waits to be carried" in desks.at("A", "notice", "list", "--offline").out
        first = up(desks, "A")
    told = carry(desks, first)
    assert [each["outcome"] for each in told["submissions"]] == ["answered"] * 4
    with no_line(desks):
        said = desks.at("A", "bundle", "read", back(first)).out
        assert "CLEAR" in said
        assert "nothing waits" in desks.at("A", "bundle", "list").out
        assert "waits" not in desks.at("A", "notice", "list", "--offline").out
    read_until(desks, "B", "NOTICE of A", "OFF", "MESSAGE of A: no line here", "STOP, asked by A: cease fire")
    with no_line(desks):
        desks.at("B", "ack", "OFF", "--officer", "the watch of B", "--offline")
        desks.at("B", "respond", "OFF", "coordinated", "--offline")
    assert "carried: response for A: taken" in round_trip(desks, "B")
    read_until(desks, "A", "DELIVERED by B", "ACKNOWLEDGED by B (the watch of B)", "COORDINATED, no permission, says B")
    with no_line(desks):
        desks.at("A", "notice", "cancel", "OFF", "--offline")
        assert "OFF" not in desks.at("A", "notice", "list", "--offline").out
    assert "carried: cancel for B: taken" in round_trip(desks, "A")
    read_until(desks, "B", "CANCELLED by A")


def test_the_line_comes_back_and_what_waited_goes_first_and_once(desks):
    with no_line(desks):
        for text in ("one", "two"):
            desks.at("A", "message", text, "--to", "B", "--offline")
        path = up(desks, "A")
    desks.at("A", "message", "three", "--to", "B")
    assert "nothing waits" in desks.at("A", "bundle", "list").out
    assert [each["outcome"] for each in carry(desks, path)["submissions"]] == ["answered"] * 2
    said = desks.told("B", "MESSAGE of A: one", "MESSAGE of A: two", "MESSAGE of A: three")
    assert [said.count(f"A: {text} ") for text in ("one", "two", "three")] == [1, 1, 1]
    assert said.index("A: one ") < said.index("A: two ") < said.index("A: three ")


def test_a_stranger_carries_it_and_is_told_nothing_of_what_was_decided(desks):
    desks.at("A", "message", "by another hand", "--to", "B", "--offline")
    path = up(desks, "A")
    told = carry(desks, path, "B")
    assert [(each["outcome"], each["told"]) for each in told["submissions"]] == [("handed_in", None)]
    assert not told["inbox"]
    said = desks.at("A", "bundle", "read", back(path)).out
    assert "carried: message for B: handed in" in said
    assert "message for B" in desks.at("A", "bundle", "list").out
    assert "carried: message for B: taken" in round_trip(desks, "A")


def test_the_host_and_an_observer_carry_it_with_a_token_and_no_folder(desks):
    desks.at("A", "message", "by the host", "--to", "B", "--offline")
    path = up(desks, "A")
    host = desks.token("carrier", "--role", "host")
    told = desks.say("bundle", "hand-in", path, *desks.server, "--token-file", host, "--json").json
    assert [each["outcome"] for each in told["submissions"]] == ["handed_in"]
    seer = desks.token("seer", "--party", "A", "--role", "observer")
    other = desks.folder / "other.back"
    told = desks.say("bundle", "hand-in", path, *desks.server, "--token-file", seer, "--back", other, "--json").json
    assert [each["outcome"] for each in told["submissions"]] == ["answered"]
    assert told["inbox"]
    assert "taken" in desks.at("A", "bundle", "read", other).out


def test_what_is_brought_back_is_read_once_and_only_by_its_party_in_order(desks):
    desks.at("B", "message", "for the file", "--to", "A")
    path = up(desks, "A")
    carry(desks, path, "A")
    for _ in range(60):
        if "for the file" in back(path).read_text():
            break
        back(path).unlink()
        carry(desks, path, "A")
    raw = back(path).read_bytes()
    assert "not for B" in desks.at("B", "bundle", "read", back(path), code=2).err
    assert "for the file" in desks.at("A", "bundle", "read", back(path)).out
    assert "does not go on" in desks.at("A", "bundle", "read", back(path), code=2).err
    assert raw == back(path).read_bytes()


def test_a_desk_that_died_while_it_read_goes_on_where_it_stopped(desks):
    folder = desks.folder / "A"
    before = (folder / "inbox.cursor").read_text()
    for text in ("first", "second", "third"):
        desks.at("B", "message", text, "--to", "A")
    path = up(desks, "A")
    while True:
        carry(desks, path, "A")
        if "third" in desks.at("A", "bundle", "read", back(path), "--json").out:
            break
        (folder / "inbox.cursor").write_text(before)
        back(path).unlink()
    told = [json.loads(json.loads(each)["manifest"]) for each in back(path).read_text().splitlines()]
    assert told
    postings = json.loads(back(path).read_text().splitlines()[-1])["texts"]["postings"]
    (folder / "inbox.cursor").write_text(json.loads(postings[0])["cursor"])
    said = desks.at("A", "bundle", "read", back(path)).out
    assert "first" not in said
    assert said.index("second") < said.index("third")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw[: len(raw) // 2], ""),
        (lambda raw: raw.replace(b"message", b"massage", 1), ""),
        (lambda raw: b"", "0 lines"),
        (lambda raw: b"\n".join([b"{}"] * 100), "100 lines"),
        (lambda raw: b"\xff\xfe" * 100, ""),
        (lambda raw: b"[" * 100_000, ""),
        (lambda raw: raw + b" " * (64 << 20), "bytes"),
    ],
    ids=["truncated", "altered", "empty", "too many", "no text", "deep", "huge"],
)
def test_a_file_brought_back_that_is_damaged_is_refused_whole_and_nothing_of_it_kept(desks, change, words):
    desks.at("B", "message", "for the damaged file", "--to", "A")
    path = up(desks, "A")
    desks.at("A", "message", "still waits", "--to", "B", "--offline")
    path = up(desks, "A")
    carry(desks, path, "A")
    good = back(path).read_bytes()
    before = (desks.folder / "A" / "inbox.cursor").read_text()
    back(path).write_bytes(change(good))
    assert words in desks.at("A", "bundle", "read", back(path), code=2).err
    assert (desks.folder / "A" / "inbox.cursor").read_text() == before
    assert "message for B" in desks.at("A", "bundle", "list").out
    back(path).write_bytes(good)
    desks.at("A", "bundle", "read", back(path))


def test_a_file_of_another_channel_is_refused(desks, tmp_path):
    folder = tmp_path / "other"
    shutil.copytree(desks.folder / "A", folder)
    kept = json.loads((folder / "party.json").read_text())
    for name, value, words in (
        ("host_key", a_key("another host").public.text, "signed"),
        ("arena", "aegean", "not for A in 'aegean'"),
    ):
        (folder / "party.json").write_text(json.dumps(kept | {name: value}))
        path = up(desks, "A")
        carry(desks, path, "A")
        assert words in desks.say("bundle", "read", back(path), "--as", folder, code=2).err


def test_a_file_up_that_was_altered_is_refused_act_by_act_and_says_so_to_its_party(desks):
    desks.at("A", "message", "attack at dawn", "--to", "B", "--offline")
    path = up(desks, "A")
    raw = json.loads(path.read_text())
    act = json.loads(raw["submissions"][-1]["acts"][0])
    act["payload"] = act["payload"][:-12] + "AAAA" + act["payload"][-8:]
    raw["submissions"][-1]["acts"] = [json.dumps(act)]
    altered = desks.folder / "altered.up"
    altered.write_text(json.dumps(raw))
    told = carry(desks, altered, "B", code=1)
    assert [each["told"]["status"] for each in told["submissions"]] == [403]
    assert "carried: message for B: taken" in round_trip(desks, "A")


def test_what_was_refused_is_said_and_holds_no_more_and_the_desk_goes_on(desks):
    folder = desks.folder / "A"
    other = desks.folder / "A-elsewhere"
    shutil.copytree(folder, other)
    desks.at("A", "message", "too late", "--to", "B", "--offline")
    path = plans(desks, "late", a_plan("OUTRUN", lat=-50.0))
    desks.at("A", "notice", "send", path, "--offline", code=1)
    desks.say("message", "quicker", "--to", "B", "--as", other)
    desks.say("notice", "send", plans(desks, "quick", a_plan("QUICK", lat=-20.0)), "--as", other)
    said = round_trip(desks, "A", code=1)
    assert "carried: message for B: REFUSED" in said
    assert "carried: notice for B: REFUSED" in said
    assert "OUTRUN" not in desks.at("A", "notice", "list", "--offline").out
    desks.at("A", "message", "after all", "--to", "B", "--offline")
    assert "carried: message for B: taken" in round_trip(desks, "A")


def test_a_folder_that_was_never_told_where_its_key_stands_says_so(desks, tmp_path):
    folder = tmp_path / "fresh"
    shutil.copytree(desks.folder / "A", folder)
    shutil.rmtree(folder / "known")
    assert "never been told" in desks.say("message", "x", "--to", "B", "--offline", "--as", folder, code=2).err


def test_what_needs_a_line_says_so(desks):
    for command in ("inbox", "alive", "open"):
        assert "there is no line" in desks.at("A", command, "--offline", code=2).err
