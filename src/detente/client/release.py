"""What a party signs when it gives, amends or cancels a notice: one view for each recipient, made here, on its own machine.

The host is given no more than the view it screens. The full notice and its salt stay in `Sent`: with them a board can tell, later,
whether each view was honest. An amendment that leaves a recipient's view as it was signs nothing for that recipient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, TypeAlias

from detente.channel.acts import HOST, CancelBody, NoticeBody, Release, ViewBody
from detente.channel.forms import Form, NoticeForm, ViewForm, notice_form, notice_of, plain, view_form, view_of
from detente.channel.views import View, make_view, same_to_the_recipient
from detente.client.signer import Signer
from detente.domain import UNMARKED, InvalidVolume, Marking, Notice, ReleaseGrids, ReleaseLevel, Terms, at
from detente.record.canonical import canonical
from detente.record.commitment import commit
from detente.record.envelope import Envelope

Draw: TypeAlias = Callable[[int], bytes]  # so many fresh random bytes
ID_BYTES: Final = 16
SALT_BYTES: Final = 32


class Sent(Form, frozen=True):
    """One version of a notice as its sender keeps it.

    Attributes:
        salt: 64 hex digits, with which every view's commitment to the full notice opens.
        views: by recipient, the version in force for each.
    """

    notice_id: str
    version: int
    salt: str
    notice: NoticeForm
    screening: ViewForm
    views: dict[str, ViewForm]

    @property
    def levels(self) -> dict[str, ReleaseLevel]:
        """At which level each recipient was told."""
        return {recipient: view.level for recipient, view in self.views.items()}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be submitted, and what the sender keeps once it was taken."""

    sent: Sent
    envelopes: tuple[Envelope, ...]


def agreed_levels(
    terms: Terms, notice: Notice, sender: str, chosen: Mapping[str, ReleaseLevel] | None = None
) -> dict[str, ReleaseLevel]:
    """At which level each other party is told: as chosen, else as agreed, and whoever has to be told at least that it exists.

    Raises:
        InvalidVolume: a level is chosen for somebody who is no party.
    """
    chosen = chosen or {}
    others = [party.name for party in terms.parties if party.name != sender]
    for stranger in sorted(chosen.keys() - set(others)):
        raise InvalidVolume(f"{stranger} is nobody to release to", hint=f"the others are {', '.join(others)}")
    required = terms.required_recipients(sender, notice.activity)
    levels = {}
    for other in others:
        level = chosen.get(other, terms.level(sender, other, notice.activity))
        lowest = ReleaseLevel.EXISTENCE if other in required else ReleaseLevel.NONE
        levels[other] = max(level, lowest, key=lambda each: each.rank)
    return levels


def prepare(
    notice: Notice,
    levels: Mapping[str, ReleaseLevel],
    *,
    signer: Signer,
    grids: ReleaseGrids,
    draw: Draw,
    before: Sent | None = None,
    to_the_host: ReleaseLevel = ReleaseLevel.FULL,
    marking: Marking = UNMARKED,
) -> Prepared:
    """Makes and signs the views of a notice, new or amended, and the act that names them.

    Args:
        levels: for each recipient; NONE, or missing, tells it nothing, and what it was told before is cancelled.
        before: the version that this one amends.
        to_the_host: what the host is given to screen; below FULL for a sender who does not trust it with more.
    Raises:
        InvalidVolume, TooLarge: as `make_view`; `where` names the recipient.
    """
    salt = draw(SALT_BYTES)
    commitment = commit(salt, canonical(plain(notice_form(notice)))).hex()
    notice_id = before.notice_id if before else draw(ID_BYTES).hex()
    version = before.version + 1 if before else 1

    def view_for(recipient: str, level: ReleaseLevel, view_id: str, view_version: int) -> View:
        with at(f"view for {recipient or 'the host'}"):
            return make_view(
                notice, level, grids,
                recipient=recipient, view_id=view_id, version=view_version, commitment=commitment, marking=marking,
            )  # fmt: skip

    screening = view_for(HOST, to_the_host, notice_id, version)
    held = {recipient: view_of(form) for recipient, form in before.views.items()} if before else {}
    views: dict[str, View] = {}
    envelopes: list[Envelope] = []
    releases: list[Release] = []
    for recipient, level in sorted(levels.items()):
        if level is ReleaseLevel.NONE:
            continue
        was = held.get(recipient)
        view = view_for(recipient, level, was.view_id if was else draw(ID_BYTES).hex(), was.version + 1 if was else 1)
        if was and same_to_the_recipient(was, view):
            views[recipient] = was
            releases.append(Release(recipient, was.view_id, was.version, was.level, None))
            continue
        views[recipient] = view
        envelopes.append(signer.sign("view", recipient, ViewBody(view_form(view))))
        releases.append(Release(recipient, view.view_id, view.version, view.level, envelopes[-1].digest))
    envelopes += _cancels({r: v for r, v in held.items() if r not in views}, signer, "")
    envelopes.append(signer.sign("notice", HOST, NoticeBody(view_form(screening), tuple(releases))))
    forms = {recipient: view_form(view) for recipient, view in views.items()}
    sent = Sent(notice_id, version, salt.hex(), notice_form(notice), view_form(screening), forms)
    return Prepared(sent, tuple(envelopes))


def cancellation(sent: Sent, *, signer: Signer, reason: str = "") -> tuple[Envelope, ...]:
    """The acts that cancel a notice: one for the host, and one for each recipient who was told of it."""
    for_host = signer.sign("cancel", HOST, CancelBody(sent.notice_id, sent.version, reason))
    told = {recipient: view_of(form) for recipient, form in sent.views.items()}
    return (for_host, *_cancels(told, signer, reason))


def _cancels(views: Mapping[str, View], signer: Signer, reason: str) -> list[Envelope]:
    return [
        signer.sign("cancel", recipient, CancelBody(view.view_id, view.version, reason))
        for recipient, view in views.items()
    ]


def notice_in(sent: Sent) -> Notice:
    """The notice of a version sent.

    Raises:
        InvalidVolume, NotUnderstood: what was kept was changed since.
    """
    return notice_of(sent.notice)


def as_screened(notice: Notice, screening: View) -> Notice:
    """A notice with the volumes that the host was given: what answers about it speak of."""
    return replace(notice, volumes=screening.volumes, activity=screening.activity)


def submission_id(envelopes: Sequence[Envelope]) -> str:
    """The id under which acts are sent: of what they are, so that sending them again is the same submission. 32 hex digits."""
    return sha256(b"".join(bytes.fromhex(each.digest) for each in envelopes)).hexdigest()[:32]
