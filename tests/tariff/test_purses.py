"""Coupon purses of NORUCA, welfare and transport points of Iwate Green Pass, topping up (NOR-3, NOR-10, IGP-5, …)."""

from datetime import date
from typing import NamedTuple

import pytest

from tariff.account import Account, Coupons, HolderKind, Points
from tariff.lines import Line, Word
from tariff.points import with_used
from tariff.purses import (
    Paid,
    Payment,
    ToppedUp,
    balance_yen,
    money_yen,
    top_up,
    top_up_by_note,
    with_added,
)
from tariff.refusal import Code, Refusal
from tariff.riders import Party
from tariff.rulebook import Purse, Rulebook, TopUpRules
from tests.tariff.examples import (
    ADULT,
    AIZU,
    CHILD,
    HAKUHO_LINE,
    IWATE,
    LOCOCA,
    NORUCA,
    TODAY,
    card,
    held,
    payments,
    refused,
    ride,
    section,
    settled,
)

ECO_DAY = date(2026, 11, 21)
SF, ECO, STUDENT, REGULAR = Purse.STORED_FARE, Purse.ECO, Purse.STUDENT, Purse.REGULAR
POINTS, WELFARE = Purse.POINTS, Purse.WELFARE
LINE_500 = ride(HAKUHO_LINE, "磐城棚倉", "新白河")
LINE_500_ON_ECO_DAY = LINE_500._replace(day=ECO_DAY, alighted_on=ECO_DAY)


def noruca(regular_yen: int = 0, student_yen: int = 0, eco_yen: int = 0, **more: object) -> Account:
    return card(0, scheme="noruca", coupons=Coupons(regular_yen, student_yen, eco_yen), **more)  # type: ignore[arg-type]


def iwate(stored_fare_yen: int, points: int = 0, welfare_points: int = 0, last_day: date = TODAY) -> Account:
    held_points = Points(points, last_day) if points else None
    return card(stored_fare_yen, scheme="iwate-green-pass", points=held_points, welfare_points=welfare_points)


# -- NOR-10: the order of the purses


class Paying(NamedTuple):
    """A card, a party, and what each purse pays of 500 yen a head on a day with and without eco coupons."""

    card: Account
    party: Party
    on_eco_day: tuple[tuple[Purse, int], ...]
    otherwise: tuple[tuple[Purse, int], ...]


ALONE = Party()
NOR_10 = {
    "eco pays first on its days": Paying(noruca(2_000, 2_000, 2_000), ALONE, ((ECO, 500),), ((STUDENT, 500),)),
    "student before regular": Paying(noruca(2_000, 2_000), ALONE, ((STUDENT, 500),), ((STUDENT, 500),)),
    "regular alone": Paying(noruca(2_000), ALONE, ((REGULAR, 500),), ((REGULAR, 500),)),
    "a purse that is short is emptied and the next pays on": Paying(
        noruca(2_000, 300, 110), ALONE, ((ECO, 110), (STUDENT, 300), (REGULAR, 90)), ((STUDENT, 300), (REGULAR, 200))
    ),
    "to the last yen": Paying(noruca(90, 300, 110), ALONE, ((ECO, 110), (STUDENT, 300), (REGULAR, 90)), ()),
    "student pays the holder's own fare, never a companion's": Paying(
        noruca(2_000, 2_000),
        Party(companions=(ADULT,)),
        ((STUDENT, 500), (REGULAR, 500)),
        ((STUDENT, 500), (REGULAR, 500)),
    ),
    "eco pays for companions too": Paying(
        noruca(2_000, 2_000, 700),
        Party(companions=(ADULT,)),
        ((ECO, 700), (STUDENT, 300)),
        ((STUDENT, 500), (REGULAR, 500)),
    ),
    "a child fare too": Paying(
        noruca(2_000, 100),
        Party(companions=(CHILD,)),
        ((STUDENT, 100), (REGULAR, 650)),
        ((STUDENT, 100), (REGULAR, 650)),
    ),
}


@pytest.mark.parametrize("case", NOR_10.values(), ids=NOR_10)
def test_nor_10_nor_6_which_purse_pays(case: Paying) -> None:
    assert settled(LINE_500_ON_ECO_DAY, case.card, case.party).paid == Paid(case.on_eco_day, 0)
    if case.otherwise:
        assert settled(LINE_500, case.card, case.party).paid == Paid(case.otherwise, 0)
    else:
        assert refused(LINE_500, case.card, case.party).code is Code.SHORT


