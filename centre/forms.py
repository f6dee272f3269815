"""How every form of the centre is drawn: `{{ form }}` on a page is a summary of what is wrong, then field by field."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_SELECT = "django/forms/widgets/select.html"


class Renderer(TemplatesSetting):
    """Labels say what must be filled in; a field's help and errors are tied to it (aria-describedby).

    Selects are written here: Django's templates take three for each option, most of the time of a page with a form.
    """

    form_template_name = "centre/forms/form.html"
    field_template_name = "centre/forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        """As HTML."""
        if template_name == _SELECT:
            return _select(context["widget"])
        return super().render(template_name, context, request)


def _select(widget: Mapping[str, Any]) -> SafeString:
    groups = format_html_join("\n", "{}", ((_group(name, options),) for name, options, _ in widget["optgroups"]))
    return format_html('<select name="{}"{}>{}</select>', widget["name"], _attributes(widget["attrs"]), groups)


def _group(name: str | None, options: Iterable[Mapping[str, Any]]) -> SafeString:
    drawn = format_html_join(
        "\n",
        '<option value="{}"{}>{}</option>',
        ((option["value"], _attributes(option["attrs"]), option["label"]) for option in options),
    )
    return drawn if name is None else format_html('<optgroup label="{}">{}</optgroup>', name, drawn)


def _attributes(attrs: Mapping[str, Any]) -> SafeString:
    """A name alone where it is True, nothing where it is False."""
    return format_html_join(
        "",
        "{}{}",
        (
            (format_html(" {}", name), "" if value is True else format_html('="{}"', value))
            for name, value in attrs.items()
            if value is not False
        ),
    )
