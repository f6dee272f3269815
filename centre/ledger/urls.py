"""Its pages."""

from django.urls import URLPattern, path

from centre.ledger.pages import views

app_name = "ledger"
urlpatterns: list[URLPattern] = [
    path("", views.day, name="day"),
    path("close", views.close, name="close"),
    path("trial", views.trial, name="trial"),
    path("clearing", views.clearing, name="clearing"),
    path("findings", views.found, name="findings"),
    path("findings/<int:pk>/close", views.close_finding, name="close_finding"),
    path("card", views.card, name="card"),
]
