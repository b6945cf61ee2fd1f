"""A demo that can be killed and started again, and officers at browsers of their own."""

import os
import re
import signal
import subprocess
import sys

DETENTE = [sys.executable, "-c", "from detente.cli import main; main()"]
PASSPHRASE = "demo: not a secret"


class Demo:
    """`detente demo`, without notices unless asked, which can be killed and started again where it was."""

    def __init__(self, folder, *, is_empty=True):
        self.folder, self.port, self.process = folder, "0", None
        self.options = ["--empty"] if is_empty else []

    def start(self):
        command = [*DETENTE, "demo", *self.options, "--data", str(self.folder), "--port", self.port]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        lines = []
        while not lines or "docs/tour.md" not in lines[-1]:
            lines.append(self.process.stdout.readline())
            assert lines[-1], lines
        self.url = re.search(r"(http://\S+) is the console", "".join(lines))[1]
        self.port = self.url.rpartition(":")[2]

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


class Officer:
    """A party's officer at a browser of its own, and everything that this browser was told or complained of."""

    def __init__(self, browser, demo, party, **context):
        self.demo, self.party, self.complaints, self.urls, self.bodies = demo, party, [], [], []
        self.context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB", **context)
        self.context.set_default_timeout(30_000)
        self.page = self.context.new_page()
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda asked: self.urls.append(asked.url))
        self.page.on("response", self._heard)
        self.sign_in()

    def _heard(self, answer):
        if "/arenas/" in answer.url and not answer.url.endswith("/events"):
            self.bodies.append(answer)

    def sign_in(self):
        self.page.goto(self.demo.url)
        self.page.locator("input[type=file]").set_input_files(self.demo.folder / f"{self.party}.pass")
        self.page.get_by_label("Passphrase of the key").fill(PASSPHRASE)
        self.page.get_by_role("button", name="Open the console").click()
        self.page.get_by_role("heading", name="Needs you now").wait_for()

    def forgive_the_line(self):
        """A browser complains of each request that a lost line costs; of nothing else may it."""
        self.complaints = [
            said for said in self.complaints if not said.startswith("Failed to load resource: net::ERR_")
        ]

    def go(self, place):
        self.page.evaluate("place => { location.hash = place }", place)

    def write(self, title, centre="353000N 0354800E", lower="SFC", upper="FL300", activity="live_fire"):
        panel = self.page.locator(".panel")
        panel.get_by_label("What you will do").select_option(activity)
        panel.get_by_label("Title").fill(title)
        panel.get_by_label("Centre").fill(centre)
        panel.get_by_label("Radius").fill("5 km")
        panel.get_by_label("From altitude").fill(lower)
        panel.get_by_label("To altitude").fill(upper)
        panel.get_by_label("From", exact=True).fill("now")
        panel.get_by_label("To", exact=True).fill("2359Z")

    def send(self):
        self.page.locator(".panel").get_by_role("button", name="Sign and send").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Sign and send").click()
        self.page.locator(".panel").get_by_text("Our notice", exact=True).wait_for()
