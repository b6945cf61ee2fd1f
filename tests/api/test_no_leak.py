"""Nothing that was not released to a party shows in anything it can ask: not in content, counts, errors, sizes, headers or order."""

import json
from dataclasses import replace
from itertools import takewhile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channel_world import ARENA, FULL, NONE
from detente.channel.acts import MessageBody, ReceiptBody, ResponseBody, StopBody
from detente.channel.bundle import CarriedSubmission, write_submissions
from detente.channel.forms import plain, volume_form
from detente.channel.views import make_view, same_to_the_recipient
from detente.domain import ReceiptStage, ReleaseLevel, ResponseKind
from detente.record.envelope import to_json
from hostile_world import ROLES, SECOND_US, Reader, a_world, founded
from sequencer_world import GRIDS, plan

GENERAL, EXISTENCE = ReleaseLevel.GENERAL, ReleaseLevel.EXISTENCE
EVENTS = "/arenas/{arena}/events"


@pytest.fixture(scope="module")
def beginning(tmp_path_factory):
    return founded(tmp_path_factory.mktemp("founded"))


# ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────────
# B watches. A and C do what both worlds have in common, and in the second world more, which B must not notice.


def moved(notice, metres):
    """The same plan a few metres further on, another title: what B is told of it stays the same, or it is not moved."""
    other = replace(plan(notice.party, notice.reference, km_north=metres / 1000.0), title=f"secret {metres}")

    def told(each, level):
        return make_view(each, level, GRIDS, recipient="B", view_id="0" * 32, version=1, commitment="0" * 64)

    alike = all(same_to_the_recipient(told(notice, level), told(other, level)) for level in (GENERAL, EXISTENCE))
    return other if alike else replace(notice, title=f"secret {metres}")


def a_tells(world, hidden, k, level, metres):
    """A gives, or amends, a notice of which B is told in general: more exactly, and to C too, in the world that hides."""
    notice = plan("A", f"N{k}")
    levels = {"B": level}
    if hidden:
        notice, levels = moved(notice, metres), levels | {"C": FULL}
    return world.post("A", world.parties["A"].submission(notice, levels))


def a_cancels(world, hidden, k, level, metres):
    if f"N{k}" in world.parties["A"].notices:
        world.post("A", world.parties["A"].cancellation(f"N{k}"))


def a_asks_b_to_stop(world, hidden, k, level, metres):
    world.post("A", [world.parties["A"].sign("stop", "B", StopBody(f"{k}" * 32, "there", "cease"))])


def a_writes_to_b(world, hidden, k, level, metres):
    world.post("A", [world.parties["A"].sign("message", "B", MessageBody(f"{k}" * 32, "to B"))])


def c_tells_b(world, hidden, k, level, metres):
    world.post("C", world.parties["C"].submission(plan("C", f"C{k}", km_north=1.0), {"B": level, "A": NONE}))


def b_submits(world, hidden, k, level, metres):
    world.post("B", world.parties["B"].submission(plan("B", f"B{k}", km_north=0.5), {"A": GENERAL}))


def b_answers(world, hidden, k, level, metres):
    held = world.parties["A"].notices.get(f"N{k}")
    if held:
        view, client = held.views["B"], world.parties["B"]
        said = ReceiptBody(view.view_id, view.version, ReceiptStage.ACKNOWLEDGED, officer="night watch")
        world.post("B", [client.sign("receipt", "A", said)])
        world.post("B", [client.sign("response", "A", ResponseBody(view.view_id, view.version, ResponseKind.QUERIED))])


def time_passes(world, hidden, k, level, metres):
    world.until(world.clock.now_us + (k + 1) * 301 * SECOND_US)


IN_BOTH = (
    a_tells,
    a_tells,
    a_tells,
    a_cancels,
    a_asks_b_to_stop,
    a_writes_to_b,
    c_tells_b,
    b_submits,
    b_submits,
    b_answers,
    time_passes,
)


def a_plans_what_b_is_not_told(world, k, metres):
    world.post("A", world.parties["A"].submission(plan("A", f"H{k}", km_north=0.4), {"C": FULL}))


def a_tells_nobody(world, k, metres):
    world.post("A", world.parties["A"].submission(plan("A", f"S{k}"), {}))


