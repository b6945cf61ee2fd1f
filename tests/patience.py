"""Waiting for what has to come: looked for again and again, and not for ever."""

import time

PATIENCE_S = 120.0


def wait_until(read, ready=bool, what=""):
    """What is read, once it is ready; fails with what it is (or what was read last) where it never is."""
    until_s, pause_s = time.monotonic() + PATIENCE_S, 0.01
    while not ready(found := read()):
        assert time.monotonic() < until_s, what or found
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.1)
    return found
