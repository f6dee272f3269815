"""What the other apps call.

begin_registration(user, return_url)      the page outside at which a credit card is registered (PRT-4)
registered_card(user), forget_card(user)
charge(key, user, yen, what)              one payment a key; `when_paid` grants it, once (faults 56)
refund(payment, yen, key)                 `before_refund` takes back what it paid for, `when_refunded` books it
pays_for(user, idm)                       who pays for a card's auto-charges (AUT-1)
takes_over(old_idm, new_idm)              a card in place of another: who pays, and what is unpaid, go with it
unpaid_yen(idm)                           what nobody paid of a card's auto-charges, and of those it replaced
owe(key, idm, yen, at_s), owe_back(...)   what a bus auto-charged, and cancelled (AUT-6)
bill(now_s), reconcile(now_s)             what the worker does
"""

from centre.payments.bars import pays_for, takes_over, unpaid_yen
from centre.payments.billing import bill, owe, owe_back
from centre.payments.charging import CannotGrant, OtherContent, charge, when_failed, when_paid
from centre.payments.customers import RegisteredCard, ServiceAway, begin_registration, forget_card, registered_card
from centre.payments.reconciling import reconcile
from centre.payments.refunding import RefundRefused, approve, before_refund, refund, when_refunded

__all__ = [
    "CannotGrant",
    "OtherContent",
    "RefundRefused",
    "RegisteredCard",
    "ServiceAway",
    "approve",
    "before_refund",
    "begin_registration",
    "bill",
    "charge",
    "forget_card",
    "owe",
    "owe_back",
    "pays_for",
    "reconcile",
    "refund",
    "registered_card",
    "takes_over",
    "unpaid_yen",
    "when_failed",
    "when_paid",
    "when_refunded",
]
