"""A log made by hand: parties, a host and witnesses whose every byte a test may bend, and the evidence written of it."""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import msgspec

from detente.channel.acts import HOST, KeysBody, MemberBody, MessageBody, ProposeBody, ReceiptBody, SignBody, ViewBody
from detente.channel.agreements import PAYLOAD_TYPE, payload
from detente.channel.anchors import Anchors
from detente.channel.audit import Audit
from detente.channel.evidence import CHECKPOINT, ENTRIES, HEADER, PUBLIC, FullNotice, Header, Opening
from detente.channel.export import export
from detente.channel.forms import notice_form, plain, view_form
from detente.channel.registry import Registry
from detente.channel.views import make_view
from detente.domain import (
    Activity,
    AltitudeBand,
    Circle,
    Minima,
    MinimaRule,
    Notice,
    PartyKind,
    Position,
    ReceiptStage,
    ReleaseGrids,
    ReleaseLevel,
    Signatory,
    Terms,
    TimeWindow,
    Understanding,
    UnreadableFile,
    Volume4D,
    amsl,
)
from detente.domain.recording import Recording, Witness
from detente.interop.evidence_file import whole_lines, written_evidence
from detente.record.act import Act, SeenCheckpoint, sign_act
from detente.record.canonical import canonical
from detente.record.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from detente.record.commitment import commit
from detente.record.envelope import sign, to_json
from detente.record.fingerprint import spoken
from detente.record.key_history import Enrolment, Founding, Statement, found, sign_statement
from detente.record.keys import SigningKey
from detente.record.leaf import leaf_data
from detente.record.merkle import leaf_hash
from detente.record.tiles import Frontier, TileReader, tiles_of

ARENA = "levant"
NOON_US = 1_537_185_600_000_000  # 17 September 2018
SECOND_US = 1_000_000
ARMED = PartyKind.ARMED_FORCE


def key(name):
    return SigningKey(sha256(name.encode()).digest())


def keys_of(party, at_us=NOON_US - 3600 * SECOND_US):
    """The statements that found a party's keys, and its history."""
    root = key(f"{party} root")
    founding = sign_statement(Statement(party, 0, None, at_us, Founding(root.public, None, None)), root)
    history = found(founding)
    statement = history.next(Enrolment(key(party).public, "Duty desk", at_us + 1, None, None), made_at_us=at_us + 1)
    enrolment = sign_statement(statement, root)
    return [founding, enrolment], history.then(enrolment)


def texts(envelopes):
    return tuple(to_json(envelope).decode() for envelope in envelopes)


