"""Event streams themselves: who listens is told again after whatever goes wrong in between."""

import asyncio
from contextlib import aclosing

import pytest

from channel_world import ARENA
from detente.api.cursors import Cursors
from detente.api.events import Events
from detente.domain import StoreUnavailable
from detente.stores.sqlite import SqliteStore
from door_world import CURSOR_KEY
from store_world import EMPTY, a_turn, after


class Failing(SqliteStore):
    """A store that fails when told to."""

    error = None

    def postings(self, *asked):
        if self.error:
            raise self.error
        return super().postings(*asked)


@pytest.mark.parametrize("error", [StoreUnavailable("away", hint=""), ZeroDivisionError("a fault of ours")])
def test_after_a_failure_whoever_listens_is_told_what_came_meanwhile(tmp_path, error):
    store = Failing(tmp_path / "channel.db")
    store.create_arena(ARENA, 0)
    lease = store.take_lease(ARENA, "h", "", 60)
    events = Events(store, Cursors(CURSOR_KEY), asyncio.to_thread)
    batches = [a_turn(EMPTY, 1)]
    batches.append(a_turn(after(EMPTY, batches[0]), 1))

    async def always():
        return True

    async def told(stream):
        async with asyncio.timeout(60):
            while b"data:" not in (found := await anext(stream)):
                pass
        return found

    async def listen():
        store.commit(lease, batches[0])
        async with aclosing(events.listen(ARENA, "B", 0, always)) as stream:
            first = await told(stream)
            second = asyncio.create_task(told(stream))
            await asyncio.sleep(0.5)
            store.error = error
            await asyncio.sleep(0.5)
            store.commit(lease, batches[1])
            store.error = None
            assert await second != first
        events.close()

    asyncio.run(listen())
    store.close()
