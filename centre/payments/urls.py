"""Its pages."""

from django.urls import URLPattern, path

from centre.payments import clerk_pages, views

app_name = "payments"
urlpatterns: list[URLPattern] = [
    path("", clerk_pages.payments, name="payments"),
    path("<int:pk>/", clerk_pages.payment, name="payment"),
    path("<int:pk>/refund/", clerk_pages.give_back, name="give_back"),
    path("refunds/<int:pk>/approve/", clerk_pages.approve, name="approve"),
    path("notices/", views.notices, name="notices"),
    path("back/<str:reference>/", views.back, name="back"),
    path("registered/<str:reference>/", views.registered, name="registered"),
]
