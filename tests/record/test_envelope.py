"""Envelopes: the DSSE vectors, the way through JSON and back, and that nothing changed is accepted."""

import base64
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import DetenteError, Malformed, NotAuthentic, TooLarge
from detente.record import envelope as dsse
from detente.record.envelope import Envelope, Signature, from_json, pre_authentication_encoding, sign, to_json, verify
from detente.record.keys import PublicKey
from record_world import in_node, key, needs_node

VECTORS = Path(__file__).parents[1] / "vectors" / "dsse"
PUBLISHED = json.loads((VECTORS / "vectors.json").read_text(encoding="utf-8"))
TYPE = "application/vnd.detente.test+json"
A, B, C = key("a"), key("b"), key("c")

types = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
payloads = st.binary(max_size=200)


def accepted(vector):
    """Whether the vector's verifier accepts, with its names of keys replaced by the ids we use."""
    keys = {name: PublicKey(bytes.fromhex(parts["public"])) for name, parts in PUBLISHED["keys"].items()}
    written = vector["envelope"]
    for signature in written["signatures"]:
        if "keyid" in signature:
            signature["keyid"] = keys[signature["keyid"]].id
    trusted = [keys[name] for name in vector["trustedKeys"]]
    for supported in vector["supportedPayloadTypes"]:
        try:
            envelope = from_json(json.dumps(written).encode())
            if len(verify(envelope, trusted, payload_type=supported)) >= vector["threshold"]:
                return True
        except DetenteError:
            continue
    return False


@pytest.mark.parametrize("vector", PUBLISHED["vectors"], ids=lambda vector: vector["id"])
def test_a_published_envelope_is_judged_as_published(vector):
    assert accepted(json.loads(json.dumps(vector))) == (vector["expect"] == "accept")


@pytest.mark.parametrize(
    "vector", [v for v in PUBLISHED["vectors"] if v["expect"] == "accept"], ids=lambda vector: vector["id"]
)
def test_what_is_signed_is_what_the_standard_signs(vector):
    envelope = from_json(json.dumps(vector["envelope"]).encode())
    assert pre_authentication_encoding(envelope.payload_type, envelope.payload).hex() == vector["pae"]


def test_the_example_of_the_standard_is_read():
    envelope = from_json((VECTORS / "hello_world.json").read_bytes())
    assert (
        pre_authentication_encoding(envelope.payload_type, envelope.payload)
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(payloads, types, st.lists(st.sampled_from([A, B, C]), min_size=1, max_size=3, unique=True))
def test_what_is_signed_comes_back_from_json_and_verifies(payload, payload_type, signers):
    envelope = sign(payload, payload_type, *signers)
    back = from_json(to_json(envelope))
    assert back == envelope
    assert verify(back, [A.public, B.public, C.public], payload_type=payload_type) == tuple(s.public for s in signers)


def rebuilt(payload, payload_type, keyid, sig):
    return Envelope(payload, payload_type.decode("latin-1"), (Signature(keyid.decode("latin-1"), sig),))


@given(payloads.filter(len), st.data())
def test_any_changed_byte_of_any_part_is_refused(payload, data):
    signature = sign(payload, TYPE, A).signatures[0]
    parts = [payload, TYPE.encode(), signature.keyid.encode(), signature.sig]
    which = data.draw(st.integers(0, 3))
    changed = bytearray(parts[which])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    parts[which] = bytes(changed)
    with pytest.raises((NotAuthentic, Malformed)):
        verify(rebuilt(*parts), [A.public, B.public], payload_type=TYPE)


def test_every_changed_bit_of_the_json_is_refused():
    raw = to_json(sign(b'{"place":"35.5 N"}', TYPE, A))
    for place in range(len(raw)):
        for bit in range(8):
            changed = raw[:place] + bytes([raw[place] ^ 1 << bit]) + raw[place + 1 :]
            with pytest.raises((Malformed, NotAuthentic)):
                verify(from_json(changed), [A.public, B.public], payload_type=TYPE)


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_a_changed_byte_of_the_json_is_refused_or_changes_nothing_that_is_read(seed):
    envelope = sign(b"\xfb\xff\xbf", TYPE, A)
    raw, rng = bytearray(to_json(envelope)), random.Random(seed)
    raw[rng.randrange(len(raw))] = rng.randrange(256)
    try:
        read = from_json(bytes(raw))
        verify(read, [A.public], payload_type=TYPE)
    except DetenteError:
        return
    assert read == envelope


@given(types, payloads, types, payloads)
def test_two_pairs_of_type_and_payload_never_encode_alike(type_a, payload_a, type_b, payload_b):
    same = pre_authentication_encoding(type_a, payload_a) == pre_authentication_encoding(type_b, payload_b)
    assert same == ((type_a, payload_a) == (type_b, payload_b))


def test_a_signature_by_an_unknown_key_is_ignored_beside_one_that_holds():
    assert verify(sign(b"x", TYPE, A, B), [B.public], payload_type=TYPE) == (B.public,)


def test_signed_by_nobody_we_know_is_refused_and_says_who_signed():
    with pytest.raises(NotAuthentic, match=rf"none of the 1 keys that may: {A.public.id[:16]}"):
        verify(sign(b"x", TYPE, A), [B.public], payload_type=TYPE)
    with pytest.raises(NotAuthentic, match="none of the 0 keys"):
        verify(sign(b"x", TYPE, A), [], payload_type=TYPE)


def test_a_known_key_whose_signature_fails_spoils_the_envelope():
    good, other = sign(b"x", TYPE, A, B), sign(b"y", TYPE, B)
    mixed = Envelope(good.payload, TYPE, (good.signatures[0], other.signatures[0]))
    with pytest.raises(NotAuthentic, match=r"signatures\[1\]: the signature is not by key"):
        verify(mixed, [A.public, B.public], payload_type=TYPE)


def test_a_keyid_is_a_hint_and_lends_nobody_a_name():
    signed = sign(b"x", TYPE, A)
    as_b = Envelope(b"x", TYPE, (Signature(B.public.id, signed.signatures[0].sig),))
    with pytest.raises(NotAuthentic):
        verify(as_b, [A.public, B.public], payload_type=TYPE)
    without = Envelope(b"x", TYPE, (Signature("", signed.signatures[0].sig),))
    assert verify(without, [B.public, A.public], payload_type=TYPE) == (A.public,)


def test_a_payload_of_another_type_is_refused_though_well_signed():
    with pytest.raises(NotAuthentic, match="signed to say something else"):
        verify(sign(b"x", "a/b", A), [A.public], payload_type="a/c")


def test_the_digest_is_of_what_is_signed_and_not_of_who_signed():
    assert sign(b"x", TYPE, A).digest == sign(b"x", TYPE, B).digest
    assert sign(b"x", TYPE, A).digest != sign(b"x", TYPE + "2", A).digest


GOOD = {
    "payload": "aGk=",
    "payloadType": "t",
    "signatures": [{"keyid": "k", "sig": base64.b64encode(bytes(64)).decode()}],
}


def spoilt(**changes):
    return json.dumps({**GOOD, **changes}).encode()


def with_signature(**changes):
    return spoilt(signatures=[{**GOOD["signatures"][0], **changes}])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (json.dumps(GOOD).encode()[:-1] + b',"payload":"aGk="}', "stands twice"),
        (json.dumps({k: v for k, v in GOOD.items() if k != "payload"}).encode(), "'payload' is missing"),
        (spoilt(extra=1), "'extra' is not known"),
        (with_signature(note="x"), "'note' is not known"),
        (spoilt(payload=1), "payload: not a text"),
        (spoilt(payload=None), "payload: not a text"),
        (spoilt(payloadType=["t"]), "payloadType: not a text"),
        (spoilt(payloadType=""), "0 bytes"),
        (spoilt(payloadType="t" * 257), "257 bytes"),
        (spoilt(payloadType="\ud800"), "no Unicode"),
        (spoilt(payload="aGk"), "not base64"),
        (spoilt(payload="aGl="), "bits left over"),
        (spoilt(payload="aG k="), "not base64"),
        (spoilt(payload="aGk=\n"), "not base64"),
        (spoilt(payload="+_8="), "one alphabet"),
        (spoilt(payload="ａGk="), "not base64"),
        (spoilt(signatures={}), "signatures: not a list"),
        (spoilt(signatures=[]), "0 signatures"),
        (spoilt(signatures=GOOD["signatures"] * 17), "up to 16"),
        (spoilt(signatures=["x"]), "not a JSON object"),
        (with_signature(sig="aGk="), "2 bytes, not 64"),
        (with_signature(keyid=7), "not a text"),
        (with_signature(keyid="k" * 129), "up to 128"),
        (with_signature(keyid="\u202e"), "up to 128"),
        (b"[" * 100_000, "too deep"),
    ],
)  # fmt: skip
def test_what_is_no_envelope_is_refused_and_says_why(raw, said):
    with pytest.raises(Malformed, match=said.replace("[", r"\[")):
        from_json(raw)


