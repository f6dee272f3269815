"""Every setting that the tariff reads changes an outcome: a setting that changes nothing is dead, or misread."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

import pytest

from tariff.account import AutoCharge, Coupons, HolderKind, Points
from tariff.auto_charge import check_arrangement
from tariff.cards import Applicant, CardSale, not_offered, sell_card
from tariff.coupons import CouponPayment, CouponRide, Tickets, book_price, pay_with_coupons, refund_book
from tariff.operator_file import SETTINGS, parse
from tariff.products import Buyer, Order, Price, Purchase, Sale, price, sell
from tariff.purses import Payment, ToppedUp, top_up, top_up_by_note
from tariff.refunds import Refund, Reissue, ReissueFee, refund_card, refund_pass, reissue
from tariff.refusal import Refusal
from tariff.riders import HOLDER_ALONE, Attendant, Handbook, Party, Piece, RiderClass
from tariff.rulebook import Purse, Rulebook
from tariff.settle import settle
from tariff.single_tap import taps_on
from tests.tariff.examples import (
    ADULT,
    CHILD,
    HAKUHO_LINE,
    TODAY,
    card,
    held,
    operator_entry,
    operator_file,
    ride,
    section,
)
from tests.tariff.test_auto_charge import arranged

READ_BY_THE_TERMINAL = {"taps.open_ride", "taps.guard_s"}
"""farebox.tap asks for `open_ride`, farebox.terminal for `guard_s`."""
NAMES = {
    *("scheme", "name", "effective", "companies.name", "areas.name", "lines.name", "products.name", "flat_fares.name"),
    *("coupons.name", "card_kinds.name"),
}
"""What a rulebook or an entry is called, and since when a rulebook holds (GEN-5, GEN-21)."""
SHOWN = {
    *(
        "products.title",
        "products.papers",
        "card_kinds.title",
        "card_kinds.papers",
        "card_kinds.holder",
        "areas.rule",
        "lines.rule",
    ),
    *("auto_charge.first_trigger_yen", "auto_charge.first_amount_yen"),
    *("auto_charge.first_day_cap_yen", "auto_charge.first_month_cap_yen"),
}
"""What the counter prints or writes on a new card, and what the portal offers; nothing is reckoned with it."""

ANY = '"not configured"'
NONE = '"none"'
Outcome = Callable[[Rulebook], Any]


def _said(outcome: Any) -> Any:
    """A refusal by its code alone."""
    return str(outcome.code) if isinstance(outcome, Refusal) else outcome


# -- rides


def _ride(
    *,
    stored_fare_yen: int = 5_000,
    holder: HolderKind = HolderKind.ADULT,
    sold: tuple[str, str] | None = None,
    one_way: bool = False,
    product: int = 1,
    area: int = 0,
    line: int = 0,
    auto_charge: bool = False,
    party: Party = HOLDER_ALONE,
    payment: Payment = Payment.CARD,
    scheme: str = "lococa",
    named: bool | None = None,
    service: str = "ordinary",
    departs: str = "08:00",
    points: Points | None = None,
    coupons: Coupons | None = None,
) -> Outcome:
    """Settle the ride from 磐城棚倉 to 新白河, 500 yen, and tell the outcome in a word."""
    bought = (section(*sold, one_way=one_way),) if sold else ()
    account = card(
        stored_fare_yen,
        held(*bought, product=product, area=area, line=line) if sold or area or line or product != 1 else None,
        holder,
        scheme=scheme,
        named=named,
        auto_charge=arranged() if auto_charge else None,
        points=points,
        coupons=coupons,
    )

    def told(rulebook: Rulebook) -> str:
        taken = ride(HAKUHO_LINE, "磐城棚倉", "新白河", service=service, departs=departs)
        outcome = settle(taken, account, party, rulebook, payment)
        if isinstance(outcome, Refusal):
            return f"{outcome.code} {outcome.short_yen}".removesuffix(" 0")
        by_card = "" if outcome.cash_yen == outcome.due_yen > 0 else f"{outcome.paid.card_yen} card"
        cash = f"{outcome.cash_yen} cash" if outcome.cash_yen else ""
        added = f"{outcome.auto_charged_yen} added" if outcome.auto_charged_yen else ""
        return ", ".join(part for part in (by_card, cash, added) if part)

    return told


EXAMPLE_3 = ("実業高校前", "南湖公園")
WHOLE = ("磐城棚倉", "新白河")
HALF = ("磐城棚倉", "南湖公園")


def _two(*companions: RiderClass) -> Party:
    return Party(companions=companions)


def _paying_purse(**account: Any) -> Outcome:
    """Which rules stand in the lines of payment."""

    def told(rulebook: Rulebook) -> Any:
        outcome = settle(ride(HAKUHO_LINE, *WHOLE), card(**account), HOLDER_ALONE, rulebook)
        return (
            _said(outcome)
            if isinstance(outcome, Refusal)
            else [(purse.value, yen) for purse, yen in outcome.paid.purses]
        )

    return told


def _payment_rule(rulebook: Rulebook) -> Any:
    outcome = settle(ride(HAKUHO_LINE, *WHOLE), card(5_000), HOLDER_ALONE, rulebook)
    return _said(outcome) if isinstance(outcome, Refusal) else outcome.lines[1].rule


def _flat_rule(rulebook: Rulebook) -> Any:
    outcome = settle(
        ride(HAKUHO_LINE, *WHOLE, departs="10:00"), card(5_000, held(section(*HALF))), HOLDER_ALONE, rulebook
    )
    return _said(outcome) if isinstance(outcome, Refusal) else outcome.lines[0].rule


def _earned(rulebook: Rulebook) -> Any:
    outcome = settle(ride(HAKUHO_LINE, *WHOLE), card(5_000), HOLDER_ALONE, rulebook)
    return _said(outcome) if isinstance(outcome, Refusal) else outcome.earned_points


def _luggage(weight_g: int, volume_cm3: int, length_mm: int) -> Outcome:
    return _ride(party=Party(luggage=(Piece(weight_g, volume_cm3, length_mm),)))


def _company_number(rulebook: Rulebook) -> int | None:
    company = rulebook.company_of("JRバス関東 白河支店")
    return company.number if company else None


# -- the counter


def _topped_up(paid_yen: int, balance_yen: int = 0) -> Outcome:
    def told(rulebook: Rulebook) -> Any:
        outcome = top_up(card(balance_yen), Purse.STORED_FARE, paid_yen, TODAY, rulebook)
        return outcome.added_yen if isinstance(outcome, ToppedUp) else _said(outcome)

    return told


def _note(balance_yen: int) -> Outcome:
    def told(rulebook: Rulebook) -> Any:
        outcome = top_up_by_note(card(balance_yen), 1_000, TODAY, rulebook)
        return outcome.added_yen if isinstance(outcome, ToppedUp) else _said(outcome)

    return told


def _arranged(rulebook: Rulebook) -> Any:
    return _said(check_arrangement(AutoCharge(300, 2_000, 50_000, 99_000), rulebook))


def _card_sold(kind: str = "general", *, named: bool = True, price_yen: int = 1_000) -> Outcome:
    def told(rulebook: Rulebook) -> Any:
        applicant = Applicant(TODAY, birth=date(2016, 5, 1))
        outcome = sell_card(kind, price_yen, applicant, rulebook, named=named)
        return outcome.stored_fare_yen if isinstance(outcome, CardSale) else _said(outcome)

    return told


def _card_until(rulebook: Rulebook) -> Any:
    outcome = sell_card("general", 1_000, Applicant(TODAY, birth=date(2016, 5, 1)), rulebook, named=True)
    return outcome.expires if isinstance(outcome, CardSale) else _said(outcome)


def _kind_rule(rulebook: Rulebook) -> Any:
    outcome = sell_card("general", 1_000, Applicant(TODAY), rulebook, named=False)
    return outcome.rule if isinstance(outcome, Refusal) else outcome


def _card_back(rulebook: Rulebook) -> Any:
    outcome = refund_card(card(1_000), TODAY, rulebook)
    return (outcome.yen, outcome.lines[0].rule) if isinstance(outcome, Refund) else _said(outcome)


def _pass_back(rulebook: Rulebook) -> Any:
    outcome = refund_pass(card(0, held(section(*WHOLE, 230))), 9_660, TODAY.replace(day=1), rulebook)
    return outcome.yen if isinstance(outcome, Refund) else _said(outcome)


def _area_pass_back(rulebook: Rulebook) -> Any:
    outcome = refund_pass(card(0, held(area=1)), 9_660, TODAY.replace(day=5), rulebook)
    return outcome.yen if isinstance(outcome, Refund) else _said(outcome)


def _reissued(rulebook: Rulebook) -> Any:
    applied, day = TODAY.replace(day=1), TODAY.replace(day=15)
    outcome = reissue(card(0, named=True), Reissue.LOST, applied, day, rulebook)
    return outcome.fee_yen if isinstance(outcome, ReissueFee) else _said(outcome)


def _voided(rulebook: Rulebook) -> Any:
    refusal = not_offered("void", rulebook)
    return _said(refusal) if refusal else "void"


# -- passes


def _priced(product: str = "commuter", **asked: Any) -> Outcome:
    wanted: dict[str, Any] = {"first_day": TODAY, "months": 1, "fare_yen": 230} | asked

    def told(rulebook: Rulebook) -> Any:
        outcome = price(Purchase(product, **wanted), rulebook)
        return outcome.yen if isinstance(outcome, Price) else _said(outcome)

    return told


def _price_rule(rulebook: Rulebook) -> Any:
    outcome = price(Purchase("commuter", TODAY, months=12, fare_yen=230), rulebook)
    return outcome.rule if isinstance(outcome, Refusal) else outcome


def _sold(
    wanted: Callable[[Sale], Any],
    *,
    named: bool = True,
    holder: HolderKind = HolderKind.ADULT,
    days_before: int = 0,
    birth: date | None = date(1990, 1, 1),
    ends: tuple[str, str] = ("駅前", "遠方"),
    **asked: Any,
) -> Outcome:
    """Sell a commuter pass from 2026-12-20 on; what is asked of the sale, or why there is none."""

    def told(rulebook: Rulebook) -> Any:
        first_day = date(2026, 12, 20)
        purchase = Purchase("commuter", **({"months": 1, "fare_yen": 230} | asked), first_day=first_day, holder=holder)
        start, end = (section(*ends).from_stop, section(*ends).to_stop)
        sold_on = date.fromordinal(first_day.toordinal() - days_before)
        sections = (section(*ends, 230),) if purchase.fare_yen else ()
        order = Order(purchase, sold_on, 0, sections, dict(zip((start, end), ends, strict=True)))
        outcome = sell(order, Buyer(card(0, holder=holder, named=named), birth), rulebook)
        return wanted(outcome) if isinstance(outcome, Sale) else _said(outcome)

    return told


# -- coupons

NOON_ON_THE_1ST = CouponRide(date(2026, 11, 1), 12 * 3_600, 12 * 3_600)
AT_FOUR = CouponRide(date(2026, 11, 1), 16 * 3_600 + 1, 16 * 3_600 + 1)
SECOND = CouponRide(date(2026, 11, 2), 12 * 3_600, 12 * 3_600)


def _coupons(at: CouponRide, number: int = 1, issued: date = date(2026, 1, 1), book: str = "himawari") -> Outcome:
    """The cash for a ride of 500 yen, tickets of 100 used."""

    def told(rulebook: Rulebook) -> Any:
        outcome = pay_with_coupons((500,), (Tickets(book, 100, number, issued),), at, rulebook)
        return outcome.cash_yen if isinstance(outcome, CouponPayment) else _said(outcome)

    return told


def _after_another_book(rulebook: Rulebook) -> Any:
    """A ticket of a book without bounds, and three of the bounded one."""
    tickets = tuple(Tickets(book, 100, number, date(2026, 1, 1)) for book, number in (("ordinary", 1), ("himawari", 3)))
    outcome = pay_with_coupons((500,), tickets, NOON_ON_THE_1ST, rulebook)
    return outcome.cash_yen if isinstance(outcome, CouponPayment) else _said(outcome)


def _coupon_rule(rulebook: Rulebook) -> Any:
    outcome = pay_with_coupons((500,), (Tickets("himawari", 70, 1),), SECOND, rulebook)
    return f"{outcome.rule} {outcome.detail}" if isinstance(outcome, Refusal) else outcome


def _book(rulebook: Rulebook) -> Any:
    return _said(book_price("himawari", 230, rulebook))


def _book_back(rulebook: Rulebook) -> Any:
    return _said(refund_book("himawari", (), 230, rulebook))


def _seven_used(rulebook: Rulebook) -> Any:
    return _said(refund_book("himawari", ((230, 7),), 230, rulebook))


RIDES = {"coupons.tickets": "[]", "coupons.price_yen": NONE, "coupons.rides": "6", "coupons.fares_for_price": "5"}
PLAIN = {"coupons.hours": NONE, "coupons.days": "[]", "coupons.surcharge_yen": "0", "coupons.surcharge_per_yen": "0"}


class Change(NamedTuple):
    """A setting, what it changes from and to, the outcome with each, and what else stands in the file."""

    key: str
    was: str
    now: str
    outcome: Outcome
    outcome_was: Any
    outcome_now: Any
    beside: Mapping[str, str] = {}
    more: str = ""


NO_NOTES = {"top_up.bus_notes_yen": ANY, "top_up.bus_refused_from_yen": ANY}
ECO_TODAY = {"flat_fares.holidays_only": "false"}
NO_STUDENT = {"flat_fares.two_way_only": "false", "flat_fares.holidays_only": "false"}
AREA_PASS = {
    "products.scope": '"area"',
    "products.areas": '["市内"]',
    "products.with_area": NONE,
    "products.directions": '"two-way"',
    "products.price": '{ by = "fare", rides = 60, one_way_rides = "none", percent = 70, month_percents = [] }',
    "areas.stops": '["磐城棚倉", "実業高校前", "駅前"]',
}
LINE_PASS = {
    "products.scope": '"line"',
    "products.line": '"周遊"',
    "products.with_area": NONE,
    "products.directions": '"two-way"',
    "products.price": '{ by = "fare", rides = 60, one_way_rides = "none", percent = 70, month_percents = [] }',
    "lines.routes": '["白棚線"]',
}
PLAIN_PASS = {"products.least_age": NONE}
BEARER = {"products.bearer": "true", "products.least_age": NONE}
PRICE = '{{ by = "fare", rides = {}, one_way_rides = {}, percent = {}, month_percents = {} }}'
LATE = {"products.late_services": '["highway"]', "products.late_days_before": "1"}
TERM = '{ first = "12-20", last = "03-31", percent_off = 25, renewal_percent_off = 0, follows = [] }'
OF_A_TERM = {"products.months": "[]", "products.portal_months": "[]", "products.odd_days": "false"}

CHANGES = [
    # -- the card and the ride
    Change(
        "stored_fare.cap_yen",
        "3_900",
        "3_899",
        _ride(stored_fare_yen=900, auto_charge=True),
        "500 card, 3000 added",
        "500 card",
        NO_NOTES,
    ),
    Change("cards.accepted_schemes", "[]", '["suica"]', _ride(scheme="suica"), "foreign-card", "500 card"),
    Change("cards.excluded_services", "[]", '["highway"]', _ride(service="highway"), "500 card", "excluded-service"),
    Change("passes.excess", '"cheaper"', '"separate"', _ride(sold=EXAMPLE_3), "500 card", "550 card"),
    *(
        Change(
            "party.holder_only",
            "[]",
            f'["{kind.name.lower().replace("_", "-")}"]',
            _ride(holder=kind, party=_two(ADULT)),
            f"{due_yen} card",
            "holder-only",
        )
        for kind, due_yen in zip(HolderKind, (1_000, 750, 750, 630), strict=True)
    ),
    Change(
        "party.named_holder_only", "false", "true", _ride(named=True, party=_two(ADULT)), "1000 card", "holder-only"
    ),
    Change(
        "party.companions_excluded_services",
        "[]",
        '["highway"]',
        _ride(service="highway", party=_two(ADULT)),
        "1000 card",
        "holder-only",
        {"cards.excluded_services": "[]"},
    ),
    Change(
        "taps.boarding_only_routes",
        "[]",
        '["白棚"]',
        lambda book: taps_on(HAKUHO_LINE.pattern, book),
        "both",
        "boarding",
    ),
    Change(
        "taps.alighting_only_routes",
        "[]",
        '["白棚"]',
        lambda book: taps_on(HAKUHO_LINE.pattern, book),
        "both",
        "alighting",
    ),
    Change(
        "shortage.mixed_multiple_yen",
        "10",
        "50",
        _ride(stored_fare_yen=195, payment=Payment.PART_CASH),
        "190 card, 310 cash",
        "150 card, 350 cash",
    ),
    Change(
        "shortage.mixed_multiple_yen",
        "10",
        "1",
        _ride(stored_fare_yen=195, payment=Payment.PART_CASH),
        "190 card, 310 cash",
        "195 card, 305 cash",
    ),
    Change("riders.child_percent", "50", "60", _ride(holder=HolderKind.CHILD), "250 card", "300 card"),
    Change("riders.disabled_percent", "50", "70", _ride(holder=HolderKind.DISABLED_ADULT), "250 card", "350 card"),
    Change("riders.round_up_to_yen", "10", "100", _ride(holder=HolderKind.CHILD), "250 card", "300 card"),
    Change(
        "riders.infants_free", "2", "1", _ride(party=_two(RiderClass.INFANT, RiderClass.INFANT)), "500 card", "750 card"
    ),
    Change(
        "riders.attendants_half",
        '["mental"]',
        '["physical-1"]',
        _ride(party=Party(attendants=(Attendant(Handbook.MENTAL),))),
        "750 card",
        "1000 card",
    ),
    Change("luggage.from_g", "10_000", "9_999", _luggage(9_999, 1, 1), "500 card", "750 card"),
    Change("luggage.to_g", "30_000", "29_999", _luggage(30_000, 1, 1), "750 card", "not-carried"),
    Change("luggage.from_cm3", "27_000", "26_999", _luggage(1, 26_999, 1), "500 card", "750 card"),
    Change("luggage.to_cm3", "250_000", "249_999", _luggage(1, 250_000, 1), "750 card", "not-carried"),
    Change("luggage.from_mm", "1_000", "999", _luggage(1, 1, 999), "500 card", "750 card"),
    Change("luggage.to_mm", "2_000", "1_999", _luggage(1, 1, 2_000), "750 card", "not-carried"),
    Change("points.earned_percent", "3", "4", _earned, 15, 20),
    Change(
        "points.lapse_months",
        "12",
        "11",
        _ride(stored_fare_yen=0, points=Points(500, date(2025, 12, 1))),
        "500 card",
        "short 500",
    ),
    Change("holidays.own_dates", "[]", "[2026-11-20]", lambda book: book.holidays.has(TODAY), False, True),
    Change("holidays.own_month_days", "[]", '["11-20"]', lambda book: book.holidays.has(TODAY), False, True),
    Change("companies.number", "0", "1", _company_number, 0, 1),
    Change(
        "companies.agencies",
        '["JRバス関東"]',
        '["新常磐交通"]',
        lambda book: book.company_of("新常磐交通") is None,
        True,
        False,
    ),
    Change(
        "services.name",
        '"highway"',
        '"express"',
        lambda book: book.service_of(0, "R1", "高速バス新潟線"),
        "highway",
        "express",
        {
            "cards.excluded_services": "[]",
            "party.companions_excluded_services": "[]",
            "areas.excluded_services": "[]",
            "products.late_services": "[]",
            "products.late_days_before": "0",
            "flat_fares.excluded_services": "[]",
        },
    ),
    Change(
        "services.routes",
        '["高速バス"]',
        '["白棚線"]',
        lambda book: book.service_of(0, "R1", "白棚線"),
        "ordinary",
        "highway",
    ),
    Change(
        "services.companies",
        "[]",
        "[0]",
        lambda book: book.service_of(1, "R1", "高速バス新潟線"),
        "highway",
        "ordinary",
    ),
    # -- purses
    Change(
        "purses.name",
        '"stored-fare"',
        '"regular"',
        _paying_purse(stored_fare_yen=600, coupons=Coupons(700, 0, 0)),
        [("stored-fare", 500)],
        [("regular", 500)],
        {**NO_NOTES, "auto_charge.offered": "false", "cards.accepted_schemes": "[]"},
    ),
    Change("purses.rule", '"GEN-3"', '"IGP-5"', _payment_rule, "GEN-3", "IGP-5"),
    Change(
        "purses.whole",
        "false",
        "true",
        _ride(stored_fare_yen=300, payment=Payment.PART_CASH),
        "300 card, 200 cash",
        "500 cash",
    ),
    Change("purses.days", "[]", "[1, 11, 21]", _ride(), "500 card", "short 500"),
    Change("purses.holder_only", "false", "true", _ride(party=_two(CHILD)), "750 card", "short 250"),
    Change("purses.premium_percent", "10", "20", _topped_up(1_000), 1_100, 1_200),
    Change("top_up.multiple_yen", "500", "1_000", _topped_up(1_500), 1_650, "not-sold"),
    Change("top_up.bus_notes_yen", "[1_000]", "[5_000]", _note(0), 1_100, "not-sold"),
    Change("top_up.bus_refused_from_yen", "10_001", "10_000", _note(10_000), 1_100, "over-cap"),
    # -- auto-charge
    Change(
        "auto_charge.offered",
        "true",
        "false",
        _ride(stored_fare_yen=900, auto_charge=True),
        "500 card, 3000 added",
        "500 card",
    ),
    Change(
        "auto_charge.on_zero_fare",
        "true",
        "false",
        _ride(stored_fare_yen=900, auto_charge=True, sold=WHOLE),
        "0 card, 3000 added",
        "0 card",
    ),
    Change(
        "auto_charge.trigger_step_yen",
        "100",
        "200",
        _arranged,
        None,
        "not-sold",
        {"auto_charge.first_trigger_yen": "400"},
    ),
    Change(
        "auto_charge.amount_step_yen",
        "1_000",
        "4_000",
        _arranged,
        None,
        "not-sold",
        {
            "auto_charge.first_amount_yen": "4_000",
            "auto_charge.first_day_cap_yen": "4_000",
            "auto_charge.first_month_cap_yen": "4_000",
        },
    ),
    Change(
        "auto_charge.most_yen",
        "10_000",
        "1_000",
        _arranged,
        None,
        "not-sold",
        {"auto_charge.first_amount_yen": "1_000"},
    ),
    Change(
        "auto_charge.most_cap_yen",
        "99_000",
        "98_000",
        _arranged,
        None,
        "not-sold",
        {"auto_charge.first_month_cap_yen": "98_000"},
    ),
    # -- the counter
    Change("counter.deposit_yen", "500", "400", _card_sold(), 500, 600),
    Change("counter.sold_at_yen", "[1_000, 2_000]", "[2_000]", _card_sold(), 500, "not-sold"),
    Change("counter.card_refund", '"separate-fees"', '"joint-fees"', _card_back, (1_280, "LOC-18"), (1_280, "IGP-25")),
    Change("counter.card_refund_fee_yen", "220", "300", _card_back, (1_280, "LOC-18"), (1_200, "LOC-18")),
    Change("counter.pass_refund_fee_yen", "520", "500", _pass_back, 9_140, 9_160),
    Change("counter.coupon_refund_fee_yen", "200", "300", _book_back, 800, 700),
    Change("counter.lost_reissue_fee_yen", "530", "520", _reissued, 530, 520),
    Change("counter.slip_days", "14", "13", _reissued, 530, "not-eligible"),
    Change("counter.procedures", '["void"]', "[]", _voided, "void", "not-configured"),
    # -- areas and lines
    Change("areas.number", "1", "2", _ride(area=1), "320 card", "not-configured", AREA_PASS | PLAIN_PASS),
    Change("areas.fare_yen", "230", "270", _area_pass_back, 8_680, 8_600, AREA_PASS),
    Change(
        "areas.stops",
        '["磐城棚倉", "実業高校前", "駅前"]',
        '["磐城棚倉", "実業高校前", "南湖公園", "駅前"]',
        _ride(area=1),
        "320 card",
        "250 card",
        AREA_PASS,
    ),
    Change("areas.gates", '["駅前"]', '["東口"]', _sold(lambda sale: sale.held.area), 1, 0),
    Change(
        "areas.excluded_services",
        "[]",
        '["highway"]',
        _ride(area=1, service="highway"),
        "320 card",
        "500 card",
        AREA_PASS | {"cards.excluded_services": "[]"},
    ),
    Change("lines.number", "1", "2", _ride(line=1), "0 card", "not-configured", LINE_PASS),
    Change("lines.fare_yen", "210", "230", _priced(fare_yen=None), 8_820, 9_660, LINE_PASS),
    Change("lines.routes", '["白棚線"]', '["市内線"]', _ride(line=1), "0 card", "500 card", LINE_PASS),
    # -- passes
    Change("products.number", "1", "2", _ride(sold=WHOLE), "0 card", "not-configured"),
    Change("products.rule", '"AZF-30"', '"LOC-11"', _price_rule, "AZF-30", "LOC-11"),
    Change(
        "products.scope",
        '"section"',
        ANY,
        _ride(sold=WHOLE),
        "0 card",
        "not-configured",
        {"products.directions": '"two-way"', "products.with_area": NONE, "products.price": ANY},
    ),
    Change(
        "products.directions",
        '"either"',
        '"one-way"',
        _priced(),
        9_660,
        "not-sold",
        {"flat_fares.two_way_only": "false"},
    ),
    Change("products.bearer", "false", "true", _sold(lambda sale: sale.held.bearer), False, True, PLAIN_PASS),
    Change(
        "products.named_card",
        "true",
        "false",
        _sold(lambda sale: sale.price.yen, named=False),
        "not-eligible",
        9_660,
        BEARER,
    ),
    Change(
        "products.holder",
        '["adult"]',
        '["child"]',
        _sold(lambda sale: sale.price.yen),
        9_660,
        "not-eligible",
        more=operator_entry("card_kinds", name='"child"', holder='"child"'),
    ),
    Change("products.months", "[1, 3]", "[3]", _priced(), 9_660, "not-sold", {"products.odd_days": "false"}),
    Change(
        "products.portal_months",
        "[1, 2, 6]",
        "[2, 6]",
        _priced(portal=True),
        9_660,
        "not-sold",
        {"products.odd_days": "false"},
    ),
    Change("products.odd_days", "true", "false", _priced(months=None, last_day=date(2026, 12, 25)), 11_590, "not-sold"),
    *(
        Change("products.price", PRICE.format(*shape), PRICE.format(*now), _priced(**asked), was_yen, now_yen)
        for shape, now, asked, was_yen, now_yen in (
            ((60, 30, 70, "[[3, 95]]"), (50, 30, 70, "[[3, 95]]"), {}, 9_660, 8_050),
            ((60, 30, 70, "[[3, 95]]"), (60, 20, 70, "[[3, 95]]"), {"one_way": True}, 4_830, 3_220),
            ((60, 30, 70, "[[3, 95]]"), (60, 30, 60, "[[3, 95]]"), {}, 9_660, 8_280),
            ((60, 30, 70, "[[3, 95]]"), (60, 30, 70, "[[3, 90]]"), {"months": 3}, 27_530, 26_080),
        )
    ),
    Change("products.price", PRICE.format(60, 30, 70, "[]"), ANY, _priced(), 9_660, "not-configured"),
    Change(
        "products.term",
        TERM,
        TERM.replace("25", "40"),
        _priced(first_day=date(2026, 12, 20), months=None),
        23_550,
        18_840,
        OF_A_TERM,
    ),
    Change("products.disabled_percent_off", "30", "0", _priced(holder=HolderKind.DISABLED_ADULT), 6_760, 9_660),
    Change("products.least_age", "36", "37", _sold(lambda sale: sale.price.yen), 9_660, "not-eligible"),
    Change(
        "products.areas",
        '["市内"]',
        '["郊外"]',
        _priced(fare_yen=None, area="市内"),
        9_660,
        "not-sold",
        AREA_PASS,
        operator_entry("areas", number="2", name='"郊外"'),
    ),
    Change(
        "products.line",
        '"周遊"',
        '"循環"',
        _priced(fare_yen=None),
        8_820,
        9_660,
        LINE_PASS,
        operator_entry("lines", number="2", name='"循環"', fare_yen="230"),
    ),
    Change("products.with_area", '"市内"', NONE, _sold(lambda sale: sale.held.area), 1, 0),
    Change("products.sold_days_before", "7", "6", _sold(lambda sale: sale.price.yen, days_before=7), 9_660, "not-sold"),
    Change(
        "products.late_services",
        "[]",
        '["highway"]',
        _sold(lambda sale: sale.price.yen, days_before=2, service="highway"),
        9_660,
        "not-sold",
        {"products.late_days_before": "0"},
    ),
    Change(
        "products.late_days_before",
        "1",
        "2",
        _sold(lambda sale: sale.price.yen, days_before=2, service="highway"),
        "not-sold",
        9_660,
    ),
    Change(
        "products.excluded_services",
        "[]",
        '["highway"]',
        _ride(sold=WHOLE, service="highway"),
        "0 card",
        "500 card",
        {"cards.excluded_services": "[]", "products.late_services": "[]", "products.late_days_before": "0"},
    ),
    # -- flat fares, on a Friday: the pass covers all but 250 yen
    Change("flat_fares.rule", '"AZF-61"', '"LOC-13"', _flat_rule, "AZF-61", "LOC-13", ECO_TODAY),
    Change(
        "flat_fares.products",
        '["commuter"]',
        '["student"]',
        _ride(sold=HALF, departs="10:00"),
        "100 card",
        "250 card",
        ECO_TODAY,
        operator_entry("products", number="2", name='"student"'),
    ),
    Change("flat_fares.holidays_only", "false", "true", _ride(sold=HALF, departs="10:00"), "100 card", "250 card"),
    Change(
        "flat_fares.departs_from",
        "10:00:00",
        "10:00:01",
        _ride(sold=HALF, departs="10:00"),
        "100 card",
        "250 card",
        ECO_TODAY,
    ),
    Change(
        "flat_fares.two_way_only",
        "false",
        "true",
        _ride(sold=HALF, one_way=True, departs="10:00"),
        "100 card",
        "250 card",
        ECO_TODAY,
    ),
    Change(
        "flat_fares.family",
        "true",
        "false",
        _ride(sold=WHOLE, departs="10:00", party=Party(family=(ADULT,))),
        "100 card",
        "500 card",
        ECO_TODAY,
    ),
    Change("flat_fares.adult_yen", "100", "110", _ride(sold=HALF, departs="10:00"), "100 card", "110 card", ECO_TODAY),
    Change(
        "flat_fares.child_yen",
        "60",
        "70",
        _ride(sold=HALF, departs="10:00", holder=HolderKind.CHILD),
        "60 card",
        "70 card",
        ECO_TODAY,
    ),
    Change(
        "flat_fares.disabled_adult_yen",
        "50",
        "40",
        _ride(sold=HALF, departs="10:00", holder=HolderKind.DISABLED_ADULT),
        "50 card",
        "40 card",
        ECO_TODAY,
    ),
    Change(
        "flat_fares.disabled_child_yen",
        "30",
        "20",
        _ride(sold=HALF, departs="10:00", holder=HolderKind.DISABLED_CHILD),
        "30 card",
        "20 card",
        ECO_TODAY,
    ),
    Change(
        "flat_fares.excluded_services",
        "[]",
        '["highway"]',
        _ride(sold=HALF, departs="10:00", service="highway"),
        "100 card",
        "250 card",
        ECO_TODAY | {"cards.excluded_services": "[]"},
    ),
    # -- coupons: one ticket of 100 yen for a fare of 500
    Change(
        "coupons.title",
        '"ひまわり回数券"',
        '"回数券"',
        _coupon_rule,
        "AZF-11 ひまわり回数券: no ticket of 70 yen",
        "AZF-11 回数券: no ticket of 70 yen",
    ),
    Change(
        "coupons.rule",
        '"AZF-11"',
        '"AZF-10"',
        _coupon_rule,
        "AZF-11 ひまわり回数券: no ticket of 70 yen",
        "AZF-10 ひまわり回数券: no ticket of 70 yen",
    ),
    Change("coupons.sold", "true", "false", _book, 1_000, "not-sold"),
    Change("coupons.price_yen", "1_000", "1_100", _book, 1_000, 1_100),
    Change("coupons.tickets", "[[50, 6], [100, 10]]", "[[50, 26]]", _coupons(NOON_ON_THE_1ST), 400, "coupon-refused"),
    Change("coupons.fares_for_price", "5", "4", _book, 1_150, 920, RIDES | PLAIN),
    Change("coupons.rides", "6", "7", _seven_used, "coupon-refused", 0, RIDES | PLAIN),
    Change("coupons.hours", "[10:00:00, 16:00:01]", "[10:00:00, 16:00:00]", _coupons(AT_FOUR), 400, 440),
    Change("coupons.days", "[1, 11, 21]", "[1, 2]", _coupons(SECOND), 440, 400),
    Change("coupons.surcharge_yen", "20", "10", _coupons(SECOND), 440, 420),
    Change("coupons.surcharge_per_yen", "50", "0", _coupons(SECOND), 440, 420),
    Change("coupons.surcharge_per_yen", "50", "60", _coupons(SECOND), 440, 420),  # 100 yen holds 60 yen once
    Change("coupons.most_per_rider", "3", "2", _coupons(NOON_ON_THE_1ST, 3), 200, "coupon-refused"),
    Change(
        "coupons.most_per_rider",
        "3",
        "2",
        _after_another_book,
        100,
        "coupon-refused",
        more=operator_entry("coupons", name='"ordinary"', most_per_rider=NONE),
    ),
    Change("coupons.valid_months", "12", "9", _coupons(NOON_ON_THE_1ST), 400, "coupon-refused"),
    # -- kinds of card
    Change("card_kinds.rule", '"LOC-1"', '"LOC-2"', _kind_rule, "LOC-1", "LOC-2"),
    Change(
        "card_kinds.named", '"named"', '"either"', _card_sold(named=False), "not-sold", 500, {"card_kinds.expiry": NONE}
    ),
    Change("card_kinds.expiry", '"school"', NONE, _card_until, date(2029, 3, 31), None),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{SETTINGS[change.key].rule} {change.key} {change.now}")
def test_a_setting_changes_an_outcome(change: Change) -> None:
    files = [operator_file(**{**change.beside, change.key: value}) + change.more for value in (change.was, change.now)]
    was, now = (parse(text, "toy.toml", frozenset()) for text in files)
    assert _said(change.outcome(was)) == change.outcome_was
    assert _said(change.outcome(now)) == change.outcome_now


def test_no_setting_is_left_out() -> None:
    assert {change.key for change in CHANGES} | NAMES | SHOWN | READ_BY_THE_TERMINAL == set(SETTINGS)
