"""Rounding of whole yen. Nothing is rounded but where a rule names it (GEN-1). Integers only: no float ever."""


def share_up(yen: int, percent: int, to_yen: int) -> int:
    """A share of a fare, rounded up to a multiple (GEN-2): half of 230 to 10 yen is 120, of 100 50, of 50 30."""
    return -(-yen * percent // (100 * to_yen)) * to_yen


def half_up(numerator: int, denominator: int, to_yen: int = 10) -> int:
    """An amount as a fraction of yen, rounded half up to a multiple (GEN-1, AZF-31): 45,885 -> 45,890."""
    return (2 * numerator + denominator * to_yen) // (2 * denominator * to_yen) * to_yen
