"""`detente verify`: what it prints, its exit codes, several files, and what its reader brings."""

import json
import sys

import pytest

from detente.channel.evidence import read_opening
from detente.cli import main
from detente.record.checkpoint import NOTE_COSIGNATURE
from detente.record.keys import verifier_line
from evidence_world import a_log, key


@pytest.fixture
def verify(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["detente", "verify", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return run


def roots(log):
    return [word for party, spoken in log.anchors.roots.items() for word in ("--root", f"{party}={spoken}")]


def test_what_holds_ends_with_0_in_a_folder_and_in_one_file(tmp_path, verify):
    log = a_log()
    for name in ("folder", "file.zip"):
        code, said = verify(log.write(tmp_path / name), *roots(log))
        assert code == 0, said
        assert said.endswith("HOLDS: all of it is what it says it is\n")
        assert "9 entries, 5 of them public; 0 are not opened" in said


def test_without_a_root_the_first_line_says_whose_word_it_is(tmp_path, verify):
    code, said = verify(a_log().write(tmp_path / "e"))
    assert code == 1
    assert "EVERYTHING BELOW FOLLOWS FROM THE FILE'S OWN WORD" in said.splitlines()[1]


def test_what_is_false_ends_with_2_and_says_what_where_and_why(tmp_path, verify):
    log = a_log()
    path = log.write(tmp_path / "e")
    first, *others = (path / "entries.jsonl").read_bytes().splitlines(keepends=True)
    salt = read_opening(first[:-1]).salt.encode()
    (path / "entries.jsonl").write_bytes(b"".join([first.replace(salt, salt[::-1]), *others]))
    code, said = verify(path, *roots(log))
    assert code == 2
    assert "first failure: entry 5: what is opened makes the leaf" in said


def test_json_tells_every_entry_and_the_verdict(tmp_path, verify):
    log = a_log()
    code, said = verify("--json", log.write(tmp_path / "e"), *roots(log))
    told = json.loads(said)
    assert (code, told["exit_code"], told["outcome"]) == (0, 0, "holds")
    assert [each["position"] for each in told["files"][0]["entries"]] == list(range(9))
    assert told["files"][0]["verdict"]["latest"]["tree_size"] == 9


def test_two_files_of_one_log_agree_and_of_two_stories_do_not(tmp_path, verify):
    log, other = a_log(), a_log()
    one = log.write(tmp_path / "one")
    log.say("A", "B", "more")
    log.head()
    code, said = verify(one, log.write(tmp_path / "later.zip"), *roots(log))
    assert code == 0
    assert "the 2 files agree" in said
    other.say("A", "B", "another story")
    other.say("A", "B", "longer")
    other.head()
    code, said = verify(tmp_path / "later.zip", other.write(tmp_path / "other"), *roots(log))
    assert code == 2
    assert "split_view: " in said
    assert "the host's key signed a tree of 10 leaves" in said


def test_keys_are_brought_as_fingerprints_as_text_and_as_lines(tmp_path, verify):
    log = a_log()
    path = log.write(tmp_path / "e")
    host = log.host.public.text
    witness = ["--witness", f"W1={key('W1').public.text}", "--witness", verifier_line("W2", key("W2").public)]
    assert verify(path, *roots(log), "--host-key", host, *witness)[0] == 0
    witness[-1] = verifier_line("W2", key("W2").public, NOTE_COSIGNATURE)  # as `detente witness show` prints it
    assert verify(path, *roots(log), "--host-key", host, *witness)[0] == 0
    code, said = verify(path, *roots(log), "--witness", f"W3={key('W3').public.text}")
    assert code == 1
    assert "cosigned by 0 of 1 witnesses, 1 are agreed" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.zip"], "there is no such file or directory"),
        (["."], "evidence.json: is missing"),
        ([".", "--root", "A"], "write PARTY=FINGERPRINT"),
        ([".", "--root", "A=1GBQ8"], "a fingerprint has 8 groups"),
        ([".", "--witness", "W1"], "--witness W1: a fingerprint has 8 groups"),
    ],
)
def test_what_cannot_be_read_ends_with_2_and_a_sentence(tmp_path, monkeypatch, verify, words, says):
    monkeypatch.chdir(tmp_path)
    code, said = verify(*words)
    assert code == 2
    assert says in said


def test_many_entries_are_verified_by_several_processes_as_by_one(tmp_path, monkeypatch, verify):
    log = a_log()
    for number in range(40):
        log.say("A", "B", f"message {number} {'x' * 3_900}")
    log.head()
    monkeypatch.setattr("detente.interop.examining.LEAST_BYTES", 1)
    monkeypatch.setattr("detente.interop.evidence_file.PIECE_BYTES", 20_000)
    path = log.write(tmp_path / "e.zip")
    one, several = (verify("--json", "--processes", count, path, *roots(log)) for count in ("1", "2"))
    assert one[0] == 0
    assert one == several
