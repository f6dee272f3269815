"""The bench to play on: what hands do reaches the real terminal, and what it comes to is shown."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Button, DataTable, Label, Static

from farebox.console.protocol import AnswerPayment, AnswerStop
from farebox.formats.journal import Intent, Outcome, Resolved
from farebox.result import Side, Sound
from farebox.table import Event
from farebox.words import Language
from sim.hardware.field import Moment, Withdrawal
from sim.play.app import PlayApp
from sim.play.bus import BLOCKS, Look, PlayBus
from tariff.purses import Payment
from tariff.refusal import Code
from tests.farebox.bus import DAY, DUTY, lococa


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[PlayBus]:
    made = PlayBus(DUTY, DAY, tmp_path, seed=41, cards=(("poor", lococa(195, 71)), ("forgetful", lococa(5_000, 72))))
    made.next_trip()
    yield made
    made.close()


def tap(bus: PlayBus, side: Side, place: int) -> Look:
    bus.lay(side, place)
    seen = bus.look()
    bus.lift(side)
    bus.look()
    return seen


def place_of(bus: PlayBus, at_least_yen: int) -> int:
    """A card drawn from the seed."""
    wallet = bus.look().wallet
    return next(place for place, card in enumerate(wallet) if place > 1 and card.holds.total_yen >= at_least_yen)  # type: ignore[union-attr]


class TestRide:
    def test_changes_the_card_the_journal_and_the_state(self, bus: PlayBus) -> None:
        place = place_of(bus, 2_000)
        before = bus.look()
        tap(bus, Side.BOARDING, place)
        bus.drive(3)
        after = tap(bus, Side.ALIGHTING, place)
        assert after.last is not None and after.last.sound is Sound.PIP
        assert after.blocks[place] != before.blocks[place]
        assert [step.event for step in after.steps[-2:]] == [Event.TAP_JUDGED, Event.CARD_WRITTEN]
        paid = [entry.record for entry in after.entries if isinstance(entry.record, Intent)][-1]
        assert paid.due_yen > 0
        held, holds = before.wallet[place].holds, after.wallet[place].holds
        assert held is not None and holds is not None
        assert held.total_yen - holds.total_yen == paid.due_yen

    def test_shows_where_a_card_lies(self, bus: PlayBus) -> None:
        bus.lay(Side.ALIGHTING, 0)
        assert bus.look().wallet[0].lies is Side.ALIGHTING
        bus.lift(Side.ALIGHTING)
        assert bus.look().wallet[0].lies is None

    def test_two_cards_are_one_too_many(self, bus: PlayBus) -> None:
        bus.lay(Side.BOARDING, 0)
        bus.lay(Side.BOARDING, 1)
        seen = bus.look()
        assert seen.last is not None and seen.last.refusal is not None
        assert seen.last.refusal.code is Code.TWO_CARDS

    def test_asks_the_driver_where_a_card_boarded(self, bus: PlayBus) -> None:
        bus.drive(2)
        assert tap(bus, Side.ALIGHTING, 1).picture.question is not None
        bus.obey(AnswerStop(0))
        seen = tap(bus, Side.ALIGHTING, 1)
        assert seen.picture.question is None and seen.last is not None and seen.last.refusal is None

    def test_asks_the_driver_how_a_short_card_pays(self, bus: PlayBus) -> None:
        tap(bus, Side.BOARDING, 0)
        bus.drive(len(bus.look().picture.on_trip.stops) - 1)  # type: ignore[union-attr]
        assert tap(bus, Side.ALIGHTING, 0).picture.question is not None
        bus.obey(AnswerPayment(Payment.PART_CASH))
        seen = tap(bus, Side.ALIGHTING, 0)
        assert seen.wallet[0].holds is not None and seen.wallet[0].holds.total_yen < 10  # all but what is less than 10

    def test_a_trip_follows_the_other(self, bus: PlayBus) -> None:
        first = bus.look().picture.on_trip
        bus.next_trip()
        second = bus.look().picture.on_trip
        assert first is not None and second is not None and first.trip_id != second.trip_id


class TestTear:
    def test_a_lost_answer_stays_pending_over_a_restart_and_is_settled_by_the_card(self, bus: PlayBus) -> None:
        place = place_of(bus, 2_000)
        tap(bus, Side.BOARDING, place)
        bus.drive(1)
        bus.withdrawal = Withdrawal(6, Moment.AFTER)
        torn = tap(bus, Side.ALIGHTING, place)
        assert torn.picture.alarms[-1].code == "pending" and torn.withdrawal is None
        bus.restart()
        assert bus.look().picture.alarms[-1].code == "pending"
        seen = tap(bus, Side.ALIGHTING, place)
        assert not seen.picture.alarms
        ends = [entry.record for entry in seen.entries if isinstance(entry.record, Outcome | Resolved)]
        assert [type(end) for end in ends] == [Outcome, Outcome, Resolved]

    def test_a_restart_stands_where_the_bus_stood(self, bus: PlayBus) -> None:
        bus.drive(2)
        before = bus.look().picture.on_trip
        bus.restart()
        assert bus.look().picture.on_trip == before


class TestTopUp:
    def test_a_note_ends_on_the_card_and_in_the_box(self, bus: PlayBus) -> None:
        for _ in range(4):
            bus.look()
        assert bus.top_up() is None
        bus.lay(Side.ALIGHTING, 1)
        for _ in range(4):
            bus.look()
        bus.insert(1_000)
        for _ in range(12):
            seen = bus.look()
        assert (seen.box_yen, seen.given_back_yen, seen.note_yen) == (1_000, 0, None)
        assert seen.wallet[1].holds is not None and seen.wallet[1].holds.total_yen == 6_000
        assert bus.top_up() is None

    def test_not_while_the_doors_are_closed(self, bus: PlayBus) -> None:
        bus.look()
        bus.doors_open = False
        assert bus.top_up() == ("停留所で停車中にチャージできます", "top up only at a stop")

    def test_not_while_the_driver_is_asked_for_a_stop(self, bus: PlayBus) -> None:
        bus.drive(2)
        tap(bus, Side.ALIGHTING, 1)
        assert bus.top_up() == ("いまは操作できません", "not possible now")


def test_a_day_without_trips_says_when_there_are_some(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the feed's calendar runs from 2026-04-01 to 2027-03-31"):
        PlayBus(DUTY, date(2030, 1, 1), tmp_path, seed=1)


class Player:
    """Hands on the keys."""

    def __init__(
        self, bus: PlayBus, language: Language = Language.EN, *, runs: bool = False, size: tuple[int, int] = (130, 44)
    ) -> None:
        self.app = PlayApp(bus, language, runs=runs)
        self.size = size

    def does(self, *acts: str | Callable[[], object]) -> None:
        """Keys, one by one, and between them what is to hold by then."""

        async def play() -> None:
            async with self.app.run_test(size=self.size) as pilot:
                for act in acts:
                    if isinstance(act, str):
                        await pilot.press(act)
                        await pilot.pause()
                    else:
                        act()

        asyncio.run(play())

    def says(self, name: str) -> Text:
        shown = self.app.query_one(f"#{name}", Static).content
        return shown if isinstance(shown, Text) else Text(str(shown))


class TestScreen:
    """Keys pressed as somebody would who plays."""

    def test_keys_lay_cards_and_drive_and_changed_bytes_are_marked(self, bus: PlayBus) -> None:
        player = Player(bus)

        def then() -> None:
            seen = player.app.seen
            assert seen is not None and seen.last is not None
            assert seen.wallet[1].lies is Side.ALIGHTING and seen.last.alighted is not None
            blocks = player.says("blocks")
            assert len(str(blocks).splitlines()) == len(BLOCKS)
            assert [span for span in blocks.spans if "yellow" in str(span.style)]
            assert "Intent action=alight" in str(player.says("journal"))
            assert "tap_judged" in str(player.says("machine"))

        player.does("down", "1", "1", "n", "n", "2", then)

    @pytest.mark.parametrize("language", list(Language))
    def test_80_columns_hold_a_card_and_every_button_with_its_key(self, bus: PlayBus, language: Language) -> None:
        player = Player(bus, language, size=(80, 24))

        def then() -> None:
            for button in player.app.query("#buttons Button").results(Button):
                assert cell_len(str(button.label)) <= button.content_region.width, button.label
            room = player.app.query_one("#blocks", Static).content_region.width
            assert all(cell_len(line.rstrip()) <= room for line in str(player.says("blocks")).splitlines())
            assert str(player.says("journal")).split()[2] == "Outcome"  # the newest first

        player.does("1", then)

    def test_a_question_is_answered_by_a_button(self, bus: PlayBus) -> None:
        player = Player(bus, Language.JA)

        def asked() -> None:
            labels = [str(button.label) for button in player.app.query(".answer").results(Button)]
            assert labels == ["1 磐城棚倉", "2 実業高校前", "取りやめ"]

        def answered() -> None:
            assert not player.app.query(".answer")
            assert player.app.query_one("#wallet", DataTable).has_focus

        player.does("down", "n", "n", "2", asked, "enter", answered)

    def test_the_plan_of_a_tear_goes_round(self, bus: PlayBus) -> None:
        plans: list[Withdrawal | None] = []

        def note() -> None:
            plans.append(bus.withdrawal)

        Player(bus).does("w", note, "v", note, *("w" for _ in range(9)), note)
        assert plans == [Withdrawal(1, Moment.AFTER), Withdrawal(1, Moment.ANSWER_LOST), None]

    def test_a_minute_goes_by_and_the_words_are_japanese(self, bus: PlayBus) -> None:
        began_s, player = bus.clock.now_s, Player(bus, runs=True)

        def then() -> None:
            assert "状態遷移" in str(player.app.query_one("#machine-title", Label).content)

        player.does("s", "f2", then)
        assert bus.clock.now_s >= began_s + 60
