"""What holds for all tests: a busy machine fails none of them (timings belong in `bench/`), and whoever asks for a store gets both.

No store is skipped: without PostgreSQL those tests fail.
"""

from contextlib import closing

import pytest
from hypothesis import settings

from detente.stores import open_store
from postgres_server import server
from store_world import ARENA

settings.register_profile("detente", deadline=None)
settings.load_profile("detente")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request, tmp_path):
    """A new, empty database."""
    return f"sqlite:///{tmp_path / 'channel.db'}" if request.param == "sqlite" else server().new_database()


@pytest.fixture
def store(database_url):
    """A store with one arena."""
    with closing(open_store(database_url)) as opened:
        opened.create_arena(ARENA, 1)
        yield opened
