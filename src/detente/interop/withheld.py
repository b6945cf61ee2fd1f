"""What the files and tables do not add about protected sites and movements, decided in one place for every format.

The plans stand in the files that were screened. What an answer could add is how near others come to what is protected, and from
several such answers, where it lies. So of a pair with a humanitarian site or movement no format tells the separations, the closest points or
the area common to both: in its place stands the protected volume's own outline, which its owner stated. And no move sideways is told
for a notice that meets one, since such a move ends where the minimum to it does. Moves in time and altitude are told.

A file screened locally has no viewer, so nobody is the owner; who asks the channel is the viewer, and is told all about what it owns.
Values of the Python API are complete: this is a policy of outputs.
`docs/answers.md` says it for the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Final

from detente.domain import (
    HUMANITARIAN,
    Conflict,
    HazardWarning,
    MeetingArea,
    Notice,
    Proposal,
    ScreeningAnswer,
    Separation,
    Unmeasured,
    VolumeRef,
)

_UNTOLD: Final = Separation(inf, inf)


def told(answer: ScreeningAnswer, viewer: str = "") -> ScreeningAnswer:
    """The answer as every format tells it. Equal to what it was given where nothing is protected; twice is once.

    Args:
        viewer: the party that reads it; empty for nobody in particular.
    """
    if not any(is_protected(notice, viewer) for notice in answer.notices):
        return answer
    near = _near_protected(answer, viewer)
    return replace(
        answer,
        conflicts=tuple(_conflict(conflict, viewer) for conflict in answer.conflicts),
        warnings=tuple(_warning(warning, viewer) for warning in answer.warnings),
        proposals={key: _moves(moves) if key in near else moves for key, moves in answer.proposals.items()},
    )


def is_protected(notice: Notice, viewer: str = "") -> bool:
    """Whether the notice is of a humanitarian site or movement, and not the viewer's own."""
    return notice.activity in HUMANITARIAN and notice.party != viewer


def withholds(conflict: Conflict, viewer: str = "") -> bool:
    """Whether something protected is part of the pair."""
    return is_protected(conflict.a.notice, viewer) or is_protected(conflict.b.notice, viewer)


def sideways_withheld(answer: ScreeningAnswer, key: tuple[str, str], viewer: str = "") -> bool:
    """Whether moves sideways of the notice (party, reference) are left out; told whether or not there was one."""
    return key in _near_protected(answer, viewer)


def _near_protected(answer: ScreeningAnswer, viewer: str) -> set[tuple[str, str]]:
    """Notices that meet, or may meet, something protected, and those that are."""
    met: tuple[Conflict | Unmeasured, ...] = (*answer.conflicts, *answer.unmeasured)
    pairs = [c for c in met if is_protected(c.a.notice, viewer) or is_protected(c.b.notice, viewer)]
    return {(ref.notice.party, ref.notice.reference) for c in pairs for ref in (c.a, c.b)}


def _moves(moves: Sequence[Proposal]) -> tuple[Proposal, ...]:
    return tuple(move for move in moves if move.dimension != "sideways")


def _conflict(conflict: Conflict, viewer: str) -> Conflict:
    if not withholds(conflict, viewer):
        return conflict
    whose = conflict.a if is_protected(conflict.a.notice, viewer) else conflict.b
    return replace(
        conflict, lateral_m=_UNTOLD, vertical_m=_UNTOLD, time_s=_UNTOLD, area=_own_outline(conflict.area, whose)
    )


def _warning(warning: HazardWarning, viewer: str) -> HazardWarning:
    if not is_protected(warning.plan.notice, viewer):
        return warning
    return replace(warning, area=_own_outline(warning.area, warning.plan))


def _own_outline(area: MeetingArea | None, whose: VolumeRef) -> MeetingArea | None:
    """The meeting's altitudes and times, in the protected volume's own outline; of two protected ones, the first's."""
    from detente.geodesy.outline import outline

    if area is None:
        return None
    volume = whose.notice.volumes[whose.volume_index]
    return replace(area, footprint=tuple(outline(volume.footprint)), closest=None)
