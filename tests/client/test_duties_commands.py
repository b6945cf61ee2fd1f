"""The commands of an officer's duties, against a real server: the watch, signs of life."""

import time

import pytest

from desk_world import Desks

AGREED = """
name = "Agreed"
version = "1"
[[rules]]
name = "any"
lateral = "5nm"
vertical = "1000ft"
time = "5 min"
[terms]
dead_man = "8 s"
releases = [{level = "full"}]
"""


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
        for name in roots:
            world.at(name, "understanding", "sign", "--root-key", roots[name], *phrase)
        yield world
    finally:
        world.end()


def test_the_watch_is_handed_over_with_what_is_open(desks):
    desks.at("B", "watch", "take", "--officer", "day watch")
    desks.at("A", "message", "which frequency?", "--to", "B")
    desks.told("B", "which frequency?")
    note = ("--note", "A waits for an answer")
    handed = desks.at("B", "watch", "hand-over", "--officer", "day watch", "--to", "night watch", *note).out
    assert "NOBODY HAS THE WATCH: day watch handed it over to night watch" in handed
    assert "message of A to answer" in handed
    desks.at("B", "watch", "hand-over", "--officer", "day watch", code=2)
    taken = desks.at("B", "watch", "take", "--officer", "night watch").out
    assert "note: A waits for an answer" in taken
    assert "night watch has the watch" in desks.at("B", "watch", "show").out
    assert desks.at("A", "watch", "show", "--json").json["watch"] is None


def test_silence_is_told_and_so_is_its_end(desks):
    desks.told("A", "B is DARK: no sign of life for 8 s")
    assert "WE ARE DARK" in desks.at("B", "watch", "show").out
    assert "B is DARK" in desks.at("A", "open").out
    assert "next is due by" in desks.at("B", "alive").out
    desks.told("A", "B is back")


def test_whoever_sits_at_the_inbox_shows_signs_of_life(desks):
    following = desks.begin("B", "inbox", "--follow", "--watch")
    try:
        last_us, until_s = set(), time.monotonic() + 120
        while len(last_us) < 4:
            last_us.add(desks.at("B", "watch", "show", "--json").json["dead_man"]["last_us"])
            assert time.monotonic() < until_s
    finally:
        following.kill()
        following.communicate()


def test_a_drill_is_asked_acknowledged_and_timed(desks):
    asked = desks.at("A", "drill", "ask", "--all", "--text", "as you would a STOP", "--json").json["drills"]
    assert [each["to"] for each in asked] == ["B"]
    desks.told("B", "DRILL DRILL DRILL of A: as you would a STOP")
    assert "DRILL of A, to acknowledge" in desks.at("B", "open").out
    desks.at("B", "ack", asked[0]["drill_id"][:8])
    desks.told("A", "DRILL ACKNOWLEDGED by B")
    assert "our drills, answered by B: 1 of 1, half of them within" in desks.at("A", "drill", "show").out
    assert "DRILL" not in desks.at("B", "open").out
    assert "cannot answer a drill" in desks.at("A", "drill", "ask", "--to", "X", "--text", "x", code=2).err


def test_a_finding_is_claimed_confirmed_by_another_and_read_in_both_words(desks):
    said = ("--of", "finding", "--topic", "tunnel", "--at", "2018-12-04T09:00Z", "--place", "33.28N 35.57E")
    more = ("--within", "500 m", "--measured", "depth=25±2 m", "--to", "B", "--json")
    claim_id = desks.at("A", "claim", "state", "A tunnel crosses the line", *said, *more).json["claim_id"]
    desks.told(
        "B", f"FINDING tunnel, stated by A (id {claim_id[:8]}): A states: “A tunnel crosses the line”", "depth 25 ± 2 m"
    )
    assert "claim of A to acknowledge" in desks.at("B", "open").out
    desks.at("B", "ack", claim_id[:8])
    assert "claim of A" not in desks.at("B", "open").out
    desks.at(
        "B",
        "claim",
        "state",
        "Looked into on site",
        "--topic",
        "tunnel",
        "--confirms",
        claim_id[:8],
        "--to",
        "A",
        "--to",
        "record",
    )
    desks.told("A", f"confirms claim {claim_id[:8]}")
    rows = desks.at("B", "claim", "list", "--json").json["claims"]
    assert [(row["from"], row["to"], row["refusal"]) for row in rows] == [
        ("A", "B", None),
        ("B", "A", None),
        ("B", "", None),
    ]
    assert rows[0]["claim_id"] == claim_id == rows[1]["body"]["relations"][0]["claim_id"]
    assert rows[0]["body"]["place_precision_m"] >= 500.0


