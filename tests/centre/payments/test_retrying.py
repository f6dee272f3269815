"""When a declined auto-charge is billed again (AUT-6)."""

import pytest

from centre.payments.retrying import DAY_S, HARD, again_after_s, next_try_s


@pytest.mark.parametrize(
    ("tries", "later_days"),
    [(1, 1), (2, 3), (3, None), (4, None)],
)
def test_aut_6_a_soft_decline_is_tried_again_by_rule_then_no_more(tries: int, later_days: int | None) -> None:
    expected = None if later_days is None else 1_000 + later_days * DAY_S
    assert next_try_s("insufficient_funds", tries, 1_000, [1, 3]) == expected


@pytest.mark.parametrize("code", sorted(HARD))
def test_aut_6_a_card_that_will_never_do_is_not_tried_again(code: str) -> None:
    assert next_try_s(code, 1, 0, [1, 3]) is None


def test_the_service_is_asked_less_and_less_often_but_never_given_up() -> None:
    waits = [again_after_s(asks) for asks in range(40_000)][:12]
    assert waits == [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600, 3_600]
