"""`detente witness`: made, shown, at work on a log; what it ends with."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib

import pytest

from detente.cli import main
from detente.domain import Witness
from detente.record.checkpoint import NOTE_COSIGNATURE, cosigned_s, origin_of
from detente.record.keys import public_key_from_text, verifier_line
from log_server import LogServer
from log_world import Log
from record_world import key

HOST = key("host")
NAME = "party-b.example/witness"
ORIGIN = origin_of("levant")
SECRET = "five words drawn by dice"


@pytest.fixture
def detente(tmp_path, monkeypatch, capsys):
    """Runs `detente witness …` in an empty folder; gives its exit code, output and complaints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DETENTE_PASSPHRASE", SECRET)
    monkeypatch.setenv("DETENTE_BY_PASSPHRASE", SECRET)

    def run(*arguments, group="witness"):
        handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        monkeypatch.setattr(sys, "argv", ["detente", group, *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        for each, handler in handlers.items():
            signal.signal(each, handler)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def server():
    with LogServer(Log(ORIGIN, 5), HOST) as made:
        yield made


def follow(server, *more):
    return ("follow", server.url, "--arena", "levant", "--log-key", HOST.public.text, *more)


def test_a_witness_is_made_once_and_shows_what_the_understanding_needs(detente, tmp_path):
    code, out, _ = detente("new", "--party", "Coast Guard", "--name", NAME, "--json")
    told = json.loads(out)
    public = public_key_from_text(told["key"])
    assert (code, told["name"], told["party"], told["logs"]) == (0, NAME, "Coast Guard", [])
    assert told["vkey"] == verifier_line(NAME, public, NOTE_COSIGNATURE)
    assert sorted(path.name for path in (tmp_path / "witness").iterdir()) == ["coast-guard-witness.key", "coast-guard-witness.pub", "name"]  # fmt: skip
    code, _, err = detente("new", "--party", "Coast Guard", "--name", NAME)
    assert (code, "there is something in witness already" in err) == (2, True)
    assert json.loads(detente("show", "--json")[1]) == told
    (line,) = [line for line in detente("show")[1].split("\n") if line.startswith("terms")]
    (named,) = tomllib.loads(f"witnesses = [{line.removeprefix('terms')}]")["witnesses"]
    assert Witness(**named) == Witness(NAME, told["key"], "Coast Guard")


@pytest.mark.parametrize("name", ["two words", "a+b", ""])
def test_a_name_that_cannot_stand_in_a_note_leaves_nothing_behind(detente, tmp_path, name):
    assert detente("new", "--party", "Coast Guard", "--name", name)[0] == 2
    assert not (tmp_path / "witness").exists()


def test_it_follows_finds_and_says(detente, server):
    detente("new", "--party", "Coast Guard", "--name", NAME)
    code, out, _ = detente(*follow(server, "--once", "--json"))
    told = json.loads(out)
    assert (code, told["event"], told["origin"], told["tree_size"]) == (0, "cosigned", ORIGIN, 5)
    public = public_key_from_text(json.loads(detente("show", "--json")[1])["key"])
    assert cosigned_s(server.cosignatures[0], {NAME: public}) == {NAME: told["cosigned_s"]}
    assert detente(*follow(server, "--once"))[:2] == (0, "")
    server.log = Log(ORIGIN, 9, story="another", fork=2)
    code, _, err = detente(*follow(server, "--once"))
    assert code == 2
    assert "TOLD TWO STORIES: its tree of 9 entries does not begin with that of 5" in err
    assert len(server.seen) == 1
    assert "FOUND: a log that told two stories" in detente("show")[1]


def test_an_officers_key_does_not_cosign(detente, server, tmp_path):
    detente("new", "--party", "Coast Guard", "--name", NAME)
    (tmp_path / "witness" / "coast-guard-witness.key").unlink()
    detente("new", "--party", "Coast Guard", "--role", "officer", "--officer", "Desk", "-o", "witness", group="key")
    code, _, err = detente(*follow(server, "--once"))
    assert (code, "is the key of Desk of Coast Guard" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("follow", "http://127.0.0.1:9", "--arena", "levant", "--log-key", "AAAA"),
            "an Ed25519 public key has 32 bytes",
        ),
        (
            ("follow", "http://127.0.0.1:9", "--arena", "levant", "--log-key", verifier_line("other", HOST.public)),
            "is of 'other', not of detente/levant",
        ),
        (("follow", "http://channel.example", "--arena", "levant", "--log-key", HOST.public.text), "no TLS"),
        (("serve", "--listen", "nowhere", "--log", f"levant={HOST.public.text}"), "--listen 'nowhere'"),
        (("serve", "--listen", "0.0.0.0:0", "--log", f"levant={HOST.public.text}"), "there is no TLS"),
        (("serve", "--log", "levant"), "--log 'levant'"),
        (("show", "--folder", "elsewhere"), "elsewhere/name cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused(detente, arguments, said):
    detente("new", "--party", "Coast Guard", "--name", NAME)
    code, _, err = detente(*arguments)
    assert (code, said in err) == (2, True), err


def test_a_process_that_follows_outlives_kill_9_and_ends_when_it_is_told(detente, server, tmp_path):
    detente("new", "--party", "Coast Guard", "--name", NAME)
    command = [sys.executable, "-c", "from detente.cli import main; main()", "witness", *follow(server)]

    def started():
        return subprocess.Popen(
            command, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def until(ready):
        until_s = time.monotonic() + 60
        while not ready():
            assert time.monotonic() < until_s
            time.sleep(0.02)

    for _ in range(3):
        server.log.grow(3)
        before, process = len(server.cosignatures), started()
        until(lambda before=before: len(server.cosignatures) > before)
        process.kill()
        process.communicate()
    server.log.grow(3)
    process = started()
    until(lambda: server.cosignatures[-1].text == server.log.head().text)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert not server.seen
