"""What is most often wrong where a file is not TOML and people write Japanese: told beside the parser's own words."""

import re
from collections.abc import Iterator

_AT = re.compile(r"at line (\d+), column (\d+)")
_SLASHED_DATE = re.compile(r"=\s*\d{4}[/.]\d{1,2}[/.]\d{1,2}")
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*')
_MEANT = {"\u3000": " ", "、": ",", "。": ".", "“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"', "−": "-"}
_MOST_LINE = 2_000


def toml_hint(text: str, error: str) -> str:
    """`; ` and what to do, or nothing: for a parser's `error` that names line and column in this text."""
    at = _AT.search(error)
    lines = text.split("\n")
    if at is None or not 0 < int(at[1]) <= len(lines) or len(lines[int(at[1]) - 1]) > _MOST_LINE:
        return ""
    line = lines[int(at[1]) - 1]
    return next((f"; {hint}" for hint in _hints(line, _TEXTS.sub("", line))), "")


def _hints(line: str, bare: str) -> Iterator[str]:
    """For one line; `bare` is what stands in it outside of quotes and comments."""
    for sign in bare:
        meant = _meant(sign)
        if meant is not None:
            yield (
                f"{sign!r} is a full-width sign: type {meant!r}"
                if meant != " "
                else "a full-width space: type a plain one"
            )
    if not bare.partition("=")[0].isascii():
        yield 'names that are not plain letters go in quotes, as [cards."花子"]'
    if _SLASHED_DATE.search(bare):
        yield "write a date as 2026-11-20"
    if not bare.isascii():
        yield "a text goes in quotes"
    if re.search(r'["\d\]}]\s+\w+\s*=', _TEXTS.sub('""', line)):
        yield "is a comma missing?"


def _meant(sign: str) -> str | None:
    """The sign of ASCII for a full-width one (U+FF01 to U+FF5E, and the wide space)."""
    return chr(ord(sign) - 0xFEE0) if "！" <= sign <= "～" else _MEANT.get(sign)
