"""`farebox run --config`: the parts of a terminal put together as its configuration says, and served."""

import gc
import sys
import time
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import sdnotify

from farebox.box import Box, Recent
from farebox.clock import ALWAYS, TrustedClock, known_past_s
from farebox.clock_sources import sources
from farebox.config import BENCH_KEYS, SIMULATED, ClockSource, Config, InputsConfig
from farebox.console.server import ConsoleServer
from farebox.daemon import serve
from farebox.duty import Duty
from farebox.duty_count import DutyCount, duty_so_far
from farebox.event_log import EventLog, Logged, event_logger
from farebox.exchange.told import tell
from farebox.feed.operators import load_operators
from farebox.journal.log import Recovered, open_journal
from farebox.journal.sealing import sealing_seed
from farebox.journey import Journey
from farebox.machine import TransitionsMachine
from farebox.peripherals.note_acceptor import NoteAcceptor
from farebox.place import PlaceKind
from farebox.readers import Readers
from farebox.result import Side
from farebox.stopping import Stopping
from farebox.terminal import Terminal
from farebox.top_up import Halt
from farebox.version import RELEASED
from reader.keys import bench_keys, keys_from
from tools.feeds import load_numbered_feed
from tools.readers import Place, is_simulated, open_place

if TYPE_CHECKING:
    from farebox.orders import StandingOrders
    from farebox.post import Post
    from sim.hardware.note_acceptor import NoteAcceptorModel
    from tools.imagined import Laid

_REST_S = 0.02
_NEVER_MOVES = Halt(confirmed=True)
_LOOK_EVERY_S = 5.0


def run_service(config: Config) -> None:
    """Serve until SIGTERM or SIGINT. Faults of the parts come through as they are; see tools/exits.py."""
    names = [config.readers.entry, *([config.readers.exit] if config.readers.exit else [])]
    simulated = (
        config.keys.source == BENCH_KEYS
        or any(map(is_simulated, names))
        or config.inputs.simulated
        or config.notes.acceptor == SIMULATED
    )
    keys = bench_keys() if config.keys.source == BENCH_KEYS else keys_from(config.keys.source)
    feed = load_numbered_feed(config.data.feed, Path(config.data.register))
    duty = Duty(feed, load_operators(), config.vehicle.operator)
    log = EventLog(event_logger(sys.stderr))
    recent = Recent(log.tap, numbered_from=time.monotonic_ns())
    cards: dict[Path, Laid] = {}
    with ExitStack() as parts, Stopping() as stopping:
        places = []
        for name in names:
            places.append(open_place(name, keys, cards, None))
            parts.callback(places[-1].reader.close)
        seed = sealing_seed(None if config.keys.sealing == BENCH_KEYS else config.keys.sealing)
        recovered = open_journal(config.data.journal, sealing_seed=seed)
        parts.callback(recovered.journal.close)
        checked = _checked_clock(config, recovered)
        clock = checked or _now
        server = ConsoleServer(Path(config.console.socket))
        parts.callback(server.close)
        sides = (Side.EITHER,) if len(places) == 1 else (Side.BOARDING, Side.ALIGHTING)
        journey = _journey(config.inputs, parts)
        note_model = _note_model(config.notes.acceptor)
        notes = _note_acceptor(config.notes.acceptor, note_model)
        if notes is not None:
            parts.callback(notes.close)
        terminal = Terminal(
            config.vehicle.id,
            Readers(places[0].reader, places[-1].reader),
            recovered,
            TransitionsMachine(),
            clock,
            recent.show,
            trust=lambda: checked.trust if checked else ALWAYS,
            note_acceptor=notes,
            halt=journey.halt if config.place.kind is PlaceKind.BUS else lambda: _NEVER_MOVES,
        )

        def duty_count() -> DutyCount:
            return duty_so_far(config.data.journal)

        benches = {side: _Bench(place) for side, place in zip(sides, places, strict=False) if place.bench is not None}
        box = Box(
            *(terminal, sides, duty, clock, Logged(server, log), recent, duty_count),
            simulated=simulated,
            benches=benches,
            insert_note=note_model.insert if note_model is not None else None,
            journey=journey,
            standing=_standing_orders(config),
            post=_post(config),
        )
        notify = sdnotify.SystemdNotifier().notify
        rests = any(place.bench is not None for place in places)
        print(f"{config.vehicle.id}: {', '.join(names)} · {config.console.socket}{' · 模擬' if simulated else ''}")
        looks = _Looks(checked, Path(config.clock.told))

        def between_rounds() -> None:
            looks()
            if rests:
                time.sleep(_REST_S)

        settings = sha256(repr(config).encode()).hexdigest()[:16]
        log.started(config.vehicle.id, settings, names, simulated=simulated)
        # All that is here by now stays: to look through it for garbage would hold up a tap now and then.
        gc.freeze()
        serve(box, lambda: stopping.asked, notify, between_rounds)
        log.see(box.picture())
        log.ended()
    if terminal.journal_fault is not None:
        raise terminal.journal_fault


