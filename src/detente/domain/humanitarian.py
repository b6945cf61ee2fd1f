"""What a humanitarian notice says beyond place and time.

Fields are the union of what public notification forms ask for (OCHA notification forms for Syria and Yemen, 2018–2023). They are
shown at level `full` alone: what a convoy carries and whom it can be reached by is for those it trusts.
"""

from dataclasses import dataclass

from detente.domain.errors import InvalidVolume


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle of a movement: plate, and what it looks like (colour, roof marking)."""

    plate: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who can be reached, at the desk or on the move."""

    name: str
    reach: str  # a telephone number, call sign and frequency, or address
    on_the_move: bool = False

    def __post_init__(self) -> None:
        if not self.reach.strip():
            raise InvalidVolume(f"contact {self.name!r} cannot be reached", hint="give a number or a call sign")


@dataclass(frozen=True, slots=True)
class Stop:
    """A planned stop of a movement, in words, and when."""

    place: str
    arrival_us: int | None = None
    departure_us: int | None = None


@dataclass(frozen=True, slots=True)
class HumanitarianDetails:
    """A site's function, or what a movement consists of; whatever is not known stays None.

    `armed_escort` is None where nothing was said: it is never taken for no.
    """

    site_function: str = ""
    purpose: str = ""
    vehicles: tuple[Vehicle, ...] = ()
    headcount: int | None = None
    armed_escort: bool | None = None
    contacts: tuple[Contact, ...] = ()
    stops: tuple[Stop, ...] = ()

    def __post_init__(self) -> None:
        if self.headcount is not None and self.headcount < 0:
            raise InvalidVolume(f"headcount {self.headcount} is negative", hint="leave it out where it is not known")
