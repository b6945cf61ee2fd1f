"""A board reads what was opened to it, as far as it was opened, while it is open; and nothing else."""

import json
from base64 import b64decode
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channel_world import FULL, NOON_US, an_understanding
from detente.api import history as past
from detente.api.disclosed import Openings
from detente.api.sequencer import Statement
from detente.api.wire import NotThere
from detente.channel.acts import DiscloseBody, MemberBody, MessageBody
from detente.channel.disclosures import disclose
from detente.channel.words import pass_on
from detente.domain import AgainstTerms, NotUnderstood, PartyKind, Signatory, StaleVersion
from door_world import Door
from recorded_world import RecordedChannel
from sequencer_world import plan

ID, OTHER = "d" * 32, "e" * 32
arenas = (f"arena {number}" for number in count())


def with_boards():
    understanding = an_understanding("ABC")
    boards = tuple(Signatory(name, PartyKind.BOARD_OF_INQUIRY) for name in ("Board", "Other board"))
    terms = replace(understanding.terms, parties=(*understanding.terms.parties, *boards))
    return replace(understanding, terms=terms)


class Inquiry(RecordedChannel):
    """Three parties, and two boards."""

    def __init__(self, store):
        super().__init__(store, next(arenas), with_boards())
        self.openings = Openings(store)

    def disclose(self, party="A", board="Board", **told):
        return self.send(party, disclose, "disclose", board, DiscloseBody(**{"disclosure_id": ID} | told))

    def opened(self, party="A", opening=ID, board="Board", limit=3):
        return self.all_of(self.openings.disclosed, "entries", board, limit, from_=party, opening=opening)

    def listed(self, board="Board"):
        return self.all_of(self.openings.disclosed, "disclosed", board)

    def talk(self):
        self.submit("A", plan("A"), {"B": FULL})
        self.wait(10)
        self.submit("B", plan("B"), {"A": FULL, "C": FULL})
        self.wait(10)
        self.send("B", pass_on, "message", "A", MessageBody("1" * 32, "to A"))
        self.send("C", pass_on, "message", "B", MessageBody("2" * 32, "to B"))
        self.wait(10)


def test_all_of_a_partys_own_past_is_opened_and_nothing_of_anybody_elses(store):
    inquiry = Inquiry(store)
    inquiry.talk()
    inquiry.disclose()
    assert inquiry.opened() == inquiry.all_of(past.entries, "entries", "A")
    assert all("A" in (line["from"], line["to"]) for line in inquiry.opened())
    for board, party in (("Other board", "A"), ("Board", "B"), ("B", "A")):
        with pytest.raises(NotThere):
            inquiry.opened(party, board=board)


SECONDS = st.one_of(st.none(), st.integers(0, 40))