@pytest.mark.parametrize(
    ("day", "pays"),
    [
        *((date(2026, 11, day), True) for day in (1, 11, 21)),
        *((date(2026, 11, day), False) for day in (2, 10, 12, 20, 22, 30)),
    ],
)
def test_nor_3_eco_coupons_are_used_on_the_1st_11th_and_21st(day: date, pays: bool) -> None:
    settlement = settled(LINE_500._replace(day=day, alighted_on=day), noruca(1_000, 0, 1_000))
    assert settlement.paid.of(ECO) == (500 if pays else 0)


def test_nor_3_gen_5_the_day_is_that_of_boarding() -> None:
    overnight = LINE_500._replace(day=ECO_DAY, alighted_on=date(2026, 11, 22))
    assert settled(overnight, noruca(1_000, 0, 1_000)).paid.of(ECO) == 500


def test_nor_10_the_student_purse_pays_on_the_railway_too() -> None:
    assert settled(LINE_500._replace(service="rail"), noruca(1_000, 1_000)).paid.of(STUDENT) == 500


def test_nor_10_discounted_kinds_halve() -> None:
    disabled = noruca(1_000, holder=HolderKind.DISABLED_ADULT)
    assert settled(LINE_500, disabled).due_yen == 250
    assert settled(LINE_500, noruca(1_000, holder=HolderKind.DISABLED_CHILD)).due_yen == 130


def test_nor_10_the_lines_name_each_purse() -> None:
    settlement = settled(LINE_500_ON_ECO_DAY, noruca(2_000, 300, 110))
    assert payments(settlement) == [
        Line("NOR-10", Word.ECO, 110),
        Line("NOR-10", Word.STUDENT, 300),
        Line("NOR-10", Word.REGULAR, 90),
    ]
    assert settlement.after.coupons == Coupons(1_910, 0, 0)


def test_nor_10_short_counts_only_purses_that_may_pay() -> None:
    # 1,000 of eco coupons are no help on another day, nor student coupons for a companion.
    assert refused(LINE_500, noruca(400, 0, 1_000)) == Refusal(Code.SHORT, "GEN-10", due_yen=500, short_yen=100)
    party = Party(companions=(ADULT,))
    assert refused(LINE_500, noruca(100, 1_000), party) == Refusal(Code.SHORT, "GEN-10", due_yen=1_000, short_yen=400)


def test_gen_10_a_mixed_payment_takes_tens_from_the_purses_the_last_giving_way() -> None:
    mixed = settled(LINE_500, noruca(6, 107), payment=Payment.PART_CASH)
    assert mixed.paid == Paid(((STUDENT, 107), (REGULAR, 3)), 390)
    fewer = settled(LINE_500, noruca(2, 104), payment=Payment.PART_CASH)
    assert fewer.paid == Paid(((STUDENT, 100),), 400)
    assert fewer.after.coupons == Coupons(2, 4, 0)


def test_nor_12_a_card_with_the_pass_function_only_pays_its_excess_in_cash() -> None:
    member = card(0, held(section("磐城棚倉", "南湖公園")), scheme="noruca")
    assert member.coupons is None
    assert refused(LINE_500, member) == Refusal(Code.SHORT, "GEN-10", due_yen=250, short_yen=250)
    assert settled(LINE_500, member, payment=Payment.ALL_CASH).paid == Paid((), 250)
    assert settled(LINE_500, member, payment=Payment.PART_CASH).paid == Paid((), 250)
    covered = settled(ride(HAKUHO_LINE, "磐城棚倉", "南湖公園"), member)
    assert (covered.due_yen, covered.after.coupons) == (0, None)


# -- topping up


@pytest.mark.parametrize(
    ("purse", "paid_yen", "added_yen"),
    [
        (REGULAR, 1_000, 1_100),
        (REGULAR, 3_000, 3_300),
        (STUDENT, 1_000, 1_200),
        (ECO, 1_000, 1_400),
        (ECO, 10_000, 14_000),
    ],
)
def test_nor_3_a_premium_is_added(purse: Purse, paid_yen: int, added_yen: int) -> None:
    done = top_up(noruca(), purse, paid_yen, TODAY, NORUCA)
    assert isinstance(done, ToppedUp)
    assert (done.paid_yen, done.added_yen, balance_yen(done.after, purse)) == (paid_yen, added_yen, added_yen)
    assert money_yen(done.after) == added_yen


