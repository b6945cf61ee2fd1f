"""Several workers of one host on one PostgreSQL: one decides, the others hand over to it, and when it is gone another does."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from copy import copy

import pytest

from channel_world import ARENA, FULL, act_of
from detente.api.handover import HEADER, Handover
from detente.api.wire import NotThere
from detente.channel.acts import MessageBody
from detente.record.envelope import to_json
from detente.stores import open_store
from patience import wait_until
from postgres_proxy import Line
from postgres_server import server as postgres
from sequencer_world import plan
from served_world import Server

WORKERS = 3


@contextmanager
def workers(folder, *, through=None):
    """A host with three workers, the last of them by way of a line to the database that can be cut."""
    url = postgres().new_database()
    first = Server(folder, url)
    all_of_them = [copy(first) for _ in range(WORKERS)]
    for each in all_of_them:
        each.refused_for_now = []
    if through is not None:
        last = all_of_them[-1]
        last.options = [*first.options[:3], through.through(url)]
    with closing(open_store(url)) as store:
        try:
            for each in all_of_them[::-1]:
                each.start()
                wait_until(lambda: store.lease(ARENA))
            yield all_of_them, store
        finally:
            for each in all_of_them:
                if each.process:
                    os.kill(each.process.pid, signal.SIGCONT) if each.process.poll() is None else None
                    each.end(signal.SIGKILL)


def holder_of(all_of_them, store):
    address = wait_until(lambda: store.lease(ARENA)).address
    return next(each for each in all_of_them if each.url == address)


class Clients:
    """Parties that send message after message, each through a worker of its own, and keep what was acknowledged."""

    def __init__(self, through):
        self.through, self.acknowledged, self.stop = through, {}, threading.Event()
        self.pool = ThreadPoolExecutor(len(through))
        self.running = [self.pool.submit(self._send, party, worker) for party, worker in through.items()]

    def _send(self, party, worker):
        sent = self.acknowledged[party] = []
        while not self.stop.is_set():
            text = f"{party} {len(sent)}"
            worker.post(party, [worker.parties[party].sign("message", "C", MessageBody("1" * 32, text))])
            sent.append(text)

    def go_on(self, more=5):
        """Until each has had some more acknowledged."""
        wanted = {party: len(sent) + more for party, sent in self.acknowledged.items()}
        wait_until(lambda: all(len(self.acknowledged[party]) >= count for party, count in wanted.items()))

    def end(self):
        self.stop.set()
        for each in self.running:
            each.result(60)  # a refusal, or a broken line, fails the test here
        return sorted(text for sent in self.acknowledged.values() for text in sent)


def messages_in(worker, party):
    """Every message of a party's inbox, in order."""
    told = [posting["payload"]["envelope"] for posting in worker.inbox(party) if posting["kind"] == "message"]
    return [act_of(each).body["text"] for each in told]


@pytest.mark.parametrize("how", ["killed", "stopped", "cut off"])
def test_when_the_one_that_decides_is_gone_clients_of_the_others_see_only_a_delay(how, tmp_path):
    with closing(Line(postgres())) as line, workers(tmp_path, through=line) as (all_of_them, store):
        all_of_them[0].found()
        gone = holder_of(all_of_them, store)
        assert gone is all_of_them[-1]
        epoch = store.lease(ARENA).epoch
        clients = Clients({"A": all_of_them[0], "B": all_of_them[1]})
        wait_until(lambda: len(clients.acknowledged) == 2)
        clients.go_on()
        if how == "killed":
            gone.process.kill()
        elif how == "stopped":
            os.kill(gone.process.pid, signal.SIGSTOP)
        else:
            line.cut_off()
        clients.go_on()
        taken = wait_until(lambda: store.lease(ARENA))
        assert (taken.epoch > epoch, taken.address != gone.url) == (True, True)
        if how == "stopped":
            os.kill(gone.process.pid, signal.SIGCONT)
        line.join()
        clients.go_on()
        acknowledged = clients.end()
        assert all_of_them[0].refused_for_now + all_of_them[1].refused_for_now == []  # a delay, and no refusal
        if how != "killed":  # it serves again, and hands over
            gone.post("C", [gone.parties["C"].sign("message", "A", MessageBody("2" * 32, "back"))])
        time.sleep(1.5)  # for the tick
        found = messages_in(all_of_them[0], "C")
        assert sorted(found) == acknowledged
        for party in "AB":  # each in the order it was sent
            assert [text for text in found if text[0] == party] == clients.acknowledged[party]


