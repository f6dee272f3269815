"""The select of amounts is what Django's own would be; what it does not offer is refused."""

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.test.html import parse_html

from centre.portal.yen_field import YenField, YenSelect
from centre.words import in_yen

AMOUNTS = range(1_000, 10_001, 1_000)


def offering() -> YenField:
    field = YenField()
    field.offer(AMOUNTS)
    return field


@pytest.mark.parametrize("value", [None, 1_000, "10000", "100", "", '"><script>', "1000 "])
@pytest.mark.parametrize("attrs", [{}, {"id": "id_x", "aria-invalid": "true", "aria-describedby": "id_x_error"}])
def test_aut_1_the_select_is_drawn_as_djangos(value: object, attrs: dict[str, str]) -> None:
    select = YenSelect()
    select.amounts = AMOUNTS
    mine = select.render("x", value, attrs)
    djangos = forms.Select(choices=[(each, in_yen(each)) for each in AMOUNTS]).render("x", value, attrs)
    assert parse_html(mine) == parse_html(djangos)


def test_aut_1_two_fields_offer_each_its_own() -> None:
    one, other = offering(), offering()
    other.offer(range(100, 301, 100))
    assert (one.clean("10000"), other.clean("100")) == (10_000, 100)
    assert YenSelect.amounts == range(0)


@pytest.mark.parametrize("value", ["", None, "0", "1500", "11000", "-1000", "maybe", "1e3", "1000.5"])
def test_aut_1_what_is_not_offered_is_refused(value: str | None) -> None:
    with pytest.raises(ValidationError):
        offering().clean(value)
