"""Which cards are taken, and who rides on them (GEN-11, GEN-12, GEN-18, GEN-21)."""

from datetime import date

import pytest

from tariff.acceptance import accept
from tariff.account import HolderKind, RideMark, RideState
from tariff.lines import Line, Word
from tariff.refusal import Code
from tariff.riders import CLASS_OF_HOLDER, UNDER_SCHOOL_AGE, Party, RiderClass
from tariff.rulebook import ORDINARY, Rulebook
from tests.tariff.examples import (
    ADULT,
    AIZU,
    AIZU_LINE,
    CHILD,
    DISABLED_ADULT,
    DISABLED_CHILD,
    HAKUHO_LINE,
    JOBAN,
    LOCOCA,
    NORUCA,
    TODAY,
    TOMORROW,
    TRIP,
    card,
    held,
    reasons,
    refused,
    ride,
    section,
    settled,
    triangle,
)

LAST_DAY_OF_CHILD_CARD = date(2026, 3, 31)


# -- GEN-11


@pytest.mark.parametrize(
    ("day", "taken"),
    [
        (date(2025, 4, 1), True),
        (date(2026, 3, 30), True),
        (date(2026, 3, 31), True),
        (date(2026, 4, 1), False),
        (date(2027, 3, 31), False),
    ],
)
def test_gen_11_loc_2_a_child_card_is_taken_through_its_last_day(day: date, taken: bool) -> None:
    child = card(holder=HolderKind.CHILD, expires=LAST_DAY_OF_CHILD_CARD)
    refusal = accept(child, day, ORDINARY, LOCOCA)
    assert (refusal is None) == taken
    if refusal is not None:
        assert (refusal.code, refusal.rule, refusal.detail) == (Code.EXPIRED_CARD, "GEN-11", "2026-03-31")


def test_gen_11_an_expired_card_is_not_settled() -> None:
    child = card(holder=HolderKind.CHILD, expires=LAST_DAY_OF_CHILD_CARD)
    assert refused(ride(HAKUHO_LINE, 0, 4, day=date(2026, 4, 1)), child).code is Code.EXPIRED_CARD


def test_gen_5_a_card_that_expires_on_the_way_still_alights() -> None:
    child = card(holder=HolderKind.CHILD, expires=TODAY)
    assert settled(ride(HAKUHO_LINE, 0, 4, day=TODAY, alighted_on=TOMORROW), child).due_yen == 250


def test_gen_11_a_card_without_an_expiry_is_taken_for_good() -> None:
    assert accept(card(), date(2099, 12, 31), ORDINARY, LOCOCA) is None


# -- GEN-21


@pytest.mark.parametrize(
    ("scheme", "rulebook"), [("aizu-noruca", LOCOCA), ("lococa", AIZU), ("suica", AIZU), ("suica", NORUCA)]
)
def test_gen_21_another_schemes_card_is_foreign(scheme: str, rulebook: Rulebook) -> None:
    foreign = card(scheme=scheme)
    at_the_door = accept(foreign, TODAY, ORDINARY, rulebook)
    assert at_the_door is not None
    assert (at_the_door.code, at_the_door.rule, at_the_door.detail) == (Code.FOREIGN_CARD, "GEN-21", scheme)
    assert refused(ride(HAKUHO_LINE, 0, 4), foreign, rulebook=rulebook) == at_the_door


def test_gen_21_a_foreign_card_is_told_so_before_anything_else() -> None:
    foreign = card(0, holder=HolderKind.CHILD, scheme="aizu-noruca", expires=LAST_DAY_OF_CHILD_CARD)
    outcome = refused(ride(HAKUHO_LINE, 0, 4), foreign, Party(companions=(ADULT,)), LOCOCA)
    assert outcome.code is Code.FOREIGN_CARD


# -- GEN-2, GEN-12: the holder


@pytest.mark.parametrize(
    ("holder", "rule", "due"),
    [
        (HolderKind.ADULT, "GEN-4", 500),
        (HolderKind.CHILD, "GEN-2", 250),
        (HolderKind.DISABLED_ADULT, "GEN-2", 250),
        (HolderKind.DISABLED_CHILD, "GEN-2", 130),
    ],
)
def test_gen_12_loc_2_loc_3_the_card_says_what_its_holder_pays(holder: HolderKind, rule: str, due: int) -> None:
    settlement = settled(ride(HAKUHO_LINE, 0, 4), card(holder=holder))
    assert reasons(settlement) == [Line(rule, Word.FARE, due, "磐城棚倉→新白河")]


