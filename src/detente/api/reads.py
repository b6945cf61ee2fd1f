"""What a party reads of an arena: its inbox, the rules, its own sequences. Blocking calls to the store.

Nothing is read here that is not the reader's own, or everybody's.
"""

from __future__ import annotations

import threading
from typing import Final

from detente.api.cursors import Cursors
from detente.api.events import shown
from detente.api.load import follow_registry
from detente.api.open_items import shown as shown_item
from detente.api.open_items import stops
from detente.channel.acts import PUBLIC_KINDS
from detente.channel.forms import plain
from detente.channel.registry import Registry
from detente.channel.store import Store
from detente.domain import StaleVersion
from detente.record.canonical import canonical
from detente.record.envelope import from_json

MOST_AT_ONCE: Final = 500


class Registries:
    """The registry of each arena, as of the last public act committed. From any thread."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._known: dict[str, tuple[Registry, int]] = {}

    def now(self, arena: str) -> Registry:
        """The registry, after looking whether there is more to follow: a key revoked by another worker opens nothing here."""
        with self._lock:
            known = self._known.get(arena) or (Registry.of(arena), 0)
            self._known[arena] = follow_registry(self._store, arena, *known)
            return self._known[arena][0]

    def known(self, arena: str) -> Registry:
        """The registry as it was when last looked at; asks no store, and waits for nobody."""
        known = self._known.get(arena)
        return known[0] if known else Registry.of(arena)


def inbox(store: Store, cursors: Cursors, arena: str, party: str, after: str | None, limit: int) -> bytes:
    """A page of a party's postings, none before its tick: `{"cursor", "postings", "stops"}`, canonical JSON.

    Every page has the requests to cease that the party has not acknowledged.

    Raises:
        NotUnderstood: `after` is not a cursor of this inbox.
        StaleVersion: it is after what there is.
    """
    number = cursors.number(after, arena=arena, party=party)
    postings = store.postings(arena, party, number, store.now_us(), limit)
    if not postings:
        check_is_there(store, arena, party, number)
    cursor_of = [cursors.of_number(p.number, arena=arena, party=party) for p in postings]
    told = b",".join(shown(p, cursor) for p, cursor in zip(postings, cursor_of, strict=True))
    last = cursor_of[-1] if cursor_of else after
    ahead = canonical([shown_item(item) for item in stops(store, arena, party)])
    return b'{"cursor":%b,"postings":[%b],"stops":%b}' % (canonical(last), told, ahead)


def check_is_there(store: Store, arena: str, party: str, number: int) -> None:
    """Returns where a party was posted so many.

    Raises:
        StaleVersion: it was not: the database is a copy from before. Who waited there would never hear of what comes next.
    """
    if number and number >= store.heads(arena).next_numbers.get(party, 1):
        raise StaleVersion(
            "the cursor is after all that the channel has posted to you: it was restored from a backup",
            hint="begin anew, without a cursor; what you read or were answered after the backup the channel has forgotten",
        )


def rules(registry: Registry, host_key: str) -> bytes:
    """Members, the rules that apply, and what is proposed: the same for everybody in the arena. Canonical JSON."""
    agreements = registry.agreements
    open_proposals = [
        {
            "digest": proposal.digest,
            "proposed_by": proposal.proposed_by,
            "supersedes": proposal.supersedes,
            "signed_by": sorted(proposal.signed_by),
            "missing": list(proposal.missing),
            "understanding": plain(proposal.understanding),
        }
        for proposal in agreements.proposals.values()
        if proposal.digest != agreements.in_force and proposal.supersedes == agreements.in_force
    ]
    return canonical(
        {
            "arena": agreements.arena,
            "host_key": host_key,
            "members": [plain(member) for member in agreements.members.values()],
            "in_force": agreements.in_force,
            "suspended_by": sorted(agreements.suspended_by),
            "rules": plain(registry.rules),
            "proposals": open_proposals,
            "public_act_count": registry.turned,
        }
    )


def announcements(store: Store, cursors: Cursors, arena: str, party: str, after: str | None, limit: int) -> bytes:
    """A page of the public acts in order: from them alone anybody arrives at members, keys and rules, and need believe nobody's summary.

    Raises:
        NotUnderstood: `after` is not a cursor of this list.
    """
    bound = {"arena": arena, "party": party, "purpose": "announcements"}
    position = int.from_bytes(cursors.read(after, **bound), "big") if after else 0
    page = store.entries_of(arena, PUBLIC_KINDS, position, limit)
    told = [{"from": e.party, "received_us": e.received_us, "envelope": e.envelope.decode()} for e in page]
    last = cursors.make((page[-1].position + 1).to_bytes(8, "big"), **bound) if page else after
    return canonical({"cursor": last, "announcements": told})


def sequences(store: Store, arena: str, party: str) -> bytes:
    """Where each of a party's keys stands for each audience, so that its next act can be signed. Canonical JSON."""
    last = [
        {
            "key": entry.key_id,
            "audience": entry.audience,
            "sequence": entry.sequence,
            "digest": from_json(entry.envelope).digest,
        }
        for entry in store.last_acts(arena)
        if entry.party == party
    ]
    last.sort(key=lambda each: (str(each["key"]), str(each["audience"])))
    return canonical({"sequences": last})
