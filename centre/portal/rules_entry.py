"""What members type in: when it is right (PRT-1, PRT-3), and how a card is shown. Values in, values out."""

import re
from datetime import date
from enum import StrEnum

from tariff.calendar import has_attained

SCHEME = "aizu-noruca"
"""The scheme whose members the portal serves (PRT)."""

PASSWORD_LEAST, PASSWORD_MOST = 8, 32
KANA_MOST = 15
_ENGRAVED = re.compile(r"AZ[0-9A-Z]{14}")
_KANA = re.compile(r"[ァ-ヺー]+")
_DIGITS = re.compile(r"[0-9]{1,15}")
_POSTAL_CODE = re.compile(r"[0-9]{7}")
_SPACES = str.maketrans("", "", " \u3000")
_OLDEST_YEARS = 120


class Wrong(StrEnum):
    """Why what was typed won't do; `views` have the words for it."""

    PASSWORD_LENGTH = "password-length"
    PASSWORD_LETTERS = "password-letters"  # other than half-width letters and digits, or only one kind of them
    PASSWORD_HAS_ADDRESS = "password-has-address"  # holds the part of the e-mail address before @
    POSTAL_CODE = "postal-code"
    BIRTH = "birth"
    ENGRAVED = "engraved"
    KANA = "kana"
    TELEPHONE = "telephone"


def wrong_with_password(password: str, email: str) -> Wrong | None:
    """Why a password won't do (PRT-1): 8 to 32 half-width letters and digits, both present, and not the address in it.

    The address's part before @ is looked for whatever its case.
    """
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        return Wrong.PASSWORD_LENGTH
    if not (password.isascii() and password.isalnum()) or password.isalpha() or password.isdigit():
        return Wrong.PASSWORD_LETTERS
    local = email.rpartition("@")[0].lower()
    return Wrong.PASSWORD_HAS_ADDRESS if local and local in password.lower() else None


def wrong_with_postal_code(code: str) -> Wrong | None:
    """Seven half-width digits, no hyphen (PRT-1)."""
    return None if _POSTAL_CODE.fullmatch(code) else Wrong.POSTAL_CODE


def wrong_with_birth(birth: date, today: date) -> Wrong | None:
    """A day on which a person who lives was born (PRT-1): not to come, and not 120 years ago."""
    lives = birth <= today and birth.year > _OLDEST_YEARS and not has_attained(birth, _OLDEST_YEARS, today)
    return None if lives else Wrong.BIRTH


def engraved_number(typed: str) -> str | Wrong:
    """The number on the back of the card, as the centre writes it: AZ and 14 half-width letters and digits (PRT-3)."""
    number = typed.upper() if typed.isascii() else ""
    return number if _ENGRAVED.fullmatch(number) else Wrong.ENGRAVED


def kana_name(typed: str) -> str | Wrong:
    """A name in full-width kana, family and given name together, at most 15 (PRT-3); spaces don't count."""
    name = typed.translate(_SPACES)
    return name if len(name) <= KANA_MOST and _KANA.fullmatch(name) else Wrong.KANA


def telephone(typed: str) -> str | Wrong:
    """Half-width digits, no hyphen (PRT-3)."""
    return typed if _DIGITS.fullmatch(typed) else Wrong.TELEPHONE


def same_name(one: str, other: str) -> bool:
    """Whether two kana names are one person's, however they are spaced."""
    return one.translate(_SPACES) == other.translate(_SPACES)


def shown_number(number: str) -> str:
    """How a page shows a card: `*****0972` (PRT-3)."""
    return "*****" + number[-4:]
