"""A party's statement of what it will do, where and when. Notification is not permission."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from detente.domain.errors import InvalidVolume
from detente.domain.humanitarian import HumanitarianDetails
from detente.domain.volume import Volume4D


class Activity(Enum):
    """What a notice is about."""

    AIR_OPERATION = "air_operation"
    UNMANNED_FLIGHT = "unmanned_flight"
    SURFACE_OPERATION = "surface_operation"
    SUBSURFACE_OPERATION = "subsurface_operation"
    MARITIME_OPERATION = "maritime_operation"
    LIVE_FIRE = "live_fire"
    EXERCISE = "exercise"
    SEARCH_AND_RESCUE = "search_and_rescue"
    HUMANITARIAN_MOVEMENT = "humanitarian_movement"
    HUMANITARIAN_SITE = "humanitarian_site"
    HAZARD_AREA = "hazard_area"
    UNSTATED = "unstated"  # the file does not say; never assumed harmless


HUMANITARIAN: Final = frozenset({Activity.HUMANITARIAN_MOVEMENT, Activity.HUMANITARIAN_SITE})


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something a notice holds that no source states: which field, and on what basis it was filled in."""

    field: str
    basis: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One party's notice: one or more volumes that belong together (a route's legs are one notice).

    Attributes:
        reference: the sender's own reference, unique within its party and file.
        party: who gives notice.
        title: a few words for people; may be empty.
        source: where it was read, e.g. `plans.geojson, feature 3`; empty for notices made in code.
        stated_place: the place as put in words ("north of Latakia"), checked against the geometry; may be empty.
        declared_by: for a hazard area, who declares it, when that is not the party that passes it on.
        details: for a humanitarian notice.
        expires_us, revalidate_us: when it lapses, and when its sender has to confirm it; None where nobody said.
    """

    reference: str
    party: str
    activity: Activity
    volumes: tuple[Volume4D, ...]
    title: str = ""
    source: str = ""
    stated_place: str = ""
    declared_by: str = ""
    assumptions: tuple[Assumption, ...] = ()
    details: HumanitarianDetails | None = None
    expires_us: int | None = None
    revalidate_us: int | None = None

    def __post_init__(self) -> None:
        if not self.reference or not self.party:
            raise InvalidVolume("a notice needs a reference and a party", hint="fill in both")
        if not self.volumes:
            raise InvalidVolume(f"notice {self.reference} has no volume", hint="say where and when")
        if self.details is not None and self.activity not in HUMANITARIAN:
            raise InvalidVolume(
                f"notice {self.reference} is no humanitarian notice, and has humanitarian details",
                hint="give its activity as humanitarian_movement or humanitarian_site",
            )
