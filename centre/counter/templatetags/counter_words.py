"""`{% load counter_words %}`: codes as words, money, days."""

from collections.abc import Iterator
from datetime import date

from django import template

from centre.counter import words
from centre.counter.models import TrailEntry
from centre.counter.slips.sheet import day_text
from centre.words import said
from tariff.calendar import clock_in_japan, day_in_japan

register = template.Library()


@register.filter
def yen(amount: int) -> str:
    """1,000円 or 1,000 yen; what is given back has a minus."""
    return said(f"{amount:,}円", f"{amount:,} yen")


@register.filter
def day(value: date | None) -> str:
    """2026/11/21; nothing for no day."""
    return day_text(value) if value else ""


@register.filter
def moment(at_s: int | None) -> str:
    """2026/11/21 11:00:00, in Japan."""
    return "" if at_s is None else f"{day_text(day_in_japan(at_s))} {clock_in_japan(at_s)}"


@register.filter
def operation_words(name: str) -> str:
    """An operation."""
    return words.word(words.OPERATIONS, name)


@register.filter
def line_words(name: str) -> str:
    """What money is for."""
    return words.word(words.LINES, name)


@register.filter
def paper_words(name: str) -> str:
    """A paper to be shown."""
    return words.word(words.PAPERS, name)


@register.filter
def state_words(name: str) -> str:
    """What has become of a card."""
    return words.word(words.STATES, name)


@register.filter
def asked_words(name: str) -> str:
    """How far an operation has come."""
    return words.word(words.ASKED, name)


@register.filter
def what_words(name: str) -> str:
    """What stands in the audit trail."""
    return words.word(words.TRAIL, name)


@register.filter
def changes(entry: TrailEntry) -> Iterator[tuple[str, object, object]]:
    """What differs between before and after: its name, what it was, what it is."""
    for name in sorted({*entry.before, *entry.after}):
        old, new = entry.before.get(name, "－"), entry.after.get(name, "－")
        if old != new:
            yield name, old, new
