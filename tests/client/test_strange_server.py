"""What answers may be another server, or a page of somebody's proxy: refused as such, and never taken for an answer."""

import http.server
import json
import subprocess
import threading

import pytest

from desk_world import DETENTE
from detente.client import Link
from detente.client.answers import Rules
from detente.domain import DetenteError
from detente.record.keys import SigningKey

BODIES = [
    b"{}",
    b"[]",
    b"null",
    b"<html>",
    b'{"postings":[{}],"cursor":null}',
    b'{"postings":[1],"announcements":[],"cursor":7}',
    b'{"announcements":[{"envelope":"x"}],"cursor":"a","postings":[{"cursor":"c"}]}',
]


@pytest.fixture
def server():
    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-length", str(len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)

        def log_message(self, *_):
            pass

    served = http.server.HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture
def folder(server, tmp_path):
    (tmp_path / "bearer").write_text("x\n")
    (tmp_path / "bearer").chmod(0o600)
    member = {
        "server": f"http://127.0.0.1:{server.server_port}",
        "arena": "levant",
        "party": "A",
        "officer": "o",
        "key": "k",
        "host_key": SigningKey(b"1" * 32).public.text,
        "passphrase": "",
        "certificates": "",
    }
    (tmp_path / "party.json").write_text(json.dumps(member))
    return tmp_path


@pytest.mark.parametrize("body", BODIES, ids=[body.decode() for body in BODIES])
def test_another_answer_is_refused_and_is_no_exit_code_of_a_finding(server, folder, body):
    server.body = body
    for command in (["inbox"], ["party", "list"]):
        run = subprocess.run([*DETENTE, *command, "--as", folder], capture_output=True, text=True, timeout=60)
        assert run.returncode == 2
        assert run.stderr.startswith("detente: ")
        assert "Traceback" not in run.stderr


def test_a_lost_line_is_told_once_and_so_is_its_return(server):
    said = []
    server.body = b'{"host_key": "x", "members": []}'
    port = server.server_port
    server.shutdown()
    server.server_close()
    link = Link(f"http://127.0.0.1:{port}", "levant", "t", give_up_s=1.2, say=said.append)
    with pytest.raises(DetenteError, match="does not answer"):
        link.get("rules", Rules)
    again = http.server.HTTPServer(("127.0.0.1", port), server.RequestHandlerClass)
    again.body = server.body
    threading.Thread(target=again.serve_forever, daemon=True).start()
    try:
        assert link.get("rules", Rules).members == ()
    finally:
        again.shutdown()
        again.server_close()
    assert [words.split(" to ")[0] for words in said] == ["no line", "the line is back"]
