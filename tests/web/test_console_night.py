"""The console, in real browsers against a real server: two parties at once, from a notice to its acknowledgement, a STOP, words, and the record."""

import json
import re
import time
from pathlib import Path

import pytest

import real_browser
from console_world import Demo, Officer

BUILT = Path(__file__).parents[2] / "src" / "detente" / "web" / "index.html"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("night") / "demo")
    demo.start()
    yield demo
    demo.kill()


@pytest.fixture(scope="module")
def browser():
    if not BUILT.exists():
        pytest.fail("the console is not built: run `make web`")
    with real_browser.launched() as launched:
        yield launched


@pytest.fixture
def officers(browser, demo):
    here = []

    def officer(party):
        here.append(Officer(browser, demo, party))
        return here[-1]

    yield officer
    for each in here:
        assert each.complaints == [], each.party
        assert all(url.startswith((demo.url, "blob:", "data:")) for url in each.urls), "another origin was asked"
        assert not any("detente_" in url for url in each.urls), "a token in an address"
        kept = each.page.evaluate("Object.keys(localStorage)")
        assert set(kept) <= {"detente.settings"}
        each.context.close()


def test_a_notice_is_given_read_acknowledged_and_answered_between_two_browsers(officers):
    israel, russia = officers("ISR_IDF"), officers("RUS_MOD")
    israel.go("#/notice")
    israel.write("Strike north of Baniyas")
    israel.page.locator(".panel").get_by_text("against what was released to us").wait_for()
    israel.send()

    row = russia.page.locator("a.row-link", has_text="ISR_IDF: live fire")  # released at general: no title
    row.first.click()
    russia.page.get_by_text("Generalised by its sender").wait_for()
    assert "Strike north of Baniyas" not in russia.page.content()
    russia.page.get_by_label(re.compile("have read where")).check()
    russia.page.locator("body").press("a")
    russia.page.get_by_text("✓ Acknowledged").wait_for()
    russia.page.get_by_role("textbox", name="Words", exact=True).fill("Our aircraft is landing there: wait.")
    russia.page.get_by_role("button", name="We object").click()

    israel.page.locator(".panel").get_by_text("objection").or_(
        israel.page.locator(".panel").get_by_text("objected")
    ).first.wait_for()
    israel.page.locator(".panel").get_by_text("wait.").wait_for()
    israel.page.locator("a.row-link", has_text="RUS_MOD objects to our notice Strike north of Baniyas").wait_for()


def test_a_request_to_cease_goes_before_everything_and_is_acknowledged(officers):
    russia, israel = officers("RUS_MOD"), officers("ISR_IDF")
    russia.page.get_by_role("link", name="Ask to stop").click()
    russia.page.get_by_label("ISR_IDF").check()
    russia.page.get_by_label("Where", exact=True).fill("35 NM west of Latakia")
    russia.page.get_by_label("What they should cease").fill("Cease fire: <b>our aircraft</b> is there.")
    russia.page.get_by_role("button", name="Ask 1 party to stop").click()

    israel.page.get_by_text("1 request to cease is not acknowledged").wait_for()
    israel.page.locator("a.row-link", has_text="RUS_MOD asks us to cease").first.click()
    israel.page.get_by_text("Cease fire: <b>our aircraft</b> is there.").wait_for()  # as it was written, and no markup
    israel.page.get_by_role("button", name=re.compile("has read it: acknowledge")).click()
    israel.page.get_by_text("Acknowledged. It still stands.").wait_for()
    russia.page.get_by_role("link", name="Now", exact=True).click()
    russia.page.locator("a.row-link", has_text="ISR_IDF has acknowledged our request to cease").wait_for()


def test_words_go_to_and_fro(officers):
    unifil, russia = officers("UNIFIL"), officers("RUS_MOD")
    unifil.go("#/messages/RUS_MOD")
    unifil.page.get_by_label("Write to the officers of RUS_MOD").fill("Radio check <img src=x onerror=alert(1)>")
    unifil.page.get_by_role("button", name="Send").click()
    russia.go("#/messages/UNIFIL")
    russia.page.get_by_text("Radio check <img src=x onerror=alert(1)>").wait_for()
    russia.page.get_by_label("Write to the officers of UNIFIL").fill("Five by five.")
    russia.page.get_by_role("button", name="Send").click()
    unifil.page.get_by_text("Five by five.").wait_for()


def test_what_was_not_released_never_reaches_the_browser(officers):
    israel, aid = officers("ISR_IDF"), officers("HUM_ORG")
    israel.go("#/notice")
    israel.write("Kept to ourselves", centre="33.12345, 35.54321", activity="air_operation")
    israel.page.get_by_label("What HUM_ORG is told").select_option("none")
    israel.send()
    salt = json.loads(israel.page.evaluate(
        """async () => {
          const open = indexedDB.open("detente/levant/ISR_IDF");
          const db = await new Promise((good) => (open.onsuccess = () => good(open.result)));
          const all = db.transaction("notices").objectStore("notices").getAll();
          return JSON.stringify(await new Promise((good) => (all.onsuccess = () => good(all.result))));
        }"""
    ))[0]["sent"]["salt"]  # fmt: skip
    aid.page.wait_for_timeout(2_500)  # past the tick
    told = aid.page.content() + "".join(each.text() for each in aid.bodies)
    told += aid.page.evaluate(
        """async () => {
          const open = indexedDB.open("detente/levant/HUM_ORG");
          const db = await new Promise((good) => (open.onsuccess = () => good(open.result)));
          const membership = db.transaction("membership").objectStore("membership").get("own");
          const { token } = await new Promise((good) => (membership.onsuccess = () => good(membership.result)));
          const answer = await fetch("/arenas/levant/inbox?limit=500", { headers: { authorization: `Bearer ${token}` } });
          return answer.text();
        }"""
    )
    assert len(told) > 10_000
    for secret in ("Kept to ourselves", "33.12345", "35.54321", salt):
        assert secret not in told


