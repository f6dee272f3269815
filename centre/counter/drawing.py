"""Slips as a counter of ours hands them out: its name, its clerk's number, the day; in the font that is there."""

from django.conf import settings

from centre.counter.carrying import Counter
from centre.counter.slips.font import font_path, opened
from centre.counter.slips.pdf import pdf
from centre.counter.slips.sheet import Issued, Sheet


def issued_now(here: Counter, short: str) -> Issued:
    """Whoever hands it out is known by a number; `short` ends the slip's own."""
    company = here.rulebook.companies[0].name if here.rulebook.companies else here.rulebook.name
    simulated = settings.SIMULATED or (here.desk is not None and here.desk.is_simulated)
    number = f"{here.day:%Y%m%d}-{short}"
    return Issued(number, company, here.till, f"No. {here.clerk.pk}", here.now_s, simulated)


def drawn(sheet: Sheet) -> bytes:
    """Its PDF. Raises FontMissing."""
    return pdf(sheet, opened(font_path()))
