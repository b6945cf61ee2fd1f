"""Claims: passed on as they were signed, kept beside one another, named by what they say."""

from math import inf, nan

import msgspec
import pytest

from channel_world import NOON_US, Channel, an_understanding
from detente.channel import claims
from detente.channel.acts import ClaimBody, Measured, ReceiptBody, Relation, claim_id
from detente.channel.answers import receive
from detente.domain import AgainstTerms, Conflicted, InvalidVolume, NotUnderstood, ReceiptStage, StaleVersion

S = 1_000_000
CLAIM = ClaimBody(
    "1" * 32, "finding", "tunnel", "A", "A tunnel crosses the line", from_us=NOON_US - 3600 * S, until_us=NOON_US - 60 * S,
    place=(33.28, 35.57), place_precision_m=500.0, measured=(Measured("depth", 25.0, "m", 2.0),),
)  # fmt: skip


def state(channel, to="B", party="A", body=CLAIM, **changed):
    return channel.send(party, claims.state, "claim", to, msgspec.structs.replace(body, **changed))


def claims_told(channel, party):
    return [msgspec.convert(body, ClaimBody) for body in channel.told(party, "claim")]


def acknowledge(channel, told_id, party="B"):
    receipt = ReceiptBody(told_id, 1, ReceiptStage.ACKNOWLEDGED, officer="Duty officer")
    return channel.send(party, receive, "receipt", "A", receipt)


def test_a_claim_reaches_whom_it_is_for_as_it_was_signed_and_nobody_else():
    channel = Channel()
    answer = state(channel)
    assert claims_told(channel, "B") == [CLAIM]
    assert channel.inbox["C"] == []
    assert answer["claim_id"] == claim_id(claims_told(channel, "B")[0])
    channel.check()


def test_a_claim_for_the_record_alone_reaches_nobody():
    channel = Channel()
    state(channel, to="")
    assert [channel.inbox[party] for party in "ABC"] == [[], [], []]
    assert channel.items == {}
    assert len(channel.batches[-1].entries) == 1


def test_the_same_words_have_the_same_id_and_any_other_words_another():
    changes = (
        {"salt": "2" * 32}, {"text": "A tunnel crosses the line."}, {"from_us": CLAIM.from_us + 1}, {"place": (33.28, 35.58)},
        {"claimant": "B"}, {"relations": (Relation("disputes", "0" * 64),)}, {"measured": ()}, {"basis": "assumed"},
    )  # fmt: skip
    ids = {claim_id(msgspec.structs.replace(CLAIM, **changed)) for changed in changes}
    assert len(ids | {claim_id(CLAIM)}) == len(changes) + 1
    assert claim_id(msgspec.json.decode(msgspec.json.encode(CLAIM), type=ClaimBody)) == claim_id(CLAIM)


def test_a_claim_waits_until_somebody_says_that_it_was_read():
    channel = Channel()
    told_id = state(channel)["claim_id"]
    assert [kind for kind, _ in channel.opens("B")] == ["claim"]
    acknowledge(channel, told_id)
    assert channel.opens("B") == []
    assert [receipt["id"] for receipt in channel.told("A", "receipt")] == [told_id]
    with pytest.raises(StaleVersion):
        acknowledge(channel, told_id)


def test_the_same_words_do_not_wait_twice():
    channel = Channel()
    state(channel)
    with pytest.raises(Conflicted, match="waits there already"):
        state(channel)


def test_nobody_acknowledges_a_claim_that_another_was_told():
    channel = Channel()
    told_id = state(channel)["claim_id"]
    with pytest.raises(StaleVersion):
        acknowledge(channel, told_id, party="C")


def test_another_party_disputes_by_a_claim_of_its_own_and_both_stand():
    channel = Channel()
    told_id = state(channel)["claim_id"]
    said = ClaimBody(
        "3" * 32, "finding", "tunnel", "B", "It ends before the line", relations=(Relation("disputes", told_id),)
    )
    state(channel, "A", "B", said)
    assert claims_told(channel, "A") == [said]
    assert claims_told(channel, "B") == [CLAIM]


def test_who_quotes_somebody_names_a_source():
    with pytest.raises(NotUnderstood, match="quoted without a source"):
        state(Channel(), claimant="RUS_MOD")
    state(Channel(), claimant="RUS_MOD", sources=("https://example.org/statement",))


@pytest.mark.parametrize("name", ["from_us", "stated_us"])
def test_what_is_yet_to_come_is_no_claim(name):
    later = {name: NOON_US + 3600 * S} | ({"until_us": NOON_US + 3600 * S} if name == "from_us" else {})
    with pytest.raises(NotUnderstood, match="yet to come"):
        state(Channel(), **later)


@pytest.mark.parametrize("to", ["A", "nobody"])
def test_a_claim_is_for_another_party(to):
    with pytest.raises(AgainstTerms):
        state(Channel(), to=to)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"claimant": ""}, "nobody states it"),
        ({"text": ""}, "nobody states it"),
        ({"topic": "Tunnel!"}, "no topic"),
        ({"salt": "x"}, "32 hex"),
        ({"until_us": None}, "half of a time"),
        ({"until_us": NOON_US - 7200 * S}, "ends before"),
        ({"stated_us": NOON_US - 7200 * S}, "stated before it happened"),
        ({"place_precision_m": None}, "precision"),
        ({"place": None}, "precision"),
        ({"place_precision_m": 0.0}, "more than 0"),
        ({"sources": ("",)}, "no source"),
        ({"sources": ("a\nb",)}, "no source"),
        ({"relations": (Relation("disputes", "abcd"),)}, "claim's id"),
        ({"text": "x" * 4001}, "limit"),
        ({"sources": ("https://example.org",) * 21}, "more than 20"),
    ],
)
def test_bad_claims_are_refused_with_what_is_wrong(changed, said):
    with pytest.raises(NotUnderstood, match=said):
        state(Channel(), **changed)


@pytest.mark.parametrize("place", [(91.0, 35.0), (35.0, 181.0)])
def test_a_place_off_the_earth_is_refused(place):
    with pytest.raises(InvalidVolume):
        state(Channel(), place=place)


@pytest.mark.parametrize("value", [nan, inf])
def test_a_measurement_that_is_no_number_cannot_be_signed(value):
    with pytest.raises(Exception, match=r"number|finite|float|null"):
        state(Channel(), measured=(Measured("depth", value, "m", None),))


def test_a_claim_to_a_party_without_keys_is_told_and_waits_for_nobody():
    channel = Channel(an_understanding("ABZ"))
    state(channel, to="Z")
    assert claims_told(channel, "Z") == [CLAIM]
    assert channel.items == {}
