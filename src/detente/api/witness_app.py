"""A witness as an HTTP server, to which logs bring their heads: C2SP tlog-witness, in plain ASGI.

Nobody is asked who they are: what counts is the log's signature on what they bring. Requests are decided one after the other. Beyond
the standard, `GET /latest?origin=…` gives the note that was cosigned last: so a log that was rolled back is shown its own signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from detente.domain import DetenteError, Malformed, TooLarge
from detente.record.checkpoint import read_checkpoint
from detente.record.keys import PublicKey
from detente.record.witness import MOST_REQUEST_BYTES, Cosigned, Refusal, read_add_checkpoint
from detente.stores.witness import Witness

MOST_CONNECTIONS: Final = 256
BODY_WITHIN_S: Final = 10.0
_TEXT: Final = "text/plain; charset=utf-8"
_WAYS: Final = {"/add-checkpoint": "POST", "/latest": "GET"}
_Answer = tuple[int, str, bytes]


class WitnessApp:
    """The application: `logs` are the keys of those that are watched, by origin."""

    def __init__(self, witness: Witness, logs: Mapping[str, PublicKey]) -> None:
        self._witness, self._logs = witness, logs

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        assert scope["type"] == "http", scope["type"]
        status, content_type, body = await self._answered(scope, receive)
        headers = {"content-type": content_type, "content-length": str(len(body)), "cache-control": "no-store"}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answered(self, scope: Any, receive: Any) -> _Answer:
        if scope["path"] not in _WAYS:
            return _refused(404, "there is add-checkpoint, and latest")
        if scope["method"] != _WAYS[scope["path"]]:
            return _refused(405, f"{scope['path']} takes {_WAYS[scope['path']]}")
        try:
            if scope["path"] == "/latest":
                return self.latest(scope["query_string"])
            return self.add_checkpoint(await _body(receive))
        except TooLarge as error:
            return _refused(413, str(error))
        except Malformed as error:
            return _refused(400, str(error))

    def add_checkpoint(self, raw: bytes) -> _Answer:
        """The cosignature, or why there is none.

        Raises:
            Malformed, TooLarge: no request.
        """
        request = read_add_checkpoint(raw)
        origin = read_checkpoint(request.note.text).origin
        if origin not in self._logs:
            return _refused(404, "no log of this origin is watched here")
        try:
            found = self._witness.add(request, origin, self._logs[origin])
        except DetenteError as error:
            return _own_fault(self._witness, error)
        if isinstance(found, Cosigned):
            return 200, _TEXT, found.line.line.encode()
        assert isinstance(found, Refusal)
        return found.status, found.content_type, found.body.encode()

    def latest(self, query: bytes) -> _Answer:
        """The note that was cosigned last."""
        origin = _origin(query)
        if origin not in self._logs:
            return _refused(404, "no log of this origin is watched here")
        try:
            seen = self._witness.watched(origin, self._logs[origin]).seen
        except DetenteError as error:
            return _own_fault(self._witness, error)
        return (200, _TEXT, seen.note.raw) if seen else _refused(404, "nothing of it was cosigned yet")


def _own_fault(witness: Witness, error: DetenteError) -> _Answer:
    """What lies on the witness's own disk cannot be read or written: its people are told what, others are not."""
    witness.say(f"NOTHING IS COSIGNED: {error}")
    return _refused(503, "this witness cannot read or write what it knows")


def _refused(status: int, what: str) -> _Answer:
    return status, _TEXT, f"{what}\n".encode()


def _origin(query: bytes) -> str:
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=4).get("origin", [""])[0]
    except ValueError as error:
        raise Malformed("no query of an origin") from error


async def _body(receive: Any) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Malformed("the request broke off")
        body += message.get("body", b"")
        if len(body) > MOST_REQUEST_BYTES:
            raise TooLarge(f"a request of more than {MOST_REQUEST_BYTES} bytes")
        if not message.get("more_body"):
            return body