@pytest.mark.parametrize("paid_yen", [500, 999, 1_001, 1_500, 0, -1_000])
def test_gen_3_noruca_is_topped_up_in_thousands(paid_yen: int) -> None:
    detail = f"top-up of {paid_yen} yen, not a multiple of 1000"
    assert top_up(noruca(), REGULAR, paid_yen, TODAY, NORUCA) == Refusal(Code.NOT_SOLD, "GEN-3", detail)


def test_gen_3_norucas_purses_share_the_cap_premium_included() -> None:
    nearly = noruca(10_000, 5_000, 3_600)
    done = top_up(nearly, ECO, 1_000, TODAY, NORUCA)
    assert isinstance(done, ToppedUp) and money_yen(done.after) == 20_000
    assert top_up(noruca(10_000, 5_000, 3_601), ECO, 1_000, TODAY, NORUCA) == Refusal(
        Code.OVER_CAP, "GEN-3", "20001 > 20000"
    )


def test_nor_12_a_card_without_a_purse_is_not_topped_up() -> None:
    refusal = top_up(card(0, scheme="noruca"), REGULAR, 1_000, TODAY, NORUCA)
    assert refusal == Refusal(Code.NOT_ELIGIBLE, "NOR-12", "a card with the pass function only has no purse")


@pytest.mark.parametrize(
    ("purse", "rulebook"), [(ECO, LOCOCA), (SF, NORUCA), (POINTS, IWATE), (WELFARE, IWATE)], ids=str
)
def test_nor_3_only_a_purse_of_the_scheme_is_topped_up(purse: Purse, rulebook: Rulebook) -> None:
    member = card(scheme=rulebook.scheme)
    assert top_up(member, purse, 1_000, TODAY, rulebook) == Refusal(Code.NOT_SOLD, "NOR-3", f"top-up of {purse}")


def test_gen_17_a_premium_is_configurable_for_every_operator() -> None:
    (stored_fare,) = AIZU.purses
    with_premium = AIZU._replace(purses=(stored_fare._replace(premium_percent=5),))
    done = top_up(card(100, scheme="aizu-noruca"), SF, 1_000, TODAY, with_premium)
    assert isinstance(done, ToppedUp) and done.after.stored_fare_yen == 1_150
    # 5 % of 1,010 is 50.5: no yen is rounded away (GEN-1).
    assert top_up(card(100, scheme="aizu-noruca"), SF, 1_010, TODAY, with_premium) == Refusal(
        Code.NOT_SOLD, "GEN-1", "premium of 5 % on 1010 yen is no whole yen"
    )


@pytest.mark.parametrize("note_yen", [1_000, 5_000, 10_000])
def test_loc_8_notes_that_are_taken_on_the_bus(note_yen: int) -> None:
    done = top_up_by_note(card(100), note_yen, TODAY, LOCOCA)
    assert isinstance(done, ToppedUp) and done.after.stored_fare_yen == 100 + note_yen


@pytest.mark.parametrize("note_yen", [2_000, 500, 100, 0, 20_000])
def test_loc_8_a_2000_yen_note_and_every_coin_goes_back(note_yen: int) -> None:
    assert top_up_by_note(card(100), note_yen, TODAY, LOCOCA) == Refusal(
        Code.NOT_SOLD, "LOC-8", f"note of {note_yen} yen"
    )


@pytest.mark.parametrize(("balance", "taken"), [(10_000, True), (10_001, False), (9_999, True), (20_000, False)])
def test_loc_10_no_note_from_10001_yen_on(balance: int, taken: bool) -> None:
    outcome = top_up_by_note(card(balance), 1_000, TODAY, LOCOCA)
    if taken:
        assert isinstance(outcome, ToppedUp)
    else:
        assert outcome == Refusal(Code.OVER_CAP, "LOC-10", f"{balance} >= 10001")


def test_loc_10_the_largest_note_on_the_highest_balance_reaches_the_cap() -> None:
    done = top_up_by_note(card(10_000), 10_000, TODAY, LOCOCA)
    assert isinstance(done, ToppedUp) and done.after.stored_fare_yen == 20_000


