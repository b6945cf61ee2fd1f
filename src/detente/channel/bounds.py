"""When an entry was made, at the earliest and at the latest, by the word of witnesses; microseconds since 1970.

    earliest   it names a checkpoint; when that, or one before it, was first cosigned it had not been made
    latest     it is in the tree of a checkpoint; when as many witnesses as are agreed had cosigned that, or an authority that the
               reader knows had stamped it, it was there

Of witnesses only checkpoints with a quorum count, and of their moments the one that bounds least: the earliest below, and above the one by which the
quorum was complete. So one witness that lies about the time can widen what is said, and not narrow it past what the others say.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from detente.channel.verdict import CheckpointVerdict

SECOND_US: Final = 1_000_000


class Bounds:
    """What the checkpoints of one log say of when.

    Args:
        checkpoints: all of one log, in any order.
    """

    def __init__(self, checkpoints: Iterable[CheckpointVerdict]) -> None:
        ordered = sorted(checkpoints, key=lambda each: each.tree_size)
        known = [each for each in ordered if each.has_quorum]
        self._sizes = [each.tree_size for each in known]
        first_s = [each.cosigned[0].at_s for each in known]
        self._not_before_s = list(
            accumulate(first_s, max)
        )  # what a smaller tree was not before, this one was not either
        there = [(each.tree_size, by_us) for each in ordered if (by_us := _there_by_us(each)) is not None]
        self._there_sizes = [size for size, _ in there]
        self._there_by_us = list(accumulate((by_us for _, by_us in reversed(there)), min))[
            ::-1
        ]  # what a larger one holds

    def earliest_us(self, size: int) -> int | None:
        """An act that names the tree of this size was made no earlier; None where nothing bounds it."""
        index = bisect_right(self._sizes, size) - 1
        return self._not_before_s[index] * SECOND_US if index >= 0 else None

    def latest_us(self, position: int) -> int | None:
        """The entry at a position was in the log by then; None where no checkpoint with a quorum, or a timestamp, holds it."""
        index = bisect_right(self._there_sizes, position)
        return self._there_by_us[index] if index < len(self._there_sizes) else None


def _there_by_us(checkpoint: CheckpointVerdict) -> int | None:
    """By when the checkpoint was there: by a quorum of witnesses or an authority, whichever is earlier.

    Witnesses give whole seconds, cut off: the end of that second is meant.
    """
    moments = [] if checkpoint.stamped_us is None else [checkpoint.stamped_us]
    if checkpoint.has_quorum:
        moments.append((checkpoint.cosigned[max(checkpoint.quorum, 1) - 1].at_s + 1) * SECOND_US)
    return min(moments, default=None)
