"""The console without a mouse: signed in, a notice written with typed coordinates, signed and sent, by the keyboard alone."""

import pytest

import real_browser
from console_world import PASSPHRASE, Demo

NAME = """() => {
  const at = document.activeElement;
  const labels = [...(at.labels ?? [])].map((each) => each.innerText).join(" ");
  return (at.getAttribute("aria-label") || labels || at.innerText || at.title || at.tagName).trim().replace(/\\s+/g, " ");
}"""
MOST_TABS = 120


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("keyboard") / "demo")
    demo.start()
    yield demo
    demo.kill()


@pytest.fixture(scope="module")
def page(browser, demo):
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
    page.set_default_timeout(30_000)
    page.goto(demo.url)
    return page


@pytest.fixture(scope="module")
def browser():
    with real_browser.launched() as launched:
        yield launched


def tab_to(page, name, exact=False):
    """Tabs on until what is called so has the focus, which is then to be seen."""
    passed = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(NAME))
        if passed[-1] == name if exact else passed[-1].startswith(name):
            style = "getComputedStyle(document.activeElement)"
            assert page.evaluate(f"{style}.outlineStyle !== 'none' || {style}.boxShadow !== 'none'"), f"{name}: unseen"
            return
    pytest.fail(f"{name!r} is not reached by Tab, only {passed}")


def type_into(page, name, text, exact=False):
    tab_to(page, name, exact)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_a_notice_is_written_and_sent_by_the_keyboard_alone(page, demo):
    with page.expect_file_chooser() as chosen:
        page.get_by_text("detente party pass").wait_for()
        for _ in range(MOST_TABS):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.type") == "file":
                break
        page.keyboard.press("Enter")
    chosen.value.set_files(demo.folder / "ISR_IDF.pass")
    page.get_by_label("Passphrase of the key").wait_for()
    if page.evaluate("document.activeElement.type") != "password":
        tab_to(page, "Passphrase of the key")
    page.keyboard.type(PASSPHRASE)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Needs you now").wait_for()

    tab_to(page, "New notice")
    page.keyboard.press("Enter")
    page.get_by_label("What you will do").wait_for()
    tab_to(page, "What you will do")
    page.keyboard.type("Live fire")
    type_into(page, "Title", "Typed by hand")
    type_into(page, "Centre", "353000N 0354800E")
    type_into(page, "Radius", "5 km")
    type_into(page, "From altitude", "SFC")
    type_into(page, "To altitude", "FL300")
    type_into(page, "From", "now", exact=True)
    type_into(page, "To", "2359Z", exact=True)
    tab_to(page, "Sign and send")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    if not page.evaluate(NAME).startswith("Sign and send"):
        tab_to(page, "Sign and send")
    page.keyboard.press("Enter")
    page.locator(".panel").get_by_text("Our notice", exact=True).wait_for()
    page.get_by_role("heading", name="Typed by hand").wait_for()
