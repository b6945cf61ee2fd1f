"""The answer as a page: what is in the file, and what a real browser makes of it."""

import base64
import hashlib
import json
import re
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

import real_browser
from detente.domain import (
    ALL_ALTITUDES,
    UNSTATED_WINDOW,
    Activity,
    AltitudeBand,
    Answer,
    Assumption,
    Circle,
    Conflict,
    Corridor,
    HazardWarning,
    MeetingArea,
    Minima,
    MinimaRule,
    Notice,
    NotUnderstood,
    Polygon,
    Position,
    Proposal,
    ScreeningAnswer,
    Separation,
    TimeWindow,
    Understanding,
    Volume4D,
    VolumeRef,
    flight_level,
)
from detente.geodesy.outline import outline
from detente.interop import answer_html
from detente.interop.answer_words import rules

NOON = datetime(2018, 9, 17, 12, tzinfo=UTC)
BAND = AltitudeBand(flight_level(160), flight_level(200))
EVIL = (
    "</script><script>window.broken = 1</script>",
    "<img src=x onerror='window.broken = 2'>",
    "<!--<script>",
    '" onmouseover="window.broken = 3',
    "javascript:window.broken=4",
    "{{script}}{{data}}",
    "\\u003cscript\\u003e \ud800 \u2028 \x00 ${window.broken=5}",
)


@dataclass(frozen=True)
class Note:
    where: str
    what: str


def window(hours=0, length=1):
    return TimeWindow.between(NOON + timedelta(hours=hours), NOON + timedelta(hours=hours + length))


def circle(latitude_deg, longitude_deg, radius_m=20_000.0):
    return Circle(Position(latitude_deg, longitude_deg), radius_m)


def plan(reference, party, *footprints, activity=Activity.AIR_OPERATION, **others):
    volumes = tuple(Volume4D(footprint, BAND, window(i)) for i, footprint in enumerate(footprints))
    return Notice(reference, party, activity, volumes, **others)


def meets(a, b, footprint, answer=Answer.CONFLICT, text="default", apart=Separation(0.0, 0.0)):  # noqa: B008
    here = window()
    centre = outline(footprint)
    closest = (centre[0].shell[0], centre[0].shell[9])
    area = MeetingArea(centre, closest, text, "FL200", here.start_us, here.end_us)
    return Conflict(
        *(VolumeRef(a, 0), VolumeRef(b, 0), answer, apart, apart, apart),
        *(Minima(9_260.0, 304.8, 300.0), text, (text,), area),
    )


def answered(latitude_deg=35.2, longitude_deg=35.8, text="ordinary"):
    """One of everything around a place, with `text` wherever a party or a file can put text."""
    here, beside = circle(latitude_deg, longitude_deg), circle(latitude_deg, longitude_deg, 26_000.0)
    written = {"title": text, "source": text, "stated_place": text, "assumptions": (Assumption(text, text),)}
    far = Position(latitude_deg - 0.5 if latitude_deg > 0 else latitude_deg + 0.5, longitude_deg)
    a = plan(text, text, here, Corridor((here.centre, far), 5_000.0), **written)
    b = plan("UN-2", "UNIFIL", beside, circle(latitude_deg, longitude_deg, 3_000.0))
    hazard = plan(
        "HZ " + text,
        "SY",
        circle(latitude_deg, longitude_deg, 90_000.0),
        activity=Activity.HAZARD_AREA,
        declared_by=text,
    )
    site = plan("SITE", "ICRC", circle(latitude_deg, longitude_deg, 900.0), activity=Activity.HUMANITARIAN_SITE)
    conflicts = (
        meets(a, b, here, text=text),
        meets(a, site, here, Answer.POSSIBLE, apart=Separation(1_234.0, 1_234.0)),
    )
    warnings = (HazardWarning(VolumeRef(a, 0), VolumeRef(hazard, 0), Answer.CONFLICT, conflicts[0].area),)
    moves = {(text, text): (Proposal(a, "time", 720.0),), ("ICRC", "SITE"): ()}
    return ScreeningAnswer(Answer.CONFLICT, (a, b, hazard, site), conflicts, warnings, moves, 9)


def page(text="ordinary", **place):
    problems = [NotUnderstood(text, hint=text, where=text)]
    return answer_html(answered(text=text, **place), readings=[Note(text, text)], problems=problems, generated_utc=NOON)


