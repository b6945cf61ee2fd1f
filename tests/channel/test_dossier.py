"""A dossier tells every entry once, attributes each, lists what was never answered, and no text of a party is ever markup."""

import io
import re
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

from detente.channel.acts import MessageBody, ResponseBody, StopBody
from detente.channel.dossier import dossier_of
from detente.channel.verdict import Outcome
from detente.domain import ReleaseLevel, ResponseKind
from detente.interop.dossier_pages import NOT_PROVEN, Table, pages
from detente.interop.write_dossier import dossier_html, dossier_pdf
from evidence_world import a_log, judged

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
    names = [each.view.view_id if hasattr(each, "view") else each.event.body.stop_id for each in told.unanswered]
    assert unread in names
    assert "5" * 32 in names
    assert acknowledged not in names


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
