"""What a party's folder knows of the channel, so that its desk can go on without a line.

Of what it was told: the public acts, where its own key stands, what others have released to it and ask of it. Of what it did without
a line: the outbox, acts already signed, in the order in which the channel has to decide them. They stay in it until it is known what
became of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from detente.channel.acts import CancelBody, MessageBody, StopBody, ViewBody
from detente.channel.bundle import CarriedSubmission
from detente.channel.forms import Form, form_from, plain
from detente.client.answers import Announcement, AnnouncementsPage, LastAct, ListedView, Sequences
from detente.client.release import submission_id
from detente.client.told import Told
from detente.domain import at
from detente.record.act import Act, read_act
from detente.record.canonical import canonical, read_strict
from detente.record.envelope import Envelope, from_json, to_json
from detente.record.key_file import write_new
from detente.record.note import Note

F = TypeVar("F")
_WORDS: Final = re.compile(r"[0-9A-Z]{10}")
_OPAQUE: Final = re.compile(r"[0-9a-f]{32}")
Last = dict[tuple[str, str], tuple[int, str]]  # sequence and digest of the last act, by key and audience


class Asked(Form, frozen=True):
    """A STOP or message that came for the party, by its id: what it may acknowledge without a line."""

    kind: str
    sender: str
    id: str


class HeardBefore(Form, frozen=True):
    """What was heard by voice, and from which party, as it was reported."""

    sender: str
    report: str


class Known:
    """The files of it, below a party's folder. Each is replaced whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._outbox = path.parent / "outbox"

    # ── the public acts ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def announcements(self) -> AnnouncementsPage:
        """The public acts as far as they were told, and the place after them."""
        return self._read("announcements", AnnouncementsPage) or AnnouncementsPage(None, ())

    def keep_announcements(self, items: Sequence[Announcement], cursor: str | None, *, anew: bool) -> None:
        """Public acts, after those that are kept, or in their place."""
        before = () if anew else self.announcements.items
        self._write("announcements", AnnouncementsPage(cursor, (*before, *items)))

    # ── where our keys stand ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def lasts(self) -> Last | None:
        """Where each key stood when the channel was last asked, with what it took since; None before it ever was."""
        found = self._read("sequences", Sequences)
        return None if found is None else {(e.key, e.audience): (e.sequence, e.digest) for e in found.sequences}

    def keep_lasts(self, lasts: Mapping[tuple[str, str], tuple[int, str]]) -> None:
        """Where each key stands, as the channel has it."""
        ordered = sorted(lasts.items())
        self._write("sequences", Sequences(tuple(LastAct(*place, *last) for place, last in ordered)))

    def took(self, envelopes: Iterable[Envelope]) -> None:
        """The channel has taken these acts."""
        self.keep_lasts(after_acts(self.lasts or {}, envelopes))

    # ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def head(self) -> bytes | None:
        """The last head of the arena's log that was checked, as its note; None before any was."""
        return self._raw("head.checkpoint")

    @head.setter
    def head(self, note: bytes) -> None:
        self._put("head.checkpoint", note)

    @property
    def named_head(self) -> bytes | None:
        """The head that acts name (`heads.to_name`)."""
        return self._raw("named.checkpoint")

    @named_head.setter
    def named_head(self, note: bytes) -> None:
        self._put("named.checkpoint", note)

    def forget_heads(self) -> None:
        """Nothing of the log is known any more."""
        for name in ("head.checkpoint", "named.checkpoint"):
            (self.path / name).unlink(missing_ok=True)

    def keep_proof(self, notes: Sequence[Note]) -> Path:
        """Notes that prove something against the host, in a folder of their own; the same ones again change nothing."""
        named = sha256(b"".join(note.raw for note in notes)).hexdigest()[:16]
        path = self.path.parent / "proof" / named
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number, note in enumerate(notes, start=1):
            put(path / f"{number}.checkpoint", note.raw)
        return path

    def _raw(self, name: str) -> bytes | None:
        path = self.path / name
        return path.read_bytes() if path.exists() else None

    def _put(self, name: str, raw: bytes) -> None:
        if self._raw(name) != raw:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            put(self.path / name, raw)

    # ── what we were told ────────────────────────────────────────────────────────────────────────────────────────────

    def keep_told(self, told: Told) -> None:
        """What a posting changes of what is in force for us, where it is to be believed."""
        if told.refusal is not None or told.act is None:
            return
        match told.body:
            case ViewBody(view):
                listed = ListedView(told.sender, view.view_id, view.version, str(told.payload["envelope"]))
                self._keep("views", view.view_id, listed)
            case CancelBody(view_id):
                self._forget("views", view_id, ListedView, told.sender)
            case StopBody(stop_id=stop_id, lifted=True):
                self._forget("asked", stop_id, Asked, told.sender)
            case StopBody(stop_id=named) | MessageBody(thread=named):
                self._keep("asked", named, Asked(told.kind, told.sender, named))
            case _:
                return

    def _keep(self, name: str, opaque_id: str, value: Any) -> None:
        """Ids become names of files: what is no id is kept nowhere."""
        if _OPAQUE.fullmatch(opaque_id):
            self._write(f"{name}/{opaque_id}", value)

    def _forget(self, name: str, opaque_id: str, kind: type[Any], sender: str) -> None:
        """It is over, where its own sender says so."""
        if _OPAQUE.fullmatch(opaque_id):
            found = self._read(f"{name}/{opaque_id}", kind)
            if found is not None and found.sender == sender:
                self._file(f"{name}/{opaque_id}").unlink()

    @property
    def views(self) -> tuple[ListedView, ...]:
        """The versions of views that we were last told, and that were not cancelled; they may be over by the clock."""
        return self._all("views", ListedView)

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The STOPs that stand, as far as we were told, and the messages."""
        return self._all("asked", Asked)

    def heard(self, words: str) -> HeardBefore | None:
        """What was heard by voice, by its check words."""
        name = "".join(words.split()).upper()
        return self._read(f"heard/{name}", HeardBefore) if _WORDS.fullmatch(name) else None

    def keep_heard(self, words: str, heard: HeardBefore) -> None:
        """What was heard by voice, and reported."""
        self._write(f"heard/{''.join(words.split())}", heard)

    # ── the outbox ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def outbox(self) -> tuple[CarriedSubmission, ...]:
        """What was signed without a line, in order."""
        found = []
        for name in self.outbox_names:
            path = self._outbox / name
            with at(str(path)):
                found.append(form_from(read_strict(path.read_bytes()), CarriedSubmission))
        return tuple(found)

    @property
    def outbox_names(self) -> tuple[str, ...]:
        """The files of it: `NUMBER-SUBMISSION.json`."""
        return tuple(sorted(path.name for path in self._outbox.glob("[0-9]*-*.json")))

    def put_out(self, envelopes: Sequence[Envelope]) -> str:
        """Acts into the outbox; once, however often they come. Gives their submission id."""
        carried = CarriedSubmission(submission_id(envelopes), tuple(to_json(each).decode() for each in envelopes))
        names = self.outbox_names
        if not any(carried.submission in name for name in names):
            number = int(names[-1].partition("-")[0]) + 1 if names else 1
            self._outbox.mkdir(mode=0o700, exist_ok=True)
            path = self._outbox / f"{number:06}-{carried.submission}.json"
            write_new(path, canonical(plain(carried)), mode=0o600)
        return carried.submission

    def put_away(self, submission: str) -> None:
        """It is known what became of a submission."""
        for path in self._outbox.glob(f"*-{submission}.json"):
            path.unlink()

    @property
    def answered_us(self) -> int:
        """When the newest answers that were read of a file were made, by the host's clock; 0 before any."""
        return self._read("answered", int) or 0

    @answered_us.setter
    def answered_us(self, made_at_us: int) -> None:
        self._write("answered", made_at_us)

    # ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.json"

    def _all(self, name: str, kind: type[F]) -> tuple[F, ...]:
        found = (self._read(f"{name}/{path.stem}", kind) for path in sorted((self.path / name).glob("*.json")))
        return tuple(each for each in found if each is not None)

    def _read(self, name: str, kind: type[F]) -> F | None:
        path = self._file(name)
        with at(str(path)):
            return form_from(read_strict(path.read_bytes()), kind) if path.exists() else None

    def _write(self, name: str, value: Any) -> None:
        path, raw = self._file(name), canonical(msgspec.to_builtins(value))
        if path.exists() and path.read_bytes() == raw:
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(path, raw)


def put(path: Path, content: bytes) -> None:
    """Replaces a file whole, on the disk before this returns; nobody else may read it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def acts_in(carried: CarriedSubmission) -> tuple[tuple[Act, Envelope], ...]:
    """Our own acts, as they were signed."""
    envelopes = [from_json(each.encode()) for each in carried.acts]
    return tuple((read_act(each.payload), each) for each in envelopes)


def after_acts(lasts: Mapping[tuple[str, str], tuple[int, str]], envelopes: Iterable[Envelope]) -> Last:
    """Where keys stand after these acts; an act that is behind already changes nothing."""
    found = dict(lasts)
    for envelope in envelopes:
        act = read_act(envelope.payload)
        found = furthest(found, {(act.key_id, act.audience): (act.sequence, envelope.digest)})
    return found


def furthest(
    lasts: Mapping[tuple[str, str], tuple[int, str]], others: Mapping[tuple[str, str], tuple[int, str]]
) -> Last:
    """Where keys stand at least, by two that may each know more of some; where both know as much, as the first has it."""
    beyond = {place: last for place, last in others.items() if last[0] > lasts.get(place, (0, ""))[0]}
    return {**lasts, **beyond}
