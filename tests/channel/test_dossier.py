"""A dossier tells every entry once, attributes each, lists what was never answered, and no text of a party is ever markup."""

import io
import re
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

from detente.channel.acts import (
    CallAnswerBody,
    CallBody,
    DrillBody,
    MemberBody,
    MessageBody,
    PassedBody,
    ReceiptBody,
    ResponseBody,
    StopBody,
)
from detente.channel.dossier import Shown, dossier_of
from detente.channel.verdict import Outcome
from detente.domain import PartyKind, ReceiptStage, ReleaseLevel, ResponseKind, Rung
from detente.interop.dossier_pages import NOT_PROVEN, Table, pages
from detente.interop.write_dossier import dossier_html, dossier_pdf
from evidence_world import Log, a_log, judged

HOSTILE = (
    '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "#set page(fill: red)", "$x$ *bold* _it_ @ref <label> // gone",
    "]; panic()", "\\u{202e}reversed", "&lt;b&gt;", "мина у моста", "עצור", "توقف", "{{7*7}}", "`rm -rf`", "</style><b>",
)  # fmt: skip


def a_story(text="come in"):
    """Two parties: a view that is acknowledged, one that is not, a STOP nobody read, a message. The log, and the ids of both views."""
    log = a_log()
    read, unread = (log.view("A", "B", level)[1].notice_id[::-1] for level in (ReleaseLevel.FULL, ReleaseLevel.GENERAL))
    log.receipt("B", "A", read)
    log.act("B", "response", "A", ResponseBody(read, 1, ResponseKind.QUERIED, text))
    log.act("A", "stop", "B", StopBody("5" * 32, text, text))
    log.act("A", "message", "B", MessageBody("7" * 32, text))
    log.head()
    return log, read, unread


def the_dossier(log, **told):
    entries, verdict = judged(log.files(**told), log.anchors, keeps_payloads=True)
    return dossier_of(entries, verdict)


class Reading(HTMLParser):
    """Which tags a page has, and its text."""

    def __init__(self):
        super().__init__()
        self.tags, self.anchors, self.text = set(), [], []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        named = dict(attributes)
        assert not any(name.startswith("on") for name in named)
        if named.get("id", "").startswith("entry-"):
            self.anchors.append(named["id"])

    def handle_data(self, data):
        self.text.append(data)


def read(html):
    reading = Reading()
    reading.feed(html)
    return reading


def test_every_entry_stands_there_once_in_order():
    log, _, _ = a_story()
    told = the_dossier(log)
    reading = read(dossier_html(pages(told)))
    assert reading.anchors == [f"entry-{position}" for position in range(len(log.entries))]


def test_what_nobody_acknowledged_is_listed_and_what_somebody_did_is_not():
    log, acknowledged, unread = a_story()
    told = the_dossier(log)
    views = [each.view.view_id for each in told.unanswered if isinstance(each, Shown)]
    assert unread in views
    assert acknowledged not in views
    assert told.stops == told.unanswered[:1]


@pytest.mark.parametrize("by", ["A", "C"])
def test_nobody_acknowledges_in_the_place_of_who_was_told(by):
    log = two_parties()
    log.member("C")
    view_id = log.view("A", "B", ReleaseLevel.FULL)[1].notice_id[::-1]
    log.receipt(by, "A", view_id)
    log.head()
    told = the_dossier(log)
    assert [each.view.view_id for each in told.unanswered] == [view_id]
    assert told.stories[0].shown[0].said == []


def test_of_a_stop_to_two_parties_each_answers_for_itself():
    log = two_parties()
    log.member("C")
    for recipient in ("B", "C"):
        log.act("A", "stop", recipient, StopBody("5" * 32, "the bridge", "cease"))
    log.receipt("B", "A", "5" * 32)
    log.head()
    assert [each.event.entry.audience for each in the_dossier(log).unanswered] == ["C"]


ACKNOWLEDGED = ReceiptStage.ACKNOWLEDGED


def two_parties():
    """A log in which nothing was told yet."""
    log = Log()
    for party in ("A", "B"):
        log.member(party)
    return log


