"""Phrases that are agreed beforehand: what is said under stress must need no wording, and what is vital in it is read back.

A phrase has slots, written `{place}`: what is filled in is what has to be read back. The shipped ones are there in every arena; an
understanding may add its own, or put its own in the place of one of the same name. They are words. A request to cease is `STOP`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from detente.domain.errors import InvalidVolume, NotUnderstood

MOST_TEMPLATE_TEXT: Final = 1_000
MOST_SLOTS: Final = 20
MOST_SLOT_TEXT: Final = 200
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SLOT: Final = re.compile(r"\{([a-z][a-z_]{0,39})\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A phrase and its slots: `We have personnel at {place} until {until}.`"""

    name: str
    text: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidVolume(
                f"the phrase {self.name[:60]!r} is not called by 1 to 40 small letters, digits and hyphens",
                where="name",
            )
        if not 0 < len(self.text) <= MOST_TEMPLATE_TEXT:
            raise InvalidVolume(
                f"a phrase of {len(self.text)} characters, not 1 to {MOST_TEMPLATE_TEXT}",
                hint="shorten it",
                where="text",
            )
        if re.search(r"[{}]", _SLOT.sub("", self.text)):
            raise InvalidVolume("a brace that is no slot", hint="write slots as {place}", where="text")
        if len(self.slots) > MOST_SLOTS or len(set(self.slots)) < len(self.slots):
            raise InvalidVolume(f"a slot twice, or more than {MOST_SLOTS}", hint="split the phrase", where="text")

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of its slots, in order."""
        return tuple(_SLOT.findall(self.text))

    def filled(self, values: Mapping[str, str]) -> str:
        """The words, with a value for each slot.

        Raises:
            NotUnderstood: a value is missing, blank or too long, or one is left over.
        """
        odd = sorted(values.keys() ^ set(self.slots))
        if odd:
            raise NotUnderstood(
                f"the slot {odd[0][:40]} is {'missing' if odd[0] in self.slots else 'none'} of {self.name}",
                hint=f"its slots are {', '.join(self.slots) or 'none'}",
                where="slots",
            )
        for name, value in values.items():
            if not value.strip() or len(value) > MOST_SLOT_TEXT or not value.isprintable():
                raise NotUnderstood(
                    f"{value[:40]!r} cannot stand in a phrase",
                    hint=f"1 to {MOST_SLOT_TEXT} characters on one line",
                    where=f"slots.{name}",
                )
        return _SLOT.sub(lambda found: values[found[1]], self.text)


SHIPPED: Final = (
    Template("cease-immediately", "Cease immediately: {activity} at {place}."),
    Template("confirm-receipt", "Confirm receipt of {reference}."),
    Template(
        "aircraft-in-distress",
        "Aircraft in distress: {callsign}, {persons} on board, last known position {position} at {time}.",
    ),
    Template("personnel-at", "We have personnel at {place} until {until}."),
    Template("rescue-under-way", "Search and rescue under way at {place} until {until}; keep clear."),
    Template("movement-delayed", "Our movement {reference} is delayed at {place}; it goes on at {time}."),
)
