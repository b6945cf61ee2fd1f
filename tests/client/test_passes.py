"""A pass: one file with which an officer signs in to the console."""

import json

import pytest

from detente.client import Membership, PartyFolder
from detente.client.passes import write_pass
from detente.domain import KeyRefused
from detente.record.holder import Holder, Role
from detente.record.key_file import private_key_text
from detente.record.keys import SigningKey


@pytest.fixture
def folder(tmp_path):
    key = SigningKey(bytes(range(32)))
    path = tmp_path / "keys" / "a.key"
    path.parent.mkdir()
    holder = Holder("A", Role.OFFICER, "duty officer")
    path.write_text(private_key_text(key, holder, "five words drawn by dice", salt=b"s" * 16, iv=b"i" * 16, rounds=2))
    path.chmod(0o600)
    membership = Membership(
        server="http://127.0.0.1:1", arena="levant", party="A", officer="duty officer", key=str(path), host_key="h"
    )
    return PartyFolder.create(tmp_path / "desk", membership, "detente_" + "a" * 43)


def test_a_pass_holds_what_the_console_asks_for_and_is_for_its_owner_alone(folder, tmp_path):
    write_pass(folder, tmp_path / "a.pass")
    told = json.loads((tmp_path / "a.pass").read_text())
    assert told.keys() == {
        "format", "server", "arena", "party", "officer", "token", "host_key", "key_file"
    }  # fmt: skip
    assert told["format"] == "detente pass v1"
    assert told["token"] == "detente_" + "a" * 43
    assert "BEGIN ENCRYPTED PRIVATE KEY" in told["key_file"]
    assert (tmp_path / "a.pass").stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_may_read_makes_no_pass(folder, tmp_path):
    (tmp_path / "keys" / "a.key").chmod(0o644)
    with pytest.raises(KeyRefused, match="others may read"):
        write_pass(folder, tmp_path / "a.pass")
    assert not (tmp_path / "a.pass").exists()


def test_no_file_is_written_over(folder, tmp_path):
    (tmp_path / "a.pass").write_text("mine")
    with pytest.raises(KeyRefused):
        write_pass(folder, tmp_path / "a.pass")
    assert (tmp_path / "a.pass").read_text() == "mine"
