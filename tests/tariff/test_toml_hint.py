"""A file that is not TOML: what is most often wrong where people write Japanese."""

import tomllib

import pytest

from tariff.toml_hint import toml_hint


def hint(text: str) -> str:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    return toml_hint(text, str(caught.value)).removeprefix("; ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("balance = １９５", "'１' is a full-width sign: type '1'"),
        ("balance　= 195", "a full-width space: type a plain one"),
        ("balance ＝ 195", "'＝' is a full-width sign: type '='"),
        ('a = 1\nb = { board = "花子"、at = "駅" }', "'、' is a full-width sign: type ','"),
        ("stop = ”駅”", "'”' is a full-width sign: type '\"'"),
        ("[カード]", 'names that are not plain letters go in quotes, as [cards."花子"]'),
        ("題 = 3", 'names that are not plain letters go in quotes, as [cards."花子"]'),
        ("stop = 駅", "a text goes in quotes"),
        ("date = 2026/11/20", "write a date as 2026-11-20"),
        ('a = { refused = "short" short = 10 }', "is a comma missing?"),
        ("a = ", ""),
        ('a = "１、２" b', ""),
        ("date = 2026-11-31", ""),
        ("a =" + "１" * 3_000, ""),
    ],
)
def test_what_to_do_is_said(text: str, said: str) -> None:
    assert hint(text) == said


def test_an_error_without_a_line_has_no_hint() -> None:
    assert toml_hint("a", "nested too deep") == ""
    assert toml_hint("a", "at line 7, column 1") == ""
