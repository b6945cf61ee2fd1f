"""`detente verify FILE.tlog-proof`: the verdict on one entry and its proof."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from detente.channel.anchors import Anchors
from detente.channel.proven_entry import ProofVerdict, judge_proof
from detente.channel.verdict import Outcome
from detente.domain import UnreadableFile
from detente.interop.answer_words import visible
from detente.record.holder import moment
from detente.record.proof import MOST_BYTES

_SAYS = {
    Outcome.HOLDS: "HOLDS: the entry stands in the log, and every witness you brought vouches for the head over it",
    Outcome.INCOMPLETE: "INCOMPLETE: the entry stands in the log, by the word of its host; what would complete the proof is missing",
    Outcome.FALSE: "FALSE: the file does not prove what it says",
}


def judged_proofs(named: tuple[str, ...], anchors: Anchors, *, as_json: bool) -> Outcome:
    """Tells the verdict on each file, and the worst of them."""
    verdicts = [(each, judge_proof(_read(Path(each)), anchors)) for each in named]
    outcome = max(verdict.outcome for _, verdict in verdicts)
    if as_json:
        files = [
            {"source": each, "outcome": verdict.outcome.name.lower(), "proof": verdict} for each, verdict in verdicts
        ]
        click.echo(
            msgspec.json.encode(
                {"proofs": files, "outcome": outcome.name.lower(), "exit_code": int(outcome)}, enc_hook=str
            )
        )
        return outcome
    for each, verdict in verdicts:
        for line in (each, *_lines(verdict)):
            click.echo(visible(line))
    return outcome


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)  # one more: it is told as too long
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}", hint="a proof is a file") from error


def _lines(verdict: ProofVerdict) -> list[str]:
    lines = []
    if verdict.opening and verdict.act:
        opening, act = verdict.opening, verdict.act
        to = f" to {act.audience}" if act.audience else ""
        lines = [
            f"  entry      {opening.position} of {verdict.tree_size:,} in the log of {act.arena}: {opening.kind} by {act.party}{to}, received {moment(opening.received_us)}",
            f"  signed     as key {act.key_id} of {act.party}, by its own word: whose key that is follows from the public acts in evidence",
            *(
                f"  witness    {name} had seen the head at {moment(at_s * 1_000_000)}"
                for name, at_s in verdict.cosigned_s
            ),
        ]
    lines += [
        f"  {'FALSE' if each.outcome is Outcome.FALSE else 'note':<10} {each.flaw.value}: {each}"
        for each in verdict.findings
    ]
    return [*lines, _SAYS[verdict.outcome]]
