"""The app, as Django calls it."""

from django.apps import AppConfig


class RunningConfig(AppConfig):
    """What keeps the centre running."""

    name = "centre.running"
