"""Operator files: TOML text -> Rulebook, read whole or refused whole.

`parse` takes the text; who reads the disk is not known here. The schema is closed: SETTINGS names every key, the rule
it serves and what it may hold. There are no defaults and no expressions, and unknown keys are refused. What no source
states is written "not configured" (GEN-17), what an operator does not have "none" or []. Values that contradict each
other are refused like values that are wrong: `_LAWS` and `_AGAINST_EARLIER` say which.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from hashlib import sha256
from typing import Any, NamedTuple

from tariff.account import HolderKind
from tariff.calendar import Holidays
from tariff.fares import TariffFault
from tariff.passes import EXCESS
from tariff.riders import HANDBOOKS
from tariff.rulebook import (
    ORDINARY,
    Area,
    AutoChargeRules,
    CardKind,
    Company,
    CounterRules,
    CouponBook,
    FarePrice,
    FixedPrice,
    FlatFare,
    Luggage,
    PassLine,
    PointRules,
    Product,
    Purse,
    PurseRules,
    RiderRules,
    Rulebook,
    ServiceClass,
    Term,
    TopUpRules,
)

NOT_CONFIGURED = "not configured"
NONE = "none"

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

EXPIRY = ("none", "school", "handbook-or-two-years", "school-or-handbook")
"""Until when a card itself is good (LOC-2, NOR-4)."""

CARD_REFUNDS = ("separate-fees", "joint-fees")
"""How the fees of a refund with return of the card are taken off (LOC-18, IGP-25)."""

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

MOST_YEN = 1_000_000
STORED_FARE_BITS = 15


class RulebookError(TariffFault):
    """An operator file is broken. Carries every problem at once, a line each: file, line, key, rule, what to do."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Take the problems, one line each."""
        super().__init__("\n".join(problems))
        self.problems = problems


# -- what a key may hold


class _Wrong(ValueError):
    """What a value must be and is not."""


Read = Callable[[Any], Any]
"""TOML value -> value of the Rulebook; raises ValueError with what it must be."""


class Setting(NamedTuple):
    """A key of an operator file: the rule it serves, and how its value is read and checked."""

    rule: str
    read: Read


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong("must be a text")
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("must be true or false")
    return value


def _day(value: Any) -> date:
    if type(value) is not date:
        raise _Wrong("must be a date like 2026-04-01")
    return value


def _month_day(value: Any) -> tuple[int, int]:
    # In a year without 29 February: what is said of every year must be a day in every year.
    try:
        day = date.fromisoformat(f"2001-{value}") if re.fullmatch(r"[0-9]{2}-[0-9]{2}", str(value)) else None
    except ValueError:
        day = None
    if day is None:
        raise _Wrong('must be a day of every year, month and day, like "04-01"')
    return day.month, day.day


def _clock_s(value: Any) -> int:
    if not isinstance(value, time) or value.microsecond:
        raise _Wrong("must be a time of day like 10:00:00")
    return value.hour * 3_600 + value.minute * 60 + value.second


def _rule(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"(GEN|PASS|LOC|IGP|NOR|AZF|AUT)-[1-9][0-9]*", value):
        raise _Wrong("must be the number of a rule, like AZF-31")
    return value


def _whole(low: int, high: int) -> Read:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _Wrong(f"must be a whole number from {low} to {high}")
        return value

    return read


def _one_of(words: Sequence[str]) -> Read:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise _Wrong(f"must be one of {', '.join(words)}")
        return value

    return read


def _holder(value: Any) -> HolderKind:
    words = {kind.name.lower().replace("_", "-"): kind for kind in HolderKind}
    return words[_one_of(tuple(words))(value)]


def _purse(value: Any) -> Purse:
    return Purse(_one_of([purse.value for purse in Purse])(value))


def _or(word: str, read: Read) -> Read:
    """None where the file says the word."""

    def read_or_word(value: Any) -> Any:
        if value == word:
            return None
        try:
            return read(value)
        except _Wrong as wrong:
            raise _Wrong(f'{wrong}; or "{word}"') from None

    return read_or_word


