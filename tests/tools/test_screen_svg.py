"""Pictures of screens with Japanese in them."""

import asyncio
import re

from textual.app import App, ComposeResult
from textual.widgets import Label

from tools.screen_svg import screen_svg


class Fares(App[None]):
    def compose(self) -> ComposeResult:
        yield Label("運賃表 200")


def test_a_kanji_has_the_room_of_two_letters() -> None:
    async def drawn() -> str:
        app = Fares()
        async with app.run_test(size=(20, 2)):
            return screen_svg(app, "fares")

    runs = re.findall(r'textLength="([\d.]+)"[^>]*>([^<]*)</text>', asyncio.run(drawn()))
    column = next(float(length) for length, text in runs if text == "\n")
    assert [float(length) / column for length, text in runs if text.startswith("運賃表")] == [10]
