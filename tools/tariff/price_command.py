"""`farebox tariff price`: what a pass costs, step by step, or the operator's whole price table for a fare."""

from datetime import date
from pathlib import Path
from typing import Any

import click

from farebox.feed.operators import load_operators
from tariff.refusal import Refusal
from tariff.riders import CLASS_OF_HOLDER
from tariff.rulebook import Product, Rulebook
from tools.options import DayType, feed_option, json_option, language_option
from tools.tariff.options import fares_option, feed_with_fares, refuse, rules_option, today
from tools.tariff.price_table import Offer, begins, offers
from tools.tariff.price_view import show_prices
from tools.tariff.quote import Desk, price_json, refused
from tools.tariff.quote_json import VERSION, BadLine, Json, dumped
from tools.tariff.quote_values import HOLDERS, product_of
from tools.tariff.view import show_steps
from tools.tariff.words import STEPS
from tools.words import Language, say

_OPTIONS = {
    "$.product": "PRODUCT",
    "$.route": "--route",
    "$.from": "--from",
    "$.to": "--to",
    "$.months": "--months",
    "$.renewal_of": "--renewal-of",
    "$": "--fare",
}


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
@click.option("--holder", type=click.Choice(list(HOLDERS)), default="adult", show_default=True, help="For whom.")
@click.option("--disabled", is_flag=True, help="The same as --holder disabled-adult (AZF-32).")
@click.option("--renewal-of", metavar="PRODUCT", help="The pass that it follows (AZF-40).")
@click.option("--portal", is_flag=True, help="Bought in the member portal (PRT-5).")
@click.option("--on", "sold_on", type=DayType(), help="Is it sold on this day? (GEN-19)")
@click.option("--born", type=DayType(), help="The buyer's date of birth, where an age is asked (AZF-53).")
@click.option("--all", "whole", is_flag=True, help="Every pass and period of the operator at this fare.")
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
    """Say what a pass costs, from the fare to the rounded price, each step with its rule.

    \b
    farebox tariff price commuter --operator aizu-noruca --fare 230 --months 3
    farebox tariff price student --operator aizu-noruca --fare 230 --first-day 2026-04-08 --last-day 2026-06-20
    farebox tariff price term-2-2 --operator aizu-noruca --fare 230 --renewal-of term-1
    farebox tariff price --operator aizu-noruca --fare 230 --all
    """
    operators = load_operators(rules_path)
    first_day = said["first_day"] or said["sold_on"] or today()
    rulebook = operators.on(scheme, said["sold_on"] or first_day)
    if whole:
        if said["fare_yen"] is None:
            raise click.UsageError("--all is for a fare; give --fare")
        found = list(offers(rulebook, said["fare_yen"], first_day))
        if as_json:
            for offer in found:
                click.echo(dumped(_offer_json(offer)))
        else:
            show_prices(found, rulebook, said["fare_yen"], language)
        return
    if product is None:
        raise click.UsageError("name PRODUCT, or --all for all of them")
    try:
        kind = product_of(product, "$.product", rulebook)
        desk = Desk(operators, feed_with_fares(feed, fares_path) if said["route"] else None)
        answer = desk.answer(_request(kind, rulebook, first_day, said))
    except BadLine as bad:
        refuse(bad, _OPTIONS)
    if as_json:
        click.echo(dumped(answer))
        return
    show_steps(answer, f"{kind.title} {rulebook.name}", _label(answer), STEPS, language, _sold(answer, language))


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
        "holder": "disabled-adult" if said["disabled"] else said["holder"],
    } | {name: value for name, value in given.items() if value is not None}


def _label(answer: Json) -> str:
    return f"{answer['first_day']} – {answer['last_day']}" if "first_day" in answer else ""


def _sold(answer: Json, language: Language) -> str:
    if "sold_from" not in answer:
        return ""
    days = (answer["sold_from"], answer["sold_to"])
    return say(("GEN-19 発売期間 {} 〜 {}", "GEN-19 sold from {} to {}"), language).format(*days)


def _offer_json(offer: Offer) -> Json:
    prices = {
        str(months): refused(priced) if isinstance(priced, Refusal) else price_json(priced)
        for months, priced in offer.prices.items()
    }
    return offer.way._asdict() | {"holder": str(CLASS_OF_HOLDER[offer.way.holder]), "prices": prices}
