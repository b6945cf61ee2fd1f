"""Writes the vectors beside it: `python tests/vectors/release/make.py`. Run it only together with a change of the wire or of the generaliser."""

import json
from dataclasses import replace
from hashlib import sha256
from math import cos, sin
from pathlib import Path

from detente.channel.forms import NoticeForm, form_from, notice_form, notice_of, plain
from detente.client.release import agreed_levels, cancellation, prepare, submission_id
from detente.client.signer import Signer
from detente.domain import (
    SURFACE,
    UNLIMITED_ABOVE,
    UNMARKED,
    UNSTATED_BAND,
    UNSTATED_WINDOW,
    Activity,
    AltitudeBand,
    Assumption,
    Circle,
    Contact,
    Corridor,
    DetenteError,
    HumanitarianDetails,
    Marking,
    MultiPolygon,
    Notice,
    Orbit,
    PartyKind,
    Polygon,
    Position,
    ReleaseGrids,
    ReleaseLevel,
    ReleaseRule,
    RequiredRecipient,
    Signatory,
    Stop,
    Terms,
    TimeWindow,
    Tlp,
    Uncertainty,
    Vehicle,
    Volume4D,
    agl,
    amsl,
    flight_level,
    hae,
)
from detente.record.keys import SigningKey

ARENA, PARTY, MADE_AT_US = "levant", "relief", 1_537_200_000_123_456
KEY = SigningKey(sha256(b"release vectors").digest())  # never to be used
FULL, GENERAL, EXISTENCE, NONE = (ReleaseLevel(name) for name in ("full", "general", "existence", "none"))
EVENING = TimeWindow(1_537_207_200_000_000, 1_537_214_399_000_001)
MIDDLE = AltitudeBand(flight_level(150), flight_level(195))
SPOT = Circle(Position(35.2, 35.8), 12_000.0)
LEVELS = {"north": FULL, "south": GENERAL, "board": EXISTENCE, "press": NONE}
DETAILS = HumanitarianDetails(
    purpose="медикаменты · أدوية · תרופות",
    vehicles=(Vehicle("A 123", "white, red roof"), Vehicle("B 456")),
    headcount=14,
    armed_escort=False,
    contacts=(Contact("desk", "+000 1"), Contact("lead car", "HF 7.65", on_the_move=True)),
    stops=(Stop("the bridge", 1_537_207_800_000_000, None),),
)


def ring(*corners):
    return tuple(Position(*corner) for corner in corners)


def notice(*volumes, **others):
    return Notice(
        **{"reference": "R-1", "party": PARTY, "activity": Activity.AIR_OPERATION, "volumes": volumes} | others
    )


def coast(corners):
    """A ring as a coast is drawn: no two legs alike, and every double of its own."""
    turns = [2.0 * 3.141592653589793 * k / corners for k in range(corners)]
    return Polygon(
        tuple(
            Position(35.0 + (0.8 + 0.05 * sin(17 * t)) * sin(t), 36.0 + (0.9 + 0.05 * cos(13 * t)) * cos(t))
            for t in turns
        )
    )


CONVOY = notice(
    Volume4D(
        Corridor(ring((33.8, 35.4), (34.6, 36.2), (34.4, 37.1)), 500.0), AltitudeBand(SURFACE, agl(50.0)), EVENING
    ),
    Volume4D(
        Corridor(ring((34.4, 37.1), (34.9, 37.3)), 500.0, "square"),
        AltitudeBand(SURFACE, agl(50.0)),
        TimeWindow(EVENING.end_us, EVENING.end_us + 3_600_000_000),
        Uncertainty(200.0, 0.0, 900.0),
    ),
    activity=Activity.HUMANITARIAN_MOVEMENT,
    title="Convoy 7",
    stated_place="along the road",
    assumptions=(Assumption("altitude", "vehicles"),),
    details=DETAILS,
    expires_us=EVENING.end_us + 7_200_000_000,
    revalidate_us=EVENING.start_us,
)
CIRCLE = notice(Volume4D(SPOT, MIDDLE, EVENING), title="Patrol", declared_by="the harbour")


