"""Which app answers what."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

urlpatterns: list[URLPattern | URLResolver] = [
    path("bus/", include("centre.collector.urls")),
    path("bus/bundles/", include("centre.bundles.urls")),
    path("counter/bundles/", include("centre.bundles.pages.urls")),
    path("counter/", include("centre.counter.urls")),
    path("ledger/", include("centre.ledger.urls")),
    path("payments/", include("centre.payments.urls")),
    path("language", set_language, name="set_language"),
    path("", include("centre.running.urls")),
    path("", include("centre.portal.urls")),
]
