"""Pictures of the driver's console and the passengers' display: `python -m tools.console_screens`, or `make docs`.

A real terminal on simulated readers, its console over a real socket, and keys pressed as a driver would; the clock is
simulated, so that the same pictures come out each time.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Button, DataTable

from cardimage.image import CardImage
from cardimage.issue import issue
from farebox.box import Box, Recent
from farebox.console.app import ConsoleApp
from farebox.console.client import ConsoleClient
from farebox.console.dialogs import HistoryScreen, MenuScreen, TotalsScreen
from farebox.console.display import DisplayApp
from farebox.console.party_dialog import PartyScreen
from farebox.console.protocol import BeginCancelling, BeginTopUp, BeginTrip, DropQuestion, GoToStop
from farebox.console.server import ConsoleServer
from farebox.duty import Duty
from farebox.duty_count import DutyCount, duty_so_far
from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from farebox.journal.log import open_journal
from farebox.machine import TransitionsMachine
from farebox.peripherals.id003 import Id003Acceptor
from farebox.readers import Readers
from farebox.result import Side
from farebox.table import State
from farebox.terminal import Terminal
from farebox.top_up import Halt
from farebox.words import Language
from reader.image_port import ImageReader
from sim.hardware.note_acceptor import DirectLine, NoteAcceptorModel
from sim.replay import SimClock
from tariff.account import Account
from tariff.calendar import midnight_in_japan_s
from tools.feeds import SAMPLE, feed_path
from tools.play_screen import play_pictures
from tools.screen_svg import screen_svg

SCREENS = Path(__file__).parents[1] / "docs" / "screens"
_DAY = date(2026, 11, 20)
_LEAVES_S = 6 * 3_600 + 38 * 60
_CONSOLE, _DISPLAY = (80, 24), (60, 14)
_MOST_LOOKS = 3_000
"""Rounds until a key that was pressed has reached the terminal, and the console has caught up."""


class Stage:
    """A bus at its first stop, in the morning of a working day."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.clock = SimClock()
        self.clock.reach(midnight_in_japan_s(_DAY) + _LEAVES_S)
        self.notes = NoteAcceptorModel(lambda: float(self.clock.now_s))
        self._fields = {side: ImageReader(f"image:{side}", None) for side in (Side.BOARDING, Side.ALIGHTING)}
        journal = folder / "journal"
        recovered = open_journal(journal)
        recent = Recent()
        terminal = Terminal(
            "BUS-1",
            Readers(self._fields[Side.BOARDING], self._fields[Side.ALIGHTING]),
            recovered,
            TransitionsMachine(),
            self.clock,
            recent.show,
            note_acceptor=Id003Acceptor(DirectLine(self.notes), "simulated"),
            halt=lambda: Halt(doors_open=True),
        )

        def duty_count() -> DutyCount:
            return duty_so_far(journal)

        self.server = ConsoleServer(folder / "console")
        duty = Duty(load_feed(feed_path(SAMPLE)), load_operators())
        self.box = Box(terminal, tuple(self._fields), duty, self.clock, self.server, recent, duty_count, simulated=True)

    def client(self) -> ConsoleClient:
        """One more console."""
        return ConsoleClient(self._folder / "console", 0.01)

    def lays(self, side: Side, card: CardImage) -> None:
        """A passenger touches."""
        self.clock.now_s += 4
        self._fields[side].lay(card)
        self.box.step()
        self._fields[side].lift()
        self.box.step()

    def lies_there(self, side: Side, card: CardImage) -> None:
        """A passenger lays a card, and leaves it there."""
        self._fields[side].lay(card)
        self.waits(1)

    def lifts(self, side: Side) -> None:
        """And takes it away."""
        self._fields[side].lift()
        self.waits(1)

    def waits(self, rounds: int) -> None:
        """Seconds pass: what is under way at the note acceptor is done."""
        for _ in range(rounds):
            self.clock.now_s += 1
            self.box.step()

    async def settle(self, pilot: Pilot[None], until: Callable[[], bool] = lambda: True) -> None:
        """Let terminal and console talk until something holds, and the console shows what the terminal says."""
        app = pilot.app
        assert isinstance(app, ConsoleApp | DisplayApp)
        for _ in range(_MOST_LOOKS):
            await pilot.pause(0.01)
            self.box.step()
            if until() and app.picture == self.box.picture():
                break
        await pilot.pause()
        await pilot.wait_for_scheduled_animations()

    def stands_at(self, stop_index: int) -> bool:
        """Whether the bus is on its trip, at a stop."""
        service = self.box.terminal.service
        return service is not None and service.stop_index == stop_index


def card(number: int, balance_yen: int) -> CardImage:
    """A LOCOCA card."""
    idm = bytes.fromhex("012E00000000") + number.to_bytes(2, "big")
    return issue(idm, Account("lococa", balance_yen), f"LC{number:05}", _DAY)


