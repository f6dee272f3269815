"""`farebox tariff quote`: what a ride costs and why, one on the command line or many as JSON lines."""

import sys
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import click

from farebox.feed import Feed
from farebox.feed.operators import load_operators
from farebox.words import Language, say
from tariff.calendar import period_end
from tariff.riders import RiderClass
from tariff.rulebook import Purse, Rulebook
from tools.exits import CheckFailed
from tools.options import DayType, feed_option, json_option, language_option, operator_option
from tools.tariff.options import (
    Attending,
    Clock,
    Luggage,
    NamedYen,
    called,
    fares_option,
    feed_with_fares,
    given_options,
    refuse,
    rulebook_for,
    rules_option,
    today,
)
from tools.tariff.places import split_visit
from tools.tariff.quote import Desk
from tools.tariff.quote_json import VERSION, BadLine, Json, dumped, id_of, lines, request_of
from tools.tariff.view import show_quote

_CLASSES = click.Choice([rider.value for rider in RiderClass])
_YEN = click.IntRange(0, 1_000_000)
_OPTIONS = {
    "$.route": "ROUTE",
    "$.from": "BOARDED",
    "$.to": "ALIGHTED",
    "$.trip": "--trip",
    "$.day": "--date",
    "$.card": "--balance",
    "$.card.points": "--points",
    "$.card.welfare_points": "--welfare",
    "$.card.coupons": "--coupon-purse",
    "$.card.auto_charge": "--auto-charge",
    "$.card.pass": "--pass",
    "$.card.pass.sections.one_way": "--one-way",
    "$.card.pass.sections.fare_yen": "a table with --fares",
    "$.card.pass.product": "--pass-product",
    "$.card.pass.area": "--area",
    "$.card.pass.line": "--line",
    "$.party": "--companion",
    "$.party.holder_born": "--born",
}


@click.command(short_help="What a ride costs, and why; or a batch of JSON lines.")
@click.argument("route", required=False)
@click.argument("boarded", required=False)
@click.argument("alighted", required=False)
@feed_option
@fares_option
@operator_option
@rules_option
@click.option("--date", "day", type=DayType(), help="The day of the boarding tap (GEN-5); today if not given.")
@click.option("--at", "departs", type=Clock(), help="When the trip leaves its first stop (AZF-60); 12:00 if not given.")
@click.option("--trip", metavar="TRIP", help="The trip, where a route's trips differ.")
@click.option("--balance", type=_YEN, help="Stored fare, yen; a full card if no purse is given.")
@click.option("--holder", type=_CLASSES, help="Whom the card is for: its own discount (GEN-12).")
@click.option("--born", type=DayType(), help="The rider's date of birth instead: the class of that age (AZF-1).")
@click.option("--companion", "companions", type=_CLASSES, multiple=True, help="Rides along; as often as needed.")
@click.option("--family", type=_CLASSES, multiple=True, help="Rides along and lives with the holder (LOC-13, AZF-61).")
@click.option("--attendant", "attendants", type=Attending(), multiple=True, help="Attends a disabled rider (AZF-20).")
@click.option("--infants", type=click.IntRange(0, 50), default=0, help="So many infants ride along (AZF-1).")
@click.option("--luggage", type=Luggage(), multiple=True, help="A piece: 12kg:0.03m3:1.2m (AZF-2).")
@click.option("--pass", "ends", nargs=2, multiple=True, metavar="FROM TO", help="A pass section; up to three.")
@click.option("--pass-product", "product", metavar="NAME", help="What kind of pass; the operator's first if not given.")
@click.option("--pass-days", nargs=2, type=DayType(), help="Its validity, both days in; a month from the ride on.")
@click.option("--one-way", is_flag=True, help="The sections hold from FROM to TO only.")
@click.option("--area", metavar="NAME", help="The pass is for this area (AZF-52).")
@click.option("--line", metavar="NAME", help="The pass is for this line (AZF-54).")
@click.option("--points", type=_YEN, help="Transport points on the card (IGP-28).")
@click.option("--points-day", type=DayType(), help="Their last earning or use (IGP-30); the ride's day if not given.")
@click.option("--welfare", type=_YEN, help="Welfare points on the card (IGP-5).")
@click.option(
    "--coupon-purse",
    "coupons",
    type=NamedYen(("regular", "student", "eco")),
    multiple=True,
    help="A NORUCA purse and its yen: eco:1100 (NOR-3).",
)
@click.option("--auto-charge", nargs=2, type=_YEN, metavar="TRIGGER AMOUNT", help="AIZU NORUCA: yen, yen (AUT-2).")
@click.option(
    "--payment",
    type=click.Choice(["card", "part-cash", "all-cash"]),
    default="card",
    show_default=True,
    help="What a passenger who is short chose (GEN-10).",
)
@click.option("--batch", metavar="FILE|-", help="Answer JSON lines instead; docs/tariff_commands.md has the format.")
@json_option
@language_option
def quote(
    route: str | None,
    boarded: str | None,
    alighted: str | None,
    feed: str,
    fares_path: Path | None,
    rules_path: Path | None,
    scheme: str | None,
    batch: str | None,
    as_json: bool,
    language: Language,
    **said: Any,
) -> None:
    """Say what a ride costs, each line with its rule, and which purse pays it. Nothing is written.

    \b
    farebox tariff quote 白棚線 磐城棚倉 新白河
    farebox tariff quote 白棚線 磐城棚倉 新白河 --pass 実業高校前 南湖公園 --balance 2000
    farebox tariff quote HAIKARA 若松駅前#1 西若松駅東口 --holder child --companion adult --infants 2
    farebox tariff quote --batch rides.jsonl > answers.jsonl

    A stop that a loop serves twice is written 若松駅前#2 for its second visit.
    With --batch, exits 1 if a line could not be read; every other line is answered all the same.
    """
    if batch is not None:
        more = [name for name in given_options() if name not in _OF_BATCHES]
        if more:
            raise click.UsageError(f"--batch has its rides in the file; leave {called(more)} out")
        _answer_batch(batch, Desk(load_operators(rules_path), feed_with_fares(feed, fares_path)))
        return
    if route is None or boarded is None or alighted is None:
        raise click.UsageError("name ROUTE, BOARDED and ALIGHTED, or --batch FILE")
    desk = Desk(load_operators(rules_path), feed_with_fares(feed, fares_path))
    assert desk.feed
    day = said["day"] or today()
    agencies = {desk.feed.agencies[found.agency_id] for found in desk.feed.routes_called(route)}
    rulebook = rulebook_for(scheme, agencies, desk.operators, day)
    request = _request(rulebook, desk.feed, day, (route, boarded, alighted), said)
    try:
        answer = desk.answer(request)
    except BadLine as bad:
        refuse(bad, _OPTIONS)
    if as_json:
        click.echo(dumped(answer))
    else:
        show_quote(answer, rulebook.name, language, _assumed(request, rulebook, said, language))


