"""`detente demo`: the Levant arena, five parties with keys and notices, served on this machine until Ctrl-C.

Everything is done as people would do it, over HTTP, by each party's own client. The evening of 17 September 2018 is moved to today,
so that deadlines run; what is assumed in the scenario is assumed here too.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final

import click

from detente.cli.desk import now_us, opened_desk
from detente.cli.served import host_secrets, opened_store
from detente.domain import DetenteError, Notice, NotUnderstood, PartyKind, StoreUnavailable, UnreadableFile
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import TimeWindow

ARENA: Final = "levant"
_MARK: Final = "this-is-a-demo"
_BEING_MADE: Final = "this-is-a-demo-being-made"
_SPOKEN: Final = "demo: not a secret\n"
_DAYS: Final = 30 * 86_400
BEGINS: Final = datetime(2018, 9, 17, 16, 30, tzinfo=UTC)  # an hour before the first notice of that evening begins
ENDS: Final = datetime(2018, 9, 18, 6, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cast:
    """A party of the demo: what it is, who is on duty, and the file of what it says, or is assumed, to do that evening."""

    name: str
    kind: PartyKind
    officer: str
    file: str


CAST: Final = (
    Cast("RUS_MOD", PartyKind.ARMED_FORCE, "duty officer, Hmeimim", "rus_mod.geojson"),
    Cast("ISR_IDF", PartyKind.ARMED_FORCE, "duty officer, air operations", "isr_idf_as_isr_idf_states.geojson"),
    Cast("UNIFIL", PartyKind.PEACEKEEPING_MISSION, "duty officer, Naqoura", "unifil.geojson"),
    Cast("HUM_ORG", PartyKind.HUMANITARIAN_ORGANISATION, "notification desk", "humanitarian.geojson"),
    Cast("CIVIL_ATS", PartyKind.AVIATION_AUTHORITY, "watch supervisor", "civil_aviation.geojson"),
)


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("detente-demo"), show_default=True, help="Its folder."
)
@click.option("--port", default=8642, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--anew", is_flag=True, help="Throw the folder of an earlier demo away, and begin again.")
@click.option("--empty", is_flag=True, help="Parties and rules, and no notices: for you to play the evening yourself.")
def demo(data: Path, port: int, *, anew: bool, empty: bool) -> None:
    """Serve the Levant 2018 arena on this machine, with five parties, until Ctrl-C.

    A folder of an earlier demo is served as it stands. Its passphrases are no secret: keep nothing of your own in it.
    """
    _heed_signals()
    _check_folder(data, anew=anew)
    fresh = not (data / _MARK).exists()
    if fresh:
        data.mkdir(mode=0o700, parents=True)
        (data / _BEING_MADE).touch()
        _make_keys(data)
    with ExitStack() as stack:
        server, url = stack.enter_context(_serving(data, port))
        if fresh:
            _say(f"A new arena at {url}: taking five parties in, and signing the understanding …")
            _take_in(data, url)
            _agree(data)
            (data / _BEING_MADE).rename(data / _MARK)
            if not empty:
                _give_notices(data)
        else:
            _follow(data, url)
        _stay(server, data, url)
    _say("ended.")


def _check_folder(data: Path, *, anew: bool) -> None:
    """A folder that is there is a demo's, whole, or thrown away: nothing else is touched."""
    is_ours = (data / _MARK).exists() or (data / _BEING_MADE).exists()
    if anew and is_ours:
        shutil.rmtree(data)
    if data.exists() and not (data / _MARK).exists():
        hint = "begin again with --anew" if is_ours else "remove it, or give another folder with --data"
        raise NotUnderstood(f"{data} is there, and is no finished demo", hint=hint)


# ── what a host and five parties do ──────────────────────────────────────────────────────────────────────────────────


def _make_keys(data: Path) -> None:
    """Keys, tokens and the arena, before anything is served."""
    from detente.api.tokens import TokenRole, new_token

    host_secrets(data / "host")
    (data / "passphrase").write_text(_SPOKEN, encoding="utf-8")
    with opened_store(data / "host", None) as store:
        store.create_arena(ARENA, store.now_us())
        for name, role in [("", TokenRole.HOST), *((cast.name, TokenRole.OFFICER) for cast in CAST)]:
            text, kept = new_token(
                token_bytes(32), arena=ARENA, party=name, role=role, officer="demo",
                now_us=store.now_us(), valid_for_s=_DAYS,
            )  # fmt: skip
            store.add_token(kept)
            _secret(data / f"{name or 'host'}.token", text)
    for cast in CAST:
        _tell("key", "new", "--party", cast.name, "--role", "root", "--no-recovery", *_keys_options(data))
        root = _key_file(data, cast, "root")
        _tell(
            *("key", "new", "--party", cast.name, "--role", "officer", "--officer", cast.officer, "--by", root),
            *_keys_options(data), "--by-passphrase-file", data / "passphrase",
        )  # fmt: skip


def _keys_options(data: Path) -> Sequence[Any]:
    return ("--out", data / "keys", "--passphrase-file", data / "passphrase")


def _key_file(data: Path, cast: Cast, stem: str) -> Path:
    from detente.cli.keyring import slug

    return data / "keys" / f"{slug(cast.name)}-{slug(stem)}.key"


def _take_in(data: Path, url: str) -> None:
    from detente.cli.keyring import slug

    where = ("--server", url, "--arena", ARENA)
    for cast in CAST:
        ledger = data / "keys" / f"{slug(cast.name)}.keys"
        _tell(
            *("party", "add", cast.name, "--kind", cast.kind.value, "--keys", ledger),
            *("--token-file", data / "host.token", *where),
        )
        _tell(
            *("party", "join", data / cast.name, "--key", _key_file(data, cast, cast.officer)),
            *("--passphrase-file", data / "passphrase", "--token-file", data / f"{cast.name}.token", *where),
        )
        _tell("party", "pass", data / cast.name, "--out", data / f"{cast.name}.pass")


