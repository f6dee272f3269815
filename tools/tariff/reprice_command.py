"""`farebox tariff reprice`: recorded rides under these rules; what they come to, and how that differs."""

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from farebox.duty import Duty
from farebox.feed.operators import load_operators
from farebox.words import REFUSALS, Language, say
from sim.ride_rows import COLUMNS
from tariff.refusal import Code
from tools.extra import extra
from tools.options import FILE, feed_option, json_option, language_option, operator_option
from tools.tariff.options import fares_option, feed_with_fares, rules_option
from tools.tariff.quote_json import Json, dumped
from tools.tariff.revenue_view import pricing_bar, unused
from tools.tariff.view import console, table
from tools.tariff.words import PURSES, STRAYS

_PATHS = {
    "od": ("表引き（定期券なし）", "by table, no passes"),
    "vectorised": ("列演算（定期券・企画運賃）", "by columns: passes, flat fares"),
    "settled": ("1件ずつ精算", "one by one"),
}


def _print_columns(context: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        for name, what in COLUMNS.items():
            click.echo(f"{name:<18} {what}")
        context.exit()


@click.command(short_help="Price recorded rides again under other rules.")
@click.argument("rides_path", type=FILE, metavar="RIDES")
@feed_option
@fares_option
@operator_option
@rules_option
@click.option(
    "--columns",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_columns,
    help="Name the columns a file may have.",
)
@click.option("--out", type=FILE, help="Write the rows with due_yen and refusal, as .csv or .parquet.")
@json_option
@language_option
def reprice(
    rides_path: Path,
    feed: str,
    fares_path: Path | None,
    scheme: str | None,
    rules_path: Path | None,
    out: Path | None,
    as_json: bool,
    language: Language,
) -> None:
    """Price recorded rides, .csv or .parquet, by a feed's fares and an operator's rules; compare with what was taken.

    \b
    farebox tariff reprice rides.parquet --feed my-gtfs-jp.zip
    farebox tariff reprice rides.csv --rules new-operators --out repriced.csv
    farebox tariff reprice rides.csv --operator lococa --json

    A row is one ride and the card's state before it; --columns names what it may hold. A refused ride is counted by its
    code and has no yen; it is no fault of the call, which exits 0.
    """
    with extra("bulk"):
        from tools.tariff.repricing import price, report
        from tools.tariff.rides import read_rides, write_repriced
    with pricing_bar(language) as bar:
        recorded = read_rides(rides_path)
        duty = Duty(feed_with_fares(feed, fares_path), load_operators(rules_path), scheme)
        task = bar.add_task("", total=recorded.rides)
        priced = price(recorded, duty, lambda rides: bar.advance(task, rides))
        found = report(recorded, priced)
        if out:
            write_repriced(out, recorded, priced.due_yen, priced.refusal)
    if recorded.strays:
        click.echo(f"farebox: {rides_path}: {say(STRAYS, language).format(recorded.strays)}", err=True)
    if as_json:
        click.echo(dumped(found))
    else:
        _show(found, language)


def _show(report: Json, language: Language) -> None:
    out = console()
    head = Text(say(("【模擬】", "[simulated 模擬] "), language), style="yellow")
    rules = ", ".join(f"{one['name']} {one['effective']}" for one in report["rules"])
    out.print(head + Text(f"{report['file']} · {rules}", style="bold"))
    out.print(_totals(report, language))
    without = say(("定期券なし", "without a pass"), language)
    companies = [(one["name"], one["yen"]) for one in report["by_company"]]
    books = {(one["operator"], one["effective"]): one["name"] for one in report["rules"]}
    several = len(books) > 1
    products = [
        (f"{books[one['operator'], one['effective']] + ': ' if several else ''}{one['product'] or without}", one["yen"])
        for one in report["by_product"]
    ]
    purses = [(say(PURSES[key], language), yen) for key, yen in report["by_purse"].items() if yen]
    for title, sums in (
        (("会社", "company"), companies),
        (("定期券", "pass"), products),
        (("支払い", "paid from"), purses),
    ):
        shown = table(say(title, language), say(("円", "yen"), language), right=(1,), rich=out.is_terminal)
        for name, yen in sums:
            shown.add_row(name, f"{yen:,}")
        out.print(shown)
    if report["refused"]:
        out.print(_refusals(report, language, out.is_terminal))
    out.print(_paths(report, language, out.is_terminal))
    if report["unused_columns"]:
        out.print(unused(report, language))


def _totals(report: Json, language: Language) -> Table:
    shown = Table(box=None, show_header=False, pad_edge=False)
    shown.add_column()
    shown.add_column(justify="right")
    rides = [(("件数", "rides"), f"{report['rides']:,}")]
    rides.append((("新運賃の合計", "due now, yen"), f"{report['due_yen']:,}"))
    if report["amount_yen"] is not None:
        rides += [
            (("記録の合計", "taken then, yen"), f"{report['amount_yen']:,}"),
            (("差額（精算できた件のみ）", "difference, of rides not refused"), f"{report['difference_yen']:+,}"),
            (("値上がり・値下がり（件）", "dearer and cheaper rides"), f"{report['dearer']:,} / {report['cheaper']:,}"),
        ]
    if report["auto_charged_yen"]:
        rides.append((("オートチャージ", "auto-charged, yen"), f"{report['auto_charged_yen']:,}"))
    for title, value in rides:
        shown.add_row(say(title, language), value)
    return shown


def _refusals(report: Json, language: Language, rich: bool) -> Table:
    heads = (("受付不可", "refused"), ("件数", "rides"), ("規則", "rule"), ("最初の行", "first row"), ("内容", "about"))
    shown = table(*(say(head, language) for head in heads), right=(1, 3), rich=rich)
    for one in report["refused"]:
        words = f"{one['code']}: {say(REFUSALS[Code(one['code'])], language)}"
        shown.add_row(words, f"{one['rides']:,}", one["rule"], f"{one['first_row']:,}", one["detail"])
    return shown


def _paths(report: Json, language: Language, rich: bool) -> Table:
    heads = (("計算方法", "priced"), ("件数", "rides"), ("割合", "share"), ("件/秒", "rides a second"))
    shown = table(*(say(head, language) for head in heads), right=(1, 2, 3), rich=rich)
    for one in report["paths"]:
        if one["rides"]:
            share = f"{100 * one['rides'] / report['rides']:.1f}%"
            shown.add_row(say(_PATHS[one["path"]], language), f"{one['rides']:,}", share, f"{one['rides_s']:,}")
    return shown
