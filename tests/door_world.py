"""The HTTP door in one process: an application on a store with one arena, and clients with tokens of any role."""

from contextlib import contextmanager
from secrets import token_bytes, token_hex

from litestar.testing import TestClient

from channel_world import ARENA
from detente.api.app import create_app
from detente.api.tokens import TokenRole, new_token
from detente.record.envelope import to_json
from sequencer_world import Site

CURSOR_KEY = bytes(range(64))


class Door(Site):
    """The same, reached through HTTP."""

    def __init__(self, store):
        super().__init__(store)
        self.sequencer = self.start()

    @contextmanager
    def ajar(self, rate_limit=None):
        app = create_app(
            self.store, {ARENA: self.sequencer},
            host_key=self.host.key.public, cursor_key=CURSOR_KEY, rate_limit=rate_limit,
        )  # fmt: skip
        with TestClient(app) as client:
            self.http = client
            yield self

    def token(self, party="A", role="officer", arena=ARENA, valid_for_s=3600, now_us=None):
        text, token = new_token(
            token_bytes(32), arena=arena, party="" if role == "host" else party, role=TokenRole(role),
            officer="night watch", now_us=now_us or self.store.now_us(), valid_for_s=valid_for_s,
        )  # fmt: skip
        self.store.add_token(token)
        return text, token

    def headers(self, party="A", role="officer", **told):
        return {"Authorization": f"Bearer {self.token(party, role, **told)[0]}"}

    def get(self, route, party="A", role="officer", **query):
        return self.http.get(f"/arenas/{ARENA}/{route}", headers=self.headers(party, role), params=query)

    def post(self, party, envelopes, submission=None):
        body = {"submission": submission or token_hex(16), "acts": [to_json(e).decode() for e in envelopes]}
        return self.http.post(f"/arenas/{ARENA}/submissions", headers=self.headers(party), json=body)

    def send(self, party, kind, audience, body):
        """What one act of a party is answered."""
        answer = self.post(party, [self.parties[party].sign(kind, audience, body)])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def read_inbox(self, party, limit=2):
        found, cursor = [], None
        while True:
            page = self.get("inbox", party, limit=limit, **({"after": cursor} if cursor else {})).json()
            if not page["postings"]:
                return found
            found += page["postings"]
            cursor = page["cursor"]
