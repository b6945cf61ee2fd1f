"""Whatever another party or the host writes is shown as it was written: nothing of it runs, and nothing of it becomes part of a page."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import real_browser
from console_world import Demo, Officer

MARKUP = '"><img class=planted src=/planted onerror=alert(1)><script>alert(2)</script>{{7*7}}'
REFUSED = "Failed to load resource: the server responded with a status of 4"
PLACES = ["#/", "#/picture", "#/notice", "#/notice/flash", "#/messages", "#/messages/UNIFIL", "#/stop", "#/record", "#/watch", "#/wall"]  # fmt: skip
PLANTED = "() => document.querySelectorAll('.planted, [onerror], script:not([src]), iframe, object, embed').length"
ROUTES = re.compile(r"/arenas/levant/(open|watch|calls|drills|entries|outlets|claims|rules|notices|screenings)")
KEPT = {
    "envelope",
    "cursor",
    "id",
    "notice_id",
    "kind",
    "host_key",
    "key",
    "digest",
    "stage",
    "answer",
    "payload",
    "of",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("hostile") / "demo")
    demo.start()
    yield demo
    demo.kill()


@pytest.fixture(scope="module")
def browser():
    with real_browser.launched() as launched:
        yield launched


@pytest.fixture(scope="module")
def victim(browser, demo):
    officer = Officer(browser, demo, "RUS_MOD")
    officer.page.on(
        "dialog", lambda dialog: (officer.complaints.append(f"a dialog: {dialog.message}"), dialog.dismiss())
    )
    return officer


@pytest.fixture(scope="module")
def attacked(browser, demo, victim):
    """Another party has written markup wherever it may write."""
    unifil = Officer(browser, demo, "UNIFIL")
    unifil.go("#/notice")
    unifil.write(f"Title {MARKUP}", activity="surface_operation")
    unifil.page.get_by_label("Reference").fill(MARKUP[:60])
    unifil.page.get_by_label("What RUS_MOD is told").select_option("full")
    unifil.send()
    unifil.go("#/messages/RUS_MOD")
    unifil.page.get_by_label("Write to the officers of RUS_MOD").fill(f"Words {MARKUP}")
    unifil.page.get_by_role("button", name="Send").click()
    unifil.page.get_by_role("link", name="Ask to stop").click()
    unifil.page.get_by_label("RUS_MOD").check()
    unifil.page.get_by_label("Where", exact=True).fill(f"Place {MARKUP}")
    unifil.page.get_by_label("What they should cease").fill(f"Cease {MARKUP}")
    unifil.page.get_by_role("button", name="Ask 1 party to stop").click()
    victim.page.locator("a.row-link", has_text="UNIFIL asks us to cease").first.wait_for()
    victim.page.locator("a.row-link", has_text="Title").first.wait_for()
    return unifil


def check(officer, place):
    """Chromium complains of an answer that is a refusal, too; of nothing else may it."""
    officer.page.wait_for_timeout(500)
    assert officer.page.evaluate(PLANTED) == 0, place
    assert [said for said in officer.complaints if not said.startswith(REFUSED)] == [], place
    assert not any("planted" in urlsplit(url).path for url in officer.urls), place


def test_nothing_another_party_wrote_runs_on_any_page(victim, attacked):
    victim.go("#/")
    rows = victim.page.locator("a.row-link").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    seen = ""
    for place in [*PLACES, *rows]:
        victim.go(place)
        check(victim, place)
        seen += victim.page.locator("body").inner_text()
    for field in ("Title", "Words", "Place", "Cease"):
        assert f"{field} {MARKUP}" in seen, field


def test_nothing_of_what_it_signs_itself_runs_with_its_writer(attacked):
    for place in PLACES:
        attacked.go(place)
        check(attacked, place)


def altered(told, name=""):
    """What the host says by itself, with markup in every text that no signature covers and nothing is looked up by."""
    if isinstance(told, dict):
        return {key: altered(value, key) for key, value in told.items()}
    if isinstance(told, list):
        return [altered(each, name) for each in told]
    return MARKUP if isinstance(told, str) and name not in KEPT else told


def test_nothing_the_host_says_by_itself_runs_on_any_page(victim, attacked):
    altered_routes = set()

    def answer(route):
        given = route.fetch()
        if given.ok and given.headers.get("content-type", "").startswith("application/json"):
            altered_routes.add(ROUTES.search(route.request.url)[1])
            route.fulfill(response=given, json=altered(given.json()))
        else:
            route.fulfill(response=given)

    victim.page.route(ROUTES, answer)
    victim.page.reload()
    victim.page.locator(".frame").wait_for()
    for place in PLACES:
        victim.go(place)
        check(victim, place)
    assert {"open", "watch"} <= altered_routes
    victim.page.unroute(ROUTES)


def test_nothing_in_a_file_or_in_its_name_runs_when_it_is_read(victim, attacked):
    properties = {"name": f"File {MARKUP}", "title": MARKUP, "description": MARKUP, "reference": MARKUP}
    ring = [[35.0, 34.0], [35.1, 34.0], [35.1, 34.1], [35.0, 34.0]]
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    content = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    victim.page.reload()
    victim.go("#/notice")
    for name in (f"{MARKUP.replace('/', '_')}.geojson", f"{MARKUP.replace('/', '_')}.nothing"):
        file = {"name": name, "mimeType": "application/geo+json", "buffer": content}
        victim.page.locator(".panel input[type=file]").first.set_input_files(file)
        victim.page.wait_for_timeout(1_000)
        check(victim, name)


def test_the_pages_are_built_of_no_markup_in_text():
    sources = (Path(__file__).parents[2] / "web" / "src").rglob("*")
    means = re.compile(r"\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment")
    assert [path.name for path in sources if path.is_file() and means.search(path.read_text("utf-8"))] == []