def a_amends_what_b_does_not_see(world, k, metres):
    held = world.parties["A"].notices.get(f"N{k}")
    if held:
        levels = {name: view.level for name, view in held.views.items()}
        world.post("A", world.parties["A"].submission(moved(plan("A", f"N{k}"), metres), levels))


def a_cancels_what_b_was_not_told(world, k, metres):
    if f"H{k}" in world.parties["A"].notices:
        world.post("A", world.parties["A"].cancellation(f"H{k}"))


def a_and_c_write_and_ask_each_other_to_stop(world, k, metres):
    world.post("A", [world.parties["A"].sign("message", "C", MessageBody(f"{k}" * 32, "to C"))])
    world.post("C", [world.parties["C"].sign("stop", "A", StopBody(f"{k}" * 32, "there", "cease"))])


def c_tells_a(world, k, metres):
    world.post("C", world.parties["C"].submission(plan("C", f"P{k}", km_north=0.2), {"A": FULL}))


def c_answers_a(world, k, metres):
    for held in world.parties["A"].notices.values():
        if "C" in held.views:
            view = held.views["C"]
            said = ReceiptBody(view.view_id, view.version, ReceiptStage.ACKNOWLEDGED, officer="watch")
            world.post("C", [world.parties["C"].sign("receipt", "A", said)])


def a_is_refused(world, k, metres):
    client = world.parties["A"]
    before = dict(client.last)
    assert world.post("A", [client.sign("message", "nobody", MessageBody("1" * 32, "x"))]).status_code == 422
    client.last = before


HIDDEN = (
    a_plans_what_b_is_not_told,
    a_tells_nobody,
    a_amends_what_b_does_not_see,
    a_cancels_what_b_was_not_told,
    a_and_c_write_and_ask_each_other_to_stop,
    c_tells_a,
    c_answers_a,
    a_is_refused,
)
STEP = st.one_of(
    st.tuples(st.sampled_from(IN_BOTH), st.integers(0, 1), st.sampled_from([GENERAL, EXISTENCE]), st.integers(1, 5)),
    st.tuples(st.sampled_from(HIDDEN), st.integers(0, 1), st.none(), st.integers(1, 5)),
)


AT_ONCE = (
    b_submits,
    b_answers,
    time_passes,
    a_asks_b_to_stop,
)  # a STOP shows at once, and when it was asked is no secret


