"""What the console asks or shows on a page of its own: keys and fingers work alike, Escape goes back."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ItemGrid, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, DataTable, Input, Label

from farebox.console import protocol as words
from farebox.console import texts
from farebox.console.protocol import Command, Picture
from farebox.papers import PAPERS
from farebox.words import TOP_UP, Both, Language, say
from tariff.calendar import clock_in_japan

_Answer = TypeVar("_Answer")


class Dialog(ModalScreen[_Answer | None]):
    """A page over the console; None is the answer that nothing is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back")]

    def __init__(self, language: Language) -> None:
        """In the console's language."""
        super().__init__()
        self._language = language

    def text(self, both: Both) -> str:
        """One of the two."""
        return say(both, self._language)

    @on(Button.Pressed, "#cancel")
    def cancel(self) -> None:
        """Nothing is told."""
        self.dismiss(None)


class MenuScreen(Dialog[str]):
    """The rarer actions, by their names: what is keyed or touched is done."""

    def __init__(self, language: Language, actions: dict[str, tuple[str, Both]]) -> None:
        """`actions`: name -> key and words."""
        super().__init__(language)
        self._actions = actions
        for name, (key, both) in actions.items():
            self._bindings.bind(key.lower(), f"choose('{name}')", say(both, language))

    def compose(self) -> ComposeResult:
        """A button each."""
        with Vertical(classes="dialog"):
            yield Label(self.text(texts.MORE), classes="title")
            with ItemGrid(min_column_width=24, classes="answers"):
                for name, (key, both) in self._actions.items():
                    yield Button(f"{self.text(both)} {key}", name=name, classes="chosen")
            yield Button(self.text(texts.CANCEL), id="cancel")

    @on(Button.Pressed, ".chosen")
    def chosen(self, pressed: Button.Pressed) -> None:
        """By touch."""
        self.dismiss(pressed.button.name)

    def action_choose(self, name: str) -> None:
        """By its key."""
        self.dismiss(name)


class StandsScreen(Dialog[Command]):
    """Nothing tells that the bus stands at a stop: the driver does (LOC-9)."""

    def compose(self) -> ComposeResult:
        """Yes, or back."""
        with Vertical(classes="dialog"):
            yield Label(self.text(texts.STANDS), classes="title")
            with ItemGrid(min_column_width=16, classes="answers"):
                yield Button(self.text(texts.STANDS_YES), id="stands", variant="success")
                yield Button(self.text(texts.CANCEL), id="cancel")

    @on(Button.Pressed, "#stands")
    def stands(self) -> None:
        """It does."""
        self.dismiss(words.BeginTopUp(stands=True))


class PaperScreen(Dialog[Command]):
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


class TotalsScreen(Dialog[Command]):
    """What the duty came to; and, to end it, a button for that."""

    def __init__(
        self, language: Language, picture: Callable[[], Picture | None], end: Callable[[], object] | None = None
    ) -> None:
        """`picture` is the newest; `end` ends the duty, where that is what is asked for."""
        super().__init__(language)
        self._picture = picture
        self._end = end

    def compose(self) -> ComposeResult:
        """Counts on the left, yen on the right."""
        with Vertical(classes="dialog"):
            yield Label(self.text(texts.DUTY if self._end else texts.COUNT), id="title", classes="title")
            yield DataTable(id="sums", show_header=False, cursor_type="none")
            with ItemGrid(min_column_width=16, classes="answers"):
                yield Button(self.text(texts.DUTY_END), id="end", variant="success")
                yield Button(self.text(texts.CANCEL), id="cancel")

    def on_mount(self) -> None:
        """The count comes with a later picture."""
        self.query_one("#sums", DataTable).add_columns("count", "times", "sum", "yen")
        self._fill()
        self.set_interval(0.2, self._fill)

    def _fill(self) -> None:
        picture = self._picture()
        counted = picture.totals if picture else None
        on_trip, ended = picture is not None and picture.on_trip is not None, bool(counted and counted.ended)
        end = self.query_one("#end", Button)
        can_end = self._end is not None and not on_trip and not ended
        before, end.display = end.display, can_end
        if self.focused is None or isinstance(self.focused, DataTable) or can_end is not before:
            (end if can_end else self.query_one("#cancel", Button)).focus()  # Enter takes it, as everywhere
        if self._end is not None:
            title = texts.DUTY_ENDED if ended else texts.DUTY_ON_A_TRIP if on_trip else texts.DUTY
            self.query_one("#title", Label).update(self.text(title))
        if counted is not None:
            table = self.query_one("#sums", DataTable)
            table.clear()
            for row in self._rows(counted):
                table.add_row(*row)

    def _rows(self, counted: words.Totals) -> Iterator[tuple[str, ...]]:
        named = [(self.text(both), f"{getattr(counted, name):,}".rjust(9)) for name, both in texts.TOTALS]
        middle = len(named) // 2
        if counted.since_s is not None:
            yield self.text(texts.SINCE), clock_in_japan(counted.since_s)[:5].rjust(9), "", ""
        for left, right in zip(named[:middle], named[middle:], strict=True):
            yield (*left, *right)

    @on(Button.Pressed, "#end")
    def end(self) -> None:
        """The duty is over; the page stays, for what it came to."""
        if self._end is not None:
            self._end()


class HistoryScreen(Dialog[Command]):
    """The last rides and top-ups of a card that was only looked at (GEN-13)."""

    def __init__(self, language: Language, history: words.SeenHistory) -> None:
        """What the card said."""
        super().__init__(language)
        self._history = history

    def compose(self) -> ComposeResult:
        """A ride a line, the newest first."""
        history = self._history
        with Vertical(classes="dialog"):
            yield Label(
                f"{self.text(texts.HISTORY)} {history.card}  {self.text(texts.BALANCE)} {history.balance_yen:,}",
                classes="title",
            )
            if history.rides:
                yield DataTable(id="rides", show_header=False, cursor_type="none")
            else:
                yield Label(self.text(texts.NO_RIDES))
            yield Button(self.text(texts.CANCEL), id="cancel")

    def on_mount(self) -> None:
        """Fill it."""
        if not self._history.rides:
            return
        table = self.query_one("#rides", DataTable)
        table.add_columns("day", "ride", "yen", "balance")
        for ride in self._history.rides:
            day = date.fromisoformat(ride.day)
            stops = plain(f"{ride.boarded or '?'} → {ride.alighted or '?'}")
            what, yen = (self.text(TOP_UP), f"+{ride.due_yen:,}") if ride.top_up else (stops, f"{ride.due_yen:,}")
            table.add_row(f"{day:%m/%d}", what, yen.rjust(7), f"{ride.balance_yen:,}".rjust(7))


def plain(text: str) -> str:
    """Names come from feeds: their brackets are no mark-up."""
    return text.replace("[", "\\[")
