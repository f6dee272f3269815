"""The driver at the console, by keys and by touch: a real socket, a real terminal, cards in its readers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Button, DataTable, Digits, Input, Label, OptionList, Static

from cardimage.image import CardImage
from farebox.console.app import ConsoleApp
from farebox.console.dialogs import HistoryScreen
from farebox.console.display import DisplayApp
from farebox.console.protocol import BeginTrip, EndTrip, GoToStop, SeenHistory, SeenRide
from farebox.formats.journal import DriverActed
from farebox.result import Side
from farebox.table import State
from farebox.top_up import Halt
from farebox.words import Language
from tariff.riders import Piece
from tests.farebox.bus import balance_yen, lococa
from tests.farebox.console.shift import ConsoleShift
from tests.farebox.note_bus import NoteBus

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

    def sums(self) -> dict[str, str]:
        """What the page of totals says."""
        table = self.app.screen.query_one("#sums", DataTable)
        cells = [cell for number in range(table.row_count) for cell in table.get_row_at(number)]
        return {name: yen.strip() for name, yen in zip(cells[::2], cells[1::2], strict=True)}

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
        await shift.settle(pilot, lambda: driver.sums().get("boardings") == "1")
        assert driver.sums()["boardings"] == "1"

    driver.works(act)


def test_the_duty_ends_behind_the_menu_and_its_sums_stay(shift: ConsoleShift) -> None:
    driver = Driver(shift)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        shift.lays(Side.BOARDING, lococa(3_000))
        await driver.presses(pilot, "o", "d")
        await shift.settle(pilot, lambda: driver.sums().get("乗車") == "1")
        assert not driver.app.screen.query_one("#end", Button).display  # not on a trip
        await driver.presses(pilot, "escape", "e", "d")
        await shift.settle(pilot, lambda: driver.app.screen.query_one("#end", Button).display)
        await driver.presses(pilot, "enter")
        title = driver.app.screen.query_one("#title", Label)
        await shift.settle(pilot, lambda: "終業しました" in str(title.content))
        assert "終業しました" in str(title.content) and driver.sums()["乗車"] == "1"
        assert [entry.record.action for entry in shift.bus.entries() if isinstance(entry.record, DriverActed)] == [
            "duty-ended"
        ]

    driver.works(act)


def test_gen_22_a_settlement_is_cancelled_by_touch(shift: ConsoleShift) -> None:
    driver, card = Driver(shift), lococa(3_000)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        shift.lays(Side.BOARDING, card)
        await driver.drives_to_the_end(pilot)
        shift.lays(Side.ALIGHTING, card)
        await driver.touches(pilot, "#do-cancel_fare")
        assert shift.bus.state() is State.CANCELLING
        assert "取消" in str(driver.app.query_one("#question Static", Static).content)
        shift.lays(Side.ALIGHTING, card)
        await shift.settle(pilot, lambda: not driver.app.query(".answer"))
        assert (balance_yen(card), driver.app.query_one("#taken", Digits).value) == (3_000, "-500")
        await driver.presses(pilot, "c")
        await driver.presses(pilot, "enter")  # given up again
        assert shift.bus.state() is State.READY

    driver.works(act)


def test_gen_13_a_cards_history_is_shown_on_a_page(shift: ConsoleShift) -> None:
    driver, card = Driver(shift), lococa(3_000)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        shift.lays(Side.BOARDING, card)
        await driver.drives_to_the_end(pilot)
        shift.lays(Side.ALIGHTING, card)
        await driver.presses(pilot, "h")
        shift.lays(Side.ALIGHTING, card)
        await shift.settle(pilot, lambda: bool(driver.app.screen.query("#rides")))
        rides = driver.app.screen.query_one("#rides", DataTable)
        assert [str(cell).strip() for cell in rides.get_row_at(0)] == ["11/20", "磐城棚倉 → 新白河", "500", "2,500"]
        await driver.presses(pilot, "escape")
        assert not driver.app.screen.query("#rides")

    driver.works(act)


@pytest.mark.parametrize(("language", "said"), [(Language.JA, "チャージ"), (Language.EN, "top-up")])
def test_gen_13_a_top_up_stands_among_the_last_uses(shift: ConsoleShift, language: Language, said: str) -> None:
    driver = Driver(shift, language=language)
    added = SeenRide("2026-11-20", "", "", 1_000, 2_500, top_up=True)

    async def act(_: Pilot[None]) -> None:
        await driver.app.push_screen(HistoryScreen(language, SeenHistory("*0001", 2_500, (added,))))
        rides = driver.app.screen.query_one("#rides", DataTable)
        assert [str(cell).strip() for cell in rides.get_row_at(0)] == ["11/20", said, "+1,000", "2,500"]

    driver.works(act)


def test_loc_8_a_top_up_is_begun_and_ended_by_its_key(tmp_path: Path) -> None:
    shift = ConsoleShift(tmp_path, NoteBus)
    driver, card = Driver(shift), lococa(150)

    async def act(pilot: Pilot[None]) -> None:
        assert isinstance(shift.bus, NoteBus)
        shift.bus.halt = Halt()
        await driver.begins(pilot)
        await driver.presses(pilot, "u")
        await driver.touches(pilot, "#stands")
        assert shift.bus.state() is State.TOPPING_UP
        shift.bus.bench.lay(Side.ALIGHTING, card)
        await shift.settle(pilot)
        asked = driver.app.query_one("#question Static", Static)
        assert "1,000 / 5,000 / 10,000" in str(asked.content)
        shift.bus.notes.insert(1_000)
        for _ in range(12):
            shift.bus.clock.now_s += 1
            shift.box.step()
        await driver.presses(pilot, "u")
        assert (shift.bus.state(), balance_yen(card)) == (State.READY, 1_150)

    driver.works(act)
    shift.close()


class Laid:
    """A bench's card at the exit."""

    def __init__(self, shift: ConsoleShift, card: CardImage) -> None:
        self._bench, self._card = shift.bus.bench, card
        self.lies = False

    def lay(self) -> None:
        self._bench.lay(Side.ALIGHTING, self._card)
        self.lies = True

    def lift(self) -> None:
        self._bench.lift(Side.ALIGHTING)
        self.lies = False


