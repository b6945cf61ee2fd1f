"""Nothing in a file goes unread in silence: every sheet, every inner file, every link is read or is a problem."""

import zipfile

import pytest
from openpyxl import Workbook

from detente.interop import read_files

HEADINGS = ["party", "reference", "latitude", "longitude", "radius"]


def plan(reference, party="A"):
    return [party, reference, 35.5, 35.8, "5 km"]


def placemark(reference):
    data = "".join(f"<Data name='{k}'><value>{v}</value></Data>" for k, v in (("party", "A"), ("radius", "5 km")))
    return (
        f"<Placemark><name>{reference}</name><ExtendedData>{data}</ExtendedData>"
        "<Point><coordinates>35.8,35.5</coordinates></Point></Placemark>"
    )


def kml(inside):
    return f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{inside}</Document></kml>'


def link(href, name=""):
    return f"<NetworkLink><name>{name}</name><Link><href>{href}</href></Link></NetworkLink>"


def kmz(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def book(path, **sheets):
    made = Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def references(intake):
    return sorted(notice.reference for notice in intake.notices)


def said(intake):
    return [reading.what for reading in intake.readings]


def only_problem(intake):
    (problem,) = intake.problems
    assert problem.hint
    return problem


# ── sheets ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_sheet_is_read_and_named(tmp_path):
    path = book(tmp_path / "b.xlsx", tonight=[HEADINGS, plan("R1")], empty=[], tomorrow=[HEADINGS, plan("R2")])
    intake = read_files([path])
    assert (references(intake), intake.problems) == (["R1", "R2"], ())
    assert "sheet 'tomorrow' is read too; rows: 1" in said(intake)
    assert [notice.source for notice in intake.notices] == [
        "b.xlsx, sheet 'tonight', row 2 (R1)",
        "b.xlsx, sheet 'tomorrow', row 2 (R2)",
    ]


def test_a_fault_in_a_further_sheet_names_the_sheet(tmp_path):
    path = book(tmp_path / "b.xlsx", tonight=[HEADINGS, plan("R1")], tomorrow=[HEADINGS, ["A", "R2", 95, 35.8, "5 km"]])
    assert only_problem(read_files([path])).where.startswith("b.xlsx, sheet 'tomorrow', row 2 (R2), ")


@pytest.mark.parametrize("rows", [[["Colour", "Meaning"], ["red", "live fire"]], [["ask the watch officer"]]])
def test_a_sheet_with_data_and_no_headings_we_know_is_a_problem(tmp_path, rows):
    intake = read_files([book(tmp_path / "b.xlsx", tonight=[HEADINGS, plan("R1")], legend=rows)])
    problem = only_problem(intake)
    assert problem.where == "b.xlsx, sheet 'legend'"
    assert "no heading says where" in problem.what
    assert references(intake) == ["R1"]


def test_a_hidden_sheet_is_read_and_announced(tmp_path):
    path = book(tmp_path / "b.xlsx", tonight=[HEADINGS, plan("R1")], other=[HEADINGS, plan("R2")])
    from openpyxl import load_workbook

    made = load_workbook(path)
    made["other"].sheet_state = "veryHidden"
    made.save(path)
    intake = read_files([path])
    assert references(intake) == ["R1", "R2"]
    assert any("'other' is hidden, and read" in what for what in said(intake))


def test_a_cell_merged_over_rows_holds_for_each_of_them(tmp_path):
    path = tmp_path / "b.xlsx"
    made = Workbook()
    sheet = made.active
    for row in (HEADINGS, plan("R1", "UNIFIL"), plan("R2", None), plan("R3", None), plan("R4", "LAF")):
        sheet.append(row)
    sheet.merge_cells("A2:A4")
    made.save(path)
    intake = read_files([path])
    assert [notice.party for notice in intake.notices] == ["UNIFIL", "UNIFIL", "UNIFIL", "LAF"]
    assert "cells merged over rows are read for each of them" in said(intake)


def test_a_cell_merged_over_columns_is_refused_in_every_row_it_covers(tmp_path):
    path = tmp_path / "b.xlsx"
    made = Workbook()
    sheet = made.active
    for row in (HEADINGS, plan("R1"), [None, None, 35.5, 35.8, "5 km"], plan("R3")):
        sheet.append(row)
    sheet.merge_cells("A2:B3")
    made.save(path)
    intake = read_files([path])
    assert [problem.where.split(", ")[1] for problem in intake.problems] == ["row 2", "row 3"]
    assert references(intake) == ["R3"]


def test_titles_above_the_headings_are_skipped_and_announced(tmp_path):
    path = tmp_path / "b.xlsx"
    made = Workbook()
    for row in (["Plans for tonight"], ["all times local", None, "draft"], [], HEADINGS, plan("R1")):
        made.active.append(row)
    made.active.merge_cells("A1:E1")
    made.save(path)
    intake = read_files([path])
    assert references(intake) == ["R1"]
    assert "row 1 is not read, as the headings stand in row 4: 'Plans for tonight'" in said(intake)
    assert "row 2 is not read, as the headings stand in row 4: 'all times local draft'" in said(intake)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("title", ["Plans for tonight", "Plans, northern sector, draft; rev 2", '"Plans; of"'])
def test_a_title_above_a_csv_does_not_mislead_the_delimiter(tmp_path, delimiter, title):
    rows = [delimiter.join(map(str, row)) for row in (HEADINGS, plan("R1"), plan("R2"))]
    (tmp_path / "t.csv").write_text("\n".join([title, "", *rows]))
    intake = read_files([tmp_path / "t.csv"])
    assert references(intake) == ["R1", "R2"]
    assert any("row 1 is not read, as the headings stand in row 3" in line for line in said(intake))


def test_headings_that_begin_too_far_down_are_refused(tmp_path):
    rows = [["remark"]] * 20
    path = book(tmp_path / "b.xlsx", tonight=[*rows, HEADINGS, plan("R1")])
    assert "the headings stand within the first 20 rows" in only_problem(read_files([path])).hint
    assert references(read_files([book(path, tonight=[*rows[1:], HEADINGS, plan("R1")])])) == ["R1"]


def test_headings_in_two_rows_are_joined(tmp_path):
    path = tmp_path / "b.xlsx"
    made = Workbook()
    for row in (["Party", "Ref", "Position", None, "Radius (NM)"], [None, None, "Lat", "Lon"], [*plan("R1")[:4], 10]):
        made.active.append(row)
    for cells in ("A1:A2", "C1:D1", "E1:E2"):
        made.active.merge_cells(cells)
    made.save(path)
    (notice,) = read_files([path]).notices
    assert (notice.party, notice.reference) == ("A", "R1")
    assert notice.volumes[0].footprint.radius_m == 18_520
    text = "Party,Ref,Position,,Radius (NM)\n,,Lat,Lon,\nA,R1,35.5,35.8,10\n"
    (tmp_path / "t.csv").write_text(text)
    assert read_files([tmp_path / "t.csv"]).notices[0].volumes[0].footprint == notice.volumes[0].footprint


def test_a_sheet_that_was_not_asked_for_is_announced_and_no_problem(tmp_path):
    path = book(tmp_path / "b.xlsx", Plans=[HEADINGS, plan("R1")], Contacts=[["name", "phone"], ["Duty", "12 34"]])
    assert read_files([path]).problems
    intake = read_files([path], sheets=["plans"])
    assert (references(intake), intake.problems) == (["R1"], ())
    assert "sheet 'Contacts' is not read, as only others were asked for" in said(intake)


def test_a_sheet_asked_for_that_is_not_there_is_a_problem(tmp_path):
    path = book(tmp_path / "b.xlsx", Plans=[HEADINGS, plan("R1")], Contacts=[["name", "phone"], ["Duty", "12 34"]])
    intake = read_files([path], sheets=["Plans", "Plan"])
    problem = only_problem(intake)
    assert problem.what == "--sheet: no sheet is called 'Plan'"
    assert "'Plans', 'Contacts'" in problem.hint
    assert references(intake) == ["R1"]


def test_a_formula_without_its_value_is_refused_and_not_an_empty_cell(tmp_path):
    path = book(tmp_path / "b.xlsx", tonight=[HEADINGS, ['="UNI"&"FIL"', "R1", 35.5, 35.8, "5 km"]])
    problem = only_problem(read_files([path]))
    assert (problem.where, problem.what) == ("b.xlsx, row 2 (R1), party", "the cell holds a formula without its value")


def test_a_formula_that_came_to_an_empty_text_is_an_empty_cell(tmp_path):
    path = book(tmp_path / "b.xlsx", tonight=[HEADINGS, ['=""', "R1", 35.5, 35.8, "5 km"]])
    parts = members(path)
    sheet = parts["xl/worksheets/sheet1.xml"]
    assert b'<c r="A2"><f>' in sheet
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b'<c r="A2"><f>', b'<c r="A2" t="str"><f>')
    intake = read_files([kmz(path, parts)])
    assert intake.problems == ()
    assert intake.notices[0].party == "b"


