"""Verifiers that others wrote accept the logs that we write, and reject them where anything was tampered with; and we read what they sign.

`make interop` installs what this needs. What a tool is not there for fails, and says so.
"""

import base64
import json
import os
import shutil
import subprocess
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import PlainEd25519Signer, Vkey
from tlog_scales.tlog import Checkpoint

from detente.record.checkpoint import open_checkpoint, sign_checkpoint
from detente.record.keys import PublicKey, key_from_verifier_line
from detente.record.merkle import leaf_hash
from detente.record.note import check_signed, read_note
from foreign_logs import (
    HOST,
    ORIGIN,
    STRANGER,
    as_json,
    before_cases,
    cosignature_cases,
    good_cases,
    tampered_cases,
)

HERE = Path(__file__).parent
SIZES = (1, 2, 255, 256, 257, 700, 70_000)


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """Accepted and rejected ones; and those that only a reader of cosignatures or of earlier heads can reject."""
    root = tmp_path_factory.mktemp("logs")
    good = list(good_cases(root, SIZES))
    bad = [
        case
        for each in good
        if len(each.indices) > 5 and int(each.name.split()[0]) > 600
        for case in tampered_cases(root, each)
    ]
    return good, bad, list(cosignature_cases(good[-1])), list(before_cases(good[-1]))


def judged(cases, verdicts, expected):
    assert set(verdicts) == {case.name for case in cases}
    wrong = {name: said for name, said in verdicts.items() if not said.startswith(expected)}
    assert not wrong


def verdicts_of(command, cases, **environment):
    run = subprocess.run(
        command, input=as_json(cases), capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2_000:]
    return dict(line.split("\t", 1) for line in run.stdout.splitlines())


# ── Go: golang.org/x/mod/sumdb ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def go(tmp_path_factory):
    assert shutil.which("go"), "no Go: apt-get install golang-go golang-golang-x-mod-dev"
    program = tmp_path_factory.mktemp("go") / "check"
    environment = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(program.parent / "cache")}
    build = ["go", "build", "-o", str(program), str(HERE / "check.go")]
    made = subprocess.run(
        build, capture_output=True, text=True, check=False, env={**os.environ, **environment}, timeout=300
    )
    assert made.returncode == 0, made.stderr
    return [str(program)]


def test_go_accepts_what_we_write_and_rejects_what_was_tampered_with(go, cases):
    good, bad, cosignatures, before = cases
    judged(good, verdicts_of(go, [case.for_go for case in good]), "accepted")
    wrong = [*bad, *cosignatures, *before]
    assert len(wrong) > 20
    judged(wrong, verdicts_of(go, [case.for_go for case in wrong]), "rejected")


def test_what_go_signs_we_read(go):
    told = json.loads(subprocess.run([*go, ORIGIN], capture_output=True, text=True, check=True).stdout)
    name, key = key_from_verifier_line(told["vkey"])
    assert name == ORIGIN
    head, note = open_checkpoint(told["note"].encode(), ORIGIN, key)
    assert head.tree_size == 7
    check_signed(note, name, key)


# ── Python: tlog-scales ──────────────────────────────────────────────────────────────────────────────────────────────


def scales_verdict(case):
    try:
        head = Checkpoint.from_text(case.checkpoint)
        head.verify(Vkey.from_string(case.vkey))
        for name, key in case.witnesses:
            head.verify(Vkey(name, None, 4, base64.b64decode(key)))
        reader = TilesReader(LocalBackend(case.folder))
        reader.set_size(head.size)
        for index in case.indices:
            reader.get_inclusion_proof(index, head.size).check(leaf_hash(case.leaf_at(index)), head.root_hash)
        for text in case.before:
            before = Checkpoint.from_text(text)
            before.verify(Vkey.from_string(case.vkey))
            reader.get_consistency_proof(before.size, head.size).check(before.root_hash, head.root_hash)
    except Exception as error:  # whatever its own refusals are
        return f"rejected: {error!r}"
    return "accepted"


def test_tlog_scales_accepts_what_we_write_and_rejects_what_was_tampered_with(cases):
    good, bad, cosignatures, before = cases
    judged(good, {case.name: scales_verdict(case) for case in good}, "accepted")
    wrong = [*bad, *cosignatures, *before]
    judged(wrong, {case.name: scales_verdict(case) for case in wrong}, "rejected")


def test_what_tlog_scales_signs_we_read():
    signer = PlainEd25519Signer(ORIGIN, bytes([1]) * 32)
    signed = Checkpoint.make_signed(ORIGIN, 9, bytes(32), [signer]).serialize().encode()
    head, note = open_checkpoint(signed, ORIGIN, HOST.public)
    assert note.raw == sign_checkpoint(head, HOST).raw
    assert PublicKey(signer.vkey.pubkey) == HOST.public
    assert read_note(signed) != sign_checkpoint(head, STRANGER)


# ── JavaScript: @sigstore/verify ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def node():
    spec = spec_from_file_location("web_script", HERE.parents[1] / "scripts" / "web.py")
    web = module_from_spec(spec)
    spec.loader.exec_module(web)
    npm = web.npm_command()
    if not (HERE / "js" / "node_modules" / "@sigstore").exists():
        subprocess.run([*npm, "ci", "--silent"], cwd=HERE / "js", check=True, timeout=300)
    found = Path(npm[0]) if Path(npm[0]).name == "node" else Path(npm[0]).with_name("node")
    return [str(found), str(HERE / "js" / "check.mjs")]


def test_sigstore_accepts_what_we_write_and_rejects_what_was_tampered_with(node, cases):
    good, bad, *_ = cases
    judged(good, verdicts_of(node, [case.for_javascript for case in good]), "accepted")
    shown = [case for case in bad if "cut short" not in case.name]  # no proof can be made of it, by us
    assert len(shown) > 15
    judged(shown, verdicts_of(node, [case.for_javascript for case in shown]), "rejected")
