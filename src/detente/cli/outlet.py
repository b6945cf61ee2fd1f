"""`detente outlet`: where the party is told that something waits, by webhook or e-mail: a reference and a deadline, no more."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from detente.cli.desk import as_option, json_option, opened_desk, say
from detente.domain import NotUnderstood


@click.group()
def outlet() -> None:
    """Where we are told that something waits: a kind, a reference and a deadline, and nothing of what it says."""


@outlet.command()
@click.option(
    "--webhook", "webhook", metavar="URL", help="An address that takes HTTPS requests, signed with the host's key."
)
@click.option("--email", "email", metavar="ADDRESS", help="An e-mail address, where the host sends e-mail.")
@click.option(
    "--kind", "kinds", multiple=True, help="Only of these postings: stop, view, passed … Repeatable; all without."
)
@as_option
@json_option
def add(webhook: str | None, email: str | None, kinds: tuple[str, ...], folder: Path, *, as_json: bool) -> None:
    """Add an outlet; the same again changes which kinds it is told of. It is told of what comes from now on."""
    from detente.channel.acts import HOST, OutletBody

    if (webhook is None) == (email is None):
        raise NotUnderstood("one address", hint="--webhook URL, or --email ADDRESS")
    address = webhook or email or ""
    outlet_id = sha256(f"outlet {address}".encode()).hexdigest()[:32]  # the same address is the same outlet
    with opened_desk(folder) as desk:
        body = OutletBody(outlet_id, "webhook" if webhook else "email", address, tuple(sorted(set(kinds))))
        answer = desk.send("outlet", HOST, body)
        key = desk.folder.membership.host_key
    lines = [f"{outlet_id[:8]}: {address} is told of {', '.join(body.kinds) or 'everything'} from now on"]
    lines += [f"verify webhook-signature (v1a) with the host's key {key}"] if webhook else []
    say(lines, answer, as_json=as_json)


@outlet.command("list")
@as_option
@json_option
def list_(folder: Path, *, as_json: bool) -> None:
    """Outlets, how the last attempt went, and what was given up."""
    with opened_desk(folder) as desk:
        told = desk.link.get("outlets", dict[str, Any])["outlets"]
    lines = [line for each in told for line in _lines(each)] or ["there are none"]
    say(lines, {"outlets": told}, as_json=as_json)


def _lines(told: dict[str, Any]) -> list[str]:
    from detente.client.words import moment

    lines = [f"{told['outlet_id'][:8]}: {told['address']}, {', '.join(told['kinds']) or 'everything'}: {_state(told)}"]
    if told["stops"]["attempts"]:
        lines.append(f"    A STOP: {_state(told['stops'])}")
    return lines + [f"    GIVEN UP at {moment(e['at_us'])}: {e['kind']}, {e['problem']}" for e in told["given_up"]]


def _state(lane: dict[str, Any]) -> str:
    return f"NOT TOLD, {lane['problem']}; tried {lane['attempts']} times" if lane["attempts"] else "told"


@outlet.command()
@click.argument("name", metavar="ID")
@as_option
@json_option
def remove(name: str, folder: Path, *, as_json: bool) -> None:
    """Remove an outlet, by the beginning of its id or its address. One that is gone already is no error."""
    from detente.channel.acts import HOST, OutletBody

    with opened_desk(folder) as desk:
        told = desk.link.get("outlets", dict[str, Any])["outlets"]
        found = [e for e in told if e["address"] == name or (len(name) >= 4 and e["outlet_id"].startswith(name))]
        if len(found) > 1:
            raise NotUnderstood(f"{len(found)} outlets are called {name!r:.60}", hint="detente outlet list")
        for each in found:
            body = OutletBody(each["outlet_id"], each["kind"], each["address"], tuple(each["kinds"]), active=False)
            desk.send("outlet", HOST, body)
    say([f"{name}: {'removed' if found else 'there is none'}"], {"removed": len(found)}, as_json=as_json)
