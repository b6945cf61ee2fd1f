"""What `detente key` reads and writes: passphrases, key files, and a party's list of key statements."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Final

import click

from detente.domain import KeyRefused, Malformed, UnreadableFile, at
from detente.record.envelope import Envelope, to_json
from detente.record.fingerprint import spoken
from detente.record.holder import Ending, Holder, Role, moment
from detente.record.key_file import (
    IV_BYTES,
    SALT_BYTES,
    KeyFile,
    append_line,
    private_key_text,
    public_key_text,
    read_key_file,
    unlock,
    write_new,
)
from detente.record.key_history import (
    MOST_BYTES,
    Body,
    KeyHistory,
    found,
    read_history,
    read_statement_lines,
    sign_statement,
)
from detente.record.keys import KEY_BYTES, PublicKey, SigningKey

NEW_KEY_VARIABLE: Final = "DETENTE_PASSPHRASE"
BY_VARIABLE: Final = "DETENTE_BY_PASSPHRASE"


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A key that is on no disk yet, and the texts of its two files."""

    signing: SigningKey
    holder: Holder
    private_text: str
    private_path: Path
    public_path: Path

    def write(self) -> None:
        """Write both files, the private one first: a public key without its private one could be enrolled and never sign."""
        write_new(self.private_path, self.private_text.encode(), mode=0o600)
        write_new(self.public_path, public_key_text(self.signing.public, self.holder).encode(), mode=0o644)


def fresh_key(holder: Holder, folder: Path, passphrase_file: Path | None) -> FreshKey:
    """A key from the system's randomness, under a passphrase that is asked for twice, with file names that are free."""
    private, public = _free_names(folder, holder)
    passphrase = _passphrase(passphrase_file, NEW_KEY_VARIABLE, f"New passphrase for {holder}", twice=True)
    signing = SigningKey(token_bytes(KEY_BYTES))
    text = private_key_text(signing, holder, passphrase, salt=token_bytes(SALT_BYTES), iv=token_bytes(IV_BYTES))
    return FreshKey(signing, holder, text, private, public)


def _free_names(folder: Path, holder: Holder) -> tuple[Path, Path]:
    """relief-mission-root.key and .pub, or the same with -2, -3 … for those that follow."""
    stem = f"{slug(holder.party)}-{slug(holder.officer or holder.role.value)}"
    for number in range(1, 1000):
        name = stem if number == 1 else f"{stem}-{number}"
        private, public = folder / f"{name}.key", folder / f"{name}.pub"
        if not private.exists() and not public.exists():
            return private, public
    raise KeyRefused(f"{folder} holds too many keys named {stem}", hint="choose another folder with --out")


def slug(name: str) -> str:
    """The name as a part of a file name: letters and digits of any script, in lower case, joined by hyphens."""
    return "-".join(re.findall(r"[^\W_]+", name.lower())) or "key"


def unlocked(path: Path, passphrase_file: Path | None) -> tuple[SigningKey, Holder]:
    """The private key of a file that says whose it is."""
    file = read_key_file(path)
    with at(str(path)):
        if file.holder is None:
            raise Malformed("the file does not say whose key it is", hint="use the file `detente key new` wrote")
        return unlock(file, _passphrase(passphrase_file, BY_VARIABLE, f"Passphrase of {path.name}")), file.holder


def public_key_of(path: Path, party: str, role: Role) -> KeyFile:
    """The key of a file, refused where the file says it is another party's or for something else."""
    file = read_key_file(path)
    if file.holder and (file.holder.party, file.holder.role) != (party, role):
        raise KeyRefused(
            f"{path}: this is the key of {file.holder}, not the {role} of {party}", hint="check which file you gave"
        )
    return file


