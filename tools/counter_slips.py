"""Write the pictures of the counter's slips in docs/screens/centre/slips/: `python -m tools.counter_slips`.

Needs the extras `centre` and `dev`, and a font. The cards, their holders and the clerk are made up (模擬).
"""

from datetime import date
from pathlib import Path
from typing import Any

from pypdfium2 import PdfDocument

from centre.counter.slips.font import font_path, opened
from centre.counter.slips.history import Used, history
from centre.counter.slips.passes import PassOnSlip, Person, pass_contents, reference_paper, section_text
from centre.counter.slips.pdf import pdf
from centre.counter.slips.receipt import Line, receipt
from centre.counter.slips.reissue import Reissuing, reissue_slip
from centre.counter.slips.sheet import Issued, Sheet

FOLDER = Path(__file__).parent.parent / "docs" / "screens" / "centre" / "slips"
_SCALE = 2.2
_AT_S = 1_795_226_400  # 2026-11-21 11:00 in Japan
ISSUED = Issued("20261121-000042", "ジェイアールバス関東 白河支店", "白河支店窓口", "窓口 花子", _AT_S, simulated=True)
_PASS = PassOnSlip(
    "通勤定期",
    (section_text("磐城棚倉", "南湖公園", one_way=False),),
    "ジェイアールバス関東 白河支店",
    date(2026, 12, 1),
    date(2027, 2, 28),
    bearer=False,
)
_NUMBER, _KIND, _HOLDER = "LC00000000000042", "記名式LOCOCA 一般", "シラカワ　タロウ"


def sheets() -> dict[str, Sheet]:
    """One of each kind."""
    return {
        "pass": pass_contents(_NUMBER, _KIND, _HOLDER, _PASS, 27_530, date(2026, 11, 21), ISSUED),
        "reference": reference_paper(
            "IG00000000000042",
            "記名式 一般",
            Person("モリオカ　ハナコ", "女", date(1990, 5, 1), "0190000000"),
            None,
            _PASS._replace(title="通勤定期（持参人）", where=(section_text("盛岡駅前", "県庁前", one_way=False),)),
            ISSUED._replace(operator="岩手県交通", counter="盛岡営業所"),
        ),
        "reissue": reissue_slip(
            Reissuing(
                _NUMBER, _KIND, _HOLDER, True, date(2026, 11, 21), date(2026, 11, 22), date(2026, 12, 5), 520, 500,
                "LOC-16", _PASS,
            ),
            ISSUED,
        ),
        "receipt": receipt(
            "新規カードと通勤定期券代として",
            (Line("通勤定期 3箇月", "LOC-11", 27_530), Line("デポジット", "LOC-5", 500)),
            _NUMBER,
            ISSUED,
        ),
        "refund": receipt(
            "カードと定期券の払戻し",
            (
                Line("チャージ残額（手数料220円引き）", "LOC-18", -1_780),
                Line("定期券（手数料520円引き）", "LOC-18", -12_340),
                Line("デポジット", "LOC-18", -500),
            ),
            _NUMBER,
            ISSUED,
            approved_by="責任者 一郎",
        ),
        "history": history(
            _NUMBER,
            1_780,
            (
                Used(date(2026, 11, 21), "磐城棚倉→新白河", 440, 1_780),
                Used(date(2026, 11, 20), "チャージ", -2_000, 2_220),
                Used(date(2026, 11, 20), "新白河→磐城棚倉", 440, 220),
            ),
            ISSUED,
        ),
    }  # fmt: skip


def picture(file: bytes) -> Any:
    """The first page of a PDF, as Pillow's."""
    with PdfDocument(file) as document:
        return document[0].render(scale=_SCALE).to_pil()


def main() -> None:
    """Write them all."""
    font = opened(font_path())
    for name, sheet in sheets().items():
        picture(pdf(sheet, font)).quantize(32).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
