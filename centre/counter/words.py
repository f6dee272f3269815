"""What the counter's words are called in Japanese and English: operations, lines, papers, refusals, states."""

from collections.abc import Mapping

from centre.words import said
from tariff.refusal import Code

Words = Mapping[str, tuple[str, str]]

OPERATIONS: Words = {
    "issue": ("カード発売", "Issue a card"),
    "top-up": ("チャージ", "Top up"),
    "sell-pass": ("定期券の発売・継続", "Sell or renew a pass"),
    "refund-card": ("カードの払戻し", "Refund of the card"),
    "refund-pass": ("定期券のみの払戻し", "Refund of the pass alone"),
    "refund-both": ("カードと定期券の払戻し", "Refund of card and pass"),
    "report-lost": ("紛失の届出", "Report a card lost"),
    "report-damaged": ("障害の届出", "Report a card damaged"),
    "reissue": ("再発行カードのお渡し", "Issue the card anew"),
    "take-in": ("交換のためのお預かり", "Take in for exchange"),
    "exchange": ("カードの交換", "Exchange the card"),
    "change-data": ("記名情報の変更", "Change the holder's data"),
    "make-named": ("無記名から記名へ変更", "Anonymous to named"),
    "make-adult": ("小児から大人へ変更", "Child to adult"),
    "void": ("無効・回収", "Void and collect"),
    "found-card": ("発見カードのデポジット返却", "Deposit of a found card"),
    "stop": ("使用停止", "Stop a card"),
    "lift-stop": ("使用停止の解除", "Lift the stop"),
    "apply-directives": ("翌日反映の書込み", "Write what waits for the card"),
    "history": ("利用履歴", "History"),
    "tariff": ("運賃の配信", "Release a tariff"),
    "withdraw-directive": ("翌日反映の取下げ", "Withdraw a directive"),
    "payment-refund": ("クレジットカードへの返金", "Refund to the credit card"),
    "counted": ("現金の計数", "Cash counted"),
    "voucher": ("預り証の精算", "Voucher settled"),
    "topped-up-elsewhere": ("他所でのチャージ", "Topped up elsewhere"),
}
LINES: Words = {
    "deposit": ("デポジット", "Deposit"),
    "stored-fare": ("チャージ残額", "Stored fare"),
    "stored-fare-and-pass": ("チャージ残額と定期券", "Stored fare and pass"),
    "pass": ("定期券", "Pass"),
    "fee": ("手数料", "Fee"),
}
SEXES: Words = {"m": ("男", "male"), "f": ("女", "female")}
PURSES: Words = {
    "stored-fare": ("チャージ残額（SF）", "Stored fare"),
    "regular": ("普通回数券", "Ordinary coupons"),
    "student": ("学割回数券", "Student coupons"),
    "eco": ("ちょこっとエコ回数券", "Eco coupons"),
    "transport-points": ("交通ポイント", "Transport points"),
    "welfare-points": ("福祉ポイント", "Welfare points"),
}
VOIDS: Words = {
    "taken-over": ("他人から譲り受けて使用", "taken over from another"),
    "used-by-another": ("記名人以外が使用", "used by another than its holder"),
    "false-data": ("虚偽の申告で購入", "bought under false data"),
    "face-altered": ("券面を改変", "face altered"),
    "forged": ("偽造・変造", "forged"),
    "damaged-on-purpose": ("故意または重大な過失による破損", "damaged by intent or gross negligence"),
    "pass-void": ("定期券の無効事由", "the pass is void"),
    "other-fraud": ("その他の不正使用", "other fraud"),
}
PAPERS: Words = {
    "application": ("申込書", "application form"),
    "contents-slip": ("定期券内容控", "slip of the pass's contents"),
    "handbook": ("障がい者手帳", "disability handbook"),
    "handbook-or-discount-certificate": ("手帳または運賃割引証", "handbook or discount certificate"),
    "identity": ("本人確認書類", "proof of identity"),
    "mental-handbook": ("精神障がいの手帳（本人確認書類も必要）", "handbook for mental disability (identity too)"),
    "old-card": ("使えなくなったカード", "the broken card"),
    "proof-of-age": ("年齢が確認できる証明書", "proof of age"),
    "proof-of-attendance": ("学生証など通学の証明", "proof of attendance"),
    "public-certificate": ("公的証明書", "public certificate"),
    "reissue-slip": ("再発行整理票", "reissue slip"),
    "school-certificate": ("学校長の証明", "school head's certificate"),
    "certificate": ("証明書", "certificate"),
}
APPROVALS: Words = {
    "refund-card": ("払戻額が限度額を超えるため", "the refund is over the limit"),
    "refund-pass": ("払戻額が限度額を超えるため", "the refund is over the limit"),
    "refund-both": ("払戻額が限度額を超えるため", "the refund is over the limit"),
    "void": ("無効・回収は二人で行うため（IGP-20）", "a card is voided by two (IGP-20)"),
    "lift-stop": ("使用停止の解除は二人で行うため", "a stop is lifted by two"),
}
ROLES: Words = {
    "clerk": ("窓口係", "clerk"),
    "supervisor": ("責任者", "supervisor"),
    "auditor": ("監査", "auditor"),
}
STATES: Words = {
    "in-use": ("使用中", "in use"),
    "stopped": ("使用停止", "stopped"),
    "replaced": ("再発行・交換済", "replaced"),
    "refunded": ("払戻済", "refunded"),
    "void": ("無効", "void"),
}
ASKED: Words = {
    "open": ("確認待ち", "waiting"),
    "done": ("完了", "done"),
    "torn": ("書込み未確認", "not known whether written"),
    "not-done": ("不成立", "not done"),
    "dropped": ("取消", "dropped"),
}
TRAIL: Words = {
    "signed-in": ("ログイン", "signed in"),
    "signed-out": ("ログアウト", "signed out"),
    "looked": ("カード照会", "looked at a card"),
    "asked": ("申込み", "asked for"),
    "refused": ("お取扱い不可", "refused"),
    "approved": ("承認", "approved"),
    "not-approved": ("承認せず", "not approved"),
    "done": ("実施", "done"),
    "torn": ("書込み未確認", "not known whether written"),
    "not-done": ("不成立", "not done"),
    "dropped": ("取消", "dropped"),
    "printed": ("印刷", "printed"),
    "read": ("証跡の書出し", "trail taken as a file"),
}
FACTS: Words = {
    "stored_fare_yen": ("チャージ残額（円）", "stored fare (yen)"),
    "holder": ("区分", "class"),
    "named": ("記名", "named"),
    "expires": ("カード期限", "card ends"),
    "pass": ("定期券", "pass"),
    "points": ("交通ポイント", "transport points"),
    "welfare_points": ("福祉ポイント", "welfare points"),
    "auto_charge": ("オートチャージ", "auto-charge"),
    "regular_yen": ("普通回数券（円）", "ordinary coupons (yen)"),
    "student_yen": ("学割回数券（円）", "student coupons (yen)"),
    "eco_yen": ("ちょこっとエコ回数券（円）", "eco coupons (yen)"),
}
HOLDERS: Words = {
    "ADULT": ("大人", "adult"),
    "CHILD": ("小児", "child"),
    "DISABLED_ADULT": ("障がい者", "disabled"),
    "DISABLED_CHILD": ("障がい者（小児）", "disabled child"),
}
REFUSALS: Mapping[Code, tuple[str, str]] = {
    Code.OUT_OF_SERVICE: ("いまはお取扱いできません", "out of service"),
    Code.BUSY: ("このカードの前の操作が終わっていません", "an operation on this card is pending"),
    Code.TWO_CARDS: ("カードは1枚だけ置いてください", "lay one card only"),
    Code.TOUCH_AGAIN: ("もう一度カードを置いてください", "lay the card again"),
    Code.FOREIGN_CARD: ("当窓口のカードではありません", "not a card of this counter"),
    Code.UNREADABLE_CARD: ("カードを読み取れません", "the card can't be read"),
    Code.ALTERED_CARD: ("カードの内容が正しくありません", "what stands on the card is not right"),
    Code.WRONG_KEY: ("カードを確認できません", "the card can't prove itself"),
    Code.EXPIRED_CARD: ("カードの有効期限が切れています", "the card has expired"),
    Code.HOTLISTED: ("使用停止のカードです", "the card is stopped"),
    Code.CLOCK_NOT_SET: ("時計が設定されていません", "the clock is not set"),
    Code.NO_BOARDING: ("乗車記録がありません", "no boarding record"),
    Code.SHORT: ("残額が足りません", "short of stored fare"),
    Code.NO_FARE: ("この区間の運賃が登録されていません", "no fare for this section"),
    Code.HOLDER_ONLY: ("記名人以外は利用できません", "holder only"),
    Code.OPEN_RIDE: ("前回の降車処理がありません", "the last ride was never closed"),
    Code.OVER_CAP: ("残額の上限を超えます", "over the cap of stored fare"),
    Code.TOO_LARGE: ("カードに記録できない値です", "the card has no room for this"),
    Code.EXCLUDED_SERVICE: ("この路線では利用できません", "no cards on this service"),
    Code.NOT_CONFIGURED: ("取扱いが設定されていません", "not configured"),
    Code.NOT_CARRIED: ("持ち込めない手回り品です", "luggage not carried"),
    Code.NOT_SOLD: ("そのようには発売できません", "not sold so"),
    Code.NOT_ELIGIBLE: ("このカード・お客さまは対象外です", "not for this card or person"),
    Code.COUPON_REFUSED: ("この回数券は使えません", "coupon not taken so"),
    Code.NOT_CANCELLABLE: ("取消できません", "can't be cancelled"),
    Code.NOT_AT_STOP: ("停留所で停車中に限ります", "only while stopped at a stop"),
    Code.NO_NOTES: ("紙幣を受け付けられません", "no notes taken now"),
    Code.CARD_FULL: ("カードの書込み上限です。交換してください", "the card is worn out: exchange it"),
}


def word(words: Words, name: str) -> str:
    """A word in the reader's language; one that is not known stands as it is."""
    return said(*words[name]) if name in words else name
