"""Views: what one recipient is told of one version of a notice.

The sender's own client makes every view, with the versioned generaliser, and signs it; the channel delivers and screens those
bytes and never rewrites them. A view holds its notice: whatever the notice meets, the view meets. So a recipient who is told
`general` is answered POSSIBLE where `full` would have read CONFLICT, and never CLEAR.

What a view shows at each level is `SHOWN`, and docs/release.md says the same; what is not listed there is hidden. Beside it a
view says whom it is for, its own number and version (counted for that recipient alone) and a salted commitment to the full
notice, from which a board can later tell whether the view was honest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from detente.domain import (
    UNMARKED,
    Activity,
    Answer,
    Assumption,
    HumanitarianDetails,
    InvalidVolume,
    Marking,
    Notice,
    ReleaseGrids,
    ReleaseLevel,
    Volume4D,
    at,
)
from detente.domain.units import MICROSECONDS_PER_SECOND

_OPAQUE: Final = re.compile(r"[0-9a-f]{32}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FULL, _GENERAL, _EXISTENCE = ReleaseLevel.FULL, ReleaseLevel.GENERAL, ReleaseLevel.EXISTENCE

# Which fields of a notice a view shows, and at which levels. Volumes: as they are at `full`, generalised below.
SHOWN: Final[Mapping[str, tuple[ReleaseLevel, ...]]] = {
    "party": (_FULL, _GENERAL, _EXISTENCE),
    "volumes": (_FULL, _GENERAL, _EXISTENCE),
    "activity": (_FULL, _GENERAL),
    "declared_by": (_FULL, _GENERAL),
    "reference": (_FULL,),
    "title": (_FULL,),
    "stated_place": (_FULL,),
    "assumptions": (_FULL,),
    "details": (_FULL,),
    "expires_us": (_FULL,),
    "revalidate_us": (_FULL,),
}
HIDDEN: Final = ("source",)  # where the sender's own client read it


@dataclass(frozen=True, slots=True)
class View:
    """What a recipient is told.

    Attributes:
        view_id: 32 random hex digits, chosen by the sender's client for this notice and this recipient, the same in every
            version; two recipients cannot tell by it that they were told of one notice.
        version: of this view, from 1; an amendment that leaves the view as it is makes no new version of it.
        activity: UNSTATED where the level hides it.
        commitment: 64 hex digits, to the full notice (`record.commitment`).
        generaliser: version of the generaliser the volumes were made with; 0 at level `full`.
    """

    view_id: str
    version: int
    recipient: str
    level: ReleaseLevel
    activity: Activity
    volumes: tuple[Volume4D, ...]
    commitment: str
    generaliser: int
    marking: Marking = UNMARKED
    reference: str = ""
    title: str = ""
    stated_place: str = ""
    declared_by: str = ""
    assumptions: tuple[Assumption, ...] = ()
    details: HumanitarianDetails | None = None
    expires_us: int | None = None
    revalidate_us: int | None = None

    def __post_init__(self) -> None:
        if not _OPAQUE.fullmatch(self.view_id):
            raise InvalidVolume(f"view_id {self.view_id!r} is not 32 hex digits", hint="draw 16 random bytes")
        if not _DIGEST.fullmatch(self.commitment):
            raise InvalidVolume(f"commitment {self.commitment!r} is not 64 hex digits")
        if self.version < 1:
            raise InvalidVolume(f"version {self.version} is below 1", hint="count a view's versions from 1")
        if self.level is ReleaseLevel.NONE:
            raise InvalidVolume("a view of level none shows nothing", hint="make no view for this recipient")
        if not self.volumes:
            raise InvalidVolume("a view without volumes hides where the notice is", hint="use level existence")
        for field in ("declared_by", "reference", "title", "stated_place", "assumptions", "details"):
            if getattr(self, field) and self.level not in SHOWN[field]:
                raise InvalidVolume(f"a view of level {self.level.value} shows {field}", hint="leave it out")
        if self.level is _EXISTENCE and self.activity is not Activity.UNSTATED:
            raise InvalidVolume("a view of level existence shows the activity", hint="use unstated")

    def as_notice(self, sender: str) -> Notice:
        """What the channel screens for the recipient: the view as a notice of the sender's, by the name the recipient knows."""
        return Notice(self.view_id, sender, self.activity, self.volumes, title=self.title, declared_by=self.declared_by)

    def answered(self, answer: Answer) -> Answer:
        """What the recipient may be told where screening this view gives `answer`: a generalised view makes nothing certain."""
        return answer if self.level is _FULL else min(answer, Answer.POSSIBLE)


def make_view(
    notice: Notice,
    level: ReleaseLevel,
    grids: ReleaseGrids,
    *,
    recipient: str,
    view_id: str,
    version: int,
    commitment: str,
    marking: Marking = UNMARKED,
) -> View:
    """The view of a notice at a level.

    Raises:
        InvalidVolume: the level is NONE, or the notice's geometry cannot be.
        TooLarge: it takes more cells than a view may hold, at the coarsest agreed level too.
    Errs: outward only; see `screening.generalise`.
    """

    def shown(field: str) -> bool:
        return level in SHOWN[field]

    volumes, generaliser = _volumes_at(notice, level, grids)
    return View(
        view_id=view_id,
        version=version,
        recipient=recipient,
        level=level,
        activity=notice.activity if shown("activity") else Activity.UNSTATED,
        volumes=volumes,
        commitment=commitment,
        generaliser=generaliser,
        marking=marking,
        reference=notice.reference if shown("reference") else "",
        title=notice.title if shown("title") else "",
        stated_place=notice.stated_place if shown("stated_place") else "",
        declared_by=notice.declared_by if shown("declared_by") else "",
        assumptions=notice.assumptions if shown("assumptions") else (),
        details=notice.details if shown("details") else None,
        expires_us=notice.expires_us if shown("expires_us") else None,
        revalidate_us=notice.revalidate_us if shown("revalidate_us") else None,
    )


def _volumes_at(notice: Notice, level: ReleaseLevel, grids: ReleaseGrids) -> tuple[tuple[Volume4D, ...], int]:
    from detente.screening.generalise import GENERALISER_VERSION, GeneralGrid, existence_grid, generalise_volumes

    if level is _FULL:
        return notice.volumes, 0
    general = GeneralGrid(grids.general_levels, grids.layer_m, grids.slot_s * MICROSECONDS_PER_SECOND)
    grid = general if level is _GENERAL else existence_grid(grids.existence_level)
    with at("volumes"):
        return generalise_volumes(notice.volumes, grid), GENERALISER_VERSION


def same_to_the_recipient(one: View, other: View) -> bool:
    """Whether two versions of a view tell the recipient the same; the second then need not be sent, and must not be seen."""
    return _without_seals(one) == _without_seals(other)


def _without_seals(view: View) -> View:
    return replace(view, version=1, commitment="0" * 64)
