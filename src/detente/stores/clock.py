"""The channel's time: it follows a clock that somebody may set, goes on as time passes, and never goes back.

Deadlines, ticks, expiry and tokens go by it. Were the clock believed at once, one hour's leap would take plans out of screening
that are not over, or hold back every inbox for an hour. So a leap, more than `LEAP_S` at once, is believed once it has stood for
`BELIEVED_AFTER_S`; until then time goes on by what has passed. A leap ahead is then made up for at once, one back by going
at half the speed until both agree.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from detente.domain.units import MICROSECONDS_PER_SECOND

LOG: Final = logging.getLogger(__name__)
LEAP_S: Final = 2
BELIEVED_AFTER_S: Final = 60  # whoever sets a clock wrongly by hand has noticed by then, or has not
_LEAP_US: Final = LEAP_S * MICROSECONDS_PER_SECOND
_BELIEVED_AFTER_US: Final = BELIEVED_AFTER_S * MICROSECONDS_PER_SECOND
_ELAPSED: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # the first counts a machine's sleep too


def system_clock_us() -> int:
    """Microseconds since 1970 by the system's clock."""
    return time.time_ns() // 1000


def elapsed_us() -> int:
    """Microseconds since some moment; nobody can set it."""
    return time.clock_gettime_ns(_ELAPSED) // 1000


class SteadyClock:
    """For all threads of a process.

    Args:
        wall_us: microseconds since 1970, by the clock that is followed.
        elapsed_us: microseconds since some moment; never goes back.
    """

    def __init__(self, wall_us: Callable[[], int], elapsed_us: Callable[[], int] = elapsed_us) -> None:
        self._wall_us, self._elapsed_us = wall_us, elapsed_us
        self._lock = Lock()
        self._now_us: int | None = None
        self._not_before_us = 0
        self._read_at_us = 0
        self._apart_since: tuple[bool, int] | None = None  # whether ahead, and since when

    def now_us(self) -> int:
        """Microseconds since 1970; never less than before."""
        wall_us = self._wall_us()  # not under the lock: it may ask a database
        with self._lock:
            return self._read(wall_us, self._elapsed_us())

    def not_before(self, moment_us: int) -> None:
        """It is this late at least: something was done then."""
        with self._lock:
            self._not_before_us = moment_us
            if self._now_us is not None:
                self._now_us = max(self._now_us, moment_us)

    def _read(self, wall_us: int, at_us: int) -> int:
        if self._now_us is None:
            self._now_us, self._read_at_us = max(wall_us, self._not_before_us), at_us
            return self._now_us
        passed_us = max(0, at_us - self._read_at_us)
        self._read_at_us = max(self._read_at_us, at_us)
        apart_us = wall_us - (self._now_us + passed_us)
        if not self._is_believed(apart_us, at_us):
            apart_us = 0
        self._now_us += passed_us + max(apart_us, -(passed_us // 2))
        return self._now_us

    def _is_believed(self, apart_us: int, at_us: int) -> bool:
        if abs(apart_us) <= _LEAP_US:
            self._apart_since = None
            return True
        ahead = apart_us > 0
        if self._apart_since is None or self._apart_since[0] != ahead:
            self._apart_since = ahead, at_us
            LOG.warning(
                "the clock has leapt %s by %d s: believed if it stands for %d s",
                "ahead" if ahead else "back", abs(apart_us) // MICROSECONDS_PER_SECOND, BELIEVED_AFTER_S,
            )  # fmt: skip
        return at_us - self._apart_since[1] >= _BELIEVED_AFTER_US
