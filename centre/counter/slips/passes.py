"""What a pass is, on paper: the card itself bears none of it (LOC-12, IGP-13). Pure."""

from datetime import date
from typing import NamedTuple

from centre.counter.slips.sheet import Both, Fact, Issued, Note, Part, Sheet, day_text, days_text, masked, yen_text


class PassOnSlip(NamedTuple):
    """A pass in words.

    title     the product's, as the operator file has it (通勤定期)
    where     one line for each section (磐城棚倉 ⇔ 新白河), or the name of the area or line
    operator  the company on whose buses it is good (PASS-8)
    """

    title: str
    where: tuple[str, ...]
    operator: str
    first_day: date
    last_day: date
    bearer: bool


class Person(NamedTuple):
    """Whom a named card belongs to, as the reference paper shows it (IGP-13)."""

    kana_name: str
    sex: str
    birth: date | None
    telephone: str


def section_text(start: str, end: str, *, one_way: bool) -> str:
    """磐城棚倉 ⇔ 新白河; a one-way section has an arrow (PASS-1)."""
    return f"{start} {'→' if one_way else '⇔'} {end}"


def pass_contents(
    number: str, kind: str, holder: str, held: PassOnSlip, price_yen: int, sold_on: date, issued: Issued
) -> Sheet:
    """定期券内容控 (LOC-12): carried with the card, shown to drivers, needed at refund. `holder`: "" for none."""
    parts = (
        *_pass_facts(held),
        Fact(Both("氏名", "Holder"), _called(holder, held.bearer)),
        Fact(Both("カード", "Card"), f"{kind}　{masked(number)}"),
        Fact(Both("発売額", "Price"), yen_text(price_yen)),
        Fact(Both("発売日", "Sold on"), day_text(sold_on)),
        Note(
            Both(
                "カードと一緒に必ず携帯し、乗務員がお尋ねした際はご提示ください。この控だけではご乗車になれません。",
                "Carry it with the card and show it to the driver on request. It is no ticket by itself.",
            )
        ),
        Note(
            Both(
                "払戻しの際に必要です。なくさないようご注意ください。",
                "Needed for a refund: please keep it.",
            )
        ),
    )
    return Sheet(Both("定期券内容控", "Contents of the pass"), issued, parts)


def _pass_facts(held: PassOnSlip) -> tuple[Part, ...]:
    return (
        Fact(Both("券種", "Pass"), held.title, large=True),
        Fact(Both("区間", "Valid"), "\n".join(held.where), large=True),
        Fact(Both("有効期間", "From and to"), days_text(held.first_day, held.last_day), large=True),
        Fact(Both("運行会社", "Operator"), held.operator),
    )


def _called(holder: str, bearer: bool) -> str:
    return "持参人 (bearer)" if bearer or not holder else f"{holder} 様"


def reference_paper(
    number: str, kind: str, person: Person, expires: date | None, held: PassOnSlip | None, issued: Issued
) -> Sheet:
    """レファレンスペーパー (IGP-13): what a named card holds, for its holder to know; no ticket by itself."""
    parts: list[Part] = [
        Fact(Both("氏名", "Holder"), f"{person.kana_name} 様", large=True),
        Fact(Both("カード", "Card"), f"{kind}　{masked(number)}"),
        Fact(Both("性別", "Sex"), person.sex or "－"),
        Fact(Both("生年月日", "Born"), day_text(person.birth) if person.birth else "－"),
        Fact(Both("電話番号", "Telephone"), person.telephone or "－"),
        Fact(Both("カード期限", "Card ends"), day_text(expires) if expires else "なし (none)"),
    ]
    if held is not None:
        parts += _pass_facts(held)
    parts += [
        Note(
            Both(
                "ご本人の覚えです。ICカードとしての効力はありません。カードと一緒に携帯し、係員が求めた際はご提示ください。",
                "For the holder's own use; it is no card. Carry it with the card and show it on request.",
            )
        )
    ]
    if held is not None:
        parts.append(
            Note(
                Both(
                    "定期券または機器の故障の際は、当社が認めるときに限り、カードとこの用紙のご提示でご乗車になれます。",
                    "If the pass or a machine fails, card and paper together let you ride, where the company agrees.",
                )
            )
        )
    return Sheet(Both("レファレンスペーパー", "Reference paper"), issued, tuple(parts))
