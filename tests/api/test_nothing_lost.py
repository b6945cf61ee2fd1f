"""Nothing is lost: the server and the database are killed under load, and everybody goes on."""

import random
import signal
import time

import pytest

from nothing_lost import TERMS, World
from postgres_server import PostgresServer
from served_world import Server
from soak.page import write_kills

FEW_OR_MANY = pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.soak)])


def opened(folder, database_url, seed):
    server = Server(folder, database_url)
    server.start()
    server.found(**TERMS)
    return World(server, database_url, seed)


@FEW_OR_MANY
def test_killing_the_server_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path, database_url, kills):
    draw = random.Random(kills)
    world = opened(tmp_path, database_url, kills)
    try:
        world.start()
        for _ in range(kills):
            world.wait_for_more(10)
            time.sleep(draw.uniform(0, 1.0))
            world.server.end(signal.SIGKILL)
            world.server.start()
        world.wait_for_more(10)
        world.stop()
        counted = world.check()
        assert counted["streams opened"] > kills
        if kills >= 50:
            write_kills("the server", "SQLite" if database_url.startswith("sqlite") else "PostgreSQL", kills, counted)
    finally:
        world.server.end(signal.SIGKILL)


@FEW_OR_MANY
def test_killing_postgres_under_a_running_server_loses_nothing_and_service_goes_on(tmp_path, kills):
    draw = random.Random(kills)
    doomed = PostgresServer()
    database_url = doomed.new_database()
    world = None
    try:
        world = opened(tmp_path, database_url, kills)
        process = world.server.process
        world.start()
        for _ in range(kills):
            world.wait_for_more(10)
            time.sleep(draw.uniform(0, 1.0))
            doomed.kill()
            time.sleep(draw.uniform(0, 0.5))
            doomed.start()
        world.wait_for_more(10)
        world.stop()
        counted = world.check()
        assert sum(world.unavailable.values()) > 0
        assert process.poll() is None
        if kills >= 50:
            write_kills("PostgreSQL", "PostgreSQL", kills, counted)
    finally:
        if world:
            world.server.end(signal.SIGKILL)
        doomed.remove()
