"""What a party could have known at a moment, by somebody's account: what it is stated to have been told by then, and by whom.

Nothing is added to it: that a thing was in the news, or could be seen, is not known here. What has no stated minute is listed apart, for it may
have been before or after.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from detente.domain import Claim, Telling


@dataclass(frozen=True, slots=True)
class Known:
    """One thing that a party was told, or told another itself, by a claimant's account.

    `is_told` is False for what the party itself told: it knew that too.
    """

    claim: Claim
    telling: Telling
    is_told: bool


def known_by(
    claims: Iterable[Claim], party: str, moment_us: int
) -> tuple[tuple[Known, ...], tuple[Known, ...], tuple[Known, ...]]:
    """By a moment, after it, and without a stated minute: what a party is stated to have been told or to have told, each by time."""
    all_told = [
        Known(claim, telling, telling.to == party)
        for claim in claims
        for telling in claim.tells
        if party in (telling.to, telling.by)
    ]
    timed = sorted((k for k in all_told if k.telling.at_us is not None), key=_moment)
    by_then = tuple(k for k in timed if _moment(k) <= moment_us)
    after = tuple(k for k in timed if _moment(k) > moment_us)
    return by_then, after, tuple(k for k in all_told if k.telling.at_us is None)


def _moment(known: Known) -> int:
    assert known.telling.at_us is not None
    return known.telling.at_us
