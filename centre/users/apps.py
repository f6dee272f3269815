"""The app, as Django calls it."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Who signs in."""

    name = "centre.users"
