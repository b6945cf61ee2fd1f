"""The vectors that other languages read: they are what the script writes, and they are judged here as they say."""

import base64
import importlib.util
import json
import re
from pathlib import Path

import pytest

from detente.domain import DetenteError, Malformed, NotAuthentic
from detente.record import (
    TileAddress,
    check_consistency,
    check_inclusion,
    check_proof,
    check_spoken,
    cosigned_s,
    from_json,
    keys_by_id,
    leaf_data,
    leaf_hash,
    open_act,
    open_checkpoint,
    read_act,
    read_checkpoint,
    read_history,
    read_note,
    read_proof,
    read_tile_path,
    tile_path,
    verify,
)
from detente.record.act import PAYLOAD_TYPE
from detente.record.keys import public_key_from_text
from detente.record.proven import ProvenTiles

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "vectors" / "record"
KEYS, LOG, TREES, FORMS = (
    json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in ("keys", "log", "trees", "forms")
)
TRUST = LOG["trust"]
HOST = public_key_from_text(TRUST["host_key"])
WITNESSES = {name: public_key_from_text(text) for name, text in TRUST["witnesses"].items()}


def test_the_script_writes_these_very_files():
    spec = importlib.util.spec_from_file_location("vectors", ROOT / "scripts" / "make_record_vectors.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name, text in script.files().items():
        assert (FOLDER / name).read_text("utf-8") == text, "run scripts/make_record_vectors.py"


def history(statements, root):
    return read_history([from_json(each.encode()) for each in statements], public_key_from_text(root))


@pytest.mark.parametrize("case", KEYS, ids=lambda case: case["name"])
def test_a_list_of_keys_is_judged_as_it_says(case):
    if case["said"] is None:
        assert history(case["statements"], case["root"]).count == len(case["statements"])
        return
    with pytest.raises(NotAuthentic) as refusal:
        history(case["statements"], case["root"])
    assert case["said"] in str(refusal.value)


PARTY_KEYS = keys_by_id(history(TRUST["statements"][party], root) for party, root in TRUST["roots"].items())


def tiles_of(kept, size, root):
    return ProvenTiles(lambda tile: base64.b64decode(kept[tile_path(tile)]), size, root)


def head(note):
    checkpoint, _ = open_checkpoint(note.encode(), TRUST["origin"], HOST)
    return checkpoint, tiles_of(LOG["tiles"], checkpoint.tree_size, checkpoint.root_hash)


def vouched(note):
    head(note)
    return vouched_for(note)


def vouched_for(note):
    return cosigned_s(open_checkpoint(note.encode(), TRUST["origin"], HOST)[1], WITNESSES)


_, TILES = head(LOG["checkpoint"])


def judge(opening):
    """Its act, by the record alone; what witnesses say of when is `channel.audit`'s to judge."""
    raw = opening["envelope"].encode()
    leaf = leaf_data(bytes.fromhex(opening["salt"]), opening["position"], opening["received_us"], opening["kind"], raw)
    assert leaf_hash(leaf) == TILES.leaf(opening["position"])
    envelope = from_json(raw)
    act = read_act(envelope.payload)
    if act.party == "host":
        verify(envelope, [HOST], payload_type=PAYLOAD_TYPE)
        return act
    return open_act(envelope, PARTY_KEYS, arena=TRUST["arena"], at_us=opening["received_us"])


BY_RECORD_ALONE = (
    "was revoked",
    "valid only from",
    "none of",
    "did not sign it",
    "acts for one party",
    "officers' keys",
    "acts hold in one arena",
)


@pytest.mark.parametrize("entry", LOG["entries"], ids=lambda entry: str(entry["opening"]["position"]))
def test_an_entry_is_in_the_log_and_its_act_judged_as_it_says(entry):
    said = entry["said"] or ""
    if any(each in said for each in BY_RECORD_ALONE):
        with pytest.raises(NotAuthentic, match=re.escape(said)):
            judge(entry["opening"])
        return
    act = judge(entry["opening"])
    seen = act.checkpoint
    assert (seen and seen.tree_size) == entry["named"]
    begins = seen is None or (
        seen.tree_size <= entry["opening"]["position"] and TILES.root_at(seen.tree_size).hex() == seen.root_hash
    )
    assert begins != ("made after it" in said or "another log" in said)


@pytest.mark.parametrize("size", LOG["checkpoints"])
def test_the_log_goes_on_from_its_older_heads(size):
    older, note = open_checkpoint(LOG["checkpoints"][size].encode(), TRUST["origin"], HOST)
    assert TILES.root_at(int(size)) == older.root_hash
    assert len(cosigned_s(note, WITNESSES)) == (1 if size == "5" else 2)


@pytest.mark.parametrize("position", LOG["proofs"])
def test_a_proof_holds_for_its_entry(position):
    proof = read_proof(LOG["proofs"][position].encode())
    trusted = {"origin": TRUST["origin"], "log_key": HOST, "witnesses": WITNESSES, "quorum": TRUST["quorum"]}
    assert set(check_proof(proof, TILES.leaf(int(position)), **trusted)) == set(WITNESSES)


@pytest.mark.parametrize("case", LOG["refused_checkpoints"], ids=lambda case: case["name"])
def test_a_head_is_refused_as_it_says(case):
    with pytest.raises((DetenteError, KeyError)) as refusal:
        vouched(case["note"])
    assert case["said"] in str(refusal.value)


def test_a_witness_is_taken_at_its_earliest_word():
    twice = LOG["cosigned_twice"]
    assert vouched_for(twice["note"]) == twice["moments"]
    checkpoint, _ = open_checkpoint(LOG["forked"].encode(), TRUST["origin"], HOST)
    assert TILES.root_at(checkpoint.tree_size) != checkpoint.root_hash


def test_what_is_sound_is_read():
    read_act(FORMS["act"].encode())
    read_checkpoint(FORMS["checkpoint"])
    assert read_note(FORMS["note"].encode()).raw == FORMS["note"].encode()
    assert read_proof(FORMS["proof"].encode()).raw == FORMS["proof"].encode()


@pytest.mark.parametrize("text", FORMS["fingerprints"])
def test_a_fingerprint_is_its_keys(text):
    check_spoken(public_key_from_text(text), FORMS["fingerprints"][text])


@pytest.mark.parametrize("case", FORMS["acts"], ids=lambda case: case["said"])
def test_what_is_no_act_is_refused_as_it_says(case):
    with pytest.raises(Malformed) as refusal:
        read_act(case["text"].encode())
    assert case["said"] in str(refusal.value)


@pytest.mark.parametrize(
    ("read", "raw"),
    [
        *((read_note, text.encode()) for text in FORMS["notes"]),
        *((read_checkpoint, text) for text in FORMS["checkpoints"]),
        *((read_proof, text.encode()) for text in FORMS["proofs"]),
    ],
)
def test_what_is_in_no_form_is_refused(read, raw):
    with pytest.raises(Malformed):
        read(raw)


def test_small_trees_are_as_they_say():
    roots = [base64.b64decode(each) for each in TREES["roots"]]
    for case in TREES["inclusion"]:
        leaf, hashes = leaf_hash(str(case["index"]).encode()), [base64.b64decode(each) for each in case["hashes"]]
        check_inclusion(leaf, case["index"], case["size"], roots[case["size"]], hashes)
    for case in TREES["consistency"]:
        hashes = [base64.b64decode(each) for each in case["hashes"]]
        check_consistency(case["old"], roots[case["old"]], case["size"], roots[case["size"]], hashes)


def test_a_large_tree_is_as_it_says():
    large = TREES["large"]
    proven = tiles_of(large["tiles"], large["size"], base64.b64decode(large["root"]))
    for index in large["opened"]:
        assert proven.leaf(index) == leaf_hash(str(index).encode())
    for size, root in large["earlier"].items():
        assert proven.root_at(int(size)) == base64.b64decode(root)
    for number, path in large["paths"].items():
        assert read_tile_path(path) == TileAddress(0, int(number), 7)
