"""What a refusal is about, in Japanese: the rules say it in short English, which an English reader sees as it is."""

import re
from collections.abc import Callable, Mapping

from centre.counter.words import PAPERS, REFUSALS, STATES
from centre.words import said
from tariff.refusal import Refusal

DETAILS: Mapping[str, str] = {
    "a price, or a pass": "金額か定期券のどちらかを選んでください",
    "consent": "個人情報の取扱いへの同意が必要です",
    "name, telephone and date of birth": "氏名・電話番号・生年月日が必要です",
    "a card with the pass function only": "定期券機能だけのカードです",
    "money on a card without purses": "定期券機能だけのカードにチャージはできません",
    "a card with the pass function only has no purse": "定期券機能だけのカードにチャージはできません",
    "named card": "記名のカードに限ります",
    "date of birth": "生年月日が必要です",
    "child card": "小児のカードに限ります",
    "a pass of this card": "このカードの定期券を選んでください",
    "the pass on the card": "カードにある定期券に限ります",
    "a pass that is on the card no more": "この定期券はもうカードにありません",
    "a ride of today is not settled": "本日の降車がまだ処理されていません。降車後に操作してください",
    "a renewed pass waits for this card: give it back first": "書込み待ちの定期券を先に払い戻してください",
    "no deposit is held for it": "お預かりしているデポジットがありません",
    "an operation on this card is pending: lay it again first": "もう一度カードを置いて確認してください",
    "an operation on this card or number is pending: lay it again first": "もう一度カードを置いて確認してください",
    "not the card of the register": "登録の内容と異なるカードです",
    "no data registered": "記名情報が登録されていません",
    "papers: identity": "本人確認書類を確認し、氏名と生年月日を入力してください",
    "identity: not the data registered": "本人確認書類の氏名か生年月日が登録と異なります",
    "not an order of this counter and day": "本日この窓口の申込みではありません",
    "a slip of today, or of tomorrow by opening time": "整理票は本日か、翌日の営業開始までの日付に限ります",
    "engraved number": "刻印番号が読めません",
    "intent or gross negligence": "故意または重大な過失による障害です",
    "a slip is given once, and this card's is good still": "有効な整理票がすでにあります",
    "no slip was given": "整理票が発行されていません。先に届出をしてください",
    "the card was not taken in": "カードをお預かりしていません",
    "a new number": "新しいカードの刻印番号が必要です",
    "the second person is a supervisor, and another": "担当者以外の責任者が承認してください",
    "this key was used for another operation": "もう一度初めから操作してください",
    "this card or its number is issued already": "このカードか刻印番号はすでに発行されています",
    "the register says something else by now: begin again": "登録が変わりました。もう一度初めから操作してください",
    "number": "刻印番号を読み取れません",
    "period": "期間をご確認ください",
    "no pass": "定期券がありません",
    "not the pass on the card": "カードにある定期券ではありません",
    "refund of a card": "カードの払戻しは事業者ファイルに定めがありません",
    "refund of a pass": "定期券の払戻しは事業者ファイルに定めがありません",
    "reissue": "再発行は事業者ファイルに定めがありません",
    "exchange": "交換は事業者ファイルに定めがありません",
    "counter": "窓口でお取扱いします",
}
"""By the English."""


def _yen(text: str) -> str:
    return f"{int(text):,}円"


def _papers(names: str) -> str:
    return "必要な書類：" + "、".join(PAPERS[name][0] if name in PAPERS else name for name in names.split(", "))


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(form), words)
    for form, words in (
        (r"papers: (.+)", lambda found: _papers(found[1])),
        (r"(\d+) > (\d+)", lambda found: f"{_yen(found[1])}（上限 {_yen(found[2])}）"),
        (r"(\d+) yen of auto-charge is unpaid", lambda found: f"オートチャージの未払いが{_yen(found[1])}あります"),
        (
            r"top-up of (\d+) yen, not a multiple of (\d+)",
            lambda found: f"{_yen(found[1])}は{_yen(found[2])}単位ではありません",
        ),
        (r"reported lost", lambda _: "紛失の届出があります"),
        (r"reported (?:damaged|exchange)", lambda _: "障害・交換の届出があります"),
        (r"pass until ([\d-]+)", lambda found: f"{_day(found[1])}まで有効な定期券があります"),
        (r"([\d-]{10}) to ([\d-]{10})", lambda found: f"{_day(found[1])}～{_day(found[2])}に限ります"),
        (r"a second person approves: .*", lambda _: "責任者の承認が必要です"),
    )
)


def _day(iso: str) -> str:
    return iso.replace("-", "/")


def detail_words(refusal: Refusal) -> str:
    """What a refusal is about, in the reader's language; what is not known here stands as the rules said it."""
    english = refusal.detail or ""
    japanese = DETAILS.get(english) or (STATES[english][0] if english in STATES else "")
    for form, words in () if japanese else _FORMS:
        found = form.fullmatch(english)
        if found:
            japanese = words(found)
            break
    return said(japanese or english, english)


def refusal_words(refusal: Refusal) -> str:
    """Why something is refused, its rule, and what it is about."""
    detail = f"：{detail_words(refusal)}" if refusal.detail else ""
    return f"{said(*REFUSALS[refusal.code])}（{refusal.rule}）{detail}"
