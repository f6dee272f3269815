"""Taps judged: what a boarding and an alighting mean, before anything is written."""

from array import array
from datetime import date, timedelta

import pytest

from farebox.tap import (
    Alight,
    Board,
    Keep,
    Keyed,
    Note,
    NoteCode,
    Service,
    closes_a_ride,
    judge_alighting,
    judge_boarding,
)
from tariff.account import Account, Coupons, HolderKind, Pass, RideMark, RideState, Section
from tariff.calendar import day_in_japan, midnight_in_japan_s
from tariff.fares import FareTable
from tariff.purses import Payment
from tariff.refusal import Code, Refusal
from tariff.single_tap import Taps
from tests.farebox.bus import DAY, TO_IWAKI_TANAGURA, service, stop_number

HERE = service()
NOW_S = HERE.began_s + 600
CARD = Account("lococa", 2_000)


def opened(stop_index: int = 0, day: date = DAY, trip_number: int = HERE.trip_number, company: int = 0) -> RideMark:
    return RideMark(RideState.OPEN, day, trip_number, stop_index, company)


def closed(stop_index: int, day: date = DAY) -> RideMark:
    return opened(stop_index, day)._replace(state=RideState.CLOSED)


# -- boarding


def test_boarding_opens_a_ride_and_takes_nothing() -> None:
    decision = judge_boarding(CARD, HERE, NOW_S)
    assert decision == Board(CARD._replace(ride=opened()), ())


def test_gen_8_a_ride_never_closed_is_noted_and_the_new_boarding_accepted() -> None:
    yesterday = CARD._replace(ride=opened(3, date(2026, 11, 19)))
    decision = judge_boarding(yesterday, HERE, NOW_S)
    assert isinstance(decision, Board)
    assert [note.code for note in decision.notes] == [NoteCode.INCOMPLETE_RIDE]
    assert decision.after.ride == opened()


def test_gen_8_where_the_operator_refuses_an_open_ride() -> None:
    strict = HERE._replace(rulebook=HERE.rulebook._replace(open_ride="refuse"))
    decision = judge_boarding(CARD._replace(ride=opened(3, date(2026, 11, 19))), strict, NOW_S)
    assert isinstance(decision, Refusal) and decision.code is Code.OPEN_RIDE


def test_gen_8_on_the_same_trip_the_first_boarding_is_kept_whatever_the_stop() -> None:
    decision = judge_boarding(CARD._replace(ride=opened(0)), HERE._replace(stop_index=2), NOW_S)
    assert isinstance(decision, Keep) and decision.note.code is NoteCode.FIRST_BOARDING_KEPT
    assert decision.note.detail == "磐城棚倉"


def test_loc_2_a_child_card_is_taken_on_31_march_and_refused_on_1_april() -> None:
    child = CARD._replace(holder=HolderKind.CHILD, expires=date(2026, 3, 31))
    last, after = midnight_in_japan_s(date(2026, 4, 1)) - 1, midnight_in_japan_s(date(2026, 4, 1))
    on_the_last_day = HERE._replace(began_s=midnight_in_japan_s(date(2026, 3, 31)))
    assert isinstance(judge_boarding(child, on_the_last_day, last), Board)
    refused = judge_boarding(child, on_the_last_day, after)
    assert isinstance(refused, Refusal) and refused.code is Code.EXPIRED_CARD


# -- alighting


def test_gen_13_the_history_row_has_the_balance_that_is_left_stored_fare_or_coupons() -> None:
    noruca = service(scheme="noruca")._replace(stop_index=4)
    for here, card, before_yen in (
        (HERE._replace(stop_index=4), CARD, 2_000),
        (noruca, Account("noruca", 0, coupons=Coupons(600, 100, 50)), 750),
    ):
        decision = judge_alighting(card._replace(ride=opened(1, company=here.company)), here, NOW_S)
        assert isinstance(decision, Alight)
        row = decision.history(1, 0)
        assert row.due_yen > 0
        assert row.balance_yen == before_yen - row.due_yen


