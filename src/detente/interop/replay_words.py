"""A night in words: every line says whose statement it is, or that it is arithmetic of ours; nothing is called so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from math import ceil, floor, inf
from typing import Final

from detente.accounts import Known, Ledger, Leg, Topic, Versions, known_by
from detente.channel.counterfactual import Lead, Meets
from detente.domain import Claim, TimeWindow
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.interop.answer_words import dms, duration, iso
from detente.interop.night import Account, Night

NO_FINDING: Final = "This is no finding. It shows what each claimant states, where statements differ, and arithmetic on them; it does not say who is right."
_MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND
_KNOTS: Final = 3600 / 1852


def clock(us: int) -> str:
    """`18:39Z`, the minute below."""
    return f"{(iso(us // _MINUTE_US * _MINUTE_US) or '')[11:16]}Z"


def when(window: TimeWindow) -> str:
    """`18:39Z`, or `20:00Z ± 10 min` where it is known to less than a minute."""
    half_s = (window.end_us - window.start_us) // 2 // MICROSECONDS_PER_SECOND
    middle = clock((window.start_us + window.end_us) // 2)
    return middle if half_s <= 60 else f"{middle} ± {duration(half_s)}"


def event_words(claim: Claim, ledger: Ledger) -> str:
    """`RUS_MOD states (23 Sep, disputed by ISR_IDF): …`."""
    disputed = ledger.disputed(claim)
    marks = [f"stated {stated_words(claim)}"]
    marks += [f"disputed by {', '.join(disputed)}"] if disputed else []
    marks += [f"earlier version; later: {', '.join(later)}"] if (later := _later(claim, ledger)) else []
    return f"{claim.claimant} states ({'; '.join(marks)}): {claim.text} [{claim.id}]"


def stated_words(claim: Claim) -> str:
    """The day or month it was stated on, as it was given."""
    middle_us = (claim.stated.start_us + claim.stated.end_us) // 2
    days = (claim.stated.end_us - claim.stated.start_us) // MICROSECONDS_PER_SECOND // 86_400
    return (iso(middle_us) or "")[: 10 if days < 5 else 7]


def _later(claim: Claim, ledger: Ledger) -> list[str]:
    return [other.id for other in ledger.claims if claim.id in other.supersedes]


# ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────────────


def topic_lines(topic: Topic) -> Iterator[str]:
    """What is stated about one event: by whom, where statements differ, what nobody of them states."""
    yield f"{topic.name.replace('_', ' ')}: stated by {', '.join(topic.claimants)}"
    for claim, other in topic.disputes:
        yield f"  dispute: {claim.claimant} [{claim.id}] is at odds with {other.claimant} [{other.id}]"
    for what, pairs in (("times", topic.agreed_times), ("places", topic.agreed_places)):
        for a, b in pairs:
            yield f"  {what} have room in common: {a.claimant} [{a.id}] and {b.claimant} [{b.id}]"
    for what, pairs in (("times", topic.other_times), ("places", topic.other_places)):
        for a, b in pairs:
            yield f"  {what} have nothing in common: {a.claimant} [{a.id}] and {b.claimant} [{b.id}]"
    for what, names in (("minute", topic.without_time), ("place", topic.without_place)):
        if names:
            yield f"  gap: no {what} is stated by {', '.join(names)}"


def versions_words(each: Versions) -> str:
    """`RUS_MOD states 2 times for strike: 19:00Z ± 10 min (2018-09-18) [C02], 18:40Z (2018-09-23) [C06]; 20 min apart`."""
    shown = ", ".join(f"{when(c.event)} ({stated_words(c)}) [{c.id}]" for c in each.claims if c.event)
    apart = f"; {duration(each.apart_s)} apart" if each.apart_s else ""
    return f"{each.claimant} states {len(each.claims)} times for {each.topic.replace('_', ' ')}: {shown}{apart}"


def leg_words(leg: Leg) -> str:
    """The straight speed that two claimed places and times need; arithmetic."""
    s = leg.speeds
    least = floor(s.least_m_s * _KNOTS)
    most = "any speed" if s.greatest_m_s == inf else f"{ceil(s.greatest_m_s * _KNOTS):,} kt"
    far = f"{floor(s.least_m / 1000):,} to {ceil(s.greatest_m / 1000):,} km in {duration(s.shortest_s)} to {duration(s.longest_s)}"
    return f"{leg.thing}, by {leg.claimant}'s statements [{leg.start.id}] and [{leg.end.id}]: {far}: at least {least:,} kt in a straight line, at most {most}"


# ── what if ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def lead_words(lead: Lead, account: Account) -> str:
    """Whether a notice was LATE, by an account and the rules taken."""
    name = f"{lead.party} {lead.reference}"
    agreed = "no lead time is agreed" if lead.agreed_s is None else f"{duration(lead.agreed_s)} agreed"
    source = next((g.claim for g in account.given if (g.party, g.reference) == (lead.party, lead.reference)), "")
    if not lead.is_told:
        return f"{name}: {account.claimant} states no notice of it ({agreed}{_due(lead)})"
    if lead.given_s is None:
        return f"{name}: given, as {account.claimant} has it [{source}], no minute stated: whether it was in time cannot be said ({agreed}{_due(lead)})"
    verdict = "LATE by the minutes stated" if lead.is_late else "in time by the minutes stated"
    return f"{name}: {verdict}: given {duration(lead.given_s)} before, as {account.claimant} has it [{source}] ({agreed}{_due(lead)})"


def _due(lead: Lead) -> str:
    """By when it was due, and how sure the beginning is that this is counted from."""
    if lead.due_us is None:
        return ""
    doubt = f", its beginning being known to {duration(lead.open_s)} either way" if lead.open_s > 60 else ""
    return f"; due by {clock(lead.due_us)}{doubt}"


def answered_lines(account: Account) -> Iterator[str]:
    """Who would have been answered what, plan by plan, the gravest first."""
    for (party, reference), met in groupby(sorted(account.what_if.meets, key=_whose), key=_whose):
        yield f"{party} would have been answered for {reference}:"
        yield from (f"  {meets_words(each)}" for each in met)


def _whose(met: Meets) -> tuple[str, str]:
    return met.party, met.reference


def meets_words(met: Meets) -> str:
    """`POSSIBLE against ISR_IDF STRIKE, released at level general: may first meet at 18:40Z, 15 min after both were due`."""
    if met.from_us is None or met.before_s is None:
        soon = "when they may first meet is not stated"
    elif met.before_s < 0:
        soon = f"may meet from {clock(met.from_us)}, {duration(-met.before_s)} before both were due"
    else:
        soon = f"may first meet at {clock(met.from_us)}, {duration(met.before_s)} after both were due"
    return f"{met.answer.name} against {met.other} {met.other_reference}, released at level {met.level.value}: {soon}"


def known_lines(night: Night, party: str, moment_us: int) -> Iterator[str]:
    """What a party could have known at a moment, by whose account."""
    by_then, after, unstated = known_by(night.ledger.claims, party, moment_us)
    yield f"What {party} had been told, or had told others, by {iso(moment_us)}, by the accounts there are:"
    yield from (f"  {_known_words(each, night.ledger)}" for each in by_then)
    if not by_then:
        yield "  nothing that anybody states with a minute"
    if unstated:
        yield "By then or later, no minute is stated:"
        yield from (f"  {_known_words(each, night.ledger)}" for each in unstated)
    if after:
        yield "Later:"
        yield from (f"  {_known_words(each, night.ledger)}" for each in after)


def _known_words(known: Known, ledger: Ledger) -> str:
    telling, claim = known.telling, known.claim
    at = "no minute stated" if telling.at_us is None else clock(telling.at_us)
    disputed = ledger.disputed(claim)
    marks = f", disputed by {', '.join(disputed)}" if disputed else ""
    return f"{at}: {telling.by} told {telling.to} {telling.what} (as {claim.claimant} states{marks}) [{claim.id}]"


def place_words(claim: Claim) -> str:
    """`35°18′00″N 035°30′00″E ± 20 km (derived …)`; empty without a place."""
    if claim.fix is None:
        return ""
    basis = f" ({claim.fix.basis})" if claim.fix.basis else ""
    return f"{dms(claim.fix.position)} ± {claim.fix.within_m / 1000:g} km{basis}"
