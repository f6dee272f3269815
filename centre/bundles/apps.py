"""The app, as Django calls it."""

from django.apps import AppConfig


class BundlesConfig(AppConfig):
    """What vehicles are told."""

    name = "centre.bundles"
