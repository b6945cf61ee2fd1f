"""`detente key`: a party makes its keys, enrols its officers, and survives losing any one of them; nothing is overwritten."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys

import pytest

from detente.cli import main
from detente.record.key_file import public_key_text, read_key_file, unlock
from detente.record.key_history import Enrolment, read_history, read_statement, read_statement_lines
from detente.record.keys import public_key_from_text
from record_world import key

SECRET = "five words drawn by dice"


@pytest.fixture
def detente(tmp_path, monkeypatch, capsys):
    """Runs `detente key …` in an empty folder, passphrases set; gives the JSON it prints, or the refusal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DETENTE_PASSPHRASE", SECRET)
    monkeypatch.setenv("DETENTE_BY_PASSPHRASE", SECRET)

    def run(*arguments, fails=False, text=False):
        shown = () if text else ("--json",)
        monkeypatch.setattr(sys, "argv", ["detente", "key", *map(str, arguments), *shown])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        assert (code == 2 and not out and err) if fails else code == 0, err
        return err if fails else out if text else json.loads(out)

    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The files of a party with root, recovery key and a duty desk; made once, since a passphrase takes its time."""
    folder = tmp_path_factory.mktemp("made")
    environment = {**os.environ, "DETENTE_PASSPHRASE": SECRET, "DETENTE_BY_PASSPHRASE": SECRET}
    for arguments in (
        ("--role", "recovery"),
        ("--role", "root", "--recovery", "relief-mission-recovery.pub"),
        ("--role", "officer", "--officer", "Duty desk", "--by", "relief-mission-root.key"),
    ):
        command = [
            sys.executable,
            "-c",
            "from detente.cli import main; main()",
            "key",
            "new",
            "--party",
            "Relief Mission",
        ]
        subprocess.run([*command, *arguments], cwd=folder, env=environment, check=True, capture_output=True)
    return folder


@pytest.fixture
def party(detente, made, tmp_path):
    """`detente`, in a folder of its own with that party's files."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return detente


def history(folder, root="relief-mission-root.pub"):
    statements = read_statement_lines((folder / "relief-mission.keys").read_bytes())
    return read_history(statements, read_key_file(folder / root).public)


def states(detente):
    return [
        (k["officer"] or k["role"], k["state"].split(" at ")[0]) for k in detente("show", "relief-mission.keys")["keys"]
    ]


def test_a_party_makes_its_keys(party, tmp_path):
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "relief-mission-duty-desk.key", "relief-mission-duty-desk.pub",
        "relief-mission-recovery.key", "relief-mission-recovery.pub",
        "relief-mission-root.key", "relief-mission-root.pub", "relief-mission.keys",
    ]  # fmt: skip
    assert {oct(path.stat().st_mode & 0o777) for path in tmp_path.glob("*.key")} == {"0o600"}
    assert states(party) == [("root", "valid"), ("recovery", "valid"), ("Duty desk", "valid")]
    for path in tmp_path.glob("*.key"):
        assert unlock(read_key_file(path), SECRET).public == read_key_file(path.with_suffix(".pub")).public


def test_a_key_is_shown_without_its_passphrase_and_checked_by_voice(party, monkeypatch):
    monkeypatch.delenv("DETENTE_PASSPHRASE")
    private, public = (party("show", f"relief-mission-root.{end}") for end in ("key", "pub"))
    assert private == {**public, "private": True}
    assert (public["party"], public["role"], public["officer"]) == ("Relief Mission", "root", None)
    assert party("show", "relief-mission-root.pub", "--check", public["fingerprint"].lower())["checked"]
    assert party("show", "relief-mission.keys", "--check", public["fingerprint"])["checked"]
    other = party("show", "relief-mission-duty-desk.pub")["fingerprint"]
    for file in ("relief-mission-root.pub", "relief-mission.keys"):
        assert "read out" in party("show", file, "--check", other, fails=True)
    wrong = public["fingerprint"][:-1] + ("0" if public["fingerprint"][-1] != "0" else "1")
    assert "group 8" in party("show", "relief-mission-root.pub", "--check", wrong, fails=True)


