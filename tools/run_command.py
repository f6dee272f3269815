"""`farebox run`: the terminal with a reader, driven from the keyboard."""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardimage.layout.variants import SHADOWS
from farebox.config import load
from farebox.duty import Duty
from farebox.feed import Trip
from farebox.feed.operators import load_operators
from farebox.formats.journal import MAX_ID_BYTES
from farebox.formats.segment import Quarantined
from farebox.journal.log import open_journal
from farebox.journal.sealing import sealing_seed
from farebox.machine import TransitionsMachine
from farebox.readers import Readers
from farebox.result import Result, Side
from farebox.table import State
from farebox.tap import Service
from farebox.terminal import Terminal
from farebox.words import Language, say
from reader.keys import bench_keys, keys_from
from tariff.calendar import day_in_japan, midnight_in_japan_s
from tariff.purses import Payment
from tools.feeds import load_numbered_feed
from tools.keyboard import Keyboard, Nothing
from tools.options import (
    FILE,
    DayType,
    feed_option,
    language_option,
    operator_option,
    register_option,
)
from tools.readers import Place, holds_simulated, is_simulated, open_place
from tools.service import run_service

if TYPE_CHECKING:
    from tools.imagined import Laid
    from tools.record_scenario import Recording

POLL_S = 0.05
_DROP = ("drop 取消", "drop: give up")


@click.command(short_help="Run the terminal with a card reader.")
@click.option(
    "--reader",
    "readers",
    multiple=True,
    metavar="usb|tty:PATH|pcsc|image:FILE|trace:FILE|NAME[:REST]",
    help="The card reader; `farebox reader list` finds them. Given twice: entry, then exit; given once, the card's own "
    "record decides. An image holds no key, so that any --keys fits it.",
)
@click.option(
    "--config",
    "config_path",
    type=FILE,
    help="Run as a service, by this file alone: no keyboard, but `farebox console`. See `farebox config`.",
)
@feed_option
@register_option
@operator_option
@click.option("--trip", "trip_id", default=None, metavar="ID", help="The trip to run; by default the day's first.")
@click.option("--date", "day", type=DayType(), default=None, help="The service day; today if not given.")
@click.option("--journal", type=FILE, default=Path("farebox.journal"), show_default=True)
@click.option(
    "--keys",
    type=FILE,
    help="File of the master key (mode 0600). Else: bench keys.",
)
@click.option("--sealing-key", help="What signs ended duties: a file (mode 0600) or credential:NAME. Else: bench key.")
@click.option("--vehicle", default="BENCH", show_default=True, help="What the journal calls this vehicle.")
@click.option(
    "--as",
    "taken_for",
    type=click.Choice(list(SHADOWS)),
    help="What a recorded transit card is, for most look alike. suica (or icoca, where it shows) if not given.",
)
@click.option(
    "--record",
    "record_path",
    type=FILE,
    metavar="FILE",
    help="In the end, write what happened as a scenario (*.scenario.toml), for `farebox bench`.",
)
@language_option
def run(
    readers: tuple[str, ...],
    config_path: Path | None,
    feed: str,
    register_path: Path | None,
    scheme: str | None,
    trip_id: str | None,
    day: date | None,
    journal: Path,
    keys: Path | None,
    sealing_key: str | None,
    vehicle: str,
    taken_for: str | None,
    record_path: Path | None,
    language: Language,
) -> None:
    """Put the terminal into service on a trip, and serve taps until `quit`, the end of input, or Ctrl-C.

    \b
    farebox run --reader usb                              a USB reader (RC-S380 and others)
    farebox run --reader tty:/dev/ttyAMA0                 a PN532 on a serial line
    farebox run --config /etc/farebox/farebox.toml        as a service, with `farebox console` beside it
    farebox run --reader image:my.card.cbor               a card image; `tap` lays it on the reader
    farebox run --reader image:suica.nfc                  a recorded card; its file is never changed
    farebox run --reader trace:my.trace.jsonl             what passed between reader and card once, replayed
    printf 'tap\\nnext\\ntap\\n' | farebox run --reader image:my.card.cbor
    farebox run --reader image:my.card.cbor --record tap.scenario.toml    and farebox bench tap.scenario.toml

    Keys, each with Enter: next (stop), tap (tap in, tap out with two readers), board N (the boarding stop),
    part, cash, drop, stops, help, quit. With --date, the clock of an image bench is set to that day.
    """
    if config_path is not None:
        if readers:
            raise click.UsageError("--config and --reader: the file names the readers; give one of the two")
        run_service(load(config_path))
        return
    from tools.tap_table import TapTable

    if not 0 < len(readers) <= 2:
        raise click.UsageError("--reader: one reader, or two (entry, exit); or --config FILE")
    if not 0 < len(vehicle.encode()) <= MAX_ID_BYTES:
        raise click.UsageError(f"--vehicle: 1 to {MAX_ID_BYTES} bytes")
    recording = _recording(record_path, feed, language)
    today = day_in_japan(int(time.time()))
    service_day = day or today
    duty = Duty(load_numbered_feed(feed, register_path), load_operators(), scheme)
    service = duty.service(_trip(duty, service_day, trip_id), service_day)
    key_store = keys_from(keys) if keys else bench_keys()
    cards: dict[Path, Laid] = {}
    places = [open_place(spec, key_store, cards, taken_for) for spec in readers]
    if service_day != today and not all(map(is_simulated, readers)):
        for place in places:
            place.reader.close()
        raise click.UsageError(f"--date {service_day}: a real reader takes fares of today ({today})")
    shift_s = midnight_in_japan_s(service_day) - midnight_in_japan_s(today)
    try:
        recovered = open_journal(journal, sealing_seed=sealing_seed(sealing_key))
        table = TapTable(language)
        begins_after = recovered.journal.seq

        def show(result: Result) -> None:
            table.tap(result, result.card)
            if recording is not None:
                recording.see(result)

        try:
            terminal = Terminal(
                vehicle,
                Readers(places[0].reader, places[-1].reader),
                recovered,
                TransitionsMachine(),
                lambda: int(time.time()) + shift_s,
                show,
            )
            _announce(service, terminal, keys is None, recovered.cut_bytes, language)
            _announce_rot(recovered.quarantined, journal, language)
            _announce_shadows(cards, language)
            _announce_replays(readers, language)
            table.head()
            with Keyboard() as keyboard:
                _Console(terminal, places, keyboard, language).serve(service)
        finally:
            recovered.journal.close()
    finally:
        for place in places:
            place.reader.close()
    if terminal.journal_fault is not None:
        raise terminal.journal_fault
    if recording is not None:
        recording.write(journal, begins_after)


