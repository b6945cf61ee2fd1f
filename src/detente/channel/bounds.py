"""When an entry was made, at the earliest and at the latest, by the word of witnesses; microseconds since 1970.

    earliest   it names a checkpoint; when that, or one before it, was first cosigned it had not been made
    latest     it is in the tree of a checkpoint; when as many witnesses as are agreed had cosigned that, it was there

Only checkpoints with a quorum count, and of their moments the one that bounds least: the earliest below, and above the one by which the
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
        known = sorted((each for each in checkpoints if each.has_quorum), key=lambda each: each.tree_size)
        self._sizes = [each.tree_size for each in known]
        first_s = [each.cosigned[0].at_s for each in known]
        complete_s = [each.cosigned[max(each.quorum, 1) - 1].at_s for each in known]
        self._not_before_s = list(
            accumulate(first_s, max)
        )  # what a smaller tree was not before, this one was not either
        self._there_by_s = list(accumulate(reversed(complete_s), min))[::-1]  # what a larger one holds

    def earliest_us(self, size: int) -> int | None:
        """An act that names the tree of this size was made no earlier; None where nothing bounds it."""
        index = bisect_right(self._sizes, size) - 1
        return self._not_before_s[index] * SECOND_US if index >= 0 else None

    def latest_us(self, position: int) -> int | None:
        """The entry at a position was in the log by then; None where no checkpoint with a quorum holds it.

        Witnesses give whole seconds, cut off: the end of that second is meant.
        """
        index = bisect_right(self._sizes, position)
        return (self._there_by_s[index] + 1) * SECOND_US if index < len(self._sizes) else None