@pytest.mark.parametrize("rulebook", [IWATE, NORUCA, AIZU], ids=lambda book: book.scheme)
def test_gen_17_topping_up_on_the_bus_is_locos_alone(rulebook: Rulebook) -> None:
    refusal = top_up_by_note(card(scheme=rulebook.scheme), 1_000, TODAY, rulebook)
    assert refusal == Refusal(Code.NOT_CONFIGURED, "GEN-17", "top-up on the bus")


@pytest.mark.parametrize(
    "half_configured",
    [LOCOCA.top_up._replace(bus_notes_yen=None), LOCOCA.top_up._replace(bus_refused_from_yen=None)],
    ids=["no notes", "no balance"],
)
def test_gen_17_loc_8_loc_10_notes_need_both_settings(half_configured: TopUpRules) -> None:
    half = LOCOCA._replace(top_up=half_configured)
    assert top_up_by_note(card(100), 1_000, TODAY, half) == Refusal(Code.NOT_CONFIGURED, "GEN-17", "top-up on the bus")


@pytest.mark.parametrize("purse", Purse)
def test_gen_1_what_is_added_to_a_purse_is_in_that_purse_alone(purse: Purse) -> None:
    member = card(100, coupons=Coupons(200, 300, 400), points=Points(500, TODAY), welfare_points=600)
    more = with_added(member, purse, 7)
    changed = {name: balance_yen(more, name) - balance_yen(member, name) for name in Purse}
    assert changed == {name: 7 if name is purse else 0 for name in Purse}
    assert more.points is not None and more.points.last_day == TODAY


def test_gen_1_a_new_card_holds_nothing_in_any_purse() -> None:
    assert {purse: balance_yen(card(0), purse) for purse in Purse} == dict.fromkeys(Purse, 0)


def test_igp_28_points_need_a_card_that_has_some() -> None:
    with pytest.raises(ValueError, match=r"^5 points on a card that has none$"):
        with_added(card(), POINTS, 5)


# -- IGP-5, IGP-29: welfare points, transport points, stored fare


@pytest.mark.parametrize(
    ("stored_fare_yen", "points", "welfare", "paid"),
    [
        (1_000, 0, 0, ((SF, 500),)),
        (1_000, 499, 0, ((SF, 500),)),
        (1_000, 500, 0, ((POINTS, 500),)),
        (1_000, 501, 0, ((POINTS, 500),)),
        (1_000, 0, 499, ((SF, 500),)),
        (1_000, 0, 500, ((WELFARE, 500),)),
        (1_000, 600, 600, ((WELFARE, 500),)),
        (1_000, 600, 499, ((POINTS, 500),)),
        (0, 600, 0, ((POINTS, 500),)),
    ],
)
def test_igp_5_igp_29_points_pay_all_or_nothing(
    stored_fare_yen: int, points: int, welfare: int, paid: tuple[tuple[Purse, int], ...]
) -> None:
    assert settled(LINE_500, iwate(stored_fare_yen, points, welfare)).paid == Paid(paid, 0)


def test_igp_29_points_reach_what_the_whole_party_owes() -> None:
    party = Party(companions=(CHILD,))
    assert settled(LINE_500, iwate(1_000, 750), party).paid == Paid(((POINTS, 750),), 0)
    assert settled(LINE_500, iwate(1_000, 749), party).paid == Paid(((SF, 750),), 0)


def test_igp_29_nothing_due_takes_no_points() -> None:
    member = iwate(1_000, 600)._replace(held_pass=held(section("磐城棚倉", "新白河")), named=True)
    settlement = settled(LINE_500, member)
    assert (settlement.due_yen, settlement.paid, settlement.after.points) == (0, Paid((), 0), member.points)


def test_igp_5_welfare_in_part_is_a_setting() -> None:
    welfare, points, stored_fare = IWATE.purses
    in_part = IWATE._replace(purses=(welfare._replace(whole=False), points, stored_fare))
    assert settled(LINE_500, iwate(1_000, 0, 300), rulebook=in_part).paid == Paid(((WELFARE, 300), (SF, 200)), 0)
    # IGP-29: transport points pay the whole amount due or nothing, not what welfare points leave over.
    assert settled(LINE_500, iwate(1_000, 200, 300), rulebook=in_part).paid == Paid(((WELFARE, 300), (SF, 200)), 0)
    assert settled(LINE_500, iwate(1_000, 500, 300), rulebook=in_part).paid == Paid(((WELFARE, 300), (SF, 200)), 0)
    assert settled(LINE_500, iwate(1_000, 500), rulebook=in_part).paid == Paid(((POINTS, 500),), 0)


