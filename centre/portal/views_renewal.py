"""定期券の継続購入 (PRT-5): present pass and prices, choice, confirmation, payment, what came of it."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from centre.cards.models import SoldPass
from centre.payments.models import Payment
from centre.payments.models import State as PaymentState
from centre.portal import own_cards, passes_shown, renewing
from centre.portal.asking import for_members, own_card
from centre.portal.models import Member, MemberCard, Renewal, RenewalState
from centre.portal.rules_renewal import Offers, last_day
from centre.words import both, said
from centre.words import in_yen as yen
from tariff.products import Sale
from tariff.refusal import Refusal

_form = require_http_methods(["GET", "HEAD", "POST"])


def months_said(months: int) -> str:
    """A period in words."""
    return said(f"{months}ヶ月", "1 month" if months == 1 else f"{months} months")


class RenewalForm(forms.Form):
    """継続内容の入力: a period and a first day, of those offered."""

    months = forms.TypedChoiceField(label=both("継続期間", "Period"), coerce=int)
    first_day = forms.TypedChoiceField(label=both("利用開始日", "First day"), coerce=date.fromisoformat)

    def __init__(self, *args: Any, offers: Offers, **kwargs: Any) -> None:
        """With what is offered today."""
        super().__init__(*args, **kwargs)
        self.fields["months"].choices = [  # type: ignore[attr-defined]
            (offer.months, f"{months_said(offer.months)} {yen(offer.yen)}") for offer in offers.periods
        ]
        self.fields["first_day"].choices = [  # type: ignore[attr-defined]
            (day.isoformat(), f"{day:%Y/%m/%d}") for day in offers.first_days
        ]


@_form
@for_members
def renewal(request: HttpRequest, member: Member, pk: int) -> HttpResponse:
    """The present pass, what each period costs, and the choice."""
    owned = own_card(member, pk)
    paying = Renewal.objects.filter(card=owned.card, user=member.user, state=RenewalState.PAYING).first()
    if paying is not None:
        return redirect("portal:renewal_done", pk, paying.key)
    sold = own_cards.last_pass_of(owned.card)
    offers = renewing.offered(owned.card, sold)
    if not isinstance(offers, Offers):
        return _not_offered(request, owned, offers)
    draft = request.session.get(_draft(owned), {})
    initial = {"months": draft.get("months"), "first_day": draft.get("first_day")}
    form = RenewalForm(request.POST or None, offers=offers, initial=initial)
    if request.method == "POST" and form.is_valid():
        months, first_day = form.cleaned_data["months"], form.cleaned_data["first_day"]
        # The key of the press that may follow; made here, so that pressing twice is one press (faults 56).
        request.session[_draft(owned)] = {"months": months, "first_day": first_day.isoformat(), "key": str(uuid4())}
        return redirect("portal:renewal_confirm", pk)
    ends = [[(day, offer.months, last_day(day, offer.months)) for offer in offers.periods] for day in offers.first_days]
    return render(
        request,
        "portal/renewal.html",
        {
            **_head(owned, sold),
            "form": form,
            "prices": [(months_said(offer.months), offer.yen) for offer in offers.periods],
            "ends": [each for row in ends for each in row],
        },
    )


def _draft(owned: MemberCard) -> str:
    return f"portal_renewal_{owned.pk}"


def _head(owned: MemberCard, sold: SoldPass | None) -> dict[str, Any]:
    return {"card": own_cards.shown(owned), "held": passes_shown.shown(sold) if sold else None}


def _not_offered(request: HttpRequest, owned: MemberCard, refusal: Refusal | None) -> HttpResponse:
    return render(
        request, "portal/renewal_not.html", {**_head(owned, own_cards.last_pass_of(owned.card)), "why": _why(refusal)}
    )


def _why(refusal: Refusal | None) -> str:
    """Why no pass is sold, in words."""
    if refusal is None or refusal.detail == "no pass":
        return said(
            "このカードには、継続できる定期券がありません。新しい定期券は窓口でお求めください。",
            "There is no pass on this card to renew. New passes are sold at a counter.",
        )
    if refusal.rule == "GEN-19" and _is_day(refusal.detail):
        day = f"{date.fromisoformat(refusal.detail):%Y/%m/%d}"
        return said(f"継続購入は {day} からできます。", f"You can renew it from {day} on.")
    if refusal.detail == "price changed":
        return said(
            "お支払い金額が変わりました。もう一度ご確認ください。", "The price has changed; please look at it again."
        )
    if refusal.detail == "counter":
        return said(
            "この定期券は、証明書が必要なため、窓口で継続してください。",
            "This pass is renewed at a counter, with your certificate.",
        )
    return said(
        "この内容では購入できません。もう一度お選びになるか、窓口でお求めください。",
        "It is not sold like this. Choose again, or ask at a counter.",
    )


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@_form
@for_members
def renewal_confirm(request: HttpRequest, member: Member, pk: int) -> HttpResponse:
    """What is bought, once more; the button carries the key of its press."""
    owned = own_card(member, pk)
    draft = request.session.get(_draft(owned))
    if request.method == "POST":
        return _press(request, owned)
    if draft is None:
        return redirect("portal:renewal", pk)
    first_day, months = date.fromisoformat(draft["first_day"]), draft["months"]
    sale = renewing.judge(owned.card, months, first_day)
    if not isinstance(sale, Sale):
        return _not_offered(request, owned, sale)
    shown = {"first_day": sale.held.first_day, "last_day": sale.held.last_day, "months": months}
    hidden = PressForm(initial={**shown, "key": draft["key"], "price_yen": sale.price.yen})
    return render(
        request,
        "portal/renewal_confirm.html",
        {
            **_head(owned, own_cards.last_pass_of(owned.card)),
            **shown,
            "period": months_said(months),
            "form": hidden,
            "price_yen": sale.price.yen,
        },
    )


class PressForm(forms.Form):
    """What the button carries: enough to be the same press again when it comes twice."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    months = forms.IntegerField(widget=forms.HiddenInput)
    first_day = forms.DateField(widget=forms.HiddenInput)
    price_yen = forms.IntegerField(widget=forms.HiddenInput)