def _list_of(read: Read, least: int = 0) -> Read:
    """A list, each once -> tuple."""

    def read_list(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _Wrong("must be a list")
        if len(value) < least:
            raise _Wrong(f"must hold at least {least}")
        try:
            found = tuple(read(item) for item in value)
        except _Wrong as wrong:
            raise _Wrong(f"must be a list in which each {wrong}") from None
        if len(set(found)) < len(found):
            raise _Wrong("must name each once")
        return found

    return read_list


def _set_of(read: Read, least: int = 0) -> Read:
    read_list = _list_of(read, least)
    return lambda value: frozenset(read_list(value))


def _ascending(read: Read, least: int = 0) -> Read:
    read_list = _list_of(read, least)

    def read_ascending(value: Any) -> tuple[Any, ...]:
        found: tuple[Any, ...] = read_list(value)
        if list(found) != sorted(found):
            raise _Wrong("must ascend")
        return found

    return read_ascending


def _pair(first: Read, second: Read) -> Read:
    def read(value: Any) -> tuple[Any, Any]:
        if not isinstance(value, list) or len(value) != 2:
            raise _Wrong("must be a pair")
        return first(value[0]), second(value[1])

    return read


def _table(keys: Mapping[str, Read]) -> Read:
    """An inline table with these keys and no others -> its values in this order."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, dict) or set(value) != set(keys):
            raise _Wrong(f"must be a table with {', '.join(keys)}, and nothing else")
        found = []
        for key, read_key in keys.items():
            try:
                found.append(read_key(value[key]))
            except _Wrong as wrong:
                raise _Wrong(f"{key} {wrong}") from None
        return tuple(found)

    return read


def _by_first(read: Read) -> Read:
    """Pairs whose first numbers ascend, each once."""

    def read_by_first(value: Any) -> tuple[tuple[int, int], ...]:
        found: tuple[tuple[int, int], ...] = _ascending(read)(value)
        if len({first for first, _ in found}) < len(found):
            raise _Wrong("must name each once")
        return found

    return read_by_first


_Price = FarePrice | FixedPrice

_YEN = _whole(0, MOST_YEN)
_SOME_YEN = _whole(1, MOST_YEN)
_MONTHS = _whole(1, 12)
_PERCENT = _whole(0, 100)
_SOME_PERCENT = _whole(1, 100)
_DAYS_OF_MONTH = _ascending(_whole(1, 31))
_CARD_NUMBER = _whole(1, 255)

_FARE_PRICE = _table(
    {
        "by": _one_of(["fare"]),
        "rides": _whole(1, 1_000),
        "one_way_rides": _or(NONE, _whole(1, 1_000)),
        "percent": _SOME_PERCENT,
        "month_percents": _by_first(_pair(_whole(2, 12), _SOME_PERCENT)),
    }
)
_FIXED_PRICE = _table(
    {
        "by": _one_of(["period"]),
        "yen": _by_first(_pair(_MONTHS, _SOME_YEN)),
    }
)
_TERM = _table(
    {
        "first": _month_day,
        "last": _month_day,
        "percent_off": _PERCENT,
        "renewal_percent_off": _PERCENT,
        "follows": _list_of(_text),
    }
)


def _price(value: Any) -> _Price:
    match value:
        case {"by": "fare"}:
            return FarePrice(*_FARE_PRICE(value)[1:])
        case {"by": "period"}:
            return FixedPrice(*_FIXED_PRICE(value)[1:])
    raise _Wrong('must be a table, by = "fare" or by = "period"')


def _term(value: Any) -> Term:
    return Term(*_TERM(value))


# -- the schema


SETTINGS: Mapping[str, Setting] = {
    "scheme": Setting("GEN-21", _text),
    "name": Setting("GEN-21", _text),
    "effective": Setting("GEN-5", _day),
    "stored_fare.cap_yen": Setting("GEN-3", _whole(1, (1 << STORED_FARE_BITS) - 1)),
    "cards.accepted_schemes": Setting("GEN-21", _set_of(_one_of(OTHER_CARDS))),
    "cards.excluded_services": Setting("GEN-15", _set_of(_text)),
    "passes.excess": Setting("PASS-5", _one_of(tuple(EXCESS))),
    "party.holder_only": Setting("GEN-18", _set_of(_holder)),
    "party.named_holder_only": Setting("GEN-18", _switch),
    "party.companions_excluded_services": Setting("NOR-6", _set_of(_text)),
    "taps.boarding_only_routes": Setting("GEN-6", _list_of(_text)),
    "taps.alighting_only_routes": Setting("GEN-6", _list_of(_text)),
    "taps.open_ride": Setting("GEN-8", _one_of(["clear", "refuse"])),
    "taps.guard_s": Setting("GEN-9", _whole(0, 600)),
    "shortage.mixed_multiple_yen": Setting("GEN-10", _whole(1, 1_000)),
    "riders.child_percent": Setting("GEN-2", _SOME_PERCENT),
    "riders.disabled_percent": Setting("GEN-2", _SOME_PERCENT),
    "riders.round_up_to_yen": Setting("GEN-2", _whole(1, 100)),
    "riders.infants_free": Setting("AZF-1", _or(NOT_CONFIGURED, _whole(0, 10))),
    "riders.attendants_half": Setting("AZF-20", _or(NOT_CONFIGURED, _set_of(_one_of(sorted(HANDBOOKS))))),
    "luggage.from_g": Setting("AZF-2", _or(NOT_CONFIGURED, _whole(1, 1_000_000))),
    "luggage.to_g": Setting("AZF-2", _or(NOT_CONFIGURED, _whole(1, 1_000_000))),
    "luggage.from_cm3": Setting("AZF-2", _or(NOT_CONFIGURED, _whole(1, 10_000_000))),
    "luggage.to_cm3": Setting("AZF-2", _or(NOT_CONFIGURED, _whole(1, 10_000_000))),
    "luggage.from_mm": Setting("AZF-2", _or(NOT_CONFIGURED, _whole(1, 10_000))),
    "luggage.to_mm": Setting("AZF-2", _or(NOT_CONFIGURED, _whole(1, 10_000))),
    "points.earned_percent": Setting("IGP-28", _or(NONE, _SOME_PERCENT)),
    "points.lapse_months": Setting("IGP-30", _or(NONE, _whole(1, 120))),
    "top_up.multiple_yen": Setting("GEN-3", _whole(1, 10_000)),
    "top_up.bus_notes_yen": Setting("LOC-8", _or(NOT_CONFIGURED, _ascending(_SOME_YEN, least=1))),
    "top_up.bus_refused_from_yen": Setting("LOC-10", _or(NOT_CONFIGURED, _SOME_YEN)),
    "auto_charge.offered": Setting("AUT-2", _switch),
    "auto_charge.on_zero_fare": Setting("AUT-5", _switch),
    "auto_charge.trigger_step_yen": Setting("AUT-1", _or(NONE, _SOME_YEN)),
    "auto_charge.amount_step_yen": Setting("AUT-1", _or(NONE, _SOME_YEN)),
    "auto_charge.most_yen": Setting("AUT-1", _or(NONE, _SOME_YEN)),
    "auto_charge.first_trigger_yen": Setting("AUT-1", _or(NONE, _SOME_YEN)),
    "auto_charge.first_amount_yen": Setting("AUT-1", _or(NONE, _SOME_YEN)),
    "auto_charge.first_day_cap_yen": Setting("AUT-1", _or(NONE, _SOME_YEN)),
    "auto_charge.first_month_cap_yen": Setting("AUT-1", _or(NONE, _SOME_YEN)),
    "holidays.own_dates": Setting("GEN-20", _set_of(_day)),
    "holidays.own_month_days": Setting("GEN-20", _set_of(_month_day)),
    "counter.deposit_yen": Setting("LOC-4", _or(NOT_CONFIGURED, _YEN)),
    "counter.sold_at_yen": Setting("LOC-4", _or(NOT_CONFIGURED, _ascending(_SOME_YEN, least=1))),
    "counter.card_refund": Setting("LOC-18", _or(NOT_CONFIGURED, _one_of(CARD_REFUNDS))),
    "counter.card_refund_fee_yen": Setting("LOC-18", _or(NOT_CONFIGURED, _YEN)),
    "counter.pass_refund_fee_yen": Setting("AZF-50", _or(NOT_CONFIGURED, _YEN)),
    "counter.coupon_refund_fee_yen": Setting("AZF-14", _or(NOT_CONFIGURED, _YEN)),
    "counter.lost_reissue_fee_yen": Setting("LOC-16", _or(NOT_CONFIGURED, _YEN)),
    "counter.slip_days": Setting("LOC-16", _or(NOT_CONFIGURED, _whole(1, 366))),
    "companies.number": Setting("LOC-6", _whole(0, 1)),
    "companies.name": Setting("LOC-6", _text),
    "companies.agencies": Setting("LOC-6", _list_of(_text, least=1)),
    "services.name": Setting("GEN-15", _text),
    "services.routes": Setting("GEN-15", _list_of(_text, least=1)),
    "purses.name": Setting("NOR-10", _purse),
    "purses.rule": Setting("NOR-10", _rule),
    "purses.whole": Setting("IGP-5", _switch),
    "purses.days": Setting("NOR-3", _DAYS_OF_MONTH),
    "purses.holder_only": Setting("NOR-10", _switch),
    "purses.premium_percent": Setting("NOR-3", _PERCENT),
    "areas.number": Setting("AZF-52", _CARD_NUMBER),
    "areas.name": Setting("AZF-52", _text),
    "areas.rule": Setting("AZF-52", _rule),
    "areas.fare_yen": Setting("AZF-52", _or(NOT_CONFIGURED, _SOME_YEN)),
    "areas.stops": Setting("AZF-52", _or(NOT_CONFIGURED, _set_of(_text, least=2))),
    "areas.gates": Setting("AZF-51", _set_of(_text)),
    "areas.excluded_services": Setting("AZF-51", _set_of(_text)),
    "lines.number": Setting("AZF-54", _CARD_NUMBER),
    "lines.name": Setting("AZF-54", _text),
    "lines.rule": Setting("AZF-54", _rule),
    "lines.fare_yen": Setting("AZF-54", _or(NOT_CONFIGURED, _SOME_YEN)),
    "lines.routes": Setting("AZF-54", _list_of(_text, least=1)),
    "products.number": Setting("PASS-1", _whole(1, 63)),
    "products.name": Setting("PASS-1", _text),
    "products.title": Setting("PASS-1", _text),
    "products.rule": Setting("PASS-1", _rule),
    "products.scope": Setting("PASS-1", _or(NOT_CONFIGURED, _one_of(["section", "area", "line", "network"]))),
    "products.directions": Setting("PASS-1", _one_of(["two-way", "one-way", "either"])),
    "products.bearer": Setting("PASS-7", _switch),
    "products.named_card": Setting("LOC-11", _switch),
    "products.holder": Setting("IGP-3", _set_of(_holder)),
    "products.months": Setting("AZF-30", _ascending(_MONTHS)),
    "products.portal_months": Setting("AZF-30", _ascending(_MONTHS)),
    "products.odd_days": Setting("AZF-30", _switch),
    "products.price": Setting("AZF-31", _or(NOT_CONFIGURED, _price)),
    "products.term": Setting("AZF-40", _or(NONE, _term)),
    "products.disabled_percent_off": Setting("AZF-32", _PERCENT),
    "products.least_age": Setting("NOR-3", _or(NONE, _whole(1, 120))),
    "products.areas": Setting("AZF-52", _list_of(_text)),
    "products.line": Setting("AZF-54", _or(NONE, _text)),
    "products.with_area": Setting("AZF-51", _or(NONE, _text)),
    "products.sold_days_before": Setting("GEN-19", _or(NOT_CONFIGURED, _whole(0, 366))),
    "products.late_services": Setting("AZF-33", _set_of(_text)),
    "products.late_days_before": Setting("AZF-33", _whole(0, 366)),
    "products.excluded_services": Setting("GEN-15", _set_of(_text)),
    "products.papers": Setting("LOC-12", _list_of(_one_of(PAPERS))),
    "flat_fares.name": Setting("AZF-63", _text),
    "flat_fares.rule": Setting("AZF-63", _rule),
    "flat_fares.products": Setting("AZF-63", _list_of(_text, least=1)),
    "flat_fares.holidays_only": Setting("AZF-61", _switch),
    "flat_fares.departs_from": Setting("AZF-60", _or(NONE, _clock_s)),
    "flat_fares.two_way_only": Setting("AZF-60", _switch),
    "flat_fares.family": Setting("AZF-61", _switch),
    "flat_fares.adult_yen": Setting("AZF-61", _YEN),
    "flat_fares.child_yen": Setting("AZF-61", _YEN),
    "flat_fares.disabled_adult_yen": Setting("AZF-62", _YEN),
    "flat_fares.disabled_child_yen": Setting("AZF-62", _YEN),
    "flat_fares.excluded_services": Setting("AZF-62", _set_of(_text)),
    "coupons.name": Setting("AZF-10", _text),
    "coupons.title": Setting("AZF-10", _text),
    "coupons.rule": Setting("AZF-10", _rule),
    "coupons.sold": Setting("AZF-10", _switch),
    "coupons.price_yen": Setting("AZF-10", _or(NOT_CONFIGURED, _or(NONE, _SOME_YEN))),
    "coupons.tickets": Setting("AZF-10", _by_first(_pair(_SOME_YEN, _whole(0, 1_000)))),
    "coupons.fares_for_price": Setting("AZF-13", _whole(0, 100)),
    "coupons.rides": Setting("AZF-13", _whole(0, 100)),
    "coupons.hours": Setting("AZF-11", _or(NONE, _pair(_clock_s, _clock_s))),
    "coupons.days": Setting("AZF-12", _DAYS_OF_MONTH),
    "coupons.surcharge_yen": Setting("AZF-11", _YEN),
    "coupons.surcharge_per_yen": Setting("AZF-12", _YEN),
    "coupons.most_per_rider": Setting("AZF-11", _or(NONE, _whole(1, 100))),
    "coupons.valid_months": Setting("AZF-13", _or(NONE, _whole(1, 120))),
    "card_kinds.name": Setting("LOC-1", _text),
    "card_kinds.title": Setting("LOC-1", _text),
    "card_kinds.rule": Setting("LOC-1", _rule),
    "card_kinds.holder": Setting("LOC-1", _holder),
    "card_kinds.named": Setting("LOC-1", _one_of(["named", "anonymous", "either"])),
    "card_kinds.expiry": Setting("NOR-4", _one_of(EXPIRY)),
    "card_kinds.papers": Setting("LOC-20", _list_of(_one_of(PAPERS))),
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

_FIELDS = {"departs_from": "departs_from_s", "hours": "hours_s"}
"""Times of day are written as such, and read as seconds."""


# -- what values must be to one another


def _not_again(value: Any, earlier: Sequence[Any]) -> str | None:
    return f"{value} is there already; each once" if value in earlier else None


def _no_shared_beginning(agencies: tuple[str, ...], earlier: Sequence[tuple[str, ...]]) -> str | None:
    taken = tuple(name for names in earlier for name in names)
    for name in agencies:
        if name.startswith(taken) or any(other.startswith(name) for other in taken):
            return f"{name} would be an agency of two companies; make the beginnings differ"
    return None


def _not_hidden(routes: tuple[str, ...], earlier: Sequence[tuple[str, ...]]) -> str | None:
    taken = tuple(route for routes in earlier for route in routes)
    for route in routes:
        if route.startswith(taken):
            return f"{route} belongs to an earlier service already; put the longer beginning first"
    return None


_AGAINST_EARLIER: Mapping[str, Callable[[Any, Sequence[Any]], str | None]] = {
    "companies.number": _not_again,
    "companies.name": _not_again,
    "companies.agencies": _no_shared_beginning,
    "services.name": _not_again,
    "services.routes": _not_hidden,
    "purses.name": _not_again,
    "areas.number": _not_again,
    "areas.name": _not_again,
    "lines.number": _not_again,
    "lines.name": _not_again,
    "products.number": _not_again,
    "products.name": _not_again,
    "flat_fares.name": _not_again,
    "coupons.name": _not_again,
    "card_kinds.name": _not_again,
}
"""Keys whose value is held against those of the entries before it."""


def _named(what: str) -> Callable[..., str | None]:
    """That every name in a list (or a single one; None is none) is among those of an array."""

    def problem(asked: Any, known: Sequence[str]) -> str | None:
        names = asked if isinstance(asked, tuple | frozenset) else () if asked is None else (asked,)
        missing = sorted(name for name in names if name not in known)
        return f"no [[{what}]] is named {', '.join(missing)}; add it or correct the name" if missing else None

    return problem


def _not_ordinary(name: str) -> str | None:
    return f"{ORDINARY} is the service of all other routes; choose another name" if name == ORDINARY else None


def _not_itself(accepted: frozenset[str], scheme: str) -> str | None:
    return f"{scheme} is the scheme itself; remove it" if scheme in accepted else None


def _one_tap_each(alighting_only: tuple[str, ...], boarding_only: tuple[str, ...]) -> str | None:
    for route in alighting_only:
        if route.startswith(boarding_only) or any(other.startswith(route) for other in boarding_only):
            return f"{route} would have neither tap; it is in boarding_only_routes"
    return None


def _all_or_none(*values: Any) -> str | None:
    missing = [value is None for value in values]
    return "state all of the table, or none of it" if any(missing) and not all(missing) else None


def _lower_below_upper(low: int | None, high: int | None) -> str | None:
    above = low is not None and high is not None and low > high
    return f"{low} is above the upper bound {high}" if above else None


def _points_and_purse(earned_percent: int | None, purses: Sequence[Purse]) -> str | None:
    if (earned_percent is None) == (Purse.POINTS not in purses):
        return None
    return f"points need a [[purses]] {Purse.POINTS}, and it needs points; state both or neither"


def _premium_where_sold(percent: int, purse: Purse) -> str | None:
    if percent and purse in (Purse.POINTS, Purse.WELFARE):
        return f"{purse} can't be topped up, so it has no premium; write 0"
    return None


def _notes_fit(notes: tuple[int, ...] | None, multiple_yen: int, purses: Sequence[Purse]) -> str | None:
    if notes is None:
        return None
    if Purse.STORED_FARE not in purses:
        return f"notes on the bus go to {Purse.STORED_FARE}, which is no [[purses]] here"
    odd = [str(note) for note in notes if note % multiple_yen]
    return f"{', '.join(odd)} is no multiple of top_up.multiple_yen, {multiple_yen}" if odd else None


def _within_cap(yen: int | None, cap_yen: int) -> str | None:
    return f"{yen} is over stored_fare.cap_yen, {cap_yen}" if yen is not None and yen > cap_yen else None


def _offer_complete(offered: bool, purses: Sequence[Purse], *values: int | None) -> str | None:
    if offered and None in values:
        return "offered, but not all of [auto_charge] is stated"
    if offered and Purse.STORED_FARE not in purses:
        return f"auto-charge adds to {Purse.STORED_FARE}, which is no [[purses]] here"
    return None


def _in_steps(yen: int | None, step_yen: int | None, most_yen: int | None) -> str | None:
    if yen is None or step_yen is None or most_yen is None or (yen % step_yen == 0 and yen <= most_yen):
        return None
    return f"must be a multiple of {step_yen} up to {most_yen}"


def _sold_above_deposit(sold_at: tuple[int, ...] | None, deposit_yen: int | None, cap_yen: int) -> str | None:
    if sold_at is None:
        return None
    if deposit_yen is None:
        return "stored fare is the price without the deposit: state counter.deposit_yen too"
    wrong = [str(yen) for yen in sold_at if not 0 <= yen - deposit_yen <= cap_yen]
    return f"{', '.join(wrong)} less the deposit {deposit_yen} is not from 0 to {cap_yen}" if wrong else None


def _gates_inside(gates: frozenset[str], stops: frozenset[str] | None) -> str | None:
    outside = sorted(gates - stops) if stops is not None else []
    return f"{', '.join(outside)} is no stop of the area; add it to stops" if outside else None


def _areas_with_scope(areas: tuple[str, ...], scope: str | None) -> str | None:
    if scope == "area":
        return None if areas else "a pass for an area must name at least one"
    return 'only a pass of scope = "area" names areas; write []' if areas else None


def _line_with_scope(line: str | None, scope: str | None) -> str | None:
    if scope == "line":
        return None if line is not None else "a pass for a line must name it"
    return 'only a pass of scope = "line" names a line; write "none"' if line is not None else None


def _area_comes_with_a_section(with_area: str | None, scope: str | None) -> str | None:
    if with_area is not None and scope != "section":
        return 'an area comes with a section only; write "none"'
    return None


def _has_gates(with_area: str | None, names: Sequence[str], gates: Sequence[frozenset[str]]) -> str | None:
    if any(name == with_area and not stops for name, stops in zip(names, gates, strict=True)):
        return f"area {with_area} has no gates, so it never comes with a section; state them"
    return None


def _only_a_section_has_directions(directions: str, scope: str | None) -> str | None:
    return 'only a section has directions; write "two-way"' if directions != "two-way" and scope != "section" else None


def _named_pass_on_named_card(named_card: bool, bearer: bool) -> str | None:
    return "a named pass needs a named card (PASS-7); write true" if not bearer and not named_card else None


def _holders_sold(holders: frozenset[HolderKind], sold: Sequence[HolderKind]) -> str | None:
    missing = sorted(holders - set(sold)) if sold else []
    names = ", ".join(kind.name.lower().replace("_", "-") for kind in missing)
    return f"no [[card_kinds]] has the holder {names}" if missing else None


def _odd_days_beyond_months(odd_days: bool, months: tuple[int, ...], price: _Price | None) -> str | None:
    if odd_days and not months:
        return "odd days come on top of whole months; state months"
    return (
        "a price by period has none for odd days; write false" if odd_days and isinstance(price, FixedPrice) else None
    )


def _price_of_a_fare(price: _Price | None, scope: str | None, directions: str) -> str | None:
    if not isinstance(price, FarePrice):
        return None
    if scope == "network":
        return 'a pass for the network has no fare to be priced on; use by = "period"'
    if (price.one_way_rides is None) != (directions == "two-way"):
        return f'one_way_rides must be "none" exactly where directions = "two-way"; here it is "{directions}"'
    return None


def _price_of_what_is_sold(
    price: _Price | None, months: tuple[int, ...], portal_months: tuple[int, ...], term: Term | None
) -> str | None:
    sold = sorted({*months, *portal_months})
    if isinstance(price, FixedPrice):
        if term is not None:
            return 'a term is priced off the price of a month; use by = "fare"'
        priced = [months for months, _ in price.yen]
        return f"prices are for {priced} months, but sold are {sold}" if priced != sold else None
    if isinstance(price, FarePrice) and term is None:
        if not sold:
            return "a price, but no period is sold; state months"
        late = [str(months) for months, _ in price.month_percents if months > sold[-1]]
        return f"{', '.join(late)} months in month_percents are more than are sold" if late else None
    return None


def _term_is_the_period(
    term: Term | None, months: tuple[int, ...], portal_months: tuple[int, ...], odd_days: bool
) -> str | None:
    if term is not None and (months or portal_months or odd_days):
        return "a term is the period; write months = [], portal_months = [] and odd_days = false"
    return None


def _term_follows(term: Term | None, names: Sequence[str]) -> str | None:
    if term is None:
        return None
    if bool(term.follows) != bool(term.renewal_percent_off):
        return "renewal_percent_off and follows go together; state both, or 0 and []"
    return _named("products")(term.follows, names)


def _age_of_the_holder(least_age: int | None, bearer: bool) -> str | None:
    return "a bearer pass can't ask for an age" if bearer and least_age is not None else None


def _late_days(late_days: int, late_services: frozenset[str], days: int | None, excluded: frozenset[str]) -> str | None:
    if not late_services:
        return "no late_services, so it must be 0" if late_days else None
    if days is None or late_days >= days:
        return "must be fewer than sold_days_before"
    both = sorted(late_services & excluded)
    return f"{', '.join(both)} is among late_services and excluded_services" if both else None


def _no_class_pays_more(adult_yen: int, child_yen: int, disabled_adult_yen: int, disabled_child_yen: int) -> str | None:
    if (
        child_yen > adult_yen
        or disabled_adult_yen > adult_yen
        or disabled_child_yen > min(child_yen, disabled_adult_yen)
    ):
        return "a child or disabled passenger would pay more than without the discount"
    return None


def _two_way_products(
    two_way_only: bool, products: tuple[str, ...], names: Sequence[str], directions: Sequence[str]
) -> str | None:
    one_way = {name for name, way in zip(names, directions, strict=True) if way == "one-way"}
    never = [name for name in products if name in one_way]
    return f"{', '.join(never)} is sold one-way only, so it never holds" if two_way_only and never else None


def _tickets_or_rides(tickets: tuple[tuple[int, int], ...], rides: int, fares_for_price: int) -> str | None:
    if tickets:
        return (
            "a book of tickets has no rides; write rides = 0 and fares_for_price = 0"
            if rides or fares_for_price
            else None
        )
    if rides and fares_for_price:
        return None
    return "state tickets, or for a book of rides both rides and fares_for_price"


def _priced_where_sold(
    price_yen: int | None, tickets: tuple[tuple[int, int], ...], rides: int, sold: bool
) -> str | None:
    if rides:
        return 'a book of rides is priced by its section; write "none"' if price_yen is not None else None
    if not sold:
        return None
    if price_yen is None or not all(count for _, count in tickets):
        return "a book that is sold has a price, and so many tickets of each face"
    worth_yen = sum(face_yen * count for face_yen, count in tickets)
    return f"its tickets are worth only {worth_yen} yen" if worth_yen < price_yen else None


def _from_before_to(hours: tuple[int, int] | None) -> str | None:
    return "must begin before it ends" if hours is not None and hours[0] >= hours[1] else None


def _surcharge_outside(
    surcharge_yen: int, per_yen: int, hours: tuple[int, int] | None, days: tuple[int, ...]
) -> str | None:
    limited = hours is not None or bool(days)
    if limited != bool(surcharge_yen):
        return "a surcharge is for use outside hours or days: state both, or neither"
    return "surcharge_per_yen without a surcharge; write 0" if per_yen and not surcharge_yen else None


def _expiry_of_a_person(expiry: str, named: str) -> str | None:
    return (
        f"{expiry} comes from the holder's data; the card must be named"
        if expiry != "none" and named != "named"
        else None
    )


class _Law(NamedTuple):
    """What values must be to one another; the first key is where a problem is told.

    The keys of an array are taken entry by entry; one with a star stands for the values of all its entries.
    """

    keys: tuple[str, ...]
    problem: Callable[..., str | None]


_LUGGAGE = tuple(f"luggage.{field}" for field in Luggage._fields)
_OFFER = tuple(f"auto_charge.{field}" for field in AutoChargeRules._fields)

_LAWS = (
    _Law(("cards.accepted_schemes", "scheme"), _not_itself),
    _Law(("cards.excluded_services", "*services.name"), _named("services")),
    _Law(("party.companions_excluded_services", "*services.name"), _named("services")),
    _Law(("taps.alighting_only_routes", "taps.boarding_only_routes"), _one_tap_each),
    _Law(_LUGGAGE, _all_or_none),
    _Law(("luggage.from_g", "luggage.to_g"), _lower_below_upper),
    _Law(("luggage.from_cm3", "luggage.to_cm3"), _lower_below_upper),
    _Law(("luggage.from_mm", "luggage.to_mm"), _lower_below_upper),
    _Law(("points.earned_percent", "points.lapse_months"), _all_or_none),
    _Law(("points.earned_percent", "*purses.name"), _points_and_purse),
    _Law(("top_up.bus_notes_yen", "top_up.bus_refused_from_yen"), _all_or_none),
    _Law(("top_up.bus_notes_yen", "top_up.multiple_yen", "*purses.name"), _notes_fit),
    _Law(("top_up.bus_refused_from_yen", "stored_fare.cap_yen"), _within_cap),
    _Law(("auto_charge.offered", "*purses.name", *_OFFER), _offer_complete),
    _Law(_OFFER, _all_or_none),
    _Law(("auto_charge.first_trigger_yen", "auto_charge.trigger_step_yen", "auto_charge.most_yen"), _in_steps),
    _Law(("auto_charge.first_amount_yen", "auto_charge.amount_step_yen", "auto_charge.most_yen"), _in_steps),
    _Law(("auto_charge.first_day_cap_yen", "auto_charge.first_month_cap_yen"), _lower_below_upper),
    _Law(("counter.sold_at_yen", "counter.deposit_yen", "stored_fare.cap_yen"), _sold_above_deposit),
    _Law(("counter.card_refund", "counter.card_refund_fee_yen"), _all_or_none),
    _Law(("services.name",), _not_ordinary),
    _Law(("purses.premium_percent", "purses.name"), _premium_where_sold),
    _Law(("areas.gates", "areas.stops"), _gates_inside),
    _Law(("areas.excluded_services", "*services.name"), _named("services")),
    _Law(("products.areas", "products.scope"), _areas_with_scope),
    _Law(("products.areas", "*areas.name"), _named("areas")),
    _Law(("products.line", "products.scope"), _line_with_scope),
    _Law(("products.line", "*lines.name"), _named("lines")),
    _Law(("products.with_area", "products.scope"), _area_comes_with_a_section),
    _Law(("products.with_area", "*areas.name"), _named("areas")),
    _Law(("products.with_area", "*areas.name", "*areas.gates"), _has_gates),
    _Law(("products.directions", "products.scope"), _only_a_section_has_directions),
    _Law(("products.named_card", "products.bearer"), _named_pass_on_named_card),
    _Law(("products.holder", "*card_kinds.holder"), _holders_sold),
    _Law(("products.odd_days", "products.months", "products.price"), _odd_days_beyond_months),
    _Law(("products.price", "products.scope", "products.directions"), _price_of_a_fare),
    _Law(("products.price", "products.months", "products.portal_months", "products.term"), _price_of_what_is_sold),
    _Law(("products.term", "products.months", "products.portal_months", "products.odd_days"), _term_is_the_period),
    _Law(("products.term", "*products.name"), _term_follows),
    _Law(("products.least_age", "products.bearer"), _age_of_the_holder),
    _Law(("products.late_services", "*services.name"), _named("services")),
    _Law(
        (
            "products.late_days_before",
            "products.late_services",
            "products.sold_days_before",
            "products.excluded_services",
        ),
        _late_days,
    ),
    _Law(("products.excluded_services", "*services.name"), _named("services")),
    _Law(("flat_fares.products", "*products.name"), _named("products")),
    _Law(
        (
            "flat_fares.adult_yen",
            "flat_fares.child_yen",
            "flat_fares.disabled_adult_yen",
            "flat_fares.disabled_child_yen",
        ),
        _no_class_pays_more,
    ),
    _Law(
        ("flat_fares.two_way_only", "flat_fares.products", "*products.name", "*products.directions"), _two_way_products
    ),
    _Law(("flat_fares.excluded_services", "*services.name"), _named("services")),
    _Law(("coupons.tickets", "coupons.rides", "coupons.fares_for_price"), _tickets_or_rides),
    _Law(("coupons.price_yen", "coupons.tickets", "coupons.rides", "coupons.sold"), _priced_where_sold),
    _Law(("coupons.hours",), _from_before_to),
    _Law(("coupons.surcharge_yen", "coupons.surcharge_per_yen", "coupons.hours", "coupons.days"), _surcharge_outside),
    _Law(("card_kinds.expiry", "card_kinds.named"), _expiry_of_a_person),
)


# -- reading


class _Problem(NamedTuple):
    line: int
    """0 where the file has no line for it."""
    text: str


_Entries = list[dict[str, Any]]


class _Reading:
    """An operator file being read: the values that stand, and the problems so far."""

    def __init__(self, text: str) -> None:
        self.values: dict[str, Any] = {}
        """Values of keys outside the arrays, by whole key: "taps.guard_s"."""
        self.entries: dict[str, _Entries] = {}
        """Values in the arrays, by array and place, by whole key: "products.months"."""
        self.problems: list[_Problem] = []
        self._lines = _lines_of(text)

    def line(self, key: str, place: int = 0) -> int:
        """The line that sets a key, or else of its table; 0 if it has none."""
        table = key.rpartition(".")[0]
        for known in ((key, place), (table, place), (table, 0)):
            if known in self._lines:
                return self._lines[known]
        return 0

    def told(self, key: str, problem: str, place: int = 0) -> None:
        """Note a problem with a key, or with an array as a whole."""
        known = SETTINGS.get(key) or ARRAYS.get(key)
        rule = f" ({known.rule})" if known else ""
        self.problems.append(_Problem(self.line(key, place), f"{key}{rule}: {problem}"))

    def unknown(self, key: str, place: int = 0) -> None:
        self.told(key, "unknown key; remove it or correct its name", place)

    def read(self, raw: Mapping[str, Any], keys: Sequence[str], place: int = 0) -> dict[str, Any]:
        """The values of these keys as far as they are right, by whole key."""
        found = {}
        for key in keys:
            if key not in raw:
                self.told(key, "missing; there is no default", place)
                continue
            try:
                found[key] = SETTINGS[key].read(raw[key])
            except _Wrong as wrong:
                self.told(key, str(wrong), place)
        return found


def parse(text: str, source: str, national_holidays: frozenset[date]) -> Rulebook:
    """One operator file's text -> Rulebook; `source` names it in errors. Raises RulebookError with every problem."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError((f"{source}: not TOML: {error}",)) from None
    except RecursionError:
        raise RulebookError((f"{source}: nested too deep; an operator file has two levels of tables",)) from None
    reading = _Reading(text)
    _read_tables(reading, document)
    for name in ARRAYS:
        _read_array(reading, document, name)
    _hold_against_earlier(reading)
    _apply_laws(reading)
    if reading.problems:
        told = sorted(reading.problems, key=lambda problem: problem.line)
        raise RulebookError(tuple(f"{source}{f':{line}' if line else ''}: {text}" for line, text in told))
    return _build(reading, sha256(text.encode()).digest(), national_holidays)


def _keys_of(array: str) -> list[str]:
    return [key for key in SETTINGS if key.startswith(f"{array}.")]


_ENTRY_KEYS = {name: _keys_of(name) for name in ARRAYS}
_TABLE_KEYS = [key for key in SETTINGS if key.partition(".")[0] not in ARRAYS]
_TABLES = {key.partition(".")[0] for key in _TABLE_KEYS if "." in key}


def _read_tables(reading: _Reading, document: Mapping[str, Any]) -> None:
    """Everything outside the arrays: {"taps": {"guard_s": 10}} is the key taps.guard_s."""
    raw: dict[str, Any] = {}
    for key, value in document.items():
        if key in ARRAYS:
            continue
        if isinstance(value, dict) and (value or key in _TABLES):
            raw.update({f"{key}.{inner}": inner_value for inner, inner_value in value.items()})
        else:
            # A quoted "taps.guard_s" is not the guard_s of [taps]: it keeps its quotes, and is unknown.
            raw[f'"{key}"' if "." in key else key] = value
    for key in raw:
        if key not in _TABLE_KEYS:
            reading.unknown(key)
    reading.values = reading.read(raw, _TABLE_KEYS)


def _read_array(reading: _Reading, document: Mapping[str, Any], name: str) -> None:
    array = document.get(name)
    if array is None:
        reading.told(name, f"missing; there is no default: write [[{name}]] or {name} = []")
        return
    if not isinstance(array, list) or not all(isinstance(entry, dict) for entry in array):
        reading.told(name, f"must be [[{name}]], or {name} = []")
        return
    if len(array) < ARRAYS[name].least:
        reading.told(name, f"must hold at least one [[{name}]]")
    reading.entries[name] = []
    for place, entry in enumerate(array):
        raw = {f"{name}.{inner}": value for inner, value in entry.items()}
        for key in raw:
            if key not in _ENTRY_KEYS[name]:
                reading.unknown(key, place)
        reading.entries[name].append(reading.read(raw, _ENTRY_KEYS[name], place))


def _hold_against_earlier(reading: _Reading) -> None:
    for key, law in _AGAINST_EARLIER.items():
        earlier: list[Any] = []
        for place, entry in enumerate(reading.entries.get(key.partition(".")[0], [])):
            if key in entry:
                problem = law(entry[key], earlier)
                if problem is not None:
                    reading.told(key, problem, place)
                earlier.append(entry[key])


def _apply_laws(reading: _Reading) -> None:
    """Tell what contradicts; a law of which a value is missing or wrong is left, for that is told already."""
    for law in _LAWS:
        key = law.keys[0]
        array = key.partition(".")[0]
        for place, entry in enumerate(reading.entries.get(array, []) if array in ARRAYS else [{}]):
            values = [_value(reading, entry, each) for each in law.keys]
            problem = None if _Unread in values else law.problem(*values)
            if problem is not None:
                reading.told(key, problem, place)


class _Unread:
    """Stands for a value that is missing or wrong."""


def _value(reading: _Reading, entry: Mapping[str, Any], key: str) -> Any:
    """A value that a law asks for: of the entry, of a table, or with a star of all entries of an array."""
    if not key.startswith("*"):
        return entry.get(key, reading.values.get(key, _Unread))
    array = key[1:].partition(".")[0]
    if array not in reading.entries:
        return _Unread
    values = [other.get(key[1:], _Unread) for other in reading.entries[array]]
    return _Unread if _Unread in values else values


_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r'\s*(?:"([^"]+)"|([\w.-]+))\s*=')


