"""Uploads by example: one that is right, and the one thing changed in it that is wrong."""

import pytest

from sim.faults.uploads import Uploads, delivered

A, B = b"a" * 32, b"b" * 32
GOOD = Uploads("BUS", {1: A, 2: B}, frozenset({2}), frozenset(), frozenset({1, 2}), ((1, 1), (2, 1)), {1: A, 2: B})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, ""),
        ({"held": {1: A}, "acknowledged": frozenset({1}), "booked": ((1, 1),)}, ""),
        ({"aside": frozenset({1}), "acknowledged": frozenset(), "booked": ((2, 1),), "held": {2: B}}, ""),
        ({"held": {2: B}, "acknowledged": frozenset(), "booked": ()}, "segment 1: deleted, and the centre"),
        ({"held": {1: A}, "booked": ((1, 1),)}, "segment 2: a receipt is here"),
        ({"booked": ((1, 1), (2, 2))}, "segment 2: booked more than once"),
        ({"held": {1: A, 2: A}}, "segment 2: held otherwise than sealed"),
        ({"held": {1: A}, "acknowledged": frozenset({1})}, "segment 2: booked, and not held"),
        ({"booked": ((2, 1), (1, 1))}, "segment 2: came before an older one"),
    ],
)
def test_faults_32_36_a_segment_that_is_lost_doubled_or_out_of_order_is_seen(
    changed: dict[str, object], told: str
) -> None:
    wrong = delivered(GOOD._replace(**changed))  # type: ignore[arg-type]
    assert told in "\n".join(wrong) and bool(wrong) == bool(told)


def test_faults_36_in_the_end_all_that_was_sealed_is_at_the_centre() -> None:
    waiting = GOOD._replace(held={1: A}, acknowledged=frozenset({1}), booked=((1, 1),))
    assert delivered(waiting) == ()
    assert delivered(waiting, all_of_it=True) == ("BUS: segment 2: sealed, and not at the centre",)
    assert delivered(GOOD, all_of_it=True) == ()
