"""By voice, through commands: what one desk says, the other types down, checks, reads back and enters as its own report."""

import pytest

from desk_world import AGREED, Desks, a_plan, plans


@pytest.fixture(scope="module")
def desks(tmp_path_factory):
    world = Desks(tmp_path_factory.mktemp("voice"))
    world.start()
    try:
        roots = {name: world.take_in(name) for name in ("A_FORCE", "B")}
        agreed = world.folder / "agreed.toml"
        agreed.write_text(AGREED.replace('"A"', '"A_FORCE"'))
        world.at("B", "understanding", "propose", agreed)
        for name in roots:
            world.at(
                name, "understanding", "sign", "--root-key", roots[name], "--yes", "--passphrase-file", world.passphrase
            )
        for name in roots:
            world.at(name, "inbox")
        yield world
    finally:
        world.end()


def say(desks, party, *words):
    return desks.at(party, "voice", "say", *words, "--json").json


def typed(desks, said, *, change=lambda text: text):
    path = desks.folder / "typed.txt"
    path.write_text(change("\n".join(line for each in said["script"] for line in each)))
    return path


def hear(desks, party, path, *words, code=0):
    return desks.at(party, "voice", "hear", path, "--read-back", *words, code=code)


def test_a_flash_notice_said_to_a_party_shows_no_more_than_its_view_and_is_screened_where_it_is_heard(desks):
    desks.at("A_FORCE", "notice", "send", plans(desks, "a", a_plan("A-1", lat=40.0)), "--offline", code=1)
    desks.at("B", "notice", "send", plans(desks, "b", a_plan("B-1", lat=40.01)), "--offline", code=1)
    said = say(desks, "A_FORCE", "flash", "A-1", "--to", "B", "--offline")
    assert said["script"][0][0].startswith("1 DETENTE FLASH")
    told = hear(desks, "B", typed(desks, said), "--json", "--offline", code=1).json
    assert told["meets"] == [{"reference": "B-1", "answer": "POSSIBLE"}]
    assert (told["from"], told["signed_by"], told["new"]) == ("A_FORCE", None, True)
    again = hear(desks, "B", typed(desks, said), "--json", "--offline", code=1).json
    assert not again["new"]
    assert "not told of" in desks.at("A_FORCE", "voice", "say", "flash", "A-1", "--to", "C", "--offline", code=2).err
    answered = say(desks, "B", "ack", told["check_words"], "--officer", "Watch of B", "--offline")
    assert answered["answer"] is None
    heard = hear(desks, "A_FORCE", typed(desks, answered), "--offline")
    assert "ACKNOWLEDGED by B (WATCH OF B)" in heard.out
    assert "NOT SIGNED" in heard.out


def test_a_stop_is_said_heard_verified_reported_and_acknowledged_when_its_act_arrives(desks):
    said = say(desks, "A_FORCE", "stop", "--to", "B", "--place", "north of Latakia", "--text", "cease fire", "--signed")
    assert len(said["script"]) == 2
    heard = hear(desks, "B", typed(desks, said, change=str.lower), code=1)
    assert "STOP, asked by A_FORCE: CEASE FIRE (place: NORTH OF LATAKIA" in heard.out
    assert "its signature holds:" in heard.out
    assert "night watch" in heard.out
    told = desks.told(
        "A_FORCE", "CALL logged by B", "heard by voice, signed by night watch of A_FORCE", "DETENTE SIGNATURE"
    )
    call_id = told.partition("(read back; id ")[2][:8]
    desks.at("A_FORCE", "call", "confirm", call_id)
    desks.told("B", f"CALL {call_id} CONFIRMED by A_FORCE")
    desks.told("B", "STOP, asked by A_FORCE: cease fire")
    stop_id = said["script"][0][5].split()[2][:8].lower()
    told = say(desks, "B", "ack", stop_id, "--officer", "Watch of B")
    assert told["answer"]["stage"] == "acknowledged"
    assert hear(desks, "A_FORCE", typed(desks, told), "--json").json["from"] == "B"
    desks.told("A_FORCE", "ACKNOWLEDGED by B (Watch of B)")


def swapped(text):
    lines = text.split("\n")
    said = lines[5]
    first = next(
        index for index in range(5, len(said)) if said[index] != said[index + 1]
    )  # equal signs swap to themselves
    lines[5] = said[:first] + said[first + 1] + said[first] + said[first + 2 :]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("CEASE", "CEASF", 1), "ask for the line again"),
        (swapped, "ask for the line again"),
        (lambda text: "\n".join(text.split("\n")[:-4]), "signature"),
        (lambda text: "", "nothing was typed"),
        (lambda text: "\udcff\x00 1 DETENTE".encode("utf-8", "surrogatepass").decode("latin-1"), "does not check"),
        (lambda text: "\n".join(text.split("\n")[-8:]), ""),
        (lambda text: text + "\n" + text, "scripts"),
    ],
    ids=[
        "a wrong sign",
        "two signs swapped",
        "a signature cut off",
        "nothing",
        "no text",
        "the signature alone",
        "twice",
    ],
)
def test_what_was_typed_down_wrong_is_refused_and_nothing_of_it_kept(desks, change, words):
    said = say(desks, "A_FORCE", "stop", "--to", "B", "--place", "A7Z", "--text", "cease", "--signed", "--offline")
    refused = hear(desks, "B", typed(desks, said, change=change), "--offline", code=2)
    assert words in refused.err
    assert hear(desks, "B", typed(desks, said), "--offline", "--json", code=1).json["new"]


def test_what_is_not_read_back_and_confirmed_is_not_kept(desks):
    said = say(desks, "A_FORCE", "stop", "--to", "B", "--place", "X", "--text", "cease", "--offline")
    path = typed(desks, said)
    assert "nothing is kept" in desks.at("B", "voice", "hear", path, "--offline", code=2).err
    assert hear(desks, "B", path, "--offline", "--json", code=1).json["new"]


def test_a_script_for_another_party_or_of_another_hour_is_refused(desks):
    said = say(desks, "A_FORCE", "stop", "--to", "B", "--place", "X", "--text", "cease", "--offline")
    assert "not for A_FORCE" in hear(desks, "A_FORCE", typed(desks, said), "--offline", code=2).err


def test_a_signature_of_another_script_or_another_partys_key_does_not_hold(desks):
    stop = ("stop", "--to", "B", "--place", "X", "--signed", "--offline")
    one = say(desks, "A_FORCE", *stop, "--text", "cease")
    other = say(desks, "A_FORCE", *stop, "--text", "cease all of it")
    mixed = {"script": [one["script"][0], other["script"][1]]}
    assert "signature" in hear(desks, "B", typed(desks, mixed), "--offline", code=2).err
