"""The console, for everybody: axe finds nothing against WCAG 2.2 AA on any page, light and dark, wide and narrow, in either direction of writing."""

from pathlib import Path

import pytest

import real_browser
from console_world import Demo, Officer

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PLACES = [
    "#/",
    "#/picture",
    "#/notice",
    "#/notice/flash",
    "#/messages",
    "#/claims",
    "#/stop",
    "#/record",
    "#/watch",
    "#/wall",
]
LOOKS = [
    ("light", "en", 1440, 900),
    ("dark", "en", 1440, 900),
    ("dark", "ar", 390, 844),
    ("light", "he", 390, 844),
    ("light", "ru", 1024, 768),
]
RUN = """async () => {
  const told = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
  return told.violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("access") / "demo", is_empty=False)
    demo.start()
    yield demo
    demo.kill()


@pytest.fixture(scope="module")
def browser():
    with real_browser.launched() as launched:
        yield launched


@pytest.fixture(scope="module")
def officer(browser, demo):
    return Officer(browser, demo, "RUS_MOD", bypass_csp=True)  # axe is put into the page by the test


def look(page, scheme, language, width, height):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(
        "language => localStorage.setItem('detente.settings', JSON.stringify({ language, theme: 'auto' }))", language
    )
    page.reload()
    page.locator(".frame").wait_for()


def found(page):
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text("utf-8"))
    return page.evaluate(RUN)


@pytest.mark.parametrize("given", LOOKS, ids=lambda given: "-".join(map(str, given)))
def test_axe_finds_nothing_on_any_page(officer, given):
    page = officer.page
    officer.go("#/")
    look(page, *given)
    page.locator("a.row-link").first.wait_for()
    rows = page.locator("a.row-link").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    wrong = {}
    for place in [*PLACES, rows[0], rows[-1]]:
        officer.go(place)
        page.wait_for_timeout(400)
        if told := found(page):
            wrong[place] = told
    officer.go("#/")
    page.locator(".frame").wait_for()
    assert wrong == {}


def test_axe_finds_nothing_on_the_first_page(browser, demo):
    page = browser.new_context(bypass_csp=True).new_page()
    page.goto(demo.url)
    page.get_by_role("heading", name="Sign in").wait_for()
    assert found(page) == []
    page.get_by_role("button", name="I have no pass").click()
    assert found(page) == []
    page.get_by_role("button", name="Settings").click()
    assert found(page) == []
    page.evaluate("document.querySelector('dialog').append(document.createElement('img'))")
    assert any("image-alt" in line for line in found(page)), "axe would not have found anything"
