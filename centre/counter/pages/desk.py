"""The counter's first page: what lies on the desk, and what can be done with it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from centre import clock
from centre.cards.models import Card
from centre.counter import asked as asking
from centre.counter import at_hand, trail
from centre.counter.carrying import Counter, settle
from centre.counter.desk import Seen
from centre.counter.details import refusal_words
from centre.counter.drawing import drawn, issued_now
from centre.counter.handing_out import on_slip
from centre.counter.models import Asked, AskedState
from centre.counter.operations.uses import history
from centre.counter.operations.values import idm_text
from centre.counter.pages.looking import counter, looked_up, situation
from centre.counter.situation import Situation, fitting
from centre.counter.slips import history as history_slip
from centre.counter.uses import used
from centre.portal.rules_entry import Wrong, kana_name
from centre.users.staff import AT_THE_COUNTER, clerk_of, for_staff
from centre.words import both, said
from reader.port import ReaderFault
from tariff.purses import money_yen
from tariff.refusal import Refusal

MOST_FOUND = 20


class Find(forms.Form):
    """A card that does not lie there: by its number, or by its holder's name or telephone."""

    what = forms.CharField(
        label=both("カードを探す", "Find a card"),
        max_length=30,
        help_text=both("刻印番号・電話番号・氏名（カナ）", "Engraved number, telephone, or name in kana"),
    )


@require_safe
@for_staff(*AT_THE_COUNTER)
def home(request: HttpRequest) -> HttpResponse:
    """What lies on the desk, or a card that was looked up; and what can be done."""
    card = looked_up(request, request.GET.get("card"))
    with counter(request) as here:
        now = situation(here, card)
    return render(request, "counter/home.html", _told(request, here, now, card))


def _told(request: HttpRequest, here: Counter, now: Situation, card: Card | None) -> dict[str, Any]:
    register, laid = now.register, now.laid
    names = _stop_names(card or _row(register.idm if register else None))
    uses = history(now.seen, register) if now.seen and register else ()
    return {
        "here": "desk",
        "now": now,
        "card": card,
        "seen": laid if isinstance(laid, Seen) else None,
        "account": laid.account if isinstance(laid, Seen) and (card is None or now.seen) else None,
        "expected": register.expected if register else None,
        "kind": _kind(now),
        "passes": [on_slip(one.held, names.get(one.row, ()), here.rulebook) for one in register.passes]
        if register
        else [],
        "fault": f"{laid.reader}: {laid.what}" if isinstance(laid, ReaderFault) else "",
        "refusal": refusal_words(laid) if isinstance(laid, Refusal) else "",
        "operations": fitting(now),
        "uses": used(uses, now.network) if not isinstance(uses, Refusal) else (),
        "find": Find(),
        "open": Asked.objects.filter(
            scheme=here.clerk.scheme, clerk=here.clerk, state__in=(AskedState.OPEN, AskedState.TORN)
        ).order_by("-made_at_s")[:10],
        "drawer": at_hand.drawer(here.clerk.scheme) if at_hand.is_image() else None,
        "chosen": at_hand.chosen(request) if at_hand.is_image() else None,
        "simulated_desk": here.desk is not None and here.desk.is_simulated,
    }


def _kind(now: Situation) -> str:
    name = now.register.kind if now.register else ""
    return next((kind.title for kind in now.rulebook.card_kinds if kind.name == name), name)


def _row(idm: bytes | None) -> Card | None:
    return Card.objects.filter(idm=idm_text(idm)).first() if idm else None


def _stop_names(card: Card | None) -> dict[int, Any]:
    """Of every pass of a card, the names of its sections' ends."""
    return dict(card.passes.values_list("pk", "stop_names")) if card else {}


@require_POST
@for_staff(*AT_THE_COUNTER)
def find(request: HttpRequest) -> HttpResponse:
    """Look a card up. What was typed stands in no address; that a holder's data was looked for, in the trail."""
    form = Find(request.POST)
    found = _found(clerk_of(request).scheme, form.cleaned_data["what"].strip()) if form.is_valid() else []
    for card in found:
        about = trail.About(idm=card.idm, number=card.number)
        trail.note(clerk_of(request), trail.What.LOOKED, about)
    if len(found) == 1:
        return HttpResponseRedirect(f"{reverse('counter:home')}?card={found[0].pk}")
    if not found:
        messages.warning(request, said("該当するカードがありません。", "No such card."))
        return HttpResponseRedirect(reverse("counter:home"))
    return render(request, "counter/found.html", {"found": found, "here": "desk"})


def _found(scheme: str, what: str) -> list[Card]:
    cards = Card.objects.filter(scheme=scheme).select_related("holder").order_by("-pk")
    by_number = cards.filter(number=what.upper())
    if by_number:
        return list(by_number)
    name = kana_name(what)
    if isinstance(name, Wrong):
        return list(cards.filter(holder__telephone=what)[:MOST_FOUND])
    return list(cards.filter(holder__kana_name=name)[:MOST_FOUND])


@require_POST
@for_staff(*AT_THE_COUNTER)
def lay_again(request: HttpRequest) -> HttpResponse:
    """The card of a torn write lies there again: it says itself what became of it (faults 3 to 5)."""
    with counter(request) as here:
        assert here.desk is not None
        act = settle(here.desk, here.desk.look(), clock.now_s())
    if act is None:
        messages.warning(request, said("確認待ちの操作がない、または別のカードです。", "Nothing pending on this card."))
        return HttpResponseRedirect(reverse("counter:home"))
    asked = Asked.objects.filter(key=act.key, scheme=here.clerk.scheme).first()
    if asked is None:
        return HttpResponseRedirect(reverse("counter:home"))
    asking.follow(asked, act, here.clerk)
    return HttpResponseRedirect(reverse("counter:asked", args=[asked.key]))


@require_safe
@for_staff(*AT_THE_COUNTER)
def history_pdf(request: HttpRequest) -> HttpResponse:
    """The history of the card that lies there, to hand out (GEN-13)."""
    with counter(request) as here:
        now = situation(here, None)
    if now.seen is None or now.register is None:
        messages.warning(request, said("カードを置いてください。", "Lay the card."))
        return HttpResponseRedirect(reverse("counter:home"))
    rows = history(now.seen, now.register)
    if isinstance(rows, Refusal):
        messages.error(request, refusal_words(rows))
        return HttpResponseRedirect(reverse("counter:home"))
    issued = issued_now(here, f"H{now.seen.number[-4:]}")
    balance_yen = money_yen(now.seen.account)
    sheet = history_slip.history(now.seen.number, balance_yen, used(rows, now.network), issued)
    about = trail.About("history", idm_text(now.seen.idm), now.seen.number)
    trail.note(here.clerk, trail.What.PRINTED, about)
    return as_pdf(drawn(sheet))


def as_pdf(file: bytes) -> HttpResponse:
    """A slip, to be looked at in the browser and printed from there."""
    response = HttpResponse(file, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="slip.pdf"'
    return response