def test_plans_that_race_through_different_workers_are_never_both_told_clear(tmp_path):
    with workers(tmp_path) as (all_of_them, _):
        all_of_them[0].found()

        def send(party, worker, to, k):
            acts = worker.parties[party].submission(plan(party, f"N{k}", km_north=10.0 * k), {to: FULL})
            return worker.post(party, acts)["answer"]

        with ThreadPoolExecutor(2) as pool:
            for k in range(15):
                one = pool.submit(send, "A", all_of_them[k % 3], "B", k)
                other = pool.submit(send, "B", all_of_them[(k + 1) % 3], "A", k)
                assert sorted([one.result(60), other.result(60)]) == ["CLEAR", "CONFLICT"]


def test_a_refusal_is_the_same_through_any_worker_and_so_is_a_question(tmp_path):
    with workers(tmp_path) as (all_of_them, _):
        first = all_of_them[0]
        first.found()
        told = first.post("A", first.parties["A"].submission(plan("A"), {"B": FULL}))
        answers = [each.get("A", f"notices/{told['notice_id']}/answer") for each in all_of_them]
        assert answers[1:] == answers[:-1]
        nobody = first.parties["A"].sign("message", "Q", MessageBody("1" * 32, "hello"))
        body = {"acts": [to_json(nobody).decode()]}
        said = [
            each.http.post(
                f"/arenas/{ARENA}/submissions", headers=first.headers["A"], json={"submission": f"{k:032x}", **body}
            )
            for k, each in enumerate(all_of_them)
        ]
        assert len({(each.status_code, each.text) for each in said}) == 1
        assert said[0].json()["type"] == "urn:detente:problem:against-terms"


# ── who may hand over ────────────────────────────────────────────────────────────────────────────────────────────────

NOW_US = 1_800_000_000_000_000


def sealed(raw=b'{"party":"A"}', *, arena=ARENA, secret=bytes(64), now_us=NOW_US):
    return Handover(secret)._seal(arena, raw, now_us)


def test_what_a_worker_of_the_same_host_hands_over_is_taken():
    assert Handover(bytes(64)).open(sealed(), ARENA, b'{"party":"A"}', NOW_US + 1_000_000).party == "A"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x",
        "1.2",
        "9" * 30 + ".00",
        sealed(secret=b"\1" * 64),
        sealed(arena="elsewhere"),
        sealed(b'{"party":"B"}'),
        sealed(now_us=NOW_US - 60_000_000),
        sealed(now_us=NOW_US + 60_000_000),
        sealed()[:-1],
        "é" + sealed(),
    ],
)
def test_nobody_else_hands_anything_over(header):
    with pytest.raises(NotThere):
        Handover(bytes(64)).open(header, ARENA, b'{"party":"A"}', NOW_US)


def test_to_everybody_else_there_is_no_such_route(tmp_path):
    with workers(tmp_path) as (all_of_them, _):
        http = all_of_them[0].http
        for header in ({}, {HEADER: "1.2"}, all_of_them[0].headers["host"]):
            answer = http.post(f"/handover/{ARENA}", headers=header, content=b"{}")
            nothing = http.post("/nothing/there", headers=header, content=b"{}")
            assert (answer.status_code, answer.text) == (nothing.status_code, nothing.text)