def _passphrase(path: Path | None, variable: str, question: str, *, twice: bool = False) -> str:
    """From the file, else from the environment, else asked for, unseen."""
    if path:
        try:
            return path.read_text(encoding="utf-8").partition("\n")[0]
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableFile(
                f"{path}: the passphrase cannot be read", hint="its first line is the passphrase"
            ) from error
    if variable in os.environ:
        return os.environ[variable]
    if not sys.stdin.isatty():
        raise KeyRefused(
            f"no passphrase, and nobody to ask: {question}",
            hint=f"run it in a terminal, give a passphrase file, or set {variable}",
        )
    asked: str = click.prompt(question, hide_input=True, confirmation_prompt=twice)
    return asked


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Ledger:
    """A party's list of key statements on the disk, verified, and its bytes as they were read."""

    path: Path
    raw: bytes
    history: KeyHistory

    def signed(self, body: Body, now_us: int, *signers: SigningKey) -> Envelope:
        """The next statement, which the list would take; nothing is written."""
        envelope = sign_statement(self.history.next(body, made_at_us=now_us), *signers)
        self.history.then(envelope)
        return envelope

    def check_in_force(self, key: PublicKey, role: Role) -> None:
        """Returns where the key is the root, or the recovery key, that the party has now.

        Raises:
            KeyRefused: it is not, or no longer; the message says since when, and which took its place.
        """
        history = self.history
        current = history.root if role is Role.ROOT else history.recovery
        if current is None or current.public != key:
            known = next((k.ending for k in history.keys if k.public == key and k.ending), None)
            raise KeyRefused(
                f"key {key.id[:16]}… is not the {role} that {history.party} has now{f': {ended(known)}' if known else ''}",
                hint=f"`detente key show {self.path}` says which is",
            )

    def append(self, envelope: Envelope) -> None:
        append_line(self.path, self.raw, to_json(envelope) + b"\n")


def ledger_at(path: Path) -> Ledger:
    """The list in a file, checked from the root it founds. That the root is the party's, people establish by voice."""
    with at(str(path)):
        try:
            with path.open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise UnreadableFile(
                f"the party's list of keys cannot be read: {error.strerror}", hint="say where it is with --history"
            ) from error
        statements = read_statement_lines(raw)
        if not statements:
            raise Malformed("the list of keys is empty", hint="ask for the whole list")
        return Ledger(path, raw, read_history(statements, found(statements[0]).root.public))


def ledger_beside(signing_file: Path, holder: Holder, path: Path | None, signing: SigningKey) -> Ledger:
    """The list that a signing key's statement goes into: the one named, or PARTY.keys beside the key. It has to know the key."""
    ledger = ledger_at(path or signing_file.parent / f"{slug(holder.party)}.keys")
    if ledger.history.party != holder.party:
        raise KeyRefused(f"{ledger.path} is the list of {ledger.history.party}, not of {holder.party}")
    with at(str(ledger.path)):
        known = ledger.history.key(signing.public.id)
    if known.holder.role is not Role.OFFICER:
        ledger.check_in_force(known.public, known.holder.role)
    return ledger


def ledger_about(file: Path, holder: Holder | None, path: Path | None) -> Ledger | None:
    """The list that says how a key of that file stands: the one named, or PARTY.keys beside it; None where there is none."""
    if path:
        ledger = ledger_at(path)
        if holder and ledger.history.party != holder.party:
            raise KeyRefused(f"{path} is the list of {ledger.history.party}, not of {holder.party}")
        return ledger
    beside = file.parent / f"{slug(holder.party)}.keys" if holder else None
    if beside is None or not beside.exists():
        return None
    ledger = ledger_at(beside)
    return ledger if holder and ledger.history.party == holder.party else None


def ended(ending: Ending) -> str:
    """Why and when a key ended, and what took its place."""
    by = f", by key {ending.replaced_by[:16]}…" if ending.replaced_by else ""
    since = f", in doubt since {moment(ending.suspected_since_us)}" if ending.suspected_since_us is not None else ""
    return f"{ending.why} at {moment(ending.at_us)}{by}{since}"


def new_list(path: Path, envelope: Envelope) -> None:
    """Write the list that a founding begins."""
    write_new(path, to_json(envelope) + b"\n", mode=0o644)


def fingerprint_lines(key: PublicKey) -> list[str]:
    """The fingerprint group by group, with what to say for each."""
    from detente.geodesy.read_back import voice

    return [f"  {number}  {group}  {voice(group)}" for number, group in enumerate(spoken(key).split(), 1)]
