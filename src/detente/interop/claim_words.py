"""A claim in words: whose it is, by whom it is quoted, and what it says of other claims. What was not stated is not filled in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detente.channel.acts import ClaimBody, Measured
from detente.domain import Position
from detente.interop.answer_words import dms, iso

_ID: Final = 8
_RELATIONS: Final = {
    "supersedes": "takes the place of claim {}",
    "disputes": "disputes claim {}",
    "confirms": "confirms claim {}",
    "does_not_confirm": "does not confirm claim {}",
}


def claim_words(body: ClaimBody, by: str) -> str:
    """`RUS_MOD states: “…”; when: 2018-09-17T18:39:00Z; source: …`.

    Args:
        by: the party that signed it, named where it quotes another.
    """
    whose = body.claimant if body.claimant == by else f"{body.claimant}, quoted by {by},"
    return f"{whose} states: “{body.text}”{''.join(f'; {part}' for part in _parts(body))}"


def _parts(body: ClaimBody) -> Iterator[str]:
    if body.from_us is not None and body.until_us is not None:
        until = "" if body.until_us == body.from_us else f" to {iso(body.until_us)}"
        yield f"when: {iso(body.from_us)}{until}"
    if body.place is not None:
        yield f"place: {dms(Position(*body.place))} ± {body.place_precision_m:,.0f} m"
    yield from map(measured_words, body.measured)
    if body.stated_us is not None:
        yield f"stated {iso(body.stated_us)}"
    if body.basis:
        yield f"derived or assumed: {body.basis}"
    yield from (_RELATIONS[each.kind].format(each.claim_id[:_ID]) for each in body.relations)
    if body.sources:
        yield f"source: {', '.join(body.sources)}"


def measured_words(each: Measured) -> str:
    """`depth 25 ± 2 m`."""
    doubt = "" if each.plus_minus is None else f" ± {each.plus_minus:g}"
    return f"{each.what} {each.value:g}{doubt} {each.unit}".rstrip()
