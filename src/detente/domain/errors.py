"""The error families: what is wrong, where in the input, and how it is usually fixed.

The core knows *what*; only the edge knows *where*, so the edge adds it on the way out with `at`.
A family exists where a caller would act differently, not for each message.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class DetenteError(Exception):
    """Base of every refusal. `str(error)` reads: where: what — hint."""

    def __init__(self, what: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" — {self.hint}" if self.hint else ""
        return f"{place}{self.what}{advice}"


class InvalidVolume(DetenteError):
    """A footprint, altitude band, time window or notice that cannot exist."""


class NotUnderstood(DetenteError):
    """Text that names no coordinate, altitude, time or quantity we can read without guessing."""


class UnreadableFile(DetenteError):
    """A file that cannot be read at all: wrong format, damaged, or larger than we are willing to open."""


class NoMinima(DetenteError):
    """Screening was asked for without separation minima; there is no safe default to fall back on."""


class TooLarge(DetenteError):
    """The request is past a stated bound; the message gives both numbers."""


class Malformed(DetenteError):
    """Bytes that are no envelope, act or key statement: nothing in them is believed, whoever sent them."""


class NotAuthentic(DetenteError):
    """Well-formed, and not what its signer signed, or not signed by one who could: the message names what failed."""


class KeyRefused(DetenteError):
    """A key that may not be made, opened or used like this: a file others can read, a name already taken, a wrong passphrase, a wrong role."""


@contextmanager
def at(where: str) -> Iterator[None]:
    """Name the place in the input; nests, outermost first: `with at("volumes[2]"), at("altitude"):`."""
    try:
        yield
    except DetenteError as error:
        error.where = ".".join(part for part in (where, error.where) if part)
        raise
