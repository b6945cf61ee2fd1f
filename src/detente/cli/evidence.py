"""`detente evidence`: what a party, or the host, may open of the log, as files that need nobody's word; and one entry with its proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detente.cli.desk import folder_option, json_option, now_us, opened_link, say
from detente.cli.served import data_option, database_option, host_secrets, opened_store
from detente.domain import NotUnderstood
from detente.domain.units import MICROSECONDS_PER_SECOND

if TYPE_CHECKING:
    from detente.channel.evidence import Opening
    from detente.channel.export import Exported
    from detente.channel.store import Store
    from detente.record.tiles import TileAddress

_PAGE = 1_000
_from = click.option("--from", "since", metavar="TIME", help="Only what the channel had from then on.")
_to = click.option("--to", "until", metavar="TIME", help="Only what it had before then.")


@click.group()
def evidence() -> None:
    """Evidence: a log and openings of it, for whoever has to judge. `detente verify` reads it."""


@evidence.command("export")
@click.argument("out", type=click.Path(path_type=Path))
@_from
@_to
@click.option(
    "--notice",
    default="",
    metavar="NAME",
    help="One notice alone: a reference or id of your own, or the id of a view shown to you.",
)
@click.option(
    "--full",
    "with_full",
    is_flag=True,
    help="With your full notices and their salts: whoever reads it knows those plans in full.",
)
@click.option(
    "--timestamps",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="With the timestamps that a witness keeps in its folder.",
)
@folder_option
@click.option("--arena", help="For the host: this arena, out of its own database.")
@data_option
@database_option
@json_option
def export(
    out: Path,
    since: str | None,
    until: str | None,
    notice: str,
    timestamps: Path | None,
    folder: Path,
    arena: str | None,
    data: Path,
    database: str | None,
    *,
    with_full: bool,
    as_json: bool,
) -> None:
    """Write what the party may open of the log: into one file where OUT ends in .zip, else into a directory.

    The public acts are always in it, whatever is chosen. With --arena it is the host that writes: its own acts, what parties addressed to
    it, the public acts; what parties told one another is theirs to open. Nothing is sent to anybody.
    """
    from_us, to_us = _moment_us(since), _moment_us(until)
    if arena is None:
        written = _of_party(out, folder, from_us, to_us, notice, timestamps, with_full=with_full)
    elif notice or with_full:
        raise NotUnderstood("--notice and --full are a party's", hint="leave them out, or --arena")
    else:
        written = _of_host(out, arena, data, database, from_us, to_us, timestamps)
    _told(out, written, as_json=as_json)


@evidence.command("prove")
@click.argument("entry", type=click.IntRange(min=0), required=False)
@click.option(
    "--notice", default="", metavar="NAME", help="Instead of a position: the last that was stated of this notice."
)
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="A name that ends in .tlog-proof.")
@folder_option
@json_option
def prove(entry: int | None, notice: str, out: Path, folder: Path, *, as_json: bool) -> None:
    """Write the proof that one ENTRY, by its position, stands in the log, with the entry: one small file, C2SP tlog-proof.

    Whoever reads it knows that entry, and no other.
    """
    from detente.client import PartyFolder
    from detente.client.evidence import prove_own
    from detente.client.witness import LogLink

    if (entry is None) == (not notice):
        raise NotUnderstood("an entry is asked for by its position, or by --notice", hint="give one of them")
    if out.suffix != ".tlog-proof":
        raise NotUnderstood(f"{out.name!r} does not end in .tlog-proof", hint="detente verify goes by the name")
    kept = PartyFolder(folder)
    member = kept.membership
    with (
        closing(opened_link(kept)) as link,
        closing(LogLink(member.server, member.arena, certificates=member.certificates or None)) as log,
    ):
        proof = prove_own(kept, link, log, entry=entry, notice=notice)
    try:
        out.write_bytes(proof.raw)
    except OSError as error:
        raise NotUnderstood(f"{out} cannot be written: {error.strerror}", hint="choose another place") from error
    say(
        [
            f"{out}: entry {proof.index}, and that it stands in the log",
            f"anybody can check it: detente verify {out} --host-key {member.host_key}",
        ],
        {"file": str(out), "entry": proof.index},
        as_json=as_json,
    )


def _moment_us(text: str | None) -> int | None:
    from detente.geodesy import read_time

    return None if text is None else round(read_time(text).timestamp()) * MICROSECONDS_PER_SECOND


def _stamped(folder: Path | None, arena: str) -> list[tuple[bytes, bytes]]:
    from detente.record.checkpoint import origin_of
    from detente.stores.witness import WitnessFolder

    return WitnessFolder(folder).timestamps(origin_of(arena)) if folder else []


def _of_party(
    out: Path,
    folder: Path,
    from_us: int | None,
    to_us: int | None,
    notice: str,
    timestamps: Path | None,
    *,
    with_full: bool,
) -> Exported:
    from detente.client import PartyFolder
    from detente.client.evidence import export_own
    from detente.client.witness import LogLink

    kept = PartyFolder(folder)
    member = kept.membership
    with (
        closing(opened_link(kept)) as link,
        closing(LogLink(member.server, member.arena, certificates=member.certificates or None)) as log,
    ):
        return export_own(
            kept, link, log, out,
            now_us=now_us(), from_us=from_us, to_us=to_us, notice=notice, with_full=with_full,
            timestamps=_stamped(timestamps, member.arena),
        )  # fmt: skip


def _of_host(
    out: Path,
    arena: str,
    data: Path,
    database: str | None,
    from_us: int | None,
    to_us: int | None,
    timestamps: Path | None,
) -> Exported:
    from detente.channel.acts import HOST_PARTY
    from detente.channel.evidence import VERSION, Header
    from detente.channel.export import apart, chosen_from
    from detente.channel.export import export as write
    from detente.interop.evidence_file import written_evidence

    key, _ = host_secrets(data)
    header = Header(
        VERSION, arena, key.public.text, written_for=HOST_PARTY, written_at_us=now_us(), from_us=from_us, to_us=to_us
    )
    with opened_store(data, database) as store, written_evidence(out) as writer:
        entries, public = apart(_openings(store, arena))
        chosen = chosen_from(entries, from_us, to_us)
        stamped = _stamped(timestamps, arena)
        return write(writer, _StoredLog(store, arena), header, public, chosen, timestamps=stamped)


def _openings(store: Store, arena: str) -> Iterator[Opening]:
    """What is addressed to the host, what it made, and what is public."""
    from detente.channel.acts import HOST, HOST_PARTY, PUBLIC_KINDS
    from detente.channel.evidence import Opening

    position = 0
    while page := store.entries(arena, position, _PAGE):
        for each in page:
            if each.audience == HOST or each.party in ("", HOST_PARTY) or each.kind in PUBLIC_KINDS:
                yield Opening(each.envelope.decode(), each.kind, each.position, each.shown_us, each.salt.hex())
        position = page[-1].position + 1


class _StoredLog:
    """The log out of the host's own database."""

    def __init__(self, store: Store, arena: str) -> None:
        from detente.api import log

        self._log, self._store, self._arena = log, store, arena
        self._notes = dict(self._cosigned())

    def _cosigned(self) -> Iterator[tuple[int, bytes]]:
        from detente.record.note import read_note

        after = 0
        while page := self._store.checkpoints(self._arena, after, _PAGE):
            for kept, note in zip(page, self._log.noted(self._store, self._arena, page), strict=True):
                if len(read_note(note).signatures) > 1:
                    yield kept.tree_size, note
            after = page[-1].tree_size

    def head(self) -> bytes:
        from detente.domain import UnreadableFile

        found = self._log.checkpoint(self._store, self._arena)
        if found is None:
            raise UnreadableFile(f"arena {self._arena} has no log yet", hint="it has one once something was done in it")
        return found

    def tile(self, tile: TileAddress) -> bytes:
        return self._log.committed_tile(self._store, self._arena, tile)

    def sizes(self) -> Sequence[int]:
        return sorted(self._notes)

    def note(self, size: int) -> bytes:
        return self._notes[size]


def _told(out: Path, written: Exported, *, as_json: bool) -> None:
    counts: dict[str, Any] = {
        "tree_size": written.tree_size,
        "public": written.public_count,
        "entries": written.entry_count,
        "checkpoints": written.checkpoint_count,
        "full": written.full_count,
    }
    lines = [
        f"{out}: {written.entry_count:,} entries and {written.public_count:,} public acts of a log of {written.tree_size:,}, {written.checkpoint_count:,} heads that witnesses cosigned"
    ]
    if written.full_count:
        lines.append(f"with {written.full_count:,} full notices: whoever reads it knows those plans in full")
    say([*lines, f"anybody can check it: detente verify {out}"], {"file": str(out), **counts}, as_json=as_json)
