"""What holds for any party and any card of any of the four schemes: nobody's yen, point or coupon is lost or made."""

from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tariff.account import Account, AutoCharge, Coupons, HolderKind, Pass, Points, Section
from tariff.due import Ride
from tariff.lines import PAID_BY
from tariff.purses import Payment, ToppedUp, balance_yen, money_yen, top_up
from tariff.refusal import Code, Refusal
from tariff.riders import Attendant, Handbook, Party, Piece, RiderClass
from tariff.rulebook import Purse, Rulebook
from tariff.settle import Settlement, cancel, settle
from tests.tariff.examples import (
    AIZU,
    HAKUHO_BACK,
    HAKUHO_LINE,
    IWATE,
    LOCOCA,
    NORUCA,
    TODAY,
    TOWN_LOOP,
    held,
    ride,
    stop_number,
)

CAP_YEN = 20_000
RULEBOOKS = (LOCOCA, IWATE, NORUCA, AIZU)
_lines = st.sampled_from([HAKUHO_LINE, HAKUHO_BACK, TOWN_LOOP])
_days = st.dates(TODAY, TODAY + timedelta(days=12))  # weekends, a holiday, the 21st and the 1st among them
_services = st.sampled_from(["ordinary", "ordinary", "highway-nozawa", "sightseeing", "rail"])
_riders = st.sampled_from(RiderClass)
_several = st.lists(_riders, max_size=4).map(tuple)
_attendants = st.lists(st.builds(Attendant, st.sampled_from(Handbook), st.booleans()), max_size=1).map(tuple)
_pieces = st.lists(st.builds(Piece, st.integers(0, 12_000), st.integers(0, 30_000), st.integers(0, 2_000)), max_size=1)
_sections = st.builds(
    Section,
    st.sampled_from(HAKUHO_LINE.pattern.stop_names).map(stop_number),
    st.sampled_from(TOWN_LOOP.pattern.stop_names).map(stop_number)
    | st.sampled_from(HAKUHO_LINE.pattern.stop_names).map(stop_number),
    st.booleans(),
    st.sampled_from([200, 1_000]),
)


@st.composite
def _rides(draw: st.DrawFn) -> Ride:
    table, day = draw(_lines), draw(_days)
    boarded, alighted = sorted(draw(st.lists(st.integers(0, 4), min_size=2, max_size=2, unique=True)))
    departs = draw(st.sampled_from(["08:00", "10:00", "24:30"]))
    service = draw(_services)
    return ride(table, boarded, alighted, day=day, service=service, departs=departs)


@st.composite
def _passes(draw: st.DrawFn, rulebook: Rulebook) -> Pass | None:
    sections = tuple(draw(st.lists(_sections, max_size=2)))
    product = draw(st.sampled_from([product.number for product in rulebook.products]))
    bought = held(*sections, product=product, line=draw(st.sampled_from([0, *(row.number for row in rulebook.lines)])))
    return draw(st.none() | st.just(bought))


@st.composite
def _cards(draw: st.DrawFn, rulebook: Rulebook) -> Account:
    yen = st.integers(0, 6_000)
    coupons = draw(st.none() | st.builds(Coupons, yen, yen, yen)) if rulebook is NORUCA else None
    points = st.builds(Points, st.integers(0, 2_000), st.dates(date(2025, 11, 1), TODAY))
    arrangement = st.just(AutoCharge(1_000, 3_000, 3_000, 9_000))
    return Account(
        scheme=draw(st.sampled_from([rulebook.scheme] * 5 + ["suica"])),
        stored_fare_yen=0 if rulebook is NORUCA else draw(st.integers(0, CAP_YEN)),
        holder=draw(st.sampled_from(HolderKind)),
        named=draw(st.booleans()),
        held_pass=draw(_passes(rulebook)),
        auto_charge=draw(st.none() | arrangement),
        coupons=coupons,
        points=draw(st.none() | points) if rulebook is IWATE else None,
        welfare_points=draw(st.integers(0, 1_500)) if rulebook is IWATE else 0,
    )


class Case(NamedTuple):
    """A ride, a card, a party, the rules, and how it is paid."""

    ride: Ride
    card: Account
    party: Party
    rulebook: Rulebook
    payment: Payment

    def settle(self, party: Party | None = None) -> Settlement | Refusal:
        return settle(self.ride, self.card, party or self.party, self.rulebook, self.payment)


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    rulebook = draw(st.sampled_from(RULEBOOKS))
    party = Party(draw(st.none() | _riders), draw(_several), draw(_several), draw(_attendants), tuple(draw(_pieces)))
    payment = draw(st.sampled_from(Payment))
    return Case(draw(_rides()), draw(_cards(rulebook)), draw(st.just(Party()) | st.just(party)), rulebook, payment)


