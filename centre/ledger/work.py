"""What the ledger does in the background: cards that were tapped are judged."""

from centre.ledger.judging import judge_some


def work(_now_s: int) -> int:
    """Judge some cards; how many."""
    return judge_some()