def test_rows_out_of_order_are_refused_since_some_would_be_passed_over(tmp_path):
    path = book(tmp_path / "b.xlsx", tonight=[HEADINGS, plan("R1"), plan("R2")])
    parts = members(path)
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b'r="3"', b'r="2"')
    assert "out of order" in only_problem(read_files([kmz(path, parts)])).what


def test_cells_under_no_heading_are_announced(tmp_path):
    intake = read_files([book(tmp_path / "b.xlsx", tonight=[[None, *HEADINGS], ["FL100", *plan("R1")]])])
    assert "not read: a column without a heading" in said(intake)


# ── archives and links ───────────────────────────────────────────────────────────────────────────────────────────────


def test_every_kml_of_a_kmz_is_read_and_named(tmp_path):
    path = kmz(tmp_path / "p.kmz", {"doc.kml": kml(placemark("R1")), "more/b.KML": kml(placemark("R2"))})
    intake = read_files([path])
    assert (references(intake), intake.problems) == (["R1", "R2"], ())
    assert intake.notices[1].source == "p.kmz, more/b.KML, placemark 0 (R2)"
    assert "more/b.KML in the archive is read; placemarks: 1" in said(intake)


def test_one_damaged_kml_of_a_kmz_is_named_and_the_other_is_read(tmp_path):
    path = kmz(tmp_path / "p.kmz", {"a.kml": kml(placemark("R1"))[:-10], "b.kml": kml(placemark("R2"))})
    intake = read_files([path])
    assert only_problem(intake).where == "p.kmz, a.kml"
    assert references(intake) == ["R1", "R2"]