def test_loc_8_on_a_bench_card_and_notes_are_laid_and_put_in_by_keys(tmp_path: Path) -> None:
    shift, card = ConsoleShift(tmp_path, NoteBus), lococa(150)
    assert isinstance(shift.bus, NoteBus)
    laid = Laid(shift, card)
    shift.box._benches = {Side.BOARDING: laid, Side.ALIGHTING: laid}
    shift.box._insert_note = shift.bus.notes.insert
    driver = Driver(shift)

    async def act(pilot: Pilot[None]) -> None:
        assert isinstance(shift.bus, NoteBus)
        shift.bus.halt = Halt()
        await driver.begins(pilot)
        shown = [button for button in driver.app.query("#buttons Button").results(Button) if button.display]
        assert len(shown) == 10
        for button in shown:
            assert cell_len(str(button.label)) <= button.content_region.width == 8, button.label
        await driver.presses(pilot, "u")
        await driver.touches(pilot, "#stands")
        await driver.presses(pilot, "2")
        assert laid.lies  # it stays while notes go in
        await shift.settle(pilot, lambda: len(driver.app.query(".answer")) == 4)
        await driver.presses(pilot, "tab", "enter")
        for _ in range(12):
            shift.bus.clock.now_s += 1
            shift.box.step()
        assert (shift.bus.notes.box, balance_yen(card)) == ([1_000], 1_150)
        await driver.presses(pilot, "u")
        assert (shift.bus.state(), laid.lies) == (State.READY, False)

    driver.works(act)
    shift.close()


def test_azf_2_luggage_is_weighed_and_measured_in_the_party(shift: ConsoleShift) -> None:
    driver = Driver(shift)

    async def act(pilot: Pilot[None]) -> None:
        await driver.begins(pilot)
        await driver.presses(pilot, "p")
        driver.app.screen.query_one("#luggage", Button).press()
        await pilot.pause()
        for field, value in (("#kg", "12"), ("#cm0", "50"), ("#cm1", "40"), ("#cm2", "120")):
            driver.app.screen.query_one(field, Input).value = value
        await driver.touches(pilot, "#done")
        await driver.touches(pilot, "#done")
        assert driver.says("#notice") == "持ち主 + 手回り品"
        assert shift.bus.terminal._told.party(bytes(8)).luggage == (Piece(12_000, 240_000, 1_200),)

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


def test_on_the_next_trip_the_display_asks_for_cards_again_and_shows_no_tap_from_before_it_began(
    shift: ConsoleShift,
) -> None:
    def begin() -> None:
        shift.box.obey(BeginTrip(shift.box.picture().offers[0].trip_id))

    begin()
    shift.lays(Side.BOARDING, lococa(3_000))
    app = DisplayApp(shift.client(), shown_s=0.01)

    async def act(pilot: Pilot[None]) -> None:
        words = app.query_one("#words", Label)
        await shift.settle(pilot)
        assert "Please touch your card" in str(words.content) and not words.has_class("accepted")
        shift.lays(Side.BOARDING, lococa(3_000, 2))
        await shift.settle(pilot)
        shift.box.obey(EndTrip())
        await shift.settle(pilot)
        assert "回送" in str(words.content)
        begin()
        await shift.settle(pilot)
        assert "Please touch your card" in str(words.content)

    asyncio.run(shift.shown(app, act, (60, 16)))


def test_faults_16_after_a_tap_out_of_service_the_display_asks_for_no_other(shift: ConsoleShift) -> None:
    app = DisplayApp(shift.client(), shown_s=0.01)

    async def act(pilot: Pilot[None]) -> None:
        words = app.query_one("#words", Label)
        shift.lays(Side.BOARDING, lococa(3_000))
        await shift.settle(pilot)
        while words.has_class("refused"):
            await pilot.pause(0.01)
        assert "回送" in str(words.content) and "Please touch your card" not in str(words.content)

    asyncio.run(shift.shown(app, act, (60, 16)))