@given(case=_cases())
def test_gen_1_igp_28_nor_10_no_yen_point_or_coupon_is_lost_or_made(case: Case) -> None:
    done = case.settle()
    if isinstance(done, Refusal):
        return
    assert done.before == case.card
    assert done.due_yen == sum(line.yen for line in done.lines if line.word not in PAID_BY)
    assert done.paid.card_yen + done.paid.cash_yen == done.due_yen
    lapsed = sum(line.yen for line in done.lines if line.rule == "IGP-30")
    for purse in Purse:
        added = {Purse.STORED_FARE: done.auto_charged_yen, Purse.POINTS: done.earned_points - lapsed}.get(purse, 0)
        change = balance_yen(done.after, purse) - balance_yen(done.before, purse)
        assert change == added - done.paid.of(purse), purse


@given(case=_cases())
def test_gen_1_gen_3_faults_44_no_purse_is_ever_negative_or_over_the_cap(case: Case) -> None:
    done = case.settle()
    if isinstance(done, Settlement):
        assert min(balance_yen(done.after, purse) for purse in Purse) >= 0
        assert min(done.due_yen, done.cash_yen, done.auto_charged_yen, done.earned_points) >= 0
        assert money_yen(done.after) <= CAP_YEN
        assert all(line.yen >= 0 for line in done.lines)


@given(case=_cases())
def test_gen_10_a_refusal_is_of_a_kind_that_a_driver_can_act_on(case: Case) -> None:
    outcome = case.settle()
    if isinstance(outcome, Refusal):
        assert outcome.code in {
            Code.SHORT,
            Code.FOREIGN_CARD,
            Code.HOLDER_ONLY,
            Code.NOT_CONFIGURED,
            Code.EXCLUDED_SERVICE,
        }
        if outcome.code is Code.SHORT:
            assert case.payment is Payment.CARD
            assert 0 < outcome.short_yen <= outcome.due_yen


@given(case=_cases())
def test_gen_10_cash_is_taken_by_choice_alone_and_the_card_pays_tens_with_it(case: Case) -> None:
    done = case.settle()
    if isinstance(done, Settlement) and done.cash_yen:
        assert case.payment is not Payment.CARD
        assert sum(done.paid.of(purse) for purse in Purse if purse not in (Purse.POINTS, Purse.WELFARE)) % 10 == 0
        assert done.earned_points <= done.paid.of(Purse.STORED_FARE)


@given(case=_cases(), joins=_riders)
def test_gen_18_one_more_rider_never_makes_it_cheaper_but_for_the_infants_they_free(
    case: Case, joins: RiderClass
) -> None:
    alone, together = case.settle(), case.settle(case.party._replace(companions=(*case.party.companions, joins)))
    if isinstance(alone, Settlement) and isinstance(together, Settlement):
        everyone = (case.party.holder, *case.party.companions, *case.party.family)
        infants = everyone.count(RiderClass.INFANT)
        freed_yen = 0
        if joins not in (RiderClass.INFANT, RiderClass.BABY):
            # At most two child fares of this line, the dearest run of which is 500 yen.
            freed_yen = min(2, infants) * 250
        assert together.due_yen >= alone.due_yen - freed_yen
        if joins is RiderClass.BABY:
            assert together.due_yen == alone.due_yen


@given(case=_cases(), data=st.data())
def test_gen_18_the_order_of_a_party_is_irrelevant(case: Case, data: st.DataObject) -> None:
    turned = case.party._replace(
        companions=tuple(data.draw(st.permutations(case.party.companions))),
        family=tuple(data.draw(st.permutations(case.party.family))),
    )
    one, other = case.settle(), case.settle(turned)
    if isinstance(one, Settlement):
        assert isinstance(other, Settlement)
        assert (one.due_yen, one.paid, one.after) == (other.due_yen, other.paid, other.after)
    else:
        assert one == other


@given(case=_cases())
def test_gen_22_cancelling_restores_the_card(case: Case) -> None:
    done = case.settle()
    if isinstance(done, Refusal):
        return
    assert cancel(done.after, done.before) == case.card


@given(case=_cases())
def test_pass_4_under_cheaper_a_named_pass_never_costs_more_than_none(case: Case) -> None:
    without = case._replace(card=case.card._replace(held_pass=None)).settle()
    with_pass = case.settle()
    if case.rulebook.excess == "cheaper" and isinstance(without, Settlement) and isinstance(with_pass, Settlement):
        assert with_pass.due_yen <= without.due_yen


@given(
    rulebook=st.sampled_from(RULEBOOKS),
    purse=st.sampled_from(Purse),
    paid_yen=st.integers(-2_000, 25_000) | st.integers(-2, 25).map(lambda thousands: thousands * 1_000),
    data=st.data(),
)
def test_gen_3_nor_3_a_top_up_adds_what_was_paid_and_its_premium_or_nothing(
    rulebook: Rulebook, purse: Purse, paid_yen: int, data: st.DataObject
) -> None:
    before = data.draw(_cards(rulebook))
    done = top_up(before, purse, paid_yen, TODAY, rulebook)
    if isinstance(done, ToppedUp):
        assert 0 < done.paid_yen == paid_yen <= done.added_yen
        assert money_yen(done.after) == money_yen(before) + done.added_yen <= CAP_YEN
        assert balance_yen(done.after, purse) == balance_yen(before, purse) + done.added_yen
