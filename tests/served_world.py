"""A real server on loopback, and clients that speak HTTP to it."""

import json
import os
import signal
import subprocess
import sys
import time
from secrets import token_hex

import httpx

from channel_world import ARENA, Party
from detente.channel.acts import ProposeBody, SignBody
from detente.channel.agreements import PAYLOAD_TYPE, payload
from detente.channel.forms import form_from
from detente.domain import Minima, MinimaRule, Signatory, Terms, Understanding
from detente.record.envelope import sign, to_json
from patience import wait_until
from sequencer_world import GRIDS, PARTIES, a_key, statements_of

DETENTE = [sys.executable, "-c", "from detente.cli import main; main()"]


class Server:
    """`detente serve` as a process of its own, and what a host sets up."""

    def __init__(self, folder, database_url, parties=PARTIES):
        self.options = ["--data", str(folder / "data"), "--database", database_url]
        self.parties = {name: Party(name, GRIDS) for name in parties}
        self.process, self.serving = None, []  # what else `serve` is given
        self.refused_for_now = []  # what was answered 503, and sent again
        self.tell("arena", "create", ARENA)
        self.headers = {name: self.token("--party", name, "--role", "officer") for name in parties}
        self.headers["host"] = self.token("--role", "host")

    def tell(self, *command):
        run = subprocess.run([*DETENTE, *command, *self.options, "--json"], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def token(self, *command):
        return {"Authorization": f"Bearer {self.tell('token', 'issue', ARENA, *command)['token']}"}

    def start(self):
        command = [*DETENTE, "serve", *self.options, "--port", "0", *self.serving]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert " at http://" in line, line
        self.url = line.split(" at ")[1].strip()
        self.http = httpx.Client(base_url=self.url, timeout=30)
        wait_until(self._answers)

    def _answers(self):
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def end(self, with_signal=signal.SIGTERM):
        """Returns the exit code, and how many seconds it took."""
        began_s = time.monotonic()
        if self.process.poll() is None:
            os.kill(self.process.pid, with_signal)
        code = self.process.wait(30)
        self.process.stdout.close()
        self.http.close()
        return code, time.monotonic() - began_s

    def get(self, party, route, **query):
        answer = self.http.get(f"/arenas/{ARENA}/{route}", headers=self.headers[party], params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, party, envelopes, submission=None):
        """The answer; sent again under the same id while the server says to."""
        body = {"submission": submission or token_hex(16), "acts": [to_json(e).decode() for e in envelopes]}
        while True:
            answer = self.http.post(f"/arenas/{ARENA}/submissions", headers=self.headers[party], json=body)
            if answer.status_code != 503:
                assert answer.status_code == 200, answer.text
                return answer.json()
            self.refused_for_now.append(answer.text)
            time.sleep(0.2)

    def found(self, **terms):
        """Members with keys, and an understanding in force, all through HTTP."""
        for name, client in self.parties.items():
            statements = list(statements_of(name, client.key.public))
            body = {"name": name, "kind": "armed_force", "statements": statements}
            answer = self.http.post(f"/arenas/{ARENA}/members", headers=self.headers["host"], json=body)
            assert answer.status_code == 200, answer.text
        members = tuple(form_from(each, Signatory) for each in self.get("A", "rules")["members"])
        rules = (MinimaRule("all", Minima(500.0, 100.0, 60.0)),)
        raw = payload(ARENA, Understanding("U", "1", rules, terms=Terms(parties=members, grids=GRIDS, **terms)), None)
        self.post("A", [self.parties["A"].sign("propose", "", ProposeBody(raw.decode()))])
        for name, client in self.parties.items():
            body = SignBody(to_json(sign(raw, PAYLOAD_TYPE, a_key(f"{name} root"))).decode())
            told = self.post(name, [client.sign("sign", "", body)])
        assert told["rules"] == "U"

    def inbox(self, party):
        found, cursor = [], {}
        while page := self.get(party, "inbox", **cursor):
            if not page["postings"]:
                return found
            found += page["postings"]
            cursor = {"after": page["cursor"]}
        return found

    def listen(self, party, until, after=None):
        """Events until `until(event)`, as the inbox would show them; the id of each is checked to be its cursor.

        A request to cease that comes ahead of its place has none, and is of kind `stop_now`.
        """
        headers = self.headers[party] | ({"Last-Event-ID": after} if after else {})
        found, last_id, kind = [], None, None
        with self.http.stream("GET", f"/arenas/{ARENA}/events", headers=headers) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    last_id = value
                if name == "event":
                    kind = value
                if name == "data":
                    told = json.loads(value)
                    found.append({"kind": kind, "payload": told} if kind == "stop_now" else told)
                    assert kind == "stop_now" or told["cursor"] == last_id
                    if until(found[-1]):
                        return found
        return found
