"""JSON as the standard has it: no duplicate keys, no NaN, no infinity, no nesting without end."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from detente.domain import TooLarge, UnreadableFile

DEEPEST: Final = 100
MOST_VALUES: Final = 20_000_000  # a million features of twenty; in memory about 1.5 GB
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_STRETCH: Final = re.compile(
    rb'(?:[^"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"){1,10000}+', re.DOTALL
)  # between strings, or whole ones
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_SQUARE: Final = bytes.maketrans(b"{}", b"[]")


def loads(raw: bytes) -> Any:
    """The value.

    Raises:
        UnreadableFile: not UTF-8, not JSON, a key given twice, a number that is none, or nested deeper than 100.
        TooLarge: more than 20 million values.
    """
    _check_bounds(raw)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"the file is not UTF-8: byte {error.start}", hint="save it as UTF-8") from error
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise UnreadableFile(
            f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}", hint="check that it was copied whole"
        ) from error
    except RecursionError as error:
        raise UnreadableFile("the JSON is nested too deep", hint=f"the limit is {DEEPEST}") from error
    except ValueError as error:  # a number of thousands of digits
        raise UnreadableFile(f"not usable JSON: {error}", hint="check its numbers") from error


def _check_bounds(raw: bytes) -> None:
    """Depth and number of values, before anything is built: a Python object takes many times the two bytes that ask for one."""
    values = raw.count(b",") + raw.count(b"[") + raw.count(b"{")
    if values > MOST_VALUES:
        raise TooLarge(f"the JSON holds about {values} values; the limit is {MOST_VALUES}", hint="split it")
    brackets = b"".join(
        _STRING.sub(b"", stretch[0]).translate(_SQUARE, _NO_BRACKETS) for stretch in _STRETCH.finditer(raw)
    )
    for _ in range(DEEPEST):
        shallower = brackets.replace(b"[]", b"")  # without its innermost level
        if len(shallower) == len(brackets):
            return
        brackets = shallower
    if b"[]" in brackets:
        raise UnreadableFile("the JSON is nested too deep", hint=f"the limit is {DEEPEST}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise UnreadableFile(
            f"the key {twice[:80]!r} stands twice in one object",
            hint="keep one: which of the two holds is not ours to guess",
        )
    return made


def _refuse(constant: str) -> float:
    raise UnreadableFile(
        f"{constant} is not a number", hint="JSON has no NaN and no infinity; leave out what is not known"
    )
