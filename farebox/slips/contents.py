"""What the slips say: last uses of a card (GEN-13), why a card was refused, a card to be reissued. Pure.

Slips name no person, and of a card's number only its end.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from farebox.slips.slip import Pair, Part, Ruled, Slip, Text
from farebox.uses import Use
from farebox.words import TOP_UP, Both, Language, say
from tariff.calendar import clock_in_japan, day_in_japan
from tariff.refusal import Code, Refusal

_SHOWN_CHARS = 4
_MAY_BE_TAKEN = frozenset(("faults 3", "faults 20"))
"""Refusals after which nobody can say yet whether the card was written: a lost answer, a journal that failed."""


class Heading(NamedTuple):
    """What every slip of a machine has in common: which machine, when, in which language."""

    machine: str
    at_s: int
    language: Language
    simulated: bool


def masked(number: str) -> str:
    """An engraved number but for its end: LC*****0001."""
    return f"{number[:2]}*****{number[-_SHOWN_CHARS:]}"


def history_slip(card: str, balance_yen: int, used: Sequence[Use], heading: Heading) -> Slip:
    """The last uses of a card, newest first (GEN-13). `card`: so much of its number as may be seen."""
    language = heading.language
    parts: list[Part] = _head(("ご利用履歴", "Card history"), heading)
    parts += [Pair(say(("カード", "card"), language), card), Ruled()]
    for use in used:
        parts += _use_parts(use, language)
    if not used:
        parts.append(Text(say(("ご利用の記録はありません", "no uses on record"), language)))
    parts += [
        Ruled(),
        Pair(say(("残額", "balance"), language), _yen(balance_yen, language)),
        Text(
            say(
                (
                    "降車の処理がなかったご乗車と、再発行・交換の前のご利用は載りません。",
                    "Rides never closed and uses before a reissue or an exchange are not shown.",
                ),
                language,
            )
        ),
    ]
    return Slip(tuple(parts), heading.simulated)


def _use_parts(use: Use, language: Language) -> list[Part]:
    balance = f"{say(('残額', 'balance'), language)} {use.balance_yen:,}"
    if use.top_up:
        return [Text(f"{use.day:%Y-%m-%d} {say(TOP_UP, language)}"), Pair(f"  +{use.due_yen:,}", balance)]
    unknown = say(("（他社・旧ダイヤ）", "(elsewhere)"), language)
    ride = f"{use.boarded or unknown}→{use.alighted or unknown}" if use.boarded or use.alighted else unknown
    parts: list[Part] = [
        Text(f"{use.day:%Y-%m-%d} {ride}"),
        Pair(f"  {say(('運賃', 'fare'), language)} {use.due_yen:,}", balance),
    ]
    if use.cash_yen:
        parts.append(Pair(f"  {say(('うち現金', 'of it cash'), language)} {use.cash_yen:,}", ""))
    if use.auto_charged_yen:
        parts.append(Pair(f"  {say(('オートチャージ', 'auto-charge'), language)} +{use.auto_charged_yen:,}", ""))
    return parts


class Where(NamedTuple):
    """Where a card was not taken: the stop, and the trip."""

    stop: str
    trip_id: str


def refusal_slip(refusal: Refusal, why: str, heading: Heading, where: Where | None = None) -> Slip:
    """Why a card was not taken, for the passenger to show at a counter. `why`: its code in words; `where`: on
    a trip.
    """
    language = heading.language
    parts: list[Part] = _head(("お取扱できません", "Not accepted"), heading)
    if where is not None:
        parts += [
            Pair(say(("停留所", "stop"), language), where.stop),
            Pair(say(("便", "trip"), language), where.trip_id),
        ]
    parts += [Ruled(), Text(why)]
    if refusal.detail:
        parts.append(Text(refusal.detail))
    parts.append(Pair(say(("記号", "code"), language), f"{refusal.code} {refusal.rule}"))
    if refusal.code is Code.SHORT:
        parts += [
            Pair(say(("運賃", "fare"), language), _yen(refusal.due_yen, language)),
            Pair(say(("不足", "short"), language), _yen(refusal.short_yen, language)),
        ]
    parts += [Ruled(), Text(say(_taken(refusal.rule), language))]
    return Slip(tuple(parts), heading.simulated)


def _taken(rule: str) -> Both:
    if rule in _MAY_BE_TAKEN:
        return (
            "お支払いの結果を確認できていません。次にカードを使うときに確認し、二重には差し引きません。",
            "Whether the card was charged is not known yet. Its next use settles that; nothing is taken twice.",
        )
    return ("このタッチの支払いはありません。", "This tap took nothing from the card.")


class Reissue(NamedTuple):
    """A card that is to be reissued (LOC-16, LOC-17, IGP-21, IGP-22).

    `pass_lines` are the pass's contents in words, `first_day` and `last_day` those on which the new card is handed out,
    both in. `rule` is the operator's own.
    """

    number: str
    lost: bool
    pass_lines: tuple[str, ...]
    first_day: date
    last_day: date
    fee_yen: int
    deposit_yen: int
    rule: str


def reissue_slip(case: Reissue, heading: Heading) -> Slip:
    """The slip against which a lost or damaged card is reissued (再発行整理票)."""
    language = heading.language
    why = ("紛失", "lost") if case.lost else ("障害", "damaged")
    parts = _head(("再発行整理票", "Reissue slip"), heading)
    parts += [
        Pair(say(("カード", "card"), language), masked(case.number)),
        Pair(say(("理由", "reason"), language), f"{say(why, language)} {case.rule}"),
    ]
    if case.pass_lines:
        parts += [Ruled(), Text(say(("定期券内容", "pass"), language)), *map(Text, case.pass_lines)]
    parts += [
        Ruled(),
        Text(say(("お渡し期間", "new card from and until"), language)),
        Pair("", f"{case.first_day:%Y-%m-%d}{say(('〜', ' to '), language)}{case.last_day:%Y-%m-%d}"),
        Pair(say(("手数料", "fee"), language), _yen(case.fee_yen, language)),
        Pair(say(("デポジット", "deposit"), language), _yen(case.deposit_yen, language)),
        Ruled(),
        Text(say(("この票は再発行しません。", "This slip is never reissued."), language)),
    ]
    return Slip(tuple(parts), heading.simulated)


def _head(title: Both, heading: Heading) -> list[Part]:
    """Title, machine and time."""
    when = f"{day_in_japan(heading.at_s):%Y-%m-%d} {clock_in_japan(heading.at_s)}"
    return [Text(say(title, heading.language), large=True), Pair(when, heading.machine)]


def _yen(yen: int, language: Language) -> str:
    return say((f"{yen:,}円", f"{yen:,} yen"), language)
