"""Names of the codes in a history row. A code that is not here has no name: it is shown as a code, never guessed."""

from typing import NamedTuple


class Name(NamedTuple):
    """What a code means, in Japanese and English; `is_sure` is False where sources differ or are silent."""

    ja: str
    en: str
    is_sure: bool = True


WITH_CASH = 0x80
"""This bit of a process says that cash or other means paid too."""

TERMINALS: dict[int, Name] = {
    0x03: Name("乗越精算機", "fare adjustment"),
    0x04: Name("携帯端末", "portable"),
    0x05: Name("車載端末", "on-board"),
    0x07: Name("券売機", "ticket machine"),
    0x08: Name("券売機", "ticket machine"),
    0x09: Name("入金機", "top-up machine"),
    0x12: Name("モノレール券売機", "monorail machine"),
    0x13: Name("券売機", "machine"),
    0x14: Name("窓口", "counter"),
    0x15: Name("定期券発売機", "pass machine"),
    0x16: Name("改札機", "gate"),
    0x17: Name("簡易改札機", "simple gate"),
    0x18: Name("窓口端末", "counter"),
    0x19: Name("みどりの窓口", "green counter"),
    0x1A: Name("有人改札", "staffed gate"),
    0x1B: Name("モバイル", "mobile"),
    0x1C: Name("乗継精算機", "transfer adjustment"),
    0x1D: Name("連絡改札機", "connecting gate"),
    0x1F: Name("簡易入金機", "simple top-up"),
    0x20: Name("発行機", "issuing"),
    0x21: Name("精算機", "adjustment"),
    0x22: Name("窓口・バス", "counter or bus", is_sure=False),
    0x23: Name("新幹線改札機", "shinkansen gate"),
    0x24: Name("車内補充券発行機", "on-train"),
    0x34: Name("発売", "sale", is_sure=False),
    0x35: Name("車載入金", "on-board top-up", is_sure=False),
    0x36: Name("車載簡易改札機", "on-board simple gate"),
    0x46: Name("ALTTE", "ALTTE"),
    0x48: Name("ALTTE", "ALTTE"),
    0xC7: Name("物販端末", "goods"),
    0xC8: Name("物販端末", "goods"),
    0xC9: Name("物販端末", "goods"),
    0xCA: Name("物販端末", "goods"),
}

PROCESSES: dict[int, Name] = {
    0x01: Name("出場", "fare at exit"),
    0x02: Name("チャージ", "top-up"),
    0x03: Name("きっぷ購入", "ticket"),
    0x04: Name("精算", "adjustment"),
    0x05: Name("入場精算", "adjustment at entry"),
    0x06: Name("窓口出場", "counter exit"),
    0x07: Name("新規発行", "new"),
    0x08: Name("控除", "deduction"),
    0x0C: Name("バス", "bus", is_sure=False),
    0x0D: Name("バス運賃", "bus fare"),
    0x0F: Name("バス運賃", "bus fare"),
    0x10: Name("再発行", "reissue"),
    0x11: Name("再発行", "reissue"),
    0x13: Name("新幹線", "shinkansen"),
    0x14: Name("オートチャージ(入場)", "auto-charge at entry"),
    0x15: Name("オートチャージ(出場)", "auto-charge at exit"),
    0x17: Name("オートチャージ(PiTaPa)", "auto-charge (PiTaPa)"),
    0x19: Name("バス", "bus", is_sure=False),
    0x1A: Name("バス", "bus", is_sure=False),
    0x1B: Name("バス", "bus", is_sure=False),
    0x1D: Name("リムジンバス", "limousine bus"),
    0x1F: Name("バスチャージ", "bus top-up"),
    0x23: Name("バス企画券", "bus special ticket"),
    0x33: Name("取消", "cancelled"),
    0x46: Name("物販", "goods"),
    0x48: Name("特典チャージ", "bonus"),
    0x49: Name("レジ入金", "top-up at till"),
    0x4A: Name("物販取消", "goods cancelled"),
    0x4B: Name("入場後物販", "goods after entry"),
    0x84: Name("他社精算", "other operator"),
    0x85: Name("他社入場精算", "other operator"),
    0xC6: Name("物販(現金併用)", "goods with cash"),
    0xCB: Name("入場後物販(現金併用)", "goods after entry, with cash"),
}

ENTRIES_AND_EXITS: dict[int, Name] = {
    0x00: Name("-", "none"),
    0x01: Name("入場(オートチャージ)", "in (auto-charge)"),
    0x02: Name("入場・出場", "in and out"),
    0x03: Name("定期入場・SF出場", "pass in, SF out"),
    0x04: Name("SF入場・定期出場", "SF in, pass out"),
    0x05: Name("乗継割引", "transfer discount"),
    0x0E: Name("窓口出場", "counter exit"),
    0x0F: Name("バス", "bus"),
    0x12: Name("定期券の料金収受", "charge on a pass"),
    0x17: Name("バス乗継割引", "bus transfer"),
    0x1D: Name("バス乗継割引", "bus transfer"),
    0x21: Name("バス乗継割引", "bus transfer"),
}

REGIONS: dict[int, Name] = {
    0: Name("JR・関東", "JR and Kanto"),
    1: Name("中部", "Chubu"),
    2: Name("関西", "Kansai"),
    3: Name("その他", "other"),
}

GATE_KINDS: dict[int, Name] = {
    0: Name("精算", "adjustment"),
    2: Name("SF", "SF"),
    4: Name("定期券", "pass"),
}

BUS = frozenset({0x0D, 0x0F, 0x1F, 0x23})
"""Processes, with cash or without, whose row names a bus operator and a stop."""
GOODS = frozenset({0x46, 0x49, 0x4A, 0x4B})
"""Processes, with cash or without, whose row names a time and a shop's terminal."""


def process_name(process: int) -> Name | None:
    """A process's name; with the bit for cash, that of the plain process and the cash, which is then not sure."""
    plain = PROCESSES.get(process & ~WITH_CASH)
    if process in PROCESSES or not process & WITH_CASH or plain is None:
        return PROCESSES.get(process)
    return Name(f"{plain.ja}・現金併用", f"{plain.en}, with cash", is_sure=False)
