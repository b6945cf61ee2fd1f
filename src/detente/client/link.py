"""A party's line to the server: requests as JSON over HTTP, refusals as errors, postings as they come.

Nothing that comes over it is believed because it came: what others signed is verified in `told`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from detente.channel.forms import form_from
from detente.client.answers import OpenItem, Posting
from detente.client.release import submission_id
from detente.domain import DetenteError, NotUnderstood, RolledBack, StoreUnavailable, at
from detente.interop.bounded_http import AS_IT_IS, check_status, read_bounded
from detente.record.canonical import read_strict
from detente.record.envelope import Envelope, to_json
from detente.record.note import MOST_BYTES, Note

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
TIMEOUT_S: Final = 30.0
GIVE_UP_S: Final = 60.0
PAGE: Final = 200


class Page(Protocol):
    """A page of a list: what is on it, and where the next goes on."""

    @property
    def cursor(self) -> str | None: ...
    @property
    def items(self) -> Sequence[Any]: ...


P = TypeVar("P", bound=Page)


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
        say: told when the line is gone, and when it is back: whoever waits must know that the channel is dark.
    """

    def __init__(
        self,
        server: str,
        arena: str,
        token: str,
        *,
        certificates: str | None = None,
        give_up_s: float = GIVE_UP_S,
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        import httpx

        verify: Any = True
        if certificates:
            import ssl

            verify = ssl.create_default_context(cafile=certificates)
        self._give_up_s, self._say, self._is_gone = give_up_s, say, False
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

    def get(self, route: str, kind: type[T], /, **query: Any) -> T:
        """What a route of the arena answers, in the form that is expected of it.

        Raises:
            Refused: the server's refusal.
            StoreUnavailable: nobody answers, or the server cannot just now.
            Malformed, NotUnderstood: it answers something else; `where` names the route.
        """
        known = {name: value for name, value in query.items() if value is not None}
        answer = self._asked("GET", route, params=known)
        with at(f"the server's {route}"):
            return form_from(answer, kind)

    def post(self, route: str, body: Any) -> Any:
        """As `get`, of a request with a body; sent again, as it is, while the server cannot take it just now."""
        return self._asked("POST", route, content=json.dumps(body, ensure_ascii=False).encode())

    def log(self, path: str) -> bytes | None:
        """Something of the arena's log, as it is served; None where it is not there.

        Raises:
            StoreUnavailable: nobody answers, or the server cannot just now. NotAuthentic: another answer. TooLarge: more than can be meant.
        """
        import httpx

        place = f"/arenas/{self._arena}/log/{path}"
        try:
            with self._http.stream("GET", place, headers=AS_IT_IS) as answer:
                body = read_bounded(answer, MOST_BYTES, TIMEOUT_S)
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"{self._http.base_url} does not answer: {error}") from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        check_status(answer, place, body)
        return body

    def show_head(self, note: Note) -> None:
        """Brings the host a head that it has signed, and seems to have forgotten."""
        self._asked("POST", "log/seen", content=note.raw)

    def submit(self, envelopes: Sequence[Envelope]) -> dict[str, Any]:
        """What a submission is answered. Sent again after a broken line, it is the same submission."""
        acts = [to_json(each).decode() for each in envelopes]
        with at("the server's answer"):
            answer = form_from(
                self.post("submissions", {"submission": submission_id(envelopes), "acts": acts}), dict[str, Any]
            )
        if answer.keys() == {"refused"}:  # somebody carried it there before, and that is what it was answered
            raise _refused(answer["refused"], 409)
        return answer

    def pages(self, route: str, kind: type[P], after: str | None = None) -> Iterator[P]:
        """Everything a paged list holds, from a cursor on: pages as they are answered, none of them empty."""
        while (page := self.get(route, kind, after=after, limit=PAGE)).items:
            yield page
            if page.cursor is None:
                return
            after = page.cursor

    def events(self, after: str | None = None) -> Iterator[Posting | OpenItem]:
        """Postings as they come, for ever, from a cursor on; a broken line is taken up again where it broke.

        A request to cease that nobody has acknowledged comes ahead of them, as the item that is open.

        Raises:
            Refused: the token opens nothing any more.
        """
        import httpx

        while True:
            try:
                for told in self._stream(after):
                    yield told
                    after = told.cursor if isinstance(told, Posting) else after
            except (httpx.TransportError, StoreUnavailable):
                self._gone()
            time.sleep(1.0)

    def _stream(self, after: str | None) -> Iterator[Posting | OpenItem]:
        kind: type[Posting] | type[OpenItem] = Posting
        headers = {"Last-Event-ID": after} if after else {}
        with self._http.stream("GET", f"/arenas/{self._arena}/events", headers=headers) as stream:
            if stream.status_code != 200:
                stream.read()
                raise _refusal(stream)
            self._back()
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    kind = OpenItem if line == "event: stop_now" else Posting
                if line.startswith("data: "):
                    with at("the server's events"):
                        yield form_from(read_strict(line.removeprefix("data: ").encode()), kind)

    def _asked(self, method: str, route: str, **request: Any) -> Any:
        import httpx

        until_s = time.monotonic() + self._give_up_s
        while True:
            try:
                answer = self._http.request(method, f"/arenas/{self._arena}/{route}", **request)
                if answer.status_code == 200:
                    self._back()
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
            self._gone()
            time.sleep(0.5)

    def _gone(self) -> None:
        if not self._is_gone:
            self._say(
                f"no line to {self._http.base_url}: trying again; nothing is told to us, and nothing of ours gets out"
            )
        self._is_gone = True

    def _back(self) -> None:
        if self._is_gone:
            self._say("the line is back")
        self._is_gone = False


def _refusal(answer: httpx.Response) -> DetenteError:
    try:
        told = _refused(read_strict(answer.content), answer.status_code)
    except (DetenteError, AttributeError):
        told = Refused(
            f"the server answers {answer.status_code}", hint="is this a détente server?", status=answer.status_code
        )
    if told.name == "rolled-back":  # to try again helps nobody
        return RolledBack(told.what, hint=told.hint)
    if answer.status_code == 503:
        return StoreUnavailable(told.what, hint=told.hint, retry_may_help=True)
    return told


def _refused(told: Any, status: int) -> Refused:
    """A problem (RFC 9457), as the server tells it."""
    what, hint, where = (str(told.get(name, "")) for name in ("detail", "hint", "where"))
    name = str(told.get("type", "")).rpartition(":")[2]
    return Refused(what or str(told.get("title", "")), hint=hint, where=where, name=name, status=status)
