"""`detente witness serve` as a process of its own, and what becomes of what it cosigned when it is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx

from detente.record.checkpoint import origin_of, read_checkpoint, sign_checkpoint
from detente.record.key_file import read_key_file
from detente.record.note import read_note
from detente.record.witness import ask, read_cosignature
from detente.stores.witness import WitnessFolder
from log_world import Log
from record_world import key

HOST = key("host")
NAME = "party-b.example/witness"
ORIGIN = origin_of("levant")
SECRET = "five words drawn by dice"
ENVIRONMENT = {**os.environ, "DETENTE_PASSPHRASE": SECRET, "DETENTE_BY_PASSPHRASE": SECRET}
COMMAND = [sys.executable, "-c", "from detente.cli import main; main()", "witness"]
MOST_MORE = 3  # leaves from one head to the next


def asked(log, size, old_size):
    return ask(old_size, sign_checkpoint(log.head(size), HOST), log.node(size)).raw


def made(path):
    """A witness made by the command; its public key."""
    new = [*COMMAND, "new", "--party", "Coast Guard", "--name", NAME, "--folder", str(path)]
    subprocess.run(new, env=ENVIRONMENT, check=True, capture_output=True)
    return read_key_file(WitnessFolder(path).key_path).public


def serve_command(path):
    log = f"levant={HOST.public.text}"
    return [*COMMAND, "serve", "--listen", "127.0.0.1:0", "--log", log, "--folder", str(path)]


@contextmanager
def served(path):
    process = subprocess.Popen(serve_command(path), env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    try:
        process.url = process.stdout.readline().split()[-1]
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def kill_and_bring(path, times, draw):
    """Brings head after head, kills the witness as the new state shows on the disk or at some other moment, then brings another story.

    Gives how often the state had been kept when it died.
    """
    most = 12 + MOST_MORE * times + 1
    honest, forked = Log(ORIGIN, most), Log(ORIGIN, most, story="another", fork=11)
    public = made(path)
    answers, is_kept = [], 0

    def bring(url, log, size, old):
        try:
            answer = httpx.post(f"{url}/add-checkpoint", content=asked(log, size, old), timeout=10)
        except httpx.TransportError:
            return None
        if answer.status_code == 200:
            answers.append((log.head(size), answer.content))
        return answer.status_code

    latest = WitnessFolder(path).log_path(ORIGIN) / "latest"
    with served(path) as process:
        assert bring(process.url, honest, 12, 0) == 200
    for number in range(times):
        with served(path) as process:
            kept = read_checkpoint(read_note(latest.read_bytes()).text)
            size = kept.tree_size
            assert kept == honest.head(size)
            assert max(head.tree_size for head, _ in answers) <= size, "a cosignature left before its state was kept"
            assert bring(process.url, forked, size, size) == 409
            assert bring(process.url, forked, size + 1, size) == 422
            before = latest.stat().st_ino
            more = 1 + draw.randrange(MOST_MORE)
            bringing = threading.Thread(target=bring, args=(process.url, honest, size + more, size))
            bringing.start()
            if number % 2:
                while latest.stat().st_ino == before:
                    time.sleep(0)
            else:
                time.sleep(draw.random() * 0.02)
            process.send_signal(signal.SIGKILL)
            process.wait()
            bringing.join()
            is_kept += latest.stat().st_ino != before
    for head, raw in answers:
        assert read_cosignature(raw, sign_checkpoint(head, HOST), NAME, public, int(time.time()))
        assert head == honest.head(head.tree_size)
    return is_kept
