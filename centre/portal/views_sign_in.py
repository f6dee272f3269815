"""Login and logout (PRT-2)."""

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from centre.client import address_of
from centre.portal import robots, tries
from centre.portal.forms import SignInForm
from centre.portal.rules_slowing import SIGN_IN
from centre.users.models import Role, User
from centre.words import said


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where members begin: at their cards, or at the login."""
    return redirect("portal:cards" if _is_member(request.user) else "portal:login")


def _is_member(user: object) -> bool:
    """Clerks sign in at the counter's page, and have no cards here."""
    return isinstance(user, User) and user.role == Role.MEMBER


@never_cache
@require_safe
def robot(_request: HttpRequest) -> HttpResponse:
    """A challenge for the not-a-robot check."""
    return JsonResponse(robots.challenge())


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """ログイン. A wrong password and an unknown address get one answer, after the same work (faults 50)."""
    there = _next(request)
    if _is_member(request.user):
        return redirect(there)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        whom = ("sign in", form.cleaned_data["email"], address_of(request))
        waiting_s = tries.waiting_s(SIGN_IN, *whom)
        if waiting_s:
            form.add_error(None, tries.too_often(waiting_s))
        else:
            user = authenticate(request, username=form.cleaned_data["email"], password=form.cleaned_data["password"])
            if user is not None and _is_member(user):
                tries.forget(*whom)
                login(request, user)
                UserSession.objects.create_from_request(request)
                return redirect(there)
            tries.count(*whom)
            form.add_error(
                None,
                said("メールアドレスまたはパスワードが違います。", "The e-mail address or the password is wrong."),
            )
    return render(request, "portal/login.html", {"form": form, "next": request.GET.get("next", "")})


def _next(request: HttpRequest) -> str:
    """Where to go after login: a page of ours alone."""
    there = request.POST.get("next", "") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure())
    return there if ours and there.startswith("/") else settings.LOGIN_REDIRECT_URL


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """ログアウト."""
    logout(request)
    return redirect("portal:login")
