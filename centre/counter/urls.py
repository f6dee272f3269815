"""Its pages."""

from django.urls import URLPattern, path

from centre.counter.pages import approving, desk, drawer, operating, sign_in, trail

app_name = "counter"
urlpatterns: list[URLPattern] = [
    path("", desk.home, name="home"),
    path("login", sign_in.login, name="login"),
    path("logout", sign_in.logout, name="logout"),
    path("find", desk.find, name="find"),
    path("lay-again", desk.lay_again, name="lay_again"),
    path("history.pdf", desk.history_pdf, name="history_pdf"),
    path("drawer/lay", drawer.lay, name="drawer_lay"),
    path("drawer/blank", drawer.blank, name="drawer_blank"),
    path("drawer/upload", drawer.upload, name="drawer_upload"),
    path("drawer/<int:pk>", drawer.download, name="drawer_download"),
    path("do/<slug:operation>", operating.do, name="do"),
    path("asked/<uuid:key>", operating.asked, name="asked"),
    path("asked/<uuid:key>/confirm", operating.confirm, name="confirm"),
    path("asked/<uuid:key>/approve", operating.approve, name="approve"),
    path("asked/<uuid:key>/decline", operating.decline, name="decline"),
    path("asked/<uuid:key>/decide", operating.decide, name="decide"),
    path("slips/<int:pk>", operating.slip, name="slip"),
    path("approvals", approving.waiting, name="approvals"),
    path("trail", trail.show, name="trail"),
    path("trail.csv", trail.as_csv, name="trail_csv"),
]
