"""A holder to be killed: commits turn after turn and says so, a line each, once it is done. Usage: batch_writer.py URL HOLDER TTL_S."""

import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from detente.domain import LeaseLost, StoreUnavailable
from detente.stores import open_store
from store_world import ARENA, a_turn, after


def say(line):
    """One write a line: it arrives whole or not at all."""
    os.write(1, f"{line}\n".encode())


def patiently(ask):
    """Asks until the database is there."""
    while True:
        try:
            return ask()
        except StoreUnavailable as error:
            if not error.retry_may_help:
                raise
            time.sleep(0.02)


def write(store, lease, holder, draw):
    """Goes on until another has the lease. Says nothing of a turn that is not known to be there."""
    heads = patiently(lambda: store.heads(ARENA))
    while True:
        batch = a_turn(heads, draw.randint(1, 12), holder=holder, epoch=lease.epoch)
        try:
            store.commit(lease, batch)
            heads = after(heads, batch)
        except StoreUnavailable as error:
            if not error.retry_may_help:
                raise
            heads = patiently(lambda: store.settle(lease))
        say(f"acknowledged {heads.next_position}")
        time.sleep(0.002)


def main(url, holder, ttl_s):
    draw = random.Random(holder)
    store = patiently(lambda: open_store(url))
    while True:
        lease = patiently(lambda: store.take_lease(ARENA, holder, "", float(ttl_s)))
        if lease is None:
            time.sleep(0.02)
            continue
        try:
            write(store, lease, holder, draw)
        except LeaseLost:
            say(f"lost {lease.epoch}")


main(*sys.argv[1:])
