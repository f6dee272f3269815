"""The last uses of a card, as far as the card itself holds them (GEN-13). Pure."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from centre.counter.slips.sheet import Both, Fact, Issued, Note, Part, Sheet, Table, day_text, masked, yen_text


class Used(NamedTuple):
    """One use: the day, what it was in words, what it took (top-ups are negative: they gave), what was left then."""

    day: date
    what: str
    taken_yen: int
    balance_yen: int


def history(number: str, balance_yen: int, used: Sequence[Used], issued: Issued) -> Sheet:
    """ご利用履歴, newest first."""
    parts: list[Part] = [
        Fact(Both("カード", "Card"), masked(number)),
        Fact(Both("残額", "Balance"), yen_text(balance_yen), large=True),
    ]
    if used:
        rows = tuple(
            (
                day_text(use.day),
                use.what,
                f"+{-use.taken_yen:,}円" if use.taken_yen < 0 else yen_text(use.taken_yen),
                yen_text(use.balance_yen),
            )
            for use in used
        )
        heading = (Both("日付", "Day"), Both("ご利用", "Use"), Both("金額", "Yen"), Both("残額", "Balance"))
        parts.append(Table(heading, rows, (5, 9, 4, 4), 2))
    else:
        parts.append(Note(Both("ご利用の記録はありません。", "No uses on record.")))
    parts.append(
        Note(
            Both(
                "降車の処理がなかったご乗車と、再発行・交換の前のご利用は載りません。",
                "Rides never closed, and uses before a reissue or an exchange, are not shown.",
            )
        )
    )
    return Sheet(Both("ご利用履歴", "Card history"), issued, tuple(parts))
