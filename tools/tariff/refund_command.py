"""`farebox tariff refund`: what is given back for a card, a pass or a book of coupons."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import click

from farebox.feed.operators import load_operators
from farebox.words import Language, say
from tools.options import DayType, json_option, language_option
from tools.tariff.options import refuse, rules_option, today
from tools.tariff.quote import Desk
from tools.tariff.quote_json import VERSION, BadLine, Json, dumped
from tools.tariff.quote_values import HOLDERS
from tools.tariff.view import show_steps
from tools.tariff.words import BOOKS, ITEMS

_OPTIONS = {
    "$.card.stored_fare_yen": "--balance",
    "$.card.points": "--points",
    "$.card.pass.product": "--product",
    "$.card.pass.first_day": "--first-day",
    "$.card.pass.last_day": "--last-day",
    "$.card.pass.sections": "--fare",
    "$.card.pass.sections.one_way": "--one-way",
    "$.card.pass.area": "--area",
    "$.card.pass.line": "--line",
    "$.book": "--book",
    "$.fare_yen": "--fare",
}
_PASS = ("product", "first_day", "last_day")
_NEEDS = {"card": (), "pass": (*_PASS, "paid_yen"), "both": (*_PASS, "paid_yen"), "coupons": ("book",)}


class _Used(click.ParamType[Json]):
    """Tickets used as 100x5."""

    name = "FACExTICKETS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Json:
        """To face in yen and number."""
        found = re.fullmatch("([0-9]{1,6})[x×]([1-9][0-9]{0,2})", value)
        if not found:
            self.fail(f"{value!r} is not face and tickets like 100x5", param, ctx)
        return {"face_yen": int(found[1]), "tickets": int(found[2])}


@click.command(short_help="What is given back for a card, a pass or coupons.")
@click.argument("what", type=click.Choice(list(_NEEDS)))
@click.option("--operator", "scheme", required=True, metavar="SCHEME", help="Whose card, pass or coupons.")
@rules_option
@click.option("--balance", type=click.IntRange(0, 1_000_000), default=0, show_default=True, help="Stored fare, yen.")
@click.option("--points", type=click.IntRange(0, 1_000_000), help="Transport points: they lapse (IGP-30).")
@click.option("--holder", type=click.Choice(list(HOLDERS)), default="adult", show_default=True, help="Whose card.")
@click.option("--product", metavar="NAME", help="The pass; with the card alone, the one on it.")
@click.option("--paid", "paid_yen", type=click.IntRange(1, 1_000_000), help="What the pass cost, yen: on its slip.")
@click.option("--first-day", type=DayType(), help="The pass's first day.")
@click.option("--last-day", type=DayType(), help="The pass's last day.")
@click.option("--fare", "fare_yen", type=click.IntRange(1, 1_000_000), help="The fare the section was priced on, yen.")
@click.option("--one-way", is_flag=True, help="The pass is one-way.")
@click.option("--area", metavar="NAME", help="The area of an area pass.")
@click.option("--line", metavar="NAME", help="The line of a line pass.")
@click.option("--book", metavar="NAME", help="The book of coupons.")
@click.option("--used", type=_Used(), multiple=True, help="Tickets used, as 100x5; as often as needed.")
@click.option("--on", "day", type=DayType(), help="The day of return; today if not given.")
@json_option
@language_option
def refund(what: str, scheme: str, rules_path: Path | None, as_json: bool, language: Language, **said: Any) -> None:
    """Say what is given back and how it comes about. WHAT is the pass alone, the card, both, or a book of coupons.

    \b
    farebox tariff refund card --operator lococa --balance 1430
    farebox tariff refund pass --operator aizu-noruca --product commuter --fare 230 --paid 27530 \\
        --first-day 2026-04-01 --last-day 2026-06-30 --on 2026-04-10
    farebox tariff refund coupons --operator aizu-noruca --book ordinary-100 --used 100x3
    """
    needed = _PASS if what == "card" and _has_pass(said) else _NEEDS[what]
    missing = [f"--{name.replace('_yen', '').replace('_', '-')}" for name in needed if said[name] is None]
    if missing:
        raise click.UsageError(f"a refund of {what} needs {', '.join(missing)}")
    if said["one_way"] and not said["fare_yen"]:
        raise click.UsageError("--one-way says of which section: give its --fare")
    operators = load_operators(rules_path)
    day = said["day"] or today()
    rulebook = operators.on(scheme, day)
    try:
        answer = Desk(operators, None).answer(_request(what, scheme, day, said))
    except BadLine as bad:
        refuse(bad, _OPTIONS)
    if as_json:
        click.echo(dumped(answer))
        return
    lapsed = answer.get("points_lapsed")
    fact = say((f"IGP-30 失効する交通ポイント {lapsed}", f"IGP-30 transport points that lapse: {lapsed}"), language)
    title = say((f"払戻し {rulebook.name} {day}", f"refund {rulebook.name} {day}"), language)
    show_steps(answer, title, say(("払戻額", "given back"), language), ITEMS | BOOKS, language, fact if lapsed else "")


def _request(what: str, scheme: str, day: date, said: dict[str, Any]) -> Json:
    """The call as a line of a batch."""
    request: Json = {
        "version": VERSION,
        "id": "refund",
        "kind": "refund",
        "operator": scheme,
        "what": what,
        "day": str(day),
    }
    if what == "coupons":
        fare = {"fare_yen": said["fare_yen"]} if said["fare_yen"] else {}
        return request | {"book": said["book"], "used": list(said["used"])} | fare
    card: Json = {"stored_fare_yen": said["balance"], "holder": said["holder"]}
    if said["points"] is not None:
        card["points"] = {"points": said["points"], "last_day": str(day)}
    if _has_pass(said):
        card["pass"] = _pass(said)
    if what != "card":
        request["paid_yen"] = said["paid_yen"]
    return request | {"card": card}


def _has_pass(said: dict[str, Any]) -> bool:
    return any(said[name] is not None for name in _PASS)


def _pass(said: dict[str, Any]) -> Json:
    held: Json = {
        "product": said["product"],
        "first_day": str(said["first_day"]),
        "last_day": str(said["last_day"]),
    }
    if said["fare_yen"]:
        held["sections"] = [{"from": "A", "to": "B", "one_way": said["one_way"], "fare_yen": said["fare_yen"]}]
    return held | {name: said[name] for name in ("area", "line") if said[name]}
