"""What a report says, in Japanese and English."""

from farebox.words import LINES, Both
from sim.report.figures import CASH
from sim.ride_rows import SINGLE_RIDE
from tariff.lines import Word
from tariff.rulebook import Purse

TITLE: Both = ("運賃収受 模擬運行報告", "A replayed day of fares")
SIMULATED: Both = (
    "模擬：鍵・カード・乗客は作りもので、運賃箱のコードと運賃規則は本物です。",
    "Simulated 模擬: keys, cards and passengers are made up; the fare box's code and the rules are the real ones.",
)
RECORDED: Both = (
    "模擬：乗車記録をもう一度走らせたものです。鍵とカードは作りものです。",
    "Simulated 模擬: recorded rides ridden again, with made-up keys and cards.",
)
HEADINGS: dict[str, Both] = {
    "boardings": ("時間帯別の乗車・降車", "Boardings and alightings over the day"),
    "load": ("便ごと・停留所ごとの車内人数", "Load of each trip along its stops"),
    "origin_destination": ("停留所間の乗車", "Rides between stops"),
    "revenue": ("運賃収入", "Revenue"),
    "refusals": ("受け付けなかったタッチ", "Taps that were refused"),
    "tap_time": ("タッチの処理時間", "Time that a tap took"),
    "what_if": ("もし運賃がこうだったら", "What if"),
    "reconciliation": ("照合", "Reconciliation"),
}
NOTES: dict[str, Both] = {
    "boardings": (
        "15分ごと。カードの数で、同行者は数えません。降車は精算された乗車です。乗車のタッチを忘れた乗客は、乗務員が乗車停留所を"
        "入れて精算するので、精算は乗車より多いことがあります。",
        "By quarters of an hour. Cards are counted, not companions; alightings are settled rides. Who forgot to tap on "
        "boarding is settled by the stop that the driver keys, so there may be more rides settled than boardings.",
    ),
    "load": (
        "停留所を出るときの人数（精算された乗車、同行者を含む）。系統を選べます（よく使われる順）。",
        "People aboard on leaving a stop: settled rides, companions counted. Choose a line, the most used first.",
    ),
    "origin_destination": ("精算された乗車の件数。路線を選べます。", "Settled rides. Choose a route."),
    "revenue": (
        "事業者・商品・支払元のどれで分けても合計は同じです。",
        "By operator, by product and by purse: each adds up to all of it.",
    ),
    "refusals": (
        "受付不可の理由別。「もう一度タッチ」は途中で離れたカードです。",
        "By reason. “touch again” are cards that were withdrawn too soon.",
    ),
    "tap_time": (
        "この模擬を動かした計算機で、カードを置いてから結果が出るまで。模擬のリーダーとカードはすぐに答え、電波と回線の時間は"
        "含みません。目盛りは2倍ごと。",
        "From a card laid to its result, on the machine that ran this replay: the simulated reader and card answer at "
        "once, so neither air nor line is in it. Each bar is twice as long as the last.",
    ),
    "tap_time_image": (
        "電波を使わないリーダー（image）なので、運賃箱のプログラムだけの時間です。",
        "The reader was `image`, without radio: this is the fare box's program alone.",
    ),
    "what_if": (
        "同じ乗車を二つの運賃で、それぞれ乗ったときの残額から一件ずつ計算したもの。値段で乗る人や、前の乗車のあとの残額が"
        "変わることは見込みません。受付不可の乗車は収入になりません。",
        "The same rides under two tariffs, each by itself, from what its card held then. Nobody rides less because a "
        "fare went up, and no earlier ride leaves less on the card; a refused ride brings nothing.",
    ),
    "reconciliation": (
        "カードは読み戻した残額、現金とクレジットは乗客に示した額、帳簿はジャーナルの合計です。",
        "Cards are read back, cash and credit are what passengers were told, the ledger is what the journals hold.",
    ),
}
NAMES: dict[str, Both] = {
    **{str(purse): LINES[Word(purse)] for purse in Purse},
    str(Purse.STORED_FARE): ("SF（チャージ残額）", "stored fare"),
    CASH: LINES[Word.CASH],
    SINGLE_RIDE: ("定期券なし", "without a pass"),
}
COLUMNS: dict[str, Both] = {
    "minute": ("時刻", "time"),
    "operator": ("事業者", "operator"),
    "product": ("商品", "product"),
    "purse": ("支払元", "purse"),
    "boardings": ("乗車", "boardings"),
    "alightings": ("降車", "alightings"),
    "aboard": ("車内人数", "aboard"),
    "trip": ("便", "trip"),
    "stop": ("停留所", "stop"),
    "boarded": ("乗車停留所", "boarded at"),
    "alighted": ("降車停留所", "left at"),
    "rides": ("件数", "rides"),
    "yen": ("円", "yen"),
    "cards": ("枚", "cards"),
    "taps": ("タッチ数", "taps"),
    "code": ("理由", "reason"),
    "line": ("系統", "line"),
    "route": ("路線", "route"),
    "took": ("処理時間", "time taken"),
    "old": ("現行", "now"),
    "new": ("変更後", "changed"),
    "difference": ("差", "difference"),
    "name": ("区分", "part"),
    "tariff": ("運賃", "tariff"),
    "table": ("表で見る", "as a table"),
}
TILES: dict[str, Both] = {
    "vehicles": ("車両", "vehicles"),
    "trips": ("便", "trips"),
    "cards": ("カード", "cards"),
    "boardings": ("乗車", "boardings"),
    "alightings": ("精算された乗車", "settled rides"),
    "fares_yen": ("運賃収入（円）", "fares, yen"),
    "refused": ("受付不可", "refused taps"),
    "torn": ("途中で離れたカード", "torn taps"),
    "confirmed": ("あとで確認した書き込み", "writes confirmed later"),
}
OF_IT: tuple[tuple[str, Both], ...] = (
    ("coupons_yen", ("　うち回数券", "of it coupons")),
    ("points", ("　うちポイント（1点を1円として）", "of it points, a point as a yen")),
)
"""What holdings are besides stored fare."""
COUNT: tuple[tuple[str, Both], ...] = (
    ("on_cards_yen", ("カード残額（読み戻し）", "yen on cards, read back")),
    ("cash_yen", ("＋ 現金", "+ cash taken")),
    ("credit_yen", ("＋ クレジット（オートチャージ）", "+ credit billed (auto-charge)")),
    ("opening_yen", ("− 期首残額", "− opening balance")),
    ("ledger_yen", ("− 帳簿（ジャーナル）", "− ledger, from the journals")),
    ("difference_yen", ("差額", "difference")),
)
REFUSED_RIDES: Both = ("受付不可となる乗車", "rides refused")
RECONCILES: Both = ("一致しました", "reconciles")
BROKEN: Both = ("一致しません", "DOES NOT RECONCILE")
NOTHING: Both = ("ありません。", "None.")
SEE: Both = ("同じ結果を得るには：", "The same again: ")
ASSUMED: Both = (
    "事業者ファイルがないため LOCOCA の規則で計算しました。",
    "no operator file names it; LOCOCA's rules are assumed.",
)
