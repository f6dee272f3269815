"""What the console and the passenger display say, in Japanese and English."""

from farebox.words import Both
from tariff.riders import Handbook, RiderClass

NEXT: Both = ("次へ", "Next")
BACK: Both = ("前へ", "Back")
PARTY: Both = ("同行者", "Party")
PAPER: Both = ("紙券", "Paper")
LAY_ENTRY: Both = ("模擬カード乗", "Card in")
LAY_EXIT: Both = ("模擬カード降", "Card out")
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
    ("boardings", ("乗車", "boardings")),
    ("alightings", ("降車", "alightings")),
    ("refused", ("拒否", "refused")),
    ("pending", ("未確定", "pending")),
    ("fares_yen", ("運賃計（円）", "fares, yen")),
    ("cash_yen", ("現金（円）", "cash, yen")),
    ("credit_yen", ("オートチャージ（円）", "auto-charge, yen")),
)


def rider(word: str) -> Both:
    """One of a party, by its code."""
    if word == "holder":
        return HOLDER
    return ATTENDANT if word == "attendant" else RIDERS[RiderClass(word)]