def data_in(html):
    return json.loads(re.search(r'id="answer">(.*?)</script>', html, re.DOTALL)[1])


# the file ---------------------------------------------------------------------------------------------------------------


def test_the_policy_allows_the_one_style_and_the_one_script_and_nothing_else():
    html = page()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    script, style = (
        re.search(r"<script>(.*)</script>", html, re.DOTALL)[1],
        re.search(r"<style>(.*)</style>", html, re.DOTALL)[1],
    )

    def digest(text):
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    assert policy == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'"
    )
    assert html.count("<script") == 2
    assert not re.search(
        r"(src|href)=\"(?!#)|https?:|url\(|@import|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", html
    )


@pytest.mark.parametrize("text", EVIL)
def test_nothing_a_party_writes_can_leave_its_data_block(text):
    html, plain = page(text), page()
    assert html.count("<") == plain.count("<")
    assert data_in(html)["notices"][0]["name"] == text.replace("\u2028", "\\u2028").replace("\x00", "\\u0000")


def test_a_report_of_one_place_is_small_and_holds_only_that_place():
    html = page()
    assert len(html.encode("utf-8", "replace")) < 200_000
    cities = [name for name, *_ in data_in(html)["basemap"]["cities"]]
    assert "Latakia" in cities
    assert "Paris" not in cities


def test_ten_thousand_volumes_stay_within_five_megabytes():
    corridor = Corridor((Position(46.0, 8.0), Position(46.1, 8.1)), 500.0)
    flights = [
        Notice(f"F{i}", f"P{i % 40}", Activity.AIR_OPERATION, (Volume4D(corridor, BAND, window()),) * 10)
        for i in range(1_000)
    ]
    assert len(answer_html(ScreeningAnswer(Answer.CLEAR, tuple(flights), ()))) < 5_000_000


def test_huge_outlines_are_simplified_outward():
    from math import cos, pi, sin

    import shapely

    corners = tuple(
        Position(35 + (1 + 0.02 * (i % 2)) * sin(2 * pi * i / 8_000), 35 + cos(2 * pi * i / 8_000))
        for i in range(8_000)
    )
    answer = ScreeningAnswer(Answer.CLEAR, (plan("A", "A", Polygon(corners)),), ())
    (ring,) = data_in(answer_html(answer))["volumes"]["rings"][0]
    drawn, at = [], [0, 0]
    for lat, lon in zip(ring[::2], ring[1::2], strict=True):
        at = [at[0] + lat, at[1] + lon]
        drawn.append((at[1] / 1e5, at[0] / 1e5))
    assert len(drawn) < 2_000
    area = shapely.Polygon(drawn)
    assert all(area.covers(shapely.Point(p.longitude_deg, p.latitude_deg)) for p in corners)


def test_how_near_a_plan_comes_to_a_humanitarian_site_is_not_in_the_file():
    pairs = [pair for meeting in data_in(page())["meetings"] for pair in meeting["pairs"]]
    told, withheld = pairs
    assert told["closest"] is not None
    assert withheld["closest"] is None
    assert "1.23 km" not in json.dumps(withheld["rows"])
    assert [row[1] for row in withheld["rows"]] == ["withheld (protected)"] * 3


def test_a_window_drawn_is_never_shorter_than_it_is():
    volume = Volume4D(circle(0, 0), BAND, TimeWindow(1_999_999, 2_000_001))
    columns = data_in(
        answer_html(ScreeningAnswer(Answer.CLEAR, (Notice("A", "A", Activity.EXERCISE, (volume,)),), ()))
    )["volumes"]
    assert (columns["start"], columns["end"]) == ([1], [3])


# a browser --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with real_browser.launched() as launched:
        yield launched


