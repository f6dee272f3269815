"""Directives from the day they are given to the day a bus says they stand on the card (CTR-3)."""

from datetime import date, timedelta

import pytest

from centre import clock
from centre.bundles import services
from centre.bundles.lifecycle import OPEN
from centre.bundles.models import Directive, Kind, Numbers, Published
from centre.bundles.publishing import contents, current, publish
from centre.bundles.services import DirectiveFault, direct, refused_by_card, restored, seen, withdraw
from centre.cards.models import Card, State
from farebox.formats.bundle import MOST_DIRECTIVES, MOST_NUMBER, Change, Directives
from tests.centre.bundles.centre_cards import DAY, IDM, OFF, ON, card_of, pass_from

NOW_S = 1_795_000_000
TOMORROW = DAY + timedelta(1)
DECEMBER = pass_from(date(2026, 12, 1), date(2026, 12, 31))

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: DAY)


@pytest.fixture
def card() -> Card:
    return card_of()


def open_ones(card: Card) -> list[tuple[int, date]]:
    return list(card.directives.filter(state__in=OPEN).values_list("number", "first_day"))


def published() -> Directives:
    row = Published.objects.filter(kind=Kind.DIRECTIVES).first()
    assert row is not None
    found = contents(row)
    assert isinstance(found, Directives)
    return found


def states(card: Card) -> dict[int, str]:
    return dict(card.directives.values_list("number", "state"))


def test_ctr_3_numbers_count_for_each_card_by_itself_from_1(card: Card) -> None:
    other = card_of("012E000000000002")
    assert direct(card, TOMORROW, [OFF]).number == 1
    assert direct(other, TOMORROW, [OFF]).number == 1
    assert direct(card, DECEMBER.first_day, [DECEMBER]).number == 2


def test_ctr_3_the_same_again_is_the_one_that_waits_already(card: Card) -> None:
    first = direct(card, TOMORROW, [ON])
    assert direct(card, TOMORROW, [ON]) == first
    assert Directive.objects.count() == 1


def test_ctr_3_on_then_off_then_on_of_one_day_ends_with_on(card: Card) -> None:
    for change in (ON, OFF, ON):
        last = direct(card, TOMORROW, [change])
    assert open_ones(card) == [(3, TOMORROW)] and last.changes == (ON,)


def test_ctr_3_first_days_never_fall_a_renewal_that_waits_is_put_in_again_behind(card: Card) -> None:
    renewal = direct(card, DECEMBER.first_day, [DECEMBER])
    direct(card, TOMORROW, [OFF])
    renewal.refresh_from_db()
    assert open_ones(card) == [(2, TOMORROW), (3, DECEMBER.first_day)]
    assert renewal.state == "withdrawn" and renewal.instead is not None and renewal.instead.changes == (DECEMBER,)


def test_ctr_3_what_a_later_one_overrules_goes_out_when_its_day_has_come(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct(card, TOMORROW, [ON])
    direct(card, TOMORROW + timedelta(3), [OFF])
    assert len(open_ones(card)) == 2
    monkeypatch.setattr(clock, "today", lambda: DAY + timedelta(9))
    direct(card, DAY + timedelta(10), [DECEMBER._replace(first_day=DAY)])
    assert open_ones(card) == [(2, TOMORROW + timedelta(3)), (3, DAY + timedelta(10))]


def test_ctr_3_a_card_has_at_most_16_waiting(card: Card) -> None:
    for days in range(MOST_DIRECTIVES):
        direct(card, DAY + timedelta(1 + days), [OFF if days % 2 else ON])
    with pytest.raises(DirectiveFault, match="16 changes waiting"):
        direct(card, DAY + timedelta(60), [OFF])
    assert len(open_ones(card)) == MOST_DIRECTIVES and Numbers.objects.get().last == MOST_DIRECTIVES


def test_ctr_3_numbers_end_and_the_card_is_to_be_exchanged(card: Card) -> None:
    Numbers.objects.create(idm=card.idm, last=MOST_NUMBER - 1)
    assert direct(card, DAY, [ON]).number == MOST_NUMBER
    with pytest.raises(DirectiveFault, match="exchange the card"):
        direct(card, DAY, [OFF])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ([], "none"),
        ([OFF, ON], "twice"),
        ([OFF, DECEMBER], "out of order"),
        ([DECEMBER], "begins after the first day"),
    ],
)
def test_ctr_3_what_no_bundle_may_hold_is_not_taken(card: Card, changes: list[Change], why: str) -> None:
    with pytest.raises(DirectiveFault, match=why):
        direct(card, TOMORROW, changes)
    assert not Directive.objects.exists()