class Draws:
    """Bytes that look random and are the same every time; `taken` are those that were drawn."""

    def __init__(self, name):
        self._name, self.taken = name, []

    def __call__(self, count):
        self.taken.append(sha256(f"{self._name} {len(self.taken)}".encode()).digest()[:count])
        return self.taken[-1]


def signer(lasts):
    return Signer(KEY, arena=ARENA, party=PARTY, lasts=lasts, clock_us=lambda: MADE_AT_US)


def case(given, levels=LEVELS, *, before=None, grids=None, to_the_host=FULL, marking=UNMARKED, lasts=None):
    return given, levels, before, grids or ReleaseGrids(), to_the_host, marking, lasts or {}


def sent_before(given, levels=LEVELS):
    return prepare(given, levels, signer=signer({}), grids=ReleaseGrids(), draw=Draws("before")).sent


LATER = replace(
    CIRCLE, volumes=(replace(CIRCLE.volumes[0], window=TimeWindow(EVENING.start_us + 60_000_000, EVENING.end_us)),)
)
NUMBERS = Volume4D(
    Corridor(ring((0.1 + 0.2, 1e-7), (-0.0, 1.7e-7)), 5e-7),
    AltitudeBand(hae(1 / 3), hae(123456.78901234567)),
    TimeWindow(-1, 9_007_199_254_000_000),
    Uncertainty(1e-9, 0.1, 1e-6),
)  # fmt: skip
CASES = {
    "convoy": case(CONVOY),
    "circle_generalised_for_the_host": case(CIRCLE, to_the_host=GENERAL, marking=Marking(("north", "south"), Tlp.AMBER_STRICT, ("no foreign air",))),
    "existence_for_the_host": case(CIRCLE, {"north": GENERAL}, to_the_host=EXISTENCE),
    "told_to_nobody": case(CIRCLE, {"north": NONE}),
    "amended_and_only_one_may_see_it": case(LATER, before=sent_before(CIRCLE), lasts={"": (1, "a" * 64), "north": (4, "b" * 64)}),
    "amended_for_others": case(LATER, {"south": FULL, "press": EXISTENCE}, before=sent_before(CIRCLE)),
    "names_in_order": case(CIRCLE, {"10": GENERAL, "9": GENERAL, "ä": EXISTENCE, "\U0001d538": EXISTENCE, "\uff21": EXISTENCE, "constructor": EXISTENCE}),
    "no_layers_and_wide_slots": case(
        notice(Volume4D(Orbit(*ring((34.5, 34.0), (35.2, 34.2)), 18_520.0, "right"), AltitudeBand(amsl(100.0), UNLIMITED_ABOVE), EVENING)),
        grids=ReleaseGrids((10, 8), None, 21_600, 4),
    ),
    "nothing_stated": case(notice(Volume4D(SPOT, UNSTATED_BAND, UNSTATED_WINDOW), activity=Activity.UNSTATED)),
    "over_the_antimeridian_and_the_pole": case(
        notice(
            Volume4D(Polygon(ring((-17.5, 179.5), (-17.5, -179.5), (-16.5, -179.5), (-16.5, 179.5))), MIDDLE, EVENING),
            Volume4D(Circle(Position(89.9, 12.0), 40_000.0), MIDDLE, EVENING),
        )
    ),
    "rings_with_holes": case(
        notice(
            Volume4D(
                MultiPolygon(
                    (
                        Polygon(ring((35, 35), (35, 36), (36, 36), (36, 35)), (ring((35.2, 35.2), (35.8, 35.2), (35.8, 35.8), (35.2, 35.8)),)),
                        Polygon(ring((35, 37), (35, 37.2), (35.2, 37.1))),
                    )
                ),
                MIDDLE,
                EVENING,
            )
        ),
        grids=ReleaseGrids((12, 9)),
    ),
    "a_coast_of_1000_corners": case(notice(Volume4D(coast(1000), MIDDLE, EVENING)), {"south": GENERAL}, grids=ReleaseGrids((11, 9))),
    "numbers_as_json_writes_them": case(notice(NUMBERS), {"north": FULL}),
}  # fmt: skip
REFUSED = {
    "a_ring_that_crosses_itself": case(notice(Volume4D(Polygon(ring((35, 35), (36, 36), (36, 35), (35, 36))), MIDDLE, EVENING)), {"south": GENERAL}),
    "a_hole_outside": case(
        notice(Volume4D(Polygon(ring((35, 35), (35, 36), (36, 36)), (ring((40, 40), (40, 41), (41, 41)),)), MIDDLE, EVENING)), {"south": GENERAL}
    ),
    "more_cells_than_a_view_holds": case(notice(Volume4D(Circle(Position(34, 38), 2_000_000.0), MIDDLE, EVENING)), {"south": GENERAL}, grids=ReleaseGrids((9,))),
    "an_edge_half_way_round": case(notice(Volume4D(Corridor(ring((0, 0), (0, 120)), 1000.0), MIDDLE, EVENING)), {"south": GENERAL}),
}  # fmt: skip


