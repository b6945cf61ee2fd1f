"""`detente key`: make, show, enrol, rotate and revoke a party's keys. Files stay on this machine; nothing is sent anywhere."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from detente.cli.keyring import (
    FreshKey,
    Ledger,
    ended,
    fingerprint_lines,
    fresh_key,
    ledger_about,
    ledger_at,
    ledger_beside,
    new_list,
    public_key_of,
    slug,
    unlocked,
)
from detente.domain import KeyRefused, NotAuthentic, UnreadableFile
from detente.record.fingerprint import check_spoken, read_spoken, spoken
from detente.record.holder import EnrolledKey, Holder, Role, moment
from detente.record.key_file import read_key_file
from detente.record.key_history import (
    Enrolment,
    Founding,
    Reason,
    RecoveryChange,
    Revocation,
    RootChange,
    Statement,
    found,
    sign_statement,
)
from detente.record.keys import PublicKey

_PATH: Final = click.Path(path_type=Path)
_ROLES: Final = [role.value for role in Role if role is not Role.WITNESS]  # `detente witness new` makes those
_KEY_ID: Final = re.compile(r"[0-9a-f]{64}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HAVE_READ_BACK: Final = "compare the fingerprint with the party by voice before you trust it"


def _with(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_history = click.option(
    "--history", type=_PATH, help="The party's list of keys. Default: PARTY.keys beside the signing key."
)
_out = click.option("-o", "--out", type=_PATH, default=Path(), help="The folder to write to. Default: this one.")
_passphrase_file = click.option("--passphrase-file", type=_PATH, help="Its first line is the new key's passphrase.")
_by_passphrase_file = click.option(
    "--by-passphrase-file", type=_PATH, help="Its first line is the signing key's passphrase."
)
_from = click.option("--valid-from", metavar="TIME", help="The officer's key signs from then on. Default: now.")
_until = click.option("--valid-until", metavar="TIME", help="The key signs until then. Default: until it is revoked.")
_enrolling = _with(_from, _until, _history, _by_passphrase_file, _json)


@dataclass(frozen=True, slots=True)
class _Statement:
    """What the options say of the statement to be signed: when the key signs, the list it goes into, and how to answer."""

    valid_from: str | None
    valid_until: str | None
    history: Path | None
    by_passphrase_file: Path | None
    as_json: bool


@click.group()
def key() -> None:
    """A party's keys: make, show, enrol, rotate, revoke."""


