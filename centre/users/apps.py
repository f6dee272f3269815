"""The app, as Django calls it."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Who signs in."""

    name = "centre.users"

    def ready(self) -> None:
        """What happens at sign-in is told in the log."""
        from centre.security_log import connect  # noqa: PLC0415 - models are there now, and were not before

        connect()
