"""Our own bench card on a terminal: its facts a line each, its last uses as a table."""

from rich.console import Console

from farebox.words import TOP_UP, Language, say
from tools.card.bench_facts import Facts
from tools.tariff.view import is_rich, table

_LABELS: dict[str, tuple[str, str]] = {
    "writes": ("書込回数", "writes"),
    "number": ("カード番号", "number"),
    "issued": ("発行日", "issued"),
    "refused": ("使用不可", "refused"),
    "scheme": ("カード", "scheme"),
    "sequence": ("通番", "sequence"),
    "balance_yen": ("残額(円)", "balance, yen"),
    "holder": ("利用者", "holder"),
    "named": ("記名", "named"),
    "expires": ("有効期限", "expires"),
    "pass": ("定期券", "pass"),
    "auto_charge": ("オートチャージ", "auto-charge"),
    "ride": ("乗車記録", "ride"),
    "coupons_regular_yen": ("普通回数券(円)", "regular coupons, yen"),
    "coupons_student_yen": ("学割回数券(円)", "student coupons, yen"),
    "coupons_eco_yen": ("ちょこっとエコ回数券(円)", "eco coupons, yen"),
    "points": ("交通ポイント", "transport points"),
    "points_last_day": ("最終ポイント日", "points' last day"),
    "welfare_points": ("福祉ポイント", "welfare points"),
}
_USES = (
    "日付\t利用\t便\t乗車\t降車\t運賃・入金\t現金\t自動入金\t残額",
    "day\tuse\ttrip\tboarded\talighted\tdue or added\tcash\tauto-charged\tbalance",
)
_KINDS: dict[object, tuple[str, str]] = {"ride": ("乗車", "ride"), "top-up": TOP_UP}


def show_bench(facts: Facts, out: Console, language: Language) -> None:
    """What bench_facts found."""
    made = table("", "", rich=False)
    made.show_header = False
    for key, value in facts.items():
        if key != "last_uses":
            made.add_row(say(_LABELS[key], language), _text(value, language))
    out.print(made)
    uses = facts.get("last_uses")
    if uses is None:
        return
    assert isinstance(uses, list)
    if not uses:
        out.print(say(("利用履歴なし", "no last uses"), language))
        return
    heads = say(_USES, language).split("\t")
    rows = table(*heads, right=tuple(range(2, len(heads))), rich=is_rich(out))
    for use in uses:
        rows.add_row(
            *(_text(say(_KINDS[value], language) if key == "use" else value, language) for key, value in use.items())
        )
    out.print(rows)


def _text(value: object, language: Language) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return say(("あり", "yes") if value else ("なし", "no"), language)
    return f"{value:,}" if isinstance(value, int) else str(value)
