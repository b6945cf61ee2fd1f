"""What most tests of the server begin with: an arena on either store, reached through HTTP or through its sequencers."""

import pytest

from door_world import Door
from sequencer_world import Site


@pytest.fixture
def door(store):
    """An arena in which nothing was agreed yet."""
    door = Door(store)
    with door.ajar():
        yield door
    door.stop()


@pytest.fixture
def site(store):
    """The same without a sequencer."""
    site = Site(store)
    yield site
    site.stop()
