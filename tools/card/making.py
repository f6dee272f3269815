"""The card that a counter asks for: the options that `card new` and `card issue` share, and what they come to."""

from collections.abc import Callable
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from cardimage.issue import made_up_number
from cardimage.layout.variants import VARIANTS
from farebox.feed import Feed
from farebox.feed.operators import load_operators
from tariff.account import Account, AutoCharge, Coupons, HolderKind, Pass, Points, Section
from tariff.auto_charge import check_arrangement
from tariff.purses import over_cap
from tariff.rulebook import Purse, Rulebook
from tools.feeds import load_numbered_feed
from tools.options import (
    DayType,
    feed_option,
    register_option,
)

_KINDS = {kind.name.lower().replace("_", "-"): kind for kind in HolderKind}
_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--operator", "scheme", type=click.Choice(list(VARIANTS)), required=True, help="Whose card."),
    click.option("--kind", type=click.Choice(list(_KINDS)), default="adult", show_default=True, help="Whom it serves."),
    click.option(
        "--balance", "balance_yen", type=click.IntRange(0), default=0, show_default=True, help="Stored fare, yen."
    ),
    click.option("--coupons", "coupons_yen", type=click.IntRange(0), default=0, help="NORUCA: ordinary coupons, yen."),
    click.option("--points", type=click.IntRange(0), default=0, help="Iwate Green Pass: transport points, from today."),
    click.option("--welfare-points", type=click.IntRange(0), default=0, help="Iwate Green Pass: welfare points."),
    click.option("--pass-only", is_flag=True, help="NORUCA: a card with the pass function only, without purses."),
    click.option("--number", default="", help="Engraved number: up to 17 of 0-9 and A-Z. Made up if not given."),
    click.option("--issued", type=DayType(), default=None, help="Day of issue; today if not given."),
    click.option("--expires", type=DayType(), help="Last day the card itself may be used."),
    click.option(
        "--pass", "ends", nargs=2, multiple=True, metavar="FROM TO", help="A section: two stops. Up to three."
    ),
    click.option(
        "--pass-days", "days", nargs=2, type=DayType(), metavar="FIRST LAST", help="Its validity, both days in."
    ),
    click.option("--one-way", is_flag=True, help="The pass is valid from FROM to TO only."),
    click.option("--bearer", is_flag=True, help="The pass serves whoever carries it."),
    click.option("--auto-charge", nargs=2, type=int, metavar="TRIGGER AMOUNT", help="AIZU NORUCA: yen, yen."),
    feed_option,
    register_option,
)


def card_options(command: _Command) -> _Command:
    """What a card shall hold, as options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class Order(NamedTuple):
    """The words of those options, as they are called there."""

    scheme: str
    kind: str
    balance_yen: int
    coupons_yen: int
    points: int
    welfare_points: int
    pass_only: bool
    number: str
    issued: date | None
    expires: date | None
    ends: tuple[tuple[str, str], ...]
    days: tuple[date, date] | None
    one_way: bool
    bearer: bool
    auto_charge: tuple[int, int] | None
    feed: str
    register_path: Path | None


def account_of(order: Order, today: date) -> Account:
    """The account of a card issued today; a usage error says which words don't go."""
    if bool(order.ends) != (order.days is not None):
        raise click.UsageError("--pass and --pass-days go together")
    if (order.one_way or order.bearer) and not order.ends:
        raise click.UsageError("--one-way and --bearer say of which --pass")
    if len(order.ends) > 3:
        raise click.UsageError(f"--pass: {len(order.ends)} sections; a card holds three")
    rulebook = load_operators().on(order.scheme, today)
    _check_purses(order, rulebook)
    if order.expires is not None and order.expires < today:
        raise click.UsageError(f"--expires {order.expires}: before the day of issue, {today}")
    return Account(
        scheme=order.scheme,
        stored_fare_yen=order.balance_yen,
        holder=_KINDS[order.kind],
        named=order.kind != "adult" or bool(order.ends) or order.auto_charge is not None,
        expires=order.expires,
        held_pass=_section_pass(order, order.days) if order.ends and order.days else None,
        auto_charge=_arranged(rulebook, order.auto_charge) if order.auto_charge else None,
        coupons=Coupons(order.coupons_yen, 0, 0) if _has_coupons(rulebook) and not order.pass_only else None,
        points=Points(order.points, today) if order.points else None,
        welfare_points=order.welfare_points,
    )


def engraved(order: Order, idm: bytes) -> str:
    """The number on the card: as told, or made up from its IDm."""
    return order.number or made_up_number(order.scheme, idm)