def test_ctr_3_one_that_was_applied_leaves_the_next_bundle(card: Card) -> None:
    direct(card, DAY, [ON])
    publish(NOW_S)
    assert states(card) == {1: "published"}
    assert [one.number for one in published().of(bytes.fromhex(IDM))] == [1]
    assert seen(IDM, 1, NOW_S + 5) == 1
    publish(NOW_S + 9)
    assert states(card) == {1: "applied"} and published().of(bytes.fromhex(IDM)) == ()


def test_ctr_3_word_of_it_from_two_buses_counts_once(card: Card) -> None:
    direct(card, DAY, [ON])
    publish(NOW_S)
    assert (seen(IDM, 1, NOW_S + 5), seen(IDM, 1, NOW_S + 7)) == (1, 0)
    assert Directive.objects.get().ended_at_s == NOW_S + 5


def test_ctr_3_a_card_that_has_a_number_has_those_below_it(card: Card) -> None:
    """Its journal is still on the bus that wrote the first; the second is known."""
    direct(card, DAY, [ON])
    direct(card, TOMORROW, [OFF])
    publish(NOW_S)
    assert seen(IDM, 2, NOW_S) == 2
    assert states(card) == {1: "applied", 2: "applied"}


def test_ctr_3_one_that_the_card_has_no_room_for_makes_way_for_those_behind_it(card: Card) -> None:
    direct(card, DAY, [ON])
    direct(card, TOMORROW, [DECEMBER._replace(first_day=DAY)])
    publish(NOW_S)
    assert refused_by_card(IDM, 1, NOW_S, "trigger of 150 yen")
    assert not refused_by_card(IDM, 1, NOW_S, "trigger of 150 yen")
    publish(NOW_S + 1)
    assert [one.number for one in published().of(bytes.fromhex(IDM))] == [2]
    assert card.directives.get(number=1).why == "trigger of 150 yen"


def test_ctr_3_a_withdrawn_one_leaves_and_a_bus_that_had_not_heard_may_still_say_it_wrote_it(card: Card) -> None:
    directive = direct(card, DAY, [ON])
    publish(NOW_S)
    assert withdraw(directive, "a mistake") and not withdraw(directive, "a mistake")
    publish(NOW_S + 1)
    assert len(published().cards) == 0
    assert seen(IDM, 1, NOW_S) == 1 and states(card) == {1: "applied"}
    assert not withdraw(directive)


@pytest.mark.parametrize("state", [State.REPLACED, State.REFUNDED, State.VOID])
def test_ctr_3_nothing_more_is_written_on_a_card_that_is_over(card: Card, state: State) -> None:
    direct(card, DAY, [ON])
    card.state = state
    card.save()
    publish(NOW_S)
    assert states(card) == {1: "withdrawn"} and current(Kind.DIRECTIVES) is None


def test_ctr_3_a_backup_of_before_anything_was_published_is_as_old_as_it_says(card: Card) -> None:
    assert restored(NOW_S) == 256
    assert restored(NOW_S, NOW_S - 3_600) == 256 + 60


def test_ctr_3_word_of_a_card_or_a_number_that_nobody_gave_is_remembered(card: Card) -> None:
    """From before a backup: the next one must be above it, or the card would pass it by."""
    assert seen(IDM, 7, NOW_S) == 0
    assert direct(card, DAY, [ON]).number == 8
    assert seen("0123456789ABCDEF", 7, NOW_S) == 0


def test_ctr_3_after_a_backup_no_number_is_given_again(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_s", lambda: NOW_S)
    direct(card, DAY, [ON])
    jumped = restored(NOW_S + 3_600)
    assert jumped == 256 + 60
    assert direct(card, DAY, [OFF]).number == 1 + jumped + 1
    assert direct(card_of("012E000000000002"), DAY, [OFF]).number == jumped + 1


@pytest.mark.parametrize("idm", ["", "012e000000000001", "012E00000000000", IDM + "0", "０12E000000000001"])
def test_an_idm_is_16_hex_digits_in_upper_case(idm: str) -> None:
    with pytest.raises(ValueError, match="no IDm"):
        services.stop(idm, "lost")
