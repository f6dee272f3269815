"""The app, as Django calls it."""

from django.apps import AppConfig


class CounterConfig(AppConfig):
    """What clerks do."""

    name = "centre.counter"
