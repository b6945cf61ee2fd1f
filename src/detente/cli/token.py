"""`detente token`: issue, list and revoke the tokens with which parties read and send."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from secrets import token_bytes
from typing import Any

import click

from detente.channel.tokens import Token
from detente.cli.served import data_option, database_option, opened_store
from detente.domain import NotUnderstood
from detente.record.holder import moment


@click.group()
def token() -> None:
    """Issue, list and revoke tokens. They read; what a party does, an officer's key signs."""


@token.command()
@click.argument("arena")
@click.option("--party", default="", help="Whose; none for the host.")
@click.option("--role", required=True, type=click.Choice(["officer", "duty_officer", "observer", "board", "host"]))
@click.option("--officer", default="", help="To whom it is handed.")
@click.option("--days", default=30.0, show_default=True, help="How long it is valid, in days.")
@data_option
@database_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def issue(
    arena: str, party: str, role: str, officer: str, days: float, data: Path, database: str | None, *, as_json: bool
) -> None:
    """Make a token and show it: this once, for only its hash is kept."""
    from detente.api.tokens import TokenRole, new_token

    with opened_store(data, database) as store:
        text, kept = new_token(
            token_bytes(32), arena=arena, party=party, role=TokenRole(role), officer=officer,
            now_us=store.now_us(), valid_for_s=int(days * 86_400),
        )  # fmt: skip
        store.add_token(kept)
    said = {"token": text, **_said(kept)}
    _print(said, [text, f"{_line(kept)}; shown this once"], as_json=as_json)


@token.command("list")
@click.argument("arena")
@data_option
@database_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_tokens(arena: str, data: Path, database: str | None, *, as_json: bool) -> None:
    """List an arena's tokens by their ids; the tokens themselves are not kept."""
    with opened_store(data, database) as store:
        kept = store.tokens(arena)
    _print({"tokens": [_said(each) for each in kept]}, [_line(each) for each in kept], as_json=as_json)


@token.command()
@click.argument("arena")
@click.argument("token_id", metavar="ID")
@data_option
@database_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def revoke(arena: str, token_id: str, data: Path, database: str | None, *, as_json: bool) -> None:
    """Revoke a token by its id, or by the token itself. Again changes nothing; streams it opened end within ten seconds."""
    from detente.api.tokens import PREFIX, digest_of

    digest = digest_of(token_id).hex() if token_id.startswith(PREFIX) else token_id
    with opened_store(data, database) as store:
        known = {each.digest.hex() for each in store.tokens(arena)}
        if digest not in known:
            raise NotUnderstood("no token of that id in this arena", hint="`detente token list` gives the ids")
        store.revoke_token(bytes.fromhex(digest), store.now_us())
        kept = store.token(bytes.fromhex(digest))
    assert kept is not None
    _print(_said(kept), [_line(kept)], as_json=as_json)


def _said(kept: Token) -> dict[str, Any]:
    return {
        "id": kept.digest.hex(),
        "arena": kept.arena,
        "party": kept.party,
        "role": kept.role,
        "officer": kept.officer,
        "expires": moment(kept.expires_us),
        "revoked": moment(kept.revoked_us) if kept.revoked_us is not None else None,
    }


def _line(kept: Token) -> str:
    whose = f"{kept.role} of {kept.party}" if kept.party else kept.role
    ends = f"revoked {moment(kept.revoked_us)}" if kept.revoked_us is not None else f"until {moment(kept.expires_us)}"
    return f"{kept.digest.hex()}  {whose}{f' ({kept.officer})' if kept.officer else ''}, {ends}"


def _print(said: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n" if as_json else "".join(f"{line}\n" for line in lines))