_OF_BATCHES = ("batch", "feed", "fares_path", "rules_path", "as_json", "language")
"""Parameters that a batch has a use for."""


# -- one ride


def _request(rulebook: Rulebook, feed: Feed, day: date, ride: tuple[str, str, str], said: dict[str, Any]) -> Json:
    """The call as a line of a batch."""
    route, boarded, alighted = ride
    request: Json = {
        "version": VERSION,
        "id": "quote",
        "kind": "ride",
        "operator": rulebook.scheme,
        "day": str(day),
        "route": route,
        "card": _card(rulebook, day, said),
        "party": _party(said),
        "payment": said["payment"],
    }
    for name, text in (("from", boarded), ("to", alighted)):
        request[name], visit = split_visit(text, feed.stop_names.values())
        if visit is not None:
            request[f"{name}_visit"] = visit
    return request | {name: said[name] for name in ("departs", "trip") if said[name] is not None}


_PURSES = ("balance", "points", "welfare", "coupons")


def _card(rulebook: Rulebook, day: date, said: dict[str, Any]) -> Json:
    card: Json = {}
    if all(said[name] in (None, ()) for name in _PURSES):
        card |= _full(rulebook)
    if said["balance"] is not None:
        card["stored_fare_yen"] = said["balance"]
    if said["points_day"] and said["points"] is None:
        raise click.UsageError("--points-day says of which --points")
    if said["points"] is not None:
        card["points"] = {"points": said["points"], "last_day": str(said["points_day"] or day)}
    if said["welfare"] is not None:
        card["welfare_points"] = said["welfare"]
    if said["coupons"]:
        card["coupons"] = {f"{name}_yen": yen for name, yen in said["coupons"]}
        if len(card["coupons"]) < len(said["coupons"]):
            raise click.UsageError("--coupon-purse: the same purse twice; give each one once")
    if said["holder"] not in (None, RiderClass.INFANT, RiderClass.BABY):
        card["holder"] = said["holder"]
    if said["auto_charge"]:
        card["auto_charge"] = _arranged(rulebook, *said["auto_charge"])
    if said["ends"] or said["area"] or said["line"] or said["product"]:
        card["pass"] = _pass(rulebook, day, said)
    elif said["pass_days"] or said["one_way"]:
        raise click.UsageError("--pass-days and --one-way say of which --pass")
    return card


