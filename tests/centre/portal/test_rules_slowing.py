"""Guessing is slowed (faults 51)."""

from hypothesis import given
from hypothesis import strategies as st

from centre.portal.rules_slowing import Pace, wait_s

PACE = Pace(free=3, first_s=5, most_s=60, forgotten_s=900)


def test_faults_51_each_wrong_try_after_the_free_ones_makes_the_next_wait_twice_as_long() -> None:
    waits = [wait_s([100] * tries, 100, PACE) for tries in range(9)]
    assert waits == [0, 0, 0, 5, 10, 20, 40, 60, 60]


def test_faults_51_who_has_waited_may_try_and_what_is_long_past_is_forgotten() -> None:
    assert wait_s([100, 100, 100], 104, PACE) == 1
    assert wait_s([100, 100, 100], 105, PACE) == 0
    assert wait_s([100] * 50, 1_000, PACE) == 0


@given(tries=st.lists(st.integers(0, 10_000)), now_s=st.integers(0, 20_000))
def test_no_wait_is_longer_than_the_most(tries: list[int], now_s: int) -> None:
    assert 0 <= wait_s([at_s for at_s in tries if at_s <= now_s], now_s, PACE) <= PACE.most_s
