"""Thousands of submissions that race: `make soak`."""

import pytest

from racing import race, workers


@pytest.mark.soak
def test_of_two_thousand_submissions_that_race_in_fours_one_of_each_four_is_told_clear(tmp_path, database_url):
    with workers(tmp_path, database_url, 3) as servers:
        assert set(race(servers, 500).values()) == {1}
