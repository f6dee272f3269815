"""Users as the payment service knows them, and the credit card each has registered there (PRT-4)."""

import logging
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from centre import clock
from centre.payments import bars
from centre.payments.configured import payment_service
from centre.payments.models import Customer, Registration
from centre.payments.port import CardThere, Declined, PaymentService, Unknown
from centre.payments.retrying import MEMBER_WAITS_S, again_after_s
from centre.users.models import User
from centre.words import both

_log = logging.getLogger(__name__)


class ServiceAway(Exception):
    """The payment service doesn't answer; nothing has changed. Its text is for the member."""

    def __init__(self) -> None:
        words = both(
            "決済サービスにつながりません。しばらくしてからもう一度お試しください。",
            "The payment service doesn't answer. Please try again in a while.",
        )
        super().__init__(words)


class RegisteredCard(NamedTuple):
    """What a member knows a credit card by."""

    brand: str
    last4: str


def registered_card(user: User) -> RegisteredCard | None:
    """The user's credit card, if one is registered."""
    customer = Customer.objects.filter(user=user).exclude(token="").first()
    return RegisteredCard(customer.brand, customer.last4) if customer else None


def customer_of(user: User) -> Customer:
    """What we know of the user there."""
    return Customer.objects.get_or_create(user=user, defaults={"reference": uuid4().hex})[0]


def customer_there(service: PaymentService, user: User) -> str | Unknown:
    """The service's name for the user, made there if it is new."""
    customer = customer_of(user)
    if customer.service_id:
        return customer.service_id
    there = service.customer(customer.reference)
    if not isinstance(there, Unknown):
        Customer.objects.filter(pk=customer.pk).update(service_id=there)
    return there


def begin_registration(user: User, return_url: str) -> str:
    """The address of the page outside at which the user types a credit card, in place of the one there may be.

    They come back to `return_url` (an address of ours) after their card has been looked for. Raises ServiceAway.
    """
    return_url = ours(return_url)
    service, reference = payment_service(), uuid4().hex
    there = customer_there(service, user)
    if isinstance(there, Unknown):
        raise ServiceAway
    back = settings.CENTRE_URL + reverse("payments:registered", args=[reference])
    begun = service.begin_registration(reference, there, back)
    if isinstance(begun, Unknown):
        raise ServiceAway
    now_s = clock.now_s()
    Registration.objects.create(
        user=user,
        reference=reference,
        service_id=begun.service_id,
        return_url=return_url,
        begun_at_s=now_s,
        next_look_s=now_s + again_after_s(2),
    )
    return begun.url


def ours(url: str) -> str:
    """An address of the centre's, as a path. ValueError for any other: nobody is sent elsewhere."""
    parts, here = urlsplit(url), urlsplit(settings.CENTRE_URL)
    if (parts.scheme or parts.netloc) and (parts.scheme, parts.netloc) != (here.scheme, here.netloc):
        raise ValueError("not an address of the centre")
    if not parts.path.startswith("/") or parts.path.startswith("//") or "\\" in url:
        raise ValueError("not a path")
    return parts._replace(scheme="", netloc="").geturl()


def look_at(registration: Registration) -> None:
    """Ask the service what came of a visit, and write it down (faults 54, 55: nothing else says so)."""
    found = payment_service().registration(registration.service_id)
    now_s = clock.now_s()
    with transaction.atomic():
        registration = Registration.objects.select_for_update().get(pk=registration.pk)
        if registration.next_look_s is None:
            return
        if isinstance(found, CardThere):
            _registered(registration.user, found)
        over = isinstance(found, CardThere | Declined) or now_s - registration.begun_at_s > 2 * MEMBER_WAITS_S
        registration.next_look_s = None if over else now_s + again_after_s(registration.looks)
        registration.looks += 1
        registration.save()


def _registered(user: User, card: CardThere) -> None:
    customer = Customer.objects.select_for_update().get(user=user)
    if customer.service_id != card.customer:
        _log.error("a registration ended with another customer's card; it is not taken")
        return
    old, customer.token = customer.token, card.token
    customer.brand, customer.last4 = card.brand[:32], card.last4[-4:]
    customer.save()
    bars.card_registered(user)
    if old and old != card.token:
        transaction.on_commit(lambda: _forget(old), robust=True)


def forget_card(user: User) -> None:
    """Forget the user's credit card, here and there. Auto-charge of the cards they pay for stands still (AUT-1)."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update().filter(user=user).exclude(token="").first()
        if customer is None:
            return
        old, customer.token, customer.brand, customer.last4 = customer.token, "", "", ""
        customer.save()
        bars.card_forgotten(user)
        transaction.on_commit(lambda: _forget(old), robust=True)


def _forget(token: str) -> None:
    if not payment_service().forget_card(token):
        _log.warning("a card's token could not be forgotten at the payment service; nothing here uses it any more")
