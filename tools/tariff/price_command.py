"""`farebox tariff price`: what a pass costs, step by step, or the operator's whole price table for a fare."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click

from farebox.feed.operators import Operators, load_operators
from farebox.words import Language, say
from tariff.price_table import Offer, begins, offers, portal_alone
from tariff.refusal import Refusal
from tariff.riders import CLASS_OF_HOLDER
from tariff.rulebook import Product, Rulebook
from tools.near import near
from tools.options import DayType, feed_option, json_option, language_option
from tools.tariff.options import called, fares_option, feed_with_fares, given_options, refuse, rules_option, today
from tools.tariff.price_view import show_prices
from tools.tariff.quote import Desk, price_json, refused
from tools.tariff.quote_json import VERSION, BadLine, Json, dumped
from tools.tariff.quote_values import HOLDERS, product_of
from tools.tariff.view import show_steps
from tools.tariff.words import BOOKS, STEPS

_OPTIONS = {
    "$.product": "PRODUCT",
    "$.route": "--route",
    "$.from": "--from",
    "$.to": "--to",
    "$.months": "--months",
    "$.renewal_of": "--renewal-of",
    "$.fare_yen": "--fare",
    "$.area": "--area",
    "$.last_day": "--last-day",
}
_OF_TABLES = ("product", "scheme", "rules_path", "fare_yen", "first_day", "holder", "disabled", "whole")
_OF_BOOKS = ("product", "scheme", "rules_path", "fare_yen", "feed", "fares_path", "route", "start", "end", "sold_on")
_OF_ALL = ("as_json", "language")
"""Parameters that the whole table, a book of coupons, and every call have a use for."""


@click.command(short_help="What a pass costs, step by step; or the whole price table.")
@click.argument("product", required=False)
@click.option("--operator", "scheme", required=True, metavar="SCHEME", help="Whose pass: aizu-noruca, lococa, …")
@rules_option
@click.option("--fare", "fare_yen", type=click.IntRange(1, 1_000_000), help="The section's adult fare, yen.")
@feed_option
@fares_option
@click.option("--route", metavar="ID|NAME", help="Or the fare of this route between --from and --to.")
@click.option("--from", "start", metavar="STOP")
@click.option("--to", "end", metavar="STOP")
@click.option("--months", type=click.IntRange(1, 36), help="Whole months; 1 if nothing says how long.")
@click.option("--first-day", type=DayType(), help="First day; today if not given, of a term its next beginning.")
@click.option("--last-day", type=DayType(), help="Last day instead of --months: odd days (AZF-30).")
@click.option("--one-way", is_flag=True, help="One direction only.")
@click.option("--area", metavar="NAME", help="The area, for an area pass (AZF-52).")
@click.option("--holder", type=click.Choice(list(HOLDERS)), help="For whom; an adult if not given.")
@click.option("--disabled", is_flag=True, help="The same as --holder disabled-adult (AZF-32).")
@click.option("--renewal-of", metavar="PRODUCT", help="The pass that it follows (AZF-40).")
@click.option("--portal", is_flag=True, help="Bought in the member portal (PRT-5).")
@click.option("--on", "sold_on", type=DayType(), help="Is it sold on this day? (GEN-19)")
@click.option("--born", type=DayType(), help="The buyer's date of birth, where an age is asked (AZF-53).")
@click.option(
    "--all",
    "whole",
    is_flag=True,
    help="Every pass and period at this fare; of PRODUCT or for --holder alone, if given.",
)
@json_option
@language_option
def price(
    product: str | None,
    scheme: str,
    rules_path: Path | None,
    feed: str,
    fares_path: Path | None,
    whole: bool,
    as_json: bool,
    language: Language,
    **said: Any,
) -> None:
    """Say what a pass, or a book of coupons, costs: from the fare to the rounded price, each step with its rule.

    \b
    farebox tariff price commuter --operator aizu-noruca --fare 230 --months 3
    farebox tariff price student --operator aizu-noruca --fare 230 --first-day 2026-04-08 --last-day 2026-06-20
    farebox tariff price term-2-2 --operator aizu-noruca --fare 230 --renewal-of term-1
    farebox tariff price --operator aizu-noruca --fare 230 --all
    """
    if said["disabled"] and said["holder"] not in (None, "disabled-adult"):
        raise click.UsageError(f"--disabled is --holder disabled-adult, not {said['holder']}; give one of them")
    operators = load_operators(rules_path)
    first_day = said["first_day"] or said["sold_on"] or today()
    rulebook = operators.on(scheme, said["sold_on"] or first_day)
    if whole:
        _leave_out("--all is every pass at a fare", _OF_TABLES)
        if said["fare_yen"] is None:
            raise click.UsageError("--all is for a fare; give --fare")
        found = list(_offers(rulebook, first_day, product, said))
        if as_json:
            for offer in found:
                click.echo(dumped(_offer_json(offer, rulebook)))
        else:
            show_prices(found, rulebook, said["fare_yen"], language)
        return
    if product is None:
        raise click.UsageError("name PRODUCT, or --all for all of them")
    asked = _Asked(operators, rulebook, first_day, product)
    title, answer = _answer(asked, feed, fares_path, said)
    if as_json:
        click.echo(dumped(answer))
        return
    words = STEPS | BOOKS
    show_steps(answer, f"{title} {rulebook.name}", _label(answer, language), words, language, _sold(answer, language))


class _Asked(NamedTuple):
    """What the price of one thing is asked of: a product or a book of coupons, by name."""

    operators: Operators
    rulebook: Rulebook
    first_day: date
    name: str


def _answer(asked: _Asked, feed: str, fares_path: Path | None, said: dict[str, Any]) -> tuple[str, Json]:
    """What it is called, and the answer; a usage error for a call that asks for neither, or not whole."""
    ends = [said[name] for name in ("route", "start", "end") if said[name] is not None]
    if ends and (said["fare_yen"] is not None or len(ends) < 3):
        raise click.UsageError("give --fare, or --route, --from and --to")
    if fares_path and not ends:
        raise click.UsageError("--fares is for --route, --from and --to")
    try:
        title, request = _title_and_request(asked, said)
        desk = Desk(asked.operators, feed_with_fares(feed, fares_path) if ends else None)
        return title, desk.answer(request)
    except BadLine as bad:
        refuse(bad, _OPTIONS)


def _title_and_request(asked: _Asked, said: dict[str, Any]) -> tuple[str, Json]:
    name, rulebook = asked.name, asked.rulebook
    books = {book.name: book.title for book in rulebook.coupon_books}
    if name in books:
        _leave_out(f"{name} is a book of coupons", _OF_BOOKS)
        return books[name], _book_request(name, rulebook.scheme, asked.first_day, said)
    product = rulebook.product_named(name)
    if product is None:
        names = [*(one.name for one in rulebook.products), *books]
        raise BadLine("$.product", f"no product {name}; {near(name, names)}")
    return product.title, _request(product, rulebook, asked.first_day, said)


def _leave_out(why: str, used: tuple[str, ...]) -> None:
    """A usage error that names what the call says and this kind of answer has no use for."""
    more = [name for name in given_options() if name not in (*used, *_OF_ALL)]
    if more:
        raise click.UsageError(f"{why}; leave {called(more)} out")


def _offers(rulebook: Rulebook, first_day: date, product: str | None, said: dict[str, Any]) -> Iterator[Offer]:
    """The operator's passes; of one product, or for one kind of holder, if asked."""
    holder = _holder(said)
    try:
        wanted = product_of(product, "$.product", rulebook).name if product else None
    except BadLine as bad:
        refuse(bad, _OPTIONS)
    for offer in offers(rulebook, said["fare_yen"], first_day):
        if wanted in (None, offer.way.product) and holder in (None, str(CLASS_OF_HOLDER[offer.way.holder])):
            yield offer


