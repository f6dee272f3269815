"""The app, as Django calls it."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The payment service."""

    name = "centre.payments"
