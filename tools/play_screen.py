"""The picture of the bench to play on; drawn and written with those of the console (`tools.console_screens`)."""

import asyncio
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from farebox.duty import Duty
from farebox.feed import load_feed
from farebox.feed.operators import load_operators
from farebox.words import Language
from sim.play.app import PlayApp
from sim.play.bus import PlayBus
from tools.feeds import SAMPLE, feed_path
from tools.screen_svg import screen_svg

_DAY = date(2026, 11, 20)
_KEYS = ("down", "1", "1", "n", "n", "n", "w", "w", "w", "w", "w", "2", "2")
"""A ride of the second card, which leaves before the answer to its write comes; then it is laid again."""


def play_pictures() -> dict[str, str]:
    """By name, as SVG."""
    with TemporaryDirectory() as folder:
        bus = PlayBus(Duty(load_feed(feed_path(SAMPLE)), load_operators()), _DAY, Path(folder), seed=41)
        bus.next_trip()
        try:
            return {"play": asyncio.run(_drawn(PlayApp(bus, Language.EN, runs=False)))}
        finally:
            bus.close()


async def _drawn(app: PlayApp) -> str:
    async with app.run_test(size=(132, 42)) as pilot:
        for key in _KEYS:
            await pilot.press(key)
            await pilot.pause()
        await pilot.wait_for_scheduled_animations()
        return screen_svg(app, "farebox sim play")
