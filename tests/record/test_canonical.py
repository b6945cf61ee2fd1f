"""Canonical JSON: one text per value, the text RFC 8785 and every browser give it; a second text is refused."""

import csv
import json
import struct
from contextlib import suppress
from math import isfinite
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import Malformed
from detente.record.canonical import LARGEST_INTEGER, canonical, number_text, read_canonical, read_strict
from record_world import in_node, needs_node

VECTORS = Path(__file__).parents[1] / "vectors" / "jcs"
NUMBERS = list(csv.DictReader((VECTORS / "numbers.csv").open(encoding="utf-8")))

integers = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
doubles = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | integers | doubles | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: row["bits"])
def test_a_number_is_written_as_the_rfc_writes_it(row):
    (number,) = struct.unpack(">d", bytes.fromhex(row["bits"]))
    assert number_text(number) == row["text"]


def test_a_document_is_written_as_the_reference_writes_it():
    assert (
        canonical(read_strict((VECTORS / "values.json").read_bytes()))
        == (VECTORS / "values.canonical.json").read_bytes()
    )


def test_members_stand_in_the_order_of_utf_16_as_the_rfc_shows():
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    ordered = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(dict.fromkeys(names, 0)))) == ordered


@given(values)
def test_another_implementation_writes_the_same_bytes(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(values)
def test_what_is_read_back_is_the_same_value(value):
    assert read_canonical(canonical(value)) == value


@given(st.integers(0, 2**64 - 1))
def test_every_double_comes_back_as_the_same_double(bits):
    (number,) = struct.unpack(">d", bits.to_bytes(8, "big"))
    if isfinite(number):
        assert float(number_text(number)) == number


@needs_node
def test_a_browsers_engine_writes_the_same_numbers():
    rng = __import__("random").Random(8785)
    drawn = [struct.unpack(">d", rng.randbytes(8))[0] for _ in range(20_000)]
    drawn += [rng.uniform(-180, 180) for _ in range(5_000)] + [round(rng.uniform(0, 1e6), 3) for _ in range(5_000)]
    numbers = [number for number in drawn if isfinite(number)]
    assert [number_text(number) for number in numbers] == in_node(
        "numbers", {"bits": [struct.pack(">d", x).hex() for x in numbers]}
    )


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"a":1,"a":1}', "stands twice"),
        (b'{"a":1,"\\u0061":2}', "stands twice"),
        (b'{"a": 1}', "canonical"),
        (b'{"b":1,"a":1}', "canonical"),
        (b"1.0", "canonical"),
        (b"-0", "canonical"),
        (b"1E2", "canonical"),
        (b"9007199254740993", "canonical"),
        (b'"\\u0041"', "canonical"),
        (b'"\\/"', "canonical"),
        (b"[1,]", "not JSON"),
        (b"\xef\xbb\xbf1", "not JSON"),
        (b'"\xff"', "not UTF-8"),
        (b"NaN", "not a number"),
        (b"1e400", "not a number"),
        (b"9" * 5000, "not a number"),
        (b'"\\ud800"', "surrogate"),
        (b"[" * 40 + b"]" * 40, "too deep"),
        (b"[" * 100_000, "too deep"),
        (b"1 2", "not JSON"),
        (b"", "not JSON"),
        (b'"a\nb"', "not JSON"),
    ],
)  # fmt: skip
def test_any_other_text_is_refused(raw, said):
    with pytest.raises(Malformed, match=said):
        read_canonical(raw)


@pytest.mark.parametrize(
    "value", [2**53, -(2**53), float("nan"), float("inf"), {1: 2}, b"x", {1, 2}, "\udc00", {"\udc00": 1}]
)
def test_what_json_cannot_carry_is_refused(value):
    with pytest.raises(Malformed):
        canonical(value)


# ── what msgspec finds plain, against the definition ─────────────────────────────────────────────────────────────────


def by_definition(raw):
    value = read_strict(raw)
    if canonical(value) != raw:
        raise Malformed("the JSON is not in canonical form")
    return value


def outcome(read, raw):
    try:
        value = read(raw)
    except Malformed as error:
        return error.what
    return json.dumps(value), type(value)


hard_texts = st.text(st.sampled_from('abe[]{}",:\\/\n\x7f\u00e9\u20ac\ufb33\U0001f600 019.-'), max_size=6)
hard_numbers = st.sampled_from(
    [0, 1, -1, 9e15, 2**53 - 1, 2**53, -(2**53), 1e16, 1e21, 1e-6, 1e-7, 0.1, -0.5, 1.5e300, 5e-324, 123456.789]
)
hard_values = st.recursive(
    st.none() | st.booleans() | integers | doubles | hard_numbers | hard_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hard_texts, inner, max_size=3),
    max_leaves=12,
)


def written(value):
    """The value in several layouts, canonical where it can be."""
    plain = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    with suppress(Malformed):
        yield canonical(value)
    yield plain.encode()
    yield json.dumps(value).encode()
    yield plain.replace("e-0", "e-").encode()


@given(st.dictionaries(hard_texts, hard_values, max_size=4), st.integers(0, 400), st.binary(min_size=1, max_size=1))
def test_what_is_read_quickly_is_read_as_by_definition(value, place, other):
    for raw in written(value):
        changed = raw[: place % len(raw)] + other + raw[place % len(raw) + 1 :]
        for each in (raw, changed):
            assert outcome(read_canonical, each) == outcome(by_definition, each), each


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1.0}', b'{"a":[1.0]}', b'{"a":1e-07}', b'{"a":1e16}', b'{"a":10000000000000000}', b'{"a":9007199254740993}',
        b'{"a":-0}', b'{"a":-0.0}', b'{"a":1,"a":1}', b'{"b":1,"a":1}', b'{"a":"\\u00e9"}', b'{"a":"\\/"}', b'{"a":NaN}',
        b'{"a":1E5}', b'{"a":1e5}', b'{"a":0.10}', b'{"a":"\x7f"}', b'{"a":' + b"[" * 31 + b"]" * 31 + b"}",
        b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", b'{"a":' + b'["]",' * 32 + b'"["' + b"]" * 32 + b"}", b'{"a":"\xed\xa0\x80"}',
        '{"\U0001f600":1,"\ufb33":2}'.encode(), '{"\ufb33":2,"\U0001f600":1}'.encode(), b"1.0", b"[1]", b'{"a":1}\n', b"",
    ],
)  # fmt: skip
def test_what_msgspec_would_write_otherwise_is_read_as_by_definition(raw):
    assert outcome(read_canonical, raw) == outcome(by_definition, raw)
