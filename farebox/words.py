"""What people read, in Japanese and English: one entry per code, chosen by --lang or the environment."""

import os
from enum import StrEnum

from farebox.cancelling import Cancelled
from farebox.formats.journal import Intent
from farebox.peripherals.note_acceptor import Phase
from farebox.result import Result, Side
from farebox.tap import NoteCode
from tariff.lines import Line, Word
from tariff.refusal import Code, Refusal


class Language(StrEnum):
    """The languages of displays, slips and commands."""

    JA = "ja"
    EN = "en"


Both = tuple[str, str]
"""Japanese, English."""


def say(both: Both, language: Language) -> str:
    """One of the two."""
    return both[0] if language is Language.JA else both[1]


def default_language() -> Language:
    """Japanese if the environment says so (LC_ALL, LANG), else English."""
    spoken = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return Language.JA if spoken.startswith("ja") else Language.EN


REFUSALS: dict[Code, Both] = {
    Code.OUT_OF_SERVICE: ("運行外のため利用できません", "out of service"),
    Code.TWO_CARDS: ("カードは1枚だけかざしてください", "touch one card only"),
    Code.BUSY: ("ほかのカードを処理中です", "busy with another card"),
    Code.TOUCH_AGAIN: ("もう一度タッチしてください", "touch again"),
    Code.FOREIGN_CARD: ("このカードは使えません", "card not accepted here"),
    Code.UNREADABLE_CARD: ("カードを読み取れません", "card can't be read"),
    Code.ALTERED_CARD: ("カードの内容が正しくありません", "card contents are not right"),
    Code.WRONG_KEY: ("カードを確認できません", "card can't prove itself"),
    Code.EXPIRED_CARD: ("カードの有効期限が切れています", "card has expired"),
    Code.HOTLISTED: ("使用停止のカードです", "card is stopped"),
    Code.CLOCK_NOT_SET: ("時計が未設定です・乗務員へ", "clock is not set: driver"),
    Code.NO_BOARDING: ("乗車記録がありません・乗務員へ", "no boarding record: driver"),
    Code.SHORT: ("残額不足です・乗務員へ", "short of stored fare: driver"),
    Code.NO_FARE: ("運賃が登録されていません", "no fare for this ride"),
    Code.HOLDER_ONLY: ("記名人以外は利用できません", "holder only"),
    Code.OPEN_RIDE: ("前回の降車処理がありません", "last ride never closed"),
    Code.OVER_CAP: ("残額の上限を超えます", "over the stored-fare cap"),
    Code.TOO_LARGE: ("カードに記録できません", "card can't hold this"),
    Code.EXCLUDED_SERVICE: ("この路線では利用できません", "no cards on this service"),
    Code.NOT_CONFIGURED: ("取扱いが設定されていません", "not configured"),
    Code.NOT_CARRIED: ("持ち込めない手回り品です", "luggage not carried"),
    Code.NOT_SOLD: ("発売できません", "not sold so"),
    Code.NOT_ELIGIBLE: ("対象外です", "not for this card or person"),
    Code.COUPON_REFUSED: ("この回数券は使えません", "coupon not taken so"),
    Code.NOT_CANCELLABLE: ("取消できません", "can't be cancelled"),
    Code.NOT_AT_STOP: ("停留所で停車中にチャージできます", "top up only at a stop"),
    Code.NO_NOTES: ("紙幣を受け付けられません", "no notes taken now"),
    Code.CARD_FULL: ("カードの書込上限です・交換", "card is worn out: exchange"),
}

NOTES: dict[NoteCode, Both] = {
    NoteCode.INCOMPLETE_RIDE: ("前回の降車なし", "last ride incomplete"),
    NoteCode.FIRST_BOARDING_KEPT: ("乗車済み", "boarded already"),
    NoteCode.FIRST_RESULT_SHOWN: ("精算済み", "settled already"),
    NoteCode.SETTLEMENT_CANCELLED: ("取消済み・もう一度タッチ", "cancelled already: touch again"),
    NoteCode.DIRECTIVE_APPLIED: ("カード内容を更新しました", "card updated"),
    NoteCode.DIRECTIVE_REFUSED: ("カード内容を更新できません", "card can't be updated"),
    NoteCode.CLOCK_NOT_SET: ("時計未設定・定期券などは使えません", "clock not set: no benefit of a date"),
}

LINES: dict[Word, Both] = {
    Word.FARE: ("運賃", "fare"),
    Word.COVERED: ("定期区間内", "within the pass"),
    Word.EXCESS: ("乗り越し", "excess"),
    Word.THROUGH_CHEAPER: ("通し運賃が安い", "through fare is cheaper"),
    Word.FLAT_FARE: ("企画運賃", "flat fare"),
    Word.COMPANION: ("同行者", "companion"),
    Word.FAMILY: ("同居家族", "family"),
    Word.ATTENDANT: ("介護人", "attendant"),
    Word.RIDES_FREE: ("無賃", "rides free"),
    Word.LUGGAGE: ("手回り品", "luggage"),
    Word.AUTO_CHARGED: ("オートチャージ", "auto-charge"),
    Word.AUTO_CHARGE_HELD: ("オートチャージなし", "no auto-charge"),
    Word.POINTS_LAPSED: ("交通ポイント失効", "transport points lapsed"),
    Word.POINTS_EARNED: ("交通ポイント付与", "transport points earned"),
    Word.WELFARE_POINTS: ("福祉ポイント", "welfare points"),
    Word.TRANSPORT_POINTS: ("交通ポイント", "transport points"),
    Word.STORED_FARE: ("SF", "stored fare"),
    Word.ECO: ("ちょこっとエコ回数券", "eco coupons"),
    Word.STUDENT: ("学割回数券", "student coupons"),
    Word.REGULAR: ("普通回数券", "regular coupons"),
    Word.CASH: ("現金", "cash"),
}

