"""A party's line to the server: requests as JSON over HTTP, refusals as errors, postings as they come.

Nothing that comes over it is believed because it came: what others signed is verified in `told`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from detente.client.release import submission_id
from detente.domain import DetenteError, NotUnderstood, StoreUnavailable
from detente.record.canonical import read_strict
from detente.record.envelope import Envelope, to_json

if TYPE_CHECKING:
    import httpx

TIMEOUT_S: Final = 30.0
GIVE_UP_S: Final = 60.0
PAGE: Final = 200


class Refused(DetenteError):
    """The server refuses: what, where and hint are its own words. `name` is the kind of problem, `status` that of HTTP."""

    def __init__(self, what: str, *, hint: str = "", where: str = "", name: str = "", status: int = 0) -> None:
        super().__init__(what, hint=hint, where=where)
        self.name, self.status = name, status


def check_server(url: str) -> str:
    """A server's address as it is kept.

    Raises:
        NotUnderstood: it is none, or a token would go to another machine in the clear.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise NotUnderstood(f"{url!r:.80} is no server's address", hint="such as https://channel.example.org")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise NotUnderstood(
            f"{url!r:.80} has no TLS: the token would go in the clear", hint="use https://, or a server on this machine"
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Link:
    """A line to one arena of a server, with one token.

    Args:
        certificates: a file of certificates to trust in place of the system's.
        give_up_s: for how long a request that the server cannot take just now is sent again.
    """

    def __init__(
        self, server: str, arena: str, token: str, *, certificates: str | None = None, give_up_s: float = GIVE_UP_S
    ) -> None:
        import httpx

        verify: Any = True
        if certificates:
            import ssl

            verify = ssl.create_default_context(cafile=certificates)
        self._give_up_s = give_up_s
        self._http = httpx.Client(
            base_url=check_server(server),
            headers={"Authorization": f"Bearer {token}", "User-Agent": "detente"},
            timeout=TIMEOUT_S,
            verify=verify,
            follow_redirects=False,
            trust_env=False,
        )
        self._arena = arena

    def close(self) -> None:
        """Hangs up."""
        self._http.close()

    def get(self, route: str, **query: Any) -> Any:
        """What a route of the arena answers.

        Raises:
            Refused: the server's refusal.
            StoreUnavailable: nobody answers, or the server cannot just now.
        """
        known = {name: value for name, value in query.items() if value is not None}
        return self._asked("GET", route, params=known)

    def post(self, route: str, body: Any) -> Any:
        """As `get`, of a request with a body; sent again, as it is, while the server cannot take it just now."""
        return self._asked("POST", route, content=json.dumps(body, ensure_ascii=False).encode())

    def submit(self, envelopes: Sequence[Envelope], **asked: Any) -> Any:
        """What a submission is answered. Sent again after a broken line, it is the same submission."""
        acts = [to_json(each).decode() for each in envelopes]
        return self.post("submissions", {"submission": submission_id(envelopes), "acts": acts, **asked})

    def pages(self, route: str, member: str, after: str | None = None, **query: Any) -> Iterator[Any]:
        """Everything a paged list holds, from a cursor on: pages as they are answered, each with at least one of `member`."""
        while True:
            page = self.get(route, after=after, limit=PAGE, **query)
            if page[member]:
                yield page
            if page["cursor"] is None or not page[member]:
                return
            after = page["cursor"]

    def events(self, after: str | None = None) -> Iterator[Any]:
        """Postings as they come, for ever, from a cursor on; a broken line is taken up again where it broke.

        Raises:
            Refused: the token opens nothing any more.
        """
        import httpx

        while True:
            try:
                for posting in self._stream(after):
                    yield posting
                    after = posting["cursor"]
            except (httpx.TransportError, StoreUnavailable):
                pass
            time.sleep(1.0)

    def _stream(self, after: str | None) -> Iterator[Any]:
        headers = {"Last-Event-ID": after} if after else {}
        with self._http.stream("GET", f"/arenas/{self._arena}/events", headers=headers) as stream:
            if stream.status_code != 200:
                stream.read()
                raise _refusal(stream)
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    yield read_strict(line.removeprefix("data: ").encode())

    def _asked(self, method: str, route: str, **request: Any) -> Any:
        import httpx

        until_s = time.monotonic() + self._give_up_s
        while True:
            try:
                answer = self._http.request(method, f"/arenas/{self._arena}/{route}", **request)
                if answer.status_code == 200:
                    return read_strict(answer.content)
                refusal: DetenteError = _refusal(answer)
            except httpx.TransportError as error:
                refusal = StoreUnavailable(
                    f"{self._http.base_url} does not answer: {error}", hint="check the address, and that it is up"
                )
                refusal.__cause__ = error
            may_help = isinstance(refusal, StoreUnavailable) or (isinstance(refusal, Refused) and refusal.status == 429)
            if not may_help or time.monotonic() > until_s:
                raise refusal
            time.sleep(0.5)


def _refusal(answer: httpx.Response) -> DetenteError:
    try:
        told = read_strict(answer.content)
        what, hint, where = (str(told.get(name, "")) for name in ("detail", "hint", "where"))
        what, name = what or str(told.get("title", "")), str(told.get("type", "")).rpartition(":")[2]
    except (DetenteError, AttributeError):
        what, hint, where, name = f"the server answers {answer.status_code}", "is this a détente server?", "", ""
    if answer.status_code == 503:
        return StoreUnavailable(what, hint=hint, retry_may_help=True)
    return Refused(what, hint=hint, where=where, name=name, status=answer.status_code)