@dataclass
class Log:
    """The log of an arena as its host keeps it, and everybody's keys."""

    arena: str = ARENA
    host: SigningKey = field(default_factory=lambda: key("host"))
    entries: list = field(default_factory=list)  # openings
    notes: dict = field(default_factory=dict)  # by tree size
    last: dict = field(default_factory=dict)  # of each key for each audience
    now_us: int = NOON_US
    histories: dict = field(default_factory=dict)
    witnesses: tuple = ("W1", "W2")

    # ── what is logged ───────────────────────────────────────────────────────────────────────────────────────────────

    def log(self, kind, envelope, received_us=None):
        """One more entry, as the host takes it; its position."""
        position = len(self.entries)
        salt = sha256(f"salt {position}".encode()).hexdigest()
        received_us = self.now_us if received_us is None else received_us
        self.entries.append(Opening(to_json(envelope).decode(), kind, position, received_us, salt))
        return position

    def sign(self, party, kind, audience, body, by=None, **changed):
        """The next act of a party's key; `changed` bends it."""
        signer = by or (self.host if party == "host" else key(party))
        place = (signer.public.id, audience)
        before = self.last.get(place)
        seen = max(self.notes, default=None)
        act = {
            "type": kind, "arena": self.arena, "party": party, "audience": audience, "key_id": signer.public.id,
            "sequence": before[0] + 1 if before else 1, "previous": before[1] if before else None,
            "made_at_us": self.now_us, "body": plain(body),
            "checkpoint": SeenCheckpoint(seen, self.root(seen).hex()) if seen is not None else None,
        } | changed  # fmt: skip
        envelope = sign_act(Act(**act), signer)
        self.last[place] = (act["sequence"], envelope.digest)
        return envelope

    def act(self, party, kind, audience, body, **changed):
        """Signed, and logged a second later."""
        self.now_us += SECOND_US
        return self.log(kind, self.sign(party, kind, audience, body, **changed))

    def root(self, size):
        frontier = Frontier()
        frontier.append(self.hashes()[:size])
        return frontier.root()

    def hashes(self):
        return [leaf_hash(self.leaf(each)) for each in self.entries]

    def leaf(self, opening):
        return leaf_data(
            bytes.fromhex(opening.salt), opening.position, opening.received_us, opening.kind, opening.envelope.encode()
        )

    def head(self, by=None, at_us=None):
        """Signs the head, cosigned by witnesses a second later."""
        checkpoint = Checkpoint(origin_of(self.arena), len(self.entries), self.root(len(self.entries)))
        note = sign_checkpoint(checkpoint, self.host)
        at_s = (self.now_us if at_us is None else at_us) // SECOND_US
        lines = [cosign(checkpoint, name, key(name), at_s) for name in (self.witnesses if by is None else by)]
        self.notes[checkpoint.tree_size] = note.signed_also(*lines)
        return self.notes[checkpoint.tree_size]

    # ── a story ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def member(self, party):
        statements, self.histories[party] = keys_of(party)
        return self.act("host", "member", HOST, MemberBody(party, ARMED, texts(statements)))

    def agree(self, quorum=2, grids=None):
        """An understanding that every party signs, with witnesses."""
        parties = tuple(
            Signatory(name, ARMED, history.root.public.text) for name, history in sorted(self.histories.items())
        )
        named = tuple(Witness(name, key(name).public.text, "") for name in self.witnesses)
        record = Recording(self.host.public.text, named, quorum)
        rules = (MinimaRule("all", Minima(500.0, 100.0, 60.0)),)
        terms = Terms(parties=parties, record=record, grids=grids or ReleaseGrids())
        raw = payload(self.arena, Understanding("U", "1", rules, terms=terms), None)
        first = min(self.histories)
        self.act(first, "propose", HOST, ProposeBody(raw.decode()))
        for party in sorted(self.histories):
            self.act(party, "sign", HOST, SignBody(to_json(sign(raw, PAYLOAD_TYPE, key(f"{party} root"))).decode()))

    def say(self, party, other, text="come in", **changed):
        thread = sha256(f"{party} {len(self.entries)}".encode()).hexdigest()[:32]
        return self.act(party, "message", other, MessageBody(thread, text), **changed)

    def keys_change(self, party, *envelopes, **changed):
        for each in envelopes:
            self.histories[party] = self.histories[party].then(each)
        return self.act(party, "keys", HOST, KeysBody(texts(envelopes)), **changed)

    def view(self, sender, recipient, level=ReleaseLevel.GENERAL, bend=lambda view: view, grids=None):
        """A view of a notice, and the full notice it was made from."""
        notice = a_notice(sender)
        salt = sha256(f"full {len(self.entries)}".encode()).digest()
        commitment = commit(salt, canonical(plain(notice_form(notice)))).hex()
        notice_id = sha256(f"notice {len(self.entries)}".encode()).hexdigest()[:32]
        view = make_view(
            notice, level, grids or ReleaseGrids(),
            recipient=recipient, view_id=notice_id[::-1], version=1, commitment=commitment,
        )  # fmt: skip
        position = self.act(sender, "view", recipient, ViewBody(view_form(bend(view))))
        return position, FullNotice(notice_id, 1, salt.hex(), notice_form(notice))

    def receipt(self, party, sender, view_id="0" * 32, **changed):
        body = ReceiptBody(view_id, 1, ReceiptStage.ACKNOWLEDGED, officer="duty officer")
        return self.act(party, "receipt", sender, body, **changed)

    # ── as files ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def tile(self, tile):
        return self.tiles()[tile]

    def tiles(self):
        frontier = Frontier()
        full = {(each.level, each.number): each.hashes for each in frontier.append(self.hashes())}
        return {
            tile: full[tile[:2]] if tile[:2] in full else bytes(frontier.rows[tile.level])
            for tile in tiles_of(len(self.entries))
        }

    def served(self, head=None):
        return Served(self, head)

    def header(self, **changed):
        return Header(1, self.arena, self.host.public.text, written_for="host", written_at_us=self.now_us, **changed)

    def write(self, path, header=None, keep=lambda opening: True, full=(), head=None, openings=None, timestamps=()):
        """Evidence of all that `keep` keeps."""
        with written_evidence(Path(path)) as writer:
            self.write_into(writer, header, keep, full, head, openings, timestamps)
        return Path(path)

    def files(self, **told):
        """The same, in memory."""
        memory = Memory()
        self.write_into(memory, **told)
        return memory

    def write_into(
        self, writer, header=None, keep=lambda opening: True, full=(), head=None, openings=None, timestamps=()
    ):
        kinds = ("keys", "member", "propose", "sign", "suspend")
        openings = [each for each in openings or self.entries if keep(each)]
        export(
            writer, Served(self, head), header or self.header(),
            [each for each in openings if each.kind in kinds],
            [each for each in openings if each.kind not in kinds],
            full, timestamps,
        )  # fmt: skip

    @property
    def anchors(self):
        return Anchors({name: spoken(key(f"{name} root").public) for name in self.histories})


