"""What every template may use, without loading it."""

from django import template

from centre.words import said

register = template.Library()


@register.simple_tag
def say(ja: str, en: str) -> str:
    """`{% say "ログイン" "Log in" %}`: the words in the reader's language."""
    return said(ja, en)
