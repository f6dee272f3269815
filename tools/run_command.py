"""`farebox run`: the terminal with a reader, driven from the keyboard."""

import os
import select
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import click

from cardimage import image as card_image
from cardimage.image import CardImage, ImageFault
from farebox.duty import Duty
from farebox.feed import Trip, load_feed
from farebox.feed.operators import load_operators
from farebox.journal.log import open_journal
from farebox.machine import TransitionsMachine
from farebox.result import Result, Side
from farebox.table import State
from farebox.tap import Service
from farebox.terminal import Readers, Terminal
from reader.felica import FelicaReader
from reader.image_port import ImageReader
from reader.keys import KeyStore, bench_keys, keys_from_file
from reader.port import CardReader, FramePort
from tariff.calendar import day_in_japan
from tariff.purses import Payment
from tools.files import write_whole
from tools.options import DayType, feed_option, feed_path, language_option, operator_option
from tools.tap_table import TapTable
from tools.words import Language, say

POLL_S = 0.05


@click.command(short_help="Run the terminal with a card reader.")
@click.option(
    "--reader",
    "readers",
    multiple=True,
    required=True,
    metavar="usb|tty:PATH|image:FILE",
    help="The card reader. Given twice: entry, then exit; given once, the card's own record decides.",
)
@feed_option
@operator_option
@click.option("--trip", "trip_id", default=None, metavar="ID", help="The trip to run; by default the day's first.")
@click.option("--date", "day", type=DayType(), default=None, help="The service day; today if not given.")
@click.option("--journal", type=click.Path(path_type=Path), default=Path("farebox.journal"), show_default=True)
@click.option("--keys", type=click.Path(path_type=Path), help="File of the master key (mode 0600). Else: bench keys.")
@click.option("--vehicle", default="BENCH", show_default=True, help="What the journal calls this vehicle.")
@language_option
def run(
    readers: tuple[str, ...],
    feed: str,
    scheme: str | None,
    trip_id: str | None,
    day: date | None,
    journal: Path,
    keys: Path | None,
    vehicle: str,
    language: Language,
) -> None:
    """Put the terminal into service on a trip, and serve taps until `quit`, the end of input, or Ctrl-C.

    \b
    farebox run --reader usb                              a USB reader (RC-S380 and others)
    farebox run --reader tty:/dev/ttyAMA0                 a PN532 on a serial line
    farebox run --reader image:my.card.cbor               a card image; `tap` lays it on the reader
    printf 'tap\\nnext\\ntap\\n' | farebox run --reader image:my.card.cbor

    Keys, each with Enter: next (stop), tap, board N (the boarding stop), part, cash, drop, stops, quit.
    """
    if len(readers) > 2:
        raise click.UsageError("--reader: one reader, or two (entry, exit)")
    duty = Duty(load_feed(feed_path(feed)), load_operators(), scheme)
    service_day = day or day_in_japan(int(time.time()))
    service = duty.service(_trip(duty, service_day, trip_id), service_day)
    key_store = keys_from_file(keys) if keys else bench_keys()
    places = [_open(spec, key_store) for spec in readers]
    try:
        recovered = open_journal(journal)
        table = TapTable(language)
        terminal = Terminal(
            vehicle,
            Readers(places[0].reader, places[-1].reader),
            recovered,
            TransitionsMachine(),
            lambda: int(time.time()),
            lambda result: table.tap(result, _masked(result)),
        )
        try:
            _announce(service, terminal, keys is None, recovered.cut_bytes, language)
            table.head()
            _Console(terminal, places, language).serve(service)
        finally:
            recovered.journal.close()
    finally:
        for place in places:
            place.reader.close()
    if terminal.journal_fault is not None:
        raise terminal.journal_fault


class _Place(NamedTuple):
    """One reader, and the image that `tap` lays on it, if it is an imagined one."""

    reader: CardReader
    laid: ImageReader | None = None
    image: CardImage | None = None
    path: Path | None = None


def _open(spec: str, keys: KeyStore) -> _Place:
    kind, _, rest = spec.partition(":")
    if kind == "image" and rest:
        path = Path(rest)
        image = card_image.load(path.read_bytes(), str(path))
        if image.lite_s_blocks() is None:
            raise ImageFault(f"{path}: not a FeliCa Lite-S card; only those can be tapped")
        reader = ImageReader(spec)
        return _Place(reader, reader, image, path)
    if (kind, rest) == ("usb", "") or (kind == "tty" and rest):
        # nfcpy and the USB library load here only: an image needs neither.
        from reader import nfcpy_port

        def opener() -> FramePort:
            return nfcpy_port.open_tty(rest) if kind == "tty" else nfcpy_port.open_usb()

        return _Place(FelicaReader(opener(), keys, os.urandom, reopen=opener))
    raise click.UsageError(f"--reader {spec}: not usb, tty:PATH or image:FILE")


def _trip(duty: Duty, day: date, trip_id: str | None) -> Trip:
    if trip_id is not None:
        trip = duty.feed.trips.get(trip_id)
        if trip is None:
            raise click.UsageError(f"--trip {trip_id}: not in the feed; see its trips.txt")
        return trip
    trips = duty.feed.trips_on(day)
    if not trips:
        first, last = duty.feed.service_days()
        raise click.UsageError(f"no trips on {day}; the feed's calendar runs from {first} to {last} (--date)")
    return trips[0]


