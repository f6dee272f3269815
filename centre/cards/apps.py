"""The app, as Django calls it."""

from django.apps import AppConfig


class CardsConfig(AppConfig):
    """Cards, their holders, passes and auto-charge."""

    name = "centre.cards"
