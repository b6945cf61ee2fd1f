"""Takes the README's pictures of the console from the real thing: a demo with its notices, in a real browser.

`python scripts/console_pictures.py` after `make web`; writes docs/img/console-*.png.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import real_browser  # noqa: E402 - from the tests, whose demo and officers these are
from console_world import Demo, Officer  # noqa: E402

OUT = ROOT / "docs" / "img"
SETTLED_MS = 3_500


def main() -> None:
    """Everything, one after the other."""
    with TemporaryDirectory() as folder:
        demo = Demo(Path(folder) / "demo", is_empty=False)
        demo.start()
        try:
            with real_browser.launched() as browser:
                officer = Officer(browser, demo, "RUS_MOD")
                _desk(officer)
                _phone(officer)
        finally:
            demo.kill()


def _desk(officer: Officer) -> None:
    page = officer.page
    _at_the_strike(page)
    page.locator("a.row-link", has_text="live fire").first.click()
    _take(page, "console")
    page.emulate_media(color_scheme="dark")
    _take(page, "console-dark")


def _phone(officer: Officer) -> None:
    page = officer.page
    page.set_viewport_size({"width": 390, "height": 844})
    officer.go("#/")
    page.emulate_media(color_scheme="light")
    _take(page, "console-phone")
    page.evaluate("localStorage.setItem('detente.settings', JSON.stringify({ language: 'ar' }))")
    page.reload()
    page.locator(".frame").wait_for()
    page.emulate_media(color_scheme="dark")
    _take(page, "console-phone-arabic")


def _at_the_strike(page: object) -> None:
    """Half an hour on, where most is active."""
    slider = page.get_by_role("slider")  # type: ignore[attr-defined]
    slider.focus()
    for _ in range(6):
        slider.press("ArrowRight")


def _take(page: object, name: str) -> None:
    page.wait_for_timeout(SETTLED_MS)  # type: ignore[attr-defined]
    page.screenshot(path=OUT / f"{name}.png")  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
