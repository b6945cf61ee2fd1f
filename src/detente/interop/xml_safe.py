"""XML read without trust: no entities, no document types, no network; bounded depth, bounded number of parts, bounded silence between them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

from detente.domain import DetenteError, InvalidVolume, TooLarge, UnreadableFile

DEEPEST: Final = 100
MOST_ELEMENTS_HELD: Final = 1_000_000  # of one feature: ten a vertex
LONGEST_PIECE_BYTES: Final = (
    8_000_000  # of text or attributes in one element: more than the positions a feature may have
)


class _Watched(io.BytesIO):
    """The bytes, given out as long as something comes of them: one tag of 100 MB would be held whole."""

    since = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.since += size or 0
        if self.since > LONGEST_PIECE_BYTES:
            hint = "simplify the feature outward, or split it"
            raise TooLarge(f"one piece of the XML is longer than {LONGEST_PIECE_BYTES} bytes", hint=hint)
        return super().read(size)


def elements(raw: bytes, root: str, wanted: set[str]) -> Iterator[Any]:
    """Each element with a wanted name (namespaces left out), whole, in order; freed once the next is asked for.

    Raises:
        UnreadableFile: not well formed, it declares entities or a document type, or its root is another. TooLarge: nested deeper than 100,
            or a feature past a stated bound.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    inside: list[Any] = []
    held: Any = None
    count = 0
    source = _Watched(raw)
    try:
        for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
            source.since = 0
            if event == "start":
                if not inside and local(element) != root:
                    hint = "of XML, plans are read from KML and GPX"
                    raise UnreadableFile(f"the file is XML, but {local(element)[:40]!r} is no {root} file", hint=hint)
                inside.append(element)
                count += held is not None
                if len(inside) > DEEPEST:
                    raise TooLarge("the XML is nested too deep", hint=f"the limit is {DEEPEST}")
                if count > MOST_ELEMENTS_HELD:
                    raise TooLarge(f"a feature has more than {MOST_ELEMENTS_HELD} parts", hint="split it")
                if held is None and local(element) in wanted:
                    held, count = element, 0
                continue
            inside.pop()
            if element is held:
                yield element
                held = None
            if held is None:
                element.clear()
                if inside:
                    inside[-1].remove(element)
    except DefusedXmlException as error:
        raise UnreadableFile(
            "the XML declares entities or a document type, which plans never need", hint="export it again without them"
        ) from error
    except (ParseError, LookupError, ValueError) as error:
        raise UnreadableFile(f"not well-formed XML: {error}", hint="check that it was copied whole") from error


def local(element: Any) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: Any, *names: str) -> Any | None:
    """The first child along a path of names; None where there is none."""
    for name in names:
        element = next((c for c in element if local(c) == name), None)
        if element is None:
            return None
    return element


def text(element: Any | None) -> str:
    """The element's text; empty where there is no element."""
    return (element.text or "").strip() if element is not None else ""


def once_each(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], list[DetenteError]]:
    """Names and values, and a problem for each name that has two values."""
    data: dict[str, str] = {}
    problems: list[DetenteError] = []
    for name, value in pairs:
        if data.setdefault(name, value) != value:
            hint = "keep one: which of the two holds is not ours to guess"
            problems.append(InvalidVolume("stands twice, with different values", hint=hint, where=name[:60]))
    return data, problems
