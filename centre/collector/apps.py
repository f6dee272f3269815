"""The app, as Django calls it."""

from django.apps import AppConfig


class CollectorConfig(AppConfig):
    """The vehicles' segments."""

    name = "centre.collector"
