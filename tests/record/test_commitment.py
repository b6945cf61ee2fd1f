"""Commitments: they open to what was committed to, and to nothing else."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import Malformed, NotAuthentic
from detente.record.commitment import check_opening, commit

salts = st.binary(min_size=32, max_size=32)


@given(salts, st.binary(max_size=200))
def test_a_commitment_opens_to_its_content(salt, content):
    check_opening(commit(salt, content), salt, content)


@given(salts, st.binary(min_size=1, max_size=60), st.data())
def test_any_changed_byte_of_content_salt_or_commitment_is_refused(salt, content, data):
    parts = [commit(salt, content), salt, content]
    which = data.draw(st.integers(0, 2))
    place = data.draw(st.integers(0, len(parts[which]) - 1))
    changed = bytearray(parts[which])
    changed[place] ^= data.draw(st.integers(1, 255))
    parts[which] = bytes(changed)
    with pytest.raises(NotAuthentic, match="not what was committed to"):
        check_opening(*parts)


def test_a_byte_cannot_move_from_salt_to_content():
    with pytest.raises(Malformed, match="31 bytes, not 32"):
        commit(b"x" * 31, b"x")


def test_it_is_the_hash_the_documents_say():
    assert commit(b"s" * 32, b"notice") == sha256(b"detente commitment v1\x00" + b"s" * 32 + b"notice").digest()
