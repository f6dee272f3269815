"""A terminal that serves its console over a real socket, and a textual app beside it in the same process."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from cardimage.image import CardImage
from farebox.box import Box
from farebox.console.app import ConsoleApp
from farebox.console.client import ConsoleClient
from farebox.console.display import DisplayApp
from farebox.console.server import ConsoleServer
from farebox.result import Side
from tests.farebox.bus import DUTY, Bus, service
from tests.farebox.field_bench import FieldBench

AGAIN_S = 0.01
_MOST_LOOKS = 2_000
_LOOKS = 12
"""After so many looks of the box at its console, whatever was under way is done or will never be."""


class ConsoleShift:
    """A bus on its duty; `settle` lets box and app talk until neither has anything to say."""

    def __init__(self, folder: Path, bus: type[Bus] = Bus) -> None:
        self.bus = bus(folder, FieldBench())
        self.bus.clock.reach(service().began_s)
        self.path = folder / "console"
        self.server = ConsoleServer(self.path)
        sides = (Side.BOARDING, Side.ALIGHTING)
        self.box = Box(
            self.bus.terminal,
            sides,
            DUTY,
            self.bus.clock,
            self.server,
            self.bus.recent,
            self.bus.duty,
            simulated=True,
        )

    def client(self) -> ConsoleClient:
        return ConsoleClient(self.path, AGAIN_S)

    def lays(self, side: Side, card: CardImage) -> None:
        """A passenger touches."""
        self.bus.clock.now_s += 2
        self.bus.bench.lay(side, card)
        self.box.step()
        self.bus.bench.lift(side)
        self.box.step()

    async def settle(self, pilot: Pilot[None], until: Callable[[], bool] = lambda: False) -> None:
        """Let both ends run; done early once `until` holds, and never before the app shows what the terminal says."""
        app = pilot.app
        assert isinstance(app, ConsoleApp | DisplayApp)
        for look in range(_MOST_LOOKS):
            self.box.step()
            await pilot.pause(0.005)
            if (look >= _LOOKS or until()) and app.picture == self.box.picture():
                break
        await pilot.pause()

    async def shown(self, app: App[None], act: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int]) -> None:
        """Run an app on a screen of text of so many columns and lines."""
        async with app.run_test(size=size) as pilot:
            await self.settle(pilot)
            await act(pilot)

    def close(self) -> None:
        self.server.close()
        self.bus.__exit__()
