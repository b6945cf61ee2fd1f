"""Views show what their level allows, and hold the notice they were made from."""

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import strategies
from detente.channel.forms import (
    NoticeForm,
    ViewForm,
    VolumeForm,
    form_from,
    notice_form,
    notice_of,
    plain,
    view_form,
    view_of,
    volume_form,
    volume_of,
)
from detente.channel.views import HIDDEN, SHOWN, View, make_view, same_to_the_recipient
from detente.domain import (
    Activity,
    Answer,
    Assumption,
    Circle,
    Contact,
    DetenteError,
    HumanitarianDetails,
    InvalidVolume,
    Marking,
    Minima,
    Notice,
    NotUnderstood,
    Position,
    ReleaseGrids,
    ReleaseLevel,
    Tlp,
    TooLarge,
    Vehicle,
    Volume4D,
)
from detente.screening import separation

GRIDS = ReleaseGrids()
VIEW_ID, COMMITMENT = "ab" * 16, "cd" * 32
LEVELS = (ReleaseLevel.FULL, ReleaseLevel.GENERAL, ReleaseLevel.EXISTENCE)
some_volumes = strategies.grids.flatmap(strategies.volumes)


def a_view(notice, level, **changed):
    return make_view(
        notice,
        level,
        GRIDS,
        **({"recipient": "B", "view_id": VIEW_ID, "version": 1, "commitment": COMMITMENT} | changed),
    )


def convoy(**changed):
    told = {
        "reference": "RM-3",
        "party": "A",
        "activity": Activity.HUMANITARIAN_MOVEMENT,
        "volumes": (Volume4D(Circle(Position(34.0, 36.0), 2_000.0)),),
        "title": "Two trucks to Homs",
        "source": "plans.csv, row 3",
        "stated_place": "north of Homs",
        "declared_by": "A desk",
        "assumptions": (Assumption("altitude", "on the road"),),
        "details": HumanitarianDetails(
            vehicles=(Vehicle("123-45"),), contacts=(Contact("Desk", "+0 123"),), headcount=7
        ),
        "expires_us": 5_000_000,
        "revalidate_us": 4_000_000,
    }
    return Notice(**(told | changed))


def test_the_table_in_the_documents_is_the_table_in_the_code():
    page = (Path(__file__).parents[2] / "docs" / "release.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    documented = {
        name: tuple(lv for lv, cell in zip(LEVELS, cells, strict=True) if cell != "no") for name, *cells in rows
    }
    assert documented == dict(SHOWN)


def test_every_field_of_a_notice_is_in_the_table_or_always_hidden():
    assert set(SHOWN) | set(HIDDEN) == set(Notice.__dataclass_fields__)


@pytest.mark.parametrize("level", LEVELS)
def test_a_view_shows_the_fields_of_its_level_and_no_others(level):
    notice = convoy()
    view = a_view(notice, level)
    for field in SHOWN.keys() - {"party", "volumes", "activity"}:
        shown = getattr(view, field)
        assert (shown == getattr(notice, field)) == (level in SHOWN[field]), field
        assert shown in (getattr(notice, field), "", (), None), field


@pytest.mark.parametrize("level", LEVELS)
def test_what_a_level_hides_leaves_no_trace_in_the_signed_bytes(level):
    hidden = {"reference": "X-9", "title": "", "stated_place": "elsewhere", "details": None, "expires_us": None}
    told = plain(view_form(a_view(convoy(), level)))
    told_otherwise = plain(view_form(a_view(convoy(**hidden), level)))
    assert (told == told_otherwise) == (level is not ReleaseLevel.FULL)


def test_existence_hides_what_kind_of_activity_it_is():
    views = {a_view(convoy(activity=a, details=None), ReleaseLevel.EXISTENCE).activity for a in Activity}
    assert views == {Activity.UNSTATED}


