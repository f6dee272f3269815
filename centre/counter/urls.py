"""Its pages."""

from django.urls import URLPattern, path

from centre.counter.pages import approving, desk, sign_in, trail

app_name = "counter"
urlpatterns: list[URLPattern] = [
    path("", desk.home, name="home"),
    path("login", sign_in.login, name="login"),
    path("logout", sign_in.logout, name="logout"),
    path("approvals", approving.waiting, name="approvals"),
    path("trail", trail.show, name="trail"),
    path("trail.csv", trail.as_csv, name="trail_csv"),
]
