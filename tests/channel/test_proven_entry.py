"""One entry and its proof: it holds for who brings the keys, and nothing that was bent, or is another's, holds."""

import json
import sys

import pytest

from detente.channel.anchors import Anchors
from detente.channel.evidence import read_opening, write_opening
from detente.channel.proven_entry import judge_proof, prove_entry
from detente.channel.verdict import Outcome
from detente.cli import main
from detente.domain import DetenteError, NotUnderstood
from detente.record.proof import LogProof, read_proof
from detente.record.tiles import TileReader
from evidence_world import ARENA, a_log, changed, key

HOST = key("host").public
WITNESSES = {name: key(name).public for name in ("W1", "W2")}
BROUGHT = Anchors(host_key=HOST, witnesses=WITNESSES)


def proven(log, position, arena=ARENA, host_key=HOST):
    note = log.notes[max(log.notes)]
    node = TileReader(log.served().tile, max(log.notes)).node
    return prove_entry(log.entries[position], note, node, arena=arena, host_key=host_key)


def test_every_entry_s_proof_holds_and_says_which_it_is_and_who_had_seen_it():
    log = a_log()
    for position, opening in enumerate(log.entries):
        verdict = judge_proof(proven(log, position).raw, BROUGHT)
        assert (verdict.outcome, verdict.findings) == (Outcome.HOLDS, ())
        assert (verdict.opening, verdict.tree_size) == (opening, len(log.entries))
        assert [name for name, _ in verdict.cosigned_s] == ["W1", "W2"]


@pytest.mark.parametrize("witnesses", [{}, WITNESSES | {"W3": key("W3").public}])
def test_a_head_that_not_every_witness_brought_has_cosigned_leaves_it_incomplete(witnesses):
    verdict = judge_proof(proven(a_log(), 6).raw, Anchors(host_key=HOST, witnesses=witnesses))
    assert verdict.outcome is Outcome.INCOMPLETE


def test_a_fingerprint_is_no_key_to_judge_a_proof_by():
    with pytest.raises(NotUnderstood, match="does not hold the key"):
        judge_proof(proven(a_log(), 6).raw, Anchors())


def test_no_flipped_bit_of_a_proof_holds():
    raw = proven(a_log(), 6).raw
    for bit in range(len(raw) * 8):
        bent = bytearray(raw)
        bent[bit // 8] ^= 1 << bit % 8
        # a cosignature that is no longer one of a witness's leaves the proof without it, and is no lie
        assert judge_proof(bytes(bent), BROUGHT).outcome is not Outcome.HOLDS, bit


def opened_as(proof, opening, index=None):
    return LogProof(proof.index if index is None else index, proof.hashes, proof.note, write_opening(opening)).raw


def test_another_entry_s_words_another_salt_and_another_place_do_not_hold():
    log = a_log()
    proof, opening = proven(log, 6), log.entries[6]
    for bent in (
        opened_as(proof, log.entries[5]),
        opened_as(proof, changed(log.entries[5], position=6)),
        opened_as(proof, changed(opening, salt="0" * 64)),
        opened_as(proof, changed(opening, received_us=opening.received_us + 1)),
        opened_as(proof, changed(opening, kind="stop")),
        opened_as(proof, changed(opening, position=5), index=5),
        LogProof(6, proof.hashes, proof.note).raw,
        b"no proof",
        b"",
    ):
        assert judge_proof(bent, BROUGHT).outcome is Outcome.FALSE


def test_a_proof_of_another_host_s_log_or_another_arena_s_does_not_hold():
    assert judge_proof(proven(a_log(), 6).raw, Anchors(host_key=key("A").public)).outcome is Outcome.FALSE
    other = a_log(host=key("another host"))
    with pytest.raises(DetenteError):
        proven(other, 6)
    with pytest.raises(DetenteError):
        proven(a_log(), 6, arena="blue-line")


def test_what_a_proof_opens_is_that_entry_alone():
    log = a_log()
    assert read_opening(read_proof(proven(log, 6).raw).extra) == log.entries[6]
    others = (each.salt.encode() for each in log.entries if each is not log.entries[6])
    assert not any(salt in read_proof(proven(log, 6).raw).extra for salt in others)


@pytest.fixture
def verify(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["detente", "verify", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        shown = capsys.readouterr()
        return end.value.code, shown.out + shown.err

    return run


def test_verify_judges_a_proof_by_the_keys_that_are_brought(tmp_path, verify):
    file = tmp_path / "entry.tlog-proof"
    file.write_bytes(proven(a_log(), 6).raw)
    witnesses = [word for name, each in WITNESSES.items() for word in ("--witness", f"{name}={each.text}")]
    code, said = verify(file, "--host-key", HOST.text, *witnesses)
    assert (code, "HOLDS: the entry stands in the log" in said) == (0, True), said
    assert "W1 had seen the head at 2018-09-17" in said
    assert "by its own word" in said
    assert verify(file, "--host-key", HOST.text)[0] == 1
    assert verify(file, "--host-key", key("A").public.text)[0] == 2
    code, said = verify(file, "--host-key", HOST.text, *witnesses, "--json")
    assert (json.loads(said)["exit_code"], json.loads(said)["proofs"][0]["outcome"]) == (code, "holds")


def test_verify_says_what_it_needs_where_a_key_or_the_file_is_missing(tmp_path, verify):
    file = tmp_path / "entry.tlog-proof"
    assert "cannot be read" in verify(file, "--host-key", HOST.text)[1]
    file.write_bytes(proven(a_log(), 6).raw)
    assert "--host-key KEY" in verify(file)[1]
    assert "judged apart" in verify(file, a_log().write(tmp_path / "e.zip"), "--host-key", HOST.text)[1]
