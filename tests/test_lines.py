"""A line as each party measured it: the answers of both stand side by side, and err to `may cross`."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.cli.line import line as line_command
from detente.domain import Circle, Corridor, DetenteError, InvalidVolume, Polygon, Position
from detente.domain.line import Course, Line
from detente.interop.lines_file import read_lines
from detente.screening.lines import Crossing, apart, check_line

_GEOD = Geod(ellps="WGS84")


def _course(by: str, latitude_deg: float = 33.1, precision_m: float = 10.0) -> Course:
    return Course(by, tuple(Position(latitude_deg, 35.1 + 0.05 * k) for k in range(6)), precision_m)


def _tunnel(south_deg: float, north_deg: float) -> Corridor:
    return Corridor((Position(south_deg, 35.22), Position(north_deg, 35.221)), 1.0)


def test_a_tunnel_crosses_by_the_pickets_of_one_party_and_not_by_those_of_the_other():
    line = Line("L", (_course("A", 33.1), _course("B", 33.102)))
    answers = check_line(line, _tunnel(33.0990, 33.1010), uncertainty_m=20.0)
    assert [(a.by, a.crossing) for a in answers] == [("A", Crossing.CROSSES), ("B", Crossing.NOT)]


def test_uncertainty_turns_a_crossing_into_may_cross_and_a_miss_into_may_cross():
    line = Line("L", (_course("A"),))
    assert check_line(line, _tunnel(33.0999, 33.1001), uncertainty_m=200.0)[0].crossing is Crossing.MAY
    assert check_line(line, _tunnel(33.1010, 33.1020), uncertainty_m=200.0)[0].crossing is Crossing.MAY


def test_an_area_that_ends_beside_the_end_of_a_line_is_not_said_to_cross():
    line = Line("L", (_course("A"),))
    assert check_line(line, Corridor((Position(33.09, 35.1), Position(33.11, 35.1)), 1.0), uncertainty_m=5.0)[
        0
    ].crossing is (Crossing.MAY)


def test_a_polygon_over_the_line_crosses_and_one_that_only_touches_may():
    def box(south: float, north: float) -> Polygon:
        corners = ((south, 35.15), (south, 35.2), (north, 35.2), (north, 35.15))
        return Polygon(tuple(Position(*corner) for corner in corners))

    line = Line("L", (_course("A"),))
    assert check_line(line, box(33.09, 33.11), uncertainty_m=10.0)[0].crossing is Crossing.CROSSES
    assert check_line(line, box(33.10005, 33.11), uncertainty_m=10.0)[0].crossing is Crossing.MAY
    assert check_line(line, box(33.11, 33.12), uncertainty_m=10.0)[0].crossing is Crossing.NOT


def _slow_distance_m(at: Position, course: Course) -> float:
    """By walking the course in steps of some 5 m: never less than the true distance, and at most 3 m more near it."""
    steps = [
        p
        for a, b in zip(course.points, course.points[1:], strict=False)
        for p in _GEOD.npts(a.longitude_deg, a.latitude_deg, b.longitude_deg, b.latitude_deg, 1000, 0, 0)
    ]
    lon, lat = zip(*steps, strict=True)
    n = len(lon)
    return float(min(_GEOD.inv(lon, lat, [at.longitude_deg] * n, [at.latitude_deg] * n)[2]))


@settings(max_examples=60, deadline=None)
@given(st.floats(33.05, 33.15), st.floats(35.12, 35.33), st.floats(10, 5000), st.floats(0, 2000), st.floats(0, 500))
def test_a_circle_is_answered_as_a_slow_walk_along_the_line_answers(lat, lon, radius_m, uncertainty_m, precision_m):
    course, centre = _course("A", precision_m=precision_m), Position(lat, lon)
    (answer,) = check_line(Line("L", (course,)), Circle(centre, radius_m), uncertainty_m=uncertainty_m)
    apart_m, open_m = _slow_distance_m(centre, course), uncertainty_m + precision_m
    if answer.crossing is Crossing.NOT:
        assert apart_m > radius_m + open_m - 1.0
    elif answer.crossing is Crossing.CROSSES:
        assert apart_m < radius_m - open_m + 6.0
    else:
        assert radius_m - open_m - 6.0 < apart_m < radius_m + open_m + 8.0


def test_a_line_refuses_a_course_of_nobody_two_of_one_party_and_one_point():
    with pytest.raises(InvalidVolume, match="who measured"):
        _course(" ")
    with pytest.raises(InvalidVolume, match="twice by A"):
        Line("L", (_course("A"), _course("A")))
    with pytest.raises(InvalidVolume, match="no line"):
        Course("A", (Position(33, 35),), 1.0)


def test_northern_shield_may_cross_the_illustrative_blue_line_and_the_text_says_by_whom():
    scenario = Path(__file__).parents[1] / "scenarios" / "levant-2018"
    said = CliRunner().invoke(
        line_command, ["check", str(scenario / "lines.geojson"), str(scenario / "northern_shield.geojson")]
    )
    assert said.exit_code == 0, said.output
    *rows, last = said.output.splitlines()
    assert len(rows) == 2
    assert all("as ISR_IDF states it" in row and "as measured by lines.geojson" in row for row in rows)
    assert "may cross Blue Line" in rows[0]
    assert "No finding" in last


def test_pickets_of_two_parties_are_told_apart_point_by_point_and_both_stand():
    line = Line("L", (_course("A", 33.1), _course("B", 33.102, 20.0)))
    found = apart(line)
    assert [(each.by, each.point_index, each.other) for each in found] == [
        *(("A", k, "B") for k in range(6)),
        *(("B", k, "A") for k in range(6)),
    ]
    true_m = _GEOD.inv(35.2, 33.1, 35.2, 33.102)[2]
    assert all(abs(each.distance_m - true_m) < 2.0 and each.open_m == 30.0 for each in found)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("{", "not JSON"),
        ('{"features": []}', "no features"),
        ('{"type": "a", "type": "b"}', "type"),
        ('{"features": [{"geometry": {"type": "Point"}, "properties": {}}]}', "not a LineString"),
        (
            '{"features": [{"geometry": {"type": "LineString", "coordinates": [[35, 33], [36, 33]]}, "properties": {"name": "L"}}]}',
            "precision is missing",
        ),
        (
            '{"features": [{"geometry": {"type": "LineString", "coordinates": [[35, 33]]}, "properties": {"name": "L", "precision": "5 m"}}]}',
            "two",
        ),
        (
            '{"features": [{"geometry": {"type": "LineString", "coordinates": [[35, 133], [36, 33]]}, "properties": {"name": "L", "precision": "5 m"}}]}',
            "latitude",
        ),
    ],
)
def test_a_file_of_lines_that_cannot_be_is_refused(tmp_path, raw, said):
    path = tmp_path / "lines.geojson"
    path.write_text(raw)
    with pytest.raises(DetenteError, match=said):
        read_lines(path)
