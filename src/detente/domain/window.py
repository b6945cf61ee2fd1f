"""Time windows: from start to end, both included, in whole microseconds since 1970 UTC.

Integers, because screening compares instants exactly: a float of seconds loses the microsecond in our
century, and a lost microsecond is a touching pair told CLEAR.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from detente.domain.errors import InvalidVolume
from detente.domain.units import MICROSECONDS_PER_SECOND

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
OPEN_START_US: Final = -(2**61)  # before any datetime Python can hold; small enough that sums stay within int64
OPEN_END_US: Final = 2**61


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """From `start_us` to `end_us`, both included; back-to-back windows therefore touch.

    An open side is `OPEN_START_US` or `OPEN_END_US`, never None. Open by statement ("until further notice")
    and open because nothing was stated differ: `start_stated`, `end_stated` tell, and what was not stated can
    make two volumes meet only as POSSIBLE.
    """

    start_us: int
    end_us: int
    start_stated: bool = True
    end_stated: bool = True

    def __post_init__(self) -> None:
        if type(self.start_us) is not int or type(self.end_us) is not int:
            raise InvalidVolume(
                "a time window takes whole microseconds", hint="use TimeWindow.between(start_utc, end_utc)"
            )
        if not OPEN_START_US <= self.start_us <= self.end_us <= OPEN_END_US:
            raise InvalidVolume(
                f"time_end {render_utc(self.end_us)} is before time_start {render_utc(self.start_us)}",
                hint="swap them, or check the date when the window runs past midnight",
            )

    @classmethod
    def between(cls, start_utc: datetime | None, end_utc: datetime | None) -> "TimeWindow":
        """The window between two aware datetimes; None means that side was not stated."""
        return cls(
            OPEN_START_US if start_utc is None else to_us(start_utc),
            OPEN_END_US if end_utc is None else to_us(end_utc),
            start_stated=start_utc is not None,
            end_stated=end_utc is not None,
        )

    @property
    def start_utc(self) -> datetime | None:
        """The start, or None where the window is open."""
        return None if self.start_us <= OPEN_START_US else from_us(self.start_us)

    @property
    def end_utc(self) -> datetime | None:
        """The end, or None where the window is open."""
        return None if self.end_us >= OPEN_END_US else from_us(self.end_us)

    def shifted(self, by_s: int) -> "TimeWindow":
        """The same window `by_s` seconds later; open sides stay open."""
        by_us = by_s * MICROSECONDS_PER_SECOND
        return TimeWindow(
            self.start_us if self.start_us <= OPEN_START_US else self.start_us + by_us,
            self.end_us if self.end_us >= OPEN_END_US else self.end_us + by_us,
            start_stated=self.start_stated,
            end_stated=self.end_stated,
        )


UNSTATED_WINDOW: Final = TimeWindow.between(None, None)


def to_us(moment: datetime) -> int:
    """Whole microseconds since 1970 UTC.

    Raises:
        InvalidVolume: the datetime is naive; a time without a zone is not guessed.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise InvalidVolume(
            f"time {moment.isoformat()} has no zone", hint="end it with Z for UTC, or an offset such as +03:00"
        )
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    """The aware UTC datetime of `us`."""
    return _EPOCH + timedelta(microseconds=us)


def render_utc(us: int) -> str:
    """ISO 8601 in UTC to the second (or the microsecond where there is one); `open` beyond the calendar."""
    if not OPEN_START_US < us < OPEN_END_US:
        return "open"
    return from_us(us).isoformat().replace("+00:00", "Z")