def asked(given, levels, before, grids, to_the_host, marking, lasts):
    return {
        "arena": ARENA,
        "party": PARTY,
        "key": KEY.public.id,
        "made_at_us": MADE_AT_US,
        "lasts": {audience: list(last) for audience, last in lasts.items()},
        "notice": plain(notice_form(given)),
        "levels": {recipient: level.value for recipient, level in levels.items()},
        "before": before and plain(before),
        "grids": plain(grids),
        "to_the_host": to_the_host.value,
        "marking": plain(marking),
    }


def vector(name, given, levels, before, grids, to_the_host, marking, lasts):
    """What is prepared, and what cancels it again: both signed by one key, one after the other."""
    draws, signs = Draws(name), signer(lasts)
    prepared = prepare(
        given, levels, signer=signs, grids=grids, draw=draws, before=before, to_the_host=to_the_host, marking=marking
    )
    cancels = cancellation(prepared.sent, signer=signs, reason="no longer")
    return asked(given, levels, before, grids, to_the_host, marking, lasts) | {
        "draws": [drawn.hex() for drawn in draws.taken],
        "sent": plain(prepared.sent),
        "payloads": [each.payload.decode() for each in prepared.envelopes],
        "submission_id": submission_id(prepared.envelopes),
        "cancels": [each.payload.decode() for each in cancels],
    }


def refusal(name, given, levels, before, grids, to_the_host, marking, lasts):
    try:
        vector(name, given, levels, before, grids, to_the_host, marking, lasts)
    except DetenteError as error:
        said = {"family": type(error).__name__, "where": error.where, "what": error.what, "hint": error.hint}
        return asked(given, levels, before, grids, to_the_host, marking, lasts) | {"refused": said}
    raise AssertionError(name)


RULES = (
    ReleaseRule(GENERAL),
    ReleaseRule(FULL, sender="north", recipient="south"),
    ReleaseRule(EXISTENCE, sender="north"),
    ReleaseRule(NONE, recipient="board", activity=Activity.LIVE_FIRE),
    ReleaseRule(FULL, recipient="board", activity=Activity.LIVE_FIRE),
    ReleaseRule(FULL, activity=Activity.HUMANITARIAN_MOVEMENT),
    ReleaseRule(NONE, sender="south", recipient="north", activity=Activity.EXERCISE),
)
REQUIRED = (RequiredRecipient("board", Activity.LIVE_FIRE), RequiredRecipient("north", Activity.EXERCISE))
CHOSEN = ({}, {"board": NONE, "south": EXISTENCE}, {"board": FULL}, {"stranger": FULL, "another": NONE})


def agreed():
    """At which level everybody is told of everything by everybody, as agreed and as chosen; by two sets of rules."""
    names = ("north", "south", "board", "relief")
    told = []
    for rules in (RULES, RULES[1:5]):
        parties = tuple(Signatory(name, PartyKind.ARMED_FORCE) for name in names)
        terms = Terms(parties=parties, releases=rules, required=REQUIRED)
        shown = plain(terms)
        cases = [
            {"sender": sender, "activity": activity.value, "chosen": plain(chosen), **levels_or_refusal(terms, activity, sender, chosen)}
            for sender in names
            for activity in Activity
            for chosen in CHOSEN
        ]  # fmt: skip
        told.append({name: shown[name] for name in ("parties", "releases", "required")} | {"cases": cases})
    return told


