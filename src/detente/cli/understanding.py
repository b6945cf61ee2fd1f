"""`detente understanding`: propose one, see it, sign it, suspend it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from detente.cli.desk import as_option, json_option, opened_desk, say
from detente.domain import KeyRefused, NotUnderstood, Understanding

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def understanding() -> None:
    """The parties' agreed rules: propose, show, sign, suspend."""


@understanding.command()
@as_option
@json_option
def show(folder: Path, *, as_json: bool) -> None:
    """Show the rules that apply, and what is proposed and who has signed it; from the public acts alone."""
    from detente.channel.forms import plain

    with opened_desk(folder) as desk:
        agreements, host_key = desk.registry().agreements, desk.host_key
    open_ones = [
        p
        for p in agreements.proposals.values()
        if p.digest != agreements.in_force and p.supersedes == agreements.in_force
    ]
    told = {
        "in_force": agreements.in_force,
        "suspended_by": sorted(agreements.suspended_by),
        "rules": plain(agreements.rules),
        "host_key": host_key.text,
        "proposals": [
            {"digest": p.digest, "by": p.proposed_by, "signed_by": sorted(p.signed_by), "missing": list(p.missing)}
            for p in open_ones
        ],
    }
    lines = [f"the host's key: {host_key.text}, as it was first seen"]
    if agreements.in_force:
        lines.append(f"in force: {_named(agreements.proposals[agreements.in_force].understanding)}")
        lines.append(f"    digest {agreements.in_force}")
    if agreements.suspended_by:
        lines.append(f"SUSPENDED by {', '.join(sorted(agreements.suspended_by))}: the default rules apply")
    lines += list(rule_lines(agreements.rules))
    for proposal in open_ones:
        lines.append(f"proposed by {proposal.proposed_by}: {_named(proposal.understanding)}")
        lines.append(f"    digest {proposal.digest}")
        signed, missing = sorted(proposal.signed_by), proposal.missing
        lines.append(f"    signed by {', '.join(signed) or 'nobody'}; missing {', '.join(missing)}")
    say(lines, told, as_json=as_json)


def _named(agreed: Understanding) -> str:
    return f"{agreed.name}, version {agreed.version or 'not stated'}"


def rule_lines(agreed: Understanding) -> Iterator[str]:
    """The rules in words."""
    from detente.interop import answer_words as words

    terms = agreed.terms
    yield f"{_named(agreed)}; parties {', '.join(p.name for p in terms.parties) or 'none'}"
    for rule in agreed.rules:
        yield f"    minima, {rule.name}: {words.minima(rule.minima)}"
    for lead in terms.lead_times:
        yield f"    lead time of {_of(lead.activity)}: {words.duration(lead.lead_s)}"
    for release in terms.releases:
        who = f"{release.sender or 'anybody'} to {release.recipient or 'anybody'}"
        yield f"    release, {who}, {_of(release.activity)}: {release.level.value}"
    for required in terms.required:
        yield f"    {required.recipient} has to be told of {_of(required.activity)}"
    if terms.record:
        yield f"    the log: {terms.record.quorum} of {len(terms.record.witnesses)} witnesses make a quorum"
        for witness in terms.record.witnesses:
            yield f"        {witness.name}{f', of {witness.party}' if witness.party else ''}: {witness.key}"
    for deadline in terms.deadlines:
        yield f"    {deadline.stage.value} within {words.duration(deadline.within_s)}, {_of(deadline.activity)}"
    for step in terms.ladder:
        yield f"    unanswered for {words.duration(step.after_s)}: {step.rung.value.replace('_', ' ')}"


def _of(activity: Any) -> str:
    return activity.value.replace("_", " ") if activity else "any activity"


@understanding.command()
@click.argument("file", type=_FILE)
@as_option
@json_option
def propose(file: Path, folder: Path, *, as_json: bool) -> None:
    """Propose an understanding from a file, TOML or JSON. Its parties are all members, with the keys they have here."""
    from detente.channel.acts import ProposeBody
    from detente.channel.agreements import digest_of, payload
    from detente.interop import read_understanding

    with opened_desk(folder) as desk:
        agreements = desk.registry().agreements
        agreed = read_understanding(file, tuple(agreements.members.values()), desk.host_key.text)
        raw = payload(desk.arena, agreed, agreements.in_force)
        desk.announce("propose", ProposeBody(raw.decode()))
    digest = digest_of(raw)
    lines = [f"proposed: {_named(agreed)}", f"    digest {digest}", "Each party signs it: detente understanding sign"]
    say(lines, {"digest": digest, "name": agreed.name, "version": agreed.version}, as_json=as_json)