def test_an_envelope_past_its_bounds_is_refused():
    with pytest.raises(TooLarge, match="the limit is 1048576"):
        sign(bytes(dsse.MOST_PAYLOAD_BYTES + 1), TYPE, A)
    with pytest.raises(TooLarge, match="the limit is 2097152"):
        from_json(b" " * (dsse.MOST_JSON_BYTES + 1))
    largest = sign(bytes(dsse.MOST_PAYLOAD_BYTES), TYPE, A)
    assert from_json(to_json(largest)) == largest


@needs_node
@pytest.mark.parametrize("payload_type", [TYPE, "application/vnd.exämple+json"])
def test_what_a_browser_signs_we_accept_and_what_we_sign_it_accepts(payload_type):
    made = in_node("sign", {"payload": base64.b64encode(b'{"a":1}').decode(), "payloadType": payload_type})
    theirs = PublicKey(base64.b64decode(made["raw"]))
    envelope = from_json(made["envelope"].encode())
    assert envelope.payload == b'{"a":1}'
    assert verify(envelope, [A.public, theirs], payload_type=payload_type) == (theirs,)

    ours = to_json(sign(b'{"a":1}', payload_type, A)).decode()
    spki = base64.b64encode(A.public.spki).decode()
    assert in_node("verify", {"spki": spki, "envelope": ours})
    assert not in_node("verify", {"spki": spki, "envelope": ours.replace("eyJ", "eyK")})


@given(st.binary(max_size=40), st.text(max_size=5), st.integers(0, 300), st.binary(min_size=1, max_size=2))
def test_an_envelope_read_quickly_is_what_its_members_say(payload, payload_type, place, other):
    raw = to_json(Envelope(payload, payload_type or "t", (Signature("k", bytes(64)), Signature("", bytes(64)))))
    assert to_json(from_json(raw)) == raw
    changed = raw[: place % len(raw)] + other + raw[place % len(raw) + 1 :]
    try:
        read = from_json(changed)
    except DetenteError:
        return
    said = json.loads(changed)
    standard = said["payload"].replace("-", "+").replace("_", "/")
    assert (base64.b64encode(read.payload).decode(), read.payload_type) == (standard, said["payloadType"])
    assert [each.keyid for each in read.signatures] == [each.get("keyid", "") for each in said["signatures"]]
