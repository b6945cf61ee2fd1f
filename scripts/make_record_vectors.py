"""Writes tests/vectors/record: a small log with all that proves its entries, and what must be refused, for whoever checks it in another language.

`python scripts/make_record_vectors.py` writes the same bytes each time; tests/record/test_vectors.py judges them and holds the files to this script.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from detente.channel.acts import HOST_KINDS, KINDS
from detente.record.act import PAYLOAD_TYPE, Act, SeenCheckpoint, act_bytes
from detente.record.canonical import canonical
from detente.record.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from detente.record.envelope import Envelope, sign, to_json
from detente.record.fingerprint import spoken
from detente.record.key_history import (
    Enrolment,
    Founding,
    KeyHistory,
    Reason,
    RecoveryChange,
    Revocation,
    RootChange,
    Statement,
    found,
    sign_statement,
)
from detente.record.keys import SigningKey
from detente.record.leaf import leaf_data
from detente.record.merkle import Node, consistency_proof, inclusion_proof, leaf_hash, node_hash, root_at
from detente.record.note import Note
from detente.record.proof import prove
from detente.record.tiles import Frontier, TileAddress, TileReader, tile_of_leaf, tile_path, tiles_of

FOLDER = Path(__file__).parents[1] / "tests" / "vectors" / "record"
ARENA = "levant/2018 (l'été)"
T0_US = 1_537_207_200_000_000  # 2018-09-17T18:00:00Z
SECOND_US = 1_000_000
SPACING_S = 10  # between entries
SIZE = 300
SAID_TO_HAVE_COME_AS = {260: 200, 261: SIZE + 200}  # where the host lies
LARGE = 70_001
LARGE_OPENED = (0, 12_345, 69_888, 70_000)


def key(name: str) -> SigningKey:
    """The same key for the same name, always; never one to use."""
    return SigningKey(sha256(f"record vectors: {name}".encode()).digest())


HOST, STRANGER = key("host"), key("stranger")
ROOT, RECOVERY, DAY, NIGHT, LATE = map(key, ("root", "recovery", "day officer", "night officer", "late officer"))
SOUTH_ROOT, SOUTH_DAY = key("south root"), key("south day officer")
WITNESSES = {"north.example/witness": key("north witness"), "south.example/witness": key("south witness")}
QUORUM = 2


def b64(raw: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(raw).decode()


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Statements:
    """A list of key statements as it is made."""

    def __init__(self, party: str, root: SigningKey, recovery: SigningKey | None, until_us: int | None = None) -> None:
        body = Founding(root.public, recovery and recovery.public, until_us)
        self.envelopes = [sign_statement(Statement(party, 0, None, T0_US - 1_000 * SECOND_US, body), root)]
        self.history: KeyHistory = found(self.envelopes[0])

    def say(self, body: Any, *keys: SigningKey, at_us: int = T0_US - 900 * SECOND_US) -> Statements:
        """With a statement that holds."""
        self.envelopes.append(sign_statement(self.history.next(body, made_at_us=at_us), *keys))
        self.history = self.history.then(self.envelopes[-1])
        return self

    def claim(self, body: Any, *keys: SigningKey, at_us: int = T0_US - 900 * SECOND_US) -> list[Envelope]:
        """The list with a statement that does not."""
        return [*self.envelopes, sign_statement(self.history.next(body, made_at_us=at_us), *keys)]


def enrolment(
    officer: SigningKey, name: str, from_us: int = T0_US, until_us: int | None = None, replaces: str | None = None
) -> Enrolment:
    """An officer's key."""
    return Enrolment(officer.public, name, from_us, until_us, replaces)


def north() -> Statements:
    """A party with a day officer, a night officer revoked in the evening, and one whose key begins the day after."""
    made = Statements("North", ROOT, RECOVERY)
    made.say(enrolment(DAY, "Day officer"), ROOT).say(enrolment(NIGHT, "Night officer"), ROOT)
    made.say(enrolment(LATE, "Late officer", T0_US + 86_400 * SECOND_US), ROOT)
    stolen = Revocation(NIGHT.public.id, Reason.STOLEN, T0_US + 100 * SECOND_US, T0_US + 50 * SECOND_US, "a bag")
    return made.say(stolen, ROOT, at_us=T0_US + 90 * SECOND_US)


