"""The commands of a party's desk, against a real server: what an officer types, and what comes of it."""

import json
import sqlite3

import pytest

from desk_world import AGREED, Desks, a_plan, plans
from detente.client import Link, check_server
from detente.client.answers import Rules
from detente.domain import NotUnderstood, StoreUnavailable


@pytest.fixture(scope="module")
def desks(tmp_path_factory):
    world = Desks(tmp_path_factory.mktemp("desks"))
    world.start()
    try:
        roots = {name: world.take_in(name) for name in ("A", "B")}
        agreed = world.folder / "agreed.toml"
        agreed.write_text(AGREED)
        world.at("A", "understanding", "propose", agreed)
        phrase = ("--passphrase-file", world.passphrase, "--yes")
        signed = [
            world.at(name, "understanding", "sign", "--root-key", roots[name], *phrase, "--json").json for name in roots
        ]
        assert [each["in_force"] for each in signed] == [False, True]
        assert world.at(
            "A", "understanding", "sign", signed[0]["digest"], "--root-key", roots["A"], *phrase, "--json"
        ).json["in_force"]
        world.roots = roots
        yield world
    finally:
        world.end()


def test_a_notice_goes_out_is_read_acknowledged_amended_and_cancelled(desks):
    sent = desks.at("A", "notice", "send", plans(desks, "one", a_plan("ONE")), "--json").json["notices"][0]
    assert (sent["answer"], sent["late"]) == ("CLEAR", False)
    told = desks.told("B", "NOTICE of A", "ONE")
    view_id = next(line for line in told.splitlines() if "NOTICE of A" in line).partition("id ")[2][:8]
    desks.at("B", "ack", view_id, "--officer", "the watch of B")
    desks.at("B", "respond", view_id, "queried", "--text", "which runway?")
    desks.told("A", "DELIVERED by B", "ACKNOWLEDGED by B (the watch of B)", "QUERIED, no permission, says B")
    later = plans(desks, "later", a_plan("whatever", minutes=120))
    assert desks.at("A", "notice", "amend", "ONE", later, "--json").json["version"] == 2
    desks.told("B", "NOTICE of A (version 2)")
    desks.at("A", "notice", "cancel", "ONE", "--reason", "weather")
    desks.told("B", "CANCELLED by A", "because: weather")
    assert "ONE" not in desks.at("A", "notice", "list").out
    assert desks.at("B", "inbox").out == "nothing new\n"


def test_what_meets_is_said_with_the_exit_code_of_screening(desks):
    desks.at("B", "notice", "send", plans(desks, "b", a_plan("B-1", lat=10.0)))
    said = desks.at("A", "notice", "send", plans(desks, "a", a_plan("A-1", lat=10.01)), code=1)
    assert "POSSIBLE: may meet 1 volume of others" in said.out
    assert "1  POSSIBLE  rule: any" in said.out
    assert "A A-1 (air operation)" in said.out
    assert "clears    A A-1: " in said.out
    assert "B told it at level general" in said.out
    desks.told("B", "ANSWER for our notice")
    again = desks.at("A", "notice", "answer", "A-1", code=1)
    assert again.out.partition("\n\n")[2] == said.out.partition("\n\n")[2]
    told = desks.at("B", "notice", "answer", "B-1", "--json", code=1).json
    assert (told["reference"], told["answer"], len(told["conflicts"])) == ("B-1", "CONFLICT", 1)
    amended = desks.at("A", "notice", "amend", "A-1", plans(desks, "a2", a_plan("A-1", lat=10.02)), "--json", code=1)
    assert amended.json["explained"]["version"] == 2
    assert amended.json["explained"]["conflicts"][0]["answer"] == "POSSIBLE"
    assert desks.at("A", "notice", "answer", "A-9", code=2).err.startswith("detente: 0 notices")


