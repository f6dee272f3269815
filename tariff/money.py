"""Rounding of whole yen. Nothing is rounded but where a rule names it (GEN-1)."""


def half_up_to_10(yen: int) -> int:
    """Half of an amount, rounded up to 10 yen (GEN-2): 230 -> 120, 100 -> 50, 50 -> 30."""
    return (yen + 19) // 20 * 10