def test_gen_12_every_kind_of_holder_has_a_class() -> None:
    assert set(CLASS_OF_HOLDER) == set(HolderKind)
    assert set(CLASS_OF_HOLDER.values()) | UNDER_SCHOOL_AGE == set(RiderClass)


@pytest.mark.parametrize(
    ("holder", "override", "due"),
    [
        (HolderKind.ADULT, DISABLED_ADULT, 250),
        (HolderKind.ADULT, CHILD, 250),
        (HolderKind.CHILD, DISABLED_CHILD, 130),
        # A child card in an adult's hand: the driver can raise the fare too.
        (HolderKind.CHILD, ADULT, 500),
    ],
)
def test_gen_12_the_driver_overrides_the_class(holder: HolderKind, override: RiderClass, due: int) -> None:
    assert settled(ride(HAKUHO_LINE, 0, 4), card(holder=holder), Party(holder=override)).due_yen == due


def test_gen_12_the_override_reaches_the_excess_of_a_pass() -> None:
    member = card(held_pass=held(section("磐城棚倉", "南湖公園")))
    assert settled(ride(HAKUHO_LINE, 0, 4), member, Party(holder=DISABLED_ADULT)).due_yen == 130


# -- GEN-18: companions


def test_gen_18_loc_15_an_adult_card_pays_for_several() -> None:
    settlement = settled(
        ride(AIZU_LINE, "若松駅前", "西若松駅東口"),
        card(1_000, scheme="aizu-noruca"),
        Party(companions=(ADULT, CHILD, DISABLED_ADULT, DISABLED_CHILD)),
    )
    assert reasons(settlement) == [
        Line("GEN-4", Word.FARE, 230, "若松駅前→西若松駅東口"),
        Line("GEN-18", Word.COMPANION, 230, "adult"),
        Line("GEN-18", Word.COMPANION, 120, "child"),
        Line("GEN-18", Word.COMPANION, 120, "disabled-adult"),
        Line("GEN-18", Word.COMPANION, 60, "disabled-child"),
    ]
    assert (settlement.due_yen, settlement.after.stored_fare_yen) == (760, 240)


@pytest.mark.parametrize(
    ("scheme", "holder", "pays_for_others"),
    [
        ("lococa", HolderKind.ADULT, True),
        ("lococa", HolderKind.CHILD, False),
        ("lococa", HolderKind.DISABLED_ADULT, False),
        ("lococa", HolderKind.DISABLED_CHILD, False),
        *(("aizu-noruca", holder, True) for holder in HolderKind),
    ],
)
def test_gen_18_which_cards_pay_for_their_holder_alone(scheme: str, holder: HolderKind, pays_for_others: bool) -> None:
    taken, member, party = ride(HAKUHO_LINE, 0, 4), card(holder=holder, scheme=scheme), Party(companions=(ADULT,))
    if pays_for_others:
        assert settled(taken, member, party).due_yen == settled(taken, member).due_yen + 500
    else:
        refusal = refused(taken, member, party)
        assert (refusal.code, refusal.rule) == (Code.HOLDER_ONLY, "GEN-18")
        # Alone the holder is served.
        assert settled(taken, member).stored_fare_yen > 0


def test_gen_18_an_override_does_not_open_a_holder_only_card() -> None:
    child, party = card(holder=HolderKind.CHILD), Party(holder=ADULT, companions=(CHILD,))
    assert refused(ride(HAKUHO_LINE, 0, 4), child, party).code is Code.HOLDER_ONLY


def test_gen_18_holder_only_is_told_before_a_missing_fare() -> None:
    line = triangle("白棚線", "磐城棚倉\n- 新白河")
    child = card(0, holder=HolderKind.CHILD)
    assert refused(ride(line, 0, 1), child, Party(companions=(CHILD,))).code is Code.HOLDER_ONLY
    assert refused(ride(line, 0, 1), child).code is Code.NO_FARE


# -- what the settlement leaves on the card


def test_gen_5_the_ride_is_closed_on_its_boarding_day_where_it_alighted() -> None:
    member = card(1_000)
    after = settled(ride(HAKUHO_LINE, 1, 3, day=TODAY, alighted_on=TOMORROW, company=JOBAN), member).after
    assert after.ride == RideMark(RideState.CLOSED, TODAY, TRIP, 3, JOBAN)
    # Nothing else of the card is touched but the stored fare.
    assert after == member._replace(stored_fare_yen=730, ride=after.ride)
