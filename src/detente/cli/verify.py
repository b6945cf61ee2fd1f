"""`detente verify`: a verdict on evidence, on every entry, signature, proof, cosignature and moment in it. Needs no line to anybody."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Final

import click
import msgspec

from detente.channel.anchors import Anchors
from detente.channel.audit import Audit
from detente.channel.evidence import ENTRIES, Source
from detente.channel.verdict import EntryVerdict, Finding, Outcome, Trust, Verdict
from detente.domain import NotUnderstood, at
from detente.record.checkpoint import NOTE_COSIGNATURE
from detente.record.fingerprint import read_spoken
from detente.record.holder import Role, moment
from detente.record.keys import NOTE_ED25519, PublicKey, key_from_verifier_line, public_key_from_text

MOST_SHOWN: Final = 20
_SAYS: Final = {
    Outcome.HOLDS: "HOLDS: all of it is what it says it is",
    Outcome.INCOMPLETE: "INCOMPLETE: nothing in it is false, and something that would complete the proof is missing",
    Outcome.FALSE: "FALSE: something in it is not what it says it is",
}
_TRUST: Final = {
    Trust.GIVEN: "as you brought it",
    Trust.AGREED: "named in an understanding that a party you know signed",
    Trust.FILE: "by the file's own word",
}


_ANCHORS: Final[tuple[Callable[[Any], Any], ...]] = (
    click.option(
        "--root",
        "roots",
        multiple=True,
        metavar="PARTY=FINGERPRINT|FILE",
        help="A party's root key, as it was read to you, or its .pub file.",
    ),
    click.option("--host-key", metavar="FINGERPRINT|KEY|FILE", help="The key of the log's host."),
    click.option(
        "--witness",
        "witnesses",
        multiple=True,
        metavar="NAME=KEY|LINE|FILE",
        help="Count this witness, and no other than those given.",
    ),
    click.option(
        "--tsa-ca",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Certificates of time stamping authorities to believe, PEM.",
    ),
)


def anchors_options(command: Any) -> Any:
    """The options with which a reader says whom to believe; `anchors_of` takes what they were given."""
    for option in reversed(_ANCHORS):
        command = option(command)
    return command


def anchors_of(
    roots: tuple[str, ...], host_key: str | None, witnesses: tuple[str, ...], tsa_ca: Path | None
) -> Anchors:
    """Whom the reader believes."""
    from detente.record.timestamp import read_certificates

    return Anchors(
        dict(_root(each) for each in roots),
        _key(host_key, "--host-key") if host_key else None,
        dict(_witness(each) for each in witnesses),
        tuple(read_certificates(tsa_ca.read_bytes())) if tsa_ca else (),
    )


@click.command()
@click.argument("evidence", nargs=-1, required=True, metavar="FILE|DIRECTORY|URL...")
@anchors_options
@click.option("--entries", "shows_entries", is_flag=True, help="Show every entry, not only what is wrong.")
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    help="How many to verify with. Default: as many as there are processors.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every entry's verdict, then the file's.")
def verify(
    evidence: tuple[str, ...],
    roots: tuple[str, ...],
    host_key: str | None,
    witnesses: tuple[str, ...],
    tsa_ca: Path | None,
    processes: int | None,
    *,
    shows_entries: bool,
    as_json: bool,
) -> None:
    """Verify evidence, without a line to anybody: each entry, signature, proof, cosignature and moment, and the first thing that fails.

    Several files of one log are held against each other. A FILE.tlog-proof holds one entry, and is judged by --host-key and --witness. Exit code 0: it holds. 1: nothing is false, and something is missing. 2: something is false, or cannot be read.
    """
    from detente.channel.compare import compare
    from detente.interop.evidence_file import opened_evidence
    from detente.interop.examining import spread_over

    anchors = anchors_of(roots, host_key, witnesses, tsa_ca)
    if proofs := [each for each in evidence if each.endswith(".tlog-proof")]:
        if len(proofs) < len(evidence):
            raise NotUnderstood("proofs and evidence are judged apart", hint="name only files that end in .tlog-proof")
        from detente.cli.proof import judged_proofs

        sys.exit(int(judged_proofs(evidence, anchors, as_json=as_json)))
    tell: _Teller = (
        _Json(sys.stdout) if as_json else _Table(sys.stdout, shows_entries=shows_entries, knows_roots=bool(roots))
    )
    outcome = Outcome.HOLDS
    with ExitStack() as stack:
        audits = []
        for named in evidence:
            source = stack.enter_context(opened_evidence(named))
            audit = Audit(source, anchors, spread=spread_over(processes))
            tell.begin(named)
            for entry in shown(audit, source):
                tell.entry(entry)
            verdict = audit.verdict()
            tell.verdict(verdict)
            outcome = max(outcome, verdict.outcome)
            audits.append(audit)
        findings = compare(audits)
        outcome = max([outcome, *(each.outcome for each in findings)])
    tell.end(findings, outcome, len(audits))
    sys.exit(int(outcome))


# ── what the reader knows ────────────────────────────────────────────────────────────────────────────────────────────


def _root(text: str) -> tuple[str, PublicKey | str]:
    party, equals, named = text.partition("=")
    if not equals or not party:
        raise NotUnderstood(f"--root {text!r:.80}", hint="write PARTY=FINGERPRINT, or PARTY=FILE")
    return party, _key(named, f"--root {party}")


def _witness(text: str) -> tuple[str, PublicKey]:
    """`NAME=KEY`, `NAME=FILE`, or a verifier line of C2SP."""
    if "=" not in text.rstrip("=") and "+" in text:
        return key_from_verifier_line(text, (NOTE_COSIGNATURE, NOTE_ED25519))
    name, _, named = text.partition("=")
    key = _key(named, f"--witness {name}")
    if not name or isinstance(key, str):
        raise NotUnderstood(f"--witness {text!r:.80}", hint="write NAME=KEY, its 44 characters, or NAME=FILE")
    return name, key


def _key(named: str, where: str) -> PublicKey | str:
    """A key, of a file or of its 44 characters; or a fingerprint as it was read out."""
    from detente.record.key_file import read_key_file

    with at(where):
        path = Path(named)
        if len(named) == 44 and named.endswith("="):
            return public_key_from_text(named)
        if path.is_file():
            return _root_of_list(path) if path.suffix == ".keys" else read_key_file(path).public
        return read_spoken(named)


def _root_of_list(path: Path) -> PublicKey:
    from detente.cli.keyring import ledger_at

    return next(key.public for key in ledger_at(path).history.keys if key.holder.role is Role.ROOT)


# ── how far it is ────────────────────────────────────────────────────────────────────────────────────────────────────


def shown(audit: Audit, source: Source) -> Iterator[EntryVerdict]:
    """The entries of an audit, with a bar while they are read, on a terminal."""
    if not sys.stderr.isatty():
        yield from audit.entries()
        return
    with _bar(source) as move:
        for count, entry in enumerate(audit.entries()):
            if count % 256 == 0:
                move(audit.read_bytes)
            yield entry


@contextmanager
def _bar(source: Source) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("entries", total=source.size(ENTRIES) or None)
        yield lambda read_bytes: progress.update(task, completed=read_bytes)


# ── what is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


class _Teller:
    """Tells verdicts as they come."""

    def begin(self, named: str) -> None:
        """A file."""

    def entry(self, entry: EntryVerdict) -> None:
        """The verdict on one entry of it."""

    def verdict(self, verdict: Verdict) -> None:
        """On the file as a whole."""

    def end(self, findings: list[Finding], outcome: Outcome, count: int) -> None:
        """On the files together."""


class _Json(_Teller):
    """One document: `files`, each with its `entries` and `verdict`; `together`, `outcome`, `exit_code`. Written as it comes."""

    def __init__(self, out: IO[str]) -> None:
        self._out, self._next_file, self._next_entry = out, "", ""
        out.write('{"files":[')

    def begin(self, named: str) -> None:
        self._out.write(f'{self._next_file}{{"source":{_json(named)},"entries":[')
        self._next_file, self._next_entry = ",", ""

    def entry(self, entry: EntryVerdict) -> None:
        self._out.write(self._next_entry + _json(entry))
        self._next_entry = ","

    def verdict(self, verdict: Verdict) -> None:
        self._out.write(f'],"verdict":{_json(verdict)}}}')

    def end(self, findings: list[Finding], outcome: Outcome, count: int) -> None:  # noqa: ARG002
        name = outcome.name.lower()
        self._out.write(f'],"together":{_json(findings)},"outcome":{_json(name)},"exit_code":{int(outcome)}}}\n')


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


class _Table(_Teller):
    """Plain lines, for people."""

    def __init__(self, out: IO[str], *, shows_entries: bool, knows_roots: bool) -> None:
        self._out, self._shows_entries, self._knows_roots = out, shows_entries, knows_roots

    def _say(self, line: str = "") -> None:
        from detente.interop.answer_words import visible

        self._out.write(visible(line) + "\n")  # parties wrote some of it

    def begin(self, named: str) -> None:
        self._say(named)
        if not self._knows_roots:
            self._say(
                "  EVERYTHING BELOW FOLLOWS FROM THE FILE'S OWN WORD: bring a party's root (--root PARTY=FINGERPRINT)"
            )

    def entry(self, entry: EntryVerdict) -> None:
        if self._shows_entries:
            self._say(_entry_line(entry))

    def verdict(self, verdict: Verdict) -> None:
        if self._knows_roots and not verdict.anchored:
            self._say("  ALL OF THIS FOLLOWS FROM THE FILE'S OWN WORD: no party's root that you brought is in it")
        for line in _verdict_lines(verdict):
            self._say(line)

    def end(self, findings: list[Finding], outcome: Outcome, count: int) -> None:
        if count > 1:
            for each in findings:
                self._say(_finding_line(each))
            if not findings:
                self._say(f"the {count} files agree: each goes on from the others, or they are the same")
        self._say(_SAYS[outcome])


def _entry_line(entry: EntryVerdict) -> str:
    who = f"{entry.officer} of {entry.party}" if entry.officer else entry.party or "?"
    to = f" to {entry.audience}" if entry.audience else ""
    holds = "holds" if entry.outcome is Outcome.HOLDS else entry.outcome.name
    bounds = f"made {_between(entry)}" if entry.made_at_us is not None else ""
    return (
        f"  {entry.position:>7}  {moment(entry.received_us)}  {holds:<7} {entry.kind} by {who}{to}  {bounds}".rstrip()
    )


def _between(entry: EntryVerdict) -> str:
    earliest = f"after {moment(entry.earliest_us)}" if entry.earliest_us is not None else ""
    latest = f"by {moment(entry.latest_us)}" if entry.latest_us is not None else ""
    return ", ".join(each for each in (earliest, latest) if each) or "when is the author's word alone"


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    yield from _trust_lines(verdict)
    if verdict.tree_size or verdict.arena:
        when = ""
        if verdict.first_received_us is not None and verdict.last_received_us is not None:
            when = f", received {moment(verdict.first_received_us)} to {moment(verdict.last_received_us)}"
        yield f"  log        {verdict.origin}, {verdict.tree_size:,} entries, root {verdict.root_hash[:16]}…"
        yield f"  opened     {verdict.opened_count:,} entries, {verdict.public_count:,} of them public; {verdict.sealed_count:,} are not opened{when}"
        yield f"  kinds      {', '.join(f'{kind} {count:,}' for kind, count in verdict.kinds.items()) or 'none'}"
    if verdict.latest:
        by = (
            ", ".join(f"{each.witness} at {moment(each.at_s * 1_000_000)}" for each in verdict.latest.cosigned)
            or "nobody"
        )
        yield f"  witnesses  the head is cosigned by {by}; {verdict.latest.quorum} are needed"
        yield f"  heads      {verdict.checkpoint_count:,}, {verdict.quorum_count:,} of them with a quorum"
    for view in verdict.views:
        said = {
            True: "is what the notice gives",
            False: "IS NOT what the notice gives",
            None: "could not be made again",
        }[view.honest]
        yield f"  view       entry {view.position}: what {view.recipient or 'the host'} was told of {view.notice_id[:8]}… at level {view.level} {said}"
    yield from map(_finding_line, _worst_first(verdict.findings)[:MOST_SHOWN])
    total = sum(verdict.counts.values())
    if total > MOST_SHOWN:
        yield f"  … and {total - MOST_SHOWN:,} more: {', '.join(f'{flaw} {count:,}' for flaw, count in verdict.counts.items())}"
    if verdict.first_failure:
        yield f"  first failure: {verdict.first_failure}"


def _trust_lines(verdict: Verdict) -> Iterator[str]:
    yield f"  host       {verdict.host_key or 'unknown'}: {_TRUST[verdict.host_trust]}"
    for member in verdict.members:
        yield f"  party      {member.party}, root {member.fingerprint or 'none'}: {_TRUST[member.trust]}"


def _worst_first(findings: tuple[Finding, ...]) -> list[Finding]:
    return sorted(findings, key=lambda each: -each.outcome)


def _finding_line(finding: Finding) -> str:
    mark = "FALSE" if finding.outcome is Outcome.FALSE else "note"
    return f"  {mark:<10} {finding.flaw.value}: {finding}"
