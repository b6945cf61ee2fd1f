"""The HTTP door: who may, what is read, what is refused, and that it decides nothing of its own."""

import json
from secrets import token_bytes

import pytest

from channel_world import ARENA, FULL, Party
from detente.api.load import load_registry
from detente.api.tokens import RateLimit, TokenRole
from detente.channel.acts import KeysBody, MessageBody
from detente.channel.forms import form_from
from detente.channel.registry import Registry
from detente.client import read_announcement
from detente.client.answers import Announcement
from detente.record.envelope import to_json
from detente.record.key_history import Reason, Revocation, sign_statement
from detente.record.keys import SigningKey
from door_world import Door
from patience import wait_until
from sequencer_world import GRIDS, a_key, plan, statements_of

OFFICERS = {"officer", "duty_officer"}
READERS = OFFICERS | {"observer"}
ROUTES = {  # who may; an empty body is refused only after who asks
    ("GET", "inbox"): READERS,
    ("GET", "rules"): READERS | {"board", "host"},
    ("GET", "announcements"): READERS | {"board", "host"},
    ("GET", "sequences"): OFFICERS,
    ("GET", "views"): READERS,
    ("GET", "open"): READERS,
    ("GET", "watch"): READERS,
    ("GET", "drills"): READERS,
    ("GET", "calls"): READERS,
    ("GET", "outlets"): OFFICERS,
    ("GET", "history"): READERS,
    ("GET", "shown?to=B"): READERS,
    ("GET", "entries"): READERS,
    ("GET", "disclosures"): READERS,
    ("GET", "disclosed"): {"board"},
    ("GET", "bundle"): READERS,
    ("POST", "bundles"): READERS | {"board", "host"},
    ("POST", "submissions"): OFFICERS,
    ("POST", "screenings"): OFFICERS,
    ("POST", "readings?name=a.csv"): OFFICERS,
    ("POST", "members"): {"host"},
}


def test_from_members_to_a_conflict_that_both_read_through_http(door):
    door.found(door.sequencer)
    assert door.post("A", door.parties["A"].submission(plan("A"), {"B": FULL})).json()["answer"] == "CLEAR"
    assert door.post("B", door.parties["B"].submission(plan("B"), {"A": FULL})).json()["answer"] == "CONFLICT"
    told = wait_until(lambda: door.read_inbox("A"), lambda found: any(p["kind"] == "answer" for p in found))
    assert [p["payload"]["answer"] for p in told if p["kind"] == "answer"] == ["CONFLICT"]
    assert [p["payload"] for p in told] == door.inbox("A")
    assert len({p["cursor"] for p in told}) == len(told)
    (view,) = wait_until(lambda: door.get("views", "B").json(), lambda page: page["views"])["views"]
    assert view["sender"] == "A"
    assert json.loads(view["envelope"]) == json.loads(
        next(p["payload"]["envelope"] for p in door.read_inbox("B") if p["kind"] == "view")
    )


def test_the_same_submission_is_answered_the_same_and_another_under_its_id_refused(door):
    door.found(door.sequencer)
    acts = door.parties["A"].submission(plan("A"), {"B": FULL})
    answers = [door.post("A", acts, "0" * 32) for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    other = door.post("A", [door.parties["A"].sign("message", "B", MessageBody("1" * 32, "hello"))], "0" * 32)
    assert (other.status_code, other.json()["where"]) == (409, "submission")


def test_a_refused_act_says_which_and_where(door):
    door.found(door.sequencer)
    client = door.parties["A"]
    good = client.sign("message", "B", MessageBody("1" * 32, "one"))
    bad = client.sign("message", "B", MessageBody("1" * 32, ""))
    refused = door.post("A", [good, bad])
    assert (refused.status_code, refused.json()["where"]) == (422, "acts[1].body.text")
    assert refused.headers["content-type"].startswith("application/problem+json")


def test_a_stolen_token_speaks_for_nobody(door):
    door.found(door.sequencer)
    thief = Party("A", GRIDS)
    thief.key = SigningKey(token_bytes(32))
    refused = door.post("A", [thief.sign("message", "B", MessageBody("1" * 32, "hello"))])
    assert refused.status_code == 403
    refused = door.post("B", [door.parties["A"].sign("message", "B", MessageBody("1" * 32, "hello"))])
    assert refused.status_code == 403


def test_a_client_can_go_on_signing_from_what_sequences_say(door):
    door.found(door.sequencer)
    client = door.parties["A"]
    sent = client.sign("message", "B", MessageBody("1" * 32, "one"))
    door.post("A", [sent])
    told = door.get("sequences").json()["sequences"]
    assert {each["key"] for each in told} == {client.key.public.id}
    assert {(e["audience"], e["digest"]) for e in told} >= {("B", sent.digest), ("", client.last[""].digest)}


def test_the_rules_say_who_is_in_and_what_holds(door):
    before = door.get("rules").json()
    assert (before["members"], before["in_force"]) == ([], None)
    door.found(door.sequencer)
    after = door.get("rules", role="board").json()
    assert [m["name"] for m in after["members"]] == ["A", "B", "C"]
    assert after["rules"]["name"] == "U"
    assert after["proposals"] == []


def test_members_keys_and_rules_follow_from_the_announcements_alone(door):
    door.found(door.sequencer)
    registry, cursor = Registry.of(ARENA), None
    while found := (page := door.get("announcements", limit=2, **({"after": cursor} if cursor else {})).json())[
        "announcements"
    ]:
        for each in found:
            registry = read_announcement(form_from(each, Announcement), registry, door.host.key.public, arena=ARENA)
        cursor = page["cursor"]
    assert registry == load_registry(door.store, ARENA)
    assert registry.rules.name == "U"


def test_what_was_kept_is_answered_again_after_its_key_was_given_up(door):
    door.found(door.sequencer)
    client = door.parties["A"]
    acts, again = [client.sign("message", "B", MessageBody("1" * 32, "one"))], "7" * 32
    first = door.post("A", acts, submission=again)
    history = load_registry(door.store, ARENA).histories["A"]
    gone = history.next(Revocation(client.key.public.id, Reason.STOLEN, 2, None, ""), made_at_us=2)
    statement = to_json(sign_statement(gone, a_key("A root"))).decode()
    assert door.post("A", [client.sign("keys", "", KeysBody((statement,)))]).status_code == 200
    assert door.post("A", [client.sign("message", "B", MessageBody("1" * 32, "two"))]).status_code == 403
    assert door.post("A", acts, submission=again).json() == first.json()


def test_the_host_takes_a_party_in_once(door):
    body = {"name": "Z", "kind": "operator", "statements": list(statements_of("Z", SigningKey(b"z" * 32).public))}
    asked = {"url": f"/arenas/{ARENA}/members", "headers": door.headers(role="host"), "json": body}
    assert door.http.post(**asked).status_code == 200
    assert door.http.post(**asked).status_code == 422
    assert door.http.post(**asked | {"json": body | {"name": "host", "statements": []}}).status_code == 422


def test_a_cursor_of_another_party_is_refused(door):
    door.found(door.sequencer)
    page = wait_until(lambda: door.get("inbox", "A").json(), lambda page: page["postings"])
    refused = door.get("inbox", "B", after=page["cursor"])
    assert (refused.status_code, refused.json()["where"]) == (422, "query.after")


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "501"}, {"limit": "1e2"}, {"limit": "٣"}, {"more": "1"}, {"after": "x"}]
)
def test_a_query_is_read_strictly(door, query):
    assert door.get("inbox", **query).status_code == 422


