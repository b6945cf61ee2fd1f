"""How long a frame of the console's picture takes while somebody drags time along, with ten thousand volumes active.

The fixture page web/fixtures/picture, built as it would be shipped, in a headless Chromium that draws without a graphics card. Twenty thousand volumes of
twelve hours begin at any minute of a day, so that some ten thousand are active at each moment; every frame goes one minute on, which makes about
fourteen appear and fourteen go. Beside it the same with a hundred, which is what the browser takes on this machine anyway.

    python -m bench.picture
"""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from scripts import web
from tests.real_browser import chromium

BUILT: Final = web.WEB / "dist-fixtures"
FRAMES: Final = 60
FLAGS: Final = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)
COUNTS: Final = (200, 20_000)
LASTING_H: Final = 12
SETTLES_MS: Final = 5_000

SCRUB: Final = """async (frames) => {
  const moment = fixture.timeUs();
  const at = [];
  for (let frame = 0; frame <= frames; frame += 1) {
    at.push(await new Promise(requestAnimationFrame));
    fixture.at(moment + frame * 60_000_000);
  }
  return at.slice(1).map((ms, frame) => ms - at[frame]);
}"""


def measured(say: Callable[[str], None], frames: int = FRAMES) -> list[dict[str, Any]]:
    """One row a number of volumes: milliseconds from frame to frame."""
    from playwright.sync_api import sync_playwright

    rows = []
    with served(BUILT) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for count in COUNTS:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{base}/picture/index.html?count={count}&lasting={LASTING_H}")
            page.wait_for_selector("canvas")
            page.wait_for_timeout(SETTLES_MS)
            took = page.evaluate(SCRUB, frames)
            page.close()
            rows.append({"active": count // 2, "median_ms": median(took), "p95_ms": quantiles(took, n=20)[-1]})
            say(
                f"{count // 2} active: median frame {rows[-1]['median_ms']:.1f} ms, 95 % within {rows[-1]['p95_ms']:.1f} ms"
            )
        browser.close()
    return rows


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder over HTTP on this machine, at the address it gives."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves modules as what browsers take for modules, and says nothing."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing."""


def main() -> None:
    """Builds the page and times it."""
    npm = web.npm_command()
    web.install(npm)
    web.run(npm, "exec", "--", "vite", "build", "--config", "fixtures/vite.config.ts", "--logLevel", "warn")
    measured(print)


if __name__ == "__main__":
    main()
