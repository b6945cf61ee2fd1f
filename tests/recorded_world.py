"""A channel of 2018 whose every turn is committed to a store, so that its past can be asked for at any moment of then."""

import json

from channel_world import Channel
from detente.api.cursors import Cursors
from detente.api.history import Asked
from detente.channel.expiry import expire

CURSORS = Cursors(bytes(range(64)))


class RecordedChannel(Channel):
    """The same parties; what they are told is in the store, too."""

    def __init__(self, store, arena, understanding=None, seed=0):
        super().__init__(understanding, seed)
        self.store, self.arena = store, arena
        store.create_arena(arena, 0)
        self.lease = store.take_lease(arena, "h", "", 600.0)
        self.moments_us = []

    def turn(self, decide):
        count = len(self.batches)
        result = super().turn(decide)
        for batch in self.batches[count:]:
            self.store.commit(self.lease, batch)
        self.moments_us.append(self.now_us)
        return result

    def sweep(self):
        return self.turn(lambda turn: expire(self.standing, turn))

    def page(self, read, party, after=None, limit=2, **filters):
        filters = {name.rstrip("_"): value for name, value in filters.items()}
        return json.loads(read(self.store, CURSORS, Asked(self.arena, party, filters, after, limit)))

    def all_of(self, read, name, party, limit=2, **filters):
        """Every line of a list, a page at a time."""
        found, cursor = [], None
        while True:
            page = self.page(read, party, cursor, limit, **filters)
            assert len(page[name]) <= limit
            found, cursor = found + page[name], page["cursor"]
            if cursor is None:
                return found
