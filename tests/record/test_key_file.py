"""Key files: they open again, here, in OpenSSL and in a browser; a changed, exposed or taken one is refused."""

import base64
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import DetenteError, KeyRefused, Malformed, UnreadableFile
from detente.record.holder import Holder, Role
from detente.record.key_file import (
    append_line,
    private_key_text,
    public_key_text,
    read_key_file,
    read_key_text,
    unlock,
    write_new,
)
from record_world import in_node, key, needs_node

VECTORS = Path(__file__).parents[1] / "vectors" / "key_file"
SECRET = "five words drawn by dice"
DESK = Holder("Relief Mission", Role.OFFICER, "Duty desk")
A, B = key("a"), key("b")


def private_text(signing=A, holder=DESK, passphrase=SECRET, rounds=2):
    return private_key_text(signing, holder, passphrase, salt=b"s" * 16, iv=b"i" * 16, rounds=rounds)


names = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20).map(
    lambda text: __import__("unicodedata").normalize("NFC", text)
)


@given(names, st.sampled_from(Role), st.text(st.characters(exclude_categories=["Cs"]), min_size=12, max_size=30))
def test_what_is_written_is_read_again(party, role, passphrase):
    holder = Holder(party, role, "Desk" if role is Role.OFFICER else "")
    public, private = (
        read_key_text(public_key_text(A.public, holder)),
        read_key_text(private_text(A, holder, passphrase)),
    )
    assert (public.public, public.holder, public.encrypted) == (A.public, holder, "")
    assert (private.public, private.holder) == (A.public, holder)
    assert unlock(private, passphrase).pkcs8 == A.pkcs8


def test_a_passphrase_typed_on_another_keyboard_is_the_same():
    assert (
        unlock(read_key_text(private_text(passphrase="caf\u00e9 au lait noir")), "cafe\u0301 au lait noir").public
        == A.public
    )


def test_a_wrong_passphrase_is_refused():
    with pytest.raises(KeyRefused, match="does not open"):
        unlock(read_key_text(private_text()), SECRET + "!")


def test_a_short_passphrase_is_refused():
    with pytest.raises(KeyRefused, match="11 characters; at least 12"):
        private_text(passphrase="x" * 11)


