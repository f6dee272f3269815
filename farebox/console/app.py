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
from textual.screen import ModalScreen
from textual.widgets import Button, DataTable, Digits, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from farebox.box import PAPERS
from farebox.console import protocol as words
from farebox.console import texts
from farebox.console.client import ConsoleClient
from farebox.console.protocol import Command, Picture
from farebox.result import Side
from farebox.words import BOARDED, PAID, Both, Language, say
from tariff.calendar import clock_in_japan
from tariff.purses import Payment
from tariff.riders import Handbook, RiderClass

_MOST_RIDERS = 20


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
        Binding("t", "count", "Totals"),
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
                yield Button(id=f"do-{name}")

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
        self.query_one("#notice", Label).update(_plain(self._notice(picture)))
        for name, (key, label) in _BUTTONS.items():
            button = self.query_one(f"#do-{name}", Button)
            button.label = f"{self.text(label)} {key}"
            button.disabled = name in _ON_A_TRIP and (picture is None or picture.on_trip is None)
            button.display = name not in _BENCHES or (picture is not None and _bench(picture, name) is not None)

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
        trip.update(_plain(f"{mark}{named}"))
        clock.update(f"{picture.vehicle_id} {clock_in_japan(picture.at_s)[:5]}")

    def _show_alarms(self, picture: Picture | None) -> None:
        alarms = self.query_one("#alarms", Label)
        lines = [self.text(alarm.text) for alarm in picture.alarms] if picture else [self.text(texts.AWAY)]
        alarms.update(_plain("\n".join(f"⚠ {line}" for line in lines)))
        alarms.display = bool(lines)

    def _show_place(self, picture: Picture | None) -> None:
        on = picture.on_trip if picture else None
        stop, title = self.query_one("#stop", Label), self.query_one("#fares-title", Label)
        fares, offers = self.query_one("#fares", DataTable), self.query_one("#offers", OptionList)
        fares.display, offers.display = on is not None, on is None and picture is not None
        self.query_one("#left").set_class(on is None, "choosing")
        fares.clear()
        if on is not None:
            stop.update(_plain(f"● {on.stops[on.stop_index]}  {on.stop_index + 1}/{len(on.stops)}"))
            title.update(self.text(texts.FARES))
            for name, yen in reversed(list(zip(on.stops, on.fares_yen, strict=False))):
                fares.add_row(_plain(name), f"{yen:,}" if yen is not None else self.text(texts.NO_FARE))
            return
        stop.update("")
        title.update(self.text(texts.BEGIN if picture and picture.offers else texts.NO_TRIPS) if picture else "")
        choices = picture.offers if picture else ()
        if [option.id for option in offers.options] != [offer.trip_id for offer in choices]:
            offers.clear_options()
            offers.add_options(Option(_plain(_offered(offer)), id=offer.trip_id) for offer in choices)
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
            table.add_row(clock_in_japan(tap.at_s)[:5], tap.card, yen, _plain(what))
        last = taps[0] if taps else None
        taken, verdict = self.query_one("#taken", Digits), self.query_one("#verdict", Label)
        taken.update(f"{last.taken_yen:,}" if last and last.taken_yen is not None else "")
        verdict.update(_plain(_verdict(last, self.language) if last else ""))
        verdict.set_class(bool(last and not last.accepted), "refused")

    def _show_question(self, picture: Picture | None) -> None:
        panel = self.query_one("#question", VerticalScroll)
        panel.remove_children()
        question = picture.question if picture else None
        panel.display = question is not None
        if question is None or picture is None:
            return
        title = texts.ASK_STOP if question.about == "stop" else texts.ASK_PAYMENT
        amounts = f"  {question.due_yen:,}円 · −{question.short_yen:,}円" if question.short_yen else ""
        panel.mount(Static(_plain(f"{self.text(title)} {question.card}{amounts}")))
        panel.mount(ItemGrid(*self._answers(picture, question.about), min_column_width=16, classes="answers"))
        self.call_after_refresh(lambda: panel.query(Button).first().focus() if panel.query(Button) else None)

    def _answers(self, picture: Picture, about: str) -> Iterator[Button]:
        if about == "stop" and picture.on_trip:
            on = picture.on_trip
            for place in range(on.stop_index):
                yield Button(f"{place + 1} {on.stops[place]}", name=f"stop {place}", classes="answer")
        else:
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
        self.push_screen(TotalsScreen())

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
            self.push_screen(PartyScreen(), self._told)

    def action_paper(self) -> None:
        """A ride that no card pays."""
        if self.picture is not None and self.picture.on_trip is not None:
            self.push_screen(PaperScreen(), self._told)

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
    "lay_entry": ("1", texts.LAY_ENTRY),
    "lay_exit": ("2", texts.LAY_EXIT),
    "count": ("T", texts.COUNT),
    "end": ("E", texts.END),
    "language": ("F2", texts.LANGUAGE),
}
"""Along the bottom: the action's name, its key, its words."""
_BENCHES = {"lay_entry": (Side.BOARDING, Side.EITHER), "lay_exit": (Side.ALIGHTING,)}
_ON_A_TRIP = frozenset({"previous", "next", "party", "paper", "end"})


def _bench(picture: Picture, name: str) -> Side | None:
    """The side where a button lays the bench's card; None if there is no bench."""
    return next((side for side in _BENCHES[name] if side in picture.benches), None)


