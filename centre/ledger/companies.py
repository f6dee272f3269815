"""Whose books a yen stands in. Pure.

A scheme's cards are one company's, but LOCOCA's: two companies take them, and one owes their holders (LOC-6). Cards of
another scheme that is taken for its stored fare (IGP-2) are their issuer's, with whom is cleared alike.
"""

from collections.abc import Mapping

COMPANIES: Mapping[str, tuple[str, ...]] = {
    "lococa": ("lococa/0", "lococa/1"),
}
"""By scheme, where it is more than one: in the order of the numbers that the operator file gives them (LOC-6)."""
SHOWN: Mapping[str, tuple[str, str]] = {
    "lococa/0": ("ジェイアールバス関東 白河支店", "JR Bus Kanto, Shirakawa"),
    "lococa/1": ("新常磐交通", "Shin-Joban Kotsu"),
    "iwate-green-pass": ("岩手県交通", "Iwate-ken Kotsu"),
    "noruca": ("福島交通", "Fukushima Kotsu"),
    "aizu-noruca": ("会津バス", "Aizu Bus"),
}
"""Names in both languages."""


def companies_of(scheme: str) -> tuple[str, ...]:
    """All companies of a scheme."""
    return COMPANIES.get(scheme, (scheme,))


def issuer_of(scheme: str) -> str:
    """The company that owes the bearers what is on the scheme's cards. [D] Of LOCOCA the one that sells and refunds
    them: all counter work is done at Shirakawa (LOC-20).
    """
    return companies_of(scheme)[0]


def company_of(scheme: str, number: int) -> str:
    """The company that a card calls by a number; the issuer for a number that none has."""
    companies = companies_of(scheme)
    return companies[number] if number < len(companies) else companies[0]


def shown(company: str) -> tuple[str, str]:
    """A company's name in Japanese and English; as it is written in the books if it has none here."""
    return SHOWN.get(company, (company, company))
