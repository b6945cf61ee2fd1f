"""What crosses HTTP: requests as raw bytes, read strictly; answers as JSON; refusals as problem details (RFC 9457).

The framework's own decoding takes `"33"` for a number and 0 for a date. Nothing is guessed here: bytes are read once, a member
given twice or not known is refused, and so is what is too large or nested too deep. Who may not see a thing is answered as if
there were none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from detente.channel.acts import MemberBody
from detente.channel.forms import Form, form_from
from detente.domain import (
    AgainstTerms,
    Conflicted,
    DetenteError,
    InvalidVolume,
    KeyRefused,
    LeaseLost,
    Malformed,
    NoMinima,
    NoSuchArena,
    NotAuthentic,
    NotUnderstood,
    OutOfStep,
    RolledBack,
    StaleVersion,
    StoreUnavailable,
    TooLarge,
    UnreadableFile,
    at,
)
from detente.record.canonical import canonical, read_strict

T = TypeVar("T")
MOST_BODY_BYTES: Final = 8 << 20
DEEPEST: Final = 16
MOST_ACTS: Final = 1_001  # one for the host, and one for each other member
RETRY_AFTER_S: Final = 1
_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
PROBLEM_TYPE: Final = "application/problem+json"


class NotKnown(DetenteError):
    """No token, or one that opens nothing: never issued, expired, revoked. Which of them is not said."""


class NotThere(DetenteError):
    """Nothing there, or nothing this token may see. Which of them is not said."""


class TooOften(DetenteError):
    """More requests, or more listeners, than one token may have; the message gives the limit."""


class Broken(DetenteError):
    """We failed at it, by a fault of our own; nothing was kept. Sending it again does not help; the host's log has the rest."""


@dataclass(frozen=True, slots=True)
class Family:
    """How an error family looks over HTTP. `says_what` is False where the message is for the host's log alone."""

    status: int
    name: str
    title: str
    says_what: bool = True
    retry_after_s: int | None = None


FAMILIES: Final[dict[type[DetenteError], Family]] = {
    Malformed: Family(400, "malformed", "The bytes are not what they should be"),
    UnreadableFile: Family(400, "unreadable", "The content cannot be read"),
    NotKnown: Family(401, "not-known", "A valid token is needed"),
    NotAuthentic: Family(403, "not-authentic", "The signature does not hold for this"),
    NotThere: Family(404, "not-there", "There is nothing here for this token"),
    NoSuchArena: Family(404, "not-there", "There is nothing here for this token", says_what=False),
    StaleVersion: Family(409, "stale-version", "It has changed since"),
    Conflicted: Family(409, "conflicted", "The same name was given to something else"),
    TooLarge: Family(413, "too-large", "It is past a stated bound"),
    InvalidVolume: Family(422, "invalid-volume", "A volume, window or name cannot be"),
    NotUnderstood: Family(422, "not-understood", "It cannot be read without guessing"),
    NoMinima: Family(422, "no-minima", "No separation minima were given"),
    KeyRefused: Family(422, "key-refused", "The key may not be used like this"),
    AgainstTerms: Family(422, "against-terms", "The rules in force do not allow it"),
    TooOften: Family(429, "too-often", "Too many requests", retry_after_s=RETRY_AFTER_S),
    Broken: Family(500, "broken", "A fault of ours"),
    StoreUnavailable: Family(503, "unavailable", "Try again later", says_what=False, retry_after_s=RETRY_AFTER_S),
    RolledBack: Family(
        503, "rolled-back", "The log is not what the host has signed before", retry_after_s=RETRY_AFTER_S
    ),
    LeaseLost: Family(503, "unavailable", "Try again later", says_what=False, retry_after_s=RETRY_AFTER_S),
    OutOfStep: Family(503, "unavailable", "Try again later", says_what=False, retry_after_s=RETRY_AFTER_S),
}
NOT_THERE: Final = "there is nothing here, or nothing that this token may see"


class Problem(Form, frozen=True):
    """A refusal: RFC 9457, with where in the request and how it is usually mended."""

    type: str
    title: str
    status: int
    detail: str = ""
    where: str = ""
    hint: str = ""


class SubmissionRequest(Form, frozen=True):
    """Acts to decide at once, each a DSSE envelope as JSON text; sent again under the same id they are answered the same."""

    submission: str
    acts: tuple[str, ...]


def problem(error: DetenteError) -> tuple[Problem, Family]:
    """How a refusal is answered. Whatever tells two kinds of "not for you" apart is left out."""
    family = FAMILIES[type(error)]
    urn = f"urn:detente:problem:{family.name}"
    if family.says_what:
        return Problem(urn, family.title, family.status, error.what, error.where, error.hint), family
    if family.status == 404:
        return Problem(urn, family.title, family.status, NOT_THERE), family
    detail = "the channel could not do it just now; nothing was told to anybody unless it was kept"
    return Problem(urn, family.title, family.status, detail, hint="send the same again, under the same id"), family


def problem_of_status(status: int) -> Problem:
    """The refusal of a request that never reached us: no such route, a method it does not have."""
    if status == 404:
        return problem(NotThere(NOT_THERE))[0]
    titles = {400: "Not a request we understand", 405: "This route has no such method", 413: FAMILIES[TooLarge].title}
    detail = f"the limit is {MOST_BODY_BYTES} bytes" if status == 413 else ""
    return Problem("about:blank", titles.get(status, "The request failed"), status, detail)


def read_body(raw: bytes, kind: type[T], *, most_bytes: int = MOST_BODY_BYTES) -> T:
    """A request's body as a form.

    Raises:
        TooLarge: more bytes than may be, or nested deeper than `DEEPEST`.
        Malformed: not JSON, or a member twice.
        NotUnderstood: not of this kind; the message names the member.
    """
    if len(raw) > most_bytes:
        raise TooLarge(f"a body of {len(raw)} bytes; the limit is {most_bytes}", hint="send less at once")
    check_depth(raw)
    return form_from(read_strict(raw), kind)


def check_depth(raw: bytes) -> None:
    """Returns where JSON is nested no deeper than `DEEPEST`, before any of it is read.

    Raises:
        TooLarge: it is.
    """
    depth = 0
    for byte in _TEXT.sub(b"", raw).translate(None, _NO_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth > DEEPEST:
            raise TooLarge(f"nested deeper than {DEEPEST}", hint="no request needs it")


def read_submission_request(raw: bytes) -> SubmissionRequest:
    """A submission, its acts still sealed.

    Raises:
        as `read_body`; NotUnderstood also for an id that is not 32 hex digits, or no acts; TooLarge for too many.
    """
    request = read_body(raw, SubmissionRequest)
    with at("submission"):
        if len(request.submission) != 32 or set(request.submission) - set("0123456789abcdef"):
            raise NotUnderstood("not 32 hex digits", hint="draw 16 random bytes, and keep them to send it again")
    with at("acts"):
        if not request.acts:
            raise NotUnderstood("there are no acts", hint="sign at least one")
        if len(request.acts) > MOST_ACTS:
            raise TooLarge(f"{len(request.acts)} acts; the limit is {MOST_ACTS}")
    return request


def read_member_request(raw: bytes) -> MemberBody:
    """A party the host takes in."""
    return read_body(raw, MemberBody)


def json_bytes(value: Any) -> bytes:
    """Canonical JSON: the same answer has the same bytes, and the same size."""
    return canonical(value)