def _full(rulebook: Rulebook) -> Json:
    """A card with as much on it as it may hold (GEN-3), in the purse that pays any day."""
    if Purse.STORED_FARE in {rules.name for rules in rulebook.purses}:
        return {"stored_fare_yen": rulebook.stored_fare_cap_yen}
    return {"coupons": {"regular_yen": rulebook.stored_fare_cap_yen}}


def _arranged(rulebook: Rulebook, trigger_yen: int, amount_yen: int) -> Json:
    offer = rulebook.auto_charge_offer
    if offer is None:
        raise click.UsageError(f"--auto-charge: {rulebook.name} offers none (AUT-1)")
    return {
        "trigger_yen": trigger_yen,
        "amount_yen": amount_yen,
        "day_cap_yen": offer.first_day_cap_yen,
        "month_cap_yen": offer.first_month_cap_yen,
    }


def _pass(rulebook: Rulebook, day: date, said: dict[str, Any]) -> Json:
    if len(said["ends"]) > 3:
        raise click.UsageError(f"--pass: {len(said['ends'])} sections; a card holds three")
    if said["one_way"] and not said["ends"]:
        raise click.UsageError("--one-way says of which --pass FROM TO")
    first, last = said["pass_days"] or (day, period_end(day, 1))
    if last < first:
        raise click.UsageError(f"--pass-days: {last} is before {first}")
    held: Json = {
        "product": said["product"] or _first_product(rulebook, said),
        "first_day": str(first),
        "last_day": str(last),
        "sections": [{"from": start, "to": end, "one_way": said["one_way"]} for start, end in said["ends"]],
    }
    return held | {name: said[name] for name in ("area", "line") if said[name]}


def _first_product(rulebook: Rulebook, said: dict[str, Any]) -> str:
    """The first product that is for what the pass is for."""
    scope = "section" if said["ends"] else "area" if said["area"] else "line"
    direction = "one-way" if said["one_way"] else "two-way"
    for product in rulebook.products:
        if product.scope == scope and (product.directions in (direction, "either")):
            return product.name
    what = f"one-way {scope}" if said["one_way"] else scope
    raise click.UsageError(f"--pass-product: {rulebook.name} sells no {what} pass; name the product")


def _party(said: dict[str, Any]) -> Json:
    if said["holder"] and said["born"]:
        raise click.UsageError("--holder and --born say the same; give one of them")
    party: Json = {
        "companions": [*said["companions"], *([RiderClass.INFANT.value] * said["infants"])],
        "family": list(said["family"]),
        "attendants": list(said["attendants"]),
        "luggage": list(said["luggage"]),
    }
    if said["born"]:
        party["holder_born"] = str(said["born"])
    if said["holder"] in (RiderClass.INFANT, RiderClass.BABY):
        party["holder"] = said["holder"]
    return party


def _assumed(request: Json, rulebook: Rulebook, said: dict[str, Any], language: Language) -> tuple[str, ...]:
    """What nobody said and the answer rests on."""
    notes = []
    if all(said[name] in (None, ()) for name in _PURSES):
        full = f"{rulebook.stored_fare_cap_yen:,}"
        notes.append(
            say((f"残額の指定なし: 上限の{full}円とみなす", f"no purse given: a full card, {full} yen"), language)
        )
    held = request["card"].get("pass")
    if held and not said["product"]:
        product = rulebook.product_named(held["product"])
        title = product.title if product else held["product"]
        notes.append(say((f"券種の指定なし: {title}", f"no --pass-product: {held['product']} ({title})"), language))
    if held and not said["pass_days"]:
        days = (held["first_day"], held["last_day"])
        notes.append(say(("定期の期間: {} 〜 {}", "pass days: {} to {}"), language).format(*days))
    elif held and not held["first_day"] <= request["day"] <= held["last_day"]:
        both = ("PASS-6 定期の期間は {} 〜 {}（{} は対象外）", "PASS-6 the pass counts from {} to {}, not on {}")
        notes.append(say(both, language).format(held["first_day"], held["last_day"], request["day"]))
    return tuple(notes)


# -- a batch


def _answer_batch(name: str, desk: Desk) -> None:
    """Answer every line; those that can't be are answered with an error, and counted."""
    bad = 0
    with ExitStack() as stack:
        file: BinaryIO = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
        for line in lines(file):
            try:
                answer = desk.answer(request_of(line))
            except BadLine as fault:
                bad += 1
                error = {"line": line.number, "path": fault.path, "message": fault.message}
                answer = {"version": VERSION, "id": id_of(line), "error": error}
            click.echo(dumped(answer))
    if bad:
        raise CheckFailed(f"{name}: {bad} {'line' if bad == 1 else 'lines'} could not be answered; each says why")
