"""A hundred thousand pairs against the oracle; `make soak`. Writes docs/soak-results.md."""

import pytest

from soak.census import as_markdown, count_share, take_census
from soak.page import write_census

SEED = 20180917
PAIRS = 100_000


@pytest.mark.soak
def test_a_hundred_thousand_hard_pairs_break_no_claim():
    census = take_census(SEED, PAIRS)
    write_census(as_markdown(census, SEED))
    assert census.pair_count == PAIRS
    assert not census.broken, "\n".join(census.examples)


@pytest.mark.soak
def test_a_share_counts_the_same_whoever_counts_it():
    assert count_share(SEED, 0) == count_share(SEED, 0)