async def drawn(stage: Stage) -> dict[str, str]:  # noqa: PLR0915  # one scene after the other
    """The pictures, by name, as SVG."""
    pictures: dict[str, str] = {}
    rider, short, boarded_elsewhere = card(1, 3_000), card(2, 195), card(3, 5_000)

    async def on(app: App[None], size: tuple[int, int], act: Callable[[Pilot[None]], Awaitable[None]]) -> None:
        async with app.run_test(size=size) as pilot:
            await stage.settle(pilot)
            await act(pilot)

    async def take(pilot: Pilot[None], name: str, until: Callable[[], bool] = lambda: True) -> None:
        await stage.settle(pilot, until)
        pictures[name] = screen_svg(pilot.app, "farebox")

    async def drive(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        await take(pilot, "console-trips")
        await pilot.press("enter")
        await stage.settle(pilot, lambda: stage.stands_at(0))
        stage.lays(Side.BOARDING, rider)
        stage.lays(Side.BOARDING, short)
        for stop_index in range(1, 5):
            await pilot.press("n")
            await stage.settle(pilot, partial(stage.stands_at, stop_index))
        stage.lays(Side.ALIGHTING, rider)
        await take(pilot, "console-trip")
        await pilot.press("p")
        await take(pilot, "console-party", lambda: isinstance(app.screen, PartyScreen))
        await pilot.press("escape")
        await stage.settle(pilot, lambda: not isinstance(app.screen, PartyScreen))
        stage.lays(Side.ALIGHTING, short)
        await take(pilot, "console-short", lambda: bool(app.query(".answer")))
        await pilot.press("enter")
        await stage.settle(pilot, lambda: not stage.box.terminal.asked)
        stage.lays(Side.ALIGHTING, short)
        stage.lays(Side.ALIGHTING, boarded_elsewhere)
        await stage.settle(pilot, lambda: bool(app.query(".answer")))
        await pilot.press("f2")
        await take(pilot, "console-boarding-stop", lambda: app.language is Language.EN)
        await pilot.press("f2")
        await stage.settle(pilot, lambda: app.language is Language.JA)
        await at_the_desk(pilot, app)

    async def at_the_desk(pilot: Pilot[None], app: ConsoleApp) -> None:
        stage.box.obey(DropQuestion())
        stage.waits(4)
        await pilot.press("u")
        await stage.settle(pilot, lambda: stage.box.terminal.state is State.TOPPING_UP)
        stage.lies_there(Side.ALIGHTING, short)
        await take(pilot, "console-top-up", lambda: bool(app.query(".answer")))
        stage.notes.insert(1_000)
        stage.waits(12)
        await pilot.press("u")
        await stage.settle(pilot, lambda: stage.box.terminal.state is State.READY)
        stage.lifts(Side.ALIGHTING)
        await pilot.press("c")
        await take(pilot, "console-cancel", lambda: bool(app.query(".answer")))
        stage.lays(Side.ALIGHTING, rider)
        await take(pilot, "console-cancelled", lambda: not app.query(".answer"))
        stage.lays(Side.ALIGHTING, rider)
        await pilot.press("h")
        await stage.settle(pilot, lambda: stage.box.terminal.state is State.READING)
        stage.lays(Side.ALIGHTING, rider)
        await take(pilot, "console-history", lambda: isinstance(app.screen, HistoryScreen))
        await pilot.press("escape", "e")
        await stage.settle(pilot, lambda: stage.box.terminal.state is State.OUT_OF_SERVICE)
        await pilot.press("o")
        await take(pilot, "console-more", lambda: isinstance(app.screen, MenuScreen))
        await pilot.press("d")
        await stage.settle(pilot, lambda: isinstance(app.screen, TotalsScreen))
        await stage.settle(pilot, lambda: app.screen.query_one("#end", Button).display)
        await take(pilot, "console-duty", lambda: app.screen.query_one("#sums", DataTable).row_count > 0)
        await pilot.press("escape")
        trip = stage.box.picture().offers[0]
        stage.box.obey(BeginTrip(trip.trip_id))

    async def watch(pilot: Pilot[None]) -> None:
        stage.box.obey(GoToStop(4))
        stage.lays(Side.ALIGHTING, boarded_elsewhere)
        await take(pilot, "display-refused")
        stage.box.obey(DropQuestion())
        stage.box.obey(GoToStop(0))
        stage.lays(Side.BOARDING, boarded_elsewhere)
        stage.box.obey(GoToStop(4))
        stage.lays(Side.ALIGHTING, boarded_elsewhere)
        await take(pilot, "display-accepted")
        stage.box.obey(BeginCancelling())
        stage.lays(Side.ALIGHTING, boarded_elsewhere)
        await take(pilot, "display-cancelled")
        stage.waits(4)
        stage.box.obey(BeginTopUp())
        stage.lies_there(Side.ALIGHTING, short)
        stage.notes.insert(1_000)
        stage.waits(12)
        await take(pilot, "display-top-up")

    await on(ConsoleApp(stage.client(), Language.JA), _CONSOLE, drive)
    await on(DisplayApp(stage.client()), _DISPLAY, watch)
    return pictures


def pages() -> Iterator[tuple[Path, str]]:
    """Each picture's file, and what belongs into it."""
    os.environ.pop("NO_COLOR", None)  # textual heeds it; pictures have their colours
    with TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        try:
            pictures = asyncio.run(drawn(stage))
        finally:
            stage.server.close()
    for name, svg in (pictures | play_pictures()).items():
        yield SCREENS / f"{name}.svg", svg


def main() -> None:
    """Write them all."""
    SCREENS.mkdir(exist_ok=True)
    for path, svg in pages():
        path.write_text(svg, "utf-8")


if __name__ == "__main__":
    main()
