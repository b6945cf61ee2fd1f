"""A desk in a real browser against a server that dies, and against a host that forges, repeats and tells twice: nothing is lost, doubled or believed."""

import json
import re
from base64 import b64decode, b64encode

import pytest

import real_browser
from console_world import Demo, Officer

ASKED = """async ([party, route]) => {
  const open = indexedDB.open(`detente/levant/${party}`);
  const db = await new Promise((good) => (open.onsuccess = () => good(open.result)));
  const membership = db.transaction("membership").objectStore("membership").get("own");
  const { token } = await new Promise((good) => (membership.onsuccess = () => good(membership.result)));
  db.close();
  return (await fetch(`/arenas/levant/${route}`, { headers: { authorization: `Bearer ${token}` } })).json();
}"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("served") / "demo")
    demo.start()
    yield demo
    demo.kill()


@pytest.fixture(scope="module")
def browser():
    with real_browser.launched() as launched:
        yield launched


@pytest.fixture(scope="module")
def russia(browser, demo):
    return Officer(browser, demo, "RUS_MOD")


@pytest.fixture(scope="module")
def unifil(browser, demo):
    return Officer(browser, demo, "UNIFIL")


def asked(officer, route):
    return officer.page.evaluate(ASKED, [officer.party, route])


def write_to(officer, party, words):
    officer.go(f"#/messages/{party}")
    officer.page.get_by_label(f"Write to the officers of {party}").fill(words)
    officer.page.get_by_role("button", name="Send").click()
    officer.page.get_by_text(words).first.wait_for()


def shown_once(page, words):
    page.get_by_text(words, exact=True).first.wait_for()
    page.wait_for_timeout(1_500)
    assert page.get_by_text(words, exact=True).count() == 1


def event(posting):
    return f"id: {posting['cursor']}\nevent: {posting['kind']}\ndata: {json.dumps(posting)}\n\n"


def told_first(page, body):
    """The next stream that the page opens tells this, and breaks off; those after it are the server's own."""
    told = []

    def answer(route):
        if told:
            route.fallback()
            return
        told.append(route.request.headers.get("last-event-id"))
        route.fulfill(status=200, content_type="text/event-stream", body=body)

    page.route("**/arenas/levant/events", answer)
    page.reload()
    page.get_by_text("Line is up").wait_for()
    return told


def test_words_said_while_the_server_is_killed_and_started_again_come_once_without_a_reload(demo, russia, unifil):
    russia.go("#/messages/UNIFIL")
    write_to(unifil, "RUS_MOD", "Before the fall.")
    shown_once(russia.page, "Before the fall.")
    demo.kill()
    russia.page.get_by_text(re.compile("^▲ No line")).wait_for(timeout=60_000)
    demo.start()
    russia.page.get_by_text("Line is up").wait_for(timeout=60_000)
    write_to(unifil, "RUS_MOD", "After the fall.")
    shown_once(russia.page, "After the fall.")
    shown_once(russia.page, "Before the fall.")


def test_a_reload_goes_on_from_what_was_told_before(russia):
    at = asked(russia, "inbox?limit=500")["postings"][-1]["cursor"]
    places = told_first(russia.page, ": nothing\n\n")
    russia.go("#/messages/UNIFIL")
    shown_once(russia.page, "Before the fall.")
    assert places == [at]


def test_postings_that_a_host_repeats_are_taken_once(russia):
    postings = asked(russia, "inbox?limit=500")["postings"]
    elsewhere = [{**each, "cursor": f"again-{n}"} for n, each in enumerate(postings)]
    told_first(russia.page, "".join(event(each) for each in [*postings, *elsewhere, *postings]))
    russia.go("#/messages/UNIFIL")
    shown_once(russia.page, "Before the fall.")
    shown_once(russia.page, "After the fall.")


def test_a_forged_posting_and_one_that_cannot_be_read_are_shown_and_gone_past_and_stay_shown(russia, unifil):
    postings = asked(russia, "inbox?limit=500")["postings"]
    message = next(each for each in postings if each["kind"] == "message")
    envelope = json.loads(message["payload"]["envelope"])
    act = b64decode(envelope["payload"]).replace(b"Before", b"Beyond")
    envelope["payload"] = b64encode(act).decode()
    forged = {**message, "cursor": "forged", "payload": {**message["payload"], "envelope": json.dumps(envelope)}}
    told_first(russia.page, event(forged) + "id: unread\nevent: view\ndata: [not json\n\n")
    russia.go("#/messages/UNIFIL")
    said = russia.page.locator("summary", has_text="NOT TO BE BELIEVED")
    said.wait_for()
    assert "2" in said.inner_text()
    write_to(unifil, "RUS_MOD", "After the forgery.")
    shown_once(russia.page, "After the forgery.")
    assert russia.page.get_by_text("Beyond the fall.").count() == 0
    russia.page.reload()
    said.wait_for()
    assert "2" in said.inner_text()


def test_two_tabs_of_one_officer_tell_the_sender_once_that_a_notice_is_there(browser, demo, russia, unifil):
    second = russia.context.new_page()
    second.goto(demo.url)
    second.get_by_text("Line is up").wait_for()
    unifil.go("#/notice")
    unifil.write("Patrol seen by two tabs", activity="surface_operation")
    unifil.page.get_by_label("What RUS_MOD is told").select_option("full")
    unifil.send()
    for page in (russia.page, second):
        page.evaluate("location.hash = '#/'")
        page.locator("a.row-link", has_text="Patrol seen by two tabs").first.wait_for()
    second.wait_for_timeout(3_000)
    entries = asked(russia, "entries?kind=receipt&from=RUS_MOD&limit=500")["entries"]
    bodies = [json.loads(b64decode(json.loads(each["payload"]["envelope"])["payload"]))["body"] for each in entries]
    delivered = [(each["id"], each["version"]) for each in bodies if each["stage"] == "delivered"]
    assert len(delivered) == len(set(delivered)) > 0
    second.close()
