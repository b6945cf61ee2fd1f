"""The documents: every example runs, every name is there, every link leads somewhere, the schema is the reader's."""

import csv
import doctest
import importlib
import importlib.util
import io
import json
import re
import shlex
import sys
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import detente
from detente.cli import main
from detente.cli.hazard_cover import cover as cover_command
from detente.cli.hazard_horizon import horizon as horizon_command
from detente.cli.key import key as key_command
from detente.cli.read import read as read_command
from detente.cli.screen import screen as screen_command
from detente.domain import WORLD_PRESSURE, WORLD_TERRAIN, Activity, DetenteError, errors
from detente.geodesy import elevation, geoid, read_altitude, read_position, read_time, terrain
from detente.geodesy.read_back import position_forms
from detente.interop import read_files
from detente.interop.vocabulary import FIELDS, GEOMETRY_FIELDS
from detente.screening import lateral, pair, proposals, vertical

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FORMATS = (DOCS / "formats.md").read_text(encoding="utf-8")


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cover_module = importlib.import_module("detente.hazard.cover")
build_docs = script("build_docs")


# ── the examples ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what else its fence says, its text, and the line it starts on."""

    language: str
    info: str
    text: str
    line: int

    @property
    def file(self):
        named = re.search(r"file=(\S+)", self.info)
        return named[1] if named else ""