def test_every_changed_byte_of_the_encrypted_key_is_refused():
    text = private_text()
    head, body, tail = text.partition("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    pem, _, _ = tail.partition("-----END")
    der = base64.b64decode(pem)
    for place in range(len(der)):
        if place in range(48, 52):
            continue  # the count of rounds: a larger one only takes longer to be wrong
        changed = bytearray(der)
        changed[place] ^= 1
        spoilt = f"{head}{body}{base64.b64encode(changed).decode()}\n-----END ENCRYPTED PRIVATE KEY-----\n"
        with pytest.raises(DetenteError):
            unlock(read_key_text(spoilt), SECRET)


def test_a_file_that_opens_as_another_key_is_refused():
    with pytest.raises(Malformed, match="opens as another key"):
        unlock(
            read_key_text(
                private_text(A)
                .replace(A.public.text, B.public.text)
                .replace(f"Key: {A.public.id}\n", "")
                .replace("Fingerprint", "X")
            ),
            SECRET,
        )


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("", Malformed, "0 keys"),
        (public_key_text(A.public, DESK) * 2, Malformed, "2 keys"),
        (public_key_text(A.public, DESK).replace(A.public.id, B.public.id), Malformed, "of another key"),
        (public_key_text(A.public, DESK).replace("Role: officer", "Role: owner"), Malformed, "role 'owner'"),
        (public_key_text(A.public, DESK).replace("Officer: Duty desk\n", ""), Malformed, "officer"),
        (public_key_text(A.public, DESK).replace("Role: officer", "Role: root"), Malformed, "names an officer"),
        (private_text().replace("Public-key", "Else"), Malformed, "32 bytes"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", KeyRefused, "no passphrase protects"),
        ("-----BEGIN PUBLIC KEY-----\nAAA\n-----END PUBLIC KEY-----\n", Malformed, "not base64"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", Malformed, "not an Ed25519"),
    ],
)  # fmt: skip
def test_what_is_no_key_file_is_refused_and_says_why(text, error, said):
    with pytest.raises(error, match=said):
        read_key_text(text)


def test_a_private_key_that_others_may_read_is_refused_with_a_remedy(tmp_path):
    path = tmp_path / "desk.key"
    for mode in (0o640, 0o604, 0o620):
        path.write_text(private_text(), encoding="utf-8")
        path.chmod(mode)
        with pytest.raises(KeyRefused, match=rf"desk\.key: others may read .*{mode:04o}.*chmod 600 desk\.key"):
            read_key_file(path)
    path.chmod(0o600)
    assert read_key_file(path).public == A.public


def test_a_public_key_may_be_read_by_all(tmp_path):
    write_new(tmp_path / "desk.pub", public_key_text(A.public, DESK).encode(), mode=0o644)
    assert read_key_file(tmp_path / "desk.pub").holder == DESK
    assert (tmp_path / "desk.pub").stat().st_mode & 0o777 == 0o644


def test_a_file_is_written_for_its_owner_and_never_over_another(tmp_path):
    path, umask = tmp_path / "sub" / "desk.key", os.umask(0)
    try:
        write_new(path, b"first", mode=0o600)
        with pytest.raises(KeyRefused, match="is there already"):
            write_new(path, b"second", mode=0o600)
    finally:
        os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"first"
    assert list(path.parent.iterdir()) == [path]


def test_a_line_is_added_only_to_the_file_that_was_read(tmp_path):
    path = tmp_path / "p.keys"
    path.write_bytes(b"one\n")
    append_line(path, b"one\n", b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    with pytest.raises(KeyRefused, match="changed by someone else"):
        append_line(path, b"one\n", b"three\n")
    assert path.read_bytes() == b"one\ntwo\n"


def test_of_many_who_add_a_line_at_once_one_does(tmp_path):
    path = tmp_path / "p.keys"
    path.write_bytes(b"one\n")

    def add(number):
        try:
            append_line(path, b"one\n", b"%d\n" % number)
        except KeyRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, range(24))) == 1
    assert path.read_bytes().count(b"\n") == 2


def test_what_is_not_there_or_not_text_is_refused(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff" * 9)
    (tmp_path / "large").write_bytes(b"x" * 20_000)
    for name, said in (("none", "No such file"), ("binary", "not text"), ("large", "16384")):
        with pytest.raises(DetenteError, match=said):
            read_key_file(tmp_path / name)
    with pytest.raises(UnreadableFile, match="cannot write"):
        write_new(tmp_path / "binary" / "x.key", b"", mode=0o600)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_opens_it(tmp_path):
    path = tmp_path / "desk.key"
    path.write_text(private_text(rounds=600_000), encoding="utf-8")
    shown = subprocess.run(
        ["openssl", "pkey", "-in", path, "-passin", f"pass:{SECRET}", "-outform", "DER"],
        capture_output=True,
        check=True,
    )
    assert shown.stdout == A.pkcs8


@needs_node
def test_a_browser_opens_it_with_webcrypto_alone():
    given = {"pem": private_text(rounds=600_000), "passphrase": SECRET, "message": "aGVsbG8="}
    assert base64.b64decode(in_node("open", given)) == A.sign(b"hello")


def test_a_key_made_in_a_browser_opens_here():
    file = read_key_text((VECTORS / "browser.key").read_text(encoding="utf-8"))
    assert file.holder == Holder("Relief Mission", Role.OFFICER, "Bureau de veille à Naqoura")
    assert unlock(file, "cinq mots tirés aux dés").public == file.public


def test_the_key_that_a_browser_has_to_open_is_what_is_written_here():
    found = read_key_text((VECTORS / "python.key").read_text(encoding="utf-8"))
    signing = unlock(found, "cinq mots tirés aux dés")
    assert found.holder is not None
    written = private_key_text(
        signing, found.holder, "cinq mots tirés aux dés", salt=bytes(range(16)), iv=bytes(range(16, 32))
    )
    assert written == (VECTORS / "python.key").read_text(encoding="utf-8")
