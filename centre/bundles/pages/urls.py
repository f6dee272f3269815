"""Under /counter/bundles/."""

from django.urls import URLPattern, path

from centre.bundles.pages import directives, hotlist, overview, tariff

app_name = "bundles"
urlpatterns: list[URLPattern] = [
    path("", overview.show, name="overview"),
    path("hotlist", hotlist.show, name="hotlist"),
    path("hotlist/<int:pk>/lift", hotlist.lift, name="lift"),
    path("directives", directives.show, name="directives"),
    path("directives/<int:pk>/withdraw", directives.withdraw, name="withdraw"),
    path("tariff", tariff.show, name="tariff"),
    path("tariff/<int:pk>", tariff.draft, name="draft"),
    path("tariff/<int:pk>/release", tariff.release, name="release"),
    path("tariff/<int:pk>/reject", tariff.reject, name="reject"),
]
