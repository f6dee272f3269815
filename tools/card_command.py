"""`farebox card`: make and show card images."""

import json
import os
import time
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import click

from cardimage import image as card_image
from cardimage import lite_s, purse
from cardimage.image import CardImage, ImageFault
from cardimage.issue import issue
from cardimage.resolve import Standing, standing
from farebox.feed import Feed
from farebox.feed.operators import load_operators
from tariff.account import Account, AutoCharge, HolderKind, Pass, Section
from tariff.auto_charge import check_arrangement
from tariff.calendar import day_in_japan
from tariff.purses import over_cap
from tariff.refusal import Refusal
from tariff.rulebook import Rulebook
from tools.files import read_image, write_whole
from tools.options import FILE, DayType, feed_option, json_option, load_numbered_feed, register_option

_KINDS = {kind.name.lower().replace("_", "-"): kind for kind in HolderKind}


@click.group()
def card() -> None:
    """Make and show card images (*.card.cbor). An image never holds a key."""


@card.command(short_help="Make a simulated card (模擬).")
@click.option("--operator", "scheme", type=click.Choice(list(purse.VARIANTS)), required=True, help="Whose card.")
@click.option("--kind", type=click.Choice(list(_KINDS)), default="adult", show_default=True, help="Whom it serves.")
@click.option(
    "--balance", "balance_yen", type=click.IntRange(0), default=0, show_default=True, help="Stored fare, yen."
)
@click.option("--number", default="", help="Engraved number: up to 17 of 0-9 and A-Z. Made up if not given.")
@click.option("--issued", type=DayType(), default=None, help="Day of issue; today if not given.")
@click.option("--expires", type=DayType(), help="Last day the card itself may be used.")
@click.option("--pass", "ends", nargs=2, multiple=True, metavar="FROM TO", help="A section: two stops. Up to three.")
@click.option("--pass-days", "days", nargs=2, type=DayType(), metavar="FIRST LAST", help="Its validity, both days in.")
@click.option("--one-way", is_flag=True, help="The pass is valid from FROM to TO only.")
@click.option("--bearer", is_flag=True, help="The pass serves whoever carries it.")
@click.option("--auto-charge", nargs=2, type=int, metavar="TRIGGER AMOUNT", help="AIZU NORUCA: yen, yen.")
@click.option("--idm", default="", help="Manufacture id, 16 hex digits. Made up if not given.")
@feed_option
@register_option
@click.option(
    "-o",
    "--output",
    "path",
    type=FILE,
    required=True,
    help="The image file to write.",
)
@click.option("--force", is_flag=True, help="Write over an existing file.")
def new(
    scheme: str,
    kind: str,
    balance_yen: int,
    number: str,
    issued: date | None,
    expires: date | None,
    ends: tuple[tuple[str, str], ...],
    days: tuple[date, date] | None,
    one_way: bool,
    bearer: bool,
    auto_charge: tuple[int, int] | None,
    idm: str,
    feed: str,
    register_path: Path | None,
    path: Path,
    force: bool,
) -> None:
    """Make a card as a counter would hand it out, and write its image.

    \b
    farebox card new --operator lococa --balance 2000 -o adult.card.cbor
    farebox card new --operator lococa --balance 1000 --pass 実業高校前 南湖公園 \\
        --pass-days 2026-11-01 2026-11-30 -o pass.card.cbor
    farebox card new --operator aizu-noruca --balance 50 --auto-charge 100 1000 -o auto.card.cbor
    """
    if path.is_dir() or (path.exists() and not force):
        raise click.UsageError(f"{path} exists; {'name a file' if path.is_dir() else '--force writes over it'}")
    if bool(ends) != (days is not None):
        raise click.UsageError("--pass and --pass-days go together")
    if (one_way or bearer) and not ends:
        raise click.UsageError("--one-way and --bearer say of which --pass")
    if len(ends) > 3:
        raise click.UsageError(f"--pass: {len(ends)} sections; a card holds three")
    today = issued or day_in_japan(int(time.time()))
    identity = _octets(idm) if idm else b"\x01\x2e" + os.urandom(6)
    rulebook = load_operators().on(scheme, today)
    checked = over_cap(Account(scheme, 0), balance_yen, rulebook)
    if checked is not None:
        raise click.UsageError(f"--balance {balance_yen}: over the cap ({checked.rule}: {checked.detail})")
    if expires is not None and expires < today:
        raise click.UsageError(f"--expires {expires}: before the day of issue, {today}")
    account = Account(
        scheme=scheme,
        stored_fare_yen=balance_yen,
        holder=_KINDS[kind],
        named=kind != "adult" or bool(ends) or auto_charge is not None,
        expires=expires,
        held_pass=_section_pass(feed, register_path, scheme, ends, days, one_way, bearer) if ends and days else None,
        auto_charge=_arranged(rulebook, auto_charge) if auto_charge else None,
    )
    engraved = number or f"{'AZ' if scheme == 'aizu-noruca' else 'LC'}{identity.hex().upper()[:14]}"
    write_whole(path, card_image.dump(issue(identity, account, engraved, today)))
    click.echo(f"{path}: simulated card (模擬) {engraved}, {balance_yen:,} yen")


