"""What our own bench card holds (FeliCa Lite-S, docs/card.md), ready for a table or JSON."""

from cardimage import lite_s
from cardimage.contents import account_on, standing_on
from cardimage.image import Blocks
from cardimage.layout.blocks import HISTORY_BLOCKS, NUMBER_BLOCK
from cardimage.layout.history import decode_history, last_uses
from cardimage.layout.number import decode_number
from cardimage.resolve import Standing
from cardimage.transit.brand import is_blank
from farebox.feed import Feed
from tariff.account import Account
from tariff.purses import money_yen
from tariff.refusal import Refusal

Facts = dict[str, object]


def bench_facts(blocks: Blocks, feed: Feed | None) -> Facts:
    """Everything worth saying about a whole Lite-S card, of a blank one little; `feed` names the stops of its pass."""
    facts: Facts = {"writes": int.from_bytes(blocks[lite_s.WCNT][:3], "little")}
    if is_blank(blocks):
        return facts
    number = decode_number(blocks[NUMBER_BLOCK])
    facts["number"], facts["issued"] = (number[0], number[1].isoformat()) if number else (None, None)
    now = standing_on(blocks)
    if isinstance(now, Refusal):
        return facts | {"refused": f"{now.code} ({now.rule}): {now.detail}"}
    account = account_on(blocks)
    if isinstance(account, Refusal):
        return facts | {"refused": f"{account.code} ({account.rule}): {account.detail}"}
    return facts | _account_facts(account, now, feed) | {"last_uses": _uses(blocks, now)}


def _account_facts(account: Account, now: Standing, feed: Feed | None) -> Facts:
    def stop(number: int) -> str:
        return feed.register.stop_name(number) if feed else f"stop {number}"

    held, ride, charge = account.held_pass, account.ride, account.auto_charge
    sections = ", ".join(
        f"{stop(section.from_stop)} {'→' if section.one_way else '⇔'} {stop(section.to_stop)}"
        for section in (held.sections if held else ())
    )
    return {
        "scheme": account.scheme,
        "sequence": f"{now.slot.sequence} in S_PAD{now.place}",
        "balance_yen": money_yen(account),
        **_other_purses(account),
        "holder": account.holder.name.lower().replace("_", "-"),
        "named": account.named,
        "expires": account.expires.isoformat() if account.expires else None,
        "pass": f"{sections} {held.first_day} to {held.last_day}{' (bearer)' if held.bearer else ''}" if held else None,
        "auto_charge": f"{charge.amount_yen:,} below {charge.trigger_yen:,}" if charge else None,
        "ride": f"{ride.state.name.lower()} {ride.day} trip {ride.trip_number} stop {ride.stop_index}"
        if ride
        else None,
    }


def _other_purses(account: Account) -> Facts:
    """Coupons and points, on the cards that have them."""
    facts: Facts = {}
    if account.coupons is not None:
        facts |= {f"coupons_{name}": yen for name, yen in account.coupons._asdict().items()}
    if account.points is not None:
        facts |= {"points": account.points.points, "points_last_day": account.points.last_day.isoformat()}
    if account.welfare_points:
        facts["welfare_points"] = account.welfare_points
    return facts


def _uses(blocks: Blocks, now: Standing) -> list[Facts]:
    rows = tuple(row for block in HISTORY_BLOCKS if (row := decode_history(blocks[block])) is not None)
    return [
        {
            "day": row.day.isoformat(),
            "use": "top-up" if row.top_up else "ride",
            "trip": None if row.top_up else row.trip_number,
            "boarded": None if row.top_up else row.boarded,
            "alighted": None if row.top_up else row.alighted,
            "due_yen": row.due_yen,
            "cash_yen": row.cash_yen,
            "auto_charged_yen": row.auto_charged_yen,
            "balance_yen": row.balance_yen,
        }
        for row in last_uses(rows, now.slot)
    ]
