"""`farebox tariff reprice`: recorded rides under these rules; what they come to, and how that differs."""

import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from farebox.duty import Duty
from farebox.feed.operators import load_operators
from tariff.refusal import Code
from tariff.rulebook import Purse
from tools.options import FILE, feed_option, json_option, language_option, operator_option
from tools.tariff.options import fares_option, feed_with_fares, rules_option
from tools.tariff.quote_json import Json, dumped
from tools.tariff.view import console, table
from tools.tariff.words import PURSES
from tools.words import REFUSALS, Language, say

if TYPE_CHECKING:
    from tariff.bulk import Repriced
    from tools.tariff.rides import Batch, Recorded

_PATHS = {
    "od": ("表引き（定期券なし）", "by table, no passes"),
    "vectorised": ("列演算（定期券・企画運賃）", "by columns: passes, flat fares"),
    "settled": ("1件ずつ精算", "one by one"),
}


def _rides() -> ModuleType:
    """tools.tariff.rides, where what it needs is installed."""
    try:
        return import_module("tools.tariff.rides")
    except ModuleNotFoundError as missing:
        raise click.UsageError(f"{missing.name} is not installed; pip install 'farebox[bulk]'") from None


def _print_columns(context: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        for name, what in _rides().COLUMNS.items():
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
    rides = _rides()
    with _bar(language) as bar:
        recorded = rides.read_rides(rides_path)
        duty = Duty(feed_with_fares(feed, fares_path), load_operators(rules_path), scheme)
        report = _priced(recorded, rides.batches(recorded, duty), out, bar)
    if as_json:
        click.echo(dumped(report))
    else:
        _show(report, language)


def _bar(language: Language) -> Progress:
    """A progress bar on a terminal's standard error; nothing elsewhere."""
    shown = Console(file=sys.stderr)
    label = TextColumn(say(("再計算", "pricing"), language))
    columns = label, BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    return Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True)


def _priced(recorded: "Recorded", batches: "list[Batch]", out: Path | None, bar: Progress) -> Json:
    """Price all batches, write the rows if asked to, and say what they come to."""
    import numpy as np

    from tariff.bulk import NO_DUE, NOT_REFUSED
    from tariff.bulk import Path as Way
    from tariff.bulk import reprice as bulk_reprice
    from tools.tariff.path_clock import PathClock
    from tools.tariff.rides import amounts, write_repriced

    due_yen = np.full(recorded.rides, NO_DUE, np.int64)
    refusal = np.full(recorded.rides, NOT_REFUSED, np.int8)
    task = bar.add_task("", total=recorded.rides)
    clock = PathClock(perf_counter)

    def watch(path: Way, rides: int) -> None:
        clock(path, rides)
        bar.advance(task, rides)

    sums = _Sums()
    for batch in batches:
        clock.restart()
        found = bulk_reprice(batch.rides, batch.tables, batch.rulebook, watch)
        due_yen[batch.rows], refusal[batch.rows] = found.due_yen, found.refusal
        sums.add(recorded, batch, found)
    amount, has_amount = amounts(recorded)
    settled = due_yen != NO_DUE
    compared = settled & has_amount
    more_yen = (due_yen - amount)[compared]
    if out:
        write_repriced(out, recorded, due_yen, refusal)
    paths = [{"path": str(path), "rides": sums.paths[path], "rides_s": clock.rides_s(path)} for path in Way]
    return {
        "simulated": True,
        "file": str(recorded.path),
        "rides": recorded.rides,
        "rules": sums.rules,
        "amount_yen": int(amount[has_amount].sum()) if has_amount.any() else None,
        "due_yen": int(due_yen[settled].sum()),
        "compared": int(compared.sum()),
        "difference_yen": int(more_yen.sum()) if has_amount.any() else None,
        "dearer": int((more_yen > 0).sum()),
        "cheaper": int((more_yen < 0).sum()),
        "refused": sums.refused(),
        "by_company": sums.by_company,
        "by_product": sums.by_product,
        "by_purse": {str(purse): yen for purse, yen in sums.by_purse.items()} | {"cash": sums.cash_yen},
        "auto_charged_yen": sums.auto_charged_yen,
        "paths": paths,
        "unused_columns": list(recorded.unused),
    }


class _Sums:
    """What the batches of a file come to together."""

    def __init__(self) -> None:
        self.rules: list[Json] = []
        self.by_company: list[Json] = []
        self.by_product: list[Json] = []
        self.by_purse: Counter[Purse] = Counter()
        self.cash_yen = self.auto_charged_yen = 0
        self.paths: Counter[str] = Counter()
        self._refused: dict[Code, Json] = {}

    def add(self, recorded: "Recorded", batch: "Batch", found: "Repriced") -> None:
        """Count a batch in."""
        book = batch.rulebook
        whose = {"operator": book.scheme, "effective": book.effective.isoformat()}
        names = {company.number: company.name for company in book.companies}
        self.rules.append(whose | {"name": book.name, "rides": len(batch.rows)})
        self.by_company += [whose | {"name": names[key], "yen": yen} for key, yen in found.by_company.items()]
        for number, yen in found.by_product.items():
            product = book.product(number) if number is not None else None
            name = product.title if product else None if number is None else str(number)
            self.by_product.append(whose | {"product": name, "yen": yen})
        self.by_purse.update(found.by_purse)
        self.cash_yen += found.cash_yen
        self.auto_charged_yen += found.auto_charged_yen
        self.paths.update(found.paths)
        for code, rides in found.refused.items():
            row, refusal = found.examples[code]
            first = recorded.shown_row(int(batch.rows[row]))
            known = self._refused.get(code, {"code": str(code), "rides": 0, "first_row": first})
            if first <= known["first_row"]:
                known |= {"rule": refusal.rule, "first_row": first, "detail": refusal.detail}
            self._refused[code] = known | {"rides": known["rides"] + rides}

    def refused(self) -> list[Json]:
        """Most frequent first."""
        return sorted(self._refused.values(), key=lambda one: -int(one["rides"]))


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
        names = ", ".join(report["unused_columns"])
        out.print(Text(say((f"使わない列: {names}", f"columns not looked at: {names}"), language), style="dim"))


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
    heads = (("拒否", "refused"), ("件数", "rides"), ("規則", "rule"), ("最初の行", "first row"), ("内容", "about"))
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
