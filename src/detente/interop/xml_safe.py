"""XML read without trust: no entities, no document types, no network, bounded depth and size."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

from detente.domain import TooLarge, UnreadableFile

DEEPEST: Final = 100


def elements(raw: bytes, wanted: set[str]) -> Iterator[Any]:
    """Each element with a wanted name (namespaces left out), whole, in order; freed once the next is asked for.

    Raises:
        UnreadableFile: not well formed, or it declares entities or a document type. TooLarge: nested deeper than 100.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    inside: list[Any] = []
    held: Any = None
    try:
        for event, element in iterparse(io.BytesIO(raw), events=("start", "end"), forbid_dtd=True):
            if event == "start":
                inside.append(element)
                if len(inside) > DEEPEST:
                    raise TooLarge("the XML is nested too deep", hint=f"the limit is {DEEPEST}")
                if held is None and local(element) in wanted:
                    held = element
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
