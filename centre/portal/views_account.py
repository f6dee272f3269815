"""会員情報: what is kept of a member, changed by them; sign-ins; leaving."""

from allauth.usersessions.models import UserSession
from axes.models import AccessLog
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.hashers import check_password
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from centre.client import address_of
from centre.portal import leaving, links, members, tries
from centre.portal.asking import for_members
from centre.portal.forms import ChangeEmailForm, ChangePasswordForm, LanguageForm, PasswordForm
from centre.portal.models import Member, Purpose
from centre.portal.rules_slowing import SIGN_IN
from centre.words import said

_form = require_http_methods(["GET", "HEAD", "POST"])
_secrets = sensitive_post_parameters("current", "password", "password_again")


@_form
@for_members
def account(request: HttpRequest, member: Member) -> HttpResponse:
    """What is kept, and the language of mails."""
    form = LanguageForm(request.POST or None, initial={"language": member.language})
    if request.method == "POST" and form.is_valid():
        member.language = form.cleaned_data["language"]
        member.save(update_fields=["language"])
        messages.success(request, said("変更しました。", "Changed."))
        return redirect("portal:account")
    return render(request, "portal/account.html", {"member": member, "form": form})


@_secrets
@_form
@for_members
def change_password(request: HttpRequest, member: Member) -> HttpResponse:
    """パスワードの変更: every other session ends."""
    form = ChangePasswordForm(request.POST or None, email=member.user.email)
    if request.method == "POST" and form.is_valid() and _knows_password(member, form):
        members.change_password(member.user, form.cleaned_data["password"])
        update_session_auth_hash(request, member.user)
        messages.success(request, said("パスワードを変更しました。", "Your password is changed."))
        return redirect("portal:account")
    return render(request, "portal/change_password.html", {"form": form})


def _knows_password(member: Member, form: Form) -> bool:
    """Whether the current password is right; guesses are slowed (faults 51)."""
    whom = ("current password", member.pk)
    wait_s = tries.waiting_s(SIGN_IN, *whom)
    if wait_s:
        form.add_error(None, tries.too_often(wait_s))
    elif check_password(form.cleaned_data["current"], member.user.password):
        tries.forget(*whom)
        return True
    else:
        tries.count(*whom)
        form.add_error("current", said("パスワードが違います。", "The password is wrong."))
    return False


@_secrets
@_form
@for_members
def change_email(request: HttpRequest, member: Member) -> HttpResponse:
    """メールアドレスの変更: a mail to the new one, and the same answer whoever has it (faults 50)."""
    form = ChangeEmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _knows_password(member, form):
        wait_s = members.ask_new_email(member.user, form.cleaned_data["email"], address_of(request))
        if not wait_s:
            return redirect("portal:change_email_sent")
        form.add_error(None, tries.too_often(wait_s))
    return render(request, "portal/change_email.html", {"form": form, "email": member.user.email})


@require_safe
@for_members
def change_email_sent(request: HttpRequest, _member: Member) -> HttpResponse:
    """The same whatever the address is."""
    return render(request, "portal/sent.html", {"again": "portal:change_email"})


@_form
@for_members
def email_link(request: HttpRequest, member: Member, secret: str) -> HttpResponse:
    """The link in the mail to the new address: good in the member's own session alone, once."""
    link = links.opened(secret, Purpose.EMAIL)
    if link is None or link.user_id != member.user_id:
        return render(request, "portal/link_refused.html", status=410)
    if request.method == "POST":
        try:
            members.change_email(link)
        except members.LinkUsed:
            return render(request, "portal/link_refused.html", status=410)
        messages.success(request, said("メールアドレスを変更しました。", "Your e-mail address is changed."))
        return redirect("portal:account")
    return render(request, "portal/email_link.html", {"email": link.email})


@require_safe
@for_members
def sign_ins(request: HttpRequest, member: Member) -> HttpResponse:
    """ログイン履歴: where the member is signed in now, and the sign-ins of the last days."""
    return _sign_ins(request, member, PasswordForm())


def _sign_ins(request: HttpRequest, member: Member, form: PasswordForm) -> HttpResponse:
    now = UserSession.objects.purge_and_list(member.user)
    past = AccessLog.objects.filter(username=member.user.email).order_by("-attempt_time")[:20]
    here = request.session.session_key
    return render(request, "portal/sign_ins.html", {"sessions": now, "past": past, "here": here, "form": form})


@_secrets
@require_POST
@for_members
def end_other_sessions(request: HttpRequest, member: Member) -> HttpResponse:
    """他の端末からログアウト, by whoever knows the password: a session that was left open throws nobody out."""
    form = PasswordForm(request.POST)
    if not form.is_valid() or not _knows_password(member, form):
        return _sign_ins(request, member, form)
    for session in UserSession.objects.filter(user=member.user).exclude(session_key=request.session.session_key):
        session.end()
    messages.success(request, said("他の端末からログアウトしました。", "Other devices are logged out."))
    return redirect("portal:sign_ins")


@_secrets
@_form
@for_members
def leave(request: HttpRequest, member: Member) -> HttpResponse:
    """退会."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _knows_password(member, form):
        try:
            leaving.leave(member)
        except members.StillPaying:
            words = said(
                "お支払いを確認中の購入があります。確認が終わってから、もう一度お手続きください。",
                "A purchase is still being paid. Please try again when that is known.",
            )
            form.add_error(None, words)
        else:
            logout(request)
            return redirect("portal:left")
    return render(request, "portal/leave.html", {"form": form})


@require_safe
def left(request: HttpRequest) -> HttpResponse:
    """退会の手続きが完了しました."""
    return render(request, "portal/left.html")
