"""An amount of money, chosen from evenly spaced ones: hundreds of options, written in one go.

Django's own select draws every option by a template of its own, which took most of the time of the page of auto-charge.
"""

from functools import cache
from typing import Any, ClassVar

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from centre.words import both, in_yen

_NOT_OFFERED = both("表示されている金額から正しく選択してください。", "Choose one of the amounts shown.")


class YenSelect(forms.Widget):
    """A select of `amounts`."""

    amounts = range(0)

    def use_required_attribute(self, initial: Any) -> bool:
        """There is no empty option, so that one is always chosen."""
        return False

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """As Django's `Select` is drawn. What is not among the amounts selects none."""
        drawn = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        options = _options(self.amounts)
        chosen = self.format_value(value)
        if chosen in map(str, self.amounts):
            # Digits alone: they were among the amounts.
            options = options.replace(f'value="{chosen}"', f'value="{chosen}" selected', 1)
        return format_html("<select{}>{}</select>", drawn, mark_safe(options))


class YenField(forms.IntegerField):
    """Yen, of the amounts offered and no other."""

    widget = YenSelect
    default_error_messages: ClassVar = {
        "required": _NOT_OFFERED,
        "invalid": _NOT_OFFERED,
    }

    def offer(self, amounts: range) -> None:
        """What may be chosen."""
        self._amounts = amounts
        assert isinstance(self.widget, YenSelect)
        self.widget.amounts = amounts

    def validate(self, value: int | None) -> None:
        """Raises ValidationError for what is missing or not offered."""
        super().validate(value)
        if value is not None and value not in self._amounts:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")


@cache
def _options(amounts: range) -> str:
    return "\n".join(f'<option value="{amount}">{in_yen(amount)}</option>' for amount in amounts)