def play(world, steps, *, hides):
    """Everything between one tick and the next, a step a tick; in the world that hides, others act later within it."""
    tick = world.clock.now_us // SECOND_US
    for number, (step, k, level, metres) in enumerate(steps):
        acts_alike = step in AT_ONCE or not hides
        world.until((tick + 1) * SECOND_US + (200_000 if acts_alike else 700_000))
        for party in "ABC":
            world.draw(party, f"{number}")
        if step not in HIDDEN:
            step(world, hides, k, level, metres)
        elif hides:
            step(world, k, metres)
        tick = world.clock.now_us // SECOND_US
    world.until((world.clock.now_us // SECOND_US + 1) * SECOND_US + 200_000)


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────────────

# What to ask for under each name that a query may have: what there is, what there is not, what is another's, and nonsense.
VALUES = {
    "limit": ["1", "500", "0"],
    "after": ["x", "A" * 64],
    "announced_after": ["x"],
    "at": ["2018-09-17T12:01:02Z", "2018-09-17T10:00:00Z", "yesterday"],
    "since": ["2018-09-17T12:01:02Z"],
    "until": ["2018-09-17T12:01:02Z"],
    "to": ["A", "B", "C", "nobody", "|"],
    "from": ["A", "B", "C", "host", "nobody"],
    "kind": ["view", "notice", "message", "stop", "passed", "disclose", "x"],
    "opening": ["0" * 32, "x"],
    "name": ["plans.csv"],
    "about": ["{hidden}", "{shown}", "0" * 32, "x"],
    "Last-Event-ID": ["x"],
}


def routes(reader):
    """Every route and its parameters, as the server's own document has them."""
    paths = json.loads(reader.served.http.get("/schema").content)["paths"]
    return [
        (path, method, told)
        for path, methods in sorted(paths.items())
        for method, told in sorted(methods.items())
        if "/log/"
        not in path  # what it tells anybody is how many entries there are, and when they came: docs/record.md
    ]


def urls(path, told, ids):
    """Where a route is: as many places as its path has names for."""
    places = [each["name"] for each in told.get("parameters", []) if each["in"] == "path" and each["name"] != "arena"]
    assert places in ([], ["notice_id"]), f"say what to ask of {path}"
    return [path.format(arena=ARENA, notice_id=each) for each in ([*ids.values(), "x"] if places else [""])]


def queries(told, ids):
    """A plain question, and one for each value of each parameter; required ones always stand."""
    parameters = [each for each in told.get("parameters", []) if each["in"] == "query"]
    always = {each["name"]: VALUES[each["name"]][0] for each in parameters if each["required"]}
    yield always
    for each in parameters:
        for value in VALUES[each["name"]]:
            yield always | {each["name"]: value.format(**ids)}
    yield {"nonsense": "1"}


def bodies(world, name, ids):
    """What a recipient may send that is refused, or that only tells it what it knows; by route. A new route has to be added here."""
    client, before = world.parties["B"], dict(world.parties["B"].last)

    def acts(*each):
        client.last = dict(before)
        return [to_json(client.sign(*one)).decode() for one in each]

    def receipt(to, about):
        return ("receipt", to, ReceiptBody(ids[about], 1, ReceiptStage.ACKNOWLEDGED, officer="watch"))

    submissions = [
        acts(receipt(to, about)) for to in ("A", "C", "nobody") for about in ("hidden", "shown_to_c", "stopped", "none")
    ] + [
        acts(("response", "A", ResponseBody(ids["shown_to_c"], 1, ResponseKind.OBJECTED))),
        acts(("stop", "A", StopBody(ids["stopped"], "there", "cease", lifted=True))),
        acts(("message", "nobody", MessageBody("1" * 32, "x"))),
        ["{}"],
    ]
    client.last = before
    asked = [{"submission": f"{number:032x}", "acts": each} for number, each in enumerate(submissions, 1)]

    def carried(party):
        files = tuple(CarriedSubmission(each["submission"], tuple(each["acts"])) for each in asked[:4])
        return write_submissions(ARENA, party, files)

    return {
        "submissions": [json.dumps(each).encode() for each in asked] + [b"", b"[]"],
        "bundles": [carried("B"), carried("C"), carried("nobody"), b"{}"],
        "screenings": [*map(draft, (0.0, 0.4, 3.0, 4.0, 50.0)), b"{}"],
        "readings": [b"", b"reference,position\nX,35N 36E\n"],
        "members": [b"{}", json.dumps({"name": "B", "kind": "operator", "statements": []}).encode()],
    }[name]


def draft(km_north):
    """A plan that B asks about, and tells nobody of."""
    volumes = [plain(volume_form(each)) for each in plan("B", km_north=km_north).volumes]
    return json.dumps({"activity": "air_operation", "volumes": volumes}).encode()


def ids_of(hiding):
    """What exists in the world that hides alone, and is asked about in both."""
    notices = hiding.parties["A"].notices
    secret = [held for reference, held in sorted(notices.items()) if "B" not in held.views]
    for_c = [held.views["C"].view_id for _, held in sorted(notices.items()) if "C" in held.views]
    shown = [held.views["B"].view_id for _, held in sorted(notices.items()) if "B" in held.views]
    return {
        "hidden": secret[0].notice_id if secret else "e" * 32,
        "shown_to_c": for_c[0] if for_c else "f" * 32,
        "own": next((held.notice_id for held in hiding.parties["B"].notices.values()), "b" * 32),
        "shown": shown[0] if shown else "d" * 32,
        "stopped": "0" * 32,
        "none": "c" * 32,
    }


def asked_of(reader, path, url, method, told, ids):
    """Everything there is to ask at one place, and what is near it."""
    found = {}
    if method == "post":
        for number, body in enumerate(bodies(reader.served, told["operationId"], ids)):
            for role in ROLES:
                found[url, role, number] = reader.ask("POST", url, role=role, content=body)
    elif path != EVENTS:
        for query in queries(told, ids):
            found[url, str(query)] = reader.ask("GET", url, params=query)
        for role in ROLES:
            found |= all_pages(reader, url, role)
    for other in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"):
        found[url, other] = reader.ask(other, url)
    for near in () if path == EVENTS else (url + "/", url + "/x", url.replace(ARENA, "nowhere"), url.upper()):
        found[near] = reader.ask(method.upper(), near)
    return found


def everything_asked(reader, ids):
    """What is answered to each question, by what was asked; a refused write changes nothing, so all are asked of one state."""
    found = {}
    for path, method, told in routes(reader):
        for url in urls(path, told, ids):
            found |= asked_of(reader, path, url, method, told, ids)
    pages = found[f"/arenas/{ARENA}/inbox", "officer", "pages"]
    number = sum(len(page["content"]["postings"]) for page in pages)
    found["events"] = reader.events(number)
    found["no events"] = reader.events(0, after="x")
    for answer in found.values():
        if isinstance(answer, dict):
            answer.pop("cursor", None)
    return found


def all_pages(reader, url, role):
    """Page after page, two at a time, where there are pages."""
    pages, query = [], {"limit": "2"}
    while True:
        page = reader.ask("GET", url, role=role, params=query)
        cursor = page.pop("cursor")
        pages.append(page)
        content = page["content"] if isinstance(page["content"], dict) else {}
        is_last = not any(content.get(name) for name in content if isinstance(content.get(name), list))
        if page["status"] != 200 or cursor is None or cursor == query.get("after") or is_last:
            return {(url, role, "pages"): pages, (url, role, "all"): [p for page in pages for p in _listed(page)]}
        query["after"] = cursor


def _listed(page):
    content = page["content"]
    return (
        [item for value in content.values() if isinstance(value, list) for item in value]
        if isinstance(content, dict)
        else []
    )


def differences(one, other):
    """What was answered differently: each question, with both answers from shortly before they part."""
    assert one.keys() == other.keys()
    return [f"{asked}: {_where(str(one[asked]), str(other[asked]))}" for asked in one if one[asked] != other[asked]]


def _where(one, other):
    parts_at = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return f"{one[max(0, parts_at - 200) : parts_at + 100]} / {other[parts_at : parts_at + 100]}"


def compared(folder, beginning, steps):
    with a_world(folder, "plain", beginning) as bare, a_world(folder, "hiding", beginning) as hiding:
        play(bare, steps, hides=False)
        play(hiding, steps, hides=True)
        assert bare.clock.now_us == hiding.clock.now_us
        ids = ids_of(hiding)
        return everything_asked(Reader(bare, "B"), ids), everything_asked(Reader(hiding, "B"), ids)


ONE_OF_EACH = [
    (b_submits, 0, GENERAL, 1),
    *[(each, k, None, 3) for each in HIDDEN for k in (0, 1)],
    *[(each, k, level, 3) for each in dict.fromkeys(IN_BOTH) for k, level in ((0, GENERAL), (1, EXISTENCE)) if each is not time_passes],
    *[(each, k, None, 4) for each in HIDDEN for k in (0, 1)],
    (a_tells, 0, GENERAL, 2),
    (b_submits, 1, GENERAL, 2),
    (time_passes, 1, GENERAL, 1),
]  # fmt: skip


def test_what_was_not_released_shows_in_no_answer_of_any_route(tmp_path, beginning):
    one, other = compared(tmp_path, beginning, ONE_OF_EACH)
    assert differences(one, other) == []
    told = {posting["kind"] for posting in one[f"/arenas/{ARENA}/inbox", "officer", "all"]}
    assert told >= {"view", "answer", "cancel", "message", "stop", "passed", "propose", "sign"}


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=3, max_size=12))
def test_nor_after_any_course_of_events(tmp_path_factory, beginning, steps):
    one, other = compared(tmp_path_factory.mktemp("worlds"), beginning, steps)
    assert differences(one, other) == []


def test_the_comparison_would_notice(tmp_path, beginning):
    """What B was told by one metre more, one act more to it, or one character more in a title it may read, is a difference."""
    for step, level in ((a_tells, FULL), (a_writes_to_b, GENERAL)):
        folder = tmp_path / step.__name__
        folder.mkdir()
        with a_world(folder, "plain", beginning) as bare, a_world(folder, "hiding", beginning) as hiding:
            play(bare, [(step, 0, level, 1)] if step is a_tells else [], hides=False)
            play(hiding, [(step, 0, level, 1)], hides=True)
            bare.until(max(bare.clock.now_us, hiding.clock.now_us))
            ids = ids_of(hiding)
            assert differences(everything_asked(Reader(bare, "B"), ids), everything_asked(Reader(hiding, "B"), ids))
