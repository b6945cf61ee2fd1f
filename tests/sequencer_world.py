"""A store with one arena, the parties' clients, and sequencers that are started and stopped."""

import json
from hashlib import sha256
from itertools import count

from channel_world import ARENA, Party, random_bytes
from detente.api.load import load_registry
from detente.api.sequencer import Host, Sequencer, Statement, Submission
from detente.channel.acts import MemberBody, ProposeBody, SignBody, open_acts
from detente.channel.agreements import PAYLOAD_TYPE, payload
from detente.domain import (
    Activity,
    AltitudeBand,
    Circle,
    Minima,
    MinimaRule,
    Notice,
    PartyKind,
    Position,
    ReleaseGrids,
    Terms,
    TimeWindow,
    Understanding,
    Volume4D,
    amsl,
)
from detente.record.envelope import sign, to_json
from detente.record.key_history import Enrolment, Founding, found, sign_statement
from detente.record.key_history import Statement as KeyStatement
from detente.record.keys import SigningKey
from detente.screening import kernels

HOUR_US = 3_600_000_000
LONG_AHEAD_US = 4_102_444_800_000_000  # 2100: by the real clock too, nothing of it is over while a test runs
GRIDS = ReleaseGrids(general_levels=(12, 10, 8))
PARTIES = "ABC"


def a_key(name):
    return SigningKey(sha256(name.encode()).digest())


def statements_of(party, officer):
    root = a_key(f"{party} root")
    founding = sign_statement(KeyStatement(party, 0, None, 0, Founding(root.public, None, None)), root)
    enrolment = found(founding).next(Enrolment(officer, "duty officer", 1, None, None), made_at_us=1)
    return tuple(to_json(e).decode() for e in (founding, sign_statement(enrolment, root)))


def plan(party, reference="N", *, km_north=0.0, starts_us=None):
    starts_us = starts_us or LONG_AHEAD_US
    where = Circle(Position(34.0 + km_north / 111.0, 36.0), 2_000.0)
    window = TimeWindow(starts_us, starts_us + HOUR_US)
    volume = Volume4D(where, AltitudeBand(amsl(1_000.0), amsl(2_000.0)), window)
    return Notice(reference, party, Activity.AIR_OPERATION, (volume,))


class Site:
    """A store with one arena, the parties' clients, and sequencers that are started and stopped."""

    ids = count()

    def __init__(self, store):
        self.store = store
        store.create_arena(ARENA, 0)
        self.host = Host(a_key("host"), ARENA, store.now_us)
        self.running = []
        self.parties = {name: Party(name, GRIDS) for name in PARTIES}

    def start(self, holder="one", lease_s=4.0):
        sequencer = Sequencer(
            self.store, self.host, holder=holder, address=holder, salts=random_bytes(f"{holder} {next(self.ids)}"),
            run=kernels, lease_s=lease_s,
        )  # fmt: skip
        sequencer.start()
        self.running.append(sequencer)
        return sequencer

    def stop(self):
        for sequencer in self.running:
            sequencer.stop()

    def ask(self, sequencer, asked):
        return json.loads(sequencer.submit(asked).result(timeout=30))

    def opened(self, party, envelopes):
        keys = load_registry(self.store, ARENA).keys
        raw = [to_json(e) for e in envelopes]
        return open_acts(raw, keys, arena=ARENA, party=party, now_us=self.store.now_us())

    def submission(self, party, envelopes, name=None):
        return Submission(party, name or f"{next(self.ids):032x}", self.opened(party, envelopes))

    def found(self, sequencer, **terms):
        """Members with keys, and an understanding in force."""
        for name, client in self.parties.items():
            body = MemberBody(name, PartyKind.ARMED_FORCE, statements_of(name, client.key.public))
            self.ask(sequencer, Statement("member", body))
        members = tuple(load_registry(self.store, ARENA).agreements.members.values())
        rules = (MinimaRule("all", Minima(500.0, 100.0, 60.0)),)
        agreed = Understanding("U", "1", rules, terms=Terms(parties=members, grids=GRIDS, **terms))
        raw = payload(ARENA, agreed, None)
        self.public(sequencer, "A", "propose", ProposeBody(raw.decode()))
        for name in PARTIES:
            envelope = to_json(sign(raw, PAYLOAD_TYPE, a_key(f"{name} root"))).decode()
            told = self.public(sequencer, name, "sign", SignBody(envelope))
        assert told["rules"] == "U"

    def public(self, sequencer, party, kind, body):
        return self.ask(sequencer, self.submission(party, [self.parties[party].sign(kind, "", body)]))

    def submit(self, sequencer, party, notice, levels):
        return self.ask(sequencer, self.submission(party, self.parties[party].submission(notice, levels)))

    def inbox(self, party, kind=None):
        found = self.store.postings(ARENA, party, 0, 2**60, 10_000)
        return [json.loads(p.payload) for p in found if kind in (None, p.kind)]