def south() -> Statements:
    """Another party; no recovery key."""
    return Statements("South", SOUTH_ROOT, None).say(enrolment(SOUTH_DAY, "Day officer"), SOUTH_ROOT)


def key_lists() -> list[dict[str, Any]]:
    """Lists of key statements; `said` is what a refusal says, null where the list holds."""
    made, other = north(), south()
    first, *rest = made.envelopes
    after, early = T0_US + 200 * SECOND_US, T0_US - 950 * SECOND_US
    changed_root = north().say(RootChange(LATER_ROOT.public, Reason.STOLEN), LATER_ROOT, RECOVERY, at_us=after)
    by_old_root = changed_root.claim(enrolment(STRANGER, "X", after), ROOT, at_us=after)
    again = RootChange(DAY.public, Reason.RETIRED)
    cases: list[tuple[str, Iterable[Envelope], SigningKey, str | None]] = [
        ("holds", made.envelopes, ROOT, None),
        ("root changed by the recovery key", changed_root.envelopes, ROOT, None),
        ("trusted by its later root", changed_root.envelopes, LATER_ROOT, None),
        ("recovery key changed", recovered().envelopes, ROOT, None),
        ("an officer's key replaced", replaced().envelopes, ROOT, None),
        ("empty", [], ROOT, "the list of keys is empty"),
        ("another root", made.envelopes, SOUTH_ROOT, "belongs to another root"),
        ("begins in the middle", rest, ROOT, "does not begin with the founding"),
        ("one missing", [first, *rest[1:]], ROOT, "statement 2 does not follow number 0"),
        ("two swapped", [first, rest[1], rest[0], *rest[2:]], ROOT, "statement 2 does not follow number 0"),
        ("one repeated", [*made.envelopes, rest[-1]], ROOT, "statement 4 does not follow number 4"),
        ("another party's", [first, *other.envelopes[1:]], ROOT, "a statement of 'South' in the list of 'North'"),
        ("enrolled by a stranger", made.claim(enrolment(STRANGER, "X", after), STRANGER, at_us=after), ROOT, "none of the 1 keys"),
        ("enrolled by the old root", by_old_root, ROOT, "none of the 1 keys"),
        ("enrolled in the past", made.claim(enrolment(STRANGER, "X", early), ROOT, at_us=after), ROOT, "acts of the past"),
        ("made before the one it follows", made.claim(enrolment(STRANGER, "X", after), ROOT, at_us=early), ROOT, "before the statement it follows"),
        ("ends before it begins", made.claim(enrolment(STRANGER, "X", after, after), ROOT, at_us=after), ROOT, "before it begins"),
        ("a key twice", made.claim(enrolment(DAY, "X", after), ROOT, at_us=after), ROOT, "is in the list already"),
        ("revoked twice", made.claim(revocation(NIGHT, after), ROOT, at_us=after), ROOT, "revoked (stolen) already"),
        ("revoked by another officer", made.claim(revocation(DAY, after), NIGHT, at_us=after), ROOT, "none of the 2 keys"),
        ("revoked in the past", made.claim(revocation(DAY, early), ROOT, at_us=after), ROOT, "what a key has signed is not undone"),
        ("a root revoked", made.claim(revocation(ROOT, after), ROOT, at_us=after), ROOT, "is no officer's"),
        ("a key it never had", made.claim(revocation(STRANGER, after), ROOT, at_us=after), ROOT, "never had key"),
        ("a new root that did not sign", made.claim(RootChange(LATER_ROOT.public, Reason.LOST), ROOT, at_us=after), ROOT, "not signed by the new key"),
        ("a new root that only signed itself", made.claim(RootChange(LATER_ROOT.public, Reason.LOST), LATER_ROOT, at_us=after), ROOT, "not signed by the root of North"),
        ("an officer's key made root", made.claim(again, ROOT, DAY, at_us=after), ROOT, "is in the list already"),
        ("a recovery key that the root changed", made.claim(RecoveryChange(STRANGER.public), STRANGER, ROOT, at_us=after), ROOT, "not signed by the recovery of North"),
        ("a recovery key where none was named", other.claim(RecoveryChange(STRANGER.public), STRANGER, SOUTH_ROOT, at_us=after), SOUTH_ROOT, "named no recovery key"),
        ("a second founding", made.claim(Founding(ROOT.public, None, None), ROOT, at_us=after), ROOT, "a second founding of North"),
        ("a root that had ended", expired(), ROOT, "was valid until"),
        ("a root that had ended gives itself a successor", outlived_root(), ROOT, "was valid until"),
        ("a key that had ended revokes itself", outlived_officer(), ROOT, "was valid until"),
        ("stolen after it ended", made.claim(Revocation(DAY.public.id, Reason.STOLEN, after, after + 1, ""), ROOT, at_us=after), ROOT, "after the key ends"),
        ("root and recovery are one", [one_key()], ROOT, "root and recovery are one key"),
    ]  # fmt: skip
    return [
        {"name": name, "root": root.public.text, "said": said, "statements": [to_json(each).decode() for each in list_]}
        for name, list_, root, said in cases
    ]


