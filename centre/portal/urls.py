"""Its pages."""

from django.urls import URLPattern, path

from centre.portal import views_about

app_name = "portal"
urlpatterns: list[URLPattern] = [
    path("", views_about.home, name="home"),
    path("terms", views_about.terms, name="terms"),
    path("legal", views_about.legal, name="legal"),
    path("privacy", views_about.privacy, name="privacy"),
    path("contact", views_about.contact, name="contact"),
]
