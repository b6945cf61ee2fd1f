"""Requests are read strictly, and every refusal has its place in HTTP."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.api.wire import (
    DEEPEST,
    FAMILIES,
    MOST_ACTS,
    MOST_BODY_BYTES,
    NOT_THERE,
    NotThere,
    problem,
    problem_of_status,
    read_member_request,
    read_submission_request,
)
from detente.domain import (
    Conflicted,
    DetenteError,
    Malformed,
    NoSuchArena,
    NotUnderstood,
    PartyKind,
    StoreUnavailable,
    TooLarge,
)

ID = "0" * 32


def families(base=DetenteError):
    return [kind for below in base.__subclasses__() for kind in (below, *families(below))]


def a_submission(**changed):
    return json.dumps({"submission": ID, "acts": ["{}"]} | changed).encode()


STRANGERS = ("detente.client", "detente.interop", "detente.cli")  # strangers to it: the server raises none of theirs
OURS = [k for k in families() if k.__module__.startswith("detente.") and not k.__module__.startswith(STRANGERS)]


@pytest.mark.parametrize("kind", OURS)
def test_every_error_family_is_told_over_http(kind):
    told, family = problem(kind("what", hint="hint", where="where"))
    assert told.status == family.status
    assert 400 <= told.status < 600
    assert (family.retry_after_s is not None) == (told.status in (429, 503))


def test_what_is_not_there_and_what_may_not_be_seen_look_the_same():
    same = problem(NotThere(NOT_THERE))[0]
    assert problem(NoSuchArena("there is no arena 'x'"))[0] == same
    assert problem_of_status(404) == same


def test_a_refusal_of_the_store_tells_strangers_nothing_of_it():
    told, family = problem(StoreUnavailable("/var/lib/channel.db: disk full"))
    assert "channel.db" not in str(told)
    assert family.retry_after_s


def test_a_refusal_says_where_and_how_it_is_mended():
    told, _ = problem(Conflicted("was something else", hint="draw a new id", where="submission"))
    assert (told.status, told.where, told.hint) == (409, "submission", "draw a new id")


def test_the_families_differ_in_name_where_they_differ_in_status():
    names = {}
    for family in FAMILIES.values():
        assert names.setdefault(family.name, family.status) == family.status


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"", Malformed),
        (b"\xff", Malformed),
        (b"[]", NotUnderstood),
        (b'{"submission": "%s", "submission": "%s", "acts": ["{}"]}' % (b"0" * 32, b"1" * 32), Malformed),
        (a_submission(submission="x" * 32), NotUnderstood),
        (a_submission(submission=ID[1:]), NotUnderstood),
        (a_submission(submission=7), NotUnderstood),
        (a_submission(acts=[]), NotUnderstood),
        (a_submission(acts=[{}]), NotUnderstood),
        (a_submission(acts="{}"), NotUnderstood),
        (a_submission(acts=["{}"] * (MOST_ACTS + 1)), TooLarge),
        (a_submission(more=1), NotUnderstood),
        (b"[" * 200_000, TooLarge),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), TooLarge),
        (b" " * (MOST_BODY_BYTES + 1), TooLarge),
        (a_submission(acts=[1e999]).replace(b"Infinity", b"1e999"), NotUnderstood),
        (a_submission().replace(b'"{}"', b"NaN"), Malformed),
    ],
)
def test_a_body_that_is_not_a_submission_is_refused(raw, refusal):
    with pytest.raises(refusal):
        read_submission_request(raw)


def test_brackets_within_texts_are_no_nesting():
    text = '[{"\\' * 100
    assert read_submission_request(a_submission(acts=[text])).acts == (text,)


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\0a ', max_size=60).map(str.encode))
def test_whatever_the_bytes_the_refusal_is_one_of_ours(raw):
    with pytest.raises(DetenteError) as refused:
        read_submission_request(raw)
    assert problem(refused.value)[0].status in (400, 413, 422)


def test_a_member_is_read_strictly():
    raw = b'{"name": "Z", "kind": "operator", "statements": []}'
    assert read_member_request(raw).kind is PartyKind.OPERATOR
    with pytest.raises(NotUnderstood):
        read_member_request(raw.replace(b"operator", b"OPERATOR"))
