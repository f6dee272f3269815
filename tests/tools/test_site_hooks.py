"""What the site makes of pages."""

from types import SimpleNamespace

import pytest

from tools.site_hooks import on_page_markdown

PAGE = SimpleNamespace(file=SimpleNamespace(src_uri="card.md"))


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (
            "see [the code](../tariff/fares.py) and [the keys](keys.md#where)",
            "see the code and [the keys](keys.md#where)",
        ),
        (
            "カードを置き、\n  [紙幣](top_up.md)を入れ、\n取ります。",
            "カードを置き、[紙幣](top_up.md)を入れ、取ります。",
        ),
        ("一つめ。\n- 二つめ\n1. 三つめ\n", "一つめ。\n- 二つめ\n1. 三つめ\n"),
        ("見出し\n\n本文", "見出し\n\n本文"),
        ("```text\n乗車\n降車\n[x](../x)\n```\n", "```text\n乗車\n降車\n[x](../x)\n```\n"),
        ("fares\nand passes", "fares\nand passes"),
    ],
)
def test_links_to_code_are_names_and_japanese_runs_on(page: str, shown: str) -> None:
    assert on_page_markdown(page, PAGE) == shown
