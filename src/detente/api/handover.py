"""From a worker that does not hold an arena's lease to the one that does: what is to be decided or answered goes there, once.

Any worker reads, checks tokens and verifies acts; one decides. What is handed over is authenticated with a key that only the
workers of one host have, is bound to its arena, its body and the moment, and is never handed on: whoever gets it decides, or says
503, and the first looks again who holds the lease. Handed over twice, a submission is the same submission.

Between machines it goes over TLS, or not at all.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeAlias

from detente.api.questions import OfDraft, OfNotice, Question
from detente.api.sequencer import Statement, Submission
from detente.api.wire import (
    FAMILIES,
    MOST_BODY_BYTES,
    NOT_THERE,
    Broken,
    NotThere,
    Problem,
    json_bytes,
    read_body,
)
from detente.channel.acts import MemberBody
from detente.channel.forms import Form, ViewForm, plain, view_form, view_of
from detente.domain import DetenteError, StoreUnavailable
from detente.domain.units import MICROSECONDS_PER_SECOND

if TYPE_CHECKING:
    import httpx

Asked: TypeAlias = Submission | Statement | Question
HEADER: Final = "x-detente-handover"
MOST_HANDED_BYTES: Final = MOST_BODY_BYTES + (64 << 10)  # what a party sent, and who it was
FRESH_S: Final = 30  # the workers' clocks may differ by that much
_BY_NAME: Final = {family.name: kind for kind, family in FAMILIES.items() if family.says_what}


class Handed(Form, frozen=True):
    """What one worker hands to another: acts of a party's, a member to take in, or a question. Exactly one of them."""

    party: str = ""
    submission: str = ""
    acts: tuple[str, ...] = ()
    carried: bool = False
    member: MemberBody | None = None
    notice_id: str = ""
    draft: ViewForm | None = None

    def question(self) -> Question | None:
        """The question, where it is one."""
        if self.draft is not None:
            return OfDraft(self.party, view_of(self.draft))
        return OfNotice(self.party, self.notice_id) if self.notice_id else None


def handed(asked: Asked) -> Handed:
    """The form of what is handed over."""
    match asked:
        case Submission(party, submission, acts, carried):
            return Handed(
                party, submission, tuple(act.envelope.decode("utf-8", "surrogatepass") for act in acts), carried
            )
        case Statement(_, body):
            assert isinstance(body, MemberBody)
            return Handed(member=body)
        case OfNotice(party, notice_id):
            return Handed(party, notice_id=notice_id)
        case OfDraft(party, draft):
            return Handed(party, draft=view_form(draft))


class Handover:
    """How workers of one host know each other.

    Args:
        secret: what all of them share.
        certificates: a file of certificates to trust in place of the system's, where workers have their own.
    """

    def __init__(self, secret: bytes, *, certificates: str | None = None) -> None:
        self._key = hmac.digest(secret, b"detente handover v1", "sha256")
        self._certificates = certificates
        self._http: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Hangs up."""
        if self._http:
            await self._http.aclose()

    async def ask(self, address: str, arena: str, asked: Asked, *, now_us: int, within_s: float) -> bytes:
        """What the worker at an address answers.

        Raises:
            DetenteError: its refusal, as it would be of our own.
            StoreUnavailable: it does not answer, or does not decide just now.
        """
        import httpx

        raw = json_bytes(plain(handed(asked)))
        headers = {HEADER: self._seal(arena, raw, now_us), "content-type": "application/json"}
        try:
            answer = await self._line().post(
                f"{address}/handover/{arena}", content=raw, headers=headers, timeout=within_s
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise StoreUnavailable(f"worker {address}: {error}", retry_may_help=True) from error
        if answer.status_code == 200:
            return answer.content
        raise _refusal(address, answer.status_code, answer.content)

    def open(self, header: str | None, arena: str, raw: bytes, now_us: int) -> Handed:
        """What another worker hands to this one.

        Raises:
            NotThere: no worker of this host did, or not just now; as if there were no such route.
        """
        moment, _, _ = (header or "").partition(".")
        is_number = moment.isascii() and moment.isdigit() and len(moment) < 20
        if not is_number or not hmac.compare_digest(header or "", self._seal(arena, raw, int(moment))):
            raise NotThere(NOT_THERE)
        if abs(now_us - int(moment)) > FRESH_S * MICROSECONDS_PER_SECOND:
            raise NotThere(NOT_THERE)
        return read_body(raw, Handed, most_bytes=MOST_HANDED_BYTES)

    def _seal(self, arena: str, raw: bytes, moment_us: int) -> str:
        said = b"%d\0%b\0%b" % (moment_us, arena.encode(), sha256(raw).digest())
        return f"{moment_us}.{hmac.new(self._key, said, 'sha256').hexdigest()}"

    def _line(self) -> httpx.AsyncClient:
        import httpx

        if self._http is None:
            verify: bool | str = self._certificates or True
            self._http = httpx.AsyncClient(verify=verify, trust_env=False, follow_redirects=False)
        return self._http


def _refusal(address: str, status: int, raw: bytes) -> DetenteError:
    """A refusal as the other worker meant it."""
    try:
        told = read_body(raw, Problem)
    except DetenteError:
        return StoreUnavailable(f"worker {address} answers {status}", retry_may_help=True)
    kind = _BY_NAME.get(told.type.rpartition(":")[2])
    if kind is NotThere and told.detail == NOT_THERE:
        return NotThere(NOT_THERE)
    if kind is not None:
        return kind(told.detail, hint=told.hint, where=told.where)
    if status == 500:
        return Broken("we failed to decide it, by a fault of our own; nothing was kept", hint="tell the host")
    return StoreUnavailable(f"worker {address}: {told.detail}", retry_may_help=True)
