"""Notices lapse, and are told to be unvalidated, by what each view says itself; and nobody learns what its view did not show."""

from dataclasses import replace

import pytest

from channel_world import ACKNOWLEDGED, FULL, NOON_US, Channel, an_understanding, plan
from detente.channel.acts import ReceiptBody
from detente.channel.answers import receive
from detente.domain import ReleaseLevel, StaleVersion

GENERAL = ReleaseLevel.GENERAL
SECOND_US = 1_000_000


def at_s(seconds):
    return NOON_US + seconds * SECOND_US


def lapsing(levels=None, screened=FULL, seed=0, **moments):
    channel = Channel(seed=seed)
    channel.submit("B", plan("B"), {})
    channel.submit("A", replace(plan("A"), **moments), levels or {"B": FULL, "C": GENERAL}, screened)
    return channel


def views_of(channel):
    return channel.parties["A"].notices["N"].views


def ended(channel):
    """The notice is over for its own party's client too."""
    told = channel.parties["A"].notices.pop("N")
    del channel.answers["A"][told.notice_id]
    return told


def test_a_notice_ends_when_it_expires_for_its_sender_and_for_whom_it_told_when():
    channel = lapsing(expires_us=at_s(60))
    assert [each["answer"] for each in channel.answers["B"].values()] == ["CONFLICT"]
    channel.wait(59)
    assert channel.told("A", "expired") == []
    channel.wait(1)
    told = ended(channel)
    assert channel.told("A", "expired") == [{"sender": "A", "id": told.notice_id, "version": 1}]
    assert channel.told("B", "expired") == [{"sender": "A", "id": told.views["B"].view_id, "version": 1}]
    assert channel.told("C", "expired") == []
    assert [each["answer"] for each in channel.answers["B"].values()] == ["CLEAR"]
    assert channel.opens("B") == []
    assert [kind for kind, _ in channel.opens("C")] == ["notice"]  # what C was told knows no such end
    assert ("A", told.notice_id) not in channel.standing.notices
    channel.check()
    with pytest.raises(StaleVersion):
        channel.send("B", receive, "receipt", "A", ReceiptBody(told.views["B"].view_id, 1, ACKNOWLEDGED, officer="x"))


def test_what_ends_is_ended_in_the_store_and_its_deadlines_with_it():
    channel = lapsing({"B": FULL}, expires_us=at_s(60))
    channel.wait(60)
    found = [(each.sender, each.recipient) for batch in channel.batches for each in batch.ended]
    assert sorted(found) == [("A", ""), ("A", "B")]
    assert channel.due == {}


def test_a_general_view_tells_nothing_of_when_its_notice_lapses():
    inboxes = []
    for moments in ({"expires_us": at_s(60), "revalidate_us": at_s(30)}, {}):
        channel = lapsing(**moments)
        channel.wait(300)
        inboxes.append([(p.kind, p.tick_us, p.number, len(p.payload)) for p, _ in channel.inbox["C"]])
    assert inboxes[0] == inboxes[1]


def test_an_amendment_sets_the_moments_anew():
    channel = lapsing({"B": FULL}, expires_us=at_s(60), revalidate_us=at_s(50))
    channel.submit("A", replace(plan("A"), expires_us=at_s(500), revalidate_us=at_s(400)), {"B": FULL})
    channel.wait(399)
    assert [channel.told(party, kind) for party in "AB" for kind in ("expired", "unvalidated")] == [[]] * 4
    channel.wait(1)
    assert [told["version"] for told in channel.told("B", "unvalidated")] == [2]
    channel.wait(100)
    ended(channel)
    assert [told["version"] for told in channel.told("B", "expired")] == [2]
    channel.check()


def test_a_notice_that_nobody_confirms_is_told_to_be_unvalidated_and_stays_in_force():
    channel = lapsing(revalidate_us=at_s(60))
    channel.wait(60)
    told = channel.parties["A"].notices["N"]
    assert channel.told("A", "unvalidated") == [{"sender": "A", "id": told.notice_id, "version": 1}]
    assert [each["id"] for each in channel.told("B", "unvalidated")] == [told.views["B"].view_id]
    assert channel.told("C", "unvalidated") == []
    assert channel.opens("A", "revalidate") == [("revalidate", {"notice_id": told.notice_id, "version": 1})]
    channel.check()
    channel.submit("A", replace(plan("A"), revalidate_us=at_s(600)), {"B": FULL, "C": GENERAL})
    assert channel.opens("A", "revalidate") == []
    channel.wait(540)
    assert len(channel.opens("A", "revalidate")) == 1
    channel.cancel("A", "N")
    assert channel.opens("A", "revalidate") == []
    channel.wait(10_000)
    assert len(channel.told("A", "unvalidated")) == 2


def test_what_was_cancelled_neither_lapses_nor_waits():
    channel = lapsing(expires_us=at_s(60), revalidate_us=at_s(50))
    channel.cancel("A", "N")
    channel.wait(100)
    assert [channel.told(party, kind) for party in "ABC" for kind in ("expired", "unvalidated")] == [[]] * 6
    channel.check()


def test_a_host_that_was_given_less_ends_what_shows_its_end_alone():
    channel = lapsing(screened=GENERAL, expires_us=at_s(60))
    channel.wait(60)
    assert (channel.told("A", "expired"), len(channel.told("B", "expired"))) == ([], 1)
    assert ("A", channel.parties["A"].notices["N"].notice_id) in channel.standing.notices


@pytest.mark.parametrize("moment_us", [-(2**53) + 1, 0, NOON_US])
def test_what_has_lapsed_when_it_is_given_is_taken_and_ends_at_once(moment_us):
    channel = lapsing(expires_us=moment_us)
    channel.wait(0)
    ended(channel)
    assert len(channel.told("B", "expired")) == 1
    channel.check()


def test_where_no_understanding_is_in_force_notices_lapse_all_the_same():
    channel = Channel(an_understanding("AB", deadlines=()))
    channel.submit("A", replace(plan("A"), expires_us=at_s(5)), {"B": FULL})
    channel.wait(5)
    assert len(channel.told("B", "expired")) == 1
