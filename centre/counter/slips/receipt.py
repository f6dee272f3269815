"""What was paid at the counter, or paid back, line by line (CTR-1). Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from centre.counter.slips.sheet import Both, Fact, Issued, Note, Part, Sheet, Table, masked, yen_text


class Line(NamedTuple):
    """One thing paid for, with its rule. Negative yen are paid back."""

    what: str
    rule: str
    yen: int


def receipt(what: str, lines: Sequence[Line], number: str, issued: Issued, approved_by: str = "") -> Sheet:
    """領収書 for what came in; 払戻計算書 where money goes back.

    `what`: the operation in words, `number` the engraved number. `approved_by`: who else signed, if anyone had to
    (faults 47). The lines add up to what is paid, in whole yen (GEN-1).
    """
    yen = sum(line.yen for line in lines)
    back = yen < 0 or (yen == 0 and any(line.yen < 0 for line in lines))
    title = Both("払戻計算書", "Refund statement") if back else Both("領収書", "Receipt")
    label = Both("お返しする額", "Paid back") if back else Both("領収金額", "Received")
    rows = tuple((line.what, line.rule, yen_text(-line.yen if back else line.yen)) for line in lines)
    parts: list[Part] = [
        Fact(label, f"￥{abs(yen):,}－", large=True),
        Fact(Both("但し", "For"), what),
        Fact(Both("カード", "Card"), masked(number)),
        Table(
            (Both("内訳", "Item"), Both("規定", "Rule"), Both("金額", "Yen")),
            (*rows, ("計 (total)", "", yen_text(abs(yen)))),
            (11, 4, 5),
            1,
            last_is_sum=True,
        ),
    ]
    if approved_by:
        parts.append(Fact(Both("承認", "Approved by"), approved_by))
    if back:
        parts.append(Note(Both("手数料を差し引いた額を現金でお返ししました。", "Paid back in cash, after fees.")))
    else:
        parts.append(Note(Both("上記の金額を現金で正に領収いたしました。", "Received with thanks, in cash.")))
    return Sheet(title, issued, tuple(parts))
