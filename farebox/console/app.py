"""The driver's console on a screen of text: by keyboard and by touch, from 80 columns and 24 lines on.

What it shows is the picture the terminal sent last, nothing of its own; what is pressed becomes a command. It knows
no rule, so that it can be no wiser than the terminal.
"""

from collections.abc import Iterator
from typing import ClassVar

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, ItemGrid, Vertical, VerticalScroll
from textual.widgets import Button, DataTable, Digits, Label, OptionList, Static
from textual.widgets.option_list import Option

from farebox.console import protocol as words
from farebox.console import texts
from farebox.console.client import ConsoleClient
from farebox.console.dialogs import HistoryScreen, MenuScreen, PaperScreen, StandsScreen, TotalsScreen, plain
from farebox.console.party_dialog import PartyScreen
from farebox.console.protocol import Command, Picture, Question
from farebox.result import Side
from farebox.words import BOARDED, PAID, Both, Language, say
from tariff.calendar import clock_in_japan
from tariff.purses import Payment


class ConsoleApp(App[None]):
    """The driver's console."""

    CSS_PATH = "console.tcss"
    TITLE = "farebox"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,right", "next", "Next"),
        Binding("b,left", "previous", "Back"),
        Binding("p", "party", "Party"),
        Binding("k", "paper", "Paper"),
        Binding("u", "top_up", "Top-up"),
        Binding("c", "cancel_fare", "Cancel"),
        Binding("o", "more", "More"),
        Binding("h", "history", "History"),
        Binding("t", "count", "Totals"),
        Binding("d", "duty", "End duty"),
        Binding("r", "release", "Let note out"),
        Binding("1", "lay_entry", "Card in"),
        Binding("2", "lay_exit", "Card out"),
        Binding("e", "end", "End trip"),
        Binding("f2", "language", "日本語/English"),
    ]

    def __init__(self, client: ConsoleClient, language: Language) -> None:
        """The terminal's socket, and the language to begin in."""
        super().__init__()
        self._client = client
        self.language = language
        self.picture: Picture | None = None

    def text(self, both: Both) -> str:
        """One of the two."""
        return say(both, self.language)

    def compose(self) -> ComposeResult:
        """Where things stand; what they say comes with the picture."""
        with Horizontal(id="head"):
            yield Label(id="trip")
            yield Label(id="clock")
        yield Label(id="stop")
        yield Label(id="alarms")
        with Horizontal(id="middle"):
            with Vertical(id="left"):
                yield Label(id="fares-title")
                yield DataTable(id="fares", show_header=False, cursor_type="none")
                yield OptionList(id="offers")
            with Vertical(id="right"):
                with Horizontal(id="last"):
                    yield Digits(id="taken")
                    yield Label(id="verdict")
                yield Label(id="taps-title")
                yield DataTable(id="taps", show_header=False, cursor_type="none")
        yield VerticalScroll(id="question")
        yield Label(id="notice")
        with Horizontal(id="buttons"):
            for name in _BUTTONS:
                button = Button(id=f"do-{name}")
                button.styles.line_pad = 0  # ten of them have 80 columns; a style sheet can't say 0 (textual 8.2)
                yield button

    def on_mount(self) -> None:
        """Connect, and keep connected."""
        self.query_one("#fares", DataTable).add_columns("stop", "yen")
        self.query_one("#taps", DataTable).add_columns("time", "card", "yen", "what")
        self.show(None)
        self.watch_terminal()

    @work
    async def watch_terminal(self) -> None:
        """Show each picture as it comes."""
        async for picture in self._client.pictures():
            self.show(picture)

    @work
    async def give(self, command: Command) -> None:
        """Send a command; if nobody is there, the picture says so already."""
        if not await self._client.send(command):
            self.bell()

    # -- showing

    def show(self, picture: Picture | None) -> None:
        """The whole screen, from one picture."""
        if not self.query("#notice"):
            return  # closing: the widgets go before the last picture comes
        before, self.picture = self.picture, picture
        self._show_head(picture)
        self._show_alarms(picture)
        self._show_place(picture)
        self._show_taps(picture)
        asked = picture.question if picture else None
        if picture is None or before is None or before.question != asked or before.on_trip != picture.on_trip:
            self._show_question(picture)
        if picture is not None and picture.history is not None and before is not None and before.history is None:
            self.push_screen(HistoryScreen(self.language, picture.history))
        self.query_one("#notice", Label).update(plain(self._notice(picture)))
        for name, (key, label) in _BUTTONS.items():
            button = self.query_one(f"#do-{name}", Button)
            button.label = f"{self.text(label)} {key}"
            button.disabled = name in _ON_A_TRIP and (picture is None or picture.on_trip is None)
            button.display = _is_there(picture, name)

    def _notice(self, picture: Picture | None) -> str:
        """What came of the last command; else who was told of for the next card."""
        if picture is None:
            return ""
        if picture.notice is not None:
            return self.text(picture.notice)
        return " + ".join(self.text(texts.rider(word)) for word in picture.party)

    def _show_head(self, picture: Picture | None) -> None:
        trip, clock = self.query_one("#trip", Label), self.query_one("#clock", Label)
        if picture is None:
            trip.update("")
            clock.update("")
            return
        on = picture.on_trip
        mark = self.text(texts.SIMULATED) + " " if picture.simulated else ""
        named = f"{on.operator} {on.route} → {on.headsign} · {on.trip_id}" if on else self.text(texts.NOT_ON_TRIP)
        trip.update(plain(f"{mark}{named}"))
        clock.update(f"{picture.vehicle_id} {clock_in_japan(picture.at_s)[:5]}")

    def _show_alarms(self, picture: Picture | None) -> None:
        alarms = self.query_one("#alarms", Label)
        lines = [self.text(alarm.text) for alarm in picture.alarms] if picture else [self.text(texts.AWAY)]
        alarms.update(plain("\n".join(f"⚠ {line}" for line in lines)))
        alarms.display = bool(lines)

    def _show_place(self, picture: Picture | None) -> None:
        on = picture.on_trip if picture else None
        stop, title = self.query_one("#stop", Label), self.query_one("#fares-title", Label)
        fares, offers = self.query_one("#fares", DataTable), self.query_one("#offers", OptionList)
        fares.display, offers.display = on is not None, on is None and picture is not None
        self.query_one("#left").set_class(on is None, "choosing")
        fares.clear()
        if on is not None:
            stop.update(plain(f"● {on.stops[on.stop_index]}  {on.stop_index + 1}/{len(on.stops)}"))
            title.update(self.text(texts.FARES))
            for name, yen in reversed(list(zip(on.stops, on.fares_yen, strict=False))):
                fares.add_row(plain(name), f"{yen:,}" if yen is not None else self.text(texts.NO_FARE))
            return
        stop.update("")
        title.update(self.text(texts.BEGIN if picture and picture.offers else texts.NO_TRIPS) if picture else "")
        choices = picture.offers if picture else ()
        if [option.id for option in offers.options] != [offer.trip_id for offer in choices]:
            offers.clear_options()
            offers.add_options(Option(plain(_offered(offer)), id=offer.trip_id) for offer in choices)
            offers.highlighted = 0 if choices else None
            offers.focus()

    def _show_taps(self, picture: Picture | None) -> None:
        taps = picture.taps if picture else ()
        self.query_one("#taps-title", Label).update(self.text(texts.TAPS))
        table = self.query_one("#taps", DataTable)
        table.clear()
        for tap in taps:
            mark = "✓" if tap.accepted else "✗"
            yen = "" if tap.taken_yen is None else f"{tap.taken_yen:,}"
            told = "" if tap.told in (BOARDED, PAID) else self.text(tap.told)
            what = f"{mark} {self.text(tap.side)} {told}"
            table.add_row(clock_in_japan(tap.at_s)[:5], tap.card, yen, plain(what))
        last = taps[0] if taps else None
        taken, verdict = self.query_one("#taken", Digits), self.query_one("#verdict", Label)
        taken.update(f"{last.taken_yen:,}" if last and last.taken_yen is not None else "")
        verdict.update(plain(_verdict(last, self.language) if last else ""))
        verdict.set_class(bool(last and not last.accepted), "refused")

    def _show_question(self, picture: Picture | None) -> None:
        panel = self.query_one("#question", VerticalScroll)
        panel.remove_children()
        question = picture.question if picture else None
        panel.display = question is not None
        if question is None or picture is None:
            return
        panel.mount(Static(plain(self._asked(question))))
        panel.mount(ItemGrid(*self._answers(picture, question.about), min_column_width=16, classes="answers"))
        self.call_after_refresh(lambda: panel.query(Button).first().focus() if panel.query(Button) else None)

    def _asked(self, question: Question) -> str:
        """What is asked, of which card, and the yen that matter."""
        if question.about in texts.LAY_CARD:
            parts = [self.text(texts.LAY_CARD[question.about])]
            if question.notes_yen:
                parts.append(f"{self.text(texts.NOTES_IN)} {' / '.join(f'{yen:,}' for yen in question.notes_yen)}")
            if question.in_escrow_yen:
                parts.append(f"{self.text(texts.IN_ESCROW)} {question.in_escrow_yen:,}")
            return "\n".join(parts)
        title = texts.ASK_STOP if question.about == "stop" else texts.ASK_PAYMENT
        amounts = f"  {question.due_yen:,}円 · −{question.short_yen:,}円" if question.short_yen else ""
        return f"{self.text(title)} {question.card}{amounts}"

    def _answers(self, picture: Picture, about: str) -> Iterator[Button]:
        if about == "top-up":
            yield Button(self.text(texts.TOP_UP_END), name="finish", classes="answer", variant="success")
            if picture.note_slot is not None and picture.note_slot.bench and picture.question is not None:
                for yen in picture.question.notes_yen:
                    yield Button(self.text(texts.bench_note(yen)), name=f"note {yen}", classes="answer")
            return
        if about == "stop" and picture.on_trip:
            on = picture.on_trip
            for place in range(on.stop_index):
                yield Button(f"{place + 1} {on.stops[place]}", name=f"stop {place}", classes="answer")
        elif about == "payment":
            yield Button(self.text(texts.PART_CASH), name=f"pay {Payment.PART_CASH}", classes="answer")
            yield Button(self.text(texts.ALL_CASH), name=f"pay {Payment.ALL_CASH}", classes="answer")
        yield Button(self.text(texts.DROP), name="drop", classes="answer", variant="warning")

    # -- what is pressed

    @on(OptionList.OptionSelected, "#offers")
    def begin(self, chosen: OptionList.OptionSelected) -> None:
        """A trip is chosen."""
        if chosen.option.id is not None:
            self.give(words.BeginTrip(chosen.option.id))

    @on(Button.Pressed, ".answer")
    def answer(self, pressed: Button.Pressed) -> None:
        """A question is answered."""
        kind, _, value = (pressed.button.name or "").partition(" ")
        if kind == "stop":
            self.give(words.AnswerStop(int(value)))
        elif kind == "pay":
            self.give(words.AnswerPayment(Payment(value)))
        elif kind == "note":
            self.give(words.InsertNote(int(value)))
        elif kind == "finish":
            self.give(words.EndTopUp())
        else:
            self.give(words.DropQuestion())

    @on(Button.Pressed, "#buttons Button")
    async def press(self, pressed: Button.Pressed) -> None:
        """A button along the bottom does what its key does."""
        await self.run_action((pressed.button.id or "").removeprefix("do-"))

    def action_next(self) -> None:
        """The next stop."""
        self._drive(1)

    def action_previous(self) -> None:
        """The stop before: the driver went on too soon."""
        self._drive(-1)

    def _drive(self, by: int) -> None:
        on = self.picture.on_trip if self.picture else None
        if on is not None and 0 <= on.stop_index + by < len(on.stops):
            self.give(words.GoToStop(on.stop_index + by))

    def action_end(self) -> None:
        """Out of service."""
        if self.picture is not None and self.picture.on_trip is not None:
            self.give(words.EndTrip())

    def action_count(self) -> None:
        """What the duty came to."""
        self.give(words.CountUp())
        self.push_screen(TotalsScreen(self.language, lambda: self.picture))

    def action_duty(self) -> None:
        """The duty is to end: what it came to is shown before, and after."""
        self.give(words.CountUp())
        self.push_screen(TotalsScreen(self.language, lambda: self.picture, lambda: self.give(words.EndDuty())))

    def action_more(self) -> None:
        """The rarer actions."""
        self.push_screen(MenuScreen(self.language, self._menu()), self._chosen)

    def _menu(self) -> dict[str, tuple[str, Both]]:
        slot = self.picture.note_slot if self.picture else None
        return {name: entry for name, entry in _MORE.items() if name != "release" or (slot and slot.kept_inside)}

    async def _chosen(self, name: str | None) -> None:
        if name is not None:
            await self.run_action(name)

    def action_top_up(self) -> None:
        """A passenger asks for a top-up; a second press says that it is over (LOC-8)."""
        picture = self.picture
        if picture is None or picture.note_slot is None:
            return
        if picture.question is not None and picture.question.about == "top-up":
            self.give(words.EndTopUp())
        elif picture.note_slot.needs_word:
            self.push_screen(StandsScreen(self.language), self._told)
        else:
            self.give(words.BeginTopUp())

    def action_cancel_fare(self) -> None:
        """A settlement was made wrong (GEN-22)."""
        if self.picture is not None and self.picture.on_trip is not None:
            self.give(words.BeginCancelling())

    def action_history(self) -> None:
        """A card's last rides (GEN-13)."""
        self.give(words.ReadHistory())

    def action_release(self) -> None:
        """The note that was kept inside after a power cut comes out, to the driver."""
        if self.picture is not None and self.picture.note_slot is not None and self.picture.note_slot.kept_inside:
            self.give(words.ReleaseNote())

    def action_lay_entry(self) -> None:
        """The bench's card at the entry, or at the one reader there is (模擬)."""
        self._lay("lay_entry")

    def action_lay_exit(self) -> None:
        """The bench's card at the exit (模擬)."""
        self._lay("lay_exit")

    def _lay(self, name: str) -> None:
        side = _bench(self.picture, name) if self.picture else None
        if side is not None:
            self.give(words.LayCard(side))

    def action_party(self) -> None:
        """Who rides on the next card."""
        if self.picture is not None and self.picture.on_trip is not None:
            self.push_screen(PartyScreen(self.language), self._told)

    def action_paper(self) -> None:
        """A ride that no card pays."""
        if self.picture is not None and self.picture.on_trip is not None:
            self.push_screen(PaperScreen(self.language), self._told)

    def _told(self, command: Command | None) -> None:
        if command is not None:
            self.give(command)

    def action_language(self) -> None:
        """The other language."""
        self.language = Language.EN if self.language is Language.JA else Language.JA
        self.show(self.picture)
        self._show_question(self.picture)


