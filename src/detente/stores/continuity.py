"""What a batch must be to be written after what stands there: positions and numbers go on without a gap, text can be stored.

Both stores ask this inside the transaction, with the arena's row locked. What only the rows themselves can tell (a sequence used
twice, the end of what is not in force) the database's own constraints tell.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from detente.channel.batch import Batch, Closed, Ended, KeptCheckpoint, Lease, OpenItem, Reached
from detente.domain import LeaseLost, Malformed, NoSuchArena, OutOfStep
from detente.domain.units import MICROSECONDS_PER_SECOND


def no_such_arena(name: str) -> NoSuchArena:
    """The refusal of a name."""
    return NoSuchArena(f"there is no arena {name!r}", hint="create it: detente arena create")


def check_fence(lease: Lease, holder: str, epoch: int) -> None:
    """Raises LeaseLost where the arena's row names another holder or epoch than the lease."""
    if (holder, epoch) != (lease.holder, lease.epoch):
        now = f"{holder!r} holds epoch {epoch}" if holder else f"nobody holds it, after epoch {epoch}"
        raise LeaseLost(
            f"{lease.holder!r} held arena {lease.arena!r} in epoch {lease.epoch}; {now}",
            hint="take the lease again, and begin from what is committed",
        )


def check_continues(batch: Batch, next_position: int, next_numbers: Mapping[str, int]) -> None:
    """Raises OutOfStep or Malformed where the batch cannot be written.

    Args:
        next_numbers: of the batch's recipients; 1 for one who is not in it.
    """
    for expected, entry in enumerate(batch.entries, next_position):
        if entry.position != expected:
            raise _out_of_step(f"entry {entry.position} was to be written where {expected} is next")
    numbers = defaultdict(lambda: 1, next_numbers)
    for posting in batch.postings:
        if posting.number != numbers[posting.recipient]:
            raise _out_of_step(
                f"posting {posting.number} to {posting.recipient!r} was to be written where {numbers[posting.recipient]} is next"
            )
        numbers[posting.recipient] += 1
    last = next_position + len(batch.entries) - 1
    for position in _referred(batch):
        if not 0 <= position <= last:
            raise _out_of_step(f"entry {position} is referred to, and {last} is the last")
    _check_text(batch)


def _referred(batch: Batch) -> Iterator[int]:
    yield from (posting.position for posting in batch.postings)
    for held in batch.held:
        yield held.position
        if held.ended_position is not None:
            yield held.ended_position
    yield from (ended.ended_position for ended in batch.ended)


def _check_text(batch: Batch) -> None:
    for rows in (
        batch.entries, batch.postings, batch.held, batch.ended, batch.due, batch.results, batch.reached, batch.closed,
        batch.opened,
    ):  # fmt: skip
        for row in rows:
            for name in row.__slots__:
                check_text(name, getattr(row, name))
    for subject in batch.done:
        check_text("done", subject)


def check_text(name: str, value: object) -> None:
    """Raises Malformed for a text with a NUL or half a surrogate pair, which not every database can hold."""
    if isinstance(value, str) and ("\0" in value or not _is_unicode(value)):
        raise Malformed(f"{name} {value!r} is not text that can be stored", hint="refuse it where it comes in")


def _is_unicode(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def check_is_committed(checkpoint: KeptCheckpoint, next_position: int) -> None:
    """Raises OutOfStep for a checkpoint of entries that are not committed: what was signed once has to be there for ever."""
    if checkpoint.tree_size > next_position:
        raise _out_of_step(f"a checkpoint of {checkpoint.tree_size} entries, of which {next_position} are committed")


def after_item(item: OpenItem | None) -> dict[str, Any]:
    """The key of the last item of a page; before every item where there was none."""
    if item is None:
        return {"after_urgency": -1, "after_due_us": 0, "after_shown_us": 0, "after_subject": ""}
    return {f"after_{name}": getattr(item, name) for name in ("urgency", "due_us", "shown_us", "subject")}


def forget_before_us(closed: tuple[Closed, ...]) -> int:
    """Items that closed before this moment are deleted: nobody asks for what stood open an hour ago, and the record has what was done."""
    return min(each.closed_us for each in closed) - 3_600 * MICROSECONDS_PER_SECOND


def not_in_force(ended: tuple[Ended | Reached, ...], done_count: int) -> OutOfStep:
    """The refusal of ends, or stages, of versions of which not all were in force."""
    return _out_of_step(
        f"{len(ended)} versions were to change, {done_count} of them are in force; the first is {ended[0]}"
    )


def does_not_fit(detail: str) -> OutOfStep:
    """The refusal that a constraint of the database leads to."""
    return _out_of_step(f"the batch does not fit what is committed: {detail}")


def _out_of_step(what: str) -> OutOfStep:
    return OutOfStep(what, hint="begin again from what is committed: heads(), in_force(), last_acts()")
