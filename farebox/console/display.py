"""The passengers' display: fare and balance of the last tap, large, and what to do next (GEN-14)."""

from textual import work
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Digits, Label

from farebox.console import texts
from farebox.console.client import ConsoleClient
from farebox.console.dialogs import plain
from farebox.console.news import News
from farebox.console.protocol import Picture, SeenTap
from farebox.words import TOP_UP, Language, say

SHOWN_S = 8
"""How long a result stands; then the display asks for the next card."""


class DisplayApp(App[None]):
    """What passengers see: Japanese and English together, for nobody chooses there."""

    TITLE = "farebox"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: black; color: white; align: center middle; }
    #stop, #words { width: 100%; content-align: center middle; text-style: bold; }
    #words { height: 1fr; }
    Digits { width: 1fr; text-align: right; }
    .name { width: 16; content-align: right middle; height: 3; }
    #yen { height: 8; }
    #yen Horizontal { height: 4; }
    .accepted { background: darkgreen; }
    .refused { background: darkred; }
    """

    def __init__(self, client: ConsoleClient, shown_s: float = SHOWN_S) -> None:
        """The terminal's socket, and how long a result stands."""
        super().__init__()
        self._client, self._shown_s = client, shown_s
        self.picture: Picture | None = None
        self._news = News()
        self._shown: SeenTap | None = None
        """The tap whose result stands now."""

    def compose(self) -> ComposeResult:
        """The stop, the numbers, the words."""
        yield Label(id="stop")
        with Vertical(id="yen"):
            for name, both in (("fare", texts.FARE), ("balance", texts.BALANCE)):
                with Horizontal():
                    yield Label(f"{both[0]} {both[1]}", classes="name")
                    yield Digits(id=name)
        yield Label(id="words")

    def on_mount(self) -> None:
        """Connect, and keep connected."""
        self._invite(in_service=False)
        self.watch_terminal()

    @work
    async def watch_terminal(self) -> None:
        """Show each picture as it comes."""
        async for picture in self._client.pictures():
            self.show(picture)

    def show(self, picture: Picture | None) -> None:
        """A new tap for a while; else an invitation, or that no card is taken. What was tapped before it began is not
        shown: its passenger has left.
        """
        if not self.query("#words"):
            return  # closing: the widgets go before the last picture comes
        self.picture = picture
        on = picture.on_trip if picture else None
        mark = f"{say(texts.SIMULATED, Language.JA)} " if picture and picture.simulated else ""
        self.query_one("#stop", Label).update(plain(f"{mark}{on.stops[on.stop_index] if on else ''}"))
        new = self._news.of(picture)
        if new:
            self._shown = tap = new[-1]
            self._show_tap(tap)
            self.set_timer(self._shown_s, lambda: self._ask_for_next(tap))
        elif self._shown is None or on is None:
            self._invite(on is not None)

    def _show_tap(self, tap: SeenTap) -> None:
        self.query_one("#fare", Digits).update("" if tap.taken_yen is None else f"{tap.taken_yen:,}")
        self.query_one("#balance", Digits).update("" if tap.balance_yen is None else f"{tap.balance_yen:,}")
        self._say("\n".join((*tap.told, *self._last_uses(tap))), "accepted" if tap.accepted else "refused")

    def _last_uses(self, tap: SeenTap) -> list[str]:
        """Of a card that was looked at: a line a ride, the newest first (GEN-13)."""
        history = self.picture.history if self.picture else None
        if history is None or history.card != tap.card:
            return []
        return [
            f"{ride.day} {' / '.join(TOP_UP)} +{ride.due_yen:,} ({ride.balance_yen:,})"
            if ride.top_up
            else f"{ride.day} {ride.boarded}→{ride.alighted} {ride.due_yen:,} ({ride.balance_yen:,})"
            for ride in history.rides
        ]

    def _ask_for_next(self, tap: SeenTap) -> None:
        if tap == self._shown and self.query("#words"):
            self._shown = None
            self._invite(in_service=self.picture is not None and self.picture.on_trip is not None)

    def _invite(self, in_service: bool) -> None:
        for name in ("fare", "balance"):
            self.query_one(f"#{name}", Digits).update("")
        self._say("\n".join(texts.TOUCH if in_service else texts.NOT_ON_TRIP), "")

    def _say(self, text: str, kind: str) -> None:
        label = self.query_one("#words", Label)
        label.update(plain(text))
        label.set_class(kind == "accepted", "accepted")
        label.set_class(kind == "refused", "refused")
