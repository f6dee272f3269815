"""Each tap is news once: never twice, and never missed while a picture still has it."""

from dataclasses import replace
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from farebox.console.news import News
from farebox.console.protocol import Picture
from farebox.peripherals.meaning import Meaning
from tests.farebox.console.test_protocol import PICTURE

LAST = 8
TAP = PICTURE.taps[0]


def picture_of(numbers: list[int]) -> Picture:
    """The terminal's picture after taps of these numbers: the newest first."""
    taps = tuple(replace(TAP, number=number, meaning=Meaning.ACCEPTED) for number in reversed(numbers[-LAST:]))
    return replace(PICTURE, taps=taps)


def told(news: News, picture: Picture | None) -> list[int]:
    return [tap.number for tap in news.of(picture)]


def test_taps_of_before_it_listened_are_not_told() -> None:
    news = News()
    assert told(news, picture_of([5, 6])) == []
    assert told(news, picture_of([5, 6, 7])) == [7]
    assert told(news, picture_of([5, 6, 7])) == []


def test_who_waits_for_the_terminal_to_start_hears_its_first_tap() -> None:
    news = News()
    assert told(news, None) == []
    assert told(news, picture_of([900, 901])) == [900, 901]


def test_two_taps_in_one_picture_are_both_told_the_older_one_first() -> None:
    news = News()
    news.of(picture_of([]))
    assert told(news, picture_of([3, 4])) == [3, 4]


@given(
    first=st.booleans(),
    batches=st.lists(st.tuples(st.integers(0, LAST), st.booleans(), st.booleans()), max_size=20),
)
def test_whatever_gets_lost_on_the_way_each_tap_is_told_once(
    first: bool, batches: list[tuple[int, bool, bool]]
) -> None:
    """Batches of taps: how many, whether the connection was away before, whether the terminal was started anew."""
    news, heard, made = News(), [], list(accumulate([1_000] if first else []))
    assert told(news, picture_of(made)) == []
    here = list(made)
    for count, away, anew in batches:
        if away or anew:
            heard += told(news, None)
        if anew:
            here = []
        number = (made[-1] if made else 0) + (1_000_000 if anew else 0)
        fresh = [number + step for step in range(1, count + 1)]
        made += fresh
        here += fresh
        heard += told(news, picture_of(here))
        heard += told(news, picture_of(here))
    assert heard == made[first:]
