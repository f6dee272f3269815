"""The last uses of a card in words (GEN-13): stops by name, where the operator's network tells them. Pure."""

from collections.abc import Iterable

from cardimage.layout.history import HistoryRow
from centre.counter.slips.history import Used
from farebox.feed import Feed

_NO_STOP = "（他社・旧ダイヤ）"


def used(rows: Iterable[HistoryRow], network: Feed | None) -> tuple[Used, ...]:
    """As a slip and a page show them, in the rows' order."""
    patterns = {trip.number: trip.pattern_id for trip in network.trips.values()} if network else {}
    return tuple(_used(row, network, patterns) for row in rows)


def _used(row: HistoryRow, network: Feed | None, patterns: dict[int, str]) -> Used:
    if row.top_up:
        return Used(row.day, "チャージ", -row.due_yen, row.balance_yen)
    names = network.patterns[patterns[row.trip_number]].stop_names if network and row.trip_number in patterns else ()
    known = max(row.boarded, row.alighted) < len(names)
    ride = f"{names[row.boarded]}→{names[row.alighted]}" if known else f"ご乗車{_NO_STOP}"
    cash = f"　うち現金{row.cash_yen:,}円" if row.cash_yen else ""
    charged = f"　オートチャージ{row.auto_charged_yen:,}円" if row.auto_charged_yen else ""
    return Used(row.day, f"{ride}{cash}{charged}", row.due_yen, row.balance_yen)
