"""Whom the terminal has seen, and how it knows a copy (faults 12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farebox.formats.journal import Outcome, Record, Resolved
from farebox.journal.standing import Standing
from farebox.seen import MOST_CARDS, Seen
from tests.journal.examples import CARD, intent

OTHER = bytes(8)


def after(*records: Record) -> Seen:
    standing = Standing()
    for seq, record in enumerate(records, 1):
        standing.take(seq, record, b"")
    return standing.seen


def test_nobody_was_seen_who_was_not() -> None:
    assert Seen().most_writes(CARD) == 0


def test_faults_12_a_count_never_goes_back() -> None:
    seen = Seen()
    for count in (7, 5, 6):
        seen.note(CARD, count)
    assert (seen.most_writes(CARD), seen.most_writes(OTHER)) == (7, 0)


@pytest.mark.parametrize(
    ("end", "most"),
    [
        (None, 4097),
        (Outcome(1, "written"), 4098),
        (Outcome(1, "not_written"), 4097),
        (Outcome(1, "indeterminate"), 4097),
        (Resolved(1, "written", ""), 4098),
        (Resolved(1, "unknown", ""), 4097),
        (Outcome(2, "written"), 4097),
    ],
)
def test_a_journal_tells_how_often_a_card_was_written_at_least(end: Outcome | Resolved | None, most: int) -> None:
    """An intent holds the count before it; what was written added one: the copy made just before a ride is known."""
    assert after(*([intent(), end] if end else [intent()])).most_writes(CARD) == most


def test_an_unknown_write_that_is_settled_counts_then() -> None:
    assert after(intent(), Outcome(1, "indeterminate"), Resolved(1, "written", "")).most_writes(CARD) == 4098


def test_the_card_seen_longest_ago_is_forgotten_first() -> None:
    seen = Seen(most_cards=2)
    cards = [bytes((number,)) * 8 for number in range(3)]
    seen.note(cards[0], 5)
    seen.note(cards[1], 6)
    seen.note(cards[0], 5)
    seen.note(cards[2], 7)
    assert [seen.most_writes(card) for card in cards] == [5, 0, 7]


def test_it_remembers_a_month_of_a_bus() -> None:
    seen = Seen()
    for number in range(MOST_CARDS + 1):
        seen.note(number.to_bytes(8, "big"), 1)
    assert [seen.most_writes(number.to_bytes(8, "big")) for number in (0, 1, MOST_CARDS)] == [0, 1, 1]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100))),
    st.integers(1, 4),
)
def test_memory_is_bounded_and_what_is_remembered_is_the_most_since_it_was_forgotten(
    looks: list[tuple[int, int]], most_cards: int
) -> None:
    seen, model = Seen(most_cards), dict[int, int]()
    for number, count in looks:
        seen.note(bytes((number,)) * 8, count)
        model[number] = max(count, model.pop(number, 0))
        model = dict(list(model.items())[-most_cards:])
    assert {number: seen.most_writes(bytes((number,)) * 8) for number in range(6)} == {
        number: model.get(number, 0) for number in range(6)
    }
