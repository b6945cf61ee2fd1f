"""What is prepared for release comes out byte by byte as in the vectors that web/tests/notice reads, too."""

import json
import runpy
from copy import deepcopy
from hashlib import sha256
from pathlib import Path

import pytest

from detente.channel.forms import NoticeForm, form_from, notice_of, plain
from detente.client.release import Sent, agreed_levels, cancellation, prepare, submission_id
from detente.client.signer import Signer
from detente.domain import (
    Activity,
    Circle,
    DetenteError,
    InvalidVolume,
    Marking,
    Notice,
    Position,
    ReleaseGrids,
    ReleaseLevel,
    Terms,
    Volume4D,
)
from detente.record.keys import SigningKey

FOLDER = Path(__file__).parents[1] / "vectors" / "release"
VECTORS = sorted(FOLDER.glob("*.json"))
KEY = SigningKey(sha256(b"release vectors").digest())


def prepared(vector, signer):
    draws = iter(vector.get("draws", ["00" * 32, *["00" * 16] * 20]))
    return prepare(
        notice_of(form_from(vector["notice"], NoticeForm)),
        {recipient: ReleaseLevel(level) for recipient, level in vector["levels"].items()},
        signer=signer,
        grids=form_from(vector["grids"], ReleaseGrids),
        draw=lambda count: bytes.fromhex(next(draws))[:count],
        before=vector["before"] and form_from(vector["before"], Sent),
        to_the_host=ReleaseLevel(vector["to_the_host"]),
        marking=form_from(vector["marking"], Marking),
    )


def texts(envelopes):
    return [each.payload.decode() for each in envelopes]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_what_is_prepared_comes_out_byte_by_byte(path):
    vector = json.loads(path.read_text(encoding="utf-8"))
    assert vector["key"] == KEY.public.id
    signer = Signer(
        KEY, arena=vector["arena"], party=vector["party"], lasts=vector["lasts"], clock_us=lambda: vector["made_at_us"]
    )
    if "refused" in vector:
        with pytest.raises(DetenteError) as refused:
            prepared(vector, signer)
        error = refused.value
        said = {"family": type(error).__name__, "where": error.where, "what": error.what, "hint": error.hint}
        assert said == vector["refused"]
        return
    made = prepared(vector, signer)
    assert texts(made.envelopes) == vector["payloads"]
    assert plain(made.sent) == vector["sent"]
    assert submission_id(made.envelopes) == vector["submission_id"]
    assert texts(cancellation(made.sent, signer=signer, reason="no longer")) == vector["cancels"]


def test_the_vectors_are_those_that_their_script_makes():
    made = runpy.run_path(str(FOLDER / "make.py"))
    assert {path.stem for path in VECTORS} == set(made["CASES"]) | set(made["REFUSED"])


def test_at_which_level_everybody_is_told():
    for terms in json.loads((FOLDER / "levels" / "agreed.json").read_text(encoding="utf-8")):
        cases = terms.pop("cases")
        understood = form_from(terms, Terms)
        assert cases
        for each in cases:
            chosen = {recipient: ReleaseLevel(level) for recipient, level in each["chosen"].items()}
            notice = Notice("R-1", each["sender"], Activity(each["activity"]), (Volume4D(Circle(Position(0, 0), 1.0)),))
            if "refused" in each:
                with pytest.raises(InvalidVolume) as refused:
                    agreed_levels(understood, notice, each["sender"], chosen)
                assert refused.value.what == each["refused"]["what"]
            else:
                assert plain(agreed_levels(understood, notice, each["sender"], chosen)) == each["levels"]


WRONG = json.loads((FOLDER / "forms" / "wrong.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("change", WRONG["changes"], ids=lambda change: ".".join(map(str, change["path"])))
def test_forms_that_cannot_be_are_refused(change):
    form = inner = deepcopy(WRONG["notice"])
    for name in change["path"][:-1]:
        inner = inner[name]
    inner[change["path"][-1]] = change["value"]
    with pytest.raises(DetenteError) as refused:
        notice_of(form_from(form, NoticeForm))
    assert type(refused.value).__name__ == change["family"]