def _check_purses(order: Order, rulebook: Rulebook) -> None:
    """Only what the scheme's cards have (NOR-3, NOR-12, IGP-5, IGP-28), and within its cap (GEN-3)."""
    for option, amount, purse in (
        ("--balance", order.balance_yen, Purse.STORED_FARE),
        ("--coupons", order.coupons_yen, Purse.REGULAR),
        ("--points", order.points, Purse.POINTS),
        ("--welfare-points", order.welfare_points, Purse.WELFARE),
    ):
        if amount and purse not in (rules.name for rules in rulebook.purses):
            has = ", ".join(rules.name for rules in rulebook.purses)
            raise click.UsageError(f"{option} {amount}: a card of {rulebook.name} has no such purse; it has {has}")
    if order.pass_only and not _has_coupons(rulebook):
        raise click.UsageError(f"--pass-only: {rulebook.name} has no cards with the pass function only (NOR-12)")
    if order.pass_only and order.coupons_yen:
        raise click.UsageError("--pass-only and --coupons: a card with the pass function only has no purse (NOR-12)")
    money = ("--coupons", order.coupons_yen) if _has_coupons(rulebook) else ("--balance", order.balance_yen)
    checked = over_cap(Account(order.scheme, 0), money[1], rulebook)
    if checked is not None:
        raise click.UsageError(f"{money[0]} {money[1]}: over the cap ({checked.rule}: {checked.detail})")


def _has_coupons(rulebook: Rulebook) -> bool:
    """Whether a card's money is in coupon purses, not stored fare (NOR-3)."""
    return any(rules.name is Purse.REGULAR for rules in rulebook.purses)


def _arranged(rulebook: Rulebook, auto_charge: tuple[int, int]) -> AutoCharge:
    """Auto-charge in the steps it is offered in, with the caps first offered (AUT-1)."""
    trigger_yen, amount_yen = auto_charge
    if not rulebook.auto_charge:
        raise click.UsageError(f"--auto-charge: {rulebook.name} has no auto-charge")
    offer = rulebook.auto_charge_offer
    if offer is None:
        raise click.UsageError(f"--auto-charge: {rulebook.name} has not configured what it offers")
    arranged = AutoCharge(trigger_yen, amount_yen, offer.first_day_cap_yen, offer.first_month_cap_yen)
    refusal = check_arrangement(arranged, rulebook)
    if refusal is not None:
        raise click.UsageError(f"--auto-charge: {refusal.detail} ({refusal.rule})")
    return arranged


def _section_pass(order: Order, days: tuple[date, date]) -> Pass:
    """A pass of sections between stops of the feed, sold by the company that serves the first of them (PASS-8)."""
    if days[1] < days[0]:
        raise click.UsageError(f"--pass-days: {days[1]} is before {days[0]}")
    feed = load_numbered_feed(order.feed, order.register_path)
    priced = [_priced(feed, pair) for pair in order.ends]
    sections = tuple(
        Section(feed.register.stop_number(pair[0]), feed.register.stop_number(pair[1]), order.one_way, fare_yen)
        for pair, (fare_yen, _) in zip(order.ends, priced, strict=True)
    )
    agency = feed.agencies.get(feed.routes[priced[0][1]].agency_id, "")
    known = load_operators().of_agency(agency, days[0])
    company = known[1].number if known and known[0].scheme == order.scheme else 0
    return Pass(1, company, days[0], days[1], order.bearer, sections)


def _priced(feed: Feed, ends: tuple[str, str]) -> tuple[int, str]:
    """The highest fare that the feed has between two stops, which a pass is priced on (PASS-1), and a route of it."""
    names = set(feed.stop_names.values())
    for name in ends:
        if name not in names:
            near = get_close_matches(name, names, 3, 0.4)
            hint = f"did you mean {', '.join(near)}?" if near else "see stops.txt of the feed"
            raise click.UsageError(f"--pass {name}: no such stop; {hint}")
    numbers = [feed.register.stop_number(name) for name in ends]
    fares: list[tuple[int, str]] = []
    for pattern in feed.patterns.values():
        table = feed.fare_table(pattern.pattern_id)
        places = [[place for place, stop in enumerate(pattern.stop_numbers) if stop == number] for number in numbers]
        pairs = [(min(a, b), max(a, b)) for a in places[0] for b in places[1] if a != b]
        fares += [(table.fare_yen(*pair), pattern.route_id) for pair in pairs if table.has_fare(*pair)]
    if not fares:
        raise click.UsageError(f"--pass: no route of the feed joins {ends[0]} and {ends[1]} at a fare")
    return max(fares)
