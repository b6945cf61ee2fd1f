"""What a plan meets, explained, and what would clear it: as `detente screen` prints it, by the names that people know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from detente.cli.desk import say
from detente.client.desk import is_waiting
from detente.domain import Answer, Notice

if TYPE_CHECKING:
    from detente.client import Desk, InWords, Sent

SOMETHING = 1  # something meets, or it was late: as the exit code of `detente screen`


def explained_now(desk: Desk, sent: Sent, answer: Mapping[str, Any]) -> Any:
    """The explanation of a notice just sent; None where nothing meets, or where it cannot be had just now.

    The notice was taken, whatever becomes of this question: nothing is raised.
    """
    from detente.client import Refused
    from detente.domain import StoreUnavailable

    if is_waiting(answer) or not answer["meetings"]:
        return None
    try:
        return desk.answer(sent)
    except (Refused, StoreUnavailable) as error:
        say([f"not explained: {error.what}; ask again: detente notice answer"], None, as_json=False, err=True)
        return None


def print_advice(desk: Desk, told: Any, own: Notice) -> None:
    """Prints an explained answer; nothing where nothing meets.

    Args:
        own: the plan, its volumes as the host was given them.
    """
    from rich.console import Console

    from detente.cli.table import print_explained

    named = desk.in_words(told, own)
    if not named.answer.conflicts and not named.answer.warnings and not named.missing:
        return
    say([""], None, as_json=False)
    print_explained(named.answer, Console(), viewer=desk.party)
    say(_rest_lines(told, named), None, as_json=False)


def _rest_lines(told: Mapping[str, Any], named: InWords) -> Iterator[str]:
    """What is not in the table: where moves were looked for, and meetings it leaves out."""
    if told["conflicts"]:
        sought = ", ".join(told["sought"])
        yield f"Moves of the whole plan were looked for in: {sought}." if sought else "No moves were looked for."
        yield "What was not released to us is not looked at, and a move may meet it."
    if named.missing:
        yield f"{named.missing} more, with what is changing this moment: ask again (detente notice answer)."
    met = dict.fromkeys((m["sender"], m["view_id"]) for m in told["meetings"])
    left = len(met) - len(told["conflicts"]) - len(told["warnings"])
    if left > 0:
        yield f"The gravest are explained; at least {left:,} more views of others are met (--json lists them)."


def gravity(answer: Mapping[str, Any]) -> int:
    """The exit code of an answer; what waits to be carried is screened by nobody yet."""
    if is_waiting(answer):
        return SOMETHING
    is_late = answer.get("late", False)
    return SOMETHING if is_late or answer["warning_count"] or answer["answer"] != Answer.CLEAR.name else 0
