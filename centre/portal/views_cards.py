"""The member's cards, the service menu of each, and the credit card that pays (PRT-3, PRT-4)."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from centre.clock import today
from centre.payments.services import ServiceAway, begin_registration, forget_card, registered_card
from centre.portal import auto_charging, own_cards, passes_shown, tries
from centre.portal.asking import for_members, own_card
from centre.portal.forms import AddCardForm
from centre.portal.models import Member, Notice, Renewal, RenewalState
from centre.words import said

_form = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@for_members
def cards(request: HttpRequest, member: Member) -> HttpResponse:
    """AIZUNORUCAカード一覧, with notices."""
    day = today()
    notices = Notice.objects.filter(Q(last_day=None) | Q(last_day__gte=day), first_day__lte=day)
    return render(
        request,
        "portal/cards.html",
        {
            "cards": own_cards.listed(member),
            "notices": notices.order_by("-first_day", "-pk")[:10],
            "paying": Renewal.objects.filter(user=member.user, state=RenewalState.PAYING).exists(),
        },
    )


@_form
@for_members
def add_card(request: HttpRequest, member: Member) -> HttpResponse:
    """AIZUNORUCAカード追加. Whatever is wrong, the answer is the same."""
    form = AddCardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            own_cards.add(member, own_cards.AsIssued(**form.cleaned_data))
        except own_cards.NotAdded:
            refused = said(
                "入力された情報と一致するカードを追加できません。AIZU NORUCA発券時と同じ情報を入力してください。",
                "No card can be added with these particulars. Give the same as when your AIZU NORUCA was issued.",
            )
            form.add_error(None, refused)
        except own_cards.MustWait as wait:
            form.add_error(None, tries.too_often(wait.wait_s))
        except own_cards.TooMany:
            form.add_error(None, said("追加できるカードは10枚までです。", "You can add 10 cards at most."))
        else:
            messages.success(request, said("カードを追加しました。", "The card is added."))
            return redirect("portal:cards")
    return render(request, "portal/add_card.html", {"form": form})


@require_safe
@for_members
def card(request: HttpRequest, member: Member, pk: int) -> HttpResponse:
    """サービスメニュー of one card."""
    owned = own_card(member, pk)
    sold = own_cards.last_pass_of(owned.card)
    return render(
        request,
        "portal/card.html",
        {
            "card": own_cards.shown(owned),
            "held": passes_shown.shown(sold) if sold else None,
            "renewals": Renewal.objects.filter(card=owned.card, user=member.user).order_by("-pk")[:12],
            "auto_charge": auto_charging.standing(owned.card),
        },
    )


@_form
@for_members
def remove_card(request: HttpRequest, member: Member, pk: int) -> HttpResponse:
    """カードの削除: asked once more, then done."""
    owned = own_card(member, pk)
    if request.method == "POST":
        own_cards.take_off(owned)
        messages.success(request, said("カードを一覧から削除しました。", "The card is removed from your list."))
        return redirect("portal:cards")
    return render(request, "portal/remove_card.html", {"card": own_cards.shown(owned)})


@require_safe
@for_members
def credit_card(request: HttpRequest, member: Member) -> HttpResponse:
    """クレジットカード情報の確認・編集. What stands here the payment service said, not an address (faults 55)."""
    return render(request, "portal/credit_card.html", {"credit_card": registered_card(member.user)})


@require_POST
@for_members
def edit_credit_card(request: HttpRequest, member: Member) -> HttpResponse:
    """カード情報の登録・編集: off to the payment service's page."""
    try:
        return redirect(begin_registration(member.user, reverse("portal:credit_card")))
    except ServiceAway as away:
        messages.error(request, str(away))
        return redirect("portal:credit_card")


@_form
@for_members
def remove_credit_card(request: HttpRequest, member: Member) -> HttpResponse:
    """クレジットカードの削除: asked once more, then done."""
    if request.method == "POST":
        forget_card(member.user)
        messages.success(request, said("クレジットカードの登録を削除しました。", "Your credit card is removed."))
        return redirect("portal:credit_card")
    return render(request, "portal/remove_credit_card.html", {"credit_card": registered_card(member.user)})
