"""Signing in and out at the counter: a page of its own, apart from the members' (PRT-2)."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from centre.counter import trail
from centre.users.models import Role, User
from centre.users.staff import begin, end, of_staff, who_is
from centre.words import both, said


class SignIn(forms.Form):
    """Address and password."""

    email = forms.EmailField(
        label=both("メールアドレス", "E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=both("パスワード", "Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        """Take the request too: failures are counted by where they come from."""
        super().__init__(data)
        self._request = request
        self.user: User | None = None

    def clean(self) -> None:
        """One answer for an unknown address, a wrong password, and a member (faults 50)."""
        super().clean()
        if self.errors:
            return
        self.user = who_is(self._request, self.cleaned_data["email"], self.cleaned_data["password"])
        if self.user is None:
            raise forms.ValidationError(
                said("メールアドレスまたはパスワードが違います。", "E-mail or password is wrong.")
            )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Sign in."""
    form = SignIn(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and form.user is not None:
        begin(request, form.user)
        trail.note(form.user, trail.What.SIGNED_IN)
        return HttpResponseRedirect(_onward(request, form.user))
    return render(request, "counter/login.html", {"form": form, "next": _asked_for(request)})


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    user = of_staff(request)
    if user is not None:
        trail.note(user, trail.What.SIGNED_OUT)
    end(request)
    return HttpResponseRedirect(reverse("counter:login"))


def _asked_for(request: HttpRequest) -> str:
    """The page of ours that someone was on the way to; "" for none."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if ours else ""


def _onward(request: HttpRequest, user: User) -> str:
    home = "counter:trail" if user.role == Role.AUDITOR else "counter:home"
    return _asked_for(request) or reverse(home)
