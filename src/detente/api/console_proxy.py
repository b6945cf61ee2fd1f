"""The console from a party's own installation: its files from here, what it asks passed on to the host's server, in plain ASGI.

A file of plans is read here, and the host sees nothing of it until a notice is signed.

It listens on this machine alone. Pages of elsewhere reach it by no trick: a name that was pointed here is no loopback name, and their
origin is not this one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from detente.api.console_files import HEADERS, console_files
from detente.api.reach import is_loopback
from detente.api.readings import Readings
from detente.api.wire import MOST_BODY_BYTES, PROBLEM_TYPE, json_bytes, problem
from detente.channel.forms import plain
from detente.domain import WORLD, DetenteError, NotUnderstood

if TYPE_CHECKING:
    import httpx

MOST_ANSWER_BYTES: Final = 256 * 2**20  # of anything but a stream of events
BODY_WITHIN_S: Final = 60.0
SILENT_S: Final = 120.0
_ASKED: Final = (b"accept", b"accept-language", b"authorization", b"content-type", b"if-none-match", b"last-event-id")
_TOLD: Final = ("allow", "cache-control", "content-type", "date", "etag", "retry-after", "www-authenticate")
_READINGS: Final = re.compile(r"/arenas/[^/]+/readings")
_WAYS: Final = ("GET", "HEAD", "POST")


class _Refused(Exception):
    """A request that is not passed on, or an answer that is not."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def check_server_url(url: str) -> str:
    """The address of a server, without a slash at its end.

    Raises:
        NotUnderstood: it is none, or a token would go to it in the clear.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment or parts.username:
        raise NotUnderstood(f"{url!r:.80} is no server", hint="--server https://channel.example.org")
    if parts.scheme == "http" and not is_loopback(host):
        raise NotUnderstood(f"{url!r:.80}: tokens would go in the clear", hint="https://")
    return url.rstrip("/")


class ConsoleProxy:
    """The application. `http` is the line to the server, which follows no redirects and verifies certificates."""

    def __init__(self, server: str, http: httpx.AsyncClient) -> None:
        self._server, self._http, self._readings = check_server_url(server), http, Readings()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        assert scope["type"] == "http", scope["type"]
        try:
            _check_is_from_here(scope)
            name = scope["path"].lstrip("/") or "index.html"
            if scope["method"] == "POST" and _READINGS.fullmatch(scope["path"]):
                await self._read(scope, receive, send)
            elif scope["path"].startswith("/arenas/"):
                await self._pass_on(scope, receive, send)
            elif scope["method"] in ("GET", "HEAD") and (file := console_files().get(name)):
                charset = "; charset=utf-8" if file.media_type.startswith("text/") else ""
                told = {"content-type": file.media_type + charset, "content-length": str(len(file.content))}
                told["cache-control"] = file.cache_control
                await _begin(send, 200, told)
                await send({"type": "http.response.body", "body": file.content if scope["method"] == "GET" else b""})
            else:
                raise _Refused(404, "there is nothing here")
        except _Refused as error:
            await _begin(send, error.status, {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"})
            await send({"type": "http.response.body", "body": f"{error}\n".encode()})

    async def _read(self, scope: Any, receive: Any, send: Any) -> None:
        """A file of plans, as the server's own route reads one; without its arena, so that place names and swapped coordinates go unchecked."""
        names = parse_qs(scope["query_string"].decode("latin-1")).get("name", [""])
        try:
            told = await self._readings.read(await _body(receive), names[0], WORLD)
        except DetenteError as error:
            told_of, family = problem(error)
            await _begin(send, family.status, {"content-type": PROBLEM_TYPE, "cache-control": "no-store"})
            await send({"type": "http.response.body", "body": json_bytes(plain(told_of))})
            return
        await _begin(send, 200, {"content-type": "application/json", "cache-control": "no-store"})
        await send({"type": "http.response.body", "body": told})

    async def _pass_on(self, scope: Any, receive: Any, send: Any) -> None:
        import httpx

        if scope["method"] not in _WAYS:
            raise _Refused(405, "only GET, HEAD and POST are passed on")
        path = scope["raw_path"].partition(b"?")[0]
        if any(part in (b".", b"..") for part in path.lower().replace(b"%2e", b".").replace(b"%2f", b"/").split(b"/")):
            raise _Refused(404, "there is nothing here")
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                body = await _body(receive)
        except TimeoutError:
            raise _Refused(408, "the request did not come whole") from None
        headers = [(name, value) for name, value in scope["headers"] if name in _ASKED]
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        url = self._server + (path + query).decode("ascii", "replace")
        request = self._http.build_request(
            scope["method"], url, content=body, headers=[*headers, (b"accept-encoding", b"identity")]
        )
        try:
            answer = await self._http.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Refused(502, f"{self._server} does not answer: {error}") from error
        try:
            if answer.is_redirect:
                raise _Refused(502, f"{self._server} points elsewhere, which is not followed")
            await _begin(
                send, answer.status_code, {name: answer.headers[name] for name in _TOLD if name in answer.headers}
            )
            await _until_gone(receive, _relay(answer, send))
        finally:
            await answer.aclose()


async def _relay(answer: httpx.Response, send: Any) -> None:
    """Raises: ConnectionError: it is longer than can be meant; the connection ends, so that nobody takes it for whole."""
    is_stream = answer.headers.get("content-type", "").startswith("text/event-stream")
    count = 0
    async for piece in answer.aiter_raw():
        count += len(piece)
        if count > MOST_ANSWER_BYTES and not is_stream:
            raise ConnectionError(f"{answer.url.host} answers with more than {MOST_ANSWER_BYTES} bytes")
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _until_gone(receive: Any, relaying: Any) -> None:
    """Relays until it is done or nobody listens any more: a stream of events may be silent for long."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = [asyncio.ensure_future(relaying), asyncio.ensure_future(gone())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(ended[0], Exception):
        raise ended[0]


def _check_is_from_here(scope: Any) -> None:
    """Raises: _Refused: another's page asks, or a name that is not this machine's."""
    hosts = list(_of(scope["headers"], b"host"))
    origins = list(_of(scope["headers"], b"origin"))
    if len(hosts) != 1 or not _is_ours(hosts[0]):
        raise _Refused(403, "asked under a name that is not this machine's")
    if any(origin != f"http://{hosts[0]}" for origin in origins):
        raise _Refused(403, "asked by a page of elsewhere")


def _of(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> Iterable[str]:
    return (value.decode("latin-1") for name, value in headers if name == wanted)


def _is_ours(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name in ("localhost", "127.0.0.1", "::1")


async def _body(receive: Any) -> bytes:
    body = b""
    async for piece in _pieces(receive):
        body += piece
        if len(body) > MOST_BODY_BYTES:
            raise _Refused(413, f"more than {MOST_BODY_BYTES} bytes")
    return body


async def _pieces(receive: Any) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Refused(400, "the request did not come whole")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def _begin(send: Any, status: int, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in {**HEADERS, **headers}.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
