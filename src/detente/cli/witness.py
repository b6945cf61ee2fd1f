"""`detente witness`: a party's own witness of the log: it cosigns what only grew, and finds out what did not."""

from __future__ import annotations

import json
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from detente.cli.keyring import fingerprint_lines, fresh_key, unlocked
from detente.domain import KeyRefused, NotUnderstood
from detente.record.checkpoint import NOTE_COSIGNATURE, origin_of, read_checkpoint
from detente.record.holder import Holder, Role, moment
from detente.record.key_file import read_key_file
from detente.record.keys import PublicKey, check_note_name, key_from_verifier_line, public_key_from_text, verifier_line
from detente.record.note import Note, read_note
from detente.stores.witness import Witness, WitnessFolder

if TYPE_CHECKING:
    from detente.client.stamping import Stamper
    from detente.client.witness import Step
    from detente.record.witness import Seen

FOLDER_VARIABLE: Final = "DETENTE_WITNESS"
_LOG: Final = re.compile(r"(.+)=([A-Za-z0-9+/]{43}=)")
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_folder: Final[Callable[[Any], Any]] = click.option(
    "--folder",
    type=click.Path(path_type=Path),
    envvar=FOLDER_VARIABLE,
    default=Path("witness"),
    show_default=f"${FOLDER_VARIABLE}, else witness",
    help="The witness's folder: its key, and what it cosigned. Never restore it from a copy.",
)
_passphrase: Final[Callable[[Any], Any]] = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    help="Its first line is the key's passphrase. Default: it is asked for.",
)
_json: Final[Callable[[Any], Any]] = click.option("--json", "as_json", is_flag=True, help="Print JSON, one a line.")


def _stamped_by(command: Any) -> Any:
    every = click.option(
        "--tsa-every",
        "tsa_every_s",
        default=600.0,
        show_default=True,
        type=click.FloatRange(1.0, 86_400.0),
        help="Seconds between timestamps.",
    )
    root = click.option(
        "--tsa-ca", type=_FILE, help="The authority's root certificates, PEM: answers are checked with them."
    )
    url = click.option("--tsa", metavar="URL", help="Have what was cosigned stamped by this authority (RFC 3161).")
    return url(root(every(command)))


@click.group()
def witness() -> None:
    """A witness of the log: cosigns that it only grew, and shouts where it did not."""


# ── new and show ─────────────────────────────────────────────────────────────────────────────────────────────────────


@witness.command()
@click.option("--party", required=True, help="Whose witness it is, as the understanding names the party.")
@click.option(
    "--name", required=True, help="Its name in cosignatures, such as party-b.example/witness: no space, no +."
)
@_folder
@_passphrase
@_json
def new(party: str, name: str, folder: Path, passphrase_file: Path | None, *, as_json: bool) -> None:
    """Make a witness: a folder, and in it a key that does nothing else."""
    check_note_name(name)
    if folder.exists() and any(folder.iterdir()):
        raise KeyRefused(f"there is something in {folder} already", hint="a witness has a folder of its own: --folder")
    fresh = fresh_key(Holder(party, Role.WITNESS), folder, passphrase_file)
    kept = WitnessFolder.create(folder, name)
    fresh.write()
    _show(kept, as_json=as_json)


@witness.command()
@_folder
@_json
def show(folder: Path, *, as_json: bool) -> None:
    """Its name and key, for the understanding; what it cosigned last; what it found."""
    _show(WitnessFolder(folder), as_json=as_json)


