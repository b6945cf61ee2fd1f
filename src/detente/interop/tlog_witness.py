"""Asking a witness over HTTP: C2SP tlog-witness, as a log speaks it. What it answers is only read here, and not believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from detente.domain import NotUnderstood, StoreUnavailable
from detente.interop.bounded_http import AS_IT_IS, read_bounded
from detente.record.note import MOST_BYTES
from detente.record.witness import MOST_ANSWER_BYTES, SIZE_TYPE, AddCheckpoint, read_size


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """Status and body; `size` where it answers the size that it cosigned last."""

    status: int
    body: bytes
    size: int | None = None

    @property
    def said(self) -> str:
        """For people."""
        return f"{self.status} {self.body[:200].decode('utf-8', 'replace').strip()}"


def check_witness_url(url: str) -> str:
    """The submission prefix of a witness, as it is kept.

    Raises:
        NotUnderstood: none.
    """
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_one = False
    if not is_one or parts.query or parts.fragment or parts.username:
        raise NotUnderstood(f"{url!r:.80} is no witness's address", hint="such as https://witness.example.org")
    return url.rstrip("/")


class WitnessLine:
    """A line to one witness, kept open between requests.

    Args:
        within_s: for an answer, however slowly it comes.
    """

    def __init__(self, url: str, within_s: float) -> None:
        import httpx

        self.url, self._within_s = check_witness_url(url), within_s
        self._http = httpx.Client(headers=AS_IT_IS, timeout=within_s, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        """Hangs up."""
        self._http.close()

    def add_checkpoint(self, request: AddCheckpoint) -> WitnessAnswer:
        """What it says to a head.

        Raises:
            StoreUnavailable: nothing, or not in time. TooLarge: too much. Malformed: a size that is none.
        """
        answer, body = self._asked("POST", "/add-checkpoint", MOST_ANSWER_BYTES, content=request.raw)
        is_size = answer.status_code == 409 and answer.headers.get("content-type", "").startswith(SIZE_TYPE)
        return WitnessAnswer(answer.status_code, body, read_size(body) if is_size else None)

    def latest(self, origin: str) -> bytes | None:
        """The note that it cosigned last, which witnesses of ours give beyond the standard; None where it gives none.

        Raises:
            StoreUnavailable, TooLarge: as above.
        """
        answer, body = self._asked("GET", f"/latest?origin={quote(origin, safe='')}", MOST_BYTES)
        return body if answer.status_code == 200 else None

    def _asked(self, method: str, way: str, most_bytes: int, **request: Any) -> tuple[Any, bytes]:
        import httpx

        try:
            with self._http.stream(method, self.url + way, **request) as answer:
                return answer, read_bounded(answer, most_bytes, self._within_s)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise StoreUnavailable(f"{self.url} does not answer: {error}") from error
