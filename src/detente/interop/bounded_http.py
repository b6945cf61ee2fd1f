"""One request to somebody who may be anybody: so long, so many bytes, no redirects."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from detente.domain import NotAuthentic, StoreUnavailable, TooLarge

if TYPE_CHECKING:
    import httpx

AS_IT_IS: Final = {"Accept-Encoding": "identity"}  # a few bytes could be packed from any number


def asked(url: str, body: bytes, content_type: str, *, most_bytes: int, within_s: float) -> bytes:
    """What a POST is answered with 200.

    Raises:
        StoreUnavailable: nobody answers in time, or the server cannot now.
        NotAuthentic: another answer.
        TooLarge: more bytes than can be meant.
    """
    import httpx

    try:
        with (
            httpx.Client(timeout=within_s, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=body, headers={"Content-Type": content_type, **AS_IT_IS}) as answer,
        ):
            found = read_bounded(answer, most_bytes, within_s)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StoreUnavailable(f"{url} does not answer: {error}", hint="check the address") from error
    check_status(answer, url, found)
    return found


def read_bounded(answer: httpx.Response, most_bytes: int, within_s: float) -> bytes:
    """The body of an answer that is being read, however slowly it drips.

    Raises:
        TooLarge: more bytes than can be meant. StoreUnavailable: it took too long.
    """
    until_s = time.monotonic() + within_s
    body = b""
    for piece in answer.iter_raw():
        body += piece
        if len(body) > most_bytes:
            raise TooLarge(f"{answer.url} answers with more than {most_bytes} bytes")
        if time.monotonic() > until_s:
            raise StoreUnavailable(f"{answer.url} has not answered whole in {within_s:g} s")
    return body


def check_status(answer: httpx.Response, url: str, body: bytes) -> None:
    """Returns where it is 2xx.

    Raises:
        StoreUnavailable: trying again may help. NotAuthentic: it will not.
    """
    said = body[:300].decode("utf-8", "replace").strip()
    what = f"{url}: the server answers {answer.status_code}{f': {said}' if said else ''}"
    if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
        raise StoreUnavailable(what)
    if not answer.is_success:
        raise NotAuthentic(what)