LATER_ROOT = key("later root")


def revocation(of: SigningKey, effective_us: int) -> Revocation:
    """An end."""
    return Revocation(of.public.id, Reason.RETIRED, effective_us, None, "")


def recovered() -> Statements:
    """With another recovery key."""
    new = key("later recovery")
    return north().say(RecoveryChange(new.public), new, RECOVERY, at_us=T0_US + 200 * SECOND_US)


def replaced() -> Statements:
    """With an officer's key in another's place."""
    at_us = T0_US + 200 * SECOND_US
    new = enrolment(key("next day officer"), "Day officer", at_us, None, DAY.public.id)
    return north().say(new, ROOT, at_us=at_us)


def expired() -> list[Envelope]:
    """A root that enrols after its end."""
    made = Statements("North", ROOT, None, until_us=T0_US)
    return made.claim(enrolment(DAY, "Day officer", T0_US + 1), ROOT, at_us=T0_US + 1)


def outlived_root() -> list[Envelope]:
    """A root that names another after its end."""
    made = Statements("North", ROOT, None, until_us=T0_US)
    return made.claim(RootChange(LATER_ROOT.public, Reason.RETIRED), LATER_ROOT, ROOT, at_us=T0_US + 1)


def outlived_officer() -> list[Envelope]:
    """An officer's key that ends itself when it has ended."""
    made = Statements("North", ROOT, None).say(enrolment(DAY, "Day officer", T0_US, T0_US + 10), ROOT)
    return made.claim(revocation(DAY, T0_US + 20), DAY, at_us=T0_US + 20)


def one_key() -> Envelope:
    """A founding whose recovery key is its root."""
    return sign_statement(Statement("North", 0, None, T0_US, Founding(ROOT.public, ROOT.public, None)), ROOT)


# ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def received_us(position: int) -> int:
    """When the entry at a position came, by the host's word."""
    position = SAID_TO_HAVE_COME_AS.get(position, position)
    return T0_US + position * SPACING_S * SECOND_US


def salt(position: int) -> bytes:
    """The salt of an entry."""
    return sha256(b"salt %d" % position).digest()


def act(position: int, kind: str, signer: SigningKey, party: str, **others: Any) -> Act:
    """An act that was made three seconds before it came."""
    made_at_us = received_us(position) - 3 * SECOND_US
    base = Act(kind, ARENA, party, "South", signer.public.id, 1, None, made_at_us, None, None, {"text": "für Süd"})
    return replace(base, **others)


