"""Rides that no card pays: which paper was shown or taken, and how the journal tells of it (LOC-19, IGP-13)."""

import re
from typing import NamedTuple, Self

from farebox.words import Both

PAPERS: dict[str, Both] = {
    "pass-slip": ("定期券内容控え・再発行整理票", "pass contents and reissue slip"),
    "reference-paper": ("参考用紙", "reference paper"),
    "paper-pass": ("紙の定期券", "paper pass"),
    "paper-coupons": ("紙の回数券", "paper coupons"),
}
"""Logged as manual: what the console calls each of them."""
MOST_YEN = 20_000
ACTION = "paper"
"""What the journal calls it."""
_TOLD = re.compile(r"([a-z-]{1,32}), (\d{1,9}) yen")


class Paper(NamedTuple):
    """A paper shown, or taken for so many yen."""

    kind: str
    yen: int

    @property
    def told(self) -> str:
        """As the journal's record has it."""
        return f"{self.kind}, {self.yen} yen"

    @classmethod
    def of(cls, told: str) -> Self | None:
        """A record's words -> the paper; None if they are none of ours."""
        found = _TOLD.fullmatch(told)
        return cls(found[1], int(found[2])) if found else None
