"""JSON with one text per value: RFC 8785 (JCS), read strictly. What is signed is written like this, so that a reader can tell two texts for one value.

Numbers are binary64, written as ECMAScript writes them. A browser's `JSON.stringify` makes the same digits, every double comes back as the
same double, and screening computes with doubles; decimal strings would allow `35.2` and `35.20` for one coordinate and still end as a double.

What is read is nearly always canonical and plain, and msgspec finds that out in a fifth of the time: it writes what it read once more, and where
that gives the same bytes, and they hold nothing that it writes otherwise than RFC 8785, they are canonical. All else is read here, slowly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from json.encoder import encode_basestring
from math import isfinite
from typing import Any, Final

import msgspec

from detente.domain import Malformed

LARGEST_INTEGER: Final = 2**53 - 1  # beyond it doubles skip integers; I-JSON, RFC 7493
DEEPEST: Final = 32
_SAFE_DIGITS: Final = 15  # so many decimal digits are always below LARGEST_INTEGER
_BEYOND_BMP: Final = re.compile("[\ud800-\uffff\U00010000-\U0010ffff]")
_NOT_BRACKETS: Final = bytes(sorted(set(range(256)) - set(b"[]{}")))
_ALIKE: Final = bytes.maketrans(b"{}", b"[]")
_DIGITS_AS_ZEROS: Final = bytes.maketrans(b"0123456789", b"0000000000")
_MAY_BE_TOO_LARGE: Final = re.compile(b"9[0-9]{15}")
_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder(order="sorted").encode


def canonical(value: Any) -> bytes:
    """The value as RFC 8785 writes it: members in UTF-16 order, no spaces, shortest numbers, UTF-8.

    Args:
        value: None, bool, int within ±(2^53 − 1), finite float, str, list, tuple, or dict with str keys. 1.0 and 1 are one value, 0.0 and -0.0 too.

    Raises:
        Malformed: anything else, a lone surrogate, or nesting deeper than 32.
    """
    try:
        return _text(value, 0).encode()
    except UnicodeEncodeError as error:
        raise Malformed("a text holds half of a surrogate pair", hint="it is no Unicode; repair the text") from error


def number_text(number: float) -> str:
    """A finite double as ECMAScript's Number::toString writes it.

    Python's repr finds the same shortest digits; only where the exponent sets in differs.
    Source: ECMA-262, Number::toString; RFC 8785, 3.2.2.3.
    """
    if not isfinite(number):
        raise Malformed(f"{number} is not a number in JSON", hint="leave out what is not known")
    if number.is_integer() and abs(number) <= LARGEST_INTEGER:
        return str(int(number))
    python = repr(number)
    if "e" not in python and not python.endswith(".0"):
        return python  # where both write the point in its place
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    written = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(written))
    return sign + _placed(written.rstrip("0"), point)


def _placed(digits: str, point: int) -> str:
    """Digits d1…dk with the decimal point after the `point`-th, as the standard's steps 6 to 10 lay them out."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def _text(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, int):
        return _integer_text(value)
    if isinstance(value, float):
        return number_text(value)
    if depth == DEEPEST:
        raise Malformed("the JSON is nested too deep", hint=f"the limit is {DEEPEST}")
    if isinstance(value, (list, tuple)):
        return f"[{','.join(_text(item, depth + 1) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{','.join(_members(value, depth + 1))}}}"
    raise Malformed(
        f"{type(value).__name__} is no JSON value", hint="give text, numbers, true, false, null, lists or objects"
    )


def _integer_text(value: int) -> str:
    if abs(value) > LARGEST_INTEGER:
        raise Malformed(
            f"{value} is beyond ±(2^53 − 1)", hint="a double cannot hold every such integer; send it as text"
        )
    return str(int(value))


def _members(value: dict[Any, Any], depth: int) -> Iterable[str]:
    for name in value:
        if not isinstance(name, str):
            raise Malformed(f"a member is named {name!r}, not by text")
    names = sorted(value, key=_utf16) if any(map(_BEYOND_BMP.search, value)) else sorted(value)
    return (f"{encode_basestring(name)}:{_text(value[name], depth)}" for name in names)


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


def read_canonical(raw: bytes) -> Any:
    """The value of bytes that `canonical` wrote; the caller bounds their size.

    Raises:
        Malformed: not JSON, a member twice, or not the one canonical text of its value.
    """
    try:
        value = _decode(raw)
        if _encode(value) == raw and _is_plain(raw):
            return value
    except (msgspec.DecodeError, RecursionError, ValueError):  # no JSON, or not as we want it: told below
        pass
    value = read_strict(raw)
    if canonical(value) != raw:
        raise Malformed(
            "the JSON is not in canonical form",
            hint="write it as RFC 8785 does: members sorted, no spaces, numbers as JSON.stringify writes them",
        )
    return value


def _is_plain(raw: bytes) -> bool:
    """Whether JSON that msgspec would write so is canonical: an object, not too deep, of texts and numbers that both write alike.

    Errs: towards no.
    """
    if raw[:1] != b"{" or b"\\" in raw or not (raw.isascii() or max(raw) < 0xF0):  # 0xF0: beyond the BMP
        return False
    outside = b"".join(raw.split(b'"')[::2])  # of texts: brackets, numbers, words
    zeros = outside.translate(_DIGITS_AS_ZEROS)
    if b"0e" in zeros or b"0E" in zeros or b"0" * 17 in zeros:
        return False
    if b".0," in outside or b".0]" in outside or b".0}" in outside:
        return False
    if b"0" * 16 in zeros and _MAY_BE_TOO_LARGE.search(outside):
        return False
    return _is_shallow(outside.translate(_ALIKE, _NOT_BRACKETS))


def _is_shallow(brackets: bytes) -> bool:
    for _ in range(DEEPEST):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"")  # the innermost
    return not brackets


def read_strict(raw: bytes) -> Any:
    """The value of JSON bytes in any layout; the caller bounds their size.

    Raises:
        Malformed: not UTF-8, not JSON, a member given twice, a number that is none, or nested too deep for Python to follow.
    """
    try:
        return json.loads(
            raw.decode("utf-8"), object_pairs_hook=_object, parse_int=_integer, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise Malformed(f"byte {error.start} is not UTF-8", hint="check that it was copied whole") from error
    except json.JSONDecodeError as error:
        raise Malformed(
            f"not JSON: {error.msg} at character {error.pos}", hint="check that it was copied whole"
        ) from error
    except RecursionError as error:
        raise Malformed("the JSON is nested too deep", hint=f"the limit is {DEEPEST}") from error


def _integer(text: str) -> int | float:
    """Integers past what doubles hold are doubles, as in a browser; `read_canonical` then finds the digits that were lost."""
    if len(text) <= _SAFE_DIGITS:
        return int(text)
    number = float(text)
    return int(number) if abs(number) <= LARGEST_INTEGER else number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Malformed(
            f"the member {twice[:80]!r} stands twice in one object", hint="which of the two holds is not ours to guess"
        )
    return made


def _refuse_constant(constant: str) -> float:
    raise Malformed(f"{constant} is not a number in JSON", hint="leave out what is not known")
