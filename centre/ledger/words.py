"""What the ledger's words are called in Japanese and English."""

from collections.abc import Mapping

from centre.words import said

Words = Mapping[str, tuple[str, str]]

KINDS: Words = {
    "cash-box": ("運賃箱（現金）", "Cash boxes"),
    "note-box": ("紙幣庫", "Note boxes"),
    "notes-in-doubt": ("所在未確定の紙幣", "Notes in doubt"),
    "till": ("窓口現金", "Tills"),
    "bank": ("預金", "Bank"),
    "credit": ("オートチャージ未収", "Auto-charge not yet billed"),
    "processor": ("決済代行会社", "Payment service"),
    "owed-by-passengers": ("預り証（お客様の不足）", "Vouchers: owed by passengers"),
    "clearing": ("会社間清算", "Clearing between companies"),
    "suspense": ("仮勘定", "Suspense"),
    "stored-fare": ("SF残高（預り）", "Stored fare"),
    "coupons": ("回数券残高（預り）", "Coupon purses"),
    "points": ("ポイント残高", "Points"),
    "deposit": ("デポジット", "Deposits"),
    "owed-to-passengers": ("預り証（お客様への返金）", "Vouchers: owed to passengers"),
    "fares": ("運賃収入", "Fares"),
    "passes": ("定期券・回数券収入", "Passes and coupons"),
    "fees": ("手数料収入", "Fees"),
    "forfeited": ("没収", "Forfeited"),
    "points-lapsed": ("ポイント失効", "Points lapsed"),
    "premium": ("プレミア", "Premium given"),
    "points-given": ("ポイント付与", "Points given"),
    "loss": ("事業者の損失", "Operator's losses"),
    "service-fees": ("決済手数料", "Payment service's fees"),
    "over-short": ("現金過不足", "Over and short"),
    "opening": ("期首残高", "Opening"),
}
WHATS: Words = {
    "ride": ("乗車", "Ride"),
    "top-up-on-bus": ("車内チャージ", "Top-up on the bus"),
    "cancelled": ("精算取消", "Settlement cancelled"),
    "note": ("紙幣収納", "Note into the box"),
    "taken-back": ("訂正（取消）", "Taken back"),
    "opening": ("期首残高", "Opening"),
    "card-sold": ("カード発売", "Card sold"),
    "topped-up": ("窓口チャージ", "Topped up"),
    "topped-up-elsewhere": ("他所でのチャージ", "Topped up elsewhere"),
    "pass-sold": ("定期券発売", "Pass sold"),
    "paper-sold": ("紙回数券発売", "Paper coupons sold"),
    "refunded": ("払戻し", "Refunded"),
    "reissued": ("再発行", "Reissued"),
    "exchanged": ("交換", "Exchanged"),
    "deposit-returned": ("デポジット返却", "Deposit returned"),
    "voided": ("無効", "Void"),
    "auto-charge-billed": ("オートチャージ請求", "Auto-charge billed"),
    "paid-back": ("返金", "Paid back"),
    "uncollectable": ("回収不能", "Uncollectable"),
    "paid-out": ("入金", "Paid out"),
    "voucher": ("預り証", "Voucher"),
    "counted": ("現金計数", "Counted"),
    "cleared": ("清算", "Cleared"),
    "loss": ("損失", "Loss"),
}
FINDINGS: Words = {
    "forked": ("複製の疑い：同じ状態から2つの書込", "A copy? Two writes went on from one state"),
    "rolled-back": ("巻き戻しの疑い：以前の状態", "Put back? It showed an earlier state"),
    "claimed-twice": ("1つの書込を2台が主張", "Two terminals call one write theirs"),
    "broken": ("記録がつながらない", "Its records don't connect"),
    "wrong-key": ("鍵を証明できないカード", "A card that can't prove its key"),
    "altered-card": ("内容が改変されたカード", "A card with altered contents"),
    "contradicts": ("記録の金額が矛盾", "A record contradicts itself"),
    "no-intent": ("書込前の記録が届いていない", "A record of a tap that never came in"),
    "unknown-card": ("発売記録のないカード", "A card that nobody here has issued"),
    "left-over": (
        "再発行後に届いたチャージ：お客様への返金を確認",
        "A top-up told of after the reissue: the bearer is owed it",
    ),
    "disagrees": ("カード残高が台帳と不一致", "The card's balance disagrees with the ledger"),
}
ACTIONS: Words = {
    "board": ("乗車", "Boarding"),
    "alight": ("精算", "Settlement"),
    "top-up": ("車内チャージ", "Top-up on the bus"),
    "cancel": ("精算取消", "Cancelled"),
    "desk": ("窓口", "At the counter"),
}
ENDS: Words = {
    "True": ("書込済", "written"),
    "False": ("未書込", "not written"),
    "None": ("未確定", "not known yet"),
}


def word(words: Words, name: str) -> str:
    """A word in the reader's language; one that is not known stands as it is."""
    return said(*words[name]) if name in words else name
