"""A witness killed a hundred times while a log is brought to it, and then another story of it: `make soak`."""

import random

import pytest

from witness_kills import kill_and_bring


@pytest.mark.soak
def test_a_hundred_kills_never_make_a_witness_cosign_another_story(tmp_path):
    assert kill_and_bring(tmp_path / "witness", 100, random.Random(1)) >= 50
