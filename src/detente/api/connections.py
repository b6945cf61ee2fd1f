"""Connections that cost us something and give nothing: how long one may take to say what it wants, and how many there may be.

A request has to have come whole within its time, head and body each, whoever sends it: a connection that dribbles is closed, and its
file descriptor is free for somebody else. Where as many are open as may be, the next is closed at once. Streams are not meant: their
request was read long ago.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN_S: Final = 10.0
BODY_WITHIN_S: Final = 60.0  # 8 MiB over a slow line
MOST_CONNECTIONS: Final = 8_192
MOST_HEAD_BYTES: Final = 16_384
_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Bounded(H11Protocol):
    """A connection whose requests have to come in time."""

    head_within_s, body_within_s, most_connections = HEAD_WITHIN_S, BODY_WITHIN_S, MOST_CONNECTIONS

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._waits_for: Any = None  # the part of a request that has begun to be waited for
        self._until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.abort()
            return
        self._look()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def _look(self) -> None:
        """Waits for the head, or the body, that is to come; for nothing where all has come, or between requests."""
        state = self.conn.their_state
        between = state is h11.IDLE and self.timeout_keep_alive_task is not None
        self._wait(None if between or state not in (h11.IDLE, h11.SEND_BODY) else state)

    def _wait(self, what: Any) -> None:
        if what is self._waits_for:
            return
        if self._until is not None:
            self._until.cancel()
        within_s = self.head_within_s if what is h11.IDLE else self.body_within_s
        self._waits_for, self._until = what, None
        if what is not None:
            self._until = self.loop.call_later(within_s, self._too_slow)

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self.transport.write(_TOO_SLOW)
            self.transport.close()