@pytest.mark.parametrize(("method", "route"), ROUTES)
@pytest.mark.parametrize("role", [role.value for role in TokenRole])
def test_a_route_opens_to_its_roles_and_to_no_other(door, method, route, role):
    answer = door.http.request(method, f"/arenas/{ARENA}/{route}", headers=door.headers(role=role))
    nothing = door.http.request(method, "/arenas/nowhere/rules", headers=door.headers(role=role))
    if role in ROUTES[method, route]:
        assert answer.status_code in (200, 400)
    else:
        assert answer.status_code == 404
        assert method == "POST" or answer.content == nothing.content


@pytest.mark.parametrize(("method", "route"), [*ROUTES, ("GET", "events"), ("GET", f"notices/{'0' * 32}/answer")])
def test_no_route_of_an_arena_opens_without_a_token_for_it(door, method, route):
    now_us = door.store.now_us()
    revoked, kept = door.token()
    door.store.revoke_token(kept.digest, now_us)
    expired, _ = door.token(valid_for_s=1, now_us=now_us - 10_000_000)
    url = f"/arenas/{ARENA}/{route}"
    told = set()
    for text in (revoked, expired, "detente_" + "A" * 43):
        answer = door.http.request(method, url, headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == 401
        told.add(answer.content)
    assert len(told) == 1
    assert door.http.request(method, url).status_code == 401
    door.store.create_arena("elsewhere", 1)
    for role in TokenRole:
        foreign = door.headers(role=role.value, arena="elsewhere")
        assert door.http.request(method, url, headers=foreign).status_code == 404


def test_metrics_are_the_hosts_and_health_is_everybodys(door):
    assert door.http.get("/healthz").json() == {"status": "ok"}
    assert door.http.get("/metrics").status_code == 401
    assert door.http.get("/metrics", headers=door.headers()).status_code == 404
    text = door.http.get("/metrics", headers=door.headers(role="host")).text
    assert f'detente_entries{{arena="{ARENA}"}} 0' in text


def test_an_unknown_route_and_an_unknown_arena_look_the_same(door):
    headers = door.headers()
    assert (
        door.http.get("/nowhere", headers=headers).content == door.http.get("/arenas/x/rules", headers=headers).content
    )


def test_a_body_past_the_limit_is_refused(door):
    refused = door.http.post(f"/arenas/{ARENA}/submissions", headers=door.headers(), content=b" " * ((8 << 20) + 1))
    assert (refused.status_code, refused.json()["status"]) == (413, 413)


def test_one_token_has_its_share_and_no_more(store):
    door = Door(store)
    with door.ajar(RateLimit(per_s=0.001, burst=2.0)):
        headers = door.headers()
        answers = [door.http.get(f"/arenas/{ARENA}/rules", headers=headers) for _ in range(3)]
    door.stop()
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"]


def test_while_nobody_holds_the_lease_a_submission_is_not_answered_but_told_to_come_again(door):
    door.found(door.sequencer)
    door.sequencer.stop()
    refused = door.post("A", door.parties["A"].submission(plan("A"), {"B": FULL}))
    assert refused.status_code == 503
    assert refused.headers["retry-after"]