def _lines_of(text: str) -> dict[tuple[str, int], int]:
    """(key, place in its array) -> the line that sets it; (table, place) -> its header's."""
    lines: dict[tuple[str, int], int] = {}
    seen: Counter[str] = Counter()
    inside, place = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.fullmatch(line):
            inside = header[2]
            place = seen[inside]
            seen[inside] += header[1] == "[["
            lines.setdefault((inside, place), number)
        elif key := _KEY.match(line):
            name = key[2] or (f'"{key[1]}"' if "." in key[1] else key[1])
            lines.setdefault((f"{inside}.{name}" if inside else name, place), number)
    return lines


# -- building


def _build(reading: _Reading, digest: bytes, national_holidays: frozenset[date]) -> Rulebook:
    values = reading.values
    return Rulebook(
        scheme=values["scheme"],
        name=values["name"],
        effective=values["effective"],
        digest=digest,
        companies=_array(reading, "companies"),
        services=_array(reading, "services"),
        holidays=Holidays(national_holidays, **_of(values, "holidays")),
        stored_fare_cap_yen=values["stored_fare.cap_yen"],
        accepted_schemes=values["cards.accepted_schemes"],
        excluded_services=values["cards.excluded_services"],
        **_of(values, "party"),
        **_of(values, "taps"),
        mixed_multiple_yen=values["shortage.mixed_multiple_yen"],
        riders=RiderRules(**_of(values, "riders"), luggage=_all_of(Luggage, values, "luggage")),
        purses=_array(reading, "purses"),
        points=_all_of(PointRules, values, "points"),
        top_up=TopUpRules(**_of(values, "top_up")),
        auto_charge=values["auto_charge.offered"],
        auto_charge_on_zero_fare=values["auto_charge.on_zero_fare"],
        auto_charge_offer=_all_of(AutoChargeRules, values, "auto_charge"),
        excess=values["passes.excess"],
        areas=_array(reading, "areas"),
        lines=_array(reading, "lines"),
        products=_array(reading, "products"),
        flat_fares=_array(reading, "flat_fares"),
        coupon_books=_array(reading, "coupons"),
        card_kinds=_array(reading, "card_kinds"),
        counter=CounterRules(**_of(values, "counter")),
    )


def _array(reading: _Reading, name: str) -> tuple[Any, ...]:
    return tuple(ARRAYS[name].kind(**_of(entry, name)) for entry in reading.entries[name])


def _of(values: Mapping[str, Any], table: str) -> dict[str, Any]:
    """The values of a table or an array's entry, by the names of the Rulebook's fields."""
    found = {}
    for key, value in values.items():
        if key.startswith(f"{table}."):
            name = key.removeprefix(f"{table}.")
            found[_FIELDS.get(name, name)] = value
    return found


def _all_of(kind: Any, values: Mapping[str, Any], table: str) -> Any:
    """A table that is stated whole or not at all -> its value, or None."""
    stated = [values[f"{table}.{field}"] for field in kind._fields]
    return kind(*stated) if None not in stated else None
