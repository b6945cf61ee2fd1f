"""Time as the channel tells it, whatever somebody sets the clock to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.stores.clock import BELIEVED_AFTER_S, LEAP_S, SteadyClock, elapsed_us, system_clock_us

S = 1_000_000
HOUR_S = 3_600
NOON_S = 1_537_185_600


class Hands:
    """A clock that is set, and the time that passes meanwhile."""

    def __init__(self, wall_s=NOON_S):
        self.wall_s, self.elapsed_s = wall_s, 0
        self.clock = SteadyClock(lambda: round(self.wall_s * S), lambda: round(self.elapsed_s * S))

    def set(self, by_s):
        self.wall_s += by_s

    def wait(self, for_s, steps=1):
        for _ in range(steps):
            self.wall_s += for_s / steps
            self.elapsed_s += for_s / steps
            self.now_s()

    def now_s(self):
        return self.clock.now_us() / S


@pytest.fixture
def hands():
    hands = Hands()
    assert hands.now_s() == NOON_S
    return hands


moves = st.lists(st.tuples(st.sampled_from(["set", "wait"]), st.integers(-5 * HOUR_S, 5 * HOUR_S)), max_size=40)


@given(moves)
def test_it_never_goes_back_and_never_stands_still_while_time_passes(moves):
    hands = Hands()
    last_s = hands.now_s()
    for what, how_much_s in moves:
        before_s = last_s
        if what == "set":
            hands.set(how_much_s)
        else:
            hands.wait(abs(how_much_s))
        last_s = hands.now_s()
        assert last_s >= before_s + (abs(how_much_s) / 2 - 1e-5 if what == "wait" else 0)


@given(st.integers(-(10**6), 10**6))
def test_what_is_set_and_set_back_within_a_minute_changes_nothing(leap_s):
    hands = Hands()
    hands.now_s()
    if abs(leap_s) <= LEAP_S:
        return
    hands.set(leap_s)
    hands.wait(BELIEVED_AFTER_S - 1, steps=7)
    hands.set(-leap_s)
    assert hands.now_s() == NOON_S + BELIEVED_AFTER_S - 1


def test_a_leap_ahead_that_stands_is_made_up_for(hands):
    hands.set(5 * HOUR_S)
    assert hands.now_s() == NOON_S
    hands.wait(BELIEVED_AFTER_S, steps=3)
    assert hands.now_s() == hands.wall_s


def test_a_leap_back_that_stands_is_caught_up_with_in_twice_its_length(hands):
    hands.set(-5 * HOUR_S)
    hands.now_s()
    hands.wait(BELIEVED_AFTER_S, steps=60)
    hands.wait(5 * HOUR_S, steps=100)
    assert hands.now_s() > hands.wall_s + 2 * HOUR_S
    hands.wait(5 * HOUR_S, steps=100)
    assert hands.now_s() == pytest.approx(hands.wall_s, abs=1e-3)


def test_what_drifts_is_followed_at_once(hands):
    for _ in range(50):
        hands.set(0.5)
        assert hands.now_s() == hands.wall_s
    hands.set(-0.5)
    hands.wait(10)
    assert hands.now_s() == hands.wall_s


def test_it_is_no_earlier_than_what_was_done_already():
    hands = Hands()
    hands.clock.not_before((NOON_S + HOUR_S) * S)
    assert hands.now_s() == NOON_S + HOUR_S
    hands.wait(10)
    assert hands.now_s() == NOON_S + HOUR_S + 10
    hands.clock.not_before(0)
    assert hands.now_s() == NOON_S + HOUR_S + 10


def test_the_systems_clock_is_followed():
    clock = SteadyClock(system_clock_us)
    first = elapsed_us()
    assert abs(clock.now_us() - system_clock_us()) < 60 * S
    assert elapsed_us() >= first
