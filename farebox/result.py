"""What a tap came to: one value for display, sound, driver and whoever watches."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from cardimage.layout.history import HistoryRow
from farebox.cancelling import Cancelled
from farebox.formats.journal import Intent
from farebox.tap import Alight, Note, Service
from farebox.top_up import TopUp
from tariff.account import Account
from tariff.calendar import day_in_japan
from tariff.refusal import Refusal

PASS_ENDS_WITHIN_DAYS = 14


class Side(StrEnum):
    """Which reader. With one reader for both, the card's own record decides."""

    BOARDING = "boarding"
    ALIGHTING = "alighting"
    EITHER = "either"


class Sound(StrEnum):
    """GEN-14: accepted "pi", refused "pii" (buzzer, long)."""

    PIP = "pip"
    BUZZ = "buzz"


class Result(NamedTuple):
    """A tap served. `refusal` says why not; else `after` is the card's account now, and `alighted` what was settled.

    A first result shown again (GEN-8, GEN-9) has the same account before and after, and a note that says so.
    `confirmed` is an earlier write of this card whose answer was lost, now seen to have been done (faults 3).
    A card laid for a top-up is shown with the `notes_yen` that may be put in, and then with what was `topped_up`; one
    whose settlement was taken back with what was `cancelled` (GEN-22); one that was only looked at with its `history`,
    the newest ride first (GEN-13).
    """

    side: Side
    idm: bytes
    at_s: int
    service: Service | None
    refusal: Refusal | None = None
    before: Account | None = None
    after: Account | None = None
    alighted: Alight | None = None
    notes: tuple[Note, ...] = ()
    confirmed: Intent | None = None
    notes_yen: tuple[int, ...] = ()
    topped_up: TopUp | None = None
    cancelled: Cancelled | None = None
    history: tuple[HistoryRow, ...] | None = None

    @property
    def card(self) -> str:
        """The card as people may see it: its last four digits."""
        return card_name(self.idm)

    @property
    def taken_yen(self) -> int | None:
        """What a tap took, cash and a write that it confirmed included; what was given back is below zero. None for a
        boarding, a top-up, or a result shown again.
        """
        taken = [_taken_yen(self.confirmed)] if self.confirmed and self.confirmed.action in ("alight", "cancel") else []
        if self.refusal is None and self.cancelled is not None:
            taken.append(-self.cancelled.due_yen)
        if self.refusal is None and self.alighted is not None and not self.shown_again:
            taken.append(self.alighted.settlement.due_yen)
        return sum(taken) if taken else None

    @property
    def shown_again(self) -> bool:
        """Whether an earlier tap's result stands, and nothing was taken by this one (GEN-8, GEN-9)."""
        return self.refusal is None and self.after is not None and self.before == self.after

    @property
    def pass_ending(self) -> date | None:
        """The last day of the card's pass, if it is today or within the next 14 days (GEN-14)."""
        held = self.after.held_pass if self.after else None
        if held is None:
            return None
        left = (held.last_day - day_in_japan(self.at_s)).days
        return held.last_day if 0 <= left <= PASS_ENDS_WITHIN_DAYS else None

    @property
    def sound(self) -> Sound:
        """What the passenger hears."""
        return Sound.PIP if self.refusal is None else Sound.BUZZ


def card_name(idm: bytes) -> str:
    """A card as people may see it: its last four digits."""
    return f"*{idm.hex().upper()[-4:]}"


def _taken_yen(confirmed: Intent) -> int:
    return -confirmed.due_yen if confirmed.action == "cancel" else confirmed.due_yen