def _octets(text: str) -> bytes:
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        octets = b""
    if len(octets) != 8:
        raise click.UsageError(f"--idm {text}: not 16 hex digits")
    return octets


def _arranged(rulebook: Rulebook, auto_charge: tuple[int, int]) -> AutoCharge:
    """Auto-charge in the steps it is offered in, with the caps first offered (AUT-1)."""
    trigger_yen, amount_yen = auto_charge
    if not rulebook.auto_charge:
        raise click.UsageError(f"--auto-charge: {rulebook.name} has no auto-charge")
    offer = rulebook.auto_charge_offer
    if offer is None:
        raise click.UsageError(f"--auto-charge: {rulebook.name} has not configured what it offers")
    arranged = AutoCharge(trigger_yen, amount_yen, offer.first_day_cap_yen, offer.first_month_cap_yen)
    refusal = check_arrangement(arranged, rulebook)
    if refusal is not None:
        raise click.UsageError(f"--auto-charge: {refusal.detail} ({refusal.rule})")
    return arranged


def _section_pass(
    feed_name: str,
    register_path: Path | None,
    scheme: str,
    ends: tuple[tuple[str, str], ...],
    days: tuple[date, date],
    one_way: bool,
    bearer: bool,
) -> Pass:
    """A pass of sections between stops of the feed, sold by the company that serves the first of them (PASS-8)."""
    if days[1] < days[0]:
        raise click.UsageError(f"--pass-days: {days[1]} is before {days[0]}")
    feed = load_numbered_feed(feed_name, register_path)
    priced = [_priced(feed, pair) for pair in ends]
    sections = tuple(
        Section(feed.register.stop_number(pair[0]), feed.register.stop_number(pair[1]), one_way, fare_yen)
        for pair, (fare_yen, _) in zip(ends, priced, strict=True)
    )
    agency = feed.agencies.get(feed.routes[priced[0][1]].agency_id, "")
    known = load_operators().of_agency(agency, days[0])
    company = known[1].number if known and known[0].scheme == scheme else 0
    return Pass(1, company, days[0], days[1], bearer, sections)


def _priced(feed: Feed, ends: tuple[str, str]) -> tuple[int, str]:
    """The highest fare that the feed has between two stops, which a pass is priced on (PASS-1), and a route of it."""
    names = set(feed.stop_names.values())
    for name in ends:
        if name not in names:
            near = get_close_matches(name, names, 3, 0.4)
            hint = f"did you mean {', '.join(near)}?" if near else "see stops.txt of the feed"
            raise click.UsageError(f"--pass {name}: no such stop; {hint}")
    numbers = [feed.register.stop_number(name) for name in ends]
    fares: list[tuple[int, str]] = []
    for pattern in feed.patterns.values():
        table = feed.fare_table(pattern.pattern_id)
        places = [[place for place, stop in enumerate(pattern.stop_numbers) if stop == number] for number in numbers]
        pairs = [(min(a, b), max(a, b)) for a in places[0] for b in places[1] if a != b]
        fares += [(table.fare_yen(*pair), pattern.route_id) for pair in pairs if table.has_fare(*pair)]
    if not fares:
        raise click.UsageError(f"--pass: no route of the feed joins {ends[0]} and {ends[1]} at a fare")
    return max(fares)


