"""`detente dossier`: a file in the form asked for, exit codes as `detente verify`."""

import sys

import pytest

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
    assert (code, "9 entries, 0 never answered; HOLDS" in said) == (0, True), said
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
