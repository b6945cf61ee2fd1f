"""`detente party`: the host takes parties in; a party sets up its own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from detente.cli.desk import as_option, json_option, now_us, opened_desk, read_secret, say
from detente.client import Link, Membership, PartyFolder
from detente.client.answers import Member, Rules
from detente.domain import KeyRefused, NotUnderstood, PartyKind
from detente.record.holder import Role

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_KINDS: Final = click.Choice([kind.value for kind in PartyKind])
_server = click.option("--server", required=True, metavar="URL", help="The channel's address.")
_arena = click.option("--arena", required=True, help="The arena's name.")
_token_file = click.option(
    "--token-file", required=True, type=_FILE, help="Its first line is the token, as `detente token issue` showed it."
)
_certificates = click.option("--certificates", type=_FILE, help="Certificates to trust in place of the system's, PEM.")


@click.group()
def party() -> None:
    """Take parties in (the host), and set up a party's own folder."""


@party.command()
@click.argument("name")
@click.option("--kind", required=True, type=_KINDS)
@click.option("--keys", type=_FILE, help="The party's list, PARTY.keys; none for a party without keys.")
@_server
@_arena
@_token_file
@_certificates
@json_option
def add(
    name: str,
    kind: str,
    keys: Path | None,
    server: str,
    arena: str,
    token_file: Path,
    certificates: Path | None,
    *,
    as_json: bool,
) -> None:
    """Take a party in, with the host's token; one that is in, with these keys, stays as it is.

    Have the party read its root key's fingerprint out (`detente key show`) before you do.
    """
    statements, root = _statements(keys)
    with _link(server, arena, token_file, certificates) as link:
        known = {each.name: each for each in link.get("rules", Rules).members}
        if name in known:
            _check_same(known[name], name, kind, root)
        else:
            link.post("members", {"name": name, "kind": kind, "statements": statements})
    added = name not in known
    keyed = f"root key {root}" if root else "no keys: others report for it"
    line = f"party {name}: {'taken in' if added else 'is in already'}; {keyed}"
    say([line], {"party": name, "kind": kind, "root_key": root, "added": added}, as_json=as_json)


def _statements(keys: Path | None) -> tuple[list[str], str | None]:
    if keys is None:
        return [], None
    from detente.cli.keyring import ledger_at
    from detente.record.envelope import to_json
    from detente.record.key_history import read_statement_lines

    ledger = ledger_at(keys)
    lines = [to_json(statement).decode() for statement in read_statement_lines(ledger.raw)]
    return lines, ledger.history.root.public.text


def _check_same(member: Member, name: str, kind: str, root: str | None) -> None:
    if (member.kind, member.root_key) != (kind, root):
        raise KeyRefused(
            f"{name} is in already, as {member.kind}, with {member.root_key or 'no'} root key",
            hint="a party changes its own keys: detente party keys",
        )


