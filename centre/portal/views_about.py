"""What stands on every page: terms, legal notice, privacy, contact (PRT-7)."""

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from centre.client import address_of
from centre.portal import letters, tries
from centre.portal.forms import ContactForm
from centre.portal.rules_slowing import MAIL_FROM


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """ご利用にあたって."""
    return render(request, "portal/terms.html")


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    """特定商取引法に基づく表記. What no source states (address, telephone) is the operator's to set, never made up."""
    return render(request, "portal/legal.html", {"seller": settings.SELLER})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """個人情報の取り扱い."""
    return render(request, "portal/privacy.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    """お問い合わせ: a letter to the operator, by mail."""
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wait_s = _write(form.cleaned_data, address_of(request))
        if not wait_s:
            return redirect("portal:contact_sent")
        form.add_error(None, tries.too_often(wait_s))
    return render(request, "portal/contact.html", {"form": form})


@transaction.atomic
def _write(told: dict[str, str], network: str) -> int:
    """Put it into the letter box; 0, or the seconds to wait."""
    wait_s = tries.waiting_s(MAIL_FROM, "mail from", network)
    if not wait_s:
        tries.count("mail from", network)
        letters.write("contact", settings.CONTACT_MAIL, "ja", told, reply_to=told["email"])
    return wait_s


@require_safe
def contact_sent(request: HttpRequest) -> HttpResponse:
    """It is on its way."""
    return render(request, "portal/contact_sent.html")