def _press(request: HttpRequest, owned: MemberCard) -> HttpResponse:
    form = PressForm(request.POST)
    if not form.is_valid():
        return redirect("portal:renewal", owned.pk)
    try:
        bought = renewing.buy(owned=owned, **form.cleaned_data)
    except renewing.Elsewhere as other:
        if other.renewal.user_id != owned.member.user_id:
            raise Http404 from None
        messages.warning(
            request,
            said(
                "このカードの別の購入のお支払いを確認しています。新しい購入は行われていません。",
                "Another purchase for this card is being paid. Nothing new was bought.",
            ),
        )
        return redirect("portal:renewal_done", owned.pk, other.renewal.key)
    if isinstance(bought, Refusal):
        return _not_offered(request, owned, bought)
    made, pay_at = bought
    request.session.pop(_draft(owned), None)
    if pay_at:
        return redirect(pay_at)
    return redirect("portal:renewal_done", owned.pk, made.key)


@require_safe
@for_members
def renewal_done(request: HttpRequest, member: Member, pk: int, key: UUID) -> HttpResponse:
    """What came of a purchase: bought, waiting, not paid, given back. Its address grants nothing (faults 55)."""
    owned = own_card(member, pk)
    made = get_object_or_404(Renewal, key=key, user=member.user, card=owned.card)
    if made.state == RenewalState.PAYING:
        made = renewing.look(made)
    payment = Payment.objects.filter(key=renewing.payment_key(made)).first()
    return render(
        request,
        "portal/renewal_done.html",
        {
            **_head(owned, own_cards.last_pass_of(owned.card)),
            "renewal": made,
            "pay_at": payment.url if payment and payment.state == PaymentState.PENDING else "",
        },
    )
