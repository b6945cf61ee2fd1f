"""What parties elsewhere are told by webhooks and e-mail, and how one of them is tried. When, and what next: `deliverer`.

What leaves is a kind, a reference and a deadline: no place, no sender, no word of what it says. A webhook is signed with the host's
key (Standard Webhooks, `v1a`). It goes to public addresses alone, over TLS, and to the very address that was checked: a name that
points elsewhere the next moment leads nowhere. No redirect is followed. An attempt has ten seconds for all of it.

As Standard Webhooks has it, whatever is not a 2xx is tried again, but for 410: a receiver that is set up wrongly answers 3xx and 4xx until
somebody mends it.
"""

from __future__ import annotations

import http.client
import json
import logging
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from functools import cache
from http import HTTPStatus
from io import BufferedReader
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from detente.api.cursors import Cursors
from detente.api.history import Asked
from detente.api.outward import Deadline, Line, Reader, connected, is_public, looked_up, under_tls
from detente.channel.batch import Posting
from detente.channel.outlets import OUTLET, outlet_of
from detente.channel.standing import Lane, Outlet
from detente.channel.store import Store
from detente.channel.webhook import Webhook, read_webhook
from detente.domain import NotUnderstood
from detente.record.canonical import canonical
from detente.record.keys import SigningKey

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LOG: Final = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 0.5
ATTEMPT_S: Final = 10.0
MOST_AT_ONCE: Final = 20  # postings of one outlet between two looks
_AT_ONCE: Final = 8  # outlets
NO_PUBLIC_ADDRESS: Final = (
    "its name leads to no public address"  # also where there is none: which names we know is our own affair
)
_READY: Final = 220  # a mail server's, for what we begin with


class NotTold(Exception):
    """An attempt failed. The message is for the outlet's party; `is_final`: trying again will not help."""

    def __init__(self, problem: str, *, is_final: bool = False) -> None:
        super().__init__(problem)
        self.problem, self.is_final = problem, is_final


@dataclass(frozen=True, slots=True)
class Smtp:
    """The host's own way to send e-mail. Without TLS only where the server is on this machine."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    tls: str = "starttls"  # starttls, tls, or none


@dataclass(frozen=True, slots=True)
class News:
    """What leaves: which posting, of what kind, since when, to be read by when. `reference` is its cursor."""

    arena: str
    message_id: str
    kind: str
    reference: str
    told_us: int
    due_us: int | None

    def body(self) -> bytes:
        """As JSON."""
        data = {"arena": self.arena, "kind": self.kind, "reference": self.reference, "due": _iso(self.due_us)}
        return json.dumps({"type": "detente.waits", "timestamp": _iso(self.told_us), "data": data}).encode()


def _iso(moment_us: int | None) -> str | None:
    return None if moment_us is None else datetime.fromtimestamp(moment_us // 1_000_000, UTC).isoformat()


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _addresses(host: str, port: int, deadline: Deadline, *, to_loopback: bool) -> list[str]:
    try:
        found = looked_up(host, port, deadline)
    except OSError:
        raise NotTold(NO_PUBLIC_ADDRESS) from None
    if not found or not all(is_public(each) or (to_loopback and ip_address(each).is_loopback) for each in found):
        raise NotTold(NO_PUBLIC_ADDRESS)
    return found


def post_webhook(
    url: str,
    news: News,
    key: SigningKey,
    *,
    now_us: int,
    to_loopback: bool = False,
    context: ssl.SSLContext | None = None,
) -> None:
    """Tells a webhook.

    Args:
        to_loopback: also this machine's own addresses, and there without TLS. context: how certificates are verified.
    Raises:
        NotTold: it was not taken.
    """
    try:
        hook = read_webhook(url)
    except NotUnderstood as error:  # taken in before it was read as it is now
        raise NotTold("its address is none", is_final=True) from error
    if not (hook.is_tls or to_loopback):
        raise NotTold("its address has no TLS", is_final=True)
    deadline = Deadline(ATTEMPT_S)
    addresses = _addresses(hook.host, hook.port, deadline, to_loopback=to_loopback)
    if not (hook.is_tls or all(ip_address(address).is_loopback for address in addresses)):
        raise NotTold("its address has no TLS", is_final=True)
    body, moment = news.body(), str(now_us // 1_000_000)
    signature = key.sign(f"{news.message_id}.{moment}.".encode() + body)
    headers = {
        "host": hook.authority,
        "content-type": "application/json",
        "content-length": str(len(body)),
        "user-agent": "detente",
        "connection": "close",
        "webhook-id": news.message_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1a,{b64encode(signature).decode()}",
    }
    try:
        status = _status(hook, addresses, headers, body, context or _verifying(), deadline)
    except ssl.SSLCertVerificationError as error:
        raise NotTold("its certificate does not hold") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotTold("it cannot be reached, or does not answer") from error
    if not 200 <= status < 300:
        raise NotTold(f"it answered {status}", is_final=status == HTTPStatus.GONE)


@cache
def _verifying() -> ssl.SSLContext:
    """By the system's certificates, read once."""
    return ssl.create_default_context()