SIDES: dict[Side, Both] = {
    Side.BOARDING: ("乗車", "board"),
    Side.ALIGHTING: ("降車", "alight"),
    Side.EITHER: ("タッチ", "touch"),
}

NOTE_ALARMS: dict[Phase, Both] = {
    Phase.BOX_FULL: ("紙幣庫が満杯です", "the box is full"),
    Phase.BOX_OPEN: ("紙幣庫が開いています", "the box is open or out"),
    Phase.JAMMED: ("紙幣が詰まっています", "a note is jammed"),
    Phase.PAUSED: ("紙幣が2枚入っています", "a second note behind the first"),
    Phase.FAILED: ("紙幣機が故障しています", "the acceptor has failed"),
    Phase.SILENT: ("紙幣機が応答しません", "the acceptor does not answer"),
}
"""What keeps the note acceptor from taking notes."""

BOARDED: Both = ("ご乗車ありがとうございます", "welcome aboard")
PAID: Both = ("ありがとうございました", "thank you")
TOPPED_UP: Both = ("チャージ", "topped up")
TOP_UP: Both = ("チャージ", "top-up")
CANCELLED: Both = ("取消しました", "cancelled")
CASH_BACK: Both = ("現金を返す", "hand back in cash")
HISTORY: Both = ("ご利用履歴", "card history")
INSERT: Both = ("紙幣を入れてください", "put in a note of")
CONFIRMED: Both = ("前回の書込を確認", "earlier write confirmed")


def line_text(line: Line, language: Language) -> str:
    """A settlement's line: its rule, what it says, what it names, its yen."""
    named = f" {line.detail}" if line.detail else ""
    than = f" < {line.than_yen:,}" if line.than_yen else ""
    return f"{line.rule} {say(LINES[line.word], language)}{named} {line.yen:,}{than}"


def reason(result: Result, language: Language) -> str:
    """What a tap was judged and why: reasons, each led by its rule, with ` · ` between them."""
    parts = [_confirmed(result.confirmed, language)] if result.confirmed else []
    if result.refusal is not None:
        return " · ".join((*parts, refusal_text(result.refusal, language)))
    parts += [f"{note.rule} {say(NOTES[note.code], language)}" for note in result.notes]
    if result.alighted is not None and not result.shown_again:
        plain = (Word.STORED_FARE,) if result.alighted.settlement.cash_yen == 0 else ()
        lines = (line for line in result.alighted.settlement.lines if line.word not in plain)
        parts += [line_text(line, language) for line in lines]
    if result.notes_yen:
        parts.append(f"LOC-8 {say(INSERT, language)} {' / '.join(f'{yen:,}' for yen in result.notes_yen)}")
    if result.topped_up is not None:
        parts += [f"{rule} {say(TOPPED_UP, language)} {yen:,}" for rule, yen in result.topped_up.lines]
    if result.history is not None:
        parts.append(f"GEN-13 {say(HISTORY, language)} {len(result.history)}")
    if result.cancelled is not None:
        parts += _cancelled(result.cancelled, language)
    if (ending := result.pass_ending) is not None:
        parts.append(say((f"GEN-14 定期は{ending:%m/%d}まで", f"GEN-14 pass ends {ending:%m-%d}"), language))
    return " · ".join(parts)


def _confirmed(intent: Intent, language: Language) -> str:
    """That an earlier write was done after all, and what a ride took by it."""
    rule, yen = ("GEN-22", -intent.due_yen) if intent.action == "cancel" else ("GEN-9", intent.due_yen)
    taken = say((f" {yen:,}円", f", {yen:,} yen"), language) if intent.action in ("alight", "cancel") else ""
    return f"{rule} {say(CONFIRMED, language)}{taken}"


def _cancelled(cancelled: Cancelled, language: Language) -> list[str]:
    """What goes back, and what of it the driver hands over."""
    parts = [f"GEN-22 {say(CANCELLED, language)} {cancelled.due_yen:,}"]
    if cancelled.cash_yen:
        parts.append(f"GEN-22 {say(CASH_BACK, language)} {cancelled.cash_yen:,}")
    if cancelled.first.auto_charge_yen:
        parts.append(f"GEN-22 {say(LINES[Word.AUTO_CHARGED], language)} -{cancelled.first.auto_charge_yen:,}")
    return parts


def refusal_text(refusal: Refusal, language: Language) -> str:
    """Why a tap was not accepted, and the numbers or names a driver needs."""
    text = f"{refusal.rule} {say(REFUSALS[refusal.code], language)}"
    if refusal.code is Code.SHORT:
        due, short = f"{refusal.due_yen:,}", f"{refusal.short_yen:,}"
        amounts = say((f"運賃 {due} 不足 {short}", f"fare {due}, short {short}"), language)
        return " · ".join(filter(None, (text, amounts, refusal.detail)))
    return f"{text} · {refusal.detail}" if refusal.detail else text