def _show(kept: WitnessFolder, *, as_json: bool) -> None:
    from detente.cli.desk import say

    file = read_key_file(kept.key_path)
    heads = [read_checkpoint(read_note(path.read_bytes()).text) for path in kept.notes()]
    found = [str(path) for path in kept.wrongs()]
    told = {
        "name": kept.name,
        "party": file.holder.party if file.holder else "",
        "key": file.public.text,
        "vkey": verifier_line(kept.name, file.public, NOTE_COSIGNATURE),
        "logs": [{"origin": head.origin, "tree_size": head.tree_size} for head in heads],
        "found": found,
    }
    lines = [f"{name:5} {told[name]}" for name in ("name", "party", "key", "vkey")]
    lines += [
        f"terms {{ name = {_quoted(told['name'])}, key = {_quoted(told['key'])}, party = {_quoted(told['party'])} }}"
    ]
    lines += fingerprint_lines(file.public)
    lines += [f"cosigned {head.origin} up to {head.tree_size} entries" for head in heads]
    lines += [f"FOUND: a log that told two stories, or went back: {path}" for path in found]
    say(lines, told, as_json=as_json)


def _quoted(text: Any) -> str:
    """As TOML."""
    return json.dumps(text, ensure_ascii=False)


# ── at work ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@witness.command()
@click.argument("url")
@click.option("--arena", required=True, help="Whose log it is.")
@click.option("--log-key", required=True, metavar="KEY", help="The host's key, as the understanding has it.")
@click.option(
    "--every",
    "every_s",
    default=1.0,
    show_default=True,
    type=click.FloatRange(1.0, 3600.0),
    help="Seconds between looks.",
)
@click.option("--once", is_flag=True, help="Look once, and end.")
@click.option("--ca", type=_FILE, help="Certificates to trust in place of the system's, PEM.")
@_stamped_by
@_folder
@_passphrase
@_json
def follow(
    url: str,
    arena: str,
    log_key: str,
    every_s: float,
    once: bool,
    ca: Path | None,
    tsa: str | None,
    tsa_ca: Path | None,
    tsa_every_s: float,
    folder: Path,
    passphrase_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Fetch the log of an arena again and again, cosign what goes on, and bring the cosignature back.

    Goes on after outages. Ends with exit code 2 where the log told two stories or went back; the folder then holds both notes.
    """
    from detente.client.witness import Follower, opened_log

    key = _log_key(log_key, origin_of(arena))
    with _at_work(folder, passphrase_file) as at_work, opened_log(url, arena, str(ca) if ca else None) as link:
        follower = Follower(at_work, link, arena, key, at_work.say)

        def told(step: Step) -> None:
            _tell(step.seen, step.what, as_json=as_json)

        stamper = _stamper(at_work, tsa, tsa_ca)
        if stamper and not once:
            stamper.start(tsa_every_s)
        follower.run(told, _until_told().wait, every_s, once=once)
        if stamper and once:
            stamper.stamp_new()


@witness.command()
@click.option(
    "--listen", default="127.0.0.1:8643", show_default=True, metavar="HOST:PORT", help="Port 0 takes a free one."
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    required=True,
    metavar="ARENA=KEY",
    help="A log to watch and the host's key, or its verifier line. Repeatable.",
)
@click.option("--tls-cert", type=_FILE, help="A certificate with its chain, PEM.")
@click.option("--tls-key", type=_FILE, help="Its private key, PEM.")
@click.option("--behind-proxy", is_flag=True, help="A proxy before us speaks TLS to everybody else.")
@_stamped_by
@_folder
@_passphrase
def serve(
    listen: str,
    logs: tuple[str, ...],
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: bool,
    tsa: str | None,
    tsa_ca: Path | None,
    tsa_every_s: float,
    folder: Path,
    passphrase_file: Path | None,
) -> None:
    """Wait for logs to bring their heads (C2SP tlog-witness: POST /add-checkpoint)."""
    from detente.cli.serve import check_reach, listening_at, place_of

    host, port = _listening(listen)
    watched = dict(map(_log, logs))
    check_reach(host, tls_cert, tls_key, behind_proxy=behind_proxy)
    with _at_work(folder, passphrase_file) as at_work, listening_at(host, port) as listening:
        server = _server(at_work, watched, tls_cert, tls_key)
        if stamper := _stamper(at_work, tsa, tsa_ca):
            stamper.start(tsa_every_s)
        place = place_of(listening, is_tls=tls_cert is not None)
        sys.stdout.write(f"{at_work.name} watches {', '.join(watched)} at {place}\n")
        sys.stdout.flush()
        server.run(sockets=[listening])


def _server(at_work: Witness, logs: dict[str, PublicKey], tls_cert: Path | None, tls_key: Path | None) -> Any:
    try:
        import uvicorn

        from detente.api.connections import MOST_HEAD_BYTES, Bounded
    except ModuleNotFoundError as error:
        raise NotUnderstood(f"{error.name} is not installed", hint="pip install 'detente[server]'") from error
    from detente.api import witness_app

    class Connection(Bounded):
        """Of a log, which brings little, and at once."""

        body_within_s, most_connections = witness_app.BODY_WITHIN_S, witness_app.MOST_CONNECTIONS

    config = uvicorn.Config(
        witness_app.WitnessApp(at_work, logs),
        http=Connection,
        ws="none",
        lifespan="off",
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
        server_header=False,
    )
    return uvicorn.Server(config)


def _stamper(at_work: Witness, url: str | None, root: Path | None) -> Stamper | None:
    from detente.client.stamping import Stamper
    from detente.record.timestamp import ask_timestamp, read_certificates

    if url is None:
        return None
    ask_timestamp(Note("any\n", ()))  # whether what it takes is installed
    return Stamper(at_work.folder, url, read_certificates(root.read_bytes()) if root else [], at_work.say)


@contextmanager
def _at_work(folder: Path, passphrase_file: Path | None) -> Iterator[Witness]:
    """The witness of a folder, which no other process is meanwhile."""
    kept = WitnessFolder(folder)
    with kept.held():
        key, holder = unlocked(kept.key_path, passphrase_file)
        if holder.role is not Role.WITNESS:
            raise KeyRefused(
                f"{kept.key_path} is the key of {holder}", hint="a witness has a key that does nothing else"
            )
        for path in kept.wrongs():
            _warn(f"found before: {path}")
        yield Witness(kept, key, lambda: int(time.time()), _warn)


def _tell(seen: Seen, what: str, *, as_json: bool) -> None:
    from detente.cli.desk import say

    if what == "nothing":
        return
    head = seen.checkpoint
    told = {
        "event": what,
        "origin": head.origin,
        "tree_size": head.tree_size,
        "root_hash": head.root_hash.hex(),
        "cosigned_s": seen.cosigned_s,
    }
    say(
        [f"{what} {head.origin}: {head.tree_size} entries, {moment(seen.cosigned_s * 1_000_000)}"],
        told,
        as_json=as_json,
    )


def _warn(said: str) -> None:
    from detente.interop.answer_words import visible

    click.echo(f"detente: {visible(said)}", err=True)


def _until_told() -> threading.Event:
    """Set by SIGINT and SIGTERM: what is being done is done, and then it ends."""
    ended = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: ended.set())
    return ended


def _log(text: str) -> tuple[str, PublicKey]:
    """A log of `ARENA=KEY` or a verifier line: its origin and key."""
    match = _LOG.fullmatch(text)
    if match:  # a verifier line does not end so: it has 33 bytes in base64
        return origin_of(match[1]), public_key_from_text(match[2])
    if "+" not in text:
        raise NotUnderstood(f"--log {text!r:.80}", hint="ARENA=KEY, with the host's key in base64; or a verifier line")
    return key_from_verifier_line(text)


def _log_key(text: str, origin: str) -> PublicKey:
    if "+" not in text or _LOG.fullmatch(f"x={text}"):
        return public_key_from_text(text)
    name, key = key_from_verifier_line(text)
    if name != origin:
        raise NotUnderstood(f"--log-key is of {name!r:.80}, not of {origin}", hint="check --arena")
    return key


def _listening(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise NotUnderstood(f"--listen {text!r:.80}", hint="an address and a port: 127.0.0.1:8643")
    return host.strip("[]"), int(port)
