"""Attacks on evidence, by whoever writes the file, keeps the log, watches it, or acts in it: each ends in its own refusal."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.channel.acts import HOST, KeysBody, MessageBody
from detente.channel.anchors import Anchors
from detente.channel.evidence import CHECKPOINT, ENTRIES, HEADER, PUBLIC, read_opening, write_opening
from detente.channel.examine import Examiner
from detente.channel.verdict import Flaw, Outcome
from detente.domain import Malformed
from detente.record.act import PAYLOAD_TYPE, SeenCheckpoint, read_act
from detente.record.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from detente.record.envelope import Envelope, Signature, from_json, sign, to_json
from detente.record.key_history import Enrolment, Founding, Reason, Revocation, Statement, sign_statement
from detente.record.keys import PublicKey
from evidence_world import NOON_US, SECOND_US, Log, a_log, flaws, judged, key, keys_of

HOUR_US = 3600 * SECOND_US


def failure(files, log, **told):
    """What is wrong first, as it is said."""
    _, verdict = judged(files, log.anchors, **told)
    assert verdict.outcome is Outcome.FALSE, verdict
    return verdict.first_failure


def a_little_log():
    """One party, one message, heads before and after."""
    log = Log()
    log.member("A")
    log.agree()
    log.head()
    log.say("A", HOST)
    log.head()
    return log


# ── bits ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", [CHECKPOINT, "tile/0/000.p/4"])
def test_every_flipped_bit_of_a_head_and_a_tile_is_found(path):
    log = a_little_log()
    files = log.files()
    assert judged(files, log.anchors)[1].outcome is Outcome.HOLDS
    for bit in range(8 * len(files[path])):
        _, verdict = judged(files.flipped(path, bit), log.anchors)
        assert verdict.outcome is not Outcome.HOLDS, bit


def test_every_flipped_bit_of_an_entry_is_false():
    log = a_little_log()
    files = log.files()
    leaf = log.hashes()[3]
    keys = {each.public.id: [(0, each)] for each in log.histories["A"].keys}
    examiner = Examiner(log.arena, log.host.public, keys)
    assert [(each.flaw, each.leaf) for each in examiner.piece(files[ENTRIES], 1)] == [("", leaf)]
    for bit in range(8 * (len(files[ENTRIES]) - 1)):
        found = examiner.piece(files.flipped(ENTRIES, bit)[ENTRIES], 1)
        assert [(each.flaw, each.leaf) for each in found] != [("", leaf)], bit
        if bit % 100 == 0:
            assert judged(files.flipped(ENTRIES, bit), log.anchors)[1].outcome is Outcome.FALSE, bit


LITTLE = a_little_log()
FILES = LITTLE.files()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 8 * len(FILES[PUBLIC]) - 1))
def test_a_flipped_bit_of_a_public_act_is_false(bit):
    assert judged(FILES.flipped(PUBLIC, bit), LITTLE.anchors)[1].outcome is Outcome.FALSE


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 8 * len(FILES["checkpoints/3"]) - 1))
def test_a_flipped_bit_of_an_older_head_is_false_or_takes_its_witness_away(bit):
    _, verdict = judged(FILES.flipped("checkpoints/3", bit), LITTLE.anchors)
    assert verdict.outcome is Outcome.FALSE or verdict.quorum_count < 3


def a_large_log():
    log = a_little_log()
    for number in range(600):
        log.log("message", log.sign("A", "message", HOST, MessageBody("0" * 32, str(number))))
    log.head()
    return log


@pytest.fixture(scope="module")
def large():
    log = a_large_log()
    return log, log.files()


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_flipped_bit_anywhere_in_a_large_log_is_found(large, data):
    log, files = large
    path = data.draw(st.sampled_from(sorted(files.keys() - {HEADER})))
    bit = data.draw(st.integers(0, 8 * len(files[path]) - 1))
    _, verdict = judged(files.flipped(path, bit), log.anchors)
    assert verdict.outcome is not Outcome.HOLDS or (path.startswith("checkpoints/") and verdict.quorum_count < 4)


# ── entries ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_removed_entry_is_missed_by_the_sequence_it_stood_in():
    log = a_log()
    log.say("A", HOST, "one")
    log.say("A", HOST, "two")
    log.say("A", HOST, "three")
    log.head()
    files = log.files().with_lines(ENTRIES, lambda lines: [*lines[:-2], lines[-1]])
    _, verdict = judged(files, log.anchors)
    assert verdict.outcome is Outcome.INCOMPLETE
    assert "1 acts of A for the host are missing between others" in verdict.findings[0].what


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: [lines[1], lines[0], *lines[2:]], "entry 5 comes after entry 6"),
        (lambda lines: [lines[0], *lines], "entry 5 comes after entry 5"),
        (lambda lines: [*lines, lines[0]], "entry 5 comes after entry 8"),
    ],
)
def test_entries_moved_or_doubled_are_refused(change, says):
    log = a_log()
    found = failure(log.files().with_lines(ENTRIES, change), log)
    assert (found.flaw, found.what) == (Flaw.ORDER, says)


def bend(line, **members):
    return write_opening(msgspec.structs.replace(read_opening(line[:-1]), **members))


@pytest.mark.parametrize(
    ("members", "flaw", "says"),
    [
        ({"received_us": NOON_US}, Flaw.OPENING, "what is opened makes the leaf"),
        ({"kind": "receipt"}, Flaw.OPENING, "what is opened makes the leaf"),
        ({"salt": "0" * 64}, Flaw.OPENING, "what is opened makes the leaf"),
        ({"position": 9}, Flaw.ORDER, "entry 9 is beyond the checkpoint's tree of 9 leaves"),
        ({"position": -1}, Flaw.UNREADABLE, "an entry of kind 'message' at position -1"),
        ({"kind": ""}, Flaw.UNREADABLE, "an entry of kind ''"),
        ({"kind": "sign"}, Flaw.ORDER, "a public act among the others"),
        ({"envelope": "{}"}, Flaw.OPENING, "what is opened makes the leaf"),
    ],
)
def test_an_opening_that_was_altered_is_refused(members, flaw, says):
    log = a_log()
    found = failure(log.files().with_lines(ENTRIES, lambda lines: [*lines[:-1], bend(lines[-1], **members)]), log)
    assert found.flaw is flaw
    assert says in found.what


def test_an_act_logged_twice_is_refused():
    log = a_log()
    envelope = from_json(log.entries[-1].envelope.encode())
    log.log("message", envelope)
    log.head()
    found = failure(log.files(), log)
    assert (found.flaw, found.where) == (Flaw.SEQUENCE, "entry 9")
    assert "act 2 of key" in found.what
    assert found.what.endswith("for B after its act 2")


def test_two_acts_of_one_key_for_one_place_are_told():
    log = a_log()
    before = dict(log.last)
    log.say("A", "B", "one story")
    log.last = before
    log.say("A", "B", "another story")
    log.head()
    found = failure(log.files(), log)
    assert found.flaw is Flaw.SEQUENCE
    assert "the key signed two acts for one place: keep both" in found.hint


def test_an_act_that_follows_another_than_the_one_before_it_is_refused():
    log = a_log()
    log.say("A", "B", previous="0" * 64)
    log.head()
    assert "follows another act than the one before it" in failure(log.files(), log).what


def test_an_act_logged_as_another_kind_is_refused():
    log = a_log()
    log.log("receipt", log.sign("A", "message", "B", MessageBody("0" * 32, "hello")))
    log.head()
    found = failure(log.files(), log)
    assert (found.flaw, found.what) == (Flaw.KIND, "logged as receipt, signed as message")


def test_what_the_host_refused_keeps_its_place_and_has_no_effect():
    log = a_log()
    statements, _ = keys_of("A")
    log.log("refused", log.sign("A", "keys", HOST, KeysBody((to_json(statements[0]).decode(),))))
    log.say("A", HOST)
    log.head()
    _, verdict = judged(log.files(), log.anchors)
    assert verdict.outcome is Outcome.HOLDS, verdict.findings


# ── moments ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_notice_dated_back_names_a_head_that_was_not_there_yet():
    log = a_log()
    log.now_us += HOUR_US
    log.head()
    position = log.say("A", "B", "warning", made_at_us=NOON_US + 60 * SECOND_US)
    log.head()
    found = failure(log.files(), log)
    assert (found.flaw, found.where) == (Flaw.BACK_DATED, f"entry {position}")
    assert found.what == "its author says 2018-09-17T12:01:00Z; it names what was cosigned at 2018-09-17T13:00:09Z only"


def test_a_notice_dated_back_that_names_no_head_is_bound_by_the_act_before_it():
    log = a_log()
    log.now_us += HOUR_US
    log.head()
    log.say("A", "B", "on time")
    log.say("A", "B", "warning", made_at_us=NOON_US + 60 * SECOND_US, checkpoint=None)
    log.head()
    found = failure(log.files(), log)
    assert (found.flaw, found.position) == (Flaw.BACK_DATED, 10)


def test_a_notice_dated_forward_was_in_the_log_before():
    log = a_log()
    log.say("A", "B", made_at_us=log.now_us + HOUR_US)
    log.head()
    found = failure(log.files(), log)
    assert found.flaw is Flaw.POST_DATED
    assert "its author says 2018-09-17T13:00:09Z; witnesses had it in the log by 2018-09-17T12:00:11Z" in found.what


def test_a_host_that_dates_an_entry_back_is_told():
    log = a_log()
    log.log("message", log.sign("A", "message", "B", MessageBody("0" * 32, "late")), received_us=NOON_US)
    log.head()
    found = failure(log.files(), log)
    assert (found.flaw, found.what) == (
        Flaw.MOMENT,
        "received at 2018-09-17T12:00:00Z, after an entry of 2018-09-17T12:00:09Z",
    )


def test_a_host_whose_clock_is_an_hour_ahead_is_told_by_the_witnesses():
    log = a_log()
    log.log("message", log.sign("A", "message", "B", MessageBody("0" * 32, "x")), received_us=log.now_us + HOUR_US)
    log.head()
    found = failure(log.files(), log)
    assert found.flaw is Flaw.MOMENT
    assert "witnesses had it in the log by" in found.what


@pytest.mark.parametrize("lie_us", [-HOUR_US, HOUR_US])
def test_a_witness_that_lies_about_the_time_makes_bounds_wider_and_no_one_guilty(lie_us):
    log = a_log(witnesses=("W1", "W2", "W3"))
    log.now_us += 2 * HOUR_US
    note = log.head(by=("W1", "W2"))
    checkpoint = Checkpoint(origin_of(log.arena), len(log.entries), log.root(len(log.entries)))
    lie = cosign(checkpoint, "W3", key("W3"), (log.now_us + lie_us) // SECOND_US)
    log.notes[len(log.entries)] = note.signed_also(lie)
    position = log.say("A", "B")
    log.head()
    entries, verdict = judged(log.files(), log.anchors)
    assert verdict.outcome is Outcome.HOLDS, verdict.findings
    made = entries[position]
    assert made.earliest_us <= made.made_at_us <= made.latest_us


# ── two stories ──────────────────────────────────────────────────────────────────────────────────────────────────────


def other_story(log):
    """The same log up to a place, told otherwise from there on."""
    other = replace(log, entries=log.entries[:-1], notes=dict(log.notes), last=dict(log.last))
    other.now_us -= SECOND_US
    other.last = {place: last for place, last in log.last.items() if place != (key("A").public.id, "B")}
    first = from_json(log.entries[5].envelope.encode())
    other.last[key("A").public.id, "B"] = (1, first.digest)
    other.say("A", "B", "another story")
    return other


def test_an_older_head_of_another_story_is_proof_of_a_split_view():
    log = a_log()
    other = other_story(log)
    other.notes.pop(9)
    signed = other.head()
    log.say("A", "B", "more")
    log.head()
    found = failure(log.files().bent("checkpoints/9", lambda _: signed.raw), log)
    assert (found.flaw, found.where) == (Flaw.SPLIT_VIEW, "checkpoints/9")
    assert "keep both notes" in found.hint


def test_an_act_that_names_a_head_of_another_story_is_told():
    log = a_log()
    other = other_story(log)
    root = other.root(9).hex()
    log.say("A", "B", checkpoint=SeenCheckpoint(9, root))
    log.head()
    found = failure(log.files(), log)
    assert found.flaw is Flaw.SEEN
    assert f"names a checkpoint of 9 leaves with root {root[:16]}…" in found.what
    assert "its author was shown another log" in found.hint


def test_a_log_that_was_rolled_back_is_told_by_the_heads_that_acts_name():
    log = a_log()
    log.say("A", "B", checkpoint=SeenCheckpoint(57, "ab" * 32))
    log.head()
    found = failure(log.files(), log)
    assert (found.flaw, found.what) == (Flaw.SEEN, "names a checkpoint of 57 leaves, made after it")


def test_a_head_signed_by_another_key_is_no_head_of_this_log():
    log = a_log()
    checkpoint = Checkpoint(origin_of(log.arena), 9, log.root(9))
    files = log.files().bent(CHECKPOINT, lambda _: sign_checkpoint(checkpoint, key("somebody")).raw)
    found = failure(files, log)
    assert found.flaw is Flaw.CHECKPOINT
    assert "not signed by detente/levant with key" in found.what


def test_a_head_of_another_arena_is_no_head_of_this_log():
    log = a_log()
    files = log.files().bent(
        CHECKPOINT, lambda _: sign_checkpoint(Checkpoint(origin_of("gulf"), 9, log.root(9)), log.host).raw
    )
    assert "a checkpoint of 'detente/gulf', not of 'detente/levant'" in failure(files, log).what


def test_a_cosignature_that_does_not_hold_spoils_its_head():
    log = a_log()
    other = Checkpoint(origin_of(log.arena), 8, log.root(8))
    line = cosign(other, "W1", key("W1"), log.now_us // SECOND_US)
    note = log.head(by=("W2",)).signed_also(line)
    found = failure(log.files().bent(CHECKPOINT, lambda _: note.raw), log)
    assert found.flaw is Flaw.CHECKPOINT
    assert "the signature is not by key" in found.what


def test_a_host_that_cosigns_its_own_heads_under_a_witness_name_gains_nothing():
    log = a_log()
    checkpoint = Checkpoint(origin_of(log.arena), 9, log.root(9))
    lines = [cosign(checkpoint, name, log.host, log.now_us // SECOND_US) for name in log.witnesses]
    files = log.files().bent(CHECKPOINT, lambda _: sign_checkpoint(checkpoint, log.host).signed_also(*lines).raw)
    _, verdict = judged(files, log.anchors)
    assert verdict.outcome is Outcome.INCOMPLETE
    assert verdict.latest.cosigned == ()
    assert "cosigned by 0 of 2 witnesses, 2 are agreed" in verdict.findings[0].what


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def refused_act(log, **signed):
    """The refusal of one act more."""
    log.say("A", "B", **signed)
    log.head()
    found = failure(log.files(), log)
    assert (found.flaw, found.position) == (Flaw.ACT, len(log.entries) - 1)
    return found.what


def test_an_act_by_an_unknown_key_is_refused():
    assert "signed by none of this arena's keys" in refused_act(a_log(), by=key("nobody"))


def test_an_act_by_another_partys_key_is_refused():
    assert "an act for 'A', signed by Duty desk of B" in refused_act(a_log(), by=key("B"))


def test_an_act_by_a_root_key_is_refused():
    assert "an act signed by the root of A" in refused_act(a_log(), by=key("A root"))


def test_an_act_by_a_witness_key_or_the_hosts_is_refused():
    assert "signed by none of this arena's keys" in refused_act(a_log(), by=key("W1"))
    assert "signed by none of this arena's keys" in refused_act(a_log(), by=key("host"))


def revoked(log, at_us):
    officer, root = key("A"), key("A root")
    body = Revocation(officer.public.id, Reason.STOLEN, at_us, None, "")
    statement = log.histories["A"].next(body, made_at_us=log.now_us)
    log.keys_change("A", sign_statement(statement, root))


def test_an_act_by_a_revoked_key_is_refused_and_what_it_signed_before_holds():
    log = a_log()
    revoked(log, log.now_us + SECOND_US)
    assert "was revoked (stolen) at" in refused_act(log)
    entries, _ = judged(log.files(), log.anchors)
    assert [each.position for each in entries if each.outcome is Outcome.FALSE] == [len(log.entries) - 1]


def test_an_act_by_a_retired_key_is_refused():
    log = a_log()
    body = Enrolment(key("A new").public, "Duty desk", log.now_us + 1, None, key("A").public.id)
    log.keys_change("A", sign_statement(log.histories["A"].next(body, made_at_us=log.now_us), key("A root")))
    assert "was replaced at" in refused_act(log)


def test_an_act_by_a_key_that_is_not_valid_yet_is_refused():
    log = a_log()
    body = Enrolment(key("A later").public, "Night desk", log.now_us + HOUR_US, None, None)
    log.keys_change("A", sign_statement(log.histories["A"].next(body, made_at_us=log.now_us), key("A root")))
    assert "is valid only from" in refused_act(log, by=key("A later"))


def test_a_key_that_the_host_enrols_for_a_party_is_refused():
    log = a_log()
    body = Enrolment(key("spy").public, "Duty desk", log.now_us + 1, None, None)
    forged = sign_statement(log.histories["A"].next(body, made_at_us=log.now_us), log.host)
    log.act("A", "keys", HOST, KeysBody((to_json(forged).decode(),)))
    log.say("A", "B", by=key("spy"))
    log.head()
    _, verdict = judged(log.files(), log.anchors)
    assert [each.flaw for each in verdict.findings] == [Flaw.RULES, Flaw.ACT]
    assert "statements[0]" in verdict.findings[0].where


def test_a_keys_act_by_the_host_itself_is_refused():
    log = a_log()
    body = Enrolment(key("spy").public, "Duty desk", log.now_us + 1, None, None)
    forged = sign_statement(log.histories["A"].next(body, made_at_us=log.now_us), log.host)
    log.act("host", "keys", HOST, KeysBody((to_json(forged).decode(),)))
    log.head()
    assert "an act of kind keys, signed by host" in failure(log.files(), log).what


def test_a_party_whose_keys_the_host_made_up_is_unmasked_by_its_root():
    log = a_log()
    _, verdict = judged(log.files(), Anchors({"A": key("what A read out").public}))
    assert verdict.outcome is Outcome.FALSE
    assert (verdict.first_failure.flaw, verdict.first_failure.where) == (Flaw.ANCHOR, "the root of A")
    assert not verdict.anchored


def test_a_party_that_the_host_took_in_alone_follows_from_the_hosts_word():
    log = a_log()
    anchors = log.anchors
    log.member("C")
    log.head()
    _, verdict = judged(log.files(), anchors)
    assert verdict.outcome is Outcome.INCOMPLETE
    assert [(each.flaw, each.where) for each in verdict.findings] == [(Flaw.UNANCHORED, "the root of C")]


def test_another_hosts_log_is_not_the_one_that_was_agreed():
    log = a_log()
    _, verdict = judged(log.files(), Anchors(log.anchors.roots, key("the host I know").public))
    assert verdict.outcome is Outcome.FALSE
    assert verdict.first_failure.flaw is Flaw.ANCHOR


def test_an_understanding_that_a_party_did_not_sign_is_not_in_force():
    log = Log()
    for party in "AB":
        log.member(party)
    log.agree()
    log.head()
    files = log.files().with_lines(PUBLIC, lambda lines: lines[:-1])  # B's signature
    _, verdict = judged(files, log.anchors)
    assert flaws(verdict) == {"quorum"}
    assert verdict.latest.agreed_count == 0


# ── what is signed as something else ─────────────────────────────────────────────────────────────────────────────────


def test_an_act_of_another_arena_is_refused():
    assert "the act is for arena 'gulf', not 'levant'" in refused_act(a_log(), arena="gulf")


def logged(log, envelope):
    log.log("message", envelope)
    log.head()
    return failure(log.files(), log)


def test_the_same_bytes_signed_as_something_else_are_no_act():
    log = a_log()
    act = log.sign("A", "message", "B", MessageBody("0" * 32, "x"))
    found = logged(log, sign(act.payload, "application/json", key("A")))
    assert found.what == "the payload is 'application/json', not 'application/vnd.detente.act+json'"


def test_a_key_statement_a_note_and_a_cosignature_are_no_acts():
    for payload in (
        sign_statement(Statement("A", 0, None, 0, Founding(key("A root").public, None, None)), key("A root")).payload,
        b"detente/levant\n9\n" + b"A" * 43 + b"=\n",
        b"cosignature/v1\ntime 1\n",
    ):
        log = a_log()
        assert logged(log, sign(payload, PAYLOAD_TYPE, key("A"))).flaw is Flaw.ACT


def test_a_signature_over_the_bare_payload_is_refused():
    log = a_log()
    act = log.sign("A", "message", "B", MessageBody("0" * 32, "x"))
    bare = Envelope(act.payload, PAYLOAD_TYPE, (Signature(key("A").public.id, key("A").sign(act.payload)),))
    assert "the signature is not by key" in logged(log, bare).what


def test_an_envelope_that_names_an_algorithm_is_refused():
    log = a_log()
    raw = log.entries[-1].envelope.replace('"keyid"', '"alg":"none","keyid"')
    log.entries.append(msgspec.structs.replace(log.entries[-1], envelope=raw, position=9))
    log.head()
    found = failure(log.files(), log)
    assert found.flaw is Flaw.ACT
    assert "the member 'alg' is not known" in found.what


def test_a_key_under_which_one_signature_holds_for_many_texts_is_none():
    with pytest.raises(Malformed, match="one signature stand for many messages"):
        PublicKey(bytes(32))


def test_words_of_a_newer_detente_are_said_not_to_be_read():
    log = a_log()
    log.log("claim", log.sign("A", "claim", "B", {"what": "new"}))
    log.head()
    _, verdict = judged(log.files(), log.anchors)
    assert verdict.outcome is Outcome.INCOMPLETE
    assert "1 of kind 'claim' hold words that this version cannot read" in verdict.findings[0].what


# ── views ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def moved(view):
    volume = view.volumes[0]
    (part, *_) = volume.footprint.parts
    shell = tuple(replace(each, latitude_deg=each.latitude_deg + 0.5) for each in part.shell)
    footprint = replace(volume.footprint, parts=(replace(part, shell=shell),))
    return replace(view, volumes=(replace(volume, footprint=footprint),))


def test_a_view_that_places_a_plan_elsewhere_is_told_by_the_full_notice():
    log = a_log()
    position, full = log.view("A", "B", bend=moved)
    log.head()
    _, verdict = judged(log.files(full=[full]), log.anchors)
    assert verdict.outcome is Outcome.FALSE
    assert (verdict.first_failure.flaw, verdict.first_failure.position) == (Flaw.VIEW, position)
    assert "volumes differ" in verdict.first_failure.what
    assert [each.honest for each in verdict.views] == [False]


def test_an_honest_view_comes_out_again_and_another_salt_opens_nothing():
    log = a_log()
    _, full = log.view("A", "B")
    log.head()
    assert judged(log.files(full=[full]), log.anchors)[1].outcome is Outcome.HOLDS
    other = msgspec.structs.replace(full, salt="0" * 64)
    _, verdict = judged(log.files(full=[other]), log.anchors)
    assert verdict.outcome is Outcome.INCOMPLETE
    assert "no view in the file commits to it" in verdict.findings[0].what


def test_a_view_made_on_coarser_grids_than_agreed_is_told():
    from detente.domain import ReleaseGrids

    log = a_log()
    _, full = log.view("A", "B", grids=ReleaseGrids(general_levels=(6,)))
    log.head()
    assert failure(log.files(full=[full]), log).flaw is Flaw.VIEW


# ── hostile files ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "change", "flaw"),
    [
        (HEADER, lambda raw: b"{", Flaw.UNREADABLE),
        (HEADER, lambda raw: raw.replace(b'"version":1', b'"version":2'), Flaw.UNREADABLE),
        (HEADER, lambda raw: raw.replace(b'"checkpoints":[', b'"checkpoints":[-1,'), Flaw.UNREADABLE),
        (HEADER, lambda raw: raw.replace(b'"full":[', b'"full":["../../etc/passwd"'), Flaw.UNREADABLE),
        (HEADER, lambda raw: raw.replace(b'"levant"', b'"gulf"'), Flaw.CHECKPOINT),
        (CHECKPOINT, lambda raw: b"", Flaw.CHECKPOINT),
        (CHECKPOINT, lambda raw: raw * 300, Flaw.CHECKPOINT),
        (PUBLIC, lambda raw: b"{}\n", Flaw.UNREADABLE),
        (PUBLIC, lambda raw: b"\n" + raw, Flaw.UNREADABLE),
        (PUBLIC, lambda raw: b"[" * 100_000 + b"\n", Flaw.UNREADABLE),
        (ENTRIES, lambda raw: b"\n" + raw, Flaw.UNREADABLE),
        (ENTRIES, lambda raw: b"\xff\xfe\n", Flaw.UNREADABLE),
        (ENTRIES, lambda raw: raw + b'{"position":1e400}\n', Flaw.UNREADABLE),
        ("tile/0/000.p/9", lambda raw: raw[:-1], Flaw.TREE),
        ("tile/0/000.p/9", lambda raw: raw + bytes(32), Flaw.TREE),
    ],
)
def test_a_malformed_part_is_refused(path, change, flaw):
    log = a_log()
    found = failure(log.files().bent(path, change), log)
    assert found.flaw is flaw


def test_a_missing_part_is_named():
    log = a_log()
    for path, says in (
        (HEADER, "is missing"),
        (CHECKPOINT, "is missing"),
        ("tile/0/000.p/9", "tile/0/000.p/9 is missing"),
        ("checkpoints/5", "is missing"),
        (PUBLIC, "public.jsonl is missing"),
        (ENTRIES, "entries.jsonl is missing"),
    ):
        files = log.files()
        del files[path]
        assert says in failure(files, log).what


def test_after_so_many_false_entries_the_rest_is_not_looked_at(monkeypatch):
    monkeypatch.setattr("detente.channel.audit.MOST_FALSE", 2)
    log = a_log()
    many = log.files().with_lines(ENTRIES, lambda lines: [bend(line, salt="0" * 64) for line in lines])
    entries, verdict = judged(many, log.anchors)
    assert len(entries) == 7
    assert "2 entries are false: the rest was not looked at" in verdict.findings[-1].what


def test_an_unreadable_payload_is_never_shown_as_read():
    log = a_log()
    position = log.log("message", sign(b"\xff", PAYLOAD_TYPE, key("A")))
    log.head()
    entries, _ = judged(log.files(), log.anchors, keeps_payloads=True)
    assert entries[position].party == ""
    assert entries[position].payload is None
    assert read_act(entries[position - 1].payload).party == "A"
