"""The bench to play on, as a screen: hands on the left, and on the right what they come to inside (模擬).

Everything shown is of one `Look`; everything pressed is one method of `PlayBus`.
"""

from collections.abc import Callable, Iterator
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, ItemGrid, Vertical, VerticalScroll
from textual.widgets import Button, DataTable, Label, Static

from cardimage.layout.blocks import BANKS, NUMBER_BLOCK, SLOT_BLOCKS
from farebox.console import protocol as words
from farebox.console import texts as console
from farebox.console.protocol import Command, Picture
from farebox.formats.journal import Entry
from farebox.result import Side
from farebox.words import Both, Language, reason, say
from sim.hardware.field import Moment, Withdrawal
from sim.play import texts
from sim.play.bus import Look, PlayBus, Step
from tariff.calendar import clock_in_japan
from tariff.purses import Payment

_LOOK_EVERY_S = 0.1
_NOTE_YEN = 1_000
_MOST_COMMAND = 9
_STEPS_SHOWN, _RECORDS_SHOWN = 12, 14
_HIDDEN = ("slot_before", "slot_after", "history_row", "rulebook_hash", "idm")
_ROLES = {
    **dict.fromkeys(SLOT_BLOCKS, "slot"),
    NUMBER_BLOCK: "number",
    **{block: f"bank {bank}" for bank, blocks in enumerate(BANKS) for block in blocks},
}
_WIDE = 104
"""Columns from which a card's bytes have room to stand apart."""


