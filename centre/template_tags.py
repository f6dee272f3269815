"""What every template may use, without loading it."""

from django import template

from centre.words import in_yen, said

register = template.Library()


@register.simple_tag
def say(ja: str, en: str) -> str:
    """`{% say "ログイン" "Log in" %}`: the words in the reader's language."""
    return said(ja, en)


@register.simple_tag
def yen(amount: int) -> str:
    """`{% yen 9660 %}`: 9,660円, in both languages, as it stands on tickets and bills."""
    return in_yen(amount)