def _agree(data: Path) -> None:
    first = CAST[0].name
    _tell("understanding", "propose", scenario() / "understanding.toml", "--as", data / first)
    for cast in CAST:
        _tell(
            *("understanding", "sign", "--root-key", _key_file(data, cast, "root"), "--yes"),
            *("--passphrase-file", data / "passphrase", "--as", data / cast.name),
        )


def _give_notices(data: Path) -> None:
    from detente.client.words import answer_words
    from detente.interop import read_files, read_understanding

    arena = read_understanding(scenario() / "understanding.toml").arena
    by_s = shift_s(now_us())
    _say(f"The evening of 17 September 2018, moved by {by_s // 86_400} days so that 16:30Z is now:")
    for cast in CAST:
        intake = read_files([scenario() / cast.file], arena=arena)
        with opened_desk(data / cast.name) as desk:
            for notice in intake.notices:
                if tonight := moved(notice, by_s):
                    _, answer = desk.submit(tonight)
                    _say(f"  {cast.name:9} {notice.reference:22} {answer_words(answer)}")


def shift_s(at_us: int) -> int:
    """By how many seconds the evening is moved so that it begins in the minute of `at_us`."""
    minute_us = 60 * MICROSECONDS_PER_SECOND
    return (at_us // minute_us * minute_us) // MICROSECONDS_PER_SECOND - int(BEGINS.timestamp())


def moved(notice: Notice, by_s: int) -> Notice | None:
    """The notice that many seconds later; None for one of another day."""
    evening = TimeWindow.between(BEGINS, ENDS)
    volumes = [v for v in notice.volumes if v.window.start_us <= evening.end_us and evening.start_us <= v.window.end_us]
    if not volumes:
        return None
    by_us = by_s * MICROSECONDS_PER_SECOND
    dates = {
        name: value + by_us for name in ("expires_us", "revalidate_us") if (value := getattr(notice, name)) is not None
    }
    return replace(notice, volumes=tuple(replace(v, window=v.window.shifted(by_s)) for v in volumes), **dates)


def _follow(data: Path, url: str) -> None:
    """Where the server is now, in the folders of an earlier demo."""
    import msgspec

    for cast in CAST:
        path = data / cast.name / "party.json"
        kept = msgspec.json.decode(path.read_bytes())
        path.write_bytes(msgspec.json.format(msgspec.json.encode(kept | {"server": url}), indent=2) + b"\n")


# ── the server, and what is said ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _serving(data: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`detente serve` as a process of its own, until the end; with its address."""
    command = _command("serve", "--data", data / "host", "--port", port)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    try:
        assert process.stdout
        line = process.stdout.readline()
        if " at http" not in line:
            raise StoreUnavailable("the server did not start", hint="is the port taken? give another with --port")
        yield process, line.rpartition(" at ")[2].strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _show(data: Path, url: str) -> None:
    _say("")
    _say(f"{url} is the console of arena {ARENA}, until Ctrl-C. Open it, and choose a pass:")
    for cast in CAST:
        _say(f"  {cast.name:9} {cast.officer:29} {(data / f'{cast.name}.pass').resolve()}")
    _say(f"Their passphrase is: {_SPOKEN.strip()}")
    _say("")
    _say("On the command line each has a folder with its keys, and a token:")
    for cast in CAST:
        token = (data / f"{cast.name}.token").read_text(encoding="utf-8").strip()
        _say(f"  {cast.name:9} {data / cast.name}")
        _say(f"            token {token}")
    detente = "detente" if shutil.which("detente") else ".venv/bin/detente"
    _say("In another terminal:")
    _say(f"  {detente} inbox --as {data / 'RUS_MOD'} --follow")
    _say(f"  {detente} notice flash --as {data / 'ISR_IDF'} --place 3530N03545E --time now --activity live_fire")
    _say("docs/tour.md plays the evening through with five terminals.")


def _heed_signals() -> None:
    """SIGTERM ends the demo as Ctrl-C does; and Ctrl-C does where a shell that started us in the background has SIGINT ignored."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))


def _stay(server: subprocess.Popen[str], data: Path, url: str) -> None:
    """Says what there is; until Ctrl-C, which the server hears too, or until the server has ended by itself.

    Raises:
        StoreUnavailable: it did, by a fault.
    """
    try:
        _show(data, url)
        code = server.wait()
    except KeyboardInterrupt:
        code = 0
    _say("")
    if code:
        raise StoreUnavailable(f"the server ended by itself, with code {code}", hint="what it said stands above")


def _command(*words: Any) -> list[str]:
    return [sys.executable, "-c", "from detente.cli import main; main()", *map(str, words)]


def _tell(*words: Any) -> None:
    """A command of our own; its refusal is ours."""
    run = subprocess.run(_command(*words), capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        raise DetenteError(f"detente {' '.join(map(str, words[:3]))} …: {run.stderr.strip()}")


def _secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def scenario() -> Path:
    """The bundled scenario: beside the package where it was installed, in the repository where it was not.

    Raises:
        UnreadableFile: it is not there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "scenarios", package.parents[1] / "scenarios"):
        if (folder / "levant-2018").is_dir():
            return folder / "levant-2018"
    raise UnreadableFile("the Levant 2018 scenario is not installed", hint="run it in a clone of the repository")
