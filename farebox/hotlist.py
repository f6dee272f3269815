"""The hotlist on the bus: which cards are refused, which get no auto-charge, and how old the lists are (faults 39).

An old list says nothing of a card that was lost since. What such a card can cost is kept small: from one age on the
driver is told, from another on no auto-charge is made, so that a card spends what it holds and no credit.
"""

from enum import StrEnum
from typing import NamedTuple

from farebox.formats.bundle import Hotlist
from farebox.formats.journal import Noted
from tariff.auto_charge import Held
from tariff.refusal import Code, Refusal

DAY_S = 86_400


class Age(StrEnum):
    """What the age of a list asks for."""

    FRESH = "fresh"
    OLD = "old"  # an alarm: somebody is to look why nothing arrives
    STALE = "stale"  # and no credit is given


class Ages(NamedTuple):
    """From which age on a list is old, and stale, in seconds."""

    old_s: int = 2 * DAY_S
    stale_s: int = 7 * DAY_S


AGES = Ages()


def age(hotlist: Hotlist, now_s: int, ages: Ages = AGES) -> Age:
    """How old a list is; one from the future is fresh, and the clock is to blame (farebox.clock)."""
    old_s = now_s - hotlist.made_at_s
    if old_s >= ages.stale_s:
        return Age.STALE
    return Age.OLD if old_s >= ages.old_s else Age.FRESH


def noted(hotlist: Hotlist, found: Age) -> Noted:
    """That a list has come to an age, for the journal: "hotlist-fresh" says that an alarm is over."""
    return Noted(b"", f"hotlist-{found}", f"version {hotlist.version}")


def refusal(hotlist: Hotlist, idm: bytes) -> Refusal | None:
    """A card on the list is refused at every reader (GEN-11)."""
    return Refusal(Code.HOTLISTED, "GEN-11", f"hotlist {hotlist.version}") if idm in hotlist.refused else None


def no_credit(hotlist: Hotlist, idm: bytes, now_s: int, ages: Ages = AGES) -> Held | None:
    """Why a card gets no auto-charge: it is on that list (AUT-6), or the list is too old to say so (faults 39)."""
    if idm in hotlist.no_auto_charge:
        return Held.NO_AUTO_CHARGE_LIST
    return Held.STALE_HOTLIST if age(hotlist, now_s, ages) is Age.STALE else None
