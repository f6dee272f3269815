"""Cards and directives as these tests like them."""

from datetime import date

from centre.cards.models import Card
from farebox.formats.bundle import AutoChargeOff, AutoChargeSet, PassGiven

DAY = date(2026, 11, 20)
IDM = "012E000000000001"
ON = AutoChargeSet(500, 3_000, 9_000, 30_000)
ON_MORE = AutoChargeSet(1_000, 5_000, 9_000, 30_000)
OFF = AutoChargeOff()


def card_of(idm: str = IDM) -> Card:
    return Card.objects.create(
        idm=idm, scheme="lococa", number=f"LC{idm[-5:]}", kind="named", named=True, issued_on=date(2026, 4, 1)
    )


def pass_from(first_day: date, last_day: date) -> PassGiven:
    return PassGiven(1, 0, first_day, last_day, False, ((7, 9, False, 500),))