def told_by(log):
    log.head()
    return the_dossier(log)


@pytest.mark.parametrize(("kind", "counts"), [("without keys", True), ("with keys", False)])
def test_what_is_reported_for_a_party_counts_where_it_has_no_keys_and_only_there(kind, counts):
    log = two_parties()
    other = "B"
    if kind == "without keys":
        other = "U"
        log.act("host", "member", "", MemberBody(other, PartyKind.ARMED_FORCE, ()))
    view_id = log.view("A", other, ReleaseLevel.FULL)[1].notice_id[::-1]
    log.act("A", "receipt", "", ReceiptBody(view_id, 1, ACKNOWLEDGED, "watch officer", "", other))
    told = told_by(log)
    (shown,) = told.stories[0].shown
    assert [each.body.by_report_for for each in shown.said] == [other] * counts
    assert len(told.unanswered) == (not counts)


def message(log, party, other, thread="7" * 32, **filled):
    return log.act(party, "message", other, MessageBody(thread, "come in", **filled))


def waiting(told):
    return [each.event.entry.position for each in told.unanswered]


def test_a_message_waits_until_words_in_its_thread_or_a_receipt_answer_it():
    log = two_parties()
    answered, acknowledged, silent = (message(log, "A", "B", thread) for thread in ("7" * 32, "8" * 32, "9" * 32))
    message(log, "A", "B", "7" * 32)
    reply = message(log, "B", "A", "7" * 32)
    log.receipt("B", "A", "8" * 32)
    told = told_by(log)
    assert waiting(told) == [silent, reply]
    assert [len(each.said) for each in told.messages] == [1, 1, 0, 1, 0]
    assert (answered, acknowledged) == (told.messages[0].event.entry.position, told.messages[1].event.entry.position)


def test_a_reply_is_told_as_a_reply_in_its_own_line_too():
    log = two_parties()
    asked = message(log, "A", "B")
    reply = message(log, "B", "A")
    text = " ".join(read(dossier_html(pages(told_by(log)))).text)
    assert (
        text.count(f"B (Duty desk) writes to A, in reply to entry {asked}: “come in”") >= 3
    )  # what came back, itself, the timeline
    assert f"in reply to entry {reply}" not in text


def test_a_phrase_is_answered_by_its_read_back_alone():
    log = two_parties()
    phrase = message(log, "A", "B", template="hold", slots={"place": "the bridge"})
    reply = message(log, "B", "A")
    log.act(
        "B", "receipt", "A", ReceiptBody("7" * 32, 1, ACKNOWLEDGED, "duty officer", read_back={"place": "the ford"})
    )
    assert phrase in waiting(told_by(log))
    log.act(
        "B", "receipt", "A", ReceiptBody("7" * 32, 1, ACKNOWLEDGED, "duty officer", read_back={"place": "The  bridge"})
    )
    assert waiting(told_by(log)) == [reply]


def call(log, audience="B"):
    body = CallBody(
        "c" * 32, "B", "watch officer", "duty officer", log.now_us, "we spoke of the bridge", read_back=True
    )
    return log.act("A", "call", audience, body)


@pytest.mark.parametrize("by", ["nobody", "the wrong digest", "B"])
def test_a_shared_call_waits_until_the_other_party_says_something_of_it(by):
    log = two_parties()
    logged = call(log)
    log.head()
    digest = next(e.entry.digest for e in the_dossier(log).events if e.entry.position == logged)
    if by != "nobody":
        said = CallAnswerBody("c" * 32, digest if by == "B" else "0" * 64, "disputed", "watch officer")
        log.act("B", "call_answer", "A", said)
    assert waiting(told_by(log)) == ([] if by == "B" else [logged])


def test_a_call_logged_for_the_host_alone_waits_for_nobody():
    log = two_parties()
    call(log, audience="")
    told = told_by(log)
    assert (len(told.calls), told.unanswered) == (1, [])