@given(some_volumes, st.sampled_from(LEVELS))
def test_a_view_meets_whatever_its_notice_meets(volume, level):
    notice = Notice("N", "A", Activity.AIR_OPERATION, (volume,))
    try:
        view = a_view(notice, level)
    except (InvalidVolume, TooLarge):
        assume(False)
    touch = Minima(0.0, 0.0, 0.0)
    assert any(separation(own, volume, touch).answer is not Answer.CLEAR for own in view.volumes)


@pytest.mark.parametrize(
    ("level", "most"), [("full", Answer.CONFLICT), ("general", Answer.POSSIBLE), ("existence", Answer.POSSIBLE)]
)
def test_a_generalised_view_makes_nothing_certain(level, most):
    view = a_view(convoy(), ReleaseLevel(level))
    assert view.answered(Answer.CONFLICT) is most
    assert view.answered(Answer.CLEAR) is Answer.CLEAR


def test_an_amendment_the_recipient_cannot_see_makes_no_new_version():
    before = a_view(convoy(), ReleaseLevel.GENERAL)
    after = a_view(convoy(title="Three trucks"), ReleaseLevel.GENERAL, version=2, commitment="ef" * 32)
    moved = a_view(convoy(volumes=(Volume4D(Circle(Position(31.0, 36.0), 2_000.0)),)), ReleaseLevel.GENERAL, version=2)
    assert same_to_the_recipient(before, after)
    assert not same_to_the_recipient(before, moved)


@given(some_volumes)
def test_a_volume_comes_back_from_its_form(volume):
    raw = plain(volume_form(volume))
    assert volume_of(form_from(raw, VolumeForm)) == volume


@pytest.mark.parametrize("level", LEVELS)
def test_a_view_and_a_notice_come_back_from_their_forms(level):
    marking = Marking(("B", "C"), Tlp.AMBER_STRICT, ("EYES ONLY",))
    view = a_view(convoy(), level, marking=marking)
    assert view_of(form_from(plain(view_form(view)), ViewForm)) == view
    assert notice_of(form_from(plain(notice_form(convoy())), NoticeForm)) == convoy(source="")


def broken(**changed):
    return plain(view_form(a_view(convoy(), ReleaseLevel.GENERAL))) | changed


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (broken(title="told all the same"), "shows title"),
        (broken(view_id="7"), "not 32 hex digits"),
        (broken(version=0), "below 1"),
        (broken(version="1"), "Expected `int`"),
        (broken(level="none"), "level none"),
        (broken(level="secret"), "Invalid enum value"),
        (broken(volumes=[]), "without volumes"),
        (broken(extra=1), "unknown field"),
        (broken(commitment="zz"), "64 hex digits"),
    ],
)
def test_a_view_that_cannot_be_is_refused_and_says_why(raw, says):
    with pytest.raises(DetenteError, match=re.escape(says)):
        view_of(form_from(raw, ViewForm))


@pytest.mark.parametrize(
    ("member", "value", "says"),
    [
        ("altitude_lower", {"reference": "FL", "value_m": None}, "altitude: an altitude limit FL with value_m None"),
        ("altitude_upper", {"reference": "UNL", "value_m": 3.0}, "altitude: an altitude limit UNL with value_m 3.0"),
        ("window", {"start_us": 5, "end_us": None, "start_stated": False, "end_stated": True}, "window: start_us is 5"),
        ("footprint", {"shape": "circle", "centre": [95.0, 3.0], "radius_m": 5.0}, "footprint: latitude 95.0°"),
    ],
)
def test_a_volume_that_cannot_be_is_refused_with_its_place(member, value, says):
    raw = plain(volume_form(Volume4D(Circle(Position(34.0, 36.0), 2_000.0)))) | {member: value}
    with pytest.raises((InvalidVolume, NotUnderstood), match=re.escape(says)):
        volume_of(form_from(raw, VolumeForm))


def test_a_view_that_names_a_level_none_cannot_be_made():
    with pytest.raises(InvalidVolume):
        View(VIEW_ID, 1, "B", ReleaseLevel.NONE, Activity.UNSTATED, convoy().volumes, COMMITMENT, 0)
