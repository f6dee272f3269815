"""`farebox tariff check`: operator files by themselves, and against a feed, before a day's fares rest on them."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.text import Text

from farebox.feed import Feed
from farebox.feed.changes import visits
from farebox.feed.operators import Operators, load_operators
from farebox.words import Language, say
from tariff.operator_file import NOT_CONFIGURED
from tariff.riders import RiderClass, fare_for
from tariff.rulebook import ORDINARY, Rulebook
from tools.exits import CheckFailed
from tools.options import FILE, DayType, json_option, language_option, operator_option
from tools.tariff.options import fares_option, feed_with_fares, today
from tools.tariff.quote_json import Json, dumped
from tools.tariff.view import console
from tools.tariff.words import RIDERS

_SHOWN = 5
"""Examples of a kind of finding; --json has all."""


class Kind(StrEnum):
    """What a check finds; those of FAILURES make it fail."""

    NOT_CONFIGURED = "not-configured"  # GEN-17
    UNNAMED_AGENCY = "unnamed-agency"  # LOC-6: no operator file names the agency
    MISSING_FARE = "missing-fare"  # GEN-4
    PRICED = "priced"  # GEN-4: how many pairs of stops have a fare
    FREE_RIDE = "free-ride"  # GEN-4: a fare of 0, which is more often a slip than a gift
    UNEVEN_FARE = "uneven-fare"  # GEN-2: an adult fare that is no multiple of what halves are rounded to
    ROUNDED_HALF = "rounded-half"  # GEN-2: two halves cost more than the whole
    SERVICE = "service"  # GEN-15: which routes a service has
    LINE = "line"  # AZF-54: which routes a line has


FAILURES = frozenset({Kind.UNNAMED_AGENCY, Kind.MISSING_FARE, Kind.FREE_RIDE})

_TITLES: dict[Kind, tuple[str, str]] = {
    Kind.NOT_CONFIGURED: ("GEN-17 未設定（出典に定めなし）", "GEN-17 not configured (no source states it)"),
    Kind.UNNAMED_AGENCY: ("LOC-6 どの事業者ファイルにもない事業者名", "LOC-6 agencies that no operator file names"),
    Kind.MISSING_FARE: ("GEN-4 運賃のない停留所の組", "GEN-4 pairs of stops without a fare"),
    Kind.PRICED: ("GEN-4 運賃のある停留所の組", "GEN-4 pairs of stops with a fare"),
    Kind.FREE_RIDE: ("GEN-4 運賃0円の組", "GEN-4 pairs of stops at 0 yen"),
    Kind.UNEVEN_FARE: ("GEN-2 端数のある大人運賃", "GEN-2 adult fares that are not round"),
    Kind.ROUNDED_HALF: ("GEN-2 半額が切り上げになる運賃", "GEN-2 fares whose half is rounded up"),
    Kind.SERVICE: ("GEN-15 路線の種別", "GEN-15 services and their routes"),
    Kind.LINE: ("AZF-54 専用定期の路線", "AZF-54 lines of passes and their routes"),
}


class Finding(NamedTuple):
    """One thing found: its kind, the rule, what it is about in a few words, and the same as fields."""

    kind: Kind
    rule: str
    text: str
    fields: Mapping[str, Any]


@click.command(short_help="Check operator files, and that every ride of a feed has a fare.")
@click.argument("folder", type=FILE, required=False)
@click.option("--feed", metavar="FEED", help="A feed to check them against: a folder, a .zip, or `sample`.")
@fares_option
@operator_option
@click.option("--date", "day", type=DayType(), help="Which files are in force for the feed; today if not given.")
@json_option
@language_option
def check(
    folder: Path | None,
    feed: str | None,
    fares_path: Path | None,
    scheme: str | None,
    day: date | None,
    as_json: bool,
    language: Language,
) -> None:
    """Check a folder of operator files, the project's own if none is named; with --feed, against a feed too.

    \b
    farebox tariff check
    farebox tariff check tariff/operators --feed sample --date 2026-11-20
    farebox tariff check --feed my-gtfs-jp.zip --json | jq 'select(.kind == "missing-fare")'

    Exits 78 if a file is broken, with every problem of every file; 1 if a ride has no fare, or costs nothing, or an
    agency is nobody's.
    """
    operators = load_operators(folder)
    found = list(_not_configured(folder or files("tariff") / "operators"))
    if feed is not None:
        found += _against(feed_with_fares(feed, fares_path), operators, scheme, day or today())
    elif fares_path is not None:
        raise click.UsageError("--fares is for routes of a --feed")
    if as_json:
        _print_json(operators, found)
    else:
        _print(operators, found, language)
    counts = Counter(one.kind for one in found if one.kind in FAILURES)
    if counts:
        what = ", ".join(f"{number:,} {kind}" for kind, number in counts.items())
        raise CheckFailed(f"{feed}: {what}; --json lists them all")


def _not_configured(root: Traversable) -> Iterator[Finding]:
    """What the files leave open in as many words (GEN-17)."""
    for folder in sorted(root.iterdir(), key=lambda entry: entry.name):
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else ():
            if file.name.endswith(".toml"):
                source = f"{folder.name}/{file.name}"
                for key in _open_keys(tomllib.loads(file.read_text("utf-8")), ""):
                    yield Finding(Kind.NOT_CONFIGURED, "GEN-17", f"{source}: {key}", {"file": source, "key": key})


def _open_keys(value: object, key: str) -> Iterator[str]:
    if value == NOT_CONFIGURED:
        yield key
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _open_keys(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            name = inner.get("name", index) if isinstance(inner, dict) else index
            yield from _open_keys(inner, f"{key}[{name}]")


# -- against a feed


def _against(feed: Feed, operators: Operators, scheme: str | None, day: date) -> Iterator[Finding]:
    rulebooks = {}
    for agency_id, name in feed.agencies.items():
        found = operators.of_agency(name, day)
        if scheme is not None:
            rulebooks[agency_id] = operators.on(scheme, day)
        elif found:
            rulebooks[agency_id] = found[0]
        else:
            yield Finding(Kind.UNNAMED_AGENCY, "LOC-6", name, {"agency": name})
    yield from _missing(feed)
    yield from _odd(feed, rulebooks)
    for rulebook in sorted(set(rulebooks.values()), key=lambda book: book.scheme):
        yield from _services(feed, rulebook, {key for key, book in rulebooks.items() if book == rulebook})


def _missing(feed: Feed) -> Iterator[Finding]:
    """Pairs of stops that some trip lets people ride, and no fare is known for (GEN-4); each once a route."""
    seen = set()
    for pattern in feed.patterns.values():
        names = visits(pattern.stop_names)
        for boarded, alighted in feed.missing_fares(pattern.pattern_id):
            pair = (pattern.route_id, names[boarded], names[alighted])
            if pair not in seen:
                seen.add(pair)
                yield _of_pair(Kind.MISSING_FARE, "GEN-4", pattern.route_name or pattern.route_id, *pair)


def _of_pair(kind: Kind, rule: str, route: str, route_id: str, start: str, end: str) -> Finding:
    fields = {"route": route_id, "from": start, "to": end}
    return Finding(kind, rule, f"{route}: {start} → {end}", fields)


def _odd(feed: Feed, rulebooks: Mapping[str, Rulebook]) -> Iterator[Finding]:
    """Fares of 0, and fares that halves and their rounding make odd (GEN-2), each fare once a scheme."""
    fares: dict[str, Counter[int]] = {}
    free = set()
    for pattern in feed.patterns.values():
        table = feed.fare_table(pattern.pattern_id)
        agency_id = feed.routes[pattern.route_id].agency_id
        here = fares.setdefault(agency_id, Counter())
        for start in range(table.size):
            for end in range(start + 1, table.size):
                if not table.has_fare(start, end):
                    continue
                yen = table.fare_yen(start, end)
                here[yen] += 1
                pair = (pattern.route_id, pattern.stop_names[start], pattern.stop_names[end])
                if yen == 0 and pair not in free:
                    free.add(pair)
                    yield _of_pair(Kind.FREE_RIDE, "GEN-4", pattern.route_name or pattern.route_id, *pair)
    pairs = sum(sum(counted.values()) for counted in fares.values())
    text = f"{pairs:,} on {len(feed.patterns):,} patterns"
    yield Finding(Kind.PRICED, "GEN-4", text, {"pairs": pairs, "patterns": len(feed.patterns)})
    for agency_id, counted in fares.items():
        if agency_id in rulebooks:
            yield from _rounded(counted, rulebooks[agency_id])


def _rounded(counted: Mapping[int, int], rulebook: Rulebook) -> Iterator[Finding]:
    rules = rulebook.riders
    for yen, pairs in sorted(counted.items()):
        by_class: dict[str, int] = {rider: fare_for(rider, yen, rules) for rider in _CLASSES}
        fields = {"scheme": rulebook.scheme, "fare_yen": yen, "pairs": pairs, **by_class}
        text = f"{yen:,} (×{pairs:,})"
        if yen % rules.round_up_to_yen:
            yield Finding(Kind.UNEVEN_FARE, "GEN-2", text, fields)
        elif by_class[RiderClass.CHILD] * 100 > yen * rules.child_percent:
            yield Finding(Kind.ROUNDED_HALF, "GEN-2", text, fields)


_CLASSES = (RiderClass.CHILD, RiderClass.DISABLED_ADULT, RiderClass.DISABLED_CHILD)


def _services(feed: Feed, rulebook: Rulebook, agency_ids: set[str]) -> Iterator[Finding]:
    """Which routes each service and each line of a rulebook has: by name, so that a new name is seen to be none."""
    routes = [route for route in feed.routes.values() if route.agency_id in agency_ids]
    company = {key: rulebook.company_of(feed.agencies[key]) or rulebook.companies[0] for key in agency_ids}
    of = {
        route.route_id: rulebook.service_of(company[route.agency_id].number, route.route_id, route.name)
        for route in routes
    }
    for name in (*(service.name for service in rulebook.services), ORDINARY):
        ids = [route_id for route_id, service in of.items() if service == name]
        yield _matched(Kind.SERVICE, "GEN-15", f"{rulebook.scheme} {name}", ids, feed)
    for line in rulebook.lines:
        ids = [one.route_id for one in routes if one.route_id in line.routes or one.name.startswith(line.routes)]
        yield _matched(Kind.LINE, line.rule, f"{rulebook.scheme} {line.name}", ids, feed)


def _matched(kind: Kind, rule: str, name: str, ids: list[str], feed: Feed) -> Finding:
    names = list(dict.fromkeys(feed.routes[route_id].name or route_id for route_id in ids))
    shown = ", ".join(names[:_SHOWN]) + (f" … ({len(names)})" if len(names) > _SHOWN else "")
    return Finding(kind, rule, f"{name}: {shown or '―'}", {"name": name, "routes": ids})


# -- printing


def _print_json(operators: Operators, found: Iterable[Finding]) -> None:
    click.echo(dumped({"kind": "set", "digest": operators.digest.hex(), "files": _files(operators)}))
    for one in found:
        click.echo(dumped({"kind": one.kind, "rule": one.rule, "failed": one.kind in FAILURES, **one.fields}))


def _files(operators: Operators) -> list[Json]:
    return [
        {
            "scheme": book.scheme,
            "effective": book.effective.isoformat(),
            "digest": book.digest.hex(),
            "products": len(book.products),
            "coupon_books": len(book.coupon_books),
        }
        for book in operators.rulebooks
    ]


def _print(operators: Operators, found: list[Finding], language: Language) -> None:
    out = console()
    out.print(Text(say((f"一式  {operators.digest.hex()}", f"set  {operators.digest.hex()}"), language)))
    for book in operators.rulebooks:
        facts = say(
            (
                f"{book.effective}から  定期{len(book.products)}種 回数券{len(book.coupon_books)}種",
                f"from {book.effective}  {len(book.products)} passes, {len(book.coupon_books)} coupon books",
            ),
            language,
        )
        out.print(Text(f"  {book.scheme:<18} {book.digest.hex()[:16]}  {facts}"))
    for kind in Kind:
        of_kind = [one for one in found if one.kind is kind]
        if not of_kind:
            continue
        is_bad = kind in FAILURES
        mark = Text("✗ " if is_bad else "· ", style="red" if is_bad else "dim")
        count = "" if kind is Kind.PRICED else f": {len(of_kind):,}"
        out.print(mark.append(f"{say(_TITLES[kind], language)}{count}", style="bold"))
        shown = of_kind if kind in (Kind.SERVICE, Kind.LINE) else of_kind[:_SHOWN]
        for one in shown:
            out.print(Text(f"    {one.text}{_classes(one, language)}"))
        if len(shown) < len(of_kind):
            out.print(Text("    … (--json)", style="dim"))
    if not any(one.kind in FAILURES for one in found):
        out.print(Text(say(("✓ 問題なし", "✓ nothing is wrong"), language), style="green"))


def _classes(one: Finding, language: Language) -> str:
    """What the classes pay, of a finding about a fare."""
    paid = [f"{say(RIDERS[rider], language)} {one.fields[rider]:,}" for rider in _CLASSES if rider in one.fields]
    return f": {', '.join(paid)}" if paid else ""
