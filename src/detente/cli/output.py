"""What commands that write a file share: refusing a bad target before any work, a progress bar, writing whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from detente.domain import DetenteError

Progress: TypeAlias = Callable[[int, int], None]


def check_target(output: Path, files: Sequence[Path]) -> None:
    """Refuse before any work what could not be written, or would be written over the plans."""
    if not output.parent.is_dir():
        raise DetenteError(
            f"cannot write {output}: there is no folder {output.parent}", hint="make it first, or check the name"
        )
    if output.exists() and not output.is_file():
        raise DetenteError(f"cannot write {output}: it is not a file", hint="name a file in it, or another one")
    if any(output.exists() and given.exists() and output.samefile(given) for given in files):
        raise DetenteError(f"{output} is one of the files to read", hint="give the answer another name")


@contextmanager
def progress_bar(doing: str) -> Iterator[Progress | None]:
    """A progress bar on the terminal's error stream; nothing when piped."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def replace_file(path: Path, text: str) -> None:
    """Write the whole file or leave what was there."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DetenteError(
            f"cannot write {path}: {error.strerror}", hint="check the folder, its rights and the space left"
        ) from error
