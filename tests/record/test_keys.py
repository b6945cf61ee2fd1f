"""Keys: RFC 8032's answers, every form other programs use, and no key under which a signature proves nothing."""

import base64
import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import Malformed, NotAuthentic
from detente.record.keys import (
    PublicKey,
    SigningKey,
    key_from_verifier_line,
    public_key_from_spki,
    public_key_from_text,
    verifier_line,
)
from record_world import in_node, key, needs_node

RFC8032 = list(
    csv.DictReader((Path(__file__).parents[1] / "vectors" / "ed25519" / "rfc8032.csv").open(encoding="utf-8"))
)
GO = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
ORDER = 2**252 + 27742317777372353535851937790883648493
FIELD = 2**255 - 19


@pytest.mark.parametrize("row", RFC8032, ids=lambda row: row["name"])
def test_keys_and_signatures_are_those_of_the_rfc(row):
    signing, message = SigningKey(bytes.fromhex(row["seed"])), bytes.fromhex(row["message"])
    assert signing.public.raw.hex() == row["public"]
    assert signing.sign(message).hex() == row["signature"]
    signing.public.verify(bytes.fromhex(row["signature"]), message)


@given(st.binary(max_size=80), st.data())
def test_any_changed_byte_of_message_or_signature_is_refused(message, data):
    signature = key("a").sign(message)
    place = data.draw(st.integers(0, len(message) + 63))
    changed = bytearray(message + signature)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(NotAuthentic, match="not by key"):
        key("a").public.verify(bytes(changed[-64:]), bytes(changed[:-64]))


def test_a_signature_cannot_be_given_a_second_form():
    signature = key("a").sign(b"x")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    with pytest.raises(NotAuthentic):
        key("a").public.verify(signature[:32] + scalar.to_bytes(32, "little"), b"x")


def times_eight_is_nothing(y):
    """The slow definition: whether the points with this y, if any, have an order that divides 8."""
    d = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD
    x2 = (y * y - 1) * pow(d * y * y + 1, FIELD - 2, FIELD) % FIELD
    for _ in range(3):  # y of the double of (x, y) needs only x² and y²: -x² + y² = 1 + d x² y²
        y = (y * y + x2) * pow(1 - d * x2 * y * y, FIELD - 2, FIELD) % FIELD
        x2 = (y * y - 1) * pow(d * y * y + 1, FIELD - 2, FIELD) % FIELD
    return (x2, y) == (0, 1)


SMALL = [
    0,
    1,
    FIELD - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
]


@pytest.mark.parametrize("y", SMALL)
@pytest.mark.parametrize("sign", [0, 1])
def test_a_key_of_small_order_is_refused(y, sign):
    assert times_eight_is_nothing(y)
    with pytest.raises(Malformed, match="one signature stand for many"):
        PublicKey((y | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize("y", range(FIELD, 2**255))
def test_a_second_encoding_of_a_point_is_refused(y):
    with pytest.raises(Malformed):
        PublicKey(y.to_bytes(32, "little"))


def test_ordinary_keys_are_not_of_small_order():
    assert not any(
        times_eight_is_nothing(int.from_bytes(key(str(n)).public.raw, "little") & (2**255 - 1)) for n in range(5)
    )


def test_a_private_key_never_shows_itself():
    signing = key("a")
    assert signing.pkcs8[-32:].hex() not in f"{signing!r} {signing}"


def test_the_id_is_the_hash_of_the_raw_key():
    public = SigningKey(bytes.fromhex(RFC8032[0]["seed"])).public
    assert public.id == "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9"


def test_the_verifier_line_is_what_c2sp_tools_use():
    name, public = key_from_verifier_line(GO)
    assert verifier_line(name, public) == GO


def test_a_verifier_line_for_cosignatures_is_no_line_for_notes():
    line = verifier_line("w.example/w", key("witness").public, b"\x04")
    assert key_from_verifier_line(line, (b"\x04",)) == ("w.example/w", key("witness").public)
    with pytest.raises(Malformed, match="not of an Ed25519 key"):
        key_from_verifier_line(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GO.replace("033d", "033e"), "not its key's"),
        (GO.replace("golang", "golanG"), "not its key's"),
        (GO[:-4], "32 bytes"),
        (GO.replace("Ac4", "Bc4"), "not of an Ed25519"),
        (GO.replace("8OuAn8", "8OuAn9"), "not its key's"),
        (GO + "\n", "base64"),
        ("+00+AA==", "cannot name"),
        ("a b+00+AA==", "cannot name"),
    ],
)
def test_a_verifier_line_that_is_not_right_is_refused(line, said):
    with pytest.raises(Malformed, match=said):
        key_from_verifier_line(line)


@pytest.mark.parametrize("wrong", [b"", b"x" * 31, b"x" * 33])
def test_a_key_of_another_length_is_refused(wrong):
    for make in (PublicKey, SigningKey):
        with pytest.raises(Malformed, match="32"):
            make(wrong)


def test_a_key_of_another_algorithm_is_refused():
    x25519 = key("a").public.spki.replace(bytes.fromhex("2b6570"), bytes.fromhex("2b656e"))
    with pytest.raises(Malformed, match="not an Ed25519"):
        public_key_from_spki(x25519)


@pytest.mark.parametrize(
    "text",
    ["", "!", "AAAA", key("a").public.text[:-1], " " + key("a").public.text, key("a").public.text[:-2] + "\xe9="],
)
def test_a_public_key_has_one_text(text):
    with pytest.raises(Malformed):
        public_key_from_text(text)
    assert public_key_from_text(key("a").public.text) == key("a").public


@needs_node
def test_a_browsers_keys_are_ours_in_every_form():
    made = in_node("sign", {"payload": "", "payloadType": "t"})
    public = public_key_from_spki(base64.b64decode(made["spki"]))
    assert public == public_key_from_text(made["raw"])
    assert public.id == made["keyid"]
    signing = SigningKey(base64.b64decode(made["pkcs8"])[-32:])
    assert (signing.public, signing.pkcs8) == (public, base64.b64decode(made["pkcs8"]))


@needs_node
def test_a_browser_signs_with_our_key_as_we_do():
    signed = in_node("signWith", {"pkcs8": base64.b64encode(key("a").pkcs8).decode(), "message": "aGVsbG8="})
    assert base64.b64decode(signed) == key("a").sign(b"hello")