def test_what_is_to_be_said_is_shown_group_by_group(party):
    shown = party("show", "relief-mission-root.pub", text=True)
    groups = re.findall(r"^  (\d)  (\w{5})  (\w.*)$", shown, flags=re.MULTILINE)
    assert [number for number, _, _ in groups] == list("12345678")
    assert all(len(words.split()) == 5 for _, _, words in groups)
    assert "compare the fingerprint with the party by voice" in shown


def test_an_officers_key_is_rotated_by_the_root(party, tmp_path):
    made = party("rotate", "relief-mission-duty-desk.pub", "--by", "relief-mission-root.key")
    assert made["private_key_file"] == "relief-mission-duty-desk-2.key"
    assert states(party)[2:] == [("Duty desk", "replaced"), ("Duty desk", "valid")]
    assert "give --by" in party("rotate", "relief-mission-duty-desk-2.key", fails=True)
    by_itself = ("--by", "relief-mission-duty-desk-2.key")
    assert "signed by none" in party("rotate", "relief-mission-duty-desk-2.pub", *by_itself, fails=True)
    assert history(tmp_path).count == 3


def test_a_key_is_revoked_with_its_reason_and_stays_in_the_list(party, tmp_path):
    since = "2018-09-17T18:39Z"
    said = party(
        "revoke",
        "relief-mission-duty-desk.pub",
        "--by",
        "relief-mission-root.key",
        "--reason",
        "stolen",
        "--suspected-since",
        since,
        "--note",
        "left in a taxi",
    )
    assert said["holder"] == "Duty desk of Relief Mission"
    assert states(party)[2] == ("Duty desk", "revoked (stolen)")
    assert "in doubt since 2018-09-17T18:39:00Z" in party("show", "relief-mission.keys", text=True)
    assert history(tmp_path).count == 3
    assert "already" in party("revoke", said["key"], "--by", "relief-mission-root.key", "--reason", "lost", fails=True)


def test_a_revocation_may_wait_and_may_not_reach_back(party):
    desk = ("relief-mission-duty-desk.pub", "--by", "relief-mission-duty-desk.key", "--reason", "retired")
    assert "is not undone" in party("revoke", *desk, "--at", "2018-09-17T18:39Z", fails=True)
    party("revoke", *desk, "--at", "2200-01-01T00:00Z")
    assert states(party)[2] == ("Duty desk", "valid until 2200-01-01T00:00:00Z")


def test_a_stolen_root_is_replaced_by_the_recovery_key(party, tmp_path):
    party("rotate", "relief-mission-root.pub", "--by", "relief-mission-recovery.key", "--reason", "stolen")
    assert states(party) == [
        ("root", "given up (stolen)"),
        ("recovery", "valid"),
        ("Duty desk", "valid"),
        ("root", "valid"),
    ]
    refused = party(
        "revoke", "relief-mission-duty-desk.pub", "--by", "relief-mission-root.key", "--reason", "lost", fails=True
    )
    party("revoke", "relief-mission-duty-desk.pub", "--by", "relief-mission-root-2.key", "--reason", "lost")
    assert history(tmp_path).head == history(tmp_path, "relief-mission-root-2.pub").head
    again = party("rotate", "relief-mission-root.pub", "--by", "relief-mission-recovery.key", fails=True)
    assert "is not the root that Relief Mission has now: given up (stolen) at " in again
    assert refused == again  # one wording, whichever command it is


def test_a_key_file_is_shown_with_how_its_key_stands_by_the_list(party, tmp_path):
    desk = "relief-mission-duty-desk.pub"
    assert "state       valid, says relief-mission.keys\n" in party("show", desk, text=True)
    made = party("rotate", desk, "--by", "relief-mission-root.key")
    replaced = party("show", desk)
    assert re.fullmatch(rf"replaced at \S+Z, by key {made['key'][:16]}…", replaced["state"])
    party("revoke", made["public_key_file"], "--by", "relief-mission-root.key", "--reason", "stolen")
    assert party("show", made["private_key_file"])["state"].startswith("revoked (stolen) at ")
    (tmp_path / "relief-mission.keys").rename(tmp_path / "elsewhere.keys")
    assert party("show", desk)["state"] is None
    assert "state       not known: no list beside it\n" in party("show", desk, text=True)
    assert party("show", desk, "--history", "elsewhere.keys") == {**replaced, "history": "elsewhere.keys"}


