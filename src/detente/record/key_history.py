"""A party's keys over time: a list of signed statements, each naming the one before, that anyone can check from a root key alone.

The first founds the party's root; then officers' keys are enrolled, replaced and revoked by the root, and the root is changed by itself or, when it is lost
or stolen, by the recovery key. Nothing is undone: a revoked key signs no more, and what it signed before still holds.

The list cannot show that its end was withheld, nor that a moment stated in it is true; the record it is logged in does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import reduce
from typing import Any, Final, TypeAlias

from detente.domain import Malformed, NotAuthentic, TooLarge, at
from detente.record.canonical import canonical, read_canonical
from detente.record.envelope import Envelope, from_json, sign, to_json, verify
from detente.record.fingerprint import spoken
from detente.record.holder import LAST_US, Ending, EnrolledKey, Holder, Role, check_name, moment
from detente.record.keys import PublicKey, SigningKey, public_key_from_text

PAYLOAD_TYPE: Final = "application/vnd.detente.key-statement+json"
VERSION: Final = 1
LONGEST_NOTE: Final = 500
MOST_BYTES: Final = 16 << 20
MOST_STATEMENTS: Final = 10_000


class Reason(StrEnum):
    """Why a key is given up."""

    LOST = "lost"
    STOLEN = "stolen"
    RETIRED = "retired"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Founding:
    """A party's first root key, signed by it, and the recovery key, which may replace it."""

    root: PublicKey
    recovery: PublicKey | None
    valid_until_us: int | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An officer's key, signed by the root. The key it replaces, if any, ends as this one begins."""

    key: PublicKey
    officer: str
    valid_from_us: int
    valid_until_us: int | None
    replaces: str | None


@dataclass(frozen=True, slots=True)
class Revocation:
    """The end of an officer's key, signed by the root or by the key itself."""

    key_id: str
    reason: Reason
    effective_us: int
    suspected_since_us: int | None
    note: str


@dataclass(frozen=True, slots=True)
class RootChange:
    """Another root key, signed by it and by the root or the recovery key. Officers' keys stay."""

    key: PublicKey
    reason: Reason


@dataclass(frozen=True, slots=True)
class RecoveryChange:
    """Another recovery key, signed by it and by the recovery key before: whoever stole the root must not be able to."""

    key: PublicKey


