"""`detente violations`: files of reports in, both tallies side by side out; what cannot be read is refused row by row."""

import json
import subprocess
import sys

import pytest
from openpyxl import Workbook
from pypdf import PdfReader

DETENTE = [sys.executable, "-c", "from detente.cli import main; main()"]
HEAD = "id,category,start,end,reporter,by,platform,position,within,count,text,source,entry"
A = [
    "A-1,overflight,2018-09-17T18:39Z,2018-09-17T19:39Z,SIDE_A,SIDE_B,unmanned,33 12 N 35 30 E,2 km,2,,list of September,12",
    "A-2,ground crossing,2018-10-02T05:00Z,,SIDE_A,SIDE_B,,33.10N 35.20E,500 m,1,three persons,list of October,",
    "A-3,fire,2018-11-05T05:00Z,,SIDE_A,,,,,1,=1+1 <b>bold</b>,list of November,",
]
B = [
    "B-1,overflight,2018-09-17T18:50Z,2018-09-17T19:30Z,SIDE_B,,unmanned,33 13 N 35 31 E,1 km,1,,summary,",
    "B-2,civilian crossing,2018-10-02T05:10Z,,SIDE_B,SIDE_A,,33.10N 35.20E,500 m,1,a shepherd,summary,",
]


def run(*words, code=0):
    done = subprocess.run([*DETENTE, "violations", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


@pytest.fixture
def sides(tmp_path):
    a, b = tmp_path / "a.csv", tmp_path / "b.csv"
    a.write_text("\n".join([HEAD, *A]))
    b.write_text("\n".join([HEAD, *B]))
    return a, b


def test_two_files_are_matched_and_civilians_are_not_taken_for_others(sides):
    told = json.loads(run("match", *sides, "--json").stdout)
    assert [(each["a"], each["b"]) for each in told["both"]] == [("A-1", "B-1")]
    assert [each["id"] for each in told["only_a"]] == ["A-2", "A-3"]
    assert [each["id"] for each in told["only_b"]] == ["B-2"]
    said = run("match", *sides).stdout
    assert "only SIDE_A: A-2, ground_crossing: nothing that SIDE_B reports fits it" in said
    assert "This is no finding" in said


def test_every_row_of_the_report_names_who_counts_it_and_nothing_is_markup(sides, tmp_path):
    out = tmp_path / "report.html"
    run("report", *sides, "-o", out)
    page = out.read_text()
    assert "From 2018-08-01 to 2018-11-05, as reported by SIDE_A and by SIDE_B" in page
    for each in ("A-1 of SIDE_A (list of September, entry 12 of the record)", "B-2 of SIDE_B (summary)"):
        assert each in page
    assert "<b>bold</b>" not in page
    assert "&lt;b&gt;bold" in page
    assert "<script" not in page
    assert page.count("<svg xmlns") == 2
    assert "This is no finding" in page


def test_the_report_as_pdf_says_the_same(sides, tmp_path):
    out = tmp_path / "report.pdf"
    run("report", *sides, "-o", out)
    text = " ".join("\n".join(page.extract_text() for page in PdfReader(out).pages).split())
    assert "Reported by both (1)" in text
    assert "This is no finding" in text


def test_a_report_of_another_period_leaves_out_what_is_not_of_it(sides, tmp_path):
    said = run("report", *sides, "-o", tmp_path / "r.html", "--from", "2018-10-01", "--to", "2018-10-31").stdout
    assert "1 reports of SIDE_A, 1 of SIDE_B; 0 may be of the same events" in said


def test_workbooks_and_geojson_are_read_as_csv_is(sides, tmp_path):
    book = Workbook()
    for row in [HEAD, *A]:
        book.active.append([cell or None for cell in row.split(",")])
    book.save(tmp_path / "a.xlsx")
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [35.51666, 33.21666]},
            "properties": {"id": "B-1", "category": "overflight", "start": "2018-09-17T18:50Z", "end": "2018-09-17T19:30Z", "reporter": "SIDE_B", "within": "1 km", "source": "summary"},
        }
    ]  # fmt: skip
    (tmp_path / "b.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    told = json.loads(run("match", tmp_path / "a.xlsx", tmp_path / "b.geojson", "--json").stdout)
    assert [(each["a"], each["b"]) for each in told["both"]] == [("A-1", "B-1")]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("X,overflight,2018-09-17T18:39Z,,,,,,,,,s,", "reporter: no reporter"),
        ("X,invasion,2018-09-17T18:39Z,,A,,,,,,,s,", "category 'invasion' is not known"),
        ("X,fire,2018-09-17T18:39,,A,,,,,,,s,", "no zone"),
        ("X,fire,,,A,,,,,,,s,", "no time is stated"),
        ("X,fire,2099-01-01T00:00Z,,A,,,,,,,s,", "yet to come"),
        ("X,fire,2018-09-17T18:39Z,,A,,,somewhere,,,,s,", "position"),
        ("X,fire,2018-09-17T18:39Z,,A,,,35.5N 35.8E ED50,,,,s,", "not WGS 84"),
        ("X,fire,2018-09-17T18:39Z,,A,,,,,many,,s,", "no whole number"),
        ("X,fire,2018-09-17T18:39Z,2018-09-17T18:00Z,A,,,,,,,s,", "before"),
        ("X,fire,2018-09-17T18:39Z,,A,,,,,,,s,,extra", "more cells than headings"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_line(sides, row, said):
    a, b = sides
    a.write_text("\n".join([HEAD, A[0], row, row.replace("X,", "Y,")]))
    stderr = run("match", a, b, code=2).stderr
    assert said in stderr
    assert "line 3" in stderr
    assert "line 4" in stderr


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.txt", "x", "no CSV, XLSX or GeoJSON"),
        ("a.csv", "", "the file is empty"),
        ("a.csv", "id,category", "holds no reports"),
        ("a.csv", "id,mood\n1,bad", "column 'mood' is not known"),
        ("a.csv", "id,id\n1,2", "stands twice"),
        ("a.geojson", "{}", "no collection of features"),
        ("a.xlsx", "PK", "is damaged"),
    ],
)
def test_a_file_that_is_none_is_refused(sides, tmp_path, name, raw, said):
    path = tmp_path / "bad" / name
    path.parent.mkdir()
    path.write_text(raw)
    assert said in run("match", path, sides[1], code=2).stderr


