"""Which app answers what."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("bus/", include("centre.collector.urls")),
    path("bus/bundles/", include("centre.bundles.urls")),
    path("counter/", include("centre.counter.urls")),
    path("ledger/", include("centre.ledger.urls")),
    path("payments/", include("centre.payments.urls")),
    path("", include("centre.portal.urls")),
]