def test_a_drill_waits_for_its_answer():
    log = two_parties()
    answered, silent = (log.act("A", "drill", "B", DrillBody(each * 32, "answer")) for each in "de")
    log.receipt("B", "A", "d" * 32)
    told = told_by(log)
    assert waiting(told) == [silent]
    assert len(told.drills) == 2
    assert answered not in waiting(told)


def test_what_the_host_states_of_a_stop_s_deadline_stands_with_the_stop():
    log = two_parties()
    log.act("A", "stop", "B", StopBody("5" * 32, "the bridge", "cease"))
    log.act("host", "passed", "B", PassedBody("A", "B", "5" * 32, 1, ACKNOWLEDGED, Rung.ALL_OFFICERS, "stop"))
    (stop,) = told_by(log).stops
    assert [type(each.body) for each in stop.passed] == [PassedBody]


def test_nothing_is_said_to_be_answered_while_something_waits():
    log = two_parties()
    message(log, "A", "B")
    assert "Everything that was told" not in dossier_html(pages(told_by(log)))
    log.receipt("B", "A", "7" * 32)
    assert "Everything that was told" in dossier_html(pages(told_by(log)))


def test_what_does_not_hold_is_told_as_that_and_nothing_of_it_is_believed():
    log, _, _ = a_story("a word nobody may believe")

    def other_salts(raw):
        return re.sub(rb'("salt": ?")(.)', lambda found: found[1] + (b"1" if found[2] == b"0" else b"0"), raw)

    entries, verdict = judged(log.files().bent("entries.jsonl", other_salts), log.anchors, keeps_payloads=True)
    told = dossier_of(entries, verdict)
    assert told.verdict.outcome is Outcome.FALSE
    text = " ".join(read(dossier_html(pages(told))).text)
    assert "Something in this file is not what it says it is" in text
    assert "a word nobody may believe" not in text


def test_every_statement_names_whose_it_is():
    log, _, _ = a_story()
    told = pages(the_dossier(log))
    (timeline,) = [b for s in told.sections for b in s.blocks if isinstance(b, Table) and b.anchors]
    for row in timeline.rows:
        assert re.match(r"(the host|A|B)\b", row[-1]), row
    whole = " ".join(read(dossier_html(told)).text)
    assert all(line in whole for line in NOT_PROVEN)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_party_writes_is_text_in_html_and_in_pdf(text):
    log, _, _ = a_story(text)
    written = pages(the_dossier(log))
    reading = read(dossier_html(written))
    assert not reading.tags & {"script", "img", "b", "iframe", "link"}
    raw = dossier_pdf(written)
    assert raw.startswith(b"%PDF-")
    if text.isascii():
        squeezed = re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(raw)).pages))
        assert re.sub(r"\s", "", text)[:12] in squeezed


def test_the_pdf_holds_what_the_page_holds():
    log, _, _ = a_story("clear of the coast")
    written = pages(the_dossier(log))
    text = re.sub(
        r"\s+", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(dossier_pdf(written))).pages)
    )
    for section in written.sections:
        assert re.sub(r"\s", "", section.title) in text
    assert "clearofthecoast" in text


def test_a_page_allows_no_script_and_no_network():
    log, _, _ = a_story()
    html = dossier_html(pages(the_dossier(log)))
    assert "default-src 'none'" in html
    assert "http://" not in html
    assert "https://" not in html


def test_a_row_of_the_pdf_stays_on_one_page_and_no_long_text_is_cut_off():
    log = two_parties()
    for number in range(40):
        log.act(
            "A",
            "message",
            "B",
            MessageBody(f"{number:032}", f"begin{number}of " + "the lorries wait " * 12 + f"end{number}of"),
        )
    log.act("A", "message", "B", MessageBody("f" * 32, "lorry " * 650 + "lastword"))
    pdf = PdfReader(io.BytesIO(dossier_pdf(pages(told_by(log)))))
    texts = [re.sub(r"\s", "", page.extract_text()) for page in pdf.pages]
    for number in range(40):
        for text in texts:
            assert text.count(f"begin{number}of") == text.count(f"end{number}of")
    assert sum(text.count("lastword") for text in texts) == 3
