"""The error families: what is wrong, where in the input, and how it is usually fixed.

The core knows *what*; only the edge knows *where*, so the edge adds it on the way out with `at`.
A family exists where a caller would act differently, not for each message.
"""


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


class StaleVersion(DetenteError):
    """What was to be changed has changed since, or is over; the message gives both versions."""


class Conflicted(DetenteError):
    """The same name was given to something else before."""


class AgainstTerms(DetenteError):
    """The understanding in force does not allow it: who is told, who has to be, how much."""


class StoreUnavailable(DetenteError):
    """The database did not do what was asked: gone, full, damaged, locked too long, or not one we may use.

    Attributes:
        retry_may_help: the same may well work in a while, unasked; else somebody has to mend something first.
        outcome_unknown: the connection broke while a commit was on its way. All of it is there or none of it; ask, before going on.
    """

    def __init__(
        self, what: str, *, hint: str = "", where: str = "", retry_may_help: bool = False, outcome_unknown: bool = False
    ) -> None:
        super().__init__(what, hint=hint, where=where)
        self.retry_may_help = retry_may_help
        self.outcome_unknown = outcome_unknown


class RolledBack(DetenteError):
    """The log does not go on from what the host has signed before: a copy from before is being served. Nothing is, until that is mended."""


class LeaseLost(DetenteError):
    """Another has taken the arena over, or the lease was given back: who held it may write nothing there any more."""


class OutOfStep(DetenteError):
    """What was to be written does not continue what is written: a gap, something there already, or the end of what is not in force."""


class NoSuchArena(DetenteError):
    """An arena of that name was never created."""


class at:  # noqa: N801 - read as a word: `with at("altitude")`; a generator would cost six times as much, some thousand times a notice
    """Name the place in the input; nests, outermost first: `with at("volumes[2]"), at("altitude"):`."""

    __slots__ = ("_where",)

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DetenteError):
            error.where = ".".join(part for part in (self._where, error.where) if part)
