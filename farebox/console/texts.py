"""What the console and the passenger display say, in Japanese and English."""

from farebox.words import Both
from tariff.riders import Handbook, RiderClass

NEXT: Both = ("次へ", "Next")
BACK: Both = ("前へ", "Back")
PARTY: Both = ("同行者", "Party")
PAPER: Both = ("紙券", "Paper")
LAY_ENTRY: Both = ("模擬乗", "In")
LAY_EXIT: Both = ("模擬降", "Out")
TOP_UP: Both = ("入金", "Top-up")
TOP_UP_END: Both = ("入金終了", "Finished")
CANCEL_FARE: Both = ("取消", "Cancel")
MORE: Both = ("その他", "More")
HISTORY: Both = ("履歴", "History")
DUTY: Both = ("終業", "End duty")
DUTY_END: Both = ("終業する", "End the duty")
SINCE: Both = ("開始", "since")
DUTY_ENDED: Both = ("終業しました", "The duty is ended")
DUTY_ON_A_TRIP: Both = ("先に便を終了してください", "End the trip first")
RELEASE: Both = ("紙幣を出す", "Let note out")
LAY_CARD: dict[str, Both] = {
    "top-up": ("入金（チャージ）: カードを置いたままにしてください", "Top-up: lay the card and leave it there"),
    "cancel": ("取消: 精算したカードを置いてください", "Cancelling: lay the card that was settled"),
    "history": ("履歴: カードを置いてください", "History: lay the card"),
}
NOTES_IN: Both = ("入れられる紙幣", "notes it may have")
IN_ESCROW: Both = ("紙幣を確認中", "note in escrow")
STANDS: Both = ("停留所に停車していますか", "Does the bus stand at a stop?")
STANDS_YES: Both = ("停車中", "It stands")
NO_RIDES: Both = ("ご利用の記録はありません", "no rides on record")
LUGGAGE: Both = ("手回り品", "luggage")
LUGGAGE_KG: Both = ("重さ kg", "weight, kg")
LUGGAGE_CM: Both = ("縦・横・高さ cm", "three sides, cm")
COUNT: Both = ("集計", "Totals")
END: Both = ("便終了", "End")
BEGIN: Both = ("便を選んでください", "Choose the trip")
LANGUAGE: Both = ("English", "日本語")
NO_TRIPS: Both = ("本日の便はありません", "no trips left today")
AWAY: Both = (
    "運賃箱につながりません。つながるまで待っています",
    "the fare box does not answer; waiting until it does",
)
SIMULATED: Both = ("【模擬】", "[模擬 simulated]")
FARES: Both = ("運賃表", "Fares to here")
TAPS: Both = ("最近のタッチ", "Last taps")
ASK_STOP: Both = ("どこから乗りましたか", "Where did they board?")
ASK_PAYMENT: Both = ("残額不足", "Short of stored fare")
PART_CASH: Both = ("不足額を現金で", "Shortage in cash")
ALL_CASH: Both = ("全額を現金で", "All in cash")
DROP: Both = ("取りやめ", "Give up")
DONE: Both = ("決定", "Done")
CANCEL: Both = ("戻る", "Back")
WHO: Both = ("次のカードで一緒に乗る人", "Who rides on the next card")
HOLDER: Both = ("持ち主", "holder")
HOLDER_AS: Both = ("持ち主の区分", "Holder rides as")
AS_CARD: Both = ("カードのとおり", "as the card says")
NOT_ON_TRIP: Both = ("回送", "Out of service")
TOUCH: Both = ("カードをタッチしてください", "Please touch your card")
FARE: Both = ("運賃", "Fare")
BALANCE: Both = ("残額", "Balance")
NO_FARE: Both = ("なし", "none")
PAPER_YEN: Both = ("金額（円）", "Amount in yen")

RIDERS: dict[RiderClass, Both] = {
    RiderClass.ADULT: ("大人", "adult"),
    RiderClass.CHILD: ("小児", "child"),
    RiderClass.DISABLED_ADULT: ("大人（割引）", "disabled adult"),
    RiderClass.DISABLED_CHILD: ("小児（割引）", "disabled child"),
    RiderClass.INFANT: ("幼児", "infant"),
    RiderClass.BABY: ("乳児", "baby"),
}
FAMILY: dict[RiderClass, Both] = {
    RiderClass.ADULT: ("同居家族 大人", "family, adult"),
    RiderClass.CHILD: ("同居家族 小児", "family, child"),
}
"""Who lives with the holder of an eco pass (LOC-13)."""
ATTENDANT: Both = ("介護人", "attendant")
HANDBOOKS: dict[Handbook, Both] = {
    Handbook.PHYSICAL_1: ("介護人 身1種", "attends phys.1"),
    Handbook.PHYSICAL_2: ("介護人 身2種", "attends phys.2"),
    Handbook.INTELLECTUAL: ("介護人 療育", "attends intell."),
    Handbook.MENTAL: ("介護人 精神", "attends mental"),
}
TOTALS: tuple[tuple[str, Both], ...] = (
    ("trips", ("便", "trips")),
    ("boardings", ("乗車", "boardings")),
    ("alightings", ("降車", "alightings")),
    ("refused", ("受付不可", "refused")),
    ("pending", ("未確定", "pending")),
    ("papers", ("紙券", "papers")),
    ("papers_yen", ("紙券計", "papers, yen")),
    ("cancelled", ("取消", "cancelled")),
    ("cancelled_yen", ("取消計", "cancelled, yen")),
    ("vouchers", ("預り証", "vouchers")),
    ("owed_yen", ("事業者の返金", "operator owes")),
    ("claimed_yen", ("旅客の未払", "passengers owe")),
    ("fares_yen", ("運賃計", "fares, yen")),
    ("by_stored_fare_yen", ("うちSF", "by stored fare")),
    ("by_coupons_yen", ("うち回数券", "by coupons")),
    ("by_points", ("うちポイント", "by points")),
    ("cash_yen", ("うち現金", "in cash")),
    ("credit_yen", ("オートチャージ", "auto-charge")),
    ("top_ups", ("チャージ件数", "top-ups")),
    ("topped_up_yen", ("チャージ計", "topped up, yen")),
    ("notes_yen", ("紙幣庫の紙幣", "notes in the box")),
    ("doubtful_yen", ("未確定の紙幣", "notes in doubt")),
)
"""What a duty came to, in two columns: counts first, then yen."""


def bench_note(yen: int) -> Both:
    """What puts a note in where the acceptor is simulated (模擬)."""
    return f"模擬 {yen:,}円札", f"{yen:,} note 模擬"


def rider(word: str) -> Both:
    """One of a party, by its code."""
    if word == "holder":
        return HOLDER
    if word == "luggage":
        return LUGGAGE
    return ATTENDANT if word == "attendant" else RIDERS[RiderClass(word)]
