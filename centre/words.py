"""What people read, in both languages, where it is used."""

from django.utils.functional import lazy
from django.utils.translation import get_language


def said(ja: str, en: str) -> str:
    """Of the two, the one in the reader's language."""
    return en if (get_language() or "ja").startswith("en") else ja


both = lazy(said, str)
"""The same, chosen when it is shown: for what is written down before anybody reads it (labels, choices)."""


def in_yen(amount: int) -> str:
    """`9,660円`, in both languages: it is what stands on tickets and bills."""
    return f"{amount:,}円"
