"""Passwords that are guessed first: the centre's own words with a number, beside the ones that everybody uses."""

import re

from django.core.exceptions import ValidationError

from centre.words import said

OWN_WORDS = frozenset(
    (
        "aizu",
        "aizubus",
        "aizunoruca",
        "noruca",
        "lococa",
        "lococard",
        "igoca",
        "igocard",
        "azaca",
        "ndcard",
        "farebox",
        "centre",
        "center",
        "counter",
        "portal",
        "member",
        "clerk",
        "supervisor",
        "auditor",
        "admin",
        "operator",
        "busca",
        "bus",
        "buscard",
        "basu",
        "iccard",
        "card",
        "teiki",
        "teikiken",
        "password",
        "passphrase",
        "pasuwado",
    )
)
"""Ours: names of the cards, the companies' trade, the roles. docs/centre/security.md tells of them."""
_NO_LETTERS = re.compile(r"[\W\d_]+")


class NotOurWords:
    """A validator of Django's: no password is one of OWN_WORDS, or two of them, with digits and signs around."""

    def validate(self, password: str, user: object = None) -> None:
        """Raises ValidationError."""
        words = [word for word in _NO_LETTERS.split(password.lower()) if word]
        together = "".join(words)
        if words and (together in OWN_WORDS or all(word in OWN_WORDS for word in words)):
            raise ValidationError(self.get_help_text(), code="password-own-word")

    def get_help_text(self) -> str:
        """Why."""
        return said(
            "このサービスの言葉と数字だけのパスワードは使えません。",
            "A word of this service with a number is no password.",
        )
