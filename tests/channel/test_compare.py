"""Two parties' files of one log: they agree, or the host's own signatures prove that it told two stories, or it is said what cannot be told."""

import pytest

from detente.channel.acts import MessageBody
from detente.channel.audit import Audit
from detente.channel.compare import compare
from detente.channel.evidence import Header
from detente.channel.verdict import Flaw, Outcome
from detente.record.key_history import Reason, Revocation, sign_statement
from evidence_world import Log, a_log, key


def run(files, name, log):
    files.name = name
    audit = Audit(files, log.anchors)
    for _ in audit.entries():
        pass
    return audit


def compared(one, other, log):
    return compare([run(one, "ours", log), run(other, "theirs", log)])


def a_long_log(words="", count=300, witness=True):
    log = a_log()
    for number in range(count):
        log.say("A", "B", f"{words}{number}")
    log.head()
    return log


@pytest.mark.parametrize("more", [0, 1, 250])
def test_files_of_one_log_agree_whatever_their_sizes(more):
    log = a_long_log()
    ours = log.files()
    for number in range(more):
        log.say("B", "A", str(number))
    log.head()
    assert compared(ours, log.files(), log) == []
    assert compared(log.files(), ours, log) == []


def test_two_trees_of_one_size_are_two_stories():
    (found,) = compared(a_long_log().files(), a_long_log("otherwise ").files(), a_log())
    assert (found.flaw, found.outcome, found.where) == (Flaw.SPLIT_VIEW, Outcome.FALSE, "ours and theirs")
    assert "signed by one key, prove that the log told two stories" in found.hint


def test_a_smaller_tree_that_the_larger_does_not_begin_with_is_another_story():
    (found,) = compared(a_long_log(count=20).files(), a_long_log("otherwise ").files(), a_log())
    assert found.flaw is Flaw.SPLIT_VIEW
    assert "the host's key signed a tree of 29 leaves" in found.what


def test_files_that_share_too_little_say_so_and_compare_the_leaves_they_share():
    ours = a_long_log(count=100).files()
    later = a_long_log(count=600)
    cut = later.files(keep=lambda opening: opening.position < 5 or opening.position > 550)
    del cut["tile/0/000"]
    (found,) = compared(ours, cut, later)
    assert (found.flaw, found.outcome) == (Flaw.NOT_COMPARED, Outcome.INCOMPLETE)


def test_files_of_two_arenas_or_two_hosts_are_told_apart():
    log, gulf = a_log(), a_log(arena="gulf")
    assert "they are of two logs, detente/levant and detente/gulf" in compared(log.files(), gulf.files(), log)[0].what
    other = a_log(host=key("another host"))
    (found,) = compared(log.files(), other.files(), log)
    assert (found.flaw, found.outcome) == (Flaw.ANCHOR, Outcome.FALSE)


def test_a_file_without_a_head_cannot_be_compared():
    log = a_log()
    assert compared(log.files(), log.files().bent("checkpoint", lambda _: b""), log)[0].flaw is Flaw.NOT_COMPARED


def test_an_empty_log_is_a_beginning_of_every_other():
    log = Log()
    log.head()
    nothing = log.files()
    assert compared(nothing, a_log().files(), log) == []


def test_a_revocation_that_one_file_leaves_out_is_told_by_the_other():
    log = a_log()
    statement = log.histories["A"].next(
        Revocation(key("A").public.id, Reason.STOLEN, log.now_us + 1, None, ""), made_at_us=log.now_us
    )
    log.keys_change("A", sign_statement(statement, key("A root")))
    position = log.log("message", log.sign("A", "message", "B", MessageBody("0" * 32, "by the thief")))
    log.head()
    thiefs = log.files(header=Header(1, "levant", log.host.public.text, "B"), keep=lambda each: each.kind != "keys")
    assert [str(each) for each in run(thiefs, "thiefs", log).verdict().findings] == []
    honest = log.files()
    assert run(honest, "honest", log).verdict().first_failure.position == position
    (found,) = compared(thiefs, honest, log)
    assert (found.flaw, found.outcome, found.where) == (Flaw.LEFT_OUT, Outcome.FALSE, "ours")
    assert "leaves out the public act at 9, of kind keys, which theirs opens" in found.what
