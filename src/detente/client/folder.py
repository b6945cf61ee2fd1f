"""What a party keeps on its own machine: where its channel is, its token, its keys, and every version of every notice it sent.

A version is written down before it is sent, so that after a crash the same acts can be sent again, under the same id; what the
server took is marked so, what it refused is removed. Salts and full notices are here and nowhere else: a board needs them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from detente.channel.forms import Form, form_from, plain
from detente.client.known import Known, put
from detente.client.release import Prepared, Sent
from detente.domain import KeyRefused, Malformed, NotUnderstood, UnreadableFile, at
from detente.record.canonical import canonical, read_strict
from detente.record.envelope import Envelope, from_json, to_json
from detente.record.key_file import write_new

_PARTY: Final = "party.json"
_BEARER: Final = "bearer"
_NOTICES: Final = "notices"
_CURSOR: Final = "inbox.cursor"
_KNOWN: Final = "known"
_CANCELLED: Final = "cancelled"
_WAITING: Final = ".waiting"


class Membership(Form, frozen=True):
    """Which channel a party speaks on, and as whom.

    Attributes:
        key: the file of the officer's key, relative to the folder. passphrase: a file whose first line opens it; empty to ask.
        host_key: the host's public key as it was first seen; whoever signs for the host has to have it.
        certificates: a file of certificates to trust in place of the system's; empty for the system's.
    """

    server: str
    arena: str
    party: str
    officer: str
    key: str
    host_key: str
    passphrase: str = ""
    certificates: str = ""


class _Kept(Form, frozen=True):
    """A version of a notice on the disk; `envelopes` are what was signed for it, as JSON text."""

    sent: Sent
    envelopes: tuple[str, ...]


class PartyFolder:
    """A party's folder. Nobody else may read it.

    Raises:
        UnreadableFile: there is none, or it is not one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with at(str(path / _PARTY)):
            try:
                self.membership = form_from(read_strict((path / _PARTY).read_bytes()), Membership)
            except OSError as error:
                raise UnreadableFile(
                    f"cannot be read: {error.strerror}", hint="make one with `detente party join`, or give --as FOLDER"
                ) from error

    @classmethod
    def create(cls, path: Path, membership: Membership, token: str) -> PartyFolder:
        """A new folder.

        Raises:
            KeyRefused: there is one already.
        """
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(path / _BEARER, token.encode() + b"\n", mode=0o600)
        write_new(path / _PARTY, msgspec.json.format(canonical(plain(membership)), indent=2) + b"\n", mode=0o600)
        return cls(path)

    @property
    def token(self) -> str:
        """The bearer token."""
        path = self.path / _BEARER
        try:
            if os.stat(path).st_mode & 0o077:  # noqa: PTH116 - follows a link, as opening does
                raise KeyRefused(f"{path} can be read by others", hint=f"chmod 600 {path}")
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableFile(
                f"{path}: the token cannot be read", hint="ask the host for one, and put it there"
            ) from error

    @property
    def known(self) -> Known:
        """What it knows of the channel, and what waits to be carried there."""
        return Known(self.path / _KNOWN)

    # ── what was read ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def cursor(self) -> str | None:
        """How far the inbox was read; None before anything was."""
        path = self.path / _CURSOR
        return path.read_text(encoding="utf-8").strip() or None if path.exists() else None

    @cursor.setter
    def cursor(self, cursor: str) -> None:
        put(self.path / _CURSOR, cursor.encode() + b"\n")

    # ── what was sent ────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, prepared: Prepared) -> None:
        """Writes a version down before it is sent."""
        envelopes = tuple(to_json(each).decode() for each in prepared.envelopes)
        path = self._pending(prepared.sent)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(path, canonical(plain(_Kept(prepared.sent, envelopes))), mode=0o600)

    def waits(self, sent: Sent) -> None:
        """The version waits in the outbox; for its own sender it holds from now on."""
        self._pending(sent).rename(self._pending(sent).with_suffix(_WAITING))

    def is_waiting(self, sent: Sent) -> bool:
        """Whether the channel has not been heard of about this version."""
        return self._pending(sent).with_suffix(_WAITING).exists()

    def waiting(self, notice_id: str, version: int) -> Sent | None:
        """A version that waits."""
        path = (self.path / _NOTICES / notice_id / f"{version:06}").with_suffix(_WAITING)
        return form_from(read_strict(path.read_bytes()), _Kept).sent if path.exists() else None

    def took(self, sent: Sent, answer: Any) -> None:
        """The server took the version: it is kept, with what it was answered."""
        before = self._unsettled(sent)
        put(before.with_suffix(".answer"), canonical(answer))
        before.rename(before.with_suffix(".json"))

    def refused(self, sent: Sent) -> None:
        """The server refused the version: nothing of it holds."""
        self._unsettled(sent).unlink()

    def _unsettled(self, sent: Sent) -> Path:
        waiting = self._pending(sent).with_suffix(_WAITING)
        return waiting if waiting.exists() else self._pending(sent)

    def pending(self) -> tuple[tuple[Sent, tuple[Envelope, ...]], ...]:
        """Versions of which it is not known whether the server took them: to be sent again as they are."""
        return tuple(
            (kept.sent, tuple(from_json(each.encode()) for each in kept.envelopes))
            for _, kept in self._versions(".pending")
        )

    def end(self, sent: Sent) -> None:
        """A notice was cancelled: it is no longer listed as in force, and stays for a board to open."""
        put(self.path / _NOTICES / sent.notice_id / _CANCELLED, b"")

    def not_ended(self, notice_id: str) -> None:
        """Its cancellation was refused."""
        (self.path / _NOTICES / notice_id / _CANCELLED).unlink(missing_ok=True)

    def notices(self) -> tuple[Sent, ...]:
        """The latest version of each notice that the party sent, or that waits, and that it has not cancelled, by reference."""
        latest: dict[str, Sent] = {}
        for path, kept in sorted((*self._versions(".json"), *self._versions(_WAITING)), key=lambda each: each[0]):
            if not (path.parent / _CANCELLED).exists():
                latest[kept.sent.notice_id] = kept.sent
        return tuple(sorted(latest.values(), key=lambda sent: (sent.notice.reference, sent.notice_id)))

    def versions(self) -> Iterator[Sent]:
        """Every version of every notice that the channel took, those that were cancelled too; with the salts by which views open."""
        for _, kept in self._versions(".json"):
            yield kept.sent

    def notice(self, name: str) -> Sent:
        """The notice of a reference, or of the beginning of an id.

        Raises:
            NotUnderstood: none, or several.
        """
        known = self.notices()
        found = [each for each in known if each.notice.reference == name]
        found = found or [each for each in known if len(name) >= 4 and each.notice_id.startswith(name)]
        if len(found) != 1:
            names = ", ".join(each.notice.reference for each in known[:10]) or "none"
            raise NotUnderstood(f"{len(found)} notices of the party's own named {name!r:.60}", hint=f"sent: {names}")
        return found[0]

    def _pending(self, sent: Sent) -> Path:
        return self.path / _NOTICES / sent.notice_id / f"{sent.version:06}.pending"

    def _versions(self, suffix: str) -> Iterator[tuple[Path, _Kept]]:
        for path in sorted((self.path / _NOTICES).glob(f"*/*{suffix}")):
            with at(str(path)):
                kept = form_from(read_strict(path.read_bytes()), _Kept)
                if (path.parent.name, path.stem) != (kept.sent.notice_id, f"{kept.sent.version:06}"):
                    raise Malformed("holds another notice than its name says", hint="take it from your backup")
            yield path, kept