LINE = {
    "features": [
        {
            "geometry": {"type": "LineString", "coordinates": [[35.0, 33.1], [36.0, 33.1]]},
            "properties": {"name": "L", "by": by, "precision": "50 m"},
        }
        for by in ("SIDE_A",)
    ]
}
TRACK = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [[35.5, 33.0], [35.5, 33.2]]},
            "properties": {"reference": "=T-1", "party": "SIDE_B", "activity": "unmanned_flight", "half_width": "100 m", "speed": "100 kt", "altitude_lower": "SFC", "altitude_upper": "FL100", "time_start": "2018-09-17T18:00:00Z"},
        },
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [[35.5, 33.2], [35.6, 33.3]]},
            "properties": {"reference": "T-2", "party": "SIDE_B", "activity": "unmanned_flight", "half_width": "100 m", "speed": "100 kt", "altitude_lower": "SFC", "altitude_upper": "FL100", "time_start": "2018-09-17T19:00:00Z"},
        },
    ],
}  # fmt: skip


def test_a_tally_is_derived_from_tracks_and_says_in_each_row_that_it_was_computed(tmp_path):
    lines, tracks, out = tmp_path / "lines.geojson", tmp_path / "tracks.geojson", tmp_path / "tally.csv"
    lines.write_text(json.dumps(LINE))
    tracks.write_text(json.dumps(TRACK))
    words = ("derive", lines, tracks, "--line", "L", "--reporter", "SIDE_A", "-o", out)
    said = run(*words, "--measured-by", "SIDE_A").stdout
    assert "1 stretches cross L as measured by SIDE_A, 0 may" in said
    _, row = out.read_text().strip().splitlines()
    assert "SIDE_B" in row
    assert "'=T-1 as SIDE_B states it crosses L as measured by SIDE_A; computed" in row
    assert ",overflight," in row
    told = json.loads(run("match", out, out, "--json").stdout)
    assert len(told["both"]) == 1
    assert "has not measured" in run(*words, "--measured-by", "SIDE_B", code=2).stderr