def levels_or_refusal(terms, activity, sender, chosen):
    try:
        levels = agreed_levels(terms, replace(CIRCLE, activity=activity), sender, chosen)
    except DetenteError as error:
        return {"refused": {"family": type(error).__name__, "what": error.what, "hint": error.hint}}
    return {"levels": plain(levels)}


# A member of the convoy's form, and a value that it cannot have.
WRONG = [
    (["volumes"], []),
    (["party"], ""),
    (["party"], 7),
    (["activity"], "parade"),
    (["activity"], "live_fire"),
    (["expires_us"], "soon"),
    (["expires_us"], 1.5),
    (["volumes", 0, "window", "start_us"], True),
    (["volumes", 0, "window", "start_stated"], False),
    (["volumes", 0, "window", "end_us"], 0),
    (["volumes", 0, "window", "zone"], "Z"),
    (["volumes", 0, "altitude_lower", "reference"], "UNL"),
    (["volumes", 0, "altitude_lower", "value_m"], None),
    (["volumes", 0, "altitude_lower", "value_m"], 1e7),
    (["volumes", 0, "altitude_lower", "value_m"], 60),
    (["volumes", 0, "altitude_upper", "reference"], "QFE"),
    (["volumes", 0, "footprint", "shape"], "blob"),
    (["volumes", 0, "footprint", "shape"], "circle"),
    (["volumes", 0, "footprint", "half_width_m"], 0),
    (["volumes", 0, "footprint", "half_width_m"], "500"),
    (["volumes", 0, "footprint", "ends"], "pointed"),
    (["volumes", 0, "footprint", "centre_line"], [[1, 2], [1, 2]]),
    (["volumes", 0, "footprint", "centre_line", 0], [91, 0]),
    (["volumes", 0, "footprint", "centre_line", 0], [0, 181]),
    (["volumes", 0, "footprint", "centre_line", 0], [0]),
    (["volumes", 0, "footprint"], {"shape": "polygon", "shell": [[0, 0], [0, 1], [1, 1], [0, 0]]}),
    (["volumes", 0, "footprint"], {"shape": "polygon", "shell": [[0, 0], [0, 1], [0, 1], [1, 1]]}),
    (["volumes", 0, "footprint"], {"shape": "polygon", "shell": [[0, 0], [0, 1]]}),
    (["volumes", 0, "footprint"], {"shape": "multipolygon", "parts": []}),
    (["volumes", 0, "footprint"], {"shape": "orbit", "first": [0, 0], "second": [0, 0], "width_m": 9}),
    (["volumes", 1, "position_uncertainty_m"], -1),
    (["volumes", 1, "time_uncertainty_s"], 1e10),
    (["details", "headcount"], -1),
    (["details", "contacts", 0, "reach"], " "),
    (["assumptions", 0], {"field": "altitude"}),
    (["colour"], "red"),
]


def wrong_forms():
    """The convoy with one thing in it that cannot be, and the family of the refusal."""
    return [{"path": path, "value": value, "family": family_of(changed(path, value))} for path, value in WRONG]


def changed(path, value):
    form = plain(notice_form(CONVOY))
    inner = form
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return form


def family_of(form):
    try:
        notice_of(form_from(form, NoticeForm))
    except DetenteError as error:
        return type(error).__name__
    raise AssertionError(form)


def main():
    folder = Path(__file__).parent
    made = {name: vector(name, *each) for name, each in CASES.items()}
    made |= {name: refusal(name, *each) for name, each in REFUSED.items()}
    made |= {"levels/agreed": agreed(), "forms/wrong": {"notice": plain(notice_form(CONVOY)), "changes": wrong_forms()}}
    for name, value in made.items():
        (folder / f"{name}.json").parent.mkdir(exist_ok=True)
        (folder / f"{name}.json").write_text(
            json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