class PlayApp(App[None]):
    """Lay cards, put notes in, drive; watch machine, card and journal."""

    CSS_PATH = "play.tcss"
    TITLE = "farebox 模擬"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key.lower(), name, label[1]) for name, (key, label) in texts.BUTTONS.items()),
        Binding("right", "next", "Next stop"),
        Binding("left", "previous", "Back"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, bus: PlayBus, language: Language, *, runs: bool = True) -> None:
        """The bus, its first trip begun; unless it `runs`, time stands still until a key is pressed."""
        super().__init__()
        self._bus = bus
        self.language = language
        self._runs = runs
        self._looks = 0
        self._notice: Both | None = None
        self.seen: Look | None = None
        self._before: dict[int, dict[int, bytes]] = {}
        """The blocks of each card as they were before they changed last."""

    def text(self, both: Both) -> str:
        """One of the two."""
        return say(both, self.language)

    def compose(self) -> ComposeResult:
        """Where things stand; what they say comes with each look."""
        yield Label(id="head")
        yield Label(id="road")
        with Horizontal(id="middle"):
            with Vertical(id="left"):
                yield Label(id="wallet-title", classes="title")
                yield DataTable(id="wallet", show_header=False, cursor_type="row")
                yield Static(id="plan")
                yield Static(id="notes")
                yield Static(id="heard")
            with Vertical(id="right"):
                for name in ("blocks", "machine", "journal"):
                    yield Label(id=f"{name}-title", classes="title")
                    yield Static(id=name)
        yield VerticalScroll(id="question")
        yield Label(id="notice")
        with Container(id="buttons"):
            for name in texts.BUTTONS:
                button = Button(id=f"do-{name}")
                button.styles.line_pad = 0  # seven in 80 columns; a style sheet can't say 0 (textual 8.2)
                yield button

    def on_mount(self) -> None:
        """Look, and keep looking."""
        self.query_one("#wallet", DataTable).add_columns("where", "card", "yen")
        self.query_one("#wallet", DataTable).focus()
        self.look()
        if self._runs:
            self.set_interval(_LOOK_EVERY_S, self._tick)

    def _tick(self) -> None:
        self._looks += 1
        if self._looks % round(1 / _LOOK_EVERY_S) == 0:
            self._bus.pass_time(1)
        self.look()

    # -- showing

    def look(self) -> None:
        """Let the terminal look around, and show what came of it."""
        before, self.seen = self.seen, self._bus.look()
        if not self.query("#notice"):
            return  # closing
        self._remember_changes(before, self.seen)
        if before != self.seen:
            self.show(before, self.seen)

    def _remember_changes(self, before: Look | None, seen: Look) -> None:
        for place, blocks in enumerate(before.blocks if before else ()):
            if blocks != seen.blocks[place]:
                self._before[place] = blocks

    def show(self, before: Look | None, seen: Look) -> None:
        """The whole screen."""
        self._show_head(seen.picture)
        self._show_wallet(seen)
        self._show_hands(seen)
        self._show_card()
        # The newest first: on a small screen the last ones have no room.
        steps, records = reversed(seen.steps[-_STEPS_SHOWN:]), reversed(seen.entries[-_RECORDS_SHOWN:])
        self.query_one("#machine", Static).update("\n".join(map(_step, steps)))
        self.query_one("#journal", Static).update(Text("\n".join(map(_record, records))))
        asked = seen.picture.question
        if before is None or before.picture.question != asked or before.picture.on_trip != seen.picture.on_trip:
            self._show_question(seen.picture)
        self._show_words()

    def _show_words(self) -> None:
        for name in ("blocks", "machine", "journal"):
            self.query_one(f"#{name}-title", Label).update(self.text(getattr(texts, name.upper())))
        self.query_one("#wallet-title", Label).update(self.text(texts.WALLET))
        self.query_one("#notice", Label).update(Text(self.text(self._notice) if self._notice else ""))
        for name, (key, label) in texts.BUTTONS.items():
            self.query_one(f"#do-{name}", Button).label = f"{self.text(label)} {key}"

    def _show_head(self, picture: Picture) -> None:
        on = picture.on_trip
        named = f"{on.operator} {on.route} → {on.headsign} · {on.trip_id}" if on else self.text(console.NOT_ON_TRIP)
        clock = clock_in_japan(self._bus.clock.now_s)
        head = f"{self.text(console.SIMULATED)} {named} · {clock} · ● {picture.state}"
        alarms = "".join(f" ⚠ {self.text(alarm.text)}" for alarm in picture.alarms)
        self.query_one("#head", Label).update(Text(head + alarms, overflow="ellipsis"))
        road = Text(overflow="ellipsis")
        for place, stop in enumerate(on.stops if on else ()):
            here = on is not None and place == on.stop_index
            if on is not None and place >= on.stop_index - 1:
                road.append(f"{'●' if here else '○'} {stop}  ", "bold reverse" if here else "")
        self.query_one("#road", Label).update(road)

    def _show_wallet(self, seen: Look) -> None:
        table = self.query_one("#wallet", DataTable)
        chosen = table.cursor_row
        table.clear()
        for card in seen.wallet:
            lies = f"[{self.text(texts.LIES[card.lies])}]" if card.lies else ""
            holds = f"{card.holds.total_yen:,}" if card.holds else self.text(texts.OTHER_CARD)
            table.add_row(Text(lies), Text(card.label), Text(holds, justify="right"))
        table.move_cursor(row=max(0, chosen))

    def _show_hands(self, seen: Look) -> None:
        planned = seen.withdrawal
        plan = ""
        if planned is not None:
            moment = self.text(texts.MOMENTS[planned.moment])
            plan = f"✂ {self.text(texts.WILL_LEAVE)} {planned.command}, {moment}"
        self.query_one("#plan", Static).update(plan)
        notes = (
            (texts.IN_ESCROW, seen.note_yen or 0),
            (texts.IN_BOX, seen.box_yen),
            (texts.GIVEN_BACK, seen.given_back_yen),
        )
        doors = self.text(texts.DOORS_OPEN if seen.doors_open else texts.DOORS_CLOSED)
        said = " · ".join(f"{self.text(both)} {yen:,}" for both, yen in notes)
        self.query_one("#notes", Static).update(f"{self.text(texts.NOTES)} {said} · {doors}")
        heard = self.query_one("#heard", Static)
        last = seen.last
        if last is None:
            heard.update("")
            return
        tap = seen.picture.taps[0]
        yen = "" if tap.balance_yen is None else f"  {self.text(console.BALANCE)} {tap.balance_yen:,}"
        mark = "✓" if tap.accepted else "✗"
        heard.update(Text(f"{mark} ♪ {last.sound}  {self.text(tap.told)}{yen}\n{reason(last, self.language)}"))
        heard.set_class(not tap.accepted, "refused")

    @on(DataTable.RowHighlighted, "#wallet")
    def _show_card(self) -> None:
        """The blocks of the chosen card, those bytes marked that changed last."""
        if self.seen is None:
            return
        place = self._chosen()
        blocks = self.seen.blocks[place] if place < len(self.seen.blocks) else {}
        before = self._before.get(place, blocks)
        apart = " " if self.size.width >= _WIDE else ""
        shown = Text()
        for number, data in blocks.items():
            shown.append(f"{number:2} {_ROLES.get(number, 'history'):<8}", "dim")
            for at, (one, was) in enumerate(zip(data, before[number], strict=True), 1):
                shown.append(f"{one:02X}", "bold black on yellow" if one != was else "")
                shown.append(" " if at % 8 == 0 else apart)
            shown.append("\n")
        self.query_one("#blocks", Static).update(shown)

    def _show_question(self, picture: Picture) -> None:
        panel = self.query_one("#question", VerticalScroll)
        panel.remove_children()
        question = picture.question
        panel.display = question is not None
        if question is None:
            return
        title = console.ASK_STOP if question.about == "stop" else console.ASK_PAYMENT
        panel.mount(Static(f"{self.text(title)} {question.card}"))
        panel.mount(ItemGrid(*self._answers(picture, question.about), min_column_width=16, classes="answers"))
        self.call_after_refresh(lambda: panel.query(Button).first().focus() if panel.query(Button) else None)

    def _answers(self, picture: Picture, about: str) -> Iterator[Button]:
        if about == "stop" and picture.on_trip:
            for place in range(picture.on_trip.stop_index):
                yield _Answer(f"{place + 1} {picture.on_trip.stops[place]}", words.AnswerStop(place))
        else:
            yield _Answer(self.text(console.PART_CASH), words.AnswerPayment(Payment.PART_CASH))
            yield _Answer(self.text(console.ALL_CASH), words.AnswerPayment(Payment.ALL_CASH))
        yield _Answer(self.text(console.DROP), words.DropQuestion())

    # -- what is pressed

    @on(Button.Pressed, "#buttons Button")
    async def press(self, pressed: Button.Pressed) -> None:
        """A button along the bottom does what its key does."""
        await self.run_action((pressed.button.id or "").removeprefix("do-"))

    @on(Button.Pressed, ".answer")
    def answer(self, pressed: Button.Pressed) -> None:
        """A question is answered."""
        assert isinstance(pressed.button, _Answer)
        self._notice = self._bus.obey(pressed.button.command)
        self.query_one("#wallet", DataTable).focus()
        self.look()

    def _chosen(self) -> int:
        return max(0, self.query_one("#wallet", DataTable).cursor_row)

    def _do(self, act: Callable[[], object]) -> None:
        self._notice = None
        act()
        self.look()
        self._show_words()

    def _lay_or_lift(self, side: Side) -> None:
        place = self._chosen()
        assert self.seen is not None
        if place < len(self.seen.wallet) and self.seen.wallet[place].lies is None:
            self._bus.lay(side, place)
        else:
            self._bus.lift(side)

    def action_entry(self) -> None:
        """Lay the chosen card at the entry; lift what lies there if it is this one."""
        self._do(lambda: self._lay_or_lift(Side.BOARDING))

    def action_exit(self) -> None:
        """Lay the chosen card at the exit, or lift."""
        self._do(lambda: self._lay_or_lift(Side.ALIGHTING))

    def action_withdraw(self) -> None:
        """The command at which the next card will leave: one further each time, then none."""
        planned = self._bus.withdrawal or Withdrawal(0, Moment.AFTER)
        command = planned.command + 1
        self._bus.withdrawal = planned._replace(command=command) if command <= _MOST_COMMAND else None
        self._do(lambda: None)

    def action_moment(self) -> None:
        """The moment of that command."""
        planned = self._bus.withdrawal or Withdrawal(1, Moment.ANSWER_LOST)
        moments = list(Moment)
        following = moments[(moments.index(planned.moment) + 1) % len(moments)]
        self._bus.withdrawal = planned._replace(moment=following)
        self._do(lambda: None)

    def action_next(self) -> None:
        """The next stop."""
        self._do(lambda: self._bus.drive(1))

    def action_previous(self) -> None:
        """The stop before."""
        self._do(lambda: self._bus.drive(-1))

    def action_trip(self) -> None:
        """The day's next trip."""
        self._do(self._bus.next_trip)

    def action_doors(self) -> None:
        """Open or close: notes are taken at a stop alone (LOC-9)."""
        self._bus.doors_open = not self._bus.doors_open
        self._do(lambda: None)

    def action_top_up(self) -> None:
        """Begin a top-up, or end it."""
        self._notice = self._bus.top_up()
        self.look()
        self._show_words()

    def action_note(self) -> None:
        """A note of 1,000 yen to the slot."""
        self._do(lambda: self._bus.insert(_NOTE_YEN))

    def action_minute(self) -> None:
        """A minute goes by."""
        self._do(lambda: self._bus.pass_time(60))

    def action_restart(self) -> None:
        """The terminal starts again."""
        self._do(self._bus.restart)

    def action_language(self) -> None:
        """The other language."""
        self.language = Language.EN if self.language is Language.JA else Language.JA
        assert self.seen is not None
        self.show(None, self.seen)


class _Answer(Button):
    """What the driver may answer."""

    def __init__(self, label: str, command: Command) -> None:
        super().__init__(Text(label), classes="answer")
        self.command = command


def _step(step: Step) -> str:
    effects = f"  → {', '.join(effect.value for effect in step.effects)}" if step.effects else ""
    return f"{step.source.value} —{step.event.value}→ {step.dest.value}[dim]{effects}[/dim]"


def _record(entry: Entry) -> str:
    fields = entry.record._asdict().items()
    said = " ".join(
        f"{name}={value.hex() if isinstance(value, bytes) else value}"
        for name, value in fields
        if name not in _HIDDEN and value not in (0, "", (), None, b"")
    )
    return f"{entry.seq:>4} {clock_in_japan(entry.at_s)} {type(entry.record).__name__} {said}"
