"""`{% load counter_words %}`: codes as words, money, days."""

import re
from datetime import date

from django import template

from centre import clock
from centre.counter import trail, words
from centre.counter.models import Asked, TrailEntry
from centre.counter.rules import rules, schemes
from centre.counter.slips.sheet import day_text
from centre.portal.rules_entry import SCHEME
from centre.users.models import User
from centre.words import said
from tariff.account import Account, HolderKind
from tariff.calendar import clock_in_japan, day_in_japan
from tariff.purses import money_yen

register = template.Library()
_REFUSALS = {code.value: told for code, told in words.REFUSALS.items()}


@register.filter
def yen(amount: int) -> str:
    """1,000円 or 1,000 yen; what is given back has a minus."""
    return said(f"{amount:,}円", f"{amount:,} yen")


@register.filter
def day(value: date | None) -> str:
    """2026/11/21; nothing for no day."""
    return day_text(value) if value else ""


@register.filter
def sees_payments(user: User) -> bool:
    """Whether the members' payments are theirs to look at: they are of the portal's operator (`for_staff(of=…)`)."""
    return user.scheme in ("", SCHEME)


@register.filter
def moment(at_s: int | None) -> str:
    """2026/11/21 11:00:00, in Japan."""
    return "" if at_s is None else f"{day_text(day_in_japan(at_s))} {clock_in_japan(at_s)}"


@register.filter
def operation_words(name: str) -> str:
    """An operation."""
    return words.word(words.OPERATIONS, name)


@register.filter
def approval_words(asked: Asked) -> str:
    """Why an operation takes two."""
    return words.word(words.APPROVALS, asked.operation)


@register.filter
def money(account: Account) -> str:
    """All the money on a card: stored fare, or coupons."""
    return yen(money_yen(account))


@register.filter
def operator_name(scheme: str) -> str:
    """What an operator's card is called."""
    return rules(scheme, clock.today()).name if scheme in schemes() else scheme


@register.filter
def taken(amount: int) -> str:
    """What a use took; what it gave (a top-up) has a plus."""
    return yen(amount) if amount >= 0 else f"+{yen(-amount)}"


@register.filter
def line_words(name: str) -> str:
    """What money is for."""
    return words.word(words.LINES, name)


@register.filter
def paper_words(name: str) -> str:
    """A paper to be shown."""
    return words.word(words.PAPERS, name)


@register.filter
def fact_words(name: str) -> str:
    """Something that a card holds."""
    return words.word(words.FACTS, name)


@register.filter
def fact(value: object) -> str:
    """What it holds of it: yes and no, classes, amounts and days in the reader's words."""
    if isinstance(value, bool):
        return said("はい", "yes") if value else said("いいえ", "no")
    if isinstance(value, list):
        return " / ".join(map(fact, value))
    return f"{value:,}" if isinstance(value, int) else _with_days(words.word(words.HOLDERS, str(value)))


def _with_days(text: str) -> str:
    """Days as everywhere on pages, two of them as a period."""
    shown = re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\1/\2/\3", text)
    return re.sub(r"(\d{4}/\d\d/\d\d) (?=\d{4}/)", r"\1～", shown)


@register.filter
def holder_words(holder: HolderKind) -> str:
    """Adult, child, disabled."""
    return words.word(words.HOLDERS, holder.name)


@register.filter
def state_words(name: str) -> str:
    """What has become of a card."""
    return words.word(words.STATES, name)


@register.filter
def asked_words(name: str) -> str:
    """How far an operation has come."""
    return words.word(words.ASKED, name)


@register.filter
def role_words(role: str) -> str:
    """Who did it: a clerk, a supervisor, an auditor."""
    return words.word(words.ROLES, role)


@register.filter
def said_words(text: str) -> str:
    """What was said with an entry; of a refusal its reason and rule, anything else as it stands."""
    code, _, rule = text.partition(" ")
    return f"{words.word(_REFUSALS, code)} {rule}" if code in _REFUSALS else text


@register.filter
def what_words(name: str) -> str:
    """What stands in the audit trail."""
    return words.word(words.TRAIL, name)


@register.filter
def changes(entry: TrailEntry) -> list[tuple[str, object, object]]:
    """What differs between an entry's before and after."""
    return trail.differing(entry.before, entry.after)
