"""The disk is full, or the database takes no writing: 503, never half a notice, and on without a restart once it does."""

import signal
from contextlib import ExitStack

import psycopg
import pytest

from nothing_lost import TERMS, World
from patience import wait_until
from postgres_server import PostgresServer
from sequencer_world import PARTIES
from served_world import Server
from small_disk import LimitedFiles, mounted


def opened(folder, database_url):
    server = Server(folder, database_url)
    server.start()
    server.found(**TERMS)
    return World(server, database_url)


def everybody_is_refused(world):
    """Each party is told 503 once more, from now on, with Retry-After (the senders look)."""
    before = dict(world.unavailable)
    wait_until(lambda: all(world.unavailable[p] > before.get(p, 0) for p in PARTIES), what="somebody is not refused")


def go_through_it(world, take_away, give_back, *, can_read=True):
    process = world.server.process
    try:
        world.start()
        world.wait_for_more(10)
        take_away()
        everybody_is_refused(world)
        if can_read:
            assert world.server.inbox("A")
        give_back()
        world.wait_for_more(20)
        world.stop()
        world.check()
        assert process.poll() is None
    finally:
        world.server.end(signal.SIGKILL)


@pytest.fixture(params=["a small disk", "a limit"])
def full_disk(request, tmp_path):
    """A folder for the database, with a world on it to come, and how to fill its disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with ExitStack() as stack:
        disk = stack.enter_context(mounted(folder, 24)) if request.param == "a small disk" else None
        if disk is None and request.param == "a small disk":
            pytest.skip("no right to mount a small disk here; the same runs under a limit on the size of files")
        yield folder, disk


def filled(full_disk, tmp_path):
    folder, disk = full_disk
    world = opened(tmp_path, f"sqlite:///{folder / 'channel.db'}")
    return world, disk or LimitedFiles(folder, lambda: world.server.process)


def test_a_full_disk_under_sqlite_refuses_everybody_and_loses_nothing(full_disk, tmp_path):
    world, disk = filled(full_disk, tmp_path)
    go_through_it(world, disk.fill, disk.free)


def test_killed_on_a_full_disk_it_starts_and_goes_on_once_there_is_room(tmp_path):
    """The write-ahead log, and the index beside it, are made anew on a disk that has no room for them."""
    with mounted(tmp_path / "disk", 24) as disk:
        if disk is None:
            pytest.skip("no right to mount a small disk here")
        world = opened(tmp_path, f"sqlite:///{disk.folder / 'channel.db'}")
        try:
            world.start()
            world.wait_for_more(10)
            disk.fill()
            everybody_is_refused(world)
            world.server.end(signal.SIGKILL)
            world.server.start()
            assert world.server.inbox("A")
            everybody_is_refused(world)
            disk.free()
            world.wait_for_more(20)
            world.stop()
            world.check()
        finally:
            world.server.end(signal.SIGKILL)


def test_a_full_disk_under_postgres_refuses_everybody_and_loses_nothing(tmp_path):
    """Its tables are on the small disk, its log is not: without room for that it stops, as when it is killed."""
    doomed = PostgresServer()
    try:
        with mounted(doomed.folder / "disk", 24) as disk:
            if disk is None:
                pytest.skip("no right to mount a small disk here; tests/stores fills PostgreSQL's under a limit")
            url = doomed.new_database(on=disk.folder)
            go_through_it(opened(tmp_path, url), disk.fill, disk.free)
    finally:
        doomed.remove()


def test_a_database_that_only_reads_for_a_while_refuses_everybody_and_loses_nothing(tmp_path):
    """As a standby does that has not taken over yet."""
    doomed = PostgresServer()
    url = doomed.new_database()

    def only_read(value):
        with psycopg.connect(doomed.url(), autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
            connection.execute("SELECT pg_reload_conf()")

    try:
        go_through_it(opened(tmp_path, url), lambda: only_read("on"), lambda: only_read("off"))
    finally:
        doomed.remove()


def test_a_database_that_is_away_for_a_while_refuses_everybody_and_loses_nothing(tmp_path):
    doomed = PostgresServer()
    url = doomed.new_database()
    try:
        go_through_it(opened(tmp_path, url), doomed.kill, doomed.start, can_read=False)
    finally:
        doomed.remove()