# ── new ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@key.command()
@click.option("--party", required=True, help="Whose key it is, as the understanding names the party.")
@click.option("--role", required=True, type=click.Choice(_ROLES), help="What it is for.")
@click.option("--officer", default="", help="Which officer holds it; a post is better than a person.")
@click.option("--recovery", type=_PATH, help="For a root: the public key file of the recovery key.")
@click.option("--no-recovery", is_flag=True, help="For a root: there is none. A lost root is then lost.")
@click.option("--by", type=_PATH, help="For an officer's key: enrol it at once, signed by this root key file.")
@_enrolling
@_out
@_passphrase_file
def new(
    party: str,
    role: str,
    officer: str,
    recovery: Path | None,
    no_recovery: bool,
    by: Path | None,
    out: Path,
    passphrase_file: Path | None,
    valid_from: str | None,
    valid_until: str | None,
    history: Path | None,
    by_passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make a key: a .key file, secret and under a passphrase, and a .pub file to hand on.

    A root key also begins the party's list, PARTY.keys. An officer's key is enrolled in it at once with --by, or later with `enrol`.
    """
    holder = Holder(party, Role(role), officer)
    options = _Statement(valid_from, valid_until, history, by_passphrase_file, as_json)
    _check_recovery(holder.role, recovery, no_recovery)
    _check_enrolment(holder.role, by, options)
    if holder.role is Role.ROOT:
        _new_root(holder, recovery, out, passphrase_file, options)
    elif by:
        fresh = fresh_key(holder, out, passphrase_file)
        _enrol_key(fresh.signing.public, holder, by, options, fresh=fresh)
    else:
        fresh = fresh_key(holder, out, passphrase_file)
        fresh.write()
        _tell(fresh.signing.public, holder, fresh, as_json=as_json)


def _check_recovery(role: Role, recovery: Path | None, no_recovery: bool) -> None:
    if role is Role.ROOT and bool(recovery) == no_recovery:
        raise click.UsageError("a root key needs --recovery FILE, made before it, or --no-recovery")
    if role is not Role.ROOT and (recovery or no_recovery):
        raise click.UsageError("--recovery and --no-recovery are for a root key")


def _check_enrolment(role: Role, by: Path | None, options: _Statement) -> None:
    if role is not Role.OFFICER and by:
        raise click.UsageError("--by enrols an officer's key; a root is founded, and a recovery key named by it")
    if options.valid_from and not by:
        raise click.UsageError(
            "--valid-from is said when an officer's key is enrolled: give --by, or use `enrol` later"
        )
    if options.valid_until and not by and role is not Role.ROOT:
        raise click.UsageError("--valid-until is said when a key is enrolled: give --by, or use `enrol` later")


def _new_root(
    holder: Holder, recovery: Path | None, out: Path, passphrase_file: Path | None, options: _Statement
) -> None:
    path = options.history or out / f"{slug(holder.party)}.keys"
    if path.exists():
        raise KeyRefused(
            f"{path} is there already", hint="change the root with `detente key rotate`, or choose another folder"
        )
    named = public_key_of(recovery, holder.party, Role.RECOVERY).public if recovery else None
    until_us = _moment_us(options.valid_until, None)
    fresh = fresh_key(holder, out, passphrase_file)
    statement = Statement(holder.party, 0, None, _now_us(), Founding(fresh.signing.public, named, until_us))
    envelope = sign_statement(statement, fresh.signing)
    found(envelope)
    fresh.write()
    new_list(path, envelope)
    _tell(fresh.signing.public, holder, fresh, path, as_json=options.as_json)


# ── enrol ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@key.command()
@click.argument("file", type=_PATH)
@click.option("--by", type=_PATH, required=True, help="The root's private key file, which signs.")
@click.option("--officer", default="", help="Which officer holds it, where the file does not say.")
@_enrolling
def enrol(
    file: Path,
    by: Path,
    officer: str,
    valid_from: str | None,
    valid_until: str | None,
    history: Path | None,
    by_passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Enrol an officer's public key made elsewhere: a .pub file, or what a browser or OpenSSL exports as PEM.

    Have the officer read its fingerprint to you first.
    """
    given = read_key_file(file)
    root = _party_of(by)
    holder = given.holder or Holder(root, Role.OFFICER, officer)
    if (holder.party, holder.role) != (root, Role.OFFICER) or (officer and officer != holder.officer):
        raise KeyRefused(
            f"{file} is the key of {holder}, by its own word", hint=f"only officers of {root} are enrolled here"
        )
    options = _Statement(valid_from, valid_until, history, by_passphrase_file, as_json)
    _enrol_key(given.public, holder, by, options)


def _party_of(by: Path) -> str:
    holder = read_key_file(by).holder
    if holder is None:
        raise KeyRefused(f"{by} does not say whose key it is", hint="give the .key file that `detente key new` wrote")
    return holder.party


def _enrol_key(
    public: PublicKey,
    holder: Holder,
    by: Path,
    options: _Statement,
    *,
    fresh: FreshKey | None = None,
    replaces: str | None = None,
) -> None:
    signing, signer = unlocked(by, options.by_passphrase_file)
    if signer.party != holder.party:
        raise KeyRefused(f"{by} is the key of {signer}; it enrols nobody of {holder.party}")
    ledger = ledger_beside(by, signer, options.history, signing)
    now_us = _now_us()
    from_us, until_us = _moment_us(options.valid_from, now_us), _moment_us(options.valid_until, None)
    assert from_us is not None
    envelope = ledger.signed(Enrolment(public, holder.officer, from_us, until_us, replaces), now_us, signing)
    if fresh:
        fresh.write()
    ledger.append(envelope)
    _tell(public, holder, fresh, ledger.path, as_json=options.as_json, valid_from=moment(from_us))


# ── rotate and revoke ────────────────────────────────────────────────────────────────────────────────────────────────


@key.command()
@click.argument("file", type=_PATH)
@click.option(
    "--by",
    type=_PATH,
    help="Who signs: the root for an officer's key, the recovery key for a lost root. Default: FILE itself.",
)
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in Reason]),
    help="Why a root is given up. Default: replaced.",
)
@_enrolling
@_out
@_passphrase_file
def rotate(
    file: Path,
    by: Path | None,
    reason: str | None,
    out: Path,
    passphrase_file: Path | None,
    valid_from: str | None,
    valid_until: str | None,
    history: Path | None,
    by_passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make the key that takes the place of FILE's, and the statement that says so.

    The old one signs no more from now on (an officer's from --valid-from on); what it signed still holds.
    """
    old = read_key_file(file)
    if old.holder is None:
        raise KeyRefused(
            f"{file} does not say whose key it is", hint="give the .key or .pub file that `detente key new` wrote"
        )
    options = _Statement(valid_from, valid_until, history, by_passphrase_file, as_json)
    if reason and old.holder.role is not Role.ROOT:
        raise click.UsageError(
            "--reason is for a root; a lost or stolen officer's key is revoked, and another enrolled"
        )
    if old.holder.role is Role.OFFICER:
        if by is None:
            raise click.UsageError("an officer's key is replaced by the root: give --by ROOT.key")
        fresh = fresh_key(old.holder, out, passphrase_file)
        _enrol_key(fresh.signing.public, old.holder, by, options, fresh=fresh, replaces=old.public.id)
        return
    if valid_from or valid_until:
        raise click.UsageError("--valid-from and --valid-until are for officers' keys")
    fresh, path = _rotated(old.public, old.holder, by or file, reason, out, passphrase_file, options)
    _tell(fresh.signing.public, old.holder, fresh, path, as_json=as_json)


def _rotated(
    old: PublicKey,
    holder: Holder,
    by: Path,
    reason: str | None,
    out: Path,
    passphrase_file: Path | None,
    options: _Statement,
) -> tuple[FreshKey, Path]:
    """The root or recovery key that took the place of the one in force, and the list that says so; all written."""
    signing, signer = unlocked(by, options.by_passphrase_file)
    ledger = ledger_beside(by, signer, options.history, signing)
    ledger.check_in_force(old, holder.role)
    fresh = fresh_key(holder, out, passphrase_file)
    body = _change(holder.role, fresh.signing.public, Reason(reason or Reason.REPLACED))
    envelope = ledger.signed(body, _now_us(), signing, fresh.signing)
    fresh.write()
    ledger.append(envelope)
    return fresh, ledger.path


def _change(role: Role, new_key: PublicKey, reason: Reason) -> RootChange | RecoveryChange:
    return RootChange(new_key, reason) if role is Role.ROOT else RecoveryChange(new_key)


@key.command()
@click.argument("which", metavar="FILE|KEY-ID")
@click.option("--by", type=_PATH, required=True, help="Who signs: the root, or the officer's own private key file.")
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), required=True, help="Why.")
@click.option(
    "--at", "effective", metavar="TIME", help="It signs no more from then on. Default: now; never in the past."
)
@click.option(
    "--suspected-since", metavar="TIME", help="When it may have been stolen. Undoes nothing; tells whom to ask."
)
@click.option("--note", default="", help="A few words, for those who read the list later.")
@_history
@_by_passphrase_file
@_json
def revoke(
    which: str,
    by: Path,
    reason: str,
    effective: str | None,
    suspected_since: str | None,
    note: str,
    history: Path | None,
    by_passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """End an officer's key. It signs no more; what it signed before still holds."""
    key_id = which if _KEY_ID.fullmatch(which) else read_key_file(Path(which)).public.id
    signing, signer = unlocked(by, by_passphrase_file)
    ledger = ledger_beside(by, signer, history, signing)
    now_us = _now_us()
    at_us = _moment_us(effective, now_us)
    assert at_us is not None
    body = Revocation(key_id, Reason(reason), at_us, _moment_us(suspected_since, None), note)
    ledger.append(ledger.signed(body, now_us, signing))
    holder = ledger.history.key(key_id).holder
    said = {
        "key": key_id,
        "holder": str(holder),
        "revoked_from": moment(at_us),
        "reason": reason,
        "history": str(ledger.path),
    }
    _print(
        said,
        [f"{holder}: key {key_id[:16]}… signs no more from {moment(at_us)}", f"list        {ledger.path}"],
        as_json=as_json,
    )


# ── show ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@key.command()
@click.argument("file", type=_PATH)
@click.option(
    "--check", metavar="FINGERPRINT", help="Compare with what the party reads to you; exit 2 where it differs."
)
@click.option("--history", type=_PATH, help="The party's list of keys. Default: PARTY.keys beside FILE.")
@_json
def show(file: Path, check: str | None, history: Path | None, *, as_json: bool) -> None:
    """Show a key file, private or public, or a party's list of keys. Needs no passphrase.

    Of a key file the party's list says how the key stands now: valid, revoked, or replaced and by which.
    """
    if _is_list(file):
        _show_list(ledger_at(file), check, as_json=as_json)
        return
    shown = read_key_file(file)
    if check:
        check_spoken(shown.public, check)
    ledger = ledger_about(file, shown.holder, history)
    state, listed = _listed(shown.public, ledger), str(ledger.path) if ledger else None
    said = {
        **_key_said(shown.public, shown.holder),
        "private": bool(shown.encrypted),
        "checked": bool(check),
        "state": state,
        "history": listed,
    }
    kind = "private key, under a passphrase" if shown.encrypted else "public key"
    standing = f"{state}, says {listed}" if state else f"not in {listed}" if listed else "not known: no list beside it"
    lines = [f"{file}: {kind}", *_key_lines(shown.public, shown.holder), f"state       {standing}"]
    _print(said, [*lines, "the fingerprint is as read" if check else _HAVE_READ_BACK], as_json=as_json)


def _listed(public: PublicKey, ledger: Ledger | None) -> str | None:
    """How the key stands by the list, None where it does not know the key."""
    keys = ledger.history.keys if ledger else ()
    return next((_state(key, _now_us()) for key in keys if key.public == public), None)


def _is_list(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(1) == b"{"
    except OSError as error:
        raise UnreadableFile(
            f"{file}: cannot be read: {error.strerror}", hint="check the path and its rights"
        ) from error


def _show_list(ledger: Ledger, check: str | None, *, as_json: bool) -> None:
    history, now_us = ledger.history, _now_us()
    if check and read_spoken(check) not in {spoken(k.public) for k in history.keys if k.holder.role is Role.ROOT}:
        raise NotAuthentic(
            "the fingerprint read out is of no root of this list",
            hint="do not use it; ask its party how you came by it",
        )
    said = {
        "party": history.party,
        "statements": history.count,
        "head": history.head,
        "checked": bool(check),
        "keys": [{**_key_said(k.public, k.holder), "state": _state(k, now_us)} for k in history.keys],
    }
    lines = [f"{ledger.path}: the keys of {history.party}, {history.count} statements, each as it must be signed"]
    for enrolled in history.keys:
        name = enrolled.holder.officer or enrolled.holder.role.value
        lines.append(f"  {enrolled.public.id[:16]}…  {name}: {_state(enrolled, now_us)}")
    lines += ["root:", *fingerprint_lines(history.root.public)]
    _print(said, [*lines, "a root's fingerprint is as read" if check else _HAVE_READ_BACK], as_json=as_json)


def _state(enrolled: EnrolledKey, now_us: int) -> str:
    try:
        enrolled.check_valid_at(now_us)
    except NotAuthentic:
        ending, until_us = enrolled.ending, enrolled.valid_until_us
        if now_us < enrolled.valid_from_us:
            return f"valid from {moment(enrolled.valid_from_us)}"
        if ending and now_us >= ending.at_us:
            return ended(ending)
        assert until_us is not None
        return f"expired at {moment(until_us)}"
    ends = {enrolled.valid_until_us, enrolled.ending.at_us if enrolled.ending else None} - {None}
    return f"valid until {moment(min(end for end in ends if end is not None))}" if ends else "valid"


# ── what is printed ──────────────────────────────────────────────────────────────────────────────────────────────────


def _key_said(public: PublicKey, holder: Holder | None) -> dict[str, Any]:
    return {
        "key": public.id,
        "party": holder.party if holder else None,
        "role": holder.role.value if holder else None,
        "officer": holder.officer or None if holder else None,
        "fingerprint": spoken(public),
        "public_key": public.text,
    }


def _key_lines(public: PublicKey, holder: Holder | None) -> list[str]:
    whose = f"{holder}, by the file's own word" if holder else "not stated in the file"
    return [f"holder      {whose}", f"key id      {public.id}", "fingerprint", *fingerprint_lines(public)]


def _tell(
    public: PublicKey,
    holder: Holder,
    fresh: FreshKey | None,
    history: Path | None = None,
    *,
    as_json: bool,
    valid_from: str | None = None,
) -> None:
    files = {"private_key_file": str(fresh.private_path), "public_key_file": str(fresh.public_path)} if fresh else {}
    listed = {"history": str(history)} if history else {}
    said = {**_key_said(public, holder), **files, **listed, **({"valid_from": valid_from} if valid_from else {})}
    lines = [f"{holder}", f"key id      {public.id}", "fingerprint", *fingerprint_lines(public)]
    lines += (
        [
            f"secret      {fresh.private_path}: keep it and its passphrase apart, with a copy",
            f"public      {fresh.public_path}",
        ]
        if fresh
        else []
    )
    lines += [f"list        {history}: give it to whom it concerns, again after each change"] if history else []
    _print(said, lines, as_json=as_json)


def _print(said: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n" if as_json else "\n".join(lines) + "\n")


# ── the clock ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _now_us() -> int:
    return time.time_ns() // 1000


def _moment_us(text: str | None, otherwise: int | None) -> int | None:
    from detente.geodesy import read_time

    return otherwise if text is None else (read_time(text) - _EPOCH) // timedelta(microseconds=1)