def test_a_key_that_the_list_beside_it_does_not_know_is_shown_as_such(party):
    party("new", "--party", "Relief Mission", "--role", "officer", "--officer", "Night desk")
    assert "state       not in relief-mission.keys\n" in party("show", "relief-mission-night-desk.pub", text=True)
    party("new", "--party", "Other", "--role", "root", "--no-recovery")
    assert "is the list of" in party("show", "relief-mission-root.pub", "--history", "other.keys", fails=True)


def test_root_and_recovery_rotate_themselves(party):
    party("rotate", "relief-mission-root.key")
    party("rotate", "relief-mission-recovery.key")
    assert [state for _, state in states(party)] == ["given up (replaced)", "replaced", "valid", "valid", "valid"]
    assert "not signed by the recovery" in party(
        "rotate", "relief-mission-recovery-2.pub", "--by", "relief-mission-root-2.key", fails=True
    )


def test_a_key_made_in_a_browser_is_enrolled(party, tmp_path):
    pem = public_key_text(key("browser").public, read_key_file(tmp_path / "relief-mission-duty-desk.pub").holder)
    (tmp_path / "browser.pem").write_text(pem[pem.index("-----BEGIN") :], encoding="utf-8")
    assert "officer" in party("enrol", "browser.pem", "--by", "relief-mission-root.key", fails=True)
    said = party(
        "enrol",
        "browser.pem",
        "--by",
        "relief-mission-root.key",
        "--officer",
        "Night desk",
        "--valid-until",
        "2200-01-01T00:00Z",
    )
    assert public_key_from_text(said["public_key"]) == key("browser").public
    assert states(party)[3] == ("Night desk", "valid until 2200-01-01T00:00:00Z")


def test_a_key_made_first_is_enrolled_later_with_its_validity(party, tmp_path):
    party("new", "--party", "Relief Mission", "--role", "officer", "--officer", "Night desk")
    party(
        "enrol",
        "relief-mission-night-desk.pub",
        "--by",
        "relief-mission-root.key",
        "--valid-from",
        "2190-01-01T00:00Z",
        "--valid-until",
        "2200-01-01T00:00Z",
    )
    body = read_statement(read_statement_lines((tmp_path / "relief-mission.keys").read_bytes())[-1].payload).body
    assert isinstance(body, Enrolment)
    assert body.valid_until_us - body.valid_from_us == 3652 * 86_400_000_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new", "--party", "P", "--role", "root"], "--recovery FILE"),
        (["new", "--party", "P", "--role", "recovery", "--no-recovery"], "for a root key"),
        (["new", "--party", "P", "--role", "recovery", "--by", "relief-mission-root.key"], "enrols an officer's key"),
        (["new", "--party", "P", "--role", "officer"], "officer"),
        (["new", "--party", "P", "--role", "root", "--officer", "X", "--no-recovery"], "names an officer"),
        (["new", "--party", "P", "--role", "officer", "--officer", "X", "--valid-until", "2200-01-01T00:00Z"], "give --by"),
        (["new", "--party", "Relief Mission", "--role", "root", "--no-recovery"], "is there already"),
        (["new", "--party", "P", "--role", "root", "--recovery", "relief-mission-recovery.pub"], "not the recovery of P"),
        (["new", "--party", "Relief Mission", "--role", "root", "--history", "other.keys", "--recovery", "relief-mission-duty-desk.pub"], "not the recovery"),
        (["new", "--party", "P", "--role", "officer", "--officer", "X", "--by", "relief-mission-root.key"], "enrols nobody of P"),
        (["new", "--party", "Relief Mission", "--role", "officer", "--officer", "X", "--by", "relief-mission-duty-desk.key"], "signed by none"),
        (["new", "--party", "Relief Mission", "--role", "officer", "--officer", "X", "--by", "relief-mission-root.pub"], "only a public key"),
        (["enrol", "relief-mission-root.pub", "--by", "relief-mission-root.key"], "only officers"),
        (["enrol", "relief-mission-duty-desk.pub", "--by", "relief-mission-root.key"], "in the list already"),
        (["enrol", "relief-mission-duty-desk.pub", "--by", "relief-mission-root.key", "--valid-from", "tomorrow"], "not a time"),
        (["rotate", "relief-mission-duty-desk.pub", "--by", "relief-mission-root.key", "--reason", "lost"], "is for a root"),
        (["rotate", "relief-mission-root.pub"], "only a public key"),
        (["revoke", "0" * 64, "--by", "relief-mission-root.key", "--reason", "lost"], "never had key"),
        (["revoke", "relief-mission-root.pub", "--by", "relief-mission-root.key", "--reason", "lost"], "no officer's"),
        (["new", "--party", "Relief Mission", "--role", "officer", "--officer", "X", "--by", "relief-mission-root.key", "--valid-from", "2018-01-01T00:00Z"], "acts of the past"),
        (["show", "nothing.pub"], "No such file"),
        (["revoke", "relief-mission-duty-desk.pub", "--by", "relief-mission-root.key", "--reason", "lost", "--history", "no.keys"], "--history"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(party, tmp_path, arguments, said):
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert said in party(*arguments, fails=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_second_key_of_one_name_takes_a_free_file_name(party, tmp_path):
    first = (tmp_path / "relief-mission-recovery.key").read_bytes()
    assert (
        party("new", "--party", "Relief Mission", "--role", "recovery")["private_key_file"]
        == "relief-mission-recovery-2.key"
    )
    assert (tmp_path / "relief-mission-recovery.key").read_bytes() == first


def test_an_exposed_key_does_not_sign(party, tmp_path):
    (tmp_path / "relief-mission-root.key").chmod(0o644)
    assert "chmod 600 relief-mission-root.key" in party("rotate", "relief-mission-root.key", fails=True)


def test_a_changed_list_is_refused_and_says_where(party, tmp_path):
    path = tmp_path / "relief-mission.keys"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b'"payload":"ey', b'"payload":"ex'))
    assert re.search(r"relief-mission\.keys\.statement 1: ", party("show", path.name, fails=True))
    path.write_bytes(lines[1])
    assert "the list does not begin" in party("show", path.name, fails=True)
    path.write_bytes(b"".join(lines)[:-9])
    assert "cut short" in party("show", path.name, fails=True)


