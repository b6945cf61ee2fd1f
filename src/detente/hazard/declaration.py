"""Who says that there is a hazard, where that is written, and of when it is. Without all three no hazard area is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from detente.domain import InvalidVolume


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a hazard area stands on. It is a statement of `declared_by`, never a finding of ours.

    Attributes:
        declared_by: the party, authority or publication that states the place and range.
        source: where it is written: a document, a notice's reference, a URL.
        date: of the statement, as the source gives it; ISO 8601 where it comes from a file of ours.
    """

    declared_by: str
    source: str
    date: str

    def __post_init__(self) -> None:
        missing = [name for name in ("declared_by", "source", "date") if not getattr(self, name).strip()]
        if missing:
            raise InvalidVolume(
                f"a hazard area without {', '.join(missing)}",
                hint="only what a party declares or a public source states is drawn: say who, where it is written, and of when",
            )

    def __str__(self) -> str:
        return f"declared by {self.declared_by}, {self.date}; source: {self.source}"