def blocks(document):
    text = document.read_text(encoding="utf-8")
    for match in re.finditer(r"^```(\w+)([^\n]*)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        yield Block(match[1], match[2], match[3], text.count("\n", 0, match.start()) + 1)


def write(block, folder):
    """The file an example gives; a table named .xlsx becomes a workbook, a KML named .kmz an archive."""
    path = folder / block.file
    if path.suffix == ".xlsx":
        path.write_bytes(workbook(csv.reader(io.StringIO(block.text))))
    elif path.suffix == ".kmz":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("doc.kml", block.text)
    else:
        path.write_text(block.text, encoding="utf-8")


def workbook(rows):
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.active.append(row)
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def commands(block):
    """Each command of a console block, and the output it shows."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def run(command, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", shlex.split(command, comments=True))
    try:
        main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    shown = capsys.readouterr()
    return code, "".join(f"{line.rstrip()}\n" for line in (shown.out + shown.err).splitlines())


def agrees(shown, expected):
    return doctest.OutputChecker().check_output(expected, shown, doctest.ELLIPSIS)


def run_console(block, where, capsys, monkeypatch):
    code = 0
    for command, expected in commands(block):
        if command == "echo $?":
            assert int(expected) == code, f"{where}:{block.line}: exit code {code}"
        elif command.startswith("detente "):
            code, shown = run(command, capsys, monkeypatch)
            assert agrees(shown, expected) if expected else code < 2, f"{where}:{block.line}: $ {command}\n{shown}"


def run_python(block, where, names):
    if ">>>" not in block.text:
        exec(compile(block.text, f"{where}:{block.line}", "exec"), names)
        return
    example = doctest.DocTestParser().get_doctest(block.text, names, where, where, block.line)
    said = io.StringIO()
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.write, clear_globs=False)
    names.update(example.globs)
    assert not said.getvalue(), said.getvalue()


pages = [d for d in build_docs.documents() if any(b.file or b.language in ("console", "python") for b in blocks(d))]


@pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_example_of_a_page_runs_and_shows_what_the_page_shows(page, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    names = {"__name__": "__main__"}
    for block in blocks(page):
        if block.file:
            write(block, tmp_path)
        elif block.language == "console":
            run_console(block, page.name, capsys, monkeypatch)
        elif block.language == "python":
            run_python(block, page.name, names)


@pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_an_example_gives_is_used_on_its_page(page):
    used = " ".join(block.text for block in blocks(page) if not block.file)
    assert [block.file for block in blocks(page) if block.file and block.file not in used] == []


given_files = [b for b in blocks(DOCS / "formats.md") if b.file and not b.file.endswith(".toml")]


@pytest.mark.parametrize("block", given_files, ids=lambda block: block.file)
def test_an_example_file_holds_problems_only_where_it_is_there_to_show_them(block, tmp_path):
    write(block, tmp_path)
    columns = {"who": "party", "what": "activity", "area": "wkt"} if block.file == "areas.csv" else {}
    defaults = {"radius": "1 km", "half_width": "1 km"}
    intake = read_files([tmp_path / block.file], columns=columns, defaults=defaults)
    assert bool(intake.problems) == ("refused" in block.info), intake.problems


def rows(section):
    """The cells of the tables in one section of reading.md, code marks kept."""
    text = (DOCS / "reading.md").read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    return [
        [c.strip() for c in line.strip("|").split("|")] for line in re.findall(r"^\| `.*$", text, flags=re.MULTILINE)
    ]


def code(cell):
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("row", rows("Positions"), ids=lambda row: row[0])
def test_every_position_form_shown_is_read_as_shown(row):
    (written,) = code(row[0])
    assert position_forms(read_position(written))["DD"] == row[2]


@pytest.mark.parametrize("written", [c for row in rows("Altitudes") for c in code(row[0])])
def test_every_altitude_form_shown_is_read(written):
    assert read_altitude(written, "upper").is_stated


@pytest.mark.parametrize("written", [c for row in rows("Times") for c in (*code(row[0]), *code(row[1]))])
def test_every_time_form_shown_is_the_same_moment(written):
    assert read_time(written).isoformat() == "2018-09-17T18:39:00+00:00"


# ── nothing is left out ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("field", [*FIELDS, *GEOMETRY_FIELDS])
def test_every_field_is_explained(field):
    assert f"`{field}`" in FORMATS


@pytest.mark.parametrize("activity", Activity)
def test_every_activity_is_named_where_formats_and_proposals_are_explained(activity):
    assert f"`{activity.value}`" in FORMATS
    assert f"`{activity.value}`" in (DOCS / "screening.md").read_text(encoding="utf-8")


options = [
    (page, option)
    for page, command in (
        ("formats.md", screen_command),
        ("reading.md", read_command),
        ("hazard.md", cover_command),
        ("hazard.md", horizon_command),
        *(("keys.md", command) for command in key_command.commands.values()),
    )
    for parameter in command.params
    for option in (*parameter.opts, *parameter.secondary_opts)
    if option.startswith("-")
]


@pytest.mark.parametrize(("page", "option"), options)
def test_every_option_of_the_command_line_is_explained(page, option):
    assert re.search(rf"`{re.escape(option)}[` ]", (DOCS / page).read_text(encoding="utf-8"))


families = [name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, DetenteError)]


@pytest.mark.parametrize("family", families)
def test_every_error_family_is_explained(family):
    assert f"`{family}`" in FORMATS


@pytest.mark.parametrize("name", detente.__all__)
def test_every_public_name_is_in_the_documents(name):
    words = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    assert re.search(rf"\b{name}\b", words)


SCREENING = (DOCS / "screening.md").read_text(encoding="utf-8")


def test_the_table_of_proposals_says_what_may_be_moved():
    said = {}
    for activities, moves in re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \| (.*) \|$", SCREENING.split("## Proposals")[1], flags=re.MULTILINE
    ):
        dimensions = tuple(d for d in ("time", "altitude", "sideways") if d in moves.split(":")[0])
        said |= {Activity(name): dimensions for name in re.findall(r"`(\w+)`", activities)}
    assert said == proposals.MOVES


def test_the_figures_of_screening_are_those_of_the_code():
    steps = (proposals.TIME_STEP_S, proposals.ALTITUDE_STEP_M, proposals.SIDEWAYS_STEP_M)
    limits = (proposals.MOST_TIME_STEPS, proposals.MOST_ALTITUDE_STEPS, proposals.MOST_SIDEWAYS_STEPS)
    most = [step * count for step, count in zip(steps, limits, strict=True)]
    assert [*steps, *most] == pytest.approx([60, 30.48, 926, 12 * 3600, 3048, 50 * 1852])
    assert len(proposals.BEARINGS_DEG) == 16
    assert (lateral.RESOLUTION_M, pair.LATERAL_MARGIN_M, vertical.RESOLUTION_M) == (0.05, 1.0, 0.001)
    world = (
        WORLD_PRESSURE.lowest_hpa,
        WORLD_PRESSURE.highest_hpa,
        WORLD_PRESSURE.coldest_ratio,
        WORLD_PRESSURE.warmest_ratio,
    )
    for figure in (geoid.MARGIN_M, geoid.MODEL_MARGIN_M, geoid.NODE_MARGIN_M, WORLD_TERRAIN.highest_amsl_m, *world):
        assert re.search(rf"(?<![\d.]){figure:,g}", SCREENING), figure


BOUNDED = {
    "detente.interop": (
        "intake",
        "geojson",
        "tabular",
        "archive",
        "xml_safe",
        "strict_json",
        "fields",
        "plausibility",
        "understanding_file",
    ),
    "detente.geodesy": ("routes",),
}
A_BOUND = re.compile(r"(MOST|LARGEST|LONGEST|HIGHEST|DEEPEST)(_\w+)?")
bounds = {
    f"{module}.{name}": value
    for package, modules in BOUNDED.items()
    for module in modules
    for name, value in vars(importlib.import_module(f"{package}.{module}")).items()
    if A_BOUND.fullmatch(name)
}


@pytest.mark.parametrize("name", bounds)
def test_every_bound_is_stated(name):
    assert re.search(rf"(?<![\d,]){bounds[name]:,.0f}(?![\d,])", FORMATS)


def test_the_bounds_of_terrain_and_covers_are_stated():
    words = (DOCS / "hazard.md").read_text(encoding="utf-8")
    for bound in (
        elevation.MOST_POSTS,
        terrain.MOST_SQUARES,
        cover_module.MOST_CELLS,
        cover_module.LONGEST_RANGE_M,
        cover_module.HIGHEST_M,
    ):
        assert f"{bound:,.0f}" in words


@pytest.mark.parametrize("document", build_docs.documents(), ids=lambda d: str(d.relative_to(ROOT)))
def test_every_link_leads_somewhere(document):
    assert list(build_docs.dead_links(document)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(build_docs, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# One thing\n[a](#one-thing) [b](page.md#one-thing) [c](#two) [d](no.md) [e](https://x.org)\n```\n[f](no)\n```\n"
    )
    assert [link.split()[1] for link in build_docs.dead_links(page)] == ["#two", "no.md"]


def test_every_make_target_is_explained_to_those_who_would_use_it():
    (targets,) = re.findall(r"^\.PHONY:(.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    words = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md"))
    assert [target for target in targets.split() if f"make {target}" not in words] == []


def test_every_document_is_in_the_index():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in DOCS.glob("*.*") if page.name != "README.md" and f"]({page.name})" not in index] == []


# ── the schema of notices ────────────────────────────────────────────────────────────────────────────────────────────

SCHEMA = json.loads((DOCS / "notice.schema.json").read_text(encoding="utf-8"))
EXAMPLE = next(block.text for block in blocks(DOCS / "formats.md") if block.file == "notices.json")
validator = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_what_the_reader_reads():
    assert (DOCS / "notice.schema.json").read_text(encoding="utf-8") == build_docs.rendered(), "run `make docs`"


@pytest.mark.parametrize("name", ["notice.schema.json", "answer.schema.json"])
def test_a_schema_is_one(name):
    jsonschema.Draft202012Validator.check_schema(json.loads((DOCS / name).read_text(encoding="utf-8")))


def test_the_schema_takes_the_example():
    validator.validate(json.loads(EXAMPLE))


position = st.tuples(st.integers(340, 360).map(lambda n: n / 10), st.integers(330, 350).map(lambda n: n / 10)).map(list)
sizes_m = st.sampled_from([1, 250.5, 9_260])
line = st.lists(position, min_size=2, max_size=4, unique_by=tuple)


@cache
def ring(x, y):
    return [[x, y], [x + 1, y], [x + 1, y + 1], [x, y]]


rings = st.builds(lambda p: [ring(*p)], position)
footprints = st.one_of(
    st.fixed_dictionaries({"circle": st.fixed_dictionaries({"centre": position, "radius_m": sizes_m})}),
    st.fixed_dictionaries(
        {
            "corridor": st.fixed_dictionaries(
                {"centre_line": line, "half_width_m": sizes_m}, optional={"ends": st.sampled_from(["round", "square"])}
            )
        }
    ),
    line.map(lambda two: {"orbit": {"first": two[0], "second": two[1], "width_m": 4_000, "alignment": "left"}}),
    rings.map(lambda r: {"type": "Polygon", "coordinates": r}),
    rings.map(lambda r: {"type": "MultiPolygon", "coordinates": [r]}),
    line.map(lambda coordinates: {"type": "LineString", "coordinates": coordinates}),
)
lower = st.sampled_from([{}, {"altitude_lower": "SFC"}, {"altitude_lower": "FL050"}, {"altitude_lower": "UNL"}])
upper = st.sampled_from(
    [
        {},
        {"altitude_upper": "FL100"},
        {"altitude_upper": 3_000, "altitude_unit": "ft", "altitude_reference": "AMSL"},
        {"altitude_upper": 100, "altitude_reference": "FL"},
    ]
)
others = st.fixed_dictionaries(
    {},
    optional={
        "time_start": st.just("2018-09-17T18:00Z"),
        "time_end": st.sampled_from(["2018-09-17T19:00Z", "172000ZSEP18", "UFN"]),
        "position_uncertainty": st.just("500 m"),
        "altitude_uncertainty_m": st.just(30),
        "time_uncertainty_s": st.just(60.5),
    },
)


def volume(footprint, *parts):
    needs = {"half_width_m": 500} if footprint.get("type") == "LineString" else {}
    return {"footprint": footprint, **needs, **{name: value for part in parts for name, value in part.items()}}


notices = st.fixed_dictionaries(
    {"volumes": st.lists(st.builds(volume, footprints, lower, upper, others), min_size=1, max_size=2)},
    optional={
        "reference": st.just("R1"),
        "party": st.just("Relief Mission"),
        "activity": st.sampled_from([activity.value for activity in Activity]),
        "title": st.just("Night patrol"),
        "stated_place": st.just("the harbour"),
        "declared_by": st.just("Coast Guard"),
        "assumed": st.just({"radius": "a usual one"}),
    },
)


def spoil_volume(change):
    def spoil(notice):
        volumes = [dict(volume) for volume in notice["volumes"]]
        change(volumes[-1])
        return {**notice, "volumes": volumes}

    return spoil


def spoil_parts(change):
    """Spoils what stands inside a footprint of its own kind; every other footprint is replaced by a spoilt circle."""

    def spoil(volume):
        circle = {"centre": [35.0, 34.0], "radius_m": 1_000}
        kind, parts = next(((k, v) for k, v in volume["footprint"].items() if isinstance(v, dict)), ("circle", circle))
        volume["footprint"] = {kind: {**parts, **change}}

    return spoil_volume(spoil)


spoils = {
    "nothing": lambda notice: notice,
    "no volumes": lambda notice: {**notice, "volumes": []},
    "volumes missing": lambda notice: {name: value for name, value in notice.items() if name != "volumes"},
    "volumes of another kind": lambda notice: {**notice, "volumes": {"0": notice["volumes"][0]}},
    "an unknown member": lambda notice: {**notice, "radius": "5 km"},
    "an activity not known": lambda notice: {**notice, "activity": "bombing"},
    "a title that is a list": lambda notice: {**notice, "title": ["Night", "patrol"]},
    "a volume that is text": lambda notice: {**notice, "volumes": ["35.2N 35.8E"]},
    "no footprint": spoil_volume(lambda volume: volume.pop("footprint")),
    "a footprint that is a point": spoil_volume(lambda v: v.update(footprint={"type": "Point", "coordinates": [35, 34]})),
    "two footprints": spoil_volume(lambda v: v["footprint"].update(type="Point", coordinates=[35, 34]) or v.update(footprint={"circle": {"centre": [35, 34], "radius_m": 1}, "orbit": {}})),
    "a line without a width": spoil_volume(lambda v: (v.pop("half_width_m", 0), v.update(footprint={"type": "LineString", "coordinates": [[35, 34], [35, 35]]}))),
    "an unknown member of a volume": spoil_volume(lambda volume: volume.update(radius_m=500)),
    "an unknown member of a footprint": spoil_parts({"colour": "red"}),
    "a size that is text": spoil_parts({"radius_m": "5 km", "half_width_m": "5 km", "width_m": "5 km"}),
    "a latitude past the pole": spoil_parts({"centre": [35, 94], "first": [35, 94], "centre_line": [[35, 94], [35, 34]]}),
    "a position of one number": spoil_parts({"centre": [35], "first": [35], "centre_line": [[35], [35, 34]]}),
    "a bare number for an altitude": spoil_volume(lambda v: (v.pop("altitude_reference", 0), v.update(altitude_upper=3_000))),
    "a number with a unit and no reference": spoil_volume(lambda v: (v.pop("altitude_reference", 0), v.update(altitude_upper=3_000, altitude_unit="m"))),
    "a time that is a number": spoil_volume(lambda volume: volume.update(time_start=1_537_207_200)),
    "a quantity without a unit": spoil_volume(lambda volume: volume.update(position_uncertainty=500)),
    "an uncertainty below zero": spoil_volume(lambda volume: volume.update(time_uncertainty_s=-1)),
}  # fmt: skip


@pytest.mark.parametrize("spoilt", spoils)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(notice=notices)
def test_the_reader_and_the_schema_take_and_refuse_the_same_notices(spoilt, notice, tmp_path):
    file = {"format": "detente-notices/1", "notices": [spoils[spoilt](json.loads(json.dumps(notice)))]}
    path = tmp_path / "notices.json"
    path.write_text(json.dumps(file), encoding="utf-8")
    problems = read_files([path]).problems
    refused = sorted(error.message for error in validator.iter_errors(file))
    assert bool(problems) == bool(refused) == (spoilt != "nothing"), (problems, refused)