def test_a_draft_is_checked_and_nobody_is_told(desks):
    desks.at("B", "notice", "send", plans(desks, "b3", a_plan("B-3", lat=-40.0)))
    before = desks.at("A", "notice", "list", "--json").json
    path = plans(
        desks, "draft", a_plan("DRAFT", lat=-40.01), a_plan("FAR", lat=-44.0), a_plan("SOON", lat=-45.0, minutes=1)
    )
    said = desks.at("A", "notice", "check", path, code=1).out
    assert "DRAFT, not sent:" in said
    assert "rule: any" in said
    assert "clears    A DRAFT: " in said
    assert "    now: LATE: notice given" in said.partition("SOON, not sent:")[2]
    told = desks.at("A", "notice", "check", plans(desks, "far", a_plan("FAR", lat=-44.0)), "--json").json["notices"]
    assert [(each["reference"], each["answer"], each["late"]) for each in told] == [("FAR", "CLEAR", False)]
    general = desks.at("A", "notice", "check", path, "--to-the-host", "general", "--json", code=1).json["notices"]
    assert [(each["answer"], each["sought"]) for each in general[:2]] == [("POSSIBLE", []), ("CLEAR", [])]
    assert desks.at("A", "notice", "list", "--json").json == before
    assert "DRAFT" not in desks.at("B", "inbox").out


def test_a_late_notice_is_shouted_about_and_sent(desks):
    said = desks.at("A", "notice", "send", plans(desks, "late", a_plan("SOON", lat=-20.0, minutes=1)), code=1)
    assert "LATE: notice given" in said.out
    desks.told("B", "LATE NOTICE of A")


def test_a_notice_sent_before_is_left_as_it_is(desks):
    path = plans(desks, "twice", a_plan("TWICE", lat=50.0))
    assert desks.at("A", "notice", "send", path, "--json").json["notices"][0]["sent"]
    assert not desks.at("A", "notice", "send", path, "--json").json["notices"][0]["sent"]


def test_a_problem_in_a_file_sends_nothing_of_it(desks):
    path = plans(desks, "bad", a_plan("GOOD", lat=60.0), a_plan("BAD", lat=99.0))
    said = desks.at("A", "notice", "send", path, code=2)
    assert "nothing was sent" in said.err
    assert "GOOD" not in desks.at("A", "notice", "list").out


def test_nobody_gives_another_partys_notice(desks):
    path = desks.folder / "other.csv"
    head, row = a_plan("X").splitlines()
    path.write_text(f"party,{head}\nB,{row}\n")
    assert "a notice of B" in desks.at("A", "notice", "send", path, code=2).err


def test_a_preview_shows_each_party_what_it_would_be_told_and_sends_nothing(desks):
    path = plans(desks, "preview", a_plan("SECRET", lat=70.0))
    shown = desks.at("B", "notice", "preview", path).out
    assert "A is told:" in shown
    assert "SECRET" not in shown.partition("A is told:")[2]
    full = desks.at("B", "notice", "preview", path, "--to", "A=full", "--json").json["views"]
    assert full[0]["view"]["reference"] == "SECRET"
    assert "A is told nothing" in desks.at("B", "notice", "preview", path, "--to", "A=none").out


def test_a_flash_notice_needs_place_time_and_activity_and_says_what_it_assumed(desks):
    said = desks.at(
        "A",
        "notice",
        "flash",
        "--place",
        "351200N 0354800E",
        "--time",
        "now",
        "--activity",
        "live_fire",
        "--json",
        code=1,
    )
    assert said.json["late"]
    assert "not stated – not stated" in desks.told("B", "assumed: radius")


def test_words_and_stop_reach_the_other_side(desks):
    desks.at("A", "message", "hold at the river", "--to", "B")
    asked = desks.at("A", "stop", "--to", "B", "--place", "north of Latakia", "--text", "cease fire", "--json").json
    desks.told("B", "MESSAGE of A: hold at the river", "STOP, asked by A: cease fire (place: north of Latakia")
    desks.at("A", "stop", "--lift", asked["stops"][0]["stop_id"], "--text", "it has")


def test_a_stop_comes_first_each_time_until_somebody_has_read_it_and_stands_until_it_is_lifted(desks):
    desks.at("A", "message", "hold at the river", "--to", "B")
    asked = desks.at("A", "stop", "--to", "B", "--place", "north of Latakia", "--text", "cease", "--json").json
    stop_id = asked["stops"][0]["stop_id"]
    for _ in range(2):
        assert "STOP, asked by A" in desks.at("B", "inbox").out.splitlines()[0]
    assert "STOP, asked by A, NOT ACKNOWLEDGED" in desks.at("B", "open", code=1).out.splitlines()[0]
    desks.at("B", "ack", stop_id[:8], "--officer", "Major on duty")
    desks.told("A", "ACKNOWLEDGED by B (Major on duty)")
    told = [(item["kind"], item.get("stage")) for item in desks.at("B", "open", "--json").json["items"]]
    assert told[0] == ("stop", "acknowledged")
    assert f"STOP that we asked of B, acknowledged: {stop_id[:8]}" in desks.at("A", "open").out
    desks.at("A", "stop", "--lift", stop_id[:8], "--text", "clear now")
    desks.told("B", "STOP lifted by A: clear now")
    assert "STOP" not in desks.at("B", "open").out
    assert "0 STOPs of ours" in desks.at("A", "stop", "--lift", stop_id[:8], "--text", "again", code=2).err


