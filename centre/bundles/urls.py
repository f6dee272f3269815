"""What vehicles ask for."""

from django.urls import URLPattern, path

from centre.bundles.vehicle_views import bundle

urlpatterns: list[URLPattern] = [path("<slug:kind>", bundle)]
