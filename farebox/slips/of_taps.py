"""Which slip a tap is printed, as the terminal's pictures tell of it. Pure."""

from datetime import date

from farebox.config import Refusals
from farebox.console.protocol import Picture, SeenTap
from farebox.peripherals.meaning import Meaning
from farebox.slips.contents import Heading, Where, history_slip, refusal_slip
from farebox.slips.slip import Slip
from farebox.uses import Use
from farebox.words import REFUSALS, Language, say
from tariff.refusal import Refusal


def history_of(tap: SeenTap, picture: Picture, language: Language) -> Slip | None:
    """The last uses of a card that was looked at by this tap, the picture's newest; None: it was not looked at."""
    history = picture.history
    if history is None or tap != picture.taps[0] or tap.card != history.card:
        return None
    used = [
        Use(
            date.fromisoformat(ride.day), ride.boarded, ride.alighted, ride.due_yen, 0, 0, ride.balance_yen, ride.top_up
        )
        for ride in history.rides
    ]
    heading = Heading(picture.vehicle_id, tap.at_s, language, picture.simulated)
    return history_slip(history.card, history.balance_yen, used, heading)


def slip_of(tap: SeenTap, picture: Picture, refusals: Refusals, language: Language) -> Slip | None:
    """The slip of a tap; None: it gets none."""
    refused = tap.refused
    if refused is None or refusals is Refusals.NONE:
        return None
    if refusals is Refusals.CARD and tap.meaning is not Meaning.CARD_REFUSED:
        return None
    refusal = Refusal(refused.code, refused.rule, refused.detail, refused.due_yen, refused.short_yen)
    heading = Heading(picture.vehicle_id, tap.at_s, language, picture.simulated)
    where = Where(tap.stop, refused.trip_id) if refused.trip_id else None
    return refusal_slip(refusal, say(REFUSALS[refused.code], language), heading, where)
