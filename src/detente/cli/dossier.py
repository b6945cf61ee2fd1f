"""`detente dossier`: evidence as a document that people read, HTML or PDF."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from detente.channel.anchors import Anchors
from detente.channel.audit import Audit
from detente.channel.verdict import EntryVerdict, Verdict
from detente.cli.verify import anchors_of, anchors_options, shown
from detente.domain import NotUnderstood


@click.command()
@click.argument("evidence", nargs=-1, required=True, metavar="FILE|DIRECTORY|URL...")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="A name that ends in .html or .pdf."
)
@click.option(
    "--notice", default="", help="Only what is opened of this notice: its reference, or the beginning of its id."
)
@anchors_options
def dossier(evidence: tuple[str, ...], output: Path, notice: str, **brought: Any) -> None:
    """Verify evidence, and write down what it tells: who, what was stated, what each party had been shown, what was never answered.

    Several files of one log, such as each party's own, are told as one. Exit codes are those of `detente verify`; the document says the same.
    """
    from detente.channel.dossier import dossier_of
    from detente.interop.dossier_pages import pages
    from detente.interop.write_dossier import dossier_html, dossier_pdf

    if output.suffix not in (".html", ".pdf"):
        raise NotUnderstood(
            f"{output.name!r} is neither .html nor .pdf", hint="give -o a name that ends in one of them"
        )
    told = dossier_of(*_judged(evidence, anchors_of(**brought)))
    if notice:
        stories = [
            each for each in told.stories if each.name == notice or (len(notice) >= 4 and each.id.startswith(notice))
        ]
        if not stories:
            raise NotUnderstood(f"no notice {notice!r:.60} is opened here", hint="leave --notice out to see which are")
        told = replace(told, stories=stories)
    written = pages(told)
    raw = dossier_pdf(written) if output.suffix == ".pdf" else dossier_html(written).encode()
    try:
        output.write_bytes(raw)
    except OSError as error:
        raise NotUnderstood(f"{output} cannot be written: {error.strerror}", hint="choose another place") from error
    click.echo(
        f"{output}: {len(told.events):,} entries, {len(told.unanswered):,} never answered; {told.verdict.outcome.name}"
    )
    sys.exit(int(told.verdict.outcome))


def _judged(named: tuple[str, ...], anchors: Anchors) -> tuple[list[EntryVerdict], Verdict]:
    """The entries of all files, and the verdict on them together."""
    from detente.channel.compare import compare
    from detente.channel.together import together
    from detente.interop.evidence_file import opened_evidence
    from detente.interop.examining import spread_over

    with ExitStack() as stack:
        audits, judged = [], []
        for each in named:
            source = stack.enter_context(opened_evidence(each))
            audit = Audit(source, anchors, spread=spread_over(None), keeps_payloads=True)
            entries = list(shown(audit, source))
            audits.append(audit)
            judged.append((entries, audit.verdict()))
        return together(judged, compare(audits))