def _masked(result: Result) -> str:
    return f"*{result.idm.hex().upper()[-4:]}"


def _announce(service: Service, terminal: Terminal, bench: bool, cut_bytes: int, language: Language) -> None:
    pattern = service.table.pattern
    click.secho(f"{pattern.route_name} {service.trip_id} ({service.rulebook.name})", bold=True)
    for place, name in enumerate(pattern.stop_names):
        click.echo(f"  {place} {name}")
    if bench:
        warning = (
            "【模擬】検証用の鍵です。実カードには --keys FILE",
            "[模擬] bench keys; for real cards give --keys FILE",
        )
        click.secho(say(warning, language), fg="yellow")
    if cut_bytes:
        click.echo(
            say(
                (f"ジャーナルの末尾 {cut_bytes} バイトを切りました", f"journal: torn tail of {cut_bytes} bytes cut"),
                language,
            )
        )
    if terminal.pending:
        count = len(terminal.pending)
        click.echo(say((f"未確定の書込 {count} 件", f"{count} writes of unknown outcome are pending"), language))


class _Console:
    """The keyboard, until the driver's console has a process of its own."""

    def __init__(self, terminal: Terminal, places: list[_Place], language: Language) -> None:
        self._terminal = terminal
        self._places = places
        self._language = language
        self._sides = [Side.EITHER] if len(places) == 1 else [Side.BOARDING, Side.ALIGHTING]
        self._commands: dict[str, Callable[[list[str]], None]] = {
            "next": self._next,
            "tap": self._tap,
            "board": self._board,
            "part": lambda _words: self._pay(Payment.PART_CASH),
            "cash": lambda _words: self._pay(Payment.ALL_CASH),
            "drop": lambda _words: self._drop(),
            "stops": lambda _words: self._stops(),
        }

    def serve(self, service: Service) -> None:
        """The trip, from the first stop to `quit`."""
        self._terminal.begin_trip(service)
        self._stops()
        real = any(place.laid is None for place in self._places)
        try:
            while self._terminal.state is not State.STOPPED:
                if real:
                    self._touch_all()
                line = _line(POLL_S if real else None)
                if line is None:
                    continue
                if not line or line.strip() == "quit":
                    break
                self._obey(line.split())
        except KeyboardInterrupt:
            click.echo()
        if self._terminal.state is not State.STOPPED:
            self._terminal.end_trip()

    def _obey(self, words: list[str]) -> None:
        if not words:
            return
        command = self._commands.get(words[0])
        if command is None:
            click.echo(f"? {words[0]}: {', '.join((*self._commands, 'quit'))}")
            return
        command(words[1:])

    def _touch_all(self) -> None:
        for side in self._sides:
            lost = side in self._terminal.reader_faults
            self._terminal.touch(side)
            fault = self._terminal.reader_faults.get(side)
            if fault is not None and not lost:
                text = (f"リーダーが外れました: {fault.what}", f"reader lost: {fault.what}; plug it in again")
                click.secho(f"{fault.reader}: {say(text, self._language)}", fg="red", err=True)

    def _tap(self, _words: list[str]) -> None:
        """Lay each image on its reader, let it be served, lift it, and keep what was written."""
        for side, place in zip(self._sides, self._places, strict=True):
            if place.laid is None or place.image is None or place.path is None:
                continue
            before = card_image.dump(place.image)
            place.laid.lay(place.image)
            self._terminal.touch(side)
            place.laid.lift()
            self._terminal.touch(side)
            after = card_image.dump(place.image)
            if after != before:
                write_whole(place.path, after)

    def _next(self, _words: list[str]) -> None:
        service = self._terminal.service
        assert service is not None
        if service.stop_index + 1 >= service.table.size:
            click.echo(say(("終点です", "this is the last stop"), self._language))
            return
        self._terminal.advance(service.stop_index + 1)
        self._stops()

    def _board(self, words: list[str]) -> None:
        service = self._terminal.service
        assert service is not None
        if self._terminal.state is not State.ASKING_STOP:
            click.echo(say(("乗車停留所は聞いていません", "no boarding stop is asked for"), self._language))
        elif len(words) != 1 or not words[0].isdecimal() or not int(words[0]) < service.stop_index:
            click.echo(say(("board N: 乗車停留所の番号", "board N: the number of an earlier stop"), self._language))
        else:
            self._terminal.answer_stop(int(words[0]))
            self._again()

    def _pay(self, payment: Payment) -> None:
        if self._terminal.state is not State.ASKING_PAYMENT:
            click.echo(say(("支払方法は聞いていません", "no payment is asked for"), self._language))
            return
        self._terminal.answer_payment(payment)
        self._again()

    def _drop(self) -> None:
        if self._terminal.asked:
            self._terminal.drop_question()

    def _again(self) -> None:
        """An image is laid again by itself; a real card is asked for."""
        if any(place.laid is not None for place in self._places):
            self._tap([])
        else:
            click.echo(say(("もう一度タッチしてください", "touch again"), self._language))

    def _stops(self) -> None:
        service = self._terminal.service
        assert service is not None
        click.secho(f"● {service.stop_index} {service.stop_name}", fg="cyan")


def _line(wait_s: float | None) -> str | None:
    """A line from the keyboard; empty at the end of input, None if none came in time."""
    if wait_s is not None:
        ready, _, _ = select.select((sys.stdin,), (), (), wait_s)
        if not ready:
            return None
    return sys.stdin.readline()
