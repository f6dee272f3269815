"""`farebox tariff diff`: all that a change of operator files or feeds would change, and whether it is plausible.

A tariff once charged 2,160 for 216 on two buses (faults 29): a limit on each change, and fares that must hold, stop
such a one before it is signed.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import click
from rich.text import Text

from farebox.duty import Duty
from farebox.feed.changes import Change, FareChange, PriceChange, SettingChange, is_over, percent_of, size_of
from farebox.feed.comparison import Side, books_of, changes_between, side_of
from farebox.feed.operators import OperatorFault, load_operators
from farebox.words import Language, say
from tools.exits import CheckFailed
from tools.extra import extra
from tools.options import FILE, DayType, json_option, language_option, operator_option
from tools.tariff.options import feed_with_fares, today
from tools.tariff.quote import Desk
from tools.tariff.quote_json import BadLine, Json, checked, dumped, lines, loaded
from tools.tariff.revenue_view import pricing_bar, show_revenue
from tools.tariff.view import console, is_rich, table
from tools.tariff.words import RIDERS

LIMIT_PERCENT = 30
_SHOWN = 20


class _Pairs(NamedTuple):
    """Pairs of stops that only one of two feeds has, and that both have."""

    gone: int
    new: int
    both: int


@click.command(short_help="Every fare, price and setting that a change would change.")
@click.argument("old", type=FILE, required=False)
@click.argument("new", type=FILE, required=False)
@click.option("--feed", metavar="FEED", help="The feed of both: a folder, a .zip, or `sample`.")
@click.option("--old-feed", metavar="FEED", help="The feed before, and")
@click.option("--new-feed", metavar="FEED", help="the feed after.")
@click.option("--old-fares", type=FILE, metavar="FILE", help="Fare tables (三角表) before, and")
@click.option("--new-fares", type=FILE, metavar="FILE", help="fare tables after.")
@click.option("--date", "day", type=DayType(), help="Compare the files in force then; the newest if not given.")
@click.option(
    "--limit-percent",
    type=click.IntRange(0, 10_000),
    default=LIMIT_PERCENT,
    show_default=True,
    help="The largest change that is not a mistake. Raise it on purpose.",
)
@operator_option
@click.option(
    "--rides",
    "rides_path",
    type=FILE,
    metavar="FILE",
    help="Also what both make of recorded rides, .csv or .parquet, as `farebox tariff reprice` has them.",
)
@click.option("--golden", type=FILE, metavar="FILE", help="JSON lines of quotes that must come out so in the new one.")
@click.option("--all", "whole", is_flag=True, help=f"Print every change, not the {_SHOWN} largest.")
@json_option
@language_option
def diff(
    old: Path | None,
    new: Path | None,
    feed: str | None,
    old_feed: str | None,
    new_feed: str | None,
    old_fares: Path | None,
    new_fares: Path | None,
    day: date | None,
    limit_percent: int,
    scheme: str | None,
    rides_path: Path | None,
    golden: Path | None,
    whole: bool,
    as_json: bool,
    language: Language,
) -> None:
    """Compare two folders of operator files, two feeds, or both. Folders left out are the project's own.

    \b
    farebox tariff diff tariff/operators new-operators --feed sample
    farebox tariff diff --old-feed 2025.zip --new-feed 2026.zip --golden golden.jsonl
    farebox tariff diff --feed sample --new-fares 2026.xlsx --json > changes.jsonl
    farebox tariff diff tariff/operators new-operators --feed sample --rides rides.csv

    Exits 1 if a fare, price or amount changes by more than --limit-percent, a fare is lost, or a golden one broken.
    """
    if (old is None) != (new is None):
        raise click.UsageError("name both OLD and NEW, or neither")
    if bool(old_feed) != bool(new_feed) or (feed and old_feed):
        raise click.UsageError("give --feed, or --old-feed and --new-feed")
    before = _side(old, old_feed or feed, old_fares, day)
    after = _side(new, new_feed or feed, new_fares, day)
    both = before.books.keys() & after.books.keys()
    if scheme and scheme not in both:
        raise OperatorFault(f"no operator {scheme!r} in both; choose one of {', '.join(sorted(both))}")
    changes = list(changes_between(before, after, day or today(), scheme))
    pairs = _Pairs(
        gone=len(before.fares.keys() - after.fares.keys()),
        new=len(after.fares.keys() - before.fares.keys()),
        both=len(before.fares.keys() & after.fares.keys()),
    )
    broken = list(broken_quotes(golden, Desk(after.operators, after.feed))) if golden else []
    revenue = _revenue(rides_path, before, after, scheme, language) if rides_path else None
    over = [change for change in changes if is_over(change, limit_percent)]
    if as_json:
        _print_json(changes, pairs, broken, limit_percent)
    else:
        _print(changes, pairs, broken, limit_percent, whole, language)
    if revenue and as_json:
        click.echo(dumped({"kind": "revenue", **revenue}))
    elif revenue:
        show_revenue(revenue, language)
    if broken:
        raise CheckFailed(f"{golden}: golden quotes broken: {len(broken)}; first: {broken[0]}")
    if over:
        first = max(over, key=size_of)
        raise CheckFailed(
            f"{len(over)} changes over {limit_percent} %, first {_text(first, Language.EN)}; mend it, or raise "
            "--limit-percent on purpose (faults 29)"
        )


def _side(folder: Path | None, feed: str | None, fares: Path | None, day: date | None) -> Side:
    if fares and not feed:
        raise click.UsageError("fare tables are for routes of a feed; name it")
    loaded = feed_with_fares(feed, fares) if feed else None
    operators = load_operators(folder)
    return side_of(operators, loaded, books_of(operators, day))


# -- rides that were made


def _revenue(path: Path, before: Side, after: Side, scheme: str | None, language: Language) -> Json:
    """What both tariffs make of recorded rides."""
    if before.feed is None or after.feed is None:
        raise click.UsageError(f"--rides {path}: rides are of trips of a feed; name it")
    with extra("bulk"):
        from tools.tariff.repricing import price, revenue
        from tools.tariff.rides import RidesFault, read_rides
    recorded = read_rides(path)
    with pricing_bar(language) as bar:
        task = bar.add_task("", total=2 * recorded.rides)

        def advance(rides: int) -> None:
            bar.advance(task, rides)

        old = price(recorded, Duty(before.feed, before.at_any_time, scheme), advance)
        try:
            new = price(recorded, Duty(after.feed, after.at_any_time, scheme), advance)
        except RidesFault as fault:
            raise RidesFault(f"{fault} (by the new tariff; by the old one it can be priced)") from None
    return revenue(recorded, old, new)


# -- fares that must hold


def broken_quotes(path: Path, desk: Desk) -> Iterator[str]:
    """Golden quotes that don't come out as they must; raises BadLine's text for a line that is none."""
    where = ""
    with path.open("rb") as file:
        for line in lines(file):
            where = f"line {line.number}"
            try:
                golden = loaded(line)
                if not isinstance(golden, dict) or golden.keys() - _GOLDEN or len(golden) != 2 or "quote" not in golden:
                    raise BadLine("$", f"must have quote, and one of {', '.join(sorted(_GOLDEN - {'quote'}))}")
                answer = desk.answer(checked(golden["quote"]))
            except BadLine as bad:
                yield f"{where}: {bad}"
                continue
            (name,) = golden.keys() - {"quote"}
            refusal = answer.get("refusal", {}).get("code")
            got = refusal if name == "refusal" else answer.get(name, refusal)
            if type(got) is not type(golden[name]) or got != golden[name]:
                yield f"{where} ({answer['id']}): {name} {golden[name]} is now {got}"
    if not where:
        yield "the file holds no quote"


_GOLDEN = frozenset({"quote", "due_yen", "refund_yen", "refusal"})


# -- printing


def _print_json(changes: Iterable[Change], pairs: _Pairs, broken: list[str], limit_percent: int) -> None:
    for change in changes:
        click.echo(dumped(_change_json(change, limit_percent)))
    for one in broken:
        click.echo(dumped({"kind": "golden", "message": one}))
    click.echo(dumped({"kind": "pairs", **pairs._asdict()}))


def _change_json(change: Change, limit_percent: int) -> Json:
    fields = change._asdict()
    if isinstance(change, FareChange):
        fields = {"kind": "fare", **change.pair._asdict(), **fields}
        del fields["pair"]
    else:
        fields = {"kind": "price" if isinstance(change, PriceChange) else "setting", **fields}
    fields |= {name: _plain(fields[name]) for name in ("old", "new")}
    size = percent_of(change)
    return fields | {"percent": None if size is None else round(float(size), 1), "over": is_over(change, limit_percent)}


def _plain(value: object) -> object:
    return value if isinstance(value, int | str | list | None) else str(value)


def _shown(size: Fraction | None) -> str:
    """As people read it: +9.1 %."""
    return "" if size is None else f"{float(size):+.1f} %"


def _what(change: Change, language: Language) -> str:
    if isinstance(change, FareChange):
        return (
            f"{change.pair.route}: {change.pair.boarded} → {change.pair.alighted} {say(RIDERS[change.rider], language)}"
        )
    if isinstance(change, PriceChange):
        fare = say((f"運賃{change.fare_yen:,}円 ", f"fare {change.fare_yen:,} "), language) if change.fare_yen else ""
        return f"{change.scheme}: {fare}{change.pass_sold}"
    return f"{change.scheme}: {change.key}"


def _value(value: object) -> str:
    if value is None:
        return "―"
    return f"{value:,}" if type(value) is int else str(value)


def _text(change: Change, language: Language) -> str:
    size = _shown(percent_of(change))
    return f"{_what(change, language)}: {_value(change.old)} → {_value(change.new)}{f' ({size})' if size else ''}"


_KINDS = {
    FareChange: ("運賃", "fares"),
    PriceChange: ("定期券の発売額", "pass prices"),
    SettingChange: ("設定", "settings"),
}


def _print(
    changes: list[Change], pairs: _Pairs, broken: list[str], limit_percent: int, whole: bool, language: Language
) -> None:
    out = console()
    rich = is_rich(out)
    if any(pairs):
        counts = f"停留所の組: 共通 {pairs.both:,}、廃止 {pairs.gone:,}、新設 {pairs.new:,}"
        counted = f"pairs of stops: {pairs.both:,} in both, {pairs.gone:,} gone, {pairs.new:,} new"
        out.print(Text(say((counts, counted), language)))
    if not changes:
        out.print(Text(say(("変更なし", "nothing changes"), language), style="green"))
    for kind, title in _KINDS.items():
        found = sorted((change for change in changes if type(change) is kind), key=size_of, reverse=True)
        if not found:
            continue
        out.print(Text(f"{say(title, language)}: {len(found):,}", style="bold"))
        heads = say(("対象\t前\t後\t増減", "what\tbefore\tafter\tchange"), language).split("\t")
        made = table(*heads, right=() if kind is SettingChange else (1, 2, 3), rich=rich)
        shown = found if whole else found[:_SHOWN]
        for change in shown:
            style = "red" if is_over(change, limit_percent) else ""
            made.add_row(
                _what(change, language), _value(change.old), _value(change.new), _shown(percent_of(change)), style=style
            )
        out.print(made)
        if len(shown) < len(found):
            out.print(Text(f"… {len(found) - len(shown):,} (--all)", style="dim"))
    for one in broken:
        out.print(Text(f"✗ golden {one}", style="red"))