_BUTTONS: dict[str, tuple[str, Both]] = {
    "previous": ("B", texts.BACK),
    "next": ("N", texts.NEXT),
    "party": ("P", texts.PARTY),
    "paper": ("K", texts.PAPER),
    "top_up": ("U", texts.TOP_UP),
    "cancel_fare": ("C", texts.CANCEL_FARE),
    "lay_entry": ("1", texts.LAY_ENTRY),
    "lay_exit": ("2", texts.LAY_EXIT),
    "more": ("O", texts.MORE),
    "end": ("E", texts.END),
}
"""Along the bottom: the action's name, its key, its words."""
_MORE: dict[str, tuple[str, Both]] = {
    "history": ("H", texts.HISTORY),
    "count": ("T", texts.COUNT),
    "duty": ("D", texts.DUTY),
    "release": ("R", texts.RELEASE),
    "language": ("F2", texts.LANGUAGE),
}
"""Behind 'more': their keys work without it too."""
_BENCHES = {"lay_entry": (Side.BOARDING, Side.EITHER), "lay_exit": (Side.ALIGHTING,)}
_ON_A_TRIP = frozenset({"previous", "next", "party", "paper", "top_up", "cancel_fare", "end"})


def _is_there(picture: Picture | None, name: str) -> bool:
    """Whether a button is for what this fare box has: a bench, a note acceptor."""
    if name == "top_up":
        return picture is not None and picture.note_slot is not None
    return name not in _BENCHES or (picture is not None and _bench(picture, name) is not None)


def _bench(picture: Picture, name: str) -> Side | None:
    """The side where a button lays the bench's card; None if there is no bench."""
    return next((side for side in _BENCHES[name] if side in picture.benches), None)


def _offered(offer: words.Offer) -> str:
    minutes = offer.departs_s // 60
    return f"{minutes // 60:02}:{minutes % 60:02}  {offer.route} → {offer.headsign}  {offer.trip_id}"


def _verdict(tap: words.SeenTap, language: Language) -> str:
    balance = f"{say(texts.BALANCE, language)} {tap.balance_yen:,}" if tap.balance_yen is not None else ""
    return f"{'✓' if tap.accepted else '✗'} {say(tap.side, language)} {say(tap.why, language)}\n{balance}"
