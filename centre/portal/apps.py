"""The app, as Django calls it."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """What members do."""

    name = "centre.portal"

    def ready(self) -> None:
        """Payments tell the portal what was paid, Django who signs in."""
        from centre.portal.asking import connect  # noqa: PLC0415 (models are there only now)
        from centre.portal.renewing import register_with_payments  # noqa: PLC0415

        connect()
        register_with_payments()
