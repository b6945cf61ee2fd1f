"""Timestamps in evidence: they bound when, where the reader knows the authority; what is wrong with one is said."""

import shutil
import sys
from dataclasses import replace

import pytest

from detente.channel.verdict import Outcome
from detente.cli import main
from detente.domain import NotAuthentic
from detente.record.timestamp import ask_timestamp, check_timestamp
from evidence_world import Log, a_log, audited, flaws, key
from stamping_authority import Authority

pytest.importorskip("rfc3161_client")
pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def stamp(log, authority, size):
    note = log.notes[size]
    return note.raw, authority.stamp(ask_timestamp(note)[0])


def anchored(log, *authorities):
    return replace(log.anchors, authorities=tuple(each.root for each in authorities))


def test_a_stamp_of_a_known_authority_is_there_and_holds(tmp_path, authority):
    log = a_log()
    last = max(log.notes)
    stamped = stamp(log, authority, last)
    path = log.write(tmp_path / "e", timestamps=[stamped])
    _, verdict = audited(path, anchored(log, authority))
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.latest.stamped_us == check_timestamp(stamped[1], log.notes[last], [authority.root]).by_us


def test_where_too_few_witnesses_cosigned_a_stamp_says_by_when(tmp_path, authority):
    log = a_log()
    for size, note in log.notes.items():
        log.notes[size] = replace(note, signatures=note.signatures[:1])
    last = max(log.notes)
    stamped = stamp(log, authority, last)
    path = log.write(tmp_path / "e", timestamps=[stamped])
    entries, verdict = audited(path, anchored(log, authority))
    assert "quorum" in flaws(verdict)
    assert verdict.outcome is Outcome.INCOMPLETE
    assert {each.latest_us for each in entries} == {
        check_timestamp(stamped[1], log.notes[last], [authority.root]).by_us
    }
    entries, _ = audited(path, log.anchors)
    assert {each.latest_us for each in entries} == {None}


def test_a_stamp_that_nobody_could_check_leaves_the_proof_incomplete(tmp_path, authority):
    log = a_log()
    path = log.write(tmp_path / "e", timestamps=[stamp(log, authority, max(log.notes))])
    _, verdict = audited(path, log.anchors)
    assert (verdict.outcome, flaws(verdict)) == (Outcome.INCOMPLETE, {"timestamp"})
    assert "--tsa-ca" in str(verdict.findings[0])


def test_a_stamp_that_does_not_hold_is_false(tmp_path, authority):
    log = a_log()
    first, last = min(log.notes), max(log.notes)
    note, answer = stamp(log, authority, last)
    flipped = bytearray(answer)
    flipped[-3] ^= 1
    stranger = Authority(tmp_path / "stranger")
    for number, (stamped, known) in enumerate(
        [
            ((note, bytes(flipped)), authority),
            ((note, answer), stranger),
            ((note, stamp(log, authority, first)[1]), authority),
            ((note, b"nonsense"), authority),
            ((note, bytes(70_000)), authority),
        ]
    ):
        path = log.write(tmp_path / f"e{number}", timestamps=[stamped])
        entries, verdict = audited(path, anchored(log, known))
        assert (verdict.outcome, flaws(verdict)) == (Outcome.FALSE, {"timestamp"})
        assert all(each.outcome is Outcome.HOLDS for each in entries)


def test_a_stamp_that_is_named_and_not_there_is_false(tmp_path, authority):
    log = a_log()
    last = max(log.notes)
    path = log.write(tmp_path / "e", timestamps=[stamp(log, authority, last)])
    (path / "timestamps" / f"{last}.tsr").unlink()
    _, verdict = audited(path, anchored(log, authority))
    assert (verdict.outcome, flaws(verdict)) == (Outcome.FALSE, {"timestamp"})


def test_a_stamp_on_another_logs_checkpoint_is_not_written(tmp_path, authority):
    log, other = a_log(), Log(arena="another", host=key("host"))
    other.member("A")
    other.head()
    with pytest.raises(NotAuthentic):
        log.write(tmp_path / "e", timestamps=[stamp(other, authority, max(other.notes))])


def test_the_command_takes_the_authoritys_certificate(tmp_path, authority, monkeypatch, capsys):
    log = a_log()
    path = log.write(tmp_path / "e.zip", timestamps=[stamp(log, authority, max(log.notes))])
    roots = [part for name, each in log.anchors.roots.items() for part in ("--root", f"{name}={each}")]
    for more, code in (([], 1), (["--tsa-ca", str(authority.folder / "root.pem")], 0)):
        monkeypatch.setattr(sys, "argv", ["detente", "verify", str(path), *roots, *more])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == code, capsys.readouterr()
