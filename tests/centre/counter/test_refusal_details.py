"""What a refusal is about, in the clerk's language."""

import ast
from pathlib import Path

import pytest
from django.utils import translation

import centre.counter
from centre.counter.details import detail_words, refusal_words
from tariff.refusal import Code, Refusal

_COUNTER = Path(centre.counter.__file__).parent
_AT = {"Refusal": 2, "not_eligible": 1}
"""Where the detail stands among the arguments of what makes a refusal."""


def said_by_the_counter() -> list[str]:
    """Every detail that its operations have as a plain text."""
    found = set()
    for path in (*_COUNTER.glob("operations/*.py"), _COUNTER / "carrying.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _AT:
                detail = [*call.args, None, None, None][_AT[call.func.id]]
                if isinstance(detail, ast.Constant) and isinstance(detail.value, str):
                    found.add(detail.value)
    return sorted(found)


def test_the_operations_say_something() -> None:
    assert len(said_by_the_counter()) > 20 and "no slip was given" in said_by_the_counter()


@pytest.mark.parametrize("english", said_by_the_counter())
def test_ctr_1_a_clerk_reads_in_japanese_what_a_refusal_is_about(english: str) -> None:
    refusal = Refusal(Code.NOT_ELIGIBLE, "CTR-1", english)
    with translation.override("ja"):
        assert english not in detail_words(refusal)
    with translation.override("en"):
        assert detail_words(refusal) == english


@pytest.mark.parametrize(
    ("code", "rule", "detail", "words"),
    [
        (Code.OVER_CAP, "GEN-3", "31703 > 20000", "残額の上限を超えます（GEN-3）：31,703円（上限 20,000円）"),
        (
            Code.NOT_ELIGIBLE,
            "IGP-25",
            "papers: identity",
            "このカード・お客さまは対象外です（IGP-25）：本人確認書類を確認し、氏名と生年月日を入力してください",
        ),
        (
            Code.NOT_ELIGIBLE,
            "LOC-17",
            "papers: old-card, reissue-slip",
            "このカード・お客さまは対象外です（LOC-17）：必要な書類：使えなくなったカード、再発行整理票",
        ),
        (
            Code.NOT_SOLD,
            "GEN-19",
            "2026-11-21 to 2026-11-27",
            "そのようには発売できません（GEN-19）：2026/11/21～2026/11/27に限ります",
        ),
        (Code.NOT_ELIGIBLE, "faults 46", "refunded", "このカード・お客さまは対象外です（faults 46）：払戻済"),
        (
            Code.NOT_ELIGIBLE,
            "AUT-6",
            "3000 yen of auto-charge is unpaid",
            "このカード・お客さまは対象外です（AUT-6）：オートチャージの未払いが3,000円あります",
        ),
        (
            Code.NOT_CONFIGURED,
            "GEN-17",
            "reissue",
            "取扱いが設定されていません（GEN-17）：再発行は事業者ファイルに定めがありません",
        ),
        (Code.NO_FARE, "GEN-4", "若松駅 → 七日町", "この区間の運賃が登録されていません（GEN-4）：若松駅 → 七日町"),
    ],
)
def test_ctr_1_amounts_days_and_papers_stand_as_a_clerk_writes_them(
    code: Code, rule: str, detail: str, words: str
) -> None:
    with translation.override("ja"):
        assert refusal_words(Refusal(code, rule, detail)) == words
