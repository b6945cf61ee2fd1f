"""What a witness cosigned is stamped, kept where it holds, and not where it does not."""

import shutil
import subprocess
import sys

import pytest

from detente.cli import main
from detente.client.stamping import Stamper
from detente.domain import DetenteError, StoreUnavailable
from detente.record.checkpoint import origin_of, sign_checkpoint
from detente.record.note import read_note
from detente.record.timestamp import ask_timestamp, check_timestamp
from detente.record.witness import ask
from detente.stores.witness import Witness, WitnessFolder
from log_server import LogServer
from log_world import Log
from record_world import key
from stamping_authority import Authority

pytest.importorskip("rfc3161_client")
pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
HOST, WITNESS = key("host"), key("witness")
ORIGIN = origin_of("levant")
LOG = Log(ORIGIN, 9)


@pytest.fixture
def authority(tmp_path):
    with Authority(tmp_path / "authority") as made:
        yield made


@pytest.fixture
def witness(tmp_path):
    return Witness(WitnessFolder.create(tmp_path / "witness", "w.example/w"), WITNESS, lambda: 1_537_209_540, print)


def cosign(witness, size, old):
    return witness.add(ask(old, sign_checkpoint(LOG.head(size), HOST), LOG.node(size)), ORIGIN, HOST.public)


def test_the_newest_head_is_stamped_once_and_kept_beside_what_it_is_about(witness, authority):
    stamper = Stamper(witness.folder, authority.url, [authority.root], print)
    assert stamper.stamp_new() == []
    cosign(witness, 5, 0)
    (path,) = stamper.stamp_new()
    assert stamper.stamp_new() == []
    note = read_note(path.with_suffix(".note").read_bytes())
    assert (path.name, note.text) == ("5.tsr", LOG.head(5).text)
    assert check_timestamp(path.read_bytes(), note, [authority.root])
    cosign(witness, 9, 5)
    assert [each.name for each in stamper.stamp_new()] == ["9.tsr"]
    assert authority.asked == 2


def test_openssl_finds_it_good_too(witness, authority, tmp_path):
    cosign(witness, 5, 0)
    (path,) = Stamper(witness.folder, authority.url, [], print).stamp_new()
    (tmp_path / "text").write_text(LOG.head(5).text)
    verify = [
        "openssl",
        "ts",
        "-verify",
        "-in",
        path,
        "-data",
        tmp_path / "text",
        "-CAfile",
        authority.folder / "root.pem",
    ]
    assert b"Verification: OK" in subprocess.run(verify, capture_output=True, check=True).stdout


def test_an_answer_that_is_another_or_none_is_not_kept(witness, authority, tmp_path):
    cosign(witness, 5, 0)
    earlier = authority.stamp(ask_timestamp(sign_checkpoint(LOG.head(5), HOST))[0])  # the same head, asked for before
    another = authority.stamp(ask_timestamp(sign_checkpoint(LOG.head(9), HOST))[0])
    refused = bytes.fromhex("30053003020102")
    for roots in ([], [authority.root]):
        stamper = Stamper(witness.folder, authority.url, roots, print)
        for answer in (earlier, another, refused, b"nonsense", b"", bytes(70_000)):
            authority.answers = lambda _, answer=answer: answer
            with pytest.raises(DetenteError):
                stamper.stamp_new()
    authority.answers = None
    with pytest.raises(DetenteError):
        Stamper(witness.folder, authority.url, [Authority(tmp_path / "other").root], print).stamp_new()
    assert not list(witness.folder.path.glob("logs/*/timestamps/*"))


def test_an_authority_that_is_away_is_said(witness):
    cosign(witness, 5, 0)
    with pytest.raises(StoreUnavailable, match="does not answer"):
        Stamper(witness.folder, "http://127.0.0.1:9/", [], print).stamp_new()
    with pytest.raises(DetenteError):
        Stamper(witness.folder, "no address", [], print).stamp_new()


def test_the_command_stamps_what_it_cosigned(authority, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DETENTE_PASSPHRASE", "five words drawn by dice")
    monkeypatch.setenv("DETENTE_BY_PASSPHRASE", "five words drawn by dice")
    with LogServer(LOG, HOST) as server:
        for arguments in (
            ("new", "--party", "Coast Guard", "--name", "w.example/w"),
            (
                "follow",
                server.url,
                "--arena",
                "levant",
                "--log-key",
                HOST.public.text,
                "--once",
                "--tsa",
                authority.url,
                "--tsa-ca",
                str(authority.folder / "root.pem"),
            ),
        ):
            monkeypatch.setattr(sys, "argv", ["detente", "witness", *arguments])
            with pytest.raises(SystemExit) as end:
                main()
            assert not end.value.code, capsys.readouterr()
    assert [path.name for path in (tmp_path / "witness").glob("logs/*/timestamps/*.tsr")] == ["9.tsr"]
