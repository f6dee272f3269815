"""Names that were perhaps meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def near(asked: str, known: Iterable[str]) -> str:
    """`did you mean …?`, or some of what there is."""
    names = list(dict.fromkeys(known))
    found = get_close_matches(asked, names, 3, 0.4) or [name for name in names if asked in name][:3]
    if found:
        return f"did you mean {', '.join(found)}?"
    return f"there is {', '.join(names[:8])}{' …' if len(names) > 8 else ''}" if names else "there is none"