@given(
    st.lists(st.sampled_from(["notice", "view", "message", "answer", "cancel"]), max_size=2, unique=True),
    st.booleans(),
    SECONDS,
    SECONDS,
    st.integers(1, 4),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_opening_shows_exactly_what_it_names(store, kinds, of_one, since_s, until_s, limit):
    inquiry = Inquiry(store)
    inquiry.talk()
    view_id = inquiry.parties["B"].notices["N"].views["A"].view_id
    since_us, until_us = (None if s is None else NOON_US + s * 1_000_000 for s in (since_s, until_s))
    told = {"kinds": tuple(kinds), "about": (view_id,) if of_one else (), "since_us": since_us, "until_us": until_us}
    if since_s is not None and until_s is not None and since_s > until_s:
        with pytest.raises(NotUnderstood):
            inquiry.disclose(**told)
        return
    inquiry.disclose(**told)
    expected = [
        line
        for line in inquiry.all_of(past.entries, "entries", "A")
        if (not kinds or line["kind"] in kinds)
        and (not of_one or view_id in said(line))
        and (since_us is None or line["told_us"] >= since_us)
        and (until_us is None or line["told_us"] <= until_us)
    ]
    assert inquiry.opened(limit=limit) == expected


def said(line):
    envelope = line["payload"].get("envelope")
    return json.dumps(line) + (b64decode(json.loads(envelope)["payload"]).decode() if envelope else "")


def test_what_is_lifted_is_closed_at_once_whatever_cursors_are_out(store):
    inquiry = Inquiry(store)
    inquiry.talk()
    inquiry.disclose()
    asked = {"from_": "A", "opening": ID}
    cursor = inquiry.page(inquiry.openings.disclosed, "Board", **asked)["cursor"]
    inquiry.wait(5)
    inquiry.disclose(lifted=True)
    for after in (None, cursor):
        with pytest.raises(NotThere):
            inquiry.page(inquiry.openings.disclosed, "Board", after, **asked)
    (line,) = inquiry.listed()
    assert (line["lifted"], line["changed_us"] - line["opened_us"]) == (True, 5_000_000)
    inquiry.disclose(kinds=("message",))
    assert [each["kind"] for each in inquiry.opened()] == ["message"]


def test_an_opening_without_an_end_shows_what_comes_later_and_one_with_an_end_does_not(store):
    inquiry = Inquiry(store)
    inquiry.disclose()
    inquiry.disclose(disclosure_id=OTHER, until_us=inquiry.now_us)
    inquiry.wait(1)
    inquiry.talk()
    assert {line["kind"] for line in inquiry.opened()} == {"notice", "view", "answer", "message", "disclose"}
    assert {line["kind"] for line in inquiry.opened(opening=OTHER)} == {"disclose"}


def test_a_party_sees_its_own_openings_the_board_those_for_it_and_the_record_each_act(store):
    inquiry = Inquiry(store)
    inquiry.disclose()
    inquiry.disclose("B")
    inquiry.disclose("A", "Other board", disclosure_id=OTHER)
    inquiry.wait(2)

    def names(lines):
        return [(line["from"], line["to"], line["disclosure_id"]) for line in lines]

    assert names(inquiry.all_of(inquiry.openings.disclosures, "disclosures", "A")) == [
        ("A", "Board", ID), ("A", "Other board", OTHER),
    ]  # fmt: skip
    assert names(inquiry.listed()) == [("A", "Board", ID), ("B", "Board", ID)]
    assert names(inquiry.listed("Other board")) == [("A", "Other board", OTHER)]
    assert inquiry.all_of(inquiry.openings.disclosures, "disclosures", "C") == []
    assert len(inquiry.postings("Board", "disclose")) == 2
    assert [entry.kind for batch in inquiry.batches for entry in batch.entries] == ["disclose"] * 3


def test_sites_come_to_a_board_a_few_at_a_time_too_whosever_they_are(store, monkeypatch):
    from detente.domain import Activity

    monkeypatch.setattr(past, "MOST_SITES_AT_ONCE", 2)
    inquiry = Inquiry(store)
    for number in range(3):
        site = replace(plan("A", f"S{number}", km_north=number), activity=Activity.HUMANITARIAN_SITE)
        inquiry.submit("A", site, {"B": FULL})
    inquiry.disclose(kinds=("view",))
    page = inquiry.page(inquiry.openings.disclosed, "Board", limit=500, from_="A", opening=ID)
    assert len(page["entries"]) == 2
    assert len(inquiry.opened(limit=500)) == 3


@pytest.mark.parametrize("audience", ["B", "A", "", "nobody"])
def test_nobody_but_a_board_of_inquiry_is_opened_to(store, audience):
    with pytest.raises(AgainstTerms):
        Inquiry(store).disclose(board=audience)


def test_an_opening_sent_twice_is_refused_the_second_time(store):
    inquiry = Inquiry(store)
    envelope = inquiry.parties["A"].sign("disclose", "Board", DiscloseBody(ID))
    (act,) = inquiry.open("A", [envelope])
    inquiry.turn(lambda turn: disclose(inquiry.standing, turn, act))
    with pytest.raises(StaleVersion):
        inquiry.turn(lambda turn: disclose(inquiry.standing, turn, act))


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"disclosure_id": "D"}, "disclosure_id"),
        ({"about": ("x",)}, "about"),
        ({"about": (ID,) * 101}, "about"),
        ({"kinds": ("No",)}, "kinds"),
        ({"since_us": 2, "until_us": 1}, "until_us"),
        ({"reason": "x" * 4_001}, "reason"),
    ],
)
def test_an_opening_that_cannot_be_is_refused_where_it_stands(store, told, where):
    with pytest.raises(NotUnderstood) as refused:
        Inquiry(store).disclose(**told)
    assert refused.value.where == f"acts[0].body.{where}"


@pytest.mark.parametrize("filters", [{"from_": "A"}, {"opening": ID}])
def test_an_opening_is_named_by_its_party_and_its_id(store, filters):
    inquiry = Inquiry(store)
    inquiry.disclose()
    with pytest.raises(NotUnderstood):
        inquiry.page(inquiry.openings.disclosed, "Board", **filters)


def test_a_board_reads_through_http_what_a_party_opened_and_neither_inbox_nor_history(store):
    door = Door(store)
    with door.ajar():
        door.ask(door.sequencer, Statement("member", MemberBody("Board", PartyKind.BOARD_OF_INQUIRY, ())))
        door.found(door.sequencer)
        door.post("A", door.parties["A"].submission(plan("A"), {"B": FULL}))
        told = door.post("A", [door.parties["A"].sign("disclose", "Board", DiscloseBody(ID, kinds=("view",)))]).json()
        assert (told["to"], told["lifted"]) == ("Board", False)
        (opening,) = door.get("disclosed", "Board", "board").json()["disclosed"]
        asked = {"from": opening["from"], "opening": opening["disclosure_id"]}
        assert [e["kind"] for e in door.get("disclosed", "Board", "board", **asked).json()["entries"]] == ["view"]
        assert door.get("disclosed", "B", "board", **asked).status_code == 404
        assert [e["kind"] for e in door.get("entries", "A", kind="disclose").json()["entries"]] == ["disclose"]
        assert len(door.get("disclosures", "A").json()["disclosures"]) == 1
        for route in ("inbox", "history", "entries", "views", "disclosures", "shown?to=A"):
            assert door.get(route, "Board", "board").status_code == 404
    door.stop()