@understanding.command()
@click.argument("digest", default="")
@click.option("--root-key", required=True, type=_FILE, help="The party's root key, as `detente key new` wrote it.")
@click.option("--passphrase-file", type=_FILE, help="Whose first line opens it. Asked for without.")
@click.option("--yes", is_flag=True, help="Do not ask: the digest was compared with the other parties by voice.")
@as_option
@json_option
def sign(digest: str, root_key: Path, passphrase_file: Path | None, folder: Path, *, yes: bool, as_json: bool) -> None:
    """Sign a proposed understanding with the party's root key; DIGEST may be its beginning, or nothing where only one is open.

    Signing it again changes nothing.
    """
    from detente.channel.acts import SignBody
    from detente.channel.agreements import PAYLOAD_TYPE, digest_of, payload
    from detente.cli.keyring import unlocked
    from detente.record.envelope import sign as signed
    from detente.record.envelope import to_json

    with opened_desk(folder) as desk:
        agreements = desk.registry().agreements
        known = [p for p in agreements.proposals.values() if p.supersedes == agreements.in_force]
        known += [agreements.proposals[agreements.in_force]] if agreements.in_force else []
        found = [p for p in known if p.digest.startswith(digest) and (digest or p.digest != agreements.in_force)]
        if len(found) != 1:
            raise NotUnderstood(
                f"{len(found)} understandings to sign begin with {digest!r}", hint="see detente understanding show"
            )
        (proposal,) = found
        raw = payload(desk.arena, proposal.understanding, proposal.supersedes)
        assert digest_of(raw) == proposal.digest
        done = desk.party in proposal.signed_by
        if not done:
            if not yes and not as_json:
                say(rule_lines(proposal.understanding), None, as_json=False)
                click.confirm(f"Sign {proposal.digest[:16]}… for {desk.party}?", abort=True)
            key, holder = unlocked(root_key, passphrase_file)
            if (holder.party, holder.role.value) != (desk.party, "root"):
                raise KeyRefused(f"{root_key} is the key of {holder}", hint=f"give the root key of {desk.party}")
            desk.announce("sign", SignBody(to_json(signed(raw, PAYLOAD_TYPE, key)).decode()))
        agreements = desk.registry().agreements
    in_force = agreements.in_force == proposal.digest
    missing = list(agreements.proposals[proposal.digest].missing)
    state = "in force" if in_force else f"missing {', '.join(missing)}"
    line = f"{_named(proposal.understanding)}: {'signed already' if done else 'signed'} by {desk.party}; {state}"
    say([line], {"digest": proposal.digest, "in_force": in_force, "missing": missing}, as_json=as_json)


@understanding.command()
@click.option("--lift", is_flag=True, help="Lift the party's suspension.")
@click.option("--reason", default="", help="For the others to read.")
@as_option
@json_option
def suspend(reason: str, folder: Path, *, lift: bool, as_json: bool) -> None:
    """Suspend the understanding in force, at once and for everybody: the default rules apply until it is lifted.

    Nothing that was told is taken back. Suspending twice changes nothing.
    """
    from detente.channel.acts import SuspendBody

    with opened_desk(folder) as desk:
        agreements = desk.registry().agreements
        if agreements.in_force is None:
            raise NotUnderstood("no understanding is in force", hint="see detente understanding show")
        suspended = desk.party in agreements.suspended_by
        if suspended == lift:
            desk.announce("suspend", SuspendBody(agreements.in_force, lift, reason))
        after = desk.registry().agreements
    still = sorted(after.suspended_by)
    line = f"suspended by {', '.join(still)}: the default rules apply" if still else "not suspended; it applies"
    say([line], {"digest": agreements.in_force, "suspended_by": still}, as_json=as_json)
