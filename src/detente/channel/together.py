"""Several pieces of evidence of one log, each audited, as one: what each party may open, side by side.

An entry that more than one file opens is told once, and as the file has it in which it holds: the log has one leaf at each place. What
is wrong with a file stays among the findings, under that file's name. Files that tell two stories are never made one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from msgspec.structs import replace

from detente.channel.verdict import EntryVerdict, Finding, Flaw, Verdict, worst
from detente.domain import NotUnderstood

Audited: TypeAlias = tuple[Sequence[EntryVerdict], Verdict]
_TWO_STORIES: Final = (Flaw.SPLIT_VIEW, Flaw.ANCHOR)


def together(audited: Sequence[Audited], compared: Sequence[Finding]) -> tuple[list[EntryVerdict], Verdict]:
    """The entries of all, in the log's order, and the verdict on all.

    Args:
        audited: of each file its entries and its verdict; at least one. compared: what is to be said of the files together (`compare`).

    Raises:
        NotUnderstood: they are of two logs, or of one that told two stories.
    """
    if len(audited) == 1:
        return [*audited[0][0]], audited[0][1]
    _check_one_story([verdict for _, verdict in audited], compared)
    entries: dict[int, EntryVerdict] = {}
    for each in (entry for some, _ in audited for entry in some):
        known = entries.get(each.position)
        entries[each.position] = each if known is None else _better(known, each)
    in_order = [entries[position] for position in sorted(entries)]
    return in_order, _verdict(in_order, [verdict for _, verdict in audited], compared)


def _check_one_story(verdicts: Sequence[Verdict], compared: Sequence[Finding]) -> None:
    origins = sorted({each.origin for each in verdicts if each.origin})
    if len(origins) > 1:
        raise NotUnderstood(
            f"the files are of {len(origins)} logs: {', '.join(origins)}", hint="write a dossier of each"
        )
    for each in compared:
        if each.flaw in _TWO_STORIES:
            raise NotUnderstood(
                f"the files do not tell one story: {each}",
                hint="detente verify judges them together; write a dossier of each",
            )


def _better(one: EntryVerdict, other: EntryVerdict) -> EntryVerdict:
    """Of two words on an entry the one that holds; where both are as good, with the closest moments that either proves."""
    if one.outcome != other.outcome:
        return min(one, other, key=lambda each: each.outcome)
    earliest = [each.earliest_us for each in (one, other) if each.earliest_us is not None]
    latest = [each.latest_us for each in (one, other) if each.latest_us is not None]
    return replace(one, earliest_us=max(earliest, default=None), latest_us=min(latest, default=None))


def _verdict(entries: Sequence[EntryVerdict], verdicts: Sequence[Verdict], compared: Sequence[Finding]) -> Verdict:
    """On all of them, as it is on the file with the longest log; sizes and moments are of what all of them open."""
    longest = max(verdicts, key=lambda each: each.tree_size)
    findings = (*compared, *_named(verdicts))
    received = [each.received_us for each in entries]
    counts = sum((Counter(each.counts) for each in verdicts), Counter(each.flaw.value for each in compared))
    return replace(
        longest,
        source=", ".join(each.source for each in verdicts),
        written_for=", ".join(dict.fromkeys(each.written_for for each in verdicts if each.written_for)),
        anchored=all(each.anchored for each in verdicts),
        opened_count=len(entries),
        sealed_count=max(longest.tree_size - len(entries), 0),
        kinds=dict(Counter(each.kind for each in entries)),
        first_received_us=min(received, default=None),
        last_received_us=max(received, default=None),
        views=tuple({(view.position, view.recipient): view for each in verdicts for view in each.views}.values()),
        findings=findings,
        counts=dict(counts),
        outcome=max(worst(findings), *(each.outcome for each in verdicts)),
    )


def _named(verdicts: Sequence[Verdict]) -> Iterator[Finding]:
    for verdict in verdicts:
        for each in verdict.findings:
            yield replace(each, where=f"{verdict.source}: {each.where}")
