"""How much of a notice a recipient is shown, and the markings that travel with it."""

from dataclasses import dataclass
from enum import Enum

from detente.domain.errors import InvalidVolume


class ReleaseLevel(Enum):
    """What one recipient sees of a notice; docs/release.md lists every field shown at each level.

    `rank` orders them: a higher one shows everything a lower one does, and more.
    """

    FULL = "full"
    GENERAL = "general"
    EXISTENCE = "existence"
    NONE = "none"

    @property
    def rank(self) -> int:
        return ("none", "existence", "general", "full").index(self.value)


class Tlp(Enum):
    """Traffic Light Protocol 2.0. Source: FIRST, 2022."""

    RED = "TLP:RED"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    AMBER = "TLP:AMBER"
    GREEN = "TLP:GREEN"
    CLEAR = "TLP:CLEAR"


@dataclass(frozen=True, slots=True)
class Marking:
    """Who may be told, as the sender marks it. Shown at every level; détente carries it, people keep it.

    Attributes:
        rel_to: the parties it is releasable to (`REL TO`); empty: not marked so.
        caveats: further caveats as the sender writes them.
    """

    rel_to: tuple[str, ...] = ()
    tlp: Tlp | None = None
    caveats: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for text in (*self.rel_to, *self.caveats):
            if not text.strip():
                raise InvalidVolume("a marking holds an empty entry", hint="leave it out")


UNMARKED = Marking()
