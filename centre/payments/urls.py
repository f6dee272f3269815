"""Its pages."""

from django.urls import URLPattern, path

from centre.payments import views

app_name = "payments"
urlpatterns: list[URLPattern] = [
    path("notices/", views.notices, name="notices"),
    path("back/<str:reference>/", views.back, name="back"),
    path("registered/<str:reference>/", views.registered, name="registered"),
]
