"""What vehicles ask for, below bus/ (docs/exchange.md)."""

from django.urls import URLPattern, path, re_path

from centre.collector import views

urlpatterns: list[URLPattern] = [
    path("time", views.time),
    path("status", views.status),
    re_path(r"^segments/(?P<number>[0-9]{1,18})/(?P<digest>[0-9a-f]{64})\Z", views.segment),
]
