"""`detente replay` and `detente claims`: the night as each side states it, attributed line by line, with no verdict in it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from real_browser import launched

LEVANT = Path(__file__).parents[2] / "scenarios" / "levant-2018"
DETENTE = [sys.executable, "-c", "from detente.cli import main; main()"]
CLAIMANTS = {claim["claimant"] for claim in json.loads((LEVANT / "claims.json").read_text())["claims"]}
PARTIES = CLAIMANTS | {"HUM_ORG", "CIVIL_ATS"}
OURS = (
    "This is no finding",
    "The night of",
    "Stated about",
    "Several versions",
    "What claimed places",
    "Under the rules taken",
    "with each given",
    "at ",
)
VERDICTS = re.compile(
    r"\b(guilty|at fault|to blame for it|lied|lies|liar|false claim|proves?|proven|truth|in fact|actually|clearly|obviously|responsible for)\b", re.IGNORECASE
)  # fmt: skip


def run(*words, code=0):
    done = subprocess.run([*DETENTE, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def night():
    return json.loads(run("replay", LEVANT, "--json").stdout)


def test_every_line_says_whose_statement_it_is_and_none_is_a_verdict():
    lines = [line.strip() for line in run("replay", LEVANT).stdout.splitlines() if line.strip()]
    assert len(lines) > 40
    for line in lines:
        assert line.startswith(OURS) or any(party in line for party in PARTIES), line
    texts = {claim["claim"] for claim in json.loads((LEVANT / "claims.json").read_text())["claims"]}
    ours = "\n".join(line for line in lines if not any(text in line for text in texts))
    assert not VERDICTS.search(ours)


def test_both_versions_of_one_ministry_stand_with_what_lies_between(night):
    versions = {each["topic"]: each for each in night["ledger"]["versions"]}
    assert versions["strike"]["claims"] == ["C02", "C06"]
    assert versions["strike"]["apart_s"] == 20 * 60
    assert versions["lost_contact"]["apart_s"] == 53 * 60


def test_the_call_of_1839_would_have_been_late_under_one_account_and_is_unknown_under_the_other(night):
    strikes = {
        account["claimant"]: next(lead for lead in account["leads"] if lead["reference"] == "STRIKE")
        for account in night["accounts"]
    }
    assert (strikes["RUS_MOD"]["given_s"], strikes["RUS_MOD"]["late"]) == (60, True)
    assert (strikes["ISR_IDF"]["given_s"], strikes["ISR_IDF"]["late"]) == (None, None)
    assert strikes["RUS_MOD"]["due"] == "2018-09-17T18:25:00Z"


def test_a_quarter_of_an_hour_before_both_sides_would_have_read_that_strike_and_return_may_meet(night):
    account = next(each for each in night["accounts"] if each["claimant"] == "RUS_MOD")
    told = {(met["party"], met["reference"], met["other_reference"]): met for met in account["meets"]}
    for asked in (("RUS_MOD", "IL20-RETURN", "STRIKE"), ("ISR_IDF", "STRIKE", "IL20-RETURN")):
        assert told[asked]["answer"] in ("POSSIBLE", "CONFLICT")
        assert told[asked]["before_s"] >= 15 * 60
        assert told[asked]["level"] == "general"


def test_nobody_is_answered_more_than_what_was_released_allows(night):
    for account in night["accounts"]:
        assert all(met["answer"] == "POSSIBLE" for met in account["meets"] if met["level"] != "full")


def test_what_a_party_could_have_known_names_by_whose_account(night):
    known = json.loads(run("replay", LEVANT, "--party", "RUS_MOD", "--at", "2018-09-17T18:45Z", "--json").stdout)
    assert [(each["claim"], each["as_stated_by"]) for each in known["by_then"]] == [("C05", "RUS_MOD")]
    assert {each["as_stated_by"] for each in known["no_minute_stated"]} == {"ISR_IDF"}
    before = json.loads(run("replay", LEVANT, "--party", "RUS_MOD", "--at", "171838ZSEP18", "--json").stdout)
    assert before["by_then"] == []


def test_other_lead_times_give_other_answers():
    told = json.loads(run("replay", LEVANT, "--json", "--lead", "1 min").stdout)
    lead = next(each for each in told["accounts"][0]["leads"] if each["reference"] == "STRIKE")
    assert lead["late"] is False
    agreed = json.loads(run("replay", LEVANT, "--json", "--as-agreed").stdout)
    lead = next(each for each in agreed["accounts"][0]["leads"] if each["reference"] == "STRIKE")
    assert lead["agreed_s"] == 3600


def test_the_ledger_of_one_topic():
    told = json.loads(run("claims", LEVANT / "claims.json", "--topic", "warning", "--json").stdout)
    assert [topic["without_time"] for topic in told["topics"]] == [["ISR_IDF"]]
    assert "nothing is stated about" in run("claims", LEVANT / "claims.json", "--topic", "weather", code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("replay", "nowhere"), "holds no night.json"),
        (("replay", LEVANT, "--party", "RUS_MOD"), "go together"),
        (("replay", LEVANT, "--party", "NOBODY", "--at", "171839ZSEP18"), "nobody states that"),
        (("replay", LEVANT, "--party", "RUS_MOD", "--at", "18:39"), "--at"),
        (("claims", LEVANT / "night.json"), "no file of claims"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_to_do(words, said):
    assert said in run(*words, code=2).stderr


def test_a_night_whose_account_names_a_claim_that_is_not_there_is_refused(tmp_path):
    folder = shutil.copytree(LEVANT, tmp_path / "night")
    told = json.loads((folder / "night.json").read_text())
    told["accounts"][0]["given"][0]["claim"] = "C99"
    (folder / "night.json").write_text(json.dumps(told))
    assert "claim C99 is not in the ledger" in run("replay", folder, code=2).stderr


def test_the_page_plays_by_itself_loads_nothing_and_runs_nothing_that_was_written_into_a_claim(tmp_path):
    folder = shutil.copytree(LEVANT, tmp_path / "night")
    told = json.loads((folder / "claims.json").read_text())
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    told["claims"][4]["claim"] += hostile
    told["claims"][4]["sources"].append("javascript:alert(3)")
    (folder / "claims.json").write_text(json.dumps(told))
    page_file = tmp_path / "night.html"
    run("replay", folder, "--html", page_file)
    with launched() as browser:
        page, asked = browser.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        page.goto(page_file.as_uri())
        assert page.locator("img").count() == 0
        assert page.locator("a[href^=javascript]").count() == 0
        assert hostile in page.locator("#C05").inner_text()
        page.locator("#minute").focus()
        page.keyboard.press("Home")
        for _ in range(74):
            page.keyboard.press("ArrowRight")
        assert page.locator("#clock").inner_text() == "18:39Z"
        assert page.locator("#C05").get_attribute("data-state") == "lit"
        assert page.locator("#C10").get_attribute("data-state") == "yet"
        assert asked == [page_file.as_uri()]
