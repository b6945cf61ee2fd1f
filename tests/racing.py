"""Four parties, each a process of its own, that submit colliding plans at the same moment through different workers."""

import multiprocessing
import signal
from contextlib import contextmanager
from copy import copy

import httpx

from channel_world import FULL
from sequencer_world import plan
from served_world import Server

RACERS = "ABCD"


@contextmanager
def workers(folder, database_url, count):
    """Servers over one database; on SQLite, of one machine."""
    first = Server(folder, database_url, RACERS)
    servers = [copy(first) for _ in range(count)]
    try:
        for each in servers:
            each.start()
        servers[0].found(answer_tick_ms=0)
        yield servers
    finally:
        for each in servers:
            if each.process:
                each.end(signal.SIGKILL)


def race(servers, places):
    """How many of the four were told CLEAR at each place, where every plan meets the three others and is released to all.

    Each place is begun by all four at once: nobody goes on to the next before all have been answered.
    """
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(len(RACERS)), context.Queue()
    racers = [
        context.Process(
            target=_submit, args=(party, servers[index % len(servers)], places, start, answers), daemon=True
        )
        for index, party in enumerate(RACERS)
    ]
    for each in racers:
        each.start()
    told = [answers.get(timeout=300) for _ in range(places * len(RACERS))]
    for each in racers:
        each.join(60)
        assert each.exitcode == 0
    clear = dict.fromkeys(range(places), 0)
    for place, answer in told:
        assert answer in ("CLEAR", "CONFLICT"), (place, answer)
        clear[place] += answer == "CLEAR"
    return clear


def _submit(party, server, places, start, answers):
    server.http = httpx.Client(base_url=server.url, timeout=60)  # one of our own: the parent's connections are its
    others = dict.fromkeys([name for name in RACERS if name != party], FULL)
    for place in range(places):
        notice = plan(party, f"N{place}", km_north=8.0 * place)
        acts = server.parties[party].submission(notice, others)
        start.wait(120)
        answers.put((place, server.post(party, acts)["answer"]))
