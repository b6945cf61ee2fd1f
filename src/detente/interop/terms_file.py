"""The terms of an understanding as people write them: the members of `domain.Terms`, with quantities in words.

Wherever a member is called `lead_s` or `layer_m`, a file may say `lead = "30 min"` or `layer = "5000 ft"` instead; rules of release
may say `from` and `to`. A member that is not known is refused, for a misspelt rule would be one that nobody keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass, replace
from typing import Any, Final, get_args, get_origin, get_type_hints

from detente.channel.forms import form_from
from detente.domain import InvalidVolume, NotUnderstood, Signatory, Terms, at
from detente.geodesy import read_duration_s, read_length_m

_NEARLY: Final = 1e-6
_ALSO: Final = {"from": "sender", "to": "recipient"}
_READERS: Final[Mapping[str, Callable[[str], float]]] = {
    "_s": read_duration_s,
    "_ms": lambda text: read_duration_s(text) * 1000,
    "_m": read_length_m,
}


def read_terms(raw: Any, members: Iterable[Signatory] = (), host_key: str = "") -> Terms:
    """The terms of a table of a file.

    Args:
        members: of the arena, with their keys; whoever the file does not name is added, and keys are theirs.
        host_key: of the arena's host, for a `record` that names none.
    Raises:
        NotUnderstood, InvalidVolume: a member is not known, missing or cannot be; `where` names it.
    """
    known = {member.name: member for member in members}
    written = _written(Terms, raw)
    record = written.get("record")
    if isinstance(record, dict) and host_key:
        record.setdefault("host_key", host_key)
    named = written.setdefault("parties", [])
    if isinstance(named, list):
        there = [each.get("name") for each in named if isinstance(each, dict)]
        named += [{"name": m.name, "kind": m.kind.value} for m in known.values() if m.name not in there]
    terms: Terms = form_from(written, Terms)
    return replace(terms, parties=tuple(_keyed(party, known.get(party.name)) for party in terms.parties))


def _keyed(party: Signatory, member: Signatory | None) -> Signatory:
    return replace(party, root_key=member.root_key, recovery_key=member.recovery_key) if member else party


def _written(kind: Any, raw: Any) -> Any:
    """What a file says, in the domain's own members; values of the wrong type are left for the conversion to refuse."""
    if is_dataclass(kind):
        return _table(kind, raw)
    if get_origin(kind) is tuple and isinstance(raw, list):
        read = []
        for index, each in enumerate(raw):
            with at(f"[{index}]"):
                read.append(_written(get_args(kind)[0], each))
        return read
    inner = [each for each in get_args(kind) if each is not type(None)]
    return _written(inner[0], raw) if len(inner) == 1 and get_origin(kind) is not tuple else raw


def _table(kind: Any, raw: Any) -> Any:
    if not isinstance(raw, dict):
        raise NotUnderstood(f"{raw!r:.60} is not a table of fields", hint="see docs/understanding.md")
    types, given = get_type_hints(kind), {}
    for name, value in raw.items():
        with at(str(name)[:60]):
            member, said = _member(types, name, value)
            if member not in types or member in given:
                raise NotUnderstood("is not known here, or given twice", hint=f"known: {', '.join(types)}")
            given[member] = _written(types[member], said)
    return given


def _member(types: Mapping[str, Any], name: str, value: Any) -> tuple[str, Any]:
    """The domain's member that a name of the file means, and the value in its unit."""
    if name in types:
        return name, value
    for suffix, reader in _READERS.items():
        if f"{name}{suffix}" in types:
            return f"{name}{suffix}", _quantity(value, reader, types[f"{name}{suffix}"])
    return _ALSO.get(name, name), value


def _quantity(text: Any, reader: Callable[[str], float], kind: Any) -> float | int | None:
    if not isinstance(text, str):
        raise NotUnderstood(f"{text!r:.60} has no unit", hint='write it with one, such as "30 min" or "5000 ft"')
    if text.strip().lower() == "none" and type(None) in get_args(kind):
        return None
    value = reader(text)
    if float in (kind, *get_args(kind)):
        return value
    if abs(value - round(value)) > _NEARLY:
        raise InvalidVolume(f"{text!r} is no whole number of the unit", hint="round it")
    return round(value)