def _holder(said: dict[str, Any]) -> str | None:
    holder: str | None = "disabled-adult" if said["disabled"] else said["holder"]
    return holder


def _book_request(book: str, scheme: str, day: date, said: dict[str, Any]) -> Json:
    """The price of a book of coupons as a line of a batch."""
    head: Json = {"version": VERSION, "id": "price", "kind": "price", "operator": scheme, "book": book, "day": str(day)}
    given = {"fare_yen": said["fare_yen"], "route": said["route"], "from": said["start"], "to": said["end"]}
    return head | {name: value for name, value in given.items() if value is not None}


def _request(kind: Product, rulebook: Rulebook, first_day: date, said: dict[str, Any]) -> Json:
    """The call as a line of a batch."""
    is_new = said["first_day"] is None
    given: Json = {
        "fare_yen": said["fare_yen"],
        "route": said["route"],
        "from": said["start"],
        "to": said["end"],
        "months": said["months"],
        "last_day": said["last_day"] and str(said["last_day"]),
        "area": said["area"],
        "renewal_of": said["renewal_of"],
        "sold_on": said["sold_on"] and str(said["sold_on"]),
        "born": said["born"] and str(said["born"]),
    }
    if said["months"] is None and said["last_day"] is None and kind.term is None:
        given["months"] = 1
    return {
        "version": VERSION,
        "id": "price",
        "kind": "price",
        "operator": rulebook.scheme,
        "product": kind.name,
        "first_day": str(begins(kind, first_day) if is_new else first_day),
        "one_way": said["one_way"],
        "portal": said["portal"],
        "holder": _holder(said) or "adult",
    } | {name: value for name, value in given.items() if value is not None}


def _label(answer: Json, language: Language) -> str:
    days = f"{answer['first_day']} – {answer['last_day']}" if "first_day" in answer else ""
    return days or say(("発売額", "price"), language)


def _sold(answer: Json, language: Language) -> str:
    if "sold_from" not in answer:
        return ""
    days = (answer["sold_from"], answer["sold_to"])
    return say(("GEN-19 発売期間 {} 〜 {}", "GEN-19 sold from {} to {}"), language).format(*days)


def _offer_json(offer: Offer, rulebook: Rulebook) -> Json:
    product = rulebook.product_named(offer.way.product)
    assert product
    prices = {
        str(months): (refused(priced) if isinstance(priced, Refusal) else price_json(priced))
        | ({"portal": True} if months in portal_alone(product) else {})
        for months, priced in offer.prices.items()
    }
    return offer.way._asdict() | {"holder": str(CLASS_OF_HOLDER[offer.way.holder]), "prices": prices}
