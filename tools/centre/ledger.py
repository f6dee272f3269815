"""`farebox centre close-day`, `reconcile`, `export-tides` and `retention`: the ledger, from the command line."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import click

from tools.centre.ready import centre_ready
from tools.exits import CheckFailed
from tools.options import json_option

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("close-day")
@click.option("--company", metavar="NAME", help="As the books call it, as lococa/1; else every company.")
@click.option("--day", type=_DAY, help="A day that is over; else every day with bookings that is not closed yet.")
@json_option
def close_day(company: str | None, day: Any, as_json: bool) -> None:
    """Close days of the books: what comes in later is of the day it comes in.

    \b
    farebox centre close-day                          all that is over
    farebox centre close-day --company lococa/1 --day 2026-11-21 --json
    """
    with centre_ready():
        from centre.ledger import closing

        known = closing.companies()
        if company is not None and company not in known:
            raise click.UsageError(f"--company: {company!r} is none of {', '.join(known) or 'none so far'}")
        for name in (company,) if company else known:
            for chosen in (day.date(),) if day else tuple(closing.days_to_close(name)):
                _say_closed(closing, name, chosen, as_json)


def _say_closed(closing: Any, company: str, day: date, as_json: bool) -> None:
    try:
        closed = closing.close_day(company, day)
    except closing.NotOver as early:
        raise click.UsageError(f"--day: {early}") from None
    if as_json:
        click.echo(json.dumps(closed.totals, ensure_ascii=False))
    else:
        click.echo(
            f"{company} {day}: closed, {closed.totals['bookings']} bookings, {closed.totals['late']} of them late"
        )


@click.command()
@json_option
def reconcile(as_json: bool) -> None:
    """Judge every card and compare the books with the records; exit 1 if something is wrong.

    \b
    farebox centre reconcile
    farebox centre reconcile --json
    """
    with centre_ready():
        from centre.ledger.reconciling import as_json as facts_of
        from centre.ledger.reconciling import reconcile as reconciled

        found = reconciled()
        if as_json:
            click.echo(json.dumps(facts_of(found), ensure_ascii=False))
        else:
            click.echo(f"{found.cards} cards judged; {found.open_taps} writes not known yet")
            for company, yen in found.by_company().items():
                click.echo(f"{company}: debits less credits {yen:,} yen")
            for one in found.compared:
                agrees = "agree" if one.agrees else "DISAGREE"
                click.echo(f"{one.name}: {one.by_records:,} by records, {one.by_ledger:,} by the ledger: {agrees}")
            for kind, count in found.findings.items():
                click.echo(f"to be looked at: {kind} {count}")
        if not found.is_right:
            raise CheckFailed("the books are not right, or somebody must look: /ledger/findings")


@click.command("export-tides")
@click.option("--operator", "scheme", required=True, metavar="SCHEME", help="Whose terminals, as aizu-noruca.")
@click.option("--day", type=_DAY, required=True, help="A day in Japan.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="A folder for its files.")
@json_option
def export_tides(scheme: str, day: Any, out: Path, as_json: bool) -> None:
    """A day's taps as a TIDES data package. Cards are tokens that hold for that day alone.

    \b
    farebox centre export-tides --operator aizu-noruca --day 2026-11-21 --out tides
    """
    with centre_ready():
        from centre.ledger.tides import package_of
        from farebox.feed.operators import load_operators

        known = {book.scheme for book in load_operators().rulebooks}
        if scheme not in known:
            raise click.UsageError(f"--operator: {scheme!r} is none of {', '.join(sorted(known))}")
        files = package_of(scheme, day.date())
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    written = [str(out / name) for name in files]
    click.echo(json.dumps({"files": written}) if as_json else "\n".join(written))


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say whose data is due.")
@json_option
def retention(dry_run: bool, as_json: bool) -> None:
    """Erase the personal data of holders whose cards ended long enough ago; `farebox centre work` does so by itself.

    \b
    farebox centre retention --dry-run
    farebox centre retention --json
    """
    with centre_ready():
        from centre.clock import today
        from centre.ledger.retention import due, erase

        cards = due(today())
        erased = 0 if dry_run else erase(today())
        if as_json:
            named = [{"idm": one.idm, "ended_on": one.ended_on.isoformat()} for one in cards]
            click.echo(json.dumps({"due": named, "erased": erased}))
        else:
            for one in cards:
                click.echo(f"{one.idm} ended on {one.ended_on}")
            click.echo(f"{len(cards)} due, {erased} erased")
