"""A file of plans, read for somebody who writes a notice in the console: what could be read of it, and what could not. Nothing of it is kept.

It is read in a process of its own, with bounds on time and memory: a hostile file ends that process, and holds up nobody's notice.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from detente.api.wire import TooOften
from detente.channel.forms import form_from, notice_form, plain
from detente.domain import Arena, DetenteError, Malformed, NotUnderstood, TooLarge, at
from detente.record.canonical import canonical, read_strict

LONGEST_S: Final = 20
MOST_BYTES_OF_MEMORY: Final = 4 << 30  # of addresses; numpy alone takes a good part
MOST_AT_ONCE: Final = 2
_LONGEST_NAME: Final = 100
_COMMAND: Final = "from detente.api.readings import main; main()"


class Readings:
    """What reads files for everybody who asks; a few at a time. For the event loop's thread alone."""

    def __init__(self) -> None:
        self._at_once = 0

    async def read(self, raw: bytes, name: str, arena: Arena) -> bytes:
        """`{"notices", "notes", "problems"}` of a file, canonical JSON.

        Raises:
            Malformed: no file. NotUnderstood: a name that is none. TooLarge: it takes too long, or too much memory. TooOften: others are being read.
        """
        with at("query.name"):
            safe = file_name(name)
        if not raw:
            raise Malformed("an empty file", hint="choose a file of plans")
        if self._at_once >= MOST_AT_ONCE:
            raise TooOften(f"{MOST_AT_ONCE} files are being read", hint="try again in a few seconds")
        self._at_once += 1
        try:
            return await _read_apart(raw, safe, arena)
        finally:
            self._at_once -= 1


def file_name(name: str) -> str:
    """A name by which a file is spoken of: its last part, printable.

    Raises:
        NotUnderstood: nothing is left of it.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    safe = "".join(sign for sign in last if sign.isprintable())[:_LONGEST_NAME].lstrip(".")
    if not safe:
        raise NotUnderstood("the file has no name", hint="give it as ?name=plans.kml")
    return safe


async def _read_apart(raw: bytes, name: str, arena: Arena) -> bytes:
    with TemporaryDirectory(prefix="detente-reading-") as folder:
        path = Path(folder) / name
        await asyncio.to_thread(path.write_bytes, raw)
        (Path(folder) / ".arena").write_bytes(canonical(plain(arena)))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _COMMAND, name,
            cwd=folder, env=_environment(), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            told, _ = await asyncio.wait_for(process.communicate(), LONGEST_S)
        except TimeoutError:
            raise TooLarge(f"reading takes more than {LONGEST_S} s", hint="give a part of the file") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise TooLarge(
                "the file could not be read within bounds", hint="give a part of it, or detente read it at home"
            )
        return told


def _environment() -> Mapping[str, str]:
    """Nothing of ours but where Python finds itself: no secret of the host's."""
    kept = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "HOME", "LANG", "LC_ALL", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}


def main() -> None:
    """Reads one file of the working folder, and writes what came of it. The process that `Readings` starts."""
    from detente.interop import read_files

    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES_OF_MEMORY, MOST_BYTES_OF_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
    arena = form_from(read_strict(Path(".arena").read_bytes()), Arena)
    try:
        intake = read_files([sys.argv[1]], arena=arena)
        told: dict[str, Any] = {
            "notices": [plain(notice_form(notice)) for notice in intake.notices],
            "notes": [f"{reading.where}: {reading.what}" for reading in intake.readings],
            "problems": [str(problem) for problem in intake.problems],
        }
    except DetenteError as error:
        told = {"notices": [], "notes": [], "problems": [str(error)]}
    sys.stdout.buffer.write(canonical(told))