def test_plans_in_an_archive_that_are_no_kml_are_a_problem(tmp_path):
    path = kmz(tmp_path / "p.kmz", {"doc.kml": kml(placemark("R1")), "b.geojson": "{}", "files/icon.png": "x"})
    problem = only_problem(read_files([path]))
    assert (problem.where, problem.what) == ("p.kmz, b.geojson", "of an archive only .kml files are read")


def test_what_macos_adds_to_an_archive_is_no_plan(tmp_path):
    path = kmz(tmp_path / "p.kmz", {"doc.kml": kml(placemark("R1")), "__MACOSX/._doc.kml": b"\x00\x05\x16\x07"})
    assert read_files([path]).problems == ()


@pytest.mark.parametrize(
    "href", ["more.kml", "https://example.org/plans/more.kml?layer=1", "https://example.org/feed", ""]
)
def test_a_link_to_what_was_not_given_is_a_problem(tmp_path, href):
    (tmp_path / "z.kml").write_text(kml(placemark("R1") + link(href, "Others")))
    intake = read_files([tmp_path / "z.kml"])
    problem = only_problem(intake)
    assert problem.where == "z.kml, link (Others)"
    assert "was not read" in problem.what
    assert ("save what it links to as more.kml" in problem.hint) == ("more.kml" in href)
    assert references(intake) == ["R1"]


def test_a_link_to_a_file_that_was_given_too_loses_nothing(tmp_path):
    (tmp_path / "z.kml").write_text(kml(placemark("R1") + link("https://example.org/more.kml")))
    (tmp_path / "more.kml").write_text(kml(placemark("R2")))
    intake = read_files([tmp_path / "z.kml", tmp_path / "more.kml"])
    assert (references(intake), intake.problems) == (["R1", "R2"], ())
    assert any("taken to be the file more.kml" in what for what in said(intake))


def test_a_link_within_an_archive_loses_nothing(tmp_path):
    path = kmz(tmp_path / "p.kmz", {"doc.kml": kml(link("files/b.kml")), "files/b.kml": kml(placemark("R2"))})
    intake = read_files([path])
    assert (references(intake), intake.problems) == (["R2"], ())


def test_a_link_to_itself_is_no_file_that_was_given(tmp_path):
    (tmp_path / "z.kml").write_text(kml(placemark("R1") + link("https://example.org/z.kml")))
    only_problem(read_files([tmp_path / "z.kml"]))


def test_what_a_folder_says_for_its_placemarks_is_announced(tmp_path):
    span = "<TimeSpan><begin>2018-09-17T18:00:00Z</begin></TimeSpan>"
    look = f"<LookAt>{span}</LookAt>"
    (tmp_path / "z.kml").write_text(kml(look + f"<Folder>{span}{placemark('R1')}</Folder>"))
    intake = read_files([tmp_path / "z.kml"])
    assert [what for what in said(intake) if "TimeSpan" in what] == [
        "TimeSpan of a folder or document is not read: state it on each placemark"
    ]


# ── nothing at all ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("z.kml", kml("<GroundOverlay/><Style/>")),
        ("z.gpx", "<gpx><metadata><name>x</name></metadata></gpx>"),
        ("z.csv", ",".join(HEADINGS) + "\n"),
        ("z.csv", ",,,\n,,\n"),
        ("z.geojson", '{"type": "FeatureCollection", "features": []}'),
        ("z.json", '{"notices": []}'),
    ],
)
def test_a_file_in_which_nothing_was_found_is_a_problem(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert only_problem(read_files([tmp_path / name])).what == "no plans were found in the file"


def test_a_workbook_of_empty_sheets_is_a_problem(tmp_path):
    assert "no plans" in only_problem(read_files([book(tmp_path / "b.xlsx", a=[], b=[])])).what


def test_a_table_that_says_nowhere_is_one_problem_that_names_the_likely_column(tmp_path):
    (tmp_path / "t.csv").write_text("party,Where,radius\nA,35.2N 35.8E,5 km\nB,35.2N 35.9E,5 km\n")
    problem = only_problem(read_files([tmp_path / "t.csv"]))
    assert problem.what == "no heading says where: party, Where, radius"
    assert problem.hint == 'add --map "Where=position"'
