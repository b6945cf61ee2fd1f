"""A witness as an HTTP server: the standard's statuses and bodies, whoever asks; and what it answered outlives `kill -9`."""

import random
import socket
import subprocess
from urllib.parse import quote

import httpx
import pytest

from detente.api.witness_app import WitnessApp
from detente.record.checkpoint import Checkpoint, cosigned_s, origin_of, sign_checkpoint
from detente.record.note import read_note, read_signatures
from detente.record.witness import MOST_REQUEST_BYTES, SIZE_TYPE, AddCheckpoint, read_cosignature, read_size
from detente.stores.witness import Witness, WitnessFolder
from log_world import Log
from record_world import key
from witness_kills import ENVIRONMENT, asked, kill_and_bring, made, serve_command, served

HOST, WITNESS, STRANGER = map(key, ("host", "witness", "stranger"))
NAME = "party-b.example/witness"
ORIGIN = origin_of("levant")
NOW_S = 1_537_209_540
HONEST, FORKED = Log(ORIGIN, 40), Log(ORIGIN, 40, story="another", fork=11)


@pytest.fixture
def folder(tmp_path):
    return WitnessFolder.create(tmp_path / "witness", NAME)


@pytest.fixture
def said():
    return []


@pytest.fixture
def client(folder, said):
    """The application itself, without a line."""
    app = WitnessApp(Witness(folder, WITNESS, lambda: NOW_S, said.append), {ORIGIN: HOST.public})
    transport = httpx.ASGITransport(app)

    def request(method, path, **named):
        import asyncio

        async def go():
            async with httpx.AsyncClient(transport=transport, base_url="http://witness") as line:
                return await line.request(method, path, **named)

        return asyncio.run(go())

    return request


def test_a_head_that_goes_on_is_answered_with_the_cosignature(client):
    for size, old in ((5, 0), (17, 5), (17, 17), (40, 17)):
        answer = client("POST", "/add-checkpoint", content=asked(HONEST, size, old))
        assert answer.status_code == 200
        note = sign_checkpoint(HONEST.head(size), HOST)
        assert read_cosignature(answer.content, note, NAME, WITNESS.public, NOW_S)
        assert len(read_signatures(answer.text)) == 1


def test_each_refusal_has_the_status_of_the_standard(client, said, folder):
    client("POST", "/add-checkpoint", content=asked(HONEST, 17, 0))
    other = AddCheckpoint(0, (), sign_checkpoint(Checkpoint(origin_of("another"), 5, bytes(32)), HOST)).raw
    stranger = AddCheckpoint(17, (), sign_checkpoint(HONEST.head(17), STRANGER)).raw
    higher = AddCheckpoint(18, (), sign_checkpoint(HONEST.head(17), HOST)).raw
    for status, raw in (
        (404, other),
        (403, stranger),
        (400, higher),
        (400, b""),
        (400, b"old x\n\n"),
        (413, b"x" * 99_999),
    ):
        assert client("POST", "/add-checkpoint", content=raw).status_code == status
    assert client("POST", "/add-checkpoint", content=asked(FORKED, 40, 17)).status_code == 422
    behind = client("POST", "/add-checkpoint", content=asked(HONEST, 40, 5))
    assert (behind.status_code, behind.headers["content-type"], read_size(behind.content)) == (409, SIZE_TYPE, 17)
    assert not said
    fork = client("POST", "/add-checkpoint", content=asked(FORKED, 17, 17))
    assert (fork.status_code, fork.headers["content-type"]) == (409, "text/plain; charset=utf-8")
    assert "TOLD TWO STORIES of 17 entries" in said[0]
    (path,) = folder.wrongs()
    assert read_note((path / "second").read_bytes()).text == FORKED.head(17).text
    assert len(list((folder.log_path(ORIGIN) / "unexplained").glob("*"))) == 1


def test_there_is_nothing_else_to_ask(client):
    assert client("GET", "/add-checkpoint").status_code == 405
    assert client("POST", "/latest").status_code == 405
    assert client("GET", "/").status_code == 404
    assert client("GET", "/../name").status_code == 404
    for query in ("", "?origin=", "?origin=detente%2Fanother", "?" + "&".join(["origin=x"] * 9), "?origin=%ff"):
        assert client("GET", f"/latest{query}").status_code in (400, 404)


def test_a_log_is_shown_what_was_cosigned_of_it_last(client):
    query = f"?origin={quote(ORIGIN, safe='')}"
    assert client("GET", f"/latest{query}").status_code == 404
    client("POST", "/add-checkpoint", content=asked(HONEST, 17, 0))
    note = read_note(client("GET", f"/latest{query}").content)
    assert note.text == HONEST.head(17).text
    assert cosigned_s(note, {NAME: WITNESS.public}) == {NAME: NOW_S}


def test_a_note_that_is_repeated_wears_no_disk_out(client, folder):
    client("POST", "/add-checkpoint", content=asked(HONEST, 17, 0))
    (latest,) = folder.notes()
    before = latest.stat().st_ino
    first = client("POST", "/add-checkpoint", content=asked(HONEST, 17, 17))
    assert first.status_code == 200
    assert latest.stat().st_ino == before


def test_unexplained_requests_fill_no_disk(client, folder):
    client("POST", "/add-checkpoint", content=asked(HONEST, 5, 0))
    for number in range(150):
        head = Checkpoint(ORIGIN, 6 + number, bytes(32))
        raw = AddCheckpoint(5, (), sign_checkpoint(head, HOST)).raw
        assert client("POST", "/add-checkpoint", content=raw).status_code == 422
    assert len(list((folder.log_path(ORIGIN) / "unexplained").iterdir())) == 100


def test_a_disk_that_takes_nothing_is_503_and_tells_others_nothing(client, folder, said):
    (folder.path / "logs").write_text("in the way")
    answer = client("POST", "/add-checkpoint", content=asked(HONEST, 5, 0))
    assert answer.status_code == 503
    assert str(folder.path) not in answer.text
    assert "NOTHING IS COSIGNED" in said[0]


# ── real processes ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_whatever_was_answered_outlives_kill_9_and_no_other_story_is_ever_cosigned(tmp_path):
    assert kill_and_bring(tmp_path / "witness", 8, random.Random(18)) >= 4


def test_a_second_process_is_refused_while_the_first_one_runs(tmp_path):
    path = tmp_path / "witness"
    made(path)
    with served(path):
        second = subprocess.run(serve_command(path), env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert "another process is this witness" in second.stderr


def test_a_body_without_end_is_ended_and_others_are_served_meanwhile(tmp_path):
    path = tmp_path / "witness"
    made(path)
    with served(path) as process:
        host, port = process.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 999999999\r\n\r\n")
            assert httpx.post(f"{process.url}/add-checkpoint", content=asked(HONEST, 5, 0)).status_code == 200
            line.sendall(bytes(MOST_REQUEST_BYTES + 1))
            assert b" 413 " in line.recv(4096)
