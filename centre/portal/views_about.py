"""What stands on every page: terms, legal notice, privacy, contact (PRT-7)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where a visitor begins."""
    return render(request, "portal/home.html")


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


@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """お問い合わせ: the address to write to."""
    return render(request, "portal/contact.html", {"mail": settings.CONTACT_MAIL})