def test_who_follows_reads_a_stop_once(desks):
    follow = desks.begin("B", "inbox", "--follow")
    desks.at("A", "stop", "--to", "B", "--place", "there", "--text", "cease fire now")
    desks.at("A", "message", "after it", "--to", "B")
    lines = desks.until(follow, "after it")
    assert sum("cease fire now" in line for line in lines) == 1


@pytest.mark.parametrize(
    "words", [("--to", "B", "--text", "x"), ("--text", "x"), ("--to", "B", "--lift", "abcd", "--text", "x")]
)
def test_a_stop_says_where_or_what_it_lifts(desks, words):
    assert "--lift ID" in desks.at("A", "stop", *words, code=2).err


def test_a_suspended_understanding_gives_way_to_the_default_rules(desks):
    desks.at("B", "understanding", "suspend", "--reason", "review")
    shown = desks.at("A", "understanding", "show").out
    assert "SUSPENDED by B" in shown
    assert "default rules" in shown
    desks.at("B", "understanding", "suspend", "--lift")
    assert desks.at("A", "understanding", "show", "--json").json["suspended_by"] == []


def test_members_are_listed_with_their_fingerprints(desks):
    told = desks.at("B", "party", "list", "--json").json["parties"]
    assert [(each["party"], each["officers"]) for each in told] == [("A", ["night watch"]), ("B", ["night watch"])]
    assert all(len(each["fingerprint"].split()) == 8 for each in told)


def test_a_changed_posting_is_shown_and_not_believed(desks):
    """The host's database says that A wrote something else: the reader sees it, and sees that it does not hold."""
    desks.at("A", "message", "the truth", "--to", "B")
    with sqlite3.connect(desks.data / "channel.db") as db:
        (number, raw) = db.execute(
            "SELECT number, payload FROM posting WHERE recipient = 'B' ORDER BY number DESC LIMIT 1"
        ).fetchone()
        payload = json.loads(raw)
        envelope = json.loads(payload["envelope"])
        envelope["payload"] = envelope["payload"][:-8] + envelope["payload"][-8:].swapcase()
        payload["envelope"] = json.dumps(envelope, separators=(",", ":"))
        db.execute(
            "UPDATE posting SET payload = ? WHERE recipient = 'B' AND number = ?",
            (json.dumps(payload).encode(), number),
        )
    assert "the truth" not in desks.told("B", "NOT TO BE BELIEVED")


def test_a_desk_that_is_not_there_says_how_to_make_one(desks):
    said = desks.say("inbox", "--as", desks.folder / "nowhere", code=2)
    assert "detente party join" in said.err


def test_a_server_that_is_not_there_is_named():
    with pytest.raises(StoreUnavailable, match="does not answer"):
        Link("http://127.0.0.1:9", "levant", "detente_x", give_up_s=0).get("rules", Rules)


@pytest.mark.parametrize("url", ["http://example.org", "ftp://localhost", "https://", "https://user@host", "nothing"])
def test_no_token_goes_in_the_clear_to_another_machine(url):
    with pytest.raises(NotUnderstood):
        check_server(url)


def test_an_outlet_is_added_once_changed_and_removed(desks):
    url = "https://ops.example.org/hook"
    for kinds in (["--kind", "stop"], ["--kind", "view", "--kind", "stop"]):
        desks.at("A", "outlet", "add", "--webhook", url, *kinds)
    (told,) = desks.at("A", "outlet", "list", "--json").json["outlets"]
    assert (told["address"], told["kinds"], told["given_up"]) == (url, ["stop", "view"], [])
    assert "none" in desks.at("B", "outlet", "list").out
    for count in (1, 0):
        assert desks.at("A", "outlet", "remove", url, "--json").json == {"removed": count}
    assert "no address of a webhook" in desks.at("A", "outlet", "add", "--webhook", "mail me", code=2).err
