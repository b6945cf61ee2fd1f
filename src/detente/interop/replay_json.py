"""A night and a ledger as JSON: values as they are, with whose statement each is. Moments are ISO 8601 in UTC, sizes in metres and seconds."""

from __future__ import annotations

from math import isfinite
from typing import Any, Final, TypeAlias

from detente.accounts import Known, Ledger, Leg, Topic, known_by
from detente.domain import Claim, TimeWindow
from detente.interop import replay_words as words
from detente.interop.answer_words import iso
from detente.interop.night import Account, Night

Json: TypeAlias = dict[str, Any]
FORMAT: Final = "detente replay v1"


def claim_json(claim: Claim, ledger: Ledger) -> Json:
    """One claim, and who disputes it."""
    return {
        "id": claim.id,
        "claimant": claim.claimant,
        "stated": words.stated_words(claim),
        "topics": list(claim.topics),
        "thing": claim.thing,
        "text": claim.text,
        "event": _window(claim.event),
        "place": None
        if claim.fix is None
        else {
            "latitude_deg": claim.fix.position.latitude_deg,
            "longitude_deg": claim.fix.position.longitude_deg,
            "within_m": claim.fix.within_m,
            "basis": claim.fix.basis,
        },
        "supersedes": list(claim.supersedes),
        "disputes": list(claim.disputes),
        "disputed_by": list(ledger.disputed(claim)),
        "basis": list(claim.basis),
        "note": claim.note,
        "sources": list(claim.sources),
    }


def ledger_json(ledger: Ledger, topic: str | None = None) -> Json:
    """The ledger, or what stands of one topic."""
    shown = [each for each in ledger.topics if topic in (None, each.name)]
    return {
        "format": "detente ledger v1",
        "notice": words.NO_FINDING,
        "claims": [claim_json(c, ledger) for c in ledger.claims if topic is None or topic in c.topics],
        "topics": [_topic(each) for each in shown],
        "versions": [
            {"claimant": v.claimant, "topic": v.topic, "claims": [c.id for c in v.claims], "apart_s": v.apart_s}
            for v in ledger.versions
            if topic in (None, v.topic)
        ],
    }


def night_json(night: Night) -> Json:
    """Everything that is replayed."""
    return {
        "format": FORMAT,
        "title": night.title,
        "notice": words.NO_FINDING,
        "window": _window(night.window),
        "events": [claim.id for claim in night.events],
        "without_a_time": [claim.id for claim in night.timeless],
        "ledger": ledger_json(night.ledger),
        "legs": [_leg(leg) for leg in night.legs],
        "accounts": [_account(account) for account in night.accounts],
    }


def known_json(night: Night, party: str, moment_us: int) -> Json:
    """What a party could have known at a moment, by whose account."""
    by_then, after, unstated = known_by(night.ledger.claims, party, moment_us)
    return {
        "format": "detente known v1",
        "notice": words.NO_FINDING,
        "party": party,
        "at": iso(moment_us),
        "by_then": [_known(each) for each in by_then],
        "no_minute_stated": [_known(each) for each in unstated],
        "later": [_known(each) for each in after],
    }


def _known(known: Known) -> Json:
    telling = known.telling
    return {
        "as_stated_by": known.claim.claimant,
        "claim": known.claim.id,
        "by": telling.by,
        "to": telling.to,
        "what": telling.what,
        "at": None if telling.at_us is None else iso(telling.at_us),
    }


def _topic(topic: Topic) -> Json:
    pairs = ("disputes", "agreed_times", "other_times", "agreed_places", "other_places")
    return {
        "topic": topic.name,
        "claimants": list(topic.claimants),
        **{name: [[a.id, b.id] for a, b in getattr(topic, name)] for name in pairs},
        "without_time": list(topic.without_time),
        "without_place": list(topic.without_place),
    }


def _leg(leg: Leg) -> Json:
    s = leg.speeds
    return {
        "as_stated_by": leg.claimant,
        "thing": leg.thing,
        "from": leg.start.id,
        "to": leg.end.id,
        "least_m_s": s.least_m_s if isfinite(s.least_m_s) else None,
        "greatest_m_s": s.greatest_m_s if isfinite(s.greatest_m_s) else None,
        "least_m": s.least_m,
        "greatest_m": s.greatest_m,
        "shortest_s": s.shortest_s,
        "longest_s": s.longest_s,
    }


def _account(account: Account) -> Json:
    return {
        "claimant": account.claimant,
        "title": account.title,
        "leads": [
            {
                "party": lead.party, "reference": lead.reference, "title": lead.title, "is_told": lead.is_told, "given_s": lead.given_s,
                "agreed_s": lead.agreed_s, "late": lead.is_late, "due": None if lead.due_us is None else iso(lead.due_us),
                "words": words.lead_words(lead, account),
            }
            for lead in account.what_if.leads
        ],
        "meets": [
            {
                "party": met.party, "reference": met.reference, "other": met.other, "other_reference": met.other_reference,
                "level": met.level.value, "answer": met.answer.name, "from": None if met.from_us is None else iso(met.from_us),
                "before_s": met.before_s, "words": words.meets_words(met),
            }
            for met in account.what_if.meets
        ],
        "not_released": [
            {"to": to, "party": party, "reference": reference} for to, party, reference in account.what_if.not_released
        ],
    }  # fmt: skip


def _window(window: TimeWindow | None) -> Json | None:
    return None if window is None else {"from": iso(window.start_us), "until": iso(window.end_us)}