Body: TypeAlias = Founding | Enrolment | Revocation | RootChange | RecoveryChange


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement about a party's keys: its place in the list, when it was made by its author's clock, and what it says."""

    party: str
    sequence: int
    previous: str | None
    made_at_us: int
    body: Body


# ── statements as bytes ──────────────────────────────────────────────────────────────────────────────────────────────


def sign_statement(statement: Statement, *keys: SigningKey) -> Envelope:
    """The statement in an envelope signed by each key."""
    return sign(statement_bytes(statement), PAYLOAD_TYPE, *keys)


def statement_bytes(statement: Statement) -> bytes:
    """The payload: canonical JSON."""
    body = {field.name: _written(getattr(statement.body, field.name)) for field in fields(statement.body)}
    return canonical(
        {
            "version": VERSION,
            "party": statement.party,
            "sequence": statement.sequence,
            "previous": statement.previous,
            "made_at_us": statement.made_at_us,
            "statement": next(kind for kind, (of, _) in _KINDS.items() if isinstance(statement.body, of)),
            "body": body,
        }
    )


def _written(value: Any) -> Any:
    return value.text if isinstance(value, PublicKey) else value


def read_statement(payload: bytes) -> Statement:
    """The statement of a payload. Who signed it is for `KeyHistory` to say.

    Raises:
        Malformed: not canonical JSON, or not a statement of this version.
    """
    value = read_canonical(payload)
    if not isinstance(value, dict) or value.get("version") != VERSION:
        raise Malformed("not a key statement of version 1", hint="a newer détente may read it")
    kind = value.get("statement")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Malformed(f"a key statement of kind {str(kind)[:40]!r}", hint=f"known are {', '.join(_KINDS)}")
    made, readers = _KINDS[kind]
    header = _read(value, _HEADER)
    with at("body"):
        body: Body = made(**_read(header["body"], readers))
    return Statement(header["party"], header["sequence"], header["previous"], header["made_at_us"], body)


def _read(value: Any, readers: dict[str, Callable[[Any], Any]]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != readers.keys():
        raise Malformed(f"not an object of {', '.join(readers)}")
    read = {}
    for name, reader in readers.items():
        with at(name):
            read[name] = reader(value[name])
    return read


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed("not a text")
    return value


def _name(value: Any) -> str:
    check_name(_text(value), "name")
    return str(value)


def _note(value: Any) -> str:
    if len(_text(value)) > LONGEST_NOTE:
        raise Malformed(f"a note of {len(value)} characters; the limit is {LONGEST_NOTE}")
    return str(value)


def _key(value: Any) -> PublicKey:
    return public_key_from_text(_text(value))


def _digest(value: Any) -> str:
    if len(_text(value)) != 64 or set(value) - set("0123456789abcdef"):
        raise Malformed("not 64 hexadecimal digits")
    return str(value)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LAST_US:
        raise Malformed("not a whole number, or out of range")
    return value


def _reason(value: Any) -> Reason:
    if value not in list(Reason):
        raise Malformed(f"reason {str(value)[:40]!r}", hint=f"known are {', '.join(Reason)}")
    return Reason(value)


def _or_null(reader: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else reader(value)


_HEADER: Final[dict[str, Callable[[Any], Any]]] = {
    "version": _count,
    "party": _name,
    "sequence": _count,
    "previous": _or_null(_digest),
    "made_at_us": _count,
    "statement": _text,
    "body": lambda value: value,
}
_KINDS: Final[dict[str, tuple[type[Any], dict[str, Callable[[Any], Any]]]]] = {
    "founding": (Founding, {"root": _key, "recovery": _or_null(_key), "valid_until_us": _or_null(_count)}),
    "enrolment": (
        Enrolment,
        {
            "key": _key,
            "officer": _name,
            "valid_from_us": _count,
            "valid_until_us": _or_null(_count),
            "replaces": _or_null(_digest),
        },
    ),
    "revocation": (
        Revocation,
        {
            "key_id": _digest,
            "reason": _reason,
            "effective_us": _count,
            "suspected_since_us": _or_null(_count),
            "note": _note,
        },
    ),
    "root_change": (RootChange, {"key": _key, "reason": _reason}),
    "recovery_change": (RecoveryChange, {"key": _key}),
}


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """What a verified list says: every key the party ever had, and where the list stands. Made by `found`, `then` and `read_history` only.

    Attributes:
        head: digest of the last statement.
        count: how many there are.
        made_at_us: when the last one says it was made.
    """

    party: str
    keys: tuple[EnrolledKey, ...]
    head: str
    count: int
    made_at_us: int

    @property
    def root(self) -> EnrolledKey:
        """The root key that is in force."""
        return self._in_force(Role.ROOT)[0]

    @property
    def recovery(self) -> EnrolledKey | None:
        """The recovery key that is in force, if the party named one."""
        return next(iter(self._in_force(Role.RECOVERY)), None)

    def _in_force(self, role: Role) -> list[EnrolledKey]:
        return [key for key in self.keys if key.holder.role is role and not key.ending]

    def valid_at(self, at_us: int) -> tuple[EnrolledKey, ...]:
        """The keys that may sign at the moment."""
        return tuple(key for key in self.keys if key.is_valid_at(at_us))

    def key(self, key_id: str) -> EnrolledKey:
        """The key of that id.

        Raises:
            NotAuthentic: the party never had it.
        """
        for key in self.keys:
            if key.public.id == key_id:
                return key
        raise NotAuthentic(
            f"{self.party} never had key {key_id[:16]}…", hint="check the party and the list of its keys"
        )

    def next(self, body: Body, *, made_at_us: int) -> Statement:
        """The statement that would come next, to be signed."""
        return Statement(self.party, self.count, self.head, made_at_us, body)

    def then(self, envelope: Envelope) -> KeyHistory:
        """The history with one statement more.

        Raises:
            Malformed: not a key statement.
            NotAuthentic: not the next of this list, not signed by whom it must be, or it says what it may not.
        """
        statement = _opened(envelope)
        _check_place(statement, self)
        keys = _APPLY[type(statement.body)](self, statement, envelope)
        return KeyHistory(self.party, keys, envelope.digest, self.count + 1, statement.made_at_us)


def found(envelope: Envelope) -> KeyHistory:
    """The history of a party whose first statement this is. Nothing says yet that this root is the party's: compare it.

    Raises:
        Malformed: not a key statement.
        NotAuthentic: not a founding, or not signed by the root it names.
    """
    statement = _opened(envelope)
    body = statement.body
    if not isinstance(body, Founding) or (statement.sequence, statement.previous) != (0, None):
        raise NotAuthentic("the list does not begin with the founding of a root key", hint="ask for the whole list")
    verify(envelope, [body.root], payload_type=PAYLOAD_TYPE)
    if body.recovery == body.root:
        raise NotAuthentic("root and recovery are one key", hint="make two, and keep them in two places")
    keys = [_enrolled(body.root, statement, Role.ROOT, body.valid_until_us)]
    if body.recovery:
        keys.append(_enrolled(body.recovery, statement, Role.RECOVERY))
    return KeyHistory(statement.party, tuple(keys), envelope.digest, 1, statement.made_at_us)


def read_history(statements: Sequence[Envelope], root: PublicKey) -> KeyHistory:
    """The history, checked from its first statement to its last.

    Args:
        root: a root key of the party that you trust: the first, or any that followed it (a new root signs for the list before it).

    Raises:
        Malformed: a statement is none.
        NotAuthentic: the list never had that root, or a statement in it does not hold; `where` names it.
    """
    if not statements:
        raise NotAuthentic("the list of keys is empty", hint="ask for the whole list")
    with at("statement 0"):
        history = found(statements[0])
    history = reduce(_then, statements[1:], history)
    if not any(key.public == root for key in history.keys if key.holder.role is Role.ROOT):
        raise NotAuthentic(
            f"the list of {history.party} belongs to another root: {spoken(history.root.public)}",
            hint="have the party read its root's fingerprint to you",
        )
    return history


def keys_valid_at(statements: Sequence[Envelope], root: PublicKey, at_us: int) -> tuple[EnrolledKey, ...]:
    """The keys that may sign at the moment; raises as `read_history`."""
    return read_history(statements, root).valid_at(at_us)


def keys_by_id(histories: Iterable[KeyHistory]) -> dict[str, EnrolledKey]:
    """Every key of several parties, ended ones too, by its id.

    Raises:
        NotAuthentic: two parties enrolled the same key, so that what it signs would be either's.
    """
    known: dict[str, EnrolledKey] = {}
    for key in (key for history in histories for key in history.keys):
        other = known.setdefault(key.public.id, key)
        if other is not key:
            raise NotAuthentic(f"key {key.public.id[:16]}… is both {other.holder}'s and {key.holder}'s")
    return known


def _then(history: KeyHistory, envelope: Envelope) -> KeyHistory:
    with at(f"statement {history.count}"):
        return history.then(envelope)


def _opened(envelope: Envelope) -> Statement:
    if envelope.payload_type != PAYLOAD_TYPE:
        raise NotAuthentic(f"{envelope.payload_type!r} is no key statement", hint="it was signed to say something else")
    return read_statement(envelope.payload)


def _check_place(statement: Statement, history: KeyHistory) -> None:
    if statement.party != history.party:
        raise NotAuthentic(f"a statement of {statement.party!r} in the list of {history.party!r}")
    if (statement.sequence, statement.previous) != (history.count, history.head):
        raise NotAuthentic(
            f"statement {statement.sequence} does not follow number {history.count - 1}, {history.head[:16]}…",
            hint="one is missing, out of order, or the list was continued twice: ask for the whole list",
        )
    if statement.made_at_us < history.made_at_us:
        raise NotAuthentic(
            f"made at {moment(statement.made_at_us)}, before the statement it follows, {moment(history.made_at_us)}",
            hint="set the clock right",
        )


def _enrolled(key: PublicKey, statement: Statement, role: Role, until_us: int | None = None) -> EnrolledKey:
    if until_us is not None and until_us <= statement.made_at_us:
        raise NotAuthentic(f"a key that would end at {moment(until_us)}, before it begins")
    return EnrolledKey(key, Holder(statement.party, role), statement.made_at_us, until_us)


def _by_root(history: KeyHistory, statement: Statement, envelope: Envelope) -> None:
    verify(envelope, [history.root.public], payload_type=PAYLOAD_TYPE)
    history.root.check_valid_at(statement.made_at_us)


def _check_new(history: KeyHistory, key: PublicKey) -> None:
    if any(key == old.public for old in history.keys):
        raise NotAuthentic(f"key {key.id[:16]}… is in the list already", hint="a key has one life: make a new one")


def _ended(history: KeyHistory, key_id: str, ending: Ending) -> tuple[EnrolledKey, ...]:
    old = history.key(key_id)
    if old.ending:
        raise NotAuthentic(f"key {key_id[:16]}… was {old.ending.why} already, at {moment(old.ending.at_us)}")
    return tuple(replace(key, ending=ending) if key is old else key for key in history.keys)


def _ended_officer(history: KeyHistory, key_id: str, ending: Ending) -> tuple[EnrolledKey, ...]:
    if history.key(key_id).holder.role is not Role.OFFICER:
        raise NotAuthentic(f"key {key_id[:16]}… is no officer's", hint="change a root or recovery key by rotating it")
    return _ended(history, key_id, ending)


def _enrol(history: KeyHistory, statement: Statement, envelope: Envelope) -> tuple[EnrolledKey, ...]:
    body = statement.body
    assert isinstance(body, Enrolment)
    _by_root(history, statement, envelope)
    _check_new(history, body.key)
    if body.valid_from_us < statement.made_at_us:
        raise NotAuthentic(
            f"valid from {moment(body.valid_from_us)}, before the statement was made, {moment(statement.made_at_us)}",
            hint="a key cannot be given acts of the past",
        )
    if body.valid_until_us is not None and body.valid_until_us <= body.valid_from_us:
        raise NotAuthentic(f"a key that would end at {moment(body.valid_until_us)}, before it begins")
    keys = history.keys
    if body.replaces:
        ending = Ending(body.valid_from_us, Reason.REPLACED.value, replaced_by=body.key.id)
        keys = _ended_officer(history, body.replaces, ending)
    holder = Holder(history.party, Role.OFFICER, body.officer)
    return (*keys, EnrolledKey(body.key, holder, body.valid_from_us, body.valid_until_us))


def _revoke(history: KeyHistory, statement: Statement, envelope: Envelope) -> tuple[EnrolledKey, ...]:
    body = statement.body
    assert isinstance(body, Revocation)
    revoked = history.key(body.key_id)
    for signer in verify(envelope, [history.root.public, revoked.public], payload_type=PAYLOAD_TYPE):
        history.key(signer.id).check_valid_at(statement.made_at_us)
    if body.effective_us < statement.made_at_us:
        raise NotAuthentic(
            f"revoked from {moment(body.effective_us)}, before the statement was made, {moment(statement.made_at_us)}",
            hint="what a key has signed is not undone: state when the theft may have been as suspected_since_us",
        )
    if body.suspected_since_us is not None and body.suspected_since_us > body.effective_us:
        raise NotAuthentic(f"suspected since {moment(body.suspected_since_us)}, after the key ends")
    why = f"revoked ({body.reason})"
    return _ended_officer(history, body.key_id, Ending(body.effective_us, why, body.suspected_since_us))


def _change_root(history: KeyHistory, statement: Statement, envelope: Envelope) -> tuple[EnrolledKey, ...]:
    body = statement.body
    assert isinstance(body, RootChange)
    _check_new(history, body.key)
    recovery = [history.recovery.public] if history.recovery else []
    signers = verify(envelope, [body.key, history.root.public, *recovery], payload_type=PAYLOAD_TYPE)
    _check_signed_by_new(body.key, signers)
    if not any(key in signers for key in recovery):
        _check_signed_by(history.root, signers)
        history.root.check_valid_at(statement.made_at_us)
    ending = Ending(statement.made_at_us, f"given up ({body.reason})", replaced_by=body.key.id)
    keys = _ended(history, history.root.public.id, ending)
    return (*keys, _enrolled(body.key, statement, Role.ROOT))


def _change_recovery(history: KeyHistory, statement: Statement, envelope: Envelope) -> tuple[EnrolledKey, ...]:
    body = statement.body
    assert isinstance(body, RecoveryChange)
    _check_new(history, body.key)
    if not history.recovery:
        raise NotAuthentic(
            f"{history.party} named no recovery key",
            hint="it is named when the root is founded, and cannot be added by a root alone",
        )
    signers = verify(envelope, [body.key, history.recovery.public], payload_type=PAYLOAD_TYPE)
    _check_signed_by_new(body.key, signers)
    _check_signed_by(history.recovery, signers)
    ending = Ending(statement.made_at_us, Reason.REPLACED.value, replaced_by=body.key.id)
    keys = _ended(history, history.recovery.public.id, ending)
    return (*keys, _enrolled(body.key, statement, Role.RECOVERY))


def _check_signed_by(key: EnrolledKey, signers: tuple[PublicKey, ...]) -> None:
    if key.public not in signers:
        raise NotAuthentic(f"not signed by {key.holder}, key {key.public.id[:16]}…")


def _check_signed_by_new(key: PublicKey, signers: tuple[PublicKey, ...]) -> None:
    if key not in signers:
        raise NotAuthentic(
            f"not signed by the new key {key.id[:16]}… itself", hint="the new key shows that its holder has it"
        )


_Apply: TypeAlias = Callable[[KeyHistory, Statement, Envelope], tuple[EnrolledKey, ...]]


def _refound(history: KeyHistory, statement: Statement, envelope: Envelope) -> tuple[EnrolledKey, ...]:  # noqa: ARG001
    raise NotAuthentic(f"a second founding of {history.party}", hint="a root is changed, not founded again")


_APPLY: Final[dict[type[Body], _Apply]] = {
    Founding: _refound,
    Enrolment: _enrol,
    Revocation: _revoke,
    RootChange: _change_root,
    RecoveryChange: _change_recovery,
}


# ── the list as a file ───────────────────────────────────────────────────────────────────────────────────────────────


def statement_lines(statements: Iterable[Envelope]) -> bytes:
    """One envelope in JSON a line."""
    return b"".join(to_json(envelope) + b"\n" for envelope in statements)


def read_statement_lines(raw: bytes) -> list[Envelope]:
    """The envelopes of a file of lines. They are not verified; `read_history` does.

    Raises:
        TooLarge: more than 16 MiB or 10,000 lines.
        Malformed: a line is no envelope, or the last one was cut short.
    """
    lines = raw.split(b"\n")
    if len(raw) > MOST_BYTES or len(lines) > MOST_STATEMENTS + 1:
        raise TooLarge(
            f"a list of {len(raw)} bytes; the limits are {MOST_BYTES} bytes and {MOST_STATEMENTS} statements"
        )
    if lines.pop():
        raise Malformed(
            "the last line was cut short",
            hint="writing was interrupted before it was done: delete that line, nobody has seen it",
        )
    envelopes = []
    for number, line in enumerate(lines):
        with at(f"statement {number}"):
            envelopes.append(from_json(line))
    return envelopes