def test_a_passphrase_comes_from_a_file_or_the_environment_or_the_terminal(detente, tmp_path, monkeypatch):
    (tmp_path / "secret.txt").write_text("another passphrase, longer\nnot this line\n", encoding="utf-8")
    made = detente("new", "--party", "P", "--role", "recovery", "--passphrase-file", "secret.txt")
    assert unlock(read_key_file(tmp_path / made["private_key_file"]), "another passphrase, longer")
    monkeypatch.setenv("DETENTE_PASSPHRASE", "too short")
    assert "at least 12" in detente("new", "--party", "P", "--role", "recovery", fails=True)
    monkeypatch.delenv("DETENTE_PASSPHRASE")
    assert "nobody to ask" in detente("new", "--party", "P", "--role", "recovery", fails=True)
    assert "cannot be read" in detente(
        "new", "--party", "P", "--role", "recovery", "--passphrase-file", "no.txt", fails=True
    )


def test_in_a_terminal_the_passphrase_is_asked_for_twice_and_not_shown(tmp_path):
    child, terminal = pty.fork()
    if child == 0:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DETENTE")}
        code = "import sys; sys.argv = ['detente', 'key', 'new', '--party', 'P', '--role', 'recovery', '-o', sys.argv[1]]; from detente.cli import main; main()"
        os.execve(sys.executable, [sys.executable, "-c", code, str(tmp_path)], environment)
    shown = (
        answer(terminal, b"New passphrase for the recovery of P: ")
        + answer(terminal, b"confirmation: ")
        + rest(terminal)
    )
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown
    assert SECRET.encode() not in shown
    assert unlock(read_key_file(tmp_path / "p-recovery.key"), SECRET)


def answer(terminal, question):
    shown = b""
    while not shown.endswith(question):
        shown += os.read(terminal, 1024)
    os.write(terminal, SECRET.encode() + b"\n")
    return shown


def rest(terminal):
    shown = b""
    try:
        while part := os.read(terminal, 1024):
            shown += part
    except OSError:  # the other end is closed
        pass
    return shown
