"""JSON as the standard has it: no duplicate keys, no NaN, no infinity, no nesting without end."""

from __future__ import annotations

import json
from typing import Any, Final

from detente.domain import UnreadableFile

DEEPEST: Final = 100


def loads(raw: bytes) -> Any:
    """The value.

    Raises:
        UnreadableFile: not UTF-8, not JSON, a key given twice, a number that is none, or nested deeper than 100.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"the file is not UTF-8: byte {error.start}", hint="save it as UTF-8") from error
    _check_depth(text)
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


def _check_depth(text: str) -> None:
    """Counts brackets, those inside strings too: enough to keep the parser from falling, too strict for no real file."""
    depth = 0
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    import re

    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        sign = match[0]
        if sign in "[{":
            depth += 1
            if depth > DEEPEST:
                raise UnreadableFile("the JSON is nested too deep", hint=f"the limit is {DEEPEST}")
        elif sign in "]}":
            depth -= 1


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