def _status(
    hook: Webhook,
    addresses: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    context: ssl.SSLContext,
    deadline: Deadline,
) -> int:
    """The status that one request is answered, at the first of the addresses that takes a connection; the rest of the answer is not read."""
    line = connected(addresses, hook.port, deadline)
    if hook.is_tls:
        line = under_tls(line, hook.host, context, deadline)
    with closing(http.client.HTTPConnection(hook.host, hook.port)) as connection:
        connection.sock = Line(line, deadline)
        connection.putrequest("POST", hook.target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        return connection.getresponse().status


# ── e-mail ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def send_mail(to: str, news: News, smtp: Smtp) -> None:
    """Tells an e-mail address.

    Raises:
        NotTold: the host's mail server did not take it.
    """
    message = EmailMessage()
    message["From"], message["To"] = smtp.sender, to
    message["Subject"] = f"{news.arena}: {news.kind.replace('_', ' ')} waits"
    message["Message-ID"] = f"<{news.message_id}@detente.invalid>"
    due = f"To be read by {_iso(news.due_us)}." if news.due_us is not None else "No deadline is agreed for it."
    message.set_content(
        f"Something waits for you in arena {news.arena}: {news.kind.replace('_', ' ')}.\n{due}\n\n"
        f"Reference: {news.reference}\n\nWhat it says is told in the channel alone: detente inbox\n"
    )
    try:
        with closing(_MailLine(smtp, Deadline(ATTEMPT_S))) as line:
            line.begin()
            line.send_message(message)
            line.leave()
    except smtplib.SMTPRecipientsRefused as error:
        is_final = all(500 <= code < 600 for code, _ in error.recipients.values())  # 4xx asks to try again
        raise NotTold("the mail server refuses the address", is_final=is_final) from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotTold("the host's mail server did not take it") from error


class _MailLine(smtplib.SMTP):
    """A session with the host's mail server that is over by the deadline, however slowly it speaks."""

    def __init__(self, smtp: Smtp, deadline: Deadline) -> None:
        super().__init__(local_hostname=_own_name(smtp.sender))
        self._smtp, self._deadline = smtp, deadline
        self._host = smtp.host  # whose certificate has to hold

    def begin(self) -> None:
        """Connects, under TLS where there has to be, and says who we are."""
        smtp, deadline = self._smtp, self._deadline
        self.sock = connected(looked_up(smtp.host, smtp.port, deadline), smtp.port, deadline)
        if smtp.tls == "tls":
            self.sock = under_tls(self.sock, smtp.host, _verifying(), deadline)
        code, said = self.getreply()
        if code != _READY:
            raise smtplib.SMTPConnectError(code, said)
        if smtp.tls == "starttls":
            self.starttls(context=_verifying())
        if smtp.user:
            self.login(smtp.user, smtp.password)

    def leave(self) -> None:
        """Takes leave. The message is taken whatever is answered: nothing of this is a failure."""
        try:
            self.quit()
        except (OSError, smtplib.SMTPException):
            LOG.debug("the mail server hung up")

    def send(self, s: ReadableBuffer | str) -> None:
        if self.sock is not None:
            self.sock.settimeout(self._deadline.left_s())
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = BufferedReader(Reader(self.sock, self._deadline))
        reply = super().getreply()
        if self.sock is not None and reply[0] == _READY:  # a handshake may follow, and has what time is left
            self.sock.settimeout(self._deadline.left_s())
        return reply


def _own_name(sender: str) -> str:
    """What we call ourselves: the sender's domain. This machine's own name would have to be looked up."""
    return parseaddr(sender)[1].rpartition("@")[2] or "[127.0.0.1]"


# ── how it is called ─────────────────────────────────────────────────────────────────────────────────────────────────


def message_id(cursors: Cursors, arena: str, outlet: Outlet, posting: Posting) -> str:
    """The same however often it is told, and telling nothing: numbers could be counted through, if it were not for the key."""
    place = canonical([outlet.outlet_id, posting.number])
    return "msg_" + cursors.name(place, arena=arena, party=outlet.party, purpose="message")


# ── what a party reads of its own ────────────────────────────────────────────────────────────────────────────────────


def outlets(store: Store, cursors: Cursors, asked: Asked) -> bytes:
    """The party's outlets, how far each has got, and what was given up: `{"cursor", "outlets"}`, canonical JSON; one page.

    Raises:
        NotUnderstood: `after` is given; there is no other page.
    """
    if asked.after:
        raise NotUnderstood("there is one page of outlets", hint="ask without a cursor", where="after")
    own = [each for each in map(outlet_of, store.due_of(asked.arena, OUTLET)) if each.party == asked.party]

    def reference(number: int) -> str:
        return cursors.of_number(number, arena=asked.arena, party=asked.party)

    told = [
        {
            "outlet_id": each.outlet_id,
            "kind": each.kind,
            "address": each.address,
            "kinds": list(each.kinds),
            "told_up_to": reference(each.rest.after_number),
            **_waits(each.rest),
            "stops": _waits(each.stops),
            "given_up": [
                {
                    "kind": dead.kind,
                    "reference": reference(dead.number),
                    "problem": dead.problem,
                    "at_us": dead.given_up_us,
                }
                for dead in each.dead
            ],
        }
        for each in own
    ]
    return canonical({"cursor": None, "outlets": told})


def _waits(lane: Lane) -> dict[str, Any]:
    return {"attempts": lane.attempts, "next_try_us": lane.try_us or None, "problem": lane.problem}
