"""Selects are drawn as Django draws them, whatever stands in them."""

from typing import Any

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.test.html import parse_html

from centre.forms import Renderer

CHOICES: list[Any] = [
    [],
    [("a", "A")],
    [(1, "1ヶ月 9,660円"), (3, "3ヶ月")],
    [("", "---"), ('"><script>', "<b>&amp;'")],
    [("one", "1"), ("路線", [("x", "X"), ("<y>", "Y")])],
]


@pytest.mark.parametrize("choices", CHOICES)
@pytest.mark.parametrize("value", [None, "", "a", 1, '"><script>', "x"])
@pytest.mark.parametrize(
    "attrs", [{}, {"id": "id_x", "required": True, "disabled": False, "data-x": '"<&', "aria-invalid": "true"}]
)
def test_a_select_is_drawn_as_djangos(choices: list[Any], value: object, attrs: dict[str, Any]) -> None:
    for select in (forms.Select(choices=choices), forms.SelectMultiple(choices=choices)):
        chosen: Any = value if isinstance(select, forms.Select) or value is None else [value]
        mine = select.render("名前", chosen, attrs, Renderer())
        assert parse_html(mine) == parse_html(select.render("名前", chosen, attrs, TemplatesSetting()))
        assert "<script" not in mine
