"""`detente screen` and `detente read` as a person runs them: exit codes, formats, and what is said when something is wrong."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

MINIMA = ["--lateral", "5nm", "--vertical", "1000ft", "--time", "5min"]
HEADINGS = "party,reference,activity,latitude,longitude,radius,altitude_lower,altitude_upper,time_start,time_end\n"
ALPHA = "A,1,air_operation,35.5,35.8,10 km,SFC,FL100,171840ZSEP18,171910ZSEP18\n"
BRAVO = "B,1,air_operation,35.5,35.9,10 km,SFC,FL100,171840ZSEP18,171910ZSEP18\n"
FAR = "B,1,air_operation,33.5,33.9,10 km,SFC,FL100,171840ZSEP18,171910ZSEP18\n"
LATE = "C,1,air_operation,35.5,35.8,10 km,SFC,FL100,172200ZSEP18,172210ZSEP18\n"
LATE += "D,1,air_operation,33.5,33.8,10 km,SFC,FL100,172200ZSEP18,172210ZSEP18\n"
ROOT = Path(__file__).parents[2]
TELLING_EXIT_CODES = ("README.md", "CHANGELOG.md", "docs/answers.md", "docs/formats.md", "docs/screening.md")
BROKEN = "C,1,air_operation,35.5,35.9,10,SFC,FL100,171840ZSEP18,171910ZSEP18\n"


def detente(*arguments, cwd=None, **environment):
    command = [sys.executable, "-c", "from detente.cli import main; main()", *map(str, arguments)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=cwd, env={**os.environ, **environment}
    )


@pytest.fixture
def plans(tmp_path):
    def write(*rows, name="plans.csv"):
        (tmp_path / name).write_text(HEADINGS + "".join(rows))
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("rows", "code"), [((ALPHA, FAR), 0), ((ALPHA, BRAVO), 1), ((ALPHA, BRAVO, BROKEN), 2), ((ALPHA, FAR, BROKEN), 2)]
)
def test_the_exit_code_says_clear_meets_or_bad_input(plans, rows, code):
    assert detente("screen", plans(*rows), *MINIMA).returncode == code


def test_entering_a_hazard_area_is_no_conflict_and_not_all_clear_either(plans):
    done = detente("screen", plans(ALPHA, BRAVO.replace("air_operation", "hazard_area")), *MINIMA)
    assert done.returncode == 1
    assert "CLEAR: 1 pair of 2 volumes" in done.stdout
    assert "1 hazard warning" in " ".join(done.stdout.split())


def test_bad_input_hides_neither_the_conflict_nor_itself(plans):
    done = detente("screen", plans(ALPHA, BRAVO, BROKEN), *MINIMA)
    assert "CONFLICT" in done.stdout
    assert "row 4 (1), radius: length '10' has no unit" in " ".join(done.stdout.split())


def test_without_minima_it_refuses_and_says_how(plans):
    done = detente("screen", plans(ALPHA))
    assert done.returncode == 2
    assert "--understanding FILE, or all of --lateral" in done.stderr
    assert "--time not given" in detente("screen", plans(ALPHA), "--lateral", "5nm", "--vertical", "1000ft").stderr


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--lateral", "5", "--vertical", "1000ft", "--time", "5min"], "no unit"),
        ([*MINIMA, "--between", "171800ZSEP18"], "not two times"),
        ([*MINIMA, "--between", "2018-09-17T18:00/2018-09-17T19:00"], "no zone"),
        ([*MINIMA, "--map", "callsign"], "not a pair"),
        ([*MINIMA, "--map", "a=time_start", "--map", "a=time_end"], "--map a=time_start and a=time_end"),
        ([*MINIMA, "--default", "radius=5km", "--default", "radius=3km"], "give one of them"),
        ([*MINIMA, "-u", "missing.toml"], "does not exist"),
        ([*MINIMA, "--format", "pdf"], "pdf"),
        ([*MINIMA, "-o", "/proc/nowhere/out.json"], "there is no folder /proc/nowhere"),
        ([*MINIMA, "-o", "/dev/null", "-f", "json"], "it is not a file"),
        (
            [*MINIMA, "-o", "answer.pdf"],
            "no format is written to a name that ends in .pdf — end it in .txt, .json, .geojson",
        ),
        ([*MINIMA, "-o", "answer"], "ends in nothing"),
    ],
)
def test_a_wrong_option_is_refused_with_the_reason(plans, options, why):
    done = detente("screen", plans(ALPHA, BRAVO), *options)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_the_format_is_told_from_the_name_of_the_output(plans, tmp_path):
    for name, begins in (
        ("a.json", "{"),
        ("a.geojson", "{"),
        ("a.html", "<!doctype"),
        ("a.csv", "answer"),
        ("a.txt", ""),
    ):
        done = detente("screen", plans(ALPHA, BRAVO), *MINIMA, "-o", tmp_path / name)
        assert done.returncode == 1
        assert done.stdout == ""
        assert "CONFLICT: 1 pair of 2 volumes; 1 conflict and 0 possible between 1 pair of notices." in done.stderr
        assert f"Written to {tmp_path / name}." in done.stderr
        assert (tmp_path / name).read_text().lower().startswith(begins)


def test_the_answer_is_never_written_over_the_plans(plans):
    path = plans(ALPHA, BRAVO)
    done = detente("screen", path, *MINIMA, "-o", path)
    assert done.returncode == 2
    assert "is one of the files to read" in done.stderr
    assert path.read_text().endswith(BRAVO)


def test_the_exit_codes_are_worded_alike_wherever_they_are_told():
    said = (
        "Exit code 0: plans were compared, and all is clear. 1: something meets or may meet, or enters or may enter a hazard area. "
        "2: something could not be read, nothing was compared, or the command was wrong."
    )
    texts = [(ROOT / name).read_text() for name in TELLING_EXIT_CODES]
    for text in (*texts, detente("screen", "--help").stdout):
        assert said in " ".join(text.split())


def test_what_goes_to_a_pipe_is_only_the_answer(plans):
    done = detente("screen", plans(ALPHA, BRAVO), *MINIMA, "-f", "json")
    assert json.loads(done.stdout)["answer"] == "CONFLICT"
    assert done.stderr == ""


def test_a_file_is_replaced_whole_or_not_at_all(plans, tmp_path):
    target = tmp_path / "out.json"
    target.write_text("before")
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is always full here")
    (tmp_path / "out.json.partial").symlink_to(full)
    done = detente("screen", plans(ALPHA, BRAVO), *MINIMA, "-o", target)
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert target.read_text() == "before"


def test_between_leaves_out_the_rest_of_the_day(plans):
    done = detente("screen", plans(ALPHA, BRAVO, FAR, LATE), *MINIMA, "--between", "172200ZSEP18/172300ZSEP18")
    assert done.returncode == 0
    assert "CLEAR: 1 pair of" in done.stdout


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        ((ALPHA, ALPHA.replace("A,1", "A,2")), []),
        ((ALPHA, FAR), ["--between", "172200ZSEP18/172300ZSEP18"]),
        ((ALPHA.replace("air_operation", "hazard_area"), BRAVO.replace("air_operation", "hazard_area")), []),
    ],
)
def test_where_nothing_was_compared_the_exit_code_is_2_and_no_output_says_clear(plans, tmp_path, rows, options):
    for form in ("table", "json", "geojson", "html"):
        done = detente("screen", plans(*rows), *MINIMA, *options, "-f", form, "-o", tmp_path / "out.txt")
        assert done.returncode == 2
        assert done.stderr.startswith("NOTHING COMPARED: ")
        assert "CLEAR" not in re.sub(
            r"(?s)<style>.*</style>|<script>.*</script>", "", (tmp_path / "out.txt").read_text()
        )


def test_columns_and_defaults_are_taken_from_the_command_line(tmp_path):
    (tmp_path / "t.csv").write_text("Rufzeichen,Betreiber,latitude,longitude\nX1,A,35.5,35.8\nX2,B,35.5,35.8\n")
    done = detente(
        "screen",
        tmp_path / "t.csv",
        *MINIMA,
        "--map",
        "Rufzeichen=reference",
        "--map",
        "Betreiber=party",
        "--default",
        "radius=5km",
    )
    assert done.returncode == 1
    assert "X1" in done.stdout
    assert "radius not stated: taken as 5km, as asked" in " ".join(done.stdout.split())


def test_text_from_a_file_cannot_drive_the_terminal(plans):
    escape = "A,\x1b[2J\x1b]0;owned\x07,air_operation,35.5,35.8,10 km,SFC,FL100,171840ZSEP18,171910ZSEP18\n"
    for form in ("table", "json", "geojson", "csv"):
        assert "\x1b" not in detente("screen", plans(escape, BRAVO), *MINIMA, "-f", form).stdout


@pytest.mark.parametrize(
    ("text", "part"), [("351200N 0354800E", "36S YD"), ("FL180", "5486.4 m"), ("171839ZSEP18", "2018-09-17T18:39:00Z")]
)
def test_read_reads_it_back(text, part):
    done = detente("read", text)
    assert done.returncode == 0
    assert part in done.stdout
    assert json.loads(detente("read", "--json", text).stdout)["text"] == text


def test_read_says_what_it_tried():
    done = detente("read", "north of Latakia")
    assert done.returncode == 2
    assert all(word in done.stderr for word in ("coordinate", "altitude", "time"))


def test_help_and_version_are_there():
    assert "screen" in detente("--help").stdout
    assert "--lateral" in detente("screen", "--help").stdout
    assert "0." in detente("--version").stdout
