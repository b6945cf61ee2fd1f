"""`detente demo`: five parties that can talk at once, until Ctrl-C; and again."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detente.cli.demo import BEGINS, CAST, _check_folder, moved, scenario, shift_s
from detente.domain import NotUnderstood
from detente.domain.window import from_us, to_us
from detente.interop import read_files

DETENTE = [sys.executable, "-c", "from detente.cli import main; main()"]


@pytest.fixture
def demo(tmp_path):
    running = []

    def start(*options):
        process = subprocess.Popen(
            [*DETENTE, "demo", "--data", str(tmp_path / "demo"), "--port", "0", *options],
            stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        running.append(process)
        lines = []
        while not lines or "docs/tour.md" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        return process, "".join(lines)

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def tell(tmp_path, party, *words):
    return subprocess.run(
        [*DETENTE, *words, "--as", str(tmp_path / "demo" / party)], capture_output=True, text=True, check=False
    )


def test_five_parties_talk_and_a_second_start_goes_on(demo, tmp_path):
    process, told = demo()
    assert all(cast.name in told for cast in CAST)
    assert "ISR_IDF   STRIKE                 POSSIBLE" in told
    assert told.count("token detente_") == 5
    assert told.count(".pass") == 5
    said = tell(tmp_path, "UNIFIL", "message", "radio check", "--to", "RUS_MOD")
    assert said.returncode == 0, said.stderr
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(120) == 0
    demo()
    told = tell(tmp_path, "RUS_MOD", "inbox", "--all")
    assert "radio check" in told.stdout
    assert "NOTICE of ISR_IDF" in told.stdout


def test_a_demo_that_was_interrupted_is_begun_again_where_that_is_asked(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "this-is-a-demo-being-made").touch()
    with pytest.raises(NotUnderstood, match=r"no finished demo .* --anew"):
        _check_folder(tmp_path / "demo", anew=False)
    _check_folder(tmp_path / "demo", anew=True)
    assert not (tmp_path / "demo").exists()


def test_ctrl_c_ends_a_demo_that_a_shell_started_in_the_background(tmp_path):
    """Such a shell has its jobs ignore SIGINT; the server of the demo heeds it all the same."""
    process = subprocess.Popen(
        [*DETENTE, "demo", "--empty", "--data", str(tmp_path / "demo"), "--port", "0"],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    while "docs/tour.md" not in (line := process.stdout.readline()):
        assert line
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 0
    process.stdout.close()


def test_a_demo_whose_server_is_gone_says_so_and_ends(tmp_path):
    process = subprocess.Popen(
        [*DETENTE, "demo", "--empty", "--data", str(tmp_path / "demo"), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while "docs/tour.md" not in (line := process.stdout.readline()):
        assert line
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    assert process.wait(60) == 2
    assert "the server ended by itself, with code -9" in process.stderr.read()
    process.stdout.close()
    process.stderr.close()


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("keep")
    run = subprocess.run(
        [*DETENTE, "demo", "--anew", "--data", str(tmp_path / "mine")], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "is no finished demo" in run.stderr
    assert (tmp_path / "mine" / "file").read_text() == "keep"


def test_the_evening_is_moved_whole_and_to_the_minute():
    now = datetime(2026, 3, 1, 9, 30, 45, tzinfo=UTC)
    by_s = shift_s(to_us(now))
    assert BEGINS.timestamp() + by_s == now.replace(second=0).timestamp()
    for cast in CAST:
        for notice in read_files([scenario() / cast.file]).notices:
            tonight = moved(notice, by_s)
            for before, after in zip(notice.volumes, tonight.volumes if tonight else (), strict=False):
                shifted = from_us(after.window.start_us) - from_us(before.window.start_us)
                assert shifted.total_seconds() == by_s
