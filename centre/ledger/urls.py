"""Its pages."""

from django.urls import URLPattern, path

from centre.ledger.pages import by_hand, views

app_name = "ledger"
urlpatterns: list[URLPattern] = [
    path("", views.day, name="day"),
    path("close", views.close, name="close"),
    path("trial", views.trial, name="trial"),
    path("clearing", views.clearing, name="clearing"),
    path("findings", views.found, name="findings"),
    path("findings/<int:pk>/close", views.close_finding, name="close_finding"),
    path("card", views.card, name="card"),
    path("by-hand", by_hand.page, name="by_hand"),
    path("by-hand/count", by_hand.count, name="count"),
    path("by-hand/settle", by_hand.settle, name="settle"),
    path("by-hand/elsewhere/<int:pk>", by_hand.elsewhere, name="elsewhere"),
]
