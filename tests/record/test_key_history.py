"""A party's list of keys: who may say what about which key, and what then holds at which moment."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import Malformed, NotAuthentic
from detente.record.canonical import canonical, read_canonical
from detente.record.envelope import Envelope, sign
from detente.record.holder import Holder, Role
from detente.record.key_history import (
    PAYLOAD_TYPE,
    Enrolment,
    Founding,
    Reason,
    RecoveryChange,
    Revocation,
    RootChange,
    Statement,
    found,
    keys_by_id,
    keys_valid_at,
    read_history,
    read_statement,
    read_statement_lines,
    sign_statement,
    statement_bytes,
    statement_lines,
)
from record_world import key

T0 = 1_537_200_000_000_000
HOUR = 3_600_000_000
ROOT, RECOVERY, DESK, NIGHT, THIEF = (key(name) for name in ("root", "recovery", "desk", "night", "thief"))


class Party:
    """A party that makes one statement an hour, and the list it hands out."""

    def __init__(self, recovery=RECOVERY):
        first = Statement("Relief Mission", 0, None, T0, Founding(ROOT.public, recovery and recovery.public, None))
        self.list = [sign_statement(first, ROOT)]
        self.history = found(self.list[0])

    @property
    def now_us(self):
        return T0 + self.history.count * HOUR

    def says(self, body, *signers, made_at_us=None):
        statement = self.history.next(body, made_at_us=self.now_us if made_at_us is None else made_at_us)
        envelope = sign_statement(statement, *signers)
        self.history = self.history.then(envelope)
        self.list.append(envelope)
        assert read_history(self.list, ROOT.public) == self.history
        return statement.made_at_us

    def enrols(self, signing, officer="Duty desk", *, by=ROOT, until_us=None, replaces=None, from_us=None):
        from_us = self.now_us if from_us is None else from_us
        return self.says(Enrolment(signing.public, officer, from_us, until_us, replaces), by)

    def revokes(self, signing, *by, reason=Reason.STOLEN, effective_us=None, suspected_us=None):
        effective_us = self.now_us if effective_us is None else effective_us
        return self.says(Revocation(signing.public.id, reason, effective_us, suspected_us, ""), *by)

    def may_sign(self, signing, at_us):
        return any(k.public == signing.public for k in keys_valid_at(self.list, ROOT.public, at_us))


def refuses(said):
    return pytest.raises(NotAuthentic, match=said)


def test_a_founded_party_has_a_root_and_a_recovery_key():
    history = Party().history
    assert (history.root.public, history.recovery.public) == (ROOT.public, RECOVERY.public)
    assert history.root.holder == Holder("Relief Mission", Role.ROOT)
    assert Party(recovery=None).history.recovery is None


def test_an_enrolled_key_signs_from_its_beginning_to_its_end_not_included():
    party = Party()
    begins = party.enrols(DESK, until_us=T0 + 10 * HOUR)
    assert [party.may_sign(DESK, at) for at in (begins - 1, begins, T0 + 10 * HOUR - 1, T0 + 10 * HOUR)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_revoked_key_signs_no_more_and_what_it_signed_before_holds():
    party = Party()
    begins = party.enrols(DESK)
    ends = party.revokes(DESK, ROOT)
    assert [party.may_sign(DESK, at) for at in (begins, ends - 1, ends, ends + HOUR)] == [True, True, False, False]
    with refuses(r"Duty desk of Relief Mission\) was revoked \(stolen\) at 2018-09-17T18:00:00Z"):
        party.history.key(DESK.public.id).check_valid_at(ends)


def test_a_suspicion_undoes_nothing_and_is_kept():
    party = Party()
    begins = party.enrols(DESK)
    party.revokes(DESK, ROOT, suspected_us=begins)
    assert party.may_sign(DESK, begins)
    assert party.history.key(DESK.public.id).ending.suspected_since_us == begins


def test_a_key_may_end_itself_and_no_other():
    party = Party()
    party.enrols(DESK)
    party.enrols(NIGHT, "Night desk")
    with refuses("signed by none"):
        party.revokes(NIGHT, DESK)
    party.revokes(NIGHT, NIGHT)
    with refuses("already"):
        party.revokes(NIGHT, ROOT)


def test_a_replaced_key_ends_as_the_new_one_begins():
    party = Party()
    party.enrols(DESK)
    begins = party.enrols(NIGHT, replaces=DESK.public.id)
    for at_us, expected in ((begins - 1, (True, False)), (begins, (False, True))):
        assert (party.may_sign(DESK, at_us), party.may_sign(NIGHT, at_us)) == expected


def test_only_the_root_enrols():
    party = Party()
    party.enrols(DESK)
    for signer in (DESK, RECOVERY, THIEF, NIGHT):
        with refuses("signed by none of the 1 keys"):
            party.enrols(NIGHT, by=signer)


def test_a_root_changes_itself_and_the_old_one_enrols_no_more():
    party, new = Party(), key("root 2")
    party.enrols(DESK)
    party.says(RootChange(new.public, Reason.REPLACED), ROOT, new)
    assert party.may_sign(DESK, party.now_us)
    with refuses("signed by none"):
        party.enrols(NIGHT)
    party.enrols(NIGHT, by=new)
    assert read_history(party.list, new.public) == party.history


def test_a_stolen_root_is_replaced_by_the_recovery_key_alone():
    party, thief_root, new = Party(), key("thief root"), key("root 2")
    party.says(RootChange(thief_root.public, Reason.REPLACED), ROOT, thief_root)  # the thief is quick
    party.enrols(THIEF, "Ghost", by=thief_root)
    party.says(RootChange(new.public, Reason.STOLEN), RECOVERY, new)
    party.revokes(THIEF, new)
    assert not party.may_sign(THIEF, party.now_us)
    assert party.history.root.public == new.public


def test_a_stolen_root_cannot_take_the_recovery_key():
    party, new = Party(), key("recovery 2")
    with refuses("not signed by the recovery"):
        party.says(RecoveryChange(new.public), ROOT, new)
    party.says(RecoveryChange(new.public), RECOVERY, new)
    assert party.history.recovery.public == new.public
    with refuses("not signed by the root"):  # the old recovery key is nothing now
        party.says(RootChange(NIGHT.public, Reason.STOLEN), RECOVERY, NIGHT)


def test_without_a_recovery_key_none_can_be_added():
    party = Party(recovery=None)
    with refuses("named no recovery key"):
        party.says(RecoveryChange(NIGHT.public), ROOT, NIGHT)


@pytest.mark.parametrize("body", [RootChange(NIGHT.public, Reason.REPLACED), RecoveryChange(NIGHT.public)])
def test_a_new_root_or_recovery_key_shows_that_its_holder_has_it(body):
    with refuses("not signed by the new key"):
        Party().says(body, ROOT, RECOVERY)


def test_a_key_has_one_life():
    party = Party()
    party.enrols(DESK)
    party.revokes(DESK, ROOT)
    for again in (DESK, ROOT, RECOVERY):
        with refuses("in the list already"):
            party.enrols(again)
    with refuses("in the list already"):
        party.says(RootChange(DESK.public, Reason.REPLACED), ROOT, DESK)
    with refuses("one key"):
        Party(recovery=ROOT)


@pytest.mark.parametrize("which", [ROOT, RECOVERY])
def test_root_and_recovery_are_not_revoked_but_replaced(which):
    with refuses("no officer's"):
        Party().revokes(which, ROOT)


def test_nothing_is_said_of_the_past():
    party = Party()
    party.enrols(DESK)
    with refuses("acts of the past"):
        party.enrols(NIGHT, from_us=T0)
    with refuses("is not undone"):
        party.revokes(DESK, ROOT, effective_us=T0)
    with refuses("before the statement it follows"):
        party.says(Enrolment(NIGHT.public, "Night", T0, None, None), ROOT, made_at_us=T0)
    with refuses("before it begins"):
        party.enrols(NIGHT, until_us=T0)
    with refuses("after the key ends"):
        party.revokes(DESK, ROOT, suspected_us=party.now_us + 1)


def test_an_expired_root_enrols_no_more_and_the_recovery_key_still_replaces_it():
    first = Statement("P", 0, None, T0, Founding(ROOT.public, RECOVERY.public, T0 + HOUR))
    history = found(sign_statement(first, ROOT))
    late = history.next(Enrolment(DESK.public, "Desk", T0 + HOUR, None, None), made_at_us=T0 + HOUR)
    with refuses("was valid until"):
        history.then(sign_statement(late, ROOT))
    change = history.next(RootChange(NIGHT.public, Reason.REPLACED), made_at_us=T0 + HOUR)
    with refuses("was valid until"):
        history.then(sign_statement(change, ROOT, NIGHT))
    assert history.then(sign_statement(change, RECOVERY, NIGHT)).root.public == NIGHT.public


def test_a_key_past_its_end_revokes_nothing_not_even_itself():
    party = Party()
    party.enrols(DESK, until_us=party.now_us + 1)
    with refuses("was valid until"):
        party.revokes(DESK, DESK)


def test_a_key_that_two_parties_enrol_is_nobodys():
    party = Party()
    party.enrols(DESK)
    other = found(sign_statement(Statement("Harbour Pilots", 0, None, T0, Founding(NIGHT.public, None, None)), NIGHT))
    assert set(keys_by_id([party.history, other])) == {k.public.id for k in (ROOT, RECOVERY, DESK, NIGHT)}
    same = found(sign_statement(Statement("Harbour Pilots", 0, None, T0, Founding(DESK.public, None, None)), DESK))
    with refuses("is both Duty desk of Relief Mission's and the root of Harbour Pilots's"):
        keys_by_id([party.history, same])


# ── the list as a whole ──────────────────────────────────────────────────────────────────────────────────────────────


def long_list():
    party = Party()
    party.enrols(DESK)
    party.enrols(NIGHT, "Night desk")
    party.revokes(DESK, ROOT)
    return party.list


LONG = long_list()


@settings(max_examples=60)
@given(st.permutations(range(4)), st.integers(0, 4))
def test_a_list_with_a_statement_missing_repeated_or_out_of_order_is_refused(order, kept):
    chosen = list(order)[:kept]
    if chosen == list(range(kept)) and kept:
        return
    with pytest.raises(NotAuthentic):
        read_history([LONG[i] for i in chosen], ROOT.public)
    with pytest.raises(NotAuthentic):
        read_history([*LONG, LONG[order[0]]], ROOT.public)


def test_a_list_continued_twice_has_one_continuation():
    party = Party()
    base = party.history
    party.enrols(DESK)
    other = sign_statement(
        base.next(Enrolment(THIEF.public, "Ghost", T0 + HOUR, None, None), made_at_us=T0 + HOUR), ROOT
    )
    with refuses("continued twice"):
        read_history([*party.list, other], ROOT.public)


def test_a_statement_does_not_move_to_a_list_with_another_past():
    one, other = Party(), Party()
    one.enrols(DESK)
    other.enrols(NIGHT)
    one.enrols(key("third"), "Third desk")
    with refuses("continued twice"):
        read_history([*other.list, one.list[2]], ROOT.public)


def test_the_list_of_another_root_is_refused_and_says_whose_it_is():
    with refuses("belongs to another root: "):
        read_history(LONG, THIEF.public)


def test_a_list_that_ends_in_a_root_it_does_not_have_is_refused():
    thieves = sign_statement(Statement("Relief Mission", 0, None, T0, Founding(THIEF.public, None, None)), THIEF)
    claims = sign_statement(found(thieves).next(RootChange(ROOT.public, Reason.REPLACED), made_at_us=T0), THIEF)
    with refuses("not signed by the new key"):
        read_history([thieves, claims], ROOT.public)


def test_a_statement_of_another_party_does_not_fit():
    party = Party()
    alien = Statement("Harbour Pilots", 1, party.history.head, T0, Enrolment(DESK.public, "Desk", T0, None, None))
    with refuses("'Harbour Pilots' in the list of 'Relief Mission'"):
        party.history.then(sign_statement(alien, ROOT))


def test_every_changed_byte_of_a_statement_is_refused():
    payload = LONG[1].payload
    for place in range(len(payload)):
        changed = payload[:place] + bytes([payload[place] ^ 1]) + payload[place + 1 :]
        with pytest.raises((NotAuthentic, Malformed)):
            read_history([LONG[0], Envelope(changed, PAYLOAD_TYPE, LONG[1].signatures), *LONG[2:]], ROOT.public)


def test_a_payload_of_another_type_is_no_statement_though_the_root_signed_it():
    with refuses("no key statement"):
        found(sign(LONG[0].payload, "application/vnd.detente.act+json", ROOT))


def test_where_a_list_fails_is_named():
    with refuses("^statement 2: "):
        read_history([*LONG[:2], LONG[3]], ROOT.public)


BODIES = [
    Founding(ROOT.public, None, None),
    Founding(ROOT.public, RECOVERY.public, T0),
    Enrolment(DESK.public, "Duty desk", T0, None, "a" * 64),
    Revocation("a" * 64, Reason.LOST, T0, T0, "left in a taxi"),
    RootChange(DESK.public, Reason.RETIRED),
    RecoveryChange(DESK.public),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_a_statement_comes_back_from_its_bytes(body):
    statement = Statement("Relief Mission", 3, "b" * 64, T0, body)
    assert read_statement(statement_bytes(statement)) == statement


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_a_member_missing_added_or_of_another_type_is_refused(body):
    value = read_canonical(statement_bytes(Statement("P", 3, "b" * 64, T0, body)))
    for part in (value, value["body"]):
        for name in list(part):
            kept = part.pop(name)
            for other in ("nothing", True, [], {}, -1, 1.5, "x" * 600):
                with pytest.raises(Malformed):
                    read_statement(canonical(value))
                part[name] = other
                if (name, other) in (("party", "nothing"), ("officer", "nothing"), ("note", "nothing")):
                    del part[name]
                    continue
                with pytest.raises(Malformed):
                    read_statement(canonical(value))
                del part[name]
            part[name] = kept
        part["more"] = 1
        with pytest.raises(Malformed):
            read_statement(canonical(value))
        del part["more"]
    read_statement(canonical(value))


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 201, "e\u0301", "a\u202eb"])
def test_a_name_that_could_mislead_is_refused(name):
    with pytest.raises(Malformed):
        Holder(name, Role.ROOT)


def test_the_file_of_a_list_comes_back_and_one_cut_short_is_refused():
    raw = statement_lines(LONG)
    assert read_statement_lines(raw) == LONG
    with pytest.raises(Malformed, match="cut short"):
        read_statement_lines(raw[:-1])
    with pytest.raises(Malformed, match=r"^statement 1: "):
        read_statement_lines(raw.replace(b"\n", b"\n{}\n", 1))
