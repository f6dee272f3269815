from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardimage.image import CardImage
from cardimage.transit.history import Amount, Gap, History, MergeFault, Recorded, merge
from tests.cardimage.transit.cards import NEVER_WRITTEN, OTHER_IDM, attributes, image, row, suica


def history(*cards: CardImage) -> History:
    return merge([Recorded(f"card{number}.nfc", card) for number, card in enumerate(cards, start=1)]).history


def amounts(found: History) -> list[tuple[int, Amount | None]]:
    return [(use.row.sequence, use.amount) for use in found.uses]


def test_an_amount_is_the_balance_less_the_next_older_one() -> None:
    found = history(suica(row(9, 790), row(8, 1_000), row(7, 2_000)))
    assert amounts(found) == [(9, Amount(-210, False)), (8, Amount(-1_000, False)), (7, None)]
    assert (found.gaps, found.conflicts) == ((), ())


def test_rows_never_written_are_none() -> None:
    found = history(suica(row(2, 350), row(1, 500), *NEVER_WRITTEN * 9))
    assert amounts(found) == [(2, Amount(-150, False)), (1, None)]


def test_a_card_without_history_has_none() -> None:
    assert history(image({0x8008: {}})) == ((), (), ())


@pytest.mark.parametrize(
    ("newer", "older", "spans"),
    [(8, 7, False), (9, 7, False), (10, 7, True), (40, 7, True)],
    ids=["next", "entry took a number", "two numbers without a row", "many"],
)
def test_neighbours_on_a_card_may_leave_the_number_of_an_entry_out(newer: int, older: int, spans: bool) -> None:
    found = history(suica(row(newer, 790), row(older, 1_000)))
    assert found.uses[0].amount == Amount(-210, spans)
    assert found.gaps == ((Gap(older + 1, newer - 1),) if spans else ())


def test_a_block_that_was_not_read_leaves_a_gap() -> None:
    card = suica(row(9, 700), row(7, 1_000))
    blocks = card.systems[0x0003][0x090F]
    blocks[2] = blocks.pop(1)
    assert history(card).uses[0].amount == Amount(-300, True)
    assert history(card).gaps == (Gap(8, 8),)


def test_two_recordings_of_a_card_are_one_longer_history_newest_first() -> None:
    earlier = suica(row(8, 1_000), row(7, 1_500), row(5, 1_700))
    later = suica(row(10, 600), row(9, 800), row(8, 1_000))
    found = history(earlier, later)
    assert amounts(found) == [
        (10, Amount(-200, False)),
        (9, Amount(-200, False)),
        (8, Amount(-500, False)),
        (7, Amount(-200, False)),
        (5, None),
    ]
    assert found.uses[2].sources == ("card2.nfc", "card1.nfc")
    assert (found.gaps, found.conflicts) == ((), ())


def test_what_no_recording_has_is_named_by_its_numbers() -> None:
    found = history(suica(row(20, 100), row(19, 300)), suica(row(8, 1_000), row(7, 1_500)))
    assert amounts(found)[1] == (19, Amount(-700, True))
    assert found.gaps == (Gap(9, 18),)


def test_between_recordings_one_number_left_out_may_be_a_row() -> None:
    assert history(suica(row(10, 100)), suica(row(8, 300))).gaps == (Gap(9, 9),)
    assert history(suica(row(9, 100)), suica(row(8, 300))).gaps == ()


def test_different_rows_of_one_number_are_both_kept_and_named() -> None:
    found = history(suica(row(9, 700), row(8, 900), row(7, 1_000)), suica(row(8, 950), row(7, 1_000)))
    assert amounts(found) == [(9, None), (8, None), (8, None), (7, None)]
    (conflict,) = found.conflicts
    assert conflict.sequence == 8
    assert [(use.row.balance_yen, use.sources) for use in conflict.uses] == [
        (900, ("card1.nfc",)),
        (950, ("card2.nfc",)),
    ]


def test_the_newest_recording_is_the_one_with_the_highest_number() -> None:
    older, newer = Recorded("older", suica(row(8, 900))), Recorded("newer", suica(row(9, 700)))
    assert merge([older, newer]).newest == merge([newer, older]).newest == newer


def test_of_recordings_with_the_same_newest_row_the_later_update_of_008b_is_the_newest() -> None:
    """An entry writes no row, but 008B counts it."""
    bare = Recorded("bare", suica(row(8, 900)))
    before = Recorded("before", suica(row(8, 900), s008B={0: attributes(900, update=8)}))
    entered = Recorded("entered", suica(row(8, 900), s008B={0: attributes(900, update=9)}))
    assert merge([bare, before, entered]).newest == merge([entered, before, bare]).newest == entered
    assert merge([before, Recorded("rode", suica(row(9, 700)))]).newest.source == "rode"


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (suica(row(), idm=OTHER_IDM), "two cards, 0101060104A1B2C3 and 0101060104FFFFFF"),
        (suica(row(), idm=b""), "without an IDm"),
        (suica(row(), simulated=True), "one is simulated"),
    ],
)
def test_two_cards_are_never_merged(other: CardImage, says: str) -> None:
    with pytest.raises(MergeFault) as fault:
        history(suica(row()), other)
    assert "card1.nfc and card2.nfc" in str(fault.value)
    assert says in str(fault.value)


def test_a_card_without_idm_has_a_history_of_its_own() -> None:
    assert len(history(suica(row(), idm=b"")).uses) == 1


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 20_000)), min_size=1, max_size=60), st.data())
def test_windows_of_a_life_that_overlap_give_back_that_life(steps: list[tuple[int, int]], data: st.DataObject) -> None:
    """Recordings of up to 20 rows, each begun before the last one ended, in any order: nothing lost, nothing twice."""
    numbers, balances = list(accumulate(step for step, _ in steps)), [yen for _, yen in steps]
    life = [row(sequence, yen) for sequence, yen in zip(numbers, balances, strict=True)]
    ends = [len(life)]
    while ends[-1] > 20:  # a history has 20 rows, and each recording shares at least one with the next
        ends.append(ends[-1] - data.draw(st.integers(1, 19)))
    windows = [life[max(0, end - 20) : end][::-1] for end in ends]
    found = history(*(suica(*window) for window in data.draw(st.permutations(windows))))
    assert [use.row.raw for use in found.uses] == life[::-1]
    assert (found.gaps, found.conflicts) == ((), ())
    assert sum(use.amount.yen for use in found.uses if use.amount) == balances[-1] - balances[0]


@given(st.lists(st.lists(st.binary(min_size=16, max_size=16), max_size=20), min_size=1, max_size=4))
def test_whatever_the_rows_say_none_is_lost(dumps: Sequence[Sequence[bytes]]) -> None:
    found = history(*(suica(*rows) for rows in dumps))
    written = {raw for rows in dumps for raw in rows} - set(NEVER_WRITTEN)
    assert {use.row.raw for use in found.uses} == written
    assert len(found.uses) == len(written)
