"""Bundles: whatever is done to a file on its way is found, and nothing needs a line."""

import json

import pytest

from detente.channel.bundle import (
    MOST_SUBMISSIONS,
    CarriedSubmission,
    read_bundle,
    read_submissions,
    write_bundle,
    write_submissions,
)
from detente.domain import DetenteError, Malformed, NotAuthentic, NotUnderstood, TooLarge
from detente.record.canonical import canonical
from sequencer_world import a_key

HOST = a_key("host")
TEXTS = {
    "announcements": [canonical({"from": "A", "n": 1})],
    "postings": [canonical({"kind": "message", "payload": {"n": number}}) for number in range(3)],
}
PLACES = {"after": "a", "cursor": "b", "announced_after": None, "announced": "c"}


def a_bundle(texts=TEXTS, key=HOST, party="A", arena="levant"):
    return write_bundle("postings", texts, key, arena=arena, party=party, made_at_us=5, **PLACES)


def read(raw):
    return read_bundle(raw, HOST.public, arena="levant", party="A")


def changed(raw, change):
    value = json.loads(raw)
    change(value["texts"]["postings"])
    return json.dumps(value).encode()


def test_a_bundle_reads_back_as_it_was_written():
    found = read(a_bundle())
    assert {name: list(map(canonical, each)) for name, each in found.texts.items()} == TEXTS
    assert {name: getattr(found.manifest, name) for name in PLACES} == PLACES


@pytest.mark.parametrize(
    "change",
    [
        lambda postings: postings.pop(),
        lambda postings: postings.append(postings[0]),
        lambda postings: postings.reverse(),
        lambda postings: postings.__setitem__(1, postings[1].replace("1", "9")),
    ],
    ids=["one left out", "one added", "moved", "changed"],
)
def test_a_text_left_out_added_moved_or_changed_is_found(change):
    with pytest.raises(NotAuthentic):
        read(changed(a_bundle(), change))


def test_every_changed_byte_of_a_bundle_is_found_or_changes_nothing():
    raw = a_bundle()
    whole = read(raw)
    for place in range(len(raw)):
        damaged = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        try:
            assert read(damaged) == whole
        except DetenteError:
            continue


def test_a_bundle_of_another_host_party_or_arena_is_refused():
    for bundle in (a_bundle(key=a_key("other")), a_bundle(party="B"), a_bundle(arena="aegean")):
        with pytest.raises(NotAuthentic):
            read(bundle)


def test_submissions_read_back_as_they_were_written():
    carried = [CarriedSubmission(f"{n:032x}", ("{}",) * n) for n in range(1, 4)]
    for each in (carried, []):
        found = read_submissions(write_submissions("levant", "A", each, after="x", announced_after="y"))
        assert (found.arena, found.party, list(found.submissions)) == ("levant", "A", each)
        assert (found.after, found.announced_after) == ("x", "y")


@pytest.mark.parametrize(
    ("submissions", "refusal"),
    [
        ([CarriedSubmission("1" * 32, ("{}",))] * (MOST_SUBMISSIONS + 1), TooLarge),
        ([CarriedSubmission("x" * 32, ("{}",))], NotUnderstood),
        ([CarriedSubmission("1" * 32, ())], NotUnderstood),
    ],
    ids=["too many", "no id", "no acts"],
)
def test_what_is_no_bundle_of_submissions_is_refused_before_it_is_written(submissions, refusal):
    with pytest.raises(refusal):
        write_submissions("levant", "A", submissions)


def test_another_version_and_members_not_known_are_refused():
    raw = write_submissions("levant", "A", [CarriedSubmission("1" * 32, ("{}",))])
    with pytest.raises(Malformed):
        read_submissions(raw.replace(b'"version":1', b'"version":2'))
    with pytest.raises(NotUnderstood):
        read_submissions(raw.replace(b'"version":1', b'"version":1,"more":1'))