@party.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--key", required=True, type=_FILE, help="The officer's private key, as `detente key new` wrote it.")
@click.option("--passphrase-file", type=_FILE, help="Whose first line opens it; kept by name. Asked for without.")
@click.option("--host-key", help="The host's public key, as it was read out to you.")
@_server
@_arena
@_token_file
@_certificates
@json_option
def join(
    folder: Path,
    key: Path,
    passphrase_file: Path | None,
    host_key: str | None,
    server: str,
    arena: str,
    token_file: Path,
    certificates: Path | None,
    *,
    as_json: bool,
) -> None:
    """Set up a party's folder: where its channel is, its token, its officer's key. The other commands take it with --as.

    Keys are named, not copied: they stay where they are.
    """
    from detente.record.key_file import read_key_file
    from detente.record.keys import public_key_from_text

    holder = read_key_file(key).holder
    if holder is None or holder.role is not Role.OFFICER:
        raise KeyRefused(f"{key} is no officer's key", hint="detente key new --role officer")
    with _link(server, arena, token_file, certificates) as link:
        told = link.get("rules", Rules)
    if host_key and host_key != told.host_key:
        raise KeyRefused(f"the server's host key is {told.host_key}, not {host_key}", hint="ask the host by voice")
    if holder.party not in [member.name for member in told.members]:
        raise NotUnderstood(f"{holder.party} is not in arena {arena}", hint="the host: detente party add")
    membership = Membership(
        server=server,
        arena=arena,
        party=holder.party,
        officer=holder.officer,
        key=str(key.resolve()),
        host_key=told.host_key,
        passphrase=str(passphrase_file.resolve()) if passphrase_file else "",
        certificates=str(certificates.resolve()) if certificates else "",
    )
    PartyFolder.create(folder, membership, read_secret(token_file, "the token"))
    from detente.record.fingerprint import spoken

    fingerprint = spoken(public_key_from_text(told.host_key))
    lines = [f"{folder}: the desk of {holder}, in arena {arena}"]
    if not host_key:
        lines += [
            "The host's key was taken as the server gave it. Have the host read its fingerprint out:",
            f"  {fingerprint}",
        ]
    told_json = {"folder": str(folder), "party": holder.party, "arena": arena, "host_key_fingerprint": fingerprint}
    say(lines, told_json, as_json=as_json)


@party.command("pass")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write; none is written over.")
@json_option
def pass_(folder: Path, out: Path, *, as_json: bool) -> None:
    """Write a pass: one file with which the officer of a folder signs in to the console.

    It holds the token, and the officer's key under its passphrase: hand it over as you would a key.
    """
    from detente.client.passes import write_pass

    made = write_pass(PartyFolder(folder), out)
    lines = [
        f"{out}: signs {made.officer} of {made.party} in to the console, with the passphrase of the key",
        "Whoever finds it reads what the party is told. Hand it over as you would a key.",
    ]
    told = {"pass": str(out), "party": made.party, "arena": made.arena, "officer": made.officer}
    say(lines, told, as_json=as_json)


@party.command("list")
@as_option
@json_option
def list_parties(folder: Path, *, as_json: bool) -> None:
    """List the members with the fingerprints of their root keys, from the public acts alone."""
    from detente.record.fingerprint import spoken

    with opened_desk(folder) as desk:
        registry = desk.registry()
    told: list[dict[str, Any]] = []
    for member in registry.agreements.members.values():
        history = registry.histories.get(member.name)
        valid = history.valid_at(now_us()) if history else ()
        officers = [key.holder.officer for key in valid if key.holder.role is Role.OFFICER]
        fingerprint = spoken(history.root.public) if history else None
        told.append({"party": member.name, "kind": member.kind.value, "fingerprint": fingerprint, "officers": officers})
    lines = []
    for each in told:
        lines.append(f"{each['party']}  {str(each['kind']).replace('_', ' ')}")
        lines.append(f"    root key {each['fingerprint'] or 'none: others report for it'}")
        if each["fingerprint"]:
            lines.append(f"    officers {', '.join(each['officers']) or 'none'}")
    say(lines, {"parties": told}, as_json=as_json)


@party.command()
@click.argument("keys", type=_FILE)
@as_option
@json_option
def keys(keys: Path, folder: Path, *, as_json: bool) -> None:
    """Tell the arena what is new in the party's list of keys, PARTY.keys: enrolled, revoked, replaced."""
    from detente.channel.acts import KeysBody

    statements, _ = _statements(keys)
    with opened_desk(folder) as desk:
        history = desk.registry().histories.get(desk.party)
        known = history.count if history else 0
        new = statements[known:]
        if new:
            desk.announce("keys", KeysBody(tuple(new)))
    line = f"{len(new)} statements are new to the arena, and told" if new else "the arena knows all of them"
    say([line], {"told": len(new)}, as_json=as_json)


def _link(server: str, arena: str, token_file: Path, certificates: Path | None) -> Any:
    from contextlib import closing

    token = read_secret(token_file, "the token")
    return closing(Link(server, arena, token, certificates=str(certificates) if certificates else None))
