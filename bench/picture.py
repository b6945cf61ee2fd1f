"""How long a frame of the console's picture takes while somebody drags time along, with ten thousand volumes active.

The fixture page web/fixtures/picture, built as it would be shipped, in a headless Chromium that draws without a graphics card. Twenty thousand volumes of
twelve hours begin at any minute of a day, so that some ten thousand are active at each moment; every frame goes one minute on, which makes about
fourteen appear and fourteen go. Beside it the same with a hundred, which is what the browser takes on this machine anyway.

    python -m bench.picture      # a minute; writes bench/PICTURE.md
"""

from __future__ import annotations

import functools
import http.server
import os
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from scripts import web
from tests.real_browser import chromium

BUILT: Final = web.WEB / "dist-fixtures"
FRAMES: Final = 60
FLAGS: Final = ("--no-sandbox",)  # what the browser does by itself without a graphics card: software all the way
FIRST_ROUNDS: Final = 5
FIRST: Final = """() => new Promise((done) => {
  const html = performance.getEntriesByType("navigation")[0].responseEnd;
  const look = () => {
    const [drawn] = performance.getEntriesByName("picture drawn");
    if (drawn) done(drawn.startTime - html);
    else setTimeout(look, 5);
  };
  look();
})"""
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
    """One row a number of volumes: milliseconds from the HTML to the first whole picture, and from frame to frame while time is moved."""
    from playwright.sync_api import sync_playwright

    rows = []
    with served(BUILT) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for count in COUNTS:
            address = f"{base}/picture/index.html?count={count}&lasting={LASTING_H}"
            first = []
            for _ in range(FIRST_ROUNDS):
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.goto(address)
                first.append(page.evaluate(FIRST))
                page.close()
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            page.evaluate(FIRST)
            page.wait_for_timeout(SETTLES_MS)
            took = page.evaluate(SCRUB, frames)
            page.close()
            rows.append(
                {
                    "active": count // 2,
                    "first_ms": median(first),
                    "median_ms": median(took),
                    "p95_ms": quantiles(took, n=20)[-1],
                }
            )
            row = rows[-1]
            say(
                f"{row['active']:,} active: first whole picture {row['first_ms']:,.0f} ms after the HTML; "
                f"median frame {row['median_ms']:.1f} ms, 95 % within {row['p95_ms']:.1f} ms"
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
    told = [
        "# The console's picture",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m bench.picture`: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, headless Chromium without a graphics card, so that all is drawn in software. Load before the run: {os.getloadavg()[0]:.1f}.",
        "",
        "Half of the volumes are active at a time. First: from the last byte of the HTML to the first frame in which ground and volumes show, median of five. Frame: from one to the next while time goes on by a minute a frame (aims: 2,000 ms; median 33 ms).",
        "",
        "| active | first, ms | frame, median ms | 95 % within, ms |",
        "|--:|--:|--:|--:|",
    ]
    for row in measured(print):
        told.append(f"| {row['active']:,} | {row['first_ms']:,.0f} | {row['median_ms']:.1f} | {row['p95_ms']:.1f} |")
    (web.WEB.parent / "bench" / "PICTURE.md").write_text("\n".join(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
