"""How every form of the centre is drawn: `{{ form }}` on a page is a summary of what is wrong, then field by field."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Labels say what must be filled in; a field's help and errors are tied to it (aria-describedby)."""

    form_template_name = "centre/forms/form.html"
    field_template_name = "centre/forms/field.html"