class Memory(dict):
    """Evidence in memory, to be written, bent and read."""

    name = "evidence"

    def put(self, path, raw):
        self[path] = raw

    def put_lines(self, path, lines):
        self[path] = b"".join(lines)

    def size(self, path):
        return len(self.get(path, b""))

    def read(self, path, most_bytes):
        return self.get(path)

    def lines(self, path):
        if path not in self:
            raise UnreadableFile(f"{path} is missing")
        yield from whole_lines([self[path]])

    def bent(self, path, change):
        return Memory(self | {path: change(self[path])})

    def with_lines(self, path, change):
        """With the lines of a file changed as a list."""
        return self.bent(path, lambda raw: b"".join(change(raw.splitlines(keepends=True))))

    def flipped(self, path, bit):
        raw = bytearray(self[path])
        raw[bit // 8] ^= 1 << bit % 8
        return Memory(self | {path: bytes(raw)})


class Served:
    """The log as its host serves it."""

    def __init__(self, log, head=None):
        self.log, self._head = log, head if head is not None else max(log.notes)
        self._tiles = replace(log, entries=log.entries[: self._head]).tiles()

    def head(self):
        return self.log.notes[self._head].raw

    def tile(self, tile):
        return self._tiles[tile]

    def sizes(self):
        return sorted(size for size in self.log.notes if size <= self._head)

    def note(self, size):
        return self.log.notes[size].raw


def a_notice(party):
    volume = Volume4D(
        Circle(Position(35.2, 35.8), 5_000.0),
        AltitudeBand(amsl(1_000.0), amsl(3_000.0)),
        TimeWindow(NOON_US, NOON_US + 3_600 * SECOND_US),
    )
    return Notice("N1", party, Activity.AIR_OPERATION, (volume,), title="strike")


def a_log(**changed):
    """Two parties that agreed on two witnesses, a word or two, and heads along the way."""
    log = Log(**changed)
    for party in ("A", "B"):
        log.member(party)
    log.agree()
    log.head()
    log.say("A", "B")
    log.say("B", "A")
    log.head()
    log.receipt("B", "A")
    log.say("A", "B", "understood")
    log.head()
    return log


def judged(files, anchors=None, **told):
    """The verdict on evidence in memory."""
    audit = Audit(files, anchors, **told)
    entries = list(audit.entries())
    return entries, audit.verdict()


def audited(path, anchors=None, **told):
    """The verdicts on the entries, and on the file."""
    from detente.interop.evidence_file import opened_evidence

    with opened_evidence(str(path)) as source:
        audit = Audit(source, anchors, **told)
        entries = list(audit.entries())
        return entries, audit.verdict()


def flaws(verdict):
    return {finding.flaw.value for finding in verdict.findings}


def changed(opening, **members):
    return msgspec.structs.replace(opening, **members)


__all__ = [
    "CHECKPOINT", "ENTRIES", "HEADER", "NOON_US", "PUBLIC", "SECOND_US", "Log", "Registry", "TileReader", "a_log", "a_notice", "audited", "changed", "flaws", "key", "keys_of",
]  # fmt: skip
