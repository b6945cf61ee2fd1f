"""Entries examined by several processes. Signatures take the time, and each is checked by itself."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from typing import Final

import msgspec

from detente.channel.audit import Spread
from detente.channel.examine import Examined, Examiner, Piece, one_after_another

LEAST_BYTES: Final = 4 << 20  # of entries; less is done before other processes have begun
_AHEAD: Final = 2  # pieces a process may have waiting: each is a megabyte
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[Examined]).decode
_examiner: Examiner | None = None


def spread_over(processes: int | None = None) -> Spread:
    """Examines in so many processes, as many as there are processors where it is not said; few entries, in this one."""
    count = processes or _processors()

    def spread(examiner: Examiner, pieces: Iterable[Piece]) -> Iterator[list[Examined]]:
        pieces = iter(pieces)
        first: list[Piece] = []
        while sum(len(lines) for _, lines in first) < LEAST_BYTES and (piece := next(pieces, None)):
            first.append(piece)
        every = chain(first, pieces)
        if count == 1 or sum(len(lines) for _, lines in first) < LEAST_BYTES:
            return one_after_another(examiner, every)
        return _spread(examiner, every, count)

    return spread


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _spread(examiner: Examiner, pieces: Iterable[Piece], count: int) -> Iterator[list[Examined]]:
    """In order; no more pieces at once than the processes need, whatever the size of the file."""
    context = get_context("spawn")  # a fork would take threads' locks along
    with ProcessPoolExecutor(count, context, _begin, (examiner,)) as pool:
        waiting: deque[Future[bytes]] = deque()
        try:
            for piece in pieces:
                waiting.append(pool.submit(_examined, piece))
                if len(waiting) > count * _AHEAD:
                    yield _decode(waiting.popleft().result())
            while waiting:
                yield _decode(waiting.popleft().result())
        finally:
            for each in waiting:
                each.cancel()


def _begin(examiner: Examiner) -> None:
    global _examiner  # one to a process, set when it begins
    _examiner = examiner
    gc.set_threshold(100_000, 50, 50)  # nothing here refers to itself: looking for what does costs 5 %


def _examined(piece: Piece) -> bytes:
    assert _examiner is not None
    first_line, lines = piece
    return _encode(_examiner.piece(lines, first_line))
