"""The app, as Django calls it."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """What members do."""

    name = "centre.portal"