def test_alighting_settles_from_the_boarding_record() -> None:
    decision = judge_alighting(CARD._replace(ride=opened(1)), HERE._replace(stop_index=4), NOW_S)
    assert isinstance(decision, Alight)
    assert decision.settlement.due_yen == 320
    assert decision.settlement.after.ride == closed(4)


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        (None, "never boarded"),
        (opened(0, date(2026, 11, 19)), "the same trip, yesterday"),
        (opened(0, trip_number=HERE.trip_number + 1), "another trip"),
        (opened(0, company=1), "the other company's trip of the same number"),
        (closed(2), "alighted at another stop"),
        (opened(4), "boarded at this very stop"),
    ],
)
def test_gen_7_faults_17_without_a_boarding_record_the_driver_is_asked(mark: RideMark | None, why: str) -> None:
    decision = judge_alighting(CARD._replace(ride=mark), HERE._replace(stop_index=4), NOW_S)
    assert isinstance(decision, Refusal), why
    assert decision.code is Code.NO_BOARDING, why


def test_gen_7_the_same_settlement_runs_from_the_stop_the_driver_keyed() -> None:
    decision = judge_alighting(CARD, HERE._replace(stop_index=4), NOW_S, Keyed(boarded=2))
    assert isinstance(decision, Alight) and decision.settlement.due_yen == 250


def test_gen_7_an_incomplete_ride_elsewhere_is_noted_when_the_driver_keyed_the_stop() -> None:
    elsewhere = CARD._replace(ride=opened(0, trip_number=9))
    decision = judge_alighting(elsewhere, HERE._replace(stop_index=4), NOW_S, Keyed(boarded=2))
    assert isinstance(decision, Alight)
    assert [note.code for note in decision.notes] == [NoteCode.INCOMPLETE_RIDE]


def test_gen_9_at_the_same_trip_and_stop_the_first_result_is_shown() -> None:
    decision = judge_alighting(CARD._replace(ride=closed(4)), HERE._replace(stop_index=4), NOW_S)
    assert isinstance(decision, Keep) and decision.note.code is NoteCode.FIRST_RESULT_SHOWN


def test_gen_10_short_then_the_shortage_in_cash() -> None:
    poor = Account("lococa", 195, ride=opened(0))
    short = judge_alighting(poor, HERE._replace(stop_index=4), NOW_S)
    assert isinstance(short, Refusal)
    assert (short.code, short.due_yen, short.short_yen) == (Code.SHORT, 500, 310)
    paid = judge_alighting(poor, HERE._replace(stop_index=4), NOW_S, Keyed(payment=Payment.PART_CASH))
    assert isinstance(paid, Alight)
    assert (paid.settlement.stored_fare_yen, paid.settlement.cash_yen) == (190, 310)
    assert paid.settlement.after.stored_fare_yen == 5


def test_gen_5_faults_26_a_ride_over_midnight_is_of_the_boarding_day() -> None:
    """The trip of 23:20, boarded on the 20th and left on the 21st: a pass that ends on the 20th still counts."""
    late = service("HAKUHO-W10")
    section = Section(stop_number("磐城棚倉"), stop_number("新白河"), False, 500)
    ends_today = Pass(1, 0, date(2026, 11, 1), DAY, False, (section,))
    boarded = judge_boarding(CARD._replace(held_pass=ends_today), late, late.began_s)
    assert isinstance(boarded, Board)
    after_midnight_s = midnight_in_japan_s(date(2026, 11, 21)) + 300
    alighted = judge_alighting(boarded.after, late._replace(stop_index=4), after_midnight_s)
    assert isinstance(alighted, Alight)
    assert alighted.ride.day == DAY
    assert alighted.ride.alighted_on == date(2026, 11, 21)
    assert alighted.settlement.due_yen == 0


def test_gen_5_a_trip_that_begins_past_24_00_is_of_the_next_calendar_day() -> None:
    night = service("HAKUHO-W11")
    boarded = judge_boarding(CARD, night, night.began_s)
    assert isinstance(boarded, Board) and boarded.after.ride is not None
    assert boarded.after.ride.day == date(2026, 11, 21)
    assert isinstance(judge_alighting(boarded.after, night._replace(stop_index=4), night.began_s + 60), Alight)


@pytest.mark.parametrize(
    ("mark", "closes"),
    [(None, False), (opened(0), True), (closed(1), True), (closed(0), False), (opened(0, date(2026, 11, 1)), False)],
)
def test_one_reader_for_both_sides_goes_by_the_cards_record(mark: RideMark | None, closes: bool) -> None:
    assert closes_a_ride(CARD._replace(ride=mark), HERE._replace(stop_index=1)) is closes


