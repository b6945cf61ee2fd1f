"""docs/tour.md is run as it stands: each block in its party's terminal, and what it shows has to be said, in that order."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```sh party=(\w+)(?: exit=(\d))?\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = f'#!/bin/sh\nexec {sys.executable} -c "from detente.cli import main; main()" "$@"\n'


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tour")
    (folder / "bin").mkdir()
    detente = folder / "bin" / "detente"
    detente.write_text(COMMAND)
    detente.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    server = subprocess.Popen(
        ["detente", "demo", "--empty", "--data", "tour", "--port", "0"],
        stdout=subprocess.PIPE, text=True, cwd=folder, env=environment, start_new_session=True,
    )  # fmt: skip
    while "docs/tour.md" not in (line := server.stdout.readline()):
        assert line, "the demo did not start"

    def run(party, script):
        return subprocess.run(
            ["bash", "-e", "-c", script], capture_output=True, text=True, check=False,
            cwd=folder, env=environment | {"DETENTE_PARTY": f"tour/{party}"}, timeout=120,
        )  # fmt: skip

    yield run
    os.killpg(server.pid, signal.SIGINT)
    server.wait(120)
    server.stdout.close()


def shown(text):
    """What a block shows, as a pattern: `…` stands for anything on its line, and by itself for any lines."""
    lines = [
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", r".*?") + r"\n" for line in text.splitlines()
    ]
    return re.compile("".join(lines))


def test_the_tour_goes_as_it_is_told(terminal):
    blocks = BLOCK.findall(TOUR)
    assert len(blocks) == TOUR.count("```sh party=") >= 9
    for party, code, script, text in blocks:
        run = terminal(party, script)
        assert run.returncode == int(code or 0), (script, run.stdout, run.stderr)
        assert shown(text).search(run.stdout), (script, run.stdout, text)
