"""Which slip a tap is printed, as the terminal's pictures tell of it. Pure."""

from farebox.config import Refusals
from farebox.console.protocol import Picture, SeenTap
from farebox.peripherals.meaning import Meaning
from farebox.slips.contents import Heading, Where, refusal_slip
from farebox.slips.slip import Slip
from farebox.words import REFUSALS, Language, say
from tariff.refusal import Refusal


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
