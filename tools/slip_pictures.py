"""Write the pictures of slips in docs/slips/: `python -m tools.slip_pictures`. Needs the extra `printer` and a font.

All of it is simulated (模擬), and the slips say so.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from farebox.slips.contents import Heading, Reissue, history_slip, masked, refusal_slip, reissue_slip
from farebox.slips.layout import laid_out
from farebox.slips.picture import PAPERS, drawn, font_path, png
from farebox.slips.slip import Slip
from farebox.uses import Use
from farebox.words import REFUSALS, Language
from tariff.calendar import midnight_in_japan_s, slip_days
from tariff.refusal import Code, Refusal

FOLDER = Path(__file__).parents[1] / "docs" / "slips"
COLUMNS = PAPERS["58mm"]
_DAY = date(2026, 11, 20)
_AT_S = midnight_in_japan_s(_DAY) + 27_000
_NUMBER = "LC00000000000001"
_USED = (
    Use(date(2026, 11, 20), "磐城棚倉", "新白河", 720, 0, 0, 1_280),
    Use(date(2026, 11, 19), "南湖公園", "新白河", 420, 120, 0, 2_000),
    Use(date(2026, 11, 18), "", "", 210, 0, 0, 2_300),
)


def slips() -> Mapping[str, Slip]:
    """Name of the picture -> slip."""
    japanese, english = (Heading("BUS-1", _AT_S, language, simulated=True) for language in Language)
    expired = Refusal(Code.EXPIRED_CARD, "GEN-11", "2026-11-19")
    first, last = slip_days(_DAY, 14)
    lost = Reissue(_NUMBER, True, ("通勤 磐城棚倉⇔新白河", "2026-12-31まで"), first, last, 500, 500, "LOC-16")
    return {
        "history.png": history_slip(masked(_NUMBER), 1_280, _USED, japanese),
        "history-en.png": history_slip(masked(_NUMBER), 1_280, _USED, english),
        "refusal.png": refusal_slip(expired, REFUSALS[expired.code][0], japanese),
        "reissue.png": reissue_slip(lost, japanese),
    }


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(exist_ok=True)
    for name, slip in slips().items():
        (FOLDER / name).write_bytes(png(drawn(laid_out(slip, COLUMNS), COLUMNS, font_path())))


if __name__ == "__main__":
    main()
