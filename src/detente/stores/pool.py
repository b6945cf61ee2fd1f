"""Connections kept for the next call. Each is used by one thread at a time; as many are open as calls ran at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What a pool holds."""

    def close(self) -> None: ...


C = TypeVar("C", bound=Closable)


class Pool(Generic[C]):
    """Idle connections, the last used first.

    Args:
        connect: opens one.
        is_clean: whether a connection can be used by the next call as it stands; it must not raise.
    """

    def __init__(self, connect: Callable[[], C], is_clean: Callable[[C], bool]) -> None:
        self._connect = connect
        self._is_clean = is_clean
        self._idle: list[C] = []
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[C]:
        """A connection for one call. It is closed afterwards where it is not clean, which undoes what was not committed."""
        connection = self._take()
        try:
            yield connection
        finally:
            self._give_back(connection)

    def close_idle(self) -> None:
        """Closes what is not in use: after a database went away none of it is of use."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Closes what is not in use, and has the rest closed when its call ends."""
        self._closed = True
        self.close_idle()

    def _take(self) -> C:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give_back(self, connection: C) -> None:
        with self._lock:
            keep = not self._closed and self._is_clean(connection)
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()
