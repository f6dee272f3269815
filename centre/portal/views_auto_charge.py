"""オートチャージの設定 (PRT-6): input, confirmation, done. In force from the next day."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from centre.payments.services import registered_card
from centre.portal import auto_charging, own_cards
from centre.portal.asking import for_members, own_card
from centre.portal.models import Member, MemberCard
from centre.portal.yen_field import YenField
from centre.words import both, said
from tariff.account import AutoCharge
from tariff.refusal import Refusal
from tariff.rulebook import AutoChargeRules

_form = require_http_methods(["GET", "HEAD", "POST"])


class AutoChargeForm(forms.Form):
    """オートチャージ設定の入力: what AUT-1 offers."""

    is_on = forms.TypedChoiceField(
        label=both("オートチャージ機能", "Auto-charge"),
        choices=[("1", both("有効", "on")), ("0", both("無効", "off"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
    trigger_yen = YenField(label=both("オートチャージ起動額", "Trigger"))
    amount_yen = YenField(label=both("オートチャージ実施額", "Amount"))
    day_cap_yen = YenField(label=both("累積オートチャージ限度額（日単位）", "Cap a day"))
    month_cap_yen = YenField(label=both("累積オートチャージ限度額（月単位）", "Cap a month"))

    def __init__(self, *args: Any, rules: AutoChargeRules, **kwargs: Any) -> None:
        """With the steps of the operator's file."""
        super().__init__(*args, **kwargs)
        caps = range(rules.amount_step_yen, rules.most_cap_yen + 1, rules.amount_step_yen)
        for name, amounts in (
            ("trigger_yen", range(rules.trigger_step_yen, rules.most_yen + 1, rules.trigger_step_yen)),
            ("amount_yen", range(rules.amount_step_yen, rules.most_yen + 1, rules.amount_step_yen)),
            ("day_cap_yen", caps),
            ("month_cap_yen", caps),
        ):
            field = self.fields[name]
            assert isinstance(field, YenField)
            field.offer(amounts)

    def clean(self) -> dict[str, Any]:
        """Caps that let the amount in, a month's no less than a day's (AUT-1)."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned["day_cap_yen"] < cleaned["amount_yen"]:
            words = said("日単位の限度額は、実施額以上にしてください。", "A day's cap can't be less than the amount.")
            self.add_error("day_cap_yen", words)
        elif cleaned["month_cap_yen"] < cleaned["day_cap_yen"]:
            words = said("月単位の限度額は、日単位以上にしてください。", "A month's cap can't be less than a day's.")
            self.add_error("month_cap_yen", words)
        return cleaned


@_form
@for_members
def auto_charge(request: HttpRequest, member: Member, pk: int) -> HttpResponse:
    """オートチャージ設定の入力."""
    owned = own_card(member, pk)
    rules = auto_charging.offered()
    standing = auto_charging.standing(owned.card)
    draft = request.session.get(_draft(owned)) or _shown_first(standing, rules)
    form = AutoChargeForm(request.POST or None, rules=rules, initial={**draft, "is_on": "1" if draft["is_on"] else "0"})
    has_card = registered_card(member.user) is not None
    if request.method == "POST" and form.is_valid():
        if has_card or not form.cleaned_data["is_on"]:
            request.session[_draft(owned)] = form.cleaned_data
            return redirect("portal:auto_charge_confirm", pk)
        form.add_error("is_on", _NO_CARD)
    return render(
        request,
        "portal/auto_charge.html",
        {
            "card": own_cards.shown(owned),
            "form": form,
            "has_card": has_card,
        },
    )


_NO_CARD = both("先にクレジットカードを登録してください。", "Register a credit card first.")


def _draft(owned: MemberCard) -> str:
    return f"portal_auto_charge_{owned.pk}"


def _shown_first(standing: auto_charging.Agreed | None, rules: AutoChargeRules) -> dict[str, Any]:
    """The settings that stand, or those offered at first (AUT-1)."""
    arranged = standing.arranged if standing else None
    shown = arranged or AutoCharge(
        rules.first_trigger_yen, rules.first_amount_yen, rules.first_day_cap_yen, rules.first_month_cap_yen
    )
    return {"is_on": standing is None or arranged is not None, **shown._asdict()}


@_form
@for_members
def auto_charge_confirm(request: HttpRequest, member: Member, pk: int) -> HttpResponse:
    """設定内容の確認, and 設定変更."""
    owned = own_card(member, pk)
    draft = request.session.get(_draft(owned))
    if draft is None:
        return redirect("portal:auto_charge", pk)
    if request.method == "POST":
        wanted = {name: value for name, value in draft.items() if name != "is_on"}
        outcome = auto_charging.agree(owned, AutoCharge(**wanted) if draft["is_on"] else None)
        if isinstance(outcome, Refusal):
            return redirect("portal:auto_charge", pk)
        request.session.pop(_draft(owned), None)
        return redirect("portal:auto_charge_done", pk)
    return render(request, "portal/auto_charge_confirm.html", {"card": own_cards.shown(owned), "wanted": draft})


@require_safe
@for_members
def auto_charge_done(request: HttpRequest, member: Member, pk: int) -> HttpResponse:
    """オートチャージの設定が完了しました."""
    owned = own_card(member, pk)
    return render(
        request,
        "portal/auto_charge_done.html",
        {"card": own_cards.shown(owned), "standing": auto_charging.standing(owned.card), "email": member.user.email},
    )
