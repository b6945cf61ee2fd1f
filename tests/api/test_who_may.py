"""Every route with a token of every role in every state: what docs/server.md says, and to all others the same nothing."""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest

from channel_world import ARENA
from detente.api.openapi import document
from detente.api.tokens import RateLimit, TokenRole
from detente.stores import open_store
from door_world import Door

PAGE = Path(__file__).parents[2] / "docs" / "server.md"
ROLES = [role.value for role in TokenRole]
PATHS = json.loads(document())["paths"]
ROUTES = sorted((method.upper(), path) for path, methods in PATHS.items() for method in methods)
GUARDED = [each for each in ROUTES if each[1] not in ("/healthz", "/schema") and "/log/" not in each[1]]
QUERY = {"shown": "?to=B", "events": "?after=x"}  # a stream that is let in would not end
LET_IN = (200, 400, 422)  # an empty body is refused after who asks


def roles_in_the_docs():
    """By method and path, as the table of routes has them."""
    found, said = {}, set()
    for routes, roles in re.findall(r"^\| (`(?:GET|POST) .*?`) \| ([^|]*) \|", PAGE.read_text(), re.MULTILINE):
        named = {"all": set(ROLES), "anybody": {*ROLES, None}, "the same": said}
        said = named.get(roles, set(roles.split(", ")))
        for method, path in re.findall(r"`(GET|POST) ([^?`]*)", routes):
            found[method, path if path.startswith("/") else f"/arenas/{{arena}}/{path}"] = said
    return found


DOCS = roles_in_the_docs()


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    with closing(open_store(str(tmp_path_factory.mktemp("who") / "channel.db"))) as store:
        door = Door(store)
        store.create_arena("elsewhere", 1)
        with door.ajar(RateLimit(per_s=1e9, burst=1e9)):
            door.found(door.sequencer, answer_tick_ms=0)
            yield door
        door.stop()


def ask(door, method, path, headers, arena=ARENA):
    url = path.format(arena=arena, notice_id="0" * 32, tile="0/000.p/1") + QUERY.get(path.rpartition("/")[2], "")
    answer = door.http.request(method, url, headers=headers)
    return answer.status_code, answer.headers.multi_items(), answer.content


def test_the_docs_name_every_route_and_no_other():
    assert set(DOCS) == set(ROUTES)


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_what_the_docs_say_and_otherwise_nothing_is_there(door, method, path, role):
    headers = door.headers("A", role)
    answer = ask(door, method, path, headers)
    nothing = ask(door, "GET", "/no/such/place", headers)
    of_another = ask(door, method, path, headers, arena="nowhere") if "{arena}" in path else nothing
    assert of_another == nothing
    if role not in DOCS[method, path] or path.endswith("/answer"):
        assert answer == nothing
    else:
        assert answer[0] in LET_IN, answer


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_no_token_opens_that_is_missing_unknown_expired_revoked_or_of_another_arena(door, method, path):
    now_us = door.store.now_us()
    revoked, kept = door.token(role="officer")
    door.store.revoke_token(kept.digest, now_us)
    expired, _ = door.token(valid_for_s=1, now_us=now_us - 10_000_000)
    bad = ["", "Bearer", "Basic QQ==", "Bearer detente_", f"Bearer {expired} x", "Bearer \x7f", f"bearer {'A' * 8_000}"]
    malformed = {ask(door, method, path, {"Authorization": each} if each else {})[2] for each in bad}
    assert len(malformed) == 1
    gone = [
        ask(door, method, path, {"Authorization": f"Bearer {t}"}) for t in (revoked, expired, "detente_" + "A" * 43)
    ]
    assert gone[0] == gone[1] == gone[2]
    assert gone[0][0] == 401
    assert json.loads(malformed.pop())["status"] == 401
    for role in ROLES:
        headers = door.headers("A", role, arena="elsewhere")
        assert ask(door, method, path, headers) == ask(door, "GET", "/no/such/place", headers)


@pytest.mark.parametrize("path", sorted({path for _, path in ROUTES}))
def test_another_method_is_answered_alike_whoever_asks_and_whatever_arena(door, path):
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
        told = {
            str(ask(door, method, path, headers, arena))
            for headers in ({}, door.headers("A", "officer"), door.headers("B", "board"))
            for arena in (ARENA, "nowhere")
        }
        assert len(told) == 1
