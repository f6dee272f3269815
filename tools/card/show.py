"""`farebox card show`: what recorded cards hold."""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from cardimage.transit.brand import NAMES, Brand, guess_brand
from cardimage.transit.history import Merged, Recorded, merge
from cardimage.transit.services import history_blocks
from farebox.feed import Feed
from farebox.words import Language, say
from tools.card.bench_facts import Facts, bench_facts
from tools.card.bench_view import show_bench
from tools.card.blocks_view import raw_lines
from tools.card.transit_facts import history_rows, transit_facts
from tools.card.transit_view import show_transit
from tools.card_files import read_collection
from tools.feeds import load_numbered_feed
from tools.options import (
    FILE,
    json_option,
    language_option,
    register_option,
)
from tools.tariff.view import console, is_rich


@click.command(short_help="Show what recorded cards hold.")
@click.argument("paths", metavar="FILE...", type=FILE, nargs=-1, required=True)
@click.option("--feed", default=None, metavar="FEED", help="Name a bench card's stops by this feed: the card's own.")
@register_option
@click.option("--csv", "as_csv", is_flag=True, help="The history's rows as CSV.")
@click.option("--raw", "as_raw", is_flag=True, help="Every block in hex, with what it is.")
@json_option
@language_option
def show(
    paths: tuple[Path, ...],
    feed: str | None,
    register_path: Path | None,
    as_csv: bool,
    as_raw: bool,
    as_json: bool,
    language: Language,
) -> None:
    """Show cards: what they are and why, their balance and history; a bench card's pass, open ride and last uses.

    Recordings of one card (of one IDm) are shown as one, with all of its history. A code that is not known is shown
    as a code; (?) marks a name that is not sure.

    \b
    farebox card show my.card.cbor --feed sample
    farebox card show suica-*.nfc --csv > history.csv
    farebox card show suica.nfc --raw
    """
    if as_csv + as_raw + as_json > 1:
        raise click.UsageError("--json, --csv and --raw: one of them")
    numbered = load_numbered_feed(feed, register_path) if feed else None
    cards = [merge(group) for group in _by_card(recorded for path in paths for recorded in _read(path, language))]
    if as_json:
        for card in cards:
            click.echo(json.dumps(_facts(card, numbered), ensure_ascii=False))
    elif as_csv:
        _write_csv([row for card in cards for row in _csv_rows(card, numbered, language)])
    else:
        out = console()
        for index, card in enumerate(cards):
            if index:
                out.print()
            _show_card(card, numbered, as_raw, out, language)


def _read(path: Path, language: Language) -> list[Recorded]:
    """The cards of a file, each by a name of its own. How many were of other kinds is told apart from the output."""
    images, passed_over = read_collection(path)
    if passed_over:
        said = (
            f"FeliCaではないカード{passed_over}枚を除きました",
            f"passed over, as not FeliCa: {passed_over}",
        )
        click.echo(f"{path}: {say(said, language)}", err=True)
    return [
        Recorded(str(path) if len(images) == 1 else f"{path}#{number}", image)
        for number, image in enumerate(images, start=1)
    ]


def _by_card(recordings: Iterable[Recorded]) -> list[list[Recorded]]:
    """Recordings of one card together. A card without IDm or history stands alone."""
    groups: list[list[Recorded]] = []
    known: dict[tuple[bytes, bool], list[Recorded]] = {}
    for recorded in recordings:
        image = recorded.image
        if not image.idm or not history_blocks(image):
            groups.append([recorded])
        elif (image.idm, image.simulated) in known:
            known[image.idm, image.simulated].append(recorded)
        else:
            groups.append(known.setdefault((image.idm, image.simulated), [recorded]))
    return groups


def _facts(card: Merged, feed: Feed | None) -> Facts:
    """Everything worth saying about a card, as JSON has it."""
    image, guess = card.newest.image, guess_brand(card.newest.image)
    blocks = image.lite_s_blocks()
    return {
        "simulated": image.simulated,
        "idm": _hex(image.idm),
        "pmm": _hex(image.pmm),
        "systems": [f"{system:04X}" for system in sorted(image.systems)],
        "brand": guess.brand,
        "brand_why": guess.why.en,
        **(transit_facts(card) if blocks is None else bench_facts(blocks, feed)),
    }


def _hex(octets: bytes) -> str | None:
    """None for what was not recorded."""
    return octets.hex().upper() or None


def _csv_rows(card: Merged, feed: Feed | None, language: Language) -> list[Facts]:
    blocks = card.newest.image.lite_s_blocks()
    if blocks is None:
        return history_rows(card, language)
    uses = bench_facts(blocks, feed).get("last_uses", [])
    assert isinstance(uses, list)
    return [{"idm": _hex(card.newest.image.idm), **use} for use in uses]


def _write_csv(rows: Sequence[Facts]) -> None:
    if not rows:
        return
    if any(row.keys() != rows[0].keys() for row in rows):
        raise click.UsageError("--csv: bench cards and transit cards have different columns; name one kind at a time")
    writer = csv.DictWriter(sys.stdout, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _show_card(card: Merged, feed: Feed | None, as_raw: bool, out: Console, language: Language) -> None:
    image, guess = card.newest.image, guess_brand(card.newest.image)
    sources = dict.fromkeys(source for use in card.history.uses for source in use.sources) or [card.newest.source]
    made = ("【模擬】", "[simulated 模擬]") if image.simulated else ("【記録】", "[recorded]")
    head = Text(say(made, language), style="yellow" if image.simulated else "cyan")
    name = NAMES[guess.brand]
    head.append(f" {say((name.ja, name.en), language)}", style="bold")
    head.append(f"  {', '.join(sources)}", style="dim" if is_rich(out) else "")
    out.print(head, soft_wrap=True)
    why = say((guess.why.ja, guess.why.en), language)
    out.print(Text(say((f"判定の根拠: {why}", f"told by: {why}"), language), style="dim"), soft_wrap=True)
    systems = " ".join(f"{system:04X}" for system in sorted(image.systems))
    unknown = say(("記録なし", "not recorded"), language)
    out.print(f"IDm {_hex(image.idm) or unknown}  PMm {_hex(image.pmm) or unknown}")
    out.print(f"{say(('システム', 'systems'), language)} {systems or unknown}")
    blocks = image.lite_s_blocks()
    if as_raw:
        # In one piece: a file of hostile make may hold thousands of blocks, and rich takes its time with a line.
        out.out("\n".join(raw_lines(image, guess.brand is Brand.BENCH, language)), highlight=False)
    elif blocks is None:
        show_transit(card, out, language)
    else:
        show_bench(bench_facts(blocks, feed), out, language)