class Window:
    """A page in the browser, and everything it complained of or asked the network for."""

    def __init__(self, browser, html, tmp_path, **settings):
        path = tmp_path / "answer.html"
        path.write_bytes(html.encode("utf-8"))
        self.page = browser.new_page(**{"viewport": {"width": 1200, "height": 800}, **settings})
        self.trouble = []
        self.page.on("console", lambda message: self.trouble.append(message.text))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("request", lambda request: request.url != path.as_uri() and self.trouble.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#tabs button")
        self.settle()

    def settle(self):
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def text(self, selector):
        return self.page.inner_text(selector)

    def colours(self):
        return colours(self.page)

    def move_slider(self, moment):
        script = (
            "(t) => { const s = document.getElementById('slider'); s.value = t; s.dispatchEvent(new Event('input')); }"
        )
        self.page.evaluate(script, int(moment.timestamp()))
        self.settle()


def colours(tab):
    """How many different colours the map shows."""
    script = """() => { const c = document.getElementById("canvas"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, s = new Set();
      for (let i = 0; i < d.length; i += 28) s.add((d[i] << 16) | (d[i + 1] << 8) | d[i + 2]); return s.size; }"""
    return tab.evaluate(script)


@pytest.fixture
def opened(browser, tmp_path):
    windows = []

    def open_page(html, **settings):
        windows.append(Window(browser, html, tmp_path, **settings))
        return windows[-1]

    yield open_page
    for window_ in windows:
        window_.page.close()
        assert window_.trouble == []


NO_FRAMES = "window.requestAnimationFrame = () => 1"
HIDDEN = """for (const [name, value] of [["hidden", true], ["visibilityState", "hidden"]])
  Object.defineProperty(Document.prototype, name, { configurable: true, get: () => value })"""
SIZES = [(1280, 800), (390, 844), (320, 480), (700, 500), (761, 400), (1920, 1080)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("before", [NO_FRAMES, f"{NO_FRAMES}; {HIDDEN}"], ids=["no frame runs", "hidden"])
def test_the_map_is_drawn_before_any_frame_runs_and_at_every_new_size(browser, tmp_path, size, before):
    (tmp_path / "answer.html").write_text(page(), encoding="utf-8")
    width, height = size
    tab = browser.new_page(viewport={"width": width, "height": height})
    tab.add_init_script(before)
    tab.goto((tmp_path / "answer.html").as_uri())
    assert colours(tab) > 20
    tab.set_viewport_size({"width": width + 200, "height": height - 100})
    tab.wait_for_function(
        "(wide) => { const c = document.getElementById('canvas'); return innerWidth === wide && c.width === Math.round(c.clientWidth * Math.min(devicePixelRatio, 2)); }",
        arg=width + 200,
        polling=20,
    )
    assert colours(tab) > 20
    tab.close()


def test_a_page_that_opens_without_room_is_drawn_when_it_gets_some(browser, tmp_path):
    (tmp_path / "answer.html").write_text(page(), encoding="utf-8")
    (tmp_path / "outer.html").write_text(
        "<iframe src='answer.html' style='display:none;width:900px;height:600px'></iframe>", encoding="utf-8"
    )
    tab = browser.new_page(viewport={"width": 1000, "height": 700})
    tab.goto((tmp_path / "outer.html").as_uri())
    tab.evaluate("() => { document.querySelector('iframe').style.display = 'block'; }")
    tab.wait_for_timeout(300)
    canvas = next(frame for frame in tab.frames if frame.url.endswith("answer.html")).locator("#canvas")
    assert different_colours(tab, canvas.screenshot()) > 20
    tab.close()


def test_until_somebody_moves_it_the_map_shows_everything_at_every_size(opened):
    view = opened(page())
    view.page.set_viewport_size({"width": 500, "height": 900})
    view.page.wait_for_function("() => document.getElementById('canvas').clientWidth <= 500")
    view.settle()
    small = view.text("#scale")
    view.page.set_viewport_size({"width": 1600, "height": 1000})
    view.page.wait_for_function("() => document.getElementById('canvas').clientWidth > 1000")
    view.settle()
    assert view.text("#scale") != small
    view.page.click("#zoom-in")
    view.settle()
    zoomed = view.text("#scale")
    view.page.set_viewport_size({"width": 1500, "height": 700})
    view.settle()
    assert view.text("#scale") == zoomed


def test_no_capture_of_the_page_shows_an_empty_map(browser, tmp_path):
    """Several at a time, as on a busy machine, where a frame is taken before any callback has run."""
    (tmp_path / "answer.html").write_text(page(), encoding="utf-8")
    taken = [tmp_path / f"{i}.png" for i in range(6)]
    started = [capture(tmp_path, path, size) for path, size in zip(taken, SIZES, strict=True)]
    assert [process.wait(timeout=120) for process in started] == [0] * len(taken)
    tab = browser.new_page()
    assert min(different_colours(tab, path.read_bytes(), "map") for path in taken) > 20
    tab.close()


def capture(tmp_path, path, size):
    width, height = size
    command = [real_browser.chromium(), "--headless", *real_browser.FLAGS, f"--user-data-dir={tmp_path / path.stem}"]
    command += [f"--window-size={width},{height}", f"--screenshot={path}", (tmp_path / "answer.html").as_uri()]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def different_colours(tab, png, part="all"):
    """How many colours a picture has; of a whole page, in what is always map: above the middle, on the right."""
    script = """async ([data, part]) => {
      const image = new Image(); image.src = "data:image/png;base64," + data; await image.decode();
      const c = document.createElement("canvas"); c.width = image.width; c.height = image.height;
      const x = c.getContext("2d"); x.drawImage(image, 0, 0);
      const box = part === "map" ? [c.width * 0.6, c.height * 0.2, c.width * 0.3, c.height * 0.25] : [0, 0, c.width, c.height];
      const d = x.getImageData(...box.map(Math.round)).data, s = new Set();
      for (let i = 0; i < d.length; i += 4) s.add((d[i] << 16) | (d[i + 1] << 8) | d[i + 2]); return s.size; }"""
    return tab.evaluate(script, [base64.b64encode(png).decode(), part])


def test_the_map_draws_and_the_slider_moves_through_the_day(opened):
    view = opened(page())
    assert view.colours() > 20
    assert view.text("#verdict") == "CONFLICT"
    assert "Notification is not permission" in view.text("#head")
    view.move_slider(NOON + timedelta(minutes=30))
    assert "2018-09-17T12:30:00Z · 171230ZSEP18" in view.text("#now")
    assert view.text("#active") == "3 volumes active, 2 pairs of notices meet or may"
    view.move_slider(NOON + timedelta(minutes=90))
    assert view.text("#active") == "2 volumes active"
    view.page.click("#all")
    assert view.page.get_attribute("#all", "aria-pressed") == "true"


def test_choosing_a_conflict_shows_its_separations_rule_and_what_would_clear_it(opened):
    view = opened(page())
    view.page.click("#meeting-1")
    details = view.text("#details")
    for words in ("overlap", "9.26 km (5.00 NM)", "given", "12 min later", "171200ZSEP18", "MGRS 36SYD"):
        assert words in details.replace("ordinary", "given"), words
    view.page.keyboard.press("Escape")
    assert view.page.is_visible("#list-meetings")


def test_the_tab_tells_conflicts_and_possibles_apart_and_so_does_the_list(opened):
    view = opened(page())
    assert view.text("#tab-meetings") == "Conflicts 1, possible 1"
    assert view.page.locator("#list-meetings h2").all_inner_texts() == [
        "Conflicts: 1 pair of plans",
        "Possible: 1 pair of plans",
    ]


def test_the_list_tells_how_high_and_how_closely_and_nothing_of_what_is_protected(opened):
    view = opened(page())
    told, withheld = view.text("#meeting-1"), view.text("#meeting-2")
    assert "ordinary to FL200" in told
    assert "lateral overlap · vertical overlap · time overlap" in told
    assert "how closely is withheld (protected)" in withheld
    a, b = plan("A-1", "A", circle(35.2, 35.8)), plan("B-1", "B", circle(35.2, 35.8))
    met = meets(a, b, circle(35.2, 35.8), apart=Separation(1_234.0, 600.0))
    view = opened(answer_html(ScreeningAnswer(Answer.CONFLICT, (a, b), (met,), pair_count=1)))
    assert "lateral 1.23 km (0.66 NM) apart, at least 600 m" in view.text("#meeting-1")


@pytest.mark.parametrize(
    ("readings", "problems", "label"),
    [
        ((), (), "Input"),
        ((Note("a.csv", "no activity stated"),), (), "Input"),
        ((Note("a.csv", "not read: remarks"),), (), "Input ⚠ 1"),
        ((Note("a.csv", "not read: remarks"),), (NotUnderstood("no unit"), NotUnderstood("no zone")), "Input ⚠ 3"),
    ],
)
def test_the_input_tab_is_marked_where_something_was_not_read(opened, readings, problems, label):
    view = opened(answer_html(answered(), readings=readings, problems=problems))
    assert view.text("#tab-input") == label
    assert ("alert" in (view.page.get_attribute("#tab-input", "class") or "")) == ("⚠" in label)
    view.page.click("#tab-input")
    assert ("Not read, or not compared" in view.text("#list-input")) == any("not read" in r.what for r in readings)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_tab_is_cut_off(opened, width):
    notices = tuple(plan(f"N-{i}", f"P{i}", circle(35 + i / 100, 35.8)) for i in range(40))
    found = tuple(meets(a, b, circle(35.2, 35.8)) for a, b in zip(notices[:20], notices[20:], strict=True))
    problems = [NotUnderstood("no unit")] * 12
    view = opened(
        answer_html(ScreeningAnswer(Answer.CONFLICT, notices, found, pair_count=20), problems=problems),
        viewport={"width": width, "height": 844},
    )
    edge = view.page.evaluate("() => document.getElementById('panel').getBoundingClientRect().right")
    ends = [tab.bounding_box() for tab in view.page.locator("#tabs button").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= edge for box in ends)


def test_the_head_names_the_minima_of_the_understanding_even_where_nothing_meets(opened):
    clear = ScreeningAnswer(
        Answer.CLEAR, (plan("A", "A", circle(35.2, 35.8)), plan("B", "B", circle(36, 36))), (), pair_count=1
    )
    understanding = Understanding(
        "U",
        "1",
        (MinimaRule("air and air", Minima(9_260.0, 304.8, 300.0)), MinimaRule("fires", Minima(18_520.0, 609.6, 900.0))),
    )
    head = opened(answer_html(clear, minima=rules(understanding, None))).text("#head")
    assert "Minima: air and air: 9.26 km (5.00 NM), 305 m (1000 ft), 5 min" in head
    assert "fires: 18.52 km (10.00 NM), 610 m (2000 ft), 15 min" in head


def test_the_height_axis_is_in_feet_levels_and_metres(browser, tmp_path):
    (tmp_path / "answer.html").write_text(page(), encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.add_init_script(
        "window.written = []; const fill = CanvasRenderingContext2D.prototype.fillText;"
        "CanvasRenderingContext2D.prototype.fillText = function (text, ...at) { written.push(text); return fill.call(this, text, ...at); };"
    )
    tab.goto((tmp_path / "answer.html").as_uri())
    tab.wait_for_selector("#tabs button")
    written = tab.evaluate("() => written")
    tab.close()
    assert "15,000 ft" in written or "20,000 ft" in written
    assert {"FL150 · 4,572 m", "FL200 · 6,096 m"} & set(written)
    assert not any(text.startswith("-0") for text in written)


def test_forty_areas_on_one_another_can_still_be_told_apart(opened):
    """Along a line into forty nested areas the colour goes on changing to the last."""
    notices = tuple(plan(f"N-{i}", f"P{i % 2}", circle(0.0, -30.0, 41_000.0)) for i in range(80))
    found = tuple(meets(notices[2 * i], notices[2 * i + 1], circle(0.0, -30.0, 1_000.0 * (i + 1))) for i in range(40))
    view = opened(answer_html(ScreeningAnswer(Answer.CONFLICT, notices, found, pair_count=40)))
    line = view.page.evaluate(
        """() => { const c = document.getElementById("canvas"), y = Math.round(c.height / 2) + 40;
          return [...c.getContext("2d").getImageData(0, y, c.width, 1).data]; }"""
    )
    pixels = list(zip(line[::4], line[1::4], line[2::4], strict=True))
    runs = {pixel for pixel, after in pairwise(pixels) if pixel == after}
    assert len(runs) > 25


def test_the_legend_starts_closed_where_it_would_cover_the_map(opened):
    for width, is_open in ((390, False), (1280, False), (1920, True)):
        view = opened(page(), viewport={"width": width, "height": 800})
        assert view.page.evaluate("() => document.getElementById('legend').open") == is_open


def test_light_and_dark_leave_the_open_list_open(opened):
    view = opened(page())
    view.page.click("#tab-notices")
    view.page.click("#theme")
    assert view.page.is_visible("#list-notices")


def test_a_name_that_says_another_again_is_written_once(opened):
    a = plan("Survey box", "Survey box", circle(35.2, 35.8), title="Survey box")
    b = plan("B-1", "B", circle(35.2, 35.8), title="b B-1")
    answer = ScreeningAnswer(Answer.CONFLICT, (a, b), (meets(a, b, circle(35.2, 35.8)),), pair_count=1)
    view = opened(answer_html(answer))
    assert [text.strip() for text in view.page.locator("#meeting-1 .who").all_inner_texts()] == ["Survey box", "B B-1"]
    view.page.click("#meeting-1")
    assert "Survey box Survey box" not in view.text("#details")


def test_the_end_of_a_meeting_is_rounded_up_to_the_minute_in_its_date_time_group(opened):
    a, b = plan("A-1", "A", circle(35.2, 35.8)), plan("B-1", "B", circle(35.2, 35.8))
    met = meets(a, b, circle(35.2, 35.8))
    area = replace(met.area, end_us=met.area.end_us - 1_000_000)
    view = opened(answer_html(ScreeningAnswer(Answer.CONFLICT, (a, b), (replace(met, area=area),), pair_count=1)))
    view.page.click("#meeting-1")
    assert "2018-09-17T12:59:59Z" in view.text("#details")
    assert "171200ZSEP18 – 171300ZSEP18" in view.text("#details")


def test_everything_can_be_reached_by_keyboard(opened):
    view = opened(page())
    view.page.focus("#canvas")
    for key in ("ArrowLeft", "ArrowUp", "+", "-", "0", "n", "n", "p", "t", "a", "Escape"):
        view.page.keyboard.press(key)
    view.settle()
    view.page.focus("#tab-meetings")
    view.page.keyboard.press("ArrowRight")
    assert view.page.get_attribute("#tab-entries", "aria-selected") == "true"
    view.page.focus("#slider")
    view.page.keyboard.press("ArrowRight")
    assert "2018-09-17T12:01:00Z" in view.page.get_attribute("#slider", "aria-valuetext")


def test_what_parties_write_is_shown_and_never_run(opened):
    view = opened(page(" ".join(EVIL)))
    for tab in ("meetings", "entries", "notices", "input"):
        view.page.click(f"#tab-{tab}")
        for index in range(view.page.locator(f"#list-{tab} .item").count()):
            view.page.locator(f"#list-{tab} .item").nth(index).click()
            view.page.click("#back")
    view.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert view.page.evaluate("() => window.broken") is None
    assert (
        view.page.evaluate(
            "() => document.querySelectorAll('img, iframe, object, embed, link, body script:not([id])').length"
        )
        == 1
    )
    assert EVIL[0] in view.page.text_content("#list-notices")


@pytest.mark.parametrize(
    ("latitude_deg", "longitude_deg"), [(90.0, 0.0), (-89.9, 120.0), (0.0, 180.0), (65.0, -179.95), (0.0, 0.0)]
)
def test_poles_and_the_antimeridian_are_places_like_any_other(opened, latitude_deg, longitude_deg):
    view = opened(page(latitude_deg=latitude_deg, longitude_deg=longitude_deg))
    assert view.colours() > 20
    assert re.fullmatch(r"\d+ km · [\d.]+ NM", view.text("#scale").strip())


def test_plans_on_opposite_sides_of_the_world_can_be_drawn(opened):
    a, b = plan("A", "A", circle(50, 0)), plan("B", "B", circle(-50, 179.9))
    assert opened(answer_html(ScreeningAnswer(Answer.CLEAR, (a, b), ()))).colours() > 5


def test_a_tap_on_the_map_tells_what_lies_there(opened):
    view = opened(page(), viewport={"width": 1000, "height": 800})
    view.page.mouse.click(692, 330)
    assert "UN-2" in view.text("#panel")


def test_an_empty_answer_makes_a_page_without_a_slider(opened):
    view = opened(answer_html(ScreeningAnswer(Answer.CLEAR, (), ())))
    assert view.page.is_hidden("#time")
    assert "No plan was compared with another." in view.text("#lists")


def test_open_times_and_altitudes_are_drawn_and_named(opened):
    always = Notice("A", "A", Activity.LIVE_FIRE, (Volume4D(circle(35, 35), ALL_ALTITUDES, UNSTATED_WINDOW),))
    view = opened(answer_html(ScreeningAnswer(Answer.CLEAR, (always, plan("B", "B", circle(36, 36))), ())))
    view.page.click("#tab-notices")
    view.page.locator("#list-notices .item").first.click()
    assert "open – open" in view.text("#details")


def test_on_a_phone_the_lists_are_a_sheet_that_opens(opened):
    view = opened(page(), viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme="dark")
    assert view.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    closed = view.page.locator("#panel").bounding_box()["height"]
    view.page.tap("#tab-meetings")
    view.page.wait_for_function("(h) => document.getElementById('panel').offsetHeight > 4 * h", arg=closed)
    view.page.tap("#meeting-1")
    assert "CONFLICT" in view.text("#details")
    assert view.page.get_attribute("html", "data-theme") == "dark"
