"""Order, from outside: of plans that collide and race, through one worker or several, one at most is told CLEAR."""

import pytest

from racing import race, workers


@pytest.mark.parametrize("count", [1, 3])
def test_of_plans_that_collide_and_race_from_four_processes_the_first_alone_is_told_clear(
    count, tmp_path, database_url
):
    with workers(tmp_path, database_url, count) as servers:
        assert set(race(servers, 25).values()) == {1}
