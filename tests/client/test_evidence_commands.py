"""`detente evidence export` and `detente verify`, against a real server: what parties and the host write agrees, and says what was done."""

import json
import shutil
import time

import pytest

from desk_world import AGREED, Desks, a_plan, plans
from stamping_authority import Authority


@pytest.fixture(scope="module")
def desks(tmp_path_factory):
    world = Desks(tmp_path_factory.mktemp("evidence"))
    world.start()
    try:
        world.roots = {name: world.take_in(name) for name in ("A", "B")}
        agreed = world.folder / "agreed.toml"
        host_key = json.loads((world.folder / "A" / "party.json").read_text())["host_key"]
        agreed.write_text(f'{AGREED}\n[terms.record]\nhost_key = "{host_key}"\nquorum = 0\nwitnesses = []\n')
        world.at("A", "understanding", "propose", agreed)
        for name, root in world.roots.items():
            world.at(name, "understanding", "sign", "--root-key", root, "--passphrase-file", world.passphrase, "--yes")
        world.at("A", "notice", "send", plans(world, "one", a_plan("ONE")))
        view_id = _shown(world, "NOTICE of A", "ONE").partition("id ")[2][:8]
        world.at("B", "ack", view_id, "--officer", "the watch of B")
        world.at("B", "notice", "send", plans(world, "two", a_plan("TWO", lat=-20.0)))
        world.told("A", "ACKNOWLEDGED by B", "NOTICE of B")
        time.sleep(1.5)  # a tick, and the head after it
        yield world
    finally:
        world.end()


def _shown(world, *words):
    return next(line for line in world.told("B", *words).splitlines() if words[0] in line)


def verified(desks, *files, code, roots=("A",)):
    brought = [word for name in roots for word in ("--root", f"{name}={desks.roots[name]}")]
    return desks.say("verify", *files, *brought, "--json", code=code).json


def flaws(told):
    return sorted({each["flaw"] for file in told["files"] for each in file["verdict"]["findings"]})


def test_what_both_parties_and_the_host_write_holds_and_agrees(desks):
    ours, theirs, hosts = (desks.folder / name for name in ("ours.zip", "theirs.zip", "host"))
    said = desks.at("A", "evidence", "export", ours, "--full").out
    assert "with 1 full notices: whoever reads it knows those plans in full" in said
    desks.at("B", "evidence", "export", theirs)
    desks.say("evidence", "export", hosts, "--arena", "levant", "--data", desks.data)
    told = verified(desks, ours, theirs, hosts, code=1)
    assert flaws(told) == ["quorum"]  # nobody watches this log
    assert told["together"] == []
    a, b, host = (file["verdict"] for file in told["files"])
    assert {member["party"]: member["trust"] for member in a["members"]} == {"A": "given", "B": "agreed"}
    assert a["host_trust"] == "agreed"
    assert [(view["recipient"], view["honest"]) for view in a["views"]] == [("", True), ("B", True)] or [
        (view["recipient"], view["honest"]) for view in a["views"]
    ] == [("B", True), ("", True)]
    assert b["views"] == []
    assert a["kinds"]["view"] == b["kinds"]["view"] == 2
    assert "view" not in host["kinds"]
    assert host["kinds"]["notice"] == 2


def test_one_notice_and_a_span_of_time_are_chosen_and_said_to_be(desks):
    one = desks.folder / "one.zip"
    desks.at("A", "evidence", "export", one, "--notice", "ONE")
    told = verified(desks, one, code=1)
    assert flaws(told) == ["chosen", "quorum"]
    kinds = told["files"][0]["verdict"]["kinds"]
    assert (kinds["view"], kinds["notice"]) == (1, 1)
    assert kinds["receipt"] >= 1
    none = desks.folder / "none"
    desks.at("A", "evidence", "export", none, "--to", "2018-09-17T18:39Z")
    assert verified(desks, none, code=1)["files"][0]["verdict"]["opened_count"] == 5
    assert "no notice 'NINE'" in desks.at("A", "evidence", "export", desks.folder / "x", "--notice", "NINE", code=2).err
    assert "is there already" in desks.at("A", "evidence", "export", one, code=2).err
    assert not (desks.folder / "x").exists()


def test_a_view_that_is_not_what_the_notice_gives_is_told(desks):
    bent = desks.folder / "bent"
    desks.at("A", "evidence", "export", bent, "--full")
    (path,) = (bent / "full").iterdir()
    full = json.loads(path.read_text())
    full["notice"]["volumes"][0]["footprint"]["centre"][0] += 0.1
    path.write_text(json.dumps(full))
    told = verified(desks, bent, code=2)
    assert "view" in flaws(told)
    assert "commits to another notice than full/" in json.dumps(told)


def test_another_partys_root_is_refused_and_said(desks):
    ours = desks.folder / "again.zip"
    desks.at("A", "evidence", "export", ours)
    told = desks.say("verify", ours, "--root", f"A={desks.roots['B']}", "--json", code=2).json
    assert "A has another root in it" in json.dumps(told)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_timestamps_that_a_witness_keeps_go_along_and_bound_when(desks):
    pytest.importorskip("rfc3161_client")
    witness, secret = desks.folder / "witness", ("--passphrase-file", desks.passphrase)
    desks.say("witness", "new", "--party", "A", "--name", "a.example/w", "--folder", witness, *secret)
    host_key = json.loads((desks.folder / "A" / "party.json").read_text())["host_key"]
    out = desks.folder / "stamped.zip"
    with Authority(desks.folder / "authority") as authority:
        log = (desks.url, "--arena", "levant", "--log-key", host_key, "--once", "--tsa", authority.url)
        desks.say("witness", "follow", *log, "--folder", witness, *secret)
    desks.at("A", "evidence", "export", out, "--timestamps", witness)
    assert flaws(verified(desks, out, code=1)) == ["quorum", "timestamp"]
    known = ("--root", f"A={desks.roots['A']}", "--tsa-ca", authority.folder / "root.pem", "--json")
    told = desks.say("verify", out, *known, code=1).json
    assert flaws(told) == ["quorum"]
    assert told["files"][0]["verdict"]["latest"]["stamped_us"] > 0


def test_one_entry_with_its_proof_is_a_file_that_holds_by_the_host_s_key(desks):
    by_notice, by_place = desks.folder / "one.tlog-proof", desks.folder / "place.tlog-proof"
    desks.at("A", "evidence", "prove", "--notice", "ONE", "-o", by_notice)
    host_key = json.loads((desks.folder / "A" / "party.json").read_text())["host_key"]
    told = desks.say("verify", by_notice, "--host-key", host_key, "--json", code=1).json
    (proof,) = told["proofs"]
    assert [each["flaw"] for each in proof["proof"]["findings"]] == ["quorum"]  # nobody watches this log
    position = proof["proof"]["opening"]["position"]
    desks.at("A", "evidence", "prove", position, "-o", by_place)
    assert desks.say("verify", by_place, "--host-key", host_key, code=1).out.count(f"entry      {position} of") == 1


def test_what_is_another_party_s_or_asked_for_twice_is_not_proven(desks):
    out = desks.folder / "no.tlog-proof"
    desks.at("A", "evidence", "prove", 1_000_000, "-o", out, code=2)
    desks.at("A", "evidence", "prove", 1, "--notice", "ONE", "-o", out, code=2)
    desks.at("A", "evidence", "prove", 1, "-o", desks.folder / "no.zip", code=2)
    assert not out.exists()