def test_igp_5_gen_10_in_a_mixed_payment_stored_fare_is_in_tens_whatever_points_pay() -> None:
    welfare, points, stored_fare = IWATE.purses
    in_part = IWATE._replace(purses=(welfare._replace(whole=False), points, stored_fare))
    mixed = settled(LINE_500, iwate(28, 0, 65), rulebook=in_part, payment=Payment.PART_CASH)
    assert mixed.paid == Paid(((WELFARE, 65), (SF, 20)), 415)


@pytest.mark.parametrize(
    ("member", "rulebook", "refusal"),
    [
        (card(scheme="suica"), AIZU, Refusal(Code.FOREIGN_CARD, "GEN-21", "suica")),
        (card(scheme="noruca"), LOCOCA, Refusal(Code.FOREIGN_CARD, "GEN-21", "noruca")),
        (
            card(holder=HolderKind.CHILD, expires=date(2026, 3, 31)),
            LOCOCA,
            Refusal(Code.EXPIRED_CARD, "GEN-11", "2026-03-31"),
        ),
    ],
)
def test_gen_11_gen_21_only_a_card_that_is_taken_is_topped_up(
    member: Account, rulebook: Rulebook, refusal: Refusal
) -> None:
    assert top_up(member, SF, 1_000, TODAY, rulebook) == refusal
    if rulebook is LOCOCA:
        assert top_up_by_note(member, 1_000, TODAY, rulebook) == refusal


def test_igp_2_a_card_of_the_suica_family_is_topped_up_where_it_is_taken() -> None:
    assert isinstance(top_up(card(100, scheme="suica"), SF, 1_000, TODAY, IWATE), ToppedUp)


def test_gen_10_igp_5_only_money_gives_way_to_the_tens_wherever_points_stand() -> None:
    welfare, _, stored_fare = IWATE.purses
    behind = IWATE._replace(purses=(stored_fare, welfare._replace(whole=False)), points=None)
    mixed = settled(LINE_500, iwate(195, 0, 300), rulebook=behind, payment=Payment.PART_CASH)
    assert mixed.paid == Paid(((SF, 190), (WELFARE, 300)), 10)


def test_igp_5_short_of_points_and_stored_fare() -> None:
    short = iwate(195, 499, 499)
    assert refused(LINE_500, short) == Refusal(Code.SHORT, "GEN-10", due_yen=500, short_yen=310)
    assert settled(LINE_500, short, payment=Payment.PART_CASH).paid == Paid(((SF, 190),), 310)


def test_igp_5_the_lines_name_the_points() -> None:
    assert payments(settled(LINE_500, iwate(0, 0, 500))) == [Line("IGP-5", Word.WELFARE_POINTS, 500)]
    assert payments(settled(LINE_500, iwate(0, 500))) == [Line("IGP-29", Word.TRANSPORT_POINTS, 500)]


# -- IGP-28, IGP-30: earning and lapsing


@pytest.mark.parametrize(("fare_yen", "points"), [(500, 15), (170, 5), (190, 5), (200, 6), (300, 9)])
def test_igp_28_a_use_earns_three_per_cent_fractions_dropped(fare_yen: int, points: int) -> None:
    pairs = {170: (3, 4), 190: (2, 3), 200: (1, 2), 300: (0, 1), 500: (0, 4)}
    settlement = settled(ride(HAKUHO_LINE, *pairs[fare_yen]), iwate(1_000))
    assert (settlement.due_yen, settlement.earned_points) == (fare_yen, points)
    assert settlement.after.points == Points(points, TODAY)
    assert payments(settlement)[-1] == Line("IGP-28", Word.POINTS_EARNED, points)


def test_igp_28_points_earned_join_those_held() -> None:
    before = iwate(1_000, 100, last_day=date(2026, 5, 1))
    assert settled(LINE_500, before).after.points == Points(115, TODAY)


@pytest.mark.parametrize("member", [iwate(1_000, 500), iwate(1_000, 0, 500)], ids=["points", "welfare points"])
def test_igp_28_what_points_paid_earns_nothing(member: Account) -> None:
    assert settled(LINE_500, member).earned_points == 0


