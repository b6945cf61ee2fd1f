"""The record verified in a real browser, by what is built and shipped: good held good, bad refused, of the vectors and of a channel that is served."""

import base64
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import real_browser
from channel_world import ARENA, FULL
from detente.channel.acts import MessageBody
from detente.domain import NotAuthentic, Recording, Witness
from detente.record.act import SeenCheckpoint
from detente.record.checkpoint import cosign, read_checkpoint
from detente.record.envelope import from_json, verify
from detente.record.keys import public_key_from_text
from detente.record.note import read_note
from door_world import Door
from patience import wait_until
from sequencer_world import PARTIES, a_key, plan, statements_of

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "src" / "detente" / "web"
LOG = json.loads((ROOT / "tests" / "vectors" / "record" / "log.json").read_text("utf-8"))
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'"
SITE = "http://localhost"
W1, W2 = a_key("witness 1"), a_key("witness 2")


@pytest.fixture(scope="module")
def browser():
    with real_browser.launched() as launched:
        yield launched


class Tab:
    """A page under a strict policy. `get` gives the bytes of what lies below /log, or None; `trouble` is what the browser complained of."""

    def __init__(self, browser, get):
        if not (BUILT / "record.js").exists():
            pytest.fail("the verifier is not built: run `make web`")
        self.get, self.trouble = get, []
        self.page = browser.new_page()
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("console", lambda message: self.trouble.append(message.text))
        self.page.route("**/*", self.answer)
        self.page.goto(f"{SITE}/")

    def answer(self, route):
        path = urlsplit(route.request.url).path
        body, kind = self.file(path)
        if body is None:
            route.fulfill(status=404, body="")
        else:
            route.fulfill(body=body, headers={"Content-Type": kind, "Content-Security-Policy": POLICY})

    def file(self, path):
        if path.startswith("/log/"):
            return self.get(path.removeprefix("/log/")), "application/octet-stream"
        if path == "/judge.js":
            return (Path(__file__).parent / "judge.js").read_bytes(), "text/javascript"
        if path in ("/record.js", "/signing.js"):
            return (BUILT / path[1:]).read_bytes(), "text/javascript"
        return b"<!doctype html><title>verify</title>", "text/html"

    def call(self, name, *given):
        script = "async ([name, given]) => (await import('/judge.js'))[name](...given)"
        return self.page.evaluate(script, [name, given])

    def judged(self, trust, openings, named=None):
        return self.call("judged", trust, f"{SITE}/log", openings, named or {})


@pytest.fixture
def tab(browser):
    tabs = []

    def opened(get):
        tabs.append(Tab(browser, get))
        return tabs[-1]

    yield opened
    for each in tabs:
        each.page.close()


def vector_file(path):
    if path == "checkpoint":
        return LOG["checkpoint"].encode()
    return base64.b64decode(LOG["tiles"][path]) if path in LOG["tiles"] else None


OPENINGS = [each["opening"] for each in LOG["entries"]]


def test_every_entry_of_the_vectors_is_judged_as_they_say(tab):
    opened = tab(vector_file)
    found = opened.judged(LOG["trust"], OPENINGS, LOG["checkpoints"])
    for entry, verdict in zip(LOG["entries"], found, strict=True):
        if entry["said"] is None:
            assert verdict["outcome"] == "holds", verdict
        else:
            assert entry["said"] in verdict["why"]
            assert verdict["why"].startswith("NotAuthentic: entry ")
    assert opened.trouble == []


@pytest.mark.parametrize("case", LOG["refused_checkpoints"], ids=lambda case: case["name"])
def test_a_head_that_does_not_hold_is_refused(tab, case):
    opened = tab(lambda path: case["note"].encode() if path == "checkpoint" else vector_file(path))
    (found,) = opened.judged(LOG["trust"], OPENINGS[:1])
    assert found["outcome"] == "refused"
    assert case["said"] in found["why"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("tile/0/000", "tile/0/000 is not the tile of the tree of 300"),
        ("tile/0/001.p/44", "the tiles lead to another root"),
        ("tile/1/000.p/1", "the tiles lead to another root"),
    ],
)
def test_a_tile_that_was_altered_missing_or_too_long_is_refused(tab, path, said):
    sound = vector_file(path)
    altered = bytes([*sound[:-1], sound[-1] ^ 1])
    for raw, told in (
        (altered, said),
        (None, "is not there"),
        (sound[:-1], "bytes, not"),
        (sound * 400, f"{path} has"),
    ):
        opened = tab(lambda asked, raw=raw: raw if asked == path else vector_file(asked))
        (found,) = opened.judged(LOG["trust"], OPENINGS[:1])
        assert found["outcome"] == "refused"
        assert told in found["why"]