class _Dialog(ModalScreen[Command | None]):
    """A question of the console's own; Escape goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back")]

    def text(self, both: Both) -> str:
        """In the console's language."""
        assert isinstance(self.app, ConsoleApp)
        return self.app.text(both)

    @on(Button.Pressed, "#cancel")
    def cancel(self) -> None:
        """Nothing is told."""
        self.dismiss(None)


class PartyScreen(_Dialog):
    """Companions, family with an eco pass, attendants, and the driver's override of the holder's class."""

    def __init__(self) -> None:
        """Nobody yet."""
        super().__init__()
        self._companions: list[RiderClass] = []
        self._family: list[RiderClass] = []
        self._attendants: list[Handbook] = []
        self._holder: RiderClass | None = None

    def compose(self) -> ComposeResult:
        """A button adds one; what was told stands above."""
        with Vertical(classes="dialog"):
            yield Label(self.text(texts.WHO), classes="title")
            yield Label(id="told")
            with ItemGrid(min_column_width=16, classes="answers"):
                for rider, both in texts.RIDERS.items():
                    yield Button(f"+ {self.text(both)}", name=f"with {rider}")
                for rider, both in texts.FAMILY.items():
                    yield Button(f"+ {self.text(both)}", name=f"family {rider}")
            with ItemGrid(min_column_width=16, classes="answers"):
                for book, both in texts.HANDBOOKS.items():
                    yield Button(f"+ {self.text(both)}", name=f"book {book}")
            yield Label(self.text(texts.HOLDER_AS))
            with ItemGrid(min_column_width=16, classes="answers"):
                yield Button(self.text(texts.AS_CARD), name="holder ")
                for rider in (RiderClass.CHILD, RiderClass.DISABLED_ADULT, RiderClass.DISABLED_CHILD):
                    yield Button(self.text(texts.RIDERS[rider]), name=f"holder {rider}")
            with ItemGrid(min_column_width=16, classes="answers"):
                yield Button(self.text(texts.DONE), id="done", variant="success")
                yield Button(self.text(texts.CANCEL), id="cancel")

    @on(Button.Pressed)
    def add(self, pressed: Button.Pressed) -> None:
        """One more."""
        kind, _, value = (pressed.button.name or "").partition(" ")
        room = len(self._companions) + len(self._family) + len(self._attendants) < _MOST_RIDERS
        if kind == "with" and room:
            self._companions.append(RiderClass(value))
        elif kind == "family" and room:
            self._family.append(RiderClass(value))
        elif kind == "book" and room:
            self._attendants.append(Handbook(value))
        elif kind == "holder":
            self._holder = RiderClass(value) if value else None
        holder = texts.RIDERS[self._holder] if self._holder else texts.HOLDER
        named = [
            holder,
            *(texts.RIDERS[one] for one in self._companions),
            *(texts.FAMILY[one] for one in self._family),
            *(texts.HANDBOOKS[book] for book in self._attendants),
        ]
        self.query_one("#told", Label).update(_plain(" + ".join(map(self.text, named))))

    @on(Button.Pressed, "#done")
    def done(self) -> None:
        """Told."""
        self.dismiss(
            words.TellParty(self._holder, tuple(self._companions), tuple(self._family), tuple(self._attendants))
        )


class PaperScreen(_Dialog):
    """A slip, a pass or coupons of paper."""

    def compose(self) -> ComposeResult:
        """The amount first, then what was shown."""
        with Vertical(classes="dialog"):
            yield Label(self.text(texts.PAPER), classes="title")
            yield Label(self.text(texts.PAPER_YEN))
            yield Input("0", type="integer", max_length=5, id="yen")
            with ItemGrid(min_column_width=16, classes="answers"):
                for kind, both in PAPERS.items():
                    yield Button(self.text(both), name=kind, classes="kind")
            yield Button(self.text(texts.CANCEL), id="cancel")

    @on(Button.Pressed, ".kind")
    def shown(self, pressed: Button.Pressed) -> None:
        """It was shown."""
        yen = self.query_one("#yen", Input).value
        self.dismiss(words.LogPaper(pressed.button.name or "", int(yen) if yen.isdecimal() else 0))


class TotalsScreen(_Dialog):
    """What the duty came to."""

    def compose(self) -> ComposeResult:
        """A line a sum."""
        with Vertical(classes="dialog"):
            yield Label(self.text(texts.COUNT), classes="title")
            yield Label(id="sums")
            yield Button(self.text(texts.CANCEL), id="cancel")

    def on_mount(self) -> None:
        """The count comes with a later picture."""
        self.set_interval(0.2, self._fill)

    def _fill(self) -> None:
        assert isinstance(self.app, ConsoleApp)
        counted = self.app.picture.totals if self.app.picture else None
        if counted is not None:
            lines = (f"{self.text(both)}  {getattr(counted, name):,}" for name, both in texts.TOTALS)
            self.query_one("#sums", Label).update("\n".join(lines))


def _plain(text: str) -> str:
    """Names come from feeds: their brackets are no mark-up."""
    return text.replace("[", "\\[")


def _offered(offer: words.Offer) -> str:
    minutes = offer.departs_s // 60
    return f"{minutes // 60:02}:{minutes % 60:02}  {offer.route} → {offer.headsign}  {offer.trip_id}"


def _verdict(tap: words.SeenTap, language: Language) -> str:
    balance = f"{say(texts.BALANCE, language)} {tap.balance_yen:,}" if tap.balance_yen is not None else ""
    return f"{'✓' if tap.accepted else '✗'} {say(tap.side, language)} {say(tap.why, language)}\n{balance}"