def _journey(inputs: InputsConfig, parts: ExitStack) -> Journey:
    """What tells where the vehicle is."""
    if inputs.simulated:
        from sim.hardware.driver import SimulatedDriver

        driver = SimulatedDriver(time.monotonic, inputs.simulated_pace)
        return Journey(driver, driver.set_out)
    if not inputs.any:
        return Journey()
    from farebox.peripherals.vehicle_lines import InputProcess

    source = InputProcess(inputs, time.monotonic)
    parts.callback(source.close)
    return Journey(source)


def _note_model(device: str | None) -> "NoteAcceptorModel | None":
    """The acceptor of a bench (模擬)."""
    if device != SIMULATED:
        return None
    from sim.hardware.note_acceptor import NoteAcceptorModel

    return NoteAcceptorModel(time.monotonic)


def _note_acceptor(device: str | None, model: "NoteAcceptorModel | None") -> NoteAcceptor | None:
    if device is None:
        return None
    from farebox.peripherals.id003 import Id003Acceptor, serial_acceptor

    if model is None:
        return serial_acceptor(device)
    from sim.hardware.note_acceptor import DirectLine

    return Id003Acceptor(DirectLine(model), SIMULATED)


def _post(config: Config) -> "Post | None":
    """What stands in for a driver where there is none."""
    place = config.place
    if place.kind is PlaceKind.BUS:
        return None
    from farebox.post import Post, Stand

    return Post(Stand(place.kind, place.name, place.route, config.vehicle.operator or ""))


def _standing_orders(config: Config) -> "StandingOrders | None":
    if config.data.bundles is None or config.keys.centre is None:
        return None
    from farebox.bundles import BundleStore, signed_by
    from farebox.centre_keys import centre_keys
    from farebox.orders import StandingOrders

    folder = Path(config.data.bundles)
    return StandingOrders(BundleStore(folder, signed_by(centre_keys(config.keys.centre))), folder, time.monotonic)


class _Bench:
    """The card of an image file, beside its imagined reader."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def lay(self) -> None:
        """Lay it on the reader."""
        assert self._place.bench is not None and self._place.card is not None
        self._place.bench.lay(self._place.card.image)

    def lift(self) -> None:
        """Take it away; its file holds what became of it, or OSError."""
        assert self._place.bench is not None
        self._place.bench.lift()
        if self._place.bench.fault is not None:
            raise self._place.bench.fault


class _Looks:
    """Asks every few seconds who vouches for the clock, and what the centre told the exchange."""

    def __init__(self, clock: TrustedClock | None, told: Path) -> None:
        self._clock, self._told = clock, told
        self._next_s = 0.0

    def __call__(self) -> None:
        now_s = time.monotonic()
        if self._clock is not None and now_s >= self._next_s:
            self._clock.look()
            tell(self._clock, self._told)
            self._next_s = now_s + _LOOK_EVERY_S


def _checked_clock(config: Config, recovered: Recovered) -> TrustedClock | None:
    """The clock that something must vouch for; None on a bench, whose clock is given (模擬)."""
    if config.clock.source is ClockSource.GIVEN:
        return None
    return TrustedClock(sources(), known_past_s(RELEASED, recovered.entries))


def _now() -> int:
    return int(time.time())
