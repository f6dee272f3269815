"""What a tap that was served says to ears and eyes, before anybody knows with which tones and lamps. Pure."""

from enum import StrEnum

from farebox.result import Result
from farebox.tap import NoteCode
from tariff.refusal import Code


class Meaning(StrEnum):
    """What a signal says. docs/peripherals.md tells it to drivers."""

    ACCEPTED = "accepted"
    ACCEPTED_LOOK = "accepted-look"
    """Accepted, and the display says more: a pass that ends soon, a last ride that was never closed."""
    REFUSED = "refused"
    TOUCH_AGAIN = "touch-again"
    ASK_DRIVER = "ask-driver"
    """The driver is to key something: where it boarded (GEN-7), how it is paid (GEN-10)."""
    CARD_REFUSED = "card-refused"
    """The card itself is not taken (GEN-11): no second try helps."""


_CARD_ITSELF = frozenset(
    {
        Code.HOTLISTED,
        Code.EXPIRED_CARD,
        Code.FOREIGN_CARD,
        Code.ALTERED_CARD,
        Code.UNREADABLE_CARD,
        Code.WRONG_KEY,
        Code.CARD_FULL,
    }
)


def meaning_of(result: Result) -> Meaning:
    """What a tap came to (GEN-14)."""
    if result.refusal is None:
        return Meaning.ACCEPTED_LOOK if _says_more(result) else Meaning.ACCEPTED
    match result.refusal.code:
        case Code.TOUCH_AGAIN:
            return Meaning.TOUCH_AGAIN
        case Code.NO_BOARDING | Code.SHORT:
            return Meaning.ASK_DRIVER
        case code:
            return Meaning.CARD_REFUSED if code in _CARD_ITSELF else Meaning.REFUSED


def _says_more(result: Result) -> bool:
    return result.pass_ending is not None or any(note.code is NoteCode.INCOMPLETE_RIDE for note in result.notes)
