"""A real server, a witness that follows it and one that it comes to, each a process of its own; killed and started again."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import httpx
import pytest

from channel_world import ARENA
from detente.channel.acts import MessageBody
from detente.domain import Recording, Witness
from detente.record.checkpoint import cosigned_s, open_checkpoint, origin_of
from detente.record.keys import public_key_from_text
from detente.record.note import read_note
from served_log import Outsider, over_http
from served_world import DETENTE, Server

SECRET = {"DETENTE_PASSPHRASE": "five words drawn by dice", "DETENTE_BY_PASSPHRASE": "five words drawn by dice"}
ENVIRONMENT = {**os.environ, **SECRET}


def made(path, name):
    new = [*DETENTE, "witness", "new", "--party", "A", "--name", name, "--folder", str(path), "--json"]
    told = json.loads(subprocess.run(new, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout)
    return Witness(name, told["key"])


@pytest.fixture
def processes():
    running = []

    def start(*command):
        process = subprocess.Popen([*DETENTE, "witness", *command], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_heads_are_cosigned_by_a_witness_that_comes_and_by_one_that_is_gone_to_through_kills(tmp_path, processes):
    server = Server(tmp_path, f"sqlite:///{tmp_path / 'channel.db'}")
    server.start()
    host_key = public_key_from_text(server.get("A", "rules")["host_key"])
    follows, waits = made(tmp_path / "follows", "a.example/w"), made(tmp_path / "waits", "b.example/w")
    keys = {each.name: public_key_from_text(each.key) for each in (follows, waits)}
    server.found(record=Recording(host_key.text, (follows, waits), 2))

    def waiting(listen):
        log = f"{ARENA}={host_key.text}"
        process = processes("serve", "--listen", listen, "--log", log, "--folder", str(tmp_path / "waits"))
        return process, process.stdout.readline().split()[-1]

    def following():
        return processes(
            "follow", server.url, "--arena", ARENA, "--log-key", host_key.text, "--folder", str(tmp_path / "follows")
        )

    def cosigned():
        raw = httpx.get(f"{server.url}/arenas/{ARENA}/log/checkpoint").content
        head, note = open_checkpoint(raw, origin_of(ARENA), host_key)
        return head.tree_size, cosigned_s(note, keys)

    def until_cosigned(size):
        until_s = time.monotonic() + 60
        while not (cosigned()[0] >= size and len(cosigned()[1]) == 2):
            assert time.monotonic() < until_s, cosigned()
            time.sleep(0.1)

    second, place = waiting("127.0.0.1:0")
    server.end()
    server.serving = ["--witness", f"b.example/w={place}"]
    server.start()
    first = following()
    size = cosigned()[0]
    until_cosigned(size)
    outside = Outsider(over_http(server.http, ARENA), ARENA, host_key)
    for number in range(3):
        body = MessageBody(f"{number:032x}", "hello")
        server.post("A", [server.parties["A"].sign("message", "B", body)])
        until_cosigned(size + 1)
        size = outside.look().tree_size
        for process in (first, second):
            process.kill()
            process.wait()
        if number == 1:
            server.end(signal.SIGKILL)
            server.start()
            outside.get = over_http(server.http, ARENA)
        first, (second, _) = following(), waiting(place.removeprefix("http://"))
    for name, folder in (("a.example/w", "follows"), ("b.example/w", "waits")):
        (latest,) = (tmp_path / folder).glob("logs/*/latest")
        assert cosigned_s(read_note(latest.read_bytes()), {name: keys[name]})
        assert not list((tmp_path / folder).glob("logs/*/s*"))
    server.end()


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_server_on_a_restored_backup_is_found_out_by_the_witness_and_serves_no_more(tmp_path, goes_on):
    live, copy = tmp_path / "channel.db", tmp_path / "copy.db"
    server = Server(tmp_path, f"sqlite:///{live}")
    server.start()
    host_key = public_key_from_text(server.get("A", "rules")["host_key"])
    witness = made(tmp_path / "witness", "a.example/w")
    server.found(record=Recording(host_key.text, (witness,), 1))

    def follow_once():
        command = [*DETENTE, "witness", "follow", server.url, "--arena", ARENA, "--log-key", host_key.text, "--once"]
        command += ["--folder", str(tmp_path / "witness")]
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)

    def say(text):
        body = MessageBody(f"{len(server.parties['A'].last):02x}{text:0>30}", "hello")
        server.post("A", [server.parties["A"].sign("message", "B", body)])

    say("1")
    with closing(sqlite3.connect(live)) as before, closing(sqlite3.connect(copy)) as kept:
        before.backup(kept)
    last = dict(server.parties["A"].last)
    say("2")
    time.sleep(1)
    assert follow_once().returncode == 0
    server.end()
    for path in tmp_path.glob("channel.db*"):
        path.unlink()
    copy.rename(live)
    server.start()
    server.parties["A"].last = last
    if goes_on:
        for text in "345":
            say(text)
        time.sleep(1)
    assert server.get("A", "rules")  # it does not know
    told = follow_once()
    assert told.returncode == 2
    assert ("TOLD TWO STORIES" if goes_on else "WENT BACK") in told.stderr
    for _ in range(2):
        refused = server.http.get(f"/arenas/{ARENA}/rules", headers=server.headers["A"])
        assert (refused.status_code, "does not begin what is here" in refused.text) == (503, True)
        server.end()
        server.start()
    server.end()