@card.command(short_help="Show what an image holds.")
@click.argument("path", type=FILE)
@click.option("--feed", default=None, metavar="FEED", help="Name the pass's stops by this feed: the card's own.")
@register_option
@json_option
def show(path: Path, feed: str | None, register_path: Path | None, as_json: bool) -> None:
    """Show a card image: its kind, balance, pass, open ride and last uses.

    \b
    farebox card show my.card.cbor
    farebox card show my.card.cbor --feed sample --json
    """
    image = read_image(path)
    facts = _facts(image, str(path), load_numbered_feed(feed, register_path) if feed else None)
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    width = max(len(key) for key in facts)
    for key, value in facts.items():
        if isinstance(value, list):
            click.echo(f"{key.ljust(width)}  {'' if value else '-'}")
            for row in value:
                click.echo("  " + ", ".join(f"{name} {field}" for name, field in row.items()))
        else:
            click.echo(f"{key.ljust(width)}  {'-' if value is None else value}")


def _facts(image: CardImage, source: str, feed: Feed | None) -> dict[str, object]:
    """Everything worth saying about a card, ready for a table or JSON."""
    blocks = image.lite_s_blocks()
    if blocks is None:
        systems = ", ".join(f"{code:04X}" for code in sorted(image.systems))
        raise ImageFault(f"{source}: a card of system {systems}; this version shows FeliCa Lite-S cards")
    facts: dict[str, object] = {
        "simulated": image.simulated,
        "idm": image.idm.hex().upper(),
        "writes": int.from_bytes(blocks[lite_s.WCNT][:3], "little"),
    }
    number = purse.decode_number(blocks[purse.NUMBER_BLOCK])
    facts["number"], facts["issued"] = (number[0], number[1].isoformat()) if number else (None, None)
    now = standing(blocks[purse.SLOT_BLOCKS[0]], blocks[purse.SLOT_BLOCKS[1]])
    if isinstance(now, Refusal):
        return facts | {"refused": f"{now.code} ({now.rule}): {now.detail}"}
    first, second = purse.BANKS[now.slot.bank]
    account = purse.decode_account(now.slot, (blocks[first], blocks[second]))
    if isinstance(account, Refusal):
        return facts | {"refused": f"{account.code} ({account.rule}): {account.detail}"}
    return facts | _account_facts(account, now, feed) | {"last_uses": _uses(blocks, now)}


def _account_facts(account: Account, now: Standing, feed: Feed | None) -> dict[str, object]:
    def stop(number: int) -> str:
        return feed.register.stop_name(number) if feed else f"stop {number}"

    held, ride, charge = account.held_pass, account.ride, account.auto_charge
    sections = ", ".join(
        f"{stop(section.from_stop)} {'→' if section.one_way else '⇔'} {stop(section.to_stop)}"
        for section in (held.sections if held else ())
    )
    return {
        "scheme": account.scheme,
        "sequence": f"{now.slot.sequence} in S_PAD{now.place}",
        "balance_yen": account.stored_fare_yen,
        "holder": account.holder.name.lower().replace("_", "-"),
        "named": account.named,
        "expires": account.expires.isoformat() if account.expires else None,
        "pass": f"{sections} {held.first_day} to {held.last_day}{' (bearer)' if held.bearer else ''}" if held else None,
        "auto_charge": f"{charge.amount_yen:,} below {charge.trigger_yen:,}" if charge else None,
        "ride": f"{ride.state.name.lower()} {ride.day} trip {ride.trip_number} stop {ride.stop_index}"
        if ride
        else None,
    }


def _uses(blocks: card_image.Blocks, now: Standing) -> list[dict[str, object]]:
    rows = tuple(row for block in purse.HISTORY_BLOCKS if (row := purse.decode_history(blocks[block])) is not None)
    return [
        {
            "day": row.day.isoformat(),
            "trip": row.trip_number,
            "boarded": row.boarded,
            "alighted": row.alighted,
            "due_yen": row.due_yen,
            "cash_yen": row.cash_yen,
            "auto_charged_yen": row.auto_charged_yen,
            "balance_yen": row.balance_yen,
        }
        for row in purse.last_uses(rows, now.slot.sequence)
    ]
