"""The closed schema of an operator file: every key, the rule it serves and what it may hold.

SETTINGS and ARRAYS are all there is: no defaults, no expressions, and unknown keys are refused. The shape of a rule is
a word of the registry that holds its functions.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tariff.account import HolderKind
from tariff.cards import EXPIRY, PROCEDURES
from tariff.operator_file.values import (
    NONE,
    NOT_CONFIGURED,
    Read,
    Wrong,
    ascending,
    by_first,
    clock_s,
    day,
    list_of,
    month_day,
    one_of,
    or_word,
    pair,
    rule,
    set_of,
    switch,
    table,
    text,
    whole,
)
from tariff.passes import EXCESS
from tariff.refunds import CARD_REFUNDS
from tariff.riders import HANDBOOKS
from tariff.rulebook import (
    Area,
    CardKind,
    Company,
    CouponBook,
    FarePrice,
    FixedPrice,
    FlatFare,
    PassLine,
    Product,
    Purse,
    PurseRules,
    ServiceClass,
    Term,
)

# -- closed words

OTHER_CARDS = (
    "suica",
    "monorail-suica",
    "rinkai-suica",
    "pasmo",
    "kitaca",
    "manaca",
    "toica",
    "pitapa",
    "icoca",
    "sugoca",
    "hayakaken",
    "nimoca",
    "lococa",
    "iwate-green-pass",
    "noruca",
    "aizu-noruca",
)
"""Card schemes that a reader can be told to take for stored fare (GEN-21, IGP-2)."""

PAPERS = (
    "proof-of-attendance",  # 学生証など
    "school-certificate",  # 学校長の証明
    "proof-of-age",
    "application",
    "handbook",
    "identity-with-mental-handbook",
    "handbook-or-discount-certificate",  # 保護施設の長が発行する運賃割引証
    "public-certificate",  # 公的証明書等
)
"""What must be shown when a pass or a card is bought (LOC-12, LOC-20, IGP-3, NOR-4, AZF-35)."""

_MOST_YEN = 1_000_000
_MOST_STORED_FARE_YEN = (1 << 15) - 1
"""A card holds stored fare in 15 bits, whatever its layout."""
_MOST_CAP_YEN = 127_000
"""A card holds the caps of auto-charge as thousands, in 7 bits."""


# -- values of the trade


def _holder(value: Any) -> HolderKind:
    words = {kind.name.lower().replace("_", "-"): kind for kind in HolderKind}
    return words[one_of(tuple(words))(value)]


def _purse(value: Any) -> Purse:
    return Purse(one_of([purse.value for purse in Purse])(value))


_YEN = whole(0, _MOST_YEN)
_SOME_YEN = whole(1, _MOST_YEN)
_MONTHS = whole(1, 12)
_PERCENT = whole(0, 100)
_SOME_PERCENT = whole(1, 100)
_DAYS_OF_MONTH = ascending(whole(1, 31))
_CARD_NUMBER = whole(1, 255)
_COMPANY_NUMBER = whole(0, 1)

_FARE_PRICE = table(
    {
        "by": one_of(["fare"]),
        "rides": whole(1, 1_000),
        "one_way_rides": or_word(NONE, whole(1, 1_000)),
        "percent": _SOME_PERCENT,
        "month_percents": by_first(pair(whole(2, 12), _SOME_PERCENT)),
    }
)
_FIXED_PRICE = table(
    {
        "by": one_of(["period"]),
        "yen": by_first(pair(_MONTHS, _SOME_YEN)),
    }
)
_TERM = table(
    {
        "first": month_day,
        "last": month_day,
        "percent_off": _PERCENT,
        "renewal_percent_off": _PERCENT,
        "follows": list_of(text),
    }
)


def _price(value: Any) -> FarePrice | FixedPrice:
    match value:
        case {"by": "fare"}:
            return FarePrice(*_FARE_PRICE(value)[1:])
        case {"by": "period"}:
            return FixedPrice(*_FIXED_PRICE(value)[1:])
    raise Wrong('must be a table, by = "fare" or by = "period"')


def _term(value: Any) -> Term:
    return Term(*_TERM(value))


# -- the schema


class Setting(NamedTuple):
    """A key of an operator file: the rule it serves, and how its value is read and checked."""

    rule: str
    read: Read


SETTINGS: Mapping[str, Setting] = {
    "scheme": Setting("GEN-21", text),
    "name": Setting("GEN-21", text),
    "effective": Setting("GEN-5", day),
    "stored_fare.cap_yen": Setting("GEN-3", whole(1, _MOST_STORED_FARE_YEN)),
    "cards.accepted_schemes": Setting("GEN-21", set_of(one_of(OTHER_CARDS))),
    "cards.excluded_services": Setting("GEN-15", set_of(text)),
    "passes.excess": Setting("PASS-5", one_of(EXCESS)),
    "party.holder_only": Setting("GEN-18", set_of(_holder)),
    "party.named_holder_only": Setting("GEN-18", switch),
    "party.companions_excluded_services": Setting("NOR-6", set_of(text)),
    "taps.boarding_only_routes": Setting("GEN-6", list_of(text)),
    "taps.alighting_only_routes": Setting("GEN-6", list_of(text)),
    "taps.open_ride": Setting("GEN-8", one_of(["clear", "refuse"])),
    "taps.guard_s": Setting("GEN-9", whole(0, 600)),
    "shortage.mixed_multiple_yen": Setting("GEN-10", whole(1, 1_000)),
    "riders.child_percent": Setting("GEN-2", _SOME_PERCENT),
    "riders.disabled_percent": Setting("GEN-2", _SOME_PERCENT),
    "riders.round_up_to_yen": Setting("GEN-2", whole(1, 100)),
    "riders.infants_free": Setting("AZF-1", or_word(NOT_CONFIGURED, whole(0, 10))),
    "riders.attendants_half": Setting("AZF-20", or_word(NOT_CONFIGURED, set_of(one_of(sorted(HANDBOOKS))))),
    "luggage.from_g": Setting("AZF-2", or_word(NOT_CONFIGURED, whole(1, 1_000_000))),
    "luggage.to_g": Setting("AZF-2", or_word(NOT_CONFIGURED, whole(1, 1_000_000))),
    "luggage.from_cm3": Setting("AZF-2", or_word(NOT_CONFIGURED, whole(1, 10_000_000))),
    "luggage.to_cm3": Setting("AZF-2", or_word(NOT_CONFIGURED, whole(1, 10_000_000))),
    "luggage.from_mm": Setting("AZF-2", or_word(NOT_CONFIGURED, whole(1, 10_000))),
    "luggage.to_mm": Setting("AZF-2", or_word(NOT_CONFIGURED, whole(1, 10_000))),
    "points.earned_percent": Setting("IGP-28", or_word(NONE, _SOME_PERCENT)),
    "points.lapse_months": Setting("IGP-30", or_word(NONE, whole(1, 120))),
    "top_up.multiple_yen": Setting("GEN-3", whole(1, 10_000)),
    "top_up.bus_notes_yen": Setting("LOC-8", or_word(NOT_CONFIGURED, ascending(_SOME_YEN, least=1))),
    "top_up.bus_refused_from_yen": Setting("LOC-10", or_word(NOT_CONFIGURED, _SOME_YEN)),
    "auto_charge.offered": Setting("AUT-2", switch),
    "auto_charge.on_zero_fare": Setting("AUT-5", switch),
    "auto_charge.trigger_step_yen": Setting("AUT-1", or_word(NONE, _SOME_YEN)),
    "auto_charge.amount_step_yen": Setting("AUT-1", or_word(NONE, _SOME_YEN)),
    "auto_charge.most_yen": Setting("AUT-1", or_word(NONE, _SOME_YEN)),
    "auto_charge.most_cap_yen": Setting("AUT-1", or_word(NONE, whole(1, _MOST_CAP_YEN))),
    "auto_charge.first_trigger_yen": Setting("AUT-1", or_word(NONE, _SOME_YEN)),
    "auto_charge.first_amount_yen": Setting("AUT-1", or_word(NONE, _SOME_YEN)),
    "auto_charge.first_day_cap_yen": Setting("AUT-1", or_word(NONE, _SOME_YEN)),
    "auto_charge.first_month_cap_yen": Setting("AUT-1", or_word(NONE, _SOME_YEN)),
    "holidays.own_dates": Setting("GEN-20", set_of(day)),
    "holidays.own_month_days": Setting("GEN-20", set_of(month_day)),
    "counter.deposit_yen": Setting("LOC-4", or_word(NOT_CONFIGURED, _YEN)),
    "counter.sold_at_yen": Setting("LOC-4", or_word(NOT_CONFIGURED, ascending(_SOME_YEN, least=1))),
    "counter.card_refund": Setting("LOC-18", or_word(NOT_CONFIGURED, one_of(CARD_REFUNDS))),
    "counter.card_refund_fee_yen": Setting("LOC-18", or_word(NOT_CONFIGURED, _YEN)),
    "counter.pass_refund_fee_yen": Setting("AZF-50", or_word(NOT_CONFIGURED, _YEN)),
    "counter.coupon_refund_fee_yen": Setting("AZF-14", or_word(NOT_CONFIGURED, _YEN)),
    "counter.lost_reissue_fee_yen": Setting("LOC-16", or_word(NOT_CONFIGURED, _YEN)),
    "counter.slip_days": Setting("LOC-16", or_word(NOT_CONFIGURED, whole(1, 366))),
    "counter.procedures": Setting("GEN-17", or_word(NOT_CONFIGURED, set_of(one_of(PROCEDURES)))),
    "companies.number": Setting("LOC-6", _COMPANY_NUMBER),
    "companies.name": Setting("LOC-6", text),
    "companies.agencies": Setting("LOC-6", list_of(text, least=1)),
    "services.name": Setting("GEN-15", text),
    "services.routes": Setting("GEN-15", list_of(text, least=1)),
    "services.companies": Setting("LOC-6", set_of(_COMPANY_NUMBER)),
    "purses.name": Setting("NOR-10", _purse),
    "purses.rule": Setting("NOR-10", rule),
    "purses.whole": Setting("IGP-5", switch),
    "purses.days": Setting("NOR-3", _DAYS_OF_MONTH),
    "purses.holder_only": Setting("NOR-10", switch),
    "purses.premium_percent": Setting("NOR-3", _PERCENT),
    "areas.number": Setting("AZF-52", _CARD_NUMBER),
    "areas.name": Setting("AZF-52", text),
    "areas.rule": Setting("AZF-52", rule),
    "areas.fare_yen": Setting("AZF-52", or_word(NOT_CONFIGURED, _SOME_YEN)),
    "areas.stops": Setting("AZF-52", or_word(NOT_CONFIGURED, set_of(text, least=2))),
    "areas.gates": Setting("AZF-51", set_of(text)),
    "areas.excluded_services": Setting("AZF-51", set_of(text)),
    "lines.number": Setting("AZF-54", _CARD_NUMBER),
    "lines.name": Setting("AZF-54", text),
    "lines.rule": Setting("AZF-54", rule),
    "lines.fare_yen": Setting("AZF-54", or_word(NOT_CONFIGURED, _SOME_YEN)),
    "lines.routes": Setting("AZF-54", list_of(text, least=1)),
    "products.number": Setting("PASS-1", whole(1, 63)),
    "products.name": Setting("PASS-1", text),
    "products.title": Setting("PASS-1", text),
    "products.rule": Setting("PASS-1", rule),
    "products.scope": Setting("PASS-1", or_word(NOT_CONFIGURED, one_of(["section", "area", "line", "network"]))),
    "products.directions": Setting("PASS-1", one_of(["two-way", "one-way", "either"])),
    "products.bearer": Setting("PASS-7", switch),
    "products.named_card": Setting("LOC-11", switch),
    "products.holder": Setting("IGP-3", set_of(_holder)),
    "products.months": Setting("AZF-30", ascending(_MONTHS)),
    "products.portal_months": Setting("AZF-30", ascending(_MONTHS)),
    "products.odd_days": Setting("AZF-30", switch),
    "products.price": Setting("AZF-31", or_word(NOT_CONFIGURED, _price)),
    "products.term": Setting("AZF-40", or_word(NONE, _term)),
    "products.disabled_percent_off": Setting("AZF-32", _PERCENT),
    "products.least_age": Setting("NOR-3", or_word(NONE, whole(1, 120))),
    "products.areas": Setting("AZF-52", list_of(text)),
    "products.line": Setting("AZF-54", or_word(NONE, text)),
    "products.with_area": Setting("AZF-51", or_word(NONE, text)),
    "products.sold_days_before": Setting("GEN-19", or_word(NOT_CONFIGURED, whole(0, 366))),
    "products.late_services": Setting("AZF-33", set_of(text)),
    "products.late_days_before": Setting("AZF-33", whole(0, 366)),
    "products.excluded_services": Setting("GEN-15", set_of(text)),
    "products.papers": Setting("LOC-12", list_of(one_of(PAPERS))),
    "flat_fares.name": Setting("AZF-63", text),
    "flat_fares.rule": Setting("AZF-63", rule),
    "flat_fares.products": Setting("AZF-63", list_of(text, least=1)),
    "flat_fares.holidays_only": Setting("AZF-61", switch),
    "flat_fares.departs_from": Setting("AZF-60", or_word(NONE, clock_s)),
    "flat_fares.two_way_only": Setting("AZF-60", switch),
    "flat_fares.family": Setting("AZF-61", switch),
    "flat_fares.adult_yen": Setting("AZF-61", _YEN),
    "flat_fares.child_yen": Setting("AZF-61", _YEN),
    "flat_fares.disabled_adult_yen": Setting("AZF-62", _YEN),
    "flat_fares.disabled_child_yen": Setting("AZF-62", _YEN),
    "flat_fares.excluded_services": Setting("AZF-62", set_of(text)),
    "coupons.name": Setting("AZF-10", text),
    "coupons.title": Setting("AZF-10", text),
    "coupons.rule": Setting("AZF-10", rule),
    "coupons.sold": Setting("AZF-10", switch),
    "coupons.price_yen": Setting("AZF-10", or_word(NOT_CONFIGURED, or_word(NONE, _SOME_YEN))),
    "coupons.tickets": Setting("AZF-10", by_first(pair(_SOME_YEN, whole(0, 1_000)))),
    "coupons.fares_for_price": Setting("AZF-13", whole(0, 100)),
    "coupons.rides": Setting("AZF-13", whole(0, 100)),
    "coupons.hours": Setting("AZF-11", or_word(NONE, pair(clock_s, clock_s))),
    "coupons.days": Setting("AZF-12", _DAYS_OF_MONTH),
    "coupons.surcharge_yen": Setting("AZF-11", _YEN),
    "coupons.surcharge_per_yen": Setting("AZF-12", _YEN),
    "coupons.most_per_rider": Setting("AZF-11", or_word(NONE, whole(1, 100))),
    "coupons.valid_months": Setting("AZF-13", or_word(NONE, whole(1, 120))),
    "card_kinds.name": Setting("LOC-1", text),
    "card_kinds.title": Setting("LOC-1", text),
    "card_kinds.rule": Setting("LOC-1", rule),
    "card_kinds.holder": Setting("LOC-1", _holder),
    "card_kinds.named": Setting("LOC-1", one_of(["named", "anonymous", "either"])),
    "card_kinds.expiry": Setting("NOR-4", one_of(EXPIRY)),
    "card_kinds.papers": Setting("LOC-20", list_of(one_of(PAPERS))),
}
"""Every key of an operator file, the rule it serves and what it may hold. docs/rulebook.md lists the same.

`products.months` is the key `months` of each [[products]]; `taps.guard_s` the key `guard_s` of [taps].
"""


class Array(NamedTuple):
    """An array of tables: the rule it serves, what an entry becomes, and how many there must be at least."""

    rule: str
    kind: Callable[..., Any]
    least: int


ARRAYS: Mapping[str, Array] = {
    "companies": Array("LOC-6", Company, 1),
    "services": Array("GEN-15", ServiceClass, 0),
    "purses": Array("NOR-10", PurseRules, 1),
    "areas": Array("AZF-52", Area, 0),
    "lines": Array("AZF-54", PassLine, 0),
    "products": Array("PASS-1", Product, 0),
    "flat_fares": Array("AZF-63", FlatFare, 0),
    "coupons": Array("AZF-10", CouponBook, 0),
    "card_kinds": Array("LOC-1", CardKind, 0),
}
"""The arrays of tables. One that has no entries is written as an empty list: `areas = []`."""
