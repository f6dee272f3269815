"""The operator's rules in force on a day."""

from datetime import date
from functools import cache

from centre.portal.rules_entry import SCHEME
from farebox.feed.operators import Operators, load_operators
from tariff.rulebook import Rulebook


@cache
def _operators() -> Operators:
    return load_operators()


def on(day: date) -> Rulebook:
    """Those of the portal's scheme."""
    return _operators().on(SCHEME, day)
