"""Timestamps on checkpoints: an authority's, of this checkpoint, under a root that the reader brought; all else is refused."""

import shutil
import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import DetenteError, Malformed, NotAuthentic, NotUnderstood, TooLarge
from detente.record.checkpoint import cosign, origin_of, sign_checkpoint
from detente.record.timestamp import ask_timestamp, check_timestamp, read_certificates, read_timestamp
from log_world import Log
from record_world import key
from stamping_authority import Authority

pytest.importorskip("rfc3161_client")
pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
HOST, WITNESS = key("host"), key("witness")
LOG = Log(origin_of("levant"), 9)
NOTE = sign_checkpoint(LOG.head(9), HOST)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stamped(authority):
    request, nonce = ask_timestamp(NOTE)
    return authority.stamp(request), nonce


def test_a_stamp_holds_for_its_checkpoint_and_says_when(authority, stamped):
    answer, nonce = stamped
    found = check_timestamp(answer, NOTE, [authority.root], nonce=nonce)
    assert abs(found.at_us / 1e6 - time.time()) < 300
    assert found.accuracy_us == 1_500_100
    assert found.by_us == found.at_us + found.accuracy_us


def test_cosignatures_that_come_later_change_nothing(authority, stamped):
    later = NOTE.signed_also(cosign(LOG.head(9), "w.example/w", WITNESS, 1))
    assert check_timestamp(stamped[0], later, [authority.root])


def test_a_stamp_of_another_checkpoint_or_for_another_request_is_refused(authority, stamped):
    with pytest.raises(NotAuthentic, match="Mismatch between messages"):
        check_timestamp(stamped[0], sign_checkpoint(LOG.head(8), HOST), [authority.root])
    with pytest.raises(NotAuthentic, match="Nonce mismatch"):
        check_timestamp(stamped[0], NOTE, [authority.root], nonce=stamped[1] + 1)


def test_an_authority_that_the_reader_does_not_know_is_refused(tmp_path, stamped):
    stranger = Authority(tmp_path / "stranger")  # of the same names, with other keys
    with pytest.raises(NotAuthentic):
        check_timestamp(stamped[0], NOTE, [stranger.root])
    with pytest.raises(NotUnderstood, match="no certificate"):
        check_timestamp(stamped[0], NOTE, [])


def test_a_refusal_is_no_stamp():
    refusal = bytes.fromhex("3005 3003 020102".replace(" ", ""))
    with pytest.raises(NotAuthentic, match="the authority refused: status 2"):
        read_timestamp(refusal)


def test_every_flipped_bit_is_refused_or_changes_nothing_that_is_signed(authority, stamped):
    answer, nonce = stamped
    expected = check_timestamp(answer, NOTE, [authority.root], nonce=nonce)
    held = 0
    for bit in range(0, 8 * len(answer), 7):
        changed = bytearray(answer)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            found = check_timestamp(bytes(changed), NOTE, [authority.root], nonce=nonce)
        except DetenteError:
            continue
        assert found == expected
        held += 1
    assert held < 0.1 * 8 * len(answer) / 7


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_refusal(raw):
    with pytest.raises(DetenteError):
        check_timestamp(raw, NOTE, [])


def test_what_is_cut_short_or_too_long_is_refused(stamped):
    for length in range(0, len(stamped[0]), 13):
        with pytest.raises(DetenteError):
            read_timestamp(stamped[0][:length])
    with pytest.raises(TooLarge):
        read_timestamp(bytes(65 << 10))


def test_certificates_are_read_from_pem(authority):
    pem = authority.root.public_bytes(Encoding.PEM)
    assert read_certificates(pem + pem) == [authority.root] * 2
    for wrong in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", pem[:-40]):
        with pytest.raises(Malformed):
            read_certificates(wrong)


def test_a_certificate_for_another_purpose_stamps_nothing(tmp_path):
    web = Authority(tmp_path / "web", purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    try:
        answer = web.stamp(ask_timestamp(NOTE)[0])
    except Exception:  # openssl will not even sign with it
        return
    with pytest.raises(DetenteError):
        check_timestamp(answer, NOTE, [web.root])