class Log:
    """Entries by position, each an opening and what is to be said of it; the rest of the leaves stay sealed."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.openings: list[dict[str, Any]] = []
        for position in range(SIZE):
            make = ENTRIES.get(position)
            self.leaves.append(sealed(position) if make is None else self._opened(position, make(self)))

    def _opened(self, position: int, entry: tuple[Act, SigningKey, str | None]) -> bytes:
        done, signer, said = entry
        envelope = to_json(sign(act_bytes(done), PAYLOAD_TYPE, signer))
        kind = "notice" if said == LOGGED_OTHERWISE else done.type
        opening = {
            "position": position, "received_us": received_us(position), "kind": kind, "salt": salt(position).hex(), "envelope": envelope.decode(),
        }  # fmt: skip
        self.openings.append({"opening": opening, "said": said, "named": done.checkpoint and done.checkpoint.tree_size})
        return leaf_data(salt(position), position, received_us(position), kind, envelope)

    def head(self, size: int) -> Checkpoint:
        """The head of the log at a size."""
        return Checkpoint(origin_of(ARENA), size, root_at(size, nodes(tuple(map(leaf_hash, self.leaves[:size])))))

    def seen(self, size: int) -> SeenCheckpoint:
        """As an act names it."""
        return SeenCheckpoint(size, self.head(size).root_hash.hex())


def sealed(position: int) -> bytes:
    """A leaf that nothing here opens."""
    return sha256(b"sealed %d" % position).digest()


def nodes(hashes: tuple[bytes, ...]) -> Node:
    """Every complete subtree over leaf hashes."""

    @cache
    def node(level: int, index: int) -> bytes:
        if level == 0:
            return hashes[index]
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    return node


LOGGED_OTHERWISE = "logged as notice, signed as receipt"
Entry = Callable[[Log], tuple[Act, SigningKey, str | None]]
ENTRIES: dict[int, Entry] = {
    0: lambda _: (act(0, "member", HOST, "host", audience=""), HOST, None),
    2: lambda _: (act(2, "notice", DAY, "North", audience=""), DAY, None),
    3: lambda _: (act(3, "view", DAY, "North"), DAY, None),
    6: lambda _: (act(6, "receipt", SOUTH_DAY, "South", audience="North", view="ab" * 32), SOUTH_DAY, None),
    7: lambda log: (act(7, "view", DAY, "North", checkpoint=log.seen(5), sequence=2, previous="cd" * 32), DAY, None),
    8: lambda _: (act(8, "message", NIGHT, "North"), NIGHT, None),
    9: lambda _: (act(9, "message", DAY, "North"), NIGHT, "which did not sign it"),
    10: lambda _: (act(10, "message", NIGHT, "North"), NIGHT, "was revoked (stolen)"),
    11: lambda _: (act(11, "message", LATE, "North"), LATE, "is valid only from"),
    12: lambda _: (act(12, "message", STRANGER, "North"), STRANGER, "signed by none of this arena's keys"),
    13: lambda _: (act(13, "message", SOUTH_DAY, "North"), SOUTH_DAY, "an officer acts for one party"),
    14: lambda _: (act(14, "message", ROOT, "North"), ROOT, "acts are signed by officers' keys"),
    15: lambda _: (act(15, "message", DAY, "North", arena="another"), DAY, "acts hold in one arena only"),
    16: lambda _: (act(16, "receipt", DAY, "North"), DAY, LOGGED_OTHERWISE),
    17: lambda _: (act(17, "member", DAY, "North"), DAY, "the host and parties state different things"),
    18: lambda _: (act(18, "message", HOST, "host"), HOST, "the host and parties state different things"),
    19: lambda _: (act(19, "dark", DAY, "host"), DAY, "signed by none of the 1 keys that may"),
    20: lambda _: (act(20, "dark", HOST, "host", arena="another"), HOST, "an act of the host's for arena"),
    21: lambda _: (act(21, "view", DAY, "North", checkpoint=SeenCheckpoint(22, "00" * 32)), DAY, "made after it"),
    22: lambda _: (act(22, "view", DAY, "North", checkpoint=SeenCheckpoint(5, "00" * 32)), DAY, "was shown another log"),
    23: lambda _: (act(23, "dark", HOST, "host", key_id=DAY.public.id), HOST, "an act of the host's for arena"),
    257: lambda log: (act(257, "view", DAY, "North", checkpoint=log.seen(256)), DAY, None),
    258: lambda log: (
        act(258, "view", DAY, "North", checkpoint=log.seen(256), made_at_us=received_us(200)), DAY, "it was dated back",
    ),
    259: lambda _: (act(259, "view", DAY, "North", made_at_us=received_us(SIZE + 200)), DAY, "it was dated forward"),
    260: lambda log: (
        act(260, "view", DAY, "North", checkpoint=log.seen(256), made_at_us=T0_US + 2_600 * SECOND_US),
        DAY, "the host dated it back",
    ),
    261: lambda _: (act(261, "view", DAY, "North", made_at_us=T0_US + 2_610 * SECOND_US), DAY, "the host's clock was fast"),
    299: lambda _: (act(299, "zebra", DAY, "North"), DAY, None),  # a kind of a newer détente: signed, and in its place
}  # fmt: skip


def noted(head: Checkpoint, *names: str) -> Note:
    """A head, cosigned by witnesses half a minute after its last entry, a second apart."""
    first_s = received_us(head.tree_size - 1) // SECOND_US + 30
    lines = [cosign(head, name, WITNESSES[name], first_s + index) for index, name in enumerate(names)]
    return sign_checkpoint(head, HOST).signed_also(*lines)


def tiles(leaves: list[bytes]) -> dict[str, str]:
    """Every tile of hashes of a small log, by its path."""
    return {tile_path(tile): b64(raw) for tile, raw in tiles_by_address(leaves).items()}


def tiles_by_address(leaves: Iterable[bytes]) -> dict[TileAddress, bytes]:
    """Every tile of hashes."""
    frontier = Frontier()
    full = {(each.level, each.number): each.hashes for each in frontier.append(map(leaf_hash, leaves))}
    edges = dict(enumerate(map(bytes, frontier.rows)))
    return {tile: full.get((tile.level, tile.number), edges.get(tile.level, b"")) for tile in tiles_of(frontier.size)}


def log() -> dict[str, Any]:
    """The log, all that its reader knows beforehand, and the files that a server would give."""
    made = Log()
    latest = noted(made.head(SIZE), *WITNESSES)
    node = nodes(tuple(map(leaf_hash, made.leaves)))
    return {
        "trust": {
            "arena": ARENA, "origin": origin_of(ARENA), "host_key": HOST.public.text, "quorum": QUORUM,
            "witnesses": {name: witness.public.text for name, witness in WITNESSES.items()},
            "roots": {"North": ROOT.public.text, "South": SOUTH_ROOT.public.text},
            "statements": {
                made_of.history.party: [to_json(each).decode() for each in made_of.envelopes] for made_of in (north(), south())
            },
        },
        "kinds": {"host": sorted(HOST_KINDS), "party": sorted(KINDS)},
        "checkpoint": latest.raw.decode(),
        "checkpoints": {
            "5": noted(made.head(5), *list(WITNESSES)[:1]).raw.decode(),  # one witness is no quorum
            "256": noted(made.head(256), *WITNESSES).raw.decode(),
        },
        "tiles": tiles(made.leaves),
        "entries": made.openings,
        "proofs": {str(position): prove(position, latest, node, extra=b"beside").raw.decode() for position in (0, 7, 257, 299)},
        "refused_checkpoints": refused_checkpoints(made),
        "forked": noted(replace(made.head(256), root_hash=sha256(b"fork").digest()), *WITNESSES).raw.decode(),
        "cosigned_twice": cosigned_twice(made.head(5)),
    }  # fmt: skip


def refused_checkpoints(made: Log) -> list[dict[str, str]]:
    """Notes that are no head of this log, or none that holds."""
    head = made.head(SIZE)
    other = Checkpoint("detente/another", head.tree_size, head.root_hash)
    forked = replace(head, root_hash=sha256(b"fork").digest())
    name, witness = next(iter(WITNESSES.items()))
    moved = cosign(forked, name, witness, T0_US // SECOND_US)
    cases = {
        "signed by a stranger": (sign_checkpoint(head, STRANGER), "not signed by"),
        "of another log": (sign_checkpoint(other, HOST), "a checkpoint of"),
        "of another tree": (noted(forked, *WITNESSES), "lead to another root"),
        "of a larger tree": (noted(replace(head, tree_size=SIZE + 1), *WITNESSES), "tile/0/001.p/45"),
        "cosigned for another tree": (sign_checkpoint(head, HOST).signed_also(moved), "the signature is not by key"),
        "signed by the witness alone": (Note(head.text, (cosign(head, name, witness, 1),)), "not signed by"),
    }
    return [{"name": name, "note": note.raw.decode(), "said": said} for name, (note, said) in cases.items()]


def cosigned_twice(head: Checkpoint) -> dict[str, Any]:
    """One witness, three lines: the earliest moment is its word."""
    (name, witness), *_ = WITNESSES.items()
    lines = [cosign(head, name, witness, at_s) for at_s in (1_537_209_540, 1_537_209_500, 1_537_209_600)]
    return {"note": sign_checkpoint(head, HOST).signed_also(*lines).raw.decode(), "moments": {name: 1_537_209_500}}


# ── what is in no form ───────────────────────────────────────────────────────────────────────────────────────────────


def forms() -> dict[str, Any]:
    """Texts that are no act, note, checkpoint or proof, and the sound ones that they were bent from."""
    checkpoint = Checkpoint("detente/levant", 6, sha256(b"root").digest())
    note = sign_checkpoint(checkpoint, HOST)
    return {
        "act": canonical(ACT).decode(),
        "acts": bent_acts(),
        "note": note.raw.decode(),
        "notes": bent_notes(note.raw.decode()),
        "checkpoint": checkpoint.text,
        "checkpoints": bent_checkpoints(),
        "proof": (PROOF_HEAD + "index 5\n" + HASH + "\n\n" + note.raw.decode()),
        "proofs": bent_proofs(note.raw.decode()),
        "fingerprints": {each.public.text: spoken(each.public) for each in (HOST, ROOT, DAY, *WITNESSES.values())},
    }


ACT: dict[str, Any] = {
    "type": "view", "version": 1, "arena": ARENA, "party": "North", "audience": "South", "key": "ab" * 32, "sequence": 2,
    "previous": "cd" * 32, "made_at_us": T0_US, "checkpoint": {"tree_size": 5, "root_hash": "ef" * 32}, "view": None, "body": {},
}  # fmt: skip


def bent_acts() -> list[dict[str, str]]:
    """Payloads, and what a refusal says."""
    cases: list[tuple[dict[str, Any], str]] = [
        ({"version": 2}, "not an act of version 1"),
        ({"version": True}, "not an act of version 1"),
        ({"more": 1}, "'more' is missing, or not known"),
        ({"type": "View"}, "an act of type"),
        ({"type": 7}, "an act of type"),
        ({"type": "v" * 65}, "an act of type"),
        ({"arena": ""}, "is no name of one line"),
        ({"party": " North"}, "is no name of one line"),
        ({"party": "North\u202e"}, "is no name of one line"),
        ({"party": "\U0001f600" * 201}, "is no name of one line"),
        ({"audience": "a\nb"}, "is no name of one line"),
        ({"party": "e\u0301"}, "is not in normal form C"),
        ({"party": None}, "party: not a text"),
        ({"key": "AB" * 32}, "key: not 64 hexadecimal digits"),
        ({"sequence": 0}, "sequences begin at 1"),
        ({"sequence": 1}, "sequences begin at 1"),
        ({"previous": None}, "sequences begin at 1"),
        ({"sequence": -1}, "sequence: not a whole number"),
        ({"sequence": True}, "sequence: not a whole number"),
        ({"made_at_us": 1.5}, "made_at_us: not a whole number"),
        ({"made_at_us": 2.0**53}, "made_at_us: not a whole number"),
        ({"previous": "cd"}, "previous: not 64 hexadecimal digits"),
        ({"view": ""}, "view: not 64 hexadecimal digits"),
        ({"checkpoint": []}, "checkpoint: not an object of tree_size and root_hash"),
        ({"checkpoint": {"tree_size": 5}}, "checkpoint: not an object of tree_size and root_hash"),
        ({"checkpoint": {"tree_size": -5, "root_hash": "ef" * 32}}, "tree_size: not a whole number"),
        ({"body": []}, "body: not an object"),
    ]
    bent = [{"text": canonical(ACT | change).decode(), "said": said} for change, said in cases]
    bent += [
        {
            "text": canonical({name: each for name, each in ACT.items() if name != left}).decode(),
            "said": f"'{left}' is missing",
        }
        for left in ("arena", "view")
    ]
    bent += [{"text": json.dumps(ACT), "said": "canonical form"}, {"text": "[]", "said": "not an act of version 1"}]
    return bent  # fmt: skip


def bent_notes(note: str) -> list[str]:
    """Texts that are no signed note."""
    text, _, line = note.rpartition("\n\n")
    dash, name, data = line.rstrip("\n").split(" ")
    return [
        "", "\n\n", text, text + "\n\n", note[:-1], note + "\n", note.replace("\n", "\r\n"), note.replace("levant", "le\tvant"),
        f"{text}\n\n- {name} {data}\n", f"{text}\n\n{dash} {name}\n", f"{text}\n\n{dash} {name}  {data}\n",
        f"{text}\n\n{dash} {name} {data} \n", f"{text}\n\n{dash}  {data}\n", f"{text}\n\n{dash} a+b {data}\n",
        f"{text}\n\n{dash} a\u00a0b {data}\n", f"{text}\n\n{dash} {name} {data[:-4]}\n"[:-20] + "\n",
        f"{text}\n\n{dash} {name} AAAA\n", f"{text}\n\n{dash} {name} AAAAAA==\n", f"{text}\n\n{dash} {name} {data}\n\n{dash} x\n",
    ]  # fmt: skip


def bent_checkpoints() -> list[str]:
    """Texts that are no checkpoint."""
    root = b64(bytes(32))
    return [
        "", "o\n1\n", f"o\n01\n{root}\n", f"o\n-1\n{root}\n", f"o\n+1\n{root}\n", f"o\n\n{root}\n", f"o\n1\n{b64(bytes(31))}\n",
        f"o\n1\n{root}", f"o\n1\n{root}\n\n", f"o\n1\n{root}\n\nx\n", f"o\n9223372036854775808\n{root}\n", f"o o\n1\n{root}\n",
        f"\n1\n{root}\n", f"o\n1\n{'A' * 42}B=\n", f"o\n1\n{root} \n",
    ]  # fmt: skip


PROOF_HEAD = "c2sp.org/tlog-proof@v1\n"
HASH = b64(bytes(32))


def bent_proofs(note: str) -> list[str]:
    """Texts that are no proof file."""
    return [
        "", "\n\n", PROOF_HEAD, f"{PROOF_HEAD}index 5\n\n", f"{PROOF_HEAD}\n{note}",
        *(f"{PROOF_HEAD}{lines}\n\n{note}" for lines in (
            "index 05", "index -1", "index 6", "index 9223372036854775808", "index  5", "index 5\r", "index 5\nextra AAAA",
            "extra \nindex 5", "extra AB==\nindex 5", "extra AAAA\nextra AAAA\nindex 5", f"index 5\n{HASH[:-4]}", "index 5\n",
            "index 5\n\u00a0", "index 5" + 64 * f"\n{HASH}",
        )),
        f"c2sp.org/tlog-proof@v2\nindex 5\n\n{note}", f"{PROOF_HEAD}index 5\n\nno checkpoint\n\n{note.rpartition(chr(10) * 2)[2]}",
    ]  # fmt: skip


# ── trees ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def trees() -> dict[str, Any]:
    """Roots and proofs of every small tree over the leaves `0`, `1`, …, and some leaves of a large tree with the tiles on their way."""
    hashes = tuple(leaf_hash(str(index).encode()) for index in range(12))
    node = nodes(hashes)
    sizes = range(len(hashes) + 1)
    return {
        "roots": [b64(root_at(size, node)) for size in sizes],
        "inclusion": [
            {"index": index, "size": size, "hashes": [*map(b64, inclusion_proof(index, size, node))]}
            for size in sizes for index in range(size)
        ],
        "consistency": [
            {"old": old, "size": size, "hashes": [*map(b64, consistency_proof(old, size, node))]}
            for size in sizes for old in range(size + 1)
        ],
        "large": large_tree(),
    }  # fmt: skip


def large_tree() -> dict[str, Any]:
    """A tree of three levels of tiles; its leaves are the decimal digits of their places."""
    every = tiles_by_address(str(index).encode() for index in range(LARGE))
    reader = TileReader(every.__getitem__, LARGE)
    needed = {tile_of_leaf(index, LARGE, level) for index in LARGE_OPENED for level in range(3)}
    needed |= {tile for tile in every if tile.width < 256}
    return {
        "size": LARGE,
        "root": b64(root_at(LARGE, reader.node)),
        "opened": list(LARGE_OPENED),
        "earlier": {str(size): b64(root_at(size, reader.node)) for size in (0, 1, 256, 65_536, 69_900, LARGE)},
        "tiles": {tile_path(tile): b64(every[tile]) for tile in sorted(needed) if tile.number * 256 < LARGE and tile.width},
        "paths": {str(number): tile_path(TileAddress(0, number, 7)) for number in (0, 999, 1_000, 1_234_067, 2**55 - 1)},
    }  # fmt: skip


def files() -> dict[str, str]:
    """Every file of vectors, by its name."""
    made = {"log.json": log(), "keys.json": key_lists(), "trees.json": trees(), "forms.json": forms()}
    return {
        name: json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n" for name, value in made.items()
    }


def main() -> None:
    """Writes them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