def test_a_lost_line_is_told_and_comes_back_by_itself(officers):
    russia = officers("RUS_MOD")
    russia.context.set_offline(True)
    russia.page.get_by_text(re.compile("^▲ No line")).wait_for(timeout=60_000)
    russia.context.set_offline(False)
    russia.page.get_by_text("Line is up").wait_for(timeout=60_000)
    russia.forgive_the_line()


def test_a_draft_survives_a_killed_server_and_a_reload_and_is_sent_then(officers, demo):
    russia = officers("RUS_MOD")
    russia.go("#/notice")
    russia.write("Written through a crash", centre="351500N 0353000E", activity="air_operation")
    russia.page.wait_for_timeout(1_000)  # drafts are kept shortly after the last key
    demo.kill()
    demo.start()
    russia.page.reload()
    russia.page.get_by_role("heading", name="Needs you now").wait_for()
    russia.go("#/")
    russia.go("#/notice")
    russia.page.get_by_text(re.compile(r"\d+ drafts?")).click()
    russia.page.get_by_role("link", name="Written through a crash").first.click()
    russia.send()
    russia.forgive_the_line()


def test_the_record_is_verified_on_its_page(officers):
    russia = officers("RUS_MOD")
    time.sleep(1)
    russia.go("#/record")
    russia.page.get_by_text(re.compile(r"checked and found to hold, of \d+")).wait_for()
    russia.page.get_by_text("holds, by the host's word alone").first.wait_for()
    assert russia.page.get_by_text("does not hold").count() == 0


def test_a_view_that_does_not_carry_its_signature_is_said_and_not_drawn(officers):
    israel, russia = officers("ISR_IDF"), officers("RUS_MOD")
    israel.go("#/notice")
    israel.write("To be altered on the way")
    israel.send()
    russia.page.locator("a.row-link", has_text="Notice").first.wait_for()

    def altered(route):
        answer = route.fetch()
        told = answer.json()
        first = json.loads(told["views"][0]["envelope"])
        first["payload"] = ("A" if first["payload"][40] != "A" else "B").join(
            (first["payload"][:40], first["payload"][41:])
        )
        told["views"][0]["envelope"] = json.dumps(first)
        route.fulfill(response=answer, json=told)

    russia.page.route("**/views*", altered)
    russia.page.reload()
    russia.page.get_by_text(re.compile("NOT TO BE BELIEVED")).wait_for()
    russia.page.get_by_text("Line is up").wait_for()


def test_a_finding_is_stated_read_and_disputed_and_both_words_stand(officers):
    finder, other, third = officers("ISR_IDF"), officers("UNIFIL"), officers("HUM_ORG")
    finder.go("#/claims")
    panel = finder.page.locator(".panel")
    panel.get_by_label("What it is about").select_option("finding")
    panel.get_by_label("Topic, in one word").fill("tunnel")
    panel.get_by_label("What is stated").fill("A tunnel <img src=x onerror=alert(1)> crosses the line")
    panel.get_by_label("When").fill("041100ZDEC18")
    panel.get_by_label("Where").fill("33.28N 35.57E")
    panel.get_by_label("Within").fill("2 km")
    panel.get_by_label("UNIFIL").check()
    panel.get_by_role("button", name="Sign and state").click()
    panel.get_by_text("Stated, and in the record.").wait_for()
    other.page.get_by_text("ISR_IDF states something: read it").first.wait_for()
    other.go("#/claims")
    told = other.page.locator(".panel li", has_text="crosses the line")
    told.get_by_text("A tunnel <img src=x onerror=alert(1)> crosses the line").wait_for()
    assert "2018-12-04 11:00Z" in told.inner_text()
    told.get_by_role("button", name="Acknowledge").click()
    told.get_by_role("button", name="Acknowledge").wait_for(state="detached")
    told.get_by_role("button", name="Dispute").click()
    panel = other.page.locator(".panel")
    panel.get_by_label("What is stated").fill("It ends before the line")
    panel.get_by_role("button", name="Sign and state").click()
    panel.get_by_text("Stated, and in the record.").wait_for()
    finder.page.get_by_text("UNIFIL states something: read it").first.wait_for()
    finder.go("#/picture")
    finder.go("#/claims")
    answer = finder.page.locator(".panel li", has_text="It ends before the line")
    answer.get_by_text("disputes").wait_for()
    finder.page.locator(".panel li", has_text="A tunnel").first.wait_for()
    third.go("#/claims")
    third.page.locator(".panel").get_by_text("No claims yet").wait_for()
    assert not any("crosses the line" in body.text() for body in third.bodies)
