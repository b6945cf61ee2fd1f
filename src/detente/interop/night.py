"""A night to be replayed: a folder with claims, each side's account of the plans, and the understanding they are held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from detente.accounts import Ledger, Leg, ledger, legs
from detente.channel.counterfactual import Counterfactual, counterfactual
from detente.domain import Claim, LeadTime, Notice, NotUnderstood, TimeWindow, Understanding, UnreadableFile, at
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import to_us
from detente.geodesy import read_time
from detente.interop import strict_json
from detente.interop.claims_file import read_claims
from detente.interop.intake import read_bounded, read_files
from detente.interop.understanding_file import read_understanding

FORMAT: Final = "detente night v1"


@dataclass(frozen=True, slots=True)
class Given:
    """That a notice was given, by the account's own word in a claim; `at_us` is None where no minute is stated."""

    party: str
    reference: str
    claim: str
    at_us: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """One side's account: the plans as it states them, those of the others as they state them, and which notices it says were given."""

    claimant: str
    title: str
    plans: tuple[Notice, ...]
    given: tuple[Given, ...]
    what_if: Counterfactual


@dataclass(frozen=True, slots=True)
class Night:
    """Everything that is replayed. `events`: the claims that state a time within it, by time. `timeless`: those about the same things that state none."""

    title: str
    window: TimeWindow
    ledger: Ledger
    legs: tuple[Leg, ...]
    events: tuple[Claim, ...]
    timeless: tuple[Claim, ...]
    accounts: tuple[Account, ...]
    understanding: Understanding


def read_night(folder: Path, *, lead_s: int | None = None, understanding: Path | None = None) -> Night:
    """The night in a folder.

    Args:
        lead_s: lead time of every activity, in place of those agreed. understanding: a file in place of the folder's own.
    Raises:
        UnreadableFile: the folder holds no night. NotUnderstood and others: something in it cannot be; `where` names the file.
    """
    path = folder / "night.json"
    if not path.is_file():
        raise UnreadableFile(f"{folder} holds no night.json", hint="name a folder such as scenarios/levant-2018")
    with at(str(path)):
        raw = strict_json.loads(read_bounded(path))
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise UnreadableFile("it is no night", hint=f'it begins with "format": "{FORMAT}"')
        rules = _with_lead(read_understanding(understanding or folder / _text(raw, "understanding")), lead_s)
        window = TimeWindow(_moment_us(raw, "from_utc"), _moment_us(raw, "until_utc"))
        told = ledger(read_claims(folder / _text(raw, "claims")))
        accounts = tuple(_account(each, folder, window, rules, told) for each in _list(raw, "accounts"))
        events = _events(told, window)
        return Night(
            _text(raw, "title"), window, told, legs(told.claims), events, _timeless(told, events), accounts, rules
        )


def _with_lead(rules: Understanding, lead_s: int | None) -> Understanding:
    if lead_s is None:
        return rules
    return replace(rules, terms=replace(rules.terms, lead_times=(LeadTime(lead_s),)))


def _events(told: Ledger, window: TimeWindow) -> tuple[Claim, ...]:
    def falls_in(claim: Claim) -> bool:
        event = claim.event
        return event is not None and event.start_us <= window.end_us and window.start_us <= event.end_us

    return tuple(sorted(filter(falls_in, told.claims), key=_middle_us))


def _timeless(told: Ledger, events: Sequence[Claim]) -> tuple[Claim, ...]:
    topics = {topic for claim in events for topic in claim.topics}
    return tuple(claim for claim in told.claims if claim.event is None and topics & set(claim.topics))


def _middle_us(claim: Claim) -> tuple[int, str]:
    assert claim.event
    return (claim.event.start_us + claim.event.end_us) // 2, claim.id


def _account(raw: Any, folder: Path, window: TimeWindow, rules: Understanding, told: Ledger) -> Account:
    with at(f"account of {_text(raw, 'claimant')}"):
        intake = read_files([folder / name for name in _list(raw, "files")], arena=rules.arena)
        if intake.problems:
            raise NotUnderstood("\n".join(map(str, intake.problems)))
        plans = tuple(plan for plan in intake.notices if _is_of(plan, window))
        given = tuple(_given(each, told) for each in _list(raw, "given"))
        moments = {(each.party, each.reference): each.at_us for each in given}
        what_if = counterfactual(plans, rules, moments)
        return Account(_text(raw, "claimant"), _text(raw, "title"), plans, given, what_if)


def _is_of(plan: Notice, window: TimeWindow) -> bool:
    """Whether any of its volumes may be active in the window, by what its times leave open."""
    for volume in plan.volumes:
        open_us = round(volume.uncertainty.time_s * MICROSECONDS_PER_SECOND)
        if volume.window.start_us - open_us <= window.end_us and window.start_us <= volume.window.end_us + open_us:
            return True
    return False


def _given(raw: Any, told: Ledger) -> Given:
    name = _text(raw, "claim")
    if name not in {claim.id for claim in told.claims}:
        raise NotUnderstood(f"claim {name} is not in the ledger", hint="name the claim that says so")
    at_us = None if raw.get("at_utc") is None else _moment_us(raw, "at_utc")
    return Given(_text(raw, "party"), _text(raw, "reference"), name, at_us)


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str):
        raise NotUnderstood("is missing, or no text", hint="write it as text", where=name)
    return value


def _list(raw: Mapping[str, Any], name: str) -> list[Any]:
    value = raw.get(name)
    if not isinstance(value, list):
        raise NotUnderstood("is missing, or no list", hint="write it as [ … ]", where=name)
    return value


def _moment_us(raw: Mapping[str, Any], name: str) -> int:
    with at(name):
        return to_us(read_time(_text(raw, name)))