def _recording(path: Path | None, feed: str, language: Language) -> "Recording | None":
    """What shall become a scenario, if anything."""
    if path is None:
        return None
    from tools.record_scenario import Recording

    return Recording(path, feed, language)


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


def _announce_rot(quarantined: Quarantined | None, journal: Path, language: Language) -> None:
    if quarantined is not None:
        path, lost = journal / quarantined.name, f"{quarantined.from_seq}-{quarantined.last_seq}"
        text = (
            f"ジャーナルが破損しています。{path} を保管し届け出てください（記録 {lost}）",
            f"journal: {path} is damaged (records {lost}); keep it and report it",
        )
        click.secho(say(text, language), fg="red", err=True)


def _announce_shadows(cards: "dict[Path, Laid]", language: Language) -> None:
    for path, card in cards.items():
        if card.is_shadow:
            text = (
                f"【模擬】{path.name}: 実カードの記録です。書込は模擬で、カードの記録は変わりません",
                f"[模擬] {path.name}: a recorded card; writes are simulated, its file stays as it is",
            )
            click.secho(say(text, language), fg="yellow")


def _announce_replays(readers: tuple[str, ...], language: Language) -> None:
    for spec in readers:
        if spec.startswith("trace:"):
            mark = "再生・模擬" if holds_simulated(spec) else "再生"
            text = (
                f"【{mark}】{spec}: 記録した通信の再生です。カードはありません",
                f"[{mark} replay] {spec}: what was recorded, not a card that is there now",
            )
            click.secho(say(text, language), fg="yellow")


