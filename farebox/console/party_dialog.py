"""Who rides along on the card that is tapped next, and with what luggage (LOC-15, GEN-12, AZF-2, AZF-20, LOC-13)."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, ItemGrid, Vertical
from textual.widgets import Button, Input, Label

from farebox.console import protocol as words
from farebox.console import texts
from farebox.console.dialogs import Dialog, plain
from farebox.console.protocol import Command, Luggage
from farebox.told import MOST_COMPANIONS
from farebox.words import Language
from tariff.riders import Handbook, RiderClass


class PartyScreen(Dialog[Command]):
    """Companions, family with an eco pass, attendants, luggage, and the driver's override of the holder's class."""

    def __init__(self, language: Language) -> None:
        """Nobody yet."""
        super().__init__(language)
        self._companions: list[RiderClass] = []
        self._family: list[RiderClass] = []
        self._attendants: list[Handbook] = []
        self._luggage: list[Luggage] = []
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
            with ItemGrid(min_column_width=14, classes="answers"):
                for book, both in texts.HANDBOOKS.items():
                    yield Button(f"+ {self.text(both)}", name=f"book {book}")
                yield Button(f"+ {self.text(texts.LUGGAGE)}", id="luggage")
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
        if kind == "with" and self._has_room:
            self._companions.append(RiderClass(value))
        elif kind == "family" and self._has_room:
            self._family.append(RiderClass(value))
        elif kind == "book" and self._has_room:
            self._attendants.append(Handbook(value))
        elif kind == "holder":
            self._holder = RiderClass(value) if value else None
        self._tell()

    @on(Button.Pressed, "#luggage")
    def measure(self) -> None:
        """A piece of luggage is measured first."""
        if self._has_room:
            self.app.push_screen(LuggageScreen(self._language), self._add_luggage)

    def _add_luggage(self, piece: Luggage | None) -> None:
        if piece is not None:
            self._luggage.append(piece)
            self._tell()

    @property
    def _has_room(self) -> bool:
        told = len(self._companions) + len(self._family) + len(self._attendants) + len(self._luggage)
        return told < MOST_COMPANIONS

    def _tell(self) -> None:
        holder = texts.RIDERS[self._holder] if self._holder else texts.HOLDER
        named = [
            holder,
            *(texts.RIDERS[one] for one in self._companions),
            *(texts.FAMILY[one] for one in self._family),
            *(texts.HANDBOOKS[book] for book in self._attendants),
            *(texts.LUGGAGE for _ in self._luggage),
        ]
        self.query_one("#told", Label).update(plain(" + ".join(map(self.text, named))))

    @on(Button.Pressed, "#done")
    def done(self) -> None:
        """Told."""
        self.dismiss(
            words.TellParty(
                *(self._holder, tuple(self._companions), tuple(self._family), tuple(self._attendants)),
                tuple(self._luggage),
            )
        )


class LuggageScreen(Dialog[Luggage]):
    """A piece of luggage, weighed and measured (AZF-2)."""

    def compose(self) -> ComposeResult:
        """Its weight, and its three sides."""
        with Vertical(classes="dialog"):
            yield Label(self.text(texts.LUGGAGE), classes="title")
            yield Label(self.text(texts.LUGGAGE_KG))
            yield Input("0", type="integer", max_length=3, id="kg")
            yield Label(self.text(texts.LUGGAGE_CM))
            with Horizontal(id="sides"):
                for side in range(3):
                    yield Input("0", type="integer", max_length=3, id=f"cm{side}")
            with ItemGrid(min_column_width=16, classes="answers"):
                yield Button(self.text(texts.DONE), id="done", variant="success")
                yield Button(self.text(texts.CANCEL), id="cancel")

    @on(Button.Pressed, "#done")
    def done(self) -> None:
        """As it was measured; what bounds hold is the rules' to know."""
        sides_cm = [self._number(f"#cm{side}") for side in range(3)]
        volume_cm3 = sides_cm[0] * sides_cm[1] * sides_cm[2]
        self.dismiss(Luggage(self._number("#kg") * 1_000, volume_cm3, max(sides_cm) * 10))

    def _number(self, field: str) -> int:
        value = self.query_one(field, Input).value
        return int(value) if value.isdecimal() else 0
