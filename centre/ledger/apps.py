"""The app, as Django calls it."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Money, twice."""

    name = "centre.ledger"