def test_a_proof_file_proves_its_entry_and_no_other(tab):
    opened = tab(vector_file)
    by_position = {each["position"]: each for each in OPENINGS}
    assert opened.call("proven", LOG["trust"], by_position[0], LOG["proofs"]["0"])["outcome"] == "holds"
    assert "the proof is of entry 0" in opened.call("proven", LOG["trust"], by_position[3], LOG["proofs"]["0"])["why"]


def test_what_a_key_made_there_signs_is_signed_and_the_key_stays_there(tab):
    made = tab(vector_file).call("signed", '{"a":"für"}', "application/vnd.detente.test+json")
    assert made["taken"] is False
    envelope, key = from_json(made["envelope"].encode()), public_key_from_text(made["key"])
    assert envelope.payload == '{"a":"für"}'.encode()
    assert verify(envelope, [key], payload_type="application/vnd.detente.test+json") == (key,)
    with pytest.raises(NotAuthentic):
        verify(envelope, [a_key("stranger").public], payload_type="application/vnd.detente.test+json")


# ── a channel ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def door(store):
    door = Door(store)
    with door.ajar():
        yield door
    door.stop()


def served(door, path):
    answer = door.http.get(f"/arenas/{ARENA}/log/{path}")
    return answer.content if answer.status_code == 200 else None


def head_of(door, size):
    def read():
        raw = served(door, "checkpoint")
        return raw and read_checkpoint(read_note(raw).text)

    return wait_until(read, lambda head: head is not None and head.tree_size >= size)


def cosigned(door, head):
    raw = served(door, "checkpoint")
    for name, key in (("a.example/w", W1), ("b.example/w", W2)):
        line = cosign(head, name, key, door.store.now_us() // 1_000_000)
        answer = door.http.post(f"/arenas/{ARENA}/log/cosignatures", content=read_note(raw).signed_also(line).raw)
        assert answer.json() == {"kept": True}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_channel_serves_holds_and_what_it_would_alter_is_refused(tab, door):
    host = door.host.key.public.text
    witnesses = Witness("a.example/w", W1.public.text, "A"), Witness("b.example/w", W2.public.text)
    door.found(door.sequencer, record=Recording(host, witnesses, 2))
    first = head_of(door, door.store.heads(ARENA).next_position)
    cosigned(door, first)
    seen = SeenCheckpoint(first.tree_size, first.root_hash.hex())
    hello = door.parties["A"].sign("message", "B", MessageBody("1" * 32, "שלום"), checkpoint=seen)
    assert door.post("A", [hello]).status_code == 200
    door.post("A", door.parties["A"].submission(plan("A"), {"B": FULL}))
    cosigned(door, head_of(door, door.store.heads(ARENA).next_position))

    trust = {
        "arena": ARENA, "host_key": host, "quorum": 2, "witnesses": {each.name: each.key for each in witnesses},
        "roots": {name: a_key(f"{name} root").public.text for name in PARTIES},
        "statements": {name: statements_of(name, door.parties[name].key.public) for name in PARTIES},
    }  # fmt: skip
    openings = wait_until(
        lambda: door.get("record/openings", "B", "observer").json()["openings"],
        lambda found: {"message", "view"} <= {each["kind"] for each in found},
    )
    opened = tab(lambda path: served(door, path))
    found = opened.judged(trust, openings)
    assert [each["outcome"] for each in found] == ["holds"] * len(openings), found
    assert [each["kind"] for each in found] == [each["kind"] for each in openings]
    assert {"member", "propose", "sign", "message", "view"} <= {each["kind"] for each in found}
    assert all(each["latestUs"] for each in found)

    told = next(each for each in openings if each["kind"] == "message")
    bent = [
        {**told, **changed} for changed in ({"received_us": 1}, {"kind": "view"}, {"salt": "0" * 64}, {"position": 0})
    ]
    for verdict in opened.judged(trust, bent):
        assert "the log has another leaf" in verdict["why"]
    strangers = {**trust, "roots": {**trust["roots"], "A": a_key("stranger").public.text}}
    with pytest.raises(Exception, match="belongs to another root"):
        opened.judged(strangers, openings)
    unwatched = {**trust, "witnesses": {}}
    assert {each["outcome"] for each in opened.judged(unwatched, openings)} == {"incomplete"}
    assert opened.trouble == []
