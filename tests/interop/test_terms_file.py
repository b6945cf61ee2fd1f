"""Terms of an understanding, as people write them in a file."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from detente.channel.forms import understanding_of, understanding_plain
from detente.domain import (
    Activity,
    DetenteError,
    PartyKind,
    Post,
    ReceiptStage,
    ReleaseLevel,
    Rung,
    Signatory,
)
from detente.interop import read_understanding
from detente.interop.terms_file import read_terms

LEVANT = Path(__file__).parents[2] / "scenarios" / "levant-2018" / "understanding.toml"
A, B = ({"name": name, "kind": "operator"} for name in "AB")


def terms(text, members=()):
    return read_terms(tomllib.loads(text), members)


def test_quantities_may_stand_with_any_unit():
    read = terms(
        """
        tick = "2 s"
        lead_times = [{lead = "30 min", activity = "air_operation"}, {lead_s = 7200}]
        grids = {layer = "5000 ft", slot = "1 h"}
        ladder = [{rung = "next_level", after = "0 s"}]
        """
    )
    assert (read.tick_s, read.lead_s(Activity.AIR_OPERATION), read.lead_s(Activity.LIVE_FIRE)) == (2, 1800, 7200)
    assert (read.grids.layer_m, read.grids.slot_s, read.ladder[0].rung) == (
        pytest.approx(1524.0),
        3600,
        Rung.NEXT_LEVEL,
    )


def test_a_layer_may_be_none():
    assert terms('grids = {layer = "none"}').grids.layer_m is None


def test_a_release_says_from_and_to():
    read = read_terms({"parties": [A, B], "releases": [{"from": "A", "to": "B", "level": "general"}]})
    assert read.level("A", "B", Activity.EXERCISE) is ReleaseLevel.GENERAL
    assert read.level("B", "A", Activity.EXERCISE) is ReleaseLevel.NONE


def test_members_are_parties_and_keys_are_theirs():
    members = [Signatory("A", PartyKind.OPERATOR, "A" * 43 + "="), Signatory("C", PartyKind.ARMED_FORCE)]
    read = read_terms({"parties": [A, B]}, members)
    assert [(p.name, p.root_key is not None) for p in read.parties] == [("A", True), ("B", False), ("C", False)]


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ({"leadtimes": []}, "leadtimes"),
        ({"lead_times": [{"lead": "30"}]}, "lead_times.[0].lead"),
        ({"lead_times": [{"lead": 30}]}, "lead_times.[0].lead"),
        ({"lead_times": [{"lead": "30 min", "lead_s": 60}]}, "lead_times.[0].lead_s"),
        ({"deadlines": [{"stage": "delivered", "within": "0.5 s"}]}, "deadlines.[0].within"),
        ({"deadlines": [{"stage": "read", "within": "5 s"}]}, "deadlines[0].stage"),
        ({"deadlines": {"stage": "delivered"}}, "deadlines"),
        ({"releases": [{"level": "some"}]}, "releases[0].level"),
        ({"parties": "A"}, "parties"),
        ([], ""),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(raw, where):
    with pytest.raises(DetenteError) as refused:
        read_terms(raw)
    assert refused.value.where == where


def test_the_scenario_states_terms_for_five_parties_and_says_that_they_are_assumed():
    agreed = read_understanding(LEVANT)
    assert len(agreed.terms.parties) == 5
    assert "ASSUMED, every one" in LEVANT.read_text(encoding="utf-8")
    assert agreed.terms.within_s(ReceiptStage.ACKNOWLEDGED, Activity.LIVE_FIRE) == 180
    assert agreed.terms.level("ISR_IDF", "RUS_MOD", Activity.LIVE_FIRE) is ReleaseLevel.GENERAL
    keyed = replace(agreed.terms.parties[0], root_key="A" * 43 + "=")
    assert read_understanding(LEVANT, [keyed]).terms.parties[0] == keyed


def test_an_understanding_of_a_file_can_be_signed_as_it_is_read():
    agreed = read_understanding(LEVANT)
    assert understanding_of(understanding_plain(agreed)) == agreed


def test_posts_stand_under_their_party():
    read = terms(
        """
        dead_man = "15 min"
        [[parties]]
        name = "A"
        kind = "operator"
        [[parties.posts]]
        name = "Duty desk"
        level = 0
        reach = "+1 000"
        [[parties.posts]]
        name = "Chief"
        level = 1
        reach = "+1 001"
        is_alternate = true
        """
    )
    assert read.dead_man_s == 900
    assert read.posts_of("A") == (Post("Duty desk", 0, "+1 000"), Post("Chief", 1, "+1 001", is_alternate=True))


@pytest.mark.parametrize("post", [{"name": "", "reach": "1"}, {"name": "x", "reach": " "}, {"name": "x"}])
def test_a_post_that_cannot_be_reached_is_refused(post):
    with pytest.raises(DetenteError):
        read_terms({"parties": [{**A, "posts": [{"level": 0, **post}]}]})
