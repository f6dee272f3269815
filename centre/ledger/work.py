"""What the ledger does in the background: cards that were tapped are judged; personal data that is due goes."""

from centre.ledger.judging import judge_some
from centre.ledger.retention import erase
from tariff.calendar import day_in_japan


def work(now_s: int) -> int:
    """Judge some cards, erase what is due; how many things that were."""
    return judge_some() + erase(day_in_japan(now_s))
