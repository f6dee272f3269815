"""Which segment stands after which, by example and in any order of arrival (faults 33, 38, 40)."""

from hypothesis import given
from hypothesis import strategies as st

from centre.collector.order import NOTHING_BEFORE, After, Gap, Link, begins, place, rivals


def chain(numbers: int, tag: str = "a") -> list[Link]:
    """A journal of so many segments of ten records each."""
    names = [NOTHING_BEFORE, *(f"{tag}{number}" for number in range(1, numbers + 1))]
    return [
        Link(number, names[number], names[number - 1], 10 * number - 9, 10 * number) for number in range(1, numbers + 1)
    ]


A = chain(5)


def test_the_first_of_a_journal_stands_after_nothing_and_the_others_by_the_digest_before_them() -> None:
    assert begins(A[0]) and place(A[0], [], ()) == After(None)
    assert place(A[2], A, ()) == After(A[1])


def test_two_journals_of_one_vehicle_are_told_apart_by_what_was_before() -> None:
    other = chain(3, "b")
    held = A + other
    assert place(other[2], held, ()) == After(other[1]) and place(A[2], held, ()) == After(A[1])
    assert not any(rivals(link, held) for link in held)


def test_faults_33_what_is_missing_is_named_by_segments_and_by_records() -> None:
    assert place(A[3], [A[0], A[3]], ()) == Gap(2, 3, 11, 30)
    assert place(A[3], [A[3]], ()) == Gap(1, 3, 1, 30)


def test_faults_33_one_that_is_held_with_other_content_does_not_close_a_gap() -> None:
    other = Link(3, "x3", "x2", 21, 30)
    assert place(A[3], [A[1], other, A[3]], ()) == Gap(3, 3, None, 30)


def test_faults_33_numbers_that_wont_come_are_not_waited_for() -> None:
    held = [A[0], A[1], A[3]]
    assert place(A[3], held, {3}) == After(A[1])
    assert place(A[4], [A[0], A[1], A[4]], {3}) == Gap(3, 4, 21, 40)
    assert place(A[4], [A[0], A[1], A[4]], {3, 4}) == After(A[1])
    assert place(A[4], [A[4]], {1, 2, 3, 4}) == After(None)


def test_faults_22_one_that_follows_a_rotten_one_says_so_itself() -> None:
    after_rotten = Link(4, "r4", "hash of the file", 35, 40, follows_rotten=True)
    assert place(after_rotten, A[:2], ()) == After(A[1])
    assert place(after_rotten, A[:3], ()) == After(A[2])  # it had come before it rotted there
    assert place(after_rotten, A[:1], ()) == Gap(2, 3, 11, 34)
    assert place(after_rotten, A[:1], {2}) == After(A[0])


def test_over_a_gap_nobody_guesses_between_two_journals() -> None:
    held = [*A[:2], *chain(2, "b")]
    assert isinstance(place(Link(4, "x4", "x3", 31, 40), held, {3}), Gap)


def test_faults_38_two_after_the_same_one_are_rivals() -> None:
    fork = Link(3, "other", A[1].digest, 21, 30)
    assert rivals(fork, A) == (A[2],) and rivals(A[2], [*A, fork]) == (fork,)
    assert rivals(A[0], [*A, *chain(1, "b")]) == ()


@given(st.permutations(range(10)), st.data())
def test_faults_40_in_whichever_order_they_come_each_ends_after_the_same(order: list[int], data: st.DataObject) -> None:
    every = A + chain(5, "b")
    missing = data.draw(st.sets(st.sampled_from(range(10))))
    held = [every[number] for number in order if number not in missing]
    for link in held:
        assert place(link, held, ()) == place(link, [each for each in every if each in held], ())
