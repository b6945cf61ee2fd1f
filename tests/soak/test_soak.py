"""A hundred thousand pairs against the oracle; `make soak`. Writes docs/soak-results.md."""

from pathlib import Path

import pytest

from soak.census import as_markdown, count_share, take_census

SEED = 20180917
PAIRS = 100_000
RESULTS = Path(__file__).parents[2] / "docs" / "soak-results.md"


@pytest.mark.soak
def test_a_hundred_thousand_hard_pairs_break_no_claim():
    census = take_census(SEED, PAIRS)
    RESULTS.write_text(as_markdown(census, SEED), encoding="utf-8")
    assert census.pair_count == PAIRS
    assert not census.broken, "\n".join(census.examples)


@pytest.mark.soak
def test_a_share_counts_the_same_whoever_counts_it():
    assert count_share(SEED, 0) == count_share(SEED, 0)
