"""The slip against which a lost or broken card is issued anew (LOC-16, LOC-17, IGP-21, IGP-22, GEN-19). Pure."""

from datetime import date
from typing import NamedTuple

from centre.counter.slips.passes import PassOnSlip
from centre.counter.slips.sheet import Both, Fact, Issued, Note, Part, Sheet, day_text, days_text, masked, yen_text


class Reissuing(NamedTuple):
    """A card that is to be issued anew.

    `first_day` and `last_day` are those on which the new card is handed out, both in; `rule` is the operator's own.
    """

    number: str
    kind: str
    holder: str
    lost: bool
    applied_on: date
    first_day: date
    last_day: date
    fee_yen: int
    deposit_yen: int
    rule: str
    held: PassOnSlip | None = None


def reissue_slip(case: Reissuing, issued: Issued) -> Sheet:
    """再発行整理票."""
    why = "紛失 (lost)" if case.lost else "障害 (damaged)"
    due_yen = case.fee_yen + case.deposit_yen
    parts: list[Part] = [
        Fact(Both("お渡し期間", "New card from and to"), days_text(case.first_day, case.last_day), large=True),
        Fact(Both("理由", "Reason"), f"{why}　{case.rule}"),
        Fact(Both("お申込日", "Applied on"), day_text(case.applied_on)),
        Fact(Both("カード", "Card"), f"{case.kind}　{masked(case.number)}"),
        Fact(Both("氏名", "Holder"), f"{case.holder} 様" if case.holder else "無記名 (anonymous)"),
    ]
    if case.held is not None:
        parts += [
            Fact(Both("定期券", "Pass"), "\n".join((case.held.title, *case.held.where))),
            Fact(Both("有効期間", "From and to"), days_text(case.held.first_day, case.held.last_day)),
        ]
    parts += [
        Fact(Both("手数料", "Fee"), yen_text(case.fee_yen)),
        Fact(Both("デポジット", "Deposit"), yen_text(case.deposit_yen)),
        Fact(Both("お支払額", "To be paid then"), yen_text(due_yen), large=True),
        *map(Note, _to_bring(case)),
        Note(
            Both(
                "使用停止の取り消しはできません。期間を過ぎたときは、再度お申し込みください。",
                "The stop can't be undone. After these days, apply again.",
            )
        ),
        Note(Both("この票は再発行しません。", "This slip is never reissued.")),
    ]
    return Sheet(Both("再発行整理票", "Reissue slip"), issued, tuple(parts))


def _to_bring(case: Reissuing) -> tuple[Both, ...]:
    if case.lost:
        return (
            Both(
                "お受け取りには、この票と本人確認書類をお持ちください。",
                "To collect the card, bring this slip and proof of identity.",
            ),
        )
    identity = Both(
        "お受け取りには、この票と使えなくなったカード、本人確認書類をお持ちください。",
        "To collect the card, bring this slip, the broken card and proof of identity.",
    )
    bearer = Both(
        "お受け取りには、この票と使えなくなったカードをお持ちください。",
        "To collect the card, bring this slip and the broken card.",
    )
    ride = Both(
        "それまで定期区間内では、カード・この票・定期券内容控をあわせて乗務員にご提示ください。",
        "Until then, within the pass section, show card, slip and pass contents to the driver.",
    )
    return (identity if case.holder else bearer, *([ride] if case.held else []))
