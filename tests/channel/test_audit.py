"""The audit: what holds is said to hold, and every way to bend a piece of evidence ends in its own refusal."""

from detente.channel.verdict import Flaw, Outcome, Trust
from evidence_world import a_log, audited, flaws


def test_what_was_logged_holds_entry_by_entry(tmp_path):
    log = a_log()
    entries, verdict = audited(log.write(tmp_path / "e"), log.anchors)
    assert [str(each) for each in verdict.findings] == []
    assert verdict.outcome is Outcome.HOLDS
    assert [each.position for each in entries] == list(range(len(log.entries)))
    assert {each.party for each in entries} == {"host", "A", "B"}
    assert verdict.anchored
    assert verdict.sealed_count == 0
    assert verdict.host_trust is Trust.AGREED
    assert verdict.latest.has_quorum
    assert all(each.latest_us is not None for each in entries)
    assert all(each.earliest_us is not None for each in entries[-2:])
    assert all(each.earliest_us <= each.made_at_us <= each.received_us <= each.latest_us for each in entries[-2:])


def test_without_a_root_all_follows_from_the_files_own_word(tmp_path):
    _, verdict = audited(a_log().write(tmp_path / "e"))
    assert verdict.outcome is Outcome.INCOMPLETE
    assert flaws(verdict) == {Flaw.UNANCHORED.value}
