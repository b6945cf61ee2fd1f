"""What screening says: CLEAR, POSSIBLE or CONFLICT, explained."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from detente.domain.footprint import Polygon, Position
from detente.domain.minima import Minima
from detente.domain.notice import Notice


class Answer(IntEnum):
    """Ordered: a later one outweighs an earlier one."""

    CLEAR = 0
    POSSIBLE = 1  # only uncertainty, a margin, or something unstated makes the volumes meet
    CONFLICT = 2


@dataclass(frozen=True, slots=True)
class Separation:
    """How far two volumes are apart in one dimension: what was stated, and the least it may be.

    Metres or seconds; 0 where they overlap or touch. `least` ≤ `stated`: uncertainties, conversion margins and the
    resolution of the arithmetic taken off. `stated` is the largest that the stated values allow.
    """

    stated: float
    least: float


@dataclass(frozen=True, slots=True)
class VolumeRef:
    """One volume of one notice."""

    notice: Notice
    volume_index: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """The smallest move of one whole notice, in one dimension, that clears it against everything screened."""

    notice: Notice
    dimension: Literal["time", "altitude", "sideways"]
    by: float  # seconds later (negative: earlier), metres higher (negative: lower), or metres sideways
    bearing_deg: float | None = None  # sideways only: true bearing of the move


@dataclass(frozen=True, slots=True)
class MeetingArea:
    """Where, how high and when two volumes meet.

    Attributes:
        footprint: the area common to both; where they only come within the minima, the area common to both once each
            is widened by half the minimum (or half of what separates them, where that is more). For the eye: good to 1 %
            and 10 m, decides nothing.
        closest: the closest points of the two footprints, one on each; None where they overlap.
        lower, upper: the altitudes common to both, or the gap between them, in words that keep their references.
        start_us, end_us: the time common to both, or the gap between them.
    """

    footprint: tuple[Polygon, ...]
    closest: tuple[Position, Position] | None
    lower: str
    upper: str
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """A pair of volumes of different parties that meet, or may.

    `a` comes before `b` in the order (party, reference, volume_index). `reasons` says, for POSSIBLE, what alone brings
    them together.
    """

    a: VolumeRef
    b: VolumeRef
    answer: Answer
    lateral_m: Separation
    vertical_m: Separation
    time_s: Separation
    minima: Minima
    rule: str
    reasons: tuple[str, ...] = ()
    area: MeetingArea | None = None


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A pair of volumes that meets, or may, of which more was not worked out, for there were too many.

    The answer is as sure as a `Conflict`'s, and `a` comes before `b` in the same order.
    """

    a: VolumeRef
    b: VolumeRef
    answer: Answer


@dataclass(frozen=True, slots=True)
class HazardWarning:
    """A plan enters, or may enter, a declared hazard area. Never a conflict."""

    plan: VolumeRef
    hazard: VolumeRef
    answer: Answer
    area: MeetingArea | None = None


@dataclass(frozen=True, slots=True)
class ScreeningAnswer:
    """The whole answer, in a fixed order.

    Attributes:
        conflicts: sorted by (party, reference, volume_index) of `a`, then of `b`.
        proposals: by (party, reference) of the notice that would move; an empty tuple says none within limits, an absent
            notice that none was looked for.
        pair_count: how many pairs of volumes of different parties were answered for.
        unmeasured: in a crowd, the pairs that meet beyond those in `conflicts`, in the same order. Every pair of notices that
            meets has one of its pairs of volumes in `conflicts` as long as there is room for one each.
    """

    answer: Answer
    notices: tuple[Notice, ...]
    conflicts: tuple[Conflict, ...]
    warnings: tuple[HazardWarning, ...] = ()
    proposals: dict[tuple[str, str], tuple[Proposal, ...]] = field(default_factory=dict)
    pair_count: int = 0
    unmeasured: tuple[Unmeasured, ...] = ()
