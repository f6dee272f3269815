"""The driver at the console, by keys and by touch: a real socket, a real terminal, cards in its readers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, DataTable, Digits, Label, OptionList

from farebox.console.app import ConsoleApp
from farebox.console.display import DisplayApp
from farebox.console.protocol import BeginTrip, GoToStop
from farebox.formats.journal import DriverActed
from farebox.result import Side
from farebox.table import State
from farebox.words import Language
from tests.farebox.bus import balance_yen, lococa
from tests.farebox.console.shift import ConsoleShift

Act = Callable[[Pilot[None]], Awaitable[None]]


@pytest.fixture
def shift(tmp_path: Path) -> Iterator[ConsoleShift]:
    shift = ConsoleShift(tmp_path)
    yield shift
    shift.close()


class Driver:
    """Hands on the console."""

    def __init__(self, shift: ConsoleShift, size: tuple[int, int] = (80, 24), language: Language = Language.JA) -> None:
        self.shift = shift
        self.app = ConsoleApp(shift.client(), language)
        self._size = size

    def works(self, act: Act) -> None:
        asyncio.run(self.shift.shown(self.app, act, self._size))

    async def presses(self, pilot: Pilot[None], *keys: str) -> None:
        await pilot.press(*keys)
        await self.shift.settle(pilot)

    async def touches(self, pilot: Pilot[None], button: str) -> None:
        assert await pilot.click(button), button
        await self.shift.settle(pilot)

    def says(self, label: str) -> str:
        return str(self.app.query_one(label, Label).content)

    def rows(self, table: str) -> list[list[str]]:
        found = self.app.query_one(table, DataTable)
        return [[str(cell) for cell in found.get_row_at(number)] for number in range(found.row_count)]

    async def begins(self, pilot: Pilot[None]) -> None:
        """The first trip that is offered."""
        await self.presses(pilot, "enter")
        assert self.shift.bus.state() is State.READY

    async def drives_to_the_end(self, pilot: Pilot[None]) -> None:
        service = self.shift.bus.terminal.service
        assert service is not None
        for _ in range(service.stop_index, service.table.size - 1):
            await self.presses(pilot, "n")


def test_a_trip_is_chosen_driven_and_ended_by_keys(shift: ConsoleShift) -> None:
    driver = Driver(shift)

    async def act(pilot: Pilot[None]) -> None:
        assert "回送" in driver.says("#trip") and "【模擬】" in driver.says("#trip")
        await driver.begins(pilot)
        assert "HAKUHO-W01" in driver.says("#trip")
        card = lococa(3_000)
        shift.lays(Side.BOARDING, card)
        await driver.drives_to_the_end(pilot)
        assert "新白河" in driver.says("#stop")
        assert driver.rows("#fares")[-1][1] == "500"
        shift.lays(Side.ALIGHTING, card)
        await driver.shift.settle(pilot)
        assert driver.app.query_one("#taken", Digits).value == "500"
        assert "2,500" in driver.says("#verdict")
        await driver.presses(pilot, "b")
        assert "新白河" not in driver.says("#stop").split()[1]
        await driver.presses(pilot, "e")
        assert shift.bus.state() is State.OUT_OF_SERVICE

    driver.works(act)


def test_gen_7_the_boarding_stop_is_touched_on_the_screen(shift: ConsoleShift) -> None:
    driver, card = Driver(shift), lococa(3_000)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        await driver.drives_to_the_end(pilot)
        shift.lays(Side.ALIGHTING, card)
        await shift.settle(pilot, lambda: bool(driver.app.query(".answer")))
        assert shift.bus.state() is State.ASKING_STOP
        first = driver.app.query(".answer").first(Button)
        assert str(first.label) == "1 磐城棚倉"
        await driver.touches(pilot, f"#{first.id}" if first.id else ".answer")
        assert driver.says("#notice") == "もう一度タッチしてください"
        shift.lays(Side.ALIGHTING, card)
        assert balance_yen(card) == 2_500

    driver.works(act)


def test_gen_10_shortage_is_answered_by_the_enter_key_and_taken_in_cash(shift: ConsoleShift) -> None:
    driver, card = Driver(shift, language=Language.EN), lococa(195)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        shift.lays(Side.BOARDING, card)
        await driver.drives_to_the_end(pilot)
        shift.lays(Side.ALIGHTING, card)
        await shift.settle(pilot, lambda: bool(driver.app.query(".answer")))
        assert [str(button.label) for button in driver.app.query(".answer").results(Button)] == [
            *("Shortage in cash", "All in cash", "Give up")
        ]
        await driver.presses(pilot, "enter")
        shift.lays(Side.ALIGHTING, card)
        assert (balance_yen(card), shift.bus.ledger().cash_yen) == (5, 310)

    driver.works(act)


def test_loc_15_a_party_is_told_by_touch_before_the_tap(shift: ConsoleShift) -> None:
    driver, card = Driver(shift), lococa(3_000)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        shift.lays(Side.BOARDING, card)
        await driver.drives_to_the_end(pilot)
        await driver.presses(pilot, "p")
        for button in pilot.app.screen.query(Button):
            if button.name in ("with child", "with adult"):
                button.press()
        await pilot.pause()
        await driver.touches(pilot, "#done")
        assert driver.says("#notice") == "持ち主 + 大人 + 小児"
        shift.lays(Side.ALIGHTING, card)
        assert balance_yen(card) == 3_000 - 500 - 500 - 250

    driver.works(act)


def test_loc_19_paper_is_logged_with_its_amount(shift: ConsoleShift) -> None:
    driver = Driver(shift)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        await driver.presses(pilot, "k", "end", "backspace", "2", "0", "0")
        coupons = next(button for button in pilot.app.screen.query(Button) if button.name == "paper-coupons")
        coupons.press()
        await shift.settle(pilot)
        acted = [entry.record for entry in shift.bus.entries() if isinstance(entry.record, DriverActed)]
        assert acted == [DriverActed(b"", "paper", "paper-coupons, 200 yen")]

    driver.works(act)


def test_the_count_of_the_duty_is_shown(shift: ConsoleShift) -> None:
    driver = Driver(shift, language=Language.EN)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        shift.lays(Side.BOARDING, lococa(3_000))
        await driver.presses(pilot, "t")
        sums = pilot.app.screen.query_one("#sums", Label)
        await shift.settle(pilot, lambda: "boardings  1" in str(sums.content))
        assert "boardings  1" in str(sums.content)

    driver.works(act)


def test_both_languages_are_a_key_apart(shift: ConsoleShift) -> None:
    driver = Driver(shift)

    async def act(pilot: Pilot[None]) -> None:
        assert str(driver.app.query_one("#do-next", Button).label) == "次へ N"
        await driver.presses(pilot, "f2")
        assert str(driver.app.query_one("#do-next", Button).label) == "Next N"
        assert "Out of service" in driver.says("#trip")

    driver.works(act)


def test_the_terminal_may_die_and_come_back_while_the_console_waits(shift: ConsoleShift) -> None:
    driver = Driver(shift, language=Language.EN)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        shift.server.close()
        await pilot.pause(0.1)
        assert "does not answer" in driver.says("#alarms")
        again = ConsoleShift(shift.path.parent / "second")
        again.path.replace(shift.path)
        await again.settle(pilot, lambda: bool(driver.app.query_one("#offers", OptionList).option_count))
        assert not driver.app.query_one("#alarms", Label).display
        again.close()

    (shift.path.parent / "second").mkdir()
    driver.works(act)


def test_the_console_may_die_and_the_terminal_goes_on(shift: ConsoleShift) -> None:
    driver, card = Driver(shift), lococa(3_000)
    driver.works(driver.begins)
    shift.lays(Side.BOARDING, card)
    assert shift.server.watched == 0 and shift.bus.ledger().boardings == 1


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_every_button_is_on_the_screen(shift: ConsoleShift, size: tuple[int, int]) -> None:
    driver = Driver(shift, size)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        for button in driver.app.query("#buttons Button").results(Button):
            if not button.display:
                continue  # for a bench only
            assert driver.app.screen.region.contains_region(button.region), button.id
            assert button.region.height >= 3
        await driver.presses(pilot, "p")
        for button in pilot.app.screen.query(Button):
            assert pilot.app.screen.region.contains_region(button.region), button.name

    driver.works(act)


def test_gen_14_the_passenger_sees_fare_and_balance_and_no_rule_numbers(shift: ConsoleShift) -> None:
    app, card = DisplayApp(shift.client()), lococa(3_000)

    async def act(pilot: Pilot[None]) -> None:
        words = app.query_one("#words", Label)
        assert "回送" in str(words.content)
        shift.box.obey(BeginTrip(shift.box.picture().offers[0].trip_id))
        await shift.settle(pilot)
        assert "Please touch your card" in str(words.content)
        shift.lays(Side.BOARDING, card)
        shift.box.obey(GoToStop(4))
        shift.lays(Side.ALIGHTING, card)
        await shift.settle(pilot)
        assert (app.query_one("#fare", Digits).value, app.query_one("#balance", Digits).value) == ("500", "2,500")
        assert words.has_class("accepted") and "GEN" not in str(words.content)
        shift.lays(Side.ALIGHTING, lococa(3_000, 2))
        await shift.settle(pilot)
        assert words.has_class("refused") and "no boarding record" in str(words.content)
        assert "GEN" not in str(words.content)

    asyncio.run(shift.shown(app, act, (60, 16)))
