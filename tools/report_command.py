"""`farebox sim report`: a replayed day as a page, pictures, tables and a TIDES data package (模擬)."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farebox.words import Language
from tools.extra import extra
from tools.files import write_whole
from tools.options import FILE, json_option, language_option
from tools.tariff.options import fares_option, feed_with_fares
from tools.tariff.quote_json import dumped

if TYPE_CHECKING:
    from sim.report.what_if import WhatIf


@click.command(short_help="Make a page, pictures and tables of a replayed day.")
@click.argument("run_path", type=FILE, metavar="RUN")
@click.option("--html", type=FILE, metavar="FILE", help="Where the page goes; by default RUN/report.html.")
@click.option("--png", type=FILE, metavar="DIR", help="The charts as pictures, too.")
@click.option("--csv", "csv_path", type=FILE, metavar="DIR", help="The figures as CSV files, too.")
@click.option("--tides", type=FILE, metavar="DIR", help="The day as a TIDES data package, too.")
@click.option(
    "--what-if",
    "rules_path",
    type=FILE,
    metavar="DIR",
    help="The same rides under the operator files of a folder, side by side.",
)
@fares_option
@click.option("--feed", metavar="FEED", help="For --what-if, where the run's feed is now.")
@json_option
@language_option
def report(
    run_path: Path,
    html: Path | None,
    png: Path | None,
    csv_path: Path | None,
    tides: Path | None,
    rules_path: Path | None,
    fares_path: Path | None,
    feed: str | None,
    as_json: bool,
    language: Language,
) -> None:
    """Show a replayed day: boardings, loads, where people rode, revenue, refusals, tap times, and the count of yen.

    \b
    farebox sim replay --feed sample --date 2026-11-20 --reader image --quiet --out run
    farebox sim report run                                  run/report.html: one file, nothing from outside
    farebox sim report run --lang ja --png pictures --csv figures --tides tides
    farebox sim report run --what-if new-operators          the same rides under other rules, side by side
    farebox sim report run --fares new-fares.xlsx           or under other fares

    Needs farebox[report], and farebox[bulk] for --what-if and --fares. With --json, the files that were written.
    """
    with extra("report"):
        from sim.report.charts import charts_of
        from sim.report.figures import figures_of, read_run
        from sim.report.page import page_of
        from sim.report.pictures import png_of
        from sim.report.tables import csv_of
        from sim.report.tides import package_of
        from sim.report.what_if import charts_of as what_if_charts
    run = read_run(run_path)
    figures = figures_of(run)
    compared = _compared(run_path, run.asked, feed, rules_path, fares_path) if rules_path or fares_path else None
    page = html or run_path / "report.html"
    files: dict[Path, bytes] = {page: page_of(figures, language, compared).encode()}
    if png:
        charts = {**charts_of(figures, language), **(what_if_charts(compared, language) if compared else {})}
        files |= {png / f"{name}.png": png_of(spec) for name, spec in charts.items()}
    if csv_path:
        files |= {csv_path / name: data for name, data in csv_of(figures).items()}
    if tides:
        files |= {tides / name: data for name, data in package_of(run).items()}
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    if as_json:
        click.echo(dumped({"files": [str(path) for path in files]}))
        return
    click.echo(f"{page}")
    for folder, what in ((png, "png"), (csv_path, "csv"), (tides, "tides")):
        if folder:
            click.echo(f"{folder}/ · {what}")


def _compared(
    run_path: Path, asked: Mapping[str, Any], feed: str | None, rules_path: Path | None, fares_path: Path | None
) -> "WhatIf":
    """The run's rides, priced by what held and by what is asked for. Raises OtherRun if what held is not here."""
    with extra("bulk"):
        from tools.tariff.repricing import price, revenue
        from tools.tariff.rides import read_rides
    from farebox.duty import Duty
    from farebox.feed.operators import load_operators
    from sim.report.what_if import WhatIf, side_by_side
    from sim.run_faults import OtherRun
    from tools.feeds import feed_digest, feed_path

    name = feed or asked["feed"]
    if feed_digest(feed_path(name)) != asked["feed_sha256"]:
        raise OtherRun(f"{name}: another edition than {run_path} was replayed on; name that one with --feed")
    held = load_operators()
    if held.digest.hex() != asked["rules_sha256"]:
        raise OtherRun(f"{run_path}: replayed under other operator files than this farebox has; replay it anew")
    recorded = read_rides(run_path / f"rides{asked['suffix']}")
    scheme, assumed = asked["scheme"], asked["assumed"]
    old = price(recorded, Duty(feed_with_fares(name, None), held, scheme, assumed), lambda _: None)
    duty = Duty(feed_with_fares(name, fares_path), load_operators(rules_path), scheme, assumed)
    new = price(recorded, duty, lambda _: None)
    found = revenue(recorded, old, new)

    def by(sums: list[dict[str, Any]], key: str) -> dict[str, int]:
        totals: dict[str, int] = {}
        for one in sums:
            named = one[key] or "Single ride"
            totals[named] = totals.get(named, 0) + one["yen"]
        return totals

    def by_purse(sums: Any) -> dict[str, int]:
        purses = {str(purse): yen for purse, yen in sums.by_purse.items()} | {"cash": sums.cash_yen}
        return {purse: yen for purse, yen in purses.items() if yen}

    return WhatIf(
        tariff=" · ".join(path.name for path in (rules_path, fares_path) if path),
        rides=found["rides"],
        old_yen=found["old"],
        new_yen=found["new"],
        dearer=found["dearer"],
        cheaper=found["cheaper"],
        old_refused=sum(one["rides"] for one in found["refused"]["old"]),
        new_refused=sum(one["rides"] for one in found["refused"]["new"]),
        parts={
            "operator": side_by_side(by(old.sums.by_company, "name"), by(new.sums.by_company, "name")),
            "product": side_by_side(by(old.sums.by_product, "product"), by(new.sums.by_product, "product")),
            "purse": side_by_side(by_purse(old.sums), by_purse(new.sums)),
        },
    )
