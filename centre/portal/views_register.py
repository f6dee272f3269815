"""Registration (PRT-1), and a forgotten password (PRT-2): an address, a mail, a link, a form.

Between the form and its confirmation the password is kept as its hash alone, in the session on the server: it is
nowhere in the clear, and nobody has to type it a third time.
"""

from datetime import date

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from centre.client import address_of
from centre.portal import links, members, tries
from centre.portal.forms import EmailForm, NewPasswordForm, RegistrationForm
from centre.portal.models import Purpose

_LINK, _TOLD, _RESET = "portal_link", "portal_told", "portal_reset"
GONE = 410
_form = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@_form
def register(request: HttpRequest) -> HttpResponse:
    """新規登録: the address."""
    return _ask_address(request, "register")


@never_cache
@_form
def forgotten(request: HttpRequest) -> HttpResponse:
    """パスワードを忘れた方: the address."""
    return _ask_address(request, "forgotten")


def _ask_address(request: HttpRequest, which: str) -> HttpResponse:
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email, language = form.cleaned_data["email"], get_language() or "ja"
        waiting_s = members.ask_by_mail(which, email, language[:2], address_of(request))
        if not waiting_s:
            return redirect(f"portal:{which}_sent")
        form.add_error(None, tries.too_often(waiting_s))
    return render(request, f"portal/{which}.html", {"form": form})


@require_safe
def register_sent(request: HttpRequest) -> HttpResponse:
    """The same whatever the address is (faults 50)."""
    return render(request, "portal/sent.html", {"again": "portal:register"})


@require_safe
def forgotten_sent(request: HttpRequest) -> HttpResponse:
    """The same whatever the address is (faults 50)."""
    return render(request, "portal/sent.html", {"again": "portal:forgotten"})


@never_cache
@require_safe
def register_link(request: HttpRequest, secret: str) -> HttpResponse:
    """The link in the mail. It moves into the session, so that no address bar and no log of a later page holds it."""
    link = links.opened(secret, Purpose.REGISTER)
    if link is None:
        return _refused(request)
    request.session[_LINK] = link.pk
    request.session.pop(_TOLD, None)
    return redirect("portal:register_form")


def _refused(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/link_refused.html", status=GONE)


@sensitive_post_parameters("password", "password_again")
@never_cache
@_form
def register_form(request: HttpRequest) -> HttpResponse:
    """新規会員登録: the form. Back from the confirmation it holds all but the password."""
    link = links.still_good(request.session.get(_LINK), Purpose.REGISTER)
    if link is None:
        return _refused(request)
    told = request.session.get(_TOLD, {})
    form = RegistrationForm(request.POST or None, email=link.email, initial={**told, "terms": bool(told)})
    if request.method == "POST" and form.is_valid():
        request.session[_TOLD] = {
            "password_hash": make_password(form.cleaned_data["password"]),
            "postal_code": form.cleaned_data["postal_code"],
            "birth": form.cleaned_data["birth"].isoformat(),
        }
        return redirect("portal:register_confirm")
    return render(request, "portal/register_form.html", {"form": form, "email": link.email})


@never_cache
@_form
def register_confirm(request: HttpRequest) -> HttpResponse:
    """入力内容の確認, and the registration itself."""
    link = links.still_good(request.session.get(_LINK), Purpose.REGISTER)
    told = request.session.get(_TOLD)
    if link is None or told is None:
        return _refused(request) if link is None else redirect("portal:register_form")
    birth = date.fromisoformat(told["birth"])
    if request.method == "POST":
        language = (get_language() or "ja")[:2]
        try:
            members.register(link, members.Told(told["password_hash"], told["postal_code"], birth, language))
        except members.LinkUsed:
            return _refused(request)
        # The session is left with nothing of it.
        request.session.flush()
        request.session["portal_registered"] = link.email
        return redirect("portal:register_done")
    shown = {"email": link.email, "postal_code": told["postal_code"], "birth": birth}
    return render(request, "portal/register_confirm.html", shown)


@never_cache
@require_safe
def register_done(request: HttpRequest) -> HttpResponse:
    """会員登録が完了しました."""
    email = request.session.get("portal_registered")
    return render(request, "portal/register_done.html", {"email": email}) if email else redirect("portal:home")


@never_cache
@require_safe
def reset_link(request: HttpRequest, secret: str) -> HttpResponse:
    """The link in the mail about a forgotten password."""
    link = links.opened(secret, Purpose.RESET)
    if link is None:
        return _refused(request)
    request.session[_RESET] = link.pk
    return redirect("portal:reset_form")


@sensitive_post_parameters("password", "password_again")
@never_cache
@_form
def reset_form(request: HttpRequest) -> HttpResponse:
    """The new password."""
    link = links.still_good(request.session.get(_RESET), Purpose.RESET)
    if link is None or link.user is None:
        return _refused(request)
    form = NewPasswordForm(request.POST or None, email=link.user.email)
    if request.method == "POST" and form.is_valid():
        try:
            members.set_password_by_link(link, form.cleaned_data["password"])
        except members.LinkUsed:
            return _refused(request)
        request.session.flush()
        return redirect("portal:reset_done")
    return render(request, "portal/reset_form.html", {"form": form, "email": link.user.email})


@require_safe
def reset_done(request: HttpRequest) -> HttpResponse:
    """The password is set."""
    return render(request, "portal/reset_done.html")
