"""What comes back from the channel explained is printed as what was found, by the names that people know."""

import json
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from rich.console import Console

from channel_world import NOON_US
from detente.api.questions import Advised, OfNotice, written
from detente.channel.advice import advise
from detente.channel.forms import view_form
from detente.cli.table import print_explained
from detente.client.explained import met_views, named, read_explained
from detente.client.told import SeenView
from detente.domain import Activity, InvalidVolume, Malformed, NotUnderstood
from detente.interop.write_geojson import geometry
from detente.interop.write_json import explained

sys.path.append(str(Path(__file__).parents[1] / "channel"))
from test_advice import a_view, a_world, box, plans


def as_sent(world, own):
    """An answer as the server writes it."""
    return json.loads(written(Advised(OfNotice("A", own.view_id), own, advise(world, own, NOON_US))))


def told_back(raw, own, seen):
    views = {(sender, view.view_id): SeenView(sender, view_form(view), "") for sender, view in seen}
    told = read_explained(raw)
    keys = met_views(told, "A")
    assert keys <= views.keys()
    return named(told, replace(own.as_notice("A"), reference="MINE"), {key: views[key] for key in keys})


def comparable(found):
    """Without outlines, which are rounded on the way, and what is worked out of them."""
    for each in (*found["conflicts"], *found["warnings"]):
        for name in ("footprint", "centre", "centre_dms", "centre_mgrs"):
            if each["area"]:
                del each["area"][name]
    return {name: sorted(found[name], key=key) for name in ("conflicts", "warnings")} | {"moves": found["proposals"]}


def key(each):
    return json.dumps([each.get(name) for name in ("a", "b", "plan", "hazard")], sort_keys=True)


@settings(max_examples=20)
@given(plans())
def test_an_answer_comes_back_as_it_was_found(told):
    own, seen = told[0], [(sender, replace(view, view_id=view.view_id[::-1])) for sender, view in told[1]]
    raw = as_sent(a_world(seen), own)
    back = told_back(raw, own, seen)
    assert back.missing == 0
    text = json.dumps(explained(back.answer, "A")).replace("MINE", own.view_id)
    for _, view in seen:
        for name in (f"{view.reference}, id {view.view_id[:8]}", f"id {view.view_id[:8]}"):
            text = text.replace(f'"{name}"', f'"{view.view_id}"')
    assert comparable(json.loads(text)) == comparable(raw)


def test_an_outline_comes_back_corner_by_corner():
    own, theirs = a_view([box()], number=1), a_view([box(1.0)], recipient="A", number=2)
    raw = as_sent(a_world([("B", theirs)]), own)
    (conflict,) = told_back(raw, own, [("B", theirs)]).answer.conflicts
    outline = json.loads(json.dumps(geometry(conflict.area.footprint)))
    assert outline == raw["conflicts"][0]["area"]["footprint"]


def shown(answer, viewer):
    text = StringIO()
    print_explained(answer, Console(file=text, width=100, color_system=None), viewer=viewer)
    return text.getvalue()


def test_it_is_printed_by_names_and_the_beginning_of_ids():
    own, theirs = a_view([box()], number=1), replace(a_view([box(3.0)], recipient="A", number=2), reference="LAF-7")
    back = told_back(as_sent(a_world([("B", theirs)]), own), own, [("B", theirs)])
    text = shown(back.answer, "A")
    assert "A MINE" in text
    assert f"B LAF-7, id {'0' * 8}" in text
    assert "clears" in text
    assert own.view_id not in text


def test_the_owner_of_a_site_reads_separations_and_others_do_not():
    plan = a_view([box()], number=1)
    site = a_view([box(1.0)], recipient="A", number=2, activity=Activity.HUMANITARIAN_SITE)
    text = shown(told_back(as_sent(a_world([("B", site)]), plan), plan, [("B", site)]).answer, "A")
    assert "withheld (protected)" in text
    site = a_view([box(1.0)], number=1, activity=Activity.HUMANITARIAN_SITE)
    plan = a_view([box()], recipient="A", number=2)
    text = shown(told_back(as_sent(a_world([("B", plan)]), site), site, [("B", plan)]).answer, "A")
    assert "withheld" not in text
    assert "lateral   overlap" in text


def test_a_meeting_with_a_view_that_is_gone_is_left_out_and_counted():
    own, theirs = a_view([box()], number=1), a_view([box()], recipient="A", number=2)
    told = read_explained(as_sent(a_world([("B", theirs)]), own))
    found = named(told, own.as_notice("A"), {})
    assert (found.missing, found.answer.conflicts) == (1, ())
    shorter = SeenView("B", view_form(theirs), "")
    told = read_explained(as_sent(a_world([("B", replace(theirs, volumes=(box(50.0), box())))]), own))
    assert named(told, own.as_notice("A"), {("B", theirs.view_id): shorter}).missing == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"area": {"footprint": {"type": "Polygon", "coordinates": [[[1]]]}}},
        {"area": {"footprint": {"type": "Polygon"}}},
        {"area": {"start": "yesterday"}},
        {"area": {"end": "2018-09-17T18:39:00"}},
        {"answer": "CLEAR"},
        {"minima": {"lateral_m": -1.0, "vertical_m": 0.0, "time_s": 0.0}},
    ],
)
def test_another_shape_is_refused(changed):
    own, theirs = a_view([box()], number=1), a_view([box()], recipient="A", number=2)
    raw = as_sent(a_world([("B", theirs)]), own)
    (conflict,) = raw["conflicts"]
    for name, value in changed.items():
        conflict[name] = conflict[name] | value if isinstance(value, dict) else value
    with pytest.raises((NotUnderstood, Malformed, InvalidVolume)):
        told_back(raw, own, [("B", theirs)])


def test_a_move_without_its_measure_is_refused():
    own, theirs = a_view([box()], number=1), a_view([box()], recipient="A", number=2)
    raw = as_sent(a_world([("B", theirs)]), own)
    move = next(move for move in raw["proposals"][0]["moves"] if move["dimension"] == "time")
    del move["later_s"]
    with pytest.raises(Malformed):
        told_back(raw, own, [("B", theirs)])
