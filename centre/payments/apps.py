"""The app, as Django calls it."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The payment service."""

    name = "centre.payments"

    def ready(self) -> None:
        """What comes of auto-charges' payments is told to their billing."""
        from centre.payments.billing import grant_auto_charges  # noqa: PLC0415 - when models are there

        grant_auto_charges()
