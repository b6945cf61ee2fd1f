"""`detente dossier`: a file in the form asked for, exit codes as `detente verify`."""

import re
import sys

import pytest

from detente.channel.acts import MessageBody
from detente.cli import main
from detente.domain import ReleaseLevel
from evidence_world import a_log


@pytest.fixture
def dossier(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["detente", "dossier", *map(str, words)])
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


@pytest.mark.parametrize(("name", "begins"), [("d.html", b"<!doctype html>"), ("d.pdf", b"%PDF-")])
def test_what_holds_is_written_and_ends_with_0(tmp_path, dossier, name, begins):
    log = a_log()
    code, said = dossier(log.write(tmp_path / "e.zip"), "-o", tmp_path / name, *roots(log))
    assert (code, "9 entries, 3 never answered; HOLDS" in said) == (0, True), said
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_without_a_root_it_ends_with_1_and_says_whose_word_it_is(tmp_path, dossier):
    code, _ = dossier(a_log().write(tmp_path / "e"), "-o", tmp_path / "d.html")
    assert code == 1
    assert "everything below follows from the file&#x27;s own word" in (tmp_path / "d.html").read_text()


def test_one_notice_is_told_alone_and_one_that_is_not_there_is_refused(tmp_path, dossier):
    log = a_log()
    ids = [log.view("A", "B", level)[1].notice_id[::-1] for level in (ReleaseLevel.FULL, ReleaseLevel.GENERAL)]
    log.head()
    evidence = log.write(tmp_path / "e")
    code, said = dossier(evidence, "-o", tmp_path / "d.html", "--notice", "N1", *roots(log))
    page = (tmp_path / "d.html").read_text()
    assert code == 0, said
    assert "N1, of A" in page
    assert f"{ids[1][:8]}, of A" not in page
    assert dossier(evidence, "-o", tmp_path / "d.html", "--notice", "nothing", *roots(log))[0] == 2


def test_a_name_that_says_no_form_and_a_place_that_is_none_are_refused(tmp_path, dossier):
    evidence = a_log().write(tmp_path / "e")
    assert "neither .html nor .pdf" in dossier(evidence, "-o", tmp_path / "d.docx")[1]
    assert "cannot be written" in dossier(evidence, "-o", tmp_path / "no folder" / "d.html")[1]


def two_sided(tmp_path, **other):
    """What each of two parties may open: A its question alone, B also what it answered; and a head between them."""
    log = a_log()
    log.act("A", "message", "B", MessageBody("7" * 32, "where are you"))
    log.act("B", "message", "A", MessageBody("7" * 32, "at the bridge"))
    log.head()
    asked = log.entries[-2].position
    mine = log.write(tmp_path / "a.zip", keep=lambda opening: opening.position <= asked)
    return log, mine, log.write(tmp_path / "b.zip", keep=lambda opening: opening.position != asked - 1, **other)


def test_several_parties_files_are_told_as_one_and_each_entry_once(tmp_path, dossier):
    log, mine, theirs = two_sided(tmp_path)
    _, said = dossier(mine, theirs, "-o", tmp_path / "d.html", *roots(log))
    page = (tmp_path / "d.html").read_text()
    assert f"{len(log.entries)} entries, " in said
    assert re.findall(r'id="entry-(\d+)"', page) == [str(position) for position in range(len(log.entries))]
    assert "in reply to entry" in page


def test_files_of_two_stories_are_not_told_as_one(tmp_path, dossier):
    log, mine, _ = two_sided(tmp_path)
    other = a_log()
    other.say("A", "B", "another story")
    other.say("A", "B", "and more of it")
    other.head()
    code, said = dossier(mine, other.write(tmp_path / "o.zip"), "-o", tmp_path / "d.html", *roots(log))
    assert (code, "do not tell one story" in said) == (2, True), said
    assert not (tmp_path / "d.html").exists()


def test_files_of_two_logs_are_not_told_as_one(tmp_path, dossier):
    log, mine, _ = two_sided(tmp_path)
    other = a_log(arena="blue-line")
    code, said = dossier(mine, other.write(tmp_path / "o.zip"), "-o", tmp_path / "d.html", *roots(log))
    assert (code, "of 2 logs" in said) == (2, True), said


def test_what_one_file_has_false_is_told_with_its_name_and_does_not_hide_what_holds(tmp_path, dossier):
    log, mine, theirs = two_sided(tmp_path)
    bent = log.files().with_lines(
        "entries.jsonl",
        lambda lines: [
            re.sub(rb'"salt": ?"."?', lambda f: f[0][:-1] + (b"1" if f[0][-1:] == b"0" else b"0"), each)
            for each in lines
        ],
    )
    (tmp_path / "bent").mkdir()
    for name, raw in bent.items():
        place = tmp_path / "bent" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw)
    code, _ = dossier(mine, theirs, tmp_path / "bent", "-o", tmp_path / "d.html", *roots(log))
    page = (tmp_path / "d.html").read_text()
    assert code == 2
    assert "bent: entry" in page
    assert "at the bridge" in page