class _Console:
    """The keyboard, until the driver's console has a process of its own."""

    def __init__(self, terminal: Terminal, places: list[Place], keyboard: Keyboard, language: Language) -> None:
        self._terminal = terminal
        self._keyboard = keyboard
        self._language = language
        self._hinted: tuple[State, bytes] | None = None
        sides = [Side.EITHER] if len(places) == 1 else [Side.BOARDING, Side.ALIGHTING]
        self._places = dict(zip(sides, places, strict=True))
        self._commands: dict[str, Callable[[list[str]], None]] = {
            "next": lambda _words: self._next(),
            "tap": self._tap,
            "board": self._board,
            "part": lambda _words: self._pay(Payment.PART_CASH),
            "cash": lambda _words: self._pay(Payment.ALL_CASH),
            "drop": lambda _words: self._drop(),
            "stops": lambda _words: self._stops(),
            "help": lambda _words: self._help(),
        }

    def serve(self, service: Service) -> None:
        """The trip, from the first stop to `quit`, the end of input, Ctrl-C or SIGTERM; a tap in hand is finished."""
        self._terminal.begin_trip(service)
        self._here()
        real = any(place.bench is None for place in self._places.values())
        while self._terminal.state is not State.STOPPED:
            if real:
                self._touch_all()
            line = self._keyboard.line(POLL_S if real else None)
            if line is Nothing.YET:
                continue
            if line is Nothing.MORE or line.strip().lower() == "quit":
                break
            self._obey(line.lower().split())
        if self._terminal.state is not State.STOPPED:
            self._terminal.end_trip()
            self._terminal.end_duty()

    def _say(self, japanese: str, english: str) -> None:
        click.echo(say((japanese, english), self._language))

    def _obey(self, words: list[str]) -> None:
        if not words:
            return
        command = self._commands.get(words[0])
        if command is None:
            self._say(f"? {words[0][:20]}（help で一覧）", f"? {words[0][:20]} (help lists the keys)")
            return
        command(words[1:])
        self._ask()

    def _help(self) -> None:
        """The keys that do something now."""
        match self._terminal.state:
            case State.ASKING_STOP:
                keys = [("board N 乗車停留所", "board N: where they boarded"), _DROP]
            case State.ASKING_PAYMENT:
                keys = [("part 不足額を現金", "part: shortage in cash"), ("cash 全額現金", "cash: all in cash"), _DROP]
            case _ if any(place.bench for place in self._places.values()):
                keys = [("tap [in|out] カードをかざす", "tap [in|out]: lay the card")]
            case _:
                keys = []
        keys += [("next 次の停留所", "next: drive on"), ("stops 停留所一覧", "stops: list them"), ("quit 終了", "quit")]
        self._say(" · ".join(japanese for japanese, _ in keys), " · ".join(english for _, english in keys))

    def _touch_all(self) -> None:
        for side in self._places:
            lost = side in self._terminal.reader_faults
            self._terminal.touch(side)
            fault = self._terminal.reader_faults.get(side)
            if fault is not None and not lost:
                text = (f"リーダーが外れました: {fault.what}", f"reader lost: {fault.what}; plug it in again")
                click.secho(f"{fault.reader}: {say(text, self._language)}", fg="red", err=True)
        self._ask()

    def _tap(self, words: list[str]) -> None:
        """Lay an image on its reader, let it be served, lift it."""
        named = {"in": Side.BOARDING, "out": Side.ALIGHTING}
        side = Side.EITHER if len(self._places) == 1 and not words else named.get(words[0]) if words else None
        place = self._places.get(side) if side else None
        if side is None or place is None:
            self._say("tap in（乗車口）または tap out（降車口）", "tap in (entry) or tap out (exit), with two readers")
        elif place.bench is None or place.card is None:
            self._say("カードをリーダーにかざしてください", "lay the card on the reader")
        else:
            place.bench.lay(place.card.image)
            self._terminal.touch(side)
            place.bench.lift()
            self._terminal.touch(side)
            if place.bench.fault is not None:
                raise place.bench.fault

    def _ask(self) -> None:
        """What the driver can key, once for each question."""
        question = (self._terminal.state, self._terminal.asked) if self._terminal.asked else None
        if question and question != self._hinted:
            if self._terminal.state is State.ASKING_STOP:
                self._say("→ board N（乗車停留所）/ drop", "→ board N (where they boarded), or drop")
            else:
                self._say(
                    "→ part（不足額を現金）/ cash（全額現金）/ drop", "→ part (shortage in cash), cash (all), or drop"
                )
        self._hinted = question

    def _next(self) -> None:
        service = self._on_duty()
        if service.stop_index + 1 >= service.table.size:
            self._say("終点です", "this is the last stop")
            return
        self._terminal.advance(service.stop_index + 1)
        self._here()

    def _board(self, words: list[str]) -> None:
        service = self._on_duty()
        places = {str(place): place for place in range(service.stop_index)}
        if self._terminal.state is not State.ASKING_STOP:
            self._say("乗車停留所は聞いていません", "no boarding stop is asked for")
        elif len(words) != 1 or words[0] not in places:
            self._say(
                "board N: 乗車停留所の番号（stops で一覧）", "board N: the number of an earlier stop (stops lists them)"
            )
        else:
            self._terminal.answer_stop(places[words[0]])
            self._again()

    def _pay(self, payment: Payment) -> None:
        if self._terminal.state is not State.ASKING_PAYMENT:
            self._say("支払方法は聞いていません", "no payment is asked for")
            return
        self._terminal.answer_payment(payment)
        self._again()

    def _drop(self) -> None:
        if self._terminal.asked:
            self._terminal.drop_question()

    def _again(self) -> None:
        """An image at the exit is laid again by itself; a real card is asked for."""
        words = [] if Side.EITHER in self._places else ["out"]
        exit_place = self._places.get(Side.EITHER) or self._places[Side.ALIGHTING]
        if exit_place.bench is not None:
            self._tap(words)
        else:
            self._say("もう一度タッチしてください", "touch again")

    def _stops(self) -> None:
        service = self._on_duty()
        for place, name in enumerate(service.table.pattern.stop_names):
            click.echo(f"{'●' if place == service.stop_index else ' '} {place} {name}")

    def _here(self) -> None:
        service = self._on_duty()
        click.secho(f"● {service.stop_index} {service.stop_name}", fg="cyan")

    def _on_duty(self) -> Service:
        service = self._terminal.service
        assert service is not None
        return service
