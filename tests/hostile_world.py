"""A recipient who asks of everything, and two servers that differ only in what was not released to it.

Each server is real: HTTP on loopback, its own store, a clock that the test sets. What a recipient reads is compared byte for byte
but for signatures, commitments, digests and cursors, which stand as placeholders of their own length, numbered as they first come.
"""

import json
import re
import shutil
import threading
import time
from base64 import b64decode
from contextlib import closing, contextmanager
from secrets import token_hex

import httpx
import uvicorn

from channel_world import ARENA, NOON_US, Party, random_bytes
from detente.api.app import create_app
from detente.api.tokens import RateLimit, TokenRole, new_token
from detente.record.envelope import to_json
from detente.stores.clock import SteadyClock
from detente.stores.sqlite import SqliteStore
from door_world import CURSOR_KEY
from patience import wait_until
from sequencer_world import GRIDS, Site

SECOND_US = 1_000_000
ROLES = ("officer", "duty_officer", "observer", "board")  # a recipient may hold a token of each; never the host's
_HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_CURSORS = ("cursor", "after", "announced", "announced_after")
_UNLIMITED = RateLimit(per_s=1e9, burst=1e9)


class Clock:
    """Moves when it is told to."""

    def __init__(self, now_us):
        self.now_us = now_us

    def __call__(self):
        return self.now_us


class Served(Site):
    """One server, and the parties' own clients."""

    def __init__(self, path, now_us=NOON_US):
        self.clock = Clock(now_us)
        super().__init__(SqliteStore(path, clock=SteadyClock(self.clock, self.clock)))
        self.tokens = {}

    @contextmanager
    def serving(self):
        with closing(self.store):
            self.sequencer = self.start(lease_s=10_000_000.0)
            app = create_app(
                self.store, {ARENA: self.sequencer},
                host_key=self.host.key.public, cursor_key=CURSOR_KEY, rate_limit=_UNLIMITED,
            )  # fmt: skip
            config = uvicorn.Config(app, port=0, log_level="error", server_header=False, date_header=False, ws="none")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run)
            thread.start()
            try:
                while not server.started:
                    time.sleep(0.005)
                port = server.servers[0].sockets[0].getsockname()[1]
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as self.http:
                    yield self
                app.state.served.events.close()
            finally:
                server.should_exit = True
                thread.join()
                self.stop()

    def headers(self, party, role="officer"):
        """The same token whenever it is asked for, in both worlds."""
        if (party, role) not in self.tokens:
            secret = next(random_bytes(f"{party} {role}"))
            text, token = new_token(
                secret, arena=ARENA, party="" if role == "host" else party, role=TokenRole(role), officer="watch",
                now_us=NOON_US, valid_for_s=86_400,
            )  # fmt: skip
            self.store.add_token(token)
            self.tokens[party, role] = text
        return {"Authorization": f"Bearer {self.tokens[party, role]}"}

    def post(self, party, envelopes):
        """A submission of another's than who watches; what it is answered."""
        body = {"submission": token_hex(16), "acts": [to_json(e).decode() for e in envelopes]}
        return self.http.post(f"/arenas/{ARENA}/submissions", headers=self.headers(party), json=body)

    def draw(self, party, label):
        """From here on a party's ids follow from the label, so that both worlds draw the same for the same."""
        self.parties[party].random = random_bytes(f"{party} {label}")

    def until(self, now_us):
        """The clock reads so much, and what fell due by then is done."""
        self.clock.now_us = now_us
        wait_until(lambda: not self.store.due(ARENA, now_us, 1))


def founded(folder):
    """The file of an arena with members and rules, and the parties' clients as they stand after."""
    served = Served(folder / "founded.db")
    with served.serving():
        served.found(served.sequencer, answer_tick_ms=0)
    return folder / "founded.db", {name: dict(party.last) for name, party in served.parties.items()}


@contextmanager
def a_world(folder, name, beginning):
    """A server that goes on from a beginning, a minute later."""
    path, lasts = beginning
    shutil.copy(path, folder / f"{name}.db")
    served = Served(folder / f"{name}.db", NOON_US + 60 * SECOND_US)
    for party, last in lasts.items():
        served.parties[party] = Party(party, GRIDS)
        served.parties[party].last = dict(last)
    with served.serving():
        yield served


# ── what is compared ─────────────────────────────────────────────────────────────────────────────────────────────────


class Reader:
    """What one recipient reads of one world; placeholders are numbered over all of it."""

    def __init__(self, served, party):
        self.served, self.party, self.seen = served, party, {}

    def ask(self, method, url, *, role="officer", headers=None, **asked):
        """Status, headers in order, size and content."""
        answer = self.served.http.request(
            method, url, headers=self.served.headers(self.party, role) | (headers or {}), **asked
        )
        return self.told(answer)

    def told(self, answer):
        content = _without_places(answer.content)
        return {
            "status": answer.status_code,
            "headers": [
                (name, value) if name != "content-length" or content == answer.content else (name, str(len(content)))
                for name, value in answer.headers.multi_items()
            ],
            "size": len(content),
            "content": self.plain(content.decode()),
            "cursor": _cursor(answer.content),  # taken out before it is compared
        }

    def events(self, count, **query):
        """A stream until so many events have come: headers, and its bytes."""
        raw, url = b"", f"/arenas/{ARENA}/events"
        headers = self.served.headers(self.party)
        with self.served.http.stream("GET", url, headers=headers, params=query) as stream:
            if stream.status_code == 200:
                for piece in stream.iter_bytes():
                    raw += piece
                    if raw.count(b"\nid: ") >= count and raw.endswith(b"\n\n"):
                        break
            else:
                raw = stream.read()
            lines = [line.partition(": ") for line in raw.decode().splitlines()]
            told = [(name, self._named(value) if name == "id" else self.plain(value)) for name, _, value in lines]
            return {
                "status": stream.status_code,
                "headers": stream.headers.multi_items(),
                "size": len(raw),
                "told": told,
            }

    def plain(self, text):
        """Text with everything that is signed or hashed opened or named."""
        try:
            found = json.loads(text)
        except ValueError:
            return _HEX.sub(lambda match: self._named(match[0]), text)
        return self._opened(found)

    def _opened(self, value, name=""):
        if isinstance(value, dict):
            signed = "payload" if "payloadType" in value else "no payload"
            return {key: self._opened(member, "signed" if key == signed else key) for key, member in value.items()}
        if isinstance(value, list):
            return [self._opened(member, name) for member in value]
        if not isinstance(value, str):
            return value
        if name == "signed":
            return [len(value), self.plain(b64decode(value).decode())]
        if name == "sig" or name in _CURSORS:
            return self._named(value)
        if value.startswith("{"):
            return [len(value), self.plain(value)]
        return _HEX.sub(lambda match: self._named(match[0]), value)

    def _named(self, value):
        number = self.seen.setdefault(value, len(self.seen))
        return f"<{number}, {len(value)} characters>"


def _cursor(content):
    try:
        told = json.loads(content)
    except ValueError:
        return None
    return told.get("cursor", told.get("after")) if isinstance(told, dict) else None


def _without_places(content):
    """What a party may open of the log, less the places: they tell how many entries there are, as docs/record.md says."""
    try:
        told = json.loads(content)
    except ValueError:
        return content
    if not isinstance(told, dict) or "openings" not in told:
        return content
    openings = [{**opening, "position": 0} for opening in told["openings"]]
    return json.dumps({"after": told["after"] and 0, "openings": openings}).encode()
