"""`farebox sim play`: the bench as a screen, to try things by hand."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from farebox.duty import Duty
from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from farebox.words import Language
from sim.play.bus import PlayBus
from tools.card_files import read_image
from tools.extra import extra
from tools.feeds import feed_path
from tools.options import (
    FILE,
    DayType,
    feed_option,
    language_option,
    operator_option,
)

with extra("console"):
    from sim.play.app import PlayApp


@click.command(short_help="Lay cards, put notes in and drive by hand; watch machine, card and journal.")
@feed_option
@click.option("--date", "day", type=DayType(), required=True, help="The service day, as the feed's calendar has it.")
@operator_option
@click.option("--seed", type=int, default=1, show_default=True, help="Whose cards are in the wallet.")
@click.option("--card", "cards", type=FILE, multiple=True, help="A recorded card for the wallet too; never changed.")
@language_option
def play(feed: str, day: date, scheme: str | None, seed: int, cards: tuple[Path, ...], language: Language) -> None:
    """One bus, its real terminal, and everything around it by hand (模擬).

    \b
    farebox sim play --feed sample --date 2026-11-20
    farebox sim play --feed sample --date 2026-11-20 --card my.card.cbor --card suica.nfc

    Choose a card with the arrow keys. 1 and 2 lay it on a reader, or lift it; W and V have the next one leave at a
    command; N and B drive, G begins the next trip; T begins and ends a top-up, M puts a note in, D moves the doors;
    S lets a minute go by, R starts the terminal again, F2 is the other language, Q ends. Needs farebox[console].
    """
    duty = Duty(load_feed(feed_path(feed)), load_operators(), scheme)
    held = [(path.name, read_image(path)) for path in cards]
    with TemporaryDirectory(prefix="farebox-") as folder:
        try:
            bus = PlayBus(duty, day, Path(folder), seed, held)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        try:
            bus.next_trip()
            PlayApp(bus, language).run()
        finally:
            bus.close()