def test_the_other_direction_is_another_pattern_with_its_own_fares() -> None:
    back = service(TO_IWAKI_TANAGURA)
    decision = judge_alighting(
        CARD._replace(ride=RideMark(RideState.OPEN, DAY, back.trip_number, 1)),
        back._replace(stop_index=4),
        back.began_s,
    )
    assert isinstance(decision, Alight)
    assert decision.settlement.due_yen == 450


# -- GEN-6: one tap


def _flat(service_: Service, taps: Taps, fare_yen: int = 210) -> Service:
    table = FareTable(service_.table.pattern, array("i", [fare_yen] * service_.table.size**2))
    return service_._replace(table=table, taps=taps)


@pytest.mark.parametrize("taps", [Taps.BOARDING, Taps.ALIGHTING])
def test_gen_6_one_tap_pays_and_is_marked_where_it_was_made(taps: Taps) -> None:
    here = _flat(HERE, taps)._replace(stop_index=2)
    assert closes_a_ride(CARD, here)
    decision = judge_alighting(CARD, here, NOW_S)
    assert isinstance(decision, Alight)
    assert (decision.settlement.due_yen, decision.settlement.after.ride) == (210, closed(2))
    assert (decision.ride.boarded, decision.ride.alighted) == ((2, 3) if taps is Taps.BOARDING else (1, 2))
    # GEN-9: a second tap at the same stop of the trip is the first one again.
    again = judge_alighting(decision.settlement.after, here, NOW_S + 60)
    assert isinstance(again, Keep) and again.note.code is NoteCode.FIRST_RESULT_SHOWN
    later = judge_alighting(decision.settlement.after, here._replace(stop_index=3), NOW_S + 60)
    if taps is Taps.BOARDING:
        # GEN-8: on the same trip the first boarding stands, whatever the stop.
        assert later == Keep(Note(NoteCode.FIRST_BOARDING_KEPT, "GEN-8", "南湖公園"))
    else:
        assert isinstance(later, Alight)


def test_gen_6_gen_17_a_pass_that_covers_the_first_interval_is_charged_nothing() -> None:
    here = _flat(HERE, Taps.BOARDING)
    sections = (Section(stop_number("磐城棚倉"), stop_number("実業高校前"), False, 210),)
    member = CARD._replace(held_pass=Pass(1, 0, DAY, DAY, False, sections), named=True)
    decision = judge_alighting(member, here, NOW_S)
    assert isinstance(decision, Alight) and decision.settlement.due_yen == 0
    beyond = judge_alighting(member, here._replace(stop_index=1), NOW_S)
    assert isinstance(beyond, Alight) and beyond.settlement.due_yen == 210


def test_gen_6_gen_9_before_midnight_one_tap_is_known_for_the_first_one_too() -> None:
    here = _flat(service("HAKUHO-W11"), Taps.BOARDING)  # leaves at 24:35
    first = judge_alighting(CARD, here, here.began_s - 45 * 60)
    assert isinstance(first, Alight)
    again = judge_alighting(first.settlement.after, here, here.began_s - 44 * 60)
    assert isinstance(again, Keep)


def test_gen_5_who_boards_before_midnight_is_judged_by_the_day_the_trip_leaves_at_both_readers() -> None:
    night = service("HAKUHO-W11")
    before_midnight, leaves = night.began_s - 45 * 60, day_in_japan(night.began_s)
    child = CARD._replace(holder=HolderKind.CHILD, expires=leaves - timedelta(days=1))
    refused = judge_boarding(child, night, before_midnight)
    assert isinstance(refused, Refusal) and refused.code is Code.EXPIRED_CARD
    valid = judge_boarding(child._replace(expires=leaves), night, before_midnight)
    assert isinstance(valid, Board)
    settled = judge_alighting(valid.after, night._replace(stop_index=4), night.began_s + 600)
    assert isinstance(settled, Alight)


def test_gen_6_where_fares_differ_one_tap_is_refused() -> None:
    refused = judge_alighting(CARD, HERE._replace(taps=Taps.BOARDING), NOW_S)
    assert isinstance(refused, Refusal) and (refused.code, refused.rule) == (Code.NO_FARE, "GEN-6")


# -- GEN-15


def test_gen_15_no_card_is_taken_on_an_excluded_service_at_either_reader() -> None:
    highway = HERE._replace(kind="highway")
    for decision in (
        judge_boarding(CARD, highway, NOW_S),
        judge_alighting(CARD._replace(ride=opened(0)), highway._replace(stop_index=4), NOW_S),
    ):
        assert decision == Refusal(Code.EXCLUDED_SERVICE, "GEN-15", "highway")