def test_a_claim_is_refused_with_what_is_wrong_before_anything_is_sent(desks):
    def refused(*words):
        return desks.at("A", "claim", "state", "x", "--topic", "strike", "--to", "B", *words, code=2).err

    assert "--within without --place" in refused("--within", "5 km")
    assert "0 claims begin with" in refused("--disputes", "ffff")
    assert "quoted without a source" in refused("--claimant", "RUS_MOD")
    assert "is yet to come" in refused("--at", "2099-01-01T00:00Z")
    assert "write WHAT=VALUE" in refused("--measured", "deep")


def test_a_call_is_logged_shared_and_disputed(desks):
    desks.at("A", "call", "log", "--with", "B", "--text", "no answer", "--not-read-back")
    said = (
        "--with-officer",
        "captain",
        "--at",
        "171839ZSEP18",
        "--text",
        "clear of the coast",
        "--read-back",
        "--share",
    )
    call_id = desks.at("A", "call", "log", "--with", "B", *said, "--json").json["call_id"]
    desks.told("B", "CALL logged by A: with B (captain), by night watch, 2018-09-17T18:39:00Z: clear of the coast")
    assert "call logged by A to confirm or dispute" in desks.at("B", "open").out
    desks.at("B", "call", "dispute", call_id[:8], "--text", "we heard inside")
    desks.told("A", f"CALL {call_id[:8]} DISPUTED by B (night watch), we heard inside")
    assert "no answer (NOT READ BACK" in desks.at("A", "call", "list").out
    seen = [line["body"] for line in desks.at("B", "call", "list", "--json").json["calls"]]
    assert [each.get("text") for each in seen] == ["clear of the coast", "we heard inside"]
    assert "0 calls to confirm" in desks.at("B", "call", "confirm", call_id[:8], code=2).err


def test_a_notice_lapses_and_says_so_to_whom_it_told_when(desks):
    row = "S-1,humanitarian_movement,34.0,36.0,2km,FL100,FL120,2098-01-01T00:00Z,2098-01-02T00:00Z"
    file = desks.folder / "convoy.csv"
    file.write_text(
        "reference,activity,latitude,longitude,radius,altitude_lower,altitude_upper,time_start,time_end\n" + row + "\n"
    )
    until = ("--revalidate", "2018-09-18T06:00Z", "--expires", "2097-01-01T00:00Z")
    desks.at("A", "notice", "send", file, *until)
    desks.told("B", "expires 2097-01-01T00:00:00Z", "to be confirmed again by 2018-09-18T06:00:00Z", "UNVALIDATED")
    assert "was to be confirmed by now: amend or cancel it" in desks.at("A", "open").out
    desks.at("A", "notice", "amend", "S-1", file, "--revalidate", "2096-01-01T00:00Z")
    desks.told("B", "NOTICE of A (version 2)", "expires 2097-01-01")
    assert "to be confirmed" not in desks.at("A", "open").out
    desks.at("A", "notice", "amend", "S-1", file, "--expires", "2018-09-18T06:00Z")
    desks.told("B", "EXPIRED: notice")
    desks.told("A", "EXPIRED: notice")


def test_a_phrase_is_read_back_or_not_acknowledged(desks):
    assert "personnel-at: We have personnel at {place} until {until}." in desks.at("A", "message", "--phrases").out
    slots = ("--slot", "place=north gate", "--slot", "until=18:00Z")
    sent = desks.at("A", "message", "--template", "personnel-at", *slots, "--to", "B", "--json").json
    desks.told("B", "We have personnel at north gate until 18:00Z.", "to be read back: place, until")
    thread = sent["thread"][:8]
    wrong = desks.at("B", "ack", thread, "--read-back", "place=south gate", "--read-back", "until=18:00Z", code=1)
    assert "NOT acknowledged, the read-back is wrong: place" in wrong.out
    desks.told("A", "READ-BACK WRONG, so NOT ACKNOWLEDGED by B")
    assert "to be read back: place, until" in desks.at("B", "open").out
    desks.at("B", "ack", thread, "--read-back", "place=North Gate", "--read-back", "until=18:00Z")
    desks.told("A", "ACKNOWLEDGED by B")
    assert (
        "until is missing"
        in desks.at("A", "message", "--template", "personnel-at", "--slot", "place=x", "--to", "B", code=2).err
    )
    assert "no phrase here" in desks.at("A", "message", "--template", "x", "--to", "B", code=2).err
    desks.at("A", "message", "--to", "B", code=2)


def test_without_a_line_duties_are_signed_and_said_to_wait(desks):
    assert "NOT TOLD YET" in desks.at("A", "drill", "ask", "--to", "B", "--text", "x", "--offline").out
    said = ("--with", "B", "--text", "x", "--not-read-back")
    assert "NOT TOLD YET" in desks.at("A", "call", "log", *said, "--offline").out
    assert "next is due by" in desks.at("A", "alive").out  # with a line, what waited goes first
    desks.told("B", "DRILL DRILL DRILL of A: x")