def test_igp_28_cash_earns_nothing() -> None:
    mixed = settled(LINE_500, iwate(195), payment=Payment.PART_CASH)
    assert mixed.earned_points == 5  # 3 % of 190
    assert settled(LINE_500, iwate(195), payment=Payment.ALL_CASH).earned_points == 0


def test_igp_28_companions_paid_by_the_card_earn_too() -> None:
    assert settled(LINE_500, iwate(2_000), Party(companions=(ADULT,))).earned_points == 30


def test_igp_28_only_iwates_own_card_earns() -> None:
    assert settled(LINE_500, card(1_000, scheme="suica"), rulebook=IWATE).earned_points == 0
    assert settled(LINE_500, card(1_000)).earned_points == 0


@pytest.mark.parametrize(
    ("last_day", "day", "kept"),
    [
        (date(2025, 11, 20), date(2026, 11, 20), True),  # the anniversary
        (date(2025, 11, 20), date(2026, 11, 21), False),
        (date(2025, 11, 19), date(2026, 11, 20), False),
        (date(2024, 2, 29), date(2025, 2, 28), True),
        (date(2024, 2, 29), date(2025, 3, 1), False),
        (date(2026, 11, 20), date(2026, 11, 20), True),
    ],
)
def test_igp_30_points_lapse_the_day_after_the_anniversary(last_day: date, day: date, kept: bool) -> None:
    taken = ride(HAKUHO_LINE, 0, 4, day=day)
    settlement = settled(taken, iwate(1_000, 600, last_day=last_day))
    if kept:
        assert settlement.paid == Paid(((POINTS, 500),), 0)
        # A use starts the year anew.
        assert settlement.after.points == Points(100, day)
    else:
        assert settlement.paid == Paid(((SF, 500),), 0)
        assert settlement.after.points == Points(15, day)
        assert payments(settlement)[0] == Line("IGP-30", Word.POINTS_LAPSED, 600)


def test_igp_30_an_earning_of_nothing_renews_nothing() -> None:
    member = iwate(1_000, 100, last_day=date(2026, 1, 1))
    covered = member._replace(held_pass=held(section("磐城棚倉", "新白河")), named=True)
    assert settled(LINE_500, covered).after.points == Points(100, date(2026, 1, 1))


def test_igp_30_points_lapse_on_a_ride_that_costs_nothing_too() -> None:
    member = iwate(1_000, 100, last_day=date(2025, 1, 1))
    covered = member._replace(held_pass=held(section("磐城棚倉", "新白河")), named=True)
    assert settled(LINE_500, covered).after.points is None


def test_igp_30_a_card_without_points_has_none_to_renew() -> None:
    assert with_used(iwate(1_000), TODAY) == iwate(1_000)
    assert with_used(iwate(1_000, 100, last_day=date(2026, 1, 1)), TODAY) == iwate(1_000, 100)


def test_igp_28_rate_and_year_are_settings() -> None:
    assert IWATE.points is not None
    five = IWATE._replace(points=IWATE.points._replace(earned_percent=5, lapse_months=6))
    assert settled(LINE_500, iwate(1_000), rulebook=five).earned_points == 25
    old = iwate(1_000, 600, last_day=date(2026, 5, 19))
    assert settled(LINE_500, old, rulebook=five).paid == Paid(((SF, 500),), 0)
    assert settled(LINE_500, old).paid == Paid(((POINTS, 500),), 0)


# -- IGP-2, LOC-6: cards of the Suica family


@pytest.mark.parametrize("rulebook", [LOCOCA, IWATE], ids=lambda book: book.scheme)
@pytest.mark.parametrize("scheme", ["suica", "pasmo", "kitaca", "manaca", "toica", "icoca", "sugoca", "nimoca"])
def test_igp_2_loc_6_cards_of_the_suica_family_pay_from_stored_fare(scheme: str, rulebook: Rulebook) -> None:
    foreign = card(1_000, scheme=scheme, points=Points(5_000, TODAY), welfare_points=5_000)
    settlement = settled(LINE_500, foreign, rulebook=rulebook)
    assert settlement.paid == Paid(((SF, 500),), 0)
    assert settlement.after.points == foreign.points


def test_igp_2_a_pass_on_another_schemes_card_counts_for_nothing() -> None:
    foreign = card(1_000, held(section("磐城棚倉", "新白河")), scheme="suica")
    assert settled(LINE_500, foreign, rulebook=LOCOCA).due_yen == 500
